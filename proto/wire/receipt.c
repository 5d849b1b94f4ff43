#include "wire/receipt.h"

#include "wire/codec.h"
#include "wire/keyfile.h"
#include "wire/merkle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- print ---- */

static json_t *hex(const uint8_t *bytes, size_t size)
{
    char text[2 * SG_PATH_BYTES_MAX + 1];
    sg_hex_print(bytes, size, text);
    return json_string(text);
}

static json_t *wide(uint64_t n)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)n);
    return json_string(text);
}

static json_t *id(const struct sg_id *value)
{
    char text[SG_ID_TEXT];
    return json_string(sg_id_print(value, text));
}

static json_t *block_json(const struct sg_receipt *receipt)
{
    const struct sg_block_header *b = &receipt->block;
    return json_pack("{s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o}", "epoch", wide(b->epoch), "height",
                     wide(b->height), "firstSeq", wide(b->first_seq), "count", (json_int_t)b->count,
                     "timeMs", wide((uint64_t)b->time_ms), "root", hex(b->root, SG_HASH_BYTES),
                     "previousHash", hex(b->previous_hash, SG_HASH_BYTES), "signature",
                     hex(receipt->signature, SG_SIGNATURE_BYTES));
}

json_t *sg_receipt_json(const struct sg_receipt *r)
{
    return json_pack("{s:i, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o}",
                     "sinergiReceipt", 1, "storeId", id(&r->block.store_id), "agency", r->agency,
                     "outbox", id(&r->outbox_id), "number", wide(r->number), "seq", wide(r->seq),
                     "acceptedAt", wide((uint64_t)r->accepted_ms), "digest",
                     hex(r->digest, SG_HASH_BYTES), "restHash", hex(r->rest_hash, SG_HASH_BYTES),
                     "leafIndex", (json_int_t)r->leaf_index, "path", hex(r->path, r->path_len),
                     "block", block_json(r));
}

/* ---- parse ---- */

struct member {
    const json_t *object;
    struct sg_why *why;
    bool good;
};

static void miss(struct member *m, const char *name, const char *want)
{
    if (m->good)
        (void)sg_fail(m->why, SG_E_FORMAT, "receipt: '%s' is missing or wrong, want %s", name,
                      want);
    m->good = false;
}

static void take_hex(struct member *m, const char *name, uint8_t *to, size_t size)
{
    const char *text = json_string_value(json_object_get(m->object, name));
    char want[48];
    (void)snprintf(want, sizeof want, "%zu hexadecimal digits", 2 * size);
    if (!text || sg_hex_parse(text, to, size) != SG_OK)
        miss(m, name, want);
}

/* A number of at most `max`, as a text of digits. */
static void take_wide(struct member *m, const char *name, uint64_t max, uint64_t *to)
{
    const char *text = json_string_value(json_object_get(m->object, name));
    errno = 0;
    if (text && text[0] && text[strspn(text, "0123456789")] == '\0')
        *to = strtoull(text, NULL, 10);
    else
        errno = EINVAL;
    if (errno || *to > max)
        miss(m, name, "a whole number as text");
}

static void take_time(struct member *m, const char *name, int64_t *to)
{
    uint64_t ms = 0;
    take_wide(m, name, INT64_MAX, &ms);
    *to = (int64_t)ms;
}

static void take_narrow(struct member *m, const char *name, uint32_t *to)
{
    const json_t *value = json_object_get(m->object, name);
    json_int_t n = json_integer_value(value);
    if (!json_is_integer(value) || n < 0 || n > UINT32_MAX)
        miss(m, name, "a whole number");
    else
        *to = (uint32_t)n;
}

static void take_id(struct member *m, const char *name, struct sg_id *to)
{
    const char *text = json_string_value(json_object_get(m->object, name));
    if (!text || sg_id_parse(text, to) != SG_OK)
        miss(m, name, "an id");
}

static void take_block(struct member *m, struct sg_receipt *r)
{
    take_wide(m, "epoch", UINT64_MAX, &r->block.epoch);
    take_wide(m, "height", UINT64_MAX, &r->block.height);
    take_wide(m, "firstSeq", UINT64_MAX, &r->block.first_seq);
    take_narrow(m, "count", &r->block.count);
    take_time(m, "timeMs", &r->block.time_ms);
    take_hex(m, "root", r->block.root, SG_HASH_BYTES);
    take_hex(m, "previousHash", r->block.previous_hash, SG_HASH_BYTES);
    take_hex(m, "signature", r->signature, SG_SIGNATURE_BYTES);
}

static void take_agency(struct member *m, struct sg_receipt *r)
{
    const char *agency = json_string_value(json_object_get(m->object, "agency"));
    if (!agency || !sg_agency_valid(sg_bytes_of(agency)))
        miss(m, "agency", "an agency id");
    else
        memcpy(r->agency, agency, strlen(agency) + 1);
}

static void take_path(struct member *m, struct sg_receipt *r)
{
    const char *path = json_string_value(json_object_get(m->object, "path"));
    size_t len = path ? strlen(path) / 2 : 0;
    if (!path || len > SG_PATH_BYTES_MAX || len % SG_HASH_BYTES ||
        sg_hex_parse(path, r->path, len) != SG_OK)
        miss(m, "path", "64 hexadecimal digits for each of at most 32 hashes");
    r->path_len = len;
}

static void take_receipt(struct member *m, struct sg_receipt *r)
{
    const json_t *version = json_object_get(m->object, "sinergiReceipt");
    if (!json_is_integer(version) || json_integer_value(version) != 1)
        miss(m, "sinergiReceipt", "1");
    take_id(m, "storeId", &r->block.store_id);
    take_agency(m, r);
    take_id(m, "outbox", &r->outbox_id);
    take_wide(m, "number", UINT64_MAX, &r->number);
    take_wide(m, "seq", UINT64_MAX, &r->seq);
    take_time(m, "acceptedAt", &r->accepted_ms);
    take_hex(m, "digest", r->digest, SG_HASH_BYTES);
    take_hex(m, "restHash", r->rest_hash, SG_HASH_BYTES);
    take_narrow(m, "leafIndex", &r->leaf_index);
    take_path(m, r);
}

enum sg_err sg_receipt_parse(const char *text, size_t length, struct sg_receipt *out_receipt,
                             struct sg_why *why)
{
    json_error_t error;
    json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!json)
        return sg_fail(why, SG_E_FORMAT, "receipt: not JSON, line %d, column %d: %s", error.line,
                       error.column, error.text);
    struct sg_receipt receipt = {0};
    struct member m = {json, why, true};
    take_receipt(&m, &receipt);
    m.object = json_object_get(json, "block");
    if (m.good && !json_is_object(m.object))
        miss(&m, "block", "an object");
    if (m.good)
        take_block(&m, &receipt);
    json_decref(json);
    if (!m.good)
        return SG_E_FORMAT;
    *out_receipt = receipt;
    return SG_OK;
}

/* ---- verify ---- */

enum sg_err sg_receipt_verify(const struct sg_receipt *r, const uint8_t sign_public[SG_KEY_BYTES],
                              const uint8_t *event_digest, struct sg_why *why)
{
    uint8_t leaf[SG_HASH_BYTES];
    const struct sg_block_header *b = &r->block;
    if (!sg_block_verify(b, sign_public, r->signature))
        return sg_fail(why, SG_E_CRYPTO, "the block is not signed with the broker's key");
    if (r->leaf_index >= b->count)
        return sg_fail(why, SG_E_CRYPTO, "leaf %u does not exist: the block has %u records",
                       r->leaf_index, b->count);
    uint64_t seq = b->first_seq + r->leaf_index;
    if (r->seq != seq)
        return sg_fail(why, SG_E_CRYPTO, "leaf %u of the block has seq %llu, not %llu",
                       r->leaf_index, (unsigned long long)seq, (unsigned long long)r->seq);
    if (r->accepted_ms != b->time_ms)
        return sg_fail(why, SG_E_CRYPTO, "the time of acceptance is not that of the block");
    if (event_digest && memcmp(event_digest, r->digest, SG_HASH_BYTES) != 0)
        return sg_fail(why, SG_E_CRYPTO, "the receipt is for other bytes than those of the event");
    sg_leaf_hash(r->seq, r->accepted_ms, &r->outbox_id, r->number, r->digest, r->rest_hash, leaf);
    if (!sg_merkle_verify(leaf, r->leaf_index, b->count, (struct sg_bytes){r->path, r->path_len},
                          b->root))
        return sg_fail(why, SG_E_CRYPTO,
                       "the path does not lead from this event to the root of the block");
    return SG_OK;
}
