#!/usr/bin/env bash
# Runs one long command: says what it does and how long it usually takes, shows a sign of life every 15 s, keeps the
# whole output in .tools/logs, and shows the end of it when the command fails or its time is over.
# Use: long-step.sh LOG_NAME DEADLINE_SECONDS USUAL "WHAT" COMMAND [ARGUMENT...]
set -euo pipefail
here=$(dirname "$0")
# shellcheck source=settings.sh
source "$here/settings.sh"

log=$logs/$1.log
deadline=$2
usual=$3
what=$4
shift 4
sign_of_life_seconds=15

say "==> $what (usually $usual)"
started=$SECONDS
# In its own session, so that the time limit and Ctrl-C end the command with all that it started.
setsid timeout --kill-after=10 "$deadline" "$@" >"$log" 2>&1 </dev/null &
child=$!
trap 'kill -TERM -- "-$child" 2>/dev/null || true; exit 130' INT TERM

shown=$SECONDS
while kill -0 "$child" 2>/dev/null; do
  sleep 0.2
  if ((SECONDS - shown >= sign_of_life_seconds)); then
    shown=$SECONDS
    say "    $((SECONDS - started)) s: $(tail -n 1 "$log" | tr -d '\r' | cut -c 1-100)"
  fi
done

status=0
wait "$child" || status=$?
if ((status == 0)); then
  say "    done in $((SECONDS - started)) s"
  exit 0
fi
tail -n 30 "$log" >&2
if ((status == 124)); then
  fail "$what: not done after $deadline s. The whole log: $log"
fi
fail "$what: failed with status $status after $((SECONDS - started)) s. The whole log: $log"
