#!/usr/bin/env bash
# The way of the five images through the registry: built once, signed, verified, copied from one deployment's repositories to another's.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib/common.sh

readonly ISSUER=https://token.actions.githubusercontent.com
readonly WHAT_THEN="so it is not to be deployed
If the run that pushed it broke off before it signed, delete the image and run again; otherwise find out who pushed it."

usage() {
  cat <<'HELP'
Usage: scripts/images/release.sh COMMAND --repository PREFIX --tag TAG [options]

  publish   build and push the images that the repositories lack (scripts/build-images.sh); fail if --identity did not sign those they hold
  sign      write each image's SBOM (SPDX), sign the image and attest the SBOM, by digest, with cosign and the identity of this workflow
  verify    fail unless each image has a signature and an SBOM of --identity
  copy      verify, then copy each image from --from, byte for byte
  scan      look for known vulnerabilities with a remedy in images of this machine (grype); fail if one is high or critical

  --repository PREFIX     what the images' names begin with, such as 123456789012.dkr.ecr.eu-west-1.amazonaws.com/tamiz
  --tag TAG               tag of the images
  --from PREFIX           copy: where the images are
  --identity REGEXP       publish, verify, copy: who must have signed, such as ^https://github.com/OWNER/REPO/.github/workflows/cd.yml@
  --accelerator gpu|cpu   publish: libtorch of inference and retrain (gpu)
  --out DIR               sign, scan: where SBOMs and reports (SARIF) are written (target/images)
  -h, --help              this text

A registry of Amazon ECR is signed in to with the credentials of the AWS CLI.
HELP
}

main() {
  parse "$@"
  mkdir -p "$out"
  [ "$command" = scan ] || sign_in "$repository"
  "$command"
}

parse() {
  command='' repository='' tag='' from='' identity='' accelerator=gpu out=target/images
  while [ $# -gt 0 ]; do
    case $1 in
      -h | --help) usage && exit 0 ;;
      publish | sign | verify | copy | scan) command=$1 && shift && continue ;;
      --repository | --tag | --from | --identity | --accelerator | --out) [ $# -ge 2 ] || refuse "$1 needs a value" ;;&
      --repository) repository=$2 ;;
      --tag) tag=$2 ;;
      --from) from=$2 ;;
      --identity) identity=$2 ;;
      --accelerator) accelerator=$2 ;;
      --out) out=$2 ;;
      *) refuse "unknown argument $1" ;;
    esac
    shift 2
  done
  [ -n "$command" ] || refuse "no command"
  [ -n "$repository" ] || refuse "$command needs --repository; in a workflow, set the variable IMAGE_REPOSITORY of the environment"
  [ -n "$tag" ] || refuse "$command needs --tag"
  # Without an identity, the signature of anybody would do.
  [[ ! $command =~ ^(publish|verify|copy)$ || -n $identity ]] || refuse "$command needs --identity"
  [[ $command != copy || -n $from ]] || refuse "copy needs --from"
}

refuse() {
  printf 'error: %s (see scripts/images/release.sh --help)\n' "$*" >&2
  exit 2
}

sign_in() {
  local host=${1%%/*}
  [[ $host == *.dkr.ecr.*.amazonaws.com* ]] || return 0
  say "signing in to $host"
  aws ecr get-login-password | docker login --username AWS --password-stdin "$host" >/dev/null ||
    die "cannot sign in to $host; do these credentials allow ecr:GetAuthorizationToken there?"
}

# Repositories are immutable: what a run before this one has pushed under the tag stays, and is not built again. What anybody else has
# pushed under it must not get our signature.
publish() {
  local stage found missing=()
  for stage in "${STAGES[@]}"; do
    found=$(digest "$repository" "$stage")
    if [ -n "$found" ]; then verify_image "$repository/$stage@$found"; else missing+=("$stage"); fi
  done
  [ ${#missing[@]} -eq 0 ] ||
    scripts/build-images.sh --tag "$tag" --accelerator "$accelerator" --repository "$repository" --push "${missing[@]}"
}

sign() {
  local stage image
  for stage in "${STAGES[@]}"; do
    image=$(by_digest "$repository" "$stage")
    say "signing $image"
    syft scan --quiet "registry:$image" --output "spdx-json=$out/$stage.spdx.json" || die "no SBOM was made of $image"
    cosign sign --yes "$image" || die "$image was not signed; does the job have the permission id-token: write?"
    cosign attest --yes --type spdxjson --predicate "$out/$stage.spdx.json" "$image" || die "the SBOM of $image was not attested"
  done
}

verify() {
  local stage
  for stage in "${STAGES[@]}"; do verify_image "$(by_digest "$repository" "$stage")"; done
}

verify_image() {
  local who=(--certificate-oidc-issuer "$ISSUER" --certificate-identity-regexp "$identity")
  cosign verify "${who[@]}" "$1" >/dev/null || die "$1 has no signature of $identity, $WHAT_THEN"
  cosign verify-attestation --type spdxjson "${who[@]}" "$1" >/dev/null || die "$1 has no SBOM of $identity, $WHAT_THEN"
  say "$1 is signed, and so is its SBOM"
}

copy() {
  local stage source found there
  sign_in "$from"
  for stage in "${STAGES[@]}"; do
    source=$(by_digest "$from" "$stage")
    verify_image "$source"
    found=$(digest "$repository" "$stage")
    # An index around the image would have another digest than the one that was signed and tested.
    [ -n "$found" ] ||
      docker buildx imagetools create --prefer-index=false --tag "$repository/$stage:$tag" "$source" || die "$source was not copied"
    there=$(by_digest "$repository" "$stage")
    [ "${there#*@}" = "${source#*@}" ] || die "$there is another image than $source; give the release another tag"
    say "$there is $source"
  done
}

scan() {
  local stage image worst=0
  for stage in "${STAGES[@]}"; do
    image=$repository/$stage:$tag
    say "scanning $image"
    grype "docker:$image" --only-fixed --fail-on high --output table --output "sarif=$out/$stage.sarif" || worst=1
    # GitHub takes several reports of one tool only under categories of their own.
    [ ! -s "$out/$stage.sarif" ] || categorise "$out/$stage.sarif" "image-$stage"
  done
  [ "$worst" = 0 ] || die "an image has a vulnerability that is high or critical and has a remedy, or it could not be scanned
Build it again, or update what is named above."
}

categorise() {
  jq --arg id "$2/" '.runs[].automationDetails = {id: $id}' "$1" >"$1.part" || die "$1 is no report; did the scan break off?"
  mv "$1.part" "$1"
}

by_digest() {
  local found
  found=$(digest "$1" "$2")
  [ -n "$found" ] || die "$1/$2 holds no image tagged $tag"
  echo "$1/$2@$found"
}

# The digest of an image in a registry; nothing where there is no such image.
digest() {
  local answer
  if answer=$(docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$1/$2:$tag" 2>&1); then
    echo "$answer"
  elif [[ $answer != *'not found'* ]]; then
    die "cannot ask for $1/$2:$tag: $answer"
  fi
}

main "$@"
