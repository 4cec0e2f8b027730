# What has to hold before anything is changed. Sourced by scripts/deploy.sh.
# shellcheck shell=bash
# What is not set here is set by the script that sources this.
# shellcheck disable=SC2154,SC2034

# Quotas that a deployment leans on: the service, the code, the parameter that asks for it, and what it is called.
readonly QUOTAS=(
  'fargate L-3032A538 MaxFargateVcpus Fargate vCPUs'
  'ec2 L-DB2E81BA MaxAcceleratorVcpus vCPUs of on-demand G instances'
  'ec2 L-3819A6DF MaxAcceleratorVcpus vCPUs of Spot G instances'
)

# Finds out who deploys where; everything else is named after it.
identify() {
  [ -n "$region" ] || region=$(aws configure get region) || die "no region: pass --region or set AWS_REGION"
  export AWS_REGION=$region AWS_DEFAULT_REGION=$region AWS_PAGER=''
  local answer
  answer=$(aws sts get-caller-identity --query Account --output text 2>&1) || case $answer in
    *ExpiredToken* | *'token'*'expired'*) die "the credentials have expired; sign in again (\`aws sso login\`) and repeat the command. Nothing was changed." ;;
    *) die "AWS does not know who you are: ${answer##*$'\n'}
Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in with \`aws sso login\`." ;;
  esac
  account=$answer
  artifact_bucket=$project-artifacts-$account
  say "project $project, account $account, region $region${AWS_ENDPOINT_URL:+, endpoint $AWS_ENDPOINT_URL}"
}

# The value of a parameter of this deployment.
parameter() {
  python3 -c 'import json, sys; print({p["ParameterKey"]: p["ParameterValue"] for p in json.loads(sys.argv[1])}.get(sys.argv[2], ""))' \
    "$parameters" "$1"
}

# Complains about what would fail later, and warns of what may.
preflight() {
  local name email
  email=$(parameter AlertEmail)
  [[ -z $email || $email =~ ^[^@[:space:]]+@[^@[:space:]]+\.[^@[:space:]]+$ ]] || die "$email is no mail address; correct alert_email in configs/ or pass --email"
  for name in input staging results models artifacts; do refuse_foreign_bucket "$project-$name-$account"; done
  check_quotas
}

# Names of buckets are the whole world's. 403 is the answer for one that is somebody else's.
refuse_foreign_bucket() {
  local answer
  answer=$(aws s3api head-bucket --bucket "$1" 2>&1) && return
  [[ $answer != *403* ]] || die "the bucket name $1 is taken by another account; choose another --project. Nothing was changed."
}

check_quotas() {
  local line service code name what wanted allowed
  for line in "${QUOTAS[@]}"; do
    read -r service code name what <<<"$line"
    [[ $code == L-3032A538 || $(parameter Accelerator) == gpu ]] || continue
    wanted=$(parameter "$name")
    if ! allowed=$(aws service-quotas get-service-quota --service-code "$service" --quota-code "$code" --query Quota.Value --output text 2>/dev/null); then
      warn "the quota of $what cannot be read; $wanted are asked for ($name)"
    elif [ "${allowed%.*}" -lt "${wanted%.*}" ]; then
      warn "the account may have ${allowed%.*} $what, and $wanted are asked for ($name): jobs above that wait.
Ask for more: aws service-quotas request-service-quota-increase --service-code $service --quota-code $code --desired-value $wanted"
    fi
  done
}

# Asks a person; with --yes, and for a local AWS, nobody is asked.
confirm() {
  [ "$yes" = no ] && [ -z "${AWS_ENDPOINT_URL:-}" ] || return 0
  [ -t 0 ] || die "nobody is there to be asked; pass --yes to go on without asking"
  local answer
  read -r -p "$1 in account $account, region $region? [y/N] " answer
  [[ $answer =~ ^[yY] ]] || die "stopped by you; nothing was changed"
}
