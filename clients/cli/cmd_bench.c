/* cmd_bench.c - what this device and the way to the broker can do, measured beside the real data:
 * the disk in a temporary folder of its own, the processor on an event that nobody gets, the broker
 * with questions about its state. Nothing is published and nothing of the device's outbox or inbox
 * is written. */
#include "cli/print.h"

#include "kit/err.h"
#include "lib/box.h"
#include "lib/inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    WAIT_MS = 10000, /* for all of it */
    SAMPLES_MAX = 20000,
    ANSWERS_MAX = 1000, /* questions to the broker: it has other work */
    RECORD_BYTES = 1024,
    KEYS = 64, /* records are written over: the file stays small */
    PROGRESS_NS = 200000000,
};

struct bench {
    struct cli *cli;
    int64_t ns[SAMPLES_MAX]; /* of the measure that runs */
    size_t count;
    char folder[4096]; /* temporary; "" when there is none */
    struct box box;
    uint64_t round;
    int failed; /* exit status of what went wrong; it was said */
};

/* One unit of work; false: bench->failed says why. */
typedef bool bench_step(struct bench *bench);

struct measure {
    const char *name, *id, *en;
    bench_step *begin, *step;
    size_t samples_max;
};

/* ---- the disk ---------------------------------------------------------------------------- */

static bool disk_failed(struct bench *b, const char *why)
{
    cli_say(b->cli, "disk: %s", "disk: %s", why);
    b->failed = EXIT_LOCAL;
    return false;
}

static bool begin_disk(struct bench *b)
{
    static const char *const tables[] = {"records"};
    struct sg_why why = {0};
    int length =
        snprintf(b->folder, sizeof b->folder, "%s/bench-XXXXXX", b->cli->client->conf.data_path);
    if (length < 0 || (size_t)length >= sizeof b->folder || !mkdtemp(b->folder)) {
        b->folder[0] = '\0';
        return disk_failed(b, strerror(errno));
    }
    return box_open(b->folder, "bench.mdb", tables, SG_ARRAY_LEN(tables), &b->box, &why) == SG_OK ||
           disk_failed(b, why.text);
}

static bool commit_one(struct bench *b)
{
    static const uint8_t record[RECORD_BYTES];
    uint8_t key[8];
    sg_put_u64(key, b->round++ % KEYS);
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    struct sg_why why = {0};
    enum sg_err err = box_write(&b->box, &txn, &why);
    if (!err)
        err = box_put(&txn, b->box.tables[0], (struct sg_bytes){key, sizeof key},
                      (struct sg_bytes){record, sizeof record}, &why);
    if (!err)
        err = box_commit(&txn, &why);
    return err ? disk_failed(b, why.text) : true;
}

static void remove_folder(struct bench *b)
{
    static const char *const files[] = {"bench.mdb", "bench.mdb-lock"};
    char path[sizeof b->folder + 32];
    box_done(&b->box);
    for (size_t i = 0; b->folder[0] && i < SG_ARRAY_LEN(files); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", b->folder, files[i]);
        (void)unlink(path); /* one that was never made is not there */
    }
    if (b->folder[0] && rmdir(b->folder) != 0)
        cli_say(b->cli, "%s: tidak dapat dihapus: %s", "%s: cannot be removed: %s", b->folder,
                strerror(errno));
}

/* ---- the processor ----------------------------------------------------------------------- */

static bool add_one(struct bench *b)
{
    static const char event[] =
        "{\"occurredAt\":\"2024-01-08T01:00:00Z\",\"actorRef\":\"bench\",\"referralSubmitted\":{"
        "\"referralId\":\"018ce6f0-0000-7000-8000-000000000001\",\"kind\":\"INTAKE\","
        "\"targetAgency\":\"dinsos\",\"priority\":\"NORMAL_14D\",\"person\":{\"alias\":\"Bench\","
        "\"nameQuality\":\"ALIAS_ONLY\",\"sex\":\"MALE\",\"birthQuality\":\"UNKNOWN\","
        "\"nikStatus\":\"NONE\"},\"suspectedPpks\":[\"PPKS_11\"],\"foundRegion\":\"14.71.08\","
        "\"activity\":\"SLEEPING_ROUGH\",\"childrenWith\":0}}";
    sinergi_status status = sinergi_add_json(b->cli->client, event, sizeof event - 1);
    sinergi_discard(b->cli->client);
    b->failed = status ? cli_fail(b->cli, status) : EXIT_DONE;
    return status == SINERGI_OK;
}

static bool sign_one(struct bench *b)
{
    static const uint8_t digests[SG_FRAME_EVENTS_MAX * SG_HASH_BYTES];
    const struct sinergi *client = b->cli->client;
    struct sg_id outbox = {0};
    uint8_t signature[SG_SIGNATURE_BYTES];
    const struct sg_frame_claim claim = {.store_id = &client->conf.store_id,
                                         .outbox_id = &outbox,
                                         .agency = client->key->agency,
                                         .first_number = ++b->round,
                                         .count = SG_FRAME_EVENTS_MAX,
                                         .digests = digests};
    sg_frame_sign(&claim, client->key->sign_secret, signature);
    return true;
}

/* ---- the broker -------------------------------------------------------------------------- */

static bool ask_one(struct bench *b)
{
    SG_AUTO(sg_heap_done) char *text = NULL;
    sinergi_status status = sinergi_query_json(b->cli->client, "{\"kind\":\"QUERY_KIND_STATUS\"}",
                                               cli_wait_ms(b->cli, WAIT_MS), &text);
    b->failed = status ? cli_fail(b->cli, status) : EXIT_DONE;
    return status == SINERGI_OK;
}

/* ---- measuring --------------------------------------------------------------------------- */

static const struct measure measures[] = {
    /* clang-format off */
    {"commit", "tulis 1 KiB sampai di disk",     "write 1 KiB through to the disk",
     begin_disk, commit_one, SAMPLES_MAX},
    {"encode", "periksa dan susun satu rujukan", "check and encode one referral",
     NULL, add_one, SAMPLES_MAX},
    {"sign",   "tanda tangani 48 peristiwa",     "sign a frame of 48 events",
     NULL, sign_one, SAMPLES_MAX},
    {"query",  "tanya keadaan broker",           "ask the broker for its state",
     ask_one, ask_one, ANSWERS_MAX}, /* the first one connects */
}; /* clang-format on */

static void show_progress(const struct bench *b, const struct measure *m)
{
    if (!b->cli->json && isatty(STDERR_FILENO))
        (void)fprintf(stderr, "\r\033[K%s: %zu", cli_word(b->cli, m->id, m->en), b->count);
}

static void hide_progress(const struct bench *b)
{
    if (!b->cli->json && isatty(STDERR_FILENO))
        (void)fputs("\r\033[K", stderr);
}

/* At least once, then for budget_ns; false: it could not be measured, or was broken off. */
static bool take(struct bench *b, const struct measure *m, int64_t budget_ns)
{
    b->count = 0;
    if (m->begin && !m->begin(b))
        return false;
    int64_t begin_ns = client_mono_ns(), shown_ns = 0, before_ns = begin_ns;
    while (b->count < m->samples_max && (b->count == 0 || before_ns - begin_ns < budget_ns)) {
        if (cli_stopped() || !m->step(b))
            return false;
        int64_t after_ns = client_mono_ns();
        b->ns[b->count++] = after_ns - before_ns;
        if (after_ns - shown_ns >= PROGRESS_NS) {
            show_progress(b, m);
            shown_ns = after_ns;
        }
        before_ns = client_mono_ns();
    }
    hide_progress(b);
    return true;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* The smallest sample that `percent` of all do not exceed, in milliseconds. */
static double percentile(const struct bench *b, unsigned percent)
{
    size_t rank = (b->count * percent + 99) / 100;
    return (double)b->ns[rank ? rank - 1 : 0] / 1e6;
}

static void report(struct bench *b, const struct measure *m, struct table *table, json_t *all)
{
    static const unsigned percents[] = {50, 90, 99, 100};
    enum { COLUMNS = 3 + SG_ARRAY_LEN(percents) };
    char texts[COLUMNS][32];
    const char *row[COLUMNS] = {cli_word(b->cli, m->id, m->en)};
    double sum_ms = 0;
    for (size_t i = 0; i < b->count; i++)
        sum_ms += (double)b->ns[i] / 1e6;
    double per_s = sum_ms > 0 ? (double)b->count * 1e3 / sum_ms : 0;
    qsort(b->ns, b->count, sizeof b->ns[0], by_size);
    json_t *json = json_pack("{s:s, s:I, s:f}", "name", m->name, "count", (json_int_t)b->count,
                             "perSecond", per_s);
    (void)snprintf(texts[1], sizeof texts[1], "%zu", b->count);
    (void)snprintf(texts[2], sizeof texts[2], "%.0f", per_s);
    for (size_t i = 0; i < SG_ARRAY_LEN(percents); i++) {
        char name[32];
        (void)snprintf(texts[3 + i], sizeof texts[0], "%.3f ms", percentile(b, percents[i]));
        (void)snprintf(name, sizeof name, "p%uMs", percents[i]);
        (void)json_object_set_new(json, name, json_real(percentile(b, percents[i])));
    }
    for (size_t i = 1; i < COLUMNS; i++)
        row[i] = texts[i];
    table_row(table, row);
    (void)json_array_append_new(all, json);
}

static int measure_all(struct bench *b)
{
    struct cli *cli = b->cli;
    SG_AUTO(table_done) struct table table = {0};
    SG_AUTO(print_json_done) json_t *all = json_array();
    int64_t budget_ns = cli_wait_ms(cli, WAIT_MS) * MS_NS / (int64_t)SG_ARRAY_LEN(measures);
    table_begin(&table, cli,
                (const char *const[]){"UKURAN", "MEASURE", "JUMLAH", "COUNT", "PER DETIK",
                                      "PER SECOND", "SEPARUH", "HALF", "90 %", "90 %", "99 %",
                                      "99 %", "TERLAMA", "LONGEST", NULL});
    for (size_t i = 0; i < SG_ARRAY_LEN(measures) && !b->failed && !cli_stopped(); i++) {
        if (take(b, &measures[i], budget_ns))
            report(b, &measures[i], &table, all);
    }
    hide_progress(b);
    if (cli->json) {
        SG_AUTO(print_json_done) json_t *answer = json_pack("{s:O}", "measures", all);
        print_json(answer);
    } else {
        table_print(&table);
    }
    return b->failed;
}

int cmd_bench(struct cli *cli, int argc, char **argv)
{
    if (!cli_options(cli, &argc, argv, NULL, 0) || argc != 1)
        return cli_usage(argv[0]);
    int status = cli_open(cli);
    if (status)
        return status;
    cli_stop_at_signals(cli);
    struct bench *b = calloc(1, sizeof *b);
    if (!b)
        return EXIT_LOCAL;
    b->cli = cli;
    status = measure_all(b);
    remove_folder(b);
    free(b);
    return status;
}
