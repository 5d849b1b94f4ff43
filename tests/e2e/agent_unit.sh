#!/usr/bin/env bash
# agent_unit.sh - what is installed of the agent: the shipped configuration is right, the unit verifies and
# locks the agent in, and the agent tells a service manager of itself.
. "$(dirname "$0")/agent/lib.sh"
dest=$base/root
make --no-print-directory install DESTDIR="$dest" >/dev/null
for file in bin/sinergi-agent share/man/man8/sinergi-agent.8 share/man/man5/sinergi-agent.conf.5 \
    lib/systemd/system/sinergi-agent@.service lib/sysusers.d/sinergi.conf share/sinergi/agent.conf; do
    check "installed: $file" test -s "$dest/usr/$file"
done
check "its user is made" grep -q '^u sinergi-agent ' "$dest/usr/lib/sysusers.d/sinergi.conf"
set_up
mkdir "$work/dinsos/masuk" "$work/dinsos/handlers"
cp "$dest/usr/share/sinergi/agent.conf" "$work/dinsos/agent.conf"
exits "the shipped configuration is right" 0 "$dest/usr/bin/sinergi-agent" -c "$work/dinsos/agent.conf" --check
# Every key that there is stands in the shipped file, if only in a comment.
for key in $(sed -n 's/^ *{"\([a-z_]*\)", KIND_.*/\1/p' clients/agent/conf.c); do
    check "the shipped configuration names $key" grep -qE "(^|[^a-z_])$key[ :]*=?" "$dest/usr/share/sinergi/agent.conf"
    check "and so does the man page: $key" grep -qw "$key" docs/man/sinergi-agent.conf.5
done
exits "--version" 0 "$agent" --version
exits "--help" 0 "$agent" --help
exits "an unknown argument" 64 "$agent" --colour
exits "no configuration" 78 "$agent" -c "$base/none.conf" --check
says "is named" 'none.conf'

# A service manager is told: ready, how it fares, alive, stopping.
python3 - "$base/notify" >"$base/told" <<'PY' &
import socket, sys
told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
told.bind(sys.argv[1])
while True:
    text = told.recv(4096).decode()
    print(text, flush=True)
    if "STOPPING=1" in text:
        break
PY
listener=$!
pids+=("$listener")
until_true 50 test -S "$base/notify"
start_agent dinsos env NOTIFY_SOCKET="$base/notify" WATCHDOG_USEC=900000
for word in READY=1 'STATUS=not connected' WATCHDOG=1; do
    check "told: $word" until_true 100 grep -q "$word" "$base/told"
done
exits "a second agent of the device does not start" 75 "$agent" -c "$work/dinsos/agent.conf"
says "and says why" 'another agent runs'
end_agent TERM
check "it ends well" test "$agent_status" -eq 0
check "told: STOPPING=1" until_true 100 grep -q STOPPING=1 "$base/told"
wait "$listener" || true
pids=()
check "no agent runs, says status" test "$(status_of dinsos .agent.running)" = false

if command -v systemd-analyze >/dev/null; then
    mkdir -p "$base/units"
    unit=$base/units/sinergi-agent@dinsos.service
    sed "s#/usr/bin/sinergi-agent#$dest/usr/bin/sinergi-agent#" "$dest/usr/lib/systemd/system/sinergi-agent@.service" >"$unit"
    exits "the unit verifies" 0 systemd-analyze verify --man=no "$unit"
    out=$(systemd-analyze security --offline=yes --no-pager "$unit" 2>&1 | tail -n 1)
    score=$(grep -oE '[0-9]+\.[0-9]' <<<"$out" | head -n 1)
    check "exposure $score is at most 1.2" awk "BEGIN { exit !($score <= 1.2) }"
fi
done_testing
