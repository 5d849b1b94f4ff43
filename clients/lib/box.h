/* box.h - a small LMDB environment of this device: what outbox and inbox have in common.
 *
 * One file per environment, several processes of the device may have it open; LMDB lets one write
 * at a time. A transaction that is not committed is aborted at the end of its scope. Never open the
 * same file twice in one process.
 */
#ifndef SINERGI_LIB_BOX_H
#define SINERGI_LIB_BOX_H

#include "kit/bytes.h"
#include "kit/err.h"

#include <lmdb.h>

enum { BOX_TABLES_MAX = 8 };

struct box {
    MDB_env *env;
    MDB_dbi tables[BOX_TABLES_MAX];
    void *map; /* where the file is mapped, once box_rest has asked */
    size_t map_size;
};

struct box_txn {
    MDB_txn *mdb;
};

/* Open folder/file and the named tables, making what is missing (mode 0600).
 * Errors: SG_E_STORE names the file and the reason. */
SG_MUST_CHECK enum sg_err box_open(const char *folder, const char *file, const char *const *tables,
                                   size_t table_count, struct box *out_box, struct sg_why *why);
void box_done(struct box *box);
/* Let go of the pages of the file that were looked at: they stay in the cache of the system, but no
 * longer count as memory of a process that runs for months. Outside of transactions. */
void box_rest(struct box *box);

SG_MUST_CHECK enum sg_err box_read(struct box *box, struct box_txn *out_txn, struct sg_why *why);
SG_MUST_CHECK enum sg_err box_write(struct box *box, struct box_txn *out_txn, struct sg_why *why);
/* Durable when it returns SG_OK. Errors: SG_E_STORE; the outcome is then unknown. */
SG_MUST_CHECK enum sg_err box_commit(struct box_txn *txn, struct sg_why *why);
void box_txn_done(struct box_txn *txn);

/* *out_value is borrowed until the transaction ends or writes. Errors: SG_E_NOT_FOUND. */
SG_MUST_CHECK enum sg_err box_get(const struct box_txn *txn, MDB_dbi table, struct sg_bytes key,
                                  struct sg_bytes *out_value, struct sg_why *why);
/* First row whose key is not below `key`. Errors: SG_E_NOT_FOUND. */
SG_MUST_CHECK enum sg_err box_seek(const struct box_txn *txn, MDB_dbi table, struct sg_bytes key,
                                   struct sg_bytes *out_key, struct sg_bytes *out_value,
                                   struct sg_why *why);
/* Last row whose key is not above `key`. Errors: SG_E_NOT_FOUND. */
SG_MUST_CHECK enum sg_err box_seek_back(const struct box_txn *txn, MDB_dbi table,
                                        struct sg_bytes key, struct sg_bytes *out_key,
                                        struct sg_bytes *out_value, struct sg_why *why);
SG_MUST_CHECK enum sg_err box_put(const struct box_txn *txn, MDB_dbi table, struct sg_bytes key,
                                  struct sg_bytes value, struct sg_why *why);
/* A row that is not there is no error. */
SG_MUST_CHECK enum sg_err box_delete(const struct box_txn *txn, MDB_dbi table, struct sg_bytes key,
                                     struct sg_why *why);

#endif
