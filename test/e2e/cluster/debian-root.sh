#!/usr/bin/env bash
# Makes a Debian root file system into the image local/debian:bookworm, for machines that cannot pull one. The node
# image stands on it too, which is why systemd and the network tools are in it. Does nothing when the image exists.
# Needs root and Debian.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=settings.sh
source "$here/settings.sh"

if docker image inspect "$built_base_image" >/dev/null 2>&1; then exit 0; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  fail "No Debian image can be pulled, and making one needs root on Debian (debootstrap)."
fi
if ! command -v debootstrap >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends debootstrap
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "debootstrap: Debian bookworm"
debootstrap --variant=minbase \
  --include=systemd,conntrack,iptables,nftables,iproute2,ethtool,kmod,libseccomp2,runc,ca-certificates,curl,jq,procps,catatonit \
  bookworm "$work/root"
rm -rf "$work/root/var/cache/apt/archives/"*.deb "$work/root/var/lib/apt/lists/"*
tar -C "$work/root" -c . | docker import - "$built_base_image"
