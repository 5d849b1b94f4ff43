/* sqlite.h - deliveries as rows of an SQLite database, exactly once.
 *
 * One table per event type with flat columns (columns.h), made before the first row comes, so that
 * queries work from the first day, and extended when the contract has grown. A row and the cursor
 * of its subscription (table sinergi_cursor) are written in one transaction: whatever ends the
 * process, both are there or neither. The journal is a write-ahead log, so a query never holds up
 * the agent.
 *
 * An order to forget (forget.h) is carried out in the transaction of its own row. What SQLite frees
 * is overwritten (secure_delete), but pages that were rebuilt once may hold old copies of rows
 * still, and so does the log: behind that transaction the database is written anew (VACUUM) and the
 * log is emptied, and only then the order is done. A table sinergi_forgetting says in the meantime
 * that this is due.
 */
#ifndef SINERGI_AGENT_SQLITE_H
#define SINERGI_AGENT_SQLITE_H

#include "kit/arena.h"
#include "lib/sinergi.h"

struct forget_order;
struct forgotten;
struct sqlite_store;

/* `types` as in agent.conf (NULL = all); borrowed, as is `arena`, which is used during calls only.
 * Errors: SG_E_SYS: disk, lock; SG_E_CONF: not a database. */
SG_MUST_CHECK enum sg_err sqlite_store_open(const char *path, const char *subscription,
                                            const char *const *types, struct sg_arena *arena,
                                            struct sqlite_store **out_store, struct sg_why *why);
void sqlite_store_close(struct sqlite_store **store);

/* Add the row of a delivery, unless the cursor is there already. order: what it says if it is an
 * order to forget, else NULL; what that changed is added to *forgotten.
 * Errors: SG_E_SYS: disk or lock (of an order also: a query that stays open), try again later;
 * SG_E_FORMAT: this row cannot be stored (not an Envelope, or a constraint that somebody added to
 * the table refuses it). */
SG_MUST_CHECK enum sg_err sqlite_store_add(struct sqlite_store *store,
                                           const sinergi_delivery *delivery,
                                           const struct forget_order *order,
                                           struct forgotten *forgotten, struct sg_why *why);

#endif
