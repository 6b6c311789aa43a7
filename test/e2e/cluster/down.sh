#!/usr/bin/env bash
# Removes the kind cluster; images and engine stay.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=settings.sh
source "$here/settings.sh"

if ! timeout 10 docker info >/dev/null 2>&1; then
  say "No Docker engine answers: no cluster to remove."
  exit 0
fi
if docker container inspect "$node" >/dev/null 2>&1; then
  "$here/tools.sh" kind
  "$here/long-step.sh" kind-delete 120 "5 s" "Cluster: removing $cluster" \
    kind delete cluster --name "$cluster" --kubeconfig "$kubeconfig"
else
  say "There is no cluster $cluster."
fi
rm -f "$kubeconfig"
