#include "cli/print.h"

#include "kit/err.h"
#include "lib/inside.h"
#include "sinergi/v1/event.pb-c.h"
#include "wire/contract.h"

#include <stdio.h>
#include <stdlib.h>

enum { WAIT_MS = 30000, CONNECT_MS = 1500 };

/* `publish TOPIC FILE`: the file is the payload only. NULL: refused, and said so. */
static char *wrap(const struct cli *cli, const char *topic, const char *payload)
{
    uint32_t type = sg_type_of_topic(sg_bytes_of(topic));
    const ProtobufCFieldDescriptor *field =
        type ? protobuf_c_message_descriptor_get_field(&pb_envelope__descriptor, type) : NULL;
    if (!field) {
        cli_say(cli, "%s: jenis peristiwa tidak dikenal", "%s: no such type of event", topic);
        return NULL;
    }
    json_error_t at;
    SG_AUTO(print_json_done) json_t *json = json_loads(payload, JSON_REJECT_DUPLICATES, &at);
    if (!json) {
        cli_say(cli, "bukan JSON (baris %d): %s", "not JSON (line %d): %s", at.line, at.text);
        return NULL;
    }
    SG_AUTO(print_json_done) json_t *event = json_pack("{s:O}", field->name, json);
    return event ? json_dumps(event, JSON_COMPACT) : NULL;
}

static int print_outcome(struct cli *cli, const sinergi_place *place, const char *type)
{
    sinergi_outcome outcome;
    sinergi_status status = sinergi_outcome_get(cli->client, place, &outcome);
    if (status)
        return cli_fail(cli, status);
    if (cli->json) {
        SG_AUTO(print_json_done) json_t *json = outcome_json(&outcome, type);
        print_json(json);
    } else {
        printf("%s %llu: %s", cli_word(cli, "nomor", "number"),
               (unsigned long long)outcome.place.number, outcome_word(cli, outcome.status));
        if (outcome.seq)
            printf(", seq %llu", (unsigned long long)outcome.seq);
        printf("%s%s\n", outcome.warnings[0] ? ", " : "", outcome.warnings);
    }
    if (outcome.status == SINERGI_REJECTED) {
        cli_say_texts(cli, outcome.text_id, outcome.text_en);
        return EXIT_REFUSED;
    }
    return outcome.status == SINERGI_PENDING ? EXIT_TIME : EXIT_DONE;
}

static int not_answered(struct cli *cli, sinergi_status status, const sinergi_place *place)
{
    int exit_status = cli_fail(cli, status);
    cli_say(cli, "peristiwa nomor %llu aman di outbox dan akan dikirim kemudian",
            "event number %llu is safe in the outbox and will be sent later",
            (unsigned long long)place->number);
    (void)print_outcome(cli, place, NULL); /* its exit status is that of waiting */
    return exit_status;
}

int cli_publish(struct cli *cli, const char *event, size_t length, sinergi_place *out_place)
{
    /* The broker's clock and lists are known once it has answered; without it the device's own
     * time is good enough, so a broker that is away is no error here. */
    int64_t start_ns = client_mono_ns();
    int wait_ms = cli_wait_ms(cli, WAIT_MS);
    int connect_ms = wait_ms < 2 * CONNECT_MS ? wait_ms / 2 : CONNECT_MS;
    sinergi_status early = sinergi_run(cli->client, SINERGI_UNTIL_CONNECTED, connect_ms);
    sinergi_status status = sinergi_add_json(cli->client, event, length);
    if (status)
        return cli_fail(cli, status);
    sinergi_place place;
    const char *type = sg_type_topic(cli->client->batch[0].type);
    status = sinergi_commit(cli->client, &place, NULL);
    if (status)
        return cli_fail(cli, status);
    if (out_place)
        *out_place = place;
    if (early != SINERGI_OK && early != SINERGI_TIMEOUT && early != SINERGI_BUSY)
        return not_answered(cli, early, &place);
    int64_t left_ms = wait_ms - (client_mono_ns() - start_ns) / MS_NS;
    status = sinergi_run(cli->client, SINERGI_UNTIL_ANSWERED, left_ms > 0 ? (int)left_ms : 0);
    return status ? not_answered(cli, status, &place) : print_outcome(cli, &place, type);
}

int cmd_publish(struct cli *cli, int argc, char **argv)
{
    if (!cli_options(cli, &argc, argv, NULL, 0) || argc > 3)
        return cli_usage(argv[0]);
    const char *file = argc == 3 ? argv[2] : argc == 2 ? argv[1] : "-";
    size_t length = 0;
    SG_AUTO(sg_heap_done) char *text = cli_read_file(cli, file, &length);
    if (!text)
        return EXIT_LOCAL;
    if (argc == 3) {
        SG_AUTO(sg_heap_done) char *payload = text;
        text = wrap(cli, argv[1], payload);
        if (!text)
            return EXIT_REFUSED;
        length = strlen(text);
    }
    int status = cli_open(cli);
    if (status)
        return status;
    cli_stop_at_signals(cli);
    return cli_publish(cli, text, length, NULL);
}
