-- Daftar kerja: kit yang sudah diserahkan; dicek 30, 90, 180 dan 365 hari sesudahnya. Isi kolom kosong, simpan ke masuk/.
SELECT b.asset_no AS "No. Aset", b.description AS "Uraian", s.nama AS "Nama", b.bast_no AS "No. BAST", b.bast_date AS "Tgl BAST",
       b.checked_on AS "Cek Terakhir", t.kata AS "Temuan Terakhir",
       (SELECT min(batas) FROM (SELECT date(b.bast_date, '+30 days') AS batas UNION SELECT date(b.bast_date, '+90 days')
                                UNION SELECT date(b.bast_date, '+180 days') UNION SELECT date(b.bast_date, '+365 days'))
        WHERE b.checked_on IS NULL OR batas > date(b.checked_on, '+14 days')) AS "Jatuh Tempo",
       NULL AS "Tgl Cek", NULL AS "Cara", NULL AS "Temuan", NULL AS "No. Laporan Polisi", NULL AS "Tindakan", NULL AS "Petugas"
FROM barang b
LEFT JOIN kursi s USING (allocation_id)
LEFT JOIN kata t ON t.jenis = 'temuan' AND t.kode = b.finding
WHERE NOT b.di_gudang AND coalesce(b.action, '') NOT IN ('WRITE_OFF', 'OWNERSHIP_FINAL')
ORDER BY 8, b.asset_no;
