#include "unit/unit.h"
#include "unit/vectors.h"
#include "wire/sign.h"

#include <sodium.h>

enum { EVENTS = 5 };

static struct sg_bytes text(const char *word, int n, char to[32])
{
    int len = snprintf(to, 32, "%s %d", word, n);
    return (struct sg_bytes){(const uint8_t *)to, (size_t)len};
}

static void signer(uint8_t public_key[32], uint8_t secret[64])
{
    uint8_t seed[32], want[32];
    vector("sign-seed", seed, sizeof seed);
    vector("sign-public", want, sizeof want);
    assert_int_equal(crypto_sign_seed_keypair(public_key, secret, seed), 0);
    assert_memory_equal(public_key, want, sizeof want);
}

static void digests_are_those_of_the_vectors(void **state)
{
    (void)state;
    char a[32], b[32];
    for (int i = 0; i < EVENTS; i++) {
        uint8_t want[32], got[32], personal_hash[32];
        struct sg_bytes clear = text("clear", i, a), personal = text("personal", i, b);
        if (i == 2)
            personal = (struct sg_bytes){NULL, 0};
        vector_n("digest-", (size_t)i, want, sizeof want);
        sg_event_digest(clear, personal, got);
        assert_memory_equal(got, want, sizeof want);
        sg_hash(personal, personal_hash);
        sg_event_digest_of(clear, personal_hash, got);
        assert_memory_equal(got, want, sizeof want);
    }
}

static void leaves_are_those_of_the_vectors(void **state)
{
    (void)state;
    struct sg_id outbox;
    char a[32];
    vector("outbox-id", outbox.b, sizeof outbox.b);
    for (int i = 0; i < EVENTS; i++) {
        uint8_t digest[32], rest[32], want[32], got[32];
        vector_n("digest-", (size_t)i, digest, sizeof digest);
        vector_n("leaf-", (size_t)i, want, sizeof want);
        sg_hash(text("rest", i, a), rest);
        sg_leaf_hash(1001 + (uint64_t)i, 1704675600123, &outbox, 7 + (uint64_t)i, digest, rest,
                     got);
        assert_memory_equal(got, want, sizeof want);
    }
}

static void keyed_values_are_those_of_the_vectors(void **state)
{
    (void)state;
    uint8_t key[32], want[32], got[32], public_key[32], secret[64];
    const struct sg_bytes runs[] = {sg_bytes_of("one"), {NULL, 0}, sg_bytes_of("three")};
    vector("mac-key", key, sizeof key);
    vector("keyed-hash-24", want, 24);
    sg_keyed_hash(key, runs, SG_ARRAY_LEN(runs), got, 24);
    assert_memory_equal(got, want, 24);
    signer(public_key, secret);
    vector("key-id", want, 8);
    sg_key_id(public_key, got);
    assert_memory_equal(got, want, 8);
}

/* ---- frames ---- */

struct frame {
    struct sg_id store, outbox;
    uint8_t digests[SG_FRAME_EVENTS_MAX * 32];
    struct sg_frame_claim claim;
};

static void frame_of_the_vectors(struct frame *frame)
{
    vector("store-id", frame->store.b, 16);
    vector("outbox-id", frame->outbox.b, 16);
    for (size_t i = 0; i < EVENTS; i++)
        vector_n("digest-", i, frame->digests + 32 * i, 32);
    frame->claim = (struct sg_frame_claim){.store_id = &frame->store,
                                           .outbox_id = &frame->outbox,
                                           .agency = "satpolpp",
                                           .first_number = 7,
                                           .count = EVENTS,
                                           .digests = frame->digests};
}

static void frame_signature_is_that_of_the_vectors(void **state)
{
    (void)state;
    uint8_t public_key[32], secret[64], want[64], got[64];
    struct frame frame;
    signer(public_key, secret);
    frame_of_the_vectors(&frame);
    vector("frame-signature", want, sizeof want);
    sg_frame_sign(&frame.claim, secret, got);
    assert_memory_equal(got, want, sizeof want);
    assert_true(sg_frame_verify(&frame.claim, public_key, got));
}

static void change_store(struct frame *f)
{
    f->store.b[15] ^= 1;
}
static void change_outbox(struct frame *f)
{
    f->outbox.b[0] ^= 1;
}
static void change_agency(struct frame *f)
{
    f->claim.agency = "satpolpq";
}
static void shorten_agency(struct frame *f)
{
    f->claim.agency = "satpolp";
}
static void long_agency(struct frame *f)
{
    f->claim.agency = "a2345678901234567890123456789012";
}
static void change_number(struct frame *f)
{
    f->claim.first_number++;
}
static void drop_event(struct frame *f)
{
    f->claim.count--;
}
static void too_many(struct frame *f)
{
    f->claim.count = SG_FRAME_EVENTS_MAX + 1;
}
static void change_digest(struct frame *f)
{
    f->digests[32 * EVENTS - 1] ^= 0x80;
}

static void changed_frame_does_not_verify(void **state)
{
    (void)state;
    static const struct row {
        const char *name;
        void (*change)(struct frame *frame);
    } rows[] = {
        {"another store", change_store},     {"another outbox", change_outbox},
        {"another agency", change_agency},   {"a shorter agency", shorten_agency},
        {"agency of 32 bytes", long_agency}, {"another number", change_number},
        {"an event less", drop_event},       {"more events than a frame has", too_many},
        {"another event", change_digest},
    };
    uint8_t public_key[32], secret[64], signature[64];
    struct frame frame;
    signer(public_key, secret);
    vector("frame-signature", signature, sizeof signature);
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        frame_of_the_vectors(&frame);
        rows[i].change(&frame);
        if (sg_frame_verify(&frame.claim, public_key, signature))
            fail_msg("%s: verifies", rows[i].name);
    }
    frame_of_the_vectors(&frame);
    signature[0] ^= 1;
    assert_false(sg_frame_verify(&frame.claim, public_key, signature));
    signature[0] ^= 1;
    public_key[0] ^= 1;
    assert_false(sg_frame_verify(&frame.claim, public_key, signature));
}

static void the_largest_frame_is_signed(void **state)
{
    (void)state;
    uint8_t public_key[32], secret[64], signature[64];
    struct frame frame;
    signer(public_key, secret);
    frame_of_the_vectors(&frame);
    memset(frame.digests, 7, sizeof frame.digests);
    frame.claim.count = SG_FRAME_EVENTS_MAX;
    frame.claim.agency = "a23456789012345678901234567890b";
    sg_frame_sign(&frame.claim, secret, signature);
    assert_true(sg_frame_verify(&frame.claim, public_key, signature));
    frame.digests[sizeof frame.digests - 1]++;
    assert_false(sg_frame_verify(&frame.claim, public_key, signature));
}

/* ---- blocks ---- */

static void header_of_the_vectors(struct sg_block_header *header)
{
    *header = (struct sg_block_header){
        .epoch = 1, .height = 42, .first_seq = 1001, .count = EVENTS, .time_ms = 1704675600123};
    vector("store-id", header->store_id.b, 16);
    vector("root-5", header->root, 32);
    vector("previous-hash", header->previous_hash, 32);
}

static void block_is_that_of_the_vectors(void **state)
{
    (void)state;
    uint8_t public_key[32], secret[64], want[64], got[64];
    struct sg_block_header header;
    signer(public_key, secret);
    header_of_the_vectors(&header);
    vector("block-hash", want, 32);
    sg_block_hash(&header, got);
    assert_memory_equal(got, want, 32);
    vector("block-signature", want, 64);
    sg_block_sign(&header, secret, got);
    assert_memory_equal(got, want, 64);
    assert_true(sg_block_verify(&header, public_key, got));
}

static void changed_block_does_not_verify(void **state)
{
    (void)state;
    uint8_t public_key[32], secret[64], signature[64];
    signer(public_key, secret);
    vector("block-signature", signature, sizeof signature);
    for (int field = 0; field < 8; field++) {
        struct sg_block_header header;
        header_of_the_vectors(&header);
        header.store_id.b[0] ^= field == 0;
        header.epoch ^= field == 1;
        header.height ^= field == 2;
        header.first_seq ^= field == 3;
        header.count ^= field == 4;
        header.time_ms ^= field == 5;
        header.root[31] ^= field == 6;
        header.previous_hash[31] ^= field == 7;
        if (sg_block_verify(&header, public_key, signature))
            fail_msg("field %d of the header is not covered", field);
    }
}

static void random_bytes_differ(void **state)
{
    (void)state;
    uint8_t a[16] = {0}, b[16] = {0};
    sg_random(a, sizeof a);
    sg_random(b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
}

int main(void)
{
    struct sg_why why;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_those_of_the_vectors),
        cmocka_unit_test(leaves_are_those_of_the_vectors),
        cmocka_unit_test(keyed_values_are_those_of_the_vectors),
        cmocka_unit_test(frame_signature_is_that_of_the_vectors),
        cmocka_unit_test(changed_frame_does_not_verify),
        cmocka_unit_test(the_largest_frame_is_signed),
        cmocka_unit_test(block_is_that_of_the_vectors),
        cmocka_unit_test(changed_block_does_not_verify),
        cmocka_unit_test(random_bytes_differ),
    };
    return sg_crypto_init(&why) || cmocka_run_group_tests(tests, NULL, NULL);
}
