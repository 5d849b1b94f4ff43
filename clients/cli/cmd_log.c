#include "cli/cli.h"

#include "lib/inside.h"

#include <stdio.h>

int cmd_log(struct cli *cli, int argc, char **argv)
{
    if (!cli_options(cli, &argc, argv, NULL, 0) || argc != 2 || strcmp(argv[1], "verify") != 0)
        return cli_usage(argv[0]);
    int status = cli_open(cli);
    if (status)
        return status;
    cli_stop_at_signals(cli);
    struct log_report report;
    sinergi_status verified = log_verify(cli->client, cli_wait_ms(cli, -1), &report);
    if (verified)
        return cli_fail(cli, verified);
    printf(
        cli->json ? "{\"blocks\":%llu,\"epoch\":%llu,\"height\":%llu,\"ownBlocks\":%llu}\n"
        : cli_english(cli)
            ? "%llu blocks hold, head %llu/%llu, among them all %llu with receipts of this device\n"
            : "%llu blok sah, kepala %llu/%llu, termasuk semua %llu blok dengan tanda terima "
              "perangkat ini\n",
        (unsigned long long)report.blocks, (unsigned long long)report.head_epoch,
        (unsigned long long)report.head_height, (unsigned long long)report.own_blocks);
    return EXIT_DONE;
}
