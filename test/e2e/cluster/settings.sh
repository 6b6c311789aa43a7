# Names, versions and deadlines that the scripts of this folder share. Sourced, never run.
# shellcheck shell=bash disable=SC2034  # the scripts that source this file use the variables

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
tools=$repository/.tools           # git-ignored: programs, logs, the kubeconfig of the test cluster
logs=$tools/logs

say() { printf '%s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

# `make test KUBERNETES=1.33` takes another version; the exact one stands in its go.mod.
default_kubernetes=1.37
kubernetes=${KUBERNETES:-$default_kubernetes}
kubernetes_modules=$repository/test/e2e/cluster/node-image/kubernetes
kubernetes_version=$(sed -n 's|^require k8s.io/kubernetes ||p' "$kubernetes_modules/$kubernetes/go.mod" 2>/dev/null) ||
  fail "KUBERNETES=$kubernetes cannot be built; write one of: $(cd "$kubernetes_modules" && ls -d -- [0-9]* | paste -sd ' ')"

# A cluster of another version has a name, a kubeconfig and a kubectl of its own, so that it stands beside the usual
# one. `make test CLUSTERS=2` brings up a second one, for the tests that take the operator away.
usual_cluster=healthpolicy
cluster=$usual_cluster
if [ "$kubernetes" != "$default_kubernetes" ]; then cluster+=-${kubernetes//./-}; fi
cluster=${HEALTHPOLICY_TEST_CLUSTER:-$cluster}
node=$cluster-control-plane
second_node=$cluster-worker
# CLUSTER: a file of our own, so that no command of ours can reach another cluster
kubeconfig_of() { if [ "$1" = "$usual_cluster" ]; then echo "$tools/kubeconfig"; else echo "$tools/kubeconfig-$1"; fi; }
kubeconfig=$(kubeconfig_of "$cluster")
kubectl_folder=$tools/kubectl-$kubernetes
programs=$kubectl_folder:$tools/bin

kind_version=v0.33.0
helm_version=v4.3.1
# Taken for the default version alone: no digest of another one is known here.
pulled_node_image=kindest/node:v1.37.0@sha256:a1ed56cfb0e7b93589bdf97c8cd566405a265939e3620fc4f5de89adff580ae5
built_node_image=healthpolicy/kind-node:$kubernetes_version
pulled_base_image=debian:bookworm-slim@sha256:88200866dfff7ea7f5cbcb6ec7c8a701889efe6fe859fe64d6990e4b07ea4171
built_base_image=local/debian:bookworm
image_tag=${IMAGE_TAG:-dev}
# The first commit with a chart and with programs that check PostgreSQL and memcached: what upgrades come from, and
# downgrades lead to, as long as nothing is released.
previous_commit=c221964eb66e569a775925a9efcd05a4c119ac14
images=(sidecar operator example-node example-django test-client test-postgresql test-mariadb test-memcached test-nginx test-redis)   # healthpolicy/NAME:dev

second_node_images=(sidecar operator test-client)   # what pods there are made of
fetch_seconds=60                   # one commit from where this clone came from
pull_seconds=60                    # at most this long for one try to pull an image
node_image_seconds=2400            # about 10 minutes on 2 cores; the deadline leaves room for a slow network
go_install_seconds=900
docker_build_seconds=900
load_seconds=300
create_seconds=300
api_seconds=120                    # from the start of a stopped node until its API server answers
ready_seconds=180                  # CoreDNS and the node
helm_seconds=300

mkdir -p "$tools/bin" "$logs"
export PATH="$programs:$PATH" KUBECONFIG="$kubeconfig"
