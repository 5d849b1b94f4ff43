-- daftar: kursi
SELECT "ID Alokasi", @day AS "Tgl Mulai"
FROM kursi
WHERE "ID Slot" = @slot AND "Keadaan" = 'dikonfirmasi'
ORDER BY "No. Kursi" + 0
LIMIT @count OFFSET @skip;
