/* Subscriptions: names, filters, starts, who holds them, what was acknowledged, what is refused. */
#include "unit/unit.h"

#include "kit/talk.h"
#include "wire/scan.h"

#include <stdio.h>

static struct world_city city;
static struct talk talk;
static struct peer writer, reader;
static const int64_t ms_ns = INT64_C(1000000);

static void write_one(unsigned number)
{
    struct talk_event event = talk_referral(&talk, number);
    (void)talk_publish(&talk, SATPOLPP, writer, NULL, city.clients[SATPOLPP].next++, &event, 1);
    talk_turn(&talk);
    assert_non_null(talk_answer(&talk, writer, 0)->publish_result->outcomes);
}

static int begin(void **state)
{
    (void)state;
    world_open(&city, "2026-05-04T01:00:00Z");
    talk_open(&talk, &city);
    writer = talk_connect(&talk, SATPOLPP);
    reader = talk_connect(&talk, DINSOS);
    for (unsigned i = 1; i <= 3; i++) { /* E01 and D5 each: seqs 1 to 6 or so, one block each */
        city.now_ms += 1000;
        write_one(i);
    }
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_close(&city);
    return 0;
}

static const PbSubscribed *subscribe_as(struct peer who, const PbSubscribe *s)
{
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    frame.subscribe = (PbSubscribe *)(uintptr_t)s;
    (void)talk_frame(&talk, DINSOS, who, &frame);
    talk_turn(&talk);
    const PbServerFrame *answer = talk_answer(&talk, who, 0);
    assert_non_null(answer);
    return answer->subscribed;
}

static const PbSubscribed *subscribe(struct peer who, const char *name)
{
    (void)talk_subscribe(&talk, DINSOS, who, name, "referral.submitted", false);
    talk_turn(&talk);
    return talk_answer(&talk, who, 0)->subscribed;
}

/* Seqs delivered to the connection in the last turn. */
static size_t delivered(struct peer who, uint64_t *seqs, size_t room)
{
    size_t count = 0;
    for (size_t i = 0; i < talk_answer_count(&talk, who); i++) {
        const PbDeliver *d = talk_answer(&talk, who, i)->deliver;
        for (size_t k = 0; d && k < d->n_deliveries && count < room; k++)
            seqs[count++] = d->deliveries[k]->seq;
    }
    return count;
}

static void ack(struct peer who, const char *name, uint64_t through)
{
    (void)talk_ack(&talk, DINSOS, who, name, through);
    talk_turn(&talk);
}

/* ---- names and filters ---- */

static void names_follow_their_form(void **state)
{
    (void)state;
    static char long_name[64 + 1], huge[SG_BODY_MAX - 50 + 1];
    memset(long_name, 'a', 64);
    memset(huge, 'a', sizeof huge - 1);
    const struct row {
        const char *why, *name;
        bool want;
    } rows[] = {
        {"plain", "a", true},
        {"63", long_name + 1, true},
        {"64", long_name, false},
        {"all signs", "0a.b_c-d", true},
        {"empty", "", false},
        {"capital", "A", false},
        {"begins with a point", ".a", false},
        {"space", "a b", false},
        {"as long as a frame", huge, false},
        {"not ASCII", "caf\xc3\xa9", false},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        const PbSubscribed *s = subscribe(reader, rows[i].name);
        if (!s || !s->error != rows[i].want || (s->error && s->error->code != SG_ST_SCHEMA))
            fail_msg("%s: %s", rows[i].why, s && s->error ? s->error->text_en : "taken");
        bool echoed = s->subscription && strcmp(s->subscription, rows[i].name) == 0;
        if (echoed != (rows[i].name != huge))
            fail_msg("%s: the client cannot tell which one is meant", rows[i].why);
    }
}

static void filters_name_topics(void **state)
{
    (void)state;
    static char long_topic[] = "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                               "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                               "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                               "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                               "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                               "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9x\xc3\xa9";
    static const struct row {
        const char *why, *type;
        bool want;
        size_t count; /* deliveries */
    } rows[] = {
        {"a topic", "referral.submitted", true, 3}, {"a group", "referral.*", true, 3},
        {"another group", "slot.*", true, 0},       {"no such topic", "referral.lost", false, 0},
        {"no such group", "nothing.*", false, 0},   {"only a star", "*", false, 0},
        {"half a word", "referral.sub*", false, 0}, {"long and not ASCII", long_topic, false, 0},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        char name[16];
        uint64_t seqs[8];
        (void)snprintf(name, sizeof name, "s%zu", i);
        (void)talk_subscribe(&talk, DINSOS, reader, name, rows[i].type, false);
        talk_turn(&talk); /* what is not UTF-8 would not decode here */
        const PbSubscribed *s = talk_answer(&talk, reader, 0)->subscribed;
        if (!s->error != rows[i].want || (s->error && s->error->code != SG_ST_BAD_CODE))
            fail_msg("%s: %s", rows[i].why, s->error ? s->error->text_en : "taken");
        if (rows[i].want && delivered(reader, seqs, 8) != rows[i].count)
            fail_msg("%s: %zu delivered", rows[i].why, delivered(reader, seqs, 8));
    }
    enum { SAME = 60 };
    PbSubscribe s = PB_SUBSCRIBE__INIT;
    char *types[SAME], topic[] = "referral.submitted", last[] = "slot.offered", name[] = "sama";
    for (size_t i = 0; i < SAME; i++)
        types[i] = i + 1 < SAME ? topic : last;
    s.name = name;
    s.types = types;
    s.n_types = SAME;
    assert_null(subscribe_as(reader, &s)->error); /* the same topic counts once */
}

static void starts_follow_the_table(void **state)
{
    (void)state;
    const int64_t second = city.now_ms - 1000; /* of the second block */
    uint64_t all[8];
    (void)subscribe(reader, "semua");
    assert_int_equal(delivered(reader, all, 8), 3);
    const struct row {
        const char *name;
        PbStartFrom start;
        uint64_t seq;
        int64_t time_ms;
        size_t count;
    } rows[] = {
        {"beginning", PB_START_FROM_BEGINNING, 0, 0, 3},
        {"new", PB_START_FROM_NEW, 0, 0, 0},
        {"a seq", PB_START_FROM_SEQ, all[1], 0, 2},
        {"behind a seq", PB_START_FROM_SEQ, all[1] + 1, 0, 1},
        {"seq 0", PB_START_FROM_SEQ, 0, 0, 3},
        {"a time", PB_START_FROM_TIME, 0, second, 2},
        {"a little later", PB_START_FROM_TIME, 0, second + 1, 1},
        {"before all", PB_START_FROM_TIME, 0, 0, 3},
        {"after all", PB_START_FROM_TIME, 0, city.now_ms + 1, 0},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        PbSubscribe s = PB_SUBSCRIBE__INIT;
        char name[16], topic[] = "referral.submitted", *types[] = {topic};
        uint64_t seqs[8];
        (void)snprintf(name, sizeof name, "dari-%zu", i);
        s.name = name;
        s.n_types = 1;
        s.types = types;
        s.has_start = s.has_seq = s.has_time_ms = true;
        s.start = rows[i].start;
        s.seq = rows[i].seq;
        s.time_ms = rows[i].time_ms;
        assert_null(subscribe_as(reader, &s)->error);
        if (delivered(reader, seqs, 8) != rows[i].count)
            fail_msg("%s: %zu delivered", rows[i].name, delivered(reader, seqs, 8));
    }
}

/* ---- who holds it ---- */

static void one_device_holds_it(void **state)
{
    (void)state;
    uint64_t seqs[8];
    talk_add_device(&city, DINSOS, "gudang");
    struct peer second = talk_peer(&talk), third = talk_peer(&talk);
    talk_hello(&talk, DINSOS, second)->device = "gudang";
    (void)talk_hello(&talk, DINSOS, third);
    talk_turn(&talk);
    assert_null(subscribe(reader, "satu")->error);
    talk_subscribe(&talk, DINSOS, second, "satu", NULL, false)->device = "gudang";
    talk_turn(&talk);
    const PbSubscribed *s = talk_answer(&talk, second, 0)->subscribed;
    assert_int_equal(s->error->code, SG_ST_IN_USE);
    assert_string_equal(s->holder_device, "meja");
    assert_true(s->holder_since_ms > 0);
    ack(reader, "satu", 1); /* waits for a commit: it must not be lost by the take-over */

    talk_subscribe(&talk, DINSOS, second, "satu", "referral.submitted", true)->device = "gudang";
    talk_turn(&talk);
    assert_int_equal(talk_answer(&talk, reader, 0)->bye->code, SG_ST_TAKEN_OVER);
    assert_int_equal(talk_fate(&talk, reader, 0), FRAME_SEND_AND_CUT);
    assert_int_equal(talk_answer(&talk, second, 0)->subscribed->acked_through, 1);
    assert_int_equal(delivered(second, seqs, 8), 2); /* what was not acknowledged, again */
    (void)talk_subscribe(&talk, DINSOS, third, "satu", NULL, true);
    talk_turn(&talk);
    assert_int_equal(talk_answer(&talk, second, 0)->bye->code, SG_ST_TAKEN_OVER);
}

static void the_same_device_replaces_itself(void **state)
{
    (void)state;
    struct peer again = talk_connect(&talk, DINSOS);
    assert_null(subscribe(reader, "satu")->error);
    assert_null(subscribe(again, "satu")->error);
    assert_int_equal(talk_answer(&talk, reader, 0)->bye->code, SG_ST_TAKEN_OVER);
    assert_null(subscribe(again, "satu")->error); /* on one connection: nobody is cut */
    assert_null(talk_answer(&talk, again, 0)->bye);
}

static void so_many_on_one_connection(void **state)
{
    (void)state;
    char name[16];
    struct peer other = talk_connect(&talk, DINSOS);
    assert_null(subscribe(other, "lain")->error);
    for (unsigned i = 0; i < SG_SUBSCRIPTIONS_MAX; i++) {
        (void)snprintf(name, sizeof name, "s%u", i);
        assert_null(subscribe(reader, name)->error);
    }
    assert_int_equal(subscribe(reader, "lain")->error->code, SG_ST_QUOTA);
    assert_int_equal(talk_answer_count(&talk, other), 0); /* nothing was taken from it */
    assert_null(subscribe(reader, "s3")->error);
}

/* ---- acknowledging ---- */

static uint64_t acked_after_reconnect(const char *name)
{
    reader = talk_connect(&talk, DINSOS);
    const PbSubscribed *s = subscribe(reader, name);
    assert_null(s->error);
    return s->acked_through;
}

static void what_was_acknowledged_stays_so(void **state)
{
    (void)state;
    uint64_t seqs[8];
    (void)subscribe(reader, "satu");
    assert_int_equal(delivered(reader, seqs, 8), 3);
    ack(reader, "satu", seqs[1]);
    ack(reader, "satu", seqs[0]); /* never back */
    assert_false(talk.out.committed);
    city.mono_ns = talk.out.next_mono_ns; /* at most 200 ms later */
    talk_turn(&talk);
    assert_true(talk.out.committed);
    world_restart(&city);
    writer = talk_connect(&talk, SATPOLPP);
    assert_int_equal(acked_after_reconnect("satu"), seqs[1]);

    (void)talk_ack(&talk, DINSOS, reader, "satu", seqs[2]); /* and leaves in the same turn */
    (void)talk_bye(&talk, DINSOS, reader);
    talk_settle(&talk);
    assert_int_equal(acked_after_reconnect("satu"), seqs[2]);

    write_one(4);
    uint64_t next;
    assert_int_equal(delivered(reader, &next, 1), 1);
    ack(reader, "satu", next);
    broker_peer_gone(city.broker, reader);
    assert_int_equal(acked_after_reconnect("satu"), next);

    write_one(5);
    assert_int_equal(delivered(reader, &next, 1), 1);
    (void)talk_ack(&talk, DINSOS, reader, "satu", next);
    talk.stopping = true;
    talk_turn(&talk);
    talk.stopping = false;
    world_restart(&city);
    assert_int_equal(acked_after_reconnect("satu"), next);
}

static void what_was_not_sent_cannot_be_acknowledged(void **state)
{
    (void)state;
    (void)subscribe(reader, "satu");
    ack(reader, "tidak-ada", 900); /* of a subscription that is not held: nothing */
    assert_int_equal(talk_answer_count(&talk, reader), 0);
    ack(reader, "satu", 900);
    assert_int_equal(talk_answer(&talk, reader, 0)->bye->code, SG_ST_PROTOCOL);
    assert_int_equal(talk_fate(&talk, reader, 0), FRAME_SEND_AND_CUT);
}

/* ---- refusing ---- */

static void a_refused_record_comes_again(void **state)
{
    (void)state;
    uint64_t seqs[8], again[8];
    (void)subscribe(reader, "satu");
    assert_int_equal(delivered(reader, seqs, 8), 3);
    (void)talk_nack(&talk, DINSOS, reader, "satu", seqs[1], 500);
    talk_turn(&talk);
    assert_int_equal(delivered(reader, again, 8), 0);
    assert_true(talk.out.next_mono_ns <= city.mono_ns + 500 * ms_ns);
    city.mono_ns += 499 * ms_ns;
    talk_turn(&talk);
    assert_int_equal(delivered(reader, again, 8), 0);
    city.mono_ns += ms_ns;
    talk_turn(&talk);
    assert_int_equal(delivered(reader, again, 8), 2);
    assert_int_equal(again[0], seqs[1]);
    (void)talk_nack(&talk, DINSOS, reader, "satu", seqs[2] + 9, 0); /* was not sent */
    talk_turn(&talk);
    assert_int_equal(talk_answer_count(&talk, reader), 0);

    /* A refusal acknowledges nothing; its delay outlives the connection. */
    (void)talk_nack(&talk, DINSOS, reader, "satu", seqs[2], 60000);
    talk_turn(&talk);
    broker_peer_gone(city.broker, reader);
    assert_int_equal(acked_after_reconnect("satu"), 0);
    assert_int_equal(delivered(reader, again, 8), 0);
    city.now_ms += 60000;
    city.mono_ns += 20000 * ms_ns;
    (void)talk_ping(&talk, DINSOS, reader);
    talk_turn(&talk);
    city.mono_ns += 20000 * ms_ns;
    (void)talk_ping(&talk, DINSOS, reader);
    talk_turn(&talk);
    city.mono_ns += 20000 * ms_ns;
    (void)talk_ping(&talk, DINSOS, reader);
    talk_turn(&talk);
    assert_int_equal(delivered(reader, again, 8), 3);
}

static void the_fifth_refusal_buries_it(void **state)
{
    (void)state;
    uint64_t seqs[8], again[8];
    (void)subscribe(reader, "satu");
    assert_int_equal(delivered(reader, seqs, 8), 3);
    for (unsigned i = 1; i < SG_DEAD_AFTER_ATTEMPTS; i++) {
        (void)talk_nack(&talk, DINSOS, reader, "satu", seqs[1], 0);
        talk_turn(&talk);
        assert_int_equal(delivered(reader, again, 8), 2);
        assert_int_equal(again[0], seqs[1]);
    }
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    PbNack nack = PB_NACK__INIT;
    char name[] = "satu", reason[160] = "";
    for (size_t i = 0; i < 70; i++) /* cut in the middle of a letter, if it is not careful */
        memcpy(reason + 1 + 2 * i, "\xc3\xa9", 3);
    reason[0] = 'x';
    nack.subscription = name;
    nack.has_seq = true;
    nack.seq = seqs[1];
    nack.reason = reason;
    frame.nack = &nack;
    (void)talk_frame(&talk, DINSOS, reader, &frame);
    talk_turn(&talk);
    assert_int_equal(delivered(reader, again, 8), 1); /* on behind it */
    assert_int_equal(again[0], seqs[2]);

    (void)talk_query(&talk, DINSOS, reader, PB_QUERY_KIND_DEAD_LETTERS, (struct sg_bytes){NULL, 0});
    talk_turn(&talk);
    const PbQueryResult *dead = talk_answer(&talk, reader, 0)->query_result;
    assert_int_equal(dead->n_dead_letters, 1);
    assert_int_equal(dead->dead_letters[0]->seq, seqs[1]);
    assert_int_equal(dead->dead_letters[0]->attempts, SG_DEAD_AFTER_ATTEMPTS);
    assert_string_equal(dead->dead_letters[0]->type, "referral.submitted");
    assert_true(sg_utf8_valid(sg_bytes_of(dead->dead_letters[0]->reason), true));

    broker_peer_gone(city.broker, reader); /* nothing was acknowledged: all but it comes again */
    reader = talk_connect(&talk, DINSOS);
    assert_int_equal(subscribe(reader, "satu")->acked_through, 0);
    assert_int_equal(delivered(reader, again, 8), 2);
    assert_int_equal(again[0], seqs[0]);
    assert_int_equal(again[1], seqs[2]);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, begin, end)
UNIT_MAIN(ROW(names_follow_their_form), ROW(filters_name_topics), ROW(starts_follow_the_table),
          ROW(one_device_holds_it), ROW(the_same_device_replaces_itself),
          ROW(so_many_on_one_connection), ROW(what_was_acknowledged_stays_so),
          ROW(what_was_not_sent_cannot_be_acknowledged), ROW(a_refused_record_comes_again),
          ROW(the_fifth_refusal_buries_it))
