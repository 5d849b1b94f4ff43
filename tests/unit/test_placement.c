/* Placements: every cell of E13, E14 and E15, their days, and what a course leaves behind. */
#include "unit/story_unit.h"

enum {
    WAITLISTED = PB_ALLOCATION_STATE_WAITLISTED,
    HELD = PB_ALLOCATION_STATE_HELD,
    RESERVED = PB_ALLOCATION_STATE_RESERVED,
    CONFIRMED = PB_ALLOCATION_STATE_CONFIRMED,
    OCCUPIED = PB_ALLOCATION_STATE_OCCUPIED,
    COMPLETED = PB_ALLOCATION_STATE_COMPLETED,
    RELEASED = PB_ALLOCATION_STATE_RELEASED,
    EXPIRED = PB_ALLOCATION_STATE_EXPIRED,
    FORFEITED = PB_ALLOCATION_STATE_FORFEITED,
    VOIDED = PB_ALLOCATION_STATE_VOIDED,
    STATES
};

#define RESULT(name) PB_PLACEMENT_ENDED__RESULT_##name

static const char *const state_names[STATES] = {"-",         "WAITLISTED", "HELD",      "RESERVED",
                                                "CONFIRMED", "OCCUPIED",   "COMPLETED", "RELEASED",
                                                "EXPIRED",   "FORFEITED",  "VOIDED"};

/* A slot of one seat, and the seat of Budi in that state on the first day of the course at 9:00,
 * or as soon after it as the state can be. */
struct scene {
    struct ledger_city city;
    struct sg_id slot, seat;
    struct sg_id waiting; /* of somebody behind Budi, when asked for */
    struct client budi;
};

static void settle(struct scene *s, const struct sg_id *seat, PbSeatDecision decision)
{
    (void)unit_want("settle", &s->city, unit_settle(&s->city, seat, decision), 0);
}

static void stand_before(struct scene *s, int state, bool others)
{
    struct ledger_city *city = &s->city;
    struct sg_id other_seat = {{0}};
    city_open(city);
    s->slot = story_slot(city, 1);
    s->budi = unit_client(city);
    int32_t first = slot_start_day(story_slot_row(city, &s->slot));
    if (state == WAITLISTED || state == HELD) {
        struct client other = unit_client(city);
        other_seat = unit_seat(city, &other, &s->slot, ACCEPT);
    }
    s->seat = unit_seat(city, &s->budi, &s->slot, state == EXPIRED ? HOLD : ACCEPT);
    if (others) {
        struct client next = unit_client(city);
        s->waiting = unit_seat(city, &next, &s->slot, ACCEPT);
    }
    if (state == CONFIRMED)
        settle(s, &s->seat, PB_SEAT_DECISION_CONFIRMED);
    if (state == RELEASED)
        settle(s, &s->seat, PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER);
    if (state == VOIDED)
        (void)unit_want("cancel", city, story_cancel(city, &s->slot, NULL), 0);
    story_until(city, state == FORFEITED ? first + 6 : first, 9);
    if (state == HELD)
        settle(s, &other_seat, PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER);
    if (state == OCCUPIED || state == COMPLETED)
        story_begin(city, &s->slot, &s->seat);
    if (state == COMPLETED)
        story_complete(city, &s->seat);
    if (state == FORFEITED)
        (void)unit_want("no show", city, story_end(city, &s->seat, first, RESULT(NO_SHOW)), 0);
    assert_int_equal(unit_seat_state(city, &s->seat), state);
}

static void stand(struct scene *s, int state)
{
    stand_before(s, state, false);
}

/* ---- every cell ---- */

enum { START, ATTEND, END, PARKS = 100, STAYS = 101 };

static const struct column {
    const char *name;
    int event;
    PbPlacementEnded__Result result;
    int to[STATES]; /* 0: refused with E_BAD_TRANSITION */
} columns[] = {
    /* clang-format off */
    {"E13", START, 0, {[RESERVED] = OCCUPIED, [CONFIRMED] = OCCUPIED}},
    {"E14", ATTEND, 0, {[WAITLISTED] = PARKS, [HELD] = PARKS, [RESERVED] = PARKS, [CONFIRMED] = PARKS,
                        [OCCUPIED] = STAYS, [COMPLETED] = STAYS}},
    {"NO_SHOW", END, RESULT(NO_SHOW), {[RESERVED] = RELEASED, [CONFIRMED] = RELEASED}},
#define ENDS(result, state) {#result, END, RESULT(result), {[WAITLISTED] = PARKS, [HELD] = PARKS, \
        [RESERVED] = PARKS, [CONFIRMED] = PARKS, [OCCUPIED] = state}}
    ENDS(COMPLETED, COMPLETED), ENDS(DROPPED_OUT, RELEASED), ENDS(REMOVED, RELEASED),
    ENDS(LEFT_FOR_WORK, RELEASED), ENDS(MOVED_AWAY, RELEASED), ENDS(DECEASED, RELEASED),
}; /* clang-format on */

static PbEnvelope *make(struct scene *s, const struct column *column)
{
    int32_t day = slot_start_day(story_slot_row(&s->city, &s->slot));
    if (column->event == START) {
        PbEnvelope *e = story_start(&s->city, &s->seat, day);
        e->placement_started->participant_no = unit_text(&s->city, "MTR-03"); /* not said before */
        return e;
    }
    if (column->event == ATTEND)
        return story_attend(&s->city, &s->seat, day, day);
    return story_end(&s->city, &s->seat, day, column->result);
}

static PbSeatChange change_to(int state)
{
    return state == OCCUPIED    ? PB_SEAT_CHANGE_OCCUPIED
           : state == COMPLETED ? PB_SEAT_CHANGE_COMPLETED
           : state == FORFEITED ? PB_SEAT_CHANGE_FORFEITED
                                : PB_SEAT_CHANGE_RELEASED;
}

/* The D1 behind the record, the case, the version of the slot. */
static void check_moved(const char *name, struct scene *s, const struct outcome *o, int to)
{
    struct city_record d1 = unit_record(&s->city, o->seq, 1);
    const PbSeatAllocationChanged *told = d1.event.envelope->seat_allocation_changed;
    if (!told || told->change != change_to(to) || told->seat_no != 1 ||
        city_relations(&d1, "dinsos") != RELATION_CASE_OWNER ||
        city_relations(&d1, "disnaker") != RELATION_PROVIDER || d1.record.rest->n_audience != 2)
        fail_msg("%s: the D1", name);
    if (o->effect->aggregate_version != story_slot_row(&s->city, &s->slot)->version)
        fail_msg("%s: version", name);
    PbCaseState want = to == OCCUPIED    ? PB_CASE_STATE_IN_TRAINING
                       : to == COMPLETED ? PB_CASE_STATE_AFTERCARE
                                         : PB_CASE_STATE_IN_SERVICE;
    if (unit_case_state(&s->city, &s->budi.case_id) != want)
        fail_msg("%s: case %d", name, (int)unit_case_state(&s->city, &s->budi.case_id));
    const PbPersonRow *person = city_row(&s->city, TABLE_PERSONS, &s->budi.person);
    if (person->has_live_allocation_id != (to == OCCUPIED))
        fail_msg("%s: live seat", name);
}

static void every_cell(void **state)
{
    (void)state;
    for (int from = WAITLISTED; from < STATES; from++)
        for (size_t c = 0; c < SG_ARRAY_LEN(columns); c++) {
            struct scene s;
            char name[64];
            (void)snprintf(name, sizeof name, "%s + %s", state_names[from], columns[c].name);
            stand(&s, from);
            int to = columns[c].to[from];
            uint64_t folds = story_folds(&s.city);
            PbEnvelope *e = make(&s, &columns[c]);
            if (to == PARKS) {
                (void)story_park(name, &s.city, e);
            } else {
                struct outcome o = unit_want(name, &s.city, e, to ? 0 : SG_ST_BAD_TRANSITION);
                if (to == STAYS && s.city.last_seq != o.seq)
                    fail_msg("%s: something follows", name);
                if (to && to != STAYS)
                    check_moved(name, &s, &o, to);
            }
            int want = to && to < STATES ? to : from;
            if ((int)unit_seat_state(&s.city, &s.seat) != want)
                fail_msg("%s: now %s", name, state_names[unit_seat_state(&s.city, &s.seat)]);
            if ((!to || to == PARKS) && story_folds(&s.city) != folds)
                fail_msg("%s: something has changed", name);
            city_refold(&s.city);
            city_close(&s.city);
        }
}

/* After late entry nobody else can have the seat: it is forfeited, and nobody is promoted. */
static void an_early_end_gives_the_seat_back_or_not(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        PbPlacementEnded__Result result;
        bool late;
        int from, to;
    } rows[] = {
        {"no show", RESULT(NO_SHOW), false, RESERVED, RELEASED},
        {"no show, confirmed", RESULT(NO_SHOW), false, CONFIRMED, RELEASED},
        {"no show, late", RESULT(NO_SHOW), true, RESERVED, FORFEITED},
        {"no show, confirmed, late", RESULT(NO_SHOW), true, CONFIRMED, FORFEITED},
        {"dropped out", RESULT(DROPPED_OUT), false, OCCUPIED, RELEASED},
        {"dropped out, late", RESULT(DROPPED_OUT), true, OCCUPIED, FORFEITED},
        {"removed, late", RESULT(REMOVED), true, OCCUPIED, FORFEITED},
        {"work, late", RESULT(LEFT_FOR_WORK), true, OCCUPIED, FORFEITED},
        {"moved away, late", RESULT(MOVED_AWAY), true, OCCUPIED, FORFEITED},
        {"deceased, late", RESULT(DECEASED), true, OCCUPIED, FORFEITED},
        {"completed, late", RESULT(COMPLETED), true, OCCUPIED, COMPLETED},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct scene s;
        stand_before(&s, rows[i].from, true);
        const PbSlotRow *slot = story_slot_row(&s.city, &s.slot);
        int64_t end = slot_late_entry_end_ms(slot);
        city_pass(&s.city, end - s.city.now_ms - (rows[i].late ? 0 : 1));
        int32_t day = slot_start_day(slot);
        struct outcome o =
            unit_want(rows[i].name, &s.city, story_end(&s.city, &s.seat, day, rows[i].result), 0);
        if ((int)unit_seat_state(&s.city, &s.seat) != rows[i].to)
            fail_msg("%s: %s", rows[i].name, state_names[unit_seat_state(&s.city, &s.seat)]);
        const PbAllocationRow *row = city_row(&s.city, TABLE_ALLOCATIONS, &s.seat);
        if (row->result != rows[i].result || row->ended_on != day ||
            row->terminal_ms != s.city.now_ms)
            fail_msg("%s: the row says %d", rows[i].name, (int)row->result);
        int others = (int)unit_seat_state(&s.city, &s.waiting);
        if (others != (rows[i].late ? EXPIRED : HELD))
            fail_msg("%s: who waits is %s", rows[i].name, state_names[others]);
        struct city_record e15 = city_record(&s.city, o.seq);
        uint32_t kit =
            rows[i].to == COMPLETED ? RELATION_EQUIPMENT : RELATION_NO_EQUIPMENT; /* domain 9.4 */
        assert_int_equal(city_relations(&e15, "dinsos"), RELATION_CASE_OWNER | kit);
        assert_int_equal(city_relations(&e15, "dpppa"), kit);
        assert_int_equal(city_relations(&e15, "disnaker"), RELATION_PROVIDER);
        assert_int_equal(city_relations(&e15, "satpolpp"), 0);
        city_close(&s.city);
    }
}

static void nobody_is_absent_before_the_course(void **state)
{
    (void)state;
    struct scene s;
    city_open(&s.city);
    s.slot = story_slot(&s.city, 1);
    s.budi = unit_client(&s.city);
    s.seat = unit_seat(&s.city, &s.budi, &s.slot, ACCEPT);
    int32_t first = slot_start_day(story_slot_row(&s.city, &s.slot));
    city_pass(&s.city, sg_day_start_ms(first) - s.city.now_ms - 1);
    PbEnvelope *e = story_end(&s.city, &s.seat, first - 1, RESULT(NO_SHOW));
    struct outcome o = unit_want("the night before", &s.city, e, SG_ST_BAD_TRANSITION);
    unit_detail("the night before", &o, "placement_ended.result", "NOT_STARTED");
    city_pass(&s.city, 1);
    (void)unit_want("begun", &s.city, story_end(&s.city, &s.seat, first, RESULT(NO_SHOW)), 0);
    city_refold(&s.city);
    city_close(&s.city);
}

/* ---- E13 ---- */

static void a_start_has_its_days(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int32_t today, started; /* days after the first one of the course */
        uint32_t want;
        const char *detail;
    } rows[] = {
        {"the first day", 0, 0, 0, NULL},
        {"told later", 9, 0, 0, NULL},
        {"the last day of late entry", 5, 5, 0, NULL},
        {"told later too", 9, 5, 0, NULL},
        {"before the course", 0, -1, SG_ST_BAD_TRANSITION, "BEFORE_START"},
        {"after late entry", 9, 6, SG_ST_BAD_TRANSITION, "LATE_ENTRY"},
        {"tomorrow", 0, 1, SG_ST_FUTURE_TIME, NULL},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct scene s;
        stand(&s, RESERVED);
        int32_t first = story_today(&s.city);
        if (rows[i].today)
            story_until(&s.city, first + rows[i].today, 9);
        struct outcome o =
            unit_want(rows[i].name, &s.city, story_start(&s.city, &s.seat, first + rows[i].started),
                      rows[i].want);
        if (rows[i].want) {
            unit_detail(rows[i].name, &o, "placement_started.started_on", rows[i].detail);
        } else {
            const PbAllocationRow *row = city_row(&s.city, TABLE_ALLOCATIONS, &s.seat);
            assert_int_equal(row->started_on, first + rows[i].started);
            assert_int_equal(row->seat_no, 1);
        }
        city_close(&s.city);
    }
}

static void a_start_stands_once(void **state)
{
    (void)state;
    struct scene s;
    stand(&s, CONFIRMED);
    int32_t first = story_today(&s.city);
    PbEnvelope *e = story_start(&s.city, &s.seat, first);
    (void)unit_want("first", &s.city, e, 0);
    struct outcome o = story_again("again", &s.city, e);
    assert_int_equal(o.first_number, s.city.numbers[2] - 1); /* disnaker is the third */
    e->placement_started->participant_no = unit_text(&s.city, "MTR-03");
    (void)unit_want("otherwise", &s.city, e, SG_ST_BAD_TRANSITION);
    e->placement_started->participant_no = NULL;
    story_complete(&s.city, &s.seat);
    (void)story_again("after the end", &s.city, e);
    city_refold(&s.city);
    city_close(&s.city);
}

static void whoever_begins_waits_for_nothing_else(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id waiting[2];
    city_open(&city);
    struct client budi = unit_client(&city);
    for (int i = 0; i < 2; i++) {
        struct sg_id full = story_slot(&city, 1);
        struct client other = unit_client(&city);
        (void)unit_seat(&city, &other, &full, ACCEPT);
        waiting[i] = unit_seat(&city, &budi, &full, ACCEPT);
    }
    struct sg_id slot = story_slot(&city, 1);
    struct sg_id seat = unit_seat(&city, &budi, &slot, ACCEPT);
    int32_t first = slot_start_day(story_slot_row(&city, &slot));
    story_until(&city, first, 9);
    struct outcome o = unit_want("begin", &city, story_start(&city, &seat, first), 0);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(unit_seat_state(&city, &waiting[i]), RELEASED);
        struct city_record d1 = unit_record(&city, o.seq, 1 + i);
        const PbSeatAllocationChanged *told = d1.event.envelope->seat_allocation_changed;
        struct sg_id id = id_of(told->allocation_id);
        assert_true(sg_id_equal(&id, &waiting[i]));
        assert_int_equal(told->change, PB_SEAT_CHANGE_RELEASED);
        assert_int_equal(city_relations(&d1, "disnaker"), RELATION_PROVIDER_WAITING);
    }
    const PbPersonRow *person = city_row(&city, TABLE_PERSONS, &budi.person);
    assert_int_equal(person->n_waiting_ids, 0);
    city_refold(&city);
    city_close(&city);
}

/* ---- whose word it is ---- */

static void only_the_slot_owner_tells(void **state)
{
    (void)state;
    static const char *const others[] = {"dinsos", "dpppa", "blk"};
    static const struct sg_id nobody = {{7}};
    struct scene s;
    stand(&s, RESERVED);
    for (size_t c = 0; c < SG_ARRAY_LEN(columns); c++) {
        for (size_t i = 0; i < SG_ARRAY_LEN(others); i++) {
            PbEnvelope *e = make(&s, &columns[c]);
            e->publisher_agency = unit_text(&s.city, others[i]);
            (void)unit_want(columns[c].name, &s.city, e, SG_ST_NOT_OWNER);
        }
        struct sg_id seat = s.seat;
        s.seat = nobody;
        PbEnvelope *e = make(&s, &columns[c]);
        s.seat = seat;
        (void)unit_want(columns[c].name, &s.city, e, SG_ST_UNKNOWN_OBJECT);
    }
    city_close(&s.city);
}

/* ---- E14 ---- */

static PbAttendanceRow *attendance(struct ledger_city *city, const struct sg_id *seat, int32_t from)
{
    struct sg_why why = {0};
    struct key key = {0};
    PbAttendanceRow *row = NULL;
    city_read(city);
    key_u64(key_id(&key, seat), (uint64_t)((int64_t)from + INT32_MAX));
    enum sg_err err = row_get(&city->txn, TABLE_ATTENDANCE, &key, &pb_attendance_row__descriptor,
                              &city->read_arena, &row, &why);
    txn_done(&city->txn);
    return err ? NULL : row;
}

static void attendance_of_a_period_is_replaced(void **state)
{
    (void)state;
    struct scene s;
    stand(&s, OCCUPIED);
    int32_t first = story_today(&s.city);
    PbEnvelope *e = story_attend(&s.city, &s.seat, first, first + 4);
    struct outcome o = unit_want("first", &s.city, e, 0);
    assert_int_equal(attendance(&s.city, &s.seat, first)->sessions_attended, 4);
    struct city_record e14 = city_record(&s.city, o.seq);
    assert_int_equal(city_relations(&e14, "dinsos"), RELATION_CASE_OWNER);
    assert_int_equal(city_relations(&e14, "disnaker"), RELATION_PROVIDER);
    assert_int_equal(e14.record.rest->n_audience, 2);
    e->attendance_reported->sessions_attended = 3;
    e->attendance_reported->to_on = unit_day(&s.city, first + 5);
    o = unit_want("the same period", &s.city, e, 0);
    const PbAttendanceRow *row = attendance(&s.city, &s.seat, first);
    assert_int_equal(row->sessions_attended, 3);
    assert_int_equal(row->to_on, first + 5);
    assert_int_equal(row->seq, o.seq);
    (void)unit_want("another", &s.city, story_attend(&s.city, &s.seat, first + 7, first + 11), 0);
    assert_int_equal(attendance(&s.city, &s.seat, first)->seq, o.seq);
    assert_non_null(attendance(&s.city, &s.seat, first + 7));
    city_refold(&s.city);
    city_close(&s.city);
}

static void attendance_comes_to_an_end(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        PbPlacementEnded__Result result;
        int32_t days; /* after the end */
        uint32_t want;
    } rows[] = {
        {"the day of the end", RESULT(COMPLETED), 0, 0},
        {"14 days later", RESULT(COMPLETED), 14, 0},
        {"15 days later", RESULT(COMPLETED), 15, SG_ST_BAD_TRANSITION},
        {"14 days after who dropped out", RESULT(DROPPED_OUT), 14, 0},
        {"15 days after who dropped out", RESULT(DROPPED_OUT), 15, SG_ST_BAD_TRANSITION},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct scene s;
        stand(&s, OCCUPIED);
        int32_t first = story_today(&s.city);
        (void)unit_want("end", &s.city, story_end(&s.city, &s.seat, first, rows[i].result), 0);
        if (rows[i].days)
            story_until(&s.city, first + rows[i].days, 23);
        struct outcome o = unit_want(rows[i].name, &s.city,
                                     story_attend(&s.city, &s.seat, first, first), rows[i].want);
        if (rows[i].want)
            unit_detail(rows[i].name, &o, "attendance_reported.allocation_id", "ENDED");
        assert_null(story_deadline(&s.city, RULE_ATTENDANCE, &s.seat)); /* nothing begins again */
        city_close(&s.city);
    }
}

/* ---- E15 ---- */

static void an_end_has_its_days(void **state)
{
    (void)state;
    struct scene s;
    stand(&s, OCCUPIED);
    int32_t first = story_today(&s.city);
    story_until(&s.city, first + 3, 9);
    struct outcome o =
        unit_want("before it began", &s.city,
                  story_end(&s.city, &s.seat, first - 1, RESULT(COMPLETED)), SG_ST_SCHEMA);
    unit_detail("before it began", &o, "placement_ended.ended_on", "ORDER");
    o = unit_want("tomorrow", &s.city, story_end(&s.city, &s.seat, first + 4, RESULT(COMPLETED)),
                  SG_ST_FUTURE_TIME);
    unit_detail("tomorrow", &o, "placement_ended.ended_on", NULL);
    (void)unit_want("yesterday", &s.city, story_end(&s.city, &s.seat, first + 2, RESULT(COMPLETED)),
                    0);
    city_close(&s.city);
}

static void low_attendance_is_noted(void **state)
{
    (void)state;
    static const struct {
        uint32_t pct;
        bool warned;
    } rows[] = {{0, true}, {49, true}, {50, false}, {100, false}};
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct scene s;
        stand(&s, OCCUPIED);
        PbEnvelope *e = story_end(&s.city, &s.seat, story_today(&s.city), RESULT(COMPLETED));
        e->placement_ended->attendance_pct = rows[i].pct;
        struct outcome o = unit_want("end", &s.city, e, 0);
        if (story_warned(&o, SG_ST_W_LOW_ATTENDANCE) != rows[i].warned)
            fail_msg("%u %%", rows[i].pct);
        city_close(&s.city);
    }
}

/* ---- what a course leaves behind ---- */

static void a_course_is_not_taken_twice(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        PbPlacementEnded__Result result;
        bool same, exclude;
        uint32_t cooldown;
        int32_t month, day; /* when the next course begins; the first one was completed on 3 June */
        uint32_t want;
    } rows[] = {
        {"the same again", RESULT(COMPLETED), true, true, 0, 9, 1, SG_ST_INELIGIBLE},
        {"the same, not excluded", RESULT(COMPLETED), true, false, 0, 9, 1, 0},
        {"another one", RESULT(COMPLETED), false, true, 0, 9, 1, 0},
        {"another one too early", RESULT(COMPLETED), false, true, 1, 7, 2, SG_ST_INELIGIBLE},
        {"a month later", RESULT(COMPLETED), false, true, 1, 7, 3, 0},
        {"of six months", RESULT(COMPLETED), false, false, 6, 12, 2, SG_ST_INELIGIBLE},
        {"six months later", RESULT(COMPLETED), false, false, 6, 12, 3, 0},
        {"dropped out, the same", RESULT(DROPPED_OUT), true, true, 36, 9, 1, 0},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct scene s;
        struct sg_id next;
        stand(&s, OCCUPIED);
        (void)unit_want("end", &s.city,
                        story_end(&s.city, &s.seat, story_today(&s.city), rows[i].result), 0);
        PbEnvelope *e = story_offer(&s.city, 1, &next);
        PbTrainingSlotOffered *o = e->slot_offered;
        int32_t begins = sg_day_of(2026, rows[i].month, rows[i].day);
        o->course_code = unit_text(&s.city, rows[i].same ? STORY_COURSE : "BARBER");
        o->exclude_same_course = rows[i].exclude;
        o->cooldown_months = rows[i].cooldown;
        o->starts_on = o->ends_on = o->late_entry_until = unit_day(&s.city, begins);
        o->registration_closes_at = story_time(&s.city, sg_day_start_ms(begins));
        (void)unit_want("offer", &s.city, e, 0);
        struct outcome got = unit_want(rows[i].name, &s.city,
                                       unit_request(&s.city, &s.budi, &next, ACCEPT), rows[i].want);
        if (rows[i].want)
            unit_detail(rows[i].name, &got, "seat_requested.slot_id", "PRIOR_COURSE");
        city_close(&s.city);
    }
}

/* The same course again, where that is allowed: its last day counts. */
static void a_course_is_remembered_by_its_last_day(void **state)
{
    (void)state;
    struct scene s;
    stand(&s, OCCUPIED);
    story_complete(&s.city, &s.seat);
    struct sg_id next = story_slot(&s.city, 1);
    struct sg_id seat = story_occupied(&s.city, &s.budi, &next);
    int32_t last = story_today(&s.city);
    story_complete(&s.city, &seat);
    const PbPersonRow *row = city_row(&s.city, TABLE_PERSONS, &s.budi.person);
    assert_int_equal(row->n_completed, 1);
    assert_string_equal(row->completed[0]->course_code, STORY_COURSE);
    assert_int_equal(row->completed[0]->ended_on, last);
    city_refold(&s.city);
    city_close(&s.city);
}

/* Whoever has completed a course while it waited for the same one is passed over. */
static void a_course_that_was_taken_is_not_promoted(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id slot;
    city_open(&city);
    struct client budi = unit_client(&city), next = unit_client(&city), first = unit_client(&city);
    PbEnvelope *e = story_offer(&city, 1, &slot);
    e->slot_offered->exclude_same_course = true;
    (void)unit_want("offer", &city, e, 0);
    struct sg_id seat = unit_seat(&city, &first, &slot, ACCEPT);
    struct sg_id one = unit_seat(&city, &budi, &slot, ACCEPT);
    struct sg_id two = unit_seat(&city, &next, &slot, ACCEPT);
    PbPersonRow *row = city_row(&city, TABLE_PERSONS, &budi.person);
    PbCompletedCourse done = PB_COMPLETED_COURSE__INIT, *list[] = {&done};
    done.course_code = unit_text(&city, STORY_COURSE);
    done.has_ended_on = true;
    done.ended_on = story_today(&city);
    row->completed = list;
    row->n_completed = 1;
    city_put(&city, TABLE_PERSONS, &budi.person, row);
    (void)unit_want("withdraw", &city,
                    unit_settle(&city, &seat, PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER), 0);
    assert_int_equal(unit_seat_state(&city, &one), WAITLISTED);
    assert_int_equal(unit_seat_state(&city, &two), HELD);
    city_close(&city);
}

UNIT_MAIN(cmocka_unit_test(every_cell), cmocka_unit_test(an_early_end_gives_the_seat_back_or_not),
          cmocka_unit_test(nobody_is_absent_before_the_course),
          cmocka_unit_test(a_start_has_its_days), cmocka_unit_test(a_start_stands_once),
          cmocka_unit_test(whoever_begins_waits_for_nothing_else),
          cmocka_unit_test(only_the_slot_owner_tells),
          cmocka_unit_test(attendance_of_a_period_is_replaced),
          cmocka_unit_test(attendance_comes_to_an_end), cmocka_unit_test(an_end_has_its_days),
          cmocka_unit_test(low_attendance_is_noted), cmocka_unit_test(a_course_is_not_taken_twice),
          cmocka_unit_test(a_course_is_remembered_by_its_last_day),
          cmocka_unit_test(a_course_that_was_taken_is_not_promoted))
