#!/usr/bin/env bash
# refuse.sh - a delivery that is refused five times goes to the dead letters; whatever was on its way meanwhile
# is handed over all the same, once and in order.
. "$(dirname "$0")/lib.sh"
set_up
start_daemon
build=$(dirname "$daemon")
gcc -std=c99 -Wall -Wextra -Werror tests/interop/refuse.c -Iclients/lib "$build/libsinergi.so.0" -o "$base/refuse"
export LD_LIBRARY_PATH=$build

# More than one frame of deliveries (256): what comes behind the refused one is on its way when it is refused.
for i in $(seq 1 900); do
    printf '{"occurredAt":"2024-01-28T02:00:00Z","actorRef":"pol-%d","contactRecorded":{"foundRegion":"14.71.09","activity":"BEGGING","outcome":"RAN_AWAY"}}\n' "$i"
done >"$base/contacts.jsonl"
exits "900 contacts are published" 0 agency_as satpolpp import "$base/contacts.jsonl"
agency_as dinsos --json -w 60 subscribe all --from beginning --until-caught-up | jq -r .seq >"$base/all"
check "900 records to read" test "$(wc -l <"$base/all")" -eq 900

for place in 1 2 255 256 257 300 512 899 900; do
    seq=$(sed -n "${place}p" "$base/all")
    status=0
    "$base/refuse" "$work/dinsos/sinergi.conf" "refuse-$place" "$seq" >"$base/got" 2>"$base/times" || status=$?
    check "record $place refused: the receiver goes on to the end" test "$status" -eq 0
    check "record $place refused: all others come, once, in order" cmp -s "$base/got" <(grep -vx "$seq" "$base/all")
    check "record $place refused: handed over five times" test "$(cat "$base/times")" -eq 5
    check "record $place refused: a dead letter" test \
        "$(agency_as dinsos --json dead list "refuse-$place" | jq -c "[.. | objects | select(.seq? == \"$seq\")] | length")" -eq 1
done
done_testing
