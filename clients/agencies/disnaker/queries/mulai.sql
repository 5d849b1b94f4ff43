-- Daftar kerja: peserta yang kursinya sudah dikonfirmasi dan belum mulai. Isi kolom kosong, simpan ke masuk/.
SELECT k.kursus AS "Kursus", k.mulai AS "Kelas Mulai", s.seat_no AS "No. Kursi", s.nama AS "Nama", s.jk AS "JK", s.allocation_id AS "ID Alokasi",
       NULL AS "Tgl Mulai", NULL AS "No. Peserta", NULL AS "Petugas"
FROM kursi s JOIN kelas k USING (slot_id)
WHERE k.penyelenggara = (SELECT id FROM kantor) AND s.change IN ('RESERVED', 'CONFIRMED')
ORDER BY k.mulai, s.slot_id, s.seat_no;
