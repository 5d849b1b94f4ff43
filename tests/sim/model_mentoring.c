/* model_mentoring.c - plans and visits: E19, E20, T11. Domain 7.6. */
#include "sim/model.h"

#include "kit/check.h"
#include "wire/day.h"

#include <stdio.h>
#include <stdlib.h>

enum { WEEK = 7, NEAR = 7 };

static int32_t day_no(const PbDate *date)
{
    return sg_day_of(date->year, date->month, date->day);
}

/* ---- checkpoints ---- */

static void lay(struct model *m, struct m_plan *plan, const char *code, int32_t due, bool training)
{
    size_t at = plan->checkpoint_count;
    for (size_t i = 0; i < plan->checkpoint_count; i++)
        if (strcmp(plan->checkpoints[i].code, code) == 0)
            return;
    M_EXPECT(m, at < MODEL_CHECKPOINTS, "more checkpoints than this model takes", &plan->id);
    if (at == MODEL_CHECKPOINTS)
        return;
    for (; at > 0 && plan->checkpoints[at - 1].due_on > due; at--)
        plan->checkpoints[at] = plan->checkpoints[at - 1];
    plan->checkpoints[at] = (struct m_checkpoint){.due_on = due, .training = training};
    (void)snprintf(plan->checkpoints[at].code, sizeof plan->checkpoints[at].code, "%s", code);
    plan->checkpoint_count++;
}

/* W2, W4, … (weekly when it is INTENSIVE), as long as the course runs. */
static void lay_training(struct model *m, struct m_plan *plan, int32_t begins, int32_t to)
{
    int32_t step = plan->template == PB_MENTORING_PLAN_SET__TEMPLATE_STANDARD_12M ? 2 : 1;
    char code[16];
    for (int32_t week = step; plan->starts_on + week * WEEK <= to; week += step) {
        (void)snprintf(code, sizeof code, "W%d", (int)week);
        if (plan->starts_on + week * WEEK > begins)
            lay(m, plan, code, plan->starts_on + week * WEEK, true);
    }
}

static int32_t months_on(int32_t from, int32_t months)
{
    int32_t y, mo, d;
    sg_day_split(from, &y, &mo, &d);
    mo += months;
    y += (mo - 1) / 12;
    mo = (mo - 1) % 12 + 1;
    int32_t last = sg_days_in_month(y, mo);
    return sg_day_of(y, mo, d < last ? d : last);
}

static void lay_aftercare(struct model *m, struct m_plan *plan, int32_t from)
{
    static const int32_t standard[] = {7, 14, 21, 28, 45, 60, 75, 90, -4, -5, -6, -9, -12};
    static const int32_t intensive[] = {7,  14, 21, 28, 35, 42, 49, 56,  63,  70, 77,
                                        84, -4, -5, -6, -7, -8, -9, -10, -11, -12};
    bool often = plan->template == PB_MENTORING_PLAN_SET__TEMPLATE_INTENSIVE;
    const int32_t *all = often ? intensive : standard;
    size_t count = often ? SG_ARRAY_LEN(intensive) : SG_ARRAY_LEN(standard);
    char code[16];
    plan->aftercare = true;
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(code, sizeof code, "%c%02d", all[i] < 0 ? 'M' : 'D', abs(all[i]));
        lay(m, plan, code, all[i] < 0 ? months_on(from, -all[i]) : from + all[i], false);
    }
}

static bool is_custom(const struct m_plan *plan)
{
    return plan->template == PB_MENTORING_PLAN_SET__TEMPLATE_CUSTOM;
}

const struct m_checkpoint *m_next_checkpoint(const struct m_plan *plan)
{
    for (size_t i = 0; i < plan->checkpoint_count; i++)
        if (!plan->checkpoints[i].done && !plan->checkpoints[i].passed)
            return &plan->checkpoints[i];
    return NULL;
}

/* Those that nobody waits for any more: of a training that is over, of an after-care begun anew. */
static void take_away(struct m_plan *plan, bool training, int32_t after)
{
    size_t kept = 0;
    for (size_t i = 0; i < plan->checkpoint_count; i++) {
        struct m_checkpoint c = plan->checkpoints[i];
        if (c.done || c.passed || c.training != training || c.due_on <= after)
            plan->checkpoints[kept++] = c;
    }
    plan->checkpoint_count = kept;
}

/* ---- the plan and its case ---- */

/* T11 of its next checkpoint, from now on. */
static void begin_limit(const struct model *m, struct m_plan *plan)
{
    plan->held_ms = 0;
    plan->limit_ms = m->now_ms;
}

struct m_plan *m_active_plan(const struct m_case *c)
{
    return c->plan && c->plan->state == PB_PLAN_STATE_ACTIVE ? c->plan : NULL;
}

void m_end_plan(struct model *m, struct m_plan *plan, PbPlanState to, int32_t on)
{
    plan->state = to;
    plan->ended_on = on;
    m_touch(m, TOUCHED_PLAN, plan);
}

void m_plan_ends(struct model *m, const struct m_case *c)
{
    struct m_plan *plan = m_active_plan(c);
    if (plan)
        m_end_plan(m, plan, PB_PLAN_STATE_ENDED, sg_day_at(m->now_ms));
}

void m_course_begins(struct model *m, struct m_case *c, const struct m_seat *seat)
{
    struct m_plan *plan = m_active_plan(c);
    if (!plan) {
        c->plan_from_ms = m->now_ms;
        return;
    }
    if (!is_custom(plan)) {
        begin_limit(m, plan);
        take_away(plan, false, INT32_MIN);
        plan->aftercare = false;
        lay_training(m, plan, seat->started_on, seat->slot->ends);
    }
    m_touch(m, TOUCHED_PLAN, plan);
}

void m_course_ends(struct model *m, struct m_case *c, int32_t on, bool completed)
{
    struct m_plan *plan = m_active_plan(c);
    if (!plan) {
        c->plan_from_ms = completed ? m->now_ms : 0;
        return;
    }
    if (is_custom(plan))
        return;
    begin_limit(m, plan);
    take_away(plan, true, on);
    if (completed)
        take_away(plan, false, INT32_MIN);
    lay_aftercare(m, plan, plan->starts_on > on ? plan->starts_on : on);
    m_touch(m, TOUCHED_PLAN, plan);
}

/* ---- E19 ---- */

static void lay_all(struct model *m, struct m_plan *plan, const PbMentoringPlanSet *e)
{
    const struct m_case *c = plan->c;
    const struct m_seat *live = m_live(c->person);
    bool trains = live && live->c == c && live->state == PB_ALLOCATION_STATE_OCCUPIED;
    for (size_t i = 0; i < e->n_checkpoints; i++)
        lay(m, plan, e->checkpoints[i]->code, day_no(e->checkpoints[i]->due_on), false);
    if (is_custom(plan))
        return;
    if (trains) {
        lay_training(m, plan, live->started_on, live->slot->ends);
        return;
    }
    int32_t from = plan->starts_on;
    for (size_t i = 0; c->state == PB_CASE_STATE_AFTERCARE && i < m->seats.count; i++) {
        const struct m_seat *seat = m->seats.all[i];
        if (m_root(seat->person) == m_root(c->person) &&
            seat->state == PB_ALLOCATION_STATE_COMPLETED && seat->ended_on > from)
            from = seat->ended_on;
    }
    lay_aftercare(m, plan, from);
}

void m_plan_set(struct model *m, const struct m_event *ev)
{
    const PbMentoringPlanSet *e = ev->e->mentoring_plan_set;
    struct sg_id id = id_of(e->plan_id), case_id = id_of(ev->e->case_id);
    struct sg_id old_id = id_of(e->replaces_plan_id);
    struct m_case *c = pile_find(&m->cases, &case_id);
    M_EXPECT(m, c && c->owner == ev->agency, "a plan in somebody else's case", &case_id);
    M_EXPECT(m, !pile_find(&m->plans, &id), "a plan is set twice", &id);
    if (m->broken)
        return;
    struct m_plan *old = m_active_plan(c);
    M_EXPECT(m,
             c->state >= PB_CASE_STATE_IN_SERVICE && c->state <= PB_CASE_STATE_AFTERCARE &&
                 !c->not_ppks,
             "a plan in a case that takes none", &case_id);
    M_EXPECT(m, !old == !e->has_replaces_plan_id && (!old || sg_id_equal(&old->id, &old_id)),
             "a plan beside another one", &id);
    M_EXPECT(m, !old || ev->e->expected_version == old->version, "a stale plan was replaced", &id);
    if (old)
        m_end_plan(m, old, PB_PLAN_STATE_REPLACED, sg_day_at(m->now_ms));
    struct m_plan *plan = pile_add(&m->plans, &id, sizeof *plan);
    plan->c = c;
    plan->owner = c->owner;
    plan->person = c->person;
    plan->state = PB_PLAN_STATE_ACTIVE;
    plan->starts_on = day_no(e->starts_on);
    plan->template = e->template_;
    lay_all(m, plan, e);
    begin_limit(m, plan);
    c->plan = plan;
    c->plan_from_ms = 0;
    if (!c->mentored_from)
        c->mentored_from = plan->starts_on;
    m_touch(m, TOUCHED_PLAN, plan);
    if (c->state == PB_CASE_STATE_IN_SERVICE && !m_live(c->person))
        m_move_case(m, c, PB_CASE_STATE_AFTERCARE);
    else
        m_busy(m, c);
}

/* ---- E20 ---- */

static struct m_checkpoint *meant(struct m_plan *plan, const char *code, int32_t on)
{
    struct m_checkpoint *nearest = NULL;
    int32_t least = NEAR + 1;
    for (size_t i = 0; i < plan->checkpoint_count; i++) {
        struct m_checkpoint *c = &plan->checkpoints[i];
        int32_t apart = abs(c->due_on - on);
        if (code && strcmp(code, c->code) == 0)
            return c;
        if (!code && !c->done && apart < least) {
            nearest = c;
            least = apart;
        }
    }
    return nearest;
}

static void make_contact(const struct model *m, struct m_plan *plan, struct m_checkpoint *at,
                         int32_t on)
{
    int32_t before = at ? at->due_on : on - NEAR;
    begin_limit(m, plan);
    if (at)
        at->done = true;
    for (size_t i = 0; i < plan->checkpoint_count; i++) {
        struct m_checkpoint *c = &plan->checkpoints[i];
        c->passed |= !c->done && c->due_on < before;
    }
}

void m_note_visit(struct m_case *c, const struct m_visit *visit)
{
    if (c->visit_count == c->visit_room) {
        c->visit_room = c->visit_room ? c->visit_room * 2 : 8;
        c->visits = realloc(c->visits, c->visit_room * sizeof c->visits[0]);
        SG_CHECK(c->visits);
    }
    c->visits[c->visit_count++] = *visit;
}

bool m_on_street(const PbMentoringVisitRecorded *e)
{
    return e->on_street == PB_MENTORING_VISIT_RECORDED__ON_STREET_YES ||
           e->livelihood == PB_MENTORING_VISIT_RECORDED__LIVELIHOOD_BEGGING;
}

void m_visit(struct model *m, const struct m_event *ev)
{
    const PbMentoringVisitRecorded *e = ev->e->mentoring_visited;
    struct sg_id id = id_of(e->plan_id);
    struct m_plan *plan = pile_find(&m->plans, &id);
    int32_t on = day_no(e->visited_on);
    M_EXPECT(m, plan && plan->owner == ev->agency, "a visit to somebody else's plan", &id);
    if (m->broken)
        return;
    bool late = plan->state != PB_PLAN_STATE_ACTIVE && on <= plan->ended_on;
    M_EXPECT(m, plan->state == PB_PLAN_STATE_ACTIVE || late, "a visit to a plan that is over", &id);
    M_EXPECT(m, on <= sg_day_at(m->now_ms) && on >= plan->starts_on, "a visit out of time", &id);
    struct m_checkpoint *at = meant(plan, e->checkpoint, on);
    M_EXPECT(m, !e->checkpoint || at, "a checkpoint that the plan does not have", &id);
    if (m->broken)
        return;
    struct m_visit visit = {.on = on,
                            .plan = plan,
                            .seq = ev->record->seq,
                            .contact = e->contact_made,
                            .street = m_on_street(e),
                            .off_street =
                                e->on_street == PB_MENTORING_VISIT_RECORDED__ON_STREET_NO};
    m_note_visit(plan->c, &visit);
    if (e->contact_made)
        make_contact(m, plan, at, on);
    bool laid = is_custom(plan) || plan->aftercare;
    if (plan->state == PB_PLAN_STATE_ACTIVE && laid && plan->checkpoint_count &&
        !m_next_checkpoint(plan))
        m_end_plan(m, plan, PB_PLAN_STATE_COMPLETED, on);
    m_touch(m, TOUCHED_PLAN, plan);
    m_busy(m, plan->c);
    if (m_on_street(e))
        m_relapse(m, plan->c, on);
}
