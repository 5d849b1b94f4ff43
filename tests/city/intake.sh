# intake.sh - from the street to the assessment: Satpol PP refers, Dinsos acknowledges, decides, assesses;
# children go to DPPPA. Sourced by run.sh.
# shellcheck shell=bash disable=SC2154 disable=SC2016

# DPPPA takes whom it is shown: the woman who was redirected, and the children.
dpppa_takes() {
    mail dpppa
    state dpppa rujukan-terima "acknowledges whom it was shown" 0 dpppa/rujukan-terima
    mail dpppa
    state dpppa keputusan "accepts" 0 dpppa/keputusan
}

# Dinsos acknowledges at noon what was referred in the morning, and decides in the afternoon.
receive() { # DAY
    mail dinsos
    date_is "${1}T11:00:00+07:00" "Dinsos acknowledges, then decides"
    state dinsos rujukan-terima "acknowledgements" 0 dinsos/rujukan-terima
    date_is "${1}T15:00:00+07:00" "decisions"
    mail dinsos
    state dinsos keputusan "decisions" 0 dinsos/keputusan
    mail dinsos
    say "  $(tell dinsos "SELECT group_concat(n, ', ') FROM (SELECT count(*) || ' ' || decision || coalesce(' ' || reason, '') AS n
        FROM referral_decided WHERE date(occurred_at, '+7 hours') = '$1' AND publisher_agency = 'dinsos' GROUP BY decision, reason)")"
}

# One month of the raids: referred, decided, the day after assessed and asked for consent. A child goes to DPPPA the
# same day, unless the office is late.
take_in() { # MONTH DAY NEXT-DAY
    local month=$1 day=$2 next=$3 raids=$agencies_at/satpolpp/sample/2024/razia-$1.csv
    date_is "${day}T08:00:00+07:00" "Satpol PP sends its referrals of $month"
    if [ -n "${kill_in_the_middle:-}" ]; then
        "kill_$kill_in_the_middle" "$raids"
    else
        drop satpolpp razia "referrals" 0 "$raids"
    fi
    receive "$day"
    [ -n "${child_is_late:-}" ] || hand_over_children
    date_is "${next}T10:00:00+07:00" "Dinsos assesses and asks for consent"
    state dinsos asesmen "assessments" 0 dinsos/asesmen
    mail dinsos
    staff_states persetujuan "consents: $(consents_said)"
    mail dinsos satpolpp
    [ -z "${child_is_late:-}" ] || hand_over_late
}

consents_said() { # how many gave and refused today
    cat $agencies_at/dinsos/sample/2024/persetujuan-2024-??.csv | tr -d '\r' | awk -F ';' -v day="$(in_style dinsos "$today")" '
        $2 == day { n[$4]++ } END { printf "%d GIVEN", n["setuju"]; if (n["menolak"]) printf ", %d REFUSED", n["menolak"] }'
}

# SIGKILL of the daemon while the referrals are on their way; the agent goes on by itself.
kill_daemon_at() { # SHEET
    put_sheet satpolpp razia "$1"
    kill_daemon
    say "the daemon is killed with SIGKILL while $(($(wc -l <"$1") - 1)) referrals are on their way"
    start_daemon
    await_result satpolpp "$sheet"
    say "started again; satpolpp: $(rows "$result" diterima) referrals are accepted"
}

# SIGKILL of the agent in the middle of a sheet; the next one finds the sheet, or what was written of it, and goes on.
kill_agent_at() { # SHEET
    local held
    held=$(outbox_holds satpolpp)
    put_sheet satpolpp razia "$1"
    until [ ! -e "$work/satpolpp/masuk/$sheet.csv" ] || [ "$(outbox_holds satpolpp)" -gt "$held" ]; do :; done
    kill_agent satpolpp
    say "the agent of Satpol PP is killed with SIGKILL in the middle of a sheet with $(($(wc -l <"$1") - 1)) referrals"
    start_agent satpolpp
    await_result satpolpp "$sheet"
    say "started again; satpolpp: $(($(rows "$result" diterima) + $(rows "$result" "sudah ada"))) referrals are accepted"
}
outbox_holds() { # AGENCY: events
    agency_as "$1" --json outbox list | wc -l
}

hand_over_children() {
    state dinsos alih "transfer of children to DPPPA" 0 dinsos/alih
    [ -n "$cut_off" ] || dpppa_takes
    mail dinsos
}

hand_over_late() {
    say "dinsos is told: $(tell dinsos "SELECT rule_id || ' level ' || level FROM deadline_missed
        WHERE rule_id = 'T04' AND NOT coalesce(cleared, 0) ORDER BY seq DESC LIMIT 1"), a child is still here after 24 hours"
    hand_over_children
    [ "$(tell dinsos "SELECT count(*) FROM deadline_missed WHERE rule_id = 'T04' AND cleared")" -eq 1 ] || die "T04 had to be cleared"
}

# The slot of a course that begins on a day, by its id, as Dinsos has been told.
slot_of() { # COURSE DAY
    tell dinsos "SELECT slot_id FROM slot_offered WHERE course_code = '$1' AND starts_on = '$2'"
}

step "A city on this machine: keys, configuration, a demo store, a daemon, an agent in each office"
set_up
start_daemon
say "demo clock $clock_start, $(sed -n 's/.*store = "\([^"]*\)".*/store \1/p' "$work/card")"
lay_line dpppa
for agency in "${agencies[@]}"; do
    open_office "$agency"
done
date_is 2024-01-29T07:45:00+07:00 "Disnaker and DPPPA offer 24 seats; Dinsos has 20 kits"
mail "${agencies[@]}"
drop disnaker slot "motorcycle service 8 seats, barbering 4 and 4" 0 $agencies_at/disnaker/sample/2024/slot-2024.csv
drop dpppa slot "embroidery 8 seats" 0 $agencies_at/dpppa/sample/2024/slot-2024.csv
drop dinsos stok "kits in stock" 0 $agencies_at/dinsos/sample/2024/stok-2024.xlsx
mail "${agencies[@]}"
motor=$(slot_of MOTORCYCLE_SERVICE 2024-03-04)
barber=$(slot_of BARBER 2024-03-25)
barber_later=$(slot_of BARBER 2024-05-06)
embroidery=$(slot_of EMBROIDERY 2024-03-04)
take_in 2024-01 2024-01-29 2024-01-30
drop satpolpp razia "the same sheet once more: every row is known" 0 $agencies_at/satpolpp/sample/2024/razia-2024-01.csv
take_in 2024-02 2024-02-12 2024-02-13
