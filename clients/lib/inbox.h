/* inbox.h - what has been received and not yet handled, per subscription.
 *
 * A frame of deliveries and the cursor `received` move in one commit; the mark `done` of one
 * delivery moves with the handler's note in another. A delivery at or below `done` is never handed
 * over again on this device, whatever the broker sends.
 *
 * Deliveries stand in the file sealed (inbox_key.h). Without their key, because somebody removed
 * it, what is pending is dropped at the opening and sent again.
 */
#ifndef SINERGI_LIB_INBOX_H
#define SINERGI_LIB_INBOX_H

#include "kit/arena.h"
#include "sinergi/v1/frame.pb-c.h"
#include "wire/limits.h"

struct inbox;

enum { INBOX_NOTE_MAX = 64 };

struct inbox_state {
    uint64_t received, done; /* seqs; 0 = none yet */
    size_t note_len;
    uint8_t note[INBOX_NOTE_MAX];
};

/* Open or make folder/inbox.mdb and folder/inbox.key. Errors: SG_E_STORE. */
SG_MUST_CHECK enum sg_err inbox_open(const char *folder, struct inbox **out_inbox,
                                     struct sg_why *why);
void inbox_close(struct inbox **inbox);
/* See box_rest. */
void inbox_rest(struct inbox *inbox);

/* State of a subscription; all zero when it was never received. Errors: SG_E_STORE. */
SG_MUST_CHECK enum sg_err inbox_state(struct inbox *inbox, const char *name,
                                      struct inbox_state *out_state, struct sg_why *why);

/* Store those deliveries of a frame that are above `received`, in one durable commit. Writes
 * nothing when there are none. *out_state is the state afterwards. Errors: SG_E_STORE. */
SG_MUST_CHECK enum sg_err inbox_receive(struct inbox *inbox, const PbDeliver *deliver,
                                        struct sg_arena *arena, struct inbox_state *out_state,
                                        struct sg_why *why);

/* The oldest delivery that is not done, in the arena. Errors: SG_E_NOT_FOUND, SG_E_STORE. */
SG_MUST_CHECK enum sg_err inbox_next(struct inbox *inbox, const char *name, struct sg_arena *arena,
                                     PbDelivery **out_delivery, struct sg_why *why);

/* Mark a delivery as done, durably, with the note of its handler. Errors: SG_E_STORE. */
SG_MUST_CHECK enum sg_err inbox_done(struct inbox *inbox, const char *name, uint64_t seq,
                                     const uint8_t *note, size_t note_len, struct sg_why *why);

/* Put a note before anything is handled. Errors: SG_E_STORE. */
SG_MUST_CHECK enum sg_err inbox_note(struct inbox *inbox, const char *name, const uint8_t *note,
                                     size_t note_len, struct sg_why *why);

/* Forget what is pending: it will be sent again. `received` falls back to `done`. */
SG_MUST_CHECK enum sg_err inbox_drop(struct inbox *inbox, const char *name, struct sg_why *why);

/* Make everything unreadable that was ever handled: another key, under which only what is pending
 * is sealed. Afterwards, on this device or off it, what the file still holds of the rest is noise.
 * The arena is used during the call. Errors: SG_E_STORE, SG_E_LIMIT: nothing has changed. */
SG_MUST_CHECK enum sg_err inbox_renew(struct inbox *inbox, struct sg_arena *arena,
                                      struct sg_why *why);
/* Has this process handled anything under the key? */
bool inbox_is_used(const struct inbox *inbox);

/* How many deliveries are received and not done. Errors: SG_E_STORE. */
SG_MUST_CHECK enum sg_err inbox_pending(struct inbox *inbox, const char *name, uint64_t *out_count,
                                        struct sg_why *why);

/* Walk all subscriptions: name (NUL-terminated, 64 bytes) behind `after` ("" = first).
 * Errors: SG_E_NOT_FOUND: none behind it. */
SG_MUST_CHECK enum sg_err inbox_name_next(struct inbox *inbox, const char *after,
                                          char out_name[SG_NAME_MAX + 1], struct sg_why *why);

#endif
