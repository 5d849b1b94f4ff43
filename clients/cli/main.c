#include "cli/help.h"

#include "kit/err.h"

#include <string.h>

/* How commands may end: on this device alone, with the broker, holding a subscription. */
#define ENDS_HERE (1U << EXIT_DONE | 1U << EXIT_USAGE | 1U << EXIT_LOCAL)
#define ENDS_BROKER                                                                          \
    (ENDS_HERE | 1U << EXIT_REFUSED | 1U << EXIT_TIME | 1U << EXIT_KEY | 1U << EXIT_SERVER | \
     1U << EXIT_PROTOCOL | 1U << EXIT_HISTORY)
#define ENDS_HOLDING (ENDS_BROKER | 1U << EXIT_HELD)

static cmd_main cmd_help, cmd_version;

static const struct command commands[] = {
    /* clang-format off */
    {"publish",   cmd_publish,   "[TOPIC] [FILE|-]",
     "Terbitkan satu peristiwa, tunggu jawabannya",
     "Publish one event, wait for its outcome",
     ENDS_BROKER, "sinergi publish referral.json"},
    {"import",    cmd_import,    "[--no-wait] FILE.jsonl\n"
                                 "        [--no-wait] --map FILE.map [--dry-run] [--result FILE.csv] TABLE",
     "Terbitkan satu peristiwa per baris, dari JSON atau tabel",
     "Publish one event per row, of JSON or a table",
     ENDS_BROKER, "sinergi import referrals.jsonl"},
    {"subscribe", cmd_subscribe, "NAME [OPTIONS]",
     "Tampilkan peristiwa yang datang, masing-masing sekali",
     "Print events as they arrive, each once",
     ENDS_HOLDING, "sinergi -w 5 subscribe seats --types 'seat.*' --from beginning"},
    {"tail",      cmd_tail,      "[OPTIONS]",
     "Ikuti peristiwa secara langsung, sampai Ctrl-C",
     "Watch events live, until Ctrl-C",
     ENDS_HOLDING, "sinergi -w 5 tail --types 'slot.*,seat.*'"},
    {"show",      cmd_show,      "SEQ|OUTBOX-NUMBER",
     "Tampilkan satu peristiwa", "Show one event",
     ENDS_BROKER, "sinergi show 1"},
    {"correct",   cmd_correct,   "SEQ|OUTBOX-NUMBER|ID|--last --reason REASON\n"
                                 "        --annul | [--set FIELD=VALUE]... [FILE]",
     "Koreksi peristiwa sendiri: ganti atau batalkan",
     "Correct an event of your own: replace or annul it",
     ENDS_BROKER, "sinergi correct --last --annul --reason ENTERED_TWICE --dry-run"},
    {"case",      cmd_case,      "[CASE] [--all]",
     "Tampilkan kasus sendiri, atau satu kasus", "Show the own cases, or one of them",
     ENDS_BROKER, "sinergi case --all"},
    {"consent",   cmd_consent,   "[CASE]",
     "Tampilkan persetujuan yang berlaku", "Show which consents hold",
     ENDS_BROKER, "sinergi consent"},
    {"person",    cmd_person,    "REF|suspects",
     "Pengelola identitas: siapa seseorang, siapa yang mungkin sama",
     "Identity steward: who somebody is, who may be the same",
     ENDS_BROKER, "sinergi person suspects"},
    {"slots",     cmd_slots,     "",
     "Tampilkan slot pelatihan", "Show training slots",
     ENDS_BROKER, "sinergi slots"},
    {"seats",     cmd_seats,     "SLOT",
     "Tampilkan kursi dan antrean sebuah slot", "Show seats and waiting list of a slot",
     ENDS_BROKER, "sinergi seats 018ce6f0-0000-7000-8000-00000000a001"},
    {"kits",      cmd_kits,      "",
     "Tampilkan peralatan", "Show equipment",
     ENDS_BROKER, "sinergi kits"},
    {"overdue",   cmd_overdue,   "[--all]",
     "Tampilkan batas waktu yang terlewat", "Show deadlines that were missed",
     ENDS_BROKER, "sinergi overdue --all"},
    {"outbox",    cmd_outbox,    "[list|show NUMBER|wait] [--rejected]",
     "Tampilkan apa yang diterbitkan perangkat ini", "Show what this device published",
     ENDS_BROKER, "sinergi outbox list --rejected"},
    {"dead",      cmd_dead,      "[list [SUBSCRIPTION]]\n"
                                 "        show SUBSCRIPTION SEQ\n"
                                 "        retry SUBSCRIPTION SEQ [--output FILE]\n"
                                 "        discard SUBSCRIPTION SEQ",
     "Kiriman yang gagal ditangani: lihat, serahkan lagi, buang",
     "Deliveries that could not be handled: see them, hand over again, discard",
     ENDS_BROKER, "sinergi dead list"},
    {"receipt",   cmd_receipt,   "show NUMBER | verify FILE",
     "Tampilkan atau periksa tanda terima", "Show or check a receipt",
     ENDS_HERE | 1U << EXIT_REFUSED | 1U << EXIT_HISTORY, "sinergi receipt show 1"},
    {"log",       cmd_log,       "verify",
     "Periksa seluruh riwayat broker", "Check the whole history of the broker",
     ENDS_BROKER, "sinergi log verify"},
    {"report",    cmd_report,    "[NAME [--from DATE --to DATE | --year YEAR] [--as-of SEQ] [--csv]]",
     "Buat laporan; tanpa nama: daftar laporan", "Make a report; without a name: list them",
     ENDS_BROKER, "sinergi report spm --year 2024"},
    {"status",    cmd_status,    "",
     "Tampilkan keadaan broker dan perangkat ini", "Show broker, outbox and inbox",
     ENDS_BROKER, "sinergi status"},
    {"bench",     cmd_bench,     "",
     "Ukur disk dan prosesor perangkat ini dan jawaban broker; tidak menerbitkan apa pun",
     "Measure disk and processor of this device and the broker's answers; publishes nothing",
     ENDS_BROKER, "sinergi -w 2 bench"},
    {"keygen",    cmd_keygen,    "AGENCY/DEVICE FILE",
     "Buat kunci perangkat", "Make a device key",
     ENDS_HERE, "sinergi keygen satpolpp/posko-2 new.key"},
    {"admin",     cmd_admin,     "clock advance --to TIME\n"
                                 "        clock accept\n"
                                 "        import open|close OUTBOX --agency ID",
     "Urusan pengelola sistem", "Matters of the operator",
     ENDS_BROKER, "sinergi admin clock advance --to 2024-02-05T08:00:00+07:00"},
    {"version",   cmd_version,   "",
     "Tampilkan versi", "Print the version",
     1U << EXIT_DONE | 1U << EXIT_USAGE, "sinergi version"},
    {"help",      cmd_help,      "[COMMAND]",
     "Tampilkan semua perintah, atau satu perintah", "Show all commands, or one of them",
     1U << EXIT_DONE | 1U << EXIT_USAGE, "sinergi help publish"},
}; /* clang-format on */

const struct command *command_at(size_t index)
{
    return index < SG_ARRAY_LEN(commands) ? &commands[index] : NULL;
}

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(commands); i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

static int no_such(const struct cli *cli, const char *name)
{
    cli_say(cli, "%s: perintah tidak dikenal; lihat sinergi help",
            "%s: no such command; see sinergi help", name);
    return EXIT_USAGE;
}

static int run(struct cli *cli, int argc, char **argv)
{
    cli->command = command_find(argv[0]);
    return cli->command ? cli->command->run(cli, argc, argv) : no_such(cli, argv[0]);
}

static int cmd_help(struct cli *cli, int argc, char **argv)
{
    if (!cli_options(cli, &argc, argv, NULL, 0) || argc > 2)
        return cli_usage(argv[0]);
    if (argc == 1) {
        help_all(stdout, cli);
        return EXIT_DONE;
    }
    cli->help = true;
    cli->command = command_find(argv[1]);
    return cli->command ? cli->command->run(cli, 1, argv + 1) : no_such(cli, argv[1]);
}

static int cmd_version(struct cli *cli, int argc, char **argv)
{
    if (!cli_options(cli, &argc, argv, NULL, 0) || argc != 1)
        return cli_usage(argv[0]);
    puts("sinergi " SINERGI_VERSION);
    return EXIT_DONE;
}

int cli_usage(const char *command)
{
    help_usage(stderr, &(struct cli){0}, command_find(command));
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    struct cli cli = {.wait_ms = -1};
    if (!options_first(&cli, &argc, argv))
        return EXIT_USAGE;
    if (argc == 1) {
        help_all(cli.help ? stdout : stderr, &cli);
        return cli.help ? EXIT_DONE : EXIT_USAGE;
    }
    int status = run(&cli, argc - 1, argv + 1);
    cli_close(&cli);
    if (fflush(stdout) != 0 && status == EXIT_DONE)
        status = EXIT_LOCAL; /* what was to be printed did not arrive */
    return status;
}
