#!/usr/bin/env bash
# Builds the project's images from the bundles in dist/ and prints their sizes. Those that ship must be bare.
# Use: images.sh [IMAGE...]   default: all that settings.sh lists; IMAGE_TAG names another tag than dev
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

# IMAGE USUAL DOCKERFILE CONTEXT [ARGUMENT...]
build() {
  local image=$1 usual=$2 file=$3 context=$4
  shift 4
  "$here/long-step.sh" "image-$(tr '/:' '--' <<<"$image")" "$docker_build_seconds" "$usual" "Image: $image" \
    docker build -t "$image" -f "$file" "$@" "$context"
  say "    $(docker image inspect -f '{{.Size}}' "$image" | awk '{printf "%.0f MB", $1 / 1000000}')"
}

# IMAGE USUAL TARGET: a target of the Dockerfile at the root
build_target() { build "$1" "$2" Dockerfile . --target "$3" --build-arg "BASE=$base" --build-arg "NODE_ARCH=$node_arch"; }

# Node and its libraries alone, for images that are built on it; once per run.
node_image=healthpolicy/node:dev
node_is_built=no
build_node() {
  if [ "$node_is_built" = yes ]; then return 0; fi
  build_target "$node_image" "15 s" node
  node_is_built=yes
}

if (($# > 0)); then images=("$@"); fi
test_images=test/e2e/images
for name in "${images[@]}"; do
  image=healthpolicy/$name:$image_tag
  case "$name" in
    operator | sidecar)
      build_target "$image" "10 s" "$name"
      "$here/check-image.sh" "$image"
      ;;
    example-node)
      build_node
      build "$image" "5 s" examples/node/Dockerfile . --build-arg "NODE_IMAGE=$node_image"
      ;;
    example-django)
      build "$image" "60 s, then cached" examples/django/Dockerfile examples/django --build-arg "BASE=$base"
      ;;
    test-client)
      build_node
      build "$image" "2 s" "$test_images/client/Dockerfile" "$test_images/client" --build-arg "NODE_IMAGE=$node_image"
      ;;
    test-postgresql)
      build "$image" "30 s, then cached" "$test_images/postgresql/Dockerfile" "$test_images/postgresql" --build-arg "BASE=$base"
      ;;
    test-mariadb | test-memcached | test-nginx | test-redis)
      server=${name#test-}
      build "$image" "20 s, then cached" "$test_images/$server/Dockerfile" "$test_images/$server" --build-arg "BASE=$base"
      ;;
    *) fail "images.sh: no image is called $name" ;;
  esac
done
