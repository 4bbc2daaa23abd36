#!/usr/bin/env bash
# Looks for what building and testing need, and installs what a package manager can bring: `setup.sh [test]`.
# `test` asks for rustfmt and clippy too. What cannot be installed from here is named, with the way to do it.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/say.sh

# apt_install PACKAGE...: installs Debian packages if we may.
apt_install() {
    have apt-get || return 1
    [ "$(id -u)" = 0 ] || return 1
    say "installing $*"
    export DEBIAN_FRONTEND=noninteractive
    apt-get install --yes --no-install-recommends "$@" >&2 \
        || { apt-get update >&2 && apt-get install --yes --no-install-recommends "$@" >&2; }
}

# need PROGRAM WHAT-FOR PACKAGE...: the program is there, or its packages are installed.
need() {
    local program=$1 purpose=$2
    shift 2
    have "$program" && return
    apt_install "$@" || true
    have "$program" || fail "'$program' is missing, $purpose. By hand, as root: apt-get install $*"
}

# component NAME: a part of the Rust toolchain is there, or rustup adds it.
component() {
    cargo "$1" --version >/dev/null 2>&1 && return
    local part=$1
    [ "$part" = fmt ] && part=rustfmt
    have rustup && rustup component add "$part" >&2 || true
    cargo "$1" --version >/dev/null 2>&1 || fail "'cargo $1' is missing. By hand: rustup component add $part"
}

# The oldest compiler is named once, in Cargo.toml.
check_rust() {
    local oldest found
    have cargo rustc \
        || fail "Rust is missing. By hand: install rustup, then: rustup toolchain install stable"
    oldest=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
    [ -n "$oldest" ] || fail "Cargo.toml names no rust-version"
    found=$(rustc --version | cut -d ' ' -f 2)
    if [ "$(printf '%s\n%s\n' "$oldest" "${found%%-*}" | sort -V | head -n 1)" != "$oldest" ]; then
        fail "Rust $found is too old, $oldest or newer is needed. By hand: rustup update stable"
    fi
}

check_rust
need cc "some dependencies bring C code" gcc libc6-dev
need npm "the flight data comes as a package" npm
if [ "${1:-}" = test ]; then
    need git "a test looks at the files that git tracks" git
    component fmt
    component clippy
fi
