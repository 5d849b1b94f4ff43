#include "sheet/seen.h"

#include <stdlib.h>

enum { ROOM_FIRST = 4096 };
#define REFUSED 0x80000000U
#define LINE_MAX_KEPT 0x7fffffffU

static uint64_t whole(const uint32_t halves[2])
{
    return (uint64_t)halves[0] << 32 | halves[1];
}

/* The place of a name: where it stands or would stand. Names are hashes already. */
static struct seen_row *place_of(const struct seen *seen, uint64_t name)
{
    size_t at = (size_t)name & (seen->room - 1);
    while (seen->rows[at].line && whole(seen->rows[at].name) != name)
        at = (at + 1) & (seen->room - 1);
    return &seen->rows[at];
}

/* Three quarters full at most. */
static bool grow(struct seen *seen)
{
    if (seen->room && seen->count < seen->room / 4 * 3)
        return true;
    if (seen->count >= SEEN_ROWS_MAX)
        return false;
    struct seen more = {.room = seen->room ? seen->room * 2 : ROOM_FIRST, .count = seen->count};
    more.rows = calloc(more.room, sizeof *more.rows);
    if (!more.rows)
        return false;
    for (size_t i = 0; i < seen->room; i++)
        if (seen->rows[i].line)
            *place_of(&more, whole(seen->rows[i].name)) = seen->rows[i];
    free(seen->rows);
    *seen = more;
    return true;
}

bool seen_add(struct seen *seen, uint64_t name, uint64_t content, uint64_t line, uint64_t *out_line,
              bool *out_same)
{
    *out_line = 0;
    *out_same = false;
    if (seen->count >= SEEN_ROWS_MAX || !grow(seen))
        return false;
    struct seen_row *place = place_of(seen, name);
    if (place->line && !(place->line & REFUSED)) {
        *out_line = place->line;
        *out_same = whole(place->content) == content;
        return true;
    }
    seen->count += place->line == 0;
    *place = (struct seen_row){.name = {(uint32_t)(name >> 32), (uint32_t)name},
                               .content = {(uint32_t)(content >> 32), (uint32_t)content},
                               .line = line < LINE_MAX_KEPT ? (uint32_t)line : LINE_MAX_KEPT};
    return true;
}

void seen_refuse(struct seen *seen, uint64_t name)
{
    struct seen_row *place = seen->room ? place_of(seen, name) : NULL;
    if (place && place->line)
        place->line |= REFUSED;
}

void seen_done(struct seen *seen)
{
    free(seen->rows);
    *seen = (struct seen){0};
}
