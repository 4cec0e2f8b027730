#!/usr/bin/env bash
# Measures tamiz-inference on a GPU against transformers' pipeline and PyTorch, padded and end to end, and against the device's own
# ceiling: BERT-base with random weights, real reviews in their real lengths, in one go. Prints a table.
#
#   scripts/bench/cuda.sh [--rows N] [--device cuda|cpu]
#
# N reviews (40,000) of polarity/test.csv.zst in the folder that TAMIZ_DATA names, over and over if there are fewer. --device cpu is there
# to try the script itself: give it few rows.
#
# What is there already can be named, for a machine without network: PYTHON (has torch, transformers and pyarrow), BIN_DIR (has
# tamiz-etl, tamiz-inference and device_rate), LIBTORCH_DIR (has lib/libtorch_cuda.so), TOKENIZER_DIR (has MiniLM's tokenizer.json and
# config.json).
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib/common.sh
. scripts/lib/bench.sh
. scripts/lib/encoders.sh
. scripts/lib/manifest.sh

readonly OUT=target/bench/cuda
ROWS=40000
DEVICE=cuda
CHECKED=1000

main() {
  while [ $# -gt 0 ]; do
    case $1 in
      --rows) ROWS=$2 ;;
      --device) DEVICE=$2 ;;
      *) die "unknown flag $1; usage: scripts/bench/cuda.sh [--rows N] [--device cuda|cpu]" ;;
    esac
    shift 2
  done
  need_data polarity/test.csv.zst
  [ "$CHECKED" -le "$ROWS" ] || CHECKED=$ROWS
  rm -rf "$OUT"
  mkdir -p "$OUT"
  prepare
  inputs
  local kind
  for kind in ceiling pipeline sorted varlen; do
    say "measuring $kind"
    "$PYTHON" scripts/bench/cuda_peer.py "$kind" "$DEVICE" "$OUT/model" "$OUT/texts.json" >"$OUT/$kind.json" \
      2>"$OUT/$kind.log" || { say "$kind failed; see $OUT/$kind.log" && : >"$OUT/$kind.json"; }
  done
  say "measuring Tamiz"
  "$BIN_DIR/device_rate" "$OUT/model" "$OUT/texts.json" "$DEVICE" bf16 >"$OUT/device-rate.json"
  label run "$DEVICE" bf16 tamiz-warm
  label run "$DEVICE" bf16 tamiz-run
  label check "$DEVICE" bf16 check-bf16
  label check "$DEVICE" f32 check-f32
  label check cpu f32 check-cpu
  print_machine
  "$PYTHON" scripts/bench/cuda_table.py "$OUT"
}

# Finds what was named, and installs what was not.
prepare() {
  if [ -z "${PYTHON:-}" ] || [ -z "${BIN_DIR:-}" ]; then
    prepare_encoders
    cargo build --release --locked --quiet --workspace --bins --examples
    mkdir -p "$OUT/bin"
    cp "$BIN/tamiz-etl" "$BIN/tamiz-inference" "$BIN/examples/device_rate" "$OUT/bin"
  fi
  PYTHON=${PYTHON:-$PEERS/bin/python}
  BIN_DIR=${BIN_DIR:-$OUT/bin}
  if [ -z "${LIBTORCH_DIR:-}" ]; then
    LIBTORCH_DIR=target/libtorch
    if [ "$DEVICE" = cuda ]; then
      scripts/libtorch.sh cuda
      LIBTORCH_DIR=target/libtorch-cuda
    fi
  fi
  # Libraries that come as Python packages lie beside torch.
  LD_LIBRARY_PATH=$LIBTORCH_DIR/lib$(find "$LIBTORCH_DIR/../nvidia" -type d -name lib -printf ':%p' 2>/dev/null || true)
  export LD_LIBRARY_PATH
  TOKENIZER_DIR=${TOKENIZER_DIR:-$(fetch_minilm "$OUT")}
}

# Shards of the reviews, and of a few to compare devices on; their texts as a list; the model.
inputs() {
  local name
  "$PYTHON" scripts/bench/cuda_model.py "$TOKENIZER_DIR" "$OUT/model" 2>"$OUT/model.log" || die "no model; see $OUT/model.log"
  "$PYTHON" -c 'import sys, pyarrow as pa; sys.stdout.buffer.write(pa.input_stream(sys.argv[1], "zstd").read())' \
    "$TAMIZ_DATA/polarity/test.csv.zst" >"$OUT/test.csv"
  while [ "$(wc -l <"$OUT/test.csv")" -lt "$ROWS" ]; do
    cp "$OUT/test.csv" "$OUT/once.csv"
    cat "$OUT/once.csv" >>"$OUT/test.csv"
  done
  head -n "$ROWS" "$OUT/test.csv" >"$OUT/run.csv"
  head -n "$CHECKED" "$OUT/test.csv" >"$OUT/check.csv"
  for name in run check; do
    write_manifest "$OUT/$name.csv" "$OUT/$name.json"
    "$BIN_DIR/tamiz-etl" --manifest "$OUT/$name.json" --output "$OUT/$name" --log error
    cp "$OUT/$name.json" "$OUT/$name/manifest.json"
  done
  "$PYTHON" - "$OUT" <<'PYTHON'
import json
import sys
from pathlib import Path

import pyarrow.parquet as pq

folder = Path(sys.argv[1])
parts = sorted((folder / "run" / "shards").glob("*.parquet"))
texts = [text for part in parts for text in pq.read_table(part, columns=["text"])["text"].to_pylist()]
(folder / "texts.json").write_text(json.dumps(texts), encoding="utf-8")
PYTHON
}

# Labels shards on a device and in a precision, and keeps what came of it under a name.
label() {
  "$BIN_DIR/tamiz-inference" --shards "$OUT/$1" --model "$OUT/model" --output "$OUT/$4" --device "$2" --precision "$3" \
    2>"$OUT/$4.log" || die "see $OUT/$4.log"
}

main "$@"
