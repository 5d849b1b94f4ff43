# equipment.sh - kits: lent, granted, refused, looked after; and the barbers of May. Sourced by run.sh.
# shellcheck shell=bash disable=SC2154 disable=SC2016

kit() { printf '018ce6f0-0000-7000-8000-0000000e%04d' "$1"; } # N: 1-8 motor, 9-12 barber, 13-20 embroidery

issue='{occurredAt: $now, actorRef: "dns-gudang", equipmentIssued: {itemId: $item, basis: $basis, allocationId: $id,
    bastNo: $bast, bastDate: $now[0:10], noSaleStatement: true, custodyUntil: "2025-07-31"}}'
issue_line() { # ITEM BASIS ALLOCATION BAST
    jq -cn --arg now "$now" --arg item "$(kit "$1")" --arg basis "$2" --arg id "$3" --arg bast "$4" "$issue"
}
# A kit per graduate, the first of the numbers on.
grant_all() { # SLOT FIRST-KIT COUNT WHAT
    local n=$2 id
    in_state dinsos "$1" COMPLETED | head -n "$3" | while read -r id; do
        issue_line "$n" GRANT_AFTER_COMPLETION "$id" "$(printf '%03d/BAST/DINSOS/2024' "$n")"
        n=$((n + 1))
    done >"$work/dinsos/out.jsonl"
    publish_lines dinsos "$work/dinsos/out.jsonl" "$4"
}

check='{occurredAt: $now, actorRef: "dns-0044", legalBasis: "PUBLIC_TASK", equipmentChecked: {itemId: $item, checkedOn: $now[0:10],
    method: "HOME_VISIT", finding: $finding, action: "NONE"}}'
check_kits() { # FINDING WHAT N…
    local finding=$1 what=$2 n
    shift 2
    for n in "$@"; do
        jq -cn --arg now "$now" --arg item "$(kit "$n")" --arg finding "$finding" "$check"
    done >"$work/dinsos/out.jsonl"
    publish_lines dinsos "$work/dinsos/out.jsonl" "$what"
}

# In the first week: a kit for training; and what must not happen.
lend_and_refuse() {
    local first
    first=$(in_state dinsos "$motor" OCCUPIED | head -n 1)
    issue_line 1 LOAN_DURING_TRAINING "$first" 001/PINJAM/2024 >"$work/dinsos/out.jsonl"
    publish_lines dinsos "$work/dinsos/out.jsonl" "lends a kit for the course"
    {
        issue_line 9 LOAN_DURING_TRAINING "$first" 002/PINJAM/2024   # a barber's kit for a mechanic
        issue_line 2 GRANT_AFTER_COMPLETION "$first" 003/PINJAM/2024 # before the course is over
        issue_line 1 LOAN_DURING_TRAINING "$first" 004/PINJAM/2024   # an item that is lent already
    } >"$work/dinsos/out.jsonl"
    publish_lines dinsos "$work/dinsos/out.jsonl" "kits that must not be given" 3
    issue_line 3 LOAN_DURING_TRAINING "$first" 005/PINJAM/2024 >"$work/disnaker/out.jsonl"
    publish_lines disnaker "$work/disnaker/out.jsonl" "a kit of Dinsos" 1
}

graduates() {
    date_is 2024-04-22T10:00:00+07:00 "Dinsos gives the graduates their kits, and refuses what does not fit"
    local mechanic embroiderer
    mechanic=$(in_state dinsos "$motor" COMPLETED | head -n 1)
    embroiderer=$(in_state dinsos "$embroidery" COMPLETED | head -n 1)
    grant_all "$motor" 1 7 "kits of motorcycle service"
    grant_all "$embroidery" 13 6 "kits of embroidery"
    {
        issue_line 8 GRANT_AFTER_COMPLETION "$embroiderer" 090/BAST/DINSOS/2024 # another course
        issue_line 8 GRANT_AFTER_COMPLETION "$mechanic" 091/BAST/DINSOS/2024    # has one already
        issue_line 20 GRANT_AFTER_COMPLETION "$(in_state dinsos "$embroidery" FORFEITED | head -n 1)" 092/BAST/DINSOS/2024
    } >"$work/dinsos/out.jsonl"
    publish_lines dinsos "$work/dinsos/out.jsonl" "kits that must not be given" 3
    open_mail dinsos disnaker dpppa
}

contacts() {
    date_is 2024-04-24T22:00:00+07:00 "Satpol PP meets people on the street; one runs away, one is a graduate of five days ago"
    patrol "contacts"
    decide_link DIFFERENT "" 0000000003 "she is another woman of that name"
    week_of_care 2024-04-26
    week_of_care 2024-05-03
}

barbers() {
    local friday
    date_is 2024-05-06T17:00:00+07:00 "Barbering of May begins"
    open_mail disnaker
    in_state disnaker "$barber_later" CONFIRMED | sed '$d' | each_seat "$start" "who=dnk-01" "day=2024-05-06" >"$work/disnaker/out.jsonl"
    in_state disnaker "$barber_later" CONFIRMED | tail -n 1 >"$work/disnaker/mistyped"
    publish_lines disnaker "$work/disnaker/out.jsonl" "starts"
    date_is 2024-05-07T08:30:00+07:00 "One was forgotten; Disnaker writes the day of today for the day of yesterday, and corrects it"
    each_seat "$start" "who=dnk-01" "day=2024-05-07" <"$work/disnaker/mistyped" >"$work/disnaker/out.jsonl"
    publish_lines disnaker "$work/disnaker/out.jsonl" "start"
    agency_as disnaker --lang en correct --last --reason WRONG_DATE --set startedOn=2024-05-06 --yes >"$work/disnaker/corrected" ||
        die "disnaker cannot correct its own event: $(cat "$work/disnaker/corrected")"
    sed 's/^/   /' "$work/disnaker/corrected"
    corrected=$(jq -R '{(.): "2024-05-06"}' "$work/disnaker/mistyped")
    for friday in 2024-05-10 2024-05-17; do
        date_is ${friday}T16:00:00+07:00 "Attendance"
        week disnaker "$barber_later" "$(date -d "$friday -4 days" +%F)" $friday
        care
    done
    open_mail dinsos
    [ "$(told dinsos T11 false)" -eq 1 ] || die "one visit had to be late"
    say "dinsos is told: T11, no contact: a mentor has come to a closed door twice"
    date_is 2024-05-21T10:00:00+07:00 "She is found; Dinsos looks after the kits of the graduates, 30 days later"
    care
    open_mail dinsos
    [ "$(told dinsos T11 true)" -eq 1 ] || die "the late visit had to be cleared"
    check_kits IN_USE "kits are in use" 1 2 3 4 5 13 14 15 16 17
    check_kits SOLD "one was sold: no case is closed for it" 6
    for friday in 2024-05-24 2024-05-31 2024-06-07; do
        date_is ${friday}T16:00:00+07:00 "Attendance"
        week disnaker "$barber_later" "$(date -d "$friday -4 days" +%F)" $friday
        care
    done
    date_is 2024-06-14T16:00:00+07:00 "Barbering ends"
    week disnaker "$barber_later" 2024-06-10 2024-06-14
    care
    open_mail disnaker
    in_state disnaker "$barber_later" OCCUPIED | each_seat '{occurredAt: $now, actorRef: "dnk-01", placementEnded: {allocationId: $id,
        endedOn: "2024-06-14", result: "COMPLETED", attendancePct: (90 + $n), competency: "NOT_TESTED"}}' >"$work/disnaker/out.jsonl"
    publish_lines disnaker "$work/disnaker/out.jsonl" "all complete"
    open_mail dinsos
    date_is 2024-06-18T10:00:00+07:00 "Kits for the barbers; one waits for his"
    grant_all "$barber_later" 9 3 "kits of barbering"
    issue_line 12 GRANT_AFTER_COMPLETION "$(in_state dinsos "$barber_later" COMPLETED | tail -n 1)" 009/BAST/DINSOS/2024 >"$work/dinsos/out.jsonl"
    publish_lines dinsos "$work/dinsos/out.jsonl" "under the number of another paper" 1
}
