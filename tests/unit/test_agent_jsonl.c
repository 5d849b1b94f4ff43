#include "unit/unit.h"

#include "agent/forget.h"
#include "agent/jsonl.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const int64_t large = INT64_C(1) << 30;

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void read_file(const char *path, char *to, size_t size)
{
    FILE *file = fopen(path, "r");
    size_t length = file ? fread(to, 1, size - 1, file) : 0;
    to[length] = '\0';
    if (file)
        assert_int_equal(fclose(file), 0);
}

static void clear(void)
{
    static const char *const names[] = {"f.jsonl", "f.jsonl.1", "f.jsonl.2", "f.jsonl.3"};
    for (size_t i = 0; i < SG_ARRAY_LEN(names); i++)
        (void)unlink(names[i]);
}

static void the_file_says_how_far_it_is(void **state)
{
    (void)state;
    static const struct row {
        const char *name, *older, *text; /* older: of f.jsonl.1 */
        uint64_t seq;
        const char *left;
    } rows[] = {
        {"no file", NULL, NULL, 0, ""},
        {"an empty file", NULL, "", 0, ""},
        {"one line", NULL, "{\"seq\":\"7\"}\n", 7, "{\"seq\":\"7\"}\n"},
        {"the last line counts", NULL, "{\"seq\":\"7\"}\n{\"seq\":\"9\"}\n", 9,
         "{\"seq\":\"7\"}\n{\"seq\":\"9\"}\n"},
        {"a torn line is cut off", NULL, "{\"seq\":\"7\"}\n{\"seq\":\"9", 7, "{\"seq\":\"7\"}\n"},
        {"a whole line without its end was not confirmed", NULL, "{\"seq\":\"7\"}\n{\"seq\":\"9\"}",
         7, "{\"seq\":\"7\"}\n"},
        {"only a torn line", NULL, "{\"seq", 0, ""},
        {"rotated, nothing written yet", "{\"seq\":\"5\"}\n", "", 5, ""},
        {"rotated, and a torn line", "{\"seq\":\"5\"}\n", "{\"se", 5, ""},
        {"ended between the two renames", "{\"seq\":\"5\"}\n", NULL, 5, ""},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct sg_why why = {0};
        struct jsonl *jsonl = NULL;
        char text[256];
        clear();
        if (rows[i].older)
            write_file("f.jsonl.1", rows[i].older);
        if (rows[i].text)
            write_file("f.jsonl", rows[i].text);
        UNIT_OK(jsonl_open("f.jsonl", large, 3, &jsonl, &why));
        if (jsonl_seq(jsonl) != rows[i].seq)
            fail_msg("%s: seq %llu", rows[i].name, (unsigned long long)jsonl_seq(jsonl));
        jsonl_close(&jsonl);
        read_file("f.jsonl", text, sizeof text);
        if (strcmp(text, rows[i].left) != 0)
            fail_msg("%s: '%s' is left", rows[i].name, text);
    }
    clear();
}

static void what_is_none_of_ours_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"hello\n", "{\"seq\":7}\n", "{}\n", "{\"seq\":\"7\"}\n\n"};
    for (size_t i = 0; i < SG_ARRAY_LEN(texts); i++) {
        struct sg_why why = {0};
        struct jsonl *jsonl = NULL;
        write_file("f.jsonl", texts[i]);
        assert_int_equal(jsonl_open("f.jsonl", large, 3, &jsonl, &why), SG_E_FORMAT);
        assert_null(jsonl);
        assert_non_null(strstr(why.text, "f.jsonl"));
    }
    clear();
    struct sg_why why = {0};
    struct jsonl *jsonl = NULL;
    assert_int_equal(jsonl_open("none/f.jsonl", large, 3, &jsonl, &why), SG_E_SYS);
}

static void each_delivery_is_one_line(void **state)
{
    (void)state;
    struct sg_why why = {0};
    struct jsonl *jsonl = NULL;
    char text[256];
    struct stat st;
    clear();
    UNIT_OK(jsonl_open("f.jsonl", large, 3, &jsonl, &why));
    UNIT_OK(jsonl_add(jsonl, 3, "{\"seq\":\"3\"}", &why));
    UNIT_OK(jsonl_add(jsonl, 3, "{\"seq\":\"3\"}", &why));
    UNIT_OK(jsonl_add(jsonl, 2, "{\"seq\":\"2\"}", &why));
    jsonl_close(&jsonl);
    UNIT_OK(jsonl_open("f.jsonl", large, 3, &jsonl, &why));
    UNIT_OK(jsonl_add(jsonl, 3, "{\"seq\":\"3\"}", &why));
    UNIT_OK(jsonl_add(jsonl, 4, "{\"seq\":\"4\"}", &why));
    jsonl_close(&jsonl);
    read_file("f.jsonl", text, sizeof text);
    assert_string_equal(text, "{\"seq\":\"3\"}\n{\"seq\":\"4\"}\n");
    assert_int_equal(stat("f.jsonl", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    clear();
}

static void old_files_are_kept_as_many_as_asked_for(void **state)
{
    (void)state;
    struct sg_why why = {0};
    struct jsonl *jsonl = NULL;
    char line[64], text[256];
    clear();
    UNIT_OK(jsonl_open("f.jsonl", 30, 2, &jsonl, &why));
    for (unsigned seq = 10; seq < 18; seq++) { /* two lines of 13 bytes fit into 30 */
        (void)snprintf(line, sizeof line, "{\"seq\":\"%u\"}", seq);
        UNIT_OK(jsonl_add(jsonl, seq, line, &why));
    }
    read_file("f.jsonl", text, sizeof text);
    assert_string_equal(text, "{\"seq\":\"16\"}\n{\"seq\":\"17\"}\n");
    read_file("f.jsonl.1", text, sizeof text);
    assert_string_equal(text, "{\"seq\":\"14\"}\n{\"seq\":\"15\"}\n");
    read_file("f.jsonl.2", text, sizeof text);
    assert_string_equal(text, "{\"seq\":\"12\"}\n{\"seq\":\"13\"}\n");
    assert_int_not_equal(access("f.jsonl.3", F_OK), 0);
    jsonl_close(&jsonl);

    /* A line that is longer than a file may be has one of its own. */
    char longer[101] = "{\"seq\":\"18\",\"x\":\"";
    memset(longer + strlen(longer), 'x', 40);
    (void)strcat(longer, "\"}");
    UNIT_OK(jsonl_open("f.jsonl", 30, 2, &jsonl, &why));
    UNIT_OK(jsonl_add(jsonl, 18, longer, &why));
    assert_int_equal(jsonl_seq(jsonl), 18);
    jsonl_close(&jsonl);
    clear();
}

#define REF "41516cf1-48ba-b071-f305-fcc61a9cbb2b"
#define LINE(seq, fields) "{\"seq\":\"" seq "\",\"personRef\":\"" REF "\"" fields "}\n"
#define FORGOTTEN ",\"redactedPaths\":[\"note\"]"

/* The current file and the older ones, what is no line of ours, what came behind the order, and the
 * half of a forgetting that was cut short. */
static void an_order_goes_through_all_files(void **state)
{
    (void)state;
    static const struct {
        const char *file, *before, *after;
    } files[] = {
        {"f.jsonl", LINE("8", "") LINE("9", ",\"note\":\"n\"") LINE("12", ",\"note\":\"m\""),
         LINE("8", "") LINE("9", FORGOTTEN) LINE("12", ",\"note\":\"m\"")},
        {"f.jsonl.1", LINE("7", ",\"note\":\"n\""), LINE("7", FORGOTTEN)},
        {"f.jsonl.3", "no JSON " REF "\n\n" LINE("3", ",\"note\":\"n\"") "torn " REF,
         "no JSON " REF "\n\n" LINE("3", FORGOTTEN) "torn " REF},
        {"f.jsonl.2", "{\"seq\":\"5\",\"note\":\"n\"}\n", "{\"seq\":\"5\",\"note\":\"n\"}\n"},
        {"f.jsonl.old", LINE("7", ",\"note\":\"n\""), LINE("7", ",\"note\":\"n\"")},
        {"other.jsonl", LINE("7", ",\"note\":\"n\""), LINE("7", ",\"note\":\"n\"")},
    };
    char text[1024];
    struct jsonl *jsonl = NULL;
    struct sg_why why = {0};
    struct stat st;
    struct forgotten forgotten = {0};
    struct forget_order order = {.person_ref = REF, .seq = 10, .all = true};
    for (size_t i = 0; i < SG_ARRAY_LEN(files); i++)
        write_file(files[i].file, files[i].before);
    assert_int_equal(chmod("f.jsonl.1", 0640), 0);
    write_file("f.jsonl.new", "half");
    UNIT_OK(jsonl_open("f.jsonl", large, 2, &jsonl, &why));
    assert_int_not_equal(access("f.jsonl.new", F_OK), 0);
    for (int again = 0; again < 2; again++) { /* nothing is left to do the second time */
        UNIT_OK(jsonl_forget(jsonl, &order, &forgotten, &why));
        assert_int_equal(forgotten.rows, 3);
        assert_int_equal(forgotten.files, 3);
    }
    UNIT_OK(jsonl_add(jsonl, 12, "twice", &why));
    UNIT_OK(jsonl_add(jsonl, 13, "{\"seq\":\"13\"}", &why));
    jsonl_close(&jsonl);
    for (size_t i = 0; i < SG_ARRAY_LEN(files); i++) {
        read_file(files[i].file, text, sizeof text);
        if (i == 0) {
            char *added = strstr(text, "{\"seq\":\"13\"}\n");
            assert_non_null(added);
            *added = '\0';
        }
        assert_string_equal(text, files[i].after);
        if (strcmp(files[i].file, "f.jsonl.1") == 0) {
            assert_int_equal(stat(files[i].file, &st), 0);
            assert_int_equal(st.st_mode & 07777, 0640);
        }
        (void)unlink(files[i].file);
    }
    assert_int_not_equal(access("f.jsonl.new", F_OK), 0);
}

/* The bound of memory is that of a line; one that is longer goes through in pieces. */
static void a_line_of_any_length_goes_through(void **state)
{
    (void)state;
    enum { LONG = (9 << 20) + 5 };
    struct jsonl *jsonl = NULL;
    struct sg_why why = {0};
    struct stat st;
    struct forgotten forgotten = {0};
    struct forget_order order = {.person_ref = REF, .seq = 10, .all = true};
    FILE *file = fopen("f.jsonl.1", "w");
    assert_non_null(file);
    for (int i = 0; i < LONG; i++)
        (void)fputc('x', file);
    assert_true(fputs("\n" LINE("7", ",\"note\":\"n\""), file) >= 0);
    assert_int_equal(fclose(file), 0);
    write_file("f.jsonl", LINE("8", ""));
    UNIT_OK(jsonl_open("f.jsonl", large, 2, &jsonl, &why));
    UNIT_OK(jsonl_forget(jsonl, &order, &forgotten, &why));
    assert_int_equal(forgotten.rows, 1);
    jsonl_close(&jsonl);
    assert_int_equal(stat("f.jsonl.1", &st), 0);
    assert_int_equal(st.st_size, LONG + 1 + (int)strlen(LINE("7", FORGOTTEN)));
    clear();
}

UNIT_MAIN(cmocka_unit_test(the_file_says_how_far_it_is),
          cmocka_unit_test(what_is_none_of_ours_is_refused),
          cmocka_unit_test(each_delivery_is_one_line),
          cmocka_unit_test(old_files_are_kept_as_many_as_asked_for),
          cmocka_unit_test(an_order_goes_through_all_files),
          cmocka_unit_test(a_line_of_any_length_goes_through))
