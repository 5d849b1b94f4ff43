-- Daftar kerja: peserta yang ikut, untuk hasil akhir; juga yang tidak datang. Isi kolom kosong, simpan ke masuk/.
SELECT k.kursus AS "Kursus", k.selesai AS "Kelas Selesai", s.seat_no AS "No. Kursi", s.nama AS "Nama", s.keadaan AS "Keadaan", s.allocation_id AS "ID Alokasi",
       NULL AS "Tgl Selesai", NULL AS "Hasil", NULL AS "Kehadiran", NULL AS "Kompetensi", NULL AS "No. Sertifikat", NULL AS "Keterangan", NULL AS "Petugas"
FROM kursi s JOIN kelas k USING (slot_id)
WHERE k.penyelenggara = (SELECT id FROM kantor)
  AND (s.change = 'OCCUPIED' OR (s.change IN ('RESERVED', 'CONFIRMED') AND k.mulai <= (SELECT ini FROM hari)))
ORDER BY k.selesai, s.slot_id, s.seat_no;
