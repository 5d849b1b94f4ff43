/* Persons who may be one: the table of features, who is found, what the steward is told. */
#include "unit/story_unit.h"

#include "ledger/match.h"
#include "ledger/suspicion.h"

/* ---- the table ---- */

/* Two persons in a few words; a field that is NULL or 0 is not known. */
struct somebody {
    const char *name, *alias, *mother, *phone, *origin, *found;
    int32_t year, month, day; /* of birth; year only: 1995-00-00 */
    uint32_t age;             /* estimated, said on 2026-05-04 */
    PbSex sex;
    int32_t seen; /* days after 2026-05-04 */
    uint8_t group;
    const char *nik;
};

static struct sg_arena arena;
static const int32_t monday = 20577; /* 2026-05-04 */

static void describe(const struct somebody *s, struct profile *out)
{
    PbIdentityRow *row = SG_NEW(&arena, PbIdentityRow);
    PbPersonIdentity *p = SG_NEW(&arena, PbPersonIdentity);
    struct statement *list = SG_NEW(&arena, struct statement);
    pb_identity_row__init(row);
    pb_person_identity__init(p);
    p->full_name = (char *)(uintptr_t)s->name;
    p->alias = (char *)(uintptr_t)s->alias;
    p->mother_name = (char *)(uintptr_t)s->mother;
    p->phone = (char *)(uintptr_t)s->phone;
    p->origin_region = (char *)(uintptr_t)s->origin;
    p->has_sex = true;
    p->sex = s->sex ? s->sex : PB_SEX_UNKNOWN;
    if (s->year) {
        PbDate *date = SG_NEW(&arena, PbDate);
        pb_date__init(date);
        date->year = s->year;
        date->month = s->month;
        date->day = s->day;
        p->birth_date = date;
        p->has_birth_quality = true;
        p->birth_quality = s->day ? PB_BIRTH_QUALITY_EXACT : PB_BIRTH_QUALITY_PARTIAL;
    }
    if (s->age) {
        p->has_estimated_age = p->has_birth_quality = true;
        p->estimated_age = s->age;
        p->birth_quality = PB_BIRTH_QUALITY_ESTIMATED;
    }
    p->nik = (char *)(uintptr_t)s->nik;
    p->has_nik_status = true;
    p->nik_status = s->nik ? PB_NIK_STATUS_VERIFIED : PB_NIK_STATUS_NONE;
    row->person = p;
    row->has_stated_on = true;
    row->stated_on = monday + s->seen;
    row->found_region = (char *)(uintptr_t)s->found;
    if (s->group) {
        row->has_group_ref = true;
        row->group_ref =
            (ProtobufCBinaryData){SG_ID_BYTES, sg_arena_copy(&arena, (uint8_t[16]){s->group}, 16)};
    }
    *list = (struct statement){.seq = 1, .row = row};
    profile_of(list, 1, out);
}

static const struct {
    const char *name;
    struct somebody a, b;
    uint32_t want;
    const char *features;
} comparisons[] = {
    {"nothing", {.name = NULL}, {.name = NULL}, 0, ""},
    {"the same name", {.name = "Budi Santoso"}, {.name = "Santoso Budi"}, 300, "NAME"},
    {"a name alike", {.name = "Joko"}, {.name = "Djoko Susanto"}, 180, "NAME"},
    {"other names", {.name = "Joko"}, {.name = "Andi"}, 0, ""},
    {"the same alias", {.alias = "Jek"}, {.alias = "jek"}, 120, "ALIAS"},
    {"an alias that is the name", {.alias = "Buyung"}, {.name = "Buyung"}, 120, "ALIAS"},
    {"no alias on both sides", {.alias = ""}, {.alias = ""}, 0, ""},
    {"mothers alike", {.mother = "Rosmawati"}, {.mother = "Rosmawaty"}, 200, "MOTHER"},
    {"other mothers", {.mother = "Rosmawati"}, {.mother = "Nurbaya"}, 0, ""},
    {"the same day",
     {.year = 1995, .month = 4, .day = 10},
     {.year = 1995, .month = 4, .day = 10},
     200,
     "BIRTH"},
    {"a day that is not known",
     {.year = 1995, .month = 4},
     {.year = 1995, .month = 4},
     120,
     "BIRTH"},
    {"a year apart",
     {.year = 1995, .month = 4, .day = 10},
     {.year = 1996, .month = 1, .day = 2},
     120,
     "BIRTH"},
    {"three years apart", {.year = 1995}, {.year = 1998}, 60, "BIRTH"},
    {"four years apart", {.year = 1995}, {.year = 1999}, 0, ""},
    {"two estimates", {.age = 30}, {.age = 33}, 60, "BIRTH"},
    {"two estimates of the same age are no date", {.age = 30}, {.age = 30}, 60, "BIRTH"},
    {"estimates too far apart", {.age = 30}, {.age = 34}, 0, ""},
    {"an estimate and a date", {.age = 30}, {.year = 1995, .month = 4, .day = 10}, 60, "BIRTH"},
    {"an estimate that is two years old", {.age = 30, .seen = -730}, {.age = 35}, 60, "BIRTH"},
    {"the same phone", {.phone = "+6281234567890"}, {.phone = "+6281234567890"}, 150, "PHONE"},
    {"the same city", {.origin = "13.71.04"}, {.origin = "13.71"}, 60, "ORIGIN"},
    {"the same province only", {.origin = "13.71"}, {.origin = "13.02"}, 0, ""},
    {"near in place and time",
     {.found = "14.71.08"},
     {.found = "14.71.08.1009", .seen = 30},
     60,
     "PLACE"},
    {"a month later", {.found = "14.71.08"}, {.found = "14.71.08", .seen = 31}, 0, ""},
    {"elsewhere", {.found = "14.71.08"}, {.found = "14.71.09"}, 0, ""},
    {"the same family", {.group = 7}, {.group = 7}, 60, "GROUP"},
    {"another family", {.group = 7}, {.group = 8}, 0, ""},
    {"of another sex",
     {.name = "Sri", .sex = PB_SEX_FEMALE},
     {.name = "Sri", .sex = PB_SEX_MALE},
     0,
     ""},
    {"of a sex that is not known",
     {.name = "Sri", .sex = PB_SEX_FEMALE},
     {.name = "Sri"},
     300,
     "NAME"},
    {"with two numbers of the registry",
     {.name = "Sri", .nik = "1471995203950002"},
     {.name = "Sri", .nik = "1471995203950003"},
     0,
     ""},
    {"SC06",
     {.name = "Joko", .alias = "Jek", .age = 30, .origin = "13.71", .found = "14.71.08"},
     {.name = "Djoko Susanto",
      .alias = "Jek",
      .age = 31,
      .origin = "13.71",
      .seen = 2,
      .mother = "Rosmawati",
      .found = "14.71.08"},
     480,
     "NAME ALIAS BIRTH ORIGIN PLACE"},
    {"everything",
     {.name = "Budi Santoso",
      .alias = "Bud",
      .mother = "Rosmawati",
      .phone = "+6281234567890",
      .year = 1995,
      .month = 4,
      .day = 10,
      .origin = "13.71",
      .found = "14.71.08",
      .group = 7},
     {.name = "Budi Santoso",
      .alias = "Bud",
      .mother = "Rosmawati",
      .phone = "+6281234567890",
      .year = 1995,
      .month = 4,
      .day = 10,
      .origin = "13.71",
      .found = "14.71.08",
      .group = 7},
     1000,
     "NAME ALIAS MOTHER BIRTH PHONE ORIGIN PLACE GROUP"},
};

static void features_give_their_points(void **state)
{
    (void)state;
    struct sg_why why = {0};
    UNIT_OK(sg_arena_init(&arena, 1 << 20, &why));
    for (size_t i = 0; i < SG_ARRAY_LEN(comparisons); i++) {
        static struct profile a, b;
        const char *names[MATCH_FEATURES];
        char all[120] = "";
        size_t count = 0, back_count = 0;
        describe(&comparisons[i].a, &a);
        describe(&comparisons[i].b, &b);
        uint32_t score = match_score(&a, &b, names, &count);
        for (size_t j = 0; j < count; j++) {
            (void)strcat(all, j ? " " : "");
            (void)strcat(all, names[j]);
        }
        if (score != comparisons[i].want || strcmp(all, comparisons[i].features) != 0)
            fail_msg("%s: %u for %s", comparisons[i].name, score, all);
        if (match_score(&b, &a, names, &back_count) != score || back_count != count)
            fail_msg("%s: not the same both ways", comparisons[i].name);
        sg_arena_reset(&arena, 0);
    }
    sg_arena_done(&arena);
}

/* ---- who is found, and what is told ---- */

static size_t rows_in(struct ledger_city *city, enum table table)
{
    struct sg_why why = {0};
    uint64_t count = 0;
    city_read(city);
    UNIT_OK(table_count(&city->txn, table, &count, &why));
    txn_done(&city->txn);
    return (size_t)count;
}

/* D3 behind that record; the last one in *out. */
static size_t told_since(struct ledger_city *city, uint64_t seq, PbPersonDuplicateSuspected **out)
{
    size_t count = 0;
    for (uint64_t at = seq + 1; at <= city->last_seq; at++) {
        struct city_record record = city_record(city, at);
        if (!record.event.envelope->person_duplicate_suspected)
            continue;
        count++;
        if (out)
            *out = record.event.envelope->person_duplicate_suspected;
        const PbRecordRest *rest = record.record.rest;
        assert_int_equal(rest->n_audience, 1);
        assert_string_equal(rest->audience[0]->agency, "dinsos");
        assert_int_equal(rest->audience[0]->relations, RELATION_STEWARD);
    }
    return count;
}

static PbEnvelope *about(struct ledger_city *city, const struct somebody *s)
{
    struct sg_id referral;
    PbEnvelope *e = unit_refer(city, &referral);
    PbReferralSubmitted *r = e->referral_submitted;
    PbPersonIdentity *p = r->person;
    p->full_name = s->name ? unit_text(city, s->name) : NULL;
    p->alias = s->alias ? unit_text(city, s->alias) : NULL;
    p->mother_name = s->mother ? unit_text(city, s->mother) : NULL;
    p->phone = s->phone ? unit_text(city, s->phone) : NULL;
    p->origin_region = s->origin ? unit_text(city, s->origin) : NULL;
    p->sex = s->sex ? s->sex : PB_SEX_MALE;
    p->birth_quality = s->year  ? PB_BIRTH_QUALITY_EXACT
                       : s->age ? PB_BIRTH_QUALITY_ESTIMATED
                                : PB_BIRTH_QUALITY_UNKNOWN;
    p->birth_date = s->year ? unit_date(city, s->year, s->month, s->day) : NULL;
    p->has_estimated_age = s->age != 0;
    p->estimated_age = s->age;
    p->nik = s->nik ? unit_text(city, s->nik) : NULL;
    p->nik_status = s->nik ? PB_NIK_STATUS_STATED : PB_NIK_STATUS_NONE;
    r->found_region = unit_text(city, s->found ? s->found : "14.71.08");
    r->has_group_ref = s->group != 0;
    if (s->group)
        r->group_ref = unit_id(city, &(struct sg_id){{s->group}});
    return e;
}

static const struct somebody joko = {
    .name = "Joko", .alias = "Jek", .age = 30, .origin = "13.71", .found = "14.71.08"};

static void candidates_are_found_by_what_they_share(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct somebody a, b;
        uint32_t want; /* 0: nobody is told */
    } rows[] = {
        {"SC06",
         joko,
         {.name = "Djoko Susanto", .alias = "Jek", .age = 31, .origin = "13.71"},
         480},
        {"by a word of the name",
         {.name = "Budi Santoso", .year = 1995, .month = 4, .day = 10},
         {.name = "Santoso Budi", .year = 1995, .month = 4, .day = 10},
         560},
        {"by the phone",
         {.name = "Anto",
          .phone = "+6281234567890",
          .mother = "Ros",
          .year = 1990,
          .month = 1,
          .day = 1},
         {.name = "Wahyudi",
          .phone = "+6281234567890",
          .mother = "Ros",
          .year = 1990,
          .month = 1,
          .day = 1},
         610},
        {"by an alias that is a name",
         {.name = "Buyung", .age = 40, .origin = "13.71", .mother = "Ros"},
         {.name = "Syafril", .alias = "Buyung", .age = 40, .origin = "13.71", .mother = "Ros"},
         500},
        {"nothing is shared by which to look",
         {.name = "Anto", .year = 1990, .month = 1, .day = 1, .origin = "13.71"},
         {.name = "Anta", .year = 1990, .month = 1, .day = 1, .origin = "13.71"},
         0},
        {"too little is shared", {.name = "Budi", .age = 30}, {.name = "Budi", .age = 30}, 0},
        {"of another sex",
         {.name = "Sri", .alias = "Yu", .mother = "Ros", .sex = PB_SEX_FEMALE},
         {.name = "Sri", .alias = "Yu", .mother = "Ros", .sex = PB_SEX_MALE},
         0},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ledger_city city;
        PbPersonDuplicateSuspected *told = NULL;
        city_open(&city);
        (void)unit_want(rows[i].name, &city, about(&city, &rows[i].a), 0);
        struct outcome o = unit_want(rows[i].name, &city, about(&city, &rows[i].b), 0);
        size_t count = told_since(&city, 0, &told);
        if (count != (rows[i].want != 0) || (told && told->score != rows[i].want))
            fail_msg("%s: %d told, score %u, want %u", rows[i].name, (int)count,
                     told ? told->score : 0, rows[i].want);
        /* nothing of it in the outcome */
        assert_int_equal(o.effect->n_warnings, 0);
        city_refold(&city);
        city_close(&city);
    }
}

static void a_pair_is_told_once_and_again_when_more_is_known(void **state)
{
    (void)state;
    struct ledger_city city;
    PbPersonDuplicateSuspected *told = NULL;
    city_open(&city);
    struct somebody other = {.name = "Djoko Susanto", .alias = "Jek", .age = 31, .origin = "13.71"};
    PbEnvelope *first = about(&city, &joko);
    struct outcome o = unit_want("one", &city, first, 0);
    struct sg_id case_id = id_of(o.effect->cases[0]->case_id);
    struct sg_id referral = id_of(first->referral_submitted->referral_id);
    (void)unit_want("two", &city, about(&city, &other), 0);
    assert_int_equal(told_since(&city, 0, NULL), 1);
    assert_int_equal(rows_in(&city, TABLE_SUSPICIONS_OPEN), 1);
    (void)unit_want("accept", &city,
                    unit_decide(&city, &referral, "dinsos", PB_REFERRAL_DECISION_ACCEPTED, NULL),
                    0);
    uint64_t before = city.last_seq;
    PbEnvelope *e = unit_assess(&city, &case_id);
    e->assessment_completed->person = about(&city, &joko)->referral_submitted->person;
    (void)unit_want("the same again", &city, e, 0);
    assert_int_equal(told_since(&city, before, NULL), 0);
    e = unit_assess(&city, &case_id);
    struct somebody more = joko;
    more.name = "Joko Susanto";
    e->assessment_completed->person = about(&city, &more)->referral_submitted->person;
    (void)unit_want("his whole name", &city, e, 0);
    assert_int_equal(told_since(&city, before, &told), 1);
    assert_int_equal(told->score, 600);
    assert_int_equal(rows_in(&city, TABLE_SUSPICIONS_OPEN), 1);
    city_refold(&city);
    city_close(&city);
}

/* At most eight are asked about at once, the likeliest. */
static void an_event_raises_a_few_at_most(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct somebody budi = {.name = "Budi Santoso", .year = 1995, .month = 4, .day = 10};
    for (int i = 0; i < 12; i++)
        (void)unit_want("one more", &city, about(&city, &budi), 0);
    uint64_t before = city.last_seq;
    (void)unit_want("the last", &city, about(&city, &budi), 0);
    assert_int_equal(told_since(&city, before, NULL), MATCH_RAISED_MAX);
    city_refold(&city);
    city_close(&city);
}

/* What leads to a statement goes with it. */
static void the_index_goes_with_its_statement(void **state)
{
    (void)state;
    struct ledger_city city;
    struct somebody all = joko;
    all.mother = "Rosmawati";
    all.phone = "+6281234567890";
    all.group = 5;
    city_open(&city);
    struct outcome o = unit_want("refer", &city, about(&city, &all), 0);
    assert_int_equal(rows_in(&city, TABLE_MATCHES), 5); /* word, alias, mother, phone, group */
    city_refold(&city);
    (void)unit_want("annul", &city, story_annul(&city, "satpolpp", o.seq), 0);
    assert_int_equal(rows_in(&city, TABLE_MATCHES), 0);
    city_refold(&city);
    (void)unit_want("another", &city, about(&city, &all), 0);
    assert_int_equal(told_since(&city, 0, NULL), 0);
    city_close(&city);
}

#define NIK_BUDI "1471991004950001" /* male, born 1995-04-10 */

/* A NIK that somebody of another sex or age holds is one of the two persons', or a mistake. */
static void a_nik_that_contradicts_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct somebody b;
        bool is_new;
        uint32_t want;
    } rows[] = {
        {"the same",
         {.name = "Budi", .year = 1995, .month = 4, .day = 10, .nik = NIK_BUDI},
         false,
         0},
        {"a woman",
         {.name = "Siti",
          .sex = PB_SEX_FEMALE,
          .year = 1995,
          .month = 4,
          .day = 10,
          .nik = NIK_BUDI},
         true,
         900},
        {"too old",
         {.name = "Amir", .year = 1960, .month = 4, .day = 10, .nik = NIK_BUDI},
         true,
         900},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ledger_city city;
        PbPersonDuplicateSuspected *told = NULL;
        struct somebody budi = {
            .name = "Budi", .year = 1995, .month = 4, .day = 10, .nik = NIK_BUDI};
        city_open(&city);
        struct outcome o = unit_want("budi", &city, about(&city, &budi), 0);
        struct sg_id first = id_of(o.effect->person->person_id);
        PbEnvelope *e = about(&city, &rows[i].b);
        e->publisher_agency = unit_text(&city, "pmi");
        o = unit_want(rows[i].name, &city, e, 0);
        struct sg_id second = id_of(o.effect->person->person_id);
        assert_true(sg_id_equal(&first, &second) != rows[i].is_new);
        size_t count = told_since(&city, 0, &told);
        if (count != (rows[i].want != 0) || (told && told->score != rows[i].want))
            fail_msg("%s: %d told", rows[i].name, (int)count);
        if (told)
            assert_string_equal(told->features[0], "NIK");
        city_refold(&city);
        city_close(&city);
    }
}

UNIT_MAIN(cmocka_unit_test(features_give_their_points),
          cmocka_unit_test(candidates_are_found_by_what_they_share),
          cmocka_unit_test(a_pair_is_told_once_and_again_when_more_is_known),
          cmocka_unit_test(an_event_raises_a_few_at_most),
          cmocka_unit_test(the_index_goes_with_its_statement),
          cmocka_unit_test(a_nik_that_contradicts_is_told))
