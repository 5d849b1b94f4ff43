/* raw_client.h - the protocol and nothing more: one DEALER connection, frames out, frames in.
 *
 * No outbox on disk, no inbox, no reconnection by itself: tests decide what is lost and repeated.
 * Nothing waits by the clock; where a call waits, it polls the socket.
 */
#ifndef SINERGI_KIT_RAW_CLIENT_H
#define SINERGI_KIT_RAW_CLIENT_H

#include "kit/arena.h"
#include "kit/fixture.h"
#include "sinergi/v1/frame.pb-c.h"

struct raw_client {
    void *socket; /* for zmq_poll; NULL = closed */
    const struct sg_device_key *key;
    struct sg_arena arena; /* of the last frame that came */
    struct sg_id store_id; /* after raw_hello */
    bool mute; /* what is sent is lost: the other end is dead, and what came may still be read */
    bool has_msg;
    uint8_t msg[64]; /* zmq_msg_t: what came last */
};

#define RAW_PATIENCE_MS 20000 /* an answer that takes longer is a failure */

/* Connect (in the background) to the TCP endpoint of the fixture. Errors: SG_E_NET, SG_E_SYS. */
SG_MUST_CHECK enum sg_err raw_open(struct raw_client *client, void *zmq_context,
                                   const struct fixture *fixture, enum fixture_agency agency,
                                   struct sg_why *why);
void raw_close(struct raw_client *client);

/* Hello and Welcome; *out_welcome (may be NULL) lives until the next frame. Errors: SG_E_NET. */
SG_MUST_CHECK enum sg_err raw_hello(struct raw_client *client, const PbWelcome **out_welcome,
                                    struct sg_why *why);

/* Send a whole body. Waits for the pipe (and, at first, for the connection). Errors: SG_E_NET. */
SG_MUST_CHECK enum sg_err raw_send(struct raw_client *client, struct sg_bytes body,
                                   struct sg_why *why);
SG_MUST_CHECK enum sg_err raw_send_frame(struct raw_client *client, const PbClientFrame *frame,
                                         struct sg_why *why);

/* The next body, borrowed until the next call; SG_E_NOT_FOUND when none comes in time. */
SG_MUST_CHECK enum sg_err raw_receive(struct raw_client *client, int timeout_ms,
                                      struct sg_bytes *out_body, struct sg_why *why);
/* The same, decoded. A Bye is SG_E_NET with its code. */
SG_MUST_CHECK enum sg_err raw_next(struct raw_client *client, int timeout_ms,
                                   const PbServerFrame **out_frame, struct sg_why *why);

/* All types. Waits for Subscribed; Deliver frames come after it. */
SG_MUST_CHECK enum sg_err raw_subscribe(struct raw_client *client, const char *name,
                                        PbStartFrom start, struct sg_why *why);
SG_MUST_CHECK enum sg_err raw_ack(struct raw_client *client, const char *name, uint64_t seq,
                                  struct sg_why *why);

/* One page; on a connection without subscriptions. The answer lives until the next frame. */
SG_MUST_CHECK enum sg_err raw_query(struct raw_client *client, PbQuery *query,
                                    const PbQueryResult **out_result, struct sg_why *why);

#endif
