/* presence.h - whether an agency is connected, as far as time limits ask (domain 8.6, clock stop).
 *
 * The rows are written by the broker as connections come and go; they are no fold of the journal.
 */
#ifndef SINERGI_LEDGER_PRESENCE_H
#define SINERGI_LEDGER_PRESENCE_H

#include "ledger/decision.h"

struct presence {
    bool known, down;
    int64_t down_since_ms; /* when down */
    int64_t down_total_ms; /* with the time of now */
};

SG_MUST_CHECK enum sg_err presence_of(struct ledger_turn *turn, const char *agency, int64_t now_ms,
                                      struct presence *out, struct sg_why *why);
/* Id of an agency as the object of T15. */
struct sg_id agency_id_of(const char *agency);
/* When an agency that is down counts as silent. */
int64_t silent_at(const struct world *world, const struct sg_agency *agency,
                  const struct presence *presence);

#endif
