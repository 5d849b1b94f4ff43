#!/usr/bin/env bash
# client_kill.sh - kill -9 of publishing and of receiving clients at random moments: nothing that was in
# the outbox is lost or doubled, and each delivery has its effect once.
. "$(dirname "$0")/lib.sh"
RANDOM=${SEED:-$$}
seed=$RANDOM
RANDOM=$seed
set_up
start_daemon
rounds=${ROUNDS:-6}

for i in $(seq 1 400); do
    printf '{"occurredAt":"2024-01-08T01:00:00Z","actorRef":"sp-1","referralSubmitted":{"referralId":"018ce6f0-0000-7000-9000-%012d","kind":"INTAKE","targetAgency":"dinsos","priority":"NORMAL_14D","person":{"alias":"Orang %d","nameQuality":"ALIAS_ONLY","sex":"MALE","birthQuality":"UNKNOWN","nikStatus":"NONE"},"suspectedPpks":["PPKS_11"],"foundRegion":"14.71.08","activity":"SLEEPING_ROUGH","childrenWith":0}}\n' "$i" "$i"
done >"$work/many.jsonl"

pause() { # up to 120 ms
    read -rt "0.$(printf '%03d' $((RANDOM % 120)))" <> <(:) || true
}
for _ in $(seq 1 "$rounds"); do
    start_as satpolpp import "$work/many.jsonl" 2>/dev/null
    importer=$started_pid
    start_as dinsos --json -w 60 subscribe bunuh --from beginning --output "$work/effects.jsonl" 2>/dev/null
    reader=$started_pid
    pause
    kill -KILL "$reader" 2>/dev/null || true
    pause
    kill -KILL "$importer" 2>/dev/null || true
    wait "$importer" "$reader" 2>/dev/null || true
done
exits "the import ends when it is left alone" 0 agency_as satpolpp -w 60 import "$work/many.jsonl"
exits "the outbox drains" 0 agency_as satpolpp -w 60 outbox wait
# The very first line, written and killed before its mark: as if it had been so.
exits "nothing of a type to read" 0 agency_as dinsos --json -w 10 subscribe pertama --from beginning --types equipment.checked --until-caught-up --output "$work/first.jsonl"
echo '{"seq": "1"}' >>"$work/first.jsonl"
exits "and again" 0 agency_as dinsos --json -w 10 subscribe pertama --types equipment.checked --until-caught-up --output "$work/first.jsonl"
check "a first line without its mark is cut off" test ! -s "$work/first.jsonl"
exits "the reader catches up" 0 agency_as dinsos --json -w 60 subscribe bunuh --from beginning --until-caught-up --output "$work/effects.jsonl"
kill -TERM "$daemon_pid"
wait "$daemon_pid" || true
daemon_pid=
"$daemon" -c "$work/sinergid.conf" --demo --journal >"$work/journal.jsonl"
check "each referral is in the journal once (seed $seed)" test \
    "$(jq -r 'select(.type=="referral.submitted")|.seq' "$work/journal.jsonl" | wc -l)" -eq 400
jq -r 'select(.readers|index("dinsos") or index("*"))|.seq' "$work/journal.jsonl" >"$work/want"
jq -r .seq "$work/effects.jsonl" >"$work/had"
check "each delivery had its effect once, in order" cmp -s "$work/want" "$work/had"
done_testing
