/* What moves a case beside its referrals and assessments: a course that begins and ends. And who is
 * too young for a seat. */
#include "unit/story_unit.h"

#define CASE(name) PB_CASE_STATE_##name
#define RESULT(name) PB_PLACEMENT_ENDED__RESULT_##name

enum event { BEGIN, COMPLETE, DROP_OUT, REMOVE, WORK, MOVE, DIE, CANCEL, EVENTS };

static const char *const names[EVENTS] = {"E13",           "COMPLETED",  "DROPPED_OUT", "REMOVED",
                                          "LEFT_FOR_WORK", "MOVED_AWAY", "DECEASED",    "E10"};
static const PbPlacementEnded__Result results[EVENTS] = {
    [COMPLETE] = RESULT(COMPLETED), [DROP_OUT] = RESULT(DROPPED_OUT), [REMOVE] = RESULT(REMOVED),
    [WORK] = RESULT(LEFT_FOR_WORK), [MOVE] = RESULT(MOVED_AWAY),      [DIE] = RESULT(DECEASED)};

/* A case without a row for the event stays as it is. ASSESSING with a seat: it came along with a
 * transfer. */
static PbCaseState next(PbCaseState from, enum event event)
{
    if (event == BEGIN)
        return from == CASE(ASSESSING) || from == CASE(IN_SERVICE) || from == CASE(AFTERCARE)
                   ? CASE(IN_TRAINING)
                   : from;
    if (from != CASE(IN_TRAINING))
        return from;
    return event == COMPLETE ? CASE(AFTERCARE) : CASE(IN_SERVICE);
}

static void put_state(struct ledger_city *city, const struct sg_id *id, PbCaseState state)
{
    PbCaseRow *row = city_row(city, TABLE_CASES, id);
    row->state = state;
    city_put(city, TABLE_CASES, id, row);
}

static void every_cell(void **state)
{
    (void)state;
    for (int from = CASE(NEW); from <= CASE(VOID); from++)
        for (int event = BEGIN; event < EVENTS; event++) {
            struct ledger_city city;
            char name[48];
            (void)snprintf(name, sizeof name, "case %d + %s", from, names[event]);
            city_open(&city);
            struct sg_id slot = story_slot(&city, 1);
            struct client budi = unit_client(&city);
            struct sg_id seat = unit_seat(&city, &budi, &slot, ACCEPT);
            int32_t first = slot_start_day(story_slot_row(&city, &slot));
            story_until(&city, first, 9);
            if (event != BEGIN)
                (void)unit_want("begin", &city, story_start(&city, &seat, first), 0);
            put_state(&city, &budi.case_id, (PbCaseState)from);
            PbEnvelope *e = event == BEGIN    ? story_start(&city, &seat, first)
                            : event == CANCEL ? story_cancel(&city, &slot, NULL)
                                              : story_end(&city, &seat, first, results[event]);
            struct outcome o = unit_want(name, &city, e, 0);
            PbCaseState to = next((PbCaseState)from, (enum event)event);
            PbCaseState now = unit_case_state(&city, &budi.case_id);
            if (now != to)
                fail_msg("%s: now %d", name, (int)now);
            size_t told = 0;
            for (uint64_t seq = o.seq + 1; seq <= city.last_seq; seq++) {
                struct city_record record = city_record(&city, seq);
                const PbCaseStateChanged *d5 = record.event.envelope->case_state_changed;
                told += d5 != NULL;
                if (d5 && (d5->from != (PbCaseState)from || d5->to != to || d5->has_referral_id ||
                           city_relations(&record, "dinsos") != RELATION_CASE_OWNER ||
                           record.record.rest->n_audience != 1))
                    fail_msg("%s: the D5", name);
            }
            if (told != (to != (PbCaseState)from))
                fail_msg("%s: told %zu times", name, told);
            city_close(&city);
        }
}

/* From a seat to the next one: after care, found again, and a second course. */
static void a_long_way(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id again;
    city_open(&city);
    struct sg_id slot = story_slot(&city, 1);
    struct client budi = unit_client(&city);
    struct sg_id seat = story_occupied(&city, &budi, &slot);
    assert_int_equal(unit_case_state(&city, &budi.case_id), CASE(IN_TRAINING));
    story_complete(&city, &seat);
    assert_int_equal(unit_case_state(&city, &budi.case_id), CASE(AFTERCARE));
    PbEnvelope *e = unit_refer(&city, &again);
    struct sg_id ref = sg_person_ref(&city.keys, "satpolpp", &budi.person);
    e->referral_submitted->person = NULL;
    e->has_person_ref = true;
    e->person_ref = unit_id(&city, &ref);
    (void)unit_want("found again", &city, e, 0);
    assert_int_equal(unit_case_state(&city, &budi.case_id), CASE(AFTERCARE));
    (void)unit_want("ack", &city, story_ack(&city, &again, "dinsos", true), 0);
    assert_null(story_deadline(&city, RULE_ASSESS, &budi.case_id));
    (void)unit_want("accept", &city,
                    unit_decide(&city, &again, "dinsos", PB_REFERRAL_DECISION_ACCEPTED, NULL), 0);
    assert_int_equal(unit_case_state(&city, &budi.case_id), CASE(IN_SERVICE));
    assert_null(story_deadline(&city, RULE_ASSESS, &budi.case_id)); /* no new T03 */
    struct sg_id next_slot = story_slot(&city, 1);
    seat = story_occupied(&city, &budi, &next_slot);
    (void)unit_want("work", &city,
                    story_end(&city, &seat, story_today(&city), RESULT(LEFT_FOR_WORK)), 0);
    assert_int_equal(unit_case_state(&city, &budi.case_id), CASE(IN_SERVICE));
    city_refold(&city);
    city_close(&city);
}

/* ---- who is too young ---- */

static PbPersonIdentity *aged(struct ledger_city *city, uint32_t years)
{
    struct sg_id unused;
    PbPersonIdentity *p = unit_refer(city, &unused)->referral_submitted->person;
    unit_budi(city, p);
    p->birth_date = NULL;
    p->birth_quality = PB_BIRTH_QUALITY_ESTIMATED;
    p->has_estimated_age = true;
    p->estimated_age = years;
    return p;
}

/* A case IN_SERVICE of somebody whose age is an estimate; the assessment says nothing of it. */
static struct client estimated(struct ledger_city *city, uint32_t years)
{
    struct client client;
    PbEnvelope *e = unit_refer(city, &client.referral);
    e->referral_submitted->person = aged(city, years);
    struct outcome o = unit_want("refer", city, e, 0);
    client.case_id = id_of(o.effect->cases[0]->case_id);
    client.person = id_of(o.effect->person->person_id);
    (void)unit_want(
        "accept", city,
        unit_decide(city, &client.referral, "dinsos", PB_REFERRAL_DECISION_ACCEPTED, NULL), 0);
    return client;
}

/* The age of a child, and a doubt about it, come before the state of the case. */
static void a_child_gets_no_seat(void **state)
{
    (void)state;
    static const struct {
        uint32_t years;
        const char *before; /* the assessment; NULL: not refused for the age */
        int assessed;       /* 1: as a child, 0: as grown up */
        const char *after;
    } rows[] = {{17, "MINOR", 1, "MINOR"},     {17, "MINOR", 0, NULL},
                {18, "AGE_DOUBT", 1, "MINOR"}, {19, "AGE_DOUBT", 0, NULL},
                {20, "AGE_DOUBT", 0, NULL},    {21, NULL, 1, "MINOR"}};
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ledger_city city;
        city_open(&city);
        struct sg_id slot = story_slot(&city, 1);
        struct client child = estimated(&city, rows[i].years);
        struct outcome o = unit_want("before", &city, unit_request(&city, &child, &slot, ACCEPT),
                                     rows[i].before ? SG_ST_MINOR : SG_ST_BAD_TRANSITION);
        if (rows[i].before)
            unit_detail("before", &o, "case_id", rows[i].before);
        PbEnvelope *e = unit_assess(&city, &child.case_id);
        e->assessment_completed->is_minor = rows[i].assessed == 1;
        (void)unit_want("assess", &city, e, 0);
        uint32_t want = rows[i].after ? SG_ST_MINOR : 0;
        if (!want)
            unit_consent(&city, &child.case_id);
        PbEnvelope *request = unit_request(&city, &child, &slot, ACCEPT);
        if (!want) {
            PbSlotRow *row = city_row(&city, TABLE_SLOTS, &slot);
            row->slot->min_age = 0; /* the estimate may still be below it */
            city_put(&city, TABLE_SLOTS, &slot, row);
        }
        o = unit_want("after", &city, request, want);
        if (want)
            unit_detail("after", &o, "case_id", rows[i].after);
        city_close(&city);
    }
}

/* Whoever turns out to be a child while it waits is passed over; when it is grown up after all, it
 * is looked at again, also by an assessment that says nothing else of it. */
static void a_child_is_not_promoted(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id slot;
    city_open(&city);
    PbEnvelope *e = story_offer(&city, 1, &slot);
    e->slot_offered->min_age = 0;
    (void)unit_want("offer", &city, e, 0);
    struct sg_id seat = story_seat(&city, &slot, ACCEPT);
    struct client child = estimated(&city, 30);
    (void)unit_want("assess", &city, unit_assess(&city, &child.case_id), 0);
    unit_consent(&city, &child.case_id);
    struct sg_id waiting = unit_seat(&city, &child, &slot, ACCEPT);
    e = unit_assess(&city, &child.case_id);
    e->assessment_completed->is_minor = true;
    (void)unit_want("a child", &city, e, 0);
    story_settle(&city, &seat, PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER);
    assert_int_equal(unit_seat_state(&city, &waiting), PB_ALLOCATION_STATE_WAITLISTED);
    e = unit_assess(&city, &child.case_id);
    e->assessment_completed->has_schooling = false; /* nothing about the person */
    (void)unit_want("grown up after all", &city, e, 0);
    assert_int_equal(unit_seat_state(&city, &waiting), PB_ALLOCATION_STATE_HELD);
    city_refold(&city);
    city_close(&city);
}

UNIT_MAIN(cmocka_unit_test(every_cell), cmocka_unit_test(a_long_way),
          cmocka_unit_test(a_child_gets_no_seat), cmocka_unit_test(a_child_is_not_promoted))
