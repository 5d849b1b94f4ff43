-- From another region: sent home by that region. Who does not sign the statement refuses. A victim of violence is for DPPPA.
-- daftar: keputusan
SELECT "ID Rujukan", @hari AS "Tgl Keputusan", CASE why WHEN '' THEN 'diterima' WHEN 'salah instansi' THEN 'dialihkan' ELSE 'ditolak' END AS "Keputusan",
       why AS "Alasan", CASE why WHEN 'luar kota' THEN 'dinas' WHEN 'orangnya menolak' THEN 'orangnya' END AS "Pihak",
       iif(why = 'salah instansi', 'DPPPA', '') AS "Dialihkan Ke"
FROM (SELECT *, CASE WHEN "Kebutuhan Mendesak" LIKE '%kekerasan%' THEN 'salah instansi' WHEN "Domisili" LIKE '13.%' THEN 'luar kota'
          WHEN "Surat Pernyataan" = 'tidak' THEN 'orangnya menolak' ELSE '' END AS why FROM keputusan);
