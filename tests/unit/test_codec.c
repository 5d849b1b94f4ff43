/* Bounded decoding: what is taken, what is refused and how the refusal names it. */
#include "unit/unit.h"

#include "wire/codec.h"
#include "wire/json.h"
#include "wire/scan.h"

#include <stdio.h>
#include <string.h>

static const char good[] =
    "{\"type\":\"referral.submitted\",\"schemaMinor\":0,\"publisherAgency\":\"satpolpp\","
    "\"actorRef\":\"sp-1\",\"occurredAt\":\"2026-05-04T01:00:00Z\",\"timeQuality\":\"EXACT\","
    "\"recordedAt\":\"2026-05-04T01:00:00Z\",\"legalBasis\":\"PUBLIC_TASK\",\"referralSubmitted\":{"
    "\"referralId\":\"01968a3e-0000-7000-8000-000000000001\",\"kind\":\"INTAKE\",\"targetAgency\":"
    "\"dinsos\",\"priority\":\"NORMAL_14D\",\"person\":{\"fullName\":\"Budi\",\"nameQuality\":"
    "\"FULL\",\"sex\":\"MALE\",\"birthDate\":\"1995-04-10\",\"birthQuality\":\"EXACT\",\"nik\":"
    "\"1471991004950001\",\"nikStatus\":\"STATED\"},\"suspectedPpks\":[\"PPKS_12\"],"
    "\"foundRegion\":\"14.71.08\",\"activity\":\"BEGGING\",\"childrenWith\":0}}";

static struct sg_arena arena;
static struct sg_lists *lists;
static struct sg_agency agencies[] = {{.id = "dinsos"}, {.id = "satpolpp"}};
static const struct sg_roster roster = {SG_ARRAY_LEN(agencies), agencies};
static const uint8_t salt[16] = {1};
static const struct sg_bytes nothing = {NULL, 0};

static PbEnvelope *parse(const char *event)
{
    struct sg_fault fault = {0};
    PbEnvelope *e = NULL;
    json_t *json = sg_json_parse(event, strlen(event), &fault);
    if (!json || !sg_json_to(json, &pb_envelope__descriptor, &arena, &e, &fault))
        fail_msg("%s %s: %s", fault.object, fault.accepted, event);
    json_decref(json);
    return e;
}

/* `good` with one piece of text replaced. */
static PbEnvelope *changed(const char *from, const char *to)
{
    static char line[2048];
    const char *at = strstr(good, from);
    assert_non_null(at);
    (void)snprintf(line, sizeof line, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
    return parse(line);
}

static struct sg_fault decode(const PbEnvelope *e, struct sg_event *event)
{
    struct sg_why why = {""};
    struct sg_bytes clear, personal;
    struct sg_fault fault;
    const struct sg_vocabulary words = {lists, &roster};
    UNIT_OK(sg_event_split(e, salt, &arena, &clear, &personal, &why));
    UNIT_OK(sg_event_decode(clear, personal, &words, &arena, event, &fault, &why));
    return fault;
}

static const struct row {
    const char *name, *from, *to;
    uint32_t code;
    const char *object;
} rows[] = {
    /* clang-format off */
    {"as it is", "sp-1", "sp-1", 0, ""},
    {"actor missing", "\"actorRef\":\"sp-1\",", "", SG_ST_MISSING_FIELD, "actor_ref"},
    {"actor empty", "\"sp-1\"", "\"\"", SG_ST_MISSING_FIELD, "actor_ref"},
    {"control character", "\"sp-1\"", "\"s\\u0001\"", SG_ST_SCHEMA, "actor_ref"},
    {"priority missing", "\"priority\":\"NORMAL_14D\",", "", SG_ST_MISSING_FIELD, "referral_submitted.priority"},
    {"priority unspecified", "NORMAL_14D", "UNSPECIFIED", SG_ST_MISSING_FIELD, "referral_submitted.priority"},
    {"unknown region", "14.71.08", "14.71.16", SG_ST_BAD_CODE, "referral_submitted.found_region"},
    {"region of a city only", "14.71.08", "14.71", SG_ST_SCHEMA, "referral_submitted.found_region"},
    {"no region", "14.71.08", "pekanbaru", SG_ST_SCHEMA, "referral_submitted.found_region"},
    {"NIK day 40", "1471991004950001", "1471994003950001", SG_ST_SCHEMA, "referral_submitted.person.nik"},
    {"NIK day 72", "1471991004950001", "1471997203950001", SG_ST_SCHEMA, "referral_submitted.person.nik"},
    {"NIK month 13", "1471991004950001", "1471995213950001", SG_ST_SCHEMA, "referral_submitted.person.nik"},
    {"NIK serial 0", "1471991004950001", "1471995203950000", SG_ST_SCHEMA, "referral_submitted.person.nik"},
    {"NIK of a woman", "1471991004950001", "1471995203950002", 0, ""},
    {"30 February", "1995-04-10", "1995-02-30", SG_ST_SCHEMA, "referral_submitted.person.birth_date"},
    {"day unknown", "1995-04-10", "1995-04", 0, ""},
    {"no PPKS", "[\"PPKS_12\"]", "[]", SG_ST_MISSING_FIELD, "referral_submitted.suspected_ppks"},
    {"four PPKS", "[\"PPKS_12\"]", "[\"PPKS_01\",\"PPKS_02\",\"PPKS_04\",\"PPKS_07\"]", SG_ST_SCHEMA, "referral_submitted.suspected_ppks"},
    {"too many children", "\"childrenWith\":0", "\"childrenWith\":21", SG_ST_SCHEMA, "referral_submitted.children_with"},
    {"another topic", "referral.submitted", "referral.decided", SG_ST_SCHEMA, "type"},
    {"no legal basis", "\"legalBasis\":\"PUBLIC_TASK\",", "", SG_ST_MISSING_FIELD, "legal_basis"},
    {"recorded before it occurred", "\"recordedAt\":\"2026-05-04T01:00:00Z\"", "\"recordedAt\":\"2026-05-04T00:54:59Z\"", SG_ST_SCHEMA, "recorded_at"},
    {"a field of the broker", "\"schemaMinor\":0", "\"schemaMinor\":0,\"seq\":7", SG_ST_SCHEMA, "seq"},
    {"an id of no bytes", "01968a3e-0000-7000-8000-000000000001", "", SG_ST_MISSING_FIELD, "referral_submitted.referral_id"},
    {"a quality of the time is missing", "\"timeQuality\":\"EXACT\",", "", SG_ST_MISSING_FIELD, "time_quality"},
    {"a minor version is missing", "\"schemaMinor\":0,", "", SG_ST_MISSING_FIELD, "schema_minor"},
    {"a minor version too high", "\"schemaMinor\":0", "\"schemaMinor\":65536", SG_ST_SCHEMA, "schema_minor"},
    {"no type", "\"type\":\"referral.submitted\",", "", SG_ST_MISSING_FIELD, "type"},
    {"a publisher that is no word", "\"satpolpp\"", "\"Satpol PP\"", SG_ST_SCHEMA, "publisher_agency"},
    {"a publisher that nobody knows: the key decides", "\"satpolpp\"", "\"pemadam\"", 0, ""},
    {"a target that nobody knows", "\"targetAgency\":\"dinsos\"", "\"targetAgency\":\"pemadam\"", SG_ST_BAD_CODE, "referral_submitted.target_agency"},
    {"an alias of no letters", "\"fullName\":\"Budi\"", "\"alias\":\"\"", SG_ST_SCHEMA, "referral_submitted.person.alias"},
    {"a phone without country", "\"fullName\":\"Budi\"", "\"phone\":\"08123456789\"", SG_ST_SCHEMA, "referral_submitted.person.phone"},
    {"an origin that is a province", "\"fullName\":\"Budi\"", "\"originRegion\":\"13\"", SG_ST_SCHEMA, "referral_submitted.person.origin_region"},
    {"an age over 110", "\"fullName\":\"Budi\"", "\"estimatedAge\":111", SG_ST_SCHEMA, "referral_submitted.person.estimated_age"},
    {"a document without its number", "\"fullName\":\"Budi\"", "\"otherDocs\":[{\"type\":\"KK\",\"number\":\"1\"},{\"type\":\"KK\"}]", SG_ST_MISSING_FIELD, "referral_submitted.person.other_docs.number"},
    {"a guardian without relation", "\"fullName\":\"Budi\"", "\"guardian\":{\"name\":\"Rosmawati\"}", SG_ST_MISSING_FIELD, "referral_submitted.person.guardian.relation"},
    {"year and month unknown", "1995-04-10", "1995", 0, ""},
    {"an activity that is unspecified", "BEGGING", "UNSPECIFIED", SG_ST_BAD_CODE, "referral_submitted.activity"},
    {"a cause without number", "\"schemaMinor\":0", "\"schemaMinor\":0,\"causation\":{\"outboxId\":\"01968a3e-0000-7000-8000-000000000009\"}", SG_ST_MISSING_FIELD, "causation.number"},
    {"a cause without outbox", "\"schemaMinor\":0", "\"schemaMinor\":0,\"causation\":{\"number\":7}", SG_ST_MISSING_FIELD, "causation.outbox_id"},
    {"a cause", "\"schemaMinor\":0", "\"schemaMinor\":0,\"causation\":{\"outboxId\":\"01968a3e-0000-7000-8000-000000000009\",\"number\":7}", 0, ""},
    {"two payloads", "\"schemaMinor\":0", "\"schemaMinor\":0,\"seatDecided\":{}", SG_ST_SCHEMA, "payload"},
    {"derived", "\"schemaMinor\":0", "\"schemaMinor\":0,\"derived\":true", SG_ST_SCHEMA, "seq"},
    {"a path taken out", "\"schemaMinor\":0", "\"schemaMinor\":0,\"redactedPaths\":[\"note\"]", SG_ST_SCHEMA, "seq"},
    {"accepted already", "\"schemaMinor\":0", "\"schemaMinor\":0,\"acceptedAt\":\"2026-05-04T01:00:00Z\"", SG_ST_SCHEMA, "seq"},
    {"recorded five minutes before", "\"recordedAt\":\"2026-05-04T01:00:00Z\"", "\"recordedAt\":\"2026-05-04T00:55:00Z\"", 0, ""},
    {"an id of zeros", "01968a3e-0000-7000-8000-000000000001", "AAAAAAAAAAAAAAAAAAAAAA==", SG_ST_SCHEMA, "referral_submitted.referral_id"},
}; /* clang-format on */

static void refusals_follow_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct sg_event event;
        sg_arena_reset(&arena, 0);
        struct sg_fault fault = decode(changed(rows[i].from, rows[i].to), &event);
        if (fault.code != rows[i].code || strcmp(fault.object, rows[i].object) != 0)
            fail_msg("%s: %s at '%s' (%s)", rows[i].name, sg_status_name(fault.code), fault.object,
                     fault.detail);
    }
}

/* A PC whose clock was set between the two times: the clerk cannot know it from the rule. */
static void times_that_disagree_point_to_the_clock(void **state)
{
    (void)state;
    struct sg_event event;
    sg_arena_reset(&arena, 0);
    struct sg_fault fault = decode(changed("\"recordedAt\":\"2026-05-04T01:00:00Z\"",
                                           "\"recordedAt\":\"2026-05-04T00:54:59Z\""),
                                   &event);
    assert_string_equal(fault.detail, "BEFORE_OCCURRED_AT");
    assert_non_null(strstr(fault.accepted, "check the clock of the computer"));
    assert_non_null(strstr(fault.accepted_id, "periksa jam komputer"));
}

static void split_and_decode_are_inverse(void **state)
{
    (void)state;
    struct sg_why why = {""};
    struct sg_event event;
    struct sg_bytes clear, personal, first, again;
    PbEnvelope *e = parse(good);
    UNIT_OK(sg_event_split(e, salt, &arena, &clear, &personal, &why));
    assert_null(memmem(clear.ptr, clear.len, "Budi", 4));
    assert_null(memmem(clear.ptr, clear.len, "147199", 6));
    assert_non_null(memmem(personal.ptr, personal.len, "Budi", 4));
    UNIT_OK(sg_event_reopen(clear, personal, &arena, &event, &why));
    assert_true(event.envelope->has_salt);
    event.envelope->has_salt = false;
    UNIT_OK(sg_encode(e, &arena, &first, &why));
    UNIT_OK(sg_encode(event.envelope, &arena, &again, &why));
    assert_true(sg_bytes_equal(first, again));
}

static void a_field_in_the_wrong_part_is_refused(void **state)
{
    (void)state;
    struct sg_why why = {""};
    struct sg_bytes whole;
    struct sg_fault fault;
    struct sg_event event;
    UNIT_OK(sg_encode(parse(good), &arena, &whole, &why));
    UNIT_OK(sg_event_decode(whole, (struct sg_bytes){NULL, 0}, NULL, &arena, &event, &fault, &why));
    assert_int_equal(fault.code, SG_ST_SCHEMA);
    assert_string_equal(fault.detail, "WRONG_PART");
}

/* Both parts of `good`. */
static void split_good(PbEnvelope **out_envelope, struct sg_bytes *clear, struct sg_bytes *personal)
{
    struct sg_why why = {""};
    sg_arena_reset(&arena, 0);
    *out_envelope = parse(good);
    UNIT_OK(sg_event_split(*out_envelope, salt, &arena, clear, personal, &why));
}

static struct sg_bytes joined(struct sg_bytes a, struct sg_bytes b)
{
    uint8_t *both = sg_arena_alloc(&arena, a.len + b.len);
    assert_non_null(both);
    memcpy(both, a.ptr, a.len);
    memcpy(both + a.len, b.ptr, b.len);
    return (struct sg_bytes){both, a.len + b.len};
}

static struct sg_bytes text(const char *bytes, size_t len)
{
    return (struct sg_bytes){(const uint8_t *)bytes, len};
}

static void parts_are_refused_by_their_bytes(void **state)
{
    (void)state;
    PbEnvelope *e;
    struct sg_bytes clear, personal;
    split_good(&e, &clear, &personal);
    static const uint8_t large[SG_EVENT_MAX + 1];
    const struct {
        const char *name;
        struct sg_bytes clear, personal;
        const char *object, *detail;
        bool envelope;
    } parts[] = {
        {"broken clear part", text("\x18", 1), personal, "schema_minor", "BROKEN", false},
        {"broken personal part", clear, text("\x82\x01\x05x", 4), "note", "BROKEN", false},
        {"nothing at all", nothing, nothing, "type", "", true},
        {"too large", {large, sizeof large}, nothing, "event", "SIZE", false},
        {"too large together", clear, {large, SG_EVENT_MAX}, "event", "SIZE", false},
        {"no salt", clear, text("\x82\x01\x01x", 4), "salt", "", true},
        {"a short salt", clear, text("\x82\x01\x01x\x8a\x01\x01x", 8), "salt", "", true},
        {"salt alone", clear, text("\x8a\x01\x01x", 4), "personal", "EMPTY", false},
        {"another payload in the personal part", clear,
         joined(personal, text("\xba\x06\x03\x32\x01x", 6)), "payload", "EXACTLY_ONE", true},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(parts); i++) {
        struct sg_event event;
        struct sg_fault fault;
        struct sg_why why = {""};
        UNIT_OK(
            sg_event_decode(parts[i].clear, parts[i].personal, NULL, &arena, &event, &fault, &why));
        if (!fault.code || strcmp(fault.object, parts[i].object) != 0 ||
            strcmp(fault.detail, parts[i].detail) != 0 ||
            (event.envelope != NULL) != parts[i].envelope)
            fail_msg("%s: %s '%s' %s", parts[i].name, sg_status_name(fault.code), fault.object,
                     fault.detail);
    }
}

static void a_topic_without_payload_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *type, *object;
    } types[] = {{"referral.submitted", "payload"}, {"weather.changed", "type"}};
    for (size_t i = 0; i < SG_ARRAY_LEN(types); i++) {
        PbEnvelope *e;
        struct sg_bytes clear, personal;
        struct sg_event event;
        split_good(&e, &clear, &personal);
        char type[32];
        (void)snprintf(type, sizeof type, "%s", types[i].type);
        e->referral_submitted = NULL;
        e->type = type;
        struct sg_fault fault = decode(e, &event);
        assert_int_equal(fault.code, SG_ST_SCHEMA);
        assert_string_equal(fault.object, types[i].object);
    }
}

static void a_refused_event_still_says_whose_it_is(void **state)
{
    (void)state;
    struct sg_event event;
    sg_arena_reset(&arena, 0);
    struct sg_fault fault = decode(changed("\"priority\":\"NORMAL_14D\",", ""), &event);
    assert_int_equal(fault.code, SG_ST_MISSING_FIELD);
    assert_string_equal(event.envelope->publisher_agency, "satpolpp");
    assert_int_equal(event.type, 101);
    assert_ptr_equal(event.payload, event.envelope->referral_submitted);
}

static void times_that_no_number_holds_are_refused(void **state)
{
    (void)state;
    static const int64_t seconds[] = {INT64_MAX, INT64_MIN, INT64_C(253402300800)};
    for (size_t i = 0; i < SG_ARRAY_LEN(seconds); i++) {
        PbEnvelope *e;
        struct sg_bytes clear, personal;
        struct sg_event event;
        split_good(&e, &clear, &personal);
        e->occurred_at->seconds = seconds[i];
        struct sg_fault fault = decode(e, &event);
        assert_int_equal(fault.code, SG_ST_SCHEMA);
        assert_string_equal(fault.object, "occurred_at");
    }
}

static void an_old_region_is_noticed(void **state)
{
    (void)state;
    struct sg_event event;
    sg_arena_reset(&arena, 0);
    assert_int_equal(decode(parse(good), &event).code, 0);
    assert_false(event.old_region);
    PbEnvelope *e = parse(good); /* 14.71.13 was made on 1 January 2021 */
    e->occurred_at->seconds = e->recorded_at->seconds = INT64_C(1546300800);
    memcpy(e->referral_submitted->found_region, "14.71.13", 8);
    assert_int_equal(decode(e, &event).code, 0);
    assert_true(event.old_region);
}

static void faults_hold_no_personal_value(void **state)
{
    (void)state;
    struct sg_event event;
    char line[512];
    sg_arena_reset(&arena, 0);
    struct sg_fault fault = decode(changed("1471991004950001", "1471994003950001"), &event);
    assert_int_equal(fault.code, SG_ST_SCHEMA);
    sg_fault_text_id(&fault, line, sizeof line);
    assert_null(strstr(line, "147199"));
}

static void an_event_without_personal_fields_has_one_part(void **state)
{
    (void)state;
    struct sg_event event;
    struct sg_why why = {""};
    struct sg_bytes clear, personal;
    static const char decided[] =
        "{\"type\":\"referral.decided\",\"schemaMinor\":0,\"publisherAgency\":\"dinsos\","
        "\"actorRef\":\"ds-1\",\"occurredAt\":\"2026-05-04T01:00:00Z\",\"timeQuality\":\"EXACT\","
        "\"recordedAt\":\"2026-05-04T01:00:00Z\",\"referralDecided\":{\"referralId\":"
        "\"01968a3e-0000-7000-8000-000000000001\",\"decision\":\"ACCEPTED\"}}";
    sg_arena_reset(&arena, 0);
    PbEnvelope *e = parse(decided);
    assert_int_equal(decode(e, &event).code, 0); /* and no legal basis */
    UNIT_OK(sg_event_split(e, salt, &arena, &clear, &personal, &why));
    assert_int_equal(personal.len, 0);
    assert_int_equal(event.personal.len, 0);
}

static void bounds_of_a_list_are_those_of_its_length(void **state)
{
    (void)state;
    static const char format[] =
        "{\"type\":\"seat.allocation_changed\",\"schemaMinor\":0,\"publisherAgency\":\"dinsos\","
        "\"actorRef\":\"ds-1\",\"occurredAt\":\"2026-05-04T01:00:00Z\",\"timeQuality\":\"EXACT\","
        "\"recordedAt\":\"2026-05-04T01:00:00Z\",\"seatAllocationChanged\":{\"allocationId\":"
        "\"01968a3e-0000-7000-8000-000000000001\",\"slotId\":\"01968a3e-0000-7000-8000-"
        "000000000002\","
        "\"change\":\"HELD\",\"warnings\":[%s]}}";
    static const struct {
        const char *warnings;
        uint32_t code;
    } lists_of[] = {{"105,104,103,102,101,100,99,98", 0}, {"1,2,3,4,5,6,7,8,9", SG_ST_SCHEMA}};
    for (size_t i = 0; i < SG_ARRAY_LEN(lists_of); i++) {
        struct sg_event event;
        char line[1024];
        (void)snprintf(line, sizeof line, format, lists_of[i].warnings);
        sg_arena_reset(&arena, 0);
        assert_int_equal(decode(parse(line), &event).code, lists_of[i].code);
    }
}

static void split_keeps_the_payload_and_drops_what_has_no_class(void **state)
{
    (void)state;
    struct sg_why why = {""};
    struct sg_event event;
    struct sg_bytes clear, personal;
    uint8_t secret[] = "Budi";
    ProtobufCMessageUnknownField unknown = {
        .tag = 1000, .wire_type = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED, .len = 4, .data = secret};
    PbEnvelope e = PB_ENVELOPE__INIT;
    PbCaseRelapseDetected relapse = PB_CASE_RELAPSE_DETECTED__INIT; /* all fields are personal */
    relapse.has_days = true;
    relapse.base.n_unknown_fields = e.base.n_unknown_fields = 1;
    relapse.base.unknown_fields = e.base.unknown_fields = &unknown;
    e.case_relapse_detected = &relapse;
    sg_arena_reset(&arena, 0);
    assert_int_equal(sg_event_split(&e, NULL, &arena, &clear, &personal, &why), SG_E_FORMAT);
    UNIT_OK(sg_event_split(&e, salt, &arena, &clear, &personal, &why));
    assert_null(memmem(clear.ptr, clear.len, "Budi", 4));
    assert_null(memmem(personal.ptr, personal.len, "Budi", 4));
    UNIT_OK(sg_event_reopen(clear, nothing, &arena, &event, &why));
    assert_int_equal(event.type, 204);
    UNIT_OK(sg_event_reopen(clear, personal, &arena, &event, &why));
    assert_true(event.envelope->case_relapse_detected->has_days);
    assert_memory_equal(event.envelope->salt.data, salt, sizeof salt);
}

static void reopening_needs_one_payload(void **state)
{
    (void)state;
    struct sg_event event;
    struct sg_why why = {""};
    assert_int_equal(sg_event_reopen(nothing, nothing, &arena, &event, &why), SG_E_FORMAT);
    assert_int_equal(sg_event_reopen(text("\x18", 1), nothing, &arena, &event, &why), SG_E_FORMAT);
    assert_int_equal(
        sg_event_reopen(text("\xaa\x06\x00\xb2\x06\x00", 6), nothing, &arena, &event, &why),
        SG_E_FORMAT);
}

/* An arena that is too small by any number of bytes is an error of ours, not of the event. */
static void a_full_arena_refuses_nothing(void **state)
{
    (void)state;
    PbEnvelope *e;
    struct sg_bytes clear, personal;
    split_good(&e, &clear, &personal);
    static _Alignas(16) uint8_t room[1 << 16];
    size_t size = 0;
    for (bool whole = false; !whole; size += 16) {
        struct sg_arena small = {.base = room, .size = size};
        struct sg_event event;
        struct sg_fault fault;
        struct sg_why why = {""};
        assert_true(size < sizeof room);
        enum sg_err err = sg_event_decode(clear, personal, NULL, &small, &event, &fault, &why);
        assert_true(err == SG_OK || err == SG_E_LIMIT);
        assert_int_equal(fault.code, 0);
        whole = err == SG_OK;
        small.used = 0;
        small.spent = false;
        struct sg_bytes parts[2];
        err = sg_event_split(e, salt, &small, &parts[0], &parts[1], &why);
        assert_true(err == SG_OK || err == SG_E_LIMIT);
    }
    assert_true(size > 512);
}

static void a_decode_has_a_budget(void **state)
{
    (void)state;
    static uint8_t bytes[60000];
    PbServerFrame *frame = NULL;
    struct sg_why why = {""};
    size_t len = 0, inner;
    /* 250 outcomes of 110 empty messages each: 56,000 bytes that want more than eight times as much
     */
    uint8_t outcome[2 + 1 + 110 * 2] = {0x22, (110 * 2 & 0x7f) | 0x80, 110 * 2 >> 7};
    for (size_t i = 3; i < sizeof outcome; i += 2)
        outcome[i] = 0x3a;
    for (int i = 0; i < 250; i++, len += sizeof outcome)
        memcpy(bytes + 4 + len, outcome, sizeof outcome);
    inner = len;
    bytes[0] = 0x12;
    bytes[1] = (uint8_t)(inner | 0x80);
    bytes[2] = (uint8_t)(inner >> 7 | 0x80);
    bytes[3] = (uint8_t)(inner >> 14);
    sg_arena_reset(&arena, 0);
    struct sg_bytes body = {bytes, inner + 4};
    UNIT_OK(sg_decode_row(&pb_server_frame__descriptor, body, &arena, &frame, &why));
    assert_int_equal(sg_decode(&pb_server_frame__descriptor, body, &arena, &frame, &why),
                     SG_E_LIMIT);
    assert_false(arena.spent); /* the budget, not the arena */
}

static void rows_and_encoding_name_what_fails(void **state)
{
    (void)state;
    struct sg_why why = {""};
    PbEventRef *ref = NULL;
    struct sg_bytes bytes;
    struct sg_arena none = {0};
    sg_arena_reset(&arena, 0);
    assert_int_equal(
        sg_decode_row(&pb_event_ref__descriptor, text("\x0a\x05", 2), &arena, &ref, &why),
        SG_E_FORMAT);
    assert_int_equal(
        sg_decode_row(&pb_event_ref__descriptor, text("\x10\x05", 2), &none, &ref, &why),
        SG_E_LIMIT);
    UNIT_OK(sg_decode_row(&pb_event_ref__descriptor, text("\x10\x05", 2), &arena, &ref, &why));
    assert_int_equal(ref->number, 5);
    none.spent = false;
    assert_int_equal(sg_encode(ref, &none, &bytes, &why), SG_E_LIMIT);

    PbServerFrame frame = PB_SERVER_FRAME__INIT;
    PbDeliver deliver = PB_DELIVER__INIT;
    PbDelivery delivery = PB_DELIVERY__INIT, *deliveries[] = {&delivery, NULL};
    frame.deliver = &deliver;
    deliver.n_deliveries = 2;
    deliver.deliveries = deliveries;
    assert_int_equal(sg_encode(&frame, &arena, &bytes, &why), SG_E_FORMAT);
    deliver.n_deliveries = 1;
    UNIT_OK(sg_encode(&frame, &arena, &bytes, &why));
}

static void frames_are_bounded(void **state)
{
    (void)state;
    struct sg_why why = {""};
    PbClientFrame *frame = NULL;
    uint8_t bytes[400];
    for (size_t i = 0; i < sizeof bytes; i += 2) { /* Hello.outboxes: 196 empty entries */
        bytes[i] = 0x22;
        bytes[i + 1] = 0;
    }
    bytes[0] = 0x0a;
    bytes[1] = 0x80 | (396 & 0x7f);
    bytes[2] = 396 >> 7;
    bytes[3] = 0x18; /* makes no sense: the walk must end, not run on */
    assert_int_not_equal(sg_decode(&pb_client_frame__descriptor,
                                   (struct sg_bytes){bytes, sizeof bytes}, &arena, &frame, &why),
                         SG_OK);
    assert_int_equal(
        sg_decode(&pb_client_frame__descriptor, (struct sg_bytes){NULL, 0}, &arena, &frame, &why),
        SG_OK);
}

int main(void)
{
    struct sg_why why;
    if (sg_arena_init(&arena, 16 << 20, &why) || sg_lists_load("conf/codes", &lists, &why))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_follow_the_table),
        cmocka_unit_test(times_that_disagree_point_to_the_clock),
        cmocka_unit_test(split_and_decode_are_inverse),
        cmocka_unit_test(a_field_in_the_wrong_part_is_refused),
        cmocka_unit_test(parts_are_refused_by_their_bytes),
        cmocka_unit_test(a_topic_without_payload_is_named),
        cmocka_unit_test(a_refused_event_still_says_whose_it_is),
        cmocka_unit_test(times_that_no_number_holds_are_refused),
        cmocka_unit_test(an_old_region_is_noticed),
        cmocka_unit_test(faults_hold_no_personal_value),
        cmocka_unit_test(an_event_without_personal_fields_has_one_part),
        cmocka_unit_test(bounds_of_a_list_are_those_of_its_length),
        cmocka_unit_test(split_keeps_the_payload_and_drops_what_has_no_class),
        cmocka_unit_test(reopening_needs_one_payload),
        cmocka_unit_test(a_full_arena_refuses_nothing),
        cmocka_unit_test(a_decode_has_a_budget),
        cmocka_unit_test(rows_and_encoding_name_what_fails),
        cmocka_unit_test(frames_are_bounded)};
    int bad = cmocka_run_group_tests(tests, NULL, NULL);
    sg_lists_free(&lists);
    sg_arena_done(&arena);
    return bad;
}
