#!/usr/bin/env bash
# Runs a Batch job of the local AWS as a container, as its job definition would have it: nobody's user, a root file system that cannot be
# written to. Its environment becomes the container's.
#
#   container.sh [--tmpfs PATH]… IMAGE ARGUMENT…
#
# Named in the file that start.sh takes as --images.
set -euo pipefail

arguments=()
while [ "${1:-}" = --tmpfs ]; do
  arguments+=(--tmpfs "$2:rw,nosuid,nodev,mode=1777")
  shift 2
done
# The server's own; an image has its own.
readonly NOT_FOR_IT=' PATH HOME LANG TMPDIR LD_LIBRARY_PATH PWD SHLVL _ '
while IFS='=' read -r -d '' name _; do
  [[ $NOT_FOR_IT == *" $name "* ]] || arguments+=(--env "$name")
done < <(env -0)

# The endpoints of the local AWS are on loopback. A SIGTERM goes on to the container.
exec docker run --rm --network host --read-only --user 10001:10001 "${arguments[@]}" "$@"
