#!/usr/bin/env bash
# Starts the local AWS in the background and prints the environment that points the AWS CLI and the SDKs at it:
#   eval "$(scripts/local-aws/start.sh)"
set -euo pipefail
caller=$PWD
cd "$(dirname "$0")/../.."
. scripts/lib/common.sh

readonly HERE=scripts/local-aws
readonly READY_SECONDS=60

usage() {
  cat <<'HELP'
Usage: scripts/local-aws/start.sh [options]

  --port N               port to listen on, 0 for a free one (5005)
  --state DIR            logs, mail, pid and env (target/local-aws)
  --bin DIR              folder of the tamiz-* programs (target/release)
  --images FILE          JSON {"image glob": ["command", "argument", …]}, looked at before --bin
  --slots N              jobs that run at once in each job queue (4)
  --grace SECONDS        between SIGTERM and SIGKILL for a job (5; AWS waits 30)
  --batching-window S    seconds instead of the batching window of every event source mapping
  --die-with PID         end when that process does
  --foreground           stay attached; stop with Ctrl-C
  -h, --help             this text

Standard output holds only `export NAME=value` lines; they stay in DIR/env too.
HELP
}

main() {
  parse "$@"
  install_requirements "$HERE/requirements.txt" >&2
  mkdir -p "$state"
  refuse_second_server
  rm -f "$state/env" "$state/pid"
  local server=("$PWD/$VENV/bin/python" -m localaws --state "$state" --bin "$bin" "${passed[@]}")
  export PYTHONPATH=$PWD/$HERE PYTHONUNBUFFERED=1
  if [ "$foreground" = yes ]; then
    exec "${server[@]}"
  fi
  # A session of its own: Ctrl-C in the terminal that started it does not reach it.
  setsid "${server[@]}" >"$state/server.log" 2>&1 </dev/null &
  wait_until_ready $!
  cat "$state/env"
}

parse() {
  state=target/local-aws bin=target/release foreground=no passed=()
  while [ $# -gt 0 ]; do
    case $1 in
      -h | --help) usage && exit 0 ;;
      --foreground) foreground=yes && shift && continue ;;
      --state | --bin | --port | --images | --slots | --grace | --batching-window | --die-with)
        [ $# -ge 2 ] || refuse "$1 needs a value" ;;&
      --state) state=$(from_caller "$2") ;;
      --bin) bin=$(from_caller "$2") ;;
      --images) passed+=("$1" "$(from_caller "$2")") ;;
      --port | --slots | --grace | --batching-window | --die-with) passed+=("$1" "$2") ;;
      *) refuse "unknown option $1" ;;
    esac
    shift 2
  done
}

# Paths on the command line are the caller's; the script itself works in the repository's root.
from_caller() {
  if [[ $1 == /* ]]; then echo "$1"; else echo "$caller/$1"; fi
}

refuse() {
  printf 'error: %s (see scripts/local-aws/start.sh --help)\n' "$*" >&2
  exit 2
}

refuse_second_server() {
  local pid
  pid=$(cat "$state/pid" 2>/dev/null) || return 0
  if kill -0 "$pid" 2>/dev/null; then
    die "a local AWS with the state $state runs already (process $pid); its environment is in $state/env"
  fi
}

wait_until_ready() {
  local waited=0
  until [ -e "$state/env" ]; do
    kill -0 "$1" 2>/dev/null || die "the local AWS did not start:
$(tail -n 20 "$state/server.log")"
    [ "$waited" -lt $((READY_SECONDS * 20)) ] || die "the local AWS was not ready after $READY_SECONDS seconds; see $state/server.log"
    waited=$((waited + 1))
    sleep 0.05
  done
}

main "$@"
