#!/usr/bin/env bash
# keys.sh - whose key is not right is told so at once, and a revoked key stops at once.
. "$(dirname "$0")/lib.sh"
set_up
start_daemon

within "a known key connects" 2000 agency_as satpolpp status
check "and is greeted" test "$got" -eq 0

# A key that the broker has never seen.
"$cli" keygen satpolpp/asing "$work/stranger.key" >/dev/null
mkdir -p "$work/stranger"
sed -e "s#$work/satpolpp/device.key#$work/stranger.key#" -e "s#$work/satpolpp/data#$work/stranger/data#" \
    "$work/satpolpp/sinergi.conf" >"$work/stranger/sinergi.conf"
within "an unknown key is named within 2 s" 2500 agency_as stranger -w 10 status
says "as an unknown or suspended key" 'key unknown|tidak dikenal'
check "with its own exit status" test "$got" -eq 5

# The right address, but another server key.
mkdir -p "$work/wrong"
other=$(printf 'ab%.0s' $(seq 32))
sed -e "s#curve = \"[0-9a-f]*\"#curve = \"$other\"#" -e "s#$work/satpolpp/data#$work/wrong/data#" \
    "$work/satpolpp/sinergi.conf" >"$work/wrong/sinergi.conf"
within "a wrong server key is named within 2 s" 2500 agency_as wrong -w 10 status
says "as a wrong server key" 'wrong server key|kunci server'
check "with its own exit status" test "$got" -eq 6

# Nobody listens: no hang, and the event is safe.
mkdir -p "$work/nobody"
sed -e "s#endpoint = \"[^\"]*\"#endpoint = \"tcp://127.0.0.1:$(free_port)\"#" \
    -e "s#$work/satpolpp/data#$work/nobody/data#" "$work/satpolpp/sinergi.conf" >"$work/nobody/sinergi.conf"
head -n 1 tests/city/data/referrals-2024-01.jsonl >"$work/one.json"
within "without a broker publish ends when its time is over" 4000 agency_as nobody -w 2 publish "$work/one.json"
check "and says that the event waits in the outbox" test "$got" -eq 3
exits "the outbox holds it" 0 agency_as nobody --json outbox
says "as unanswered" '"unanswered": *"?1"?'

# Revocation by reload: the live connection is cut, a new one is refused.
start_as satpolpp -w 60 subscribe diputus --output "$work/satpolpp/cut.jsonl" 2>"$work/cut.log"
pid=$started_pid
pids+=("$pid")
for _ in $(seq 1 100); do
    agency_as dinsos status >/dev/null && agency_as satpolpp status >/dev/null && break
done
sed -i 's#{ id = "satpolpp";#{ id = "satpolpp"; suspended = true;#' "$work/sinergid.conf"
kill -HUP "$daemon_pid"
got=0
timeout 10 tail --pid="$pid" -f /dev/null || got=$?
check "a revoked key's subscriber ends" test "$got" -eq 0
wait "$pid" && got=0 || got=$?
check "with the status of a refused key" test "$got" -eq 5
within "a revoked key is refused at the door" 2500 agency_as satpolpp -w 10 status
check "with the status of a refused key again" test "$got" -eq 5
within "others go on" 2500 agency_as dinsos status
check "undisturbed" test "$got" -eq 0

# A reload that cannot be applied changes nothing.
sed -i 's#suspended = true;#suspended = perhaps;#' "$work/sinergid.conf"
kill -HUP "$daemon_pid"
within "after a wrong reload the old keys hold" 2500 agency_as dinsos status
check "for those who had one" test "$got" -eq 0
done_testing
