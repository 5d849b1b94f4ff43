#!/usr/bin/env bash
# agent_week.sh - a week without a link: 10,000 events wait in the outbox of a device whose agent runs; then the
# broker comes. All are accepted exactly once, in 16 MiB, while the command and the agent publish at once.
. "$(dirname "$0")/agent/lib.sh"
set_up
many=${MANY:-10000}
memory_max_kib=16384
mkdir "$work/satpolpp/masuk"
cat >"$work/satpolpp/razia.map" <<'MAP'
event = "referral.submitted";
key = ( "No. BA" );
date = "Tanggal";
columns = ( { column = "Nama"; field = "person.alias"; } );
defaults = (
    { field = "kind"; value = "INTAKE"; },
    { field = "target_agency"; value = "dinsos"; },
    { field = "priority"; value = "NORMAL_14D"; },
    { field = "person.sex"; value = "MALE"; },
    { field = "person.name_quality"; value = "ALIAS_ONLY"; },
    { field = "person.birth_quality"; value = "UNKNOWN"; },
    { field = "person.nik_status"; value = "NONE"; },
    { field = "suspected_ppks"; value = "PPKS_11"; },
    { field = "found_region"; value = "14.71.08"; },
    { field = "activity"; value = "SLEEPING_ROUGH"; },
    { field = "children_with"; value = "0"; },
    { field = "envelope.actor_ref"; value = "sp-1"; },
    { field = "envelope.legal_basis"; value = "PUBLIC_TASK"; }
);
MAP
agent_conf satpolpp <<'CONF'
subscriptions = ( { name = "kota"; handlers = ( { sqlite = "kota.db"; }, { jsonl = "kota.jsonl"; } ); } );
drop: { folder = "masuk"; settle_s = 1; maps = ( { files = "razia*"; map = "razia.map"; } ); };
CONF
start_agent satpolpp
referrals 1 "$((many - 1000))" >"$work/many.jsonl"
start_as satpolpp -w 0 import "$work/many.jsonl" 2>/dev/null
importer=$started_pid
{
    echo 'No. BA;Tanggal;Nama'
    for i in $(seq 1 1000); do echo "BA-$i;08/01/2024;Orang BA-$i"; done
} >"$work/satpolpp/masuk/razia.csv"
imported() { [ "$(find "$work/satpolpp/masuk/done" -name '*.result.csv' 2>/dev/null | wc -l)" -eq 1 ]; }
check "the agent imports while the command does" until_true 300 imported
got=0
wait "$importer" || got=$?
check "the command ends with the status of time that ran out" test "$got" -eq 3
out=$(agency_as satpolpp --json outbox)
check "all wait in one outbox" test "$(jq .unanswered <<<"$out")" -eq "$many"
check "and the age of the oldest is told" jq -e '.oldest and .oldestAgeMs >= 0' <<<"$out"
check "an agent runs, says the outbox" test "$(jq .agentRunning <<<"$out")" = true
check "without a connection" test "$(jq .agentConnected <<<"$out")" = false
offline() { [ "$(status_of satpolpp .agent.error.en)" != null ]; }
check "status says since when, and why" until_true 200 offline
memory() { # of the agent, in KiB
    awk -v key="$1:" '$1 == key { print $2 }' "/proc/$agent_pid/status"
}
check "the memory of the waiting agent: $(memory VmRSS) KiB" test "$(memory VmRSS)" -le "$memory_max_kib"

start_daemon
check "all are answered" until_true 1800 answered satpolpp
check "the greatest memory ever: $(memory VmHWM) KiB" test "$(memory VmHWM)" -le "$memory_max_kib"
check "of its own: $(memory RssAnon) KiB" test "$(memory RssAnon)" -le "$memory_max_kib"
check "all are accepted" test "$(outcomes satpolpp ACCEPTED)" -eq "$many"
end_agent TERM
check "it ends well" test "$agent_status" -eq 0
stop_daemon
"$daemon" -c "$work/sinergid.conf" --demo --journal | jq -r 'select(.type == "referral.submitted").seq' >"$work/seqs"
check "each is in the journal once" test "$(wc -l <"$work/seqs")" -eq "$many"
done_testing
