-- Daftar kerja: kasus yang ikut pelatihan atau bimbingan lanjut dan belum punya rencana pendampingan. Isi kolom kosong, simpan ke masuk/.
SELECT k.operation_ref AS "No. BA", k.nama AS "Nama", k.keadaan_kata AS "Keadaan", k.sejak AS "Sejak", k.case_id AS "ID Kasus",
       NULL AS "Pendamping", NULL AS "Mulai", NULL AS "Pola", NULL AS "Ganti Rencana", NULL AS "Versi", NULL AS "Petugas"
FROM kasus k
WHERE k.keadaan IN ('IN_TRAINING', 'AFTERCARE') AND NOT EXISTS (SELECT 1 FROM rencana n WHERE n.case_id = k.case_id)
ORDER BY k.sejak, k.operation_ref;
