#!/usr/bin/env bash
# rustc for the fuzz targets, as cargo's RUSTC_WRAPPER: our crates, and those that decode for them, get libFuzzer's coverage, debug
# assertions and overflow checks. Given to all crates, as cargo-fuzz does, these flags make a build of minutes one of hours, and libFuzzer
# look for new paths through the runtime and the allocator. No sanitizer: what is ours is safe Rust, and libtorch knows of none.
set -euo pipefail

readonly COVERAGE=(
  -Cpasses=sancov-module
  -Cllvm-args=-sanitizer-coverage-level=4
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
  -Cllvm-args=-sanitizer-coverage-pc-table
  -Cllvm-args=-sanitizer-coverage-trace-compares
  -Cdebug-assertions=on
  -Coverflow-checks=on
)

readonly OURS='tamiz_[a-z]+'
readonly DECODERS='arrow_json|parquet|safetensors|serde_json|tokenizers|toml|toml_parser'

flags=()
if [[ " $* " =~ \ --crate-name\ ($OURS|$DECODERS)\  || " $* " == *' targets/'*'.rs '* ]]; then
  flags=("${COVERAGE[@]}")
fi
exec "$@" "${flags[@]}"
