#include "store/block.h"
#include "unit/store_fixture.h"

static void nothing_happened_is_no_block(void **state)
{
    (void)state;
    struct fixture f;
    struct sg_why why = {0};
    fixture_make(&f, (size_t)1 << 20);
    struct signed_block block = fixture_block(&f, 0, "dinsos");
    assert_int_equal(block.header.count, 0);

    SG_AUTO(txn_done) struct txn txn = {0};
    UNIT_OK(txn_begin(&txn, f.env, TXN_READ, &why));
    struct signed_block head = {.header = {.count = 5}};
    UNIT_OK(block_head(&txn, &head, &why));
    assert_int_equal(head.header.count, 0);
    assert_int_equal(block_get(&txn, 1, &head, &why), SG_E_NOT_FOUND);
    txn_done(&txn);
    uint64_t records = 9;
    UNIT_OK(fixture_verify(&f, &records, &why));
    assert_int_equal(records, 0);
    fixture_end(&f);
}

static void blocks_follow_each_other(void **state)
{
    (void)state;
    struct fixture f;
    struct sg_why why = {0};
    fixture_make(&f, (size_t)8 << 20);
    static const unsigned counts[] = {1, 2, 63, 64, 65, 500, 1};
    static const uint8_t zero[32];
    const uint8_t *previous = zero;
    struct signed_block blocks[SG_ARRAY_LEN(counts)];
    uint64_t next = 1;
    for (size_t i = 0; i < SG_ARRAY_LEN(counts); i++) {
        blocks[i] = fixture_block(&f, counts[i], "dinsos *");
        const struct sg_block_header *h = &blocks[i].header;
        assert_int_equal(h->height, i + 1);
        assert_int_equal(h->epoch, 1);
        assert_int_equal(h->first_seq, next);
        assert_int_equal(h->count, counts[i]);
        assert_true(h->time_ms == f.now_ms);
        assert_memory_equal(h->previous_hash, previous, 32);
        assert_true(sg_id_equal(&h->store_id, &f.store_id));
        assert_true(sg_block_verify(h, f.sign_public, blocks[i].signature));
        previous = blocks[i].hash;
        next += counts[i];
    }
    env_close(&f.env);
    fixture_open(&f);

    SG_AUTO(txn_done) struct txn txn = {0};
    UNIT_OK(txn_begin(&txn, f.env, TXN_READ, &why));
    struct signed_block got;
    for (size_t i = 0; i < SG_ARRAY_LEN(counts); i++) {
        UNIT_OK(block_get(&txn, i + 1, &got, &why));
        assert_memory_equal(&got.header.root, &blocks[i].header.root, 32);
        assert_memory_equal(got.hash, blocks[i].hash, 32);
        assert_memory_equal(got.signature, blocks[i].signature, 64);
        struct sg_merkle tree;
        UNIT_OK(block_tree(&txn, &got, &f.arena, &tree, &why));
        assert_int_equal(tree.leaf_count, counts[i]);
    }
    UNIT_OK(block_head(&txn, &got, &why));
    assert_int_equal(got.header.height, SG_ARRAY_LEN(counts));
    txn_done(&txn);
    uint64_t records = 0;
    UNIT_OK(fixture_verify(&f, &records, &why));
    assert_int_equal(records, next - 1);
    fixture_end(&f);
}

/* What the builder fills in, for a record of an agency and for a derived one. */
static void records_are_completed(void **state)
{
    (void)state;
    struct fixture f;
    struct sg_why why = {0};
    fixture_make(&f, (size_t)1 << 20);
    (void)fixture_block(&f, 3, "dinsos");
    SG_AUTO(txn_done) struct txn txn = {0};
    struct block_builder b = {0};
    UNIT_OK(txn_begin(&txn, f.env, TXN_WRITE, &why));
    UNIT_OK(block_begin(&b, &txn, &f.arena, 5, f.sign_secret, &why));
    assert_true(b.time_ms == f.now_ms); /* journal time never goes back */

    PbRecordRest rest = PB_RECORD_REST__INIT;
    rest.has_kind = rest.has_type = true;
    rest.kind = PB_RECORD_KIND_DERIVED;
    rest.type = 201;
    struct record record = {.clear = sg_bytes_of("c"), .personal = sg_bytes_of("p")};
    UNIT_OK(block_append(&b, &record, &rest, &why));
    assert_int_equal(record.seq, 4);
    assert_int_equal(record.number, 4);
    assert_true(sg_id_equal(&record.outbox_id, &f.store_id));
    assert_true(record.accepted_ms == f.now_ms);
    assert_ptr_equal(record.rest, &rest);
    assert_int_equal(rest.height, 2);
    uint8_t hash[32];
    sg_hash(sg_bytes_of("p"), hash);
    assert_memory_equal(record.personal_hash, hash, 32);

    rest.kind = PB_RECORD_KIND_ACCEPTED;
    struct record second = {.number = 8, .outbox_id = {{9}}, .personal_hash = {7}};
    UNIT_OK(block_append(&b, &second, &rest, &why));
    assert_int_equal(second.seq, 5);
    assert_int_equal(second.number, 8);
    assert_int_equal(second.personal_hash[0], 7); /* known already: kept */

    struct signed_block block;
    struct sg_merkle tree;
    UNIT_OK(block_seal(&b, &block, &tree, &why));
    uint8_t leaf[32], path[32 * 32];
    size_t path_len = sg_merkle_path(&tree, 1, path);
    record_leaf(&second, leaf);
    assert_true(sg_merkle_verify(leaf, 1, 2, (struct sg_bytes){path, path_len}, block.header.root));
    struct record got;
    UNIT_OK(journal_get(&txn, 5, &got, &why));
    assert_true(sg_bytes_equal(got.rest_bytes, second.rest_bytes));
    txn_done(&txn);
    fixture_end(&f);
}

static void the_same_turn_gives_the_same_block(void **state)
{
    (void)state;
    struct signed_block blocks[2];
    for (int i = 0; i < 2; i++) {
        struct fixture f;
        fixture_make(&f, (size_t)1 << 20);
        (void)fixture_block(&f, 7, "dinsos");
        blocks[i] = fixture_block(&f, 20, "dinsos *");
        fixture_end(&f);
    }
    assert_memory_equal(blocks[0].hash, blocks[1].hash, 32);
    assert_memory_equal(blocks[0].signature, blocks[1].signature, 64);
}

static void a_block_has_limits(void **state)
{
    (void)state;
    struct fixture f;
    struct sg_why why = {0};
    fixture_make(&f, (size_t)64 << 20);
    SG_AUTO(txn_done) struct txn txn = {0};
    struct block_builder b = {0};
    UNIT_OK(txn_begin(&txn, f.env, TXN_WRITE, &why));
    UNIT_OK(block_begin(&b, &txn, &f.arena, f.now_ms, f.sign_secret, &why));
    UNIT_OK(fixture_append(&b, BLOCK_RECORDS_MAX, 101, "", 10, 0, &why));
    assert_int_equal(fixture_append(&b, 1, 101, "", 10, 0, &why), SG_E_LIMIT);
    txn_done(&txn);

    static const size_t sizes[] = {0, 256, 1024, 4096, 8192}; /* each step finds the arena full */
    for (size_t i = 0; i < SG_ARRAY_LEN(sizes); i++) {
        struct sg_arena small = {.base = f.arena.base, .size = sizes[i]};
        UNIT_OK(txn_begin(&txn, f.env, TXN_WRITE, &why));
        enum sg_err err = block_begin(&b, &txn, &small, f.now_ms, f.sign_secret, &why);
        if (!err)
            err = fixture_append(&b, 100, 101, "dinsos", 10, 0, &why);
        if (err != SG_E_LIMIT)
            fail_msg("%zu bytes: %s", sizes[i], sg_err_name(err));
        txn_done(&txn);
    }
    fixture_end(&f);
}

static void set_epoch(struct fixture *f, uint64_t epoch)
{
    SG_AUTO(txn_done) struct txn txn = {0};
    struct sg_why why = {0};
    struct key key = {0};
    uint8_t value[8];
    sg_put_u64(value, epoch);
    UNIT_OK(txn_begin(&txn, f->env, TXN_WRITE, &why));
    UNIT_OK(
        table_put(&txn, TABLE_META, key_text(&key, "epoch"), (struct sg_bytes){value, 8}, &why));
    UNIT_OK(txn_commit(&txn, &why));
}

static void a_new_epoch_begins_apart(void **state)
{
    (void)state;
    struct fixture f;
    struct sg_why why = {0};
    fixture_make(&f, (size_t)1 << 20);
    struct signed_block old = fixture_block(&f, 5, "dinsos");
    set_epoch(&f, 2);
    struct signed_block block = fixture_block(&f, 5, "dinsos");
    assert_true(block.header.first_seq == UINT64_C(1) << 32);
    assert_int_equal(block.header.height, 2);
    assert_int_equal(block.header.epoch, 2);
    assert_memory_equal(block.header.previous_hash, old.hash, 32);
    block = fixture_block(&f, 5, "dinsos");
    assert_true(block.header.first_seq == (UINT64_C(1) << 32) + 5);
    uint64_t records = 0;
    UNIT_OK(fixture_verify(&f, &records, &why));
    assert_int_equal(records, 15);

    set_epoch(&f, 1);
    assert_int_equal(fixture_try_block(&f, 1, "dinsos", &block, &why), SG_E_STORE);
    fixture_end(&f);
}

/* ---- the whole store against itself ---- */

static uint64_t progress_height, progress_calls;
static void note_progress(uint64_t height, uint64_t of)
{
    assert_true(height >= progress_height && height <= of);
    progress_height = height;
    progress_calls++;
}

static void a_long_store_is_verified_in_short_reads(void **state)
{
    (void)state;
    struct fixture f;
    struct sg_why why = {0};
    fixture_make(&f, (size_t)64 << 20);
    for (int i = 0; i < 5; i++)
        (void)fixture_block(&f, i == 2 ? 3000 : 700, "dinsos");
    uint64_t records = 0;
    progress_height = progress_calls = 0;
    UNIT_OK(block_verify_all(f.env, f.sign_public, note_progress, &records, &why));
    assert_int_equal(records, 5800);
    assert_int_equal(progress_height, 5);
    assert_true(progress_calls >= 6);
    fixture_end(&f);
}

/* Change a row of a table through LMDB: flip a byte of the value, or delete it (at < 0). */
static void change(struct fixture *f, enum table table, uint64_t key_no, int at)
{
    SG_AUTO(txn_done) struct txn txn = {0};
    struct sg_why why = {0};
    struct key key = {0};
    key_u64(&key, key_no);
    UNIT_OK(txn_begin(&txn, f->env, TXN_WRITE, &why));
    struct sg_bytes value;
    UNIT_OK(table_get(&txn, table, &key, &value, &why));
    uint8_t copy[2000];
    assert_true(value.len <= sizeof copy && at < (int)value.len);
    memcpy(copy, value.ptr, value.len);
    if (at < 0) {
        UNIT_OK(table_delete(&txn, table, &key, &why));
    } else {
        copy[at] ^= 1;
        UNIT_OK(table_put(&txn, table, &key, (struct sg_bytes){copy, value.len}, &why));
    }
    UNIT_OK(txn_commit(&txn, &why));
}

static void add_record(struct fixture *f, uint64_t seq)
{
    SG_AUTO(txn_done) struct txn txn = {0};
    struct sg_why why = {0};
    struct record record = {.seq = seq};
    UNIT_OK(txn_begin(&txn, f->env, TXN_WRITE, &why));
    UNIT_OK(journal_append(&txn, &record, &f->arena, &why));
    UNIT_OK(txn_commit(&txn, &why));
}

enum { CHANGE, ADD };

/* Three blocks: 1 to 10, 11 to 20, 21 to 30. */
static void what_was_changed_is_found(void **state)
{
    (void)state;
    static const struct row {
        const char *name;
        int how;
        enum table table;
        uint64_t key;
        int at;
        const char *want;
    } rows[] = {
        {"version", CHANGE, TABLE_JOURNAL, 15, 0, "record 15 "},
        {"time", CHANGE, TABLE_JOURNAL, 15, 8, "record 15 "},
        {"outbox", CHANGE, TABLE_JOURNAL, 15, 9, "records 11 to 20"},
        {"number", CHANGE, TABLE_JOURNAL, 15, 32, "records 11 to 20"},
        {"hash of the personal part", CHANGE, TABLE_JOURNAL, 15, 33, "record 15 "},
        {"length of the rest", CHANGE, TABLE_JOURNAL, 15, 65, "record 15 "},
        {"kind in the rest", CHANGE, TABLE_JOURNAL, 15, 74, "records 11 to 20"},
        {"clear part", CHANGE, TABLE_JOURNAL, 15, 150, "records 11 to 20"},
        {"personal part", CHANGE, TABLE_JOURNAL, 15, 260, "record 15 "},
        {"record deleted", CHANGE, TABLE_JOURNAL, 15, -1, "record 15 "},
        {"first record deleted", CHANGE, TABLE_JOURNAL, 1, -1, "record 1 "},
        {"last record deleted", CHANGE, TABLE_JOURNAL, 30, -1, "record 29 "},
        {"record added", ADD, TABLE_JOURNAL, 31, 0, "record 31 "},
        {"block deleted", CHANGE, TABLE_BLOCKS, 2, -1, "block 2 "},
        {"last block deleted", CHANGE, TABLE_BLOCKS, 3, -1, "record 30 "},
        {"store of the block", CHANGE, TABLE_BLOCKS, 2, 5, "block 2 "},
        {"tag in the block", CHANGE, TABLE_BLOCKS, 2, 0, "block 2 "},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct fixture f;
        struct sg_why why = {0};
        fixture_make(&f, (size_t)1 << 20);
        for (int n = 0; n < 3; n++)
            (void)fixture_block(&f, 10, "dinsos");
        if (rows[i].how == ADD)
            add_record(&f, rows[i].key);
        else
            change(&f, rows[i].table, rows[i].key, rows[i].at);
        uint64_t records = 0;
        enum sg_err err = fixture_verify(&f, &records, &why);
        if (err != SG_E_STORE || !strstr(why.text, rows[i].want))
            fail_msg("%s: %s '%s'", rows[i].name, sg_err_name(err), why.text);
        fixture_end(&f);
    }
}

/* No byte of a header can be changed: each is under the signature, or is the signature. */
static void every_byte_of_a_header_counts(void **state)
{
    (void)state;
    struct fixture f;
    struct sg_why why = {0};
    fixture_make(&f, (size_t)1 << 20);
    for (int n = 0; n < 3; n++)
        (void)fixture_block(&f, 2, "dinsos");
    SG_AUTO(txn_done) struct txn txn = {0};
    struct key key = {0};
    struct sg_bytes value;
    UNIT_OK(txn_begin(&txn, f.env, TXN_READ, &why));
    UNIT_OK(table_get(&txn, TABLE_BLOCKS, key_u64(&key, 2), &value, &why));
    size_t len = value.len;
    txn_done(&txn);
    for (size_t at = 0; at < len; at++) {
        uint64_t records;
        change(&f, TABLE_BLOCKS, 2, (int)at);
        if (fixture_verify(&f, &records, &why) != SG_E_STORE)
            fail_msg("byte %zu was changed unseen", at);
        change(&f, TABLE_BLOCKS, 2, (int)at);
    }
    uint64_t records = 0;
    UNIT_OK(fixture_verify(&f, &records, &why));

    uint8_t other[32];
    memcpy(other, f.sign_public, 32);
    other[0] ^= 1;
    assert_int_equal(block_verify_all(f.env, other, NULL, &records, &why), SG_E_STORE);
    assert_non_null(strstr(why.text, "signed"));
    fixture_end(&f);
}

static void an_old_tree_that_does_not_hold(void **state)
{
    (void)state;
    struct fixture f;
    struct sg_why why = {0};
    fixture_make(&f, (size_t)1 << 20);
    struct signed_block block = fixture_block(&f, 10, "dinsos");
    struct sg_merkle tree;
    SG_AUTO(txn_done) struct txn txn = {0};
    UNIT_OK(txn_begin(&txn, f.env, TXN_READ, &why));
    static const size_t sizes[] = {0, 100, 400};
    for (size_t i = 0; i < SG_ARRAY_LEN(sizes); i++) {
        struct sg_arena small = {.base = f.arena.base, .size = sizes[i]};
        assert_int_equal(block_tree(&txn, &block, &small, &tree, &why), SG_E_LIMIT);
    }
    txn_done(&txn);
    change(&f, TABLE_JOURNAL, 4, 150);
    UNIT_OK(txn_begin(&txn, f.env, TXN_READ, &why));
    assert_int_equal(block_tree(&txn, &block, &f.arena, &tree, &why), SG_E_STORE);
    txn_done(&txn);
    change(&f, TABLE_JOURNAL, 4, -1);
    UNIT_OK(txn_begin(&txn, f.env, TXN_READ, &why));
    assert_int_equal(block_tree(&txn, &block, &f.arena, &tree, &why), SG_E_STORE);
    assert_non_null(strstr(why.text, "record 4 "));
    txn_done(&txn);
    fixture_end(&f);
}

UNIT_MAIN(cmocka_unit_test(nothing_happened_is_no_block),
          cmocka_unit_test(blocks_follow_each_other), cmocka_unit_test(records_are_completed),
          cmocka_unit_test(the_same_turn_gives_the_same_block),
          cmocka_unit_test(a_block_has_limits), cmocka_unit_test(a_new_epoch_begins_apart),
          cmocka_unit_test(a_long_store_is_verified_in_short_reads),
          cmocka_unit_test(what_was_changed_is_found),
          cmocka_unit_test(every_byte_of_a_header_counts),
          cmocka_unit_test(an_old_tree_that_does_not_hold))
