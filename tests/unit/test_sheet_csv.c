/* Rows of a file as offices write them: marks, quotes, line ends, encodings, line numbers; where
 * the heading is, and what is said of a column that is missing or stands twice. */
#include "unit/sheet_unit.h"

#include "sheet/seen.h"

#include <stdio.h>
#include <stdlib.h>

#define BOM "\xef\xbb\xbf"

/* "LINE:cell|cell\n" of every row. */
static void dump(struct rows *rows, char *to, size_t size)
{
    struct sheet_fault fault;
    size_t len = 0;
    to[0] = '\0';
    for (struct row *row; (row = rows_next(rows, &fault)) != NULL;) {
        len += (size_t)snprintf(to + len, size - len, "%llu:%s", (unsigned long long)row->line,
                                row->too_long ? "LONG" : "");
        for (size_t i = 0; i < row->count; i++)
            len += (size_t)snprintf(to + len, size - len, "%s%s", i ? "|" : "", row->cells[i]);
        len += (size_t)snprintf(to + len, size - len, "~");
    }
    if (rows->failed)
        (void)snprintf(to + len, size - len, "FAILED %s", fault.rule_en);
}

static void rows_follow_the_table(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        size_t len; /* 0: strlen */
        char mark;
        const char *want;
    } table[] = {
        {"semicolon", "a;b\nc;d\n", 0, ';', "1:a|b~2:c|d~"},
        {"comma", "a,b\nc,d\n", 0, ',', "1:a|b~2:c|d~"},
        {"tab", "a\tb\nc\t\n", 0, '\t', "1:a|b~2:c|~"},
        {"crlf", "a;b\r\nc;d\r\n", 0, ';', "1:a|b~2:c|d~"},
        {"bare cr", "a;b\rc;d\r", 0, ';', "1:a|b~2:c|d~"},
        {"no line end at the end", "a;b\nc;d", 0, ';', "1:a|b~2:c|d~"},
        {"mark of utf-8", BOM "a;b\n", 0, ';', "1:a|b~"},
        {"quotes", "\"a;1\";\"say \"\"b\"\"\"\n", 0, ';', "1:a;1|say \"b\"~"},
        {"line break in a cell", "\"a\nb\";c\nd;e\n", 0, ';', "1:a\nb|c~3:d|e~"},
        {"crlf in a cell", "\"a\r\nb\r\n\";c\r\nd;e\r\n", 0, ';', "1:a\nb\n|c~4:d|e~"},
        {"blank lines", "a;b\n\n\nc;d\n", 0, ';', "1:a|b~2:~3:~4:c|d~"},
        {"blank lines of crlf", "a\r\n\r\nb\r\n", 0, ';', "1:a~2:~3:b~"},
        {"fewer and more cells", "a;b\nc\nd;e;f\n", 0, ';', "1:a|b~2:c~3:d|e|f~"},
        {"blanks around", " a ; b \n", 0, ';', "1:a|b~"},
        {"windows letters", "Andr\xe9;5 \x96 6;\x93x\x94\x92\n", 0, ';', "1:André|5 – 6|“x”’~"},
        {"utf-8 letters", "André;5 – 6\n", 0, ';', "1:André|5 – 6~"},
        {"one broken letter in utf-8", "André é\xff;x\n", 0, ';', "1:André é\xff|x~"},
        {"utf-16",
         "\xff\xfe"
         "a\0;\0\xe9\0\r\0\n\0"
         "b\0",
         14, ';', "1:a|é~2:b~"},
        {"utf-16 of the other order", "\xfe\xff\0a\0;\xd8\x3d\xde\x00\0\n", 12, ';', "1:a|😀~"},
        {"a quotation mark that stays open", "a;b\nc;\"d\ne;f\n", 0, ';',
         "1:a|b~FAILED line 2: a quotation mark (\") is opened and never closed"},
        {"end of a file of dos", "a;b\n\x1a", 0, ';', "1:a|b~2:\x1a~"},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(table); i++) {
        SG_AUTO(sg_heap_done) struct rows *rows = calloc(1, sizeof *rows);
        struct sheet_fault fault = {.code = ""};
        char got[512];
        size_t len = table[i].len ? table[i].len : strlen(table[i].bytes);
        int fd = file_of(table[i].bytes, len);
        if (!rows_open(rows, fd, (off_t)len, ENCODING_DETECT, &fault) ||
            !rows_begin(rows, table[i].mark, &fault))
            fail_msg("%s: %s", table[i].name, fault.rule_en);
        dump(rows, got, sizeof got);
        if (strcmp(got, table[i].want) != 0)
            fail_msg("%s: got '%s', want '%s'", table[i].name, got, table[i].want);
        rows_done(rows);
        (void)close(fd);
    }
}

/* A line without an end is one bad row; the ones around it are read. */
static void a_line_may_be_too_long(void **state)
{
    (void)state;
    static const char before[] = "a;b\n", after[] = "\nc;d\n";
    size_t wide = 3 * ROW_BYTES_MAX, len = 0;
    SG_AUTO(sg_heap_done) char *bytes = malloc(wide + sizeof before + sizeof after);
    SG_AUTO(sg_heap_done) struct rows *rows = calloc(1, sizeof *rows);
    struct sheet_fault fault = {.code = ""};
    char got[128];
    memcpy(bytes, before, sizeof before - 1);
    len = sizeof before - 1;
    memset(bytes + len, 'x', wide);
    len += wide;
    memcpy(bytes + len, after, sizeof after - 1);
    len += sizeof after - 1;
    int fd = file_of(bytes, len);
    assert_true(rows_open(rows, fd, (off_t)len, ENCODING_DETECT, &fault));
    assert_true(rows_begin(rows, ';', &fault));
    dump(rows, got, sizeof got);
    assert_string_equal(got, "1:a|b~2:LONG~3:c|d~");
    rows_done(rows);
    (void)close(fd);
}

static void bytes_that_are_no_text_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        size_t len;
    } table[] = {
        {"a zero byte", "a;b\n\0;c\n", 8},
        {"control characters", "\x01\x02\x03\x04;\n", 6},
        {"utf-16 without its mark", "a\0;\0b\0\n\0", 8},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(table); i++) {
        SG_AUTO(sg_heap_done) struct rows *rows = calloc(1, sizeof *rows);
        struct sheet_fault fault = {.code = ""};
        int fd = file_of(table[i].bytes, table[i].len);
        if (rows_open(rows, fd, (off_t)table[i].len, ENCODING_DETECT, &fault))
            fail_msg("%s: taken", table[i].name);
        assert_non_null(strstr(fault.rule_id, "bukan tabel"));
        assert_non_null(strstr(fault.accepted_id, "CSV"));
        rows_done(rows);
        (void)close(fd);
    }
}

/* ---- the heading --------------------------------------------------------------------------- */

#define MAP                                                                       \
    "event=\"referral.submitted\"; key=(\"No. BA\"); date=\"Tanggal\"; columns=(" \
    "{column=[\"JK\",\"L/P\"]; field=\"person.sex\";},"                           \
    "{column=\"Nama Lengkap\"; field=\"person.full_name\";},"                     \
    "{column=\"Umur\"; field=\"person.estimated_age\"; optional=true;}"           \
    "); "

static void headings_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *name, *map, *text;
        char mark;
        unsigned long long line;
        const char *missing; /* NULL: found; else a part of what is said */
        const char *accepted;
    } table[] = {
        {"plain", MAP, "No. BA;Tanggal;JK;Nama Lengkap\n", ';', 1, NULL, NULL},
        {"comma", MAP, "No. BA,Tanggal,JK,Nama Lengkap\n", ',', 1, NULL, NULL},
        {"tab", MAP, "No. BA\tTanggal\tJK\tNama Lengkap\n", '\t', 1, NULL, NULL},
        {"titles with commas above it", MAP,
         "DAFTAR RAZIA, JANUARI, 2026\nDinas, Kota\n\nNo. BA;Tanggal;JK;Nama Lengkap\n", ';', 4,
         NULL, NULL},
        {"what Excel says of the mark", MAP, "sep=;\nNo. BA;Tanggal;JK;Nama Lengkap\n", ';', 2,
         NULL, NULL},
        {"case, blanks and marks", MAP, "NO.  BA*;tanggal :;Jk.;\"Nama\nLengkap\"\n", ';', 1, NULL,
         NULL},
        {"another heading of the same", MAP, "L/P;Nama Lengkap;Tanggal;No. BA;Lain\n", ';', 1, NULL,
         NULL},
        {"one is missing", MAP, "No. BA;Tanggal;Kelamin;Nama Lengkap;Alamat\n", ';', 1, "'JK, L/P'",
         "No. BA, Tanggal, Kelamin, Nama Lengkap, Alamat"},
        {"a slip of the pen", MAP, "No. BA;Tanggal;JK;Nama Lenkap\n", ';', 1, "'Nama Lengkap'",
         "perhaps 'Nama Lenkap'"},
        {"none at all", MAP, "1;2;3\n4;5;6\n", ';', 1, "no row has the headings", "1, 2, 3"},
        {"twice", MAP, "No. BA;Tanggal;JK;Nama Lengkap;Tanggal\n", ';', 1,
         "'Tanggal' stands twice: columns B and E", "Tanggal#1"},
        {"twice, and the map says which",
         "event=\"referral.submitted\"; key=(\"No\"); date=\"Tanggal#2\"; columns=("
         "{column=\"JK\"; field=\"person.sex\";}); ",
         "No;Tanggal;JK;Tanggal\n", ';', 1, NULL, NULL},
        {"the map says the mark",
         "event=\"referral.submitted\"; key=(\"No\"); date=\"T\"; sheet: {delimiter=\"|\";}; "
         "columns=({column=\"JK\"; field=\"person.sex\";}); ",
         "No|T|JK\n", '|', 1, NULL, NULL},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(table); i++) {
        SG_AUTO(sheet_map_free) struct sheet_map *map = map_of(table[i].map);
        SG_AUTO(sg_heap_done) struct rows *rows = calloc(1, sizeof *rows);
        SG_AUTO(sg_heap_done) struct head *head = calloc(1, sizeof *head);
        struct sheet_fault fault = {.code = ""};
        int fd = file_of(table[i].text, strlen(table[i].text));
        assert_true(rows_open(rows, fd, (off_t)strlen(table[i].text), ENCODING_DETECT, &fault));
        bool found = head_find(rows, map, false, head, &fault);
        if (found != (table[i].missing == NULL) || (found && head->delimiter != table[i].mark) ||
            head->line != table[i].line)
            fail_msg("%s: found %d, mark '%c', line %llu: %s; %s", table[i].name, found,
                     head->delimiter, (unsigned long long)head->line, fault.rule_en,
                     fault.accepted_en);
        if (!found && (!strstr(fault.rule_en, table[i].missing) ||
                       !strstr(fault.accepted_en, table[i].accepted)))
            fail_msg("%s: says '%s'; '%s'", table[i].name, fault.rule_en, fault.accepted_en);
        head_done(head);
        rows_done(rows);
        (void)close(fd);
    }
}

static void columns_are_those_of_the_heading(void **state)
{
    (void)state;
    SG_AUTO(sheet_map_free)
    struct sheet_map *map =
        map_of("event=\"referral.submitted\"; key=(\"No\"); date=\"Tanggal#2\"; "
               "columns=({column=\"JK\"; field=\"person.sex\";},"
               "{column=\"Umur\"; field=\"person.estimated_age\"; "
               "optional=true;}); ");
    static const char text[] = "No;Tanggal;JK;Tanggal\n1;2;3;4\n";
    SG_AUTO(sg_heap_done) struct rows *rows = calloc(1, sizeof *rows);
    SG_AUTO(sg_heap_done) struct head *head = calloc(1, sizeof *head);
    struct sheet_fault fault = {.code = ""};
    int fd = file_of(text, strlen(text));
    assert_true(rows_open(rows, fd, (off_t)strlen(text), ENCODING_DETECT, &fault));
    assert_true(head_find(rows, map, false, head, &fault));
    assert_int_equal(head->column_of[map->date], 3);
    assert_int_equal(head->column_of[map->keys[0]], 0);
    assert_int_equal(head->column_of[map->columns[0].heading], 2);
    assert_int_equal(head->column_of[map->columns[1].heading], -1);
    assert_int_equal(head->width, 4);
    struct row *row = rows_next(rows, &fault); /* the one behind the heading */
    assert_non_null(row);
    assert_string_equal(row->cells[3], "4");
    char letters[8];
    assert_string_equal(head_letters(25, letters), "Z");
    assert_string_equal(head_letters(26, letters), "AA");
    assert_string_equal(head_letters(701, letters), "ZZ");
    head_done(head);
    rows_done(rows);
    (void)close(fd);
}

/* Keys of a file are remembered with their line, also when the table has grown many times. */
static void keys_that_were_seen_are_found(void **state)
{
    (void)state;
    enum { ROWS = 50000 };
    struct seen seen = {0};
    uint64_t line;
    bool same;
    for (uint64_t i = 1; i <= ROWS; i++) {
        assert_true(seen_add(&seen, i * 0x9e3779b97f4a7c15U, i, i, &line, &same));
        assert_int_equal(line, 0);
    }
    for (uint64_t i = 1; i <= ROWS; i++) {
        assert_true(seen_add(&seen, i * 0x9e3779b97f4a7c15U, i + i % 2, 9, &line, &same));
        assert_int_equal(line, i);
        assert_int_equal(same, i % 2 == 0);
    }
    seen_refuse(&seen, 0x9e3779b97f4a7c15U);
    assert_true(seen_add(&seen, 0x9e3779b97f4a7c15U, 5, 7, &line, &same));
    assert_int_equal(line, 0);
    assert_true(seen_add(&seen, 0x9e3779b97f4a7c15U, 5, 8, &line, &same));
    assert_int_equal(line, 7);
    seen_done(&seen);
}

UNIT_MAIN(cmocka_unit_test(rows_follow_the_table), cmocka_unit_test(a_line_may_be_too_long),
          cmocka_unit_test(bytes_that_are_no_text_are_refused),
          cmocka_unit_test(headings_are_found), cmocka_unit_test(columns_are_those_of_the_heading),
          cmocka_unit_test(keys_that_were_seen_are_found))
