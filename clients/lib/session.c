/* session.c - connecting, greeting, keeping alive and ending; frames that come are handed out here.
 */
#include "lib/inside.h"

#include "wire/codec.h"
#include "wire/json.h"
#include "wire/sign.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    PING_MS = 10000,
    SILENT_MS = 30000,
    GREETING_MS = 10000,
    RETRY_FIRST_MS = 150,
    RETRY_MAX_MS = 60000,
    RETRY_DOUBLINGS = 9,
    KEY_PAUSE_MS = 60000,
    HANDSHAKE_PAUSE_MS = 400,
    HANDSHAKE_WINDOW_MS = 2000,
    BYE_WAIT_MS = 300,
    RECEIVE_FRAMES_MAX = 64, /* of one turn of the loop: handlers and senders get their turn */
};

bool session_is_up(const struct sinergi *client)
{
    return client->session.state == SESSION_UP;
}

/* Between half and one and a half of the given time: devices that lost the broker together do not
 * come back together. */
static int64_t jittered_ns(int64_t ms)
{
    uint32_t random = 0;
    sg_random(&random, sizeof random);
    return ms * MS_NS / 2 + ms * MS_NS / 1024 * (random % 1024);
}

static int64_t backoff_ms(unsigned failures)
{
    int64_t ms = RETRY_FIRST_MS;
    for (unsigned i = 1; i < failures && i < RETRY_DOUBLINGS; i++)
        ms *= 2;
    return ms < RETRY_MAX_MS ? ms : RETRY_MAX_MS;
}

/* pause_ms 0: the back-off decides. */
void session_drop(struct sinergi *client, int64_t pause_ms)
{
    struct session *s = &client->session;
    link_close(&client->link);
    s->state = SESSION_DOWN;
    s->failures++;
    s->retry_ns = client_mono_ns() +
                  (pause_ms ? jittered_ns(pause_ms) : jittered_ns(backoff_ms(s->failures)));
    client->waiting_reply = false;
    sender_reset(&client->sender);
    reader_reset(client);
}

static sinergi_status key_refused(struct sinergi *client)
{
    return client_fail(client, SINERGI_KEY_REFUSED,
                       "kunci perangkat %s/%s tidak dikenal atau ditangguhkan oleh broker di %s",
                       "device key %s/%s: key unknown or suspended at the broker %s",
                       client->key->agency, client->key->device, client->conf.endpoint);
}

static void handshake_failed(struct sinergi *client, int64_t now_ns)
{
    struct session *s = &client->session;
    memmove(&s->handshake_failed_ns[1], &s->handshake_failed_ns[0], 2 * sizeof(int64_t));
    s->handshake_failed_ns[0] = now_ns;
    int64_t third = s->handshake_failed_ns[2];
    bool loud = third && now_ns - third < HANDSHAKE_WINDOW_MS * MS_NS && !s->welcomed;
    session_drop(client, HANDSHAKE_PAUSE_MS);
    if (loud)
        client->fatal = client_fail(
            client, SINERGI_WRONG_SERVER,
            "kunci server salah, atau broker di %s sedang dimulai (periksa broker.curve)",
            "wrong server key, or the broker at %s is starting (check broker.curve)",
            client->conf.endpoint);
}

/* ---- frames out -------------------------------------------------------------------------- */

bool session_send(struct sinergi *client, const PbClientFrame *frame)
{
    size_t used = client->frame_arena.used;
    struct sg_bytes body;
    bool sent = sg_encode(frame, &client->frame_arena, &body, NULL) == SG_OK &&
                link_send(&client->link, body);
    sg_arena_reset(&client->frame_arena, used);
    if (sent)
        client->session.said_ns = client_mono_ns();
    return sent;
}

static bool send_hello(struct sinergi *client)
{
    struct outbox_state states[SG_OUTBOXES_MAX];
    size_t count = 0;
    if (outbox_list(client->outbox, states, SG_ARRAY_LEN(states), &count, NULL))
        return false;
    ProtobufCBinaryData ids[SG_OUTBOXES_MAX];
    for (size_t i = 0; i < count; i++)
        ids[i] = (ProtobufCBinaryData){SG_ID_BYTES, states[i].id.b};
    struct outbox_seen *at = &client->session.seen;
    PbSeenBlock seen = PB_SEEN_BLOCK__INIT;
    seen.has_epoch = seen.has_height = seen.has_hash = 1;
    seen.epoch = at->epoch;
    seen.height = at->height;
    seen.hash = (ProtobufCBinaryData){sizeof at->hash, at->hash};
    static char version[] = "libsinergi " SINERGI_VERSION;
    PbHello hello = PB_HELLO__INIT;
    hello.has_protocol = 1;
    hello.protocol = SG_PROTOCOL;
    hello.client_version = version;
    hello.seen = at->height ? &seen : NULL;
    hello.n_outboxes = count;
    hello.outboxes = ids;
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    frame.hello = &hello;
    return session_send(client, &frame);
}

static void keep_alive(struct sinergi *client, int64_t now_ns)
{
    struct session *s = &client->session;
    if (now_ns - s->heard_ns > SILENT_MS * MS_NS) {
        session_drop(client, 0);
        return;
    }
    if (now_ns - s->said_ns < PING_MS * MS_NS)
        return;
    PbPing ping = PB_PING__INIT;
    ping.has_token = 1;
    ping.token = ++client->token;
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    frame.ping = &ping;
    if (!session_send(client, &frame))
        session_drop(client, 0);
}

/* ---- connection -------------------------------------------------------------------------- */

static void greet(struct sinergi *client, int64_t now_ns)
{
    struct session *s = &client->session;
    if (!send_hello(client)) {
        session_drop(client, 0);
        return;
    }
    s->state = SESSION_GREETING;
    s->hello_ns = s->heard_ns = now_ns;
}

/* A Bye may still wait in the socket of a connection that has ended. */
static void take_last_words(struct sinergi *client, int64_t now_ns)
{
    session_receive(client, now_ns);
    if (link_is_open(&client->link))
        session_drop(client, 0);
}

static void watch(struct sinergi *client, int64_t now_ns)
{
    for (enum link_event event; (event = link_next(&client->link)) != LINK_QUIET;) {
        switch (event) {
        case LINK_QUIET: break;
        case LINK_READY: greet(client, now_ns); break;
        case LINK_REFUSED: session_drop(client, 0); break;
        case LINK_LOST: take_last_words(client, now_ns); break;
        case LINK_HANDSHAKE: handshake_failed(client, now_ns); break;
        case LINK_KEY:
            session_drop(client, KEY_PAUSE_MS);
            client->fatal = key_refused(client);
            break;
        }
        if (!link_is_open(&client->link))
            return;
    }
}

static void connect_now(struct sinergi *client)
{
    struct sg_why why = {0};
    enum sg_err err = link_open(&client->link, &client->conf, client->key, &why);
    if (err) {
        session_drop(client, 0);
        client->fatal = client_why(client, err, &why);
        return;
    }
    client->session.state = SESSION_CONNECTING;
}

void session_step(struct sinergi *client, int64_t now_ns, bool wanted)
{
    struct session *s = &client->session;
    if (s->state == SESSION_DOWN && wanted && now_ns >= s->retry_ns)
        connect_now(client);
    if (s->state != SESSION_DOWN)
        watch(client, now_ns);
    /* Before the clocks are looked at: a slow handler is no silence of the broker. */
    if (s->state == SESSION_GREETING || s->state == SESSION_UP)
        session_receive(client, now_ns);
    if (s->state == SESSION_GREETING && now_ns - s->hello_ns > GREETING_MS * MS_NS)
        session_drop(client, 0);
    if (s->state == SESSION_UP) {
        keep_alive(client, now_ns);
        session_remember(client);
    }
}

/* ---- blocks ------------------------------------------------------------------------------ */

static bool take_hash(const ProtobufCBinaryData *from, uint8_t *to, size_t size)
{
    if (from->len != size)
        return false;
    memcpy(to, from->data, size);
    return true;
}

bool session_header(const PbSignedBlock *block, struct sg_block_header *out_header)
{
    struct sg_block_header header = {.epoch = block->epoch,
                                     .height = block->height,
                                     .first_seq = block->first_seq,
                                     .count = block->count,
                                     .time_ms = block->time_ms};
    if (!take_hash(&block->store_id, header.store_id.b, SG_ID_BYTES) ||
        !take_hash(&block->root, header.root, SG_HASH_BYTES) ||
        !take_hash(&block->previous_hash, header.previous_hash, SG_HASH_BYTES) ||
        block->signature.len != SG_SIGNATURE_BYTES)
        return false;
    *out_header = header;
    return true;
}

static void history_differs(struct sinergi *client, const char *id, const char *en)
{
    session_drop(client, RETRY_MAX_MS);
    client->fatal = SINERGI_HISTORY;
    (void)snprintf(client->error_id, sizeof client->error_id,
                   "RIWAYAT BROKER BERBEDA (%s): %s. Jangan lanjutkan; hubungi pengelola.",
                   client->conf.endpoint, id);
    (void)snprintf(client->error_en, sizeof client->error_en,
                   "THE BROKER'S HISTORY DIFFERS (%s): %s. Do not go on; call the operator.",
                   client->conf.endpoint, en);
}

bool session_see(struct sinergi *client, const PbSignedBlock *block)
{
    struct outbox_seen *seen = &client->session.seen;
    struct sg_block_header header;
    if (!session_header(block, &header) ||
        !sg_block_verify(&header, client->conf.broker_sign, block->signature.data)) {
        history_differs(client, "tanda tangan blok salah", "the signature of a block is wrong");
        return false;
    }
    uint8_t hash[SG_HASH_BYTES];
    sg_block_hash(&header, hash);
    if (header.epoch == seen->epoch && header.height == seen->height &&
        memcmp(hash, seen->hash, sizeof hash) != 0) {
        history_differs(client, "dua blok dengan nomor yang sama",
                        "two blocks have the same height");
        return false;
    }
    if (header.epoch < seen->epoch || header.height <= seen->height)
        return true;
    *seen = (struct outbox_seen){.epoch = header.epoch, .height = header.height};
    memcpy(seen->hash, hash, sizeof hash);
    client->session.seen_dirty = true;
    return true;
}

/* Written with outcomes and at the end of a session; not for every delivery. */
void session_remember(struct sinergi *client)
{
    static const int64_t pause_ns = 5 * S_NS;
    struct session *s = &client->session;
    int64_t now_ns = client_mono_ns();
    if (!s->seen_dirty || (s->state == SESSION_UP && now_ns - s->remembered_ns < pause_ns))
        return;
    s->remembered_ns = now_ns;
    s->seen_dirty = false;
    if (outbox_remember(client->outbox, &s->seen, NULL, NULL))
        s->seen_dirty = true; /* the next step tries again; a full disk is named by the outbox */
}

/* ---- frames in --------------------------------------------------------------------------- */

static bool same_history(struct sinergi *client, const PbWelcome *welcome)
{
    struct outbox_seen *seen = &client->session.seen;
    struct sg_bytes store = {welcome->store_id.data, welcome->store_id.len};
    if (!sg_bytes_equal(store, sg_id_bytes(&client->conf.store_id))) {
        history_differs(client, "nomor store lain dari yang ada di konfigurasi (broker.store)",
                        "another store than the configuration names (broker.store)");
        return false;
    }
    struct sg_bytes hash = {welcome->hash_at_seen.data, welcome->hash_at_seen.len};
    if (seen->height && !sg_bytes_equal(hash, (struct sg_bytes){seen->hash, SG_HASH_BYTES})) {
        history_differs(client, "blok terakhir yang dilihat perangkat ini tidak ada di sana",
                        "the last block that this device saw is not in it");
        return false;
    }
    return true;
}

static void keep_time(struct sinergi *client, int64_t server_ms)
{
    struct outbox_clock *told = &client->session.told;
    told->server_ms = server_ms;
    told->boot_ns = device_boot_ns();
    told->boot = client->session.boot;
}

/* A commit only when the time that goes on from what is stored would be another one. */
static bool time_moved(const struct outbox_clock *stored, const struct outbox_clock *told)
{
    static const int64_t step_ms = 2000;
    if (stored->demo != told->demo || told->demo || !sg_id_equal(&stored->boot, &told->boot))
        return stored->demo != told->demo || stored->server_ms != told->server_ms;
    int64_t off_ms =
        told->server_ms - stored->server_ms - (told->boot_ns - stored->boot_ns) / MS_NS;
    return off_ms < -step_ms || off_ms > step_ms;
}

static void keep_welcome_text(struct sinergi *client, const PbWelcome *welcome)
{
    json_t *json = sg_json_of(welcome);
    free(client->session.welcome_json);
    client->session.welcome_json = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
}

static void take_welcome(struct sinergi *client, const PbWelcome *welcome)
{
    struct session *s = &client->session;
    if (s->state != SESSION_GREETING || !same_history(client, welcome) ||
        (welcome->head && !session_see(client, welcome->head)))
        return;
    keep_time(client, welcome->server_time_ms);
    s->told.demo = welcome->demo != 0;
    keep_welcome_text(client, welcome);
    struct outbox_clock known;
    struct sg_why why = {0};
    enum sg_err err = outbox_clock(client->outbox, &known, &why);
    if (!err && (s->seen_dirty || time_moved(&known, &s->told)))
        err = outbox_remember(client->outbox, &s->seen, &s->told, &why);
    if (err) {
        client->fatal = client_why(client, err, &why);
        return;
    }
    s->seen_dirty = false;
    s->state = SESSION_UP;
    s->welcomed = true;
    s->busy = false;
    s->failures = 0;
    sender_welcome(client, welcome);
    if (!client->fatal)
        reader_attach(client);
}

static void take_pong(struct sinergi *client, const PbPong *pong)
{
    if (pong->has_server_time_ms)
        keep_time(client, pong->server_time_ms);
}

static void take_bye(struct sinergi *client, const PbBye *bye)
{
    struct session *s = &client->session;
    bool greeting = s->state == SESSION_GREETING;
    int64_t later_ms =
        bye->error && bye->error->retry_after_ms > 0 ? bye->error->retry_after_ms : 0;
    s->busy = bye->code == SG_ST_BUSY || bye->code == SG_ST_QUOTA;
    session_drop(client, s->busy && !later_ms ? S_NS / MS_NS : later_ms);
    if (bye->code == SG_ST_SUSPENDED) {
        s->retry_ns = client_mono_ns() + jittered_ns(KEY_PAUSE_MS);
        client->fatal = key_refused(client);
    } else if (bye->code == SG_ST_TAKEN_OVER) {
        reader_taken_over(client);
        client->fatal =
            client_fail(client, SINERGI_TAKEN_OVER, "langganan diambil alih oleh perangkat lain",
                        "the subscription was taken over by another device");
    } else if (bye->code == SG_ST_PROTOCOL) {
        client->fatal =
            client_error(client, greeting ? SINERGI_OLD_PROTOCOL : SINERGI_REFUSED, bye->error);
    } else if (bye->code == SG_ST_HISTORY) {
        client->fatal = client_error(client, SINERGI_HISTORY, bye->error);
    }
}

static void take_frame(struct sinergi *client, struct sg_bytes body, int64_t now_ns)
{
    PbServerFrame *frame = NULL;
    sg_arena_reset(&client->frame_arena, 0);
    if (sg_decode(&pb_server_frame__descriptor, body, &client->frame_arena, &frame, NULL)) {
        session_drop(client, 0); /* not a frame of this protocol: begin again */
        return;
    }
    client->session.heard_ns = now_ns;
    if (frame->welcome)
        take_welcome(client, frame->welcome);
    else if (frame->publish_result)
        sender_result(client, frame->publish_result, now_ns);
    else if (frame->subscribed)
        reader_subscribed(client, frame->subscribed);
    else if (frame->deliver)
        reader_deliver(client, frame->deliver);
    else if (frame->caught_up)
        reader_caught_up(client, frame->caught_up);
    else if (frame->query_result || frame->admin_result)
        ask_reply(client, body);
    else if (frame->pong)
        take_pong(client, frame->pong);
    else if (frame->bye)
        take_bye(client, frame->bye);
}

void session_receive(struct sinergi *client, int64_t now_ns)
{
    for (int i = 0; i < RECEIVE_FRAMES_MAX && !client->fatal; i++) {
        size_t len = link_receive(&client->link, client->frame_in, SG_BODY_MAX);
        if (len == 0)
            return;
        if (len <= SG_BODY_MAX)
            take_frame(client, (struct sg_bytes){client->frame_in, len}, now_ns);
    }
}

/* Say goodbye and wait a moment for the answer, so that the last Ack is not lost with the socket.
 */
void session_end(struct sinergi *client)
{
    struct session *s = &client->session;
    if (s->state == SESSION_UP) {
        PbBye bye = PB_BYE__INIT;
        bye.has_code = 1;
        PbClientFrame frame = PB_CLIENT_FRAME__INIT;
        frame.bye = &bye;
        int64_t end_ns = client_mono_ns() + BYE_WAIT_MS * MS_NS;
        bool open = session_send(client, &frame);
        client->leaving = true;
        while (open && link_is_open(&client->link) && client_mono_ns() < end_ns) {
            link_wait(&client->link, client->stop_fd, BYE_WAIT_MS);
            watch(client, client_mono_ns());
            session_receive(client, client_mono_ns());
        }
    }
    if (client->outbox) {
        s->state = SESSION_DOWN;
        session_remember(client);
    }
    link_close(&client->link);
}
