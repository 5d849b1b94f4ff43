/* broker.h - a turn of the broker: frames with identities in, frames out.
 *
 * broker_turn is a function of (frames, time, space) over one store. It opens no socket and reads
 * no clock; the daemon and the simulator call the same function. Sessions live in memory and are
 * lost with the process; everything else is rows.
 */
#ifndef SINERGI_BROKER_BROKER_H
#define SINERGI_BROKER_BROKER_H

#include "kit/arena.h"
#include "store/env.h"
#include "wire/keyfile.h"
#include "wire/lists.h"
#include "wire/roster.h"

struct broker;
struct report_request;
struct report_pages;

/* A connection, as the net layer counts them; never reused. */
struct peer {
    uint64_t n;
};

struct frame_in {
    struct peer peer;
    const char *agency, *device; /* authenticated User-Id; borrowed for the turn */
    bool local;                  /* came over the local endpoint */
    bool over_limit;             /* too many connections or handshakes of the key: Bye E_BUSY */
    struct sg_bytes body;        /* borrowed for the turn */
};

/* A report that has ended: asked for by an earlier turn under this number. */
struct report_done {
    uint64_t no;
    enum sg_err err;            /* SG_E_STATE: it was stopped */
    struct report_pages *pages; /* of one that went well; the broker takes them over */
};

struct turn_in {
    const struct frame_in *frames;
    size_t frame_count;
    int64_t wall_ms;            /* journal clock (sys/clock decides it), ms since 1970 */
    int64_t mono_ns;            /* process timers: heartbeat, credit */
    bool storage_low;           /* free space below the reserve */
    bool clock_held;            /* for `status` */
    bool stopping;              /* answer Bye E_STOPPING to everyone */
    struct report_done *report; /* NULL: none has ended */
};

enum frame_fate { FRAME_SEND, FRAME_SEND_AND_CUT /* then end the connection */, FRAME_CUT };

struct frame_out {
    struct peer peer;
    enum frame_fate fate;
    struct sg_bytes body; /* valid until the next turn */
};

struct turn_out {
    const struct frame_out *frames;
    size_t frame_count;
    size_t frames_taken;  /* of turn_in.frames, from the front; the others come again next turn */
    int64_t next_wall_ms; /* call again at this journal time at the latest (INT64_MAX: none due) */
    int64_t next_mono_ns; /* and at this process time */
    bool more;            /* call again at once: work is left */
    bool committed;
    bool clock_accept;                /* an operator accepted the wall clock */
    int64_t clock_advance_to_ms;      /* demo: move the clock, 0 = no */
    uint64_t head_epoch, head_height; /* after a block was made, for the head file */
    uint8_t head_hash[32];
    bool head_moved;
    const struct report_request *report; /* run this one, beside the loop; NULL: none. Until the
                                          * next turn */
    uint64_t report_no;                  /* never 0 */
};

/* Counters for logs, status and bench; all only grow. */
struct broker_counters {
    uint64_t turns, commits, events_accepted, events_rejected, events_duplicate, events_parked,
        frames_refused, deliveries, sessions_opened, sessions_cut;
    /* nanoseconds by phase, when the option `timing` is on (bench) */
    uint64_t ns_decode, ns_verify, ns_decide, ns_put, ns_block, ns_commit, ns_deliver;
};

struct broker_options {
    struct env *env;
    const struct sg_broker_key *keys;
    const struct sg_roster *roster; /* borrowed until broker_set_world replaces it */
    const struct sg_lists *lists;
    const struct sg_time_limits *limits; /* NULL: the normal ones */
    const char *version;
    int64_t (*timing_ns)(void); /* NULL: phases are not timed */
    bool demo;
    uint32_t target_min, target_max; /* persons that are to be trained in a year */
};

SG_MUST_CHECK enum sg_err broker_new(const struct broker_options *options,
                                     struct broker **out_broker, struct sg_why *why);
void broker_free(struct broker **broker);

/* New roster, lists and limits after SIGHUP; sessions whose key is gone or out of its dates are cut
 * with Bye E_SUSPENDED in the next turn. */
void broker_set_world(struct broker *broker, const struct sg_roster *roster,
                      const struct sg_lists *lists, const struct sg_time_limits *limits);

/* What reports say of the target, from now on. */
void broker_set_target(struct broker *broker, uint32_t least, uint32_t most);

/* One turn. Nothing in *out_ may be sent unless SG_OK is returned. Map and arena limits are handled
 * inside (grow, halve). Errors: SG_E_STORE: exit 70, answer nothing. */
SG_MUST_CHECK enum sg_err broker_turn(struct broker *broker, const struct turn_in *in,
                                      struct turn_out *out_, struct sg_why *why);

/* The connection is gone. */
void broker_peer_gone(struct broker *broker, struct peer peer);

const struct broker_counters *broker_counters(const struct broker *broker);

#endif
