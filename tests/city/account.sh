# account.sh - at the end: what each agency says against what the journal says, and what the city has to show
# for it. Sourced by run.sh.
# shellcheck shell=bash disable=SC2154 disable=SC2016

step "Seats, kits and cases at the end"
for slot in "$motor" "$barber_later" "$embroidery"; do
    say "$(agency_as dinsos --json slots | jq -r --arg slot "$slot" '.slots[] | select(.slot.slotId == $slot)
        | "\(.slot.courseCode) of \(.slot.startsOn), \(.owner)"'): $(jq -rs --arg slot "$slot" 'map(.seatAllocationChanged // empty
        | select(.slotId == $slot)) | group_by(.allocationId) | map(last.change | sub("SEAT_CHANGE_"; "") | ascii_downcase)
        | group_by(.) | map("\(length) \(.[0])") | join(", ")' "$work/dinsos/mail.jsonl")"
done
agency_as dinsos --json kits >"$work/dinsos/kits.json"
say "kits: $(jq -r '.kits | group_by(.kitCode) | map("\(.[0].kitCode) " + (group_by(.state)
    | map("\(length) \(.[0].state | sub("ITEM_STATE_"; "") | ascii_downcase)") | join(", "))) | join("; ")' "$work/dinsos/kits.json")"
for agency in dinsos dpppa; do
    say "cases of $agency: $(agency_as "$agency" --json case --all | jq -r '.cases | group_by(.state)
        | map("\(length) \(.[0].state | sub("CASE_STATE_"; "") | ascii_downcase)") | join(", ")')"
done

mails() { jq -c "select($1)" "$work/dinsos/mail.jsonl" | wc -l; }
said() { mails ".consentRecorded.action == \"ACTION_$1\""; }
late() { mails ".deadlineMissed | .ruleId == \"$1\" and .cleared == $2"; }
say "consents: $(said GIVEN) given, $(said REFUSED) refused, $(said WITHDRAWN) taken back: $(jq -r 'select(.personErasureOrdered) | .seq' "$work"/{disnaker,dpppa}/mail.jsonl | sort -u | wc -l) provider was told to forget"
say "basic services: $(mails .serviceDelivered); mentoring: $(mails .mentoringPlanSet) plans, $(mails .mentoringVisited) visits, $(mails '.mentoringVisited.contactMade == false') of them to a closed door; told as late $(late T11 false) times, cleared $(late T11 true) times"
say "persons who may be one: $(mails .personDuplicateSuspected), decided $(mails .personLinkDecided); begging again after a course: $(jq -r 'select(.caseRelapseDetected) | .caseId' "$work/dinsos/mail.jsonl" | sort -u | wc -l), seen $(mails .caseRelapseDetected) times"
say "cases closed: $(jq -rs 'map(.caseClosed.reason // empty | sub("CLOSE_REASON_"; "")) | group_by(.) | map("\(length) \(.[0])") | join(", ")' "$work/dinsos/mail.jsonl"); Satpol PP was told of $(jq -c 'select(.caseStateChanged.referralState == "REFERRAL_STATE_LOOP_CLOSED")' "$work/satpolpp/mail.jsonl" | wc -l) referrals that they are at an end, and of no reason"

step "Latency of acknowledgements"
say "$(jq -rs '(map(select(.referralSubmitted.kind == "REFERRAL_KIND_INTAKE")
        | {key: .referralSubmitted.referralId, value: .acceptedAt}) | from_entries) as $at
    | map(select(.caseStateChanged.referralState == "REFERRAL_STATE_ACKNOWLEDGED" and $at[.caseStateChanged.referralId] != null)
        | ((.acceptedAt | sub("\\.[0-9]+"; "") | fromdate) - ($at[.caseStateChanged.referralId] | sub("\\.[0-9]+"; "") | fromdate)) / 3600) | sort
    | "referral to acknowledgement by Dinsos: \(length) of \($at | length), median \(.[length / 2 | floor]) h, longest \(last) h of the demo clock"' "$work/dinsos/mail.jsonl")"
say "publication to signed outcome, $(wc -l <"$work/took") files with $(awk '{n += $1} END {print n}' "$work/took") events: median $(sort -k2n "$work/took" | awk '{t[NR] = $2} END {print t[int((NR + 1) / 2)]}') ms a file, $(awk '{n += $1; t += $2} END {printf "%.1f", t / n}' "$work/took") ms an event, from the start of the process"

. "$here/reports.sh"

step "Everything is compared with the journal"
kill "${pids[@]}" 2>/dev/null || true
wait "${pids[@]}" 2>/dev/null || true
pids=()
for agency in "${agencies[@]}"; do
    agency_as "$agency" --json -w 30 subscribe kota --types "${topics[$agency]}" --from beginning --until-caught-up \
        --output "$work/$agency/received.jsonl" >/dev/null || die "$agency cannot catch up"
    open_mail "$agency"
    agency_as "$agency" -w 20 outbox wait >/dev/null || die "$agency: the outbox is not answered"
    agency_as "$agency" --json outbox list >"$work/$agency/outbox.jsonl"
    agency_as "$agency" --lang en log verify >"$work/$agency/log.txt" || die "$agency: $(cat "$work/$agency/log.txt")"
    agency_as "$agency" receipt show 1 >"$work/$agency/receipt.json"
    agency_as "$agency" receipt verify "$work/$agency/receipt.json" >/dev/null || die "$agency: the first receipt does not hold"
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
# What DPPPA states about a case that Dinsos has handed over to it, Dinsos reads only while the case is still its own:
# it may have come in time or not.
jq -r 'select(.agency == "dpppa" and (.type | startswith("referral.")) and (.readers | index("dinsos"))) | .seq' \
    "$work/journal.jsonl" >"$work/gone"
outcomes() { # AGENCY STATUS: how many of its events
    jq -r --arg status "$2" 'select(.status == $status) | .number' "$work/$1/outbox.jsonl" | wc -l
}
printf '   %-10s %10s %9s %9s %14s %9s\n' agency published accepted refused "known already" received
for agency in "${agencies[@]}"; do
    jq -r --arg me "$agency" 'select(.agency == $me and (.kind == "ACCEPTED" or .kind == "SETTLED")) | .number' "$work/journal.jsonl" | sort -n >"$work/$agency/stands"
    jq -r 'select(.status == "ACCEPTED") | .number' "$work/$agency/outbox.jsonl" | sort -n >"$work/$agency/said"
    cmp -s "$work/$agency/said" "$work/$agency/stands" || die "$agency: what it published differs from the journal"
    gone=/dev/null
    [ "$agency" != dinsos ] || gone=$work/gone
    wanted "$agency" | grep -vxFf "$gone" >"$work/$agency/want"
    for file in received mail; do
        jq -r .seq "$work/$agency/$file.jsonl" | grep -vxFf "$gone" >"$work/$agency/had"
        cmp -s "$work/$agency/had" "$work/$agency/want" || die "$agency: what it received ($file) differs from the journal"
    done
    published=$(wc -l <"$work/$agency/outbox.jsonl") accepted=$(wc -l <"$work/$agency/said")
    refused=$(outcomes "$agency" REJECTED) known=$(outcomes "$agency" DUPLICATE)
    printf '   %-10s %10d %9d %9d %14d %9d\n' "$agency" "$published" "$accepted" "$refused" "$known" "$(wc -l <"$work/$agency/received.jsonl")"
    [ "$published" -eq $((accepted + refused + known)) ] || die "$agency: an event has no outcome"
done
feed=$(cat "$data"/referrals-*.jsonl | wc -l)
[ "$(jq -r 'select(.type == "referral.submitted" and .status == "ACCEPTED") | .number' "$work/satpolpp/outbox.jsonl" | wc -l)" -eq "$feed" ] ||
    die "$feed referrals had to be accepted"

. "$here/privacy.sh"

step "Every refusal, with its reason"
for agency in "${agencies[@]}"; do
    jq -rs --arg agency "$agency" 'map(select(.status == "REJECTED")) | group_by([.type, .code, .detail]) | map(.[0] + {n: length})
        | .[] | "\($agency)\t\(.type)\t\(.code)\t\(if (.detail // "") == "" then "-" else .detail end)\t\(.n)\t\(.textEn
            | sub("^E_[A-Z_]*: "; "") | sub(" \\(.*"; ""))"' "$work/$agency/outbox.jsonl"
done >"$work/refusals.tsv"
while IFS=$'\t' read -r agency type code detail n text; do
    say "$(printf '%-9s %-19s %s x %-20s %s%s' "$agency" "$type" "$n" "$code" "$text" "$([ "$detail" = - ] || printf ' (%s)' "$detail")")"
done <"$work/refusals.tsv"
# The story's own list: nothing else may be refused, and nothing of it may be accepted.
cut -f 1-3,5 "$work/refusals.tsv" | sort >"$work/refused"
sort "$data/refusals.tsv" | cmp -s - "$work/refused" ||
    die "the refusals are others than expected: $(sort "$data/refusals.tsv" | diff - "$work/refused")"

step "The journal"
cat "$work/verify.txt" "$work/refold.txt" "$work/dinsos/log.txt" | sed 's/^/   /'
printf '\nEverything adds up. %d s.\n' $((SECONDS - started))
