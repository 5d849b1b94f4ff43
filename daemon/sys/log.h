/* log.h - one line per happening on standard error, for journald and for people.
 *
 * event is a constant, in-kebab-case, stable across releases: it is what alerts match on. The
 * rest is key=value, units in the key. Text that came from outside goes through log_quote(). No
 * personal data: no payload, no name of a person, no number that names one.
 */
#ifndef SINERGI_SYS_LOG_H
#define SINERGI_SYS_LOG_H

#include "kit/err.h"

#include <syslog.h>

#define log_error(event, ...) log_write(LOG_ERR, event, __VA_ARGS__)
#define log_warn(event, ...) log_write(LOG_WARNING, event, __VA_ARGS__)
#define log_note(event, ...) log_write(LOG_NOTICE, event, __VA_ARGS__)
#define log_info(event, ...) log_write(LOG_INFO, event, __VA_ARGS__)

/* One write of "<level>event key=value…\n" (without <level> when standard error is a terminal). A
 * line that is too long ends in "...". Levels below the one set are dropped. */
SG_PRINTF(3, 4) void log_write(int level, const char *event, const char *fmt, ...);

/* LOG_ERR to LOG_DEBUG; at first LOG_NOTICE. */
void log_set_level(int level);

/* In double quotes, with \" and \\; what is not printable ASCII becomes \xNN, so one line stays one
 * line. Cut to size. */
struct log_quoted {
    char text[1024];
};
struct log_quoted log_quote(const char *text);

#endif
