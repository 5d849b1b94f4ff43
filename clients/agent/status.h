/* status.h - what an agent says of itself: DATA/agent.status, as JSON, for `sinergi status`.
 *
 * The file is replaced whole. That its agent lives is told by the lock on DATA/agent.lock, which
 * ends with the process, never by a number that another process may have got.
 */
#ifndef SINERGI_AGENT_STATUS_H
#define SINERGI_AGENT_STATUS_H

#include "kit/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct status_file {
    char path[512], temporary[520];
    char *written; /* what stands there */
    int64_t next_ns;
};

void status_open(struct status_file *status, const char *data_folder);
void status_done(struct status_file *status);

/* Is it time to say something? At most once a second. */
bool status_is_due(const struct status_file *status, int64_t now_ns);
/* Takes the reference. Writes when it says something else than before. Errors: SG_E_SYS. */
SG_MUST_CHECK enum sg_err status_write(struct status_file *status, json_t *json, int64_t now_ns,
                                       struct sg_why *why);

/* Take DATA/agent.lock. Errors: SG_E_EXISTS: an agent runs for this device; SG_E_SYS. */
SG_MUST_CHECK enum sg_err status_lock(const char *data_folder, int *out_fd, struct sg_why *why);

#endif
