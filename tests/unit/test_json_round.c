/* Every field of every event and query goes to JSON and back without a change, whatever is in it.
 */
#include "unit/unit.h"

#include "kit/prng.h"
#include "sinergi/v1/admin.pb-c.h"
#include "sinergi/v1/query.pb-c.h"
#include "wire/codec.h"
#include "wire/field.h"
#include "wire/json.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARENA = 64 << 20, ROUNDS = 25, REPEATED_MAX = 3, PAYLOADS = 32, FIRST_PAYLOAD = 101 };

static struct sg_arena arena;
static struct prng prng;
static bool all; /* every field is set */

static void json_done(json_t **json)
{
    json_decref(*json);
}

static void *memory(size_t size)
{
    void *p = sg_arena_alloc(&arena, size);
    assert_non_null(p);
    return p;
}

/* ---- any value of a type ---- */

/* Characters of one to four bytes, and those that JSON escapes. */
static char *any_text(void)
{
    static const char *const characters[] = {"a",
                                             "Z",
                                             "7",
                                             " ",
                                             "\"",
                                             "\\",
                                             "/",
                                             "\n",
                                             "\t",
                                             "\x01",
                                             "\x7f",
                                             "\xc3\xa9",
                                             "\xe2\x82\xac",
                                             "-",
                                             "\xf0\x9f\x98\x80"};
    char text[256] = "";
    for (uint64_t left = prng_below(&prng, 40); left > 0; left--)
        (void)strcat(text, characters[prng_below(&prng, SG_ARRAY_LEN(characters))]);
    return strcpy(memory(strlen(text) + 1), text);
}

static ProtobufCBinaryData any_bytes(void)
{
    static const size_t sizes[] = {0, 1, 2, 3, 15, SG_ID_BYTES, 17, 24, 27, 32, 64};
    size_t size = sizes[prng_below(&prng, SG_ARRAY_LEN(sizes))];
    ProtobufCBinaryData data = {size, memory(size + 1)};
    prng_fill(&prng, data.data, size);
    return data;
}

/* Small ones, and those at both ends. */
static uint64_t any_number(void)
{
    static const uint64_t ends[] = {
        0, 1, UINT64_MAX, INT64_MAX, INT32_MAX, (uint64_t)INT32_MIN, UINT32_MAX, UINT64_C(1) << 63};
    return prng_below(&prng, 2) ? ends[prng_below(&prng, SG_ARRAY_LEN(ends))] : prng_next(&prng);
}

static void any_time(Google__Protobuf__Timestamp *t)
{
    static const int64_t years = INT64_C(8000) * 365 * 86400, from = INT64_C(-3600000000);
    static const int32_t units[] = {1000000000, 1000000, 1000, 1};
    int32_t unit = units[prng_below(&prng, SG_ARRAY_LEN(units))];
    t->seconds = from + (int64_t)prng_below(&prng, (uint64_t)years);
    t->nanos = (int32_t)prng_below(&prng, (uint64_t)(1000000000 / unit)) * unit;
}

/* Whole, without day, without month, and such as no text can say. */
static void any_date(PbDate *date)
{
    date->has_year = date->has_month = date->has_day = true;
    date->year = (int32_t)prng_below(&prng, 11000) - 500;
    date->month = (int32_t)prng_below(&prng, 14);
    date->day = (int32_t)prng_below(&prng, 33);
}

static ProtobufCMessage *any_message(const ProtobufCMessageDescriptor *d);

static void any_value(const ProtobufCFieldDescriptor *field, void *to)
{
    const ProtobufCEnumDescriptor *values = field->descriptor;
    const uint64_t n = any_number();
    const uint32_t low = (uint32_t)n;
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING: *(char **)to = any_text(); return;
    case PROTOBUF_C_TYPE_BYTES: *(ProtobufCBinaryData *)to = any_bytes(); return;
    case PROTOBUF_C_TYPE_MESSAGE: *(ProtobufCMessage **)to = any_message(field->descriptor); return;
    case PROTOBUF_C_TYPE_BOOL: *(protobuf_c_boolean *)to = n & 1; return;
    case PROTOBUF_C_TYPE_ENUM:
        *(int *)to = values->values[prng_below(&prng, values->n_values)].value;
        return;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32: memcpy(to, &low, sizeof low); return;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64: memcpy(to, &n, sizeof n); return;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE: break;
    }
    fail_msg("%s: the mapping here knows no floating point", field->name);
}

static void set_field(const ProtobufCFieldDescriptor *field, uint8_t *message)
{
    void *at = message + field->offset, *quantifier = message + field->quantifier_offset;
    assert_int_equal(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF, 0);
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t size = field_value_size(field->type), count = 1 + prng_below(&prng, REPEATED_MAX);
        uint8_t *array = memory(count * size);
        for (size_t i = 0; i < count; i++)
            any_value(field, array + i * size);
        memcpy(quantifier, &count, sizeof count);
        memcpy(at, &array, sizeof array);
        return;
    }
    any_value(field, at);
    if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE)
        *(protobuf_c_boolean *)quantifier = 1;
}

static bool is_payload(const ProtobufCMessageDescriptor *d, const ProtobufCFieldDescriptor *field)
{
    return d == &pb_envelope__descriptor && field->id >= FIRST_PAYLOAD;
}

static ProtobufCMessage *any_message(const ProtobufCMessageDescriptor *d)
{
    ProtobufCMessage *message = memory(d->sizeof_message);
    protobuf_c_message_init(d, message);
    if (d == &google__protobuf__timestamp__descriptor)
        any_time((Google__Protobuf__Timestamp *)message);
    else if (d == &pb_date__descriptor)
        any_date((PbDate *)message);
    else
        for (unsigned i = 0; i < d->n_fields; i++)
            if (!is_payload(d, &d->fields[i]) && (all || prng_below(&prng, 4)))
                set_field(&d->fields[i], (uint8_t *)message);
    return message;
}

/* ---- there and back ---- */

static ProtobufCMessage *back(const char *text, const ProtobufCMessageDescriptor *d)
{
    struct sg_fault fault = {0};
    ProtobufCMessage *message = NULL;
    SG_AUTO(json_done) json_t *json = sg_json_parse(text, strlen(text), &fault);
    if (!json || !sg_json_to(json, d, &arena, &message, &fault))
        fail_msg("%s: %s %s %s\n%s", d->short_name, fault.object, fault.detail, fault.accepted,
                 text);
    return message;
}

static void goes_round(const ProtobufCMessage *message)
{
    struct sg_bytes first, second;
    struct sg_why why;
    SG_AUTO(json_done) json_t *json = sg_json_of(message);
    assert_non_null(json);
    SG_AUTO(sg_heap_done) char *text = json_dumps(json, JSON_COMPACT);
    SG_AUTO(sg_heap_done) char *escaped = json_dumps(json, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    UNIT_OK(sg_encode(message, &arena, &first, &why));
    const char *const forms[] = {text, escaped};
    for (size_t i = 0; i < SG_ARRAY_LEN(forms); i++) {
        const ProtobufCMessage *again = back(forms[i], message->descriptor);
        UNIT_OK(sg_encode(again, &arena, &second, &why));
        SG_AUTO(json_done) json_t *json_again = sg_json_of(again);
        if (!sg_bytes_equal(first, second) || !json_equal(json, json_again))
            fail_msg("changed: %s", text);
    }
}

static void begin(uint64_t seed)
{
    sg_arena_reset(&arena, 0);
    prng.state = seed;
    all = seed == 0;
}

static void every_event_goes_round(void **state)
{
    (void)state;
    const ProtobufCMessageDescriptor *d = &pb_envelope__descriptor;
    size_t payloads = 0;
    for (unsigned i = 0; i < d->n_fields; i++) {
        if (!is_payload(d, &d->fields[i]))
            continue;
        payloads++;
        for (uint64_t seed = 0; seed < ROUNDS; seed++) {
            begin(seed);
            ProtobufCMessage *envelope = any_message(d);
            set_field(&d->fields[i], (uint8_t *)envelope);
            goes_round(envelope);
        }
    }
    assert_int_equal(payloads, PAYLOADS);
}

static void every_question_and_answer_goes_round(void **state)
{
    (void)state;
    static const ProtobufCMessageDescriptor *const asked[] = {
        &pb_query__descriptor,        &pb_query_result__descriptor, &pb_admin__descriptor,
        &pb_admin_result__descriptor, &pb_welcome__descriptor,      &pb_outcome__descriptor,
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(asked); i++) {
        for (uint64_t seed = 0; seed < ROUNDS; seed++) {
            begin(seed);
            goes_round(any_message(asked[i]));
        }
    }
}

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
UNIT_MAIN(TEST(every_event_goes_round), TEST(every_question_and_answer_goes_round))
