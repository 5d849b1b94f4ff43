#include "cli/print.h"

#include "kit/err.h"
#include "wire/day.h"
#include "wire/id.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- tables ------------------------------------------------------------------------------ */

/* Columns on the screen: every byte that begins a character, but for tones ("\033[1m"). */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text; text++) {
        if (*text == '\033' && strchr(text, 'm'))
            text = strchr(text, 'm');
        else
            width += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return width;
}

/* Room for one more of `size` bytes each; false when memory is out. */
static bool grow(void **memory, size_t *room, size_t needed, size_t size)
{
    if (needed <= *room)
        return true;
    size_t more = *room * 2 > needed ? *room * 2 : needed + 64;
    void *moved = more <= PRINT_BYTES_MAX ? realloc(*memory, more * size) : NULL;
    if (!moved)
        return false;
    *memory = moved;
    *room = more;
    return true;
}

static void add_cell(struct table *table, const char *text)
{
    size_t size = strlen(text) + 1;
    void *cells = table->cells, *all = table->text;
    table->failed = table->failed ||
                    !grow(&cells, &table->cell_room, table->cell_count + 1, sizeof(size_t)) ||
                    !grow(&all, &table->text_room, table->text_len + size, 1);
    table->cells = cells;
    table->text = all;
    if (table->failed)
        return;
    table->cells[table->cell_count++] = table->text_len;
    memcpy(table->text + table->text_len, text, size);
    table->text_len += size;
}

void table_row(struct table *table, const char *const *texts)
{
    for (size_t i = 0; i < table->column_count; i++)
        add_cell(table, texts[i] ? texts[i] : "");
}

void table_begin(struct table *table, const struct cli *cli, const char *const *words)
{
    const char *heading[PRINT_COLUMNS_MAX] = {NULL};
    *table = (struct table){.head = cli_tone(cli, stdout, TONE_HEADING),
                            .plain = cli_tone(cli, stdout, TONE_PLAIN)};
    for (; words[2 * table->column_count] && table->column_count < PRINT_COLUMNS_MAX;
         table->column_count++)
        heading[table->column_count] =
            cli_word(cli, words[2 * table->column_count], words[2 * table->column_count + 1]);
    table_row(table, heading);
}

void table_print(const struct table *table)
{
    size_t widths[PRINT_COLUMNS_MAX] = {0};
    if (table->failed)
        return;
    for (size_t i = 0; i < table->cell_count; i++) {
        size_t width = width_of(table->text + table->cells[i]);
        if (width > widths[i % table->column_count])
            widths[i % table->column_count] = width;
    }
    for (size_t i = 0; i < table->cell_count; i++) {
        const char *text = table->text + table->cells[i];
        size_t column = i % table->column_count;
        bool last = column + 1 == table->column_count;
        size_t pad = last ? 0 : widths[column] - width_of(text) + 2;
        bool head = i < table->column_count;
        printf("%s%s%s%*s%s", head ? table->head : "", text, head ? table->plain : "", (int)pad, "",
               last ? "\n" : "");
    }
}

void table_done(struct table *table)
{
    free(table->cells);
    free(table->text);
    *table = (struct table){0};
}

/* ---- values of JSON ---------------------------------------------------------------------- */

const char *json_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* 64-bit numbers are strings in this mapping. */
static long long number_of(const json_t *value)
{
    if (json_is_string(value))
        return strtoll(json_string_value(value), NULL, 10);
    return json_integer_value(value);
}

long long json_long(const json_t *object, const char *name)
{
    return number_of(json_object_get(object, name));
}

const char *json_number(const json_t *object, const char *name, char to[32])
{
    (void)snprintf(to, 32, "%lld", number_of(json_object_get(object, name)));
    return to;
}

const char *json_time(const json_t *object, const char *name, char to[32])
{
    long long ms = number_of(json_object_get(object, name));
    return ms ? sg_time_print_wib(ms, to) : "";
}

void print_json(const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    if (text)
        puts(text);
    free(text);
}

void print_json_done(json_t **json)
{
    json_decref(*json);
}

/* ---- CloudEvents ------------------------------------------------------------------------- */

/* CloudEvents knows no empty attribute: NULL is none, which json_pack leaves out where a star
 * stands and does not take elsewhere. */
static const char *attribute(const json_t *envelope, const char *name)
{
    const char *text = json_text(envelope, name);
    return text[0] ? text : NULL;
}

json_t *cloudevent_of(const json_t *envelope, const sinergi_place *place)
{
    struct sg_id outbox;
    char id[SG_ID_TEXT + 24], outbox_text[SG_ID_TEXT];
    memcpy(outbox.b, place->outbox_id, SG_ID_BYTES);
    (void)snprintf(id, sizeof id, "%s-%llu", sg_id_print(&outbox, outbox_text),
                   (unsigned long long)place->number);
    return json_pack("{s:s, s:s, s:s, s:s, s:s*, s:s, s:s*, s:O}", "specversion", "1.0", "id", id,
                     "source", attribute(envelope, "publisherAgency"), "type",
                     attribute(envelope, "type"), "time", attribute(envelope, "occurredAt"),
                     "datacontenttype", "application/json", "seq", attribute(envelope, "seq"),
                     "data", envelope);
}

/* ---- outcomes ---------------------------------------------------------------------------- */

/* A word as it is, and in its tone. */
#define IN_TONE(code, text)                   \
    {                                         \
        text, "\033[" code "m" text "\033[0m" \
    }
#define GOOD(text) IN_TONE("32", text)
#define WAITS(text) IN_TONE("33", text)
#define BAD(text) IN_TONE("1;31", text)

static const struct outcome_words {
    const char *name, *id[2], *en[2];
} outcomes[] = {
    [SINERGI_PENDING] = {"PENDING", WAITS("belum dijawab"), WAITS("not answered yet")},
    [SINERGI_ACCEPTED] = {"ACCEPTED", GOOD("diterima"), GOOD("accepted")},
    [SINERGI_DUPLICATE] = {"DUPLICATE", GOOD("sudah tercatat"), GOOD("known already")},
    [SINERGI_PARKED] = {"PARKED", WAITS("menunggu peristiwa lain"),
                        WAITS("waits for another event")},
    [SINERGI_REJECTED] = {"REJECTED", BAD("ditolak"), BAD("refused")},
};

const char *outcome_name(sinergi_outcome_status status)
{
    return outcomes[status].name;
}

const char *outcome_word(const struct cli *cli, sinergi_outcome_status status)
{
    bool toned = cli_tone(cli, stdout, TONE_GOOD)[0] != '\0';
    return cli_word(cli, outcomes[status].id[toned], outcomes[status].en[toned]);
}

static void set_text(json_t *json, const char *name, const char *text)
{
    if (text && text[0])
        (void)json_object_set_new(json, name, json_string(text));
}

static void set_id(json_t *json, const char *name, const uint8_t *bytes, int has)
{
    struct sg_id id;
    char text[SG_ID_TEXT];
    memcpy(id.b, bytes, sizeof id.b);
    if (has)
        set_text(json, name, sg_id_print(&id, text));
}

static void set_number(json_t *json, const char *name, uint64_t number)
{
    if (number)
        (void)json_object_set_new(json, name, json_integer((json_int_t)number));
}

json_t *outcome_json(const sinergi_outcome *outcome, const char *type)
{
    json_t *json = json_object();
    char time[32];
    set_id(json, "outbox", outcome->place.outbox_id, 1);
    set_number(json, "number", outcome->place.number);
    set_text(json, "type", type);
    set_text(json, "status", outcome_name(outcome->status));
    set_number(json, "seq", outcome->seq);
    if (outcome->accepted_at)
        set_text(json, "acceptedAt", sg_time_print(outcome->accepted_at, time));
    set_number(json, "aggregateVersion", outcome->aggregate_version);
    set_text(json, "code", outcome->code);
    set_text(json, "object", outcome->object);
    set_text(json, "detail", outcome->detail);
    set_text(json, "accepted", outcome->accepted);
    set_text(json, "acceptedId", outcome->accepted_id);
    set_text(json, "textId", outcome->text_id);
    set_text(json, "textEn", outcome->text_en);
    set_id(json, "personRef", outcome->person_ref, outcome->has_person_ref);
    set_id(json, "caseId", outcome->case_id, outcome->has_case_id);
    set_id(json, "allocationId", outcome->allocation_id, outcome->has_allocation_id);
    set_text(json, "warnings", outcome->warnings);
    if (outcome->has_receipt)
        (void)json_object_set_new(json, "receipt", json_true());
    return json;
}
