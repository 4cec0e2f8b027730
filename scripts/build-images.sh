#!/usr/bin/env bash
# Builds the five images with Docker, tells the size of each, and pushes them where they are wanted.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/common.sh

usage() {
  cat <<'HELP'
Usage: scripts/build-images.sh [options] [IMAGE…] [-- ARGUMENT…]

IMAGE is dispatcher, etl, inference, monitor or retrain; without one, all five are built.

  --tag TAG               tag of the images (the current commit)
  --accelerator gpu|cpu   libtorch of inference and retrain: with CUDA (5 GB) or without (gpu)
  --repository PREFIX     what the images' names begin with, such as a registry and a project (tamiz)
  --push                  push each image and print its digest
  -- ARGUMENT…            more arguments of `docker build`, such as --build-arg BUILD_IMAGE=… or --network host
  -h, --help              this text

The programs are built once for all five. Where no image registry can be reached, scripts/images/base.sh makes the image that the builds
start from.
HELP
}

main() {
  parse "$@"
  command -v docker >/dev/null || die "docker is missing; install Docker (Debian: apt-get install docker.io)"
  docker info >/dev/null 2>&1 || die "the Docker daemon does not answer; start it, or join the group docker"
  local stage
  for stage in "${stages[@]}"; do build "$stage"; done
  for stage in "${stages[@]}"; do tell "$stage"; done
  [ "$push" = yes ] || return 0
  for stage in "${stages[@]}"; do push "$stage"; done
}

parse() {
  tag='' accelerator=gpu repository=tamiz push=no stages=() arguments=()
  while [ $# -gt 0 ]; do
    case $1 in
      -h | --help) usage && exit 0 ;;
      --push) push=yes && shift && continue ;;
      --) shift && arguments=("$@") && break ;;
      --tag | --accelerator | --repository) [ $# -ge 2 ] || refuse "$1 needs a value" ;;&
      --tag) tag=$2 && shift 2 ;;
      --accelerator) accelerator=$2 && shift 2 ;;
      --repository) repository=$2 && shift 2 ;;
      -*) refuse "unknown option $1" ;;
      *)
        [[ " ${STAGES[*]} " == *" $1 "* ]] || refuse "unknown image $1"
        stages+=("$1") && shift
        ;;
    esac
  done
  [ ${#stages[@]} -gt 0 ] || stages=("${STAGES[@]}")
  [[ $accelerator =~ ^(gpu|cpu)$ ]] || refuse "--accelerator $accelerator: gpu or cpu was expected"
  revision=$(git rev-parse HEAD 2>/dev/null) || revision=unknown
  [ -n "$tag" ] || tag=${revision:0:12}
  version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
}

refuse() {
  printf 'error: %s (see scripts/build-images.sh --help)\n' "$*" >&2
  exit 2
}

image() {
  echo "$repository/$1:$tag"
}

build() {
  say "building $(image "$1")"
  local with=()
  [[ $1 != inference && $1 != retrain ]] || with=(--build-arg "ACCELERATOR=$([ "$accelerator" = gpu ] && echo cuda || echo cpu)")
  docker build --file "docker/$1.Dockerfile" --tag "$(image "$1")" --build-arg "VERSION=$version" --build-arg "REVISION=$revision" \
    "${with[@]}" "${arguments[@]}" . >"$(log "$1")" 2>&1 ||
    die "$(image "$1") was not built; the end of $(log "$1"):
$(tail -n 20 "$(log "$1")")"
}

log() {
  mkdir -p target/images
  echo "target/images/$1.log"
}

tell() {
  printf '  %-28s %6d MB\n' "$(image "$1")" "$(($(docker image inspect --format '{{.Size}}' "$(image "$1")") / 1000000))"
}

push() {
  say "pushing $(image "$1")"
  docker push --quiet "$(image "$1")" >/dev/null || die "$(image "$1") was not pushed; is this Docker signed in to the registry?"
  docker image inspect --format '  {{index .RepoDigests 0}}' "$(image "$1")"
}

main "$@"
