/* deliver.c - read on from each cursor as far as credit goes.
 *
 * Deliveries are prepared in the transaction of the turn, so that sent_through moves in the commit
 * before the frames leave.
 */
#include "broker/inside.h"

enum { FRAME_BYTES = SG_BODY_MAX - 1500, READS_PER_SUB = 20000 };

static bool may_send(const struct turn *t, const struct session *s, const struct sub *sub)
{
    return sub->behind && s->frames_in_flight < SG_DELIVER_FRAMES_MAX &&
           sub->retry_at_ns <= t->in->mono_ns;
}

/* An Ack may wait a little for a commit that happens anyway. */
static bool must_write(const struct turn *t, const struct sub *sub)
{
    return sub->row_stale &&
           (t->in->stopping || t->in->mono_ns - sub->stale_since_ns >= ACK_WAIT_NS);
}

bool deliver_possible(const struct turn *t)
{
    const struct broker *b = t->broker;
    for (size_t i = 0; i < b->session_high; i++) {
        const struct session *s = &b->sessions[i];
        if (!s->used)
            continue;
        if (s->ended)
            return true;
        for (size_t j = 0; j < s->sub_count; j++)
            if (may_send(t, s, &s->subs[j]) || must_write(t, &s->subs[j]))
                return true;
    }
    return false;
}

void deliver_wake(struct broker *broker)
{
    for (size_t i = 0; i < broker->session_high; i++) {
        struct session *s = &broker->sessions[i];
        if (!session_live(s) || !s->sub_count)
            continue;
        session_touch(broker, s);
        for (size_t j = 0; j < s->sub_count; j++)
            s->subs[j].behind = true;
    }
}

static bool wants(const struct sub *sub, uint32_t type)
{
    if (sub->type_count == 0)
        return true;
    for (size_t i = 0; i < sub->type_count; i++)
        if (sub->types[i] == type)
            return true;
    return false;
}

/* ---- one record for one reader ---- */

static enum sg_err ask_ledger(struct turn *t, struct view_request *request, struct sg_why *why)
{
    const PbRecordRest *rest = request->record->rest;
    enum sg_err err = SG_OK;
    if (rest->has_person_id && rest->person_id.len == SG_ID_BYTES) {
        struct sg_id person;
        memcpy(person.b, rest->person_id.data, SG_ID_BYTES);
        err = ledger_person_access(&t->txn, &person, request->reader, t->world.now_ms,
                                   &request->access, why);
    }
    const PbAllocationEffect *seat = rest->effect ? rest->effect->allocation : NULL;
    if (!err && seat && seat->allocation_id.len == SG_ID_BYTES) {
        struct sg_id allocation;
        memcpy(allocation.b, seat->allocation_id.data, SG_ID_BYTES);
        err =
            ledger_person_ended(&t->txn, &allocation, t->world.now_ms, &request->person_ended, why);
    }
    return err;
}

enum sg_err deliver_view(struct turn *t, const char *reader, uint64_t seq,
                         PbDelivery **out_delivery, struct sg_why *why)
{
    struct record record;
    struct sg_bytes envelope;
    enum sg_err err = journal_get(&t->txn, seq, &record, why);
    if (!err)
        err = record_open_rest(&record, &t->broker->arena, why);
    if (err)
        return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "mailbox: record %llu is missing",
                                               (unsigned long long)seq)
                                     : err;
    struct view_request request = {.record = &record, .reader = reader};
    err = ask_ledger(t, &request, why);
    *out_delivery = NULL;
    if (!err && !view_reads(&request))
        return SG_OK;
    if (!err)
        err = view_envelope(&request, &t->broker->arena, &envelope, why);
    if (err)
        return err;
    PbDelivery *d = TURN_NEW(t, PbDelivery);
    PbEventRef *place = TURN_NEW(t, PbEventRef);
    pb_delivery__init(d);
    pb_event_ref__init(place);
    place->has_outbox_id = place->has_number = true;
    place->outbox_id = turn_bytes(t, record.outbox_id.b, SG_ID_BYTES);
    place->number = record.number;
    d->has_seq = d->has_envelope = true;
    d->seq = seq;
    d->place = place;
    d->envelope = turn_bytes(t, envelope.ptr, envelope.len);
    *out_delivery = d;
    return SG_OK;
}

/* ---- one subscription ---- */

struct filling {
    PbDelivery *deliveries[SG_DELIVER_EVENTS_MAX];
    size_t count, bytes;
    uint64_t through; /* looked at up to here */
    bool end;         /* nothing more to read */
};

/* What was buried is not sent again when its neighbours are. */
static enum sg_err pass_dead(struct turn *t, const struct session *s, const struct sub *sub,
                             uint64_t seq, bool *wanted, struct sg_why *why)
{
    struct sg_bytes row;
    struct key key = {0};
    if (!sub->dead_letters || seq > sub->nacked_seq)
        return SG_OK;
    key_u64(key_text(key_text(&key, s->agency), sub->name), seq);
    enum sg_err err = table_get(&t->txn, TABLE_DEAD_LETTERS, &key, &row, why);
    *wanted = err == SG_E_NOT_FOUND;
    return *wanted ? SG_OK : err;
}

static enum sg_err fill(struct turn *t, const struct session *s, const struct sub *sub,
                        struct filling *f, struct sg_why *why)
{
    SG_AUTO(mailbox_done) struct mailbox_reader reader = {0};
    *f = (struct filling){.through = sub->read};
    enum sg_err err = mailbox_open(&reader, &t->txn, s->agency, sub->read, why);
    for (int reads = 0; !err && reads < READS_PER_SUB; reads++) {
        uint64_t seq;
        uint32_t type;
        err = mailbox_next(&reader, &seq, &type, why);
        if (err || seq == 0) {
            f->end = !err;
            break;
        }
        bool wanted = wants(sub, type);
        if (wanted)
            err = pass_dead(t, s, sub, seq, &wanted, why);
        if (err)
            break;
        if (wanted) {
            PbDelivery *d = NULL;
            err = deliver_view(t, s->agency, seq, &d, why);
            if (err)
                break;
            size_t size = d ? d->envelope.len + 64 : 0;
            if (d && f->count && f->bytes + size > FRAME_BYTES)
                break;
            if (d)
                f->deliveries[f->count++] = d;
            f->bytes += size;
        }
        f->through = seq;
        if (f->count == SG_DELIVER_EVENTS_MAX)
            break;
    }
    return err;
}

static enum sg_err send_deliver(struct turn *t, struct session *s, struct sub *sub,
                                struct filling *f, struct sg_why *why)
{
    PbServerFrame frame = PB_SERVER_FRAME__INIT;
    PbDeliver deliver = PB_DELIVER__INIT;
    struct signed_block head = t->sealed;
    enum sg_err err = head.header.count ? SG_OK : block_head(&t->txn, &head, why);
    if (err)
        return err;
    deliver.subscription = sub->name;
    deliver.n_deliveries = f->count;
    deliver.deliveries = f->deliveries;
    deliver.head = head.header.count ? reply_block(t, &head) : NULL;
    frame.deliver = &deliver;
    sub->sent = f->deliveries[f->count - 1]->seq;
    sub->frames[sub->frame_count++] = sub->sent;
    s->frames_in_flight++;
    t->broker->counters.deliveries += f->count;
    return reply_send(t, s->peer, &frame, FRAME_SEND, why);
}

static enum sg_err send_caught_up(struct turn *t, struct session *s, struct sub *sub,
                                  struct sg_why *why)
{
    PbServerFrame frame = PB_SERVER_FRAME__INIT;
    PbCaughtUp caught_up = PB_CAUGHT_UP__INIT;
    caught_up.subscription = sub->name;
    caught_up.has_through_seq = true;
    caught_up.through_seq = sub->sent;
    frame.caught_up = &caught_up;
    sub->tell_caught_up = false;
    return reply_send(t, s->peer, &frame, FRAME_SEND, why);
}

static enum sg_err serve(struct turn *t, struct session *s, struct sub *sub, size_t *budget,
                         struct sg_why *why)
{
    struct filling *f = TURN_NEW(t, struct filling);
    enum sg_err err = fill(t, s, sub, f, why);
    if (err)
        return err;
    session_touch(t->broker, s);
    sub->read = f->through;
    sub->behind = !f->end;
    if (f->count) {
        err = send_deliver(t, s, sub, f, why);
        if (!err)
            err = sub_write(t, s, sub, why);
    }
    *budget -= f->count < *budget ? f->count : *budget;
    if (!f->end)
        sub->tell_caught_up = true;
    if (!err && f->end && sub->tell_caught_up)
        err = send_caught_up(t, s, sub, why);
    return err;
}

/* One frame for each subscription of the session that has credit. */
static enum sg_err serve_session(struct turn *t, struct session *s, size_t *budget, bool *again,
                                 struct sg_why *why)
{
    enum { ROOM = 4 << 20 };
    struct broker *b = t->broker;
    enum sg_err err = SG_OK;
    for (size_t j = 0; !err && j < s->sub_count && *budget; j++) {
        if (!may_send(t, s, &s->subs[j]))
            continue;
        if (b->arena.size - b->arena.used < ROOM || b->out_arena.size - b->out_arena.used < ROOM ||
            b->out_count + 2 > OUT_FRAMES_MAX)
            *budget = 0;
        else
            err = serve(t, s, &s->subs[j], budget, why);
        *again |= s->subs[j].behind;
    }
    return err;
}

/* Round after round until the budget is used. The next turn begins where this one ended, so that
 * nobody waits for ever behind others. */
enum sg_err deliver_all(struct turn *t, struct sg_why *why)
{
    struct broker *b = t->broker;
    size_t budget = DELIVERIES_PER_TURN, at = b->deliver_from;
    enum sg_err err = SG_OK;
    for (bool again = true; !err && again && budget;) {
        again = false;
        for (size_t i = 0; !err && i < b->session_high && budget; i++, at++) {
            struct session *s = &b->sessions[at % b->session_high];
            if (session_live(s))
                err = serve_session(t, s, &budget, &again, why);
        }
    }
    b->deliver_from = b->session_high ? at % b->session_high : 0;
    return err ? err : sub_write_stale(t, false, why);
}
