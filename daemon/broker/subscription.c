/* subscription.c - durable subscriptions: attach, acknowledge, refuse, dead letters. */
#include "broker/inside.h"

#include "kit/check.h"

#include <stdio.h>

enum { DELAY_MAX_MS = 3600000 }; /* of a Nack */

static struct key *sub_key(struct key *key, const char *agency, const char *name)
{
    *key = (struct key){0};
    return key_text(key_text(key, agency), name);
}

static enum sg_err read_sub(struct turn *t, const char *agency, const char *name,
                            PbSubscriptionRow **out_row, struct sg_why *why)
{
    struct key key;
    *out_row = NULL;
    enum sg_err err = row_get(&t->txn, TABLE_SUBSCRIPTIONS, sub_key(&key, agency, name),
                              &pb_subscription_row__descriptor, &t->broker->arena, out_row, why);
    return err == SG_E_NOT_FOUND ? SG_OK : err;
}

enum sg_err sub_write(struct turn *t, const struct session *session, struct sub *sub,
                      struct sg_why *why)
{
    struct key key;
    PbSubscriptionRow row = PB_SUBSCRIPTION_ROW__INIT;
    row.n_types = sub->type_count;
    row.types = sub->types;
    row.has_sent_through = row.has_acked_through = row.has_nacked_seq = row.has_attempts =
        row.has_retry_at_ms = row.has_dead_letters = true;
    row.sent_through = sub->sent;
    row.acked_through = sub->acked;
    row.nacked_seq = sub->nacked_seq;
    row.attempts = sub->attempts;
    row.retry_at_ms = sub->retry_at_ms;
    row.dead_letters = sub->dead_letters;
    sub->row_stale = false;
    return row_put(&t->txn, TABLE_SUBSCRIPTIONS, sub_key(&key, session->agency, sub->name), &row,
                   why);
}

enum sg_err sub_write_stale(struct turn *t, bool ended_only, struct sg_why *why)
{
    struct broker *b = t->broker;
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < b->session_high; i++) {
        struct session *s = &b->sessions[i];
        if (!s->used || (ended_only && !s->ended) || (!s->ended && !session_stale(s)))
            continue;
        session_touch(b, s);
        for (size_t j = 0; !err && j < s->sub_count; j++)
            if (s->subs[j].row_stale)
                err = sub_write(t, s, &s->subs[j], why);
        s->used = !s->ended;
    }
    return err;
}

/* ---- Subscribe ---- */

static bool name_valid(const char *name)
{
    size_t len = name ? strlen(name) : 0;
    if (len < 1 || len > SG_NAME_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!word && (i == 0 || (c != '.' && c != '_' && c != '-')))
            return false;
    }
    return true;
}

static bool has_type(const struct sub *sub, uint32_t type)
{
    for (size_t i = 0; i < sub->type_count; i++)
        if (sub->types[i] == type)
            return true;
    return false;
}

/* "slot.offered" or "slot.*" into type numbers, each once. False: no such topic. */
static bool add_types(struct sub *sub, const char *pattern)
{
    size_t len = strlen(pattern);
    bool all = len >= 2 && strcmp(pattern + len - 2, ".*") == 0, found = false;
    for (size_t i = 0; i < sg_topic_count; i++) {
        const struct sg_topic *topic = &sg_topics[i];
        bool match = all ? topic->len >= len && memcmp(topic->name, pattern, len - 1) == 0
                         : strcmp(topic->name, pattern) == 0;
        found |= match;
        if (!match || has_type(sub, topic->type))
            continue;
        SG_CHECK(sub->type_count < SUB_TYPES_MAX);
        sub->types[sub->type_count++] = topic->type;
    }
    return found;
}

static enum sg_err answer(struct turn *t, const struct request *r, const struct sub *sub,
                          PbError *error, const struct session *holder, struct sg_why *why)
{
    PbServerFrame frame = PB_SERVER_FRAME__INIT;
    enum { ECHO_MAX = 255 };
    PbSubscribed s = PB_SUBSCRIBED__INIT;
    char device[SG_DEVICE_MAX + 1];
    /* A client finds its request by the name, a wrong one too; but nothing of any length comes
     * back. */
    const char *name = r->frame->subscribe->name;
    s.subscription = name && strlen(name) <= ECHO_MAX ? r->frame->subscribe->name : NULL;
    s.error = error;
    if (sub) {
        s.has_sent_through = s.has_acked_through = true;
        s.sent_through = sub->sent;
        s.acked_through = sub->acked;
    }
    if (holder) {
        (void)snprintf(device, sizeof device, "%s", holder->device);
        s.holder_device = device;
        s.has_holder_since_ms = true;
        s.holder_since_ms = holder->since_ms;
    }
    frame.subscribed = &s;
    return reply_send(t, r->in->peer, &frame, FRAME_SEND, why);
}

/* First block whose time is not before; the seq before its first record. */
static enum sg_err seq_before_time(struct turn *t, int64_t time_ms, uint64_t *out_seq,
                                   struct sg_why *why)
{
    struct signed_block block;
    enum sg_err err = block_head(&t->txn, &block, why);
    uint64_t low = 1, high = block.header.height + 1;
    *out_seq = err || !block.header.count ? 0 : block.header.first_seq + block.header.count - 1;
    while (!err && low < high) {
        uint64_t middle = low + (high - low) / 2;
        err = block_get(&t->txn, middle, &block, why);
        if (err)
            break;
        if (block.header.time_ms >= time_ms) {
            high = middle;
            *out_seq = block.header.first_seq - 1;
        } else {
            low = middle + 1;
        }
    }
    return err;
}

static enum sg_err start_at(struct turn *t, const PbSubscribe *s, uint64_t *out_seq,
                            struct sg_why *why)
{
    *out_seq = 0; /* from the beginning */
    if (s->start == PB_START_FROM_TIME)
        return seq_before_time(t, s->time_ms, out_seq, why);
    if (s->start == PB_START_FROM_SEQ)
        *out_seq = s->seq ? s->seq - 1 : 0;
    else if (s->start == PB_START_FROM_NEW)
        *out_seq = t->block.next_seq - 1;
    return SG_OK;
}

static enum sg_err fill_sub(struct turn *t, const struct request *r, struct sub *sub,
                            PbError **out_error, struct sg_why *why)
{
    const PbSubscribe *s = r->frame->subscribe;
    PbSubscriptionRow *row = NULL;
    *sub = (struct sub){.behind = true, .tell_caught_up = true};
    (void)snprintf(sub->name, sizeof sub->name, "%s", s->name);
    for (size_t i = 0; i < s->n_types; i++)
        if (!add_types(sub, s->types[i])) {
            *out_error = reply_error_code(t, SG_ST_BAD_CODE, s->types[i],
                                          "topics such as slot.offered or slot.*", 0);
            return SG_OK;
        }
    enum sg_err err = read_sub(t, r->session->agency, s->name, &row, why);
    if (err)
        return err;
    if (!row || s->restart)
        return start_at(t, s, &sub->acked, why);
    sub->acked = row->acked_through; /* what was not acknowledged is sent again */
    sub->nacked_seq = row->nacked_seq;
    sub->attempts = row->attempts;
    sub->dead_letters = row->dead_letters;
    if (row->retry_at_ms > t->world.now_ms) {
        int64_t wait_ms = row->retry_at_ms - t->world.now_ms;
        sub->retry_at_ms = row->retry_at_ms;
        sub->retry_at_ns =
            t->in->mono_ns + (wait_ms < DELAY_MAX_MS ? wait_ms : DELAY_MAX_MS) * INT64_C(1000000);
    }
    return SG_OK;
}

static enum sg_err take_from(struct turn *t, const struct request *r, struct session *holder,
                             struct sub *held, struct sg_why *why)
{
    session_touch(t->broker, holder);
    if (holder == r->session) {
        session_drop_sub(holder, held);
        return SG_OK;
    }
    struct peer peer = holder->peer;
    session_close(t->broker, holder);
    enum sg_err err = sub_write_stale(t, true, why);
    return err ? err
               : reply_bye(t, peer, SG_ST_TAKEN_OVER, r->frame->subscribe->name, NULL, 0, true,
                           why);
}

enum sg_err take_subscribe(struct turn *t, struct request *r, struct sg_why *why)
{
    const PbSubscribe *s = r->frame->subscribe;
    struct sub *held = NULL, fresh;
    PbError *error = NULL;
    if (!name_valid(s->name))
        return answer(t, r, NULL,
                      reply_error_code(t, SG_ST_SCHEMA, "subscribe.name",
                                       "1 to 63 of a-z 0-9 . _ - beginning with a letter or digit",
                                       0),
                      NULL, why);
    struct session *holder = session_holder(t->broker, r->session->agency, s->name, &held);
    if (holder && strcmp(holder->device, r->session->device) != 0 && !s->take_over)
        return answer(t, r, NULL,
                      reply_error_code(t, SG_ST_IN_USE, s->name, "take_over, or another name", 0),
                      holder, why);
    if (holder != r->session && r->session->sub_count == SG_SUBSCRIPTIONS_MAX)
        return answer(t, r, NULL,
                      reply_error_code(t, SG_ST_QUOTA, s->name, "at most 16 on one connection", 0),
                      NULL, why);
    /* The row has to say what the holder has acknowledged before it is read. */
    enum sg_err err = holder && held->row_stale ? sub_write(t, holder, held, why) : SG_OK;
    if (!err)
        err = fill_sub(t, r, &fresh, &error, why);
    if (err || error)
        return err ? err : answer(t, r, NULL, error, NULL, why);
    if (holder)
        err = take_from(t, r, holder, held, why);
    if (err)
        return err;
    fresh.sent = fresh.read = fresh.acked;
    struct sub *sub = &r->session->subs[r->session->sub_count++];
    *sub = fresh;
    err = sub_write(t, r->session, sub, why);
    return err ? err : answer(t, r, sub, NULL, NULL, why);
}

/* ---- Ack and Nack ---- */

static void return_credit(struct session *session, struct sub *sub, uint64_t through)
{
    size_t covered = 0;
    while (covered < sub->frame_count && sub->frames[covered] <= through)
        covered++;
    memmove(sub->frames, sub->frames + covered,
            (sub->frame_count - covered) * sizeof sub->frames[0]);
    sub->frame_count -= covered;
    session->frames_in_flight -= (unsigned)covered;
}

static void mark_stale(struct turn *t, struct sub *sub)
{
    if (!sub->row_stale)
        sub->stale_since_ns = t->in->mono_ns;
    sub->row_stale = true;
}

enum sg_err take_ack(struct turn *t, struct request *r, struct sg_why *why)
{
    const PbAck *ack = r->frame->ack;
    struct sub *sub = ack->subscription ? session_sub(r->session, ack->subscription) : NULL;
    if (!sub)
        return SG_OK; /* of a subscription that was taken over meanwhile */
    if (ack->through_seq > sub->sent) {
        struct peer peer = r->session->peer;
        session_close(t->broker, r->session);
        return reply_bye(t, peer, SG_ST_PROTOCOL, "ack.through_seq", "a seq that was sent", 0, true,
                         why);
    }
    if (ack->through_seq > sub->acked) {
        sub->acked = ack->through_seq;
        if (sub->acked >= sub->nacked_seq)
            sub->attempts = 0;
        mark_stale(t, sub);
    }
    return_credit(r->session, sub, ack->through_seq);
    return SG_OK;
}

static enum sg_err bury(struct turn *t, const struct request *r, struct sub *sub,
                        struct sg_why *why)
{
    const PbNack *nack = r->frame->nack;
    PbDeadLetterRow row = PB_DEAD_LETTER_ROW__INIT;
    struct record record;
    struct key key;
    enum sg_err err = journal_get(&t->txn, nack->seq, &record, why);
    if (!err)
        err = record_open_rest(&record, &t->broker->arena, why);
    if (err)
        return err == SG_E_NOT_FOUND ? SG_OK : err;
    char reason[SG_TEXT_SHORT_MAX + 1];
    (void)snprintf(reason, sizeof reason, "%s", nack->reason ? nack->reason : "");
    reply_cut_text(reason);
    row.has_type = row.has_at_ms = row.has_attempts = true;
    row.type = record.rest->type;
    row.reason = reason;
    row.at_ms = t->world.now_ms;
    row.attempts = sub->attempts;
    sub->dead_letters++;
    key_u64(sub_key(&key, r->session->agency, sub->name), nack->seq);
    return row_put(&t->txn, TABLE_DEAD_LETTERS, &key, &row, why);
}

/* Sent on from here, and from nowhere before; frames that lie beyond are no longer in flight. */
static void rewind_to(struct session *session, struct sub *sub, uint64_t seq)
{
    while (sub->frame_count && sub->frames[sub->frame_count - 1] > seq) {
        sub->frame_count--;
        session->frames_in_flight--;
    }
    sub->sent = sub->read = seq;
    sub->behind = true;
}

/* A refusal acknowledges nothing: what was sent before it may still be in work. */
enum sg_err take_nack(struct turn *t, struct request *r, struct sg_why *why)
{
    const PbNack *nack = r->frame->nack;
    struct sub *sub = nack->subscription ? session_sub(r->session, nack->subscription) : NULL;
    if (!sub || nack->seq <= sub->acked || nack->seq > sub->sent)
        return SG_OK;
    uint32_t delay = nack->retry_after_ms < DELAY_MAX_MS ? nack->retry_after_ms : DELAY_MAX_MS;
    sub->attempts = sub->nacked_seq == nack->seq ? sub->attempts + 1 : 1;
    sub->nacked_seq = nack->seq;
    enum sg_err err = SG_OK;
    if (sub->attempts >= SG_DEAD_AFTER_ATTEMPTS) {
        err = bury(t, r, sub, why);
        sub->attempts = delay = 0;
        rewind_to(r->session, sub, nack->seq); /* on behind it */
    } else {
        rewind_to(r->session, sub, nack->seq - 1);
    }
    sub->retry_at_ns = delay ? t->in->mono_ns + delay * INT64_C(1000000) : 0;
    sub->retry_at_ms = delay ? t->world.now_ms + delay : 0;
    return err ? err : sub_write(t, r->session, sub, why);
}
