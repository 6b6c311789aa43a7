#!/usr/bin/env bash
# Installs or upgrades the operator in the kind cluster from chart/, with the images that were loaded.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=settings.sh
source "$here/settings.sh"
namespace=healthpolicy-system

# Part of the pods' annotations, so that images rebuilt under the same tag replace the running operator.
id=$(docker image inspect -f '{{.Id}}' healthpolicy/operator:dev | cut -c 8-19)
"$here/long-step.sh" helm-install-operator "$((helm_seconds + 30))" "20 s" "Operator: helm upgrade --install healthpolicy chart" \
  helm upgrade --install healthpolicy "$repository/chart" --namespace "$namespace" --create-namespace \
  --values "$repository/chart/ci/kind-values.yaml" --set-string "podAnnotations.image-id=$id" --wait --timeout "${helm_seconds}s"
# Replicas of before answer until they are gone; the first pod of a test could meet the old code.
old=$(kubectl -n "$namespace" get pods -o jsonpath='{range .items[?(@.metadata.deletionTimestamp)]}pod/{.metadata.name} {end}')
if [ -n "$old" ]; then
  # shellcheck disable=SC2086  # a list of names
  kubectl -n "$namespace" wait --for=delete $old --timeout="${api_seconds}s" >/dev/null
fi
say "    $(kubectl -n "$namespace" get pods --no-headers | awk '{printf "%s%s %s", (NR > 1 ? ", " : ""), $2, $3}')"
