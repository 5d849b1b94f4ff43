#include "cli/print.h"

#include "kit/err.h"
#include "wire/day.h"

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

int cmd_admin(struct cli *cli, int argc, char **argv)
{
    const char *to = NULL;
    const struct option options[] = {{.name = "--to", .value = &to}};
    if (!cli_options(cli, &argc, argv, options, SG_ARRAY_LEN(options)) || argc != 3 ||
        strcmp(argv[1], "clock") != 0)
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
