#!/usr/bin/env bash
# From a fresh checkout to a result: three million flights, aggregated by event time.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/say.sh

step "set-up" scripts/setup.sh
step "flight data" scripts/fetch-flights.sh
step "building" cargo build --release -p hurtig --example flights
step "the job" cargo run --release -p hurtig --example flights -- \
    --input .cache/flights-3m.parquet --output out/flights
