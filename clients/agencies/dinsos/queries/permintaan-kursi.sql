-- Daftar kerja: siapa yang setuju ikut pelatihan dan belum punya kursi atau antrean. ID Slot ada di slot-terbuka.csv.
-- Isi kolom kosong, simpan ke masuk/.
SELECT k.operation_ref AS "No. BA", k.nama AS "Nama", k.jk AS "JK", k.usia AS "Umur", a.priority_band AS "Tingkat",
       (SELECT group_concat(coalesce(w.kata, e.value), ',') FROM json_each(a.course_preferences) e
        LEFT JOIN kata w ON w.jenis = 'kursus' AND w.kode = e.value) AS "Minat", k.case_id AS "ID Kasus",
       NULL AS "ID Slot", NULL AS "Tgl Minta", NULL AS "Sudah Setuju", NULL AS "Mau Menunggu", NULL AS "Berkas Ada", NULL AS "Keringanan Berkas",
       NULL AS "Perlindungan", NULL AS "Petugas"
FROM kasus k
JOIN assessment_completed a ON a.seq = (SELECT max(seq) FROM assessment_completed x WHERE x.case_id = k.case_id)
JOIN persetujuan p ON p.case_id = k.case_id AND p.action = 'GIVEN' AND (p.valid_until IS NULL OR p.valid_until >= (SELECT ini FROM hari))
WHERE k.keadaan IN ('IN_SERVICE', 'AFTERCARE') AND a.training_suitable AND NOT a.is_minor
  AND NOT EXISTS (SELECT 1 FROM kursi s WHERE s.case_id = k.case_id
                  AND s.change IN ('HELD', 'PROMOTED', 'WAITLISTED', 'RESERVED', 'CONFIRMED', 'OCCUPIED', 'COMPLETED'))
ORDER BY a.priority_band, k.sejak, k.operation_ref;
