#!/usr/bin/env bash
# Brings up the kind cluster that settings.sh names: `healthpolicy`, one of the version in KUBERNETES, or the one in
# HEALTHPOLICY_TEST_CLUSTER. Also what a stopped engine or node left of it. Safe to run again. Afterwards
# .tools/kubeconfig reaches it, or .tools/kubeconfig-NAME.
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

made_of() { docker container inspect -f '{{.Config.Image}}' "$node"; }
nodes_exist() { docker container inspect "$node" "$second_node" >/dev/null 2>&1; }
nodes_run() { [ "$(docker container inspect -f '{{.State.Running}}' "$node" "$second_node" 2>/dev/null | sort -u)" = true ]; }

create() {
  local config=kind-pulled.yaml
  if [ "$image" = "$built_node_image" ]; then config=kind-built.yaml; fi
  "$here/long-step.sh" kind-create "$create_seconds" "30 s" "Cluster: creating $cluster with $image" \
    kind create cluster --name "$cluster" --config "$here/$config" --image "$image" --kubeconfig "$kubeconfig"
}

remove() { kind delete cluster --name "$cluster" --kubeconfig "$kubeconfig" >/dev/null 2>&1; }

# True when the cluster that is here already answers, after a start where it was stopped.
revive() {
  if ! nodes_run; then
    say "==> Cluster: a node is stopped, starting it (usually 20 s)"
    docker start "$node" "$second_node" >/dev/null || return 1
  fi
  # The port of the API server may have changed with the start.
  kind export kubeconfig --name "$cluster" --kubeconfig "$kubeconfig" >/dev/null 2>&1 || return 1
  within "$api_seconds" api_answers
}

address_of() { docker container inspect -f '{{(index .NetworkSettings.Networks "kind").IPAddress}}' "$1"; }

# Only for the node image that is built here, where nothing else gives nodes subnets of their own and ways to each
# other. Both are gone, or other, after a start of the nodes.
link_nodes() {
  local first_pods=10.244.0.0/24 second_pods=10.244.1.0/24
  docker exec "$second_node" sed -i "s|$first_pods|$second_pods|" /etc/cni/net.d/10-ptp.conflist
  docker exec "$node" ip route replace "$second_pods" via "$(address_of "$second_node")"
  docker exec "$second_node" ip route replace "$first_pods" via "$(address_of "$node")"
}

if ! nodes_exist; then
  remove || true
  create
elif [ "$(made_of)" != "$image" ]; then
  say "==> Cluster: $cluster was made with $(made_of), making it anew"
  remove
  create
elif revive; then
  say "==> Cluster: $cluster is up"
else
  say "==> Cluster: $cluster does not come back within $api_seconds s, making it anew"
  remove
  create
fi

within "$api_seconds" api_answers || fail "The API server of $cluster does not answer within $api_seconds s. Look at: docker logs $node"
if docker exec "$node" test -e /etc/cni/net.d/10-ptp.conflist; then link_nodes; fi
say "==> Cluster: waiting for the nodes and their DNS (usually 20 s)"
kubectl wait --for=condition=Ready node --all --timeout="${ready_seconds}s" >/dev/null
kubectl -n kube-system rollout status deployment/coredns --timeout="${ready_seconds}s" >/dev/null
say "    ready: Kubernetes $(kubectl version -o json | sed -n '/serverVersion/,$ s/.*"gitVersion": "\(.*\)".*/\1/p')"
