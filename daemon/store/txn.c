#include "store/txn.h"

#include "kit/check.h"
#include "store/inside.h"

enum sg_err txn_begin(struct txn *txn, struct env *env, enum txn_kind kind, struct sg_why *why)
{
    SG_CHECK(!txn->mdb);
    MDB_txn *mdb = NULL;
    env_enter(env);
    int rc = mdb_txn_begin(env->mdb, NULL, kind == TXN_READ ? MDB_RDONLY : 0, &mdb);
    if (rc) {
        env_leave(env);
        return sg_fail(why, SG_E_STORE, "transaction: %s", mdb_strerror(rc));
    }
    *txn = (struct txn){.mdb = mdb, .env = env, .write = kind == TXN_WRITE};
    return SG_OK;
}

enum sg_err txn_commit(struct txn *txn, struct sg_why *why)
{
    SG_CHECK(txn->mdb);
    /* LMDB frees the handle even when the commit fails. */
    int rc = mdb_txn_commit(SG_TAKE(txn->mdb));
    env_leave(txn->env);
    if (rc == MDB_MAP_FULL)
        return sg_fail(why, SG_E_FULL, "commit: the map is full");
    return rc ? sg_fail(why, SG_E_STORE, "commit: %s", mdb_strerror(rc)) : SG_OK;
}

void txn_done(struct txn *txn)
{
    if (!txn->mdb)
        return;
    mdb_txn_abort(SG_TAKE(txn->mdb));
    env_leave(txn->env);
}
