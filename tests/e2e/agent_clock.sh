#!/usr/bin/env bash
# agent_clock.sh - the clock of an office machine jumps by a year while it has no link: events that its agent
# takes meanwhile are accepted with the right time, no copy is removed as old, and status tells of the clock.
. "$(dirname "$0")/agent/lib.sh"
faked=$(find /usr/lib -name libfaketime.so.1 | head -n 1)
set_up
rm -f "$work"/store.mdb* "$work/head.path" "$work/broker.key"
"$daemon" -c "$work/sinergid.conf" --init >"$work/card" 2>/dev/null # a store whose time goes on
for name in satpolpp dinsos diskominfo; do
    endpoint=$(sed -n 's/ *endpoint = "\(.*\)";/\1/p' "$work/$name/sinergi.conf")
    sed -i '/^broker/,$d' "$work/$name/sinergi.conf"
    sed -n '/^broker/,$p' "$work/card" | sed "s#endpoint = \"[^\"]*\"#endpoint = \"$endpoint\"#" >>"$work/$name/sinergi.conf"
done
start_real() {
    "$daemon" -c "$work/sinergid.conf" 2>>"$work/sinergid.log" &
    daemon_pid=$!
    agency_as diskominfo -w 10 status >/dev/null || die "the daemon does not answer"
}
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
drop: { folder = "masuk"; settle_s = 1; keep_days = 30; maps = ( { files = "razia*"; map = "razia.map"; } ); };
CONF
agent_conf dinsos <<'CONF'
subscriptions = ( { name = "kota"; types = ["referral.submitted"]; handlers = ( { sqlite = "kota.db"; } ); } );
CONF
today=$(TZ=WIB-7 date +%d/%m/%Y)
drop() { # N: a sheet of one row
    printf 'No. BA;Tanggal;Nama\nBA-%d;%s;Orang %d\n' "$1" "$today" "$1" >"$work/satpolpp/masuk/.x"
    mv "$work/satpolpp/masuk/.x" "$work/satpolpp/masuk/razia-$1.csv"
}
taken() { [ "$(find "$work/satpolpp/masuk/done" -name "razia-$1.*.result.csv" | wc -l)" -eq 1 ]; }
# The clock that everything of this device sees; what counts intervals is left alone.
echo '+0' >"$work/clock"
wrong() { env LD_PRELOAD="$faked" FAKETIME_TIMESTAMP_FILE="$work/clock" FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 "$@"; }
check "the clock can be changed for a program" test "$(echo '-400d' >"$work/clock" && wrong date +%s)" -lt "$(($(date +%s) - 86400))"
echo '+0' >"$work/clock"

start_real
start_agent satpolpp env LD_PRELOAD="$faked" FAKETIME_TIMESTAMP_FILE="$work/clock" FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1
drop 1
check "with the right clock a row is taken" until_true 300 taken 1
check "and answered" until_true 300 answered satpolpp
stop_daemon
number=2
for change in +400d -400d; do
    echo "$change" >"$work/clock"
    drop "$number"
    check "a row is taken while the clock is wrong by $change" until_true 300 taken "$number"
    number=$((number + 1))
done
echo '+400d' >"$work/clock"
end_agent TERM
start_real
start_agent satpolpp env LD_PRELOAD="$faked" FAKETIME_TIMESTAMP_FILE="$work/clock" FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1
check "the broker answers all" until_true 600 answered satpolpp
check "all are accepted" test "$(outcomes satpolpp ACCEPTED)" -eq 3
out=$(wrong "$cli" -c "$work/satpolpp/sinergi.conf" --lang en status 2>&1)
says "status tells that the clock is wrong" 'ATTENTION +the clock of this device is ahead of the broker: 345[0-9]{5} s'
check "no copy was removed" test "$(find "$work/satpolpp/masuk/done" -name '*.csv' | wc -l)" -eq 6
end_agent TERM
exits "dinsos reads them" 0 timeout 60 "$agent" -c "$work/dinsos/agent.conf" --once
check "each says when it was really written down" sql_is dinsos "select count(*) from referral_submitted where abs(strftime('%s', recorded_at) - strftime('%s', 'now')) < 600" 3
stop_daemon
done_testing
