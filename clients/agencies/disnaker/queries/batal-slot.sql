-- Daftar kerja: kelas kantor ini, untuk dibatalkan. Kolom Versi jangan diubah. Isi kolom kosong, simpan ke masuk/.
SELECT k.kursus AS "Kursus", k.mulai AS "Kelas Mulai", k.tempat AS "Kelas Di", k.slot_id AS "ID Slot", j.version AS "Versi",
       NULL AS "Tgl Batal", NULL AS "Alasan", NULL AS "ID Slot Pengganti", NULL AS "Petugas"
FROM kelas k LEFT JOIN jawaban_kelas j USING (slot_id)
WHERE k.penyelenggara = (SELECT id FROM kantor) AND NOT k.batal AND k.selesai >= (SELECT ini FROM hari)
ORDER BY k.mulai, k.kursus;
