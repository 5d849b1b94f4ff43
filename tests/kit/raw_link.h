/* raw_link.h - a connection with its outbox and one subscription, for tests that drop connections.
 *
 * The outbox and the list of what was handled live as long as the test, as they do on the disk of
 * an agency; the connection comes and goes.
 */
#ifndef SINERGI_KIT_RAW_LINK_H
#define SINERGI_KIT_RAW_LINK_H

#include "kit/raw_outbox.h"

struct raw_heard {
    uint64_t seq, number;
    struct sg_id outbox_id;
    uint32_t type;
};

struct raw_link;
/* A delivery that was not handled before; `envelope` lives until the return. */
typedef void raw_hear(void *context, struct raw_link *link, uint64_t seq,
                      const PbEnvelope *envelope);

struct raw_link {
    void *zmq;
    const struct fixture *fixture;
    enum fixture_agency agency;
    const char *subscription; /* NULL = none */
    struct prng *prng;        /* cuts of frames, pace of acks */
    raw_hear *hear;
    raw_told *told;
    void *context;

    struct raw_client client;
    struct raw_outbox outbox; /* made at the first connection */
    bool has_outbox;
    struct raw_heard *heard;
    size_t heard_count, heard_room;
    uint64_t handled;   /* seq of the last of them */
    uint64_t last_here; /* last seq that came over this connection */
    bool caught_up;     /* told so since the last connection */
    uint64_t acked;
    uint64_t outcomes, repeated; /* answers to events; deliveries that were handled before */
    char wrong[256];
};

/* Connect, Hello, Subscribe. Errors: SG_E_NET. */
SG_MUST_CHECK enum sg_err raw_link_connect(struct raw_link *link, struct sg_why *why);
/* End the connection; what is on its way is lost. */
void raw_link_drop(struct raw_link *link);
void raw_link_done(struct raw_link *link);

/* Take what has come and send what may be sent, on all of them; wait at most so long for the first.
 * *out_moved: something came. Errors: SG_E_NET. */
SG_MUST_CHECK enum sg_err raw_links_pump(struct raw_link *links, size_t count, int timeout_ms,
                                         bool *out_moved, struct sg_why *why);
/* Pump until every outbox is answered. Errors: SG_E_NET also when nothing comes any more. */
SG_MUST_CHECK enum sg_err raw_links_settle(struct raw_link *links, size_t count,
                                           struct sg_why *why);
/* Acknowledge all that was handled. */
SG_MUST_CHECK enum sg_err raw_link_ack(struct raw_link *link, struct sg_why *why);

#endif
