/* One walk over all time limits: when each level is told and to whom, that it is told once, what
 * ends it; as a city is configured by itself, and once more with every number twice as large. */
#include "unit/walk_unit.h"

/* ---- what ends them ---- */

static void by_ack(struct walk *w)
{
    (void)unit_want("ack", &w->city, story_ack(&w->city, &w->budi.referral, "dinsos", false), 0);
}
static void by_decline(struct walk *w)
{
    (void)unit_want("decline", &w->city,
                    unit_decide(&w->city, &w->budi.referral, "dinsos", DECIDES(DECLINED), NULL), 0);
}
static void by_taking(struct walk *w)
{
    (void)unit_want("take", &w->city,
                    unit_decide(&w->city, &w->other, "dpppa", DECIDES(ACCEPTED), NULL), 0);
}
static void by_assessment(struct walk *w)
{
    (void)unit_want("assess", &w->city, unit_assess(&w->city, &w->budi.case_id), 0);
}
static void by_transfer(struct walk *w)
{
    (void)unit_want("hand", &w->city,
                    story_hand(&w->city, "dinsos", &w->budi.case_id, PB_REFERRAL_KIND_TRANSFER,
                               "dpppa", &w->other),
                    0);
}
static void by_answer(struct walk *w)
{
    story_settle(&w->city, &w->seat, PB_SEAT_DECISION_PERSON_ACCEPTED);
}
static void by_confirming(struct walk *w)
{
    story_settle(&w->city, &w->seat, PB_SEAT_DECISION_CONFIRMED);
}
static void by_start(struct walk *w)
{
    (void)unit_want("start", &w->city, story_start(&w->city, &w->seat, sg_day_of(2026, 6, 3)), 0);
}
static void by_attendance(struct walk *w)
{
    int32_t day = sg_day_of(2026, 6, 3);
    (void)unit_want("attend", &w->city, story_attend(&w->city, &w->seat, day, day), 0);
}
static void by_grant(struct walk *w)
{
    (void)unit_want("grant", &w->city, story_issue(&w->city, &w->item, &w->seat, GRANT, "B/1"), 0);
}
static void by_return(struct walk *w)
{
    (void)unit_want("return", &w->city,
                    story_check(&w->city, &w->item, FINDING(RETURNED), ACTION(NONE)), 0);
}
static void by_visit(struct walk *w)
{
    care_visited(&w->city, &w->plan, story_today(&w->city), true);
}
static void by_plan(struct walk *w)
{
    (void)care_set_plan(&w->city, &w->budi.case_id, PLAN_OF(STANDARD_12M), story_today(&w->city));
}
static void by_service(struct walk *w)
{
    int32_t day = story_today(&w->city);
    (void)unit_want("service", &w->city,
                    care_service(&w->city, &w->budi.case_id, SPM(GUIDANCE), day, day), 0);
}
static void by_refusal(struct walk *w)
{
    (void)unit_want("refuse", &w->city,
                    care_request(&w->city, "dinsos", &w->other, ASKS(ACCESS), ANSWER(REFUSED)), 0);
}
static void by_forgetting(struct walk *w)
{
    PbEnvelope *e = care_request(&w->city, "disnaker", &w->other, ASKS(ERASURE), ANSWER(EXECUTED));
    (void)unit_want("forget", &w->city, e, 0);
}

/* ---- the walk ---- */

static const struct row {
    const char *rule, *name;
    act_fn *begin;
    when_fn *when;
    uint32_t first_level;
    unsigned run; /* levels before it is ended; the last of T05 and T07 takes the seat */
    const char *responsible;
    act_fn *end;
    bool again; /* it begins anew */
} rows[] = {
    /* clang-format off */
    {"T01", "emergency", refer_emergency, t01_emergency, 1, 3, "dinsos", by_ack, false},
    {"T01", "urgent", refer_urgent, t01_urgent, 1, 3, "dinsos", by_ack, false},
    {"T01", "normal", refer_normal, t01_normal, 1, 3, "dinsos", by_ack, false},
    {"T01", "a minor", hand_minor, t01_minor, 2, 2, "dpppa", by_taking, false},
    {"T02", "emergency", ack_emergency, t02_emergency, 1, 1, "dinsos", by_decline, false},
    {"T02", "urgent", ack_urgent, t02_urgent, 1, 1, "dinsos", by_decline, false},
    {"T02", "normal", ack_normal, t02_normal, 1, 1, "dinsos", by_decline, false},
    {"T02", "a minor", ack_minor, t02_minor, 2, 2, "dpppa", by_taking, false},
    {"T03", "accepted", accept, t03, 1, 2, "dinsos", by_assessment, false},
    {"T04", "a minor", assess_minor, t04, 2, 2, "dinsos", by_transfer, false},
    {"T05", "held", hold, t05, 0, 1, "dinsos", by_answer, false},
    {"T05", "promoted", promote_early, t05_promoted, 0, 1, "dinsos", by_answer, false},
    {"T05", "promoted after the start", promote_late, t05_started, 0, 1, "dinsos", by_answer, false},
    {"T06", "reserved", reserve, t06, 1, 2, "disnaker", by_confirming, false},
    {"T07", "confirmed", confirm, t07, 1, 1, "disnaker", by_start, false},
    {"T08", "in the course", begin_course, t08, 1, 1, "disnaker", by_attendance, true},
    {"T09", "completed", complete, t09, 1, 1, "dinsos", by_grant, false},
    {"T10-1", "granted", grant, t10_first, 1, 1, "dinsos", by_return, false},
    {"T10-2", "granted", grant, t10_second, 1, 1, "dinsos", by_return, false},
    {"T10-3", "granted", grant, t10_third, 1, 1, "dinsos", by_return, false},
    {"T10-4", "granted", grant, t10_last, 1, 1, "dinsos", by_return, false},
    {"T10-LOAN", "on loan", lend, t10_loan, 0, 2, "dinsos", by_return, false},
    {"T11", "a visit", plan, t11, 1, 2, "dinsos", by_visit, true},
    {"T11-PLAN", "no plan", begin_course, t11_plan, 1, 2, "dinsos", by_plan, false},
    {"T12", "nothing happens", in_service, t12, 1, 1, "dinsos", by_service, true},
    {"T13", "asked", ask, t13, 3, 1, "dinsos", by_refusal, false},
    {"T14", "taken back", withdraw, t14, 3, 1, "disnaker", by_forgetting, false},
}; /* clang-format on */

/* The one deadline of this rule, and its object; NULL when there is none. In read_arena. */
static PbDeadlineRow *find(struct walk *w, const char *rule, struct sg_id *out_id)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct sg_why why = {0};
    PbDeadlineRow *row = NULL;
    city_read(&w->city);
    SG_CHECK(!cursor_open(&cursor, &w->city.txn, TABLE_DEADLINES, &why));
    SG_CHECK(!cursor_first(&cursor, &why));
    while (cursor.key.ptr) {
        if (strcmp((const char *)cursor.key.ptr + SG_ID_BYTES, rule) == 0) {
            if (row)
                fail_msg("%s runs twice", rule);
            SG_CHECK(!sg_decode_row(&pb_deadline_row__descriptor, cursor.value, &w->city.read_arena,
                                    &row, &why));
            memcpy(out_id->b, cursor.key.ptr, SG_ID_BYTES);
        }
        SG_CHECK(!cursor_next(&cursor, &why));
    }
    cursor_done(&cursor);
    txn_done(&w->city.txn);
    if (row && row->has_aggregate_id)
        *out_id = id_of(row->aggregate_id);
    return row;
}

/* Bound, owner of the case, and from level 3 on the auditor; as the ledger writes them. */
static void check_readers(const char *name, const struct row *row, const struct city_record *d2,
                          uint32_t level)
{
    bool two = strcmp(row->responsible, "dinsos") != 0;
    size_t count = 1U + two + (level >= 3);
    if (d2->record.rest->n_audience != count ||
        !(city_relations(d2, row->responsible) & RELATION_RESPONSIBLE) ||
        !(city_relations(d2, "dinsos") & RELATION_CASE_OWNER) ||
        (city_relations(d2, "inspektorat") == RELATION_AUDITOR) != (level >= 3))
        fail_msg("%s, level %u: read by others", name, level);
}

/* What is looked at: a rule of an object, due then. An item has four of T10. */
struct looked {
    const char *name;
    const struct row *row;
    struct sg_id id;
    int64_t due_ms;
};

/* The D2 of it behind that record; NULL when there is none. Two fail. */
static const PbDeadlineMissed *told_of(struct walk *w, const struct looked *at, uint64_t after,
                                       struct city_record *out_record)
{
    const PbDeadlineMissed *found = NULL;
    char rule[8];
    for (uint64_t seq = after + 1; seq <= w->city.last_seq; seq++) {
        struct city_record record = city_record(&w->city, seq);
        const PbDeadlineMissed *told = record.event.envelope->deadline_missed;
        struct sg_id about = told ? id_of(told->aggregate_id) : at->id;
        if (!told || strcmp(told->rule_id, limit_name(at->row->rule, rule)) != 0 ||
            !sg_id_equal(&about, &at->id) || sg_ms_of(told->due_at) != at->due_ms)
            continue;
        if (found)
            fail_msg("%s: told twice", at->name);
        found = told;
        *out_record = record;
    }
    return found;
}

static void check_told(struct walk *w, const struct looked *at, uint64_t after, uint32_t level,
                       bool cleared)
{
    struct city_record d2;
    const char *name = at->name;
    const struct row *row = at->row;
    const PbDeadlineMissed *told = told_of(w, at, after, &d2);
    if (!told || told->level != level || told->cleared != cleared)
        fail_msg("%s: level %u is not told", name, level);
    check_readers(name, row, &d2, level);
}

/* The levels of a limit that has just begun. */
static struct looked look(const char *name, struct walk *w, const struct row *row, int64_t *levels)
{
    struct looked at = {.name = name, .row = row};
    row->begin(w);
    row->when(w, levels);
    const PbDeadlineRow *deadline = find(w, row->rule, &at.id);
    if (!deadline)
        fail_msg("%s: does not run", name);
    size_t count = 0;
    while (count < LIMIT_LEVELS && levels[count])
        count++;
    bool same = deadline->n_levels_ms == count && deadline->first_level == row->first_level;
    for (size_t i = 0; same && i < count; i++)
        same = deadline->levels_ms[i] == levels[i];
    if (!same)
        fail_msg("%s: other levels", name);
    at.due_ms = deadline->due_ms;
    return at;
}

static void walk_one(const char *name, struct walk *w, const struct row *row)
{
    int64_t levels[LIMIT_LEVELS] = {0};
    struct sg_id anew = {{0}};
    struct city_record d2;
    const struct looked at = look(name, w, row, levels);
    uint64_t last = w->city.last_seq;
    for (unsigned i = 0; i < row->run; i++) {
        if (levels[i] > w->city.now_ms) {
            limit_pass_to(&w->city, levels[i] - 1);
            if (told_of(w, &at, last, &d2))
                fail_msg("%s: level %u too early, or twice", name, row->first_level + i);
        }
        limit_pass_to(&w->city, levels[i] > w->city.now_ms ? levels[i] : w->city.now_ms);
        check_told(w, &at, last, row->first_level + i, false);
        last = w->city.last_seq;
    }
    row->end(w);
    check_told(w, &at, last, row->first_level + row->run - 1, true);
    const PbDeadlineRow *deadline = find(w, row->rule, &anew);
    if ((deadline != NULL) != row->again || (deadline && deadline->reached))
        fail_msg("%s: runs on", name);
    last = w->city.last_seq;
    city_pass(&w->city, row->again ? SG_HOUR_MS : 400 * SG_DAY_MS);
    if (told_of(w, &at, last, &d2))
        fail_msg("%s: told after its end", name);
    city_refold(&w->city);
}

static struct sg_time_limits twice(void)
{
    return (struct sg_time_limits){
#define TWICE(name, normal, least, most, unit) .name = 2 * (normal),
        SG_TIME_LIMITS(TWICE)
#undef TWICE
    };
}

static void every_limit(const struct sg_time_limits *limits, const char *how)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct walk w = {.l = limits};
        char name[80];
        (void)snprintf(name, sizeof name, "%s, %s, %s", rows[i].rule, rows[i].name, how);
        city_open(&w.city);
        w.city.limits = limits == &sg_time_limits_normal ? NULL : limits;
        walk_one(name, &w, &rows[i]);
        city_close(&w.city);
    }
}

static void as_it_is(void **state)
{
    (void)state;
    every_limit(&sg_time_limits_normal, "normal");
}

static void twice_as_long(void **state)
{
    (void)state;
    const struct sg_time_limits limits = twice();
    every_limit(&limits, "twice");
}

/* ---- the clock stops ---- */

/* The one who is bound has no connection: level 1 is told in its time and no other before it is
 * back; then later by as long as it was away after level 1. */
static void the_clock_stops_beyond_level_1(void **state)
{
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct walk w = {.l = &sg_time_limits_normal};
        int64_t levels[LIMIT_LEVELS] = {0};
        const struct row *row = &rows[i];
        struct city_record d2;
        unsigned one = 1 - row->first_level; /* index of level 1 */
        if (row->first_level > 1 || row->run < one + 2)
            continue; /* no level beyond it, or one that takes a seat */
        city_open(&w.city);
        const struct looked at = look(row->name, &w, row, levels);
        int64_t away = levels[one + 1] - levels[one] + SG_DAY_MS;
        limit_pass_to(&w.city, levels[one] - 1);
        story_presence(&w.city, row->responsible, w.city.now_ms, 0);
        uint64_t last = w.city.last_seq;
        city_pass(&w.city, 1);
        check_told(&w, &at, last, 1, false);
        last = w.city.last_seq;
        limit_pass_to(&w.city, levels[one] + away);
        if (told_of(&w, &at, last, &d2))
            fail_msg("%s, %s: told while the agency was down", row->rule, row->name);
        story_presence(&w.city, row->responsible, 0, away + 1); /* since before level 1 */
        limit_pass_to(&w.city, levels[one + 1] + away - 1);
        if (told_of(&w, &at, last, &d2))
            fail_msg("%s, %s: its time away counts", row->rule, row->name);
        city_pass(&w.city, 1);
        check_told(&w, &at, last, 2, false);
        assert_true((int64_t)told_of(&w, &at, last, &d2)->down_time_ms == away);
        city_refold(&w.city);
        city_close(&w.city);
    }
}

/* ---- T15, and what waits for its object ---- */

static void silence_and_parking(void **state)
{
    (void)state;
    struct sg_time_limits other = twice();
    other.silent_until_hour = 15;
    for (int doubled = 0; doubled < 2; doubled++)
        for (int always = 0; always < 2; always++) {
            const struct sg_time_limits *l = doubled ? &other : &sg_time_limits_normal;
            struct walk w = {.l = l};
            city_open(&w.city);
            w.city.limits = l;
            for (size_t i = 0; i < CITY_AGENCIES; i++)
                w.city.agencies[i].round_the_clock = always;
            story_presence(&w.city, "disnaker", w.city.now_ms, 0); /* Monday, 8:00 */
            int64_t at = always ? w.city.now_ms + l->silent_hours * SG_HOUR_MS
                                : limit_at(5, 5, (int)l->silent_until_hour);
            limit_pass_to(&w.city, at - 1);
            assert_int_equal(unit_notices(&w.city, 0, "T15"), 0);
            city_pass(&w.city, 1);
            care_follows("silent", &w.city, 0, "D2 T15/1 @disnaker");
            city_pass(&w.city, 30 * SG_DAY_MS);
            assert_int_equal(unit_notices(&w.city, 0, "T15"), 1);
            city_close(&w.city);
        }
    for (int doubled = 0; doubled < 2; doubled++) {
        struct ledger_city city;
        const struct sg_id nobody = {{6}};
        city_open(&city);
        city.limits = doubled ? &other : NULL;
        (void)story_park("early", &city, care_visit(&city, &nobody, story_today(&city), true));
        uint64_t last = city.last_seq;
        city_pass(&city, (doubled ? 28 : 14) * SG_DAY_MS - 1);
        assert_int_equal(city.last_seq, last);
        city_pass(&city, 1);
        care_follows("too late", &city, last, "mentoring.visited; event.settled @dinsos");
        city_refold(&city);
        city_close(&city);
    }
}

UNIT_MAIN(cmocka_unit_test(as_it_is), cmocka_unit_test(twice_as_long),
          cmocka_unit_test(the_clock_stops_beyond_level_1), cmocka_unit_test(silence_and_parking))
