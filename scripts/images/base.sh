#!/usr/bin/env bash
# Makes a stand-in for the image that the builds start from, where no image registry can be reached: Debian 12 from its own packages, this
# machine's Rust toolchain, and the certificate authorities that this machine trusts (a proxy may add its own).
#
#   scripts/images/base.sh [NAME]        (tamiz/build-base)
#
# As root, with Docker. An image of that name is kept as it is.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib/common.sh

readonly NAME=${1:-tamiz/build-base}
readonly MIRROR=http://deb.debian.org/debian

main() {
  docker image inspect "$NAME" >/dev/null 2>&1 && say "$NAME: present" && return
  [ "$(id -u)" -eq 0 ] || die "debootstrap needs root; run this as root, or pull rust:1.95-slim-bookworm instead"
  ensure_packages debootstrap
  root=$(mktemp -d)
  trap 'rm -rf "$root" "$root.log"' EXIT
  say "Debian 12 from its packages"
  debootstrap --variant=minbase --include=ca-certificates bookworm "$root" "$MIRROR" >"$root.log" 2>&1 ||
    die "debootstrap failed: $(tail -n 3 "$root.log")"
  printf '%s\n' "deb $MIRROR bookworm main" "deb $MIRROR bookworm-updates main" \
    'deb http://deb.debian.org/debian-security bookworm-security main' >"$root/etc/apt/sources.list"
  say "this machine's Rust toolchain and certificate authorities"
  local toolchain
  toolchain=$(rustc --print sysroot)
  mkdir -p "$root/usr/local/rust"
  cp -r "$toolchain/bin" "$toolchain/lib" "$root/usr/local/rust/"
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
  say "importing $NAME"
  tar --create --directory "$root" . | docker import \
    --change 'ENV PATH=/usr/local/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
    --change 'ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt CARGO_HTTP_CAINFO=/etc/ssl/certs/ca-certificates.crt' \
    - "$NAME" >/dev/null
}

main
