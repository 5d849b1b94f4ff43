#include "store/key.h"

#include "kit/check.h"

static uint8_t *room(struct key *key, size_t size)
{
    SG_CHECK(size <= KEY_BYTES_MAX - key->len);
    uint8_t *at = key->b + key->len;
    key->len += size;
    return at;
}

struct key *key_u8(struct key *key, uint8_t n)
{
    *room(key, 1) = n;
    return key;
}

struct key *key_u64(struct key *key, uint64_t n)
{
    sg_put_u64(room(key, 8), n);
    return key;
}

struct key *key_i64(struct key *key, int64_t n)
{
    SG_CHECK(n >= 0); /* a sign bit would sort before everything */
    return key_u64(key, (uint64_t)n);
}

struct key *key_id(struct key *key, const struct sg_id *id)
{
    memcpy(room(key, SG_ID_BYTES), id->b, SG_ID_BYTES);
    return key;
}

struct key *key_bytes(struct key *key, struct sg_bytes bytes)
{
    uint8_t *at = room(key, bytes.len);
    if (bytes.len)
        memcpy(at, bytes.ptr, bytes.len);
    return key;
}

struct key *key_text(struct key *key, const char *text)
{
    size_t size = strlen(text) + 1;
    memcpy(room(key, size), text, size);
    return key;
}
