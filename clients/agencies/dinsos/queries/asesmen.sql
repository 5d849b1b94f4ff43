-- Daftar kerja: kasus yang menunggu asesmen (batas 7 hari). Isi kolom kosong, simpan ke masuk/.
SELECT k.operation_ref AS "No. BA", k.nama AS "Nama", k.jk AS "JK", k.tgl_lahir AS "Tgl Lahir", k.usia AS "Umur", k.ktp AS "KTP",
       k.ppks AS "Dugaan PPKS", k.prioritas AS "Prioritas Rujukan", k.children_with AS "Anak Dibawa", k.sejak AS "Menunggu Sejak",
       iif(k.anak, 'ya', 'tidak') AS "Anak", k.case_id AS "ID Kasus",
       NULL AS "Tgl Asesmen", NULL AS "Asesor", NULL AS "Jenis PPKS", NULL AS "Di Bawah 18", NULL AS "Tempat Tinggal", NULL AS "Kebutuhan",
       NULL AS "Prioritas", NULL AS "Layak Pelatihan", NULL AS "Minat Kursus", NULL AS "Batas Kesehatan", NULL AS "Pendidikan",
       NULL AS "Bisa Baca", NULL AS "Tanggungan", NULL AS "Penghasilan", NULL AS "Data Terpadu", NULL AS "Desil", NULL AS "Petugas"
FROM kasus k
WHERE k.keadaan = 'ASSESSING'
ORDER BY k.sejak, k.operation_ref;
