-- Kelas yang masih terbuka, semua penyelenggara. Salin ID Slot ke permintaan-kursi.
SELECT k.kursus AS "Kursus", k.variant AS "Jenis", k.mulai AS "Mulai", k.selesai AS "Selesai", k.tempat AS "Tempat", k.penyelenggara AS "Penyelenggara",
       strftime('%d/%m/%Y %H.%M', k.tutup, '+7 hours') AS "Pendaftaran Tutup", k.kursi AS "Kursi", j.sisa AS "Sisa", j.antre AS "Antre",
       CASE k.sex WHEN 'MALE' THEN 'L' WHEN 'FEMALE' THEN 'P' ELSE 'semua' END AS "Peserta",
       k.min_age || '-' || k.max_age AS "Umur", k.slot_id AS "ID Slot"
FROM kelas k LEFT JOIN jawaban_kelas j USING (slot_id)
WHERE NOT k.batal AND k.selesai >= (SELECT ini FROM hari)
ORDER BY k.mulai, k.kursus;
