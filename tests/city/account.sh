# account.sh - at the end: what each agency says against what the journal says. Sourced by story.sh.
# shellcheck shell=bash disable=SC2154

step "Everything is compared with the journal"
kill "${pids[@]}" 2>/dev/null || true
wait "${pids[@]}" 2>/dev/null || true
pids=()
for agency in "${agencies[@]}"; do
    agency_as "$agency" --json -w 30 subscribe kota --types "${topics[$agency]}" --from beginning --until-caught-up \
        --output "$work/$agency/received.jsonl" >/dev/null || die "$agency cannot catch up"
    agency_as "$agency" --json outbox list >"$work/$agency/outbox.jsonl"
    agency_as "$agency" log verify >"$work/$agency/log.txt" || die "$agency: $(cat "$work/$agency/log.txt")"
done
kill -TERM "$daemon_pid"
wait "$daemon_pid" || die "the daemon did not stop cleanly"
daemon_pid=
"$daemon" -c "$work/sinergid.conf" --demo --verify >"$work/verify.txt" || die "$(cat "$work/verify.txt")"
"$daemon" -c "$work/sinergid.conf" --demo --refold "$work/refold.mdb" >"$work/refold.txt" || die "$(cat "$work/refold.txt")"
"$daemon" -c "$work/sinergid.conf" --demo --journal >"$work/journal.jsonl"

# What an agency had to receive: records it may read, of the types that it subscribes to.
wanted() { # AGENCY
    local pattern
    pattern=$(sed 's/\./\\./g; s/\*/.*/g; s/,/|/g' <<<"${topics[$1]}")
    jq -r --arg me "$1" --arg types "^($pattern)\$" \
        'select(.readers | index($me) or index("*")) | select(.type | test($types)) | .seq' "$work/journal.jsonl"
}
printf '   %-10s %10s %9s %9s %9s\n' agency published accepted refused received
for agency in "${agencies[@]}"; do
    jq -r 'select(.status == "ACCEPTED") | .seq' "$work/$agency/outbox.jsonl" >"$work/$agency/said"
    jq -r --arg me "$agency" 'select(.agency == $me) | .seq' "$work/journal.jsonl" >"$work/$agency/stands"
    cmp -s "$work/$agency/said" "$work/$agency/stands" || die "$agency: what it published differs from the journal"
    jq -r .seq "$work/$agency/received.jsonl" >"$work/$agency/had"
    wanted "$agency" >"$work/$agency/want"
    cmp -s "$work/$agency/had" "$work/$agency/want" || die "$agency: what it received differs from the journal"
    printf '   %-10s %10d %9d %9d %9d\n' "$agency" "$(wc -l <"$work/$agency/outbox.jsonl")" \
        "$(wc -l <"$work/$agency/said")" \
        "$(jq -r 'select(.status == "REJECTED") | .seq' "$work/$agency/outbox.jsonl" | wc -l)" \
        "$(wc -l <"$work/$agency/had")"
done

# What nobody else may see.
names=$(jq -r '.referralSubmitted.person | .fullName // empty, .alias // empty, .nik // empty' "$here/referrals.jsonl")
for agency in satpolpp disnaker dpppa; do
    while read -r word; do
        ! grep -qF "\"$word" "$work/$agency/received.jsonl" || die "$agency received '$word'"
    done <<<"$names"
    ! grep -qE '"(caseId|activity|suspectedPpks|nik|confirmedPpks)":' "$work/$agency/received.jsonl" ||
        die "$agency received a field that it must not see"
done
! grep -q '"nik":' "$work/dinsos/received.jsonl" || die "dinsos received a NIK"
say "no name, NIK, case or raid detail reached Satpol PP, Disnaker or DPPPA; no NIK reached anyone"

refused=$(jq -r 'select(.status == "REJECTED") | "   \(.type) no. \(.number): \(.code) \(.detail)"' "$work"/*/outbox.jsonl)
[ -z "$refused" ] || printf '   refused, with the reason:\n%s\n' "$refused"

[ "$(changes RESERVED)" -ge 4 ] || die "too few reserved seats"
[ "$(changes EXPIRED)" -eq 1 ] && [ "$(changes PROMOTED)" -eq 1 ] || die "one hold had to expire and one to be promoted"
[ "$(changes CONFIRMED)" -eq 3 ] || die "three seats had to be confirmed"
[ "$(grep -c E_SLOT_FULL <<<"$refused")" -ge 1 ] || die "a request had to be refused for want of a seat"
sed 's/^/   /' "$work/verify.txt"
sed 's/^/   /' "$work/refold.txt"
printf '\nEverything adds up. %d s.\n' $((SECONDS - started))
