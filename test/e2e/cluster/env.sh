#!/usr/bin/env bash
# Prints the settings that point a shell at the test cluster and its tools:
#   eval "$(test/e2e/cluster/env.sh)"
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=settings.sh
source "$here/settings.sh"
printf 'export HEALTHPOLICY_TEST_CLUSTER=%q KUBECONFIG=%q PATH=%q:"$PATH"\n' "$cluster" "$kubeconfig" "$programs"
