/* Events that came before what they need: kept, decided again in order of arrival, told to their
 * publisher, given up after 14 days. */
#include "unit/story_unit.h"

#define RESULT(name) PB_PLACEMENT_ENDED__RESULT_##name

static size_t rows_in(struct ledger_city *city, enum table table)
{
    struct sg_why why = {0};
    uint64_t count = 0;
    city_read(city);
    SG_CHECK(!table_count(&city->txn, table, &count, &why));
    txn_done(&city->txn);
    return (size_t)count;
}

/* The record SETTLED of what was parked there, 0 while it waits; *out_code: how it ended. */
static uint64_t settled(struct ledger_city *city, uint64_t parked_seq, uint32_t *out_code)
{
    struct key key = {0};
    struct sg_why why = {0};
    PbSettledRow *row = NULL;
    city_read(city);
    enum sg_err err = row_get(&city->txn, TABLE_SETTLED, key_u64(&key, parked_seq),
                              &pb_settled_row__descriptor, &city->read_arena, &row, &why);
    txn_done(&city->txn);
    SG_CHECK(!err || err == SG_E_NOT_FOUND);
    *out_code = row ? row->code : 0;
    return row ? row->seq : 0;
}

/* The D7 that tells of it. */
static struct city_record find_d7(struct ledger_city *city, uint64_t seq)
{
    for (uint64_t at = seq + 1; at <= city->last_seq; at++) {
        struct city_record d7 = city_record(city, at);
        const PbEventSettled *told = d7.event.envelope->event_settled;
        if (told && told->settled_seq == seq)
            return d7;
    }
    return city_record(city, seq);
}

/* The record SETTLED, and the D7 behind it. */
static void check_settled(const char *name, struct ledger_city *city, uint64_t parked_seq,
                          const char *publisher, uint32_t want)
{
    uint32_t code;
    uint64_t seq = settled(city, parked_seq, &code);
    if (!seq || code != want)
        fail_msg("%s: settled %d with %s, want %s", name, (int)seq, sg_status_name(code),
                 sg_status_name(want));
    struct city_record parked = city_record(city, parked_seq), end = city_record(city, seq),
                       d7 = find_d7(city, seq);
    if (end.record.rest->kind != PB_RECORD_KIND_SETTLED ||
        end.record.number != parked.record.number ||
        !sg_id_equal(&end.record.outbox_id, &parked.record.outbox_id) ||
        end.record.rest->type != parked.record.rest->type ||
        end.record.rest->effect->park->parked_seq != parked_seq)
        fail_msg("%s: the record of the end", name);
    if ((end.record.rest->n_audience == 0) != (want != 0))
        fail_msg("%s: who reads it", name);
    const PbEventSettled *told = d7.event.envelope->event_settled;
    PbEventSettled__Outcome outcome =
        want ? PB_EVENT_SETTLED__OUTCOME_REJECTED : PB_EVENT_SETTLED__OUTCOME_ACCEPTED;
    if (!told || told->outcome != outcome || told->code != want || told->settled_seq != seq ||
        told->place->number != parked.record.number || d7.record.rest->n_audience != 1 ||
        city_relations(&d7, publisher) != RELATION_PUBLISHER)
        fail_msg("%s: the D7", name);
}

/* ---- what waits for what ---- */

struct scene {
    struct ledger_city city;
    struct sg_id slot, seat, item;
    struct client budi;
    int32_t first; /* day of the course; it is 9:00 of it */
};

static void stand(struct scene *s)
{
    struct ledger_city *city = &s->city;
    city_open(city);
    s->slot = story_slot(city, 1);
    s->budi = unit_client(city);
    s->item = story_item(city);
    s->seat = unit_seat(city, &s->budi, &s->slot, ACCEPT);
    s->first = slot_start_day(story_slot_row(city, &s->slot));
    story_until(city, s->first, 9);
}

static void what_is_parked_changes_nothing(void **state)
{
    (void)state;
    static const struct sg_id nobody = {{5}};
    struct scene s;
    stand(&s);
    uint64_t folds = story_folds(&s.city), last = s.city.last_seq;
    PbEnvelope *events[] = {
        story_change(&s.city, &nobody),
        story_attend(&s.city, &s.seat, s.first, s.first),
        story_end(&s.city, &s.seat, s.first, RESULT(COMPLETED)),
        story_check(&s.city, &nobody, FINDING(IN_USE), ACTION(NONE)),
        story_check(&s.city, &s.item, FINDING(IN_USE), ACTION(NONE)),
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(events); i++) {
        struct outcome o = story_park("park", &s.city, events[i]);
        assert_int_equal(s.city.last_seq, ++last); /* one record, nothing behind it */
        struct city_record parked = city_record(&s.city, o.seq);
        assert_int_equal(parked.record.rest->kind, PB_RECORD_KIND_PARKED);
        assert_int_equal(parked.record.rest->n_audience, 0);
        assert_false(parked.record.rest->has_person_id);
        assert_true(parked.event.envelope->has_legal_basis); /* the event itself is whole */
    }
    assert_true(story_folds(&s.city) == folds);
    assert_int_equal(rows_in(&s.city, TABLE_PARKED), 5);
    assert_int_equal(rows_in(&s.city, TABLE_PARKED_OF_AGENCY), 5);
    assert_int_equal(unit_deadlines(&s.city, RULE_PARKED), 5);
    city_refold(&s.city);
    city_close(&s.city);
}

static void a_change_waits_for_its_offer(void **state)
{
    (void)state;
    static const struct {
        const char *name, *publisher;
        uint64_t version;
        uint32_t want;
    } rows[] = {{"of the owner", "disnaker", 1, 0},
                {"of another version", "disnaker", 2, SG_ST_VERSION_CONFLICT},
                {"of somebody else", "blk", 1, SG_ST_NOT_OWNER}};
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ledger_city city;
        struct sg_id slot;
        city_open(&city);
        PbEnvelope *offer = story_offer(&city, 2, &slot), *change = story_change(&city, &slot);
        change->publisher_agency = unit_text(&city, rows[i].publisher);
        change->expected_version = rows[i].version;
        change->slot_changed->has_capacity_offered = true;
        change->slot_changed->capacity_offered = 7;
        struct outcome parked = story_park(rows[i].name, &city, change);
        struct outcome o = unit_want("offer", &city, offer, 0);
        assert_int_equal(city.last_seq, o.seq + 2); /* SETTLED and D7, in the same transaction */
        check_settled(rows[i].name, &city, parked.seq, rows[i].publisher, rows[i].want);
        const PbSlotRow *row = story_slot_row(&city, &slot);
        assert_int_equal(row->slot->capacity_offered, rows[i].want ? 2 : 7);
        assert_int_equal(row->version, rows[i].want ? 1 : 2);
        assert_int_equal(rows_in(&city, TABLE_PARKED) + rows_in(&city, TABLE_PARKED_OF_AGENCY), 0);
        assert_int_equal(unit_deadlines(&city, RULE_PARKED), 0);
        city_refold(&city);
        city_close(&city);
    }
}

static void a_placement_catches_up_in_order(void **state)
{
    (void)state;
    struct scene s;
    uint64_t parked[4];
    stand(&s);
    story_until(&s.city, s.first + 15, 9);
    PbEnvelope *events[] = {
        story_attend(&s.city, &s.seat, s.first, s.first + 4),
        story_end(&s.city, &s.seat, s.first + 10, RESULT(COMPLETED)),
        story_end(&s.city, &s.seat, s.first + 11, RESULT(DROPPED_OUT)), /* comes too late */
        story_attend(&s.city, &s.seat, s.first + 7, s.first + 10),
    };
    for (int i = 0; i < 4; i++)
        parked[i] = story_park("park", &s.city, events[i]).seq;
    uint64_t before = s.city.last_seq;
    struct outcome o = unit_want("start", &s.city, story_start(&s.city, &s.seat, s.first), 0);
    uint64_t last = o.seq;
    for (int i = 0; i < 4; i++) {
        uint32_t code;
        check_settled("catch up", &s.city, parked[i], "disnaker",
                      i == 2 ? SG_ST_BAD_TRANSITION : 0);
        uint64_t seq = settled(&s.city, parked[i], &code);
        assert_true(seq > last); /* in order of arrival */
        last = seq;
        struct city_record end = city_record(&s.city, seq), e13 = city_record(&s.city, o.seq);
        assert_int_equal(end.record.rest->height, e13.record.rest->height); /* one commit */
        if (i == 2)
            continue;
        assert_true(city_relations(&end, "dinsos") & RELATION_CASE_OWNER);
        assert_int_equal(city_relations(&end, "disnaker"), RELATION_PROVIDER);
    }
    assert_int_equal(o.seq, before + 1);
    assert_int_equal(unit_seat_state(&s.city, &s.seat), PB_ALLOCATION_STATE_COMPLETED);
    assert_int_equal(unit_case_state(&s.city, &s.budi.case_id), PB_CASE_STATE_AFTERCARE);
    assert_int_equal(rows_in(&s.city, TABLE_ATTENDANCE), 2);
    assert_int_equal(rows_in(&s.city, TABLE_PARKED), 0);
    city_refold(&s.city);
    city_close(&s.city);
}

/* A check waits for the item, and then for its issue. What is returned by a check leaves the next
 * one waiting for another issue. */
static void a_check_waits_for_item_and_issue(void **state)
{
    (void)state;
    struct scene s;
    struct sg_id item;
    uint32_t code;
    stand(&s);
    story_begin(&s.city, &s.slot, &s.seat);
    PbEnvelope *offer = story_register(&s.city, &item);
    uint64_t used =
        story_park("in use", &s.city, story_check(&s.city, &item, FINDING(IN_USE), ACTION(NONE)))
            .seq;
    uint64_t back = story_park("returned", &s.city,
                               story_check(&s.city, &item, FINDING(RETURNED), ACTION(NONE)))
                        .seq;
    uint64_t again =
        story_park("damaged", &s.city, story_check(&s.city, &item, FINDING(DAMAGED), ACTION(NONE)))
            .seq;
    PbEnvelope *foreign = story_check(&s.city, &item, FINDING(DAMAGED), ACTION(NONE));
    foreign->publisher_agency = unit_text(&s.city, "dpppa");
    uint64_t theirs = story_park("of dpppa", &s.city, foreign).seq;
    (void)unit_want("register", &s.city, offer, 0);
    assert_int_equal(settled(&s.city, used, &code), 0); /* in stock: it waits on */
    check_settled("of dpppa", &s.city, theirs, "dpppa", SG_ST_NOT_OWNER);

    (void)unit_want("issue", &s.city, story_issue(&s.city, &item, &s.seat, LOAN, "B/1"), 0);
    check_settled("in use", &s.city, used, "dinsos", 0);
    check_settled("returned", &s.city, back, "dinsos", 0);
    assert_int_equal(story_item_state(&s.city, &item), PB_ITEM_STATE_IN_STOCK);
    assert_int_equal(settled(&s.city, again, &code), 0);
    (void)unit_want("issue", &s.city, story_issue(&s.city, &item, &s.seat, LOAN, "B/1"), 0);
    check_settled("damaged", &s.city, again, "dinsos", 0);
    assert_int_equal(story_item_state(&s.city, &item), PB_ITEM_STATE_ON_LOAN);
    city_refold(&s.city);
    city_close(&s.city);
}

/* A person that is known to have begun waits nowhere else, also when the end of the course is
 * decided right behind its beginning. */
static void the_end_comes_behind_all_of_the_start(void **state)
{
    (void)state;
    struct scene s;
    city_open(&s.city);
    s.slot = story_slot(&s.city, 1);
    s.budi = unit_client(&s.city);
    struct sg_id elsewhere = story_slot(&s.city, 1);
    struct sg_id other = story_seat(&s.city, &elsewhere, ACCEPT);
    struct sg_id waiting = unit_seat(&s.city, &s.budi, &elsewhere, ACCEPT);
    s.seat = unit_seat(&s.city, &s.budi, &s.slot, ACCEPT);
    s.first = slot_start_day(story_slot_row(&s.city, &s.slot));
    story_until(&s.city, s.first, 9);
    story_settle(&s.city, &other, PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER);
    assert_int_equal(unit_seat_state(&s.city, &waiting), PB_ALLOCATION_STATE_WAITLISTED);
    (void)story_park("end", &s.city, story_end(&s.city, &s.seat, s.first, RESULT(DROPPED_OUT)));
    (void)unit_want("start", &s.city, story_start(&s.city, &s.seat, s.first), 0);
    assert_int_equal(unit_seat_state(&s.city, &s.seat), PB_ALLOCATION_STATE_RELEASED);
    assert_int_equal(unit_seat_state(&s.city, &waiting), PB_ALLOCATION_STATE_RELEASED);
    assert_int_equal(unit_deadlines(&s.city, RULE_HOLD), 0);
    city_pass(&s.city, 60 * SG_DAY_MS);
    city_refold(&s.city);
    city_close(&s.city);
}

/* ---- what never comes ---- */

static void a_seat_that_is_lost_settles_what_waits_for_it(void **state)
{
    (void)state;
    enum { WITHDRAWN, DECLINED, CANCELLED, NO_SHOW, FORFEITED, EXPIRED, LIST_ENDED, WAYS };
    static const char *const names[WAYS] = {"withdrawn", "declined",  "cancelled", "no show",
                                            "forfeited", "hold over", "list over"};
    for (int way = 0; way < WAYS; way++) {
        struct ledger_city city;
        city_open(&city);
        struct sg_id slot = story_slot(&city, 1);
        struct client budi = unit_client(&city);
        if (way == LIST_ENDED)
            (void)story_seat(&city, &slot, ACCEPT);
        struct sg_id seat = unit_seat(&city, &budi, &slot, way == EXPIRED ? HOLD : ACCEPT);
        int32_t first = slot_start_day(story_slot_row(&city, &slot));
        if (way == NO_SHOW)
            story_until(&city, first, 9);
        uint64_t end =
            story_park(names[way], &city, story_end(&city, &seat, first, RESULT(COMPLETED))).seq;
        uint64_t attend =
            story_park(names[way], &city, story_attend(&city, &seat, first, first)).seq;
        if (way == WITHDRAWN)
            story_settle(&city, &seat, PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER);
        if (way == DECLINED)
            story_settle(&city, &seat, PB_SEAT_DECISION_DECLINED_BY_PROVIDER);
        if (way == CANCELLED)
            (void)unit_want("cancel", &city, story_cancel(&city, &slot, NULL), 0);
        if (way == NO_SHOW)
            (void)unit_want("no show", &city, story_end(&city, &seat, first, RESULT(NO_SHOW)), 0);
        if (way == EXPIRED)
            city_pass(&city, 72 * SG_HOUR_MS);
        if (way == FORFEITED || way == LIST_ENDED) { /* parked anew: 14 days are not enough */
            story_until(&city, first + (way == FORFEITED ? 19 : 5), 9);
            check_settled(names[way], &city, end, "disnaker", SG_ST_PARK_TIMEOUT);
            end = story_park(names[way], &city, story_end(&city, &seat, first, RESULT(COMPLETED)))
                      .seq;
            attend = story_park(names[way], &city, story_attend(&city, &seat, first, first)).seq;
            story_until(&city, first + (way == FORFEITED ? 20 : 6), 0);
        }
        assert_true(unit_seat_state(&city, &seat) > PB_ALLOCATION_STATE_COMPLETED);
        check_settled(names[way], &city, end, "disnaker", SG_ST_BAD_TRANSITION);
        check_settled(names[way], &city, attend, "disnaker", SG_ST_BAD_TRANSITION);
        assert_int_equal(rows_in(&city, TABLE_PARKED), 0);
        city_refold(&city);
        city_close(&city);
    }
}

static void after_14_days_it_is_given_up(void **state)
{
    (void)state;
    struct scene s;
    stand(&s);
    uint64_t parked =
        story_park("end", &s.city, story_end(&s.city, &s.seat, s.first, RESULT(COMPLETED))).seq;
    uint64_t folds = story_folds(&s.city);
    uint32_t code;
    city_pass(&s.city, 14 * SG_DAY_MS - 1);
    assert_int_equal(settled(&s.city, parked, &code), 0);
    city_pass(&s.city, 1);
    check_settled("given up", &s.city, parked, "disnaker", SG_ST_PARK_TIMEOUT);
    assert_true(story_folds(&s.city) == folds);
    assert_int_equal(unit_deadlines(&s.city, RULE_PARKED), 0);
    struct city_record d7 = city_record(&s.city, s.city.last_seq);
    assert_string_equal(d7.event.envelope->type, "event.settled");
    uint64_t last = s.city.last_seq;
    (void)unit_want("start", &s.city, story_start(&s.city, &s.seat, s.first), 0);
    assert_int_equal(unit_seat_state(&s.city, &s.seat), PB_ALLOCATION_STATE_OCCUPIED);
    for (uint64_t seq = last + 1; seq <= s.city.last_seq; seq++)
        assert_null(city_record(&s.city, seq).event.envelope->event_settled);
    city_refold(&s.city);
    city_close(&s.city);
}

/* The same check, stated twice while it waits: the second one is nothing new. */
static void what_is_stated_twice_counts_once(void **state)
{
    (void)state;
    struct scene s;
    stand(&s);
    story_begin(&s.city, &s.slot, &s.seat);
    PbEnvelope *e = story_check(&s.city, &s.item, FINDING(SOLD), ACTION(NONE));
    uint64_t one = story_park("one", &s.city, e).seq, two = story_park("two", &s.city, e).seq;
    (void)unit_want("issue", &s.city, story_issue(&s.city, &s.item, &s.seat, LOAN, "B/1"), 0);
    check_settled("one", &s.city, one, "dinsos", 0);
    check_settled("two", &s.city, two, "dinsos", SG_ST_DUPLICATE_CONFLICT);
    assert_int_equal(story_item_state(&s.city, &s.item), PB_ITEM_STATE_AT_RISK);
    city_refold(&s.city);
    city_close(&s.city);
}

/* ---- limits ---- */

static PbEnvelope *change_of(struct ledger_city *city, uint8_t slot, const char *publisher)
{
    struct sg_id id = {{0x77, slot}};
    PbEnvelope *e = story_change(city, &id);
    e->publisher_agency = unit_text(city, publisher);
    return e;
}

static void an_object_holds_64(void **state)
{
    (void)state;
    struct scene s;
    stand(&s);
    for (int i = 0; i < 64; i++)
        (void)story_park("end", &s.city, story_attend(&s.city, &s.seat, s.first, s.first));
    struct outcome o =
        unit_want("one more", &s.city, story_end(&s.city, &s.seat, s.first, RESULT(COMPLETED)),
                  SG_ST_BAD_TRANSITION);
    unit_detail("one more", &o, "placement_ended.allocation_id", "PARK_LIMIT");
    for (int i = 0; i < 64; i++)
        (void)story_park("slot", &s.city, change_of(&s.city, 1, i % 2 ? "blk" : "disnaker"));
    o = unit_want("whoever", &s.city, change_of(&s.city, 1, "dpppa"), SG_ST_UNKNOWN_OBJECT);
    unit_detail("whoever", &o, "slot_changed.slot_id", "PARK_LIMIT");
    (void)story_park("another object", &s.city, change_of(&s.city, 2, "disnaker"));
    (void)unit_want("start", &s.city, story_start(&s.city, &s.seat, s.first), 0);
    assert_int_equal(rows_in(&s.city, TABLE_PARKED), 65);
    city_refold(&s.city);
    city_close(&s.city);
}

static void an_agency_has_1000(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    for (int i = 0; i < 1000; i++) {
        (void)story_park("park", &city, change_of(&city, (uint8_t)(i / 50), "disnaker"));
        sg_arena_reset(&city.events, 0);
    }
    struct outcome o =
        unit_want("one more", &city, change_of(&city, 99, "disnaker"), SG_ST_UNKNOWN_OBJECT);
    unit_detail("one more", &o, "slot_changed.slot_id", "PARK_LIMIT");
    (void)story_park("of another agency", &city, change_of(&city, 99, "blk"));
    city_pass(&city, 14 * SG_DAY_MS);
    assert_int_equal(rows_in(&city, TABLE_PARKED), 0);
    assert_int_equal(rows_in(&city, TABLE_SETTLED), 1001);
    (void)story_park("again", &city, change_of(&city, 99, "disnaker"));
    city_refold(&city);
    city_close(&city);
}

UNIT_MAIN(cmocka_unit_test(what_is_parked_changes_nothing),
          cmocka_unit_test(a_change_waits_for_its_offer),
          cmocka_unit_test(a_placement_catches_up_in_order),
          cmocka_unit_test(a_check_waits_for_item_and_issue),
          cmocka_unit_test(the_end_comes_behind_all_of_the_start),
          cmocka_unit_test(a_seat_that_is_lost_settles_what_waits_for_it),
          cmocka_unit_test(after_14_days_it_is_given_up),
          cmocka_unit_test(what_is_stated_twice_counts_once), cmocka_unit_test(an_object_holds_64),
          cmocka_unit_test(an_agency_has_1000))
