#!/usr/bin/env bash
# The dispatcher in simulated worlds; see crates/dispatcher/tests/simulation.
#
#   scripts/simulate.sh [--seeds FROM..TO]     lives through worlds (default 0..100000); one that goes wrong is shown
#   scripts/simulate.sh --seed N               one world, step by step
#   scripts/simulate.sh --mutants [FROM..TO]   breaks the dispatcher in each way of mutants.toml, in a copy of the sources, and
#                                              tells in which world (default: of 0..20000) it shows
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/common.sh

usage() {
  sed -n '2,/^set/{/^set/!s/^# \{0,1\}//p}' "$0"
}

simulate() {
  scripts/libtorch.sh
  cargo test --release --locked --workspace --test simulation -- --exact --nocapture \
    every_upload_ends_in_exactly_one_started_run_whatever_happens
}

case "${1:---seeds}" in
  --seeds) TAMIZ_SEEDS=${2:-0..100000} simulate ;;
  --seed) TAMIZ_SEED=${2:?the number of a world is missing} simulate ;;
  --mutants) exec python3 crates/dispatcher/tests/simulation/mutants.py "${2:-0..20000}" ;;
  --help) usage ;;
  *)
    usage >&2
    exit 2
    ;;
esac
