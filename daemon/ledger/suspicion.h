/* suspicion.h - two persons who may be one: told to the identity steward (D3), kept until decided.
 *
 * One row per pair, under the roots of that time. A pair that a steward has decided to be DIFFERENT
 * is never raised again, by whatever name the two go; an undecided or unlinked one only with a
 * higher score. Nobody but stewards reads of it, and no outcome says anything.
 *
 * Source: D3, domain 9.3 steps 2, 3, 5; report 10.10.
 */
#ifndef SINERGI_LEDGER_SUSPICION_H
#define SINERGI_LEDGER_SUSPICION_H

#include "ledger/link.h"

/* Steps of the queue. */
SG_MUST_CHECK enum sg_err suspect(struct decision *d, const struct follow *f, struct sg_why *why);
SG_MUST_CHECK enum sg_err same_nik(struct decision *d, const struct follow *f, struct sg_why *why);

/* Key of a pair, either way; the row stands where the smaller id comes first. */
void suspicion_key(struct key *out_key, const struct sg_id *a, const struct sg_id *b);
/* *out_row NULL when there is none. */
SG_MUST_CHECK enum sg_err suspicion_read(struct ledger_turn *turn, const struct sg_id *a,
                                         const struct sg_id *b, PbSuspicionRow **out_row,
                                         struct sg_why *why);
/* All pairs of the two trees that have a row, into effect->pairs: they are decided by it. */
SG_MUST_CHECK enum sg_err suspicion_decide(struct ledger_turn *turn, const struct person_tree *a,
                                           const struct person_tree *b, PbLinkEffect *effect,
                                           struct sg_why *why);
/* One pair, with a row or without. */
void suspicion_add_pair(struct ledger_turn *turn, PbLinkEffect *effect, const struct sg_id *a,
                        const struct sg_id *b);

#endif
