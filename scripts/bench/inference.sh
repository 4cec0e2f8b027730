#!/usr/bin/env bash
# Measures tamiz-inference on the CPU against transformers' pipeline, PyTorch with sorted batches and ONNX Runtime, on the same
# reviews and the same model, in one go, and prints a table.
#
#   scripts/bench/inference.sh [--rows N]
#
# N reviews (1,000) for everybody, of polarity/test.csv.zst in the folder that TAMIZ_DATA names; they are not part of this
# repository. The model is MiniLM (all-MiniLM-L6-v2, from PyPI) with a head fitted to 2,000 other reviews. About ten minutes,
# and 5 GB of Python packages the first time.
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
  cp -r "$OUT/predictions-f32-run" "$OUT/predictions-bf16-run" "$OUT"/tamiz-*.tsv -t "$OUT/whole"
  variants max_tokens 'tokens read at most' 32 64 128 256
  variants batch_tokens 'tokens of a batch' 512 1024 2048 4096 8192
  print_machine
  "$PEERS/bin/python" scripts/bench/inference_table.py "$OUT"
  cat "$OUT/max_tokens.md" "$OUT/batch_tokens.md"
}

# Shards of the reviews that are labelled, and of others that the model's head is fitted to.
inputs() {
  rm -rf "$OUT"
  mkdir -p "$OUT/whole"
  zstd -dqf "$TAMIZ_DATA/polarity/test.csv.zst" -o "$OUT/test.csv"
  head -n "$ROWS" "$OUT/test.csv" >"$OUT/run.csv"
  head -n 1 "$OUT/test.csv" >"$OUT/one.csv"
  tail -n 2000 "$OUT/test.csv" >"$OUT/fit.csv"
  local name minilm
  for name in run one fit; do
    write_manifest "$OUT/$name.csv" "$OUT/$name.json"
    sed -i "s/\"configuration\": {}/\"configuration\": {\"inference\": {\"max_tokens\": $MAX_TOKENS, \"batch_tokens\": 2048}}/" "$OUT/$name.json"
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

# Labels the same reviews with other values of a setting, in each precision. Of its name, what heads its column, and
# the values.
variants() {
  local setting=$1 title=$2 name value precision row
  shift 2
  printf '\n| %s | f32, reviews/s | bf16, reviews/s |\n|---:|---:|---:|\n' "$title" >"$OUT/$setting.md"
  for name in run one; do cp "$OUT/$name.json" "$OUT/$name/manifest.json"; done
  for value in "$@"; do
    sed -i "s/\"$setting\": [0-9]*/\"$setting\": $value/" "$OUT/run/manifest.json" "$OUT/one/manifest.json"
    row="| $value |"
    for precision in f32 bf16; do
      tamiz "$precision"
      row+=" $(paste "$OUT/tamiz-$precision-run.tsv" "$OUT/tamiz-$precision-one.tsv" | awk -v rows="$ROWS" '{ printf "%.0f", rows / ($2 - $5) }') |"
    done
    echo "$row" >>"$OUT/$setting.md"
  done
}

main "$@"
