#!/usr/bin/env bash
# agent_handlers.sh - handlers of a real agent on a real daemon: several in order, later and failed and dead
# letters, what runs too long, tables that grow, files that were torn or full, a configuration that is wrong.
. "$(dirname "$0")/agent/lib.sh"
set_up
start_daemon
mkdir -p "$work/dinsos/handlers"

# ---- a configuration that is wrong names file, line, key and what would be accepted
refuses() { # NAME LINES… PATTERN of the message
    local name=$1 pattern=${*: -1}
    shift
    printf '%s\n' "${@:1:$#-1}" | agent_conf dinsos
    exits "refused: $name" 78 "$agent" -c "$work/dinsos/agent.conf" --check
    says "and says why: $name" "$pattern"
}
refuses "an unknown key" 'colour = "red";' "agent.conf:2: .*'colour'.*client, subscriptions, drop"
refuses "an unknown key of a handler" 'subscriptions = ( { name = "kota";' 'handlers = ( { jsonl = "a"; size = 3; } ); } );' "agent.conf:3: .*'size'.*jsonl, rotate_mib, keep"
refuses "a number out of range" 'subscriptions = ( { name = "kota"; handlers = ( { jsonl = "a"; keep = 0; } ); } );' "agent.conf:2: 'keep'.*1-999"
refuses "a topic that is none" 'subscriptions = ( { name = "kota"; types = ["slot.opened"]; handlers = ( { jsonl = "a"; } ); } );' "agent.conf:2: 'types'"
refuses "a name that is none" 'subscriptions = ( { name = "Kota"; handlers = ( { jsonl = "a"; } ); } );' "agent.conf:2: 'name'"
refuses "one file for two handlers" 'subscriptions = ( { name = "a"; handlers = ( { jsonl = "x.jsonl"; } ); },' '{ name = "b"; handlers = ( { jsonl = "./handlers/../x.jsonl"; } ); } );' 'agent.conf:3: .*x.jsonl.*(line|baris) 2'
refuses "a program that is not there" 'subscriptions = ( { name = "a"; handlers = ( { exec = ["handlers/none"]; } ); } );' 'agent.conf:2: exec: .*handlers/none'
refuses "a folder that is not there" 'drop: { folder = "masuk"; maps = ( { files = "*"; map = "x.map"; } ); };' 'drop.folder'
printf 'client = ;\n' >"$work/dinsos/agent.conf"
exits "refused: not libconfig" 78 "$agent" -c "$work/dinsos/agent.conf" --check

# ---- three handlers in order
handler() { # NAME: a program from standard input
    cat >"$work/dinsos/handlers/$1"
    chmod +x "$work/dinsos/handlers/$1"
}
handler langkah <<'SH'
#!/bin/sh
# later for the first try of the third, failed twice for the fourth, too long for the first try of the fifth
read -r line
n=$(expr "$line" : '.*Orang \([0-9]*\)')
echo "$n $SINERGI_SEQ $SINERGI_TYPE $SINERGI_SUBSCRIPTION $SINERGI_AGENCY $1" >>langkah.log
echo "$line" >>masukan.jsonl
echo "Rahasia on standard error" >&2
tries=$(grep -c "^$n " langkah.log)
case $n in
3) [ "$tries" -gt 1 ] || exit 75 ;;
4) [ "$tries" -gt 2 ] || exit 3 ;;
5) [ "$tries" -gt 1 ] || { sleep 600 & sleep 600; } ;;
esac
exit 0
SH
agent_conf dinsos <<'CONF'
subscriptions = ( { name = "kota"; types = ["referral.submitted"]; handlers = (
    { sqlite = "kota.db"; },
    { jsonl = "kota.jsonl"; },
    { exec = ["handlers/langkah", "satu kata"]; timeout_s = 1; retry_s = 1; },
    { jsonl = "akhir.jsonl"; } ); } );
CONF
start_agent dinsos
check "tables are there before the first event" until_true 100 sql_is dinsos "select count(*) from referral_submitted" 0
referrals 1 6 >"$work/some.jsonl"
agency_as satpolpp -w 20 import "$work/some.jsonl" >/dev/null
last() { [ "$(wc -l <"$work/dinsos/akhir.jsonl")" -eq 6 ]; }
check "all deliveries go through all handlers" until_true 600 last
lines() { # FILE: seqs of a file of lines
    jq -r .seq "$work/dinsos/$1" | tr '\n' ' '
}
seqs=$(sql dinsos 'select seq from referral_submitted order by seq' | tr '\n' ' ')
check "six rows" test "$(wc -w <<<"$seqs")" -eq 6
check "the same in the first file, each once and in order" test "$(lines kota.jsonl)" = "$seqs"
check "and in the last one" test "$(lines akhir.jsonl)" = "$seqs"
check "the cursor is the last row" sql_is dinsos "select seq from sinergi_cursor where subscription = 'kota'" "$(awk '{print $NF}' <<<"$seqs")"
want=$(for s in $seqs; do echo "$s"; done)
check "the program got the seqs" test "$(awk '{print $2}' "$work/dinsos/langkah.log" | sort -nu)" = "$want"
check "with topic, subscription, agency and argument" grep -qx "1 $(head -n 1 <<<"$want") referral.submitted kota dinsos satu kata" "$work/dinsos/langkah.log"
check "and the event as JSON" test "$(jq -r .referralSubmitted.person.alias "$work/dinsos/masukan.jsonl" | head -n 1)" = "Orang 1"
tries() { grep -c "^$1 " "$work/dinsos/langkah.log"; }
check "75 is tried again" test "$(tries 3)" -eq 2
check "a failure is tried again" test "$(tries 4)" -eq 3
check "what runs too long is ended and tried again" test "$(tries 5)" -eq 2
check "with all that it started" sh -c '! pgrep -f "^sleep 600$" >/dev/null'
check "columns are flat, enums short, dates and ids text" sql_is dinsos "select person_alias || '|' || person_sex || '|' || kind || '|' || suspected_ppks || '|' || children_with || '|' || publisher_agency || '|' || length(referral_id) from referral_submitted where seq = $(head -n 1 <<<"$want")" 'Orang 1|MALE|INTAKE|["PPKS_11"]|0|satpolpp|36'
check "the place is there" sql_is dinsos "select count(*) from referral_submitted where place glob '????????-*-[0-9]*'" 6
check "what was asked for has a table, and orders to forget" sql_is dinsos "select group_concat(name) from (select name from sqlite_master where type = 'table' and name not like 'sqlite%' order by name)" "person_erasure_ordered,referral_submitted,sinergi_cursor"
check "files are for their owner alone" test "$(stat -c %a "$work/dinsos/kota.db" "$work/dinsos/kota.jsonl" | sort -u)" = 600
check "the log holds nothing of the events" sh -c "! grep -qE 'Rahasia|Orang' '$work/dinsos/agent.log'"
check "but the exit status" grep -q 'handler-failed.*exit status 3' "$work/dinsos/agent.log"

# ---- the session lives while a program runs; a dead letter after five
handler langkah <<'SH'
#!/bin/sh
read -r line
n=$(expr "$line" : '.*Orang \([0-9]*\)')
echo "$n" >>langkah.log
[ "$n" != 7 ] || exit 9
echo "$n" >sedang
while [ ! -e berhenti ]; do sleep 0.1; done
SH
referrals 7 8 >"$work/some.jsonl"
agency_as satpolpp -w 20 import "$work/some.jsonl" >/dev/null
dead() { [ "$(agency_as dinsos --json dead list | jq -s '[.[] | .. | .seq? // empty] | length')" -ge 1 ]; }
check "the fifth failure makes it a dead letter" until_true 400 dead
check "after five tries" test "$(grep -c '^7$' "$work/dinsos/langkah.log")" -eq 5
check "the next one runs meanwhile" until_true 100 test -e "$work/dinsos/sedang"
works() { [ "$(status_of dinsos '.agent.subscriptions[0].working')" = true ]; }
check "status says that it works" until_true 50 works
check "the session is up" test "$(status_of dinsos .agent.connected)" = true
touch "$work/dinsos/berhenti"
done_all() { [ "$(jq -s length "$work/dinsos/akhir.jsonl")" -eq 7 ]; }
check "and it ends" until_true 100 done_all
check "handlers before it had the dead letter too" sql_is dinsos "select count(*) from referral_submitted" 8
end_agent TERM
check "it ends well" test "$agent_status" -eq 0

# ---- a program that runs when the agent is asked to end may finish, and is not run again
handler langkah <<'SH'
#!/bin/sh
echo "mulai $SINERGI_SEQ" >>akhir.log
while [ ! -e lepas ]; do sleep 0.1; done
echo "selesai $SINERGI_SEQ" >>akhir.log
SH
referrals 20 20 >"$work/some.jsonl"
agency_as satpolpp -w 20 import "$work/some.jsonl" >/dev/null
start_agent dinsos
check "a program runs" until_true 200 grep -q mulai "$work/dinsos/akhir.log"
(read -rt 0.5 <> <(:) || touch "$work/dinsos/lepas") &
end_agent TERM
check "it may finish" grep -q selesai "$work/dinsos/akhir.log"
exits "the rest is done" 0 timeout 60 "$agent" -c "$work/dinsos/agent.conf" --once
check "it was not run again" test "$(grep -c mulai "$work/dinsos/akhir.log")" -eq 1

# ---- what the files were left with
printf '{"seq":"9","half' >>"$work/dinsos/akhir.jsonl"
sqlite3 "$work/dinsos/kota.db" "alter table referral_submitted drop column person_alias; create table lama (x); create view v as select seq from referral_submitted"
agent_conf dinsos <<'CONF'
subscriptions = ( { name = "kota"; types = ["referral.submitted"]; handlers = (
    { sqlite = "kota.db"; }, { jsonl = "kota.jsonl"; }, { jsonl = "akhir.jsonl"; rotate_mib = 1; keep = 2; } ); } );
CONF
referrals 9 9 >"$work/some.jsonl"
agency_as satpolpp -w 20 import "$work/some.jsonl" >/dev/null
start_agent dinsos
check "it goes on where the cursor is" until_true 200 sql_is dinsos "select count(*) from referral_submitted" 10
check "a column that is missing is added" sql_is dinsos "select person_alias from referral_submitted order by seq desc limit 1" 'Orang 9'
whole() { [ "$(jq -s length "$work/dinsos/akhir.jsonl")" -eq 9 ]; }
check "a torn line is cut off, the next one is whole" until_true 100 whole
end_agent TERM
echo 'not ours' >>"$work/dinsos/kota.jsonl"
exits "a file that somebody else wrote to is refused" 78 "$agent" -c "$work/dinsos/agent.conf" --once
says "with what to do" 'kota.jsonl: .*(move the file away)'
done_testing
