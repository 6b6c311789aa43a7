#!/usr/bin/env bash
# Packages the chart with the images of this release by digest, pushes it as an OCI artifact and signs it.
# Use: publish-chart.sh REGISTRY   with digests in OPERATOR and SIDECAR
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=settings.sh
source "$here/settings.sh"
registry=$1
check_digest "$OPERATOR"
check_digest "$SIDECAR"

chart=$repository/dist/chart
rm -rf "$chart"
mkdir -p "$artifacts"
cp -r "$repository/chart" "$chart"
REGISTRY=$registry node "$here/write-pinned-values.ts" "$chart/values.yaml"
# Helm says what is wrong with a chart on standard output.
findings=$(helm lint --strict "$chart") || fail "$findings"
helm package "$chart" --destination "$artifacts" >/dev/null
package=$artifacts/healthpolicy-$version.tgz
[ -s "$package" ] || fail "helm package has not written $package."

charts=$registry/charts
if [ "$dry_run" = yes ]; then
  run helm push "$package" "oci://$charts"
  digest=$OPERATOR
else
  # Helm says where to and by what digest, on standard error.
  pushed=$(timeout "$command_seconds" helm push "$package" "oci://$charts" 2>&1) ||
    fail "helm push to oci://$charts failed: $pushed"
  digest=$(sed -n 's/^Digest: //p' <<<"$pushed")
  [ -n "$digest" ] || fail "helm push to oci://$charts names no digest: $pushed"
  check_digest "$digest"
fi
run cosign sign --yes "$charts/healthpolicy@$digest"
output chart "$digest"
