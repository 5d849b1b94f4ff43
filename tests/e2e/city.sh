#!/usr/bin/env bash
# city.sh - `make run` as a new user meets it: it ends well, within its time, and its account adds up.
. "$(dirname "$0")/lib.sh"
build=$(realpath --relative-to="$root" "$(dirname "$daemon")")
exits "January to July of a city" 0 env CITY="$work" timeout 300 tests/city/run.sh "$build"
printf '%s\n' "$out" >"$base/said"
says "everything adds up" '^Everything adds up'
says "the daemon was killed, and took up again" 'the daemon is killed with SIGKILL'
says "an agent was killed, and took up again" 'the agent of Satpol PP is killed with SIGKILL'
says "what was stated without a line came later" 'dpppa: [0-9]+ are accepted, none twice'

# The table of accounts, read again: nothing without an outcome, refused as often as the story wants it.
sed -n '/agency  *sheets  *rows  *accepted/,/^$/p' "$base/said" | sed '1d; /^$/d' >"$base/accounts"
check "four agencies have an account" test "$(wc -l <"$base/accounts")" -eq 4
check "each row has an outcome" awk '$3 != $4 + $5 + $6 || $2 == 0 || $7 == 0 {bad = 1} END {exit bad}' "$base/accounts"
check "refused is what the story lists, and nothing else" test \
    "$(awk '{n += $5} END {print n}' "$base/accounts")" -eq "$(awk -F '\t' '{n += $4} END {print n}' tests/city/data/refusals.tsv)"

# What an agent was given it has answered: no sheet is left, and the failed ones are those with a refused row.
left=$(find "$work"/*/masuk -maxdepth 1 -type f ! -name '.*' | wc -l)
check "no sheet is left in a drop folder" test "$left" -eq 0
refused=$(cut -f 1-2 "$work/refusals.tsv" | wc -l)
check "sheets with a refused row have failed, and no other" test \
    "$(grep -lE ';"ditolak";' "$work"/*/masuk/*/*.result.csv | sort)" = "$(ls "$work"/*/masuk/failed/*.result.csv | sort)"
check "refusals were told row by row" test "$refused" -gt 0

# The numbers that README names.
sheets=clients/agencies
raids() { awk -F ';' -v kind="$1" '$1 != "No. BA" && (kind == "" || $13 == kind)' $sheets/satpolpp/sample/2024/razia-2024-0[1-4].csv | wc -l; }
seats() { awk -F ';' '$1 != "Kode Kelas" {n += $11} END {print n}' $sheets/*/sample/2024/slot-2024.csv; }
for number in "$(raids "") referrals" "$(raids gelandangan) homeless" "$(raids pengemis) beggars" "$(seats) seats" \
    "$(xlsx2csv $sheets/dinsos/sample/2024/stok-2024.xlsx | sed 1d | wc -l) kits"; do
    check "README: $number" grep -q "$number" <(tr '\n' ' ' <README.md)
done
done_testing
