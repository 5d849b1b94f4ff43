/* help.h - the table of commands, and what --help says of them: one table drives both. */
#ifndef SINERGI_CLI_HELP_H
#define SINERGI_CLI_HELP_H

#include "cli/cli.h"

#include <stdio.h>

/* One command. Its options stand in its own file, where they are parsed. */
struct command {
    const char *name;
    cmd_main *run;       /* own argv; returns the exit status */
    const char *args;    /* the lines of its usage, "\n" between them */
    const char *id, *en; /* what it does */
    unsigned exits;      /* 1U << exit status: how it may end */
    const char *example;
};

/* The command of this name, else NULL (main.c). */
const struct command *command_find(const char *name);
/* From 0; NULL behind the last (main.c). */
const struct command *command_at(size_t index);

/* All commands and the general options. */
void help_all(FILE *to, const struct cli *cli);
/* Usage, options, exit statuses and example of cli->command on standard output; the exit status. */
int help_command(const struct cli *cli, const struct cli_option *options, size_t option_count);
/* The usage alone. */
void help_usage(FILE *to, const struct cli *cli, const struct command *command);
/* One option with its meaning in the chosen language, in both when none was chosen. */
void help_option(FILE *to, const struct cli *cli, const char *name, const char *id, const char *en);

/* options.c: the general options; take those that stand before the command out of argv. */
void options_print_general(FILE *to, const struct cli *cli);
bool options_first(struct cli *cli, int *argc, char **argv);

#endif
