-- daftar: rujukan-terima
SELECT "ID Rujukan", @hari AS "Tgl Terima", 'ya' AS "Orang Hadir", 'tidak' AS "Masuk Shelter", 'uptd-ppa' AS "Unit Penerima"
FROM "rujukan-terima";
