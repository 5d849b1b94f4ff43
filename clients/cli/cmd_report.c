/* cmd_report.c - sinergi report: the reports of the city, as a table, as CSV, as JSON. */
#include "cli/ask.h"

#include "kit/err.h"
#include "wire/day.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { REPORT_WAIT_MS = 120000, AGAIN_MS = 1000, CELL_TEXT_MAX = 64 };

static const struct report_title {
    const char *name, *id, *en;
} titles[] = {
    /* clang-format off */
    {"spm",       "Indikator SPM: gelandangan dan pengemis di luar panti", "SPM indicator: homeless people and beggars outside a home"},
    {"target",    "Target pelatihan tahunan", "Yearly training target"},
    {"time",      "Waktu dari rujukan sampai penempatan", "Time from referral to placement"},
    {"loop",      "Rujukan sampai tuntas", "Closed-loop rate of referrals"},
    {"seats",     "Kursi pelatihan", "Training seats"},
    {"relapse",   "Kembali ke jalan", "Relapse"},
    {"aftercare", "Bimbingan lanjut", "After-care"},
    {"equipment", "Peralatan", "Equipment"},
    {"children",  "Anak", "Children"},
    {"quality",   "Mutu data dan hak subjek data", "Data quality and rights"},
}; /* clang-format on */

static bool is_known(const char *name)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(titles); i++)
        if (strcmp(titles[i].name, name) == 0)
            return true;
    return false;
}

static int list(struct cli *cli)
{
    if (cli->json) {
        json_t *all = json_array();
        for (size_t i = 0; i < SG_ARRAY_LEN(titles); i++)
            (void)json_array_append_new(all, json_pack("{s:s, s:s, s:s}", "name", titles[i].name,
                                                       "titleId", titles[i].id, "titleEn",
                                                       titles[i].en));
        print_json(all);
        json_decref(all);
        return EXIT_DONE;
    }
    SG_AUTO(table_done) struct table table = {0};
    table_begin(&table, cli,
                (const char *const[]){"LAPORAN", "REPORT", "ISI", "WHAT IT SAYS", NULL});
    for (size_t i = 0; i < SG_ARRAY_LEN(titles); i++)
        table_row(&table,
                  (const char *const[]){titles[i].name, cli_word(cli, titles[i].id, titles[i].en)});
    table_print(&table);
    return EXIT_DONE;
}

/* ---- arguments ---- */

struct wish {
    const char *name, *from, *to, *year, *as_of;
    bool csv;
};

static bool is_date(const char *text)
{
    long parts[3] = {0};
    for (int i = 0, at = 0; i < 10; i++) { /* 2026-06-08 */
        bool dash = i == 4 || i == 7;
        if (dash ? text[i] != '-' : text[i] < '0' || text[i] > '9')
            return false;
        at += dash;
        parts[at] = dash ? 0 : parts[at] * 10 + (text[i] - '0');
    }
    return text[10] == '\0' &&
           sg_date_valid((int32_t)parts[0], (int32_t)parts[1], (int32_t)parts[2]);
}

static bool is_number(const char *text, unsigned long long least, unsigned long long most)
{
    char *end = NULL;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && !errno && !*end && n >= least && n <= most;
}

static int say_usage(const struct cli *cli, const char *id, const char *en)
{
    cli_say_texts(cli, id, en);
    return EXIT_USAGE;
}

/* The period of the wish; *to is filled from --year. EXIT_DONE, or the usage status. */
static int check(const struct cli *cli, struct wish *w, char from[16], char to[16])
{
    if (!is_known(w->name)) {
        cli_say(cli, "%s: tidak ada laporan itu, lihat sinergi report",
                "%s: there is no such report, see sinergi report", w->name);
        return EXIT_USAGE;
    }
    if ((w->from && !is_date(w->from)) || (w->to && !is_date(w->to)))
        return say_usage(cli, "--from dan --to perlu tanggal, misalnya 2026-01-31",
                         "--from and --to want a day, as 2026-01-31");
    if (w->year && !is_number(w->year, 1900, 9999))
        return say_usage(cli, "--year perlu tahun, misalnya 2026", "--year wants a year, as 2026");
    if (w->year && (w->from || w->to))
        return say_usage(cli, "--year atau --from dan --to, tidak keduanya",
                         "--year or --from and --to, not both");
    if (!w->from != !w->to)
        return say_usage(cli, "--from dan --to berlaku bersama", "--from and --to go together");
    if (w->from && strcmp(w->from, w->to) > 0)
        return say_usage(cli, "--from tidak boleh sesudah --to", "--from is not after --to");
    if (w->as_of && !is_number(w->as_of, 1, INT64_MAX))
        return say_usage(cli, "--as-of perlu nomor urut mulai 1", "--as-of wants a seq from 1");
    if (w->csv && cli->json)
        return say_usage(cli, "--csv atau --json, tidak keduanya", "--csv or --json, not both");
    if (!w->year)
        return EXIT_DONE;
    (void)snprintf(from, 16, "%.4s-01-01", w->year);
    (void)snprintf(to, 16, "%.4s-12-31", w->year);
    w->from = from;
    w->to = to;
    return EXIT_DONE;
}

static json_t *query_of(const struct wish *w)
{
    json_t *query = json_pack("{s:s, s:s}", "kind", "QUERY_KIND_REPORT", "report", w->name);
    if (w->from)
        (void)json_object_set_new(query, "from", json_string(w->from));
    if (w->to)
        (void)json_object_set_new(query, "to", json_string(w->to));
    if (w->as_of)
        (void)json_object_set_new(query, "asOf", json_string(w->as_of));
    return query;
}

/* ---- asking: it may take a while ---- */

struct progress {
    const struct cli *cli;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool runs, end;
};

static void *show(void *argument)
{
    struct progress *p = argument;
    (void)pthread_mutex_lock(&p->lock);
    for (int seconds = 1; !p->end; seconds++) {
        struct timespec until;
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec++;
        if (pthread_cond_timedwait(&p->ended, &p->lock, &until) == ETIMEDOUT && !p->end)
            (void)fprintf(stderr, "\r%s %d s ",
                          cli_word(p->cli, "menyusun laporan ...", "making the report ..."),
                          seconds);
    }
    (void)fprintf(stderr, "\r%*s\r", 40, "");
    (void)pthread_mutex_unlock(&p->lock);
    return NULL;
}

static void progress_start(struct progress *p, const struct cli *cli)
{
    *p = (struct progress){
        .cli = cli, .lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER};
    p->runs = isatty(STDERR_FILENO) && pthread_create(&p->thread, NULL, show, p) == 0;
}

static void progress_end(struct progress *p)
{
    if (!p->runs)
        return;
    (void)pthread_mutex_lock(&p->lock);
    p->end = true;
    (void)pthread_cond_signal(&p->ended);
    (void)pthread_mutex_unlock(&p->lock);
    (void)pthread_join(p->thread, NULL);
}

/* Somebody else's report may run: again, until the time is over. */
static sinergi_status ask(struct cli *cli, const char *query, char **out_text)
{
    int left_ms = cli_wait_ms(cli, REPORT_WAIT_MS);
    sinergi_status status;
    while ((status = sinergi_query_json(cli->client, query, left_ms, out_text)) == SINERGI_BUSY &&
           left_ms > AGAIN_MS) {
        const struct timespec pause = {.tv_sec = AGAIN_MS / 1000};
        (void)nanosleep(&pause, NULL);
        left_ms -= AGAIN_MS;
    }
    return status;
}

/* Parts of a section that pages have cut are one section again. */
static void join_sections(json_t *answer)
{
    json_t *joined = json_array(), *part, *last = NULL;
    size_t i;
    json_array_foreach(json_object_get(answer, "sections"), i, part)
    {
        if (last && strcmp(json_text(last, "name"), json_text(part, "name")) == 0) {
            json_t *rows = json_object_get(part, "rows");
            if (rows)
                (void)json_array_extend(json_object_get(last, "rows"), rows);
            continue;
        }
        if (!json_object_get(part, "rows"))
            (void)json_object_set_new(part, "rows", json_array());
        (void)json_array_append(joined, part);
        last = part;
    }
    (void)json_object_set_new(answer, "sections", joined);
}

/* ---- cells ---- */

static const char *cell_of(const struct cli *cli, const json_t *cell, char to[CELL_TEXT_MAX],
                           bool for_people)
{
    const char *kind = json_text(cell, "kind");
    long long n = json_long(cell, "number");
    bool count = strcmp(kind, "REPORT_CELL_KIND_COUNT") == 0;
    if (json_is_true(json_object_get(cell, "hidden")))
        return count ? "<5" : "*";
    if (strcmp(kind, "REPORT_CELL_KIND_NONE") == 0)
        return "n/a";
    if (strcmp(kind, "REPORT_CELL_KIND_TEXT") == 0) {
        const char *en = json_text(cell, "textEn");
        if (en[0])
            return cli_word(cli, json_text(cell, "text"), en);
        return for_people ? word_of(cli, json_text(cell, "text")) : json_text(cell, "text");
    }
    bool tenths =
        strcmp(kind, "REPORT_CELL_KIND_PERCENT") == 0 || strcmp(kind, "REPORT_CELL_KIND_DAYS") == 0;
    const char *about = for_people && json_is_true(json_object_get(cell, "rounded")) ? "~" : "";
    if (tenths)
        (void)snprintf(to, CELL_TEXT_MAX, "%s%lld.%lld", n < 0 ? "-" : "", llabs(n) / 10,
                       llabs(n) % 10);
    else
        (void)snprintf(to, CELL_TEXT_MAX, "%s%lld", about, n);
    return to;
}

static void print_section(struct cli *cli, const json_t *section)
{
    SG_AUTO(table_done) struct table table = {0};
    const char *words[2 * PRINT_COLUMNS_MAX + 1] = {NULL};
    const json_t *columns = json_object_get(section, "columns");
    size_t count = json_array_size(columns), i;
    json_t *row;
    if (count > PRINT_COLUMNS_MAX)
        count = PRINT_COLUMNS_MAX;
    for (i = 0; i < count; i++) {
        words[2 * i] = json_text(json_array_get(columns, i), "titleId");
        words[2 * i + 1] = json_text(json_array_get(columns, i), "titleEn");
    }
    printf("\n%s\n", cli_word(cli, json_text(section, "titleId"), json_text(section, "titleEn")));
    table_begin(&table, cli, words);
    json_array_foreach(json_object_get(section, "rows"), i, row)
    {
        char texts[PRINT_COLUMNS_MAX][CELL_TEXT_MAX];
        const char *cells[PRINT_COLUMNS_MAX] = {NULL};
        for (size_t c = 0; c < count; c++)
            cells[c] =
                cell_of(cli, json_array_get(json_object_get(row, "cells"), c), texts[c], true);
        table_row(&table, cells);
    }
    table_print(&table);
}

static void print_report(struct cli *cli, const json_t *answer)
{
    const json_t *head = json_object_get(answer, "report");
    char as_of[32], at[32];
    size_t i;
    json_t *section;
    printf("%s\n", cli_word(cli, json_text(head, "titleId"), json_text(head, "titleEn")));
    printf("%s %s - %s, %s %s (%s)\n", cli_word(cli, "Periode", "Period"), json_text(head, "from"),
           json_text(head, "to"), cli_word(cli, "menurut catatan sampai nomor", "as known at seq"),
           json_number(head, "asOf", as_of), json_time(head, "atMs", at));
    json_array_foreach(json_object_get(answer, "sections"), i, section) print_section(cli, section);
    if (json_is_true(json_object_get(head, "hides")))
        printf("\n%s\n", cli_word(cli,
                                  "<5: 1 sampai 4 orang; ~: dibulatkan; *: tidak ditampilkan, agar "
                                  "orang tidak dikenali",
                                  "<5: 1 to 4 persons; ~: rounded; *: not shown, so that nobody is "
                                  "recognised"));
}

/* ---- CSV (RFC 4180): one record a row, all of the same length ---- */

static void put_field(const char *text, bool first)
{
    bool quote = text[strcspn(text, ",\"\r\n")] != '\0';
    (void)fputs(first ? "" : ",", stdout);
    if (!quote) {
        (void)fputs(text, stdout);
        return;
    }
    (void)putchar('"');
    for (; *text; text++) {
        if (*text == '"')
            (void)putchar('"');
        (void)putchar(*text);
    }
    (void)putchar('"');
}

static void end_record(size_t fields, size_t width)
{
    for (; fields < width; fields++)
        (void)putchar(',');
    (void)fputs("\r\n", stdout);
}

static void print_csv(struct cli *cli, const json_t *answer)
{
    const json_t *sections = json_object_get(answer, "sections");
    size_t width = 0, s, i;
    json_t *section, *row;
    json_array_foreach(sections, s, section)
    {
        size_t count = json_array_size(json_object_get(section, "columns"));
        width = count > width ? count : width;
    }
    json_array_foreach(sections, s, section)
    {
        const json_t *columns = json_object_get(section, "columns");
        size_t count = json_array_size(columns);
        put_field("section", true);
        for (size_t c = 0; c < count; c++)
            put_field(json_text(json_array_get(columns, c), "name"), false);
        end_record(count, width);
        json_array_foreach(json_object_get(section, "rows"), i, row)
        {
            const json_t *cells = json_object_get(row, "cells");
            char text[CELL_TEXT_MAX];
            put_field(json_text(section, "name"), true);
            for (size_t c = 0; c < count; c++)
                put_field(cell_of(cli, json_array_get(cells, c), text, false), false);
            end_record(count, width);
        }
    }
}

static int make(struct cli *cli, const struct wish *w)
{
    SG_AUTO(sg_heap_done) char *text = NULL;
    SG_AUTO(print_json_done) json_t *answer = NULL;
    SG_AUTO(print_json_done) json_t *query = query_of(w);
    SG_AUTO(sg_heap_done) char *query_text = json_dumps(query, JSON_COMPACT);
    int opened = cli_open(cli);
    if (opened || !query_text)
        return opened ? opened : EXIT_LOCAL;
    struct progress progress;
    progress_start(&progress, cli);
    sinergi_status status = ask(cli, query_text, &text);
    progress_end(&progress);
    if (status)
        return cli_fail(cli, status);
    answer = json_loads(text, 0, NULL);
    if (!answer)
        return EXIT_LOCAL;
    join_sections(answer);
    if (cli->json)
        print_json(answer);
    else if (w->csv)
        print_csv(cli, answer);
    else
        print_report(cli, answer);
    return EXIT_DONE;
}

int cmd_report(struct cli *cli, int argc, char **argv)
{
    struct wish w = {0};
    char from[16] = "", to[16] = "";
    const struct cli_option options[] = {
        /* clang-format off */
        {.name = "--from", .argument = "DATE", .value = &w.from,
         .id = "hari pertama", .en = "the first day"},
        {.name = "--to", .argument = "DATE", .value = &w.to,
         .id = "hari terakhir", .en = "the last day"},
        {.name = "--year", .argument = "YEAR", .value = &w.year,
         .id = "tahun kalender", .en = "a calendar year"},
        {.name = "--as-of", .argument = "SEQ", .value = &w.as_of,
         .id = "menurut catatan sampai nomor itu", .en = "as known at that seq"},
        {.name = "--csv", .flag = &w.csv,
         .id = "CSV untuk lembar kerja", .en = "CSV for a spreadsheet"},
    }; /* clang-format on */
    if (!cli_options(cli, &argc, argv, options, SG_ARRAY_LEN(options)) || argc > 2)
        return cli_usage(argv[0]);
    if (argc == 1 && !w.from && !w.to && !w.year && !w.as_of && !w.csv)
        return list(cli);
    if (argc == 1)
        return cli_usage(argv[0]);
    w.name = argv[1];
    int status = check(cli, &w, from, to);
    return status ? status : make(cli, &w);
}
