#!/usr/bin/env bash
# Measures the n-gram model against TF-IDF + logistic regression and fastText on the same reviews, in one go, and prints a table
# for each set of reviews.
#
#   scripts/bench/models.sh [SET…]          of polarity, english (five stars), spanish (five stars); all by default
#
# The reviews lie in the folder that TAMIZ_DATA names, as scripts/bench/models_data.py lists them; they are not part of this
# repository. About ten minutes on two cores.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib/common.sh
. scripts/lib/bench.sh
. scripts/lib/manifest.sh

readonly OUT=target/bench/models
readonly PEERS=target/bench/venv-models
readonly SEED=1

main() {
  need_data polarity/train.csv.zst polarity/test.csv.zst jsonl_2023_books/part-00000.jsonl.gz pds/amazon_us_books_reviews.csv.zst \
    small/datafiniti_may19.csv.zst es/cuba_hotels_es_dev.csv.zst
  [ $# -gt 0 ] || set -- polarity english spanish
  prepare
  local data
  for data in "$@"; do
    measure "$data"
  done
  print_machine
  for data in "$@"; do
    table "$data"
  done
}

prepare() {
  scripts/libtorch.sh
  ensure_packages zstd python3-venv
  [ -x "$PEERS/bin/pip" ] || python3 -m venv "$PEERS"
  "$PEERS/bin/pip" install --quiet --disable-pip-version-check --requirement scripts/bench/requirements-models.txt
  say "building the binaries"
  cargo build --release --locked --quiet --workspace --bin tamiz-etl --bin tamiz-retrain
}

# Trains and measures everybody on one set of reviews.
measure() {
  local data=$1 format part
  rm -rf "${OUT:?}/$data"
  say "$data: writing the split"
  python3 scripts/bench/models_data.py "$TAMIZ_DATA" "$data" "$OUT/$data"
  for part in train test; do
    clean "$OUT/$data/$part"
  done
  say "$data: training and measuring the peers"
  "$PEERS/bin/python" scripts/bench/models_peer.py "$OUT/$data" >"$OUT/$data/rows.tsv"
  say "$data: training and measuring Tamiz"
  if [ "$data" != polarity ]; then
    tamiz "$data" "**Tamiz ngram** (the defaults: class-balanced, int8)"
    tamiz "$data" "Tamiz ngram, not balanced" --balance none
    return
  fi
  tamiz "$data" "**Tamiz ngram** (the defaults: int8)"
  for format in bf16 f32; do
    tamiz "$data" "Tamiz ngram, $format" --weights "$format"
  done
  for format in int8 bf16 f32; do
    tamiz "$data" "Tamiz ngram, small: 2^17 buckets, $format" --weights "$format" --buckets 131072
    tamiz "$data" "Tamiz ngram, large: 1,2,3-grams, 2^22 buckets, $format" --weights "$format" --ngrams 3 --buckets 4194304
  done
}

# Cleans one CSV file into shards, as the first stage of a run does; no row may get lost, so that all train on the same.
clean() {
  write_manifest "$1.csv" "$1.manifest.json"
  "$BIN/tamiz-etl" --manifest "$1.manifest.json" --output "$1" --log warn
  python3 - "$1" <<'PY'
import csv, json, sys
path = sys.argv[1]
csv.field_size_limit(1 << 30)
with open(f"{path}.csv", encoding="utf-8", newline="") as file:
    written = sum(1 for _ in csv.DictReader(file))
counts = json.load(open(f"{path}/etl.json"))["counts"]
if counts["ok"] != written:
    sys.exit(f"error: {path}.csv has {written} rows, but the shards have {counts['ok']}")
PY
}

# Trains with the given flags, and adds a line to the table. CPU seconds are those of the whole job: reading
# shards, training, measuring, writing. 1% of the texts are the job's own hold-out, a tenth of the others decide
# when to stop.
tamiz() {
  local folder=$OUT/$1 name=$2 cpu
  shift 2
  rm -rf "$folder/models"
  TIMEFORMAT='%U %S'
  cpu=$({ time "$BIN/tamiz-retrain" --training-data "$folder/train" --test-data "$folder/test" --models "$folder/models" \
    --name reviews --seed "$SEED" --holdout 0.01 --min-rows-per-class 2 --device cpu --log error "$@" >&2; } 2>&1 | tail -1)
  python3 - "$name" "$(echo "$folder"/models/reviews/*/metrics.json)" "$cpu" >>"$folder/rows.tsv" <<'PY'
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
  echo "$1"
  echo
  echo "| model | rows trained on | rows tested | accuracy | macro-F1 | train CPU-s | model MB |"
  echo "|---|---:|---:|---:|---:|---:|---:|"
  awk -F'\t' '{ printf "| %s | %s | %s | %s | %s | %s | %s |\n", $1, $2, $3, $4, $5, $6, $7 }' "$OUT/$1/rows.tsv"
  echo
}

main "$@"
