/* mentoring_plan.c - the checkpoints of a plan, and T11 that waits for them. */
#include "ledger/deadline.h"
#include "ledger/mentoring.h"
#include "wire/day.h"

#include <stdio.h>

enum { CHECKPOINTS_MAX = 80 };

/* ---- templates ---- */

static const struct template
{
    int32_t weeks;    /* between two visits in training */
    int32_t days[12]; /* after the course; 0 ends */
    int32_t months[9];
}
templates[] = {
    [PB_MENTORING_PLAN_SET__TEMPLATE_STANDARD_12M] = {.weeks = 2,
                                                      .days = {7, 14, 21, 28, 45, 60, 75, 90},
                                                      .months = {4, 5, 6, 9, 12}},
    [PB_MENTORING_PLAN_SET__TEMPLATE_INTENSIVE] = {.weeks = 1,
                                                   .days = {7, 14, 21, 28, 35, 42, 49, 56, 63, 70,
                                                            77, 84},
                                                   .months = {4, 5, 6, 7, 8, 9, 10, 11, 12}},
};

static const struct template *template_of(const PbPlanRow *row)
{
    bool custom = row->template_ == PB_MENTORING_PLAN_SET__TEMPLATE_CUSTOM ||
                  (unsigned)row->template_ >= SG_ARRAY_LEN(templates);
    return custom ? NULL : &templates[row->template_];
}

/* The same day so many months later; the last of the month when it has no such day. */
static int32_t months_later(int32_t from, int32_t months)
{
    int32_t year, month, day;
    sg_day_split(from, &year, &month, &day);
    int32_t at = (year * 12 + month - 1) + months;
    year = at / 12;
    month = at % 12 + 1;
    int32_t last = sg_days_in_month(year, month);
    return sg_day_of(year, month, day < last ? day : last);
}

static bool has_code(const PbPlanRow *row, const char *code)
{
    for (size_t i = 0; i < row->n_checkpoints; i++)
        if (strcmp(row->checkpoints[i]->code, code) == 0)
            return true;
    return false;
}

void plan_lay(struct ledger_turn *turn, PbPlanRow *row, const char *code, int32_t due_on,
              bool in_training)
{
    if (row->n_checkpoints == CHECKPOINTS_MAX || has_code(row, code))
        return;
    PbCheckpointRow *added = TAKE(turn, PbCheckpointRow);
    pb_checkpoint_row__init(added);
    added->code = text_of(turn, code);
    added->has_due_on = true;
    added->due_on = due_on;
    added->has_in_training = added->in_training = in_training;
    PbCheckpointRow **all = take(turn, (row->n_checkpoints + 1) * sizeof(PbCheckpointRow *));
    size_t at = row->n_checkpoints; /* they stand in order of their days */
    while (at > 0 && row->checkpoints[at - 1]->due_on > due_on)
        at--;
    if (at)
        memcpy(all, row->checkpoints, at * sizeof(PbCheckpointRow *));
    all[at] = added;
    if (row->n_checkpoints > at)
        memcpy(all + at + 1, row->checkpoints + at,
               (row->n_checkpoints - at) * sizeof(PbCheckpointRow *));
    row->checkpoints = all;
    row->n_checkpoints++;
}

void plan_lay_training(struct ledger_turn *turn, PbPlanRow *row, int32_t first_day,
                       int32_t last_day)
{
    enum { WEEK = 7 };
    const struct template *t = template_of(row);
    char code[16];
    row->has_in_course = row->in_course = t != NULL;
    for (int32_t week = t ? t->weeks : 0; t && row->starts_on + week * WEEK <= last_day;
         week += t->weeks) {
        (void)snprintf(code, sizeof code, "W%d", (int)week);
        if (row->starts_on + week * WEEK > first_day)
            plan_lay(turn, row, code, row->starts_on + week * WEEK, true);
    }
}

void plan_lay_aftercare(struct ledger_turn *turn, PbPlanRow *row, int32_t from)
{
    const struct template *t = template_of(row);
    char code[16];
    row->has_in_course = row->in_course = false;
    for (size_t i = 0; t && i < SG_ARRAY_LEN(t->days) && t->days[i]; i++) {
        (void)snprintf(code, sizeof code, "D%02d", (int)t->days[i]);
        plan_lay(turn, row, code, from + t->days[i], false);
    }
    for (size_t i = 0; t && i < SG_ARRAY_LEN(t->months) && t->months[i]; i++) {
        (void)snprintf(code, sizeof code, "M%02d", (int)t->months[i]);
        plan_lay(turn, row, code, months_later(from, t->months[i]), false);
    }
}

/* ---- the row ---- */

static bool is_open(const PbCheckpointRow *c)
{
    return !c->has_done_seq && !c->passed;
}

PbCheckpointRow *plan_next(const PbPlanRow *row)
{
    for (size_t i = 0; i < row->n_checkpoints; i++)
        if (is_open(row->checkpoints[i]))
            return row->checkpoints[i];
    return NULL;
}

bool plan_is_done(const PbPlanRow *row)
{
    return row->n_checkpoints && !row->in_course && !plan_next(row);
}

/* Of a training that is over: what was due after it. Of an after-care that begins anew: all. */
static void take_away(PbPlanRow *row, bool in_training, int32_t after)
{
    size_t kept = 0;
    for (size_t i = 0; i < row->n_checkpoints; i++) {
        PbCheckpointRow *c = row->checkpoints[i];
        bool goes = is_open(c) && c->in_training == in_training && c->due_on > after;
        if (!goes)
            row->checkpoints[kept++] = c;
    }
    row->n_checkpoints = kept;
}

enum sg_err plan_of_case(struct ledger_turn *turn, const PbCaseRow *c, struct sg_id *out_id,
                         PbPlanRow **out_row, struct sg_why *why)
{
    *out_row = NULL;
    if (!c->has_plan_id)
        return SG_OK;
    PbPlanRow *row = NULL;
    *out_id = id_of(c->plan_id);
    enum sg_err err = read_row(turn, TABLE_PLANS, out_id, &pb_plan_row__descriptor, &row, why);
    if (!err && row->state == PB_PLAN_STATE_ACTIVE)
        *out_row = row;
    return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "a case names no plan") : err;
}

PbPlanEffect *plan_effect(struct decision *d, const struct sg_id *id, PbPlanRow *row)
{
    PbPlanEffect *effect = TAKE(d->turn, PbPlanEffect);
    pb_plan_effect__init(effect);
    effect->has_plan_id = true;
    effect->plan_id = data_of(d->turn, id);
    effect->row = row;
    row->has_version = true;
    row->version++;
    d->effect->plans = grown(d->turn, d->effect->plans, d->effect->n_plans);
    d->effect->plans[d->effect->n_plans++] = effect;
    return effect;
}

/* ---- T11 ---- */

enum sg_err plan_limit(struct decision *d, const struct sg_id *id, const PbPlanRow *row,
                       struct sg_why *why)
{
    const PbCheckpointRow *next = row->state == PB_PLAN_STATE_ACTIVE ? plan_next(row) : NULL;
    enum sg_err err = deadline_end(d, RULE_VISIT, id, false, why);
    if (err || !next)
        return err;
    const struct sg_time_limits *limits = limits_of(d->turn);
    int64_t due_ms = sg_day_start_ms(next->due_on + (int32_t)limits->visit_days + 1);
    const struct limit limit = {
        .rule = RULE_VISIT,
        .aggregate_type = PB_AGGREGATE_TYPE_PLAN,
        .id = *id,
        .levels_ms = {due_ms, due_ms + limits->visit_level2_days * SG_DAY_MS},
        .level_count = 2,
        .first_level = 1,
        .responsible = row->owner,
        .case_owner = row->owner,
        .case_id = id_of(row->case_id)};
    deadline_start(d, &limit);
    return SG_OK;
}

static void ask_for_plan(struct decision *d, const struct sg_id *case_id, const char *owner)
{
    const struct sg_time_limits *limits = limits_of(d->turn);
    int64_t due_ms = d->turn->block->time_ms + limits->plan_days * SG_DAY_MS;
    const struct limit limit = {
        .rule = RULE_PLAN,
        .aggregate_type = PB_AGGREGATE_TYPE_CASE,
        .id = *case_id,
        .levels_ms = {due_ms, due_ms + limits->visit_level2_days * SG_DAY_MS},
        .level_count = 2,
        .first_level = 1,
        .responsible = owner,
        .case_owner = owner,
        .case_id = *case_id};
    deadline_start(d, &limit);
}

/* ---- what the case does to it ---- */

enum sg_err plan_end(struct decision *d, const PbCaseRow *c, struct sg_why *why)
{
    struct sg_id id;
    PbPlanRow *row = NULL;
    enum sg_err err = plan_of_case(d->turn, c, &id, &row, why);
    if (err || !row)
        return err;
    row->state = PB_PLAN_STATE_ENDED;
    row->has_ended_on = true;
    row->ended_on = sg_day_at(d->turn->block->time_ms);
    (void)plan_effect(d, &id, row);
    return plan_limit(d, &id, row, why);
}

enum sg_err plan_course_begins(struct decision *d, const struct sg_id *case_id, const PbCaseRow *c,
                               int32_t day, int32_t last_day, struct sg_why *why)
{
    struct sg_id id;
    PbPlanRow *row = NULL;
    enum sg_err err = plan_of_case(d->turn, c, &id, &row, why);
    if (err)
        return err;
    if (!row) {
        ask_for_plan(d, case_id, c->owner);
        return SG_OK;
    }
    if (!template_of(row))
        return SG_OK;
    take_away(row, false, INT32_MIN); /* it begins anew when the course is over */
    plan_lay_training(d->turn, row, day, last_day);
    (void)plan_effect(d, &id, row);
    return plan_limit(d, &id, row, why);
}

enum sg_err plan_course_ends(struct decision *d, const struct sg_id *case_id, const PbCaseRow *c,
                             int32_t day, bool completed, struct sg_why *why)
{
    struct sg_id id;
    PbPlanRow *row = NULL;
    enum sg_err err = plan_of_case(d->turn, c, &id, &row, why);
    if (!err && !row) { /* what was asked for a course that is over is asked no longer */
        err = deadline_end(d, RULE_PLAN, case_id, false, why);
        if (!err && completed)
            ask_for_plan(d, case_id, c->owner);
    }
    if (err || !row || !template_of(row))
        return err;
    take_away(row, true, day);
    if (completed)
        take_away(row, false, INT32_MIN);
    plan_lay_aftercare(d->turn, row, row->starts_on > day ? row->starts_on : day);
    (void)plan_effect(d, &id, row);
    return plan_limit(d, &id, row, why);
}

enum sg_err plan_course_resumes(struct decision *d, const PbCaseRow *c, int32_t day,
                                int32_t last_day, struct sg_why *why)
{
    struct sg_id id;
    PbPlanRow *row = NULL;
    enum sg_err err = plan_of_case(d->turn, c, &id, &row, why);
    if (err || !row || !template_of(row))
        return err;
    take_away(row, false, INT32_MIN);
    plan_lay_training(d->turn, row, day, last_day);
    (void)plan_effect(d, &id, row);
    return plan_limit(d, &id, row, why);
}

enum sg_err plan_course_never_was(struct decision *d, const struct sg_id *case_id,
                                  const PbCaseRow *c, struct sg_why *why)
{
    struct sg_id id;
    PbPlanRow *row = NULL;
    enum sg_err err = plan_of_case(d->turn, c, &id, &row, why);
    if (err)
        return err;
    if (!row)
        return deadline_end(d, RULE_PLAN, case_id, false, why);
    if (!template_of(row))
        return SG_OK;
    take_away(row, true, INT32_MIN);
    plan_lay_aftercare(d->turn, row, row->starts_on);
    (void)plan_effect(d, &id, row);
    return plan_limit(d, &id, row, why);
}

enum sg_err plan_course_ended_otherwise(struct decision *d, const struct sg_id *case_id,
                                        const PbCaseRow *c, int32_t day, bool completed,
                                        struct sg_why *why)
{
    struct sg_id id;
    PbPlanRow *row = NULL;
    bool asked = false;
    enum sg_err err = plan_of_case(d->turn, c, &id, &row, why);
    if (!err && !row && completed)
        err = deadline_runs(d, RULE_PLAN, case_id, &asked, why);
    if (err || asked)
        return err;
    return plan_course_ends(d, case_id, c, day, completed || row, why);
}
