# What the scripts of this folder share. Sourced, never run.
# shellcheck shell=bash disable=SC2034  # the scripts that source this file use the variables

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
programs=(operator sidecar)
version=$(sed -n 's/^  "version": "\([^"]*\)",$/\1/p' "$repository/package.json")
artifacts=$repository/dist/release   # git-ignored: the files of a release
build_seconds=900
start_seconds=60                     # an image, for its --help
command_seconds=300                  # a registry, a certificate authority or GitHub that does not answer

say() { printf '%s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

# Runs what reaches out of this machine; in a dry run it says so, and does not.
dry_run=${DRY_RUN:-no}
run() {
  if [ "$dry_run" = yes ]; then
    say "    would run: $*"
  else
    timeout "$command_seconds" "$@"
  fi
}

# NAME VALUE: hands a value to the next steps of a workflow
output() { if [ -n "${GITHUB_OUTPUT:-}" ]; then echo "$1=$2" >>"$GITHUB_OUTPUT"; fi; }

check_digest() { [[ $1 =~ ^sha256:[0-9a-f]{64}$ ]] || fail "Not a digest: '$1'."; }
