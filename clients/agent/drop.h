/* drop.h - the drop folder: clerks put spreadsheets there, each is imported and moved away.
 *
 *   FOLDER/NAME.csv                         put there by somebody; taken when it is closed and has
 *                                           not changed for settle_s
 *   FOLDER/.work/NAME.STAMP.csv             in hand; after a crash it is simply imported again, the
 *                                           outbox knows which rows it has
 *   FOLDER/done/NAME.STAMP.csv              and beside it NAME.STAMP.result.csv
 *   FOLDER/failed/NAME.STAMP.csv            the same when a row was bad or refused, when the file
 *                                           could not be read, or no map is for it
 *
 * All moves are renames within one file system. The result file is the state of an import: one with
 * rows that are not answered yet is looked at again when the outbox has moved. Import and look run
 * in a process of their own (import.h), one at a time, so the loop goes on and stays small.
 */
#ifndef SINERGI_AGENT_DROP_H
#define SINERGI_AGENT_DROP_H

#include "agent/conf.h"
#include "lib/sinergi.h"

#include <jansson.h>
#include <poll.h>

enum { DROP_FDS = 4 };

struct drop;

/* `conf` and `client` are borrowed. Errors: SG_E_SYS: folders cannot be made or watched. */
SG_MUST_CHECK enum sg_err drop_open(const struct agent_conf *conf, sinergi *client,
                                    struct drop **out_drop, struct sg_why *why);
void drop_close(struct drop **drop);

/* The next three take NULL: there is no drop folder. */
void drop_fds(const struct drop *drop, struct pollfd fds[DROP_FDS]);
int64_t drop_due_ns(const struct drop *drop);
void drop_step(struct drop *drop, int64_t now_ns);

/* Nothing waits, nothing runs, no result is open. */
bool drop_is_idle(const struct drop *drop);
/* For agent.status; a new reference. */
json_t *drop_json(const struct drop *drop);

#endif
