/* Places: what is new, what was used, what does not fit; remembered outcomes; receipts of both. */
#include "unit/unit.h"

#include "kit/talk.h"
#include "wire/merkle.h"
#include "wire/sign.h"

static struct world_city city;
static struct talk talk;
static struct peer peer;

static int begin(void **state)
{
    (void)state;
    world_open(&city, "2026-05-04T01:00:00Z");
    talk_open(&talk, &city);
    peer = talk_connect(&talk, SATPOLPP);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_close(&city);
    return 0;
}

/* Events number `from` to `to` of the outbox, as referrals with these numbers. */
static const PbPublishResult *publish(unsigned from, unsigned to, unsigned first_number)
{
    struct talk_event events[SG_FRAME_EVENTS_MAX];
    for (unsigned i = from; i <= to; i++)
        events[i - from] = talk_referral(&talk, i);
    (void)talk_publish(&talk, SATPOLPP, peer, NULL, first_number, events, to - from + 1);
    talk_turn(&talk);
    assert_int_equal(talk_answer_count(&talk, peer), 1);
    return talk_answer(&talk, peer, 0)->publish_result;
}

static void places_decide(void **state)
{
    (void)state;
    enum { NEW = PB_OUTCOME_STATUS_ACCEPTED, OLD = PB_OUTCOME_STATUS_DUPLICATE, BAD = 99 };
    static const struct row {
        const char *name;
        unsigned from, to, first; /* events, and the number that the frame begins with */
        int status;               /* of all, or BAD: E_SEQ_GAP */
        uint64_t expected;
    } rows[] = {
        {"the first is not 1", 1, 1, 2, BAD, 1},
        {"the first three", 1, 3, 1, NEW, 0},
        {"the same again", 1, 3, 1, OLD, 0},
        {"another cut", 2, 2, 2, OLD, 0},
        {"over a gap", 5, 5, 5, BAD, 4},
        {"the next", 4, 5, 4, NEW, 0},
        {"a cut over two frames", 2, 5, 2, OLD, 0},
        {"old and new in one", 5, 6, 5, BAD, 6},
        {"the next one", 6, 6, 6, NEW, 0},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];
        const PbPublishResult *result = publish(row->from, row->to, row->first);
        assert_int_equal(result->first_number, row->first);
        if (row->status == BAD) {
            if (!result->frame_error || result->frame_error->code != SG_ST_SEQ_GAP ||
                result->frame_error->expected_number != row->expected || result->n_outcomes)
                fail_msg("%s: no gap at %u", row->name, (unsigned)row->expected);
            continue;
        }
        if (result->frame_error || result->n_outcomes != row->to - row->from + 1)
            fail_msg("%s: %zu outcomes", row->name, result->n_outcomes);
        for (size_t k = 0; k < result->n_outcomes; k++) {
            const PbOutcome *o = result->outcomes[k];
            if ((int)o->status != row->status || o->number != row->first + k || !o->seq)
                fail_msg("%s: number %u status %d", row->name, (unsigned)o->number, (int)o->status);
        }
    }
}

static void a_used_place_remembers(void **state)
{
    (void)state;
    const PbOutcome first = *publish(1, 1, 1)->outcomes[0];
    const PbPublishResult *other = publish(2, 2, 1);
    assert_int_equal(other->outcomes[0]->status, PB_OUTCOME_STATUS_REJECTED);
    assert_int_equal(other->outcomes[0]->error->code, SG_ST_DUPLICATE_CONFLICT);
    world_restart(&city);
    peer = talk_connect(&talk, SATPOLPP);
    const PbOutcome *again = publish(1, 1, 1)->outcomes[0];
    assert_int_equal(again->status, PB_OUTCOME_STATUS_DUPLICATE);
    assert_int_equal(again->seq, first.seq);
    assert_int_equal(again->accepted_at_ms, first.accepted_at_ms);
    assert_int_equal(again->n_minted, 1);
    assert_int_equal(again->minted[0]->kind, PB_MINTED__KIND_PERSON_REF);
    assert_memory_equal(again->minted[0]->id.data, first.minted[0]->id.data, SG_ID_BYTES);

    struct talk_event refused = talk_event(&talk, SATPOLPP, "{\"slotOffered\":{}}");
    for (int i = 0; i < 2; i++) {
        (void)talk_publish(&talk, SATPOLPP, peer, NULL, 2, &refused, 1);
        talk_turn(&talk);
        const PbOutcome *o = talk_answer(&talk, peer, 0)->publish_result->outcomes[0];
        assert_int_equal(o->status, i ? PB_OUTCOME_STATUS_DUPLICATE : PB_OUTCOME_STATUS_REJECTED);
        assert_int_equal(o->error->code, SG_ST_MISSING_FIELD);
        assert_int_equal(o->seq, 0);
        assert_null(o->inclusion);
    }
}

/* ---- check 0 ---- */

static void frames_are_refused_whole(void **state)
{
    (void)state;
    static uint8_t large[SG_BODY_MAX - 150];
    struct talk_event event = talk_referral(&talk, 1);
    struct talk_event many[SG_FRAME_EVENTS_MAX + 1];
    for (size_t i = 0; i < SG_ARRAY_LEN(many); i++)
        many[i] = (struct talk_event){sg_bytes_of("x"), {NULL, 0}};
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    PbPublish p = PB_PUBLISH__INIT;
    PbEventParts parts = PB_EVENT_PARTS__INIT, *list[] = {&parts};
    frame.publish = &p;
    p.events = list;
    p.n_events = 1;
    p.has_outbox_id = p.has_signature = p.has_first_number = true;
    p.signature = (ProtobufCBinaryData){SG_SIGNATURE_BYTES, large};
    p.first_number = 1;
    for (int i = 0; i < 6; i++) {
        static const char *const names[] = {"no event",       "49 events",     "number 0",
                                            "a short outbox", "a long outbox", "no signature"};
        p.outbox_id = (ProtobufCBinaryData){i == 3 ? 15 : i == 4 ? sizeof large : 16, large};
        p.n_events = i == 0 ? 0 : 1;
        p.first_number = i != 2;
        p.has_signature = i != 5;
        if (i == 1)
            (void)talk_publish(&talk, SATPOLPP, peer, NULL, 1, many, SG_ARRAY_LEN(many));
        else
            (void)talk_frame(&talk, SATPOLPP, peer, &frame);
        talk_turn(&talk);
        const PbServerFrame *answer = talk_answer(&talk, peer, 0);
        if (!answer || !answer->publish_result || !answer->publish_result->frame_error ||
            answer->publish_result->frame_error->code != SG_ST_PROTOCOL)
            fail_msg("%s: not refused", names[i]);
    }
    struct sg_id foreign = sg_id_make(5);
    struct peer owner = talk_connect(&talk, DINSOS);
    (void)talk_publish(&talk, DINSOS, owner, &foreign, 1, many, 1);
    talk_turn(&talk);
    (void)talk_publish(&talk, SATPOLPP, peer, &foreign, 2, &event, 1);
    talk_turn(&talk);
    assert_int_equal(talk_answer(&talk, peer, 0)->publish_result->frame_error->code,
                     SG_ST_AUTH_MISMATCH);
    memset(city.agencies[3].devices[0].sign_public, 1, SG_KEY_BYTES);
    (void)talk_publish(&talk, SATPOLPP, peer, NULL, 1, &event, 1);
    talk_turn(&talk);
    assert_int_equal(talk_answer(&talk, peer, 0)->publish_result->frame_error->code,
                     SG_ST_PROTOCOL);
    assert_int_equal(broker_counters(city.broker)->events_accepted, 0);
}

static void storage_low_takes_no_event(void **state)
{
    (void)state;
    struct talk_event event = talk_referral(&talk, 1);
    talk.storage_low = true;
    (void)talk_publish(&talk, SATPOLPP, peer, NULL, 1, &event, 1);
    talk_turn(&talk);
    const PbError *error = talk_answer(&talk, peer, 0)->publish_result->frame_error;
    assert_int_equal(error->code, SG_ST_STORAGE);
    assert_true(error->retry_after_ms > 0);
    assert_false(talk.out.committed);
    struct peer reader = talk_connect(&talk, DINSOS);
    (void)talk_subscribe(&talk, DINSOS, reader, "a", NULL, false); /* readers go on */
    talk_turn(&talk);
    assert_null(talk_answer(&talk, reader, 0)->subscribed->error);
    talk.storage_low = false;
    (void)talk_publish(&talk, SATPOLPP, peer, NULL, 1, &event, 1);
    talk_turn(&talk);
    assert_int_equal(talk_answer(&talk, peer, 0)->publish_result->n_outcomes, 1);
}

/* ---- refusals and receipts ---- */

static void many_refusals_fit_into_an_answer(void **state)
{
    (void)state;
    struct talk_event events[SG_FRAME_EVENTS_MAX];
    struct talk_event bad = talk_event(
        &talk, SATPOLPP,
        "{\"referralSubmitted\":{\"referralId\":\"01968a3e-0000-7000-8000-000000000001\","
        "\"kind\":\"INTAKE\",\"targetAgency\":\"dinas-yang-tidak-ada-di-kota\",\"priority\":"
        "\"NORMAL_14D\",\"person\":{\"nameQuality\":\"FULL\",\"sex\":\"MALE\",\"birthQuality\":"
        "\"UNKNOWN\",\"nikStatus\":\"NONE\"},\"foundRegion\":\"99.99.99\"}}");
    for (size_t i = 0; i < SG_FRAME_EVENTS_MAX; i++)
        events[i] = bad;
    (void)talk_publish(&talk, SATPOLPP, peer, NULL, 1, events, SG_FRAME_EVENTS_MAX);
    talk_turn(&talk);
    const PbPublishResult *result = talk_answer(&talk, peer, 0)->publish_result;
    assert_int_equal(result->n_outcomes, SG_FRAME_EVENTS_MAX);
    for (size_t i = 0; i < result->n_outcomes; i++) {
        assert_int_equal(result->outcomes[i]->status, PB_OUTCOME_STATUS_REJECTED);
        assert_true(strlen(result->outcomes[i]->error->text_id) > 0);
        assert_true(strlen(result->outcomes[i]->error->text_en) > 0);
    }
}

static void verify(const PbPublishResult *result, const PbOutcome *o, unsigned event_number)
{
    struct talk_event event = talk_referral(&talk, event_number);
    const PbInclusion *in = o->inclusion;
    assert_non_null(in);
    assert_true(in->block_index < result->n_blocks);
    const PbSignedBlock *b = result->blocks[in->block_index];
    struct sg_block_header header = {.epoch = b->epoch,
                                     .height = b->height,
                                     .first_seq = b->first_seq,
                                     .count = b->count,
                                     .time_ms = b->time_ms};
    uint8_t digest[SG_HASH_BYTES], leaf[SG_HASH_BYTES];
    memcpy(header.store_id.b, b->store_id.data, SG_ID_BYTES);
    memcpy(header.root, b->root.data, SG_HASH_BYTES);
    memcpy(header.previous_hash, b->previous_hash.data, SG_HASH_BYTES);
    assert_true(sg_block_verify(&header, city.keys->sign_public, b->signature.data));
    assert_int_equal(b->first_seq + in->leaf_index, o->seq);
    sg_event_digest(event.clear, event.personal, digest);
    sg_leaf_hash(o->seq, o->accepted_at_ms, &city.clients[SATPOLPP].outbox, o->number, digest,
                 in->rest_hash.data, leaf);
    assert_true(sg_merkle_verify(leaf, in->leaf_index, b->count,
                                 (struct sg_bytes){in->path.data, in->path.len}, b->root.data));
}

static void receipts_hold_when_new_and_when_resent(void **state)
{
    (void)state;
    const PbPublishResult *first = publish(1, 3, 1);
    for (unsigned i = 0; i < 3; i++)
        verify(first, first->outcomes[i], i + 1);
    const PbPublishResult *second = publish(4, 4, 4);
    verify(second, second->outcomes[0], 4);
    const PbPublishResult *again = publish(2, 4, 2); /* over two old blocks */
    assert_int_equal(again->n_blocks, 2);
    for (unsigned i = 0; i < 3; i++)
        verify(again, again->outcomes[i], i + 2);
}

static void old_blocks_are_bounded_by_the_turn(void **state)
{
    (void)state;
    enum { FRAMES = SG_TURN_OLD_BLOCKS_MAX + 2 };
    for (unsigned i = 1; i <= FRAMES; i++)
        assert_int_equal(publish(i, i, i)->n_outcomes, 1);
    for (unsigned i = 1; i <= FRAMES; i++) {
        struct talk_event event = talk_referral(&talk, i);
        (void)talk_publish(&talk, SATPOLPP, peer, NULL, i, &event, 1);
    }
    talk_turn(&talk);
    for (unsigned i = 0; i < FRAMES; i++) {
        const PbPublishResult *result = talk_answer(&talk, peer, i)->publish_result;
        if (i < SG_TURN_OLD_BLOCKS_MAX)
            verify(result, result->outcomes[0], i + 1);
        else
            assert_int_equal(result->frame_error->code, SG_ST_BUSY);
    }
    /* One frame that was cut anew over all of them is answered: later it would be no better. */
    const PbPublishResult *whole = publish(1, FRAMES, 1);
    assert_int_equal(whole->n_outcomes, FRAMES);
    for (unsigned i = 0; i < FRAMES; i++)
        verify(whole, whole->outcomes[i], i + 1);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, begin, end)
UNIT_MAIN(ROW(places_decide), ROW(a_used_place_remembers), ROW(frames_are_refused_whole),
          ROW(storage_low_takes_no_event), ROW(many_refusals_fit_into_an_answer),
          ROW(receipts_hold_when_new_and_when_resent), ROW(old_blocks_are_bounded_by_the_turn))
