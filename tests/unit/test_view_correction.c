/* Nobody sees more through the correction of an event than through the event: for each type that
 * can be replaced and each relation, the payload inside an E24 is cut as the payload itself is.
 */
#include "unit/unit.h"

#include "broker/view.h"
#include "kit/world.h"
#include "wire/json.h"
#include "wire/replacement.h"

#include <stdio.h>

#define ID(n) "\"01968a3e-0000-7000-8000-00000000000" #n "\""
#define PERSON                                                                                     \
    "{\"fullName\":\"Budi\",\"alias\":\"Jek\",\"nameQuality\":\"FULL\",\"sex\":\"MALE\","          \
    "\"birthDate\":\"1995-04-10\",\"birthQuality\":\"EXACT\",\"nik\":\"1471991004950001\","        \
    "\"nikStatus\":\"STATED\",\"motherName\":\"Siti\",\"originRegion\":\"13.71\",\"domicileRegion" \
    "\":\"14.71.08.1009\",\"phone\":\"+6281234567890\",\"marks\":\"parut\"}"

static const struct {
    uint32_t type;
    const char *json;
} payloads[] = {
    {101,
     "{\"referralSubmitted\":{\"referralId\":" ID(
         1) ",\"kind\":\"INTAKE\",\"targetAgency\":"
            "\"dinsos\",\"priority\":\"URGENT_72H\",\"person\":" PERSON ",\"suspectedPpks\":["
            "\"PPKS_12\"],\"foundRegion\":\"14.71.08\",\"foundPlace\":\"Simpang\",\"activity\":"
            "\"BEGGING\",\"childrenWith\":0,\"statementSigned\":true,\"urgentNeeds\":[\"MEDICAL\"],"
            "\"groupRef\":" ID(2) "}}"},
    {104, "{\"contactRecorded\":{\"contactId\":" ID(
              1) ",\"person\":" PERSON ",\"foundRegion\":"
                 "\"14.71.09\",\"foundPlace\":\"Pasar\",\"activity\":\"BEGGING\",\"outcome\":"
                 "\"ADVISED\"}}"},
    {105,
     "{\"caseId\":" ID(9) ",\"assessmentCompleted\":{\"assessmentId\":" ID(
         1) ",\"assessedOn\":"
            "\"2026-05-05\",\"assessorRole\":\"PEKSOS\",\"person\":" PERSON ",\"confirmedPpks\":["
            "\"PPKS_12\"],\"isMinor\":false,\"residence\":\"PEKANBARU\",\"needs\":[\"FOOD\"],"
            "\"priorityBand\":3,\"trainingSuitable\":true,\"healthLimits\":[\"LOW_VISION\"],"
            "\"schooling\":\"LOWER_SEC\",\"monthlyIncomeIdr\":\"600000\",\"socialRegistry\":"
            "\"DTSEN\","
            "\"registryDecile\":1}}"},
    {107,
     "{\"caseId\":" ID(9) ",\"serviceDelivered\":{\"deliveryId\":" ID(
         1) ",\"service\":\"FOOD\","
            "\"fromOn\":\"2026-05-04\",\"toOn\":\"2026-05-09\",\"quantity\":18,\"unit\":\"MEAL\","
            "\"outcome\":\"DELIVERED\",\"inShelter\":true}}"},
    {113, "{\"placementStarted\":{\"allocationId\":" ID(1) ",\"startedOn\":\"2026-06-08\","
                                                           "\"participantNo\":\"MTR-03\"}}"},
    {114,
     "{\"attendanceReported\":{\"allocationId\":" ID(
         1) ",\"fromOn\":\"2026-06-08\",\"toOn\":"
            "\"2026-06-12\",\"sessionsHeld\":5,\"sessionsAttended\":4,\"absencesExcused\":1}}"},
    {115, "{\"placementEnded\":{\"allocationId\":" ID(
              1) ",\"endedOn\":\"2026-07-17\",\"result\":"
                 "\"COMPLETED\",\"reason\":\"catatan\",\"attendancePct\":93,\"competency\":"
                 "\"COMPETENT\","
                 "\"certificateNo\":\"SK/045\"}}"},
    {116,
     "{\"equipmentRegistered\":{\"itemId\":" ID(
         1) ",\"kitCode\":\"KIT-MOTOR-A\",\"courseCode\":"
            "\"MOTORCYCLE_SERVICE\",\"description\":\"Set\",\"valueIdr\":\"2350000\",\"funding\":"
            "\"APBD\",\"acquiredOn\":\"2026-03-02\",\"condition\":\"NEW\"}}"},
    {118,
     "{\"equipmentChecked\":{\"checkId\":" ID(1) ",\"itemId\":" ID(
         2) ",\"checkedOn\":"
            "\"2026-08-19\",\"method\":\"WORKPLACE\",\"finding\":\"SOLD\",\"action\":\"NONE\"}}"},
    {120, "{\"caseId\":" ID(9) ",\"mentoringVisited\":{\"visitId\":" ID(1) ",\"planId\":" ID(
              2) ","
                 "\"visitedOn\":\"2026-08-14\",\"mode\":\"HOME\",\"contactMade\":true,\"living\":"
                 "\"FAMILY\","
                 "\"livelihood\":\"BEGGING\",\"monthlyIncomeIdr\":\"1500000\",\"onStreet\":"
                 "\"SOMETIMES\"}}"},
    {121,
     "{\"caseId\":" ID(9) ",\"expectedVersion\":\"4\",\"caseClosed\":{\"reason\":\"INDEPENDENT\","
                          "\"closedOn\":\"2027-07-28\",\"supervisorRef\":\"dns-0002\","
                          "\"followupAllowed\":true}}"},
};

static struct world_city city;

static PbEnvelope *view_of(const struct record *record, const struct view_request *how)
{
    struct sg_why why = {""};
    struct sg_bytes bytes;
    PbEnvelope *e = NULL;
    struct view_request request = *how;
    request.record = record;
    UNIT_OK(view_envelope(&request, &city.arena, &bytes, &why));
    UNIT_OK(sg_decode(&pb_envelope__descriptor, bytes, &city.arena, &e, &why));
    return e;
}

/* The E24 that has this event as its replacement, as a record with the same readers. */
static struct record corrected(const struct sg_event *event, PbRecordRest *rest)
{
    struct sg_why why = {""};
    uint8_t salt[16] = {7};
    struct record record = {.seq = 8, .accepted_ms = 2500, .rest = rest};
    PbReplacement replacement = PB_REPLACEMENT__INIT;
    PbEventCorrected e = PB_EVENT_CORRECTED__INIT;
    PbEventRef place = PB_EVENT_REF__INIT;
    PbEnvelope envelope = *event->envelope, empty;
    uint8_t outbox[SG_ID_BYTES] = {3};
    pb_envelope__init(&empty);
    UNIT_OK(sg_replacement_of(event->envelope, &city.arena, &replacement, &why));
    place.has_outbox_id = place.has_number = true;
    place.outbox_id = (ProtobufCBinaryData){sizeof outbox, outbox};
    place.number = 7;
    e.corrected = &place;
    e.has_action = e.has_reason = true;
    e.action = PB_EVENT_CORRECTED__ACTION_REPLACE;
    e.reason = PB_EVENT_CORRECTED__REASON_TYPO;
    e.discovered_at = event->envelope->recorded_at;
    e.replacement = &replacement;
    char type[] = "event.corrected";
    empty.type = type;
    empty.publisher_agency = envelope.publisher_agency;
    empty.actor_ref = envelope.actor_ref;
    empty.occurred_at = envelope.occurred_at;
    empty.recorded_at = envelope.recorded_at;
    empty.event_corrected = &e;
    UNIT_OK(sg_event_split(&empty, salt, &city.arena, &record.clear, &record.personal, &why));
    return record;
}

static char *payload_text(const PbEnvelope *e, uint32_t type)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(&pb_envelope__descriptor, type);
    const void *payload = *(void *const *)(const void *)((const uint8_t *)e + field->offset);
    assert_non_null(payload);
    json_t *json = sg_json_of(payload);
    char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(json);
    return text;
}

static bool lists(const PbEnvelope *e, const char *path)
{
    for (size_t i = 0; i < e->n_redacted_paths; i++)
        if (strcmp(e->redacted_paths[i], path) == 0)
            return true;
    return false;
}

/* What is removed of the payload is listed under the name of the replacement, and nothing else. */
static void compare_paths(const char *name, const PbEnvelope *plain, const PbEnvelope *e24)
{
    size_t inner = 0, corrected_paths = 0;
    for (size_t i = 0; i < plain->n_redacted_paths; i++) {
        const char *dot = strchr(plain->redacted_paths[i], '.');
        char path[160];
        if (!dot)
            continue;
        inner++;
        (void)snprintf(path, sizeof path, "event_corrected.replacement%s", dot);
        if (!lists(e24, path))
            fail_msg("%s: %s is not listed", name, path);
    }
    for (size_t i = 0; i < e24->n_redacted_paths; i++)
        corrected_paths += strncmp(e24->redacted_paths[i], "event_corrected.replacement.", 28) == 0;
    if (corrected_paths != inner)
        fail_msg("%s: %d paths, want %d", name, (int)corrected_paths, (int)inner);
}

static void compare(size_t i, uint32_t relations, const char *reader, bool ended)
{
    struct sg_why why = {""};
    char name[96], agency[] = "disnaker", course[] = "BARBER", publisher[] = "satpolpp";
    PbReader audience = PB_READER__INIT, *readers[1] = {&audience};
    PbEffect effect = PB_EFFECT__INIT;
    PbCorrectionEffect correction = PB_CORRECTION_EFFECT__INIT;
    PbRecordRest rest = PB_RECORD_REST__INIT;
    struct record plain = {.seq = 7, .accepted_ms = 1500, .rest = &rest};
    struct sg_event event;
    (void)snprintf(name, sizeof name, "%s, relations %x%s", sg_type_topic(payloads[i].type),
                   relations, ended ? ", ended" : "");
    audience.agency = agency;
    audience.relations = relations;
    rest.kind = PB_RECORD_KIND_ACCEPTED;
    rest.agency = publisher;
    rest.audience = readers;
    rest.n_audience = 1;
    effect.course_code = course;
    correction.has_type = true;
    correction.type = payloads[i].type;
    rest.effect = &effect;
    sg_arena_reset(&city.arena, 0);
    world_parts(&city, SATPOLPP, payloads[i].json, &plain.clear, &plain.personal);
    UNIT_OK(sg_event_reopen(plain.clear, plain.personal, &city.arena, &event, &why));
    const struct view_request request = {.reader = reader, .person_ended = ended};
    PbEnvelope *seen = view_of(&plain, &request);
    effect.correction = &correction;
    struct record e24 = corrected(&event, &rest);
    PbEnvelope *through = view_of(&e24, &request), *inner = NULL;
    assert_non_null(through->event_corrected);
    assert_non_null(through->event_corrected->replacement);
    UNIT_OK(sg_replacement_open(through->event_corrected->replacement, payloads[i].type,
                                &city.arena, &inner, &why));
    char *want = payload_text(seen, payloads[i].type), *got = payload_text(inner, payloads[i].type);
    if (strcmp(want, got) != 0)
        fail_msg("%s: %s, want %s", name, got, want);
    bool registry = (relations & RELATION_CIVIL_REGISTRY) != 0;
    if (strstr(got, "1471991004950001") && !registry)
        fail_msg("%s: the NIK", name);
    compare_paths(name, seen, through);
    free(want);
    free(got);
}

static void nobody_sees_more_through_a_correction(void **state)
{
    (void)state;
    static const uint32_t relations[] = {
        RELATION_PUBLIC,         RELATION_REFERRER,        RELATION_CASE_OWNER,
        RELATION_PROVIDER,       RELATION_TRANSFER_TARGET, RELATION_EQUIPMENT,
        RELATION_STEWARD,        RELATION_AUDITOR,         RELATION_SERVICE_TARGET,
        RELATION_CIVIL_REGISTRY, RELATION_RESPONSIBLE,     RELATION_PROVIDER_WAITING,
        RELATION_REFERRER_ACTS,  RELATION_NO_EQUIPMENT};
    world_open(&city, "2026-05-04T01:00:00Z");
    for (size_t i = 0; i < SG_ARRAY_LEN(payloads); i++) {
        for (size_t r = 0; r < SG_ARRAY_LEN(relations); r++) {
            compare(i, relations[r], "disnaker", false);
            compare(i, relations[r], "disnaker", true);
        }
        compare(i, RELATION_CASE_OWNER, "satpolpp", false); /* the publisher */
    }
    world_close(&city);
}

/* In bytes: what a provider gets of the correction of an assessment holds no value of the person.
 */
static void nothing_is_left_in_the_bytes(void **state)
{
    (void)state;
    static const char *const secrets[] = {"Budi",  "Jek",           "Siti", "1471991004950001",
                                          "parut", "+6281234567890"};
    struct sg_why why = {""};
    world_open(&city, "2026-05-04T01:00:00Z");
    for (size_t i = 0; i < 3; i++) {
        char agency[] = "disnaker", publisher[] = "satpolpp";
        PbReader audience = PB_READER__INIT, *readers[1] = {&audience};
        PbEffect effect = PB_EFFECT__INIT;
        PbCorrectionEffect correction = PB_CORRECTION_EFFECT__INIT;
        PbRecordRest rest = PB_RECORD_REST__INIT;
        struct sg_event event;
        struct sg_bytes clear, personal, bytes;
        audience.agency = agency;
        audience.relations = RELATION_PROVIDER;
        rest.agency = publisher;
        rest.audience = readers;
        rest.n_audience = 1;
        correction.has_type = true;
        correction.type = payloads[i].type;
        effect.correction = &correction;
        rest.effect = &effect;
        world_parts(&city, SATPOLPP, payloads[i].json, &clear, &personal);
        UNIT_OK(sg_event_reopen(clear, personal, &city.arena, &event, &why));
        struct record e24 = corrected(&event, &rest);
        const struct view_request request = {.record = &e24, .reader = agency};
        UNIT_OK(view_envelope(&request, &city.arena, &bytes, &why));
        for (size_t s = 0; s < SG_ARRAY_LEN(secrets); s++)
            if (memmem(bytes.ptr, bytes.len, secrets[s], strlen(secrets[s])))
                fail_msg("%s: '%s' is in the bytes", sg_type_topic(payloads[i].type), secrets[s]);
    }
    world_close(&city);
}

UNIT_MAIN(cmocka_unit_test(nobody_sees_more_through_a_correction),
          cmocka_unit_test(nothing_is_left_in_the_bytes))
