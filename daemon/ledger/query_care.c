#include "ledger/query_care.h"

#include "ledger/consent.h"
#include "wire/day.h"

void case_view_consents(struct ledger_turn *turn, const PbPersonRow *person, int64_t now_ms,
                        PbCaseView *view)
{
    for (size_t i = 0; i < person->n_consents; i++) {
        const PbConsentOfPerson *said = person->consents[i];
        PbConsentView *c = TAKE(turn, PbConsentView);
        pb_consent_view__init(c);
        c->has_scope = c->has_given = c->has_holds = c->has_seq = true;
        c->scope = said->scope;
        c->given = said->given;
        c->valid_until = said->has_valid_until ? date_of(turn, said->valid_until) : NULL;
        c->holds = consent_holds(person, said->scope, sg_day_at(now_ms));
        c->seq = said->seq;
        view->consents = grown(turn, view->consents, view->n_consents);
        view->consents[view->n_consents++] = c;
    }
}

static PbPlanView *plan_view(struct ledger_turn *turn, const struct sg_id *id, const PbPlanRow *row)
{
    PbPlanView *v = TAKE(turn, PbPlanView);
    pb_plan_view__init(v);
    v->has_plan_id = v->has_state = v->has_version = v->has_template_ = v->has_attempts = true;
    v->plan_id = data_of(turn, id);
    v->state = row->state;
    v->version = row->version;
    v->starts_on = date_of(turn, row->starts_on);
    v->template_ = row->template_;
    v->attempts = row->attempts;
    v->checkpoints = take(turn, (row->n_checkpoints + 1) * sizeof(PbCheckpointView *));
    for (size_t i = 0; i < row->n_checkpoints; i++) {
        PbCheckpointView *c = v->checkpoints[v->n_checkpoints++] = TAKE(turn, PbCheckpointView);
        pb_checkpoint_view__init(c);
        c->code = row->checkpoints[i]->code;
        c->due_on = date_of(turn, row->checkpoints[i]->due_on);
        c->has_done = c->has_missed = true;
        c->done = row->checkpoints[i]->has_done_seq;
        c->missed = row->checkpoints[i]->passed && !c->done;
    }
    return v;
}

enum sg_err case_view_plan(struct ledger_turn *turn, const PbCaseRow *row, PbCaseView *view,
                           struct sg_why *why)
{
    PbPlanRow *plan = NULL;
    struct sg_id id = id_of(row->plan_id);
    view->closed_on = row->has_closed_on ? date_of(turn, row->closed_on) : NULL;
    view->has_close_reason = row->has_close_reason;
    view->close_reason = row->close_reason;
    view->has_food_days = row->n_food_on != 0;
    view->food_days = (uint32_t)row->n_food_on;
    if (!row->has_plan_id)
        return SG_OK;
    enum sg_err err = read_row(turn, TABLE_PLANS, &id, &pb_plan_row__descriptor, &plan, why);
    if (!err)
        view->plan = plan_view(turn, &id, plan);
    return err;
}
