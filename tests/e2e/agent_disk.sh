#!/usr/bin/env bash
# agent_disk.sh - the disk of a device is full: the agent goes on living, nothing is lost, and everything is
# there once there is room again.
. "$(dirname "$0")/agent/lib.sh"
small=$base/small
mkdir "$small"
if ! mount -t tmpfs -o size=6m tmpfs "$small" 2>/dev/null; then
    if [ -n "${IN_NAMESPACE:-}" ] || ! unshare -rm true 2>/dev/null; then
        ok "skipped: a tmpfs is not to be had here"
        exit 0
    fi
    IN_NAMESPACE=1 exec unshare -rm "$0"
fi
trap 'cleanup; umount "$small"' EXIT
set_up
start_daemon
mkdir "$small/data" "$small/out"
sed -i "s#^data = .*#data = \"$small/data\";#" "$work/dinsos/sinergi.conf"
agent_conf dinsos <<CONF
subscriptions = ( { name = "kota"; handlers = ( { sqlite = "$small/out/kota.db"; }, { jsonl = "$small/out/kota.jsonl"; } ); } );
CONF
full() { # fill what is left
    dd if=/dev/zero of="$small/fill" bs=1k 2>/dev/null || true
}
rows() {
    sqlite3 -readonly -cmd '.timeout 5000' "$small/out/kota.db" "select count(*) from referral_submitted"
}
rows_are() { [ "$(rows)" = "$1" ]; }
start_agent dinsos
referrals 1 20 >"$work/some.jsonl"
agency_as satpolpp -w 20 import "$work/some.jsonl" >/dev/null
check "with room: 20 rows" until_true 300 rows_are 20
full
referrals 21 300 >"$work/some.jsonl"
agency_as satpolpp -w 60 import "$work/some.jsonl" >/dev/null
troubled() { grep -qE 'handler-failed|client-error' "$work/dinsos/agent.log"; }
check "a full disk is told in the log" until_true 300 troubled
check "the agent lives" kill -0 "$agent_pid"
out=$(agency_as dinsos --lang en -w 5 status 2>&1 || true)
says "status warns of the disk" 'ATTENTION +the disk of this device is nearly full'
says "and says that an agent runs" 'agent +running since'
out=$(agency_as dinsos --lang en outbox 2>&1 || true)
says "so does outbox" 'nearly full'
for i in $(seq 1 300); do
    printf '{"occurredAt":"2024-01-08T01:00:00Z","actorRef":"dns-1","referralAcknowledged":{"referralId":"018ce6f0-0000-7000-9000-%012d","personPresent":true,"admittedToShelter":false}}\n' "$i"
done >"$work/acks.jsonl"
exits "what cannot be stored is said" 4 agency_as dinsos -w 1 import "$work/acks.jsonl"
rm "$small/fill"
check "with room again it goes on by itself" until_true 900 rows_are 300
check "the agent is the same" kill -0 "$agent_pid"
end_agent TERM
stop_daemon
journal_seqs dinsos >"$work/want"
jq -r .seq "$small/out/kota.jsonl" >"$work/had"
check "each delivery is one line, in order" cmp "$work/want" "$work/had"
for table in $(sqlite3 -readonly -cmd '.timeout 5000' "$small/out/kota.db" "select name from sqlite_master where type = 'table' and name <> 'sinergi_cursor'"); do
    sqlite3 -readonly -cmd '.timeout 5000' "$small/out/kota.db" "select seq from \"$table\""
done | sort -n >"$work/had"
check "and one row" cmp "$work/want" "$work/had"
done_testing
