/* casefile.h - cases: one per person and owner. Source: domain 7.2.
 *
 *    NEW --E02--> INTAKE --E03--> ASSESSING --E05--> IN_SERVICE --E13--> IN_TRAINING --E15-->
 * AFTERCARE NEW, INTAKE: declined -> DECLINED; redirected or withdrawn -> VOID any open one, by a
 * TRANSFER that was accepted -> TRANSFERRED
 */
#ifndef SINERGI_LEDGER_CASEFILE_H
#define SINERGI_LEDGER_CASEFILE_H

#include "ledger/decision.h"

/* The newest case of the person at this owner; *out_row NULL when there is none. */
SG_MUST_CHECK enum sg_err case_of_person(struct ledger_turn *turn, const PbPersonRow *person,
                                         const char *owner, struct sg_id *out_id,
                                         PbCaseRow **out_row, struct sg_why *why);

bool case_is_open(PbCaseState state);

/* Attach to the open case at `owner`, or make one: effect, minted id and the D5 that tells the
 * owner. referral_state of the D5 is SUBMITTED. */
SG_MUST_CHECK enum sg_err case_attach(struct decision *d, const PbPersonRow *person,
                                      const char *owner, const struct sg_id *referral_id,
                                      struct sg_id *out_case_id, struct sg_why *why);

enum case_event {
    CASE_ACKNOWLEDGED,
    CASE_ACCEPTED,
    CASE_DECLINED,
    CASE_REDIRECTED,
    CASE_WITHDRAWN,
    CASE_ASSESSED,
    CASE_STARTED,    /* E13 */
    CASE_COMPLETED,  /* E15 */
    CASE_STOPPED,    /* any other end of the seat */
    CASE_TAKEN_OVER, /* a TRANSFER came to the owner of this case */
    CASE_EVENTS
};
/* Next state; the same one when the event does not move the case. */
PbCaseState case_next(PbCaseState state, enum case_event event);
/* May an E05 come in this state? */
bool case_takes_assessment(PbCaseState state);
/* May a seat be asked for in this state? */
bool case_takes_seat(PbCaseState state);

/* A change of an existing case: effect (state only, more may be set by the caller) and its D5. */
PbCaseEffect *case_change(struct decision *d, const struct sg_id *case_id, const PbCaseRow *row,
                          PbCaseState to, struct follow **out_told);

PbCaseEffect *case_effect(struct decision *d, const struct sg_id *case_id);
/* A new case in the effect: NEW, of d->person_id, with the flags of the person. */
PbCaseEffect *case_make(struct decision *d, const PbPersonRow *row, const char *owner,
                        const PbCaseRow *previous, const struct sg_id *previous_id,
                        struct sg_id *out_case_id);
/* Queue a D5 to the owner. */
struct follow *case_tell(struct decision *d, const struct sg_id *case_id, const char *owner,
                         PbCaseState from, PbCaseState to, uint64_t version);

/* Is another INTAKE referral of the case SUBMITTED, ACKNOWLEDGED or ACCEPTED? */
SG_MUST_CHECK enum sg_err case_has_other_referral(struct ledger_turn *turn,
                                                  const struct sg_id *case_id,
                                                  const struct sg_id *person_id,
                                                  const struct sg_id *but, bool *out_has,
                                                  struct sg_why *why);

#endif
