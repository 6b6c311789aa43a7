# Names, versions and deadlines that the scripts of this folder share. Sourced, never run.
# shellcheck shell=bash disable=SC2034  # the scripts that source this file use the variables

cluster=healthpolicy
node=$cluster-control-plane
second_node=$cluster-worker
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
tools=$repository/.tools           # git-ignored: programs, logs, the kubeconfig of the test cluster
logs=$tools/logs
kubeconfig=$tools/kubeconfig       # our own file, so that no command of ours can reach another cluster

kind_version=v0.33.0
helm_version=v4.3.1
kubernetes_version=v1.36.3         # of the node image that is built here
pulled_node_image=kindest/node:v1.37.0@sha256:a1ed56cfb0e7b93589bdf97c8cd566405a265939e3620fc4f5de89adff580ae5
built_node_image=healthpolicy/kind-node:$kubernetes_version
pulled_base_image=debian:bookworm-slim@sha256:88200866dfff7ea7f5cbcb6ec7c8a701889efe6fe859fe64d6990e4b07ea4171
built_base_image=local/debian:bookworm
images=(sidecar operator example-node example-django test-client test-postgresql test-mariadb test-memcached test-nginx test-redis)   # healthpolicy/NAME:dev

second_node_images=(sidecar test-client)   # what pods there are made of
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
export PATH="$tools/bin:$PATH" KUBECONFIG="$kubeconfig"

say() { printf '%s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }
