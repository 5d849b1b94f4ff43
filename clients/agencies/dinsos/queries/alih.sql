-- Daftar kerja: anak yang harus diserahkan ke DPPPA dalam 24 jam. Isi kolom kosong, simpan ke masuk/.
SELECT k.operation_ref AS "No. BA", k.nama AS "Nama", k.jk AS "JK", k.tgl_lahir AS "Tgl Lahir", k.usia AS "Umur", k.ktp AS "KTP",
       k.ppks AS "Dugaan PPKS", k.prioritas AS "Prioritas Rujukan", k.children_with AS "Anak Dibawa", k.sejak AS "Sejak", k.case_id AS "ID Kasus",
       NULL AS "Tgl Alih", NULL AS "Tujuan", NULL AS "Prioritas", NULL AS "Jenis PPKS", NULL AS "Kebutuhan Mendesak", NULL AS "No. Surat", NULL AS "Petugas"
FROM kasus k
WHERE k.terbuka AND k.anak
  AND NOT EXISTS (SELECT 1 FROM referral_submitted t WHERE t.kind = 'TRANSFER' AND t.case_id = k.case_id)
ORDER BY k.sejak, k.operation_ref;
