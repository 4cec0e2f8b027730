#!/usr/bin/env bash
# Puts the pipeline under load and counts: thousands of small files uploaded at once to a local AWS, and one file of gigabytes labelled on
# a folder. Nothing may be lost. Prints two tables; docs/reliability.md says how to read them.
set -euo pipefail
caller=$PWD
cd "$(dirname "$0")/.."
. scripts/lib/common.sh
. scripts/lib/bench.sh
. scripts/lib/manifest.sh

readonly OUT=target/load
readonly STATE=$OUT/aws
readonly MODEL=reviews

usage() {
  cat <<'HELP'
Usage: scripts/load.sh [options]

  --files N     so many small files of five reviews (20000); 0 leaves that part out
  --size SIZE   one file of about this size, as 100MB or 5GB (5GB); 0 leaves that part out. It needs three times as much disk
  --bin DIR     programs that are built already, instead of building them into target/release
  -h, --help    this text

Ends with 1 where a review was lost or labelled twice.
HELP
}

main() {
  parse "$@"
  install_requirements scripts/local-aws/requirements.txt
  [ -n "$bin" ] || build
  rm -rf "$OUT"
  mkdir -p "$OUT"
  train
  [ "$files" -eq 0 ] || many_files
  [ "$bytes" -eq 0 ] || one_file
}

parse() {
  files=20000 size=5GB bin=''
  while [ $# -gt 0 ]; do
    case $1 in
      -h | --help) usage && exit 0 ;;
      --files | --size | --bin) [ $# -ge 2 ] || refuse "$1 needs a value" ;;&
      --files) files=$2 ;;
      --size) size=$2 ;;
      --bin) bin=$(cd "$caller" && cd "$2" && pwd) || exit 2 ;;
      *) refuse "unknown option $1" ;;
    esac
    shift 2
  done
  [[ $files =~ ^[0-9]+$ ]] || refuse "--files $files: a number was expected"
  bytes=$(numfmt --from=si "${size%B}" 2>/dev/null) || refuse "--size $size: a size was expected, such as 5GB"
}

refuse() {
  printf 'error: %s (see scripts/load.sh --help)\n' "$*" >&2
  exit 2
}

build() {
  scripts/libtorch.sh
  say "building the binaries (minutes the first time)"
  cargo build --release --locked --quiet --workspace --bins
  bin=$PWD/target/release
}

train() {
  say "training a model"
  "$bin/tamiz" train tests/data/train/reviews.csv.gz --models "$OUT/models" --name "$MODEL" >"$OUT/train.log" 2>&1 || die "see $OUT/train.log"
  zcat tests/data/train/reviews.csv.gz >"$OUT/reviews.csv"
}

# ---- Many small files ------------------------------------------------------------------------------

many_files() {
  trap stop_aws EXIT
  trap 'exit 130' INT TERM
  say "starting the local AWS and deploying the stack"
  images >"$OUT/images.json"
  scripts/local-aws/start.sh --port 0 --state "$STATE" --bin "$bin" --images "$OUT/images.json" --die-with $$ >/dev/null
  # shellcheck source=/dev/null
  . "$STATE/env"
  PATH="$PWD/$VENV/bin:$PATH"
  scripts/deploy.sh up --no-canary --project tamiz --email operators@example.com --model-name "$MODEL" --accelerator cpu \
    >"$OUT/deploy.log" 2>&1 || die "see $OUT/deploy.log"
  aws s3 cp --only-show-errors --recursive "$OUT/models" "s3://tamiz-models-$(aws sts get-caller-identity --query Account --output text)"
  "$VENV/bin/python" scripts/load/many_files.py "$OUT/reviews.csv" "$files" --state "$STATE" --peaks "$OUT/peaks"
}

# Every job starts through a program that notes how much memory it took.
images() {
  local stage separator='{'
  for stage in etl inference monitor retrain; do
    printf '%s"*/%s:*": ["%s", "-IS", "%s", "%s", "%s"]' "$separator" "$stage" "$PWD/$VENV/bin/python" "$PWD/scripts/load/peak.py" \
      "$PWD/$OUT/peaks" "$bin/tamiz-$stage"
    separator=', '
  done
  echo '}'
}

stop_aws() {
  [ ! -f "$STATE/pid" ] || scripts/local-aws/stop.sh --state "$STATE"
}

# ---- One large file --------------------------------------------------------------------------------

one_file() {
  local run=$OUT/run results=$OUT/results records model
  say "making $size of reviews"
  records=$(python3 scripts/load/large_file.py "$OUT/reviews.csv" "$bytes" "$OUT/large.csv")
  write_manifest "$OUT/large.csv" "$OUT/manifest.json"
  mkdir -p "$run"
  cp "$OUT/manifest.json" "$run/"
  model=$OUT/models/$MODEL/$(sed -n 's/.*"version": "\([^"]*\)".*/\1/p' "$OUT/models/$MODEL/latest.json")
  say "cleaning, labelling and reporting it"
  cost_of cleaning "$bin/tamiz-etl" --manifest "$OUT/manifest.json" --output "$run"
  cost_of labelling "$bin/tamiz-inference" --shards "$run" --model "$model" --output "$results"
  cost_of reporting "$bin/tamiz-monitor" --run "$run" --results "$results" --models "$OUT/models/$MODEL"
  print_machine
  python3 scripts/load/one_file.py "$results/summary.json" "$records" "$(stat -c %s "$OUT/large.csv")" "$OUT/rows.tsv"
  rm -rf "$OUT/large.csv" "$run/shards" "$results/predictions"
}

# CPU seconds, wall seconds and peak memory of a stage, as a line of rows.tsv. The folder that measure.py clears is none of the stage's.
cost_of() {
  local stage=$1
  shift
  printf '%s\t%s\n' "$stage" "$(python3 scripts/bench/measure.py --output "$OUT/none" "$@" --log warn)" >>"$OUT/rows.tsv"
}

main "$@"
