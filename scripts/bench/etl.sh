#!/usr/bin/env bash
# Measures tamiz-etl against the original design (pandas + NLTK + vaderSentiment), PySpark and a tantivy analyser on the
# same reviews, in one go, and prints a table.
#
#   scripts/bench/etl.sh [--rows N] [--runs N]
#
# pandas and PySpark get the first N rows where --rows is given, all otherwise (with langdetect, 10,000); the fast ones always
# all. The fast ones run --runs times (3), of which the median counts. About six minutes.
#
# The reviews are polarity/train.csv.zst (headerless "polarity","title","text") in the folder that TAMIZ_DATA names;
# they are not part of this repository.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib/common.sh
. scripts/lib/bench.sh
. scripts/lib/manifest.sh

readonly OUT=target/bench/etl
readonly PEERS=target/bench/venv
readonly TANTIVY=target/bench/tantivy
ROWS=0
RUNS=3

main() {
  while [ $# -gt 0 ]; do
    case $1 in
      --rows) ROWS=$2 ;;
      --runs) RUNS=$2 ;;
      *) die "unknown flag $1; usage: scripts/bench/etl.sh [--rows N] [--runs N]" ;;
    esac
    shift 2
  done
  need_data polarity/train.csv.zst
  prepare
  inputs
  local threads
  for threads in 1 2; do
    tamiz csv "$threads"
    tamiz jsonl "$threads"
  done
  masking
  measured "tantivy analyser" all csv "$RUNS" "$TANTIVY/release/tantivy-peer" IN "$OUT/run/stems.txt"
  export PYTHONPATH=$PWD/crates/text/reference:$PWD/scripts/bench PYTHONDONTWRITEBYTECODE=1
  measured "pandas + NLTK + vaderSentiment" some csv 1 "$PEERS/bin/python" scripts/bench/etl_pandas.py IN "$OUT/run"
  measured "the same + langdetect" few csv 1 "$PEERS/bin/python" scripts/bench/etl_pandas.py IN "$OUT/run" --language
  measured "PySpark mapInPandas, local[2]" some csv 1 "$PEERS/bin/python" scripts/bench/etl_spark.py IN "$OUT/run" 2
  table
}

prepare() {
  scripts/libtorch.sh
  ensure_packages zstd python3-venv
  command -v java >/dev/null || ensure_packages openjdk-17-jre-headless
  [ -x "$PEERS/bin/pip" ] || python3 -m venv "$PEERS"
  "$PEERS/bin/pip" install --quiet --disable-pip-version-check --requirement scripts/bench/requirements-etl.txt
  say "building the binaries"
  cargo build --release --locked --quiet --workspace --bin tamiz-etl
  CARGO_TARGET_DIR=$TANTIVY cargo build --release --locked --quiet --manifest-path scripts/bench/tantivy/Cargo.toml
}

inputs() {
  rm -rf "$OUT"
  mkdir -p "$OUT"
  zstd -dqf "$TAMIZ_DATA/polarity/train.csv.zst" -o "$OUT/train.csv"
  "$PEERS/bin/python" scripts/bench/etl_inputs.py "$OUT/train.csv" "$OUT" "$ROWS"
  local input
  for input in all.csv all.jsonl one.csv one.jsonl; do
    write_manifest "$OUT/$input" "$OUT/$input.manifest.json"
  done
}

# Measures tamiz-etl on one format with a number of threads.
tamiz() {
  measured "Tamiz, ${1^^}, $2 thread$([ "$2" = 1 ] || echo s)" all "$1" "$RUNS" \
    "$BIN/tamiz-etl" --manifest IN.manifest.json --output "$OUT/run" --threads "$2" --log warn
}

# Measures what masking costs: every kind of personal data, on CSV with one thread.
masking() {
  local name
  for name in all one; do
    sed 's/"configuration": {}/"configuration": {"redact": {"kinds": ["email", "phone", "card", "iban", "ip", "url_credentials"]}}/' \
      "$OUT/$name.csv.manifest.json" >"$OUT/$name.csv.masking.json"
  done
  measured "Tamiz, CSV, 1 thread, all masking" all csv "$RUNS" \
    "$BIN/tamiz-etl" --manifest IN.masking.json --output "$OUT/run" --threads 1 --log warn
}

# Measures a command on the input NAME.EXTENSION, then on one row, and adds a line to the table. IN in the command stands
# for the input. Arguments: what to call it, input's name, extension, runs, command.
measured() {
  local title=$1 name=$2 extension=$3 runs=$4 size cost start_up
  shift 4
  say "measuring $title"
  start_up=$(measure 1 "${@//IN/$OUT/one.$extension}" | cut -f1)
  cost=$(measure "$runs" "${@//IN/$OUT/$name.$extension}")
  size=$(awk -F'\t' -v name="$name" '$1 == name { print $2 "\t" $3 }' "$OUT/sizes.tsv")
  printf '%s\t%s\t%s\t%s\n' "$title" "$size" "$start_up" "$cost" >>"$OUT/rows.tsv"
}

measure() {
  python3 scripts/bench/measure.py --runs "$1" --output "$OUT/run" "${@:2}"
}

table() {
  print_machine
  echo "| | rows | MB of text | CPU-s | of it start-up | MB per CPU-s | wall s | MB per wall s | peak MB | Tamiz is |"
  echo "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
  awk -F'\t' '
    { speed = $3 / 1e6 / ($5 - $4) }
    NR == 1 { best = speed }
    { printf "| %s | %d | %.1f | %.2f | %.2f | %.2f | %.2f | %.1f | %.0f | %.1f times |\n",
        $1, $2, $3 / 1e6, $5, $4, speed, $6, $3 / 1e6 / $6, $7, best / speed }' "$OUT/rows.tsv"
  cat <<'NOTES'

MB of text: title and body joined with a space, in UTF-8. CPU-s: user and system time of the whole process tree; start-up is
what the same command costs on one row, and MB per CPU-s leaves it out for everybody alike. Wall time includes it.
Tamiz writes Parquet with every column of a clean shard and checks every record. pandas and PySpark write Parquet with
clean text, tokens, content tokens, stems, compound and sentiment: no provenance, no rejects, no
counts, no language but for the line with langdetect.
tantivy writes stems only, as text: no cleaning of markup and URLs, no VADER, no Parquet. The last column compares MB per
CPU-s with the first line.
NOTES
}

main "$@"
