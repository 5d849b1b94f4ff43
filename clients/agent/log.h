/* log.h - one line per happening on standard error, for journald and for people.
 *
 * event is a constant, in-kebab-case, stable across releases: it is what alerts match on. The rest
 * is key=value, units in the key. No personal data: no payload, no cell, no name of a file that a
 * clerk chose.
 */
#ifndef SINERGI_AGENT_LOG_H
#define SINERGI_AGENT_LOG_H

#include "kit/err.h"

#include <syslog.h>

#define log_error(event, ...) agent_log(LOG_ERR, event, __VA_ARGS__)
#define log_warn(event, ...) agent_log(LOG_WARNING, event, __VA_ARGS__)
#define log_note(event, ...) agent_log(LOG_NOTICE, event, __VA_ARGS__)

/* One write of "<level>event key=value…\n" (without <level> on a terminal). What is not printable
 * ASCII becomes '?', so one line stays one line. */
SG_PRINTF(3, 4) void agent_log(int level, const char *event, const char *fmt, ...);

#endif
