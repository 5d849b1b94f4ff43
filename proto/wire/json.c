#include "wire/json.h"

#include "sinergi/v1/common.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "wire/day.h"
#include "wire/id.h"
#include "wire/limits.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

json_t *sg_json_parse(const char *text, size_t length, struct sg_fault *fault)
{
    json_error_t error;
    json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!json)
        (void)sg_refuse(fault, SG_ST_SCHEMA, "JSON", NULL, "JSON; line %d, column %d: %.100s",
                        error.line, error.column, error.text);
    return json;
}

/* ---- names ---- */

/* "referral_submitted" -> "referralSubmitted" */
static void camel(const char *name, char *to, size_t size)
{
    size_t len = 0;
    for (bool upper = false; *name && len + 1 < size; name++) {
        if (*name == '_') {
            upper = true;
            continue;
        }
        to[len++] = upper && *name >= 'a' && *name <= 'z' ? (char)(*name - 'a' + 'A') : *name;
        upper = false;
    }
    to[len] = '\0';
}

static const ProtobufCFieldDescriptor *field_of(const ProtobufCMessageDescriptor *descriptor,
                                                const char *key)
{
    char name[64];
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        camel(descriptor->fields[i].name, name, sizeof name);
        if (strcmp(name, key) == 0 || strcmp(descriptor->fields[i].name, key) == 0)
            return &descriptor->fields[i];
    }
    return NULL;
}

/* The part of a value's name that is the name of its enum: "PRIORITY_" of PRIORITY_URGENT_72H. All
 * values share it with the first one, X_UNSPECIFIED. */
static size_t enum_prefix(const ProtobufCEnumDescriptor *e)
{
    const char *end = e->n_values ? strstr(e->values[0].name, "UNSPECIFIED") : NULL;
    return end ? (size_t)(end - e->values[0].name) : 0;
}

/* ---- to JSON ---- */

static json_t *bytes_json(const ProtobufCBinaryData *value)
{
    if (value->len == SG_ID_BYTES) {
        struct sg_id id;
        char text[SG_ID_TEXT];
        memcpy(id.b, value->data, SG_ID_BYTES);
        return json_string(sg_id_print(&id, text));
    }
    size_t room = sodium_base64_encoded_len(value->len, sodium_base64_VARIANT_ORIGINAL);
    char *text = malloc(room);
    if (!text)
        return NULL;
    (void)sodium_bin2base64(text, room, value->data, value->len,
                            sodium_base64_VARIANT_ORIGINAL);
    json_t *json = json_string(text);
    free(text);
    return json;
}

static json_t *date_json(const PbDate *date)
{
    char text[16];
    if (date->month == 0)
        (void)snprintf(text, sizeof text, "%04d", date->year % 10000);
    else if (date->day == 0)
        (void)snprintf(text, sizeof text, "%04d-%02d", date->year % 10000, date->month % 100);
    else
        (void)snprintf(text, sizeof text, "%04d-%02d-%02d", date->year % 10000, date->month % 100,
                       date->day % 100);
    return json_string(text);
}

static json_t *time_json(const Google__Protobuf__Timestamp *t)
{
    char text[32];
    return json_string(sg_time_print(t->seconds * 1000 + t->nanos / 1000000, text));
}

static json_t *enum_json(const ProtobufCEnumDescriptor *descriptor, int value)
{
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(descriptor, value);
    return known ? json_string(known->name) : json_integer(value);
}

static json_t *wide_json(const char *fmt, ...)
{
    char text[32];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return json_string(text);
}

static json_t *value_json(const ProtobufCFieldDescriptor *field, const void *at, int depth)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32: return json_integer(*(const int32_t *)at);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32: return json_integer(*(const uint32_t *)at);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64: return wide_json("%lld", *(const long long *)at);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64: return wide_json("%llu", *(const unsigned long long *)at);
    case PROTOBUF_C_TYPE_FLOAT: return json_real((double)*(const float *)at);
    case PROTOBUF_C_TYPE_DOUBLE: return json_real(*(const double *)at);
    case PROTOBUF_C_TYPE_BOOL: return json_boolean(*(const protobuf_c_boolean *)at);
    case PROTOBUF_C_TYPE_ENUM: return enum_json(field->descriptor, *(const int *)at);
    case PROTOBUF_C_TYPE_STRING: return json_string(*(char *const *)at);
    case PROTOBUF_C_TYPE_BYTES: return bytes_json(at);
    case PROTOBUF_C_TYPE_MESSAGE: break;
    }
    const void *message = *(void *const *)at;
    if (field->descriptor == &pb_date__descriptor)
        return date_json(message);
    if (field->descriptor == &google__protobuf__timestamp__descriptor)
        return time_json(message);
    return depth < (int)SG_SCAN_DEPTH_MAX ? sg_json_of(message) : NULL;
}

static size_t value_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE: return 8;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE: return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES: return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_BOOL: return 4;
    }
    return 4;
}

static json_t *field_json(const ProtobufCFieldDescriptor *field, const uint8_t *message)
{
    const uint8_t *at = message + field->offset;
    const uint8_t *quantifier = message + field->quantifier_offset;
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        bool pointer =
            field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE;
        bool there = pointer ? *(void *const *)(const void *)at != NULL
                             : *(const protobuf_c_boolean *)(const void *)quantifier != 0;
        return there ? value_json(field, at, 0) : NULL;
    }
    size_t count = *(const size_t *)(const void *)quantifier;
    json_t *array = count ? json_array() : NULL;
    const uint8_t *elements = *(uint8_t *const *)(const void *)at;
    for (size_t i = 0; array && i < count; i++)
        (void)json_array_append_new(array,
                                    value_json(field, elements + i * value_size(field->type), 0));
    return array;
}

/* Messages of ours never contain themselves (the build checks it), so this ends. */
json_t *sg_json_of(const void *message)
{
    const ProtobufCMessage *base = message;
    json_t *object = json_object();
    char name[64];
    for (unsigned i = 0; object && i < base->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &base->descriptor->fields[i];
        json_t *value = field_json(field, message);
        camel(field->name, name, sizeof name);
        if (value)
            (void)json_object_set_new(object, name, value);
    }
    return object;
}

/* ---- from JSON ---- */

struct parse {
    struct sg_arena *arena;
    struct sg_fault *fault;
    const char *path[SG_SCAN_DEPTH_MAX + 1]; /* names of the fields above */
    unsigned depth;
};

static bool refuse(struct parse *parse, const char *name, uint32_t code, const char *detail,
                   const char *accepted)
{
    char path[96];
    size_t len = 0;
    path[0] = '\0';
    for (unsigned i = 0; i < parse->depth && len < sizeof path; i++)
        len += (size_t)snprintf(path + len, sizeof path - len, "%s.", parse->path[i]);
    if (len < sizeof path)
        (void)snprintf(path + len, sizeof path - len, "%s", name);
    return sg_refuse(parse->fault, code, path, detail, "%s", accepted);
}

static bool no_room(struct parse *parse)
{
    return refuse(parse, "", SG_ST_SCHEMA, "SIZE", "a smaller event");
}

static bool to_wide(struct parse *parse, const ProtobufCFieldDescriptor *field, const json_t *json,
                    bool is_signed, void *to)
{
    char *end = NULL;
    const char *text = json_string_value(json);
    char digits[32];
    if (!text && json_is_integer(json)) {
        (void)snprintf(digits, sizeof digits, "%lld", json_integer_value(json));
        text = digits;
    }
    errno = 0;
    if (!text || !*text || *text == ' ' || (!is_signed && *text == '-'))
        return refuse(parse, field->name, SG_ST_SCHEMA, "NUMBER", "a whole number");
    if (is_signed)
        *(int64_t *)to = strtoll(text, &end, 10);
    else
        *(uint64_t *)to = strtoull(text, &end, 10);
    if (errno || *end)
        return refuse(parse, field->name, SG_ST_SCHEMA, "NUMBER", "a whole number of 64 bits");
    return true;
}

static bool to_narrow(struct parse *parse, const ProtobufCFieldDescriptor *field,
                      const json_t *json, bool is_signed, void *to)
{
    int64_t value = json_integer_value(json);
    int64_t low = is_signed ? INT32_MIN : 0, high = is_signed ? INT32_MAX : UINT32_MAX;
    if (!json_is_integer(json) || value < low || value > high)
        return refuse(parse, field->name, SG_ST_SCHEMA, "NUMBER", "a whole number of 32 bits");
    if (is_signed)
        *(int32_t *)to = (int32_t)value;
    else
        *(uint32_t *)to = (uint32_t)value;
    return true;
}

static bool to_enum(struct parse *parse, const ProtobufCFieldDescriptor *field, const json_t *json,
                    int *to)
{
    const ProtobufCEnumDescriptor *e = field->descriptor;
    const char *text = json_string_value(json);
    size_t prefix = enum_prefix(e), len = 0;
    char accepted[140];
    accepted[0] = '\0';
    for (unsigned i = 0; i < e->n_values; i++) {
        const char *name = e->values[i].name;
        if (text && (strcmp(name, text) == 0 || strcmp(name + prefix, text) == 0)) {
            *to = e->values[i].value;
            return true;
        }
        if (e->values[i].value && len < sizeof accepted)
            len += (size_t)snprintf(accepted + len, sizeof accepted - len, "%s%s", len ? ", " : "",
                                    name + prefix);
    }
    return refuse(parse, field->name, SG_ST_BAD_CODE, "UNKNOWN_VALUE", accepted);
}

static bool to_bytes(struct parse *parse, const ProtobufCFieldDescriptor *field,
                     const json_t *json, ProtobufCBinaryData *to)
{
    const char *text = json_string_value(json);
    struct sg_id id;
    if (text && sg_id_parse(text, &id) == SG_OK) {
        to->len = SG_ID_BYTES;
        to->data = sg_arena_copy(parse->arena, id.b, SG_ID_BYTES);
        return to->data || no_room(parse);
    }
    size_t len = text ? strlen(text) : 0, room = len / 4 * 3 + 3, got = 0;
    uint8_t *data = text ? sg_arena_alloc(parse->arena, room) : NULL;
    if (text && !data)
        return no_room(parse);
    static const int variants[] = {
        sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING,
        sodium_base64_VARIANT_URLSAFE, sodium_base64_VARIANT_URLSAFE_NO_PADDING};
    for (size_t i = 0; text && i < SG_ARRAY_LEN(variants); i++)
        if (sodium_base642bin(data, room, text, len, NULL, &got, NULL, variants[i]) == 0) {
            *to = (ProtobufCBinaryData){got, data};
            return true;
        }
    return refuse(parse, field->name, SG_ST_SCHEMA, "BYTES",
                  "an id such as 01968a3e-0000-7000-8000-000000000001, or base64");
}

static bool to_text(struct parse *parse, const ProtobufCFieldDescriptor *field, const json_t *json,
                    char **to)
{
    if (!json_is_string(json))
        return refuse(parse, field->name, SG_ST_SCHEMA, "TEXT", "a text");
    size_t len = json_string_length(json);
    *to = sg_arena_text(parse->arena,
                        (struct sg_bytes){(const uint8_t *)json_string_value(json), len});
    return *to || no_room(parse);
}

static bool parse_date(const char *text, PbDate *date)
{
    size_t len = strlen(text);
    int year = 0, month = 0, day = 0, end = 0;
    int want = len == 10 ? 3 : len == 7 ? 2 : len == 4 ? 1 : -1;
    int got = 0;
    if (want == 3)
        got = sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &end);
    else if (want == 2)
        got = sscanf(text, "%4d-%2d%n", &year, &month, &end);
    else if (want == 1)
        got = sscanf(text, "%4d%n", &year, &end);
    if (got != want || (size_t)end != len)
        return false;
    date->has_year = date->has_month = date->has_day = true;
    date->year = year;
    date->month = month;
    date->day = day;
    return true;
}

static bool to_date(struct parse *parse, const ProtobufCFieldDescriptor *field, const char *text,
                    void *message)
{
    return parse_date(text, message) ||
           refuse(parse, field->name, SG_ST_SCHEMA, "DATE",
                  "2026-05-04, or 2026-05 or 2026 when the rest is unknown");
}

static bool to_time(struct parse *parse, const ProtobufCFieldDescriptor *field, const char *text,
                    Google__Protobuf__Timestamp *t)
{
    int64_t ms;
    if (sg_time_parse(text, &ms) != SG_OK)
        return refuse(parse, field->name, SG_ST_SCHEMA, "TIME",
                      "a time such as 2026-05-04T02:40:00Z or 2026-05-04T09:40:00+07:00");
    int64_t rest = ((ms % 1000) + 1000) % 1000;
    t->seconds = (ms - rest) / 1000;
    t->nanos = (int32_t)(rest * 1000000);
    return true;
}

static bool to_message(struct parse *parse, const json_t *json,
                       const ProtobufCMessageDescriptor *descriptor, ProtobufCMessage **out);

static bool to_sub(struct parse *parse, const ProtobufCFieldDescriptor *field, const json_t *json,
                   ProtobufCMessage **to)
{
    const ProtobufCMessageDescriptor *descriptor = field->descriptor;
    const char *text = json_string_value(json);
    bool date = descriptor == &pb_date__descriptor;
    bool time = descriptor == &google__protobuf__timestamp__descriptor;
    if (text && (date || time)) {
        ProtobufCMessage *message = sg_arena_alloc(parse->arena, descriptor->sizeof_message);
        if (!message)
            return no_room(parse);
        protobuf_c_message_init(descriptor, message);
        *to = message;
        return date ? to_date(parse, field, text, message)
                    : to_time(parse, field, text, (Google__Protobuf__Timestamp *)message);
    }
    if (time || !json_is_object(json))
        return refuse(parse, field->name, SG_ST_SCHEMA, "OBJECT",
                      date || time ? "a date or time as text" : "an object { … }");
    if (parse->depth == SG_SCAN_DEPTH_MAX)
        return refuse(parse, field->name, SG_ST_SCHEMA, "TOO_DEEP", "at most 8 levels");
    parse->path[parse->depth++] = field->name;
    bool good = to_message(parse, json, descriptor, to);
    parse->depth--;
    return good;
}

static bool to_value(struct parse *parse, const ProtobufCFieldDescriptor *field,
                     const json_t *json, void *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32: return to_narrow(parse, field, json, true, at);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32: return to_narrow(parse, field, json, false, at);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64: return to_wide(parse, field, json, true, at);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64: return to_wide(parse, field, json, false, at);
    case PROTOBUF_C_TYPE_BOOL:
        if (!json_is_boolean(json))
            return refuse(parse, field->name, SG_ST_SCHEMA, "BOOLEAN", "true or false");
        *(protobuf_c_boolean *)at = json_is_true(json);
        return true;
    case PROTOBUF_C_TYPE_ENUM: return to_enum(parse, field, json, at);
    case PROTOBUF_C_TYPE_STRING: return to_text(parse, field, json, at);
    case PROTOBUF_C_TYPE_BYTES: return to_bytes(parse, field, json, at);
    case PROTOBUF_C_TYPE_MESSAGE: return to_sub(parse, field, json, at);
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE: break; /* no field of ours */
    }
    return refuse(parse, field->name, SG_ST_SCHEMA, "TYPE", "another type");
}

static bool to_repeated(struct parse *parse, const ProtobufCFieldDescriptor *field,
                        const json_t *json, uint8_t *message)
{
    if (!json_is_array(json) || json_array_size(json) > SG_SCAN_REPEATED_MAX)
        return refuse(parse, field->name, SG_ST_SCHEMA, "LIST", "a list [ … ] of at most 256");
    size_t count = json_array_size(json), size = value_size(field->type);
    uint8_t *array = sg_arena_alloc(parse->arena, count * size);
    if (!array)
        return no_room(parse);
    for (size_t i = 0; i < count; i++)
        if (!to_value(parse, field, json_array_get(json, i), array + i * size))
            return false;
    *(size_t *)(void *)(message + field->quantifier_offset) = count;
    *(uint8_t **)(void *)(message + field->offset) = array;
    return true;
}

static bool to_field(struct parse *parse, const ProtobufCFieldDescriptor *field,
                     const json_t *json, uint8_t *message)
{
    if (json_is_null(json))
        return true; /* the mapping reads null as absent */
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return to_repeated(parse, field, json, message);
    if (!to_value(parse, field, json, message + field->offset))
        return false;
    if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE)
        *(protobuf_c_boolean *)(void *)(message + field->quantifier_offset) = 1;
    return true;
}

static bool unknown_name(struct parse *parse, const ProtobufCMessageDescriptor *descriptor,
                         const char *key)
{
    char accepted[150], name[64];
    size_t len = 0;
    accepted[0] = '\0';
    for (unsigned i = 0; i < descriptor->n_fields && len < sizeof accepted; i++) {
        camel(descriptor->fields[i].name, name, sizeof name);
        len += (size_t)snprintf(accepted + len, sizeof accepted - len, "%s%s", i ? ", " : "", name);
    }
    return refuse(parse, key, SG_ST_SCHEMA, "UNKNOWN_NAME", accepted);
}

static bool to_message(struct parse *parse, const json_t *json,
                       const ProtobufCMessageDescriptor *descriptor, ProtobufCMessage **out)
{
    ProtobufCMessage *message = sg_arena_alloc(parse->arena, descriptor->sizeof_message);
    if (!message)
        return no_room(parse);
    protobuf_c_message_init(descriptor, message);
    const char *key;
    json_t *value, *object = json_incref((json_t *)(uintptr_t)json);
    bool good = true;
    json_object_foreach(object, key, value)
    {
        const ProtobufCFieldDescriptor *field = field_of(descriptor, key);
        good = field ? to_field(parse, field, value, (uint8_t *)message)
                     : unknown_name(parse, descriptor, key);
        if (!good)
            break;
    }
    json_decref(object);
    *out = message;
    return good;
}

bool sg_json_to(const json_t *json, const ProtobufCMessageDescriptor *descriptor,
                struct sg_arena *arena, void *out_message_pointer, struct sg_fault *fault)
{
    struct parse parse = {.arena = arena, .fault = fault};
    ProtobufCMessage *message = NULL;
    if (!json_is_object(json))
        return refuse(&parse, descriptor->short_name, SG_ST_SCHEMA, "OBJECT", "an object { … }");
    if (!to_message(&parse, json, descriptor, &message))
        return false;
    memcpy(out_message_pointer, &message, sizeof message);
    return true;
}
