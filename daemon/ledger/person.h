/* person.h - persons: resolved by reference or NIK, and who they are as all statements together
 * say.
 *
 * Source: domain 9.2, 9.3 steps 1 and 2, 4.5 (minor test).
 */
#ifndef SINERGI_LEDGER_PERSON_H
#define SINERGI_LEDGER_PERSON_H

#include "ledger/link.h"

/* All statements of a person and of whoever is the same one, the newest value of each field.
 * Strings live in the arena. */
struct identity {
    PbPersonIdentity person;
    bool known;          /* there is at least one statement */
    int32_t age_said_on; /* day of the statement that the estimated age is from; 0 = not known */
    PbSchooling schooling;
    size_t health_limit_count, urgent_need_count;
    PbHealthLimit *health_limits;
    PbUrgentNeed *urgent_needs;
};
SG_MUST_CHECK enum sg_err person_identity(struct ledger_turn *turn, const struct sg_id *person_id,
                                          struct identity *out_identity, struct sg_why *why);

/* The same as if the statement of this seq were another one; instead NULL: as if there were none.
 */
SG_MUST_CHECK enum sg_err person_identity_if(struct ledger_turn *turn,
                                             const struct sg_id *person_id, uint64_t seq,
                                             PbIdentityRow *instead, struct identity *out_identity,
                                             struct sg_why *why);
/* What an E01, E04 or E05 states of the person; false: nothing. */
bool person_statement(const struct sg_event *event, PbIdentityRow *out_row);
/* One statement, as it stands under the person whom it was about. */
struct statement {
    uint64_t seq;
    struct sg_id person_id;
    PbIdentityRow *row;
};
enum { STATEMENTS_MAX = 64 }; /* that are read */
/* Those of all persons in the tree, newest first, at most STATEMENTS_MAX. In the arena. */
SG_MUST_CHECK enum sg_err person_statements(struct ledger_turn *turn,
                                            const struct person_tree *tree,
                                            struct statement **out_list, size_t *out_count,
                                            struct sg_why *why);
void identity_of_statements(const struct statement *list, size_t count,
                            struct identity *out_identity);

/* One more statement, newer than all. */
void identity_state(struct identity *identity, const PbPersonIdentity *stated);

/* Age in whole years on a day, youngest possible where parts of the birth date are unknown. */
bool person_age(const PbPersonIdentity *person, int32_t day, int32_t *out_age);
PbAgeBand person_age_band(const PbPersonIdentity *person, int32_t day);
/* Under 18 on that day; age_doubt: an estimate of 18 to 20. */
void person_minor(const PbPersonIdentity *person, int32_t day, bool *out_minor, bool *out_doubt);
/* "14.71.08" of a domicile that is known to that level; NULL else. */
const char *person_district(struct ledger_turn *turn, const PbPersonIdentity *person);

/* Who is meant: by person_ref, by NIK, else somebody new. Sets d->person_id, d->effect->person,
 * *out_row (a fresh one for a new person) and W_NIK_MISMATCH; or refuses. */
SG_MUST_CHECK enum sg_err person_resolve(struct decision *d, const PbPersonIdentity *stated,
                                         PbPersonRow **out_row, struct sg_why *why);
/* Whom the agency means by this pseudonym, with all who are the same one. Errors also
 * SG_E_NOT_FOUND: nobody, or it was never given to this agency. */
SG_MUST_CHECK enum sg_err person_of_ref(struct ledger_turn *turn, const char *agency,
                                        const struct sg_id *ref, struct person_tree *out_tree,
                                        struct sg_why *why);
/* Who holds a NIK; *out_found false when nobody does. */
SG_MUST_CHECK enum sg_err person_of_nik(struct ledger_turn *turn, const char *nik,
                                        struct sg_id *out_holder, bool *out_found,
                                        struct sg_why *why);
/* Is it one of the agency's pseudonyms in this (combined) row? */
bool person_ref_is(const PbPersonRow *row, const char *agency, ProtobufCBinaryData ref);
/* Sex or birth date stand otherwise in the NIK than beside it. */
bool person_nik_contradicts(const PbPersonIdentity *person);
/* W_NIK_MISMATCH when a NIK contradicts the sex or birth date beside it. stated may be NULL. */
void person_check_nik(struct decision *d, const PbPersonIdentity *stated);
/* The person of a case, for an event that names the case. */
SG_MUST_CHECK enum sg_err person_of_case(struct decision *d, const struct sg_id *person_id,
                                         PbPersonRow **out_row, struct sg_why *why);
/* Sex and age of d->person_id as all statements together with this one (may be NULL) say. */
SG_MUST_CHECK enum sg_err person_describe(struct decision *d, const PbPersonRow *row,
                                          const PbPersonIdentity *stated, struct sg_why *why);
/* What a provider may be shown of the person, uncut. */
PbVisiblePerson *person_visible(struct ledger_turn *turn, struct identity *identity,
                                int64_t now_ms);
/* A pseudonym for every reader (and `also`) that has none yet, into the effect. */
void person_grant_refs(struct decision *d, const PbPersonRow *row, const char *also);
/* The agency's own pseudonym, from the row or as granted now; NULL data when none. */
ProtobufCBinaryData person_ref_for(const struct decision *d, const PbPersonRow *row,
                                   const char *agency);

void person_nik_token(const struct sg_broker_key *keys, const char *nik, struct key *out_key);

#endif
