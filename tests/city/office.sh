# office.sh - what every office of the city does: open its mail, answer it by a program, publish a file.
# Nobody uses what it did not receive: the programs turn an agency's own mail into its events.
# shellcheck shell=bash disable=SC2154

declare -A seen # lines of its mail that an agency has worked through

# Everything that has come for the agency since it looked last: into mail.jsonl, the new part into new.jsonl.
open_mail() { # AGENCY…
    local agency waiting=()
    for agency in "$@"; do
        agency_as "$agency" --json -w 30 subscribe meja --types "${topics[$agency]}" --from beginning \
            --until-caught-up --output "$work/$agency/mail.jsonl" >/dev/null 2>"$work/$agency/meja.log" &
        waiting+=("$!:$agency")
    done
    for agency in "${waiting[@]}"; do
        wait "${agency%%:*}" || die "${agency##*:} cannot open its mail: $(cat "$work/${agency##*:}/meja.log")"
    done
    for agency in "$@"; do
        tail -n +"$((${seen[$agency]:-0} + 1))" "$work/$agency/mail.jsonl" >"$work/$agency/new.jsonl"
        seen[$agency]=$(wc -l <"$work/$agency/mail.jsonl")
        # What is looked at again and again is kept apart.
        grep -F '"seatAllocationChanged"' "$work/$agency/new.jsonl" >>"$work/$agency/seats.jsonl" || true
        grep -F '"caseStateChanged"' "$work/$agency/new.jsonl" >>"$work/$agency/states.jsonl" || true
    done
}

mail_count() { # AGENCY FILTER: how much of all its mail
    jq -c "select($2)" "$work/$1/mail.jsonl" | wc -l
}

# Publish the lines of a file; refusals are allowed up to the number that the story expects, and counted.
publish_lines() { # AGENCY FILE WHAT [REFUSED]
    local agency=$1 file=$2 status=0 result=$work/$1/import.json lines got
    lines=$(wc -l <"$file")
    [ "$lines" -gt 0 ] || die "$agency: nothing to publish: $3"
    local before
    before=$(date +%s%N)
    agency_as "$agency" --json -w 60 import "$file" >"$result" 2>"$work/$agency/import.log" || status=$?
    echo "$lines $((($(date +%s%N) - before) / 1000000))" >>"$work/took"
    got=$(jq -r '.rejected + .invalid + .unanswered' "$result")
    [ "$got" -eq "${4:-0}" ] ||
        die "$agency: $3: $got refused, ${4:-0} expected: $(head -n 4 "$work/$agency/import.log")"
    if [ "${4:-0}" -eq 0 ]; then
        [ "$status" -eq 0 ] || die "$agency: $3: exit status $status: $(cat "$work/$agency/import.log")"
        say "$agency: $3 ($lines)"
    else
        say "$agency: $3 ($lines, of which $got refused: $(sed -n 's/^.*jsonl:[0-9]*: \(E_[A-Z_]*\):.*/\1/p' "$work/$agency/import.log" | sort -u | paste -sd, | sed 's/,/, /g'))"
    fi
}

# Run a program over what is new for the agency and publish what comes out.
answer() { # AGENCY WHAT PROGRAM [REFUSED] [NAME=VALUE…]: values are text for jq
    local agency=$1 what=$2 program=$3 refused=${4:-0}
    shift $(($# < 4 ? $# : 4))
    local values=()
    while [ $# -gt 0 ]; do
        values+=(--arg "${1%%=*}" "${1#*=}")
        shift
    done
    jq -c "${values[@]}" "$program" "$work/$agency/new.jsonl" >"$work/$agency/out.jsonl" ||
        die "$agency: the program for '$what' failed"
    publish_lines "$agency" "$work/$agency/out.jsonl" "$what" "$refused"
}

# Offices keep sheets, KIND-MONTH.jsonl: what has been written into those of a kind since the last time is published.
# Staff know a person by the number of the referral; the case of it is in the office's own mail. Who closes a case
# has looked at it: its version is the one of now.
declare -A written_through
publish_sheet() { # AGENCY KIND WHAT [REFUSED]
    local agency=$1 kind=$2 files=("$data/$2"-*.jsonl)
    jq -c --arg from "${written_through[$kind]:-}" --arg to "$now" 'select(.occurredAt > $from and .occurredAt <= $to)' \
        "${files[@]}" >"$work/$agency/sheet.jsonl"
    written_through[$kind]=$now
    [ -s "$work/$agency/sheet.jsonl" ] || return 0
    touch "$work/$agency/states.jsonl"
    echo '{}' >"$work/$agency/cases.json"
    [ "$kind" != closings ] || agency_as "$agency" --json case --all >"$work/$agency/cases.json"
    jq -c --slurpfile states "$work/$agency/states.jsonl" --slurpfile now "$work/$agency/cases.json" '
        ($states | map(.caseStateChanged | select(.caseId and .referralId) | {(.referralId): .caseId}) | add // {}) as $of
        | ($now[0].cases // [] | map({(.caseId): .version}) | add // {}) as $version | inputs
        | if .referralId then .caseId = ($of[.referralId] // error("no case of \(.referralId)")) | del(.referralId) else . end
        | if .caseClosed then .expectedVersion = $version[.caseId] else . end' -n \
        "$work/$agency/sheet.jsonl" >"$work/$agency/out.jsonl" || die "$agency: the sheet of $kind names a case that is not its own"
    publish_lines "$agency" "$work/$agency/out.jsonl" "$3" "${4:-0}"
}

date_is() { # TIME TITLE: the demo clock moves there
    local text
    agency_as diskominfo -w 20 admin clock advance --to "$1" >/dev/null || die "the clock does not move to $1"
    now=$(date -u -d "$1" +%Y-%m-%dT%H:%M:%SZ)
    today=${1%%T*}
    text=$(LC_ALL=C date -d "$today" '+%a %-d %b %Y')
    step "$text ${1:11:5}: $2"
}

# The seats of dinsos' cases by course: the office's own list, as the broker answers it.
show_seats() { # SLOT
    agency_as dinsos --lang en seats "$1" | cut -c 1-86 | sed 's/^/   /'
}
