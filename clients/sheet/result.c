#include "sheet/result.h"

#include "lib/inside.h"
#include "sheet/fault.h"
#include "sheet/rows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COLUMNS = 10, PATH_ROOM = 4096 };
enum column { LINE, KEY, STATUS, CODE, COLUMN, VALUE, RULE, ACCEPTED, COMMAND, PLACE };

static const char heading[] =
    "\xef\xbb\xbf"
    "baris;kunci;status;kode;kolom;nilai;aturan;diterima;perintah;tempat\r\n";

static const char word_waiting[] = "antre", word_accepted[] = "diterima",
                  word_known[] = "sudah ada", word_changed[] = "berubah", word_bad[] = "salah",
                  word_refused[] = "ditolak", word_parked[] = "ditunda",
                  word_skipped[] = "dilewati";

struct sheet_result {
    char path[PATH_ROOM], temporary[PATH_ROOM];
    FILE *file;
    bool failed;
};

/* ---- writing ------------------------------------------------------------------------------- */

enum sg_err sheet_result_open(const char *path, struct sheet_result **out_result,
                              struct sg_why *why)
{
    SG_AUTO(sheet_result_drop) struct sheet_result *result = calloc(1, sizeof *result);
    if (!result)
        return sg_fail(why, SG_E_SYS, "no memory");
    int a = snprintf(result->path, sizeof result->path, "%s", path);
    int b = snprintf(result->temporary, sizeof result->temporary, "%s.tmp", path);
    if (a >= PATH_ROOM || b >= PATH_ROOM) {
        result->temporary[0] = '\0';
        return sg_fail(why, SG_E_SYS, "'%.100s…': the name is too long", path);
    }
    int fd = open(result->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    result->file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!result->file) {
        enum sg_err err = sg_fail(why, SG_E_SYS, "write '%s': %s", path, strerror(errno));
        sg_fd_done(&fd);
        return err;
    }
    result->failed = fputs(heading, result->file) == EOF;
    *out_result = SG_TAKE(result);
    return SG_OK;
}

/* Excel takes a cell that begins like a formula for one; an apostrophe makes it a text. */
static void put_cell(struct sheet_result *result, const char *text, bool last)
{
    FILE *to = result->file;
    (void)fputc('"', to); /* errors stay in the stream and are looked at by close */
    if (text[0] && strchr("=+-@\t\r", text[0]))
        (void)fputc('\'', to);
    for (; *text; text++) {
        if (*text == '"')
            (void)fputc('"', to);
        (void)fputc(*text, to);
    }
    (void)fputs(last ? "\"\r\n" : "\";", to);
}

static void put_row(struct sheet_result *result, const char *const cells[COLUMNS])
{
    for (int i = 0; i < COLUMNS; i++)
        put_cell(result, cells[i], i == COLUMNS - 1);
    result->failed |= ferror(result->file) != 0;
}

static const char *word_of_outcome(sinergi_outcome_status status)
{
    static const char *const words[] = {[SINERGI_PENDING] = word_waiting,
                                        [SINERGI_ACCEPTED] = word_accepted,
                                        [SINERGI_DUPLICATE] = word_accepted,
                                        [SINERGI_PARKED] = word_parked,
                                        [SINERGI_REJECTED] = word_refused};
    return words[status];
}

static const char *word_of_row(const struct sheet_row *row)
{
    switch (row->status) {
    case SHEET_NEW: return word_of_outcome(row->outcome);
    case SHEET_KNOWN:
        /* Published before, and not answered yet: this row waits with it. */
        return row->place.number && row->outcome != SINERGI_ACCEPTED &&
                       row->outcome != SINERGI_DUPLICATE
                   ? word_of_outcome(row->outcome)
                   : word_known;
    case SHEET_CHANGED: return word_changed;
    case SHEET_BAD: return word_bad;
    case SHEET_SKIPPED: return word_skipped;
    }
    return word_bad;
}

static const char *print_place(const sinergi_place *place, char to[SG_ID_TEXT + 32])
{
    struct sg_id outbox;
    char id[SG_ID_TEXT];
    memcpy(outbox.b, place->outbox_id, SINERGI_ID_BYTES);
    to[0] = '\0';
    if (place->number)
        (void)snprintf(to, SG_ID_TEXT + 32, "%s-%llu", sg_id_print(&outbox, id),
                       (unsigned long long)place->number);
    return to;
}

void sheet_result_add(struct sheet_result *result, const struct sheet_row *row)
{
    char line[24], place[SG_ID_TEXT + 32];
    (void)snprintf(line, sizeof line, "%llu", (unsigned long long)row->line);
    put_row(result,
            (const char *const[COLUMNS]){line, row->key, word_of_row(row), row->code, row->column,
                                         row->value, row->rule_id, row->accepted_id, row->command,
                                         print_place(&row->place, place)});
}

void sheet_result_add_error(struct sheet_result *result, const char *text_id, const char *text_en)
{
    put_row(result, (const char *const[COLUMNS]){"", "", word_bad, "E_FORMAT", "", "", text_id,
                                                 text_en, "", ""});
}

static enum sg_err sync_folder(const char *path, struct sg_why *why)
{
    char folder[PATH_ROOM];
    (void)snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = '\0';
    SG_AUTO(sg_fd_done)
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        return sg_fail(why, SG_E_SYS, "sync the folder of '%s': %s", path, strerror(errno));
    return SG_OK;
}

enum sg_err sheet_result_close(struct sheet_result **result, struct sg_why *why)
{
    SG_AUTO(sheet_result_drop) struct sheet_result *r = SG_TAKE(*result);
    bool good = fflush(r->file) == 0 && !r->failed && fsync(fileno(r->file)) == 0;
    good = fclose(SG_TAKE(r->file)) == 0 && good;
    if (!good || rename(r->temporary, r->path) != 0)
        return sg_fail(why, SG_E_SYS, "write '%s': %s", r->path, strerror(errno));
    r->temporary[0] = '\0';
    return sync_folder(r->path, why);
}

void sheet_result_drop(struct sheet_result **result)
{
    struct sheet_result *r = SG_TAKE(*result);
    if (!r)
        return;
    if (r->file)
        (void)fclose(r->file); /* thrown away */
    if (r->temporary[0])
        (void)unlink(r->temporary);
    free(r);
}

/* ---- looking again ------------------------------------------------------------------------- */

static bool is(const char *cell, const char *word)
{
    return strcmp(cell, word) == 0;
}

static bool read_place(const char *text, sinergi_place *out)
{
    struct sg_id id;
    char outbox[SG_ID_TEXT];
    const char *dash = strrchr(text, '-');
    char *end = NULL;
    if (!dash || dash - text != SG_ID_TEXT - 1)
        return false;
    (void)snprintf(outbox, sizeof outbox, "%s", text);
    if (sg_id_parse(outbox, &id) != SG_OK)
        return false;
    memcpy(out->outbox_id, id.b, SINERGI_ID_BYTES);
    out->number = strtoull(dash + 1, &end, 10);
    return end != dash + 1 && *end == '\0' && out->number > 0;
}

static void count(struct sheet_result_counts *counts, const char *status)
{
    const struct {
        const char *word;
        uint64_t *count;
    } by_word[] = {{word_waiting, &counts->waiting},   {word_parked, &counts->parked},
                   {word_accepted, &counts->accepted}, {word_known, &counts->known},
                   {word_changed, &counts->changed},   {word_bad, &counts->bad},
                   {word_refused, &counts->refused},   {word_skipped, &counts->skipped}};
    counts->rows++;
    for (size_t i = 0; i < SG_ARRAY_LEN(by_word); i++)
        if (is(status, by_word[i].word))
            ++*by_word[i].count;
}

/* What became of an open row since; `cells` is changed. False: nothing. */
static bool look_up(sinergi *client, const char *cells[COLUMNS])
{
    sinergi_place place;
    sinergi_outcome outcome;
    bool open_row = is(cells[STATUS], word_waiting) || is(cells[STATUS], word_parked);
    if (!open_row || !read_place(cells[PLACE], &place) ||
        sinergi_outcome_get(client, &place, &outcome) != SINERGI_OK)
        return false;
    const char *word = word_of_outcome(outcome.status);
    if (is(cells[STATUS], word))
        return false;
    cells[STATUS] = word;
    if (outcome.status == SINERGI_REJECTED) {
        cells[CODE] = outcome.code;
        cells[COLUMN] = outcome.object;
        cells[RULE] = outcome.text_id;
        cells[ACCEPTED] = outcome.accepted_id;
    }
    return true;
}

static enum sg_err not_ours(const char *path, uint64_t line, struct sg_why *why)
{
    return sg_fail(why, SG_E_FORMAT, "%s:%llu: not a result of an import, or it was edited", path,
                   (unsigned long long)line);
}

/* The apostrophe that stands in front of what looks like a formula is written again. */
static const char *plain(const char *cell)
{
    return cell[0] == '\'' && cell[1] && strchr("=+-@\t\r", cell[1]) ? cell + 1 : cell;
}

static enum sg_err copy_rows(sinergi *client, const char *path, struct rows *rows,
                             struct sheet_result *to, struct sheet_result_counts *counts,
                             struct sg_why *why)
{
    struct sheet_fault fault;
    const struct row *row = rows_next(rows, &fault);
    if (!row || row->count != COLUMNS || !is(row->cells[STATUS], "status"))
        return not_ours(path, 1, why);
    while ((row = rows_next(rows, &fault)) != NULL) {
        const char *cells[COLUMNS];
        if (row->count != COLUMNS)
            return not_ours(path, row->line, why);
        for (int i = 0; i < COLUMNS; i++)
            cells[i] = plain(row->cells[i]);
        counts->rewritten |= look_up(client, cells);
        count(counts, cells[STATUS]);
        put_row(to, cells);
    }
    return rows->failed ? not_ours(path, rows->line, why) : SG_OK;
}

enum sg_err sheet_result_refresh(sinergi *client, const char *path,
                                 struct sheet_result_counts *out_counts, struct sg_why *why)
{
    SG_AUTO(sg_fd_done) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    if (fd < 0)
        return sg_fail(why, errno == ENOENT ? SG_E_NOT_FOUND : SG_E_SYS, "open '%s': %s", path,
                       strerror(errno));
    if (fstat(fd, &st) < 0)
        return sg_fail(why, SG_E_SYS, "stat '%s': %s", path, strerror(errno));
    SG_AUTO(sg_heap_done) struct rows *rows = calloc(1, sizeof *rows);
    if (!rows)
        return sg_fail(why, SG_E_SYS, "no memory");
    SG_AUTO(sheet_result_drop) struct sheet_result *to = NULL;
    struct sheet_fault fault = {.code = ""};
    struct sheet_result_counts counts = {0};
    enum sg_err err = sheet_result_open(path, &to, why);
    if (err || !to)
        return err;
    if (!rows_open(rows, fd, st.st_size, ENCODING_UTF8, &fault) || !rows_begin(rows, ';', &fault))
        err = not_ours(path, 1, why);
    if (!err)
        err = copy_rows(client, path, rows, to, &counts, why);
    rows_done(rows);
    if (!err && counts.rewritten)
        err = sheet_result_close(&to, why);
    if (!err)
        *out_counts = counts;
    return err;
}
