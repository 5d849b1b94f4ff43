-- A provider decides about the seats that are reserved, in their order: the ones from @skip on.
-- daftar: kursi
SELECT "ID Alokasi", @hari AS "Tgl Keputusan", @decision AS "Keputusan", @reason AS "Alasan", iif(@reason = '', '', 'kami') AS "Pihak"
FROM kursi
WHERE "ID Slot" = @slot AND "Keadaan" = 'setuju'
ORDER BY "No. Kursi" + 0
LIMIT @count OFFSET @skip;
