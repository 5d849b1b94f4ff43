-- Daftar kerja: perintah menghapus data seseorang. Di berkas ini sudah dihapus; hapus juga di kertas dan berkas lain di kantor,
-- lalu isi Tgl Dihapus dan simpan ke masuk/.
SELECT strftime('%d/%m/%Y %H.%M', o.due_at, '+7 hours') AS "Paling Lambat", iif(o.scope = 'ALL', 'semua', o.paths) AS "Yang Dihapus",
       coalesce(o.request_id, '') AS "ID Permohonan", coalesce(o.payload_person_ref, o.person_ref) AS "ID Orang",
       strftime('%d/%m/%Y %H.%M', o.accepted_at, '+7 hours') AS "Diterima", NULL AS "Tgl Dihapus", NULL AS "Petugas"
FROM person_erasure_ordered o
WHERE date(o.due_at, '+30 days') >= (SELECT ini FROM hari)
ORDER BY o.due_at;
