# seats.sh - seats are asked for, confirmed, declined, taken back, passed on to the next. Sourced by run.sh.
# shellcheck shell=bash disable=SC2154 disable=SC2016

motor=018ce6f0-0000-7000-8000-00000000a001
barber=018ce6f0-0000-7000-8000-00000000a002
barber_later=018ce6f0-0000-7000-8000-00000000a003
embroidery=018ce6f0-0000-7000-8000-00000000b001

# Allocations of a slot whose last D1 in the agency's mail is this change, in order of seats.
in_state() { # AGENCY SLOT CHANGE: one id per line
    jq -rs --arg slot "$2" --arg change "SEAT_CHANGE_$3" 'map(.seatAllocationChanged | select(.slotId == $slot))
        | group_by(.allocationId) | map(last | select(.change == $change)) | sort_by(.seatNo // 0) | .[].allocationId' \
        "$work/$1/seats.jsonl"
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

forget='.personErasureOrdered // empty | {occurredAt: $now, actorRef: "dpa-0009", personRef, rightsRequest: {requestId, kind: "ERASURE",
    receivedAt: $now, requester: "SELF", identityChecked: true, status: "EXECUTED"}}'

# ---- seats are asked for until there are none ----

date_is 2024-02-14T09:00:00+07:00 "Dinsos asks for seats until there are none"
publish_sheet dinsos requests "requests" 5
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
care

date_is 2024-02-20T10:00:00+07:00 "A woman takes back her consent: her seat is free at once, DPPPA has to forget her, the next in line is asked"
publish_sheet dinsos consents "consent is withdrawn"
promoted_accept $embroidery dpppa
answer dpppa "has forgotten her name" "$forget" 0 "now=$now"
