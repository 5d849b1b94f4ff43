/* query_care.h - the parts of a case's view that are about consent, mentoring and its end. */
#ifndef SINERGI_LEDGER_QUERY_CARE_H
#define SINERGI_LEDGER_QUERY_CARE_H

#include "ledger/decision.h"

void case_view_consents(struct ledger_turn *turn, const PbPersonRow *person, int64_t now_ms,
                        PbCaseView *view);
/* The last plan, and how the case ended. */
SG_MUST_CHECK enum sg_err case_view_plan(struct ledger_turn *turn, const PbCaseRow *row,
                                         PbCaseView *view, struct sg_why *why);

#endif
