/* parking.h - events that came before what they need (domain 8.4).
 *
 * A parked event is a record that changes nothing. When something touches the object that it waits
 * for, it is decided again right behind that; it ends with a record SETTLED, and its publisher
 * gets D7.
 */
#ifndef SINERGI_LEDGER_PARKING_H
#define SINERGI_LEDGER_PARKING_H

#include "ledger/decision.h"

/* Append the record of an event whose decision parks; refused with PARK_LIMIT in d->fault when too
 * many wait already. */
SG_MUST_CHECK enum sg_err park_event(struct decision *d, struct record *out_record,
                                     struct sg_why *why);
/* Steps of the queue: decide again what waits for the object; tell the publisher. */
SG_MUST_CHECK enum sg_err settle_parked(struct decision *d, const struct follow *f,
                                        struct sg_why *why);
SG_MUST_CHECK enum sg_err tell_settled(struct decision *d, const struct follow *f,
                                       struct sg_why *why);
/* Queue the settling of what waits for this object, if anything does. */
SG_MUST_CHECK enum sg_err queue_settle(struct decision *d, const struct sg_id *object_id,
                                       struct sg_why *why);
/* After 14 days: settled with E_PARK_TIMEOUT. */
SG_MUST_CHECK enum sg_err park_timeout(struct decision *d, uint64_t parked_seq, struct sg_why *why);
/* How an event of this type is decided (ledger.c); NULL when it is not served. */
typedef enum sg_err decide_fn(struct decision *d, struct sg_why *why);
decide_fn *decide_of(uint32_t type);

#endif
