#!/usr/bin/env bash
# Completes the files of a release in dist/release: the definitions in one file, and the sums of all, signed.
# Use: files.sh
set -euo pipefail
# shellcheck source=settings.sh
source "$(dirname "$0")/settings.sh"
mkdir -p "$artifacts"

for definition in "$repository"/crds/*.yaml; do
  echo "---"
  cat "$definition"
done >"$artifacts/crds.yaml"
cd "$artifacts"
rm -f SHA256SUMS*
sha256sum -- * >SHA256SUMS
run cosign sign-blob --yes --bundle SHA256SUMS.sigstore.json SHA256SUMS
