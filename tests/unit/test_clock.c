#include "sys/clock.h"
#include "sys/notify.h"
#include "sys/space.h"
#include "unit/unit.h"
#include "wire/day.h"

#define NS INT64_C(1000000)

static const int64_t start_ms = INT64_C(1767225600000); /* 2026-01-01 */

/* Wall time counts while it agrees with start + monotonic, the sum counts when it does not. */
static void journal_time_follows_the_table(void **state)
{
    (void)state;
    static const struct row {
        const char *name;
        int64_t wall_off_ms, mono_off_ms, want_off_ms;
        bool held;
    } rows[] = {
        {"at the start", 0, 0, 0, false},
        {"both ran on", 5000, 5000, 5000, false},
        {"slewed within a minute", 65000, 5000, 65000, false},
        {"60 s ahead still agrees", 60000, 0, 60000, false},
        {"just over 60 s ahead", 60001, 0, 0, true},
        {"60 s behind still agrees", 0, 60000, 0, false},
        {"just over 60 s behind", 0, 60001, 60001, true},
        {"a day back", -86400000, 1000, 1000, true},
        {"a year on", INT64_C(31536000000), 2000, 2000, true},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];
        struct clock clock;
        clock_start(&clock, (struct clock_reading){start_ms, 77 * NS});
        const struct clock_reading now = {start_ms + row->wall_off_ms,
                                          (77 + row->mono_off_ms) * NS};
        int64_t got = clock_journal_ms(&clock, now) - start_ms;
        if (got != row->want_off_ms || clock.held != row->held)
            fail_msg("%s: %lld held %d", row->name, (long long)got, clock.held);
    }
}

static void an_operator_accepts_the_wall_clock(void **state)
{
    (void)state;
    struct clock clock;
    clock_start(&clock, (struct clock_reading){start_ms, 0});
    const struct clock_reading jumped = {start_ms + SG_DAY_MS, 1000 * NS};
    assert_int_equal(clock_journal_ms(&clock, jumped), start_ms + 1000);
    assert_true(clock.held);
    clock_accept(&clock, jumped);
    assert_int_equal(clock_journal_ms(&clock, jumped), start_ms + SG_DAY_MS);
    assert_false(clock.held);
    const struct clock_reading back = {start_ms, 2000 * NS};
    assert_int_equal(clock_journal_ms(&clock, back), start_ms + SG_DAY_MS + 1000);
    assert_true(clock.held);
}

static void a_wall_clock_that_comes_back_is_believed(void **state)
{
    (void)state;
    struct clock clock;
    clock_start(&clock, (struct clock_reading){start_ms, 0});
    (void)clock_journal_ms(&clock, (struct clock_reading){start_ms + SG_DAY_MS, 1000 * NS});
    assert_true(clock.held);
    assert_int_equal(clock_journal_ms(&clock, (struct clock_reading){start_ms + 2500, 2000 * NS}),
                     start_ms + 2500);
    assert_false(clock.held);
}

static void the_clock_of_a_demo_moves_only_by_hand(void **state)
{
    (void)state;
    struct clock clock;
    const struct clock_reading now = {start_ms + SG_DAY_MS, 5000 * NS};
    clock_start_demo(&clock, start_ms);
    assert_int_equal(clock_journal_ms(&clock, now), start_ms);
    clock_accept(&clock, now);
    assert_int_equal(clock_journal_ms(&clock, now), start_ms);
    clock_advance(&clock, start_ms - 1); /* back is not possible */
    assert_int_equal(clock_journal_ms(&clock, now), start_ms);
    clock_advance(&clock, start_ms + 5);
    assert_int_equal(clock_journal_ms(&clock, now), start_ms + 5);
    assert_false(clock.held);
}

static void a_running_clock_is_not_advanced(void **state)
{
    (void)state;
    struct clock clock;
    const struct clock_reading now = {start_ms, 0};
    clock_start(&clock, now);
    clock_advance(&clock, start_ms + SG_DAY_MS);
    assert_int_equal(clock_journal_ms(&clock, now), start_ms);
}

static void a_start_far_from_the_last_block_is_refused(void **state)
{
    (void)state;
    static const struct row {
        const char *name;
        int64_t off_ms;
        bool block, want;
    } rows[] = {
        {"no block yet", -365 * SG_DAY_MS, false, true},
        {"the same time", 0, true, true},
        {"60 s before", -60000, true, true},
        {"more than 60 s before", -60001, true, false},
        {"30 days after", 30 * SG_DAY_MS, true, true},
        {"more than 30 days after", 30 * SG_DAY_MS + 1, true, false},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];
        struct sg_why why = {0};
        enum sg_err err =
            clock_check_start(start_ms + row->off_ms, row->block ? start_ms : 0, &why);
        if (err != (row->want ? SG_OK : SG_E_STATE))
            fail_msg("%s: %s", row->name, sg_err_name(err));
        if (err && !strstr(why.text, "--accept-clock"))
            fail_msg("%s: does not say what to do: %s", row->name, why.text);
    }
}

static void the_reserve_follows_the_table(void **state)
{
    (void)state;
    const uint64_t gib = UINT64_C(1) << 30;
    const struct row {
        const char *name;
        uint64_t total, left;
        unsigned percent;
        uint64_t bytes;
        bool low;
    } rows[] = {
        {"plenty", 100 * gib, 50 * gib, 10, gib, false},
        {"below the percentage", 100 * gib, 9 * gib, 10, gib, true},
        {"below the bytes", 4 * gib, gib - 1, 10, gib, true},
        {"no percentage", 100 * gib, 2 * gib, 0, gib, false},
        {"nothing left", 100 * gib, 0, 0, 1, true},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];
        const struct space_reserve reserve = {row->percent, row->bytes};
        if (space_is_low(row->total, row->left, &reserve) != row->low)
            fail_msg("%s: want %d", row->name, row->low);
    }
}

static void a_file_system_is_looked_at(void **state)
{
    (void)state;
    struct sg_why why = {0};
    struct space space = {0};
    UNIT_OK(space_look("/", &(struct space_reserve){0, 0}, &space, &why));
    assert_false(space.low);
    UNIT_OK(space_look("/", &(struct space_reserve){0, UINT64_MAX}, &space, &why));
    assert_true(space.low);
    assert_int_equal(space_look("/no/such/folder", &(struct space_reserve){0, 0}, &space, &why),
                     SG_E_SYS);
}

static void a_sign_of_life_needs_a_loop_that_turns(void **state)
{
    (void)state;
    const int64_t s = 1000 * NS;
    static const struct watchdog nobody = {0};
    const struct watchdog watched = {.interval_ns = 10 * s, .last_sign_ns = 100 * s};
    assert_false(watchdog_due(&nobody, 500 * s, 0));
    assert_false(watchdog_due(&watched, 109 * s, 0));
    assert_true(watchdog_due(&watched, 110 * s, 0));
    assert_true(watchdog_due(&watched, 110 * s, 10 * s - 1));
    assert_false(watchdog_due(&watched, 110 * s, 10 * s));
}

UNIT_MAIN(cmocka_unit_test(journal_time_follows_the_table),
          cmocka_unit_test(an_operator_accepts_the_wall_clock),
          cmocka_unit_test(a_wall_clock_that_comes_back_is_believed),
          cmocka_unit_test(the_clock_of_a_demo_moves_only_by_hand),
          cmocka_unit_test(a_running_clock_is_not_advanced),
          cmocka_unit_test(a_start_far_from_the_last_block_is_refused),
          cmocka_unit_test(the_reserve_follows_the_table),
          cmocka_unit_test(a_file_system_is_looked_at),
          cmocka_unit_test(a_sign_of_life_needs_a_loop_that_turns))
