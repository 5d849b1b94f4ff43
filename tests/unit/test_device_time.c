#include "unit/unit.h"

#include "lib/device_time.h"

static const int64_t told_ms = 1704675600000, s = 1000, hour = 3600 * 1000;

static void the_time_that_was_told_goes_on(void **state)
{
    (void)state;
    static const struct sg_id this_boot = {{1}}, other_boot = {{2}}, no_boot;
    const struct row {
        const char *name;
        bool told, demo;
        const struct sg_id *boot; /* of what was told */
        int64_t since_ms;         /* by CLOCK_BOOTTIME */
        int64_t wall_ms, want_ms; /* from what was told on */
    } rows[] = {
        {"never told: the wall clock", false, false, &this_boot, 0, -hour, -hour},
        {"a demo store stands still", true, true, &this_boot, hour, hour, 0},
        {"the wall clock agrees", true, false, &this_boot, hour, hour + 59 * s, hour + 59 * s},
        {"it was set forward", true, false, &this_boot, hour, 900 * hour, hour},
        {"it was set back", true, false, &this_boot, hour, -900 * hour, hour},
        {"just beyond what is believed", true, false, &this_boot, hour, hour + 61 * s, hour},
        {"after a restart: the wall clock", true, false, &other_boot, 0, hour, hour},
        {"after a restart, set back", true, false, &other_boot, 0, -hour, 0},
        {"no boot is known", true, false, &no_boot, hour, 5 * hour, 5 * hour},
    };
    const int64_t boot_ns = 12345;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct outbox_clock told = {.server_ms = rows[i].told ? told_ms : 0,
                                    .demo = rows[i].demo,
                                    .boot_ns = boot_ns,
                                    .boot = *rows[i].boot};
        int64_t got = device_time(&told, &this_boot, boot_ns + rows[i].since_ms * 1000000,
                                  told_ms + rows[i].wall_ms);
        if (got != told_ms + rows[i].want_ms)
            fail_msg("%s: %lld", rows[i].name, (long long)(got - told_ms));
    }
}

static void clocks_of_this_machine_run(void **state)
{
    (void)state;
    struct sg_id boot, again;
    device_boot(&boot);
    device_boot(&again);
    assert_true(sg_id_equal(&boot, &again));
    int64_t before = device_boot_ns();
    assert_true(device_wall_ms() > told_ms);
    assert_true(device_boot_ns() >= before);
}

UNIT_MAIN(cmocka_unit_test(the_time_that_was_told_goes_on),
          cmocka_unit_test(clocks_of_this_machine_run))
