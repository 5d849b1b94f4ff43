-- The figures of the reports, counted from the tables of Dinsos' agent by the definitions and by nothing else: who
-- began and completed a course, how long that took, seats, basic needs met. One JSON object.
-- Table corrected: first day of a course by allocation, where it was typed wrong.

-- The case of each referral, and the first referral of each case.
CREATE TEMP TABLE referred AS
SELECT c.case_id, min(date(r.occurred_at, '+7 hours')) AS on_day
FROM referral_submitted r
JOIN (SELECT referral_id, case_id, max(seq) FROM case_state_changed
      WHERE referral_id IS NOT NULL AND case_id IS NOT NULL GROUP BY referral_id) c USING (referral_id)
WHERE r.kind = 'INTAKE'
GROUP BY c.case_id;

-- Each allocation: where, for whom, which seat, and what was heard of it last.
CREATE TEMP TABLE place AS
SELECT allocation_id, slot_id, case_id, change AS last, max(seq) AS seq,
       (SELECT max(coalesce(s.seat_no, 0)) FROM seat_allocation_changed s WHERE s.allocation_id = a.allocation_id) AS seat
FROM seat_allocation_changed a
GROUP BY allocation_id;

CREATE TEMP TABLE start AS
SELECT p.allocation_id, p.case_id, p.slot_id, p.seat, coalesce(c.started_on, s.started_on) AS on_day
FROM placement_started s JOIN place p USING (allocation_id) LEFT JOIN corrected c USING (allocation_id);

-- Days from the first referral to the first course of each person, in order.
CREATE TEMP TABLE waited AS
SELECT days, row_number() OVER (ORDER BY days) AS n, count(*) OVER () AS persons
FROM (SELECT min(julianday(s.on_day)) - julianday(r.on_day) AS days
      FROM start s JOIN referred r USING (case_id) GROUP BY s.case_id);

CREATE TEMP TABLE seats AS
SELECT o.publisher_agency AS provider, o.course_code AS course, count(*) AS slots, sum(o.capacity_offered) AS offered,
       sum((SELECT count(DISTINCT seat) FROM place p WHERE p.slot_id = o.slot_id AND seat > 0)) AS allocated,
       sum((SELECT count(DISTINCT seat) FROM start s WHERE s.slot_id = o.slot_id)) AS occupied,
       sum((SELECT count(*) FROM place p WHERE p.slot_id = o.slot_id AND last = 'COMPLETED')) AS completed,
       sum((SELECT count(*) FROM place p WHERE p.slot_id = o.slot_id AND last = 'FORFEITED')) AS forfeited,
       sum((o.slot_id IN (SELECT slot_id FROM slot_cancelled)) * o.capacity_offered) AS cancelled
FROM slot_offered o
GROUP BY provider, course
ORDER BY provider, course;

-- Basic needs outside a home: all that the last assessment asks for, given from a week before it on.
CREATE TEMP TABLE need AS
SELECT case_id, assessed_on, needs
FROM (SELECT *, row_number() OVER (PARTITION BY case_id ORDER BY assessed_on DESC, seq DESC) AS newest
      FROM assessment_completed WHERE NOT is_minor) a
WHERE newest = 1
  AND EXISTS (SELECT 1 FROM json_each(confirmed_ppks) WHERE value IN ('PPKS_11', 'PPKS_12'))
  AND NOT EXISTS (SELECT 1 FROM case_closed c JOIN referred r USING (case_id) WHERE c.case_id = a.case_id
                  AND c.reason = 'MOVED_TO_HOME' AND c.closed_on <= date(r.on_day, '+7 days'));
CREATE TEMP TABLE met AS
SELECT NOT EXISTS (SELECT 1 FROM json_each(n.needs) want WHERE NOT EXISTS (
    SELECT 1 FROM service_delivered s WHERE s.case_id = n.case_id AND s.outcome = 'DELIVERED'
    AND s.service = want.value AND s.from_on >= date(n.assessed_on, '-7 days'))) AS yes
FROM need n;

SELECT json_object(
    'target', json_object('started', (SELECT count(DISTINCT case_id) FROM start),
        'trained', (SELECT count(DISTINCT p.case_id) FROM placement_ended e JOIN place p USING (allocation_id)
                    WHERE e.result = 'COMPLETED')),
    'time', (SELECT json_object('n', max(persons), 'median', avg(CASE WHEN n IN ((persons + 1) / 2, (persons + 2) / 2) THEN days END),
        'p90', max(CASE WHEN n = (persons * 9 + 9) / 10 THEN days END), 'max', max(days)) FROM waited),
    'seats', (SELECT json_group_array(json_object('provider', provider, 'course', course, 'slots', slots,
        'offered', offered, 'allocated', allocated, 'occupied', occupied, 'unclaimed', offered - occupied,
        'completed', completed, 'forfeited', forfeited, 'cancelled', cancelled)) FROM seats),
    'spm', (SELECT json_object('needed', count(*), 'met', sum(yes), 'indicator', round(100.0 * sum(yes) / count(*), 1)) FROM met));
