-- Daftar kerja: kasus yang terbuka, untuk terminasi. Kolom Versi jangan diubah. Isi kolom kosong, simpan ke masuk/.
SELECT k.operation_ref AS "No. BA", k.nama AS "Nama", k.keadaan_kata AS "Keadaan", k.sejak AS "Sejak", k.case_id AS "ID Kasus", k.versi AS "Versi",
       NULL AS "Alasan", NULL AS "Tgl Tutup", NULL AS "Disetujui Oleh", NULL AS "Boleh Dihubungi", NULL AS "Petugas"
FROM kasus k
WHERE k.terbuka
ORDER BY k.sejak, k.operation_ref;
