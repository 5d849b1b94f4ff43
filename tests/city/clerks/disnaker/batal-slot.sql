-- daftar: batal-slot
SELECT "ID Slot", iif(@version = '', "Versi", @version) AS "Versi", 'anggaran' AS "Alasan", @other AS "ID Slot Pengganti", @hari AS "Tgl Batal"
FROM "batal-slot"
WHERE "ID Slot" = @slot;
