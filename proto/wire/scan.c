#include "wire/scan.h"

#include "kit/check.h"
#include "wire/field.h"
#include "wire/limits.h"

#include <stdio.h>

enum { FIELDS_PER_MESSAGE_MAX = 64, ENVELOPE_SALT = 17 };

/* Where the walk stands in one message. */
struct level {
    const ProtobufCMessageDescriptor *descriptor;
    const struct sg_message_rules *rules; /* NULL in a frame, and under a classed field */
    const uint8_t *end;
    unsigned field; /* index of the sub-message that the next level is */
    uint16_t seen[FIELDS_PER_MESSAGE_MAX];
};

struct walk {
    const uint8_t *at;
    struct level levels[SG_SCAN_DEPTH_MAX];
    unsigned depth, fields, fields_max, unknown, unknown_max;
    bool classed, personal; /* check classes; which part this is */
    unsigned values;        /* classed fields other than the salt */
    struct sg_fault *fault; /* of an event */
    struct sg_why *why;     /* of a frame */
    enum sg_err err;
};

/* ---- why not ---- */

static void print_path(const struct walk *walk, const char *last, char *to, size_t size)
{
    size_t len = 0;
    to[0] = '\0';
    for (unsigned i = 0; i < walk->depth && len < size; i++) {
        const struct level *level = &walk->levels[i];
        len += (size_t)snprintf(to + len, size - len, "%s%s", len ? "." : "",
                                level->descriptor->fields[level->field].name);
    }
    if (*last && len < size)
        (void)snprintf(to + len, size - len, "%s%s", len ? "." : "", last);
}

static bool refuse(struct walk *walk, enum sg_err err, uint32_t code, const char *field,
                   const char *detail, const char *accepted)
{
    char path[96];
    print_path(walk, field, path, sizeof path);
    walk->err = err;
    if (walk->fault)
        return sg_refuse(walk->fault, code, path, detail, "%s", accepted);
    (void)sg_fail(walk->why, err, "%s: %s, want %s", path, detail, accepted);
    return false;
}

static bool broken(struct walk *walk, const char *field, const char *detail)
{
    return refuse(walk, SG_E_FORMAT, SG_ST_SCHEMA, field, detail, "a protobuf message");
}

/* As many names as there is room for, the least numbers first. */
static bool bad_enum(struct walk *walk, const ProtobufCFieldDescriptor *field)
{
    const ProtobufCEnumDescriptor *e = field->descriptor;
    char accepted[sizeof walk->fault->accepted] = "";
    size_t len = 0;
    for (unsigned i = 0; i < e->n_values; i++) {
        const char *name = e->values[i].name;
        if (e->values[i].value == 0)
            continue;
        if (len + strlen(name) + sizeof ", , …" > sizeof accepted) {
            (void)snprintf(accepted + len, sizeof accepted - len, ", …");
            break;
        }
        len +=
            (size_t)snprintf(accepted + len, sizeof accepted - len, "%s%s", len ? ", " : "", name);
    }
    return refuse(walk, SG_E_FORMAT, SG_ST_BAD_CODE, field->name, "UNKNOWN_VALUE", accepted);
}

/* ---- bytes ---- */

static bool read_varint(struct walk *walk, const uint8_t *end, uint64_t *out)
{
    uint64_t value = 0;
    for (unsigned shift = 0; walk->at < end && shift < 70; shift += 7) {
        uint8_t byte = *walk->at++;
        if (shift == 63 && byte > 1)
            return false;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *out = value;
            return true;
        }
    }
    return false;
}

static unsigned utf8_length(const uint8_t *p, size_t left)
{
    if (p[0] < 0x80)
        return 1;
    unsigned n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || left < n)
        return 0;
    for (unsigned i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    bool surrogate = p[0] == 0xed && p[1] > 0x9f;
    bool too_high = p[0] == 0xf4 && p[1] > 0x8f;
    return overlong || surrogate || too_high ? 0 : n;
}

bool sg_utf8_valid(struct sg_bytes text, bool plain)
{
    for (size_t i = 0; i < text.len;) {
        uint8_t c = text.ptr[i];
        if (c == 0 || (plain && (c < 0x20 || c == 0x7f)))
            return false;
        unsigned n = utf8_length(text.ptr + i, text.len - i);
        if (n == 0 || (plain && n == 2 && c == 0xc2 && text.ptr[i + 1] < 0xa0))
            return false;
        i += n;
    }
    return true;
}

/* ---- one field ---- */

static bool enum_known(const ProtobufCFieldDescriptor *field, uint64_t value)
{
    return value <= INT32_MAX &&
           protobuf_c_enum_descriptor_get_value(field->descriptor, (int)value) != NULL;
}

static bool count_field(struct walk *walk, struct level *level, unsigned index)
{
    const ProtobufCFieldDescriptor *field = &level->descriptor->fields[index];
    if (++walk->fields > walk->fields_max)
        return refuse(walk, SG_E_LIMIT, SG_ST_SCHEMA, field->name, "TOO_MANY_FIELDS",
                      "fewer fields");
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    if (++level->seen[index] > (repeated ? SG_SCAN_REPEATED_MAX : 1U))
        return refuse(walk, SG_E_LIMIT, SG_ST_SCHEMA, field->name, "REPEATED",
                      repeated ? "at most 256 entries" : "the field once");
    return true;
}

static bool check_class(struct walk *walk, const struct level *level, unsigned index)
{
    if (!walk->classed || !level->rules)
        return true;
    uint8_t pd = level->rules->fields[index].pd;
    if (pd == SG_PD_UNSPECIFIED)
        return true;
    bool personal = pd == SG_PD_GENERAL || pd == SG_PD_SPECIFIC;
    if (walk->depth || level->descriptor->fields[index].id != ENVELOPE_SALT)
        walk->values++;
    if (personal == walk->personal)
        return true;
    return refuse(walk, SG_E_FORMAT, SG_ST_SCHEMA, level->descriptor->fields[index].name,
                  "WRONG_PART",
                  personal ? "this field in the personal part" : "this field in the clear part");
}

static bool skip_unknown(struct walk *walk, unsigned type, const uint8_t *end)
{
    uint64_t n;
    if (++walk->unknown > walk->unknown_max)
        return refuse(walk, SG_E_FORMAT, SG_ST_SCHEMA, "", "UNKNOWN_FIELD",
                      "only fields that this version knows");
    switch (type) {
    case WIRE_VARINT: return read_varint(walk, end, &n) || broken(walk, "", "BROKEN");
    case WIRE_64: n = 8; break;
    case WIRE_32: n = 4; break;
    case WIRE_BYTES:
        if (!read_varint(walk, end, &n))
            return broken(walk, "", "BROKEN");
        break;
    default: return broken(walk, "", "GROUP");
    }
    if (n > (uint64_t)(end - walk->at))
        return broken(walk, "", "BROKEN");
    walk->at += n;
    return true;
}

static bool scan_packed(struct walk *walk, struct level *level, unsigned index, const uint8_t *end)
{
    const ProtobufCFieldDescriptor *field = &level->descriptor->fields[index];
    uint64_t value;
    if (walk->at < end) { /* each entry counts itself below */
        level->seen[index]--;
        walk->fields--;
    } else if (walk->fault) { /* would say that a field is there which then is not */
        return refuse(walk, SG_E_FORMAT, SG_ST_SCHEMA, field->name, "EMPTY", "the field left out");
    }
    while (walk->at < end) {
        if (!count_field(walk, level, index))
            return false;
        if (field_wire_type(field->type) != WIRE_VARINT || !read_varint(walk, end, &value))
            return broken(walk, field->name, "BROKEN");
        if (field->type == PROTOBUF_C_TYPE_ENUM && !enum_known(field, value))
            return bad_enum(walk, field);
    }
    return true;
}

static bool descend(struct walk *walk, struct level *level, unsigned index, const uint8_t *end)
{
    const ProtobufCFieldDescriptor *field = &level->descriptor->fields[index];
    if (walk->depth + 1 == SG_SCAN_DEPTH_MAX)
        return refuse(walk, SG_E_LIMIT, SG_ST_SCHEMA, field->name, "TOO_DEEP", "at most 8 levels");
    const struct sg_field_rules *rules = level->rules ? &level->rules->fields[index] : NULL;
    level->field = index;
    struct level *below = &walk->levels[++walk->depth];
    below->descriptor = field->descriptor;
    /* Under a classed field everything has that class. */
    below->rules = rules && rules->pd == SG_PD_UNSPECIFIED ? rules->sub : NULL;
    below->end = end;
    if (below->descriptor->n_fields > FIELDS_PER_MESSAGE_MAX)
        return broken(walk, field->name, "TOO_WIDE");
    memset(below->seen, 0, below->descriptor->n_fields * sizeof below->seen[0]);
    return true;
}

static bool scan_bytes(struct walk *walk, struct level *level, unsigned index)
{
    const ProtobufCFieldDescriptor *field = &level->descriptor->fields[index];
    uint64_t len;
    if (!read_varint(walk, level->end, &len) || len > (uint64_t)(level->end - walk->at))
        return broken(walk, field->name, "BROKEN");
    const uint8_t *end = walk->at + len;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return descend(walk, level, index, end);
    if (field->type == PROTOBUF_C_TYPE_STRING &&
        !sg_utf8_valid((struct sg_bytes){walk->at, (size_t)len}, walk->fault != NULL))
        return refuse(walk, SG_E_FORMAT, SG_ST_SCHEMA, field->name, "TEXT",
                      "UTF-8 without control characters");
    if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_BYTES)
        return scan_packed(walk, level, index, end);
    walk->at = end;
    return true;
}

static bool scan_number(struct walk *walk, const struct level *level,
                        const ProtobufCFieldDescriptor *field, unsigned type)
{
    uint64_t value;
    if (type == WIRE_VARINT) {
        if (!read_varint(walk, level->end, &value))
            return broken(walk, field->name, "BROKEN");
        if (field->type == PROTOBUF_C_TYPE_ENUM && !enum_known(field, value))
            return bad_enum(walk, field);
        return true;
    }
    size_t size = type == WIRE_64 ? 8 : 4;
    if ((size_t)(level->end - walk->at) < size)
        return broken(walk, field->name, "BROKEN");
    walk->at += size;
    return true;
}

static int field_index(const ProtobufCMessageDescriptor *descriptor, uint32_t number)
{
    unsigned low = 0, high = descriptor->n_fields;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (descriptor->fields[middle].id == number)
            return (int)middle;
        if (descriptor->fields[middle].id < number)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

static bool scan_field(struct walk *walk)
{
    struct level *level = &walk->levels[walk->depth];
    uint64_t key;
    if (!read_varint(walk, level->end, &key) || key >> 3 == 0 || key >> 3 > 0x1fffffff)
        return broken(walk, "", "BROKEN");
    unsigned type = key & 7;
    int index = field_index(level->descriptor, (uint32_t)(key >> 3));
    if (index < 0)
        return skip_unknown(walk, type, level->end);

    const ProtobufCFieldDescriptor *field = &level->descriptor->fields[index];
    bool packed = type == WIRE_BYTES && field->label == PROTOBUF_C_LABEL_REPEATED;
    if (type != field_wire_type(field->type) && !packed)
        return broken(walk, field->name, "WIRE_TYPE");
    if (!check_class(walk, level, (unsigned)index) || !count_field(walk, level, (unsigned)index))
        return false;
    if (type == WIRE_BYTES)
        return scan_bytes(walk, level, (unsigned)index);
    return scan_number(walk, level, field, type);
}

static bool scan(struct walk *walk, struct sg_bytes bytes)
{
    SG_CHECK(walk->levels[0].descriptor->n_fields <= FIELDS_PER_MESSAGE_MAX);
    walk->at = bytes.ptr;
    walk->levels[0].end = bytes.ptr + bytes.len;
    memset(walk->levels[0].seen, 0,
           walk->levels[0].descriptor->n_fields * sizeof walk->levels[0].seen[0]);
    for (;;) {
        while (walk->at == walk->levels[walk->depth].end) {
            if (walk->depth == 0)
                return true;
            walk->depth--;
        }
        if (!scan_field(walk))
            return false;
    }
}

enum sg_err sg_scan_frame(struct sg_bytes bytes, const ProtobufCMessageDescriptor *descriptor,
                          struct sg_why *why)
{
    struct walk walk; /* levels are filled in as they are entered */
    walk.depth = walk.fields = walk.unknown = walk.values = 0;
    walk.unknown_max = SG_SCAN_UNKNOWN_MAX;
    walk.fields_max = SG_SCAN_FRAME_FIELDS_MAX;
    walk.classed = walk.personal = false;
    walk.fault = NULL;
    walk.why = why;
    walk.err = SG_OK;
    walk.levels[0].descriptor = descriptor;
    walk.levels[0].rules = NULL;
    return bytes.len == 0 || scan(&walk, bytes) ? SG_OK : walk.err;
}

bool sg_scan_event(struct sg_bytes bytes, enum sg_part part, struct sg_fault *fault)
{
    struct walk walk;
    walk.depth = walk.fields = walk.unknown = walk.values = 0;
    walk.unknown_max = 0;
    walk.fields_max = SG_SCAN_FIELDS_MAX;
    walk.classed = part != SG_PART_WHOLE;
    walk.personal = part == SG_PART_PERSONAL;
    walk.fault = fault;
    walk.why = NULL;
    walk.err = SG_OK;
    walk.levels[0].descriptor = sg_envelope_rules.descriptor;
    walk.levels[0].rules = &sg_envelope_rules;
    if (bytes.len == 0)
        return true;
    if (!scan(&walk, bytes))
        return false;
    /* Salt is for what it hides: an event without personal fields has no personal part. */
    return walk.values > 0 || part != SG_PART_PERSONAL ||
           sg_refuse(fault, SG_ST_SCHEMA, "personal", "EMPTY",
                     "no personal part when no personal field is set");
}
