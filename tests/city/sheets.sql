-- What the agent said of each row of the sheets (table row: all result CSVs of an office) against its outbox (table event:
-- place, status, code, type). Every line that comes out is something lost, doubled, or told wrong.
-- An accepted, refused or known row names an event with that outcome,
SELECT 'row ' || r.baris || ', ' || r.status || ': its event is ' || coalesce(e.status, 'not there')
FROM row r LEFT JOIN event e ON e.place = r.tempat
WHERE e.status IS NOT CASE r.status WHEN 'ditolak' THEN 'REJECTED' WHEN 'diterima' THEN 'ACCEPTED' WHEN 'sudah ada' THEN 'ACCEPTED' END
   OR r.kode IS NOT coalesce(e.code, '') OR e.status IS NULL
UNION ALL
-- no event comes from two rows,
SELECT 'event ' || tempat || ' of ' || count(*) || ' rows' FROM row WHERE status <> 'sudah ada' GROUP BY tempat HAVING count(*) > 1
UNION ALL
-- and none from no row, but for those that a command or a program has published.
SELECT 'event ' || place || ' of no row' FROM event
WHERE place NOT IN (SELECT tempat FROM row) AND place NOT IN (SELECT place FROM by_command);
