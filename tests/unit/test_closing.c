/* E21: the guards in their order, what each reason asks for to the day, what ends with the case,
 * and how it is opened again. */
#include "unit/care_unit.h"

#define STATE(name) PB_CASE_STATE_##name

/* ---- the order of the guards ---- */

enum { STALE = 1, FUTURE = 2, SEAT = 4, LOAN_OUT = 8, CHILD = 16, TWO_EYES = 32, CRITERIA = 64 };

static const struct guard {
    unsigned bit;
    uint32_t code;
    const char *object, *detail;
} guards[] = {
    {STALE, SG_ST_VERSION_CONFLICT, "expected_version", NULL},
    {FUTURE, SG_ST_FUTURE_TIME, "case_closed.closed_on", ""},
    {SEAT, SG_ST_OPEN_SEAT, "case_id", ""},
    {LOAN_OUT, SG_ST_OPEN_LOAN, "case_id", ""},
    {CHILD, SG_ST_MINOR, "case_id", ""},
    {TWO_EYES, SG_ST_FOUR_EYES, "case_closed.supervisor_ref", ""},
    {CRITERIA, SG_ST_CLOSE_CRITERIA, "case_closed.reason", "NO_VISIT"},
};

/* A case of which these things are so. Seat and child stand in rows: no event leads there. */
static struct client troubled(struct ledger_city *city, unsigned broken)
{
    struct sg_id slot = story_slot(city, 2), item = story_item(city);
    struct client budi = unit_client(city);
    struct sg_id seat = story_occupied(city, &budi, &slot);
    if (broken & LOAN_OUT)
        (void)unit_want("loan", city, story_issue(city, &item, &seat, LOAN, "B/1"), 0);
    if (!(broken & SEAT))
        story_complete(city, &seat);
    city_pass(city, 0); /* the loan is told at once */
    if (broken & CHILD) {
        PbCaseRow *row = city_row(city, TABLE_CASES, &budi.case_id);
        row->has_minor = row->minor = true;
        city_put(city, TABLE_CASES, &budi.case_id, row);
    }
    return budi;
}

/* Whatever else is wrong, the first guard answers. */
static void the_first_guard_answers(void **state)
{
    (void)state;
    for (unsigned broken = 1; broken < 2 * CRITERIA; broken++) {
        struct ledger_city city;
        const struct guard *first = guards;
        bool lately = (broken & (broken - 1)) == 0 || (broken & 3) == 0; /* a part of 127 */
        if (!lately)
            continue;
        while (!(broken & first->bit))
            first++;
        city_open(&city);
        struct client budi = troubled(&city, broken);
        PbEnvelope *e = care_close(&city, &budi.case_id,
                                   broken & CRITERIA ? REASON(INDEPENDENT) : REASON(REUNIFIED));
        if (broken & STALE)
            e->expected_version--;
        if (broken & FUTURE)
            e->case_closed->closed_on = unit_day(&city, story_today(&city) + 1);
        if (broken & TWO_EYES)
            e->case_closed->supervisor_ref = e->actor_ref;
        struct outcome o = unit_want("guard", &city, e, first->code);
        unit_detail("guard", &o, first->object, first->detail);
        city_close(&city);
    }
}

static void only_an_open_case(void **state)
{
    (void)state;
    static const char *const names[] = {[STATE(TRANSFERRED)] = "CASE_STATE_TRANSFERRED",
                                        [STATE(CLOSED)] = "CASE_STATE_CLOSED",
                                        [STATE(DECLINED)] = "CASE_STATE_DECLINED",
                                        [STATE(VOID)] = "CASE_STATE_VOID"};
    for (int s = STATE(NEW); s <= STATE(VOID); s++) {
        struct ledger_city city;
        city_open(&city);
        struct client budi = unit_client(&city);
        PbCaseRow *row = city_row(&city, TABLE_CASES, &budi.case_id);
        row->state = (PbCaseState)s;
        city_put(&city, TABLE_CASES, &budi.case_id, row);
        bool open = s <= STATE(AFTERCARE);
        struct outcome o = unit_want(care_name(pb_case_state__descriptor, s), &city,
                                     care_close(&city, &budi.case_id, REASON(REUNIFIED)),
                                     open ? 0 : SG_ST_BAD_TRANSITION);
        if (!open)
            unit_detail("state", &o, "case_id", names[s]);
        assert_int_equal(unit_case_state(&city, &budi.case_id), open ? STATE(CLOSED) : s);
        city_close(&city);
    }
}

static void who_may_close(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct client budi = unit_client(&city);
    PbEnvelope *e = care_close(&city, &budi.case_id, REASON(REUNIFIED));
    e->publisher_agency = unit_text(&city, "dpppa");
    (void)unit_want("another owner", &city, e, SG_ST_NOT_OWNER);
    e->publisher_agency = unit_text(&city, "disnaker");
    (void)unit_want("no owner", &city, e, SG_ST_FORBIDDEN);
    e->publisher_agency = unit_text(&city, "dinsos");
    e->has_expected_version = false;
    struct outcome o = unit_want("no version", &city, e, SG_ST_MISSING_FIELD);
    unit_detail("no version", &o, "expected_version", NULL);
    city_close(&city);
}

/* A loan holds up every reason but two; a seat holds up all. */
static void reasons_and_loans(void **state)
{
    (void)state;
    for (int reason = REASON(INDEPENDENT); reason <= REASON(DUPLICATE_CASE); reason++)
        for (unsigned broken = SEAT; broken <= LOAN_OUT; broken <<= 1) {
            struct ledger_city city;
            city_open(&city);
            struct client budi = troubled(&city, broken);
            uint32_t want = broken == SEAT                   ? SG_ST_OPEN_SEAT
                            : reason == REASON(DECEASED)     ? 0
                            : reason == REASON(LOST_CONTACT) ? SG_ST_CLOSE_CRITERIA
                                                             : SG_ST_OPEN_LOAN;
            (void)unit_want(care_name(pb_close_reason__descriptor, reason), &city,
                            care_close(&city, &budi.case_id, (PbCloseReason)reason), want);
            city_close(&city);
        }
}

/* ---- INDEPENDENT ---- */

static void independent_to_the_day(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool course;     /* else a plan only */
        int32_t contact; /* days after the begin; -1: none */
        int on_street;   /* at the last contact */
        int32_t missed;  /* a visit in vain after it; -1: none */
        int32_t today;
        const char *detail; /* NULL: closed */
    } rows[] = {
        {"180 days after the course", true, 180, ON_STREET(NO), -1, 180, NULL},
        {"179 days after the course", true, 179, ON_STREET(NO), -1, 179, "TOO_EARLY"},
        {"180 days after the plan", false, 180, ON_STREET(NO), -1, 180, NULL},
        {"179 days after the plan", false, 179, ON_STREET(NO), -1, 179, "TOO_EARLY"},
        {"60 days after the visit", false, 140, ON_STREET(NO), -1, 200, NULL},
        {"61 days after the visit", false, 139, ON_STREET(NO), -1, 200, "NO_VISIT"},
        {"in vain since", false, 150, ON_STREET(NO), 190, 200, NULL},
        {"no visit", false, -1, ON_STREET(NO), -1, 200, "NO_VISIT"},
        {"in vain only", false, -1, ON_STREET(NO), 190, 200, "NO_VISIT"},
        {"sometimes", false, 190, ON_STREET(SOMETIMES), -1, 200, "ON_STREET"},
        {"on the street", false, 190, ON_STREET(YES), -1, 200, "ON_STREET"},
        {"nobody knows", false, 190, ON_STREET(UNKNOWN), -1, 200, "ON_STREET"},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ledger_city city;
        city_open(&city);
        struct sg_id slot = story_slot(&city, 1);
        struct client budi = unit_client(&city);
        if (rows[i].course) {
            struct sg_id seat = story_occupied(&city, &budi, &slot);
            story_complete(&city, &seat);
        }
        int32_t day = story_today(&city);
        struct sg_id plan = care_set_plan(&city, &budi.case_id, PLAN_OF(STANDARD_12M),
                                          rows[i].course ? day + 30 : day);
        story_until(&city, day + rows[i].today, 9);
        if (rows[i].contact >= 0) {
            care_visited(&city, &plan, day + rows[i].contact - 30, true); /* and one before */
            PbEnvelope *e = care_visit(&city, &plan, day + rows[i].contact, true);
            e->mentoring_visited->on_street = (PbMentoringVisitRecorded__OnStreet)rows[i].on_street;
            (void)unit_want("visit", &city, e, 0);
        }
        if (rows[i].missed >= 0)
            care_visited(&city, &plan, day + rows[i].missed, false);
        city_pass(&city, 0); /* the next visit may be overdue */
        struct outcome o =
            unit_want(rows[i].name, &city, care_close(&city, &budi.case_id, REASON(INDEPENDENT)),
                      rows[i].detail ? SG_ST_CLOSE_CRITERIA : 0);
        if (rows[i].detail)
            unit_detail(rows[i].name, &o, "case_closed.reason", rows[i].detail);
        const PbPersonRow *row = city_row(&city, TABLE_PERSONS, &budi.person);
        assert_int_equal(row->has_first_closed_on, rows[i].detail == NULL);
        city_refold(&city);
        city_close(&city);
    }
}

/* ---- LOST_CONTACT ---- */

static void lost_to_the_day(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct {
            int32_t on; /* days after the begin; 0 ends */
            bool contact;
        } visits[6];
        bool lost;
    } rows[] = {
        {"three over 14 days", {{10, false}, {17, false}, {24, false}}, true},
        {"three over 13 days", {{10, false}, {17, false}, {23, false}}, false},
        {"two over a month", {{10, false}, {40, false}}, false},
        {"three on two days", {{10, false}, {10, false}, {24, false}}, false},
        {"four on three days", {{10, false}, {10, false}, {17, false}, {24, false}}, true},
        {"contact before", {{5, true}, {10, false}, {17, false}, {24, false}}, true},
        {"contact in between", {{10, false}, {17, false}, {20, true}, {24, false}}, false},
        {"contact after", {{10, false}, {17, false}, {24, false}, {25, true}}, false},
        {"told in another order", {{24, false}, {10, false}, {17, false}}, true},
        {"contact told last", {{10, false}, {17, false}, {24, false}, {5, true}}, true},
        {"none", {{0, false}}, false},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ledger_city city;
        city_open(&city);
        struct client budi = unit_client(&city);
        int32_t day = story_today(&city);
        struct sg_id plan = care_set_plan(&city, &budi.case_id, PLAN_OF(STANDARD_12M), day);
        story_until(&city, day + 50, 9);
        for (size_t k = 0; k < 6 && rows[i].visits[k].on; k++)
            care_visited(&city, &plan, day + rows[i].visits[k].on, rows[i].visits[k].contact);
        city_pass(&city, 0);
        struct outcome o =
            unit_want(rows[i].name, &city, care_close(&city, &budi.case_id, REASON(LOST_CONTACT)),
                      rows[i].lost ? 0 : SG_ST_CLOSE_CRITERIA);
        if (!rows[i].lost)
            unit_detail(rows[i].name, &o, "case_closed.reason", "TOO_FEW_TRIES");
        city_refold(&city);
        city_close(&city);
    }
}

/* ---- NOT_PPKS ---- */

static void not_ppks(void **state)
{
    (void)state;
    for (int reason = REASON(INDEPENDENT); reason <= REASON(DUPLICATE_CASE); reason++)
        for (int flagged = 0; flagged < 2; flagged++) {
            struct ledger_city city;
            city_open(&city);
            struct client budi = unit_client(&city);
            PbEnvelope *e = unit_assess(&city, &budi.case_id);
            if (flagged)
                e->assessment_completed->n_confirmed_ppks = 0;
            (void)unit_want("assess", &city, e, 0);
            bool fits = flagged == (reason == REASON(NOT_PPKS));
            bool asks = reason == REASON(INDEPENDENT) || reason == REASON(LOST_CONTACT);
            uint32_t want = !fits && flagged ? SG_ST_BAD_TRANSITION
                            : !fits || asks  ? SG_ST_CLOSE_CRITERIA
                                             : 0;
            struct outcome o =
                unit_want(care_name(pb_close_reason__descriptor, reason), &city,
                          care_close(&city, &budi.case_id, (PbCloseReason)reason), want);
            if (!fits)
                unit_detail("ppks", &o, "case_closed.reason", flagged ? "NOT_PPKS" : "PPKS");
            city_close(&city);
        }
}

/* A minor's case is closed by nobody but an agency that protects children. */
static void a_minor(void **state)
{
    (void)state;
    for (int protects = 0; protects < 2; protects++) {
        struct ledger_city city;
        struct client rian;
        city_open(&city);
        PbEnvelope *e = unit_refer(&city, &rian.referral);
        unit_budi(&city, e->referral_submitted->person);
        e->referral_submitted->person->birth_date = unit_date(&city, 2010, 9, 1);
        e->referral_submitted->target_agency = unit_text(&city, protects ? "dpppa" : "dinsos");
        struct outcome o = unit_want("refer", &city, e, 0);
        rian.case_id = id_of(o.effect->cases[0]->case_id);
        care_run("T04", &city, &rian.case_id, protects ? "" : "T04");
        e = care_close(&city, &rian.case_id, REASON(REUNIFIED));
        e->publisher_agency = unit_text(&city, protects ? "dpppa" : "dinsos");
        (void)unit_want("close", &city, e, protects ? 0 : SG_ST_MINOR);
        city_refold(&city);
        city_close(&city);
    }
}

UNIT_MAIN(cmocka_unit_test(the_first_guard_answers), cmocka_unit_test(only_an_open_case),
          cmocka_unit_test(who_may_close), cmocka_unit_test(reasons_and_loans),
          cmocka_unit_test(independent_to_the_day), cmocka_unit_test(lost_to_the_day),
          cmocka_unit_test(not_ppks), cmocka_unit_test(a_minor))
