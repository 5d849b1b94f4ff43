# story.sh - what the four agencies do, and the account at the end. Sourced by run.sh.
# shellcheck shell=bash disable=SC2154

motor=018ce6f0-0000-7000-8000-00000000a001
embroidery=018ce6f0-0000-7000-8000-00000000b001

# The programs of the agencies: each turns what it received into what it publishes.
# Dinsos decides: the person found outside her home region's reach is declined, all others are accepted.
decide='select(.type == "referral.submitted") | {
    occurredAt: .acceptedAt, actorRef: "dns-0031",
    referralDecided: ({referralId: .referralSubmitted.referralId} +
        if .referralSubmitted.person.domicileRegion == "13.71"
        then {decision: "DECLINED", declinedBy: "RECEIVER", reason: "OUT_OF_TOWN"}
        else {decision: "ACCEPTED"} end)}'
# Dinsos assesses every case that it has accepted.
assess='select(.type == "case.state_changed" and .caseStateChanged.to == "CASE_STATE_ASSESSING") | {
    occurredAt: .acceptedAt, actorRef: "dns-0031", caseId: .caseStateChanged.caseId,
    assessmentCompleted: {assessedOn: "2024-01-08", assessorRole: "PEKSOS", confirmedPpks: ["PPKS_12"],
        isMinor: false, residence: "PEKANBARU", needs: ["FOOD", "GUIDANCE"], priorityBand: 3,
        trainingSuitable: true, coursePreferences: ["MOTORCYCLE_SERVICE"], schooling: "LOWER_SEC",
        canRead: true, dependants: 0, socialRegistry: "NONE"}}'

# Requests for seats: one line per case and sex as Dinsos knows them from its own file.
requests() {
    local n=0 m=0 case_id referral sex slot accepted waitlist
    while read -r case_id referral; do
        sex=$(jq -r "select(.referralSubmitted.referralId == \"$referral\") | .referralSubmitted.person.sex" \
            "$here/referrals.jsonl")
        slot=$motor accepted=true waitlist=true
        if [ "$sex" = FEMALE ]; then
            slot=$embroidery
            m=$((m + 1))
        else
            n=$((n + 1))
            [ $n -ne 4 ] || accepted=false # he has not made up his mind: his seat is held for 72 hours
            [ $n -ne 7 ] || waitlist=false # he does not want to wait
        fi
        jq -cn --arg case "$case_id" --arg slot "$slot" --argjson accepted $accepted --argjson waitlist $waitlist \
            '{occurredAt: "2024-01-08T01:00:00Z", actorRef: "dns-0031", caseId: $case, legalBasis: "CONSENT",
              seatRequested: {slotId: $slot, personAccepted: $accepted, waitlistOk: $waitlist,
                              waivers: ["KTP"], override: "NONE"}}'
    done
}
# The provider confirms what is reserved; Dinsos accepts for the person who was promoted.
confirm='select(.type == "seat.allocation_changed" and .seatAllocationChanged.change == "SEAT_CHANGE_RESERVED"
    and .seatAllocationChanged.slotId == $slot)
    | {occurredAt: .acceptedAt, actorRef: "desk", seatDecided:
        {allocationId: .seatAllocationChanged.allocationId, decision: "CONFIRMED"}}'
accept='select(.type == "seat.allocation_changed" and .seatAllocationChanged.change == "SEAT_CHANGE_PROMOTED")
    | {occurredAt: .acceptedAt, actorRef: "dns-0031", seatDecided:
        {allocationId: .seatAllocationChanged.allocationId, decision: "PERSON_ACCEPTED"}}'

changes() { # NAME: how many D1 of this change Dinsos has
    count dinsos ".seatAllocationChanged.change == \"SEAT_CHANGE_$1\""
}

publish_file() { # AGENCY FILE WHAT [STATUS]: import, which must end with the status (1: some are refused)
    local status=0 result
    result=$work/$1/$(basename "$2").result
    agency_as "$1" -w 30 import "$2" >"$result" 2>&1 || status=$?
    [ "$status" -eq "${4:-0}" ] || die "$1: $(cat "$result")"
    say "$1: $3"
}

step "A city on this machine: keys, configuration, a demo store, a daemon"
set_up
start_daemon
say "demo clock $clock_start, $(sed -n 's/.*store = "\([^"]*\)".*/store \1/p' "$work/card")"
subscribe_all

step "Monday 8 January 2024: Satpol PP refers 12 people, Disnaker and DPPPA offer seats"
publish_file satpolpp "$here/referrals.jsonl" "12 referrals"
agency_as disnaker publish "$here/slot-disnaker.json" >/dev/null
agency_as dpppa publish "$here/slot-dpppa.json" >/dev/null
say "disnaker: motorcycle service, 4 seats · dpppa: embroidery, 2 seats"

step "Dinsos decides and assesses; in the middle the daemon is killed with SIGKILL and started again"
await dinsos 12 '.type == "referral.submitted"'
jq -c "$decide" "$work/dinsos/received.jsonl" >"$work/dinsos/decisions.jsonl"
publish_file dinsos "$work/dinsos/decisions.jsonl" "12 decisions, one declined"
await dinsos 11 '.caseStateChanged.to == "CASE_STATE_ASSESSING"'
jq -c "$assess" "$work/dinsos/received.jsonl" >"$work/dinsos/assessments.jsonl"
agency_as dinsos -w 30 import "$work/dinsos/assessments.jsonl" >"$work/dinsos/assessments.result" 2>&1 &
importer=$!
kill_daemon
say "killed while 11 assessments are on their way"
start_daemon
wait "$importer" || die "assessments: $(cat "$work/dinsos/assessments.result")"
say "started again: all 11 assessments are answered"

step "Dinsos asks for seats until they run out"
await dinsos 11 '.caseStateChanged.to == "CASE_STATE_IN_SERVICE"'
jq -r 'select(.caseStateChanged.to == "CASE_STATE_ASSESSING") | .caseStateChanged | "\(.caseId) \(.referralId)"' \
    "$work/dinsos/received.jsonl" | requests >"$work/dinsos/requests.jsonl"
publish_file dinsos "$work/dinsos/requests.jsonl" "11 requests" 1
await dinsos 1 '.seatAllocationChanged.change == "SEAT_CHANGE_WAITLISTED"'
await disnaker 3 '.seatAllocationChanged.change == "SEAT_CHANGE_RESERVED"'
jq -c --arg slot $motor "$confirm" "$work/disnaker/received.jsonl" >"$work/disnaker/confirm.jsonl"
publish_file disnaker "$work/disnaker/confirm.jsonl" "confirms its reserved seats"
agency_as dinsos --lang en seats $motor | sed 's/^/   /'

step "Thursday 11 January: the held seat runs out, the next in line is promoted and accepts"
agency_as diskominfo admin clock advance --to 2024-01-10T20:30:00+07:00 >/dev/null
await dinsos 1 '.deadlineMissed.level == 0 or (.type == "deadline.missed" and (.deadlineMissed.level // 0) == 0)'
say "12 hours before: Dinsos is warned (T05)"
agency_as diskominfo admin clock advance --to 2024-01-11T08:30:00+07:00 >/dev/null
await dinsos 1 '.seatAllocationChanged.change == "SEAT_CHANGE_EXPIRED"'
await dinsos 1 '.seatAllocationChanged.change == "SEAT_CHANGE_PROMOTED"'
jq -c "$accept" "$work/dinsos/received.jsonl" >"$work/dinsos/accept.jsonl"
publish_file dinsos "$work/dinsos/accept.jsonl" "the promoted person accepts"
await disnaker 4 '.seatAllocationChanged.change == "SEAT_CHANGE_RESERVED"'
agency_as dinsos --lang en seats $motor | sed 's/^/   /'

. "$here/account.sh"
