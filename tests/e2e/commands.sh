#!/usr/bin/env bash
# commands.sh - show, case, kits, overdue, tail, dead letters and CloudEvents of the command, by hand and
# with bad input.
. "$(dirname "$0")/lib.sh"
clock_start=2024-01-08T08:00:00+07:00
set_up
start_daemon

publish() { # AGENCY JSON: the outcome as JSON in $out
    out=$(printf '%s' "$2" | agency_as "$1" --json -w 20 publish - 2>/dev/null) || true
}
r=018ce6f0-0000-7000-8000-000000000001
publish satpolpp "{\"occurredAt\":\"2024-01-08T01:00:00Z\",\"actorRef\":\"sp-1\",\"legalBasis\":\"PUBLIC_TASK\",\"referralSubmitted\":{\"referralId\":\"$r\",\"kind\":\"INTAKE\",\"targetAgency\":\"dinsos\",\"priority\":\"EMERGENCY_24H\",\"person\":{\"fullName\":\"Budi Santoso\",\"nameQuality\":\"FULL\",\"sex\":\"MALE\",\"birthDate\":\"1990-04-10\",\"birthQuality\":\"EXACT\",\"nikStatus\":\"NONE\"},\"suspectedPpks\":[\"PPKS_12\"],\"foundRegion\":\"14.71.08\",\"activity\":\"BEGGING\",\"childrenWith\":0}}"
seq=$(jq -r .seq <<<"$out")
outbox=$(jq -r .outbox <<<"$out")
number=$(jq -r .number <<<"$out")

# show: by seq and by place, cut for who asks; nobody learns of what it may not read.
exits "show by seq" 0 agency_as dinsos --json show "$seq"
says "the event with its person" 'Budi Santoso'
exits "show by place" 0 agency_as dinsos show "$outbox-$number"
says "the same" 'Budi Santoso'
exits "the publisher sees its own" 0 agency_as satpolpp show "$seq"
exits "another agency does not" 1 agency_as disnaker show "$seq"
says "as if there were none" 'E_UNKNOWN_OBJECT'
exits "a seq that is not there" 1 agency_as dinsos show 999999
exits "no seq at all" 2 agency_as dinsos show abc
says "the usage is named" 'OUTBOX-N'

# case
exits "own cases" 0 agency_as dinsos --lang en case
says "one, new" 'new.*Budi Santoso'
case_id=$(agency_as dinsos --json case | jq -r '.cases[0].caseId')
exits "one case" 0 agency_as dinsos --lang id case "$case_id"
says "its referral" "$r"
says "its deadline" 'T01'
exits "not of another agency" 1 agency_as dpppa case "$case_id"
exits "not an id" 2 agency_as dinsos case 12
exits "nothing of others" 0 agency_as dpppa --json case --all
check "an empty list" test "$(jq '.cases // [] | length' <<<"$out")" -eq 0

# person: of the identity steward alone
person=$(agency_as dinsos --json case | jq -r '.cases[0].personRef')
exits "who somebody is" 0 agency_as dinsos --lang en person "$person"
says "by name" 'Budi Santoso'
says "its case" "$case_id"
exits "nobody who may be the same" 0 agency_as dinsos --json person suspects
check "an empty list of suspicions" test "$(jq '.suspicions // [] | length' <<<"$out")" -eq 0
exits "not for others" 1 agency_as dpppa person "$person"
says "the capability" 'E_FORBIDDEN'
exits "not a reference" 2 agency_as dinsos person 12

# overdue: 4 hours for an emergency
exits "nothing yet" 0 agency_as dinsos --json overdue
check "no deadline missed" test "$(jq '.deadlines // [] | length' <<<"$out")" -eq 0
exits "but one runs" 0 agency_as dinsos overdue --all
says "T01" 'T01'
agency_as diskominfo admin clock advance --to 2024-01-08T12:00:01+07:00 >/dev/null
exits "now it is missed" 0 agency_as dinsos --lang id overdue
says "in words" 'T01.*konfirmasi rujukan.*dinsos'

# kits
publish dinsos "{\"occurredAt\":\"2024-01-08T05:00:00Z\",\"actorRef\":\"dns-1\",\"equipmentRegistered\":{\"itemId\":\"018ce6f0-0000-7000-8000-0000000000e1\",\"kitCode\":\"KIT-MOTOR-A\",\"courseCode\":\"MOTORCYCLE_SERVICE\",\"description\":\"Set kunci\",\"valueIdr\":\"2350000\",\"funding\":\"APBD\",\"acquiredOn\":\"2024-01-02\",\"condition\":\"NEW\"}}"
exits "kits of the owner" 0 agency_as dinsos --lang en kits
says "in stock" 'KIT-MOTOR-A.*in stock'
exits "not of others" 0 agency_as disnaker --json kits
check "an empty list of kits" test "$(jq '.kits // [] | length' <<<"$out")" -eq 0

# CloudEvents and tail
exits "CloudEvents" 0 agency_as dinsos -w 10 subscribe awan --from beginning --format cloudevents --until-caught-up
check "id is the place, source the agency" test "$(jq -r 'select(.type=="referral.submitted") | "\(.id) \(.source) \(.specversion)"' <<<"$out")" = "$outbox-$number satpolpp 1.0"
exits "an unknown format" 2 agency_as dinsos subscribe awan2 --format yaml
exits "tail from the beginning" 0 agency_as dinsos -w 3 -n 2 tail --from beginning
check "two lines" test "$(wc -l <<<"$out")" -eq 2
exits "tail again begins again" 0 agency_as dinsos -w 3 -n 1 tail --from beginning --format json
check "with the first" test "$(jq -r .seq <<<"$out")" = "$seq"

# Dead letters: a full disk under the handler's file, five times.
for _ in 1 2 3 4 5; do
    agency_as dinsos -w 2 subscribe penuh --from beginning --output /dev/full >/dev/null 2>&1 || true
done
exits "what could not be written is not lost" 0 agency_as dinsos --json -w 10 subscribe penuh --from beginning --until-caught-up --output "$work/penuh.jsonl"
check "all of it came" test "$(head -n 1 "$work/penuh.jsonl" | jq -r .seq)" = "$seq"
exits "no dead letters" 0 agency_as dinsos --json dead list
exits "none to show" 1 agency_as dinsos dead show penuh "$seq"
says "said so" 'penuh'
exits "none to retry" 1 agency_as dinsos dead retry penuh "$seq"
exits "none to discard" 1 agency_as dinsos dead discard penuh "$seq"
exits "usage" 2 agency_as dinsos dead retry penuh
done_testing
