# july.sh - the second half: kits for graduates, patrols, the barbers of May, mentoring, one who is found begging
# again, and what is late. Sourced by run.sh.
# shellcheck shell=bash disable=SC2154 disable=SC2016

graduates
contacts
barbers
week_of_care 2024-06-21
week_of_care 2024-06-28
found_again
week_of_care 2024-07-05
week_of_care 2024-07-12
date_is 2024-07-16T09:00:00+07:00 "The middle of July: what is late"
mail "${agencies[@]}"
agency_as dinsos --lang en overdue >"$work/dinsos/overdue"
agency_as dinsos --json overdue | jq -r '.deadlines // [] | group_by([.ruleId, .responsible])[]
    | "\(.[0].ruleId)\t\(.[0].responsible)\t\(length)\t\(map(.dueMs | tonumber) | min / 1000 | todate[0:10])"' |
    while IFS=$'\t' read -r rule who n since; do
        say "$(printf '%s  %-32s %s, %d since %s' "$rule" "$(sed -n "s/^$rule  *\([^ ].*[^ ]\)   *20[0-9][0-9]-.*/\1/p" "$work/dinsos/overdue" | head -n 1)" \
            "$who" "$n" "$since")"
    done
