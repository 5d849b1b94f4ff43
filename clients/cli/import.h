/* import.h - what the two kinds of import share: the places of what was published, the wait for
 * their answers, and what is shown meanwhile. */
#ifndef SINERGI_CLI_IMPORT_H
#define SINERGI_CLI_IMPORT_H

#include "cli/print.h"

enum { IMPORT_CONNECT_MS = 1500 };

struct sheet_map;

struct import {
    struct cli *cli;
    const char *path;
    const struct sheet_map *map; /* NULL: JSON lines */
    bool progress;               /* standard error is a terminal */
    uint64_t committed;
    struct placed {
        sinergi_place place;
        uint64_t line;
    } * placed; /* of every committed event */
    size_t room;
    uint64_t counts[SINERGI_REJECTED + 1];
};

void import_begin(struct import *import, struct cli *cli, const char *path);
void import_done(struct import *import);
/* False: no memory (named on stderr). */
bool import_placed(struct import *import, const sinergi_place *place, uint64_t line);
void import_progress(const struct import *import, const char *what, uint64_t done);
/* Take what is shown of the progress away again. */
void import_clear(const struct import *import);
sinergi_status import_wait(struct import *import);
/* Count the outcomes, and name each refusal with its line. The exit status. */
int import_report(struct import *import);

/* sinergi import --map (import_sheet.c) */
struct import_options {
    const char *map, *result;
    bool no_wait, dry_run;
};
int import_sheet(struct cli *cli, const char *path, const struct import_options *options);

#endif
