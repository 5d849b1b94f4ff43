-- Daftar peserta, satu berkas untuk setiap kelas. Nama ada hanya selama boleh dilihat.
SELECT k.mulai || '-' || replace(k.kursus, ' ', '-') || '-' || substr(k.slot_id, -8) AS "Berkas",
       s.seat_no AS "No. Kursi", s.nama AS "Nama", s.jk AS "JK", s.umur AS "Umur", s.kecamatan AS "Kecamatan", s.hp AS "HP", s.kesehatan AS "Catatan Kesehatan",
       s.keadaan AS "Keadaan", date(s.accepted_at, '+7 hours') AS "Sejak", s.allocation_id AS "ID Alokasi"
FROM kelas k LEFT JOIN kursi s ON s.slot_id = k.slot_id AND s.change IN ('HELD', 'PROMOTED', 'RESERVED', 'CONFIRMED', 'OCCUPIED', 'COMPLETED')
WHERE k.penyelenggara = (SELECT id FROM kantor)
ORDER BY 1, s.seat_no;
