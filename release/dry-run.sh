#!/usr/bin/env bash
# Does of a release what needs no registry and no identity, shows the commands that would do the rest, and says at the
# end what was skipped and why. Needs bundles in dist/.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export DRY_RUN=yes
# shellcheck source=settings.sh
source "$here/settings.sh"
registry=registry.example.com
skipped=()

say "==> Version $version"
if problem=$("$here/check-version.sh" "v$version" 2>&1); then
  say "    package, chart and changelog agree"
else
  say "    $problem"
  skipped+=("The check of the version: $problem")
fi

say "==> Images of this machine's architecture"
# Under the version, so that the images of the test cluster stay what they are.
IMAGE_TAG=$version "$repository/test/e2e/cluster/images.sh" "${programs[@]}"
declare -A digests
for program in "${programs[@]}"; do
  image=healthpolicy/$program:$version
  # An image that was never pushed has no digest in a registry: its own id stands in for it below.
  digests[$program]=$(docker image inspect -f '{{.Id}}' "$image")
  timeout "$start_seconds" docker run --rm --read-only --network none "$image" --help >/dev/null ||
    fail "Image $image does not start."
done
skipped+=("Images of the other architecture: each is built on a machine of its own.")

rm -rf "$artifacts"
say "==> Pushing images"
"$here/push-images.sh" "$registry"
say "==> Publishing images"
OPERATOR_AMD64=${digests[operator]} OPERATOR_ARM64=${digests[operator]} \
  SIDECAR_AMD64=${digests[sidecar]} SIDECAR_ARM64=${digests[sidecar]} "$here/publish-images.sh" "$registry"
say "==> Chart"
OPERATOR=${digests[operator]} SIDECAR=${digests[sidecar]} "$here/publish-chart.sh" "$registry"
say "==> Files"
"$here/files.sh"
(cd "$artifacts" && sha256sum --check --strict --quiet SHA256SUMS && cat SHA256SUMS)
say "==> Release"
"$here/publish-release.sh"
skipped+=(
  "Pushing images and chart: that takes a registry and rights on it."
  "Signatures and provenance: they are made with the identity of the release workflow, which only it has."
  "The GitHub release: it belongs to a tag that is pushed."
)

say "==> Skipped"
for reason in "${skipped[@]}"; do say "    $reason"; done
say "The files of the release are in ${artifacts#"$repository"/}."
