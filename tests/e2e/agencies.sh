#!/usr/bin/env bash
# agencies.sh - the folders of the four agencies as they are copied to a device: configurations and maps hold, the
# samples import, and a small story goes round through real agents, drop folders and lists that clerks fill in.
# shellcheck disable=SC2154 # of lib.sh
. "$(dirname "$0")/office.bash"
clock_start=2026-05-11T08:00:00+07:00 # behind the raids of the samples, before the courses

set_up
for agency in "${agencies[@]}"; do
    move_in "$agency"
done

# ---- what stands in the folders ----

for agency in "${agencies[@]}"; do
    check "$agency: the configuration of the agent holds" "$agent" -c "$work/$agency/kantor/agent.conf" --check
    for map in clients/agencies/"$agency"/*.map; do
        name=$(basename "$map" .map)
        grep -q "files = \"$name\*\"; map = \"$name.map\"" "clients/agencies/$agency/agent.conf" ||
            not_ok "$agency: agent.conf takes no files for $name.map"
    done
done
# Two agencies with the same map have one file, so that a correction reaches both.
for map in clients/agencies/*/*.map; do
    name=$(basename "$map")
    copies=$(find clients/agencies -name "$name" -type f ! -path "*/$(basename "$(dirname "$map")")/*" -exec cmp -s {} "$map" \; -print)
    [ -L "$map" ] || [ -z "$copies" ] || not_ok "$map is the same as $copies: make it a link"
done

# On a device of the office that has no line yet, and so the time of this machine: the samples are of a whole year.
dry_run() { # AGENCY MAP FILE
    "$cli" -c "$work/$1/alone.conf" import --map "$work/$1/kantor/$2.map" --dry-run "$3"
}
for agency in "${agencies[@]}"; do
    sed "s#/data\"#/alone\"#" "$work/$agency/kantor/sinergi.conf" >"$work/$agency/alone.conf"
    samples=$work/$agency/kantor/sample
    [ ! -e "$samples/stok-contoh.xlsx" ] || # what kits are looked up in
        "$cli" -c "$work/$agency/alone.conf" import --no-wait --map "$work/$agency/kantor/stok.map" "$samples/stok-contoh.xlsx" >/dev/null
    for map in "$work/$agency"/kantor/*.map; do
        name=$(basename "$map" .map)
        exits "$agency: the sample of $name would import" 0 dry_run "$agency" "$name" "$(echo "$samples/$name-contoh".*)"
    done
done

# ---- a story: from the raid to the kit ----

start_daemon
for agency in "${agencies[@]}"; do
    start_agent "$agency"
done
drop disnaker slot "$work/disnaker/kantor/sample/slot-contoh.csv"
drop dinsos stok "$work/dinsos/kantor/sample/stok-contoh.xlsx"
drop satpolpp razia "$work/satpolpp/kantor/sample/razia-contoh.csv"
list dinsos rujukan-terima 'Hasan Basri'
rows dinsos rujukan-terima 11
fill dinsos rujukan-terima 'Orang Hadir=ya' 'Masuk Shelter=tidak' 'Tgl Terima=11/05/2026'
rows dinsos keputusan 11
fill dinsos keputusan 'Tgl Keputusan=11/05/2026' 'Keputusan=diterima' \
    only 'Hasan Basri|Syahrul|Efrizal|Tarmizi|Nurlela|Delfi|Sumarni'
fill dinsos keputusan 'Tgl Keputusan=11/05/2026' 'Keputusan=ditolak' 'Pihak=dinas' 'Alasan=luar kota' only Marzuki
list satpolpp hasil-rujukan 'Marzuki.*ditolak'
says_list "Satpol PP: who was taken" satpolpp hasil-rujukan 'BA-031/V/2026;[^;]*;"Hasan Basri";L;dinsos;diterima'
says_list "and who is waited for" satpolpp hasil-rujukan 'Yanto;L;dinsos;"sudah sampai'
says_list "and how many of each report" satpolpp hasil-per-ba '^BA-031/V/2026;[^;]*;4;2;1;1'
check "no reason that is none of its business" bash -c "! grep -qi 'luar kota' '$work/satpolpp/kantor/daftar/hasil-rujukan.csv'"

rows dinsos asesmen 7
assessed=('Tgl Asesmen=11/05/2026' Asesor=peksos 'Jenis PPKS=pengemis' 'Di Bawah 18=tidak' 'Tempat Tinggal=Pekanbaru'
    'Kebutuhan=makanan, bimbingan' 'Layak Pelatihan=ya' Pendidikan=SD 'Bisa Baca=ya' 'Data Terpadu=tidak ada')
fill dinsos asesmen "${assessed[@]}" Prioritas=1 only Sumarni
rows dinsos asesmen 6
fill dinsos asesmen "${assessed[@]}" Prioritas=3
rows dinsos persetujuan 7
fill dinsos persetujuan 'Tgl Pernyataan=11/05/2026' Pernyataan=setuju 'Untuk=pelatihan' 'Cara=cap jempol' 'No. Formulir=F-@'
rows dinsos permintaan-kursi 7
slot_of() { # COURSE START
    agency_as dinsos --json slots | jq -r --arg course "$1" --arg on "$2" \
        '.slots[] | select(.slot.courseCode == $course and .slot.startsOn == $on) | .slot.slotId'
}
asks() { # SLOT WHO AGREED
    fill dinsos permintaan-kursi "ID Slot=$1" 'Tgl Minta=11/05/2026' "Sudah Setuju=$3" 'Mau Menunggu=ya' 'Keringanan Berkas=KTP' only "$2"
}
slot=$(slot_of MOTORCYCLE_SERVICE 2026-06-08)
asks "$slot" 'Hasan|Tarmizi|Syahrul' ya
asks "$slot" Efrizal tidak

# One seat, three who want it: who waits, in the broker's own order.
barber=$(slot_of BARBER 2026-08-10)
asks "$barber" Delfi ya
asks "$barber" Nurlela ya
asks "$barber" Sumarni ya
rows dinsos siapa-menunggu 2
waiting=$(sed -n 's/.*;\([12]\);\("[^"]*"\|[^;]*\);P;.*/\1 \2/p' "$work/dinsos/kantor/daftar/siapa-menunggu.csv" | tr '\n' ' ')
check "the more urgent goes before: $waiting" [ "$waiting" = '1 Sumarni 2 Nurlela ' ]
agency_as dinsos --json seats "$barber" >"$work/seats.json"
check "as the broker has them" jq -e '[.. | objects | select(.waitlistPosition? and .person?) | {p: .waitlistPosition, n: .person.fullName}]
    | sort_by(.p) | map(.n) == ["Sumarni", "Nurlela"]' "$work/seats.json"

list disnaker keputusan-kursi Syahrul
rows disnaker keputusan-kursi 4
class=peserta/2026-06-08-bengkel-motor-${slot: -8}
says_list "Disnaker: participants of the course by name" disnaker "$class" '"Hasan Basri";L;25-34;'
says_list "a seat that is held" disnaker "$class" '^4;;L;25-34;.*ditahan'
check "of somebody who is not named before he accepts" bash -c "! grep -q Efrizal '$work/disnaker/kantor/daftar/$class.csv'"
fill disnaker keputusan-kursi 'Tgl Keputusan=11/05/2026' Keputusan=dikonfirmasi
list disnaker mulai Syahrul

# ---- a consent is taken back: the name goes from the file, the database and the lists ----

make_list dinsos kasus
case_of=$(sed -n 's/.*;"\?Tarmizi.*;\([0-9a-f-]*\)\r$/\1/p' "$work/dinsos/kantor/daftar/kasus.csv")
printf 'ID Kasus;Tgl Pernyataan;Pernyataan;Untuk;Cara;No. Formulir\r\n%s;11/05/2026;dicabut;pelatihan;tertulis;F-91\r\n' "$case_of" >"$work/dicabut.csv"
drop dinsos persetujuan "$work/dicabut.csv"
nowhere() { # FILE…
    ! cat "$@" | grep -aq Tarmizi
}
try_until "the file of the course still has him" nowhere "$work/disnaker/kantor/daftar/$class.csv"
ok "the file of the course is without him, by the agent's own doing"
try_until "the database still has him" nowhere "$work"/disnaker/kantor/kota.db*
ok "and so is the database"
list disnaker dilupakan '[0-9a-f]{8}-'
says_list "who stays, stays" disnaker "$class" 'Syahrul'

# ---- an event is handed over again ----

make_list disnaker
cp -r "$work/disnaker/kantor/daftar" "$work/before"
seq=$(sqlite3 -cmd '.timeout 10000' "$work/disnaker/kantor/kota.db" 'SELECT max(seq) FROM seat_allocation_changed')
for _ in 1 2; do
    echo '{}' | SINERGI_SEQ=$seq SINERGI_TYPE=seat.allocation_changed SINERGI_AGENCY=disnaker "$work/disnaker/kantor/handlers/daftar"
    echo '{}' | SINERGI_SEQ=$seq SINERGI_TYPE=person.erasure_ordered SINERGI_AGENCY=disnaker "$work/disnaker/kantor/handlers/daftar"
done
make_list disnaker
check "an event that is handed over twice changes no list" diff -r "$work/before" "$work/disnaker/kantor/daftar"

# ---- the course ----

clock_to 2026-06-08T17:00:00+07:00
make_list dinsos
says_list "Dinsos: who begins this week" dinsos siapa-mulai-minggu-ini 'Syahrul;L;dikonfirmasi'
fill disnaker mulai 'Tgl Mulai=08/06/2026' only 'bengkel motor'
list disnaker hadir Syahrul
says_list "attendance: the week stands there" disnaker hadir 'Syahrul.*;2026-06-08;2026-06-12;'
clock_to 2026-06-12T16:00:00+07:00
fill disnaker hadir Pertemuan=5 Hadir=4 Izin=1
clock_to 2026-07-17T16:00:00+07:00
list disnaker selesai Syahrul
fill disnaker selesai 'Tgl Selesai=17/07/2026' Hasil=tamat Kehadiran=90
list dinsos kit-harus-diserahkan Syahrul
list dinsos serah-kit 'Hasan Basri'
fill dinsos serah-kit 'No. Aset=1.3.2.05.01.04-000@' 'No. BAST=02@/BAST/2026' 'Tgl BAST=17/07/2026' 'Janji Tidak Dijual=ya' 'Dijaga Sampai=17/07/2027'
gone dinsos kit-harus-diserahkan Syahrul
says_list "kits that were handed over are to be looked after" dinsos cek-kit '0001;[^;]*;"?(Hasan Basri|Syahrul)'

# A list that comes back as it was handed out says nothing, and no column of its map is missing in it.
for agency in "${agencies[@]}"; do
    make_list "$agency"
    for list in "$work/$agency"/kantor/daftar/*.csv; do
        name=$(basename "$list" .csv)
        map=$work/$agency/kantor/$name.map
        [ -e "$map" ] || continue
        exits "$agency: nothing is filled in in $name" 0 agency_as "$agency" --json import --map "$map" --dry-run "$list"
    done
    check "$agency: no name in the log of its agent" bash -c "! grep -qE 'Hasan|Tarmizi|Syahrul|Efrizal|Nurlela' '$work/$agency/agent.log'"
done
done_testing
