/* link.c - E22: a steward decides that two persons are one, are not, or are two again; and the link
 * that follows by itself when a NIK comes late. What it does to cases: link_case.c.
 */
#include "ledger/link.h"

#include "ledger/allocation.h"
#include "ledger/casefile.h"
#include "ledger/deadline.h"
#include "ledger/minor.h"
#include "ledger/mutant.h"
#include "ledger/person.h"
#include "ledger/suspicion.h"
#include "wire/day.h"

enum { SAME = PB_PERSON_LINK_DECIDED__DECISION_SAME };
enum { UNLINK = PB_PERSON_LINK_DECIDED__DECISION_UNLINK };

PbLinkEffect *link_effect(struct decision *d, const struct sg_id *link_id, const struct sg_id *a,
                          const struct sg_id *b, PbPersonLinkDecided__Decision decision)
{
    PbLinkEffect *effect = TAKE(d->turn, PbLinkEffect);
    pb_link_effect__init(effect);
    effect->has_link_id = effect->has_person_a = effect->has_person_b = true;
    effect->link_id = data_of(d->turn, link_id);
    effect->person_a = data_of(d->turn, a);
    effect->person_b = data_of(d->turn, b);
    effect->has_decision = true;
    effect->decision = decision;
    d->effect->link = effect;
    return effect;
}

/* ---- SAME ---- */

static size_t depth_of(const struct person_tree *tree)
{
    size_t depths[LINK_PERSONS_MAX] = {0}, deepest = 0;
    for (size_t i = 1; i < tree->count; i++) {
        struct sg_id to = id_of(tree->rows[i]->linked_to);
        for (size_t j = 0; j < i; j++)
            if (sg_id_equal(&tree->ids[j], &to))
                depths[i] = depths[j] + 1;
        deepest = depths[i] > deepest ? depths[i] : deepest;
    }
    return deepest;
}

enum sg_err link_hindrance(struct ledger_turn *turn, const struct person_tree *a,
                           const struct person_tree *b, const char **out_hindrance,
                           struct sg_why *why)
{
    size_t merges = 0;
    enum sg_err err = link_merges(turn, a, b, &merges, why);
    bool many = a->count + b->count > LINK_PERSONS_MAX || merges > LINK_MERGES_MAX;
    bool deep = depth_of(a) >= LINK_DEPTH_MAX || depth_of(b) >= LINK_DEPTH_MAX;
    *out_hindrance = many || deep ? "LINK_LIMIT" : NULL;
    if (person_tree_restricted(a) || person_tree_restricted(b))
        *out_hindrance = "RESTRICTED";
    if (MUTATED(32, person_tree_seated(a) && person_tree_seated(b), false))
        *out_hindrance = "LIVE_SEATS";
    return err;
}

/* A known birth date decides. An estimate of the one says nothing against what is known of the
 * other: whoever may be a child is treated as one. */
static enum sg_err flags_of(struct decision *d, const struct person_tree *tree, bool minor,
                            bool age_doubt, bool *out_minor, bool *out_doubt, struct sg_why *why)
{
    struct statement *list = NULL;
    size_t count = 0;
    struct identity identity;
    enum sg_err err = person_statements(d->turn, tree, &list, &count, why);
    if (err)
        return err;
    identity_of_statements(list, count, &identity);
    *out_minor = minor;
    *out_doubt = age_doubt && !minor;
    if (identity.person.birth_date)
        person_minor(&identity.person, sg_day_at(d->turn->block->time_ms), out_minor, out_doubt);
    return SG_OK;
}

static bool was_merged(const PbLinkEffect *effect, ProtobufCBinaryData case_id)
{
    struct sg_id id = id_of(case_id);
    for (size_t i = 0; i < effect->n_merged; i++) {
        struct sg_id younger = id_of(effect->merged[i]->younger_id);
        struct sg_id older = id_of(effect->merged[i]->older_id);
        if (sg_id_equal(&id, &younger) ||
            (effect->merged[i]->older_taken->minor && sg_id_equal(&id, &older)))
            return true;
    }
    return false;
}

/* All cases that are open afterwards know that it is a child, and the seat is given up. One that
 * took it from a case that knew, has its time limit from there too. */
static enum sg_err tell_minor(struct decision *d, const struct person_tree *both,
                              PbLinkEffect *effect, struct sg_why *why)
{
    PbPersonRow all;
    size_t room = 0;
    enum sg_err err = SG_OK;
    if (!effect->minor)
        return SG_OK;
    pb_person_row__init(&all);
    for (size_t i = 0; i < both->count; i++)
        room += both->rows[i]->n_cases;
    all.cases = take(d->turn, (room + 1) * sizeof *all.cases);
    for (size_t i = 0; i < both->count; i++) {
        const PbPersonRow *row = both->rows[i];
        for (size_t j = 0; !err && j < row->n_cases; j++) {
            PbCaseRow *c = NULL;
            struct sg_id id = id_of(row->cases[j]->case_id);
            err = read_row(d->turn, TABLE_CASES, &id, &pb_case_row__descriptor, &c, why);
            if (!err && !was_merged(effect, row->cases[j]->case_id) && !c->minor &&
                case_is_open(c->state))
                all.cases[all.n_cases++] = row->cases[j];
        }
        all.has_live_allocation_id |= row->has_live_allocation_id;
        if (row->has_live_allocation_id)
            all.live_allocation_id = row->live_allocation_id;
    }
    effect->minor_case_ids = take(d->turn, (room + 1) * sizeof *effect->minor_case_ids);
    for (size_t i = 0; i < all.n_cases && i < LINK_MINOR_CASES_MAX; i++)
        effect->minor_case_ids[effect->n_minor_case_ids++] = all.cases[i]->case_id;
    return err ? err : minor_known(d, &all, NULL, why);
}

/* Where somebody waits and could not have a seat before, or the other way round. */
static void look_at_waitings(struct decision *d, const struct person_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++)
        for (size_t j = 0; j < tree->rows[i]->n_waiting_ids; j++)
            queue(d, FOLLOW_WAITING)->allocation_id = id_of(tree->rows[i]->waiting_ids[j]);
}

enum sg_err link_join(struct decision *d, const struct person_tree *parent,
                      const struct person_tree *child, PbLinkEffect *effect, struct sg_why *why)
{
    struct person_tree both;
    bool minor = parent->rows[0]->minor || child->rows[0]->minor, out_minor = false;
    bool doubt = parent->rows[0]->age_doubt || child->rows[0]->age_doubt, out_doubt = false;
    person_tree_join(parent, child, &both);
    effect->has_child_id = effect->has_parent_id = effect->has_root_id = true;
    effect->child_id = data_of(d->turn, &child->ids[0]);
    effect->parent_id = data_of(d->turn, &parent->ids[0]);
    effect->root_id = effect->parent_id;
    enum sg_err err = flags_of(d, &both, minor, doubt, &out_minor, &out_doubt, why);
    effect->has_minor = effect->has_age_doubt = true;
    effect->minor = out_minor;
    effect->age_doubt = out_doubt;
    if (!err)
        err = link_merge_cases(d, parent, child, effect, why);
    if (!err)
        err = tell_minor(d, &both, effect, why);
    if (!err)
        err = suspicion_decide(d->turn, parent, child, effect, why);
    look_at_waitings(d, &both);
    return err;
}

static enum sg_err decide_same(struct decision *d, const struct person_tree *a,
                               const struct person_tree *b, struct sg_why *why)
{
    const PbPersonLinkDecided *e = d->event->envelope->person_link_decided;
    struct sg_id link_id = id_of(e->link_id);
    bool spoken = e->basis == PB_PERSON_LINK_DECIDED__BASIS_INTERVIEW ||
                  e->basis == PB_PERSON_LINK_DECIDED__BASIS_FAMILY;
    bool alone =
        !e->second_actor_ref || strcmp(e->second_actor_ref, d->event->envelope->actor_ref) == 0;
    if (sg_id_equal(&a->ids[0], &b->ids[0]))
        return refuse(d, SG_ST_BAD_TRANSITION, "person_link_decided.decision", "SAME_PERSON",
                      "two persons who are not one yet");
    const char *hindrance = NULL;
    enum sg_err err = link_hindrance(d->turn, a, b, &hindrance, why);
    if (err)
        return err;
    if (hindrance && strcmp(hindrance, "LIVE_SEATS") == 0)
        return refuse(d, SG_ST_LINK_CONFLICT, "person_link_decided.person_ref_b", hindrance,
                      "at most one of them with a seat: give one back first");
    if (hindrance)
        return refuse(d, SG_ST_BAD_TRANSITION, "person_link_decided.person_ref_b", hindrance,
                      "at most %d persons in one, and %d links one behind the other",
                      LINK_PERSONS_MAX, LINK_DEPTH_MAX);
    if (spoken && alone)
        return refuse(d, SG_ST_FOUR_EYES, "person_link_decided.second_actor_ref", NULL,
                      "somebody else than actor_ref who has decided it too");
    bool a_survives = e->survivor == PB_PERSON_LINK_DECIDED__SURVIVOR_A;
    PbLinkEffect *effect =
        link_effect(d, &link_id, &a->ids[a->asked], &b->ids[b->asked], e->decision);
    return link_join(d, a_survives ? a : b, a_survives ? b : a, effect, why);
}

/* ---- DIFFERENT ---- */

static enum sg_err decide_different(struct decision *d, const struct person_tree *a,
                                    const struct person_tree *b, struct sg_why *why)
{
    const PbPersonLinkDecided *e = d->event->envelope->person_link_decided;
    struct sg_id link_id = id_of(e->link_id);
    PbSuspicionRow *known = NULL;
    if (sg_id_equal(&a->ids[0], &b->ids[0]))
        return refuse(d, SG_ST_BAD_TRANSITION, "person_link_decided.decision", "LINKED",
                      "two persons who are not linked; UNLINK them first");
    PbLinkEffect *effect =
        link_effect(d, &link_id, &a->ids[a->asked], &b->ids[b->asked], e->decision);
    enum sg_err err = suspicion_decide(d->turn, a, b, effect, why);
    if (!err)
        err = suspicion_read(d->turn, &a->ids[a->asked], &b->ids[b->asked], &known, why);
    if (err || known)
        return err;
    suspicion_add_pair(d->turn, effect, &a->ids[a->asked], &b->ids[b->asked]);
    return SG_OK;
}

/* ---- UNLINK ---- */

static enum sg_err read_link(struct ledger_turn *turn, const struct sg_id *child, PbLinkRow **out,
                             struct sg_why *why)
{
    enum sg_err err = read_row(turn, TABLE_LINKS, child, &pb_link_row__descriptor, out, why);
    return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "a link without a row") : err;
}

static bool is_pair(const PbLinkRow *row, const struct sg_id *a, const struct sg_id *b)
{
    struct sg_id one = id_of(row->person_a), other = id_of(row->person_b);
    return (sg_id_equal(&one, a) && sg_id_equal(&other, b)) ||
           (sg_id_equal(&one, b) && sg_id_equal(&other, a));
}

/* The link between the two: the one that was decided about this pair, else the only one that
 * stands between them. *out_child NULL: there are several, and none was about them. */
static enum sg_err find_link(struct decision *d, const struct person_tree *tree,
                             const struct sg_id *a, const struct sg_id *b,
                             const struct sg_id **out_child, PbLinkRow **out_row,
                             struct sg_why *why)
{
    size_t between = 0;
    *out_child = NULL;
    for (size_t i = 1; i < tree->count; i++) {
        struct person_tree leaving, left;
        PbLinkRow *row = NULL;
        person_tree_part(tree, &tree->ids[i], &leaving, &left);
        if (person_tree_holds(&leaving, a) == person_tree_holds(&leaving, b))
            continue;
        enum sg_err err = read_link(d->turn, &tree->ids[i], &row, why);
        if (err)
            return err;
        *out_child = &tree->ids[i];
        *out_row = row;
        between++;
        if (is_pair(row, a, b))
            return SG_OK;
    }
    if (between != 1)
        *out_child = NULL;
    return SG_OK;
}

/* What the link has done to the flags of the root is taken back, unless somebody has said more
 * since. */
static enum sg_err flags_apart(struct decision *d, const PbLinkRow *link,
                               const struct person_tree *leaving, const struct person_tree *left,
                               PbLinkEffect *effect, struct sg_why *why)
{
    const PbPersonRow *root = left->rows[0];
    bool untouched = root->minor == link->minor_after && root->age_doubt == link->doubt_after;
    bool minor = untouched ? link->minor_before : root->minor;
    bool doubt = untouched ? link->doubt_before : root->age_doubt;
    bool flags[4] = {false, false, false, false};
    enum sg_err err = flags_of(d, left, minor, doubt, &flags[0], &flags[1], why);
    if (!err)
        err = flags_of(d, leaving, leaving->rows[0]->minor, leaving->rows[0]->age_doubt, &flags[2],
                       &flags[3], why);
    effect->has_root_id = effect->has_minor = effect->has_age_doubt = true;
    effect->root_id = data_of(d->turn, &left->ids[0]);
    effect->minor = flags[0];
    effect->age_doubt = flags[1];
    effect->has_child_minor = effect->has_child_age_doubt = true;
    effect->child_minor = flags[2];
    effect->child_age_doubt = flags[3];
    return err;
}

/* A case of somebody who leaves may have been merged by another link than the one that ends. */
static enum sg_err part_cases(struct decision *d, const struct person_tree *tree,
                              const struct person_tree *leaving, const struct person_tree *left,
                              PbLinkEffect *effect, struct sg_why *why)
{
    PbLinkRow *links[LINK_PERSONS_MAX];
    enum sg_err err = SG_OK;
    for (size_t i = 1; !err && i < tree->count; i++)
        err = read_link(d->turn, &tree->ids[i], &links[i - 1], why);
    return err ? err : link_part_cases(d, links, tree->count - 1, leaving, left, effect, why);
}

/* Cases that were of a minor by the link only. */
static enum sg_err minors_apart(struct decision *d, const PbLinkRow *link,
                                const struct person_tree *leaving, const PbLinkEffect *effect,
                                struct sg_why *why)
{
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < link->n_minor_case_ids; i++) {
        struct sg_id id = id_of(link->minor_case_ids[i]);
        PbCaseRow *row = NULL;
        err = read_row(d->turn, TABLE_CASES, &id, &pb_case_row__descriptor, &row, why);
        struct sg_id person_id = err ? id : id_of(row->person_id);
        bool leaves = !err && person_tree_holds(leaving, &person_id);
        if (err || !row->minor || (leaves ? effect->child_minor : effect->minor))
            continue;
        PbCaseEffect *change = case_effect(d, &id);
        change->has_minor = change->has_age_doubt = true;
        change->minor = false;
        change->age_doubt = leaves ? effect->child_age_doubt : effect->age_doubt;
        err = deadline_end(d, RULE_MINOR, &id, false, why);
    }
    return err;
}

static PbCaseEffect *changed(const struct decision *d, const struct sg_id *case_id)
{
    for (size_t i = 0; i < d->effect->n_cases; i++) {
        struct sg_id id = id_of(d->effect->cases[i]->case_id);
        if (sg_id_equal(&id, case_id))
            return d->effect->cases[i];
    }
    return NULL;
}

/* Without the other it is known to be a child: its open cases know it, and its seat is given up. */
static enum sg_err tell_minor_apart(struct decision *d, const struct person_tree *side, bool minor,
                                    struct sg_why *why)
{
    PbPersonRow seat;
    enum sg_err err = SG_OK;
    pb_person_row__init(&seat);
    for (size_t i = 0; minor && !err && i < side->count; i++) {
        const PbPersonRow *row = side->rows[i];
        for (size_t j = 0; !err && j < row->n_cases; j++) {
            struct sg_id id = id_of(row->cases[j]->case_id);
            PbCaseRow *c = NULL;
            err = read_row(d->turn, TABLE_CASES, &id, &pb_case_row__descriptor, &c, why);
            if (err)
                break;
            PbCaseEffect *change = changed(d, &id);
            PbCaseState state = change && change->has_state ? change->state : c->state;
            bool knows = change && change->has_minor ? change->minor : c->minor;
            if (!case_is_open(state) || knows)
                continue;
            change = case_effect(d, &id);
            change->has_minor = change->minor = change->has_age_doubt = true;
            change->age_doubt = false;
            err = minor_begin(d, &id, c, NULL, why);
        }
        if (row->has_live_allocation_id) {
            seat.has_live_allocation_id = true;
            seat.live_allocation_id = row->live_allocation_id;
        }
    }
    return err || !minor ? err : minor_known(d, &seat, NULL, why);
}

static enum sg_err decide_unlink(struct decision *d, const struct person_tree *a,
                                 const struct person_tree *b, struct sg_why *why)
{
    const PbPersonLinkDecided *e = d->event->envelope->person_link_decided;
    const struct sg_id *one = &a->ids[a->asked], *other = &b->ids[b->asked], *child = NULL;
    struct sg_id link_id = id_of(e->link_id);
    struct person_tree leaving, left;
    PbLinkRow *link = NULL;
    if (!sg_id_equal(&a->ids[0], &b->ids[0]) || sg_id_equal(one, other))
        return refuse(d, SG_ST_BAD_TRANSITION, "person_link_decided.decision", "NOT_LINKED",
                      "two persons who were linked");
    enum sg_err err = find_link(d, a, one, other, &child, &link, why);
    if (err)
        return err;
    if (!child)
        return refuse(d, SG_ST_BAD_TRANSITION, "person_link_decided.person_ref_b", "NOT_DIRECT",
                      "the two of one link, as `sinergi person` shows them");
    person_tree_part(a, child, &leaving, &left);
    PbLinkEffect *effect = link_effect(d, &link_id, one, other, e->decision);
    effect->has_child_id = effect->has_parent_id = true;
    effect->child_id = data_of(d->turn, child);
    effect->parent_id = link->parent_id;
    err = flags_apart(d, link, &leaving, &left, effect, why);
    if (!err)
        err = part_cases(d, a, &leaving, &left, effect, why);
    if (!err)
        err = tell_minor_apart(d, &left, effect->minor, why);
    if (!err)
        err = tell_minor_apart(d, &leaving, effect->child_minor, why);
    if (!err)
        err = minors_apart(d, link, &leaving, effect, why);
    if (!err)
        err = suspicion_decide(d->turn, &leaving, &left, effect, why);
    look_at_waitings(d, a);
    return err;
}

/* ---- E22 ---- */

static enum sg_err read_meant(struct decision *d, ProtobufCBinaryData ref, const char *object,
                              struct person_tree *out_tree, struct sg_why *why)
{
    struct sg_id id = id_of(ref);
    enum sg_err err = person_of_ref(d->turn, d->source->agency->id, &id, out_tree, why);
    return err ? refuse_unknown(d, err, object) : SG_OK;
}

enum sg_err decide_link(struct decision *d, struct sg_why *why)
{
    static enum sg_err (*const decisions[])(struct decision *, const struct person_tree *,
                                            const struct person_tree *, struct sg_why *) = {
        [SAME] = decide_same,
        [PB_PERSON_LINK_DECIDED__DECISION_DIFFERENT] = decide_different,
        [UNLINK] = decide_unlink,
    };
    const PbPersonLinkDecided *e = d->event->envelope->person_link_decided;
    struct sg_id link_id = id_of(e->link_id);
    struct person_tree a, b;
    PbObjectRow *object = NULL;
    enum sg_err err = read_meant(d, e->person_ref_a, "person_link_decided.person_ref_a", &a, why);
    if (!err && !d->fault->code)
        err = read_meant(d, e->person_ref_b, "person_link_decided.person_ref_b", &b, why);
    if (!err && !d->fault->code)
        err = read_object(d, &link_id, &object, why);
    if (!err && !d->fault->code)
        err = stated_again(d, object, "person_link_decided.link_id");
    if (err || d->fault->code || d->duplicate)
        return err;
    /* The limits of a restricted person stand still, those of the other one do not. */
    bool changes = e->decision != PB_PERSON_LINK_DECIDED__DECISION_DIFFERENT;
    if (changes && (person_tree_restricted(&a) || person_tree_restricted(&b)))
        return refuse_restricted(d, "person_link_decided.person_ref_b");
    err = decisions[e->decision](d, &a, &b, why);
    if (err || d->fault->code)
        return err;
    add_reader(d, d->source->agency->id, RELATION_STEWARD);
    state_object(d, &link_id);
    return SG_OK;
}
