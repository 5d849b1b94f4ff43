#include "cli/print.h"

#include "kit/err.h"
#include "wire/day.h"
#include "wire/id.h"

#include <stdio.h>
#include <stdlib.h>

enum { WAIT_MS = 30000 };

static int send_request(struct cli *cli, const char *request)
{
    int status = cli_open(cli);
    if (status)
        return status;
    SG_AUTO(sg_heap_done) char *text = NULL;
    sinergi_status asked =
        sinergi_admin_json(cli->client, request, cli_wait_ms(cli, WAIT_MS), &text);
    if (asked)
        return cli_fail(cli, asked);
    SG_AUTO(print_json_done) json_t *answer = json_loads(text, 0, NULL);
    char time[32];
    if (cli->json)
        puts(text);
    else
        printf("%s %s\n", cli_word(cli, "jam broker:", "time of the broker:"),
               json_time(answer, "serverTimeMs", time));
    return EXIT_DONE;
}

/* admin import open|close OUTBOX --agency ID */
static int open_import(struct cli *cli, int argc, char **argv, const char *agency)
{
    struct sg_id id;
    bool open = argc == 4 && strcmp(argv[2], "open") == 0;
    if (argc != 4 || !agency || (!open && strcmp(argv[2], "close") != 0))
        return cli_usage(argv[0]);
    if (sg_id_parse(argv[3], &id) != SG_OK) {
        cli_say(cli, "OUTBOX: nomor kotak keluar seperti yang ditulis `sinergi outbox`",
                "OUTBOX: the id of an outbox as `sinergi outbox` prints it");
        return EXIT_USAGE;
    }
    json_t *request = json_pack("{s:s, s:s, s:b}", "importAgency", agency, "importOutboxId", "",
                                "importOpen", open);
    char printed[SG_ID_TEXT];
    (void)json_object_set_new(request, "importOutboxId", json_string(sg_id_print(&id, printed)));
    SG_AUTO(sg_heap_done) char *text = json_dumps(request, JSON_COMPACT);
    json_decref(request);
    return send_request(cli, text);
}

int cmd_admin(struct cli *cli, int argc, char **argv)
{
    const char *to = NULL, *agency = NULL;
    const struct cli_option options[] = {
        {.name = "--to",
         .argument = "TIME",
         .value = &to,
         .id = "jam baru, seperti 2024-01-08T08:00:00+07:00",
         .en = "the new time, as 2024-01-08T08:00:00+07:00"},
        {.name = "--agency",
         .argument = "ID",
         .value = &agency,
         .id = "instansi yang memiliki kotak keluar itu",
         .en = "the agency that the outbox belongs to"},
    };
    if (!cli_options(cli, &argc, argv, options, SG_ARRAY_LEN(options)) || argc < 3)
        return cli_usage(argv[0]);
    if (strcmp(argv[1], "import") == 0)
        return open_import(cli, argc, argv, agency);
    if (argc != 3 || agency || strcmp(argv[1], "clock") != 0)
        return cli_usage(argv[0]);
    if (strcmp(argv[2], "accept") == 0 && !to)
        return send_request(cli, "{\"clockAccept\":true}");
    int64_t time_ms = 0;
    if (strcmp(argv[2], "advance") != 0 || !to)
        return cli_usage(argv[0]);
    if (sg_time_parse(to, &time_ms)) {
        cli_say(cli, "--to: waktu seperti 2024-01-08T08:00:00+07:00",
                "--to: a time as 2024-01-08T08:00:00+07:00");
        return EXIT_USAGE;
    }
    char request[64];
    (void)snprintf(request, sizeof request, "{\"clockAdvanceToMs\":\"%lld\"}", (long long)time_ms);
    return send_request(cli, request);
}
