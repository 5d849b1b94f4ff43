/* change.h - a row that was published before and says something else now: what differs, and the
 * command that states the correction.
 *
 * A field counts only when the row itself has changed it: what somebody has corrected or added by
 * hand since then is not put back by importing the file again.
 */
#ifndef SINERGI_SHEET_CHANGE_H
#define SINERGI_SHEET_CHANGE_H

#include "sheet/make.h"

enum { CHANGE_COMMAND_MAX = 4096 };

struct change {
    bool differs;             /* false: it says the same after all */
    char path[PATH_TEXT_MAX]; /* the first field that differs; "" when only the envelope does */
    char before[240];         /* its value as it stands */
    char command[CHANGE_COMMAND_MAX]; /* "" when it does not fit */
};

/* Compare a row with the event at `known`. `made` has the id of the known key. `conf` as in
 * sheet_run. Errors: SG_E_STORE, SG_E_LIMIT, SG_E_FORMAT. */
SG_MUST_CHECK enum sg_err change_find(struct maker *maker, const struct made *made,
                                      const struct outbox_place *known, const char *conf,
                                      struct change *out, struct sg_why *why);

#endif
