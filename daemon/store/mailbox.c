#include "store/mailbox.h"

#include "kit/check.h"
#include "store/inside.h"

#include <assert.h>

#define EVERYBODY "*"
#define TYPE_BASE 100U /* payload field numbers begin behind it */
#define ENTRY_BYTES 3U
#define LIST_BYTES_MAX (SG_MAILBOX_ENTRIES_MAX * ENTRY_BYTES)

static_assert(LIST_BYTES_MAX <= ROW_BYTES_MAX, "a full list is a small row");

struct list {
    struct list *next; /* of the same agency */
    uint64_t first_seq;
    uint32_t count;
    uint8_t entries[LIST_BYTES_MAX];
};

struct reader {
    struct reader *next; /* in order of agency */
    const char *agency;
    uint64_t last_seq;
    struct list *first, *last;
};

struct mailbox_writer {
    struct sg_arena *arena;
    struct reader *readers; /* at most as many as agencies, so a list is quick enough */
};

enum sg_err mailbox_writer_new(struct sg_arena *arena, struct mailbox_writer **out_writer,
                               struct sg_why *why)
{
    struct mailbox_writer *writer = SG_NEW(arena, struct mailbox_writer);
    if (!writer)
        return sg_fail(why, SG_E_LIMIT, "mailbox: the arena is full");
    writer->arena = arena;
    *out_writer = writer;
    return SG_OK;
}

/* The reader of that name, made where it belongs in the order if it is not there. NULL: no room. */
static struct reader *find_or_make(struct mailbox_writer *writer, const char *agency)
{
    struct reader **at = &writer->readers;
    int order = -1;
    while (*at && (order = strcmp((*at)->agency, agency)) < 0)
        at = &(*at)->next;
    if (*at && order == 0)
        return *at;
    struct reader *made = SG_NEW(writer->arena, struct reader);
    char *name = sg_arena_text(writer->arena, sg_bytes_of(agency));
    if (!made || !name)
        return NULL;
    *made = (struct reader){.next = *at, .agency = name};
    *at = made;
    return made;
}

static bool has_room(const struct list *list, uint64_t seq)
{
    return list && list->count < SG_MAILBOX_ENTRIES_MAX && seq - list->first_seq <= UINT16_MAX;
}

static struct list *begin_list(struct mailbox_writer *writer, struct reader *reader, uint64_t seq)
{
    struct list *list = SG_NEW(writer->arena, struct list);
    if (!list)
        return NULL;
    list->first_seq = seq;
    if (reader->last)
        reader->last->next = list;
    else
        reader->first = list;
    reader->last = list;
    return list;
}

enum sg_err mailbox_add(struct mailbox_writer *writer, const char *agency, uint64_t seq,
                        uint32_t type, struct sg_why *why)
{
    SG_CHECK(type > TYPE_BASE && type <= TYPE_BASE + UINT8_MAX);
    struct reader *reader = find_or_make(writer, agency);
    if (!reader)
        return sg_fail(why, SG_E_LIMIT, "mailbox: the arena is full");
    if (reader->last_seq == seq) /* named twice in one audience */
        return SG_OK;
    SG_CHECK(reader->last_seq < seq);

    struct list *list = reader->last;
    if (!has_room(list, seq))
        list = begin_list(writer, reader, seq);
    if (!list)
        return sg_fail(why, SG_E_LIMIT, "mailbox: the arena is full");
    uint8_t *entry = list->entries + (size_t)list->count++ * ENTRY_BYTES;
    sg_put_u16(entry, (uint16_t)(seq - list->first_seq));
    entry[2] = (uint8_t)(type - TYPE_BASE);
    reader->last_seq = seq;
    return SG_OK;
}

enum sg_err mailbox_flush(struct mailbox_writer *writer, struct txn *txn, struct sg_why *why)
{
    enum sg_err err = SG_OK;
    for (const struct reader *r = writer->readers; !err && r; r = r->next)
        for (const struct list *list = r->first; !err && list; list = list->next) {
            struct key key = {0};
            key_u64(key_text(&key, r->agency), list->first_seq);
            struct sg_bytes value = {list->entries, (size_t)list->count * ENTRY_BYTES};
            err = table_put(txn, TABLE_MAILBOX, &key, value, why);
        }
    return err;
}

/* ---- reading ---- */

/* Take the entry that the side stands on, or say that there is no more. */
static enum sg_err look(struct mailbox_side *side, struct sg_why *why)
{
    const struct cursor *cursor = &side->cursor;
    side->seq = 0;
    if (!cursor->key.ptr || !key_starts(cursor->key, &side->prefix))
        return SG_OK;
    size_t bytes = cursor->value.len;
    if (cursor->key.len != side->prefix.len + 8 || bytes == 0 || bytes % ENTRY_BYTES)
        return sg_fail(why, SG_E_STORE, "mailbox of %s is damaged", (const char *)side->prefix.b);
    SG_CHECK(side->entry < bytes / ENTRY_BYTES);
    const uint8_t *entry = cursor->value.ptr + side->entry * ENTRY_BYTES;
    side->seq = sg_get_u64(cursor->key.ptr + side->prefix.len) + sg_get_u16(entry);
    side->type = TYPE_BASE + entry[2];
    return SG_OK;
}

static enum sg_err step(struct mailbox_side *side, struct sg_why *why)
{
    enum sg_err err = SG_OK;
    if (++side->entry >= side->cursor.value.len / ENTRY_BYTES) {
        side->entry = 0;
        err = cursor_next(&side->cursor, why);
    }
    return err ? err : look(side, why);
}

/* Stand on the first entry with seq > after. It is in the last list that begins at or before it, or
 * else the first one of the next list. */
static enum sg_err find(struct mailbox_side *side, uint64_t after, struct sg_why *why)
{
    if (after == UINT64_MAX)
        return SG_OK;
    struct key key = side->prefix;
    enum sg_err err = cursor_seek_back(&side->cursor, key_u64(&key, after + 1), why);
    if (!err && !(side->cursor.key.ptr && key_starts(side->cursor.key, &side->prefix)))
        err = cursor_seek(&side->cursor, &side->prefix, why);
    if (!err)
        err = look(side, why);
    while (!err && side->seq && side->seq <= after)
        err = step(side, why);
    return err;
}

enum sg_err mailbox_open(struct mailbox_reader *reader, struct txn *txn, const char *agency,
                         uint64_t after, struct sg_why *why)
{
    const char *const lists[] = {agency, EVERYBODY};
    *reader = (struct mailbox_reader){0};
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < SG_ARRAY_LEN(lists); i++) {
        struct mailbox_side *side = &reader->sides[i];
        key_text(&side->prefix, lists[i]);
        err = cursor_open(&side->cursor, txn, TABLE_MAILBOX, why);
        if (!err)
            err = find(side, after, why);
    }
    if (err)
        mailbox_done(reader);
    return err;
}

enum sg_err mailbox_next(struct mailbox_reader *reader, uint64_t *out_seq, uint32_t *out_type,
                         struct sg_why *why)
{
    struct mailbox_side *own = &reader->sides[0], *all = &reader->sides[1];
    struct mailbox_side *least = own;
    if (!own->seq || (all->seq && all->seq < own->seq))
        least = all;
    uint64_t seq = least->seq;
    uint32_t type = least->type;
    enum sg_err err = SG_OK;
    if (seq && own->seq == seq)
        err = step(own, why);
    if (!err && seq && all->seq == seq)
        err = step(all, why);
    if (err)
        return err;
    *out_seq = seq;
    *out_type = type;
    return SG_OK;
}

void mailbox_done(struct mailbox_reader *reader)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(reader->sides); i++)
        cursor_done(&reader->sides[i].cursor);
    *reader = (struct mailbox_reader){0};
}
