# The stack of a deployment: packaged, compared, changed. Sourced by scripts/deploy.sh.
# shellcheck shell=bash
# What is not set here is set by the script that sources this.
# shellcheck disable=SC2154,SC2034

# Uploads the templates under the hash of their content and writes the request for a change set: templates and parameters are all that
# a deployment is, so the request is also what a rollback needs.
package() {
  local packaged=$workspace/template.yaml answer
  say "packaging $TEMPLATE"
  answer=$(aws cloudformation package --template-file "$TEMPLATE" --s3-bucket "$artifact_bucket" --s3-prefix templates \
    --output-template-file "$packaged" 2>&1) || die "cannot package $TEMPLATE into $artifact_bucket: ${answer##*$'\n'}"
  local key
  key=templates/$(sha256sum "$packaged" | cut -c1-32).yaml
  aws s3 cp --only-show-errors "$packaged" "s3://$artifact_bucket/$key" || die "cannot upload $packaged to $artifact_bucket"
  request=$workspace/request.json
  python3 - "https://s3.$region.amazonaws.com/$artifact_bucket/$key" "$image_tag" "$parameters" >"$request" <<'PY' || die "cannot write $request"
import json, sys

url, tag, parameters = sys.argv[1:]
print(json.dumps({"Description": f"images {tag}", "TemplateURL": url, "Capabilities": ["CAPABILITY_NAMED_IAM"],
                  "Parameters": json.loads(parameters)}, indent=1))
PY
}

# Makes a change set of a request and tells what it would do; answers 1 where it would do nothing.
compare() {
  local kind=UPDATE status answer
  status=$(stack_status)
  case $status in
    '' | REVIEW_IN_PROGRESS) kind=CREATE ;;
    *IN_PROGRESS) die "the stack $project is being changed ($status); wait until that has ended: scripts/deploy.sh status $where" ;;
    ROLLBACK_COMPLETE | ROLLBACK_FAILED | CREATE_FAILED | DELETE_FAILED)
      # Its buckets and keys were kept, and would be in the way of new ones of the same names.
      die "the stack $project is half made ($status) and cannot be changed. Nothing of it runs.
Remove it, and the data that it may hold, then deploy anew: scripts/deploy.sh destroy $where --data --data" ;;
    UPDATE_ROLLBACK_FAILED)
      die "the stack $project could not go back to what it was ($status); mend what is named below, then
aws cloudformation continue-update-rollback --stack-name $project
$(failures '')" ;;
  esac
  change_set=deploy-$(date -u +%Y%m%d-%H%M%S)
  say "comparing with what is deployed"
  answer=$(aws cloudformation create-change-set --stack-name "$project" --change-set-name "$change_set" --change-set-type "$kind" \
    --include-nested-stacks --cli-input-json "file://$1" 2>&1) || {
    # AWS makes an empty change set, and fails it; the local AWS refuses it at once.
    [[ $answer != *'No updates are to be performed'* ]] || return 1
    die "CloudFormation refuses the deployment: ${answer##*$'\n'}"
  }
  if ! answer=$(aws cloudformation wait change-set-create-complete --stack-name "$project" --change-set-name "$change_set" 2>&1); then
    answer=$(aws cloudformation describe-change-set --stack-name "$project" --change-set-name "$change_set" --query StatusReason --output text)
    aws cloudformation delete-change-set --stack-name "$project" --change-set-name "$change_set" >/dev/null || true
    [[ ! $answer =~ (didn\'t contain changes|No updates are to be performed) ]] || return 1
    die "CloudFormation cannot make the change set: $answer"
  fi
  show_changes "$project" "$change_set"
}

# The changes of a change set, and of those nested in it.
show_changes() {
  local action id type replacement nested
  aws cloudformation describe-change-set --stack-name "$1" --change-set-name "$2" --output text \
    --query 'Changes[].ResourceChange.[Action, LogicalResourceId, ResourceType, Replacement, ChangeSetId]' |
    while IFS=$'\t' read -r action id type replacement nested; do
      [ "$action" != None ] || continue
      case $replacement in
        True) replacement='  is replaced' ;;
        Conditional) replacement='  may be replaced' ;;
        *) replacement='' ;;
      esac
      printf '  %-8s %-30s %s%s\n' "$action" "$id" "$type" "$replacement"
      case $nested in
        '' | None) ;;
        *) show_changes "$id" "$nested" ;;
      esac
    done
}

# Does what a change set says, and waits for the end.
execute() {
  local before status answer
  # The time of AWS's own clock, beyond which events are those of this deployment; none before the first.
  before=$(aws cloudformation describe-stack-events --stack-name "$project" --query 'StackEvents[0].Timestamp' --output text 2>/dev/null) || before=''
  say "deploying stack $project (minutes on AWS, seconds locally)"
  answer=$(aws cloudformation execute-change-set --stack-name "$project" --change-set-name "$change_set" 2>&1) ||
    die "CloudFormation does not execute the change set: ${answer##*$'\n'}"
  while status=$(stack_status) && [[ $status == *IN_PROGRESS ]]; do sleep "$POLL_SECONDS"; done
  case $status in
    CREATE_COMPLETE | UPDATE_COMPLETE) ;;
    *)
      die "the stack $project did not deploy:
$(failures "$before")
It is now $status: $(left_in_place "$status")" ;;
  esac
}

left_in_place() {
  case $1 in
    UPDATE_ROLLBACK_COMPLETE) echo 'what ran before runs. Mend the cause and deploy again.' ;;
    ROLLBACK_COMPLETE) echo "nothing of it runs. Mend the cause, then: scripts/deploy.sh destroy $where --data --data" ;;
    *) echo "scripts/deploy.sh status $where tells more." ;;
  esac
}

# The status of the stack; nothing where there is none.
stack_status() {
  aws cloudformation describe-stacks --stack-name "$project" --query 'Stacks[0].StackStatus' --output text 2>/dev/null || true
}

# An output of the stack.
stack_output() {
  aws cloudformation describe-stacks --stack-name "$project" --output text --query "Stacks[0].Outputs[?OutputKey=='$1'].OutputValue"
}

# What failed after a time: first in the nested stacks, which alone say why, then in the stack itself.
failures() {
  local after=$1 stack
  for stack in $(failed_events "$project" "$after" "[?ResourceType == 'AWS::CloudFormation::Stack'].PhysicalResourceId") "$project"; do
    failed_events "$stack" "$after" '[].[LogicalResourceId, ResourceStatusReason]'
  done
}

# Failed events of a stack after a time, picked by a query; not those of resources that were given up because another failed.
failed_events() {
  aws cloudformation describe-stack-events --stack-name "$1" --output text --query "StackEvents[?Timestamp > '$2' &&
    ends_with(ResourceStatus, 'FAILED') && !contains(ResourceStatusReason || '', 'cancelled')] | [:10] | $3" 2>/dev/null || true
}

print_outputs() {
  say "stack $project is up"
  aws cloudformation describe-stacks --stack-name "$project" --output text \
    --query 'Stacks[0].Outputs[].[OutputKey, OutputValue]' | sort | while IFS=$'\t' read -r key value; do
    printf '  %-22s %s\n' "$key" "$value"
  done
}
