#!/usr/bin/env bash
# Brings up the kind cluster `healthpolicy`, or what a stopped engine or node left of it. Safe to run again.
# Afterwards .tools/kubeconfig reaches it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=settings.sh
source "$here/settings.sh"

"$here/engine.sh"
"$here/tools.sh" kind
image=$("$here/node-image.sh")
"$here/kubectl.sh" "$image"

api_answers() { timeout 10 kubectl get --raw /readyz >/dev/null 2>&1; }

# SECONDS COMMAND...: until the command succeeds, or the time is over
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 1
  done
}

node_exists() { docker container inspect "$node" >/dev/null 2>&1; }
node_runs() { [ "$(docker container inspect -f '{{.State.Running}}' "$node" 2>/dev/null)" = true ]; }

create() {
  local config=kind-pulled.yaml
  if [ "$image" = "$built_node_image" ]; then config=kind-built.yaml; fi
  "$here/long-step.sh" kind-create "$create_seconds" "30 s" "Cluster: creating $cluster with $image" \
    kind create cluster --config "$here/$config" --image "$image" --kubeconfig "$kubeconfig"
}

remove() { kind delete cluster --name "$cluster" --kubeconfig "$kubeconfig" >/dev/null 2>&1; }

# True when the cluster that is here already answers, after a start where it was stopped.
revive() {
  if ! node_runs; then
    say "==> Cluster: its node is stopped, starting it (usually 20 s)"
    docker start "$node" >/dev/null || return 1
  fi
  # The port of the API server may have changed with the start.
  kind export kubeconfig --name "$cluster" --kubeconfig "$kubeconfig" >/dev/null 2>&1 || return 1
  within "$api_seconds" api_answers
}

if ! node_exists; then
  remove || true
  create
elif revive; then
  say "==> Cluster: $cluster is up"
else
  say "==> Cluster: $cluster does not come back within $api_seconds s, making it anew"
  remove
  create
fi

within "$api_seconds" api_answers || fail "The API server of $cluster does not answer within $api_seconds s. Look at: docker logs $node"
say "==> Cluster: waiting for the node and its DNS (usually 20 s)"
kubectl wait --for=condition=Ready node --all --timeout="${ready_seconds}s" >/dev/null
kubectl -n kube-system rollout status deployment/coredns --timeout="${ready_seconds}s" >/dev/null
say "    ready: Kubernetes $(kubectl version -o json | sed -n '/serverVersion/,$ s/.*"gitVersion": "\(.*\)".*/\1/p')"
