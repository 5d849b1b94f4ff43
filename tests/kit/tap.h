/* tap.h - lines "ok 1 - …" and "not ok 1 - …", and the exit status. */
#ifndef SINERGI_KIT_TAP_H
#define SINERGI_KIT_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

struct tap {
    unsigned count, failed;
};

/* Say how it went; returns `good`. */
__attribute__((format(printf, 3, 4))) static inline bool tap_ok(struct tap *tap, bool good,
                                                                const char *fmt, ...)
{
    va_list args;
    tap->count++;
    tap->failed += !good;
    (void)printf("%sok %u - ", good ? "" : "not ", tap->count);
    va_start(args, fmt);
    (void)vprintf(fmt, args);
    va_end(args);
    (void)putchar('\n');
    (void)fflush(stdout);
    return good;
}

/* The plan; returns the exit status. */
static inline int tap_end(const struct tap *tap)
{
    (void)printf("1..%u\n", tap->count);
    return tap->count && !tap->failed ? 0 : 1;
}

#endif
