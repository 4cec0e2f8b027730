#!/usr/bin/env bash
# Installs what it needs and passes every test: formats, lints, unit tests, and the whole pipe on the local AWS.
# Ends with the test runner's own summary.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/common.sh

readonly NEXTEST_VERSION=0.9.143

main() {
  install_tools
  say "formats"
  cargo fmt --all --check
  "$VENV/bin/ruff" format --quiet --check crates scripts infra tests
  say "lints"
  cargo clippy --release --locked --workspace --all-targets -- --deny warnings
  "$VENV/bin/ruff" check --quiet crates scripts infra tests
  "$VENV/bin/shellcheck" --external-sources scripts/*.sh scripts/*/*.sh .ci/run
  say "building the binaries"
  cargo build --release --locked --workspace --bins
  say "tests of the local AWS and of infra/"
  "$VENV/bin/python" -m pytest --quiet scripts/local-aws/tests
  local without=()
  if ! command -v actionlint >/dev/null && [ -z "${GITHUB_ACTIONS:-}" ]; then
    without=(--deselect infra/checks/test_workflows.py::test_actionlint_is_content)
    say "actionlint is missing: its test is left out (where GitHub can be reached: pip install --requirement .github/requirements.txt)"
  fi
  "$VENV/bin/python" -m pytest --quiet infra/checks "${without[@]}"
  say "tests of the pages in a browser"
  "$VENV/bin/python" -m pytest --quiet crates/monitor/tests/pages
  say "tests of the crates"
  local filter=()
  if [ -z "${TAMIZ_DATA:-}" ]; then
    filter=(--filter-expr 'not test(/needs_tamiz_data/)')
    say "TAMIZ_DATA is not set: tests named needs_tamiz_data are left out (docs/ARCHITECTURE.md says what it holds)"
  fi
  cargo nextest run --release --locked --workspace "${filter[@]}"
}

install_tools() {
  scripts/libtorch.sh
  ensure_venv
  install_requirements scripts/local-aws/requirements.txt infra/checks/requirements.txt crates/retrain/tests/mlflow/requirements.txt \
    crates/monitor/tests/pages/requirements.txt
  ensure_packages chromium chromium-driver
  if ! cargo nextest --version >/dev/null 2>&1; then
    say "installing cargo-nextest $NEXTEST_VERSION"
    cargo install --quiet --locked cargo-nextest --version "$NEXTEST_VERSION"
  fi
}

main "$@"
