# courses.sh - courses, who attends them, and what their providers report. Sourced by run.sh.
# shellcheck shell=bash disable=SC2154 disable=SC2016

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
care
away_since=$(wc -l <"$work/dpppa/mail.jsonl")
kill "$dpppa_pid"
wait "$dpppa_pid" 2>/dev/null || true
dpppa_away=1

kill_in_the_middle=1 take_in 2024-03 2024-03-12 2024-03-13
date_is 2024-03-14T09:00:00+07:00 "Three more men want to become barbers: no seat is free, they wait"
publish_sheet dinsos requests "requests"
date_is 2024-03-15T16:00:00+07:00 "Second week"
week disnaker $motor 2024-03-11 2024-03-15
care

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
    open_mail dinsos
    case $friday in
    2024-04-05) care 2 ;; # who signs for herself, and who was not looked for long enough
    *) care ;;
    esac
done
date_is 2024-04-06T08:00:00+07:00 "The patrols of the week before"
patrol "a contact"
decide_link SAME "" 0000000001 "one of the office says that they are one person" 1
decide_link SAME dns-0009 0000000002 "two of the office say it"
child_is_late=1 take_in 2024-04 2024-04-08 2024-04-09

finish_course() { # AGENCY SLOT DAY TWO
    open_mail "$1"
    in_state "$1" "$2" OCCUPIED | each_seat "$end_course" "who=$1-01" "day=$3" "two=$4" >"$work/$1/out.jsonl"
    publish_lines "$1" "$work/$1/out.jsonl" "results: $(jq -r .placementEnded.result "$work/$1/out.jsonl" | sort | uniq -c | awk '{printf "%s%s %s", (NR > 1 ? ", " : ""), $1, $2}')"
}
date_is 2024-04-12T16:00:00+07:00 "Embroidery ends"
week disnaker $motor 2024-04-08 2024-04-12
week dpppa $embroidery 2024-04-08 2024-04-12
finish_course dpppa $embroidery 2024-04-12 yes
care
date_is 2024-04-19T16:00:00+07:00 "Motorcycle service ends"
week disnaker $motor 2024-04-15 2024-04-19
finish_course disnaker $motor 2024-04-19 no
care
open_mail dinsos
