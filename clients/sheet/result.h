/* result.h - the CSV that says, row by row, what became of an imported file.
 *
 * It opens in an office's Excel as it stands (`;`, UTF-8 with BOM, CRLF), and it is the state of
 * the import: rows whose event is not answered yet are looked up again until all of them are, also
 * after a restart. It holds values of cells, so it is as personal as the file itself: mode 0600.
 *
 *   baris;kunci;status;kode;kolom;nilai;aturan;diterima;perintah;tempat
 *   status: antre · diterima · sudah ada · berubah · salah · ditolak · ditunda · dilewati
 */
#ifndef SINERGI_SHEET_RESULT_H
#define SINERGI_SHEET_RESULT_H

#include "sheet/sheet.h"

struct sheet_result;

/* Begin a result beside its final place (PATH.tmp). Errors: SG_E_SYS. */
SG_MUST_CHECK enum sg_err sheet_result_open(const char *path, struct sheet_result **out_result,
                                            struct sg_why *why);
/* One row; an error of writing is kept and told by sheet_result_close. */
void sheet_result_add(struct sheet_result *result, const struct sheet_row *row);
/* A line for the whole file, without a number: why it could not be read. */
void sheet_result_add_error(struct sheet_result *result, const char *text_id, const char *text_en);
/* Durable and under its name; frees in any case. Errors: SG_E_SYS (then there is no new file). */
SG_MUST_CHECK enum sg_err sheet_result_close(struct sheet_result **result, struct sg_why *why);
/* Give up: the file that was begun is removed. For SG_AUTO. */
void sheet_result_drop(struct sheet_result **result);

struct sheet_result_counts {
    uint64_t rows;
    uint64_t waiting, parked; /* antre, ditunda: look again later */
    uint64_t accepted, known, changed, bad, refused, skipped;
    bool rewritten;
};

/* Read a result, look up what became of its open rows, and write it anew when something changed.
 * Errors: SG_E_SYS; SG_E_NOT_FOUND; SG_E_FORMAT: not a result of ours (it was edited). */
SG_MUST_CHECK enum sg_err sheet_result_refresh(sinergi *client, const char *path,
                                               struct sheet_result_counts *out_counts,
                                               struct sg_why *why);

#endif
