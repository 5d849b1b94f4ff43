# care.sh - what Dinsos' own people do: basic services, mentoring, closing; the street is met again. Sourced by run.sh.
# shellcheck shell=bash disable=SC2154 disable=SC2016

# What the staff have written into a sheet since the last time, completed by a clerk.
staff_states() { # KIND WHAT [REFUSED]
    local program=dinsos/$1
    [ -e "$here/clerks/$program.sql" ] || program=dinsos/lembar
    staff_sheet dinsos "$1" || return 0
    state dinsos "$1" "$2" "${3:-0}" "$program"
}

# What the staff have written into their sheets since the last time.
care() { # [CLOSINGS-REFUSED]
    mail dinsos
    staff_states layanan "basic services"
    staff_states rencana "plans of mentoring"
    mail dinsos
    staff_states kunjungan "visits of mentors"
    staff_states penutupan "cases are closed" "${1:-0}"
}

# A week of the mentors without anything else.
week_of_care() { # FRIDAY
    date_is "${1}T16:00:00+07:00" "Dinsos writes up the week"
    care
}

told() { # AGENCY RULE CLEARED SINCE: how many notices after that seq
    tell "$1" "SELECT count(*) FROM deadline_missed WHERE seq > $4 AND rule_id = '$2' AND coalesce(cleared, 0) = $3"
}

# Patrols meet people without asking who they are; who has no papers is a new person for now. The steward of
# identities is told of whom they may have met before, by score.
patrol() { # MONTH WHAT
    drop satpolpp kontak "$2" 0 "$agencies_at/satpolpp/sample/2024/kontak-$1.csv"
    mail dinsos
    tell dinsos "SELECT printf('score %d (%s)', score, lower((SELECT group_concat(value, ', ') FROM json_each(features))))
        FROM person_duplicate_suspected WHERE seq > ${heard_before[dinsos]} ORDER BY seq" |
        while read -r line; do say "the steward of identities is told of two persons who may be one: $line"; done
}

decide_link() { # DECISION SECOND-ACTOR WHAT [REFUSED]
    state dinsos tautan "$3" "${4:-0}" dinsos/tautan "decision=$1" "second=$2"
}

# A graduate is found begging again: only Dinsos hears that he has been somebody's success.
found_again() {
    date_is 2024-07-03T08:00:00+07:00 "Satpol PP refers a man who was found begging the night before"
    drop satpolpp razia "referral" 0 $agencies_at/satpolpp/sample/2024/razia-2024-07.csv
    receive 2024-07-03
    tell dinsos "SELECT reference || ' on ' || reference_on || ', ' || days || ' days ago' FROM case_relapse_detected" |
        while read -r line; do say "dinsos, and nobody else: he is known: $line"; done
    [ "$(tell dinsos "SELECT count(*) FROM case_relapse_detected")" -eq 1 ] || die "one relapse had to be seen"
}
