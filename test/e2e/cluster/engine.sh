#!/usr/bin/env bash
# Makes sure a Docker engine answers: the one that runs; else the installed one is started; else, as root on Debian,
# Debian's own is installed and started. Safe to run before anything that needs Docker.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=settings.sh
source "$here/settings.sh"
engine_log=/var/log/dockerd.log
start_seconds=60

engine_answers() { timeout 10 docker info >/dev/null 2>&1; }

wait_for_engine() {
  local end=$((SECONDS + start_seconds))
  until engine_answers; do
    ((SECONDS < end)) || return 1
    sleep 1
  done
}

install_engine() {
  "$here/long-step.sh" engine-install 600 "30 s" "Docker: no engine here, installing Debian's docker.io" \
    bash -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io iptables jq'
}

# Where CAP_SYS_RESOURCE is out of reach (containers in containers), Docker before 23 fails every --privileged
# container with "unable to apply caps", because it asks for all capabilities. A wrapper around runc drops that one.
bound_the_runtime() {
  local cap_sys_resource=24 bounding
  bounding=$(awk '/^CapBnd:/ {print $2}' /proc/self/status)
  if (((0x$bounding >> cap_sys_resource & 1) == 1)); then return 0; fi
  install -m 0755 "$here/runc-bounded" /usr/local/bin/runc-bounded
  mkdir -p /etc/docker
  local settings='{}'
  if [ -s /etc/docker/daemon.json ]; then settings=$(cat /etc/docker/daemon.json); fi
  jq '.runtimes.bounded.path = "/usr/local/bin/runc-bounded" | ."default-runtime" = "bounded"' \
    <<<"$settings" >/etc/docker/daemon.json.new
  mv /etc/docker/daemon.json.new /etc/docker/daemon.json
}

start_engine() {
  if [ -d /run/systemd/system ]; then
    systemctl start docker
    return 0
  fi
  # A pid file left by a machine that was switched off keeps a new engine from starting.
  if ! pgrep -x dockerd >/dev/null; then rm -f /var/run/docker.pid; fi
  setsid dockerd >"$engine_log" 2>&1 </dev/null &
}

if engine_answers; then exit 0; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  fail "No Docker engine answers. Start Docker, or set DOCKER_HOST, or run this as root on Debian, and run it again."
fi
if ! command -v dockerd >/dev/null || ! command -v jq >/dev/null; then install_engine; fi
bound_the_runtime
say "==> Docker: starting the engine (usually 2 s)"
start_engine
if wait_for_engine; then exit 0; fi
if [ -f "$engine_log" ]; then tail -n 20 "$engine_log" >&2; fi
fail "The Docker engine does not answer $start_seconds s after its start."
