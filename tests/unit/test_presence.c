/* Agencies without a connection: T15, and time that does not count against them (8.6). */
#include "unit/limit_unit.h"

static struct sg_agency *agency_of(struct ledger_city *city, const char *id)
{
    for (size_t i = 0; i < CITY_AGENCIES; i++)
        if (strcmp(city->agencies[i].id, id) == 0)
            return &city->agencies[i];
    fail_msg("no agency %s", id);
    return NULL;
}

/* ---- T15 ---- */

static void silence_is_told_in_its_time(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool always;              /* works around the clock */
        int32_t down[3], told[3]; /* month, day, hour */
    } rows[] = {
        {"the next working day at noon", false, {5, 4, 9}, {5, 5, 12}},
        {"at night", false, {5, 4, 23}, {5, 5, 12}},
        {"over a weekend", false, {5, 8, 9}, {5, 11, 12}},
        {"over a holiday", false, {5, 13, 9}, {5, 15, 12}},
        {"a day", true, {5, 4, 9}, {5, 5, 9}},
        {"a day of the weekend", true, {5, 8, 23}, {5, 9, 23}},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ledger_city city;
        struct city_record d2;
        struct sg_id id = agency_id_of("disnaker");
        int64_t down = limit_at(rows[i].down[0], rows[i].down[1], rows[i].down[2]);
        int64_t told_ms = limit_at(rows[i].told[0], rows[i].told[1], rows[i].told[2]);
        city_open(&city);
        agency_of(&city, "disnaker")->round_the_clock = rows[i].always;
        story_presence(&city, "disnaker", down, 0);
        limit_pass_to(&city, told_ms - 1);
        if (city.last_seq)
            fail_msg("%s: told too early", rows[i].name);
        city_pass(&city, 1);
        const PbDeadlineMissed *told = limit_told(&city, 0, RULE_SILENT, &id, &d2);
        if (!told || told->level != 1 || told->cleared || sg_ms_of(told->due_at) != told_ms ||
            told->aggregate_type != PB_AGGREGATE_TYPE_AGENCY)
            fail_msg("%s: not told", rows[i].name);
        assert_int_equal(city_relations(&d2, "disnaker"), RELATION_RESPONSIBLE);
        assert_int_equal(d2.record.rest->n_audience, 1);
        city_pass(&city, 30 * SG_DAY_MS);
        assert_int_equal(city.last_seq, d2.record.seq); /* once */
        city_refold(&city);
        city_close(&city);
    }
}

static void heard(struct ledger_city *city, const char *agency)
{
    struct sg_why why = {0};
    story_presence(city, agency, 0, 0);
    city_begin(city);
    UNIT_OK(ledger_heard(&city->turn, agency, &why));
    city_end(city);
}

static void whoever_is_heard_is_silent_no_more(void **state)
{
    (void)state;
    struct ledger_city city;
    struct city_record d2;
    struct sg_id id = agency_id_of("satpolpp");
    city_open(&city);
    heard(&city, "satpolpp"); /* nothing to clear */
    assert_int_equal(city.last_seq, 0);
    for (int i = 0; i < 2; i++) {
        story_presence(&city, "satpolpp", city.now_ms, 0);
        uint64_t last = city.last_seq;
        city_pass(&city, 7 * SG_DAY_MS);
        assert_non_null(limit_told(&city, last, RULE_SILENT, &id, &d2));
        last = city.last_seq;
        heard(&city, "satpolpp");
        const PbDeadlineMissed *told = limit_told(&city, last, RULE_SILENT, &id, &d2);
        assert_true(told && told->cleared && told->level == 1);
        assert_null(story_deadline(&city, RULE_SILENT, &id));
        last = city.last_seq;
        heard(&city, "satpolpp");
        city_pass(&city, 7 * SG_DAY_MS);
        assert_int_equal(city.last_seq, last); /* once */
    }
    city_refold(&city);
    city_close(&city);
}

/* Only who once had a connection, and who has something to say. */
static void who_is_never_silent(void **state)
{
    (void)state;
    struct ledger_city city;
    struct sg_why why = {0};
    int64_t due;
    city_open(&city);
    story_presence(&city, "inspektorat", city.now_ms, 0); /* it only reads */
    story_presence(&city, "dinsos", 0, SG_DAY_MS);        /* it is connected */
    city_begin(&city);
    UNIT_OK(ledger_next_due(&city.turn, &due, &why));
    city_end(&city);
    assert_true(due == INT64_MAX);
    city_pass(&city, 30 * SG_DAY_MS);
    assert_int_equal(city.last_seq, 0);

    story_presence(&city, "blk", city.now_ms, 0);
    city_begin(&city);
    UNIT_OK(ledger_next_due(&city.turn, &due, &why));
    city_end(&city);
    assert_true(due == limit_at(6, 4, 12)); /* it is Wednesday 3 June */
    city_close(&city);
}

static void several_are_told_in_order(void **state)
{
    (void)state;
    static const char *const agencies[] = {"dpppa", "blk", "disnaker"}; /* in order of going */
    struct ledger_city city;
    struct city_record d2;
    city_open(&city);
    for (size_t i = 0; i < SG_ARRAY_LEN(agencies); i++) {
        agency_of(&city, agencies[i])->round_the_clock = true;
        story_presence(&city, agencies[i], city.now_ms + (int64_t)i * SG_HOUR_MS, 0);
    }
    city_pass(&city, 7 * SG_DAY_MS);
    assert_int_equal(city.last_seq, 3);
    for (size_t i = 0; i < SG_ARRAY_LEN(agencies); i++) {
        struct sg_id id = agency_id_of(agencies[i]);
        assert_non_null(limit_told(&city, i, RULE_SILENT, &id, &d2));
        assert_int_equal(d2.record.seq, i + 1);
    }
    city_refold(&city);
    city_close(&city);
}

/* ---- the clock stops ---- */

/* An urgent referral of Monday 4 May 8:00: levels on the 5th, the 6th and the 8th at 17:00. */
struct scene {
    struct ledger_city city;
    struct sg_id referral;
    int64_t levels[LIMIT_LEVELS];
};

static void stand(struct scene *s)
{
    city_open(&s->city);
    struct client budi = unit_new_case(&s->city);
    s->referral = budi.referral;
    s->levels[0] = limit_at(5, 5, 17);
    s->levels[1] = limit_at(5, 6, 17);
    s->levels[2] = limit_at(5, 8, 17);
}

/* Told in that moment and not before, with that much time without a connection. */
static void check_level(struct scene *s, uint32_t level, int64_t at_ms, int64_t down_ms)
{
    struct city_record d2;
    uint64_t last = s->city.last_seq;
    limit_pass_to(&s->city, at_ms - 1);
    if (limit_told(&s->city, last, RULE_ACKNOWLEDGE, &s->referral, &d2))
        fail_msg("level %u is told too early", level);
    last = s->city.last_seq;
    city_pass(&s->city, 1);
    const PbDeadlineMissed *told = limit_told(&s->city, last, RULE_ACKNOWLEDGE, &s->referral, &d2);
    if (!told)
        fail_msg("level %u is not told", level);
    assert_int_equal(told->level, level);
    assert_true(sg_ms_of(told->due_at) == s->levels[0]); /* the limit itself stays */
    if (told->down_time_ms != down_ms)
        fail_msg("level %u: %d h down", level, (int)(told->down_time_ms / SG_HOUR_MS));
}

static void down_time_does_not_count_beyond_level_1(void **state)
{
    (void)state;
    struct scene s;
    stand(&s);
    story_presence(&s.city, "dinsos", limit_at(5, 5, 10), 3 * SG_HOUR_MS);
    check_level(&s, 1, s.levels[0], 7 * SG_HOUR_MS); /* level 1 waits for nobody */
    uint64_t last = s.city.last_seq;
    struct city_record d2;
    limit_pass_to(&s.city, limit_at(5, 7, 10));
    assert_null(limit_told(&s.city, last, RULE_ACKNOWLEDGE, &s.referral, &d2));
    /* Back after 48 hours, 41 of them since level 1. */
    story_presence(&s.city, "dinsos", 0, (3 + 48) * SG_HOUR_MS);
    check_level(&s, 2, s.levels[1] + 41 * SG_HOUR_MS, 41 * SG_HOUR_MS);
    /* Away again for two hours: ten o'clock of Sunday becomes noon. */
    story_presence(&s.city, "dinsos", 0, (3 + 50) * SG_HOUR_MS);
    check_level(&s, 3, s.levels[2] + 43 * SG_HOUR_MS, 43 * SG_HOUR_MS);
    city_close(&s.city);
}

static void whoever_comes_back_in_time_is_told_in_time(void **state)
{
    (void)state;
    struct scene s;
    stand(&s);
    story_presence(&s.city, "dinsos", 0, 100 * SG_HOUR_MS); /* all of it before */
    for (uint32_t level = 1; level <= LIMIT_LEVELS; level++)
        check_level(&s, level, s.levels[level - 1], 0);
    city_close(&s.city);
}

static void only_who_is_bound_stops_the_clock(void **state)
{
    (void)state;
    struct scene s;
    stand(&s);
    story_presence(&s.city, "satpolpp", limit_at(5, 4, 9), 0);
    story_presence(&s.city, "disnaker", limit_at(5, 4, 9), 0);
    for (uint32_t level = 1; level <= LIMIT_LEVELS; level++)
        check_level(&s, level, s.levels[level - 1], 0);
    city_close(&s.city);
}

/* When the broker wakes next: not for a level that waits for a connection. */
static void a_level_that_waits_wakes_nobody(void **state)
{
    (void)state;
    struct scene s;
    struct sg_why why = {0};
    int64_t due;
    stand(&s);
    agency_of(&s.city, "dinsos")->capabilities = 0; /* T15 stays out of it */
    story_presence(&s.city, "dinsos", limit_at(5, 5, 10), 0);
    check_level(&s, 1, s.levels[0], 7 * SG_HOUR_MS);
    limit_pass_to(&s.city, limit_at(5, 7, 10));
    city_begin(&s.city);
    UNIT_OK(ledger_next_due(&s.city.turn, &due, &why));
    city_end(&s.city);
    assert_true(due == INT64_MAX);
    story_presence(&s.city, "dinsos", 0, 48 * SG_HOUR_MS);
    city_begin(&s.city);
    UNIT_OK(ledger_next_due(&s.city.turn, &due, &why));
    city_end(&s.city);
    assert_true(due == s.levels[1] + 41 * SG_HOUR_MS);
    city_close(&s.city);
}

/* It never changes seats: a hold runs out whoever is connected. */
static void a_hold_runs_out_all_the_same(void **state)
{
    (void)state;
    struct ledger_city city;
    city_open(&city);
    struct sg_id slot = story_slot(&city, 1);
    struct sg_id seat = story_seat(&city, &slot, HOLD);
    story_presence(&city, "dinsos", city.now_ms, 0);
    story_presence(&city, "disnaker", city.now_ms, 0);
    city_pass(&city, 72 * SG_HOUR_MS - 1);
    assert_int_equal(unit_seat_state(&city, &seat), PB_ALLOCATION_STATE_HELD);
    city_pass(&city, 1);
    assert_int_equal(unit_seat_state(&city, &seat), PB_ALLOCATION_STATE_EXPIRED);
    city_close(&city);
}

UNIT_MAIN(cmocka_unit_test(silence_is_told_in_its_time),
          cmocka_unit_test(whoever_is_heard_is_silent_no_more),
          cmocka_unit_test(who_is_never_silent), cmocka_unit_test(several_are_told_in_order),
          cmocka_unit_test(down_time_does_not_count_beyond_level_1),
          cmocka_unit_test(whoever_comes_back_in_time_is_told_in_time),
          cmocka_unit_test(only_who_is_bound_stops_the_clock),
          cmocka_unit_test(a_level_that_waits_wakes_nobody),
          cmocka_unit_test(a_hold_runs_out_all_the_same))
