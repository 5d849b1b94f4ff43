-- Siapa mulai pelatihan minggu ini (Senin sampai Minggu).
SELECT k.mulai AS "Mulai", k.kursus AS "Kursus", k.tempat AS "Tempat", k.penyelenggara AS "Penyelenggara", s.seat_no AS "No. Kursi",
       s.nama AS "Nama", s.jk AS "JK", s.keadaan AS "Keadaan", s.case_id AS "ID Kasus"
FROM kursi s JOIN kelas k USING (slot_id)
WHERE s.change IN ('RESERVED', 'CONFIRMED', 'OCCUPIED') AND NOT k.batal
  AND k.mulai BETWEEN date((SELECT ini FROM hari), 'weekday 0', '-6 days') AND date((SELECT ini FROM hari), 'weekday 0')
ORDER BY k.mulai, k.kursus, s.seat_no;
