#!/bin/sh
# Starts a program of the local AWS, on a disk that is full where the fault at hand says so: launch.sh FOLDER PROGRAM [ARGUMENT]…
# The disk is a tmpfs in a mount namespace of the process's own, which is gone when the process is.
folder=$1
shift
[ -e "$folder/full-disk/$(basename "$1")" ] || exec "$@"
namespace='--mount'
[ "$(id -u)" -eq 0 ] || namespace='--user --map-root-user --mount'
# shellcheck disable=SC2086,SC2016 # options are words, and the inner shell expands its own arguments
exec unshare $namespace sh -c 'mount -t tmpfs -o size=64k tmpfs "$0" && TMPDIR=$0 exec "$@"' "$folder/disk" "$@"
