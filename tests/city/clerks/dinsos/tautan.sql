-- The steward has asked them both. One person: two of the office must have asked, and the one with a case remains.
-- daftar: tautan
SELECT "ID Orang A", "ID Orang B", @hari AS "Tgl Keputusan", @decision AS "Keputusan", 'wawancara' AS "Dasar",
       CASE WHEN @decision <> 'orang sama' THEN '' WHEN "Kasus A" <> '' THEN 'A' ELSE 'B' END AS "Yang Dipakai",
       @second AS "Petugas Kedua", 'dns-0005' AS "Petugas"
FROM tautan
ORDER BY "Skor" + 0 DESC
LIMIT 1;
