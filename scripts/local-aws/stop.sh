#!/usr/bin/env bash
# Stops the local AWS of a state folder, and every process that it started.
set -euo pipefail
caller=$PWD
cd "$(dirname "$0")/../.."
. scripts/lib/common.sh

readonly USAGE='Usage: scripts/local-aws/stop.sh [--state DIR]    (target/local-aws)'
readonly PATIENCE_SECONDS=20

main() {
  local state=target/local-aws
  case $#,${1:-} in
    0,) ;;
    1,-h | 1,--help) printf '%s\n' "$USAGE" && exit 0 ;;
    2,--state) if [[ $2 == /* ]]; then state=$2; else state=$caller/$2; fi ;;
    *) printf '%s\n' "$USAGE" >&2 && exit 2 ;;
  esac
  stop_server "$state"
  stop_orphans "$state"
  rm -f "$state/env" "$state/pid"
}

stop_server() {
  local pid waited=0
  pid=$(cat "$1/pid" 2>/dev/null) || return 0
  kill -TERM "$pid" 2>/dev/null || return 0
  while kill -0 "$pid" 2>/dev/null; do
    if [ "$waited" -ge $((PATIENCE_SECONDS * 20)) ]; then
      kill -KILL "$pid" 2>/dev/null || true
      return
    fi
    waited=$((waited + 1))
    sleep 0.05
  done
}

# A server that was killed leaves its jobs behind; it has written down their process groups. A number may have been
# given to another process since: only one that carries this server's mark is ended.
stop_orphans() {
  local file group
  for file in "$1"/children/*; do
    [ -e "$file" ] || continue
    group=${file##*/}
    if grep -qzxF "LOCAL_AWS_STATE=$(realpath "$1")" "/proc/$group/environ" 2>/dev/null; then
      kill -KILL -- "-$group" 2>/dev/null || true
    fi
    rm -f "$file"
  done
}

main "$@"
