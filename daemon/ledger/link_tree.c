/* link_tree.c - the tree of persons who are one, and the row that it makes together. */
#include "ledger/link.h"

#include "kit/check.h"
#include "ledger/casefile.h"

/* ---- the tree ---- */

bool person_tree_holds(const struct person_tree *tree, const struct sg_id *person_id)
{
    for (size_t i = 0; i < tree->count; i++)
        if (sg_id_equal(&tree->ids[i], person_id))
            return true;
    return false;
}

bool person_tree_restricted(const struct person_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++)
        if (tree->rows[i]->restricted)
            return true;
    return false;
}

const PbPersonRow *person_tree_seated(const struct person_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++)
        if (tree->rows[i]->has_live_allocation_id)
            return tree->rows[i];
    return NULL;
}

void person_tree_part(const struct person_tree *tree, const struct sg_id *child_id,
                      struct person_tree *out_leaving, struct person_tree *out_left)
{
    bool leaves[LINK_PERSONS_MAX] = {false};
    out_leaving->count = out_left->count = out_leaving->asked = out_left->asked = 0;
    /* Whoever is linked stands behind whom he is linked to. */
    for (size_t i = 0; i < tree->count; i++) {
        leaves[i] = sg_id_equal(&tree->ids[i], child_id);
        for (size_t j = 0; j < i && tree->rows[i]->has_linked_to; j++) {
            struct sg_id to = id_of(tree->rows[i]->linked_to);
            leaves[i] |= leaves[j] && sg_id_equal(&to, &tree->ids[j]);
        }
        struct person_tree *side = leaves[i] ? out_leaving : out_left;
        side->ids[side->count] = tree->ids[i];
        side->rows[side->count++] = tree->rows[i];
    }
}

void person_tree_join(const struct person_tree *a, const struct person_tree *b,
                      struct person_tree *out_tree)
{
    SG_CHECK(a->count + b->count <= LINK_PERSONS_MAX);
    *out_tree = *a;
    for (size_t i = 0; i < b->count; i++) {
        out_tree->ids[out_tree->count] = b->ids[i];
        out_tree->rows[out_tree->count++] = b->rows[i];
    }
}

static bool ref_of_row(const PbPersonRow *row, const char *agency, struct sg_id *out_ref)
{
    for (size_t i = 0; i < row->n_refs; i++)
        if (strcmp(row->refs[i]->agency, agency) == 0) {
            *out_ref = id_of(row->refs[i]->person_ref);
            return true;
        }
    return false;
}

bool person_tree_ref(const struct person_tree *tree, const char *agency, struct sg_id *out_ref)
{
    bool found = ref_of_row(tree->rows[tree->asked], agency, out_ref);
    for (size_t i = 0; !found && i < tree->count; i++)
        found = ref_of_row(tree->rows[i], agency, out_ref);
    return found;
}

static enum sg_err read_person(struct txn *txn, struct sg_arena *arena, const struct sg_id *id,
                               PbPersonRow **out_row, struct sg_why *why)
{
    struct key key = {0};
    return row_get(txn, TABLE_PERSONS, key_id(&key, id), &pb_person_row__descriptor, arena, out_row,
                   why);
}

static enum sg_err broken(enum sg_err err, struct sg_why *why)
{
    return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "a link leads to no person") : err;
}

enum sg_err person_tree_read(struct txn *txn, struct sg_arena *arena, const struct sg_id *person_id,
                             struct person_tree *out_tree, struct sg_why *why)
{
    struct person_tree *tree = out_tree;
    struct sg_id at = *person_id;
    tree->count = 1;
    tree->asked = 0;
    enum sg_err err = read_person(txn, arena, &at, &tree->rows[0], why);
    if (err)
        return err;
    for (int depth = 0; tree->rows[0]->has_linked_to; depth++) {
        SG_CHECK(depth < LINK_PERSONS_MAX);
        at = id_of(tree->rows[0]->linked_to);
        err = broken(read_person(txn, arena, &at, &tree->rows[0], why), why);
        if (err)
            return err;
    }
    tree->ids[0] = at;
    for (size_t i = 0; i < tree->count; i++) {
        const PbPersonRow *row = tree->rows[i];
        for (size_t j = 0; j < row->n_member_ids; j++) {
            SG_CHECK(tree->count < LINK_PERSONS_MAX);
            size_t next = tree->count++;
            tree->ids[next] = id_of(row->member_ids[j]);
            err = broken(read_person(txn, arena, &tree->ids[next], &tree->rows[next], why), why);
            if (err)
                return err;
            if (sg_id_equal(&tree->ids[next], person_id))
                tree->asked = next;
        }
    }
    return SG_OK;
}

enum sg_err person_root(struct ledger_turn *turn, const struct sg_id *person_id,
                        struct sg_id *out_root, struct sg_why *why)
{
    struct sg_id at = *person_id;
    for (int depth = 0;; depth++) {
        PbPersonRow *row = NULL;
        SG_CHECK(depth <= LINK_PERSONS_MAX);
        enum sg_err err = read_person(turn->txn, turn->arena, &at, &row, why);
        if (err)
            return err;
        if (!row->has_linked_to)
            break;
        at = id_of(row->linked_to);
    }
    *out_root = at;
    return SG_OK;
}

/* ---- together ---- */

/* How many of a repeated field all rows have, to take the room once. */
struct sums {
    size_t refs, cases, waitings, completed, consents, claims;
};

static struct sums sum_up(const struct person_tree *tree)
{
    struct sums sums = {0, 0, 0, 0, 0, 0};
    for (size_t i = 0; i < tree->count; i++) {
        const PbPersonRow *row = tree->rows[i];
        sums.refs += row->n_refs;
        sums.cases += row->n_cases;
        sums.waitings += row->n_waiting_ids;
        sums.completed += row->n_completed;
        sums.consents += row->n_consents;
        sums.claims += row->n_claims;
    }
    return sums;
}

static int case_rank(const PbCaseRow *row)
{
    bool doubled = row->has_close_reason && row->close_reason == PB_CLOSE_REASON_DUPLICATE_CASE;
    return case_is_open(row->state) ? 2 : !doubled;
}

static enum sg_err newer_case(struct ledger_turn *turn, PbCaseOfPerson **at, PbCaseOfPerson *other,
                              struct sg_why *why)
{
    struct sg_id one_id = id_of((*at)->case_id), other_id = id_of(other->case_id);
    PbCaseRow *one = NULL, *two = NULL;
    enum sg_err err = read_row(turn, TABLE_CASES, &one_id, &pb_case_row__descriptor, &one, why);
    if (!err)
        err = read_row(turn, TABLE_CASES, &other_id, &pb_case_row__descriptor, &two, why);
    if (err)
        return err;
    /* An open one, else one that did not end as the double of another, else the newer one. */
    const int ranks[2] = {case_rank(one), case_rank(two)};
    bool newer = two->made_seq > one->made_seq;
    if (ranks[0] != ranks[1] ? ranks[1] > ranks[0] : newer)
        *at = other;
    return SG_OK;
}

static enum sg_err add_case(struct ledger_turn *turn, PbPersonRow *to, PbCaseOfPerson *added,
                            struct sg_why *why)
{
    for (size_t i = 0; i < to->n_cases; i++)
        if (strcmp(to->cases[i]->owner, added->owner) == 0)
            return newer_case(turn, &to->cases[i], added, why);
    to->cases[to->n_cases++] = added;
    return SG_OK;
}

static void add_completed(PbPersonRow *to, PbCompletedCourse *added)
{
    for (size_t i = 0; i < to->n_completed; i++)
        if (strcmp(to->completed[i]->course_code, added->course_code) == 0) {
            if (added->ended_on > to->completed[i]->ended_on)
                to->completed[i] = added;
            return;
        }
    to->completed[to->n_completed++] = added;
}

/* What the person said last of a scope, whatever name it went by then. */
static void add_consent(PbPersonRow *to, PbConsentOfPerson *added)
{
    for (size_t i = 0; i < to->n_consents; i++)
        if (to->consents[i]->scope == added->scope) {
            if (added->seq > to->consents[i]->seq)
                to->consents[i] = added;
            return;
        }
    to->consents[to->n_consents++] = added;
}

static void earliest(protobuf_c_boolean *has, int32_t *day, bool has_other, int32_t other)
{
    if (has_other && (!*has || other < *day)) {
        *has = true;
        *day = other;
    }
}

static enum sg_err add_row(struct ledger_turn *turn, PbPersonRow *to, const PbPersonRow *row,
                           struct sg_why *why)
{
    enum sg_err err = SG_OK;
    if (row->has_live_allocation_id) {
        SG_CHECK(!to->has_live_allocation_id); /* I3: one live seat of one human */
        to->has_live_allocation_id = true;
        to->live_allocation_id = row->live_allocation_id;
    }
    for (size_t i = 0; i < row->n_waiting_ids; i++)
        to->waiting_ids[to->n_waiting_ids++] = row->waiting_ids[i];
    for (size_t i = 0; i < row->n_refs; i++)
        to->refs[to->n_refs++] = row->refs[i];
    for (size_t i = 0; !err && i < row->n_cases; i++)
        err = add_case(turn, to, row->cases[i], why);
    for (size_t i = 0; i < row->n_completed; i++)
        add_completed(to, row->completed[i]);
    for (size_t i = 0; i < row->n_consents; i++)
        add_consent(to, row->consents[i]);
    for (size_t i = 0; i < row->n_claims; i++)
        to->claims[to->n_claims++] = row->claims[i];
    to->has_lost_without_fault |= row->has_lost_without_fault;
    to->lost_without_fault += row->lost_without_fault;
    earliest(&to->has_first_completed_on, &to->first_completed_on, row->has_first_completed_on,
             row->first_completed_on);
    earliest(&to->has_first_closed_on, &to->first_closed_on, row->has_first_closed_on,
             row->first_closed_on);
    to->has_guarded |= row->has_guarded;
    to->guarded |= row->guarded;
    to->has_restricted |= row->has_restricted;
    to->restricted |= row->restricted;
    return err;
}

enum sg_err person_tree_combine(struct ledger_turn *turn, const struct person_tree *tree,
                                PbPersonRow **out_row, struct sg_why *why)
{
    if (tree->count == 1) {
        *out_row = tree->rows[0];
        return SG_OK;
    }
    struct sums sums = sum_up(tree);
    PbPersonRow *row = TAKE(turn, PbPersonRow);
    pb_person_row__init(row);
    row->refs = take(turn, (sums.refs + 1) * sizeof *row->refs);
    row->cases = take(turn, (sums.cases + 1) * sizeof *row->cases);
    row->waiting_ids = take(turn, (sums.waitings + 1) * sizeof *row->waiting_ids);
    row->completed = take(turn, (sums.completed + 1) * sizeof *row->completed);
    row->consents = take(turn, (sums.consents + 1) * sizeof *row->consents);
    row->claims = take(turn, (sums.claims + 1) * sizeof *row->claims);
    row->has_minor = row->has_age_doubt = true;
    row->minor = tree->rows[0]->minor; /* the root's are those of all */
    row->age_doubt = tree->rows[0]->age_doubt;
    enum sg_err err = add_row(turn, row, tree->rows[tree->asked], why);
    for (size_t i = 0; !err && i < tree->count; i++)
        if (i != tree->asked)
            err = add_row(turn, row, tree->rows[i], why);
    *out_row = row;
    return err;
}

enum sg_err person_combined(struct ledger_turn *turn, const struct sg_id *person_id,
                            PbPersonRow **out_row, struct sg_why *why)
{
    struct person_tree tree;
    enum sg_err err = person_tree_read(turn->txn, turn->arena, person_id, &tree, why);
    return err ? err : person_tree_combine(turn, &tree, out_row, why);
}

/* ---- referrals of all ---- */

static enum sg_err referrals_of(struct ledger_turn *turn, const struct sg_id *person_id,
                                see_referral_fn *see, void *context, bool *done, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    enum sg_err err = cursor_under(&cursor, turn->txn, TABLE_REFERRALS_OF_PERSON,
                                   key_id(&prefix, person_id), why);
    while (!err && !*done && cursor.key.ptr) {
        struct sg_id id = cursor_second_id(&cursor);
        PbReferralRow *row = NULL;
        err = read_row(turn, TABLE_REFERRALS, &id, &pb_referral_row__descriptor, &row, why);
        if (!err)
            err = see(context, &id, row, done, why);
        if (!err)
            err = cursor_next(&cursor, why);
    }
    return err;
}

enum sg_err person_referrals(struct ledger_turn *turn, const struct sg_id *person_id,
                             see_referral_fn *see, void *context, struct sg_why *why)
{
    struct person_tree tree;
    bool done = false;
    enum sg_err err = person_tree_read(turn->txn, turn->arena, person_id, &tree, why);
    for (size_t i = 0; !err && !done && i < tree.count; i++)
        err = referrals_of(turn, &tree.ids[i], see, context, &done, why);
    return err;
}
