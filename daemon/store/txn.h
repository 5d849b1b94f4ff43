/* txn.h - one LMDB transaction that cannot be forgotten. */
#ifndef SINERGI_STORE_TXN_H
#define SINERGI_STORE_TXN_H

#include "kit/err.h"
#include "store/env.h"

struct txn {
    void *mdb; /* MDB_txn; NULL = none open */
    struct env *env;
    bool write;
    uint64_t rows_read, rows_written; /* counted for the bench */
};

enum txn_kind { TXN_READ, TXN_WRITE };

/* Errors: SG_E_STORE. */
SG_MUST_CHECK enum sg_err txn_begin(struct txn *txn, struct env *env, enum txn_kind kind,
                                    struct sg_why *why);
/* Commit and close whatever the outcome. Errors: SG_E_FULL (abort happened: grow, run again),
 * SG_E_STORE (the outcome is unknown: the process ends). */
SG_MUST_CHECK enum sg_err txn_commit(struct txn *txn, struct sg_why *why);
/* Abort what is still open; for SG_AUTO. */
void txn_done(struct txn *txn);

#endif
