#include "cli/cli.h"

#include "kit/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int show(struct cli *cli, uint64_t number)
{
    sinergi_outbox_info info;
    SG_AUTO(sg_heap_done) char *json = NULL;
    sinergi_status status = sinergi_outbox(cli->client, &info);
    sinergi_place place = {.number = number};
    if (!status) {
        memcpy(place.outbox_id, info.outbox_id, sizeof place.outbox_id);
        status = sinergi_receipt_get(cli->client, &place, &json);
    }
    if (!status)
        puts(json);
    return cli_fail(cli, status);
}

static int verify(struct cli *cli, const char *path)
{
    size_t length = 0;
    SG_AUTO(sg_heap_done) char *text = cli_read_file(cli, path, &length);
    if (!text)
        return EXIT_LOCAL;
    sinergi_status status = sinergi_receipt_verify(cli->client, text, length);
    if (cli->json)
        printf("{\"holds\":%s}\n", status ? "false" : "true");
    else if (!status)
        puts(cli_word(cli, "tanda terima sah", "the receipt holds"));
    return cli_fail(cli, status);
}

int cmd_receipt(struct cli *cli, int argc, char **argv)
{
    if (!cli_options(cli, &argc, argv, NULL, 0) || argc != 3)
        return cli_usage(argv[0]);
    bool shows = strcmp(argv[1], "show") == 0;
    char *end = NULL;
    uint64_t number = shows ? strtoull(argv[2], &end, 10) : 0;
    if ((!shows && strcmp(argv[1], "verify") != 0) || (shows && (*end || number == 0)))
        return cli_usage(argv[0]);
    int status = cli_open(cli);
    if (status)
        return status;
    return shows ? show(cli, number) : verify(cli, argv[2]);
}
