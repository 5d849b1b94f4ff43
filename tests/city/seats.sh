# seats.sh - seats are asked for, confirmed, declined, taken back, passed on to the next. Sourced by run.sh.
# shellcheck shell=bash disable=SC2154

# Allocations of a slot whose last change is this one, in order of seats, as the office's agent has them.
in_state() { # AGENCY SLOT CHANGE: one id per line
    tell "$1" "SELECT allocation_id FROM (SELECT allocation_id, change, seat_no, max(seq) FROM seat_allocation_changed
        WHERE slot_id = '$2' GROUP BY allocation_id) WHERE change = '$3' ORDER BY coalesce(seat_no, 0), allocation_id"
}

confirm() { # AGENCY SLOT [NAME=VALUE…]: the seats that are reserved
    local agency=$1 slot=$2
    shift 2
    state "$agency" keputusan-kursi "confirms" 0 keputusan-kursi "slot=$slot" "decision=dikonfirmasi" "$@"
}

week() { # AGENCY SLOT FROM TO: attendance of all who are in the course
    mail "$1"
    state "$1" hadir "attendance of $3 to $4" 0 hadir "slot=$2" "state=ikut" "from=$(in_style "$1" "$3")" "to=$(in_style "$1" "$4")"
}

promoted_accept() { # SLOT PROVIDER: who was promoted takes the seat, the provider confirms
    mail dinsos
    state dinsos keputusan-kursi "who was promoted accepts" 0 dinsos/keputusan-kursi "slot=$1" "state=naik dari antrean" "decision=setuju"
    mail "$2"
    confirm "$2" "$1"
}

# ---- seats are asked for until there are none ----

date_is 2024-02-14T09:00:00+07:00 "Dinsos asks for seats until there are none"
staff_states permintaan-kursi "requests" 5
mail dinsos disnaker dpppa
show_seats "$motor"

date_is 2024-02-15T10:00:00+07:00 "The providers confirm; DPPPA declines one for a missing document, the next has her seat"
confirm disnaker "$motor"
confirm disnaker "$barber"
state dpppa keputusan-kursi "declines" 0 keputusan-kursi "slot=$embroidery" "decision=ditolak" "reason=berkas kurang" skip=2 count=1
confirm dpppa "$embroidery"
date_is 2024-02-16T09:00:00+07:00 "Dinsos asks her who was promoted"
promoted_accept "$embroidery" dpppa

date_is 2024-02-19T09:00:00+07:00 "A held seat has run out after 72 hours; the next in line is promoted"
mail dinsos
[ "$(in_state dinsos "$motor" EXPIRED | wc -l)" -eq 1 ] || die "one hold had to run out"
promoted_accept "$motor" disnaker
care

date_is 2024-02-20T10:00:00+07:00 "A woman takes back her consent: her seat is free at once, DPPPA has to forget her, the next in line is asked"
staff_states persetujuan "consent is withdrawn"
promoted_accept "$embroidery" dpppa
state dpppa dilupakan "has forgotten her name" 0 dpppa/dilupakan
