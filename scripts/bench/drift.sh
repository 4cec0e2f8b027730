#!/usr/bin/env bash
# Measures drift against Evidently, and accuracy without labels against NannyML, on the same reviews: the same statistics, planted shifts
# found, false alarms where nothing moved.
#
#   scripts/bench/drift.sh
#
# The reviews lie in the folder that TAMIZ_DATA names (polarity/, es/); they are not part of this repository. Each upload is a whole run of
# `tamiz run`. About three minutes on two cores, most of it the peers'.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib/common.sh
. scripts/lib/bench.sh

readonly OUT=target/bench/drift
readonly PEERS=target/bench/venv-drift

main() {
  need_data polarity/train.csv.zst polarity/train.sources.txt.zst es/cuba_hotels_es_dev.csv.zst
  scripts/libtorch.sh
  ensure_packages zstd python3-venv
  [ -x "$PEERS/bin/pip" ] || python3 -m venv "$PEERS"
  "$PEERS/bin/pip" install --quiet --disable-pip-version-check --requirement scripts/bench/requirements-drift.txt
  say "building the binaries"
  cargo build --release --locked --quiet --workspace --bins --examples
  rm -rf "$OUT"
  mkdir -p "$OUT"
  python3 scripts/bench/drift_inputs.py "$TAMIZ_DATA" "$OUT"
  say "training the model"
  "$BIN/tamiz" train "$OUT/train.csv" --models "$OUT/models" --name polarity >/dev/null 2>&1
  local upload
  for upload in "$OUT"/rest.csv "$OUT"/*-*.csv; do
    say "labelling $(basename "$upload")"
    "$BIN/tamiz" run "$upload" --model "$OUT/models/polarity" --out "$OUT/runs/$(basename "$upload" .csv)" >/dev/null 2>&1
  done
  print_machine
  NML_DISABLE_USAGE_LOGGING=1 "$PEERS/bin/python" scripts/bench/drift_peer.py "$OUT" "$BIN/examples/drift_trials"
}

main "$@"
