-- Daftar kerja: kelas kantor ini, untuk diubah. Isi hanya yang berubah dan Alasan; kolom Versi jangan diubah. Simpan ke masuk/.
SELECT k.kursus AS "Kursus", k.mulai AS "Kelas Mulai", k.tempat AS "Kelas Di", k.kursi AS "Kursi Sekarang", k.slot_id AS "ID Slot", j.version AS "Versi",
       NULL AS "Tgl Perubahan", NULL AS "Kursi Ditawarkan", NULL AS "Mulai", NULL AS "Selesai", NULL AS "Pendaftaran Tutup", NULL AS "Masuk Terakhir",
       NULL AS "Kecamatan", NULL AS "Tempat", NULL AS "Umur Min", NULL AS "Umur Maks", NULL AS "Alasan", NULL AS "Petugas"
FROM kelas k LEFT JOIN jawaban_kelas j USING (slot_id)
WHERE k.penyelenggara = (SELECT id FROM kantor) AND NOT k.batal AND k.selesai >= (SELECT ini FROM hari)
ORDER BY k.mulai, k.kursus;
