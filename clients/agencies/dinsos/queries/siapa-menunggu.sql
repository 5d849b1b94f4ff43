-- Siapa menunggu kursi, menurut urutan: perlindungan, pernah kehilangan kursi tanpa salah, tingkat prioritas, lalu siapa dahulu.
SELECT k.kursus AS "Kursus", k.mulai AS "Mulai", row_number() OVER antrean AS "Urutan", s.nama AS "Nama", s.jk AS "JK",
       iif(s.perlindungan, 'ya', 'tidak') AS "Perlindungan", s.tanpa_salah AS "Hilang Tanpa Salah", s.tingkat AS "Tingkat",
       s.sejak AS "Menunggu Sejak", s.case_id AS "ID Kasus", s.slot_id AS "ID Slot"
FROM (SELECT w.*, date(w.accepted_at, '+7 hours') AS sejak,
             EXISTS (SELECT 1 FROM seat_requested q WHERE q.case_id = w.case_id AND q.slot_id = w.slot_id AND q.override = 'PROTECTION') AS perlindungan,
             (SELECT count(*) FROM seat_allocation_changed v WHERE v.case_id = w.case_id AND v.change = 'VOIDED')
             + (SELECT count(DISTINCT d.seq) FROM seat_decided d JOIN seat_allocation_changed v ON v.allocation_id = d.allocation_id
                WHERE v.case_id = w.case_id AND d.decision = 'DECLINED_BY_PROVIDER' AND d.declined_by = 'RECEIVER') AS tanpa_salah,
             (SELECT priority_band FROM assessment_completed a WHERE a.case_id = w.case_id ORDER BY seq DESC LIMIT 1) AS tingkat
      FROM kursi w WHERE w.change = 'WAITLISTED') s
JOIN kelas k USING (slot_id)
WINDOW antrean AS (PARTITION BY s.slot_id ORDER BY s.perlindungan DESC, s.tanpa_salah DESC, s.tingkat, s.seq)
ORDER BY k.mulai, k.kursus, s.slot_id, 3;
