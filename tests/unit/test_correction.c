/* E24: which event may be corrected, by whom, until when, and by what. */
#include "unit/correct_unit.h"

#include "ledger/correction.h"

#include <stdio.h>

/* ---- the order of the checks ---- */

static void the_event_is_found_first(void **state)
{
    (void)state;
    static const struct sg_id nobody = {{1, 2, 3}};
    struct ledger_city city;
    city_open(&city);
    struct sg_id slot = story_slot(&city, 1), seat = story_seat(&city, &slot, ACCEPT);
    story_begin(&city, &slot, &seat);
    int32_t day = slot_start_day(story_slot_row(&city, &slot));
    uint64_t e13 = city.last_seq;
    while (!city_record(&city, e13).event.envelope->placement_started)
        e13--;
    PbEnvelope *good = story_start(&city, &seat, day);

    PbEnvelope *e = correct_by(&city, "disnaker", e13, good);
    e->event_corrected->corrected->number = 999;
    struct outcome o = unit_want("no such number", &city, e, SG_ST_UNKNOWN_OBJECT);
    unit_detail("no such number", &o, "event_corrected.corrected", NULL);
    e = correct_by(&city, "disnaker", e13, good);
    e->event_corrected->corrected->outbox_id = unit_id(&city, &nobody);
    (void)unit_want("no such outbox", &city, e, SG_ST_UNKNOWN_OBJECT);
    (void)unit_want("of somebody else", &city, correct_by(&city, "dinsos", e13, good),
                    SG_ST_NOT_OWNER);
    /* The owner comes before what is wrong with the replacement. */
    PbEnvelope *bad = story_start(&city, &seat, day);
    bad->placement_started->started_on = NULL;
    (void)unit_want("of somebody else, broken", &city, correct_by(&city, "dinsos", e13, bad),
                    SG_ST_NOT_OWNER);
    o = unit_want("broken", &city, correct_by(&city, "disnaker", e13, bad), SG_ST_MISSING_FIELD);
    unit_detail("broken", &o, "event_corrected.replacement.started_on", NULL);

    uint64_t first = unit_want("correct", &city, correct_by(&city, "disnaker", e13, good), 0).seq;
    bool annulled = true;
    assert_int_equal(correct_mark(&city, e13, &annulled), first);
    assert_false(annulled);
    o = unit_want("a correction", &city, story_annul(&city, "disnaker", first),
                  SG_ST_BAD_TRANSITION);
    unit_detail("a correction", &o, "event_corrected.corrected", "CORRECTION");
    uint64_t second = unit_want("again", &city, correct_by(&city, "disnaker", e13, good), 0).seq;
    assert_int_equal(correct_mark(&city, e13, NULL), second);
    uint64_t third = unit_want("annul", &city, story_annul(&city, "disnaker", e13), 0).seq;
    assert_int_equal(correct_mark(&city, e13, &annulled), third);
    assert_true(annulled);
    o = unit_want("once more", &city, story_annul(&city, "disnaker", e13), SG_ST_BAD_TRANSITION);
    unit_detail("once more", &o, "event_corrected.corrected", "ANNULLED");
    (void)unit_want("replaced", &city, correct_by(&city, "disnaker", e13, good),
                    SG_ST_BAD_TRANSITION);
    correct_close(&city);
}

static void an_event_that_waited_stands_where_it_was_settled(void **state)
{
    (void)state;
    struct ledger_city city;
    char name[64];
    city_open(&city);
    struct sg_id slot = story_slot(&city, 2);
    struct sg_id seat = story_seat(&city, &slot, ACCEPT), other = story_seat(&city, &slot, ACCEPT);
    int32_t day = slot_start_day(story_slot_row(&city, &slot));
    story_until(&city, day, 9);
    uint64_t parked = story_park("attend", &city, story_attend(&city, &seat, day, day)).seq;
    uint64_t refused = story_park("attend", &city, story_attend(&city, &other, day, day)).seq;
    struct outcome o =
        unit_want("waits", &city, story_annul(&city, "disnaker", parked), SG_ST_BAD_TRANSITION);
    unit_detail("waits", &o, "event_corrected.corrected", "PARKED");
    (void)unit_want("waits, of somebody else", &city, story_annul(&city, "dpppa", parked),
                    SG_ST_NOT_OWNER);
    (void)unit_want("begin", &city, story_start(&city, &seat, day), 0);
    /* The broker finds the record of then under its place; the ledger looks where it was settled.
     */
    PbEnvelope *e = story_annul(&city, "disnaker", parked);
    o = unit_want("settled", &city, e, 0);
    uint64_t settled = o.effect->correction->corrected_seq;
    (void)snprintf(name, sizeof name, "settled at %d", (int)settled);
    if (settled <= parked || !correct_mark(&city, settled, NULL))
        fail_msg("%s", name);
    (void)unit_want("withdrawn", &city,
                    unit_settle(&city, &other, PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER), 0);
    (void)unit_want("refused", &city, story_annul(&city, "disnaker", refused),
                    SG_ST_UNKNOWN_OBJECT);
    correct_close(&city);
}

/* ---- what is not corrected ---- */

static void other_types_say_what_to_do_instead(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct client budi = unit_new_case(&city);
    uint64_t e03 =
        unit_want("accept", &city,
                  unit_decide(&city, &budi.referral, "dinsos", PB_REFERRAL_DECISION_ACCEPTED, NULL),
                  0)
            .seq;
    (void)unit_want("assess", &city, unit_assess(&city, &budi.case_id), 0);
    unit_consent(&city, &budi.case_id);
    uint64_t e06 = city.last_seq;
    struct sg_id slot_id;
    uint64_t e08 = unit_want("offer", &city, story_offer(&city, 1, &slot_id), 0).seq;
    PbEnvelope *change = story_change(&city, &slot_id);
    change->slot_changed->has_capacity_offered = true;
    change->slot_changed->capacity_offered = 2;
    uint64_t e09 = unit_want("change", &city, change, 0).seq;
    struct outcome asked = unit_want("ask", &city, unit_request(&city, &budi, &slot_id, ACCEPT), 0);
    struct sg_id seat = id_of(asked.effect->minted_allocation_id);
    uint64_t e12 =
        unit_want("confirm", &city, unit_settle(&city, &seat, PB_SEAT_DECISION_CONFIRMED), 0).seq;
    uint64_t e10 = unit_want("cancel", &city, story_cancel(&city, &slot_id, NULL), 0).seq;
    const struct {
        const char *name, *publisher;
        uint64_t seq;
        const char *instead;
    } rows[] = {
        {"E03", "dinsos", e03, "referral.submitted"}, {"E06", "dinsos", e06, "consent.recorded"},
        {"E08", "disnaker", e08, "slot.changed"},     {"E09", "disnaker", e09, "slot.changed"},
        {"E10", "disnaker", e10, "slot.offered"},     {"E11", "dinsos", asked.seq, "seat.decided"},
        {"E12", "disnaker", e12, "seat.requested"}};
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct outcome o =
            unit_want(rows[i].name, &city, story_annul(&city, rows[i].publisher, rows[i].seq),
                      SG_ST_BAD_TRANSITION);
        unit_detail(rows[i].name, &o, "event_corrected.corrected", "NOT_CORRECTED");
        if (!strstr(o.fault.accepted, rows[i].instead))
            fail_msg("%s: '%s' does not name %s", rows[i].name, o.fault.accepted, rows[i].instead);
    }
    correct_close(&city);
}

/* ---- what a replacement must be ---- */

static void break_nothing(struct ledger_city *city, PbReferralSubmitted *e)
{
    (void)city;
    (void)e;
}
static void break_id(struct ledger_city *city, PbReferralSubmitted *e)
{
    struct sg_id other = story_id(city);
    e->referral_id = unit_id(city, &other);
}
static void break_kind(struct ledger_city *city, PbReferralSubmitted *e)
{
    (void)city;
    e->kind = PB_REFERRAL_KIND_SERVICE;
}
static void break_target(struct ledger_city *city, PbReferralSubmitted *e)
{
    e->target_agency = unit_text(city, "dpppa");
}
static void break_priority(struct ledger_city *city, PbReferralSubmitted *e)
{
    (void)city;
    e->priority = PB_PRIORITY_EMERGENCY_24H;
}
static void break_region(struct ledger_city *city, PbReferralSubmitted *e)
{
    e->found_region = unit_text(city, "14.71.99");
}
static void break_ppks(struct ledger_city *city, PbReferralSubmitted *e)
{
    (void)city;
    e->suspected_ppks[0] = PB_PPKS_16;
}
static void break_activity(struct ledger_city *city, PbReferralSubmitted *e)
{
    (void)city;
    e->has_activity = false;
}
static void break_age(struct ledger_city *city, PbReferralSubmitted *e)
{
    (void)city;
    e->person->birth_quality = PB_BIRTH_QUALITY_ESTIMATED;
}
static void break_name(struct ledger_city *city, PbReferralSubmitted *e)
{
    (void)city;
    e->person->full_name = e->person->alias = NULL;
}
static void break_nik(struct ledger_city *city, PbReferralSubmitted *e)
{
    e->person->nik = unit_text(city, "1471994003950001");
}

static void a_replacement_is_checked_like_the_original(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        void (*alter)(struct ledger_city *city, PbReferralSubmitted *e);
        uint32_t code;
        const char *object, *detail;
    } rows[] = {
        /* clang-format off */
        {"nothing", break_nothing, 0, NULL, NULL},
        {"another id", break_id, SG_ST_SCHEMA, "referral_id", "NOT_THE_ORIGINAL"},
        {"another kind", break_kind, SG_ST_MISSING_FIELD, NULL, NULL},
        {"another target", break_target, SG_ST_SCHEMA, "target_agency", "NOT_THE_ORIGINAL"},
        {"another priority", break_priority, SG_ST_SCHEMA, "priority", "NOT_THE_ORIGINAL"},
        {"a region that is none", break_region, SG_ST_BAD_CODE, "found_region", "NOT_IN_LIST"},
        {"a health code", break_ppks, SG_ST_BAD_CODE, "suspected_ppks", "NOT_FOR_REFERRER"},
        {"no activity", break_activity, SG_ST_MISSING_FIELD, "activity", NULL},
        {"no estimated age", break_age, SG_ST_MISSING_FIELD, "person.estimated_age", NULL},
        {"no name", break_name, SG_ST_MISSING_FIELD, "person.full_name", NULL},
        {"an impossible NIK", break_nik, SG_ST_SCHEMA, "person.nik", "FORM"},
    }; /* clang-format on */
    struct ledger_city city;
    char object[96];
    city_open(&city);
    struct sg_id referral;
    PbEnvelope *first = unit_refer(&city, &referral);
    unit_budi(&city, first->referral_submitted->person);
    uint64_t e01 = unit_want("refer", &city, first, 0).seq;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct sg_id unused;
        PbEnvelope *with = unit_refer(&city, &unused);
        unit_budi(&city, with->referral_submitted->person);
        with->referral_submitted->referral_id = unit_id(&city, &referral);
        with->referral_submitted->priority = first->referral_submitted->priority;
        rows[i].alter(&city, with->referral_submitted);
        struct outcome o =
            unit_want(rows[i].name, &city, correct_by(&city, "satpolpp", e01, with), rows[i].code);
        (void)snprintf(object, sizeof object, "event_corrected.replacement.%s",
                       rows[i].object ? rows[i].object : "");
        if (rows[i].object)
            unit_detail(rows[i].name, &o, object, rows[i].detail);
    }
    correct_close(&city);
}

/* The two parts: a personal field in the clear string, garbage, another payload. */
static void the_parts_of_a_replacement(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct sg_id referral;
    PbEnvelope *with = unit_refer(&city, &referral);
    unit_budi(&city, with->referral_submitted->person);
    uint64_t e01 = unit_want("refer", &city, with, 0).seq;

    PbEnvelope *e = correct_by(&city, "satpolpp", e01, with);
    PbReplacement *r = e->event_corrected->replacement;
    ProtobufCBinaryData clear = r->clear, personal = r->personal;
    assert_true(r->has_clear && r->has_personal);
    r->clear = personal;
    (void)unit_want("personal fields in the clear string", &city, e, SG_ST_SCHEMA);
    e = correct_by(&city, "satpolpp", e01, with);
    r = e->event_corrected->replacement;
    r->personal = clear;
    (void)unit_want("clear fields in the personal string", &city, e, SG_ST_SCHEMA);
    static uint8_t garbage[] = {0xff, 0xff, 0xff};
    e = correct_by(&city, "satpolpp", e01, with);
    e->event_corrected->replacement->clear = (ProtobufCBinaryData){sizeof garbage, garbage};
    (void)unit_want("garbage", &city, e, SG_ST_SCHEMA);
    e = correct_by(&city, "satpolpp", e01, with);
    e->event_corrected->replacement->has_clear = e->event_corrected->replacement->has_personal =
        false;
    (void)unit_want("nothing at all", &city, e, SG_ST_MISSING_FIELD);
    correct_close(&city);
}

static void the_window_is_400_days(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        struct ledger_city city;
        city_open(&city);
        struct sg_id item;
        PbEnvelope *first = story_register(&city, &item);
        uint64_t e16 = unit_want("register", &city, first, 0).seq;
        city_pass(&city, 400 * SG_DAY_MS + late);
        (void)unit_want(late ? "a moment later" : "on the last day", &city,
                        correct_by(&city, "dinsos", e16, first), late ? SG_ST_TOO_OLD : 0);
        city_close(&city);
    }
}

UNIT_MAIN(cmocka_unit_test(the_event_is_found_first),
          cmocka_unit_test(an_event_that_waited_stands_where_it_was_settled),
          cmocka_unit_test(other_types_say_what_to_do_instead),
          cmocka_unit_test(a_replacement_is_checked_like_the_original),
          cmocka_unit_test(the_parts_of_a_replacement), cmocka_unit_test(the_window_is_400_days))
