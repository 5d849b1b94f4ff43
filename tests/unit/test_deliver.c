/* Delivery: in order, as far as credit goes, fair, told once that all is there, after a commit. */
#include "unit/unit.h"

#include "kit/talk.h"

#include <stdio.h>

enum { EVENTS = 2400 }; /* more than eight Deliver frames hold */

static struct world_city city;
static struct talk talk;
static struct peer writer;

static void write_frames(unsigned frames)
{
    static unsigned number;
    for (unsigned i = 0; i < frames; i++) {
        size_t used = city.arena.used;
        struct talk_event events[SG_FRAME_EVENTS_MAX];
        for (size_t k = 0; k < SG_FRAME_EVENTS_MAX; k++)
            events[k] = talk_referral(&talk, ++number);
        (void)talk_publish(&talk, SATPOLPP, writer, NULL, city.clients[SATPOLPP].next, events,
                           SG_FRAME_EVENTS_MAX);
        city.clients[SATPOLPP].next += SG_FRAME_EVENTS_MAX;
        talk_turn(&talk);
        assert_int_equal(talk_answer(&talk, writer, 0)->publish_result->n_outcomes,
                         SG_FRAME_EVENTS_MAX);
        sg_arena_reset(&city.arena, used);
    }
}

static int begin(void **state)
{
    (void)state;
    world_open(&city, "2026-05-04T01:00:00Z");
    talk_open(&talk, &city);
    writer = talk_connect(&talk, SATPOLPP);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_close(&city);
    return 0;
}

static int begin_full(void **state)
{
    (void)begin(state);
    write_frames(EVENTS / SG_FRAME_EVENTS_MAX);
    return 0;
}

/* What a connection was told in the last turn. */
struct told {
    size_t frames, deliveries, caught_up;
    uint64_t first, last;
};

static struct told told_to(struct peer peer)
{
    struct told told = {0};
    for (size_t i = 0; i < talk_answer_count(&talk, peer); i++) {
        const PbServerFrame *answer = talk_answer(&talk, peer, i);
        told.caught_up += answer->caught_up != NULL;
        if (!answer->deliver)
            continue;
        const PbDeliver *d = answer->deliver;
        told.frames++;
        told.deliveries += d->n_deliveries;
        assert_non_null(d->head);
        for (size_t k = 0; k < d->n_deliveries; k++) {
            assert_true(d->deliveries[k]->seq > told.last);
            told.first = told.first ? told.first : d->deliveries[k]->seq;
            told.last = d->deliveries[k]->seq;
        }
    }
    return told;
}

static void subscribe(struct peer peer, const char *name, const char *type)
{
    (void)talk_subscribe(&talk, DINSOS, peer, name, type, false);
    talk_turn(&talk);
    assert_null(talk_answer(&talk, peer, 0)->subscribed->error);
}

static void credit_bounds_what_is_sent(void **state)
{
    (void)state;
    struct peer reader = talk_connect(&talk, DINSOS);
    subscribe(reader, "satu", "referral.submitted");
    struct told told = told_to(reader);
    assert_true(talk.out.committed);
    assert_int_equal(told.frames, SG_DELIVER_FRAMES_MAX);
    assert_int_equal(told.caught_up, 0);
    assert_true(told.deliveries < EVENTS);
    assert_false(talk.out.more); /* nothing to do before an Ack comes */
    talk_turn(&talk);
    assert_int_equal(talk_answer_count(&talk, reader), 0);
    write_frames(1);
    assert_int_equal(talk_answer_count(&talk, reader), 0);

    size_t sum = told.deliveries;
    while (!told.caught_up) { /* one Ack for all gives all credit back */
        uint64_t last = told.last;
        (void)talk_ack(&talk, DINSOS, reader, "satu", told.last);
        talk_turn(&talk);
        told = told_to(reader);
        assert_true(told.first > last && told.frames <= SG_DELIVER_FRAMES_MAX);
        sum += told.deliveries;
    }
    assert_int_equal(sum, EVENTS + SG_FRAME_EVENTS_MAX); /* each once */
    assert_int_equal(told.caught_up, 1);
}

static void credit_is_of_the_connection(void **state)
{
    (void)state;
    struct peer reader = talk_connect(&talk, DINSOS);
    (void)talk_subscribe(&talk, DINSOS, reader, "a", "referral.submitted", false);
    (void)talk_subscribe(&talk, DINSOS, reader, "b", "referral.submitted", false);
    talk_turn(&talk);
    size_t of[2] = {0};
    for (size_t i = 0; i < talk_answer_count(&talk, reader); i++) {
        const PbDeliver *d = talk_answer(&talk, reader, i)->deliver;
        if (d)
            of[strcmp(d->subscription, "b") == 0]++;
    }
    assert_int_equal(of[0], SG_DELIVER_FRAMES_MAX / 2); /* in turns */
    assert_int_equal(of[1], SG_DELIVER_FRAMES_MAX / 2);
}

static uint64_t sent_through(struct peer reader)
{
    (void)talk_query(&talk, DINSOS, reader, PB_QUERY_KIND_SUBSCRIPTIONS,
                     (struct sg_bytes){NULL, 0});
    talk_turn(&talk);
    return talk_answer(&talk, reader, 0)->query_result->subscriptions[0]->sent_through;
}

static void caught_up_is_told_once(void **state)
{
    (void)state;
    struct peer reader = talk_connect(&talk, DINSOS);
    subscribe(reader, "satu", "referral.submitted");
    assert_int_equal(told_to(reader).caught_up, 1); /* the journal is empty */
    write_frames(1);
    struct told told = told_to(reader);
    assert_int_equal(told.deliveries, SG_FRAME_EVENTS_MAX);
    assert_int_equal(told.caught_up, 0); /* live */
    write_frames(1);
    assert_int_equal(told_to(reader).deliveries, SG_FRAME_EVENTS_MAX);
    /* Without an Ack it falls behind; when it has all again, it is told once more. */
    write_frames(EVENTS / SG_FRAME_EVENTS_MAX);
    size_t told_so = 0;
    for (unsigned i = 0; i < 10; i++) {
        (void)talk_ack(&talk, DINSOS, reader, "satu", sent_through(reader));
        talk_turn(&talk);
        told_so += told_to(reader).caught_up;
    }
    assert_int_equal(told_so, 1);
}

static void nobody_waits_behind_others(void **state)
{
    (void)state;
    enum { READERS = 24, TURNS = 12 };
    struct peer readers[READERS];
    char names[READERS][16];
    uint64_t last[READERS] = {0};
    size_t turns_served[READERS] = {0};
    for (size_t i = 0; i < READERS; i++)
        readers[i] = talk_connect(&talk, DINSOS);
    for (size_t i = 0; i < READERS; i++) {
        (void)snprintf(names[i], sizeof names[i], "s%zu", i);
        (void)talk_subscribe(&talk, DINSOS, readers[i], names[i], "referral.submitted", false);
    }
    /* The first turn cannot serve all; whoever was served asks for more at once. */
    size_t used = city.arena.used;
    for (unsigned turn = 0; turn < TURNS; turn++) {
        talk_turn(&talk);
        for (size_t i = 0; i < READERS; i++) {
            struct told told = told_to(readers[i]);
            turns_served[i] += told.deliveries != 0;
            last[i] = told.last ? told.last : last[i];
        }
        sg_arena_reset(&city.arena, used);
        for (size_t i = 0; turn + 1 < TURNS && i < READERS; i++)
            if (last[i])
                (void)talk_ack(&talk, DINSOS, readers[i], names[i], last[i]);
    }
    for (size_t i = 0; i < READERS; i++)
        if (turns_served[i] < 3)
            fail_msg("reader %zu was served in %zu turns of %u", i, turns_served[i],
                     (unsigned)TURNS);
}

static void what_was_not_acknowledged_comes_again(void **state)
{
    (void)state;
    write_frames(2);
    struct peer reader = talk_connect(&talk, DINSOS);
    subscribe(reader, "satu", "referral.submitted");
    struct told told = told_to(reader);
    world_restart(&city);
    writer = talk_connect(&talk, SATPOLPP);
    reader = talk_connect(&talk, DINSOS);
    subscribe(reader, "satu", "referral.submitted");
    struct told again = told_to(reader);
    assert_int_equal(again.first, told.first);
    assert_int_equal(again.deliveries, told.deliveries);
}

static void others_read_nothing(void **state)
{
    (void)state;
    write_frames(1);
    struct peer stranger = talk_connect(&talk, DISNAKER);
    (void)talk_subscribe(&talk, DISNAKER, stranger, "satu", NULL, false);
    talk_turn(&talk);
    struct told told = told_to(stranger);
    assert_int_equal(told.deliveries, 0);
    assert_int_equal(told.caught_up, 1);
    write_frames(1);
    assert_int_equal(talk_answer_count(&talk, stranger), 0);
}

static void a_turn_without_news_writes_nothing(void **state)
{
    (void)state;
    struct peer reader = talk_connect(&talk, DINSOS);
    subscribe(reader, "satu", "slot.*");
    write_frames(1); /* of no interest */
    (void)talk_ping(&talk, DINSOS, reader);
    talk_turn(&talk);
    assert_false(talk.out.committed);
    assert_false(talk.out.more);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, begin, end)
#define FULL(test) cmocka_unit_test_setup_teardown(test, begin_full, end)
UNIT_MAIN(FULL(credit_bounds_what_is_sent), FULL(credit_is_of_the_connection),
          ROW(caught_up_is_told_once), FULL(nobody_waits_behind_others),
          ROW(what_was_not_acknowledged_comes_again), ROW(others_read_nothing),
          ROW(a_turn_without_news_writes_nothing))
