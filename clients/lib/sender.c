/* sender.c - frames of the outbox go out in order; results come back and are checked and stored. */
#include "lib/inside.h"

#include "wire/codec.h"
#include "wire/merkle.h"
#include "wire/sign.h"

#include <stdio.h>

enum {
    HOLD_MS = 1000, /* when the broker does not say how long */
    LOOK_MS = 1000, /* for frames that another process wrote and nobody sends */
    GAP_HOLD_MS = 100,
    GAPS_MAX = 5,
    STORE_PAUSE_MS = 5000, /* the disk is full, or fails */
    ANSWER_MS = 60000,     /* a broker that is up answers sooner: begin a new session */
};

void sender_reset(struct sender *sender)
{
    sender->flight_count = 0;
    sender->event_count = 0;
    sender->next = (struct outbox_place){0};
    sender->stuck = false;
    sender->gaps = 0;
}

static bool anything_unanswered(struct sinergi *client)
{
    sinergi_outbox_info info;
    return sinergi_outbox(client, &info) == SINERGI_OK && info.unanswered > 0;
}

/* Every event of this handle's commits has an outcome; a handle without commits means the outbox.
 */
bool sender_own_answered(struct sinergi *client)
{
    if (client->own_count == 0)
        return !anything_unanswered(client);
    struct outbox_state states[SG_OUTBOXES_MAX];
    size_t count = 0;
    if (outbox_list(client->outbox, states, SG_ARRAY_LEN(states), &count, NULL))
        return false;
    for (size_t i = 0; i < client->own_count; i++) {
        for (size_t k = 0; k < count; k++) {
            if (sg_id_equal(&states[k].id, &client->own[i].outbox) &&
                states[k].answered_through < client->own[i].through)
                return false;
        }
    }
    return true;
}

/* What a process left behind that has ended: sent by whoever runs on, once it has waited. */
static bool others_left_something(struct sinergi *client, int64_t now_ns)
{
    struct sender *s = &client->sender;
    if (now_ns < s->look_ns)
        return false;
    bool waited = s->foreign_waiting;
    s->foreign_waiting = anything_unanswered(client);
    s->look_ns = now_ns + LOOK_MS * MS_NS;
    return waited && s->foreign_waiting;
}

void sender_look(struct sinergi *client)
{
    client->sender.foreign_waiting = true;
    client->sender.look_ns = 0;
    client->more = true;
    watch_update(client);
}

/* May this process send now? Who sends holds the lock, and gives it back when all is answered. */
bool sender_wants(struct sinergi *client, sinergi_until until, int64_t now_ns)
{
    struct sender *s = &client->sender;
    bool own =
        (client->own_count > 0 || until == SINERGI_UNTIL_ANSWERED) && !sender_own_answered(client);
    bool wants = own || s->flight_count > 0 ||
                 (until == SINERGI_UNTIL_TIMEOUT && others_left_something(client, now_ns));
    bool mine = wants && outbox_lock(client->outbox);
    if (!wants) {
        outbox_unlock(client->outbox);
        sender_reset(s);
    }
    s->waiting_lock = wants && !mine;
    return mine;
}

bool sender_wants_lock(const struct sinergi *client)
{
    return client->sender.waiting_lock;
}

/* ---- sending ----------------------------------------------------------------------------- */

static void wrong_outbox(struct sinergi *client)
{
    client->fatal = client_fail(
        client, SINERGI_CONFIG, "outbox di %s milik instansi lain: folder data tidak boleh disalin",
        "the outbox in %s belongs to another agency: never copy a data folder",
        client->conf.data_path);
}

static void renew(struct sinergi *client)
{
    struct sg_why why = {0};
    enum sg_err err = outbox_renew(client->outbox, client_now_ms(client), &why);
    if (err) {
        client->fatal = client_why(client, err, &why);
        return;
    }
    (void)fprintf(stderr, "sinergi: perangkat dipulihkan dari salinan lama, outbox baru dimulai / "
                          "the device was restored from an old image, a new outbox begins\n");
}

void sender_welcome(struct sinergi *client, const PbWelcome *welcome)
{
    struct outbox_state current;
    struct sg_why why = {0};
    enum sg_err err = outbox_current(client->outbox, &current, &why);
    if (err) {
        client->fatal = client_why(client, err, &why);
        return;
    }
    for (size_t i = 0; i < welcome->n_outboxes; i++) {
        const PbOutboxState *state = welcome->outboxes[i];
        struct sg_bytes id = {state->outbox_id.data, state->outbox_id.len};
        if (state->foreign)
            wrong_outbox(client);
        else if (sg_bytes_equal(id, sg_id_bytes(&current.id)) &&
                 state->last_number > current.last_number)
            renew(client);
        if (client->fatal)
            return;
    }
}

static bool has_room(const struct sender *s)
{
    return s->flight_count < SG_UNANSWERED_FRAMES_MAX &&
           s->event_count + SG_FRAME_EVENTS_MAX <= SG_UNANSWERED_EVENTS_MAX;
}

void sender_step(struct sinergi *client, int64_t now_ns)
{
    struct sender *s = &client->sender;
    if (s->flight_count > 0 && now_ns - s->flights[0].sent_ns > ANSWER_MS * MS_NS)
        session_drop(client, 0);
    while (session_is_up(client) && !s->stuck && now_ns >= s->hold_ns && has_room(s)) {
        struct outbox_frame frame;
        struct sg_why why = {0};
        enum sg_err err = outbox_frame(client->outbox, &s->next, client->frame_out, &frame, &why);
        if (err == SG_E_NOT_FOUND)
            return;
        if (err) {
            client->fatal = client_why(client, SG_E_STORE, &why);
            return;
        }
        if (!link_send(&client->link, (struct sg_bytes){client->frame_out, frame.body_len})) {
            session_drop(client, 0);
            return;
        }
        client->session.said_ns = now_ns;
        s->flights[s->flight_count++] = (struct flight){frame.first, frame.count, now_ns};
        s->event_count += frame.count;
        s->next = (struct outbox_place){frame.first.outbox, frame.first.number + frame.count};
    }
}

/* ---- results ----------------------------------------------------------------------------- */

static void land(struct sender *s)
{
    s->event_count -= s->flights[0].count;
    s->flight_count--;
    memmove(&s->flights[0], &s->flights[1], s->flight_count * sizeof s->flights[0]);
}

/* All that is on its way will be sent again from `next` on. */
static void rewind_to(struct sender *s, struct outbox_place next, int64_t hold_ns)
{
    s->flight_count = 0;
    s->event_count = 0;
    s->next = next;
    s->hold_ns = hold_ns;
}

/* A new frame begins at `at`; what is on its way is sent again. */
static void cut_at(struct sinergi *client, struct outbox_place at, const PbError *error,
                   int64_t now_ns)
{
    struct sender *s = &client->sender;
    struct outbox_place first = s->flights[0].first;
    struct sg_why why = {0};
    size_t used = client->frame_arena.used;
    struct outbox_signer signer = client_signer(client);
    enum sg_err err = SG_E_NOT_FOUND;
    if (at.number > 0 && s->gaps++ < GAPS_MAX)
        err = outbox_cut(client->outbox, &signer, &at, &client->frame_arena, &why);
    sg_arena_reset(&client->frame_arena, used);
    if (err == SG_E_NOT_FOUND) {
        s->stuck = true;
        client->fatal = client_error(client, SINERGI_REFUSED, error);
        return;
    }
    if (err) {
        client->fatal = client_why(client, err, &why);
        return;
    }
    rewind_to(s, at.number < first.number ? at : first, now_ns + GAP_HOLD_MS * MS_NS);
}

static void frame_refused(struct sinergi *client, const PbError *error, int64_t now_ns)
{
    struct sender *s = &client->sender;
    struct outbox_place at = s->flights[0].first;
    uint32_t half = s->flights[0].count / 2;
    bool later =
        error->code == SG_ST_STORAGE || error->code == SG_ST_BUSY || error->code == SG_ST_QUOTA;
    if (later) {
        int64_t ms = error->retry_after_ms > 0 ? error->retry_after_ms : HOLD_MS;
        rewind_to(s, s->flights[0].first, now_ns + ms * MS_NS);
    } else if (error->code == SG_ST_SEQ_GAP) {
        at.number = error->expected_number;
        cut_at(client, at, error, now_ns);
    } else if (error->code == SG_ST_SCHEMA && half > 0) { /* more than a turn of the broker holds */
        at.number += half;
        cut_at(client, at, error, now_ns);
    } else {
        s->stuck = true;
        client->fatal = client_error(client, SINERGI_REFUSED, error);
    }
}

static bool is_included(struct sinergi *client, const PbPublishResult *result,
                        const PbOutcome *outcome, const struct sg_id *outbox)
{
    const PbInclusion *in = outcome->inclusion;
    struct sg_block_header header;
    if (in->block_index >= result->n_blocks || in->rest_hash.len != SG_HASH_BYTES ||
        !session_header(result->blocks[in->block_index], &header))
        return false;
    struct outbox_place place = {*outbox, outcome->number};
    struct outbox_row row;
    size_t used = client->frame_arena.used;
    enum sg_err err = outbox_row(client->outbox, &place, &client->frame_arena, &row, NULL);
    sg_arena_reset(&client->frame_arena, used);
    uint8_t leaf[SG_HASH_BYTES];
    if (err || outcome->seq != header.first_seq + in->leaf_index ||
        outcome->accepted_at_ms != header.time_ms)
        return false;
    sg_leaf_hash(outcome->seq, outcome->accepted_at_ms, outbox, outcome->number, row.digest,
                 in->rest_hash.data, leaf);
    return sg_merkle_verify(leaf, in->leaf_index, header.count,
                            (struct sg_bytes){in->path.data, in->path.len}, header.root);
}

static bool receipts_hold(struct sinergi *client, const PbPublishResult *result,
                          const struct sg_id *outbox)
{
    for (size_t i = 0; i < result->n_blocks; i++) {
        if (!session_see(client, result->blocks[i]))
            return false;
    }
    for (size_t i = 0; i < result->n_outcomes; i++) {
        const PbOutcome *outcome = result->outcomes[i];
        if (!outcome->inclusion || is_included(client, result, outcome, outbox))
            continue;
        session_drop(client, 0);
        client->fatal = client_fail(client, SINERGI_HISTORY,
                                    "TANDA TERIMA SALAH untuk nomor %llu: hubungi pengelola",
                                    "WRONG RECEIPT for number %llu: call the operator",
                                    (unsigned long long)outcome->number);
        return false;
    }
    return true;
}

static bool answers_whole_frame(const PbPublishResult *result, const struct flight *flight)
{
    if (result->n_outcomes != flight->count)
        return false;
    for (size_t i = 0; i < result->n_outcomes; i++) {
        if (result->outcomes[i]->number != flight->first.number + i)
            return false;
    }
    return true;
}

void sender_result(struct sinergi *client, const PbPublishResult *result, int64_t now_ns)
{
    struct sender *s = &client->sender;
    struct sg_bytes id = {result->outbox_id.data, result->outbox_id.len};
    const struct flight *oldest = &s->flights[0];
    if (s->flight_count == 0 || result->first_number != oldest->first.number ||
        !sg_bytes_equal(id, sg_id_bytes(&oldest->first.outbox)))
        return; /* of a frame that will be sent again */
    if (result->frame_error) {
        frame_refused(client, result->frame_error, now_ns);
        return;
    }
    if (!answers_whole_frame(result, oldest)) {
        session_drop(client, 0);
        return;
    }
    struct sg_id outbox = oldest->first.outbox;
    if (!receipts_hold(client, result, &outbox))
        return;
    struct outbox_signer signer = client_signer(client);
    struct sg_why why = {0};
    enum sg_err err = outbox_answer(client->outbox, &signer, result, &client->session.seen,
                                    &client->frame_arena, &why);
    if (err) { /* not kept, so it has to be told again */
        session_drop(client, STORE_PAUSE_MS);
        client->fatal = client_why(client, err, &why);
        return;
    }
    client->session.seen_dirty = false;
    s->gaps = 0;
    land(s);
    reader_attach(client); /* when something waits now */
}
