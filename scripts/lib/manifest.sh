# Sourced by the benchmarks: a manifest over one local file, as `tamiz-etl` reads it.
# shellcheck shell=bash

# Writes a manifest over FILE to MANIFEST; the run is named by the file's content.
write_manifest() {
  local file manifest=$2 digest
  file=$(realpath "$1")
  digest=$(sha256sum "$file" | cut -c1-64)
  cat >"$manifest" <<JSON
{
  "format_version": 1,
  "run_id": "${digest:0:32}",
  "ownership": "manifest",
  "objects": [{"bucket": "file", "key": "$file", "etag": "$digest", "uri": "$file", "size": $(stat -c %s "$file")}],
  "configuration": {}
}
JSON
}
