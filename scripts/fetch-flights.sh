#!/usr/bin/env bash
# Fetches three million flights, the data of the example and of some tests, into .cache/flights-3m.parquet.
# They are part of an npm package, so a package registry is all that is needed. Does nothing if the file is
# there and is the right one; leaves nothing half-done behind.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/say.sh

package=vega-datasets@3.2.1
member=package/data/flights-3m.parquet
expected=dbeb920c90f59b6ccaff823dcc3d08f25a97fa1ce128d93f40be4e931f5900b0
target=.cache/flights-3m.parquet

# is_right FILE: whether the file has the digest that is expected.
is_right() { [ -f "$1" ] && printf '%s  %s\n' "$expected" "$1" | sha256sum --check --status; }

if is_right "$target"; then
    exit 0
fi
have npm || fail "'npm' is missing, it fetches the flight data. By hand, as root: apt-get install npm"

mkdir -p .cache
# Beside the target: moving the finished file there is then one step.
work=$(mktemp -d .cache/fetch.XXXXXX)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

say "fetching $package"
(cd "$work" && npm pack "$package" --ignore-scripts --loglevel=error >/dev/null) \
    || fail "npm could not fetch $package (see above). Again later, or by hand: npm pack $package, then put $member of it at $target"
tar -xzf "$work"/*.tgz -C "$work" "$member" || fail "$package has no $member"
is_right "$work/$member" \
    || fail "$member of $package has the SHA-256 $(sha256sum "$work/$member" | cut -d ' ' -f 1), expected $expected"
mv "$work/$member" "$target"
say "$target: $(stat -c %s "$target") bytes"
