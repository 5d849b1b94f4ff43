/* mentoring.c - E19: a plan is set; E20: a mentor was there, or tried to be. */
#include "ledger/mentoring.h"

#include "ledger/allocation.h"
#include "ledger/casefile.h"
#include "ledger/deadline.h"
#include "ledger/mutant.h"
#include "ledger/parking.h"
#include "ledger/relapse.h"
#include "wire/day.h"

#include <stdio.h>

enum { NEAR_DAYS = 7, OVERDUE_DAYS = 7 };

/* ---- E19 ---- */

/* What an E19 is decided on. */
struct new_plan {
    struct own_case c;
    struct sg_id id, old_id;
    PbPlanRow *old;        /* ACTIVE now; NULL when there is none */
    PbAllocationRow *live; /* of this case; NULL when there is none */
    PbSlotRow *slot;
};

static enum sg_err read_live(struct decision *d, struct new_plan *p, struct sg_why *why)
{
    struct sg_id id;
    PbAllocationRow *row;
    enum sg_err err = live_seat(d->turn, p->c.person, &id, &row, why);
    if (err || !row)
        return err;
    struct sg_id of_case = id_of(row->case_id);
    if (!sg_id_equal(&of_case, &p->c.id))
        return SG_OK;
    p->live = row;
    struct sg_id slot_id = id_of(row->slot_id);
    return read_row(d->turn, TABLE_SLOTS, &slot_id, &pb_slot_row__descriptor, &p->slot, why);
}

/* The plan that it says it replaces. */
static enum sg_err check_replaced(struct decision *d, const struct new_plan *p, struct sg_why *why)
{
    const PbMentoringPlanSet *e = d->event->envelope->mentoring_plan_set;
    const char *object = "mentoring_plan_set.replaces_plan_id";
    PbPlanRow *row = NULL;
    if (!e->has_replaces_plan_id)
        return SG_OK;
    struct sg_id id = id_of(e->replaces_plan_id);
    enum sg_err err = read_row(d->turn, TABLE_PLANS, &id, &pb_plan_row__descriptor, &row, why);
    if (err)
        return refuse_unknown(d, err, object);
    if (!owns(d, row->owner, object, "a plan of your own") || !version_holds(d, row->version))
        return SG_OK;
    if (!p->old || !sg_id_equal(&id, &p->old_id))
        return refuse(d, SG_ST_BAD_TRANSITION, object, "NOT_ACTIVE",
                      "the plan of this case that is ACTIVE");
    return SG_OK;
}

static enum sg_err check_plan(struct decision *d, const struct new_plan *p, struct sg_why *why)
{
    const PbCaseRow *c = p->c.row;
    enum sg_err err = check_replaced(d, p, why);
    if (err || d->fault->code)
        return err;
    if (c->state < PB_CASE_STATE_IN_SERVICE || c->state > PB_CASE_STATE_AFTERCARE)
        return refuse(d, SG_ST_BAD_TRANSITION, "case_id", "CASE_STATE",
                      "a case that is IN_SERVICE, IN_TRAINING or AFTERCARE");
    if (c->not_ppks)
        return refuse(d, SG_ST_BAD_TRANSITION, "case_id", "NOT_PPKS",
                      "a case whose assessment confirms a need");
    if (p->old && !d->event->envelope->mentoring_plan_set->has_replaces_plan_id)
        return refuse(d, SG_ST_BAD_TRANSITION, "mentoring_plan_set.plan_id", "ACTIVE_PLAN",
                      "replaces_plan_id and the version of the plan that is ACTIVE");
    return SG_OK;
}

/* Where the after-care begins: at the end of the last course, or with the plan when that is later.
 */
static int32_t aftercare_from(const struct new_plan *p, int32_t starts_on)
{
    int32_t from = starts_on;
    for (size_t i = 0; i < p->c.person->n_completed; i++)
        if (p->c.row->state == PB_CASE_STATE_AFTERCARE &&
            p->c.person->completed[i]->ended_on > from)
            from = p->c.person->completed[i]->ended_on;
    return from;
}

static void lay_checkpoints(struct decision *d, const struct new_plan *p, PbPlanRow *row)
{
    const PbMentoringPlanSet *e = d->event->envelope->mentoring_plan_set;
    for (size_t i = 0; i < e->n_checkpoints; i++)
        plan_lay(d->turn, row, e->checkpoints[i]->code, day_of(e->checkpoints[i]->due_on), false);
    bool trains = p->live && p->live->state == PB_ALLOCATION_STATE_OCCUPIED;
    if (trains)
        plan_lay_training(d->turn, row, p->live->started_on, day_of(p->slot->slot->ends_on));
    else
        plan_lay_aftercare(d->turn, row, aftercare_from(p, row->starts_on));
}

static PbPlanRow *new_row(struct decision *d, const struct new_plan *p)
{
    const PbMentoringPlanSet *e = d->event->envelope->mentoring_plan_set;
    PbPlanRow *row = TAKE(d->turn, PbPlanRow);
    pb_plan_row__init(row);
    row->has_case_id = row->has_person_id = row->has_state = row->has_starts_on =
        row->has_template_ = true;
    row->case_id = data_of(d->turn, &p->c.id);
    row->person_id = p->c.row->person_id;
    row->owner = p->c.row->owner;
    row->state = PB_PLAN_STATE_ACTIVE;
    row->starts_on = day_of(e->starts_on);
    row->template_ = e->template_;
    lay_checkpoints(d, p, row);
    return row;
}

/* Mentoring without training: the case goes into after-care. */
static enum sg_err move_case(struct decision *d, const struct new_plan *p, struct sg_why *why)
{
    PbCaseEffect *change;
    struct follow *told;
    if (p->c.row->state != PB_CASE_STATE_IN_SERVICE || p->c.person->has_live_allocation_id)
        return case_is_busy(d, &p->c.id, p->c.row, why);
    return case_change(d, &p->c.id, p->c.row, PB_CASE_STATE_AFTERCARE, &change, &told, why);
}

static enum sg_err set_plan(struct decision *d, struct new_plan *p, struct sg_why *why)
{
    enum sg_err err = SG_OK;
    if (p->old) {
        p->old->state = PB_PLAN_STATE_REPLACED;
        p->old->has_ended_on = true;
        p->old->ended_on = sg_day_at(d->turn->block->time_ms);
        (void)plan_effect(d, &p->old_id, p->old);
        err = plan_limit(d, &p->old_id, p->old, why);
    }
    PbPlanRow *row = new_row(d, p);
    PbPlanEffect *effect = plan_effect(d, &p->id, row);
    effect->has_created = effect->created = true;
    d->effect->has_aggregate_version = true;
    d->effect->aggregate_version = row->version;
    if (!err)
        err = plan_limit(d, &p->id, row, why);
    return err ? err : deadline_end(d, RULE_PLAN, &p->c.id, false, why);
}

enum sg_err decide_plan(struct decision *d, struct sg_why *why)
{
    struct new_plan p = {.id = id_of(d->event->envelope->mentoring_plan_set->plan_id)};
    PbPlanRow *same = NULL;
    enum sg_err err = case_own(d, &p.c, why);
    if (err || d->fault->code)
        return err;
    err = read_row(d->turn, TABLE_PLANS, &p.id, &pb_plan_row__descriptor, &same, why);
    if (err && err != SG_E_NOT_FOUND)
        return err;
    err = stated_again(d, same ? same->object : NULL, "mentoring_plan_set.plan_id");
    if (!err && !d->fault->code && !d->duplicate)
        err = plan_of_case(d->turn, p.c.row, &p.old_id, &p.old, why);
    if (!err && !d->fault->code && !d->duplicate)
        err = read_live(d, &p, why);
    if (!err && !d->fault->code && !d->duplicate)
        err = check_plan(d, &p, why);
    if (err || d->fault->code || d->duplicate)
        return err;
    add_reader(d, p.c.row->owner, RELATION_CASE_OWNER);
    err = set_plan(d, &p, why);
    if (!err)
        err = move_case(d, &p, why);
    state_object(d, &p.id);
    return err ? err : queue_settle(d, &p.id, why);
}

/* ---- E20 ---- */

static enum sg_err refuse_visit(struct decision *d, const char *prefix, const char *field,
                                uint32_t code, const char *detail, const char *accepted)
{
    char object[96];
    (void)snprintf(object, sizeof object, "%s.%s", prefix, field);
    return refuse(d, code, object, detail, "%s", accepted);
}

enum sg_err visit_check(struct decision *d, const PbPlanRow *plan,
                        const PbMentoringVisitRecorded *e, const char *prefix)
{
    int32_t day = day_of(e->visited_on);
    bool late_paper = plan->has_ended_on && day <= plan->ended_on;
    if (plan->state != PB_PLAN_STATE_ACTIVE && !late_paper)
        return refuse_visit(
            d, prefix, "plan_id", SG_ST_BAD_TRANSITION,
            protobuf_c_enum_descriptor_get_value(&pb_plan_state__descriptor, (int)plan->state)
                ->name,
            "a plan that is ACTIVE, or a visit before its end");
    if (day > sg_day_at(d->turn->block->time_ms))
        return refuse_visit(d, prefix, "visited_on", SG_ST_FUTURE_TIME, NULL,
                            "today or a day before");
    if (day < plan->starts_on)
        return refuse_visit(d, prefix, "visited_on", SG_ST_SCHEMA, "ORDER",
                            "starts_on of the plan or later");
    return SG_OK;
}

static enum sg_err check_items(struct decision *d, struct sg_why *why)
{
    const PbMentoringVisitRecorded *e = d->event->envelope->mentoring_visited;
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && !d->fault->code && i < e->n_equipment_seen; i++) {
        PbItemRow *item = NULL;
        struct sg_id id = id_of(e->equipment_seen[i]);
        err = read_row(d->turn, TABLE_ITEMS, &id, &pb_item_row__descriptor, &item, why);
        if (err)
            err = refuse_unknown(d, err, "mentoring_visited.equipment_seen");
    }
    return err;
}

/* The one that is named, else the nearest that nobody has done, within seven days. */
PbCheckpointRow *visit_meant(const PbPlanRow *plan, const PbMentoringVisitRecorded *e)
{
    PbCheckpointRow *nearest = NULL;
    int32_t day = day_of(e->visited_on), least = NEAR_DAYS + 1;
    for (size_t i = 0; i < plan->n_checkpoints; i++) {
        PbCheckpointRow *c = plan->checkpoints[i];
        int32_t apart = c->due_on > day ? c->due_on - day : day - c->due_on;
        if (e->checkpoint && strcmp(e->checkpoint, c->code) == 0)
            return c;
        if (!e->checkpoint && !c->has_done_seq && apart < least) {
            nearest = c;
            least = apart;
        }
    }
    return nearest;
}

/* Contact was made: the checkpoint is done, and nobody waits for those before it. */
void visit_pass(PbPlanRow *plan, PbCheckpointRow *done, int32_t day, uint64_t seq)
{
    int32_t before = done ? done->due_on : day - OVERDUE_DAYS;
    if (done && !done->has_done_seq) {
        done->has_done_seq = true;
        done->done_seq = seq;
    }
    for (size_t i = 0; i < plan->n_checkpoints; i++) {
        PbCheckpointRow *c = plan->checkpoints[i];
        if (MUTATED(27, c != done && !c->has_done_seq && c->due_on < before, false))
            c->has_passed = c->passed = true;
    }
    plan->has_attempts = true;
    plan->attempts = 0;
}

PbVisitRow *visit_row(struct ledger_turn *turn, const PbMentoringVisitRecorded *e,
                      const PbCheckpointRow *checkpoint)
{
    PbVisitRow *row = TAKE(turn, PbVisitRow);
    pb_visit_row__init(row);
    row->has_plan_id = row->has_contact_made = true;
    row->plan_id = e->plan_id;
    row->contact_made = e->contact_made;
    row->has_on_street = e->has_on_street;
    row->on_street = e->on_street;
    row->checkpoint = checkpoint && e->contact_made ? checkpoint->code : NULL;
    return row;
}

static void keep_visit(struct decision *d, const PbPlanRow *plan, const PbCheckpointRow *checkpoint)
{
    const PbMentoringVisitRecorded *e = d->event->envelope->mentoring_visited;
    PbVisitEffect *effect = d->effect->visit = TAKE(d->turn, PbVisitEffect);
    pb_visit_effect__init(effect);
    effect->row = visit_row(d->turn, e, checkpoint);
    effect->has_case_id = effect->has_visited_on = true;
    effect->case_id = plan->case_id;
    effect->visited_on = day_of(e->visited_on);
}

void visit_key(struct key *out_key, const struct sg_id *case_id, int32_t day, uint64_t seq)
{
    *out_key = (struct key){0};
    key_u64(key_u64(key_id(out_key, case_id), (uint64_t)((int64_t)day + INT32_MAX)), seq);
}

static enum sg_err move_plan(struct decision *d, PbPlanRow *plan, const struct sg_id *id,
                             struct sg_why *why)
{
    const PbMentoringVisitRecorded *e = d->event->envelope->mentoring_visited;
    int32_t day = day_of(e->visited_on);
    PbCheckpointRow *checkpoint = visit_meant(plan, e);
    if (e->checkpoint && !checkpoint)
        return refuse(d, SG_ST_BAD_CODE, "mentoring_visited.checkpoint", "UNKNOWN",
                      "a checkpoint of the plan, or none");
    keep_visit(d, plan, checkpoint);
    if (e->contact_made) {
        visit_pass(plan, checkpoint, day, d->turn->block->next_seq);
    } else {
        plan->has_attempts = true;
        plan->attempts++;
    }
    if (plan->state == PB_PLAN_STATE_ACTIVE && plan_is_done(plan)) {
        plan->state = PB_PLAN_STATE_COMPLETED;
        plan->has_ended_on = true;
        plan->ended_on = day;
    }
    (void)plan_effect(d, id, plan);
    d->effect->has_aggregate_version = true;
    d->effect->aggregate_version = plan->version;
    return e->contact_made ? plan_limit(d, id, plan, why) : SG_OK;
}

/* The mentor has found the person on the street. */
static enum sg_err back_on_street(struct decision *d, const PbPersonRow *person,
                                  const struct sg_id *case_id, const PbCaseRow *c)
{
    const PbMentoringVisitRecorded *e = d->event->envelope->mentoring_visited;
    if (e->on_street == PB_MENTORING_VISIT_RECORDED__ON_STREET_YES ||
        e->livelihood == PB_MENTORING_VISIT_RECORDED__LIVELIHOOD_BEGGING)
        relapse(d, person, case_id, c->owner, day_of(e->visited_on));
    return SG_OK;
}

enum sg_err decide_visit(struct decision *d, struct sg_why *why)
{
    const PbMentoringVisitRecorded *e = d->event->envelope->mentoring_visited;
    struct sg_id plan_id = id_of(e->plan_id), visit_id = id_of(e->visit_id);
    PbPlanRow *plan = NULL;
    PbObjectRow *object = NULL;
    PbCaseRow *c = NULL;
    PbPersonRow *person = NULL;
    enum sg_err err =
        read_row(d->turn, TABLE_PLANS, &plan_id, &pb_plan_row__descriptor, &plan, why);
    if (err == SG_E_NOT_FOUND)
        return park(d, &plan_id, SG_ST_UNKNOWN_OBJECT, "mentoring_visited.plan_id", NULL,
                    "a plan that was set");
    if (!err)
        err = read_object(d, &visit_id, &object, why);
    if (err || !owns(d, plan->owner, "mentoring_visited.plan_id", "a plan of your own"))
        return err;
    err = check_items(d, why);
    if (!err && !d->fault->code)
        err = stated_again(d, object, "mentoring_visited.visit_id");
    if (!err && !d->fault->code && !d->duplicate)
        err = visit_check(d, plan, e, "mentoring_visited");
    if (err || d->fault->code || d->duplicate)
        return err;
    struct sg_id case_id = id_of(plan->case_id), person_id = id_of(plan->person_id);
    err = read_row(d->turn, TABLE_CASES, &case_id, &pb_case_row__descriptor, &c, why);
    if (!err)
        err = person_of_case(d, &person_id, &person, why);
    if (!err)
        err = move_plan(d, plan, &plan_id, why);
    if (err || d->fault->code)
        return err;
    add_reader(d, plan->owner, RELATION_CASE_OWNER);
    count_event(d);
    state_object(d, &visit_id);
    err = back_on_street(d, person, &case_id, c);
    return err ? err : case_is_busy(d, &case_id, c, why);
}

/* ---- for the closing of a case ---- */

enum sg_err visits_of_case(struct ledger_turn *turn, const struct sg_id *case_id,
                           const PbCaseRow *c, struct visits *out, struct sg_why *why)
{
    enum { VISITS_MAX = 400 };
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0}, last = {0};
    int32_t day_before = INT32_MAX;
    *out = (struct visits){0};
    key_id(&prefix, case_id);
    key_u64(key_u64(key_id(&last, case_id), UINT64_MAX), UINT64_MAX);
    enum sg_err err = cursor_open(&cursor, turn->txn, TABLE_VISITS, why);
    if (!err)
        err = cursor_seek_back(&cursor, &last, why);
    for (int i = 0; !err && !out->contact && i < VISITS_MAX && cursor.key.ptr &&
                    key_starts(cursor.key, &prefix);
         i++) {
        PbVisitRow *row = NULL;
        int32_t day = (int32_t)((int64_t)sg_get_u64(cursor.key.ptr + SG_ID_BYTES) - INT32_MAX);
        err = sg_decode_row(&pb_visit_row__descriptor, cursor.value, turn->arena, &row, why);
        if (err || !c->has_mentored_from || day < c->mentored_from)
            break;
        if (row->contact_made) {
            out->contact = true;
            out->contact_on = day;
            out->off_street = row->on_street == PB_MENTORING_VISIT_RECORDED__ON_STREET_NO;
        } else {
            out->missed_to = out->missed_days ? out->missed_to : day;
            out->missed_from = day;
            out->missed_days += day != day_before;
            day_before = day;
        }
        err = cursor_prev(&cursor, why);
    }
    return err;
}
