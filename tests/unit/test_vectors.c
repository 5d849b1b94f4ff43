/* The files of tests/vectors, made by the client of tests/interop: each value is read, and computed
 * again with the code of the project. */
#include "unit/unit.h"
#include "unit/vectors.h"

#include "sinergi/v1/frame.pb-c.h"
#include "wire/codec.h"
#include "wire/merkle.h"
#include "wire/receipt.h"
#include "wire/sign.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

#define KEYS VECTORS "keys.txt"
#define TREES VECTORS "trees.txt"
#define EVENTS VECTORS "events.txt"
#define FRAME VECTORS "frame.txt"

enum { LEAVES_MAX = 48, FIRST_NUMBER = 7, FRAME_EVENTS = 2 };
static struct sg_arena arena;
static struct sg_why why;

static int set_up(void **state)
{
    (void)state;
    return sg_arena_init(&arena, 1 << 22, NULL) != SG_OK;
}

static int tear_down(void **state)
{
    (void)state;
    sg_arena_done(&arena);
    return 0;
}

static char *text_of(const char *path, size_t *out_len)
{
    static char text[8192];
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    *out_len = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[*out_len] = '\0';
    return text;
}

/* "slot", "-clear" -> the value of "slot-clear" of events.txt in the arena, or nothing. */
static struct sg_bytes part(const char *event, const char *which)
{
    char name[64];
    uint8_t value[VECTOR_MAX];
    (void)snprintf(name, sizeof name, "%s%s", event, which);
    size_t len = vector_find(EVENTS, name, value);
    return (struct sg_bytes){len ? sg_arena_copy(&arena, value, len) : NULL, len};
}

static void assert_same(const char *name, struct sg_bytes got, struct sg_bytes want)
{
    if (!sg_bytes_equal(got, want))
        fail_msg("%s: %zu bytes that differ from the %zu of the file", name, got.len, want.len);
}

/* ---- keys ---- */

static void the_key_file_gives_the_keys(void **state)
{
    (void)state;
    char path[] = "/tmp/sinergi-vectors-XXXXXX";
    size_t len;
    const char *text = text_of(VECTORS "device.key", &len);
    int fd = mkstemp(path); /* 0600, as a key file has to be */
    assert_true(fd >= 0 && write(fd, text, len) == (ssize_t)len && close(fd) == 0);
    SG_AUTO(sg_device_key_free) struct sg_device_key *key = NULL;
    enum sg_err err = sg_device_key_read(path, &key, &why);
    (void)unlink(path);
    UNIT_OK(err);
    assert_string_equal(key->agency, "satpolpp");
    assert_string_equal(key->device, "posko-1");
    uint8_t key_id[8];
    sg_key_id(key->sign_public, key_id);
    const struct row {
        const char *name;
        const uint8_t *value;
        size_t size;
    } rows[] = {
        {"curve-secret", key->curve_secret, 32}, {"curve-public", key->curve_public, 32},
        {"sign-seed", key->sign_secret, 32},     {"sign-public", key->sign_public, 32},
        {"key-id", key_id, sizeof key_id},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        uint8_t want[32];
        vector_of(KEYS, rows[i].name, want, rows[i].size);
        if (memcmp(rows[i].value, want, rows[i].size) != 0)
            fail_msg("%s is another one", rows[i].name);
    }
}

static void hashes_are_those_of_the_file(void **state)
{
    (void)state;
    uint8_t want[32], got[32];
    vector_of(KEYS, "hash-nothing", want, 32);
    sg_hash((struct sg_bytes){NULL, 0}, got);
    assert_memory_equal(got, want, 32);
    vector_of(KEYS, "hash-abc", want, 32);
    sg_hash(sg_bytes_of("abc"), got);
    assert_memory_equal(got, want, 32);
}

/* ---- trees ---- */

static void check_path(const struct sg_merkle *tree, const uint8_t *leaves, size_t count,
                       size_t index)
{
    char name[64];
    uint8_t want[VECTOR_MAX], got[32 * 32];
    (void)snprintf(name, sizeof name, "path-%zu-%zu", count, index);
    size_t len = vector_of(TREES, name, want, 0);
    assert_same(name, (struct sg_bytes){got, sg_merkle_path(tree, index, got)},
                (struct sg_bytes){want, len});
    assert_true(sg_merkle_verify(leaves + 32 * index, index, count, (struct sg_bytes){want, len},
                                 sg_merkle_root(tree)));
}

static void trees_are_those_of_the_file(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 2, 3, 6, 7, 8, 9, 16, 17, 33, LEAVES_MAX};
    uint8_t leaves[LEAVES_MAX * 32], want[32];
    for (size_t i = 0; i < LEAVES_MAX; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "leaf %zu", i);
        sg_hash(sg_bytes_of(text), leaves + 32 * i);
    }
    for (size_t i = 0; i < SG_ARRAY_LEN(counts); i++) {
        struct sg_merkle tree;
        char name[32];
        size_t count = counts[i];
        sg_arena_reset(&arena, 0);
        UNIT_OK(sg_merkle_build(leaves, count, &arena, &tree, &why));
        (void)snprintf(name, sizeof name, "root-%zu", count);
        vector_of(TREES, name, want, 32);
        assert_same(name, (struct sg_bytes){sg_merkle_root(&tree), 32},
                    (struct sg_bytes){want, 32});
        if (count == 1)
            continue;
        check_path(&tree, leaves, count, 0);
        check_path(&tree, leaves, count, count / 2);
        check_path(&tree, leaves, count, count - 1);
    }
}

/* ---- events ---- */

static const struct event_row {
    const char *name;
    bool whole; /* nothing mandatory is missing: check 2 takes it */
} event_rows[] = {
    {"slot", true},    {"note", true},    {"referral", true},   {"alias", false},
    {"nobody", false}, {"changed", true}, {"correction", true},
};

static void check_event(const struct event_row *row, struct sg_bytes clear,
                        struct sg_bytes personal)
{
    struct sg_event event;
    struct sg_fault fault;
    UNIT_OK(sg_event_decode(clear, personal, NULL, &arena, &event, &fault, &why));
    if (row->whole != (fault.code == SG_ST_OK))
        fail_msg("%s: %s at '%s'", row->name, sg_status_name(fault.code), fault.object);
    if (row->whole)
        assert_same(row->name, (struct sg_bytes){event.digest, 32}, part(row->name, "-digest"));
}

static void events_are_split_as_in_the_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(event_rows); i++) {
        const struct event_row *row = &event_rows[i];
        sg_arena_reset(&arena, 0);
        PbEnvelope *whole = NULL;
        struct sg_bytes clear, personal, salt = part(row->name, "-salt");
        UNIT_OK(sg_decode(&pb_envelope__descriptor, part(row->name, "-envelope"), &arena, &whole,
                          &why));
        UNIT_OK(sg_event_split(whole, salt.ptr, &arena, &clear, &personal, &why));
        assert_same(row->name, clear, part(row->name, "-clear"));
        assert_same(row->name, personal, part(row->name, "-personal"));
        assert_int_equal(personal.len == 0, salt.len == 0);
        uint8_t digest[32];
        sg_event_digest(clear, personal, digest);
        assert_same(row->name, (struct sg_bytes){digest, 32}, part(row->name, "-digest"));
        check_event(row, clear, personal);
    }
}

static void parts_join_to_the_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(event_rows); i++) {
        struct sg_event event;
        struct sg_bytes again;
        const char *name = event_rows[i].name;
        sg_arena_reset(&arena, 0);
        UNIT_OK(
            sg_event_reopen(part(name, "-clear"), part(name, "-personal"), &arena, &event, &why));
        event.envelope->has_salt = false;
        UNIT_OK(sg_encode(event.envelope, &arena, &again, &why));
        assert_same(name, again, part(name, "-envelope"));
    }
}

static void a_packed_field_is_the_same_event(void **state)
{
    (void)state;
    struct sg_event event;
    struct sg_bytes again;
    sg_arena_reset(&arena, 0);
    check_event(&(struct event_row){"referral", true}, part("referral", "-clear"),
                part("referral", "-personal"));
    UNIT_OK(sg_event_reopen(part("referral", "-clear"), part("packed", "-personal"), &arena, &event,
                            &why));
    event.envelope->has_salt = false;
    UNIT_OK(sg_encode(event.envelope, &arena, &again, &why));
    assert_same("packed", again, part("referral", "-envelope"));
    check_event(&(struct event_row){"packed", true}, part("referral", "-clear"),
                part("packed", "-personal"));
}

/* ---- frame and answer ---- */

static void broker_key(uint8_t public_key[32])
{
    uint8_t seed[32], secret[64], want[32];
    vector_of(KEYS, "broker-sign-seed", seed, 32);
    vector_of(KEYS, "broker-sign-public", want, 32);
    assert_int_equal(crypto_sign_seed_keypair(public_key, secret, seed), 0);
    assert_memory_equal(public_key, want, 32);
}

struct made_frame {
    struct sg_id store, outbox;
    uint8_t digests[FRAME_EVENTS * 32], signature[64];
    PbEventParts parts[FRAME_EVENTS];
};

static void make_frame(struct made_frame *f)
{
    static const char *const names[FRAME_EVENTS] = {"referral", "correction"};
    uint8_t seed[32], public_key[32], secret[64];
    vector_of(KEYS, "sign-seed", seed, 32);
    assert_int_equal(crypto_sign_seed_keypair(public_key, secret, seed), 0);
    vector_of(FRAME, "store-id", f->store.b, 16);
    vector_of(FRAME, "outbox-id", f->outbox.b, 16);
    for (size_t i = 0; i < FRAME_EVENTS; i++) {
        struct sg_bytes clear = part(names[i], "-clear"), personal = part(names[i], "-personal");
        sg_event_digest(clear, personal, f->digests + 32 * i);
        pb_event_parts__init(&f->parts[i]);
        f->parts[i].has_clear = f->parts[i].has_personal = true;
        f->parts[i].clear = (ProtobufCBinaryData){clear.len, (uint8_t *)(uintptr_t)clear.ptr};
        f->parts[i].personal =
            (ProtobufCBinaryData){personal.len, (uint8_t *)(uintptr_t)personal.ptr};
    }
    const struct sg_frame_claim claim = {&f->store,    &f->outbox,   "satpolpp",
                                         FIRST_NUMBER, FRAME_EVENTS, f->digests};
    sg_frame_sign(&claim, secret, f->signature);
    assert_true(sg_frame_verify(&claim, public_key, f->signature));
}

static void the_frame_is_that_of_the_file(void **state)
{
    (void)state;
    struct made_frame f;
    uint8_t want[VECTOR_MAX], seed[32], public_key[32], secret[64], signature[64];
    struct sg_bytes body;
    sg_arena_reset(&arena, 0);
    make_frame(&f);
    vector_of(FRAME, "signature", want, 64);
    assert_memory_equal(f.signature, want, 64);
    /* The signature is over the claim as it stands there. */
    vector_of(KEYS, "sign-seed", seed, 32);
    assert_int_equal(crypto_sign_seed_keypair(public_key, secret, seed), 0);
    size_t len = vector_of(FRAME, "claim", want, 0);
    assert_int_equal(crypto_sign_detached(signature, NULL, want, len, secret), 0);
    assert_memory_equal(f.signature, signature, 64);

    PbEventParts *events[FRAME_EVENTS] = {&f.parts[0], &f.parts[1]};
    PbPublish publish = PB_PUBLISH__INIT;
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    publish.has_outbox_id = publish.has_first_number = publish.has_signature = true;
    publish.outbox_id = (ProtobufCBinaryData){16, f.outbox.b};
    publish.first_number = FIRST_NUMBER;
    publish.signature = (ProtobufCBinaryData){64, f.signature};
    publish.n_events = FRAME_EVENTS;
    publish.events = events;
    frame.publish = &publish;
    UNIT_OK(sg_encode(&frame, &arena, &body, &why));
    len = vector_of(FRAME, "publish", want, 0);
    assert_same("publish", body, (struct sg_bytes){want, len});
}

static void header_of(const PbSignedBlock *block, struct sg_block_header *out)
{
    *out = (struct sg_block_header){.epoch = block->epoch,
                                    .height = block->height,
                                    .first_seq = block->first_seq,
                                    .count = block->count,
                                    .time_ms = block->time_ms};
    memcpy(out->store_id.b, block->store_id.data, 16);
    memcpy(out->root, block->root.data, 32);
    memcpy(out->previous_hash, block->previous_hash.data, 32);
}

static void the_answer_proves_the_event(void **state)
{
    (void)state;
    uint8_t value[VECTOR_MAX], want[64], got[32], leaf[32], broker[32];
    PbServerFrame *frame = NULL;
    struct made_frame f;
    struct sg_block_header header;
    sg_arena_reset(&arena, 0);
    make_frame(&f);
    broker_key(broker);
    size_t len = vector_of(FRAME, "answer", value, 0);
    UNIT_OK(sg_decode(&pb_server_frame__descriptor, (struct sg_bytes){value, len}, &arena, &frame,
                      &why));
    const PbPublishResult *result = frame->publish_result;
    assert_int_equal(result->n_outcomes, FRAME_EVENTS);
    assert_int_equal(result->outcomes[1]->error->code, SG_ST_CORRECTION_DEPENDS);
    header_of(result->blocks[0], &header);
    vector_of(FRAME, "block-signature", want, 64);
    assert_memory_equal(result->blocks[0]->signature.data, want, 64);
    assert_true(sg_block_verify(&header, broker, want));
    vector_of(FRAME, "block-hash", want, 32);
    sg_block_hash(&header, got);
    assert_memory_equal(got, want, 32);
    len = vector_of(FRAME, "block-header", value, 0);
    sg_hash((struct sg_bytes){value, len}, got);
    assert_memory_equal(got, want, 32);

    const PbOutcome *outcome = result->outcomes[0];
    const PbInclusion *in = outcome->inclusion;
    sg_leaf_hash(outcome->seq, outcome->accepted_at_ms, &f.outbox, outcome->number, f.digests,
                 in->rest_hash.data, leaf);
    assert_true(sg_merkle_verify(leaf, in->leaf_index, header.count,
                                 (struct sg_bytes){in->path.data, in->path.len}, header.root));
}

static void the_receipt_holds_and_is_printed_alike(void **state)
{
    (void)state;
    size_t len;
    const char *text = text_of(VECTORS "receipt.json", &len);
    struct sg_receipt receipt;
    uint8_t broker[32];
    sg_arena_reset(&arena, 0);
    broker_key(broker);
    UNIT_OK(sg_receipt_parse(text, len, &receipt, &why));
    UNIT_OK(sg_receipt_verify(&receipt, broker, part("referral", "-digest").ptr, &why));
    json_t *stored = json_loadb(text, len, 0, NULL), *printed = sg_receipt_json(&receipt);
    assert_true(json_equal(stored, printed));
    json_decref(stored);
    json_decref(printed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_file_gives_the_keys),
        cmocka_unit_test(hashes_are_those_of_the_file),
        cmocka_unit_test(trees_are_those_of_the_file),
        cmocka_unit_test(events_are_split_as_in_the_file),
        cmocka_unit_test(parts_join_to_the_whole),
        cmocka_unit_test(a_packed_field_is_the_same_event),
        cmocka_unit_test(the_frame_is_that_of_the_file),
        cmocka_unit_test(the_answer_proves_the_event),
        cmocka_unit_test(the_receipt_holds_and_is_printed_alike),
    };
    return sg_crypto_init(&why) || cmocka_run_group_tests(tests, set_up, tear_down);
}
