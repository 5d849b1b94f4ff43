#include "unit/unit.h"

#include "sinergi/v1/event.pb-c.h"
#include "wire/json.h"
#include "wire/scan.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARENA = 1 << 20 };

static struct sg_arena arena;

static int set_up(void **state)
{
    (void)state;
    return sg_arena_init(&arena, ARENA, NULL) != SG_OK;
}

static int tear_down(void **state)
{
    (void)state;
    sg_arena_done(&arena);
    return 0;
}

static void json_done(json_t **json)
{
    json_decref(*json);
}

static PbEnvelope *envelope_of(const char *text, struct sg_fault *fault)
{
    PbEnvelope *envelope = NULL;
    SG_AUTO(json_done) json_t *json = sg_json_parse(text, strlen(text), fault);
    return json && sg_json_to(json, &pb_envelope__descriptor, &arena, &envelope, fault) ? envelope
                                                                                        : NULL;
}

static PbEnvelope *must(const char *text)
{
    struct sg_fault fault = {0};
    PbEnvelope *envelope = envelope_of(text, &fault);
    if (!envelope)
        fail_msg("%s: %s %s %s", text, fault.object, fault.detail, fault.accepted);
    return envelope;
}

static char *print(const void *message)
{
    SG_AUTO(json_done) json_t *json = sg_json_of(message);
    assert_non_null(json);
    return json_dumps(json, JSON_COMPACT);
}

/* What is taken, and how it is printed. */
static const struct value {
    const char *name, *in, *out; /* out NULL: as it came in */
} values[] = {
    {"nothing", "{}", NULL},
    {"null is absent", "{\"type\":null}", "{}"},
    {"name of the .proto file", "{\"actor_ref\":\"sp-1\"}", "{\"actorRef\":\"sp-1\"}"},
    {"text of the city", "{\"note\":\"simpang \\\"Garuda\\\" \xc3\xa9\"}", NULL},
    {"empty text", "{\"note\":\"\"}", NULL},
    {"whole name of an enum", "{\"timeQuality\":\"TIME_QUALITY_EXACT\"}", NULL},
    {"short name of an enum", "{\"timeQuality\":\"DATE_ONLY\"}",
     "{\"timeQuality\":\"TIME_QUALITY_DATE_ONLY\"}"},
    {"unspecified", "{\"timeQuality\":\"TIME_QUALITY_UNSPECIFIED\"}", NULL},
    {"short names that are numbers",
     "{\"referralSubmitted\":{\"suspectedPpks\":[\"04\",\"PPKS_11\"]}}",
     "{\"referralSubmitted\":{\"suspectedPpks\":[\"PPKS_04\",\"PPKS_11\"]}}"},
    {"a nested enum", "{\"slotOffered\":{\"certificate\":\"COMPETENCY\"}}",
     "{\"slotOffered\":{\"certificate\":\"CERTIFICATE_COMPETENCY\"}}"},
    {"64 bits as text", "{\"seq\":\"18446744073709551615\"}", NULL},
    {"64 bits as number", "{\"seq\":7}", "{\"seq\":\"7\"}"},
    {"64 bits, negative", "{\"slotOffered\":{\"allowanceIdrDay\":\"-9223372036854775808\"}}", NULL},
    {"64 bits, the greatest in digits", "{\"seq\":9223372036854775807}",
     "{\"seq\":\"9223372036854775807\"}"},
    {"64 bits, the least", "{\"slotOffered\":{\"allowanceIdrDay\":-9223372036854775808}}",
     "{\"slotOffered\":{\"allowanceIdrDay\":\"-9223372036854775808\"}}"},
    {"64 bits as an exponent in a text", "{\"seq\":\"1.8446744073709551615e19\"}",
     "{\"seq\":\"18446744073709551615\"}"},
    {"64 bits as an exponent", "{\"seq\":9007199254740992e0}", "{\"seq\":\"9007199254740992\"}"},
    {"32 bits", "{\"schemaMinor\":4294967295}", NULL},
    {"32 bits as text", "{\"schemaMinor\":\"4294967295\"}", "{\"schemaMinor\":4294967295}"},
    {"a fraction of zeros", "{\"schemaMinor\":1.0}", "{\"schemaMinor\":1}"},
    {"a fraction of zeros in a text", "{\"schemaMinor\":\"1.000\"}", "{\"schemaMinor\":1}"},
    {"an exponent", "{\"schemaMinor\":1e2}", "{\"schemaMinor\":100}"},
    {"an exponent in a text", "{\"schemaMinor\":\"1.5E+1\"}", "{\"schemaMinor\":15}"},
    {"an exponent below zero", "{\"schemaMinor\":\"1200e-2\"}", "{\"schemaMinor\":12}"},
    {"zero with a great exponent", "{\"schemaMinor\":\"0.0e999\"}", "{\"schemaMinor\":0}"},
    {"minus zero", "{\"schemaMinor\":-0}", "{\"schemaMinor\":0}"},
    {"minus zero in a text", "{\"schemaMinor\":\"-0\"}", "{\"schemaMinor\":0}"},
    {"32 bits, negative", "{\"placementStarted\":{\"startedOn\":{\"year\":-2147483648}}}",
     "{\"placementStarted\":{\"startedOn\":{\"year\":-2147483648,\"month\":0,\"day\":0}}}"},
    {"an enum as number", "{\"timeQuality\":1}", "{\"timeQuality\":\"TIME_QUALITY_EXACT\"}"},
    {"an enum as number zero", "{\"timeQuality\":0}",
     "{\"timeQuality\":\"TIME_QUALITY_UNSPECIFIED\"}"},
    {"an enum as an exponent", "{\"timeQuality\":0.2e1}",
     "{\"timeQuality\":\"TIME_QUALITY_DATE_ONLY\"}"},
    {"a surrogate pair", "{\"note\":\"\\ud83d\\ude00\"}", "{\"note\":\"\xf0\x9f\x98\x80\"}"},
    {"an escaped name", "{\"no\\u0074e\":\"\\u0061\\n\"}", "{\"note\":\"a\\n\"}"},
    {"null for every shape",
     "{\"seq\":null,\"derived\":null,\"timeQuality\":null,\"caseId\":null,\"occurredAt\":null,"
     "\"redactedPaths\":null,\"seatDecided\":null,\"placementStarted\":{\"startedOn\":null}}",
     "{\"placementStarted\":{}}"},
    {"zero is not absent", "{\"schemaMinor\":0,\"derived\":false}", NULL},
    {"an id", "{\"caseId\":\"01968a3e-0000-7000-8000-0000000000ff\"}", NULL},
    {"an id in capitals", "{\"caseId\":\"01968A3E-0000-7000-8000-0000000000FF\"}",
     "{\"caseId\":\"01968a3e-0000-7000-8000-0000000000ff\"}"},
    {"an id as base64", "{\"caseId\":\"AZaKPgAAcACAAAAAAAAA/w==\"}",
     "{\"caseId\":\"01968a3e-0000-7000-8000-0000000000ff\"}"},
    {"an id of zeros", "{\"caseId\":\"00000000-0000-0000-0000-000000000000\"}", NULL},
    {"other bytes", "{\"salt\":\"+/8=\"}", NULL},
    {"other bytes, URL alphabet", "{\"salt\":\"-_8\"}", "{\"salt\":\"+/8=\"}"},
    {"24 bytes that look like 32 digits", "{\"salt\":\"0123456789abcdef0123456789abcdef\"}", NULL},
    {"other bytes without padding", "{\"salt\":\"+/8\"}", "{\"salt\":\"+/8=\"}"},
    {"other bytes, URL alphabet with padding", "{\"salt\":\"-_8=\"}", "{\"salt\":\"+/8=\"}"},
    {"no bytes", "{\"salt\":\"\"}", NULL},
    {"a time", "{\"occurredAt\":\"2026-05-04T02:40:00Z\"}", NULL},
    {"a time with milliseconds", "{\"occurredAt\":\"2026-05-04T02:40:00.125Z\"}", NULL},
    {"a time with microseconds", "{\"occurredAt\":\"2026-05-04T02:40:00.000125Z\"}", NULL},
    {"a time with nanoseconds", "{\"occurredAt\":\"2026-05-04T02:40:00.000000001Z\"}", NULL},
    {"a fraction in between", "{\"occurredAt\":\"2026-05-04T02:40:00.1Z\"}",
     "{\"occurredAt\":\"2026-05-04T02:40:00.100Z\"}"},
    {"a fraction of zeros", "{\"occurredAt\":\"2026-05-04T02:40:00.000000000Z\"}",
     "{\"occurredAt\":\"2026-05-04T02:40:00Z\"}"},
    {"a fraction and an offset", "{\"occurredAt\":\"2026-05-03T20:40:00.1250625-06:00\"}",
     "{\"occurredAt\":\"2026-05-04T02:40:00.125062500Z\"}"},
    {"a time with small letters", "{\"occurredAt\":\"2026-05-04t02:40:00z\"}",
     "{\"occurredAt\":\"2026-05-04T02:40:00Z\"}"},
    {"the last instant", "{\"occurredAt\":\"9999-12-31T23:59:59.999999999Z\"}", NULL},
    {"nanoseconds before 1970", "{\"occurredAt\":\"1969-12-31T23:59:59.999999999Z\"}", NULL},
    {"a time of Pekanbaru", "{\"occurredAt\":\"2026-05-04T09:40:00+07:00\"}",
     "{\"occurredAt\":\"2026-05-04T02:40:00Z\"}"},
    {"a time before 1970", "{\"occurredAt\":\"1969-12-31T23:59:59.999Z\"}", NULL},
    {"a day", "{\"placementStarted\":{\"startedOn\":\"2026-05-04\"}}", NULL},
    {"a month", "{\"placementStarted\":{\"startedOn\":\"2026-05\"}}", NULL},
    {"a year", "{\"placementStarted\":{\"startedOn\":\"2026\"}}", NULL},
    {"a day as object",
     "{\"placementStarted\":{\"startedOn\":{\"year\":2026,\"month\":5,\"day\":4}}}",
     "{\"placementStarted\":{\"startedOn\":\"2026-05-04\"}}"},
    {"a year as object", "{\"placementStarted\":{\"startedOn\":{\"year\":2026}}}",
     "{\"placementStarted\":{\"startedOn\":\"2026\"}}"},
    {"a day that no text has",
     "{\"placementStarted\":{\"startedOn\":{\"year\":-4,\"month\":5,\"day\":0}}}", NULL},
    {"a day without a month",
     "{\"placementStarted\":{\"startedOn\":{\"year\":2026,\"month\":0,\"day\":4}}}", NULL},
    {"an empty message", "{\"seatDecided\":{}}", NULL},
    {"an empty list", "{\"redactedPaths\":[]}", "{}"},
    {"a list of messages",
     "{\"referralPresented\":{\"person\":{\"otherDocs\":[{\"type\":\"TYPE_KK\"},{}]}}}", NULL},
    {"order of the .proto file", "{\"note\":\"a\",\"type\":\"b\"}",
     "{\"type\":\"b\",\"note\":\"a\"}"},
};

static void values_are_printed_in_one_way(void **state)
{
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(values); i++) {
        const struct value *row = &values[i];
        SG_AUTO(sg_heap_done) char *out = print(must(row->in));
        if (strcmp(out, row->out ? row->out : row->in) != 0)
            fail_msg("%s: %s", row->name, out);
    }
}

static void the_fields_are_set(void **state)
{
    (void)state;
    const PbEnvelope *e = must("{\"type\":\"a.b\",\"schemaMinor\":3,\"derived\":true,"
                               "\"occurredAt\":\"2026-05-04T02:40:00.125Z\",\"seatDecided\":{"
                               "\"decision\":\"CONFIRMED\"},\"placementStarted\":{\"startedOn\":"
                               "\"2026-05\"},\"redactedPaths\":[\"x\",\"y\"]}");
    assert_string_equal(e->type, "a.b");
    assert_true(e->has_schema_minor && e->schema_minor == 3 && e->has_derived && e->derived);
    assert_int_equal(e->occurred_at->seconds, 1777862400);
    assert_int_equal(e->occurred_at->nanos, 125000000);
    assert_true(e->seat_decided->has_decision);
    assert_int_equal(e->seat_decided->decision, PB_SEAT_DECISION_CONFIRMED);
    const PbDate *date = e->placement_started->started_on;
    assert_true(date->has_year && date->has_month && date->has_day);
    assert_true(date->year == 2026 && date->month == 5 && date->day == 0);
    const PbEnvelope *other = must("{\"placementStarted\":{\"startedOn\":{\"year\":2026}}}");
    date = other->placement_started->started_on; /* one encoding for one date */
    assert_true(date->has_month && date->has_day && date->month == 0 && date->day == 0);
    assert_int_equal(e->n_redacted_paths, 2);
    assert_string_equal(e->redacted_paths[1], "y");
    assert_false(e->has_seq || e->has_case_id || e->note);
}

static const struct refusal {
    const char *name, *in, *object, *detail, *accepted;
} refusals[] = {
    {"unknown name", "{\"colour\":1}", "colour", "UNKNOWN_NAME", "type, schemaMinor"},
    {"unknown name below", "{\"seatDecided\":{\"x\":1}}", "seatDecided.x", "UNKNOWN_NAME",
     "allocationId, decision, reason, declinedBy"},
    {"both names of a field", "{\"actorRef\":\"a\",\"actor_ref\":\"b\"}", "actorRef", "TWICE",
     "one of"},
    {"both names of a list", "{\"redactedPaths\":[],\"redacted_paths\":[]}", "redactedPaths",
     "TWICE", "one of"},
    {"unknown enum value", "{\"timeQuality\":\"SOON\"}", "timeQuality", "UNKNOWN_VALUE",
     "EXACT, DATE_ONLY, ESTIMATED"},
    {"no number of the enum", "{\"timeQuality\":99}", "timeQuality", "UNKNOWN_VALUE", "EXACT"},
    {"a negative number of an enum", "{\"timeQuality\":-1}", "timeQuality", "UNKNOWN_VALUE",
     "EXACT"},
    {"part of a number of an enum", "{\"timeQuality\":1.5}", "timeQuality", "UNKNOWN_VALUE",
     "EXACT"},
    {"a number of an enum in a text", "{\"timeQuality\":\"1\"}", "timeQuality", "UNKNOWN_VALUE",
     "EXACT"},
    {"an enum in small letters", "{\"timeQuality\":\"exact\"}", "timeQuality", "UNKNOWN_VALUE",
     "EXACT"},
    {"an enum as boolean", "{\"timeQuality\":true}", "timeQuality", "UNKNOWN_VALUE", "EXACT"},
    {"many enum values", "{\"seatDecided\":{\"reason\":\"x\"}}", "seatDecided.reason",
     "UNKNOWN_VALUE", ", …"},
    {"in a list", "{\"referralSubmitted\":{\"suspectedPpks\":[\"04\",\"4\"]}}",
     "referralSubmitted.suspectedPpks[1]", "UNKNOWN_VALUE", "01, 02"},
    {"in a message of a list",
     "{\"referralSubmitted\":{\"person\":{\"otherDocs\":[{},{\"number\":5}]}}}",
     "referralSubmitted.person.otherDocs[1].number", "TEXT", "a text"},
    {"null in a list", "{\"redactedPaths\":[null]}", "redactedPaths[0]", "TEXT", "a text"},
    {"no list", "{\"redactedPaths\":\"x\"}", "redactedPaths", "LIST", "[ … ]"},
    {"no text", "{\"note\":7}", "note", "TEXT", "a text"},
    {"no boolean", "{\"derived\":\"true\"}", "derived", "BOOLEAN", "true or false"},
    {"no object", "{\"seatDecided\":[]}", "seatDecided", "OBJECT", "an object"},
    {"fraction", "{\"schemaMinor\":1.5}", "schemaMinor", "NUMBER", "from 0"},
    {"fraction in a text", "{\"schemaMinor\":\"1.5\"}", "schemaMinor", "NUMBER", "from 0"},
    {"fraction by exponent", "{\"schemaMinor\":\"15e-1\"}", "schemaMinor", "NUMBER", "from 0"},
    {"negative", "{\"schemaMinor\":-1}", "schemaMinor", "NUMBER", "from 0 to 4294967295"},
    {"too large for 32 bits", "{\"schemaMinor\":4294967296}", "schemaMinor", "NUMBER", "from 0"},
    {"an exponent too large for 32 bits", "{\"schemaMinor\":1e10}", "schemaMinor", "NUMBER",
     "from 0"},
    {"too low for 32 bits", "{\"placementStarted\":{\"startedOn\":{\"year\":-2147483649}}}",
     "placementStarted.startedOn.year", "NUMBER", "32 bits"},
    {"a leading zero in a text", "{\"schemaMinor\":\"01\"}", "schemaMinor", "NUMBER", "from 0"},
    {"a point without digits", "{\"schemaMinor\":\"1.\"}", "schemaMinor", "NUMBER", "from 0"},
    {"an exponent without digits", "{\"schemaMinor\":\"1e\"}", "schemaMinor", "NUMBER", "from 0"},
    {"an exponent of four digits", "{\"schemaMinor\":\"0e1000\"}", "schemaMinor", "NUMBER",
     "from 0"},
    {"a number with a tail", "{\"schemaMinor\":\"1x\"}", "schemaMinor", "NUMBER", "from 0"},
    {"hexadecimal", "{\"schemaMinor\":\"0x1\"}", "schemaMinor", "NUMBER", "from 0"},
    {"NaN", "{\"schemaMinor\":\"NaN\"}", "schemaMinor", "NUMBER", "from 0"},
    {"Infinity", "{\"seq\":\"Infinity\"}", "seq", "NUMBER", "64 bits"},
    {"NaN without quotes", "{\"schemaMinor\":NaN}", "JSON", "SYNTAX", "line 1"},
    {"a number beyond every double", "{\"seq\":1e999}", "JSON", "SYNTAX", "overflow"},
    {"a number as boolean", "{\"schemaMinor\":true}", "schemaMinor", "NUMBER", "from 0"},
    {"a boolean as number", "{\"derived\":1}", "derived", "BOOLEAN", "true or false"},
    {"2^63 in digits", "{\"seq\":9223372036854775808}", "JSON", "SYNTAX", "too big integer"},
    {"beyond what a double names exactly", "{\"seq\":9007199254740994.0}", "seq", "NUMBER",
     "64 bits"},
    {"too low for 64 bits", "{\"slotOffered\":{\"allowanceIdrDay\":\"-9223372036854775809\"}}",
     "slotOffered.allowanceIdrDay", "NUMBER", "64 bits"},
    {"an exponent too large for 64 bits", "{\"seq\":\"2e19\"}", "seq", "NUMBER", "64 bits"},
    {"half a surrogate pair", "{\"note\":\"\\ud83d\"}", "JSON", "SYNTAX", "line 1"},
    {"a surrogate pair in the wrong order", "{\"note\":\"\\ude00\\ud83d\"}", "JSON", "SYNTAX",
     "line 1"},
    {"a surrogate as UTF-8", "{\"note\":\"\xed\xa0\xbd\"}", "JSON", "SYNTAX", "decode"},
    {"a NUL in a name", "{\"no\\u0000te\":\"a\"}", "JSON", "SYNTAX", "line 1"},
    {"a name with a control character", "{\"a\\u001b[2Jb\":1}", "a?[2Jb", "UNKNOWN_NAME", "type"},
    {"negative 64 bits", "{\"seq\":-1}", "seq", "NUMBER", "not negative"},
    {"too large for 64 bits", "{\"seq\":\"18446744073709551616\"}", "seq", "NUMBER", "64 bits"},
    {"64 bits with a plus", "{\"seq\":\"+1\"}", "seq", "NUMBER", "64 bits"},
    {"64 bits with a space", "{\"seq\":\" 1\"}", "seq", "NUMBER", "64 bits"},
    {"64 bits of nothing", "{\"seq\":\"\"}", "seq", "NUMBER", "64 bits"},
    {"an id with a slip", "{\"caseId\":\"01968a3e-0000-7000-8000-0000000000fg\"}", "caseId",
     "BYTES", "an id such as"},
    {"an id with a dash too many", "{\"caseId\":\"01968a3e-0000-7000-8000-000000-000ff\"}",
     "caseId", "BYTES", "an id"},
    {"an id without an end", "{\"caseId\":\"01968a3e-0000-7000-8000-0000000000f\"}", "caseId",
     "BYTES", "an id"},
    {"both alphabets", "{\"salt\":\"+_8=\"}", "salt", "BYTES", "base64"},
    {"base64 with too much padding", "{\"salt\":\"+/8==\"}", "salt", "BYTES", "base64"},
    {"base64 with bits left over", "{\"salt\":\"+/9=\"}", "salt", "BYTES", "base64"},
    {"base64 with a line break", "{\"salt\":\"+/\\n8=\"}", "salt", "BYTES", "base64"},
    {"no base64", "{\"salt\":\"a b\"}", "salt", "BYTES", "base64"},
    {"bytes as list", "{\"salt\":[1]}", "salt", "BYTES", "base64"},
    {"a time without zone", "{\"occurredAt\":\"2026-05-04T02:40:00\"}", "occurredAt", "TIME",
     "02:40:00Z"},
    {"a time with ten digits of a second", "{\"occurredAt\":\"2026-05-04T02:40:00.0000000001Z\"}",
     "occurredAt", "TIME", "02:40:00Z"},
    {"a time with a point alone", "{\"occurredAt\":\"2026-05-04T02:40:00.Z\"}", "occurredAt",
     "TIME", "02:40:00Z"},
    {"a leap second", "{\"occurredAt\":\"2026-12-31T23:59:60Z\"}", "occurredAt", "TIME",
     "02:40:00Z"},
    {"a day that is not", "{\"occurredAt\":\"2026-02-29T00:00:00Z\"}", "occurredAt", "TIME",
     "a time"},
    {"hour 24", "{\"occurredAt\":\"2026-02-28T24:00:00Z\"}", "occurredAt", "TIME", "a time"},
    {"an offset without minutes", "{\"occurredAt\":\"2026-05-04T09:40:00+07\"}", "occurredAt",
     "TIME", "a time"},
    {"an offset of a day", "{\"occurredAt\":\"2026-05-04T09:40:00+24:00\"}", "occurredAt", "TIME",
     "a time"},
    {"a time as object", "{\"occurredAt\":{\"seconds\":1}}", "occurredAt", "TIME", "a time"},
    {"a time as number", "{\"occurredAt\":1}", "occurredAt", "TIME", "a time"},
    {"a time after the last year", "{\"occurredAt\":\"9999-12-31T23:59:59-01:00\"}", "occurredAt",
     "TIME", "a time"},
    {"a date with a space", "{\"placementStarted\":{\"startedOn\":\" 026-05-04\"}}",
     "placementStarted.startedOn", "DATE", "2026-05"},
    {"a date in another order", "{\"placementStarted\":{\"startedOn\":\"04-05-2026\"}}",
     "placementStarted.startedOn", "DATE", "2026-05"},
    {"a date with a zero", "{\"placementStarted\":{\"startedOn\":\"2026-05-00\"}}",
     "placementStarted.startedOn", "DATE", "2026-05"},
    {"a month of zero", "{\"placementStarted\":{\"startedOn\":\"2026-00\"}}",
     "placementStarted.startedOn", "DATE", "2026-05"},
    {"a date with a tail", "{\"placementStarted\":{\"startedOn\":\"2026-05-04T\"}}",
     "placementStarted.startedOn", "DATE", "2026-05"},
    {"a date as number", "{\"placementStarted\":{\"startedOn\":2026}}",
     "placementStarted.startedOn", "DATE", "2026-05"},
    {"a list of JSON", "[]", "Envelope", "OBJECT", "an object"},
    {"no JSON", "{\"note\":", "JSON", "SYNTAX", "line 1, column"},
    {"line of the error", "{\n\"note\": \"a\",\n}", "JSON", "SYNTAX", "line 3, column 1"},
    {"a key twice", "{\"note\":\"a\",\"note\":\"b\"}", "JSON", "SYNTAX", "duplicate"},
    {"something behind it", "{} {}", "JSON", "SYNTAX", "end of file"},
    {"a NUL", "{\"note\":\"a\\u0000b\"}", "JSON", "SYNTAX", "line 1"},
    {"not UTF-8", "{\"note\":\"\xff\"}", "JSON", "SYNTAX", "decode"},
};

static void refusals_name_path_rule_and_what_is_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(refusals); i++) {
        const struct refusal *row = &refusals[i];
        struct sg_fault fault = {0};
        if (envelope_of(row->in, &fault))
            fail_msg("%s: was taken", row->name);
        bool code =
            fault.code == (strcmp(row->detail, "UNKNOWN_VALUE") ? SG_ST_SCHEMA : SG_ST_BAD_CODE);
        if (!code || strcmp(fault.object, row->object) || strcmp(fault.detail, row->detail) ||
            !strstr(fault.accepted, row->accepted))
            fail_msg("%s: %u '%s' %s '%s'", row->name, fault.code, fault.object, fault.detail,
                     fault.accepted);
    }
}

static void what_would_be_accepted_ends_with_a_whole_name(void **state)
{
    (void)state;
    struct sg_fault fault = {0};
    assert_null(envelope_of("{\"colour\":1}", &fault));
    size_t len = strlen(fault.accepted);
    assert_true(len < sizeof fault.accepted);
    assert_string_equal(fault.accepted + len - strlen(", …"), ", …");
}

static void a_long_path_is_cut(void **state)
{
    (void)state;
    char text[256];
    struct sg_fault fault = {0};
    (void)snprintf(text, sizeof text, "{\"seatDecided\":{\"%0200d\":1}}", 7);
    assert_null(envelope_of(text, &fault));
    assert_int_equal(strlen(fault.object), sizeof fault.object - 1);
}

/* A cut goes between characters, so that the message can be shown and stored. */
static void a_long_path_is_cut_at_a_character(void **state)
{
    (void)state;
    for (size_t before = 0; before < 4; before++) {
        char text[512] = "{\"";
        struct sg_fault fault = {0};
        (void)snprintf(text + 2, sizeof text - 2, "%.*s", (int)before, "xxx");
        for (int i = 0; i < 100; i++)
            (void)strcat(text, "\xe2\x82\xac");
        (void)strcat(text, "\":1}");
        assert_null(envelope_of(text, &fault));
        assert_true(strlen(fault.object) >= sizeof fault.object - 3);
        assert_true(sg_utf8_valid(sg_bytes_of(fault.object), false));
    }
}

static void depth_and_size_are_bounded(void **state)
{
    (void)state;
    SG_AUTO(sg_heap_done) char *text = malloc(SG_JSON_TEXT_MAX + 2);
    struct sg_fault fault = {0};
    assert_non_null(text);
    memset(text, ' ', SG_JSON_TEXT_MAX + 1);
    memcpy(text, "{}", 2);
    SG_AUTO(json_done) json_t *largest = sg_json_parse(text, SG_JSON_TEXT_MAX, &fault);
    assert_non_null(largest);
    assert_null(sg_json_parse(text, SG_JSON_TEXT_MAX + 1, &fault));
    assert_string_equal(fault.detail, "TOO_LARGE");
    memset(text, '[', SG_JSON_TEXT_MAX); /* deeper than any stack */
    assert_null(sg_json_parse(text, SG_JSON_TEXT_MAX, &fault));
    assert_string_equal(fault.detail, "SYNTAX");
}

static void bounds_are_kept(void **state)
{
    (void)state;
    struct sg_fault fault = {0};
    SG_AUTO(json_done) json_t *list = json_array();
    SG_AUTO(json_done) json_t *object = json_object();
    for (int i = 0; i < 256; i++)
        (void)json_array_append_new(list, json_string("x"));
    (void)json_object_set(object, "redactedPaths", list);
    PbEnvelope *envelope = NULL;
    assert_true(sg_json_to(object, &pb_envelope__descriptor, &arena, &envelope, &fault));
    assert_int_equal(envelope->n_redacted_paths, 256);
    (void)json_array_append_new(list, json_string("x"));
    assert_false(sg_json_to(object, &pb_envelope__descriptor, &arena, &envelope, &fault));
    assert_string_equal(fault.detail, "TOO_MANY");
}

static void a_full_arena_is_too_large(void **state)
{
    (void)state;
    static const char text[] = "{\"note\":\"abc\",\"caseId\":\"AAAA\",\"seatDecided\":{},"
                               "\"redactedPaths\":[\"a\"],\"occurredAt\":\"2026-05-04T02:40:00Z\"}";
    struct sg_why why;
    SG_AUTO(json_done) json_t *json = json_loads(text, 0, NULL);
    size_t refused = 0;
    for (size_t size = 16; size <= 4096; size += 16) {
        struct sg_arena small = {0};
        struct sg_fault fault = {0};
        PbEnvelope *envelope = NULL;
        UNIT_OK(sg_arena_init(&small, size, &why));
        bool good = sg_json_to(json, &pb_envelope__descriptor, &small, &envelope, &fault);
        if (good != (envelope != NULL) || (!good && strcmp(fault.detail, "TOO_LARGE") != 0))
            fail_msg("%zu bytes: %s", size, fault.detail);
        refused += !good;
        sg_arena_done(&small);
    }
    assert_true(refused > 10 && refused < 256);
}

static void what_only_a_frame_can_hold_is_printed(void **state)
{
    (void)state;
    Google__Protobuf__Timestamp t = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    char bad[] = "a\xff\x80z";
    PbEnvelope e = PB_ENVELOPE__INIT;
    e.has_time_quality = true;
    e.time_quality = (PbTimeQuality)99;
    e.note = bad;
    t.seconds = INT64_MAX;
    e.occurred_at = &t;
    SG_AUTO(sg_heap_done) char *out = print(&e);
    assert_string_equal(out, "{\"occurredAt\":\"9223372036854775807\",\"timeQuality\":99,"
                             "\"note\":\"a??z\"}");
    PbDate date = PB_DATE__INIT;
    date.has_year = true; /* an absent month is an unknown one */
    date.year = 1995;
    PbPlacementStarted started = PB_PLACEMENT_STARTED__INIT;
    started.started_on = &date;
    SG_AUTO(sg_heap_done) char *year = print(&started);
    assert_string_equal(year, "{\"startedOn\":\"1995\"}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
UNIT_MAIN(TEST(values_are_printed_in_one_way), TEST(the_fields_are_set),
          TEST(refusals_name_path_rule_and_what_is_accepted),
          TEST(what_would_be_accepted_ends_with_a_whole_name), TEST(a_long_path_is_cut),
          TEST(a_long_path_is_cut_at_a_character), TEST(depth_and_size_are_bounded),
          TEST(bounds_are_kept), TEST(a_full_arena_is_too_large),
          TEST(what_only_a_frame_can_hold_is_printed))
