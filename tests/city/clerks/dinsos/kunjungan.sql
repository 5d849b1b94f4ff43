-- daftar: lembar kasus
SELECT k."ID Kasus", k."ID Rencana", l.* FROM lembar l LEFT JOIN kasus k USING ("No. BA");
