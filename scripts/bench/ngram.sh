#!/usr/bin/env bash
# Measures how fast an n-gram model labels reviews, on one core, against fastText's own prediction, and prints a table.
#
#   scripts/bench/ngram.sh [--runs N]
#
# The reviews are polarity/train.csv.zst in the folder that TAMIZ_DATA names; they are not part of this repository. Both models
# are trained on them, with 1,2-grams, and label them again: what counts here is speed. About two minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib/common.sh
. scripts/lib/bench.sh
. scripts/lib/manifest.sh

readonly OUT=target/bench/ngram
readonly PEERS=target/bench/venv-ngram
RUNS=5

main() {
  if [ "${1:-}" = --runs ]; then
    RUNS=$2
  elif [ $# -gt 0 ]; then
    die "unknown flag $1; usage: scripts/bench/ngram.sh [--runs N]"
  fi
  need_data polarity/train.csv.zst
  prepare
  rm -rf "$OUT"
  mkdir -p "$OUT"
  zstd -dqf "$TAMIZ_DATA/polarity/train.csv.zst" -o "$OUT/train.csv"
  write_manifest "$OUT/train.csv" "$OUT/manifest.json"
  "$BIN/tamiz-etl" --manifest "$OUT/manifest.json" --output "$OUT/run" --log error
  cp "$OUT/manifest.json" "$OUT/run/manifest.json"
  "$BIN/tamiz-retrain" --training-data "$OUT/run" --models "$OUT/models" --name reviews --device cpu --log error >/dev/null
  say "measuring Tamiz"
  taskset --cpu-list 0 python3 scripts/bench/measure.py --runs "$RUNS" --output "$OUT/predictions" "$BIN/tamiz-inference" \
    --shards "$OUT/run" --model "$OUT/models/reviews" --output "$OUT/predictions" --device cpu --log error \
    >"$OUT/tamiz.tsv" 2>"$OUT/tamiz.log" || die "see $OUT/tamiz.log"
  say "measuring fastText"
  taskset --cpu-list 0 "$PEERS/bin/python" scripts/bench/ngram_peer.py "$OUT/run/shards" "$OUT" "$RUNS" >"$OUT/peer.tsv"
  table
}

prepare() {
  scripts/libtorch.sh
  ensure_packages zstd python3-venv
  [ -x "$PEERS/bin/pip" ] || python3 -m venv "$PEERS"
  "$PEERS/bin/pip" install --quiet --disable-pip-version-check --requirement scripts/bench/requirements-ngram.txt
  say "building the binaries"
  cargo build --release --locked --quiet --workspace --bin tamiz-etl --bin tamiz-inference --bin tamiz-retrain
}

table() {
  print_machine
  echo "| one core | reviews | CPU-s | reviews per CPU-s | million a minute |"
  echo "|---|---:|---:|---:|---:|"
  local rows
  rows=$(cut -f1 "$OUT/peer.tsv")
  {
    printf 'Tamiz ngram, Parquet to Parquet\t%s\t%s\n' "$rows" "$(cut -f1 "$OUT/tamiz.tsv")"
    printf 'fastText, texts in memory to labels in memory\t%s\t%s\n' "$rows" "$(cut -f2 "$OUT/peer.tsv")"
    printf 'fastText, labels compared and not kept\t%s\t%s\n' "$rows" "$(cut -f3 "$OUT/peer.tsv")"
  } | awk -F'\t' '{ printf "| %s | %d | %.2f | %.0f | %.1f |\n", $1, $2, $3, $2 / $3, 60 * $2 / $3 / 1e6 }'
}

main "$@"
