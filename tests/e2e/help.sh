#!/usr/bin/env bash
# help.sh - the table of commands drives parsing, --help and this test: every command explains itself in
# both languages, and sinergi(1) names every command, every option and every exit status. Then how options
# may be written, and that colours go to a terminal only.
. "$(dirname "$0")/lib.sh"
page=docs/man/sinergi.1

mapfile -t names < <("$cli" --lang en help | sed -n '/^Commands/,$ s/^  \([a-z]*\)$/\1/p')
check "a command has a name" test "${#names[@]}" -ge 20

documented() { # COMMAND OPTION: the entry of the command, or the general options, name the option
    awk -v command="$1" -v option="$2" '
        /^\.Sh/ { inside = ($2 == "DESCRIPTION") }
        /^\.It Cm [a-z]/ { inside = ($3 == command) }
        inside && $0 ~ "Fl -?" option "([ ,)]|$)" { found = 1 }
        END { exit !found }' "$page"
}
does() { sed '/^$/q' | sed -n 's/^  \([^ ].*\)/\1/p'; }
for name in "${names[@]}"; do
    exits "$name --help" 0 "$cli" --lang en "$name" --help
    english=$out
    says "$name: usage" "^usage: sinergi $name"
    says "$name: exit statuses" '^Exit status'
    check "$name: its example is of this command" grep -qE "^  sinergi (-[a-z] [^ ]+ )*$name( |\$)" <<<"$out"
    check "$name: every option has a meaning" awk '
        /^  -/ { if (option) bad = 1; option = 1; next }
        /^        ./ { option = 0 }
        END { exit bad || option }' <<<"$out"
    check "$name: sinergi(1) has its entry" grep -qE "^\.It Cm $name( |\$)" "$page"
    while read -r option; do
        check "$name: sinergi(1) has $option" documented "$name" "${option#-}"
    done < <(sed -n 's/^  \(-[-a-z]*\).*/\1/p' <<<"$english")
    exits "$name --help in Indonesian" 0 "$cli" "$name" -h --lang id
    says "$name: pemakaian" "^pemakaian: sinergi $name"
    check "$name: says what it does in the other language" test "$(does <<<"$out")" != "$(does <<<"$english")"
    exits "help $name is the same" 0 "$cli" --lang en help "$name"
    check "$name: word by word" test "$out" = "$english"
done

# Nothing in the page that the program does not know.
while read -r name; do
    check "sinergi(1): $name is a command" grep -qx -- "$name" <(printf '%s\n' "${names[@]}")
done < <(sed -n '/^\.Sh COMMANDS/,/^\.Sh REPORTS/ s/^\.It Cm \([a-z]*\).*/\1/p' "$page" | sort -u)
exits "all of it" 0 "$cli" --lang en subscribe --help
check "the same exit statuses" diff <(sed -n '/^Exit/,/^$/ s/^  \([0-9]\).*/\1/p' <<<"$out") \
    <(sed -n '/^\.Sh EXIT/,/^\.Sh EX/ s/^\.It \([0-9]\)$/\1/p' "$page")

# How options may be written.
exits "without a command" 2 "$cli"
exits "an unknown command" 2 "$cli" --lang en publsh
says "is named" 'publsh: no such command'
exits "an unknown option" 2 "$cli" --lang en tail --typo x
says "is named as it was written" '--typo: no such option'
exits "an unknown letter among others" 2 "$cli" --lang en -hx tail
says "that one" '-x: no such option'
exits "no value" 2 "$cli" --lang en tail --from
says "says so" '--from: needs a value'
exits "a value too much" 2 "$cli" --lang en case --all=yes
says "says so too" '--all: takes no value'
exits "a wrong value" 2 "$cli" --color=red case
says "in both languages" 'auto, always, atau never'
for words in "-n 0 tail" "tail -n x" "-w -1 tail" "tail -w 1e9" "--lang de tail"; do
    # shellcheck disable=SC2086 # words
    exits "refused: $words" 2 "$cli" $words
done

set_up
start_daemon
conf=$work/dinsos/sinergi.conf
agency_as disnaker import tests/city/data/slots-disnaker.jsonl >/dev/null
agency_as satpolpp import tests/city/data/referrals-2024-01.jsonl >/dev/null
exits "before the command" 0 "$cli" -c "$conf" --json -n 1 -w 20 tail --from beginning
first=$out
for words in "tail -c $conf --json -n 1 -w 20 --from beginning" "tail --from=beginning -c$conf -n1 -w20 --json" \
    "--json tail -n1 --from beginning -w 20 -c $conf"; do
    # shellcheck disable=SC2086 # words
    exits "the same: ${words//$work\//}" 0 "$cli" $words
    check "and the same answer" test "$out" = "$first"
done
exits "whatever the environment asks of getopt" 0 env POSIXLY_CORRECT=1 "$cli" tail -c "$conf" --json -n 1 -w 20 --from beginning
exits "behind -- all are words" 1 "$cli" -c "$conf" --json show -- 999999
exits "a word too much" 2 "$cli" -c "$conf" case -- --all --json

# Colours: on a terminal, unless it is asked not to; never in JSON, never behind a pipe.
on_terminal() { # VARIABLE=VALUE… COMMAND…
    printf -v line '%q ' env TERM=xterm "$@"
    script -qec "$line" /dev/null </dev/null
}
escape=$'\033['
colored() { grep -qF "$escape" <<<"$out"; }
uncolored() { ! colored; }
exits "a table on a terminal" 0 on_terminal "$cli" -c "$conf" slots
check "has coloured headings" colored
check "and columns as wide as without" diff <(sed 's/\x1b\[[0-9;]*m//g; s/\r//' <<<"$out") <("$cli" -c "$conf" slots)
exits "with NO_COLOR" 0 on_terminal NO_COLOR=1 "$cli" -c "$conf" slots
check "has none" uncolored
exits "an empty NO_COLOR says nothing" 0 on_terminal NO_COLOR= "$cli" -c "$conf" slots
check "coloured" colored
exits "on a dumb terminal" 0 on_terminal TERM=dumb "$cli" -c "$conf" slots
check "has none there" uncolored
exits "--color never" 0 on_terminal "$cli" -c "$conf" slots --color never
check "none" uncolored
exits "JSON on a terminal" 0 on_terminal "$cli" -c "$conf" --json slots
check "is never coloured" uncolored
exits "behind a pipe" 0 "$cli" -c "$conf" slots
check "none either" uncolored
exits "--color always" 0 env NO_COLOR=1 "$cli" -c "$conf" slots --color always
check "is asked for by hand" colored
exits "always, but JSON" 0 "$cli" -c "$conf" --json --color always slots
exits "is still JSON" 0 jq -e .slots <<<"$out"
exits "always, but a file" 0 "$cli" -c "$conf" --color always -n 2 -w 20 subscribe warna --from beginning --output "$work/f.jsonl"
exits "is lines of JSON" 0 jq -e .seq "$work/f.jsonl"
exits "statuses" 0 agency_as satpolpp --color always --lang en outbox list
check "accepted is green" grep -qF "${escape}32maccepted${escape}0m" <<<"$out"
exits "errors" 1 agency_as satpolpp --color always show 999999
check "are red" grep -qF "${escape}1;31msinergi:${escape}0m" <<<"$out"
done_testing
