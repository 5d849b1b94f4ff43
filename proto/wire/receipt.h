/* receipt.h - the signed proof that an event stands in the journal; checked offline with nothing
 * but the broker's public signing key. JSON form: docs/PROTOCOL.md section 8.3.
 */
#ifndef SINERGI_WIRE_RECEIPT_H
#define SINERGI_WIRE_RECEIPT_H

#include "wire/sign.h"

#include <jansson.h>

#define SG_PATH_BYTES_MAX ((size_t)32 * SG_HASH_BYTES)

struct sg_receipt {
    char agency[SG_AGENCY_MAX + 1];
    struct sg_id outbox_id;
    uint64_t number, seq;
    int64_t accepted_ms;
    uint8_t digest[SG_HASH_BYTES], rest_hash[SG_HASH_BYTES];
    uint32_t leaf_index;
    size_t path_len;
    uint8_t path[SG_PATH_BYTES_MAX];
    struct sg_block_header block;
    uint8_t signature[SG_SIGNATURE_BYTES];
};

/* A new reference; NULL when memory is out. */
json_t *sg_receipt_json(const struct sg_receipt *receipt);
/* Errors: SG_E_FORMAT names the member that is missing or wrong. */
SG_MUST_CHECK enum sg_err sg_receipt_parse(const char *text, size_t length,
                                           struct sg_receipt *out_receipt, struct sg_why *why);
/* Signature, place in the block, time, leaf, path and root. event_digest: of the event that the
 * receipt shall be for, or NULL. The agency is a label for people: it is evidenced only through
 * rest_hash, by whoever has the record. Errors: SG_E_CRYPTO says what does not hold. */
SG_MUST_CHECK enum sg_err sg_receipt_verify(const struct sg_receipt *receipt,
                                            const uint8_t sign_public[SG_KEY_BYTES],
                                            const uint8_t *event_digest, struct sg_why *why);

#endif
