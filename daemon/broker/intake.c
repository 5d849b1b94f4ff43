/* intake.c - frames of the turn: decoded, authorised against the roster of now, sorted. */
#include "broker/inside.h"

#include <stdio.h>

static enum sg_err cut(struct turn *t, struct request *r, uint32_t code, const char *object,
                       const char *accepted, struct sg_why *why)
{
    if (r->session)
        session_close(t->broker, r->session);
    r->session = NULL;
    r->frame = NULL;
    return reply_bye(t, r->in->peer, code, object, accepted, 0, true, why);
}

static bool authorise(struct turn *t, struct request *r)
{
    r->agency = sg_roster_agency(t->world.roster, r->in->agency);
    r->device = r->agency ? sg_roster_device(t->world.roster, r->in->agency, r->in->device) : NULL;
    return r->device && sg_device_valid(r->agency, r->device, t->world.now_ms);
}

/* Exactly one field of a ClientFrame: all are messages. */
static bool one_field(const PbClientFrame *frame)
{
    const void *const fields[] = {frame->hello, frame->publish, frame->subscribe, frame->ack,
                                  frame->nack,  frame->query,   frame->discard,   frame->admin,
                                  frame->ping,  frame->bye};
    size_t set = 0;
    for (size_t i = 0; i < SG_ARRAY_LEN(fields); i++)
        set += fields[i] != NULL;
    return set == 1;
}

static enum sg_err open_frame(struct turn *t, struct request *r, struct sg_why *why)
{
    struct sg_why detail = {""};
    enum sg_err err = r->in->body.len > SG_BODY_MAX
                          ? SG_E_FORMAT
                          : sg_decode(&pb_client_frame__descriptor, r->in->body, &t->broker->arena,
                                      &r->frame, &detail);
    if (err == SG_E_LIMIT && t->broker->arena.spent)
        return sg_fail(why, err, "%s", detail.text);
    if (err || !one_field(r->frame))
        return cut(t, r, SG_ST_PROTOCOL, "body", "one ClientFrame of protocol 1", why);
    return SG_OK;
}

static enum sg_err greet(struct turn *t, struct request *r, struct sg_why *why)
{
    enum { LATER_MS = 10000 };
    static_assert(SG_PROTOCOL == 1, "the refusals say so");
    if (r->frame->hello->protocol != SG_PROTOCOL)
        return cut(t, r, SG_ST_PROTOCOL, "hello.protocol", "protocol 1", why);
    if (r->in->over_limit) {
        r->frame = NULL;
        return reply_bye(t, r->in->peer, SG_ST_BUSY, "key", "fewer connections of this key",
                         LATER_MS, false, why);
    }
    if (!r->session)
        r->session = session_open(t, r->in);
    if (!r->session) {
        r->frame = NULL;
        return reply_bye(t, r->in->peer, SG_ST_BUSY, NULL, NULL, LATER_MS, false, why);
    }
    return SG_OK;
}

static enum sg_err take_frame(struct turn *t, struct request *r, struct sg_why *why)
{
    r->session = session_find(t->broker, r->in->peer);
    if (!authorise(t, r))
        return cut(t, r, SG_ST_SUSPENDED, "key", "a key of the configuration within its dates",
                   why);
    enum sg_err err = open_frame(t, r, why);
    if (err || !r->frame)
        return err;
    if (r->frame->hello) {
        err = greet(t, r, why);
    } else if (!r->session) {
        r->frame = NULL;
        return reply_bye(t, r->in->peer, SG_ST_HELLO_FIRST, NULL, "Hello as the first frame", 0,
                         false, why);
    }
    if (err || !r->frame)
        return err;
    session_touch(t->broker, r->session);
    r->session->heard_ns = t->in->mono_ns;
    return SG_OK;
}

/* All is answered in the turn that takes it: what comes in one turn is what was in flight. */
static void count_in_flight(struct request *r)
{
    if (r->frame->publish)
        r->busy = ++r->session->publishes > SG_UNANSWERED_FRAMES_MAX;
    else if (r->frame->query || r->frame->discard)
        r->busy = ++r->session->queries > 1;
}

static size_t events_of(const struct request *r)
{
    const PbPublish *publish = r->frame ? r->frame->publish : NULL;
    return publish && publish->n_events <= SG_FRAME_EVENTS_MAX ? publish->n_events : 0;
}

enum sg_err intake_frames(struct turn *t, size_t count, struct sg_why *why)
{
    struct broker *b = t->broker;
    enum sg_err err = SG_OK;
    size_t events = 0, bytes = 0;
    t->requests = turn_take(t, (count + 1) * sizeof *t->requests);
    for (size_t i = 0; i < b->session_high; i++)
        b->sessions[i].publishes = b->sessions[i].queries = 0;
    for (size_t i = 0; !err && i < count; i++) {
        struct request *r = &t->requests[t->request_count];
        *r = (struct request){.in = &t->in->frames[i]};
        bytes += r->in->body.len;
        if (i && (bytes > SG_TURN_BYTES_MAX || events + SG_FRAME_EVENTS_MAX > SG_TURN_EVENTS_MAX ||
                  b->out_count > OUT_FRAMES_MAX / 4 || b->arena.size - b->arena.used < STEP_BYTES))
            break; /* the others come again in the next turn */
        err = take_frame(t, r, why);
        if (!err && r->frame)
            count_in_flight(r);
        events += events_of(r);
        t->request_count++;
    }
    t->result->frames_taken = t->request_count;
    return err;
}

enum sg_err intake_silence(struct turn *t, struct sg_why *why)
{
    struct broker *b = t->broker;
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < b->session_high; i++) {
        struct session *s = &b->sessions[i];
        if (!session_live(s))
            continue;
        const struct sg_agency *agency = sg_roster_agency(t->world.roster, s->agency);
        const struct sg_device *device =
            agency ? sg_roster_device(t->world.roster, s->agency, s->device) : NULL;
        uint32_t code = SG_ST_OK;
        if (!device || !sg_device_valid(agency, device, t->world.now_ms))
            code = SG_ST_SUSPENDED;
        else if (t->in->mono_ns - s->heard_ns > SILENT_NS)
            code = SG_ST_SILENT;
        else if (t->in->stopping)
            code = SG_ST_STOPPING;
        if (code == SG_ST_OK)
            continue;
        struct peer peer = s->peer;
        session_close(b, s);
        err = reply_bye(t, peer, code, NULL, NULL, 0, true, why);
    }
    return err;
}

/* ---- Welcome ---- */

static enum sg_err add_outboxes(struct turn *t, struct request *r, PbWelcome *welcome,
                                struct sg_why *why)
{
    const PbHello *hello = r->frame->hello;
    enum sg_err err = SG_OK;
    welcome->outboxes = turn_take(t, SG_OUTBOXES_MAX * sizeof *welcome->outboxes);
    for (size_t i = 0; !err && i < hello->n_outboxes && i < SG_OUTBOXES_MAX; i++) {
        struct sg_id id;
        struct place_state place;
        struct sg_bytes bytes = {hello->outboxes[i].data, hello->outboxes[i].len};
        if (sg_id_from(bytes, &id) != SG_OK)
            continue;
        err = order_place(t, &id, r->agency->id, &place, why);
        PbOutboxState *state = TURN_NEW(t, PbOutboxState);
        pb_outbox_state__init(state);
        state->has_outbox_id = state->has_last_number = state->has_foreign = true;
        state->outbox_id = turn_bytes(t, id.b, SG_ID_BYTES);
        state->last_number = place.foreign ? 0 : place.last_number;
        state->foreign = place.foreign;
        welcome->outboxes[welcome->n_outboxes++] = state;
    }
    return err;
}

static enum sg_err add_history(struct turn *t, const PbHello *hello, PbWelcome *welcome,
                               struct sg_why *why)
{
    struct signed_block head, seen;
    enum sg_err err = block_head(&t->txn, &head, why);
    if (err)
        return err;
    if (head.header.count)
        welcome->head = reply_block(t, &head);
    if (!hello->seen || !hello->seen->height)
        return SG_OK;
    err = block_get(&t->txn, hello->seen->height, &seen, NULL);
    if (err == SG_E_NOT_FOUND)
        return SG_OK; /* no hash: the client sees that its block is not there */
    if (!err && seen.header.epoch == hello->seen->epoch) {
        welcome->has_hash_at_seen = true;
        welcome->hash_at_seen = turn_bytes(t, seen.hash, SG_HASH_BYTES);
    }
    return err;
}

static PbLimits *limits(struct turn *t)
{
    PbLimits *l = TURN_NEW(t, PbLimits);
    pb_limits__init(l);
    l->has_body_bytes = l->has_event_bytes = l->has_frame_events = l->has_unanswered_events =
        l->has_unanswered_frames = l->has_deliver_frames = true;
    l->body_bytes = SG_BODY_MAX;
    l->event_bytes = SG_EVENT_MAX;
    l->frame_events = SG_FRAME_EVENTS_MAX;
    l->unanswered_events = SG_UNANSWERED_EVENTS_MAX;
    l->unanswered_frames = SG_UNANSWERED_FRAMES_MAX;
    l->deliver_frames = SG_DELIVER_FRAMES_MAX;
    return l;
}

enum sg_err answer_hello(struct turn *t, struct request *r, struct sg_why *why)
{
    PbServerFrame frame = PB_SERVER_FRAME__INIT;
    PbWelcome welcome = PB_WELCOME__INIT;
    PbCapability capabilities[32];
    char version[17], *agency = r->session->agency, *device = r->session->device;
    welcome.agency = agency;
    welcome.device = device;
    welcome.capabilities = capabilities;
    for (unsigned c = 1; c < 32; c++)
        if (r->agency->capabilities & SG_CAP(c))
            capabilities[welcome.n_capabilities++] = (PbCapability)c;
    welcome.limits = limits(t);
    welcome.has_server_time_ms = welcome.has_demo = welcome.has_store_id = true;
    welcome.server_time_ms = t->world.now_ms;
    welcome.demo = t->broker->options.demo;
    welcome.store_id = turn_bytes(t, env_store_id(t->broker->options.env)->b, SG_ID_BYTES);
    (void)snprintf(version, sizeof version, "%s",
                   t->world.lists ? sg_lists_version(t->world.lists) : "");
    welcome.code_list_version = version;
    enum sg_err err = add_history(t, r->frame->hello, &welcome, why);
    if (!err)
        err = add_outboxes(t, r, &welcome, why);
    frame.welcome = &welcome;
    return err ? err : reply_send(t, r->in->peer, &frame, FRAME_SEND, why);
}
