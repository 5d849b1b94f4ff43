/* key.h - keys of rows: fixed and big-endian, so that byte order is journal order. */
#ifndef SINERGI_STORE_KEY_H
#define SINERGI_STORE_KEY_H

#include "kit/bytes.h"
#include "wire/id.h"

#define KEY_BYTES_MAX 120

struct key {
    size_t len;
    uint8_t b[KEY_BYTES_MAX];
};

/* Build from left to right: `struct key k = {0}; key_text(&k, agency); key_u64(&k, seq);`.
 * A text ends with a NUL, so that no text is the prefix of another. Too long is a broken promise.
 */
struct key *key_u8(struct key *key, uint8_t n);
struct key *key_u64(struct key *key, uint64_t n);
struct key *key_i64(struct key *key, int64_t n); /* n >= 0 */
struct key *key_id(struct key *key, const struct sg_id *id);
struct key *key_bytes(struct key *key, struct sg_bytes bytes);
struct key *key_text(struct key *key, const char *text);

static inline struct sg_bytes key_borrow(const struct key *key)
{
    return (struct sg_bytes){key->b, key->len};
}
static inline bool key_starts(struct sg_bytes key, const struct key *prefix)
{
    return key.len >= prefix->len && memcmp(key.ptr, prefix->b, prefix->len) == 0;
}

#endif
