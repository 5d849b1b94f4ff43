#!/usr/bin/env bash
# agent_kill.sh - kill -9 of a receiving agent and of the broker at random moments: what reaches SQLite and the
# JSON lines is what the journal holds for that reader, each once and in order, and the cursor is the last row.
. "$(dirname "$0")/agent/lib.sh"
RANDOM=${SEED:-$$}
seed=$RANDOM
RANDOM=$seed
set_up
start_daemon
agent_conf dinsos <<'CONF'
subscriptions = ( { name = "kota"; handlers = ( { sqlite = "kota.db"; }, { jsonl = "kota.jsonl"; rotate_mib = 1; keep = 9; } ); } );
CONF
pause() { # up to 400 ms
    read -rt "0.$(printf '%03d' $((RANDOM % 400)))" <> <(:) || true
}
for round in $(seq 1 "${ROUNDS:-8}"); do
    referrals $((round * 25)) $((round * 25 + 24)) >"$work/some.jsonl"
    start_agent dinsos
    start_as satpolpp -w 60 import "$work/some.jsonl" 2>/dev/null
    importer=$started_pid
    pause
    if [ $((round % 3)) -eq 0 ]; then
        kill_daemon
        pause
        start_daemon
    fi
    pause
    end_agent KILL
    wait "$importer" || true
done
exits "the outbox drains" 0 agency_as satpolpp -w 60 outbox wait
exits "the agent catches up when it is left alone, and ends" 0 timeout 120 "$agent" -c "$work/dinsos/agent.conf" --once
stop_daemon
journal_seqs dinsos >"$work/want"
check "there is something to compare" test "$(wc -l <"$work/want")" -ge 200
for table in $(sql dinsos "select name from sqlite_master where type = 'table' and name not in ('sinergi_cursor')"); do
    sql dinsos "select seq from \"$table\""
done | sort -n >"$work/had"
check "each delivery is one row (seed $seed)" cmp "$work/want" "$work/had"
check "the cursor is the last row" sql_is dinsos "select seq from sinergi_cursor" "$(tail -n 1 "$work/want")"
ls -r "$work/dinsos/"kota.jsonl* | xargs cat | jq -r .seq >"$work/had"
check "and one line, in order" cmp "$work/want" "$work/had"
check "the database is whole" sql_is dinsos "pragma integrity_check" ok
done_testing
