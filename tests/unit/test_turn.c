/* The turn: what opens a transaction, what is due first, and that an attempt that fails never
 * happened. */
#include "unit/unit.h"

#include "broker/inside.h"
#include "kit/people.h"
#include "kit/talk.h"
#include "wire/day.h"

#include <stdio.h>

#define BUDI                                                                                 \
    "\"fullName\":\"Budi Santoso\",\"nameQuality\":\"FULL\",\"sex\":\"MALE\",\"birthDate\":" \
    "\"1995-04-10\",\"birthQuality\":\"EXACT\",\"nikStatus\":\"NONE\""

static struct world_city city;
static struct talk talk;

static int begin(void **state)
{
    (void)state;
    world_open(&city, "2026-05-04T01:00:00Z");
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

static void only_what_lasts_is_committed(void **state)
{
    (void)state;
    struct peer a = talk_connect(&talk, SATPOLPP), b = talk_connect(&talk, DINSOS);
    assert_true(talk.out.committed);   /* who is connected is a row */
    assert_false(talk.out.head_moved); /* but no record */
    talk_turn(&talk);
    assert_int_equal(talk.out.frame_count, 0);
    assert_false(talk.out.committed || talk.out.more);
    assert_true(talk.out.next_wall_ms == INT64_MAX);
    (void)talk_ping(&talk, SATPOLPP, a);
    talk_turn(&talk);
    assert_false(talk.out.committed);
    (void)talk_subscribe(&talk, DINSOS, b, "satu", NULL, false);
    talk_turn(&talk);
    assert_true(talk.out.committed);
    assert_false(talk.out.head_moved); /* no record, no block */
    struct talk_event event = talk_referral(&talk, 1);
    (void)talk_publish(&talk, SATPOLPP, a, NULL, 1, &event, 1);
    talk_turn(&talk);
    assert_true(talk.out.committed && talk.out.head_moved);
    assert_int_equal(talk.out.head_height, 1);
    assert_non_null(talk_answer(&talk, b, 0)->deliver); /* in the same commit */
    (void)talk_bye(&talk, SATPOLPP, a);
    talk_turn(&talk);
    assert_true(talk.out.more); /* that it has left is written in the turn that follows */
    talk_turn(&talk);
    assert_true(talk.out.committed);
    assert_false(talk.out.head_moved || talk.out.more);
}

static void frames_of_one_turn_keep_their_order(void **state)
{
    (void)state;
    struct peer peer = talk_connect(&talk, SATPOLPP);
    for (unsigned i = 1; i <= 5; i++) {
        struct talk_event event = talk_referral(&talk, i);
        (void)talk_publish(&talk, SATPOLPP, peer, NULL, i, &event, 1);
    }
    (void)talk_ping(&talk, SATPOLPP, peer);
    talk_turn(&talk);
    uint64_t last = 0;
    for (size_t i = 0, results = 0; i < talk_answer_count(&talk, peer); i++) {
        const PbPublishResult *r = talk_answer(&talk, peer, i)->publish_result;
        if (!r)
            continue;
        assert_int_equal(r->first_number, ++results);
        assert_true(r->outcomes[0]->seq > last);
        assert_int_equal(r->blocks[0]->height, 1); /* one block for all */
        last = r->outcomes[0]->seq;
    }
    assert_true(last > 0);
}

/* ---- time ---- */

static void what_is_due_comes_before_what_arrives(void **state)
{
    (void)state;
    assert_int_equal(offer_s1(&city, 900, 1).status, PB_OUTCOME_STATUS_ACCEPTED);
    struct sg_id budi = person_in_service(&city, 1, BUDI, 3);
    struct world_outcome seat = ask_seat(&city, 501, 900, &budi, false, false);
    assert_int_equal(seat.status, PB_OUTCOME_STATUS_ACCEPTED);
    talk_turn(&talk);
    assert_true(talk.out.next_wall_ms > city.now_ms);
    assert_true(talk.out.next_wall_ms <= city.now_ms + 72 * SG_HOUR_MS);
    city.now_ms += 72 * SG_HOUR_MS + 1; /* the hold has run out; nobody has had a turn since */
    /* The acceptance finds the hold expired, and the free seat is given anew. */
    struct world_outcome o = decide_seat(&city, DINSOS, &seat.allocation_id, "\"PERSON_ACCEPTED\"");
    assert_int_equal(o.status, PB_OUTCOME_STATUS_ACCEPTED);
    assert_int_equal(seat_changes(&city, "EXPIRED"), 1);
}

static void time_does_not_go_back(void **state)
{
    (void)state;
    struct peer peer = talk_connect(&talk, SATPOLPP);
    int64_t times[2];
    for (unsigned i = 0; i < 2; i++) {
        struct talk_event event = talk_referral(&talk, i + 1);
        (void)talk_publish(&talk, SATPOLPP, peer, NULL, i + 1, &event, 1);
        talk_turn(&talk);
        times[i] = talk_answer(&talk, peer, 0)->publish_result->outcomes[0]->accepted_at_ms;
        city.now_ms -= 60000;
    }
    assert_int_equal(times[1], times[0]);
}

/* ---- attempts ---- */

static void a_full_map_grows_and_the_turn_runs_again(void **state)
{
    (void)state;
    struct sg_why why = {""};
    struct env_usage before, after;
    static char path[96];
    const struct sg_id store_id = sg_id_make(2);
    broker_free(&city.broker);
    env_close(&city.env);
    (void)snprintf(path, sizeof path, "%s/small.mdb", city.folder);
    city.env_options.path = path;
    city.env_options.map_bytes = 1 << 20;
    UNIT_OK(env_create(&city.env_options, &store_id, &why));
    UNIT_OK(env_open(&city.env_options, &city.env, &why));
    struct broker_options options = {.env = city.env,
                                     .keys = city.keys,
                                     .roster = &city.roster,
                                     .lists = city.lists,
                                     .version = "test",
                                     .demo = true};
    UNIT_OK(broker_new(&options, &city.broker, &why));
    env_usage(city.env, &before);
    struct peer peer = talk_connect(&talk, SATPOLPP), reader = talk_connect(&talk, DINSOS);
    (void)talk_subscribe(&talk, DINSOS, reader, "satu", "referral.submitted", false);
    uint64_t accepted = 0, number = 1, delivered = 0;
    for (unsigned i = 0; i < 24; i++) {
        struct talk_event events[SG_FRAME_EVENTS_MAX];
        size_t used = city.arena.used;
        for (size_t k = 0; k < SG_FRAME_EVENTS_MAX; k++)
            events[k] = talk_referral(&talk, (unsigned)(number + k));
        (void)talk_publish(&talk, SATPOLPP, peer, NULL, number, events, SG_FRAME_EVENTS_MAX);
        talk_turn(&talk);
        const PbPublishResult *r = talk_answer(&talk, peer, 0)->publish_result;
        for (size_t k = 0; k < r->n_outcomes; k++)
            accepted += r->outcomes[k]->status == PB_OUTCOME_STATUS_ACCEPTED;
        uint64_t through = 0;
        for (size_t k = 0; k < talk_answer_count(&talk, reader); k++) {
            const PbDeliver *d = talk_answer(&talk, reader, k)->deliver;
            delivered += d ? d->n_deliveries : 0;
            through = d ? d->deliveries[d->n_deliveries - 1]->seq : through;
        }
        number += SG_FRAME_EVENTS_MAX;
        sg_arena_reset(&city.arena, used);
        (void)talk_ack(&talk, DINSOS, reader, "satu", through);
    }
    talk_turn(&talk);
    env_usage(city.env, &after);
    assert_true(after.map_bytes > before.map_bytes);
    assert_int_equal(accepted, number - 1); /* none lost, none twice */
    assert_int_equal(delivered, number - 1);
    assert_int_equal(broker_counters(city.broker)->events_accepted, accepted);
    assert_int_equal(session_find(city.broker, reader)->frames_in_flight, 0);
}

static void a_small_arena_halves_the_turn(void **state)
{
    (void)state;
    enum { FRAMES = 16 };
    struct peer peer = talk_connect(&talk, SATPOLPP);
    size_t whole = city.broker->arena.size;
    for (unsigned i = 0; i < FRAMES; i++) {
        struct talk_event events[24];
        for (unsigned k = 0; k < 24; k++)
            events[k] = talk_referral(&talk, 1 + i * 24 + k);
        (void)talk_publish(&talk, SATPOLPP, peer, NULL, 1 + i * 24, events, 24);
    }
    city.broker->arena.size = 4 << 20;
    talk_turn(&talk);
    city.broker->arena.size = whole;
    assert_true(talk.out.more);
    assert_true(talk.out.frames_taken > 0 && talk.out.frames_taken < FRAMES);
    assert_int_equal(talk_answer_count(&talk, peer), talk.out.frames_taken);
    assert_int_equal(broker_counters(city.broker)->events_accepted, talk.out.frames_taken * 24);
    for (size_t i = 0; i < talk.out.frames_taken; i++)
        assert_int_equal(talk_answer(&talk, peer, i)->publish_result->n_outcomes, 24);
}

static void a_frame_that_never_fits_is_refused(void **state)
{
    (void)state;
    struct peer peer = talk_connect(&talk, SATPOLPP);
    size_t whole = city.broker->arena.size;
    struct talk_event events[SG_FRAME_EVENTS_MAX];
    for (unsigned k = 0; k < SG_FRAME_EVENTS_MAX; k++)
        events[k] = talk_referral(&talk, 1 + k);
    (void)talk_publish(&talk, SATPOLPP, peer, NULL, 1, events, SG_FRAME_EVENTS_MAX);
    city.broker->arena.size = (2 << 20) + (200 << 10);
    talk_turn(&talk);
    city.broker->arena.size = whole;
    assert_int_equal(talk.out.frames_taken, 1);
    assert_int_equal(talk_answer(&talk, peer, 0)->publish_result->frame_error->code, SG_ST_SCHEMA);
    (void)talk_publish(&talk, SATPOLPP, peer, NULL, 1, events, SG_FRAME_EVENTS_MAX);
    talk_turn(&talk); /* no number was used */
    assert_int_equal(talk_answer(&talk, peer, 0)->publish_result->n_outcomes, SG_FRAME_EVENTS_MAX);
}

static void phases_are_timed_when_asked(void **state)
{
    (void)state;
    const struct broker_counters *c = broker_counters(city.broker);
    struct peer peer = talk_connect(&talk, SATPOLPP);
    struct talk_event event = talk_referral(&talk, 1);
    (void)talk_publish(&talk, SATPOLPP, peer, NULL, 1, &event, 1);
    talk_turn(&talk);
    assert_int_equal(c->ns_decide + c->ns_decode + c->ns_verify + c->ns_block + c->ns_commit, 0);
    assert_int_equal(c->events_accepted, 1);
    assert_true(c->turns >= 3 && c->commits >= 1);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, begin, end)
UNIT_MAIN(ROW(only_what_lasts_is_committed), ROW(frames_of_one_turn_keep_their_order),
          ROW(what_is_due_comes_before_what_arrives), ROW(time_does_not_go_back),
          ROW(a_full_map_grows_and_the_turn_runs_again), ROW(a_small_arena_halves_the_turn),
          ROW(a_frame_that_never_fits_is_refused), ROW(phases_are_timed_when_asked))
