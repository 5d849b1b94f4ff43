#!/usr/bin/env bash
# offline_week.sh - SC08 with a real daemon and two real devices of disnaker: the laptop of the class room
# comes first, what it says waits; the office follows, and all of it falls into place, also over a SIGKILL.
. "$(dirname "$0")/lib.sh"
clock_start=2026-05-04T08:00:00+07:00
set_up

# A second device of disnaker, with an outbox of its own.
mkdir -p "$work/laptop"
line=$("$cli" keygen disnaker/laptop "$work/laptop/device.key" | grep '^{')
sed -i "/id = \"disnaker\"/,/devices/ s/devices = (/devices = ( ${line%,},/" "$work/sinergid.conf"
sed "s#$work/disnaker/#$work/laptop/#" "$work/disnaker/sinergi.conf" >"$work/laptop/sinergi.conf"
start_daemon

s1=01968a3e-0000-7000-8000-0000000009a1
clock() { agency_as diskominfo admin clock advance --to "$1" >/dev/null; }
publish() { # AGENCY JSON: the outcome as JSON in $out
    out=$(printf '%s' "$2" | agency_as "$1" --json -w 20 publish - 2>/dev/null) || true
}
status_is() { # NAME STATUS [CODE]
    local got
    got=$(jq -r '"\(.status) \(.code // "")"' <<<"$out")
    if [ "$got" = "$2 ${3:-}" ]; then ok "$1"; else not_ok "$1: $out"; fi
}
event() { # TIME JSON-PAYLOAD…: an event of disnaker
    printf '{"occurredAt":"%s","actorRef":"dnk-1",%s}' "$1" "$2"
}
person() { # N NAME: a case IN_SERVICE; its id in $case_id
    local r
    r=$(printf '01968a3e-0000-7000-8000-%012d' "$1")
    publish satpolpp "{\"occurredAt\":\"2026-05-04T01:00:00Z\",\"actorRef\":\"sp-1\",\"legalBasis\":\"PUBLIC_TASK\",\"referralSubmitted\":{\"referralId\":\"$r\",\"kind\":\"INTAKE\",\"targetAgency\":\"dinsos\",\"priority\":\"NORMAL_14D\",\"person\":{\"fullName\":\"$2\",\"nameQuality\":\"FULL\",\"sex\":\"MALE\",\"birthDate\":\"1990-04-10\",\"birthQuality\":\"EXACT\",\"nikStatus\":\"NONE\"},\"suspectedPpks\":[\"PPKS_12\"],\"foundRegion\":\"14.71.08\",\"activity\":\"BEGGING\",\"childrenWith\":0}}"
    status_is "$2 is referred" ACCEPTED
    publish dinsos "{\"occurredAt\":\"2026-05-04T01:00:00Z\",\"actorRef\":\"dns-1\",\"referralDecided\":{\"referralId\":\"$r\",\"decision\":\"ACCEPTED\"}}"
    case_id=$(agency_as dinsos --json case | jq -r --arg n "$2" '.cases[] | select(.person.fullName == $n) | .caseId')
    publish dinsos "{\"occurredAt\":\"2026-05-04T01:00:00Z\",\"actorRef\":\"dns-1\",\"caseId\":\"$case_id\",\"legalBasis\":\"PUBLIC_TASK\",\"assessmentCompleted\":{\"assessedOn\":\"2026-05-04\",\"assessorRole\":\"PEKSOS\",\"confirmedPpks\":[\"PPKS_12\"],\"isMinor\":false,\"residence\":\"PEKANBARU\",\"needs\":[\"FOOD\"],\"priorityBand\":3,\"trainingSuitable\":true,\"socialRegistry\":\"NONE\"}}"
    status_is "$2 is assessed" ACCEPTED
    publish dinsos "{\"occurredAt\":\"2026-05-04T01:00:00Z\",\"actorRef\":\"dns-1\",\"caseId\":\"$case_id\",\"legalBasis\":\"CONSENT\",\"consentRecorded\":{\"consentId\":\"01968a3e-0000-7000-8000-0000000c000$1\",\"action\":\"GIVEN\",\"scopes\":[\"SHARE_WITH_PROVIDER\"],\"method\":\"WRITTEN\",\"givenBy\":\"SELF\",\"textVersion\":\"consent-id-2026-01\",\"evidenceRef\":\"F-$1\"}}"
    status_is "$2 agrees that the provider is told" ACCEPTED
}
ask() { # CASE: a seat; its allocation in $allocation
    publish dinsos "{\"occurredAt\":\"2026-06-04T10:30:00Z\",\"actorRef\":\"dns-1\",\"caseId\":\"$1\",\"seatRequested\":{\"slotId\":\"$s1\",\"personAccepted\":true,\"waitlistOk\":false,\"override\":\"NONE\"}}"
    status_is "a seat is given" ACCEPTED
    allocation=$(jq -r .allocationId <<<"$out")
}

publish disnaker "$(event 2026-05-04T01:00:00Z "\"slotOffered\":{\"slotId\":\"$s1\",\"courseCode\":\"MOTORCYCLE_SERVICE\",\"venueRegion\":\"14.71.10\",\"venueName\":\"BLK\",\"startsOn\":\"2026-06-08\",\"endsOn\":\"2026-07-17\",\"lessonHours\":240,\"classSize\":16,\"capacityOffered\":2,\"registrationClosesAt\":\"2026-06-05T03:00:00Z\",\"lateEntryUntil\":\"2026-06-12\",\"holdHours\":72,\"sex\":\"MALE\",\"minAge\":18,\"maxAge\":40,\"documentsWaivable\":true,\"excludeSameCourse\":true,\"cooldownMonths\":0,\"certificate\":\"ATTENDANCE\",\"desk\":\"0761-0\"}")"
status_is "the slot is offered" ACCEPTED
person 1 Budi && budi=$case_id
person 2 Andi && andi=$case_id
clock 2026-06-04T17:30:00+07:00
ask "$budi" && a1=$allocation
ask "$andi" && a2=$allocation
version=$(agency_as disnaker --json slots | jq -r '.slots[0].version')

# 8 to 15 June: nobody of disnaker is there.
clock 2026-06-09T12:00:00+07:00
clock 2026-06-15T08:00:00+07:00
check "no seat has changed" test "$(agency_as dinsos --json seats "$s1" | jq '[.seats[]|select(.state=="ALLOCATION_STATE_RESERVED")]|length')" -eq 2
exits "dinsos sees what is overdue" 0 agency_as dinsos --lang en overdue
says "the confirmation (T06)" 'T06.*disnaker'
says "the start report (T07)" 'T07.*disnaker'

# The laptop: one batch of three.
{
    event 2026-06-12T09:00:00Z "\"placementEnded\":{\"allocationId\":\"$a2\",\"endedOn\":\"2026-06-12\",\"result\":\"DROPPED_OUT\",\"competency\":\"NOT_TESTED\"}"
    echo
    event 2026-06-12T09:00:00Z "\"attendanceReported\":{\"allocationId\":\"$a1\",\"fromOn\":\"2026-06-08\",\"toOn\":\"2026-06-12\",\"sessionsHeld\":5,\"sessionsAttended\":6,\"absencesExcused\":0}"
    echo
    event 2026-06-12T09:00:00Z "\"attendanceReported\":{\"allocationId\":\"$a1\",\"fromOn\":\"2026-06-08\",\"toOn\":\"2026-06-12\",\"sessionsHeld\":5,\"sessionsAttended\":4,\"absencesExcused\":1}"
    echo
} >"$work/laptop.jsonl"
exits "the laptop's batch: one is refused" 1 agency_as laptop --json -w 20 import "$work/laptop.jsonl"
says "for its shape" 'E_SCHEMA'
exits "the laptop knows that two wait" 0 agency_as laptop --json outbox list
check "two are parked" test "$(grep -c '"PARKED"' <<<"$out")" -eq 2
kill_daemon
start_daemon
exits "a resend after the crash changes nothing" 0 agency_as laptop -w 20 outbox wait

# The office: confirmed, started, started; a change from an old version, and what stands behind it.
publish disnaker "$(event 2026-06-05T02:00:00Z "\"seatDecided\":{\"allocationId\":\"$a1\",\"decision\":\"CONFIRMED\"}")"
status_is "K41 confirmed" ACCEPTED
publish disnaker "$(event 2026-06-08T02:00:00Z "\"placementStarted\":{\"allocationId\":\"$a1\",\"startedOn\":\"2026-06-08\"}")"
status_is "K42 started" ACCEPTED
{
    event 2026-06-08T02:00:00Z "\"placementStarted\":{\"allocationId\":\"$a2\",\"startedOn\":\"2026-06-08\"}"
    echo
    printf '{"occurredAt":"2026-06-15T01:00:00Z","actorRef":"dnk-1","legalBasis":"PUBLIC_TASK","expectedVersion":"%s","slotChanged":{"slotId":"%s","capacityOffered":1,"reason":"instruktur"}}\n' "$version" "$s1"
    event 2026-06-15T01:00:00Z "\"attendanceReported\":{\"allocationId\":\"$a1\",\"fromOn\":\"2026-06-15\",\"toOn\":\"2026-06-15\",\"sessionsHeld\":1,\"sessionsAttended\":1,\"absencesExcused\":0}"
    echo
} >"$work/office.jsonl"
exits "K43 to K45 in one batch: the change is refused" 1 agency_as disnaker --json -w 20 import "$work/office.jsonl"
says "for its version" 'E_VERSION_CONFLICT'
check "what stood behind it was taken" test "$(agency_as dinsos --json case "$budi" | jq '.cases[0].placements[0].sessionsHeld')" -eq 6
version=$(agency_as disnaker --json slots | jq -r '.slots[0].version')
publish disnaker "{\"occurredAt\":\"2026-06-15T01:00:00Z\",\"actorRef\":\"dnk-1\",\"legalBasis\":\"PUBLIC_TASK\",\"expectedVersion\":\"$version\",\"slotChanged\":{\"slotId\":\"$s1\",\"capacityOffered\":1,\"reason\":\"instruktur\"}}"
status_is "K46 from the version of now" ACCEPTED

# The laptop hears how its two events ended; nothing is overdue for disnaker any more but attendance.
exits "the laptop asks" 0 agency_as laptop -w 20 outbox wait
exits "and knows" 0 agency_as laptop --json outbox list
check "none is parked" test "$(grep -c '"PARKED"' <<<"$out")" -eq 0
check "two were accepted" test "$(grep -c '"ACCEPTED"' <<<"$out")" -eq 2
check "Andi's seat is forfeited" test "$(agency_as dinsos --json case "$andi" | jq -r '.cases[0].placements[0].state')" = ALLOCATION_STATE_FORFEITED
check "his case is served again" test "$(agency_as dinsos --json case "$andi" | jq -r '.cases[0].state')" = CASE_STATE_IN_SERVICE
check "nothing of disnaker is overdue" test "$(agency_as disnaker --json overdue | jq '.deadlines // [] | length')" -eq 0

# The journal and its fold agree.
kill -TERM "$daemon_pid" && wait "$daemon_pid" || true
daemon_pid=
exits "the store holds" 0 "$daemon" -c "$work/sinergid.conf" --demo --verify
exits "the fold is the same" 0 "$daemon" -c "$work/sinergid.conf" --demo --refold "$work/refold.mdb"
done_testing
