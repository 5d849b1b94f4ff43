/* reader.c - subscriptions: deliveries go into the inbox, from there to the handler, and are acked.
 */
#include "lib/inside.h"

#include "wire/codec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>

enum { RETRY_MS = 5000, STORE_PAUSE_MS = 5000 /* the disk is full, or fails */ };

/* ---- subscribing ------------------------------------------------------------------------- */

static bool name_is_right(const char *name)
{
    size_t len = name ? strlen(name) : 0;
    if (len == 0 || len > SG_NAME_MAX || strchr("._-", name[0]))
        return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

static void subscription_free(struct subscription **subscription)
{
    if (!*subscription)
        return;
    free((*subscription)->types);
    sg_fd_done(&(*subscription)->lock_fd);
    free(SG_TAKE(*subscription));
}

/* Pointers and texts in one run of memory. */
static bool copy_types(struct subscription *to, const char *const *types)
{
    size_t count = 0, bytes = 0;
    for (; types && types[count]; count++)
        bytes += strlen(types[count]) + 1;
    to->types = calloc(1, (count + 1) * sizeof *to->types + bytes);
    if (!to->types)
        return false;
    char *text = (char *)(to->types + count + 1);
    for (; to->type_count < count; to->type_count++) {
        size_t size = strlen(types[to->type_count]) + 1;
        memcpy(text, types[to->type_count], size);
        to->types[to->type_count] = text;
        text += size;
    }
    return true;
}

/* Two processes of one device with the same inbox would hand over the same delivery twice. */
static bool lock_name(struct sinergi *client, struct subscription *subscription)
{
    char path[CLIENT_PATH_MAX + SG_NAME_MAX + 16];
    (void)snprintf(path, sizeof path, "%s/inbox-%s.lock", client->conf.data_path,
                   subscription->name);
    subscription->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return subscription->lock_fd >= 0 && flock(subscription->lock_fd, LOCK_EX | LOCK_NB) == 0;
}

static sinergi_status fill(struct sinergi *client, struct subscription *to,
                           const sinergi_subscription *from)
{
    to->lock_fd = -1;
    to->as = *from;
    to->as.name = NULL;
    to->as.types = NULL;
    memcpy(to->name, from->name, strlen(from->name));
    if (!copy_types(to, from->types))
        return client_fail(client, SINERGI_LOCAL, "memori habis", "no memory");
    to->restart = from->restart != 0;
    if ((!from->ephemeral || settled_subscription(to)) && !lock_name(client, to))
        return client_fail(
            client, SINERGI_IN_USE, "langganan '%s' sedang dipakai proses lain di perangkat ini",
            "subscription '%s' is in use by another process of this device", to->name);
    return SINERGI_OK;
}

sinergi_status sinergi_subscribe(sinergi *client, const sinergi_subscription *subscription)
{
    if (!name_is_right(subscription->name) || !subscription->handler)
        return client_fail(client, SINERGI_INVALID,
                           "nama langganan: 1 sampai 63 huruf kecil, angka, '.', '_', '-'",
                           "name of a subscription: 1 to 63 of a-z, 0-9, '.', '_', '-'");
    if (client->subscription_count == SG_SUBSCRIPTIONS_MAX)
        return client_fail(client, SINERGI_INVALID, "paling banyak %u langganan",
                           "at most %u subscriptions", SG_SUBSCRIPTIONS_MAX);
    struct subscription **slot = &client->subscriptions[client->subscription_count];
    *slot = calloc(1, sizeof **slot);
    if (!*slot)
        return client_fail(client, SINERGI_LOCAL, "memori habis", "no memory");
    sinergi_status status = fill(client, *slot, subscription);
    if (status) {
        subscription_free(slot);
        return status;
    }
    client->subscription_count++;
    if (session_is_up(client))
        reader_attach(client);
    client->more = true; /* a connection to make, or to listen on */
    watch_update(client);
    return SINERGI_OK;
}

sinergi_status reader_add_own(struct sinergi *client, const sinergi_subscription *as)
{
    sinergi_subscription own = *as;
    if (client->subscription_count == SG_SUBSCRIPTIONS_MAX)
        return SINERGI_INVALID;
    struct subscription **slot = &client->subscriptions[client->subscription_count];
    *slot = calloc(1, sizeof **slot);
    if (!*slot)
        return SINERGI_LOCAL;
    own.ephemeral = 1;
    own.restart = 1;
    sinergi_status status = fill(client, *slot, &own);
    if (status)
        subscription_free(slot);
    else
        client->subscription_count++;
    return status;
}

sinergi_status sinergi_note(sinergi *client, const char *subscription, uint8_t note[64],
                            size_t *out_length)
{
    struct inbox_state state;
    struct sg_why why = {0};
    if (!name_is_right(subscription))
        return client_fail(client, SINERGI_INVALID, "nama langganan salah",
                           "not the name of a subscription");
    enum sg_err err = inbox_state(client->inbox, subscription, &state, &why);
    if (err)
        return client_why(client, err, &why);
    memcpy(note, state.note, state.note_len);
    *out_length = state.note_len;
    return SINERGI_OK;
}

void reader_free(struct sinergi *client)
{
    for (size_t i = 0; i < client->subscription_count; i++)
        subscription_free(&client->subscriptions[i]);
    client->subscription_count = 0;
}

void reader_reset(struct sinergi *client)
{
    for (size_t i = 0; i < client->subscription_count; i++) {
        struct subscription *sub = client->subscriptions[i];
        if (sub->restart)
            sub->done = 0;
        sub->attached = sub->caught_up = false;
        sub->frame_end_count = 0;
        sub->again = false;
    }
}

void reader_taken_over(struct sinergi *client)
{
    for (size_t i = 0; i < client->subscription_count; i++)
        client->subscriptions[i]->given_up = true;
}

bool reader_is_active(const struct sinergi *client)
{
    for (size_t i = 0; i < client->subscription_count; i++) {
        if (!client->subscriptions[i]->given_up && !settled_subscription(client->subscriptions[i]))
            return true;
    }
    return false;
}

static struct subscription *find(struct sinergi *client, const char *name)
{
    for (size_t i = 0; name && i < client->subscription_count; i++) {
        if (strcmp(client->subscriptions[i]->name, name) == 0)
            return client->subscriptions[i];
    }
    return NULL;
}

/* `restart`: from where `as` says, whatever the broker remembers. */
static bool send_subscribe(struct sinergi *client, struct subscription *sub, bool restart)
{
    PbSubscribe subscribe = PB_SUBSCRIBE__INIT;
    subscribe.name = sub->name;
    subscribe.n_types = sub->type_count;
    subscribe.types = sub->types;
    subscribe.has_start = subscribe.has_seq = subscribe.has_time_ms = 1;
    subscribe.start = (PbStartFrom)sub->as.start;
    subscribe.seq = sub->as.seq;
    subscribe.time_ms = sub->as.time_ms;
    subscribe.has_take_over = 1;
    subscribe.take_over = sub->as.take_over;
    subscribe.has_restart = 1;
    subscribe.restart = restart;
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    frame.subscribe = &subscribe;
    sub->attached = session_send(client, &frame);
    return sub->attached;
}

void reader_attach(struct sinergi *client)
{
    settled_attach(client);
    for (size_t i = 0; i < client->subscription_count; i++) {
        struct subscription *sub = client->subscriptions[i];
        if (sub->attached || sub->given_up)
            continue;
        if (!send_subscribe(client, sub, sub->restart)) {
            session_drop(client, 0);
            return;
        }
    }
}

void reader_subscribed(struct sinergi *client, const PbSubscribed *subscribed)
{
    struct subscription *sub = find(client, subscribed->subscription);
    if (!sub)
        return;
    sub->again = false; /* what comes behind this was sent after the Nack was read */
    if (!subscribed->error) {
        /* It has begun where it was asked to; a later session goes on. */
        sub->restart = sub->restart && settled_subscription(sub);
        return;
    }
    sub->attached = false;
    sub->given_up = true;
    if (subscribed->error->code == SG_ST_IN_USE)
        client->fatal =
            client_fail(client, SINERGI_IN_USE, "langganan '%s' sedang dipakai perangkat '%s'",
                        "subscription '%s' is in use by device '%s'", sub->name,
                        subscribed->holder_device ? subscribed->holder_device : "?");
    else
        client->fatal = client_error(client, SINERGI_REFUSED, subscribed->error);
}

/* ---- acknowledging ----------------------------------------------------------------------- */

static void send_ack(struct sinergi *client, struct subscription *sub, uint64_t through)
{
    PbAck ack = PB_ACK__INIT;
    ack.subscription = sub->name;
    ack.has_through_seq = 1;
    ack.through_seq = through;
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    frame.ack = &ack;
    if (!session_send(client, &frame))
        session_drop(client, 0);
}

/* Acknowledge the frames of this session that are done to their end. */
static void ack_frames(struct sinergi *client, struct subscription *sub, uint64_t done)
{
    size_t n = 0;
    while (n < sub->frame_end_count && sub->frame_ends[n] <= done)
        n++;
    if (n == 0)
        return;
    uint64_t through = sub->frame_ends[n - 1];
    sub->frame_end_count -= n;
    memmove(sub->frame_ends, sub->frame_ends + n, sub->frame_end_count * sizeof sub->frame_ends[0]);
    send_ack(client, sub, through);
}

static uint32_t retry_ms(const struct subscription *sub)
{
    return sub->as.retry_ms ? sub->as.retry_ms : RETRY_MS;
}

/* Ask for `seq` again later. What was on its way when the broker read it must not be taken, or
 * order is lost: everything is dropped until the answer to the Subscribe that is sent right behind.
 * Behind that all comes that was not acknowledged. Source: docs/PROTOCOL.md 9.3. */
static void send_nack(struct sinergi *client, struct subscription *sub, uint64_t seq)
{
    sub->retry_ns = client_mono_ns() + retry_ms(sub) * MS_NS;
    sub->frame_end_count = 0;
    if (!session_is_up(client) || !sub->attached)
        return; /* the broker sends again what was not acknowledged */
    static char reason[] = "handler";
    PbNack nack = PB_NACK__INIT;
    nack.subscription = sub->name;
    nack.has_seq = nack.has_retry_after_ms = 1;
    nack.seq = seq;
    nack.reason = reason;
    nack.retry_after_ms = retry_ms(sub);
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    frame.nack = &nack;
    if (!session_send(client, &frame) || !send_subscribe(client, sub, false)) {
        session_drop(client, 0);
        return;
    }
    sub->again = true;
    sub->caught_up = false;
    sub->retry_ns = 0; /* the broker keeps the delay */
}

/* ---- handing over ------------------------------------------------------------------------ */

static sinergi_handled hand_over(struct sinergi *client, struct subscription *sub,
                                 const PbDelivery *delivery, uint8_t *note, size_t *note_len)
{
    PbEnvelope *envelope = NULL;
    size_t used = client->frame_arena.used;
    enum sg_err err = sg_decode(&pb_envelope__descriptor,
                                (struct sg_bytes){delivery->envelope.data, delivery->envelope.len},
                                &client->frame_arena, &envelope, NULL);
    sinergi_delivery given = {.subscription = sub->name,
                              .seq = delivery->seq,
                              .type = !err && envelope->type ? envelope->type : "?",
                              .envelope = delivery->envelope.data,
                              .envelope_length = delivery->envelope.len};
    if (delivery->place && delivery->place->outbox_id.len == SINERGI_ID_BYTES) {
        memcpy(given.place.outbox_id, delivery->place->outbox_id.data, SINERGI_ID_BYTES);
        given.place.number = delivery->place->number;
    }
    sub->forgets = !err && envelope->person_erasure_ordered;
    client->in_handler = true;
    sinergi_handled handled = sub->as.handler(sub->as.context, &given, note, note_len);
    client->in_handler = false;
    sg_arena_reset(&client->frame_arena, used);
    return handled;
}

/* Without an inbox: straight from the frame to the handler. */
static void deliver_ephemeral(struct sinergi *client, struct subscription *sub,
                              const PbDeliver *deliver)
{
    for (size_t i = 0; i < deliver->n_deliveries; i++) {
        const PbDelivery *delivery = deliver->deliveries[i];
        if (delivery->seq <= sub->done)
            continue;
        uint8_t note[INBOX_NOTE_MAX] = {0};
        size_t note_len = 0;
        switch (hand_over(client, sub, delivery, note, &note_len)) {
        case SINERGI_DONE: sub->done = delivery->seq; break;
        case SINERGI_LATER:   /* nothing keeps it here: the broker does */
        case SINERGI_WORKING: /* the same: sinergi_finish needs an inbox */
        case SINERGI_FAILED: send_nack(client, sub, delivery->seq); return;
        case SINERGI_STOP:
            client->handler_stopped = true;
            session_drop(client, 0); /* what is left comes again with the next session */
            return;
        }
    }
    ack_frames(client, sub, sub->done);
}

static void deliver_inbox(struct sinergi *client, struct subscription *sub,
                          const PbDeliver *deliver)
{
    struct inbox_state state;
    struct sg_why why = {0};
    enum sg_err err = inbox_receive(client->inbox, deliver, &client->frame_arena, &state, &why);
    if (err) { /* what comes behind it must not be taken either: all of it comes again */
        session_drop(client, STORE_PAUSE_MS);
        client->fatal = client_why(client, err, &why);
        return;
    }
    ack_frames(client, sub, state.done);
}

void reader_deliver(struct sinergi *client, const PbDeliver *deliver)
{
    struct subscription *sub = find(client, deliver->subscription);
    if (!sub || !sub->attached || sub->again || client->leaving || deliver->n_deliveries == 0)
        return;
    if (deliver->head && !session_see(client, deliver->head))
        return;
    if (sub->frame_end_count == FRAME_ENDS_MAX) {
        session_drop(client, 0); /* more than the credit allows */
        return;
    }
    sub->frame_ends[sub->frame_end_count++] = deliver->deliveries[deliver->n_deliveries - 1]->seq;
    if (sub->as.ephemeral)
        deliver_ephemeral(client, sub, deliver);
    else
        deliver_inbox(client, sub, deliver);
}

void reader_caught_up(struct sinergi *client, const PbCaughtUp *caught_up)
{
    struct subscription *sub = find(client, caught_up->subscription);
    if (sub && !sub->again)
        sub->caught_up = true;
}

/* An order to forget holds for the inbox as well: it is done when nothing of what was handled can
 * be read there. */
static bool finish(struct sinergi *client, struct subscription *sub, uint64_t seq,
                   const uint8_t *note, size_t note_len)
{
    struct sg_why why = {0};
    enum sg_err err = sub->forgets ? inbox_renew(client->inbox, &client->frame_arena, &why) : SG_OK;
    if (!err)
        err = inbox_done(client->inbox, sub->name, seq, note, note_len, &why);
    if (err) {
        client->fatal = client_why(client, err, &why);
        return false;
    }
    ack_frames(client, sub, seq);
    return true;
}

static bool put_off(struct sinergi *client, struct subscription *sub, uint64_t seq)
{
    struct sg_why why = {0};
    enum sg_err err = inbox_drop(client->inbox, sub->name, &why);
    if (err)
        client->fatal = client_why(client, err, &why);
    else
        send_nack(client, sub, seq);
    return false;
}

/* What became of a delivery; true when the next one may follow at once. */
static bool take_handled(struct sinergi *client, struct subscription *sub, uint64_t seq,
                         sinergi_handled handled, const uint8_t *note, size_t note_len)
{
    switch (handled) {
    case SINERGI_DONE: return finish(client, sub, seq, note, note_len);
    case SINERGI_LATER: sub->retry_ns = client_mono_ns() + retry_ms(sub) * MS_NS; return false;
    case SINERGI_FAILED: return put_off(client, sub, seq);
    case SINERGI_STOP: client->handler_stopped = true; return false;
    case SINERGI_WORKING:
        sub->working = true;
        sub->working_seq = seq;
        return false;
    }
    return false;
}

sinergi_status sinergi_finish(sinergi *client, const char *subscription, uint64_t seq,
                              sinergi_handled handled, const uint8_t *note, size_t note_length)
{
    struct subscription *sub = find(client, subscription);
    if (!sub || !sub->working || sub->working_seq != seq || handled == SINERGI_WORKING ||
        note_length > INBOX_NOTE_MAX)
        return client_fail(client, SINERGI_INVALID, "kiriman itu tidak sedang ditangani",
                           "that delivery is not being worked on");
    sub->working = false;
    client->fatal = SINERGI_OK;
    (void)take_handled(client, sub, seq, handled, note, note_length); /* the next turn looks */
    client->more = true;
    watch_update(client);
    return client->fatal;
}

static bool step_one(struct sinergi *client, struct subscription *sub, int64_t now_ns)
{
    if (sub->given_up || sub->as.ephemeral || sub->working || now_ns < sub->retry_ns)
        return false;
    size_t used = client->frame_arena.used;
    PbDelivery *delivery = NULL;
    struct sg_why why = {0};
    enum sg_err err = inbox_next(client->inbox, sub->name, &client->frame_arena, &delivery, &why);
    if (err) {
        if (err != SG_E_NOT_FOUND)
            client->fatal = client_why(client, err, &why);
        sg_arena_reset(&client->frame_arena, used);
        return false;
    }
    uint8_t note[INBOX_NOTE_MAX] = {0};
    size_t note_len = 0;
    sinergi_handled handled = hand_over(client, sub, delivery, note, &note_len);
    bool more = take_handled(client, sub, delivery->seq, handled, note, note_len);
    sg_arena_reset(&client->frame_arena, used);
    return more;
}

bool reader_step(struct sinergi *client, int64_t now_ns)
{
    bool more = false;
    for (size_t i = 0; i < client->subscription_count; i++) {
        if (client->handler_stopped || client->fatal)
            return false;
        more = step_one(client, client->subscriptions[i], now_ns) || more;
    }
    return more;
}

/* The broker has sent all, and all of it is handled. */
bool reader_all_caught_up(const struct sinergi *client)
{
    for (size_t i = 0; i < client->subscription_count; i++) {
        struct subscription *sub = client->subscriptions[i];
        if (sub->given_up || settled_subscription(sub))
            continue;
        if (!sub->caught_up)
            return false;
        struct inbox_state state = {0};
        if (!sub->as.ephemeral && (inbox_state(client->inbox, sub->name, &state, NULL) != SG_OK ||
                                   state.done != state.received))
            return false;
    }
    return true;
}
