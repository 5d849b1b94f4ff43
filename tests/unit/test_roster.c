/* The roster: who is found by which name and key, and when a key counts. */
#include "unit/unit.h"

#include "wire/roster.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *id;
    size_t devices;
} city[] = {{"disnaker", 2}, {"dinsos", 1}, {"dinsos-riau", 0}, {"dpppa", 3}, {"satpolpp", 1}};

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct sg_agency *)a)->id, ((const struct sg_agency *)b)->id);
}

/* Devices are called d0, d1, …; the first byte of a key is the number of the agency, the last that
 * of the device. */
static struct sg_roster *make_roster(void)
{
    struct sg_roster *roster = calloc(1, sizeof *roster);
    assert_non_null(roster);
    roster->agency_count = SG_ARRAY_LEN(city);
    roster->agencies = calloc(SG_ARRAY_LEN(city), sizeof *roster->agencies);
    assert_non_null(roster->agencies);
    for (size_t i = 0; i < SG_ARRAY_LEN(city); i++) {
        struct sg_agency *agency = &roster->agencies[i];
        (void)snprintf(agency->id, sizeof agency->id, "%s", city[i].id);
        agency->device_count = city[i].devices;
        agency->devices = calloc(city[i].devices + 1, sizeof *agency->devices);
        assert_non_null(agency->devices);
        for (size_t d = 0; d < city[i].devices; d++) {
            (void)snprintf(agency->devices[d].name, sizeof agency->devices[d].name, "d%zu", d);
            agency->devices[d].curve_public[0] = (uint8_t)i;
            agency->devices[d].curve_public[31] = (uint8_t)(d + 1);
        }
    }
    qsort(roster->agencies, roster->agency_count, sizeof *roster->agencies, by_id);
    return roster;
}

static void agencies_are_found_by_their_whole_id(void **state)
{
    (void)state;
    SG_AUTO(sg_roster_free) struct sg_roster *roster = make_roster();
    for (size_t i = 0; i < SG_ARRAY_LEN(city); i++) {
        const struct sg_agency *agency = sg_roster_agency(roster, city[i].id);
        assert_non_null(agency);
        assert_string_equal(agency->id, city[i].id);
        assert_ptr_equal(sg_roster_agency_n(roster, sg_bytes_of(city[i].id)), agency);
    }
    static const char *const strangers[] = {"",        "d",   "dinso", "dinsos-",
                                            "dinsosx", "zzz", "aaa",   "Dinsos"};
    for (size_t i = 0; i < SG_ARRAY_LEN(strangers); i++)
        if (sg_roster_agency(roster, strangers[i]))
            fail_msg("'%s' was found", strangers[i]);
    struct sg_bytes part = {(const uint8_t *)"dinsos-riau", 6}; /* not ended by a NUL */
    assert_string_equal(sg_roster_agency_n(roster, part)->id, "dinsos");
}

static void devices_are_found_within_their_agency(void **state)
{
    (void)state;
    SG_AUTO(sg_roster_free) struct sg_roster *roster = make_roster();
    assert_string_equal(sg_roster_device(roster, "dpppa", "d2")->name, "d2");
    assert_null(sg_roster_device(roster, "dpppa", "d3"));
    assert_null(sg_roster_device(roster, "dinsos", "d1"));
    assert_null(sg_roster_device(roster, "dinsos-riau", "d0"));
    assert_null(sg_roster_device(roster, "nobody", "d0"));
}

static void a_key_names_agency_and_device(void **state)
{
    (void)state;
    SG_AUTO(sg_roster_free) struct sg_roster *roster = make_roster();
    const struct sg_agency *agency = NULL;
    const struct sg_device *device = NULL;
    for (size_t i = 0; i < SG_ARRAY_LEN(city); i++)
        for (size_t d = 0; d < city[i].devices; d++) {
            uint8_t key[SG_KEY_BYTES] = {(uint8_t)i};
            key[31] = (uint8_t)(d + 1);
            assert_true(sg_roster_by_curve(roster, key, &agency, &device));
            assert_string_equal(agency->id, city[i].id);
            assert_ptr_equal(device, &agency->devices[d]);
        }
    const uint8_t stranger[SG_KEY_BYTES] = {3};
    agency = NULL;
    device = NULL;
    assert_false(sg_roster_by_curve(roster, stranger, &agency, &device));
    assert_true(agency == NULL && device == NULL);
}

static void a_key_counts_between_its_dates(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t from, to, now;
        bool suspended, valid;
    } rows[] = {
        {"no dates", 0, 0, 1000, false, true},
        {"suspended", 0, 0, 1000, true, false},
        {"a millisecond too early", 1001, 0, 1000, false, false},
        {"from now", 1000, 0, 1000, false, true},
        {"the last millisecond", 0, 1001, 1000, false, true},
        {"over now", 0, 1000, 1000, false, false},
        {"suspended within the dates", 0, 2000, 1000, true, false},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        const struct sg_agency agency = {.suspended = rows[i].suspended};
        const struct sg_device device = {.not_before_ms = rows[i].from, .not_after_ms = rows[i].to};
        if (sg_device_valid(&agency, &device, rows[i].now) != rows[i].valid)
            fail_msg("%s", rows[i].name);
    }
}

static void freeing_twice_is_harmless(void **state)
{
    (void)state;
    struct sg_roster *roster = make_roster();
    sg_roster_free(&roster);
    assert_null(roster);
    sg_roster_free(&roster);
}

UNIT_MAIN(cmocka_unit_test(agencies_are_found_by_their_whole_id),
          cmocka_unit_test(devices_are_found_within_their_agency),
          cmocka_unit_test(a_key_names_agency_and_device),
          cmocka_unit_test(a_key_counts_between_its_dates),
          cmocka_unit_test(freeing_twice_is_harmless))
