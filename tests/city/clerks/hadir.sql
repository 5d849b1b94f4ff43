-- A week of those who are in a course (@state 'ikut'); every third has missed one session, and had leave.
-- daftar: kursi
SELECT "ID Alokasi", @from AS "Dari Tgl", @to AS "Sampai Tgl", 5 AS "Pertemuan", iif(n % 3 = 0, 4, 5) AS "Hadir", iif(n % 3 = 0, 1, 0) AS "Izin"
FROM (SELECT *, row_number() OVER (ORDER BY "No. Kursi" + 0) AS n FROM kursi WHERE "ID Slot" = @slot AND "Keadaan" = @state)
ORDER BY n
LIMIT @count OFFSET @skip;
