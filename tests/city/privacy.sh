# privacy.sh - nobody has read more than is his. Sourced by account.sh, when everything has been received.
# shellcheck shell=bash disable=SC2154

step "What each agency could not see"
for agency in "${agencies[@]}"; do
    tell "$agency" ".dump $(tell "$agency" "SELECT group_concat(name, ' ') FROM $tables")" >"$work/$agency/everything.sql"
    say "$agency: $(tell "$agency" "SELECT replace(substr(value, instr(value, '.') + 1), 'person.', '') AS hidden, count(*) AS n
        FROM ($(every "$agency" redacted_paths)), json_each(redacted_paths) GROUP BY hidden ORDER BY n DESC, hidden LIMIT 9" |
        awk -F '|' '{printf "%s%s %dx", (NR > 1 ? ", " : ""), $1, $2}')"
done

# A provider reads a name with each change of a seat from RESERVED on, of who has agreed and has not taken it back, and
# with no other; what it was told to forget is gone.
check_seats() { # PROVIDER SLOT…
    local provider=$1 slots
    shift
    slots=$(printf "'%s'," "$@")
    tell dinsos "SELECT s.seq FROM seat_allocation_changed s
        JOIN (SELECT allocation_id, min(seq) AS seq FROM seat_allocation_changed WHERE change = 'RESERVED' GROUP BY allocation_id) r USING (allocation_id)
        LEFT JOIN (SELECT case_id, min(seq) AS seq FROM consent_recorded WHERE action = 'WITHDRAWN' GROUP BY case_id) w ON w.case_id = s.case_id
        WHERE s.slot_id IN (${slots%,}) AND s.seq >= r.seq AND w.seq IS NULL ORDER BY s.seq" >"$work/$provider/names.due"
    tell "$provider" "SELECT seq FROM seat_allocation_changed WHERE person_full_name IS NOT NULL ORDER BY seq" >"$work/$provider/names"
    cmp -s "$work/$provider/names.due" "$work/$provider/names" ||
        die "$provider read names with others than those changes: $(diff "$work/$provider/names.due" "$work/$provider/names")"
}
check_seats disnaker "$motor" "$barber" "$barber_later"
check_seats dpppa "$embroidery"

# Names of the raids that stand anywhere in what an agency has received, and those that may.
cat $agencies_at/satpolpp/sample/2024/razia-2024-??.csv | awk -F ';' '$1 != "No. BA" { print "\047" $4 "\047"; if ($5 != "") print "\047" $5 "\047" }' | sort -u >"$work/names"
read_by() { # AGENCY
    { grep -ohFf "$work/names" "$work/$1/everything.sql" || true; } | sort -u
}
seated() { # AGENCY
    tell "$1" "SELECT DISTINCT quote(person_full_name) FROM seat_allocation_changed WHERE person_full_name IS NOT NULL"
}
nobody_else() { # AGENCY FILE: of whom it may read
    local name
    name=$(read_by "$1" | comm -23 - "$2")
    [ -z "$name" ] || die "$1 received $name"
}
: >"$work/nobody"
seated disnaker | sort -u >"$work/disnaker/seated"
seated dpppa | sort -u >"$work/dpppa/seated"
tell dpppa "SELECT quote(person_full_name) FROM referral_presented UNION SELECT quote(person_alias) FROM referral_presented" |
    sort -u - "$work/dpppa/seated" >"$work/dpppa/may_read"
nobody_else satpolpp "$work/nobody"
nobody_else disnaker "$work/disnaker/seated"
nobody_else dpppa "$work/dpppa/may_read"
forbidden='case_id|payload_case_id|activity|suspected_ppks|person_nik|confirmed_ppks|needs'
for agency in satpolpp disnaker; do
    filled=$(tell "$agency" "SELECT group_concat('SELECT count(\"' || c.name || '\") FROM ' || t.name, ' UNION ALL ')
        FROM $tables t, pragma_table_info(t.name) c WHERE '|$forbidden|' LIKE '%|' || c.name || '|%'")
    [ "$(tell "$agency" "${filled:-SELECT 0}" | sort -u)" = 0 ] || die "$agency received a field that it must not see"
done
! grep -q '14719[0-9]\{11\}' "$work"/*/everything.sql || die "somebody received a NIK"
handed=$(tell dpppa "SELECT count(DISTINCT referral_id) FROM referral_presented")
say "names: Dinsos all; Disnaker $(wc -l <"$work/disnaker/seated") who agreed and had a seat of it, DPPPA $(wc -l <"$work/dpppa/seated")\
 and the $handed who were handed to it; Satpol PP none; a NIK nobody"
