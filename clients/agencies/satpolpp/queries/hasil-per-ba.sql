-- Setiap berita acara: berapa orang dirujuk, diterima, ditolak, dan masih menunggu.
SELECT no_ba AS "No. BA", min(tanggal) AS "Tanggal", count(*) AS "Dirujuk", sum(coalesce(diambil, 0)) AS "Diterima", sum(coalesce(ditolak, 0)) AS "Ditolak",
       sum(keadaan IN ('masih menunggu', 'sudah sampai, belum diputuskan', 'dialihkan ke instansi lain')) AS "Menunggu"
FROM rujukan
GROUP BY no_ba
ORDER BY min(tanggal) DESC, no_ba;
