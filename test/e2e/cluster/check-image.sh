#!/usr/bin/env bash
# Fails when an image that ships could be more than its one program: a user that is not a number, which runAsNonRoot
# refuses, a program that its user may read or open the debugger of, or a shell or npm among its files; or when it does
# not say what it is made of. About a second per image.
# Use: check-image.sh IMAGE
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=settings.sh
source "$here/settings.sh"
image=$1
export_seconds=60

user=$(docker image inspect -f '{{.Config.User}}' "$image")
[[ $user =~ ^[1-9][0-9]*(:[0-9]+)?$ ]] ||
  fail "Image $image runs as user '$user': the Dockerfile must name a number other than 0."

entrypoint=$(docker image inspect -f '{{json .Config.Entrypoint}}' "$image")
[[ $entrypoint == *'"--disable-sigusr1"'* ]] ||
  fail "Image $image starts $entrypoint: without --disable-sigusr1 others of its user could open its debugger."

# Never started; it only lends its files. The command is there because an image may come without one.
container=$(docker create "$image" none)
trap 'docker rm "$container" >/dev/null' EXIT
files=$(timeout "$export_seconds" docker export "$container" | tar -t)
grep -q '^usr/bin/node$' <<<"$files" || fail "Image $image: its files cannot be listed, or node is not among them."
mode=$(timeout "$export_seconds" docker export "$container" | tar -tv usr/bin/node | cut -c 1-10)
[ "$mode" = -rwx--x--x ] ||
  fail "Image $image: usr/bin/node is $mode, not -rwx--x--x: others of its user could read the process's files."
unwanted=$(grep -E '(^|/)(sh|ash|bash|dash|busybox|npm|npx|corepack|apt|dpkg)$' <<<"$files" | head -n 5 || true)
[ -z "$unwanted" ] || fail "Image $image holds what an attacker could use: $(tr '\n' ' ' <<<"$unwanted")"
grep -qE '^[a-z]+\.cdx\.json$' <<<"$files" || fail "Image $image has no list of what is in it: run make bundle first."
