/* walk_unit.h - for the walk over all time limits: what begins each of them, and when its levels
 * are told, counted from the numbers of the city and nothing of the ledger.
 */
#ifndef SINERGI_WALK_UNIT_H
#define SINERGI_WALK_UNIT_H

#include "unit/care_unit.h"

#define DECIDES(name) PB_REFERRAL_DECISION_##name

struct walk {
    struct ledger_city city;
    const struct sg_time_limits *l; /* of the city */
    struct client budi;
    struct sg_id slot, seat, item, plan, other;
    int64_t from_ms; /* when the limit began */
};

/* ---- days, counted once more ---- */

static bool works(const struct ledger_city *city, int32_t day)
{
    int32_t since_monday = (day - sg_day_of(2026, 5, 4)) % 7;
    return (since_monday + 7) % 7 < 5 && !sg_lists_holiday(city->lists, day);
}

/* 17:00 of the n-th working day after (step 1) or before (step -1) that day. */
static int64_t working(const struct ledger_city *city, int32_t day, int64_t n, int32_t step)
{
    while (n > 0) {
        day += step;
        n -= works(city, day);
    }
    return sg_day_start_ms(day) + 17 * SG_HOUR_MS;
}

/* ---- what begins them ---- */

typedef void act_fn(struct walk *w);

static void began(struct walk *w)
{
    w->from_ms = w->city.now_ms;
}

static void refer(struct walk *w, PbPriority priority)
{
    PbEnvelope *e = unit_refer(&w->city, &w->budi.referral);
    unit_budi(&w->city, e->referral_submitted->person);
    e->referral_submitted->priority = priority;
    struct outcome o = unit_want("refer", &w->city, e, 0);
    w->budi.case_id = id_of(o.effect->cases[0]->case_id);
    w->budi.person = id_of(o.effect->person->person_id);
    w->other = w->budi.referral;
    began(w);
}

static void refer_emergency(struct walk *w)
{
    refer(w, PB_PRIORITY_EMERGENCY_24H);
}
static void refer_urgent(struct walk *w)
{
    refer(w, PB_PRIORITY_URGENT_72H);
}
static void refer_normal(struct walk *w)
{
    refer(w, PB_PRIORITY_NORMAL_14D);
}

static void ack(struct walk *w)
{
    (void)unit_want("ack", &w->city, story_ack(&w->city, &w->budi.referral, "dinsos", false), 0);
    began(w);
}
static void ack_emergency(struct walk *w)
{
    refer_emergency(w);
    ack(w);
}
static void ack_urgent(struct walk *w)
{
    refer_urgent(w);
    ack(w);
}
static void ack_normal(struct walk *w)
{
    refer_normal(w);
    ack(w);
}

static void accept(struct walk *w)
{
    refer_normal(w);
    (void)unit_want("accept", &w->city,
                    unit_decide(&w->city, &w->budi.referral, "dinsos", DECIDES(ACCEPTED), NULL), 0);
    began(w);
}

static void in_service(struct walk *w)
{
    w->budi = unit_client(&w->city);
    began(w);
}

static void assess_minor(struct walk *w)
{
    in_service(w);
    PbEnvelope *e = unit_assess(&w->city, &w->budi.case_id);
    e->assessment_completed->is_minor = true;
    (void)unit_want("a child", &w->city, e, 0);
}

static void hand_minor(struct walk *w)
{
    assess_minor(w);
    (void)unit_want("hand", &w->city,
                    story_hand(&w->city, "dinsos", &w->budi.case_id, PB_REFERRAL_KIND_TRANSFER,
                               "dpppa", &w->other),
                    0);
}

static void ack_minor(struct walk *w)
{
    hand_minor(w);
    (void)unit_want("ack", &w->city, story_ack(&w->city, &w->other, "dpppa", false), 0);
}

static void offer(struct walk *w)
{
    PbEnvelope *e = story_offer(&w->city, 1, &w->slot);
    e->slot_offered->kit_code = unit_text(&w->city, STORY_KIT);
    (void)unit_want("offer", &w->city, e, 0);
}

static void hold(struct walk *w)
{
    offer(w);
    in_service(w);
    w->seat = unit_seat(&w->city, &w->budi, &w->slot, HOLD);
}

/* The seat of somebody else becomes free while this one waits. */
static void promote_at(struct walk *w, int64_t at_ms)
{
    offer(w);
    struct sg_id first = story_seat(&w->city, &w->slot, ACCEPT);
    in_service(w);
    w->seat = unit_seat(&w->city, &w->budi, &w->slot, HOLD);
    limit_pass_to(&w->city, at_ms);
    story_settle(&w->city, &first, PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER);
    began(w);
}

static void promote_early(struct walk *w)
{
    promote_at(w, w->city.now_ms);
}
static void promote_late(struct walk *w) /* the course begins on 3 June */
{
    promote_at(w, limit_at(6, 4, 9));
}

static void reserve(struct walk *w)
{
    offer(w);
    in_service(w);
    w->seat = unit_seat(&w->city, &w->budi, &w->slot, ACCEPT);
}

static void confirm(struct walk *w)
{
    reserve(w);
    story_settle(&w->city, &w->seat, PB_SEAT_DECISION_CONFIRMED);
}

static void begin_course(struct walk *w)
{
    confirm(w);
    story_begin(&w->city, &w->slot, &w->seat);
    began(w);
}

static void complete(struct walk *w)
{
    w->item = story_item(&w->city);
    begin_course(w);
    story_complete(&w->city, &w->seat);
}

static void lend(struct walk *w)
{
    w->item = story_item(&w->city);
    begin_course(w);
    (void)unit_want("loan", &w->city, story_issue(&w->city, &w->item, &w->seat, LOAN, "B/1"), 0);
    story_complete(&w->city, &w->seat);
}

static void grant(struct walk *w)
{
    if (!w->item.b[0] && !w->item.b[1])
        complete(w);
    (void)unit_want("grant", &w->city, story_issue(&w->city, &w->item, &w->seat, GRANT, "B/1"), 0);
}

static void plan(struct walk *w)
{
    in_service(w);
    w->plan =
        care_set_plan(&w->city, &w->budi.case_id, PLAN_OF(STANDARD_12M), story_today(&w->city));
}

static void ask(struct walk *w)
{
    in_service(w);
    w->other = story_id(&w->city);
    PbEnvelope *e = care_request(&w->city, "dinsos", &w->other, ASKS(ACCESS), ANSWER(RECEIVED));
    care_person(&w->city, e, &w->budi);
    (void)unit_want("ask", &w->city, e, 0);
}

static void withdraw(struct walk *w)
{
    reserve(w);
    PbEnvelope *e =
        care_consent(&w->city, &w->budi.case_id, SAYS(WITHDRAWN), SCOPE(SHARE_WITH_PROVIDER));
    w->other = id_of(e->consent_recorded->consent_id);
    (void)unit_want("withdraw", &w->city, e, 0);
}

/* ---- when their levels are told ---- */

typedef void when_fn(const struct walk *w, int64_t *to);

static int32_t from_day(const struct walk *w)
{
    return sg_day_at(w->from_ms);
}

static void acknowledged_by(const struct walk *w, int64_t due, int64_t *to)
{
    to[0] = due;
    to[1] = working(&w->city, sg_day_at(due), w->l->acknowledge_level2_days, 1);
    to[2] = working(&w->city, sg_day_at(due), w->l->acknowledge_level3_days, 1);
}
static void t01_emergency(const struct walk *w, int64_t *to)
{
    acknowledged_by(w, w->from_ms + w->l->acknowledge_emergency_hours * SG_HOUR_MS, to);
}
static void t01_urgent(const struct walk *w, int64_t *to)
{
    acknowledged_by(w, working(&w->city, from_day(w), w->l->acknowledge_urgent_days, 1), to);
}
static void t01_normal(const struct walk *w, int64_t *to)
{
    acknowledged_by(w, working(&w->city, from_day(w), w->l->acknowledge_normal_days, 1), to);
}
static void t01_minor(const struct walk *w, int64_t *to)
{
    to[0] = w->from_ms + w->l->acknowledge_emergency_hours * SG_HOUR_MS;
    to[1] = to[0] + w->l->minor_level3_hours * SG_HOUR_MS;
}
static void t02_emergency(const struct walk *w, int64_t *to)
{
    to[0] = w->from_ms + w->l->decide_emergency_hours * SG_HOUR_MS;
}
static void t02_urgent(const struct walk *w, int64_t *to)
{
    to[0] = w->from_ms + w->l->decide_urgent_hours * SG_HOUR_MS;
}
static void t02_normal(const struct walk *w, int64_t *to)
{
    to[0] = w->from_ms + w->l->decide_normal_days * SG_DAY_MS;
}
static void t02_minor(const struct walk *w, int64_t *to)
{
    to[0] = w->from_ms + w->l->decide_emergency_hours * SG_HOUR_MS;
    to[1] = to[0] + w->l->minor_level3_hours * SG_HOUR_MS;
}
static void t03(const struct walk *w, int64_t *to)
{
    to[0] = w->from_ms + w->l->assess_days * SG_DAY_MS;
    to[1] = to[0] + w->l->assess_level2_days * SG_DAY_MS;
}
static void t04(const struct walk *w, int64_t *to)
{
    to[0] = w->from_ms + w->l->minor_hours * SG_HOUR_MS;
    to[1] = to[0] + w->l->minor_level3_hours * SG_HOUR_MS;
}
static void warned(const struct walk *w, int64_t hours, int64_t *to)
{
    to[1] = w->from_ms + hours * SG_HOUR_MS;
    to[0] = to[1] - w->l->hold_warning_hours * SG_HOUR_MS;
}
static void t05(const struct walk *w, int64_t *to)
{
    warned(w, 72, to); /* hold_hours of the slot */
}
static void t05_promoted(const struct walk *w, int64_t *to)
{
    warned(w, w->l->hold_promoted_hours, to);
}
static void t05_started(const struct walk *w, int64_t *to)
{
    warned(w, w->l->hold_started_hours, to);
}
static void t06(const struct walk *w, int64_t *to)
{
    to[0] = working(&w->city, from_day(w), w->l->confirm_days, 1);
    to[1] = working(&w->city, sg_day_of(2026, 6, 3), w->l->confirm_before_days, -1);
}
static void t07(const struct walk *w, int64_t *to)
{
    to[0] = working(&w->city, sg_day_of(2026, 6, 3), w->l->start_days, 1);
    to[1] = sg_day_start_ms(sg_day_of(2026, 6, 9)) + w->l->never_started_days * SG_DAY_MS;
}
static void t08(const struct walk *w, int64_t *to)
{
    to[0] = sg_day_start_ms(from_day(w)) + w->l->attendance_days * SG_DAY_MS;
}
static void t09(const struct walk *w, int64_t *to)
{
    to[0] = w->from_ms + w->l->kit_days * SG_DAY_MS;
}
static int64_t checked_by(const struct walk *w, int64_t days)
{
    return sg_day_start_ms(from_day(w)) + (days + w->l->check_tolerance_days + 1) * SG_DAY_MS;
}
static void t10_first(const struct walk *w, int64_t *to)
{
    to[0] = checked_by(w, w->l->check_first_days);
}
static void t10_second(const struct walk *w, int64_t *to)
{
    to[0] = checked_by(w, w->l->check_second_days);
}
static void t10_third(const struct walk *w, int64_t *to)
{
    to[0] = checked_by(w, w->l->check_third_days);
}
static void t10_last(const struct walk *w, int64_t *to)
{
    to[0] = checked_by(w, w->l->check_last_days);
}
static void t10_loan(const struct walk *w, int64_t *to)
{
    to[0] = w->from_ms;
    to[1] = w->from_ms + w->l->return_days * SG_DAY_MS;
}
static void t11(const struct walk *w, int64_t *to) /* of D07, when the last day is over */
{
    to[0] = sg_day_start_ms(from_day(w) + 7 + (int32_t)w->l->visit_days + 1);
    to[1] = to[0] + w->l->visit_level2_days * SG_DAY_MS;
}
static void t11_plan(const struct walk *w, int64_t *to)
{
    to[0] = w->from_ms + w->l->plan_days * SG_DAY_MS;
    to[1] = to[0] + w->l->visit_level2_days * SG_DAY_MS;
}
static void t12(const struct walk *w, int64_t *to)
{
    to[0] = w->from_ms + w->l->idle_days * SG_DAY_MS;
}
static void t13(const struct walk *w, int64_t *to)
{
    to[0] = w->from_ms + w->l->request_hours * SG_HOUR_MS;
}
static void t14(const struct walk *w, int64_t *to)
{
    to[0] = w->from_ms + w->l->executed_hours * SG_HOUR_MS;
}

#endif
