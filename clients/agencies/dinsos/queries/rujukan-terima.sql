-- Daftar kerja: rujukan yang belum diterima. Isi kolom kosong, simpan ke masuk/.
SELECT r.operation_ref AS "No. BA", r.prioritas AS "Prioritas", r.dari AS "Dari", r.nama AS "Nama", r.jk AS "JK", r.usia AS "Umur",
       r.serah_terima AS "Serah Terima", r.referral_id AS "ID Rujukan",
       NULL AS "Orang Hadir", NULL AS "Masuk Shelter", NULL AS "Unit Penerima", NULL AS "Tgl Terima", NULL AS "Petugas"
FROM rujukan_kata r
WHERE NOT r.sudah_terima AND NOT r.sudah_putus AND NOT r.ditarik
ORDER BY CASE r.priority WHEN 'EMERGENCY_24H' THEN 1 WHEN 'URGENT_72H' THEN 2 ELSE 3 END, r.seq;
