/* cmd_correct.c - find an event of one's own, show it, change it, and state the correction. */
#include "cli/ask.h"
#include "cli/edit.h"

#include "kit/err.h"
#include "lib/inside.h"
#include "wire/json.h"
#include "wire/replacement.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SETS_MAX = 32, ARENA_BYTES = 4 << 20, CORRECTION = 124 };

struct correction {
    struct cli *cli;
    const char *sets[SETS_MAX];
    size_t set_count; /* of sets */
    const char *what, *file, *reason, *type;
    bool annul, yes, dry_run, last;
    /* the event */
    json_t *event;  /* as it was published */
    json_t *before; /* its payload as it stands now */
    json_t *after;
    PbEventRef place;
    uint8_t outbox[SG_ID_BYTES];
    const ProtobufCFieldDescriptor *payload;
    struct sg_arena arena;
};

static void correction_done(struct correction *c)
{
    json_decref(c->event);
    json_decref(c->before);
    json_decref(c->after);
    sg_arena_done(&c->arena);
}

/* ---- what was asked for ---- */

static bool is_reason(const struct cli *cli, const char *name)
{
    const ProtobufCEnumDescriptor *reasons = &pb_event_corrected__reason__descriptor;
    char full[64];
    (void)snprintf(full, sizeof full, "REASON_%s", name ? name : "");
    if (name && strcmp(name, "UNSPECIFIED") != 0 &&
        protobuf_c_enum_descriptor_get_value_by_name(reasons, full))
        return true;
    cli_say(cli, "--reason: TYPO, WRONG_PERSON, WRONG_DATE, DID_NOT_HAPPEN atau ENTERED_TWICE",
            "--reason: TYPO, WRONG_PERSON, WRONG_DATE, DID_NOT_HAPPEN or ENTERED_TWICE");
    return false;
}

static bool parse(struct correction *c, int argc, char **argv)
{
    struct cli_list sets = {.items = c->sets, .room = SETS_MAX};
    const struct cli_option options[] = {
        /* clang-format off */
        {.name = "--reason", .argument = "REASON", .value = &c->reason,
         .id = "TYPO, WRONG_PERSON, WRONG_DATE, DID_NOT_HAPPEN atau ENTERED_TWICE",
         .en = "TYPO, WRONG_PERSON, WRONG_DATE, DID_NOT_HAPPEN or ENTERED_TWICE"},
        {.name = "--set", .argument = "FIELD=VALUE", .list = &sets,
         .id = "nilai lain untuk satu isian; boleh sampai 32 kali",
         .en = "another value of one field; may stand up to 32 times"},
        {.name = "--annul", .flag = &c->annul,
         .id = "batalkan: tidak terjadi, atau tentang orang lain",
         .en = "annul it: it did not happen, or was about somebody else"},
        {.name = "--last", .flag = &c->last,
         .id = "peristiwa terakhir perangkat ini yang masih berlaku",
         .en = "the last event of this device that stands"},
        {.name = "--type", .argument = "TYPE", .value = &c->type,
         .id = "jenisnya, bila ID dipakai beberapa peristiwa",
         .en = "its type, when several events are about the ID"},
        {.name = "--dry-run", .flag = &c->dry_run,
         .id = "hanya tampilkan", .en = "only show it"},
        {.name = "--yes", .flag = &c->yes,
         .id = "jangan bertanya", .en = "do not ask"},
    }; /* clang-format on */
    if (!cli_options(c->cli, &argc, argv, options, SG_ARRAY_LEN(options)))
        return false;
    c->set_count = sets.count;
    int at = 1;
    if (!c->last && at < argc)
        c->what = argv[at++];
    if (at < argc)
        c->file = argv[at++];
    bool changes = c->set_count || c->file;
    if (at < argc || (!c->last && !c->what) || c->annul == changes) {
        if (at == argc && (c->last || c->what))
            cli_say(c->cli, "perlu --annul, atau --set dan berkas: salah satu",
                    "either --annul, or --set and a file: one of them");
        (void)cli_usage(argv[0]);
        return false;
    }
    return is_reason(c->cli, c->reason);
}

/* ---- which event ---- */

/* The last one of this device that stands, and that is no correction itself. */
struct last {
    sinergi_place place;
    bool found;
};

static int see_last(void *context, const sinergi_outcome *outcome, const char *type)
{
    struct last *last = context;
    bool stands = outcome->status == SINERGI_ACCEPTED || outcome->status == SINERGI_PARKED;
    if (stands && strcmp(type, "event.corrected") != 0) {
        last->place = outcome->place;
        last->found = true;
    }
    return 0;
}

static char *place_query(const sinergi_place *place)
{
    struct sg_id outbox;
    char id[SG_ID_TEXT], text[SG_ID_TEXT + 32];
    memcpy(outbox.b, place->outbox_id, SG_ID_BYTES);
    (void)snprintf(text, sizeof text, "%s-%llu", sg_id_print(&outbox, id),
                   (unsigned long long)place->number);
    return event_query(text);
}

static int query_last(struct correction *c, char **out_query)
{
    struct last last = {.found = false};
    sinergi_status status = sinergi_outbox_walk(c->cli->client, 1, see_last, &last);
    if (status)
        return cli_fail(c->cli, status);
    if (!last.found) {
        cli_say(c->cli, "perangkat ini belum menerbitkan apa pun",
                "this device has published nothing");
        return EXIT_REFUSED;
    }
    *out_query = place_query(&last.place);
    return *out_query ? EXIT_DONE : EXIT_LOCAL;
}

static void print_candidates(struct cli *cli, const json_t *events)
{
    SG_AUTO(table_done) struct table table = {0};
    size_t i;
    json_t *event;
    table_begin(&table, cli,
                (const char *const[]){"SEQ", "SEQ", "JENIS", "TYPE", "WAKTU", "TIME", "DIKOREKSI",
                                      "CORRECTED", NULL});
    json_array_foreach(events, i, event)
    {
        char seq[32], time[32], by[32];
        bool annulled = json_is_true(json_object_get(event, "annulled"));
        table_row(&table,
                  (const char *const[]){json_number(event, "seq", seq), json_text(event, "type"),
                                        json_time(event, "acceptedMs", time),
                                        annulled ? cli_word(cli, "dibatalkan", "annulled")
                                                 : json_number(event, "correctedSeq", by)});
    }
    table_print(&table);
}

/* An id: the events of one's own that are about it; one of them is meant, by --type if need be. */
static int query_object(struct correction *c, const char *id, char **out_query)
{
    char query[128], seq[32];
    SG_AUTO(print_json_done) json_t *answer = NULL;
    (void)snprintf(query, sizeof query, "{\"kind\":\"QUERY_KIND_CORRECTABLE\",\"objectId\":\"%s\"}",
                   id);
    int status = cli_ask_quiet(c->cli, query, &answer);
    if (status)
        return status;
    const json_t *events = json_object_get(answer, "events"), *meant = NULL;
    size_t i, count = 0;
    json_t *event;
    json_array_foreach(events, i, event)
    {
        bool typed = !c->type || strcmp(json_text(event, "type"), c->type) == 0;
        if (!typed || json_is_true(json_object_get(event, "annulled")))
            continue;
        meant = event;
        count++;
    }
    if (count != 1) {
        cli_say(c->cli, "%zu peristiwa tentang %s: sebutkan SEQ, atau --type JENIS",
                "%zu events are about %s: name a SEQ, or --type TYPE", count, id);
        print_candidates(c->cli, events);
        return EXIT_REFUSED;
    }
    *out_query = event_query(json_number(meant, "seq", seq));
    return *out_query ? EXIT_DONE : EXIT_LOCAL;
}

static int find_query(struct correction *c, char **out_query)
{
    struct sg_id id;
    char text[128];
    if (c->last)
        return query_last(c, out_query);
    (void)snprintf(text, sizeof text, "%s", c->what);
    char *colon = strchr(text, ':');
    if (colon)
        *colon = '-';
    *out_query = event_query(text);
    if (*out_query)
        return EXIT_DONE;
    if (strlen(text) == SG_ID_TEXT - 1 && sg_id_parse(text, &id) == SG_OK)
        return query_object(c, text, out_query);
    cli_say(c->cli, "%s bukan seq, bukan OUTBOX-NOMOR dan bukan id",
            "%s is no seq, no OUTBOX-NUMBER and no id", c->what);
    return EXIT_USAGE;
}

/* ---- as it stands ---- */

static bool decode_base64(const json_t *object, const char *name, struct sg_arena *arena,
                          ProtobufCBinaryData *out)
{
    const char *text = json_text(object, name);
    size_t room = strlen(text), len = 0;
    out->data = sg_arena_alloc(arena, room + 1);
    bool good = out->data && sodium_base642bin(out->data, room + 1, text, room, NULL, &len, NULL,
                                               sodium_base64_VARIANT_ORIGINAL) == 0;
    out->len = len;
    return good;
}

/* The payload that the latest correction has put in the place of the original one. */
static int read_replacement(struct correction *c, const char *seq, json_t **out_payload)
{
    SG_AUTO(sg_heap_done) char *query = event_query(seq);
    SG_AUTO(print_json_done) json_t *answer = NULL;
    int status = query ? cli_ask_quiet(c->cli, query, &answer) : EXIT_LOCAL;
    if (status)
        return status;
    SG_AUTO(print_json_done) json_t *event = event_of(answer);
    const json_t *said = json_object_get(json_object_get(event, "eventCorrected"), "replacement");
    PbReplacement replacement = PB_REPLACEMENT__INIT;
    PbEnvelope *envelope = NULL;
    json_t *payload = NULL;
    if (!said || !decode_base64(said, "clear", &c->arena, &replacement.clear) ||
        !decode_base64(said, "personal", &c->arena, &replacement.personal) ||
        sg_replacement_open(&replacement, c->payload->id, &c->arena, &envelope, NULL))
        return EXIT_LOCAL;
    SG_AUTO(print_json_done) json_t *all = sg_json_of(envelope);
    if (!edit_payload(all, &payload))
        return EXIT_LOCAL;
    *out_payload = json_incref(payload);
    return EXIT_DONE;
}

static int check_own(struct correction *c)
{
    const char *agency = json_text(c->event, "publisherAgency");
    if (strcmp(agency, sinergi_agency(c->cli->client)) == 0)
        return EXIT_DONE;
    cli_say(c->cli, "E_NOT_OWNER: peristiwa %s; hanya penerbitnya yang dapat mengoreksinya",
            "E_NOT_OWNER: an event of %s; only who has published it may correct it", agency);
    return EXIT_REFUSED;
}

static int read_event(struct correction *c)
{
    SG_AUTO(sg_heap_done) char *query = NULL;
    SG_AUTO(print_json_done) json_t *answer = NULL;
    json_t *payload = NULL;
    struct sg_id outbox;
    char by[32];
    int status = find_query(c, &query);
    if (!status)
        status = cli_ask_quiet(c->cli, query, &answer);
    if (status)
        return status;
    c->event = event_of(answer);
    const json_t *place = json_object_get(answer, "place");
    const json_t *standing = json_object_get(answer, "standing");
    c->payload = c->event ? edit_payload(c->event, &payload) : NULL;
    if (!c->payload || sg_id_parse(json_text(place, "outboxId"), &outbox))
        return EXIT_LOCAL;
    memcpy(c->outbox, outbox.b, SG_ID_BYTES);
    c->place.has_outbox_id = c->place.has_number = true;
    c->place.outbox_id = (ProtobufCBinaryData){SG_ID_BYTES, c->outbox};
    c->place.number = (uint64_t)json_long(place, "number");
    status = check_own(c);
    if (status)
        return status;
    if (json_is_true(json_object_get(standing, "annulled"))) {
        cli_say(c->cli, "peristiwa itu sudah dibatalkan oleh seq %s",
                "that event was annulled already, by seq %s",
                json_number(standing, "correctedSeq", by));
        return EXIT_REFUSED;
    }
    if (standing)
        return read_replacement(c, json_number(standing, "correctedSeq", by), &c->before);
    c->before = json_deep_copy(payload);
    return c->before ? EXIT_DONE : EXIT_LOCAL;
}

/* ---- the correction ---- */

static int change(struct correction *c)
{
    c->after = json_deep_copy(c->before);
    if (c->file) {
        size_t length = 0;
        json_error_t at;
        SG_AUTO(sg_heap_done) char *text = cli_read_file(c->cli, c->file, &length);
        if (!text)
            return EXIT_LOCAL;
        SG_AUTO(print_json_done)
        json_t *changes = json_loadb(text, length, JSON_REJECT_DUPLICATES, &at);
        if (!changes) {
            cli_say(c->cli, "%s: bukan JSON (baris %d): %s", "%s: not JSON (line %d): %s", c->file,
                    at.line, at.text);
            return EXIT_REFUSED;
        }
        if (!edit_merge(c->cli, c->after, c->payload, changes))
            return EXIT_REFUSED;
    }
    for (size_t i = 0; i < c->set_count; i++)
        if (!edit_set(c->cli, c->after, c->payload, c->sets[i]))
            return EXIT_REFUSED;
    return EXIT_DONE;
}

/* The payload that was changed, in its two parts; `after` as it was understood. */
static int replace(struct correction *c, PbReplacement *out)
{
    char name[64];
    struct sg_fault fault = {0};
    struct sg_why why = {0};
    PbEnvelope *envelope = NULL;
    json_t *understood = NULL;
    (void)snprintf(name, sizeof name, "%s", c->payload->name);
    SG_AUTO(print_json_done) json_t *whole = json_pack("{s:O}", name, c->after);
    if (!whole || !sg_json_to(whole, &pb_envelope__descriptor, &c->arena, &envelope, &fault)) {
        char id[512], en[512];
        sg_fault_text_id(&fault, id, sizeof id);
        sg_fault_text_en(&fault, en, sizeof en);
        cli_say_texts(c->cli, id, en);
        return EXIT_REFUSED;
    }
    if (sg_replacement_of(envelope, &c->arena, out, &why))
        return EXIT_LOCAL;
    SG_AUTO(print_json_done) json_t *all = sg_json_of(envelope);
    if (!edit_payload(all, &understood))
        return EXIT_LOCAL;
    json_decref(c->after);
    c->after = json_incref(understood);
    return EXIT_DONE;
}

static json_t *correction_event(struct correction *c, PbReplacement *replacement)
{
    PbEnvelope envelope = PB_ENVELOPE__INIT;
    PbEventCorrected e = PB_EVENT_CORRECTED__INIT;
    Google__Protobuf__Timestamp now = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    int64_t now_ms = client_now_ms(c->cli->client);
    char reason[64];
    (void)snprintf(reason, sizeof reason, "REASON_%s", c->reason);
    now.seconds = now_ms / 1000;
    now.nanos = (int32_t)(now_ms % 1000) * 1000000;
    e.corrected = &c->place;
    e.has_action = e.has_reason = true;
    e.action = c->annul ? PB_EVENT_CORRECTED__ACTION_ANNUL : PB_EVENT_CORRECTED__ACTION_REPLACE;
    e.replacement = replacement;
    e.reason = (PbEventCorrected__Reason)protobuf_c_enum_descriptor_get_value_by_name(
                   &pb_event_corrected__reason__descriptor, reason)
                   ->value;
    e.discovered_at = &now;
    envelope.event_corrected = &e;
    return sg_json_of(&envelope);
}

/* ---- shown, asked, stated ---- */

static void show(struct correction *c)
{
    struct cli *cli = c->cli;
    printf("%s, seq %s, %s\n", json_text(c->event, "type"), json_text(c->event, "seq"),
           json_text(c->event, "acceptedAt"));
    if (c->annul) {
        (void)edit_print(cli, c->before, c->before);
        puts(cli_word(cli, "Peristiwa ini dibatalkan.", "This event is annulled."));
    } else {
        (void)edit_print(cli, c->before, c->after);
    }
    size_t i;
    json_t *path;
    json_array_foreach(json_object_get(c->event, "redactedPaths"), i, path)
    {
        const char *text = json_string_value(path);
        if (text && strstr(text, ".nik"))
            puts(cli_word(cli, "NIK yang sudah dinyatakan tetap, kecuali diganti.",
                          "The NIK that was stated stays, unless it is replaced."));
    }
}

static void print_plan(const struct correction *c, const json_t *event)
{
    SG_AUTO(print_json_done)
    json_t *plan = json_pack("{s:s, s:s, s:O, s:O, s:O}", "type", json_text(c->event, "type"),
                             "seq", json_text(c->event, "seq"), "before", c->before, "after",
                             c->after ? c->after : json_null(), "event", event);
    print_json(plan);
}

static bool agreed(const struct correction *c)
{
    char line[16];
    if (c->yes || c->cli->json || !isatty(STDIN_FILENO))
        return true;
    printf("%s ", cli_word(c->cli, "Terbitkan koreksi ini? (y/t)", "State this correction? (y/n)"));
    (void)fflush(stdout);
    return fgets(line, sizeof line, stdin) && (line[0] == 'y' || line[0] == 'Y');
}

/* "equipment.issued 4711, seat.requested 4700": one line each, in words. */
static void say_dependants(const struct cli *cli, const char *detail)
{
    char list[256], *at = NULL;
    (void)snprintf(list, sizeof list, "%s", detail);
    for (char *one = strtok_r(list, ",", &at); one; one = strtok_r(NULL, ",", &at)) {
        one += *one == ' ';
        char *space = strchr(one, ' ');
        if (space)
            *space = '\0';
        fprintf(stderr, "  - %s%s%s: %s\n", one, space ? ", seq " : "", space ? space + 1 : "",
                topic_word(cli, one));
    }
}

static int state(struct correction *c, const json_t *event)
{
    SG_AUTO(sg_heap_done) char *text = json_dumps(event, JSON_COMPACT);
    sinergi_place place;
    sinergi_outcome outcome;
    if (!text)
        return EXIT_LOCAL;
    int status = cli_publish(c->cli, text, strlen(text), &place);
    if (status != EXIT_REFUSED || sinergi_outcome_get(c->cli->client, &place, &outcome))
        return status;
    if (strcmp(outcome.code, "E_CORRECTION_DEPENDS") == 0) {
        cli_say(c->cli,
                "Yang bertumpu pada peristiwa itu; batalkan dulu, yang terakhir lebih dulu:",
                "What rests on that event; undo it first, the latest before:");
        say_dependants(c->cli, outcome.detail);
    }
    return status;
}

static int correct(struct correction *c)
{
    PbReplacement replacement = PB_REPLACEMENT__INIT;
    struct sg_why why = {0};
    if (sg_arena_init(&c->arena, ARENA_BYTES, &why))
        return EXIT_LOCAL;
    int status = read_event(c);
    if (!status && !c->annul)
        status = change(c);
    if (!status && !c->annul)
        status = replace(c, &replacement);
    if (status)
        return status;
    if (!c->annul && edit_differences(c->before, c->after) == 0) {
        cli_say(c->cli, "tidak ada yang berubah", "nothing changes");
        return EXIT_REFUSED;
    }
    SG_AUTO(print_json_done)
    json_t *event = correction_event(c, c->annul ? NULL : &replacement);
    if (!event)
        return EXIT_LOCAL;
    if (!c->cli->json)
        show(c);
    else if (c->dry_run)
        print_plan(c, event);
    if (c->dry_run)
        return EXIT_DONE;
    if (!agreed(c)) {
        cli_say(c->cli, "tidak diterbitkan", "not stated");
        return EXIT_REFUSED;
    }
    return state(c, event);
}

int cmd_correct(struct cli *cli, int argc, char **argv)
{
    SG_AUTO(correction_done) struct correction c = {.cli = cli, .place = PB_EVENT_REF__INIT};
    if (!parse(&c, argc, argv))
        return EXIT_USAGE;
    int status = cli_open(cli);
    if (status)
        return status;
    cli_stop_at_signals(cli);
    return correct(&c);
}
