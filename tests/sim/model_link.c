/* model_link.c - persons who are one, are not, or are two again: E22, D3, a NIK that comes late.
 * Domain 9.3 steps 4 and 5. What cases take from each other is looked up in their rows; that
 * everything goes where it belongs, and that nobody is linked without cause, is known here. */
#include "sim/model.h"

#include "kit/check.h"
#include "ledger/deadline.h"
#include "wire/day.h"

#include <stdlib.h>

#define DECISION(name) PB_PERSON_LINK_DECIDED__DECISION_##name

struct m_person *m_of_ref(const struct model *m, const char *agency, ProtobufCBinaryData data)
{
    struct sg_id id = id_of(data);
    const struct m_ref *ref = pile_find(&m->refs, &id);
    return ref && ref->agency == agency ? ref->person : NULL;
}

/* ---- who is one with whom ---- */

static void regroup(struct model *m)
{
    for (size_t i = 0; i < m->persons.count; i++) {
        struct m_person *p = m->persons.all[i], *root = p;
        while (root->linked_to)
            root = root->linked_to;
        p->group_count = 0;
        p->root = root == p ? NULL : root;
    }
    for (size_t i = 0; i < m->persons.count; i++) {
        struct m_person *p = m->persons.all[i], *root = p->root;
        if (!root)
            continue;
        if (!root->group_count)
            root->group[root->group_count++] = root;
        SG_CHECK(root->group_count < MODEL_GROUP);
        root->group[root->group_count++] = p;
    }
}

static bool is_below(const struct m_person *p, const struct m_person *child)
{
    for (; p; p = p->linked_to)
        if (p == child)
            return true;
    return false;
}

/* ---- pairs ---- */

static struct m_suspect *pair_of(struct model *m, const struct m_person *a,
                                 const struct m_person *b)
{
    for (size_t i = 0; i < m->suspect_count; i++) {
        struct m_suspect *s = &m->suspects[i];
        if ((s->a == a && s->b == b) || (s->a == b && s->b == a))
            return s;
    }
    return NULL;
}

static struct m_suspect *add_pair(struct model *m, struct m_person *a, struct m_person *b)
{
    struct m_suspect *s = pair_of(m, a, b);
    if (s || m->suspect_count == MODEL_SUSPECTS)
        return s;
    s = &m->suspects[m->suspect_count++];
    *s = (struct m_suspect){.a = a, .b = b};
    return s;
}

static void decide_pairs(struct model *m, struct m_person *a, struct m_person *b, bool linked,
                         bool different)
{
    for (size_t i = 0; i < m_count(a); i++)
        for (size_t j = 0; j < m_count(b); j++) {
            struct m_suspect *s = pair_of(m, m_member(a, i), m_member(b, j));
            if (!s)
                continue;
            s->parted |= s->linked && !linked;
            s->linked = linked;
            s->different = different;
        }
}

void m_suspected(struct model *m, const struct record *record, const PbEnvelope *e)
{
    const PbPersonDuplicateSuspected *p = e->person_duplicate_suspected;
    const PbRecordRest *rest = record->rest;
    const char *steward = rest->n_audience == 1 ? m_agency(m, rest->audience[0]->agency) : NULL;
    M_EXPECT(m, steward && m_has(m, steward, PB_CAPABILITY_IDENTITY_STEWARD),
             "D3: to somebody else than the steward", NULL);
    if (m->broken)
        return;
    struct m_person *a = m_of_ref(m, steward, p->person_ref_a);
    struct m_person *b = m_of_ref(m, steward, p->person_ref_b);
    bool linked = rest->effect->link != NULL;
    M_EXPECT(m, a && b, "D3: of nobody", NULL);
    if (m->broken)
        return;
    M_EXPECT(m, linked || m_root(a) != m_root(b), "D3: of one person", &a->id);
    for (size_t i = 0; !linked && i < m_count(a); i++)
        for (size_t j = 0; j < m_count(b); j++) {
            const struct m_suspect *s = pair_of(m, m_member(a, i), m_member(b, j));
            M_EXPECT(m, !s || !s->different, "D3: again after DIFFERENT", &a->id);
        }
    enum { LEAST = 450 };
    M_EXPECT(m, p->score >= LEAST && p->score <= 1000, "D3: a score that is none", &a->id);
    struct m_identity x = m_identity_of(a), y = m_identity_of(b);
    bool by_nik = p->n_features && strcmp(p->features[0], "NIK") == 0;
    M_EXPECT(m, by_nik || !x.sex || !y.sex || x.sex == y.sex, "D3: of two sexes", &a->id);
    struct m_suspect *s = add_pair(m, a, b);
    if (s)
        s->linked = m_root(a) == m_root(b);
    m->counts.suspected++;
}

/* ---- what goes from one case to another ---- */

void m_adopt_case_later(struct model *m, struct m_case *c)
{
    for (size_t i = 0; i < m->adopt_count; i++)
        if (m->adopts[i] == c)
            return;
    SG_CHECK(m->adopt_count < SG_ARRAY_LEN(m->adopts));
    m->adopts[m->adopt_count++] = c;
    m_touch(m, TOUCHED_CASE, c);
}

static void move_visits(struct m_case *from, struct m_case *to, const struct m_plan *plan)
{
    size_t kept = 0;
    for (size_t i = 0; i < from->visit_count; i++) {
        struct m_visit v = from->visits[i];
        if (v.plan == plan)
            m_note_visit(to, &v);
        else
            from->visits[kept++] = v;
    }
    from->visit_count = kept;
}

static bool has_visits(const struct m_case *c, const struct m_plan *plan)
{
    for (size_t i = 0; i < c->visit_count; i++)
        if (c->visits[i].plan == plan)
            return true;
    return false;
}

/* Cases that leave another at once: each takes what is of its own person, the one that was made
 * first what is of somebody without one. */
enum { PARTINGS = 96 };
struct takers {
    const struct m_merged *all[PARTINGS];
    size_t count;
};

static bool takes(const struct takers *takers, const struct m_person *p, const struct m_case *to)
{
    const struct m_case *first = NULL;
    for (size_t i = 0; i < takers->count; i++) {
        const struct m_case *c = takers->all[i]->younger;
        if (c->person == p)
            return c == to;
        first = !first || c->made < first->made ? c : first;
    }
    return first == to;
}

static bool is_of(struct m_person *p, struct m_person *side, bool below)
{
    return !side || (m_root(p) == m_root(side) && is_below(p, side) == below);
}

/* Of the persons of one side of a link (below the child, or the others); NULL: of all. */
static bool move_all(struct model *m, struct m_case *from, struct m_case *to, struct m_person *side,
                     bool below, const struct m_plan *ended, const struct takers *takers)
{
    bool occupied = false;
    for (size_t i = 0; i < m->referrals.count; i++) {
        struct m_referral *r = m->referrals.all[i];
        if (r->c == from && is_of(r->person, side, below) &&
            (!takers || takes(takers, r->person, to))) {
            r->c = to;
            m_touch(m, TOUCHED_REFERRAL, r);
        }
    }
    for (size_t i = 0; i < m->items.count; i++) {
        struct m_item *item = m->items.all[i];
        if (item->c == from && is_of(item->seats[0]->person, side, below) &&
            (!takers || takes(takers, item->seats[0]->person, to))) {
            item->c = to;
            to->laden = true;
            m_touch(m, TOUCHED_ITEM, item);
        }
    }
    for (size_t i = 0; i < m->seats.count; i++) {
        struct m_seat *seat = m->seats.all[i];
        if (seat->c != from || !is_of(seat->person, side, below) ||
            (takers && !takes(takers, seat->person, to)))
            continue;
        seat->c = to;
        occupied |= seat->state == PB_ALLOCATION_STATE_OCCUPIED;
        m_touch(m, TOUCHED_SEAT, seat);
    }
    for (size_t i = 0; i < m->plans.count; i++) {
        struct m_plan *plan = m->plans.all[i];
        bool counts = plan == from->plan || plan == ended || has_visits(from, plan);
        if (plan->c != from || !counts || !is_of(plan->person, side, below) ||
            (takers && !takes(takers, plan->person, to)))
            continue;
        plan->c = to;
        move_visits(from, to, plan);
        m_touch(m, TOUCHED_PLAN, plan);
    }
    return occupied;
}

/* ---- SAME ---- */

static void merge(struct model *m, struct m_link *link, struct m_case *a, struct m_case *b)
{
    bool a_older = a->made < b->made;
    struct m_case *older = a_older ? a : b, *younger = a_older ? b : a;
    bool trains =
        older->state == PB_CASE_STATE_IN_TRAINING || younger->state == PB_CASE_STATE_IN_TRAINING;
    SG_CHECK(link->merged_count < MODEL_MERGED);
    struct m_merged *merged = &link->merged[link->merged_count++];
    *merged = (struct m_merged){.younger = younger, .older = older};
    if (younger->state > older->state)
        older->state = younger->state;
    if (trains)
        older->state = PB_CASE_STATE_IN_TRAINING;
    younger->before = younger->state;
    younger->state = PB_CASE_STATE_CLOSED;
    younger->closed_on = sg_day_at(m->now_ms);
    younger->closed_ms = m->now_ms;
    younger->close_reason = PB_CLOSE_REASON_DUPLICATE_CASE;
    merged->ended = m_active_plan(older) ? m_active_plan(younger) : NULL;
    (void)move_all(m, younger, older, NULL, false, NULL, NULL);
    if (merged->ended)
        m_end_plan(m, merged->ended, PB_PLAN_STATE_ENDED, sg_day_at(m->now_ms));
    m_adopt_case_later(m, older);
    m_adopt_case_later(m, younger);
    m->counts.merged++;
}

static void join(struct model *m, struct m_person *parent, struct m_person *child)
{
    struct m_case *ours[MODEL_CASES], *theirs[MODEL_CASES];
    size_t count = m_cases(parent, ours), their_count = m_cases(child, theirs);
    M_EXPECT(m, parent != child && !(m_live(parent) && m_live(child)),
             "I3: linked, with two live seats", &parent->id);
    M_EXPECT(m, !m_restricted(parent) && !m_restricted(child), "a restricted person was linked",
             &parent->id);
    if (m->broken)
        return;
    if (m->link_count == m->link_room) {
        m->link_room = m->link_room ? m->link_room * 2 : 64;
        m->links = realloc(m->links, m->link_room * sizeof m->links[0]);
        SG_CHECK(m->links);
    }
    struct m_link *link = &m->links[m->link_count++];
    *link = (struct m_link){.child = child, .parent = parent};
    decide_pairs(m, parent, child, true, false);
    child->linked_to = parent;
    regroup(m);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < their_count; j++)
            if (ours[i]->owner == theirs[j]->owner && m_case_open(ours[i]->state) &&
                m_case_open(theirs[j]->state))
                merge(m, link, ours[i], theirs[j]);
    m_adopt_flags(m, parent);
}

/* ---- UNLINK ---- */

static bool parts(const struct m_merged *merged, struct m_person *child, struct m_person *root)
{
    return m_root(merged->younger->person) == root && m_root(merged->older->person) == root &&
           is_below(merged->younger->person, child) != is_below(merged->older->person, child);
}

static void part_cases(struct model *m, struct m_person *child, const struct m_merged *merged,
                       const struct takers *takers)
{
    struct m_case *older = merged->older, *younger = merged->younger;
    struct takers here = {.count = 0};
    bool below = is_below(younger->person, child);
    for (size_t i = 0; i < takers->count; i++)
        if (takers->all[i]->older == older)
            here.all[here.count++] = takers->all[i];
    bool open = m_case_open(older->state) && younger->state == PB_CASE_STATE_CLOSED &&
                younger->close_reason == PB_CLOSE_REASON_DUPLICATE_CASE;
    bool occupied = move_all(m, older, younger, child, below, merged->ended, &here);
    m_adopt_case_later(m, older);
    m_adopt_case_later(m, younger);
    if (!open)
        return;
    younger->state = occupied ? PB_CASE_STATE_IN_TRAINING : younger->before;
    const struct m_seat *live = m_live(older->person);
    bool stays = live && live->c == older && live->state == PB_ALLOCATION_STATE_OCCUPIED;
    if (!stays && older->state == PB_CASE_STATE_IN_TRAINING)
        older->state = PB_CASE_STATE_IN_SERVICE;
}

/* A case that was of a minor by the link only is so no longer. */
static void adopt_minors(struct model *m, struct m_person *p)
{
    for (size_t k = 0; k < m_count(p); k++)
        for (size_t i = 0; i < m_member(p, k)->case_count; i++)
            if (m_member(p, k)->newest[i]->minor)
                m_adopt_case_later(m, m_member(p, k)->newest[i]);
}

static void part(struct model *m, struct m_person *child)
{
    size_t at = m->link_count;
    while (at-- > 0 && m->links[at].child != child)
        ;
    M_EXPECT(m, at < m->link_count && child->linked_to, "unlinked, but not linked", &child->id);
    M_EXPECT(m, !m_restricted(child), "a restricted person was unlinked", &child->id);
    if (m->broken)
        return;
    struct m_person *parent = child->linked_to, *root = m_root(child);
    struct takers takers = {.count = 0};
    for (size_t i = 0; i < m->link_count; i++)
        for (size_t j = 0; j < m->links[i].merged_count; j++)
            if (parts(&m->links[i].merged[j], child, root)) {
                SG_CHECK(takers.count < PARTINGS);
                takers.all[takers.count++] = &m->links[i].merged[j];
            }
    for (size_t i = 0; i < takers.count; i++)
        part_cases(m, child, takers.all[i], &takers);
    m->links[at] = m->links[--m->link_count];
    child->linked_to = NULL;
    regroup(m);
    decide_pairs(m, m_root(parent), child, false, false);
    m_adopt_flags(m, m_root(parent));
    m_adopt_flags(m, child);
    adopt_minors(m, m_root(parent));
    adopt_minors(m, child);
    m->counts.unlinked++;
}

/* ---- E22 ---- */

void m_link_decided(struct model *m, const struct m_event *ev)
{
    const PbPersonLinkDecided *e = ev->e->person_link_decided;
    struct m_person *a = m_of_ref(m, ev->agency, e->person_ref_a);
    struct m_person *b = m_of_ref(m, ev->agency, e->person_ref_b);
    bool spoken = e->basis == PB_PERSON_LINK_DECIDED__BASIS_INTERVIEW ||
                  e->basis == PB_PERSON_LINK_DECIDED__BASIS_FAMILY;
    bool alone = !e->second_actor_ref || strcmp(e->second_actor_ref, ev->e->actor_ref) == 0;
    M_EXPECT(m, a && b && m_has(m, ev->agency, PB_CAPABILITY_IDENTITY_STEWARD),
             "a link of nobody, or by nobody", NULL);
    if (m->broken)
        return;
    bool one = m_root(a) == m_root(b);
    M_EXPECT(m, one == (e->decision == DECISION(UNLINK)), "linked twice, or unlinked for nothing",
             &a->id);
    if (m->broken)
        return;
    if (e->decision == DECISION(SAME)) {
        bool a_survives = e->survivor == PB_PERSON_LINK_DECIDED__SURVIVOR_A;
        M_EXPECT(m, !spoken || !alone, "linked by two eyes", &a->id);
        join(m, m_root(a_survives ? a : b), m_root(a_survives ? b : a));
    } else if (e->decision == DECISION(DIFFERENT)) {
        decide_pairs(m, a, b, false, true);
        struct m_suspect *s = add_pair(m, a, b);
        if (s)
            s->different = true;
    } else {
        struct sg_id id = id_of(ev->effect->link->child_id);
        struct m_person *child = pile_find(&m->persons, &id);
        M_EXPECT(m, child && is_below(a, child) != is_below(b, child),
                 "unlinked, but not the two of the link", &a->id);
        if (!m->broken)
            part(m, child);
    }
}

/* ---- a NIK that comes late ---- */

static bool states_nik(struct m_person *p, const char *nik)
{
    for (size_t k = 0; k < m_count(p); k++)
        for (size_t i = 0; i < m_member(p, k)->statement_count; i++)
            if (strcmp(m_member(p, k)->statements[i].nik, nik) == 0)
                return true;
    return false;
}

static bool have_one_nik(struct m_person *a, struct m_person *b)
{
    for (size_t k = 0; k < m_count(a); k++)
        for (size_t i = 0; i < m_member(a, k)->statement_count; i++) {
            const char *nik = m_member(a, k)->statements[i].nik;
            if (nik[0] && states_nik(b, nik))
                return true;
        }
    return false;
}

void m_linked_by_nik(struct model *m, const struct record *record)
{
    const PbLinkEffect *link = record->rest->effect->link;
    struct sg_id child_id = id_of(link->child_id), parent_id = id_of(link->parent_id);
    struct m_person *child = pile_find(&m->persons, &child_id);
    struct m_person *parent = pile_find(&m->persons, &parent_id);
    M_EXPECT(m, child && parent, "a link of nobody", &child_id);
    if (m->broken)
        return;
    struct m_identity x = m_identity_of(child), y = m_identity_of(parent);
    M_EXPECT(m, link->automatic && have_one_nik(child, parent), "linked without a NIK of both",
             &child_id);
    M_EXPECT(m, x.sex && x.sex == y.sex, "linked by a NIK, of two sexes", &child_id);
    join(m, m_root(parent), m_root(child));
    m->counts.linked_by_nik++;
}

/* ---- what the rows say ---- */

void m_adopt_flags(struct model *m, struct m_person *p)
{
    const PbPersonRow *row = m_row(m, TABLE_PERSONS, &p->id, &pb_person_row__descriptor);
    M_EXPECT(m, row, "a person without a row", &p->id);
    if (!row)
        return;
    bool minor = row->minor;
    p->minor = row->minor;
    p->age_doubt = row->age_doubt;
    if (minor)
        m_set_minor(m, p, true, false);
}

int64_t m_limit_from(struct model *m, const struct sg_id *id, const char *rule, int32_t days,
                     int64_t *out_set_ms)
{
    struct key key = {0};
    struct sg_why why = {0};
    PbDeadlineRow *row = NULL;
    key_text(key_id(&key, id), rule);
    enum sg_err err =
        row_get(m->txn, TABLE_DEADLINES, &key, &pb_deadline_row__descriptor, &m->arena, &row, &why);
    if (err)
        return 0;
    if (out_set_ms)
        *out_set_ms = row->has_paused_ms ? row->paused_ms : m->now_ms;
    return row->levels_ms[row->n_levels_ms - 1] - days * SG_DAY_MS;
}

void m_adopt_plan_limit(struct model *m, struct m_plan *plan)
{
    const PbPlanRow *row = m_row(m, TABLE_PLANS, &plan->id, &pb_plan_row__descriptor);
    const struct m_checkpoint *next = m_next_checkpoint(plan);
    if (!row || row->state != PB_PLAN_STATE_ACTIVE)
        return;
    plan->state = row->state;
    plan->ended_on = 0;
    int64_t from = m_limit_from(m, &plan->id, RULE_VISIT, 21, &plan->limit_ms);
    if (from && next)
        plan->held_ms = from - sg_day_start_ms(next->due_on + 7 + 1);
}

/* Its levels as they stand. */
void m_limit_read(struct model *m, const struct sg_id *id, const char *rule, struct m_limit *out)
{
    struct key key = {0};
    struct sg_why why = {0};
    PbDeadlineRow *row = NULL;
    key_text(key_id(&key, id), rule);
    *out = (struct m_limit){.rule = rule};
    if (row_get(m->txn, TABLE_DEADLINES, &key, &pb_deadline_row__descriptor, &m->arena, &row, &why))
        return;
    for (size_t i = 0; i < row->n_levels_ms && i < SG_ARRAY_LEN(out->levels_ms); i++)
        out->levels_ms[out->count++] = row->levels_ms[i];
}

bool m_limit_runs(struct model *m, const struct sg_id *id, const char *rule)
{
    struct key key = {0};
    struct sg_bytes row;
    key_text(key_id(&key, id), rule);
    return table_get(m->txn, TABLE_DEADLINES, &key, &row, NULL) == SG_OK;
}

static void adopt_case(struct model *m, struct m_case *c)
{
    const PbCaseRow *row = m_row(m, TABLE_CASES, &c->id, &pb_case_row__descriptor);
    if (!row)
        return;
    struct sg_id plan_id = id_of(row->plan_id);
    c->state = row->state;
    c->band = row->priority_band;
    c->minor = row->minor;
    c->age_doubt = row->age_doubt;
    c->not_ppks = row->not_ppks;
    c->closed_on = row->has_closed_on ? row->closed_on : 0;
    c->mentored_from = row->has_mentored_from ? row->mentored_from : 0;
    c->plan = row->has_plan_id ? pile_find(&m->plans, &plan_id) : NULL;
    c->assess_from_ms = m_limit_from(m, &c->id, RULE_ASSESS, 8, &c->assess_set_ms);
    c->minor_from_ms = m_limit_from(m, &c->id, RULE_MINOR, 2, &c->minor_set_ms);
    c->plan_from_ms = m_limit_from(m, &c->id, RULE_PLAN, 28, &c->plan_set_ms);
    c->busy_ms = m_limit_from(m, &c->id, RULE_IDLE, 60, &c->busy_set_ms);
    struct m_seat *waiting[MODEL_WAITINGS];
    for (size_t i = m_waitings(c->person, waiting); i-- > 0;)
        if (waiting[i]->c == c)
            waiting[i]->band = c->band;
    for (size_t i = 0; i < m->plans.count; i++)
        if (((struct m_plan *)m->plans.all[i])->c == c)
            m_adopt_plan_limit(m, m->plans.all[i]);
}

void m_adopt(struct model *m)
{
    for (size_t i = 0; i < m->adopt_count; i++)
        adopt_case(m, m->adopts[i]);
    m->adopt_count = 0;
}
