#include "wire/pack.h"

#include "kit/check.h"
#include "wire/field.h"

enum { DEPTH_MAX = 16, VARINT_MAX = 10 };

/* One message that is being written: its fields from `field` on are written already. */
struct level {
    const ProtobufCMessage *message;
    unsigned field;  /* so many are left; the last of them is being written */
    size_t elements; /* left of the repeated field of sub-messages that is being written */
    uint8_t *end;
};

struct pack {
    uint8_t *at, *begin;
    struct level levels[DEPTH_MAX];
    unsigned depth;
    enum sg_err err;
};

static bool fail(struct pack *p, enum sg_err err)
{
    p->err = err;
    return false;
}

static bool has_room(struct pack *p, size_t size)
{
    return size <= (size_t)(p->at - p->begin) || fail(p, SG_E_LIMIT);
}

/* ---- values; room for a varint was looked for ---- */

static void put_long_varint(struct pack *p, uint64_t value)
{
    uint8_t bytes[VARINT_MAX];
    size_t len = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[len++] = (uint8_t)(value | 0x80);
    bytes[len++] = (uint8_t)value;
    p->at -= len;
    memcpy(p->at, bytes, len);
}

static inline void put_varint(struct pack *p, uint64_t value)
{
    if (value < 0x80) {
        *--p->at = (uint8_t)value;
    } else if (value < 0x4000) { /* most tags, and the rest of the lengths */
        *--p->at = (uint8_t)(value >> 7);
        *--p->at = (uint8_t)(value | 0x80);
    } else {
        put_long_varint(p, value);
    }
}

static bool put_tag(struct pack *p, uint32_t id, enum wire_type type)
{
    if (!has_room(p, VARINT_MAX))
        return false;
    put_varint(p, (uint64_t)id << 3 | type);
    return true;
}

static bool put_fixed(struct pack *p, uint64_t value, size_t size)
{
    if (!has_room(p, size))
        return false;
    for (size_t i = 0; i < size; i++, value >>= 8)
        p->at[(ptrdiff_t)i - (ptrdiff_t)size] = (uint8_t)value;
    p->at -= size;
    return true;
}

static bool put_run(struct pack *p, const void *data, size_t len)
{
    if (len && !data)
        return fail(p, SG_E_FORMAT);
    if (len > (size_t)(p->at - p->begin) || !has_room(p, len + VARINT_MAX))
        return fail(p, SG_E_LIMIT);
    p->at -= len;
    if (len)
        memcpy(p->at, data, len);
    put_varint(p, len);
    return true;
}

static uint64_t zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

static uint32_t u32_at(const uint8_t *at)
{
    return *(const uint32_t *)(const void *)at;
}

static uint64_t u64_at(const uint8_t *at)
{
    return *(const uint64_t *)(const void *)at;
}

static bool put_number(struct pack *p, uint64_t value)
{
    if (!has_room(p, VARINT_MAX))
        return false;
    put_varint(p, value);
    return true;
}

/* The value alone. Sub-messages are levels of their own. */
static bool put_value(struct pack *p, ProtobufCType type, const uint8_t *at)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_ENUM: return put_number(p, (uint64_t)(int64_t)(int32_t)u32_at(at));
    case PROTOBUF_C_TYPE_SINT32: return put_number(p, zigzag((int32_t)u32_at(at)));
    case PROTOBUF_C_TYPE_UINT32: return put_number(p, u32_at(at));
    case PROTOBUF_C_TYPE_BOOL: return put_number(p, u32_at(at) != 0);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64: return put_number(p, u64_at(at));
    case PROTOBUF_C_TYPE_SINT64: return put_number(p, zigzag((int64_t)u64_at(at)));
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT: return put_fixed(p, u32_at(at), 4);
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE: return put_fixed(p, u64_at(at), 8);
    case PROTOBUF_C_TYPE_STRING: {
        const char *text = *(char *const *)(const void *)at;
        return text ? put_run(p, text, strlen(text)) : fail(p, SG_E_FORMAT);
    }
    case PROTOBUF_C_TYPE_BYTES: {
        const ProtobufCBinaryData *data = (const ProtobufCBinaryData *)(const void *)at;
        return put_run(p, data->data, data->len);
    }
    case PROTOBUF_C_TYPE_MESSAGE: break;
    }
    return fail(p, SG_E_FORMAT);
}

/* ---- fields ---- */

static bool enter(struct pack *p, const ProtobufCMessage *message)
{
    if (!message)
        return fail(p, SG_E_FORMAT);
    SG_CHECK(p->depth + 1 < DEPTH_MAX);
    p->levels[++p->depth] =
        (struct level){.message = message, .field = message->descriptor->n_fields, .end = p->at};
    for (size_t i = message->n_unknown_fields; i-- > 0;) { /* they stand behind the known ones */
        const ProtobufCMessageUnknownField *unknown = &message->unknown_fields[i];
        if (!has_room(p, unknown->len + VARINT_MAX))
            return false;
        p->at -= unknown->len;
        memcpy(p->at, unknown->data, unknown->len);
        put_varint(p, (uint64_t)unknown->tag << 3 | unknown->wire_type);
    }
    return true;
}

static bool put_packed(struct pack *p, const ProtobufCFieldDescriptor *field, const uint8_t *array,
                       size_t count)
{
    const uint8_t *end = p->at;
    for (size_t i = count; i-- > 0;)
        if (!put_value(p, field->type, array + i * field_value_size(field->type)))
            return false;
    if (!has_room(p, VARINT_MAX))
        return false;
    put_varint(p, (uint64_t)(end - p->at));
    return put_tag(p, field->id, WIRE_BYTES);
}

/* All values, or the last sub-message that is left. */
static bool put_repeated(struct pack *p, struct level *level, const ProtobufCFieldDescriptor *field)
{
    const uint8_t *base = (const uint8_t *)level->message;
    size_t count = *(const size_t *)(const void *)(base + field->quantifier_offset);
    const uint8_t *array = *(uint8_t *const *)(const void *)(base + field->offset);
    if (!array)
        return fail(p, SG_E_FORMAT);
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        if (!level->elements)
            level->elements = count;
        return enter(p, ((ProtobufCMessage *const *)(const void *)array)[level->elements - 1]);
    }
    level->field--;
    if (field->flags & PROTOBUF_C_FIELD_FLAG_PACKED)
        return put_packed(p, field, array, count);
    for (size_t i = count; i-- > 0;)
        if (!put_value(p, field->type, array + i * field_value_size(field->type)) ||
            !put_tag(p, field->id, field_wire_type(field->type)))
            return false;
    return true;
}

/* proto3 without `optional`: a zero is absent. */
static bool is_zero(const ProtobufCFieldDescriptor *field, const uint8_t *at)
{
    if (field->type == PROTOBUF_C_TYPE_BOOL)
        return u32_at(at) == 0;
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return !*(char *const *)(const void *)at || !**(char *const *)(const void *)at;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return !*(void *const *)(const void *)at;
    if (field->type == PROTOBUF_C_TYPE_BYTES)
        return ((const ProtobufCBinaryData *)(const void *)at)->len == 0;
    return field_value_size(field->type) == 8 ? u64_at(at) == 0 : u32_at(at) == 0;
}

static inline bool is_set(const ProtobufCFieldDescriptor *field, const uint8_t *base)
{
    const uint8_t *at = base + field->offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return *(const size_t *)(const void *)(base + field->quantifier_offset) != 0;
    if (field->label == PROTOBUF_C_LABEL_NONE)
        return !is_zero(field, at);
    if (field->type == PROTOBUF_C_TYPE_MESSAGE || field->type == PROTOBUF_C_TYPE_STRING) {
        const void *value = *(void *const *)(const void *)at;
        return value && value != field->default_value;
    }
    return *(const protobuf_c_boolean *)(const void *)(base + field->quantifier_offset) != 0;
}

static bool put_single(struct pack *p, struct level *level, const ProtobufCFieldDescriptor *field)
{
    const uint8_t *at = (const uint8_t *)level->message + field->offset;
    SG_CHECK(!(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)); /* the contract has none */
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return enter(p, *(ProtobufCMessage *const *)(const void *)at);
    level->field--;
    return put_value(p, field->type, at) && put_tag(p, field->id, field_wire_type(field->type));
}

/* The sub-message is written: its length and tag go before it. */
static bool leave(struct pack *p)
{
    const uint8_t *end = p->levels[p->depth--].end;
    struct level *level = &p->levels[p->depth];
    const ProtobufCFieldDescriptor *field = &level->message->descriptor->fields[level->field - 1];
    if (!has_room(p, VARINT_MAX))
        return false;
    put_varint(p, (uint64_t)(end - p->at));
    if (!level->elements || --level->elements == 0)
        level->field--;
    return put_tag(p, field->id, WIRE_BYTES);
}

/* So many fields are left that the last of them is set. */
static unsigned last_set(const struct level *level)
{
    const ProtobufCFieldDescriptor *fields = level->message->descriptor->fields;
    const uint8_t *base = (const uint8_t *)level->message;
    unsigned left = level->field;
    while (left && !is_set(&fields[left - 1], base))
        left--;
    return left;
}

static bool pack(struct pack *p)
{
    for (;;) {
        struct level *level = &p->levels[p->depth];
        level->field = last_set(level);
        if (level->field == 0) {
            if (p->depth == 1)
                return true;
            if (!leave(p))
                return false;
            continue;
        }
        const ProtobufCFieldDescriptor *field =
            &level->message->descriptor->fields[level->field - 1];
        bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
        if (!(repeated ? put_repeated(p, level, field) : put_single(p, level, field)))
            return false;
    }
}

enum sg_err sg_pack_back(const ProtobufCMessage *message, uint8_t *begin, uint8_t *end,
                         uint8_t **out_at)
{
    struct pack p; /* levels are filled in as they are entered */
    p.at = end;
    p.begin = begin;
    p.depth = 0;
    p.err = SG_OK;
    if (!enter(&p, message) || !pack(&p))
        return p.err;
    *out_at = p.at;
    return SG_OK;
}
