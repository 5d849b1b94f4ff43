# privacy.sh - nobody has read more than is his. Sourced by account.sh, when everything has been received.
# shellcheck shell=bash disable=SC2154 disable=SC2016

step "What each agency could not see"
for agency in "${agencies[@]}"; do
    say "$agency: $(jq -rs 'map(.redactedPaths // [] | .[] | sub("^[a-z_]+\\.(person\\.)?"; "")) | group_by(.)
        | map({name: .[0], n: length}) | sort_by(-.n) | map("\(.name) \(.n)x") | .[0:9] | join(", ")' "$work/$agency/mail.jsonl")"
done

# A provider reads a name with each change of a seat from RESERVED on, of who has agreed and has not taken it back,
# and with no other.
due='(map(select(.consentRecorded.action == "ACTION_WITHDRAWN") | {(.caseId): (.seq | tonumber)}) | add // {}) as $taken_back
    | map(select(.seatAllocationChanged.slotId | IN($ARGS.positional[]))) | group_by(.seatAllocationChanged.allocationId)[]
    | . as $all | map(.seatAllocationChanged.change == "SEAT_CHANGE_RESERVED") | index(true) // empty | $all[.:][]
    | select((.seq | tonumber) < ($taken_back[.caseId] // infinite)) | .seq'
check_seats() { # PROVIDER SLOT…
    local provider=$1
    shift
    jq -rs "$due" "$work/dinsos/received.jsonl" --args "$@" | sort -n >"$work/$provider/names.due"
    jq -r 'select(.seatAllocationChanged.person.fullName) | .seq' "$work/$provider/received.jsonl" >"$work/$provider/names"
    cmp -s "$work/$provider/names.due" "$work/$provider/names" ||
        die "$provider read names with others than those changes: $(diff "$work/$provider/names.due" "$work/$provider/names")"
}
check_seats disnaker $motor $barber $barber_later
check_seats dpppa $embroidery

# Names of the feed that stand anywhere in what an agency has received, and those that may.
jq -r '.referralSubmitted.person | .fullName // empty, .alias // empty | "\"\(.)\""' "$data"/referrals-*.jsonl | sort -u >"$work/names"
read_by() { # AGENCY
    { grep -ohFf "$work/names" "$work/$1/received.jsonl" || true; } | sort -u
}
seated() { # AGENCY
    jq -c '.seatAllocationChanged.person.fullName // empty' "$work/$1/received.jsonl"
}
handed() {
    jq -c '.referralPresented.person | .fullName // empty, .alias // empty' "$work/dpppa/received.jsonl"
}
nobody_else() { # AGENCY FILE: of whom it may read
    local name
    name=$(read_by "$1" | comm -23 - "$2")
    [ -z "$name" ] || die "$1 received $name"
}
: >"$work/nobody"
seated disnaker | sort -u >"$work/disnaker/seated"
seated dpppa | sort -u >"$work/dpppa/seated"
handed | sort -u - "$work/dpppa/seated" >"$work/dpppa/may_read"
nobody_else satpolpp "$work/nobody"
nobody_else disnaker "$work/disnaker/seated"
nobody_else dpppa "$work/dpppa/may_read"
for agency in satpolpp disnaker; do
    ! grep -qE '"(caseId|activity|suspectedPpks|nik|confirmedPpks|needs)":' "$work/$agency/received.jsonl" ||
        die "$agency received a field that it must not see"
done
! grep -qE '"(nik|14719[0-9]{11})"' "$work"/*/received.jsonl || die "somebody received a NIK"
handed=$(jq -r '.referralPresented.referralId // empty' "$work/dpppa/received.jsonl" | sort -u | wc -l)
say "names: Dinsos all; Disnaker $(wc -l <"$work/disnaker/seated") who agreed and had a seat of it, DPPPA $(wc -l <"$work/dpppa/seated") and the $handed who were handed to it; Satpol PP none; a NIK nobody"
