/* E19, E20, T11: checkpoints of each template written down as tables, visits that do them, and how
 * a plan ends. */
#include "unit/care_unit.h"

#define RESULT(name) PB_PLACEMENT_ENDED__RESULT_##name
#define STATE(name) PB_CASE_STATE_##name
#define PLAN(name) PB_PLAN_STATE_##name

/* ---- checkpoints ---- */

/* Days after the course, or after the plan has begun when there was none. */
static const char standard[] = "D07+7 D14+14 D21+21 D28+28 D45+45 D60+60 D75+75 D90+90 ";
static const char intensive[] = "D07+7 D14+14 D21+21 D28+28 D35+35 D42+42 D49+49 D56+56 D63+63 "
                                "D70+70 D77+77 D84+84 ";

/* The course of story_offer: from 3 June (Wednesday) to 13 July 2026, 40 days. */
static const char *const training[] = {
    [PLAN_OF(STANDARD_12M)] = "W2+14 W4+28",
    [PLAN_OF(INTENSIVE)] = "W1+7 W2+14 W3+21 W4+28 W5+35",
};

static void want_aftercare(const char *name, struct ledger_city *city, const struct sg_id *plan,
                           int template, const char *before, int32_t from, const char *months)
{
    char want[1024];
    (void)snprintf(want, sizeof want, "%s%s%s", before,
                   template == PLAN_OF(STANDARD_12M) ? standard : intensive, months);
    care_text(name, care_checkpoints(city, plan, from), want);
}

/* Months from the day that after-care begins, as days after it; what a month does not have becomes
 * its last day. */
static void months_of_every_template(void **state)
{
    (void)state;
    static const struct {
        int32_t month, day;
        const char *standard, *intensive;
    } rows[] = {
        /* clang-format off */
        {5, 4, "M04+123 M05+153 M06+184 M09+276 M12+365",
         "M04+123 M05+153 M06+184 M07+214 M08+245 M09+276 M10+304 M11+335 M12+365"},
        /* 31 May: 30 September, 31 October, 30 November, 28 February, 31 May */
        {5, 31, "M04+122 M05+153 M06+183 M09+273 M12+365",
         "M04+122 M05+153 M06+183 M07+214 M08+245 M09+273 M10+304 M11+334 M12+365"},
        /* 31 October: 28 February, 31 March, 30 April, 31 July, 31 October */
        {10, 31, "M04+120 M05+151 M06+181 M09+273 M12+365",
         "M04+120 M05+151 M06+181 M07+212 M08+242 M09+273 M10+304 M11+334 M12+365"},
        /* 30 November: 30 March, 30 April, 30 May, 30 August */
        {11, 30, "M04+120 M05+151 M06+181 M09+273 M12+365",
         "M04+120 M05+151 M06+181 M07+212 M08+242 M09+273 M10+304 M11+334 M12+365"},
    }; /* clang-format on */
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++)
        for (int t = PLAN_OF(STANDARD_12M); t <= PLAN_OF(INTENSIVE); t++) {
            struct ledger_city city;
            city_open(&city);
            struct client budi = unit_client(&city);
            int32_t from = sg_day_of(2026, rows[i].month, rows[i].day);
            struct sg_id plan =
                care_set_plan(&city, &budi.case_id, (PbMentoringPlanSet__Template)t, from);
            want_aftercare("without a course", &city, &plan, t, "", from,
                           t == PLAN_OF(STANDARD_12M) ? rows[i].standard : rows[i].intensive);
            assert_int_equal(unit_case_state(&city, &budi.case_id), STATE(AFTERCARE));
            city_refold(&city);
            city_close(&city);
        }
}

/* 31 October and 31 December over a leap year: the 29th of February 2028. */
static void a_month_that_is_too_short(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct client budi = unit_client(&city);
    int32_t from = sg_day_of(2027, 10, 31);
    struct sg_id plan = care_set_plan(&city, &budi.case_id, PLAN_OF(STANDARD_12M), from);
    want_aftercare("leap year", &city, &plan, PLAN_OF(STANDARD_12M), "", from,
                   "M04+121 M05+152 M06+182 M09+274 M12+366");
    city_close(&city);
}

enum way { IN_TRAINING, BEFORE, AFTER_BY_DATE, LATE_IN_TRAINING, WAYS };

/* A plan of every template, set at these moments, through a course that ends in this way. */
static void a_plan_goes_with_the_course(void **state)
{
    (void)state;
    static const char months[] = "M04+123 M05+153 M06+184 M09+274 M12+365";
    static const char every[] =
        "M04+123 M05+153 M06+184 M07+215 M08+243 M09+274 M10+304 M11+335 M12+365";
    for (int t = PLAN_OF(STANDARD_12M); t <= PLAN_OF(INTENSIVE); t++)
        for (int ends = 0; ends < 2; ends++) {
            struct ledger_city city;
            char before[128] = "";
            city_open(&city);
            struct sg_id slot = story_slot(&city, 1);
            struct client budi = unit_client(&city);
            struct sg_id seat = story_occupied(&city, &budi, &slot);
            int32_t first = sg_day_of(2026, 6, 3), last = sg_day_of(2026, 7, 13);
            struct sg_id plan =
                care_set_plan(&city, &budi.case_id, (PbMentoringPlanSet__Template)t, first);
            care_text("in training", care_checkpoints(&city, &plan, first), training[t]);
            assert_int_equal(unit_case_state(&city, &budi.case_id), STATE(IN_TRAINING));
            story_until(&city, ends ? last : first + 20, 9); /* the whole course, or 20 days */
            int32_t day = story_today(&city);
            (void)unit_want(
                "end", &city,
                story_end(&city, &seat, day, ends ? RESULT(COMPLETED) : RESULT(DROPPED_OUT)), 0);
            const bool often = t == PLAN_OF(INTENSIVE);
            if (ends)
                (void)snprintf(before, sizeof before, "%s",
                               often ? "W1-33 W2-26 W3-19 W4-12 W5-5 " : "W2-26 W4-12 ");
            else
                (void)snprintf(before, sizeof before, "%s", often ? "W1-13 W2-6 " : "W2-6 ");
            const char *after = ends    ? (often ? every : months)
                                : often ? "M04+122 M05+153 M06+183 M07+214 M08+245 M09+273 M10+304 "
                                          "M11+334 M12+365"
                                        : "M04+122 M05+153 M06+183 M09+273 M12+365";
            want_aftercare(ends ? "completed" : "dropped out", &city, &plan, t, before, day, after);
            city_refold(&city);
            city_close(&city);
        }
}

static const char *laid(struct ledger_city *city, const struct sg_id *plan, int32_t from)
{
    char *text = sg_arena_text(&city->events, sg_bytes_of(care_checkpoints(city, plan, from)));
    char *end = strstr(text, " D21"); /* the first few tell */
    if (end)
        *end = '\0';
    return text;
}

/* The plan is set while the seat is reserved: what of its after-care is still to be done counts
 * from the end of the course. */
static void a_plan_before_the_course(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct sg_id slot = story_slot(&city, 1);
    struct client budi = unit_client(&city);
    struct sg_id seat = unit_seat(&city, &budi, &slot, ACCEPT);
    int32_t first = slot_start_day(story_slot_row(&city, &slot));
    struct sg_id plan = care_set_plan(&city, &budi.case_id, PLAN_OF(STANDARD_12M), first);
    assert_int_equal(unit_case_state(&city, &budi.case_id), STATE(IN_SERVICE)); /* a live seat */
    care_text("before", laid(&city, &plan, first), "D07+7 D14+14");
    story_begin(&city, &slot, &seat);
    story_until(&city, first + 40, 9);
    care_visited(&city, &plan, first + 28, true);
    assert_int_equal(care_plan_row(&city, &plan)->state, PLAN(ACTIVE)); /* not in the middle */
    story_complete(&city, &seat);
    const char *after = strstr(care_checkpoints(&city, &plan, first + 40), "D45");
    care_text("after", after,
              "D45+45 D60+60 D75+75 D90+90 M04+123 M05+153 M06+184 M09+274 "
              "M12+365");
    city_refold(&city);
    city_close(&city);
}

/* After the course: from its end, or from the first day of the plan when that is later. */
static void a_plan_after_the_course(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int32_t starts; /* days after the end of the course */
        int32_t from;
    } rows[] = {{"on the last day", 0, 0}, {"dated back", -30, 0}, {"later", 10, 10}};
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ledger_city city;
        city_open(&city);
        struct sg_id slot = story_slot(&city, 1);
        struct client budi = unit_client(&city);
        struct sg_id seat = story_occupied(&city, &budi, &slot);
        story_complete(&city, &seat);
        int32_t ended = story_today(&city);
        struct sg_id plan =
            care_set_plan(&city, &budi.case_id, PLAN_OF(STANDARD_12M), ended + rows[i].starts);
        care_text(rows[i].name, laid(&city, &plan, ended + rows[i].from), "D07+7 D14+14");
        city_close(&city);
    }
}

/* ---- the shape of a plan ---- */

static void a_plan_of_its_own(void **state)
{
    (void)state;
    enum { NONE, OF_TEMPLATE, TOO_EARLY, TWICE, GOOD, MANY, LONG_NAME, KINDS };
    static const struct {
        const char *name;
        uint32_t code;
        const char *detail;
    } rows[KINDS] = {[NONE] = {"none", SG_ST_MISSING_FIELD, ""},
                     [OF_TEMPLATE] = {"with a template", SG_ST_SCHEMA, "NOT_CUSTOM"},
                     [TOO_EARLY] = {"before the plan", SG_ST_SCHEMA, "ORDER"},
                     [TWICE] = {"twice", SG_ST_SCHEMA, "TWICE"},
                     [GOOD] = {"two", 0, NULL},
                     [MANY] = {"forty", 0, NULL},
                     [LONG_NAME] = {"a long name", SG_ST_SCHEMA, "LENGTH"}};
    for (int i = NONE; i < KINDS; i++) {
        struct ledger_city city;
        struct sg_id plan;
        city_open(&city);
        struct client budi = unit_client(&city);
        int32_t day = story_today(&city);
        PbEnvelope *e =
            care_plan(&city, &budi.case_id, i == OF_TEMPLATE ? PLAN_OF(INTENSIVE) : PLAN_OF(CUSTOM),
                      day, &plan);
        if (i != NONE && i != MANY)
            care_checkpoint(&city, e, "AKHIR", day + 60 - (i == TOO_EARLY ? 61 : 0));
        if (i == TWICE || i == GOOD)
            care_checkpoint(&city, e, i == TWICE ? "AKHIR" : "AWAL", day);
        if (i == LONG_NAME)
            care_checkpoint(&city, e, "12345678901234567", day);
        for (int k = 0; i == MANY && k < 40; k++) {
            char code[20];
            (void)snprintf(code, sizeof code, "12345678901234%02d", k);
            care_checkpoint(&city, e, code, day + k);
        }
        struct outcome o = unit_want(rows[i].name, &city, e, rows[i].code);
        if (rows[i].code)
            unit_detail(rows[i].name, &o, "mentoring_plan_set.checkpoints", rows[i].detail);
        if (i == GOOD) { /* in order of their days, whatever the course does */
            care_text("two", care_checkpoints(&city, &plan, day), "AWAL+0 AKHIR+60");
            (void)story_again("again", &city, e);
        }
        for (int k = 0; i == MANY && k < 40; k++) {
            story_until(&city, day + k, 10);
            care_visited(&city, &plan, day + k, true);
        }
        if (i == MANY)
            assert_int_equal(care_plan_row(&city, &plan)->state, PLAN(COMPLETED));
        city_refold(&city);
        city_close(&city);
    }
}

static void when_a_case_takes_a_plan(void **state)
{
    (void)state;
    for (int s = STATE(NEW); s <= STATE(VOID); s++) {
        struct ledger_city city;
        struct sg_id plan;
        city_open(&city);
        struct client budi = unit_client(&city);
        PbCaseRow *row = city_row(&city, TABLE_CASES, &budi.case_id);
        row->state = (PbCaseState)s;
        city_put(&city, TABLE_CASES, &budi.case_id, row);
        bool takes = s >= STATE(IN_SERVICE) && s <= STATE(AFTERCARE);
        PbEnvelope *e =
            care_plan(&city, &budi.case_id, PLAN_OF(STANDARD_12M), story_today(&city), &plan);
        struct outcome o = unit_want(care_name(pb_case_state__descriptor, s), &city, e,
                                     takes ? 0 : SG_ST_BAD_TRANSITION);
        if (!takes)
            unit_detail("state", &o, "case_id", "CASE_STATE");
        else
            care_follows("plan", &city, o.seq,
                         s == STATE(IN_SERVICE) ? "D5 AFTERCARE @dinsos" : "");
        city_close(&city);
    }
}

/* The moments of T11-PLAN, and what ends it. */
static void a_course_asks_for_a_plan(void **state)
{
    (void)state;
    enum { STARTED, COMPLETED, BY_PLAN, BY_DROPPING_OUT, BY_CLOSING, ENDS };
    for (int i = STARTED; i < ENDS; i++) {
        struct ledger_city city;
        city_open(&city);
        struct sg_id slot = story_slot(&city, 1);
        struct client budi = unit_client(&city);
        struct sg_id seat = story_occupied(&city, &budi, &slot);
        int64_t from = city.now_ms;
        if (i == COMPLETED || i == BY_CLOSING) {
            city_pass(&city, 3 * SG_DAY_MS);
            story_complete(&city, &seat);
            from = city.now_ms;
        }
        if (i <= COMPLETED) {
            const int64_t levels[LIMIT_LEVELS] = {from + 7 * SG_DAY_MS, from + 28 * SG_DAY_MS};
            limit_run("no plan", &city, RULE_PLAN, &budi.case_id, levels, 1, "dinsos");
        } else {
            limit_pass_to(&city, from + 7 * SG_DAY_MS);
        }
        uint64_t last = city.last_seq;
        if (i == BY_DROPPING_OUT)
            (void)unit_want("end", &city,
                            story_end(&city, &seat, story_today(&city), RESULT(DROPPED_OUT)), 0);
        else if (i == BY_CLOSING)
            (void)unit_want("close", &city, care_close(&city, &budi.case_id, REASON(REUNIFIED)), 0);
        else
            (void)care_set_plan(&city, &budi.case_id, PLAN_OF(STANDARD_12M), story_today(&city));
        assert_int_equal(unit_notices(&city, last, "T11"), 1);
        assert_null(story_deadline(&city, RULE_PLAN, &budi.case_id));
        city_refold(&city);
        city_close(&city);
    }
}

UNIT_MAIN(cmocka_unit_test(months_of_every_template), cmocka_unit_test(a_month_that_is_too_short),
          cmocka_unit_test(a_plan_goes_with_the_course), cmocka_unit_test(a_plan_before_the_course),
          cmocka_unit_test(a_plan_after_the_course), cmocka_unit_test(a_plan_of_its_own),
          cmocka_unit_test(when_a_case_takes_a_plan), cmocka_unit_test(a_course_asks_for_a_plan))
