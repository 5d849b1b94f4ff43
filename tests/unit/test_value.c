/* Forms of single values. */
#include "unit/unit.h"

#include "wire/codec.h"

struct row {
    const char *name, *text;
    bool valid;
};

static void check(const struct row *rows, size_t count, bool (*valid)(struct sg_bytes))
{
    for (size_t i = 0; i < count; i++)
        if (valid(sg_bytes_of(rows[i].text)) != rows[i].valid)
            fail_msg("%s: '%s'", rows[i].name, rows[i].text);
}

static void a_nik_has_a_possible_birth_date_and_serial(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"a woman", "1471995203950002", true},
        {"a man", "1471991507880001", true},
        {"day 31", "1471993101950001", true},
        {"a woman, day 31", "1471997101950001", true},
        {"day 0", "1471990001950001", false},
        {"day 32", "1471993201950001", false},
        {"day 40", "1471994003950001", false},
        {"day 72", "1471997203950001", false},
        {"31 April", "1471993104950001", false},
        {"a woman, 31 April", "1471997104950001", false},
        {"29 February of a leap year", "1471992902960001", true},
        {"29 February of another year", "1471992902950001", false},
        {"29 February 00: 2000 had one", "1471992902000001", true},
        {"30 February", "1471993002960001", false},
        {"month 0", "1471991500950001", false},
        {"month 13", "1471995213950001", false},
        {"serial 0", "1471995203950000", false},
        {"the last serial", "1471995203959999", true},
        {"15 digits", "147199520395000", false},
        {"17 digits", "14719952039500020", false},
        {"a letter", "147199520395000A", false},
        {"spaces", "1471 995203950002", false},
        {"empty", "", false},
    };
    check(rows, SG_ARRAY_LEN(rows), sg_nik_valid);
}

static void a_phone_is_an_international_number(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"a mobile", "+6281234567890", true},
        {"the shortest", "+1234567", true},
        {"too short", "+123456", false},
        {"the longest", "+123456789012345", true},
        {"too long", "+1234567890123456", false},
        {"no plus", "081234567890", false},
        {"a country of 0", "+081234567890", false},
        {"spaces", "+62 812345678", false},
        {"a letter", "+62812345678x", false},
        {"two pluses", "++6281234567", false},
        {"empty", "", false},
    };
    check(rows, SG_ARRAY_LEN(rows), sg_phone_valid);
}

static void an_agency_is_a_short_word(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"a word", "dinsos", true},
        {"with digits and a dash", "blk-2", true},
        {"the shortest", "ab", true},
        {"one letter", "a", false},
        {"31 letters", "abcdefghijklmnopqrstuvwxyzabcde", true},
        {"32 letters", "abcdefghijklmnopqrstuvwxyzabcdef", false},
        {"a capital", "Dinsos", false},
        {"begins with a digit", "2blk", false},
        {"begins with a dash", "-blk", false},
        {"a line", "dinas_sosial", false},
        {"a space", "dinas sosial", false},
        {"not ASCII", "din\xc3\xa9s", false},
        {"empty", "", false},
    };
    check(rows, SG_ARRAY_LEN(rows), sg_agency_valid);
}

static void a_region_has_one_to_four_levels(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int levels; /* 0: no region */
    } rows[] = {
        {"14", 1},
        {"14.71", 2},
        {"14.71.08", 3},
        {"14.71.08.1009", 4},
        {"", 0},
        {"1", 0},
        {"14.", 0},
        {"14.7", 0},
        {"14.71.", 0},
        {"14.71.8", 0},
        {"14-71-08", 0},
        {"14.71.08.109", 0},
        {"1471", 0},
        {"1a.71", 0},
        {"14.71.0x", 0},
        {"14.71.08.100x", 0},
        {"14.71.08.10091", 0},
        {" 14.71", 0},
        {"14.71.08.1009.1", 0},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++)
        for (int least = 1; least <= 4; least++)
            if (sg_region_valid(sg_bytes_of(rows[i].text), least) != (rows[i].levels >= least))
                fail_msg("'%s' with %d levels", rows[i].text, least);
}

static void a_time_lies_between_1900_and_9999(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t seconds;
        int32_t nanos;
        bool valid;
    } rows[] = {
        {"the first second", INT64_C(-2208988800), 0, true},
        {"before it", INT64_C(-2208988801), 999999999, false},
        {"the last nanosecond", INT64_C(253402300799), 999999999, true},
        {"after it", INT64_C(253402300800), 0, false},
        {"1970", 0, 0, true},
        {"negative nanoseconds", 0, -1, false},
        {"a second of nanoseconds", 0, 1000000000, false},
        {"as far as a number goes", INT64_MAX, 0, false},
        {"as far back", INT64_MIN, 0, false},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        Google__Protobuf__Timestamp t = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
        t.seconds = rows[i].seconds;
        t.nanos = rows[i].nanos;
        if (sg_time_valid(&t) != rows[i].valid)
            fail_msg("%s", rows[i].name);
    }
    Google__Protobuf__Timestamp t = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    t.seconds = -1;
    t.nanos = 1999999;
    assert_int_equal(sg_ms_of(&t), -999);
}

UNIT_MAIN(cmocka_unit_test(a_nik_has_a_possible_birth_date_and_serial),
          cmocka_unit_test(a_phone_is_an_international_number),
          cmocka_unit_test(an_agency_is_a_short_word),
          cmocka_unit_test(a_region_has_one_to_four_levels),
          cmocka_unit_test(a_time_lies_between_1900_and_9999))
