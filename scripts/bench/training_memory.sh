#!/usr/bin/env bash
# Measures how much memory the training of an n-gram model takes on many rows, and prints a table.
#
#   scripts/bench/training_memory.sh [ROWS…]     100000 900000 3600000 by default
#
# The reviews are made of real ones, polarity/train.csv.zst in the folder that TAMIZ_DATA names, each of two halves
# (training_rows.py). 3,600,000 of them need 7 GB of disk.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib/common.sh
. scripts/lib/bench.sh
. scripts/lib/manifest.sh

readonly OUT=target/bench/training-memory

main() {
  local sizes=("$@") rows
  [ ${#sizes[@]} -gt 0 ] || sizes=(100000 900000 3600000)
  need_data polarity/train.csv.zst
  prepare_reviews "$OUT" tamiz-etl tamiz-retrain
  mkdir "$OUT/tmp"
  for rows in "${sizes[@]}"; do
    say "making $rows reviews"
    python3 scripts/bench/training_rows.py "$OUT/train.csv" "$rows" >"$OUT/reviews.csv"
    write_manifest "$OUT/reviews.csv" "$OUT/manifest.json"
    rm -rf "$OUT/run" "$OUT/models"
    say "cleaning them"
    "$BIN/tamiz-etl" --manifest "$OUT/manifest.json" --output "$OUT/run" --log warn
    say "training"
    measure "$rows"
  done
  rm -rf "$OUT/run" "$OUT/reviews.csv"
  table
}

# The temporary files lie on this disk, as on the scratch volume of a job.
measure() {
  local rows=$1 cost trained
  cost=$(TMPDIR=$PWD/$OUT/tmp python3 scripts/bench/own_memory.py "$BIN/tamiz-retrain" --training-data "$OUT/run" \
    --models "$OUT/models" --name many --device cpu --log error)
  trained=$(python3 -c 'import json, sys; m = json.load(open(sys.argv[1])); print(m["train_rows"], "%.4f" % m["holdout"]["accuracy"], sep="\t")' \
    "$OUT"/models/many/*/metrics.json)
  printf '%s\t%s\t%s\t%s\n' "$rows" "$(du -sm "$OUT/run/shards" | cut -f1)" "$trained" "$cost" >>"$OUT/rows.tsv"
}

table() {
  print_machine
  echo "| rows | MB of Parquet | texts trained on | hold-out accuracy | CPU-s | wall s | peak of its own memory, MB | with mapped files, MB |"
  echo "|---:|---:|---:|---:|---:|---:|---:|---:|"
  awk -F'\t' '{ printf "| %s | %s | %s | %s | %s | %s | %s | %s |\n", $1, $2, $3, $4, $5, $6, $7, $8 }' "$OUT/rows.tsv"
}

main "$@"
