/* inside.h - what the sources of this folder know of each other; nobody else includes it. */
#ifndef SINERGI_STORE_INSIDE_H
#define SINERGI_STORE_INSIDE_H

#include "store/head.h"
#include "store/table.h"

#include <lmdb.h>
#include <pthread.h>

struct env {
    MDB_env *mdb;
    MDB_dbi dbi[TABLES];
    pthread_mutex_t gate;  /* of what follows: the map must not move under a transaction */
    pthread_cond_t closed; /* a transaction has ended, or the map has grown */
    unsigned open_txns;    /* of all threads */
    bool grows;            /* nobody begins one */
    struct sg_id store_id;
    bool demo;
    char *head_path; /* NULL = none kept */
    int lock_fd, head_fd;
    enum head_state head_state;
};

/* A transaction is about to begin (waits while the map grows), and one has ended. */
void env_enter(struct env *env);
void env_leave(struct env *env);

/* The table under whose name the tree of this one is kept: itself, if it has its own. */
enum table table_tree(enum table table);

#define ROW_BYTES_MAX 2000U /* of every table but the journal */

enum reserve_kind { RESERVE_PUT, RESERVE_APPEND };

/* Room of `size` bytes for the value of the row, to be filled before the next call with the same
 * transaction. Errors: SG_E_FULL, SG_E_STORE (also: too large; appended out of order). */
SG_MUST_CHECK enum sg_err table_reserve(struct txn *txn, enum table table, const struct key *key,
                                        size_t size, enum reserve_kind kind, uint8_t **out_at,
                                        struct sg_why *why);

#endif
