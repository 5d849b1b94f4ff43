/* allocation.h - a person's claim on a slot. Every change of one is a D1 record.
 *
 *    - --> RESERVED --> CONFIRMED        HELD --time--> EXPIRED
 *    - --> HELD --> RESERVED             HELD, RESERVED, CONFIRMED --given back--> RELEASED
 *    - --> WAITLISTED --first in order, seat free--> HELD (PROMOTED)
 *    RESERVED, CONFIRMED --E13--> OCCUPIED --E15--> COMPLETED; ended early: RELEASED while
 *    somebody else may still enter, FORFEITED after that. The slot is cancelled: VOIDED.
 *
 * Source: domain 7.3, 7.4; deadlines T05 to T09 of 8.6.
 */
#ifndef SINERGI_LEDGER_ALLOCATION_H
#define SINERGI_LEDGER_ALLOCATION_H

#include "ledger/slot.h"
#include "wire/day.h"

bool allocation_is_live(PbAllocationState state);
bool allocation_is_terminal(PbAllocationState state);

/* The live seat of the person; *out_row NULL when there is none. */
SG_MUST_CHECK enum sg_err live_seat(struct ledger_turn *turn, const PbPersonRow *person,
                                    struct sg_id *out_id, PbAllocationRow **out_row,
                                    struct sg_why *why);

/* Key of a waiting entry: slot | override | lost | band | seq, first in order first in bytes. */
void waiting_key(struct key *out_key, const struct sg_id *slot_id, const PbWaitKey *wait);

/* Key of what is known of one period of attendance: allocation | first day. */
void attendance_key(struct key *out_key, const struct sg_id *allocation_id, int32_t from_on);

/* Lowest seat number that is free; 0 when none is. */
SG_MUST_CHECK enum sg_err free_seat(struct ledger_turn *turn, const struct sg_id *slot_id,
                                    const PbSlotRow *slot, uint32_t *out_seat_no,
                                    struct sg_why *why);
/* Place in the waiting list, from 1. */
SG_MUST_CHECK enum sg_err waiting_position(struct ledger_turn *turn, const struct sg_id *slot_id,
                                           const PbWaitKey *wait, uint32_t *out_position,
                                           struct sg_why *why);

/* A request and what was read for it. */
struct seat_request {
    const PbSeatRequested *event; /* what is asked for */
    struct sg_id case_id, slot_id, person_id;
    PbCaseRow *c;
    PbSlotRow *slot;
    PbPersonRow *person;
    PbAllocationRow *live; /* the live seat of the person, NULL when none */
    struct sg_id live_id;
    bool own_hold; /* it is a hold on this slot that this request accepts */
    bool waived;
    uint32_t seat_no;
    const PbWaitKey *wait; /* the place in the order that it had before; NULL: a new one */
};

/* Grown up, without a live seat, and meets the conditions of the slot as they are now. */
SG_MUST_CHECK enum sg_err may_have_seat(struct ledger_turn *turn, const PbSlotRow *slot,
                                        const struct sg_id *person_id, bool *out_may,
                                        struct sg_why *why);
/* Not restricted, and the consent SHARE_WITH_PROVIDER holds; or refused, naming the object. */
bool seat_may_be_claimed(struct decision *d, const PbPersonRow *person, const char *object);
enum sg_err refuse_restricted(struct decision *d, const char *object);
/* Queue the new allocation that the request leads to: a seat (seat_no), else a waiting place. */
SG_MUST_CHECK enum sg_err seat_claim(struct decision *d, const struct seat_request *r,
                                     struct sg_id *out_id, struct sg_why *why);
PbAllocationEffect *allocation_effect(struct decision *d, const struct sg_id *id);
/* How long a seat is held that begins now: hold_hours, but not beyond the end of registration. */
int64_t seat_hold_until(const PbTrainingSlotOffered *slot, int64_t now_ms);
void seat_set_hold(struct follow *follow, int64_t until_ms);
/* The version of the slot in the outcome: as it stands once the change that follows is folded. */
void tell_slot_version(struct decision *d, const PbSlotRow *slot);
/* Deadlines of a seat (derive_seat.c). */
void seat_confirm_limit(struct decision *d, const struct sg_id *id, const PbSlotRow *slot,
                        const char *case_owner, const struct sg_id *case_id, int64_t from_ms);
void seat_start_limit(struct decision *d, const struct sg_id *id, const PbSlotRow *slot,
                      const char *case_owner, const struct sg_id *case_id, int64_t from_ms);
void attendance_limit(struct decision *d, const struct sg_id *id, const PbAllocationRow *row,
                      int64_t from_ms);

/* Queue the change of an allocation that exists to `to`. */
struct follow *change_seat(struct decision *d, const struct sg_id *id, const PbAllocationRow *row,
                           PbAllocationState to, PbSeatChange change);
/* Give free seats of the slot to those who wait, in order; runs as a step of the queue. */
SG_MUST_CHECK enum sg_err promote(struct decision *d, const struct sg_id *slot_id,
                                  struct sg_why *why);
/* Steps of the queue. */
SG_MUST_CHECK enum sg_err promote_waiting(struct decision *d, const struct follow *f,
                                          struct sg_why *why);
SG_MUST_CHECK enum sg_err offer_alternative(struct decision *d, const struct follow *f,
                                            struct sg_why *why);
/* Queue promotion where the person waits: something about the person has changed, and a seat may be
 * free that nobody could have. Runs when the record of the cause is folded. */
void queue_waitings(struct decision *d, const PbPersonRow *person);
/* Queue promotion on the slot whose seat was freed and where the person itself waits. */
SG_MUST_CHECK enum sg_err queue_promotions(struct decision *d, const struct sg_id *slot_id,
                                           const struct sg_id *person_id, struct sg_why *why);

#endif
