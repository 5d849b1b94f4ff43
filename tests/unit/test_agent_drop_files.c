#include "unit/unit.h"

#include "agent/drop_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/sinergi-drop-XXXXXX";
static struct drop_folders folders;

static int make_folders(void **state)
{
    (void)state;
    struct sg_why why = {0};
    return mkdtemp(folder) && drop_folders_open(folder, &folders, &why) == SG_OK ? 0 : -1;
}

static void put(int in, const char *name)
{
    int fd = openat(in, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
}

static bool is_there(int in, const char *name)
{
    return faccessat(in, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void remove_one(void *context, const char *name)
{
    assert_int_equal(unlinkat(*(const int *)context, name, 0), 0);
}

static void empty(void)
{
    int in[] = {folders.work, folders.done, folders.failed};
    struct sg_why why = {0};
    for (size_t i = 0; i < SG_ARRAY_LEN(in); i++)
        UNIT_OK(drop_each(in[i], remove_one, &in[i], &why));
}

static int remove_folders(void **state)
{
    (void)state;
    empty();
    (void)unlinkat(folders.top, "done", AT_REMOVEDIR);
    (void)unlinkat(folders.top, "failed", AT_REMOVEDIR);
    (void)unlinkat(folders.top, ".work", AT_REMOVEDIR);
    drop_folders_done(&folders);
    return rmdir(folder);
}

static void what_is_left_alone(void **state)
{
    (void)state;
    static const struct row {
        const char *name;
        bool ignored;
    } rows[] = {
        {"razia.csv", false},       {"razia.xlsx", false}, {"RAZIA MEI.CSV", false},
        {"~$razia.xlsx", true},     {".razia.csv", true},  {".~lock.razia.csv#", true},
        {"razia.csv.tmp", true},    {"RAZIA.TMP", true},   {"razia.csv.part", true},
        {"razia.crdownload", true}, {"Thumbs.db", true},   {"desktop.ini", true},
        {"razia.csv~", true},       {"tmp", false},        {"razia.tmp.csv", false},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        if (drop_is_ignored(rows[i].name) != rows[i].ignored)
            fail_msg("%s: ignored is %d", rows[i].name, !rows[i].ignored);
    }
    assert_true(drop_is_result("razia.20260504-094000.result.csv"));
    assert_false(drop_is_result("razia.csv"));
}

/* 2026-05-04 09:40:00 WIB */
static const int64_t now_ms = INT64_C(1777862400000);

static void names_tell_when(void **state)
{
    (void)state;
    static const struct row {
        const char *name, *pair, *file;
    } rows[] = {
        {"razia.csv", "razia.20260504-094000", "razia.20260504-094000.csv"},
        {"razia mei 2026.xlsx", "razia mei 2026.20260504-094000",
         "razia mei 2026.20260504-094000.xlsx"},
        {"razia", "razia.20260504-094000", "razia.20260504-094000"},
        {"razia.20260501-080000.csv", "razia.20260501-080000.20260504-094000",
         "razia.20260501-080000.20260504-094000.csv"},
        {"a.very-long-ending", "a.very-long-ending.20260504-094000",
         "a.very-long-ending.20260504-094000"},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        char pair[NAME_MAX + 1], file[NAME_MAX + 1], back[NAME_MAX + 1];
        char result[NAME_MAX + sizeof DROP_RESULT];
        int64_t taken_ms = 0;
        assert_true(drop_name(&folders, rows[i].name, now_ms, pair, file));
        assert_string_equal(pair, rows[i].pair);
        assert_string_equal(file, rows[i].file);
        drop_pair_of(file, back);
        assert_string_equal(back, pair);
        (void)snprintf(result, sizeof result, "%s" DROP_RESULT, pair);
        drop_pair_of(result, back);
        assert_string_equal(back, pair);
        assert_true(drop_taken_ms(pair, &taken_ms));
        assert_int_equal(taken_ms, now_ms);
    }
    int64_t ms = 0;
    assert_false(drop_taken_ms("razia", &ms));
    assert_false(drop_taken_ms("razia.20261304-094000", &ms));
    assert_false(drop_taken_ms("razia.2026x504-094000", &ms));
}

static void a_name_that_is_used_gets_a_number(void **state)
{
    (void)state;
    char pair[NAME_MAX + 1], file[NAME_MAX + 1];
    put(folders.done, "razia.20260504-094000.csv");
    assert_true(drop_name(&folders, "razia.csv", now_ms, pair, file));
    assert_string_equal(file, "razia.20260504-094000-2.csv");
    put(folders.failed, "razia.20260504-094000-2.result.csv"); /* of an .xlsx */
    assert_true(drop_name(&folders, "razia.csv", now_ms, pair, file));
    assert_string_equal(pair, "razia.20260504-094000-3");
    int64_t taken_ms = 0;
    assert_true(drop_taken_ms(pair, &taken_ms));
    assert_int_equal(taken_ms, now_ms);
    empty();
}

static void a_long_name_is_cut(void **state)
{
    (void)state;
    char name[NAME_MAX + 1] = "", pair[NAME_MAX + 1], file[NAME_MAX + 1];
    while (strlen(name) + 2 + 4 <= NAME_MAX)
        (void)strcat(name, "é");
    (void)strcat(name, ".csv");
    assert_true(drop_name(&folders, name, now_ms, pair, file));
    assert_true(strlen(pair) + strlen(DROP_RESULT ".tmp") <= NAME_MAX);
    assert_string_equal(file + strlen(file) - 4, ".csv");
    char *dot = strchr(pair, '.');
    assert_int_equal((dot - pair) % 2, 0); /* no half of a letter */
}

static void moves_never_overwrite(void **state)
{
    (void)state;
    struct sg_why why = {0};
    put(folders.work, "a.csv");
    put(folders.done, "a.csv");
    assert_int_equal(drop_move(folders.work, "a.csv", folders.done, "a.csv", &why), SG_E_EXISTS);
    assert_true(is_there(folders.work, "a.csv"));
    assert_int_equal(drop_move(folders.work, "b.csv", folders.done, "b.csv", &why), SG_E_SYS);
    empty();
}

static void pairs_move_together_and_meet_again(void **state)
{
    (void)state;
    struct sg_why why = {0};
    put(folders.done, "a.20260504-094000.xlsx");
    put(folders.done, "a.20260504-094000.result.csv");
    put(folders.done, "a.20260504-094000-2.csv");
    UNIT_OK(drop_move_pair(folders.done, folders.failed, "a.20260504-094000", &why));
    assert_true(is_there(folders.failed, "a.20260504-094000.xlsx"));
    assert_true(is_there(folders.failed, "a.20260504-094000.result.csv"));
    assert_true(is_there(folders.done, "a.20260504-094000-2.csv"));
    empty();

    /* ended between the two moves */
    put(folders.failed, "b.20260504-094000.csv");
    put(folders.done, "b.20260504-094000.result.csv");
    put(folders.done, "c.20260504-094000.csv");
    put(folders.work, "c.20260504-094000.result.csv");
    put(folders.work, "d.20260504-094000.csv");
    put(folders.work, "d.20260504-094000.result.csv");
    put(folders.work, "e.20260504-094000.result.csv");
    put(folders.work, "f.20260504-094000.result.csv.tmp");
    drop_join_pairs(&folders);
    assert_true(is_there(folders.failed, "b.20260504-094000.result.csv"));
    assert_true(is_there(folders.done, "c.20260504-094000.result.csv"));
    assert_true(is_there(folders.work, "d.20260504-094000.result.csv"));
    assert_false(is_there(folders.work, "e.20260504-094000.result.csv"));
    assert_false(is_there(folders.work, "f.20260504-094000.result.csv.tmp"));
    empty();
}

static bool keeps_open(void *context, const char *pair)
{
    (void)context;
    return strncmp(pair, "open", 4) == 0;
}

static void only_old_pairs_of_ours_are_removed(void **state)
{
    (void)state;
    put(folders.done, "old.20260403-094000.csv");
    put(folders.done, "old.20260403-094000.result.csv");
    put(folders.done, "open.20260403-094000.csv");
    put(folders.done, "young.20260503-094000.csv");
    put(folders.done, "notes.txt");
    put(folders.failed, "bad.20260403-094000.csv");
    assert_int_equal(drop_remove_old(&folders, now_ms - INT64_C(30) * 86400000, keeps_open, NULL),
                     1);
    assert_false(is_there(folders.done, "old.20260403-094000.csv"));
    assert_false(is_there(folders.done, "old.20260403-094000.result.csv"));
    assert_true(is_there(folders.done, "open.20260403-094000.csv"));
    assert_true(is_there(folders.done, "young.20260503-094000.csv"));
    assert_true(is_there(folders.done, "notes.txt"));
    assert_true(is_there(folders.failed, "bad.20260403-094000.csv"));
    empty();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_left_alone),
        cmocka_unit_test(names_tell_when),
        cmocka_unit_test(a_name_that_is_used_gets_a_number),
        cmocka_unit_test(a_long_name_is_cut),
        cmocka_unit_test(moves_never_overwrite),
        cmocka_unit_test(pairs_move_together_and_meet_again),
        cmocka_unit_test(only_old_pairs_of_ours_are_removed),
    };
    return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
