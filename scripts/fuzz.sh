#!/usr/bin/env bash
# Runs the fuzz targets of tests/fuzz, each with libFuzzer in a process of its own, as many at once as there are cores. Prints a table.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/common.sh

readonly FUZZ=tests/fuzz
readonly OUT=target/fuzz
# An execution takes milliseconds, and a process some hundred megabytes.
readonly LIMITS=(-max_len=8192 -timeout=20 -rss_limit_mb=2048)
# Targets that run the whole cleaning, which passes through so much code that libFuzzer would spend most of its time counting how often.
readonly WHOLE=' csv fasttext json_lines manifest packing parquet '

usage() {
  cat <<'HELP'
Usage: scripts/fuzz.sh [options] [TARGET…]

  --minutes N   CPU minutes of each target (10)
  --seeds       no search: every seed and every input that was found before, once
  -h, --help    this text

Without a name, all targets; they are the files of tests/fuzz/targets. What is found that reaches new code stays in target/fuzz/corpus, and
the next run begins with it. Ends with 1 where an input crashes a target, takes 20 seconds or too much memory; it names the input, and the
command that runs it again.
HELP
}

main() {
  parse "$@"
  build
  mkdir -p "$OUT/results"
  touch "$OUT/results/begun"
  local target cores
  # Before OMP_NUM_THREADS, which nproc takes for the number.
  cores=$(nproc)
  # Of a model's threads one is enough: cores are for targets. And each execution takes and gives back the same megabytes.
  export RAYON_NUM_THREADS=1 OMP_NUM_THREADS=1 MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=1000000000 MALLOC_TRIM_THRESHOLD_=4000000000
  say "running ${#targets[@]} targets, $minutes CPU minutes each"
  trap 'kill $(jobs -p) 2>/dev/null; exit 130' INT TERM
  for target in "${targets[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge "$cores" ]; do wait -n || true; done
    fuzz "$target" &
  done
  wait
  table
  tell_crashes
}

parse() {
  minutes=10 targets=()
  while [ $# -gt 0 ]; do
    case $1 in
      -h | --help) usage && exit 0 ;;
      --seeds) minutes=0 ;;
      --minutes)
        [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || refuse "--minutes: a number was expected"
        minutes=$2
        shift
        ;;
      -*) refuse "unknown option $1" ;;
      *)
        [ -f "$FUZZ/targets/$1.rs" ] || refuse "there is no target $1"
        targets+=("$1")
        ;;
    esac
    shift
  done
  [ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(basename --suffix=.rs --multiple "$FUZZ"/targets/*.rs)
}

refuse() {
  printf 'error: %s (see scripts/fuzz.sh --help)\n' "$*" >&2
  exit 2
}

build() {
  scripts/libtorch.sh
  say "building the targets (many minutes the first time)"
  local flags=() target
  for target in "${targets[@]}"; do flags+=(--bin "$target"); done
  RUSTC_WRAPPER=$PWD/$FUZZ/rustc.sh cargo build --release --locked --quiet --manifest-path "$FUZZ/Cargo.toml" --target-dir "$OUT" \
    "${flags[@]}"
}

# Runs a target until it has had its CPU time, which on a busy machine takes several rounds, or fails.
fuzz() {
  local target=$1 seconds=$((minutes * 60)) log=$OUT/results/$1.log
  mkdir -p "$OUT/corpus/$target" "$OUT/crashes/$target"
  : >"$log"
  while round "$target" $((seconds - $(sum 'cpu seconds:' "$log"))) "$log" || was_busy "$target"; do
    [ "$(sum 'cpu seconds:' "$log")" -lt "$seconds" ] || break
  done
}

# Whether a target was stopped for an input that takes no 20 seconds by itself: others had the processor. Such an input is forgotten.
was_busy() {
  local input
  input=$(crashes "$1")
  [[ $input == */timeout-* ]] && "$OUT/release/$1" "${LIMITS[@]}" "$input" >/dev/null 2>&1 && rm "$input"
}

# One process: what is known first, then what follows from it by change, for so many seconds.
round() {
  local target=$1 seconds=$2 log=$3 status=0
  local flags=("${LIMITS[@]}" -print_final_stats=1 -artifact_prefix="$OUT/crashes/$target/")
  local dictionary=$FUZZ/dictionaries/$target.dict TIMEFORMAT='cpu seconds: %U %S'
  if [ "$seconds" -gt 0 ]; then flags+=(-max_total_time="$seconds"); else flags+=(-runs=0); fi
  [[ $WHOLE != *" $target "* ]] || flags+=(-entropic=0 -use_counters=0)
  [ ! -f "$dictionary" ] || flags+=(-dict="$dictionary")
  { time "$OUT/release/$target" "${flags[@]}" "$OUT/corpus/$target" "$FUZZ/seeds/$target" >>"$log" 2>&1; } 2>>"$log" || status=$?
  return "$status"
}

table() {
  local target log
  printf '\n| target | what it drives | executions | CPU minutes | peak memory | features | crashes |\n|---|---|---:|---:|---:|---:|---:|\n'
  for target in "${targets[@]}"; do
    log=$OUT/results/$target.log
    # shellcheck disable=SC2016 # Backquotes are of Markdown.
    printf '| `%s` | %s | %s | %s | %s MB | %s | %s |\n' "$target" "$(sed -n '1s|^//! \(.*\)\.$|\1|p' "$FUZZ/targets/$target.rs")" \
      "$(sum 'stat::number_of_executed_units:' "$log")" "$(($(sum 'cpu seconds:' "$log") / 60))" \
      "$(values 'stat::peak_rss_mb:' "$log" | sort -n | tail -1)" "$(values '.* ft:' "$log" | tail -1)" "$(crashes "$target" | wc -l)"
  done
}

tell_crashes() {
  local target input status=0
  for target in "${targets[@]}"; do
    while read -r input; do
      status=1
      warn "$target fails on $input; again: $OUT/release/$target $input"
    done < <(crashes "$target")
  done
  exit "$status"
}

# Inputs that a target failed on in this run.
crashes() {
  find "$OUT/crashes/$1" -type f -newer "$OUT/results/begun" ! -name 'slow-unit-*'
}

# What stands behind a name in a log, each time that it is there: values NAME LOG.
values() {
  sed -n "s/^$1 *\([0-9][0-9.]*\).*/\1/p" "$2"
}

# All numbers behind a name, added up: sum NAME LOG.
sum() {
  sed -n "s/^$1//p" "$2" | awk '{ for (at = 1; at <= NF; at++) all += $at } END { printf "%d", all }'
}

main "$@"
