#!/usr/bin/env bash
# Trains a small model for the entities of WNUT17, labels the development sentences with Tamiz and with transformers, and
# prints F1 by seqeval's definition.
#
#   scripts/bench/extraction.sh
#
# The sentences are ner/wnut17train.conll.zst and ner/emerging.dev.conll.zst in the folder that TAMIZ_DATA names (CC BY 4.0); they
# are not part of this repository. Some ten minutes, most of them training, and 5 GB of Python packages the first time.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib/common.sh
. scripts/lib/bench.sh
. scripts/lib/encoders.sh
. scripts/lib/manifest.sh

readonly OUT=target/bench/extraction

main() {
  [ $# -eq 0 ] || die "usage: scripts/bench/extraction.sh"
  need_data ner/wnut17train.conll.zst ner/emerging.dev.conll.zst
  prepare_encoders
  rm -rf "$OUT"
  mkdir -p "$OUT"
  zstd -dqf "$TAMIZ_DATA/ner/wnut17train.conll.zst" -o "$OUT/train.conll"
  zstd -dqf "$TAMIZ_DATA/ner/emerging.dev.conll.zst" -o "$OUT/dev.conll"
  train
  "$PEERS/bin/python" scripts/bench/extraction_input.py "$OUT/dev.conll" "$OUT/dev.jsonl"
  write_manifest "$OUT/dev.jsonl" "$OUT/manifest.json"
  "$BIN/tamiz-etl" --manifest "$OUT/manifest.json" --output "$OUT/run" --log error
  cp "$OUT/manifest.json" "$OUT/run/manifest.json"
  local precision
  for precision in f32 bf16; do
    "$BIN/tamiz-inference" --shards "$OUT/run" --model "$OUT/model" --output "$OUT/$precision" --device cpu \
      --precision "$precision" --log error >/dev/null
  done
  print_machine
  "$PEERS/bin/python" scripts/bench/extraction_score.py "$OUT/model" "$OUT/dev.conll" "$OUT/f32/predictions=Tamiz, f32" \
    "$OUT/bf16/predictions=Tamiz, bf16"
}

train() {
  local minilm
  say "training"
  minilm=$(fetch_minilm "$OUT")
  "$PEERS/bin/python" scripts/bench/extraction_model.py "$minilm" "$OUT/train.conll" "$OUT/model" \
    2>"$OUT/training.log" || die "no model; see $OUT/training.log"
}

main "$@"
