# Sourced by the other scripts, from the repository's root: messages and the tools they share.
# shellcheck shell=bash

readonly VENV=target/venv
# The programs that are images.
# shellcheck disable=SC2034 # Not every script uses it.
readonly STAGES=(dispatcher etl inference monitor retrain)

# Prints a step of a script, dimmed on a terminal.
say() {
  if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then printf '\033[2m· %s\033[0m\n' "$*"; else printf '· %s\n' "$*"; fi
}

# Prints what somebody may have to act on.
warn() {
  printf 'warning: %s\n' "$*" >&2
}

# Prints what went wrong and what to do, and ends the script.
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Installs Debian packages that are missing, as root or through sudo.
ensure_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "packages ${missing[*]} are missing; install them as root: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  say "installing ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Makes the virtual environment that holds every Python tool of the scripts.
ensure_venv() {
  [ -x "$VENV/bin/pip" ] && return
  python3 -c 'import ensurepip, venv' 2>/dev/null || ensure_packages python3-venv
  python3 -m venv "$VENV"
}

# Installs requirement files into the virtual environment, each once for every state of its content; several
# callers at once wait for the first.
install_requirements() {
  local file stamp
  mkdir -p target
  for file in "$@"; do
    stamp=$VENV/.installed-$(sha256sum "$file" | cut -c1-16)
    [ -e "$stamp" ] && continue
    (
      flock 9
      [ -e "$stamp" ] && exit
      ensure_venv
      say "installing $file into $VENV"
      "$VENV/bin/pip" install --quiet --disable-pip-version-check --requirement "$file"
      touch "$stamp"
    ) 9>target/install.lock
  done
}
