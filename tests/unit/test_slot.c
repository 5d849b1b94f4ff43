/* Slots: states by time, who is eligible, offers stated again, and the list of slots. */
#include "unit/ledger_unit.h"

/* Registration to 5 June 10:00 WIB, course 8 June to 17 July, late entry to 12 June. */
static PbSlotRow *summer(struct ledger_city *city)
{
    struct sg_id id;
    PbTrainingSlotOffered *s = unit_offer(city, 2, &id)->slot_offered;
    PbSlotRow *row = SG_NEW(&city->events, PbSlotRow);
    pb_slot_row__init(row);
    row->slot = s;
    s->starts_on = unit_date(city, 2026, 6, 8);
    s->ends_on = unit_date(city, 2026, 7, 17);
    s->late_entry_until = unit_date(city, 2026, 6, 12);
    int64_t closes;
    SG_CHECK(!sg_time_parse("2026-06-05T10:00:00+07:00", &closes));
    s->registration_closes_at->seconds = closes / 1000;
    s->registration_closes_at->nanos = 0;
    return row;
}

static void the_state_follows_from_the_time(void **state)
{
    (void)state;
    static const struct {
        const char *at;
        PbSlotState want;
        bool late_entry;
    } rows[] = {
        {"2026-05-04T08:00:00+07:00", PB_SLOT_STATE_OPEN, true},
        {"2026-06-05T09:59:59+07:00", PB_SLOT_STATE_OPEN, true},
        {"2026-06-05T10:00:00+07:00", PB_SLOT_STATE_REG_CLOSED, true},
        {"2026-06-07T23:59:59+07:00", PB_SLOT_STATE_REG_CLOSED, true},
        {"2026-06-08T00:00:00+07:00", PB_SLOT_STATE_RUNNING, true},
        {"2026-06-12T23:59:59+07:00", PB_SLOT_STATE_RUNNING, true},
        {"2026-06-13T00:00:00+07:00", PB_SLOT_STATE_RUNNING, false},
        {"2026-07-30T23:59:59+07:00", PB_SLOT_STATE_RUNNING, false},
        {"2026-07-31T00:00:00+07:00", PB_SLOT_STATE_FINISHED, false},
    };
    struct ledger_city city;
    city_open(&city);
    PbSlotRow *row = summer(&city);
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        int64_t at;
        assert_int_equal(sg_time_parse(rows[i].at, &at), SG_OK);
        row->cancelled = false;
        if (slot_state_at(row, at) != rows[i].want ||
            slot_takes_late_entry(row, at) != rows[i].late_entry)
            fail_msg("%s: %d", rows[i].at, (int)slot_state_at(row, at));
        row->cancelled = true;
        if (slot_state_at(row, at) != PB_SLOT_STATE_CANCELLED)
            fail_msg("%s: cancelled is %d", rows[i].at, (int)slot_state_at(row, at));
    }
    city_close(&city);
}

/* ---- eligibility ---- */

#define ANY PB_SEX_RULE_ANY

struct wanted {
    const char *name;
    PbSexRule sex;
    uint32_t min_age, max_age;
    const char *region;
    PbSchooling schooling;
    const char *want;
};

/* Budi: a man of 31 on 8 June 2026, from 14.71.08.1009, lower secondary school. */
static void budi_is_eligible_or_not(void **state)
{
    (void)state;
    static const struct wanted rows[] = {
        {"no condition", ANY, 0, 0, NULL, 0, NULL},
        {"a man", PB_SEX_RULE_MALE, 0, 0, NULL, 0, NULL},
        {"a woman", PB_SEX_RULE_FEMALE, 0, 0, NULL, 0, "SEX"},
        {"just old enough", ANY, 31, 0, NULL, 0, NULL},
        {"too young", ANY, 32, 0, NULL, 0, "AGE"},
        {"just young enough", ANY, 0, 31, NULL, 0, NULL},
        {"too old", ANY, 0, 30, NULL, 0, "AGE"},
        {"of the city", ANY, 0, 0, "14.71", 0, NULL},
        {"of the kecamatan", ANY, 0, 0, "14.71.08", 0, NULL},
        {"of the kelurahan", ANY, 0, 0, "14.71.08.1009", 0, NULL},
        {"of the next kelurahan", ANY, 0, 0, "14.71.08.1010", 0, "REGION"},
        {"a prefix ends at a dot", ANY, 0, 0, "14.7", 0, "REGION"},
        {"of another province", ANY, 0, 0, "13", 0, "REGION"},
        {"primary is enough", ANY, 0, 0, NULL, PB_SCHOOLING_PRIMARY, NULL},
        {"just enough schooling", ANY, 0, 0, NULL, PB_SCHOOLING_LOWER_SEC, NULL},
        {"not enough schooling", ANY, 0, 0, NULL, PB_SCHOOLING_UPPER_SEC, "SCHOOLING"},
        {"NONE asks nothing", ANY, 0, 0, NULL, PB_SCHOOLING_NONE, NULL},
        {"age comes before sex", PB_SEX_RULE_FEMALE, 40, 0, "13", PB_SCHOOLING_HIGHER, "AGE"},
        {"sex before region", PB_SEX_RULE_FEMALE, 0, 0, "13", PB_SCHOOLING_HIGHER, "SEX"},
        {"region before schooling", ANY, 0, 0, "13", PB_SCHOOLING_HIGHER, "REGION"},
    };
    struct ledger_city city;
    city_open(&city);
    struct identity budi = {.known = true, .schooling = PB_SCHOOLING_LOWER_SEC};
    pb_person_identity__init(&budi.person);
    unit_budi(&city, &budi.person);
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        PbSlotRow *row = summer(&city);
        char *regions[1] = {row->slot->venue_region};
        row->slot->sex = rows[i].sex;
        row->slot->min_age = rows[i].min_age;
        row->slot->max_age = rows[i].max_age;
        row->slot->has_min_schooling = rows[i].schooling != PB_SCHOOLING_UNSPECIFIED;
        row->slot->min_schooling = rows[i].schooling;
        if (rows[i].region) {
            regions[0] = unit_text(&city, rows[i].region);
            row->slot->regions = regions;
            row->slot->n_regions = 1;
        }
        const char *got = slot_ineligible(row, &budi);
        if ((got == NULL) != (rows[i].want == NULL) || (got && strcmp(got, rows[i].want) != 0))
            fail_msg("%s: %s, want %s", rows[i].name, got ? got : "eligible",
                     rows[i].want ? rows[i].want : "eligible");
    }
    city_close(&city);
}

static void what_is_unknown_is_not_guessed(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct identity nobody = {.known = true};
    pb_person_identity__init(&nobody.person);
    nobody.person.sex = PB_SEX_UNKNOWN;
    PbSlotRow *row = summer(&city);
    row->slot->min_age = 0;
    assert_null(slot_ineligible(row, &nobody));
    row->slot->max_age = 40;
    assert_string_equal(slot_ineligible(row, &nobody), "AGE_UNKNOWN");
    row->slot->max_age = 0;
    row->slot->sex = PB_SEX_RULE_MALE;
    assert_string_equal(slot_ineligible(row, &nobody), "SEX");
    row->slot->sex = PB_SEX_RULE_ANY;
    row->slot->has_min_schooling = true;
    row->slot->min_schooling = PB_SCHOOLING_PRIMARY;
    assert_string_equal(slot_ineligible(row, &nobody), "SCHOOLING");
    nobody.schooling = PB_SCHOOLING_UNKNOWN;
    assert_string_equal(slot_ineligible(row, &nobody), "SCHOOLING");
    row->slot->has_min_schooling = false;
    row->slot->regions = &row->slot->venue_region;
    row->slot->n_regions = 1;
    assert_string_equal(slot_ineligible(row, &nobody), "REGION");
    city_close(&city);
}

static void documents_are_held_or_waived(void **state)
{
    (void)state;
    enum { KTP = PB_DOCUMENT_KTP, KK = PB_DOCUMENT_KK };
    static const struct {
        const char *name;
        size_t held, waived; /* of {KTP, KK} */
        bool waivable, missing, waiver;
    } rows[] = {
        {"both held", 2, 0, false, false, false},
        {"one missing", 1, 0, true, true, false},
        {"the other one waived", 1, 2, true, false, true},
        {"both waived", 0, 2, true, false, true},
        {"a waiver that is not taken", 1, 2, false, true, false},
        {"held and waived is held", 2, 2, true, false, false},
    };
    static PbDocument both[] = {(PbDocument)KTP, (PbDocument)KK};
    struct ledger_city city;
    city_open(&city);
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        PbSlotRow *row = summer(&city);
        PbSeatRequested request = PB_SEAT_REQUESTED__INIT;
        bool waived = false;
        row->slot->required_documents = both;
        row->slot->n_required_documents = 2;
        row->slot->documents_waivable = rows[i].waivable;
        request.documents_held = request.waivers = both;
        request.n_documents_held = rows[i].held;
        request.n_waivers = rows[i].waived;
        bool missing = slot_documents_missing(row, &request, &waived);
        if (missing != rows[i].missing || (!missing && waived != rows[i].waiver))
            fail_msg("%s: missing %d waived %d", rows[i].name, missing, waived);
    }
    city_close(&city);
}

/* ---- E08 ---- */

static void an_offer_stands_once(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id id;
    city_open(&city);
    PbEnvelope *e = unit_offer(&city, 3, &id);
    struct outcome o = unit_want("offer", &city, e, 0);
    assert_int_equal(o.effect->aggregate_version, 1);
    struct city_record record = city_record(&city, o.seq);
    assert_int_equal(record.record.rest->n_audience, 1);
    assert_int_equal(city_relations(&record, "*"), RELATION_PUBLIC);
    assert_false(record.record.rest->has_person_id);
    const PbSlotRow *row = city_row(&city, TABLE_SLOTS, &id);
    assert_string_equal(row->owner, "disnaker");
    assert_int_equal(row->version, 1);
    assert_int_equal(row->slot->capacity_offered, 3);
    assert_int_equal(row->live + row->waiting, 0);

    o = city_publish(&city, e);
    assert_int_equal(o.status, PB_OUTCOME_STATUS_DUPLICATE);
    e->slot_offered->capacity_offered = 4;
    (void)unit_want("otherwise", &city, e, SG_ST_DUPLICATE_CONFLICT);
    e->publisher_agency = unit_text(&city, "blk");
    o = unit_want("another owner", &city, e, SG_ST_NOT_OWNER);
    unit_detail("another owner", &o, "slot_offered.slot_id", "ID_IN_USE");
    city_close(&city);
}

/* Every text as long as it may be, every list full: the row still fits. */
static void the_largest_offer_fits(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_id id;
    char text[121];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    city_open(&city);
    PbEnvelope *e = unit_offer(&city, 100, &id);
    PbTrainingSlotOffered *s = e->slot_offered;
    s->variant = s->kbji = s->skkni = s->venue_name = s->desk = text;
    char *regions[32];
    for (size_t i = 0; i < SG_ARRAY_LEN(regions); i++)
        regions[i] = unit_text(&city, "14.71.08.1009");
    s->regions = regions;
    s->n_regions = SG_ARRAY_LEN(regions);
    (void)unit_want("largest", &city, e, 0);
    const PbSlotRow *row = city_row(&city, TABLE_SLOTS, &id);
    assert_string_equal(row->slot->kbji, text);
    city_close(&city);
}

static void slots_are_listed_newest_first(void **state)
{
    (void)state;
    enum { SLOTS = 7, PAGE = 3 };
    struct ledger_city city;
    struct sg_why why = {0};
    struct sg_id ids[SLOTS];
    struct sg_bytes next = {0};
    size_t seen = 0;
    city_open(&city);
    for (int i = 0; i < SLOTS; i++)
        ids[i] = unit_slot(&city, 1 + (uint32_t)i);
    do {
        PbSlotView **views = NULL;
        size_t count = 0;
        uint8_t cursor[8];
        if (next.len)
            memcpy(cursor, next.ptr, sizeof cursor);
        city_read(&city);
        UNIT_OK(ledger_slots(&city.txn, city.now_ms, (struct sg_bytes){cursor, next.len}, PAGE,
                             &city.read_arena, &views, &count, &next, &why));
        txn_done(&city.txn);
        assert_int_equal(count, next.len ? PAGE : SLOTS % PAGE);
        for (size_t i = 0; i < count; i++, seen++) {
            struct sg_id id = id_of(views[i]->slot->slot_id);
            assert_true(sg_id_equal(&id, &ids[SLOTS - 1 - seen]));
            assert_int_equal(views[i]->free, SLOTS - seen);
            assert_int_equal(views[i]->state, PB_SLOT_STATE_OPEN);
            assert_string_equal(views[i]->owner, "disnaker");
        }
    } while (next.len);
    assert_int_equal(seen, SLOTS);
    city_close(&city);
}

UNIT_MAIN(cmocka_unit_test(the_state_follows_from_the_time),
          cmocka_unit_test(budi_is_eligible_or_not),
          cmocka_unit_test(what_is_unknown_is_not_guessed),
          cmocka_unit_test(documents_are_held_or_waived), cmocka_unit_test(an_offer_stands_once),
          cmocka_unit_test(the_largest_offer_fits), cmocka_unit_test(slots_are_listed_newest_first))
