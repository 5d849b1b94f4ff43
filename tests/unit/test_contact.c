/* E04: somebody was seen on the street, known or not; who reads it, and what it leaves behind. */
#include "unit/story_unit.h"

#define OUTCOME(name) PB_STREET_CONTACT_RECORDED__OUTCOME_##name

static void a_contact_is_kept_and_read_by_the_steward(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    uint64_t cases = city.last_seq;
    struct outcome o = unit_want("contact", &city, story_contact(&city, true), 0);
    assert_int_equal(city.last_seq, cases + 1); /* no case, nothing follows */
    struct city_record e04 = city_record(&city, o.seq);
    assert_int_equal(e04.record.rest->n_audience, 1);
    assert_int_equal(city_relations(&e04, "dinsos"), RELATION_CASE_OWNER | RELATION_STEWARD);
    assert_true(e04.record.rest->has_person_id);
    struct sg_id person = id_of(e04.record.rest->person_id);
    const PbPersonRow *row = city_row(&city, TABLE_PERSONS, &person);
    assert_non_null(row);
    assert_int_equal(row->n_cases, 0);
    assert_int_equal(row->n_refs, 2); /* satpolpp and dinsos */
    struct sg_id told = id_of(o.effect->minted_person_ref),
                 want = sg_person_ref(&city.keys, "satpolpp", &person);
    assert_true(sg_id_equal(&told, &want));
    assert_int_equal(unit_deadlines(&city, RULE_ACKNOWLEDGE), 0);
    city_refold(&city);
    city_close(&city);
}

static void nobody_may_have_run_away(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    for (int outcome = OUTCOME(LEFT_ALONE); outcome <= OUTCOME(RAN_AWAY); outcome++) {
        bool away = outcome == OUTCOME(RAN_AWAY);
        PbEnvelope *e = story_contact(&city, false);
        e->contact_recorded->outcome = (PbStreetContactRecorded__Outcome)outcome;
        struct outcome o = unit_want("nobody", &city, e, away ? 0 : SG_ST_MISSING_FIELD);
        if (!away) {
            unit_detail("nobody", &o, "contact_recorded.person", NULL);
            continue;
        }
        struct city_record e04 = city_record(&city, o.seq);
        assert_false(e04.record.rest->has_person_id);
        assert_int_equal(city_relations(&e04, "dinsos"), RELATION_CASE_OWNER | RELATION_STEWARD);
        assert_false(o.effect->has_minted_person_ref);
        (void)story_again("again", &city, e);
    }
    PbEnvelope *e = story_contact(&city, true); /* whoever ran away may be known */
    e->contact_recorded->outcome = OUTCOME(RAN_AWAY);
    (void)unit_want("somebody", &city, e, 0);
    city_refold(&city);
    city_close(&city);
}

static void an_alias_is_enough(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    PbEnvelope *e = story_contact(&city, true);
    PbPersonIdentity *p = e->contact_recorded->person;
    p->full_name = NULL;
    struct outcome o = unit_want("no name at all", &city, e, SG_ST_MISSING_FIELD);
    unit_detail("no name at all", &o, "contact_recorded.person.full_name", NULL);
    p->alias = unit_text(&city, "Jek");
    p->name_quality = PB_NAME_QUALITY_ALIAS_ONLY;
    p->birth_date = NULL;
    p->birth_quality = PB_BIRTH_QUALITY_ESTIMATED;
    o = unit_want("estimated without an age", &city, e, SG_ST_MISSING_FIELD);
    unit_detail("estimated", &o, "contact_recorded.person.estimated_age", NULL);
    p->has_estimated_age = true;
    p->estimated_age = 30;
    (void)unit_want("an alias", &city, e, 0);
    city_close(&city);
}

/* A known person is found again by its reference, or by its NIK. */
static void a_known_person_stays_the_same(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct client budi = unit_client(&city);
    struct sg_id ref = sg_person_ref(&city.keys, "satpolpp", &budi.person), person;
    PbEnvelope *e = story_contact(&city, false);
    e->contact_recorded->outcome = OUTCOME(ADVISED);
    e->has_person_ref = true;
    e->person_ref = unit_id(&city, &ref);
    struct outcome o = unit_want("by reference", &city, e, 0);
    person = id_of(city_record(&city, o.seq).record.rest->person_id);
    assert_true(sg_id_equal(&person, &budi.person));
    assert_int_equal(unit_case_state(&city, &budi.case_id),
                     PB_CASE_STATE_IN_SERVICE); /* as it was */

    e = story_contact(&city, false);
    e->has_person_ref = true;
    e->person_ref = unit_id(&city, &(struct sg_id){{1}});
    o = unit_want("a reference of nobody", &city, e, SG_ST_UNKNOWN_OBJECT);
    unit_detail("a reference of nobody", &o, "person_ref", NULL);
    e = story_contact(&city, false);
    e->publisher_agency = unit_text(&city, "pmi");
    e->has_person_ref = true;
    e->person_ref = unit_id(&city, &ref);
    (void)unit_want("a reference of another agency", &city, e, SG_ST_UNKNOWN_OBJECT);

    struct sg_id first = {{0}};
    for (int i = 0; i < 2; i++) {
        e = story_contact(&city, true);
        e->contact_recorded->person->nik = unit_text(&city, "1471991004950001");
        e->contact_recorded->person->nik_status = PB_NIK_STATUS_STATED;
        o = unit_want("by NIK", &city, e, 0);
        person = id_of(city_record(&city, o.seq).record.rest->person_id);
        if (i)
            assert_true(sg_id_equal(&person, &first));
        first = person;
    }
    city_refold(&city);
    city_close(&city);
}

static void a_contact_that_was_referred_names_its_referral(void **state)
{
    (void)state;
    static const struct sg_id nobody = {{4}};
    struct ledger_city city;
    city_open(&city);
    struct client budi = unit_new_case(&city);
    PbEnvelope *e = story_contact(&city, true);
    e->contact_recorded->outcome = OUTCOME(REFERRED);
    struct outcome o = unit_want("which", &city, e, SG_ST_MISSING_FIELD);
    unit_detail("which", &o, "contact_recorded.referral_id", NULL);
    e->contact_recorded->has_referral_id = true;
    e->contact_recorded->referral_id = unit_id(&city, &nobody);
    o = unit_want("none", &city, e, SG_ST_UNKNOWN_OBJECT);
    unit_detail("none", &o, "contact_recorded.referral_id", NULL);
    e->contact_recorded->referral_id = unit_id(&city, &budi.referral);
    (void)unit_want("this one", &city, e, 0);
    city_close(&city);
}

static void a_contact_stands_once(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    PbEnvelope *e = story_contact(&city, true);
    (void)unit_want("first", &city, e, 0);
    (void)story_again("again", &city, e);
    e->contact_recorded->activity = PB_ACTIVITY_BUSKING;
    struct outcome o = unit_want("otherwise", &city, e, SG_ST_DUPLICATE_CONFLICT);
    unit_detail("otherwise", &o, "contact_recorded.contact_id", "STATED_BEFORE");
    e->publisher_agency = unit_text(&city, "pmi");
    o = unit_want("an id of others", &city, e, SG_ST_NOT_OWNER);
    unit_detail("an id of others", &o, "contact_recorded.contact_id", "ID_IN_USE");
    e->publisher_agency = unit_text(&city, "disnaker");
    (void)unit_want("no referrer", &city, e, SG_ST_FORBIDDEN);
    city_close(&city);
}

/* What a contact says of a person counts as any statement: a child that is met is known as one. */
static void a_contact_is_a_statement_of_identity(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct client budi = unit_client(&city);
    struct sg_id ref = sg_person_ref(&city.keys, "satpolpp", &budi.person);
    PbEnvelope *e = story_contact(&city, true);
    e->has_person_ref = true;
    e->person_ref = unit_id(&city, &ref);
    e->contact_recorded->person->birth_date = unit_date(&city, 2010, 9, 1);
    struct outcome o = unit_want("a child", &city, e, 0);
    const PbPersonRow *row = city_row(&city, TABLE_PERSONS, &budi.person);
    assert_true(row->minor);
    struct sg_id slot = story_slot(&city, 1);
    o = unit_want("a seat", &city, unit_request(&city, &budi, &slot, ACCEPT), SG_ST_MINOR);
    unit_detail("a seat", &o, "case_id", "MINOR");
    e = story_contact(&city, true);
    e->has_person_ref = true;
    e->person_ref = unit_id(&city, &ref);
    (void)unit_want("a date that was wrong", &city, e, 0);
    /* Only an assessment takes the flag from the case. */
    (void)unit_want("a seat", &city, unit_request(&city, &budi, &slot, ACCEPT), SG_ST_MINOR);
    (void)unit_want("assess", &city, unit_assess(&city, &budi.case_id), 0);
    (void)unit_seat(&city, &budi, &slot, ACCEPT);
    city_refold(&city);
    city_close(&city);
}

UNIT_MAIN(cmocka_unit_test(a_contact_is_kept_and_read_by_the_steward),
          cmocka_unit_test(nobody_may_have_run_away), cmocka_unit_test(an_alias_is_enough),
          cmocka_unit_test(a_known_person_stays_the_same),
          cmocka_unit_test(a_contact_that_was_referred_names_its_referral),
          cmocka_unit_test(a_contact_stands_once),
          cmocka_unit_test(a_contact_is_a_statement_of_identity))
