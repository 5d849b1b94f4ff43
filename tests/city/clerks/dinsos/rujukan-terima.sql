-- Who was brought along is in the shelter.
-- daftar: rujukan-terima
SELECT "ID Rujukan", @hari AS "Tgl Terima", iif("Serah Terima" = '', 'tidak', 'ya') AS "Orang Hadir",
       iif("Serah Terima" = '', 'tidak', 'ya') AS "Masuk Shelter", 'uptd-shelter' AS "Unit Penerima"
FROM "rujukan-terima";
