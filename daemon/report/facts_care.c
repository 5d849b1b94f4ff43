/* facts_care.c - plans of mentoring and the visits that were made. */
#include "report/facts.h"

#include <stdio.h>

enum { E20 = 120 };

static uint32_t plan_of(struct facts *m, ProtobufCBinaryData data)
{
    struct sg_id id;
    if (!facts_id(data, &id))
        return NOTHING;
    uint32_t at = ids_add(m->arena, &m->plan_ids, &id);
    if (at == m->plans.count) {
        struct plan *p = POOL_ADD(m->arena, &m->plans, struct plan);
        *p = (struct plan){.person = NOTHING, .owner = NOTHING, .ended_on = DAY_NONE};
    }
    return at;
}

static void copy_code(char to[8], const char *code)
{
    if (code)
        (void)snprintf(to, 8, "%s", code);
}

static void take_checkpoints(struct facts *m, struct plan *p, const PbPlanRow *row)
{
    if (p->room < row->n_checkpoints) {
        p->checkpoints = SG_NEW_ARRAY(m->arena, struct checkpoint, row->n_checkpoints);
        p->room = p->checkpoints ? row->n_checkpoints : 0;
    }
    p->count = p->room < row->n_checkpoints ? p->room : row->n_checkpoints;
    for (size_t i = 0; i < p->count; i++) {
        const PbCheckpointRow *from = row->checkpoints[i];
        struct checkpoint *to = &p->checkpoints[i];
        *to = (struct checkpoint){
            .due_on = from->due_on, .done_seq = from->done_seq, .passed = from->passed};
        copy_code(to->code, from->code);
    }
}

static void take_plan(struct facts *m, const PbPlanEffect *effect)
{
    const PbPlanRow *row = effect->row;
    uint32_t at = row ? plan_of(m, effect->plan_id) : NOTHING;
    if (at == NOTHING)
        return;
    struct plan *p = PLAN(m, at);
    p->state = row->state;
    p->ended_on = row->has_ended_on ? row->ended_on : DAY_NONE;
    if (row->owner)
        p->owner = facts_agency(m, row->owner);
    if (row->has_person_id)
        p->person = facts_person(m, row->person_id);
    take_checkpoints(m, PLAN(m, at), row);
}

/* Income is the one figure that is read from what is personal. */
static void read_income(struct facts *m, const struct fact *f, struct visit *v)
{
    const PbMentoringVisitRecorded *whole =
        (const PbMentoringVisitRecorded *)(const void *)pass_open(m->pass, f);
    v->has_income = whole && whole->has_monthly_income_idr;
    v->income_idr = v->has_income ? whole->monthly_income_idr : 0;
}

static void take_visit(struct facts *m, const struct fact *f)
{
    const PbMentoringVisitRecorded *e = f->envelope->mentoring_visited;
    const PbVisitEffect *effect = f->effect->visit;
    if (!e || !f->states)
        return;
    struct visit *v = POOL_ADD(m->arena, &m->visits, struct visit);
    v->seq = f->seq;
    v->plan = plan_of(m, e->plan_id);
    v->person = facts_fact_person(m, f);
    v->on = facts_day(e->visited_on);
    v->contact = e->contact_made;
    v->on_street = f->count->on_street;
    v->livelihood = f->count->livelihood;
    bool matched = effect && effect->row && effect->row->checkpoint;
    copy_code(v->code, matched ? effect->row->checkpoint : e->checkpoint);
    if (e->contact_made)
        read_income(m, f, v);
}

void facts_take_care(struct facts *m, const struct fact *f)
{
    for (size_t i = 0; i < f->effect->n_plans; i++)
        take_plan(m, f->effect->plans[i]);
    if (f->type == E20)
        take_visit(m, f);
}
