/* E24 of E01, E04 and E05: what was said of a person is another thing, or was never said. */
#include "unit/correct_unit.h"

#include <stdio.h>

#define CASE(name) PB_CASE_STATE_##name
#define NIK "1471991004950001"

struct scene {
    struct ledger_city city;
    struct client budi;
    uint64_t e01;
};

/* An E01 of satpolpp for a person with that NIK (NULL: none), whom the test may change. */
static PbEnvelope *refer(struct ledger_city *city, const char *nik, struct sg_id *out_id)
{
    PbEnvelope *e = unit_refer(city, out_id);
    PbPersonIdentity *p = e->referral_submitted->person;
    unit_budi(city, p);
    p->nik = nik ? unit_text(city, nik) : NULL;
    p->nik_status = nik ? PB_NIK_STATUS_STATED : PB_NIK_STATUS_NONE;
    return e;
}

static void stand(struct scene *s, const char *nik)
{
    city_open(&s->city);
    PbEnvelope *e = refer(&s->city, nik, &s->budi.referral);
    struct outcome o = unit_want("refer", &s->city, e, 0);
    s->e01 = o.seq;
    s->budi.case_id = id_of(o.effect->cases[0]->case_id);
    s->budi.person = id_of(o.effect->person->person_id);
}

static void accept(struct scene *s)
{
    (void)unit_want(
        "accept", &s->city,
        unit_decide(&s->city, &s->budi.referral, "dinsos", PB_REFERRAL_DECISION_ACCEPTED, NULL), 0);
}

static uint64_t assess(struct scene *s, uint32_t band)
{
    PbEnvelope *e = unit_assess(&s->city, &s->budi.case_id);
    e->assessment_completed->priority_band = band;
    return unit_want("assess", &s->city, e, 0).seq;
}

static const PbCaseRow *case_row(struct scene *s)
{
    return city_row(&s->city, TABLE_CASES, &s->budi.case_id);
}

/* The E01 as it should be: the same ids, everything else as the test wants it. */
static PbEnvelope *instead(struct scene *s, const char *nik)
{
    struct sg_id unused;
    PbEnvelope *e = refer(&s->city, nik, &unused);
    PbEnvelope *was = city_record(&s->city, s->e01).event.envelope;
    e->referral_submitted->referral_id = unit_id(&s->city, &s->budi.referral);
    e->referral_submitted->priority = was->referral_submitted->priority;
    return e;
}

static bool nik_known(struct ledger_city *city, const char *nik)
{
    struct key key = {0};
    struct sg_bytes value;
    person_nik_token(&city->keys, nik, &key);
    city_read(city);
    enum sg_err err = table_get(&city->txn, TABLE_NIK_TOKENS, &key, &value, NULL);
    txn_done(&city->txn);
    return err == SG_OK;
}

/* ---- E01 ---- */

static void a_referral_says_something_else(void **state)
{
    (void)state;
    for (int decided = 0; decided < 2; decided++) {
        struct scene s;
        stand(&s, NULL);
        struct ledger_city *city = &s.city;
        if (decided)
            accept(&s);
        PbEnvelope *with = instead(&s, NULL);
        PbReferralSubmitted *r = with->referral_submitted;
        r->person->full_name = unit_text(city, "Budi Santosa");
        r->found_region = unit_text(city, "14.71.09");
        r->has_activity = true;
        r->activity = PB_ACTIVITY_BUSKING;
        r->handed_over_at = story_time(city, city->now_ms - SG_HOUR_MS);
        struct outcome o = unit_want("correct", city, correct_by(city, "satpolpp", s.e01, with), 0);
        const PbReferralRow *row = city_row(city, TABLE_REFERRALS, &s.budi.referral);
        assert_string_equal(row->found_region, "14.71.09");
        assert_int_equal(row->handed_over_ms, city->now_ms - SG_HOUR_MS);
        assert_int_equal(row->state,
                         decided ? PB_REFERRAL_STATE_ACCEPTED : PB_REFERRAL_STATE_SUBMITTED);
        assert_string_equal(correct_identity(city, &s.budi.person).person.full_name,
                            "Budi Santosa");
        assert_int_equal(o.effect->count->activity, PB_ACTIVITY_BUSKING);
        struct city_record record = city_record(city, o.seq);
        assert_int_equal(city_relations(&record, "dinsos"), RELATION_CASE_OWNER);
        assert_int_equal(record.record.rest->n_audience, 1);
        correct_close(city);
    }
}

/* Nobody is sent a NIK back: STATED without a number keeps the number, anything else drops it. */
static void a_nik_is_kept_or_taken_back(void **state)
{
    (void)state;
    static const struct {
        const char *name, *nik;
        PbNikStatus status;
        const char *want;
    } rows[] = {{"kept", NULL, PB_NIK_STATUS_STATED, NIK},
                {"kept, verified", NULL, PB_NIK_STATUS_VERIFIED, NIK},
                {"taken back", NULL, PB_NIK_STATUS_NONE, NULL},
                {"not found", NULL, PB_NIK_STATUS_NOT_FOUND, NULL},
                {"another one", "1471991004950002", PB_NIK_STATUS_STATED, "1471991004950002"}};
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct scene s;
        stand(&s, NIK);
        struct ledger_city *city = &s.city;
        for (int twice = 0; twice < 2; twice++) { /* the second time against the first correction */
            PbEnvelope *with = instead(&s, rows[i].nik);
            with->referral_submitted->person->nik_status = rows[i].status;
            struct outcome o =
                unit_want(rows[i].name, city, correct_by(city, "satpolpp", s.e01, with), 0);
            struct identity known = correct_identity(city, &s.budi.person);
            const char *nik = known.person.nik;
            if ((nik == NULL) != (rows[i].want == NULL) || (nik && strcmp(nik, rows[i].want) != 0))
                fail_msg("%s: the NIK is %s", rows[i].name, nik ? nik : "gone");
            if (nik_known(city, NIK) != (nik && strcmp(nik, NIK) == 0) ||
                (nik && !nik_known(city, nik)))
                fail_msg("%s: the index", rows[i].name);
            assert_int_equal(o.effect->count->nik_status, rows[i].status);
        }
        correct_close(city);
    }
}

/* A birth date that was typed wrong. */
static void an_age_is_another_one(void **state)
{
    (void)state;
    for (int becomes_minor = 0; becomes_minor < 2; becomes_minor++) {
        struct scene s;
        city_open(&s.city);
        struct ledger_city *city = &s.city;
        PbEnvelope *e = refer(city, NULL, &s.budi.referral);
        e->referral_submitted->person->birth_date =
            unit_date(city, becomes_minor ? 1990 : 2010, 9, 1);
        struct outcome o = unit_want("refer", city, e, 0);
        s.e01 = o.seq;
        s.budi.case_id = id_of(o.effect->cases[0]->case_id);
        s.budi.person = id_of(o.effect->person->person_id);
        assert_int_equal(case_row(&s)->minor, !becomes_minor);
        PbEnvelope *with = instead(&s, NULL);
        with->referral_submitted->person->birth_date =
            unit_date(city, becomes_minor ? 2010 : 1990, 9, 1);
        (void)unit_want("correct", city, correct_by(city, "satpolpp", s.e01, with), 0);
        const PbPersonRow *person = city_row(city, TABLE_PERSONS, &s.budi.person);
        assert_int_equal(person->minor, becomes_minor);
        assert_int_equal(case_row(&s)->minor, becomes_minor);
        assert_int_equal(story_deadline(city, RULE_MINOR, &s.budi.case_id) != NULL, becomes_minor);
        correct_close(city);
    }
}

/* T03 counts from the hand-over. */
static void a_hand_over_at_another_time(void **state)
{
    (void)state;
    struct scene s;
    city_open(&s.city);
    struct ledger_city *city = &s.city;
    PbEnvelope *e = refer(city, NULL, &s.budi.referral);
    e->referral_submitted->handed_over_at = story_time(city, city->now_ms - 2 * SG_HOUR_MS);
    struct outcome o = unit_want("refer", city, e, 0);
    s.e01 = o.seq;
    s.budi.case_id = id_of(o.effect->cases[0]->case_id);
    s.budi.person = id_of(o.effect->person->person_id);
    (void)unit_want("admit", city, story_ack(city, &s.budi.referral, "dinsos", true), 0);
    int64_t before = story_deadline(city, RULE_ASSESS, &s.budi.case_id)->due_ms;
    PbEnvelope *with = instead(&s, NULL);
    with->referral_submitted->handed_over_at = story_time(city, city->now_ms - 5 * SG_HOUR_MS);
    (void)unit_want("correct", city, correct_by(city, "satpolpp", s.e01, with), 0);
    assert_int_equal(before - story_deadline(city, RULE_ASSESS, &s.budi.case_id)->due_ms,
                     3 * SG_HOUR_MS);
    correct_close(city);
}

static void a_referral_about_somebody_else(void **state)
{
    (void)state;
    for (int decided = 0; decided < 2; decided++) {
        struct scene s;
        stand(&s, NIK);
        struct ledger_city *city = &s.city;
        if (decided)
            accept(&s);
        PbEnvelope *with = instead(&s, NIK);
        PbEnvelope *e = correct_by(city, "satpolpp", s.e01, with);
        e->event_corrected->reason = WHY(WRONG_PERSON);
        struct outcome o = unit_want("replaced", city, e, SG_ST_SCHEMA);
        unit_detail("replaced", &o, "event_corrected.action", "WRONG_PERSON");
        if (decided)
            (void)unit_want("it did happen", city, story_annul(city, "satpolpp", s.e01),
                            SG_ST_BAD_TRANSITION);
        (void)unit_want("somebody else", city,
                        correct_away(city, "satpolpp", s.e01, WHY(WRONG_PERSON)), 0);
        const PbReferralRow *row = city_row(city, TABLE_REFERRALS, &s.budi.referral);
        assert_int_equal(row->state,
                         decided ? PB_REFERRAL_STATE_ACCEPTED : PB_REFERRAL_STATE_WITHDRAWN);
        assert_int_equal(case_row(&s)->state, decided ? CASE(ASSESSING) : CASE(VOID));
        assert_null(correct_identity(city, &s.budi.person).person.full_name);
        assert_false(nik_known(city, NIK));
        bool annulled = false;
        assert_int_not_equal(correct_mark(city, s.e01, &annulled), 0);
        assert_int_equal(annulled, !decided); /* the referral was made all the same */
        (void)unit_want("once more", city, story_annul(city, "satpolpp", s.e01),
                        SG_ST_BAD_TRANSITION);
        correct_close(city);
    }
}

/* ---- E04 ---- */

static void a_contact_is_corrected_and_annulled(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    PbEnvelope *first = story_contact(&city, true);
    struct outcome o = unit_want("contact", &city, first, 0);
    struct sg_id person = id_of(o.effect->person->person_id);
    PbEnvelope *with = story_contact(&city, true);
    with->contact_recorded->contact_id = first->contact_recorded->contact_id;
    with->contact_recorded->person->full_name = unit_text(&city, "Djoko");
    with->contact_recorded->activity = PB_ACTIVITY_BEGGING;
    struct outcome c = unit_want("correct", &city, correct_by(&city, "satpolpp", o.seq, with), 0);
    assert_string_equal(correct_identity(&city, &person).person.full_name, "Djoko");
    assert_int_equal(c.effect->count->activity, PB_ACTIVITY_BEGGING);
    struct sg_id other = story_id(&city);
    with->contact_recorded->has_referral_id = true;
    with->contact_recorded->referral_id = unit_id(&city, &other);
    c = unit_want("another referral", &city, correct_by(&city, "satpolpp", o.seq, with),
                  SG_ST_SCHEMA);
    unit_detail("another referral", &c, "event_corrected.replacement.referral_id",
                "NOT_THE_ORIGINAL");
    (void)unit_want("annul", &city, story_annul(&city, "satpolpp", o.seq), 0);
    assert_false(correct_identity(&city, &person).known);

    PbEnvelope *nobody = story_contact(&city, false);
    uint64_t e04 = unit_want("nobody", &city, nobody, 0).seq;
    with = story_contact(&city, true);
    with->contact_recorded->contact_id = nobody->contact_recorded->contact_id;
    c = unit_want("somebody after all", &city, correct_by(&city, "satpolpp", e04, with),
                  SG_ST_BAD_TRANSITION);
    unit_detail("somebody after all", &c, "event_corrected.replacement.person", "NOBODY");
    with->contact_recorded->person = NULL;
    with->contact_recorded->outcome = PB_STREET_CONTACT_RECORDED__OUTCOME_RAN_AWAY;
    (void)unit_want("nobody still", &city, correct_by(&city, "satpolpp", e04, with), 0);
    (void)unit_want("annul", &city, story_annul(&city, "satpolpp", e04), 0);
    correct_close(&city);
}

/* ---- E05 ---- */

static PbEnvelope *assessment_instead(struct scene *s, uint64_t seq)
{
    PbEnvelope *e = unit_assess(&s->city, &s->budi.case_id);
    PbEnvelope *was = city_record(&s->city, seq).event.envelope;
    e->assessment_completed->assessment_id = (ProtobufCBinaryData){
        SG_ID_BYTES,
        sg_arena_copy(&s->city.events, was->assessment_completed->assessment_id.data, SG_ID_BYTES)};
    return e;
}

static void the_last_assessment_is_another_one(void **state)
{
    (void)state;
    struct scene s;
    stand(&s, NULL);
    struct ledger_city *city = &s.city;
    accept(&s);
    uint64_t first = assess(&s, 3), second = assess(&s, 2);
    PbEnvelope *with = assessment_instead(&s, second);
    with->assessment_completed->priority_band = 1;
    with->assessment_completed->n_confirmed_ppks = 0;
    uint64_t version = case_row(&s)->version;
    struct outcome o = unit_want("the last", city, correct_by(city, "dinsos", second, with), 0);
    assert_int_equal(case_row(&s)->priority_band, 1);
    assert_true(case_row(&s)->not_ppks);
    assert_int_equal(case_row(&s)->assessed_seq, second);
    assert_int_equal(o.aggregate_version, version + 1);
    assert_int_equal(o.effect->count->n_ppks, 0);
    with = assessment_instead(&s, first);
    with->assessment_completed->priority_band = 4;
    (void)unit_want("the first", city, correct_by(city, "dinsos", first, with), 0);
    assert_int_equal(case_row(&s)->priority_band, 1); /* the later one holds */
    (void)unit_want("annul the last", city, story_annul(city, "dinsos", second), 0);
    assert_int_equal(case_row(&s)->priority_band, 4); /* as corrected */
    assert_false(case_row(&s)->not_ppks);
    assert_int_equal(case_row(&s)->assessed_seq, first);
    assert_int_equal(case_row(&s)->state, CASE(IN_SERVICE));
    correct_close(city);
}

/* The date of birth is a statement: is_minor may not contradict it. */
static void an_assessment_that_contradicts(void **state)
{
    (void)state;
    struct scene s;
    stand(&s, NULL);
    struct ledger_city *city = &s.city;
    accept(&s);
    uint64_t e05 = assess(&s, 3);
    struct sg_id unused;
    PbEnvelope *with = assessment_instead(&s, e05);
    with->assessment_completed->person = refer(city, NULL, &unused)->referral_submitted->person;
    with->assessment_completed->person->birth_date = unit_date(city, 2012, 1, 1);
    struct outcome o =
        unit_want("a child", city, correct_by(city, "dinsos", e05, with), SG_ST_SCHEMA);
    unit_detail("a child", &o, "event_corrected.replacement.is_minor", "BIRTH_DATE");
    with->assessment_completed->is_minor = true;
    (void)unit_want("a minor", city, correct_by(city, "dinsos", e05, with), 0);
    assert_true(case_row(&s)->minor);
    assert_non_null(story_deadline(city, RULE_MINOR, &s.budi.case_id));
    with = assessment_instead(&s, e05);
    (void)unit_want("no minor", city, correct_by(city, "dinsos", e05, with), 0);
    assert_false(case_row(&s)->minor);
    assert_null(story_deadline(city, RULE_MINOR, &s.budi.case_id));
    correct_close(city);
}

static void the_only_assessment_is_undone(void **state)
{
    (void)state;
    for (int reason = WHY(DID_NOT_HAPPEN); reason >= WHY(WRONG_PERSON); reason -= 2) {
        struct scene s;
        stand(&s, NULL);
        struct ledger_city *city = &s.city;
        accept(&s);
        int64_t due = story_deadline(city, RULE_ASSESS, &s.budi.case_id)->due_ms;
        city_pass(city, 2 * SG_DAY_MS);
        uint64_t e05 = assess(&s, 3);
        assert_null(story_deadline(city, RULE_ASSESS, &s.budi.case_id));
        uint64_t last = city->last_seq;
        (void)unit_want("annul", city,
                        correct_away(city, "dinsos", e05, (PbEventCorrected__Reason)reason), 0);
        assert_int_equal(case_row(&s)->state, CASE(ASSESSING));
        assert_int_equal(correct_case_told(city, last), CASE(ASSESSING));
        assert_int_equal(case_row(&s)->priority_band, 0);
        assert_false(case_row(&s)->has_assessed_seq);
        assert_int_equal(story_deadline(city, RULE_ASSESS, &s.budi.case_id)->due_ms, due);
        assert_int_equal(assess(&s, 2) != 0, 1);
        assert_int_equal(case_row(&s)->state, CASE(IN_SERVICE));
        correct_close(city);
    }
}

/* What a request for a seat looks at stays as it was when the seat was asked for. */
static void an_assessment_on_which_a_seat_rests(void **state)
{
    (void)state;
    struct scene s;
    char want[64];
    stand(&s, NULL);
    struct ledger_city *city = &s.city;
    accept(&s);
    uint64_t e05 = assess(&s, 3);
    unit_consent(city, &s.budi.case_id);
    struct sg_id slot = story_slot(city, 1);
    struct outcome asked = unit_want("ask", city, unit_request(city, &s.budi, &slot, ACCEPT), 0);
    (void)correct_rests(want, 111, asked.seq);
    PbEnvelope *with = assessment_instead(&s, e05);
    with->assessment_completed->has_monthly_income_idr = true;
    with->assessment_completed->monthly_income_idr = 12345;
    (void)unit_want("income", city, correct_by(city, "dinsos", e05, with), 0);
    with->assessment_completed->priority_band = 1;
    struct outcome o =
        unit_want("band", city, correct_by(city, "dinsos", e05, with), SG_ST_CORRECTION_DEPENDS);
    unit_detail("band", &o, "event_corrected.corrected", want);
    o = unit_want("annul", city, story_annul(city, "dinsos", e05), SG_ST_CORRECTION_DEPENDS);
    unit_detail("annul", &o, "event_corrected.corrected", want);
    o = unit_want("somebody else", city, correct_away(city, "dinsos", e05, WHY(WRONG_PERSON)),
                  SG_ST_CORRECTION_DEPENDS);
    uint64_t later = assess(&s, 2); /* nothing rests on this one */
    (void)unit_want("a later one", city, story_annul(city, "dinsos", later), 0);
    assert_int_equal(case_row(&s)->assessed_seq, e05);
    assert_int_equal(case_row(&s)->priority_band, 3);
    correct_close(city);
}

static void the_only_assessment_of_a_case_in_training(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct sg_id slot = story_slot(&city, 1);
    struct client budi = unit_client(&city);
    uint64_t e05 = ((const PbCaseRow *)city_row(&city, TABLE_CASES, &budi.case_id))->assessed_seq;
    (void)story_occupied(&city, &budi, &slot);
    struct outcome o =
        unit_want("annul", &city, story_annul(&city, "dinsos", e05), SG_ST_CORRECTION_DEPENDS);
    assert_non_null(strstr(o.fault.detail, "seat.requested"));
    correct_close(&city);
}

UNIT_MAIN(cmocka_unit_test(a_referral_says_something_else),
          cmocka_unit_test(a_nik_is_kept_or_taken_back), cmocka_unit_test(an_age_is_another_one),
          cmocka_unit_test(a_hand_over_at_another_time),
          cmocka_unit_test(a_referral_about_somebody_else),
          cmocka_unit_test(a_contact_is_corrected_and_annulled),
          cmocka_unit_test(the_last_assessment_is_another_one),
          cmocka_unit_test(an_assessment_that_contradicts),
          cmocka_unit_test(the_only_assessment_is_undone),
          cmocka_unit_test(an_assessment_on_which_a_seat_rests),
          cmocka_unit_test(the_only_assessment_of_a_case_in_training))
