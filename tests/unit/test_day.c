/* Days in WIB and times as text. */
#include "unit/unit.h"

#include "wire/day.h"

static const struct {
    int32_t year, month, day, number;
} days[] = {
    {1970, 1, 1, 0},      {1969, 12, 31, -1},   {1850, 1, 1, -43829},    {1900, 2, 28, -25509},
    {1900, 3, 1, -25508}, {2000, 2, 29, 11016}, {2000, 3, 1, 11017},     {2026, 5, 4, 20577},
    {2024, 2, 29, 19782}, {2100, 3, 1, 47541},  {9999, 12, 31, 2932896},
};

static void days_are_counted_and_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(days); i++) {
        int32_t y, m, d;
        assert_int_equal(sg_day_of(days[i].year, days[i].month, days[i].day), days[i].number);
        sg_day_split(days[i].number, &y, &m, &d);
        assert_true(y == days[i].year && m == days[i].month && d == days[i].day);
    }
}

static void every_day_of_the_calendar_comes_back(void **state)
{
    (void)state;
    for (int32_t n = -43829; n <= 2932896; n += 1) {
        int32_t y, m, d;
        sg_day_split(n, &y, &m, &d);
        if (!sg_date_valid(y, m, d) || sg_day_of(y, m, d) != n)
            fail_msg("day %d is %d-%d-%d", n, y, m, d);
    }
}

static void dates_are_valid_or_not(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int32_t year, month, day;
        bool valid;
    } rows[] = {
        {"an ordinary day", 2026, 5, 4, true},
        {"a leap day", 2024, 2, 29, true},
        {"a leap day of 2000", 2000, 2, 29, true},
        {"no leap day in 1900", 1900, 2, 29, false},
        {"no leap day in 2026", 2026, 2, 29, false},
        {"31 April", 2026, 4, 31, false},
        {"month 0", 2026, 0, 1, false},
        {"month 13", 2026, 13, 1, false},
        {"day 0", 2026, 1, 0, false},
        {"day 32", 2026, 1, 32, false},
        {"before 1850", 1849, 12, 31, false},
        {"the first year", 1850, 1, 1, true},
        {"the last year", 9999, 12, 31, true},
        {"after it", 10000, 1, 1, false},
        {"a negative month", 2026, -1, 1, false},
        {"a negative day", 2026, 1, -1, false},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++)
        if (sg_date_valid(rows[i].year, rows[i].month, rows[i].day) != rows[i].valid)
            fail_msg("%s", rows[i].name);
}

static void a_day_begins_at_17_utc(void **state)
{
    (void)state;
    int64_t start = sg_day_start_ms(20577);
    assert_int_equal(start, INT64_C(1777827600000)); /* 2026-05-03T17:00:00Z */
    assert_int_equal(sg_day_at(start), 20577);
    assert_int_equal(sg_day_at(start - 1), 20576);
    assert_int_equal(sg_day_at(start + SG_DAY_MS - 1), 20577);
    assert_int_equal(sg_day_at(-SG_WIB_MS), 0);
    assert_int_equal(sg_day_at(-SG_WIB_MS - 1), -1);
}

static void years_count_from_the_birthday(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int32_t birth[3], at[3], years;
    } rows[] = {
        {"the day before", {2008, 5, 5}, {2026, 5, 4}, 17},
        {"the birthday", {2008, 5, 4}, {2026, 5, 4}, 18},
        {"the day of birth", {2026, 5, 4}, {2026, 5, 4}, 0},
        {"born on a leap day, 28 February", {2008, 2, 29}, {2026, 2, 28}, 17},
        {"born on a leap day, 1 March", {2008, 2, 29}, {2026, 3, 1}, 18},
        {"the month before", {2008, 6, 1}, {2026, 5, 31}, 17},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        const int32_t *b = rows[i].birth, *a = rows[i].at;
        int32_t years = sg_years_between(sg_day_of(b[0], b[1], b[2]), sg_day_of(a[0], a[1], a[2]));
        if (years != rows[i].years)
            fail_msg("%s: %d", rows[i].name, years);
    }
}

static void times_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms; /* -1: refused */
    } rows[] = {
        {"2026-05-04T02:40:00Z", INT64_C(1777862400000)},
        {"2026-05-04T09:40:00+07:00", INT64_C(1777862400000)},
        {"2026-05-03T21:10:00-05:30", INT64_C(1777862400000)},
        {"2026-05-04t02:40:00z", INT64_C(1777862400000)},
        {"2026-05-04 02:40:00Z", INT64_C(1777862400000)},
        {"2026-05-04T02:40:00.5Z", INT64_C(1777862400500)},
        {"2026-05-04T02:40:00.123456789Z", INT64_C(1777862400123)},
        {"1970-01-01T00:00:00Z", 0},
        {"2026-05-04T02:40:00", -1},
        {"2026-05-04T02:40Z", -1},
        {"2026-05-04T02:40:00.Z", -1},
        {"2026-05-04T02:40:00ZZ", -1},
        {"2026-05-04T24:00:00Z", -1},
        {"2026-05-04T02:60:00Z", -1},
        {"2026-05-04T02:40:60Z", -1},
        {"2026-02-29T02:40:00Z", -1},
        {"1849-12-31T00:00:00Z", -1},
        {"2026-05-04T02:40:00+24:00", -1},
        {"2026-05-04T02:40:00+07:60", -1},
        {"2026-05-04T02:40:00+0700", -1},
        {"2026-05-04T02:40:00+07", -1},
        {"26-05-04T02:40:00Z", -1},
        {"2026-5-4T02:40:00Z", -1},
        {"2026-05-04", -1},
        {"besok", -1},
        {"", -1},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        int64_t ms = 7;
        enum sg_err err = sg_time_parse(rows[i].text, &ms);
        if (err != (rows[i].ms < 0 ? SG_E_FORMAT : SG_OK) ||
            ms != (rows[i].ms < 0 ? 7 : rows[i].ms))
            fail_msg("'%s': %s %lld", rows[i].text, sg_err_name(err), (long long)ms);
    }
}

static void times_are_written(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *utc, *wib;
    } rows[] = {
        {0, "1970-01-01T00:00:00Z", "1970-01-01 07:00 WIB"},
        {INT64_C(1777862400000), "2026-05-04T02:40:00Z", "2026-05-04 09:40 WIB"},
        {INT64_C(1777862400007), "2026-05-04T02:40:00.007Z", "2026-05-04 09:40 WIB"},
        {INT64_C(1777827599999), "2026-05-03T16:59:59.999Z", "2026-05-03 23:59 WIB"},
        {-1, "1969-12-31T23:59:59.999Z", "1970-01-01 06:59 WIB"},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        char text[32];
        int64_t back = 0;
        assert_string_equal(sg_time_print_wib(rows[i].ms, text), rows[i].wib);
        assert_string_equal(sg_time_print(rows[i].ms, text), rows[i].utc);
        assert_int_equal(sg_time_parse(text, &back), SG_OK);
        assert_int_equal(back, rows[i].ms);
    }
}

UNIT_MAIN(cmocka_unit_test(days_are_counted_and_split),
          cmocka_unit_test(every_day_of_the_calendar_comes_back),
          cmocka_unit_test(dates_are_valid_or_not), cmocka_unit_test(a_day_begins_at_17_utc),
          cmocka_unit_test(years_count_from_the_birthday), cmocka_unit_test(times_are_read),
          cmocka_unit_test(times_are_written))
