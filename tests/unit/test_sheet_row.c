/* Rows become events of a real outbox: what is new, known, changed, bad or beside the table;
 * nothing twice; the command of a change; the result file, and what it learns later. No broker: its
 * answers are written into the outbox. */
#include "unit/sheet_unit.h"

#include "lib/inside.h"
#include "sheet/key.h"
#include "sheet/result.h"
#include "wire/codec.h"
#include "wire/json.h"
#include "wire/replacement.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { TOLD_MAX = 16 << 10 };

struct world {
    struct sinergi client;
    char folder[64], path[96], result[96];
    char told[TOLD_MAX]; /* "LINE STATUS KEY[ CODE COLUMN]; " of every row */
    char command[4096], event[4096];
    struct sheet_result *writer;
    struct sheet_counts counts;
};

#define HEADING "No. BA;Urut;Tanggal;Nama;L/P;Lokasi;Anak\n"
#define ROW_1 "BA-1;1;29/01/2024;Budi;L;Pasar;1\n"
#define ROW_2 "BA-1;2;30/01/2024;Siti;P;Simpang;\n"
#define SHARED                                                                                    \
    "key=(\"No. BA\",\"Urut\"); date=\"Tanggal\"; columns=({column=\"Nama\"; "                    \
    "field=\"person.full_name\";},{column=\"L/P\"; field=\"person.sex\";},{column=\"Lokasi\"; "   \
    "field=\"found_place\";},{column=\"Anak\"; field=\"children_with\"; optional=true;});"        \
    "defaults=({field=\"kind\"; value=\"INTAKE\";},{field=\"target_agency\"; value=\"dinsos\";}," \
    "{field=\"priority\"; value=\"NORMAL_14D\";},{field=\"suspected_ppks\"; value=\"PPKS_12\";}," \
    "{field=\"person.name_quality\"; value=\"FULL\";},{field=\"person.birth_quality\"; "          \
    "value=\"UNKNOWN\";},{field=\"person.nik_status\"; value=\"NONE\";},"                         \
    "{field=\"envelope.actor_ref\"; value=\"pol-1\";});"
#define MAP "event=\"referral.submitted\"; name=\"razia\";" SHARED

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct sinergi *client = &w->client;
    struct sg_why why;
    *state = w;
    strcpy(w->folder, "/tmp/sinergi-test-XX"
                      "XX"
                      "XX");
    client->conf.store_id.b[0] = 1;
    client->conf.make_ids = true;
    client->stop_fd = -1;
    client->batch = calloc(BATCH_EVENTS_MAX, sizeof *client->batch);
    if (!client->batch || sg_crypto_init(&why) || !mkdtemp(w->folder) ||
        sg_device_key_make("satpolpp", "posko", &client->key, &why) ||
        sg_arena_init(&client->batch_arena, 80 << 20, &why) ||
        sg_arena_init(&client->frame_arena, 8 << 20, &why) ||
        sg_arena_init(&client->answer_arena, 4 << 20, &why) ||
        outbox_open(w->folder, &client->conf.store_id, "satpolpp", 1706500000000, &client->outbox,
                    &why))
        return -1;
    (void)snprintf(client->conf.data_path, sizeof client->conf.data_path, "%s", w->folder);
    (void)snprintf(w->path, sizeof w->path, "%s/data.csv", w->folder);
    (void)snprintf(w->result, sizeof w->result, "%s/data.result.csv", w->folder);
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    static const char *const names[] = {"outbox.mdb", "outbox.mdb-lock", "outbox.lock", "data.csv",
                                        "data.result.csv"};
    outbox_close(&w->client.outbox);
    sg_arena_done(&w->client.batch_arena);
    sg_arena_done(&w->client.frame_arena);
    sg_arena_done(&w->client.answer_arena);
    sg_device_key_free(&w->client.key);
    free(w->client.batch);
    for (size_t i = 0; i < SG_ARRAY_LEN(names); i++) {
        char path[160];
        (void)snprintf(path, sizeof path, "%s/%s", w->folder, names[i]);
        (void)unlink(path);
    }
    int rc = rmdir(w->folder); /* nothing of an import is left behind */
    free(w);
    return rc;
}

static void on_row(void *context, const struct sheet_row *row)
{
    static const char *const words[] = {[SHEET_NEW] = "NEW",
                                        [SHEET_KNOWN] = "KNOWN",
                                        [SHEET_CHANGED] = "CHANGED",
                                        [SHEET_BAD] = "BAD",
                                        [SHEET_SKIPPED] = "SKIPPED"};
    struct world *w = context;
    size_t len = strlen(w->told);
    (void)snprintf(w->told + len, sizeof w->told - len, "%llu %s %s", (unsigned long long)row->line,
                   words[row->status], row->key[0] ? row->key : row->value);
    len = strlen(w->told);
    if (row->status == SHEET_BAD || row->status == SHEET_CHANGED)
        (void)snprintf(w->told + len, sizeof w->told - len, " %s %s", row->code, row->column);
    (void)strcat(w->told, "; ");
    if (row->command[0])
        (void)snprintf(w->command, sizeof w->command, "%s", row->command);
    char *event = row->event ? json_dumps(row->event, JSON_COMPACT) : NULL;
    if (event)
        (void)snprintf(w->event, sizeof w->event, "%s", event);
    free(event);
    if (w->writer)
        sheet_result_add(w->writer, row);
}

static sinergi_status import_text(struct world *w, const char *map_text, const char *text, bool dry)
{
    SG_AUTO(sheet_map_free) struct sheet_map *map = map_of(map_text);
    FILE *file = fopen(w->path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) != EOF);
    assert_int_equal(fclose(file), 0);
    w->told[0] = w->command[0] = w->event[0] = '\0';
    const struct sheet_run run = {
        .path = w->path, .conf = "a b.conf", .dry_run = dry, .on_row = on_row, .context = w};
    return sheet_import(&w->client, map, &run, &w->counts);
}

static void takes_by(struct world *w, const char *map, const char *text, const char *want)
{
    sinergi_status status = import_text(w, map, text, false);
    if (status || strcmp(w->told, want) != 0)
        fail_msg("status %d (%s), told '%s', want '%s'", (int)status, w->client.error_en, w->told,
                 want);
}

static void takes(struct world *w, const char *text, const char *want)
{
    takes_by(w, MAP, text, want);
}

static uint64_t last_number(struct world *w)
{
    struct outbox_state current = {.last_number = 0};
    struct sg_why why = {0};
    UNIT_OK(outbox_current(w->client.outbox, &current, &why));
    return current.last_number;
}

/* The broker answers events first … first + count - 1; the `refused`-th of them is refused. */
static void answer(struct world *w, uint64_t first, size_t count, size_t refused,
                   PbOutcomeStatus good)
{
    PbOutcome outcomes[8], *list[8];
    PbError error = PB_ERROR__INIT;
    PbPublishResult result = PB_PUBLISH_RESULT__INIT;
    struct outbox_state current = {.last_number = 0};
    struct outbox_signer by = client_signer(&w->client);
    struct sg_why why = {0};
    char code[] = "E_BAD_CODE", text[] = "kode salah";
    UNIT_OK(outbox_current(w->client.outbox, &current, &why));
    error.has_code = 1;
    error.code = SG_ST_BAD_CODE;
    error.name = code;
    error.text_id = text;
    result.has_outbox_id = 1;
    result.outbox_id = (ProtobufCBinaryData){SG_ID_BYTES, current.id.b};
    result.outcomes = list;
    for (size_t i = 0; i < count; i++) {
        bool refuse = i + 1 == refused;
        pb_outcome__init(&outcomes[i]);
        outcomes[i].has_number = outcomes[i].has_status = 1;
        outcomes[i].has_seq = !refuse;
        outcomes[i].number = first + i;
        outcomes[i].seq = 100 + first + i;
        outcomes[i].status = refuse ? PB_OUTCOME_STATUS_REJECTED : good;
        outcomes[i].error = refuse ? &error : NULL;
        list[result.n_outcomes++] = &outcomes[i];
    }
    const struct outbox_seen seen = {.epoch = 0};
    UNIT_OK(outbox_answer(w->client.outbox, &by, &result, &seen, &w->client.frame_arena, &why));
    sg_arena_reset(&w->client.frame_arena, 0);
}

/* ---- telling apart ------------------------------------------------------------------------- */

static void rows_follow_the_table(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *name, *text, *want;
    } table[] = {
        {"titles, blank lines, a heading again, numbers of columns, a sum, a signature",
         "DAFTAR\n;;;\n" HEADING "1;2;3;4;5;6;7\n" ROW_1 "\n;;;;;;\n" HEADING ROW_2
         "Jumlah;2;;;;;\n;;;Kepala;;;\nMengetahui\n",
         "5 NEW BA-1 / 1; 9 NEW BA-1 / 2; 10 SKIPPED Jumlah; 11 SKIPPED Kepala; 12 SKIPPED "
         "Mengetahui; "},
        {"more cells, all empty", HEADING "BA-1;1;29/01/2024;Budi;L;Pasar;1;;;\n",
         "2 NEW BA-1 / 1; "},
        {"more cells", HEADING "BA-1;1;29/01/2024;Budi;L;Pasar;Baru;1\n" ROW_2,
         "2 BAD  E_FORMAT ; 3 NEW BA-1 / 2; "},
        {"fewer cells that are not needed", HEADING "BA-1;1;29/01/2024;Budi;L;Pasar\n",
         "2 NEW BA-1 / 1; "},
        {"fewer cells", HEADING "BA-1;1;29/01/2024\n" ROW_2,
         "2 BAD BA-1 / 1 E_MISSING_FIELD L/P; 3 NEW BA-1 / 2; "},
        {"a key that is not whole", HEADING "BA-1;;29/01/2024;Budi;L;Pasar;1\n",
         "2 BAD BA-1 E_MISSING_FIELD Urut; "},
        {"no date", HEADING "BA-1;1;;Budi;L;Pasar;1\n", "2 BAD BA-1 / 1 E_MISSING_FIELD Tanggal; "},
        {"a day to come", HEADING "BA-1;1;29/01/2068;Budi;L;Pasar;1\n",
         "2 BAD BA-1 / 1 E_FUTURE_TIME Tanggal; "},
        {"a dash is an empty cell", HEADING "BA-1;1;29/01/2024;-;L;–;-\n", "2 NEW BA-1 / 1; "},
        {"a value", HEADING "BA-1;1;29/01/2024;Budi;X;Pasar;1\n",
         "2 BAD BA-1 / 1 E_BAD_CODE L/P; "},
        {"out of range", HEADING "BA-1;1;29/01/2024;Budi;L;Pasar;21\n",
         "2 BAD BA-1 / 1 E_SCHEMA Anak; "},
        {"the same twice", HEADING ROW_1 ROW_2 ROW_1,
         "2 NEW BA-1 / 1; 3 NEW BA-1 / 2; 4 KNOWN BA-1 / 1; "},
        {"one key, two contents", HEADING ROW_1 "BA-1;1;29/01/2024;Budi;L;Lain;1\n",
         "2 NEW BA-1 / 1; 3 BAD BA-1 / 1 E_DUPLICATE_CONFLICT No. BA; "},
        {"a bad row does not take the key", HEADING "BA-1;1;29/01/2024;Budi;;Pasar;1\n" ROW_1,
         "2 BAD BA-1 / 1 E_MISSING_FIELD L/P; 3 NEW BA-1 / 1; "},
        {"line of a row that has line breaks",
         HEADING "BA-1;1;29/01/2024;\"Budi\nSantoso\";L;\"a\n\nb\";1\n" ROW_2,
         "2 NEW BA-1 / 1; 6 NEW BA-1 / 2; "},
        {"a letter that is none", HEADING "BA-1;1;29/01/2024;Andr\xe9 é é;L;Pasar;1\n",
         "2 BAD  E_FORMAT ; "},
        {"only a heading", HEADING, ""},
        {"a heading without its line end", "No. BA;Urut;Tanggal;Nama;L/P;Lokasi;Anak", ""},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(table); i++) {
        sinergi_status status = import_text(w, MAP, table[i].text, true);
        if (status || strcmp(w->told, table[i].want) != 0)
            fail_msg("%s: status %d (%s), told '%s', want '%s'", table[i].name, (int)status,
                     w->client.error_en, w->told, table[i].want);
    }
    assert_int_equal(last_number(w), 0); /* a dry run writes nothing */
}

static void a_list_is_filled_in_row_by_row(void **state)
{
    struct world *w = *state;
    static const char map[] = MAP "fill=(\"Nama\",\"L/P\");";
    takes_by(w, map, HEADING "BA-1;1;29/01/2024;;;Pasar;1\n" ROW_2,
             "2 SKIPPED BA-1; 3 NEW BA-1 / 2; ");
    assert_int_equal(w->counts.skipped, 1);
    takes_by(w, map, HEADING "BA-1;1;29/01/2024;Budi;;Pasar;1\n",
             "2 BAD BA-1 / 1 E_MISSING_FIELD L/P; "); /* begun: what is missing is told */
    takes_by(w, MAP, HEADING "BA-1;1;29/01/2024;;;Pasar;1\n",
             "2 BAD BA-1 / 1 E_MISSING_FIELD L/P; ");
}

static void the_event_says_what_the_row_says(void **state)
{
    struct world *w = *state;
    assert_int_equal(import_text(w, MAP, HEADING ROW_1, true), SINERGI_OK);
    static const char *const parts[] = {
        "\"person\":{\"fullName\":\"Budi\",\"sex\":\"MALE\",\"nameQuality\":\"FULL\"",
        "\"foundPlace\":\"Pasar\"",
        "\"childrenWith\":1",
        "\"suspectedPpks\":[\"PPKS_12\"]",
        "\"referralId\":\"018d5103-7e80-", /* 29 January 2024, 00.00 WIB */
        "\"occurredAt\":\"2024-01-29T00:00:00+07:00\",\"timeQuality\":\"DATE_ONLY\"",
        "\"actorRef\":\"pol-1\"",
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(parts); i++)
        if (!strstr(w->event, parts[i]))
            fail_msg("no %s in %s", parts[i], w->event);
    assert_int_equal(import_text(w, MAP, HEADING "BA-1;1;29/01/2024 08.15;B;L;P;\n", true),
                     SINERGI_OK);
    assert_non_null(strstr(w->event, "\"2024-01-29T08:15:00+07:00\",\"timeQuality\":\"EXACT\""));
    assert_null(strstr(w->event, "childrenWith"));
}

static void nothing_is_published_twice(void **state)
{
    struct world *w = *state;
    takes(w, HEADING ROW_1 ROW_2, "2 NEW BA-1 / 1; 3 NEW BA-1 / 2; ");
    assert_int_equal(last_number(w), 2);
    takes(w, HEADING ROW_1 ROW_2, "2 KNOWN BA-1 / 1; 3 KNOWN BA-1 / 2; ");
    /* other marks, order, columns and forms of the same */
    takes(w, "Urut,No. BA,L/P,Nama,Tanggal,Anak,Lokasi\n1,ba-1,Laki-laki,Budi,29-1-24,1,Pasar\n",
          "2 KNOWN ba-1 / 1; ");
    assert_int_equal(last_number(w), 2);
    assert_int_equal(
        import_text(w, "event=\"referral.submitted\"; name=\"lain\";" SHARED, HEADING ROW_1, false),
        SINERGI_OK); /* of another map it is another row */
    assert_int_equal(last_number(w), 3);
}

static void a_refused_row_is_published_again_under_its_id(void **state)
{
    struct world *w = *state;
    struct outbox_known first, second;
    struct sg_why why = {0};
    const char *const cells[] = {"BA-1", "2"};
    uint8_t name[OUTBOX_KEY_BYTES];
    key_name("satpolpp", &(struct key_parts){"razia", cells, 2}, name);
    takes(w, HEADING ROW_1 ROW_2, "2 NEW BA-1 / 1; 3 NEW BA-1 / 2; ");
    UNIT_OK(outbox_known(w->client.outbox, name, &first, &why));
    answer(w, 1, 2, 2, PB_OUTCOME_STATUS_ACCEPTED);
    takes(w, HEADING ROW_1 ROW_2, "2 KNOWN BA-1 / 1; 3 NEW BA-1 / 2; ");
    assert_int_equal(last_number(w), 3);
    UNIT_OK(outbox_known(w->client.outbox, name, &second, &why));
    assert_true(sg_id_equal(&first.key.object, &second.key.object));
    assert_false(sg_id_is_zero(&first.key.object));
    assert_int_equal(second.place.number, 3);
    takes(w, HEADING ROW_1 ROW_2, "2 KNOWN BA-1 / 1; 3 KNOWN BA-1 / 2; ");
}

/* ---- changes ------------------------------------------------------------------------------- */

static void a_changed_row_shows_its_command(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *row, *told, *sets;
    } table[] = {
        {"BA-1;1;29/01/2024;Budi;L;\"Kios \"\"A\"\" Kodim's $HOME\";1\n",
         "2 CHANGED BA-1 / 1  Lokasi; ",
         " --set 'found_place=Kios \"A\" Kodim'\\''s $HOME' --reason TYPO"},
        {"BA-1;1;29/01/2024;Budi;P;Pasar;2\n", "2 CHANGED BA-1 / 1  L/P; ",
         " --set person.sex=SEX_FEMALE --set children_with=2 --reason TYPO"},
        {"BA-1;1;29/01/2024;;L;Pasar;\n", "2 CHANGED BA-1 / 1  Nama; ",
         " --set person.full_name=null --set children_with=null --reason TYPO"},
        {"BA-1;1;29/01/2024;Budi;L;null;1\n", "2 CHANGED BA-1 / 1  Lokasi; ",
         " --set 'found_place=\"null\"' --reason TYPO"},
        {"BA-1;1;29/01/2024;Budi;L;[a];1\n", "2 CHANGED BA-1 / 1  Lokasi; ",
         " --set 'found_place=\"[a]\"' --reason TYPO"},
        {"BA-1;1;28/01/2024;Budi;L;Pasar;1\n", "2 CHANGED BA-1 / 1  Tanggal; ",
         " --annul --reason WRONG_DATE"},
    };
    takes(w, HEADING ROW_1, "2 NEW BA-1 / 1; ");
    for (size_t i = 0; i < SG_ARRAY_LEN(table); i++) {
        char text[512];
        (void)snprintf(text, sizeof text, "%s%s", HEADING, table[i].row);
        takes(w, text, table[i].told);
        size_t len = strlen(w->command), end = strlen(table[i].sets);
        if (strncmp(w->command, "sinergi -c 'a b.conf' correct ", 30) != 0 || len < end ||
            strcmp(w->command + len - end, table[i].sets) != 0)
            fail_msg("%s: command '%s'", table[i].row, w->command);
    }
    assert_int_equal(last_number(w), 1);
}

static json_t *correction(struct world *w, const char *found_place)
{
    struct outbox_state current = {.last_number = 0};
    struct sg_why why = {0};
    char id[SG_ID_TEXT];
    UNIT_OK(outbox_current(w->client.outbox, &current, &why));
    json_t *event =
        json_pack("{s:s,s:{s:{s:s,s:i},s:s,s:s,s:s}}", "actorRef", "pol-1", "eventCorrected",
                  "corrected", "outboxId", sg_id_print(&current.id, id), "number", 1, "action",
                  found_place ? "REPLACE" : "ANNUL", "reason", "TYPO", "discoveredAt",
                  "2024-02-01T00:00:00Z");
    assert_non_null(event);
    if (!found_place)
        return event;
    /* The payload of event 1 with another place, as the two byte strings of a replacement. */
    struct sg_bytes clear, personal;
    struct sg_event first;
    PbReplacement replacement = PB_REPLACEMENT__INIT;
    struct outbox_place at = {current.id, 1};
    struct sg_arena *arena = &w->client.frame_arena;
    UNIT_OK(outbox_event(w->client.outbox, &at, arena, &clear, &personal, &why));
    UNIT_OK(sg_event_reopen(clear, personal, arena, &first, &why));
    first.envelope->referral_submitted->found_place =
        sg_arena_text(arena, sg_bytes_of(found_place));
    UNIT_OK(sg_replacement_of(first.envelope, arena, &replacement, &why));
    json_t *json = sg_json_of(&replacement);
    assert_non_null(json);
    assert_int_equal(
        json_object_set_new(json_object_get(event, "eventCorrected"), "replacement", json), 0);
    sg_arena_reset(arena, 0);
    return event;
}

static void correct(struct world *w, const char *found_place)
{
    json_t *event = correction(w, found_place);
    if (draft_add(&w->client, event, NULL) || sinergi_commit(&w->client, NULL, NULL))
        fail_msg("%s", w->client.error_en);
    json_decref(event);
}

static void a_correction_makes_the_changed_row_known(void **state)
{
    struct world *w = *state;
    static const char changed[] = HEADING "BA-1;1;29/01/2024;Budi;L;Simpang;1\n",
                      other[] = HEADING "BA-1;1;29/01/2024;Budi;L;Pasar;2\n";
    takes(w, HEADING ROW_1, "2 NEW BA-1 / 1; ");
    takes(w, changed, "2 CHANGED BA-1 / 1  Lokasi; ");
    correct(w, "Simpang");
    takes(w, changed, "2 KNOWN BA-1 / 1; ");
    /* the file as it was: what was corrected by hand since is not put back by it */
    takes(w, HEADING ROW_1, "2 KNOWN BA-1 / 1; ");
    takes(w, other, "2 CHANGED BA-1 / 1  Anak; ");
    assert_null(strstr(w->command, "found_place"));
    assert_int_equal(last_number(w), 2);
}

static void an_annulled_row_is_published_anew_when_it_has_changed(void **state)
{
    struct world *w = *state;
    static const char moved[] = HEADING "BA-1;1;28/01/2024;Budi;L;Pasar;1\n";
    takes(w, HEADING ROW_1, "2 NEW BA-1 / 1; ");
    correct(w, NULL);
    takes(w, HEADING ROW_1, "2 KNOWN BA-1 / 1; "); /* annulled on purpose: it stays so */
    takes(w, moved, "2 NEW BA-1 / 1; ");
    takes(w, moved, "2 KNOWN BA-1 / 1; ");
    assert_int_equal(last_number(w), 3);
    const char *const cells[] = {"BA-1", "1"};
    struct sg_id id;
    struct sg_why why = {0};
    UNIT_OK(key_object(w->client.outbox, "satpolpp", &(struct key_parts){"razia", cells, 2},
                       &w->client.answer_arena, &id, &why));
    char text[SG_ID_TEXT];
    assert_memory_equal(sg_id_print(&id, text), "018d4bdd", 8); /* 28 January 2024 */
}

static void keys_are_the_same_however_they_are_written(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } table[] = {
        {"BA-1", "ba-1 ", true},
        {"29/01/2024", "2024-01-29", true},
        {"29/01/2024", "29 Januari 2024", true},
        {"29/01/2024", "30/01/2024", false},
        {"1471010101850001", "'1471 0101 0185 0001", true},
        {"12 3", "123", false},
        {"BA-1", "BA-2", false},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(table); i++) {
        uint8_t a[OUTBOX_KEY_BYTES], b[OUTBOX_KEY_BYTES];
        key_name("x", &(struct key_parts){"m", &table[i].a, 1}, a);
        key_name("x", &(struct key_parts){"m", &table[i].b, 1}, b);
        if ((memcmp(a, b, sizeof a) == 0) != table[i].same)
            fail_msg("'%s' and '%s'", table[i].a, table[i].b);
        key_name("y", &(struct key_parts){"m", &table[i].a, 1}, b);
        assert_memory_not_equal(a, b, sizeof a);
        key_name("x", &(struct key_parts){"n", &table[i].a, 1}, b);
        assert_memory_not_equal(a, b, sizeof a);
    }
    const char *const two[] = {"a", "bc"}, *const other[] = {"ab", "c"};
    uint8_t a[OUTBOX_KEY_BYTES], b[OUTBOX_KEY_BYTES];
    key_name("x", &(struct key_parts){"m", two, 2}, a);
    key_name("x", &(struct key_parts){"m", other, 2}, b);
    assert_memory_not_equal(a, b, sizeof a);
}

/* ---- the result ---------------------------------------------------------------------------- */

static void read_result(const struct world *w, char *to, size_t size)
{
    FILE *file = fopen(w->result, "re");
    assert_non_null(file);
    size_t len = fread(to, 1, size - 1, file);
    to[len] = '\0';
    (void)fclose(file);
}

static void the_result_learns_what_became_of_its_rows(void **state)
{
    struct world *w = *state;
    struct sg_why why = {0};
    struct sheet_result_counts counts;
    char text[8192];
    UNIT_OK(sheet_result_open(w->result, &w->writer, &why));
    takes(w,
          HEADING ROW_1 ROW_2 "BA-1;3;29/01/2024;\"=1+1; \"\"a\"\"\";X;\"dua\nbaris\";1\n"
                              "BA-1;4;29/01/2024;Adi;L;+628;1\n",
          "2 NEW BA-1 / 1; 3 NEW BA-1 / 2; 4 BAD BA-1 / 3 E_BAD_CODE L/P; 6 NEW BA-1 / 4; ");
    UNIT_OK(sheet_result_close(&w->writer, &why));
    assert_null(w->writer);
    read_result(w, text, sizeof text);
    assert_memory_equal(text,
                        "\xef\xbb\xbf"
                        "baris;kunci;status;kode;",
                        27);
    assert_non_null(strstr(text, "\r\n\"2\";\"BA-1 / 1\";\"antre\";\"\";"));
    assert_non_null(strstr(text, "\r\n\"4\";\"BA-1 / 3\";\"salah\";\"E_BAD_CODE\";\"L/P\";\"X\";"));

    UNIT_OK(sheet_result_refresh(&w->client, w->result, &counts, &why));
    assert_int_equal(counts.waiting, 3);
    assert_int_equal(counts.bad, 1);
    assert_false(counts.rewritten);

    /* imported again before the broker has answered: these rows wait with their events */
    UNIT_OK(sheet_result_open(w->result, &w->writer, &why));
    takes(w,
          HEADING ROW_1 ROW_2 "BA-1;3;29/01/2024;\"=1+1; \"\"a\"\"\";X;\"dua\nbaris\";1\n"
                              "BA-1;4;29/01/2024;Adi;L;+628;1\n",
          "2 KNOWN BA-1 / 1; 3 KNOWN BA-1 / 2; 4 BAD BA-1 / 3 E_BAD_CODE L/P; 6 KNOWN BA-1 / 4; ");
    UNIT_OK(sheet_result_close(&w->writer, &why));
    read_result(w, text, sizeof text);
    assert_non_null(strstr(text, "\r\n\"2\";\"BA-1 / 1\";\"antre\";"));

    answer(w, 1, 2, 2, PB_OUTCOME_STATUS_ACCEPTED);
    answer(w, 3, 1, 0, PB_OUTCOME_STATUS_PARKED);
    UNIT_OK(sheet_result_refresh(&w->client, w->result, &counts, &why));
    assert_true(counts.rewritten);
    assert_int_equal(counts.rows, 4);
    assert_int_equal(counts.accepted, 1);
    assert_int_equal(counts.refused, 1);
    assert_int_equal(counts.parked, 1);
    assert_int_equal(counts.waiting, 0);
    read_result(w, text, sizeof text);
    assert_non_null(strstr(text, "\"3\";\"BA-1 / 2\";\"ditolak\";\"E_BAD_CODE\";"));
    assert_non_null(strstr(text, "\"6\";\"BA-1 / 4\";\"ditunda\";"));
    struct stat st;
    assert_int_equal(stat(w->result, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);

    UNIT_OK(sheet_result_refresh(&w->client, w->result, &counts, &why));
    assert_false(counts.rewritten);
}

static void cells_of_the_result_are_no_formulas(void **state)
{
    struct world *w = *state;
    struct sg_why why = {0};
    struct sheet_result_counts counts;
    char text[4096], again[4096];
    const struct sheet_row row = {.line = 7,
                                  .status = SHEET_BAD,
                                  .key = "=HYPERLINK(\"x\")",
                                  .code = "E_SCHEMA",
                                  .column = "@a",
                                  .value = "+62",
                                  .rule_id = "-",
                                  .accepted_id = "a;b\r\n\"c\"",
                                  .command = "",
                                  .rule_en = "",
                                  .accepted_en = ""};
    UNIT_OK(sheet_result_open(w->result, &w->writer, &why));
    sheet_result_add(w->writer, &row);
    sheet_result_add_error(w->writer, "rusak", "broken");
    UNIT_OK(sheet_result_close(&w->writer, &why));
    read_result(w, text, sizeof text);
    assert_non_null(strstr(text, "\"7\";\"'=HYPERLINK(\"\"x\"\")\";\"salah\";\"E_SCHEMA\";\"'@a\";"
                                 "\"'+62\";\"'-\";"));
    assert_non_null(
        strstr(text, "\"\";\"\";\"salah\";\"E_FORMAT\";\"\";\"\";\"rusak\";\"broken\""));
    UNIT_OK(sheet_result_refresh(&w->client, w->result, &counts, &why));
    assert_int_equal(counts.bad, 2);
    read_result(w, again, sizeof again);
    assert_string_equal(text, again);

    FILE *file = fopen(w->result, "we");
    assert_non_null(file);
    (void)fputs("a;b\n1;2\n", file);
    (void)fclose(file);
    assert_int_equal(sheet_result_refresh(&w->client, w->result, &counts, &why), SG_E_FORMAT);
    (void)unlink(w->result);
    assert_int_equal(sheet_result_refresh(&w->client, w->result, &counts, &why), SG_E_NOT_FOUND);
    UNIT_OK(sheet_result_open(w->result, &w->writer, &why));
    sheet_result_drop(&w->writer); /* tear_down finds an empty folder */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
UNIT_MAIN(TEST(rows_follow_the_table), TEST(a_list_is_filled_in_row_by_row),
          TEST(the_event_says_what_the_row_says), TEST(nothing_is_published_twice),
          TEST(a_refused_row_is_published_again_under_its_id),
          TEST(a_changed_row_shows_its_command), TEST(a_correction_makes_the_changed_row_known),
          TEST(an_annulled_row_is_published_anew_when_it_has_changed),
          cmocka_unit_test(keys_are_the_same_however_they_are_written),
          TEST(the_result_learns_what_became_of_its_rows),
          TEST(cells_of_the_result_are_no_formulas))
