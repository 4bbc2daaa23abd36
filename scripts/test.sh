#!/usr/bin/env bash
# Everything that must hold before a change counts: form, lints, tests. Says how long each step took.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/say.sh

step "set-up" scripts/setup.sh test
step "flight data" scripts/fetch-flights.sh
export HURTIG_FLIGHTS="$PWD/.cache/flights-3m.parquet"

step "format" cargo fmt --all --check
step "lints" cargo clippy --workspace --all-targets -- -D warnings
step "building tests" cargo test --workspace --no-run
# All of them, though one fails: whoever waited this long wants to see the rest too.
step "tests" cargo test --workspace --no-fail-fast
say "all passed in $SECONDS s"
