/* outbox.h - the durable queue of this device: signed frames, outcomes and blocks.
 *
 * A frame is formed, signed and stored by the commit of its events, and is sent and resent byte for
 * byte. Nothing is deleted by an answer. Rows are keyed by (outbox id, number): after a device was
 * restored from an old image it goes on with a new outbox, and the old one stays readable.
 *
 * Several processes of the device may have it open; who holds the send lock sends.
 */
#ifndef SINERGI_LIB_OUTBOX_H
#define SINERGI_LIB_OUTBOX_H

#include "kit/arena.h"
#include "sinergi/v1/frame.pb-c.h"
#include "wire/id.h"
#include "wire/limits.h"
#include "wire/sign.h"

struct outbox;

struct outbox_place {
    struct sg_id outbox;
    uint64_t number; /* from 1 */
};

/* Who an event is for its writer, beside its place: the row of a spreadsheet. The outbox remembers
 * it in the commit of the event, and takes no second event under the same name. */
enum { OUTBOX_KEY_BYTES = 32, OUTBOX_CONTENT_BYTES = 16 };
struct outbox_key {
    uint8_t name[OUTBOX_KEY_BYTES];
    uint8_t content[OUTBOX_CONTENT_BYTES]; /* hash of what the row says */
    struct sg_id object;                   /* id that was derived from it; zero: none */
};
struct outbox_known {
    struct outbox_key key;
    struct outbox_place place;
};

struct outbox_event {
    struct sg_bytes clear, personal;
    uint32_t type; /* field number of the payload */
    uint8_t digest[SG_HASH_BYTES];
    const struct outbox_key *key; /* NULL: none */
};

/* Who signs the frames. Borrowed for the call. */
struct outbox_signer {
    const char *agency;
    const uint8_t *sign_secret; /* 64 bytes */
    const struct sg_id *store_id;
};

struct outbox_frame {
    struct outbox_place first;
    uint32_t count;
    size_t body_len; /* of the encoded ClientFrame */
};

/* What is known of one event. outcome is NULL while it is not answered. */
struct outbox_row {
    struct outbox_place place;
    uint8_t digest[SG_HASH_BYTES];
    uint32_t type;
    uint64_t epoch, height; /* of the block that holds it; valid when outcome->inclusion */
    const PbOutcome *outcome;
};

/* The last block that this device has seen. */
struct outbox_seen {
    uint64_t epoch, height; /* height 0 = none */
    uint8_t hash[SG_HASH_BYTES];
};

/* Time of the broker as it was last told. */
struct outbox_clock {
    int64_t server_ms; /* 0 = never told */
    bool demo;         /* the time of the store stands still */
    int64_t boot_ns;   /* CLOCK_BOOTTIME of then, valid in the same boot only */
    struct sg_id boot; /* zero: not known */
};

struct outbox_state {
    struct sg_id id;
    uint64_t last_number, answered_through, rejected;
};

/* Open or make folder/outbox.mdb. `now_ms`: for the id of a new outbox.
 * Errors: SG_E_STORE; SG_E_CONF: the folder belongs to another store or agency. */
SG_MUST_CHECK enum sg_err outbox_open(const char *folder, const struct sg_id *store_id,
                                      const char *agency, int64_t now_ms,
                                      struct outbox **out_outbox, struct sg_why *why);
void outbox_close(struct outbox **outbox);
/* See box_rest. */
void outbox_rest(struct outbox *outbox);

/* Take the send lock without waiting; true when this process holds it. It ends with the process. */
bool outbox_lock(struct outbox *outbox);
void outbox_unlock(struct outbox *outbox);

/* Form, sign and store frames of all events in one durable commit. The place of each event goes to
 * out_places (room for `count`): that of the first one where its key is known already. The arena is
 * used for encoding and reset. Errors: SG_E_STORE, SG_E_FULL, SG_E_LIMIT. */
SG_MUST_CHECK enum sg_err outbox_append(struct outbox *outbox, const struct outbox_signer *signer,
                                        const struct outbox_event *events, size_t count,
                                        struct sg_arena *arena, struct outbox_place *out_places,
                                        struct sg_why *why);

/* What is known under the name of a key. An event that the broker refused does not count: it may
 * be put again. Errors: SG_E_NOT_FOUND, SG_E_STORE, SG_E_LIMIT. */
SG_MUST_CHECK enum sg_err outbox_known(struct outbox *outbox, const uint8_t name[OUTBOX_KEY_BYTES],
                                       struct outbox_known *out_known, struct sg_why *why);

/* The two parts of an event of this device, in the arena. Errors: SG_E_NOT_FOUND, SG_E_STORE,
 * SG_E_LIMIT. */
SG_MUST_CHECK enum sg_err outbox_event(struct outbox *outbox, const struct outbox_place *place,
                                       struct sg_arena *arena, struct sg_bytes *out_clear,
                                       struct sg_bytes *out_personal, struct sg_why *why);

/* The last correction of an event that this device has written and that was not refused.
 * Errors: SG_E_NOT_FOUND: none; SG_E_STORE, SG_E_LIMIT. */
SG_MUST_CHECK enum sg_err outbox_correction(struct outbox *outbox, const struct outbox_place *of,
                                            struct outbox_place *out_place, struct sg_why *why);

/* The frame whose first event is `from`, or, when from->outbox is zero, the first frame that is not
 * answered. Copied to `body` (SG_BODY_MAX bytes). When `from` lies behind the last event of its
 * outbox the next outbox is looked at. Errors: SG_E_NOT_FOUND: none; SG_E_STATE: `from` lies inside
 * a frame. */
SG_MUST_CHECK enum sg_err outbox_frame(struct outbox *outbox, const struct outbox_place *from,
                                       uint8_t *body, struct outbox_frame *out_frame,
                                       struct sg_why *why);

/* Cut the frame that `at` lies in into two, each signed, in one commit.
 * Errors: SG_E_NOT_FOUND, SG_E_STORE, SG_E_LIMIT. */
SG_MUST_CHECK enum sg_err outbox_cut(struct outbox *outbox, const struct outbox_signer *signer,
                                     const struct outbox_place *at, struct sg_arena *arena,
                                     struct sg_why *why);

/* Store the outcomes of a result with their blocks and the block last seen, in one commit. Outcomes
 * that are known already stay. Events of an outbox that is no longer the current one, which were
 * refused because their place was taken by other bytes (a restored device), are put into the
 * current outbox again in the same commit. */
SG_MUST_CHECK enum sg_err outbox_answer(struct outbox *outbox, const struct outbox_signer *signer,
                                        const PbPublishResult *result,
                                        const struct outbox_seen *seen, struct sg_arena *arena,
                                        struct sg_why *why);

/* How an event that was parked has ended: code 0 is accepted. Unknown places are none of ours. */
struct outbox_settled {
    struct outbox_place place;
    uint32_t code;
    uint64_t seq;
};
SG_MUST_CHECK enum sg_err outbox_settle(struct outbox *outbox, const struct outbox_settled *settled,
                                        struct sg_arena *arena, struct sg_why *why);
/* The least seq of the events that wait; 0 when none does. */
SG_MUST_CHECK enum sg_err outbox_oldest_parked(struct outbox *outbox, uint64_t *out_seq,
                                               struct sg_why *why);

/* Begin a new outbox: the device was restored from an old image. */
SG_MUST_CHECK enum sg_err outbox_renew(struct outbox *outbox, int64_t now_ms, struct sg_why *why);

/* One event; row strings live in the arena. Errors: SG_E_NOT_FOUND, SG_E_STORE, SG_E_LIMIT. */
SG_MUST_CHECK enum sg_err outbox_row(struct outbox *outbox, const struct outbox_place *place,
                                     struct sg_arena *arena, struct outbox_row *out_row,
                                     struct sg_why *why);
/* The first event at or behind `from`, in order of outboxes and numbers. Same errors. */
SG_MUST_CHECK enum sg_err outbox_row_next(struct outbox *outbox, const struct outbox_place *from,
                                          struct sg_arena *arena, struct outbox_row *out_row,
                                          struct sg_why *why);
/* A block of which this device has a receipt: the first at or behind (epoch, height). */
SG_MUST_CHECK enum sg_err outbox_block_next(struct outbox *outbox, uint64_t epoch, uint64_t height,
                                            struct sg_arena *arena, PbSignedBlock **out_block,
                                            struct sg_why *why);

/* The current outbox; and all of the device, at most `room`. Unanswered of all outboxes. */
SG_MUST_CHECK enum sg_err outbox_current(struct outbox *outbox, struct outbox_state *out_state,
                                         struct sg_why *why);
SG_MUST_CHECK enum sg_err outbox_list(struct outbox *outbox, struct outbox_state *out_states,
                                      size_t room, size_t *out_count, struct sg_why *why);

SG_MUST_CHECK enum sg_err outbox_seen(struct outbox *outbox, struct outbox_seen *out_seen,
                                      struct sg_why *why);
SG_MUST_CHECK enum sg_err outbox_clock(struct outbox *outbox, struct outbox_clock *out_clock,
                                       struct sg_why *why);
/* Remember what a session told: either may be NULL. */
SG_MUST_CHECK enum sg_err outbox_remember(struct outbox *outbox, const struct outbox_seen *seen,
                                          const struct outbox_clock *clock, struct sg_why *why);

#endif
