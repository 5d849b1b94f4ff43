/* derive.h - the envelope of what the broker itself states, and the records D1, D5, D8. */
#ifndef SINERGI_LEDGER_DERIVE_H
#define SINERGI_LEDGER_DERIVE_H

#include "ledger/decision.h"

PbEnvelope *envelope_of(struct decision *d, uint32_t type);
Google__Protobuf__Timestamp *envelope_time(struct ledger_turn *turn, int64_t ms);
void envelope_case(struct decision *d, PbEnvelope *e, const struct sg_id *case_id);
/* It holds personal fields: the legal basis is the public task. */
void envelope_personal(PbEnvelope *e);
/* Place of the agency's event that caused it; NULL for a deadline. */
PbEventRef *envelope_cause(struct decision *d);
/* The person of a derived record: pseudonyms for readers that have none. */
SG_MUST_CHECK enum sg_err derive_person(struct decision *d, const struct sg_id *person_id,
                                        PbPersonRow **out_row, struct sg_why *why);

/* Steps of the queue. */
SG_MUST_CHECK enum sg_err tell_seat(struct decision *d, const struct follow *f, struct sg_why *why);

#endif
