/* raw_outbox.h - an outbox in memory: events, their frames, and what was answered.
 *
 * It outlives connections and daemons as the outbox of a device does. The owner decides when to
 * send again and in which cuts; the outbox holds every answer against the ones before it, and keeps
 * the first thing that is wrong in `wrong`.
 */
#ifndef SINERGI_KIT_RAW_OUTBOX_H
#define SINERGI_KIT_RAW_OUTBOX_H

#include "kit/prng.h"
#include "kit/raw_client.h"
#include "sinergi/v1/event.pb-c.h"
#include "wire/sign.h"

struct raw_event {
    struct sg_bytes clear, personal;
    uint8_t digest[SG_HASH_BYTES];
    uint32_t type; /* field number of the payload */
    bool answered;
    uint32_t code; /* of the refusal; 0 = accepted */
    uint64_t seq;  /* when accepted */
};

/* One frame as it was signed; sent again byte for byte. */
struct raw_cut {
    uint64_t first;
    uint32_t count;
    struct sg_bytes body;
    bool sent; /* and not answered */
};

struct raw_outbox {
    struct sg_id id, store_id;
    const struct fixture *fixture;
    const struct sg_device_key *key;
    struct sg_arena arena;
    struct raw_event *events; /* number n is events[n - 1] */
    size_t event_count, event_room;
    struct raw_cut *cuts; /* in order, without a gap */
    size_t cut_count, cut_room, next_cut;
    uint32_t frames_out, events_out; /* sent and not answered */
    uint64_t answered_through;       /* all numbers up to here */
    uint64_t border;                 /* a frame must begin here: from E_SEQ_GAP; 0 = none */
    bool resync;                     /* send nothing before all is answered, then cut again */
    uint64_t taken_again;            /* answers that were DUPLICATE */
    uint64_t receipts;               /* checked */
    char wrong[256];                 /* the first thing that is wrong, "" = none */
};

SG_MUST_CHECK enum sg_err raw_outbox_init(struct raw_outbox *outbox, const struct fixture *fixture,
                                          enum fixture_agency agency, const struct sg_id *store_id,
                                          struct sg_why *why);
void raw_outbox_done(struct raw_outbox *outbox);

/* Append an event; number = event_count afterwards. It is sent once a frame is cut. */
SG_MUST_CHECK enum sg_err raw_outbox_add(struct raw_outbox *outbox, const PbEnvelope *envelope,
                                         const uint8_t salt[16], struct sg_why *why);
/* Sign frames for all events that are in none: of `most` events, or with `prng` of 1 to `most`. */
SG_MUST_CHECK enum sg_err raw_outbox_cut(struct raw_outbox *outbox, uint32_t most,
                                         struct prng *prng, struct sg_why *why);

/* Send as many frames as the limits of a connection allow. Errors: SG_E_NET. */
SG_MUST_CHECK enum sg_err raw_outbox_send(struct raw_outbox *outbox, struct raw_client *client,
                                          struct sg_why *why);

/* Take an answer. `told` (may be NULL) is called for each outcome of an event that had none yet. */
typedef void raw_told(void *context, struct raw_outbox *outbox, uint64_t number,
                      const PbOutcome *outcome);
SG_MUST_CHECK enum sg_err raw_outbox_take(struct raw_outbox *outbox, const PbPublishResult *result,
                                          raw_told *told, void *context, struct sg_why *why);

/* The connection is gone: what was sent counts as unsent. recut NULL: the same frames again, byte
 * for byte. Else frames of 1 to 48 events are cut and signed again, from up to 60 answered events
 * before the first that is unanswered. */
SG_MUST_CHECK enum sg_err raw_outbox_rewind(struct raw_outbox *outbox, struct prng *recut,
                                            struct sg_why *why);

/* Is every event answered? */
bool raw_outbox_idle(const struct raw_outbox *outbox);
uint64_t raw_outbox_first_unanswered(const struct raw_outbox *outbox);

/* Encode and sign one Publish body of events[0 .. count - 1]. Errors: SG_E_LIMIT. */
struct raw_frame {
    const struct sg_id *store_id, *outbox_id;
    uint64_t first;
    uint32_t count;
    const struct raw_event *events;
};
SG_MUST_CHECK enum sg_err raw_frame_build(const struct raw_frame *frame,
                                          const struct sg_device_key *key, struct sg_arena *arena,
                                          struct sg_bytes *out_body, struct sg_why *why);
/* Both parts and the digest, in the arena. */
SG_MUST_CHECK enum sg_err raw_event_build(const PbEnvelope *envelope, const uint8_t salt[16],
                                          struct sg_arena *arena, struct raw_event *out_event,
                                          struct sg_why *why);

#endif
