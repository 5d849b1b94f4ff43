# lib.sh - shared by the end-to-end tests: a temporary city, and lines "ok …" / "not ok …".
# shellcheck shell=bash disable=SC2034
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
daemon=$(realpath "${SINERGID:-build/release/sinergid}")
cli=$(realpath "${SINERGI:-build/release/sinergi}")
base=$(mktemp -d)
work=$base/city
. "$root/tests/city/lib.sh"
clock_start=2024-01-29T08:00:00+07:00 # behind the referrals of January
trap "cleanup" EXIT

failures=0
ok() { printf 'ok %s\n' "$*"; }
not_ok() {
    printf 'not ok %s\n' "$*"
    failures=$((failures + 1))
}
# check NAME COMMAND…: the command must succeed.
check() {
    local name=$1
    shift
    if "$@"; then ok "$name"; else not_ok "$name"; fi
}
# exits NAME WANT COMMAND…: the command must end with this status; its output is kept in $out.
exits() {
    local name=$1 want=$2 got=0
    shift 2
    out=$("$@" 2>&1) || got=$?
    if [ "$got" -eq "$want" ]; then
        ok "$name"
    else
        not_ok "$name: exit status $got, want $want: $out"
    fi
}
# says NAME PATTERN: the output of the last `exits` matches.
says() {
    if grep -qiE -- "$2" <<<"$out"; then ok "$1"; else not_ok "$1: no '$2' in: $out"; fi
}
# within NAME MS COMMAND…: the command ends within the time, whatever its status; output in $out.
within() {
    local name=$1 limit=$2 before after
    shift 2
    before=$(date +%s%N)
    out=$("$@" 2>&1) && got=0 || got=$?
    after=$(((($(date +%s%N) - before)) / 1000000))
    if [ "$after" -le "$limit" ]; then ok "$name ($after ms)"; else not_ok "$name: $after ms, at most $limit"; fi
}
done_testing() {
    [ "$failures" -eq 0 ]
}
