/* sign.h - hashes and signatures: the byte-exact heart of receipts.
 *
 * H is BLAKE2b-256. All numbers are big-endian.
 *
 *   event digest   H(H(clear) | H(personal))
 *   frame          Ed25519 over "sinergi publish 1" 00 | store id (16) | length of agency (1) |
 *                  agency | outbox (16) | first number (8) | count (4) | digests
 *   rest           H(packed RecordRest)
 *   leaf           H(00 | seq (8) | accepted_at ms (8) | outbox (16) | number (8) | digest | rest)
 *   node           H(01 | left | right), tree shape of RFC 6962
 *   block header   "sinergi block 1" 00 | store id | epoch (8) | height (8) | first seq (8) |
 *                  count (4) | time ms (8) | root | previous hash
 *   block hash     H(header); the signature is Ed25519 over the header
 */
#ifndef SINERGI_WIRE_SIGN_H
#define SINERGI_WIRE_SIGN_H

#include "kit/bytes.h"
#include "kit/err.h"
#include "wire/id.h"
#include "wire/limits.h"

/* sodium_init and srand(random), once per process, before any socket. Errors: SG_E_CRYPTO. */
SG_MUST_CHECK enum sg_err sg_crypto_init(struct sg_why *why);
void sg_random(void *to, size_t size);

void sg_hash(struct sg_bytes data, uint8_t out_hash[SG_HASH_BYTES]);
/* Keyed BLAKE2b of `size` (16 to 64) bytes over up to 4 runs of bytes, each with its length (8
 * bytes) before it. */
void sg_keyed_hash(const uint8_t key[SG_KEY_BYTES], const struct sg_bytes *runs, size_t run_count,
                   uint8_t *out, size_t size);

void sg_event_digest(struct sg_bytes clear, struct sg_bytes personal, uint8_t out[SG_HASH_BYTES]);
/* From the clear part and H(personal): for records whose personal part is gone. */
void sg_event_digest_of(struct sg_bytes clear, const uint8_t personal_hash[SG_HASH_BYTES],
                        uint8_t out[SG_HASH_BYTES]);

/* What the signature of a frame covers. digests: 32 bytes an event. */
struct sg_frame_claim {
    const struct sg_id *store_id, *outbox_id;
    const char *agency;
    uint64_t first_number;
    uint32_t count;
    const uint8_t *digests;
};
/* secret: 64 bytes as libsodium keeps them (seed and public key). */
void sg_frame_sign(const struct sg_frame_claim *claim, const uint8_t secret[64],
                   uint8_t out_signature[SG_SIGNATURE_BYTES]);
bool sg_frame_verify(const struct sg_frame_claim *claim, const uint8_t public_key[SG_KEY_BYTES],
                     const uint8_t signature[SG_SIGNATURE_BYTES]);

void sg_leaf_hash(uint64_t seq, int64_t accepted_ms, const struct sg_id *outbox_id, uint64_t number,
                  const uint8_t digest[SG_HASH_BYTES], const uint8_t rest[SG_HASH_BYTES],
                  uint8_t out[SG_HASH_BYTES]);

struct sg_block_header {
    struct sg_id store_id;
    uint64_t epoch, height, first_seq;
    uint32_t count;
    int64_t time_ms;
    uint8_t root[SG_HASH_BYTES], previous_hash[SG_HASH_BYTES];
};
void sg_block_hash(const struct sg_block_header *header, uint8_t out_hash[SG_HASH_BYTES]);
void sg_block_sign(const struct sg_block_header *header, const uint8_t secret[64],
                   uint8_t out_signature[SG_SIGNATURE_BYTES]);
bool sg_block_verify(const struct sg_block_header *header, const uint8_t public_key[SG_KEY_BYTES],
                     const uint8_t signature[SG_SIGNATURE_BYTES]);

/* 8 bytes that name a signing key in a frames row: first bytes of H(public key). */
void sg_key_id(const uint8_t sign_public[SG_KEY_BYTES], uint8_t out_key_id[8]);

#endif
