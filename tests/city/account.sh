# account.sh - at the end: what each agency says against what the journal says, and what the city has to show
# for it. Sourced by run.sh.
# shellcheck shell=bash disable=SC2154 disable=SC2016

step "Seats, kits and cases at the end"
for slot in "$motor" "$barber_later" "$embroidery"; do
    say "$(tell dinsos "SELECT course_code || ' of ' || starts_on || ', ' || publisher_agency FROM slot_offered WHERE slot_id = '$slot'"): $(tell dinsos "
        SELECT group_concat(n || ' ' || lower(change), ', ') FROM (SELECT change, count(*) AS n FROM (SELECT change, max(seq)
            FROM seat_allocation_changed WHERE slot_id = '$slot' GROUP BY allocation_id) GROUP BY change ORDER BY change)")"
done
agency_as dinsos --json kits >"$work/dinsos/kits.json"
say "kits: $(jq -r '.kits | group_by(.kitCode) | map("\(.[0].kitCode) " + (group_by(.state)
    | map("\(length) \(.[0].state | sub("ITEM_STATE_"; "") | ascii_downcase)") | join(", "))) | join("; ")' "$work/dinsos/kits.json")"
for agency in dinsos dpppa; do
    say "cases of $agency: $(agency_as "$agency" --json case --all | jq -r '.cases | group_by(.state)
        | map("\(length) \(.[0].state | sub("CASE_STATE_"; "") | ascii_downcase)") | join(", ")')"
done

count() { # TABLE [CONDITION]: rows that Dinsos has
    tell dinsos "SELECT count(*) FROM $1 WHERE ${2:-1}"
}
said() { count consent_recorded "action = '$1'"; }
late() { count deadline_missed "rule_id = 'T11' AND coalesce(cleared, 0) = $1"; }
told_to_forget() {
    echo $(($(tell disnaker "SELECT count(*) FROM person_erasure_ordered") + $(tell dpppa "SELECT count(*) FROM person_erasure_ordered")))
}
say "consents: $(said GIVEN) given, $(said REFUSED) refused, $(said WITHDRAWN) taken back: $(told_to_forget) provider was told to forget"
say "basic services: $(count service_delivered); mentoring: $(count mentoring_plan_set) plans, $(count mentoring_visited) visits,\
 $(count mentoring_visited "NOT contact_made") of them to a closed door; told as late $(late 0) times, cleared $(late 1) times"
say "persons who may be one: $(count person_duplicate_suspected), decided $(count person_link_decided); begging again after a course:\
 $(tell dinsos "SELECT count(DISTINCT case_id) FROM case_relapse_detected"), seen $(count case_relapse_detected) times"
say "cases closed: $(tell dinsos "SELECT group_concat(n || ' ' || reason, ', ')
        FROM (SELECT reason, count(*) AS n FROM case_closed GROUP BY reason ORDER BY reason)");\
 Satpol PP was told of $(tell satpolpp "SELECT count(*) FROM case_state_changed WHERE referral_state = 'LOOP_CLOSED'")\
 referrals that they are at an end, and of no reason"

step "Latency of acknowledgements"
say "$(tell dinsos "CREATE TEMP TABLE waited AS SELECT row_number() OVER (ORDER BY h) AS n, h
        FROM (SELECT (unixepoch(a.accepted_at) - unixepoch(r.accepted_at)) / 3600 AS h FROM referral_submitted r
              JOIN case_state_changed a ON a.referral_id = r.referral_id AND a.referral_state = 'ACKNOWLEDGED' WHERE r.kind = 'INTAKE');
    SELECT printf('referral to acknowledgement by Dinsos: %d of %d, median %d h, longest %d h of the demo clock', count(*),
        (SELECT count(*) FROM referral_submitted WHERE kind = 'INTAKE'),
        max(CASE WHEN n = (SELECT count(*) / 2 + 1 FROM waited) THEN h END), max(h)) FROM waited")"
say "sheet dropped to its signed answers: $(sort -k2n "$work/took" | awk '{n += $1; took += $2; t[NR] = $2}
    END {printf "%d sheets with %d rows, median %d ms a sheet, %.1f ms a row", NR, n, t[int((NR + 1) / 2)], took / n}')"

. "$here/reports.sh"

step "Everything is compared with the journal"
mail "${agencies[@]}"
for agency in "${agencies[@]}"; do
    kill "${agent_pid[$agency]}"
    wait "${agent_pid[$agency]}" || die "the agent of $agency did not stop cleanly: $(tail -n 3 "$work/$agency/agent.log")"
    flock "$work/$agency/.daftar/turn" true # until its lists are written, for which it may ask the broker
done
for agency in "${agencies[@]}"; do
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

# What an agency had to receive: records it may read, of the types that its agent keeps a table for.
wanted() { # AGENCY
    jq -r --arg me "$1" --arg types "$(tell "$1" "SELECT group_concat(name, ' ') FROM $tables")" \
        'select(.readers | index($me) or index("*")) | select(.type | gsub("\\."; "_") | IN($types | split(" ")[])) | .seq' "$work/journal.jsonl" | sort -n
}
# What DPPPA states about a case that Dinsos has handed over to it, Dinsos reads only while the case is still its own:
# it may have come in time or not.
jq -r 'select(.agency == "dpppa" and (.type | startswith("referral.")) and (.readers | index("dinsos"))) | .seq' \
    "$work/journal.jsonl" >"$work/gone"

# Row by row: what the agent said of the sheets, and what the outbox holds.
sheet_rows() { # AGENCY SQL: over row, event and by_command of sheets.sql
    local file load=(".import '$work/$1/events.csv' event" ".import '$work/$1/by_command' by_command")
    for file in "$work/$1"/masuk/{done,failed}/*.result.csv; do
        [ ! -e "$file" ] || load+=(".import --skip 1 '$file' row")
    done
    jq -r '[.outbox + "-" + (.number | tostring), .status, .code // "", .type] | join(";")' "$work/$1/outbox.jsonl" >"$work/$1/events.csv"
    sqlite3 -batch -bail -csv -separator ';' :memory: 'CREATE TABLE event (place TEXT PRIMARY KEY, status, code, type)' \
        'CREATE TABLE row (baris, kunci, status, kode, kolom, nilai, aturan, diterima, perintah, tempat)' \
        'CREATE TABLE by_command (place)' "${load[@]}" '.mode list' "$2"
}
rows_of_sheets() { # AGENCY: in what has been dropped and is kept
    local file n=0
    for file in "$work/$1"/masuk/{done,failed}/*; do
        case $file in
        *.result.csv) ;;
        *.csv) n=$((n + $(wc -l <"$file") - 1)) ;;
        *.xlsx) n=$((n + $(xlsx2csv "$file" | wc -l) - 1)) ;;
        esac
    done
    echo "$n"
}
printf '   %-10s %6s %6s %9s %8s %12s %9s\n' agency sheets rows accepted refused "known again" received
for agency in "${agencies[@]}"; do
    touch "$work/$agency/by_command"
    jq -r --arg me "$agency" 'select(.agency == $me and (.kind == "ACCEPTED" or .kind == "SETTLED")) | .number' "$work/journal.jsonl" | sort -n >"$work/$agency/stands"
    jq -r 'select(.status == "ACCEPTED") | .number' "$work/$agency/outbox.jsonl" | sort -n >"$work/$agency/said"
    cmp -s "$work/$agency/said" "$work/$agency/stands" || die "$agency: what it published differs from the journal"
    gone=/dev/null
    [ "$agency" != dinsos ] || gone=$work/gone
    wanted "$agency" | grep -vxFf "$gone" >"$work/$agency/want"
    tell "$agency" "$(every "$agency" seq) ORDER BY seq" >"$work/$agency/received"
    grep -vxFf "$gone" "$work/$agency/received" | cmp -s - "$work/$agency/want" || die "$agency: what its agent received differs from the journal"
    [ ! -e "$work/$agency/kota.jsonl" ] || jq -r .seq "$work/$agency/kota.jsonl" | cmp -s - "$work/$agency/received" ||
        die "$agency: its agent wrote other events as JSON lines than into the tables"

    wrong=$(sheet_rows "$agency" ".read '$here/sheets.sql'")
    [ -z "$wrong" ] || die "$agency: its sheets and its outbox differ: $wrong"
    rows=$(sheet_rows "$agency" "SELECT count(*) FROM row") by_command=$(wc -l <"$work/$agency/by_command")
    [ "$rows" -eq "$(rows_of_sheets "$agency")" ] || die "$agency: $rows rows were told of, $(rows_of_sheets "$agency") were dropped"
    accepted=$(wc -l <"$work/$agency/said") refused=$(sheet_rows "$agency" "SELECT count(*) FROM event WHERE status = 'REJECTED'")
    known=$(sheet_rows "$agency" "SELECT count(*) - count(DISTINCT tempat) FROM row")
    printf '   %-10s %6d %6d %9d %8d %12d %9d\n' "$agency" "$(wc -l <"$work/$agency/sheets")" "$((rows + by_command))" \
        "$accepted" "$refused" "$known" "$(wc -l <"$work/$agency/received")"
    [ $((rows + by_command)) -eq $((accepted + refused + known)) ] || die "$agency: a row or an event has no outcome"
done
feed=$(cat $agencies_at/satpolpp/sample/2024/razia-2024-??.csv | grep -vc "^No. BA")
[ "$(sheet_rows satpolpp "SELECT count(*) FROM event WHERE type = 'referral.submitted' AND status = 'ACCEPTED'")" -eq "$feed" ] ||
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
