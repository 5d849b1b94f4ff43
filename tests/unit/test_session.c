/* Sessions: one connection never stands for another, and what they change is settled or undone. */
#include "unit/unit.h"

#include "broker/inside.h"
#include "kit/talk.h"

static struct world_city city;
static struct talk talk;

static int begin(void **state)
{
    (void)state;
    world_open(&city, "2026-05-04T01:00:00Z");
    talk_open(&talk, &city);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_close(&city);
    return 0;
}

static unsigned live(void)
{
    unsigned count = 0;
    for (size_t i = 0; i < city.broker->session_high; i++)
        count += city.broker->sessions[i].used;
    return count;
}

/* The place of a session that ended may be given to another agency in the same turn: the frames
 * that came before its end must not be answered as that agency. */
static void a_place_taken_over_answers_nobody_else(void **state)
{
    (void)state;
    struct sg_bytes none = {NULL, 0};
    struct peer owner = talk_connect(&talk, DINSOS);
    (void)talk_subscribe(&talk, DINSOS, owner, "rahasia", NULL, false);
    talk_turn(&talk);
    struct peer leaving = talk_connect(&talk, SATPOLPP), coming = talk_peer(&talk);
    (void)talk_query(&talk, SATPOLPP, leaving, PB_QUERY_KIND_SUBSCRIPTIONS, none);
    (void)talk_subscribe(&talk, SATPOLPP, leaving, "milik-satpolpp", NULL, false);
    (void)talk_body(&talk, SATPOLPP, leaving, sg_bytes_of("\xff no frame"));
    (void)talk_hello(&talk, DINSOS, coming);
    talk_turn(&talk);
    for (size_t i = 0; i < talk_answer_count(&talk, leaving); i++) {
        const PbServerFrame *answer = talk_answer(&talk, leaving, i);
        if (answer->query_result && answer->query_result->n_subscriptions)
            fail_msg("satpolpp reads '%s' of dinsos", answer->query_result->subscriptions[0]->name);
        assert_null(answer->deliver);
    }
    struct sub *sub = NULL;
    assert_null(session_holder(city.broker, "dinsos", "milik-satpolpp", &sub));
    assert_non_null(session_find(city.broker, coming));
}

static void sessions_are_counted_and_given_back(void **state)
{
    (void)state;
    struct peer a = talk_connect(&talk, SATPOLPP);
    struct peer b = talk_connect(&talk, DINSOS);
    assert_int_equal(live(), 2);
    (void)talk_hello(&talk, SATPOLPP, a); /* again: the same session */
    talk_turn(&talk);
    assert_non_null(talk_answer(&talk, a, 0)->welcome);
    assert_int_equal(live(), 2);
    broker_peer_gone(city.broker, a);
    broker_peer_gone(city.broker, a);
    broker_peer_gone(city.broker, (struct peer){99999});
    assert_int_equal(live(), 1);
    (void)talk_bye(&talk, DINSOS, b);
    talk_turn(&talk);
    assert_int_equal(live(), 0);
    assert_int_equal(broker_counters(city.broker)->sessions_opened, 2);
    assert_int_equal(broker_counters(city.broker)->sessions_cut, 2);
}

static void there_is_room_for_so_many(void **state)
{
    (void)state;
    struct peer last = {0};
    for (size_t i = 0; i <= SESSIONS_MAX; i++) {
        last = talk_peer(&talk);
        (void)talk_hello(&talk, SATPOLPP, last);
    }
    talk_turn(&talk);
    assert_int_equal(talk.out.frames_taken, SESSIONS_MAX + 1);
    assert_int_equal(live(), SESSIONS_MAX);
    const PbServerFrame *answer = talk_answer(&talk, last, 0);
    assert_int_equal(answer->bye->code, SG_ST_BUSY);
    assert_true(answer->bye->error->retry_after_ms > 0);
    broker_peer_gone(city.broker, (struct peer){1});
    (void)talk_hello(&talk, SATPOLPP, last);
    talk_turn(&talk);
    assert_non_null(talk_answer(&talk, last, 0)->welcome);
}

static void what_an_attempt_changed_is_undone(void **state)
{
    (void)state;
    struct peer peer = talk_connect(&talk, DINSOS);
    (void)talk_subscribe(&talk, DINSOS, peer, "a", NULL, false);
    talk_turn(&talk);
    struct session *session = session_find(city.broker, peer);
    session_touch(city.broker, session);
    session_touch(city.broker, session); /* backed up once: the first state counts */
    session->sub_count = 0;
    session->frames_in_flight = 5;
    session_undo(city.broker);
    assert_int_equal(session->sub_count, 1);
    assert_int_equal(session->frames_in_flight, 0);
    assert_false(session->touched);
    session_touch(city.broker, session);
    session->frames_in_flight = 3;
    session_keep(city.broker);
    session_undo(city.broker);
    assert_int_equal(session->frames_in_flight, 3);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, begin, end)
UNIT_MAIN(ROW(a_place_taken_over_answers_nobody_else), ROW(sessions_are_counted_and_given_back),
          ROW(there_is_room_for_so_many), ROW(what_an_attempt_changed_is_undone))
