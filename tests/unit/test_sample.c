/* The invented events of the tests are events: they decode, without a fault, by the code lists and
 * the roster of the city that the fixture makes; the same seed gives the same bytes. */
#include "unit/unit.h"

#include "kit/fixture.h"
#include "kit/raw_outbox.h"
#include "kit/sample.h"
#include "sys/conf.h"
#include "wire/codec.h"

#include <stdlib.h>
#include <unistd.h>

enum { PEOPLE = 3000, ARENA_BYTES = 8 << 20 };
static const int64_t now_ms = INT64_C(1777862400000);

struct city {
    struct fixture *fixture;
    struct conf conf;
    struct sg_lists *lists;
    struct sg_arena arena;
};

static void begin(struct city *city)
{
    struct sg_why why = {0};
    *city = (struct city){0};
    UNIT_OK(sg_crypto_init(&why));
    UNIT_OK(fixture_new(&city->fixture, &why));
    UNIT_OK(conf_read_file(city->fixture->conf, &city->conf, &why));
    UNIT_OK(sg_lists_load(city->conf.settings.codes_path, &city->lists, &why));
    UNIT_OK(sg_arena_init(&city->arena, ARENA_BYTES, &why));
}

static void end(struct city *city)
{
    char folder[sizeof city->fixture->folder];
    memcpy(folder, city->fixture->folder, sizeof folder);
    fixture_free(&city->fixture);
    assert_int_not_equal(access(folder, F_OK), 0);
    sg_lists_free(&city->lists);
    conf_done(&city->conf);
    sg_arena_done(&city->arena);
}

static void accept(struct city *city, const char *name, struct sample *sample,
                   const PbEnvelope *envelope)
{
    struct sg_why why = {0};
    struct sg_fault fault = {0};
    struct sg_event event = {0};
    struct raw_event bytes;
    uint8_t salt[16];
    const struct sg_vocabulary vocabulary = {city->lists, city->conf.roster};
    assert_non_null(envelope);
    sample_salt(sample, salt);
    UNIT_OK(raw_event_build(envelope, salt, &city->arena, &bytes, &why));
    UNIT_OK(sg_event_decode(bytes.clear, bytes.personal, &vocabulary, &city->arena, &event, &fault,
                            &why));
    if (fault.code)
        fail_msg("%s: %s %s %s", name, sg_status_name(fault.code), fault.object, fault.accepted);
    assert_int_equal(event.type, bytes.type);
    assert_memory_equal(event.digest, bytes.digest, sizeof event.digest);
}

static void every_event_decodes(void **state)
{
    (void)state;
    struct city city;
    struct sample sample;
    begin(&city);
    sample_init(&sample, 7, now_ms, 1);
    for (int i = 0; i < 100; i++) {
        struct sg_id referral, slot, other = {{1, 2, 3}};
        const struct sample_wish wish = {other, other, i % 2 == 0, i % 3 == 0};
        sg_arena_reset(&city.arena, 0);
        accept(&city, "E01", &sample, sample_referral(&sample, &city.arena, &referral));
        accept(&city, "E03", &sample, sample_decision(&sample, &city.arena, &referral));
        accept(&city, "E05", &sample, sample_assessment(&sample, &city.arena, &other));
        accept(&city, "E08", &sample, sample_slot(&sample, &city.arena, 4, &slot));
        accept(&city, "E11", &sample, sample_request(&sample, &city.arena, &wish));
        accept(&city, "E12", &sample,
               sample_seat(&sample, &city.arena, "disnaker", &other, PB_SEAT_DECISION_CONFIRMED));
    }
    end(&city);
}

static int by_text(const void *a, const void *b)
{
    return memcmp(a, b, 16);
}

static void no_number_stands_twice_and_one_in_three_has_none(void **state)
{
    (void)state;
    static char numbers[PEOPLE][16];
    struct sg_why why = {0};
    SG_AUTO(sg_arena_done) struct sg_arena arena = {0};
    struct sample sample;
    size_t count = 0;
    UNIT_OK(sg_arena_init(&arena, ARENA_BYTES, &why));
    sample_init(&sample, 7, now_ms, 1);
    for (int i = 0; i < PEOPLE; i++) {
        struct sg_id referral;
        sg_arena_reset(&arena, 0);
        const PbEnvelope *e = sample_referral(&sample, &arena, &referral);
        const char *nik = e->referral_submitted->person->nik;
        if (!nik)
            continue;
        assert_memory_equal(nik, "147199", 6);
        assert_true(sg_nik_valid(sg_bytes_of(nik)));
        memcpy(numbers[count++], nik, 16);
    }
    assert_int_equal(count, PEOPLE - PEOPLE / 3);
    qsort(numbers, count, sizeof numbers[0], by_text);
    for (size_t i = 1; i < count; i++)
        assert_memory_not_equal(numbers[i - 1], numbers[i], 16);
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
    (void)state;
    struct sg_why why = {0};
    SG_AUTO(sg_arena_done) struct sg_arena arena = {0};
    struct raw_event events[3];
    static const uint64_t seeds[3] = {7, 7, 8};
    UNIT_OK(sg_arena_init(&arena, ARENA_BYTES, &why));
    for (size_t i = 0; i < 3; i++) {
        struct sample sample;
        struct sg_id referral;
        uint8_t salt[16];
        sample_init(&sample, seeds[i], now_ms, 1);
        const PbEnvelope *e = sample_referral(&sample, &arena, &referral);
        sample_salt(&sample, salt);
        UNIT_OK(raw_event_build(e, salt, &arena, &events[i], &why));
    }
    assert_memory_equal(events[0].digest, events[1].digest, SG_HASH_BYTES);
    assert_memory_not_equal(events[0].digest, events[2].digest, SG_HASH_BYTES);
}

UNIT_MAIN(cmocka_unit_test(every_event_decodes),
          cmocka_unit_test(no_number_stands_twice_and_one_in_three_has_none),
          cmocka_unit_test(the_same_seed_gives_the_same_bytes))
