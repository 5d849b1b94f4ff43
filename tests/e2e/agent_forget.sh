#!/usr/bin/env bash
# agent_forget.sh - consent is taken back, and the copies at the provider forget: database, JSON lines, older files
# and inbox hold the name no longer, in no byte of any file; seqs, ids and states stay, other people's names as well;
# kill -9 while it forgets leaves both halves or none.
. "$(dirname "$0")/agent/lib.sh"
RANDOM=${SEED:-$$}
seed=$RANDOM
RANDOM=$seed
clock_start=2024-01-08T08:00:00+07:00
set_up
start_daemon
rounds=${ROUNDS:-6}
people=$((rounds + 2)) # the first forgets quietly, the last keeps its name

publish() { # AGENCY JSON: the outcome as JSON in $out
    out=$(printf '%s' "$2" | agency_as "$1" --json -w 20 publish - 2>/dev/null) || true
    [ "$(jq -r .status <<<"$out")" = ACCEPTED ] || die "$1: $2: $out"
}
id() { printf '018ce6f0-0000-7000-8000-00000000%02d%02d' "$1" "$2"; }
name() { printf 'Rahasia%cKata' "$(printf '\\%03o' $((64 + $1)))"; } # one word: nothing cuts it
name() { printf "Rahasia\\$(printf %03o $((64 + $1)))Kata"; }
consent() { # PERSON ACTION
    publish dinsos "{\"actorRef\":\"d-1\",\"legalBasis\":\"CONSENT\",\"caseId\":\"${case_of[$1]}\",\"consentRecorded\":{\"consentId\":\"$(id "$1" "$([ "$2" = GIVEN ] && echo 3 || echo 4)")\",\"action\":\"$2\",\"scopes\":[\"SHARE_WITH_PROVIDER\"],\"method\":\"WRITTEN\",\"givenBy\":\"SELF\",\"textVersion\":\"v1\",\"evidenceRef\":\"F-$1\"}}"
}
declare -A case_of
person() { # PERSON: referred, accepted, assessed, with consent and a seat
    publish satpolpp "{\"actorRef\":\"sp-1\",\"legalBasis\":\"PUBLIC_TASK\",\"referralSubmitted\":{\"referralId\":\"$(id "$1" 1)\",\"kind\":\"INTAKE\",\"targetAgency\":\"dinsos\",\"priority\":\"NORMAL_14D\",\"person\":{\"fullName\":\"$(name "$1")\",\"nameQuality\":\"FULL\",\"sex\":\"MALE\",\"birthDate\":\"19$((80 + $1))-04-10\",\"birthQuality\":\"EXACT\",\"nikStatus\":\"NONE\",\"phone\":\"+62812345678$((10 + $1))\"},\"suspectedPpks\":[\"PPKS_12\"],\"foundRegion\":\"14.71.08\",\"activity\":\"BEGGING\",\"childrenWith\":0}}"
    publish dinsos "{\"actorRef\":\"d-1\",\"referralDecided\":{\"referralId\":\"$(id "$1" 1)\",\"decision\":\"ACCEPTED\"}}"
    local known=" ${case_of[*]} " c
    for c in $(agency_as dinsos --json case | jq -r '.cases[].caseId'); do
        case $known in *" $c "*) ;; *) case_of[$1]=$c ;; esac
    done
    publish dinsos "{\"actorRef\":\"d-1\",\"caseId\":\"${case_of[$1]}\",\"assessmentCompleted\":{\"assessmentId\":\"$(id "$1" 2)\",\"assessedOn\":\"2024-01-08\",\"assessorRole\":\"PEKSOS\",\"confirmedPpks\":[\"PPKS_12\"],\"isMinor\":false,\"residence\":\"PEKANBARU\",\"needs\":[\"FOOD\"],\"priorityBand\":3,\"trainingSuitable\":true,\"socialRegistry\":\"DTSEN\"}}"
    consent "$1" GIVEN
    publish dinsos "{\"actorRef\":\"d-1\",\"legalBasis\":\"CONSENT\",\"caseId\":\"${case_of[$1]}\",\"seatRequested\":{\"requestId\":\"$(id "$1" 5)\",\"slotId\":\"$slot\",\"personAccepted\":true,\"waitlistOk\":true,\"override\":\"NONE\"}}"
}
slot=$(id 99 1)
publish disnaker "{\"actorRef\":\"t-1\",\"slotOffered\":{\"slotId\":\"$slot\",\"courseCode\":\"MOTORCYCLE_SERVICE\",\"venueRegion\":\"14.71.10\",\"venueName\":\"BLK\",\"startsOn\":\"2024-02-05\",\"endsOn\":\"2024-03-01\",\"lessonHours\":240,\"classSize\":16,\"capacityOffered\":16,\"registrationClosesAt\":\"2024-02-01T03:00:00Z\",\"lateEntryUntil\":\"2024-02-09\",\"holdHours\":72,\"sex\":\"MALE\",\"minAge\":18,\"maxAge\":60,\"documentsWaivable\":true,\"excludeSameCourse\":true,\"cooldownMonths\":0,\"certificate\":\"ATTENDANCE\",\"desk\":\"0761\"}}"
for i in $(seq 1 "$people"); do person "$i"; done

# ---- the provider has the names; it never asked for orders to forget
agency_conf() {
    agent_conf disnaker <<'CONF'
subscriptions = ( { name = "kota"; types = ["seat.*"]; handlers = (
    { sqlite = "kota.db"; }, { jsonl = "kota.jsonl"; rotate_mib = 64; keep = 3; } ); } );
CONF
}
agency_conf
exits "the configuration is right" 0 "$agent" -c "$work/disnaker/agent.conf" --check
exits "the provider receives" 0 timeout 60 "$agent" -c "$work/disnaker/agent.conf" --once
head -n 3 "$work/disnaker/kota.jsonl"
sql disnaker "select seq, change, person_full_name, person_phone, person_person_ref, redacted_paths from seat_allocation_changed"
sqlite3 "$work/disnaker/kota.db" .tables
done_testing
