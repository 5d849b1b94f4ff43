/* cmd_import.c - events of JSON lines; `--map` goes on in import_sheet.c. */
#include "cli/import.h"

#include "kit/err.h"
#include "lib/inside.h"

#include <errno.h>
#include <stdio.h>

enum { COMMIT_EVENTS = 480 /* ten frames to one fsync */ };

struct lines {
    struct import import;
    uint64_t line, wrong;
    uint64_t batch[COMMIT_EVENTS]; /* line of each event in the batch */
    size_t batched;
};

static int commit(struct lines *lines)
{
    struct cli *cli = lines->import.cli;
    if (lines->batched == 0)
        return EXIT_DONE;
    sinergi_place places[COMMIT_EVENTS];
    size_t count = 0;
    sinergi_status status = sinergi_commit(cli->client, places, &count);
    if (status)
        return cli_fail(cli, status);
    for (size_t i = 0; i < count; i++)
        if (!import_placed(&lines->import, &places[i], lines->batch[i]))
            return EXIT_LOCAL;
    lines->batched = 0;
    /* What is written goes out while the next lines are read. */
    (void)sinergi_run(cli->client, SINERGI_UNTIL_TIMEOUT, 0);
    import_progress(&lines->import, cli_word(cli, "dibaca", "read"), lines->line);
    return EXIT_DONE;
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

static int take_line(struct lines *lines, const char *text, size_t length)
{
    struct cli *cli = lines->import.cli;
    sinergi_status status = sinergi_add_json(cli->client, text, length);
    if (status == SINERGI_INVALID) {
        lines->wrong++;
        cli_say(cli, "%s:%llu: %s", "%s:%llu: %s", lines->import.path,
                (unsigned long long)lines->line,
                sinergi_error(cli->client, cli_english(cli) ? "en" : "id"));
        if (!cli->language && !cli->client->conf.language[0])
            (void)fprintf(stderr, "sinergi:   %s\n", sinergi_error(cli->client, "en"));
        return EXIT_DONE;
    }
    if (status)
        return cli_fail(cli, status);
    lines->batch[lines->batched++] = lines->line;
    return lines->batched == COMMIT_EVENTS ? commit(lines) : EXIT_DONE;
}

static int read_lines(struct lines *lines, FILE *file)
{
    SG_AUTO(sg_heap_done) char *text = NULL;
    size_t room = 0;
    int status = EXIT_DONE;
    for (ssize_t length; status == EXIT_DONE && (length = getline(&text, &room, file)) >= 0;) {
        lines->line++;
        if (!is_blank(text))
            status = take_line(lines, text, (size_t)length);
    }
    if (status == EXIT_DONE && ferror(file)) {
        cli_say(lines->import.cli, "%s: %s", "%s: %s", lines->import.path, strerror(errno));
        status = EXIT_LOCAL;
    }
    return status != EXIT_DONE ? status : commit(lines);
}

static void print_summary(const struct lines *lines)
{
    const struct cli *cli = lines->import.cli;
    const uint64_t *n = lines->import.counts;
    if (cli->json) {
        printf("{\"lines\":%llu,\"accepted\":%llu,\"duplicate\":%llu,\"parked\":%llu,"
               "\"rejected\":%llu,\"invalid\":%llu,\"unanswered\":%llu}\n",
               (unsigned long long)lines->line, (unsigned long long)n[SINERGI_ACCEPTED],
               (unsigned long long)n[SINERGI_DUPLICATE], (unsigned long long)n[SINERGI_PARKED],
               (unsigned long long)n[SINERGI_REJECTED], (unsigned long long)lines->wrong,
               (unsigned long long)n[SINERGI_PENDING]);
        return;
    }
    printf("%llu %s: ", (unsigned long long)lines->line, cli_word(cli, "baris", "lines"));
    for (int i = SINERGI_ACCEPTED; i <= SINERGI_REJECTED; i++) {
        if (n[i] || i == SINERGI_ACCEPTED)
            printf("%llu %s, ", (unsigned long long)n[i],
                   outcome_word(cli, (sinergi_outcome_status)i));
    }
    printf("%llu %s, %llu %s\n", (unsigned long long)lines->wrong,
           cli_word(cli, "salah tulis", "not valid"), (unsigned long long)n[SINERGI_PENDING],
           outcome_word(cli, SINERGI_PENDING));
}

static int import_lines(struct lines *lines, FILE *file, bool no_wait)
{
    struct import *import = &lines->import;
    struct cli *cli = import->cli;
    sinergi_status waited = SINERGI_OK;
    sinergi_status early = sinergi_run(cli->client, SINERGI_UNTIL_CONNECTED, IMPORT_CONNECT_MS);
    bool cut_off = early != SINERGI_OK && early != SINERGI_TIMEOUT && early != SINERGI_BUSY;
    int early_exit = cut_off ? cli_fail(cli, early) : EXIT_DONE;
    int status = read_lines(lines, file);
    if (status != EXIT_DONE)
        return status;
    if (!no_wait && !cut_off)
        waited = import_wait(import);
    import_clear(import);
    int wait_exit = waited ? cli_fail(cli, waited) : early_exit;
    status = import_report(import);
    if (status != EXIT_DONE)
        return status;
    print_summary(lines);
    if (wait_exit != EXIT_DONE)
        return wait_exit;
    if (lines->wrong || import->counts[SINERGI_REJECTED])
        return EXIT_REFUSED;
    return import->counts[SINERGI_PENDING] && !no_wait ? EXIT_TIME : EXIT_DONE;
}

static int import_json(struct cli *cli, const char *path, bool no_wait)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdin : fopen(path, "re");
    if (!file) {
        cli_say(cli, "%s: tidak dapat dibaca: %s", "%s: cannot be read: %s", path, strerror(errno));
        return EXIT_LOCAL;
    }
    struct lines lines = {.line = 0};
    import_begin(&lines.import, cli, path);
    int status = cli_open(cli);
    if (status == EXIT_DONE) {
        cli_stop_at_signals(cli);
        status = import_lines(&lines, file, no_wait);
    }
    import_done(&lines.import);
    if (!standard)
        (void)fclose(file);
    return status;
}

int cmd_import(struct cli *cli, int argc, char **argv)
{
    struct import_options wanted = {.map = NULL};
    const struct cli_option options[] = {
        /* clang-format off */
        {.name = "--map", .argument = "FILE.map", .value = &wanted.map,
         .id = "berkasnya tabel (CSV atau .xlsx); peta ini menyebut kolom mana isian apa",
         .en = "the file is a table (CSV or .xlsx); this map says which column is which field"},
        {.name = "--dry-run", .flag = &wanted.dry_run,
         .id = "hanya tampilkan apa yang akan diterbitkan, baris demi baris",
         .en = "only show what would be published, row by row"},
        {.name = "--result", .argument = "FILE.csv", .value = &wanted.result,
         .id = "tulis ke berkas ini apa yang terjadi dengan tiap baris",
         .en = "write into this file what became of each row"},
        {.name = "--no-wait", .flag = &wanted.no_wait,
         .id = "jangan menunggu jawaban broker", .en = "do not wait for the outcomes"},
    }; /* clang-format on */
    if (!cli_options(cli, &argc, argv, options, SG_ARRAY_LEN(options)) || argc != 2)
        return cli_usage(argv[0]);
    if (wanted.map)
        return import_sheet(cli, argv[1], &wanted);
    if (wanted.dry_run || wanted.result) {
        cli_say(cli, "--dry-run dan --result perlu --map", "--dry-run and --result want --map");
        return cli_usage(argv[0]);
    }
    return import_json(cli, argv[1], wanted.no_wait);
}
