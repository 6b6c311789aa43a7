#!/usr/bin/env bash
# Makes one image of those of both architectures, takes out of it the list of what it holds, and signs both with the
# identity of the workflow, without a key.
# Use: publish-images.sh REGISTRY   with digests in OPERATOR_AMD64, OPERATOR_ARM64, SIDECAR_AMD64 and SIDECAR_ARM64
set -euo pipefail
# shellcheck source=settings.sh
source "$(dirname "$0")/settings.sh"
registry=$1
mkdir -p "$artifacts"

for program in "${programs[@]}"; do
  name=$registry/healthpolicy/$program
  parts=()
  for architecture in AMD64 ARM64; do
    variable=${program^^}_$architecture
    check_digest "${!variable}"
    parts+=("$name@${!variable}")
  done
  run docker buildx imagetools create --tag "$name:$version" "${parts[@]}"
  if [ "$dry_run" = yes ]; then
    digest=${parts[0]##*@}
    cp "$repository/dist/$program.cdx.json" "$artifacts/"
  else
    digest=$(timeout "$command_seconds" docker buildx imagetools inspect "$name:$version" --format '{{.Manifest.Digest}}')
    check_digest "$digest"
    container=$(timeout "$command_seconds" docker create "$name@$digest" none)
    docker cp "$container:/$program.cdx.json" "$artifacts/"
    docker rm "$container" >/dev/null
  fi
  # The image of each architecture too: some tools verify what they pull and not the index.
  run cosign sign --yes --recursive "$name@$digest"
  run cosign attest --yes --type cyclonedx --predicate "$artifacts/$program.cdx.json" "$name@$digest"
  output "$program" "$digest"
done
