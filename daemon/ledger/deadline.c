#include "ledger/deadline.h"

#include "ledger/derive.h"
#include "ledger/mutant.h"
#include "wire/day.h"

/* ---- working days ---- */

bool is_working_day(const struct world *world, int32_t day)
{
    int32_t weekday = (day % 7 + 7 + 3) % 7; /* 1970-01-01 was a Thursday; 0 = Monday */
    return weekday < 5 && !sg_lists_holiday(world->lists, day);
}

static int64_t evening(int32_t day)
{
    return sg_day_start_ms(day) + 17 * SG_HOUR_MS;
}

static int32_t working_day(const struct world *world, int32_t day, int64_t days, int32_t step)
{
    enum { DAYS_MAX = 400 }; /* a list that makes every day a holiday stops nobody's clock */
    for (int i = 0; days && i < DAYS_MAX; i++) {
        day += step;
        days -= is_working_day(world, day);
    }
    return day;
}

int64_t working_limit(const struct world *world, int64_t from_ms, int64_t days)
{
    return evening(working_day(world, sg_day_at(from_ms), days, 1));
}

int64_t working_before(const struct world *world, int32_t day, int64_t days)
{
    return evening(working_day(world, day, days, -1));
}

const struct sg_time_limits *limits_of(const struct ledger_turn *turn)
{
    const struct sg_time_limits *limits = turn->world->limits;
    return limits ? limits : &sg_time_limits_normal;
}

/* ---- rows ---- */

bool deadline_next(const PbDeadlineRow *row, int64_t *out_ms)
{
    if (row->has_paused_ms || row->reached >= row->n_levels_ms)
        return false;
    *out_ms = row->levels_ms[row->reached];
    return true;
}

uint32_t deadline_level(const PbDeadlineRow *row)
{
    return row->first_level + row->reached - 1;
}

PbDeadlineEffect *deadline_effect(struct ledger_turn *turn, const char *rule,
                                  const struct sg_id *id)
{
    PbDeadlineEffect *change = TAKE(turn, PbDeadlineEffect);
    pb_deadline_effect__init(change);
    change->rule = text_of(turn, rule);
    change->has_id = true;
    change->id = data_of(turn, id);
    return change;
}

static void keep_effect(struct decision *d, PbDeadlineEffect *change)
{
    PbEffect *effect = d->effect;
    effect->deadlines = grown(d->turn, effect->deadlines, effect->n_deadlines);
    effect->deadlines[effect->n_deadlines++] = change;
}

static PbDeadlineEffect *add_effect(struct decision *d, const char *rule, const struct sg_id *id)
{
    PbDeadlineEffect *change = deadline_effect(d->turn, rule, id);
    keep_effect(d, change);
    return change;
}

static int64_t limit_due(const struct limit *limit)
{
    size_t at = limit->first_level == 0 && limit->level_count > 1 ? 1 : 0;
    return limit->due_ms ? limit->due_ms : limit->levels_ms[at];
}

/* What the state of a seat or of a parked event rests on; the others only ask somebody to act. */
static bool is_state(const char *rule)
{
    return strcmp(rule, RULE_HOLD) == 0 || strcmp(rule, RULE_START) == 0 ||
           strcmp(rule, RULE_WAITING_END) == 0 || strcmp(rule, RULE_PARKED) == 0;
}

/* What a RESTRICTION holds up. */
static bool is_of_case(const char *rule)
{
    static const char *const rules[] = {RULE_ASSESS, RULE_MINOR, RULE_VISIT, RULE_PLAN, RULE_IDLE};
    for (size_t i = 0; i < SG_ARRAY_LEN(rules); i++)
        if (strcmp(rules[i], rule) == 0)
            return true;
    return false;
}

void deadline_start(struct decision *d, const struct limit *limit)
{
    if (d->cause->import && !is_state(limit->rule))
        return;
    PbDeadlineRow *row = TAKE(d->turn, PbDeadlineRow);
    pb_deadline_row__init(row);
    row->has_aggregate_type = row->has_first_level = row->has_reached = row->has_due_ms = true;
    row->aggregate_type = limit->aggregate_type;
    row->first_level = limit->first_level;
    row->due_ms = limit_due(limit);
    row->n_levels_ms = limit->level_count;
    row->levels_ms = take(d->turn, limit->level_count * sizeof row->levels_ms[0]);
    memcpy(row->levels_ms, limit->levels_ms, limit->level_count * sizeof row->levels_ms[0]);
    row->responsible = limit->responsible ? text_of(d->turn, limit->responsible) : NULL;
    row->case_owner = limit->case_owner ? text_of(d->turn, limit->case_owner) : NULL;
    row->has_case_id = !sg_id_is_zero(&limit->case_id);
    row->case_id = data_of(d->turn, &limit->case_id);
    row->has_paused_ms = d->restricted && is_of_case(limit->rule);
    row->paused_ms = d->turn->block->time_ms;
    row->has_aggregate_id = !sg_id_is_zero(&limit->aggregate_id);
    row->aggregate_id = data_of(d->turn, &limit->aggregate_id);
    add_effect(d, limit->rule, &limit->id)->row = row;
}

static enum sg_err read_deadline(struct decision *d, const char *rule, const struct sg_id *id,
                                 PbDeadlineRow **out_row, struct sg_why *why)
{
    struct key key = {0};
    *out_row = NULL;
    key_text(key_id(&key, id), rule);
    enum sg_err err = row_get(d->turn->txn, TABLE_DEADLINES, &key, &pb_deadline_row__descriptor,
                              d->turn->arena, out_row, why);
    return err == SG_E_NOT_FOUND ? SG_OK : err;
}

static struct follow *queue_notice(struct decision *d, const char *rule, const struct sg_id *id,
                                   const PbDeadlineRow *row, uint32_t level)
{
    struct follow *notice = queue(d, FOLLOW_DEADLINE);
    notice->rule = rule;
    notice->object_id = *id;
    notice->deadline = row;
    notice->level = level;
    return notice;
}

/* What a correction may bring back stays in the effect as it stood. */
static bool may_come_back(const char *rule)
{
    static const char *const rules[] = {RULE_ASSESS,     RULE_MINOR, RULE_CONFIRM, RULE_START,
                                        RULE_ATTENDANCE, RULE_PLAN,  RULE_KIT};
    for (size_t i = 0; i < SG_ARRAY_LEN(rules); i++)
        if (strcmp(rules[i], rule) == 0)
            return true;
    return false;
}

void deadline_restore(struct decision *d, const char *rule, const struct sg_id *id,
                      const PbDeadlineRow *row)
{
    PbDeadlineRow *again = TAKE(d->turn, PbDeadlineRow);
    *again = *row;
    again->has_paused_ms = d->restricted && is_of_case(rule);
    again->paused_ms = d->turn->block->time_ms;
    add_effect(d, rule, id)->row = again;
}

enum sg_err deadline_end(struct decision *d, const char *rule, const struct sg_id *id, bool quiet,
                         struct sg_why *why)
{
    PbDeadlineRow *row = NULL;
    enum sg_err err = read_deadline(d, rule, id, &row, why);
    if (err || !row)
        return err;
    PbDeadlineEffect *end = add_effect(d, rule, id);
    end->has_clear = end->clear = true;
    if (may_come_back(rule))
        end->row = row;
    if (row->reached && !quiet)
        queue_notice(d, rule, id, row, deadline_level(row))->cleared = true;
    return SG_OK;
}

enum sg_err deadline_hold(struct decision *d, const char *rule, const struct sg_id *id, bool pause,
                          struct sg_why *why)
{
    PbDeadlineRow *row = NULL;
    int64_t now = d->turn->block->time_ms;
    enum sg_err err = read_deadline(d, rule, id, &row, why);
    if (err || !row || row->has_paused_ms == pause)
        return err;
    int64_t stood = pause ? 0 : now - row->paused_ms;
    row->has_paused_ms = pause;
    row->paused_ms = now;
    row->due_ms += stood;
    for (size_t i = row->reached; i < row->n_levels_ms; i++)
        row->levels_ms[i] += stood;
    add_effect(d, rule, id)->row = row;
    return SG_OK;
}

/* T06, T07 and T08 bind the owner of the slot, also when that is the old owner of the case. */
static bool binds_provider(const char *rule)
{
    bool provider = strcmp(rule, RULE_CONFIRM) == 0 || strcmp(rule, RULE_START) == 0 ||
                    strcmp(rule, RULE_ATTENDANCE) == 0;
    return MUTATED(20, provider, false);
}

enum sg_err deadlines_move(struct decision *d, const struct sg_id *id, const struct sg_id *case_id,
                           const char *from, const char *to, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    enum sg_err err =
        cursor_under(&cursor, d->turn->txn, TABLE_DEADLINES, key_id(&prefix, id), why);
    while (!err && cursor.key.ptr) {
        PbDeadlineRow *row = NULL;
        char *rule = text_of(d->turn, (const char *)cursor.key.ptr + SG_ID_BYTES);
        err = sg_decode_row(&pb_deadline_row__descriptor, cursor.value, d->turn->arena, &row, why);
        if (err)
            break;
        row->has_case_id = true;
        row->case_id = data_of(d->turn, case_id);
        if (from) {
            bool bound =
                !binds_provider(rule) && row->responsible && strcmp(row->responsible, from) == 0;
            row->responsible = bound ? text_of(d->turn, to) : row->responsible;
            row->case_owner = text_of(d->turn, to);
        }
        add_effect(d, rule, id)->row = row;
        err = cursor_next(&cursor, why);
    }
    return err;
}

enum sg_err deadline_notice(struct decision *d, const char *rule, const struct sg_id *id,
                            struct sg_why *why)
{
    PbDeadlineRow *row = NULL;
    enum sg_err err = read_deadline(d, rule, id, &row, why);
    if (!err && row)
        (void)queue_notice(d, rule, id, row, row->first_level + (uint32_t)row->n_levels_ms - 1);
    return err;
}

enum sg_err deadline_runs(struct decision *d, const char *rule, const struct sg_id *id,
                          bool *out_runs, struct sg_why *why)
{
    PbDeadlineRow *row = NULL;
    enum sg_err err = read_deadline(d, rule, id, &row, why);
    *out_runs = row != NULL;
    return err;
}

enum sg_err deadline_cleared(struct decision *d, const char *rule, const struct sg_id *id,
                             struct sg_why *why)
{
    PbDeadlineRow *row = NULL;
    enum sg_err err = read_deadline(d, rule, id, &row, why);
    if (err || !row)
        return err;
    struct follow *notice = queue_notice(d, rule, id, row, deadline_level(row));
    notice->cleared = true;
    notice->set = deadline_effect(d->turn, rule, id);
    notice->set->has_clear = notice->set->clear = true;
    return run_follows(d, why);
}

/* ---- D2 ---- */

/* "T10-1" is the rule T10. */
static char *rule_name(struct ledger_turn *turn, const char *rule)
{
    char *name = text_of(turn, rule);
    char *dash = strchr(name, '-');
    if (dash)
        *dash = '\0';
    return name;
}

enum sg_err tell_deadline(struct decision *d, const struct follow *f, struct sg_why *why)
{
    enum { AUDIT_LEVEL = 3 };
    const PbDeadlineRow *row = f->deadline;
    PbEnvelope *e = envelope_of(d, 202);
    PbDeadlineMissed *p = TAKE(d->turn, PbDeadlineMissed);
    pb_deadline_missed__init(p);
    p->rule_id = rule_name(d->turn, f->rule);
    p->has_aggregate_type = p->has_aggregate_id = p->has_level = p->has_cleared = true;
    p->aggregate_type = row->aggregate_type;
    p->aggregate_id = row->has_aggregate_id ? row->aggregate_id : data_of(d->turn, &f->object_id);
    p->due_at = envelope_time(d->turn, row->due_ms);
    p->level = f->level;
    p->cleared = f->cleared;
    p->has_down_time_ms = f->down_ms != 0;
    p->down_time_ms = f->down_ms;
    e->deadline_missed = p;
    e->has_case_id = row->has_case_id;
    e->case_id = row->case_id;
    if (row->responsible)
        add_reader(d, row->responsible, RELATION_RESPONSIBLE);
    if (row->case_owner)
        add_reader(d, row->case_owner, RELATION_CASE_OWNER);
    if (f->level >= AUDIT_LEVEL)
        add_readers_with(d, SG_CAP(PB_CAPABILITY_AUDITOR), RELATION_AUDITOR);
    if (f->set)
        keep_effect(d, f->set);
    struct record record;
    return append_record(d, PB_RECORD_KIND_DERIVED, e, &record, why);
}
