-- What the queries of this office have in common. hari.ini is the day of today, kantor.id this agency.

-- Each referral that was sent, with the last that was heard of it.
CREATE TEMP VIEW rujukan AS
SELECT t.no_ba, t.tanggal, t.nama, t.jk, t.tujuan, t.referral_id, date(h.accepted_at, '+7 hours') AS per,
       CASE h.referral_state WHEN 'ACKNOWLEDGED' THEN 'sudah sampai, belum diputuskan' WHEN 'ACCEPTED' THEN 'diterima'
            WHEN 'DECLINED' THEN 'ditolak' WHEN 'REDIRECTED' THEN 'dialihkan ke instansi lain' WHEN 'WITHDRAWN' THEN 'ditarik'
            WHEN 'LOOP_CLOSED' THEN 'selesai' ELSE 'masih menunggu' END AS keadaan,
       CASE h.reason WHEN 'NO_CAPACITY' THEN 'penuh' WHEN 'WRONG_AGENCY' THEN 'salah instansi' END AS alasan,
       h.referral_state IN ('ACCEPTED', 'LOOP_CLOSED') AS diambil, h.referral_state = 'DECLINED' AS ditolak
FROM rujukan_terkirim t
LEFT JOIN (SELECT referral_id, referral_state, reason, accepted_at, max(seq) AS seq FROM case_state_changed
           WHERE referral_state IS NOT NULL GROUP BY referral_id) h USING (referral_id);
