#include "store/mailbox.h"
#include "unit/store_fixture.h"

struct open_store {
    struct fixture f;
    struct txn txn;
    struct mailbox_writer *writer;
};

static int set_up(void **state)
{
    struct open_store *s = calloc(1, sizeof *s);
    struct sg_why why = {0};
    assert_non_null(s);
    fixture_make(&s->f, (size_t)4 << 20);
    UNIT_OK(txn_begin(&s->txn, s->f.env, TXN_WRITE, &why));
    UNIT_OK(mailbox_writer_new(&s->f.arena, &s->writer, &why));
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

static void add(struct open_store *s, const char *agency, uint64_t seq, uint32_t type)
{
    struct sg_why why = {0};
    UNIT_OK(mailbox_add(s->writer, agency, seq, type, &why));
}

/* As at the end of a block: the lists are written, new ones begin. */
static void end_block(struct open_store *s)
{
    struct sg_why why = {0};
    UNIT_OK(mailbox_flush(s->writer, &s->txn, &why));
    UNIT_OK(mailbox_writer_new(&s->f.arena, &s->writer, &why));
}

/* What the agency reads from `after` on, as text "1:101 2:102". */
static const char *read_all(struct open_store *s, const char *agency, uint64_t after)
{
    static char text[4096];
    struct sg_why why = {0};
    struct mailbox_reader reader;
    size_t len = 0;
    text[0] = '\0';
    UNIT_OK(mailbox_open(&reader, &s->txn, agency, after, &why));
    for (;;) {
        uint64_t seq;
        uint32_t type;
        UNIT_OK(mailbox_next(&reader, &seq, &type, &why));
        if (!seq)
            break;
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%llu:%u", len ? " " : "",
                                (unsigned long long)seq, type);
    }
    mailbox_done(&reader);
    mailbox_done(&reader);
    return text;
}

static void nothing_to_read(void **state)
{
    struct open_store *s = *state;
    assert_string_equal(read_all(s, "dinsos", 0), "");
    end_block(s);
    assert_string_equal(read_all(s, "dinsos", 0), "");
    add(s, "dinso", 1, 101);
    add(s, "dinsos-kota", 2, 101);
    end_block(s);
    assert_string_equal(read_all(s, "dinsos", 0), ""); /* a name within a name is another one */
    assert_string_equal(read_all(s, "dinsos", UINT64_MAX), "");
}

static void own_and_public_are_merged(void **state)
{
    struct open_store *s = *state;
    add(s, "dinsos", 1, 101);
    add(s, "*", 2, 108);
    add(s, "satpolpp", 3, 103);
    add(s, "*", 4, 108);
    add(s, "dinsos", 4, 108); /* on both lists */
    add(s, "dinsos", 4, 108); /* and named twice */
    end_block(s);
    add(s, "*", 5, 201);
    add(s, "dinsos", 6, 208);
    end_block(s);
    add(s, "dinsos", 7, 105);
    end_block(s);

    static const struct row {
        const char *agency;
        uint64_t after;
        const char *want;
    } rows[] = {
        {"dinsos", 0, "1:101 2:108 4:108 5:201 6:208 7:105"},
        {"dinsos", 1, "2:108 4:108 5:201 6:208 7:105"},
        {"dinsos", 2, "4:108 5:201 6:208 7:105"},
        {"dinsos", 3, "4:108 5:201 6:208 7:105"},
        {"dinsos", 4, "5:201 6:208 7:105"},
        {"dinsos", 5, "6:208 7:105"},
        {"dinsos", 6, "7:105"},
        {"dinsos", 7, ""},
        {"dinsos", 1000, ""},
        {"satpolpp", 0, "2:108 3:103 4:108 5:201"},
        {"satpolpp", 2, "3:103 4:108 5:201"},
        {"nobody", 0, "2:108 4:108 5:201"},
        {"nobody", 4, "5:201"},
        {"*", 0, "2:108 4:108 5:201"},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        const char *got = read_all(s, rows[i].agency, rows[i].after);
        if (strcmp(got, rows[i].want) != 0)
            fail_msg("%s after %d: '%s'", rows[i].agency, (int)rows[i].after, got);
    }
}

static void a_list_is_cut_at_its_greatest_size(void **state)
{
    struct open_store *s = *state;
    struct sg_why why = {0};
    const unsigned count = 2 * SG_MAILBOX_ENTRIES_MAX + 17;
    for (unsigned i = 0; i < count; i++)
        add(s, "dinsos", 10 + 2 * i, 101 + i % 24);
    end_block(s);
    uint64_t rows = 0;
    UNIT_OK(table_count(&s->txn, TABLE_MAILBOX, &rows, &why));
    assert_int_equal(rows, 3);

    /* From everywhere, also from within and between lists, nothing is lost and nothing is doubled.
     */
    for (unsigned from = 0; from < count; from += from % 400 < 3 || from % 400 > 396 ? 1 : 97) {
        struct mailbox_reader reader;
        UNIT_OK(mailbox_open(&reader, &s->txn, "dinsos", 10 + 2 * from - 1, &why));
        for (unsigned i = from; i <= count; i++) {
            uint64_t seq;
            uint32_t type;
            UNIT_OK(mailbox_next(&reader, &seq, &type, &why));
            if (seq != (i < count ? 10 + 2 * i : 0))
                fail_msg("from %u: entry %u is %llu", from, i, (unsigned long long)seq);
            if (seq)
                assert_int_equal(type, 101 + i % 24);
        }
        mailbox_done(&reader);
    }
}

static void a_list_is_cut_where_the_offset_ends(void **state)
{
    struct open_store *s = *state;
    add(s, "dinsos", 1, 101);
    add(s, "dinsos", 65536, 102);
    add(s, "dinsos", 65537, 103);
    add(s, "dinsos", (UINT64_C(1) << 32) + 5, 104); /* of a later epoch */
    end_block(s);
    assert_string_equal(read_all(s, "dinsos", 0), "1:101 65536:102 65537:103 4294967301:104");
    assert_string_equal(read_all(s, "dinsos", 65536), "65537:103 4294967301:104");
}

static void the_arena_is_full(void **state)
{
    struct open_store *s = *state;
    struct sg_why why = {0};
    struct sg_arena none = {.base = s->f.arena.base, .size = 0};
    struct mailbox_writer *writer;
    assert_int_equal(mailbox_writer_new(&none, &writer, &why), SG_E_LIMIT);
    static const size_t sizes[] = {16, 64, 128, 1200}; /* no room for reader, name or list */
    for (size_t i = 0; i < SG_ARRAY_LEN(sizes); i++) {
        struct sg_arena small = {.base = s->f.arena.base, .size = sizes[i]};
        UNIT_OK(mailbox_writer_new(&small, &writer, &why));
        assert_int_equal(mailbox_add(writer, "dinsos", 1, 101, &why), SG_E_LIMIT);
    }
}

static void damaged_lists_are_refused(void **state)
{
    struct open_store *s = *state;
    struct sg_why why = {0};
    static const struct row {
        const char *name;
        size_t key_more, value_len;
    } rows[] = {{"no entry", 0, 0}, {"half an entry", 0, 4}, {"a longer key", 1, 3}};
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct key key = {0};
        static const uint8_t zeros[8];
        key_u64(key_text(&key, "dinsos"), 5);
        key_bytes(&key, (struct sg_bytes){zeros, rows[i].key_more});
        UNIT_OK(table_put(&s->txn, TABLE_MAILBOX, &key, (struct sg_bytes){zeros, rows[i].value_len},
                          &why));
        struct mailbox_reader reader;
        enum sg_err err = mailbox_open(&reader, &s->txn, "dinsos", 0, &why);
        if (err != SG_E_STORE || !strstr(why.text, "dinsos"))
            fail_msg("%s: %s '%s'", rows[i].name, sg_err_name(err), why.text);
        UNIT_OK(table_delete(&s->txn, TABLE_MAILBOX, &key, &why));
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

UNIT_MAIN(TEST(nothing_to_read), TEST(own_and_public_are_merged),
          TEST(a_list_is_cut_at_its_greatest_size), TEST(a_list_is_cut_where_the_offset_ends),
          TEST(the_arena_is_full), TEST(damaged_lists_are_refused))
