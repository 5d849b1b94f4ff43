#!/usr/bin/env bash
# fifth_agency.sh - another agency joins a city that is running: a row in the daemon's configuration, a key, a copied
# folder with two lines changed. Nothing is compiled, nobody else is asked to do anything.
# shellcheck disable=SC2154 # of lib.sh
. "$(dirname "$0")/office.bash"
clock_start=2026-05-11T08:00:00+07:00

set_up
start_daemon
move_in satpolpp
move_in dinsos
move_in disnaker # whose folder is copied
start_agent satpolpp
start_agent dinsos

# ---- it joins ----

mkdir -p "$work/blk-pekanbaru"
device=$("$cli" keygen blk-pekanbaru/kantor "$work/blk-pekanbaru/device.key" | grep '^{')
folder=$work/blk-pekanbaru/kantor
cp -r "$work/disnaker/kantor" "$folder"
sed -i "s#^key = .*#key = \"$work/blk-pekanbaru/device.key\";#; s#^data = .*#data = \"$work/blk-pekanbaru/data\";#" "$folder/sinergi.conf"
changed=$(diff -r "$work/disnaker/kantor" "$folder" | grep -c '^>' || true)
check "two lines of the copied folder say who it is" [ "$changed" -eq 2 ]
cp "$folder/sinergi.conf" "$work/blk-pekanbaru/sinergi.conf"

exits "before it is in the configuration it is not let in" 5 agency_as blk-pekanbaru -w 5 status
awk -v device="${device%,}" '/^\);/ { print "  , { id = \"blk-pekanbaru\"; name_id = \"BLK Pekanbaru\"; name_en = \"Vocational Training Centre\";"
        print "    capabilities = [ \"TRAINING_PROVIDER\" ]; devices = ( " device " ); }" } { print }' \
    "$work/sinergid.conf" >"$work/sinergid.conf.new"
mv "$work/sinergid.conf.new" "$work/sinergid.conf"
"$daemon" --check "$work/sinergid.conf" >/dev/null || die "the configuration with five agencies does not hold"
kill -HUP "$daemon_pid"
try_until "the fifth agency is not let in" bash -c "'$cli' -c '$folder/sinergi.conf' -w 5 status >/dev/null 2>&1"
ok "after a reload it is let in"
check "the folder holds" "$agent" -c "$folder/agent.conf" --check
start_agent blk-pekanbaru

# ---- it offers a course by a spreadsheet, and has participants ----

drop blk-pekanbaru slot "$folder/sample/slot-contoh.csv"
slot=$(agency_as dinsos --json slots | jq -r '.slots[] | select(.slot.courseCode == "BARBER" and .slot.startsOn == "2026-06-15") | "\(.owner) \(.slot.slotId)"')
check "everybody sees whose course it is" [ "${slot% *}" = blk-pekanbaru ]
slot=${slot#* }
list dinsos slot-terbuka "$slot"
drop satpolpp razia "$work/satpolpp/kantor/sample/razia-contoh.csv"
list dinsos keputusan Efrizal
fill dinsos keputusan 'Tgl Keputusan=11/05/2026' 'Keputusan=diterima' only Efrizal
list dinsos asesmen Efrizal
fill dinsos asesmen 'Tgl Asesmen=11/05/2026' Asesor=peksos 'Jenis PPKS=pengemis' 'Di Bawah 18=tidak' 'Tempat Tinggal=Pekanbaru' \
    Kebutuhan=makanan Prioritas=3 'Layak Pelatihan=ya' 'Data Terpadu=tidak ada'
list dinsos persetujuan Efrizal
fill dinsos persetujuan 'Tgl Pernyataan=11/05/2026' Pernyataan=setuju Untuk=pelatihan Cara=tertulis 'No. Formulir=F-1'
list dinsos permintaan-kursi Efrizal
fill dinsos permintaan-kursi "ID Slot=$slot" 'Tgl Minta=11/05/2026' 'Sudah Setuju=ya' 'Mau Menunggu=ya'
list blk-pekanbaru keputusan-kursi Efrizal
fill blk-pekanbaru keputusan-kursi 'Tgl Keputusan=11/05/2026' Keputusan=dikonfirmasi
list dinsos kursi 'dikonfirmasi;Efrizal'
says_list "the list of its participants" blk-pekanbaru "peserta/2026-06-15-pangkas-rambut-${slot: -8}" '^1;Efrizal;L;25-34;.*dikonfirmasi'
done_testing
