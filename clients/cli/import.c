#include "cli/import.h"

#include "kit/err.h"
#include "lib/inside.h"
#include "sheet/sheet.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ROOM_FIRST = 4096, SHOW_MS = 200 };

void import_begin(struct import *import, struct cli *cli, const char *path)
{
    *import = (struct import){
        .cli = cli, .path = path, .progress = !cli->json && isatty(STDERR_FILENO) != 0};
}

void import_done(struct import *import)
{
    free(import->placed);
    import->placed = NULL;
}

bool import_placed(struct import *import, const sinergi_place *place, uint64_t line)
{
    if (import->committed == import->room) {
        size_t room = import->room ? import->room * 2 : ROOM_FIRST;
        struct placed *placed = realloc(import->placed, room * sizeof *placed);
        if (!placed) {
            cli_say(import->cli, "memori habis", "no memory");
            return false;
        }
        import->placed = placed;
        import->room = room;
    }
    import->placed[import->committed++] = (struct placed){*place, line};
    return true;
}

void import_progress(const struct import *import, const char *what, uint64_t done)
{
    if (import->progress)
        (void)fprintf(stderr, "\r%s %llu ", what, (unsigned long long)done);
}

void import_clear(const struct import *import)
{
    if (import->progress)
        (void)fputs("\r\033[K", stderr);
}

sinergi_status import_wait(struct import *import)
{
    struct cli *cli = import->cli;
    if (!import->progress)
        return sinergi_run(cli->client, SINERGI_UNTIL_ANSWERED, cli_wait_ms(cli, -1));
    int64_t end_ns = cli->wait_ms < 0 ? INT64_MAX : client_mono_ns() + cli->wait_ms * MS_NS;
    for (;;) {
        sinergi_status status = sinergi_run(cli->client, SINERGI_UNTIL_ANSWERED, SHOW_MS);
        sinergi_outbox_info info = {0};
        (void)sinergi_outbox(cli->client, &info); /* only shown */
        import_progress(import, cli_word(cli, "belum dijawab", "not answered"), info.unanswered);
        if (status != SINERGI_TIMEOUT || client_mono_ns() >= end_ns || cli->client->stop)
            return status;
    }
}

int import_report(struct import *import)
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
        const char *column = import->map ? sheet_map_column(import->map, outcome.object) : NULL;
        (void)fprintf(stderr, "sinergi: %s:%llu: %s%s%s\n", import->path,
                      (unsigned long long)import->placed[i].line, column ? column : "",
                      column ? ": " : "", cli_english(cli) ? outcome.text_en : outcome.text_id);
        if (both)
            (void)fprintf(stderr, "sinergi:   %s\n", outcome.text_en);
    }
    return EXIT_DONE;
}
