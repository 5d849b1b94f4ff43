#include "cli/device.h"
#include "cli/print.h"

#include "kit/err.h"
#include "lib/inside.h"
#include "wire/day.h"

#include <stdio.h>

enum { WAIT_MS = 10000, CLOCK_NOTE_S = 30 };

static json_t *ask_broker(struct cli *cli, const char *kind, int wait_ms,
                          sinergi_status *out_status)
{
    char query[64];
    (void)snprintf(query, sizeof query, "{\"kind\":\"QUERY_KIND_%s\"}", kind);
    SG_AUTO(sg_heap_done) char *text = NULL;
    *out_status = sinergi_query_json(cli->client, query, wait_ms, &text);
    return *out_status ? NULL : json_loads(text, 0, NULL);
}

/* How far the clock of this machine is ahead of the broker's. The time of a demo store stands
 * still.
 */
static json_t *clock_json(const struct cli *cli)
{
    if (!cli->client->session.welcomed || cli->client->session.told.demo)
        return NULL;
    const struct session *session = &cli->client->session;
    int64_t server_ms =
        session->told.server_ms + (device_boot_ns() - session->told.boot_ns) / MS_NS;
    return json_pack("{s:I}", "aheadMs", (json_int_t)(device_wall_ms() - server_ms));
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

static void print_clock(const struct cli *cli, const json_t *clock)
{
    long long ahead_s = json_long(clock, "aheadMs") / 1000;
    if (!clock || (ahead_s < CLOCK_NOTE_S && ahead_s > -CLOCK_NOTE_S))
        return;
    printf("%s %lld %s\n",
           ahead_s > 0 ? cli_word(cli, "PERHATIAN  jam perangkat ini lebih cepat dari broker:",
                                  "ATTENTION  the clock of this device is ahead of the broker:")
                       : cli_word(cli, "PERHATIAN  jam perangkat ini lebih lambat dari broker:",
                                  "ATTENTION  the clock of this device is behind the broker:"),
           ahead_s > 0 ? ahead_s : -ahead_s,
           cli_word(cli, "detik; betulkan (peristiwa tetap dicatat dengan waktu broker)",
                    "s; set it right (events keep the time of the broker)"));
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
                                      "SENT", "DIAKUI", "ACKED", "DI SINI", "HERE", "MENUNGGU",
                                      "PENDING", "GAGAL", "DEAD", NULL});
    size_t i;
    json_t *view;
    json_array_foreach(subscriptions, i, view)
    {
        char sent[32], acked[32], done[32], pending[32], dead[32];
        const json_t *here = find_by(inbox, "subscription", json_text(view, "name"));
        table_row(&table,
                  (const char *const[]){json_text(view, "name"), json_text(view, "holderDevice"),
                                        json_number(view, "sentThrough", sent),
                                        json_number(view, "ackedThrough", acked),
                                        here ? json_number(here, "done", done) : "-",
                                        here ? json_number(here, "pending", pending) : "-",
                                        json_number(view, "deadLetters", dead)});
    }
    if (i > 0)
        table_print(&table);
}

/* Takes no reference. What the broker said is left out when it said nothing. */
static void print_all_json(struct cli *cli, json_t *device, const json_t *answer,
                           const json_t *views)
{
    const char *text = sinergi_welcome_json(cli->client);
    json_t *welcome = text ? json_loads(text, 0, NULL) : NULL;
    (void)json_object_set(device, "broker", json_object_get(answer, "status"));
    (void)json_object_set_new(device, "welcome", welcome);
    (void)json_object_set(device, "subscriptions", json_object_get(views, "subscriptions"));
    (void)json_object_set_new(device, "clock", clock_json(cli));
    print_json(device);
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
    SG_AUTO(print_json_done) json_t *device = device_json(cli);
    if (!cli->json) /* without a broker all of this holds as well */
        print_device(cli, device);
    SG_AUTO(print_json_done) json_t *answer = ask_broker(cli, "STATUS", wait_ms, &asked);
    SG_AUTO(print_json_done)
    json_t *views = asked ? NULL : ask_broker(cli, "SUBSCRIPTIONS", wait_ms, &asked_too);
    if (cli->json) {
        print_all_json(cli, device, answer, views);
        return cli_fail(cli, asked);
    }
    if (asked)
        return cli_fail(cli, asked);
    SG_AUTO(print_json_done)
    json_t *welcome = json_loads(sinergi_welcome_json(cli->client), 0, NULL);
    SG_AUTO(print_json_done) json_t *clock = clock_json(cli);
    print_broker(cli, welcome, json_object_get(answer, "status"));
    print_clock(cli, clock);
    print_subscriptions(cli, json_object_get(views, "subscriptions"),
                        json_object_get(device, "inbox"));
    return EXIT_DONE;
}
