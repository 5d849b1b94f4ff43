/* head.h - where the heading of a table is, what parts its cells, and which column is which.
 *
 * The map knows what the heading says, so the heading is what fits it best: of the first rows, and
 * of the marks that may part cells. Titles above it need no rule.
 */
#ifndef SINERGI_SHEET_HEAD_H
#define SINERGI_SHEET_HEAD_H

#include "sheet/map.h"
#include "sheet/rows.h"

struct head {
    char delimiter;
    uint64_t line;                   /* as the row numbers of messages are */
    uint64_t number;                 /* row of the table */
    size_t width;                    /* columns up to the last one with a heading */
    char **names;                    /* headings as they stand, cleaned; `width` of them */
    int column_of[MAP_HEADINGS_MAX]; /* of each heading of the map; -1: not there */
    char *texts;
};

/* Find it; the next row is the one behind it. False: `fault` says which column is missing. */
bool head_find(struct rows *rows, const struct sheet_map *map, bool worksheet, struct head *out,
               struct sheet_fault *fault);
void head_done(struct head *head);

/* Do the cells say what the heading says? (cells are cleaned) */
bool head_is_again(const struct head *head, const struct row *row);
/* "1;2;3" or "(1);(2);(3)" below a heading: numbers of the columns. */
bool head_is_numbers(const struct row *row);

/* "C" of 2. */
const char *head_letters(size_t column, char to[8]);

#endif
