-- Daftar kerja: kursi yang menunggu kata kantor ini. Penyelenggara mengonfirmasi atau menolak kursi yang disetujui;
-- pengelola kasus mengisi jawaban orangnya, atau menarik kembali. Isi kolom kosong, simpan ke masuk/.
SELECT k.kursus AS "Kursus", k.mulai AS "Mulai", nullif(s.seat_no, 0) AS "No. Kursi", s.nama AS "Nama", s.jk AS "JK", s.umur AS "Umur", s.keadaan AS "Keadaan",
       strftime('%d/%m/%Y %H.%M', s.hold_until, '+7 hours') AS "Ditahan Sampai",
       CASE WHEN s.change = 'RESERVED' AND k.penyelenggara = (SELECT id FROM kantor) THEN 'dikonfirmasi / ditolak'
            WHEN s.change IN ('HELD', 'PROMOTED') THEN 'setuju / mundur' ELSE 'mundur (bila perlu)' END AS "Pilihan",
       s.allocation_id AS "ID Alokasi",
       NULL AS "Tgl Keputusan", NULL AS "Keputusan", NULL AS "Alasan", NULL AS "Pihak", NULL AS "Petugas"
FROM kursi s JOIN kelas k USING (slot_id)
WHERE (k.penyelenggara = (SELECT id FROM kantor) AND s.change = 'RESERVED')
   OR (s.case_id IS NOT NULL AND s.change IN ('HELD', 'PROMOTED', 'WAITLISTED', 'RESERVED', 'CONFIRMED'))
ORDER BY 9 DESC, s.hold_until, k.mulai, s.seat_no;
