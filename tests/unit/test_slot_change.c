/* E09: what the owner of a slot may change, what follows for whoever has a claim on it; what it has
 * in common with E10. */
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

/* ---- who, which version, in which state ---- */

typedef PbEnvelope *make_fn(struct ledger_city *city, const struct sg_id *slot);

static PbEnvelope *make_e09(struct ledger_city *city, const struct sg_id *slot)
{
    PbEnvelope *e = story_change(city, slot);
    e->slot_changed->venue_name = unit_text(city, "Aula BLK");
    return e;
}

static PbEnvelope *make_e10(struct ledger_city *city, const struct sg_id *slot)
{
    return story_cancel(city, slot, NULL);
}

static make_fn *const both[] = {make_e09, make_e10};
static const char *const objects[] = {"slot_changed.slot_id", "slot_cancelled.slot_id"};

static void a_slot_is_changed_by_its_owner_as_it_is_now(void **state)
{
    (void)state;
    static const char *const others[] = {"dinsos", "dpppa", "blk"};
    for (size_t i = 0; i < 2; i++) {
        struct ledger_city city;
        city_open(&city);
        struct sg_id slot = story_slot(&city, 2);
        (void)story_seat(&city, &slot, ACCEPT);
        struct sg_id seat = story_seat(&city, &slot, ACCEPT);
        story_settle(&city, &seat, PB_SEAT_DECISION_CONFIRMED);
        for (size_t k = 0; k < SG_ARRAY_LEN(others); k++) {
            PbEnvelope *e = both[i](&city, &slot);
            e->publisher_agency = unit_text(&city, others[k]);
            e->expected_version = 99; /* whose it is comes first */
            struct outcome o = unit_want(others[k], &city, e, SG_ST_NOT_OWNER);
            unit_detail(others[k], &o, objects[i], NULL);
        }
        for (int d = -1; d <= 1; d++) {
            PbEnvelope *e = both[i](&city, &slot);
            e->expected_version += (uint64_t)d;
            if (!d)
                continue;
            struct outcome o = unit_want("stale", &city, e, SG_ST_VERSION_CONFLICT);
            unit_detail("stale", &o, "expected_version", "4"); /* E08, two E11, one E12 */
        }
        PbEnvelope *e = both[i](&city, &slot);
        e->has_expected_version = false;
        struct outcome o = unit_want("no version", &city, e, SG_ST_MISSING_FIELD);
        unit_detail("no version", &o, "expected_version", NULL);
        o = unit_want("right", &city, both[i](&city, &slot), 0);
        assert_int_equal(o.aggregate_version, story_slot_row(&city, &slot)->version);
        struct city_record record = city_record(&city, o.seq);
        assert_int_equal(city_relations(&record, "*"), RELATION_PUBLIC);
        assert_int_equal(record.record.rest->n_audience, 1);
        city_refold(&city);
        city_close(&city);
    }
}

static void what_is_over_is_not_changed(void **state)
{
    (void)state;
    enum { OPEN, REG_CLOSED, RUNNING, FINISHED, CANCELLED, STATES };
    static const struct {
        int32_t day; /* from the beginning of the course */
        uint32_t want;
        const char *detail;
    } rows[STATES] = {
        [OPEN] = {-20, 0, NULL},
        [REG_CLOSED] = {-1, 0, NULL},
        [RUNNING] = {30, 0, NULL},
        [FINISHED] = {54, SG_ST_BAD_TRANSITION, "FINISHED"},
        [CANCELLED] = {-20, SG_ST_BAD_TRANSITION, "CANCELLED"},
    };
    for (int i = 0; i < STATES; i++)
        for (size_t k = 0; k < 2; k++) {
            struct ledger_city city;
            city_open(&city);
            struct sg_id slot = story_slot(&city, 2);
            story_until(&city, first_day(&city, &slot) + rows[i].day, 9);
            if (i == CANCELLED)
                (void)unit_want("cancel", &city, make_e10(&city, &slot), 0);
            struct outcome o = unit_want("change", &city, both[k](&city, &slot), rows[i].want);
            if (rows[i].want)
                unit_detail("change", &o, objects[k], rows[i].detail);
            city_close(&city);
        }
}

static void only_a_change_waits_for_its_slot(void **state)
{
    (void)state;
    static const struct sg_id nobody = {{3}};
    struct ledger_city city;
    city_open(&city);
    (void)story_park("E09", &city, make_e09(&city, &nobody));
    (void)unit_want("E10", &city, make_e10(&city, &nobody), SG_ST_UNKNOWN_OBJECT);
    city_close(&city);
}

/* ---- fields ---- */

static void what_changes_must_agree(void **state)
{
    (void)state;
    enum { ENDS, LATE, CLOSES, CLASS, AGES, STARTS, FIELDS };
    static const char *const names[FIELDS] = {"slot_changed.ends_on",
                                              "slot_changed.late_entry_until",
                                              "slot_changed.registration_closes_at",
                                              "slot_changed.capacity_offered",
                                              "slot_changed.max_age",
                                              "slot_changed.ends_on"};
    struct ledger_city city;
    city_open(&city);
    struct sg_id slot = story_slot(&city, 2);
    int32_t first = first_day(&city, &slot);
    PbSlotRow *row = city_row(&city, TABLE_SLOTS, &slot);
    row->slot->class_size = 16;
    city_put(&city, TABLE_SLOTS, &slot, row);
    for (int i = 0; i < FIELDS; i++) {
        PbEnvelope *e = story_change(&city, &slot);
        PbTrainingSlotChanged *c = e->slot_changed;
        if (i == ENDS)
            c->ends_on = unit_day(&city, first + 366);
        if (i == LATE)
            c->late_entry_until = unit_day(&city, first + 15);
        if (i == CLOSES)
            c->registration_closes_at = story_time(&city, sg_day_start_ms(first) + 1);
        c->has_capacity_offered = i == CLASS;
        c->capacity_offered = 17;
        c->has_max_age = i == AGES;
        c->max_age = 17;
        if (i == STARTS) /* against what stays: the course would begin after its end */
            c->starts_on = unit_day(&city, first + 41);
        struct outcome o = unit_want(names[i], &city, e, SG_ST_SCHEMA);
        unit_detail(names[i], &o, names[i], NULL);
    }
    city_close(&city);
}

static void only_what_is_said_changes(void **state)
{
    (void)state;
    static PbDocument ktp[] = {PB_DOCUMENT_KTP};
    struct ledger_city city;
    struct sg_id slot;
    city_open(&city);
    PbEnvelope *e = story_offer(&city, 2, &slot);
    char *regions[] = {unit_text(&city, "14.71")};
    e->slot_offered->regions = regions;
    e->slot_offered->n_regions = 1;
    e->slot_offered->required_documents = ktp;
    e->slot_offered->n_required_documents = 1;
    (void)unit_want("offer", &city, e, 0);
    e = make_e09(&city, &slot);
    PbRegionList none = PB_REGION_LIST__INIT;
    e->slot_changed->regions = &none;
    e->slot_changed->has_sex = true;
    e->slot_changed->sex = PB_SEX_RULE_MALE;
    (void)unit_want("change", &city, e, 0);
    const PbSlotRow *row = story_slot_row(&city, &slot);
    assert_int_equal(row->version, 2);
    assert_string_equal(row->slot->venue_name, "Aula BLK");
    assert_int_equal(row->slot->n_regions, 0);            /* emptied */
    assert_int_equal(row->slot->n_required_documents, 1); /* not said */
    assert_int_equal(row->slot->sex, PB_SEX_RULE_MALE);
    assert_int_equal(row->slot->capacity_offered, 2);

    static PbDocument photo[] = {PB_DOCUMENT_PHOTO, PB_DOCUMENT_KK};
    PbDocumentList papers = PB_DOCUMENT_LIST__INIT;
    papers.values = photo;
    papers.n_values = SG_ARRAY_LEN(photo);
    e = make_e09(&city, &slot);
    e->slot_changed->required_documents = &papers;
    e->slot_changed->has_min_schooling = true;
    e->slot_changed->min_schooling = PB_SCHOOLING_PRIMARY;
    e->slot_changed->has_cooldown_months = true;
    e->slot_changed->cooldown_months = 6;
    (void)unit_want("change again", &city, e, 0);
    row = story_slot_row(&city, &slot);
    assert_int_equal(row->slot->n_required_documents, 2);
    assert_int_equal(row->slot->required_documents[0], PB_DOCUMENT_PHOTO);
    assert_int_equal(row->slot->min_schooling, PB_SCHOOLING_PRIMARY);
    assert_int_equal(row->slot->cooldown_months, 6);
    assert_int_equal(row->slot->sex, PB_SEX_RULE_MALE); /* from before */
    city_refold(&city);
    city_close(&city);
}

/* ---- capacity ---- */

static void capacity_covers_what_is_given(void **state)
{
    (void)state;
    static const struct {
        uint32_t to, want;
    } rows[] = {
        {3, SG_ST_CAPACITY_BELOW_ALLOCATED}, {1, SG_ST_CAPACITY_BELOW_ALLOCATED}, {4, 0}, {5, 0}};
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ledger_city city;
        struct sg_id seats[4];
        city_open(&city);
        struct sg_id slot = story_slot(&city, 6);
        for (int k = 0; k < 4; k++)
            seats[k] = story_seat(&city, &slot, k == 3 ? HOLD : ACCEPT);
        story_settle(&city, &seats[0], PB_SEAT_DECISION_CONFIRMED);
        PbEnvelope *e = story_change(&city, &slot);
        e->slot_changed->has_capacity_offered = true;
        e->slot_changed->capacity_offered = rows[i].to;
        struct outcome o = unit_want("capacity", &city, e, rows[i].want);
        if (rows[i].want)
            unit_detail("capacity", &o, "slot_changed.capacity_offered", NULL);
        story_begin(&city, &slot, &seats[0]); /* by then the hold has run out */
        e = story_change(&city, &slot);
        e->slot_changed->has_capacity_offered = true;
        e->slot_changed->capacity_offered = 2; /* OCCUPIED and two that are RESERVED */
        (void)unit_want("occupied counts", &city, e, SG_ST_CAPACITY_BELOW_ALLOCATED);
        city_close(&city);
    }
}

static void a_seat_more_is_given_at_once(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int32_t day; /* from the beginning of the course */
        bool promotes;
    } rows[] = {
        {"open", -20, true}, {"closed", -1, true}, {"late entry", 5, true}, {"after it", 6, false}};
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ledger_city city;
        struct sg_id waiting[3];
        city_open(&city);
        struct sg_id slot = story_slot(&city, 1);
        (void)story_seat(&city, &slot, ACCEPT);
        for (int k = 0; k < 3; k++)
            waiting[k] = story_seat(&city, &slot, ACCEPT);
        story_until(&city, first_day(&city, &slot) + rows[i].day, 9);
        PbEnvelope *e = story_change(&city, &slot);
        e->slot_changed->has_capacity_offered = true;
        e->slot_changed->capacity_offered = 3;
        struct outcome o = unit_want(rows[i].name, &city, e, 0);
        assert_int_equal(city.last_seq, o.seq + (rows[i].promotes ? 2 : 0)); /* one commit */
        for (int k = 0; k < 3; k++) {
            PbAllocationState now = unit_seat_state(&city, &waiting[k]);
            PbAllocationState want = !rows[i].promotes ? PB_ALLOCATION_STATE_EXPIRED
                                     : k < 2           ? HELD
                                                       : WAITLISTED;
            if (now != want)
                fail_msg("%s: %d is %d", rows[i].name, k, (int)now);
        }
        assert_int_equal(o.aggregate_version, story_slot_row(&city, &slot)->version);
        city_refold(&city);
        city_close(&city);
    }
}

/* Seats beyond a smaller capacity stay whose they are; the next one that is free is below it. */
static void high_numbers_stay(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id seats[3];
    city_open(&city);
    struct sg_id slot = story_slot(&city, 3);
    for (int k = 0; k < 3; k++)
        seats[k] = story_seat(&city, &slot, ACCEPT);
    for (int k = 0; k < 2; k++)
        story_settle(&city, &seats[k], PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER);
    PbEnvelope *e = story_change(&city, &slot);
    e->slot_changed->has_capacity_offered = true;
    e->slot_changed->capacity_offered = 2;
    (void)unit_want("smaller", &city, e, 0);
    const PbAllocationRow *row = city_row(&city, TABLE_ALLOCATIONS, &seats[2]);
    assert_int_equal(row->seat_no, 3);
    struct sg_id next = story_seat(&city, &slot, ACCEPT);
    row = city_row(&city, TABLE_ALLOCATIONS, &next);
    assert_int_equal(row->seat_no, 1);
    struct sg_id last = story_seat(&city, &slot, ACCEPT);
    assert_int_equal(unit_seat_state(&city, &last), WAITLISTED);
    city_refold(&city);
    city_close(&city);
}

/* ---- dates and conditions ---- */

static void whoever_agreed_to_other_dates_is_asked_again(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int32_t days;
        bool again;
    } rows[] = {{"a day", 1, false},
                {"a week", 7, false},
                {"eight days", 8, true},
                {"a week before", -7, false},
                {"eight days before", -8, true}};
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ledger_city city;
        struct sg_id seats[4];
        city_open(&city);
        struct sg_id slot = story_slot(&city, 3);
        for (int k = 0; k < 4; k++)
            seats[k] = story_seat(&city, &slot, k == 2 ? HOLD : ACCEPT);
        story_settle(&city, &seats[1], PB_SEAT_DECISION_CONFIRMED);
        const PbAllocationRow *held = city_row(&city, TABLE_ALLOCATIONS, &seats[2]);
        int64_t hold_ms = held->hold_until_ms;
        int32_t first = first_day(&city, &slot) + rows[i].days;
        city_pass(&city, SG_HOUR_MS);
        PbEnvelope *e = story_change(&city, &slot);
        e->slot_changed->starts_on = unit_day(&city, first);
        e->slot_changed->late_entry_until = unit_day(&city, first + 5);
        e->slot_changed->registration_closes_at = story_time(&city, sg_day_start_ms(first - 3));
        struct outcome o = unit_want(rows[i].name, &city, e, 0);
        for (int k = 0; k < 2; k++) {
            const PbAllocationRow *row = city_row(&city, TABLE_ALLOCATIONS, &seats[k]);
            if (row->state != (rows[i].again ? HELD : k ? CONFIRMED : RESERVED))
                fail_msg("%s: seat %d is %d", rows[i].name, k, (int)row->state);
            if (rows[i].again && row->hold_until_ms != city.now_ms + 72 * SG_HOUR_MS)
                fail_msg("%s: another hold", rows[i].name);
            if (row->seat_no != (uint32_t)k + 1)
                fail_msg("%s: another seat", rows[i].name);
            const PbDeadlineRow *start = story_deadline(&city, RULE_START, &seats[k]);
            if ((start == NULL) != rows[i].again ||
                (start && start->levels_ms[1] != sg_day_start_ms(first + 6 + 14)))
                fail_msg("%s: T07 of seat %d", rows[i].name, k);
        }
        const PbAllocationRow *row = city_row(&city, TABLE_ALLOCATIONS, &seats[2]);
        assert_true(row->state == HELD && row->hold_until_ms == hold_ms);
        assert_int_equal(unit_seat_state(&city, &seats[3]), WAITLISTED);
        assert_int_equal(city.last_seq, o.seq + (rows[i].again ? 2 : 0));
        const PbDeadlineRow *end = story_deadline(&city, RULE_WAITING_END, &slot);
        assert_true(end->levels_ms[0] == sg_day_start_ms(first + 6));
        city_refold(&city);
        city_close(&city);
    }
}

static void conditions_evict_nobody(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct sg_id slot = story_slot(&city, 1);
    struct sg_id seat = story_seat(&city, &slot, ACCEPT);
    struct sg_id waiting = story_seat(&city, &slot, ACCEPT);
    struct client late = unit_client(&city);
    PbEnvelope *e = story_change(&city, &slot);
    e->slot_changed->has_sex = true;
    e->slot_changed->sex = PB_SEX_RULE_FEMALE;
    (void)unit_want("for women", &city, e, 0);
    assert_int_equal(unit_seat_state(&city, &seat), RESERVED);
    assert_int_equal(unit_seat_state(&city, &waiting), WAITLISTED);
    (void)unit_want("a man", &city, unit_request(&city, &late, &slot, ACCEPT), SG_ST_INELIGIBLE);
    story_settle(&city, &seat, PB_SEAT_DECISION_CONFIRMED);
    story_settle(&city, &seat, PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER);
    assert_int_equal(unit_seat_state(&city, &waiting), WAITLISTED); /* not eligible any more */
    e = story_change(&city, &slot);
    e->slot_changed->has_sex = true;
    e->slot_changed->sex = PB_SEX_RULE_ANY;
    (void)unit_want("for all", &city, e, 0);
    assert_int_equal(unit_seat_state(&city, &waiting), HELD); /* in the same commit */
    city_refold(&city);
    city_close(&city);
}

UNIT_MAIN(cmocka_unit_test(a_slot_is_changed_by_its_owner_as_it_is_now),
          cmocka_unit_test(what_is_over_is_not_changed),
          cmocka_unit_test(only_a_change_waits_for_its_slot),
          cmocka_unit_test(what_changes_must_agree), cmocka_unit_test(only_what_is_said_changes),
          cmocka_unit_test(capacity_covers_what_is_given),
          cmocka_unit_test(a_seat_more_is_given_at_once), cmocka_unit_test(high_numbers_stay),
          cmocka_unit_test(whoever_agreed_to_other_dates_is_asked_again),
          cmocka_unit_test(conditions_evict_nobody))
