# training.sh - seats, courses and who attends them. Sourced by run.sh.
# shellcheck shell=bash disable=SC2154 disable=SC2016

motor=018ce6f0-0000-7000-8000-00000000a001
barber=018ce6f0-0000-7000-8000-00000000a002
barber_later=018ce6f0-0000-7000-8000-00000000a003
embroidery=018ce6f0-0000-7000-8000-00000000b001

# Allocations of a slot whose last D1 in the agency's mail is this change, in order of seats.
in_state() { # AGENCY SLOT CHANGE: one id per line
    jq -rs --arg slot "$2" --arg change "SEAT_CHANGE_$3" 'map(.seatAllocationChanged // empty
        | select(.slotId == $slot)) | group_by(.allocationId) | map(last) | map(select(.change == $change))
        | sort_by(.seatNo // 0) | .[].allocationId' "$work/$1/mail.jsonl"
}

# One event per allocation on standard input.
each_seat() { # PROGRAM [NAME=VALUE…]: $id is the allocation, $n counts from 1
    local program=$1 values=()
    shift
    while [ $# -gt 0 ]; do
        values+=(--arg "${1%%=*}" "${1#*=}")
        shift
    done
    jq -Rc --arg now "$now" "${values[@]}" ". as \$id | input_line_number as \$n | $program"
}

seat_decision='{occurredAt: $now, actorRef: $who, seatDecided: ({allocationId: $id, decision: $decision} +
    if $reason == "" then {} else {reason: $reason, declinedBy: $by} end)}'
decide_seats() { # AGENCY WHAT DECISION [REASON BY]: allocations on standard input
    each_seat "$seat_decision" "who=$1-01" "decision=$3" "reason=${4:-}" "by=${5:-}" >"$work/$1/out.jsonl"
    publish_lines "$1" "$work/$1/out.jsonl" "$2"
}
start='{occurredAt: $now, actorRef: $who, placementStarted: {allocationId: $id, startedOn: $day}}'
attend='{occurredAt: $now, actorRef: $who, attendanceReported: {allocationId: $id, fromOn: $from, toOn: $to,
    sessionsHeld: 5, sessionsAttended: (if $n % 3 == 0 then 4 else 5 end), absencesExcused: (if $n % 3 == 0 then 1 else 0 end)}}'
end_course='{occurredAt: $now, actorRef: $who, placementEnded: ({allocationId: $id, endedOn: $day, competency: "NOT_TESTED"} +
    if $n == 2 then {result: "DROPPED_OUT"} elif $n == 5 and $two == "yes" then {result: "LEFT_FOR_WORK"}
    else {result: "COMPLETED", attendancePct: (85 + $n)} end)}'

week() { # AGENCY SLOT FROM TO: attendance of all who are in the course
    open_mail "$1"
    in_state "$1" "$2" OCCUPIED | each_seat "$attend" "who=$1-01" "from=$3" "to=$4" >"$work/$1/out.jsonl"
    publish_lines "$1" "$work/$1/out.jsonl" "attendance of $3 to $4"
}

promoted_accept() { # SLOT: who was promoted takes the seat, the provider confirms
    local provider=$2
    open_mail dinsos
    in_state dinsos "$1" PROMOTED | decide_seats dinsos "who was promoted accepts" PERSON_ACCEPTED
    open_mail "$provider"
    in_state "$provider" "$1" RESERVED | decide_seats "$provider" "confirms" CONFIRMED
}

# ---- seats are asked for until there are none ----

ask='.[] | . as $w | {occurredAt: $now, actorRef: "dns-0031", caseId: .caseId, legalBasis: "CONSENT",
    seatRequested: {slotId: .slot, personAccepted: .accepted, waitlistOk: .waits, waivers: ["KTP"], override: "NONE"}}'
# Dinsos' own list of cases, the oldest first.
wishes='.cases | sort_by(.caseId) | map(select(.state == "CASE_STATE_IN_SERVICE")) as $open
    | map(select(.state == "CASE_STATE_TRANSFERRED")) as $children
    | ($open | map(select(.person.sex == "SEX_MALE"))) as $all_men
    | ($all_men | map(select(.person.ageBand | IN("AGE_BAND_A18_24", "AGE_BAND_A25_34", "AGE_BAND_A35_44")))) as $men
    | ($all_men | map(select(.person.ageBand == "AGE_BAND_A60P"))) as $old
    | ($open | map(select(.person.sex == "SEX_FEMALE" and .person.ageBand != "AGE_BAND_A60P"))) as $women
    | [range(12) | . as $i | $men[$i] | {caseId, slot: $motor, accepted: ($i != 3), waits: true}]
    + [$men[12:16][] | {caseId, slot: $barber, accepted: true, waits: true}]
    + [$women[0:10][] | {caseId, slot: $embroidery, accepted: true, waits: true}]
    + [$men[16] | {caseId, slot: $motor, accepted: true, waits: false}]
    + [$children[0] | {caseId, slot: $motor, accepted: true, waits: true}]
    + [$old[0] | {caseId, slot: $motor, accepted: true, waits: true}]
    + [$men[16] | {caseId, slot: $embroidery, accepted: true, waits: true}]'

date_is 2024-02-14T09:00:00+07:00 "Dinsos asks for seats until there are none"
agency_as dinsos --json case --all >"$work/dinsos/cases.json"
jq -c --arg motor $motor --arg barber $barber --arg embroidery $embroidery --arg now "$now" \
    "$wishes | $ask" "$work/dinsos/cases.json" >"$work/dinsos/out.jsonl"
publish_lines dinsos "$work/dinsos/out.jsonl" "requests" 4
open_mail dinsos disnaker dpppa
show_seats $motor

date_is 2024-02-15T10:00:00+07:00 "The providers confirm; DPPPA declines one for a missing document, the next has her seat"
for slot in $motor $barber; do
    in_state disnaker $slot RESERVED
done | decide_seats disnaker "confirms" CONFIRMED
in_state dpppa $embroidery RESERVED | sed -n 3p |
    decide_seats dpppa "declines" DECLINED_BY_PROVIDER MISSING_DOCUMENT RECEIVER
in_state dpppa $embroidery RESERVED | sed 3d | decide_seats dpppa "confirms" CONFIRMED
date_is 2024-02-16T09:00:00+07:00 "Dinsos asks her who was promoted"
promoted_accept $embroidery dpppa

date_is 2024-02-19T09:00:00+07:00 "A held seat has run out after 72 hours; the next in line is promoted"
open_mail dinsos
[ "$(in_state dinsos $motor EXPIRED | wc -l)" -eq 1 ] || die "one hold had to run out"
promoted_accept $motor disnaker

# ---- the courses begin ----

date_is 2024-03-04T17:00:00+07:00 "The courses begin; one man does not come, of another the attendance comes before the start"
open_mail disnaker dpppa
in_state disnaker $motor CONFIRMED >"$work/disnaker/class"
sed -n 3,8p "$work/disnaker/class" | each_seat "$start" "who=dnk-01" "day=2024-03-04" >"$work/disnaker/out.jsonl"
publish_lines disnaker "$work/disnaker/out.jsonl" "starts"
in_state dpppa $embroidery CONFIRMED | each_seat "$start" "who=dpa-01" "day=2024-03-04" >"$work/dpppa/out.jsonl"
publish_lines dpppa "$work/dpppa/out.jsonl" "starts"
date_is 2024-03-06T16:00:00+07:00 "No-show"
sed -n 2p "$work/disnaker/class" | each_seat "$attend" "who=dnk-02" "from=2024-03-04" "to=2024-03-06" >"$work/disnaker/out.jsonl"
publish_lines disnaker "$work/disnaker/out.jsonl" "attendance of one whose start was not reported: it waits"
sed -n 2p "$work/disnaker/class" | each_seat "$start" "who=dnk-01" "day=2024-03-04" >"$work/disnaker/out.jsonl"
publish_lines disnaker "$work/disnaker/out.jsonl" "his start; what waited falls into place"
sed -n 1p "$work/disnaker/class" |
    each_seat '{occurredAt: $now, actorRef: "dnk-01", placementEnded: {allocationId: $id, endedOn: $now[0:10], result: "NO_SHOW",
        competency: "NOT_TESTED"}}' >"$work/disnaker/out.jsonl"
publish_lines disnaker "$work/disnaker/out.jsonl" "reports who did not come"
open_mail disnaker
[ "$(mail_count disnaker '.eventSettled.outcome == "OUTCOME_ACCEPTED"')" -eq 1 ] || die "what waited had to be settled"
date_is 2024-03-07T09:00:00+07:00 "The next in line has 24 hours, accepts and begins"
promoted_accept $motor disnaker
open_mail disnaker
in_state disnaker $motor CONFIRMED | each_seat "$start" "who=dnk-01" "day=2024-03-07" >"$work/disnaker/out.jsonl"
publish_lines disnaker "$work/disnaker/out.jsonl" "starts"
open_mail dinsos
lend_and_refuse

date_is 2024-03-08T16:00:00+07:00 "First week; then DPPPA loses its line for more than a week"
week disnaker $motor 2024-03-04 2024-03-08
week dpppa $embroidery 2024-03-04 2024-03-08
away_since=$(wc -l <"$work/dpppa/mail.jsonl")
kill "$dpppa_pid"
wait "$dpppa_pid" 2>/dev/null || true
dpppa_away=1

kill_in_the_middle=1 take_in 2024-03 2024-03-12 2024-03-13
date_is 2024-03-14T09:00:00+07:00 "Three more men want to become barbers: no seat is free, they wait"
agency_as dinsos --json case >"$work/dinsos/cases.json"
jq -c --arg barber $barber --arg now "$now" '[.cases | sort_by(.caseId) | .[-14:][]
    | select(.state == "CASE_STATE_IN_SERVICE" and .person.sex == "SEX_MALE"
        and (.person.ageBand | IN("AGE_BAND_A18_24", "AGE_BAND_A25_34", "AGE_BAND_A35_44")))][0:3]
    | map({caseId, slot: $barber, accepted: true, waits: true}) | '"$ask" "$work/dinsos/cases.json" >"$work/dinsos/out.jsonl"
publish_lines dinsos "$work/dinsos/out.jsonl" "requests"
date_is 2024-03-15T16:00:00+07:00 "Second week"
week disnaker $motor 2024-03-11 2024-03-15

date_is 2024-03-18T08:00:00+07:00 "DPPPA is back: it opens its mail and says what it could not say"
subscribe_one dpppa
dpppa_away=
dpppa_takes
say "dpppa: $(($(wc -l <"$work/dpppa/mail.jsonl") - away_since)) events in its mail, none twice"
week dpppa $embroidery 2024-03-11 2024-03-15
say "dpppa was told while it was away: $(jq -rs --argjson from "$away_since" '.[$from:] | map(.deadlineMissed // empty
    | select(.cleared == false) | "\(.ruleId) level \(.level)") | unique | join(", ")' "$work/dpppa/mail.jsonl")"

# ---- a slot is cancelled ----

date_is 2024-03-19T10:00:00+07:00 "Disnaker cancels barbering of March: its people get seats in May"
cancel() { # VERSION
    jq -cn --arg now "$now" --arg slot $barber --arg other $barber_later --arg version "$1" '{occurredAt: $now, actorRef: "dnk-01",
        expectedVersion: $version, slotCancelled: {slotId: $slot, reason: "BUDGET", alternativeSlotId: $other}}' >"$work/disnaker/out.jsonl"
}
cancel 1
publish_lines disnaker "$work/disnaker/out.jsonl" "cancels, from an old version of the slot" 1
cancel "$(agency_as disnaker --json slots | jq -r --arg slot $barber '.slots[] | select(.slot.slotId == $slot) | .version')"
publish_lines disnaker "$work/disnaker/out.jsonl" "cancels, from the version of now"
open_mail dinsos
say "dinsos: $(in_state dinsos $barber VOIDED | wc -l) voided; $(in_state dinsos $barber_later HELD | wc -l) held in May, $(in_state dinsos $barber_later WAITLISTED | wc -l) wait there"
date_is 2024-03-20T10:00:00+07:00 "Dinsos asks them again: one does not want to wait so long, the next has his seat"
in_state dinsos $barber_later HELD | sed 1d | decide_seats dinsos "three accept" PERSON_ACCEPTED
in_state dinsos $barber_later HELD | sed -n 1p | decide_seats dinsos "one refuses" WITHDRAWN_BY_CASE_OWNER PERSON_REFUSED PERSON
promoted_accept $barber_later disnaker
show_seats $barber_later

for friday in 2024-03-22 2024-03-29 2024-04-05; do
    date_is ${friday}T16:00:00+07:00 "Attendance"
    week disnaker $motor "$(date -d "$friday -4 days" +%F)" $friday
    week dpppa $embroidery "$(date -d "$friday -4 days" +%F)" $friday
done
take_in 2024-04 2024-04-08 2024-04-09

finish_course() { # AGENCY SLOT DAY TWO
    open_mail "$1"
    in_state "$1" "$2" OCCUPIED | each_seat "$end_course" "who=$1-01" "day=$3" "two=$4" >"$work/$1/out.jsonl"
    publish_lines "$1" "$work/$1/out.jsonl" "results: $(jq -r .placementEnded.result "$work/$1/out.jsonl" | sort | uniq -c | awk '{printf "%s%s %s", (NR > 1 ? ", " : ""), $1, $2}')"
}
date_is 2024-04-12T16:00:00+07:00 "Embroidery ends"
week disnaker $motor 2024-04-08 2024-04-12
week dpppa $embroidery 2024-04-08 2024-04-12
finish_course dpppa $embroidery 2024-04-12 yes
date_is 2024-04-19T16:00:00+07:00 "Motorcycle service ends"
week disnaker $motor 2024-04-15 2024-04-19
finish_course disnaker $motor 2024-04-19 no
open_mail dinsos
