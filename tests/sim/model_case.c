/* model_case.c - referrals and cases: domain 7.1, 7.2. */
#include "sim/model.h"

#include "kit/check.h"
#include "wire/day.h"

bool m_pending(const struct m_referral *r)
{
    return r->state == PB_REFERRAL_STATE_SUBMITTED || r->state == PB_REFERRAL_STATE_ACKNOWLEDGED;
}

const char *m_target(const struct m_referral *r)
{
    return r->targets[r->target_count - 1];
}

bool m_case_open(PbCaseState state)
{
    return state >= PB_CASE_STATE_NEW && state <= PB_CASE_STATE_AFTERCARE;
}

bool m_serves(const struct m_case *c)
{
    return !c->not_ppks &&
           (c->state == PB_CASE_STATE_IN_SERVICE || c->state == PB_CASE_STATE_AFTERCARE);
}

bool m_has(const struct model *m, const char *agency, PbCapability capability)
{
    const struct sg_agency *found = agency ? sg_roster_agency(m->roster, agency) : NULL;
    return found && (found->capabilities & SG_CAP(capability));
}

/* ---- persons and their cases ---- */

static struct m_case **newest_of(struct model *m, struct m_person *p, const char *owner)
{
    for (size_t i = 0; i < p->case_count; i++)
        if (p->newest[i]->owner == owner)
            return &p->newest[i];
    M_EXPECT(m, p->case_count < MODEL_OWNERS_MAX, "too many owners", &p->id);
    return &p->newest[p->case_count++];
}

static struct m_case *open_case(struct m_person *p, const char *owner)
{
    struct m_case *c = m_case_at(p, owner);
    return c && m_case_open(c->state) ? c : NULL;
}

/* The case that the effect says was made here. */
static struct m_case *new_case(struct model *m, const struct m_event *ev, struct m_person *p,
                               const char *owner, PbCaseState state)
{
    for (size_t i = 0; i < ev->effect->n_cases; i++) {
        const PbCaseEffect *effect = ev->effect->cases[i];
        struct sg_id id = id_of(effect->case_id);
        if (!effect->created || pile_find(&m->cases, &id))
            continue;
        struct m_case *c = pile_add(&m->cases, &id, sizeof *c);
        c->owner = owner;
        c->made = m->cases.count;
        c->person = p;
        c->state = state;
        *newest_of(m, p, owner) = c;
        m_flag_new_case(m, c);
        m_touch(m, TOUCHED_CASE, c);
        return c;
    }
    m_break(m, "no case was made", &p->id);
    return NULL;
}

static struct m_case *attach(struct model *m, const struct m_event *ev, struct m_person *p,
                             const char *owner)
{
    struct m_case *c = m_case_at(p, owner);
    if (c && (m_case_open(c->state) || m_may_reopen(m, c)))
        return c;
    return new_case(m, ev, p, owner, PB_CASE_STATE_NEW);
}

static bool begins(const struct m_case *c)
{
    return c->state == PB_CASE_STATE_NEW || c->state == PB_CASE_STATE_INTAKE;
}

/* ---- E01 ---- */

static void check_submitted(struct model *m, const struct m_event *ev, const struct m_referral *r)
{
    bool intake = r->kind == PB_REFERRAL_KIND_INTAKE;
    bool owner = m_has(m, r->targets[0], PB_CAPABILITY_CASE_OWNER);
    M_EXPECT(m, owner || r->kind == PB_REFERRAL_KIND_SERVICE, "referred to no owner of cases",
             &r->id);
    for (size_t i = intake ? m_referrals(m, r->person) : 0; i-- > 0;) {
        const struct m_referral *at = m->found[i];
        M_EXPECT(m,
                 at == r || at->kind != PB_REFERRAL_KIND_INTAKE || !m_pending(at) ||
                     at->referrer != ev->agency,
                 "a second open referral of the same person", &r->id);
    }
}

void m_referral_submitted(struct model *m, const struct m_event *ev)
{
    const PbReferralSubmitted *e = ev->e->referral_submitted;
    struct sg_id id = id_of(e->referral_id), case_id = id_of(ev->e->case_id);
    bool intake = e->kind == PB_REFERRAL_KIND_INTAKE;
    struct m_case *of = intake ? NULL : pile_find(&m->cases, &case_id);
    M_EXPECT(m, intake || of, "a referral of no case", &id);
    if (m->broken)
        return;
    struct m_person *p = of ? of->person : m_meant_person(m, ev, e->person);
    struct m_case *there = intake ? m_case_at(p, m_agency(m, e->target_agency)) : NULL;
    if (there && (m_case_open(there->state) || m_may_reopen(m, there)))
        p = there->person; /* of several names the one whose case it is */
    struct sg_id meant = id_of(ev->record->rest->person_id);
    M_EXPECT(m, sg_id_equal(&p->id, &meant), "the referral of another name", &id);
    M_EXPECT(m, !pile_find(&m->referrals, &id), "a referral is submitted twice", &id);
    struct m_referral *r = pile_add(&m->referrals, &id, sizeof *r);
    r->kind = e->kind;
    r->state = PB_REFERRAL_STATE_SUBMITTED;
    r->referrer = ev->agency;
    r->targets[r->target_count++] = m_agency(m, e->target_agency);
    r->person = p;
    r->outbox_id = ev->record->outbox_id;
    r->number = ev->record->number;
    r->seq = ev->record->seq;
    r->priority = e->priority;
    r->since_ms = m->now_ms;
    r->service_count = e->n_requested_services;
    for (size_t i = 0; i < e->n_requested_services; i++)
        r->services[i] = e->requested_services[i];
    r->handed_over_ms = e->handed_over_at ? sg_ms_of(e->handed_over_at) : 0;
    check_submitted(m, ev, r);
    r->next = p->referrals;
    p->referrals = r;
    m_person_stated(m, ev, p, e->person);
    r->occurred_on = sg_day_at(sg_ms_of(ev->e->occurred_at));
    if (intake) {
        struct m_case *known = open_case(p, r->targets[0]);
        r->c = attach(m, ev, p, r->targets[0]);
        if (known)
            m_relapse(m, known, r->occurred_on);
    } else {
        r->c = of;
        r->of_child = m_hands_child_over(r);
        if (r->kind == PB_REFERRAL_KIND_TRANSFER &&
            m_has(m, r->targets[0], PB_CAPABILITY_CHILD_PROTECTION))
            of->minor_from_ms = 0;
        m_touch(m, TOUCHED_CASE, of);
        M_EXPECT(m, r->c && r->c->owner == ev->agency && m_case_open(r->c->state),
                 "a referral of a case that is not an open one of the publisher", &id);
        M_EXPECT(m, r->targets[0] != ev->agency, "a case is referred to its owner", &id);
    }
    m_touch(m, TOUCHED_REFERRAL, r);
}

/* ---- E02, E03 ---- */

static struct m_referral *spoken_of(struct model *m, const struct m_event *ev,
                                    ProtobufCBinaryData data)
{
    struct sg_id id = id_of(data);
    struct m_referral *r = pile_find(&m->referrals, &id);
    M_EXPECT(m, r && m_pending(r), "a referral that is not open was spoken of", &id);
    M_EXPECT(m, !r || m_target(r) == ev->agency, "I9: not the current target has spoken", &id);
    if (r)
        m_touch(m, TOUCHED_REFERRAL, r);
    return r;
}

void m_referral_acknowledged(struct model *m, const struct m_event *ev)
{
    const PbReferralAcknowledged *e = ev->e->referral_acknowledged;
    struct m_referral *r = spoken_of(m, ev, e->referral_id);
    if (m->broken)
        return;
    M_EXPECT(m, r->state == PB_REFERRAL_STATE_SUBMITTED, "acknowledged twice", &r->id);
    r->state = PB_REFERRAL_STATE_ACKNOWLEDGED;
    r->since_ms = m->now_ms;
    r->of_child = m_hands_child_over(r);
    if (r->kind != PB_REFERRAL_KIND_INTAKE || r->c->state != PB_CASE_STATE_NEW)
        return;
    if (e->admitted_to_shelter) {
        bool came = r->handed_over_ms && r->handed_over_ms < m->now_ms;
        m_assess_limit(m, r->c, came ? r->handed_over_ms : m->now_ms);
    }
    m_move_case(m, r->c, PB_CASE_STATE_INTAKE);
}

/* The case ends here unless another referral holds it. */
void m_end_case(struct model *m, const struct m_referral *r, PbCaseState to)
{
    for (size_t i = m_referrals(m, r->person); i-- > 0;) {
        const struct m_referral *at = m->found[i];
        if (at != r && at->c == r->c && at->kind == PB_REFERRAL_KIND_INTAKE &&
            (m_pending(at) || at->state == PB_REFERRAL_STATE_ACCEPTED))
            return;
    }
    if (r->kind != PB_REFERRAL_KIND_INTAKE || !begins(r->c))
        return;
    m_move_case(m, r->c, to);
}

static void redirect(struct model *m, const struct m_event *ev, struct m_referral *r)
{
    const char *to = m_agency(m, ev->e->referral_decided->redirect_to);
    for (size_t i = 0; i < r->target_count; i++)
        M_EXPECT(m, r->targets[i] != to, "redirected to an earlier target", &r->id);
    M_EXPECT(m, r->target_count < SG_ARRAY_LEN(r->targets), "too many hops", &r->id);
    if (m->broken)
        return;
    m_end_case(m, r, PB_CASE_STATE_VOID);
    r->state = PB_REFERRAL_STATE_SUBMITTED;
    r->since_ms = m->now_ms;
    r->targets[r->target_count++] = to;
    r->of_child = m_hands_child_over(r);
    if (r->kind == PB_REFERRAL_KIND_INTAKE)
        r->c = attach(m, ev, r->person, to);
}

/* What goes along with a case. */
static bool move_claims(struct model *m, struct m_case *from, struct m_case *to)
{
    struct m_seat *waiting[MODEL_WAITINGS], *live = m_live(from->person);
    bool trains = false;
    if (live && live->c == from) {
        live->c = to;
        trains = live->state == PB_ALLOCATION_STATE_OCCUPIED;
        m_touch(m, TOUCHED_SEAT, live);
    }
    for (size_t i = m_waitings(from->person, waiting); i-- > 0;)
        if (waiting[i]->c == from) {
            waiting[i]->c = to;
            if (to->band)
                waiting[i]->band = to->band;
            m_touch(m, TOUCHED_SEAT, waiting[i]);
        }
    for (size_t i = 0; i < m->items.count; i++) {
        struct m_item *item = m->items.all[i];
        if (item->c == from && m_on_loan(item)) {
            item->c = to;
            to->laden = true;
            m_touch(m, TOUCHED_ITEM, item);
        }
    }
    return trains;
}

static void transfer(struct model *m, const struct m_event *ev, struct m_referral *r)
{
    struct m_case *old = r->c, *own = open_case(r->person, ev->agency);
    M_EXPECT(m, m_case_open(old->state), "a case that is over was transferred", &old->id);
    struct m_case *to = own ? own : new_case(m, ev, r->person, ev->agency, PB_CASE_STATE_ASSESSING);
    if (!to)
        return;
    if (begins(to))
        m_move_case(m, to, PB_CASE_STATE_ASSESSING);
    if (!to->band)
        to->band = old->band;
    if (old->minor && !to->minor) {
        to->minor = true;
        m_minor_limit(m, to);
    }
    to->age_doubt = old->age_doubt || (own && own->age_doubt);
    m_move_case(m, old, PB_CASE_STATE_TRANSFERRED);
    if (move_claims(m, old, to))
        m_move_case(m, to, PB_CASE_STATE_IN_TRAINING);
    if (to->state != PB_CASE_STATE_ASSESSING)
        to->assess_from_ms = 0;
    else if (!to->assess_from_ms)
        m_assess_limit(m, to, m->now_ms);
    m_touch(m, TOUCHED_CASE, to);
    for (size_t i = m_referrals(m, r->person); i-- > 0;) {
        struct m_referral *at = m->found[i];
        bool open = at->state == PB_REFERRAL_STATE_ACCEPTED ||
                    (m_pending(at) && at->kind == PB_REFERRAL_KIND_INTAKE);
        if (at == r || at->c != old || !open)
            continue;
        at->state = PB_REFERRAL_STATE_LOOP_CLOSED;
        m_touch(m, TOUCHED_REFERRAL, at);
    }
}

static void accept(struct model *m, const struct m_event *ev, struct m_referral *r)
{
    r->state = PB_REFERRAL_STATE_ACCEPTED;
    if (r->kind == PB_REFERRAL_KIND_TRANSFER)
        transfer(m, ev, r);
    if (r->kind != PB_REFERRAL_KIND_INTAKE)
        return;
    if (begins(r->c)) {
        if (!r->c->assess_from_ms)
            m_assess_limit(m, r->c, m->now_ms);
        m_move_case(m, r->c, PB_CASE_STATE_ASSESSING);
    } else if (r->c->state == PB_CASE_STATE_AFTERCARE) {
        m_move_case(m, r->c, PB_CASE_STATE_IN_SERVICE);
    } else if (r->c->state == PB_CASE_STATE_CLOSED) {
        m_reopen(m, r->c);
        m_relapse(m, r->c, r->occurred_on);
    }
}

void m_referral_decided(struct model *m, const struct m_event *ev)
{
    const PbReferralDecided *e = ev->e->referral_decided;
    struct m_referral *r = spoken_of(m, ev, e->referral_id);
    if (m->broken)
        return;
    switch (e->decision) {
    case PB_REFERRAL_DECISION_ACCEPTED: accept(m, ev, r); return;
    case PB_REFERRAL_DECISION_REDIRECTED: redirect(m, ev, r); return;
    case PB_REFERRAL_DECISION_DECLINED:
        r->state = PB_REFERRAL_STATE_DECLINED;
        m_child_stays(m, r);
        m_end_case(m, r, PB_CASE_STATE_DECLINED);
        return;
    case PB_REFERRAL_DECISION_UNSPECIFIED:
    case _PB_REFERRAL_DECISION_IS_INT_SIZE: break;
    }
    m_break(m, "a decision that is none was accepted", &r->id);
}

void m_loop_closed(struct model *m, const PbReferralEffect *effect)
{
    struct sg_id id = id_of(effect->referral_id);
    const struct m_referral *r = pile_find(&m->referrals, &id);
    /* What a corrected service answers is looked at when all records are read. */
    M_EXPECT(m, r && (r->state == PB_REFERRAL_STATE_LOOP_CLOSED || r == m->answered),
             "a loop was closed for nothing", &id);
}

/* ---- E04, E05 ---- */

void m_contact(struct model *m, const struct m_event *ev)
{
    const PbStreetContactRecorded *e = ev->e->contact_recorded;
    if (!e->person && !ev->e->has_person_ref)
        return;
    struct m_person *p = m_meant_person(m, ev, e->person);
    if (m->broken)
        return;
    m_person_stated(m, ev, p, e->person);
    m_relapse_seen(m, p, e->activity, sg_day_at(sg_ms_of(ev->e->occurred_at)));
}

void m_assessment(struct model *m, const struct m_event *ev)
{
    const PbAssessmentCompleted *e = ev->e->assessment_completed;
    struct sg_id id = id_of(ev->e->case_id);
    struct m_case *c = pile_find(&m->cases, &id);
    M_EXPECT(m, c && c->owner == ev->agency, "an assessment of somebody else's case", &id);
    M_EXPECT(m, !c || (c->state >= PB_CASE_STATE_ASSESSING && c->state <= PB_CASE_STATE_AFTERCARE),
             "an assessment of a case that takes none", &id);
    if (m->broken)
        return;
    struct m_person *p = c->person;
    bool doubt;
    m_state_person(m, p, ev->record->seq, e->person,
                   e->has_schooling ? e->schooling : PB_SCHOOLING_UNSPECIFIED);
    struct m_identity known = m_identity_of(p);
    bool minor = m_is_minor(&known, sg_day_at(sg_ms_of(ev->e->occurred_at)), &doubt);
    M_EXPECT(m, e->is_minor || !minor || !known.dated, "of age against a known birth date", &p->id);
    m_assess_age(m, c, e->is_minor);
    c->band = e->priority_band;
    c->called_minor = e->is_minor;
    c->not_ppks = !e->is_minor && !e->n_confirmed_ppks;
    c->assess_from_ms = 0;
    if (c->state == PB_CASE_STATE_ASSESSING)
        m_move_case(m, c, PB_CASE_STATE_IN_SERVICE);
    else
        m_busy(m, c);
    struct m_seat *waiting[MODEL_WAITINGS];
    for (size_t i = m_waitings(c->person, waiting); i-- > 0;)
        if (waiting[i]->c == c)
            waiting[i]->band = c->band;
}

/* ---- the case follows its seat ---- */

void m_case_of_seat_moved(struct model *m, struct m_seat *seat, PbAllocationState from)
{
    struct m_case *c = seat->c;
    PbAllocationState to = seat->state;
    bool completed = to == PB_ALLOCATION_STATE_COMPLETED;
    if (to == PB_ALLOCATION_STATE_OCCUPIED) {
        M_EXPECT(m, m_case_open(c->state), "a placement of a case that is over", &c->id);
        m_move_case(m, c, PB_CASE_STATE_IN_TRAINING);
        m_course_begins(m, c, seat);
    } else if (from == PB_ALLOCATION_STATE_OCCUPIED) {
        M_EXPECT(m, c->state == PB_CASE_STATE_IN_TRAINING,
                 "a placement of a case that does not train", &c->id);
        m_move_case(m, c, completed ? PB_CASE_STATE_AFTERCARE : PB_CASE_STATE_IN_SERVICE);
        m_course_ends(m, c, seat->ended_on ? seat->ended_on : sg_day_at(m->now_ms), completed);
    }
}
