/* model_limit.c - deadlines: which ones an object has in its state, when each of their levels is
 * reached, and whom they bind. Domain 8.6, computed here by itself. */
#include "sim/model.h"

#include "kit/check.h"
#include "ledger/deadline.h"
#include "ledger/presence.h"
#include "wire/day.h"

#include <stdio.h>
#include <stdlib.h>

enum { HOLIDAYS_MAX = 400, EVENING = 17 };

/* ---- working days ---- */

static const struct days {
    int32_t all[HOLIDAYS_MAX];
    size_t count;
} * holidays(void)
{
    static struct days days;
    char line[200];
    if (days.count)
        return &days;
    FILE *file = fopen("conf/codes/holidays.csv", "r");
    SG_CHECK(file);
    while (fgets(line, sizeof line, file)) {
        char *end;
        long year = strtol(line, &end, 10), month, day;
        if (*end != '-')
            continue;
        month = strtol(end + 1, &end, 10);
        day = strtol(end + 1, &end, 10);
        SG_CHECK(days.count < HOLIDAYS_MAX);
        days.all[days.count++] = sg_day_of((int32_t)year, (int32_t)month, (int32_t)day);
    }
    (void)fclose(file);
    SG_CHECK(days.count);
    return &days;
}

static bool is_worked(int32_t day)
{
    int32_t of_week = (day + 3) % 7; /* 1970-01-01 was a Thursday; 0 is Monday */
    const struct days *free_days = holidays();
    for (size_t i = 0; i < free_days->count; i++)
        if (free_days->all[i] == day)
            return false;
    return of_week < 5;
}

static int64_t evening_of(int32_t day)
{
    return sg_day_start_ms(day) + EVENING * SG_HOUR_MS;
}

/* 17:00 of the n-th working day after the day of that time, or before a day. */
static int64_t working_after(int64_t from_ms, int n)
{
    int32_t day = sg_day_at(from_ms);
    while (n > 0)
        n -= is_worked(++day);
    return evening_of(day);
}

static int64_t working_ahead(int32_t day, int n)
{
    while (n > 0)
        n -= is_worked(--day);
    return evening_of(day);
}

/* ---- what an object has ---- */

static struct m_limit *add(struct m_limits *to, const char *rule, const char *responsible)
{
    SG_CHECK(to->count < SG_ARRAY_LEN(to->all));
    struct m_limit *limit = &to->all[to->count++];
    *limit = (struct m_limit){.rule = rule, .responsible = responsible};
    return limit;
}

static void level(struct m_limit *limit, int64_t at_ms)
{
    SG_CHECK(limit->count < SG_ARRAY_LEN(limit->levels_ms));
    limit->levels_ms[limit->count++] = at_ms;
}

static void of_referral(const struct m_referral *r, struct m_limits *to)
{
    const int64_t from = r->since_ms;
    struct m_limit *limit;
    if (r->state == PB_REFERRAL_STATE_SUBMITTED) {
        limit = add(to, RULE_ACKNOWLEDGE, m_target(r));
        if (r->of_child) {
            level(limit, from + 4 * SG_HOUR_MS);
            level(limit, from + 28 * SG_HOUR_MS);
            return;
        }
        int64_t due = r->priority == PB_PRIORITY_EMERGENCY_24H ? from + 4 * SG_HOUR_MS
                      : r->priority == PB_PRIORITY_URGENT_72H  ? working_after(from, 1)
                                                               : working_after(from, 3);
        level(limit, due);
        level(limit, working_after(due, 1));
        level(limit, working_after(due, 3));
    } else if (r->state == PB_REFERRAL_STATE_ACKNOWLEDGED) {
        limit = add(to, RULE_DECIDE, m_target(r));
        if (r->of_child) {
            level(limit, from + SG_DAY_MS);
            level(limit, from + 2 * SG_DAY_MS);
            return;
        }
        level(limit, from + (r->priority == PB_PRIORITY_EMERGENCY_24H ? SG_DAY_MS
                             : r->priority == PB_PRIORITY_URGENT_72H  ? 3 * SG_DAY_MS
                                                                      : 14 * SG_DAY_MS));
    }
}

static bool m_was_restricted(struct m_person *p)
{
    bool was = false;
    for (size_t i = 0; i < m_count(p); i++)
        was |= m_member(p, i)->was_restricted;
    return was;
}

static void pause(struct m_limits *to, struct m_person *p)
{
    for (size_t i = 0; i < to->count; i++) {
        to->all[i].paused = m_restricted(p);
        to->all[i].held = m_was_restricted(p); /* what was told stays as it was */
    }
}

static void of_case(const struct m_case *c, struct m_limits *to)
{
    if (c->assess_from_ms) {
        struct m_limit *limit = add(to, RULE_ASSESS, c->owner);
        level(limit, c->assess_from_ms + 7 * SG_DAY_MS);
        level(limit, c->assess_from_ms + 8 * SG_DAY_MS);
    }
    if (c->minor_from_ms) {
        struct m_limit *limit = add(to, "T04", c->owner);
        level(limit, c->minor_from_ms + SG_DAY_MS);
        level(limit, c->minor_from_ms + 2 * SG_DAY_MS);
    }
    if (c->plan_from_ms) {
        struct m_limit *limit = add(to, "T11-PLAN", c->owner);
        level(limit, c->plan_from_ms + 7 * SG_DAY_MS);
        level(limit, c->plan_from_ms + 28 * SG_DAY_MS);
    }
    if (c->busy_ms)
        level(add(to, "T12", c->owner), c->busy_ms + 60 * SG_DAY_MS);
    pause(to, c->person);
}

static void of_seat(const struct m_seat *seat, struct m_limits *to)
{
    if (seat->state == PB_ALLOCATION_STATE_HELD) {
        struct m_limit *limit = add(to, RULE_HOLD, seat->c->owner);
        int64_t warn = seat->hold_until_ms - 12 * SG_HOUR_MS;
        if (warn > seat->changed_ms)
            level(limit, warn);
        level(limit, seat->hold_until_ms);
    }
    if (seat->state == PB_ALLOCATION_STATE_RESERVED)
        *add(to, "", NULL) = seat->confirm;
    if (m_is_promised(seat->state))
        *add(to, "", NULL) = seat->begin;
    if (seat->state == PB_ALLOCATION_STATE_OCCUPIED)
        level(add(to, RULE_ATTENDANCE, seat->slot->owner), seat->attended_ms + 10 * SG_DAY_MS);
    if (seat->kit_from_ms)
        level(add(to, RULE_KIT, NULL), seat->kit_from_ms + 30 * SG_DAY_MS);
}

/* T06 and T07, from now on under the dates that the slot has now. */
void m_promise_limits(const struct model *m, struct m_seat *seat)
{
    const struct m_slot *s = seat->slot;
    struct m_limits to = {.count = 0};
    struct m_limit *confirm = add(&to, RULE_CONFIRM, s->owner);
    struct m_limit *begin = add(&to, RULE_START, s->owner);
    int64_t now = m->now_ms, start = m_start_ms(s);
    int64_t days = working_after(now, 3), again = working_ahead(s->starts, 2);
    bool both = again > now && again != days;
    level(confirm, both && again < days ? again : days);
    if (both)
        level(confirm, again < days ? days : again);
    int64_t told = working_after(now > start ? now : start, 3);
    int64_t end = m_late_end_ms(s) + 14 * SG_DAY_MS;
    if (told < end)
        level(begin, told);
    level(begin, end > now ? end : now + 1);
    seat->confirm = *confirm;
    seat->begin = *begin;
}

static void of_item(const struct m_item *item, struct m_limits *to)
{
    const char *owner = item->c ? item->c->owner : NULL;
    for (size_t i = 0; i < MODEL_CHECKS; i++)
        if (item->check_limit[i])
            level(add(to, m_checks[i].rule, owner),
                  sg_day_start_ms(item->bast_on + m_checks[i].days + 14 + 1));
    if (item->return_from_ms) {
        struct m_limit *limit = add(to, RULE_RETURN, owner);
        if (item->back.count && item->back_for_ms == item->return_from_ms) {
            *limit = item->back;
            limit->responsible = owner;
            return;
        }
        level(limit, item->return_from_ms);
        level(limit, item->return_from_ms + 7 * SG_DAY_MS);
    }
}

static void of_slot(const struct m_slot *s, struct m_limits *to)
{
    if (s->waiting_count)
        level(add(to, RULE_WAITING_END, NULL), m_late_end_ms(s));
}

static void of_plan(const struct m_plan *plan, struct m_limits *to)
{
    const struct m_checkpoint *next =
        plan->state == PB_PLAN_STATE_ACTIVE ? m_next_checkpoint(plan) : NULL;
    if (!next)
        return;
    struct m_limit *limit = add(to, "T11", plan->owner);
    level(limit, sg_day_start_ms(next->due_on + 7 + 1) + plan->held_ms);
    level(limit, sg_day_start_ms(next->due_on + 7 + 1 + 21) + plan->held_ms);
    pause(to, plan->c->person);
}

static void of_request(const struct m_request *r, struct m_limits *to)
{
    if (r->status == PB_DATA_SUBJECT_REQUEST_RECORDED__STATUS_RECEIVED)
        level(add(to, "T13", r->owner), r->received_ms + 3 * SG_DAY_MS);
}

void m_limits_of(const struct model *m, enum model_kind kind, const void *object,
                 struct m_limits *to)
{
    (void)m;
    to->count = 0;
    switch (kind) {
    case TOUCHED_CASE: of_case(object, to); break;
    case TOUCHED_REFERRAL: of_referral(object, to); break;
    case TOUCHED_SEAT: of_seat(object, to); break;
    case TOUCHED_ITEM: of_item(object, to); break;
    case TOUCHED_SLOT: of_slot(object, to); break;
    case TOUCHED_PLAN: of_plan(object, to); break;
    case TOUCHED_REQUEST: of_request(object, to); break;
    }
}

/* ---- what stands beside: T15, parked events ---- */

static bool is_silent(struct model *m, const struct sg_id *id, const PbDeadlineRow *row)
{
    for (size_t i = 0; i < m->roster->agency_count; i++) {
        const struct sg_agency *agency = &m->roster->agencies[i];
        struct sg_id own = agency_id_of(agency->id);
        struct presence presence;
        struct sg_why why = {0};
        if (!sg_id_equal(&own, id))
            continue;
        SG_CHECK(!presence_of(&m->turn, agency->id, m->now_ms, &presence, &why));
        int64_t noon =
            sg_day_start_ms(sg_day_at(working_after(presence.down_since_ms, 1))) + 12 * SG_HOUR_MS;
        int64_t at = agency->round_the_clock ? presence.down_since_ms + SG_DAY_MS : noon;
        bool same = row->levels_ms[0] == at; /* or it was told before the broker was down */
        bool older = row->levels_ms[0] < at && row->levels_ms[0] <= m->now_ms;
        return presence.down && row->n_levels_ms == 1 && (same || older);
    }
    return false;
}

static bool is_parked(const struct model *m, const struct sg_id *id, const PbDeadlineRow *row)
{
    for (size_t i = 0; i < m->parked_count; i++)
        if (m->parked[i].seq == sg_get_u64(id->b + 8))
            return row->levels_ms[0] == m->parked[i].since_ms + 14 * SG_DAY_MS;
    return false;
}

/* T14 stands under an id of its own, and names its request. */
static bool is_ordered(const struct model *m, const PbDeadlineRow *row)
{
    struct sg_id id = id_of(row->aggregate_id);
    const struct m_request *r = pile_find(&m->requests, &id);
    for (size_t i = 0; r && row->responsible && i < r->told_count; i++)
        if (strcmp(r->told[i], row->responsible) == 0)
            return row->levels_ms[0] == r->told_ms + 3 * SG_DAY_MS;
    return false;
}

/* ---- rows beside it ---- */

static void name_rule(struct model *m, const char *rule)
{
    size_t len = strlen(m->about);
    if (m->broken)
        (void)snprintf(m->about + len, sizeof m->about - len, " %s", rule);
}

static void compare_levels(struct model *m, const struct sg_id *id, const struct m_limit *limit,
                           const PbDeadlineRow *row)
{
    bool same = row->n_levels_ms == limit->count;
    for (size_t i = limit->held ? row->reached : 0; same && i < limit->count; i++)
        same = row->levels_ms[i] == limit->levels_ms[i];
    M_EXPECT(m, same, "a deadline at another time", id);
    M_EXPECT(m, row->has_paused_ms == limit->paused, "a deadline stands still, or does not", id);
    M_EXPECT(m,
             !limit->responsible ||
                 (row->responsible && strcmp(row->responsible, limit->responsible) == 0),
             "a deadline that binds another agency", id);
}

static const void *object_of(const struct model *m, const struct sg_id *id, enum model_kind *kind)
{
    const struct {
        const struct pile *pile;
        enum model_kind kind;
    } piles[] = {{&m->referrals, TOUCHED_REFERRAL}, {&m->cases, TOUCHED_CASE},
                 {&m->seats, TOUCHED_SEAT},         {&m->slots, TOUCHED_SLOT},
                 {&m->plans, TOUCHED_PLAN},         {&m->requests, TOUCHED_REQUEST},
                 {&m->items, TOUCHED_ITEM}};
    for (size_t i = 0; i < SG_ARRAY_LEN(piles); i++) {
        const void *object = pile_find(piles[i].pile, id);
        *kind = piles[i].kind;
        if (object)
            return object;
    }
    return NULL;
}

/* It belongs to an object in the state that it is for, at the right times. */
static PbDeadlineRow *bound_deadline(struct model *m, const struct cursor *at)
{
    struct sg_id id = m_id_at(at->key.ptr);
    const char *rule = (const char *)at->key.ptr + SG_ID_BYTES;
    struct sg_why why = {0};
    PbDeadlineRow *row = NULL;
    enum model_kind kind;
    const void *object = object_of(m, &id, &kind);
    SG_CHECK(!sg_decode_row(&pb_deadline_row__descriptor, at->value, &m->arena, &row, &why));
    if (object) {
        struct m_limits limits;
        size_t i = 0;
        m_limits_of(m, kind, object, &limits);
        while (i < limits.count && strcmp(limits.all[i].rule, rule) != 0)
            i++;
        M_EXPECT(m, i < limits.count, "a deadline of what is over", &id);
        if (!m->broken)
            compare_levels(m, &id, &limits.all[i], row);
    } else if (strcmp(rule, RULE_EXECUTED) == 0) {
        M_EXPECT(m, is_ordered(m, row), "an order to forget that nobody has to carry out", &id);
    } else if (strcmp(rule, RULE_SILENT) == 0) {
        M_EXPECT(m, is_silent(m, &id, row), "an agency is silent, and is not", &id);
    } else {
        M_EXPECT(m, strcmp(rule, RULE_PARKED) == 0 && is_parked(m, &id, row),
                 "a deadline of nothing", &id);
    }
    name_rule(m, rule);
    return row;
}

/* Beyond level 1 the clock stops while the responsible agency has no connection. */
static bool stops(struct model *m, const char *rule, const PbDeadlineRow *row, int64_t next_ms)
{
    struct presence presence;
    struct sg_why why = {0};
    if (!row->has_down_base_ms || !row->responsible || strcmp(rule, RULE_START) == 0)
        return false; /* down time never changes seats */
    SG_CHECK(!presence_of(&m->turn, row->responsible, m->now_ms, &presence, &why));
    return presence.down || next_ms + presence.down_total_ms - row->down_base_ms > m->now_ms;
}

void m_look_at_limit(struct model *m, const struct cursor *at)
{
    struct sg_id id = m_id_at(at->key.ptr);
    const char *rule = (const char *)at->key.ptr + SG_ID_BYTES;
    const PbDeadlineRow *row = bound_deadline(m, at);
    int64_t next_ms;
    if (m->broken || !deadline_next(row, &next_ms) || row->has_paused_ms)
        return;
    struct key due = {0};
    struct sg_bytes nothing;
    key_id(key_text(key_i64(&due, next_ms), rule), &id);
    M_EXPECT(m, table_get(m->txn, TABLE_DUE, &due, &nothing, NULL) == SG_OK,
             "a deadline without its due time", &id);
    M_EXPECT(m, next_ms > m->now_ms || stops(m, rule, row, next_ms),
             "a deadline was not told in its time", &id);
    name_rule(m, rule);
}

void m_look_at_due(struct model *m, const struct cursor *at)
{
    struct key key = {0};
    struct sg_why why = {0};
    PbDeadlineRow *row = NULL;
    int64_t next_ms = 0;
    const char *rule = (const char *)at->key.ptr + 8;
    struct sg_id id = m_id_at(at->key.ptr + at->key.len - SG_ID_BYTES);
    key_text(key_id(&key, &id), rule);
    enum sg_err err =
        row_get(m->txn, TABLE_DEADLINES, &key, &pb_deadline_row__descriptor, &m->arena, &row, &why);
    M_EXPECT(m, !err && deadline_next(row, &next_ms) && next_ms == (int64_t)sg_get_u64(at->key.ptr),
             "a due time without its deadline", &id);
}

static uint64_t count_of(const struct model *m, const struct pile *pile, enum model_kind kind)
{
    uint64_t count = 0;
    struct m_limits limits;
    for (size_t i = 0; i < pile->count; i++) {
        m_limits_of(m, kind, pile->all[i], &limits);
        count += limits.count;
    }
    return count;
}

uint64_t m_wanted_limits(struct model *m)
{
    uint64_t count = m->parked_count + count_of(m, &m->referrals, TOUCHED_REFERRAL) +
                     count_of(m, &m->cases, TOUCHED_CASE) + count_of(m, &m->seats, TOUCHED_SEAT) +
                     count_of(m, &m->slots, TOUCHED_SLOT) + count_of(m, &m->items, TOUCHED_ITEM) +
                     count_of(m, &m->plans, TOUCHED_PLAN) +
                     count_of(m, &m->requests, TOUCHED_REQUEST);
    for (size_t i = 0; i < m->requests.count; i++)
        count += ((const struct m_request *)m->requests.all[i])->told_count;
    for (size_t i = 0; i < m->roster->agency_count; i++) { /* T15 stands beside */
        struct key key = {0};
        struct sg_bytes row;
        struct sg_id id = agency_id_of(m->roster->agencies[i].id);
        key_text(key_id(&key, &id), RULE_SILENT);
        count += table_get(m->txn, TABLE_DEADLINES, &key, &row, NULL) == SG_OK;
    }
    return count;
}

/* The deadlines of one object, whether or not they are due by now. */
void m_compare_limits(struct model *m, enum model_kind kind, const void *object)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct sg_why why = {0};
    struct key prefix = {0};
    const struct sg_id *id = object;
    struct m_limits limits;
    size_t found = 0;
    m_limits_of(m, kind, object, &limits);
    SG_CHECK(!cursor_open(&cursor, m->txn, TABLE_DEADLINES, &why));
    SG_CHECK(!cursor_seek(&cursor, key_id(&prefix, id), &why));
    for (; !m->broken && cursor.key.ptr && key_starts(cursor.key, &prefix); found++) {
        (void)bound_deadline(m, &cursor);
        SG_CHECK(!cursor_next(&cursor, &why));
    }
    M_EXPECT(m, found == limits.count, "a deadline is not set", id);
    for (size_t i = 0; i < limits.count; i++)
        name_rule(m, limits.all[i].rule);
}

/* There are too many or too few: whose? */
void m_name_limit(struct model *m)
{
    const struct {
        const struct pile *pile;
        enum model_kind kind;
    } piles[] = {{&m->referrals, TOUCHED_REFERRAL}, {&m->cases, TOUCHED_CASE},
                 {&m->seats, TOUCHED_SEAT},         {&m->items, TOUCHED_ITEM},
                 {&m->plans, TOUCHED_PLAN},         {&m->requests, TOUCHED_REQUEST},
                 {&m->slots, TOUCHED_SLOT}};
    for (size_t i = 0; i < SG_ARRAY_LEN(piles); i++)
        for (size_t j = 0; !m->broken && j < piles[i].pile->count; j++) {
            sg_arena_reset(&m->arena, 0);
            m_compare_limits(m, piles[i].kind, piles[i].pile->all[j]);
        }
}
