#!/usr/bin/env bash
# Makes the GitHub release of a tag that is there, with what CHANGELOG.md says of the version, and the files of
# dist/release.
# Use: publish-release.sh
set -euo pipefail
# shellcheck source=settings.sh
source "$(dirname "$0")/settings.sh"

notes=$repository/dist/notes.md
awk -v heading="## [$version]" 'index($0, heading) == 1 {on = 1; next} /^## / {on = 0} on' \
  "$repository/CHANGELOG.md" >"$notes"
if [ "$dry_run" = no ]; then [ -s "$notes" ] || fail "CHANGELOG.md says nothing of $version."; fi
run gh release create "v$version" --verify-tag --title "v$version" --notes-file "$notes" "$artifacts"/*
