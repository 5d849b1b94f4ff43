-- A child, by date of birth or by estimate, is handed to DPPPA.
-- daftar: alih
SELECT "ID Kasus", @hari AS "Tgl Alih", 'DPPPA' AS "Tujuan", 'darurat' AS "Prioritas", 'anak jalanan' AS "Jenis PPKS"
FROM alih
WHERE "Umur" + 0 < 18;
