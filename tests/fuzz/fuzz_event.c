#include "kit/check.h"
#include "wire/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_there(const ProtobufCFieldDescriptor *field, const uint8_t *message)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return *(const size_t *)(const void *)(message + field->quantifier_offset) > 0;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE || field->type == PROTOBUF_C_TYPE_STRING)
        return *(void *const *)(const void *)(message + field->offset) != NULL;
    return *(const protobuf_c_boolean *)(const void *)(message + field->quantifier_offset) != 0;
}

/* Nothing of these classes, asked of the message and not of its bytes. Messages that hold several
 * classes are never repeated. */
static void check_without(const void *message, const struct sg_message_rules *rules,
                          enum sg_pd first, enum sg_pd second)
{
    for (unsigned i = 0; i < rules->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &rules->descriptor->fields[i];
        const struct sg_field_rules *r = &rules->fields[i];
        const uint8_t *at = message;
        if (!is_there(field, at))
            continue;
        SG_CHECK(r->pd != first && r->pd != second);
        if (r->pd == SG_PD_UNSPECIFIED)
            check_without(*(void *const *)(const void *)(at + field->offset), r->sub, first,
                          second);
    }
}

static void check_part(struct sg_bytes part, struct sg_arena *arena, enum sg_pd first,
                       enum sg_pd second)
{
    PbEnvelope *envelope = NULL;
    SG_CHECK(sg_decode_row(&pb_envelope__descriptor, part, arena, &envelope, NULL) == SG_OK);
    check_without(envelope, &sg_envelope_rules, first, second);
}

/* A refusal has a code, says where, and what would be accepted. */
static void check_fault(const struct sg_event *event, const struct sg_fault *fault)
{
    SG_CHECK(fault->code == SG_ST_SCHEMA || fault->code == SG_ST_MISSING_FIELD ||
             fault->code == SG_ST_BAD_CODE);
    SG_CHECK(fault->accepted[0] && (fault->object[0] || fault->detail[0]));
    SG_CHECK(event->envelope || !event->payload);
}

static struct sg_bytes packed(const PbEnvelope *envelope, struct sg_arena *arena)
{
    struct sg_bytes bytes;
    SG_CHECK(sg_encode(envelope, arena, &bytes, NULL) == SG_OK);
    return bytes;
}

/* Two bytes tell the length of the clear part. What is taken keeps to the budget, splits into parts
 * that are taken and hold the same event, and has each field in the part of its class. Seeds:
 * tests/fuzz/corpus/event, made by tests/fuzz/seed.c. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static _Alignas(16) uint8_t room[4 << 20];
    struct sg_arena arena = {.base = room, .size = sizeof room};
    struct sg_event event, again;
    struct sg_fault fault;
    struct sg_bytes clear, personal;
    if (size < 2)
        return 0;
    size_t len = sg_get_u16(data);
    len = len < size - 2 ? len : size - 2;
    const struct sg_bytes came[2] = {{data + 2, len}, {data + 2 + len, size - 2 - len}};

    SG_CHECK(sg_event_decode(came[0], came[1], NULL, &arena, &event, &fault, NULL) == SG_OK);
    SG_CHECK(arena.used <= SG_DECODE_BUDGET(2 * size) * 2); /* the copy; each piece is padded */
    if (fault.code) {
        check_fault(&event, &fault);
        return 0;
    }
    check_part(came[0], &arena, SG_PD_GENERAL, SG_PD_SPECIFIC);
    check_part(came[1], &arena, SG_PD_NONE, SG_PD_PSEUDONYMOUS);

    SG_CHECK(sg_event_split(event.envelope, NULL, &arena, &clear, &personal, NULL) == SG_OK);
    check_part(clear, &arena, SG_PD_GENERAL, SG_PD_SPECIFIC);
    check_part(personal, &arena, SG_PD_NONE, SG_PD_PSEUDONYMOUS);
    SG_CHECK(sg_event_decode(clear, personal, NULL, &arena, &again, &fault, NULL) == SG_OK);
    SG_CHECK(fault.code == 0 && again.type == event.type);
    SG_CHECK(sg_bytes_equal(packed(event.envelope, &arena), packed(again.envelope, &arena)));
    return 0;
}
