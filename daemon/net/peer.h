/* peer.h - who is connected, as far as frames have told: routing id -> peer number.
 *
 * A peer number is given once. Routing ids are chosen by libzmq, or by a hostile client, and say
 * nothing about identity: that is agency and device, from the User-Id of every frame.
 */
#ifndef SINERGI_NET_PEER_H
#define SINERGI_NET_PEER_H

#include "kit/bytes.h"
#include "kit/err.h"
#include "wire/limits.h"

#include <sys/types.h>

#define ROUTING_ID_MAX 255

/* The socket of a connection. libzmq owns it; the inode tells it from another one that got the same
 * number later. fd -1: not known. */
struct peer_socket {
    int fd;
    ino_t inode;
};
struct peer_socket peer_socket_of(int fd);
/* Still open, still the same, still connected. */
bool peer_socket_alive(const struct peer_socket *socket);
/* shutdown, never close. */
void peer_socket_end(const struct peer_socket *socket);

enum peer_state {
    PEER_LIVE,
    PEER_ENDING, /* has its last words; nothing more is taken from it */
    PEER_ENDED,  /* shut down; kept until the rest of its frames has been dropped */
};

struct peer_entry {
    uint64_t number; /* 0: a free entry */
    size_t side;     /* 0 TCP, 1 local */
    size_t id_len;
    uint8_t id[ROUTING_ID_MAX];
    char agency[SG_AGENCY_MAX + 1], device[SG_DEVICE_MAX + 1];
    struct peer_socket socket;
    enum peer_state state;
    bool over_limit;
    unsigned dead_sweeps; /* how often its socket was found gone */
    int64_t end_at_ns;    /* INT64_MAX: no end is set */
    uint32_t next;        /* entry + 1 of the same bucket */
};

struct peers;

/* Errors: SG_E_SYS. */
SG_MUST_CHECK enum sg_err peers_new(size_t capacity, struct peers **out_peers, struct sg_why *why);
void peers_free(struct peers **peers);

/* NULL when there is none. */
struct peer_entry *peers_find(struct peers *peers, size_t side, struct sg_bytes id);
struct peer_entry *peers_by_number(struct peers *peers, uint64_t number);
/* NULL when all entries are taken. The caller fills in the rest. */
struct peer_entry *peers_add(struct peers *peers, size_t side, struct sg_bytes id);
void peers_remove(struct peers *peers, struct peer_entry *entry);

/* Walk: `for (size_t at = 0; (entry = peers_next(peers, &at));)`. Removing is allowed. */
struct peer_entry *peers_next(struct peers *peers, size_t *at);
size_t peers_count(const struct peers *peers);
/* Connections of one device that are not ended. */
size_t peers_of_device(struct peers *peers, const char *agency, const char *device);

#endif
