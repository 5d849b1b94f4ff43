/* Frames that come in: who may speak, what is no frame, what Welcome says, when a session ends. */
#include "unit/unit.h"

#include "kit/talk.h"

#include <stdio.h>

#define START "2026-05-04T01:00:00Z"
static const int64_t second_ns = INT64_C(1000000000);

static struct world_city city;
static struct talk talk;

static int begin(void **state)
{
    (void)state;
    world_open(&city, START);
    talk_open(&talk, &city);
    talk_turn(&talk); /* the first turn looks for what is due */
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_close(&city);
    return 0;
}

/* ---- refused as a whole ---- */

static struct frame_in *send_garbage(struct peer peer)
{
    return talk_body(&talk, SATPOLPP, peer, sg_bytes_of("\xff\xff\xff not a frame"));
}

static struct frame_in *send_nothing(struct peer peer)
{
    return talk_body(&talk, SATPOLPP, peer, (struct sg_bytes){NULL, 0});
}

static struct frame_in *send_two(struct peer peer)
{
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    PbPing ping = PB_PING__INIT;
    PbBye bye = PB_BYE__INIT;
    frame.ping = &ping;
    frame.bye = &bye;
    return talk_frame(&talk, SATPOLPP, peer, &frame);
}

static struct frame_in *send_large(struct peer peer)
{
    static uint8_t body[SG_BODY_MAX + 1];
    return talk_body(&talk, SATPOLPP, peer, (struct sg_bytes){body, sizeof body});
}

static struct frame_in *send_other_protocol(struct peer peer)
{
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    PbHello hello = PB_HELLO__INIT;
    hello.has_protocol = true;
    hello.protocol = 2;
    frame.hello = &hello;
    return talk_frame(&talk, SATPOLPP, peer, &frame);
}

static struct frame_in *send_ping(struct peer peer)
{
    return talk_ping(&talk, SATPOLPP, peer);
}

static struct frame_in *send_over_limit(struct peer peer)
{
    struct frame_in *in = talk_hello(&talk, SATPOLPP, peer);
    in->over_limit = true;
    return in;
}

static struct frame_in *send_as_stranger(struct peer peer)
{
    struct frame_in *in = talk_hello(&talk, SATPOLPP, peer);
    in->device = "curian";
    return in;
}

static struct frame_in *send_as_nobody(struct peer peer)
{
    struct frame_in *in = talk_hello(&talk, SATPOLPP, peer);
    in->agency = "nobody";
    return in;
}

static void what_is_refused_is_told(void **state)
{
    (void)state;
    static const struct row {
        const char *name;
        struct frame_in *(*send)(struct peer peer);
        uint32_t code;
        enum frame_fate fate;
        bool retry;
        const char *accepted;
    } rows[] = {
        {"garbage", send_garbage, SG_ST_PROTOCOL, FRAME_SEND_AND_CUT, false, "ClientFrame"},
        {"no field", send_nothing, SG_ST_PROTOCOL, FRAME_SEND_AND_CUT, false, "ClientFrame"},
        {"two fields", send_two, SG_ST_PROTOCOL, FRAME_SEND_AND_CUT, false, "ClientFrame"},
        {"too large", send_large, SG_ST_PROTOCOL, FRAME_SEND_AND_CUT, false, "ClientFrame"},
        {"protocol 2", send_other_protocol, SG_ST_PROTOCOL, FRAME_SEND_AND_CUT, false,
         "protocol 1"},
        {"no Hello before", send_ping, SG_ST_HELLO_FIRST, FRAME_SEND, false, "Hello"},
        {"too many connections", send_over_limit, SG_ST_BUSY, FRAME_SEND, true, NULL},
        {"unknown device", send_as_stranger, SG_ST_SUSPENDED, FRAME_SEND_AND_CUT, false, "key"},
        {"unknown agency", send_as_nobody, SG_ST_SUSPENDED, FRAME_SEND_AND_CUT, false, "key"},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct peer peer = talk_peer(&talk);
        (void)rows[i].send(peer);
        talk_turn(&talk);
        const PbServerFrame *answer = talk_answer(&talk, peer, 0);
        if (!answer || !answer->bye || talk_answer_count(&talk, peer) != 1)
            fail_msg("%s: no single Bye", rows[i].name);
        if (answer->bye->code != rows[i].code || talk_fate(&talk, peer, 0) != rows[i].fate)
            fail_msg("%s: code %u fate %d", rows[i].name, answer->bye->code,
                     (int)talk_fate(&talk, peer, 0));
        const PbError *error = answer->bye->error;
        if ((error->retry_after_ms > 0) != rows[i].retry || !error->text_id || !error->text_en)
            fail_msg("%s: retry after %d ms", rows[i].name, (int)error->retry_after_ms);
        if (rows[i].accepted && (!error->accepted || !strstr(error->accepted, rows[i].accepted)))
            fail_msg("%s: accepts '%s'", rows[i].name, error->accepted ? error->accepted : "");
        if (!error->accepted != !error->accepted_id)
            fail_msg("%s: accepts something in one language only", rows[i].name);
        if (error->accepted && (strcmp(error->accepted, error->accepted_id) == 0 ||
                                !strstr(error->text_en, error->accepted) ||
                                !strstr(error->text_id, error->accepted_id)))
            fail_msg("%s: '%s', '%s'", rows[i].name, error->accepted_id, error->text_id);
        (void)talk_ping(&talk, SATPOLPP, peer); /* none of them opened a session */
        talk_turn(&talk);
        assert_int_equal(talk_answer(&talk, peer, 0)->bye->code, SG_ST_HELLO_FIRST);
    }
}

static void a_broken_frame_ends_the_session(void **state)
{
    (void)state;
    struct peer peer = talk_connect(&talk, SATPOLPP);
    (void)send_garbage(peer);
    (void)talk_ping(&talk, SATPOLPP, peer);
    talk_turn(&talk);
    assert_int_equal(talk_answer(&talk, peer, 0)->bye->code, SG_ST_PROTOCOL);
    assert_int_equal(talk_answer(&talk, peer, 1)->bye->code, SG_ST_HELLO_FIRST);
}

/* ---- keys ---- */

static void keys_are_asked_of_the_roster_of_now(void **state)
{
    (void)state;
    struct sg_agency *agency = &city.agencies[3]; /* satpolpp */
    struct peer peer = talk_connect(&talk, SATPOLPP);
    agency->devices[0].not_after_ms = city.now_ms - 1;
    talk_turn(&talk); /* nobody said a word */
    assert_int_equal(talk_answer(&talk, peer, 0)->bye->code, SG_ST_SUSPENDED);
    assert_int_equal(talk_fate(&talk, peer, 0), FRAME_SEND_AND_CUT);
    agency->devices[0].not_after_ms = 0;
    peer = talk_connect(&talk, SATPOLPP);
    agency->suspended = true;
    (void)talk_ping(&talk, SATPOLPP, peer);
    talk_turn(&talk);
    assert_int_equal(talk_answer(&talk, peer, 0)->bye->code, SG_ST_SUSPENDED);
    assert_int_equal(talk_answer_count(&talk, peer), 1);
    agency->suspended = false;
    agency->devices[0].not_before_ms = city.now_ms + 1;
    (void)talk_hello(&talk, SATPOLPP, peer);
    talk_turn(&talk);
    assert_int_equal(talk_answer(&talk, peer, 0)->bye->code, SG_ST_SUSPENDED);
}

/* ---- Welcome ---- */

static const PbWelcome *hello_with(struct sg_id *outboxes, size_t count, PbSeenBlock *seen)
{
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    PbHello hello = PB_HELLO__INIT;
    ProtobufCBinaryData list[SG_OUTBOXES_MAX + 4];
    struct peer peer = talk_peer(&talk);
    hello.has_protocol = true;
    hello.protocol = SG_PROTOCOL;
    hello.seen = seen;
    for (size_t i = 0; i < count; i++)
        list[i] = (ProtobufCBinaryData){SG_ID_BYTES, outboxes[i].b};
    hello.n_outboxes = count;
    hello.outboxes = list;
    frame.hello = &hello;
    (void)talk_frame(&talk, SATPOLPP, peer, &frame);
    talk_turn(&talk);
    assert_false(talk.out.head_moved); /* at most who is connected is written */
    return talk_answer(&talk, peer, 0)->welcome;
}

static void welcome_tells_where_things_stand(void **state)
{
    (void)state;
    const PbWelcome *w = hello_with(NULL, 0, NULL);
    assert_string_equal(w->agency, "satpolpp");
    assert_string_equal(w->device, "meja");
    assert_int_equal(w->n_capabilities, 1);
    assert_int_equal(w->capabilities[0], PB_CAPABILITY_REFERRER);
    assert_int_equal(w->limits->frame_events, SG_FRAME_EVENTS_MAX);
    assert_int_equal(w->limits->deliver_frames, SG_DELIVER_FRAMES_MAX);
    assert_int_equal(w->server_time_ms, city.now_ms);
    assert_true(w->demo);
    assert_null(w->head);
    assert_memory_equal(w->store_id.data, env_store_id(city.env)->b, SG_ID_BYTES);

    struct talk_event event = talk_referral(&talk, 1);
    struct peer peer = talk_connect(&talk, SATPOLPP);
    (void)talk_publish(&talk, SATPOLPP, peer, NULL, 1, &event, 1);
    talk_turn(&talk);
    assert_true(talk.out.head_moved);
    uint8_t hash[SG_HASH_BYTES];
    memcpy(hash, talk.out.head_hash, sizeof hash);

    struct sg_id boxes[] = {city.clients[SATPOLPP].outbox, sg_id_make(2)};
    PbSeenBlock seen = PB_SEEN_BLOCK__INIT;
    seen.has_epoch = seen.has_height = true;
    seen.epoch = talk.out.head_epoch;
    seen.height = 1;
    w = hello_with(boxes, 2, &seen);
    assert_int_equal(w->head->height, 1);
    assert_memory_equal(w->hash_at_seen.data, hash, SG_HASH_BYTES);
    assert_int_equal(w->n_outboxes, 2);
    assert_int_equal(w->outboxes[0]->last_number, 1);
    assert_false(w->outboxes[0]->foreign);
    assert_int_equal(w->outboxes[1]->last_number, 0);
    seen.epoch++;
    assert_false(hello_with(NULL, 0, &seen)->has_hash_at_seen);
    seen.epoch--;
    seen.height = 9;
    assert_false(hello_with(NULL, 0, &seen)->has_hash_at_seen);
}

static void an_outbox_of_others_is_foreign(void **state)
{
    (void)state;
    struct peer peer = talk_connect(&talk, DINSOS);
    struct talk_event event = talk_event(&talk, DINSOS, "{\"slotOffered\":{}}");
    (void)talk_publish(&talk, DINSOS, peer, NULL, 1, &event, 1); /* refused, its number is used */
    talk_turn(&talk);
    struct sg_id boxes[] = {city.clients[DINSOS].outbox};
    const PbWelcome *w = hello_with(boxes, 1, NULL);
    assert_true(w->outboxes[0]->foreign);
    assert_int_equal(w->outboxes[0]->last_number, 0);
}

/* ---- silence and the end ---- */

static void a_silent_session_ends(void **state)
{
    (void)state;
    struct peer quiet = talk_connect(&talk, SATPOLPP), lively = talk_connect(&talk, DINSOS);
    assert_true(talk.out.next_mono_ns <= city.mono_ns + 30 * second_ns + 1);
    city.mono_ns += 30 * second_ns;
    (void)talk_ping(&talk, DINSOS, lively);
    talk_turn(&talk);
    assert_int_equal(talk_answer_count(&talk, quiet), 0);
    assert_int_equal(talk_answer(&talk, lively, 0)->pong->token, 7);
    city.mono_ns = talk.out.next_mono_ns;
    talk_turn(&talk);
    assert_int_equal(talk_answer(&talk, quiet, 0)->bye->code, SG_ST_SILENT);
    assert_int_equal(talk_fate(&talk, quiet, 0), FRAME_SEND_AND_CUT);
    assert_int_equal(talk_answer_count(&talk, lively), 0);
}

static void stopping_answers_and_says_bye(void **state)
{
    (void)state;
    struct peer a = talk_connect(&talk, SATPOLPP), b = talk_connect(&talk, DINSOS);
    (void)talk_ping(&talk, SATPOLPP, a);
    talk.stopping = true;
    talk_turn(&talk);
    talk.stopping = false;
    assert_non_null(talk_answer(&talk, a, 0)->pong);
    assert_int_equal(talk_answer(&talk, a, 1)->bye->code, SG_ST_STOPPING);
    assert_int_equal(talk_answer(&talk, b, 0)->bye->code, SG_ST_STOPPING);
}

/* ---- limits of a turn and of a connection ---- */

static void a_turn_takes_what_it_may(void **state)
{
    (void)state;
    enum { PEERS = 25 };
    struct talk_event junk[SG_FRAME_EVENTS_MAX], one = {sg_bytes_of("x"), {NULL, 0}};
    struct peer peers[PEERS];
    for (size_t i = 0; i < SG_FRAME_EVENTS_MAX; i++)
        junk[i] = one;
    for (size_t i = 0; i < PEERS; i++)
        peers[i] = talk_connect(&talk, SATPOLPP);
    for (size_t i = 0; i < PEERS; i++) {
        struct sg_id box = sg_id_make(10 + (int64_t)i);
        (void)talk_publish(&talk, SATPOLPP, peers[i], &box, 1, junk, SG_FRAME_EVENTS_MAX);
    }
    talk_turn(&talk);
    size_t most = SG_TURN_EVENTS_MAX / SG_FRAME_EVENTS_MAX;
    assert_int_equal(talk.out.frames_taken, most);
    assert_true(talk.out.more);
    assert_non_null(talk_answer(&talk, peers[most - 1], 0)->publish_result);
    assert_int_equal(talk_answer_count(&talk, peers[most]), 0);
}

static void more_frames_than_may_be_unanswered_are_put_off(void **state)
{
    (void)state;
    enum { SENT = SG_UNANSWERED_FRAMES_MAX + 3 };
    struct peer peer = talk_connect(&talk, SATPOLPP);
    for (unsigned i = 0; i < SENT; i++) {
        struct talk_event event = talk_referral(&talk, i + 1);
        (void)talk_publish(&talk, SATPOLPP, peer, NULL, i + 1, &event, 1);
    }
    talk_turn(&talk);
    size_t accepted = 0, busy = 0;
    for (size_t i = 0; i < SENT; i++) {
        const PbPublishResult *result = talk_answer(&talk, peer, i)->publish_result;
        accepted += result->n_outcomes == 1;
        busy += result->frame_error && result->frame_error->code == SG_ST_BUSY &&
                result->frame_error->retry_after_ms > 0;
    }
    assert_int_equal(accepted, SG_UNANSWERED_FRAMES_MAX);
    assert_int_equal(busy, 3);
    struct talk_event event = talk_referral(&talk, SG_UNANSWERED_FRAMES_MAX + 1);
    (void)talk_publish(&talk, SATPOLPP, peer, NULL, SG_UNANSWERED_FRAMES_MAX + 1, &event, 1);
    talk_turn(&talk);
    assert_int_equal(talk_answer(&talk, peer, 0)->publish_result->n_outcomes, 1);
}

static void one_query_is_in_flight(void **state)
{
    (void)state;
    struct peer peer = talk_connect(&talk, SATPOLPP);
    struct sg_bytes none = {NULL, 0};
    (void)talk_query(&talk, SATPOLPP, peer, PB_QUERY_KIND_STATUS, none);
    (void)talk_query(&talk, SATPOLPP, peer, PB_QUERY_KIND_STATUS, none);
    talk_turn(&talk);
    assert_non_null(talk_answer(&talk, peer, 0)->query_result->status);
    assert_int_equal(talk_answer(&talk, peer, 1)->query_result->error->code, SG_ST_BUSY);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, begin, end)
UNIT_MAIN(ROW(what_is_refused_is_told), ROW(a_broken_frame_ends_the_session),
          ROW(keys_are_asked_of_the_roster_of_now), ROW(welcome_tells_where_things_stand),
          ROW(an_outbox_of_others_is_foreign), ROW(a_silent_session_ends),
          ROW(stopping_answers_and_says_bye), ROW(a_turn_takes_what_it_may),
          ROW(more_frames_than_may_be_unanswered_are_put_off), ROW(one_query_is_in_flight))
