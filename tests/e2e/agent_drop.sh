#!/usr/bin/env bash
# agent_drop.sh - the drop folder of a real agent: what is taken and what is left alone, where a file goes
# and what its result says, answers that come later, kill -9 in the midst of an import, old copies.
. "$(dirname "$0")/agent/lib.sh"
set_up
mkdir -p "$work/satpolpp/masuk"
in=$work/satpolpp/masuk
cat >"$work/satpolpp/razia.map" <<'MAP'
event = "referral.submitted";
key = ( "No. BA" );
date = "Tanggal";
columns = (
    { column = "Nama"; field = "person.alias"; },
    { column = "JK"; field = "person.sex"; values = ( ("L", "MALE"), ("P", "FEMALE") ); },
    { column = "Wilayah"; field = "found_region"; }
);
defaults = (
    { field = "kind"; value = "INTAKE"; },
    { field = "target_agency"; value = "dinsos"; },
    { field = "priority"; value = "NORMAL_14D"; },
    { field = "person.name_quality"; value = "ALIAS_ONLY"; },
    { field = "person.birth_quality"; value = "UNKNOWN"; },
    { field = "person.nik_status"; value = "NONE"; },
    { field = "suspected_ppks"; value = "PPKS_11"; },
    { field = "activity"; value = "SLEEPING_ROUGH"; },
    { field = "children_with"; value = "0"; },
    { field = "envelope.actor_ref"; value = "sp-1"; },
    { field = "envelope.legal_basis"; value = "PUBLIC_TASK"; }
);
MAP
agent_conf satpolpp <<'CONF'
drop: { folder = "masuk"; settle_s = 1; keep_days = 1; maps = ( { files = "razia*"; map = "razia.map"; } ); };
CONF
sheet() { # FIRST LAST [REGION]: rows of a raid
    local i
    echo 'No. BA;Tanggal;Nama;JK;Wilayah'
    for i in $(seq "$1" "$2"); do echo "BA-$i;08/01/2024;Rahasia $i;L;${3:-14.71.08}"; done
}
put() { # NAME: from standard input, under another name first, as a careful program does
    cat >"$in/.$1" && mv "$in/.$1" "$in/$1"
}
there() { # FOLDER PATTERN: exactly one such file
    local found
    found=$(find "$in/$1" -maxdepth 1 -name "$2" | wc -l)
    [ "$found" -eq 1 ]
}
result_of() { # FOLDER STEM
    cat "$in/$1/$2".*.result.csv
}
exits "the configuration is right" 0 "$agent" -c "$work/satpolpp/agent.conf" --check

# Without a broker: rows are queued, the result says so.
start_agent satpolpp
sheet 1 3 | put razia-a.csv
check "a file is taken and put into done/" until_true 300 there done 'razia-a.????????-??????.csv'
check "its result stands beside it" until_true 100 there done 'razia-a.*.result.csv'
check "three rows wait" test "$(result_of done razia-a | grep -c ';"antre";')" -eq 3
check "nothing is in hand" test -z "$(ls "$in/.work")"
told() { (agency_as satpolpp --lang en -w 0 status 2>/dev/null || true) | grep -qE "folder +0 waiting, 1 done, 0 failed, 1 not answered"; }
check "status tells of the folder" until_true 50 told

# What is no file for it.
sheet 50 51 >"$in/~\$razia-b.xlsx"
sheet 50 51 >"$in/.razia-b.csv"
sheet 50 51 >"$in/razia-b.csv.tmp"
: >"$in/razia-empty.csv"
ln -s "$work/satpolpp/razia.map" "$in/razia-link.csv"
mkdir "$in/razia-folder.csv"
exec 7>"$in/razia-open.csv" # somebody has it open and goes on writing after a while
sheet 60 60 >&7
sheet 4 5 | put razia-a.csv
check "the same name at another time is a file of its own" until_true 300 test "$(find "$in/done" -name 'razia-a.*.result.csv' | wc -l)" -ge 1
until_true 300 sh -c "[ \$(find '$in/done' -name 'razia-a.*.result.csv' | wc -l) -eq 2 ]" || true
check "both are there" test "$(find "$in/done" -name 'razia-a.*.csv' ! -name '*.result.csv' | wc -l)" -eq 2
for name in '~$razia-b.xlsx' .razia-b.csv razia-b.csv.tmp razia-empty.csv razia-link.csv razia-folder.csv razia-open.csv; do
    check "left alone: $name" test -e "$in/$name"
done
sheet 61 61 | tail -n 1 >&7
exec 7>&-
check "an open file is taken once it is closed" until_true 300 there done 'razia-open.*.result.csv'
check "whole" test "$(result_of done razia-open | grep -c ';"antre";')" -eq 2

# Bad rows, no map, not a table.
{ sheet 70 70 && echo 'BA-71;08/01/2024;Rahasia 71;X;14.71.08'; } | put razia-bad.csv
check "a bad row: failed/" until_true 300 there failed 'razia-bad.*.result.csv'
check "the good row went on" test "$(result_of failed razia-bad | grep -c ';"antre";')" -eq 1
check "the bad one names its column" grep -q '"salah".*"JK"' <<<"$(result_of failed razia-bad)"
sheet 70 70 | sed 's/Rahasia 70/Rahasia 70 B/' | put razia-changed.csv
check "a row that says something else now: failed/" until_true 300 there failed 'razia-changed.*.result.csv'
check "with the command that corrects it" grep -q '"berubah".*sinergi .*correct .*--set .*--reason TYPO' <<<"$(result_of failed razia-changed)"
echo x | put catatan.txt
check "no map: failed/ with the reason" until_true 300 there failed 'catatan.*.result.csv'
head -c 4096 /dev/urandom | put razia-binary.csv
check "not a table: failed/ with the reason" until_true 300 there failed 'razia-binary.*.result.csv'

# The broker comes: results are completed, a refused row moves the pair.
sheet 80 80 14.71.99 | put razia-refused.csv
check "a row that the broker will refuse is queued first" until_true 300 there done 'razia-refused.*.result.csv'
end_agent TERM
start_daemon
start_agent satpolpp # what is open is known from the results themselves
check "the outbox drains" until_true 900 answered satpolpp
all_accepted() { [ "$(cat "$in"/done/razia-a.*.result.csv | grep -c ';"diterima";')" -eq 5 ]; }
check "the results of earlier files are completed" until_true 300 all_accepted
check "the refused row moves the pair to failed/" until_true 300 there failed 'razia-refused.????????-??????.csv'
check "with its result" until_true 100 there failed 'razia-refused.*.result.csv'
check "nothing of it stays in done/" test -z "$(find "$in/done" -name 'razia-refused.*')"
check "the log names no file and nobody" sh -c "! grep -qE 'Rahasia|razia-a|razia-bad|catatan' '$work/satpolpp/agent.log'"

# Answers that come while the agent is not there, and kill -9 in the midst of an import.
published=$(agency_as satpolpp --json outbox | jq .lastNumber)
sheet 1000 3999 | put razia-big.csv
until_true 300 sh -c "[ -n \"\$(ls '$in/.work')\" ]" || true
end_agent KILL
check "it was in hand when the agent was killed" test -n "$(ls "$in/.work")$(ls "$in" | grep big || true)"
start_agent satpolpp
check "after the restart it is imported" until_true 600 there done 'razia-big.*.result.csv'
big_accepted() { [ "$(result_of done razia-big | grep -cE ';"(diterima|sudah ada)";')" -eq 3000 ]; }
check "the outbox drains again" until_true 900 answered satpolpp
check "each row has its answer" until_true 600 big_accepted
check "no row was published twice" test "$(agency_as satpolpp --json outbox | jq .lastNumber)" -eq $((published + 3000))

# A share that is mounted anew: another folder stands there.
mv "$in" "$in.away" && mkdir "$in"
gone() { grep -q drop-folder-opened "$work/satpolpp/agent.log"; }
check "the new folder is taken" until_true 500 gone
sheet 1 1 | put razia-new.csv
check "and watched" until_true 300 there done 'razia-new.*.result.csv'
rm -r "$in" && mv "$in.away" "$in"
until_true 500 sh -c "[ \$(grep -c drop-folder-opened '$work/satpolpp/agent.log') -eq 2 ]" || true

# Again the same file: nothing new. Old copies: removed by age.
sheet 1 3 | put razia-again.csv
check "the same rows again" until_true 300 there done 'razia-again.*.result.csv'
check "are known" test "$(result_of done razia-again | grep -c ';"sudah ada";')" -eq 3
echo old >"$in/done/razia-old.20240101-080000.csv"
echo old >"$in/done/razia-old.20240101-080000.result.csv"
echo mine >"$in/done/keterangan.txt"
end_agent TERM
check "it ends well" test "$agent_status" -eq 0
start_agent satpolpp
check "copies are removed after keep_days" until_true 300 sh -c "[ -z \"\$(find '$in/done' -name 'razia-old.*')\" ]"
check "what is none of its own stays" test -s "$in/done/keterangan.txt"
check "young copies stay" there done 'razia-big.????????-??????.csv'
end_agent TERM
done_testing
