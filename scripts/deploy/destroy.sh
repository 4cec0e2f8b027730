# The end of a deployment. Sourced by scripts/deploy.sh.
# shellcheck shell=bash
# What is not set here is set by the script that sources this.
# shellcheck disable=SC2154,SC2034

# Deletes the stack. Buckets, keys and secrets stay, unless --data was said twice.
destroy() {
  local bucket buckets=("$project-input-$account" "$project-staging-$account" "$project-results-$account" "$project-models-$account")
  [ "$data" -ge 2 ] || say "data stay: ${buckets[*]} and $artifact_bucket; to delete them too, pass --data twice"
  confirm "delete the stack $project$([ "$data" -lt 2 ] || echo ' AND ALL ITS DATA')"
  if [ -n "$(stack_status)" ]; then
    say "deleting stack $project"
    aws cloudformation delete-stack --stack-name "$project"
    aws cloudformation wait stack-delete-complete --stack-name "$project" || die "the stack $project was not deleted:
$(failures '')
What is left can be deleted once the cause is gone: scripts/deploy.sh destroy $where"
  fi
  [ "$data" -ge 2 ] || return 0
  for bucket in "${buckets[@]}" "$artifact_bucket"; do
    aws s3api head-bucket --bucket "$bucket" >/dev/null 2>&1 || continue
    say "deleting bucket $bucket"
    empty "$bucket"
    aws s3api delete-bucket --bucket "$bucket" || warn "$bucket is left: who may not s3:BypassGovernanceRetention deletes locked models only when their time is over"
  done
}

# Deletes every version of every object, a thousand at a time.
# shellcheck disable=SC2016 # What looks like a command is a literal of JMESPath.
empty() {
  local versions
  while versions=$(aws s3api list-object-versions --bucket "$1" --max-items 1000 --output json \
    --query '{Objects: [Versions, DeleteMarkers][] | [].{Key: Key, VersionId: VersionId}, Quiet: `true`}') &&
    [[ $versions == *'"Key"'* ]]; do
    # What is locked is answered with errors, and would be listed for ever.
    [ "$(aws s3api delete-objects --bucket "$1" --delete "$versions" --bypass-governance-retention --query 'length(Errors || `[]`)')" = 0 ] || return 0
  done
}
