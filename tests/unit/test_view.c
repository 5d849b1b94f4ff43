/* Every personal field of every event type against table 9.4, for every relation; default nothing.
 */
#include "unit/unit.h"

#include "broker/view.h"
#include "broker/view_table.h"
#include "kit/world.h"
#include "sinergi/v1/options.pb-c.h"

#include <stdio.h>

static const uint32_t relations[] = {
    RELATION_PUBLIC,         RELATION_REFERRER,        RELATION_CASE_OWNER,
    RELATION_PROVIDER,       RELATION_TRANSFER_TARGET, RELATION_EQUIPMENT,
    RELATION_STEWARD,        RELATION_AUDITOR,         RELATION_SERVICE_TARGET,
    RELATION_CIVIL_REGISTRY, RELATION_RESPONSIBLE,     RELATION_PROVIDER_WAITING,
    RELATION_REFERRER_ACTS,  RELATION_NO_EQUIPMENT,    RELATION_PROVIDER_HELD};

/* Who may read a personal field, written down once more from the document, by its row. */
static const struct row {
    PbSeen seen;
    uint32_t readers;
} rows[] = {
    /* clang-format off */
    {PB_SEEN_OWNER_ONLY, RELATION_CASE_OWNER},
    {PB_SEEN_FULL_NAME, RELATION_CASE_OWNER | RELATION_TRANSFER_TARGET | RELATION_EQUIPMENT | RELATION_CIVIL_REGISTRY | RELATION_SERVICE_TARGET},
    {PB_SEEN_ALIAS, RELATION_CASE_OWNER | RELATION_TRANSFER_TARGET},
    {PB_SEEN_SEX, RELATION_CASE_OWNER | RELATION_PROVIDER | RELATION_PROVIDER_HELD | RELATION_TRANSFER_TARGET | RELATION_CIVIL_REGISTRY | RELATION_SERVICE_TARGET},
    {PB_SEEN_BIRTH, RELATION_CASE_OWNER | RELATION_TRANSFER_TARGET | RELATION_CIVIL_REGISTRY | RELATION_SERVICE_TARGET},
    {PB_SEEN_NIK, RELATION_CIVIL_REGISTRY},
    {PB_SEEN_FAMILY, RELATION_CASE_OWNER | RELATION_TRANSFER_TARGET | RELATION_CIVIL_REGISTRY | RELATION_SERVICE_TARGET},
    {PB_SEEN_PHONE, RELATION_CASE_OWNER | RELATION_TRANSFER_TARGET},
    {PB_SEEN_DOMICILE, RELATION_CASE_OWNER | RELATION_TRANSFER_TARGET | RELATION_CIVIL_REGISTRY | RELATION_SERVICE_TARGET},
    {PB_SEEN_RAID, RELATION_CASE_OWNER | RELATION_TRANSFER_TARGET},
    {PB_SEEN_PPKS, RELATION_CASE_OWNER | RELATION_TRANSFER_TARGET},
    {PB_SEEN_HEALTH, RELATION_CASE_OWNER | RELATION_TRANSFER_TARGET},
    {PB_SEEN_ASSESSMENT, RELATION_CASE_OWNER | RELATION_TRANSFER_TARGET},
    {PB_SEEN_EQUIPMENT_FINDING, RELATION_CASE_OWNER | RELATION_EQUIPMENT},
    {PB_SEEN_MENTORING, RELATION_CASE_OWNER | RELATION_TRANSFER_TARGET},
    {PB_SEEN_AGE_BAND, RELATION_CASE_OWNER | RELATION_PROVIDER | RELATION_PROVIDER_HELD | RELATION_PROVIDER_WAITING | RELATION_TRANSFER_TARGET},
    {PB_SEEN_DISTRICT, RELATION_CASE_OWNER | RELATION_PROVIDER | RELATION_PROVIDER_HELD | RELATION_TRANSFER_TARGET | RELATION_EQUIPMENT},
    {PB_SEEN_CASE_MATTER, RELATION_CASE_OWNER},
    {PB_SEEN_DECLINE_REASON, RELATION_CASE_OWNER | RELATION_REFERRER_ACTS},
    {PB_SEEN_RESULT, RELATION_CASE_OWNER | RELATION_PROVIDER},
    {PB_SEEN_COMPLETED, RELATION_CASE_OWNER | RELATION_PROVIDER | RELATION_EQUIPMENT},
    {PB_SEEN_FOUND_PLACE, RELATION_CASE_OWNER | RELATION_TRANSFER_TARGET | RELATION_CIVIL_REGISTRY | RELATION_SERVICE_TARGET},
}; /* clang-format on */

static uint32_t readers_of(unsigned seen)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++)
        if ((unsigned)rows[i].seen == seen)
            return rows[i].readers;
    fail_msg("row %u is in no table of this test", seen);
    return 0;
}

static size_t checked;

static void check_field(const char *message, const ProtobufCFieldDescriptor *field,
                        const struct sg_field_rules *rules)
{
    bool personal = rules->pd == SG_PD_GENERAL || rules->pd == SG_PD_SPECIFIC;
    if (!personal && !rules->seen)
        return;
    for (size_t r = 0; r < SG_ARRAY_LEN(relations); r++) {
        bool want = (readers_of(rules->seen) & relations[r]) != 0;
        if (view_grants(relations[r], rules) != want)
            fail_msg("%s.%s: relation %x must%s read it", message, field->name, relations[r],
                     want ? "" : " not");
    }
    if (view_grants(RELATION_PUBLISHER, rules) != (rules->seen != PB_SEEN_NIK))
        fail_msg("%s.%s: the publisher", message, field->name);
    assert_false(view_grants(0, rules));
    checked++;
}

static void check_message(const struct sg_message_rules *rules, int depth)
{
    const ProtobufCMessageDescriptor *d = rules->descriptor;
    assert_true(depth < 8);
    for (unsigned i = 0; i < d->n_fields; i++) {
        check_field(d->short_name, &d->fields[i], &rules->fields[i]);
        if (rules->fields[i].sub && rules->fields[i].pd == SG_PD_UNSPECIFIED)
            check_message(rules->fields[i].sub, depth + 1);
    }
}

static void every_field_follows_the_table(void **state)
{
    (void)state;
    checked = 0;
    check_message(&sg_envelope_rules, 0);
    assert_true(checked > 60); /* the walk reached the events */
}

static void ids_reach_whom_they_may(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint8_t form;
        uint32_t relation;
        bool want;
    } cases[] = {
        {"case id, owner", SG_FORM_CASE_ID, RELATION_CASE_OWNER, true},
        {"case id, provider", SG_FORM_CASE_ID, RELATION_PROVIDER, false},
        {"case id, referrer", SG_FORM_CASE_ID, RELATION_REFERRER, false},
        {"referral id, referrer", SG_FORM_REFERRAL_ID, RELATION_REFERRER, true},
        {"referral id, provider", SG_FORM_REFERRAL_ID, RELATION_PROVIDER, false},
        {"another id, public", SG_FORM_ID, RELATION_PUBLIC, true},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(cases); i++) {
        struct sg_field_rules rules = {.pd = SG_PD_PSEUDONYMOUS, .form = cases[i].form};
        if (view_grants(cases[i].relation, &rules) != cases[i].want)
            fail_msg("%s", cases[i].name);
    }
}

/* ---- one record as a reader gets it ---- */

#define REFERRAL                                                                                   \
    "{\"referralSubmitted\":{\"referralId\":\"01968a3e-0000-7000-8000-000000000001\",\"kind\":"    \
    "\"INTAKE\",\"targetAgency\":\"dinsos\",\"priority\":\"NORMAL_14D\",\"person\":{\"fullName\":" \
    "\"Budi\",\"alias\":\"Jek\",\"nameQuality\":\"FULL\",\"sex\":\"MALE\",\"birthDate\":"          \
    "\"1995-04-10\",\"birthQuality\":\"EXACT\",\"nik\":\"1471991004950001\",\"nikStatus\":"        \
    "\"STATED\",\"motherName\":\"Siti\"},\"foundRegion\":\"14.71.08\",\"activity\":\"BEGGING\","   \
    "\"childrenWith\":0}}"

struct seen {
    PbEnvelope *envelope;
    struct sg_bytes bytes;
};

static struct seen see_event(struct world_city *city, const char *json, PbRecordRest *rest,
                             PbReader *audience, struct view_request request)
{
    struct sg_why why = {""};
    struct record record = {.seq = 7, .accepted_ms = 1500, .rest = rest};
    struct seen seen = {NULL, {NULL, 0}};
    request.record = &record;
    rest->kind = PB_RECORD_KIND_ACCEPTED;
    rest->audience = &audience;
    rest->n_audience = 1;
    world_parts(city, SATPOLPP, json, &record.clear, &record.personal);
    UNIT_OK(view_envelope(&request, &city->arena, &seen.bytes, &why));
    UNIT_OK(sg_decode(&pb_envelope__descriptor, seen.bytes, &city->arena, &seen.envelope, &why));
    return seen;
}

static struct seen see(struct world_city *city, PbReader *audience, const char *reader, bool ended,
                       bool has_ref)
{
    PbRecordRest rest = PB_RECORD_REST__INIT;
    char agency[] = "satpolpp";
    rest.agency = agency;
    return see_event(city, REFERRAL, &rest, audience,
                     (struct view_request){.reader = reader,
                                           .access = {.has_ref = has_ref, .ref = {{9}}},
                                           .person_ended = ended});
}

static size_t times_redacted(const PbEnvelope *e, const char *path)
{
    size_t count = 0;
    for (size_t i = 0; i < e->n_redacted_paths; i++)
        count += strcmp(e->redacted_paths[i], path) == 0;
    return count;
}

static void a_record_is_cut_for_its_reader(void **state)
{
    (void)state;
    static struct world_city city;
    static const struct {
        const char *name, *reader;
        uint32_t relations;
        bool ended, full_name, alias, sex, nik, mother;
    } cases[] = {
        /* clang-format off */
        {"publisher",        "satpolpp", 0,                         false, true,  true,  true,  false, true},
        {"case owner",       "dinsos",   RELATION_CASE_OWNER,       false, true,  true,  true,  false, true},
        {"civil registry",   "dukcapil", RELATION_CIVIL_REGISTRY,   false, true,  false, true,  true,  true},
        {"provider",         "disnaker", RELATION_PROVIDER,         false, false, false, true,  false, false},
        {"provider, ended",  "disnaker", RELATION_PROVIDER,         true,  false, false, false, false, false},
        {"owner, ended",     "dinsos",   RELATION_CASE_OWNER,       true,  true,  true,  true,  false, true},
        {"waiting",          "disnaker", RELATION_PROVIDER_WAITING, false, false, false, false, false, false},
        {"responsible",      "dinsos",   RELATION_RESPONSIBLE,      false, false, false, false, false, false},
        {"nobody",           "dpppa",    0,                         false, false, false, false, false, false},
    }; /* clang-format on */
    world_open(&city, "2026-05-04T01:00:00Z");
    for (size_t i = 0; i < SG_ARRAY_LEN(cases); i++) {
        char agency[16], reader[16];
        PbReader audience = PB_READER__INIT;
        bool publisher = strcmp(cases[i].reader, "satpolpp") == 0;
        (void)snprintf(agency, sizeof agency, "%s", cases[i].relations ? cases[i].reader : "nihil");
        (void)snprintf(reader, sizeof reader, "%s", cases[i].reader);
        audience.agency = agency;
        audience.relations = cases[i].relations;
        const struct seen seen = see(&city, &audience, reader, cases[i].ended, true);
        const PbEnvelope *e = seen.envelope;
        assert_non_null(e->referral_submitted);
        assert_false(e->has_salt);
        assert_int_equal(e->seq, 7);
        assert_int_equal(e->accepted_at->nanos, 500000000);
        const PbPersonIdentity *p = e->referral_submitted->person;
        if ((p && p->full_name) != cases[i].full_name || (p && p->alias) != cases[i].alias ||
            (p && p->has_sex) != cases[i].sex || (p && p->nik) != cases[i].nik ||
            (p && p->mother_name) != cases[i].mother)
            fail_msg("%s: fields of the person", cases[i].name);
        if (times_redacted(e, "referral_submitted.person.nik") != !cases[i].nik ||
            times_redacted(e, "referral_submitted.person.alias") != !cases[i].alias ||
            times_redacted(e, "referral_submitted.person.phone") != 0)
            fail_msg("%s: redacted paths", cases[i].name);
        bool in_bytes = memmem(seen.bytes.ptr, seen.bytes.len, "1471991004950001", 16) != NULL;
        if (in_bytes != cases[i].nik || (publisher && cases[i].nik))
            fail_msg("%s: the NIK is somewhere in the bytes", cases[i].name);
    }
    world_close(&city);
}

/* "equipment providers (allocation, course, result only)"; of the result only whether COMPLETED. */
static void a_result_reaches_equipment_providers_as_a_course(void **state)
{
    (void)state;
    static struct world_city city;
    static const char json[] =
        "{\"placementEnded\":{\"allocationId\":\"01968a3e-0000-7000-8000-000000000001\","
        "\"endedOn\":\"2026-07-17\",\"result\":\"COMPLETED\",\"attendancePct\":93,"
        "\"competency\":\"COMPETENT\",\"certificateNo\":\"SK/045\"}}";
    static const struct {
        const char *name;
        uint32_t relations;
        bool result, matter;
    } cases[] = {
        {"case owner", RELATION_CASE_OWNER, true, true},
        {"provider", RELATION_PROVIDER, true, true},
        {"equipment provider", RELATION_EQUIPMENT, true, false},
        {"equipment provider, not completed", RELATION_NO_EQUIPMENT, false, false},
        {"both", RELATION_EQUIPMENT | RELATION_CASE_OWNER, true, true},
    };
    world_open(&city, "2026-05-04T01:00:00Z");
    for (size_t i = 0; i < SG_ARRAY_LEN(cases); i++) {
        char agency[] = "disnaker", course[] = "BARBER", reader[] = "dinsos";
        PbReader audience = PB_READER__INIT;
        PbEffect effect = PB_EFFECT__INIT;
        PbRecordRest rest = PB_RECORD_REST__INIT;
        rest.agency = agency;
        rest.effect = &effect;
        effect.course_code = course;
        audience.agency = reader;
        audience.relations = cases[i].relations;
        struct seen seen =
            see_event(&city, json, &rest, &audience, (struct view_request){.reader = reader});
        const PbPlacementEnded *e = seen.envelope->placement_ended;
        assert_true(e && e->has_allocation_id);
        if (e->has_result != cases[i].result || (e->course_code != NULL) != cases[i].result)
            fail_msg("%s: result and course", cases[i].name);
        if (e->has_attendance_pct != cases[i].matter || e->has_competency != cases[i].matter ||
            (e->certificate_no != NULL) != cases[i].matter ||
            (e->ended_on != NULL) != cases[i].matter)
            fail_msg("%s: what else is told", cases[i].name);
        if (times_redacted(seen.envelope, "placement_ended.attendance_pct") == cases[i].matter)
            fail_msg("%s: redacted paths", cases[i].name);
    }
    world_close(&city);
}

static void the_reader_gets_its_own_pseudonym(void **state)
{
    (void)state;
    static const uint32_t forms[] = {RELATION_CASE_OWNER, RELATION_PROVIDER};
    struct sg_field_rules rules = {.pd = SG_PD_PSEUDONYMOUS, .form = SG_FORM_PERSON_REF};
    for (size_t i = 0; i < SG_ARRAY_LEN(forms); i++) {
        PbVisiblePerson person = PB_VISIBLE_PERSON__INIT;
        uint8_t foreign[SG_ID_BYTES] = {1};
        struct sg_message_rules message = {.descriptor = &pb_visible_person__descriptor};
        struct sg_field_rules fields[8] = {rules};
        person.has_person_ref = true;
        person.person_ref = (ProtobufCBinaryData){sizeof foreign, foreign};
        message.fields = fields;
        view_cut(&person.base, &message, forms[i]);
        assert_false(person.has_person_ref); /* that of another agency never passes */
    }
}

UNIT_MAIN(cmocka_unit_test(every_field_follows_the_table),
          cmocka_unit_test(ids_reach_whom_they_may),
          cmocka_unit_test(a_record_is_cut_for_its_reader),
          cmocka_unit_test(a_result_reaches_equipment_providers_as_a_course),
          cmocka_unit_test(the_reader_gets_its_own_pseudonym))
