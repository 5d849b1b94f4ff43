-- Kit yang ada di gudang kantor ini.
SELECT kit_code AS "Kode Kit", kursus AS "Kursus", description AS "Uraian", serial_no AS "No. Seri", asset_no AS "No. Aset"
FROM barang WHERE di_gudang
ORDER BY kit_code, asset_no;
