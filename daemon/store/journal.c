#include "store/journal.h"

#include "store/inside.h"
#include "wire/codec.h"

#define VALUE_VERSION 1U

/* Where the fields of a value begin. */
enum {
    AT_ACCEPTED = 1,
    AT_OUTBOX = AT_ACCEPTED + 8,
    AT_NUMBER = AT_OUTBOX + SG_ID_BYTES,
    AT_PERSONAL_HASH = AT_NUMBER + 8,
    AT_REST_LEN = AT_PERSONAL_HASH + SG_HASH_BYTES,
    AT_CLEAR_LEN = AT_REST_LEN + 4,
    AT_REST = AT_CLEAR_LEN + 4,
};

enum sg_err record_parse(struct sg_bytes key, struct sg_bytes value, struct record *out_record,
                         struct sg_why *why)
{
    if (key.len != 8)
        return sg_fail(why, SG_E_STORE, "journal: a key of %zu bytes", key.len);
    uint64_t seq = sg_get_u64(key.ptr);
    const uint8_t *v = value.ptr;
    if (value.len < AT_REST || v[0] != VALUE_VERSION)
        return sg_fail(why, SG_E_STORE, "record %llu is damaged: not a record of this format",
                       (unsigned long long)seq);
    size_t rest_len = sg_get_u32(v + AT_REST_LEN);
    size_t clear_len = sg_get_u32(v + AT_CLEAR_LEN);
    size_t parts_len = value.len - AT_REST;
    if (rest_len > parts_len || clear_len > parts_len - rest_len)
        return sg_fail(why, SG_E_STORE, "record %llu is damaged: longer parts than bytes",
                       (unsigned long long)seq);

    struct record record = {
        .seq = seq,
        .accepted_ms = (int64_t)sg_get_u64(v + AT_ACCEPTED),
        .number = sg_get_u64(v + AT_NUMBER),
        .rest_bytes = {v + AT_REST, rest_len},
        .clear = {v + AT_REST + rest_len, clear_len},
        .personal = {v + AT_REST + rest_len + clear_len, parts_len - rest_len - clear_len},
    };
    memcpy(record.outbox_id.b, v + AT_OUTBOX, SG_ID_BYTES);
    memcpy(record.personal_hash, v + AT_PERSONAL_HASH, SG_HASH_BYTES);
    *out_record = record;
    return SG_OK;
}

enum sg_err journal_get(struct txn *txn, uint64_t seq, struct record *out_record,
                        struct sg_why *why)
{
    struct key key = {0};
    key_u64(&key, seq);
    struct sg_bytes value = {0};
    enum sg_err err = table_get(txn, TABLE_JOURNAL, &key, &value, why);
    return err ? err : record_parse(key_borrow(&key), value, out_record, why);
}

enum sg_err record_open_rest(struct record *record, struct sg_arena *arena, struct sg_why *why)
{
    PbRecordRest *rest = NULL;
    enum sg_err err =
        sg_decode_row(&pb_record_rest__descriptor, record->rest_bytes, arena, &rest, why);
    if (err == SG_E_FORMAT)
        return sg_fail(why, SG_E_STORE, "record %llu is damaged: its rest is not a RecordRest",
                       (unsigned long long)record->seq);
    if (!err)
        record->rest = rest;
    return err;
}

static uint8_t *put_bytes(uint8_t *at, struct sg_bytes bytes)
{
    if (bytes.len)
        memcpy(at, bytes.ptr, bytes.len);
    return at + bytes.len;
}

enum sg_err journal_append(struct txn *txn, const struct record *record, struct sg_arena *arena,
                           struct sg_why *why)
{
    (void)arena; /* the value is put together in the page itself */
    size_t rest_len = record->rest_bytes.len;
    size_t clear_len = record->clear.len;
    if (rest_len > UINT32_MAX || clear_len > UINT32_MAX)
        return sg_fail(why, SG_E_STORE, "record %llu is too large",
                       (unsigned long long)record->seq);
    struct key key = {0};
    key_u64(&key, record->seq);
    uint8_t *v = NULL;
    size_t size = AT_REST + rest_len + clear_len + record->personal.len;
    enum sg_err err = table_reserve(txn, TABLE_JOURNAL, &key, size, RESERVE_APPEND, &v, why);
    if (err)
        return err;
    v[0] = VALUE_VERSION;
    sg_put_u64(v + AT_ACCEPTED, (uint64_t)record->accepted_ms);
    memcpy(v + AT_OUTBOX, record->outbox_id.b, SG_ID_BYTES);
    sg_put_u64(v + AT_NUMBER, record->number);
    memcpy(v + AT_PERSONAL_HASH, record->personal_hash, SG_HASH_BYTES);
    sg_put_u32(v + AT_REST_LEN, (uint32_t)rest_len);
    sg_put_u32(v + AT_CLEAR_LEN, (uint32_t)clear_len);
    put_bytes(put_bytes(put_bytes(v + AT_REST, record->rest_bytes), record->clear),
              record->personal);
    return SG_OK;
}

enum sg_err journal_last(struct txn *txn, uint64_t *out_seq, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    enum sg_err err = cursor_open(&cursor, txn, TABLE_JOURNAL, why);
    if (!err)
        err = cursor_last(&cursor, why);
    if (err)
        return err;
    if (cursor.key.ptr && cursor.key.len != 8)
        return sg_fail(why, SG_E_STORE, "journal: a key of %zu bytes", cursor.key.len);
    *out_seq = cursor.key.ptr ? sg_get_u64(cursor.key.ptr) : 0;
    return SG_OK;
}

void record_leaf(const struct record *record, uint8_t out_leaf[SG_HASH_BYTES])
{
    uint8_t rest[SG_HASH_BYTES];
    sg_hash(record->rest_bytes, rest);
    record_leaf_of(record, rest, out_leaf);
}

void record_leaf_of(const struct record *record, const uint8_t rest[SG_HASH_BYTES],
                    uint8_t out_leaf[SG_HASH_BYTES])
{
    uint8_t digest[SG_HASH_BYTES];
    if (!record->digest)
        sg_event_digest_of(record->clear, record->personal_hash, digest);
    sg_leaf_hash(record->seq, record->accepted_ms, &record->outbox_id, record->number,
                 record->digest ? record->digest : digest, rest, out_leaf);
}
