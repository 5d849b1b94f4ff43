/* columns.h - an event type as a flat table: its columns follow from the contract by reflection.
 *
 * A field of the payload is a column named as in the .proto; a message inside is laid flat with `_`
 * between the names. What the envelope says comes first, the same for every type; a field of the
 * payload with such a name gets "payload_" in front. Values are what people and queries expect:
 * ids, times (RFC 3339, UTC) and dates (ISO) as text, enums by their short names, numbers and
 * yes/no as INTEGER, places as OUTBOX-NUMBER, lists as JSON text.
 */
#ifndef SINERGI_AGENT_COLUMNS_H
#define SINERGI_AGENT_COLUMNS_H

#include "kit/arena.h"
#include "sinergi/v1/event.pb-c.h"

enum { COLUMN_DEPTH_MAX = 4, COLUMN_NAME_MAX = 96 };

struct column {
    char name[COLUMN_NAME_MAX];
    bool number; /* INTEGER, else TEXT */
    uint8_t depth;
    const ProtobufCFieldDescriptor *path[COLUMN_DEPTH_MAX]; /* from the envelope inward */
};

struct columns {
    const struct column *items;
    size_t count;
};

/* Columns of the payload field `type` of the Envelope. Errors: SG_E_LIMIT: the arena is full. */
SG_MUST_CHECK enum sg_err columns_of(const ProtobufCFieldDescriptor *type, struct sg_arena *arena,
                                     struct columns *out_columns, struct sg_why *why);

struct column_value {
    enum { COLUMN_NULL, COLUMN_NUMBER, COLUMN_TEXT } kind;
    int64_t number;
    const char *text; /* in the arena */
};

/* What an envelope says in a column. Errors: SG_E_LIMIT: the arena is full. */
SG_MUST_CHECK enum sg_err column_value(const struct column *column, const PbEnvelope *envelope,
                                       struct sg_arena *arena, struct column_value *out_value,
                                       struct sg_why *why);

/* "OUTBOX-NUMBER"; NULL when the arena is full. */
const char *place_text(struct sg_arena *arena, struct sg_bytes outbox_id, uint64_t number);

#endif
