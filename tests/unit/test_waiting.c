/* The waiting list: its order, who is promoted, for how long, and on which slots. */
#include "unit/story_unit.h"

static struct client client_of_band(struct ledger_city *city, uint32_t band)
{
    struct client client = unit_client(city);
    PbEnvelope *e = unit_assess(city, &client.case_id);
    e->assessment_completed->priority_band = band;
    (void)unit_want("band", city, e, 0);
    return client;
}

static uint32_t position(struct ledger_city *city, const struct sg_id *slot,
                         const struct sg_id *seat)
{
    struct sg_why why = {0};
    struct seat_fact *facts = NULL;
    size_t count = 0;
    uint32_t found = 0;
    city_read(city);
    UNIT_OK(ledger_seats(&city->txn, slot, city->now_ms, &city->read_arena, &facts, &count, &why));
    for (size_t i = 0; i < count; i++) {
        struct sg_id id = id_of(facts[i].view->allocation_id);
        if (sg_id_equal(&id, seat))
            found = facts[i].view->waitlist_position;
    }
    txn_done(&city->txn);
    return found;
}

static void set_lost(struct ledger_city *city, const struct client *client, uint32_t lost)
{
    PbPersonRow *row = city_row(city, TABLE_PERSONS, &client->person);
    row->has_lost_without_fault = true;
    row->lost_without_fault = lost;
    city_put(city, TABLE_PERSONS, &client->person, row);
}

static struct sg_id full_slot(struct ledger_city *city, struct sg_id *out_seat)
{
    struct sg_id slot = unit_slot(city, 1);
    struct client first = unit_client(city);
    *out_seat = unit_seat(city, &first, &slot, ACCEPT);
    return slot;
}

static void give_back(struct ledger_city *city, const struct sg_id *seat)
{
    (void)unit_want("withdraw", city,
                    unit_settle(city, seat, PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER), 0);
}

/* Requested in the order of the rows; promoted in the order of `place`. */
static void the_order_is_total(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool protection;
        uint32_t lost, band, at_entry, place;
    } rows[] = {
        {"band 3, first to ask", false, 0, 3, 1, 7},
        {"band 3, second", false, 0, 3, 2, 8},
        {"band 1", false, 0, 1, 1, 6},
        {"lost a seat, band 4", false, 1, 4, 1, 5},
        {"lost two, band 4", false, 2, 4, 1, 3},
        {"lost two, band 2 goes first", false, 2, 2, 1, 2},
        {"protected", true, 0, 4, 1, 1},
        {"lost one, band 1", false, 1, 1, 4, 4},
    };
    struct ledger_city city;
    struct sg_id seat, waiting[SG_ARRAY_LEN(rows)];
    city_open(&city);
    struct sg_id slot = full_slot(&city, &seat);
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct client client = client_of_band(&city, rows[i].band);
        set_lost(&city, &client, rows[i].lost);
        PbEnvelope *e = unit_request(&city, &client, &slot, ACCEPT);
        if (rows[i].protection)
            e->seat_requested->override = PB_SEAT_REQUESTED__OVERRIDE_PROTECTION;
        struct outcome o = unit_want(rows[i].name, &city, e, 0);
        waiting[i] = id_of(o.effect->minted_allocation_id);
        struct city_record d1 = unit_record(&city, o.seq, 1);
        const PbSeatAllocationChanged *told = d1.event.envelope->seat_allocation_changed;
        if (told->change != PB_SEAT_CHANGE_WAITLISTED || told->seat_no ||
            told->waitlist_position != rows[i].at_entry)
            fail_msg("%s: enters at %u, want %u", rows[i].name, told->waitlist_position,
                     rows[i].at_entry);
        if (city.last_seq != o.seq + 1)
            fail_msg("%s: others are told too", rows[i].name);
    }
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++)
        if (position(&city, &slot, &waiting[i]) != rows[i].place)
            fail_msg("%s: now at %u, want %u", rows[i].name, position(&city, &slot, &waiting[i]),
                     rows[i].place);
    for (uint32_t place = 1; place <= SG_ARRAY_LEN(rows); place++) {
        give_back(&city, &seat);
        for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
            bool held = unit_seat_state(&city, &waiting[i]) == PB_ALLOCATION_STATE_HELD;
            if (held != (rows[i].place == place))
                fail_msg("place %u: %s", place, rows[i].name);
            if (held)
                seat = waiting[i];
        }
    }
    city_close(&city);
}

static void the_order_follows_what_changes(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id seat;
    city_open(&city);
    struct sg_id slot = full_slot(&city, &seat);
    struct client a = client_of_band(&city, 3), b = client_of_band(&city, 3);
    struct sg_id first = unit_seat(&city, &a, &slot, ACCEPT),
                 second = unit_seat(&city, &b, &slot, ACCEPT);
    assert_int_equal(position(&city, &slot, &second), 2);

    PbEnvelope *e = unit_assess(&city, &b.case_id);
    e->assessment_completed->priority_band = 2;
    (void)unit_want("a band", &city, e, 0);
    assert_int_equal(position(&city, &slot, &second), 1);
    assert_int_equal(position(&city, &slot, &first), 2);

    /* a loses a seat elsewhere without fault: it goes before the band */
    struct sg_id other = unit_slot(&city, 1);
    struct sg_id there = unit_seat(&city, &a, &other, ACCEPT);
    e = unit_settle(&city, &there, PB_SEAT_DECISION_DECLINED_BY_PROVIDER);
    e->seat_decided->reason = PB_DECLINE_REASON_NO_CAPACITY;
    e->seat_decided->declined_by = PB_DECLINED_BY_RECEIVER;
    (void)unit_want("declined", &city, e, 0);
    assert_int_equal(position(&city, &slot, &first), 1);
    city_refold(&city);
    city_close(&city);
}

/* ---- promotion ---- */

static void the_first_who_may_is_promoted(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id seat;
    city_open(&city);
    struct sg_id slot = full_slot(&city, &seat);
    struct client busy = client_of_band(&city, 1), next = client_of_band(&city, 3);
    struct sg_id first = unit_seat(&city, &busy, &slot, ACCEPT),
                 second = unit_seat(&city, &next, &slot, ACCEPT);
    struct sg_id elsewhere = unit_slot(&city, 1);
    struct sg_id other = unit_seat(&city, &busy, &elsewhere, ACCEPT);

    struct outcome o = unit_want(
        "withdraw", &city, unit_settle(&city, &seat, PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER), 0);
    assert_int_equal(unit_seat_state(&city, &first), PB_ALLOCATION_STATE_WAITLISTED); /* seated */
    assert_int_equal(unit_seat_state(&city, &second), PB_ALLOCATION_STATE_HELD);
    assert_int_equal(city.last_seq, o.seq + 2); /* RELEASED, PROMOTED */
    struct city_record d1 = unit_record(&city, o.seq, 2);
    const PbSeatAllocationChanged *told = d1.event.envelope->seat_allocation_changed;
    assert_int_equal(told->change, PB_SEAT_CHANGE_PROMOTED);
    assert_int_equal(told->seat_no, 1);
    assert_true(sg_ms_of(told->hold_until) == city.now_ms + 48 * SG_HOUR_MS);
    assert_int_equal(told->cause->number, d1.event.envelope->causation->number);
    assert_int_equal(city_relations(&d1, "disnaker"), RELATION_PROVIDER_HELD);

    /* The seat is free again, and the busy one loses its other seat: now it may. */
    give_back(&city, &second);
    assert_int_equal(unit_seat_state(&city, &first), PB_ALLOCATION_STATE_WAITLISTED);
    give_back(&city, &other);
    assert_int_equal(unit_seat_state(&city, &first), PB_ALLOCATION_STATE_HELD);
    city_refold(&city);
    city_close(&city);
}

static void whoever_loses_a_seat_is_looked_at_in_the_order_of_its_entries(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id slots[2], seats[2], waiting[2];
    city_open(&city);
    for (int i = 0; i < 2; i++)
        slots[i] = full_slot(&city, &seats[i]);
    struct client busy = unit_client(&city);
    for (int i = 0; i < 2; i++) {
        PbEnvelope *e = unit_request(&city, &busy, &slots[i], ACCEPT);
        if (i == 1) /* asked later, but before everybody */
            e->seat_requested->override = PB_SEAT_REQUESTED__OVERRIDE_PROTECTION;
        struct outcome o = unit_want("wait", &city, e, 0);
        waiting[i] = id_of(o.effect->minted_allocation_id);
    }
    struct sg_id elsewhere = unit_slot(&city, 1);
    struct sg_id other = unit_seat(&city, &busy, &elsewhere, ACCEPT);
    give_back(&city, &seats[0]);
    give_back(&city, &seats[1]);
    give_back(&city, &other);
    assert_int_equal(unit_seat_state(&city, &waiting[1]), PB_ALLOCATION_STATE_HELD);
    assert_int_equal(unit_seat_state(&city, &waiting[0]), PB_ALLOCATION_STATE_WAITLISTED);
    city_close(&city);
}

static void a_hold_of_a_promotion_has_bounds(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t before_start_h; /* now; negative = the course has started */
        int64_t hold_h;
    } rows[] = {
        {"long before", 200, 48},      {"to 17:00 of the day before", 50, 43},
        {"an hour before that", 8, 1}, {"at 17:00 of the day before", 7, 24},
        {"the night before", 3, 24},   {"started", 0, 24},
        {"in late entry", -48, 24},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ledger_city city;
        struct sg_id seat;
        city_open(&city);
        struct sg_id slot = full_slot(&city, &seat);
        struct client client = unit_client(&city);
        struct sg_id waiting = unit_seat(&city, &client, &slot, ACCEPT);
        const PbSlotRow *row = city_row(&city, TABLE_SLOTS, &slot);
        city_pass(&city, slot_start_ms(row) - rows[i].before_start_h * SG_HOUR_MS - city.now_ms);
        give_back(&city, &seat);
        const PbAllocationRow *held = city_row(&city, TABLE_ALLOCATIONS, &waiting);
        if (held->state != PB_ALLOCATION_STATE_HELD ||
            held->hold_until_ms != city.now_ms + rows[i].hold_h * SG_HOUR_MS)
            fail_msg("%s: state %d, %d h", rows[i].name, (int)held->state,
                     (int)((held->hold_until_ms - city.now_ms) / SG_HOUR_MS));
        city_close(&city);
    }
}

static void nobody_is_promoted_after_late_entry(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id seat;
    city_open(&city);
    struct sg_id slot = full_slot(&city, &seat);
    struct client client = unit_client(&city);
    struct sg_id waiting = unit_seat(&city, &client, &slot, ACCEPT);
    const PbSlotRow *row = city_row(&city, TABLE_SLOTS, &slot);
    city_pass(&city, slot_late_entry_end_ms(row) - city.now_ms);
    give_back(&city, &seat);
    assert_int_equal(unit_seat_state(&city, &waiting), PB_ALLOCATION_STATE_EXPIRED);
    city_close(&city);
}

static void a_hold_that_runs_out_goes_to_the_next(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct sg_id slot = unit_slot(&city, 1);
    struct client a = unit_client(&city), b = unit_client(&city), c = unit_client(&city);
    struct sg_id held = unit_seat(&city, &a, &slot, HOLD),
                 second = unit_seat(&city, &b, &slot, ACCEPT),
                 third = unit_seat(&city, &c, &slot, ACCEPT);
    city_pass(&city, 72 * SG_HOUR_MS);
    assert_int_equal(unit_seat_state(&city, &held), PB_ALLOCATION_STATE_EXPIRED);
    assert_int_equal(unit_seat_state(&city, &second), PB_ALLOCATION_STATE_HELD);
    city_pass(&city, 48 * SG_HOUR_MS);
    assert_int_equal(unit_seat_state(&city, &second), PB_ALLOCATION_STATE_EXPIRED);
    assert_int_equal(unit_seat_state(&city, &third), PB_ALLOCATION_STATE_HELD);
    (void)unit_want("accept", &city, unit_settle(&city, &third, PB_SEAT_DECISION_PERSON_ACCEPTED),
                    0);
    city_refold(&city);
    city_close(&city);
}

/* REG_CLOSED takes waiting only; where a seat is free the one who waits gets it at once. */
static void after_registration_the_list_is_the_door(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id slot;
    city_open(&city);
    struct client client = unit_client(&city);
    PbEnvelope *e = unit_offer(&city, 1, &slot);
    e->slot_offered->registration_closes_at->seconds = city.now_ms / 1000;
    (void)unit_want("offer", &city, e, 0);
    struct outcome o = unit_want("request", &city, unit_request(&city, &client, &slot, ACCEPT), 0);
    struct sg_id seat = id_of(o.effect->minted_allocation_id);
    assert_int_equal(unit_seat_state(&city, &seat), PB_ALLOCATION_STATE_HELD);
    assert_int_equal(city.last_seq, o.seq + 2); /* WAITLISTED, PROMOTED */
    city_close(&city);
}

/* Somebody who was not eligible becomes so while a seat is free. */
static void a_better_known_person_is_promoted(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id seat, slot;
    city_open(&city);
    PbEnvelope *e = unit_offer(&city, 1, &slot);
    e->slot_offered->sex = PB_SEX_RULE_MALE;
    (void)unit_want("offer", &city, e, 0);
    struct client first = unit_client(&city), client = unit_client(&city);
    seat = unit_seat(&city, &first, &slot, ACCEPT);
    struct sg_id waiting = unit_seat(&city, &client, &slot, ACCEPT);
    PbPersonIdentity *p = SG_NEW(&city.events, PbPersonIdentity);
    pb_person_identity__init(p);
    p->has_name_quality = p->has_sex = p->has_birth_quality = p->has_nik_status = true;
    p->name_quality = PB_NAME_QUALITY_UNKNOWN;
    p->birth_quality = PB_BIRTH_QUALITY_UNKNOWN;
    p->nik_status = PB_NIK_STATUS_NONE;
    for (int right = 0; right < 2; right++) {
        p->sex = right ? PB_SEX_MALE : PB_SEX_FEMALE;
        e = unit_assess(&city, &client.case_id);
        e->assessment_completed->person = p;
        (void)unit_want("assess", &city, e, 0);
        if (!right)
            give_back(&city, &seat);
        assert_int_equal(unit_seat_state(&city, &waiting),
                         right ? PB_ALLOCATION_STATE_HELD : PB_ALLOCATION_STATE_WAITLISTED);
    }
    city_close(&city);
}

/* Somebody waits beside a seat that is free; the seat is his once nothing stands against it. */
static void a_doubt_about_the_age_ends_with_an_assessment(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool minor, age_doubt;
    } rows[] = {{"age in doubt", false, true}, {"taken for a minor", true, false}};
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ledger_city city;
        struct sg_id seat;
        city_open(&city);
        struct sg_id slot = full_slot(&city, &seat);
        struct client client = unit_client(&city);
        struct sg_id waiting = unit_seat(&city, &client, &slot, ACCEPT);
        PbPersonRow *row = city_row(&city, TABLE_PERSONS, &client.person);
        row->has_minor = row->has_age_doubt = true;
        row->minor = rows[i].minor;
        row->age_doubt = rows[i].age_doubt;
        city_put(&city, TABLE_PERSONS, &client.person, row);
        give_back(&city, &seat);
        if (unit_seat_state(&city, &waiting) != PB_ALLOCATION_STATE_WAITLISTED)
            fail_msg("%s: promoted", rows[i].name);
        (void)unit_want(rows[i].name, &city, unit_assess(&city, &client.case_id), 0);
        if (unit_seat_state(&city, &waiting) != PB_ALLOCATION_STATE_HELD)
            fail_msg("%s: not promoted after the assessment", rows[i].name);
        city_close(&city);
    }
}

static void what_a_withdrawn_referral_said_counts_no_more(void **state)
{
    (void)state;
    static const char nik[] = "1471991004950001";
    struct ledger_city city;
    struct sg_id slot, seat, referral;
    char region[] = "14.71.08";
    char *regions[] = {region};
    city_open(&city);
    PbEnvelope *e = unit_offer(&city, 1, &slot);
    e->slot_offered->regions = regions;
    e->slot_offered->n_regions = 1;
    (void)unit_want("offer", &city, e, 0);
    struct client first = unit_client(&city), client;
    seat = unit_seat(&city, &first, &slot, ACCEPT);
    e = unit_refer(&city, &client.referral);
    unit_budi(&city, e->referral_submitted->person);
    e->referral_submitted->person->nik = unit_text(&city, nik);
    e->referral_submitted->person->nik_status = PB_NIK_STATUS_STATED;
    struct outcome o = unit_want("refer", &city, e, 0);
    client.case_id = id_of(o.effect->cases[0]->case_id);
    client.person = id_of(o.effect->person->person_id);
    PbEnvelope *accept =
        unit_decide(&city, &client.referral, "dinsos", PB_REFERRAL_DECISION_ACCEPTED, NULL);
    (void)unit_want("accept", &city, accept, 0);
    (void)unit_want("assess", &city, unit_assess(&city, &client.case_id), 0);
    unit_consent(&city, &client.case_id);
    struct sg_id waiting = unit_seat(&city, &client, &slot, ACCEPT);

    e = unit_refer(&city, &referral); /* found again, and said to live somewhere else */
    e->publisher_agency = unit_text(&city, "pmi");
    unit_budi(&city, e->referral_submitted->person);
    e->referral_submitted->person->nik = unit_text(&city, nik);
    e->referral_submitted->person->nik_status = PB_NIK_STATUS_STATED;
    e->referral_submitted->person->domicile_region = unit_text(&city, "14.71.01");
    o = unit_want("found again", &city, e, 0);
    struct sg_id person = id_of(o.effect->person->person_id);
    assert_true(sg_id_equal(&person, &client.person));
    give_back(&city, &seat);
    assert_int_equal(unit_seat_state(&city, &waiting), PB_ALLOCATION_STATE_WAITLISTED);
    (void)unit_want("withdrawn", &city, story_annul(&city, "pmi", o.seq), 0);
    assert_int_equal(unit_seat_state(&city, &waiting), PB_ALLOCATION_STATE_HELD);
    city_close(&city);
}

/* ---- seats as they are shown ---- */

static void seats_are_shown_before_the_list(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_why why = {0};
    struct seat_fact *facts = NULL;
    size_t count = 0;
    static const struct sg_id nobody = {{9}};
    city_open(&city);
    struct sg_id slot = unit_slot(&city, 2);
    for (int i = 0; i < 4; i++) {
        struct client client = unit_client(&city);
        (void)unit_seat(&city, &client, &slot, HOLD);
    }
    city_read(&city);
    UNIT_OK(ledger_seats(&city.txn, &slot, city.now_ms, &city.read_arena, &facts, &count, &why));
    assert_int_equal(count, 4);
    for (size_t i = 0; i < count; i++) {
        const PbSeatView *view = facts[i].view;
        assert_int_equal(view->seat_no, i < 2 ? i + 1 : 0);
        assert_int_equal(view->waitlist_position, i < 2 ? 0 : i - 1);
        assert_int_equal(view->state,
                         i < 2 ? PB_ALLOCATION_STATE_HELD : PB_ALLOCATION_STATE_WAITLISTED);
        assert_string_equal(view->person->full_name, "Budi Santoso");
        assert_string_equal(facts[i].case_owner, "dinsos");
        assert_string_equal(facts[i].slot_owner, "disnaker");
        assert_false(facts[i].person_ended);
    }
    assert_int_equal(
        ledger_seats(&city.txn, &nobody, city.now_ms, &city.read_arena, &facts, &count, &why),
        SG_E_NOT_FOUND);
    txn_done(&city.txn);
    city_close(&city);
}

UNIT_MAIN(cmocka_unit_test(the_order_is_total), cmocka_unit_test(the_order_follows_what_changes),
          cmocka_unit_test(the_first_who_may_is_promoted),
          cmocka_unit_test(whoever_loses_a_seat_is_looked_at_in_the_order_of_its_entries),
          cmocka_unit_test(a_hold_of_a_promotion_has_bounds),
          cmocka_unit_test(nobody_is_promoted_after_late_entry),
          cmocka_unit_test(a_hold_that_runs_out_goes_to_the_next),
          cmocka_unit_test(after_registration_the_list_is_the_door),
          cmocka_unit_test(a_better_known_person_is_promoted),
          cmocka_unit_test(a_doubt_about_the_age_ends_with_an_assessment),
          cmocka_unit_test(what_a_withdrawn_referral_said_counts_no_more),
          cmocka_unit_test(seats_are_shown_before_the_list))
