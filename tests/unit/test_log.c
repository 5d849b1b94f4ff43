#include "sys/log.h"
#include "unit/unit.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* Standard error goes into a pipe while a line is written. */
static const char *written(int level, const char *event, const char *value, char to[4096])
{
    int ends[2], before = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_true(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    log_write(level, event, "value=%s", value);
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    ssize_t got = read(ends[0], to, 4095);
    to[got > 0 ? got : 0] = '\0';
    (void)close(ends[0]);
    (void)close(ends[1]);
    (void)close(before);
    return to;
}

static void a_line_has_level_event_and_values(void **state)
{
    (void)state;
    char text[4096];
    log_set_level(LOG_NOTICE);
    assert_string_equal(written(LOG_ERR, "loop-stopped", "1", text), "<3>loop-stopped value=1\n");
    assert_string_equal(written(LOG_NOTICE, "start", "2", text), "<5>start value=2\n");
}

static void levels_below_the_one_set_are_dropped(void **state)
{
    (void)state;
    char text[4096];
    log_set_level(LOG_WARNING);
    assert_string_equal(written(LOG_NOTICE, "start", "1", text), "");
    assert_string_equal(written(LOG_WARNING, "storage-low", "1", text), "<4>storage-low value=1\n");
    log_set_level(LOG_DEBUG);
    assert_string_equal(written(LOG_DEBUG, "turn", "1", text), "<7>turn value=1\n");
    log_set_level(LOG_NOTICE);
}

static void a_long_line_is_cut_and_stays_one_line(void **state)
{
    (void)state;
    static const size_t lengths[] = {2020, 2030, 2031, 2032, 2033, 2040, 3000};
    char text[4096], value[3001];
    for (size_t i = 0; i < SG_ARRAY_LEN(lengths); i++) {
        memset(value, 'x', sizeof value);
        value[lengths[i]] = '\0';
        (void)written(LOG_ERR, "e", value, text);
        size_t len = strlen(text);
        if (len == 0 || len > 2048 || strchr(text, '\n') != text + len - 1)
            fail_msg("%zu: %zu bytes, not one line", lengths[i], len);
        bool cut = strcmp(text + len - 4, "...\n") == 0;
        if (cut != (lengths[i] + strlen("<3>e value=\n") + 1 > 2048))
            fail_msg("%zu: cut %d", lengths[i], cut);
    }
}

static void text_from_outside_is_quoted(void **state)
{
    (void)state;
    static const struct row {
        const char *name, *text, *want;
    } rows[] = {
        {"plain", "abc 1", "\"abc 1\""},
        {"empty", "", "\"\""},
        {"a line end cannot make a second line", "a\n<0>b", "\"a\\x0a<0>b\""},
        {"quotes and backslashes", "a\"\\b", "\"a\\\"\\\\b\""},
        {"escape codes of a terminal", "\x1b[31m", "\"\\x1b[31m\""},
        {"bytes above ASCII", "\xc3\xa9\x7f", "\"\\xc3\\xa9\\x7f\""},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct log_quoted got = log_quote(rows[i].text);
        if (strcmp(got.text, rows[i].want) != 0)
            fail_msg("%s: %s", rows[i].name, got.text);
    }
}

static void a_long_text_is_cut_between_characters(void **state)
{
    (void)state;
    char text[3001];
    for (int fill = 0; fill < 2; fill++) {
        memset(text, fill ? '\n' : 'x', sizeof text - 1);
        text[sizeof text - 1] = '\0';
        struct log_quoted got = log_quote(text);
        size_t len = strlen(got.text);
        assert_true(len < sizeof got.text && len > sizeof got.text - 8);
        assert_true(got.text[len - 1] == '"');
        assert_true(!fill || (len - 2) % 4 == 0);
    }
}

UNIT_MAIN(cmocka_unit_test(a_line_has_level_event_and_values),
          cmocka_unit_test(levels_below_the_one_set_are_dropped),
          cmocka_unit_test(a_long_line_is_cut_and_stays_one_line),
          cmocka_unit_test(text_from_outside_is_quoted),
          cmocka_unit_test(a_long_text_is_cut_between_characters))
