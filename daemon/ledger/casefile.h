/* casefile.h - cases: one per person and owner, re-openable. Source: domain 7.2.
 *
 *    NEW --E02--> INTAKE --E03--> ASSESSING --E05--> IN_SERVICE --E13--> IN_TRAINING --E15-->
 * AFTERCARE NEW, INTAKE: declined -> DECLINED; redirected or withdrawn -> VOID any open one:
 * TRANSFER accepted -> TRANSFERRED; E21 -> CLOSED, and within 365 days a referral that is accepted
 * makes it IN_SERVICE again
 */
#ifndef SINERGI_LEDGER_CASEFILE_H
#define SINERGI_LEDGER_CASEFILE_H

#include "ledger/decision.h"

/* The newest case of the person at this owner; *out_row NULL when there is none. */
SG_MUST_CHECK enum sg_err case_of_person(struct ledger_turn *turn, const PbPersonRow *person,
                                         const char *owner, struct sg_id *out_id,
                                         PbCaseRow **out_row, struct sg_why *why);

bool case_is_open(PbCaseState state);
/* CLOSED so lately that a referral that is accepted opens it again. */
bool case_may_reopen(const PbCaseRow *row, int64_t now_ms);

/* The case that the envelope names, of the publisher. Refused: E_UNKNOWN_OBJECT, E_NOT_OWNER. */
struct own_case {
    struct sg_id id;
    PbCaseRow *row;
    PbPersonRow *person; /* d->person_id */
};
SG_MUST_CHECK enum sg_err case_own(struct decision *d, struct own_case *out, struct sg_why *why);
/* The outcome tells the version of the case, which this event leaves as it is. */
void tell_case_version(struct decision *d, const PbCaseRow *row);
/* Something has happened in the case: T12 begins again. */
SG_MUST_CHECK enum sg_err case_is_busy(struct decision *d, const struct sg_id *case_id,
                                       const PbCaseRow *row, struct sg_why *why);

/* Attach to the case at `owner` that is open or may reopen, or make one: effect, minted id and the
 * D5 that tells the owner. referral_state of the D5 is SUBMITTED. *out_open (may be NULL): it was
 * open. */
SG_MUST_CHECK enum sg_err case_attach(struct decision *d, const PbPersonRow *person,
                                      const char *owner, const struct sg_id *referral_id,
                                      struct sg_id *out_case_id, bool *out_open,
                                      struct sg_why *why);

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

/* A change of the state of a case: effect (more may be set by the caller), its D5, and what begins
 * and ends with the state: T03, T12, and when the case is over T04, T11 and the plan. */
SG_MUST_CHECK enum sg_err case_change(struct decision *d, const struct sg_id *case_id,
                                      const PbCaseRow *row, PbCaseState to,
                                      PbCaseEffect **out_effect, struct follow **out_told,
                                      struct sg_why *why);

/* The effect on this case, made when there is none yet. */
PbCaseEffect *case_effect(struct decision *d, const struct sg_id *case_id);
/* A new case in the effect: NEW, of d->person_id, with the flags of the person and their T04. */
PbCaseEffect *case_make(struct decision *d, const PbPersonRow *row, const char *owner,
                        const PbCaseRow *previous, const struct sg_id *previous_id,
                        struct sg_id *out_case_id);
/* A seat or an item goes to this case, with its deadlines. from: the owner of the case that it
 * leaves, when that is another one, else NULL. */
SG_MUST_CHECK enum sg_err case_takes(struct decision *d, const struct sg_id *case_id,
                                     const char *owner, const char *from, const struct sg_id *id,
                                     bool item, struct sg_why *why);
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
