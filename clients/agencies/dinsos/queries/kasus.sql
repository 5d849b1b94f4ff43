-- Semua kasus kantor ini menurut rujukannya, juga yang sudah selesai.
SELECT r.operation_ref AS "No. BA", k.nama AS "Nama", k.jk AS "JK", k.usia AS "Umur", k.keadaan_kata AS "Keadaan", k.sejak AS "Sejak", k.versi AS "Versi",
       n.plan_id AS "ID Rencana", p.referral_id AS "ID Rujukan", k.case_id AS "ID Kasus"
FROM kasus k
LEFT JOIN rujukan_kasus p USING (case_id)
LEFT JOIN rujukan r ON r.referral_id = p.referral_id
LEFT JOIN rencana n ON n.case_id = k.case_id
ORDER BY k.terbuka DESC, k.sejak, r.operation_ref;
