# intake.sh - from the street to the assessment: Satpol PP refers, Dinsos acknowledges, decides, assesses;
# children go to DPPPA. Sourced by run.sh.
# shellcheck shell=bash disable=SC2154 disable=SC2016

acknowledge='select(.type == "referral.submitted" and .referralSubmitted.kind == "REFERRAL_KIND_INTAKE")
    | {occurredAt: $now, actorRef: "dns-0007", referralAcknowledged: {
        referralId: .referralSubmitted.referralId, personPresent: (.referralSubmitted.handedOverAt != null),
        admittedToShelter: (.referralSubmitted.handedOverAt != null), receivedByUnit: "uptd-shelter"}}'
# From another region: sent home by that region. Who does not sign the statement refuses. A victim of violence is
# for DPPPA.
decide='select(.type == "referral.submitted" and .referralSubmitted.kind == "REFERRAL_KIND_INTAKE")
    | .referralSubmitted as $r
    | {occurredAt: $now, actorRef: "dns-0031", referralDecided: ({referralId: $r.referralId} +
        if ($r.urgentNeeds // [] | index("URGENT_NEED_VIOLENCE"))
        then {decision: "REDIRECTED", reason: "WRONG_AGENCY", redirectTo: "dpppa"}
        elif ($r.person.domicileRegion // "" | startswith("13."))
        then {decision: "DECLINED", declinedBy: "RECEIVER", reason: "OUT_OF_TOWN"}
        elif $r.statementSigned == false
        then {decision: "DECLINED", declinedBy: "PERSON", reason: "PERSON_REFUSED"}
        else {decision: "ACCEPTED"} end)}'
# Who is under 18, by date of birth or by estimate.
under_18='def minor: (.estimatedAge // ((($now[0:4] | tonumber) - (.birthDate // "1900" | .[0:4] | tonumber)))) < 18;'
# A child is handed to DPPPA within the day; everybody else is assessed.
transfer="$under_18"'
    ([inputs] | map(select(.type == "referral.submitted") | {(.referralSubmitted.referralId): .referralSubmitted}) | add) as $of
    | $of | to_entries[] | select(.value.person | minor) | .value.referralId as $id
    | $cases[$id] // empty
    | {occurredAt: $now, actorRef: "dns-0031", caseId: ., referralSubmitted: {kind: "TRANSFER", targetAgency: "dpppa",
        priority: "EMERGENCY_24H", suspectedPpks: ["PPKS_04"]}}'
assess="$under_18"'
    ([inputs] | map(select(.type == "referral.submitted") | {(.referralSubmitted.referralId): .referralSubmitted}) | add) as $of
    | $of | to_entries[] | .value as $r | select($r.person | minor | not) | $cases[$r.referralId] // empty
    | {occurredAt: $now, actorRef: "dns-0031", caseId: ., assessmentCompleted: {
        assessedOn: $now[0:10], assessorRole: "PEKSOS", confirmedPpks: $r.suspectedPpks, isMinor: false,
        residence: "PEKANBARU", needs: (["FOOD", "GUIDANCE"] + if $r.person.nikStatus == "NIK_STATUS_NONE"
            then ["CIVIL_DOCUMENTS"] else [] end),
        priorityBand: (if $r.priority == "PRIORITY_EMERGENCY_24H" then 1 elif ($r.childrenWith // 0) > 0 then 2 else 3 end),
        trainingSuitable: true, schooling: "LOWER_SEC", canRead: true, dependants: ($r.childrenWith // 0),
        socialRegistry: "NONE"}}'
# DPPPA takes whom it is shown: the woman who was redirected, and the children.
dpppa_acknowledge='select(.type == "referral.presented" and .referralPresented.assessment == null)
    | .referralPresented.referralId as $id | select($done | index($id) | not)
    | {occurredAt: $now, actorRef: "dpa-0009", referralAcknowledged: {referralId: .referralPresented.referralId,
        personPresent: true, admittedToShelter: false, receivedByUnit: "uptd-ppa"}}'
dpppa_accept='select(.type == "referral.presented")
    | .referralPresented.referralId as $id | select($done | index($id) | not)
    | {occurredAt: $now, actorRef: "dpa-0009", referralDecided: {referralId: .referralPresented.referralId,
        decision: "ACCEPTED"}}'

# The case of each accepted referral, as dinsos knows it from its own mail.
own_cases() { # STATE
    jq -cs --arg state "$1" 'map(select(.caseStateChanged.referralState == "REFERRAL_STATE_ACCEPTED"
        and .caseStateChanged.to == $state and .caseStateChanged.from != $state)
        | {(.caseStateChanged.referralId): .caseStateChanged.caseId}) | add // {}' "$work/dinsos/new.jsonl"
}

# Dinsos acknowledges at noon what was referred in the morning, and decides in the afternoon.
receive() { # DAY
    open_mail dinsos
    cp "$work/dinsos/new.jsonl" "$work/dinsos/feed.jsonl"
    date_is "${1}T11:00:00+07:00" "Dinsos acknowledges, then decides"
    answer dinsos "acknowledgements" "$acknowledge" 0 "now=$now"
    date_is "${1}T15:00:00+07:00" "decisions"
    cp "$work/dinsos/feed.jsonl" "$work/dinsos/new.jsonl"
    answer dinsos "decisions" "$decide" 0 "now=$now"
    say "$(jq -r '.referralDecided | .decision + (if .reason then " " + .reason else "" end)' "$work/dinsos/out.jsonl" |
        sort | uniq -c | awk '{n = $1; $1 = ""; printf "%s%s%s", (NR > 1 ? ", " : "  "), n, $0}')"
    open_mail dinsos
}

# One month of the feed: referred, decided, the day after assessed and asked for consent. A child goes to DPPPA the
# same day, unless the office is late.
take_in() { # MONTH DAY NEXT-DAY
    local month=$1 day=$2 next=$3 cases
    date_is "${day}T08:00:00+07:00" "Satpol PP sends its referrals of $month"
    if [ -n "${kill_in_the_middle:-}" ]; then
        import_and_kill "$data/referrals-$month.jsonl"
    else
        publish_lines satpolpp "$data/referrals-$month.jsonl" "referrals"
    fi
    receive "$day"
    cases=$(own_cases CASE_STATE_ASSESSING)
    [ -n "${child_is_late:-}" ] || hand_over_children "$cases"
    date_is "${next}T10:00:00+07:00" "Dinsos assesses and asks for consent"
    jq -cn --arg now "$now" --argjson cases "$cases" "$assess" "$work/dinsos/feed.jsonl" >"$work/dinsos/out.jsonl"
    publish_lines dinsos "$work/dinsos/out.jsonl" "assessments"
    publish_sheet dinsos consents "consents: $(consents_said "$next")"
    open_mail dinsos satpolpp
    [ -z "${child_is_late:-}" ] || hand_over_late "$cases"
}

consents_said() { # DAY: how many gave and refused
    cat "$data"/consents-*.jsonl | jq -rs --arg day "$1" 'map(select(.occurredAt[0:10] == $day).consentRecorded.action)
        | group_by(.) | map("\(length) \(.[0])") | join(", ")'
}

# SIGKILL of the daemon while the referrals are on their way; the import goes on by itself.
import_and_kill() { # FILE
    agency_as satpolpp --json -w 60 import "$1" >"$work/satpolpp/import.json" 2>"$work/satpolpp/import.log" &
    local importer=$!
    kill_daemon
    say "the daemon is killed with SIGKILL while $(wc -l <"$1") referrals are on their way"
    start_daemon
    wait "$importer" || die "satpolpp: $(cat "$work/satpolpp/import.log")"
    say "started again; satpolpp: $(jq -r '.accepted + .duplicate' "$work/satpolpp/import.json") referrals are accepted"
}

hand_over_children() { # CASES
    jq -cn --arg now "$now" --argjson cases "$1" "$transfer" "$work/dinsos/feed.jsonl" >"$work/dinsos/out.jsonl"
    publish_lines dinsos "$work/dinsos/out.jsonl" "transfer of children to DPPPA"
    [ -n "${dpppa_away:-}" ] || dpppa_takes
    open_mail dinsos
}

hand_over_late() { # CASES
    say "dinsos is told: $(jq -r '.deadlineMissed // empty | select(.ruleId == "T04" and .cleared == false)
        | "\(.ruleId) level \(.level), a child is still here after 24 hours"' "$work/dinsos/new.jsonl")"
    hand_over_children "$1"
    [ "$(mail_count dinsos '.deadlineMissed.ruleId == "T04" and .deadlineMissed.cleared')" -eq 1 ] || die "T04 had to be cleared"
}

dpppa_takes() {
    local done_ids
    done_ids=$(jq -cs 'map(.referralPresented.referralId // empty)' "$work/dpppa/mail.jsonl" 2>/dev/null || echo '[]')
    open_mail dpppa
    jq -c --arg now "$now" --argjson done "$done_ids" "$dpppa_acknowledge" "$work/dpppa/new.jsonl" >"$work/dpppa/out.jsonl"
    publish_lines dpppa "$work/dpppa/out.jsonl" "acknowledges whom it was shown"
    jq -c --arg now "$now" --argjson done "$done_ids" "$dpppa_accept" "$work/dpppa/new.jsonl" >"$work/dpppa/out.jsonl"
    publish_lines dpppa "$work/dpppa/out.jsonl" "accepts"
    open_mail dpppa
}

step "A city on this machine: keys, configuration, a demo store, a daemon"
set_up
start_daemon
say "demo clock $clock_start, $(sed -n 's/.*store = "\([^"]*\)".*/store \1/p' "$work/card")"
subscribe_all
date_is 2024-01-29T07:45:00+07:00 "Disnaker and DPPPA offer 24 seats; Dinsos has 20 kits"
publish_lines disnaker "$data/slots-disnaker.jsonl" "motorcycle service 8 seats, barbering 4 and 4"
publish_lines dpppa "$data/slots-dpppa.jsonl" "embroidery 8 seats"
publish_lines dinsos "$data/kits-dinsos.jsonl" "kits in stock"
open_mail disnaker dpppa dinsos satpolpp
take_in 2024-01 2024-01-29 2024-01-30
publish_lines satpolpp "$data/referrals-2024-01.jsonl" "the same file imported again changes nothing"
take_in 2024-02 2024-02-12 2024-02-13
