#!/usr/bin/env bash
# sheet.sh - spreadsheets through the real daemon: what offices write, row by row; nothing twice after
# another name, another process, a kill; a changed row with the command that corrects it; files that
# are no tables; .xlsx.
. "$(dirname "$0")/lib.sh"
set_up
start_daemon

folder=$base/tabel
mkdir -p "$folder"
map=$folder/razia.map
cat >"$map" <<'MAP'
event = "referral.submitted";
key = ( "No. BA", "No. Urut" );
date = "Tanggal";
columns = (
  { column = "Nama Lengkap"; field = "person.full_name"; },
  { column = [ "JK", "L/P" ]; field = "person.sex"; values = ( ("L", "MALE"), ("P", "FEMALE") ); },
  { column = "Tgl Lahir"; field = "person.birth_date"; },
  { column = "NIK"; field = "person.nik"; },
  { column = "Lokasi"; field = "found_place"; },
  { column = "Kecamatan"; field = "found_region"; },
  { column = "Kebutuhan"; field = "urgent_needs"; separator = ",";
    values = ( ("sakit", "MEDICAL"), ("hamil", "PREGNANT") ); optional = true; },
  { column = "Anak"; field = "children_with"; optional = true; default = "0"; },
  { column = "HP"; field = "person.phone"; optional = true; }
);
defaults = (
  { field = "kind"; value = "INTAKE"; },
  { field = "target_agency"; value = "dinsos"; },
  { field = "priority"; value = "NORMAL_14D"; },
  { field = "activity"; value = "BEGGING"; },
  { field = "suspected_ppks"; value = "PPKS_12"; },
  { field = "person.name_quality"; value = "FULL"; },
  { field = "person.birth_quality"; value = "EXACT"; },
  { field = "person.nik_status"; value = "STATED"; },
  { field = "envelope.actor_ref"; value = "pol-0001"; }
);
MAP
heading='No. BA;No. Urut;Tanggal;Nama Lengkap;L/P;Tgl Lahir;NIK;Lokasi;Kecamatan'
import() { agency_as satpolpp -w 30 import --map "$map" "$@"; }
place_of() { sed -n "s/^\"$2\";.*;\"\([0-9a-f-]*\)\".*/\1/p" "$1"; } # RESULT LINE
# field_of PLACE FIELD: as it stands, corrections counted
field_of() {
    agency_as satpolpp --json -w 20 correct "$1" --set found_place=lain --reason TYPO --dry-run | jq -r ".before.$2"
}
total() { agency_as satpolpp --json outbox | jq .lastNumber; }

# ---- a table as an office writes it: title, CRLF, Windows-1252, quotes, line break in a cell, a heading
# that stands again, a sum, a signature, columns that nobody asked for
printf '%s\r\n' 'DAFTAR RAZIA, JANUARI 2024' '' "$heading;Kebutuhan;Anak;Keterangan" \
    '(1);(2);(3);(4);(5);(6);(7);(8);(9)' \
    'BA-1;1;29/01/2024;Andr'$'\xe9'' Santoso;L;10-4-90;1471 0110 0490 0001;"Simpang ""Garuda"", Jl.'$'\n''Sudirman";14.71.08;"sakit, hamil";2;x' \
    ';;;;;;;;' \
    "$heading;Kebutuhan;Anak;Keterangan" \
    "BA-1;2;29 Januari 2024;Siti 'Aisyah \$HOME;P;12 Mei 1991;'1471015205910003;Pasar;14.71.08;-;" \
    'Jumlah;2;;;;;;;' 'Mengetahui,;;;;;;;;' >"$folder/jan.csv"
before=$(total)
exits "a dry run" 0 agency_as satpolpp import --map "$map" --dry-run "$folder/jan.csv"
says "row by row" '5: baru: BA-1 / 1 .*André Santoso'
says "a line break inside a cell counts as a line" '9: baru: BA-1 / 2'
says "a sum is no row" '10: dilewati: Jumlah'
check "nothing was written" test "$(total)" = "$before"
kill_daemon
exits "a dry run needs no broker" 0 agency_as satpolpp import --map "$map" --dry-run "$folder/jan.csv"
start_daemon
out=$(agency_as satpolpp --json import --map "$map" --dry-run "$folder/jan.csv") || true
check "cells are read" test "$(jq -c 'select(.line==5).event.referralSubmitted|[.foundPlace,.urgentNeeds,.childrenWith,.person.birthDate,.person.nik,.person.sex]' <<<"$out")" = '["Simpang \"Garuda\", Jl. Sudirman",["MEDICAL","PREGNANT"],2,"1990-04-10","1471011004900001","MALE"]'
check "the day of the row" test "$(jq -c 'select(.line==5).event|[.occurredAt,.timeQuality]' <<<"$out")" = '["2024-01-29T00:00:00+07:00","DATE_ONLY"]'
ids=$(jq -r 'select(.event).event.referralSubmitted.referralId' <<<"$out")
exits "an import" 0 import "$folder/jan.csv" --result "$folder/jan.result.csv"
says "both accepted" '2 terbit, 2 dilewati \(2 diterima\)'
check "the id is the one of the dry run" test "$(field_of "$(place_of "$folder/jan.result.csv" 5)" referralId)" = "$(head -n 1 <<<"$ids")"
check "the result opens in Excel" test "$(head -c 3 "$folder/jan.result.csv" | od -An -tx1 | tr -d ' ')" = efbbbf
check "the result is ours alone" test "$(stat -c %a "$folder/jan.result.csv")" = 600
check "the result tells" grep -q '"9";"BA-1 / 2";"diterima".*-2"' "$folder/jan.result.csv"

# ---- again: nothing twice, whatever its name, its marks, its letters
exits "again" 0 import "$folder/jan.csv"
says "known" '0 terbit, 2 sudah ada'
iconv -f windows-1252 -t utf-8 "$folder/jan.csv" | sed '1s/^/\xef\xbb\xbf/' >"$folder/jan utf8.csv"
exits "again in UTF-8, under another name" 0 import "$folder/jan utf8.csv"
says "known" '0 terbit, 2 sudah ada'
iconv -f windows-1252 -t utf-16 "$folder/jan.csv" >"$folder/jan16.csv"
exits "again in UTF-16" 0 import "$folder/jan16.csv"
says "known" '0 terbit, 2 sudah ada'
tr -d '\n' <"$folder/jan.csv" >"$folder/mac.csv" # bare CR; the break inside the cell is gone
exits "bare CR, and a cell that has changed" 1 import "$folder/mac.csv"
says "changed" '1 sudah ada, 1 berubah'
exits "from standard input" 0 import - <"$folder/jan.csv"
says "known" '0 terbit, 2 sudah ada'
printf '%s\n' "${heading//;/,},Anak" "BA-1,1,29-1-24,André Santoso,l,10/04/1990,1471011004900001,\"Simpang \"\"Garuda\"\", Jl. Sudirman\",14.71.08,2" >"$folder/koma.csv"
exits "with commas and another date form" 1 import "$folder/koma.csv"
says "the field that is missing now is a change" 'urgent_needs'

# ---- changed rows: the command that is shown works as it stands
sed "s/;Pasar;/;\"Pasar \"\"Kodim's\"\" \$HOME \`x\` \\\\ 50% a\";/; s/12 Mei 1991/13 Mei 1991/" "$folder/jan.csv" >"$folder/ubah.csv"
exits "a changed row" 1 import "$folder/ubah.csv" --result "$folder/ubah.result.csv"
says "the column and what was published" "9: Tgl Lahir '13 Mei 1991'.*1991-05-12"
command=$(grep -o 'sinergi -c .*--reason TYPO' <<<"$out" | head -n 1)
check "a command is shown" test -n "$command"
check "the result has it too" grep -q 'berubah.*--set' "$folder/ubah.result.csv"
before=$(total)
exits "again" 1 import "$folder/ubah.csv"
check "a changed row publishes nothing" test "$(total)" = "$before"
mkdir -p "$folder/bin"
ln -sf "$cli" "$folder/bin/sinergi"
out=$(PATH=$folder/bin:$PATH bash -c "$command" 2>&1) && ok "the command works when it is pasted" || not_ok "the command: $out"
check "one correction" test "$(total)" = $((before + 1))
check "it holds the words as they are" test "$(field_of "$(place_of "$folder/ubah.result.csv" 9)" foundPlace)" = "Pasar \"Kodim's\" \$HOME \`x\` \\ 50% a"
exits "after the correction" 0 import "$folder/ubah.csv"
says "known" '0 terbit, 2 sudah ada'

# only the day in the envelope: no replacement holds it, so it is annulled and published anew
printf '%s\n' "$heading" "BA-9;1;28/01/2024;Rudi;L;1/2/1990;1471010102900009;Pasar;14.71.08" >"$folder/hari.csv"
exits "a row with a wrong day" 0 import "$folder/hari.csv"
sed -i 's#28/01/2024#29/01/2024#' "$folder/hari.csv"
exits "the day is corrected in the file" 1 import "$folder/hari.csv"
says "to be annulled" 'Tanggal.*batalkan'
command=$(grep -o 'sinergi -c .*--annul --reason WRONG_DATE' <<<"$out" | head -n 1)
out=$(PATH=$folder/bin:$PATH bash -c "$command" 2>&1) && ok "the annulment works when it is pasted" || not_ok "the annulment: $out"
exits "then it is published once more" 0 import "$folder/hari.csv"
says "published" '1 terbit \(1 diterima\)'
exits "and only once" 0 import "$folder/hari.csv"
says "known" '0 terbit, 1 sudah ada'

# ---- bad rows: named, and the others go on
printf '%s\n' "$heading" \
    "B;1;29/01/2024;Baik Satu;L;1/1/1990;1471010101900101;Pasar;14.71.08" \
    "B;2;29/01/2024;Excel;L;1/1/1990;1,47E+15;Pasar;14.71.08" \
    "B;3;01/29/2024;Bulan;L;1/1/1990;1471010101900103;Pasar;14.71.08" \
    "B;4;29/01/2024;Kelamin;X;1/1/1990;1471010101900104;Pasar;14.71.08" \
    "B;;29/01/2024;Tanpa Kunci;L;1/1/1990;1471010101900105;Pasar;14.71.08" \
    "B;6;29/01/2024;Lebih;L;1/1/1990;1471010101900106;Pasar;Lama;14.71.08" \
    "B;7;29/01/2024;Kurang" \
    "B;8;29/01/2024;Panjang;L;1/1/1990;1471010101900108;$(printf 'x%.0s' {1..200});14.71.08" \
    "B;1;29/01/2024;Lain;L;1/1/1990;1471010101900101;Pasar;14.71.08" \
    "B;1;29/01/2024;Baik Satu;L;1/1/1990;1471010101900101;Pasar;14.71.08" \
    "B;11;29/01/2024;Baik Dua;P;1/1/1991;1471014101910111;Pasar;14.71.08" >"$folder/salah.csv"
exits "bad rows" 1 import "$folder/salah.csv" --result "$folder/salah.result.csv"
says "a number that Excel has shortened" ":3: E_SCHEMA: NIK '1,47E\+15': Excel memendekkan.*Teks"
says "the month in front" ":4: E_SCHEMA: Tanggal '01/29/2024'"
says "a value that is in no list" ":5: E_BAD_CODE: L/P 'X': .*diterima: L, P"
says "an empty key" ":6: E_MISSING_FIELD: No. Urut: .*kunci"
says "too many cells" ':7: E_FORMAT: .*10 sel, judulnya 9'
says "a mandatory field" ":8: E_MISSING_FIELD: L/P: .*diterima: L, P"
says "too long" ":9: E_SCHEMA: Lokasi 'xxx.*120"
says "the same key twice names the other line" ":10: E_DUPLICATE_CONFLICT.*baris 2"
says "the good ones are published" '2 terbit, 1 sudah ada, 8 salah \(2 diterima\)'
check "the result has each of them" test "$(grep -c '"salah"' "$folder/salah.result.csv")" = 8
exits "English" 1 agency_as satpolpp --lang en -w 30 import --map "$map" "$folder/salah.csv"
says "English" 'Excel has shortened this number'

# ---- refused by the broker: published again by the next import, under the same id
printf '%s\n' "$heading" "T;1;29/01/2024;Tolak;L;1/1/1990;1471010101900201;Pasar;14.71.99" >"$folder/tolak.csv"
exits "a code that the broker does not know" 1 import "$folder/tolak.csv" --result "$folder/tolak.result.csv"
says "refused" 'ditolak'
says "the column is named" 'tolak.csv:2: Kecamatan: E_BAD_CODE'
check "the result says why" grep -q 'ditolak";"E_BAD_CODE' "$folder/tolak.result.csv"
sed -i 's/14.71.99/14.71.08/' "$folder/tolak.csv"
refused=$(agency_as satpolpp --json import --map "$map" --dry-run "$folder/tolak.csv" | jq -r 'select(.event).event.referralSubmitted.referralId')
exits "put right" 0 import "$folder/tolak.csv" --result "$folder/tolak.result.csv"
says "published" '1 terbit \(1 diterima\)'
check "under the id that follows from the row" test "$(field_of "$(place_of "$folder/tolak.result.csv" 2)" referralId)" = "$refused"

# ---- an id that another map has derived
cat >"$folder/putus.map" <<'MAP'
event = "referral.decided";
key = ( "BA", "Urut" );
date = "Tanggal";
columns = (
  { field = "referral_id"; lookup = "razia"; key = ( "BA", "Urut" ); },
  { column = "Keputusan"; field = "decision"; }
);
defaults = ( { field = "envelope.actor_ref"; value = "x"; } );
MAP
printf '%s\n' 'BA;Urut;Tanggal;Keputusan' 'B;1;29/01/2024;ACCEPTED' 'B;77;29/01/2024;ACCEPTED' >"$folder/putus.csv"
out=$(agency_as satpolpp --json import --map "$folder/putus.map" --dry-run "$folder/putus.csv" 2>/dev/null) || true
want=$(agency_as satpolpp --json import --map "$map" --dry-run "$folder/salah.csv" 2>/dev/null | jq -r 'select(.line==2)|.status') || true
check "the row that was looked up is known" test "$want" = KNOWN
check "its id is found" test "$(jq -r 'select(.line==2).event.referralDecided.referralId' <<<"$out" | cut -c1-13)" = 018d5103-7e80
check "a key that nobody has imported" test "$(jq -r 'select(.line==3)|"\(.status) \(.code) \(.column)"' <<<"$out")" = "BAD E_UNKNOWN_OBJECT BA"
printf '%s\n' 'BA;Urut;Tanggal;Keputusan' 'B;1;30/01/2024;ACCEPTED' >"$folder/besok.csv"
out=$(agency_as satpolpp --json import --map "$folder/putus.map" "$folder/besok.csv" 2>&1) || true
check "a day that has not come yet" grep -q "besok.csv:2: E_FUTURE_TIME: Tanggal '30/01/2024': tanggal ini belum tiba, menurut jam komputer ini" <<<"$out"

# ---- files that are no tables of this map
: >"$folder/kosong.csv"
: >"$folder/kosong.xlsx"
head -c 20000 /dev/urandom >"$folder/acak.csv"
printf '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 EncryptedPackage' >"$folder/sandi.xlsx"
printf '<html><table><tr><td>No. BA' >"$folder/web.xls"
printf '%s\n' "$heading" >"$folder/judul.csv"
printf '%s\n' "${heading/Lokasi/Lokas}" "B;1;29/01/2024;Lain;L;1/1/1990;1471010101900101;Pasar;14.71.08" >"$folder/lokas.csv"
printf '%s\nU;1;29/01/2024;"Buka;L;1/1/1990;1471010101900301;Pasar;14.71.08\n' "$heading" >"$folder/kutip.csv"
exits "an empty file" 1 import "$folder/kosong.csv"
says "named" 'kosong.csv: berkas kosong'
exits "an empty .xlsx" 1 import "$folder/kosong.xlsx"
says "named" 'berkas kosong'
exits "a binary file" 1 import "$folder/acak.csv"
says "named" 'bukan tabel'
exits "a file with a password" 1 import "$folder/sandi.xlsx"
says "named" 'kata sandi'
exits "a web page" 1 import "$folder/web.xls"
says "named" 'HTML'
exits "only a heading" 0 import "$folder/judul.csv"
says "no rows" '0 baris'
exits "a column is missing" 1 import "$folder/lokas.csv" --result "$folder/lokas.result.csv"
says "named, with the headings that are there" "'Lokasi' tidak ada.*mungkin 'Lokas'.*No. Urut"
check "the result says so too" grep -q '"";"";"salah";"E_FORMAT"' "$folder/lokas.result.csv"
exits "a quotation mark that stays open" 1 import "$folder/kutip.csv"
says "named" 'baris 2: tanda kutip'
exits "no such file" 4 import "$folder/tidak ada.csv"
exits "a folder" 4 import "$folder"
exits "no such map" 4 agency_as satpolpp import --map "$folder/tidak.map" "$folder/jan.csv"
sed 's/found_place/found_plaze/' "$map" >"$folder/salah.map"
exits "a wrong map" 4 agency_as satpolpp import --map "$folder/salah.map" "$folder/jan.csv"
says "file, line, field and what is near" 'salah.map:9: .*found_plaze.*found_place'
exits "--dry-run without a map" 2 agency_as satpolpp import --dry-run "$folder/jan.csv"

# ---- the example of sinergi-map(5)
example() { awk -v n="$1" '/^\.Bd/ { i++; on = 1; next } /^\.Ed/ { on = 0 } on && i == n' docs/man/sinergi-map.5; }
mkdir "$folder/contoh"
example 1 >"$folder/contoh/razia.map"
example 2 >"$folder/contoh/razia.csv"
example 3 | sed -n 's/^\$ sinergi //p' >"$folder/contoh/perintah"
check "two commands" test "$(wc -l <"$folder/contoh/perintah")" = 2
while read -r line; do
    # shellcheck disable=SC2086
    exits "sinergi $line" 0 env -C "$folder/contoh" "$cli" -c "$work/satpolpp/sinergi.conf" -w 30 $line
done <"$folder/contoh/perintah"
says "both rows" '2 terbit \(2 diterima\)'

# ---- .xlsx
/usr/bin/python3 - "$folder" <<'PY'
import datetime, sys
import openpyxl
folder = sys.argv[1]
book = openpyxl.Workbook()
sheet = book.active
sheet.append(["DAFTAR RAZIA"])
sheet.append([])
sheet.append(["No. BA", "No. Urut", "Tanggal", "Nama Lengkap", "L/P", "Tgl Lahir", "NIK", "Lokasi", "Kecamatan", "Anak"])
sheet.append(["X", 1, datetime.date(2024, 1, 29), "Tono, \"T\"\nbaris", "L", datetime.date(1990, 1, 2), "1471010201900401", "Pasar", "14.71.08", 1])
sheet.cell(row=8, column=1, value="X")
for column, value in enumerate(["X", 2, datetime.datetime(2024, 1, 29, 8, 30), "Tini", "P", "3/4/1991", 1.471014304910402e15, "Pasar", "14.71.08"], 1):
    sheet.cell(row=8, column=column, value=value)
for column, value in enumerate(["X", 3, 45320, "Serial", "P", "3/4/1991", "1471014304910403", "Pasar", "14.71.08"], 1):
    sheet.cell(row=9, column=column, value=value)
other = book.create_sheet("Lain")
other.append(["kosong"])
book.save(folder + "/buku.xlsx")
PY
cp "$folder/buku.xlsx" "$folder/buku.csv" # what it is, its bytes tell
exits ".xlsx" 1 import "$folder/buku.csv" --result "$folder/buku.result.csv"
says "rows of the worksheet" 'buku.csv:9: E_SCHEMA: Tanggal .45320'
check "the others are published" grep -q '"4";"X / 1";"diterima"' "$folder/buku.result.csv"
out=$(agency_as satpolpp --json import --map "$map" --dry-run "$folder/buku.xlsx" 2>/dev/null) || true
check "known under its own name" test "$(jq -r 'select(.line==4).status' <<<"$out")" = KNOWN
sed 's/^columns/sheet: { worksheet = 9; };\ncolumns/' "$map" >"$folder/lembar.map"
exits "a worksheet that is not there" 1 agency_as satpolpp import --map "$folder/lembar.map" "$folder/buku.xlsx"
says "named" 'worksheet'
head -c 3000 "$folder/buku.xlsx" >"$folder/rusak.xlsx"
exits "a broken .xlsx" 1 import "$folder/rusak.xlsx"
says "named" 'rusak'
printf '%s\n' "$heading" "X;1;29/01/2024;Tono, \"T\" baris;L;2/1/1990;1471010201900401;Pasar;14.71.08" >"$folder/csv lagi.csv"
exits "the same row as CSV" 1 import "$folder/csv lagi.csv"
says "is the same row" '1 berubah' # one child less: the column is missing
check "no file without a name is left" test -z "$(find "$work/satpolpp/data" "$folder" -name '.sheet*' -o -name '*.tmp')"

# ---- many rows: two processes at once, and a kill in the middle
rows() { # FIRST LAST PREFIX
    printf '%s\n' "$heading"
    seq "$1" "$2" | awk -v p="$3" '{ printf "%s;%d;29/01/2024;Orang %d;L;1/1/1990;14710101019%05d;Pasar;14.71.08\n", p, $1, $1, 20000 + $1 }'
}
sed 's/{ column = "NIK"; field = "person.nik"; },//; s/STATED/NONE/' "$map" >"$folder/banyak.map"
sed -i 's/^key/name = "banyak";\nkey/' "$folder/banyak.map"
many() { agency_as satpolpp import --map "$folder/banyak.map" "$@"; }
kill_daemon
rows 1 3000 M >"$folder/banyak.csv"
cp "$folder/banyak.csv" "$folder/banyak lagi.csv"
before=$(total)
many "$folder/banyak.csv" --no-wait >"$folder/a.out" 2>&1 & first=$!
many "$folder/banyak lagi.csv" --no-wait >"$folder/b.out" 2>&1 & second=$!
wait "$first" && ok "the first of two at once" || not_ok "the first: $(cat "$folder/a.out")"
wait "$second" && ok "the second of two at once" || not_ok "the second: $(cat "$folder/b.out")"
check "each row once" test "$(total)" = $((before + 3000))

rows 1 60000 K >"$folder/bunuh.csv"
before=$(total)
agency=satpolpp
"$cli" -c "$work/satpolpp/sinergi.conf" import --map "$folder/banyak.map" "$folder/bunuh.csv" --no-wait >/dev/null 2>&1 &
victim=$!
while [ "$(total)" = "$before" ] && kill -0 "$victim" 2>/dev/null; do :; done
kill -KILL "$victim" 2>/dev/null || true
wait "$victim" 2>/dev/null || true
middle=$(total)
check "some were written before the kill" test "$middle" -gt "$before"
check "and not all of them" test "$middle" -lt $((before + 60000))
exits "again after the kill" 0 many "$folder/bunuh.csv" --no-wait
check "each row once" test "$(total)" = $((before + 60000))
says "the rest was published" "$((before + 60000 - middle)) terbit, $((middle - before)) sudah ada"

# ---- a bar on a terminal, none otherwise
exits "no terminal" 0 many "$folder/banyak.csv" --no-wait
if grep -q '\[' <<<"$out"; then not_ok "a bar in a file"; else ok "no bar in a file"; fi
out=$(script -qec "$cli -c $work/satpolpp/sinergi.conf import --map '$folder/banyak.map' '$folder/banyak.csv' --no-wait" /dev/null 2>&1) || true
says "a bar on a terminal" '\[#+\.*\] +[0-9]+ %'
done_testing
