#include "store/head.h"
#include "unit/store_fixture.h"

static struct head_record sample(void)
{
    return (struct head_record){
        .store_id = {{1, 2, 3}}, .epoch = 2, .height = 77, .hash = {9, 8, 7}};
}

static void written_and_read(void **state)
{
    (void)state;
    struct fixture f;
    struct sg_why why = {0};
    fixture_begin(&f, 0);
    struct head_record head = sample(), got = {0};
    enum head_state found;
    UNIT_OK(head_read(f.head, &found, &got, &why));
    assert_int_equal(found, HEAD_ABSENT);

    SG_AUTO(sg_fd_done) int fd = -1;
    UNIT_OK(head_write(&fd, f.head, &head, &why));
    head.height = 78; /* in place, with the descriptor that is open */
    UNIT_OK(head_write(&fd, f.head, &head, &why));
    UNIT_OK(head_read(f.head, &found, &got, &why));
    assert_int_equal(found, HEAD_READ);
    assert_memory_equal(&got, &head, sizeof head);
    struct stat st;
    assert_int_equal(stat(f.head, &st), 0);
    assert_int_equal(st.st_size, 4096);
    assert_int_equal(st.st_mode & 0777, 0600);
    fixture_end(&f);
}

static void torn_in_every_way(void **state)
{
    (void)state;
    struct fixture f;
    struct sg_why why = {0};
    fixture_begin(&f, 0);
    struct head_record head = sample(), got = {0};
    SG_AUTO(sg_fd_done) int fd = -1;
    UNIT_OK(head_write(&fd, f.head, &head, &why));
    size_t size;
    uint8_t *bytes = fixture_read_file(f.head, &size);
    for (size_t i = 0; i < 84; i++) { /* every byte that says something */
        enum head_state found = HEAD_READ;
        bytes[i] ^= 0x10;
        fixture_write_file(f.head, bytes, size);
        bytes[i] ^= 0x10;
        UNIT_OK(head_read(f.head, &found, &got, &why));
        if (found != HEAD_TORN)
            fail_msg("byte %zu: state %d", i, (int)found);
    }
    static const size_t sizes[] = {0, 1, 84, 4095};
    for (size_t i = 0; i < SG_ARRAY_LEN(sizes); i++) {
        enum head_state found = HEAD_READ;
        fixture_write_file(f.head, bytes, sizes[i]);
        UNIT_OK(head_read(f.head, &found, &got, &why));
        assert_int_equal(found, HEAD_TORN);
    }
    free(bytes);
    fixture_end(&f);
}

static void another_version_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    struct sg_why why = {0};
    fixture_begin(&f, 0);
    struct head_record head = sample(), got = {0};
    SG_AUTO(sg_fd_done) int fd = -1;
    UNIT_OK(head_write(&fd, f.head, &head, &why));
    size_t size;
    uint8_t *bytes = fixture_read_file(f.head, &size);
    sg_put_u32(bytes + 8, 2);
    uint8_t sum[32];
    sg_hash((struct sg_bytes){bytes, 76}, sum);
    memcpy(bytes + 76, sum, 8);
    fixture_write_file(f.head, bytes, size);
    enum head_state found;
    assert_int_equal(head_read(f.head, &found, &got, &why), SG_E_STORE);
    assert_non_null(strstr(why.text, "version 2"));
    free(bytes);
    fixture_end(&f);
}

static void errors_of_the_file_system(void **state)
{
    (void)state;
    struct sg_why why = {0};
    struct head_record head = sample();
    enum head_state found;
    int fd = -1;
    UNIT_OK(sg_crypto_init(&why));
    assert_int_equal(head_write(&fd, "no-such-folder/head", &head, &why), SG_E_SYS);
    assert_int_equal(fd, -1);
    assert_int_equal(head_read(".", &found, &head, &why), SG_E_STORE); /* a folder */
    assert_int_equal(head_sync_folder("no-such-folder/head", &why), SG_E_SYS);
    UNIT_OK(head_sync_folder("head", &why));
}

/* ---- the store against its head file ---- */

enum { BLOCKS = 3 };

struct chain {
    struct fixture f;
    struct signed_block blocks[BLOCKS];
    uint8_t *old; /* the file as it was after the first block */
    size_t old_size;
};

static void make_chain(struct chain *c)
{
    fixture_make(&c->f, (size_t)1 << 20);
    for (int i = 0; i < BLOCKS; i++) {
        c->blocks[i] = fixture_block(&c->f, 3, "dinsos");
        if (i == 0) {
            env_close(&c->f.env);
            c->old = fixture_read_file(c->f.path, &c->old_size);
            fixture_open(&c->f);
        }
    }
}

static void remember(struct chain *c, const struct signed_block *block)
{
    struct sg_why why = {0};
    UNIT_OK(env_write_head(c->f.env, block->header.epoch, block->header.height, block->hash, &why));
}

static void set_nothing(struct chain *c)
{
    (void)c;
}
static void set_last(struct chain *c)
{
    remember(c, &c->blocks[BLOCKS - 1]);
}
static void set_middle(struct chain *c)
{
    remember(c, &c->blocks[1]);
}
static void set_torn(struct chain *c)
{
    set_last(c);
    assert_int_equal(truncate(c->f.head, 100), 0);
}
static void set_beyond(struct chain *c)
{
    struct signed_block block = c->blocks[BLOCKS - 1];
    block.header.height++;
    remember(c, &block);
}
static void set_other_hash(struct chain *c)
{
    struct signed_block block = c->blocks[1];
    block.hash[31] ^= 1;
    remember(c, &block);
}
static void set_other_epoch(struct chain *c)
{
    struct signed_block block = c->blocks[1];
    block.header.epoch++;
    remember(c, &block);
}
static void set_older_store(struct chain *c)
{
    set_last(c);
    env_close(&c->f.env);
    fixture_write_file(c->f.path, c->old, c->old_size);
}
static void set_new_store(struct chain *c)
{
    struct sg_why why = {0};
    set_last(c);
    env_close(&c->f.env);
    assert_int_equal(unlink(c->f.path), 0);
    struct sg_id id = {{5}};
    UNIT_OK(env_create(&c->f.options, &id, &why));
}

static void the_store_is_compared(void **state)
{
    (void)state;
    static const struct row {
        const char *name;
        void (*set)(struct chain *c);
        enum head_state want;
        const char *refused; /* NULL: it opens */
    } rows[] = {
        {"no head file", set_nothing, HEAD_ABSENT, NULL},
        {"last block", set_last, HEAD_READ, NULL},
        {"an earlier block", set_middle, HEAD_READ, NULL},
        {"torn", set_torn, HEAD_TORN, NULL},
        {"a block that is not there", set_beyond, HEAD_READ, "already confirmed"},
        {"another hash", set_other_hash, HEAD_READ, "not the one"},
        {"another epoch", set_other_epoch, HEAD_READ, "not the one"},
        {"an older state of the store", set_older_store, HEAD_READ, "older than"},
        {"another store", set_new_store, HEAD_READ, "another store"},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct chain c = {0};
        struct sg_why why = {0};
        make_chain(&c);
        rows[i].set(&c);
        env_close(&c.f.env);
        size_t size;
        uint8_t *before = fixture_read_file(c.f.path, &size);
        enum sg_err err = env_open(&c.f.options, &c.f.env, &why);
        if (err != (rows[i].refused ? SG_E_STORE : SG_OK))
            fail_msg("%s: %s '%s'", rows[i].name, sg_err_name(err), why.text);
        if (rows[i].refused && !strstr(why.text, rows[i].refused))
            fail_msg("%s: '%s'", rows[i].name, why.text);
        if (!err && env_head_state(c.f.env) != rows[i].want)
            fail_msg("%s: state %d", rows[i].name, (int)env_head_state(c.f.env));
        size_t after_size;
        uint8_t *after = fixture_read_file(c.f.path, &after_size);
        assert_int_equal(after_size, size);
        assert_memory_equal(after, before, size);
        free(after);
        free(before);
        free(c.old);
        fixture_end(&c.f);
    }
}

static void none_is_kept(void **state)
{
    (void)state;
    struct fixture f;
    struct sg_why why = {0};
    fixture_begin(&f, (size_t)1 << 20);
    f.options.head_path = NULL;
    UNIT_OK(env_create(&f.options, &f.store_id, &why));
    fixture_open(&f);
    assert_int_equal(env_head_state(f.env), HEAD_NOT_KEPT);
    struct signed_block block = fixture_block(&f, 1, "dinsos");
    UNIT_OK(env_write_head(f.env, 1, 1, block.hash, &why));
    assert_int_equal(access(f.head, F_OK), -1);
    fixture_end(&f);
}

UNIT_MAIN(cmocka_unit_test(written_and_read), cmocka_unit_test(torn_in_every_way),
          cmocka_unit_test(another_version_is_refused), cmocka_unit_test(errors_of_the_file_system),
          cmocka_unit_test(the_store_is_compared), cmocka_unit_test(none_is_kept))
