/* verify.c - the whole store checked against itself: block_verify_all.
 *
 * It runs beside the writer for as long as it takes, so it reads in short transactions, and holds
 * no more than the leaves of one block. */
#include "sinergi/v1/row.pb-c.h"
#include "store/block.h"

#include <inttypes.h>

#define RECORDS_PER_TXN 1000U
#define ARENA_BYTES ((size_t)8 << 20) /* leaves and tree of a full block, one decoded record */
#define EPOCH_SHIFT 32

struct verify {
    struct env *env;
    const uint8_t *sign_public;
    struct sg_arena arena;
    uint64_t last_height; /* of the snapshot that the walk began with */
    uint64_t records;
    struct signed_block block; /* in hand; its height is 0 before the first one */
    uint32_t done;             /* records of it */
    uint8_t *leaves;
};

static void verify_done(struct verify *v)
{
    sg_arena_done(&v->arena);
}

/* ---- a block ---- */

static enum sg_err bad_block(const struct sg_block_header *h, const char *what, struct sg_why *why)
{
    return sg_fail(why, SG_E_STORE, "block %" PRIu64 " (records %" PRIu64 " to %" PRIu64 ") %s",
                   h->height, h->first_seq, h->first_seq + h->count - 1, what);
}

static enum sg_err check_header(const struct verify *v, const struct sg_block_header *h,
                                struct sg_why *why)
{
    const struct sg_block_header *last = &v->block.header;
    uint64_t first = last->count ? last->first_seq + last->count : 1;
    if (last->count && h->epoch > last->epoch)
        first = ((first >> EPOCH_SHIFT) + 1) << EPOCH_SHIFT;
    if (!sg_id_equal(&h->store_id, env_store_id(v->env)))
        return bad_block(h, "belongs to another store", why);
    if (memcmp(h->previous_hash, v->block.hash, SG_HASH_BYTES) != 0)
        return bad_block(h, "does not follow the block before it", why);
    if (h->first_seq != first || h->epoch < last->epoch)
        return bad_block(h, "does not begin behind the block before it", why);
    if (h->count > BLOCK_RECORDS_MAX)
        return bad_block(h, "counts more records than a block may have", why);
    if (h->time_ms < last->time_ms)
        return bad_block(h, "is earlier than the block before it", why);
    return SG_OK;
}

static enum sg_err begin_block(struct verify *v, struct txn *txn, uint64_t height,
                               struct sg_why *why)
{
    struct signed_block block;
    enum sg_err err = block_get(txn, height, &block, why);
    if (err == SG_E_NOT_FOUND)
        return sg_fail(why, SG_E_STORE, "block %" PRIu64 " is missing", height);
    if (!err)
        err = check_header(v, &block.header, why);
    if (!err && !sg_block_verify(&block.header, v->sign_public, block.signature))
        err = bad_block(&block.header, "is not signed with the key of this broker", why);
    if (err)
        return err;
    sg_arena_reset(&v->arena, 0);
    v->leaves = SG_NEW_ARRAY(&v->arena, uint8_t, (size_t)block.header.count * SG_HASH_BYTES);
    if (!v->leaves)
        return sg_fail(why, SG_E_STORE, "verify: the arena is full");
    v->block = block;
    v->done = 0;
    return SG_OK;
}

static enum sg_err end_block(struct verify *v, struct sg_why *why)
{
    const struct sg_block_header *h = &v->block.header;
    struct sg_merkle tree;
    enum sg_err err = sg_merkle_build(v->leaves, h->count, &v->arena, &tree, why);
    if (err)
        return SG_E_STORE;
    if (memcmp(sg_merkle_root(&tree), h->root, SG_HASH_BYTES) != 0)
        return bad_block(h, "has another root: one of its records was changed", why);
    return SG_OK;
}

/* ---- a record ---- */

static enum sg_err bad_record(uint64_t seq, const char *what, struct sg_why *why)
{
    return sg_fail(why, SG_E_STORE, "record %" PRIu64 " %s", seq, what);
}

static enum sg_err check_record(struct verify *v, struct record *record, struct sg_why *why)
{
    const struct sg_block_header *h = &v->block.header;
    enum sg_err err = record_open_rest(record, &v->arena, why);
    if (err)
        return SG_E_STORE;
    if (record->rest->height != h->height)
        return bad_record(record->seq, "names another block", why);
    if (record->accepted_ms != h->time_ms)
        return bad_record(record->seq, "has another time than its block", why);
    if (record->rest->personal_dropped && record->personal.len)
        return bad_record(record->seq, "has a personal part that was dropped", why);
    if (!record->rest->vault_key_id && !record->rest->personal_dropped) {
        uint8_t hash[SG_HASH_BYTES];
        sg_hash(record->personal, hash);
        if (memcmp(hash, record->personal_hash, SG_HASH_BYTES) != 0)
            return bad_record(record->seq, "has a personal part that was changed", why);
    }
    return SG_OK;
}

static enum sg_err take_record(struct verify *v, const struct cursor *cursor, struct sg_why *why)
{
    uint64_t want = v->block.header.first_seq + v->done;
    if (!cursor->key.ptr)
        return bad_record(want, "is missing", why);
    struct record record;
    enum sg_err err = record_parse(cursor->key, cursor->value, &record, why);
    if (err)
        return err;
    if (record.seq != want)
        return bad_record(want, "is missing, or another one stands before it", why);
    size_t used = v->arena.used;
    err = check_record(v, &record, why);
    sg_arena_reset(&v->arena, used);
    if (err)
        return err;
    record_leaf(&record, v->leaves + (size_t)v->done * SG_HASH_BYTES);
    v->done++;
    v->records++;
    return SG_OK;
}

/* ---- the walk ---- */

/* Records of the block in hand, as many as the transaction may still read. The cursor stands behind
 * the last one, so that a record between two blocks does not pass unseen. */
static enum sg_err take_records(struct verify *v, struct cursor *cursor, uint32_t *left,
                                struct sg_why *why)
{
    enum sg_err err = SG_OK;
    while (!err && *left && v->done < v->block.header.count) {
        err = take_record(v, cursor, why);
        if (!err)
            err = cursor_next(cursor, why);
        --*left;
    }
    if (!err && v->done == v->block.header.count)
        err = end_block(v, why);
    return err;
}

static enum sg_err go_on(struct verify *v, void (*progress)(uint64_t height, uint64_t of),
                         struct sg_why *why)
{
    SG_AUTO(txn_done) struct txn txn = {0};
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    const struct sg_block_header *h = &v->block.header;
    struct key key = {0};
    key_u64(&key, h->count ? h->first_seq + v->done : 0);
    enum sg_err err = txn_begin(&txn, v->env, TXN_READ, why);
    if (!err)
        err = cursor_open(&cursor, &txn, TABLE_JOURNAL, why);
    if (!err)
        err = cursor_seek(&cursor, &key, why);

    uint32_t left = RECORDS_PER_TXN;
    if (!err && v->done < h->count)
        err = take_records(v, &cursor, &left, why);
    while (!err && left && h->height < v->last_height && v->done == h->count) {
        err = begin_block(v, &txn, h->height + 1, why);
        if (!err)
            err = take_records(v, &cursor, &left, why);
    }
    if (!err && progress)
        progress(h->height, v->last_height);
    return err;
}

/* The head of now, and that the journal ends with it: what comes later is not looked at. */
static enum sg_err begin(struct verify *v, struct sg_why *why)
{
    SG_AUTO(txn_done) struct txn txn = {0};
    struct signed_block head = {0};
    uint64_t last_seq = 0;
    enum sg_err err = sg_arena_init(&v->arena, ARENA_BYTES, why);
    if (err)
        return SG_E_STORE;
    err = txn_begin(&txn, v->env, TXN_READ, why);
    if (!err)
        err = block_head(&txn, &head, why);
    if (!err)
        err = journal_last(&txn, &last_seq, why);
    if (err)
        return err;
    if (last_seq && last_seq != head.header.first_seq + head.header.count - 1)
        return bad_record(last_seq, "is the last of the journal, but not of the last block", why);
    v->last_height = head.header.height;
    return SG_OK;
}

enum sg_err block_verify_all(struct env *env, const uint8_t *sign_public,
                             void (*progress)(uint64_t height, uint64_t of), uint64_t *out_records,
                             struct sg_why *why)
{
    SG_AUTO(verify_done) struct verify v = {.env = env, .sign_public = sign_public};
    enum sg_err err = begin(&v, why);
    while (!err && (v.block.header.height < v.last_height || v.done < v.block.header.count))
        err = go_on(&v, progress, why);
    if (!err)
        *out_records = v.records;
    return err;
}
