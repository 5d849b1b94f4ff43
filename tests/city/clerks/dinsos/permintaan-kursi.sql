-- The sheet names a course by its day of beginning.
-- daftar: lembar kasus slot-terbuka
SELECT k."ID Kasus", s."ID Slot", l.*
FROM lembar l LEFT JOIN kasus k USING ("No. BA")
LEFT JOIN "slot-terbuka" s ON s."Kursus" = l."Kursus"
    AND s."Mulai" = substr(l."Mulai Kursus", 7) || '-' || substr(l."Mulai Kursus", 4, 2) || '-' || substr(l."Mulai Kursus", 1, 2);
