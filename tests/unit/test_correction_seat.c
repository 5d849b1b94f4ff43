/* E24 of E13, E14 and E15: days, attendance and results are other ones; a seat goes back only when
 * nobody has to leave it.
 */
#include "unit/correct_unit.h"

#include "ledger/correction.h"
#include "ledger/equipment.h"

#include <stdio.h>

#define RESULT(name) PB_PLACEMENT_ENDED__RESULT_##name
#define SEAT(name) PB_ALLOCATION_STATE_##name
#define CASE(name) PB_CASE_STATE_##name

/* Budi on a seat of a slot of one; the course begins on `first`. */
struct scene {
    struct ledger_city city;
    struct client budi;
    struct sg_id slot, seat;
    int32_t first;
    uint64_t e13, e15;
};

static void stand(struct scene *s, uint32_t seats, bool confirmed, bool started)
{
    struct ledger_city *city = &s->city;
    city_open(city);
    s->slot = story_slot(city, seats);
    s->first = slot_start_day(story_slot_row(city, &s->slot));
    s->budi = unit_client(city);
    s->seat = unit_seat(city, &s->budi, &s->slot, ACCEPT);
    if (confirmed)
        story_settle(city, &s->seat, PB_SEAT_DECISION_CONFIRMED);
    story_until(city, s->first + 1, 9);
    if (started)
        s->e13 = unit_want("begin", city, story_start(city, &s->seat, s->first + 1), 0).seq;
}

static void end(struct scene *s, PbPlacementEnded__Result result)
{
    int32_t today = story_today(&s->city);
    s->e15 = unit_want("end", &s->city, story_end(&s->city, &s->seat, today, result), 0).seq;
}

static const PbAllocationRow *seat_row(struct scene *s)
{
    return city_row(&s->city, TABLE_ALLOCATIONS, &s->seat);
}

static const PbPersonRow *person_row(struct scene *s)
{
    return city_row(&s->city, TABLE_PERSONS, &s->budi.person);
}

static PbCaseState case_state(struct scene *s)
{
    return unit_case_state(&s->city, &s->budi.case_id);
}

/* ---- E13 ---- */

static void the_day_of_the_start_is_another_one(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int32_t day; /* after the first */
        int ended;   /* on that day, 0: not yet */
        uint32_t code;
        const char *detail;
    } rows[] = {{"the day before", 0, 0, 0, NULL},
                {"before the slot", -1, 0, SG_ST_BAD_TRANSITION, "BEFORE_START"},
                {"tomorrow", 11, 0, SG_ST_FUTURE_TIME, NULL},
                {"too late to enter", 6, 0, SG_ST_BAD_TRANSITION, "LATE_ENTRY"},
                {"the last day of entry", 5, 0, 0, NULL},
                {"the day of the end", 3, 3, 0, NULL},
                {"after the end", 4, 3, SG_ST_SCHEMA, "ORDER"}};
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct scene s;
        stand(&s, 1, false, true);
        if (rows[i].ended) {
            story_until(&s.city, s.first + rows[i].ended, 9);
            end(&s, RESULT(COMPLETED));
        }
        story_until(&s.city, s.first + 10, 9);
        uint64_t last = s.city.last_seq;
        PbEnvelope *with = story_start(&s.city, &s.seat, s.first + rows[i].day);
        struct outcome o = unit_want(rows[i].name, &s.city,
                                     correct_by(&s.city, "disnaker", s.e13, with), rows[i].code);
        if (rows[i].code)
            unit_detail(rows[i].name, &o, "event_corrected.replacement.started_on", rows[i].detail);
        int32_t want = s.first + (rows[i].code ? 1 : rows[i].day);
        if (seat_row(&s)->started_on != want)
            fail_msg("%s: started on day %d", rows[i].name, (int)(seat_row(&s)->started_on - want));
        if (!rows[i].code) { /* no seat and no case has moved; its readers are those of the E13 */
            assert_int_equal(correct_seat_change(&s.city, last), 0);
            assert_int_equal(correct_case_told(&s.city, last), 0);
            struct city_record record = city_record(&s.city, o.seq);
            assert_int_equal(city_relations(&record, "dinsos"), RELATION_CASE_OWNER);
            assert_int_equal(city_relations(&record, "disnaker"), RELATION_PROVIDER);
            assert_int_equal(record.record.rest->n_audience, 2);
        }
        correct_close(&s.city);
    }
}

/* T08 counts from the start until something was reported. */
static void attendance_is_awaited_from_the_right_day(void **state)
{
    (void)state;
    for (int reported = 0; reported < 2; reported++) {
        struct scene s;
        stand(&s, 1, false, true);
        if (reported)
            (void)unit_want("attend", &s.city,
                            story_attend(&s.city, &s.seat, s.first + 1, s.first + 1), 0);
        int64_t before = story_deadline(&s.city, RULE_ATTENDANCE, &s.seat)->due_ms;
        PbEnvelope *with = story_start(&s.city, &s.seat, s.first);
        (void)unit_want("correct", &s.city, correct_by(&s.city, "disnaker", s.e13, with), 0);
        int64_t after = story_deadline(&s.city, RULE_ATTENDANCE, &s.seat)->due_ms;
        assert_int_equal(before - after, reported ? 0 : SG_DAY_MS);
        correct_close(&s.city);
    }
}

/* The same words again name the first event, whatever became of it. */
static void a_corrected_start_is_known_again(void **state)
{
    (void)state;
    struct scene s;
    stand(&s, 1, false, true);
    PbEnvelope *with = story_start(&s.city, &s.seat, s.first);
    (void)unit_want("correct", &s.city, correct_by(&s.city, "disnaker", s.e13, with), 0);
    (void)story_again("as it was", &s.city, story_start(&s.city, &s.seat, s.first + 1));
    correct_close(&s.city);
}

static void a_start_is_undone(void **state)
{
    (void)state;
    for (int confirmed = 0; confirmed < 2; confirmed++) {
        struct scene s;
        stand(&s, 1, confirmed != 0, true);
        assert_int_equal(case_state(&s), CASE(IN_TRAINING));
        assert_non_null(story_deadline(&s.city, RULE_ATTENDANCE, &s.seat));
        uint64_t last = s.city.last_seq, version = story_slot_row(&s.city, &s.slot)->version;
        struct outcome o = unit_want("annul", &s.city, story_annul(&s.city, "disnaker", s.e13), 0);
        assert_int_equal(o.aggregate_version, version + 1);
        assert_int_equal(story_slot_row(&s.city, &s.slot)->version, version + 1);
        const PbAllocationRow *row = seat_row(&s);
        assert_int_equal(row->state, confirmed ? SEAT(CONFIRMED) : SEAT(RESERVED));
        assert_int_equal(row->seat_no, 1);
        assert_false(row->has_started_on);
        assert_null(row->started);
        assert_int_equal(case_state(&s), CASE(IN_SERVICE));
        assert_int_equal(correct_case_told(&s.city, last), CASE(IN_SERVICE));
        assert_int_equal(correct_seat_change(&s.city, last),
                         confirmed ? PB_SEAT_CHANGE_CONFIRMED : PB_SEAT_CHANGE_RESERVED);
        assert_null(story_deadline(&s.city, RULE_ATTENDANCE, &s.seat));
        assert_non_null(story_deadline(&s.city, RULE_START, &s.seat));
        assert_int_equal(story_deadline(&s.city, RULE_CONFIRM, &s.seat) != NULL, !confirmed);
        /* The same seat begins again, and what was said before is not a repetition. */
        (void)unit_want("begin", &s.city, story_start(&s.city, &s.seat, s.first + 1), 0);
        assert_int_equal(seat_row(&s)->state, SEAT(OCCUPIED));
        correct_close(&s.city);
    }
}

static void a_start_on_which_something_rests_stays(void **state)
{
    (void)state;
    enum { ENDED, LENT, CANCELLED, RETURNED, WAYS };
    for (int way = 0; way < WAYS; way++) {
        struct scene s;
        char want[64] = "";
        stand(&s, 1, false, true);
        struct ledger_city *city = &s.city;
        if (way == ENDED) {
            end(&s, RESULT(DROPPED_OUT));
            (void)correct_rests(want, 115, s.e15);
        } else if (way == CANCELLED) {
            (void)correct_rests(
                want, 110, unit_want("cancel", city, story_cancel(city, &s.slot, NULL), 0).seq);
        } else {
            struct sg_id item = story_item(city);
            (void)correct_rests(
                want, 117,
                unit_want("lend", city, story_issue(city, &item, &s.seat, LOAN, "B/1"), 0).seq);
            if (way == RETURNED)
                (void)unit_want("return", city,
                                story_check(city, &item, FINDING(RETURNED), ACTION(NONE)), 0);
        }
        uint64_t folds = story_folds(city);
        bool may = way == RETURNED; /* what came back rests on nothing */
        struct outcome o = unit_want(want, city, story_annul(city, "disnaker", s.e13),
                                     may ? 0 : SG_ST_CORRECTION_DEPENDS);
        if (!may) {
            unit_detail(want, &o, "event_corrected.corrected", want);
            assert_true(strstr(o.fault.accepted, want) != NULL);
            assert_true(story_folds(city) == folds);
        }
        correct_close(city);
    }
}

/* A seat that was taken along by a transfer: the new owner has not assessed yet. */
static void the_case_goes_back_to_where_it_was(void **state)
{
    (void)state;
    for (int assessed = 0; assessed < 2; assessed++) {
        struct ledger_city city;
        struct sg_id referral;
        city_open(&city);
        struct sg_id slot = story_slot(&city, 1);
        struct client budi = unit_client(&city);
        struct sg_id seat = unit_seat(&city, &budi, &slot, ACCEPT);
        (void)unit_want("hand over", &city,
                        story_hand(&city, "dinsos", &budi.case_id, PB_REFERRAL_KIND_TRANSFER,
                                   "dpppa", &referral),
                        0);
        struct outcome o = unit_want(
            "take over", &city,
            unit_decide(&city, &referral, "dpppa", PB_REFERRAL_DECISION_ACCEPTED, NULL), 0);
        struct sg_id there = id_of(o.effect->minted_case_id);
        int64_t t03 = story_deadline(&city, RULE_ASSESS, &there)->due_ms;
        story_begin(&city, &slot, &seat);
        uint64_t e13 = city.last_seq;
        while (!city_record(&city, e13).event.envelope->placement_started)
            e13--;
        assert_int_equal(unit_case_state(&city, &there), CASE(IN_TRAINING));
        assert_null(story_deadline(&city, RULE_ASSESS, &there));
        if (assessed) {
            PbEnvelope *e = unit_assess(&city, &there);
            e->publisher_agency = unit_text(&city, "dpppa");
            (void)unit_want("assess", &city, e, 0);
        }
        (void)unit_want("annul", &city, story_annul(&city, "disnaker", e13), 0);
        assert_int_equal(unit_case_state(&city, &there),
                         assessed ? CASE(IN_SERVICE) : CASE(ASSESSING));
        const PbDeadlineRow *again = story_deadline(&city, RULE_ASSESS, &there);
        assert_int_equal(again != NULL, !assessed);
        if (again)
            assert_int_equal(again->due_ms, t03); /* from its first start */
        correct_close(&city);
    }
}

/* ---- E14 ---- */

static const PbAttendanceRow *attendance(struct scene *s, int32_t from)
{
    struct key key;
    struct sg_why why = {0};
    PbAttendanceRow *row = NULL;
    attendance_key(&key, &s->seat, from);
    city_read(&s->city);
    enum sg_err err = row_get(&s->city.txn, TABLE_ATTENDANCE, &key, &pb_attendance_row__descriptor,
                              &s->city.read_arena, &row, &why);
    txn_done(&s->city.txn);
    return err ? NULL : row;
}

static PbEnvelope *attended(struct scene *s, int32_t from, uint32_t sessions)
{
    PbEnvelope *e = story_attend(&s->city, &s->seat, from, from + 4);
    e->attendance_reported->sessions_attended = sessions;
    e->attendance_reported->absences_excused = 0;
    return e;
}

static void attendance_is_restated(void **state)
{
    (void)state;
    struct scene s;
    stand(&s, 1, false, true);
    struct ledger_city *city = &s.city;
    int32_t a = s.first + 1, b = s.first + 8;
    uint64_t first = unit_want("first", city, attended(&s, a, 1), 0).seq;
    uint64_t second = unit_want("second", city, attended(&s, a, 2), 0).seq;
    assert_int_equal(attendance(&s, a)->sessions_attended, 2);
    (void)unit_want("the first, corrected", city,
                    correct_by(city, "disnaker", first, attended(&s, a, 3)), 0);
    assert_int_equal(attendance(&s, a)->sessions_attended, 2); /* the later one holds */
    (void)unit_want("the second, corrected", city,
                    correct_by(city, "disnaker", second, attended(&s, a, 4)), 0);
    assert_int_equal(attendance(&s, a)->sessions_attended, 4);
    assert_int_equal(attendance(&s, a)->seq, second);
    struct outcome o = unit_want(
        "too many", city, correct_by(city, "disnaker", second, attended(&s, a, 6)), SG_ST_SCHEMA);
    unit_detail("too many", &o, "event_corrected.replacement.sessions_attended", "RANGE");
    (void)unit_want("another week", city, correct_by(city, "disnaker", second, attended(&s, b, 5)),
                    0);
    assert_int_equal(attendance(&s, b)->seq, second);
    assert_int_equal(attendance(&s, a)->seq, first); /* which stands again, as corrected */
    assert_int_equal(attendance(&s, a)->sessions_attended, 3);
    (void)unit_want("annul the second", city, story_annul(city, "disnaker", second), 0);
    assert_null(attendance(&s, b));
    (void)unit_want("annul the first", city, story_annul(city, "disnaker", first), 0);
    assert_null(attendance(&s, a));
    correct_close(city);
}

/* The one before an annulled one is annulled itself: the one before that. */
static void what_was_annulled_does_not_come_back(void **state)
{
    (void)state;
    struct scene s;
    stand(&s, 1, false, true);
    struct ledger_city *city = &s.city;
    int32_t a = s.first + 1;
    uint64_t first = unit_want("first", city, attended(&s, a, 1), 0).seq;
    city_pass(city, SG_DAY_MS);
    uint64_t second = unit_want("second", city, attended(&s, a, 2), 0).seq;
    city_pass(city, SG_DAY_MS);
    uint64_t third = unit_want("third", city, attended(&s, a, 3), 0).seq;
    (void)unit_want("annul the second", city, story_annul(city, "disnaker", second), 0);
    assert_int_equal(attendance(&s, a)->seq, third);
    (void)unit_want("annul the third", city, story_annul(city, "disnaker", third), 0);
    assert_int_equal(attendance(&s, a)->seq, first);
    (void)unit_want("annul the first", city, story_annul(city, "disnaker", first), 0);
    assert_null(attendance(&s, a));
    /* Nothing is reported: T08 counts from the start again. */
    const PbDeadlineRow *t08 = story_deadline(city, RULE_ATTENDANCE, &s.seat);
    assert_int_equal(t08->due_ms, sg_day_start_ms(s.first + 1) + 10 * SG_DAY_MS);
    correct_close(city);
}

/* ---- E15 REPLACE ---- */

static void another_result(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        PbPlacementEnded__Result was, is;
        int day; /* of the end, after the first */
        PbAllocationState to;
        PbCaseState to_case;
        bool completed;
    } rows[] = {
        /* clang-format off */
        {"the same", RESULT(COMPLETED), RESULT(COMPLETED), 5, SEAT(COMPLETED), CASE(AFTERCARE), true},
        {"completed after all, early", RESULT(DROPPED_OUT), RESULT(COMPLETED), 3, SEAT(COMPLETED), CASE(AFTERCARE), true},
        {"completed after all, late", RESULT(DROPPED_OUT), RESULT(COMPLETED), 20, SEAT(COMPLETED), CASE(AFTERCARE), true},
        {"dropped out, early", RESULT(COMPLETED), RESULT(DROPPED_OUT), 3, SEAT(RELEASED), CASE(IN_SERVICE), false},
        {"dropped out, late", RESULT(COMPLETED), RESULT(DROPPED_OUT), 20, SEAT(FORFEITED), CASE(IN_SERVICE), false},
        {"left for work", RESULT(DROPPED_OUT), RESULT(LEFT_FOR_WORK), 20, SEAT(FORFEITED), CASE(IN_SERVICE), false},
    }; /* clang-format on */
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct scene s;
        stand(&s, 1, false, true);
        struct ledger_city *city = &s.city;
        (void)story_item(city); /* who has such kits owes one */
        story_until(city, s.first + rows[i].day, 9);
        end(&s, rows[i].was);
        int64_t ended_ms = city->now_ms;
        PbAllocationState was = seat_row(&s)->state;
        story_until(city, s.first + rows[i].day + 2, 9);
        PbEnvelope *with = story_end(city, &s.seat, s.first + rows[i].day - 1, rows[i].is);
        struct outcome o =
            unit_want(rows[i].name, city, correct_by(city, "disnaker", s.e15, with), 0);
        const PbAllocationRow *row = seat_row(&s);
        if (row->state != rows[i].to || row->result != rows[i].is ||
            row->ended_on != s.first + rows[i].day - 1 || case_state(&s) != rows[i].to_case)
            fail_msg("%s: seat %d, result %d, case %d", rows[i].name, (int)row->state,
                     (int)row->result, (int)case_state(&s));
        bool moves = was != rows[i].to;
        if ((correct_seat_change(city, o.seq) != 0) != moves)
            fail_msg("%s: D1", rows[i].name);
        const PbPersonRow *person = person_row(&s);
        if (person->n_completed != (rows[i].completed ? 1U : 0U) ||
            (rows[i].completed && person->completed[0]->ended_on != row->ended_on))
            fail_msg("%s: %d completed courses", rows[i].name, (int)person->n_completed);
        const PbDeadlineRow *kit = story_deadline(city, RULE_KIT, &s.seat);
        bool owes = rows[i].completed && story_slot_row(city, &s.slot)->slot->kit_code;
        if ((kit != NULL) != owes || (kit && kit->due_ms != ended_ms + 30 * SG_DAY_MS))
            fail_msg("%s: T09", rows[i].name);
        struct city_record record = city_record(city, o.seq);
        uint32_t dpppa = city_relations(&record, "dpppa");
        if (dpppa != (rows[i].completed ? RELATION_EQUIPMENT : RELATION_NO_EQUIPMENT))
            fail_msg("%s: equipment providers read it as %x", rows[i].name, dpppa);
        correct_close(city);
    }
}

static void a_result_that_cannot_be(void **state)
{
    (void)state;
    struct scene s;
    stand(&s, 1, false, true);
    struct ledger_city *city = &s.city;
    end(&s, RESULT(DROPPED_OUT));
    int32_t today = story_today(city);
    const struct {
        const char *name;
        int32_t day;
        PbPlacementEnded__Result result;
        uint32_t code;
        const char *field, *detail;
    } rows[] = {
        {"no show", today, RESULT(NO_SHOW), SG_ST_BAD_TRANSITION, "result", "STARTED"},
        {"tomorrow", today + 1, RESULT(COMPLETED), SG_ST_FUTURE_TIME, "ended_on", NULL},
        {"before the start", today - 1, RESULT(COMPLETED), SG_ST_SCHEMA, "ended_on", "ORDER"}};
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        char object[96];
        (void)snprintf(object, sizeof object, "event_corrected.replacement.%s", rows[i].field);
        PbEnvelope *with = story_end(city, &s.seat, rows[i].day, rows[i].result);
        struct outcome o =
            unit_want(rows[i].name, city, correct_by(city, "disnaker", s.e15, with), rows[i].code);
        unit_detail(rows[i].name, &o, object, rows[i].detail);
    }
    PbEnvelope *with = story_end(city, &s.seat, today, RESULT(COMPLETED));
    with->placement_ended->has_attendance_pct = false;
    struct outcome o = unit_want("no percentage", city, correct_by(city, "disnaker", s.e15, with),
                                 SG_ST_MISSING_FIELD);
    unit_detail("no percentage", &o, "event_corrected.replacement.attendance_pct", NULL);
    correct_close(city);
}

/* ---- E15 ANNUL ---- */

static void an_end_is_undone(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool starts, confirmed;
        PbPlacementEnded__Result result;
        PbAllocationState to;
        PbCaseState to_case;
    } rows[] = {
        /* clang-format off */
        {"completed", true, false, RESULT(COMPLETED), SEAT(OCCUPIED), CASE(IN_TRAINING)},
        {"dropped out", true, true, RESULT(DROPPED_OUT), SEAT(OCCUPIED), CASE(IN_TRAINING)},
        {"no show, reserved", false, false, RESULT(NO_SHOW), SEAT(RESERVED), CASE(IN_SERVICE)},
        {"no show, confirmed", false, true, RESULT(NO_SHOW), SEAT(CONFIRMED), CASE(IN_SERVICE)},
    }; /* clang-format on */
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct scene s;
        stand(&s, 1, rows[i].confirmed, rows[i].starts);
        struct ledger_city *city = &s.city;
        struct sg_id item = story_item(city);
        bool lent = rows[i].starts;
        if (lent)
            (void)unit_want("lend", city, story_issue(city, &item, &s.seat, LOAN, "B/1"), 0);
        end(&s, rows[i].result);
        assert_int_equal(story_deadline(city, RULE_RETURN, &item) != NULL, lent);
        uint64_t last = city->last_seq;
        (void)unit_want(rows[i].name, city, story_annul(city, "disnaker", s.e15), 0);
        const PbAllocationRow *row = seat_row(&s);
        if (row->state != rows[i].to || row->seat_no != 1 || row->has_result || row->has_ended_on ||
            row->has_terminal_ms || case_state(&s) != rows[i].to_case)
            fail_msg("%s: seat %d number %u, case %d", rows[i].name, (int)row->state, row->seat_no,
                     (int)case_state(&s));
        if (correct_seat_change(city, last) == 0 ||
            (rows[i].starts && correct_case_told(city, last) != CASE(IN_TRAINING)))
            fail_msg("%s: D1 and D5", rows[i].name);
        const PbPersonRow *person = person_row(&s);
        if (person->n_completed || person->has_first_completed_on ||
            !person->has_live_allocation_id)
            fail_msg("%s: the person", rows[i].name);
        if (story_slot_row(city, &s.slot)->live != 1)
            fail_msg("%s: live seats", rows[i].name);
        bool t08 = story_deadline(city, RULE_ATTENDANCE, &s.seat) != NULL;
        bool t07 = story_deadline(city, RULE_START, &s.seat) != NULL;
        bool t06 = story_deadline(city, RULE_CONFIRM, &s.seat) != NULL;
        if (t08 != rows[i].starts || t07 == rows[i].starts ||
            t06 != (rows[i].to == SEAT(RESERVED)) || story_deadline(city, RULE_KIT, &s.seat) ||
            story_deadline(city, RULE_RETURN, &item))
            fail_msg("%s: T06 %d, T07 %d, T08 %d", rows[i].name, t06, t07, t08);
        /* It ends again, and differently. */
        if (rows[i].starts)
            end(&s, RESULT(LEFT_FOR_WORK));
        else
            (void)unit_want("begin", city, story_start(city, &s.seat, s.first + 1), 0);
        correct_close(city);
    }
}

static void an_end_on_which_something_rests_stays(void **state)
{
    (void)state;
    enum { GRANTED, OTHER_SEAT, SLOT_CANCELLED, WAYS };
    static const char *const names[WAYS] = {"granted", "another seat", "cancelled"};
    for (int way = 0; way < WAYS; way++) {
        struct scene s;
        char want[64] = "ACTIVE_PLACEMENT";
        stand(&s, 1, false, true);
        struct ledger_city *city = &s.city;
        end(&s, way == GRANTED ? RESULT(COMPLETED) : RESULT(DROPPED_OUT));
        if (way == GRANTED) {
            struct sg_id item = story_item(city);
            (void)correct_rests(
                want, 117,
                unit_want("grant", city, story_issue(city, &item, &s.seat, GRANT, "B/1"), 0).seq);
        } else if (way == SLOT_CANCELLED) {
            (void)correct_rests(
                want, 110, unit_want("cancel", city, story_cancel(city, &s.slot, NULL), 0).seq);
        } else {
            struct sg_id slot = story_slot(city, 1);
            (void)unit_seat(city, &s.budi, &slot, ACCEPT);
        }
        uint64_t folds = story_folds(city);
        struct outcome o = unit_want(names[way], city, story_annul(city, "disnaker", s.e15),
                                     SG_ST_CORRECTION_DEPENDS);
        unit_detail(names[way], &o, "event_corrected.corrected", want);
        assert_true(story_folds(city) == folds);
        correct_close(city);
    }
}

/* Two people before the course: one has the seat, the other waits; the end of the one promotes the
 * other. Even when that one has let the hold run out, the seat was promised to him (I8). */
static void seats_that_were_given_on(void **state)
{
    (void)state;
    for (int expired = 0; expired < 2; expired++) {
        struct scene s;
        char want[64];
        struct ledger_city *city = &s.city;
        city_open(city);
        s.slot = story_slot(city, 1);
        s.first = slot_start_day(story_slot_row(city, &s.slot));
        s.budi = unit_client(city);
        s.seat = unit_seat(city, &s.budi, &s.slot, ACCEPT);
        struct sg_id next = story_seat(city, &s.slot, ACCEPT);
        assert_int_equal(unit_seat_state(city, &next), SEAT(WAITLISTED));
        story_until(city, s.first, 9);
        s.e13 = unit_want("begin", city, story_start(city, &s.seat, s.first), 0).seq;
        end(&s, RESULT(DROPPED_OUT));
        assert_int_equal(unit_seat_state(city, &next), SEAT(HELD));
        uint64_t promoted =
            ((const PbAllocationRow *)city_row(city, TABLE_ALLOCATIONS, &next))->seat_seq;
        if (expired)
            city_pass(city, 2 * SG_DAY_MS);
        assert_int_equal(unit_seat_state(city, &next), expired ? SEAT(EXPIRED) : SEAT(HELD));
        struct outcome o = unit_want("annul", city, story_annul(city, "disnaker", s.e15),
                                     SG_ST_CORRECTION_DEPENDS);
        unit_detail("annul", &o, "event_corrected.corrected", correct_rests(want, 201, promoted));
        correct_close(city);
    }
}

/* Who did not come has withdrawn the consent since: the seat would be given back at once. */
static void a_promise_without_consent(void **state)
{
    (void)state;
    struct scene s;
    stand(&s, 1, true, false);
    struct ledger_city *city = &s.city;
    end(&s, RESULT(NO_SHOW));
    PbEnvelope *e = sample_consent(&city->sample, &city->events, &s.budi.case_id);
    e->consent_recorded->action = PB_CONSENT_RECORDED__ACTION_WITHDRAWN;
    (void)unit_want("withdraw", city, e, 0);
    struct outcome o =
        unit_want("annul", city, story_annul(city, "disnaker", s.e15), SG_ST_NO_CONSENT);
    unit_detail("annul", &o, "event_corrected.corrected", "SHARE_WITH_PROVIDER");
    unit_consent(city, &s.budi.case_id);
    (void)unit_want("annul", city, story_annul(city, "disnaker", s.e15), 0);
    assert_int_equal(seat_row(&s)->state, SEAT(CONFIRMED));
    correct_close(city);
}

/* A slot that has become smaller has no room for it; a case that is over is not opened by it. */
static void no_room_any_more(void **state)
{
    (void)state;
    struct scene s;
    char want[64];
    struct ledger_city *city = &s.city;
    city_open(city);
    s.slot = story_slot(city, 2);
    s.first = slot_start_day(story_slot_row(city, &s.slot));
    s.budi = unit_client(city);
    s.seat = unit_seat(city, &s.budi, &s.slot, ACCEPT);
    (void)story_seat(city, &s.slot, ACCEPT);
    story_until(city, s.first, 9);
    s.e13 = unit_want("begin", city, story_start(city, &s.seat, s.first), 0).seq;
    end(&s, RESULT(DROPPED_OUT));
    PbEnvelope *e = story_change(city, &s.slot);
    e->slot_changed->has_capacity_offered = true;
    e->slot_changed->capacity_offered = 1;
    uint64_t e09 = unit_want("one seat", city, e, 0).seq;
    struct outcome o =
        unit_want("annul", city, story_annul(city, "disnaker", s.e15), SG_ST_CORRECTION_DEPENDS);
    unit_detail("annul", &o, "event_corrected.corrected", correct_rests(want, 109, e09));
    e = story_change(city, &s.slot);
    e->slot_changed->has_capacity_offered = true;
    e->slot_changed->capacity_offered = 2;
    (void)unit_want("two seats", city, e, 0);
    (void)unit_want("annul", city, story_annul(city, "disnaker", s.e15), 0);
    assert_int_equal(seat_row(&s)->state, SEAT(OCCUPIED));
    correct_close(city);
}

/* The whole way back: the grant, the end, the start; and forward again. */
static void one_after_the_other(void **state)
{
    (void)state;
    struct scene s;
    char want[64];
    stand(&s, 1, true, true);
    struct ledger_city *city = &s.city;
    struct sg_id item = story_item(city);
    uint64_t loan = unit_want("lend", city, story_issue(city, &item, &s.seat, LOAN, "B/1"), 0).seq;
    story_until(city, s.first + 30, 9);
    end(&s, RESULT(COMPLETED));
    uint64_t grant =
        unit_want("grant", city, story_issue(city, &item, &s.seat, GRANT, "B/2"), 0).seq;
    struct outcome o =
        unit_want("end", city, story_annul(city, "disnaker", s.e15), SG_ST_CORRECTION_DEPENDS);
    unit_detail("end", &o, NULL, correct_rests(want, 117, grant));
    o = unit_want("loan", city, story_annul(city, "dinsos", loan), SG_ST_BAD_TRANSITION);
    (void)unit_want("grant", city, story_annul(city, "dinsos", grant), 0);
    assert_int_equal(story_item_state(city, &item), PB_ITEM_STATE_ON_LOAN);
    assert_non_null(story_deadline(city, RULE_RETURN, &item));
    city_pass(city, 1); /* it is told at once that the item is to come back */
    o = unit_want("start", city, story_annul(city, "disnaker", s.e13), SG_ST_CORRECTION_DEPENDS);
    assert_non_null(strstr(o.fault.detail, "placement.ended"));
    (void)unit_want("end", city, story_annul(city, "disnaker", s.e15), 0);
    assert_int_equal(case_state(&s), CASE(IN_TRAINING));
    assert_null(story_deadline(city, RULE_RETURN, &item));
    city_pass(city, 1); /* T08 goes on as it stood, and is missed */
    o = unit_want("start", city, story_annul(city, "disnaker", s.e13), SG_ST_CORRECTION_DEPENDS);
    unit_detail("start", &o, NULL, correct_rests(want, 117, loan));
    (void)unit_want("loan", city, story_annul(city, "dinsos", loan), 0);
    (void)unit_want("start", city, story_annul(city, "disnaker", s.e13), 0);
    assert_int_equal(seat_row(&s)->state, SEAT(CONFIRMED));
    assert_int_equal(case_state(&s), CASE(IN_SERVICE));
    correct_close(city);
}

UNIT_MAIN(cmocka_unit_test(the_day_of_the_start_is_another_one),
          cmocka_unit_test(attendance_is_awaited_from_the_right_day),
          cmocka_unit_test(a_corrected_start_is_known_again), cmocka_unit_test(a_start_is_undone),
          cmocka_unit_test(a_start_on_which_something_rests_stays),
          cmocka_unit_test(the_case_goes_back_to_where_it_was),
          cmocka_unit_test(attendance_is_restated),
          cmocka_unit_test(what_was_annulled_does_not_come_back), cmocka_unit_test(another_result),
          cmocka_unit_test(a_result_that_cannot_be), cmocka_unit_test(an_end_is_undone),
          cmocka_unit_test(an_end_on_which_something_rests_stays),
          cmocka_unit_test(seats_that_were_given_on), cmocka_unit_test(no_room_any_more),
          cmocka_unit_test(a_promise_without_consent), cmocka_unit_test(one_after_the_other))
