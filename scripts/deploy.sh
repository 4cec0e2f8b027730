#!/usr/bin/env bash
# Deploys Tamiz: packages infra/ into the artifact bucket and brings the CloudFormation stacks up to it.
# The same against AWS and against the local AWS (AWS_ENDPOINT_URL); run again, it changes only what differs.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/common.sh

readonly AWSCLI_VERSION=1.46.3
readonly TEMPLATE=infra/template.yaml

usage() {
  cat <<'HELP'
Usage: scripts/deploy.sh [options]

  --project NAME          prefix of every name, and the stack's name (tamiz)
  --email ADDRESS         who gets the mail of every run and of alarms (nobody)
  --report-language en|es language of the report pages (en)
  --model-name NAME       folder of the model in the models bucket (reviews)
  --image-tag TAG         tag of the five images (the current commit)
  --accelerator gpu|cpu   where inference and retraining run (gpu)
  --config FILE           configuration of the pipeline (configs/pipeline.toml)
  --batching-window SECS  how long uploads are gathered into one run (20)
  --set NAME=VALUE        another parameter of infra/template.yaml, such as where an alarm begins; kept until set again
  --region REGION         AWS region (AWS_REGION, then the AWS CLI's own)
  --dry-run               check and show what would be deployed; change nothing
  -h, --help              this text

Credentials are those of the AWS CLI. With AWS_ENDPOINT_URL set, everything goes there.
The first deployment to an account creates the image repositories and leaves the dispatcher out;
push the images and run it again.
HELP
}

main() {
  parse "$@"
  ensure_aws
  identify
  local dispatcher
  dispatcher=$(dispatcher_state)
  local parameters=(
    "ProjectName=$project" "AlertEmail=$email" "ModelName=$model_name" "ImageTag=$image_tag" "Accelerator=$accelerator"
    "ArtifactBucket=$artifact_bucket" "PipelineConfigurationKey=$configuration_key" "Dispatcher=$dispatcher"
    "BatchingWindowSeconds=$batching_window" "ReportLanguage=$report_language" "${set[@]}"
  )
  if [ "$dry_run" = yes ]; then
    preview "${parameters[@]}"
    return
  fi
  ensure_artifact_bucket
  upload_configuration
  deploy "${parameters[@]}"
  print_outputs
  explain_missing_dispatcher "${parameters[@]}"
}

parse() {
  project=tamiz email='' model_name=reviews image_tag='' accelerator=gpu config=configs/pipeline.toml batching_window=20 dry_run=no
  report_language=en set=()
  region=${AWS_REGION:-${AWS_DEFAULT_REGION:-}}
  while [ $# -gt 0 ]; do
    case $1 in
      -h | --help) usage && exit 0 ;;
      --dry-run) dry_run=yes && shift && continue ;;
      --project | --email | --model-name | --image-tag | --accelerator | --config | --batching-window | --region | --report-language | --set)
        [ $# -ge 2 ] || refuse "$1 needs a value" ;;&
      --project) project=$2 ;;
      --email) email=$2 ;;
      --model-name) model_name=$2 ;;
      --image-tag) image_tag=$2 ;;
      --accelerator) accelerator=$2 ;;
      --config) config=$2 ;;
      --batching-window) batching_window=$2 ;;
      --report-language) report_language=$2 ;;
      --set) set+=("$2") ;;
      --region) region=$2 ;;
      *) refuse "unknown option $1" ;;
    esac
    shift 2
  done
  [[ $project =~ ^[a-z][a-z0-9-]{1,18}[a-z0-9]$ ]] || refuse "--project $project: 3 to 20 lower-case letters, digits and hyphens were expected"
  [[ -z $email || $email =~ ^[^@[:space:]]+@[^@[:space:]]+\.[^@[:space:]]+$ ]] || refuse "--email $email is not a mail address"
  [[ $accelerator =~ ^(gpu|cpu)$ ]] || refuse "--accelerator $accelerator: gpu or cpu was expected"
  [[ $batching_window =~ ^[1-9][0-9]{0,2}$ && $batching_window -le 300 ]] || refuse "--batching-window $batching_window: 1 to 300 seconds were expected"
  [[ $report_language =~ ^(en|es)$ ]] || refuse "--report-language $report_language: en or es was expected"
  local each
  for each in "${set[@]}"; do refuse_unknown_parameter "$each"; done
  [ -f "$config" ] || refuse "--config $config: there is no such file"
  [ -n "$image_tag" ] || image_tag=$(git rev-parse --short=12 HEAD 2>/dev/null) || image_tag=local
}

# The AWS CLI drops a parameter that the template does not have, without a word.
refuse_unknown_parameter() {
  [[ $1 == ?*=* ]] || refuse "--set $1: NAME=VALUE was expected"
  local known
  known=$(sed -n '/^Parameters:/,/^Conditions:/s/^  \([A-Za-z]*\): {Type.*/\1/p' "$TEMPLATE")
  grep -qxF "${1%%=*}" <<<"$known" || refuse "--set $1: $TEMPLATE has no such parameter; it has ${known//$'\n'/, }"
}

# Usage errors end with 2, as in every program of Tamiz.
refuse() {
  printf 'error: %s (see scripts/deploy.sh --help)\n' "$*" >&2
  exit 2
}

# Puts the AWS CLI on the path: the machine's own, or a pinned one in the virtual environment.
ensure_aws() {
  command -v aws >/dev/null && return
  ensure_venv
  if [ ! -x "$VENV/bin/aws" ]; then
    say "installing awscli $AWSCLI_VERSION into $VENV"
    "$VENV/bin/pip" install --quiet "awscli==$AWSCLI_VERSION"
  fi
  PATH="$PWD/$VENV/bin:$PATH"
}

# Finds out who deploys where; everything else is named after it.
identify() {
  [ -n "$region" ] || region=$(aws configure get region) || die "no region: pass --region or set AWS_REGION"
  export AWS_REGION=$region AWS_DEFAULT_REGION=$region AWS_PAGER=''
  local answer
  answer=$(aws sts get-caller-identity --query Account --output text 2>&1) ||
    die "AWS does not know who you are: ${answer##*$'\n'}
Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in with \`aws sso login\`."
  account=$answer
  artifact_bucket=$project-artifacts-$account
  configuration_key=configuration/$(sha256sum "$config" | cut -c1-16).toml
  say "project $project, account $account, region $region${AWS_ENDPOINT_URL:+, endpoint $AWS_ENDPOINT_URL}"
}

# Answers whether the dispatcher can be part of the stack. Lambda refuses a function whose image does not exist, and
# the repository is made by the same stack: so the first deployment leaves it out. A local AWS pulls no images.
dispatcher_state() {
  local answer
  [ -n "${AWS_ENDPOINT_URL:-}" ] && echo present && return
  if answer=$(aws ecr describe-images --repository-name "$project/dispatcher" --image-ids "imageTag=$image_tag" 2>&1); then
    echo present
  elif [[ $answer == *RepositoryNotFoundException* ]]; then
    echo absent
  elif [[ $answer == *ImageNotFoundException* ]] && ! aws lambda get-function --function-name "$project-dispatcher" >/dev/null 2>&1; then
    echo absent
  elif [[ $answer == *ImageNotFoundException* ]]; then
    die "the repository $project/dispatcher has no image tagged $image_tag; push the images first, or name another with --image-tag"
  else
    die "cannot look for the dispatcher's image: ${answer##*$'\n'}"
  fi
}

preview() {
  say "dry run: nothing is changed"
  local template checked=target/deploy/$project.dry-run.yaml
  mkdir -p "${checked%/*}"
  for template in "${TEMPLATE%/*}"/*.yaml; do
    # Packaging would upload what lies beside the template; any place stands for it here.
    sed -e "s|DefinitionS3Location: .*|DefinitionS3Location: {Bucket: $artifact_bucket, Key: dry-run}|" \
      -e "s|TemplateURL: .*|TemplateURL: https://s3.$region.amazonaws.com/$artifact_bucket/dry-run|" "$template" >"$checked"
    aws cloudformation validate-template --template-body "file://$checked" >/dev/null || die "CloudFormation refuses $template"
  done
  printf '  %-26s %s\n' stack "$project" configuration "s3://$artifact_bucket/$configuration_key ($config)"
  local parameter
  for parameter in "$@"; do printf '  %-26s %s\n' "${parameter%%=*}" "${parameter#*=}"; done
}

ensure_artifact_bucket() {
  if ! aws s3api head-bucket --bucket "$artifact_bucket" >/dev/null 2>&1; then
    say "creating bucket $artifact_bucket"
    local place=()
    # us-east-1 is the one region that may not be named here.
    [ "$region" = us-east-1 ] || place=(--create-bucket-configuration "LocationConstraint=$region")
    aws s3api create-bucket --bucket "$artifact_bucket" "${place[@]}" >/dev/null ||
      die "cannot create bucket $artifact_bucket; if another account owns that name, choose another --project"
  fi
  aws s3api put-public-access-block --bucket "$artifact_bucket" --public-access-block-configuration \
    BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true
  aws s3api put-bucket-versioning --bucket "$artifact_bucket" --versioning-configuration Status=Enabled
}

# The key holds the content's hash: what a running dispatcher reads never changes under it.
upload_configuration() {
  say "uploading $config as $configuration_key"
  aws s3 cp --only-show-errors "$config" "s3://$artifact_bucket/$configuration_key"
}

deploy() {
  local packaged=target/deploy/$project.yaml
  mkdir -p "${packaged%/*}"
  local answer
  say "packaging $TEMPLATE"
  answer=$(aws cloudformation package --template-file "$TEMPLATE" --s3-bucket "$artifact_bucket" --s3-prefix templates \
    --output-template-file "$packaged" 2>&1) || die "cannot package $TEMPLATE into $artifact_bucket: ${answer##*$'\n'}"
  local before
  # The time of AWS's own clock, beyond which events are those of this deployment; none before the first.
  before=$(aws cloudformation describe-stack-events --stack-name "$project" --query 'StackEvents[0].Timestamp' --output text 2>/dev/null) || before=''
  say "deploying stack $project (minutes on AWS, seconds locally)"
  answer=$(aws cloudformation deploy --template-file "$packaged" --stack-name "$project" \
    --capabilities CAPABILITY_NAMED_IAM --no-fail-on-empty-changeset --parameter-overrides "$@" 2>&1) && return
  # AWS fails an empty change set, which the option above forgives; the local AWS refuses to make one.
  [[ $answer == *'No updates are to be performed'* ]] && return
  local reasons
  reasons=$(failures "$before")
  die "the stack $project did not deploy:
${reasons:-$answer}"
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

explain_missing_dispatcher() {
  [[ " $* " == *' Dispatcher=absent '* ]] || return 0
  printf '%s\n' '' "The dispatcher is not deployed yet: its repository holds no image tagged $image_tag." \
    'Push the five images under that tag and run this again.'
}

main "$@"
