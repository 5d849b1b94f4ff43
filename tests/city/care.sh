# care.sh - what Dinsos' own people do: basic services, mentoring, closing; the street is met again. Sourced by run.sh.
# shellcheck shell=bash disable=SC2154 disable=SC2016

# What the staff have written into their sheets since the last time.
care() { # [CLOSINGS-REFUSED]
    publish_sheet dinsos services "basic services"
    publish_sheet dinsos plans "plans of mentoring"
    publish_sheet dinsos visits "visits of mentors"
    publish_sheet dinsos closings "cases are closed" "${1:-0}"
}

# A week of the mentors without anything else.
week_of_care() { # FRIDAY
    date_is "${1}T16:00:00+07:00" "Dinsos writes up the week"
    care
}

told() { # AGENCY RULE CLEARED: how many notices of its new mail
    jq -rs --arg rule "$2" --argjson cleared "$3" \
        'map(.deadlineMissed // empty | select(.ruleId == $rule and .cleared == $cleared)) | length' "$work/$1/new.jsonl"
}

# Patrols meet people without asking who they are; who has no papers is a new person for now. The steward of
# identities is told of whom they may have met before, by score.
patrol() { # WHAT
    publish_sheet satpolpp contacts "$1"
    open_mail dinsos
    jq -r '.personDuplicateSuspected // empty | "score \(.score) (\(.features | join(", ") | ascii_downcase))"' "$work/dinsos/new.jsonl" |
        while read -r line; do say "the steward of identities is told of two persons who may be one: $line"; done
}

# The steward has asked them both. One person: two of the office must have asked, and the one with a case remains.
link='(input | .cases | map(.personRef)) as $known | [inputs | .personDuplicateSuspected // empty] | sort_by(-.score) | .[0]
    | {occurredAt: $now, actorRef: "dns-0005", personLinkDecided: ({personRefA, personRefB, decision: $decision, basis: "INTERVIEW",
        linkId: $id} + if $decision == "SAME" then {survivor: (if .personRefA | IN($known[]) then "A" else "B" end)} else {} end
        + if $second == "" then {} else {secondActorRef: $second} end)}'
decide_link() { # DECISION SECOND-ACTOR NUMBER WHAT [REFUSED]
    agency_as dinsos --json case --all >"$work/dinsos/cases.json"
    jq -cn --arg now "$now" --arg decision "$1" --arg second "$2" --arg id "018ce6f0-0000-7000-8000-0e$3" "$link" \
        "$work/dinsos/cases.json" "$work/dinsos/new.jsonl" >"$work/dinsos/out.jsonl"
    publish_lines dinsos "$work/dinsos/out.jsonl" "$4" "${5:-0}"
}

# A graduate is found begging again: only Dinsos hears that he has been somebody's success.
found_again() {
    date_is 2024-07-03T08:00:00+07:00 "Satpol PP refers a man who was found begging the night before"
    publish_lines satpolpp "$data/referrals-2024-07.jsonl" "referral"
    receive 2024-07-03
    jq -r '.caseRelapseDetected // empty | "dinsos, and nobody else: he is known: \(.reference | sub("REFERENCE_"; "")) on \(.referenceOn), \(.days) days ago"' \
        "$work/dinsos/mail.jsonl" | while read -r line; do say "$line"; done
    [ "$(mail_count dinsos '.caseRelapseDetected')" -eq 1 ] || die "one relapse had to be seen"
}
