# The images of a deployment. Sourced by scripts/deploy.sh.
# shellcheck shell=bash
# What is not set here is set by the script that sources this.
# shellcheck disable=SC2154,SC2034

# The images that the repositories lack under the tag of this deployment; every one where there are no repositories yet.
missing_images() {
  local stage
  # A local AWS pulls no images.
  [ -z "${AWS_ENDPOINT_URL:-}" ] || return 0
  for stage in "${STAGES[@]}"; do
    aws ecr describe-images --repository-name "$project/$stage" --image-ids "imageTag=$image_tag" >/dev/null 2>&1 || echo "$stage"
  done
}

# Lambda refuses a function whose image does not exist, and the repository is made by the same stack: the first pass leaves it out.
dispatcher_state() {
  if [ -z "${AWS_ENDPOINT_URL:-}" ] && ! aws ecr describe-repositories --repository-names "$project/dispatcher" >/dev/null 2>&1; then
    echo absent
  else
    echo present
  fi
}

# Builds and pushes what is missing. Repositories are immutable: an image that is there is the one of that tag.
push_images() {
  local missing registry=$account.dkr.ecr.$region.amazonaws.com
  mapfile -t missing < <(missing_images)
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$build" = yes ] || die "the repositories lack ${missing[*]} tagged $image_tag; leave --no-build out, or push them with
scripts/build-images.sh --repository $registry/$project --tag $image_tag --push"
  aws ecr get-login-password | docker login --username AWS --password-stdin "$registry" >/dev/null 2>&1 ||
    die "Docker cannot sign in to $registry; is its daemon running?"
  scripts/build-images.sh --repository "$registry/$project" --tag "$image_tag" --accelerator "$(parameter Accelerator)" --push "${missing[@]}"
}
