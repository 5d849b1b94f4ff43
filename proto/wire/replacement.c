#include "wire/replacement.h"

enum { SALT_BYTES = 16, SALT_FIELD = 17, HEAD_MAX = 16, WIRE_TYPE_BYTES = 2 };

static size_t put_varint(uint8_t *to, uint64_t value)
{
    size_t len = 0;
    for (; value >= 0x80; value >>= 7)
        to[len++] = (uint8_t)(value | 0x80);
    to[len++] = (uint8_t)value;
    return len;
}

/* What stands before, and a field of bytes behind it. */
static enum sg_err append_field(struct sg_arena *arena, struct sg_bytes before, uint32_t field,
                                ProtobufCBinaryData value, struct sg_bytes *out, struct sg_why *why)
{
    uint8_t head[HEAD_MAX];
    size_t len = put_varint(head, (uint64_t)field << 3 | WIRE_TYPE_BYTES);
    len += put_varint(head + len, value.len);
    uint8_t *to = sg_arena_alloc(arena, before.len + len + value.len);
    if (!to)
        return sg_fail(why, SG_E_LIMIT, "replacement: the arena is full");
    if (before.len)
        memcpy(to, before.ptr, before.len);
    memcpy(to + before.len, head, len);
    if (value.len)
        memcpy(to + before.len + len, value.data, value.len);
    *out = (struct sg_bytes){to, before.len + len + value.len};
    return SG_OK;
}

static const ProtobufCFieldDescriptor *payload_field(uint32_t type)
{
    return protobuf_c_message_descriptor_get_field(&pb_envelope__descriptor, type);
}

static void **payload_at(PbEnvelope *envelope, uint32_t type)
{
    return (void **)(void *)((uint8_t *)envelope + payload_field(type)->offset);
}

enum sg_err sg_replacement_parts(const struct sg_event *original, const PbReplacement *replacement,
                                 const PbLegalBasis *basis, struct sg_arena *arena,
                                 struct sg_bytes *out_clear, struct sg_bytes *out_personal,
                                 struct sg_why *why)
{
    static const uint8_t no_salt[SALT_BYTES]; /* nothing of this is stored or hashed */
    PbEnvelope envelope = *original->envelope;
    struct sg_bytes clear, personal;
    *payload_at(&envelope, original->type) = NULL;
    if (!envelope.has_legal_basis && basis) {
        envelope.has_legal_basis = true;
        envelope.legal_basis = *basis;
    }
    enum sg_err err = sg_event_split(&envelope, no_salt, arena, &clear, &personal, why);
    if (!err)
        err = append_field(arena, clear, original->type, replacement->clear, out_clear, why);
    *out_personal = personal;
    if (err || !replacement->personal.len)
        return err;
    ProtobufCBinaryData salt = {SALT_BYTES, sg_arena_copy(arena, no_salt, SALT_BYTES)};
    if (!salt.data)
        return sg_fail(why, SG_E_LIMIT, "replacement: the arena is full");
    if (!personal.len)
        err = append_field(arena, personal, SALT_FIELD, salt, &personal, why);
    return err ? err
               : append_field(arena, personal, original->type, replacement->personal, out_personal,
                              why);
}

/* The bytes of the payload that stands in one part. */
static enum sg_err payload_bytes(struct sg_bytes part, struct sg_arena *arena,
                                 ProtobufCBinaryData *out, struct sg_why *why)
{
    struct sg_event event;
    struct sg_bytes bytes = {NULL, 0};
    enum sg_err err = sg_event_reopen(part, (struct sg_bytes){NULL, 0}, arena, &event, why);
    if (!err)
        err = sg_encode(event.payload, arena, &bytes, why);
    if (err)
        return err;
    *out = (ProtobufCBinaryData){bytes.len, sg_arena_copy(arena, bytes.ptr, bytes.len)};
    return bytes.len && !out->data ? sg_fail(why, SG_E_LIMIT, "replacement: the arena is full")
                                   : SG_OK;
}

enum sg_err sg_replacement_of(const PbEnvelope *envelope, struct sg_arena *arena,
                              PbReplacement *out_replacement, struct sg_why *why)
{
    static const uint8_t no_salt[SALT_BYTES];
    const ProtobufCMessageDescriptor *d = envelope->base.descriptor;
    struct sg_bytes clear, personal;
    PbEnvelope bare;
    PbReplacement replacement;
    pb_envelope__init(&bare);
    pb_replacement__init(&replacement);
    for (unsigned i = 0; i < d->n_fields; i++)
        if (d->fields[i].id >= SG_TYPE_AGENCY_FIRST)
            *payload_at(&bare, d->fields[i].id) =
                *(void *const *)(const void *)((const uint8_t *)envelope + d->fields[i].offset);
    enum sg_err err = sg_event_split(&bare, no_salt, arena, &clear, &personal, why);
    if (!err)
        err = payload_bytes(clear, arena, &replacement.clear, why);
    if (!err && personal.len)
        err = payload_bytes(personal, arena, &replacement.personal, why);
    if (err)
        return err;
    replacement.has_clear = replacement.clear.len != 0;
    replacement.has_personal = replacement.personal.len != 0;
    *out_replacement = replacement;
    return SG_OK;
}

enum sg_err sg_replacement_open(const PbReplacement *replacement, uint32_t type,
                                struct sg_arena *arena, PbEnvelope **out_envelope,
                                struct sg_why *why)
{
    struct sg_bytes clear = {NULL, 0}, personal = {NULL, 0};
    struct sg_event event;
    enum sg_err err =
        append_field(arena, (struct sg_bytes){NULL, 0}, type, replacement->clear, &clear, why);
    if (!err && replacement->personal.len)
        err = append_field(arena, personal, type, replacement->personal, &personal, why);
    if (!err)
        err = sg_event_reopen(clear, personal, arena, &event, why);
    if (!err)
        *out_envelope = event.envelope;
    return err;
}
