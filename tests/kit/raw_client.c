#include "kit/raw_client.h"

#include "kit/check.h"
#include "wire/codec.h"

#include <errno.h>
#include <zmq.h>

enum { ARENA_BYTES = 8 << 20, CURVE_BYTES = 32 };

static_assert(sizeof(zmq_msg_t) <= sizeof(((struct raw_client *)0)->msg), "room for a message");

static zmq_msg_t *msg_of(struct raw_client *client)
{
    return (zmq_msg_t *)(void *)client->msg;
}

static bool set_options(struct raw_client *client, const struct fixture *fixture)
{
    const struct {
        int option, value;
    } numbers[] = {
        {ZMQ_IMMEDIATE, 1}, {ZMQ_SNDHWM, SG_SNDHWM}, {ZMQ_RCVHWM, SG_RCVHWM},
        {ZMQ_LINGER, 0},    {ZMQ_RECONNECT_IVL, 50},
    };
    void *s = client->socket;
    bool ok = true;
    for (size_t i = 0; i < SG_ARRAY_LEN(numbers); i++)
        ok = ok && !zmq_setsockopt(s, numbers[i].option, &numbers[i].value, sizeof(int));
    const struct sg_device_key *key = client->key;
    return ok &&
           !zmq_setsockopt(s, ZMQ_CURVE_SERVERKEY, fixture->broker->curve_public, CURVE_BYTES) &&
           !zmq_setsockopt(s, ZMQ_CURVE_PUBLICKEY, key->curve_public, CURVE_BYTES) &&
           !zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, key->curve_secret, CURVE_BYTES);
}

enum sg_err raw_open(struct raw_client *client, void *zmq_context, const struct fixture *fixture,
                     enum fixture_agency agency, struct sg_why *why)
{
    *client = (struct raw_client){.key = fixture->keys[agency]};
    enum sg_err err = sg_arena_init(&client->arena, ARENA_BYTES, why);
    if (err)
        return err;
    client->socket = zmq_socket(zmq_context, ZMQ_DEALER);
    if (!client->socket || !set_options(client, fixture) ||
        zmq_connect(client->socket, fixture->tcp)) {
        err = sg_fail(why, SG_E_NET, "%s: %s", fixture->tcp, zmq_strerror(errno));
        raw_close(client);
    }
    return err;
}

void raw_close(struct raw_client *client)
{
    if (client->has_msg)
        (void)zmq_msg_close(msg_of(client));
    client->has_msg = false;
    if (client->socket)
        (void)zmq_close(SG_TAKE(client->socket));
    sg_arena_done(&client->arena);
}

/* ---- bodies ---- */

static enum sg_err wait_for(struct raw_client *client, short events, int timeout_ms,
                            struct sg_why *why)
{
    zmq_pollitem_t item = {.socket = client->socket, .events = events};
    int got = zmq_poll(&item, 1, timeout_ms);
    if (got < 0 && errno != EINTR)
        return sg_fail(why, SG_E_NET, "zmq_poll: %s", zmq_strerror(errno));
    return got > 0 ? SG_OK : sg_fail(why, SG_E_NOT_FOUND, "nothing within %d ms", timeout_ms);
}

enum sg_err raw_send(struct raw_client *client, struct sg_bytes body, struct sg_why *why)
{
    while (!client->mute && zmq_send(client->socket, body.ptr, body.len, ZMQ_DONTWAIT) < 0) {
        if (errno != EAGAIN)
            return sg_fail(why, SG_E_NET, "send: %s", zmq_strerror(errno));
        if (wait_for(client, ZMQ_POLLOUT, RAW_PATIENCE_MS, why))
            return sg_fail(why, SG_E_NET, "%s: no connection takes a frame", client->key->agency);
    }
    return SG_OK;
}

enum sg_err raw_send_frame(struct raw_client *client, const PbClientFrame *frame,
                           struct sg_why *why)
{
    struct sg_bytes body;
    size_t used = client->arena.used;
    enum sg_err err = sg_encode(frame, &client->arena, &body, why);
    if (!err)
        err = raw_send(client, body, why);
    sg_arena_reset(&client->arena, used);
    return err;
}

enum sg_err raw_receive(struct raw_client *client, int timeout_ms, struct sg_bytes *out_body,
                        struct sg_why *why)
{
    if (client->has_msg)
        (void)zmq_msg_close(msg_of(client));
    client->has_msg = zmq_msg_init(msg_of(client)) == 0;
    int size;
    while ((size = zmq_msg_recv(msg_of(client), client->socket, ZMQ_DONTWAIT)) < 0) {
        if (errno != EAGAIN)
            return sg_fail(why, SG_E_NET, "receive: %s", zmq_strerror(errno));
        if (timeout_ms == 0)
            return SG_E_NOT_FOUND;
        enum sg_err err = wait_for(client, ZMQ_POLLIN, timeout_ms, why);
        if (err)
            return err;
    }
    *out_body = (struct sg_bytes){zmq_msg_data(msg_of(client)), (size_t)size};
    return SG_OK;
}

enum sg_err raw_next(struct raw_client *client, int timeout_ms, const PbServerFrame **out_frame,
                     struct sg_why *why)
{
    struct sg_bytes body;
    PbServerFrame *frame = NULL;
    sg_arena_reset(&client->arena, 0);
    enum sg_err err = raw_receive(client, timeout_ms, &body, why);
    if (!err)
        err = sg_decode_row(&pb_server_frame__descriptor, body, &client->arena, &frame, why);
    if (!err && frame->bye)
        err = sg_fail(why, SG_E_NET, "Bye %s", sg_status_name(frame->bye->code));
    if (!err)
        *out_frame = frame;
    return err;
}

/* ---- requests ---- */

enum sg_err raw_hello(struct raw_client *client, const PbWelcome **out_welcome, struct sg_why *why)
{
    PbHello hello = PB_HELLO__INIT;
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    char version[] = "test";
    hello.has_protocol = true;
    hello.protocol = SG_PROTOCOL;
    hello.client_version = version;
    frame.hello = &hello;
    const PbServerFrame *answer = NULL;
    enum sg_err err = raw_send_frame(client, &frame, why);
    if (!err)
        err = raw_next(client, RAW_PATIENCE_MS, &answer, why);
    if (err)
        return err;
    if (!answer->welcome ||
        sg_id_from((struct sg_bytes){answer->welcome->store_id.data, answer->welcome->store_id.len},
                   &client->store_id))
        return sg_fail(why, SG_E_NET, "Hello was not answered with Welcome and a store id");
    if (out_welcome)
        *out_welcome = answer->welcome;
    return SG_OK;
}

/* The field takes char *, and nobody writes to it. */
static char *writable(char *to, size_t size, const char *text)
{
    (void)snprintf(to, size, "%s", text);
    return to;
}

enum sg_err raw_subscribe(struct raw_client *client, const char *name, PbStartFrom start,
                          struct sg_why *why)
{
    PbSubscribe subscribe = PB_SUBSCRIBE__INIT;
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    char room[SG_NAME_MAX + 1];
    subscribe.name = writable(room, sizeof room, name);
    subscribe.has_start = true;
    subscribe.start = start;
    subscribe.has_take_over = subscribe.take_over = true;
    frame.subscribe = &subscribe;
    const PbServerFrame *answer = NULL;
    enum sg_err err = raw_send_frame(client, &frame, why);
    if (!err)
        err = raw_next(client, RAW_PATIENCE_MS, &answer, why);
    if (err)
        return err;
    if (!answer->subscribed)
        return sg_fail(why, SG_E_NET, "Subscribe was not answered with Subscribed");
    return answer->subscribed->error ? sg_fail(why, SG_E_NET, "Subscribe: %s",
                                               sg_status_name(answer->subscribed->error->code))
                                     : SG_OK;
}

enum sg_err raw_ack(struct raw_client *client, const char *name, uint64_t seq, struct sg_why *why)
{
    PbAck ack = PB_ACK__INIT;
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    char room[SG_NAME_MAX + 1];
    ack.subscription = writable(room, sizeof room, name);
    ack.has_through_seq = true;
    ack.through_seq = seq;
    frame.ack = &ack;
    return raw_send_frame(client, &frame, why);
}

enum sg_err raw_query(struct raw_client *client, PbQuery *query, const PbQueryResult **out_result,
                      struct sg_why *why)
{
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    const PbServerFrame *answer = NULL;
    query->has_request_no = true;
    query->request_no = 1;
    frame.query = query;
    enum sg_err err = raw_send_frame(client, &frame, why);
    if (!err)
        err = raw_next(client, RAW_PATIENCE_MS, &answer, why);
    if (err)
        return err;
    if (!answer->query_result)
        return sg_fail(why, SG_E_NET, "Query was not answered with QueryResult");
    if (answer->query_result->error)
        return sg_fail(why, SG_E_NET, "Query: %s",
                       sg_status_name(answer->query_result->error->code));
    *out_result = answer->query_result;
    return SG_OK;
}
