#include "unit/unit.h"

#include "lib/outbox.h"
#include "wire/codec.h"
#include "wire/keyfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fixture {
    char folder[64];
    struct outbox *outbox;
    struct sg_arena arena;
    struct sg_id store;
    uint8_t secret[64], public[32], body[SG_BODY_MAX];
};

static const int64_t now_ms = 1704675600000;

static struct outbox_signer signer(const struct fixture *f)
{
    return (struct outbox_signer){"satpolpp", f->secret, &f->store};
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct sg_device_key *key = NULL;
    *state = f;
    strcpy(f->folder, "/tmp/sinergi-test-XX"
                      "XX"
                      "XX");
    f->store.b[0] = 1;
    if (sg_crypto_init(NULL) || sg_device_key_make("satpolpp", "posko", &key, NULL))
        return -1;
    memcpy(f->secret, key->sign_secret, sizeof f->secret);
    memcpy(f->public, key->sign_public, sizeof f->public);
    sg_device_key_free(&key);
    return mkdtemp(f->folder) && !sg_arena_init(&f->arena, 8 << 20, NULL) &&
                   !outbox_open(f->folder, &f->store, "satpolpp", now_ms, &f->outbox, NULL)
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    outbox_close(&f->outbox);
    sg_arena_done(&f->arena);
    for (const char *const *name =
             (const char *const[]){"outbox.mdb", "outbox.mdb-lock", "outbox.lock", NULL};
         *name; name++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s/%s", f->folder, *name);
        (void)unlink(path);
    }
    int rc = rmdir(f->folder);
    free(f);
    return rc;
}

static void reopen(struct fixture *f)
{
    struct sg_why why = {0};
    outbox_close(&f->outbox);
    UNIT_OK(outbox_open(f->folder, &f->store, "satpolpp", now_ms, &f->outbox, &why));
}

/* `count` events of `size` bytes each, in one commit. */
static struct outbox_place append(struct fixture *f, size_t count, size_t size)
{
    static uint8_t bytes[SG_EVENT_MAX];
    struct outbox_event *events = calloc(count, sizeof *events);
    struct sg_why why = {0};
    assert_non_null(events);
    for (size_t i = 0; i < count; i++) {
        events[i] = (struct outbox_event){.clear = {bytes, size}, .type = 101};
        sg_event_digest(events[i].clear, events[i].personal, events[i].digest);
    }
    struct outbox_signer by = signer(f);
    struct outbox_place *places = calloc(count, sizeof *places);
    assert_non_null(places);
    UNIT_OK(outbox_append(f->outbox, &by, events, count, &f->arena, places, &why));
    struct outbox_place first = places[0];
    for (size_t i = 0; i < count; i++)
        assert_int_equal(places[i].number, first.number + i);
    free(places);
    free(events);
    return first;
}

/* The next frame from `at`, decoded; its signature must hold. */
static struct outbox_frame frame_at(struct fixture *f, const struct outbox_place *at)
{
    struct outbox_frame frame = {0};
    struct sg_why why = {0};
    UNIT_OK(outbox_frame(f->outbox, at, f->body, &frame, &why));
    PbClientFrame *decoded = NULL;
    sg_arena_reset(&f->arena, 0);
    UNIT_OK(sg_decode(&pb_client_frame__descriptor, (struct sg_bytes){f->body, frame.body_len},
                      &f->arena, &decoded, &why));
    const PbPublish *publish = decoded->publish;
    assert_non_null(publish);
    assert_int_equal(publish->n_events, frame.count);
    assert_int_equal(publish->first_number, frame.first.number);
    uint8_t digests[SG_FRAME_EVENTS_MAX * SG_HASH_BYTES];
    for (size_t i = 0; i < publish->n_events; i++) {
        const PbEventParts *parts = publish->events[i];
        sg_event_digest((struct sg_bytes){parts->clear.data, parts->clear.len},
                        (struct sg_bytes){parts->personal.data, parts->personal.len},
                        digests + i * SG_HASH_BYTES);
    }
    struct sg_frame_claim claim = {&f->store,          &frame.first.outbox, "satpolpp",
                                   frame.first.number, frame.count,         digests};
    assert_true(sg_frame_verify(&claim, f->public, publish->signature.data));
    return frame;
}

static struct outbox_state current(struct fixture *f)
{
    struct outbox_state state = {0};
    struct sg_why why = {0};
    UNIT_OK(outbox_current(f->outbox, &state, &why));
    return state;
}

enum { RESULT_MAX = 64 };

/* Answers for numbers first … first + count - 1; every `refused`-th is refused with `code`. */
static void answer(struct fixture *f, struct sg_id outbox, uint64_t first, size_t count,
                   size_t refused, uint32_t code)
{
    static PbOutcome outcomes[RESULT_MAX], *list[RESULT_MAX];
    static PbInclusion inclusion;
    PbError error = PB_ERROR__INIT;
    PbSignedBlock block = PB_SIGNED_BLOCK__INIT, *blocks[] = {&block};
    PbPublishResult result = PB_PUBLISH_RESULT__INIT;
    error.has_code = 1;
    error.code = code;
    pb_inclusion__init(&inclusion);
    inclusion.has_block_index = 1;
    block.has_epoch = block.has_height = 1;
    block.epoch = 1;
    block.height = first;
    result.has_outbox_id = 1;
    result.outbox_id = (ProtobufCBinaryData){sizeof outbox.b, outbox.b};
    result.outcomes = list;
    result.n_blocks = 1;
    result.blocks = blocks;
    for (; result.n_outcomes < count; result.n_outcomes++) {
        PbOutcome *outcome = &outcomes[result.n_outcomes];
        bool refuse = refused && (result.n_outcomes + 1) % refused == 0;
        pb_outcome__init(outcome);
        outcome->has_number = outcome->has_status = outcome->has_seq = 1;
        outcome->number = first + result.n_outcomes;
        outcome->status = refuse ? PB_OUTCOME_STATUS_REJECTED : PB_OUTCOME_STATUS_ACCEPTED;
        outcome->error = refuse ? &error : NULL;
        outcome->inclusion = refuse ? NULL : &inclusion;
        outcome->seq = 1000 + outcome->number;
        list[result.n_outcomes] = outcome;
    }
    struct outbox_signer by = signer(f);
    struct outbox_seen seen = {.epoch = 1, .height = first};
    struct sg_why why = {0};
    sg_arena_reset(&f->arena, 0);
    UNIT_OK(outbox_answer(f->outbox, &by, &result, &seen, &f->arena, &why));
}

static void numbers_begin_at_one_and_frames_are_bounded(void **state)
{
    struct fixture *f = *state;
    static const struct row {
        const char *name;
        size_t count, size, first_frame;
    } rows[] = {
        {"one event", 1, 300, 1},
        {"a whole frame", 48, 300, 48},
        {"one more than a frame", 49, 300, 48},
        {"the largest events", 5, SG_EVENT_MAX, 3},
    };
    uint64_t next = 1;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct outbox_place first = append(f, rows[i].count, rows[i].size);
        struct outbox_frame frame = frame_at(f, &first);
        if (first.number != next || frame.count != rows[i].first_frame)
            fail_msg("%s: number %d, frame of %d", rows[i].name, (int)first.number,
                     (int)frame.count);
        assert_true(frame.body_len <= SG_BODY_MAX);
        next += rows[i].count;
    }
    assert_int_equal(current(f).last_number, next - 1);
    assert_int_equal(current(f).answered_through, 0);
}

static void an_event_larger_than_a_frame_stores_nothing(void **state)
{
    struct fixture *f = *state;
    static uint8_t bytes[SG_BODY_MAX];
    struct outbox_event event = {.clear = {bytes, sizeof bytes}, .type = 101};
    struct outbox_signer by = signer(f);
    struct outbox_place place;
    struct sg_why why = {0};
    assert_int_equal(outbox_append(f->outbox, &by, &event, 1, &f->arena, &place, &why), SG_E_LIMIT);
    assert_int_equal(current(f).last_number, 0);
}

static void frames_are_resent_byte_for_byte(void **state)
{
    struct fixture *f = *state;
    struct outbox_place none = {0}, first = append(f, 60, 200);
    struct outbox_frame one = frame_at(f, &none);
    static uint8_t before[SG_BODY_MAX];
    memcpy(before, f->body, one.body_len);
    assert_int_equal(one.first.number, first.number);
    reopen(f);
    struct outbox_frame again = frame_at(f, &none);
    assert_int_equal(again.body_len, one.body_len);
    assert_memory_equal(before, f->body, one.body_len);

    struct outbox_place second = {first.outbox, first.number + one.count};
    assert_int_equal(frame_at(f, &second).count, 12);
    struct outbox_place behind = {first.outbox, first.number + 60};
    struct outbox_frame frame;
    struct sg_why why = {0};
    (void)frame;
    answer(f, first.outbox, 1, 48, 0, 0);
    assert_int_equal(frame_at(f, &none).first.number, 49);
    answer(f, first.outbox, 49, 12, 0, 0);
    assert_int_equal(outbox_frame(f->outbox, &none, f->body, &frame, &why), SG_E_NOT_FOUND);
    assert_int_equal(outbox_frame(f->outbox, &behind, f->body, &frame, &why), SG_E_NOT_FOUND);
    struct outbox_place inside = {first.outbox, 5};
    assert_int_equal(outbox_frame(f->outbox, &inside, f->body, &frame, &why), SG_E_STATE);
}

static void outcomes_are_kept_and_the_first_one_stays(void **state)
{
    struct fixture *f = *state;
    struct outbox_place at = append(f, 4, 200);
    struct outbox_row row;
    struct sg_why why = {0};
    UNIT_OK(outbox_row(f->outbox, &at, &f->arena, &row, &why));
    assert_null(row.outcome);
    assert_int_equal(row.type, 101);
    answer(f, at.outbox, 1, 4, 3, SG_ST_BAD_CODE);
    answer(f, at.outbox, 1, 4, 1, SG_ST_SCHEMA); /* a later answer changes nothing */
    reopen(f);
    assert_int_equal(current(f).answered_through, 4);
    assert_int_equal(current(f).rejected, 1);
    for (at.number = 1; at.number <= 4; at.number++) {
        UNIT_OK(outbox_row_next(f->outbox, &at, &f->arena, &row, &why));
        assert_int_equal(row.place.number, at.number);
        assert_int_equal(row.outcome->seq, 1000 + at.number);
        assert_int_equal(row.outcome->status,
                         at.number == 3 ? PB_OUTCOME_STATUS_REJECTED : PB_OUTCOME_STATUS_ACCEPTED);
        assert_int_equal(row.height, at.number == 3 ? 0 : 1);
    }
    at.number = 5;
    assert_int_equal(outbox_row(f->outbox, &at, &f->arena, &row, &why), SG_E_NOT_FOUND);
    PbSignedBlock *block = NULL;
    UNIT_OK(outbox_block_next(f->outbox, 0, 0, &f->arena, &block, &why));
    assert_int_equal(block->height, 1);
    assert_int_equal(outbox_block_next(f->outbox, 1, 2, &f->arena, &block, &why), SG_E_NOT_FOUND);
}

static void a_frame_is_cut_where_the_broker_stands(void **state)
{
    struct fixture *f = *state;
    struct outbox_signer by = signer(f);
    struct outbox_place first = append(f, 10, 200);
    struct outbox_place at = {first.outbox, 4}, none = {first.outbox, 11};
    struct sg_why why = {0};
    UNIT_OK(outbox_cut(f->outbox, &by, &at, &f->arena, &why));
    UNIT_OK(outbox_cut(f->outbox, &by, &at, &f->arena, &why)); /* cut already: nothing to do */
    assert_int_equal(frame_at(f, &first).count, 3);
    assert_int_equal(frame_at(f, &at).count, 7);
    assert_int_equal(outbox_cut(f->outbox, &by, &none, &f->arena, &why), SG_E_NOT_FOUND);
}

static void a_restored_device_begins_a_new_outbox(void **state)
{
    struct fixture *f = *state;
    struct sg_why why = {0};
    struct outbox_place old = append(f, 2, 200), none = {0};
    UNIT_OK(outbox_renew(f->outbox, now_ms + 1, &why));
    struct outbox_place fresh = append(f, 1, 200);
    assert_int_equal(fresh.number, 1);
    assert_false(sg_id_equal(&fresh.outbox, &old.outbox));
    struct outbox_state states[4];
    size_t count = 0;
    UNIT_OK(outbox_list(f->outbox, states, SG_ARRAY_LEN(states), &count, &why));
    assert_int_equal(count, 2);

    /* The old one is sent first. Its second place was taken by what the image did not hold: that
     * event goes on in the new outbox. */
    struct outbox_frame sent_first = frame_at(f, &none);
    assert_true(sg_id_equal(&sent_first.first.outbox, &old.outbox));
    answer(f, old.outbox, 1, 2, 2, SG_ST_DUPLICATE_CONFLICT);
    assert_int_equal(current(f).last_number, 2);
    struct outbox_place moved = {fresh.outbox, 2};
    assert_int_equal(frame_at(f, &moved).count, 1);
    struct outbox_row row;
    UNIT_OK(outbox_row(f->outbox, &moved, &f->arena, &row, &why));
    assert_null(row.outcome);
    assert_int_equal(row.type, 101);
}

static void what_the_broker_told_is_remembered(void **state)
{
    struct fixture *f = *state;
    struct outbox_seen seen = {.epoch = 1, .height = 7, .hash = {9}}, got;
    struct outbox_clock clock = {now_ms, true, 77, {{8}}}, told;
    struct sg_why why = {0};
    UNIT_OK(outbox_seen(f->outbox, &got, &why));
    assert_int_equal(got.height, 0);
    UNIT_OK(outbox_clock(f->outbox, &told, &why));
    assert_int_equal(told.server_ms, 0);
    UNIT_OK(outbox_remember(f->outbox, &seen, &clock, &why));
    reopen(f);
    UNIT_OK(outbox_seen(f->outbox, &got, &why));
    assert_memory_equal(&got, &seen, sizeof seen);
    UNIT_OK(outbox_clock(f->outbox, &told, &why));
    assert_int_equal(told.server_ms, now_ms);
    assert_true(told.demo);
    assert_int_equal(told.boot_ns, 77);
    assert_true(sg_id_equal(&told.boot, &clock.boot));
}

/* ---- keys -------------------------------------------------------------------------------- */

static struct outbox_key key_of(uint8_t name, uint8_t content)
{
    return (struct outbox_key){.name = {name}, .content = {content}, .object = {{name, 1}}};
}

/* One commit of events with these keys; a zero name is an event without one. */
static void append_keyed(struct fixture *f, const uint8_t *names, size_t count,
                         struct outbox_place *out_places)
{
    static const uint8_t bytes[100];
    struct outbox_key keys[8];
    struct outbox_event events[8];
    for (size_t i = 0; i < count; i++) {
        keys[i] = key_of(names[i], 5);
        events[i] = (struct outbox_event){
            .clear = {bytes, sizeof bytes}, .type = 101, .key = names[i] ? &keys[i] : NULL};
        sg_event_digest(events[i].clear, events[i].personal, events[i].digest);
    }
    struct outbox_signer by = signer(f);
    struct sg_why why = {0};
    UNIT_OK(outbox_append(f->outbox, &by, events, count, &f->arena, out_places, &why));
}

static void a_key_is_taken_once(void **state)
{
    struct fixture *f = *state;
    struct outbox_place places[8];
    struct outbox_known known;
    struct sg_why why = {0};
    assert_int_equal(outbox_known(f->outbox, key_of(1, 0).name, &known, &why), SG_E_NOT_FOUND);
    append_keyed(f, (const uint8_t[]){1, 0, 2, 1}, 4, places);
    const uint64_t want[] = {1, 2, 3, 1}; /* the same key twice in one commit too */
    for (size_t i = 0; i < SG_ARRAY_LEN(want); i++)
        assert_int_equal(places[i].number, want[i]);
    reopen(f);
    append_keyed(f, (const uint8_t[]){2, 3, 1}, 3, places);
    const uint64_t then[] = {3, 4, 1};
    for (size_t i = 0; i < SG_ARRAY_LEN(then); i++)
        assert_int_equal(places[i].number, then[i]);
    assert_int_equal(current(f).last_number, 4);
    append_keyed(f, (const uint8_t[]){1, 2, 3}, 3, places); /* nothing new: no frame */
    assert_int_equal(current(f).last_number, 4);
    UNIT_OK(outbox_known(f->outbox, key_of(3, 0).name, &known, &why));
    assert_int_equal(known.place.number, 4);
    assert_int_equal(known.key.content[0], 5);
    assert_int_equal(known.key.object.b[0], 3);
}

static void the_key_of_a_refused_event_is_free_again(void **state)
{
    struct fixture *f = *state;
    struct outbox_place places[8];
    struct outbox_known known;
    struct sg_why why = {0};
    append_keyed(f, (const uint8_t[]){1, 2}, 2, places);
    answer(f, places[0].outbox, 1, 2, 2, SG_ST_BAD_TRANSITION); /* the second one is refused */
    UNIT_OK(outbox_known(f->outbox, key_of(1, 0).name, &known, &why));
    assert_int_equal(outbox_known(f->outbox, key_of(2, 0).name, &known, &why), SG_E_NOT_FOUND);
    append_keyed(f, (const uint8_t[]){1, 2}, 2, places);
    assert_int_equal(places[0].number, 1);
    assert_int_equal(places[1].number, 3);
    UNIT_OK(outbox_known(f->outbox, key_of(2, 0).name, &known, &why));
    assert_int_equal(known.place.number, 3);
}

static void a_key_holds_when_its_event_moved_to_a_new_outbox(void **state)
{
    struct fixture *f = *state;
    struct outbox_place places[8];
    struct outbox_known known;
    struct sg_why why = {0};
    append_keyed(f, (const uint8_t[]){1}, 1, places);
    UNIT_OK(outbox_renew(f->outbox, now_ms + 1, &why));
    answer(f, places[0].outbox, 1, 1, 1, SG_ST_DUPLICATE_CONFLICT);
    assert_int_equal(current(f).last_number, 1); /* there it goes on */
    UNIT_OK(outbox_known(f->outbox, key_of(1, 0).name, &known, &why));
}

/* ---- corrections ------------------------------------------------------------------------- */

static struct outbox_place append_correction(struct fixture *f, const struct outbox_place *of)
{
    struct outbox_place at = *of, place;
    PbEventRef ref = PB_EVENT_REF__INIT;
    PbEventCorrected corrected = PB_EVENT_CORRECTED__INIT;
    PbEnvelope envelope = PB_ENVELOPE__INIT;
    ref.has_outbox_id = ref.has_number = 1;
    ref.outbox_id = (ProtobufCBinaryData){SG_ID_BYTES, at.outbox.b};
    ref.number = at.number;
    corrected.corrected = &ref;
    envelope.event_corrected = &corrected;
    struct outbox_event event = {.type = 124};
    struct sg_why why = {0};
    sg_arena_reset(&f->arena, 0);
    UNIT_OK(sg_encode(&envelope, &f->arena, &event.clear, &why));
    sg_event_digest(event.clear, event.personal, event.digest);
    struct outbox_signer by = signer(f);
    UNIT_OK(outbox_append(f->outbox, &by, &event, 1, &f->arena, &place, &why));
    return place;
}

static void the_last_correction_that_holds_is_known(void **state)
{
    struct fixture *f = *state;
    struct sg_why why = {0};
    struct outbox_place first = append(f, 2, 100), found;
    struct outbox_place second = {first.outbox, first.number + 1};
    assert_int_equal(outbox_correction(f->outbox, &first, &found, &why), SG_E_NOT_FOUND);
    (void)append_correction(f, &first);
    (void)append_correction(f, &first);
    (void)append_correction(f, &first); /* number 5 */
    UNIT_OK(outbox_correction(f->outbox, &first, &found, &why));
    assert_int_equal(found.number, 5);
    assert_int_equal(outbox_correction(f->outbox, &second, &found, &why), SG_E_NOT_FOUND);
    answer(f, first.outbox, 1, 5, 5, SG_ST_CORRECTION_DEPENDS);
    UNIT_OK(outbox_correction(f->outbox, &first, &found, &why));
    assert_int_equal(found.number, 4);
}

static void an_event_can_be_read_again(void **state)
{
    struct fixture *f = *state;
    struct outbox_place first = append(f, 60, 100), at = {first.outbox, 55};
    struct sg_bytes clear, personal;
    struct sg_why why = {0};
    UNIT_OK(outbox_event(f->outbox, &at, &f->arena, &clear, &personal, &why));
    assert_int_equal(clear.len, 100);
    assert_int_equal(personal.len, 0);
    at.number = 61;
    assert_int_equal(outbox_event(f->outbox, &at, &f->arena, &clear, &personal, &why),
                     SG_E_NOT_FOUND);
}

static void a_folder_belongs_to_one_agency_and_store(void **state)
{
    struct fixture *f = *state;
    struct outbox *other = NULL;
    struct sg_id store = {{2}};
    struct sg_why why = {0};
    outbox_close(&f->outbox);
    assert_int_equal(outbox_open(f->folder, &f->store, "dinsos", now_ms, &other, &why), SG_E_CONF);
    assert_non_null(strstr(why.text, "agency"));
    assert_int_equal(outbox_open(f->folder, &store, "satpolpp", now_ms, &other, &why), SG_E_CONF);
    assert_non_null(strstr(why.text, "store"));
    assert_int_equal(outbox_open("/nonexistent", &store, "a", now_ms, &other, &why), SG_E_STORE);
    assert_null(other);
    UNIT_OK(outbox_open(f->folder, &f->store, "satpolpp", now_ms, &f->outbox, &why));
}

static void the_send_lock_is_given_back(void **state)
{
    struct fixture *f = *state;
    assert_true(outbox_lock(f->outbox));
    assert_true(outbox_lock(f->outbox)); /* held already */
    outbox_unlock(f->outbox);
    assert_true(outbox_lock(f->outbox));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
UNIT_MAIN(TEST(numbers_begin_at_one_and_frames_are_bounded),
          TEST(an_event_larger_than_a_frame_stores_nothing), TEST(frames_are_resent_byte_for_byte),
          TEST(outcomes_are_kept_and_the_first_one_stays),
          TEST(a_frame_is_cut_where_the_broker_stands), TEST(a_restored_device_begins_a_new_outbox),
          TEST(what_the_broker_told_is_remembered), TEST(a_folder_belongs_to_one_agency_and_store),
          TEST(the_send_lock_is_given_back), TEST(a_key_is_taken_once),
          TEST(the_key_of_a_refused_event_is_free_again),
          TEST(a_key_holds_when_its_event_moved_to_a_new_outbox),
          TEST(the_last_correction_that_holds_is_known), TEST(an_event_can_be_read_again))
