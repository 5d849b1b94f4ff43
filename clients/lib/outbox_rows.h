/* outbox_rows.h - tables and packed rows of outbox.mdb, shared by the two halves of the outbox.
 *
 *   meta      "outbox" id · "store" id · "agency" text · "seen" epoch height hash · "clock" ms demo
 *   outboxes  id -> last number, answered through, rejected
 *   frames    id, first number -> encoded ClientFrame
 *   events    id, number -> digest, type, epoch, height, packed Outcome (absent: not answered)
 *   blocks    epoch, height -> packed SignedBlock
 *   parked    id, number -> seq: events that wait and whose end is not known yet
 *   keys      name -> content, object, place: what the writer knows an event by
 *   corrections  place of an event, place of its correction -> nothing
 */
#ifndef SINERGI_LIB_OUTBOX_ROWS_H
#define SINERGI_LIB_OUTBOX_ROWS_H

#include "lib/box.h"
#include "lib/outbox.h"

enum {
    TABLE_META,
    TABLE_OUTBOXES,
    TABLE_FRAMES,
    TABLE_EVENTS,
    TABLE_BLOCKS,
    TABLE_PARKED,
    TABLE_KEYS,
    TABLE_CORRECTIONS,
    OUTBOX_TABLES
};

enum {
    PLACE_BYTES = SG_ID_BYTES + 8,
    EVENT_HEAD_BYTES = SG_HASH_BYTES + 4 + 8 + 8,
    STATE_BYTES = 3 * 8,
    SEEN_BYTES = 8 + 8 + SG_HASH_BYTES,
};

struct outbox {
    struct box box;
    int lock_fd;
    bool locked;
};

static inline struct sg_bytes place_key(const struct outbox_place *place, uint8_t to[PLACE_BYTES])
{
    memcpy(to, place->outbox.b, SG_ID_BYTES);
    sg_put_u64(to + SG_ID_BYTES, place->number);
    return (struct sg_bytes){to, PLACE_BYTES};
}

static inline struct outbox_place place_of(struct sg_bytes key)
{
    struct outbox_place place;
    memcpy(place.outbox.b, key.ptr, SG_ID_BYTES);
    place.number = sg_get_u64(key.ptr + SG_ID_BYTES);
    return place;
}

/* State row of one outbox. Errors: SG_E_NOT_FOUND, SG_E_STORE. */
SG_MUST_CHECK enum sg_err outbox_state_get(const struct outbox *outbox, const struct box_txn *txn,
                                           const struct sg_id *id, struct outbox_state *out_state,
                                           struct sg_why *why);
SG_MUST_CHECK enum sg_err outbox_state_put(const struct outbox *outbox, const struct box_txn *txn,
                                           const struct outbox_state *state, struct sg_why *why);
/* State of the outbox that new events go to. */
SG_MUST_CHECK enum sg_err outbox_state_current(const struct outbox *outbox,
                                               const struct box_txn *txn,
                                               struct outbox_state *out_state, struct sg_why *why);
SG_MUST_CHECK enum sg_err outbox_seen_put(const struct outbox *outbox, const struct box_txn *txn,
                                          const struct outbox_seen *seen, struct sg_why *why);
/* Frames and event rows of `events` behind state->last_number, which moves. */
SG_MUST_CHECK enum sg_err outbox_frames_put(const struct outbox *outbox, const struct box_txn *txn,
                                            const struct outbox_signer *signer,
                                            const struct outbox_event *events, size_t count,
                                            struct outbox_state *state, struct sg_arena *arena,
                                            struct sg_why *why);
/* Was the event refused, as far as this device has been told? Errors: SG_E_STORE, SG_E_LIMIT. */
SG_MUST_CHECK enum sg_err outbox_is_refused(const struct outbox *outbox, const struct box_txn *txn,
                                            const struct outbox_place *place,
                                            struct sg_arena *arena, bool *out_refused,
                                            struct sg_why *why);
/* The place of the event with this key, when it stands: not refused. Errors: as outbox_known. */
SG_MUST_CHECK enum sg_err outbox_key_get(const struct outbox *outbox, const struct box_txn *txn,
                                         const uint8_t *name, struct sg_arena *arena,
                                         struct outbox_known *out_known, struct sg_why *why);
SG_MUST_CHECK enum sg_err outbox_key_put(const struct outbox *outbox, const struct box_txn *txn,
                                         const struct outbox_known *known, struct sg_why *why);
/* Remember which event a correction speaks of; of another type nothing is done. */
SG_MUST_CHECK enum sg_err outbox_correction_put(const struct outbox *outbox,
                                                const struct box_txn *txn,
                                                const struct outbox_place *place,
                                                const struct outbox_event *event,
                                                struct sg_arena *arena, struct sg_why *why);
/* The frame that holds `place`, decoded in the arena. Errors: SG_E_NOT_FOUND, SG_E_STORE. */
SG_MUST_CHECK enum sg_err outbox_frame_of(const struct outbox *outbox, const struct box_txn *txn,
                                          const struct outbox_place *place, struct sg_arena *arena,
                                          const PbPublish **out_publish, struct sg_why *why);

#endif
