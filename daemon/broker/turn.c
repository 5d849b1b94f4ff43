/* turn.c - one turn: take, decide, seal, prepare deliveries, commit; and only then hand out. */
#include "broker/inside.h"

#include "kit/check.h"

#include <stdlib.h>

enum sg_err broker_new(const struct broker_options *options, struct broker **out_broker,
                       struct sg_why *why)
{
    struct broker *b = calloc(1, sizeof *b);
    if (!b)
        return sg_fail(why, SG_E_SYS, "out of memory");
    b->options = *options;
    b->presence_asked = 1; /* nobody is connected yet */
    b->sessions = calloc(SESSIONS_MAX, sizeof *b->sessions);
    b->out = calloc(OUT_FRAMES_MAX, sizeof *b->out);
    enum sg_err err = b->sessions && b->out ? SG_OK : sg_fail(why, SG_E_SYS, "out of memory");
    if (!err)
        err = sg_arena_init(&b->arena, TURN_ARENA_BYTES, why);
    if (!err)
        err = sg_arena_init(&b->out_arena, OUT_ARENA_BYTES, why);
    if (!err)
        err = sg_arena_init(&b->undo_arena, UNDO_ARENA_BYTES, why);
    if (err)
        broker_free(&b);
    else
        *out_broker = b;
    return err;
}

void broker_free(struct broker **broker)
{
    struct broker *b = SG_TAKE(*broker);
    if (!b)
        return;
    sg_arena_done(&b->arena);
    sg_arena_done(&b->out_arena);
    sg_arena_done(&b->undo_arena);
    report_pages_free(&b->desk.kept);
    free(b->sessions);
    free(b->out);
    free(b);
}

void broker_set_world(struct broker *broker, const struct sg_roster *roster,
                      const struct sg_lists *lists, const struct sg_time_limits *limits)
{
    broker->options.roster = roster;
    broker->options.lists = lists;
    broker->options.limits = limits;
}

void broker_set_target(struct broker *broker, uint32_t least, uint32_t most)
{
    broker->options.target_min = least;
    broker->options.target_max = most;
}

const struct broker_counters *broker_counters(const struct broker *broker)
{
    return &broker->counters;
}

/* ---- steps ---- */

static bool is_durable(const struct turn *t, const struct request *r)
{
    if (!session_serves(r) || r->busy)
        return false;
    return (r->frame->publish && !t->in->storage_low) || r->frame->subscribe || r->frame->nack ||
           r->frame->discard || (r->frame->admin && r->frame->admin->has_import_outbox_id);
}

static bool wants_read(const struct request *r)
{
    return r->frame && (r->frame->hello || r->frame->query);
}

/* Acks change memory at first; their credit decides whether there is something to deliver. */
static enum sg_err take_acks(struct turn *t, struct sg_why *why)
{
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < t->request_count; i++) {
        struct request *r = &t->requests[i];
        if (session_serves(r) && r->frame->ack)
            err = take_ack(t, r, why);
    }
    return err;
}

static enum sg_err begin(struct turn *t, struct sg_why *why)
{
    struct broker *b = t->broker;
    bool read = false, write = false;
    for (size_t i = 0; i < t->request_count; i++) {
        write |= is_durable(t, &t->requests[i]);
        read |= wants_read(&t->requests[i]);
    }
    write |= presence_is_stale(b) || !b->due_known || b->next_due_ms <= t->world.now_ms ||
             deliver_possible(t);
    if (!write)
        return read ? txn_begin(&t->txn, b->options.env, TXN_READ, why) : SG_OK;
    t->writing = true;
    enum sg_err err = txn_begin(&t->txn, b->options.env, TXN_WRITE, why);
    if (!err)
        err = block_begin(&t->block, &t->txn, &b->arena, t->world.now_ms,
                          b->options.keys->sign_secret, why);
    if (err)
        return err;
    t->world.now_ms = t->block.time_ms;
    t->ledger = (struct ledger_turn){
        .txn = &t->txn, .block = &t->block, .arena = &b->arena, .world = &t->world};
    err = presence_write(t, why);
    return err ? err : sub_write_stale(t, true, why);
}

static enum sg_err answer_frame(struct turn *t, struct request *r, struct sg_why *why)
{
    const PbClientFrame *f = r->frame;
    if (!session_serves(r))
        return SG_OK; /* ended by another frame of the turn */
    enum sg_err err = turn_room(t, why);
    if (err)
        return err;
    if (f->hello)
        return answer_hello(t, r, why);
    if (f->publish)
        return take_publish(t, r, why);
    if (f->subscribe)
        return take_subscribe(t, r, why);
    if (f->nack)
        return take_nack(t, r, why);
    if (f->query)
        return answer_query(t, r, why);
    if (f->discard)
        return answer_discard(t, r, why);
    if (f->admin)
        return answer_admin(t, r, why);
    if (f->bye) { /* in its place: what was sent before it counts */
        session_close(t->broker, r->session);
        return reply_bye(t, r->in->peer, SG_ST_OK, NULL, NULL, 0, true, why);
    }
    if (!f->ping)
        return SG_OK;
    PbServerFrame frame = PB_SERVER_FRAME__INIT;
    PbPong pong = PB_PONG__INIT;
    pong.has_token = f->ping->has_token;
    pong.token = f->ping->token;
    pong.has_server_time_ms = true;
    pong.server_time_ms = t->world.now_ms;
    frame.pong = &pong;
    return reply_send(t, r->in->peer, &frame, FRAME_SEND, why);
}

static enum sg_err seal_and_deliver(struct turn *t, struct sg_why *why)
{
    struct broker *b = t->broker;
    int64_t start = phase_start(t);
    enum sg_err err = block_seal(&t->block, &t->sealed, &t->tree, why);
    if (!err)
        err = answer_publishes(t, why);
    phase_end(t, &b->counters.ns_block, start);
    if (!err && t->sealed.header.count)
        deliver_wake(b);
    start = phase_start(t);
    if (!err)
        err = deliver_all(t, why);
    phase_end(t, &b->counters.ns_deliver, start);
    if (!err)
        err = ledger_next_due(&t->ledger, &b->next_due_ms, why);
    if (err)
        return err;
    b->due_known = true;
    start = phase_start(t);
    err = txn_commit(&t->txn, why);
    phase_end(t, &b->counters.ns_commit, start);
    b->counters.commits++;
    t->result->committed = true;
    if (!err)
        presence_keep(t);
    return err;
}

static void report_head(struct turn *t)
{
    const struct sg_block_header *h = &t->sealed.header;
    t->result->head_moved = h->count != 0;
    t->result->head_epoch = h->epoch;
    t->result->head_height = h->height;
    memcpy(t->result->head_hash, t->sealed.hash, SG_HASH_BYTES);
}

static enum sg_err attempt(struct turn *t, size_t frame_count, struct sg_why *why)
{
    bool more_due = false;
    enum sg_err err = intake_frames(t, frame_count, why);
    if (!err)
        err = take_acks(t, why);
    if (!err)
        err = begin(t, why);
    if (!err && t->writing)
        err = ledger_due(&t->ledger, DUE_PER_TURN, &more_due, why);
    for (size_t i = 0; !err && i < t->request_count; i++)
        err = answer_frame(t, &t->requests[i], why);
    if (!err)
        err = report_answer(t, why);
    if (!err)
        err = intake_silence(t, why);
    if (!err && t->writing)
        err = seal_and_deliver(t, why);
    t->result->more |= more_due;
    return err;
}

/* ---- what the loop has to know ---- */

static void plan_next(struct broker *b, const struct turn_in *in, struct turn_out *out)
{
    out->next_wall_ms = b->due_known ? b->next_due_ms : 0;
    out->next_mono_ns = INT64_MAX;
    for (size_t i = 0; i < b->session_high; i++) {
        const struct session *s = &b->sessions[i];
        out->more |= s->used && s->ended;
        if (!session_live(s))
            continue;
        int64_t at = s->heard_ns + SILENT_NS + 1;
        for (size_t j = 0; j < s->sub_count; j++) {
            const struct sub *sub = &s->subs[j];
            if (sub->row_stale && sub->stale_since_ns + ACK_WAIT_NS < at)
                at = sub->stale_since_ns + ACK_WAIT_NS;
            if (!sub->behind || s->frames_in_flight >= SG_DELIVER_FRAMES_MAX)
                continue;
            if (sub->retry_at_ns > in->mono_ns)
                at = sub->retry_at_ns < at ? sub->retry_at_ns : at;
            else
                out->more = true;
        }
        if (at < out->next_mono_ns)
            out->next_mono_ns = at;
    }
    out->more |= out->frames_taken < in->frame_count || presence_is_stale(b);
}

static void start_attempt(struct turn *t, struct broker *b, const struct turn_in *in,
                          struct turn_out *out, bool refuse_large)
{
    *out = (struct turn_out){.frames = b->out};
    *t = (struct turn){.broker = b, .in = in, .result = out, .refuse_large = refuse_large};
    t->last_answer = &t->answers;
    t->world = (struct world){.now_ms = in->wall_ms,
                              .roster = b->options.roster,
                              .lists = b->options.lists,
                              .keys = b->options.keys,
                              .limits = b->options.limits};
    sg_arena_reset(&b->arena, 0);
    sg_arena_reset(&b->out_arena, 0);
    b->out_count = 0;
    b->counters_before = b->counters;
}

static void give_up(struct turn *t)
{
    struct broker *b = t->broker;
    txn_done(&t->txn);
    session_undo(b);
    b->counters = b->counters_before;
    b->due_known = false;
}

/* A turn whose records are too many for the arena is run with half of its frames; one frame that
 * never fits is refused. */
static bool halve(size_t *frame_count, bool *refuse_large)
{
    if (*frame_count <= 1 && *refuse_large)
        return false;
    *refuse_large = *frame_count <= 1;
    *frame_count = *frame_count > 1 ? *frame_count / 2 : *frame_count;
    return true;
}

enum sg_err broker_turn(struct broker *b, const struct turn_in *in, struct turn_out *out_,
                        struct sg_why *why)
{
    size_t frame_count = in->frame_count;
    bool refuse_large = false;
    if (!b->started_ms)
        b->started_ms = in->wall_ms;
    for (;;) {
        struct turn t;
        start_attempt(&t, b, in, out_, refuse_large);
        enum sg_err err = attempt(&t, frame_count, why);
        if (!err) {
            txn_done(&t.txn);
            session_keep(b);
            report_keep(&t);
            report_head(&t);
            out_->frame_count = b->out_count;
            b->counters.turns++;
            plan_next(b, in, out_);
            return SG_OK;
        }
        give_up(&t);
        if (err == SG_E_FULL)
            err = env_grow(b->options.env, why);
        else if (err == SG_E_LIMIT)
            err = halve(&frame_count, &refuse_large) ? SG_OK : SG_E_STORE;
        if (err)
            return err == SG_E_STORE ? err : SG_E_STORE;
    }
}
