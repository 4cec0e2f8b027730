#!/usr/bin/env bash
# Starts a retraining that no run has asked for, waits for its end, and prints the verdict as Markdown.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/common.sh

readonly LONGEST_PAUSE_SECONDS=30

usage() {
  cat <<'HELP'
Usage: scripts/retrain.sh [options]

  --project NAME    the deployment, as scripts/deploy.sh names its stack (tamiz)
  --job ID          wait for this retraining, which was started before, instead of starting one
  --region REGION   AWS region (AWS_REGION, then the AWS CLI's own)
  -h, --help        this text

The job is the one that the state machine starts after a run: it reads the clean shards of all runs. Ends with 0 when there is a verdict,
whether or not the model was promoted; with the job's own exit code when it failed. Progress goes to stderr, the verdict to stdout.
HELP
}

main() {
  parse "$@"
  ensure_aws
  read_stack
  [ -n "$job" ] || submit
  trap 'report "the job goes on; wait for it with: scripts/retrain.sh --project $project --job $job"; exit 143' INT TERM
  wait_for_the_end
  [ "$status" = SUCCEEDED ] || explain_failure
  find_verdict
  print_verdict
}

parse() {
  project=tamiz job=''
  region=${AWS_REGION:-${AWS_DEFAULT_REGION:-}}
  while [ $# -gt 0 ]; do
    case $1 in
      -h | --help) usage && exit 0 ;;
      --project | --job | --region) [ $# -ge 2 ] || refuse "$1 needs a value" ;;&
      --project) project=$2 ;;
      --job) job=$2 ;;
      --region) region=$2 ;;
      *) refuse "unknown option $1" ;;
    esac
    shift 2
  done
}

refuse() {
  printf 'error: %s (see scripts/retrain.sh --help)\n' "$*" >&2
  exit 2
}

report() {
  say "$*" >&2
}

ensure_aws() {
  PATH="$PATH:$PWD/$VENV/bin"
  command -v aws >/dev/null || die "the AWS CLI is missing; scripts/deploy.sh plan installs it into $VENV"
  export AWS_PAGER=''
  [ -z "$region" ] || export AWS_REGION=$region AWS_DEFAULT_REGION=$region
}

# Takes names from the stack, so that nothing here has to know how they are made.
read_stack() {
  local answer
  answer=$(aws cloudformation describe-stacks --stack-name "$project" --output text --query "[
    Stacks[0].Parameters[?ParameterKey=='ModelName'].ParameterValue | [0],
    Stacks[0].Outputs[?OutputKey=='StagingBucket'].OutputValue | [0],
    Stacks[0].Outputs[?OutputKey=='ModelsBucket'].OutputValue | [0],
    Stacks[0].Outputs[?OutputKey=='TopicArn'].OutputValue | [0],
    Stacks[0].Outputs[?OutputKey=='GpuJobQueue'].OutputValue | [0]]" 2>&1) ||
    die "cannot read the stack $project: ${answer##*$'\n'}
Name the deployment with --project, and its region with --region."
  read -r model_name staging_bucket models_bucket topic_arn queue <<<"$answer"
  [[ -n $queue && " $answer " != *[[:space:]]None[[:space:]]* ]] ||
    die "the stack $project lacks outputs; deploy it again with scripts/deploy.sh"
}

# The same variables as in the state "Retrain the model" of infra/state-machine.asl.json; infra/checks holds the two together.
submit() {
  job=$(aws batch submit-job --job-name "retrain-by-hand-$(date -u +%Y%m%dT%H%M%SZ)" --job-queue "$queue" \
    --job-definition "$project-retrain" --query jobId --output text --container-overrides "environment=[
      {name=TAMIZ_TRAINING_DATA,value=s3://$staging_bucket/runs},
      {name=TAMIZ_MODELS,value=s3://$models_bucket},
      {name=TAMIZ_NAME,value=$model_name},
      {name=TAMIZ_TOPIC_ARN,value=$topic_arn}]") || die "the retraining was not started; the AWS CLI says above why"
  report "job $job, a retraining of $model_name, waits in ${queue##*/}"
}

wait_for_the_end() {
  local pause=1 before='' answer
  while :; do
    answer=$(aws batch describe-jobs --jobs "$job" --output text --query 'jobs[0].[status, startedAt]') || die "cannot ask for job $job"
    read -r status started <<<"$answer"
    [ "$status" != None ] || die "Batch knows no job $job; it forgets jobs a week after their end"
    [ "$status" = "$before" ] || report "$status"
    [[ ! $status =~ ^(SUCCEEDED|FAILED)$ ]] || return 0
    before=$status
    # In the background, because bash handles a signal only after a command in the foreground.
    sleep "$pause" &
    wait $!
    pause=$((pause * 2 < LONGEST_PAUSE_SECONDS ? pause * 2 : LONGEST_PAUSE_SECONDS))
  done
}

explain_failure() {
  local reason code stream
  IFS=$'\t' read -r reason code stream <<<"$(aws batch describe-jobs --jobs "$job" --output text \
    --query 'jobs[0].[statusReason, container.exitCode, container.logStreamName]')"
  printf '### Retraining of %s: failed\n\nThe model in use stays as it is. %s (exit code %s).\n' "$model_name" "$reason" "$code"
  [ "$code" != 3 ] || printf 'Exit code 3 is bad input: most often too few labelled reviews so far.\n'
  printf '\nIts log:\n\n    aws logs tail /%s/retrain --log-stream-names %s --since 1d\n' "$project" "$stream"
  # A job that was stopped before its container ran has no exit code.
  [[ $code =~ ^[1-9][0-9]*$ ]] || code=1
  exit "$code"
}

# Verdicts are named by their time: the first after the job's start is its own. The same data gives the same model, whose verdict was
# written when it was first made; then the newest that a retraining reached still stands.
find_verdict() {
  local key
  repeated=no
  key=$(verdicts --start-after "$model_name/promotions/$(date -u -d "@$((started / 1000))" +%Y%m%dT%H%M%SZ)" | sed -n 1p)
  if [ -n "$key" ]; then
    verdict=$(read_verdict "$key")
    return
  fi
  repeated=yes
  for key in $(verdicts | tac); do
    verdict=$(read_verdict "$key")
    [[ $verdict =~ '"decision":'[[:space:]]*'"rolled_back"' ]] || return 0
  done
  die "job $job succeeded, but s3://$models_bucket/$model_name/promotions/ holds no verdict; look at its log in /$project/retrain"
}

verdicts() {
  aws s3api list-objects-v2 --bucket "$models_bucket" --prefix "$model_name/promotions/" "$@" --output text --query 'Contents[].[Key]' |
    { grep '\.json$' || true; }
}

read_verdict() {
  aws s3 cp "s3://$models_bucket/$1" - || die "cannot read s3://$models_bucket/$1"
}

print_verdict() {
  python3 - "$model_name" "$repeated" "$verdict" <<'PYTHON'
import json
import sys

name, repeated, verdict = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
print(f"### Retraining of {name}: {verdict['decision'].replace('_', ' ')}\n")
if repeated == "yes":
    print("Nothing new to learn from: the same model came out, and the verdict of before stands.\n")
print(verdict["why"])
print("\n| on the same hold-out | accuracy | macro-F1 | rows |\n|---|---:|---:|---:|")
for who, figures in (("new model", verdict["challenger"]), ("champion", verdict["champion"])):
    if figures:
        print(f"| {who} | {figures['accuracy']:.1%} | {figures['macro_f1']:.4f} | {figures['rows']} |")
champion = verdict["from"] or "none"
print(f"\nNew version {verdict['to']}, champion {champion}; decided {verdict['at']} by {verdict['by']}.")
PYTHON
}

main "$@"
