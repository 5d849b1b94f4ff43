#include "cli/cli.h"

#include "kit/err.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command {
    const char *name;
    cmd_main *run; /* own argv; returns the exit status */
    const char *args, *help_id, *help_en;
} commands[] = {
    /* clang-format off */
    {"publish",   cmd_publish,   "[TOPIC] [FILE|-]",
     "Terbitkan satu peristiwa, tunggu jawabannya", "Publish one event, wait for its outcome"},
    {"import",    cmd_import,    "[--no-wait] FILE.jsonl | --map FILE.map [--dry-run] [--result FILE.csv] [--no-wait] TABLE",
     "Terbitkan satu peristiwa per baris, dari JSON atau tabel", "Publish one event per row, of JSON or a table"},
    {"subscribe", cmd_subscribe, "NAME [--types T,T] [--from beginning|new|SEQ|TIME]\n"
                                 "            [--take-over] [--output FILE] [--until-caught-up]\n"
                                 "            [--format text|json|cloudevents]",
     "Tampilkan peristiwa yang datang", "Print events as they arrive"},
    {"tail",      cmd_tail,      "[--types T,T] [--from beginning|new|SEQ|TIME]\n"
                                 "            [--format text|json|cloudevents]",
     "Ikuti peristiwa secara langsung", "Watch events live"},
    {"show",      cmd_show,      "SEQ|OUTBOX-NUMBER",
     "Tampilkan satu peristiwa", "Show one event"},
    {"correct",   cmd_correct,   "SEQ|OUTBOX-NUMBER|ID|--last --reason REASON\n"
                                 "            --annul | [--set FIELD=VALUE]... [FILE]\n"
                                 "            [--type TYPE] [--dry-run] [--yes]",
     "Koreksi peristiwa sendiri: ganti atau batalkan", "Correct an event of your own: replace or annul it"},
    {"case",      cmd_case,      "[CASE] [--all]",
     "Tampilkan kasus sendiri, atau satu kasus", "Show the own cases, or one of them"},
    {"consent",   cmd_consent,   "[CASE]",
     "Tampilkan persetujuan yang berlaku", "Show which consents hold"},
    {"person",    cmd_person,    "REF | suspects",
     "Pengelola identitas: siapa seseorang, siapa yang mungkin sama",
     "Identity steward: who somebody is, who may be the same"},
    {"slots",     cmd_slots,     "",
     "Tampilkan slot pelatihan", "Show training slots"},
    {"seats",     cmd_seats,     "SLOT",
     "Tampilkan kursi dan antrean sebuah slot", "Show seats and waiting list of a slot"},
    {"kits",      cmd_kits,      "",
     "Tampilkan peralatan", "Show equipment"},
    {"overdue",   cmd_overdue,   "[--all]",
     "Tampilkan batas waktu yang terlewat", "Show deadlines that were missed"},
    {"outbox",    cmd_outbox,    "[list|show NUMBER|wait] [--rejected]",
     "Tampilkan apa yang diterbitkan perangkat ini", "Show what this device published"},
    {"dead",      cmd_dead,      "[list [SUBSCRIPTION]] | show SUBSCRIPTION SEQ\n"
                                 "            | retry SUBSCRIPTION SEQ [--output FILE]\n"
                                 "            | discard SUBSCRIPTION SEQ",
     "Kiriman yang gagal ditangani: lihat, serahkan lagi, buang",
     "Deliveries that could not be handled: see them, hand over again, discard"},
    {"receipt",   cmd_receipt,   "show NUMBER | verify FILE",
     "Tampilkan atau periksa tanda terima", "Show or check a receipt"},
    {"log",       cmd_log,       "verify",
     "Periksa seluruh riwayat broker", "Check the whole history of the broker"},
    {"report",    cmd_report,    "[NAME [--from DATE --to DATE | --year YEAR] [--as-of SEQ] [--csv]]",
     "Buat laporan; tanpa nama: daftar laporan", "Make a report; without a name: list them"},
    {"status",    cmd_status,    "",
     "Tampilkan keadaan broker dan perangkat ini", "Show broker, outbox and inbox"},
    {"keygen",    cmd_keygen,    "AGENCY/DEVICE FILE",
     "Buat kunci perangkat", "Make a device key"},
    {"admin",     cmd_admin,     "clock advance --to TIME | clock accept | import open|close OUTBOX --agency ID",
     "Urusan pengelola sistem", "Matters of the operator"},
}; /* clang-format on */

static const char general_help[] =
    "usage: sinergi [-c FILE] [--json] [-n COUNT] [-w SECONDS] [--lang id|en] COMMAND [ARGS]\n"
    "\n"
    "  -c FILE        configuration (else $SINERGI_CONF, /etc/sinergi/sinergi.conf)\n"
    "  --json         output for programs: one JSON document, or one per line\n"
    "  -n COUNT       end after so many deliveries\n"
    "  -w SECONDS     wait at most so long\n"
    "  --lang id|en   language of tables and errors (tables: id, errors: both)\n"
    "\n";

static int help(FILE *to, int status)
{
    fputs(general_help, to);
    for (size_t i = 0; i < SG_ARRAY_LEN(commands); i++)
        fprintf(to, "  %-10s%s\n            %s / %s\n", commands[i].name, commands[i].args,
                commands[i].help_id, commands[i].help_en);
    fputs("  version   \n  help      \n\nsinergi COMMAND --help, man sinergi\n", to);
    return status;
}

static void print_usage(FILE *to, const struct command *command)
{
    fprintf(to, "usage: sinergi %s %s\n  %s\n  %s\n", command->name, command->args,
            command->help_id, command->help_en);
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(commands); i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

int cli_usage(const char *command)
{
    const struct command *at = find_command(command);
    if (at)
        print_usage(stderr, at);
    return EXIT_USAGE;
}

/* ---- options ----------------------------------------------------------------------------- */

static bool parse_seconds(const char *text, int *out_ms)
{
    char *end = NULL;
    errno = 0;
    double seconds = strtod(text, &end);
    if (errno || end == text || *end || !(seconds >= 0 && seconds <= 1e6))
        return false;
    *out_ms = (int)(seconds * 1000);
    return true;
}

static bool parse_count(const char *text, long *out_count)
{
    char *end = NULL;
    errno = 0;
    *out_count = strtol(text, &end, 10);
    return !errno && end != text && !*end && *out_count > 0;
}

static bool parse_language(const char *text)
{
    return !strcmp(text, "id") || !strcmp(text, "en");
}

enum taken { NOT_AN_OPTION, TAKEN, TAKEN_WITH_VALUE, WRONG };

static enum taken wrong(const char *name, const char *id, const char *en)
{
    (void)fprintf(stderr, "sinergi: %s: %s / %s\n", name, id, en);
    return WRONG;
}

static enum taken take_general(struct cli *cli, const char *name, const char *value)
{
    if (!strcmp(name, "--json") || !strcmp(name, "--help") || !strcmp(name, "-h")) {
        *(name[2] == 'j' ? &cli->json : &cli->help) = true;
        return TAKEN;
    }
    bool known = !strcmp(name, "-c") || !strcmp(name, "-n") || !strcmp(name, "-w") ||
                 !strcmp(name, "--lang");
    if (!known)
        return NOT_AN_OPTION;
    if (!value)
        return wrong(name, "perlu nilai", "needs a value");
    if (!strcmp(name, "-c"))
        cli->conf_path = value;
    else if (!strcmp(name, "-n") && !parse_count(value, &cli->count))
        return wrong(name, "perlu bilangan mulai 1", "wants a number from 1");
    else if (!strcmp(name, "-w") && !parse_seconds(value, &cli->wait_ms))
        return wrong(name, "perlu detik, misalnya 2.5", "wants seconds, as 2.5");
    else if (!strcmp(name, "--lang")) {
        if (!parse_language(value))
            return wrong(name, "id atau en", "id or en");
        cli->language = value;
    }
    return TAKEN_WITH_VALUE;
}

static enum taken take_own(const char *name, const char *value, const struct option *options,
                           size_t option_count)
{
    for (size_t i = 0; i < option_count; i++) {
        if (strcmp(options[i].name, name) != 0)
            continue;
        if (options[i].flag) {
            *options[i].flag = true;
            return TAKEN;
        }
        if (!value)
            return wrong(name, "perlu nilai", "needs a value");
        *options[i].value = value;
        return TAKEN_WITH_VALUE;
    }
    return NOT_AN_OPTION;
}

static enum taken take_option(struct cli *cli, const char *name, const char *value,
                              const struct option *options, size_t option_count)
{
    enum taken taken = take_general(cli, name, value);
    if (taken == NOT_AN_OPTION)
        taken = take_own(name, value, options, option_count);
    if (taken == NOT_AN_OPTION)
        taken = wrong(name, "pilihan tidak dikenal", "no such option");
    return taken;
}

bool cli_options(struct cli *cli, int *argc, char **argv, const struct option *options,
                 size_t option_count)
{
    int words = 1;
    for (int i = 1; i < *argc; i++) {
        if (argv[i][0] != '-' || argv[i][1] == '\0') {
            argv[words++] = argv[i];
            continue;
        }
        enum taken taken =
            take_option(cli, argv[i], i + 1 < *argc ? argv[i + 1] : NULL, options, option_count);
        if (taken == WRONG)
            return false;
        i += taken == TAKEN_WITH_VALUE;
    }
    argv[words] = NULL;
    *argc = words;
    return true;
}

int main(int argc, char **argv)
{
    struct cli cli = {.wait_ms = -1};
    int at = 1;
    for (; at < argc && argv[at][0] == '-'; at++) {
        enum taken taken =
            take_option(&cli, argv[at], at + 1 < argc ? argv[at + 1] : NULL, NULL, 0);
        if (taken == WRONG)
            return EXIT_USAGE;
        at += taken == TAKEN_WITH_VALUE;
    }
    if (at == argc)
        return help(cli.help ? stdout : stderr, cli.help ? EXIT_DONE : EXIT_USAGE);
    if (strcmp(argv[at], "help") == 0)
        return help(stdout, EXIT_DONE);
    if (strcmp(argv[at], "version") == 0) {
        puts("sinergi " SINERGI_VERSION);
        return EXIT_DONE;
    }
    const struct command *command = find_command(argv[at]);
    if (!command) {
        (void)wrong(argv[at], "perintah tidak dikenal", "no such command");
        return EXIT_USAGE;
    }
    for (int i = at + 1; i < argc; i++)
        cli.help = cli.help || strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0;
    if (cli.help) {
        print_usage(stdout, command);
        return EXIT_DONE;
    }
    int status = command->run(&cli, argc - at, argv + at);
    sinergi_close(cli.client);
    if (fflush(stdout) != 0 && status == EXIT_DONE)
        status = EXIT_LOCAL; /* what was to be printed did not arrive */
    return status;
}
