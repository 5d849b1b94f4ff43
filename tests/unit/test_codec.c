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

static PbEnvelope *parse(const char *text)
{
    struct sg_fault fault = {0};
    PbEnvelope *e = NULL;
    json_t *json = sg_json_parse(text, strlen(text), &fault);
    if (!json || !sg_json_to(json, &pb_envelope__descriptor, &arena, &e, &fault))
        fail_msg("%s %s: %s", fault.object, fault.accepted, text);
    json_decref(json);
    return e;
}

/* `good` with one piece of text replaced. */
static PbEnvelope *changed(const char *from, const char *to)
{
    static char text[2048];
    const char *at = strstr(good, from);
    assert_non_null(at);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
    return parse(text);
}

static struct sg_fault decode(const PbEnvelope *e, struct sg_event *event)
{
    struct sg_why why = {""};
    struct sg_bytes clear, personal;
    struct sg_fault fault;
    const uint8_t salt[16] = {1};
    const struct sg_vocabulary words = {lists, NULL};
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

static void split_and_decode_are_inverse(void **state)
{
    (void)state;
    struct sg_why why = {""};
    struct sg_event event;
    struct sg_bytes clear, personal, first, again;
    PbEnvelope *e = parse(good);
    const uint8_t salt[16] = {1};
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

static void broken_bytes_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t len;
        const char *bytes;
    } broken[] = {
        {"field number 0", 2, "\x00\x00"},
        {"group", 2, "\x0b\x0c"},
        {"length beyond the end", 2, "\x12\x7f"},
        {"endless varint", 11, "\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"},
        {"not UTF-8", 4, "\x12\x02\xc3\x28"},
        {"a NUL in a text", 3, "\x12\x01\x00"},
        {"unknown field", 3, "\xf8\x07\x01"},
        {"twice", 4, "\x18\x01\x18\x01"},
        {"wrong wire type", 2, "\x10\x01"},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(broken); i++) {
        struct sg_fault fault = {0};
        struct sg_bytes bytes = {(const uint8_t *)broken[i].bytes, broken[i].len};
        if (sg_scan_event(bytes, SG_PART_CLEAR, &fault) || fault.code != SG_ST_SCHEMA)
            fail_msg("%s was taken", broken[i].name);
    }
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
        cmocka_unit_test(refusals_follow_the_table), cmocka_unit_test(split_and_decode_are_inverse),
        cmocka_unit_test(a_field_in_the_wrong_part_is_refused),
        cmocka_unit_test(broken_bytes_are_refused), cmocka_unit_test(frames_are_bounded)};
    int bad = cmocka_run_group_tests(tests, NULL, NULL);
    sg_lists_free(&lists);
    sg_arena_done(&arena);
    return bad;
}
