#!/usr/bin/env bash
# Builds the project's images from the bundles in dist/ and prints their sizes.
# Use: images.sh [IMAGE...]   default: all of the list below
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=settings.sh
source "$here/settings.sh"

"$here/engine.sh"
base=$("$here/base-image.sh")
case "$(uname -m)" in
  x86_64) node_arch=x64 ;;
  aarch64) node_arch=arm64 ;;
  *) fail "No Node binary is pinned for $(uname -m): amd64 and arm64 are." ;;
esac
# Without buildx the docker command cannot start BuildKit and says so only by failing.
if ! docker buildx version >/dev/null 2>&1; then export DOCKER_BUILDKIT=0; fi
cd "$repository"

# IMAGE USUAL DOCKERFILE [ARGUMENT...]
build() {
  local image=$1 usual=$2 file=$3
  shift 3
  "$here/long-step.sh" "image-$(tr '/:' '--' <<<"$image")" "$docker_build_seconds" "$usual" "Image: $image" \
    docker build -t "$image" -f "$file" --build-arg "BASE=$base" --build-arg "NODE_ARCH=$node_arch" "$@" .
  say "    $(docker image inspect -f '{{.Size}}' "$image" | awk '{printf "%.0f MB", $1 / 1000000}')"
}

# An own image that only others build on.
node_image=healthpolicy/node:dev
build_node() { build "$node_image" "15 s" Dockerfile --target node; }

all=(operator sidecar example-node test-client test-postgresql test-memcached)
if (($# > 0)); then all=("$@"); fi
for name in "${all[@]}"; do
  case "$name" in
    operator | sidecar) build "healthpolicy/$name:dev" "5 s" Dockerfile --target "$name" ;;
    example-node)
      build_node
      build healthpolicy/example-node:dev "5 s" examples/node/Dockerfile --build-arg "NODE_IMAGE=$node_image"
      ;;
    test-client)
      build_node
      build healthpolicy/test-client:dev "5 s" test/e2e/images/client/Dockerfile --build-arg "NODE_IMAGE=$node_image"
      ;;
    test-postgresql) build healthpolicy/test-postgresql:dev "1 minute, then cached" test/e2e/images/postgresql/Dockerfile ;;
    test-memcached) build healthpolicy/test-memcached:dev "30 s, then cached" test/e2e/images/memcached/Dockerfile ;;
    *) fail "images.sh: no image is called $name" ;;
  esac
done
