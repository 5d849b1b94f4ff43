/* refold.c - the journal folded again into a new store, and two stores compared. */
#include "ledger/ledger.h"

#include "kit/check.h"

#include <string.h>

enum { ARENA_BYTES = 64 << 20, SCRATCH_BYTES = 4 << 20, COPY_ROWS = 5000 };

/* ---- tables that are not folds ---- */

static enum sg_err copy_some(struct env *from, struct env *to, enum table table, struct key *after,
                             bool *out_end, struct sg_why *why)
{
    SG_AUTO(txn_done) struct txn in = {0};
    SG_AUTO(txn_done) struct txn out = {0};
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    enum sg_err err = txn_begin(&in, from, TXN_READ, why);
    if (!err)
        err = txn_begin(&out, to, TXN_WRITE, why);
    if (!err)
        err = cursor_open(&cursor, &in, table, why);
    if (!err)
        err = after->len ? cursor_seek(&cursor, after, why) : cursor_first(&cursor, why);
    if (!err && after->len && cursor.key.ptr && sg_bytes_equal(cursor.key, key_borrow(after)))
        err = cursor_next(&cursor, why);
    for (int i = 0; !err && cursor.key.ptr && i < COPY_ROWS; i++) {
        *after = (struct key){0};
        key_bytes(after, cursor.key);
        err = table_put(&out, table, after, cursor.value, why);
        if (!err)
            err = cursor_next(&cursor, why);
    }
    *out_end = !err && !cursor.key.ptr;
    return err ? err : txn_commit(&out, why);
}

static enum sg_err copy_table(struct env *from, struct env *to, enum table table,
                              struct sg_why *why)
{
    struct key after = {0};
    bool end = false;
    enum sg_err err = SG_OK;
    while (!err && !end)
        err = copy_some(from, to, table, &after, &end, why);
    return err;
}

/* ---- the journal, block by block ---- */

struct refold {
    struct env *from, *to;
    const struct sg_broker_key *keys;
    struct sg_arena arena;   /* of the block: leaves, mailbox lists, rests */
    struct sg_arena scratch; /* of one record */
    uint64_t seq;            /* of the last record that was folded */
};

static enum sg_err fold_record(struct refold *r, struct block_builder *builder, struct txn *out,
                               struct record *record, struct sg_why *why)
{
    struct sg_event event;
    struct record copy = {.outbox_id = record->outbox_id,
                          .number = record->number,
                          .clear = record->clear,
                          .personal = record->personal};
    memcpy(copy.personal_hash, record->personal_hash, SG_HASH_BYTES);
    PbRecordRest *rest = NULL;
    enum sg_err err =
        sg_decode_row(&pb_record_rest__descriptor, record->rest_bytes, &r->scratch, &rest, why);
    if (!err)
        err = sg_event_reopen(record->clear, record->personal, &r->scratch, &event, why);
    if (!err)
        err = block_append(builder, &copy, rest, why);
    if (!err && copy.seq != record->seq)
        err = sg_fail(why, SG_E_STORE, "record %llu does not follow the one before",
                      (unsigned long long)record->seq);
    if (!err)
        err = ledger_apply(out, &copy, &event, &r->scratch, why);
    if (!err)
        err = ledger_apply_personal(out, &copy, &event, r->keys, &r->scratch, why);
    return err;
}

static enum sg_err next_record(struct cursor *cursor, struct refold *r, struct record *out_record,
                               uint64_t *out_height, struct sg_why *why)
{
    *out_height = 0;
    sg_arena_reset(&r->scratch, 0);
    if (!cursor->key.ptr)
        return SG_OK;
    enum sg_err err = record_parse(cursor->key, cursor->value, out_record, why);
    if (!err)
        err = record_open_rest(out_record, &r->scratch, why);
    if (!err)
        *out_height = out_record->rest->height;
    return err;
}

/* One block in one transaction. *out_end: the journal is at its end. */
static enum sg_err fold_block(struct refold *r, bool *out_end, struct sg_why *why)
{
    SG_AUTO(txn_done) struct txn in = {0};
    SG_AUTO(txn_done) struct txn out = {0};
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct block_builder builder;
    struct signed_block block;
    struct sg_merkle tree;
    struct record record;
    struct key from = {0};
    uint64_t height = 0, at = 0;
    sg_arena_reset(&r->arena, 0);
    enum sg_err err = txn_begin(&in, r->from, TXN_READ, why);
    if (!err)
        err = cursor_open(&cursor, &in, TABLE_JOURNAL, why);
    if (!err)
        err = cursor_seek(&cursor, key_u64(&from, r->seq + 1), why);
    if (!err)
        err = next_record(&cursor, r, &record, &height, why);
    *out_end = !err && height == 0;
    if (err || *out_end)
        return err;
    err = txn_begin(&out, r->to, TXN_WRITE, why);
    if (!err)
        err = block_begin(&builder, &out, &r->arena, record.accepted_ms, r->keys->sign_secret, why);
    for (at = height; !err && at == height;) {
        r->seq = record.seq;
        err = fold_record(r, &builder, &out, &record, why);
        if (!err)
            err = cursor_next(&cursor, why);
        if (!err)
            err = next_record(&cursor, r, &record, &at, why);
    }
    if (!err)
        err = block_seal(&builder, &block, &tree, why);
    return err ? err : txn_commit(&out, why);
}

enum sg_err ledger_refold(struct env *from, struct env *to, const struct sg_broker_key *keys,
                          void (*progress)(uint64_t seq, uint64_t of), struct sg_why *why)
{
    struct refold r = {.from = from, .to = to, .keys = keys};
    uint64_t last = 0;
    bool end = false;
    enum sg_err err = SG_OK;
    for (int t = 0; !err && t < TABLES; t++)
        if (!table_is_fold((enum table)t) && t != TABLE_JOURNAL)
            err = copy_table(from, to, (enum table)t, why);
    if (!err) {
        SG_AUTO(txn_done) struct txn in = {0};
        err = txn_begin(&in, from, TXN_READ, why);
        if (!err)
            err = journal_last(&in, &last, why);
    }
    if (!err)
        err = sg_arena_init(&r.arena, ARENA_BYTES, why);
    if (!err)
        err = sg_arena_init(&r.scratch, SCRATCH_BYTES, why);
    while (!err && !end) {
        err = fold_block(&r, &end, why);
        if (!err && progress)
            progress(r.seq, last);
    }
    sg_arena_done(&r.arena);
    sg_arena_done(&r.scratch);
    return err;
}

/* ---- compare ---- */

static enum sg_err differ(enum table table, struct sg_bytes key, const char *what,
                          struct sg_why *why)
{
    char hex[2 * KEY_BYTES_MAX + 1] = "";
    if (key.ptr && key.len <= KEY_BYTES_MAX)
        sg_hex_print(key.ptr, key.len, hex);
    return sg_fail(why, SG_E_STORE, "table %s, key %s: %s", table_name(table), hex, what);
}

static enum sg_err compare_table(struct txn *a, struct txn *b, enum table table, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor x = {0};
    SG_AUTO(cursor_done) struct cursor y = {0};
    enum sg_err err = cursor_open(&x, a, table, why);
    if (!err)
        err = cursor_open(&y, b, table, why);
    if (!err)
        err = cursor_first(&x, why);
    if (!err)
        err = cursor_first(&y, why);
    while (!err && (x.key.ptr || y.key.ptr)) {
        if (!x.key.ptr || !y.key.ptr || !sg_bytes_equal(x.key, y.key))
            return differ(table, x.key.ptr ? x.key : y.key, "stands in one of them only", why);
        if (!sg_bytes_equal(x.value, y.value))
            return differ(table, x.key, "other bytes", why);
        err = cursor_next(&x, why);
        if (!err)
            err = cursor_next(&y, why);
    }
    return err;
}

enum sg_err ledger_compare(struct env *a, struct env *b, struct sg_why *why)
{
    SG_AUTO(txn_done) struct txn in_a = {0};
    SG_AUTO(txn_done) struct txn in_b = {0};
    enum sg_err err = txn_begin(&in_a, a, TXN_READ, why);
    if (!err)
        err = txn_begin(&in_b, b, TXN_READ, why);
    for (int t = 0; !err && t < TABLES; t++)
        err = compare_table(&in_a, &in_b, (enum table)t, why);
    return err;
}
