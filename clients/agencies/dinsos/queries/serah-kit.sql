-- Daftar kerja: penyerahan kit. No. Aset ada di kit-tersedia.csv. Isi kolom kosong, simpan ke masuk/.
SELECT s.nama AS "Nama", s.kursus AS "Kursus", s.kit_code AS "Kode Kit", s.tamat AS "Tamat", s.allocation_id AS "ID Alokasi",
       NULL AS "No. Aset", NULL AS "Dasar", NULL AS "No. BAST", NULL AS "Tgl BAST", NULL AS "Janji Tidak Dijual", NULL AS "Dijaga Sampai",
       NULL AS "No. Berkas", NULL AS "Petugas"
FROM belum_dapat_kit s
ORDER BY s.tamat, s.kursus, s.seat_no;
