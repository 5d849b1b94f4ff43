/* id.h - 16-byte ids, in order of time: made, minted, parsed and printed. */
#ifndef SINERGI_WIRE_ID_H
#define SINERGI_WIRE_ID_H

#include "kit/bytes.h"
#include "kit/err.h"
#include "wire/limits.h"

struct sg_id {
    uint8_t b[SG_ID_BYTES];
};

#define SG_ID_TEXT 37 /* "01968a3e-…" with the NUL */

/* UUIDv7 of the given time (ms since 1970) with fresh randomness: for ids that a client makes. */
struct sg_id sg_id_make(int64_t time_ms);

/* 48 bits of time and 80 bits of a hash: for ids that follow from something. hash: 10 bytes or
 * more. */
struct sg_id sg_id_mint(int64_t time_ms, const uint8_t *hash);

bool sg_id_is_zero(const struct sg_id *id);
bool sg_id_equal(const struct sg_id *a, const struct sg_id *b);
struct sg_bytes sg_id_bytes(const struct sg_id *id); /* borrows */

/* Errors: SG_E_FORMAT unless bytes.len is 16 and not all are zero. */
SG_MUST_CHECK enum sg_err sg_id_from(struct sg_bytes bytes, struct sg_id *out_id);

/* 8-4-4-4-12 hexadecimal digits, lower case; returns `to`. Parsing takes also 32 digits alone. */
const char *sg_id_print(const struct sg_id *id, char to[SG_ID_TEXT]);
SG_MUST_CHECK enum sg_err sg_id_parse(const char *text, struct sg_id *out_id);

#endif
