#!/usr/bin/env bash
# Builds the version of $previous_commit and loads its images, each once. .tools/previous-version then has its chart
# and values.yaml, which names the images. Ends with 3 and one sentence where the clone lacks that commit; with the
# argument `commit` it does no more than that.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=settings.sh
source "$here/settings.sh"
tree=$tools/previous-version
programs=(operator sidecar)

has_commit() { git -C "$repository" cat-file -e "$previous_commit^{commit}" 2>/dev/null; }

fetch() {
  timeout "$fetch_seconds" git -C "$repository" fetch --quiet --depth 1 origin "$previous_commit" \
    >"$logs/previous-version-fetch.log" 2>&1
}

is_built() {
  [ "$(cat "$tree/commit" 2>/dev/null)" = "$previous_commit" ] || return 1
  for program in "${programs[@]}"; do
    docker image inspect "healthpolicy/$program:$previous_commit" >/dev/null 2>&1 || return 1
  done
}

# Its own sources, chart and Dockerfile, with the packages that are installed here: its lockfile asks for most of them.
build() {
  local base node_arch=x64 node
  base=$("$here/base-image.sh")
  if [ "$(uname -m)" = aarch64 ]; then node_arch=arm64; fi
  node=node_modules/node-linux-$node_arch/bin/node
  rm -rf "$tree"
  mkdir -p "$tree/$(dirname "$node")"
  git -C "$repository" archive "$previous_commit" -- Dockerfile .dockerignore chart operator | tar -x -C "$tree"
  cp "$repository/$node" "$tree/$node"
  for program in "${programs[@]}"; do
    esbuild --bundle --platform=node --target=node24 --format=cjs --external:pg-native --keep-names \
      --log-level=warning "$tree/operator/cmd/$program.ts" --outfile="$tree/dist/$program.cjs"
  done
  # Without buildx the docker command cannot start BuildKit and says so only by failing.
  if ! docker buildx version >/dev/null 2>&1; then export DOCKER_BUILDKIT=0; fi
  for program in "${programs[@]}"; do
    docker build -t "healthpolicy/$program:$previous_commit" -f "$tree/Dockerfile" --target "$program" \
      --build-arg "BASE=$base" --build-arg "NODE_ARCH=$node_arch" "$tree"
  done
  rm -rf "$tree/node_modules" "$tree/operator" "$tree/dist"
  local image="{ tag: $previous_commit, pullPolicy: Never }"
  printf 'image: %s\nsidecar: { image: %s }\n' "$image" "$image" >"$tree/values.yaml"
  echo "$previous_commit" >"$tree/commit"
}

if [ "${1:-}" = build ]; then
  build
  exit 0
fi
if ! has_commit && ! fetch; then
  say "The previous version is commit $previous_commit, which is not in this clone: git fetch --unshallow" >&2
  exit 3
fi
if [ "${1:-}" = commit ]; then exit 0; fi
is_built || "$here/long-step.sh" previous-version "$docker_build_seconds" "10 s" \
  "Previous version: building its images" "$0" build
IMAGE_TAG=$previous_commit "$here/load-images.sh" "${programs[@]}"
