#!/usr/bin/env bash
# Disturbs runs and retrainings on a local AWS, one fault each: programs are killed, S3 fails, connections break, disks fill, bytes rot.
# Each must end as it does undisturbed, byte for byte, or fail with one clear mail. Prints a table; docs/reliability.md says how to read it.
set -euo pipefail
caller=$PWD
cd "$(dirname "$0")/.."
. scripts/lib/common.sh

readonly OUT=target/soak
readonly STATE=$OUT/aws
readonly MODEL=reviews

usage() {
  cat <<'HELP'
Usage: scripts/soak.sh [options]

  --faults N    so many faults (200)
  --seed S      the first fault is drawn by this seed, each other one by the next (1)
  --only KIND   faults of one kind, as the first column of the table names it
  --bin DIR     programs that are built already, instead of building them into target/release
  -h, --help    this text

Ends with 1 where something was wrong, with the seed that does it again and the logs under target/soak/evidence/.
HELP
}

main() {
  parse "$@"
  install_requirements scripts/local-aws/requirements.txt
  [ -n "$bin" ] || build
  rm -rf "$OUT"
  mkdir -p "$OUT"
  trap stop_aws EXIT
  trap 'exit 130' INT TERM
  train
  start
  deploy
  say "measuring what is undisturbed, then $faults faults"
  "$VENV/bin/python" scripts/soak/soak.py "$STATE" --faults "$faults" --seed "$seed" ${only:+--only "$only"} --evidence "$OUT/evidence"
}

parse() {
  faults=200 seed=1 only='' bin=''
  while [ $# -gt 0 ]; do
    case $1 in
      -h | --help) usage && exit 0 ;;
      --faults | --seed | --only | --bin) [ $# -ge 2 ] || refuse "$1 needs a value" ;;&
      --faults) faults=$2 ;;
      --seed) seed=$2 ;;
      --only) only=$2 ;;
      --bin) bin=$(cd "$caller" && cd "$2" && pwd) || exit 2 ;;
      *) refuse "unknown option $1" ;;
    esac
    shift 2
  done
  [[ $faults =~ ^[1-9][0-9]*$ ]] || refuse "--faults $faults: a number was expected"
  [[ $seed =~ ^[0-9]+$ ]] || refuse "--seed $seed: a number was expected"
}

refuse() {
  printf 'error: %s (see scripts/soak.sh --help)\n' "$*" >&2
  exit 2
}

build() {
  scripts/libtorch.sh
  say "building the binaries (minutes the first time)"
  cargo build --release --locked --quiet --workspace --bins
  bin=$PWD/target/release
}

# A tenth of the labelled reviews: a model that what the run brings can beat, so that a retraining ends in a promotion.
train() {
  say "training a weak model"
  zcat tests/data/train/reviews.csv.gz | awk 'NR % 10 == 1' >"$OUT/few.csv"
  "$bin/tamiz" train "$OUT/few.csv" --models "$OUT/models" --name "$MODEL" >"$OUT/train.log" 2>&1 || die "see $OUT/train.log"
}

start() {
  say "starting the local AWS"
  images >"$OUT/images.json"
  scripts/local-aws/start.sh --port 0 --state "$STATE" --bin "$bin" --images "$OUT/images.json" --batching-window 0 --die-with $$ >/dev/null
  # shellcheck source=/dev/null
  . "$STATE/env"
  PATH="$PWD/$VENV/bin:$PATH"
}

# Every program starts through a script that can put it on a full disk.
images() {
  local stage separator='{'
  for stage in "${STAGES[@]}"; do
    printf '%s"*/%s:*": ["%s", "%s", "%s"]' "$separator" "$stage" "$PWD/scripts/soak/launch.sh" "$PWD/$STATE/soak" "$bin/tamiz-$stage"
    separator=', '
  done
  echo '}'
}

deploy() {
  say "deploying the stack"
  scripts/deploy.sh up --no-canary --project tamiz --email operators@example.com --model-name "$MODEL" --accelerator cpu \
    --config scripts/soak/pipeline.toml --batching-window 1 >"$OUT/deploy.log" 2>&1 || die "see $OUT/deploy.log"
  aws s3 cp --only-show-errors --recursive "$OUT/models" "s3://tamiz-models-$(aws sts get-caller-identity --query Account --output text)"
}

stop_aws() {
  [ ! -f "$STATE/pid" ] || scripts/local-aws/stop.sh --state "$STATE"
}

main "$@"
