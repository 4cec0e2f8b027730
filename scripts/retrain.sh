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
  --execution NAME  wait for this retraining, which was started before, instead of starting one
  --region REGION   AWS region (AWS_REGION, then the AWS CLI's own)
  -h, --help        this text

The state machine retrains as after a run, on the clean shards of all runs, and mails the verdict or the failure. Ends with 0 when there is a
verdict, whether or not the model was promoted; with the job's own exit code when it failed. Progress goes to stderr, the verdict to stdout.
HELP
}

main() {
  parse "$@"
  ensure_aws
  read_stack
  [ -n "$execution" ] || start
  trap 'report "the retraining goes on; wait for it with: scripts/retrain.sh --project $project --execution $execution"; exit 143' INT TERM
  wait_for_the_end
  read_job
  [ "$status" = SUCCEEDED ] || explain_failure
  find_verdict
  print_verdict
}

parse() {
  project=tamiz execution=''
  region=${AWS_REGION:-${AWS_DEFAULT_REGION:-}}
  while [ $# -gt 0 ]; do
    case $1 in
      -h | --help) usage && exit 0 ;;
      --project | --execution | --region) [ $# -ge 2 ] || refuse "$1 needs a value" ;;&
      --project) project=$2 ;;
      --execution) execution=$2 ;;
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
    Stacks[0].Outputs[?OutputKey=='ModelsBucket'].OutputValue | [0],
    Stacks[0].Outputs[?OutputKey=='StateMachineArn'].OutputValue | [0]]" 2>&1) ||
    die "cannot read the stack $project: ${answer##*$'\n'}
Name the deployment with --project, and its region with --region."
  read -r model_name models_bucket state_machine <<<"$answer"
  [[ -n $state_machine && " $answer " != *[[:space:]]None[[:space:]]* ]] ||
    die "the stack $project lacks outputs; deploy it again with scripts/deploy.sh"
}

start() {
  execution=by-hand-$(date -u +%Y%m%dT%H%M%SZ)
  aws stepfunctions start-execution --state-machine-arn "$state_machine" --name "$execution" --input '{"retrain_only": true}' >/dev/null ||
    die "the retraining was not started; the AWS CLI says above why"
  report "execution $execution retrains $model_name"
}

# Asks Step Functions about the execution.
ask() {
  aws stepfunctions "$1" --execution-arn "${state_machine/:stateMachine:/:execution:}:$execution" --output text --query "$2"
}

wait_for_the_end() {
  local pause=1 before=''
  while :; do
    status=$(ask describe-execution status) || die "Step Functions does not tell of $execution; it forgets executions 90 days after their end"
    [ "$status" = "$before" ] || report "$status"
    [ "$status" = RUNNING ] || return 0
    before=$status
    # In the background, because bash handles a signal only after a command in the foreground.
    sleep "$pause" &
    wait $!
    pause=$((pause * 2 < LONGEST_PAUSE_SECONDS ? pause * 2 : LONGEST_PAUSE_SECONDS))
  done
}

# What the history tells of the job: when its last attempt started, how it ended, where its log is. Nothing, where none came to an end; the
# job that reports a failure is another one.
read_job() {
  local ends
  ends=$(ask get-execution-history 'to_string(events[].[taskSucceededEventDetails.output, taskFailedEventDetails.cause][] | [?@])') ||
    die "the history of $execution cannot be read"
  IFS=$'\t' read -r started code stream reason <<<"$(python3 - "$ends" <<'PYTHON'
import json
import sys


def parsed(end):
    try:
        return json.loads(end)
    except ValueError:
        return {}


jobs = [parsed(end) for end in json.loads(sys.argv[1])]
job = next((each for each in jobs if each.get("JobName", "").startswith("retrain-")), {})
container = job.get("Container", {})
told = (job.get("StartedAt"), container.get("ExitCode"), container.get("LogStreamName"), job.get("StatusReason"))
print(*("none" if each is None else each for each in told), sep="\t")
PYTHON
)"
}

explain_failure() {
  printf '### Retraining of %s: failed\n\nThe model in use stays as it is. ' "$model_name"
  if [ "$stream" = none ]; then
    printf 'No job came to its end: %s.\n' "$(ask describe-execution "join(': ', [status, error || '', cause || ''])")"
    exit 1
  fi
  printf '%s (exit code %s).\n' "$reason" "$code"
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
  die "$execution succeeded, but s3://$models_bucket/$model_name/promotions/ holds no verdict; look at its log in /$project/retrain"
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
