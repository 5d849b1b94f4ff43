-- What the staff have written down; they know a person by the number of the report, the office's list knows the case.
-- daftar: lembar kasus
SELECT k."ID Kasus", l.* FROM lembar l LEFT JOIN kasus k USING ("No. BA");
