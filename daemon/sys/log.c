#include "sys/log.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 2048, ESCAPE_BYTES = 4 };

static int level_max = LOG_NOTICE;

void log_set_level(int level)
{
    level_max = level;
}

/* Write over the end of what did not fit. */
static size_t mark_cut(char *line, size_t size)
{
    memcpy(line + size - 5, "...\n", 5);
    return size - 1;
}

void log_write(int level, const char *event, const char *fmt, ...)
{
    if (level > level_max)
        return;
    char line[LINE_MAX_BYTES];
    int head = isatty(STDERR_FILENO) ? snprintf(line, sizeof line, "%s ", event)
                                     : snprintf(line, sizeof line, "<%d>%s ", level, event);
    size_t used = head < 0 ? 0 : (size_t)head;

    int more = -1;
    if (used < sizeof line) {
        va_list args;
        va_start(args, fmt);
        more = vsnprintf(line + used, sizeof line - used, fmt, args);
        va_end(args);
    }
    if (more < 0 || used + (size_t)more + 2 > sizeof line) {
        used = mark_cut(line, sizeof line);
    } else {
        used += (size_t)more;
        line[used++] = '\n';
    }
    /* A log that nobody takes is no reason to stop: there is nobody left to be told. */
    ssize_t sent = write(STDERR_FILENO, line, used);
    (void)sent;
}

static bool is_plain(unsigned char c)
{
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

struct log_quoted log_quote(const char *text)
{
    static const char digits[] = "0123456789abcdef";
    struct log_quoted to;
    size_t n = 0;
    to.text[n++] = '"';
    for (; *text && n + ESCAPE_BYTES + 2 <= sizeof to.text; text++) {
        unsigned char c = (unsigned char)*text;
        if (is_plain(c)) {
            to.text[n++] = (char)c;
            continue;
        }
        to.text[n++] = '\\';
        if (c == '"' || c == '\\') {
            to.text[n++] = (char)c;
            continue;
        }
        to.text[n++] = 'x';
        to.text[n++] = digits[c >> 4];
        to.text[n++] = digits[c & 15];
    }
    to.text[n++] = '"';
    to.text[n] = '\0';
    return to;
}
