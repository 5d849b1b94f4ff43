-- Daftar kerja: layanan dasar untuk kasus yang terbuka; satu baris satu layanan, tambah baris seperlunya. Simpan ke masuk/.
SELECT k.operation_ref AS "No. BA", k.nama AS "Nama", k.keadaan_kata AS "Keadaan",
       (SELECT group_concat(coalesce(w.kata, e.value), ',') FROM assessment_completed a, json_each(a.needs) e
        LEFT JOIN kata w ON w.jenis = 'layanan' AND w.kode = e.value
        WHERE a.seq = (SELECT max(seq) FROM assessment_completed x WHERE x.case_id = k.case_id)
          AND NOT EXISTS (SELECT 1 FROM service_delivered d WHERE d.case_id = k.case_id AND d.service = e.value AND d.outcome = 'DELIVERED')) AS "Masih Perlu",
       k.case_id AS "ID Kasus",
       NULL AS "No. Register", NULL AS "Layanan", NULL AS "Dari Tgl", NULL AS "Sampai Tgl", NULL AS "Jumlah", NULL AS "Satuan", NULL AS "Hasil",
       NULL AS "Di Shelter", NULL AS "Dokumen", NULL AS "Petugas"
FROM kasus k
WHERE k.terbuka
ORDER BY k.sejak, k.operation_ref;
