/* json_of.c - messages to JSON. */
#include "wire/json_inside.h"

#include "sinergi/v1/common.pb-c.h"
#include "wire/day.h"
#include "wire/field.h"
#include "wire/id.h"
#include "wire/keyfile.h"
#include "wire/limits.h"
#include "wire/scan.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void sg_json_name(const char *proto_name, char to[SG_JSON_NAME_MAX])
{
    size_t len = 0;
    bool upper = false;
    for (; *proto_name && len + 1 < SG_JSON_NAME_MAX; proto_name++) {
        char c = *proto_name;
        if (upper && c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        upper = c == '_';
        if (!upper)
            to[len++] = c;
    }
    to[len] = '\0';
}

/* ---- single values ---- */

/* A text that is not UTF-8 can only come out of a frame that was not checked: show what there is.
 */
static json_t *text_json(const char *text)
{
    if (sg_utf8_valid(sg_bytes_of(text), false))
        return json_string(text);
    char *copy = strdup(text);
    if (!copy)
        return NULL;
    for (size_t i = 0; copy[i]; i++)
        if (copy[i] & 0x80)
            copy[i] = '?';
    json_t *json = json_string(copy);
    free(copy);
    return json;
}

static json_t *bytes_json(const ProtobufCBinaryData *value)
{
    if (value->len == SG_ID_BYTES) {
        struct sg_id id;
        char text[SG_ID_TEXT];
        memcpy(id.b, value->data, SG_ID_BYTES);
        return json_string(sg_id_print(&id, text));
    }
    SG_AUTO(sg_heap_done) char *text = malloc(sg_base64_room(value->len));
    if (!text)
        return NULL;
    sg_base64_print(value->data, value->len, text);
    return json_string(text);
}

static json_t *int64_json(int64_t n)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRId64, n);
    return json_string(text);
}

static json_t *uint64_json(uint64_t n)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, n);
    return json_string(text);
}

static json_t *enum_json(const ProtobufCEnumDescriptor *descriptor, int value)
{
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(descriptor, value);
    return known ? json_string(known->name) : json_integer(value);
}

/* A date that has no short form ("month 13") is shown as the object that it is. */
static json_t *date_json(const PbDate *date)
{
    unsigned year = (unsigned)date->year, month = (unsigned)date->month, day = (unsigned)date->day;
    char text[16];
    if (!date->has_year || year > 9999 || month > 99 || day > 99 || (month == 0 && day != 0))
        return NULL;
    int len = snprintf(text, sizeof text, "%04u", year);
    if (month)
        len += snprintf(text + len, sizeof text - (size_t)len, "-%02u", month);
    if (day)
        (void)snprintf(text + len, sizeof text - (size_t)len, "-%02u", day);
    return json_string(text);
}

/* With 0, 3, 6 or 9 digits of a fraction, whatever is needed. Seconds outside of the years that
 * have four digits stay numbers. */
static json_t *time_json(const Google__Protobuf__Timestamp *t)
{
    static const int64_t first = INT64_C(-62135596800), last = INT64_C(253402300799);
    char text[32];
    if (t->seconds < first || t->seconds > last || t->nanos < 0 || t->nanos > 999999999)
        return int64_json(t->seconds);
    int digits = t->nanos ? 9 : 0;
    int32_t fraction = t->nanos;
    for (; digits && fraction % 1000 == 0; digits -= 3)
        fraction /= 1000;
    size_t len = strlen(sg_time_print(t->seconds * 1000, text)) - 1; /* without the Z */
    if (digits)
        (void)snprintf(text + len, sizeof text - len, ".%0*dZ", digits, fraction);
    return json_string(text);
}

/* ---- messages ---- */

static json_t *message_json(const ProtobufCMessage *message, int depth);

/* Our messages never contain themselves (the build checks it); the bound is for what is not ours.
 */
static json_t *sub_json(const ProtobufCMessage *message, int depth)
{
    if (message->descriptor == &google__protobuf__timestamp__descriptor)
        return time_json((const Google__Protobuf__Timestamp *)message);
    json_t *date =
        message->descriptor == &pb_date__descriptor ? date_json((const PbDate *)message) : NULL;
    if (date)
        return date;
    return depth < SG_JSON_DEPTH_MAX ? message_json(message, depth + 1) : json_string("…");
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
    case PROTOBUF_C_TYPE_SFIXED64: return int64_json(*(const int64_t *)at);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64: return uint64_json(*(const uint64_t *)at);
    case PROTOBUF_C_TYPE_FLOAT: return json_real((double)*(const float *)at);
    case PROTOBUF_C_TYPE_DOUBLE: return json_real(*(const double *)at);
    case PROTOBUF_C_TYPE_BOOL: return json_boolean(*(const protobuf_c_boolean *)at);
    case PROTOBUF_C_TYPE_ENUM: return enum_json(field->descriptor, *(const int *)at);
    case PROTOBUF_C_TYPE_STRING: return text_json(*(char *const *)at);
    case PROTOBUF_C_TYPE_BYTES: return bytes_json(at);
    case PROTOBUF_C_TYPE_MESSAGE: break;
    }
    return sub_json(*(ProtobufCMessage *const *)at, depth);
}

static json_t *repeated_json(const ProtobufCFieldDescriptor *field, const uint8_t *message,
                             size_t count, int depth)
{
    json_t *array = json_array();
    const uint8_t *elements = *(uint8_t *const *)(const void *)(message + field->offset);
    size_t size = field_value_size(field->type);
    for (size_t i = 0; array && i < count; i++) {
        if (json_array_append_new(array, value_json(field, elements + i * size, depth)) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static bool add_field(json_t *object, const ProtobufCFieldDescriptor *field, const uint8_t *message,
                      int depth)
{
    char name[SG_JSON_NAME_MAX];
    json_t *value;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t count = *(const size_t *)(const void *)(message + field->quantifier_offset);
        if (count == 0)
            return true;
        value = repeated_json(field, message, count, depth);
    } else {
        if (!field_present(field, message))
            return true;
        value = value_json(field, message + field->offset, depth);
    }
    sg_json_name(field->name, name);
    return json_object_set_new_nocheck(object, name, value) == 0; /* refuses a NULL value */
}

static json_t *message_json(const ProtobufCMessage *message, int depth)
{
    json_t *object = json_object();
    for (unsigned i = 0; object && i < message->descriptor->n_fields; i++) {
        if (!add_field(object, &message->descriptor->fields[i], (const uint8_t *)message, depth)) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

json_t *sg_json_of(const void *message)
{
    return message_json(message, 1);
}
