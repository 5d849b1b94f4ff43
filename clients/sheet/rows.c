#include "sheet/rows.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_ROOM = 16 << 10 };

static bool no_memory(struct rows *rows, struct sheet_fault *fault)
{
    rows->failed = true;
    return fault_say(fault, "E_LOCAL", "memori habis", "no memory");
}

bool rows_open(struct rows *rows, int fd, off_t size, enum encoding wanted,
               struct sheet_fault *fault)
{
    if (!decoder_open(&rows->decoder, fd, size, wanted, fault)) {
        rows->failed = rows->decoder.err != SG_OK;
        return false;
    }
    rows->buffer = malloc(ROW_BYTES_MAX);
    rows->line_room = malloc(LINE_ROOM);
    return (rows->buffer && rows->line_room) || no_memory(rows, fault);
}

void rows_done(struct rows *rows)
{
    if (rows->parser_open)
        csv_free(&rows->parser);
    rows->parser_open = false;
    decoder_done(&rows->decoder);
    free(rows->buffer);
    free(rows->line_room);
    rows->buffer = rows->line_room = NULL;
}

static bool open_parser(struct rows *rows)
{
    if (rows->parser_open)
        csv_free(&rows->parser);
    rows->parser_open = csv_init(&rows->parser, CSV_REPALL_NL) == 0; /* blank rows count too */
    if (rows->parser_open)
        csv_set_delim(&rows->parser, (unsigned char)rows->delimiter);
    return rows->parser_open;
}

bool rows_begin(struct rows *rows, char delimiter, struct sheet_fault *fault)
{
    rows->delimiter = delimiter;
    rows->ended = rows->failed = false;
    rows->line = rows->number = 0;
    decoder_rewind(&rows->decoder);
    return open_parser(rows) || no_memory(rows, fault);
}

uint64_t rows_done_bytes(const struct rows *rows)
{
    const struct decoder *decoder = &rows->decoder;
    return (uint64_t)decoder->at - (decoder->len - decoder->next);
}

static void take_cell(void *text, size_t len, void *context)
{
    struct rows *rows = context;
    struct row *row = &rows->row;
    if (len >= ROW_BYTES_MAX - rows->used)
        rows->overflow = true;
    if (rows->overflow)
        return;
    row->filled += len > 0;
    if (row->count == ROW_CELLS_MAX)
        return;
    char *to = rows->buffer + rows->used;
    if (len)
        memcpy(to, text, len);
    to[len] = '\0';
    rows->used += len + 1;
    row->cells[row->count++] = to;
}

static void take_row(int end, void *context)
{
    struct rows *rows = context;
    (void)end;
    rows->complete = true;
}

static bool unclosed(struct rows *rows, struct sheet_fault *fault)
{
    rows->failed = true;
    return fault_say(fault, "E_FORMAT",
                     "baris %llu: tanda kutip (\") dibuka tetapi tidak pernah ditutup",
                     "line %llu: a quotation mark (\") is opened and never closed",
                     (unsigned long long)rows->row.line);
}

/* A line without a break: the rest of it is read over. */
static void skip_line(struct rows *rows, bool ended)
{
    while (!ended) {
        size_t len = decoder_line(&rows->decoder, rows->line_room, LINE_ROOM);
        ended = len == 0 || rows->line_room[len - 1] == '\n';
    }
    rows->row.count = 0;
    rows->row.too_long = rows->complete = true;
}

/* Feed one physical line. False: failed. */
static bool feed_line(struct rows *rows, struct sheet_fault *fault)
{
    size_t total = 0;
    for (bool ended = false; !ended;) {
        size_t len = decoder_line(&rows->decoder, rows->line_room, LINE_ROOM);
        if (len == 0) {
            if (total == 0)
                rows->ended = true;
            break;
        }
        rows->line += total == 0;
        total += len;
        ended = rows->line_room[len - 1] == '\n';
        if (csv_parse(&rows->parser, rows->line_room, len, take_cell, take_row, rows) != len)
            return no_memory(rows, fault);
        if (!rows->overflow && rows->parser.entry_pos < ROW_BYTES_MAX)
            continue;
        if (rows->line != rows->row.line)
            return unclosed(rows, fault);
        skip_line(rows, ended);
        return open_parser(rows) || no_memory(rows, fault);
    }
    if (rows->decoder.err) {
        rows->failed = true;
        return fault_say(fault, "E_LOCAL", "berkas tidak dapat dibaca", "the file cannot be read");
    }
    return true;
}

/* What stands behind the last line break. */
static bool finish(struct rows *rows, struct sheet_fault *fault)
{
    /* Strict at the very end only: there it means that a quotation mark is still open. */
    (void)csv_set_opts(&rows->parser, CSV_STRICT | CSV_STRICT_FINI);
    return csv_fini(&rows->parser, take_cell, take_row, rows) == 0 || unclosed(rows, fault);
}

struct row *rows_next(struct rows *rows, struct sheet_fault *fault)
{
    struct row *row = &rows->row;
    if (rows->ended || rows->failed)
        return NULL;
    rows->used = 0;
    rows->complete = rows->overflow = false;
    row->count = row->filled = 0;
    row->too_long = false;
    row->line = rows->line + 1;
    while (!rows->complete) {
        if (!feed_line(rows, fault))
            return NULL;
        if (!rows->ended)
            continue;
        if (!finish(rows, fault) || !rows->complete)
            return NULL;
    }
    row->number = ++rows->number;
    return row;
}
