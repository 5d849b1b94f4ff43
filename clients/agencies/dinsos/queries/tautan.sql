-- Daftar kerja pengelola identitas: dua berkas yang mungkin satu orang, yang paling mirip lebih dahulu. Isi kolom kosong, simpan ke masuk/.
SELECT d.score AS "Skor", a.nama AS "Nama A", b.nama AS "Nama B", a.case_id AS "Kasus A", b.case_id AS "Kasus B",
       d.person_ref_a AS "ID Orang A", d.person_ref_b AS "ID Orang B",
       NULL AS "Tgl Keputusan", NULL AS "Keputusan", NULL AS "Dasar", NULL AS "Yang Dipakai", NULL AS "Petugas Kedua", NULL AS "Petugas"
FROM (SELECT person_ref_a, person_ref_b, max(score) AS score FROM person_duplicate_suspected GROUP BY person_ref_a, person_ref_b) d
LEFT JOIN jawaban a ON a.person_ref = d.person_ref_a AND a.terbuka
LEFT JOIN jawaban b ON b.person_ref = d.person_ref_b AND b.terbuka
WHERE NOT EXISTS (SELECT 1 FROM person_link_decided l
                  WHERE d.person_ref_a IN (l.person_ref_a, l.person_ref_b) AND d.person_ref_b IN (l.person_ref_a, l.person_ref_b))
ORDER BY d.score DESC;
