#include "store/env.h"

#include "kit/check.h"
#include "store/block.h"
#include "store/inside.h"
#include "store/precheck.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define MAP_BYTES_DEFAULT ((size_t)64 << 30) /* address space only */
#define READERS_MAX 64U
#define EPOCH_FIRST 1U
enum { GROW_WAIT_S = 2 }; /* for readers of another thread, which end theirs all the time */

/* ---- one process ---- */

/* LMDB shares a file between processes without a word; the broker must be alone. The lock lies on a
 * file of its own, since closing any descriptor of LMDB's would drop LMDB's locks. */
static enum sg_err lock_store(struct env *env, const char *path, struct sg_why *why)
{
    char name[PATH_MAX];
    if ((size_t)snprintf(name, sizeof name, "%s.pid", path) >= sizeof name)
        return sg_fail(why, SG_E_STORE, "the path of the store is too long");
    int fd = env->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return sg_fail(why, SG_E_STORE, "lock file '%s': %s", name, strerror(errno));

    char pid[16] = {0};
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK)
            return sg_fail(why, SG_E_STORE, "lock '%s': %s", name, strerror(errno));
        ssize_t got = pread(fd, pid, sizeof pid - 1, 0);
        return sg_fail(why, SG_E_STORE, "store '%s' is in use by process %s: stop it first", path,
                       got > 0 ? pid : "(unknown)");
    }
    int len = snprintf(pid, sizeof pid, "%ld", (long)getpid());
    if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)len, 0) != len)
        return sg_fail(why, SG_E_STORE, "write '%s': %s", name, strerror(errno));
    return SG_OK;
}

/* ---- LMDB ---- */

static void broken(MDB_env *mdb, const char *sentence)
{
    (void)mdb;
    (void)fprintf(stderr, "<0>store: damaged page: %s\n", sentence);
    abort();
}

static unsigned wanted_flags(const struct env_options *options)
{
    return MDB_NOTLS | MDB_NOSUBDIR | (options->no_sync ? MDB_NOSYNC : 0U);
}

static int set_up(MDB_env *mdb, const char *path, size_t map_bytes, unsigned flags)
{
    int rc = mdb_env_set_maxdbs(mdb, TABLES);
    if (!rc)
        rc = mdb_env_set_maxreaders(mdb, READERS_MAX);
    if (!rc)
        rc = mdb_env_set_mapsize(mdb, map_bytes);
    if (!rc)
        rc = mdb_env_open(mdb, path, flags, 0600);
    if (!rc)
        rc = mdb_env_set_assert(mdb, broken);
    return rc;
}

static enum sg_err open_mdb(struct env *env, const struct env_options *options, const char *path,
                            size_t map_bytes, struct sg_why *why)
{
    int rc = mdb_env_create(&env->mdb);
    if (!rc)
        rc = set_up(env->mdb, path, map_bytes, wanted_flags(options));
    if (rc)
        return sg_fail(why, SG_E_STORE, "store '%s': %s; it was left as it is", path,
                       mdb_strerror(rc));
    unsigned flags = 0;
    rc = mdb_env_get_flags(env->mdb, &flags);
    if (rc || flags != wanted_flags(options))
        return sg_fail(why, SG_E_STORE, "store '%s' has LMDB flags %#x, want %#x", path, flags,
                       wanted_flags(options));
    return SG_OK;
}

static struct env *env_new(struct sg_why *why)
{
    struct env *env = calloc(1, sizeof *env);
    if (!env) {
        (void)sg_fail(why, SG_E_STORE, "out of memory");
        return NULL;
    }
    env->lock_fd = env->head_fd = -1;
    SG_CHECK(pthread_mutex_init(&env->gate, NULL) == 0);
    pthread_condattr_t monotonic;
    SG_CHECK(pthread_condattr_init(&monotonic) == 0 &&
             pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0 &&
             pthread_cond_init(&env->closed, &monotonic) == 0);
    (void)pthread_condattr_destroy(&monotonic);
    return env;
}

void env_close(struct env **env)
{
    struct env *gone = SG_TAKE(*env);
    if (!gone)
        return;
    if (gone->mdb)
        mdb_env_close(gone->mdb);
    (void)pthread_cond_destroy(&gone->closed);
    (void)pthread_mutex_destroy(&gone->gate);
    free(gone->head_path);
    sg_fd_done(&gone->head_fd);
    sg_fd_done(&gone->lock_fd); /* last: another one may open now */
    free(gone);
}

/* ---- meta ---- */

static enum sg_err put_meta(struct txn *txn, const char *name, struct sg_bytes value,
                            struct sg_why *why)
{
    struct key key = {0};
    return table_put(txn, TABLE_META, key_text(&key, name), value, why);
}

static enum sg_err get_meta(struct txn *txn, const char *name, size_t size,
                            struct sg_bytes *out_value, struct sg_why *why)
{
    struct key key = {0};
    enum sg_err err = table_get(txn, TABLE_META, key_text(&key, name), out_value, why);
    if (err == SG_E_NOT_FOUND || (!err && out_value->len != size))
        return sg_fail(why, SG_E_STORE, "the store has no whole '%s': restore the last backup",
                       name);
    return err;
}

static enum sg_err put_all_meta(struct txn *txn, const struct env_options *options,
                                const struct sg_id *store_id, struct sg_why *why)
{
    uint8_t format[4], epoch[8], demo = options->demo;
    sg_put_u32(format, STORE_FORMAT);
    sg_put_u64(epoch, EPOCH_FIRST);
    const struct {
        const char *name;
        struct sg_bytes value;
    } rows[] = {
        {"format", {format, sizeof format}},
        {"store_id", sg_id_bytes(store_id)},
        {"epoch", {epoch, sizeof epoch}},
        {"demo", {&demo, 1}},
    };
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < SG_ARRAY_LEN(rows); i++)
        err = put_meta(txn, rows[i].name, rows[i].value, why);
    return err;
}

/* ---- making ---- */

static enum sg_err make_tables(struct env *env, const struct env_options *options,
                               const struct sg_id *store_id, struct sg_why *why)
{
    SG_AUTO(txn_done) struct txn txn = {0};
    enum sg_err err = txn_begin(&txn, env, TXN_WRITE, why);
    for (int t = 0; !err && t < TABLES; t++) {
        const char *name = table_name(table_tree((enum table)t));
        int rc = mdb_dbi_open(txn.mdb, name, MDB_CREATE, &env->dbi[t]);
        if (rc)
            err = sg_fail(why, SG_E_STORE, "make table '%s': %s", name, mdb_strerror(rc));
    }
    if (!err)
        err = put_all_meta(&txn, options, store_id, why);
    if (!err)
        err = txn_commit(&txn, why);
    return err == SG_E_FULL ? sg_fail(why, SG_E_STORE, "the map is too small for a new store")
                            : err;
}

static enum sg_err build(struct env *env, const struct env_options *options,
                         const struct sg_id *store_id, const char *path, struct sg_why *why)
{
    size_t map_bytes = options->map_bytes ? options->map_bytes : MAP_BYTES_DEFAULT;
    enum sg_err err = open_mdb(env, options, path, map_bytes, why);
    if (!err)
        err = make_tables(env, options, store_id, why);
    if (err)
        return err;
    int fd = -1;
    int rc = mdb_env_get_fd(env->mdb, &fd);
    if (rc || fsync(fd) < 0)
        return sg_fail(why, SG_E_STORE, "fsync '%s': %s", path,
                       rc ? mdb_strerror(rc) : strerror(errno));
    return SG_OK;
}

/* An unfinished store was never opened by anybody: what an earlier try left is removed. */
static void remove_unfinished(const char *path)
{
    char lock[PATH_MAX];
    (void)snprintf(lock, sizeof lock, "%s-lock", path);
    (void)unlink(path);
    (void)unlink(lock);
}

static enum sg_err give_name(const char *unfinished, const char *path, struct sg_why *why)
{
    if (rename(unfinished, path) < 0)
        return sg_fail(why, SG_E_STORE, "rename '%s': %s", unfinished, strerror(errno));
    return head_sync_folder(path, why) ? SG_E_STORE : SG_OK;
}

static enum sg_err create_in(struct env *env, const struct env_options *options,
                             const struct sg_id *store_id, struct sg_why *why)
{
    char unfinished[PATH_MAX - 8]; /* room for "-lock" */
    if ((size_t)snprintf(unfinished, sizeof unfinished, "%s.tmp", options->path) >=
        sizeof unfinished)
        return sg_fail(why, SG_E_STORE, "the path of the store is too long");
    enum sg_err err = lock_store(env, options->path, why);
    if (err)
        return err;
    if (access(options->path, F_OK) == 0)
        return sg_fail(why, SG_E_EXISTS, "store '%s' exists already", options->path);

    remove_unfinished(unfinished);
    err = build(env, options, store_id, unfinished, why);
    if (env->mdb)
        mdb_env_close(SG_TAKE(env->mdb));
    if (!err)
        err = give_name(unfinished, options->path, why);
    remove_unfinished(unfinished);
    return err;
}

enum sg_err env_create(const struct env_options *options, const struct sg_id *store_id,
                       struct sg_why *why)
{
    SG_CHECK(!sg_id_is_zero(store_id));
    struct env *env = env_new(why);
    enum sg_err err = env ? create_in(env, options, store_id, why) : SG_E_STORE;
    env_close(&env);
    return err;
}

/* ---- opening ---- */

static enum sg_err open_table(struct txn *txn, enum table table, struct sg_why *why)
{
    const char *name = table_name(table_tree(table));
    int rc = mdb_dbi_open(txn->mdb, name, 0, &txn->env->dbi[table]);
    if (!rc)
        return SG_OK;
    if (rc != MDB_NOTFOUND && rc != MDB_INCOMPATIBLE)
        return sg_fail(why, SG_E_STORE, "table '%s': %s: restore the last backup", name,
                       mdb_strerror(rc));
    if (table == TABLE_META)
        return sg_fail(why, SG_E_STORE, "this is the LMDB file of another program, not a store");
    return sg_fail(why, SG_E_STORE, "table '%s' is missing: restore the last backup", name);
}

static enum sg_err check_format(struct txn *txn, struct sg_why *why)
{
    struct key key = {0};
    struct sg_bytes value = {0};
    enum sg_err err = table_get(txn, TABLE_META, key_text(&key, "format"), &value, why);
    if (err == SG_E_NOT_FOUND || (!err && value.len != 4))
        return sg_fail(why, SG_E_STORE, "this is the LMDB file of another program, not a store");
    if (err)
        return err;
    uint32_t format = sg_get_u32(value.ptr);
    if (format > STORE_FORMAT)
        return sg_fail(why, SG_E_STORE,
                       "the store has format %u, this sinergid knows %u: "
                       "install the version that wrote it",
                       format, STORE_FORMAT);
    if (format < STORE_FORMAT)
        return sg_fail(why, SG_E_STORE, "the store has format %u, this sinergid knows only %u",
                       format, STORE_FORMAT);
    return SG_OK;
}

static enum sg_err check_meta(struct txn *txn, bool demo, struct sg_why *why)
{
    struct sg_bytes id = {0}, mark = {0}, epoch = {0};
    enum sg_err err = get_meta(txn, "store_id", SG_ID_BYTES, &id, why);
    if (!err)
        err = get_meta(txn, "demo", 1, &mark, why);
    if (!err)
        err = get_meta(txn, "epoch", 8, &epoch, why);
    if (!err)
        err = sg_id_from(id, &txn->env->store_id)
                  ? sg_fail(why, SG_E_STORE, "the id of the store is damaged")
                  : SG_OK;
    if (err)
        return err;
    txn->env->demo = mark.ptr[0] != 0;
    if (txn->env->demo != demo)
        return sg_fail(why, SG_E_STORE,
                       demo ? "the store is a real one: start without --demo"
                            : "the store is a demo: start with --demo, or make a new one");
    return SG_OK;
}

static enum sg_err check_head(struct txn *txn, const char *path, enum head_state *out_state,
                              struct sg_why *why)
{
    struct head_record head = {0};
    enum sg_err err = head_read(path, out_state, &head, why);
    if (err || *out_state != HEAD_READ)
        return err;
    if (!sg_id_equal(&head.store_id, &txn->env->store_id))
        return sg_fail(why, SG_E_STORE,
                       "head file '%s' belongs to another store: "
                       "put the right store in its place, or the head file out of the way",
                       path);
    struct signed_block block;
    err = block_get(txn, head.height, &block, why);
    if (err && err != SG_E_NOT_FOUND)
        return err;
    if (err)
        return sg_fail(
            why, SG_E_STORE,
            "the store is older than what was already confirmed (block %llu is missing): "
            "restore the newest backup",
            (unsigned long long)head.height);
    if (block.header.epoch != head.epoch || memcmp(block.hash, head.hash, SG_HASH_BYTES) != 0)
        return sg_fail(why, SG_E_STORE,
                       "block %llu of the store is not the one that was already confirmed: "
                       "restore the newest backup",
                       (unsigned long long)head.height);
    return SG_OK;
}

static enum sg_err open_tables(struct env *env, const struct env_options *options,
                               struct sg_why *why)
{
    SG_AUTO(txn_done) struct txn txn = {0};
    enum sg_err err = txn_begin(&txn, env, TXN_READ, why);
    if (!err)
        err = open_table(&txn, TABLE_META, why);
    if (!err)
        err = check_format(&txn, why);
    for (int t = TABLE_META + 1; !err && t < TABLES; t++)
        err = open_table(&txn, (enum table)t, why);
    if (!err)
        err = check_meta(&txn, options->demo, why);
    if (!err && options->head_path)
        err = check_head(&txn, options->head_path, &env->head_state, why);
    return err ? err : txn_commit(&txn, why); /* the handles stay only after a commit */
}

static enum sg_err open_in(struct env *env, const struct env_options *options, struct sg_why *why)
{
    struct precheck found = {0};
    enum sg_err err = lock_store(env, options->path, why);
    if (!err) /* now that nobody else can change it */
        err = precheck_file(options->path, &found, why);
    if (err)
        return err;
    if (options->head_path && !(env->head_path = strdup(options->head_path)))
        return sg_fail(why, SG_E_STORE, "out of memory");

    /* A map that has grown once stays as large. */
    size_t asked = options->map_bytes ? options->map_bytes : MAP_BYTES_DEFAULT;
    size_t map_bytes = found.map_bytes > asked ? (size_t)found.map_bytes : asked;
    err = open_mdb(env, options, options->path, map_bytes, why);
    if (!err)
        err = open_tables(env, options, why);
    if (!err)
        env_reader_check(env);
    return err;
}

enum sg_err env_open(const struct env_options *options, struct env **out_env, struct sg_why *why)
{
    if (access(options->path, F_OK) < 0 && errno == ENOENT)
        return sg_fail(why, SG_E_NOT_FOUND, "there is no store '%s'", options->path);
    struct env *env = env_new(why);
    enum sg_err err = env ? open_in(env, options, why) : SG_E_STORE;
    if (err) {
        env_close(&env);
        return err;
    }
    *out_env = env;
    return SG_OK;
}

/* ---- open ---- */

void env_enter(struct env *env)
{
    SG_CHECK(pthread_mutex_lock(&env->gate) == 0);
    while (env->grows)
        SG_CHECK(pthread_cond_wait(&env->closed, &env->gate) == 0);
    env->open_txns++;
    SG_CHECK(pthread_mutex_unlock(&env->gate) == 0);
}

void env_leave(struct env *env)
{
    SG_CHECK(pthread_mutex_lock(&env->gate) == 0);
    env->open_txns--;
    if (env->grows)
        SG_CHECK(pthread_cond_broadcast(&env->closed) == 0);
    SG_CHECK(pthread_mutex_unlock(&env->gate) == 0);
}

static int double_map(struct env *env)
{
    MDB_envinfo info;
    env_reader_check(env);
    int rc = mdb_env_info(env->mdb, &info);
    if (rc)
        return rc;
    return info.me_mapsize > SIZE_MAX / 2 ? ENOMEM
                                          : mdb_env_set_mapsize(env->mdb, info.me_mapsize * 2);
}

enum sg_err env_grow(struct env *env, struct sg_why *why)
{
    struct timespec until;
    int waited = 0, rc = 0;
    SG_CHECK(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
    until.tv_sec += GROW_WAIT_S;
    SG_CHECK(pthread_mutex_lock(&env->gate) == 0);
    env->grows = true;
    while (env->open_txns && !waited)
        waited = pthread_cond_timedwait(&env->closed, &env->gate, &until);
    unsigned open_txns = env->open_txns;
    if (!open_txns)
        rc = double_map(env);
    env->grows = false;
    SG_CHECK(pthread_cond_broadcast(&env->closed) == 0);
    SG_CHECK(pthread_mutex_unlock(&env->gate) == 0);
    if (open_txns)
        return sg_fail(why, SG_E_STORE, "the map cannot grow under %u transactions", open_txns);
    return rc ? sg_fail(why, SG_E_STORE, "grow the map: %s", mdb_strerror(rc)) : SG_OK;
}

void env_reader_check(struct env *env)
{
    int dead = 0;
    (void)mdb_reader_check(env->mdb, &dead); /* it tidies up; the next one tries again */
}

const struct sg_id *env_store_id(const struct env *env)
{
    return &env->store_id;
}
bool env_is_demo(const struct env *env)
{
    return env->demo;
}
enum head_state env_head_state(const struct env *env)
{
    return env->head_state;
}

void env_usage(const struct env *env, struct env_usage *out_usage)
{
    MDB_envinfo info;
    MDB_stat stat;
    SG_CHECK(mdb_env_info(env->mdb, &info) == 0 && mdb_env_stat(env->mdb, &stat) == 0);
    out_usage->map_bytes = info.me_mapsize;
    out_usage->used_bytes = (uint64_t)(info.me_last_pgno + 1) * stat.ms_psize;
}

enum sg_err env_write_head(struct env *env, uint64_t epoch, uint64_t height,
                           const uint8_t hash[SG_HASH_BYTES], struct sg_why *why)
{
    if (!env->head_path)
        return SG_OK;
    struct head_record head = {.store_id = env->store_id, .epoch = epoch, .height = height};
    memcpy(head.hash, hash, SG_HASH_BYTES);
    return head_write(&env->head_fd, env->head_path, &head, why);
}
