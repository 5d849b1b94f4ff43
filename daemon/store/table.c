#include "store/table.h"

#include "kit/check.h"
#include "store/inside.h"
#include "wire/codec.h"
#include "wire/pack.h"

/* The sentence for a missing row is made ahead: not finding a row is a usual answer, and formatting
 * costs more than the search. */
static const struct table_info {
    const char *name, *missing;
    bool fold;
} tables[] = {
#define FOLD(name)                         \
    {                                      \
        name, "no such row in " name, true \
    }
#define KEPT(name)                          \
    {                                       \
        name, "no such row in " name, false \
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
    [TABLE_DEADLINES] = FOLD("deadlines"),
    [TABLE_OBJECTS] = FOLD("objects"),
    [TABLE_PERSONS] = FOLD("persons"),
    [TABLE_IDENTITIES] = FOLD("identities"),
    [TABLE_NIK_TOKENS] = FOLD("nik_tokens"),
    [TABLE_REFERRALS] = FOLD("referrals"),
    [TABLE_REFERRALS_OF_PERSON] = FOLD("referrals_of_person"),
    [TABLE_CASES] = FOLD("cases"),
    [TABLE_SLOTS] = FOLD("slots"),
    [TABLE_SLOTS_BY_SEQ] = FOLD("slots_by_seq"),
    [TABLE_SEATS] = FOLD("seats"),
    [TABLE_ALLOCATIONS] = FOLD("allocations"),
    [TABLE_ALLOCATIONS_OF_SLOT] = FOLD("allocations_of_slot"),
    [TABLE_WAITING] = FOLD("waiting"),
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
    txn->rows_read++;
    MDB_val k = val_of(key_borrow(key));
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
    txn->rows_written++;
    MDB_val k = val_of(key_borrow(key));
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
    txn->rows_written++;
    MDB_val k = val_of(key_borrow(key));
    int rc = mdb_del(txn->mdb, txn->env->dbi[table], &k, NULL);
    return rc ? failed(rc, table, "delete", why) : SG_OK;
}

enum sg_err table_count(struct txn *txn, enum table table, uint64_t *out_count, struct sg_why *why)
{
    MDB_stat stat;
    int rc = mdb_stat(txn->mdb, txn->env->dbi[table], &stat);
    if (rc)
        return failed(rc, table, "count", why);
    *out_count = stat.ms_entries;
    return SG_OK;
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
    *cursor = (struct cursor){.mdb = mdb, .txn = txn};
    return SG_OK;
}

static enum sg_err move(struct cursor *cursor, MDB_cursor_op op, struct sg_bytes key,
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

enum sg_err cursor_first(struct cursor *cursor, struct sg_why *why)
{
    return move(cursor, MDB_FIRST, (struct sg_bytes){0}, why);
}

enum sg_err cursor_last(struct cursor *cursor, struct sg_why *why)
{
    return move(cursor, MDB_LAST, (struct sg_bytes){0}, why);
}

enum sg_err cursor_seek(struct cursor *cursor, const struct key *key, struct sg_why *why)
{
    if (!key->len) /* LMDB has no empty keys */
        return cursor_first(cursor, why);
    return move(cursor, MDB_SET_RANGE, key_borrow(key), why);
}

enum sg_err cursor_seek_back(struct cursor *cursor, const struct key *key, struct sg_why *why)
{
    if (!key->len) {
        cursor->key = cursor->value = (struct sg_bytes){0};
        return SG_OK;
    }
    enum sg_err err = cursor_seek(cursor, key, why);
    if (err || (cursor->key.ptr && sg_bytes_equal(cursor->key, key_borrow(key))))
        return err;
    return cursor->key.ptr ? cursor_prev(cursor, why) : cursor_last(cursor, why);
}

enum sg_err cursor_next(struct cursor *cursor, struct sg_why *why)
{
    if (!cursor->key.ptr) /* past the end it stays; LMDB would begin again */
        return SG_OK;
    return move(cursor, MDB_NEXT, (struct sg_bytes){0}, why);
}

enum sg_err cursor_prev(struct cursor *cursor, struct sg_why *why)
{
    if (!cursor->key.ptr)
        return SG_OK;
    return move(cursor, MDB_PREV, (struct sg_bytes){0}, why);
}

void cursor_done(struct cursor *cursor)
{
    /* The end of a write transaction closes its cursors by itself; that of a read one does not. */
    if (cursor->mdb && (cursor->txn->mdb || !cursor->txn->write))
        mdb_cursor_close(cursor->mdb);
    *cursor = (struct cursor){0};
}
