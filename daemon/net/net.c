#include "net/net.h"

#include "kit/check.h"
#include "net/endpoint.h"
#include "net/peer.h"
#include "net/zap.h"
#include "wire/sign.h"

#include <errno.h>
#include <stdio.h>
#include <zmq.h>

enum {
    SIDES = 2, /* TCP and local */
    FRAMES_HELD_MAX = 1024,
    SPARE_PEERS = 64,       /* over the limit: let in to be told so */
    DRAINED_AT_ONCE = 1024, /* parts of a malformed message */
    LAST_LINGER_MS = 300,
    ENDPOINT_TEXT = 300,
};
static const int64_t invalid_grace_ns = INT64_C(2000000000);
static const int64_t ended_grace_ns = INT64_C(1000000000);

/* A frame that the loop holds: names are copied, the peer may be gone before it is decided. */
struct held {
    zmq_msg_t msg;
    char agency[SG_AGENCY_MAX + 1], device[SG_DEVICE_MAX + 1];
    uint32_t next_free; /* index + 1 */
};

struct net {
    void *context, *zap;
    void *routers[SIDES];
    bool draining[SIDES]; /* parts of a malformed message are left */
    size_t turn;          /* side that is asked first */
    char bound_tcp[ENDPOINT_TEXT];
    unsigned max_connections, key_connections_max;
    struct peers *peers;
    uint64_t *gone; /* numbers to be told, at most gone_room */
    size_t gone_count, gone_room;
    int64_t next_ns;
    struct zap_gate gate;
    struct net_counters counters;
    struct net_refusal refusal;
    uint32_t free_held;
    struct held held[FRAMES_HELD_MAX];
};

/* ---- open, close ---- */

static enum sg_err make_parts(const struct net_options *options, struct net *net,
                              struct sg_why *why)
{
    net->max_connections = options->max_connections;
    net->key_connections_max = options->key_connections_max;
    net->next_ns = INT64_MAX;
    sg_random(&net->gate.seed, sizeof net->gate.seed);
    zap_set_roster(&net->gate, options->roster);
    for (uint32_t i = FRAMES_HELD_MAX; i > 0; i--) {
        net->held[i - 1].next_free = net->free_held;
        net->free_held = i;
    }
    net->gone_room = options->max_connections + SPARE_PEERS;
    net->gone = calloc(net->gone_room, sizeof *net->gone);
    net->context = zmq_ctx_new();
    if (!net->gone || !net->context)
        return sg_fail(why, SG_E_NET, "out of memory");
    return peers_new(net->gone_room, &net->peers, why);
}

static enum sg_err open_sides(const struct net_options *options, struct net *net,
                              struct sg_why *why)
{
    const char *const endpoints[SIDES] = {options->tcp_endpoint, options->local_endpoint};
    enum sg_err err = endpoint_zap(net->context, &net->zap, why);
    for (size_t side = 0; !err && side < SIDES; side++)
        if (endpoints[side])
            err = endpoint_router(net->context, endpoints[side], options, &net->routers[side], why);
    size_t size = sizeof net->bound_tcp;
    if (!err && net->routers[0] &&
        zmq_getsockopt(net->routers[0], ZMQ_LAST_ENDPOINT, net->bound_tcp, &size) < 0)
        err = sg_fail(why, SG_E_NET, "'%s': %s", endpoints[0], zmq_strerror(errno));
    return err;
}

enum sg_err net_open(const struct net_options *options, struct net **out_net, struct sg_why *why)
{
    SG_AUTO(net_close) struct net *net = calloc(1, sizeof *net);
    if (!net)
        return sg_fail(why, SG_E_NET, "out of memory");
    enum sg_err err = make_parts(options, net, why);
    if (!err)
        err = open_sides(options, net, why);
    if (!err)
        *out_net = SG_TAKE(net);
    return err;
}

void net_close(struct net **net)
{
    struct net *gone = SG_TAKE(*net);
    if (!gone)
        return;
    int linger = LAST_LINGER_MS; /* last words leave, but nobody is waited for */
    for (size_t side = 0; side < SIDES; side++) {
        if (gone->routers[side])
            (void)zmq_setsockopt(gone->routers[side], ZMQ_LINGER, &linger, sizeof linger);
        endpoint_close(&gone->routers[side]);
    }
    endpoint_close(&gone->zap);
    if (gone->context)
        while (zmq_ctx_term(gone->context) < 0 && errno == EINTR)
            ;
    peers_free(&gone->peers);
    free(gone->gone);
    free(gone);
}

const char *net_bound_tcp(const struct net *net)
{
    return net->bound_tcp;
}

const struct net_counters *net_counters(const struct net *net)
{
    return &net->counters;
}

const struct net_refusal *net_last_refusal(const struct net *net)
{
    return &net->refusal;
}

void net_set_roster(struct net *net, const struct sg_roster *roster)
{
    zap_set_roster(&net->gate, roster);
}

size_t net_poll_items(struct net *net, void *zmq_pollitems, size_t room)
{
    zmq_pollitem_t *items = zmq_pollitems;
    void *const sockets[] = {net->zap, net->routers[0], net->routers[1]};
    SG_CHECK(room >= SG_ARRAY_LEN(sockets));
    size_t count = 0;
    for (size_t i = 0; i < SG_ARRAY_LEN(sockets); i++)
        if (sockets[i])
            items[count++] = (zmq_pollitem_t){.socket = sockets[i], .events = ZMQ_POLLIN};
    return count;
}

enum sg_err net_serve_zap(struct net *net, int64_t wall_ms, int64_t mono_ns, struct sg_why *why)
{
    return zap_serve(&net->gate, net->zap, wall_ms, mono_ns, &net->counters, &net->refusal, why);
}

/* ---- who sent it ---- */

/* "agency/device", as ZAP gave it to the connection. */
static bool split_user(const char *user, struct held *held)
{
    const char *slash = user ? strchr(user, '/') : NULL;
    if (!slash)
        return false;
    size_t agency = (size_t)(slash - user), device = strlen(slash + 1);
    if (agency == 0 || agency > SG_AGENCY_MAX || device == 0 || device > SG_DEVICE_MAX)
        return false;
    memcpy(held->agency, user, agency);
    held->agency[agency] = '\0';
    memcpy(held->device, slash + 1, device + 1);
    return true;
}

static int fd_of(const zmq_msg_t *body)
{
    const char *text = zmq_msg_gets(body, "__fd");
    return text ? (int)strtol(text, NULL, 10) : -1;
}

static void tell_gone(struct net *net, uint64_t number)
{
    if (net->gone_count < net->gone_room)
        net->gone[net->gone_count++] = number; /* else silence will end the session */
}

static void forget(struct net *net, struct peer_entry *entry)
{
    if (entry->state == PEER_LIVE)
        tell_gone(net, entry->number);
    peers_remove(net->peers, entry);
}

static struct peer_entry *add_peer(struct net *net, size_t side, struct sg_bytes id,
                                   const struct held *held, const zmq_msg_t *body)
{
    bool marked = zmq_msg_gets(body, ZAP_OVER_LIMIT) != NULL;
    bool full = peers_count(net->peers) >= net->max_connections ||
                peers_of_device(net->peers, held->agency, held->device) >= net->key_connections_max;
    struct peer_entry *entry = peers_add(net->peers, side, id);
    if (!entry)
        return NULL;
    memcpy(entry->agency, held->agency, sizeof entry->agency);
    memcpy(entry->device, held->device, sizeof entry->device);
    entry->socket = peer_socket_of(fd_of(body));
    entry->over_limit = marked || full;
    return entry;
}

/* The peer of a frame. A routing id that comes back with another identity or socket is another
 * connection. NULL: no room, or no identity. */
static struct peer_entry *peer_of(struct net *net, size_t side, struct sg_bytes id,
                                  const struct held *held, const zmq_msg_t *body)
{
    struct peer_entry *entry = peers_find(net->peers, side, id);
    if (entry && strcmp(entry->agency, held->agency) == 0 &&
        strcmp(entry->device, held->device) == 0 &&
        (entry->socket.fd < 0 || entry->socket.fd == fd_of(body)))
        return entry;
    if (entry)
        forget(net, entry);
    return add_peer(net, side, id, held, body);
}

/* ---- take ---- */

enum took { TOOK_NOTHING, TOOK_FRAME, TOOK_DROPPED };

/* One part. *out_some is false when none waits. */
static enum sg_err take_part(void *router, zmq_msg_t *msg, bool *out_some, struct sg_why *why)
{
    int rc;
    do
        rc = zmq_msg_recv(msg, router, ZMQ_DONTWAIT);
    while (rc < 0 && errno == EINTR);
    *out_some = rc >= 0;
    if (rc < 0 && errno != EAGAIN)
        return sg_fail(why, SG_E_NET, "receive: %s", zmq_strerror(errno));
    return SG_OK;
}

/* The rest of a message that has more parts than it may. It lies in memory already; a bounded part
 * of it is dropped per call, so that one sender does not hold up the turn. */
static enum sg_err drain(struct net *net, size_t side, struct sg_why *why)
{
    for (int i = 0; net->draining[side] && i < DRAINED_AT_ONCE; i++) {
        zmq_msg_t msg;
        bool some = false;
        (void)zmq_msg_init(&msg);
        enum sg_err err = take_part(net->routers[side], &msg, &some, why);
        net->draining[side] = some && zmq_msg_more(&msg);
        (void)zmq_msg_close(&msg);
        if (err)
            return err;
    }
    return SG_OK;
}

static void drop(struct net *net, const zmq_msg_t *body)
{
    struct peer_socket at = peer_socket_of(fd_of(body));
    net->counters.dropped++;
    net->counters.cut++;
    peer_socket_end(&at);
}

static enum took judge(struct net *net, size_t side, const zmq_msg_t *id, struct held *held,
                       struct net_frame *out_frame)
{
    zmq_msg_t *body = &held->msg;
    struct sg_bytes routing = {zmq_msg_data((zmq_msg_t *)(uintptr_t)id), zmq_msg_size(id)};
    net->draining[side] = zmq_msg_more(body);
    struct peer_entry *entry = NULL;
    if (!net->draining[side] && routing.len <= ROUTING_ID_MAX &&
        split_user(zmq_msg_gets(body, "User-Id"), held))
        entry = peer_of(net, side, routing, held, body);
    if (!entry) {
        drop(net, body);
        return TOOK_DROPPED;
    }
    if (entry->state != PEER_LIVE)
        return TOOK_DROPPED;
    entry->dead_sweeps = 0;
    *out_frame = (struct net_frame){
        .peer = entry->number,
        .agency = held->agency,
        .device = held->device,
        .local = side == 1,
        .over_limit = entry->over_limit,
        .body = {zmq_msg_data(body), zmq_msg_size(body)},
        .msg = held,
    };
    return TOOK_FRAME;
}

static struct held *hold(struct net *net)
{
    if (!net->free_held)
        return NULL;
    struct held *held = &net->held[net->free_held - 1];
    net->free_held = held->next_free;
    (void)zmq_msg_init(&held->msg);
    return held;
}

static void let_go(struct net *net, struct held *held)
{
    (void)zmq_msg_close(&held->msg);
    held->next_free = net->free_held;
    net->free_held = (uint32_t)(held - net->held) + 1;
}

/* One message of one side: routing id and body. */
static enum sg_err take_one(struct net *net, size_t side, struct held *held, enum took *out_took,
                            struct net_frame *out_frame, struct sg_why *why)
{
    zmq_msg_t id;
    bool some = false;
    (void)zmq_msg_init(&id);
    *out_took = TOOK_NOTHING;
    enum sg_err err = take_part(net->routers[side], &id, &some, why);
    if (!err && some && zmq_msg_more(&id)) {
        err = take_part(net->routers[side], &held->msg, &some, why);
        if (!err && some)
            *out_took = judge(net, side, &id, held, out_frame);
    } else if (!err && some) {
        net->counters.dropped++; /* libzmq never gives a routing id alone */
        *out_took = TOOK_DROPPED;
    }
    (void)zmq_msg_close(&id);
    return err;
}

static enum sg_err take_side(struct net *net, size_t side, struct net_frame *to,
                             enum took *out_took, struct sg_why *why)
{
    *out_took = TOOK_NOTHING;
    enum sg_err err = net->draining[side] ? drain(net, side, why) : SG_OK;
    if (err || net->draining[side])
        return err;
    struct held *held = hold(net);
    if (!held)
        return SG_OK;
    err = take_one(net, side, held, out_took, to, why);
    if (err || *out_took != TOOK_FRAME)
        let_go(net, held);
    return err;
}

enum sg_err net_take(struct net *net, struct net_frame *frames, size_t room, size_t bytes_max,
                     size_t *out_count, struct sg_why *why)
{
    size_t count = 0, bytes = 0, idle = 0;
    size_t tries = 2 * room + SIDES; /* dropped frames count too */
    while (count < room && bytes < bytes_max && idle < SIDES && tries-- > 0) {
        size_t side = net->turn++ % SIDES;
        enum took took = TOOK_NOTHING;
        if (net->routers[side]) {
            enum sg_err err = take_side(net, side, &frames[count], &took, why);
            if (err) {
                net_release(net, frames, count);
                return err;
            }
        }
        idle = took == TOOK_NOTHING ? idle + 1 : 0;
        if (took == TOOK_FRAME)
            bytes += frames[count++].body.len;
    }
    *out_count = count;
    return SG_OK;
}

void net_release(struct net *net, struct net_frame *frames, size_t count)
{
    for (size_t i = 0; i < count; i++)
        let_go(net, frames[i].msg);
}

/* ---- send ---- */

static int send_part(void *router, struct sg_bytes part, int flags)
{
    int rc;
    do
        rc = zmq_send(router, part.ptr, part.len, ZMQ_DONTWAIT | flags);
    while (rc < 0 && errno == EINTR);
    return rc;
}

enum sg_err net_send(struct net *net, uint64_t peer, struct sg_bytes body, enum net_sent *out_sent,
                     struct sg_why *why)
{
    struct peer_entry *entry = peers_by_number(net->peers, peer);
    if (!entry || entry->state != PEER_LIVE) {
        *out_sent = NET_PEER_GONE;
        return SG_OK;
    }
    void *router = net->routers[entry->side];
    if (send_part(router, (struct sg_bytes){entry->id, entry->id_len}, ZMQ_SNDMORE) < 0) {
        if (errno != EHOSTUNREACH && errno != EAGAIN)
            return sg_fail(why, SG_E_NET, "send: %s", zmq_strerror(errno));
        *out_sent = errno == EAGAIN ? NET_PEER_FULL : NET_PEER_GONE;
        if (*out_sent == NET_PEER_GONE)
            forget(net, entry);
        return SG_OK;
    }
    /* Once the routing id was taken the body is taken too, or the socket is broken. */
    if (send_part(router, body, 0) < 0)
        return sg_fail(why, SG_E_NET, "send a body: %s", zmq_strerror(errno));
    *out_sent = NET_SENT;
    return SG_OK;
}

/* ---- end ---- */

static void end_entry(struct net *net, struct peer_entry *entry)
{
    net->counters.cut++;
    peer_socket_end(&entry->socket);
    entry->state = PEER_ENDED;
    entry->end_at_ns = INT64_MAX;
}

void net_cut(struct net *net, uint64_t peer)
{
    struct peer_entry *entry = peers_by_number(net->peers, peer);
    if (entry && entry->state != PEER_ENDED)
        end_entry(net, entry);
}

static void set_end(struct net *net, struct peer_entry *entry, int64_t at_ns)
{
    if (at_ns < entry->end_at_ns)
        entry->end_at_ns = at_ns;
    if (at_ns < net->next_ns)
        net->next_ns = at_ns;
}

void net_cut_later(struct net *net, uint64_t peer, int64_t mono_ns)
{
    struct peer_entry *entry = peers_by_number(net->peers, peer);
    if (!entry || entry->state != PEER_LIVE)
        return;
    entry->state = PEER_ENDING;
    set_end(net, entry, mono_ns + NET_LAST_WORDS_NS);
}

static bool is_valid(const struct net *net, const struct peer_entry *entry, int64_t wall_ms)
{
    const struct sg_agency *agency = sg_roster_agency(net->gate.roster, entry->agency);
    const struct sg_device *device =
        agency ? sg_roster_device(net->gate.roster, entry->agency, entry->device) : NULL;
    return device && sg_device_valid(agency, device, wall_ms);
}

static void sweep_one(struct net *net, struct peer_entry *entry, int64_t wall_ms, int64_t mono_ns)
{
    if (entry->end_at_ns <= mono_ns) {
        if (entry->state == PEER_LIVE)
            tell_gone(net, entry->number);
        if (entry->state == PEER_ENDED) {
            peers_remove(net->peers, entry);
            return;
        }
        end_entry(net, entry);
    }
    switch (entry->state) {
    case PEER_LIVE:
        /* Twice, so that what it sent before it left is taken first. */
        if (!peer_socket_alive(&entry->socket) && ++entry->dead_sweeps > 1) {
            forget(net, entry);
            return;
        }
        if (entry->end_at_ns == INT64_MAX && !is_valid(net, entry, wall_ms))
            set_end(net, entry, mono_ns + invalid_grace_ns);
        break;
    case PEER_ENDED:
        if (entry->end_at_ns == INT64_MAX)
            set_end(net, entry, mono_ns + ended_grace_ns);
        break;
    case PEER_ENDING: break;
    }
    if (entry->end_at_ns < net->next_ns)
        net->next_ns = entry->end_at_ns;
}

void net_sweep(struct net *net, int64_t wall_ms, int64_t mono_ns)
{
    net->next_ns = INT64_MAX;
    size_t at = 0;
    for (struct peer_entry *entry; (entry = peers_next(net->peers, &at));)
        sweep_one(net, entry, wall_ms, mono_ns);
}

int64_t net_next_ns(const struct net *net)
{
    return net->next_ns;
}

size_t net_gone(struct net *net, uint64_t *out_peers, size_t room)
{
    size_t count = net->gone_count < room ? net->gone_count : room;
    memcpy(out_peers, net->gone, count * sizeof *out_peers);
    net->gone_count -= count;
    memmove(net->gone, net->gone + count, net->gone_count * sizeof *net->gone);
    return count;
}
