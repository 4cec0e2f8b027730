#!/usr/bin/env bash
# Measures the n-gram model against TF-IDF + logistic regression on the same reviews, in one go, and prints a table.
#
# The reviews are polarity/train.csv.zst and polarity/test.csv.zst (headerless "polarity","title","text") in the
# folder that TAMIZ_DATA names; they are not part of this repository.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib/common.sh
. scripts/lib/bench.sh
. scripts/lib/manifest.sh

readonly OUT=target/bench/models
readonly SEED=1

main() {
  need_data polarity/train.csv.zst polarity/test.csv.zst
  prepare
  rm -rf "$OUT"
  mkdir -p "$OUT"
  for part in train test; do
    zstd -dqf "$TAMIZ_DATA/polarity/$part.csv.zst" -o "$OUT/$part.csv"
    clean "$part"
  done
  say "training and measuring the peers"
  "$VENV/bin/python" scripts/bench/peer_tfidf.py "$OUT/train.csv" "$OUT/test.csv" >"$OUT/rows.tsv"
  say "training and measuring Tamiz"
  tamiz "Tamiz ngram"
  tamiz "Tamiz ngram, small: 2^17 buckets, 2 dimensions" --buckets 131072 --dim 2
  tamiz "Tamiz ngram, large: 1,2,3-grams, 2^22 buckets" --ngrams 3 --buckets 4194304
  table
}

prepare() {
  scripts/libtorch.sh
  ensure_packages zstd
  ensure_venv
  "$VENV/bin/pip" install --quiet scikit-learn==1.7.2 numpy==2.3.4 scipy==1.16.3
  say "building the binaries"
  cargo build --release --locked --quiet -p tamiz-etl -p tamiz-retrain --bins
}

# Cleans one file into shards, as the first stage of a run does.
clean() {
  write_manifest "$OUT/$1.csv" "$OUT/$1.manifest.json"
  say "cleaning $1.csv"
  "$BIN/tamiz-etl" --manifest "$OUT/$1.manifest.json" --output "$OUT/$1" --log warn
}

# Trains with the given flags, and adds a line to the table. CPU seconds are those of the whole job: reading
# shards, training, measuring, writing. 1% of the texts are the job's own hold-out, a tenth of the others decide
# when to stop.
tamiz() {
  local name=$1 folder cpu
  shift
  rm -rf "$OUT/models"
  TIMEFORMAT='%U %S'
  cpu=$({ time "$BIN/tamiz-retrain" --training-data "$OUT/train" --test-data "$OUT/test" --models "$OUT/models" \
    --name polarity --seed "$SEED" --holdout 0.01 --device cpu --log error "$@" >&2; } 2>&1 | tail -1)
  folder=$(echo "$OUT"/models/polarity/*/metrics.json)
  "$VENV/bin/python" - "$name" "$folder" "$cpu" >>"$OUT/rows.tsv" <<'PY'
import json, os, sys
name, path, cpu = sys.argv[1:]
metrics = json.load(open(path))
test = metrics["test"]
size = os.path.getsize(os.path.join(os.path.dirname(path), "model.safetensors")) / 1e6
seconds = sum(map(float, cpu.split()))
print(name, metrics["train_rows"], test["rows"], f"{test['accuracy']:.4f}", f"{test['macro_f1']:.4f}", f"{seconds:.1f}", f"{size:.1f}", sep="\t")
PY
}

table() {
  print_machine
  echo "| model | rows trained on | rows tested | accuracy | macro-F1 | train CPU-s | model MB |"
  echo "|---|---:|---:|---:|---:|---:|---:|"
  awk -F'\t' '{ printf "| %s | %s | %s | %s | %s | %s | %s |\n", $1, $2, $3, $4, $5, $6, $7 }' "$OUT/rows.tsv"
}

main "$@"
