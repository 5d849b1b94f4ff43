#include "bench/reader.h"

#include "bench/peek.h"
#include "kit/daemon_proc.h"

#include <zmq.h>

enum { LOOK_MS = 20, PATIENCE_LOOKS = 1000 };

enum sg_err readers_open(struct readers *readers, void *zmq, const struct fixture *fixture,
                         size_t count, const char *name, PbStartFrom start, struct sg_why *why)
{
    enum sg_err err = SG_OK;
    readers->count = 0;
    for (size_t i = 0; !err && i < count; i++) {
        (void)snprintf(readers->names[i], sizeof readers->names[i], "%.10s-%u", name,
                       (unsigned)i & 7U);
        err = raw_open(&readers->clients[i], zmq, fixture, DINSOS, why);
        readers->count += !err;
        if (!err)
            err = raw_hello(&readers->clients[i], NULL, why);
        if (!err)
            err = raw_subscribe(&readers->clients[i], readers->names[i], start, why);
    }
    return err;
}

void readers_done(struct readers *readers)
{
    for (size_t i = 0; i < readers->count; i++)
        raw_close(&readers->clients[i]);
    readers->count = 0;
}

/* All frames that wait at one of them. */
static enum sg_err take(struct readers *readers, size_t index, struct sg_why *why)
{
    struct raw_client *client = &readers->clients[index];
    struct sg_bytes body;
    enum sg_err err;
    while ((err = raw_receive(client, 0, &body, why)) == SG_OK) {
        struct peek peek = peek_at(body);
        readers->caught_up[index] |= peek.field == PEEK_CAUGHT_UP;
        if (peek.field != PEEK_DELIVER)
            continue;
        readers->deliveries += peek.deliveries;
        readers->bytes += body.len;
        readers->last_seq[index] = peek.last_seq;
        err = raw_ack(client, readers->names[index], peek.last_seq, why);
        if (err)
            break;
    }
    return err == SG_E_NOT_FOUND ? SG_OK : err;
}

static bool all_done(const struct readers *readers, bool asked_to_end)
{
    uint64_t until = readers->until_seq;
    for (size_t i = 0; i < readers->count; i++)
        if (asked_to_end ? readers->last_seq[i] < until : !readers->caught_up[i])
            return false;
    return true;
}

void *readers_run(void *context)
{
    struct readers *readers = context;
    zmq_pollitem_t items[READERS_MAX];
    unsigned empty = 0;
    for (size_t i = 0; i < readers->count; i++)
        items[i] = (zmq_pollitem_t){.socket = readers->clients[i].socket, .events = ZMQ_POLLIN};
    readers->err = SG_OK;
    while (!readers->err && !all_done(readers, readers->until_seq > 0)) {
        int got = zmq_poll(items, (int)readers->count, LOOK_MS);
        empty = got > 0 ? 0 : empty + 1;
        if (empty > PATIENCE_LOOKS)
            readers->err = sg_fail(&readers->why, SG_E_NET, "nothing is delivered any more");
        for (size_t i = 0; !readers->err && got > 0 && i < readers->count; i++)
            if (items[i].revents)
                readers->err = take(readers, i, &readers->why);
    }
    readers->ended_ns = daemon_proc_now_ns();
    return NULL;
}
