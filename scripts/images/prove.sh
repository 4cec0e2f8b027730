#!/usr/bin/env bash
# Proves the five images: builds them, looks at each, and runs the demo and a retraining with every job in its container, on the local AWS.
#
#   scripts/images/prove.sh [-- ARGUMENT…]
#
# ARGUMENT… goes to `docker build`. Where Docker is not there, it is installed from Debian and started; where no registry can be reached, the
# image that the builds start from is made from Debian's packages (as root). Takes half an hour the first time.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib/common.sh

readonly TAG=proof
# Megabytes that the images without libtorch may have.
readonly MOST=150
readonly REGISTRY_IMAGE=rust:1.95-slim-bookworm
readonly DEMO=target/demo

main() {
  [ "${1:-}" != -- ] || shift
  ensure_docker
  local base=$REGISTRY_IMAGE
  if ! docker pull --quiet "$base" >/dev/null 2>&1; then
    base=tamiz/build-base
    scripts/images/base.sh "$base"
  fi
  scripts/build-images.sh --tag "$TAG" --accelerator cpu -- --network host --build-arg "BUILD_IMAGE=$base" "$@"
  local stage
  for stage in "${STAGES[@]}"; do examine "$stage"; done
  say "the demo in containers"
  scripts/demo.sh --keep --containers "$TAG"
  trap 'scripts/local-aws/stop.sh --state "$DEMO/aws"' EXIT
  retrain
  say "all five images are proven"
}

ensure_docker() {
  docker info >/dev/null 2>&1 && return
  ensure_packages docker.io
  docker info >/dev/null 2>&1 && return
  [ "$(id -u)" -eq 0 ] || die "the Docker daemon does not answer; start it, or run this as root"
  say "starting a Docker daemon that needs neither bridge nor overlay"
  mkdir -p target/docker
  setsid dockerd --storage-driver=vfs --iptables=false --bridge=none --data-root "$PWD/target/docker/data" \
    --exec-root "$PWD/target/docker/exec" --pidfile "$PWD/target/docker/pid" >target/docker/log 2>&1 </dev/null &
  local waited
  for waited in $(seq 60); do
    docker info >/dev/null 2>&1 && return
    sleep 0.5
  done
  die "the Docker daemon did not start within $((waited / 2)) seconds; see target/docker/log"
}

# What a security review asks of an image: nobody's user, no shell, a program that runs where nothing can be written.
examine() {
  local image=tamiz/$1:$TAG size version
  [ "$(docker image inspect --format '{{.Config.User}}' "$image")" = 10001:10001 ] || die "$image runs as another user than 10001"
  [ -n "$(docker image inspect --format '{{index .Config.Labels "org.opencontainers.image.revision"}}' "$image")" ] ||
    die "$image does not say of which commit it is"
  ! docker run --rm --network none --entrypoint /bin/sh "$image" -c true 2>/dev/null || die "$image holds a shell"
  version=$(docker run --rm --network none --read-only --cap-drop ALL --security-opt no-new-privileges "$image" --version) ||
    die "$image does not start on a read-only root file system"
  size=$(($(docker image inspect --format '{{.Size}}' "$image") / 1000000))
  case $1 in
    inference | retrain) ;;
    *) [ "$size" -lt "$MOST" ] || die "$image has $size MB, of which it may have $MOST" ;;
  esac
  say "$image: $version, $size MB, user 10001, no shell"
}

# The demo retrains nothing, so its job definition is submitted by hand, with the labels of the demo's own runs.
retrain() {
  say "a retraining in its container"
  # shellcheck source=/dev/null
  . "$DEMO/aws/env"
  PATH="$PWD/$VENV/bin:$PATH"
  local account job status
  account=$(aws sts get-caller-identity --query Account --output text)
  job=$(aws batch submit-job --job-name proof --job-queue tamiz-gpu --job-definition tamiz-retrain --query jobId --output text \
    --container-overrides "environment=[{name=TAMIZ_TRAINING_DATA,value=s3://tamiz-staging-$account/runs},{name=TAMIZ_MODELS,value=s3://tamiz-models-$account},{name=TAMIZ_NAME,value=proof}]")
  until status=$(aws batch describe-jobs --jobs "$job" --query 'jobs[0].status' --output text) && [[ $status =~ ^(SUCCEEDED|FAILED)$ ]]; do
    sleep 1
  done
  [ "$status" = SUCCEEDED ] || die "the retraining failed; see $DEMO/aws/jobs and $(aws batch describe-jobs --jobs "$job" --query 'jobs[0].statusReason' --output text)"
  aws s3 cp "s3://tamiz-models-$account/proof/latest.json" - && echo
}

main "$@"
