/* link.h - one connection to the broker: a CURVE DEALER and the monitor that says how it fares.
 *
 * A link is one attempt: when the connection is refused, lost or fails its handshake the link is
 * closed, and the session opens a new one after its own pause. So no frame of an old session can be
 * left in a queue of libzmq. The monitor tells a refused key from a wrong server key.
 */
#ifndef SINERGI_LIB_LINK_H
#define SINERGI_LIB_LINK_H

#include "kit/bytes.h"
#include "kit/err.h"
#include "lib/conf.h"
#include "wire/keyfile.h"

enum link_event {
    LINK_QUIET,     /* nothing new */
    LINK_READY,     /* the handshake is done: frames may be sent */
    LINK_REFUSED,   /* nobody listens there, or the connection took too long */
    LINK_LOST,      /* the connection ended */
    LINK_KEY,       /* the broker does not know this device key, or it is suspended */
    LINK_HANDSHAKE, /* the handshake failed: another server key, another service, or starting */
};

struct link {
    void *context, *socket, *monitor;
    uint64_t generation; /* grows whenever the sockets are others */
};

/* Make the context; signals stay with the threads of the caller. Errors: SG_E_NET. */
SG_MUST_CHECK enum sg_err link_init(struct link *link, struct sg_why *why);
void link_done(struct link *link);

/* Begin to connect. Errors: SG_E_NET. */
SG_MUST_CHECK enum sg_err link_open(struct link *link, const struct client_conf *conf,
                                    const struct sg_device_key *key, struct sg_why *why);
void link_close(struct link *link);
bool link_is_open(const struct link *link);

/* The next event of the connection; never blocks. */
enum link_event link_next(struct link *link);

/* Send one body; never blocks. False: not possible now (not connected, or the pipe is full). */
bool link_send(struct link *link, struct sg_bytes body);

/* Receive one body into `to`; never blocks. Returns its length, 0 when nothing has come; a message
 * of several parts or a longer one is dropped and gives `size + 1`. */
size_t link_receive(struct link *link, uint8_t *to, size_t size);

/* Wait until the link or `fd` has something, at most wait_ms. */
void link_wait(struct link *link, int fd, long wait_ms);

#endif
