#!/usr/bin/env bash
# store.sh - a store that is damaged, cut, foreign, newer or rolled back is refused with a sentence, and
# the file is not touched.
. "$(dirname "$0")/lib.sh"
set_up
start_daemon
agency_as satpolpp import tests/city/data/referrals-2024-01.jsonl >/dev/null
kill -TERM "$daemon_pid"
wait "$daemon_pid" || true
daemon_pid=
store=$work/store.mdb
cp "$store" "$base/good.mdb"
cp "$work/head.path" "$base/good.head"

refused() { # NAME PATTERN
    local before
    before=$(sha256sum <"$store")
    exits "$1: refused" 65 timeout 20 "$daemon" -c "$work/sinergid.conf" --demo
    says "$1: says why" "$2"
    check "$1: the file is untouched" test "$before" = "$(sha256sum <"$store")"
    cp "$base/good.mdb" "$store"
    cp "$base/good.head" "$work/head.path"
}

exits "a clean store verifies" 0 "$daemon" -c "$work/sinergid.conf" --demo --verify
exits "and folds to the same bytes" 0 "$daemon" -c "$work/sinergid.conf" --demo --refold "$base/refold.mdb"

truncate -s 40000 "$store"
refused "cut" 'cut|truncat|short|terpotong|size'
head -c 300000 /dev/urandom >"$store"
refused "random bytes" 'not a|foreign|damaged|bukan|rusak'
printf '' >"$store"
refused "empty" 'empty|short|cut|not a|kosong'
dd if=/dev/zero of="$store" bs=4096 count=2 conv=notrunc status=none
refused "zeroed head" 'not a|damaged|foreign|rusak'

# Rolled back: an older copy of the file beside the newer head file.
start_daemon
agency_as disnaker import tests/city/data/slots-disnaker.jsonl >/dev/null
kill -TERM "$daemon_pid"
wait "$daemon_pid" || true
daemon_pid=
cp "$work/head.path" "$base/newer.head"
cp "$base/good.mdb" "$store"
cp "$base/newer.head" "$work/head.path"
refused "rolled back" 'older|behind|lebih lama|tertinggal'

# The other kind of store and a second daemon.
exits "a demo store is not served for real" 65 timeout 20 "$daemon" -c "$work/sinergid.conf"
says "and says so" 'demo'
start_daemon
exits "a second daemon on the same store" 75 timeout 20 "$daemon" -c "$work/sinergid.conf" --demo
done_testing
