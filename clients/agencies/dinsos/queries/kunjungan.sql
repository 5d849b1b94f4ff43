-- Daftar kerja: siapa yang didampingi, yang paling lama tidak ditemui lebih dahulu. Isi kolom kosong, simpan ke masuk/.
SELECT k.operation_ref AS "No. BA", k.nama AS "Nama", n.mentor_ref AS "Pendamping Tetap", k.keadaan_kata AS "Keadaan",
       (SELECT max(visited_on) FROM mentoring_visited v WHERE v.plan_id = n.plan_id AND v.contact_made) AS "Terakhir Bertemu",
       k.case_id AS "ID Kasus", n.plan_id AS "ID Rencana",
       NULL AS "Titik", NULL AS "Tgl Kunjungan", NULL AS "Cara", NULL AS "Bertemu", NULL AS "Tinggal Di", NULL AS "Mata Pencaharian", NULL AS "Penghasilan",
       NULL AS "Di Jalan", NULL AS "Kebutuhan", NULL AS "Kunjungan Berikut", NULL AS "Petugas"
FROM rencana n JOIN kasus k USING (case_id)
WHERE k.terbuka
ORDER BY 5, k.operation_ref;
