#!/usr/bin/env bash
# Loads the project's images into the kind nodes, those alone that changed since they were last loaded there.
# Use: load-images.sh [IMAGE...]   names without healthpolicy/ and :dev; default: every image that a pod uses; IMAGE_TAG
# names another tag than dev
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=settings.sh
source "$here/settings.sh"

if (($# > 0)); then images=("$@"); fi

# NODE IMAGE...: loads what has changed since it was last loaded there
load() {
  local node=$1 changed=() image id record loaded name
  shift
  # In the node, so that the record is gone with the node: one line "IMAGE ID" per image.
  record=/kind/loaded-images
  loaded=$(docker exec "$node" cat "$record" 2>/dev/null || true)
  for name in "$@"; do
    image=healthpolicy/$name:$image_tag
    id=$(docker image inspect -f '{{.Id}}' "$image") || fail "Image $image is not here: make images"
    if ! grep -qxF "$image $id" <<<"$loaded"; then changed+=("$image"); fi
    loaded=$(grep -v "^$image " <<<"$loaded" || true)$'\n'"$image $id"
  done
  if ((${#changed[@]} == 0)); then
    say "==> Images: those in $node are up to date"
    return 0
  fi
  "$here/long-step.sh" load-images "$load_seconds" "10 s" "Images: loading into $node: ${changed[*]}" \
    kind load docker-image "${changed[@]}" --name "$cluster" --nodes "$node"
  docker exec -i "$node" tee "$record" <<<"$loaded" >/dev/null
}

load "$node" "${images[@]}"
second=()
for name in "${images[@]}"; do
  if [[ " ${second_node_images[*]} " == *" $name "* ]]; then second+=("$name"); fi
done
if ((${#second[@]} > 0)); then load "$second_node" "${second[@]}"; fi
