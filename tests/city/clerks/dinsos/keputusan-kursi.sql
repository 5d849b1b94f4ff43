-- Who has a seat in a state is asked; the first @skip are left out.
-- daftar: kursi
SELECT "ID Alokasi", @hari AS "Tgl Keputusan", @decision AS "Keputusan", @reason AS "Alasan", @by AS "Pihak", 'dns-0031' AS "Petugas"
FROM kursi
WHERE "ID Slot" = @slot AND "Keadaan" = @state
ORDER BY "No. Kursi" + 0
LIMIT @count OFFSET @skip;
