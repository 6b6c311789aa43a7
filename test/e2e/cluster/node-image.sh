#!/usr/bin/env bash
# Prints the name of the kind node image to use: one that is here already, else, for the default version,
# kindest/node where it can be pulled within a minute, else one built here from Go modules and Debian packages. Words
# for people go to standard error.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=settings.sh
source "$here/settings.sh"

node_images=("$built_node_image")
if [ "$kubernetes" = "$default_kubernetes" ]; then node_images=("$pulled_node_image" "$built_node_image"); fi
for image in "${node_images[@]}"; do
  if docker image inspect "$image" >/dev/null 2>&1; then
    say "==> Node image: $image is here already" >&2
    echo "$image"
    exit 0
  fi
done
if [ "${node_images[0]}" = "$pulled_node_image" ]; then
  say "==> Node image: trying to pull ${pulled_node_image%@*}, $pull_seconds s at most" >&2
  if timeout "$pull_seconds" docker pull -q "$pulled_node_image" >/dev/null 2>"$logs/pull-node-image.log"; then
    say "    pulled: this cluster runs kind's own node image" >&2
    echo "$pulled_node_image"
    exit 0
  fi
  say "    not pulled: $(tail -n 1 "$logs/pull-node-image.log"); building one instead" >&2
fi
"$here/long-step.sh" node-image "$node_image_seconds" "10 minutes on 2 cores, the first time only" \
  "Node image: building $built_node_image from Go modules and Debian packages" \
  "$here/node-image/build.sh" "$built_node_image" >&2
echo "$built_node_image"
