-- Rujukan yang dikirim dan apa kata penerimanya. Alasan hanya disebut bila kantor ini dapat berbuat sesuatu.
SELECT no_ba AS "No. BA", tanggal AS "Tanggal", nama AS "Nama", jk AS "JK", tujuan AS "Tujuan", keadaan AS "Keadaan", alasan AS "Alasan", per AS "Per"
FROM rujukan
ORDER BY tanggal DESC, no_ba, nama;
