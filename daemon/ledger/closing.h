/* closing.h - the end of a case (E21), and what ends with it. Source: domain 7.2. */
#ifndef SINERGI_LEDGER_CLOSING_H
#define SINERGI_LEDGER_CLOSING_H

#include "ledger/decision.h"

/* The referrals of a case have come to their end with it: a D5 to each referrer. The caller makes
 * the change of the state. transfer_id: the TRANSFER that ended it, whose own loop goes on; NULL:
 * it is CLOSED. */
SG_MUST_CHECK enum sg_err close_loops(struct decision *d, const struct sg_id *case_id,
                                      const PbCaseRow *row, const struct sg_id *transfer_id,
                                      struct sg_why *why);

#endif
