# What was deployed when: the way back. Sourced by scripts/deploy.sh.
#
# The artifact bucket holds deployments/<time>.json for each, which is the request that made it; one that was taken back has
# <time>.withdrawn beside it.
# shellcheck shell=bash
# What is not set here is set by the script that sources this.
# shellcheck disable=SC2154,SC2034

record() {
  local at
  at=$(date -u +%Y%m%dT%H%M%SZ)
  aws s3 cp --only-show-errors "$1" "s3://$artifact_bucket/deployments/$at.json" || warn "the deployment could not be written down; a rollback will not find it"
}

# The deployments that were not taken back, the newest first.
recorded() {
  local names
  names=$(aws s3api list-objects-v2 --bucket "$artifact_bucket" --prefix deployments/ --query 'Contents[].Key' --output text 2>/dev/null | tr '\t' '\n') || return 0
  comm -23 <(sed -n 's/\.json$//p' <<<"$names" | sort) <(sed -n 's/\.withdrawn$//p' <<<"$names" | sort) | sort --reverse
}

# Brings back the deployment before the last one, and marks the last one as taken back.
rollback() {
  local deployments
  mapfile -t deployments < <(recorded)
  [ ${#deployments[@]} -gt 1 ] || die "there is no deployment to go back to; $artifact_bucket/deployments/ holds ${#deployments[@]} that were not taken back"
  local last=${deployments[0]} before=${deployments[1]}
  request=$workspace/rollback.json
  aws s3 cp --only-show-errors "s3://$artifact_bucket/$before.json" "$request"
  say "going back from ${last#*/} to ${before#*/}: $(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["Description"])' "$request")"
  if compare "$request"; then
    confirm "go back"
    execute
  else
    say "what is deployed is that already"
  fi
  echo "taken back" | aws s3 cp --only-show-errors - "s3://$artifact_bucket/$last.withdrawn"
  print_outputs
}
