# courses.sh - courses, who attends them, and what their providers report. Sourced by run.sh.
# shellcheck shell=bash disable=SC2154

starts() { # AGENCY SLOT DAY WHAT [NAME=VALUE…]: of those who are confirmed
    local agency=$1 slot=$2 day=$3 what=$4
    shift 4
    state "$agency" mulai "$what" 0 mulai "slot=$slot" "day=$(in_style "$agency" "$day")" "$@"
}

date_is 2024-03-04T17:00:00+07:00 "The courses begin; one man does not come, of another the attendance comes before the start"
mail disnaker dpppa
starts disnaker "$motor" 2024-03-04 "starts" skip=2
starts dpppa "$embroidery" 2024-03-04 "starts"
date_is 2024-03-06T16:00:00+07:00 "No-show"
mail disnaker
state disnaker hadir "attendance of one whose start was not reported: it waits" 0 hadir "slot=$motor" "state=dikonfirmasi" \
    "from=$(in_style disnaker 2024-03-05)" "to=$(in_style disnaker 2024-03-06)" skip=1 count=1
waits=$sheet
starts disnaker "$motor" 2024-03-04 "his start; what waited falls into place" skip=1 count=1
mail disnaker
state disnaker selesai "reports who did not come" 0 disnaker/tidak-datang "slot=$motor"
await_result disnaker "$waits" ';"(antre|ditunda)";'
[ "$(rows "$result" diterima)" -eq 1 ] || die "what waited had to be settled"
date_is 2024-03-07T09:00:00+07:00 "The next in line has 24 hours, accepts and begins"
promoted_accept "$motor" disnaker
mail disnaker
starts disnaker "$motor" 2024-03-07 "starts"
mail dinsos
lend_and_refuse

date_is 2024-03-08T16:00:00+07:00 "First week; then the line of DPPPA is cut for more than a week"
week disnaker "$motor" 2024-03-04 2024-03-08
week dpppa "$embroidery" 2024-03-04 2024-03-08
care
mail dpppa
away_since=${heard[dpppa]}
cut_line

kill_in_the_middle=daemon_at take_in 2024-03 2024-03-12 2024-03-13
date_is 2024-03-14T09:00:00+07:00 "Three more men want to become barbers: no seat is free, they wait"
staff_states permintaan-kursi "requests"
date_is 2024-03-15T16:00:00+07:00 "Second week"
week disnaker "$motor" 2024-03-11 2024-03-15
clerk dpppa hadir "slot=$embroidery" "state=ikut" "from=$(in_style dpppa 2024-03-11)" "to=$(in_style dpppa 2024-03-15)"
put_sheet dpppa hadir "$work/dpppa/out.csv"
waits=$sheet
await_result dpppa "$waits" '^;' # that it was read, and no answer
say "dpppa: its clerks go on: attendance of 2024-03-11 to 2024-03-15 ($(rows "$result" antre) wait in the outbox)"
care

date_is 2024-03-18T08:00:00+07:00 "DPPPA's line is mended: its agent sends what has waited, and its clerks open their mail"
mend_line
await_result dpppa "$waits"
say "dpppa: $(rows "$result" diterima) are accepted, none twice"
mail dpppa
say "dpppa: $(tell dpppa "SELECT count(*) FROM ($(every dpppa seq)) WHERE seq > $away_since") events in its mail, none twice"
say "dpppa was told while it was away: $(tell dpppa "SELECT group_concat(n, ', ') FROM (SELECT DISTINCT rule_id || ' level ' || level AS n
    FROM deadline_missed WHERE seq > $away_since AND NOT coalesce(cleared, 0) ORDER BY 1)")"
dpppa_takes

# ---- a slot is cancelled ----

date_is 2024-03-19T10:00:00+07:00 "Disnaker cancels barbering of March: its people get seats in May"
mail disnaker
state disnaker batal-slot "cancels, from an old version of the slot" 1 disnaker/batal-slot "slot=$barber" "other=$barber_later" version=1
state disnaker batal-slot "cancels, from the version of now" 0 disnaker/batal-slot "slot=$barber" "other=$barber_later"
mail dinsos
held_in() { in_state dinsos "$1" "$2" | wc -l; }
say "dinsos: $(held_in "$barber" VOIDED) voided; $(held_in "$barber_later" HELD) held in May, $(held_in "$barber_later" WAITLISTED) wait there"
date_is 2024-03-20T10:00:00+07:00 "Dinsos asks them again: one does not want to wait so long, the next has his seat"
state dinsos keputusan-kursi "three accept" 0 dinsos/keputusan-kursi "slot=$barber_later" "state=ditahan" "decision=setuju" skip=1
mail dinsos
state dinsos keputusan-kursi "one refuses" 0 dinsos/keputusan-kursi "slot=$barber_later" "state=ditahan" "decision=mundur" \
    "reason=orangnya menolak" "by=orangnya"
promoted_accept "$barber_later" disnaker
show_seats "$barber_later"

both_weeks() { # FRIDAY
    week disnaker "$motor" "$(date -d "$1 -4 days" +%F)" "$1"
    week dpppa "$embroidery" "$(date -d "$1 -4 days" +%F)" "$1"
}
for friday in 2024-03-22 2024-03-29 2024-04-05; do
    date_is ${friday}T16:00:00+07:00 "Attendance"
    both_weeks $friday
    case $friday in
    2024-04-05) care 2 ;; # who signs for herself, and who was not looked for long enough
    *) care ;;
    esac
done
date_is 2024-04-06T08:00:00+07:00 "The patrols of the week before"
mail dinsos
patrol 2024-03 "a contact"
decide_link "orang sama" "" "one of the office says that they are one person" 1
decide_link "orang sama" dns-0009 "two of the office say it"
child_is_late=1 kill_in_the_middle=agent_at take_in 2024-04 2024-04-08 2024-04-09

finish_course() { # AGENCY SLOT DAY [NAME=VALUE…]
    local agency=$1 slot=$2 day=$3
    shift 3
    mail "$agency"
    clerk "$agency" selesai "slot=$slot" "day=$(in_style "$agency" "$day")" first=86 "$@"
    drop "$agency" selesai "results: $(result_says "$work/$agency/out.csv" 'SELECT group_concat(n, ", ")
        FROM (SELECT count(*) || " " || "Hasil" AS n FROM row GROUP BY "Hasil" ORDER BY "Hasil")')"
}
date_is 2024-04-12T16:00:00+07:00 "Embroidery ends"
both_weeks 2024-04-12
finish_course dpppa "$embroidery" 2024-04-12 gives_up=2 finds_work=5
care
date_is 2024-04-19T16:00:00+07:00 "Motorcycle service ends"
week disnaker "$motor" 2024-04-15 2024-04-19
finish_course disnaker "$motor" 2024-04-19 gives_up=2
care
mail dinsos
