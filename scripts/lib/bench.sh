# Sourced by the benchmarks, after common.sh: the binaries, the reviews they measure on, and what stands above their tables.
# shellcheck shell=bash

# Where cargo puts the binaries.
# shellcheck disable=SC2034  # for those that source this
readonly BIN=target/release

# Ends unless TAMIZ_DATA names a folder with these files.
need_data() {
  local file
  [ -n "${TAMIZ_DATA:-}" ] || die "TAMIZ_DATA is not set: name the folder that holds $*"
  for file in "$@"; do
    [ -f "$TAMIZ_DATA/$file" ] || die "$TAMIZ_DATA/$file does not exist"
  done
}

# Builds binaries, and puts the training reviews as train.csv into an otherwise empty folder: prepare_reviews FOLDER BINARY…
prepare_reviews() {
  local folder=$1 binary flags=()
  shift
  for binary in "$@"; do flags+=(--bin "$binary"); done
  scripts/libtorch.sh
  ensure_packages zstd
  say "building the binaries"
  cargo build --release --locked --quiet --workspace "${flags[@]}"
  rm -rf "$folder"
  mkdir -p "$folder"
  zstd -dqf "$TAMIZ_DATA/polarity/train.csv.zst" -o "$folder/train.csv"
}

# Prints the date and the machine.
print_machine() {
  printf '\n%s, %s cores, %s\n\n' "$(date -u +%F)" "$(nproc)" "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)"
}
