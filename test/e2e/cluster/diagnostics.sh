#!/usr/bin/env bash
# Writes what one wants to see after a failed end-to-end run: pods, policies, events, the end of the operator's logs.
# Use: diagnostics.sh FILE
set -uo pipefail # no -e: half of the answers are better than none
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=settings.sh
source "$here/settings.sh"
file=$1

# Each answer is cut, so that one talkative part cannot hide the others.
look() {
  local lines=$1
  shift
  printf '\n--- kubectl %s\n' "$*"
  timeout 20 kubectl "$@" 2>&1 | tail -n "$lines" | cut -c 1-300
}

{
  look 5 version
  look 10 -n kube-system get pods -o wide
  look 60 get events -A --sort-by=.lastTimestamp
  look 10 get mutatingwebhookconfigurations
  look 40 -n healthpolicy-system logs -l app.kubernetes.io/name=healthpolicy --tail=20 --prefix
  look 20 -n healthpolicy-system get pods,endpointslices,leases -o wide
  look 40 get healthpolicies -A -o wide
  look 60 get pods -A -o wide
} >"$file"
say "The cluster as it is now: $file"
