#include "store/env.h"
#include "store/precheck.h"
#include "unit/store_fixture.h"

#include <lmdb.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#define SMALL_MAP ((size_t)1 << 20)

/* A store as sinergid makes it: whole, private, and opened again with what it was made with. */
static void made_and_opened_again(void **state)
{
    (void)state;
    struct fixture f;
    struct sg_why why = {0};
    fixture_make(&f, 0);
    assert_true(sg_id_equal(env_store_id(f.env), &f.store_id));
    assert_false(env_is_demo(f.env));
    assert_int_equal(env_head_state(f.env), HEAD_ABSENT);

    struct env_usage usage;
    env_usage(f.env, &usage);
    assert_true(usage.map_bytes == (uint64_t)64 << 30);
    assert_true(usage.used_bytes > 0 && usage.used_bytes < SMALL_MAP);
    struct stat st;
    assert_int_equal(stat(f.path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_true((uint64_t)st.st_size >= usage.used_bytes);

    assert_int_equal(env_create(&f.options, &f.store_id, &why), SG_E_STORE); /* it is open */
    env_close(&f.env);
    assert_int_equal(env_create(&f.options, &f.store_id, &why), SG_E_EXISTS);
    fixture_open(&f);
    fixture_end(&f);
}

static void no_store_and_two_owners(void **state)
{
    (void)state;
    struct fixture f;
    struct sg_why why = {0};
    fixture_begin(&f, SMALL_MAP);
    assert_int_equal(env_open(&f.options, &f.env, &why), SG_E_NOT_FOUND);
    UNIT_OK(env_create(&f.options, &f.store_id, &why));
    fixture_open(&f);

    struct env *second = NULL;
    char pid[32];
    (void)snprintf(pid, sizeof pid, "process %ld:", (long)getpid());
    assert_int_equal(env_open(&f.options, &second, &why), SG_E_STORE);
    assert_null(second);
    assert_non_null(strstr(why.text, pid));
    fixture_end(&f);
}

static void no_folder(void **state)
{
    (void)state;
    struct sg_why why = {0};
    struct env_options options = {.path = "no-such-folder/store.mdb"};
    assert_int_equal(env_create(&options, &(struct sg_id){{1}}, &why), SG_E_STORE);
    struct env *env = NULL;
    assert_int_equal(env_open(&options, &env, &why), SG_E_NOT_FOUND);
}

/* The unfinished file of a creation that was interrupted is no obstacle. */
static void an_interrupted_creation_is_begun_again(void **state)
{
    (void)state;
    struct fixture f;
    struct sg_why why = {0};
    fixture_begin(&f, SMALL_MAP);
    char unfinished[320];
    (void)snprintf(unfinished, sizeof unfinished, "%s.tmp", f.path);
    fixture_write_file(unfinished, (const uint8_t *)"half", 4);
    UNIT_OK(env_create(&f.options, &f.store_id, &why));
    assert_int_equal(access(unfinished, F_OK), -1);
    fixture_open(&f);
    fixture_end(&f);
}

/* ---- what is refused, and left as it is ---- */

static void cut_to(const char *path, long size)
{
    assert_int_equal(truncate(path, size), 0);
}
static void cut_to_nothing(const char *path)
{
    cut_to(path, 0);
}
static void cut_in_first_page(const char *path)
{
    cut_to(path, 100);
}
static void cut_after_first_page(const char *path)
{
    cut_to(path, 4096);
}
static void cut_after_metas(const char *path)
{
    cut_to(path, 8192);
}
static void cut_last_page(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    cut_to(path, st.st_size - 4096);
}

static void overwrite(const char *path, uint8_t byte, size_t from, size_t count)
{
    size_t size;
    uint8_t *bytes = fixture_read_file(path, &size);
    for (size_t i = from; i < size && i < from + count; i++)
        bytes[i] = byte ? (uint8_t)(byte * i + i / 7) : 0;
    fixture_write_file(path, bytes, size);
    free(bytes);
}
static void zero_everything(const char *path)
{
    overwrite(path, 0, 0, SIZE_MAX / 2);
}
static void scramble_everything(const char *path)
{
    overwrite(path, 37, 0, SIZE_MAX / 2);
}
static void zero_first_meta(const char *path)
{
    overwrite(path, 0, 0, 4096);
}
static void zero_second_meta(const char *path)
{
    overwrite(path, 0, 4096, 4096);
}
static void scramble_magic(const char *path)
{
    overwrite(path, 99, 16, 4);
}
static void other_lmdb_version(const char *path)
{
    overwrite(path, 0, 20, 4);
}
static void zero_page_size(const char *path)
{
    overwrite(path, 0, 40, 4);
}
static void other_page_size(const char *path)
{
    overwrite(path, 0, 4096 + 40, 4);
}

static void become_text(const char *path)
{
    fixture_write_file(path, (const uint8_t *)"this is no store\n", 17);
}

/* Write or (value NULL) delete one row of a table of a closed store, past our own code. */
static void set_row(const char *path, const char *table, const char *name, const void *value,
                    size_t size)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 64), 0);
    assert_int_equal(mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOSYNC, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, table, MDB_CREATE, &dbi), 0);
    char key_bytes[64] = {0};
    (void)snprintf(key_bytes, sizeof key_bytes, "%s", name);
    uint8_t copy[64] = {0};
    memcpy(copy, value ? value : "", value ? size : 0);
    MDB_val key = {strlen(name) + 1, key_bytes};
    MDB_val data = {size, copy};
    if (value)
        assert_int_equal(mdb_put(txn, dbi, &key, &data, 0), 0);
    else if (*name)
        assert_int_equal(mdb_del(txn, dbi, &key, NULL), 0);
    else
        assert_int_equal(mdb_drop(txn, dbi, 1), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}
static void newer_format(const char *path)
{
    set_row(path, "meta", "format", "\0\0\0\3", 4);
}
static void older_format(const char *path)
{
    set_row(path, "meta", "format", "\0\0\0\0", 4);
}
static void cut_format(const char *path)
{
    set_row(path, "meta", "format", "\0", 1);
}
static void demo_mark(const char *path)
{
    set_row(path, "meta", "demo", "\1", 1);
}
static void no_store_id(const char *path)
{
    set_row(path, "meta", "store_id", NULL, 0);
}
static void cut_store_id(const char *path)
{
    set_row(path, "meta", "store_id", "abc", 3);
}
static void zero_store_id(const char *path)
{
    static const uint8_t zero[16];
    set_row(path, "meta", "store_id", zero, sizeof zero);
}
static void no_epoch(const char *path)
{
    set_row(path, "meta", "epoch", NULL, 0);
}
static void lost_table(const char *path)
{
    set_row(path, "seats", "", NULL, 0);
}
static void foreign_lmdb(const char *path)
{
    assert_int_equal(unlink(path), 0);
    set_row(path, "phones", "alice", "1", 1);
}
static void foreign_lmdb_with_meta(const char *path)
{
    assert_int_equal(unlink(path), 0);
    set_row(path, "meta", "alice", "1", 1);
}

static void refused_and_untouched(void **state)
{
    (void)state;
    static const struct row {
        const char *name;
        void (*damage)(const char *path);
        const char *want; /* in the sentence */
    } rows[] = {
        {"empty", cut_to_nothing, "is empty"},
        {"cut in the first page", cut_in_first_page, "is cut"},
        {"cut after the first page", cut_after_first_page, "is cut"},
        {"cut after both metas", cut_after_metas, "its end is missing"},
        {"last page lost", cut_last_page, "its end is missing"},
        {"zeros", zero_everything, "not an LMDB file"},
        {"random bytes", scramble_everything, "not an LMDB file"},
        {"first meta zero", zero_first_meta, "not an LMDB file"},
        {"second meta zero", zero_second_meta, "not an LMDB file"},
        {"magic", scramble_magic, "not an LMDB file"},
        {"data version", other_lmdb_version, "data version"},
        {"no page size", zero_page_size, "page size"},
        {"two page sizes", other_page_size, "page size"},
        {"a text file", become_text, "is cut"},
        {"newer format", newer_format, "install the version"},
        {"older format", older_format, "has format 0"},
        {"format of one byte", cut_format, "another program"},
        {"foreign LMDB file", foreign_lmdb, "another program"},
        {"foreign LMDB file with a table meta", foreign_lmdb_with_meta, "another program"},
        {"demo mark", demo_mark, "--demo"},
        {"no store id", no_store_id, "'store_id'"},
        {"short store id", cut_store_id, "'store_id'"},
        {"zero store id", zero_store_id, "id of the store"},
        {"no epoch", no_epoch, "'epoch'"},
        {"a table is missing", lost_table, "'seats' is missing"},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct fixture f;
        struct sg_why why = {0};
        fixture_make(&f, SMALL_MAP);
        (void)fixture_block(&f, 20, "dinsos *");
        env_close(&f.env);
        rows[i].damage(f.path);
        size_t before_size, after_size;
        uint8_t *before = fixture_read_file(f.path, &before_size);

        enum sg_err err = env_open(&f.options, &f.env, &why);
        if (err != SG_E_STORE || f.env || !strstr(why.text, rows[i].want))
            fail_msg("%s: %s '%s'", rows[i].name, sg_err_name(err), why.text);
        uint8_t *after = fixture_read_file(f.path, &after_size);
        if (before_size != after_size || memcmp(before, after, before_size) != 0)
            fail_msg("%s: the file was changed", rows[i].name);
        free(before);
        free(after);
        fixture_end(&f);
    }
}

static void a_demo_store_wants_a_demo_daemon(void **state)
{
    (void)state;
    struct fixture f;
    struct sg_why why = {0};
    fixture_begin(&f, SMALL_MAP);
    f.options.demo = true;
    UNIT_OK(env_create(&f.options, &f.store_id, &why));
    fixture_open(&f);
    assert_true(env_is_demo(f.env));
    env_close(&f.env);
    f.options.demo = false;
    assert_int_equal(env_open(&f.options, &f.env, &why), SG_E_STORE);
    assert_non_null(strstr(why.text, "start with --demo"));
    fixture_end(&f);
}

static void a_folder_is_no_store(void **state)
{
    (void)state;
    struct fixture f;
    struct sg_why why = {0};
    struct precheck found;
    fixture_begin(&f, SMALL_MAP);
    assert_int_equal(precheck_file(f.folder, &found, &why), SG_E_STORE);
    assert_non_null(strstr(why.text, "regular file"));
    assert_int_equal(precheck_file(f.path, &found, &why), SG_E_NOT_FOUND);
    fixture_end(&f);
}

/* Every length but the whole one is refused, or opens to the whole content; it never ends the
 * process. */
static void every_cut_is_seen(void **state)
{
    (void)state;
    struct fixture f;
    struct sg_why why = {0};
    fixture_make(&f, SMALL_MAP);
    for (int i = 0; i < 4; i++)
        (void)fixture_block(&f, 40, "dinsos satpolpp *");
    env_close(&f.env);
    size_t size;
    uint8_t *bytes = fixture_read_file(f.path, &size);
    unsigned refused = 0;
    for (size_t len = 0; len < size; len += 1024) {
        fixture_write_file(f.path, bytes, len);
        uint64_t records = 0;
        enum sg_err err = env_open(&f.options, &f.env, &why);
        if (err == SG_E_STORE) {
            refused++;
            continue;
        }
        UNIT_OK(err);
        UNIT_OK(fixture_verify(&f, &records, &why));
        assert_int_equal(records, 160);
        env_close(&f.env);
    }
    assert_true(refused > 0);
    free(bytes);
    fixture_end(&f);
}

/* ---- a healthy file that is shorter than its last page ---- */

/* Rows put and deleted in one transaction leave pages at the end that were counted, given back and
 * never written. */
static void change_cases(struct fixture *f, uint64_t put, uint64_t delete)
{
    SG_AUTO(txn_done) struct txn txn = {0};
    struct sg_why why = {0};
    static const uint8_t value[1500];
    UNIT_OK(txn_begin(&txn, f->env, TXN_WRITE, &why));
    for (uint64_t i = 0; i < put; i++) {
        struct key key = {0};
        UNIT_OK(table_put(&txn, TABLE_CASES, key_u64(&key, i * 37 % 401),
                          (struct sg_bytes){value, 100 + i * 7 % 1400}, &why));
    }
    for (uint64_t i = 0; i < delete; i++) {
        struct key key = {0};
        UNIT_OK(table_delete(&txn, TABLE_CASES, key_u64(&key, i * 37 % 401), &why));
    }
    UNIT_OK(txn_commit(&txn, &why));
}

static void free_pages_at_the_end_may_be_missing(void **state)
{
    (void)state;
    struct fixture f;
    struct sg_why why = {0};
    fixture_make(&f, SMALL_MAP);
    (void)fixture_block(&f, 30, "dinsos");
    struct env_usage usage = {0};
    struct stat st = {0};
    for (uint64_t rows = 20; rows < 400 && (uint64_t)st.st_size >= usage.used_bytes; rows += 5) {
        change_cases(&f, rows / 2, 0);
        change_cases(&f, rows, rows);
        env_usage(f.env, &usage);
        assert_int_equal(stat(f.path, &st), 0);
    }
    env_close(&f.env);
    assert_true((uint64_t)st.st_size < usage.used_bytes); /* else the test shows nothing */

    fixture_open(&f);
    uint64_t records = 0;
    UNIT_OK(fixture_verify(&f, &records, &why));
    assert_int_equal(records, 30);
    env_close(&f.env);

    cut_to(f.path, st.st_size / 2); /* what is in use is not all there */
    assert_int_equal(env_open(&f.options, &f.env, &why), SG_E_STORE);
    fixture_end(&f);
}

/* ---- growth ---- */

static enum sg_err put_rows(struct fixture *f, uint64_t from, uint64_t to, struct sg_why *why)
{
    SG_AUTO(txn_done) struct txn txn = {0};
    static const uint8_t value[1900];
    enum sg_err err = txn_begin(&txn, f->env, TXN_WRITE, why);
    for (uint64_t i = from; !err && i < to; i++) {
        struct key key = {0};
        err = table_put(&txn, TABLE_SLOTS, key_u64(&key, i), (struct sg_bytes){value, sizeof value},
                        why);
    }
    return err ? err : txn_commit(&txn, why);
}

static void a_full_map_grows(void **state)
{
    (void)state;
    struct fixture f;
    struct sg_why why = {0};
    fixture_make(&f, (size_t)256 << 10);
    uint64_t rows = 0;
    enum sg_err err = SG_OK;
    while (!(err = put_rows(&f, rows, rows + 20, &why)))
        rows += 20;
    assert_int_equal(err, SG_E_FULL);
    assert_true(rows > 0);
    assert_int_equal(put_rows(&f, rows, rows + 20, &why), SG_E_FULL); /* and goes on saying so */

    struct env_usage before, after;
    env_usage(f.env, &before);
    UNIT_OK(env_grow(f.env, &why));
    env_usage(f.env, &after);
    assert_true(after.map_bytes == 2 * before.map_bytes);
    UNIT_OK(put_rows(&f, rows, rows + 20, &why));
    env_close(&f.env);

    fixture_open(&f); /* the map stays as large although less was asked for */
    env_usage(f.env, &after);
    assert_true(after.map_bytes == 2 * before.map_bytes);
    SG_AUTO(txn_done) struct txn txn = {0};
    UNIT_OK(txn_begin(&txn, f.env, TXN_READ, &why));
    uint64_t count = 0;
    UNIT_OK(table_count(&txn, TABLE_SLOTS, &count, &why));
    assert_int_equal(count, rows + 20);
    assert_int_equal(env_grow(f.env, &why), SG_E_STORE); /* under a transaction */
    txn_done(&txn);
    UNIT_OK(env_grow(f.env, &why));
    env_reader_check(f.env);
    fixture_end(&f);
}

/* A thread that reads all the time: each transaction is short, so growing waits for its end and
 * goes on, and no reader begins meanwhile. */
struct reading {
    struct env *env;
    atomic_bool stop;
    atomic_uint count;
};

static void *read_all_the_time(void *argument)
{
    struct reading *r = argument;
    while (!atomic_load(&r->stop)) {
        SG_AUTO(txn_done) struct txn txn = {0};
        if (txn_begin(&txn, r->env, TXN_READ, NULL))
            return argument; /* never */
        for (volatile int i = 0; i < 20000; i++)
            ;
        atomic_fetch_add(&r->count, 1);
    }
    return NULL;
}

static void the_map_grows_beside_a_reader(void **state)
{
    enum { TIMES = 12 };
    (void)state;
    struct fixture f;
    struct sg_why why = {0};
    struct env_usage before, after;
    pthread_t thread;
    void *failed = NULL;
    fixture_make(&f, (size_t)256 << 10);
    struct reading reading = {.env = f.env};
    assert_int_equal(pthread_create(&thread, NULL, read_all_the_time, &reading), 0);
    env_usage(f.env, &before);
    for (int i = 0; i < TIMES; i++) {
        while (atomic_load(&reading.count) < (unsigned)i + 1)
            (void)sched_yield(); /* it does read */
        UNIT_OK(env_grow(f.env, &why));
    }
    atomic_store(&reading.stop, true);
    assert_int_equal(pthread_join(thread, &failed), 0);
    assert_null(failed);
    env_usage(f.env, &after);
    assert_true(after.map_bytes == before.map_bytes << TIMES);
    fixture_end(&f);
}

/* A turn whose block does not fit is run again after growth, and is the same block. */
static void a_turn_is_run_again_after_growth(void **state)
{
    (void)state;
    struct fixture f;
    struct sg_why why = {0};
    fixture_make(&f, (size_t)256 << 10);
    struct signed_block block = {0};
    unsigned grown = 0;
    for (unsigned turn = 0; turn < 12; turn++) {
        enum sg_err err = fixture_try_block(&f, 100, "dinsos", &block, &why);
        while (err == SG_E_FULL) {
            grown++;
            UNIT_OK(env_grow(f.env, &why));
            err = fixture_try_block(&f, 100, "dinsos", &block, &why);
        }
        UNIT_OK(err);
        assert_int_equal(block.header.height, turn + 1);
    }
    assert_true(grown > 0);
    uint64_t records = 0;
    UNIT_OK(fixture_verify(&f, &records, &why));
    assert_int_equal(records, 1200);
    fixture_end(&f);
}

static void the_map_is_too_small_for_a_store(void **state)
{
    (void)state;
    struct fixture f;
    struct sg_why why = {0};
    fixture_begin(&f, (size_t)16 << 10);
    assert_int_equal(env_create(&f.options, &f.store_id, &why), SG_E_STORE);
    assert_non_null(strstr(why.text, "too small"));
    assert_int_equal(access(f.path, F_OK), -1);
    fixture_end(&f);
}

UNIT_MAIN(cmocka_unit_test(made_and_opened_again), cmocka_unit_test(no_store_and_two_owners),
          cmocka_unit_test(no_folder), cmocka_unit_test(an_interrupted_creation_is_begun_again),
          cmocka_unit_test(refused_and_untouched),
          cmocka_unit_test(a_demo_store_wants_a_demo_daemon),
          cmocka_unit_test(a_folder_is_no_store), cmocka_unit_test(every_cut_is_seen),
          cmocka_unit_test(free_pages_at_the_end_may_be_missing),
          cmocka_unit_test(a_full_map_grows), cmocka_unit_test(the_map_grows_beside_a_reader),
          cmocka_unit_test(a_turn_is_run_again_after_growth),
          cmocka_unit_test(the_map_is_too_small_for_a_store))
