#!/usr/bin/env bash
# Measures the memory and the speed of tamiz-etl on large files, with 2 and with 16 threads, and prints a table.
#
#   scripts/bench/etl_memory.sh [SIZE…] [-- FLAG…]     sizes as 100MB, 1GB (the default: 100MB 1GB 5GB); flags go to tamiz-etl
#
# The files are made of real reviews, polarity/train.csv.zst in the folder that TAMIZ_DATA names, over and over, each time
# in another order and with the number of the round in every title. The largest needs as much again for its shards.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib/common.sh
. scripts/lib/bench.sh
. scripts/lib/manifest.sh

readonly OUT=target/bench/etl-memory
readonly THREADS=(2 16)

main() {
  local sizes=() size threads
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    sizes+=("$1")
    shift
  done
  [ $# -eq 0 ] || shift
  [ ${#sizes[@]} -gt 0 ] || sizes=(100MB 1GB 5GB)
  need_data polarity/train.csv.zst
  prepare_reviews "$OUT" tamiz-etl
  for size in "${sizes[@]}"; do
    say "making $size of reviews"
    python3 scripts/bench/etl_repeat.py "$OUT/train.csv" "$(numfmt --from=si "${size%B}")" >"$OUT/reviews.csv"
    write_manifest "$OUT/reviews.csv" "$OUT/manifest.json"
    for threads in "${THREADS[@]}"; do
      say "cleaning $size with $threads threads"
      measure "$size" "$threads" "$@"
    done
  done
  rm -rf "$OUT/run" "$OUT/reviews.csv"
  table
}

measure() {
  local size=$1 threads=$2 cost
  shift 2
  cost=$(python3 scripts/bench/measure.py --output "$OUT/run" \
    target/release/tamiz-etl --manifest "$OUT/manifest.json" --output "$OUT/run" --threads "$threads" --log warn "$@")
  printf '%s\t%s\t%s\t%s\n' "$size" "$threads" "$(stat -c %s "$OUT/reviews.csv")" "$cost" >>"$OUT/rows.tsv"
}

table() {
  print_machine
  echo "| input | threads | peak MB | CPU-s | wall s | MB per CPU-s | MB per wall s |"
  echo "|---|---:|---:|---:|---:|---:|---:|"
  awk -F'\t' '{ printf "| %s | %d | %.0f | %.1f | %.1f | %.1f | %.1f |\n", $1, $2, $6, $4, $5, $3 / 1e6 / $4, $3 / 1e6 / $5 }' "$OUT/rows.tsv"
}

main "$@"
