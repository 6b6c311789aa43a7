#!/usr/bin/env bash
# Says where a repository owner's images and charts are, as a variable for the steps of a workflow that follow. Owners
# may have capital letters, and registries take none: the release would fail after its tag is public.
# Use: registry.sh OWNER >>"$GITHUB_ENV"
set -euo pipefail

echo "REGISTRY=ghcr.io/${1,,}"
