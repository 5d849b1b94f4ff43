#include "cli/help.h"

#include "kit/err.h"

#include <string.h>

/* The same words as in sinergi(1), section EXIT STATUS; tests/e2e/help.sh compares the numbers. */
static const struct ending {
    const char *id, *en;
} endings[] = {
    [EXIT_DONE] = {"selesai", "done"},
    [EXIT_REFUSED] = {"peristiwa atau permintaan ditolak", "an event or a request was refused"},
    [EXIT_USAGE] = {"pemakaian salah", "wrong usage"},
    [EXIT_TIME] = {"waktu habis; tidak ada yang hilang", "time ran out; nothing is lost"},
    [EXIT_LOCAL] = {"konfigurasi, berkas kunci, berkas masukan, atau disk",
                    "configuration, key file, input file, or disk"},
    [EXIT_KEY] = {"kunci tidak dikenal atau ditangguhkan", "key unknown or suspended"},
    [EXIT_SERVER] = {"kunci server salah, atau broker sedang mulai",
                     "wrong server key, or the broker is starting"},
    [EXIT_PROTOCOL] = {"broker tidak memakai protokol ini",
                       "the broker does not speak this protocol"},
    [EXIT_HISTORY] = {"riwayat broker bukan yang pernah dilihat perangkat ini",
                      "the broker's history is not the one that this device has seen"},
    [EXIT_HELD] = {"langganan sedang dipakai, atau diambil alih",
                   "the subscription is in use, or was taken over"},
};

/* Lines of meaning, each behind `indent`: the chosen language, or both. */
static void print_meaning(FILE *to, const struct cli *cli, const char *indent, const char *id,
                          const char *en)
{
    bool both = !cli->language;
    if (both || !cli_english(cli))
        (void)fprintf(to, "%s%s\n", indent, id);
    if ((both && strcmp(id, en) != 0) || cli_english(cli))
        (void)fprintf(to, "%s%s\n", indent, en);
}

static void heading(FILE *to, const struct cli *cli, const char *id, const char *en)
{
    const char *language = cli->language;
    (void)fprintf(to, "\n%s%s%s%s%s:\n", cli_tone(cli, to, TONE_HEADING),
                  language && cli_english(cli) ? "" : id, language ? "" : " / ",
                  language && !cli_english(cli) ? "" : en, cli_tone(cli, to, TONE_PLAIN));
}

void help_option(FILE *to, const struct cli *cli, const char *name, const char *id, const char *en)
{
    (void)fprintf(to, "  %s\n", name);
    print_meaning(to, cli, "        ", id ? id : "", en ? en : "");
}

void help_usage(FILE *to, const struct cli *cli, const struct command *command)
{
    (void)fprintf(to, "%s: sinergi %s %s\n", cli_word(cli, "pemakaian", "usage"), command->name,
                  command->args);
    print_meaning(to, cli, "  ", command->id, command->en);
}

void help_all(FILE *to, const struct cli *cli)
{
    (void)fputs("usage: sinergi [OPTIONS] COMMAND [ARGS]\n", to);
    heading(to, cli, "Pilihan umum", "General options");
    options_print_general(to, cli);
    heading(to, cli, "Perintah", "Commands");
    const struct command *command;
    for (size_t i = 0; (command = command_at(i)) != NULL; i++)
        help_option(to, cli, command->name, command->id, command->en);
    (void)fputs("\nsinergi COMMAND --help, man sinergi\n", to);
}

int help_command(const struct cli *cli, const struct cli_option *options, size_t option_count)
{
    const struct command *command = cli->command;
    help_usage(stdout, cli, command);
    if (option_count)
        heading(stdout, cli, "Pilihan", "Options");
    for (size_t i = 0; i < option_count; i++) {
        char name[80];
        (void)snprintf(name, sizeof name, "%s%s%s", options[i].name, options[i].argument ? " " : "",
                       options[i].argument ? options[i].argument : "");
        help_option(stdout, cli, name, options[i].id, options[i].en);
    }
    heading(stdout, cli, "Pilihan umum", "General options");
    options_print_general(stdout, cli);
    heading(stdout, cli, "Status keluar", "Exit status");
    for (unsigned i = 0; i < SG_ARRAY_LEN(endings); i++) {
        if (command->exits & 1U << i)
            printf("  %u  %s%s%s\n", i, cli_word(cli, endings[i].id, endings[i].en),
                   cli->language ? "" : " / ", cli->language ? "" : endings[i].en);
    }
    heading(stdout, cli, "Contoh", "Example");
    printf("  %s\n", command->example);
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_LOCAL;
}
