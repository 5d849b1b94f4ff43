/* E07: basic services, by the owner of the case and by whom it has asked; the loop of a SERVICE
 * referral; food of at most seven days. */
#include "unit/care_unit.h"

#define OUTCOME(name) PB_BASIC_SERVICE_DELIVERED__OUTCOME_##name
#define DOCUMENT(name) PB_BASIC_SERVICE_DELIVERED__DOCUMENT_##name
#define STATE(name) PB_CASE_STATE_##name

static PbEnvelope *today(struct ledger_city *city, const struct sg_id *case_id,
                         PbSpmService service)
{
    return care_service(city, case_id, service, story_today(city), story_today(city));
}

static void every_service_in_every_state(void **state)
{
    (void)state;
    for (int s = STATE(NEW); s <= STATE(VOID); s++) {
        struct ledger_city city;
        city_open(&city);
        struct client budi = unit_client(&city);
        int32_t day = story_today(&city);
        story_until(&city, day + 10, 9);
        PbCaseRow *row = city_row(&city, TABLE_CASES, &budi.case_id);
        row->state = (PbCaseState)s;
        row->has_closed_on = s == STATE(CLOSED);
        row->closed_on = day + 5;
        city_put(&city, TABLE_CASES, &budi.case_id, row);
        const struct {
            int32_t from, to;
            bool open, closed;
        } days[] = {{0, 4, true, true},
                    {0, 5, true, true}, /* the last day of the case */
                    {0, 6, true, false},
                    {10, 10, true, false}};
        for (size_t i = 0; i < SG_ARRAY_LEN(days); i++) {
            bool takes =
                s <= STATE(AFTERCARE) ? days[i].open : days[i].closed && s == STATE(CLOSED);
            PbEnvelope *e = care_service(&city, &budi.case_id, SPM(CLOTHING), day + days[i].from,
                                         day + days[i].to);
            struct outcome o = unit_want(care_name(pb_case_state__descriptor, s), &city, e,
                                         takes ? 0 : SG_ST_BAD_TRANSITION);
            if (!takes)
                unit_detail("state", &o, "case_id", "CASE_STATE");
            assert_int_equal(unit_case_state(&city, &budi.case_id), s);
        }
        city_close(&city);
    }
}

static void what_it_must_say(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct client budi = unit_client(&city);
    int32_t day = story_today(&city);
    for (int service = SPM(FOOD); service <= SPM(REFERRAL); service++) {
        PbEnvelope *e = today(&city, &budi.case_id, (PbSpmService)service);
        bool papers = service == SPM(CIVIL_DOCUMENTS);
        struct outcome o = unit_want("without", &city, e, papers ? SG_ST_MISSING_FIELD : 0);
        if (papers)
            unit_detail("without", &o, "service_delivered.document", NULL);
        e->service_delivered->has_document = true;
        e->service_delivered->document = DOCUMENT(KTP);
        if (papers)
            o = unit_want("with", &city, e, 0);
        care_follows("service", &city, o.seq, "");
        assert_int_equal(o.effect->count->service, service);
        struct city_record e07 = city_record(&city, o.seq);
        assert_int_equal(e07.record.rest->n_audience, 1);
        assert_int_equal(city_relations(&e07, "dinsos"), RELATION_CASE_OWNER);
    }
    PbEnvelope *e = care_service(&city, &budi.case_id, SPM(FOOD), day, day - 1);
    struct outcome o = unit_want("ends before", &city, e, SG_ST_SCHEMA);
    unit_detail("ends before", &o, "service_delivered.to_on", "ORDER");
    e = care_service(&city, &budi.case_id, SPM(FOOD), day + 1, day + 1);
    o = unit_want("tomorrow", &city, e, SG_ST_FUTURE_TIME);
    unit_detail("tomorrow", &o, "service_delivered.from_on", NULL);
    e = today(&city, NULL, SPM(FOOD));
    o = unit_want("for whom", &city, e, SG_ST_MISSING_FIELD);
    unit_detail("for whom", &o, "case_id", NULL);
    e = today(&city, &(struct sg_id){{7}}, SPM(FOOD));
    o = unit_want("no case", &city, e, SG_ST_UNKNOWN_OBJECT);
    e = today(&city, &budi.case_id, SPM(FOOD));
    e->publisher_agency = unit_text(&city, "dpppa");
    o = unit_want("another's case", &city, e, SG_ST_NOT_OWNER);
    unit_detail("another's case", &o, "case_id", NULL);
    e->publisher_agency = unit_text(&city, "dinsos");
    (void)unit_want("own", &city, e, 0);
    (void)story_again("again", &city, e);
    e->service_delivered->quantity = 2;
    o = unit_want("otherwise", &city, e, SG_ST_DUPLICATE_CONFLICT);
    unit_detail("otherwise", &o, "service_delivered.delivery_id", "STATED_BEFORE");
    city_refold(&city);
    city_close(&city);
}

/* ---- food ---- */

/* Days of food, from the day of the case on; an episode has at most seven, each counted once. */
static void food_for_seven_days(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct {
            int32_t from, to;
            int outcome;
            bool warned;
        } meals[4];
    } rows[] = {
        {"a week", {{0, 6, OUTCOME(DELIVERED), false}}},
        {"eight days", {{0, 7, OUTCOME(DELIVERED), true}}},
        {"a week and a day", {{0, 6, OUTCOME(DELIVERED), false}, {7, 7, OUTCOME(DELIVERED), true}}},
        {"the same week", {{0, 6, OUTCOME(DELIVERED), false}, {0, 6, OUTCOME(DELIVERED), false}}},
        {"days that overlap",
         {{0, 3, OUTCOME(DELIVERED), false},
          {2, 6, OUTCOME(PARTIAL), false},
          {6, 7, OUTCOME(PARTIAL), true}}},
        {"not possible does not count",
         {{0, 6, OUTCOME(DELIVERED), false},
          {7, 20, OUTCOME(NOT_POSSIBLE), false},
          {8, 8, OUTCOME(DELIVERED), true}}},
        {"far apart",
         {{0, 0, OUTCOME(DELIVERED), false},
          {70, 75, OUTCOME(DELIVERED), false},
          {76, 76, OUTCOME(DELIVERED), true},
          {0, 0, OUTCOME(DELIVERED), true}}},
        {"backwards", {{80, 86, OUTCOME(DELIVERED), false}, {0, 0, OUTCOME(DELIVERED), true}}},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ledger_city city;
        city_open(&city);
        struct client budi = unit_client(&city);
        int32_t day = story_today(&city);
        story_until(&city, day + 90, 9);
        for (size_t k = 0; k < 4 && rows[i].meals[k].outcome; k++) {
            PbEnvelope *e = care_service(&city, &budi.case_id, SPM(FOOD),
                                         day + rows[i].meals[k].from, day + rows[i].meals[k].to);
            e->service_delivered->outcome =
                (PbBasicServiceDelivered__Outcome)rows[i].meals[k].outcome;
            struct outcome o = unit_want(rows[i].name, &city, e, 0);
            if (story_warned(&o, SG_ST_W_SPM_7_DAYS) != rows[i].meals[k].warned)
                fail_msg("%s: meal %zu", rows[i].name, k);
        }
        city_refold(&city);
        city_close(&city);
    }
}

/* Somebody who comes back has seven days again. */
static void a_new_episode_counts_anew(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id again;
    city_open(&city);
    struct client budi = unit_client(&city);
    int32_t day = story_today(&city);
    story_until(&city, day + 6, 9);
    (void)unit_want("a week", &city, care_service(&city, &budi.case_id, SPM(FOOD), day, day + 6),
                    0);
    (void)unit_want("close", &city, care_close(&city, &budi.case_id, REASON(REUNIFIED)), 0);
    story_until(&city, day + 20, 9);
    (void)unit_want("found", &city, care_found(&city, &budi, day + 20, &again), 0);
    (void)unit_want("accept", &city,
                    unit_decide(&city, &again, "dinsos", PB_REFERRAL_DECISION_ACCEPTED, NULL), 0);
    struct outcome o = unit_want("a meal", &city, today(&city, &budi.case_id, SPM(FOOD)), 0);
    assert_false(story_warned(&o, SG_ST_W_SPM_7_DAYS));
    assert_int_equal(((PbCaseRow *)city_row(&city, TABLE_CASES, &budi.case_id))->n_food_on, 1);
    city_refold(&city);
    city_close(&city);
}

/* ---- whom the owner has asked ---- */

struct asked {
    struct ledger_city city;
    struct client budi;
    struct sg_id referral;
    uint64_t e01;
};

/* disnaker is asked for guidance and papers, and has accepted when `accepted`. */
static void ask(struct asked *a, bool accepted)
{
    static const PbSpmService wanted[] = {SPM(GUIDANCE), SPM(CIVIL_DOCUMENTS)};
    city_open(&a->city);
    a->budi = unit_client(&a->city);
    PbEnvelope *e = story_hand(&a->city, "dinsos", &a->budi.case_id, PB_REFERRAL_KIND_SERVICE,
                               "disnaker", &a->referral);
    e->referral_submitted->requested_services =
        sg_arena_copy(&a->city.events, wanted, sizeof wanted);
    e->referral_submitted->n_requested_services = SG_ARRAY_LEN(wanted);
    a->e01 = unit_want("ask", &a->city, e, 0).seq;
    if (accepted)
        (void)unit_want(
            "accept", &a->city,
            unit_decide(&a->city, &a->referral, "disnaker", PB_REFERRAL_DECISION_ACCEPTED, NULL),
            0);
}

/* E07 with the E01 as its cause; case NULL: by the target. */
static PbEnvelope *answer(struct asked *a, const char *publisher, PbSpmService service,
                          const struct sg_id *case_id)
{
    struct city_record e01 = city_record(&a->city, a->e01);
    PbEnvelope *e = today(&a->city, case_id, service);
    PbEventRef *ref = SG_NEW(&a->city.events, PbEventRef);
    pb_event_ref__init(ref);
    ref->has_outbox_id = ref->has_number = true;
    ref->outbox_id = unit_id(&a->city, &e01.record.outbox_id);
    ref->number = e01.record.number;
    e->causation = ref;
    e->publisher_agency = unit_text(&a->city, publisher);
    e->service_delivered->has_document = service == SPM(CIVIL_DOCUMENTS);
    e->service_delivered->document = DOCUMENT(NIK);
    return e;
}

static PbReferralState state_of(struct asked *a)
{
    return ((PbReferralRow *)city_row(&a->city, TABLE_REFERRALS, &a->referral))->state;
}

/* Each requested service once, by the target or by the owner, whatever came of it. */
static void all_services_close_the_loop(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool by_owner[2];
        int outcome;
    } rows[] = {{"the target", {false, false}, OUTCOME(DELIVERED)},
                {"the owner", {true, true}, OUTCOME(DELIVERED)},
                {"both", {false, true}, OUTCOME(PARTIAL)},
                {"in vain", {false, false}, OUTCOME(NOT_POSSIBLE)}};
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct asked a;
        ask(&a, true);
        static const PbSpmService given[] = {SPM(GUIDANCE), SPM(GUIDANCE), SPM(CIVIL_DOCUMENTS)};
        for (size_t k = 0; k < SG_ARRAY_LEN(given); k++) {
            bool owner = rows[i].by_owner[k / 2], last = k == 2;
            PbEnvelope *e =
                answer(&a, owner ? "dinsos" : "disnaker", given[k], owner ? &a.budi.case_id : NULL);
            e->service_delivered->outcome = (PbBasicServiceDelivered__Outcome)rows[i].outcome;
            struct outcome o = unit_want(rows[i].name, &a.city, e, 0);
            care_follows(rows[i].name, &a.city, o.seq,
                         last ? "D5 IN_SERVICE/LOOP_CLOSED @dinsos" : "");
            assert_int_equal(state_of(&a),
                             last ? PB_REFERRAL_STATE_LOOP_CLOSED : PB_REFERRAL_STATE_ACCEPTED);
            struct city_record e07 = city_record(&a.city, o.seq);
            assert_int_equal(city_relations(&e07, "dinsos"), RELATION_CASE_OWNER);
            assert_int_equal(city_relations(&e07, "disnaker"), owner ? 0 : RELATION_PUBLISHER);
            if (last)
                assert_int_equal((&(struct city_record[]){city_record(&a.city, o.seq + 1)}[0])
                                     ->record.rest->audience[0]
                                     ->relations,
                                 RELATION_CASE_OWNER | RELATION_REFERRER);
        }
        PbEnvelope *e = answer(&a, "disnaker", SPM(GUIDANCE), NULL);
        struct outcome o = unit_want("after it", &a.city, e, SG_ST_BAD_TRANSITION);
        unit_detail("after it", &o, "causation", "NOT_ACCEPTED");
        e = answer(&a, "dinsos", SPM(GUIDANCE), &a.budi.case_id); /* the owner may go on */
        (void)unit_want("the owner goes on", &a.city, e, 0);
        city_refold(&a.city);
        city_close(&a.city);
    }
}

static void who_may_not_answer(void **state)
{
    (void)state;
    struct asked a;
    ask(&a, false);
    struct outcome o = unit_want("not accepted", &a.city,
                                 answer(&a, "disnaker", SPM(GUIDANCE), NULL), SG_ST_BAD_TRANSITION);
    unit_detail("not accepted", &o, "causation", "NOT_ACCEPTED");
    o = unit_want("not the target", &a.city, answer(&a, "blk", SPM(GUIDANCE), NULL),
                  SG_ST_NOT_OWNER);
    unit_detail("not the target", &o, "causation", NULL);
    (void)unit_want(
        "accept", &a.city,
        unit_decide(&a.city, &a.referral, "disnaker", PB_REFERRAL_DECISION_ACCEPTED, NULL), 0);
    o = unit_want("not asked", &a.city, answer(&a, "disnaker", SPM(FOOD), NULL), SG_ST_BAD_CODE);
    unit_detail("not asked", &o, "service_delivered.service", "NOT_ASKED");
    PbEnvelope *e = answer(&a, "disnaker", SPM(GUIDANCE), NULL);
    e->causation->number = 99;
    o = unit_want("no such event", &a.city, e, SG_ST_UNKNOWN_OBJECT);
    unit_detail("no such event", &o, "causation", "SERVICE_REFERRAL");
    a.e01 -= 1; /* another event: the E06 */
    e = answer(&a, "disnaker", SPM(GUIDANCE), NULL);
    o = unit_want("another event", &a.city, e, SG_ST_UNKNOWN_OBJECT);
    unit_detail("another event", &o, "causation", "SERVICE_REFERRAL");
    a.e01 += 1;
    e = answer(&a, "disnaker", SPM(GUIDANCE), &a.budi.case_id);
    o = unit_want("as if it were its own case", &a.city, e, SG_ST_NOT_OWNER);
    unit_detail("as if it were its own case", &o, "case_id", NULL);
    struct client other = unit_client(&a.city);
    e = answer(&a, "dinsos", SPM(GUIDANCE), &other.case_id); /* of another case: no answer */
    o = unit_want("another case", &a.city, e, 0);
    const PbReferralRow *row = city_row(&a.city, TABLE_REFERRALS, &a.referral);
    assert_int_equal(row->n_delivered, 0);
    e = answer(&a, "dinsos", SPM(FOOD), &a.budi.case_id);
    (void)unit_want("the owner, something else", &a.city, e, 0);
    row = city_row(&a.city, TABLE_REFERRALS, &a.referral);
    assert_int_equal(row->n_delivered, 0);
    city_refold(&a.city);
    city_close(&a.city);
}

/* The case is closed: what was done before is still told, what is done after is refused. */
static void a_closed_case_takes_late_paper_of_the_target(void **state)
{
    (void)state;
    struct asked a;
    ask(&a, true);
    int32_t day = story_today(&a.city);
    (void)unit_want("close", &a.city, care_close(&a.city, &a.budi.case_id, REASON(REUNIFIED)), 0);
    assert_int_equal(state_of(&a), PB_REFERRAL_STATE_LOOP_CLOSED); /* with its case */
    struct outcome o = unit_want("late", &a.city, answer(&a, "disnaker", SPM(GUIDANCE), NULL),
                                 SG_ST_BAD_TRANSITION);
    unit_detail("late", &o, "causation", "NOT_ACCEPTED");
    story_until(&a.city, day + 2, 9);
    (void)unit_want("of the owner", &a.city,
                    care_service(&a.city, &a.budi.case_id, SPM(GUIDANCE), day, day), 0);
    city_refold(&a.city);
    city_close(&a.city);
}

/* T12 begins again with every service, also one of the target. */
static void a_service_keeps_the_case_busy(void **state)
{
    (void)state;
    struct asked a;
    ask(&a, true);
    for (int owner = 0; owner < 2; owner++) {
        city_pass(&a.city, 5 * SG_DAY_MS);
        (void)unit_want("service", &a.city,
                        answer(&a, owner ? "dinsos" : "disnaker", SPM(GUIDANCE),
                               owner ? &a.budi.case_id : NULL),
                        0);
        const PbDeadlineRow *row = story_deadline(&a.city, RULE_IDLE, &a.budi.case_id);
        assert_true(row && row->due_ms == a.city.now_ms + 60 * SG_DAY_MS);
    }
    city_refold(&a.city);
    city_close(&a.city);
}

UNIT_MAIN(cmocka_unit_test(every_service_in_every_state), cmocka_unit_test(what_it_must_say),
          cmocka_unit_test(food_for_seven_days), cmocka_unit_test(a_new_episode_counts_anew),
          cmocka_unit_test(all_services_close_the_loop), cmocka_unit_test(who_may_not_answer),
          cmocka_unit_test(a_closed_case_takes_late_paper_of_the_target),
          cmocka_unit_test(a_service_keeps_the_case_busy))
