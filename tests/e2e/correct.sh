#!/usr/bin/env bash
# correct.sh - `sinergi correct` through the real daemon: an event is found by seq, by place, by id and
# as the last one; it is changed by paths and by a file, annulled, and refused with what rests on it.
. "$(dirname "$0")/lib.sh"
clock_start=2024-01-08T08:00:00+07:00
set_up
start_daemon

publish() { # AGENCY JSON: the outcome as JSON in $out
    out=$(printf '%s' "$2" | agency_as "$1" --json -w 20 publish - 2>/dev/null) || true
}
id() { printf '018ce6f0-0000-7000-8000-0000000000%s' "$1"; }
referral() { # NUMBER NIK-FIELDS
    publish satpolpp "{\"actorRef\":\"sp-1\",\"legalBasis\":\"PUBLIC_TASK\",\"referralSubmitted\":{\"referralId\":\"$(id "$1")\",\"kind\":\"INTAKE\",\"targetAgency\":\"dinsos\",\"priority\":\"NORMAL_14D\",\"person\":{\"fullName\":\"Budi Santoso\",\"nameQuality\":\"FULL\",\"sex\":\"MALE\",\"birthDate\":\"1990-04-10\",\"birthQuality\":\"EXACT\",$2},\"suspectedPpks\":[\"PPKS_12\"],\"foundRegion\":\"14.71.08\",\"foundPlace\":\"Simpang Garuda\",\"activity\":\"BEGGING\",\"childrenWith\":0}}"
    seq=$(jq -r .seq <<<"$out")
    outbox=$(jq -r .outbox <<<"$out")
    number=$(jq -r .number <<<"$out")
}
standing() { agency_as dinsos --json show "$1" | jq -c .; }

referral 01 '"nik":"1471991004900001","nikStatus":"STATED"'
check "a referral is accepted" test "$seq" -gt 0

# ---- bad input
exits "no reason" 2 agency_as satpolpp correct "$seq" --annul
says "the reasons are named" 'WRONG_PERSON'
exits "a reason that is none" 2 agency_as satpolpp correct "$seq" --annul --reason OTHER
exits "nothing to change" 2 agency_as satpolpp correct "$seq" --reason TYPO
exits "annul and change" 2 agency_as satpolpp correct "$seq" --annul --set found_place=X --reason TYPO
exits "no event" 2 agency_as satpolpp correct --reason TYPO --annul
exits "not a place" 2 agency_as satpolpp correct abc --reason TYPO --annul
says "what would be one" 'OUTBOX-N'
exits "a seq that is not there" 1 agency_as satpolpp correct 999999 --reason TYPO --annul
says "named" 'E_UNKNOWN_OBJECT'
exits "an id of nothing" 1 agency_as satpolpp correct "$(id 99)" --reason TYPO --annul
exits "an event of somebody else" 1 agency_as dinsos correct "$seq" --reason TYPO --annul
says "its owner is named" 'E_NOT_OWNER.*satpolpp'
exits "a bad path" 1 agency_as satpolpp correct "$seq" --set found_plaze=X --reason TYPO
says "the fields that there are" 'found_plaze.*found_place'
exits "a path through a text" 1 agency_as satpolpp correct "$seq" --set found_place.x=1 --reason TYPO
exits "a value that is no JSON" 1 agency_as satpolpp correct "$seq" --set children_with=many --reason TYPO
exits "a value that is no date" 1 agency_as satpolpp correct "$seq" --set person.birth_date=yesterday --reason TYPO
says "the field is named" 'birth'
exits "no equals sign" 1 agency_as satpolpp correct "$seq" --set found_place --reason TYPO
exits "nothing is different" 1 agency_as satpolpp correct "$seq" --set 'found_place=Simpang Garuda' --reason TYPO

# ---- shown, not stated
head_before=$(agency_as dinsos --json status | jq -r '.broker.lastSeq // .lastSeq // .status.lastSeq')
exits "dry run" 0 agency_as satpolpp --lang en correct "$seq" --set found_place=Pasar --reason TYPO --dry-run
says "before and after" 'found_place *Simpang Garuda *Pasar *\*'
says "the NIK stays" 'NIK.*stays'
exits "dry run as JSON" 0 agency_as satpolpp --json correct "$seq" --set referral_submitted.found_place=Pasar --reason TYPO --dry-run
check "both payloads" test "$(jq -r '"\(.before.foundPlace)|\(.after.foundPlace)|\(.event.eventCorrected.action)"' <<<"$out")" = "Simpang Garuda|Pasar|ACTION_REPLACE"
check "nothing was stated" test "$(agency_as dinsos --json status | jq -r '.broker.lastSeq // .lastSeq // .status.lastSeq')" = "$head_before"

# ---- by seq, by place, by id, the last one
exits "by seq" 0 agency_as satpolpp correct "$seq" --set found_place=Pasar --set person.full_name='Budi Santosa' --reason TYPO
says "accepted" 'seq [0-9]+'
exits "show says by which" 0 agency_as dinsos --lang en show "$seq"
says "corrected" 'corrected by seq [0-9]+'
exits "by place, from where it stands now" 0 agency_as satpolpp --lang en correct "$outbox:$number" --set children_with=2 --reason TYPO --dry-run
says "the first correction is the base" 'found_place *Pasar'
exits "by place with a minus" 0 agency_as satpolpp --json correct "$outbox-$number" --set children_with=2 --reason TYPO
check "accepted" test "$(jq -r .status <<<"$out")" = ACCEPTED
printf '{"found_region":"14.71.09","children_with":1}' >"$work/change.json"
exits "by id, from a file" 0 agency_as satpolpp --json correct "$(id 01)" "$work/change.json" --reason TYPO
e24=$(jq -r .seq <<<"$out")
replacement=$(agency_as satpolpp --json show "$e24")
check "the case owner reads the correction" test "$(standing "$e24" | jq -r .eventCorrected.action)" = ACTION_REPLACE
check "no NIK in what anybody reads" test -z "$(standing "$e24" | grep 1471991004900001)$(grep 1471991004900001 <<<"$replacement")"
printf '[1]' >"$work/list.json"
exits "a file without an object" 1 agency_as satpolpp correct "$seq" "$work/list.json" --reason TYPO
printf '{"no":' >"$work/broken.json"
exits "a broken file" 1 agency_as satpolpp correct "$seq" "$work/broken.json" --reason TYPO
exits "a file that is not there" 4 agency_as satpolpp correct "$seq" "$work/none.json" --reason TYPO

# The NIK that was stated still leads to the same person.
referral 02 '"nik":"1471991004900001","nikStatus":"STATED"'
check "the same person, by the NIK that was kept" test "$(jq -r .code <<<"$out")" = E_DUPLICATE_REFERRAL

referral 03 '"nikStatus":"NONE"'
exits "the last one of this device" 0 agency_as satpolpp --json correct --last --annul --reason ENTERED_TWICE
check "annulled" test "$(jq -r .status <<<"$out")" = ACCEPTED
exits "annulled already" 1 agency_as satpolpp --lang en correct "$seq" --annul --reason ENTERED_TWICE
says "by which" 'annulled already, by seq [0-9]+'
exits "asked on no terminal: stated" 1 agency_as satpolpp correct "$(id 03)" --annul --reason TYPO </dev/null

# ---- what the ledger refuses
publish dinsos "{\"actorRef\":\"d-1\",\"referralDecided\":{\"referralId\":\"$(id 01)\",\"decision\":\"ACCEPTED\"}}"
exits "decided" 1 agency_as satpolpp correct "$(id 01)" --annul --reason DID_NOT_HAPPEN
says "the code" 'E_BAD_TRANSITION'
case_id=$(agency_as dinsos --json case | jq -r '.cases[0].caseId')
publish dinsos "{\"actorRef\":\"d-1\",\"caseId\":\"$case_id\",\"assessmentCompleted\":{\"assessmentId\":\"$(id 05)\",\"assessedOn\":\"2024-01-08\",\"assessorRole\":\"PEKSOS\",\"confirmedPpks\":[\"PPKS_12\"],\"isMinor\":false,\"residence\":\"PEKANBARU\",\"needs\":[\"FOOD\"],\"priorityBand\":3,\"trainingSuitable\":true,\"socialRegistry\":\"DTSEN\"}}"
publish dinsos "{\"actorRef\":\"d-1\",\"caseId\":\"$case_id\",\"consentRecorded\":{\"consentId\":\"$(id 06)\",\"action\":\"GIVEN\",\"scopes\":[\"SHARE_WITH_PROVIDER\"],\"method\":\"WRITTEN\",\"givenBy\":\"SELF\",\"textVersion\":\"v1\",\"evidenceRef\":\"F-1\"}}"
publish disnaker "{\"actorRef\":\"t-1\",\"slotOffered\":{\"slotId\":\"$(id 08)\",\"courseCode\":\"MOTORCYCLE_SERVICE\",\"venueRegion\":\"14.71.10\",\"venueName\":\"BLK\",\"startsOn\":\"2024-02-05\",\"endsOn\":\"2024-03-01\",\"lessonHours\":240,\"classSize\":16,\"capacityOffered\":2,\"registrationClosesAt\":\"2024-02-01T03:00:00Z\",\"lateEntryUntil\":\"2024-02-09\",\"holdHours\":72,\"sex\":\"MALE\",\"minAge\":18,\"maxAge\":40,\"documentsWaivable\":true,\"excludeSameCourse\":true,\"cooldownMonths\":0,\"certificate\":\"ATTENDANCE\",\"desk\":\"0761\"}}"
publish dinsos "{\"actorRef\":\"d-1\",\"caseId\":\"$case_id\",\"seatRequested\":{\"requestId\":\"$(id 11)\",\"slotId\":\"$(id 08)\",\"personAccepted\":true,\"waitlistOk\":true,\"override\":\"NONE\"}}"
asked=$(jq -r .seq <<<"$out")
exits "an assessment on which a seat rests" 1 agency_as dinsos --lang en correct "$(id 05)" --annul --reason WRONG_PERSON
says "the code" 'E_CORRECTION_DEPENDS'
says "in words" "seat.requested, seq $asked: a seat was asked for"
exits "income does not matter to the seat" 0 agency_as dinsos correct "$(id 05)" --set monthly_income_idr=500000 --reason TYPO
exits "a request is withdrawn, not corrected" 1 agency_as dinsos correct "$(id 11)" --annul --reason TYPO
says "what to do instead" 'seat.decided'
exits "help" 0 agency_as dinsos correct --help
says "usage" 'dry-run'
done_testing
