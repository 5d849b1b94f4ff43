/* inside.h - broker_turn in this process, over a store of its own, without a socket: the pure cost
 * of an event in the daemon.
 */
#ifndef SINERGI_BENCH_INSIDE_H
#define SINERGI_BENCH_INSIDE_H

#include "bench/lane.h"
#include "bench/report.h"
#include "broker/broker.h"
#include "sys/conf.h"

enum { INSIDE_PEERS = 4, INSIDE_FRAMES_PER_TURN = 20 };

/* A broker and a peer per lane. */
struct inside {
    const struct fixture *fixture;
    struct env_options options;
    struct sg_id store_id;
    char path[176];
    struct conf conf;
    struct sg_lists *lists;
    struct env *env;
    struct broker *broker;
    struct lane lanes[INSIDE_PEERS];
    size_t peers;
    int64_t wall_ms;          /* journal time of the next turn; 0: the clock of the machine */
    uint64_t accepted, other; /* of the last run */
    bool more;                /* the last turn left work */
};

/* Lanes of these agencies; no broker yet. Errors: those of the parts. */
SG_MUST_CHECK enum sg_err inside_init(struct inside *in, const struct fixture *fixture,
                                      const enum fixture_agency *agencies, size_t peers,
                                      struct sg_why *why);
/* A broker over an empty store, greeted by all peers; with clocks around the phases of a turn. */
SG_MUST_CHECK enum sg_err inside_open(struct inside *in, bool timing, struct sg_why *why);
void inside_close(struct inside *in);
void inside_done(struct inside *in);

/* All frames of all lanes, in turns of 20; every lane gives its share. Errors: SG_E_STATE when an
 * event is not accepted. *out_ns: how long it took. */
SG_MUST_CHECK enum sg_err inside_run(struct inside *in, int64_t *out_ns, struct sg_why *why);
/* A turn of one frame of one lane. Errors likewise. */
SG_MUST_CHECK enum sg_err inside_one(struct inside *in, size_t lane, size_t frame, int64_t *out_ns,
                                     struct sg_why *why);
/* A word of a lane that has nothing else to say. */
SG_MUST_CHECK enum sg_err inside_ping(struct inside *in, size_t lane, struct sg_why *why);
/* A turn without frames: what is due at wall_ms. */
SG_MUST_CHECK enum sg_err inside_pass(struct inside *in, struct sg_why *why);

/* The group "inside": `events` referral.submitted by phase. Errors: SG_E_STORE and others. */
SG_MUST_CHECK enum sg_err inside_measure(const struct fixture *fixture, uint64_t events,
                                         struct report *report, struct sg_why *why);

/* Calls of malloc, calloc and realloc of this process so far (tests/bench/count_malloc.c). */
uint64_t count_malloc(void);

#endif
