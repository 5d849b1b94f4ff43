/* link.h - persons who are one: a tree of links, and the row that is made of all of it.
 *
 *        A            E22 SAME (A survives): B is linked to A. B keeps its own row, statements,
 *       / \           referrals, cases and seats; nothing of them moves, so that UNLINK gives back
 *      B   C          exactly what was there. Who decides about a person reads the combined row:
 *      |              what all rows of the tree hold together.
 *      D
 *
 * Only where A and B have an open case at the same owner something moves: the younger case is
 * closed (DUPLICATE_CASE) and what it holds goes to the older one (link_case.c).
 *
 * Source: domain 9.3 steps 4 and 5, E22, invariant I3.
 */
#ifndef SINERGI_LEDGER_LINK_H
#define SINERGI_LEDGER_LINK_H

#include "ledger/decision.h"

enum { LINK_PERSONS_MAX = 16, LINK_DEPTH_MAX = 6, LINK_MERGES_MAX = 6, LINK_MINOR_CASES_MAX = 16 };

/* All persons who are one; the root survives and stands first. Rows as they are stored. */
struct person_tree {
    size_t count;
    struct sg_id ids[LINK_PERSONS_MAX];
    PbPersonRow *rows[LINK_PERSONS_MAX];
    size_t asked; /* which of them was asked for */
};

/* One read for a person who is not linked. Errors: SG_E_NOT_FOUND when there is no such person. */
SG_MUST_CHECK enum sg_err person_tree_read(struct txn *txn, struct sg_arena *arena,
                                           const struct sg_id *person_id,
                                           struct person_tree *out_tree, struct sg_why *why);
bool person_tree_holds(const struct person_tree *tree, const struct sg_id *person_id);
/* Is one of them restricted? */
bool person_tree_restricted(const struct person_tree *tree);
/* Whoever of them holds a live seat; NULL when nobody does. */
const PbPersonRow *person_tree_seated(const struct person_tree *tree);

/* The agency's own pseudonym: of the person that was asked for, else of the root, else of any. */
bool person_tree_ref(const struct person_tree *tree, const char *agency, struct sg_id *out_ref);

/* What all of them hold together, in the arena; of one person alone it is its row. Pseudonyms of
 * the person that was asked for come first, then those of the root. Of two cases at one owner the
 * open one stands there, else the newer one. */
SG_MUST_CHECK enum sg_err person_combined(struct ledger_turn *turn, const struct sg_id *person_id,
                                          PbPersonRow **out_row, struct sg_why *why);
SG_MUST_CHECK enum sg_err person_tree_combine(struct ledger_turn *turn,
                                              const struct person_tree *tree, PbPersonRow **out_row,
                                              struct sg_why *why);
/* Who survives: the person itself when it is not linked. */
SG_MUST_CHECK enum sg_err person_root(struct ledger_turn *turn, const struct sg_id *person_id,
                                      struct sg_id *out_root, struct sg_why *why);

/* Referrals of all of them, one after the other: `see` for each; it may set *done. */
typedef enum sg_err see_referral_fn(void *context, const struct sg_id *id, PbReferralRow *row,
                                    bool *done, struct sg_why *why);
SG_MUST_CHECK enum sg_err person_referrals(struct ledger_turn *turn, const struct sg_id *person_id,
                                           see_referral_fn *see, void *context, struct sg_why *why);

/* The tree in two: the child with whoever is linked to it, and the others. */
void person_tree_part(const struct person_tree *tree, const struct sg_id *child_id,
                      struct person_tree *out_leaving, struct person_tree *out_left);
/* Two trees in one, the root of the first in front. */
void person_tree_join(const struct person_tree *a, const struct person_tree *b,
                      struct person_tree *out_tree);

/* ---- E22 and the automatic link ---- */

/* What forbids that the two trees become one: NULL, "LIVE_SEATS" (I3), "LINK_LIMIT" or
 * "RESTRICTED". */
SG_MUST_CHECK enum sg_err link_hindrance(struct ledger_turn *turn, const struct person_tree *a,
                                         const struct person_tree *b, const char **out_hindrance,
                                         struct sg_why *why);
/* The root of the child joins the root of the parent: effect.link, and all that it does to cases at
 * the same owner. Tells owners of cases (D5). */
SG_MUST_CHECK enum sg_err link_join(struct decision *d, const struct person_tree *parent,
                                    const struct person_tree *child, PbLinkEffect *effect,
                                    struct sg_why *why);
PbLinkEffect *link_effect(struct decision *d, const struct sg_id *link_id, const struct sg_id *a,
                          const struct sg_id *b, PbPersonLinkDecided__Decision decision);

/* link_case.c: two open cases at one owner become one, and two again. How many would. */
SG_MUST_CHECK enum sg_err link_merges(struct ledger_turn *turn, const struct person_tree *a,
                                      const struct person_tree *b, size_t *out_count,
                                      struct sg_why *why);
SG_MUST_CHECK enum sg_err link_merge_cases(struct decision *d, const struct person_tree *parent,
                                           const struct person_tree *child, PbLinkEffect *effect,
                                           struct sg_why *why);
SG_MUST_CHECK enum sg_err link_part_cases(struct decision *d, PbLinkRow *const *links,
                                          size_t link_count, const struct person_tree *leaving,
                                          const struct person_tree *left, PbLinkEffect *effect,
                                          struct sg_why *why);

#endif
