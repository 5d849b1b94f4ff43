/* key.h - who a row is: a hash of agency, map and key columns, and the id that follows from it. */
#ifndef SINERGI_SHEET_KEY_H
#define SINERGI_SHEET_KEY_H

#include "lib/inside.h"
#include "sinergi/v1/event.pb-c.h"

struct key_parts {
    const char *map;          /* name */
    const char *const *cells; /* cleaned */
    size_t count;
};

/* The same row, however its cells are spaced or its dates are written. */
void key_name(const char *agency, const struct key_parts *parts, uint8_t out[OUTBOX_KEY_BYTES]);
/* The name that a row has after its event was annulled: then it may be published once more. */
void key_again(const uint8_t name[OUTBOX_KEY_BYTES], uint8_t out[OUTBOX_KEY_BYTES]);

/* What is the standing of an event of this device: as it was published, corrected, or annulled. */
enum key_standing { KEY_STANDS, KEY_CORRECTED, KEY_ANNULLED };
/* *out_correction (may be NULL): the correction, in the arena. */
SG_MUST_CHECK enum sg_err key_standing(struct outbox *outbox, const struct outbox_place *place,
                                       struct sg_arena *arena, enum key_standing *out,
                                       const PbEventCorrected **out_correction, struct sg_why *why);

/* The id that another map has derived for a key on this device. Errors: SG_E_NOT_FOUND. */
SG_MUST_CHECK enum sg_err key_object(struct outbox *outbox, const char *agency,
                                     const struct key_parts *parts, struct sg_arena *arena,
                                     struct sg_id *out, struct sg_why *why);

#endif
