/* allocation.h - a person's claim on a slot. Every change of one is a D1 record.
 *
 *    - --> RESERVED --> CONFIRMED        HELD --time--> EXPIRED
 *    - --> HELD --> RESERVED             HELD, RESERVED, CONFIRMED --given back--> RELEASED
 *    - --> WAITLISTED --first in order, seat free--> HELD (PROMOTED)
 *
 * Source: domain 7.3; deadlines T05 of 8.6.
 */
#ifndef SINERGI_LEDGER_ALLOCATION_H
#define SINERGI_LEDGER_ALLOCATION_H

#include "ledger/slot.h"
#include "wire/day.h"

#define WARN_BEFORE_MS (12 * SG_HOUR_MS)
#define RULE_HOLD "T05"
#define RULE_WAITING_END "SLOT-END"

bool allocation_is_live(PbAllocationState state);
bool allocation_is_terminal(PbAllocationState state);

/* Key of a waiting entry: slot | override | lost | band | seq, first in order first in bytes. */
void waiting_key(struct key *out_key, const struct sg_id *slot_id, const PbWaitKey *wait);

/* Lowest seat number that is free; 0 when none is. */
SG_MUST_CHECK enum sg_err free_seat(struct ledger_turn *turn, const struct sg_id *slot_id,
                                    const PbSlotRow *slot, uint32_t *out_seat_no,
                                    struct sg_why *why);
/* Place in the waiting list, from 1. */
SG_MUST_CHECK enum sg_err waiting_position(struct ledger_turn *turn, const struct sg_id *slot_id,
                                           const PbWaitKey *wait, uint32_t *out_position,
                                           struct sg_why *why);

/* Queue the change of an allocation that exists to `to`. */
struct follow *change_seat(struct decision *d, const struct sg_id *id, const PbAllocationRow *row,
                           PbAllocationState to, PbSeatChange change);
/* Give free seats of the slot to those who wait, in order; runs as a step of the queue. */
SG_MUST_CHECK enum sg_err promote(struct decision *d, const struct sg_id *slot_id,
                                  struct sg_why *why);
/* Queue promotion where the person waits: something about the person has changed, and a seat may be
 * free that nobody could have. Runs when the record of the cause is folded. */
void queue_waitings(struct decision *d, const PbPersonRow *person);
/* Queue promotion on the slot whose seat was freed and where the person itself waits. */
SG_MUST_CHECK enum sg_err queue_promotions(struct decision *d, const struct sg_id *slot_id,
                                           const struct sg_id *person_id, struct sg_why *why);

#endif
