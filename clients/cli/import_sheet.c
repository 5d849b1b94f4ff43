/* import_sheet.c - sinergi import --map: a spreadsheet, row by row. */
#include "cli/import.h"

#include "kit/err.h"
#include "lib/inside.h"
#include "sheet/result.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BAR_WIDTH = 30 };

struct sheet_job {
    struct import import;
    struct sheet_result *result;
    const struct import_options *options;
    struct sheet_counts counts;
    bool no_memory;
};

/* ---- what is shown ------------------------------------------------------------------------- */

static const char *status_word(const struct cli *cli, enum sheet_status status, bool dry_run)
{
    static const char *const words[][2] = {[SHEET_NEW] = {"terbit", "published"},
                                           [SHEET_KNOWN] = {"sudah ada", "known"},
                                           [SHEET_CHANGED] = {"berubah", "changed"},
                                           [SHEET_BAD] = {"salah", "bad"},
                                           [SHEET_SKIPPED] = {"dilewati", "skipped"}};
    if (status == SHEET_NEW && dry_run)
        return cli_word(cli, "baru", "new");
    return cli_word(cli, words[status][0], words[status][1]);
}

/* A bar on a terminal; `done` of `all` bytes. */
static void show_bar(void *context, uint64_t done, uint64_t all)
{
    const struct sheet_job *job = context;
    struct cli *cli = job->import.cli;
    if (!job->options->dry_run) /* what is written goes out while the next rows are read */
        (void)sinergi_run(cli->client, SINERGI_UNTIL_TIMEOUT, 0);
    if (!job->import.progress || all == 0 || job->options->dry_run)
        return;
    char bar[BAR_WIDTH + 1];
    size_t filled = (size_t)(done * BAR_WIDTH / all);
    for (size_t i = 0; i < BAR_WIDTH; i++)
        bar[i] = i < filled ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    (void)fprintf(stderr, "\r[%s] %3llu %% (%llu / %llu KiB) ", bar,
                  (unsigned long long)(done * 100 / all), (unsigned long long)(done >> 10),
                  (unsigned long long)(all >> 10));
}

static void print_reason(const struct sheet_job *job, const struct sheet_row *row, FILE *to,
                         bool english)
{
    const char *rule = english ? row->rule_en : row->rule_id;
    const char *accepted = english ? row->accepted_en : row->accepted_id;
    (void)fprintf(to, "sinergi: %s:%llu: %s%s%s", job->import.path, (unsigned long long)row->line,
                  row->code, row->code[0] ? ": " : "", row->column);
    if (row->value[0])
        (void)fprintf(to, " '%s'", row->value);
    (void)fprintf(to, "%s%s", row->column[0] || row->value[0] ? ": " : "", rule);
    if (accepted[0])
        (void)fprintf(to, "; %s: %s", english ? "accepted" : "diterima", accepted);
    (void)fputc('\n', to);
}

static void print_problem(const struct sheet_job *job, const struct sheet_row *row)
{
    const struct cli *cli = job->import.cli;
    bool both = !cli->language && !cli->client->conf.language[0];
    import_clear(&job->import);
    print_reason(job, row, stderr, cli_english(cli));
    if (both)
        print_reason(job, row, stderr, true);
    if (row->command[0])
        (void)fprintf(stderr, "  %s\n", row->command);
}

static void print_row_json(const struct sheet_row *row)
{
    static const char *const names[] = {[SHEET_NEW] = "NEW",
                                        [SHEET_KNOWN] = "KNOWN",
                                        [SHEET_CHANGED] = "CHANGED",
                                        [SHEET_BAD] = "BAD",
                                        [SHEET_SKIPPED] = "SKIPPED"};
    SG_AUTO(print_json_done) json_t *json = json_object();
    const struct {
        const char *name, *text;
    } texts[] = {{"status", names[row->status]},
                 {"key", row->key},
                 {"code", row->code},
                 {"column", row->column},
                 {"value", row->value},
                 {"ruleId", row->rule_id},
                 {"ruleEn", row->rule_en},
                 {"acceptedId", row->accepted_id},
                 {"acceptedEn", row->accepted_en},
                 {"command", row->command}};
    if (!json || json_object_set_new(json, "line", json_integer((json_int_t)row->line)) != 0)
        return;
    for (size_t i = 0; i < SG_ARRAY_LEN(texts); i++)
        if (texts[i].text[0])
            (void)json_object_set_new(json, texts[i].name, json_string(texts[i].text));
    if (row->event)
        (void)json_object_set_new(json, "event", json_deep_copy(row->event));
    print_json(json);
}

static void print_dry(const struct sheet_job *job, const struct sheet_row *row)
{
    struct cli *cli = job->import.cli;
    if (cli->json) {
        print_row_json(row);
        return;
    }
    SG_AUTO(sg_heap_done)
    char *event = row->event ? json_dumps(row->event, JSON_COMPACT) : NULL;
    printf("%llu: %s: %s%s%s\n", (unsigned long long)row->line, status_word(cli, row->status, true),
           row->key[0] ? row->key : row->value, event ? "  " : "", event ? event : "");
}

static void take_row(void *context, const struct sheet_row *row)
{
    struct sheet_job *job = context;
    struct cli *cli = job->import.cli;
    if (job->options->dry_run)
        print_dry(job, row);
    bool problem = row->status == SHEET_BAD || row->status == SHEET_CHANGED;
    if (problem && !(job->options->dry_run && cli->json))
        print_problem(job, row);
    if (job->result)
        sheet_result_add(job->result, row);
    if (row->status == SHEET_NEW && !job->options->dry_run)
        job->no_memory |= !import_placed(&job->import, &row->place, row->line);
}

static void print_summary(const struct sheet_job *job)
{
    const struct cli *cli = job->import.cli;
    const struct sheet_counts *n = &job->counts;
    const uint64_t *outcomes = job->import.counts;
    bool dry_run = job->options->dry_run;
    const uint64_t by_status[] = {[SHEET_NEW] = n->published,
                                  [SHEET_KNOWN] = n->known,
                                  [SHEET_CHANGED] = n->changed,
                                  [SHEET_BAD] = n->bad,
                                  [SHEET_SKIPPED] = n->skipped};
    if (cli->json) {
        printf("{\"rows\":%llu,\"published\":%llu,\"known\":%llu,\"changed\":%llu,\"bad\":%llu,"
               "\"skipped\":%llu,\"empty\":%llu,\"accepted\":%llu,\"duplicate\":%llu,"
               "\"parked\":%llu,\"rejected\":%llu,\"unanswered\":%llu}\n",
               (unsigned long long)n->rows, (unsigned long long)n->published,
               (unsigned long long)n->known, (unsigned long long)n->changed,
               (unsigned long long)n->bad, (unsigned long long)n->skipped,
               (unsigned long long)n->empty, (unsigned long long)outcomes[SINERGI_ACCEPTED],
               (unsigned long long)outcomes[SINERGI_DUPLICATE],
               (unsigned long long)outcomes[SINERGI_PARKED],
               (unsigned long long)outcomes[SINERGI_REJECTED],
               (unsigned long long)outcomes[SINERGI_PENDING]);
        return;
    }
    printf("%llu %s: ", (unsigned long long)n->rows, cli_word(cli, "baris", "rows"));
    for (int i = SHEET_NEW; i <= SHEET_SKIPPED; i++)
        if (by_status[i] || i == SHEET_NEW)
            printf("%s%llu %s", i == SHEET_NEW ? "" : ", ", (unsigned long long)by_status[i],
                   status_word(cli, (enum sheet_status)i, dry_run));
    const char *mark = " (";
    for (int i = SINERGI_PENDING; i <= SINERGI_REJECTED; i++) {
        if (!outcomes[i])
            continue;
        printf("%s%llu %s", mark, (unsigned long long)outcomes[i],
               outcome_word(cli, (sinergi_outcome_status)i));
        mark = ", ";
    }
    puts(mark[0] == ' ' ? "" : ")");
}

/* ---- the import ---------------------------------------------------------------------------- */

static int say_why(const struct cli *cli, const struct sg_why *why)
{
    cli_say_texts(cli, why->text, why->text);
    return EXIT_LOCAL;
}

/* The result file takes in what has been answered by now. */
static int finish_result(struct sheet_job *job)
{
    struct sg_why why = {0};
    struct sheet_result_counts counts;
    if (!job->result)
        return EXIT_DONE;
    enum sg_err err = sheet_result_close(&job->result, &why);
    if (!err && !job->options->dry_run)
        err = sheet_result_refresh(job->import.cli->client, job->options->result, &counts, &why);
    return err ? say_why(job->import.cli, &why) : EXIT_DONE;
}

static int read_sheet(struct sheet_job *job, const struct sheet_map *map)
{
    struct cli *cli = job->import.cli;
    const struct sheet_run run = {.path = job->import.path,
                                  .conf = cli->conf_path,
                                  .dry_run = job->options->dry_run,
                                  .on_row = take_row,
                                  .on_progress = show_bar,
                                  .context = job};
    sinergi_status status = sheet_import(cli->client, map, &run, &job->counts);
    import_clear(&job->import);
    if (status && job->result)
        sheet_result_add_error(job->result, sinergi_error(cli->client, "id"),
                               sinergi_error(cli->client, "en"));
    if (status)
        return cli_fail(cli, status);
    return job->no_memory ? EXIT_LOCAL : EXIT_DONE;
}

static int import_all(struct sheet_job *job, const struct sheet_map *map)
{
    struct import *import = &job->import;
    struct cli *cli = import->cli;
    const struct import_options *options = job->options;
    sinergi_status waited = SINERGI_OK;
    bool wait = !options->no_wait && !options->dry_run;
    if (wait)
        waited = sinergi_run(cli->client, SINERGI_UNTIL_CONNECTED, IMPORT_CONNECT_MS);
    bool cut_off = waited != SINERGI_OK && waited != SINERGI_TIMEOUT && waited != SINERGI_BUSY;
    int wait_exit = cut_off ? cli_fail(cli, waited) : EXIT_DONE;
    int status = read_sheet(job, map);
    if (wait && !cut_off && status != EXIT_TIME && import->committed) {
        waited = import_wait(import);
        import_clear(import);
        wait_exit = waited ? cli_fail(cli, waited) : EXIT_DONE;
    }
    int reported = import_report(import);
    int resulted = finish_result(job);
    print_summary(job);
    const int in_turn[] = {status, reported, resulted, wait_exit};
    for (size_t i = 0; i < SG_ARRAY_LEN(in_turn); i++)
        if (in_turn[i] != EXIT_DONE)
            return in_turn[i];
    if (job->counts.bad || job->counts.changed || import->counts[SINERGI_REJECTED])
        return EXIT_REFUSED;
    return import->counts[SINERGI_PENDING] && wait ? EXIT_TIME : EXIT_DONE;
}

int import_sheet(struct cli *cli, const char *path, const struct import_options *options)
{
    SG_AUTO(sheet_map_free) struct sheet_map *map = NULL;
    struct sheet_job job = {.options = options};
    struct sg_why why = {0};
    if (sheet_map_read(options->map, &map, &why))
        return say_why(cli, &why);
    int status = cli_open(cli);
    if (status != EXIT_DONE)
        return status;
    if (options->result && sheet_result_open(options->result, &job.result, &why))
        return say_why(cli, &why);
    cli_stop_at_signals(cli);
    import_begin(&job.import, cli, path);
    job.import.map = map;
    status = import_all(&job, map);
    import_done(&job.import);
    sheet_result_drop(&job.result);
    return status;
}
