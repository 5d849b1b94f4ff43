/* correction_case.c - E24 of E07, E20 and E21: what was given, who was visited, how a case ended.
 */
#include "ledger/casefile.h"
#include "ledger/correction.h"
#include "ledger/deadline.h"
#include "ledger/mentoring.h"
#include "ledger/minor.h"
#include "ledger/person.h"
#include "ledger/relapse.h"
#include "wire/day.h"

#include <stdlib.h>

static void tell_version(struct decision *d, uint64_t version)
{
    d->effect->has_aggregate_version = true;
    d->effect->aggregate_version = version;
}

static enum sg_err read_case(struct decision *d, const struct sg_id *id, PbCaseRow **out_row,
                             struct sg_why *why)
{
    enum sg_err err = read_row(d->turn, TABLE_CASES, id, &pb_case_row__descriptor, out_row, why);
    return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "an event without its case") : err;
}

/* ---- E07: days with food ---- */

enum { FOOD_DAYS_MAX = 7 };

static bool gives_food(const PbBasicServiceDelivered *e)
{
    return e && e->service == PB_SPM_SERVICE_FOOD &&
           e->outcome != PB_BASIC_SERVICE_DELIVERED__OUTCOME_NOT_POSSIBLE;
}

static bool gives_on(const PbBasicServiceDelivered *e, int32_t day)
{
    return gives_food(e) && day >= day_of(e->from_on) && day <= day_of(e->to_on);
}

static void add_day(PbCaseEffect *effect, int32_t day)
{
    for (size_t i = 0; i < effect->n_food_on; i++)
        if (effect->food_on[i] == day)
            return;
    if (effect->n_food_on <= FOOD_DAYS_MAX)
        effect->food_on[effect->n_food_on++] = day;
}

/* The days of the old event go, those of the new one come; `is` NULL: none do. */
static void count_food(struct decision *d, const struct sg_id *case_id, const PbCaseRow *c,
                       const PbBasicServiceDelivered *was, const PbBasicServiceDelivered *is)
{
    if (!gives_food(was) && !gives_food(is))
        return;
    PbCaseEffect *effect = case_effect(d, case_id);
    effect->has_food_given = effect->food_given = true;
    effect->food_on = take(d->turn, (FOOD_DAYS_MAX + 1) * sizeof effect->food_on[0]);
    for (size_t i = 0; i < c->n_food_on; i++)
        if (!gives_on(was, c->food_on[i]))
            add_day(effect, c->food_on[i]);
    for (int32_t day = is ? day_of(is->from_on) : 0; is && gives_on(is, day); day++)
        add_day(effect, day);
    if (is && effect->n_food_on > FOOD_DAYS_MAX)
        warn(d, SG_ST_W_SPM_7_DAYS);
}

/* ---- E07: the referral that it answers ---- */

static bool holds(const PbSpmService *list, size_t count, PbSpmService service)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == service)
            return true;
    return false;
}

static void close_loop(struct decision *d, const struct sg_id *id, const PbReferralRow *row,
                       const struct sg_id *case_id, const PbCaseRow *c)
{
    struct follow *f = queue(d, FOLLOW_LOOP);
    f->case_id = *case_id;
    f->person_id = id_of(row->person_id);
    f->owner = c->owner;
    f->from = f->to = c->state;
    f->version = c->version;
    f->has_referral = true;
    f->referral_id = *id;
    f->referral_state = PB_REFERRAL_STATE_LOOP_CLOSED;
    f->referrer = row->referrer;
}

/* One delivery of the old service less, one of the new one more; is NULL: only less. A loop that
 * was closed stays closed: the referrer was told. */
static enum sg_err answer_again(struct decision *d, const struct correction *c,
                                const struct sg_id *case_id, const PbCaseRow *row,
                                const PbBasicServiceDelivered *is, struct sg_why *why)
{
    const PbReferralEffect *answered = c->rest->effect ? c->rest->effect->referral : NULL;
    PbSpmService was = c->standing.envelope->service_delivered->service;
    PbReferralRow *referral = NULL;
    if (!answered || (is && is->service == was))
        return SG_OK;
    struct sg_id id = id_of(answered->referral_id);
    enum sg_err err =
        read_row(d->turn, TABLE_REFERRALS, &id, &pb_referral_row__descriptor, &referral, why);
    if (err || referral->state != PB_REFERRAL_STATE_ACCEPTED)
        return err;
    PbReferralRestated *change = TAKE(d->turn, PbReferralRestated);
    pb_referral_restated__init(change);
    change->has_referral_id = change->has_answers = change->answers = true;
    change->referral_id = data_of(d->turn, &id);
    change->delivered = take(d->turn, (referral->n_delivered + 1) * sizeof change->delivered[0]);
    bool gone = false;
    for (size_t i = 0; i < referral->n_delivered; i++) {
        bool goes = !gone && referral->delivered[i] == was;
        gone |= goes;
        if (!goes)
            change->delivered[change->n_delivered++] = referral->delivered[i];
    }
    if (is && holds(referral->requested_services, referral->n_requested_services, is->service))
        change->delivered[change->n_delivered++] = is->service;
    c->effect->referral = change;
    for (size_t i = 0; i < referral->n_requested_services; i++)
        if (!holds(change->delivered, change->n_delivered, referral->requested_services[i]))
            return SG_OK;
    close_loop(d, &id, referral, case_id, row);
    return SG_OK;
}

/* The case of the event: of its envelope, or of the referral that it answers. */
static enum sg_err case_of_service(struct decision *d, const struct correction *c,
                                   struct sg_id *out_id, PbCaseRow **out_row, struct sg_why *why)
{
    const PbReferralEffect *answered = c->rest->effect ? c->rest->effect->referral : NULL;
    PbReferralRow *referral = NULL;
    *out_id = id_of(c->stated.envelope->case_id);
    if (!c->stated.envelope->has_case_id && answered) {
        struct sg_id id = id_of(answered->referral_id);
        enum sg_err err =
            read_row(d->turn, TABLE_REFERRALS, &id, &pb_referral_row__descriptor, &referral, why);
        if (err)
            return err;
        *out_id = id_of(referral->case_id);
    }
    enum sg_err err = read_case(d, out_id, out_row, why);
    if (!err && c->stated.envelope->has_case_id)
        tell_version(d, (*out_row)->version);
    return err;
}

static enum sg_err restate_service(struct decision *d, const struct correction *c,
                                   const PbBasicServiceDelivered *is, struct sg_why *why)
{
    PbCaseRow *row = NULL;
    struct sg_id id;
    enum sg_err err = case_of_service(d, c, &id, &row, why);
    if (err)
        return err;
    count_food(d, &id, row, c->standing.envelope->service_delivered, is);
    return answer_again(d, c, &id, row, is, why);
}

enum sg_err correct_service(struct decision *d, const struct correction *c, struct sg_why *why)
{
    const PbBasicServiceDelivered *e = c->event.envelope->service_delivered;
    if (day_of(e->from_on) > sg_day_at(d->turn->block->time_ms))
        return refuse(d, SG_ST_FUTURE_TIME, "event_corrected.replacement.from_on", NULL,
                      "today or a day before");
    return restate_service(d, c, e, why);
}

enum sg_err annul_service(struct decision *d, const struct correction *c, struct sg_why *why)
{
    return restate_service(d, c, NULL, why);
}

/* ---- E20: the plan as its visits have it ---- */

enum { VISITS_MAX = 400 };

struct visit {
    uint64_t seq;
    int32_t day;
    const PbVisitRow *row;
};

static int by_seq(const void *a, const void *b)
{
    const struct visit *one = a, *other = b;
    return one->seq < other->seq ? -1 : one->seq > other->seq;
}

/* All visits of the plan but the corrected one. */
static enum sg_err other_visits(struct decision *d, const PbPlanRow *plan,
                                const struct sg_id *plan_id, uint64_t but, struct visit *all,
                                size_t *out_count, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    struct sg_id case_id = id_of(plan->case_id);
    *out_count = 0;
    enum sg_err err =
        cursor_under(&cursor, d->turn->txn, TABLE_VISITS, key_id(&prefix, &case_id), why);
    while (!err && cursor.key.ptr && *out_count < VISITS_MAX) {
        PbVisitRow *row = NULL;
        int32_t day = (int32_t)((int64_t)sg_get_u64(cursor.key.ptr + SG_ID_BYTES) - INT32_MAX);
        uint64_t seq = sg_get_u64(cursor.key.ptr + SG_ID_BYTES + 8);
        err = sg_decode_row(&pb_visit_row__descriptor, cursor.value, d->turn->arena, &row, why);
        struct sg_id of_plan = err ? (struct sg_id){{0}} : id_of(row->plan_id);
        if (!err && seq != but && sg_id_equal(&of_plan, plan_id))
            all[(*out_count)++] = (struct visit){seq, day, row};
        if (!err)
            err = cursor_next(&cursor, why);
    }
    return err;
}

static PbCheckpointRow *checkpoint_of(const PbPlanRow *plan, const char *code)
{
    for (size_t i = 0; code && i < plan->n_checkpoints; i++)
        if (strcmp(plan->checkpoints[i]->code, code) == 0)
            return plan->checkpoints[i];
    return NULL;
}

/* Nothing is done; then each visit does what it did, in order of seq. */
static void replay(PbPlanRow *plan, struct visit *all, size_t count)
{
    for (size_t i = 0; i < plan->n_checkpoints; i++)
        plan->checkpoints[i]->has_done_seq = plan->checkpoints[i]->has_passed =
            plan->checkpoints[i]->passed = false;
    plan->attempts = 0;
    if (count > 1)
        qsort(all, count, sizeof *all, by_seq);
    for (size_t i = 0; i < count; i++) {
        if (all[i].row->contact_made)
            visit_pass(plan, checkpoint_of(plan, all[i].row->checkpoint), all[i].day, all[i].seq);
        else
            plan->attempts++;
    }
}

/* Done or not any more; a plan that another one has replaced, or that ended with its case, stays.
 */
static void set_state(PbPlanRow *plan, const PbCaseRow *c, const struct sg_id *plan_id, int32_t day)
{
    struct sg_id of_case = id_of(c->plan_id);
    bool current = c->has_plan_id && sg_id_equal(&of_case, plan_id) && case_is_open(c->state);
    bool done = plan_is_done(plan);
    if (plan->state == PB_PLAN_STATE_COMPLETED && !done && current) {
        plan->state = PB_PLAN_STATE_ACTIVE;
        plan->has_ended_on = false;
    } else if (plan->state == PB_PLAN_STATE_ACTIVE && done) {
        plan->state = PB_PLAN_STATE_COMPLETED;
        plan->has_ended_on = true;
        plan->ended_on = day;
    }
}

static void set_visit(struct decision *d, const struct correction *c, const PbPlanRow *plan,
                      int32_t day, PbVisitRow *row)
{
    PbCorrectionEffect *effect = c->effect;
    PbVisitRestated *change = TAKE(d->turn, PbVisitRestated);
    pb_visit_restated__init(change);
    change->has_case_id = change->has_visited_on = true;
    change->case_id = plan->case_id;
    change->visited_on = day;
    change->row = row;
    effect->visits = grown(d->turn, effect->visits, effect->n_visits);
    effect->visits[effect->n_visits++] = change;
}

/* What a correction of a visit works on. */
struct visited {
    struct sg_id plan_id, case_id;
    PbPlanRow *plan;
    PbCaseRow *row;
    struct visit *all;
    size_t count;
};

static enum sg_err read_visited(struct decision *d, const struct correction *c, struct visited *out,
                                struct sg_why *why)
{
    const PbMentoringVisitRecorded *was = c->standing.envelope->mentoring_visited;
    out->plan_id = id_of(was->plan_id);
    enum sg_err err =
        read_row(d->turn, TABLE_PLANS, &out->plan_id, &pb_plan_row__descriptor, &out->plan, why);
    if (err)
        return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "a visit without its plan") : err;
    out->case_id = id_of(out->plan->case_id);
    out->all = take(d->turn, (VISITS_MAX + 1) * sizeof *out->all);
    err = read_case(d, &out->case_id, &out->row, why);
    return err ? err
               : other_visits(d, out->plan, &out->plan_id, c->seq, out->all, &out->count, why);
}

static enum sg_err put_plan(struct decision *d, struct visited *v, int32_t day, struct sg_why *why)
{
    set_state(v->plan, v->row, &v->plan_id, day);
    (void)plan_effect(d, &v->plan_id, v->plan);
    tell_version(d, v->plan->version);
    return plan_limit(d, &v->plan_id, v->plan, why);
}

static bool on_street(const PbMentoringVisitRecorded *e)
{
    return e->on_street == PB_MENTORING_VISIT_RECORDED__ON_STREET_YES ||
           e->livelihood == PB_MENTORING_VISIT_RECORDED__LIVELIHOOD_BEGGING;
}

enum sg_err correct_visit(struct decision *d, const struct correction *c, struct sg_why *why)
{
    const PbMentoringVisitRecorded *e = c->event.envelope->mentoring_visited;
    const PbMentoringVisitRecorded *was = c->standing.envelope->mentoring_visited;
    struct visited v = {.count = 0};
    int32_t day = day_of(e->visited_on);
    PbPersonRow *person = NULL;
    enum sg_err err = read_visited(d, c, &v, why);
    if (err)
        return err;
    PbPlanRow as = *v.plan;
    if (as.state == PB_PLAN_STATE_COMPLETED) /* this visit may be the one that has completed it */
        as.state = PB_PLAN_STATE_ACTIVE;
    err = visit_check(d, &as, e, "event_corrected.replacement");
    if (err || d->fault->code)
        return err;
    if (v.plan->has_ended_on && v.plan->ended_on == day_of(was->visited_on) &&
        v.plan->state == PB_PLAN_STATE_COMPLETED)
        v.plan->ended_on = day;
    replay(v.plan, v.all, v.count);
    PbCheckpointRow *checkpoint = visit_meant(v.plan, e);
    if (e->checkpoint && !checkpoint)
        return refuse(d, SG_ST_BAD_CODE, "event_corrected.replacement.checkpoint", "UNKNOWN",
                      "a checkpoint of the plan, or none");
    PbVisitRow *row = visit_row(d->turn, e, checkpoint);
    v.all[v.count++] = (struct visit){c->seq, day, row};
    replay(v.plan, v.all, v.count);
    if (day_of(was->visited_on) != day)
        set_visit(d, c, v.plan, day_of(was->visited_on), NULL);
    set_visit(d, c, v.plan, day, row);
    struct sg_id person_id = id_of(v.plan->person_id);
    err = put_plan(d, &v, day, why);
    if (err || !on_street(e) || on_street(was))
        return err;
    err = person_of_case(d, &person_id, &person, why);
    if (!err) /* it had not been told yet */
        relapse(d, person, &v.case_id, v.row->owner, day);
    return err;
}

enum sg_err annul_visit(struct decision *d, const struct correction *c, struct sg_why *why)
{
    const PbMentoringVisitRecorded *was = c->standing.envelope->mentoring_visited;
    struct visited v = {.count = 0};
    int32_t day = day_of(was->visited_on);
    enum sg_err err = read_visited(d, c, &v, why);
    if (err)
        return err;
    replay(v.plan, v.all, v.count);
    set_visit(d, c, v.plan, day, NULL);
    return put_plan(d, &v, day, why);
}

/* ---- E21 ---- */

enum { CLOSING_DAYS = 30 };

static bool counts_as_return(PbCloseReason reason)
{
    return reason == PB_CLOSE_REASON_INDEPENDENT || reason == PB_CLOSE_REASON_REUNIFIED;
}

/* The reference of a relapse, when it was this closing: the earliest of the others. */
static enum sg_err first_closing(struct decision *d, const struct correction *c,
                                 const struct sg_id *id, const PbCaseRow *row, struct sg_why *why)
{
    PbPersonRow *person = NULL;
    enum sg_err err =
        read_row(d->turn, TABLE_PERSONS, &c->person_id, &pb_person_row__descriptor, &person, why);
    if (err || !counts_as_return(row->close_reason) || !person->has_first_closed_on ||
        person->first_closed_on != row->closed_on)
        return err;
    PbCorrectionEffect *effect = c->effect;
    effect->has_closing = effect->closing = true;
    for (size_t i = 0; !err && i < person->n_cases; i++) {
        PbCaseRow *other = NULL;
        struct sg_id other_id = id_of(person->cases[i]->case_id);
        err = read_case(d, &other_id, &other, why);
        if (err || sg_id_equal(&other_id, id) || other->state != PB_CASE_STATE_CLOSED ||
            !counts_as_return(other->close_reason) ||
            (effect->has_first_closed_on && effect->first_closed_on <= other->closed_on))
            continue;
        effect->has_first_closed_on = true;
        effect->first_closed_on = other->closed_on;
    }
    return err;
}

/* The plan that ended with the case goes on. */
static enum sg_err resume_plan(struct decision *d, const struct correction *c, const PbCaseRow *row,
                               struct sg_why *why)
{
    const PbEffect *closed = c->rest->effect;
    PbPlanRow *plan = NULL;
    if (!row->has_plan_id || !closed || !closed->n_plans)
        return SG_OK;
    struct sg_id id = id_of(row->plan_id), ended = id_of(closed->plans[0]->plan_id);
    enum sg_err err = read_row(d->turn, TABLE_PLANS, &id, &pb_plan_row__descriptor, &plan, why);
    if (err || !sg_id_equal(&id, &ended) || plan->state != PB_PLAN_STATE_ENDED)
        return err;
    plan->state = PB_PLAN_STATE_ACTIVE;
    plan->has_ended_on = false;
    (void)plan_effect(d, &id, plan);
    return plan_limit(d, &id, plan, why);
}

/* Loops that it has closed stay closed and waitings released: others were told. */
enum sg_err annul_closing(struct decision *d, const struct correction *c, struct sg_why *why)
{
    struct sg_id id = id_of(c->stated.envelope->case_id);
    int64_t since_ms = d->turn->block->time_ms - c->accepted_ms;
    PbCaseEffect *change;
    PbPersonRow *person = NULL;
    struct follow *told;
    PbCaseRow *row = NULL;
    enum sg_err err = read_case(d, &id, &row, why);
    if (err)
        return err;
    if (row->state != PB_CASE_STATE_CLOSED || row->closed_ms != c->accepted_ms)
        return refuse(
            d, SG_ST_BAD_TRANSITION, corrected_object,
            protobuf_c_enum_descriptor_get_value(&pb_case_state__descriptor, (int)row->state)->name,
            "the closing of a case that was not opened again since");
    if (since_ms > CLOSING_DAYS * SG_DAY_MS)
        return refuse(d, SG_ST_BAD_TRANSITION, corrected_object, "LATE",
                      "a case that was closed at most 30 days ago; a new referral opens it again");
    err = person_of_case(d, &c->person_id, &person, why);
    if (!err)
        err = first_closing(d, c, &id, row, why);
    if (!err)
        err = case_change(d, &id, row, row->state_before, &change, &told, why);
    if (err)
        return err;
    change->has_reopened = change->reopened = false;
    change->has_resumed = change->resumed = true;
    tell_version(d, row->version + 1);
    restore_deadline(d, c->rest->effect, RULE_ASSESS);
    restore_deadline(d, c->rest->effect, RULE_MINOR);
    restore_deadline(d, c->rest->effect, RULE_PLAN);
    if (person->minor && !row->minor) { /* that became known while the case was closed */
        change->has_minor = change->minor = true;
        err = minor_begin(d, &id, row, NULL, why);
    }
    return err ? err : resume_plan(d, c, row, why);
}
