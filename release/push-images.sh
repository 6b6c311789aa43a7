#!/usr/bin/env bash
# Builds both images for the machine that it runs on and pushes them by digest, without a tag: nobody can put another
# image under a name between this job and the one that signs. Needs bundles in dist/ and a login to the registry.
# Use: push-images.sh REGISTRY   for example ghcr.io/OWNER
set -euo pipefail
# shellcheck source=settings.sh
source "$(dirname "$0")/settings.sh"
registry=$1
case "$(uname -m)" in
  x86_64) architecture=amd64 node_arch=x64 ;;
  aarch64) architecture=arm64 node_arch=arm64 ;;
  *) fail "No Node binary is pinned for $(uname -m): amd64 and arm64 are." ;;
esac
command_seconds=$build_seconds
cd "$repository"

for program in "${programs[@]}"; do
  name=$registry/healthpolicy/$program
  metadata=dist/$program.build.json
  # The provenance of the release is of both architectures together, and signed; BuildKit's own is neither.
  run docker buildx build --target "$program" --build-arg "NODE_ARCH=$node_arch" --platform "linux/$architecture" \
    --provenance=false --metadata-file "$metadata" \
    --output "type=image,name=$name,push-by-digest=true,name-canonical=true,push=true" .
  if [ "$dry_run" = yes ]; then continue; fi
  digest=$(jq -er '."containerimage.digest"' "$metadata")
  check_digest "$digest"
  run docker run --rm --read-only --network none "$name@$digest" --help >/dev/null
  output "$program-$architecture" "$digest"
done
