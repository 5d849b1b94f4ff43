#!/usr/bin/env bash
# run.sh - the main job: four agencies with their own keys, outboxes and processes coordinate through a
# real daemon on loopback, on a demo store. Usage: run.sh BUILD [serve]
# Exit status 0 only if every agency's account of what it published and received equals the journal.
set -euo pipefail
build=$1 mode=${2:-run}
here=$(dirname "$0")
work=$PWD/build/city
daemon=$PWD/$build/sinergid
cli=$PWD/$build/sinergi
started=$SECONDS

step() { printf "\n== %s\n" "$*"; }
say() { printf '   %s\n' "$*"; }
. "$here/lib.sh"

case $mode in
serve)
    set_up
    trap - EXIT
    echo "Daemon on tcp://127.0.0.1:$port with the demo configuration in $work; stop it with Ctrl-C."
    echo "In another terminal, for example:"
    echo "  $build/sinergi -c $work/satpolpp/sinergi.conf import $here/referrals.jsonl"
    echo "  $build/sinergi -c $work/dinsos/sinergi.conf subscribe kota --from beginning"
    exec "$daemon" -c "$work/sinergid.conf" --demo --clock "$clock_start"
    ;;
esac

. "$here/story.sh"
