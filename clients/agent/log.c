#include "agent/log.h"

#include <stdio.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 2048 };

void agent_log(int level, const char *event, const char *fmt, ...)
{
    char line[LINE_MAX_BYTES];
    size_t room = sizeof line - 1; /* one is kept for the end of the line */
    int head = isatty(STDERR_FILENO) ? snprintf(line, room, "%s ", event)
                                     : snprintf(line, room, "<%d>%s ", level, event);
    size_t used = head < 0 ? 0 : (size_t)head;
    if (used >= room)
        return;
    va_list args;
    va_start(args, fmt);
    int more = vsnprintf(line + used, room - used, fmt, args);
    va_end(args);
    used += more < 0 ? 0 : (size_t)more;
    if (used > room - 1)
        used = room - 1;
    for (size_t i = 0; i < used; i++) {
        if (line[i] < ' ' || line[i] > '~')
            line[i] = '?';
    }
    line[used++] = '\n';
    /* A log that nobody takes is no reason to stop: there is nobody left to be told. */
    ssize_t sent = write(STDERR_FILENO, line, used);
    (void)sent;
}
