-- daftar: dilupakan
SELECT "ID Permohonan", "ID Orang", "Diterima", @hari AS "Tgl Dihapus" FROM dilupakan;
