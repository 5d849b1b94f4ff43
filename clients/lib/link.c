#include "lib/link.h"

#include "wire/limits.h"
#include "wire/sign.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <zmq.h>

enum {
    RECONNECT_MS = 500,
    RECONNECT_MAX_MS = 60000,
    CONNECT_MS = 10000,
    HANDSHAKE_MS = 5000,
    HEARTBEAT_MS = 10000,
    HEARTBEAT_DEAD_MS = 30000,
    KEEPALIVE_IDLE_S = 60,
    KEEPALIVE_STEP_S = 10,
    KEEPALIVE_TRIES = 3,
};

static const struct monitored {
    int event;
    enum link_event means;
} monitored[] = {
    {ZMQ_EVENT_HANDSHAKE_SUCCEEDED, LINK_READY},
    {ZMQ_EVENT_CLOSED, LINK_REFUSED},
    {ZMQ_EVENT_CONNECT_RETRIED, LINK_REFUSED},
    {ZMQ_EVENT_DISCONNECTED, LINK_LOST},
    {ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, LINK_KEY},
    {ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, LINK_HANDSHAKE},
    {ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, LINK_HANDSHAKE},
};

enum sg_err link_init(struct link *link, struct sg_why *why)
{
    *link = (struct link){.context = zmq_ctx_new()};
    if (!link->context)
        return sg_fail(why, SG_E_NET, "zmq_ctx_new: %s", zmq_strerror(errno));
    return SG_OK;
}

void link_done(struct link *link)
{
    link_close(link);
    if (link->context)
        (void)zmq_ctx_term(SG_TAKE(link->context)); /* nothing lingers, so it cannot block */
}

bool link_is_open(const struct link *link)
{
    return link->socket != NULL;
}

static bool set_numbers(void *socket)
{
    uint32_t jitter = 0;
    sg_random(&jitter, sizeof jitter);
    const struct {
        int option, value;
    } numbers[] = {
        {ZMQ_IMMEDIATE, 1},
        {ZMQ_SNDHWM, SG_SNDHWM},
        {ZMQ_RCVHWM, SG_SNDHWM},
        {ZMQ_RECONNECT_IVL, RECONNECT_MS + (int)(jitter % RECONNECT_MS)},
        {ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS},
        {ZMQ_CONNECT_TIMEOUT, CONNECT_MS},
        {ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS},
        {ZMQ_LINGER, 0},
        {ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS},
        {ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_DEAD_MS},
        {ZMQ_HEARTBEAT_TTL, HEARTBEAT_DEAD_MS},
        {ZMQ_TCP_KEEPALIVE, 1},
        {ZMQ_TCP_KEEPALIVE_IDLE, KEEPALIVE_IDLE_S},
        {ZMQ_TCP_KEEPALIVE_INTVL, KEEPALIVE_STEP_S},
        {ZMQ_TCP_KEEPALIVE_CNT, KEEPALIVE_TRIES},
    };
    bool ok = true;
    for (size_t i = 0; i < SG_ARRAY_LEN(numbers); i++)
        ok = ok && zmq_setsockopt(socket, numbers[i].option, &numbers[i].value, sizeof(int)) == 0;
    int64_t message_max = SG_ZMQ_MSG_MAX;
    return ok && zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &message_max, sizeof message_max) == 0;
}

static bool set_keys(void *socket, const struct client_conf *conf, const struct sg_device_key *key)
{
    return zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, conf->broker_curve, SG_KEY_BYTES) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, key->curve_public, SG_KEY_BYTES) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, key->curve_secret, SG_KEY_BYTES) == 0;
}

static bool start_monitor(struct link *link)
{
    static const char address[] = "inproc://sinergi-link"; /* a context of its own per link */
    int events = 0;
    for (size_t i = 0; i < SG_ARRAY_LEN(monitored); i++)
        events |= monitored[i].event;
    if (zmq_socket_monitor(link->socket, address, events) != 0)
        return false;
    link->monitor = zmq_socket(link->context, ZMQ_PAIR);
    int linger = 0;
    return link->monitor &&
           zmq_setsockopt(link->monitor, ZMQ_LINGER, &linger, sizeof linger) == 0 &&
           zmq_connect(link->monitor, address) == 0;
}

enum sg_err link_open(struct link *link, const struct client_conf *conf,
                      const struct sg_device_key *key, struct sg_why *why)
{
    link_close(link);
    /* The threads of libzmq begin with the first socket and inherit the signal mask: signals are
     * for the threads of the program. */
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    link->socket = zmq_socket(link->context, ZMQ_DEALER);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);

    if (link->socket && set_numbers(link->socket) && set_keys(link->socket, conf, key) &&
        start_monitor(link) && zmq_connect(link->socket, conf->endpoint) == 0) {
        link->generation++;
        return SG_OK;
    }
    enum sg_err err =
        sg_fail(why, SG_E_NET, "connect '%s': %s", conf->endpoint, zmq_strerror(errno));
    link_close(link);
    return err;
}

void link_close(struct link *link)
{
    if (link->socket || link->monitor)
        link->generation++;
    if (link->socket) {
        (void)zmq_socket_monitor(link->socket, NULL, 0); /* ends the monitor of this socket */
        (void)zmq_close(SG_TAKE(link->socket));
    }
    if (link->monitor)
        (void)zmq_close(SG_TAKE(link->monitor));
}

/* Takes a whole message; the first part stays in `to` as far as it fits. */
static int take_message(void *socket, uint8_t *to, size_t size, bool *out_more)
{
    int len, parts = 0, first = -1;
    int more = 1;
    do {
        uint8_t rest[256];
        len = parts == 0 ? zmq_recv(socket, to, size, ZMQ_DONTWAIT)
                         : zmq_recv(socket, rest, sizeof rest, ZMQ_DONTWAIT);
        if (len < 0)
            return first;
        if (parts++ == 0)
            first = len;
        size_t more_size = sizeof more;
        if (zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &more_size) != 0)
            more = 0;
    } while (more);
    *out_more = parts > 1;
    return first;
}

enum link_event link_next(struct link *link)
{
    if (!link->monitor)
        return LINK_QUIET;
    uint8_t head[6]; /* event (2, host order), value (4) */
    bool more = false;
    if (take_message(link->monitor, head, sizeof head, &more) != (int)sizeof head)
        return LINK_QUIET;
    uint16_t event;
    memcpy(&event, head, sizeof event);
    for (size_t i = 0; i < SG_ARRAY_LEN(monitored); i++) {
        if (monitored[i].event == event)
            return monitored[i].means;
    }
    return LINK_QUIET;
}

bool link_send(struct link *link, struct sg_bytes body)
{
    return link->socket &&
           zmq_send(link->socket, body.ptr, body.len, ZMQ_DONTWAIT) == (int)body.len;
}

size_t link_receive(struct link *link, uint8_t *to, size_t size)
{
    if (!link->socket)
        return 0;
    bool more = false;
    int len = take_message(link->socket, to, size, &more);
    if (len < 0)
        return 0;
    return more || (size_t)len > size ? size + 1 : (size_t)len;
}

void link_wait(struct link *link, int fd, long wait_ms)
{
    zmq_pollitem_t items[3] = {{.fd = fd, .events = ZMQ_POLLIN}};
    int count = 1;
    if (link->socket) {
        items[count++] = (zmq_pollitem_t){.socket = link->socket, .events = ZMQ_POLLIN};
        items[count++] = (zmq_pollitem_t){.socket = link->monitor, .events = ZMQ_POLLIN};
    }
    (void)zmq_poll(items, count, wait_ms); /* a signal ends it early: the caller looks again */
}
