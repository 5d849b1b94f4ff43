/* match.h - who may be the same person, without a number that says so.
 *
 * Each statement of identity is found again by what it says: a keyed hash of each alias, phone,
 * mother's name, word of the name and group leads to the person (TABLE_MATCHES, a personal row that
 * goes with its statement). Whoever shares one of them is a candidate; candidates are opened and
 * scored by a table of features. A score is a question to the identity steward, never a link.
 *
 * Source: domain 9.3 step 3.
 */
#ifndef SINERGI_LEDGER_MATCH_H
#define SINERGI_LEDGER_MATCH_H

#include "ledger/name.h"
#include "ledger/person.h"

/* So many points of 1000 are a suspicion; a NIK that two contradicting persons hold; one that has
 * linked them. */
enum { MATCH_SUSPECT = 450, MATCH_NIK = 900, MATCH_LINKED = 1000 };
enum { MATCH_FEATURES = 8, MATCH_OPENED_MAX = 64, MATCH_RAISED_MAX = 8 };

/* All that is compared of a person. */
struct profile {
    struct identity identity;
    struct name name, alias, mother;
    const struct statement *statements;
    size_t statement_count;
};
void profile_of(const struct statement *statements, size_t count, struct profile *out_profile);

/* Both births are known, and two years apart at most; three when one of them is an estimate. */
bool profile_births_agree(const struct profile *a, const struct profile *b);

/* How likely two are one; `out_features` has room for MATCH_FEATURES names of the features that
 * gave points. 0 and no feature when they cannot be one. */
uint32_t match_score(const struct profile *a, const struct profile *b,
                     const char *out_features[MATCH_FEATURES], size_t *out_count);

/* The index rows of one statement, put or deleted. Only ledger_apply_personal calls it. */
SG_MUST_CHECK enum sg_err match_index(struct txn *txn, const struct sg_broker_key *keys,
                                      const struct sg_id *person_id, uint64_t seq,
                                      const PbIdentityRow *row, bool put, struct sg_why *why);

/* Somebody was described: queue the look for others who may be the same, and for a NIK that
 * somebody else holds. stated may be NULL. */
void person_stated(struct decision *d, const PbPersonIdentity *stated);
/* Step of the queue. */
SG_MUST_CHECK enum sg_err match_person(struct decision *d, const struct follow *f,
                                       struct sg_why *why);

#endif
