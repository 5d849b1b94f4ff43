-- Daftar kerja: rujukan yang belum diputuskan. Isi kolom kosong, simpan ke masuk/.
SELECT r.operation_ref AS "No. BA", r.prioritas AS "Prioritas", r.dari AS "Dari", r.nama AS "Nama", r.jk AS "JK", r.usia AS "Umur",
       r.mendesak AS "Kebutuhan Mendesak", r.domicile_region AS "Domisili", r.pernyataan AS "Surat Pernyataan", r.referral_id AS "ID Rujukan",
       NULL AS "Tgl Keputusan", NULL AS "Keputusan", NULL AS "Pihak", NULL AS "Alasan", NULL AS "Dialihkan Ke", NULL AS "Keterangan", NULL AS "Petugas"
FROM rujukan_kata r
WHERE NOT r.sudah_putus AND NOT r.ditarik
ORDER BY CASE r.priority WHEN 'EMERGENCY_24H' THEN 1 WHEN 'URGENT_72H' THEN 2 ELSE 3 END, r.seq;
