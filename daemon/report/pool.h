/* pool.h - arrays that grow in an arena, and ids of 16 bytes as small numbers.
 *
 * Facts are kept in arrays and named by their index: an index stays true when the array moves.
 * Growing leaves the old array behind in the arena; the pass keeps so much room that it never
 * fails in between (pass.c).
 */
#ifndef SINERGI_REPORT_POOL_H
#define SINERGI_REPORT_POOL_H

#include "kit/arena.h"
#include "wire/id.h"

#define NOTHING UINT32_MAX /* an index of nothing */

struct pool {
    void *items;
    uint32_t count, room;
};

/* One more item of this size, zeroed. */
void *pool_add(struct sg_arena *arena, struct pool *pool, size_t size);
#define POOL_ADD(arena, pool, type) ((type *)pool_add((arena), (pool), sizeof(type)))
#define POOL_AT(pool, type, index) (&((type *)(pool)->items)[(index)])
/* for (EACH(type, item, pool)) */
#define EACH(type, item, pool)                                    \
    type *item = (type *)(pool)->items;                           \
    (pool)->count &&item < (type *)(pool)->items + (pool)->count; \
    item++
#define INDEX_IN(pool, type, item) ((uint32_t)((item) - (const type *)(pool)->items))

/* Ids numbered in the order in which they came. */
struct ids {
    struct pool keys; /* struct sg_id */
    uint32_t *slots;
    uint32_t slot_count; /* a power of two, or 0 */
};

uint32_t ids_find(const struct ids *ids, const struct sg_id *id); /* NOTHING when it is new */
uint32_t ids_add(struct sg_arena *arena, struct ids *ids, const struct sg_id *id);

/* Short texts (agencies, courses, kits) numbered likewise. Text is copied into the arena. */
struct names {
    struct pool texts; /* const char * */
};
uint32_t names_add(struct sg_arena *arena, struct names *names, const char *text);
const char *names_text(const struct names *names, uint32_t index); /* "-" of NOTHING */

/* ---- figures of a set of numbers ---- */

struct numbers {
    struct pool values; /* int64_t */
};
void numbers_add(struct sg_arena *arena, struct numbers *numbers, int64_t value);
/* Sort once before asking. */
void numbers_sort(struct numbers *numbers);
/* In tenths. The middle one, of two the mean; the least that 90 % are not above; the greatest. */
int64_t numbers_median(const struct numbers *numbers);
int64_t numbers_percentile(const struct numbers *numbers, unsigned percent);
int64_t numbers_max(const struct numbers *numbers);

/* ---- pairs: who is counted once under a key, and days of persons ---- */

struct pair {
    uint32_t key;
    int64_t value;
};

struct pairs {
    struct pool all; /* struct pair */
};
void pairs_add(struct sg_arena *arena, struct pairs *pairs, uint32_t key, int64_t value);
/* Sort by key, then value; each pair once. Before all that follows. */
void pairs_sort(struct pairs *pairs);
uint32_t pairs_count(const struct pairs *pairs, uint32_t key);
/* Is there a value of the key from `least` to `most`? */
bool pairs_within(const struct pairs *pairs, uint32_t key, int64_t least, int64_t most);

#endif
