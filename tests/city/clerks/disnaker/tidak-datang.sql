-- Who has a seat and did not come.
-- daftar: kursi
SELECT "ID Alokasi", @hari AS "Tgl Selesai", 'tidak datang' AS "Hasil"
FROM kursi
WHERE "ID Slot" = @slot AND "Keadaan" = 'dikonfirmasi';
