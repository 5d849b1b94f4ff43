/* library.c - the public functions as a program outside of this tree uses them: built against the
 * installed library by tests/e2e/install.sh and run against a real daemon.
 *
 *   library CONF EVENT.json OTHER-CONF
 *
 * EVENT is a referral of the device of CONF; the device of OTHER-CONF receives it.
 */
#include <poll.h>
#include <sinergi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 20000 };

static int failures;

static void check(const char *name, int good)
{
    printf("%s %s\n", good ? "ok" : "not ok", name);
    failures += !good;
}

static void must(const char *name, const sinergi *client, sinergi_status status)
{
    check(name, status == SINERGI_OK);
    if (status)
        printf("# %s: %s\n", sinergi_status_name(status), sinergi_error(client, "en"));
}

/* ---- without a device ---- */

static void names(void)
{
    char text[SINERGI_PLACE_TEXT], version[32];
    sinergi_place place, again;
    snprintf(version, sizeof version, "%d.%d.%d", SINERGI_VERSION_MAJOR, SINERGI_VERSION_MINOR,
             SINERGI_VERSION_PATCH);
    check("version of header and library", strcmp(version, sinergi_version()) == 0);
    check("first and last status", !strcmp(sinergi_status_name(SINERGI_OK), "SINERGI_OK") &&
                                       !strcmp(sinergi_status_name(SINERGI_BUSY), "SINERGI_BUSY"));
    check("a status of tomorrow", !strcmp(sinergi_status_name((sinergi_status)99), "?"));
    check("outcomes", !strcmp(sinergi_outcome_name(SINERGI_PENDING), "PENDING") &&
                          !strcmp(sinergi_outcome_name(SINERGI_REJECTED), "REJECTED"));
    check("an outcome of tomorrow", !strcmp(sinergi_outcome_name((sinergi_outcome_status)9), "?"));
    check("no handle", strcmp(sinergi_error(NULL, "id"), "") != 0);
    sinergi_close(NULL);
    sinergi_free(NULL);

    memset(place.outbox_id, 0xab, sizeof place.outbox_id);
    place.number = UINT64_MAX;
    check("the longest place has room",
          strlen(sinergi_place_text(&place, text)) + 1 == SINERGI_PLACE_TEXT);
    check("and comes back", sinergi_place_parse(text, &again) == SINERGI_OK &&
                                memcmp(&again.outbox_id, &place.outbox_id, SINERGI_ID_BYTES) == 0 &&
                                again.number == place.number);
    static const char *const wrong[] = {
        "",
        "12",
        "abababab-abab-abab-abab-abababababab",
        "abababab-abab-abab-abab-abababababab-",
        "abababab-abab-abab-abab-abababababab-0",
        "abababab-abab-abab-abab-abababababab-1x",
        "abababab-abab-abab-abab-abababababab--1",
        "abababab-abab-abab-abab-ababababababx1",
        "abababab-abab-abab-abab-abababababag-1",
        "abababab-abab-abab-abab-abababababab-18446744073709551616"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        check(wrong[i], sinergi_place_parse(wrong[i], &again) == SINERGI_INVALID);
}

static void no_device(void)
{
    sinergi *client = NULL;
    check("no configuration", sinergi_open("/nonexistent/sinergi.conf", &client) == SINERGI_CONFIG);
    check("says which", strstr(sinergi_error(client, "en"), "/nonexistent/sinergi.conf") != NULL);
    check("who is nobody", !strcmp(sinergi_agency(client), "") && !sinergi_welcome_json(client));
    sinergi_close(client);
}

/* ---- publish ---- */

static void refused_here(sinergi *client, const char *event, size_t length)
{
    static const uint8_t unknown[] = {0xf8, 0x3f, 0x01}; /* field 1023 */
    static const uint8_t cut[] = {0x12, 0x7f};
    char *large = calloc(1, (1 << 20) + 1);
    size_t count = 99;
    check("no JSON", sinergi_add_json(client, event, length - 3) == SINERGI_INVALID);
    check("no event", sinergi_add_json(client, "{}", 2) == SINERGI_INVALID);
    check("JSON without an end",
          large && sinergi_add_json(client, large, (1 << 20) + 1) == SINERGI_INVALID);
    check("an unknown field of protobuf",
          sinergi_add_protobuf(client, unknown, sizeof unknown) == SINERGI_INVALID);
    check("broken protobuf", sinergi_add_protobuf(client, cut, sizeof cut) == SINERGI_INVALID);
    check("no protobuf", sinergi_add_protobuf(client, NULL, 0) == SINERGI_INVALID);
    check("too much protobuf",
          large && sinergi_add_protobuf(client, (uint8_t *)large, 1 << 20) == SINERGI_INVALID);
    check("names the rule", strstr(sinergi_error(client, "id"), "TOO_LARGE") != NULL);
    check("nothing to commit", sinergi_commit(client, NULL, &count) == SINERGI_OK && count == 0);
    free(large);
}

struct walked {
    unsigned long long numbers, accepted;
    char type[64];
};

static int on_walk(void *context, const sinergi_outcome *outcome, const char *type)
{
    struct walked *walked = context;
    walked->numbers = walked->numbers * 10 + outcome->place.number;
    walked->accepted += outcome->status == SINERGI_ACCEPTED;
    snprintf(walked->type, sizeof walked->type, "%s", type);
    return 0;
}

static void publish(sinergi *client, const char *event, size_t length)
{
    sinergi_place place, unknown;
    sinergi_outcome outcome;
    sinergi_outbox_info info;
    struct walked walked = {.numbers = 0};
    char *receipt = NULL;
    refused_here(client, event, length);
    must("add", client, sinergi_add_json(client, event, length));
    sinergi_discard(client);
    must("add again", client, sinergi_add_json(client, event, length));
    must("commit", client, sinergi_commit(client, &place, NULL));
    must("look before it is sent", client, sinergi_outcome_get(client, &place, &outcome));
    check("pending, and no text is NULL",
          outcome.status == SINERGI_PENDING && !*outcome.code && !*outcome.text_en);
    unknown = place;
    unknown.number++;
    check("a place that is not there",
          sinergi_outcome_get(client, &unknown, &outcome) == SINERGI_INVALID);
    check("no receipt yet", sinergi_receipt_get(client, &place, &receipt) == SINERGI_INVALID);
    must("answered", client, sinergi_run(client, SINERGI_UNTIL_ANSWERED, WAIT_MS));
    must("look", client, sinergi_outcome_get(client, &place, &outcome));
    check("ACCEPTED with a seq and a receipt",
          outcome.status == SINERGI_ACCEPTED && outcome.seq > 0 && outcome.has_receipt);
    check("Welcome", sinergi_welcome_json(client) != NULL);
    must("receipt", client, sinergi_receipt_get(client, &place, &receipt));
    must("holds", client, sinergi_receipt_verify(client, receipt, strlen(receipt)));
    char *digit = strstr(receipt, "\"seq\"");
    check("changed, it does not",
          digit && (digit += strcspn(digit, "123456789")) && (*digit ^= 1) &&
              sinergi_receipt_verify(client, receipt, strlen(receipt)) == SINERGI_INVALID);
    sinergi_free(receipt);
    must("outbox", client, sinergi_outbox(client, &info));
    check("one, answered", info.last_number == 1 && info.unanswered == 0 && info.rejected == 0);
    must("walk", client, sinergi_outbox_walk(client, 0, on_walk, &walked));
    check("over that one", walked.numbers == 1 && walked.accepted == 1 &&
                               !strcmp(walked.type, "referral.submitted"));
}

/* ---- subscribe ---- */

struct reader {
    sinergi *client;
    unsigned seen, committed;
    uint64_t working;
    sinergi_handled answer;
    char referral[64];
};

/* ReferralDecided (field 103 of the Envelope): the id, and ACCEPTED. The library fills in the rest.
 */
static sinergi_status decide(sinergi *client, const char *referral)
{
    uint8_t envelope[23] = {0xba, 0x06, 20, 0x0a, SINERGI_ID_BYTES};
    char text[SINERGI_PLACE_TEXT];
    sinergi_place of;
    snprintf(text, sizeof text, "%.36s-1", referral);
    sinergi_status status = sinergi_place_parse(text, &of);
    memcpy(envelope + 5, of.outbox_id, SINERGI_ID_BYTES);
    envelope[21] = 0x10;
    envelope[22] = 1;
    if (!status)
        status = sinergi_add_protobuf(client, envelope, sizeof envelope);
    return status ? status : sinergi_commit(client, NULL, NULL);
}

static sinergi_handled on_delivery(void *context, const sinergi_delivery *delivery,
                                   uint8_t note[SINERGI_NOTE_BYTES], size_t *note_length)
{
    struct reader *reader = context;
    char *json = sinergi_envelope_json(delivery->envelope, delivery->envelope_length);
    const char *id = json ? strstr(json, "\"referralId\":\"") : NULL;
    reader->seen++;
    reader->working = delivery->seq;
    if (id && !reader->referral[0])
        snprintf(reader->referral, sizeof reader->referral, "%.36s",
                 id + strlen("\"referralId\":\""));
    if (!strcmp(delivery->type, "referral.submitted") && reader->answer == SINERGI_DONE) {
        check("what the broker wrote cannot be published",
              sinergi_add_protobuf(reader->client, delivery->envelope, delivery->envelope_length) ==
                  SINERGI_INVALID);
        reader->committed += decide(reader->client, reader->referral) == SINERGI_OK;
        check("no sinergi_run within a handler",
              sinergi_run(reader->client, SINERGI_UNTIL_TIMEOUT, 0) == SINERGI_INVALID);
    }
    memcpy(note, "catatan", 7);
    *note_length = 7;
    sinergi_free(json);
    return reader->answer;
}

/* Wait as a program with its own loop does, until the handler was called `seen` times. */
static void loop_until(sinergi *client, const struct reader *reader, unsigned seen)
{
    struct pollfd fd = {.fd = sinergi_fd(client), .events = POLLIN};
    sinergi_status status = sinergi_run(client, SINERGI_UNTIL_TIMEOUT, 0);
    while (status == SINERGI_TIMEOUT && reader->seen < seen && poll(&fd, 1, WAIT_MS) > 0)
        status = sinergi_run(client, SINERGI_UNTIL_TIMEOUT, 0);
    check("the loop goes on", status == SINERGI_TIMEOUT);
    check("handed over", reader->seen == seen);
}

static void subscribe(sinergi *client)
{
    static const char *const types[] = {"referral.submitted", NULL};
    uint8_t note[SINERGI_NOTE_BYTES];
    size_t note_length = 99;
    struct reader reader = {.client = client, .answer = SINERGI_WORKING};
    sinergi_subscription s = {
        .name = "Besar", .types = types, .handler = on_delivery, .context = &reader};
    check("a wrong name", sinergi_subscribe(client, &s) == SINERGI_INVALID);
    s.name = "uji";
    s.handler = NULL;
    check("no handler", sinergi_subscribe(client, &s) == SINERGI_INVALID);
    s.handler = on_delivery;
    must("subscribe", client, sinergi_subscribe(client, &s));
    check("twice", sinergi_subscribe(client, &s) == SINERGI_IN_USE);
    must("no note yet", client, sinergi_note(client, "uji", note, &note_length));
    check("is none", note_length == 0);
    check("nothing is worked on",
          sinergi_finish(client, "uji", 1, SINERGI_DONE, NULL, 0) == SINERGI_INVALID);
    loop_until(client, &reader, 1);
    check("another seq", sinergi_finish(client, "uji", reader.working + 1, SINERGI_DONE, NULL, 0) ==
                             SINERGI_INVALID);
    must(
        "finished", client,
        sinergi_finish(client, "uji", reader.working, SINERGI_DONE, (const uint8_t *)"selesai", 7));
    must("note", client, sinergi_note(client, "uji", note, &note_length));
    check("of sinergi_finish", note_length == 7 && memcmp(note, "selesai", 7) == 0);
}

/* A handler publishes while a question is on its way: neither disturbs the other. */
static void ask_and_answer(sinergi *client)
{
    char query[128], *answer = NULL;
    struct reader reader = {.client = client, .answer = SINERGI_DONE};
    sinergi_subscription s = {
        .name = "jawab", .ephemeral = 1, .restart = 1, .handler = on_delivery, .context = &reader};
    must("subscribe again", client, sinergi_subscribe(client, &s));
    for (int i = 0; i < 200 && reader.committed == 0; i++) {
        sinergi_free(answer);
        answer = NULL;
        must("ask", client,
             sinergi_query_json(client, "{\"kind\":\"QUERY_KIND_CASES\"}", WAIT_MS, &answer));
        check("an answer", answer && answer[0] == '{');
    }
    check("the handler has committed", reader.committed == 1);
    sinergi_free(answer);
    must("answered", client, sinergi_run(client, SINERGI_UNTIL_ANSWERED, WAIT_MS));
    must("caught up", client, sinergi_run(client, SINERGI_UNTIL_CAUGHT_UP, WAIT_MS));
    snprintf(query, sizeof query, "{\"kind\":\"QUERY_KIND_CASES\"}");
    must("ask for the case", client, sinergi_query_json(client, query, WAIT_MS, &answer));
    check("that the decision has made", answer && strstr(answer, "CASE_STATE_ASSESSING") != NULL);
    sinergi_free(answer);
    check("a query that is none",
          sinergi_query_json(client, "{\"kinds\":1}", WAIT_MS, &answer) == SINERGI_INVALID);
    check("not of an operator", sinergi_admin_json(client, "{\"clockAccept\":true}", WAIT_MS,
                                                   &answer) == SINERGI_REFUSED);
    check("a dead letter that is none",
          sinergi_dead_discard(client, "uji", 1, WAIT_MS) == SINERGI_REFUSED);
    sinergi_stop(client);
    check("stopped before it began",
          sinergi_run(client, SINERGI_UNTIL_TIMEOUT, WAIT_MS) == SINERGI_OK);
}

int main(int argc, char **argv)
{
    static char event[65536];
    FILE *file = argc == 4 ? fopen(argv[2], "rb") : NULL;
    size_t length = file ? fread(event, 1, sizeof event, file) : 0;
    sinergi *client = NULL;
    if (file)
        fclose(file);
    names();
    no_device();
    must("open", client, sinergi_open(argv[1], &client));
    check("agency and device",
          !strcmp(sinergi_agency(client), "satpolpp") && !strcmp(sinergi_device(client), "kantor"));
    publish(client, event, length);
    sinergi_close(client);
    must("open the other", client, sinergi_open(argv[3], &client));
    subscribe(client);
    ask_and_answer(client);
    sinergi_close(client);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
