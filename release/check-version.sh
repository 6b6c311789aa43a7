#!/usr/bin/env bash
# Fails unless package, chart, changelog and tag are of one version.
# Use: check-version.sh TAG   for example v0.1.0
set -euo pipefail
# shellcheck source=settings.sh
source "$(dirname "$0")/settings.sh"
tag=$1

[ "$tag" = "v$version" ] || fail "The tag is $tag, package.json says $version: tag v$version, or change the version."
for field in version appVersion; do
  grep -qx "$field: $version" "$repository/chart/Chart.yaml" ||
    fail "chart/Chart.yaml: $field is not $version, as package.json says."
done
grep -q "^## \[$version\] - [0-9-]\{10\}$" "$repository/CHANGELOG.md" ||
  fail "CHANGELOG.md has no heading '## [$version] - YYYY-MM-DD': rename Unreleased, and begin a new one."
