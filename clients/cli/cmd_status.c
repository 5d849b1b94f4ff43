#include "cli/print.h"

#include "kit/err.h"
#include "lib/inside.h"
#include "wire/day.h"

#include <stdio.h>

enum { WAIT_MS = 10000 };

static json_t *ask_broker(struct cli *cli, const char *kind, int wait_ms,
                          sinergi_status *out_status)
{
    char query[64];
    (void)snprintf(query, sizeof query, "{\"kind\":\"QUERY_KIND_%s\"}", kind);
    SG_AUTO(sg_heap_done) char *text = NULL;
    *out_status = sinergi_query_json(cli->client, query, wait_ms, &text);
    return *out_status ? NULL : json_loads(text, 0, NULL);
}

static json_t *outbox_state(struct cli *cli)
{
    sinergi_outbox_info info = {0};
    if (sinergi_outbox(cli->client, &info))
        return NULL;
    return json_pack("{s:I,s:I,s:I}", "lastNumber", (json_int_t)info.last_number, "unanswered",
                     (json_int_t)info.unanswered, "rejected", (json_int_t)info.rejected);
}

static json_t *inbox_state_list(struct cli *cli)
{
    json_t *list = json_array();
    char name[SG_NAME_MAX + 1] = "";
    struct inbox_state state;
    while (inbox_name_next(cli->client->inbox, name, name, NULL) == SG_OK &&
           inbox_state(cli->client->inbox, name, &state, NULL) == SG_OK)
        (void)json_array_append_new(list, json_pack("{s:s,s:I,s:I}", "subscription", name,
                                                    "received", (json_int_t)state.received, "done",
                                                    (json_int_t)state.done));
    return list;
}

static void print_broker(const struct cli *cli, const json_t *welcome, const json_t *broker)
{
    char time[32], seq[32], height[32], sessions[32], started[32];
    int64_t now_ms = client_now_ms(cli->client);
    printf("%s  %s, sinergid %s%s\n", cli_word(cli, "broker   ", "broker   "),
           cli->client->conf.endpoint, json_text(broker, "version"),
           json_is_true(json_object_get(welcome, "demo"))
               ? cli_word(cli, " (store DEMO)", " (DEMO store)")
               : "");
    printf("%s  %s, %s %s\n", cli_word(cli, "waktu    ", "time     "),
           sg_time_print_wib(now_ms, time), cli_word(cli, "berjalan sejak", "running since"),
           json_time(broker, "startedMs", started));
    printf("%s  seq %s, %s %s, %s %s\n", cli_word(cli, "riwayat  ", "history  "),
           json_number(broker, "lastSeq", seq), cli_word(cli, "blok", "block"),
           json_number(broker, "height", height), json_number(broker, "sessions", sessions),
           cli_word(cli, "sesi", "sessions"));
    if (json_is_true(json_object_get(broker, "storageLow")))
        puts(cli_word(cli, "PERHATIAN  ruang disk hampir habis: peristiwa baru ditolak",
                      "ATTENTION  disk space is low: new events are refused"));
    if (json_is_true(json_object_get(broker, "clockHeld")))
        puts(cli_word(cli, "PERHATIAN  jam server melompat: sinergi admin clock accept",
                      "ATTENTION  the server's clock jumped: sinergi admin clock accept"));
}

static void print_device(const struct cli *cli, const json_t *outbox)
{
    char last[32], unanswered[32], rejected[32];
    printf("%s  %s/%s\n", cli_word(cli, "perangkat", "device   "), sinergi_agency(cli->client),
           sinergi_device(cli->client));
    printf("outbox     %s %s, %s %s, %s %s\n", json_number(outbox, "lastNumber", last),
           cli_word(cli, "peristiwa", "events"), json_number(outbox, "unanswered", unanswered),
           cli_word(cli, "belum dijawab", "not answered"),
           json_number(outbox, "rejected", rejected), cli_word(cli, "ditolak", "refused"));
}

static const json_t *find_by(const json_t *list, const char *member, const char *value)
{
    size_t i;
    json_t *entry;
    json_array_foreach(list, i, entry)
    {
        if (strcmp(json_text(entry, member), value) == 0)
            return entry;
    }
    return NULL;
}

static void print_subscriptions(const struct cli *cli, const json_t *subscriptions,
                                const json_t *inbox)
{
    SG_AUTO(table_done) struct table table = {0};
    table_begin(&table, cli,
                (const char *const[]){"LANGGANAN", "SUBSCRIPTION", "DIPAKAI", "HELD BY", "DIKIRIM",
                                      "SENT", "DIAKUI", "ACKED", "DI SINI", "HERE", "GAGAL", "DEAD",
                                      NULL});
    size_t i;
    json_t *view;
    json_array_foreach(subscriptions, i, view)
    {
        char sent[32], acked[32], done[32], dead[32];
        const json_t *here = find_by(inbox, "subscription", json_text(view, "name"));
        table_row(&table,
                  (const char *const[]){json_text(view, "name"), json_text(view, "holderDevice"),
                                        json_number(view, "sentThrough", sent),
                                        json_number(view, "ackedThrough", acked),
                                        here ? json_number(here, "done", done) : "-",
                                        json_number(view, "deadLetters", dead)});
    }
    if (i > 0)
        table_print(&table);
}

int cmd_status(struct cli *cli, int argc, char **argv)
{
    if (!cli_options(cli, &argc, argv, NULL, 0) || argc != 1)
        return cli_usage(argv[0]);
    int status = cli_open(cli);
    if (status)
        return status;
    int wait_ms = cli_wait_ms(cli, WAIT_MS);
    sinergi_status asked, asked_too;
    SG_AUTO(print_json_done) json_t *outbox = outbox_state(cli);
    SG_AUTO(print_json_done) json_t *inbox = inbox_state_list(cli);
    SG_AUTO(print_json_done) json_t *answer = ask_broker(cli, "STATUS", wait_ms, &asked);
    if (asked)
        return cli_fail(cli, asked);
    SG_AUTO(print_json_done) json_t *views = ask_broker(cli, "SUBSCRIPTIONS", wait_ms, &asked_too);
    SG_AUTO(print_json_done)
    json_t *welcome = json_loads(sinergi_welcome_json(cli->client), 0, NULL);
    const json_t *subscriptions = json_object_get(views, "subscriptions");
    const json_t *broker = json_object_get(answer, "status");
    if (cli->json) {
        SG_AUTO(print_json_done)
        json_t *all = json_pack("{s:O*,s:O*,s:O*,s:O*,s:O*}", "broker", broker, "welcome", welcome,
                                "outbox", outbox, "inbox", inbox, "subscriptions", subscriptions);
        print_json(all);
        return EXIT_DONE;
    }
    print_broker(cli, welcome, broker);
    print_device(cli, outbox);
    print_subscriptions(cli, subscriptions, inbox);
    return EXIT_DONE;
}
