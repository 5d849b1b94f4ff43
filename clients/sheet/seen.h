/* seen.h - the keys of the rows of one file, with the line of each: 20 bytes a row. */
#ifndef SINERGI_SHEET_SEEN_H
#define SINERGI_SHEET_SEEN_H

#include "kit/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { SEEN_ROWS_MAX = 1 << 20 }; /* what a worksheet can hold */

/* Hashes in halves, so that nothing is lost to alignment. */
struct seen_row {
    uint32_t name[2], content[2];
    uint32_t line; /* 0: a free place; the highest bit: refused */
};

struct seen {
    struct seen_row *rows;
    size_t room, count; /* room: a power of two */
};

/* Add a row (line from 1). *out_line: of the row that has this name already, 0: none, or one that
 * was refused, whose place is taken. *out_same: that one says the same. False: no room or memory.
 */
bool seen_add(struct seen *seen, uint64_t name, uint64_t content, uint64_t line, uint64_t *out_line,
              bool *out_same);
/* It was no event: another row of this name may be one. */
void seen_refuse(struct seen *seen, uint64_t name);
void seen_done(struct seen *seen);

#endif
