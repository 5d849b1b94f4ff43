#include "wire/sign.h"

#include "kit/check.h"

#include <sodium.h>
#include <stdlib.h>

typedef crypto_generichash_state hash_state;

enum sg_err sg_crypto_init(struct sg_why *why)
{
    if (sodium_init() < 0)
        return sg_fail(why, SG_E_CRYPTO, "libsodium cannot start");
    /* libzmq draws its first routing id and its reconnect jitter from rand(), unseeded. */
    srand(randombytes_random());
    return SG_OK;
}

void sg_random(void *to, size_t size)
{
    randombytes_buf(to, size);
}

static void add(hash_state *state, const void *data, size_t size)
{
    (void)crypto_generichash_update(state, data, size);
}

static void add_u64(hash_state *state, uint64_t n)
{
    uint8_t b[8];
    sg_put_u64(b, n);
    add(state, b, sizeof b);
}

void sg_hash(struct sg_bytes data, uint8_t out_hash[SG_HASH_BYTES])
{
    (void)crypto_generichash(out_hash, SG_HASH_BYTES, data.ptr, data.len, NULL, 0);
}

void sg_keyed_hash(const uint8_t key[SG_KEY_BYTES], const struct sg_bytes *runs, size_t run_count,
                   uint8_t *out, size_t size)
{
    hash_state state;
    SG_CHECK(size >= crypto_generichash_BYTES_MIN && size <= crypto_generichash_BYTES_MAX);
    (void)crypto_generichash_init(&state, key, SG_KEY_BYTES, size);
    for (size_t i = 0; i < run_count; i++) {
        add_u64(&state, runs[i].len);
        add(&state, runs[i].ptr, runs[i].len);
    }
    (void)crypto_generichash_final(&state, out, size);
    sodium_memzero(&state, sizeof state);
}

void sg_event_digest_of(struct sg_bytes clear, const uint8_t personal_hash[SG_HASH_BYTES],
                        uint8_t out[SG_HASH_BYTES])
{
    uint8_t both[2 * SG_HASH_BYTES];
    sg_hash(clear, both);
    memcpy(both + SG_HASH_BYTES, personal_hash, SG_HASH_BYTES);
    sg_hash((struct sg_bytes){both, sizeof both}, out);
}

void sg_event_digest(struct sg_bytes clear, struct sg_bytes personal, uint8_t out[SG_HASH_BYTES])
{
    uint8_t personal_hash[SG_HASH_BYTES];
    sg_hash(personal, personal_hash);
    sg_event_digest_of(clear, personal_hash, out);
}

/* ---- frames ---- */

static const char claim_label[] = "sinergi publish 1"; /* its NUL is the 00 */

enum {
    CLAIM_MAX = sizeof claim_label + SG_ID_BYTES + 1 + SG_AGENCY_MAX + SG_ID_BYTES + 8 + 4 +
                (size_t)SG_FRAME_EVENTS_MAX * SG_HASH_BYTES
};

static bool claim_fits(const struct sg_frame_claim *claim)
{
    return claim->count <= SG_FRAME_EVENTS_MAX && strlen(claim->agency) <= SG_AGENCY_MAX;
}

static uint8_t *put(uint8_t *to, const void *from, size_t size)
{
    memcpy(to, from, size);
    return to + size;
}

static size_t write_claim(const struct sg_frame_claim *claim, uint8_t to[CLAIM_MAX])
{
    size_t agency_len = strlen(claim->agency);
    uint8_t *at = put(to, claim_label, sizeof claim_label);
    at = put(at, claim->store_id->b, SG_ID_BYTES);
    *at++ = (uint8_t)agency_len;
    at = put(at, claim->agency, agency_len);
    at = put(at, claim->outbox_id->b, SG_ID_BYTES);
    sg_put_u64(at, claim->first_number);
    sg_put_u32(at + 8, claim->count);
    at = put(at + 12, claim->digests, (size_t)claim->count * SG_HASH_BYTES);
    return (size_t)(at - to);
}

/* A frame of ours that is too large is a bug; one of others is not signed as they say. */
void sg_frame_sign(const struct sg_frame_claim *claim, const uint8_t secret[64],
                   uint8_t out_signature[SG_SIGNATURE_BYTES])
{
    uint8_t bytes[CLAIM_MAX];
    SG_CHECK(claim_fits(claim));
    size_t len = write_claim(claim, bytes);
    SG_CHECK(crypto_sign_detached(out_signature, NULL, bytes, len, secret) == 0);
}

bool sg_frame_verify(const struct sg_frame_claim *claim, const uint8_t public_key[SG_KEY_BYTES],
                     const uint8_t signature[SG_SIGNATURE_BYTES])
{
    uint8_t bytes[CLAIM_MAX];
    if (!claim_fits(claim))
        return false;
    size_t len = write_claim(claim, bytes);
    return crypto_sign_verify_detached(signature, bytes, len, public_key) == 0;
}

/* ---- leaves and blocks ---- */

void sg_leaf_hash(uint64_t seq, int64_t accepted_ms, const struct sg_id *outbox_id, uint64_t number,
                  const uint8_t digest[SG_HASH_BYTES], const uint8_t rest[SG_HASH_BYTES],
                  uint8_t out[SG_HASH_BYTES])
{
    uint8_t leaf[1 + 8 + 8 + SG_ID_BYTES + 8 + 2 * SG_HASH_BYTES] = {0};
    uint8_t *at = leaf + 1;
    sg_put_u64(at, seq);
    sg_put_u64(at + 8, (uint64_t)accepted_ms);
    memcpy(at + 16, outbox_id->b, SG_ID_BYTES);
    sg_put_u64(at + 32, number);
    memcpy(at + 40, digest, SG_HASH_BYTES);
    memcpy(at + 72, rest, SG_HASH_BYTES);
    sg_hash((struct sg_bytes){leaf, sizeof leaf}, out);
}

enum { HEADER_BYTES = 16 + 16 + 8 * 3 + 4 + 8 + 2 * SG_HASH_BYTES };

static void write_header(const struct sg_block_header *header, uint8_t to[HEADER_BYTES])
{
    static const char label[16] = "sinergi block 1"; /* 15 letters and the 00 */
    memcpy(to, label, sizeof label);
    memcpy(to + 16, header->store_id.b, SG_ID_BYTES);
    sg_put_u64(to + 32, header->epoch);
    sg_put_u64(to + 40, header->height);
    sg_put_u64(to + 48, header->first_seq);
    sg_put_u32(to + 56, header->count);
    sg_put_u64(to + 60, (uint64_t)header->time_ms);
    memcpy(to + 68, header->root, SG_HASH_BYTES);
    memcpy(to + 100, header->previous_hash, SG_HASH_BYTES);
}

void sg_block_hash(const struct sg_block_header *header, uint8_t out_hash[SG_HASH_BYTES])
{
    uint8_t bytes[HEADER_BYTES];
    write_header(header, bytes);
    sg_hash((struct sg_bytes){bytes, sizeof bytes}, out_hash);
}

void sg_block_sign(const struct sg_block_header *header, const uint8_t secret[64],
                   uint8_t out_signature[SG_SIGNATURE_BYTES])
{
    uint8_t bytes[HEADER_BYTES];
    write_header(header, bytes);
    SG_CHECK(crypto_sign_detached(out_signature, NULL, bytes, sizeof bytes, secret) == 0);
}

bool sg_block_verify(const struct sg_block_header *header, const uint8_t public_key[SG_KEY_BYTES],
                     const uint8_t signature[SG_SIGNATURE_BYTES])
{
    uint8_t bytes[HEADER_BYTES];
    write_header(header, bytes);
    return crypto_sign_verify_detached(signature, bytes, sizeof bytes, public_key) == 0;
}

void sg_key_id(const uint8_t sign_public[SG_KEY_BYTES], uint8_t out_key_id[8])
{
    uint8_t hash[SG_HASH_BYTES];
    sg_hash((struct sg_bytes){sign_public, SG_KEY_BYTES}, hash);
    memcpy(out_key_id, hash, 8);
}
