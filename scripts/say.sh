# Shared by the other scripts: messages, and the seconds that a step took. Sourced, never run.

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "error: $*"
    exit 1
}

# have PROGRAM...: whether all of them can be run.
have() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null 2>&1 || return 1
    done
}

# step NAME COMMAND...: runs the command and says how long it took.
step() {
    local name=$1 start=$SECONDS
    shift
    say "==> $name"
    "$@" || fail "$name failed after $((SECONDS - start)) s"
    say "    $name: $((SECONDS - start)) s"
}
