/* net.h - the sockets of the daemon: two CURVE ROUTERs (TCP and local) and the ZAP handler.
 *
 * Frames come with the identity that ZAP gave the connection, read from the body frame. The loop
 * owns all sockets and polls them; nothing here blocks. Pitfalls: rules 1-5, 16-24.
 */
#ifndef SINERGI_NET_NET_H
#define SINERGI_NET_NET_H

#include "kit/bytes.h"
#include "kit/err.h"
#include "wire/keyfile.h"
#include "wire/roster.h"

struct net;

struct net_options {
    const char *tcp_endpoint;   /* "tcp://0.0.0.0:7471"; NULL = none */
    const char *local_endpoint; /* "ipc:///run/sinergi/sinergid.sock"; NULL = none */
    const char *local_group;    /* group of the socket file; NULL = unchanged */
    const struct sg_broker_key *keys;
    const struct sg_roster *roster;
    unsigned max_connections;     /* checked against the memory limit by the caller */
    unsigned key_connections_max; /* per key, 16 */
    bool ipv6;
};

/* Bind ZAP, then the ROUTERs. Errors: SG_E_NET names endpoint and reason. */
SG_MUST_CHECK enum sg_err net_open(const struct net_options *options, struct net **out_net,
                                   struct sg_why *why);
/* ROUTERs first, ZAP last. */
void net_close(struct net **net);

void net_set_roster(struct net *net, const struct sg_roster *roster);

/* Endpoint as bound ("tcp://0.0.0.0:7471"), for logs. */
const char *net_bound_tcp(const struct net *net);

/* Fill `items` (zmq_pollitem_t[3]: zap, tcp, local) for zmq_poll. Returns how many. */
struct net_frame {
    uint64_t peer; /* never reused */
    const char *agency, *device;
    bool local, over_limit;
    struct sg_bytes body;
    void *msg; /* zmq_msg_t that holds the body */
};

size_t net_poll_items(struct net *net, void *zmq_pollitems, size_t room);

/* Answer what waits at the ZAP socket. wall_ms: for the dates of keys; mono_ns: for rates. */
SG_MUST_CHECK enum sg_err net_serve_zap(struct net *net, int64_t wall_ms, int64_t mono_ns,
                                        struct sg_why *why);

/* Take frames that have come, both sockets in turn, until `count` or `bytes` is reached. Frames
 * without a User-Id and malformed messages are dropped and their connection is cut. Frames stay
 * valid until net_release. */
SG_MUST_CHECK enum sg_err net_take(struct net *net, struct net_frame *frames, size_t room,
                                   size_t bytes_max, size_t *out_count, struct sg_why *why);
void net_release(struct net *net, struct net_frame *frames, size_t count);

enum net_sent { NET_SENT, NET_PEER_GONE, NET_PEER_FULL };
/* Never blocks. */
SG_MUST_CHECK enum sg_err net_send(struct net *net, uint64_t peer, struct sg_bytes body,
                                   enum net_sent *out_sent, struct sg_why *why);
/* End the connection (shutdown of its fd, after checking that it is still the same). */
void net_cut(struct net *net, uint64_t peer);
/* End it after NET_LAST_WORDS_NS, so that what was sent leaves; nothing more is taken from it. */
void net_cut_later(struct net *net, uint64_t peer, int64_t mono_ns);
#define NET_LAST_WORDS_NS INT64_C(300000000)

/* Once a second, and at net_next_ns: end connections that are due, find those that are gone and
 * those whose key is no longer valid (these are ended 2 s later: the broker speaks first). */
void net_sweep(struct net *net, int64_t wall_ms, int64_t mono_ns);
/* When net_sweep is due for a connection; INT64_MAX when none is. */
int64_t net_next_ns(const struct net *net);
/* Peers that went away since the last call, at most `room`. Returns how many. */
size_t net_gone(struct net *net, uint64_t *out_peers, size_t room);

struct net_counters {
    uint64_t handshakes, refused, unknown_keys, dropped, cut;
};
const struct net_counters *net_counters(const struct net *net);

/* The last handshake that was refused or counted over a limit, for the log. `name` is the device,
 * or the unknown key in hexadecimal digits. */
struct net_refusal {
    char name[2 * SG_KEY_BYTES + 1], address[64];
    const char *reason;
};
const struct net_refusal *net_last_refusal(const struct net *net);

#endif
