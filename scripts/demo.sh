#!/usr/bin/env bash
# Labels real reviews with a model trained on the spot, through the same template, state machine and binaries that
# production uses, on a local AWS. Installs what it needs; leaves what it made under target/demo/.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/common.sh

readonly OUT=target/demo
readonly STATE=$OUT/aws
readonly BIN=target/release
readonly DATA=tests/data
readonly MODEL=reviews
readonly PROJECT=tamiz

usage() {
  cat <<'HELP'
Usage: scripts/demo.sh [--folder] [--keep] [--containers TAG]

  --folder           the same stages in one process on a folder, without the local AWS
  --keep             leave the local AWS running, to play with
  --containers TAG   jobs are containers of the images tamiz/…:TAG, which scripts/build-images.sh makes
HELP
}

main() {
  local keep=no mode=aws
  containers=''
  while [ $# -gt 0 ]; do
    case $1 in
      --folder) mode=folder ;;
      --keep) keep=yes ;;
      --containers) containers=${2:?--containers needs a tag} && shift ;;
      -h | --help) usage && exit 0 ;;
      *) usage >&2 && exit 2 ;;
    esac
    shift
  done
  prepare
  train
  if [ "$mode" = folder ]; then run_on_a_folder; else run_on_aws "$keep"; fi
}

prepare() {
  scripts/libtorch.sh
  say "building the binaries (minutes the first time)"
  cargo build --release --locked --quiet --workspace --bins
  # A demo that was left running with --keep holds the folder that this one starts afresh.
  stop_aws
  rm -rf "$OUT"
  mkdir -p "$OUT/mail" "$OUT/results"
}

train() {
  say "training the model '$MODEL' on $(zcat "$DATA/train/reviews.csv.gz" | tail -n +2 | wc -l) labelled reviews"
  "$BIN/tamiz" train "$DATA/train/reviews.csv.gz" --models "$OUT/models" --name "$MODEL"
}

run_on_a_folder() {
  say "labelling $(uploads)"
  "$BIN/tamiz" run "$DATA"/uploads/* --config configs/demo.toml --model "$OUT/models/$MODEL" --out "$OUT/results"
  mv "$OUT"/results/mail/*.txt "$OUT/mail/" && rmdir "$OUT/results/mail"
  show_mail
}

run_on_aws() {
  local keep=$1
  trap stop_aws EXIT
  trap 'exit 130' INT TERM
  say "starting the local AWS"
  local programs=(--bin "$BIN")
  if [ -n "$containers" ]; then
    images >"$OUT/images.json"
    programs=(--images "$OUT/images.json")
  fi
  scripts/local-aws/start.sh --port 0 --state "$STATE" "${programs[@]}" >/dev/null
  # shellcheck source=/dev/null
  . "$STATE/env"
  PATH="$PWD/$VENV/bin:$PATH"
  scripts/deploy.sh up --no-canary --project "$PROJECT" --email operators@example.com --model-name "$MODEL" --accelerator cpu \
    --config configs/demo.toml --batching-window 2
  local account
  account=$(aws sts get-caller-identity --query Account --output text)
  say "registering the model in s3://$PROJECT-models-$account"
  aws s3 cp --only-show-errors --recursive "$OUT/models" "s3://$PROJECT-models-$account"
  say "uploading $(uploads)"
  aws s3 cp --only-show-errors --recursive "$DATA/uploads" "s3://$PROJECT-input-$account/incoming"
  local runs
  runs=$(python "scripts/demo/watch.py" "$PROJECT" "$(find "$DATA/uploads" -type f | wc -l)")
  aws s3 cp --only-show-errors --recursive "s3://$PROJECT-results-$account" "$OUT/results"
  cp "$STATE"/mail/*.txt "$OUT/mail/"
  local run
  for run in $runs; do "$BIN/tamiz" show "$OUT/results/runs/$run"; done
  show_mail
  if [ "$keep" = yes ]; then
    trap - EXIT
    explain_keep "$account"
  fi
}

# What the local AWS runs for each image of the template. Only inference and retraining have a place to write to.
images() {
  local run="$PWD/scripts/local-aws/container.sh" stage separator='{'
  for stage in "${STAGES[@]}"; do
    local with=''
    [[ $stage != inference && $stage != retrain ]] || with='"--tmpfs", "/tmp", '
    printf '%s"*/%s:*": ["%s", %s"tamiz/%s:%s"]' "$separator" "$stage" "$run" "$with" "$stage" "$containers"
    separator=', '
  done
  echo '}'
}

uploads() {
  (cd "$DATA/uploads" && echo *) | sed 's/ /, /g'
}

show_mail() {
  local mail
  for mail in "$OUT"/mail/*.txt; do
    printf '\n─── %s ───\n' "$mail"
    cat "$mail"
  done
}

stop_aws() {
  [ ! -f "$STATE/pid" ] || scripts/local-aws/stop.sh --state "$STATE"
}

explain_keep() {
  cat <<HELP

The local AWS stays up. To use it:
  eval "\$(cat $STATE/env)" && export PATH="\$PWD/$VENV/bin:\$PATH"
  aws s3 cp my-reviews.csv s3://$PROJECT-input-$1/incoming/
To end it:
  scripts/local-aws/stop.sh --state $STATE
HELP
}

main "$@"
