#!/usr/bin/env bash
# run.sh - the main job: the agencies of a city, each with an agent, its spreadsheets and its key, coordinate
# through a real daemon on loopback, on a demo store from January to July 2024. Usage: run.sh BUILD [serve]
# Exit status 0 only if every agency's account of what it published and received equals the journal.
set -euo pipefail
build=$1 mode=${2:-run}
here=$(dirname "$0")
data=$here/data
agencies_at=clients/agencies
work=${CITY:-$PWD/build/city}
daemon=$PWD/$build/sinergid
cli=$PWD/$build/sinergi
agent=$PWD/$build/sinergi-agent
started=$SECONDS

step() { printf "\n== %s\n" "$*"; }
say() { printf '   %s\n' "$*"; }
. "$here/lib.sh"

case $mode in
serve)
    clock_start=2024-01-29T08:00:00+07:00 # the day on which the first referrals are sent
    set_up
    trap - EXIT
    echo "Daemon on tcp://127.0.0.1:$port with the demo configuration in $work; stop it with Ctrl-C."
    echo "In another terminal, for example:"
    echo "  $build/sinergi -c $work/satpolpp/sinergi.conf import --map $agencies_at/satpolpp/razia.map $agencies_at/satpolpp/sample/2024/razia-2024-01.csv"
    echo "  $build/sinergi -c $work/disnaker/sinergi.conf import --map $agencies_at/disnaker/slot.map $agencies_at/disnaker/sample/2024/slot-2024.csv"
    echo "  $build/sinergi -c $work/dinsos/sinergi.conf tail --from beginning"
    echo "  $build/sinergi -c $work/dinsos/sinergi.conf case"
    echo "  $build/sinergi -c $work/dinsos/sinergi.conf overdue --all"
    echo "  $build/sinergi -c $work/diskominfo/sinergi.conf admin clock advance --to 2024-02-05T08:00:00+07:00"
    exec "$daemon" -c "$work/sinergid.conf" --demo --clock "$clock_start"
    ;;
run)
    . "$here/office.sh"
    . "$here/care.sh"
    . "$here/intake.sh"
    . "$here/equipment.sh"
    . "$here/seats.sh"
    . "$here/courses.sh"
    . "$here/july.sh"
    . "$here/account.sh"
    ;;
*)
    echo "usage: run.sh BUILD [serve]" >&2
    exit 2
    ;;
esac
