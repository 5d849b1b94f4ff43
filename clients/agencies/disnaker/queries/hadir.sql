-- Daftar kerja: daftar hadir minggu ini. Isi kolom kosong (dan ubah tanggal untuk minggu lain), simpan ke masuk/.
SELECT k.kursus AS "Kursus", s.seat_no AS "No. Kursi", s.nama AS "Nama", s.allocation_id AS "ID Alokasi",
       date((SELECT ini FROM hari), 'weekday 0', '-6 days') AS "Dari Tgl", date((SELECT ini FROM hari), 'weekday 0', '-2 days') AS "Sampai Tgl",
       NULL AS "Pertemuan", NULL AS "Hadir", NULL AS "Izin", NULL AS "Perlu Perhatian", NULL AS "Petugas"
FROM kursi s JOIN kelas k USING (slot_id)
WHERE k.penyelenggara = (SELECT id FROM kantor) AND s.change = 'OCCUPIED'
ORDER BY k.mulai, s.slot_id, s.seat_no;
