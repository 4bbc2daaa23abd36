#!/usr/bin/env bash
# Measures the engine and the Nexmark queries, optimised. Each prints its figures.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/say.sh

step "set-up" scripts/setup.sh
step "building" cargo build --release -p hurtig-cli
step "engine" cargo run --release -p hurtig-cli -- bench engine
step "nexmark" cargo run --release -p hurtig-cli -- bench nexmark
