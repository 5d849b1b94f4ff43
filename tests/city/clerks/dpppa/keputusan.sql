-- daftar: keputusan
SELECT "ID Rujukan", @hari AS "Tgl Keputusan", 'diterima' AS "Keputusan" FROM keputusan;
