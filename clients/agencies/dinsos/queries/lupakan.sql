-- What this office was ordered to forget of a person (person.erasure_ordered), it forgets: in all that came before
-- the order, the fields that it lists, or all of them.
.bail on
.timeout 10000
PRAGMA secure_delete = ON;
BEGIN IMMEDIATE;
CREATE TEMP TABLE perintah AS
SELECT s.seq, o.scope = 'ALL' OR 'person.full_name' IN (SELECT value FROM json_each(o.paths)) AS nama,
       o.scope = 'ALL' OR 'person.phone' IN (SELECT value FROM json_each(o.paths)) AS hp,
       o.scope = 'ALL' OR 'person.health_limits' IN (SELECT value FROM json_each(o.paths)) AS kesehatan
FROM person_erasure_ordered o JOIN seat_allocation_changed s
    ON s.person_person_ref = coalesce(o.payload_person_ref, o.person_ref) AND s.seq < o.seq;
UPDATE seat_allocation_changed SET person_full_name = NULL WHERE seq IN (SELECT seq FROM perintah WHERE nama);
UPDATE seat_allocation_changed SET person_phone = NULL WHERE seq IN (SELECT seq FROM perintah WHERE hp);
UPDATE seat_allocation_changed SET person_health_limits = NULL WHERE seq IN (SELECT seq FROM perintah WHERE kesehatan);
COMMIT;
PRAGMA wal_checkpoint(TRUNCATE);
