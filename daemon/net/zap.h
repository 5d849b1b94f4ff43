/* zap.h - who may connect: the ZAP 1.0 handler, and the rates of handshakes.
 *
 * A key that the roster does not know, that is suspended or out of its dates is refused. A key that
 * connects too often is let in and marked, so that its first frame is answered with a time to wait:
 * a refusal here would silence the client for good. Every decision is O(devices), without I/O.
 * Source: https://rfc.zeromq.org/spec/27
 */
#ifndef SINERGI_NET_ZAP_H
#define SINERGI_NET_ZAP_H

#include "net/net.h"

#define ZAP_ENDPOINT "inproc://zeromq.zap.01"
#define ZAP_DOMAIN "sinergi"
#define ZAP_OVER_LIMIT "Over-Limit" /* message property of a connection that is over a limit */

enum {
    ZAP_KEY_RATE = 10, /* handshakes a second */
    ZAP_KEY_BURST = 50,
    ZAP_ADDRESS_RATE = 50,
    ZAP_ADDRESS_BURST = 50,
    ZAP_ADDRESSES = 1024, /* remembered at once; the one longest silent is forgotten first */
};

struct zap_gate {
    const struct sg_roster *roster;
    uint64_t seed; /* of the hash of addresses */
    /* When the next handshake would keep to the rate exactly, ns. */
    int64_t keys[SG_AGENCIES_MAX][SG_DEVICES_MAX];
    struct zap_address {
        uint64_t hash;
        int64_t next_ns;
    } addresses[ZAP_ADDRESSES];
};

struct zap_request {
    struct sg_bytes version, id, domain, address, mechanism, key;
};

enum zap_answer { ZAP_LET_IN, ZAP_LET_IN_OVER, ZAP_UNKNOWN, ZAP_NOT_VALID, ZAP_BROKEN };

/* New roster: rates of keys begin again. Borrowed until the next call. */
void zap_set_roster(struct zap_gate *gate, const struct sg_roster *roster);

/* *out_agency and *out_device are set unless the key is unknown or the request broken. */
enum zap_answer zap_decide(struct zap_gate *gate, const struct zap_request *request,
                           int64_t wall_ms, int64_t mono_ns, const struct sg_agency **out_agency,
                           const struct sg_device **out_device);

/* Answer every request that waits at the socket (a REP). Errors: SG_E_NET. */
SG_MUST_CHECK enum sg_err zap_serve(struct zap_gate *gate, void *socket, int64_t wall_ms,
                                    int64_t mono_ns, struct net_counters *counters,
                                    struct net_refusal *refusal, struct sg_why *why);

#endif
