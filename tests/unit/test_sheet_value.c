/* Cells become values: dates, amounts, names of codes, NIK, telephone, ya and tidak; and what is
 * refused says why and what would be taken. */
#include "unit/sheet_unit.h"

#include "sheet/text.h"
#include "sheet/value.h"
#include "wire/day.h"

#include <stdio.h>

static const struct sg_message_rules *rules_of(const char *topic)
{
    uint32_t type = sg_type_of_topic(sg_bytes_of(topic));
    for (unsigned i = 0; i < sg_envelope_rules.descriptor->n_fields; i++)
        if (sg_envelope_rules.descriptor->fields[i].id == type)
            return sg_envelope_rules.fields[i].sub;
    return NULL;
}

#define REFERRAL "referral.submitted"
#define ASSESSMENT "assessment.completed"
#define ITEM "equipment.registered"
#define SLOT "slot.offered"

/* want: JSON of the value; NULL: refused, and `says` is part of the Indonesian rule or of what
 * is accepted. */
static const struct {
    const char *topic, *field, *cell, *want, *says;
} cells[] = {
    {ASSESSMENT, "assessed_on", "29/01/2024", "\"2024-01-29\"", NULL},
    {ASSESSMENT, "assessed_on", "29-1-24", "\"2024-01-29\"", NULL},
    {ASSESSMENT, "assessed_on", "9.1.2024", "\"2024-01-09\"", NULL},
    {ASSESSMENT, "assessed_on", "2024-01-29", "\"2024-01-29\"", NULL},
    {ASSESSMENT, "assessed_on", "2024/01/29", "\"2024-01-29\"", NULL},
    {ASSESSMENT, "assessed_on", "2024-01-29 00:00:00", "\"2024-01-29\"", NULL},
    {ASSESSMENT, "assessed_on", "29 Januari 2024", "\"2024-01-29\"", NULL},
    {ASSESSMENT, "assessed_on", "Senin, 29 Januari 2024", "\"2024-01-29\"", NULL},
    {ASSESSMENT, "assessed_on", "Jum'at 5 Agustus 2022", "\"2022-08-05\"", NULL},
    {ASSESSMENT, "assessed_on", "29-Jan-24", "\"2024-01-29\"", NULL},
    {ASSESSMENT, "assessed_on", "5 Okt 2023", "\"2023-10-05\"", NULL},
    {ASSESSMENT, "assessed_on", "01/29/2024", NULL, "hari dahulu"},
    {ASSESSMENT, "assessed_on", "31/02/2024", NULL, "tidak ada dalam kalender"},
    {ASSESSMENT, "assessed_on", "29/01/20245", NULL, "bukan tanggal"},
    {ASSESSMENT, "assessed_on", "29-01/2024", NULL, "bukan tanggal"},
    {ASSESSMENT, "assessed_on", "45320", NULL, "angka hari dari Excel"},
    {ASSESSMENT, "assessed_on", "kemarin", NULL, "bukan tanggal"},
    {ASSESSMENT, "assessed_on", "Januari 2024", NULL, "29/01/2024"},
    {ASSESSMENT, "assessed_on", "0/1/2024", NULL, "kalender"},
    {REFERRAL, "person.birth_date", "12/05/65", "\"1965-05-12\"", NULL},
    {REFERRAL, "person.birth_date", "12/05/24", "\"2024-05-12\"", NULL},
    {REFERRAL, "person.birth_date", "12/05/25", "\"1925-05-12\"", NULL},
    {REFERRAL, "person.birth_date", "1990", "\"1990\"", NULL},
    {REFERRAL, "person.birth_date", "Mei 1990", "\"1990-05\"", NULL},
    {REFERRAL, "person.birth_date", "05/1990", "\"1990-05\"", NULL},
    {REFERRAL, "person.birth_date", "13/1990", NULL, "kalender"},
    {REFERRAL, "handed_over_at", "29/01/2024 08.15", "\"2024-01-29T08:15:00+07:00\"", NULL},
    {REFERRAL, "handed_over_at", "29/01/2024 pukul 08.15 WIB", "\"2024-01-29T08:15:00+07:00\"",
     NULL},
    {REFERRAL, "handed_over_at", "29/01/2024 08:15 WITA", "\"2024-01-29T08:15:00+08:00\"", NULL},
    {REFERRAL, "handed_over_at", "2024-01-29T08:15:30+07:00", "\"2024-01-29T08:15:30+07:00\"",
     NULL},
    {REFERRAL, "handed_over_at", "29/01/2024", "\"2024-01-29T00:00:00+07:00\"", NULL},
    {REFERRAL, "handed_over_at", "29/01/2024 25.15", NULL, "jam"},
    {ITEM, "value_idr", "Rp 1.500.000,00", "\"1500000\"", NULL},
    {ITEM, "value_idr", "Rp1.500.000,-", "\"1500000\"", NULL},
    {ITEM, "value_idr", "Rp. 1.500.000", "\"1500000\"", NULL},
    {ITEM, "value_idr", "IDR 1500000", "\"1500000\"", NULL},
    {ITEM, "value_idr", "1,500,000", "\"1500000\"", NULL},
    {ITEM, "value_idr", "1 500 000", "\"1500000\"", NULL},
    {ITEM, "value_idr", "1500000.0", "\"1500000\"", NULL},
    {ITEM, "value_idr", "2.500", "\"2500\"", NULL},
    {ITEM, "value_idr", "1,500", NULL, "bilangan bulat"},
    {ITEM, "value_idr", "1,000", NULL, "dua bilangan"},
    {ITEM, "value_idr", "1.500.000,50", NULL, "bilangan bulat"},
    {ITEM, "value_idr", "1,5E+06", NULL, "Excel"},
    {ITEM, "value_idr", "gratis", NULL, "bukan bilangan"},
    {ITEM, "value_idr", "10.000.000.001", NULL, "0 sampai 10000000000"},
    {ITEM, "value_idr", "99999999999999999999", NULL, "terlalu besar"},
    {REFERRAL, "person.estimated_age", "30", "30", NULL},
    {REFERRAL, "person.estimated_age", "30.0", "30", NULL},
    {REFERRAL, "person.estimated_age", "30,5", NULL, "bilangan bulat"},
    {REFERRAL, "person.estimated_age", "111", NULL, "0 sampai 110"},
    {REFERRAL, "person.estimated_age", "-1", NULL, "0 sampai 110"},
    {REFERRAL, "person.sex", "L", "\"MALE\"", NULL},
    {REFERRAL, "person.sex", "p", "\"FEMALE\"", NULL},
    {REFERRAL, "person.sex", "Laki-laki", "\"MALE\"", NULL},
    {REFERRAL, "person.sex", "PEREMPUAN", "\"FEMALE\"", NULL},
    {REFERRAL, "person.sex", "SEX_UNKNOWN", "\"UNKNOWN\"", NULL},
    {REFERRAL, "person.sex", "X", NULL, "FEMALE, MALE, UNKNOWN"},
    {REFERRAL, "person.sex", "UNSPECIFIED", NULL, "daftar"},
    {REFERRAL, "activity", "sleeping rough", "\"SLEEPING_ROUGH\"", NULL},
    {REFERRAL, "suspected_ppks", "PPKS_12", "\"PPKS_12\"", NULL},
    {REFERRAL, "suspected_ppks", "ppks 12", "\"PPKS_12\"", NULL},
    {REFERRAL, "statement_signed", "Ya", "true", NULL},
    {REFERRAL, "statement_signed", "sudah", "true", NULL},
    {REFERRAL, "statement_signed", "TIDAK", "false", NULL},
    {REFERRAL, "statement_signed", "mungkin", NULL, "ya atau tidak"},
    {REFERRAL, "person.phone", "0812 3456-7890", "\"+6281234567890\"", NULL},
    {REFERRAL, "person.phone", "+62 812 34567890", "\"+6281234567890\"", NULL},
    {REFERRAL, "person.phone", "6281234567890", "\"+6281234567890\"", NULL},
    {REFERRAL, "person.phone", "81234567890", "\"+6281234567890\"", NULL},
    {REFERRAL, "person.phone", "(0761) 123456", "\"+62761123456\"", NULL},
    {REFERRAL, "person.phone", "0812/0813", NULL, "telepon"},
    {REFERRAL, "person.nik", "1471010101850001", "\"1471010101850001\"", NULL},
    {REFERRAL, "person.nik", "'1471 0101 0185 0001", "\"1471010101850001\"", NULL},
    {REFERRAL, "person.nik", "1,47E+15", NULL, "Excel memendekkan"},
    {REFERRAL, "person.nik", "1.47101E+15", NULL, "Teks (Text)"},
    {REFERRAL, "person.nik", "1471010101850000.000000", NULL, "Excel memendekkan"},
    {REFERRAL, "person.nik", "1471010101850000", NULL, "0000"},
    {REFERRAL, "person.nik", "147101010185001", NULL, "di sini 15"},
    {REFERRAL, "person.nik", "1471019901850001", NULL, "tanggal lahir"},
    {REFERRAL, "person.nik", "tidak ada", NULL, "hanya berisi angka"},
    {REFERRAL, "found_region", "14.71.08", "\"14.71.08\"", NULL},
    {REFERRAL, "found_region", "14.71", NULL, "14.71.08"},
    {REFERRAL, "found_place", "Simpang \"A\"", "\"Simpang \\\"A\\\"\"", NULL},
    {REFERRAL, "found_place", "baris\ndua", "\"baris dua\"", NULL},
    {REFERRAL, "person.domicile_detail", "baris\ndua", "\"baris\\ndua\"", NULL},
    {REFERRAL, "operation_ref", "1,23E+12", NULL, "Excel"},
    {ITEM, "serial_no", "'00123", "\"00123\"", NULL},
    {SLOT, "course_code", "motorcycle service", "\"MOTORCYCLE_SERVICE\"", NULL},
    {REFERRAL, "referral_id", "018ce6f0-0000-7000-8000-000000000001",
     "\"018ce6f0-0000-7000-8000-000000000001\"", NULL},
    {REFERRAL, "referral_id", "12", NULL, "bukan id"},
    {REFERRAL, "envelope.note", "catatan", "\"catatan\"", NULL},
};

static void cells_follow_the_table(void **state)
{
    (void)state;
    const struct value_context context = {.zone_min = 420, .birth_year = 2024};
    for (size_t i = 0; i < SG_ARRAY_LEN(cells); i++) {
        struct field_path path;
        struct sheet_fault fault = {.code = ""};
        struct sg_why why = {0};
        json_t *value = NULL;
        char cell[64];
        UNIT_OK(path_read(cells[i].field, rules_of(cells[i].topic), &path, &why));
        (void)snprintf(cell, sizeof cell, "%s", cells[i].cell);
        bool good = value_read(&context, &path, text_clean(cell, true), &value, &fault);
        char *got = good ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
        if (good != (cells[i].want != NULL) || (good && strcmp(got, cells[i].want) != 0))
            fail_msg("%s '%s': got %s, want %s (%s)", cells[i].field, cells[i].cell,
                     good ? got : "nothing", cells[i].want ? cells[i].want : "a refusal",
                     fault.rule_en);
        if (!good && !strstr(fault.rule_id, cells[i].says) &&
            !strstr(fault.accepted_id, cells[i].says))
            fail_msg("%s '%s': says '%s'; '%s'", cells[i].field, cells[i].cell, fault.rule_id,
                     fault.accepted_id);
        if (!good && (!fault.code[0] || !fault.rule_en[0] || !fault.accepted_en[0]))
            fail_msg("%s '%s': half a sentence", cells[i].field, cells[i].cell);
        free(got);
        json_decref(value);
    }
}

/* With the code lists of the configuration, the name of a code is as good as the code. */
static void labels_are_codes(void **state)
{
    (void)state;
    static const struct {
        const char *topic, *field, *cell, *want;
    } table[] = {
        {"slot.offered", "course_code", "perbengkelan sepeda motor", "MOTORCYCLE_SERVICE"},
        {"slot.offered", "course_code", "Motorcycle service", "MOTORCYCLE_SERVICE"},
        {"slot.offered", "course_code", "Menjahit layar", NULL},
        {"referral.submitted", "suspected_ppks", "Anak telantar", "PPKS_02"},
        {"referral.submitted", "requested_services", "permakanan", "FOOD"},
        {"referral.submitted", "person.origin_region", "99.99", NULL},
    };
    struct sg_lists *lists = NULL;
    struct sg_why why = {0};
    UNIT_OK(sg_lists_load("conf/codes", &lists, &why));
    const struct value_context context = {
        .lists = lists, .day = sg_day_of(2026, 1, 29), .zone_min = 420, .birth_year = 2026};
    for (size_t i = 0; i < SG_ARRAY_LEN(table); i++) {
        struct field_path path;
        struct sheet_fault fault = {.code = ""};
        json_t *value = NULL;
        UNIT_OK(path_read(table[i].field, rules_of(table[i].topic), &path, &why));
        bool good = value_read(&context, &path, table[i].cell, &value, &fault);
        const char *got = good ? json_string_value(value) : NULL;
        if (good != (table[i].want != NULL) || (good && strcmp(got, table[i].want) != 0))
            fail_msg("'%s': got %s", table[i].cell, got ? got : fault.rule_en);
        if (!good)
            assert_string_equal(fault.code, "E_BAD_CODE");
        json_decref(value);
    }
    sg_lists_free(&lists);
}

static void texts_are_cleaned(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool lines;
        const char *want;
    } table[] = {
        {"  a  b ", false, "a b"},
        {"a\xc2\xa0\xc2\xa0"
         "b\xe2\x80\xaf",
         false, "a b"},
        {"a\n b", false, "a b"},
        {"a \n b", true, "a\nb"},
        {"\xef\xbb\xbf"
         "a\xe2\x80\x8b"
         "b",
         false, "ab"},
        {" \t\r\n ", true, ""},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(table); i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "%s", table[i].text);
        assert_string_equal(text_clean(text, table[i].lines), table[i].want);
    }
    assert_true(text_is_empty(""));
    assert_true(text_is_empty("-"));
    assert_true(text_is_empty("– —"));
    assert_false(text_is_empty("0"));
    assert_true(text_is_utf8("é – 😀"));
    assert_false(text_is_utf8("\xe9"));
    assert_false(text_is_utf8("\xed\xa0\x80")); /* half of a pair */
    assert_true(text_same("ÉCLAIR  x", "éclair x"));
    assert_int_equal(text_distance("full_name", "ful_name"), 1);
}

UNIT_MAIN(cmocka_unit_test(cells_follow_the_table), cmocka_unit_test(labels_are_codes),
          cmocka_unit_test(texts_are_cleaned))
