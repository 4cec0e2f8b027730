#!/bin/sh
# Makes a root file system of nothing but the named Debian packages, without a shell or a package manager:
#   docker/rootfs.sh FOLDER PACKAGE…
# Each package's control data goes to var/lib/dpkg/status.d, where image scanners look for what is installed.
set -eu

root=$1
shift
debs=$(mktemp -d)
apt-get update
(cd "$debs" && apt-get download "$@")
mkdir -p "$root/tmp" "$root/etc/ssl/certs" "$root/var/lib/dpkg/status.d"
chmod 1777 "$root/tmp"
for deb in "$debs"/*.deb; do
  name=$(dpkg-deb --field "$deb" Package)
  dpkg-deb --extract "$deb" "$root"
  dpkg-deb --field "$deb" >"$root/var/lib/dpkg/status.d/$name"
done
# What update-ca-certificates does at installation: one file of all authorities.
cat "$root"/usr/share/ca-certificates/mozilla/*.crt >"$root/etc/ssl/certs/ca-certificates.crt"
echo 'tamiz:x:10001:10001:tamiz:/:/sbin/nologin' >"$root/etc/passwd"
echo 'tamiz:x:10001:' >"$root/etc/group"
# Names are looked up in files and DNS; licences stay, other documentation and programs do not.
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
rm -rf "$root"/usr/bin "$root"/bin "$root"/sbin "$root"/usr/sbin "$root"/usr/share/man "$root"/usr/share/locale \
  "$root"/usr/share/lintian "$root"/usr/share/ca-certificates "$root"/usr/lib/*/gconv "$debs"
find "$root/usr/share/doc" -type f ! -name copyright -delete
