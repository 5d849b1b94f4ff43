#!/usr/bin/env bash
# interop.sh - a client in another language, written from docs/PROTOCOL.md alone, against the real
# daemon: tests/interop/run.py says what is looked at.
. "$(dirname "$0")/lib.sh"
set_up
for agency in satpolpp dinsos disnaker; do # a second device each
    line=$("$cli" keygen "$agency/python" "$work/$agency/python.key" | grep '^{')
    sed -i "/{ id = \"$agency\";/,/devices = (/ s|devices = (|devices = ( $line|" "$work/sinergid.conf"
done
"$daemon" --check "$work/sinergid.conf" >/dev/null

generated=build/interop
mkdir -p "$generated"
protoc -Iproto -I/usr/include --python_out="$generated" proto/sinergi/v1/*.proto
PYTHONPATH=$generated PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 tests/interop/run.py \
    "$work" "$daemon" "$cli" "$clock_start"
