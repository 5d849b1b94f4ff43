#include "bench/floor.h"

#include "bench/report.h"
#include "kit/bytes.h"
#include "kit/daemon_proc.h"

#include <lmdb.h>
#include <stdio.h>
#include <unistd.h>

enum { EVENT_BYTES = 300, COMMITS_MAX = 20000, PARTS = 1000 };
static const int64_t measure_ns = INT64_C(2000000000);
static const size_t map_bytes = (size_t)8 << 30;

static int commit(MDB_env *env, MDB_dbi dbi, unsigned events, uint64_t *next_seq)
{
    static uint8_t event[EVENT_BYTES];
    uint8_t key_bytes[8];
    MDB_txn *txn = NULL;
    int rc = mdb_txn_begin(env, NULL, 0, &txn);
    for (unsigned i = 0; !rc && i < events; i++) {
        MDB_val key = {sizeof key_bytes, key_bytes}, value = {sizeof event, event};
        sg_put_u64(key_bytes, ++*next_seq);
        sg_put_u64(event, *next_seq);
        rc = mdb_put(txn, dbi, &key, &value, MDB_APPEND);
    }
    if (rc && txn)
        mdb_txn_abort(txn);
    return rc ? rc : mdb_txn_commit(txn);
}

static int open_env(MDB_env *env, const char *path, MDB_dbi *out_dbi)
{
    MDB_txn *txn = NULL;
    int rc = mdb_env_set_mapsize(env, map_bytes);
    if (!rc)
        rc = mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOTLS, 0600);
    if (!rc)
        rc = mdb_txn_begin(env, NULL, 0, &txn);
    if (!rc)
        rc = mdb_dbi_open(txn, NULL, 0, out_dbi);
    if (txn)
        rc = rc ? rc : mdb_txn_commit(txn);
    return rc;
}

static int measure(MDB_env *env, const char *path, unsigned events, struct floor *out_floor)
{
    static int64_t took[COMMITS_MAX];
    MDB_dbi dbi = 0;
    uint64_t seq = 0;
    size_t count = 0;
    int rc = open_env(env, path, &dbi);
    int64_t begin_ns = daemon_proc_now_ns(), end_ns = begin_ns;
    while (!rc && count < COMMITS_MAX && end_ns - begin_ns < measure_ns) {
        int64_t at_ns = daemon_proc_now_ns();
        rc = commit(env, dbi, events, &seq);
        end_ns = daemon_proc_now_ns();
        took[count++] = end_ns - at_ns;
    }
    if (rc)
        return rc;
    *out_floor = (struct floor){
        .events_per_s = (double)seq * 1e9 / (double)(end_ns - begin_ns),
        .p50_us = report_quantile(took, count, PARTS / 2) / 1e3,
        .p99_us = report_quantile(took, count, PARTS * 99 / 100) / 1e3,
    };
    return 0;
}

enum sg_err floor_measure(const char *folder, unsigned events, struct floor *out_floor,
                          struct sg_why *why)
{
    MDB_env *env = NULL;
    char path[256], lock[272];
    (void)snprintf(path, sizeof path, "%s/floor-%u.mdb", folder, events);
    (void)snprintf(lock, sizeof lock, "%s-lock", path);
    int rc = mdb_env_create(&env);
    if (!rc)
        rc = measure(env, path, events, out_floor);
    if (env)
        mdb_env_close(env);
    (void)unlink(path);
    (void)unlink(lock);
    return rc ? sg_fail(why, SG_E_STORE, "'%s': %s", path, mdb_strerror(rc)) : SG_OK;
}
