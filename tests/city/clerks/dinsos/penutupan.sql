-- Who closes a case has looked at it: the version is the one of now.
-- daftar: lembar kasus
SELECT k."ID Kasus", k."Versi", l.* FROM lembar l LEFT JOIN kasus k USING ("No. BA");
