/* E10: a slot is cancelled, and another one takes those who had a claim on it, or not. */
#include "unit/story_unit.h"

#define HELD PB_ALLOCATION_STATE_HELD
#define RESERVED PB_ALLOCATION_STATE_RESERVED
#define CONFIRMED PB_ALLOCATION_STATE_CONFIRMED
#define WAITLISTED PB_ALLOCATION_STATE_WAITLISTED
#define OCCUPIED PB_ALLOCATION_STATE_OCCUPIED
#define VOIDED PB_ALLOCATION_STATE_VOIDED

static int32_t first_day(struct ledger_city *city, const struct sg_id *slot)
{
    return slot_start_day(story_slot_row(city, slot));
}

static uint32_t lost(struct ledger_city *city, const struct client *client)
{
    const PbPersonRow *row = city_row(city, TABLE_PERSONS, &client->person);
    return row->lost_without_fault;
}

static void a_slot_that_is_cancelled_voids_every_claim(void **state)
{
    (void)state;
    enum { HELDS, RESERVEDS, CONFIRMEDS, WAITS, CLAIMS };
    struct ledger_city city;
    struct client clients[CLAIMS];
    struct sg_id seats[CLAIMS];
    city_open(&city);
    struct sg_id slot = story_slot(&city, 3);
    for (int k = 0; k < CLAIMS; k++) {
        clients[k] = unit_client(&city);
        seats[k] = unit_seat(&city, &clients[k], &slot, k == HELDS ? HOLD : ACCEPT);
    }
    story_settle(&city, &seats[CONFIRMEDS], PB_SEAT_DECISION_CONFIRMED);
    struct outcome o = unit_want("cancel", &city, story_cancel(&city, &slot, NULL), 0);
    assert_int_equal(city.last_seq, o.seq + CLAIMS);
    for (int k = 0; k < CLAIMS; k++) {
        assert_int_equal(unit_seat_state(&city, &seats[k]), VOIDED);
        assert_int_equal(lost(&city, &clients[k]), 1);
        const PbPersonRow *row = city_row(&city, TABLE_PERSONS, &clients[k].person);
        assert_int_equal(row->has_live_allocation_id ? 1 : row->n_waiting_ids, 0);
        assert_null(story_deadline(&city, RULE_CONFIRM, &seats[k]));
        assert_null(story_deadline(&city, RULE_START, &seats[k]));
        assert_null(story_deadline(&city, RULE_HOLD, &seats[k]));
    }
    const PbSlotRow *row = story_slot_row(&city, &slot);
    assert_true(row->cancelled);
    assert_int_equal(row->live + row->waiting, 0);
    assert_int_equal(o.aggregate_version, row->version);
    (void)unit_want("a request", &city, unit_request(&city, &clients[0], &slot, ACCEPT),
                    SG_ST_SLOT_CANCELLED);
    (void)unit_want("a start", &city,
                    story_start(&city, &seats[CONFIRMEDS], first_day(&city, &slot)),
                    SG_ST_BAD_TRANSITION);
    city_refold(&city);
    city_close(&city);
}

static void a_course_that_is_broken_off(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct sg_id slot = story_slot(&city, 1);
    struct client budi = unit_client(&city);
    struct sg_id item = story_item(&city);
    struct sg_id seat = story_occupied(&city, &budi, &slot);
    (void)unit_want("loan", &city, story_issue(&city, &item, &seat, LOAN, "B/1"), 0);
    assert_int_equal(unit_case_state(&city, &budi.case_id), PB_CASE_STATE_IN_TRAINING);
    (void)unit_want("cancel", &city, story_cancel(&city, &slot, NULL), 0);
    assert_int_equal(unit_seat_state(&city, &seat), VOIDED);
    assert_int_equal(unit_case_state(&city, &budi.case_id), PB_CASE_STATE_IN_SERVICE);
    assert_int_equal(story_item_state(&city, &item), PB_ITEM_STATE_ON_LOAN); /* untouched */
    const PbDeadlineRow *back = story_deadline(&city, RULE_RETURN, &item);
    assert_true(back->due_ms == city.now_ms + 7 * SG_DAY_MS);
    city_refold(&city);
    city_close(&city);
}

static struct client of_band(struct ledger_city *city, uint32_t band)
{
    struct client client = unit_client(city);
    PbEnvelope *e = unit_assess(city, &client.case_id);
    e->assessment_completed->priority_band = band;
    (void)unit_want("band", city, e, 0);
    return client;
}

/* The one place where a person has a claim that is not VOIDED. */
static PbAllocationState claim_at(struct ledger_city *city, const struct client *client,
                                  const struct sg_id *slot, struct sg_id *out_id)
{
    const PbPersonRow *person = city_row(city, TABLE_PERSONS, &client->person);
    PbAllocationState found = PB_ALLOCATION_STATE_UNSPECIFIED;
    for (size_t i = 0; i < person->n_waiting_ids + (person->has_live_allocation_id ? 1 : 0); i++) {
        struct sg_id id =
            id_of(i < person->n_waiting_ids ? person->waiting_ids[i] : person->live_allocation_id);
        const PbAllocationRow *row = city_row(city, TABLE_ALLOCATIONS, &id);
        struct sg_id at = id_of(row->slot_id);
        if (!sg_id_equal(&at, slot))
            continue;
        found = row->state;
        *out_id = id;
    }
    return found;
}

/* Seats of the other slot go in the order of waiting: protection, lost before, band, who asked
 * first; the others wait there in the same order, whatever else they wait for. */
static void another_slot_takes_them_in_order(void **state)
{
    (void)state;
    enum { PEOPLE = 5 };
    static const struct {
        const char *name;
        uint32_t band, lost;
        bool protection, woman;
        PbAllocationState want;
    } rows[PEOPLE] = {
        {"confirmed, band 3", 3, 0, false, false, WAITLISTED},
        {"reserved, band 1", 1, 0, false, false, HELD},
        {"waits, band 2, not eligible", 2, 0, false, true, PB_ALLOCATION_STATE_UNSPECIFIED},
        {"waits, band 4, lost one before", 4, 1, false, false, HELD},
        {"waits, band 4", 4, 0, false, false, WAITLISTED},
    };
    struct ledger_city city;
    struct client clients[PEOPLE];
    struct sg_id seats[PEOPLE], other;
    city_open(&city);
    struct sg_id slot = story_slot(&city, 2);
    PbEnvelope *e = story_offer(&city, 2, &other);
    e->slot_offered->sex = PB_SEX_RULE_MALE;
    (void)unit_want("the other slot", &city, e, 0);
    for (int k = 0; k < PEOPLE; k++) {
        clients[k] = of_band(&city, rows[k].band);
        if (rows[k].woman) {
            PbEnvelope *known = unit_assess(&city, &clients[k].case_id);
            struct sg_id unused;
            PbPersonIdentity *p = unit_refer(&city, &unused)->referral_submitted->person;
            unit_budi(&city, p);
            p->sex = PB_SEX_FEMALE;
            known->assessment_completed->person = p;
            known->assessment_completed->priority_band = rows[k].band;
            (void)unit_want("a woman", &city, known, 0);
        }
        PbPersonRow *row = city_row(&city, TABLE_PERSONS, &clients[k].person);
        row->has_lost_without_fault = true;
        row->lost_without_fault = rows[k].lost;
        city_put(&city, TABLE_PERSONS, &clients[k].person, row);
        seats[k] = unit_seat(&city, &clients[k], &slot, ACCEPT);
    }
    story_settle(&city, &seats[0], PB_SEAT_DECISION_CONFIRMED);
    struct outcome o = unit_want("cancel", &city, story_cancel(&city, &slot, &other), 0);
    assert_int_equal(city.last_seq, o.seq + PEOPLE + 4); /* one commit: VOIDED, and 4 new claims */
    for (int k = 0; k < PEOPLE; k++) {
        struct sg_id there;
        assert_int_equal(unit_seat_state(&city, &seats[k]), VOIDED);
        assert_int_equal(lost(&city, &clients[k]), rows[k].lost + 1);
        PbAllocationState now = claim_at(&city, &clients[k], &other, &there);
        if (now != rows[k].want)
            fail_msg("%s: %d", rows[k].name, (int)now);
        const PbAllocationRow *row = city_row(&city, TABLE_ALLOCATIONS, &there);
        if (now == HELD)
            assert_true(row->hold_until_ms == city.now_ms + 72 * SG_HOUR_MS);
        if (now == WAITLISTED)
            assert_int_equal(row->wait->lost_without_fault, rows[k].lost + 1);
    }
    const PbSlotRow *row = story_slot_row(&city, &other);
    assert_int_equal(row->live, 2);
    assert_int_equal(row->waiting, 2);
    city_close(&city);
}

static void whoever_waits_there_already_keeps_its_place(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id there;
    city_open(&city);
    struct sg_id slot = story_slot(&city, 1), other = story_slot(&city, 1);
    struct client budi = unit_client(&city);
    (void)story_seat(&city, &other, ACCEPT);
    struct sg_id waits = unit_seat(&city, &budi, &other, ACCEPT);
    for (int i = 0; i < 2; i++) { /* three waitings and a seat: the limit does not hold here */
        struct sg_id full = story_slot(&city, 1);
        (void)story_seat(&city, &full, ACCEPT);
        (void)unit_seat(&city, &budi, &full, ACCEPT);
    }
    struct client joko = unit_client(&city);
    for (int i = 0; i < 3; i++) {
        struct sg_id full = story_slot(&city, 1);
        (void)story_seat(&city, &full, ACCEPT);
        (void)unit_seat(&city, &joko, &full, ACCEPT);
    }
    (void)unit_seat(&city, &budi, &slot, ACCEPT);
    (void)unit_want("cancel", &city, story_cancel(&city, &slot, &other), 0);
    assert_int_equal(claim_at(&city, &budi, &other, &there), WAITLISTED);
    assert_true(sg_id_equal(&there, &waits));

    struct sg_id again = story_slot(&city, 1);
    (void)unit_seat(&city, &joko, &again, ACCEPT);
    (void)unit_want("cancel", &city, story_cancel(&city, &again, &other), 0);
    assert_int_equal(claim_at(&city, &joko, &other, &there), WAITLISTED); /* a fourth */
    const PbPersonRow *row = city_row(&city, TABLE_PERSONS, &joko.person);
    assert_int_equal(row->n_waiting_ids, 4);
    city_refold(&city);
    city_close(&city);
}

/* A slot that has taken those of several others holds more than a step has room for: the turn is
 * run again with less, and nothing breaks. */
static void a_crowded_slot_asks_for_room_first(void **state)
{
    (void)state;
    enum { SLOTS = 3, CLAIMS = 300 };
    struct ledger_city city;
    struct sg_why why = {0};
    struct outcome o;
    city_open(&city);
    struct sg_id other = story_slot(&city, 100);
    for (int k = 0; k < SLOTS; k++) {
        struct sg_id slot = story_slot(&city, 100);
        for (int i = 0; i < CLAIMS; i++) {
            (void)story_seat(&city, &slot, ACCEPT);
            sg_arena_reset(&city.events, 0);
        }
        (void)unit_want("cancel", &city, story_cancel(&city, &slot, &other), 0);
    }
    const PbSlotRow *row = story_slot_row(&city, &other);
    assert_int_equal(row->live + row->waiting, SLOTS * CLAIMS);
    PbEnvelope *e = story_cancel(&city, &other, NULL);
    city_begin(&city);
    city.arena.used = city.arena.size - (2U << 20);
    assert_int_equal(city_try(&city, e, &o, &why), SG_E_LIMIT);
    txn_done(&city.txn);
    o = unit_want("with room", &city, e, 0);
    assert_int_equal(city.last_seq, o.seq + SLOTS * CLAIMS);
    city_refold(&city);
    city_close(&city);
}

static void another_slot_is_open_and_ones_own(void **state)
{
    (void)state;
    static const struct sg_id nobody = {{9}};
    struct ledger_city city;
    struct sg_id theirs;
    city_open(&city);
    struct sg_id slot = story_slot(&city, 1), cancelled = story_slot(&city, 1);
    struct sg_id closed = story_slot(&city, 1);
    PbEnvelope *e = story_offer(&city, 1, &theirs);
    e->publisher_agency = unit_text(&city, "blk");
    (void)unit_want("of blk", &city, e, 0);
    (void)unit_want("cancel", &city, story_cancel(&city, &cancelled, NULL), 0);
    PbSlotRow *row = city_row(&city, TABLE_SLOTS, &closed);
    row->slot->registration_closes_at->seconds = city.now_ms / 1000;
    city_put(&city, TABLE_SLOTS, &closed, row);
    const struct {
        const char *name;
        const struct sg_id *other;
        uint32_t want;
    } rows[] = {
        {"itself", &slot, SG_ST_SCHEMA},
        {"nobody's", &nobody, SG_ST_UNKNOWN_OBJECT},
        {"another owner's", &theirs, SG_ST_NOT_OWNER},
        {"cancelled", &cancelled, SG_ST_SLOT_CANCELLED},
        {"closed", &closed, SG_ST_SLOT_CLOSED},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct outcome o =
            unit_want(rows[i].name, &city, story_cancel(&city, &slot, rows[i].other), rows[i].want);
        unit_detail(rows[i].name, &o, "slot_cancelled.alternative_slot_id", NULL);
    }
    city_close(&city);
}

UNIT_MAIN(cmocka_unit_test(a_slot_that_is_cancelled_voids_every_claim),
          cmocka_unit_test(a_course_that_is_broken_off),
          cmocka_unit_test(another_slot_takes_them_in_order),
          cmocka_unit_test(whoever_waits_there_already_keeps_its_place),
          cmocka_unit_test(a_crowded_slot_asks_for_room_first),
          cmocka_unit_test(another_slot_is_open_and_ones_own))
