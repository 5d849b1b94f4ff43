#!/usr/bin/env bash
# report.sh - every report through the real daemon and command: as table, CSV and JSON, small cells outside
# Dinsos, as known at a seq, two at once, and bad input.
. "$(dirname "$0")/lib.sh"
clock_start=2024-01-08T08:00:00+07:00
set_up
start_daemon

exits "the list" 0 agency_as dinsos --lang en report
says "names them" 'aftercare'
exits "the list for programs" 0 agency_as dinsos --json report
check "ten" test "$(jq length <<<"$out")" -eq 10
all=$(jq -r '.[].name' <<<"$out")

for name in $all; do
    exits "$name: nothing yet" 0 agency_as dinsos --lang en report "$name"
done
exits "SPM of nobody" 0 agency_as dinsos --json report spm
check "is no figure" test "$(jq -r '.sections[0].rows[0].cells[2].kind' <<<"$out")" = REPORT_CELL_KIND_NONE

publish() { # AGENCY JSON: the outcome as JSON in $out
    out=$(printf '%s' "$2" | agency_as "$1" --json -w 20 publish - 2>/dev/null) || true
}
for n in 1 2 3; do
    publish satpolpp "{\"occurredAt\":\"2024-01-08T01:00:00Z\",\"actorRef\":\"sp-1\",\"legalBasis\":\"PUBLIC_TASK\",\"referralSubmitted\":{\"referralId\":\"018ce6f0-0000-7000-8000-00000000000$n\",\"kind\":\"INTAKE\",\"targetAgency\":\"dinsos\",\"priority\":\"EMERGENCY_24H\",\"person\":{\"fullName\":\"Orang $n\",\"nameQuality\":\"FULL\",\"sex\":\"MALE\",\"birthDate\":\"1990-04-10\",\"birthQuality\":\"EXACT\",\"nikStatus\":\"NONE\"},\"suspectedPpks\":[\"PPKS_12\"],\"foundRegion\":\"14.71.08\",\"activity\":\"BEGGING\",\"childrenWith\":0}}"
done
seq=$(jq -r .seq <<<"$out")
for name in $all; do
    exits "$name for people" 0 agency_as dinsos --lang id report "$name" --year 2024
    says "says as known when" 'menurut catatan sampai nomor'
    exits "$name for programs" 0 agency_as dinsos --json report "$name" --from 2024-01-01 --to 2024-12-31
    check "$name: a section" test "$(jq '.sections | length' <<<"$out")" -ge 1
    exits "$name as CSV" 0 agency_as dinsos report "$name" --csv
    check "$name: every record is as long" test "$(tr -d '\r' <<<"$out" | awk -F, '{print NF}' | sort -u | wc -l)" -eq 1
    check "$name: with CR LF" grep -q $'\r' <<<"$out"
done

cell() { # SECTION COLUMN: of the first row of $out
    jq -r --arg s "$1" --arg c "$2" '.sections[] | select(.name==$s) | (.columns | map(.name) | index($c)) as $i | .rows[0].cells[$i] | if .hidden then "hidden" else (.number // "none") end' <<<"$out"
}
exits "loop of Dinsos" 0 agency_as dinsos --json report loop --year 2024
check "three referrals" test "$(cell referrals referrals)" = 3
exits "as known before the last" 0 agency_as dinsos --json report loop --year 2024 --as-of $((seq - 1))
check "two referrals" test "$(cell referrals referrals)" = 2
for who in inspektorat disnaker satpolpp; do
    exits "loop of $who" 0 agency_as "$who" --json report loop --year 2024
    check "three are few" test "$(cell referrals referrals)" = hidden
done
exits "in a table" 0 agency_as inspektorat --lang en report loop --year 2024
says "as <5" 'satpolpp +dinsos +<5'
exits "in English" 0 agency_as dinsos --lang en report time
says "headings" 'MEDIAN \(DAYS\)'
exits "without a terminal nothing is drawn" 0 agency_as dinsos --lang en report time
check "no progress" test "$(grep -c 'making the report' <<<"$out")" -eq 0

exits "unknown name" 2 agency_as dinsos --lang en report spn
says "see the list" 'no such report'
exits "from after to" 2 agency_as dinsos --lang en report spm --from 2024-02-01 --to 2024-01-01
says "says so" 'from is not after'
exits "half a period" 2 agency_as dinsos report spm --from 2024-02-01
exits "no day" 2 agency_as dinsos report spm --from 2024-02-30 --to 2024-03-01
exits "year and period" 2 agency_as dinsos report spm --year 2024 --from 2024-02-01 --to 2024-03-01
exits "no year" 2 agency_as dinsos report spm --year abc
exits "two formats" 2 agency_as dinsos --json report spm --csv
exits "two names" 2 agency_as dinsos report spm target
exits "as of nothing" 2 agency_as dinsos report spm --as-of 0
exits "beyond the end" 1 agency_as dinsos --lang en report spm --as-of 999999
says "how far it goes" 'a seq from 1 to [0-9]+'
exits "not the operator" 1 agency_as diskominfo report spm
says "refused" 'E_FORBIDDEN'

# Two at once: one waits for the other, and both are answered.
agency_as dinsos --json report quality >"$base/one.json" 2>/dev/null &
one=$!
exits "the other" 0 agency_as satpolpp --json report quality
check "the one" wait "$one"
check "is whole" jq -e '.report.name == "quality"' "$base/one.json"
done_testing
