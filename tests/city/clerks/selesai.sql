-- How a course ends for those who are in it: @first is the attendance of the first; the second gives up, and the fifth
-- finds work, where the story has it so (@gives_up, @finds_work).
-- daftar: kursi
SELECT "ID Alokasi", @day AS "Tgl Selesai", result AS "Hasil", iif(result = 'tamat', @first - 1 + n, '') AS "Kehadiran (%)"
FROM (SELECT *, CASE n WHEN @gives_up + 0 THEN 'berhenti' WHEN @finds_work + 0 THEN 'dapat kerja' ELSE 'tamat' END AS result
      FROM (SELECT *, row_number() OVER (ORDER BY "No. Kursi" + 0) AS n FROM kursi WHERE "ID Slot" = @slot AND "Keadaan" = 'ikut'));
