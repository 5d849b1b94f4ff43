#include "store/table.h"

#include "kit/check.h"
#include "store/inside.h"
#include "wire/codec.h"
#include "wire/pack.h"

/* The sentence for a missing row is made ahead: not finding a row is a usual answer, and formatting
 * costs more than the search. Tables of one tree (see table.h) have a tag each. */
static const struct table_info {
    const char *name, *missing;
    bool fold;
    uint8_t tag;
} tables[] = {
#define FOLD(name)                             \
    {                                          \
        name, "no such row in " name, true, 0, \
    }
#define KEPT(name)                              \
    {                                           \
        name, "no such row in " name, false, 0, \
    }
#define BY_ID(name, tag)                         \
    {                                            \
        name, "no such row in " name, true, tag, \
    }
    /* clang-format off */
    [TABLE_META] = KEPT("meta"),
    [TABLE_JOURNAL] = KEPT("journal"),
    [TABLE_BLOCKS] = FOLD("blocks"),
    [TABLE_MAILBOX] = FOLD("mailbox"),
    [TABLE_OUTBOXES] = KEPT("outboxes"),
    [TABLE_FRAMES] = KEPT("frames"),
    [TABLE_SUBSCRIPTIONS] = KEPT("subscriptions"),
    [TABLE_DEAD_LETTERS] = KEPT("dead_letters"),
    [TABLE_PRESENCE] = KEPT("presence"),
    [TABLE_DEADLINES] = FOLD("deadlines"),
    [TABLE_DUE] = FOLD("due"),
    [TABLE_OBJECTS] = FOLD("objects"),
    [TABLE_PARKED] = FOLD("parked"),
    [TABLE_PARKED_OF_AGENCY] = FOLD("parked_of_agency"),
    [TABLE_SETTLED] = FOLD("settled"),
    [TABLE_PERSONS] = BY_ID("persons", 'p'),
    [TABLE_IDENTITIES] = BY_ID("identities", 'i'),
    [TABLE_NIK_TOKENS] = FOLD("nik_tokens"),
    [TABLE_REFERRALS] = BY_ID("referrals", 'r'),
    [TABLE_REFERRALS_OF_PERSON] = BY_ID("referrals_of_person", 'R'),
    [TABLE_CASES] = FOLD("cases"),
    [TABLE_SLOTS] = FOLD("slots"),
    [TABLE_SLOTS_BY_SEQ] = FOLD("slots_by_seq"),
    [TABLE_SEATS] = FOLD("seats"),
    [TABLE_ALLOCATIONS] = FOLD("allocations"),
    [TABLE_ALLOCATIONS_OF_SLOT] = FOLD("allocations_of_slot"),
    [TABLE_ALLOCATIONS_OF_CASE] = FOLD("allocations_of_case"),
    [TABLE_WAITING] = FOLD("waiting"),
    [TABLE_ATTENDANCE] = FOLD("attendance"),
    [TABLE_ITEMS] = FOLD("items"),
    [TABLE_ITEMS_BY_SEQ] = FOLD("items_by_seq"),
    [TABLE_ITEMS_OF_ALLOCATION] = FOLD("items_of_allocation"),
    [TABLE_KIT_OWNERS] = FOLD("kit_owners"),
    [TABLE_KITS_OF_PERSON] = FOLD("kits_of_person"),
    [TABLE_BASTS] = FOLD("basts"),
    [TABLE_PLANS] = FOLD("plans"),
    [TABLE_VISITS] = FOLD("visits"),
    [TABLE_REQUESTS] = FOLD("requests"),
    [TABLE_MATCHES] = FOLD("matches"),
    [TABLE_LINKS] = FOLD("links"),
    [TABLE_SUSPICIONS] = FOLD("suspicions"),
    [TABLE_SUSPICIONS_OPEN] = FOLD("suspicions_open"),
    [TABLE_REFUSALS] = KEPT("refusals"),
    [TABLE_CORRECTIONS] = FOLD("corrections"),
    [TABLE_PROMOTED] = FOLD("promoted"),
    [TABLE_COMPLETIONS] = FOLD("completions"),
    /* clang-format on */
};
static_assert(SG_ARRAY_LEN(tables) == TABLES, "every table has a row");

bool table_is_fold(enum table table)
{
    return tables[table].fold;
}
const char *table_name(enum table table)
{
    return tables[table].name;
}

enum table table_tree(enum table table)
{
    return tables[table].tag ? TABLE_PERSONS : table;
}

/* ---- keys in a shared tree: the id, the tag of the table, the rest ---- */

static size_t tag_at(size_t len_with_tag)
{
    return len_with_tag > SG_ID_BYTES ? SG_ID_BYTES : len_with_tag - 1;
}

/* The key as it stands in the tree; `room` is used when it differs. */
static struct sg_bytes key_in_tree(enum table table, const struct key *key, struct key *room)
{
    if (!tables[table].tag)
        return key_borrow(key);
    size_t at = tag_at(key->len + 1);
    SG_CHECK(key->len < KEY_BYTES_MAX);
    memcpy(room->b, key->b, at);
    room->b[at] = tables[table].tag;
    memcpy(room->b + at + 1, key->b + at, key->len - at);
    room->len = key->len + 1;
    return key_borrow(room);
}

static MDB_val val_of(struct sg_bytes bytes)
{
    /* LMDB takes keys and values that it only reads through a pointer that is not const. */
    union {
        const uint8_t *from;
        void *to;
    } same = {bytes.ptr};
    return (MDB_val){bytes.len, same.to};
}

static struct sg_bytes bytes_of(MDB_val val)
{
    return (struct sg_bytes){val.mv_data, val.mv_size};
}

static enum sg_err not_found(enum table table, struct sg_why *why)
{
    if (why)
        memcpy(why->text, tables[table].missing, strlen(tables[table].missing) + 1);
    return SG_E_NOT_FOUND;
}

static enum sg_err failed(int rc, enum table table, const char *doing, struct sg_why *why)
{
    if (rc == MDB_NOTFOUND)
        return not_found(table, why);
    enum sg_err err = rc == MDB_MAP_FULL ? SG_E_FULL : SG_E_STORE;
    return sg_fail(why, err, "%s, %s: %s", tables[table].name, doing, mdb_strerror(rc));
}

enum sg_err table_get(struct txn *txn, enum table table, const struct key *key,
                      struct sg_bytes *out_value, struct sg_why *why)
{
    SG_CHECK(txn->mdb && table < TABLES);
    struct key room;
    txn->rows_read++;
    MDB_val k = val_of(key_in_tree(table, key, &room));
    MDB_val v;
    int rc = mdb_get(txn->mdb, txn->env->dbi[table], &k, &v);
    if (rc)
        return failed(rc, table, "read", why);
    *out_value = bytes_of(v);
    return SG_OK;
}

enum sg_err table_reserve(struct txn *txn, enum table table, const struct key *key, size_t size,
                          enum reserve_kind kind, uint8_t **out_at, struct sg_why *why)
{
    SG_CHECK(txn->mdb && txn->write && table < TABLES);
    if (table != TABLE_JOURNAL && size > ROW_BYTES_MAX)
        return sg_fail(why, SG_E_STORE, "%s: a row of %zu bytes, at most %u", tables[table].name,
                       size, ROW_BYTES_MAX);
    struct key room;
    txn->rows_written++;
    MDB_val k = val_of(key_in_tree(table, key, &room));
    MDB_val v = {size, NULL};
    unsigned flags = MDB_RESERVE | (kind == RESERVE_APPEND ? MDB_APPEND : 0U);
    int rc = mdb_put(txn->mdb, txn->env->dbi[table], &k, &v, flags);
    if (rc == MDB_KEYEXIST)
        return sg_fail(why, SG_E_STORE, "%s: a key that is not the greatest was to be appended",
                       tables[table].name);
    if (rc)
        return failed(rc, table, "write", why);
    *out_at = v.mv_data;
    return SG_OK;
}

static enum sg_err put(struct txn *txn, enum table table, const struct key *key,
                       struct sg_bytes value, enum reserve_kind kind, struct sg_why *why)
{
    uint8_t *at = NULL;
    enum sg_err err = table_reserve(txn, table, key, value.len, kind, &at, why);
    if (err || !value.len)
        return err;
    SG_CHECK(at);
    memcpy(at, value.ptr, value.len);
    return SG_OK;
}

enum sg_err table_put(struct txn *txn, enum table table, const struct key *key,
                      struct sg_bytes value, struct sg_why *why)
{
    return put(txn, table, key, value, RESERVE_PUT, why);
}

enum sg_err table_append(struct txn *txn, enum table table, const struct key *key,
                         struct sg_bytes value, struct sg_why *why)
{
    return put(txn, table, key, value, RESERVE_APPEND, why);
}

enum sg_err table_delete(struct txn *txn, enum table table, const struct key *key,
                         struct sg_why *why)
{
    SG_CHECK(txn->mdb && txn->write && table < TABLES);
    struct key room;
    txn->rows_written++;
    MDB_val k = val_of(key_in_tree(table, key, &room));
    int rc = mdb_del(txn->mdb, txn->env->dbi[table], &k, NULL);
    return rc ? failed(rc, table, "delete", why) : SG_OK;
}

enum sg_err row_get(struct txn *txn, enum table table, const struct key *key,
                    const ProtobufCMessageDescriptor *descriptor, struct sg_arena *arena,
                    void *out_message_pointer, struct sg_why *why)
{
    struct sg_bytes value = {0};
    enum sg_err err = table_get(txn, table, key, &value, why);
    if (err)
        return err;
    err = sg_decode_row(descriptor, value, arena, out_message_pointer, why);
    if (err == SG_E_FORMAT)
        return sg_fail(why, SG_E_STORE, "%s: a row is not a %s", tables[table].name,
                       descriptor->short_name);
    return err;
}

enum sg_err row_put(struct txn *txn, enum table table, const struct key *key, const void *message,
                    struct sg_why *why)
{
    enum { SLACK = 32 }; /* the packer looks for the room of a longest number */
    uint8_t row[ROW_BYTES_MAX + SLACK], *at = NULL;
    enum sg_err err = sg_pack_back(message, row, row + sizeof row, &at);
    SG_CHECK(err != SG_E_FORMAT);
    if (err)
        return sg_fail(why, SG_E_STORE, "%s: a row of more than %u bytes", tables[table].name,
                       ROW_BYTES_MAX);
    return table_put(txn, table, key, (struct sg_bytes){at, (size_t)(row + sizeof row - at)}, why);
}

/* ---- walks ---- */

enum sg_err cursor_open(struct cursor *cursor, struct txn *txn, enum table table,
                        struct sg_why *why)
{
    SG_CHECK(txn->mdb && table < TABLES);
    MDB_cursor *mdb = NULL;
    int rc = mdb_cursor_open(txn->mdb, txn->env->dbi[table], &mdb);
    if (rc)
        return failed(rc, table, "walk", why);
    *cursor = (struct cursor){.mdb = mdb, .txn = txn, .table = table};
    return SG_OK;
}

static enum sg_err step(struct cursor *cursor, MDB_cursor_op op, struct sg_bytes key,
                        struct sg_why *why)
{
    SG_CHECK(cursor->mdb && cursor->txn->mdb);
    cursor->txn->rows_read++;
    MDB_val k = val_of(key);
    MDB_val v;
    int rc = mdb_cursor_get(cursor->mdb, &k, &v, op);
    if (rc && rc != MDB_NOTFOUND)
        return sg_fail(why, SG_E_STORE, "walk: %s", mdb_strerror(rc));
    cursor->key = rc ? (struct sg_bytes){0} : bytes_of(k);
    cursor->value = rc ? (struct sg_bytes){0} : bytes_of(v);
    return SG_OK;
}

/* Does the walk end here: it began in the rows of one id, and this is another one. */
static bool has_left(const struct cursor *cursor)
{
    return cursor->within && (cursor->key.len < SG_ID_BYTES ||
                              memcmp(cursor->key.ptr, cursor->id.b, SG_ID_BYTES) != 0);
}

/* In a shared tree: on to the next row of this table, its key without the tag. */
static enum sg_err settle(struct cursor *cursor, MDB_cursor_op on, struct sg_why *why)
{
    uint8_t tag = tables[cursor->table].tag;
    enum sg_err err = SG_OK;
    if (!tag)
        return SG_OK;
    while (!err && cursor->key.ptr && !has_left(cursor) &&
           cursor->key.ptr[tag_at(cursor->key.len)] != tag)
        err = step(cursor, on, (struct sg_bytes){0}, why);
    if (err || !cursor->key.ptr || has_left(cursor)) {
        cursor->key = cursor->value = (struct sg_bytes){0};
        return err;
    }
    size_t len = cursor->key.len, at = tag_at(len);
    SG_CHECK(len <= sizeof cursor->room);
    memcpy(cursor->room, cursor->key.ptr, at);
    memcpy(cursor->room + at, cursor->key.ptr + at + 1, len - at - 1);
    cursor->key = (struct sg_bytes){cursor->room, len - 1};
    return SG_OK;
}

/* Where a step came to: a row of the table, and of the walk. */
static enum sg_err arrive(struct cursor *cursor, MDB_cursor_op on, struct sg_why *why)
{
    enum sg_err err = settle(cursor, on, why);
    if (!err && cursor->prefix.len && cursor->key.ptr && !key_starts(cursor->key, &cursor->prefix))
        cursor->key = cursor->value = (struct sg_bytes){0};
    return err;
}

static enum sg_err move(struct cursor *cursor, MDB_cursor_op op, MDB_cursor_op on,
                        struct sg_why *why)
{
    enum sg_err err = step(cursor, op, (struct sg_bytes){0}, why);
    return err ? err : arrive(cursor, on, why);
}

static void stay_within(struct cursor *cursor, const struct key *key)
{
    cursor->within = tables[cursor->table].tag && key->len >= SG_ID_BYTES;
    if (cursor->within)
        memcpy(cursor->id.b, key->b, SG_ID_BYTES);
}

enum sg_err cursor_first(struct cursor *cursor, struct sg_why *why)
{
    cursor->within = false;
    return move(cursor, MDB_FIRST, MDB_NEXT, why);
}

enum sg_err cursor_last(struct cursor *cursor, struct sg_why *why)
{
    cursor->within = false;
    return move(cursor, MDB_LAST, MDB_PREV, why);
}

enum sg_err cursor_seek(struct cursor *cursor, const struct key *key, struct sg_why *why)
{
    struct key room;
    if (!key->len) /* LMDB has no empty keys */
        return cursor_first(cursor, why);
    stay_within(cursor, key);
    enum sg_err err = step(cursor, MDB_SET_RANGE, key_in_tree(cursor->table, key, &room), why);
    return err ? err : arrive(cursor, MDB_NEXT, why);
}

enum sg_err cursor_under(struct cursor *cursor, struct txn *txn, enum table table,
                         const struct key *prefix, struct sg_why *why)
{
    enum sg_err err = cursor_open(cursor, txn, table, why);
    if (err)
        return err;
    cursor->prefix = *prefix;
    return cursor_seek(cursor, prefix, why);
}

struct sg_id cursor_second_id(const struct cursor *cursor)
{
    struct sg_id id;
    SG_CHECK(cursor->key.len >= sizeof id.b * 2);
    memcpy(id.b, cursor->key.ptr + sizeof id.b, sizeof id.b);
    return id;
}

enum sg_err cursor_seek_back(struct cursor *cursor, const struct key *key, struct sg_why *why)
{
    struct key room;
    if (!key->len) {
        cursor->key = cursor->value = (struct sg_bytes){0};
        return SG_OK;
    }
    stay_within(cursor, key);
    struct sg_bytes wanted = key_in_tree(cursor->table, key, &room);
    enum sg_err err = step(cursor, MDB_SET_RANGE, wanted, why);
    if (err)
        return err;
    if (cursor->key.ptr && sg_bytes_equal(cursor->key, wanted))
        return arrive(cursor, MDB_PREV, why);
    return move(cursor, cursor->key.ptr ? MDB_PREV : MDB_LAST, MDB_PREV, why);
}

enum sg_err cursor_next(struct cursor *cursor, struct sg_why *why)
{
    if (!cursor->key.ptr) /* past the end it stays; LMDB would begin again */
        return SG_OK;
    return move(cursor, MDB_NEXT, MDB_NEXT, why);
}

enum sg_err cursor_prev(struct cursor *cursor, struct sg_why *why)
{
    if (!cursor->key.ptr)
        return SG_OK;
    return move(cursor, MDB_PREV, MDB_PREV, why);
}

void cursor_done(struct cursor *cursor)
{
    /* The end of a write transaction closes its cursors by itself; that of a read one does not. */
    if (cursor->mdb && (cursor->txn->mdb || !cursor->txn->write))
        mdb_cursor_close(cursor->mdb);
    *cursor = (struct cursor){0};
}

enum sg_err table_count(struct txn *txn, enum table table, uint64_t *out_count, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    MDB_stat stat;
    uint64_t count = 0;
    int rc = mdb_stat(txn->mdb, txn->env->dbi[table], &stat);
    if (rc)
        return failed(rc, table, "count", why);
    *out_count = stat.ms_entries;
    if (!tables[table].tag)
        return SG_OK;
    enum sg_err err = cursor_open(&cursor, txn, table, why);
    if (!err)
        err = cursor_first(&cursor, why);
    for (; !err && cursor.key.ptr; count++)
        err = cursor_next(&cursor, why);
    if (!err)
        *out_count = count;
    return err;
}
