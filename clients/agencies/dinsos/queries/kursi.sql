-- Semua kursi dan antrean yang dilihat kantor ini.
SELECT k.kursus AS "Kursus", k.mulai AS "Mulai", s.slot_id AS "ID Slot", nullif(s.seat_no, 0) AS "No. Kursi", s.keadaan AS "Keadaan", s.nama AS "Nama",
       s.jk AS "JK", s.umur AS "Umur", strftime('%d/%m/%Y %H.%M', s.hold_until, '+7 hours') AS "Ditahan Sampai",
       date(s.accepted_at, '+7 hours') AS "Sejak", s.allocation_id AS "ID Alokasi"
FROM kursi s LEFT JOIN kelas k USING (slot_id)
ORDER BY k.mulai, s.slot_id, s.seat_no IS NULL OR s.seat_no = 0, s.seat_no, s.seq;
