#!/usr/bin/env bash
# Makes sure kind and helm can be run: the ones on the PATH, else built by Go into .tools/bin.
# Use: tools.sh [kind] [helm]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=settings.sh
source "$here/settings.sh"

# NAME USUAL GO_PACKAGE@VERSION
ensure() {
  if command -v "$1" >/dev/null; then return 0; fi
  command -v go >/dev/null || fail "$1 is not on the PATH. Install it, or install Go, with which it is built here."
  GOBIN=$tools/bin "$here/long-step.sh" "$1-install" "$go_install_seconds" "$2" "$1: not on the PATH, building $3" \
    go install -trimpath "$3"
}

# Charts are rendered by Helm 4; an older helm on the PATH would render and wait differently.
ensure_helm() {
  local found
  found=$(helm version --template '{{.Version}}' 2>/dev/null || true)
  case "$found" in
    v4.*) return 0 ;;
    '') ;;
    *) say "==> helm on the PATH is $found, version 4 is needed" ;;
  esac
  if [ -x "$tools/bin/helm" ]; then return 0; fi
  command -v go >/dev/null || fail "Helm 4 is not on the PATH. Install it, or install Go, with which it is built here."
  GOBIN=$tools/bin "$here/long-step.sh" helm-install "$go_install_seconds" "2 minutes" "helm: building $helm_version" \
    go install -trimpath "helm.sh/helm/v4/cmd/helm@$helm_version"
}

for tool in "$@"; do
  case "$tool" in
    kind) ensure kind "30 s" "sigs.k8s.io/kind@$kind_version" ;;
    helm) ensure_helm ;;
    *) fail "tools.sh: no tool is called $tool" ;;
  esac
done
