/* options.c - the options of a command line: ours and the command's by one table each, which
 * getopt_long parses and --help explains. */
#include "cli/cli.h"
#include "cli/help.h"

#include "kit/check.h"
#include "kit/err.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What getopt_long returns: a letter, GENERAL + row, or OWN + row. */
enum { WORD = 1, GENERAL = 256, OWN = 512, OWN_MAX = 32, LETTERS_MAX = 32 };

/* ---- the general ones -------------------------------------------------------------------- */

static bool take_conf(struct cli *cli, const char *value)
{
    cli->conf_path = value;
    return true;
}

static bool take_json(struct cli *cli, const char *value)
{
    (void)value;
    return cli->json = true;
}

static bool take_help(struct cli *cli, const char *value)
{
    (void)value;
    return cli->help = true;
}

static bool take_seconds(struct cli *cli, const char *value)
{
    char *end = NULL;
    errno = 0;
    double seconds = strtod(value, &end);
    if (errno || end == value || *end || !(seconds >= 0 && seconds <= 1e6))
        return false;
    cli->wait_ms = (int)(seconds * 1000);
    return true;
}

static bool take_count(struct cli *cli, const char *value)
{
    char *end = NULL;
    errno = 0;
    cli->count = strtol(value, &end, 10);
    return !errno && end != value && !*end && cli->count > 0;
}

static bool take_language(struct cli *cli, const char *value)
{
    bool known = !strcmp(value, "id") || !strcmp(value, "en");
    if (known)
        cli->language = value;
    return known;
}

static bool take_color(struct cli *cli, const char *value)
{
    static const char *const whens[] = {
        [COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never"};
    for (size_t i = 0; i < SG_ARRAY_LEN(whens); i++) {
        if (strcmp(whens[i], value) == 0) {
            cli->color = (enum color_when)i;
            return true;
        }
    }
    return false;
}

static const struct general {
    char letter;      /* 0: none */
    const char *name; /* NULL: none */
    const char *argument;
    bool (*take)(struct cli *cli, const char *value); /* false: not such a value */
    const char *id, *en;
    const char *wants_id, *wants_en;
} general[] = {
    /* clang-format off */
    {'c', NULL, "FILE", take_conf,
     "konfigurasi (tanpa ini: $SINERGI_CONF, lalu /etc/sinergi/sinergi.conf)",
     "configuration (else $SINERGI_CONF, then /etc/sinergi/sinergi.conf)", NULL, NULL},
    {0, "json", NULL, take_json,
     "keluaran untuk program: satu dokumen JSON, atau satu per baris",
     "output for programs: one JSON document, or one per line", NULL, NULL},
    {'n', NULL, "COUNT", take_count,
     "selesai setelah sekian kiriman", "end after so many deliveries",
     "perlu bilangan mulai 1", "wants a number from 1"},
    {'w', NULL, "SECONDS", take_seconds,
     "tunggu paling lama sekian detik", "wait at most so long",
     "perlu detik, misalnya 2.5", "wants seconds, as 2.5"},
    {0, "lang", "id|en", take_language,
     "bahasa tabel dan pesan (tanpa ini: tabel id, pesan keduanya)",
     "language of tables and messages (else: tables id, messages both)",
     "id atau en", "id or en"},
    {0, "color", "auto|always|never", take_color,
     "warna: hanya di terminal (auto), selalu, tidak pernah; NO_COLOR dihormati",
     "colours: on a terminal only (auto), always, never; NO_COLOR is honoured",
     "auto, always, atau never", "auto, always or never"},
    {'h', "help", NULL, take_help,
     "tampilkan bantuan ini", "show this help", NULL, NULL},
}; /* clang-format on */

void options_print_general(FILE *to, const struct cli *cli)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(general); i++) {
        const struct general *g = &general[i];
        char name[64];
        (void)snprintf(name, sizeof name, "%s%.1s%s%s%s%s%s", g->letter ? "-" : "", &g->letter,
                       g->letter && g->name ? ", " : "", g->name ? "--" : "",
                       g->name ? g->name : "", g->argument ? " " : "",
                       g->argument ? g->argument : "");
        help_option(to, cli, name, g->id, g->en);
    }
}

/* ---- errors ------------------------------------------------------------------------------ */

static bool wrong(const struct cli *cli, const char *name, const char *id, const char *en)
{
    char text_id[256], text_en[256];
    (void)snprintf(text_id, sizeof text_id, "%s: %s", name, id);
    (void)snprintf(text_en, sizeof text_en, "%s: %s", name, en);
    cli_say_texts(cli, text_id, text_en);
    return false;
}

/* The option as its user wrote it. `code` is a letter, or of a row. */
static const char *name_of(int code, const struct cli_option *own, char to[64])
{
    if (code >= OWN)
        return own[code - OWN].name;
    if (code >= GENERAL)
        (void)snprintf(to, 64, "--%s", general[code - GENERAL].name);
    else
        (void)snprintf(to, 64, "-%c", code);
    return to;
}

static bool refuse(const struct cli *cli, int result, char **argv, const struct cli_option *own)
{
    char name[64];
    if (result == ':')
        return wrong(cli, name_of(optopt, own, name), "perlu nilai", "needs a value");
    if (optopt >= GENERAL)
        return wrong(cli, name_of(optopt, own, name), "tidak memakai nilai", "takes no value");
    return wrong(cli, optopt ? name_of(optopt, own, name) : argv[optind - 1],
                 "pilihan tidak dikenal", "no such option");
}

/* ---- parsing ----------------------------------------------------------------------------- */

/* Both tables as getopt_long wants them. */
struct grammar {
    char letters[LETTERS_MAX];
    struct option names[SG_ARRAY_LEN(general) + OWN_MAX + 1];
};

static void make_grammar(struct grammar *g, const char *mode, const struct cli_option *own,
                         size_t own_count)
{
    size_t letters = (size_t)snprintf(g->letters, sizeof g->letters, "%s", mode), names = 0;
    for (size_t i = 0; i < SG_ARRAY_LEN(general); i++) {
        int argument = general[i].argument ? required_argument : no_argument;
        if (general[i].letter)
            letters += (size_t)snprintf(g->letters + letters, sizeof g->letters - letters, "%c%s",
                                        general[i].letter, general[i].argument ? ":" : "");
        if (general[i].name)
            g->names[names++] = (struct option){general[i].name, argument, NULL, GENERAL + (int)i};
    }
    SG_CHECK(letters < sizeof g->letters && own_count <= OWN_MAX);
    for (size_t i = 0; i < own_count; i++)
        g->names[names++] =
            (struct option){own[i].name + strlen("--"),
                            own[i].flag ? no_argument : required_argument, NULL, OWN + (int)i};
    g->names[names] = (struct option){0};
}

static bool take_general(struct cli *cli, int code)
{
    size_t row = code >= GENERAL ? (size_t)(code - GENERAL) : 0;
    while (code < GENERAL && general[row].letter != code)
        row++; /* getopt_long returns no other letters */
    char name[64];
    return general[row].take(cli, optarg) ||
           wrong(cli, name_of(code, NULL, name), general[row].wants_id, general[row].wants_en);
}

static bool take_own(const struct cli *cli, const struct cli_option *option)
{
    if (option->flag) {
        *option->flag = true;
    } else if (option->value) {
        *option->value = optarg;
    } else {
        struct cli_list *list = option->list;
        if (list->count == list->room)
            return wrong(cli, option->name, "terlalu banyak", "too many of them");
        list->items[list->count++] = optarg;
    }
    return true;
}

/* Words are moved to argv[1…]; mode "+": stop before the first of them. */
static bool parse(struct cli *cli, int *argc, char **argv, const char *mode,
                  const struct cli_option *own, size_t own_count)
{
    struct grammar grammar;
    make_grammar(&grammar, mode, own, own_count);
    optind = 0; /* of glibc: begin anew */
    opterr = 0;
    int words = 1, result;
    while ((result = getopt_long(*argc, argv, grammar.letters, grammar.names, NULL)) != -1) {
        if (result == WORD)
            argv[words++] = optarg;
        else if (result == '?' || result == ':')
            return refuse(cli, result, argv, own);
        else if (!(result >= OWN ? take_own(cli, &own[result - OWN]) : take_general(cli, result)))
            return false;
    }
    while (optind < *argc)
        argv[words++] = argv[optind++]; /* behind "--", or from the first word on */
    argv[words] = NULL;
    *argc = words;
    return true;
}

bool cli_options(struct cli *cli, int *argc, char **argv, const struct cli_option *options,
                 size_t option_count)
{
    if (!parse(cli, argc, argv, "-:", options, option_count))
        return false;
    if (cli->help)
        exit(help_command(cli, options, option_count)); /* nothing is open yet */
    return true;
}

bool options_first(struct cli *cli, int *argc, char **argv)
{
    return parse(cli, argc, argv, "+:", NULL, 0);
}
