-- Kits of the numbers from @kit on for the next @count graduates of a course.
-- daftar: kursi
SELECT "ID Alokasi", printf('1.3.2.05/%03d', n) AS "No. Aset", 'hibah' AS "Dasar", printf('%03d/BAST/DINSOS/2024', n) AS "No. BAST",
       @hari AS "Tgl BAST", 'ya' AS "Janji Tidak Dijual", '31/07/2025' AS "Dijaga Sampai"
FROM (SELECT *, @kit - 1 + row_number() OVER (ORDER BY "No. Kursi" + 0) AS n FROM kursi WHERE "ID Slot" = @slot AND "Keadaan" = 'tamat')
WHERE n < @kit + @count;
