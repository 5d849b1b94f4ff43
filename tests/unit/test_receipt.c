#include "unit/unit.h"
#include "unit/vectors.h"
#include "wire/receipt.h"

#include <stdlib.h>

static struct sg_receipt receipt; /* of event 2 of the vectors */
static uint8_t broker[32];

static int set_up(void **state)
{
    (void)state;
    receipt = (struct sg_receipt){
        .agency = "satpolpp",
        .number = 9,
        .seq = 1003,
        .accepted_ms = 1704675600123,
        .leaf_index = 2,
        .block = {
            .epoch = 1, .height = 42, .first_seq = 1001, .count = 5, .time_ms = 1704675600123}};
    vector("outbox-id", receipt.outbox_id.b, 16);
    vector("digest-2", receipt.digest, 32);
    sg_hash(sg_bytes_of("rest 2"), receipt.rest_hash);
    receipt.path_len = vector("path-2", receipt.path, 0);
    vector("store-id", receipt.block.store_id.b, 16);
    vector("root-5", receipt.block.root, 32);
    vector("previous-hash", receipt.block.previous_hash, 32);
    vector("block-signature", receipt.signature, 64);
    vector("sign-public", broker, 32);
    return 0;
}

static json_t *printed(void)
{
    json_t *json = sg_receipt_json(&receipt);
    assert_non_null(json);
    return json;
}

static enum sg_err parse(const json_t *json, struct sg_receipt *out, struct sg_why *why)
{
    SG_AUTO(sg_heap_done) char *text = json_dumps(json, JSON_INDENT(2));
    return sg_receipt_parse(text, strlen(text), out, why);
}

static void it_comes_back_and_holds(void **state)
{
    (void)state;
    struct sg_why why;
    struct sg_receipt read = {0};
    json_t *json = printed();
    UNIT_OK(parse(json, &read, &why));
    json_decref(json);
    assert_memory_equal(&read, &receipt, sizeof read);
    UNIT_OK(sg_receipt_verify(&read, broker, NULL, &why));
    UNIT_OK(sg_receipt_verify(&read, broker, receipt.digest, &why));
}

static void large_numbers_come_back(void **state)
{
    (void)state;
    struct sg_why why;
    struct sg_receipt read;
    receipt.number = UINT64_MAX;
    receipt.block.epoch = UINT64_MAX;
    receipt.leaf_index = UINT32_MAX;
    receipt.block.count = UINT32_MAX;
    receipt.path_len = SG_PATH_BYTES_MAX;
    json_t *json = printed();
    UNIT_OK(parse(json, &read, &why));
    json_decref(json);
    assert_memory_equal(&read, &receipt, sizeof read);
}

/* A receipt with one member changed: the sentence that must come, or NULL if it still holds. */
static void each_changed_member_is_noticed(void **state)
{
    (void)state;
    static const char path[] = "the path does not lead";
    static const char sign[] = "not signed with the broker's key";
    static const struct row {
        const char *member, *says;
        const char *value; /* of a text; NULL: its last digit is changed */
        json_int_t number;
    } rows[] = {
        {"agency", NULL, "dinsos", 0}, /* a label: see receipt.h */
        {"storeId", sign, NULL, 0},
        {"outbox", path, NULL, 0},
        {"number", path, NULL, 0},
        {"seq", "leaf 2 of the block has seq 1003", NULL, 0},
        {"acceptedAt", "time of acceptance", NULL, 0},
        {"digest", path, NULL, 0},
        {"restHash", path, NULL, 0},
        {"leafIndex", "leaf 1 of the block has seq 1002", NULL, 1},
        {"leafIndex", "leaf 5 does not exist", NULL, 5},
        {"path", path, NULL, 0},
        {"path", path, "", 0},
        {"block.epoch", sign, NULL, 0},
        {"block.height", sign, NULL, 0},
        {"block.firstSeq", sign, NULL, 0},
        {"block.count", sign, NULL, 6},
        {"block.timeMs", sign, NULL, 0},
        {"block.root", sign, NULL, 0},
        {"block.previousHash", sign, NULL, 0},
        {"block.signature", sign, NULL, 0},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];
        struct sg_receipt read;
        struct sg_why why = {0};
        json_t *json = printed(), *in = json;
        const char *name = row->member;
        if (strncmp(name, "block.", 6) == 0) {
            in = json_object_get(json, "block");
            name += 6;
        }
        json_t *old = json_object_get(in, name);
        assert_non_null(old);
        if (json_is_integer(old)) {
            assert_int_equal(json_integer_set(old, row->number), 0);
        } else {
            char text[2048];
            (void)snprintf(text, sizeof text, "%s",
                           row->value ? row->value : json_string_value(old));
            if (!row->value)
                text[strlen(text) - 1] = text[strlen(text) - 1] == '7' ? '8' : '7';
            assert_int_equal(json_string_set(old, text), 0);
        }
        UNIT_OK(parse(json, &read, &why));
        json_decref(json);
        enum sg_err err = sg_receipt_verify(&read, broker, NULL, &why);
        if (err != (row->says ? SG_E_CRYPTO : SG_OK) || (row->says && !strstr(why.text, row->says)))
            fail_msg("%s: %s '%s'", row->member, sg_err_name(err), why.text);
    }
}

static void other_keys_and_other_events_are_noticed(void **state)
{
    (void)state;
    struct sg_why why;
    uint8_t other[32];
    vector("digest-1", other, 32);
    assert_int_equal(sg_receipt_verify(&receipt, broker, other, &why), SG_E_CRYPTO);
    assert_non_null(strstr(why.text, "other bytes"));
    broker[3] ^= 1;
    assert_int_equal(sg_receipt_verify(&receipt, broker, NULL, &why), SG_E_CRYPTO);
    assert_non_null(strstr(why.text, "not signed"));
}

static void each_wrong_member_is_named(void **state)
{
    (void)state;
    static const struct row {
        const char *member, *value; /* JSON; NULL: the member is taken away */
    } rows[] = {
        {"sinergiReceipt", NULL},
        {"sinergiReceipt", "2"},
        {"sinergiReceipt", "\"1\""},
        {"storeId", "\"018ce6f0\""},
        {"storeId", NULL},
        {"agency", "\"Satpol PP\""},
        {"agency", "\"a2345678901234567890123456789012\""},
        {"outbox", "7"},
        {"number", "9"},
        {"number", "\"-9\""},
        {"number", "\" 9\""},
        {"number", "\"18446744073709551616\""},
        {"seq", "\"\""},
        {"acceptedAt", "\"9223372036854775808\""},
        {"digest", "\"00\""},
        {"restHash", NULL},
        {"leafIndex", "-1"},
        {"leafIndex", "4294967296"},
        {"leafIndex", "\"2\""},
        {"path", "\"0\""},
        {"path", "\"0102\""},
        {"path", "[]"},
        {"block", NULL},
        {"block", "[]"},
        {"block.epoch", "1"},
        {"block.height", NULL},
        {"block.firstSeq", "null"},
        {"block.count", "1.5"},
        {"block.timeMs", "\"x\""},
        {"block.root", "\"zz\""},
        {"block.previousHash", NULL},
        {"block.signature", "\"\""},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];
        struct sg_receipt read = {.number = 77};
        struct sg_why why = {0};
        json_t *json = printed(), *in = json;
        const char *name = row->member;
        char quoted[32];
        if (strncmp(name, "block.", 6) == 0) {
            in = json_object_get(json, "block");
            name += 6;
        }
        if (row->value)
            (void)json_object_set_new(in, name, json_loads(row->value, JSON_DECODE_ANY, NULL));
        else
            (void)json_object_del(in, name);
        (void)snprintf(quoted, sizeof quoted, "'%s'", name);
        enum sg_err err = parse(json, &read, &why);
        json_decref(json);
        if (err != SG_E_FORMAT || !strstr(why.text, quoted) || read.number != 77)
            fail_msg("%s = %s: %s '%s'", row->member, row->value ? row->value : "nothing",
                     sg_err_name(err), why.text);
    }
}

static void what_is_no_json_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "{", "[]", "7", "{\"seq\":1,\"seq\":2}", "{} {}"};
    for (size_t i = 0; i < SG_ARRAY_LEN(texts); i++) {
        struct sg_receipt read;
        struct sg_why why = {0};
        if (sg_receipt_parse(texts[i], strlen(texts[i]), &read, &why) != SG_E_FORMAT ||
            !why.text[0])
            fail_msg("'%s' was taken", texts[i]);
    }
}

int main(void)
{
    struct sg_why why;
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(it_comes_back_and_holds),        TEST(large_numbers_come_back),
        TEST(each_changed_member_is_noticed), TEST(other_keys_and_other_events_are_noticed),
        TEST(each_wrong_member_is_named),     TEST(what_is_no_json_is_refused),
    };
    return sg_crypto_init(&why) || cmocka_run_group_tests(tests, NULL, NULL);
}
