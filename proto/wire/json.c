/* json.c - JSON to messages. */
#include "wire/json_inside.h"

#include "sinergi/v1/common.pb-c.h"
#include "wire/day.h"
#include "wire/field.h"
#include "wire/id.h"
#include "wire/keyfile.h"
#include "wire/limits.h"
#include "wire/names.h"
#include "wire/scan.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <stdio.h>

json_t *sg_json_parse(const char *text, size_t length, struct sg_fault *fault)
{
    json_error_t error;
    if (length > SG_JSON_TEXT_MAX) {
        (void)sg_refuse(fault, SG_ST_SCHEMA, "JSON", "TOO_LARGE", "at most %u bytes",
                        (unsigned)SG_JSON_TEXT_MAX);
        return NULL;
    }
    json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!json)
        (void)sg_refuse(fault, SG_ST_SCHEMA, "JSON", "SYNTAX", "JSON; line %d, column %d: %.100s",
                        error.line, error.column, error.text);
    return json;
}

/* ---- refusing ---- */

struct step {
    const char *name; /* of the field, as in the .proto file */
    long element;     /* of a repeated field; -1 */
};

struct parse {
    struct sg_arena *arena;
    struct sg_fault *fault;
    struct step path[SG_JSON_DEPTH_MAX + 1];
    int depth; /* steps of the path */
};

static size_t clamp(size_t len, size_t size)
{
    return len < size ? len : size - 1;
}

static size_t write_path(const struct parse *parse, char *to, size_t size)
{
    char name[SG_JSON_NAME_MAX];
    size_t len = 0;
    to[0] = '\0';
    for (int i = 0; i < parse->depth; i++) {
        const struct step *step = &parse->path[i];
        sg_json_name(step->name, name);
        len += (size_t)snprintf(to + len, size - len, "%s%s", i ? "." : "", name);
        len = clamp(len, size);
        if (step->element >= 0)
            len += (size_t)snprintf(to + len, size - len, "[%ld]", step->element);
        len = clamp(len, size);
    }
    return len;
}

/* Of the field that the path ends with. */
static bool refuse(struct parse *parse, uint32_t code, const char *detail, const char *accepted)
{
    char path[sizeof parse->fault->object];
    (void)write_path(parse, path, sizeof path);
    return sg_refuse(parse->fault, code, path, detail, "%s", accepted);
}

static bool refuse_form(struct parse *parse, const char *detail, const char *accepted)
{
    return refuse(parse, SG_ST_SCHEMA, detail, accepted);
}

static bool no_room(struct parse *parse)
{
    return refuse_form(parse, "TOO_LARGE", "a smaller event");
}

/* ---- numbers ---- */

/* The integer types of protobuf: how far each goes below and above zero. */
struct range {
    uint64_t below, above;
    const char *accepted;
};
static const struct range int32_range = {UINT64_C(1) << 31, INT32_MAX, "a whole number of 32 bits"};
static const struct range uint32_range = {0, UINT32_MAX, "a whole number from 0 to 4294967295"};
static const struct range int64_range = {UINT64_C(1) << 63, INT64_MAX, "a whole number of 64 bits"};
static const struct range uint64_range = {0, UINT64_MAX, "a whole number of 64 bits, not negative"};

/* Two's complement of 64 bits, of which the narrow types take the lower half. */
static bool take_number(struct parse *parse, const json_t *json, const struct range *range,
                        uint64_t *to)
{
    struct sg_json_whole n;
    if (!sg_json_whole(json, &n) || n.magnitude > (n.negative ? range->below : range->above))
        return refuse_form(parse, "NUMBER", range->accepted);
    *to = n.negative ? 0 - n.magnitude : n.magnitude;
    return true;
}

static bool take_narrow(struct parse *parse, const json_t *json, const struct range *range,
                        void *to)
{
    uint64_t value = 0;
    bool good = take_number(parse, json, range, &value);
    *(uint32_t *)to = (uint32_t)value;
    return good;
}

/* ---- names, texts, bytes ---- */

/* The value's name, whole or without its prefix, or its number. */
static bool is_value(const ProtobufCEnumValue *value, const json_t *json, size_t prefix)
{
    const char *text = json_string_value(json);
    if (text)
        return strcmp(value->name, text) == 0 || strcmp(value->name + prefix, text) == 0;
    struct sg_json_whole n;
    return sg_json_whole(json, &n) && !n.negative && n.magnitude == (uint64_t)value->value;
}

static bool take_enum(struct parse *parse, const ProtobufCEnumDescriptor *descriptor,
                      const json_t *json, int *to)
{
    size_t prefix = sg_enum_prefix(descriptor);
    struct sg_names names = {0};
    for (unsigned i = 0; i < descriptor->n_values; i++) {
        const ProtobufCEnumValue *value = &descriptor->values[i];
        if (is_value(value, json, prefix)) {
            *to = value->value;
            return true;
        }
    }
    sg_enum_names(descriptor, &names);
    return refuse(parse, SG_ST_BAD_CODE, "UNKNOWN_VALUE", names.text);
}

static bool take_text(struct parse *parse, const json_t *json, char **to)
{
    const char *text = json_string_value(json);
    if (!text || strlen(text) != json_string_length(json))
        return refuse_form(parse, "TEXT", "a text");
    *to = sg_arena_text(parse->arena, sg_bytes_of(text));
    return *to || no_room(parse);
}

/* A text with the dashes of an id is an id or wrong. It is also base64 of the URL alphabet, so a
 * slip of the pen in an id would give 27 other bytes. */
static bool looks_like_id(const char *text)
{
    return strlen(text) == SG_UUID_CHARS && text[8] == '-' && text[13] == '-' && text[18] == '-' &&
           text[23] == '-';
}

static bool parse_id(const char *text, uint8_t *to)
{
    char digits[2 * SG_ID_BYTES + 1];
    size_t len = 0;
    for (; *text && len < sizeof digits - 1; text++)
        if (*text != '-')
            digits[len++] = *text;
    digits[len] = '\0';
    return sg_hex_parse(digits, to, SG_ID_BYTES) == SG_OK;
}

static bool take_bytes(struct parse *parse, const json_t *json, ProtobufCBinaryData *to)
{
    static const char accepted[] = "an id such as 01968a3e-0000-7000-8000-000000000001, or base64";
    const char *text = json_string_value(json);
    if (!text)
        return refuse_form(parse, "BYTES", accepted);
    size_t room = strlen(text) / 4 * 3 + 3;
    uint8_t *data = sg_arena_alloc(parse->arena, room);
    if (!data)
        return no_room(parse);
    *to = (ProtobufCBinaryData){SG_ID_BYTES, data};
    bool good = looks_like_id(text) ? parse_id(text, data)
                                    : sg_base64_parse(text, data, room, &to->len) == SG_OK;
    return good || refuse_form(parse, "BYTES", accepted);
}

/* ---- dates and times ---- */

enum { NANO_DIGITS = 9, NANOS_OF_MS = 1000000 };

static bool number(const char **at, int digits, int32_t *out)
{
    int32_t n = 0;
    for (int i = 0; i < digits; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        n = n * 10 + (**at - '0');
    }
    *out = n;
    return true;
}

/* "2026", "2026-05", "2026-05-04". An unknown part is 0; it cannot be written as 0. */
static bool parse_date(const char *text, PbDate *date)
{
    const char *at = text;
    bool good = number(&at, 4, &date->year);
    if (good && *at)
        good = *at++ == '-' && number(&at, 2, &date->month) && date->month != 0;
    if (good && *at)
        good = *at++ == '-' && number(&at, 2, &date->day) && date->day != 0;
    return good && !*at;
}

static bool take_date(struct parse *parse, const char *text, PbDate *date)
{
    date->has_year = date->has_month = date->has_day = true;
    return parse_date(text, date) ||
           refuse_form(parse, "DATE", "2026-05-04, or 2026-05 or 2026 when the rest is unknown");
}

/* The fraction of a second that a time of the right form holds, as nanoseconds. */
static bool parse_nanos(const char *text, int32_t *out)
{
    const char *point = strchr(text, '.');
    size_t count = point ? strspn(point + 1, "0123456789") : 0;
    int32_t nanos = 0;
    if (count > NANO_DIGITS)
        return false;
    for (size_t i = 0; i < NANO_DIGITS; i++)
        nanos = nanos * 10 + (i < count ? point[1 + i] - '0' : 0);
    *out = nanos;
    return true;
}

static bool take_time(struct parse *parse, const char *text, Google__Protobuf__Timestamp *t)
{
    int64_t ms, again;
    char printed[32];
    /* An offset can lead out of the years that can be written again. */
    if (sg_time_parse(text, &ms) != SG_OK || !parse_nanos(text, &t->nanos) ||
        sg_time_parse(sg_time_print(ms, printed), &again) != SG_OK)
        return refuse_form(parse, "TIME",
                           "a time such as 2026-05-04T02:40:00Z or 2026-05-04T09:40:00+07:00");
    t->seconds = (ms - t->nanos / NANOS_OF_MS) / 1000;
    return true;
}

/* ---- messages ---- */

static bool take_object(struct parse *parse, const json_t *json, ProtobufCMessage *message);

static bool take_message(struct parse *parse, const ProtobufCMessageDescriptor *descriptor,
                         const json_t *json, ProtobufCMessage **to)
{
    const char *text = json_string_value(json);
    bool is_date = descriptor == &pb_date__descriptor;
    bool is_time = descriptor == &google__protobuf__timestamp__descriptor;
    ProtobufCMessage *message = sg_arena_alloc(parse->arena, descriptor->sizeof_message);
    if (!message)
        return no_room(parse);
    protobuf_c_message_init(descriptor, message);
    *to = message;
    if (is_time)
        return take_time(parse, text ? text : "", (Google__Protobuf__Timestamp *)message);
    if (is_date && !json_is_object(json))
        return take_date(parse, text ? text : "", (PbDate *)message);
    if (!json_is_object(json))
        return refuse_form(parse, "OBJECT", "an object { … }");
    if (!take_object(parse, json, message))
        return false;
    PbDate *date = is_date ? (PbDate *)message : NULL;
    if (date && date->has_year)
        date->has_month = date->has_day = true; /* one encoding for one date */
    return true;
}

static bool take_value(struct parse *parse, const ProtobufCFieldDescriptor *field,
                       const json_t *json, void *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32: return take_narrow(parse, json, &int32_range, at);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32: return take_narrow(parse, json, &uint32_range, at);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64: return take_number(parse, json, &int64_range, at);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64: return take_number(parse, json, &uint64_range, at);
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)at = json_is_true(json);
        return json_is_boolean(json) || refuse_form(parse, "BOOLEAN", "true or false");
    case PROTOBUF_C_TYPE_ENUM: return take_enum(parse, field->descriptor, json, at);
    case PROTOBUF_C_TYPE_STRING: return take_text(parse, json, at);
    case PROTOBUF_C_TYPE_BYTES: return take_bytes(parse, json, at);
    case PROTOBUF_C_TYPE_MESSAGE: return take_message(parse, field->descriptor, json, at);
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE: break; /* no field of ours */
    }
    return refuse_form(parse, "TYPE", "another type");
}

static bool take_list(struct parse *parse, const ProtobufCFieldDescriptor *field,
                      const json_t *json, uint8_t *message)
{
    if (!json_is_array(json))
        return refuse_form(parse, "LIST", "a list [ … ]");
    size_t count = json_array_size(json), size = field_value_size(field->type);
    if (count > SG_SCAN_REPEATED_MAX)
        return refuse_form(parse, "TOO_MANY", "a list of at most 256");
    uint8_t *array = sg_arena_alloc(parse->arena, count * size);
    if (!array)
        return no_room(parse);
    struct step *step = &parse->path[parse->depth - 1];
    for (size_t i = 0; i < count; i++) {
        step->element = (long)i;
        if (!take_value(parse, field, json_array_get(json, i), array + i * size))
            return false;
    }
    *(size_t *)(void *)(message + field->quantifier_offset) = count;
    *(uint8_t **)(void *)(message + field->offset) = array;
    return true;
}

static bool taken(const ProtobufCFieldDescriptor *field, const uint8_t *message)
{
    return field->label == PROTOBUF_C_LABEL_REPEATED
               ? *(void *const *)(const void *)(message + field->offset) != NULL
               : field_present(field, message);
}

static bool take_field(struct parse *parse, const ProtobufCFieldDescriptor *field,
                       const json_t *json, uint8_t *message)
{
    if (json_is_null(json))
        return true; /* the mapping reads null as absent */
    if (taken(field, message))
        return refuse_form(parse, "TWICE", "one of the two spellings of this name");
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return take_list(parse, field, json, message);
    if (!take_value(parse, field, json, message + field->offset))
        return false;
    if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE)
        *(protobuf_c_boolean *)(void *)(message + field->quantifier_offset) = 1;
    return true;
}

static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *descriptor,
                                                  const char *key)
{
    char name[SG_JSON_NAME_MAX];
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        sg_json_name(descriptor->fields[i].name, name);
        if (strcmp(name, key) == 0 || strcmp(descriptor->fields[i].name, key) == 0)
            return &descriptor->fields[i];
    }
    return NULL;
}

/* A name from outside goes into a message for people: no control characters, and whole characters
 * of UTF-8 also where it was cut. */
static void make_printable(char *text)
{
    size_t len = strlen(text);
    while (len > 0 && !sg_utf8_valid(sg_bytes_of(text), false))
        text[--len] = '\0';
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == '\x7f')
            text[i] = '?';
}

static bool refuse_name(struct parse *parse, const ProtobufCMessageDescriptor *descriptor,
                        const char *key)
{
    struct sg_names names = {0};
    char path[sizeof parse->fault->object], name[SG_JSON_NAME_MAX];
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        sg_json_name(descriptor->fields[i].name, name);
        sg_names_add(&names, name);
    }
    size_t len = write_path(parse, path, sizeof path);
    (void)snprintf(path + len, sizeof path - len, "%s%s", len ? "." : "", key);
    make_printable(path);
    return sg_refuse(parse->fault, SG_ST_SCHEMA, path, "UNKNOWN_NAME", "%s", names.text);
}

static bool take_object(struct parse *parse, const json_t *json, ProtobufCMessage *message)
{
    /* jansson iterates through a pointer that is not const, and changes nothing. */
    json_t *object = (json_t *)(uintptr_t)json;
    const char *key;
    json_t *value;
    if (parse->depth == SG_JSON_DEPTH_MAX)
        return refuse_form(parse, "TOO_DEEP", "at most 8 levels");
    json_object_foreach(object, key, value)
    {
        const ProtobufCFieldDescriptor *field = find_field(message->descriptor, key);
        if (!field)
            return refuse_name(parse, message->descriptor, key);
        parse->path[parse->depth++] = (struct step){field->name, -1};
        if (!take_field(parse, field, value, (uint8_t *)message))
            return false;
        parse->depth--;
    }
    return true;
}

bool sg_json_to(const json_t *json, const ProtobufCMessageDescriptor *descriptor,
                struct sg_arena *arena, void *out_message_pointer, struct sg_fault *fault)
{
    struct parse parse = {.arena = arena, .fault = fault};
    if (!json_is_object(json))
        return sg_refuse(fault, SG_ST_SCHEMA, descriptor->short_name, "OBJECT", "an object { … }");
    ProtobufCMessage *message = sg_arena_alloc(arena, descriptor->sizeof_message);
    if (!message)
        return no_room(&parse);
    protobuf_c_message_init(descriptor, message);
    if (!take_object(&parse, json, message))
        return false;
    memcpy(out_message_pointer, &message, sizeof(void *));
    return true;
}
