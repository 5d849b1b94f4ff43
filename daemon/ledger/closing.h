/* closing.h - the end of a case (E21), and what ends with it. Source: domain 7.2. */
#ifndef SINERGI_LEDGER_CLOSING_H
#define SINERGI_LEDGER_CLOSING_H

#include "ledger/decision.h"

/* The case is CLOSED in this decision: its referrals have come to their end, its waitings are
 * released. The caller has made the change of the state. */
SG_MUST_CHECK enum sg_err close_belongings(struct decision *d, const struct sg_id *case_id,
                                           const PbCaseRow *row, const PbPersonRow *person,
                                           struct sg_why *why);

#endif
