#!/usr/bin/env bash
# Measures what reporting a run of many rows costs, beside Evidently's drift on as many as it is given, and prints a table.
#
#   scripts/bench/monitor.sh [ROWS…]          1000000 10000000 by default
#
# The predictions are real ones (polarity/ in the folder that TAMIZ_DATA names), again and again. Evidently gets a hundred thousand and a
# million rows. About five minutes on two cores.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib/common.sh
. scripts/lib/bench.sh

readonly OUT=target/bench/monitor
readonly PEERS=target/bench/venv-drift
readonly PEER_ROWS=(100000 1000000)

main() {
  local sizes=("$@") rows
  [ ${#sizes[@]} -gt 0 ] || sizes=(1000000 10000000)
  need_data polarity/train.csv.zst polarity/test.csv.zst
  ensure_packages python3-venv
  [ -x "$PEERS/bin/pip" ] || python3 -m venv "$PEERS"
  "$PEERS/bin/pip" install --quiet --disable-pip-version-check --requirement scripts/bench/requirements-drift.txt
  prepare_reviews "$OUT" tamiz tamiz-monitor
  zstd -dqf "$TAMIZ_DATA/polarity/test.csv.zst" -o "$OUT/test.csv"
  say "training and labelling"
  "$BIN/tamiz" train "$OUT/train.csv" --models "$OUT/models" --name polarity >/dev/null 2>&1
  "$BIN/tamiz" run "$OUT/test.csv" --model "$OUT/models/polarity" --out "$OUT/run" >/dev/null 2>&1
  for rows in "${sizes[@]}"; do
    measure "$rows"
  done
  for rows in "${PEER_ROWS[@]}"; do
    measure_peer "$rows"
  done
  print_machine
  echo "| | rows | CPU-s | wall s | peak of its own memory, MB |"
  echo "|---|---:|---:|---:|---:|"
  cat "$OUT/rows.tsv"
}

# Everything that the job does: conservation, drift, accuracy, slices, estimate, report, mail.
measure() {
  local folder=$OUT/many-$1/runs/many rows
  rows=$(python3 scripts/bench/monitor_inputs.py "$OUT"/run/runs/* "$1" "$folder")
  say "reporting $rows rows"
  row "tamiz-monitor, the whole job" "$rows" "$BIN/tamiz-monitor" --run "$folder" --results "$folder" --models "$OUT/models/polarity" --log error
}

measure_peer() {
  local baseline
  baseline=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["profile"]["rows"])' "$OUT"/models/polarity/*/baseline.json)
  say "Evidently on $1 rows"
  row "Evidently, drift of the same columns" "$1" "$PEERS/bin/python" scripts/bench/monitor_peer.py "$OUT/many-${sizes[0]}/runs/many/predictions" "$baseline" "$1"
}

# Runs a command and writes its row of the table: row NAME ROWS COMMAND…
row() {
  local name=$1 rows=$2
  shift 2
  python3 scripts/bench/own_memory.py "$@" | awk -F'\t' -v name="$name" -v rows="$rows" \
    '{ printf "| %s | %s | %s | %s | %s |\n", name, rows, $1, $2, $3 }' >>"$OUT/rows.tsv"
}

main "$@"
