/* acts_mentoring.c - plans, visits, the end of a case: E19, E20, E21. */
#include "sim/acts.h"

#include "kit/check.h"
#include "wire/day.h"

#define PAYLOAD(a, type, name)             \
    type *name = SG_NEW((a)->arena, type); \
    SG_CHECK(name);

static bool is_open(const struct acts *a, const void *object)
{
    const struct m_case *c = object;
    (void)a;
    return m_case_open(c->state);
}

static bool takes_plan(const struct acts *a, const void *object)
{
    const struct m_case *c = object;
    (void)a;
    return c->state >= PB_CASE_STATE_IN_SERVICE && c->state <= PB_CASE_STATE_AFTERCARE;
}

static bool has_plan(const struct m_case *c)
{
    return c->plan && c->plan->state == PB_PLAN_STATE_ACTIVE;
}

static bool wants_plan(const struct acts *a, const void *object)
{
    const struct m_case *c = object;
    return takes_plan(a, c) && !has_plan(c) && !c->not_ppks;
}

static bool wants_plan_now(const struct acts *a, const void *object)
{
    const struct m_case *c = object;
    return wants_plan(a, c) && c->state != PB_CASE_STATE_IN_SERVICE;
}

static bool keeps_plan(const struct acts *a, const void *object)
{
    const struct m_case *c = object;
    return takes_plan(a, c) && has_plan(c);
}

/* ---- E19 ---- */

static void set_checkpoints(struct acts *a, PbMentoringPlanSet *p, int32_t starts)
{
    enum { MOST = 4 };
    p->checkpoints = sg_arena_alloc(a->arena, MOST * sizeof p->checkpoints[0]);
    SG_CHECK(p->checkpoints);
    size_t count = 1 + below(a, MOST);
    int32_t due = starts;
    for (size_t i = 0; i < count; i++) {
        PAYLOAD(a, PbCheckpoint, point)
        pb_checkpoint__init(point);
        due += (int32_t)below(a, 20);
        point->code = sg_arena_format(a->arena, "K%u", (unsigned)(one_in(a, 60) ? 0 : i));
        point->due_on = act_date(a, one_in(a, 60) ? starts - 1 : due);
        p->checkpoints[p->n_checkpoints++] = point;
    }
}

PbEnvelope *act_plan(struct acts *a)
{
    uint64_t how = below(a, 12);
    const struct m_case *c = act_pick(a, &a->model->cases, 200,
                                      how == 0  ? is_open
                                      : how < 3 ? keeps_plan
                                      : how < 6 ? wants_plan
                                                : wants_plan_now);
    if (!c)
        return NULL;
    PbEnvelope *e = act_of_case(a, "mentoring.plan_set", c);
    PAYLOAD(a, PbMentoringPlanSet, p)
    struct sg_id id = act_new_id(a);
    int32_t starts = act_today(a) + (int32_t)below(a, 12) - 6;
    if (a->plans_ahead_count && one_in(a, 3) && strcmp(c->owner, "dinsos") == 0)
        id = a->plans_ahead[--a->plans_ahead_count];
    pb_mentoring_plan_set__init(p);
    p->has_plan_id = p->has_template_ = true;
    p->plan_id = act_id(a, &id);
    p->mentor_ref = act_text(a, "dns-0031");
    p->starts_on = act_date(a, starts);
    p->template_ = (PbMentoringPlanSet__Template)(1 + below(a, 3));
    if (p->template_ == PB_MENTORING_PLAN_SET__TEMPLATE_CUSTOM && !one_in(a, 30))
        set_checkpoints(a, p, starts);
    if (has_plan(c) && !one_in(a, 8)) {
        p->has_replaces_plan_id = true;
        p->replaces_plan_id = act_id(a, &c->plan->id);
        e->has_expected_version = !one_in(a, 20);
        e->expected_version = c->plan->version - one_in(a, 8);
    }
    e->mentoring_plan_set = p;
    return e;
}

/* ---- E20 ---- */

static bool runs(const struct acts *a, const void *object)
{
    const struct m_plan *plan = object;
    (void)a;
    return plan->state == PB_PLAN_STATE_ACTIVE;
}

static bool is_over(const struct acts *a, const void *object)
{
    const struct m_plan *plan = object;
    (void)a;
    return plan->state != PB_PLAN_STATE_ACTIVE;
}

static void see(struct acts *a, PbMentoringVisitRecorded *p)
{
    p->has_living = p->has_livelihood = p->has_on_street = true;
    p->living = PB_MENTORING_VISIT_RECORDED__LIVING_FAMILY;
    p->livelihood = one_in(a, 8) ? PB_MENTORING_VISIT_RECORDED__LIVELIHOOD_BEGGING
                                 : PB_MENTORING_VISIT_RECORDED__LIVELIHOOD_OTHER_WORK;
    p->on_street = one_in(a, 3) ? (PbMentoringVisitRecorded__OnStreet)(1 + below(a, 4))
                                : PB_MENTORING_VISIT_RECORDED__ON_STREET_NO;
    if (one_in(a, 40))
        p->has_on_street = false;
}

static void name_checkpoint(struct acts *a, PbMentoringVisitRecorded *p, const struct m_plan *plan)
{
    if (one_in(a, 25)) {
        p->checkpoint = act_text(a, "X99");
        return;
    }
    for (size_t i = 0; i < plan->checkpoint_count && one_in(a, 2); i++)
        if (!plan->checkpoints[i].done) {
            p->checkpoint = act_text(a, plan->checkpoints[i].code);
            if (!one_in(a, 5))
                return;
        }
}

PbEnvelope *act_visit(struct acts *a)
{
    uint64_t how = below(a, 12);
    const struct m_plan *plan = act_pick(a, &a->model->plans, 120, how ? runs : is_over);
    bool ahead = a->plans_ahead_count < ACTS_PLANNED && one_in(a, 25);
    if (!plan)
        return NULL;
    struct sg_id id = act_new_id(a), plan_id = plan->id;
    if (ahead)
        plan_id = a->plans_ahead[a->plans_ahead_count++] = act_new_id(a);
    PbEnvelope *e = act_envelope(a, "mentoring.visited", ahead ? "dinsos" : plan->owner);
    PAYLOAD(a, PbMentoringVisitRecorded, p)
    pb_mentoring_visit_recorded__init(p);
    act_personal(e, PB_LEGAL_BASIS_PUBLIC_TASK);
    e->has_case_id = !ahead && one_in(a, 4);
    e->case_id = act_id(a, &plan->c->id);
    p->has_visit_id = p->has_plan_id = p->has_mode = p->has_contact_made = true;
    p->visit_id = act_id(a, &id);
    p->plan_id = act_id(a, &plan_id);
    int32_t on = act_today(a) - (one_in(a, 3) ? (int32_t)below(a, 12) : 0) + one_in(a, 30);
    if (!how && plan->ended_on && !one_in(a, 3))
        on = plan->ended_on - (int32_t)below(a, 5) + one_in(a, 5);
    p->visited_on = act_date(a, on);
    p->mode = PB_MENTORING_VISIT_RECORDED__MODE_HOME;
    p->contact_made = below(a, 5) < 3;
    if (p->contact_made)
        see(a, p);
    if (!ahead && one_in(a, 2))
        name_checkpoint(a, p, plan);
    e->mentoring_visited = p;
    return e;
}

/* ---- E21 ---- */

/* It might pass: no seat, and mentored for some time. */
static bool is_ripe(const struct acts *a, const void *object)
{
    const struct m_case *c = object;
    return takes_plan(a, c) && !c->person->live && c->plan;
}

static bool is_flagged(const struct acts *a, const void *object)
{
    const struct m_case *c = object;
    return is_open(a, c) && c->not_ppks;
}

static bool is_lost(const struct acts *a, const void *object)
{
    const struct m_case *c = object;
    (void)a;
    return m_case_open(c->state) && m_lost_contact(c);
}

static bool is_independent(const struct acts *a, const void *object)
{
    const struct m_case *c = object;
    return m_case_open(c->state) && m_independent(c, act_today(a));
}

static PbCloseReason reason_for(struct acts *a, const struct m_case *c)
{
    if (c->not_ppks && !one_in(a, 6))
        return PB_CLOSE_REASON_NOT_PPKS;
    if (is_independent(a, c) && !one_in(a, 3))
        return PB_CLOSE_REASON_INDEPENDENT;
    if (is_lost(a, c) && !one_in(a, 3))
        return PB_CLOSE_REASON_LOST_CONTACT;
    return one_in(a, 2) ? PB_CLOSE_REASON_REUNIFIED : (PbCloseReason)(1 + below(a, 9));
}

PbEnvelope *act_close(struct acts *a)
{
    uint64_t how = below(a, 10);
    const struct m_case *c = act_pick(a, &a->model->cases, 200,
                                      how == 0  ? is_open
                                      : how < 3 ? is_flagged
                                      : how < 5 ? is_lost
                                      : how < 7 ? is_independent
                                                : is_ripe);
    if (!c)
        return NULL;
    PbEnvelope *e = act_of_case(a, "case.closed", c);
    PAYLOAD(a, PbCaseClosed, p)
    pb_case_closed__init(p);
    p->has_reason = p->has_followup_allowed = true;
    p->reason = reason_for(a, c);
    p->closed_on = act_date(a, act_today(a) - (one_in(a, 4) ? (int32_t)below(a, 4) - 1 : 0));
    p->supervisor_ref = act_text(a, one_in(a, 15) ? "uji-1" : "dns-0002");
    p->followup_allowed = true;
    e->has_expected_version = true;
    e->expected_version = c->version - one_in(a, 12);
    e->case_closed = p;
    return e;
}
