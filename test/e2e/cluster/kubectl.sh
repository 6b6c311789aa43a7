#!/usr/bin/env bash
# Makes sure the kubectl that our scripts find fits the cluster: the one on the PATH when its minor version is within
# one of the cluster's (Kubernetes' skew policy), else the node image's own, copied to a folder of .tools for its
# version.
# Use: kubectl.sh NODE_IMAGE
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=settings.sh
source "$here/settings.sh"
node_image=$1

# v1.36.3 -> 36; nothing for what is not a version
minor_of() { sed -n 's/.*v1\.\([0-9][0-9]*\).*/\1/p' <<<"$1" | head -n 1; }

wanted=$(minor_of "$(docker run --rm --entrypoint cat "$node_image" /kind/version)")
if command -v kubectl >/dev/null; then
  found=$(minor_of "$(timeout 20 kubectl version --client 2>/dev/null | grep -i '^client version' || true)")
  if [ -n "$found" ] && ((found - wanted <= 1 && wanted - found <= 1)); then exit 0; fi
  say "==> kubectl on the PATH is 1.${found:-?}, the cluster is 1.$wanted: using the node image's"
fi
container=$(docker create "$node_image")
trap 'docker rm "$container" >/dev/null' EXIT
mkdir -p "$kubectl_folder"
docker cp "$container:/usr/bin/kubectl" "$kubectl_folder/kubectl.new"
mv "$kubectl_folder/kubectl.new" "$kubectl_folder/kubectl"
