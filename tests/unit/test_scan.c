/* The walk before unpacking: every way in which bytes are not a message, and how it is named. */
#include "unit/unit.h"

#include "sinergi/v1/event.pb-c.h"
#include "sinergi/v1/frame.pb-c.h"
#include "wire/limits.h"
#include "wire/scan.h"

#include <stdio.h>

/* ---- bytes by hand: everything is written in front of what is there ---- */

struct writer {
    uint8_t bytes[8192];
    size_t at; /* the first byte */
};

static void begin(struct writer *w)
{
    w->at = sizeof w->bytes;
}

static void put(struct writer *w, const void *bytes, size_t len)
{
    assert_true(len <= w->at);
    w->at -= len;
    memcpy(w->bytes + w->at, bytes, len);
}

static void put_varint(struct writer *w, uint64_t value)
{
    uint8_t to[10];
    size_t len = 0;
    for (; value >= 0x80; value >>= 7)
        to[len++] = (uint8_t)(value | 0x80);
    to[len++] = (uint8_t)value;
    put(w, to, len);
}

static void put_number(struct writer *w, uint32_t field, uint64_t value)
{
    put_varint(w, value);
    put_varint(w, (uint64_t)field << 3);
}

/* What stands behind `end` stays outside. */
static void wrap(struct writer *w, uint32_t field, size_t end)
{
    put_varint(w, end - w->at);
    put_varint(w, (uint64_t)field << 3 | 2);
}

static void put_text(struct writer *w, uint32_t field, const char *text, size_t len)
{
    size_t end = w->at;
    put(w, text, len);
    wrap(w, field, end);
}

static struct sg_bytes written(const struct writer *w)
{
    return (struct sg_bytes){w->bytes + w->at, sizeof w->bytes - w->at};
}

enum { E_QUALITY = 9, E01 = 101 };
enum { E01_PPKS = 6, E01_ACTIVITY = 9, E01_SIGNED = 13, E01_NEEDS = 14, E01_SERVICES = 16 };

/* ---- what is refused ---- */

static const struct row {
    const char *name, *bytes;
    size_t len;
    enum sg_part part;
    uint32_t code;
    const char *object, *detail;
} rows[] = {
    /* clang-format off */
    {"field number 0", "\x00\x00", 2, SG_PART_CLEAR, SG_ST_SCHEMA, "", "BROKEN"},
    {"field number too high", "\x80\x80\x80\x80\x10\x00", 6, SG_PART_CLEAR, SG_ST_SCHEMA, "", "BROKEN"},
    {"a key that ends", "\x80", 1, SG_PART_CLEAR, SG_ST_SCHEMA, "", "BROKEN"},
    {"a key without value", "\x18", 1, SG_PART_CLEAR, SG_ST_SCHEMA, "schema_minor", "BROKEN"},
    {"a varint that ends", "\x18\xff", 2, SG_PART_CLEAR, SG_ST_SCHEMA, "schema_minor", "BROKEN"},
    {"a varint of 11 bytes", "\x18\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 12, SG_PART_CLEAR, SG_ST_SCHEMA, "schema_minor", "BROKEN"},
    {"a varint over 64 bits", "\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11, SG_PART_CLEAR, SG_ST_SCHEMA, "schema_minor", "BROKEN"},
    {"a length that ends", "\x12\x80", 2, SG_PART_CLEAR, SG_ST_SCHEMA, "type", "BROKEN"},
    {"a length over the end", "\x12\x02x", 3, SG_PART_CLEAR, SG_ST_SCHEMA, "type", "BROKEN"},
    {"a length near 2^64", "\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, SG_PART_CLEAR, SG_ST_SCHEMA, "type", "BROKEN"},
    {"a length over the message", "\x42\x02\x08\x80\x18\x01", 6, SG_PART_CLEAR, SG_ST_SCHEMA, "occurred_at.seconds", "BROKEN"},
    {"a group", "\x0b\x0c", 2, SG_PART_CLEAR, SG_ST_SCHEMA, "", "UNKNOWN_FIELD"},
    {"a group of a known field", "\x13\x14", 2, SG_PART_CLEAR, SG_ST_SCHEMA, "type", "WIRE_TYPE"},
    {"wire type 6", "\x1e", 1, SG_PART_CLEAR, SG_ST_SCHEMA, "schema_minor", "WIRE_TYPE"},
    {"a number as text", "\x1a\x01\x01", 3, SG_PART_CLEAR, SG_ST_SCHEMA, "schema_minor", "WIRE_TYPE"},
    {"a text as number", "\x10\x01", 2, SG_PART_CLEAR, SG_ST_SCHEMA, "type", "WIRE_TYPE"},
    {"a message as number", "\x40\x01", 2, SG_PART_CLEAR, SG_ST_SCHEMA, "occurred_at", "WIRE_TYPE"},
    {"a number of 32 bits", "\x1d\x01\x00\x00\x00", 5, SG_PART_CLEAR, SG_ST_SCHEMA, "schema_minor", "WIRE_TYPE"},
    {"an unknown field", "\x08\x01", 2, SG_PART_CLEAR, SG_ST_SCHEMA, "", "UNKNOWN_FIELD"},
    {"an unknown field inside", "\x42\x02\x18\x01", 4, SG_PART_CLEAR, SG_ST_SCHEMA, "occurred_at", "UNKNOWN_FIELD"},
    {"a field twice", "\x18\x01\x18\x01", 4, SG_PART_CLEAR, SG_ST_SCHEMA, "schema_minor", "REPEATED"},
    {"a message twice", "\x42\x00\x42\x00", 4, SG_PART_CLEAR, SG_ST_SCHEMA, "occurred_at", "REPEATED"},
    {"a field twice inside", "\x42\x04\x08\x01\x08\x02", 6, SG_PART_CLEAR, SG_ST_SCHEMA, "occurred_at.seconds", "REPEATED"},
    {"an unknown enum value", "\x48\x63", 2, SG_PART_CLEAR, SG_ST_BAD_CODE, "time_quality", "UNKNOWN_VALUE"},
    {"a negative enum value", "\x48\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, SG_PART_CLEAR, SG_ST_BAD_CODE, "time_quality", "UNKNOWN_VALUE"},
    {"an enum value over 32 bits", "\x48\x81\x80\x80\x80\x10", 6, SG_PART_CLEAR, SG_ST_BAD_CODE, "time_quality", "UNKNOWN_VALUE"},
    {"not UTF-8", "\x12\x02\xc3\x28", 4, SG_PART_CLEAR, SG_ST_SCHEMA, "type", "TEXT"},
    {"a NUL in a text", "\x12\x01\x00", 3, SG_PART_CLEAR, SG_ST_SCHEMA, "type", "TEXT"},
    {"a line feed in a text", "\x12\x01\n", 3, SG_PART_CLEAR, SG_ST_SCHEMA, "type", "TEXT"},
    {"a note in the clear part", "\x82\x01\x01x", 4, SG_PART_CLEAR, SG_ST_SCHEMA, "note", "WRONG_PART"},
    {"the salt in the clear part", "\x8a\x01\x01x", 4, SG_PART_CLEAR, SG_ST_SCHEMA, "salt", "WRONG_PART"},
    {"the type in the personal part", "\x12\x01x", 3, SG_PART_PERSONAL, SG_ST_SCHEMA, "type", "WRONG_PART"},
    {"a time in the personal part", "\x42\x00", 2, SG_PART_PERSONAL, SG_ST_SCHEMA, "occurred_at", "WRONG_PART"},
    {"a name in the clear part", "\xaa\x06\x05\x2a\x03\x0a\x01x", 8, SG_PART_CLEAR, SG_ST_SCHEMA, "referral_submitted.person.full_name", "WRONG_PART"},
    {"a birth date in the clear part", "\xaa\x06\x04\x2a\x02\x2a\x00", 7, SG_PART_CLEAR, SG_ST_SCHEMA, "referral_submitted.person.birth_date", "WRONG_PART"},
    {"how good the name is, in the personal part", "\xaa\x06\x04\x2a\x02\x10\x01", 7, SG_PART_PERSONAL, SG_ST_SCHEMA, "referral_submitted.person.name_quality", "WRONG_PART"},
    {"an empty packed list", "\xaa\x06\x02\x32\x00", 5, SG_PART_PERSONAL, SG_ST_SCHEMA, "referral_submitted.suspected_ppks", "EMPTY"},
    {"an unknown value in a packed list", "\xaa\x06\x04\x32\x02\x01\x63", 7, SG_PART_PERSONAL, SG_ST_BAD_CODE, "referral_submitted.suspected_ppks", "UNKNOWN_VALUE"},
    {"a broken packed list", "\xaa\x06\x04\x32\x02\x01\x81", 7, SG_PART_PERSONAL, SG_ST_SCHEMA, "referral_submitted.suspected_ppks", "BROKEN"},
    {"salt alone", "\x8a\x01\x01x", 4, SG_PART_PERSONAL, SG_ST_SCHEMA, "personal", "EMPTY"},
    {"an empty message alone", "\xaa\x06\x00", 3, SG_PART_PERSONAL, SG_ST_SCHEMA, "personal", "EMPTY"},
    {"a whole birth date is personal", "\xaa\x06\x06\x2a\x04\x2a\x02\x08\x01", 9, SG_PART_PERSONAL, 0, "", ""},
    {"nothing", "", 0, SG_PART_CLEAR, 0, "", ""},
    {"nothing personal", "", 0, SG_PART_PERSONAL, 0, "", ""},
    {"a packed list", "\xaa\x06\x04\x32\x02\x01\x02", 7, SG_PART_PERSONAL, 0, "", ""},
    {"the same list entry by entry", "\xaa\x06\x04\x30\x01\x30\x02", 7, SG_PART_PERSONAL, 0, "", ""},
    {"a varint of 10 bytes", "\x78\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, SG_PART_CLEAR, 0, "", ""},
}; /* clang-format on */

static void refusals_follow_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];
        struct sg_fault fault = {0};
        uint8_t exact[32]; /* the sanitizer sees a step over the end */
        uint8_t *at = exact + sizeof exact - row->len;
        memcpy(at, row->bytes, row->len);
        bool taken = sg_scan_event((struct sg_bytes){at, row->len}, row->part, &fault);
        if (taken != (row->code == 0) || fault.code != row->code ||
            strcmp(fault.object, row->object) != 0 || strcmp(fault.detail, row->detail) != 0)
            fail_msg("%s: %s '%s' %s", row->name, sg_status_name(fault.code), fault.object,
                     fault.detail);
        if (row->code && !fault.accepted[0])
            fail_msg("%s: does not say what is accepted", row->name);
    }
}

static void an_unknown_code_lists_what_is_known(void **state)
{
    (void)state;
    struct writer w;
    struct sg_fault fault = {0};
    begin(&w);
    put_number(&w, E_QUALITY, 9);
    assert_false(sg_scan_event(written(&w), SG_PART_CLEAR, &fault));
    assert_string_equal(fault.accepted,
                        "TIME_QUALITY_EXACT, TIME_QUALITY_DATE_ONLY, TIME_QUALITY_ESTIMATED");

    begin(&w);
    size_t end = w.at;
    put_number(&w, E01_PPKS, 27);
    wrap(&w, E01, end);
    assert_false(sg_scan_event(written(&w), SG_PART_PERSONAL, &fault));
    size_t len = strlen(fault.accepted);
    assert_true(strncmp(fault.accepted, "PPKS_01, PPKS_02, PPKS_03", 25) == 0);
    assert_string_equal(fault.accepted + len - strlen(", …"), ", …");
    assert_true(fault.accepted[len - strlen(", …") - 8] == 'P' ||
                fault.accepted[len - strlen(", …") - 7] == 'P'); /* whole names */
}

/* ---- bounds ---- */

static bool scan_services(size_t count, bool packed, struct sg_fault *fault)
{
    struct writer w;
    begin(&w);
    size_t end = w.at;
    for (size_t i = 0; i < count; i++) {
        if (packed)
            put_varint(&w, 1);
        else
            put_number(&w, E01_SERVICES, 1);
    }
    if (packed)
        wrap(&w, E01_SERVICES, end);
    wrap(&w, E01, end);
    return sg_scan_event(written(&w), SG_PART_CLEAR, fault);
}

static void a_list_has_at_most_256_entries(void **state)
{
    (void)state;
    for (int packed = 0; packed < 2; packed++) {
        struct sg_fault fault = {0};
        assert_true(scan_services(SG_SCAN_REPEATED_MAX, packed, &fault));
        assert_false(scan_services(SG_SCAN_REPEATED_MAX + 1, packed, &fault));
        assert_string_equal(fault.object, "referral_submitted.requested_services");
        assert_string_equal(fault.detail, "REPEATED");
    }
}

/* Hello.outboxes with empty entries. */
static enum sg_err scan_outboxes(size_t count, struct sg_why *why)
{
    struct writer w;
    begin(&w);
    size_t end = w.at;
    for (size_t i = 0; i < count; i++)
        put_text(&w, 4, "", 0);
    wrap(&w, 1, end);
    return sg_scan_frame(written(&w), &pb_client_frame__descriptor, why);
}

static void lists_of_a_frame_are_bounded(void **state)
{
    (void)state;
    struct sg_why why = {""};
    UNIT_OK(scan_outboxes(SG_SCAN_REPEATED_MAX, &why));
    assert_int_equal(scan_outboxes(SG_SCAN_REPEATED_MAX + 1, &why), SG_E_LIMIT);
    assert_non_null(strstr(why.text, "hello.outboxes"));
}

static void an_event_has_at_most_512_fields(void **state)
{
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        struct sg_fault fault = {0};
        struct writer w;
        begin(&w);
        size_t end = w.at; /* E01: one message, twice 255 entries; and one more */
        for (size_t i = 0; i < 255; i++)
            put_number(&w, E01_PPKS, 1);
        for (size_t i = 0; i < 255; i++)
            put_number(&w, E01_NEEDS, 1);
        put_number(&w, E01_ACTIVITY, 1);
        if (extra)
            put_number(&w, E01_SIGNED, 1);
        wrap(&w, E01, end);
        assert_int_equal(sg_scan_event(written(&w), SG_PART_PERSONAL, &fault), extra == 0);
        assert_string_equal(fault.detail, extra ? "TOO_MANY_FIELDS" : "");
    }
}

/* The largest answers that the broker gives are frames. */
static void the_largest_deliver_is_a_frame(void **state)
{
    (void)state;
    static struct {
        uint8_t bytes[SG_DELIVER_EVENTS_MAX * 40];
        size_t len;
    } body;
    static const uint8_t delivery[] = {0x12, 36,  0x08, 1,  0x12, 20, 0x0a, 16, 1,    2,
                                       3,    4,   5,    6,  7,    8,  9,    10, 11,   12,
                                       13,   14,  15,   16, 0x10, 1,  0x1a, 10, 0x12, 2,
                                       'a',  'b', 0x18, 0,  0x48, 1,  0x78, 9};
    uint8_t head[8] = {0x22};
    struct sg_why why = {""};
    for (size_t i = 0; i < SG_DELIVER_EVENTS_MAX; i++, body.len += sizeof delivery)
        memcpy(body.bytes + 8 + body.len, delivery, sizeof delivery);
    head[1] = (uint8_t)(body.len | 0x80);
    head[2] = (uint8_t)(body.len >> 7);
    memcpy(body.bytes + 5, head, 3);
    struct sg_bytes frame = {body.bytes + 5, body.len + 3};
    UNIT_OK(sg_scan_frame(frame, &pb_server_frame__descriptor, &why));
}

static void unknown_fields_are_for_frames_and_few(void **state)
{
    (void)state;
    for (size_t count = SG_SCAN_UNKNOWN_MAX; count <= SG_SCAN_UNKNOWN_MAX + 1; count++) {
        struct sg_why why = {""};
        struct writer w;
        begin(&w);
        put_number(&w, 101, 5);
        put(&w, "\xad\x06\x01\x02\x03\x04", 6);                  /* 32 bits */
        put(&w, "\xa9\x06\x01\x02\x03\x04\x05\x06\x07\x08", 10); /* 64 bits */
        for (size_t i = 3; i < count; i++)
            put_text(&w, 1000, "new", 3);
        assert_int_equal(sg_scan_frame(written(&w), &pb_client_frame__descriptor, &why),
                         count > SG_SCAN_UNKNOWN_MAX ? SG_E_FORMAT : SG_OK);
    }
}

static void frames_name_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        size_t len;
        enum sg_err err;
        const char *text;
    } frames[] = {
        {"an unknown enum value", "\x1a\x02\x18\x63", 4, SG_E_FORMAT,
         "subscribe.start: UNKNOWN_VALUE"},
        {"a text that is not UTF-8", "\x1a\x03\x0a\x01\xff", 5, SG_E_FORMAT,
         "subscribe.name: TEXT"},
        {"a line feed is no harm in a frame", "\x1a\x03\x0a\x01\n", 5, SG_OK, ""},
        {"an unknown group", "\xab\x06\xac\x06", 4, SG_E_FORMAT, "GROUP"},
        {"an unknown length over the end", "\xaa\x06\x05x", 4, SG_E_FORMAT, "BROKEN"},
        {"an unknown length without end", "\xaa\x06\x80", 3, SG_E_FORMAT, "BROKEN"},
        {"an unknown 64 bits over the end", "\xa9\x06\x01", 3, SG_E_FORMAT, "BROKEN"},
        {"an unknown varint without end", "\xa8\x06\x80", 3, SG_E_FORMAT, "BROKEN"},
        {"any bytes are opaque", "\x12\x04\x1a\x02\xff\x00", 6, SG_OK, ""},
        {"hello twice", "\x0a\x00\x0a\x00", 4, SG_E_LIMIT, "hello: REPEATED"},
        {"nothing", "", 0, SG_OK, ""},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(frames); i++) {
        struct sg_why why = {""};
        struct sg_bytes bytes = {(const uint8_t *)frames[i].bytes, frames[i].len};
        if (sg_scan_frame(bytes, &pb_client_frame__descriptor, &why) != frames[i].err ||
            !strstr(why.text, frames[i].text))
            fail_msg("%s: '%s'", frames[i].name, why.text);
    }
}

/* No message of the contract is nested as deep as the bound: one that contains itself shows it. */
static void depth_is_bounded(void **state)
{
    (void)state;
    ProtobufCFieldDescriptor inner = {.name = "inner",
                                      .id = 1,
                                      .label = PROTOBUF_C_LABEL_OPTIONAL,
                                      .type = PROTOBUF_C_TYPE_MESSAGE};
    const ProtobufCMessageDescriptor knot = {.name = "Knot", .n_fields = 1, .fields = &inner};
    inner.descriptor = &knot;
    for (size_t depth = SG_SCAN_DEPTH_MAX - 1; depth <= SG_SCAN_DEPTH_MAX; depth++) {
        struct sg_why why = {""};
        struct writer w;
        begin(&w);
        for (size_t i = 0; i < depth; i++)
            wrap(&w, 1, sizeof w.bytes);
        assert_int_equal(sg_scan_frame(written(&w), &knot, &why),
                         depth == SG_SCAN_DEPTH_MAX ? SG_E_LIMIT : SG_OK);
        assert_true(depth < SG_SCAN_DEPTH_MAX || strstr(why.text, "inner.inner.inner"));
    }
}

/* ---- texts ---- */

static void texts_are_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        size_t len;
        bool valid, plain;
    } texts[] = {
        /* clang-format off */
        {"empty", "", 0, true, true},
        {"ASCII", "Budi", 4, true, true},
        {"two bytes", "\xc3\xa9", 2, true, true},
        {"three bytes", "\xe2\x82\xac", 3, true, true},
        {"four bytes", "\xf0\x9f\x98\x80", 4, true, true},
        {"the greatest", "\xf4\x8f\xbf\xbf", 4, true, true},
        {"above the greatest", "\xf4\x90\x80\x80", 4, false, false},
        {"a lead byte that is never used", "\xf5\x80\x80\x80", 4, false, false},
        {"overlong, two bytes", "\xc0\x80", 2, false, false},
        {"overlong, two bytes", "\xc1\xbf", 2, false, false},
        {"overlong, three bytes", "\xe0\x9f\xbf", 3, false, false},
        {"overlong, four bytes", "\xf0\x8f\xbf\xbf", 4, false, false},
        {"a surrogate", "\xed\xa0\x80", 3, false, false},
        {"below the surrogates", "\xed\x9f\xbf", 3, true, true},
        {"a byte that only continues", "\x80", 1, false, false},
        {"cut after two of three", "\xe2\x82", 2, false, false},
        {"cut after three of four", "\xf0\x9f\x98", 3, false, false},
        {"not continued", "\xe2\x28\xa1", 3, false, false},
        {"NUL", "a\0b", 3, false, false},
        {"tab", "\t", 1, true, false},
        {"escape", "\x1b[0m", 4, true, false},
        {"delete", "\x7f", 1, true, false},
        {"a control of Latin-1", "\xc2\x85", 2, true, false},
        {"a space that does not break", "\xc2\xa0", 2, true, true},
    }; /* clang-format on */
    for (size_t i = 0; i < SG_ARRAY_LEN(texts); i++) {
        struct sg_bytes text = {(const uint8_t *)texts[i].text, texts[i].len};
        if (sg_utf8_valid(text, false) != texts[i].valid ||
            sg_utf8_valid(text, true) != texts[i].plain)
            fail_msg("%s", texts[i].name);
    }
}

UNIT_MAIN(cmocka_unit_test(refusals_follow_the_table),
          cmocka_unit_test(an_unknown_code_lists_what_is_known),
          cmocka_unit_test(a_list_has_at_most_256_entries),
          cmocka_unit_test(lists_of_a_frame_are_bounded),
          cmocka_unit_test(an_event_has_at_most_512_fields),
          cmocka_unit_test(the_largest_deliver_is_a_frame),
          cmocka_unit_test(unknown_fields_are_for_frames_and_few),
          cmocka_unit_test(frames_name_what_is_wrong), cmocka_unit_test(depth_is_bounded),
          cmocka_unit_test(texts_are_utf8))
