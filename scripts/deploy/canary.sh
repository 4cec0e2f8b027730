# A first model and a first run after a deployment. Sourced by scripts/deploy.sh.
# shellcheck shell=bash
# What is not set here is set by the script that sources this.
# shellcheck disable=SC2154,SC2034

readonly CANARY=tests/data/uploads/phones.jsonl
readonly CANARY_SECONDS=3600

# Registers a demo model where there is none: without a model every run fails.
ensure_model() {
  local models name
  models=$(stack_output ModelsBucket)
  name=$(parameter ModelName)
  ! aws s3api head-object --bucket "$models" --key "$name/latest.json" >/dev/null 2>&1 || return 0
  local tamiz=target/release/tamiz
  if [ ! -x "$tamiz" ]; then
    command -v cargo >/dev/null || {
      warn "there is no model $name yet, and no Rust to train one with; train one and register it under s3://$models/$name"
      return 1
    }
    say "building tamiz to train a demo model"
    scripts/libtorch.sh
    cargo build --release --locked --quiet --package tamiz
  fi
  say "registering a demo model as s3://$models/$name; retrain it on reviews of your own"
  LD_LIBRARY_PATH="${LIBTORCH:-target/libtorch}/lib" "$tamiz" train tests/data/train/reviews.csv.gz --models "$workspace/models" --name "$name" >/dev/null
  aws s3 cp --only-show-errors --recursive "$workspace/models" "s3://$models"
}

# Uploads a few reviews and waits for their run; answers 1 where it is no success.
canary() {
  local key run status waited=0
  key=incoming/canary/$(date -u +%Y%m%dT%H%M%SZ).jsonl
  say "canary: $CANARY as $key"
  aws s3 cp --only-show-errors "$CANARY" "s3://$(stack_output InputBucket)/$key" || { warn "the canary cannot be uploaded" && return 1; }
  until run=$(run_of "$key") && [ -n "$run" ]; do
    [ "$waited" -lt "$CANARY_SECONDS" ] || { warn "the canary was not taken up within $CANARY_SECONDS seconds; look at the dispatcher's log" && return 1; }
    sleep "$POLL_SECONDS" && waited=$((waited + POLL_SECONDS))
  done
  while status=$(execution_status "$run") && [ "$status" = RUNNING ]; do
    [ "$waited" -lt "$CANARY_SECONDS" ] || { warn "the canary's run $run takes longer than $CANARY_SECONDS seconds" && return 1; }
    sleep "$POLL_SECONDS" && waited=$((waited + POLL_SECONDS))
  done
  [ "$status" = SUCCEEDED ] || { warn "the canary's run $run ended as $status; its mail says why: aws s3 cp s3://$(stack_output ResultsBucket)/runs/$run/summary.json -" && return 1; }
  say "canary: run $run succeeded"
}

# The run that has an upload in its manifest.
run_of() {
  local name staging
  staging=$(stack_output StagingBucket)
  for name in $(aws stepfunctions list-executions --state-machine-arn "$(stack_output StateMachineArn)" --max-items 20 --query 'executions[].name' --output text); do
    if aws s3 cp "s3://$staging/runs/$name/manifest.json" - 2>/dev/null | grep -qF "$1"; then echo "$name" && return; fi
  done
}

execution_status() {
  aws stepfunctions list-executions --state-machine-arn "$(stack_output StateMachineArn)" --max-items 100 --output text \
    --query "executions[?name=='$1'].status"
}
