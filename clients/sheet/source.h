/* source.h - the file that is imported, as text that can be read from the beginning again.
 *
 * What a file is, its first bytes tell, not its name: people rename. A worksheet of an .xlsx goes
 * through Debian's xlsx2csv (started without a shell, with bounds on memory, time and output) into
 * a file without a name, as standard input does: what holds personal data is never found by others
 * and never left behind.
 */
#ifndef SINERGI_SHEET_SOURCE_H
#define SINERGI_SHEET_SOURCE_H

#include "sheet/fault.h"

#include <sys/types.h>

struct source {
    int fd; /* text, once source_ready has said so */
    off_t size;
    bool worksheet;   /* lines are rows of a worksheet */
    bool local_error; /* disk, memory, a missing program: not the file's fault */
    pid_t child;      /* 0: none */
    int child_fd, notes_fd, input_fd;
};

enum { SOURCE_CLOSED_FD = -1 };
#define SOURCE_NONE                        \
    {                                      \
        -1, 0, false, false, 0, -1, -1, -1 \
    }

/* `folder`: for files without a name. `sheet_name` (NULL: not by name), else `sheet_number` from 1.
 */
bool source_open(struct source *source, const char *path, const char *folder,
                 const char *sheet_name, int sheet_number, struct sheet_fault *fault);
/* Is the text whole? Waits up to wait_ms for the conversion. False: *out_failed and `fault`, or not
 * yet. */
bool source_ready(struct source *source, int wait_ms, bool *out_failed, struct sheet_fault *fault);
void source_done(struct source *source);

#endif
