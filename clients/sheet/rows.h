/* rows.h - the rows of a CSV file one after the other, with the line that each begins in.
 *
 * libcsv knows quotes, delimiters and line breaks inside cells; it is given one physical line at a
 * time, so that at most one row ends with it and its first line is known.
 */
#ifndef SINERGI_SHEET_ROWS_H
#define SINERGI_SHEET_ROWS_H

#include "sheet/decode.h"

#include <csv.h>

enum { ROW_CELLS_MAX = 1024, ROW_BYTES_MAX = 256 << 10 };

struct row {
    uint64_t line;              /* physical line where it begins, from 1 */
    uint64_t number;            /* row of the table, blank ones counted, from 1 */
    size_t count;               /* cells; those behind ROW_CELLS_MAX are not kept */
    size_t filled;              /* cells with something in them, all of them counted */
    bool too_long;              /* more than ROW_BYTES_MAX on one line: no cells */
    char *cells[ROW_CELLS_MAX]; /* each with its NUL; may be changed; valid until the next row */
};

struct rows {
    struct decoder decoder;
    struct csv_parser parser;
    bool parser_open, ended, failed;
    char delimiter;
    char *buffer; /* texts of the cells of the row */
    size_t used;
    char *line_room;
    uint64_t line, number; /* of the last line read, of the last row given */
    bool complete, overflow;
    struct row row;
};

/* Take over a file that can be read from the beginning again and again. False: `fault`. */
bool rows_open(struct rows *rows, int fd, off_t size, enum encoding wanted,
               struct sheet_fault *fault);
/* From the beginning, with this delimiter. */
bool rows_begin(struct rows *rows, char delimiter, struct sheet_fault *fault);
/* NULL: the end, or rows->failed and `fault` says why. */
struct row *rows_next(struct rows *rows, struct sheet_fault *fault);
/* Bytes of the file that were read. */
uint64_t rows_done_bytes(const struct rows *rows);
void rows_done(struct rows *rows);

#endif
