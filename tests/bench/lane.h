/* lane.h - one publisher of the bench: a connection and frames that were encoded and signed before
 * the clock starts.
 */
#ifndef SINERGI_BENCH_LANE_H
#define SINERGI_BENCH_LANE_H

#include "kit/raw_outbox.h"
#include "kit/sample.h"

#include <lmdb.h>

/* Makes one event of the lane's agency, in the arena. */
typedef PbEnvelope *lane_maker(void *context, struct sample *sample, struct sg_arena *arena);

struct lane {
    const struct fixture *fixture;
    enum fixture_agency agency;
    lane_maker *make; /* of the events; NULL: referral.submitted */
    void *context;    /* of make */
    int64_t wall_ms;  /* when the events are made; 0: now */
    struct raw_client client;
    struct sample sample;
    struct sg_id outbox_id;
    struct sg_arena arena; /* of the prepared frames */
    struct sg_arena scratch;
    uint64_t next_number;
    struct prepared {
        struct sg_bytes body;
        uint32_t count;
        int64_t sent_ns;
    } * frames;
    size_t frame_count, frame_room;
    unsigned window;  /* frames in flight; 0 = as many as the limits allow */
    int64_t *took_ns; /* of each frame, when wanted; room for frame_count */

    MDB_env *box; /* an outbox on disk: one commit per frame before it is sent; NULL = in memory */
    MDB_dbi box_dbi;

    uint64_t accepted, other, event_bytes;
    uint64_t last_seq; /* greatest that was given out */
    struct sg_why why;
    enum sg_err err;
};

/* Connect as satpolpp and say Hello. `index` keeps the people of the lanes apart. Errors: SG_E_NET.
 */
SG_MUST_CHECK enum sg_err lane_open(struct lane *lane, void *zmq, const struct fixture *fixture,
                                    unsigned index, struct sg_why *why);
/* An agency's without a connection, for broker_turn. */
SG_MUST_CHECK enum sg_err lane_open_inside(struct lane *lane, const struct fixture *fixture,
                                           enum fixture_agency agency, const struct sg_id *store_id,
                                           unsigned index, struct sg_why *why);
void lane_done(struct lane *lane);

/* Keep an outbox in a file of the folder. Errors: SG_E_STORE. */
SG_MUST_CHECK enum sg_err lane_keep_box(struct lane *lane, unsigned index, struct sg_why *why);

/* Forget the frames of before and make new ones of `per_frame` events each. */
SG_MUST_CHECK enum sg_err lane_prepare(struct lane *lane, uint64_t events, uint32_t per_frame,
                                       struct sg_why *why);
/* Send all and take all answers: main of a thread. The error stays in lane->err. */
void *lane_run(void *lane);

#endif
