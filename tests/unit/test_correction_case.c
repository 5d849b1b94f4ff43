/* E24 of E07, E20 and E21: what was given, who was visited, how a case ended. */
#include "unit/care_unit.h"
#include "unit/correct_unit.h"

#include <stdio.h>

#define CASE(name) PB_CASE_STATE_##name
#define PLAN(name) PB_PLAN_STATE_##name

struct scene {
    struct ledger_city city;
    struct client budi;
    struct sg_id plan;
    int32_t day; /* the first one */
};

static void stand(struct scene *s, bool with_plan)
{
    city_open(&s->city);
    s->budi = unit_client(&s->city);
    s->day = story_today(&s->city);
    if (with_plan)
        s->plan = care_set_plan(&s->city, &s->budi.case_id, PLAN_OF(STANDARD_12M), s->day);
}

static const PbCaseRow *case_row(struct scene *s)
{
    return city_row(&s->city, TABLE_CASES, &s->budi.case_id);
}

/* ---- E07 ---- */

static PbEnvelope *service_instead(struct scene *s, const PbEnvelope *was, PbSpmService service,
                                   int32_t from, int32_t to)
{
    PbEnvelope *e = care_service(&s->city, &s->budi.case_id, service, from, to);
    e->service_delivered->delivery_id = was->service_delivered->delivery_id;
    return e;
}

static void days_with_food(void **state)
{
    (void)state;
    struct scene s;
    stand(&s, false);
    struct ledger_city *city = &s.city;
    city_pass(city, 20 * SG_DAY_MS);
    PbEnvelope *first = care_service(city, &s.budi.case_id, PB_SPM_SERVICE_FOOD, s.day, s.day + 3);
    uint64_t e07 = unit_want("four days", city, first, 0).seq;
    assert_int_equal(case_row(&s)->n_food_on, 4);
    PbEnvelope *with = service_instead(&s, first, PB_SPM_SERVICE_FOOD, s.day, s.day + 5);
    struct outcome o = unit_want("six days", city, correct_by(city, "dinsos", e07, with), 0);
    assert_int_equal(case_row(&s)->n_food_on, 6);
    assert_false(story_warned(&o, SG_ST_W_SPM_7_DAYS));
    with = service_instead(&s, first, PB_SPM_SERVICE_FOOD, s.day, s.day + 8);
    o = unit_want("nine days", city, correct_by(city, "dinsos", e07, with), 0);
    assert_true(story_warned(&o, SG_ST_W_SPM_7_DAYS));
    with = service_instead(&s, first, PB_SPM_SERVICE_CLOTHING, s.day, s.day);
    o = unit_want("clothes", city, correct_by(city, "dinsos", e07, with), 0);
    assert_int_equal(o.effect->count->service, PB_SPM_SERVICE_CLOTHING);
    assert_int_equal(case_row(&s)->n_food_on, 0);
    with = service_instead(&s, first, PB_SPM_SERVICE_FOOD, story_today(city) + 1,
                           story_today(city) + 1);
    o = unit_want("tomorrow", city, correct_by(city, "dinsos", e07, with), SG_ST_FUTURE_TIME);
    unit_detail("tomorrow", &o, "event_corrected.replacement.from_on", NULL);
    with = care_service(city, &s.budi.case_id, PB_SPM_SERVICE_FOOD, s.day, s.day);
    o = unit_want("another id", city, correct_by(city, "dinsos", e07, with), SG_ST_SCHEMA);
    unit_detail("another id", &o, "event_corrected.replacement.delivery_id", "NOT_THE_ORIGINAL");
    (void)unit_want("annul", city, story_annul(city, "dinsos", e07), 0);
    correct_close(city);
}

/* A SERVICE referral that asks for two: what was delivered is another service, or nothing. */
static void what_a_referral_was_answered_with(void **state)
{
    (void)state;
    static const PbSpmService asked[] = {PB_SPM_SERVICE_GUIDANCE, PB_SPM_SERVICE_CLOTHING};
    struct scene s;
    struct sg_id referral;
    stand(&s, false);
    struct ledger_city *city = &s.city;
    PbEnvelope *e =
        story_hand(city, "dinsos", &s.budi.case_id, PB_REFERRAL_KIND_SERVICE, "dpppa", &referral);
    e->referral_submitted->requested_services = sg_arena_copy(&city->events, asked, sizeof asked);
    e->referral_submitted->n_requested_services = 2;
    uint64_t e01 = unit_want("ask", city, e, 0).seq;
    (void)unit_want("accept", city,
                    unit_decide(city, &referral, "dpppa", PB_REFERRAL_DECISION_ACCEPTED, NULL), 0);
    PbEnvelope *first = care_service(city, &s.budi.case_id, PB_SPM_SERVICE_GUIDANCE, s.day, s.day);
    first->causation = story_annul(city, "dinsos", e01)->event_corrected->corrected;
    uint64_t e07 = unit_want("guidance", city, first, 0).seq;
    const PbReferralRow *row = city_row(city, TABLE_REFERRALS, &referral);
    assert_int_equal(row->n_delivered, 1);
    PbEnvelope *with = service_instead(&s, first, PB_SPM_SERVICE_CLOTHING, s.day, s.day);
    (void)unit_want("clothes", city, correct_by(city, "dinsos", e07, with), 0);
    row = city_row(city, TABLE_REFERRALS, &referral);
    assert_int_equal(row->n_delivered, 1);
    assert_int_equal(row->delivered[0], PB_SPM_SERVICE_CLOTHING);
    (void)unit_want("nothing", city, story_annul(city, "dinsos", e07), 0);
    row = city_row(city, TABLE_REFERRALS, &referral);
    assert_int_equal(row->n_delivered, 0);
    assert_int_equal(row->state, PB_REFERRAL_STATE_ACCEPTED);
    correct_close(city);
}

/* ---- E20 ---- */

static PbEnvelope *visit_instead(struct scene *s, const PbEnvelope *was, int32_t day, bool contact)
{
    PbEnvelope *e = care_visit(&s->city, &s->plan, day, contact);
    e->mentoring_visited->visit_id = was->mentoring_visited->visit_id;
    return e;
}

/* The first so many checkpoints, as days after the begin; "*" done, "-" passed over. */
static void want_checkpoints(struct scene *s, const char *name, const char *want)
{
    const char *all = care_checkpoints(&s->city, &s->plan, s->day);
    if (strncmp(all, want, strlen(want)) != 0)
        fail_msg("%s: %.60s, want %s", name, all, want);
}

static void a_visit_is_another_one(void **state)
{
    (void)state;
    struct scene s;
    stand(&s, true);
    struct ledger_city *city = &s.city;
    city_pass(city, 30 * SG_DAY_MS);
    PbEnvelope *first = care_visit(city, &s.plan, s.day + 14, true);
    uint64_t e20 = unit_want("visit", city, first, 0).seq;
    want_checkpoints(&s, "visited", "D07-+7 D14*+14 D21+21");
    PbEnvelope *with = visit_instead(&s, first, s.day + 7, true);
    (void)unit_want("a week earlier", city, correct_by(city, "dinsos", e20, with), 0);
    want_checkpoints(&s, "a week earlier", "D07*+7 D14+14 D21+21");
    with = visit_instead(&s, first, s.day + 7, false);
    (void)unit_want("nobody there", city, correct_by(city, "dinsos", e20, with), 0);
    want_checkpoints(&s, "nobody there", "D07+7 D14+14 D21+21");
    assert_int_equal(care_plan_row(city, &s.plan)->attempts, 1);
    city_pass(city, 1); /* T11 is told */
    with = visit_instead(&s, first, story_today(city) + 1, true);
    struct outcome o =
        unit_want("tomorrow", city, correct_by(city, "dinsos", e20, with), SG_ST_FUTURE_TIME);
    unit_detail("tomorrow", &o, "event_corrected.replacement.visited_on", NULL);
    with = visit_instead(&s, first, s.day + 7, true);
    with->mentoring_visited->checkpoint = unit_text(city, "D08");
    o = unit_want("unknown", city, correct_by(city, "dinsos", e20, with), SG_ST_BAD_CODE);
    unit_detail("unknown", &o, "event_corrected.replacement.checkpoint", "UNKNOWN");
    (void)unit_want("annul", city, story_annul(city, "dinsos", e20), 0);
    want_checkpoints(&s, "annulled", "D07+7 D14+14 D21+21");
    assert_int_equal(care_plan_row(city, &s.plan)->attempts, 0);
    correct_close(city);
}

/* What other visits did stays done. */
static void other_visits_stay(void **state)
{
    (void)state;
    struct scene s;
    stand(&s, true);
    struct ledger_city *city = &s.city;
    city_pass(city, 30 * SG_DAY_MS);
    care_visited(city, &s.plan, s.day + 7, true);
    PbEnvelope *second = care_visit(city, &s.plan, s.day + 21, true);
    uint64_t e20 = unit_want("visit", city, second, 0).seq;
    want_checkpoints(&s, "both", "D07*+7 D14-+14 D21*+21 D28+28");
    int64_t due = story_deadline(city, RULE_VISIT, &s.plan)->due_ms;
    (void)unit_want("annul", city, story_annul(city, "dinsos", e20), 0);
    want_checkpoints(&s, "the first", "D07*+7 D14+14 D21+21 D28+28");
    assert_int_equal(due - story_deadline(city, RULE_VISIT, &s.plan)->due_ms, 14 * SG_DAY_MS);
    correct_close(city);
}

/* Found on the street after all: told once, when it is said. */
static void a_visit_on_the_street(void **state)
{
    (void)state;
    struct scene s;
    stand(&s, true);
    struct ledger_city *city = &s.city;
    city_pass(city, 10 * SG_DAY_MS);
    PbEnvelope *first = care_visit(city, &s.plan, s.day + 7, true);
    uint64_t e20 = unit_want("visit", city, first, 0).seq;
    PbEnvelope *with = visit_instead(&s, first, s.day + 7, true);
    with->mentoring_visited->on_street = PB_MENTORING_VISIT_RECORDED__ON_STREET_YES;
    struct outcome o = unit_want("on the street", city, correct_by(city, "dinsos", e20, with), 0);
    assert_int_equal(o.effect->count->on_street, PB_MENTORING_VISIT_RECORDED__ON_STREET_YES);
    correct_close(city);
}

/* ---- E21 ---- */

static void a_closing_is_undone(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int days;
        uint32_t code;
        const char *detail;
    } rows[] = {{"at once", 0, 0, NULL},
                {"after 30 days", 30, 0, NULL},
                {"after 31 days", 31, SG_ST_BAD_TRANSITION, "LATE"}};
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct scene s;
        stand(&s, true);
        struct ledger_city *city = &s.city;
        PbCaseState was = case_row(&s)->state;
        uint64_t e21 = unit_want("close", city,
                                 care_close(city, &s.budi.case_id, PB_CLOSE_REASON_REUNIFIED), 0)
                           .seq;
        assert_int_equal(case_row(&s)->state, CASE(CLOSED));
        assert_int_equal(care_plan_row(city, &s.plan)->state, PLAN(ENDED));
        const PbPersonRow *person = city_row(city, TABLE_PERSONS, &s.budi.person);
        assert_true(person->has_first_closed_on);
        city_pass(city, rows[i].days * SG_DAY_MS);
        uint64_t last = city->last_seq;
        struct outcome o =
            unit_want(rows[i].name, city, story_annul(city, "dinsos", e21), rows[i].code);
        if (rows[i].code) {
            unit_detail(rows[i].name, &o, "event_corrected.corrected", rows[i].detail);
            city_close(city);
            continue;
        }
        assert_int_equal(case_row(&s)->state, was);
        assert_int_equal(correct_case_told(city, last), was);
        assert_false(case_row(&s)->has_closed_on);
        assert_int_equal(case_row(&s)->reopened, 0);
        assert_int_equal(care_plan_row(city, &s.plan)->state, PLAN(ACTIVE));
        assert_non_null(story_deadline(city, RULE_VISIT, &s.plan));
        person = city_row(city, TABLE_PERSONS, &s.budi.person);
        assert_false(person->has_first_closed_on);
        const PbReferralRow *referral = city_row(city, TABLE_REFERRALS, &s.budi.referral);
        assert_int_equal(referral->state, PB_REFERRAL_STATE_LOOP_CLOSED); /* it was told so */
        (void)unit_want("close again", city,
                        care_close(city, &s.budi.case_id, PB_CLOSE_REASON_REUNIFIED), 0);
        correct_close(city);
    }
}

/* What became known of the person while the case was closed holds when it is opened again. */
static void a_minor_is_one_in_the_case_that_is_opened_again(void **state)
{
    (void)state;
    struct scene s;
    stand(&s, false);
    struct ledger_city *city = &s.city;
    uint64_t e21 =
        unit_want("close", city, care_close(city, &s.budi.case_id, PB_CLOSE_REASON_REUNIFIED), 0)
            .seq;
    struct sg_id referral, ref = sg_person_ref(&city->keys, "satpolpp", &s.budi.person);
    PbEnvelope *e = unit_refer(city, &referral);
    PbPersonIdentity *p = e->referral_submitted->person;
    unit_budi(city, p);
    p->birth_date = unit_date(city, 2012, 4, 10);
    e->referral_submitted->target_agency = unit_text(city, "owner-a");
    e->has_person_ref = true;
    e->person_ref = unit_id(city, &ref);
    (void)unit_want("born later than was thought", city, e, 0);
    assert_false(case_row(&s)->minor);
    (void)unit_want("not closed after all", city, story_annul(city, "dinsos", e21), 0);
    assert_true(case_row(&s)->minor);
    assert_non_null(story_deadline(city, RULE_MINOR, &s.budi.case_id));
    correct_close(city);
}

static void a_closing_is_not_replaced(void **state)
{
    (void)state;
    struct scene s;
    stand(&s, false);
    struct ledger_city *city = &s.city;
    PbEnvelope *e = care_close(city, &s.budi.case_id, PB_CLOSE_REASON_REUNIFIED);
    uint64_t e21 = unit_want("close", city, e, 0).seq;
    struct outcome o =
        unit_want("another reason", city, correct_by(city, "dinsos", e21, e), SG_ST_BAD_TRANSITION);
    unit_detail("another reason", &o, "event_corrected.action", "NOT_CORRECTED");
    assert_non_null(strstr(o.fault.accepted, "ANNUL"));
    correct_close(city);
}

/* A plan follows its course there and back. */
static void the_plan_of_a_course_that_goes_on(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct sg_id slot = story_slot(&city, 1);
    struct client budi = unit_client(&city);
    struct sg_id seat = story_occupied(&city, &budi, &slot);
    int32_t first = story_today(&city);
    struct sg_id plan = care_set_plan(&city, &budi.case_id, PLAN_OF(STANDARD_12M), first);
    char *training =
        sg_arena_text(&city.events, sg_bytes_of(care_checkpoints(&city, &plan, first)));
    assert_non_null(strstr(training, "W2"));
    city_pass(&city, 20 * SG_DAY_MS);
    uint64_t e15 =
        unit_want("end", &city,
                  story_end(&city, &seat, story_today(&city), PB_PLACEMENT_ENDED__RESULT_COMPLETED),
                  0)
            .seq;
    char *after = sg_arena_text(&city.events, sg_bytes_of(care_checkpoints(&city, &plan, first)));
    assert_non_null(strstr(after, "M12"));
    PbEnvelope *with =
        story_end(&city, &seat, story_today(&city) - 1, PB_PLACEMENT_ENDED__RESULT_COMPLETED);
    (void)unit_want("a day earlier", &city, correct_by(&city, "disnaker", e15, with), 0);
    assert_non_null(strstr(care_checkpoints(&city, &plan, first), "D07+26"));
    (void)unit_want("annul", &city, story_annul(&city, "disnaker", e15), 0);
    assert_string_equal(care_checkpoints(&city, &plan, first), training);
    correct_close(&city);
}

UNIT_MAIN(cmocka_unit_test(days_with_food), cmocka_unit_test(what_a_referral_was_answered_with),
          cmocka_unit_test(a_visit_is_another_one), cmocka_unit_test(other_visits_stay),
          cmocka_unit_test(a_visit_on_the_street), cmocka_unit_test(a_closing_is_undone),
          cmocka_unit_test(a_minor_is_one_in_the_case_that_is_opened_again),
          cmocka_unit_test(a_closing_is_not_replaced),
          cmocka_unit_test(the_plan_of_a_course_that_goes_on))
