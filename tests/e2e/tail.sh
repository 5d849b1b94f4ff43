#!/usr/bin/env bash
# tail.sh - watching live: events from now on, readable, over a broker that is killed and comes back, until
# Ctrl-C.
. "$(dirname "$0")/lib.sh"
set_up
start_daemon

# until_true COMMAND…: other processes get there by themselves; look again soon.
until_true() {
    local tries
    for tries in $(seq 1 200); do
        if "$@"; then return 0; fi
        read -rt 0.1 <> <(:) || true
    done
    return 1
}
watch() { # NAME ARGS…: a tail of dinsos in the background
    local name=$1
    shift
    "$cli" -c "$work/dinsos/sinergi.conf" --lang en tail "$@" >"$work/$name.out" 2>"$work/$name.err" &
    tail_pid=$!
    pids+=("$tail_pid")
}
watched() { # the broker has the subscription, held by a live session
    agency_as dinsos --json status | jq -e '.subscriptions[]? | select(.name == "tail-kantor" and .holderDevice != null and .holderDevice != "")' >/dev/null
}
has_lines() { [ "$(wc -l <"$1")" -ge "$2" ]; }
ends() { # NAME WANT: the tail ends by itself with this status
    local got=0
    wait "$tail_pid" || got=$?
    check "$1" test "$got" -eq "$2"
}

agency_as satpolpp import tests/city/data/referrals-2024-01.jsonl >/dev/null
watch first
check "the broker knows it" until_true watched
agency_as disnaker import tests/city/data/slots-disnaker.jsonl >/dev/null
check "three events come" until_true has_lines "$work/first.out" 3
check "nothing from before" test "$(grep -c referral.submitted "$work/first.out")" -eq 0
check "a line says when, what and whose" grep -qE '^#[0-9]+  2024-01-29 [0-9:]+ WIB  slot.offered  disnaker  slotId=018ce6f0' "$work/first.out"
check "its fields are readable" grep -q 'venueName=Balai latihan Tenayan  ' "$work/first.out"
check "nothing is coloured" test "$(grep -c $'\033' "$work/first.out")" -eq 0
check "nothing was said" test ! -s "$work/first.err"

kill_daemon
check "a lost connection is said" until_true grep -q 'connection to the broker lost' "$work/first.err"
start_daemon
agency_as dpppa import tests/city/data/slots-dpppa.jsonl >/dev/null # before tail is back, or behind
check "and that it is back" until_true grep -q 'connection to the broker is back' "$work/first.err"
wanted=$((3 + $(wc -l <tests/city/data/slots-dpppa.jsonl)))
check "what was published meanwhile comes" until_true has_lines "$work/first.out" "$wanted"
check "each once, in order" test "$(sed 's/^#\([0-9]*\) .*/\1/' "$work/first.out")" = "$(sed 's/^#\([0-9]*\) .*/\1/' "$work/first.out" | sort -nu)"
kill -INT "$tail_pid"
ends "Ctrl-C ends it cleanly" 0
check "without a word more" test "$(wc -l <"$work/first.err")" -eq 2

watch second
check "again" until_true watched
kill -TERM "$tail_pid"
ends "SIGTERM too" 0

watch third
check "and again" until_true watched
exits "a second one of the device" 0 agency_as dinsos -n 1 -w 20 tail --from beginning
ends "takes the place of the first" 9
check "which says so" test -s "$work/third.err"

exits "for a second" 0 agency_as dinsos -w 1 tail
kill_daemon
exits "without a broker" 3 agency_as dinsos --lang en -w 1 tail
says "the time is over, and why" 'not reachable'
done_testing
