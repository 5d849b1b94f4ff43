/* field.h - what protobuf-c says of a field: how it stands on the wire and in a struct. */
#ifndef SINERGI_WIRE_FIELD_H
#define SINERGI_WIRE_FIELD_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wire_type { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

static inline enum wire_type field_wire_type(ProtobufCType type)
{
    static const uint8_t types[PROTOBUF_C_TYPE_MESSAGE + 1] = {
        [PROTOBUF_C_TYPE_FIXED32] = WIRE_32,    [PROTOBUF_C_TYPE_SFIXED32] = WIRE_32,
        [PROTOBUF_C_TYPE_FLOAT] = WIRE_32,      [PROTOBUF_C_TYPE_FIXED64] = WIRE_64,
        [PROTOBUF_C_TYPE_SFIXED64] = WIRE_64,   [PROTOBUF_C_TYPE_DOUBLE] = WIRE_64,
        [PROTOBUF_C_TYPE_STRING] = WIRE_BYTES,  [PROTOBUF_C_TYPE_BYTES] = WIRE_BYTES,
        [PROTOBUF_C_TYPE_MESSAGE] = WIRE_BYTES,
    };
    return (enum wire_type)types[type]; /* all others: WIRE_VARINT */
}

/* Bytes of one value in the struct, or in the array of a repeated field. */
static inline size_t field_value_size(ProtobufCType type)
{
    static const uint8_t sizes[PROTOBUF_C_TYPE_MESSAGE + 1] = {
        [PROTOBUF_C_TYPE_INT64] = 8,
        [PROTOBUF_C_TYPE_SINT64] = 8,
        [PROTOBUF_C_TYPE_SFIXED64] = 8,
        [PROTOBUF_C_TYPE_UINT64] = 8,
        [PROTOBUF_C_TYPE_FIXED64] = 8,
        [PROTOBUF_C_TYPE_DOUBLE] = 8,
        [PROTOBUF_C_TYPE_STRING] = sizeof(char *),
        [PROTOBUF_C_TYPE_MESSAGE] = sizeof(void *),
        [PROTOBUF_C_TYPE_BYTES] = sizeof(ProtobufCBinaryData),
    };
    return sizes[type] ? sizes[type] : 4;
}

/* Is there something in the field of this message? */
static inline bool field_present(const ProtobufCFieldDescriptor *field, const uint8_t *message)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return *(const size_t *)(const void *)(message + field->quantifier_offset) != 0;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE || field->type == PROTOBUF_C_TYPE_STRING)
        return *(void *const *)(const void *)(message + field->offset) != NULL;
    return *(const protobuf_c_boolean *)(const void *)(message + field->quantifier_offset) != 0;
}

#endif
