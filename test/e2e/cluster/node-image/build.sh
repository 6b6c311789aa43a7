#!/usr/bin/env bash
# Builds a kind node image without pulling any: Kubernetes, containerd, etcd, CoreDNS and the CNI plugins from Go
# modules, the root file system from Debian packages. Does nothing when the image exists.
# Use: build.sh IMAGE   (needs root, Debian, Go and a Docker engine)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
image=$1
# shellcheck source=../settings.sh
source "$here/../settings.sh"

containerd=v2.3.7
coredns=v1.14.6
cni=v1.9.1
containerd_start_seconds=30

if docker image inspect "$image" >/dev/null 2>&1; then exit 0; fi
command -v go >/dev/null || fail "Building a node image needs Go on the PATH."

work=$(mktemp -d)
trap 'rm -rf "$work"; docker rm -f node-image-import >/dev/null 2>&1 || true' EXIT
bin=$work/context/bin
mkdir -p "$bin" "$work/server"
export CGO_ENABLED=0 DOCKER_BUILDKIT=0

step() { echo "$(date +%T) $*"; }

build_kubernetes() {
  local minor flags= package
  minor=$(cut -d . -f 2 <<<"$kubernetes_version")
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    flags+=" -X $package.gitVersion=$kubernetes_version -X $package.gitMajor=1 -X $package.gitMinor=$minor -X $package.gitTreeState=clean"
    flags+=" -X $package.gitCommit=$(printf '0%.0s' {1..40}) -X $package.buildDate=1970-01-01T00:00:00Z"
  done
  cd "$kubernetes_modules/$kubernetes"
  go build -trimpath -ldflags "-s -w $flags" -o "$bin/" k8s.io/kubernetes/cmd/{kubeadm,kubelet,kubectl}
  go build -trimpath -ldflags "-s -w $flags" -o "$work/server/" \
    k8s.io/kubernetes/cmd/{kube-apiserver,kube-controller-manager,kube-scheduler,kube-proxy}
}

build_the_rest() {
  cd "$here/etcd"
  go build -trimpath -ldflags "-s -w" -o "$work/server/etcd" go.etcd.io/etcd/server/v3
  cd "$work"
  GOBIN=$work/server go install -trimpath -ldflags "-s -w" "github.com/coredns/coredns@$coredns"
  GOBIN=$bin go install -trimpath -ldflags "-s -w" \
    "github.com/containernetworking/plugins/plugins/"{main/ptp,main/loopback,ipam/host-local,meta/portmap}"@$cni"
  GOBIN=$bin go install -trimpath -tags "no_aufs no_zfs no_btrfs no_devmapper" \
    -ldflags "-s -w -X github.com/containerd/containerd/v2/version.Version=${containerd#v}" \
    "github.com/containerd/containerd/v2/cmd/"{containerd,ctr,containerd-shim-runc-v2}"@$containerd"
}

images=()
# IMAGE BASE BINARY [ARGUMENT]: one program in an image
program_image() {
  local context=$work/program name
  rm -rf "$context"
  mkdir "$context"
  cp "$3" "$context/"
  name=$(basename "$3")
  printf 'FROM %s\nCOPY %s /usr/local/bin/%s\nENTRYPOINT ["/usr/local/bin/%s"%s]\n' \
    "$2" "$name" "$name" "$name" "${4:+,\"$4\"}" >"$context/Dockerfile"
  docker build -q -t "$1" "$context"
  images+=("$1")
}

# The name under which this kubeadm asks for an image.
kubeadm_name() { "$bin/kubeadm" config images list --kubernetes-version "$kubernetes_version" 2>/dev/null | grep "/$1:"; }

control_plane_images() {
  local program pause
  for program in kube-apiserver kube-controller-manager kube-scheduler; do
    program_image "$(kubeadm_name "$program")" scratch "$work/server/$program"
  done
  program_image "$(kubeadm_name kube-proxy)" "$built_base_image" "$work/server/kube-proxy"
  program_image "$(kubeadm_name etcd)" scratch "$work/server/etcd"
  program_image "$(kubeadm_name coredns)" scratch "$work/server/coredns"
  pause=$(sed -n 's/.*sandbox_image = "\(.*\)"/\1/p' "$kind_files/etc/containerd/config.toml")
  docker run --rm --entrypoint cat "$built_base_image" /usr/bin/catatonit >"$work/catatonit"
  chmod 0755 "$work/catatonit"
  program_image "$pause" scratch "$work/catatonit" -P
  docker save -o "$work/images.tar" "${images[@]}"
}

# containerd must run to take images in, so they are imported in a container, which is then committed.
node_image() {
  cp -r "$kind_files" "$work/context/base"
  chmod -R u+w "$work/context/base"
  cp "$here/Dockerfile" "$here/10-ptp.conflist" "$work/context/"
  docker build -q -t "$image-empty" --build-arg ROOTFS="$built_base_image" --build-arg KUBERNETES_VERSION="$kubernetes_version" "$work/context"
  docker rm -f node-image-import >/dev/null 2>&1 || true
  docker run -d --name node-image-import --entrypoint sleep --security-opt seccomp=unconfined "$image-empty" infinity
  docker exec -d node-image-import containerd
  for _ in $(seq "$containerd_start_seconds"); do
    if docker exec node-image-import ctr version >/dev/null 2>&1; then break; fi
    sleep 1
  done
  docker exec -i node-image-import ctr --namespace=k8s.io images import \
    --label=io.cri-containerd.pinned=pinned --all-platforms --no-unpack --digests - <"$work/images.tar"
  docker exec node-image-import sh -c 'kill "$(pidof containerd)"; sleep 1; rm -rf /run/containerd'
  docker commit --change 'ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]' node-image-import "$image"
  docker rm -f node-image-import
  docker rmi -f "$image-empty" "${images[@]}"
}

step "Go: Kubernetes $kubernetes_version"
build_kubernetes
step "Go: etcd, CoreDNS $coredns, containerd $containerd, CNI plugins $cni"
build_the_rest
kind_files=$(cd "$work" && go mod download -json "sigs.k8s.io/kind@$kind_version" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')/images/base/files
step "Debian: root file system"
"$here/../debian-root.sh"
step "Docker: control plane images"
control_plane_images
step "Docker: node image"
node_image
step "built $image"
