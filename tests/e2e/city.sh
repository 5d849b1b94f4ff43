#!/usr/bin/env bash
# city.sh - `make run` as a new user meets it: it ends well, within its time, and its account adds up.
. "$(dirname "$0")/lib.sh"
build=$(realpath --relative-to="$root" "$(dirname "$daemon")")
exits "January to July of a city" 0 env CITY="$work" timeout 300 tests/city/run.sh "$build"
printf '%s\n' "$out" >"$base/said"
says "everything adds up" '^Everything adds up'

# The table of accounts, read again: nothing without an outcome, refused as often as the story wants it.
sed -n '/published  *accepted/,/^$/p' "$base/said" | sed '1d; /^$/d' >"$base/accounts"
check "four agencies have an account" test "$(wc -l <"$base/accounts")" -eq 4
check "each event has an outcome" awk '$2 != $3 + $4 + $5 || $6 == 0 {bad = 1} END {exit bad}' "$base/accounts"
check "refused is what the story lists, and nothing else" test \
    "$(awk '{n += $4} END {print n}' "$base/accounts")" -eq "$(awk -F '\t' '{n += $4} END {print n}' tests/city/data/refusals.tsv)"

# The numbers that README names.
feed() { cat tests/city/data/referrals-2024-0[1-4].jsonl | jq -c "select(.referralSubmitted | $1)" | wc -l; }
for number in "$(feed true) referrals" "$(feed '.suspectedPpks[0] == "PPKS_11"') homeless" "$(feed '.suspectedPpks[0] == "PPKS_12"') beggars" \
    "$(cat tests/city/data/slots-*.jsonl | jq -s 'map(.slotOffered.capacityOffered) | add') seats" "$(wc -l <tests/city/data/kits-dinsos.jsonl) kits"; do
    check "README: $number" grep -q "$number" <(tr '\n' ' ' <README.md)
done
done_testing
