# reports.sh - the broker's reports, and whether they say what Dinsos counts in its own tables. Sourced by account.sh.
# shellcheck shell=bash disable=SC2154 disable=SC2016

step "The reports of the year, until today"
# The rows of one section as objects: a column's name and its figure.
figures='.sections[] | select(.name == $section) | (.columns | map(.name)) as $name | .rows | map(select(.total | not) | .cells
    | to_entries | map({($name[.key]): (.value | if .kind == "REPORT_CELL_KIND_TEXT" then .text
        elif .kind | IN("REPORT_CELL_KIND_DAYS", "REPORT_CELL_KIND_PERCENT") then (.number // "0" | tonumber) / 10
        else .number // "0" | tonumber end)}) | add)'
report() { # NAME SECTION WHAT-OF-IT
    agency_as dinsos --lang en report "$1" --from "${today%%-*}-01-01" --to "$today" | sed -n '/./s/^/   /p'
    agency_as dinsos --json report "$1" --from "${today%%-*}-01-01" --to "$today" |
        jq --arg section "$2" "{$1: ($figures | $3)}" >>"$work/dinsos/reports.json"
    echo
}
report target persons '.[0] | {started, trained}'
report time days '.[0] | del(.stage)'
report seats seats .
report spm indicator '.[0]'

jq -sS add "$work/dinsos/reports.json" >"$work/dinsos/reported"
tell dinsos "CREATE TEMP TABLE corrected AS SELECT '$mistyped' AS allocation_id, '2024-05-06' AS started_on;
    $(cat "$here/count.sql")" | jq -S . >"$work/dinsos/counted"
cmp -s "$work/dinsos/counted" "$work/dinsos/reported" ||
    die "the reports differ from what Dinsos counts in its tables: $(diff "$work/dinsos/counted" "$work/dinsos/reported")"
say "Dinsos counts the same in its own tables: $(jq '[.. | numbers] | length' "$work/dinsos/counted") figures"
