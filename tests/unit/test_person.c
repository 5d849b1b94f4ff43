/* Persons: resolved by reference and NIK, folded from statements, aged, and named by pseudonyms. */
#include "unit/ledger_unit.h"

/* ---- age ---- */

static PbPersonIdentity born(PbBirthQuality quality, PbDate *date, int32_t year, int32_t month,
                             int32_t day)
{
    PbPersonIdentity p = PB_PERSON_IDENTITY__INIT;
    pb_date__init(date);
    date->year = year;
    date->month = month;
    date->day = day;
    p.has_birth_quality = true;
    p.birth_quality = quality;
    p.birth_date = date;
    return p;
}

static void ages_are_the_youngest_possible(void **state)
{
    (void)state;
    enum { EXACT = PB_BIRTH_QUALITY_EXACT, PARTIAL = PB_BIRTH_QUALITY_PARTIAL };
    static const struct {
        const char *name;
        int quality;
        int32_t birth[3], at[3], want;
    } rows[] = {
        {"birthday", EXACT, {2008, 5, 4}, {2026, 5, 4}, 18},
        {"the day before", EXACT, {2008, 5, 4}, {2026, 5, 3}, 17},
        {"unknown day is the last of its month", PARTIAL, {2008, 4, 0}, {2026, 4, 29}, 17},
        {"and no later", PARTIAL, {2008, 4, 0}, {2026, 4, 30}, 18},
        {"of February of a leap year", PARTIAL, {2008, 2, 0}, {2026, 2, 28}, 17},
        {"unknown month is the end of the year", PARTIAL, {2008, 0, 0}, {2026, 12, 30}, 17},
        {"and no later either", PARTIAL, {2008, 0, 0}, {2026, 12, 31}, 18},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        PbDate date;
        const int32_t *b = rows[i].birth, *a = rows[i].at;
        PbPersonIdentity p = born((PbBirthQuality)rows[i].quality, &date, b[0], b[1], b[2]);
        int32_t age = -1;
        if (!person_age(&p, sg_day_of(a[0], a[1], a[2]), &age) || age != rows[i].want)
            fail_msg("%s: %d, want %d", rows[i].name, age, rows[i].want);
        bool minor, doubt;
        person_minor(&p, sg_day_of(a[0], a[1], a[2]), &minor, &doubt);
        if (minor != (rows[i].want < 18) || doubt)
            fail_msg("%s: minor %d doubt %d", rows[i].name, minor, doubt);
    }
    PbPersonIdentity nobody = PB_PERSON_IDENTITY__INIT;
    int32_t age;
    bool minor = true, doubt = true;
    assert_false(person_age(&nobody, 0, &age));
    person_minor(&nobody, 0, &minor, &doubt);
    assert_false(minor || doubt);
}

static void estimates_are_taken_as_stated(void **state)
{
    (void)state;
    static const struct {
        uint32_t age;
        bool minor, doubt;
        PbAgeBand band;
    } rows[] = {
        {0, true, false, PB_AGE_BAND_U18},      {17, true, false, PB_AGE_BAND_U18},
        {18, false, true, PB_AGE_BAND_A18_24},  {20, false, true, PB_AGE_BAND_A18_24},
        {21, false, false, PB_AGE_BAND_A18_24}, {24, false, false, PB_AGE_BAND_A18_24},
        {25, false, false, PB_AGE_BAND_A25_34}, {34, false, false, PB_AGE_BAND_A25_34},
        {35, false, false, PB_AGE_BAND_A35_44}, {44, false, false, PB_AGE_BAND_A35_44},
        {45, false, false, PB_AGE_BAND_A45_59}, {59, false, false, PB_AGE_BAND_A45_59},
        {60, false, false, PB_AGE_BAND_A60P},   {110, false, false, PB_AGE_BAND_A60P},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        PbPersonIdentity p = PB_PERSON_IDENTITY__INIT;
        bool minor, doubt;
        p.has_estimated_age = true;
        p.estimated_age = rows[i].age;
        person_minor(&p, 0, &minor, &doubt);
        if (minor != rows[i].minor || doubt != rows[i].doubt ||
            person_age_band(&p, 0) != rows[i].band)
            fail_msg("%u: minor %d doubt %d", rows[i].age, minor, doubt);
    }
    PbPersonIdentity nobody = PB_PERSON_IDENTITY__INIT;
    assert_int_equal(person_age_band(&nobody, 0), PB_AGE_BAND_UNK);
}

/* ---- statements ---- */

static PbPersonIdentity *blank(struct ledger_city *city)
{
    PbPersonIdentity *p = SG_NEW(&city->events, PbPersonIdentity);
    pb_person_identity__init(p);
    p->has_name_quality = p->has_sex = p->has_birth_quality = p->has_nik_status = true;
    p->name_quality = PB_NAME_QUALITY_UNKNOWN;
    p->sex = PB_SEX_UNKNOWN;
    p->birth_quality = PB_BIRTH_QUALITY_UNKNOWN;
    p->nik_status = PB_NIK_STATUS_NONE;
    return p;
}

static struct identity known(struct ledger_city *city, const struct sg_id *person)
{
    struct sg_why why = {0};
    struct identity identity;
    struct ledger_turn turn = {.txn = &city->txn, .arena = &city->read_arena};
    city_read(city);
    UNIT_OK(person_identity(&turn, person, &identity, &why));
    txn_done(&city->txn);
    return identity;
}

static void say(struct ledger_city *city, const struct client *client, PbPersonIdentity *p)
{
    PbEnvelope *e = unit_assess(city, &client->case_id);
    e->assessment_completed->person = p;
    (void)unit_want("say", city, e, 0);
}

static void statements_are_read_field_by_field(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct client budi = unit_client(&city);

    PbPersonIdentity *p = blank(&city);
    p->phone = unit_text(&city, "+6281234567890");
    say(&city, &budi, p);
    struct identity i = known(&city, &budi.person);
    assert_string_equal(i.person.full_name, "Budi Santoso"); /* empty is kept */
    assert_int_equal(i.person.name_quality, PB_NAME_QUALITY_FULL);
    assert_int_equal(i.person.sex, PB_SEX_MALE); /* UNKNOWN takes nothing away */
    assert_int_equal(i.person.birth_date->year, 1995);
    assert_int_equal(i.person.birth_quality, PB_BIRTH_QUALITY_EXACT);
    assert_string_equal(i.person.phone, "+6281234567890");
    assert_string_equal(i.person.domicile_region, "14.71.08.1009");

    p = blank(&city);
    p->alias = unit_text(&city, "Bud");
    p->name_quality = PB_NAME_QUALITY_ALIAS_ONLY;
    p->birth_quality = PB_BIRTH_QUALITY_ESTIMATED;
    p->has_estimated_age = true;
    p->estimated_age = 17;
    say(&city, &budi, p);
    i = known(&city, &budi.person);
    assert_string_equal(i.person.alias, "Bud");
    assert_int_equal(i.person.birth_quality, PB_BIRTH_QUALITY_EXACT); /* a date decides */
    assert_false(i.person.has_estimated_age);

    p = blank(&city);
    p->birth_quality = PB_BIRTH_QUALITY_PARTIAL;
    p->birth_date = unit_date(&city, 1996, 3, 0);
    p->nik = unit_text(&city, "1471991003960001");
    p->nik_status = PB_NIK_STATUS_VERIFIED;
    say(&city, &budi, p);
    say(&city, &budi, blank(&city)); /* says nothing: nothing changes */
    i = known(&city, &budi.person);
    assert_int_equal(i.person.birth_date->year, 1996);
    assert_int_equal(i.person.birth_quality, PB_BIRTH_QUALITY_PARTIAL);
    assert_string_equal(i.person.nik, "1471991003960001");
    assert_int_equal(i.person.nik_status, PB_NIK_STATUS_VERIFIED);
    city_close(&city);
}

static void an_assessment_keeps_what_it_learns(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct client budi = unit_client(&city);
    static const PbHealthLimit limit = PB_HEALTH_LIMIT_LOW_VISION;
    PbEnvelope *e = unit_assess(&city, &budi.case_id);
    e->assessment_completed->schooling = PB_SCHOOLING_HIGHER;
    e->assessment_completed->health_limits = sg_arena_copy(&city.events, &limit, sizeof limit);
    e->assessment_completed->n_health_limits = 1;
    (void)unit_want("assess", &city, e, 0);
    e = unit_assess(&city, &budi.case_id);
    e->assessment_completed->has_schooling = false;
    struct outcome o = unit_want("says nothing of the person", &city, e, 0);
    assert_false(o.effect->person->identity_stated);
    struct identity i = known(&city, &budi.person);
    assert_int_equal(i.schooling, PB_SCHOOLING_HIGHER);
    assert_int_equal(i.health_limit_count, 1);
    assert_int_equal(i.health_limits[0], PB_HEALTH_LIMIT_LOW_VISION);
    city_close(&city);
}

/* ---- who is meant ---- */

#define NIK_BUDI "1471991004950001"

static PbEnvelope *about_budi(struct ledger_city *city, const char *publisher)
{
    struct sg_id id;
    PbEnvelope *e = unit_refer(city, &id);
    unit_budi(city, e->referral_submitted->person);
    e->referral_submitted->person->nik = unit_text(city, NIK_BUDI);
    e->referral_submitted->person->nik_status = PB_NIK_STATUS_STATED;
    e->publisher_agency = unit_text(city, publisher);
    return e;
}

static bool warned(const struct outcome *o, uint32_t code)
{
    for (size_t i = 0; i < o->effect->n_warnings; i++)
        if (o->effect->warnings[i] == code)
            return true;
    return false;
}

static void a_nik_leads_to_its_person(void **state)
{
    (void)state;
    enum {
        EXACT = PB_BIRTH_QUALITY_EXACT,
        PARTIAL = PB_BIRTH_QUALITY_PARTIAL,
        ESTIMATED = PB_BIRTH_QUALITY_ESTIMATED,
        UNKNOWN = PB_BIRTH_QUALITY_UNKNOWN
    };
    static const struct {
        const char *name;
        int sex, quality;
        int32_t year; /* or the estimated age */
        bool same, mismatch;
    } rows[] = {
        {"the same", PB_SEX_MALE, EXACT, 1995, true, false},
        {"sex unknown", PB_SEX_UNKNOWN, EXACT, 1995, true, false},
        {"another sex", PB_SEX_FEMALE, EXACT, 1995, false, true},
        {"two years apart", PB_SEX_MALE, EXACT, 1993, true, true},
        {"two years the other way", PB_SEX_MALE, EXACT, 1997, true, true},
        {"three years apart", PB_SEX_MALE, EXACT, 1992, false, true},
        {"three years the other way", PB_SEX_MALE, PARTIAL, 1998, false, true},
        {"a guess contradicts nothing", PB_SEX_MALE, ESTIMATED, 40, true, false},
        {"no date", PB_SEX_MALE, UNKNOWN, 0, true, false},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ledger_city city;
        city_open(&city);
        struct outcome o = unit_want("first", &city, about_budi(&city, "satpolpp"), 0);
        assert_true(o.effect->person->created);
        assert_int_equal(o.effect->n_warnings, 0);
        struct sg_id budi = id_of(o.effect->person->person_id);

        PbEnvelope *e = about_budi(&city, "pmi");
        PbPersonIdentity *p = e->referral_submitted->person;
        p->sex = (PbSex)rows[i].sex;
        p->birth_quality = (PbBirthQuality)rows[i].quality;
        p->birth_date = rows[i].quality == EXACT     ? unit_date(&city, rows[i].year, 4, 10)
                        : rows[i].quality == PARTIAL ? unit_date(&city, rows[i].year, 0, 0)
                                                     : NULL;
        p->has_estimated_age = rows[i].quality == ESTIMATED;
        p->estimated_age = (uint32_t)rows[i].year;
        o = unit_want(rows[i].name, &city, e, 0);
        struct sg_id found = id_of(o.effect->person->person_id);
        if (sg_id_equal(&found, &budi) != rows[i].same || o.effect->person->created == rows[i].same)
            fail_msg("%s: same %d, want %d", rows[i].name, !rows[i].same, rows[i].same);
        if (warned(&o, SG_ST_W_NIK_MISMATCH) != rows[i].mismatch)
            fail_msg("%s: W_NIK_MISMATCH, want %d", rows[i].name, rows[i].mismatch);

        /* Whatever came after, the NIK leads to the one that had it first. */
        o = unit_want("third", &city, about_budi(&city, "dinsos"), 0);
        found = id_of(o.effect->person->person_id);
        if (!sg_id_equal(&found, &budi))
            fail_msg("%s: the NIK went to somebody else", rows[i].name);
        city_close(&city);
    }
}

static void a_nik_may_come_late(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct client budi = unit_client(&city);
    PbPersonIdentity *p = blank(&city);
    p->nik = unit_text(&city, NIK_BUDI);
    p->nik_status = PB_NIK_STATUS_VERIFIED;
    PbEnvelope *e = unit_assess(&city, &budi.case_id);
    e->assessment_completed->person = p;
    (void)unit_want("the NIK alone", &city, e, 0);
    struct outcome o = unit_want("by the NIK", &city, about_budi(&city, "pmi"), 0);
    struct sg_id found = id_of(o.effect->person->person_id);
    assert_true(sg_id_equal(&found, &budi.person));

    p = blank(&city);
    p->nik = unit_text(&city, "1471995004950002"); /* a woman's */
    p->sex = PB_SEX_MALE;
    e = unit_assess(&city, &budi.case_id);
    e->assessment_completed->person = p;
    o = unit_want("a NIK that contradicts", &city, e, 0);
    assert_true(warned(&o, SG_ST_W_NIK_MISMATCH));
    city_close(&city);
}

static PbEnvelope *by_ref(struct ledger_city *city, const char *publisher, const struct sg_id *ref)
{
    struct sg_id id;
    PbEnvelope *e = unit_refer(city, &id);
    e->publisher_agency = unit_text(city, publisher);
    e->referral_submitted->person = NULL;
    e->has_person_ref = true;
    e->person_ref = unit_id(city, ref);
    return e;
}

static void a_reference_leads_to_its_person(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct client budi = unit_client(&city), joko = unit_client(&city);
    assert_false(sg_id_equal(&budi.person, &joko.person)); /* no papers: always new */

    struct sg_id ref = sg_person_ref(&city.keys, "satpolpp", &budi.person);
    struct outcome o = unit_want("its own", &city, by_ref(&city, "satpolpp", &ref), 0);
    struct sg_id found = id_of(o.effect->person->person_id);
    assert_true(sg_id_equal(&found, &budi.person));
    assert_true(o.effect->has_minted_person_ref);
    found = id_of(o.effect->minted_person_ref);
    assert_true(sg_id_equal(&found, &ref));

    o = unit_want("somebody else's", &city, by_ref(&city, "pmi", &ref), SG_ST_UNKNOWN_OBJECT);
    unit_detail("somebody else's", &o, "person_ref", NULL);
    static const struct sg_id nobody = {{3}};
    (void)unit_want("nobody's", &city, by_ref(&city, "satpolpp", &nobody), SG_ST_UNKNOWN_OBJECT);
    city_close(&city);
}

static void each_agency_has_its_own_pseudonym(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_why why = {0};
    city_open(&city);
    struct client budi = unit_client(&city);
    struct sg_id slot = unit_slot(&city, 1);
    static const struct {
        const char *agency;
        bool before, after;
    } rows[] = {
        {"satpolpp", true, true},
        {"dinsos", true, true},
        {"disnaker", false, true},
        {"dpppa", false, false},
    };
    for (int asked = 0; asked < 2; asked++) {
        if (asked)
            (void)unit_seat(&city, &budi, &slot, ACCEPT);
        for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
            struct sg_id want = sg_person_ref(&city.keys, rows[i].agency, &budi.person);
            struct person_access access;
            city_read(&city);
            UNIT_OK(ledger_person_access(&city.txn, &budi.person, rows[i].agency, city.now_ms,
                                         &access, &why));
            txn_done(&city.txn);
            if (access.has_ref != (asked ? rows[i].after : rows[i].before))
                fail_msg("%s: found %d", rows[i].agency, access.has_ref);
            if (access.has_ref && !sg_id_equal(&access.ref, &want))
                fail_msg("%s: another pseudonym", rows[i].agency);
        }
    }
    city_close(&city);
}

/* Rows are what a referral costs: two records, the person with its pseudonyms, identity and token,
 * the referral with its index, the case, T01 with the time when it is due. */
static void a_new_person_costs_twelve_rows(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    PbEnvelope *e = about_budi(&city, "satpolpp");
    city_begin(&city);
    uint64_t before = city.txn.rows_written;
    struct outcome o = city_state(&city, e);
    assert_int_equal(o.status, PB_OUTCOME_STATUS_ACCEPTED);
    assert_int_equal(city.txn.rows_written - before, 12);
    city_end(&city);
    city_close(&city);
}

/* ---- nothing personal where it does not belong ---- */

static bool holds(struct sg_bytes in, const char *text)
{
    return memmem(in.ptr, in.len, text, strlen(text)) != NULL;
}

static void effects_and_clear_parts_hold_nothing_personal(void **state)
{
    (void)state;
    static const char *const words[] = {"Budi", "Santoso", NIK_BUDI, "14.71.08.1009"};
    struct ledger_city city;
    city_open(&city);
    struct client budi;
    PbEnvelope *e = about_budi(&city, "satpolpp");
    struct outcome o = unit_want("refer", &city, e, 0);
    budi.referral = id_of(e->referral_submitted->referral_id);
    budi.case_id = id_of(o.effect->cases[0]->case_id);
    budi.person = id_of(o.effect->person->person_id);
    (void)unit_want(
        "accept", &city,
        unit_decide(&city, &budi.referral, "dinsos", PB_REFERRAL_DECISION_ACCEPTED, NULL), 0);
    (void)unit_want("assess", &city, unit_assess(&city, &budi.case_id), 0);
    unit_consent(&city, &budi.case_id);
    struct sg_id slot = unit_slot(&city, 1);
    (void)unit_seat(&city, &budi, &slot, HOLD);
    struct sg_id ref = sg_person_ref(&city.keys, "satpolpp", &budi.person);
    (void)unit_want("by reference", &city, by_ref(&city, "satpolpp", &ref), 0);
    for (uint64_t seq = 1; seq <= city.last_seq; seq++) {
        struct city_record r = city_record(&city, seq);
        for (size_t i = 0; i < SG_ARRAY_LEN(words); i++)
            if (holds(r.record.rest_bytes, words[i]) || holds(r.record.clear, words[i]))
                fail_msg("record %d: '%s' stands in the open", (int)seq, words[i]);
    }
    city_close(&city);
}

/* ---- minors ---- */

static void flags_follow_what_is_known(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t age; /* estimated; 0: born 2010-09-01 */
        bool minor, doubt, says_minor;
        uint32_t want;
        bool minor_after;
    } rows[] = {
        {"a child by its date, said to be grown up", 0, true, false, false, SG_ST_SCHEMA, true},
        {"a child by its date", 0, true, false, true, 0, true},
        {"a child by a guess, assessed as grown up", 16, true, false, false, 0, false},
        {"in doubt, assessed as grown up", 19, false, true, false, 0, false},
        {"in doubt, assessed as a child", 20, false, true, true, 0, true},
        {"grown up by a guess", 30, false, false, false, 0, false},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ledger_city city;
        struct sg_id referral;
        city_open(&city);
        PbEnvelope *e = unit_refer(&city, &referral);
        PbPersonIdentity *p = e->referral_submitted->person;
        unit_budi(&city, p);
        p->birth_date = unit_date(&city, 2010, 9, 1);
        if (rows[i].age) {
            p->birth_date = NULL;
            p->birth_quality = PB_BIRTH_QUALITY_ESTIMATED;
            p->has_estimated_age = true;
            p->estimated_age = rows[i].age;
        }
        struct outcome o = unit_want(rows[i].name, &city, e, 0);
        struct sg_id case_id = id_of(o.effect->cases[0]->case_id);
        PbCaseRow *c = city_row(&city, TABLE_CASES, &case_id);
        if (c->minor != rows[i].minor || c->age_doubt != rows[i].doubt)
            fail_msg("%s: minor %d doubt %d", rows[i].name, c->minor, c->age_doubt);

        (void)unit_want(
            "accept", &city,
            unit_decide(&city, &referral, "dinsos", PB_REFERRAL_DECISION_ACCEPTED, NULL), 0);
        e = unit_assess(&city, &case_id);
        e->assessment_completed->is_minor = rows[i].says_minor;
        o = unit_want(rows[i].name, &city, e, rows[i].want);
        if (rows[i].want)
            unit_detail(rows[i].name, &o, "assessment_completed.is_minor", "BIRTH_DATE");
        c = city_row(&city, TABLE_CASES, &case_id);
        if (c->minor != rows[i].minor_after || (!rows[i].want && c->age_doubt))
            fail_msg("%s, assessed: minor %d doubt %d", rows[i].name, c->minor, c->age_doubt);
        city_close(&city);
    }
}

UNIT_MAIN(cmocka_unit_test(ages_are_the_youngest_possible),
          cmocka_unit_test(estimates_are_taken_as_stated),
          cmocka_unit_test(statements_are_read_field_by_field),
          cmocka_unit_test(an_assessment_keeps_what_it_learns),
          cmocka_unit_test(a_nik_leads_to_its_person), cmocka_unit_test(a_nik_may_come_late),
          cmocka_unit_test(a_reference_leads_to_its_person),
          cmocka_unit_test(each_agency_has_its_own_pseudonym),
          cmocka_unit_test(a_new_person_costs_twelve_rows),
          cmocka_unit_test(effects_and_clear_parts_hold_nothing_personal),
          cmocka_unit_test(flags_follow_what_is_known))
