/* cli.h - what the commands of sinergi share: options, exit statuses, opening the device. */
#ifndef SINERGI_CLI_CLI_H
#define SINERGI_CLI_CLI_H

#include "lib/sinergi.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Documented in sinergi(1); scripts rely on them. */
enum exit_status {
    EXIT_DONE = 0,
    EXIT_REFUSED = 1, /* an event or a request was refused */
    EXIT_USAGE = 2,
    EXIT_TIME = 3,     /* time ran out; nothing is lost */
    EXIT_LOCAL = 4,    /* configuration, key file, disk */
    EXIT_KEY = 5,      /* key unknown or suspended */
    EXIT_SERVER = 6,   /* wrong server key, or the broker is starting */
    EXIT_PROTOCOL = 7, /* the broker does not speak this protocol */
    EXIT_HISTORY = 8,  /* the broker's history is not the one this device has seen */
    EXIT_HELD = 9,     /* the subscription is in use or was taken over */
};

enum color_when { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };
enum tone { TONE_PLAIN, TONE_HEADING, TONE_GOOD, TONE_WAITS, TONE_BAD, TONE_FAINT, TONES };

struct cli {
    const struct command *command; /* that runs: help.h */
    const char *conf_path;         /* NULL: $SINERGI_CONF or the default */
    const char *language;          /* "id", "en"; NULL: tables in Indonesian, errors in both */
    bool json, help;
    enum color_when color;
    long count;  /* -n; 0 = not given */
    int wait_ms; /* -w; -1 = not given */
    sinergi *client;
};

/* What an option holds that may stand more than once. */
struct cli_list {
    const char **items;
    size_t count, room;
};

/* An option of one command: exactly one of value, flag and list is set. --help prints the rest. */
struct cli_option {
    const char *name; /* "--types" */
    const char **value;
    bool *flag;
    struct cli_list *list;
    const char *argument, *id, *en; /* "T,T" and what it means */
};

typedef int cmd_main(struct cli *cli, int argc, char **argv);

/* One file each: cmd_NAME.c. argv[0] is the name of the command. */
cmd_main cmd_correct;
cmd_main cmd_keygen, cmd_publish, cmd_import, cmd_subscribe, cmd_tail, cmd_show, cmd_case,
    cmd_consent, cmd_person, cmd_slots, cmd_seats, cmd_kits, cmd_overdue, cmd_outbox, cmd_dead,
    cmd_receipt, cmd_log, cmd_report, cmd_status, cmd_bench, cmd_admin;

/* Take the options of the command and the general ones out of argv, wherever they stand; what is
 * left in argv[1…] are the words. With --help: prints the help of the command and ends the program,
 * so nothing may be open yet. False: an unknown option or a missing value was named on stderr. */
bool cli_options(struct cli *cli, int *argc, char **argv, const struct cli_option *options,
                 size_t option_count);

/* Name the usage of the running command on stderr; returns EXIT_USAGE. */
int cli_usage(const char *command);

/* Open the device. Errors were printed: the exit status, else EXIT_DONE. */
int cli_open(struct cli *cli);
/* Exit status of a library status; its error is printed on stderr, in the chosen languages. */
int cli_fail(struct cli *cli, sinergi_status status);
/* A sentence of our own on stderr, both languages unless one was chosen. */
__attribute__((format(printf, 2, 4), format(printf, 3, 4))) void
cli_say(const struct cli *cli, const char *id, const char *en, ...);
/* The same with two sentences that are made already. */
void cli_say_texts(const struct cli *cli, const char *id, const char *en);

/* Publish one event (JSON of an Envelope), wait for its outcome and print it; *out_place (may be
 * NULL) is set once it stands in the outbox. The exit status. */
int cli_publish(struct cli *cli, const char *event, size_t length, sinergi_place *out_place);

/* What switches the terminal behind `to` to a tone; "" when nothing is to be coloured there: not a
 * terminal, NO_COLOR, --color never, --json. TONE_PLAIN ends a tone. */
const char *cli_tone(const struct cli *cli, FILE *to, enum tone tone);

int cli_wait_ms(const struct cli *cli, int otherwise_ms);
bool cli_english(const struct cli *cli);
/* The word in the language of tables. */
const char *cli_word(const struct cli *cli, const char *id, const char *en);

/* Stop sinergi_run at SIGINT and SIGTERM. */
void cli_stop_at_signals(struct cli *cli);
bool cli_stopped(void);
/* Close the device; main does it at the end. */
void cli_close(struct cli *cli);

/* Whole file ("-" = standard input) in fresh memory with a NUL behind; NULL: named on stderr. */
char *cli_read_file(const struct cli *cli, const char *path, size_t *out_length);

#endif
