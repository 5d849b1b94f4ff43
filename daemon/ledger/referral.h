/* referral.h - referrals. Source: domain 7.1.
 *
 *    SUBMITTED --E02--> ACKNOWLEDGED       both --ACCEPTED--> ACCEPTED --case ends--> LOOP_CLOSED
 *        '-- both --DECLINED--> DECLINED        '-- E24 of the E01 --> WITHDRAWN
 *        '-- both --REDIRECTED--> SUBMITTED at the new target
 */
#ifndef SINERGI_LEDGER_REFERRAL_H
#define SINERGI_LEDGER_REFERRAL_H

#include "ledger/decision.h"

/* What the current target of a referral is to its records. */
uint32_t referral_target_relation(PbReferralKind kind, const PbSpmService *services, size_t count);
const char *referral_target(const PbReferralRow *row);
bool referral_is_pending(PbReferralState state);

PbReferralEffect *referral_effect(struct decision *d, const struct sg_id *id);
/* E24 ANNUL of the E01 of a referral that nobody has decided yet. */
SG_MUST_CHECK enum sg_err referral_withdraw(struct decision *d, const struct sg_id *id,
                                            PbReferralRow *row, struct sg_why *why);
/* T03 of the case, from then on. */
void start_assess(struct decision *d, const struct sg_id *case_id, const char *owner,
                  int64_t from_ms);
/* E03 ACCEPTED of a TRANSFER (transfer.c). */
SG_MUST_CHECK enum sg_err transfer_case(struct decision *d, const PbReferralRow *row,
                                        const struct sg_id *referral_id, struct sg_why *why);

#endif
