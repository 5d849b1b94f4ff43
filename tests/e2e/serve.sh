#!/usr/bin/env bash
# serve.sh - `make serve` as a new user meets it: every command that it prints works as printed.
. "$(dirname "$0")/lib.sh"
build=$(realpath --relative-to="$root" "$(dirname "$daemon")")
mkfifo "$base/said"
CITY=$work tests/city/run.sh "$build" serve >"$base/said" 2>"$base/serve.log" &
pids+=($!)
commands=()
while read -r line; do
    case $line in "$build/sinergi "*) commands+=("$line") ;; esac
    case $line in *"clock advance"*) break ;; esac # the last one; the daemon keeps the pipe
done <"$base/said"
check "it says how to connect" test "${#commands[@]}" -ge 5
exits "the daemon answers" 0 agency_as diskominfo -w 10 status
for line in "${commands[@]}"; do
    read -ra words <<<"$line"
    case $line in *" tail "*) words+=(-n 3 -w 20) ;; esac # it watches until it is stopped
    exits "${line#*sinergi.conf }" 0 "${words[@]}"
done
done_testing
