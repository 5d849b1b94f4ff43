/* link_case.c - two open cases of one person at one owner become one, and two again.
 *
 * The younger one is closed (DUPLICATE_CASE), without the guards of E21, and what it holds goes to
 * the older one, which takes the further state. Its referrals are not at their end: no loop is
 * closed, and no referrer is told. UNLINK gives back what is of the younger one's own persons.
 */
#include "ledger/link.h"

#include "kit/check.h"
#include "ledger/casefile.h"
#include "ledger/deadline.h"
#include "ledger/mentoring.h"
#include "ledger/minor.h"
#include "ledger/referral.h"
#include "wire/day.h"

#include <stdlib.h>

enum { PLANS_MAX = 32 };

enum { PARTINGS_MAX = LINK_PERSONS_MAX * LINK_MERGES_MAX };

/* Where what is of a person goes when several cases leave one at once: to the person's own one, and
 * of whoever has none there, to the oldest. */
struct claims {
    struct claim {
        struct sg_id person_id, case_id;
        uint64_t made_seq;
    } all[PARTINGS_MAX];
    size_t count;
};

static bool claims_give(const struct claims *claims, const struct sg_id *person_id,
                        const struct sg_id *case_id)
{
    const struct claim *to = NULL;
    for (size_t i = 0; i < claims->count; i++) {
        const struct claim *c = &claims->all[i];
        if (sg_id_equal(&c->person_id, person_id))
            return sg_id_equal(&c->case_id, case_id);
        to = !to || c->made_seq < to->made_seq ? c : to;
    }
    return to && sg_id_equal(&to->case_id, case_id);
}

/* What goes from one case to another. */
struct removal {
    struct decision *d;
    PbLinkEffect *effect;
    struct sg_id from, to;
    const char *owner;
    PbCaseState state; /* of the case it goes to, and its version, as the D5 tells them */
    uint64_t version;
    const struct person_tree *only; /* of these persons; NULL: all */
    const struct sg_id *plan;       /* one more that goes; NULL: none */
    const struct claims *claims;    /* several go their ways at once; NULL: one does */
    bool occupied, occupied_stays;  /* a seat that goes, one that does not */
    bool completed;                 /* a placement that goes was completed */
};

static bool goes(const struct removal *r, ProtobufCBinaryData case_id, ProtobufCBinaryData person)
{
    struct sg_id at = id_of(case_id), of = id_of(person);
    if (!sg_id_equal(&at, &r->from) || (r->only && !person_tree_holds(r->only, &of)))
        return false;
    return !r->claims || claims_give(r->claims, &of, &r->to);
}

/* ---- referrals ---- */

static enum sg_err move_referral(void *context, const struct sg_id *id, PbReferralRow *row,
                                 bool *done, struct sg_why *why)
{
    struct removal *r = context;
    (void)done;
    if (!goes(r, row->case_id, row->person_id))
        return SG_OK;
    PbReferralMove *move = TAKE(r->d->turn, PbReferralMove);
    pb_referral_move__init(move);
    move->has_referral_id = move->has_case_id = true;
    move->referral_id = data_of(r->d->turn, id);
    move->case_id = data_of(r->d->turn, &r->to);
    r->effect->referrals = grown(r->d->turn, r->effect->referrals, r->effect->n_referrals);
    r->effect->referrals[r->effect->n_referrals++] = move;
    struct follow *told = case_tell(r->d, &r->to, r->owner, r->state, r->state, r->version);
    told->person_id = id_of(row->person_id);
    told->has_referral = true;
    told->referral_id = *id;
    told->referral_state = row->state;
    return deadlines_move(r->d, id, &r->to, NULL, NULL, why);
}

/* ---- seats and items ---- */

static enum sg_err move_items(struct removal *r, const struct sg_id *allocation_id,
                              struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    enum sg_err err = cursor_under(&cursor, r->d->turn->txn, TABLE_ITEMS_OF_ALLOCATION,
                                   key_id(&prefix, allocation_id), why);
    while (!err && cursor.key.ptr) {
        struct sg_id id = cursor_second_id(&cursor);
        PbItemRow *row = NULL;
        err = read_row(r->d->turn, TABLE_ITEMS, &id, &pb_item_row__descriptor, &row, why);
        if (!err && row->n_person_ids && goes(r, row->case_id, row->person_ids[0]))
            err = case_takes(r->d, &r->to, r->owner, NULL, &id, true, why);
        if (!err)
            err = cursor_next(&cursor, why);
    }
    return err;
}

static enum sg_err move_seats(struct removal *r, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    enum sg_err err = cursor_under(&cursor, r->d->turn->txn, TABLE_ALLOCATIONS_OF_CASE,
                                   key_id(&prefix, &r->from), why);
    while (!err && cursor.key.ptr) {
        struct sg_id id = cursor_second_id(&cursor);
        PbAllocationRow *row = NULL;
        err =
            read_row(r->d->turn, TABLE_ALLOCATIONS, &id, &pb_allocation_row__descriptor, &row, why);
        if (err)
            break;
        bool moves = goes(r, row->case_id, row->person_id);
        bool occupied = row->state == PB_ALLOCATION_STATE_OCCUPIED;
        r->occupied |= moves && occupied;
        r->occupied_stays |= !moves && occupied;
        r->completed |= moves && row->state == PB_ALLOCATION_STATE_COMPLETED;
        if (moves)
            err = case_takes(r->d, &r->to, r->owner, NULL, &id, false, why);
        if (!err)
            err = move_items(r, &id, why);
        if (!err)
            err = cursor_next(&cursor, why);
    }
    return err;
}

/* ---- plans ---- */

struct plans {
    struct sg_id ids[PLANS_MAX];
    size_t count;
};

static void note_plan(struct plans *plans, const struct sg_id *id)
{
    for (size_t i = 0; i < plans->count; i++)
        if (sg_id_equal(&plans->ids[i], id))
            return;
    if (plans->count < PLANS_MAX)
        plans->ids[plans->count++] = *id;
}

/* The plans that somebody visited for, and the last one. */
static enum sg_err find_plans(struct ledger_turn *turn, const struct sg_id *case_id,
                              const PbCaseRow *c, struct plans *plans, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    if (c->has_plan_id && c->plan_id.len) {
        struct sg_id id = id_of(c->plan_id);
        note_plan(plans, &id);
    }
    enum sg_err err = cursor_under(&cursor, turn->txn, TABLE_VISITS, key_id(&prefix, case_id), why);
    while (!err && cursor.key.ptr) {
        PbVisitRow *row = NULL;
        size_t used = turn->arena->used;
        err = sg_decode_row(&pb_visit_row__descriptor, cursor.value, turn->arena, &row, why);
        if (err)
            break;
        struct sg_id id = id_of(row->plan_id);
        note_plan(plans, &id);
        sg_arena_reset(turn->arena, used);
        err = cursor_next(&cursor, why);
    }
    return err;
}

static enum sg_err move_plans(struct removal *r, const PbCaseRow *from, struct sg_why *why)
{
    struct plans plans = {.count = 0};
    struct ledger_turn *turn = r->d->turn;
    if (r->plan)
        note_plan(&plans, r->plan);
    enum sg_err err = find_plans(turn, &r->from, from, &plans, why);
    for (size_t i = 0; !err && i < plans.count; i++) {
        PbPlanRow *row = NULL;
        err = read_row(turn, TABLE_PLANS, &plans.ids[i], &pb_plan_row__descriptor, &row, why);
        if (err || !goes(r, row->case_id, row->person_id))
            continue;
        PbPlanMove *move = TAKE(turn, PbPlanMove);
        pb_plan_move__init(move);
        move->has_plan_id = move->has_from_case_id = move->has_case_id = true;
        move->plan_id = data_of(turn, &plans.ids[i]);
        move->from_case_id = data_of(turn, &r->from);
        move->case_id = data_of(turn, &r->to);
        r->effect->plans = grown(turn, r->effect->plans, r->effect->n_plans);
        r->effect->plans[r->effect->n_plans++] = move;
        err = deadlines_move(r->d, &plans.ids[i], &r->to, NULL, NULL, why);
    }
    return err;
}

static enum sg_err move_all(struct removal *r, const struct sg_id *person_id,
                            const struct sg_id *other_id, const PbCaseRow *from, struct sg_why *why)
{
    enum sg_err err = move_seats(r, why);
    if (!err)
        err = person_referrals(r->d->turn, person_id, move_referral, r, why);
    if (!err &&
        other_id) /* one that was redirected to a case of another name, before they parted */
        err = person_referrals(r->d->turn, other_id, move_referral, r, why);
    return err ? err : move_plans(r, from, why);
}

/* ---- SAME ---- */

struct doubles {
    struct pair {
        struct sg_id younger_id, older_id;
        PbCaseRow *younger, *older;
    } pairs[LINK_MERGES_MAX];
    size_t count; /* may be more than there is room for */
};

static enum sg_err open_case(struct ledger_turn *turn, const PbCaseOfPerson *c, struct sg_id *id,
                             PbCaseRow **out_row, struct sg_why *why)
{
    *id = id_of(c->case_id);
    enum sg_err err = read_row(turn, TABLE_CASES, id, &pb_case_row__descriptor, out_row, why);
    if (!err && !case_is_open((*out_row)->state))
        *out_row = NULL;
    return err;
}

/* The open case of one of them against that of the other, at the same owner. A tree may have two of
 * them there, when one was opened again after the link: the newer one is the one that counts. */
static enum sg_err find_double(struct ledger_turn *turn, const PbCaseOfPerson *c,
                               const PbPersonRow *other, struct doubles *out, struct sg_why *why)
{
    struct sg_id ids[2];
    PbCaseRow *rows[2] = {NULL, NULL};
    enum sg_err err = open_case(turn, c, &ids[0], &rows[0], why);
    for (size_t i = 0; !err && rows[0] && i < other->n_cases; i++) {
        if (strcmp(other->cases[i]->owner, c->owner) != 0)
            continue;
        err = open_case(turn, other->cases[i], &ids[1], &rows[1], why);
        if (err || !rows[1])
            continue;
        int younger = rows[1]->made_seq > rows[0]->made_seq;
        if (out->count < LINK_MERGES_MAX)
            out->pairs[out->count] =
                (struct pair){ids[younger], ids[!younger], rows[younger], rows[!younger]};
        out->count++;
    }
    return err;
}

static enum sg_err find_doubles(struct ledger_turn *turn, const struct person_tree *a,
                                const struct person_tree *b, struct doubles *out,
                                struct sg_why *why)
{
    PbPersonRow *one = NULL, *other = NULL;
    out->count = 0;
    enum sg_err err = person_tree_combine(turn, a, &one, why);
    if (!err)
        err = person_tree_combine(turn, b, &other, why);
    for (size_t i = 0; !err && i < one->n_cases; i++)
        err = find_double(turn, one->cases[i], other, out, why);
    return err;
}

enum sg_err link_merges(struct ledger_turn *turn, const struct person_tree *a,
                        const struct person_tree *b, size_t *out_count, struct sg_why *why)
{
    struct doubles doubles;
    enum sg_err err = find_doubles(turn, a, b, &doubles, why);
    *out_count = doubles.count;
    return err;
}

/* The fields of a case that a merge changes, as they are. */
static PbCaseEffect *picture(struct ledger_turn *turn, const PbCaseRow *row)
{
    PbCaseEffect *e = TAKE(turn, PbCaseEffect);
    pb_case_effect__init(e);
    e->has_state = e->has_minor = e->has_age_doubt = e->has_not_ppks = true;
    e->state = row->state;
    e->minor = row->minor;
    e->age_doubt = row->age_doubt;
    e->not_ppks = row->not_ppks;
    e->has_priority_band = e->has_training_suitable = e->has_assessed_seq = true;
    e->priority_band = row->priority_band;
    e->training_suitable = row->training_suitable;
    e->assessed_seq = row->assessed_seq;
    e->has_plan_id = true;
    if (row->has_plan_id)
        e->plan_id = row->plan_id;
    return e;
}

static void show(PbCaseEffect *change, const PbCaseEffect *picture)
{
    change->has_minor = change->has_age_doubt = change->has_not_ppks = true;
    change->minor = picture->minor;
    change->age_doubt = picture->age_doubt;
    change->not_ppks = picture->not_ppks;
    change->has_priority_band = change->has_training_suitable = picture->has_assessed_seq;
    change->priority_band = picture->priority_band;
    change->training_suitable = picture->training_suitable;
    change->has_assessed_seq = picture->has_assessed_seq && picture->assessed_seq;
    change->assessed_seq = picture->assessed_seq;
    change->has_plan_id = picture->has_plan_id;
    change->plan_id = picture->plan_id;
}

static PbCaseState further(PbCaseState a, PbCaseState b)
{
    return a > b ? a : b; /* the states of an open case stand in order */
}

/* A deadline of the younger case that the older one needs and does not run. */
static enum sg_err hand_on(struct decision *d, const char *rule, const struct pair *pair,
                           struct sg_why *why)
{
    struct key key = {0};
    PbDeadlineRow *row = NULL;
    bool runs = false;
    enum sg_err err = deadline_runs(d, rule, &pair->older_id, &runs, why);
    if (err || runs)
        return err;
    key_text(key_id(&key, &pair->younger_id), rule);
    err = row_get(d->turn->txn, TABLE_DEADLINES, &key, &pb_deadline_row__descriptor, d->turn->arena,
                  &row, why);
    if (err)
        return err == SG_E_NOT_FOUND ? SG_OK : err;
    row->has_case_id = true;
    row->case_id = data_of(d->turn, &pair->older_id);
    PbDeadlineEffect *change = deadline_effect(d->turn, rule, &pair->older_id);
    change->row = row;
    d->effect->deadlines = grown(d->turn, d->effect->deadlines, d->effect->n_deadlines);
    d->effect->deadlines[d->effect->n_deadlines++] = change;
    return SG_OK;
}

/* The plan of the younger case goes along; it ends when the older one has one that is ACTIVE. */
static enum sg_err choose_plan(struct decision *d, const struct pair *pair, PbMergedCase *merged,
                               struct sg_why *why)
{
    struct sg_id own_id, their_id;
    PbPlanRow *own = NULL, *theirs = NULL;
    enum sg_err err = plan_of_case(d->turn, pair->older, &own_id, &own, why);
    if (!err)
        err = plan_of_case(d->turn, pair->younger, &their_id, &theirs, why);
    if (err || !theirs)
        return err;
    if (!own) {
        merged->older_taken->plan_id = pair->younger->plan_id;
        return SG_OK;
    }
    merged->has_ended_plan_id = true;
    merged->ended_plan_id = data_of(d->turn, &their_id);
    return SG_OK;
}

static enum sg_err close_younger(struct decision *d, const struct pair *pair, struct sg_why *why)
{
    PbCaseEffect *change = NULL;
    struct follow *told = NULL;
    PbCaseRow row = *pair->younger;
    row.has_plan_id = false; /* its plan goes on, or was seen to */
    d->person_id = id_of(row.person_id);
    enum sg_err err =
        case_change(d, &pair->younger_id, &row, PB_CASE_STATE_CLOSED, &change, &told, why);
    if (err)
        return err;
    change->has_closed_on = change->has_close_reason = true;
    change->closed_on = sg_day_at(d->turn->block->time_ms);
    change->close_reason = PB_CLOSE_REASON_DUPLICATE_CASE;
    return SG_OK;
}

static enum sg_err change_older(struct decision *d, const struct sg_id *id, const PbCaseRow *row,
                                PbCaseState to, const PbCaseEffect *as, struct sg_why *why)
{
    PbCaseEffect *change = NULL;
    struct follow *told = NULL;
    d->person_id = id_of(row->person_id);
    if (to != row->state) {
        enum sg_err err = case_change(d, id, row, to, &change, &told, why);
        if (err)
            return err;
    } else {
        change = case_effect(d, id);
        change->has_state = true;
        change->state = to;
    }
    show(change, as);
    return SG_OK;
}

static PbMergedCase *merged_case(struct decision *d, const struct pair *pair)
{
    const PbCaseRow *older = pair->older, *younger = pair->younger;
    PbMergedCase *merged = TAKE(d->turn, PbMergedCase);
    PbCaseEffect *taken = picture(d->turn, older);
    pb_merged_case__init(merged);
    merged->has_younger_id = merged->has_older_id = merged->has_younger_state = true;
    merged->younger_id = data_of(d->turn, &pair->younger_id);
    merged->older_id = data_of(d->turn, &pair->older_id);
    merged->younger_state = younger->state;
    merged->older_before = picture(d->turn, older);
    merged->older_taken = taken;
    taken->state = further(older->state, younger->state);
    if (older->state == PB_CASE_STATE_IN_TRAINING || younger->state == PB_CASE_STATE_IN_TRAINING)
        taken->state = PB_CASE_STATE_IN_TRAINING; /* somebody sits in a course */
    taken->minor = older->minor || younger->minor;
    taken->age_doubt = !taken->minor && (older->age_doubt || younger->age_doubt);
    if (younger->assessed_seq > older->assessed_seq) {
        taken->not_ppks = younger->not_ppks;
        taken->priority_band = younger->priority_band;
        taken->training_suitable = younger->training_suitable;
        taken->assessed_seq = younger->assessed_seq;
    }
    return merged;
}

static enum sg_err merge(struct decision *d, const struct pair *pair, PbLinkEffect *effect,
                         struct sg_why *why)
{
    const PbCaseRow *older = pair->older, *younger = pair->younger;
    PbMergedCase *merged = merged_case(d, pair);
    PbCaseEffect *taken = merged->older_taken;
    struct removal r = {.d = d,
                        .effect = effect,
                        .from = pair->younger_id,
                        .to = pair->older_id,
                        .owner = older->owner,
                        .state = taken->state,
                        .version = older->version + 1};
    struct sg_id person_id = id_of(younger->person_id), older_person = id_of(older->person_id);
    enum sg_err err = choose_plan(d, pair, merged, why);
    if (!err && r.state == PB_CASE_STATE_ASSESSING)
        err = hand_on(d, RULE_ASSESS, pair, why);
    if (!err)
        err = hand_on(d, RULE_MINOR, pair, why);
    if (!err && !taken->plan_id.len)
        err = hand_on(d, RULE_PLAN, pair, why);
    if (!err)
        err = close_younger(d, pair, why);
    if (!err)
        err = change_older(d, &pair->older_id, older, r.state, taken, why);
    if (!err)
        err = move_all(&r, &person_id, &older_person, younger, why);
    if (!err && merged->has_ended_plan_id) /* behind its move: T11 ends with it */
        err = plan_end(d, younger, why);
    effect->merged = grown(d->turn, effect->merged, effect->n_merged);
    effect->merged[effect->n_merged++] = merged;
    return err;
}

enum sg_err link_merge_cases(struct decision *d, const struct person_tree *parent,
                             const struct person_tree *child, PbLinkEffect *effect,
                             struct sg_why *why)
{
    struct doubles doubles;
    enum sg_err err = find_doubles(d->turn, parent, child, &doubles, why);
    SG_CHECK(err || doubles.count <= LINK_MERGES_MAX); /* link_hindrance has looked */
    for (size_t i = 0; !err && i < doubles.count; i++)
        err = merge(d, &doubles.pairs[i], effect, why);
    return err;
}

/* ---- UNLINK ---- */

/* What the older case took goes back, as far as nobody has said more since. */
static void give_up(PbCaseRow *now, const PbMergedCase *merged)
{
    const PbCaseEffect *before = merged->older_before, *taken = merged->older_taken;
    if (now->state == taken->state)
        now->state = before->state;
    if (now->minor == taken->minor && now->age_doubt == taken->age_doubt) {
        now->minor = before->minor;
        now->age_doubt = before->age_doubt;
    }
    if (now->assessed_seq == taken->assessed_seq && before->assessed_seq != taken->assessed_seq) {
        now->not_ppks = before->not_ppks;
        now->priority_band = before->priority_band;
        now->training_suitable = before->training_suitable;
        now->assessed_seq = before->assessed_seq;
    }
    bool same_plan = before->plan_id.len == taken->plan_id.len &&
                     (!taken->plan_id.len ||
                      memcmp(before->plan_id.data, taken->plan_id.data, taken->plan_id.len) == 0);
    bool still = taken->plan_id.len && now->has_plan_id && now->plan_id.len == taken->plan_id.len &&
                 memcmp(now->plan_id.data, taken->plan_id.data, now->plan_id.len) == 0;
    if (!same_plan && still) {
        now->has_plan_id = before->plan_id.len > 0;
        now->plan_id = before->plan_id;
    }
}

static PbCaseState younger_again(const PbMergedCase *merged, const struct removal *r)
{
    if (r->occupied)
        return PB_CASE_STATE_IN_TRAINING;
    if (merged->younger_state != PB_CASE_STATE_IN_TRAINING)
        return merged->younger_state;
    return r->completed ? PB_CASE_STATE_AFTERCARE : PB_CASE_STATE_IN_SERVICE;
}

/* The younger case as it was before: its shelter limit, child protection and plan begin again. */
static enum sg_err reopen(struct decision *d, const struct sg_id *id, const PbCaseRow *row,
                          const PbMergedCase *merged, PbCaseState to, struct sg_why *why)
{
    PbCaseEffect *change = NULL;
    struct follow *told = NULL;
    d->person_id = id_of(row->person_id);
    enum sg_err err = case_change(d, id, row, to, &change, &told, why);
    if (err)
        return err;
    change->has_reopened = change->reopened = false;
    change->has_resumed = change->resumed = true;
    if (to == PB_CASE_STATE_ASSESSING)
        start_assess(d, id, row->owner, d->turn->block->time_ms);
    if (row->minor)
        minor_limit(d, id, row->owner);
    if (!merged->has_ended_plan_id)
        return SG_OK;
    PbPlanRow *plan = NULL;
    struct sg_id plan_id = id_of(merged->ended_plan_id);
    err = read_row(d->turn, TABLE_PLANS, &plan_id, &pb_plan_row__descriptor, &plan, why);
    if (err)
        return err;
    plan->case_id = data_of(d->turn, id);
    plan->state = PB_PLAN_STATE_ACTIVE;
    plan->has_ended_on = false;
    (void)plan_effect(d, &plan_id, plan);
    return plan_limit(d, &plan_id, plan, why);
}

/* One case that leaves another. */
struct parting {
    const PbMergedCase *merged;
    uint64_t seq; /* of the link that merged them */
    struct sg_id younger_id, older_id;
    PbCaseRow *younger, *older;
    const struct person_tree *side; /* of the younger one's person */
    bool opens;
};
struct partings {
    struct parting all[PARTINGS_MAX];
    size_t count;
};

static enum sg_err find_parting(struct decision *d, const PbMergedCase *merged, uint64_t seq,
                                const struct person_tree *leaving, const struct person_tree *left,
                                struct partings *out, struct sg_why *why)
{
    struct parting p = {.merged = merged,
                        .seq = seq,
                        .younger_id = id_of(merged->younger_id),
                        .older_id = id_of(merged->older_id)};
    enum sg_err err =
        read_row(d->turn, TABLE_CASES, &p.younger_id, &pb_case_row__descriptor, &p.younger, why);
    if (!err)
        err = read_row(d->turn, TABLE_CASES, &p.older_id, &pb_case_row__descriptor, &p.older, why);
    if (err)
        return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "a merged case without a row")
                                     : err;
    struct sg_id person_id = id_of(p.younger->person_id), other_id = id_of(p.older->person_id);
    bool leaves = person_tree_holds(leaving, &person_id);
    const struct person_tree *other = leaves ? left : leaving;
    p.side = leaves ? leaving : left;
    if (!person_tree_holds(p.side, &person_id) || !person_tree_holds(other, &other_id))
        return SG_OK; /* both stay with each other, or one has gone its way before */
    p.opens = case_is_open(p.older->state) && p.younger->state == PB_CASE_STATE_CLOSED &&
              p.younger->has_close_reason &&
              p.younger->close_reason == PB_CLOSE_REASON_DUPLICATE_CASE;
    if (out->count < PARTINGS_MAX)
        out->all[out->count++] = p;
    return SG_OK;
}

/* The last merge is the first that is undone. */
static int last_first(const void *a, const void *b)
{
    const struct parting *one = a, *other = b;
    if (one->seq != other->seq)
        return one->seq < other->seq ? 1 : -1;
    return memcmp(one->younger_id.b, other->younger_id.b, SG_ID_BYTES);
}

static void claim(const struct partings *all, const struct parting *p, struct claims *out)
{
    out->count = 0;
    for (size_t i = 0; i < all->count; i++) {
        const struct parting *q = &all->all[i];
        if (sg_id_equal(&q->older_id, &p->older_id) && q->side == p->side)
            out->all[out->count++] =
                (struct claim){id_of(q->younger->person_id), q->younger_id, q->younger->made_seq};
    }
}

/* The younger case gets what is its own, and opens again. */
static enum sg_err give_back(struct decision *d, const struct partings *all,
                             const struct parting *p, PbLinkEffect *effect, bool *out_stays,
                             struct sg_why *why)
{
    struct claims *claims = TAKE(d->turn, struct claims);
    struct sg_id plan_id = id_of(p->merged->ended_plan_id);
    struct sg_id person_id = id_of(p->younger->person_id);
    struct removal r = {.d = d,
                        .effect = effect,
                        .from = p->older_id,
                        .to = p->younger_id,
                        .owner = p->younger->owner,
                        .state = p->opens ? p->merged->younger_state : p->younger->state,
                        .version = p->younger->version + (p->opens ? 1 : 0),
                        .only = p->side,
                        .plan = p->merged->has_ended_plan_id ? &plan_id : NULL,
                        .claims = claims};
    claim(all, p, claims);
    enum sg_err err = move_all(&r, &person_id, NULL, p->older, why);
    *out_stays = r.occupied_stays;
    if (err || !p->opens)
        return err; /* what came to its end with the older case has come to it */
    return reopen(d, &p->younger_id, p->younger, p->merged, younger_again(p->merged, &r), why);
}

/* The older case as it was before the first of the merges that are undone. */
static enum sg_err restore_older(struct decision *d, const struct partings *all,
                                 const struct parting *first, bool occupied, struct sg_why *why)
{
    const struct sg_id *id = &first->older_id;
    const PbCaseRow *row = first->older;
    PbCaseRow now = *row;
    for (size_t i = 0; i < all->count; i++)
        if (all->all[i].opens && sg_id_equal(&all->all[i].older_id, id))
            give_up(&now, all->all[i].merged);
    if (!occupied && now.state == PB_CASE_STATE_IN_TRAINING)
        now.state = PB_CASE_STATE_IN_SERVICE;
    PbCaseState to = occupied ? PB_CASE_STATE_IN_TRAINING : now.state;
    enum sg_err err = change_older(d, id, row, to, picture(d->turn, &now), why);
    if (!err && row->minor && !now.minor)
        err = deadline_end(d, RULE_MINOR, id, false, why);
    if (!err && to == PB_CASE_STATE_ASSESSING && row->state != PB_CASE_STATE_ASSESSING)
        start_assess(d, id, row->owner, d->turn->block->time_ms);
    return err;
}

/* Is it the first of those that leave this older case? */
static bool is_first(const struct partings *all, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (all->all[i].opens && sg_id_equal(&all->all[i].older_id, &all->all[at].older_id))
            return false;
    return all->all[at].opens;
}

enum sg_err link_part_cases(struct decision *d, PbLinkRow *const *links, size_t link_count,
                            const struct person_tree *leaving, const struct person_tree *left,
                            PbLinkEffect *effect, struct sg_why *why)
{
    struct partings *all = TAKE(d->turn, struct partings);
    bool stays[PARTINGS_MAX] = {false};
    enum sg_err err = SG_OK;
    all->count = 0;
    for (size_t i = 0; !err && i < link_count; i++)
        for (size_t j = 0; !err && j < links[i]->n_merged; j++)
            err = find_parting(d, links[i]->merged[j], links[i]->seq, leaving, left, all, why);
    if (!err && all->count > 1)
        qsort(all->all, all->count, sizeof all->all[0], last_first);
    for (size_t i = 0; !err && i < all->count; i++)
        err = give_back(d, all, &all->all[i], effect, &stays[i], why);
    for (size_t i = 0; !err && i < all->count; i++) {
        bool occupied = true; /* unless a seat goes along with one of them, or there is none */
        for (size_t j = 0; j < all->count; j++)
            if (sg_id_equal(&all->all[j].older_id, &all->all[i].older_id))
                occupied &= stays[j];
        if (is_first(all, i))
            err = restore_older(d, all, &all->all[i], occupied, why);
    }
    return err;
}
