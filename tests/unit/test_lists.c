#include "unit/unit.h"

#include "wire/day.h"
#include "wire/lists.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define HEAD "code,label_id,label_en,valid_from,valid_to"

static const struct file {
    const char *name, *text;
} files[] = {
    {"regions.csv",
     HEAD "\n14,Riau,Riau,,\n14.71,Pekanbaru,Pekanbaru,,\n"
          "14.71.08,Binawidya,Binawidya,2021-01-01,\n14.71.08,Tampan,Tampan,,2020-12-31\n"},
    {"courses.csv", HEAD ",kbji,skkni\nBARBER,Pangkas,Barbering,,,5141,\nOTHER,Lain,Other,,,,\n"},
    {"kits.csv", HEAD ",course\nKIT-BARBER-A,\"Gunting, sisir\",Scissors,,,BARBER\n"},
    {"ppks.csv", HEAD "\nPPKS_04,Anak jalanan,Street child,,\n"},
    {"services.csv", HEAD "\nFOOD,Permakanan,Food,2020-01-01,2029-12-31\n"},
    {"holidays.csv",
     "date,label_id,label_en\n2026-06-01,Pancasila,Pancasila\n2026-05-01,Buruh,Labour\n"},
};

static char folder[] = "/tmp/sinergi-lists-??????"; /* mkdtemp wants six X in their place */

static void put(const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    (void)state;
    memset(folder + sizeof folder - 7, 'X', 6);
    if (!mkdtemp(folder))
        return -1;
    for (size_t i = 0; i < SG_ARRAY_LEN(files); i++)
        put(files[i].name, files[i].text);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(files); i++) {
        char path[256];
        (void)snprintf(path, sizeof path, "%s/%s", folder, files[i].name);
        (void)unlink(path);
    }
    return rmdir(folder);
}

struct question {
    const char *code;
    enum sg_list list;
    int32_t year, month, day;
    enum sg_code_known want;
    const char *label; /* English */
};

static void ask(const struct sg_lists *lists, const struct question *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct question *q = &rows[i];
        int32_t day = sg_day_of(q->year, q->month, q->day);
        const char *label = sg_lists_label(lists, q->list, sg_bytes_of(q->code), day, true);
        if (sg_lists_find(lists, q->list, sg_bytes_of(q->code), day) != q->want ||
            (q->label ? !label || strcmp(label, q->label) != 0 : label != NULL))
            fail_msg("%s on %04d-%02d-%02d: label '%s'", q->code, q->year, q->month, q->day,
                     label ? label : "none");
    }
}

static void codes_are_found_with_their_days(void **state)
{
    (void)state;
    static const struct question rows[] = {
        {"14", SG_LIST_REGIONS, 1900, 1, 1, SG_CODE_VALID, "Riau"},
        {"14.71.08", SG_LIST_REGIONS, 2020, 12, 31, SG_CODE_VALID, "Tampan"},
        {"14.71.08", SG_LIST_REGIONS, 2021, 1, 1, SG_CODE_VALID, "Binawidya"},
        {"14.71.0", SG_LIST_REGIONS, 2021, 1, 1, SG_CODE_UNKNOWN, NULL},
        {"14.71.089", SG_LIST_REGIONS, 2021, 1, 1, SG_CODE_UNKNOWN, NULL},
        {"", SG_LIST_REGIONS, 2021, 1, 1, SG_CODE_UNKNOWN, NULL},
        {"99", SG_LIST_REGIONS, 2021, 1, 1, SG_CODE_UNKNOWN, NULL},
        {"a-code-that-is-longer-than-any", SG_LIST_COURSES, 2021, 1, 1, SG_CODE_UNKNOWN, NULL},
        {"FOOD", SG_LIST_SERVICES, 2019, 12, 31, SG_CODE_OLD, "Food"},
        {"FOOD", SG_LIST_SERVICES, 2020, 1, 1, SG_CODE_VALID, "Food"},
        {"FOOD", SG_LIST_SERVICES, 2029, 12, 31, SG_CODE_VALID, "Food"},
        {"FOOD", SG_LIST_SERVICES, 2030, 1, 1, SG_CODE_OLD, "Food"},
        {"food", SG_LIST_SERVICES, 2021, 1, 1, SG_CODE_UNKNOWN, NULL},
        {"KIT-BARBER-A", SG_LIST_KITS, 2021, 1, 1, SG_CODE_VALID, "Scissors"},
        {"FOOD", SG_LIST_COURSES, 2021, 1, 1, SG_CODE_UNKNOWN, NULL},
    };
    struct sg_why why;
    SG_AUTO(sg_lists_free) struct sg_lists *lists = NULL;
    UNIT_OK(sg_lists_load(folder, &lists, &why));
    ask(lists, rows, SG_ARRAY_LEN(rows));
    assert_int_equal(
        sg_lists_find(lists, SG_LIST_REGIONS, (struct sg_bytes){(const uint8_t *)"14\0", 3}, 0),
        SG_CODE_UNKNOWN);
    assert_string_equal(sg_lists_label(lists, SG_LIST_KITS, sg_bytes_of("KIT-BARBER-A"), 0, false),
                        "Gunting, sisir");
    assert_true(sg_lists_holiday(lists, sg_day_of(2026, 5, 1)));
    assert_true(sg_lists_holiday(lists, sg_day_of(2026, 6, 1)));
    assert_false(sg_lists_holiday(lists, sg_day_of(2026, 5, 2)));
    assert_false(sg_lists_holiday(lists, sg_day_of(2026, 4, 30)));
    assert_false(sg_lists_holiday(lists, sg_day_of(2026, 6, 2)));
}

static void the_version_follows_the_bytes(void **state)
{
    (void)state;
    struct sg_why why;
    char first[17];
    SG_AUTO(sg_lists_free) struct sg_lists *lists = NULL;
    UNIT_OK(sg_lists_load(folder, &lists, &why));
    (void)snprintf(first, sizeof first, "%s", sg_lists_version(lists));
    assert_int_equal(strspn(first, "0123456789abcdef"), 16);
    sg_lists_free(&lists);
    UNIT_OK(sg_lists_load(folder, &lists, &why));
    assert_string_equal(sg_lists_version(lists), first);
    sg_lists_free(&lists);
    put("holidays.csv",
        "date,label_id,label_en\n2026-06-01,Pancasila,Pancasila\n2026-05-01,Buruh,Labor\n");
    UNIT_OK(sg_lists_load(folder, &lists, &why));
    assert_string_not_equal(sg_lists_version(lists), first);
}

static const struct wrong {
    const char *name, *file, *text, *says;
} wrong_files[] = {
    {"empty", "ppks.csv", "", "ppks.csv: want a heading"},
    {"heading only", "ppks.csv", HEAD "\n", "ppks.csv: want a heading and at least one row"},
    {"no heading", "ppks.csv", "PPKS_04,Anak jalanan,Street child,,\n",
     "ppks.csv:1: column code: want this name"},
    {"heading too short", "ppks.csv", "code,label_id\n", ":1: column label_en"},
    {"heading too long", "ppks.csv", HEAD ",more\n", ":1: column 6: want no further"},
    {"byte order mark", "ppks.csv", "\xef\xbb\xbf" HEAD "\n", ":1: column code"},
    {"heading of another list", "kits.csv", HEAD ",curse\n", ":1: column course"},
    {"too few columns", "ppks.csv", HEAD "\nPPKS_04,A,B,\n", ":2: column valid_to: want as many"},
    {"too many columns", "ppks.csv", HEAD "\nPPKS_04,A,B,,,,\n", ":2: column 8: want as many"},
    {"columns without end", "ppks.csv", HEAD "\nPPKS_04,A,B,,,,,,,\n",
     ":2: column 8: want no further"},
    {"line after empty lines", "ppks.csv", HEAD "\n\n\nPPKS_4,A,B,,\n",
     ":4: column code: want PPKS_01"},
    {"carriage returns count once", "ppks.csv", HEAD "\r\n\r\nPPKS_4,A,B,,\r\n", ":3: column code"},
    {"line without an end", "ppks.csv", HEAD "\nPPKS_4,A,B,,", ":2: column code"},
    {"no Indonesian label", "ppks.csv", HEAD "\nPPKS_04,,B,,\n",
     ":2: column label_id: want a label"},
    {"no English label", "ppks.csv", HEAD "\nPPKS_04,A,\"\",,\n",
     ":2: column label_en: want a label"},
    {"not UTF-8", "ppks.csv", HEAD "\nPPKS_04,A\xff,B,,\n",
     ":2: column label_id: want plain UTF-8"},
    {"a control character", "ppks.csv", HEAD "\nPPKS_04,A\tB,B,,\n",
     ":2: column label_id: want plain"},
    {"a cell over two lines", "ppks.csv", HEAD "\nPPKS_04,A,\"B\nC\",,\n",
     "column label_en: want plain"},
    {"open quote", "ppks.csv", HEAD "\nPPKS_04,A,\"B,,\n", ":2: column label_en: want quotes"},
    {"quote inside", "ppks.csv", HEAD "\nPPKS_04,A,B\"C,,\n", ":2: column label_en: want quotes"},
    {"valid_from no day", "ppks.csv", HEAD "\nPPKS_04,A,B,2021-13-01,\n",
     ":2: column valid_from: want a day"},
    {"valid_from with a space", "ppks.csv", HEAD "\nPPKS_04,A,B,\" 021-01-01\",\n",
     ":2: column valid_from"},
    {"valid_to no day", "ppks.csv", HEAD "\nPPKS_04,A,B,,2021-02-29\n",
     ":2: column valid_to: want a day"},
    {"valid_to before valid_from", "ppks.csv", HEAD "\nPPKS_04,A,B,2021-01-02,2021-01-01\n",
     ":2: column valid_to: want a day not before"},
    {"code twice", "ppks.csv", HEAD "\nPPKS_04,A,B,,\nPPKS_05,A,B,,\nPPKS_04,C,D,,\n",
     ":4: column code: want other days than line 2 has for PPKS_04"},
    {"validity overlaps by a day", "ppks.csv",
     HEAD "\nPPKS_04,A,B,2021-01-01,\nPPKS_04,C,D,,2021-01-01\n",
     ":3: column code: want other days than line 2"},
    {"region code of no form", "regions.csv", HEAD "\n14,Riau,Riau,,\n14.7,X,X,,\n",
     ":3: column code: want a region code"},
    {"region below nothing", "regions.csv", HEAD "\n14,Riau,Riau,,\n14.71.08,X,X,,\n",
     ":3: column code: want a region code such as 14.71.08 below"},
    {"course code", "courses.csv", HEAD ",kbji,skkni\nBarber,A,B,,,,\n",
     ":2: column code: want a code such as BARBER"},
    {"course code too long", "courses.csv", HEAD ",kbji,skkni\nA23456789012345678901234,A,B,,,,\n",
     ":2: column code"},
    {"KBJI", "courses.csv", HEAD ",kbji,skkni\nBARBER,A,B,,,514,\n",
     ":2: column kbji: want a KBJI"},
    {"kit code", "kits.csv", HEAD ",course\nBARBER,A,B,,,BARBER\n",
     ":2: column code: want a code such as KIT-"},
    {"kit without a course", "kits.csv", HEAD ",course\nKIT-A,A,B,,,\n",
     ":2: column course: want a course"},
    {"kit of another course", "kits.csv", HEAD ",course\nKIT-A,A,B,,,SEWING\n",
     ":2: column course: want a course of courses.csv"},
    {"service code", "services.csv", HEAD "\nfood,A,B,,\n",
     ":2: column code: want a code such as FOOD"},
    {"holiday that is no day", "holidays.csv", "date,label_id,label_en\n2026-02-30,A,B\n",
     ":2: column date: want a day"},
    {"holiday twice", "holidays.csv", "date,label_id,label_en\n2026-02-20,A,B\n2026-02-20,A,B\n",
     ":3: column date: want other days"},
};

static void wrong_files_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(wrong_files); i++) {
        const struct wrong *row = &wrong_files[i];
        struct sg_why why = {0};
        struct sg_lists *lists = NULL;
        for (size_t j = 0; j < SG_ARRAY_LEN(files); j++)
            put(files[j].name, files[j].text);
        put(row->file, row->text);
        if (sg_lists_load(folder, &lists, &why) != SG_E_CONF || lists ||
            !strstr(why.text, row->says) || !strstr(why.text, row->file))
            fail_msg("%s: '%s'", row->name, why.text);
    }
}

static void all_files_must_be_there(void **state)
{
    (void)state;
    struct sg_lists *lists = NULL;
    for (size_t i = 0; i < SG_ARRAY_LEN(files); i++) {
        struct sg_why why = {0};
        char path[256];
        (void)snprintf(path, sizeof path, "%s/%s", folder, files[i].name);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(sg_lists_load(folder, &lists, &why), SG_E_CONF);
        assert_non_null(strstr(why.text, files[i].name));
        put(files[i].name, files[i].text);
    }
    assert_null(lists);
    sg_lists_free(&lists); /* of nothing is nothing */
}

/* The lists that are installed. */
static void the_lists_of_pekanbaru_are_whole(void **state)
{
    (void)state;
    static const struct question rows[] = {
        {"14.71", SG_LIST_REGIONS, 2026, 5, 4, SG_CODE_VALID, "Pekanbaru City"},
        {"14.71.06", SG_LIST_REGIONS, 2020, 12, 31, SG_CODE_VALID, "Rumbai District"},
        {"14.71.06", SG_LIST_REGIONS, 2021, 1, 1, SG_CODE_VALID, "Rumbai Barat District"},
        {"14.71.08", SG_LIST_REGIONS, 2020, 12, 31, SG_CODE_VALID, "Tampan District"},
        {"14.71.08", SG_LIST_REGIONS, 2026, 5, 4, SG_CODE_VALID, "Binawidya District"},
        {"14.71.12", SG_LIST_REGIONS, 2020, 12, 31, SG_CODE_VALID, "Rumbai Pesisir District"},
        {"14.71.12", SG_LIST_REGIONS, 2026, 5, 4, SG_CODE_VALID, "Rumbai District"},
        {"14.71.13", SG_LIST_REGIONS, 2020, 12, 31, SG_CODE_OLD, "Tuahmadani District"},
        {"14.71.15.1005", SG_LIST_REGIONS, 2026, 5, 4, SG_CODE_VALID, "Limbungan Village"},
        {"14.71.11.1001", SG_LIST_REGIONS, 2026, 5, 4, SG_CODE_VALID, "Tampan Village"},
        {"14.71.16", SG_LIST_REGIONS, 2026, 5, 4, SG_CODE_UNKNOWN, NULL},
        {"14.71.99", SG_LIST_REGIONS, 2026, 5, 4, SG_CODE_UNKNOWN, NULL}, /* of test numbers */
        {"13.71", SG_LIST_REGIONS, 2026, 5, 4, SG_CODE_VALID, "Padang City"},
        {"12.71", SG_LIST_REGIONS, 2026, 5, 4, SG_CODE_VALID, "Medan City"},
        {"15.71", SG_LIST_REGIONS, 2026, 5, 4, SG_CODE_VALID, "Jambi City"},
        {"14.01", SG_LIST_REGIONS, 2026, 5, 4, SG_CODE_VALID, "Kampar Regency"},
        {"14.10", SG_LIST_REGIONS, 2026, 5, 4, SG_CODE_VALID, "Kepulauan Meranti Regency"},
        {"14.72", SG_LIST_REGIONS, 2026, 5, 4, SG_CODE_VALID, "Dumai City"},
        {"MOTORCYCLE_SERVICE", SG_LIST_COURSES, 2026, 5, 4, SG_CODE_VALID, "Motorcycle service"},
        {"KIT-SULAM-A", SG_LIST_KITS, 2026, 5, 4, SG_CODE_VALID,
         "Hoop, needles, threads, scissors, cloth"},
        {"PPKS_27", SG_LIST_PPKS, 2026, 5, 4, SG_CODE_UNKNOWN, NULL},
        {"REFERRAL", SG_LIST_SERVICES, 2026, 5, 4, SG_CODE_VALID, "Referral"},
    };
    static const int villages[] = {7, 6, 3, 4, 6, 6, 5, 5, 6, 8, 6, 6, 5, 5, 5}; /* 83 */
    struct sg_why why;
    SG_AUTO(sg_lists_free) struct sg_lists *lists = NULL;
    UNIT_OK(sg_lists_load("conf/codes", &lists, &why));
    ask(lists, rows, SG_ARRAY_LEN(rows));
    int32_t day = sg_day_of(2026, 5, 4);
    for (int district = 1; district <= (int)SG_ARRAY_LEN(villages); district++) {
        char code[32];
        int found = 0;
        for (int village = 1001; village < 1100; village++) {
            (void)snprintf(code, sizeof code, "14.71.%02d.%04d", district, village);
            found += sg_lists_find(lists, SG_LIST_REGIONS, sg_bytes_of(code), day) == SG_CODE_VALID;
        }
        if (found != villages[district - 1])
            fail_msg("14.71.%02d has %d kelurahan", district, found);
    }
    for (int n = 1; n <= 26; n++) {
        char code[16];
        (void)snprintf(code, sizeof code, "PPKS_%02d", n);
        assert_int_equal(sg_lists_find(lists, SG_LIST_PPKS, sg_bytes_of(code), day), SG_CODE_VALID);
    }
    assert_true(sg_lists_holiday(lists, sg_day_of(2026, 5, 14)));
    assert_true(sg_lists_holiday(lists, sg_day_of(2024, 8, 17)));
    assert_false(sg_lists_holiday(lists, day));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
UNIT_MAIN(TEST(codes_are_found_with_their_days), TEST(the_version_follows_the_bytes),
          TEST(wrong_files_are_refused), TEST(all_files_must_be_there),
          cmocka_unit_test(the_lists_of_pekanbaru_are_whole))
