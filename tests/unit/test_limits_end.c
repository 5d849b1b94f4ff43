/* What ends a time limit: told as cleared exactly once if it was told, else nobody hears of it. */
#include "unit/limit_unit.h"

#define RESULT(name) PB_PLACEMENT_ENDED__RESULT_##name
#define DECISION(name) PB_REFERRAL_DECISION_##name

struct scene {
    struct ledger_city city;
    struct client budi;
    struct sg_id slot, seat, item;
    uint64_t e01;
    const char *rule; /* the limit that is looked at, of that object */
    struct sg_id id;
    PbDeadlineRow before; /* as it stands right before its end */
    uint64_t last;        /* record before the end */
};

static void mark(struct scene *s)
{
    const PbDeadlineRow *row = story_deadline(&s->city, s->rule, &s->id);
    if (!row)
        fail_msg("%s: does not run", s->rule);
    s->before = *row;
    s->last = s->city.last_seq;
}

/* An end that needs another day. */
static void let_pass(struct scene *s, int32_t day)
{
    if (story_today(&s->city) < day)
        story_until(&s->city, day, 9);
    mark(s);
}

/* ---- beginnings: each returns the object that the rule is about ---- */

typedef struct sg_id begin_fn(struct scene *s);

static struct sg_id referred(struct scene *s)
{
    s->e01 = s->city.last_seq + 1;
    s->budi = unit_new_case(&s->city);
    return s->budi.referral;
}

static struct sg_id acknowledged(struct scene *s)
{
    (void)referred(s);
    (void)unit_want("ack", &s->city, story_ack(&s->city, &s->budi.referral, "dinsos", false), 0);
    return s->budi.referral;
}

static struct sg_id admitted(struct scene *s)
{
    (void)referred(s);
    (void)unit_want("ack", &s->city, story_ack(&s->city, &s->budi.referral, "dinsos", true), 0);
    return s->budi.case_id;
}

static void decided(struct scene *s, PbReferralDecision decision)
{
    (void)unit_want("decide", &s->city,
                    unit_decide(&s->city, &s->budi.referral, "dinsos", decision,
                                decision == DECISION(REDIRECTED) ? "dpppa" : NULL),
                    0);
}

static struct sg_id accepted(struct scene *s)
{
    (void)referred(s);
    decided(s, DECISION(ACCEPTED));
    return s->budi.case_id;
}

static struct sg_id reserved(struct scene *s)
{
    PbEnvelope *e = story_offer(&s->city, 1, &s->slot);
    e->slot_offered->kit_code = unit_text(&s->city, STORY_KIT);
    (void)unit_want("offer", &s->city, e, 0);
    s->budi = unit_client(&s->city);
    s->seat = unit_seat(&s->city, &s->budi, &s->slot, ACCEPT);
    return s->seat;
}

static struct sg_id confirmed(struct scene *s)
{
    (void)reserved(s);
    story_settle(&s->city, &s->seat, PB_SEAT_DECISION_CONFIRMED);
    return s->seat;
}

static struct sg_id occupied(struct scene *s)
{
    (void)confirmed(s);
    story_begin(&s->city, &s->slot, &s->seat);
    return s->seat;
}

static struct sg_id completed(struct scene *s)
{
    (void)occupied(s);
    story_complete(&s->city, &s->seat);
    return s->seat;
}

static struct sg_id granted(struct scene *s)
{
    (void)completed(s);
    s->item = story_item(&s->city);
    (void)unit_want("grant", &s->city, story_issue(&s->city, &s->item, &s->seat, GRANT, "B/1"), 0);
    return s->item;
}

static struct sg_id lent(struct scene *s)
{
    (void)occupied(s);
    s->item = story_item(&s->city);
    (void)unit_want("loan", &s->city, story_issue(&s->city, &s->item, &s->seat, LOAN, "B/1"), 0);
    story_complete(&s->city, &s->seat);
    city_pass(&s->city, 0); /* told at once */
    return s->item;
}

/* ---- ends ---- */

typedef void end_fn(struct scene *s);

static void by_ack(struct scene *s)
{
    (void)unit_want("ack", &s->city, story_ack(&s->city, &s->budi.referral, "dinsos", false), 0);
}
static void by_accept(struct scene *s)
{
    decided(s, DECISION(ACCEPTED));
}
static void by_decline(struct scene *s)
{
    decided(s, DECISION(DECLINED));
}
static void by_redirect(struct scene *s)
{
    decided(s, DECISION(REDIRECTED));
}
static void by_annul(struct scene *s)
{
    (void)unit_want("annul", &s->city, story_annul(&s->city, "satpolpp", s->e01), 0);
}
static void by_assessment(struct scene *s)
{
    (void)unit_want("assess", &s->city, unit_assess(&s->city, &s->budi.case_id), 0);
}
static void by_transfer(struct scene *s)
{
    struct sg_id id;
    (void)unit_want(
        "hand", &s->city,
        story_hand(&s->city, "dinsos", &s->budi.case_id, PB_REFERRAL_KIND_TRANSFER, "dpppa", &id),
        0);
    (void)unit_want("take", &s->city, unit_decide(&s->city, &id, "dpppa", DECISION(ACCEPTED), NULL),
                    0);
}
static void by_confirm(struct scene *s)
{
    story_settle(&s->city, &s->seat, PB_SEAT_DECISION_CONFIRMED);
}
static void by_withdraw(struct scene *s)
{
    story_settle(&s->city, &s->seat, PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER);
}
static void by_provider(struct scene *s)
{
    story_settle(&s->city, &s->seat, PB_SEAT_DECISION_DECLINED_BY_PROVIDER);
}
static void by_cancel(struct scene *s)
{
    (void)unit_want("cancel", &s->city, story_cancel(&s->city, &s->slot, NULL), 0);
}
static void by_start(struct scene *s)
{
    int32_t first = slot_start_day(story_slot_row(&s->city, &s->slot));
    let_pass(s, first);
    (void)unit_want("start", &s->city, story_start(&s->city, &s->seat, first), 0);
}
static void by_no_show(struct scene *s)
{
    int32_t first = slot_start_day(story_slot_row(&s->city, &s->slot));
    let_pass(s, first);
    (void)unit_want("no show", &s->city, story_end(&s->city, &s->seat, first, RESULT(NO_SHOW)), 0);
}
static void by_attendance(struct scene *s)
{
    int32_t first = slot_start_day(story_slot_row(&s->city, &s->slot));
    (void)unit_want("attend", &s->city, story_attend(&s->city, &s->seat, first, first), 0);
}
static void by_completion(struct scene *s)
{
    story_complete(&s->city, &s->seat);
}
static void by_dropping_out(struct scene *s)
{
    (void)unit_want("drop out", &s->city,
                    story_end(&s->city, &s->seat, story_today(&s->city), RESULT(DROPPED_OUT)), 0);
}
static void by_grant(struct scene *s)
{
    struct sg_id item = story_item(&s->city);
    (void)unit_want("grant", &s->city, story_issue(&s->city, &item, &s->seat, GRANT, "B/2"), 0);
}
static void by_keeping(struct scene *s)
{
    (void)unit_want("keep", &s->city, story_issue(&s->city, &s->item, &s->seat, GRANT, "B/1"), 0);
}
static void by_check(struct scene *s)
{
    let_pass(s, sg_day_of(2026, 6, 3) + 16); /* two weeks before the first check */
    (void)unit_want("check", &s->city,
                    story_check(&s->city, &s->item, FINDING(IN_USE), ACTION(NONE)), 0);
}
static void by_return(struct scene *s)
{
    (void)unit_want("return", &s->city,
                    story_check(&s->city, &s->item, FINDING(RETURNED), ACTION(NONE)), 0);
}
static void by_write_off(struct scene *s)
{
    (void)unit_want("write off", &s->city,
                    story_check(&s->city, &s->item, FINDING(DAMAGED), ACTION(WRITE_OFF)), 0);
}

/* ---- every rule and what ends it ---- */

static const struct row {
    const char *rule, *name;
    begin_fn *begin;
    end_fn *end;
    bool again; /* it begins anew, untold */
} rows[] = {
    /* clang-format off */
    {RULE_ACKNOWLEDGE, "E02", referred, by_ack, false},
    {RULE_ACKNOWLEDGE, "E03 ACCEPTED", referred, by_accept, false},
    {RULE_ACKNOWLEDGE, "E03 DECLINED", referred, by_decline, false},
    {RULE_ACKNOWLEDGE, "E03 REDIRECTED", referred, by_redirect, true},
    {RULE_ACKNOWLEDGE, "E24", referred, by_annul, false},
    {RULE_DECIDE, "E03 ACCEPTED", acknowledged, by_accept, false},
    {RULE_DECIDE, "E03 DECLINED", acknowledged, by_decline, false},
    {RULE_DECIDE, "E03 REDIRECTED", acknowledged, by_redirect, false},
    {RULE_DECIDE, "E24", acknowledged, by_annul, false},
    {RULE_ASSESS, "E05", accepted, by_assessment, false},
    {RULE_ASSESS, "TRANSFER", accepted, by_transfer, false},
    {RULE_ASSESS, "E03 DECLINED", admitted, by_decline, false},
    {RULE_ASSESS, "E03 REDIRECTED", admitted, by_redirect, false},
    {RULE_ASSESS, "E24", admitted, by_annul, false},
    {RULE_CONFIRM, "E12 CONFIRMED", reserved, by_confirm, false},
    {RULE_CONFIRM, "E12 WITHDRAWN", reserved, by_withdraw, false},
    {RULE_CONFIRM, "E12 DECLINED", reserved, by_provider, false},
    {RULE_CONFIRM, "E13", reserved, by_start, false},
    {RULE_CONFIRM, "NO_SHOW", reserved, by_no_show, false},
    {RULE_CONFIRM, "E10", reserved, by_cancel, false},
    {RULE_START, "E13", confirmed, by_start, false},
    {RULE_START, "NO_SHOW", confirmed, by_no_show, false},
    {RULE_START, "E12 WITHDRAWN", confirmed, by_withdraw, false},
    {RULE_START, "E10", confirmed, by_cancel, false},
    {RULE_ATTENDANCE, "E14", occupied, by_attendance, true},
    {RULE_ATTENDANCE, "COMPLETED", occupied, by_completion, false},
    {RULE_ATTENDANCE, "DROPPED_OUT", occupied, by_dropping_out, false},
    {RULE_ATTENDANCE, "E10", occupied, by_cancel, false},
    {RULE_KIT, "E17", completed, by_grant, false},
    {"T10-1", "E18", granted, by_check, false},
    {"T10-1", "RETURNED", granted, by_return, false},
    {"T10-1", "WRITE_OFF", granted, by_write_off, false},
    {RULE_RETURN, "E17", lent, by_keeping, false},
    {RULE_RETURN, "RETURNED", lent, by_return, false},
    {RULE_RETURN, "WRITE_OFF", lent, by_write_off, false},
}; /* clang-format on */

static void check_cleared(const char *name, struct scene *s, bool again)
{
    struct city_record d2;
    const PbDeadlineMissed *cleared = limit_told(&s->city, s->last, s->rule, &s->id, &d2);
    bool told = s->before.reached != 0;
    if ((cleared != NULL) != told)
        fail_msg("%s: cleared %d", name, cleared != NULL);
    if (cleared && (!cleared->cleared || cleared->level != deadline_level(&s->before) ||
                    sg_ms_of(cleared->due_at) != s->before.due_ms))
        fail_msg("%s: the D2 says something else", name);
    const PbDeadlineRow *after = story_deadline(&s->city, s->rule, &s->id);
    if ((after != NULL) != again || (after && after->reached))
        fail_msg("%s: it runs %d", name, after != NULL);
    if (again || strncmp(s->rule, "T10", 3) == 0)
        return; /* the other checks of an item go on */
    uint64_t last = s->city.last_seq;
    city_pass(&s->city, 400 * SG_DAY_MS);
    if (limit_told(&s->city, last, s->rule, &s->id, &d2))
        fail_msg("%s: told after its end", name);
}

static void what_was_told_is_cleared_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++)
        for (int told = 0; told < 2; told++) {
            struct scene s;
            char name[64];
            (void)snprintf(name, sizeof name, "%s, %s, told %d", rows[i].rule, rows[i].name, told);
            city_open(&s.city);
            s.rule = rows[i].rule;
            s.id = rows[i].begin(&s);
            mark(&s);
            if (told) {
                limit_pass_to(&s.city, story_deadline(&s.city, s.rule, &s.id)->levels_ms[0]);
                mark(&s);
                assert_int_equal(s.before.reached, 1);
            }
            rows[i].end(&s);
            check_cleared(name, &s, rows[i].again);
            city_refold(&s.city);
            city_close(&s.city);
        }
}

/* ---- what goes along with a case ---- */

/* The time limits of a placement that was handed over are told to the new owner. */
static void limits_go_along_with_a_transfer(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *responsible;
        begin_fn *begin;
        bool told; /* before the transfer */
    } moved[] = {{RULE_CONFIRM, "disnaker", reserved, false},
                 {RULE_CONFIRM, "disnaker", reserved, true},
                 {RULE_START, "disnaker", confirmed, false},
                 {RULE_ATTENDANCE, "disnaker", occupied, false},
                 {RULE_ATTENDANCE, "disnaker", occupied, true},
                 {RULE_RETURN, "dpppa", lent, false},
                 {RULE_RETURN, "dpppa", lent, true}};
    for (size_t i = 0; i < SG_ARRAY_LEN(moved); i++) {
        struct scene s;
        struct city_record d2;
        city_open(&s.city);
        struct sg_id id = moved[i].begin(&s);
        const PbDeadlineRow *row = story_deadline(&s.city, moved[i].rule, &id);
        size_t count = row->n_levels_ms, reached = row->reached;
        if (moved[i].told) {
            limit_pass_to(&s.city, row->levels_ms[0]);
            reached = 1;
        }
        by_transfer(&s);
        row = story_deadline(&s.city, moved[i].rule, &id);
        if (!row || row->n_levels_ms != count || row->reached < reached)
            fail_msg("%s: it does not go on", moved[i].rule);
        if (strcmp(row->case_owner, "dpppa") != 0 ||
            strcmp(row->responsible, moved[i].responsible) != 0)
            fail_msg("%s: binds %s for %s", moved[i].rule, row->responsible, row->case_owner);
        if (row->reached == count) {
            city_close(&s.city);
            continue; /* all was told already */
        }
        uint64_t last = s.city.last_seq;
        limit_pass_to(&s.city, row->levels_ms[row->reached]);
        if (!limit_told(&s.city, last, moved[i].rule, &id, &d2))
            fail_msg("%s: is not told", moved[i].rule);
        assert_true(city_relations(&d2, "dpppa") & RELATION_CASE_OWNER);
        assert_int_equal(city_relations(&d2, "dinsos"), 0);
        city_refold(&s.city);
        city_close(&s.city);
    }
}

UNIT_MAIN(cmocka_unit_test(what_was_told_is_cleared_once),
          cmocka_unit_test(limits_go_along_with_a_transfer))
