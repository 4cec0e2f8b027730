#!/usr/bin/env bash
# Trains a small model for the entities of WNUT17 with PyTorch and with Tamiz, labels the development sentences with Tamiz and with
# transformers, and prints F1 by seqeval's definition.
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
  local model precision
  print_machine
  echo "CPU seconds of training: $(cat "$OUT/torch.cpu") PyTorch, $(cat "$OUT/tamiz.cpu") Tamiz (the whole job)"
  for model in torch tamiz; do
    for precision in f32 bf16; do
      "$BIN/tamiz-inference" --shards "$OUT/run" --model "$OUT/$model" --output "$OUT/$model-$precision" --device cpu \
        --precision "$precision" --log error >/dev/null
    done
    printf '\nTrained with %s:\n\n' "$model"
    "$PEERS/bin/python" scripts/bench/extraction_score.py "$OUT/$model" "$OUT/dev.conll" "$OUT/$model-f32/predictions=Tamiz, f32" \
      "$OUT/$model-bf16/predictions=Tamiz, bf16"
  done
}

# The same passes, steps and rates for both. Tamiz keeps a twentieth of the sentences as its hold-out and a tenth of the others to decide
# when to stop.
train() {
  local minilm
  minilm=$(fetch_minilm "$OUT")
  say "training with PyTorch"
  timed torch "$PEERS/bin/python" scripts/bench/extraction_model.py "$minilm" "$OUT/train.conll" "$OUT/torch"
  say "training with Tamiz"
  "$PEERS/bin/python" scripts/bench/extraction_rows.py "$OUT/train.conll" "$OUT/train.parquet"
  timed tamiz "$BIN/tamiz-retrain" --training-data "$OUT/train.parquet" --label-columns entities --models "$OUT/models" --name wnut \
    --architecture transformer --init "$minilm" --epochs 4 --learning-rate 0.0002 --max-tokens 128 --holdout 0.05 --device cpu --log error
  mv "$OUT"/models/wnut_entities/[0-9a-f]*/ "$OUT/tamiz"
}

# Runs a training and keeps its CPU seconds: timed NAME COMMAND…
timed() {
  local name=$1
  shift
  TIMEFORMAT='%U'
  { time "$@" >"$OUT/$name.log" 2>&1; } 2>"$OUT/$name.cpu" || die "no model; see $OUT/$name.log"
}

main "$@"
