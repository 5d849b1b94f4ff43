/* The sockets against real DEALERs of the same process, over loopback and a local socket. Nothing
 * is waited for by time: both ends are polled until what is expected has come, at most 10 s. */
#include "net/net.h"
#include "net/zap.h"
#include "unit/unit.h"
#include "wire/keyfile.h"
#include "wire/sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

enum { WAIT_S = 10, DEVICES = 2, SOCKETS_MAX = 8 };
#define S INT64_C(1000000000)

struct rig {
    struct sg_broker_key *broker;
    struct sg_device_key *keys[DEVICES + 1]; /* the last one is a stranger */
    struct sg_device devices[DEVICES];
    struct sg_agency agency;
    struct sg_roster roster;
    struct net *net;
    void *context;
    void *sockets[SOCKETS_MAX]; /* open ones: a test that fails leaves them to tear_down */
    char folder[64], local[128];
    int64_t mono_ns; /* as the loop tells it; moved by hand */
};

static int64_t real_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * S + now.tv_nsec;
}

static void open_net(struct rig *rig, unsigned max, unsigned per_key)
{
    struct sg_why why = {0};
    const struct net_options options = {
        .tcp_endpoint = "tcp://127.0.0.1:*",
        .local_endpoint = rig->local,
        .keys = rig->broker,
        .roster = &rig->roster,
        .max_connections = max,
        .key_connections_max = per_key,
    };
    net_close(&rig->net);
    UNIT_OK(net_open(&options, &rig->net, &why));
}

static int set_up(void **state)
{
    static const char *const names[] = {"kantor", "posko", "asing"};
    struct sg_why why = {0};
    struct rig *rig = calloc(1, sizeof *rig);
    *state = rig;
    UNIT_OK(sg_crypto_init(&why));
    UNIT_OK(sg_broker_key_make(&rig->broker, &why));
    strcpy(rig->agency.id, "dinsos");
    for (size_t i = 0; i <= DEVICES; i++) {
        UNIT_OK(sg_device_key_make("dinsos", names[i], &rig->keys[i], &why));
        if (i == DEVICES)
            continue;
        strcpy(rig->devices[i].name, names[i]);
        memcpy(rig->devices[i].curve_public, rig->keys[i]->curve_public, SG_KEY_BYTES);
    }
    rig->agency.devices = rig->devices;
    rig->agency.device_count = DEVICES;
    rig->roster = (struct sg_roster){1, &rig->agency};
    strcpy(rig->folder, "/tmp/sinergi-net-XX"
                        "XX"
                        "XX");
    assert_non_null(mkdtemp(rig->folder));
    (void)snprintf(rig->local, sizeof rig->local, "ipc://%s/sock", rig->folder);
    rig->context = zmq_ctx_new();
    rig->mono_ns = 1000 * S;
    open_net(rig, 20, 3);
    return 0;
}

static void *keep(struct rig *rig, void *socket)
{
    assert_non_null(socket);
    for (size_t i = 0; i < SOCKETS_MAX; i++)
        if (!rig->sockets[i])
            return rig->sockets[i] = socket;
    fail_msg("too many sockets");
    return NULL;
}

static void hang_up(struct rig *rig, void *socket)
{
    for (size_t i = 0; i < SOCKETS_MAX; i++)
        if (rig->sockets[i] == socket)
            rig->sockets[i] = NULL;
    (void)zmq_close(socket);
}

static int tear_down(void **state)
{
    struct rig *rig = *state;
    for (size_t i = 0; i < SOCKETS_MAX; i++)
        if (rig->sockets[i])
            (void)zmq_close(rig->sockets[i]);
    net_close(&rig->net);
    (void)zmq_ctx_term(rig->context);
    for (size_t i = 0; i <= DEVICES; i++)
        sg_device_key_free(&rig->keys[i]);
    sg_broker_key_free(&rig->broker);
    (void)unlink(rig->local + 6);
    (void)rmdir(rig->folder);
    free(rig);
    return 0;
}

static void *dealer(struct rig *rig, size_t device, bool local)
{
    void *socket = keep(rig, zmq_socket(rig->context, ZMQ_DEALER));
    int zero = 0;
    (void)zmq_setsockopt(socket, ZMQ_LINGER, &zero, sizeof zero);
    (void)zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, rig->broker->curve_public, SG_KEY_BYTES);
    (void)zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, rig->keys[device]->curve_public,
                         SG_KEY_BYTES);
    (void)zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, rig->keys[device]->curve_secret,
                         SG_KEY_BYTES);
    assert_int_equal(zmq_connect(socket, local ? rig->local : net_bound_tcp(rig->net)), 0);
    return socket;
}

static void say(void *socket, const char *text)
{
    assert_int_equal(zmq_send(socket, text, strlen(text), ZMQ_DONTWAIT), (int)strlen(text));
}

/* One round of what the loop does, with whatever comes within 20 ms. */
static size_t pump(struct rig *rig, struct net_frame *frames, size_t room)
{
    struct sg_why why = {0};
    zmq_pollitem_t items[3];
    size_t items_count = net_poll_items(rig->net, items, 3), count = 0;
    (void)zmq_poll(items, (int)items_count, 20);
    UNIT_OK(net_serve_zap(rig->net, 5000, rig->mono_ns, &why));
    UNIT_OK(net_take(rig->net, frames, room, 1 << 20, &count, &why));
    return count;
}

/* The next `want` frames. */
static void await(struct rig *rig, struct net_frame *frames, size_t want)
{
    int64_t until = real_ns() + WAIT_S * S;
    size_t count = 0;
    while (count < want) {
        assert_true(real_ns() < until);
        count += pump(rig, frames + count, want - count);
    }
}

/* What is said before the client has noticed the end of its connection is lost with it: say it
 * until it arrives over the next one. Leaves one frame taken. */
static void say_again(struct rig *rig, void *socket, struct net_frame *frame)
{
    int64_t until = real_ns() + WAIT_S * S;
    do {
        assert_true(real_ns() < until);
        (void)zmq_send(socket, "again", 5, ZMQ_DONTWAIT);
    } while (pump(rig, frame, 1) == 0);
}

static void await_text(struct rig *rig, void *socket, const char *want)
{
    char text[64] = {0};
    struct net_frame frames[4];
    int64_t until = real_ns() + WAIT_S * S;
    while (zmq_recv(socket, text, sizeof text - 1, ZMQ_DONTWAIT) < 0) {
        assert_true(real_ns() < until);
        assert_int_equal(pump(rig, frames, 4), 0);
    }
    assert_string_equal(text, want);
}

/* Sweep as if a second had gone by, until so many peers are gone. */
static size_t await_gone(struct rig *rig, uint64_t *gone, size_t want)
{
    int64_t until = real_ns() + WAIT_S * S;
    size_t count = 0;
    while (count < want) {
        struct net_frame frames[4];
        assert_true(real_ns() < until);
        assert_int_equal(pump(rig, frames, 4), 0);
        rig->mono_ns += S;
        net_sweep(rig->net, 5000, rig->mono_ns);
        count += net_gone(rig->net, gone + count, want - count);
    }
    return count;
}

static void await_counter(struct rig *rig, const uint64_t *counter, uint64_t want)
{
    int64_t until = real_ns() + WAIT_S * S;
    while (*counter < want) {
        struct net_frame frames[4];
        assert_true(real_ns() < until);
        assert_int_equal(pump(rig, frames, 4), 0);
    }
}

static void answer(struct rig *rig, uint64_t peer, const char *text, enum net_sent want)
{
    struct sg_why why = {0};
    enum net_sent sent;
    UNIT_OK(net_send(rig->net, peer, sg_bytes_of(text), &sent, &why));
    assert_int_equal(sent, want);
}

/* ---- tests ---- */

static void frames_come_with_the_identity_of_the_key(void **state)
{
    struct rig *rig = *state;
    struct net_frame frames[2];
    void *tcp = dealer(rig, 0, false);
    say(tcp, "over tcp");
    await(rig, &frames[0], 1);
    void *local = dealer(rig, 1, true);
    say(local, "over ipc");
    await(rig, &frames[1], 1);

    assert_string_equal(frames[0].agency, "dinsos");
    assert_string_equal(frames[0].device, "kantor");
    assert_false(frames[0].local || frames[0].over_limit);
    assert_memory_equal(frames[0].body.ptr, "over tcp", 8);
    assert_string_equal(frames[1].device, "posko");
    assert_true(frames[1].local);
    assert_true(frames[0].peer != frames[1].peer);

    answer(rig, frames[0].peer, "to kantor", NET_SENT);
    answer(rig, frames[1].peer, "to posko", NET_SENT);
    answer(rig, 12345, "to nobody", NET_PEER_GONE);
    net_release(rig->net, frames, 2);
    await_text(rig, tcp, "to kantor");
    await_text(rig, local, "to posko");
    assert_int_equal(net_counters(rig->net)->handshakes, 2);
    hang_up(rig, tcp);
    hang_up(rig, local);
}

static void a_stranger_is_refused_and_named(void **state)
{
    struct rig *rig = *state;
    void *stranger = dealer(rig, DEVICES, false);
    say(stranger, "let me in");
    await_counter(rig, &net_counters(rig->net)->unknown_keys, 1);
    const struct net_refusal *refusal = net_last_refusal(rig->net);
    char key[2 * SG_KEY_BYTES + 1];
    sg_hex_print(rig->keys[DEVICES]->curve_public, SG_KEY_BYTES, key);
    assert_string_equal(refusal->name, key);
    assert_string_equal(refusal->address, "127.0.0.1");
    assert_string_equal(refusal->reason, "unknown-key");
    hang_up(rig, stranger);
}

static void a_suspended_agency_is_refused(void **state)
{
    struct rig *rig = *state;
    rig->agency.suspended = true;
    void *socket = dealer(rig, 0, false);
    say(socket, "let me in");
    await_counter(rig, &net_counters(rig->net)->refused, 1);
    assert_int_equal(net_counters(rig->net)->unknown_keys, 0);
    assert_string_equal(net_last_refusal(rig->net)->name, "dinsos/kantor");
    hang_up(rig, socket);
}

/* Neither plain text nor a socket without a key gets a frame through. */
static void without_encryption_nothing_comes(void **state)
{
    struct rig *rig = *state;
    void *plain = keep(rig, zmq_socket(rig->context, ZMQ_DEALER));
    int zero = 0;
    (void)zmq_setsockopt(plain, ZMQ_LINGER, &zero, sizeof zero);
    (void)zmq_connect(plain, net_bound_tcp(rig->net));
    say(plain, "hello");
    /* A right client that comes later is served; by then the plain one would have been. */
    void *right = dealer(rig, 0, false);
    say(right, "hello");
    struct net_frame frame;
    await(rig, &frame, 1);
    assert_string_equal(frame.device, "kantor");
    net_release(rig->net, &frame, 1);
    assert_int_equal(net_counters(rig->net)->handshakes, 1);
    hang_up(rig, plain);
    hang_up(rig, right);
}

static void a_message_of_many_parts_ends_the_connection(void **state)
{
    struct rig *rig = *state;
    void *socket = dealer(rig, 0, false);
    struct net_frame frame;
    say(socket, "first");
    await(rig, &frame, 1);
    net_release(rig->net, &frame, 1);
    uint64_t peer = frame.peer;
    for (int i = 0; i < 2000; i++)
        assert_int_equal(zmq_send(socket, "x", 1, i < 1999 ? ZMQ_SNDMORE : 0), 1);
    await_counter(rig, &net_counters(rig->net)->dropped, 1);
    assert_int_equal(net_counters(rig->net)->cut, 1);
    uint64_t gone = 0;
    assert_int_equal(await_gone(rig, &gone, 1), 1);
    assert_int_equal(gone, peer);
    say_again(rig, socket, &frame); /* libzmq connects again by itself */
    assert_memory_equal(frame.body.ptr, "again", 5);
    assert_true(frame.peer != peer);
    net_release(rig->net, &frame, 1);
    hang_up(rig, socket);
}

static void a_body_over_the_limit_ends_the_connection(void **state)
{
    struct rig *rig = *state;
    static char body[SG_ZMQ_MSG_MAX];
    void *socket = dealer(rig, 0, false);
    struct net_frame frame;
    (void)zmq_send(socket, body, SG_BODY_MAX, 0);
    await(rig, &frame, 1);
    assert_int_equal(frame.body.len, SG_BODY_MAX);
    net_release(rig->net, &frame, 1);
    (void)zmq_send(socket, body, sizeof body, 0);
    uint64_t gone = 0;
    assert_int_equal(await_gone(rig, &gone, 1), 1);
    assert_int_equal(gone, frame.peer);
    hang_up(rig, socket);
}

static void who_leaves_is_told_as_gone(void **state)
{
    struct rig *rig = *state;
    struct net_frame frame;
    void *socket = dealer(rig, 0, true);
    say(socket, "hello");
    await(rig, &frame, 1);
    net_release(rig->net, &frame, 1);
    hang_up(rig, socket);
    uint64_t gone = 0;
    assert_int_equal(await_gone(rig, &gone, 1), 1);
    assert_int_equal(gone, frame.peer);
    answer(rig, frame.peer, "too late", NET_PEER_GONE);
}

static void last_words_arrive_before_the_end(void **state)
{
    struct rig *rig = *state;
    struct net_frame frame;
    void *socket = dealer(rig, 0, false);
    say(socket, "hello");
    await(rig, &frame, 1);
    net_release(rig->net, &frame, 1);
    answer(rig, frame.peer, "bye", NET_SENT);
    net_cut_later(rig->net, frame.peer, rig->mono_ns);
    assert_int_equal(net_next_ns(rig->net), rig->mono_ns + NET_LAST_WORDS_NS);
    answer(rig, frame.peer, "more", NET_PEER_GONE);
    say(socket, "still here"); /* dropped: nothing more is taken */
    await_text(rig, socket, "bye");
    net_sweep(rig->net, 5000, rig->mono_ns + NET_LAST_WORDS_NS - 1);
    assert_int_equal(net_counters(rig->net)->cut, 0);
    rig->mono_ns += NET_LAST_WORDS_NS;
    net_sweep(rig->net, 5000, rig->mono_ns);
    assert_int_equal(net_counters(rig->net)->cut, 1);
    uint64_t gone;
    assert_int_equal(net_gone(rig->net, &gone, 1), 0); /* the broker knows: it asked for it */
    uint64_t ended = frame.peer;
    say_again(rig, socket, &frame);
    assert_true(frame.peer != ended);
    net_release(rig->net, &frame, 1);
    hang_up(rig, socket);
}

static void a_cut_is_immediate(void **state)
{
    struct rig *rig = *state;
    struct net_frame frame;
    void *socket = dealer(rig, 0, false);
    say(socket, "hello");
    await(rig, &frame, 1);
    net_release(rig->net, &frame, 1);
    net_cut(rig->net, frame.peer);
    net_cut(rig->net, frame.peer); /* once is enough */
    net_cut(rig->net, 999);
    assert_int_equal(net_counters(rig->net)->cut, 1);
    answer(rig, frame.peer, "no", NET_PEER_GONE);
    hang_up(rig, socket);
}

static void a_key_that_is_gone_is_cut_after_a_grace(void **state)
{
    struct rig *rig = *state;
    struct net_frame frame;
    void *socket = dealer(rig, 0, false);
    say(socket, "hello");
    await(rig, &frame, 1);
    net_release(rig->net, &frame, 1);
    static const struct sg_roster nobody = {0};
    net_set_roster(rig->net, &nobody);
    net_sweep(rig->net, 5000, rig->mono_ns);
    answer(rig, frame.peer, "the broker speaks first", NET_SENT);
    assert_int_equal(net_next_ns(rig->net), rig->mono_ns + 2 * S);
    net_sweep(rig->net, 5000, rig->mono_ns + 2 * S);
    assert_int_equal(net_counters(rig->net)->cut, 1);
    uint64_t gone = 0;
    assert_int_equal(net_gone(rig->net, &gone, 1), 1);
    assert_int_equal(gone, frame.peer);
    hang_up(rig, socket);
}

static void connections_over_a_limit_are_marked(void **state)
{
    static const struct row {
        const char *name;
        unsigned max, per_key;
    } rows[] = {{"of a key", 20, 3}, {"of the daemon", 3, 16}};
    struct rig *rig = *state;
    for (size_t r = 0; r < SG_ARRAY_LEN(rows); r++) {
        open_net(rig, rows[r].max, rows[r].per_key);
        void *sockets[5];
        for (size_t i = 0; i < SG_ARRAY_LEN(sockets); i++) {
            struct net_frame frame;
            sockets[i] = dealer(rig, 0, false);
            say(sockets[i], "hello");
            await(rig, &frame, 1);
            if (frame.over_limit != (i >= 3))
                fail_msg("%s: connection %zu over %d", rows[r].name, i, frame.over_limit);
            net_release(rig->net, &frame, 1);
        }
        for (size_t i = 0; i < SG_ARRAY_LEN(sockets); i++)
            hang_up(rig, sockets[i]);
    }
}

/* The mark of the ZAP handler reaches the frame, so that the broker can say when to come again. */
static void handshakes_over_the_rate_are_let_in_and_marked(void **state)
{
    struct rig *rig = *state;
    open_net(rig, 200, 200);
    unsigned marked = 0;
    for (int i = 0; i < ZAP_KEY_BURST + 2; i++) {
        struct net_frame frame;
        void *socket = dealer(rig, 0, true);
        say(socket, "hello");
        await(rig, &frame, 1);
        marked += frame.over_limit;
        net_release(rig->net, &frame, 1);
        hang_up(rig, socket);
    }
    assert_int_equal(marked, 2);
}

static void a_full_pipe_is_told(void **state)
{
    struct rig *rig = *state;
    struct sg_why why = {0};
    struct net_frame frame;
    static uint8_t body[SG_BODY_MAX];
    void *socket = dealer(rig, 0, true);
    int one = 1;
    (void)zmq_setsockopt(socket, ZMQ_RCVHWM, &one, sizeof one);
    say(socket, "hello");
    await(rig, &frame, 1);
    net_release(rig->net, &frame, 1);
    enum net_sent sent = NET_SENT;
    for (int i = 0; sent == NET_SENT; i++) { /* it never reads */
        assert_true(i < 5000);
        UNIT_OK(net_send(rig->net, frame.peer, (struct sg_bytes){body, sizeof body}, &sent, &why));
    }
    assert_int_equal(sent, NET_PEER_FULL);
    hang_up(rig, socket);
}

static void taking_keeps_its_bounds(void **state)
{
    struct rig *rig = *state;
    struct sg_why why = {0};
    struct net_frame frames[8];
    void *socket = dealer(rig, 0, false);
    say(socket, "one");
    await(rig, frames, 1);
    net_release(rig->net, frames, 1);
    for (int i = 0; i < 6; i++)
        say(socket, "1234567890");
    await(rig, frames, 2); /* at most as many as there is room for */
    net_release(rig->net, frames, 2);
    size_t count = 0;
    int64_t until = real_ns() + WAIT_S * S;
    while (count == 0) {
        assert_true(real_ns() < until);
        UNIT_OK(net_take(rig->net, frames, 8, 15, &count, &why));
    }
    assert_true(count <= 2); /* 15 bytes are reached with the second */
    net_release(rig->net, frames, count);
    await(rig, frames, 4 - count);
    net_release(rig->net, frames, 4 - count);
    hang_up(rig, socket);
}

static void the_local_socket_has_its_mode(void **state)
{
    struct rig *rig = *state;
    struct stat st;
    assert_int_equal(stat(rig->local + 6, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
}

static void wrong_endpoints_are_refused(void **state)
{
    struct rig *rig = *state;
    const struct row {
        const char *name, *tcp, *local, *group, *want;
    } rows[] = {
        {"in use", net_bound_tcp(rig->net), NULL, NULL, "in use"},
        {"no such folder", NULL, "ipc:///no/such/folder/sock", NULL, "/no/such/folder/sock"},
        {"abstract", NULL, "ipc://@sinergi", NULL, "abstract"},
        {"unknown group", NULL, rig->local, "no-such-group", "no-such-group"},
        {"not an address", "tcp://not an address", NULL, NULL, "cannot listen"},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct sg_why why = {0};
        struct net *other = NULL;
        const struct net_options options = {
            .tcp_endpoint = rows[i].tcp,
            .local_endpoint = rows[i].local,
            .local_group = rows[i].group,
            .keys = rig->broker,
            .roster = &rig->roster,
            .max_connections = 5,
            .key_connections_max = 5,
        };
        enum sg_err err = net_open(&options, &other, &why);
        if (err != SG_E_NET || !strstr(why.text, rows[i].want))
            fail_msg("%s: %s: %s", rows[i].name, sg_err_name(err), why.text);
    }
}

/* Twenty large frames cannot all have left when the socket is closed. */
static void words_before_the_stop_arrive(void **state)
{
    enum { WORDS = 20 };
    static uint8_t body[60000];
    struct rig *rig = *state;
    struct sg_why why = {0};
    struct net_frame frame;
    void *socket = dealer(rig, 0, false);
    say(socket, "hello");
    await(rig, &frame, 1);
    net_release(rig->net, &frame, 1);
    for (uint8_t i = 0; i < WORDS; i++) {
        enum net_sent sent;
        body[0] = i;
        UNIT_OK(net_send(rig->net, frame.peer, (struct sg_bytes){body, sizeof body}, &sent, &why));
        assert_int_equal(sent, NET_SENT);
    }
    net_close(&rig->net);
    zmq_pollitem_t item = {.socket = socket, .events = ZMQ_POLLIN};
    for (uint8_t i = 0; i < WORDS; i++) {
        assert_int_equal(zmq_poll(&item, 1, WAIT_S * 1000), 1);
        assert_int_equal(zmq_recv(socket, body, sizeof body, ZMQ_DONTWAIT), (int)sizeof body);
        assert_int_equal(body[0], i);
    }
    hang_up(rig, socket);
}

#define WITH_RIG(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

UNIT_MAIN(WITH_RIG(frames_come_with_the_identity_of_the_key),
          WITH_RIG(a_stranger_is_refused_and_named), WITH_RIG(a_suspended_agency_is_refused),
          WITH_RIG(without_encryption_nothing_comes),
          WITH_RIG(a_message_of_many_parts_ends_the_connection),
          WITH_RIG(a_body_over_the_limit_ends_the_connection), WITH_RIG(who_leaves_is_told_as_gone),
          WITH_RIG(last_words_arrive_before_the_end), WITH_RIG(a_cut_is_immediate),
          WITH_RIG(a_key_that_is_gone_is_cut_after_a_grace),
          WITH_RIG(connections_over_a_limit_are_marked),
          WITH_RIG(handshakes_over_the_rate_are_let_in_and_marked), WITH_RIG(a_full_pipe_is_told),
          WITH_RIG(taking_keeps_its_bounds), WITH_RIG(the_local_socket_has_its_mode),
          WITH_RIG(wrong_endpoints_are_refused), WITH_RIG(words_before_the_stop_arrive))
