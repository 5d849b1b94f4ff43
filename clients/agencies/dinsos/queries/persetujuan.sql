-- Daftar kerja: siapa yang belum ditanya persetujuannya. Isi kolom kosong, simpan ke masuk/.
SELECT k.operation_ref AS "No. BA", k.nama AS "Nama", k.jk AS "JK", k.keadaan_kata AS "Keadaan", k.case_id AS "ID Kasus",
       NULL AS "Tgl Pernyataan", NULL AS "Pernyataan", NULL AS "Untuk", NULL AS "Cara", NULL AS "Oleh", NULL AS "Versi Teks",
       NULL AS "Berlaku Sampai", NULL AS "No. Formulir", NULL AS "Petugas"
FROM kasus k
WHERE k.keadaan IN ('IN_SERVICE', 'AFTERCARE') AND NOT EXISTS (SELECT 1 FROM persetujuan p WHERE p.case_id = k.case_id)
ORDER BY k.sejak, k.operation_ref;
