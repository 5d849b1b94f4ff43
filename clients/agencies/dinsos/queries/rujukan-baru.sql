-- Rujukan baru: yang belum diputuskan, yang paling mendesak lebih dahulu.
SELECT r.prioritas AS "Prioritas", strftime('%d/%m/%Y %H.%M', r.accepted_at, '+7 hours') AS "Masuk", r.dari AS "Dari", r.operation_ref AS "No. BA",
       r.nama AS "Nama", r.jk AS "JK", r.usia AS "Umur", r.found_place AS "Lokasi", r.mendesak AS "Kebutuhan Mendesak",
       iif(r.sudah_terima, 'sudah diterima, belum diputuskan', 'belum diterima') AS "Keadaan"
FROM rujukan_kata r
WHERE NOT r.sudah_putus AND NOT r.ditarik
ORDER BY CASE r.priority WHEN 'EMERGENCY_24H' THEN 1 WHEN 'URGENT_72H' THEN 2 ELSE 3 END, r.seq;
