#!/usr/bin/env bash
# Makes sure that the servers are installed that tests of checks start on free ports. As root on Debian they are
# installed, without a service that would run now or after the next start.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../e2e/cluster/settings.sh
source "$here/../e2e/cluster/settings.sh"
install_seconds=600

has_postgresql() { compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || command -v postgres >/dev/null; }
# sbin need not be in the PATH of everybody who runs the tests.
has() { PATH=$PATH:/usr/bin:/usr/sbin command -v "$1" >/dev/null; }

missing=()
if ! has_postgresql; then missing+=(postgresql); fi
if ! has mariadbd; then missing+=(mariadb-server); fi
if ! has pgbouncer; then missing+=(pgbouncer); fi
if ! has dnsmasq; then missing+=(dnsmasq-base); fi
if ! has promtool; then missing+=(prometheus); fi
for program in memcached redis-server nginx openssl; do
  if ! has "$program"; then missing+=("$program"); fi
done
if ((${#missing[@]} == 0)); then exit 0; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  fail "The tests need ${missing[*]}: install them (Debian: apt-get install ${missing[*]}) and run this again."
fi

# Debian starts a service as its package is installed, unless this file forbids it.
forbid=/usr/sbin/policy-rc.d
if [ ! -e "$forbid" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$forbid"
  chmod 0755 "$forbid"
  trap 'rm -f "$forbid"' EXIT
fi
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
  mkdir -p /etc/postgresql-common
  echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
fi
"$here/../e2e/cluster/long-step.sh" packages "$install_seconds" "30 s" "Debian: installing ${missing[*]} for the tests" \
  bash -c "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ${missing[*]}"
if [ -d /run/systemd/system ]; then systemctl disable --quiet "${missing[@]/mariadb-server/mariadb}" 2>/dev/null || true; fi
