#include "cli/ask.h"

#include "kit/err.h"
#include "wire/id.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 10000, EVENT_BYTES_MAX = 65536 };

int cli_ask_quiet(struct cli *cli, const char *query_json, json_t **out_answer)
{
    SG_AUTO(sg_heap_done) char *text = NULL;
    *out_answer = NULL;
    sinergi_status asked =
        sinergi_query_json(cli->client, query_json, cli_wait_ms(cli, WAIT_MS), &text);
    if (asked)
        return cli_fail(cli, asked);
    *out_answer = json_loads(text, 0, NULL);
    return *out_answer ? EXIT_DONE : EXIT_LOCAL;
}

int cli_ask(struct cli *cli, const char *query_json, json_t **out_answer)
{
    *out_answer = NULL;
    int status = cli_open(cli);
    if (status)
        return status;
    status = cli_ask_quiet(cli, query_json, out_answer);
    if (status || !cli->json)
        return status;
    print_json(*out_answer);
    json_decref(*out_answer);
    *out_answer = NULL;
    return EXIT_DONE;
}

/* ---- one event ---- */

char *event_query(const char *text)
{
    enum { ID_LEN = SG_ID_TEXT - 1 };
    struct sg_id id;
    char id_text[SG_ID_TEXT] = "";
    char *end = NULL, *query = NULL;
    size_t len = strlen(text);
    bool place = len > ID_LEN + 1 && text[ID_LEN] == '-';
    const char *digits = place ? text + ID_LEN + 1 : text;
    unsigned long long number = strtoull(digits, &end, 10);
    if (digits[0] < '0' || digits[0] > '9' || *end || number == 0)
        return NULL;
    if (place) {
        memcpy(id_text, text, ID_LEN);
        if (sg_id_parse(id_text, &id))
            return NULL;
    }
    int made = place ? asprintf(&query,
                                "{\"kind\":\"QUERY_KIND_EVENT\",\"place\":{\"outboxId\":\"%s\","
                                "\"number\":\"%llu\"}}",
                                id_text, number)
                     : asprintf(&query, "{\"kind\":\"QUERY_KIND_EVENT\",\"seq\":\"%llu\"}", number);
    return made < 0 ? NULL : query;
}

json_t *event_of(const json_t *answer)
{
    const char *text = json_text(answer, "event");
    size_t room = strlen(text), len = 0;
    SG_AUTO(sg_heap_done) uint8_t *bytes = malloc(room + 1);
    if (!room || !bytes ||
        sodium_base642bin(bytes, room, text, room, NULL, &len, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        return NULL;
    SG_AUTO(sg_heap_done) char *json = sinergi_envelope_json(bytes, len);
    return json ? json_loads(json, 0, NULL) : NULL;
}
