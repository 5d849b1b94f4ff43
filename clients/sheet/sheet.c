/* sheet.c - the import: rows are read, told apart, put into the outbox, and told to the caller. */
#include "sheet/sheet.h"

#include "sheet/change.h"
#include "sheet/seen.h"
#include "sheet/source.h"

#include <stdlib.h>

enum {
    COMMIT_EVENTS = 480, /* ten frames to one fsync */
    STEP_ROWS = 1000,
    STORY_BYTES = 2 << 20, /* address space for what is told of the rows of one commit */
    CONVERT_WAIT_MS = 50,
    KEY_TURNS_MAX = 16,
};

/* A row that waits for the commit before it is told: rows are told in their order. */
struct waiting {
    struct sheet_row row;
    long event; /* index in the batch; -1: none */
};

struct sheet {
    struct sinergi *client;
    const struct sheet_map *map;
    struct sheet_run run;
    struct source source;
    struct rows rows;
    struct head head;
    struct maker maker;
    struct seen seen;
    struct sg_arena story; /* texts of the rows that wait */
    struct waiting *waiting;
    size_t waiting_count, batched;
    struct change change;
    bool started, ended;
    sinergi_status failed;
    struct sheet_counts counts;
};

static void print_fault(const char *path, const char *rule, const char *word, const char *accepted,
                        char to[ERROR_TEXT_MAX])
{
    char text[ERROR_TEXT_MAX * 2];
    (void)snprintf(text, sizeof text, "%.300s: %s%s%s", path, rule, accepted[0] ? word : "",
                   accepted);
    fault_put(to, ERROR_TEXT_MAX, text);
}

static sinergi_status fail(struct sheet *sheet, const struct sheet_fault *fault, bool local)
{
    struct sinergi *client = sheet->client;
    const char *path = sheet->run.path;
    print_fault(path, fault->rule_id, "; diterima: ", fault->accepted_id, client->error_id);
    print_fault(path, fault->rule_en, "; accepted: ", fault->accepted_en, client->error_en);
    return sheet->failed = local ? SINERGI_LOCAL : SINERGI_INVALID;
}

static sinergi_status fail_memory(struct sheet *sheet)
{
    sheet->failed = client_fail(sheet->client, SINERGI_LOCAL, "memori habis", "no memory");
    return sheet->failed;
}

/* ---- open ---------------------------------------------------------------------------------- */

sinergi_status sheet_open(sinergi *client, const struct sheet_map *map, const struct sheet_run *run,
                          struct sheet **out_sheet)
{
    struct sg_why why = {0};
    struct sheet_fault fault = {.code = ""};
    *out_sheet = NULL;
    SG_AUTO(sheet_close) struct sheet *sheet = calloc(1, sizeof *sheet);
    if (!sheet)
        return client_fail(client, SINERGI_LOCAL, "memori habis", "no memory");
    sheet->client = client;
    sheet->map = map;
    sheet->run = *run;
    sheet->source = (struct source)SOURCE_NONE;
    sheet->waiting = calloc(STEP_ROWS, sizeof *sheet->waiting);
    if (!sheet->waiting || sg_arena_init(&sheet->story, STORY_BYTES, &why))
        return fail_memory(sheet);
    if (!source_open(&sheet->source, run->path, client->conf.data_path, map->worksheet_name,
                     map->worksheet_number, &fault))
        return fail(sheet, &fault, sheet->source.local_error);
    *out_sheet = SG_TAKE(sheet);
    return SINERGI_OK;
}

void sheet_close(struct sheet **sheet)
{
    struct sheet *s = SG_TAKE(*sheet);
    if (!s)
        return;
    if (s->batched)
        sinergi_discard(s->client);
    maker_done(&s->maker);
    head_done(&s->head);
    rows_done(&s->rows);
    source_done(&s->source);
    seen_done(&s->seen);
    sg_arena_done(&s->story);
    free(s->waiting);
    free(s);
}

void sheet_counts(const struct sheet *sheet, struct sheet_counts *out_counts)
{
    *out_counts = sheet->counts;
}

/* The heading, once the text is whole. SINERGI_TIMEOUT: it is not yet. */
static sinergi_status start(struct sheet *sheet)
{
    struct sheet_fault fault = {.code = ""};
    bool failed = false;
    if (!source_ready(&sheet->source, CONVERT_WAIT_MS, &failed, &fault))
        return failed ? fail(sheet, &fault, sheet->source.local_error) : SINERGI_TIMEOUT;
    enum encoding encoding = sheet->source.worksheet ? ENCODING_UTF8 : sheet->map->encoding;
    if (failed)
        return fail(sheet, &fault, sheet->source.local_error);
    if (!rows_open(&sheet->rows, sheet->source.fd, sheet->source.size, encoding, &fault))
        return fail(sheet, &fault, sheet->rows.failed);
    if (!head_find(&sheet->rows, sheet->map, sheet->source.worksheet, &sheet->head, &fault))
        return fail(sheet, &fault, strcmp(fault.code, "E_LOCAL") == 0);
    if (!maker_begin(&sheet->maker, sheet->client, sheet->map, &sheet->head))
        return fail_memory(sheet);
    sheet->started = true;
    return SINERGI_OK;
}

/* ---- telling ------------------------------------------------------------------------------- */

static const char *keep(struct sheet *sheet, const char *text)
{
    char *kept = text && text[0] ? sg_arena_text(&sheet->story, sg_bytes_of(text)) : NULL;
    return kept ? kept : "";
}

static void count(struct sheet *sheet, const struct sheet_row *row)
{
    struct sheet_counts *counts = &sheet->counts;
    uint64_t *by_status[] = {[SHEET_NEW] = &counts->published,
                             [SHEET_KNOWN] = &counts->known,
                             [SHEET_CHANGED] = &counts->changed,
                             [SHEET_BAD] = &counts->bad,
                             [SHEET_SKIPPED] = &counts->skipped};
    counts->rows++;
    ++*by_status[row->status];
}

static void tell_row(struct sheet *sheet, const struct sheet_row *row)
{
    count(sheet, row);
    if (sheet->run.on_row)
        sheet->run.on_row(sheet->run.context, row);
}

static void tell_progress(struct sheet *sheet)
{
    if (sheet->run.on_progress)
        sheet->run.on_progress(sheet->run.context, rows_done_bytes(&sheet->rows),
                               (uint64_t)sheet->source.size);
}

/* Rows that wait are told when nothing of them has to be committed first. */
static sinergi_status flush(struct sheet *sheet)
{
    sinergi_place places[COMMIT_EVENTS];
    if (sheet->batched) {
        sinergi_status status = sinergi_commit(sheet->client, places, NULL);
        if (status)
            return sheet->failed = status;
    }
    sheet->batched = 0;
    for (size_t i = 0; i < sheet->waiting_count; i++) {
        struct waiting *waiting = &sheet->waiting[i];
        if (waiting->event >= 0)
            waiting->row.place = places[waiting->event];
        tell_row(sheet, &waiting->row);
    }
    sheet->waiting_count = 0;
    sg_arena_reset(&sheet->story, 0);
    tell_progress(sheet);
    return SINERGI_OK;
}

/* Texts of `row` are copied. */
static void wait_row(struct sheet *sheet, const struct sheet_row *row, long event)
{
    struct waiting *waiting = &sheet->waiting[sheet->waiting_count++];
    *waiting = (struct waiting){*row, event};
    struct sheet_row *to = &waiting->row;
    to->key = keep(sheet, row->key);
    to->column = keep(sheet, row->column);
    to->value = keep(sheet, row->value);
    to->rule_id = keep(sheet, row->rule_id);
    to->rule_en = keep(sheet, row->rule_en);
    to->accepted_id = keep(sheet, row->accepted_id);
    to->accepted_en = keep(sheet, row->accepted_en);
    to->command = keep(sheet, row->command);
}

/* ---- one row ------------------------------------------------------------------------------- */

static struct sheet_row empty_row(const struct sheet *sheet, const struct row *row)
{
    return (struct sheet_row){.line = sheet->source.worksheet ? row->number : row->line,
                              .key = "",
                              .code = "",
                              .column = "",
                              .value = "",
                              .rule_id = "",
                              .rule_en = "",
                              .accepted_id = "",
                              .accepted_en = "",
                              .command = ""};
}

static void bad_row(struct sheet *sheet, const struct row *row, const struct made *made,
                    const struct sheet_fault *fault)
{
    struct sheet_row told = empty_row(sheet, row);
    told.status = SHEET_BAD;
    told.key = made->key_text;
    told.code = fault->code;
    told.column = fault->column;
    told.value = fault->value;
    told.rule_id = fault->rule_id;
    told.rule_en = fault->rule_en;
    told.accepted_id = fault->accepted_id;
    told.accepted_en = fault->accepted_en;
    wait_row(sheet, &told, -1);
}

static void name_future(struct sheet *sheet, const struct row *row, struct sheet_fault *fault)
{
    const char *column = make_column_of(&sheet->maker, "occurred_at");
    FAULT_PUT(fault->column, column ? column : "occurred_at");
    FAULT_PUT(fault->value, make_cell_of(&sheet->maker, row, "occurred_at"));
    (void)fault_say(fault, "E_FUTURE_TIME", "tanggal ini belum tiba, menurut jam komputer ini",
                    "this day has not come yet, by the clock of this computer");
    (void)fault_accept(fault, "hari ini atau sebelumnya; periksa juga jam komputer",
                       "today or before; check the clock of the computer too");
}

/* The check of the contract names a field; a clerk wants to know the column. */
static void name_fault(struct sheet *sheet, const struct row *row, const struct sg_fault *from,
                       struct sheet_fault *fault)
{
    char path[PATH_TEXT_MAX];
    map_plain_path(sheet->map, from->object, path);
    const char *column = make_column_of(&sheet->maker, path);
    (void)fault_say(fault, sg_status_name(from->code), "%s", "%s", sg_status_text_id(from->code));
    FAULT_PUT(fault->rule_en, sg_status_text_en(from->code));
    FAULT_PUT(fault->column, column ? column : path);
    FAULT_PUT(fault->value, make_cell_of(&sheet->maker, row, path));
    FAULT_PUT(fault->accepted_id, from->accepted_id[0] ? from->accepted_id : from->accepted);
    FAULT_PUT(fault->accepted_en, from->accepted);
    make_accept(&sheet->maker, path, fault);
    if (strcmp(path, "recorded_at") == 0) /* no column of its own: it lies before the row's day */
        name_future(sheet, row, fault);
}

/* Into the batch; in a dry run it is checked and forgotten. False: `fault`, or sheet->failed. */
static bool draft(struct sheet *sheet, const struct row *row, const struct made *made,
                  struct sheet_fault *fault)
{
    struct sinergi *client = sheet->client;
    client->fault.code = 0;
    sinergi_status status = draft_add(client, made->envelope, &made->key);
    if (status == SINERGI_OK && sheet->run.dry_run)
        sinergi_discard(client);
    if (status == SINERGI_OK)
        return true;
    if (status != SINERGI_INVALID)
        sheet->failed = status;
    else if (client->fault.code)
        name_fault(sheet, row, &client->fault, fault);
    else {
        (void)fault_say(fault, "E_SCHEMA", "%s", "%s", client->error_id);
        FAULT_PUT(fault->rule_en, client->error_en);
    }
    return false;
}

static uint64_t seen_name(const struct made *made)
{
    return made->first_name;
}

static void new_row(struct sheet *sheet, const struct row *row, const struct made *made)
{
    struct sheet_fault fault = {.code = ""};
    if (!draft(sheet, row, made, &fault)) {
        seen_refuse(&sheet->seen, seen_name(made));
        if (!sheet->failed)
            bad_row(sheet, row, made, &fault);
        return;
    }
    struct sheet_row told = empty_row(sheet, row);
    told.status = SHEET_NEW;
    told.key = made->key_text;
    if (!sheet->run.dry_run) {
        wait_row(sheet, &told, (long)sheet->batched++);
        return;
    }
    if (flush(sheet))
        return;
    told.event = made->envelope;
    tell_row(sheet, &told);
}

static sinergi_place place_out(const struct outbox_place *place)
{
    sinergi_place out = {.number = place->number};
    memcpy(out.outbox_id, place->outbox.b, SINERGI_ID_BYTES);
    return out;
}

static void known_row(struct sheet *sheet, const struct row *row, const struct made *made,
                      const struct outbox_place *place)
{
    struct sheet_row told = empty_row(sheet, row);
    sinergi_outcome outcome;
    told.status = SHEET_KNOWN;
    told.key = made->key_text;
    told.place = place_out(place);
    if (sheet->run.on_row &&
        sinergi_outcome_get(sheet->client, &told.place, &outcome) == SINERGI_OK)
        told.outcome = outcome.status;
    wait_row(sheet, &told, -1);
}

static void changed_row(struct sheet *sheet, const struct row *row, const struct made *made,
                        const struct outbox_place *place)
{
    const struct change *change = &sheet->change;
    const char *column =
        make_column_of(&sheet->maker, change->path[0] ? change->path : "occurred_at");
    struct sheet_row told = empty_row(sheet, row);
    struct sheet_fault fault = {.code = ""};
    told.status = SHEET_CHANGED;
    told.key = made->key_text;
    told.place = place_out(place);
    told.column = column ? column : change->path;
    told.value = make_cell_of(&sheet->maker, row, change->path[0] ? change->path : "occurred_at");
    if (change->path[0])
        (void)fault_say(&fault, "", "sudah diterbitkan dengan isi lain: '%s'",
                        "published before with other contents: '%s'", change->before);
    else
        (void)fault_say(
            &fault, "",
            "sudah diterbitkan dengan waktu atau catatan lain: batalkan, lalu impor lagi",
            "published before with another time or note: annul it, then import again");
    (void)fault_accept(&fault, "jalankan perintahnya, lalu impor lagi",
                       "run the command, then import again");
    told.rule_id = fault.rule_id;
    told.rule_en = fault.rule_en;
    told.accepted_id = change->command[0] ? fault.accepted_id : "";
    told.accepted_en = change->command[0] ? fault.accepted_en : "";
    told.command = change->command;
    wait_row(sheet, &told, -1);
}

/* The row's own id: given by a column, else made from day and key. */
static bool own_id(struct sheet *sheet, struct made *made)
{
    const struct field_path *own = &sheet->map->own_id;
    if (own->count == 0)
        return true;
    const char *given = json_string_value(json_object_get(made->payload, own->steps[0].name));
    if (given)
        return sg_id_parse(given, &made->key.object) == SG_OK;
    made->key.object = sg_id_mint(made->day_ms, made->key.name);
    return make_put_id(&sheet->maker, made);
}

static sinergi_status fail_store(struct sheet *sheet, enum sg_err err, const struct sg_why *why)
{
    sheet->failed = client_why(sheet->client, err, why);
    if (sheet->failed == SINERGI_INVALID)
        sheet->failed = SINERGI_LOCAL;
    return sheet->failed;
}

/* Same key, other contents. */
static void compare(struct sheet *sheet, const struct row *row, struct made *made,
                    const struct outbox_known *known)
{
    struct sg_why why = {0};
    made->key.object = known->key.object;
    if (!make_put_id(&sheet->maker, made)) {
        (void)fail_memory(sheet);
        return;
    }
    enum sg_err err =
        change_find(&sheet->maker, made, &known->place, sheet->run.conf, &sheet->change, &why);
    sg_arena_reset(&sheet->maker.arena, 0);
    if (err == SG_E_FORMAT) { /* what it says now is no event */
        new_row(sheet, row, made);
        return;
    }
    if (err)
        (void)fail_store(sheet, err, &why);
    else if (sheet->change.differs)
        changed_row(sheet, row, made, &known->place);
    else
        known_row(sheet, row, made, &known->place);
}

/* Told apart by what the outbox knows of the key. */
static void publish_or_compare(struct sheet *sheet, const struct row *row, struct made *made)
{
    struct outbox_known known;
    struct sg_why why = {0};
    for (int turn = 0; turn < KEY_TURNS_MAX; turn++) {
        enum key_standing standing;
        enum sg_err err = outbox_known(sheet->client->outbox, made->key.name, &known, &why);
        if (err == SG_E_NOT_FOUND) {
            if (!own_id(sheet, made))
                (void)fail_memory(sheet);
            else
                new_row(sheet, row, made);
            return;
        }
        bool same = !err && memcmp(known.key.content, made->key.content, OUTBOX_CONTENT_BYTES) == 0;
        if (same) {
            known_row(sheet, row, made, &known.place);
            return;
        }
        if (!err)
            err = key_standing(sheet->client->outbox, &known.place, &sheet->maker.arena, &standing,
                               NULL, &why);
        sg_arena_reset(&sheet->maker.arena, 0);
        if (err) {
            (void)fail_store(sheet, err, &why);
            return;
        }
        if (standing != KEY_ANNULLED)
            break;
        key_again(made->key.name, made->key.name);
    }
    compare(sheet, row, made, &known);
}

/* The same key higher up in this file. */
static bool is_twice(struct sheet *sheet, const struct row *row, const struct made *made)
{
    uint64_t line = sheet->source.worksheet ? row->number : row->line, other = 0;
    bool same = false;
    bool room =
        seen_add(&sheet->seen, seen_name(made), sg_get_u64(made->key.content), line, &other, &same);
    struct sheet_fault fault = {.code = ""};
    if (!room) {
        (void)fault_say(&fault, "E_LIMIT", "berkas memuat lebih dari %d baris",
                        "the file has more than %d rows", (int)SEEN_ROWS_MAX);
        (void)fault_accept(&fault, "bagi menjadi beberapa berkas", "several smaller files");
        (void)fail(sheet, &fault, false);
        return true;
    }
    if (!other)
        return false;
    if (same) {
        struct sheet_row told = empty_row(sheet, row);
        told.status = SHEET_KNOWN;
        told.key = made->key_text;
        told.outcome = SINERGI_ACCEPTED; /* what becomes of it stands in the other line */
        wait_row(sheet, &told, -1);
        return true;
    }
    FAULT_PUT(fault.column, sheet->head.names[sheet->head.column_of[sheet->map->keys[0]]]);
    FAULT_PUT(fault.value, made->key_text);
    (void)fault_say(&fault, "E_DUPLICATE_CONFLICT",
                    "kunci ini sudah ada di baris %llu dengan isi lain",
                    "this key stands in line %llu with other contents", (unsigned long long)other);
    (void)fault_accept(&fault, "satu baris untuk satu kunci: hapus atau perbaiki salah satunya",
                       "one row for one key: take one away or put it right");
    bad_row(sheet, row, made, &fault);
    return true;
}

static void take_row(struct sheet *sheet, struct row *row)
{
    struct made made;
    struct sheet_fault fault;
    struct sheet_row told;
    switch (make_event(&sheet->maker, row, &made, &fault)) {
    case MAKE_EVENT:
        if (!is_twice(sheet, row, &made))
            publish_or_compare(sheet, row, &made);
        made_done(&made);
        break;
    case MAKE_BAD: bad_row(sheet, row, &made, &fault); break;
    case MAKE_NONE: sheet->counts.empty++; break;
    case MAKE_SKIP:
        told = empty_row(sheet, row);
        told.status = SHEET_SKIPPED;
        for (size_t i = 0; i < row->count && !told.value[0]; i++)
            told.value = row->cells[i];
        wait_row(sheet, &told, -1);
        break;
    case MAKE_LOCAL: sheet->failed = SINERGI_LOCAL; break;
    }
}

/* ---- the file ------------------------------------------------------------------------------ */

static bool is_full(const struct sheet *sheet)
{
    return sheet->batched == COMMIT_EVENTS || sheet->waiting_count == STEP_ROWS ||
           sheet->story.used > STORY_BYTES / 2;
}

sinergi_status sheet_step(struct sheet *sheet, bool *out_done)
{
    *out_done = false;
    if (sheet->failed)
        return sheet->failed;
    if (!sheet->started) {
        sinergi_status status = start(sheet);
        if (status)
            return status == SINERGI_TIMEOUT ? SINERGI_OK : status;
    }
    struct sheet_fault fault = {.code = ""};
    struct row *row = NULL;
    for (int i = 0; !sheet->failed && !is_full(sheet) && i < STEP_ROWS; i++) {
        row = rows_next(&sheet->rows, &fault);
        if (!row)
            break;
        take_row(sheet, row);
    }
    if (sheet->failed) {
        sinergi_discard(sheet->client);
        sheet->batched = 0;
        return sheet->failed;
    }
    bool broken = !row && sheet->rows.failed;
    sinergi_status status = flush(sheet);
    if (status)
        return status;
    if (broken)
        return fail(sheet, &fault, strcmp(fault.code, "E_LOCAL") == 0);
    *out_done = row == NULL;
    return SINERGI_OK;
}

sinergi_status sheet_import(sinergi *client, const struct sheet_map *map,
                            const struct sheet_run *run, struct sheet_counts *out_counts)
{
    SG_AUTO(sheet_close) struct sheet *sheet = NULL;
    bool done = false;
    if (out_counts)
        *out_counts = (struct sheet_counts){0};
    sinergi_status status = sheet_open(client, map, run, &sheet);
    if (status || !sheet)
        return status;
    while (!status && !done && !client->stop)
        status = sheet_step(sheet, &done);
    if (out_counts)
        sheet_counts(sheet, out_counts);
    if (!status && !done)
        return client_fail(client, SINERGI_TIMEOUT, "dihentikan; impor lagi untuk melanjutkan",
                           "stopped; import again to go on");
    return status;
}
