#include "store/journal.h"
#include "unit/store_fixture.h"

static void appended_and_read(void **state)
{
    (void)state;
    struct fixture f;
    struct sg_why why = {0};
    fixture_make(&f, (size_t)1 << 20);
    SG_AUTO(txn_done) struct txn txn = {0};
    UNIT_OK(txn_begin(&txn, f.env, TXN_WRITE, &why));
    uint64_t last = 9;
    UNIT_OK(journal_last(&txn, &last, &why));
    assert_int_equal(last, 0);

    struct record record = {
        .seq = 5,
        .accepted_ms = FIXTURE_TIME_MS,
        .outbox_id = {{4, 5, 6}},
        .number = 77,
        .personal_hash = {1, 2, 3},
        .rest_bytes = sg_bytes_of("\x08\x01"),
        .clear = sg_bytes_of("clear part"),
        .personal = sg_bytes_of("personal"),
    };
    UNIT_OK(journal_append(&txn, &record, &f.arena, &why));
    assert_int_equal(journal_append(&txn, &record, &f.arena, &why), SG_E_STORE); /* once only */

    struct record got;
    UNIT_OK(journal_get(&txn, 5, &got, &why));
    assert_int_equal(got.seq, 5);
    assert_true(got.accepted_ms == record.accepted_ms);
    assert_int_equal(got.number, 77);
    assert_true(sg_id_equal(&got.outbox_id, &record.outbox_id));
    assert_memory_equal(got.personal_hash, record.personal_hash, 32);
    assert_true(sg_bytes_equal(got.rest_bytes, record.rest_bytes));
    assert_true(sg_bytes_equal(got.clear, record.clear));
    assert_true(sg_bytes_equal(got.personal, record.personal));
    assert_null(got.rest);
    UNIT_OK(record_open_rest(&got, &f.arena, &why));
    assert_int_equal(got.rest->kind, PB_RECORD_KIND_ACCEPTED);

    assert_int_equal(journal_get(&txn, 6, &got, &why), SG_E_NOT_FOUND);
    struct record empty = {.seq = 1ULL << 32};
    UNIT_OK(journal_append(&txn, &empty, &f.arena, &why));
    UNIT_OK(journal_get(&txn, empty.seq, &got, &why));
    assert_int_equal(got.rest_bytes.len + got.clear.len + got.personal.len, 0);
    UNIT_OK(journal_last(&txn, &last, &why));
    assert_true(last == 1ULL << 32);
    txn_done(&txn);
    fixture_end(&f);
}

/* The digest that the caller knows already gives the same leaf as the parts. */
static void a_known_digest_saves_hashes(void **state)
{
    (void)state;
    struct sg_why why = {0};
    UNIT_OK(sg_crypto_init(&why));
    struct record record = {.seq = 5, .number = 6, .clear = sg_bytes_of("c")};
    sg_hash(sg_bytes_of("p"), record.personal_hash);
    uint8_t digest[32], a[32], b[32], c[32];
    record_leaf(&record, a);
    sg_event_digest(sg_bytes_of("c"), sg_bytes_of("p"), digest);
    record.digest = digest;
    record_leaf(&record, b);
    assert_memory_equal(a, b, 32);
    record.number++;
    record_leaf(&record, c);
    assert_memory_not_equal(a, c, 32);
}

static void damaged_values_are_refused(void **state)
{
    (void)state;
    static const struct row {
        const char *name;
        size_t key_len, value_len;
        uint8_t version;
        uint32_t rest, clear;
        enum sg_err want;
    } rows[] = {
        {"least", 8, 73, 1, 0, 0, SG_OK},
        {"parts fit exactly", 8, 83, 1, 4, 6, SG_OK},
        {"personal is what is left", 8, 83, 1, 1, 2, SG_OK},
        {"short key", 7, 73, 1, 0, 0, SG_E_STORE},
        {"no bytes", 8, 0, 1, 0, 0, SG_E_STORE},
        {"cut header", 8, 72, 1, 0, 0, SG_E_STORE},
        {"other version", 8, 73, 2, 0, 0, SG_E_STORE},
        {"rest too long", 8, 83, 1, 11, 0, SG_E_STORE},
        {"clear too long", 8, 83, 1, 4, 7, SG_E_STORE},
        {"lengths that overflow", 8, 83, 1, 4, UINT32_MAX, SG_E_STORE},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        uint8_t key[8] = {0}, value[100] = {rows[i].version};
        sg_put_u32(value + 65, rows[i].rest);
        sg_put_u32(value + 69, rows[i].clear);
        struct record record;
        struct sg_why why = {0};
        enum sg_err err = record_parse((struct sg_bytes){key, rows[i].key_len},
                                       (struct sg_bytes){value, rows[i].value_len}, &record, &why);
        if (err != rows[i].want)
            fail_msg("%s: %s '%s'", rows[i].name, sg_err_name(err), why.text);
        if (!err && record.rest_bytes.len + record.clear.len + record.personal.len !=
                        rows[i].value_len - 73)
            fail_msg("%s: parts do not add up", rows[i].name);
    }
}

static void a_rest_that_does_not_open(void **state)
{
    (void)state;
    struct sg_why why = {0};
    uint8_t room[64];
    struct sg_arena small = {.base = room, .size = sizeof room};
    struct record record = {.seq = 3, .rest_bytes = sg_bytes_of("\x08\x01")};
    assert_int_equal(record_open_rest(&record, &small, &why), SG_E_LIMIT);
    struct sg_arena arena = {0};
    UNIT_OK(sg_arena_init(&arena, 1 << 20, &why));
    record.rest_bytes = sg_bytes_of("\xff\xff");
    assert_int_equal(record_open_rest(&record, &arena, &why), SG_E_STORE);
    assert_non_null(strstr(why.text, "record 3"));
    assert_null(record.rest);
    sg_arena_done(&arena);
}

UNIT_MAIN(cmocka_unit_test(appended_and_read), cmocka_unit_test(a_known_digest_saves_hashes),
          cmocka_unit_test(damaged_values_are_refused), cmocka_unit_test(a_rest_that_does_not_open))
