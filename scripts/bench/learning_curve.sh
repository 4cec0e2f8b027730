#!/usr/bin/env bash
# Trains both architectures on the same rows, fewer and more of them, and prints what each makes of a test split that neither saw.
#
#   scripts/bench/learning_curve.sh [ROWS…]
#
# The first ROWS (1000 5000 20000) of polarity/train.csv.zst, measured on polarity/test.csv.zst, in the folder that TAMIZ_DATA names; they
# are not part of this repository. The transformer is MiniLM (all-MiniLM-L6-v2, from PyPI), fine-tuned for two epochs on 128 tokens of a
# text; everything else are the defaults. About ten minutes on two cores for 1000 and 5000, half an hour more for 20000, an hour and a half more for
# 100000.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib/common.sh
. scripts/lib/bench.sh
. scripts/lib/encoders.sh
. scripts/lib/manifest.sh

readonly OUT=target/bench/learning-curve

main() {
  need_data polarity/train.csv.zst polarity/test.csv.zst
  [ $# -gt 0 ] || set -- 1000 5000 20000
  rm -rf "$OUT"
  mkdir -p "$OUT"
  prepare_encoders
  local minilm rows
  minilm=$(fetch_minilm "$OUT")
  zstd -dqf "$TAMIZ_DATA/polarity/test.csv.zst" -o "$OUT/test.csv"
  zstd -dqf "$TAMIZ_DATA/polarity/train.csv.zst" -o "$OUT/all.csv"
  clean test
  for rows in "$@"; do
    head -n "$rows" "$OUT/all.csv" >"$OUT/$rows.csv"
    clean "$rows"
    train "$rows" ngram
    train "$rows" transformer --architecture transformer --init "$minilm" --epochs 2 --max-tokens 128
  done
  print_machine
  printf '| rows | texts trained on | ngram: accuracy | macro-F1 | CPU-s | transformer: accuracy | macro-F1 | CPU-s |\n'
  printf '|---:|---:|---:|---:|---:|---:|---:|---:|\n'
  for rows in "$@"; do
    echo "| $rows | $(cut -f 1 "$OUT/$rows-ngram.tsv") | $(cells "$rows-ngram") | $(cells "$rows-transformer") |"
  done
}

# Cleans one file into shards, as the first stage of a run does.
clean() {
  write_manifest "$OUT/$1.csv" "$OUT/$1.manifest.json"
  "$BIN/tamiz-etl" --manifest "$OUT/$1.manifest.json" --output "$OUT/$1" --log warn
}

# Trains one architecture on some rows; 1% of the texts are the job's own hold-out, a tenth of the others decide when to stop. CPU seconds are
# those of the whole job, which labels the test split, too.
train() {
  local rows=$1 name=$2 cpu
  shift 2
  say "training $name on $rows rows"
  TIMEFORMAT='%U %S'
  cpu=$({ time "$BIN/tamiz-retrain" --training-data "$OUT/$rows" --test-data "$OUT/test" --models "$OUT/models-$rows" --name "$name" \
    --holdout 0.01 --min-rows-per-class 2 --device cpu --log error "$@" >&2; } 2>&1 | tail -1)
  "$PEERS/bin/python" - "$OUT/models-$rows/$name"/*/metrics.json "$cpu" >"$OUT/$rows-$name.tsv" <<'PYTHON'
import json
import sys

metrics, cpu = json.load(open(sys.argv[1], encoding="utf-8")), sum(map(float, sys.argv[2].split()))
test = metrics["test"]
print(metrics["train_rows"], f"{test['accuracy']:.4f}", f"{test['macro_f1']:.4f}", f"{cpu:.0f}", sep="\t")
PYTHON
}

# Accuracy, macro-F1 and CPU seconds of one training.
cells() {
  cut -f 2- "$OUT/$1.tsv" | sed 's/\t/ | /g'
}

main "$@"
