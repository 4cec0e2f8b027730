#!/usr/bin/env bash
# Deploys Tamiz into an AWS account: packages infra/ into the artifact bucket and brings the CloudFormation stacks up to it.
# The same against AWS and against the local AWS (AWS_ENDPOINT_URL); run again, it changes only what differs.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/common.sh
. scripts/deploy/preflight.sh
. scripts/deploy/images.sh
. scripts/deploy/stack.sh
. scripts/deploy/record.sh
. scripts/deploy/canary.sh
. scripts/deploy/status.sh
. scripts/deploy/destroy.sh

readonly AWSCLI_VERSION=1.46.3
readonly TEMPLATE=infra/template.yaml

usage() {
  cat <<'HELP'
Usage: scripts/deploy.sh COMMAND [options]

  plan       show what a deployment would change; change nothing
  up         deploy: images, stack, a demo model where there is none, and a canary, whose failure takes the deployment back
  status     what is deployed, the last runs, alarms
  rollback   go back to the deployment before the last one
  destroy    delete the stack; data stay, unless --data is given twice

Where and what
  --env NAME              dev, staging or prod: configs/NAME/ overrides configs/, and the project is tamiz-NAME
  --project NAME          prefix of every name, and the stack's name (tamiz)
  --region REGION         AWS region (AWS_REGION, then the AWS CLI's own)
  --profile NAME          profile of the AWS CLI
  --image-tag TAG         tag of the five images (the current commit)
  --config FILE           configuration of the pipeline (configs/pipeline.toml)
  --set NAME=VALUE        a parameter of infra/template.yaml for this deployment; configs/aws.toml holds what lasts
  --email ADDRESS         --set AlertEmail=…: who gets the mail of every run and of alarms
  --report-language en|es --set ReportLanguage=…
  --model-name NAME       --set ModelName=…
  --accelerator gpu|cpu   --set Accelerator=…
  --batching-window SECS  --set BatchingWindowSeconds=…

How
  --yes                   do not ask
  --dry-run               as `plan`
  --no-build              push no images; refuse where some are missing
  --no-canary             neither demo model nor canary
  --data                  given twice: `destroy` deletes buckets and what is in them, too
  -h, --help              this text

Credentials are those of the AWS CLI. With AWS_ENDPOINT_URL set, everything goes there, and nobody is asked.
HELP
}

main() {
  parse "$@"
  mkdir -p target/deploy
  # Of its own: two deployments at once must not mix their templates.
  workspace=$(mktemp -d target/deploy/XXXXXX)
  trap 'rm -rf "$workspace"' EXIT
  ensure_aws
  identify
  "run_$command"
}

run_plan() {
  settle
  preflight
  show_missing_images
  if ! aws s3api head-bucket --bucket "$artifact_bucket" >/dev/null 2>&1; then
    say "nothing of $project is deployed: everything would be made, with"
    show_parameters
    return
  fi
  show_parameters
  package
  # A change set for a stack that is not there makes an empty one.
  [ -n "$(stack_status)" ] || return 0
  if compare "$request"; then
    aws cloudformation delete-change-set --stack-name "$project" --change-set-name "$change_set" >/dev/null
    say "plan: nothing was changed"
  else
    say "nothing to change"
  fi
}

run_up() {
  settle
  preflight
  ensure_artifact_bucket
  upload_configuration
  local is_changed=no
  if [ "$(parameter Dispatcher)" = absent ]; then
    say "first pass: the repositories of the images, and everything that needs no image"
    bring_up && is_changed=yes
    set+=(Dispatcher=present) && settle
  fi
  push_images
  # The first pass is not written down: it is no deployment that anybody would go back to.
  bring_up && record "$request" && is_changed=yes
  [ "$is_changed" = yes ] || say "nothing to change"
  print_outputs
  [ "$is_changed" = yes ] && [ "$run_canary" = yes ] || return 0
  ensure_model || return 0
  canary && return
  local deployments
  mapfile -t deployments < <(recorded)
  [ ${#deployments[@]} -gt 1 ] || die "the deployment failed its canary; it stays, since there is none before it to go back to.
Mend the cause that the mail tells, and deploy again: scripts/deploy.sh up $where"
  say "the canary failed: taking the deployment back"
  # Who agreed to the deployment may have gone since.
  yes=yes
  rollback
  die "the deployment failed its canary and was taken back: what ran before runs; the canary's upload and run are kept.
Mend the cause that the mail tells, and deploy again: scripts/deploy.sh up $where"
}

# Brings the stack to the parameters; answers 1 where it is there already.
bring_up() {
  package
  compare "$request" || return 1
  confirm "deploy"
  execute
}

run_status() {
  status
}

run_rollback() {
  rollback
}

run_destroy() {
  destroy
}

parse() {
  command=${1:-}
  case $command in
    plan | up | status | rollback | destroy) shift ;;
    -h | --help) usage && exit 0 ;;
    '') usage >&2 && exit 2 ;;
    *) refuse "unknown command $command" ;;
  esac
  project='' env='' config='' image_tag='' yes=no build=yes run_canary=yes data=0 set=()
  region=${AWS_REGION:-${AWS_DEFAULT_REGION:-}}
  while [ $# -gt 0 ]; do
    case $1 in
      -h | --help) usage && exit 0 ;;
      --dry-run) command=plan && shift && continue ;;
      --yes) yes=yes && shift && continue ;;
      --no-build) build=no && shift && continue ;;
      --no-canary) run_canary=no && shift && continue ;;
      --data) data=$((data + 1)) && shift && continue ;;
      --env | --project | --region | --profile | --image-tag | --config | --set | --email | --report-language | --model-name | --accelerator | --batching-window)
        [ $# -ge 2 ] || refuse "$1 needs a value" ;;&
      --env) env=$2 ;;
      --project) project=$2 ;;
      --region) region=$2 ;;
      --profile) export AWS_PROFILE=$2 ;;
      --image-tag) image_tag=$2 ;;
      --config) config=$2 ;;
      --set) set+=("$2") ;;
      --email) set+=("AlertEmail=$2") ;;
      --report-language) set+=("ReportLanguage=$2") ;;
      --model-name) set+=("ModelName=$2") ;;
      --accelerator) set+=("Accelerator=$2") ;;
      --batching-window) set+=("BatchingWindowSeconds=$2") ;;
      *) refuse "unknown option $1" ;;
    esac
    shift 2
  done
  [[ -z $env || $env =~ ^(dev|staging|prod)$ ]] || refuse "--env $env: dev, staging or prod was expected"
  # What a command that is suggested has to name, so that it means this deployment and its settings.
  where=${env:+"--env $env "}${project:+"--project $project"}
  [ -n "$project" ] || project=tamiz${env:+-$env}
  where=${where:-"--project $project"}
  where=${where% }
  [[ $project =~ ^[a-z][a-z0-9-]{1,18}[a-z0-9]$ ]] || refuse "--project $project: 3 to 20 lower-case letters, digits and hyphens were expected"
  [ -n "$config" ] || config=configs/pipeline.toml
  [ -f "$config" ] || refuse "--config $config: there is no such file"
  [ -n "$image_tag" ] || image_tag=$(git rev-parse --short=12 HEAD 2>/dev/null) || image_tag=local
  check_set
}

# What CloudFormation would refuse later, in its own words.
check_set() {
  local each value
  for each in "${set[@]}"; do
    value=${each#*=}
    case $each in
      AlertEmail=*) [[ -z $value || $value =~ ^[^@[:space:]]+@[^@[:space:]]+\.[^@[:space:]]+$ ]] || refuse "--email $value is not a mail address" ;;
      Accelerator=*) [[ $value =~ ^(gpu|cpu)$ ]] || refuse "--accelerator $value: gpu or cpu was expected" ;;
      BatchingWindowSeconds=*)
        [[ $value =~ ^[1-9][0-9]{0,2}$ && $value -le 300 ]] || refuse "--batching-window $value: 1 to 300 seconds were expected" ;;
      ReportLanguage=*) [[ $value =~ ^(en|es)$ ]] || refuse "--report-language $value: en or es was expected" ;;
    esac
  done
}

# Usage errors end with 2, as in every program of Tamiz.
refuse() {
  printf 'error: %s (see scripts/deploy.sh --help)\n' "$*" >&2
  exit 2
}

# Puts the AWS CLI on the path: the machine's own, or a pinned one in the virtual environment.
ensure_aws() {
  # Seconds between two looks at something that takes its time.
  POLL_SECONDS=10
  [ -z "${AWS_ENDPOINT_URL:-}" ] || POLL_SECONDS=1
  command -v aws >/dev/null && return
  ensure_venv
  if [ ! -x "$VENV/bin/aws" ]; then
    say "installing awscli $AWSCLI_VERSION into $VENV"
    "$VENV/bin/pip" install --quiet "awscli==$AWSCLI_VERSION"
  fi
  PATH="$PWD/$VENV/bin:$PATH"
}

# Every parameter of this deployment, from configs/, from what was typed, and from what is found out here.
settle() {
  local files stage images=()
  find_images
  for stage in "${STAGES[@]}"; do images+=("${stage^}Image=${image_names[$stage]}"); done
  files=$(configuration_files configs/aws.toml aws | paste --serial --delimiters ,)
  parameters=$(python3 scripts/deploy/settings.py "$TEMPLATE" "$files" "Dispatcher=$(dispatcher_state)" "${set[@]}" \
    "ProjectName=$project" "ImageTag=$image_tag" "${images[@]}" "ArtifactBucket=$artifact_bucket" \
    "PipelineConfiguration=$(configuration_uris "$config" pipeline)" "ModelConfiguration=$(configuration_uris configs/model.toml model)") || exit $?
}

show_parameters() {
  printf '  %-32s %s\n' stack "$project"
  python3 -c 'import json, sys
for each in json.loads(sys.argv[1]): print("  {ParameterKey:32} {ParameterValue}".format(**each))' "$parameters"
}

ensure_artifact_bucket() {
  if ! aws s3api head-bucket --bucket "$artifact_bucket" >/dev/null 2>&1; then
    confirm "create bucket $artifact_bucket"
    say "creating bucket $artifact_bucket"
    local place=()
    # us-east-1 is the one region that may not be named here.
    [ "$region" = us-east-1 ] || place=(--create-bucket-configuration "LocationConstraint=$region")
    aws s3api create-bucket --bucket "$artifact_bucket" "${place[@]}" >/dev/null ||
      die "cannot create bucket $artifact_bucket; if another account owns that name, choose another --project"
  fi
  aws s3api put-public-access-block --bucket "$artifact_bucket" --public-access-block-configuration \
    BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true
  aws s3api put-bucket-encryption --bucket "$artifact_bucket" --server-side-encryption-configuration \
    'Rules=[{ApplyServerSideEncryptionByDefault={SSEAlgorithm=AES256}}]'
  aws s3api put-bucket-versioning --bucket "$artifact_bucket" --versioning-configuration Status=Enabled
}

# A part of the configuration: the base, and what differs in the environment.
configuration_files() {
  echo "$1"
  [ -z "$env" ] || [ ! -f "configs/$env/$2.toml" ] || echo "configs/$env/$2.toml"
}

# The key holds the content's hash: what a running dispatcher reads never changes under it.
configuration_uri() {
  echo "s3://$artifact_bucket/configuration/$(sha256sum "$1" | cut -c1-16).toml"
}

configuration_uris() {
  local file
  configuration_files "$@" | while read -r file; do configuration_uri "$file"; done | paste --serial --delimiters ,
}

upload_configuration() {
  local file
  for file in $(configuration_files "$config" pipeline) $(configuration_files configs/model.toml model); do
    say "uploading $file"
    aws s3 cp --only-show-errors "$file" "$(configuration_uri "$file")"
  done
}

main "$@"
