/* One pass backwards gives the bytes of protobuf-c. */
#include "unit/unit.h"

#include "kit/prng.h"
#include "sinergi/v1/row.pb-c.h"
#include "wire/codec.h"
#include "wire/pack.h"

#include <stdlib.h>

enum { ROOM = 1 << 20, DEPTH = 5, MESSAGES = 400 };

/* Messages are filled by their descriptors, so that each kind of field comes up. */
struct filler {
    struct prng prng;
    struct sg_arena arena;
};

static const ProtobufCMessageDescriptor *const kinds[] = {
    &pb_envelope__descriptor,     &pb_client_frame__descriptor, &pb_server_frame__descriptor,
    &pb_record_rest__descriptor,  &pb_person_row__descriptor,   &pb_identity_row__descriptor,
    &pb_referral_row__descriptor, &pb_slot_row__descriptor,     &pb_allocation_row__descriptor,
};

static void *room(struct filler *f, size_t size)
{
    void *at = sg_arena_alloc(&f->arena, size);
    assert_non_null(at);
    return at;
}

static ProtobufCMessage *filled(struct filler *f, const ProtobufCMessageDescriptor *descriptor,
                                unsigned depth);

static uint64_t number(struct filler *f)
{
    return prng_next(&f->prng) >> prng_next(&f->prng) % 64;
}

static void fill_value(struct filler *f, const ProtobufCFieldDescriptor *field, void *at,
                       unsigned depth)
{
    size_t len = (size_t)(prng_next(&f->prng) % 200);
    uint64_t n = number(f);
    uint32_t half = (uint32_t)n;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        ProtobufCMessage *message = filled(f, field->descriptor, depth + 1);
        memcpy(at, &message, sizeof message);
    } else if (field->type == PROTOBUF_C_TYPE_STRING) {
        char *text = room(f, len + 1);
        memset(text, 'a', len);
        memcpy(at, &text, sizeof text);
    } else if (field->type == PROTOBUF_C_TYPE_BYTES) {
        ProtobufCBinaryData data = {len, room(f, len + 1)};
        memcpy(at, &data, sizeof data);
    } else if (field->type == PROTOBUF_C_TYPE_BOOL) {
        half %= 2;
        memcpy(at, &half, sizeof half);
    } else if (field->type == PROTOBUF_C_TYPE_INT64 || field->type == PROTOBUF_C_TYPE_UINT64) {
        memcpy(at, &n, sizeof n);
    } else {
        memcpy(at, &half, sizeof half);
    }
}

static size_t size_of(const ProtobufCFieldDescriptor *field)
{
    switch ((int)field->type) {
    case PROTOBUF_C_TYPE_BYTES: return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_MESSAGE:
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64: return 8;
    default: return 4;
    }
}

static void fill_field(struct filler *f, const ProtobufCFieldDescriptor *field, uint8_t *base,
                       unsigned depth)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t count = 1 + (size_t)(prng_next(&f->prng) % 3);
        uint8_t *array = room(f, count * size_of(field));
        for (size_t i = 0; i < count; i++)
            fill_value(f, field, array + i * size_of(field), depth);
        memcpy(base + field->offset, &array, sizeof array);
        memcpy(base + field->quantifier_offset, &count, sizeof count);
        return;
    }
    fill_value(f, field, base + field->offset, depth);
    if (field->label == PROTOBUF_C_LABEL_OPTIONAL && field->quantifier_offset) {
        const protobuf_c_boolean there = 1;
        memcpy(base + field->quantifier_offset, &there, sizeof there);
    }
}

static ProtobufCMessage *filled(struct filler *f, const ProtobufCMessageDescriptor *descriptor,
                                unsigned depth)
{
    ProtobufCMessage *message = room(f, descriptor->sizeof_message);
    protobuf_c_message_init(descriptor, message);
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        bool deep = field->type == PROTOBUF_C_TYPE_MESSAGE && depth == DEPTH;
        if (!deep && prng_next(&f->prng) % 3 == 0)
            fill_field(f, field, (uint8_t *)message, depth);
    }
    if (prng_next(&f->prng) % 8 == 0) {
        ProtobufCMessageUnknownField *unknown = room(f, 2 * sizeof *unknown);
        unknown[0] =
            (ProtobufCMessageUnknownField){9000, PROTOBUF_C_WIRE_TYPE_VARINT, 1, room(f, 1)};
        unknown[1] =
            (ProtobufCMessageUnknownField){9001, PROTOBUF_C_WIRE_TYPE_32BIT, 4, room(f, 4)};
        message->unknown_fields = unknown;
        message->n_unknown_fields = 2;
    }
    return message;
}

static void bytes_are_those_of_protobuf_c(void **state)
{
    (void)state;
    static uint8_t want[ROOM], got[ROOM];
    struct filler f = {0};
    struct sg_why why;
    f.prng.state = 7;
    UNIT_OK(sg_arena_init(&f.arena, (size_t)64 << 20, &why));
    for (int i = 0; i < MESSAGES; i++) {
        sg_arena_reset(&f.arena, 0);
        const ProtobufCMessageDescriptor *kind = kinds[(size_t)i % SG_ARRAY_LEN(kinds)];
        ProtobufCMessage *message = filled(&f, kind, 0);
        size_t size = protobuf_c_message_get_packed_size(message);
        uint8_t *at = NULL;
        assert_true(size <= ROOM);
        (void)protobuf_c_message_pack(message, want);
        assert_int_equal(sg_pack_back(message, got, got + ROOM, &at), SG_OK);
        if ((size_t)(got + ROOM - at) != size || memcmp(at, want, size) != 0)
            fail_msg("%s %d: %zu bytes, want %zu", kind->short_name, i, (size_t)(got + ROOM - at),
                     size);
    }
    sg_arena_done(&f.arena);
}

static void it_keeps_to_its_room(void **state)
{
    (void)state;
    struct filler f = {0};
    struct sg_why why;
    f.prng.state = 8;
    UNIT_OK(sg_arena_init(&f.arena, (size_t)64 << 20, &why));
    ProtobufCMessage *message = filled(&f, &pb_record_rest__descriptor, 0);
    size_t size = protobuf_c_message_get_packed_size(message);
    for (size_t room_bytes = 0; room_bytes < size; room_bytes++) {
        uint8_t *exact = malloc(room_bytes ? room_bytes : 1), *at = NULL;
        assert_int_equal(sg_pack_back(message, exact, exact + room_bytes, &at), SG_E_LIMIT);
        free(exact);
    }
    sg_arena_done(&f.arena);
}

static void what_is_missing_is_found(void **state)
{
    (void)state;
    uint8_t to[256], *at = NULL;
    char *texts[] = {NULL};
    PbReferralRow row = PB_REFERRAL_ROW__INIT;
    row.n_targets = 1;
    assert_int_equal(sg_pack_back(&row.base, to, to + sizeof to, &at), SG_E_FORMAT);
    row.targets = texts;
    assert_int_equal(sg_pack_back(&row.base, to, to + sizeof to, &at), SG_E_FORMAT);
    row.n_targets = 0;
    row.has_case_id = true;
    row.case_id.len = 16;
    assert_int_equal(sg_pack_back(&row.base, to, to + sizeof to, &at), SG_E_FORMAT);
}

UNIT_MAIN(cmocka_unit_test(bytes_are_those_of_protobuf_c), cmocka_unit_test(it_keeps_to_its_room),
          cmocka_unit_test(what_is_missing_is_found))
