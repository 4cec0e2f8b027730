# The images of a deployment. Sourced by scripts/deploy.sh.
# shellcheck shell=bash
# What is not set here is set by the script that sources this.
# shellcheck disable=SC2154,SC2034

# What names the image of each stage behind its repository: its digest, which is what was tested and signed and cannot become another
# image; or the tag of this deployment, while the repository holds none under it.
declare -A image_names

# Asks the repositories for the images of this deployment. A local AWS pulls no images, so it goes by tag.
find_images() {
  local stage answer
  for stage in "${STAGES[@]}"; do
    image_names[$stage]=:$image_tag
    [ -z "${AWS_ENDPOINT_URL:-}" ] || continue
    if answer=$(aws ecr describe-images --repository-name "$project/$stage" --image-ids "imageTag=$image_tag" --output text \
      --query 'imageDetails[0].imageDigest' 2>&1) && [[ $answer == sha256:* ]]; then
      image_names[$stage]=@$answer
    elif [[ ! $answer =~ (ImageNotFound|RepositoryNotFound)Exception ]]; then
      die "ECR does not tell whether $project/$stage holds an image tagged $image_tag: ${answer##*$'\n'}"
    fi
  done
}

# The stages whose images the repositories lack.
missing_images() {
  local stage
  [ -z "${AWS_ENDPOINT_URL:-}" ] || return 0
  for stage in "${STAGES[@]}"; do [[ ${image_names[$stage]} == @* ]] || echo "$stage"; done
}

show_missing_images() {
  local missing
  mapfile -t missing < <(missing_images)
  [ ${#missing[@]} -eq 0 ] || say "images to build and push as $image_tag: ${missing[*]}"
}

# Lambda refuses a function whose image does not exist, and the repository is made by the same stack: the first pass leaves it out.
dispatcher_state() {
  if [ -z "${AWS_ENDPOINT_URL:-}" ] && ! aws ecr describe-repositories --repository-names "$project/dispatcher" >/dev/null 2>&1; then
    echo absent
  else
    echo present
  fi
}

# Builds and pushes what is missing, and names it by digest from then on. Repositories are immutable: an image that is there is the one
# of that tag.
push_images() {
  local missing registry=$account.dkr.ecr.$region.amazonaws.com
  mapfile -t missing < <(missing_images)
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$build" = yes ] || die "the repositories lack ${missing[*]} tagged $image_tag; leave --no-build out, or push them with
scripts/build-images.sh --repository $registry/$project --tag $image_tag --push"
  aws ecr get-login-password | docker login --username AWS --password-stdin "$registry" >/dev/null 2>&1 ||
    die "Docker cannot sign in to $registry; is its daemon running?"
  scripts/build-images.sh --repository "$registry/$project" --tag "$image_tag" --accelerator "$(parameter Accelerator)" --push "${missing[@]}"
  settle
  mapfile -t missing < <(missing_images)
  [ ${#missing[@]} -eq 0 ] || die "${missing[*]} tagged $image_tag were pushed to $registry/$project, and ECR does not hold them"
}
