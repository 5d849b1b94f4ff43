/* T05 and the end of a waiting list: what happens by itself, when, and who is told. */
#include "unit/ledger_unit.h"

struct scene {
    struct ledger_city city;
    struct sg_id slot, seat;
    struct client budi;
    int64_t begin_ms; /* when the hold began: 72 h, before registration closes */
};

static void hold(struct scene *scene)
{
    struct ledger_city *city = &scene->city;
    city_open(city);
    scene->slot = unit_slot(city, 1);
    scene->budi = unit_client(city);
    scene->seat = unit_seat(city, &scene->budi, &scene->slot, HOLD);
    scene->begin_ms = city->now_ms;
}

static int64_t next_due(struct ledger_city *city)
{
    struct sg_why why = {0};
    int64_t due;
    city_begin(city);
    UNIT_OK(ledger_next_due(&city->turn, &due, &why));
    city_end(city);
    return due;
}

static size_t deadlines(struct ledger_city *city)
{
    return unit_deadlines(city, RULE_HOLD) + unit_deadlines(city, RULE_WAITING_END);
}

static void check_d2(const struct city_record *d2, const struct scene *scene, uint32_t level,
                     bool cleared)
{
    const PbDeadlineMissed *told = d2->event.envelope->deadline_missed;
    assert_non_null(told);
    assert_string_equal(told->rule_id, "T05");
    assert_int_equal(told->aggregate_type, PB_AGGREGATE_TYPE_PLACEMENT);
    struct sg_id id = id_of(told->aggregate_id);
    assert_true(sg_id_equal(&id, &scene->seat));
    assert_true(sg_ms_of(told->due_at) == scene->begin_ms + 72 * SG_HOUR_MS);
    assert_int_equal(told->level, level);
    assert_int_equal(told->cleared, cleared);
    assert_int_equal(d2->record.rest->n_audience, 1);
    assert_int_equal(city_relations(d2, "dinsos"), RELATION_RESPONSIBLE | RELATION_CASE_OWNER);
    id = id_of(d2->event.envelope->case_id);
    assert_true(sg_id_equal(&id, &scene->budi.case_id));
}

static void a_hold_is_warned_of_and_runs_out(void **state)
{
    (void)state;
    struct scene scene;
    hold(&scene);
    struct ledger_city *city = &scene.city;
    assert_true(next_due(city) == scene.begin_ms + 60 * SG_HOUR_MS);
    assert_int_equal(deadlines(city), 1); /* of two levels */
    const PbAllocationRow *row = city_row(city, TABLE_ALLOCATIONS, &scene.seat);
    assert_true(row->hold_until_ms == scene.begin_ms + 72 * SG_HOUR_MS);
    struct city_record d1 = city_record(city, city->last_seq);
    assert_true(sg_ms_of(d1.event.envelope->seat_allocation_changed->hold_until) ==
                row->hold_until_ms);

    uint64_t last = city->last_seq;
    city_pass(city, 60 * SG_HOUR_MS - 1);
    assert_int_equal(city->last_seq, last);
    city_pass(city, 1);
    assert_int_equal(city->last_seq, last + 1);
    struct city_record warning = city_record(city, last + 1);
    check_d2(&warning, &scene, 0, false);
    assert_null(warning.event.envelope->causation); /* no agency caused it */
    row = city_row(city, TABLE_ALLOCATIONS, &scene.seat);
    assert_int_equal(row->state, PB_ALLOCATION_STATE_HELD);
    assert_true(next_due(city) == row->hold_until_ms);

    city_pass(city, 12 * SG_HOUR_MS - 1);
    assert_int_equal(city->last_seq, last + 1);
    city_pass(city, 1);
    assert_int_equal(city->last_seq, last + 3);
    struct city_record expired = city_record(city, last + 2);
    assert_int_equal(expired.event.envelope->seat_allocation_changed->change,
                     PB_SEAT_CHANGE_EXPIRED);
    assert_null(expired.event.envelope->seat_allocation_changed->cause);
    check_d2(&(struct city_record[]){city_record(city, last + 3)}[0], &scene, 1, false);
    assert_int_equal(unit_seat_state(city, &scene.seat), PB_ALLOCATION_STATE_EXPIRED);
    assert_int_equal(deadlines(city), 0);
    assert_int_equal(unit_deadlines(city, RULE_IDLE), 1); /* the case, in 60 days */
    assert_true(next_due(city) > city->now_ms + 50 * SG_DAY_MS);
    city_close(city);
}

static void a_broker_that_was_down_does_both_at_once(void **state)
{
    (void)state;
    struct scene scene;
    hold(&scene);
    uint64_t last = scene.city.last_seq;
    city_pass(&scene.city, 100 * SG_HOUR_MS);
    assert_int_equal(scene.city.last_seq, last + 3);
    check_d2(&(struct city_record[]){city_record(&scene.city, last + 1)}[0], &scene, 0, false);
    struct city_record expired = city_record(&scene.city, last + 2);
    assert_true(expired.record.accepted_ms == scene.city.now_ms);
    check_d2(&(struct city_record[]){city_record(&scene.city, last + 3)}[0], &scene, 1, false);
    city_close(&scene.city);
}

/* Whatever ends a hold in time clears its deadlines, and the warning if one was sent. */
static void a_hold_that_ends_in_time_is_cleared(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        PbSeatDecision decision; /* 0: a second E11 */
    } rows[] = {
        {"accepted", PB_SEAT_DECISION_PERSON_ACCEPTED},
        {"withdrawn", PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER},
        {"declined", PB_SEAT_DECISION_DECLINED_BY_PROVIDER},
        {"requested again", 0},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++)
        for (int warned = 0; warned < 2; warned++) {
            struct scene scene;
            struct ledger_city *city = &scene.city;
            hold(&scene);
            city_pass(city, (warned ? 61 : 1) * SG_HOUR_MS);
            PbEnvelope *e = rows[i].decision ? unit_settle(city, &scene.seat, rows[i].decision)
                                             : unit_request(city, &scene.budi, &scene.slot, ACCEPT);
            struct outcome o = unit_want(rows[i].name, city, e, 0);
            if (city->last_seq != o.seq + (warned ? 2U : 1U))
                fail_msg("%s, warned %d: %d records", rows[i].name, warned,
                         (int)(city->last_seq - o.seq));
            if (warned)
                check_d2(&(struct city_record[]){unit_record(city, o.seq, 2)}[0], &scene, 0, true);
            if (deadlines(city) != 0)
                fail_msg("%s, warned %d: a deadline is left", rows[i].name, warned);
            uint64_t last = city->last_seq;
            city_pass(city, 100 * SG_HOUR_MS);
            assert_int_equal(unit_notices(city, last, RULE_HOLD), 0); /* nothing comes after it */
            city_refold(city);
            city_close(city);
        }
}

static void a_hold_ends_when_registration_does(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id slot;
    city_open(&city);
    struct client budi = unit_client(&city);
    PbEnvelope *e = unit_offer(&city, 1, &slot);
    e->slot_offered->registration_closes_at->seconds = city.now_ms / 1000 + 5 * 3600;
    (void)unit_want("offer", &city, e, 0);
    struct sg_id seat = unit_seat(&city, &budi, &slot, HOLD);
    const PbAllocationRow *row = city_row(&city, TABLE_ALLOCATIONS, &seat);
    assert_true(row->hold_until_ms == city.now_ms + 5 * SG_HOUR_MS);
    assert_int_equal(deadlines(&city), 1); /* too short for a warning */
    city_close(&city);
}

/* 8.1: nothing new is decided before what is due has happened. */
static void time_comes_before_events(void **state)
{
    (void)state;
    struct scene scene;
    hold(&scene);
    struct client other = unit_client(&scene.city);
    scene.city.now_ms += 72 * SG_HOUR_MS;
    struct sg_id seat = unit_seat(&scene.city, &other, &scene.slot, ACCEPT);
    assert_int_equal(unit_seat_state(&scene.city, &scene.seat), PB_ALLOCATION_STATE_EXPIRED);
    assert_int_equal(unit_seat_state(&scene.city, &seat), PB_ALLOCATION_STATE_RESERVED);
    city_close(&scene.city);
}

/* When there is no time for all that is due, an acceptance that is too late is refused all the
 * same. */
static void a_late_answer_is_late_before_the_deadline_ran(void **state)
{
    (void)state;
    struct scene scene;
    struct sg_why why = {0};
    bool more = false;
    hold(&scene);
    struct ledger_city *city = &scene.city;
    city_pass(city, 72 * SG_HOUR_MS - 1);
    PbEnvelope *accept = unit_settle(city, &scene.seat, PB_SEAT_DECISION_PERSON_ACCEPTED);
    PbEnvelope *request = unit_request(city, &scene.budi, &scene.slot, ACCEPT);
    city_begin(city);
    city->block.time_ms = city->world.now_ms = city->now_ms += 1;
    struct outcome o = city_state(city, accept);
    assert_int_equal(o.fault.code, SG_ST_BAD_TRANSITION);
    o = city_state(city, request);
    assert_int_equal(o.fault.code, SG_ST_ACTIVE_PLACEMENT);
    UNIT_OK(ledger_due(&city->turn, 0, &more, &why));
    assert_true(more); /* no time at all */
    UNIT_OK(ledger_due(&city->turn, 1, &more, &why));
    assert_false(more);
    city_end(city);
    assert_int_equal(unit_seat_state(city, &scene.seat), PB_ALLOCATION_STATE_EXPIRED);
    city_close(city);
}

/* Whoever has a seat that is confirmed owes nothing before the course starts. */
static struct sg_id confirmed(struct ledger_city *city, const struct sg_id *slot)
{
    struct client first = unit_client(city);
    struct sg_id seat = unit_seat(city, &first, slot, ACCEPT);
    (void)unit_want("confirm", city, unit_settle(city, &seat, PB_SEAT_DECISION_CONFIRMED), 0);
    return seat;
}

static void whoever_still_waits_at_the_end_waits_no_longer(void **state)
{
    (void)state;
    enum { WAITING = 70 };
    struct ledger_city city;
    struct sg_id waiting[WAITING];
    city_open(&city);
    struct sg_id slot = unit_slot(&city, 1);
    struct sg_id seat = confirmed(&city, &slot);
    assert_int_equal(deadlines(&city), 0);
    for (int i = 0; i < WAITING; i++) {
        struct client client = unit_client(&city);
        waiting[i] = unit_seat(&city, &client, &slot, ACCEPT);
        sg_arena_reset(&city.events, 0);
    }
    assert_int_equal(deadlines(&city), 1);
    PbSlotRow *row = city_row(&city, TABLE_SLOTS, &slot);
    int64_t end_ms = slot_late_entry_end_ms(row);
    city_pass(&city, end_ms - city.now_ms - 1);
    uint64_t last = city.last_seq;
    assert_true(next_due(&city) == end_ms);
    city_pass(&city, 1);
    assert_int_equal(city.last_seq, last + WAITING);
    for (int i = 0; i < WAITING; i++) {
        assert_int_equal(unit_seat_state(&city, &waiting[i]), PB_ALLOCATION_STATE_EXPIRED);
        struct city_record d1 = city_record(&city, last + 1 + (uint64_t)i);
        assert_int_equal(city_relations(&d1, "disnaker"), RELATION_PROVIDER_WAITING);
    }
    row = city_row(&city, TABLE_SLOTS, &slot);
    assert_int_equal(row->waiting, 0);
    assert_int_equal(deadlines(&city), 0);
    assert_int_equal(unit_seat_state(&city, &seat), PB_ALLOCATION_STATE_CONFIRMED);
    city_refold(&city);
    city_close(&city);
}

static void the_last_who_leaves_takes_the_end_along(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id waiting[2];
    city_open(&city);
    struct sg_id slot = unit_slot(&city, 1);
    struct client first = unit_client(&city);
    (void)unit_seat(&city, &first, &slot, ACCEPT);
    for (int i = 0; i < 2; i++) {
        struct client client = unit_client(&city);
        waiting[i] = unit_seat(&city, &client, &slot, ACCEPT);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(deadlines(&city), 1);
        (void)unit_want("withdraw", &city,
                        unit_settle(&city, &waiting[i], PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER),
                        0);
    }
    assert_int_equal(deadlines(&city), 0);
    city_close(&city);
}

UNIT_MAIN(cmocka_unit_test(a_hold_is_warned_of_and_runs_out),
          cmocka_unit_test(a_broker_that_was_down_does_both_at_once),
          cmocka_unit_test(a_hold_that_ends_in_time_is_cleared),
          cmocka_unit_test(a_hold_ends_when_registration_does),
          cmocka_unit_test(time_comes_before_events),
          cmocka_unit_test(a_late_answer_is_late_before_the_deadline_ran),
          cmocka_unit_test(whoever_still_waits_at_the_end_waits_no_longer),
          cmocka_unit_test(the_last_who_leaves_takes_the_end_along))
