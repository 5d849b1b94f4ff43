-- What the queries of an office have in common: words for codes, and the present state of what events have told.
-- hari.ini is the day of today, kantor.id this agency.

CREATE TEMP TABLE kata (jenis TEXT, kode TEXT, kata TEXT, PRIMARY KEY (jenis, kode));
INSERT INTO kata VALUES
    ('kursi', 'HELD', 'ditahan'), ('kursi', 'PROMOTED', 'naik dari antrean'), ('kursi', 'WAITLISTED', 'menunggu'),
    ('kursi', 'RESERVED', 'setuju'), ('kursi', 'CONFIRMED', 'dikonfirmasi'), ('kursi', 'OCCUPIED', 'ikut'),
    ('kursi', 'COMPLETED', 'tamat'), ('kursi', 'RELEASED', 'lepas'), ('kursi', 'EXPIRED', 'kedaluwarsa'),
    ('kursi', 'FORFEITED', 'hangus'), ('kursi', 'VOIDED', 'batal'),
    ('kasus', 'NEW', 'baru'), ('kasus', 'INTAKE', 'sudah sampai'), ('kasus', 'ASSESSING', 'perlu asesmen'),
    ('kasus', 'IN_SERVICE', 'dilayani'), ('kasus', 'IN_TRAINING', 'ikut pelatihan'), ('kasus', 'AFTERCARE', 'bimbingan lanjut'),
    ('kasus', 'CLOSED', 'selesai'), ('kasus', 'TRANSFERRED', 'dialihkan'), ('kasus', 'DECLINED', 'ditolak'), ('kasus', 'VOID', 'batal'),
    ('kursus', 'EMBROIDERY', 'menyulam'), ('kursus', 'MOTORCYCLE_SERVICE', 'bengkel motor'), ('kursus', 'CAR_SERVICE', 'bengkel mobil'),
    ('kursus', 'BARBER', 'pangkas rambut'), ('kursus', 'SEWING', 'menjahit'), ('kursus', 'COOKING', 'memasak'), ('kursus', 'OTHER', 'lainnya'),
    ('jk', 'MALE', 'L'), ('jk', 'FEMALE', 'P'), ('jk', 'UNKNOWN', '?'),
    ('umur', 'U18', 'di bawah 18'), ('umur', 'A18_24', '18-24'), ('umur', 'A25_34', '25-34'), ('umur', 'A35_44', '35-44'),
    ('umur', 'A45_59', '45-59'), ('umur', 'A60P', '60 ke atas'), ('umur', 'UNK', '?'),
    ('prioritas', 'EMERGENCY_24H', 'darurat'), ('prioritas', 'URGENT_72H', 'mendesak'), ('prioritas', 'NORMAL_14D', 'biasa'),
    ('nik', 'VERIFIED', 'ada'), ('nik', 'STATED', 'ada'), ('nik', 'NOT_FOUND', 'tidak ada'), ('nik', 'NONE', 'tidak ada'), ('nik', 'REFUSED', 'menolak'),
    ('mendesak', 'MEDICAL', 'sakit'), ('mendesak', 'PREGNANT', 'hamil'), ('mendesak', 'INFANT', 'bayi'),
    ('mendesak', 'DISABILITY', 'disabilitas'), ('mendesak', 'MENTAL_HEALTH', 'gangguan jiwa'), ('mendesak', 'VIOLENCE', 'kekerasan'),
    ('ppks', 'PPKS_01', 'anak balita telantar'), ('ppks', 'PPKS_02', 'anak telantar'), ('ppks', 'PPKS_04', 'anak jalanan'),
    ('ppks', 'PPKS_07', 'anak perlindungan khusus'), ('ppks', 'PPKS_08', 'lansia telantar'), ('ppks', 'PPKS_09', 'disabilitas'),
    ('ppks', 'PPKS_11', 'gelandangan'), ('ppks', 'PPKS_12', 'pengemis'), ('ppks', 'PPKS_13', 'pemulung'),
    ('layanan', 'FOOD', 'makanan'), ('layanan', 'CLOTHING', 'sandang'), ('layanan', 'ASSISTIVE_DEVICE', 'alat bantu'),
    ('layanan', 'HEALTH_SUPPLIES', 'kesehatan'), ('layanan', 'GUIDANCE', 'bimbingan'), ('layanan', 'FAMILY_GUIDANCE', 'bimbingan keluarga'),
    ('layanan', 'CIVIL_DOCUMENTS', 'dokumen'), ('layanan', 'EDU_HEALTH_ACCESS', 'sekolah dan berobat'),
    ('layanan', 'FAMILY_TRACING', 'cari keluarga'), ('layanan', 'REUNIFICATION', 'reunifikasi'), ('layanan', 'REFERRAL', 'rujukan'),
    ('temuan', 'IN_USE', 'dipakai'), ('temuan', 'PRESENT_UNUSED', 'ada tidak dipakai'), ('temuan', 'DAMAGED', 'rusak'),
    ('temuan', 'NOT_SHOWN', 'tidak diperlihatkan'), ('temuan', 'SOLD', 'dijual'), ('temuan', 'PLEDGED', 'digadaikan'),
    ('temuan', 'STOLEN', 'dicuri'), ('temuan', 'RETURNED', 'dikembalikan');

-- ---- training: courses and seats ----

-- Each course with what was changed since it was offered.
CREATE TEMP VIEW kelas AS
SELECT o.slot_id, o.publisher_agency AS penyelenggara, coalesce(k.kata, o.course_code) AS kursus, o.course_code, o.variant, o.kit_code,
       coalesce((SELECT venue_name FROM slot_changed c WHERE c.slot_id = o.slot_id AND venue_name IS NOT NULL ORDER BY seq DESC LIMIT 1), o.venue_name) AS tempat,
       coalesce((SELECT starts_on FROM slot_changed c WHERE c.slot_id = o.slot_id AND starts_on IS NOT NULL ORDER BY seq DESC LIMIT 1), o.starts_on) AS mulai,
       coalesce((SELECT ends_on FROM slot_changed c WHERE c.slot_id = o.slot_id AND ends_on IS NOT NULL ORDER BY seq DESC LIMIT 1), o.ends_on) AS selesai,
       coalesce((SELECT registration_closes_at FROM slot_changed c WHERE c.slot_id = o.slot_id AND registration_closes_at IS NOT NULL ORDER BY seq DESC LIMIT 1), o.registration_closes_at) AS tutup,
       coalesce((SELECT capacity_offered FROM slot_changed c WHERE c.slot_id = o.slot_id AND capacity_offered IS NOT NULL ORDER BY seq DESC LIMIT 1), o.capacity_offered) AS kursi,
       o.sex, o.min_age, o.max_age, o.required_documents,
       EXISTS (SELECT 1 FROM slot_cancelled x WHERE x.slot_id = o.slot_id) AS batal
FROM slot_offered o LEFT JOIN kata k ON k.jenis = 'kursus' AND k.kode = o.course_code;

-- The last word on each seat: a person's name stands here only where that word shows it and the seat is not given up.
CREATE TEMP VIEW kursi AS
SELECT s.allocation_id, s.slot_id, s.case_id, s.seat_no, s.change, w.kata AS keadaan, s.hold_until, s.waitlist_position, s.accepted_at, max(s.seq) AS seq,
       s.person_person_ref AS person_ref,
       CASE WHEN s.change NOT IN ('RELEASED', 'EXPIRED', 'FORFEITED', 'VOIDED') THEN s.person_full_name END AS nama,
       CASE WHEN s.change NOT IN ('RELEASED', 'EXPIRED', 'FORFEITED', 'VOIDED') THEN s.person_phone END AS hp,
       CASE WHEN s.change NOT IN ('RELEASED', 'EXPIRED', 'FORFEITED', 'VOIDED') THEN s.person_health_limits END AS kesehatan,
       j.kata AS jk, u.kata AS umur, s.person_domicile_kecamatan AS kecamatan
FROM seat_allocation_changed s
LEFT JOIN kata w ON w.jenis = 'kursi' AND w.kode = s.change
LEFT JOIN kata j ON j.jenis = 'jk' AND j.kode = s.person_sex
LEFT JOIN kata u ON u.jenis = 'umur' AND u.kode = s.person_age_band
GROUP BY s.allocation_id;

-- ---- kits ----

CREATE TEMP VIEW barang AS
SELECT r.item_id, r.asset_no, r.kit_code, r.course_code, coalesce(k.kata, r.course_code) AS kursus, r.description, r.serial_no,
       i.seq AS serah_seq, i.basis, i.allocation_id, i.bast_no, i.bast_date, i.custody_until,
       c.seq AS cek_seq, c.checked_on, c.finding, c.action,
       i.seq IS NULL OR coalesce(c.seq > i.seq AND c.finding = 'RETURNED', 0) AS di_gudang
FROM equipment_registered r
LEFT JOIN kata k ON k.jenis = 'kursus' AND k.kode = r.course_code
LEFT JOIN equipment_issued i ON i.seq = (SELECT max(seq) FROM equipment_issued x WHERE x.item_id = r.item_id)
LEFT JOIN equipment_checked c ON c.seq = (SELECT max(seq) FROM equipment_checked x WHERE x.item_id = r.item_id)
WHERE r.publisher_agency = (SELECT id FROM kantor);

-- Who completed a course that promises a kit, and has not got it.
CREATE TEMP VIEW belum_dapat_kit AS
SELECT s.*, k.kursus, k.kit_code, k.penyelenggara, date(s.accepted_at, '+7 hours') AS tamat
FROM kursi s JOIN kelas k USING (slot_id)
WHERE s.change = 'COMPLETED' AND k.kit_code IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM equipment_issued i WHERE i.basis = 'GRANT_AFTER_COMPLETION'
                  AND (i.allocation_id = s.allocation_id
                       OR s.allocation_id IN (SELECT value FROM json_each(i.group_allocation_ids))));

-- ---- referrals and cases (case owners) ----

-- Each referral to this office, by its own words or as the broker presents it.
CREATE TEMP VIEW rujukan AS
SELECT referral_id, min(seq) AS seq, accepted_at, occurred_at, dari, kind, priority, operation_ref,
       coalesce(full_name, alias) AS nama, sex, birth_date, estimated_age, nik_status, domicile_region,
       found_region, found_place, suspected_ppks, children_with, statement_signed, urgent_needs, handed_over_at
FROM (SELECT referral_id, seq, accepted_at, occurred_at, publisher_agency AS dari, kind, priority, operation_ref,
             person_full_name AS full_name, person_alias AS alias, person_sex AS sex, person_birth_date AS birth_date,
             person_estimated_age AS estimated_age, person_nik_status AS nik_status, person_domicile_region AS domicile_region,
             found_region, found_place, suspected_ppks, children_with, statement_signed, urgent_needs, handed_over_at
      FROM referral_submitted WHERE target_agency = (SELECT id FROM kantor)
      UNION ALL
      SELECT referral_id, seq, accepted_at, occurred_at, "from", kind, priority, NULL,
             person_full_name, person_alias, person_sex, person_birth_date,
             person_estimated_age, person_nik_status, person_domicile_region,
             found_region, NULL, NULL, NULL, NULL, urgent_needs, NULL
      FROM referral_presented)
GROUP BY referral_id;

-- The same in words, with what this office has said to it.
CREATE TEMP VIEW rujukan_kata AS
SELECT r.*, p.kata AS prioritas, j.kata AS jk, n.kata AS ktp,
       coalesce(r.birth_date, '') AS tgl_lahir,
       coalesce(r.estimated_age, (SELECT ini FROM hari) - substr(r.birth_date, 1, 4)) AS usia,
       (SELECT group_concat(coalesce(k.kata, e.value), ',') FROM json_each(r.suspected_ppks) e LEFT JOIN kata k ON k.jenis = 'ppks' AND k.kode = e.value) AS ppks,
       (SELECT group_concat(coalesce(k.kata, e.value), ',') FROM json_each(r.urgent_needs) e LEFT JOIN kata k ON k.jenis = 'mendesak' AND k.kode = e.value) AS mendesak,
       CASE r.statement_signed WHEN 1 THEN 'ya' WHEN 0 THEN 'tidak' END AS pernyataan,
       strftime('%d/%m/%Y %H.%M', r.handed_over_at, '+7 hours') AS serah_terima,
       EXISTS (SELECT 1 FROM referral_acknowledged a WHERE a.referral_id = r.referral_id AND a.publisher_agency = (SELECT id FROM kantor)) AS sudah_terima,
       EXISTS (SELECT 1 FROM referral_decided d WHERE d.referral_id = r.referral_id AND d.publisher_agency = (SELECT id FROM kantor)) AS sudah_putus,
       EXISTS (SELECT 1 FROM case_state_changed c WHERE c.referral_id = r.referral_id AND c.referral_state = 'WITHDRAWN') AS ditarik
FROM rujukan r
LEFT JOIN kata p ON p.jenis = 'prioritas' AND p.kode = r.priority
LEFT JOIN kata j ON j.jenis = 'jk' AND j.kode = r.sex
LEFT JOIN kata n ON n.jenis = 'nik' AND n.kode = r.nik_status;

-- What the broker has answered: the versions that a closing must name, who is under age, the office's name of a person.
CREATE TEMP TABLE jawaban AS
SELECT json_extract(value, '$.caseId') AS case_id, CAST(json_extract(value, '$.version') AS INTEGER) AS version,
       json_extract(value, '$.minor') OR json_extract(value, '$.ageDoubt') AS anak,
       json_extract(value, '$.personRef') AS person_ref, json_extract(value, '$.person.fullName') AS nama,
       json_extract(value, '$.state') NOT IN ('CASE_STATE_CLOSED', 'CASE_STATE_TRANSFERRED', 'CASE_STATE_DECLINED', 'CASE_STATE_VOID') AS terbuka
FROM json_each(readfile('.daftar/cases.json'), '$.cases');
CREATE TEMP TABLE jawaban_kelas AS
SELECT json_extract(value, '$.slot.slotId') AS slot_id, CAST(json_extract(value, '$.version') AS INTEGER) AS version,
       json_extract(value, '$.free') AS sisa, json_extract(value, '$.waiting') AS antre
FROM json_each(readfile('.daftar/slots.json'), '$.slots');

-- Each referral that belongs to a case.
CREATE TEMP VIEW rujukan_kasus AS
SELECT referral_id, case_id, max(seq) AS seq FROM case_state_changed
WHERE referral_id IS NOT NULL AND case_id IS NOT NULL GROUP BY referral_id;

-- Each case of this office: its state, and whom it is about by its newest referral and the newest assessment.
CREATE TEMP VIEW kasus AS
SELECT c.case_id, c.keadaan, w.kata AS keadaan_kata, coalesce(v.version, c.version) AS versi, c.sejak,
       c.keadaan NOT IN ('CLOSED', 'TRANSFERRED', 'DECLINED', 'VOID') AS terbuka,
       coalesce(v.anak, 0) AS anak, v.person_ref, r.referral_id, r.operation_ref, r.priority, r.prioritas, r.jk, r.ktp, r.tgl_lahir, r.usia, r.ppks,
       r.mendesak, r.children_with, r.dari,
       coalesce((SELECT person_full_name FROM assessment_completed a WHERE a.case_id = c.case_id AND person_full_name IS NOT NULL
                 ORDER BY seq DESC LIMIT 1), r.nama, v.nama) AS nama
FROM (SELECT case_id, "to" AS keadaan, version, date(accepted_at, '+7 hours') AS sejak, max(seq) AS seq FROM case_state_changed
      WHERE case_id IS NOT NULL AND "to" IS NOT NULL GROUP BY case_id) c
LEFT JOIN (SELECT case_id, referral_id, max(seq) AS seq FROM rujukan_kasus GROUP BY case_id) p USING (case_id)
LEFT JOIN rujukan_kata r ON r.referral_id = p.referral_id
LEFT JOIN jawaban v ON v.case_id = c.case_id
LEFT JOIN kata w ON w.jenis = 'kasus' AND w.kode = c.keadaan;

-- Whether a person lets this office give data to a provider of training: the last word counts.
CREATE TEMP VIEW persetujuan AS
SELECT case_id, action, valid_until, max(seq) AS seq FROM consent_recorded
WHERE 'SHARE_WITH_PROVIDER' IN (SELECT value FROM json_each(scopes)) GROUP BY case_id;

CREATE TEMP VIEW rencana AS
SELECT case_id, plan_id, mentor_ref, starts_on, max(seq) AS seq FROM mentoring_plan_set GROUP BY case_id;
