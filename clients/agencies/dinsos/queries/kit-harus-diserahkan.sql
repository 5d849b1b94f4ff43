-- Kit yang harus diserahkan: tamat dan belum dapat; batas 30 hari.
SELECT s.nama AS "Nama", s.kursus AS "Kursus", s.kit_code AS "Kode Kit", s.penyelenggara AS "Penyelenggara", s.tamat AS "Tamat",
       date(s.tamat, '+30 days') AS "Paling Lambat", iif((SELECT ini FROM hari) > date(s.tamat, '+30 days'), 'TERLAMBAT', NULL) AS "Catatan",
       s.allocation_id AS "ID Alokasi"
FROM belum_dapat_kit s
ORDER BY s.tamat, s.kursus, s.seat_no;
