#include "kit/scene.h"

#include "kit/check.h"
#include "kit/notation.h"
#include "kit/talk.h"
#include "ledger/ledger.h"
#include "report/report.h"
#include "wire/day.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct world_city scene_city;

enum { TEXT_MAX = 1 << 20, JSON_MAX = 4000 };

static struct {
    uint64_t heard; /* seq */
    bool away;
} ears[WORLD_WIDE];
static char pages[WORLD_WIDE][TEXT_MAX];

static void must(enum sg_err err, const struct sg_why *why)
{
    if (err) {
        (void)fprintf(stderr, "scene: %s: %s\n", sg_err_name(err), why->text);
        abort();
    }
}

/* ---- the city and its clock ---- */

static size_t agency_count(void)
{
    return scene_city.roster.agency_count;
}

/* "2026-05-04 08:00" with the zone of Pekanbaru behind it. */
static const char *with_zone(const char *wib, char to[40])
{
    (void)snprintf(to, 40, "%.10sT%.5s:00+07:00", wib, wib + 11);
    return to;
}

static void connect_all(void)
{
    for (size_t i = 0; i < agency_count(); i++)
        if (!ears[i].away)
            world_connect(&scene_city, (enum world_agency)i);
}

void scene_open(const char *wib, size_t agencies)
{
    char time[40];
    names_clear();
    memset(ears, 0, sizeof ears);
    world_open_with(&scene_city, with_zone(wib, time), agencies);
    for (size_t i = 0; i < agencies; i++)
        name_outbox(scene_city.clients[i].id, &scene_city.clients[i].outbox);
    name_outbox("broker", env_store_id(scene_city.env));
    connect_all();
    world_pass(&scene_city, 0);
}

void fold_again(void)
{
    static unsigned number;
    struct sg_why why = {""};
    char path[96];
    struct env *again = NULL;
    struct env_options options = scene_city.env_options;
    (void)snprintf(path, sizeof path, "%s/lagi-%u.mdb", scene_city.folder, number++);
    options.path = path;
    must(env_create(&options, env_store_id(scene_city.env), &why), &why);
    must(env_open(&options, &again, &why), &why);
    must(ledger_refold(scene_city.env, again, scene_city.keys, NULL, &why), &why);
    must(ledger_compare(scene_city.env, again, &why), &why);
    env_close(&again);
}

void scene_close(void)
{
    fold_again();
    world_close(&scene_city);
}

void at(const char *wib)
{
    char time[40];
    sg_arena_reset(&scene_city.arena, 0);
    world_move(&scene_city, with_zone(wib, time));
}

void goes_down(enum world_agency who)
{
    ears[who].away = true;
    world_leave(&scene_city, who);
}

void scene_restart(const char *wib)
{
    char time[40];
    world_restart(&scene_city);
    must(sg_time_parse(with_zone(wib, time), &scene_city.now_ms), &(struct sg_why){"time"});
    connect_all();
}

/* ---- ids ---- */

struct sg_id named(const char *name)
{
    return name_of_publisher(name);
}

void name_id(const char *name, const struct sg_id *id)
{
    name_give(name, id);
}

/* ---- rows ---- */

static const struct {
    enum table table;
    const ProtobufCMessageDescriptor *descriptor;
} tables[] = {
    {TABLE_REFERRALS, &pb_referral_row__descriptor},
    {TABLE_CASES, &pb_case_row__descriptor},
    {TABLE_SLOTS, &pb_slot_row__descriptor},
    {TABLE_ALLOCATIONS, &pb_allocation_row__descriptor},
    {TABLE_ITEMS, &pb_item_row__descriptor},
    {TABLE_PLANS, &pb_plan_row__descriptor},
    {TABLE_REQUESTS, &pb_request_row__descriptor},
    {TABLE_PERSONS, &pb_person_row__descriptor},
};

static void *row_of(const struct sg_id *id)
{
    struct sg_why why = {""};
    SG_AUTO(txn_done) struct txn txn = {0};
    must(txn_begin(&txn, scene_city.env, TXN_READ, &why), &why);
    for (size_t i = 0; i < SG_ARRAY_LEN(tables); i++) {
        struct key key = {0};
        void *row = NULL;
        enum sg_err err = row_get(&txn, tables[i].table, key_id(&key, id), tables[i].descriptor,
                                  &scene_city.arena, &row, &why);
        if (!err)
            return row;
        must(err == SG_E_NOT_FOUND ? SG_OK : err, &why);
    }
    return NULL;
}

static const ProtobufCMessage *row_named(const char *name)
{
    struct sg_id id;
    bool known = name_find(name, &id);
    ProtobufCMessage *row = known ? row_of(&id) : NULL;
    if (!row) {
        (void)fprintf(stderr, "scene: no row of '%s'\n", name);
        abort();
    }
    return row;
}

static void name_by(const char *name, ProtobufCBinaryData id)
{
    struct sg_id of;
    must(sg_id_from((struct sg_bytes){id.data, id.len}, &of), &(struct sg_why){"no id"});
    name_give(name, &of);
}

void name_case(const char *name, const char *referral)
{
    const ProtobufCMessage *row = row_named(referral);
    SG_CHECK(row->descriptor == &pb_referral_row__descriptor);
    name_by(name, ((const PbReferralRow *)row)->case_id);
}

void name_person(const char *name, const char *case_name)
{
    const ProtobufCMessage *row = row_named(case_name);
    SG_CHECK(row->descriptor == &pb_case_row__descriptor);
    name_by(name, ((const PbCaseRow *)row)->person_id);
}

void row_has(const char *file, int line, const char *name, const char *fields)
{
    static char text[8192], words[512];
    struct notation n = {.to = text, .room = sizeof text - 1};
    char *rest = words, *word;
    notation_fields(&n, row_named(name));
    (void)strcat(text, " ");
    (void)snprintf(words, sizeof words, "%s", fields);
    while ((word = strsep(&rest, " "))) {
        char want[128];
        bool absent = word[0] == '-'; /* "-minor": there is no such field */
        (void)snprintf(want, sizeof want, absent ? " %s:" : " %s ", word + absent);
        if ((strstr(text, want) != NULL) != absent)
            continue;
        (void)fprintf(stderr, "%s:%d: %s is%s, wanted %s\n", file, line, name, text, word);
        abort();
    }
}

/* ---- events ---- */

struct world_outcome say(enum world_agency who, const char *format, ...)
{
    char text[JSON_MAX], json[JSON_MAX];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    SG_CHECK(len > 0 && (size_t)len < sizeof text);
    notation_read(text, json, sizeof json);
    ears[who].away = false;
    return world_publish(&scene_city, who, "%s", json);
}

uint64_t say_all(enum world_agency who, unsigned outbox, uint64_t first_number,
                 const char *const texts[], size_t count, struct world_outcome *outcomes)
{
    static struct talk talk;
    static char json[JSON_MAX];
    struct talk_event events[BATCH_MAX];
    struct sg_id id = scene_city.clients[who].outbox;
    id.b[SG_ID_BYTES - 1] = (uint8_t)outbox;
    SG_CHECK(count <= BATCH_MAX);
    talk_open(&talk, &scene_city);
    struct peer peer = talk_connect(&talk, who);
    for (size_t i = 0; i < count; i++) {
        notation_read(texts[i], json, sizeof json);
        events[i] = talk_event(&talk, who, json);
    }
    (void)talk_publish(&talk, who, peer, &id, first_number, events, count);
    talk_turn(&talk);
    const PbPublishResult *result = talk_answer(&talk, peer, 0)->publish_result;
    SG_CHECK(result);
    for (size_t i = 0; i < result->n_outcomes; i++)
        outcomes[i] = world_outcome_of(result->outcomes[i]);
    ears[who].away = false;
    world_connect(&scene_city, who);
    broker_peer_gone(scene_city.broker, peer);
    if (!result->frame_error)
        return 0;
    SG_CHECK(result->frame_error->code == SG_ST_SEQ_GAP);
    return result->frame_error->expected_number;
}

void accepted_with(const char *warnings, struct world_outcome o)
{
    char got[128] = "";
    for (size_t i = 0; i < o.warning_count; i++)
        (void)snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s", i ? " " : "",
                       sg_status_name(o.warnings[i]));
    if (o.status == PB_OUTCOME_STATUS_ACCEPTED && strcmp(got, warnings) == 0)
        return;
    (void)fprintf(stderr, "status %d %s at '%s' '%s', warnings '%s', wanted ACCEPTED with '%s'\n",
                  o.status, sg_status_name(o.code), o.object, o.detail, got, warnings);
    abort();
}

void seat_is(const char *name, struct world_outcome o)
{
    if (o.status != PB_OUTCOME_STATUS_ACCEPTED || sg_id_is_zero(&o.allocation_id)) {
        (void)fprintf(stderr, "%s: status %d %s at '%s' '%s'\n", name, o.status,
                      sg_status_name(o.code), o.object, o.detail);
        abort();
    }
    name_give(name, &o.allocation_id);
}

/* ---- questions ---- */

static uint64_t hash_run(uint64_t hash, struct sg_bytes run)
{
    for (size_t i = 0; i < run.len; i++)
        hash = (hash ^ run.ptr[i]) * UINT64_C(1099511628211);
    return hash;
}

uint64_t state_of_all(void)
{
    struct sg_why why = {""};
    uint64_t hash = UINT64_C(14695981039346656037);
    SG_AUTO(txn_done) struct txn txn = {0};
    must(txn_begin(&txn, scene_city.env, TXN_READ, &why), &why);
    for (size_t t = 0; t < TABLES; t++) {
        SG_AUTO(cursor_done) struct cursor cursor = {0};
        if (!table_is_fold((enum table)t))
            continue;
        must(cursor_open(&cursor, &txn, (enum table)t, &why), &why);
        must(cursor_first(&cursor, &why), &why);
        for (; cursor.key.ptr; must(cursor_next(&cursor, &why), &why))
            hash = hash_run(hash_run(hash, cursor.key), cursor.value);
    }
    return hash;
}

size_t in_the_files(const char *text)
{
    size_t len = strlen(text), count = 0;
    FILE *file = fopen(scene_city.env_options.path, "rb");
    SG_CHECK(file);
    (void)fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    char *bytes = malloc(size);
    SG_CHECK(bytes && size);
    rewind(file);
    SG_CHECK(fread(bytes, 1, size, file) == size);
    for (const char *at = bytes; (at = memmem(at, size - (size_t)(at - bytes), text, len)); at++)
        count++;
    free(bytes);
    SG_CHECK(fclose(file) == 0);
    return count;
}

const char *seats(enum world_agency who, const char *slot)
{
    static char text[8192];
    struct notation n = {.to = text, .room = sizeof text, .reader = scene_city.clients[who].id};
    struct sg_id id = name_of_publisher(slot);
    PbQuery query = PB_QUERY__INIT;
    query.has_kind = query.has_slot_id = true;
    query.kind = PB_QUERY_KIND_SEATS;
    query.slot_id = (ProtobufCBinaryData){SG_ID_BYTES, id.b};
    const PbQueryResult *answer = world_query(&scene_city, who, &query);
    SG_CHECK(!answer->error);
    text[0] = '\0';
    for (size_t i = 0; i < answer->n_seats; i++)
        notation_line(&n, &answer->seats[i]->base);
    return text;
}

/* ---- reports ---- */

static int32_t day_of(const char *date)
{
    int year = 0, month = 0, day = 0;
    SG_CHECK(sscanf(date, "%d-%d-%d", &year, &month, &day) == 3);
    return sg_day_of(year, month, day);
}

static void put_cell(char *text, size_t room, const PbReportCell *cell)
{
    size_t len = strlen(text);
    long long n = cell->number, tenths = n < 0 ? -n % 10 : n % 10;
    const char *between = len && text[len - 1] != '\n' ? " | " : "";
    SG_CHECK(!cell->hidden && !cell->rounded); /* Dinsos reads everything */
    switch ((int)cell->kind) {
    case PB_REPORT_CELL_KIND_TEXT:
        (void)snprintf(text + len, room - len, "%s%s", between, cell->text);
        break;
    case PB_REPORT_CELL_KIND_COUNT:
    case PB_REPORT_CELL_KIND_MONEY:
        (void)snprintf(text + len, room - len, "%s%lld", between, n);
        break;
    case PB_REPORT_CELL_KIND_PERCENT:
    case PB_REPORT_CELL_KIND_DAYS:
        (void)snprintf(text + len, room - len, "%s%lld.%lld%s", between, n / 10, tenths,
                       cell->kind == PB_REPORT_CELL_KIND_PERCENT ? "%" : "");
        break;
    default: (void)snprintf(text + len, room - len, "%sn/a", between);
    }
}

static void put_section(char *text, size_t room, const PbReportSection *section)
{
    bool first = !text[0]; /* page of the section */
    for (size_t c = 0; first && c < section->n_columns; c++)
        (void)snprintf(text + strlen(text), room - strlen(text), "%s%s", c ? " | " : "",
                       section->columns[c]->name);
    if (first)
        (void)strcat(text, "\n");
    for (size_t r = 0; r < section->n_rows; r++) {
        for (size_t c = 0; c < section->rows[r]->n_cells; c++)
            put_cell(text, room, section->rows[r]->cells[c]);
        (void)strcat(text, "\n");
    }
}

const char *report(const char *name, const char *section, const char *from, const char *to)
{
    static char text[8192];
    struct sg_why why = {""};
    struct report_pages *done = NULL;
    struct report_request request = {.name = name,
                                     .has_period = true,
                                     .from_day = day_of(from),
                                     .to_day = day_of(to),
                                     .now_ms = scene_city.now_ms,
                                     .sees_all = true,
                                     .target_min = 20,
                                     .target_max = 25,
                                     .steward = "dinsos",
                                     .protector_count = 1,
                                     .protectors = {"dpppa"}};
    must(report_run(scene_city.env, &request, NULL, &done, &why), &why);
    text[0] = '\0';
    for (size_t p = 0; p < done->count; p++) {
        PbQueryResult *result = NULL;
        must(sg_decode(&pb_query_result__descriptor, done->pages[p], &scene_city.arena, &result,
                       &why),
             &why);
        for (size_t i = 0; i < result->n_sections; i++)
            if (strcmp(result->sections[i]->name, section) == 0)
                put_section(text, sizeof text, result->sections[i]);
    }
    report_pages_free(&done);
    return text;
}

/* ---- what is heard ---- */

struct ear {
    struct notation n;
    uint64_t *heard;
};

static void hear(void *arg, const PbEnvelope *envelope)
{
    struct ear *ear = arg;
    if (envelope->seq <= *ear->heard)
        return;
    *ear->heard = envelope->seq;
    notation_delivery(&ear->n, envelope);
}

const char *news(enum world_agency who)
{
    struct ear ear = {
        .n = {.to = pages[who], .room = TEXT_MAX, .reader = scene_city.clients[who].id},
        .heard = &ears[who].heard};
    pages[who][0] = '\0';
    size_t used = scene_city.arena.used;
    if (!ears[who].away)
        world_listen(&scene_city, who, "dengar", "", hear, &ear);
    sg_arena_reset(&scene_city.arena, used);
    return pages[who];
}

void heard_before(void)
{
    for (size_t i = 0; i < agency_count(); i++)
        (void)news((enum world_agency)i);
}

static void show(FILE *to, const char *title, const char *text)
{
    (void)fprintf(to, "%s\n", title);
    for (const char *at = text; *at;) {
        int len = (int)strcspn(at, "\n");
        (void)fprintf(to, "        \"%.*s\\n\"\n", len, at);
        at += len + (at[len] == '\n');
    }
}

void heard_exactly(const char *file, int line, const struct heard *want)
{
    const char *const texts[WORLD_WIDE] = {
        [SATPOLPP] = want->satpolpp,       [DINSOS] = want->dinsos,
        [DISNAKER] = want->disnaker,       [DPPPA] = want->dpppa,
        [INSPEKTORAT] = want->inspektorat, [DISKOMINFO] = want->diskominfo,
        [DISDUKCAPIL] = want->disdukcapil, [BLK] = want->blk,
        [DISKOPUKM] = want->diskopukm,
    };
    bool right = true;
    for (size_t i = 0; i < WORLD_WIDE; i++) {
        const char *wanted = texts[i] ? texts[i] : "";
        SG_CHECK(i < agency_count() || !texts[i]);
        if (i >= agency_count() || strcmp(news((enum world_agency)i), wanted) == 0)
            continue;
        right = false;
        (void)fprintf(stderr, "%s:%d: %s\n", file, line, scene_city.clients[i].id);
        show(stderr, "    wanted:", wanted);
        show(stderr, "    heard:", pages[i]);
    }
    if (!right)
        abort();
}
