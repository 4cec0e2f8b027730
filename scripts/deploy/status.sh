# What is deployed, and how it does. Sourced by scripts/deploy.sh.
# shellcheck shell=bash
# What is not set here is set by the script that sources this.
# shellcheck disable=SC2154,SC2034

status() {
  local state
  state=$(stack_status)
  [ -n "$state" ] || die "there is no stack $project in account $account, region $region; deploy it: scripts/deploy.sh up $where"
  say "stack $project: $state"
  aws cloudformation describe-stacks --stack-name "$project" --output text --query 'Stacks[0].Parameters[].[ParameterKey, ParameterValue]' |
    sort | while IFS=$'\t' read -r key value; do printf '  %-32s %s\n' "$key" "$value"; done
  say "last runs"
  aws stepfunctions list-executions --state-machine-arn "$(stack_output StateMachineArn)" --max-items 5 --output text \
    --query 'executions[].[startDate, status, name]' | sed 's/^/  /'
  say "alarms"
  aws cloudwatch describe-alarms --alarm-name-prefix "$project-" --state-value ALARM --query 'MetricAlarms[].[AlarmName, StateReason]' --output text | sed 's/^/  /'
  say "uploads that could not be settled: $(aws ${AWS_ENDPOINT_URL:+--endpoint-url "$AWS_ENDPOINT_URL"} sqs get-queue-attributes --queue-url "$(stack_output DeadLetterQueueUrl)" \
    --attribute-names ApproximateNumberOfMessages --query Attributes.ApproximateNumberOfMessages --output text)"
  say "deployments that were not taken back"
  recorded | sed 's/^/  /'
}
