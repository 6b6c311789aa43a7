#!/usr/bin/env bash
# Removes the kind cluster that settings.sh names, or all that the scripts of this folder make; images and engine stay.
# Use: down.sh [all]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=settings.sh
source "$here/settings.sh"

if ! timeout 10 docker info >/dev/null 2>&1; then
  say "No Docker engine answers: no cluster to remove."
  exit 0
fi
# Of any version, the first and the second; no other name that begins like ours.
pattern=$cluster
if [ "${1:-}" = all ]; then pattern="$usual_cluster(-[0-9]+-[0-9]+)?(-second)?"; fi
found=$(docker ps -a --format '{{.Label "io.x-k8s.kind.cluster"}}' | grep -xE "$pattern" | sort -u || true)
if [ -z "$found" ]; then
  say "There is no cluster to remove."
  exit 0
fi
"$here/tools.sh" kind
for name in $found; do
  kubeconfig=$(kubeconfig_of "$name")
  "$here/long-step.sh" kind-delete 120 "5 s" "Cluster: removing $name" \
    kind delete cluster --name "$name" --kubeconfig "$kubeconfig"
  rm -f "$kubeconfig"
done
