-- What this office was ordered to forget of a person (person.erasure_ordered), it forgets in the table of its own; the
-- tables that the agent fills are the agent's to clear.
.bail on
.timeout 10000
PRAGMA secure_delete = ON;
CREATE TABLE IF NOT EXISTS rujukan_terkirim (place TEXT PRIMARY KEY, referral_id TEXT,
    no_ba TEXT, nama TEXT, jk TEXT, tanggal TEXT, tujuan TEXT, person_ref TEXT);
UPDATE rujukan_terkirim SET nama = NULL, jk = NULL
WHERE person_ref IN (SELECT coalesce(payload_person_ref, person_ref) FROM person_erasure_ordered
                     WHERE scope = 'ALL' OR paths LIKE '%person.full_name%');
PRAGMA wal_checkpoint(TRUNCATE);
