/* Time limits T01 to T10: the moment of every level, working days and hours, who is told. */
#include "unit/limit_unit.h"

#define RESULT(name) PB_PLACEMENT_ENDED__RESULT_##name
#define EMERGENCY PB_PRIORITY_EMERGENCY_24H
#define URGENT PB_PRIORITY_URGENT_72H
#define NORMAL PB_PRIORITY_NORMAL_14D

struct moment {
    int32_t month, day;
    int hour; /* WIB */
};

static int64_t at(struct moment m)
{
    return m.month ? limit_at(m.month, m.day, m.hour) : 0;
}

static void all_at(const struct moment *moments, int64_t *out)
{
    for (int i = 0; i < LIMIT_LEVELS; i++)
        out[i] = at(moments[i]);
}

static struct client refer(struct ledger_city *city, PbPriority priority)
{
    struct client client;
    PbEnvelope *e = unit_refer(city, &client.referral);
    unit_budi(city, e->referral_submitted->person);
    e->referral_submitted->priority = priority;
    struct outcome o = unit_want("refer", city, e, 0);
    client.case_id = id_of(o.effect->cases[0]->case_id);
    client.person = id_of(o.effect->person->person_id);
    return client;
}

/* ---- T01, T02, T03 ---- */

/* 2026-05-04 is a Monday; the 14th is a holiday, as are 27 May and 1 June. */
static void acknowledge_in_time(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        PbPriority priority;
        struct moment from, levels[LIMIT_LEVELS];
    } rows[] = {
        /* clang-format off */
        {"emergency", EMERGENCY, {5, 4, 8}, {{5, 4, 12}, {5, 5, 17}, {5, 7, 17}}},
        {"emergency, Friday night", EMERGENCY, {5, 8, 22}, {{5, 9, 2}, {5, 11, 17}, {5, 13, 17}}},
        {"urgent", URGENT, {5, 4, 8}, {{5, 5, 17}, {5, 6, 17}, {5, 8, 17}}},
        {"urgent, after hours", URGENT, {5, 4, 23}, {{5, 5, 17}, {5, 6, 17}, {5, 8, 17}}},
        {"urgent, Friday", URGENT, {5, 8, 8}, {{5, 11, 17}, {5, 12, 17}, {5, 15, 17}}},
        {"urgent, Saturday", URGENT, {5, 9, 8}, {{5, 11, 17}, {5, 12, 17}, {5, 15, 17}}},
        {"urgent, before a holiday", URGENT, {5, 13, 8}, {{5, 15, 17}, {5, 18, 17}, {5, 20, 17}}},
        {"normal", NORMAL, {5, 4, 8}, {{5, 7, 17}, {5, 8, 17}, {5, 12, 17}}},
        {"normal, over a holiday", NORMAL, {5, 12, 8}, {{5, 18, 17}, {5, 19, 17}, {5, 21, 17}}},
    }; /* clang-format on */
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ledger_city city;
        int64_t levels[LIMIT_LEVELS];
        city_open(&city);
        limit_pass_to(&city, at(rows[i].from));
        struct client budi = refer(&city, rows[i].priority);
        all_at(rows[i].levels, levels);
        limit_run(rows[i].name, &city, RULE_ACKNOWLEDGE, &budi.referral, levels, 1, "dinsos");
        uint64_t last = city.last_seq;
        city_pass(&city, 60 * SG_DAY_MS);
        assert_int_equal(unit_notices(&city, last, RULE_ACKNOWLEDGE), 0); /* no level is left */
        const PbReferralRow *row = city_row(&city, TABLE_REFERRALS, &budi.referral);
        assert_int_equal(row->state, PB_REFERRAL_STATE_SUBMITTED); /* it only tells */
        city_refold(&city);
        city_close(&city);
    }
}

static void decide_in_time(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        PbPriority priority;
        struct moment levels[LIMIT_LEVELS];
    } rows[] = {{"emergency", EMERGENCY, {{5, 9, 22}}},
                {"urgent", URGENT, {{5, 11, 22}}},
                {"normal", NORMAL, {{5, 22, 22}}}};
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ledger_city city;
        int64_t levels[LIMIT_LEVELS];
        city_open(&city);
        struct client budi = refer(&city, rows[i].priority);
        limit_pass_to(&city, limit_at(5, 8, 22)); /* Friday night */
        (void)unit_want("ack", &city, story_ack(&city, &budi.referral, "dinsos", false), 0);
        all_at(rows[i].levels, levels);
        limit_run(rows[i].name, &city, RULE_DECIDE, &budi.referral, levels, 1, "dinsos");
        city_refold(&city);
        city_close(&city);
    }
}

/* From when the person is in the shelter: handed over, else acknowledged; else from ACCEPTED. */
static void assess_in_time(void **state)
{
    (void)state;
    enum { ADMITTED, HANDED_LATER, NOT_HANDED, NOT_ADMITTED, ONLY_ACCEPTED, WAYS };
    static const struct {
        const char *name;
        struct moment levels[LIMIT_LEVELS];
    } rows[WAYS] = {
        [ADMITTED] = {"admitted, handed over before", {{5, 11, 6}, {5, 12, 6}}},
        [HANDED_LATER] = {"handed over in the future", {{5, 12, 9}, {5, 13, 9}}},
        [NOT_HANDED] = {"admitted, not handed over", {{5, 12, 9}, {5, 13, 9}}},
        [NOT_ADMITTED] = {"acknowledged, then accepted", {{5, 13, 10}, {5, 14, 10}}},
        [ONLY_ACCEPTED] = {"accepted", {{5, 13, 10}, {5, 14, 10}}},
    };
    for (int i = 0; i < WAYS; i++) {
        struct ledger_city city;
        struct client budi;
        int64_t levels[LIMIT_LEVELS];
        city_open(&city);
        PbEnvelope *e = unit_refer(&city, &budi.referral);
        int64_t handed = i == HANDED_LATER ? limit_at(5, 6, 9) : limit_at(5, 4, 6);
        e->referral_submitted->handed_over_at = i == NOT_HANDED ? NULL : story_time(&city, handed);
        struct outcome o = unit_want("refer", &city, e, 0);
        budi.case_id = id_of(o.effect->cases[0]->case_id);
        limit_pass_to(&city, limit_at(5, 5, 9));
        if (i != ONLY_ACCEPTED)
            (void)unit_want("ack", &city,
                            story_ack(&city, &budi.referral, "dinsos", i != NOT_ADMITTED), 0);
        limit_pass_to(&city, limit_at(5, 6, 10));
        (void)unit_want(
            "accept", &city,
            unit_decide(&city, &budi.referral, "dinsos", PB_REFERRAL_DECISION_ACCEPTED, NULL), 0);
        all_at(rows[i].levels, levels);
        limit_run(rows[i].name, &city, RULE_ASSESS, &budi.case_id, levels, 1, "dinsos");
        city_refold(&city);
        city_close(&city);
    }
}

/* ---- T06, T07 ---- */

/* A course from Wednesday 3 June, with late entry to Monday 8 June; registration to 31 May. */
static void confirm_in_time(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct moment from, levels[LIMIT_LEVELS];
    } rows[] = {
        {"long before", {5, 4, 8}, {{5, 7, 17}, {5, 29, 17}}},
        {"over a holiday", {5, 12, 8}, {{5, 18, 17}, {5, 29, 17}}},
        {"the same evening", {5, 25, 8}, {{5, 29, 17}}}, /* 26, 28, 29 May */
        {"the start comes first", {5, 28, 8}, {{5, 29, 17}, {6, 3, 17}}},
        {"two days before are over", {5, 30, 8}, {{6, 4, 17}}},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ledger_city city;
        int64_t levels[LIMIT_LEVELS];
        city_open(&city);
        struct sg_id slot = story_slot(&city, 1);
        limit_pass_to(&city, at(rows[i].from));
        struct sg_id seat = story_seat(&city, &slot, ACCEPT);
        all_at(rows[i].levels, levels);
        limit_run(rows[i].name, &city, RULE_CONFIRM, &seat, levels, 1, "disnaker");
        assert_int_equal(unit_seat_state(&city, &seat), PB_ALLOCATION_STATE_RESERVED); /* kept */
        city_refold(&city);
        city_close(&city);
    }
}

/* Level 2 takes the seat back. The record before it is the D1. */
static void start_in_time(void **state)
{
    (void)state;
    for (int confirmed = 0; confirmed < 2; confirmed++) {
        struct ledger_city city;
        struct city_record d2;
        city_open(&city);
        struct sg_id slot = story_slot(&city, 1);
        struct sg_id seat = story_seat(&city, &slot, ACCEPT);
        if (confirmed)
            story_settle(&city, &seat, PB_SEAT_DECISION_CONFIRMED);
        const int64_t levels[LIMIT_LEVELS] = {limit_at(6, 8, 17), limit_at(6, 23, 0)};
        limit_run("start", &city, RULE_START, &seat, levels, 1, "disnaker");
        assert_int_equal(unit_seat_state(&city, &seat), PB_ALLOCATION_STATE_FORFEITED);
        const PbAllocationRow *row = city_row(&city, TABLE_ALLOCATIONS, &seat);
        assert_false(row->has_result); /* NEVER_STARTED */
        assert_int_equal(story_slot_row(&city, &slot)->live, 0);
        struct city_record d1 = {0};
        uint64_t seq = city.last_seq;
        while (!city_record(&city, seq).event.envelope->seat_allocation_changed)
            seq--;
        d1 = city_record(&city, seq);
        assert_int_equal(d1.event.envelope->seat_allocation_changed->change,
                         PB_SEAT_CHANGE_FORFEITED);
        const PbDeadlineMissed *cleared = limit_told(&city, seq, RULE_CONFIRM, &seat, &d2);
        assert_int_equal(cleared != NULL, !confirmed); /* T06, which was told, binds no longer */
        assert_null(story_deadline(&city, RULE_START, &seat));
        city_refold(&city);
        city_close(&city);
    }
}

/* Whoever got the seat after the start has three working days from then on. */
static void a_late_seat_starts_later(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct sg_id slot = story_slot(&city, 1);
    struct sg_id first = story_seat(&city, &slot, ACCEPT);
    struct sg_id seat = story_seat(&city, &slot, ACCEPT);
    limit_pass_to(&city, limit_at(6, 5, 9));
    story_settle(&city, &first, PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER);
    story_settle(&city, &seat, PB_SEAT_DECISION_PERSON_ACCEPTED);
    const int64_t levels[LIMIT_LEVELS] = {limit_at(6, 10, 17), limit_at(6, 23, 0)};
    limit_run("late", &city, RULE_START, &seat, levels, 1, "disnaker");
    city_refold(&city);
    city_close(&city);
}

/* ---- T08, T09 ---- */

static void attendance_in_time(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct sg_id slot = story_slot(&city, 1);
    struct client budi = unit_client(&city);
    struct sg_id seat = story_occupied(&city, &budi, &slot);
    const int64_t first[LIMIT_LEVELS] = {limit_at(6, 13, 0)}; /* from the first day */
    limit_run("the first", &city, RULE_ATTENDANCE, &seat, first, 1, "disnaker");
    uint64_t last = city.last_seq;
    struct city_record d2;
    (void)unit_want("attend", &city,
                    story_attend(&city, &seat, sg_day_of(2026, 6, 3), sg_day_of(2026, 6, 9)), 0);
    const PbDeadlineMissed *told = limit_told(&city, last, RULE_ATTENDANCE, &seat, &d2);
    assert_true(told && told->cleared && told->level == 1);
    const int64_t next[LIMIT_LEVELS] = {limit_at(6, 23, 0)}; /* and again from the report on */
    limit_run("the next", &city, RULE_ATTENDANCE, &seat, next, 1, "disnaker");
    city_refold(&city);
    city_close(&city);
}

/* Whoever registers such kits owes one; if nobody does, the case owner asks around. */
static void a_kit_in_time(void **state)
{
    (void)state;
    enum { OF_DPPPA, OF_NOBODY, NO_KIT, NOT_COMPLETED, WAYS };
    for (int way = 0; way < WAYS; way++) {
        struct ledger_city city;
        struct sg_id slot, item;
        city_open(&city);
        PbEnvelope *e = story_offer(&city, 1, &slot);
        e->slot_offered->kit_code = way == NO_KIT ? NULL : unit_text(&city, STORY_KIT);
        (void)unit_want("offer", &city, e, 0);
        if (way == OF_DPPPA) {
            e = story_register(&city, &item);
            e->publisher_agency = unit_text(&city, "dpppa");
            (void)unit_want("register", &city, e, 0);
        }
        struct client budi = unit_client(&city);
        struct sg_id seat = story_occupied(&city, &budi, &slot);
        (void)unit_want("end", &city,
                        story_end(&city, &seat, story_today(&city),
                                  way == NOT_COMPLETED ? RESULT(DROPPED_OUT) : RESULT(COMPLETED)),
                        0);
        const int64_t levels[LIMIT_LEVELS] = {limit_at(7, 3, 9)};
        if (way >= NO_KIT)
            assert_null(story_deadline(&city, RULE_KIT, &seat));
        else
            limit_run("kit", &city, RULE_KIT, &seat, levels, 1,
                      way == OF_DPPPA ? "dpppa" : "dinsos");
        city_refold(&city);
        city_close(&city);
    }
}

/* ---- T10 ---- */

static void a_granted_item_is_checked_in_time(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        int32_t days;
    } rows[] = {{"T10-1", 30}, {"T10-2", 90}, {"T10-3", 180}, {"T10-4", 365}};
    struct ledger_city city;
    city_open(&city);
    struct sg_id slot = story_slot(&city, 1), item = story_item(&city);
    struct client budi = unit_client(&city);
    struct sg_id seat = story_occupied(&city, &budi, &slot);
    story_complete(&city, &seat);
    int32_t day = story_today(&city);
    (void)unit_want("grant", &city, story_issue(&city, &item, &seat, GRANT, "B/1"), 0);
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        /* Two weeks before and after; missed when the last day is over. */
        const int64_t levels[LIMIT_LEVELS] = {sg_day_start_ms(day + rows[i].days + 15)};
        assert_true(story_deadline(&city, rows[i].rule, &item)->due_ms ==
                    sg_day_start_ms(day + rows[i].days));
        limit_run(rows[i].rule, &city, rows[i].rule, &item, levels, 1, "dinsos");
    }
    city_refold(&city);
    city_close(&city);
}

static void a_check_counts_for_the_days_around_it(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int32_t day;
        size_t left; /* of the four */
    } rows[] = {{"too early", 15, 4}, {"two weeks before", 16, 3},  {"two weeks after", 44, 3},
                {"between", 75, 3},   {"before the second", 76, 2}, {"before the last", 350, 1},
                {"the last", 351, 0}};
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ledger_city city;
        city_open(&city);
        struct sg_id slot = story_slot(&city, 1), item = story_item(&city);
        struct client budi = unit_client(&city);
        struct sg_id seat = story_occupied(&city, &budi, &slot);
        story_complete(&city, &seat);
        int32_t day = story_today(&city);
        (void)unit_want("grant", &city, story_issue(&city, &item, &seat, GRANT, "B/1"), 0);
        story_until(&city, day + rows[i].day, 9);
        (void)unit_want("check", &city, story_check(&city, &item, FINDING(IN_USE), ACTION(NONE)),
                        0);
        size_t left = 0;
        static const char *const rules[] = {"T10-1", "T10-2", "T10-3", "T10-4"};
        for (size_t k = 0; k < SG_ARRAY_LEN(rules); k++)
            left += story_deadline(&city, rules[k], &item) != NULL;
        if (left != rows[i].left)
            fail_msg("%s: %zu are left", rows[i].name, left);
        city_refold(&city);
        city_close(&city);
    }
}

/* What is on loan when the placement ends is told at once (level 0), and missed after 7 days. */
static void a_loan_comes_back_in_time(void **state)
{
    (void)state;
    for (int result = RESULT(COMPLETED); result <= RESULT(DECEASED); result++) {
        struct ledger_city city;
        struct city_record d2;
        if (result == RESULT(NO_SHOW))
            continue; /* nothing is lent to whoever never came */
        city_open(&city);
        struct sg_id slot = story_slot(&city, 1), item = story_item(&city);
        struct client budi = unit_client(&city);
        struct sg_id seat = story_occupied(&city, &budi, &slot);
        (void)unit_want("loan", &city, story_issue(&city, &item, &seat, LOAN, "B/1"), 0);
        assert_null(story_deadline(&city, RULE_RETURN, &item)); /* not while it is needed */
        (void)unit_want(
            "end", &city,
            story_end(&city, &seat, story_today(&city), (PbPlacementEnded__Result)result), 0);
        int64_t end_ms = city.now_ms;
        uint64_t last = city.last_seq;
        city_pass(&city, 0);
        const PbDeadlineMissed *told = limit_told(&city, last, RULE_RETURN, &item, &d2);
        assert_true(told && sg_ms_of(told->due_at) == end_ms + 7 * SG_DAY_MS);
        limit_check("at once", &d2, 0, "dinsos", "dinsos");
        last = city.last_seq;
        city_pass(&city, 7 * SG_DAY_MS - 1);
        assert_null(limit_told(&city, last, RULE_RETURN, &item, &d2));
        city_pass(&city, 1);
        assert_non_null(limit_told(&city, last, RULE_RETURN, &item, &d2));
        limit_check("missed", &d2, 1, "dinsos", "dinsos");
        assert_int_equal(story_item_state(&city, &item), PB_ITEM_STATE_ON_LOAN);
        city_refold(&city);
        city_close(&city);
    }
}

UNIT_MAIN(cmocka_unit_test(acknowledge_in_time), cmocka_unit_test(decide_in_time),
          cmocka_unit_test(assess_in_time), cmocka_unit_test(confirm_in_time),
          cmocka_unit_test(start_in_time), cmocka_unit_test(a_late_seat_starts_later),
          cmocka_unit_test(attendance_in_time), cmocka_unit_test(a_kit_in_time),
          cmocka_unit_test(a_granted_item_is_checked_in_time),
          cmocka_unit_test(a_check_counts_for_the_days_around_it),
          cmocka_unit_test(a_loan_comes_back_in_time))
