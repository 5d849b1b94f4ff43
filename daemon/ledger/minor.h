/* minor.h - persons under 18: nobody gives them a seat, and they are handed to an agency for the
 * protection of children. Source: domain 7.2, T04 of 8.6, I10.
 */
#ifndef SINERGI_LEDGER_MINOR_H
#define SINERGI_LEDGER_MINOR_H

#include "ledger/decision.h"

/* T04 of this case; none when its owner protects children. */
void minor_limit(struct decision *d, const struct sg_id *case_id, const char *owner);
/* The same, unless a TRANSFER to somebody who may take the minor is pending (other than `but`,
 * which ends; NULL for none): it has been sent in time. */
SG_MUST_CHECK enum sg_err minor_begin(struct decision *d, const struct sg_id *case_id,
                                      const PbCaseRow *c, const struct sg_id *but,
                                      struct sg_why *why);
/* It has become known that the person of the decision is under 18: MINOR and T04 of all open cases
 * (but the one that the caller sees to, NULL for none), the live seat VOIDED. */
SG_MUST_CHECK enum sg_err minor_known(struct decision *d, const PbPersonRow *person,
                                      const struct sg_id *but, struct sg_why *why);
/* May the agency take over the case of a minor? */
bool minor_may_go_to(const struct world *world, const char *agency);

#endif
