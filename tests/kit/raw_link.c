#include "kit/raw_link.h"

#include "kit/check.h"
#include "wire/codec.h"

#include <inttypes.h>
#include <stdlib.h>
#include <zmq.h>

enum { LINKS_MAX = 16, ACK_ODDS = 2 };

enum sg_err raw_link_connect(struct raw_link *link, struct sg_why *why)
{
    link->last_here = 0;
    link->caught_up = false;
    enum sg_err err = raw_open(&link->client, link->zmq, link->fixture, link->agency, why);
    if (!err)
        err = raw_hello(&link->client, NULL, why);
    if (!err && !link->has_outbox) {
        err = raw_outbox_init(&link->outbox, link->fixture, link->agency, &link->client.store_id,
                              why);
        link->has_outbox = !err;
    }
    if (!err && link->subscription)
        err = raw_subscribe(&link->client, link->subscription, PB_START_FROM_BEGINNING, why);
    return err;
}

void raw_link_drop(struct raw_link *link)
{
    raw_close(&link->client);
}

void raw_link_done(struct raw_link *link)
{
    raw_link_drop(link);
    if (link->has_outbox)
        raw_outbox_done(&link->outbox);
    free(SG_TAKE(link->heard));
}

/* ---- deliveries ---- */

SG_PRINTF(2, 3) static void complain(struct raw_link *link, const char *fmt, ...)
{
    va_list args;
    if (link->wrong[0])
        return;
    va_start(args, fmt);
    (void)vsnprintf(link->wrong, sizeof link->wrong, fmt, args);
    va_end(args);
}

static void remember(struct raw_link *link, const PbDelivery *delivery, const PbEnvelope *envelope)
{
    if (link->heard_count == link->heard_room) {
        link->heard_room = link->heard_room ? link->heard_room * 2 : 256;
        link->heard = realloc(link->heard, link->heard_room * sizeof *link->heard);
        SG_CHECK(link->heard);
    }
    struct raw_heard heard = {
        .seq = delivery->seq,
        .number = delivery->place ? delivery->place->number : 0,
        .type = envelope->type ? sg_type_of_topic(sg_bytes_of(envelope->type)) : 0,
    };
    if (delivery->place && delivery->place->outbox_id.len == SG_ID_BYTES)
        memcpy(heard.outbox_id.b, delivery->place->outbox_id.data, SG_ID_BYTES);
    link->heard[link->heard_count++] = heard;
    link->handled = delivery->seq;
}

static void take_delivery(struct raw_link *link, const PbDelivery *delivery)
{
    struct sg_why why = {0};
    PbEnvelope *envelope = NULL;
    if (delivery->seq <= link->last_here)
        complain(link, "seq %" PRIu64 " came after seq %" PRIu64 " on one connection",
                 delivery->seq, link->last_here);
    link->last_here = delivery->seq;
    if (delivery->seq <= link->handled) {
        link->repeated++;
        return;
    }
    if (sg_decode_row(&pb_envelope__descriptor,
                      (struct sg_bytes){delivery->envelope.data, delivery->envelope.len},
                      &link->client.arena, &envelope, &why)) {
        complain(link, "seq %" PRIu64 ": %s", delivery->seq, why.text);
        return;
    }
    if (envelope->seq != delivery->seq)
        complain(link, "seq %" PRIu64 " holds an envelope of seq %" PRIu64, delivery->seq,
                 envelope->seq);
    remember(link, delivery, envelope);
    if (link->hear)
        link->hear(link->context, link, delivery->seq, envelope);
}

enum sg_err raw_link_ack(struct raw_link *link, struct sg_why *why)
{
    if (!link->subscription || link->last_here <= link->acked)
        return SG_OK;
    link->acked = link->last_here;
    return raw_ack(&link->client, link->subscription, link->last_here, why);
}

static enum sg_err take_deliver(struct raw_link *link, const PbDeliver *deliver, struct sg_why *why)
{
    for (size_t i = 0; i < deliver->n_deliveries; i++)
        take_delivery(link, deliver->deliveries[i]);
    /* Repeats were acknowledged before, or lie below what is: their credit comes back by any ack.
     */
    if (link->last_here <= link->acked)
        return raw_ack(&link->client, link->subscription, link->last_here, why);
    bool now = !link->prng || prng_below(link->prng, ACK_ODDS) == 0;
    return now ? raw_link_ack(link, why) : SG_OK;
}

static enum sg_err take(struct raw_link *link, const PbServerFrame *frame, struct sg_why *why)
{
    if (frame->deliver)
        return take_deliver(link, frame->deliver, why);
    if (frame->caught_up) {
        link->caught_up = true;
        return raw_link_ack(link, why);
    }
    if (!frame->publish_result)
        return SG_OK; /* Pong */
    link->outcomes += frame->publish_result->n_outcomes;
    return raw_outbox_take(&link->outbox, frame->publish_result, link->told, link->context, why);
}

/* ---- pump ---- */

static enum sg_err serve(struct raw_link *link, bool *moved, struct sg_why *why)
{
    const PbServerFrame *frame = NULL;
    enum sg_err err;
    while ((err = raw_next(&link->client, 0, &frame, why)) == SG_OK) {
        *moved = true;
        err = take(link, frame, why);
        if (err)
            break;
    }
    return err == SG_E_NOT_FOUND ? SG_OK : err;
}

static enum sg_err push(struct raw_link *link, struct sg_why *why)
{
    enum sg_err err = raw_outbox_cut(&link->outbox, SG_FRAME_EVENTS_MAX, link->prng, why);
    return err ? err : raw_outbox_send(&link->outbox, &link->client, why);
}

enum sg_err raw_links_pump(struct raw_link *links, size_t count, int timeout_ms, bool *out_moved,
                           struct sg_why *why)
{
    zmq_pollitem_t items[LINKS_MAX];
    SG_CHECK(count <= LINKS_MAX);
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < count; i++) {
        items[i] = (zmq_pollitem_t){.socket = links[i].client.socket, .events = ZMQ_POLLIN};
        err = push(&links[i], why);
    }
    *out_moved = false;
    int got = err ? 0 : zmq_poll(items, (int)count, timeout_ms);
    if (!err && got < 0 && zmq_errno() != EINTR)
        err = sg_fail(why, SG_E_NET, "zmq_poll: %s", zmq_strerror(zmq_errno()));
    for (size_t i = 0; !err && got > 0 && i < count; i++)
        if (items[i].revents)
            err = serve(&links[i], out_moved, why);
    return err;
}

enum sg_err raw_links_settle(struct raw_link *links, size_t count, struct sg_why *why)
{
    for (;;) {
        bool idle = true, moved = false;
        for (size_t i = 0; i < count; i++)
            idle = idle && raw_outbox_idle(&links[i].outbox);
        if (idle)
            return SG_OK;
        enum sg_err err = raw_links_pump(links, count, RAW_PATIENCE_MS, &moved, why);
        if (err)
            return err;
        if (!moved)
            return sg_fail(why, SG_E_NET, "events are not answered and nothing comes any more");
    }
}
