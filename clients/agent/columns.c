#include "agent/columns.h"

#include "wire/contract.h"
#include "wire/day.h"
#include "wire/field.h"
#include "wire/id.h"
#include "wire/json.h"
#include "wire/keyfile.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <stdio.h>

enum { COLUMNS_MAX = 256 };

/* ---- which columns there are ------------------------------------------------------------- */

static bool is_type(const ProtobufCFieldDescriptor *field)
{
    return field->id >= SG_TYPE_AGENCY_FIRST;
}

/* The salt of the personal part says nothing to anybody; seq and accepted_at stand first. */
static bool is_left_out(const ProtobufCFieldDescriptor *field)
{
    static const char *const names[] = {"salt", "type", "schema_minor", "seq", "accepted_at"};
    for (size_t i = 0; i < SG_ARRAY_LEN(names); i++) {
        if (strcmp(field->name, names[i]) == 0)
            return true;
    }
    return is_type(field);
}

static bool is_message(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_MESSAGE && field->label != PROTOBUF_C_LABEL_REPEATED;
}

/* A message that is one value to people. */
static bool is_value(const ProtobufCMessageDescriptor *message)
{
    return message == &pb_date__descriptor || message == &pb_event_ref__descriptor ||
           message == &google__protobuf__timestamp__descriptor;
}

/* A list in a message of its own, so that "emptied" is not "unchanged". */
static bool is_wrapped_list(const ProtobufCMessageDescriptor *message)
{
    return message->n_fields == 1 && message->fields[0].label == PROTOBUF_C_LABEL_REPEATED;
}

static bool is_laid_flat(const struct column *column)
{
    const ProtobufCFieldDescriptor *last = column->path[column->depth - 1];
    return is_message(last) && !is_value(last->descriptor) && !is_wrapped_list(last->descriptor) &&
           column->depth < COLUMN_DEPTH_MAX;
}

static bool is_number(const ProtobufCFieldDescriptor *field)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return false;
    switch (field->type) {
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE: return false;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_BOOL: return true;
    }
    return false;
}

struct listing {
    struct column *items;
    size_t count;
};

static bool has_name(const struct listing *listing, const char *name)
{
    if (strcasecmp(name, "seq") == 0 || strcasecmp(name, "accepted_at") == 0 ||
        strcasecmp(name, "place") == 0)
        return true;
    for (size_t i = 0; i < listing->count; i++) {
        if (strcasecmp(listing->items[i].name, name) == 0)
            return true;
    }
    return false;
}

static void name_column(const struct listing *listing, struct column *column)
{
    char name[COLUMN_NAME_MAX] = "";
    size_t used = 0;
    /* the name of the type itself stands in the name of the table */
    for (size_t i = is_type(column->path[0]) ? 1 : 0; i < column->depth && used < sizeof name; i++)
        used += (size_t)snprintf(name + used, sizeof name - used, "%s%s", used ? "_" : "",
                                 column->path[i]->name);
    (void)snprintf(column->name, sizeof column->name, "%s%.80s",
                   has_name(listing, name) ? "payload_" : "", name);
}

/* Every field of `message`, laid flat, in the order of the .proto. The path of `at` leads to it. */
static void add_fields(struct listing *listing, const struct column *at,
                       const ProtobufCMessageDescriptor *message)
{
    struct {
        struct column at;
        const ProtobufCMessageDescriptor *message;
        unsigned next;
    } stack[COLUMN_DEPTH_MAX + 1] = {{*at, message, 0}};
    for (size_t depth = 1; depth > 0;) {
        const ProtobufCMessageDescriptor *in = stack[depth - 1].message;
        if (stack[depth - 1].next == in->n_fields) {
            depth--;
            continue;
        }
        struct column column = stack[depth - 1].at;
        const ProtobufCFieldDescriptor *field = &in->fields[stack[depth - 1].next++];
        column.path[column.depth++] = field;
        if (column.depth == 1 && is_left_out(field))
            continue;
        if (is_laid_flat(&column)) {
            stack[depth].at = column;
            stack[depth].message = field->descriptor;
            stack[depth++].next = 0;
            continue;
        }
        column.number = is_number(field);
        name_column(listing, &column);
        if (listing->count < COLUMNS_MAX)
            listing->items[listing->count++] = column;
    }
}

enum sg_err columns_of(const ProtobufCFieldDescriptor *type, struct sg_arena *arena,
                       struct columns *out_columns, struct sg_why *why)
{
    struct listing listing = {SG_NEW_ARRAY(arena, struct column, COLUMNS_MAX), 0};
    if (!listing.items)
        return sg_fail(why, SG_E_LIMIT, "no room for the columns of %s", type->name);
    add_fields(&listing, &(struct column){.depth = 0}, &pb_envelope__descriptor);
    add_fields(&listing, &(struct column){.depth = 1, .path = {type}}, type->descriptor);
    *out_columns = (struct columns){listing.items, listing.count};
    return SG_OK;
}

/* ---- what stands in them ----------------------------------------------------------------- */

const char *place_text(struct sg_arena *arena, struct sg_bytes outbox_id, uint64_t number)
{
    struct sg_id id;
    char text[SG_ID_TEXT];
    if (sg_id_from(outbox_id, &id))
        return "";
    return sg_arena_format(arena, "%s-%llu", sg_id_print(&id, text), (unsigned long long)number);
}

static const char *date_text(struct sg_arena *arena, const PbDate *date)
{
    if (!date->has_month || date->month == 0)
        return sg_arena_format(arena, "%04d", date->year);
    if (!date->has_day || date->day == 0)
        return sg_arena_format(arena, "%04d-%02d", date->year, date->month);
    return sg_arena_format(arena, "%04d-%02d-%02d", date->year, date->month, date->day);
}

static const char *json_text(struct sg_arena *arena, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    const char *kept = text ? sg_arena_text(arena, sg_bytes_of(text)) : NULL;
    free(text);
    json_decref(json);
    return kept;
}

static const char *message_text(struct sg_arena *arena, const ProtobufCMessage *message)
{
    if (message->descriptor == &pb_date__descriptor)
        return date_text(arena, (const PbDate *)message);
    if (message->descriptor == &google__protobuf__timestamp__descriptor) {
        const Google__Protobuf__Timestamp *time = (const Google__Protobuf__Timestamp *)message;
        char text[32];
        return sg_arena_text(
            arena, sg_bytes_of(sg_time_print(time->seconds * 1000 + time->nanos / 1000000, text)));
    }
    if (message->descriptor == &pb_event_ref__descriptor) {
        const PbEventRef *ref = (const PbEventRef *)message;
        return place_text(arena, (struct sg_bytes){ref->outbox_id.data, ref->outbox_id.len},
                          ref->number);
    }
    return json_text(arena, sg_json_of(message));
}

static const char *bytes_text(struct sg_arena *arena, const ProtobufCBinaryData *bytes)
{
    struct sg_id id;
    char text[SG_ID_TEXT];
    if (sg_id_from((struct sg_bytes){bytes->data, bytes->len}, &id) == SG_OK)
        return sg_arena_text(arena, sg_bytes_of(sg_id_print(&id, text)));
    char *base64 = sg_arena_alloc(arena, sg_base64_room(bytes->len));
    if (base64)
        sg_base64_print(bytes->data, bytes->len, base64);
    return base64;
}

/* "PRIORITY_URGENT_72H" is URGENT_72H; what would begin with a digit keeps its whole name. */
static const char *enum_text(struct sg_arena *arena, const ProtobufCEnumDescriptor *descriptor,
                             int value)
{
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(descriptor, value);
    if (!known)
        return sg_arena_format(arena, "%d", value);
    const char *end = strstr(descriptor->values[0].name, "UNSPECIFIED");
    const char *name = known->name + (end ? end - descriptor->values[0].name : 0);
    return name[0] >= '0' && name[0] <= '9' ? known->name : name;
}

/* One value that is no list. */
static struct column_value single(const ProtobufCFieldDescriptor *field, const void *at,
                                  struct sg_arena *arena)
{
    struct column_value value = {.kind = COLUMN_NUMBER};
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32: value.number = *(const int32_t *)at; return value;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32: value.number = *(const uint32_t *)at; return value;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64: value.number = *(const int64_t *)at; return value;
    case PROTOBUF_C_TYPE_BOOL: value.number = *(const protobuf_c_boolean *)at != 0; return value;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE: return (struct column_value){.kind = COLUMN_NULL};
    case PROTOBUF_C_TYPE_ENUM:
        value.text = enum_text(arena, field->descriptor, *(const int *)at);
        break;
    case PROTOBUF_C_TYPE_STRING: value.text = *(char *const *)at; break;
    case PROTOBUF_C_TYPE_BYTES: value.text = bytes_text(arena, at); break;
    case PROTOBUF_C_TYPE_MESSAGE:
        value.text = message_text(arena, *(ProtobufCMessage *const *)at);
        break;
    }
    value.kind = COLUMN_TEXT;
    return value;
}

static json_t *element_json(const ProtobufCFieldDescriptor *field, const void *at,
                            struct sg_arena *arena)
{
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        const ProtobufCMessage *message = *(ProtobufCMessage *const *)at;
        if (!is_value(message->descriptor))
            return sg_json_of(message);
    }
    struct column_value value = single(field, at, arena);
    return value.kind == COLUMN_NUMBER ? json_integer(value.number) : json_string(value.text);
}

static const char *list_text(const ProtobufCFieldDescriptor *field, const uint8_t *message,
                             struct sg_arena *arena)
{
    json_t *array = json_array();
    size_t count = *(const size_t *)(const void *)(message + field->quantifier_offset);
    const uint8_t *elements = *(uint8_t *const *)(const void *)(message + field->offset);
    for (size_t i = 0; i < count; i++) {
        json_t *element = element_json(field, elements + i * field_value_size(field->type), arena);
        if (json_array_append_new(array, element) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return json_text(arena, array);
}

enum sg_err column_value(const struct column *column, const PbEnvelope *envelope,
                         struct sg_arena *arena, struct column_value *out_value, struct sg_why *why)
{
    const uint8_t *message = (const uint8_t *)envelope;
    const ProtobufCFieldDescriptor *field = column->path[0];
    *out_value = (struct column_value){.kind = COLUMN_NULL};
    for (size_t i = 0;; i++) {
        field = column->path[i];
        if (!field_present(field, message))
            return SG_OK;
        if (i + 1 == column->depth)
            break;
        message = *(uint8_t *const *)(const void *)(message + field->offset);
    }
    if (is_message(field) && is_wrapped_list(field->descriptor)) {
        message = *(uint8_t *const *)(const void *)(message + field->offset);
        field = ((const ProtobufCMessage *)(const void *)message)->descriptor->fields;
    }
    struct column_value value = {.kind = COLUMN_TEXT};
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        value.text = list_text(field, message, arena);
    else
        value = single(field, message + field->offset, arena);
    if (value.kind == COLUMN_TEXT && !value.text)
        return sg_fail(why, SG_E_LIMIT, "no room for column %s", column->name);
    *out_value = value;
    return SG_OK;
}
