#include "cli/device.h"
#include "cli/print.h"

#include "kit/err.h"
#include "wire/day.h"
#include "wire/id.h"

#include <stdio.h>
#include <stdlib.h>

struct listing {
    struct cli *cli;
    bool rejected_only, only_one;
    uint64_t number;
    struct table table;
    size_t count;
};

static int on_outcome(void *context, const sinergi_outcome *outcome, const char *type)
{
    struct listing *listing = context;
    struct cli *cli = listing->cli;
    if (listing->only_one && outcome->place.number != listing->number)
        return 1;
    if (listing->rejected_only && outcome->status != SINERGI_REJECTED)
        return 0;
    listing->count++;
    if (cli->json) {
        SG_AUTO(print_json_done) json_t *json = outcome_json(outcome, type);
        print_json(json);
        return listing->only_one;
    }
    char number[32], seq[32] = "", time[32] = "";
    (void)snprintf(number, sizeof number, "%llu", (unsigned long long)outcome->place.number);
    if (outcome->seq)
        (void)snprintf(seq, sizeof seq, "%llu", (unsigned long long)outcome->seq);
    if (outcome->accepted_at)
        (void)sg_time_print_wib(outcome->accepted_at, time);
    table_row(&listing->table,
              (const char *const[]){number, type, outcome_word(cli, outcome->status), seq, time,
                                    outcome->code[0]
                                        ? cli_word(cli, outcome->text_id, outcome->text_en)
                                        : outcome->warnings});
    return listing->only_one;
}

static int list(struct cli *cli, struct listing *listing)
{
    table_begin(&listing->table, cli,
                (const char *const[]){"NOMOR", "NUMBER", "JENIS", "TYPE", "HASIL", "OUTCOME", "SEQ",
                                      "SEQ", "WAKTU", "TIME", "KETERANGAN", "REMARK", NULL});
    sinergi_status status = sinergi_outbox_walk(cli->client, listing->number, on_outcome, listing);
    if (!status && !cli->json && listing->count)
        table_print(&listing->table);
    if (!status && listing->only_one && listing->count == 0) {
        cli_say(cli, "nomor %llu tidak ada di outbox", "number %llu is not in the outbox",
                (unsigned long long)listing->number);
        return EXIT_REFUSED;
    }
    return cli_fail(cli, status);
}

static int print_state(struct cli *cli)
{
    SG_AUTO(print_json_done) json_t *outbox = device_outbox(cli);
    if (!outbox)
        return cli_fail(cli, SINERGI_LOCAL);
    SG_AUTO(print_json_done) json_t *agent = device_agent(cli);
    SG_AUTO(print_json_done) json_t *disk = device_disk(cli);
    if (cli->json) {
        bool runs = json_is_true(json_object_get(agent, "running"));
        (void)json_object_set_new(outbox, "agentRunning", json_boolean(runs));
        (void)json_object_set_new(outbox, "agentConnected",
                                  json_boolean(json_is_true(json_object_get(agent, "connected"))));
        (void)json_object_set(outbox, "disk", disk);
        print_json(outbox);
        return EXIT_DONE;
    }
    printf(cli_english(cli) ? "outbox %s: %lld events, %lld not answered, %lld refused\n"
                            : "outbox %s: %lld peristiwa, %lld belum dijawab, %lld ditolak\n",
           json_text(outbox, "outbox"), json_long(outbox, "lastNumber"),
           json_long(outbox, "unanswered"), json_long(outbox, "rejected"));
    char age[64];
    if (json_object_get(outbox, "oldestAgeMs"))
        printf("%s %s\n", cli_word(cli, "yang tertua menunggu", "the oldest has waited for"),
               device_age(cli, json_long(outbox, "oldestAgeMs"), age));
    print_agent(cli, agent);
    if (json_is_true(json_object_get(disk, "low")))
        print_disk(cli, disk);
    return EXIT_DONE;
}

static int wait_for_all(struct cli *cli)
{
    cli_stop_at_signals(cli);
    sinergi_status status = sinergi_run(cli->client, SINERGI_UNTIL_ANSWERED, cli_wait_ms(cli, -1));
    int waited = cli_fail(cli, status);
    int printed = print_state(cli);
    return waited ? waited : printed;
}

int cmd_outbox(struct cli *cli, int argc, char **argv)
{
    struct listing listing = {.cli = cli};
    const struct cli_option options[] = {{.name = "--rejected",
                                          .flag = &listing.rejected_only,
                                          .id = "hanya yang ditolak",
                                          .en = "only what was refused"}};
    if (!cli_options(cli, &argc, argv, options, SG_ARRAY_LEN(options)))
        return cli_usage(argv[0]);
    const char *what = argc > 1 ? argv[1] : listing.rejected_only ? "list" : "";
    bool shows = strcmp(what, "show") == 0;
    if (argc > (shows ? 3 : 2) || (shows && argc != 3))
        return cli_usage(argv[0]);
    char *end = NULL;
    if (shows) {
        listing.only_one = true;
        listing.number = strtoull(argv[2], &end, 10);
        if (end == argv[2] || *end || listing.number == 0)
            return cli_usage(argv[0]);
    } else if (what[0] && strcmp(what, "list") != 0 && strcmp(what, "wait") != 0) {
        return cli_usage(argv[0]);
    }
    int status = cli_open(cli);
    if (status)
        return status;
    if (what[0] == 'w')
        return wait_for_all(cli);
    if (!what[0])
        return print_state(cli);
    status = list(cli, &listing);
    table_done(&listing.table);
    return status;
}
