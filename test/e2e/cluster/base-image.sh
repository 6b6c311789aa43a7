#!/usr/bin/env bash
# Prints the name of the Debian image that our images start from: the pulled one where it is here or can be pulled
# within a minute, else one made here. Words for people go to standard error.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=settings.sh
source "$here/settings.sh"

for image in "$pulled_base_image" "$built_base_image"; do
  if docker image inspect "$image" >/dev/null 2>&1; then
    echo "$image"
    exit 0
  fi
done
say "==> Base image: trying to pull $pulled_base_image, $pull_seconds s at most" >&2
if timeout "$pull_seconds" docker pull -q "$pulled_base_image" >/dev/null 2>"$logs/pull-base-image.log"; then
  say "    pulled" >&2
  echo "$pulled_base_image"
  exit 0
fi
say "    cannot be pulled here: $(tail -n 1 "$logs/pull-base-image.log")" >&2
"$here/long-step.sh" debian-root 900 "1 minute" "Base image: making $built_base_image with debootstrap" \
  "$here/debian-root.sh" >&2
echo "$built_base_image"
