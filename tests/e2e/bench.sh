#!/usr/bin/env bash
# bench.sh - `sinergi bench` measures beside the real data: figures with units, within its time, and neither
# the broker's journal nor the device's outbox, inbox or folder is changed.
. "$(dirname "$0")/lib.sh"
set_up
start_daemon
agency_as satpolpp import tests/city/data/referrals-2024-01.jsonl >/dev/null
state() {
    agency_as satpolpp --json status | jq -c '[.broker.lastSeq, .broker.height, .outbox.lastNumber, .outbox.unanswered]'
    ls "$work/satpolpp/data"
}
before=$(state)
exits "figures for people" 0 agency_as satpolpp -w 1 --lang en bench
says "the disk" '^write 1 KiB .* [0-9]+\.[0-9]{3} ms'
says "the processor" '^sign a frame of 48 events .* ms$'
says "the broker" '^ask the broker .* ms$'
exits "in Indonesian" 0 agency_as satpolpp -w 1 bench
says "with its words" '^UKURAN .*PER DETIK'
exits "for programs" 0 agency_as satpolpp -w 1 --json bench
check "four measures" test "$(jq -r '[.measures[].name] | join(" ")' <<<"$out")" = "commit encode sign query"
exits "each counted, and in order" 0 jq -e '.measures | all(.count > 0 and .perSecond > 0 and 0 < .p50Ms and .p50Ms <= .p90Ms and .p90Ms <= .p99Ms and .p99Ms <= .p100Ms)' <<<"$out"
check "nothing has changed" test "$before" = "$(state)"
within "a bounded time" 20000 agency_as satpolpp -w 1 bench

exits "no words" 2 agency_as satpolpp bench all
kill_daemon
exits "without a broker" 3 agency_as satpolpp -w 1 --lang en bench
says "the other figures stand" '^sign a frame'
says "and it says why" 'not reachable'
check "no folder is left" test -z "$(find "$work/satpolpp/data" -name 'bench-*')"
start_as satpolpp -w 60 bench
for _ in $(seq 1 200); do # until it has begun
    [ -z "$(find "$work/satpolpp/data" -name 'bench-*')" ] || break
    read -rt 0.1 <> <(:) || true
done
kill -INT "$started_pid"
wait "$started_pid" || true
check "none is left by Ctrl-C either" test -z "$(find "$work/satpolpp/data" -name 'bench-*')"
done_testing
