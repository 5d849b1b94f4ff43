/* Ids: order of time, version bits, and the two ways of writing them. */
#include "unit/unit.h"

#include "wire/id.h"
#include "wire/sign.h"

static void a_made_id_is_a_uuid_of_version_7(void **state)
{
    (void)state;
    const int64_t time_ms = INT64_C(0x01968a3e5c7f);
    const uint8_t want[6] = {0x01, 0x96, 0x8a, 0x3e, 0x5c, 0x7f};
    struct sg_id first = sg_id_make(time_ms), second = sg_id_make(time_ms);
    assert_memory_equal(first.b, want, sizeof want);
    assert_int_equal(first.b[6] >> 4, 7);
    assert_int_equal(first.b[8] >> 6, 2);
    assert_false(sg_id_equal(&first, &second));
}

static void ids_of_later_times_are_greater(void **state)
{
    (void)state;
    static const int64_t times[] = {
        0, 1, 255, 256, 65535, INT64_C(1777862400000), (INT64_C(1) << 48) - 1};
    for (size_t i = 1; i < SG_ARRAY_LEN(times); i++) {
        struct sg_id before = sg_id_make(times[i - 1]), after = sg_id_make(times[i]);
        if (memcmp(before.b, after.b, SG_ID_BYTES) >= 0)
            fail_msg("an id of %lld is not below one of %lld", (long long)times[i - 1],
                     (long long)times[i]);
    }
}

static void a_minted_id_follows_from_time_and_hash(void **state)
{
    (void)state;
    const uint8_t hash[32] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    const uint8_t want[SG_ID_BYTES] = {0, 0, 0, 0, 1, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    struct sg_id id = sg_id_mint(0x102, hash);
    assert_memory_equal(id.b, want, sizeof want);
}

static void only_16_bytes_that_are_not_all_zero_are_an_id(void **state)
{
    (void)state;
    static const uint8_t bytes[17] = {[15] = 1, [16] = 1}, zero[16] = {0};
    const struct {
        const char *name;
        struct sg_bytes bytes;
        enum sg_err err;
    } rows[] = {
        {"16 bytes", {bytes, 16}, SG_OK},       {"15 bytes", {bytes, 15}, SG_E_FORMAT},
        {"17 bytes", {bytes, 17}, SG_E_FORMAT}, {"no bytes", {NULL, 0}, SG_E_FORMAT},
        {"all zero", {zero, 16}, SG_E_FORMAT},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct sg_id id = {{9}};
        if (sg_id_from(rows[i].bytes, &id) != rows[i].err)
            fail_msg("%s", rows[i].name);
        assert_memory_equal(id.b, rows[i].err ? (const uint8_t[16]){9} : bytes, 16);
    }
    struct sg_id one = {{0}};
    assert_true(sg_id_is_zero(&one));
    one.b[15] = 1;
    assert_false(sg_id_is_zero(&one));
    assert_true(sg_id_bytes(&one).ptr == one.b && sg_id_bytes(&one).len == SG_ID_BYTES);
}

static void text_is_read_in_two_forms_and_written_in_one(void **state)
{
    (void)state;
    static const char written[] = "01968a3e-0000-7000-8000-0000000000fe";
    static const struct {
        const char *name, *text;
        enum sg_err err;
    } rows[] = {
        {"with dashes", "01968a3e-0000-7000-8000-0000000000fe", SG_OK},
        {"upper case", "01968A3E-0000-7000-8000-0000000000FE", SG_OK},
        {"digits alone", "01968a3e0000700080000000000000fe", SG_OK},
        {"empty", "", SG_E_FORMAT},
        {"one digit short", "01968a3e-0000-7000-8000-0000000000f", SG_E_FORMAT},
        {"one digit too many", "01968a3e-0000-7000-8000-0000000000fe0", SG_E_FORMAT},
        {"a dash in the wrong place", "01968a3-e0000-7000-8000-0000000000fe", SG_E_FORMAT},
        {"no dash where one belongs", "01968a3e00000-7000-8000-0000000000fe", SG_E_FORMAT},
        {"not a digit", "01968a3e-0000-7000-8000-0000000000fg", SG_E_FORMAT},
        {"not a digit, alone", "01968a3e0000700080000000000000f-", SG_E_FORMAT},
        {"all zero", "00000000-0000-0000-0000-000000000000", SG_E_FORMAT},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct sg_id id = {{0}};
        char text[SG_ID_TEXT];
        if (sg_id_parse(rows[i].text, &id) != rows[i].err)
            fail_msg("%s", rows[i].name);
        if (!rows[i].err)
            assert_string_equal(sg_id_print(&id, text), written);
    }
}

int main(void)
{
    struct sg_why why;
    if (sg_crypto_init(&why))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_made_id_is_a_uuid_of_version_7),
        cmocka_unit_test(ids_of_later_times_are_greater),
        cmocka_unit_test(a_minted_id_follows_from_time_and_hash),
        cmocka_unit_test(only_16_bytes_that_are_not_all_zero_are_an_id),
        cmocka_unit_test(text_is_read_in_two_forms_and_written_in_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
