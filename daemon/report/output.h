/* output.h - what a report says, before anybody decides how it is shown: sections of rows of cells.
 */
#ifndef SINERGI_REPORT_OUTPUT_H
#define SINERGI_REPORT_OUTPUT_H

#include "report/report.h"
#include "sinergi/v1/query.pb-c.h"

enum { COLUMNS_MAX = 16, SECTIONS_MAX = 12, ROWS_MAX = 20000, HIDE_BELOW = 5, ROUND_TO = 5 };

struct cell {
    PbReportCellKind kind;
    bool open; /* says nothing about persons: never hidden */
    bool hidden, rounded;
    bool rests; /* on the columns rests_on of its row, or on `basis` persons */
    int rests_on[2];
    int64_t basis;
    int64_t number;
    const char *text, *text_en;
};

struct row {
    struct row *next;
    bool total;
    size_t count;
    struct cell cells[COLUMNS_MAX];
};

struct column {
    const char *name, *title_id, *title_en;
};

struct section {
    const char *name, *title_id, *title_en;
    /* Sections of one group (not 0) count the same persons: if a cell of one is hidden, all are
     * rounded. Else each column of a section with a total is a group of its own. */
    unsigned group;
    const struct column *columns;
    size_t column_count, row_count;
    struct row *first, **last;
};

struct output {
    struct sg_arena *arena;
    struct section sections[SECTIONS_MAX];
    size_t section_count;
    size_t row_count;
    struct row spill;
};

/* Columns live as long as the output: static tables. */
struct section *output_section(struct output *output, const char *name, const char *title_id,
                               const char *title_en, const struct column *columns,
                               size_t column_count, unsigned group);
#define OUTPUT_SECTION(output, name, id, en, columns, group) \
    output_section((output), (name), (id), (en), (columns), SG_ARRAY_LEN(columns), (group))

/* Rows are filled from the left. Text is borrowed for the life of the output. */
struct row *output_row(struct output *output, struct section *section);
struct row *output_total(struct output *output, struct section *section);
void put_text(struct row *row, const char *text);
void put_words(struct row *row, const char *id, const char *en);
/* How many persons, or things that belong to persons. */
void put_count(struct row *row, int64_t count);
/* A count that says nothing about persons. */
void put_open(struct row *row, int64_t count);
/* The same, which with another column of its row would tell the count in this column. */
void put_rest(struct row *row, int64_t count, int column);
void put_none(struct row *row);
/* part of whole in percent, 1 decimal; n/a of nothing. The counts stand in these columns of the
 * row; -1: it is open. */
void put_percent(struct row *row, int64_t part, int64_t whole, int part_column, int whole_column);
/* The same, of counts that stand nowhere. */
void put_share(struct row *row, int64_t part, int64_t whole);
/* A figure of `basis` persons; n/a when there are none. */
void put_days(struct row *row, int64_t tenths, int64_t basis);
void put_money(struct row *row, int64_t rupiah, int64_t basis);

/* Hide what tells of fewer than 5 persons. */
void output_mask(struct output *output);

SG_MUST_CHECK enum sg_err output_encode(const struct output *output, const PbReportHead *head,
                                        struct report_pages *pages, struct sg_why *why);

#endif
