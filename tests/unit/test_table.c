#include "store/table.h"
#include "unit/store_fixture.h"

struct open_store {
    struct fixture f;
    struct txn txn;
};

static int set_up(void **state)
{
    struct open_store *s = calloc(1, sizeof *s);
    struct sg_why why = {0};
    assert_non_null(s);
    fixture_make(&s->f, (size_t)1 << 20);
    UNIT_OK(txn_begin(&s->txn, s->f.env, TXN_WRITE, &why));
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct open_store *s = *state;
    txn_done(&s->txn);
    fixture_end(&s->f);
    free(s);
    return 0;
}

static struct key number(uint64_t n)
{
    struct key key = {0};
    key_u64(&key, n);
    return key;
}

/* ---- keys ---- */

static void keys_sort_as_what_they_hold(void **state)
{
    (void)state;
    struct key rows[8] = {{0}};
    key_u64(key_text(&rows[0], "a"), 300);
    key_u64(key_text(&rows[1], "aa"), 1);
    key_u64(key_text(&rows[2], "aa"), 255);
    key_u64(key_text(&rows[3], "aa"), 256);
    key_i64(key_text(&rows[4], "ab"), 0);
    key_i64(key_text(&rows[5], "ab"), INT64_MAX);
    key_id(key_u8(&rows[6], 'b'), &(struct sg_id){{1}});
    key_bytes(key_u8(&rows[7], 'b'), (struct sg_bytes){(const uint8_t *)"\2", 1});
    for (size_t i = 1; i < SG_ARRAY_LEN(rows); i++) {
        size_t least = rows[i].len < rows[i - 1].len ? rows[i].len : rows[i - 1].len;
        if (memcmp(rows[i - 1].b, rows[i].b, least) >= 0)
            fail_msg("key %zu is not greater than the one before", i);
    }
    assert_int_equal(rows[0].len, 10);
    assert_int_equal(rows[6].len, 17);
    struct key prefix = {0};
    key_text(&prefix, "aa");
    assert_false(key_starts(key_borrow(&rows[0]), &prefix));
    assert_true(key_starts(key_borrow(&rows[2]), &prefix));
}

/* ---- rows ---- */

static void names_and_folds(void **state)
{
    (void)state;
    assert_string_equal(table_name(TABLE_JOURNAL), "journal");
    assert_string_equal(table_name(TABLE_WAITING), "waiting");
    unsigned folds = 0;
    for (int t = 0; t < TABLES; t++)
        folds += table_is_fold((enum table)t);
    /* meta journal outboxes frames subscriptions, dead letters, presence, refusals */
    assert_int_equal(folds, TABLES - 8);
    assert_false(table_is_fold(TABLE_PRESENCE));
    assert_false(table_is_fold(TABLE_FRAMES));
    assert_true(table_is_fold(TABLE_BLOCKS));
}

static void put_get_delete_count(void **state)
{
    struct open_store *s = *state;
    struct sg_why why = {0};
    struct key key = number(7);
    struct sg_bytes value = {0};
    uint64_t count = 9;
    uint64_t read = s->txn.rows_read, written = s->txn.rows_written;
    assert_int_equal(table_get(&s->txn, TABLE_SLOTS, &key, &value, &why), SG_E_NOT_FOUND);
    assert_string_equal(why.text, "no such row in slots");
    assert_int_equal(table_get(&s->txn, TABLE_SLOTS, &key, &value, NULL), SG_E_NOT_FOUND);
    assert_int_equal(table_delete(&s->txn, TABLE_SLOTS, &key, &why), SG_E_NOT_FOUND);
    UNIT_OK(table_put(&s->txn, TABLE_SLOTS, &key, sg_bytes_of("one"), &why));
    UNIT_OK(table_put(&s->txn, TABLE_SLOTS, &key, sg_bytes_of("other"), &why));
    UNIT_OK(table_get(&s->txn, TABLE_SLOTS, &key, &value, &why));
    assert_true(sg_bytes_equal(value, sg_bytes_of("other")));
    UNIT_OK(table_count(&s->txn, TABLE_SLOTS, &count, &why));
    assert_int_equal(count, 1);
    UNIT_OK(table_put(&s->txn, TABLE_SLOTS, &key, (struct sg_bytes){0}, &why)); /* only a key */
    UNIT_OK(table_get(&s->txn, TABLE_SLOTS, &key, &value, &why));
    assert_int_equal(value.len, 0);
    UNIT_OK(table_delete(&s->txn, TABLE_SLOTS, &key, &why));
    UNIT_OK(table_count(&s->txn, TABLE_SLOTS, &count, &why));
    assert_int_equal(count, 0);
    assert_int_equal(s->txn.rows_read - read, 4);
    assert_int_equal(s->txn.rows_written - written, 5);
}

static void what_is_aborted_never_happened(void **state)
{
    struct open_store *s = *state;
    struct sg_why why = {0};
    struct key key = number(7);
    struct sg_bytes value;
    UNIT_OK(table_put(&s->txn, TABLE_CASES, &key, sg_bytes_of("one"), &why));
    txn_done(&s->txn);
    txn_done(&s->txn); /* twice is once */
    UNIT_OK(txn_begin(&s->txn, s->f.env, TXN_READ, &why));
    assert_int_equal(table_get(&s->txn, TABLE_CASES, &key, &value, &why), SG_E_NOT_FOUND);
    UNIT_OK(txn_commit(&s->txn, &why));
}

static void appended_in_order_only(void **state)
{
    struct open_store *s = *state;
    struct sg_why why = {0};
    struct key five = number(5), six = number(6);
    UNIT_OK(table_append(&s->txn, TABLE_JOURNAL, &five, sg_bytes_of("5"), &why));
    assert_int_equal(table_append(&s->txn, TABLE_JOURNAL, &five, sg_bytes_of("5"), &why),
                     SG_E_STORE);
    UNIT_OK(table_append(&s->txn, TABLE_JOURNAL, &six, sg_bytes_of("6"), &why));
    struct key four = number(4);
    assert_int_equal(table_append(&s->txn, TABLE_JOURNAL, &four, sg_bytes_of("4"), &why),
                     SG_E_STORE);
}

static void rows_have_a_greatest_size(void **state)
{
    struct open_store *s = *state;
    struct sg_why why = {0};
    static const uint8_t large[3000];
    struct key key = number(1);
    UNIT_OK(table_put(&s->txn, TABLE_SLOTS, &key, (struct sg_bytes){large, 2000}, &why));
    assert_int_equal(table_put(&s->txn, TABLE_SLOTS, &key, (struct sg_bytes){large, 2001}, &why),
                     SG_E_STORE);
    assert_non_null(strstr(why.text, "slots"));
    UNIT_OK(table_append(&s->txn, TABLE_JOURNAL, &key, (struct sg_bytes){large, 3000}, &why));
}

static void a_row_of_the_contract(void **state)
{
    struct open_store *s = *state;
    struct sg_why why = {0};
    struct key key = number(1);
    PbOutboxRow row = PB_OUTBOX_ROW__INIT;
    char agency[] = "dinsos";
    row.agency = agency;
    row.has_last_number = true;
    row.last_number = 42;
    UNIT_OK(row_put(&s->txn, TABLE_OUTBOXES, &key, &row, &why));
    PbOutboxRow *got = NULL;
    UNIT_OK(row_get(&s->txn, TABLE_OUTBOXES, &key, &pb_outbox_row__descriptor, &s->f.arena, &got,
                    &why));
    assert_string_equal(got->agency, "dinsos");
    assert_int_equal(got->last_number, 42);

    PbDeadlineRow nothing = PB_DEADLINE_ROW__INIT, *none = NULL; /* packs to no bytes at all */
    UNIT_OK(row_put(&s->txn, TABLE_DEADLINES, &key, &nothing, &why));
    UNIT_OK(row_get(&s->txn, TABLE_DEADLINES, &key, &pb_deadline_row__descriptor, &s->f.arena,
                    &none, &why));
    assert_false(none->has_reached);
}

static void rows_that_are_refused(void **state)
{
    struct open_store *s = *state;
    struct sg_why why = {0};
    struct key key = number(1), other = number(2);
    PbOutboxRow *got = NULL;
    static char large[3000];
    memset(large, 'a', sizeof large - 1);
    PbOutboxRow row = PB_OUTBOX_ROW__INIT;
    row.agency = large;
    assert_int_equal(row_put(&s->txn, TABLE_OUTBOXES, &key, &row, &why), SG_E_STORE);
    assert_non_null(strstr(why.text, "outboxes"));

    assert_int_equal(
        row_get(&s->txn, TABLE_OUTBOXES, &key, &pb_outbox_row__descriptor, &s->f.arena, &got, &why),
        SG_E_NOT_FOUND);
    UNIT_OK(table_put(&s->txn, TABLE_OUTBOXES, &other, sg_bytes_of("\xff\xff\xff"), &why));
    assert_int_equal(row_get(&s->txn, TABLE_OUTBOXES, &other, &pb_outbox_row__descriptor,
                             &s->f.arena, &got, &why),
                     SG_E_STORE);
    large[1000] = '\0';
    UNIT_OK(row_put(&s->txn, TABLE_OUTBOXES, &key, &row, &why));
    struct sg_arena small = {.base = s->f.arena.base, .size = 64};
    assert_int_equal(
        row_get(&s->txn, TABLE_OUTBOXES, &key, &pb_outbox_row__descriptor, &small, &got, &why),
        SG_E_LIMIT);
}

/* ---- walks ---- */

static uint64_t at(const struct cursor *cursor)
{
    return cursor->key.ptr ? sg_get_u64(cursor->key.ptr) : 0;
}

static void seeks_follow_the_table(void **state)
{
    struct open_store *s = *state;
    struct sg_why why = {0};
    static const uint64_t present[] = {10, 20, 30};
    for (size_t i = 0; i < SG_ARRAY_LEN(present); i++) {
        struct key key = number(present[i]);
        UNIT_OK(table_put(&s->txn, TABLE_BLOCKS, &key, sg_bytes_of("x"), &why));
    }
    static const struct row {
        uint64_t key, seek, back; /* 0 = past the end */
    } rows[] = {{5, 10, 0},   {10, 10, 10}, {11, 20, 10}, {20, 20, 20},
                {25, 30, 20}, {30, 30, 30}, {31, 0, 30}};
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    UNIT_OK(cursor_open(&cursor, &s->txn, TABLE_BLOCKS, &why));
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct key key = number(rows[i].key);
        UNIT_OK(cursor_seek(&cursor, &key, &why));
        if (at(&cursor) != rows[i].seek)
            fail_msg("seek %d: at %d", (int)rows[i].key, (int)at(&cursor));
        UNIT_OK(cursor_seek_back(&cursor, &key, &why));
        if (at(&cursor) != rows[i].back)
            fail_msg("seek back %d: at %d", (int)rows[i].key, (int)at(&cursor));
    }
    struct key none = {0};
    UNIT_OK(cursor_seek(&cursor, &none, &why));
    assert_int_equal(at(&cursor), 10);
    UNIT_OK(cursor_seek_back(&cursor, &none, &why));
    assert_int_equal(at(&cursor), 0);
}

static void walks_stay_past_their_end(void **state)
{
    struct open_store *s = *state;
    struct sg_why why = {0};
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    UNIT_OK(cursor_open(&cursor, &s->txn, TABLE_BLOCKS, &why));
    UNIT_OK(cursor_next(&cursor, &why)); /* not placed yet */
    assert_null(cursor.key.ptr);
    UNIT_OK(cursor_first(&cursor, &why)); /* empty */
    assert_null(cursor.key.ptr);
    UNIT_OK(cursor_last(&cursor, &why));
    assert_null(cursor.key.ptr);
    struct key one = number(1), two = number(2);
    UNIT_OK(cursor_seek_back(&cursor, &one, &why));
    assert_null(cursor.key.ptr);
    UNIT_OK(table_put(&s->txn, TABLE_BLOCKS, &one, sg_bytes_of("a"), &why));
    UNIT_OK(table_put(&s->txn, TABLE_BLOCKS, &two, sg_bytes_of("b"), &why));

    UNIT_OK(cursor_first(&cursor, &why));
    assert_int_equal(at(&cursor), 1);
    UNIT_OK(cursor_next(&cursor, &why));
    assert_int_equal(at(&cursor), 2);
    assert_true(sg_bytes_equal(cursor.value, sg_bytes_of("b")));
    for (int i = 0; i < 2; i++) {
        UNIT_OK(cursor_next(&cursor, &why));
        assert_null(cursor.key.ptr);
    }
    UNIT_OK(cursor_last(&cursor, &why));
    UNIT_OK(cursor_prev(&cursor, &why));
    assert_int_equal(at(&cursor), 1);
    for (int i = 0; i < 2; i++) {
        UNIT_OK(cursor_prev(&cursor, &why));
        assert_null(cursor.key.ptr);
    }
}

/* Rows of four tables side by side in one tree: each table sees its own, and a walk that began with
 * an id ends with it. */
static void tables_of_one_tree_stay_apart(void **state)
{
    struct open_store *s = *state;
    struct sg_why why = {0};
    static const enum table all[] = {TABLE_PERSONS, TABLE_IDENTITIES, TABLE_REFERRALS_OF_PERSON,
                                     TABLE_REFERRALS};
    static const struct sg_id ids[] = {{{1}}, {{2}}, {{3}}};
    for (size_t i = 0; i < SG_ARRAY_LEN(ids); i++)
        for (size_t t = 0; t < SG_ARRAY_LEN(all); t++)
            for (uint64_t n = 1; n <= (i == 1 ? 0U : 2U); n++) {
                struct key key = {0};
                key_u64(key_id(&key, &ids[i]), n);
                UNIT_OK(table_put(&s->txn, all[t], &key, sg_bytes_of(table_name(all[t])), &why));
            }
    for (size_t t = 0; t < SG_ARRAY_LEN(all); t++) {
        SG_AUTO(cursor_done) struct cursor cursor = {0};
        struct key key = {0}, one = {0};
        uint64_t count = 0;
        UNIT_OK(table_count(&s->txn, all[t], &count, &why));
        assert_int_equal(count, 4);
        UNIT_OK(cursor_open(&cursor, &s->txn, all[t], &why));
        UNIT_OK(cursor_seek(&cursor, key_id(&key, &ids[0]), &why));
        for (uint64_t n = 1; n <= 2; n++) {
            assert_true(key_starts(cursor.key, &key));
            assert_int_equal(cursor.key.len, SG_ID_BYTES + 8);
            assert_int_equal(sg_get_u64(cursor.key.ptr + SG_ID_BYTES), n);
            assert_true(sg_bytes_equal(cursor.value, sg_bytes_of(table_name(all[t]))));
            UNIT_OK(cursor_next(&cursor, &why));
        }
        assert_null(cursor.key.ptr);
        UNIT_OK(cursor_seek(&cursor, key_id(&one, &ids[1]), &why)); /* has no rows */
        assert_null(cursor.key.ptr);
        UNIT_OK(cursor_seek_back(&cursor, key_u64(&one, UINT64_MAX), &why));
        assert_null(cursor.key.ptr);
        UNIT_OK(cursor_seek_back(&cursor, key_u64(&key, UINT64_MAX), &why));
        assert_int_equal(sg_get_u64(cursor.key.ptr + SG_ID_BYTES), 2);
        UNIT_OK(cursor_prev(&cursor, &why));
        UNIT_OK(cursor_prev(&cursor, &why));
        assert_null(cursor.key.ptr);
        UNIT_OK(cursor_last(&cursor, &why));
        assert_memory_equal(cursor.key.ptr, ids[2].b, SG_ID_BYTES);
        for (count = 0; cursor.key.ptr; count++)
            UNIT_OK(cursor_prev(&cursor, &why));
        assert_int_equal(count, 4); /* from the end a walk goes through all ids */
    }
}

/* A cursor may outlive its transaction, of either kind, and is closed once. */
static void cursors_end_with_their_transaction(void **state)
{
    struct open_store *s = *state;
    struct sg_why why = {0};
    SG_AUTO(cursor_done) struct cursor writing = {0}, reading = {0};
    UNIT_OK(cursor_open(&writing, &s->txn, TABLE_BLOCKS, &why));
    struct key one = number(1);
    UNIT_OK(table_put(&s->txn, TABLE_BLOCKS, &one, sg_bytes_of("a"), &why));
    UNIT_OK(txn_commit(&s->txn, &why));
    cursor_done(&writing);
    cursor_done(&writing);
    SG_AUTO(txn_done) struct txn txn = {0};
    UNIT_OK(txn_begin(&txn, s->f.env, TXN_READ, &why));
    UNIT_OK(cursor_open(&reading, &txn, TABLE_BLOCKS, &why));
    txn_done(&txn);
    cursor_done(&reading);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* In a tree of its own and in the shared one: the rows under a prefix, then past the end for good.
 */
static void a_walk_under_a_prefix_ends_with_it(void **state)
{
    struct open_store *s = *state;
    struct sg_why why = {0};
    static const enum table walked[] = {TABLE_ALLOCATIONS_OF_CASE, TABLE_REFERRALS_OF_PERSON};
    static const size_t rows_of[] = {2, 0, 3}; /* of the first ids 1, 2 and 3 */
    for (size_t t = 0; t < SG_ARRAY_LEN(walked); t++) {
        for (uint8_t first = 1; first <= SG_ARRAY_LEN(rows_of); first++)
            for (uint8_t n = 1; n <= rows_of[first - 1]; n++) {
                struct key key = {0};
                key_id(key_id(&key, &(struct sg_id){{first}}), &(struct sg_id){{n}});
                UNIT_OK(table_put(&s->txn, walked[t], &key, sg_bytes_of("x"), &why));
            }
        for (uint8_t first = 1; first <= SG_ARRAY_LEN(rows_of); first++) {
            SG_AUTO(cursor_done) struct cursor cursor = {0};
            struct key prefix = {0};
            size_t count = 0;
            key_id(&prefix, &(struct sg_id){{first}});
            UNIT_OK(cursor_under(&cursor, &s->txn, walked[t], &prefix, &why));
            for (; cursor.key.ptr; count++) {
                assert_int_equal(cursor.key.ptr[0], first);
                assert_int_equal(cursor_second_id(&cursor).b[0], count + 1);
                UNIT_OK(cursor_next(&cursor, &why));
            }
            assert_int_equal(count, rows_of[first - 1]);
            UNIT_OK(cursor_next(&cursor, &why));
            assert_null(cursor.key.ptr);
        }
    }
}

UNIT_MAIN(cmocka_unit_test(keys_sort_as_what_they_hold), cmocka_unit_test(names_and_folds),
          TEST(put_get_delete_count), TEST(what_is_aborted_never_happened),
          TEST(appended_in_order_only), TEST(rows_have_a_greatest_size),
          TEST(a_row_of_the_contract), TEST(rows_that_are_refused), TEST(seeks_follow_the_table),
          TEST(walks_stay_past_their_end), TEST(tables_of_one_tree_stay_apart),
          TEST(a_walk_under_a_prefix_ends_with_it), TEST(cursors_end_with_their_transaction))
