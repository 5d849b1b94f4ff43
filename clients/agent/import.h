/* import.h - the hidden modes of sinergi-agent that work on one spreadsheet and end.
 *
 * A process of its own shares the outbox safely, may be killed at any moment, and gives back all
 * the memory that a large sheet took. It prints one line of JSON on standard output and nothing
 * that is in the file.
 *
 *   {"rows":20,"published":18,"known":1,"changed":0,"bad":1,"skipped":0,"waiting":18,"refused":0}
 */
#ifndef SINERGI_AGENT_IMPORT_H
#define SINERGI_AGENT_IMPORT_H

#include "agent/conf.h"

enum import_exit {
    IMPORT_DONE = 0,
    IMPORT_UNREADABLE = 65, /* the file is no table of this map; the result says why */
    IMPORT_LATER = 75,      /* disk, memory, a program or a map that is missing */
};

enum { IMPORT_LINE_BYTES = 1024 };

/* Import FILE with MAP and write RESULT. */
int import_main(const struct agent_conf *conf, const char *map, const char *file,
                const char *result);
/* Look up the open rows of RESULT. */
int refresh_main(const struct agent_conf *conf, const char *result);

#endif
