#include "cli/print.h"

#include "kit/err.h"
#include "lib/inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { COMMIT_EVENTS = 480 /* ten frames to one fsync */, CONNECT_MS = 1500, PUMP_STEP = 10 };

struct import {
    struct cli *cli;
    const char *path;
    bool progress;
    uint64_t line, wrong, committed;
    uint64_t lines[COMMIT_EVENTS]; /* of the events in the batch */
    size_t batched;
    struct placed {
        sinergi_place place;
        uint64_t line;
    } * placed; /* of every committed event */
    size_t room;
    uint64_t counts[SINERGI_REJECTED + 1];
};

static void show_progress(const struct import *import, const char *what, uint64_t done, uint64_t of)
{
    if (!import->progress)
        return;
    if (of)
        (void)fprintf(stderr, "\r%s %llu / %llu ", what, (unsigned long long)done,
                      (unsigned long long)of);
    else
        (void)fprintf(stderr, "\r%s %llu ", what, (unsigned long long)done);
}

static bool make_room(struct import *import)
{
    if (import->committed + COMMIT_EVENTS <= import->room)
        return true;
    size_t room = import->room ? import->room * 2 : 4096;
    struct placed *placed = realloc(import->placed, room * sizeof *placed);
    if (!placed)
        return false;
    import->placed = placed;
    import->room = room;
    return true;
}

static int commit(struct import *import)
{
    struct cli *cli = import->cli;
    if (import->batched == 0)
        return EXIT_DONE;
    sinergi_place places[COMMIT_EVENTS];
    size_t count = 0;
    if (!make_room(import)) {
        cli_say(cli, "memori habis", "no memory");
        return EXIT_LOCAL;
    }
    sinergi_status status = sinergi_commit(cli->client, places, &count);
    if (status)
        return cli_fail(cli, status);
    for (size_t i = 0; i < count; i++)
        import->placed[import->committed++] = (struct placed){places[i], import->lines[i]};
    import->batched = 0;
    /* What is written goes out while the next lines are read. */
    (void)sinergi_run(cli->client, SINERGI_UNTIL_TIMEOUT, 0);
    show_progress(import, cli_word(cli, "dibaca", "read"), import->line, 0);
    return EXIT_DONE;
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

static int take_line(struct import *import, const char *text, size_t length)
{
    struct cli *cli = import->cli;
    sinergi_status status = sinergi_add_json(cli->client, text, length);
    if (status == SINERGI_INVALID) {
        import->wrong++;
        cli_say(cli, "%s:%llu: %s", "%s:%llu: %s", import->path, (unsigned long long)import->line,
                sinergi_error(cli->client, cli_english(cli) ? "en" : "id"));
        if (!cli->language && !cli->client->conf.language[0])
            (void)fprintf(stderr, "sinergi:   %s\n", sinergi_error(cli->client, "en"));
        return EXIT_DONE;
    }
    if (status)
        return cli_fail(cli, status);
    import->lines[import->batched++] = import->line;
    return import->batched == COMMIT_EVENTS ? commit(import) : EXIT_DONE;
}

static int read_lines(struct import *import, FILE *file)
{
    SG_AUTO(sg_heap_done) char *text = NULL;
    size_t room = 0;
    int status = EXIT_DONE;
    for (ssize_t length; status == EXIT_DONE && (length = getline(&text, &room, file)) >= 0;) {
        import->line++;
        if (!is_blank(text))
            status = take_line(import, text, (size_t)length);
    }
    if (status == EXIT_DONE && ferror(file)) {
        cli_say(import->cli, "%s: %s", "%s: %s", import->path, strerror(errno));
        status = EXIT_LOCAL;
    }
    return status != EXIT_DONE ? status : commit(import);
}

static sinergi_status wait_for_answers(struct import *import)
{
    struct cli *cli = import->cli;
    if (!import->progress)
        return sinergi_run(cli->client, SINERGI_UNTIL_ANSWERED, cli_wait_ms(cli, -1));
    int64_t end_ns = cli->wait_ms < 0 ? INT64_MAX : client_mono_ns() + cli->wait_ms * MS_NS;
    for (;;) {
        sinergi_status status = sinergi_run(cli->client, SINERGI_UNTIL_ANSWERED, 200);
        sinergi_outbox_info info = {0};
        (void)sinergi_outbox(cli->client, &info); /* only shown */
        show_progress(import, cli_word(cli, "belum dijawab", "not answered"), info.unanswered, 0);
        if (status != SINERGI_TIMEOUT || client_mono_ns() >= end_ns || cli->client->stop)
            return status;
    }
}

static int report(struct import *import)
{
    struct cli *cli = import->cli;
    for (uint64_t i = 0; i < import->committed; i++) {
        sinergi_outcome outcome;
        sinergi_status status =
            sinergi_outcome_get(cli->client, &import->placed[i].place, &outcome);
        if (status)
            return cli_fail(cli, status);
        import->counts[outcome.status]++;
        if (outcome.status != SINERGI_REJECTED)
            continue;
        bool both = !cli->language && !cli->client->conf.language[0];
        (void)fprintf(stderr, "sinergi: %s:%llu: %s\n", import->path,
                      (unsigned long long)import->placed[i].line,
                      cli_english(cli) ? outcome.text_en : outcome.text_id);
        if (both)
            (void)fprintf(stderr, "sinergi:   %s\n", outcome.text_en);
    }
    return EXIT_DONE;
}

static void print_summary(const struct import *import)
{
    const struct cli *cli = import->cli;
    const uint64_t *n = import->counts;
    if (cli->json) {
        printf("{\"lines\":%llu,\"accepted\":%llu,\"duplicate\":%llu,\"parked\":%llu,"
               "\"rejected\":%llu,\"invalid\":%llu,\"unanswered\":%llu}\n",
               (unsigned long long)import->line, (unsigned long long)n[SINERGI_ACCEPTED],
               (unsigned long long)n[SINERGI_DUPLICATE], (unsigned long long)n[SINERGI_PARKED],
               (unsigned long long)n[SINERGI_REJECTED], (unsigned long long)import->wrong,
               (unsigned long long)n[SINERGI_PENDING]);
        return;
    }
    printf("%llu %s: ", (unsigned long long)import->line, cli_word(cli, "baris", "lines"));
    for (int i = SINERGI_ACCEPTED; i <= SINERGI_REJECTED; i++) {
        if (n[i] || i == SINERGI_ACCEPTED)
            printf("%llu %s, ", (unsigned long long)n[i],
                   outcome_word(cli, (sinergi_outcome_status)i));
    }
    printf("%llu %s, %llu %s\n", (unsigned long long)import->wrong,
           cli_word(cli, "salah tulis", "not valid"), (unsigned long long)n[SINERGI_PENDING],
           outcome_word(cli, SINERGI_PENDING));
}

static int import_file(struct import *import, FILE *file, bool no_wait)
{
    struct cli *cli = import->cli;
    sinergi_status waited = SINERGI_OK;
    sinergi_status early = sinergi_run(cli->client, SINERGI_UNTIL_CONNECTED, CONNECT_MS);
    bool cut_off = early != SINERGI_OK && early != SINERGI_TIMEOUT && early != SINERGI_BUSY;
    int early_exit = cut_off ? cli_fail(cli, early) : EXIT_DONE;
    int status = read_lines(import, file);
    if (status != EXIT_DONE)
        return status;
    if (!no_wait && !cut_off)
        waited = wait_for_answers(import);
    if (import->progress)
        (void)fputs("\r\033[K", stderr);
    int wait_exit = waited ? cli_fail(cli, waited) : early_exit;
    status = report(import);
    if (status != EXIT_DONE)
        return status;
    print_summary(import);
    if (wait_exit != EXIT_DONE)
        return wait_exit;
    if (import->wrong || import->counts[SINERGI_REJECTED])
        return EXIT_REFUSED;
    return import->counts[SINERGI_PENDING] && !no_wait ? EXIT_TIME : EXIT_DONE;
}

int cmd_import(struct cli *cli, int argc, char **argv)
{
    bool no_wait = false;
    const struct cli_option options[] = {{.name = "--no-wait",
                                          .flag = &no_wait,
                                          .id = "jangan menunggu jawaban broker",
                                          .en = "do not wait for the outcomes"}};
    if (!cli_options(cli, &argc, argv, options, SG_ARRAY_LEN(options)) || argc != 2)
        return cli_usage(argv[0]);
    bool standard = strcmp(argv[1], "-") == 0;
    FILE *file = standard ? stdin : fopen(argv[1], "re");
    if (!file) {
        cli_say(cli, "%s: tidak dapat dibaca: %s", "%s: cannot be read: %s", argv[1],
                strerror(errno));
        return EXIT_LOCAL;
    }
    struct import import = {
        .cli = cli, .path = argv[1], .progress = !cli->json && isatty(STDERR_FILENO) != 0};
    int status = cli_open(cli);
    if (status == EXIT_DONE) {
        cli_stop_at_signals(cli);
        status = import_file(&import, file, no_wait);
    }
    free(import.placed);
    if (!standard)
        (void)fclose(file);
    return status;
}
