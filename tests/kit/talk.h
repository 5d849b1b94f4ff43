/* talk.h - frames by hand: what a client sends in one turn, and what each connection is answered.
 *
 * For tests that look at the broker itself: several frames in one turn, broken ones, two devices of
 * an agency, limits. Answers live in the city's arena. A failure of the machinery ends the test.
 */
#ifndef SINERGI_TESTS_KIT_TALK_H
#define SINERGI_TESTS_KIT_TALK_H

#include "kit/world.h"

enum { TALK_FRAMES_MAX = 1200 };

/* One turn that is being put together, and its answers. */
struct talk {
    struct world_city *city;
    struct frame_in frames[TALK_FRAMES_MAX];
    size_t frame_count;
    struct turn_out out;
    PbServerFrame **answers; /* out.frame_count, in the order of out.frames */
    bool storage_low, stopping;
    struct report_done *report; /* has ended: the next turn is told */
};

void talk_open(struct talk *talk, struct world_city *city);
/* A fresh connection number; nothing is sent. */
struct peer talk_peer(struct talk *talk);

/* Add one frame of this connection to the turn. */
struct frame_in *talk_body(struct talk *talk, enum world_agency who, struct peer peer,
                           struct sg_bytes body);
struct frame_in *talk_frame(struct talk *talk, enum world_agency who, struct peer peer,
                            const PbClientFrame *frame);
struct frame_in *talk_hello(struct talk *talk, enum world_agency who, struct peer peer);
struct frame_in *talk_subscribe(struct talk *talk, enum world_agency who, struct peer peer,
                                const char *name, const char *type, bool take_over);
struct frame_in *talk_ack(struct talk *talk, enum world_agency who, struct peer peer,
                          const char *name, uint64_t through);
struct frame_in *talk_nack(struct talk *talk, enum world_agency who, struct peer peer,
                           const char *name, uint64_t seq, uint32_t retry_after_ms);
struct frame_in *talk_query(struct talk *talk, enum world_agency who, struct peer peer,
                            PbQueryKind kind, struct sg_bytes cursor);
struct frame_in *talk_ping(struct talk *talk, enum world_agency who, struct peer peer);
struct frame_in *talk_bye(struct talk *talk, enum world_agency who, struct peer peer);

/* One event in its two parts. */
struct talk_event {
    struct sg_bytes clear, personal;
};
/* A valid referral of satpolpp to dinsos with this number as id and name. */
struct talk_event talk_referral(struct talk *talk, unsigned number);
/* An event of any agency from JSON of an Envelope; as world_publish. */
struct talk_event talk_event(struct talk *talk, enum world_agency who, const char *json);
/* Sign with the key of `who` and add. outbox NULL: the agency's own of the city. */
struct frame_in *talk_publish(struct talk *talk, enum world_agency who, struct peer peer,
                              const struct sg_id *outbox, uint64_t first_number,
                              const struct talk_event *events, size_t count);

/* Run the turn and decode every answer; the turn is empty afterwards. Not all frames need be taken.
 */
void talk_turn(struct talk *talk);
/* Turns without frames until no work is left. */
void talk_settle(struct talk *talk);
/* n-th answer to this connection in the last turn, from 0; NULL when there is none. */
PbServerFrame *talk_answer(const struct talk *talk, struct peer peer, size_t n);
enum frame_fate talk_fate(const struct talk *talk, struct peer peer, size_t n);
size_t talk_answer_count(const struct talk *talk, struct peer peer);

/* Hello in a turn of its own; the connection of the agency from then on. */
struct peer talk_connect(struct talk *talk, enum world_agency who);
/* One more device "gudang" of the agency, with the same signing key; connections say so by
 * frame->device. */
void talk_add_device(struct world_city *city, enum world_agency who, const char *name);

#endif
