-- Everybody but the children; who has no number needs documents.
-- daftar: asesmen
SELECT "ID Kasus", @hari AS "Tgl Asesmen", 'peksos' AS "Asesor", "Dugaan PPKS" AS "Jenis PPKS", 'tidak' AS "Di Bawah 18",
       'Pekanbaru' AS "Tempat Tinggal", 'makanan, bimbingan' || iif("KTP" = 'tidak ada', ', dokumen', '') AS "Kebutuhan",
       CASE WHEN "Prioritas Rujukan" = 'darurat' THEN 1 WHEN "Anak Dibawa" > 0 THEN 2 ELSE 3 END AS "Prioritas",
       'ya' AS "Layak Pelatihan", 'SMP' AS "Pendidikan", 'ya' AS "Bisa Baca", "Anak Dibawa" AS "Tanggungan",
       'tidak ada' AS "Data Terpadu", 'dns-0031' AS "Petugas"
FROM asesmen
WHERE "Umur" + 0 >= 18;
