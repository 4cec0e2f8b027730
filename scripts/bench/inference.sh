#!/usr/bin/env bash
# Measures tamiz-inference on the CPU against transformers' pipeline, PyTorch with sorted batches and ONNX Runtime, on the same
# reviews and the same model, in one go, and prints a table.
#
#   scripts/bench/inference.sh [--rows N]
#
# N reviews (1,000) for everybody, of polarity/test.csv.zst in the folder that TAMIZ_DATA names; they are not part of this
# repository. The model is MiniLM (all-MiniLM-L6-v2, from PyPI) with a head fitted to 2,000 other reviews. About six minutes, and
# 5 GB of Python packages the first time.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib/common.sh
. scripts/lib/bench.sh
. scripts/lib/encoders.sh
. scripts/lib/manifest.sh

readonly OUT=target/bench/inference
readonly MAX_TOKENS=256
ROWS=1000
THREADS=$(nproc)
readonly THREADS

main() {
  if [ "${1:-}" = --rows ]; then
    ROWS=$2
  elif [ $# -gt 0 ]; then
    die "unknown flag $1; usage: scripts/bench/inference.sh [--rows N]"
  fi
  need_data polarity/test.csv.zst
  prepare_encoders
  inputs
  local kind
  for kind in pipeline sorted sorted-bf16 onnx onnx-int8; do
    say "measuring $kind"
    "$PEERS/bin/python" scripts/bench/inference_peer.py "$OUT/model" "$OUT/run/shards" "$OUT/$kind.tsv" "$kind" "$ROWS" \
      "$THREADS" 2>"$OUT/$kind.log" || die "$kind failed; see $OUT/$kind.log"
  done
  tamiz f32
  tamiz bf16
  lengths
  print_machine
  "$PEERS/bin/python" scripts/bench/inference_table.py "$OUT"
  cat "$OUT/lengths.md"
}

# Shards of the reviews that are labelled, and of others that the model's head is fitted to.
inputs() {
  rm -rf "$OUT"
  mkdir -p "$OUT"
  zstd -dqf "$TAMIZ_DATA/polarity/test.csv.zst" -o "$OUT/test.csv"
  head -n "$ROWS" "$OUT/test.csv" >"$OUT/run.csv"
  head -n 1 "$OUT/test.csv" >"$OUT/one.csv"
  tail -n 2000 "$OUT/test.csv" >"$OUT/fit.csv"
  local name minilm
  for name in run one fit; do
    write_manifest "$OUT/$name.csv" "$OUT/$name.json"
    sed -i "s/\"configuration\": {}/\"configuration\": {\"inference\": {\"max_tokens\": $MAX_TOKENS}}/" "$OUT/$name.json"
    "$BIN/tamiz-etl" --manifest "$OUT/$name.json" --output "$OUT/$name" --log error
    cp "$OUT/$name.json" "$OUT/$name/manifest.json"
  done
  say "making the model"
  minilm=$(fetch_minilm "$OUT")
  "$PEERS/bin/python" scripts/bench/inference_model.py "$minilm" "$OUT/fit/shards" "$OUT/model" \
    2>"$OUT/model.log" || die "no model; see $OUT/model.log"
}

# Labels the reviews from Parquet to Parquet, and a single one for what the start costs.
tamiz() {
  local name
  say "measuring Tamiz, $1"
  for name in one run; do
    rm -rf "$OUT/predictions-$1-$name"
    python3 scripts/bench/measure.py --runs 1 --output "$OUT/predictions-$1-$name" "$BIN/tamiz-inference" --shards "$OUT/$name" \
      --model "$OUT/model" --output "$OUT/predictions-$1-$name" --device cpu --precision "$1" --log error \
      >"$OUT/tamiz-$1-$name.tsv" 2>"$OUT/tamiz-$1-$name.log" || die "see $OUT/tamiz-$1-$name.log"
  done
}

# Labels the same reviews cut at fewer tokens, in each precision.
lengths() {
  local tokens precision row
  printf '\n| tokens read at most | f32, reviews/s | bf16, reviews/s |\n|---:|---:|---:|\n' >"$OUT/lengths.md"
  for tokens in 32 64 128 256; do
    sed -i "s/\"max_tokens\": [0-9]*/\"max_tokens\": $tokens/" "$OUT/run/manifest.json" "$OUT/one/manifest.json"
    row="| $tokens |"
    for precision in f32 bf16; do
      tamiz "$precision"
      row+=" $(paste "$OUT/tamiz-$precision-run.tsv" "$OUT/tamiz-$precision-one.tsv" | awk -v rows="$ROWS" '{ printf "%.0f", rows / ($2 - $5) }') |"
    done
    echo "$row" >>"$OUT/lengths.md"
  done
}

main "$@"
