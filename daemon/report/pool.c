#include "report/pool.h"

#include "kit/check.h"

enum { ROOM_FIRST = 64 };

void *pool_add(struct sg_arena *arena, struct pool *pool, size_t size)
{
    if (pool->count == pool->room) {
        uint32_t room = pool->room ? pool->room * 2 : ROOM_FIRST;
        void *items = sg_arena_alloc(arena, room * size);
        SG_CHECK(items && room > pool->room); /* the pass has kept room */
        if (pool->count)
            memcpy(items, pool->items, pool->count * size);
        pool->items = items;
        pool->room = room;
    }
    return (uint8_t *)pool->items + (size_t)pool->count++ * size;
}

/* ---- ids ---- */

/* Ids are hashes for the most part, but not those of publishers: all bytes count. */
static uint32_t hash_of(const struct sg_id *id)
{
    uint64_t a = sg_get_u64(id->b), b = sg_get_u64(id->b + 8);
    uint64_t h = (a ^ (b * UINT64_C(0x9e3779b97f4a7c15))) * UINT64_C(0xbf58476d1ce4e5b9);
    return (uint32_t)(h >> 32) ^ (uint32_t)h;
}

/* The slot of the id, or the free one where it belongs. */
static uint32_t slot_of(const struct ids *ids, const struct sg_id *id)
{
    uint32_t mask = ids->slot_count - 1, at = hash_of(id) & mask;
    while (ids->slots[at] &&
           !sg_id_equal(POOL_AT(&ids->keys, struct sg_id, ids->slots[at] - 1), id))
        at = (at + 1) & mask;
    return at;
}

uint32_t ids_find(const struct ids *ids, const struct sg_id *id)
{
    if (!ids->slot_count)
        return NOTHING;
    uint32_t slot = ids->slots[slot_of(ids, id)];
    return slot ? slot - 1 : NOTHING;
}

static void grow(struct sg_arena *arena, struct ids *ids)
{
    ids->slot_count = ids->slot_count ? ids->slot_count * 2 : 2 * ROOM_FIRST;
    ids->slots = sg_arena_alloc(arena, ids->slot_count * sizeof *ids->slots);
    SG_CHECK(ids->slots);
    for (uint32_t i = 0; i < ids->keys.count; i++)
        ids->slots[slot_of(ids, POOL_AT(&ids->keys, struct sg_id, i))] = i + 1;
}

uint32_t ids_add(struct sg_arena *arena, struct ids *ids, const struct sg_id *id)
{
    if (ids->keys.count * 2 >= ids->slot_count)
        grow(arena, ids);
    uint32_t slot = slot_of(ids, id);
    if (ids->slots[slot])
        return ids->slots[slot] - 1;
    *POOL_ADD(arena, &ids->keys, struct sg_id) = *id;
    ids->slots[slot] = ids->keys.count;
    return ids->keys.count - 1;
}

/* ---- names ---- */

uint32_t names_add(struct sg_arena *arena, struct names *names, const char *text)
{
    if (!text)
        return NOTHING;
    for (uint32_t i = 0; i < names->texts.count; i++)
        if (strcmp(*POOL_AT(&names->texts, const char *, i), text) == 0)
            return i;
    const char *copy = sg_arena_text(arena, sg_bytes_of(text));
    SG_CHECK(copy);
    *POOL_ADD(arena, &names->texts, const char *) = copy;
    return names->texts.count - 1;
}

const char *names_text(const struct names *names, uint32_t index)
{
    return index < names->texts.count ? *POOL_AT(&names->texts, const char *, index) : "-";
}

/* ---- figures ---- */

void numbers_add(struct sg_arena *arena, struct numbers *numbers, int64_t value)
{
    *POOL_ADD(arena, &numbers->values, int64_t) = value;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void numbers_sort(struct numbers *numbers)
{
    if (numbers->values.count > 1)
        qsort(numbers->values.items, numbers->values.count, sizeof(int64_t), by_value);
}

static int64_t at(const struct numbers *numbers, uint32_t index)
{
    return *POOL_AT(&numbers->values, int64_t, index);
}

int64_t numbers_median(const struct numbers *numbers)
{
    uint32_t n = numbers->values.count;
    if (!n)
        return 0;
    return n % 2 ? at(numbers, n / 2) * 10 : (at(numbers, n / 2 - 1) + at(numbers, n / 2)) * 5;
}

int64_t numbers_percentile(const struct numbers *numbers, unsigned percent)
{
    uint64_t n = numbers->values.count;
    uint64_t rank = (n * percent + 99) / 100; /* nearest rank, from 1 */
    return n ? at(numbers, (uint32_t)(rank ? rank - 1 : 0)) * 10 : 0;
}

int64_t numbers_max(const struct numbers *numbers)
{
    return numbers->values.count ? at(numbers, numbers->values.count - 1) * 10 : 0;
}

/* ---- pairs ---- */

void pairs_add(struct sg_arena *arena, struct pairs *pairs, uint32_t key, int64_t value)
{
    struct pair *pair = POOL_ADD(arena, &pairs->all, struct pair);
    *pair = (struct pair){key, value};
}

static int by_pair(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->value > y->value) - (x->value < y->value);
}

void pairs_sort(struct pairs *pairs)
{
    struct pair *all = pairs->all.items;
    uint32_t kept = 0;
    if (pairs->all.count > 1)
        qsort(all, pairs->all.count, sizeof *all, by_pair);
    for (uint32_t i = 0; i < pairs->all.count; i++)
        if (!kept || by_pair(&all[kept - 1], &all[i]) != 0)
            all[kept++] = all[i];
    pairs->all.count = kept;
}

/* Index of the first pair that is not less. */
static uint32_t lower_bound(const struct pairs *pairs, uint32_t key, int64_t value)
{
    const struct pair want = {key, value};
    uint32_t low = 0, high = pairs->all.count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (by_pair(POOL_AT(&pairs->all, struct pair, middle), &want) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t pairs_count(const struct pairs *pairs, uint32_t key)
{
    return lower_bound(pairs, key + 1, INT64_MIN) - lower_bound(pairs, key, INT64_MIN);
}

bool pairs_within(const struct pairs *pairs, uint32_t key, int64_t least, int64_t most)
{
    uint32_t at = lower_bound(pairs, key, least);
    if (at == pairs->all.count)
        return false;
    const struct pair *pair = POOL_AT(&pairs->all, struct pair, at);
    return pair->key == key && pair->value <= most;
}
