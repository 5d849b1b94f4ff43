#include "store/block.h"

#include "kit/check.h"
#include "sinergi/v1/block.pb-c.h"
#include "wire/codec.h"

#include <stdalign.h>

#define EPOCH_SHIFT 32 /* a restored store goes on at the next multiple of 2^32 */
#define LEAVES_FIRST 64U

/* ---- rows of the table ---- */

static ProtobufCBinaryData borrow(const uint8_t *from, size_t len)
{
    /* Packing only reads; the generated type has no const. */
    union {
        const uint8_t *from;
        uint8_t *to;
    } same = {from};
    return (ProtobufCBinaryData){len, same.to};
}

static enum sg_err put_row(struct txn *txn, const struct signed_block *block, struct sg_why *why)
{
    const struct sg_block_header *h = &block->header;
    PbSignedBlock row = PB_SIGNED_BLOCK__INIT;
    row.has_store_id = row.has_epoch = row.has_height = row.has_first_seq = true;
    row.has_count = row.has_time_ms = row.has_root = row.has_previous_hash = true;
    row.has_signature = true;
    row.store_id = borrow(h->store_id.b, SG_ID_BYTES);
    row.epoch = h->epoch;
    row.height = h->height;
    row.first_seq = h->first_seq;
    row.count = h->count;
    row.time_ms = h->time_ms;
    row.root = borrow(h->root, SG_HASH_BYTES);
    row.previous_hash = borrow(h->previous_hash, SG_HASH_BYTES);
    row.signature = borrow(block->signature, SG_SIGNATURE_BYTES);
    struct key key = {0};
    return row_put(txn, TABLE_BLOCKS, key_u64(&key, h->height), &row, why);
}

static bool take(ProtobufCBinaryData from, uint8_t *to, size_t size)
{
    if (from.len != size)
        return false;
    memcpy(to, from.data, size);
    return true;
}

static bool block_of_row(const PbSignedBlock *row, struct signed_block *block)
{
    struct sg_block_header *h = &block->header;
    h->epoch = row->epoch;
    h->height = row->height;
    h->first_seq = row->first_seq;
    h->count = row->count;
    h->time_ms = row->time_ms;
    return row->epoch && row->height && row->first_seq && row->count &&
           take(row->store_id, h->store_id.b, SG_ID_BYTES) &&
           take(row->root, h->root, SG_HASH_BYTES) &&
           take(row->previous_hash, h->previous_hash, SG_HASH_BYTES) &&
           take(row->signature, block->signature, SG_SIGNATURE_BYTES);
}

static enum sg_err parse_row(struct sg_bytes key, struct sg_bytes value,
                             struct signed_block *out_block, struct sg_why *why)
{
    alignas(16) uint8_t room[2048]; /* a decoded header has a known size */
    struct sg_arena arena = {.base = room, .size = sizeof room};
    uint64_t height = key.len == 8 ? sg_get_u64(key.ptr) : 0;
    PbSignedBlock *row = NULL;
    struct signed_block block = {0};
    if (sg_decode_row(&pb_signed_block__descriptor, value, &arena, &row, NULL) ||
        !block_of_row(row, &block) || block.header.height != height)
        return sg_fail(why, SG_E_STORE, "block %llu is damaged: its row is not a header",
                       (unsigned long long)height);
    sg_block_hash(&block.header, block.hash);
    *out_block = block;
    return SG_OK;
}

enum sg_err block_get(struct txn *txn, uint64_t height, struct signed_block *out_block,
                      struct sg_why *why)
{
    struct key key = {0};
    struct sg_bytes value = {0};
    enum sg_err err = table_get(txn, TABLE_BLOCKS, key_u64(&key, height), &value, why);
    return err ? err : parse_row(key_borrow(&key), value, out_block, why);
}

enum sg_err block_head(struct txn *txn, struct signed_block *out_block, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    enum sg_err err = cursor_open(&cursor, txn, TABLE_BLOCKS, why);
    if (!err)
        err = cursor_last(&cursor, why);
    if (err)
        return err;
    if (cursor.key.ptr)
        return parse_row(cursor.key, cursor.value, out_block, why);
    *out_block = (struct signed_block){0};
    return SG_OK;
}

/* ---- building ---- */

static enum sg_err read_epoch(struct txn *txn, uint64_t *out_epoch, struct sg_why *why)
{
    struct key key = {0};
    struct sg_bytes value = {0};
    enum sg_err err = table_get(txn, TABLE_META, key_text(&key, "epoch"), &value, why);
    if (err == SG_E_NOT_FOUND || (!err && value.len != 8))
        return sg_fail(why, SG_E_STORE, "the store has no whole 'epoch'");
    if (!err)
        *out_epoch = sg_get_u64(value.ptr);
    return err;
}

static enum sg_err follow(struct block_builder *builder, const struct signed_block *head,
                          struct sg_why *why)
{
    const struct sg_block_header *h = &head->header;
    if (builder->epoch < h->epoch)
        return sg_fail(why, SG_E_STORE, "the store is of epoch %llu, its last block of %llu",
                       (unsigned long long)builder->epoch, (unsigned long long)h->epoch);
    if (builder->time_ms < h->time_ms)
        builder->time_ms = h->time_ms;
    builder->height = h->height + 1;
    builder->first_seq = h->first_seq + h->count;
    if (builder->epoch > h->epoch && h->count)
        builder->first_seq = ((builder->first_seq >> EPOCH_SHIFT) + 1) << EPOCH_SHIFT;
    memcpy(builder->previous_hash, head->hash, SG_HASH_BYTES);
    return SG_OK;
}

enum sg_err block_begin(struct block_builder *builder, struct txn *txn, struct sg_arena *arena,
                        int64_t time_ms, const uint8_t *sign_secret, struct sg_why *why)
{
    struct block_builder b = {
        .txn = txn,
        .arena = arena,
        .sign_secret = sign_secret,
        .time_ms = time_ms,
        .height = 1,
        .first_seq = 1,
        .store_id = *env_store_id(txn->env),
    };
    struct signed_block head = {0};
    enum sg_err err = read_epoch(txn, &b.epoch, why);
    if (!err)
        err = block_head(txn, &head, why);
    if (!err && head.header.count)
        err = follow(&b, &head, why);
    if (!err)
        err = mailbox_writer_new(arena, &b.mailbox, why);
    if (err)
        return err;
    b.next_seq = b.first_seq;
    *builder = b;
    return SG_OK;
}

static uint8_t *grow(const struct block_builder *builder, const uint8_t *hashes, uint32_t capacity)
{
    uint8_t *room = SG_NEW_ARRAY(builder->arena, uint8_t, (size_t)capacity * SG_HASH_BYTES);
    if (room && builder->count)
        memcpy(room, hashes, (size_t)builder->count * SG_HASH_BYTES);
    return room;
}

/* Leaves lie in one run, since the tree borrows them. It doubles, so that a small block is cheap.
 */
static enum sg_err room_for_leaf(struct block_builder *builder, struct sg_why *why)
{
    if (builder->count < builder->capacity)
        return SG_OK;
    if (builder->count == BLOCK_RECORDS_MAX)
        return sg_fail(why, SG_E_LIMIT, "more than %u records in one block", BLOCK_RECORDS_MAX);
    uint32_t capacity = builder->capacity ? builder->capacity * 2 : LEAVES_FIRST;
    uint8_t *leaves = grow(builder, builder->leaves, capacity);
    uint8_t *rests = grow(builder, builder->rests, capacity);
    if (!leaves || !rests)
        return sg_fail(why, SG_E_LIMIT, "block: the arena is full");
    builder->leaves = leaves;
    builder->rests = rests;
    builder->capacity = capacity;
    return SG_OK;
}

static bool is_zero(const uint8_t hash[SG_HASH_BYTES])
{
    static const uint8_t zero[SG_HASH_BYTES];
    return memcmp(hash, zero, SG_HASH_BYTES) == 0;
}

static void place_record(const struct block_builder *builder, struct record *record,
                         PbRecordRest *rest)
{
    record->seq = builder->next_seq;
    record->accepted_ms = builder->time_ms;
    rest->has_height = true;
    rest->height = builder->height;
    if (rest->kind == PB_RECORD_KIND_DERIVED) {
        record->outbox_id = builder->store_id;
        record->number = record->seq;
    }
    if (is_zero(record->personal_hash))
        sg_hash(record->personal, record->personal_hash);
    record->rest = rest;
}

enum sg_err block_append(struct block_builder *builder, struct record *record, PbRecordRest *rest,
                         struct sg_why *why)
{
    SG_CHECK(rest->has_kind && rest->has_type);
    enum sg_err err = room_for_leaf(builder, why);
    if (err)
        return err;
    place_record(builder, record, rest);
    err = sg_encode(rest, builder->arena, &record->rest_bytes, why);
    if (!err)
        err = journal_append(builder->txn, record, builder->arena, why);
    for (size_t i = 0; !err && i < rest->n_audience; i++)
        err =
            mailbox_add(builder->mailbox, rest->audience[i]->agency, record->seq, rest->type, why);
    if (err)
        return err;
    size_t at = (size_t)builder->count * SG_HASH_BYTES;
    sg_hash(record->rest_bytes, builder->rests + at);
    record_leaf_of(record, builder->rests + at, builder->leaves + at);
    builder->count++;
    builder->next_seq++;
    return SG_OK;
}

const uint8_t *block_rest_hash(const struct block_builder *builder, uint64_t seq)
{
    SG_CHECK(seq >= builder->first_seq && seq < builder->next_seq);
    return builder->rests + (size_t)(seq - builder->first_seq) * SG_HASH_BYTES;
}

enum sg_err block_seal(struct block_builder *builder, struct signed_block *out_block,
                       struct sg_merkle *out_tree, struct sg_why *why)
{
    *out_block = (struct signed_block){0};
    *out_tree = (struct sg_merkle){0};
    if (!builder->count)
        return SG_OK;
    struct sg_merkle tree;
    enum sg_err err = sg_merkle_build(builder->leaves, builder->count, builder->arena, &tree, why);
    if (!err)
        err = mailbox_flush(builder->mailbox, builder->txn, why);
    if (err)
        return err;

    struct signed_block block = {.header = {
                                     .store_id = builder->store_id,
                                     .epoch = builder->epoch,
                                     .height = builder->height,
                                     .first_seq = builder->first_seq,
                                     .count = builder->count,
                                     .time_ms = builder->time_ms,
                                 }};
    memcpy(block.header.root, sg_merkle_root(&tree), SG_HASH_BYTES);
    memcpy(block.header.previous_hash, builder->previous_hash, SG_HASH_BYTES);
    sg_block_hash(&block.header, block.hash);
    sg_block_sign(&block.header, builder->sign_secret, block.signature);
    err = put_row(builder->txn, &block, why);
    if (err)
        return err;
    *out_block = block;
    *out_tree = tree;
    return SG_OK;
}

/* ---- old blocks ---- */

static enum sg_err read_leaves(struct txn *txn, const struct sg_block_header *header,
                               uint8_t *leaves, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key key = {0};
    enum sg_err err = cursor_open(&cursor, txn, TABLE_JOURNAL, why);
    if (!err)
        err = cursor_seek(&cursor, key_u64(&key, header->first_seq), why);
    for (uint32_t i = 0; !err && i < header->count; i++) {
        unsigned long long seq = header->first_seq + i;
        if (!cursor.key.ptr || cursor.key.len != 8 || sg_get_u64(cursor.key.ptr) != seq)
            return sg_fail(why, SG_E_STORE, "record %llu of block %llu is missing", seq,
                           (unsigned long long)header->height);
        struct record record;
        err = record_parse(cursor.key, cursor.value, &record, why);
        if (!err) {
            record_leaf(&record, leaves + (size_t)i * SG_HASH_BYTES);
            err = cursor_next(&cursor, why);
        }
    }
    return err;
}

enum sg_err block_tree(struct txn *txn, const struct signed_block *block, struct sg_arena *arena,
                       struct sg_merkle *out_tree, struct sg_why *why)
{
    const struct sg_block_header *header = &block->header;
    SG_CHECK(header->count && header->count <= BLOCK_RECORDS_MAX);
    uint8_t *leaves = SG_NEW_ARRAY(arena, uint8_t, (size_t)header->count * SG_HASH_BYTES);
    if (!leaves)
        return sg_fail(why, SG_E_LIMIT, "block %llu: the arena is full",
                       (unsigned long long)header->height);
    struct sg_merkle tree;
    enum sg_err err = read_leaves(txn, header, leaves, why);
    if (!err)
        err = sg_merkle_build(leaves, header->count, arena, &tree, why);
    if (err)
        return err;
    if (memcmp(sg_merkle_root(&tree), header->root, SG_HASH_BYTES) != 0)
        return sg_fail(why, SG_E_STORE, "block %llu (records %llu to %llu) has another root",
                       (unsigned long long)header->height, (unsigned long long)header->first_seq,
                       (unsigned long long)header->first_seq + header->count - 1);
    *out_tree = tree;
    return SG_OK;
}
