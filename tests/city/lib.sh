# lib.sh - a city on this machine: keys, configuration, a demo daemon on loopback, one folder per agency.
# Sourced by the main job and by the end-to-end tests. Needs: $work (folder), $daemon, $cli (programs).
# shellcheck shell=bash disable=SC2154

agencies=(satpolpp dinsos disnaker dpppa)
declare -A capabilities=(
    [satpolpp]='"REFERRER"'
    [dinsos]='"REFERRER", "CASE_OWNER", "TRAINING_PROVIDER", "EQUIPMENT_PROVIDER", "IDENTITY_STEWARD"'
    [disnaker]='"REFERRER", "TRAINING_PROVIDER", "EQUIPMENT_PROVIDER"'
    [dpppa]='"REFERRER", "CASE_OWNER", "CHILD_PROTECTION", "TRAINING_PROVIDER", "EQUIPMENT_PROVIDER"'
    [inspektorat]='"AUDITOR"'
    [diskominfo]='"OPERATOR"'
)
agency_as() { # AGENCY COMMAND…
    local agency=$1
    shift
    "$cli" -c "$work/$agency/sinergi.conf" "$@"
}
start_as() { # AGENCY COMMAND…: in the background; its own process id is in $started_pid
    local agency=$1
    shift
    "$cli" -c "$work/$agency/sinergi.conf" "$@" >/dev/null &
    started_pid=$!
}
die() {
    printf '\nFAILED: %s\n' "$*" >&2
    exit 1
}

pids=()
daemon_pid=
clock_start=2024-01-08T08:00:00+07:00
cleanup() {
    local status=$?
    [ ${#pids[@]} -eq 0 ] || kill -- "${pids[@]}" 2>/dev/null || true
    [ -z "$daemon_pid" ] || kill "$daemon_pid" 2>/dev/null || true
    wait 2>/dev/null || true
    [ -z "${socket:-}" ] || rm -rf "$(dirname "$socket")"
    if [ $status -ne 0 ] && [ -s "$work/sinergid.log" ]; then
        echo "--- last lines of $work/sinergid.log" >&2
        tail -n 15 "$work/sinergid.log" >&2
    fi
}
trap cleanup EXIT

free_port() { # a port that nobody listens on; the daemon says so if somebody was faster
    local port
    for port in $(shuf -i 20000-32000 -n 50); do
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "$port"
            return
        fi
    done
}

set_up() {
    rm -rf "$work"
    mkdir -p "$work"
    chmod 700 "$work"
    port=$(free_port)
    socket=$(mktemp -d)/sinergid.sock # a path of a socket may have 107 bytes
    {
        echo "listen: { tcp = \"tcp://127.0.0.1:$port\"; local = \"ipc://$socket\"; };"
        echo "store: { path = \"$work/store.mdb\"; head = \"$work/head.path\"; map_gib = 4;"
        echo "         reserve_percent = 0; reserve_mib = 16; };"
        echo "keys: { file = \"$work/broker.key\"; };"
        echo "codes: { path = \"conf/codes\"; };"
        echo "agencies = ("
        local first=1 agency line
        for agency in "${agencies[@]}" inspektorat diskominfo; do
            mkdir -p "$work/$agency"
            [ $first = 1 ] || echo "  ,"
            first=0
            line=$("$cli" keygen "$agency/kantor" "$work/$agency/device.key" | grep '^{')
            echo "  { id = \"$agency\"; name_id = \"$agency\"; name_en = \"$agency\";"
            echo "    capabilities = [ ${capabilities[$agency]} ];"
            echo "    devices = ( ${line%,} ); }"
        done
        echo ");"
    } >"$work/sinergid.conf"
    "$daemon" --check "$work/sinergid.conf" >/dev/null
    "$daemon" -c "$work/sinergid.conf" --init --demo >"$work/card"
    local agency endpoint
    for agency in "${agencies[@]}" inspektorat diskominfo; do
        endpoint="tcp://127.0.0.1:$port"
        [ "$agency" != diskominfo ] || endpoint="ipc://$socket"
        {
            echo "key = \"$work/$agency/device.key\";"
            echo "data = \"$work/$agency/data\";"
            sed -n '/^broker/,$p' "$work/card" | sed "s#endpoint = \"[^\"]*\"#endpoint = \"$endpoint\"#"
        } >"$work/$agency/sinergi.conf"
    done
}

start_daemon() {
    "$daemon" -c "$work/sinergid.conf" --demo --clock "$clock_start" 2>>"$work/sinergid.log" &
    daemon_pid=$!
    agency_as diskominfo -w 10 status >/dev/null || die "the daemon does not answer"
}

kill_daemon() {
    kill -KILL "$daemon_pid"
    wait "$daemon_pid" 2>/dev/null || true
    daemon_pid=
}
