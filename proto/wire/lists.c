#include "wire/lists.h"

#include "kit/check.h"
#include "wire/codec.h"
#include "wire/day.h"
#include "wire/keyfile.h"
#include "wire/scan.h"
#include "wire/sign.h"

#include <csv.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    COLUMNS_MAX = 7,
    CELL_MAX = 160,
    FILE_MAX = 4 << 20,
    CODE_MAX = 24, /* a code and zeros behind it; two keys to a cache line */
    HOLIDAYS = SG_LISTS,
    FILES = SG_LISTS + 1,
};

/* What a search touches stands apart from the labels. */
struct key {
    char code[CODE_MAX];
    int32_t from, to; /* days, inclusive */
};

struct labels {
    uint32_t id, en; /* offsets into texts */
};

struct list {
    size_t count;
    struct key *keys; /* sorted by code, then from */
    struct labels *labels;
    char *texts;
};

struct sg_lists {
    struct list lists[FILES]; /* the last one: holidays, code = date */
    char version[17];
};

enum column { CODE, LABEL_ID, LABEL_EN, VALID_FROM, VALID_TO, EXTRA_1, EXTRA_2 };

#define COLUMNS "code", "label_id", "label_en", "valid_from", "valid_to"

static const struct source {
    const char *file;
    const char *code_form; /* what a code looks like, for people */
    const char *columns[COLUMNS_MAX];
} sources[FILES] = {
    /* clang-format off */
    [SG_LIST_REGIONS] = {"regions.csv", "a region code such as 14.71.08 below a region of the list",
                         {COLUMNS}},
    [SG_LIST_COURSES] = {"courses.csv", "a code such as BARBER, of A-Z, 0-9 and _",
                         {COLUMNS, "kbji", "skkni"}},
    [SG_LIST_KITS] = {"kits.csv", "a code such as KIT-MOTOR-A", {COLUMNS, "course"}},
    [SG_LIST_PPKS] = {"ppks.csv", "PPKS_01 to PPKS_99", {COLUMNS}},
    [SG_LIST_SERVICES] = {"services.csv", "a code such as FOOD, of A-Z, 0-9 and _", {COLUMNS}},
    [HOLIDAYS] = {"holidays.csv", "a day such as 2026-05-01", {"date", "label_id", "label_en"}},
}; /* clang-format on */

/* ---- one row ---- */

struct row {
    struct key key;
    size_t line;
    char label_id[CELL_MAX], label_en[CELL_MAX], extra[CELL_MAX];
};

struct reader {
    char path[PATH_MAX];
    size_t list; /* index into sources */
    size_t column_count;
    char cells[COLUMNS_MAX][CELL_MAX];
    size_t cell, line, row_line; /* of the file, from 1; line on which the row began */
    bool heading_read;
    struct row *rows;
    size_t count, room;
    enum sg_err err;
    struct sg_why *why;
};

static void reader_done(struct reader *reader)
{
    free(reader->rows);
    reader->rows = NULL;
}

/* The first complaint stands. */
static void complain(struct reader *reader, size_t line, size_t column, const char *accepted)
{
    const struct source *source = &sources[reader->list];
    char number[24];
    const char *name = number;
    (void)snprintf(number, sizeof number, "%zu", column + 1);
    if (column < reader->column_count)
        name = source->columns[column];
    if (!reader->err)
        reader->err = sg_fail(reader->why, SG_E_CONF, "%s:%zu: column %s: want %s", reader->path,
                              line, name, accepted);
}

static bool parse_day(const char *text, int32_t *out)
{
    int32_t parts[3] = {0};
    static const int lengths[] = {4, 2, 2};
    const char *at = text;
    for (int i = 0; i < 3; i++) {
        if (i && *at++ != '-')
            return false;
        for (int j = 0; j < lengths[i]; j++, at++) {
            if (*at < '0' || *at > '9')
                return false;
            parts[i] = parts[i] * 10 + (*at - '0');
        }
    }
    if (*at || !sg_date_valid(parts[0], parts[1], parts[2]))
        return false;
    *out = sg_day_of(parts[0], parts[1], parts[2]);
    return true;
}

static bool word_valid(const char *code, const char *letters)
{
    size_t len = strlen(code);
    return len >= 2 && len < CODE_MAX && code[0] >= 'A' && code[0] <= 'Z' &&
           strspn(code, letters) == len;
}

static bool code_valid(size_t list, const char *code)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    static const char word[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    static const char digits[] = "0123456789";
    int32_t day;
    switch (list) {
    case SG_LIST_REGIONS: return sg_region_valid(sg_bytes_of(code), 1);
    case SG_LIST_KITS: return strncmp(code, "KIT-", 4) == 0 && word_valid(code, letters);
    case SG_LIST_PPKS:
        return strlen(code) == 7 && strncmp(code, "PPKS_", 5) == 0 && strspn(code + 5, digits) == 2;
    case HOLIDAYS: return parse_day(code, &day);
    default: return word_valid(code, word); /* courses and services */
    }
}

static void read_validity(struct reader *reader, struct key *key)
{
    size_t line = reader->row_line;
    const char *from = reader->cells[VALID_FROM], *to = reader->cells[VALID_TO];
    key->from = INT32_MIN;
    key->to = INT32_MAX;
    if (reader->list == HOLIDAYS) {
        (void)parse_day(reader->cells[CODE], &key->from); /* it was read before, as the code */
        key->to = key->from;
        return;
    }
    if (*from && !parse_day(from, &key->from))
        complain(reader, line, VALID_FROM, "a day such as 2021-01-01, or nothing");
    else if (*to && !parse_day(to, &key->to))
        complain(reader, line, VALID_TO, "a day such as 2020-12-31, or nothing");
    else if (key->from > key->to)
        complain(reader, line, VALID_TO, "a day not before valid_from");
}

static void check_extra(struct reader *reader)
{
    const char *extra = reader->cells[EXTRA_1];
    bool digits = strlen(extra) == 4 && strspn(extra, "0123456789") == 4;
    if (reader->list == SG_LIST_COURSES && *extra && !digits)
        complain(reader, reader->row_line, EXTRA_1, "a KBJI unit group of 4 digits, or nothing");
    else if (reader->list == SG_LIST_KITS && !code_valid(SG_LIST_COURSES, extra))
        complain(reader, reader->row_line, EXTRA_1, "a course of courses.csv");
}

static struct row *next_row(struct reader *reader)
{
    if (reader->count == reader->room) {
        size_t room = reader->room ? 2 * reader->room : 64;
        struct row *more = realloc(reader->rows, room * sizeof *more);
        if (!more) {
            reader->err = sg_fail(reader->why, SG_E_SYS, "out of memory");
            return NULL;
        }
        reader->rows = more;
        reader->room = room;
    }
    struct row *row = &reader->rows[reader->count++];
    memset(row, 0, sizeof *row);
    return row;
}

static void add_row(struct reader *reader)
{
    const struct source *source = &sources[reader->list];
    if (reader->cell != reader->column_count)
        complain(reader, reader->row_line, reader->cell, "as many columns as the heading has");
    else if (!code_valid(reader->list, reader->cells[CODE]))
        complain(reader, reader->row_line, CODE, source->code_form);
    else if (!reader->cells[LABEL_ID][0] || !reader->cells[LABEL_EN][0])
        complain(reader, reader->row_line, reader->cells[LABEL_ID][0] ? LABEL_EN : LABEL_ID,
                 "a label");
    struct row *row = reader->err ? NULL : next_row(reader);
    if (!row)
        return;
    row->line = reader->row_line;
    memcpy(row->key.code, reader->cells[CODE], strlen(reader->cells[CODE]));
    memcpy(row->label_id, reader->cells[LABEL_ID], CELL_MAX);
    memcpy(row->label_en, reader->cells[LABEL_EN], CELL_MAX);
    if (reader->column_count > EXTRA_1) {
        memcpy(row->extra, reader->cells[EXTRA_1], CELL_MAX);
        check_extra(reader);
    }
    read_validity(reader, &row->key);
}

/* ---- one file ---- */

static void check_heading(struct reader *reader)
{
    const struct source *source = &sources[reader->list];
    reader->heading_read = true;
    for (size_t i = 0; i < reader->column_count; i++)
        if (i >= reader->cell || strcmp(reader->cells[i], source->columns[i]) != 0)
            complain(reader, reader->row_line, i, "this name as heading");
    if (reader->cell > reader->column_count)
        complain(reader, reader->row_line, reader->column_count, "no further column");
}

static void take_cell(void *cell, size_t len, void *data)
{
    struct reader *reader = data;
    if (reader->cell == 0)
        reader->row_line = reader->line;
    if (reader->cell >= COLUMNS_MAX)
        complain(reader, reader->line, reader->cell, "no further column");
    else if (len >= CELL_MAX || !sg_utf8_valid((struct sg_bytes){cell, len}, true))
        complain(reader, reader->line, reader->cell, "plain UTF-8 text of less than 160 bytes");
    if (reader->err)
        return;
    memcpy(reader->cells[reader->cell], cell, len);
    reader->cells[reader->cell++][len] = '\0';
}

static void take_row(int end, void *data)
{
    struct reader *reader = data;
    (void)end;
    if (!reader->err && !reader->heading_read)
        check_heading(reader);
    else if (!reader->err)
        add_row(reader);
    reader->cell = 0;
}

static enum sg_err not_csv(struct reader *reader, struct csv_parser *parser)
{
    if (reader->err)
        return reader->err;
    const char *what = csv_error(parser) == CSV_EPARSE
                           ? "quotes around a whole cell, doubled inside it, or none"
                           : csv_strerror(csv_error(parser));
    complain(reader, reader->line, reader->cell, what);
    return reader->err;
}

/* Line by line, because libcsv does not tell where it is and passes over empty lines. */
static enum sg_err parse_text(struct reader *reader, const char *text, size_t len)
{
    SG_AUTO(csv_free) struct csv_parser parser = {0};
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL) != 0)
        return sg_fail(reader->why, SG_E_SYS, "the CSV parser cannot start");
    for (size_t at = 0; at < len && !reader->err;) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t size = end ? (size_t)(end - (text + at)) + 1 : len - at;
        reader->line++;
        if (csv_parse(&parser, text + at, size, take_cell, take_row, reader) != size)
            return not_csv(reader, &parser);
        at += size;
    }
    if (!reader->err && csv_fini(&parser, take_cell, take_row, reader) != 0)
        return not_csv(reader, &parser);
    if (!reader->err && reader->count == 0)
        return sg_fail(reader->why, SG_E_CONF, "%s: want a heading and at least one row",
                       reader->path);
    return reader->err;
}

static enum sg_err read_file(const char *path, char **out_text, size_t *out_len, struct sg_why *why)
{
    FILE *file = fopen(path, "rbe");
    if (!file)
        return sg_fail(why, SG_E_CONF, "%s: %s", path, strerror(errno));
    SG_AUTO(sg_heap_done) char *text = malloc(FILE_MAX);
    size_t len = text ? fread(text, 1, FILE_MAX, file) : 0;
    int error = !text ? ENOMEM : ferror(file) ? errno : 0;
    (void)fclose(file);
    if (error)
        return sg_fail(why, SG_E_CONF, "%s: %s", path, strerror(error));
    if (len == FILE_MAX)
        return sg_fail(why, SG_E_CONF, "%s: want less than 4 MiB", path);
    *out_text = SG_TAKE(text);
    *out_len = len;
    return SG_OK;
}

/* ---- a whole list ---- */

static int by_code(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    int order = memcmp(x->key.code, y->key.code, CODE_MAX);
    return order ? order : (x->key.from > y->key.from) - (x->key.from < y->key.from);
}

static enum sg_err sort_rows(struct reader *reader)
{
    qsort(reader->rows, reader->count, sizeof reader->rows[0], by_code);
    for (size_t i = 1; i < reader->count; i++) {
        const struct row *before = &reader->rows[i - 1], *row = &reader->rows[i];
        if (memcmp(before->key.code, row->key.code, CODE_MAX) != 0 ||
            row->key.from > before->key.to)
            continue;
        size_t first = before->line < row->line ? before->line : row->line;
        size_t second = before->line + row->line - first;
        return sg_fail(reader->why, SG_E_CONF,
                       "%s:%zu: column %s: want other days than line %zu has for %s", reader->path,
                       second, sources[reader->list].columns[CODE], first, row->key.code);
    }
    return SG_OK;
}

/* Sorted rows into memory without holes. */
static enum sg_err keep_rows(const struct reader *reader, struct list *list)
{
    size_t size = 0;
    SG_CHECK(reader->count > 0);
    for (size_t i = 0; i < reader->count; i++)
        size += strlen(reader->rows[i].label_id) + strlen(reader->rows[i].label_en) + 2;
    list->keys = calloc(reader->count, sizeof list->keys[0]);
    list->labels = calloc(reader->count, sizeof list->labels[0]);
    list->texts = malloc(size);
    if (!list->keys || !list->labels || !list->texts) {
        (void)sg_fail(reader->why, SG_E_SYS, "out of memory");
        return SG_E_SYS;
    }
    char *at = list->texts;
    for (size_t i = 0; i < reader->count; i++) {
        const struct row *row = &reader->rows[i];
        list->keys[i] = row->key;
        list->labels[i].id = (uint32_t)(at - list->texts);
        at = stpcpy(at, row->label_id) + 1;
        list->labels[i].en = (uint32_t)(at - list->texts);
        at = stpcpy(at, row->label_en) + 1;
    }
    list->count = reader->count;
    return SG_OK;
}

/* A region stands below a region of the list, a kit belongs to a course of the list. */
static enum sg_err check_links(struct reader *reader, const struct sg_lists *lists)
{
    for (size_t i = 0; i < reader->count; i++) {
        const struct row *row = &reader->rows[i];
        const char *dot = strrchr(row->key.code, '.');
        struct sg_bytes above = {(const uint8_t *)row->key.code,
                                 dot ? (size_t)(dot - row->key.code) : 0};
        if (reader->list == SG_LIST_REGIONS && dot &&
            !sg_lists_find(lists, SG_LIST_REGIONS, above, 0))
            complain(reader, row->line, CODE, sources[SG_LIST_REGIONS].code_form);
        if (reader->list == SG_LIST_KITS &&
            !sg_lists_find(lists, SG_LIST_COURSES, sg_bytes_of(row->extra), 0))
            complain(reader, row->line, EXTRA_1, "a course of courses.csv");
    }
    return reader->err;
}

static enum sg_err load_list(struct sg_lists *lists, size_t index, const char *folder,
                             uint8_t out_hash[SG_HASH_BYTES], struct sg_why *why)
{
    SG_AUTO(reader_done) struct reader reader = {.list = index, .why = why};
    (void)snprintf(reader.path, sizeof reader.path, "%s/%s", folder, sources[index].file);
    while (reader.column_count < COLUMNS_MAX && sources[index].columns[reader.column_count])
        reader.column_count++;
    SG_AUTO(sg_heap_done) char *text = NULL;
    size_t len = 0;
    enum sg_err err = read_file(reader.path, &text, &len, why);
    if (!err)
        err = parse_text(&reader, text, len);
    if (!err)
        err = sort_rows(&reader);
    if (!err)
        err = keep_rows(&reader, &lists->lists[index]);
    if (!err)
        err = check_links(&reader, lists);
    if (!err)
        sg_hash((struct sg_bytes){(const uint8_t *)text, len}, out_hash);
    return err;
}

enum sg_err sg_lists_load(const char *folder, struct sg_lists **out_lists, struct sg_why *why)
{
    uint8_t hashes[FILES][SG_HASH_BYTES], all[SG_HASH_BYTES];
    struct sg_lists *lists = calloc(1, sizeof *lists);
    if (!lists)
        return sg_fail(why, SG_E_SYS, "out of memory");
    for (size_t i = 0; i < FILES; i++) {
        enum sg_err err = load_list(lists, i, folder, hashes[i], why);
        if (err) {
            sg_lists_free(&lists);
            return err;
        }
    }
    sg_hash((struct sg_bytes){hashes[0], sizeof hashes}, all);
    sg_hex_print(all, 8, lists->version);
    *out_lists = lists;
    return SG_OK;
}

void sg_lists_free(struct sg_lists **lists)
{
    struct sg_lists *taken = SG_TAKE(*lists);
    for (size_t i = 0; taken && i < FILES; i++) {
        free(taken->lists[i].keys);
        free(taken->lists[i].labels);
        free(taken->lists[i].texts);
    }
    free(taken);
}

/* ---- asking ---- */

/* First key with this code; count when there is none. */
static size_t first_of(const struct list *list, struct sg_bytes code)
{
    char want[CODE_MAX] = {0};
    if (code.len == 0 || code.len >= CODE_MAX || memchr(code.ptr, 0, code.len))
        return list->count;
    memcpy(want, code.ptr, code.len);
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(list->keys[middle].code, want, CODE_MAX) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < list->count && memcmp(list->keys[low].code, want, CODE_MAX) == 0;
    return found ? low : list->count;
}

/* The last key of the run with this code that had begun on that day, else the first of the run. The
 * periods of one code do not overlap, so no other can be valid. */
static size_t nearest(const struct list *list, size_t first, int32_t day)
{
    size_t at = first;
    while (at + 1 < list->count && list->keys[at + 1].from <= day &&
           memcmp(list->keys[at + 1].code, list->keys[first].code, CODE_MAX) == 0)
        at++;
    return at;
}

enum sg_code_known sg_lists_find(const struct sg_lists *lists, enum sg_list list,
                                 struct sg_bytes code, int32_t day)
{
    const struct list *in = &lists->lists[list];
    size_t at = first_of(in, code);
    if (at == in->count)
        return SG_CODE_UNKNOWN;
    SG_CHECK(in->keys);
    const struct key *key = &in->keys[nearest(in, at, day)];
    return key->from <= day && day <= key->to ? SG_CODE_VALID : SG_CODE_OLD;
}

const char *sg_lists_label(const struct sg_lists *lists, enum sg_list list, struct sg_bytes code,
                           int32_t day, bool english)
{
    const struct list *in = &lists->lists[list];
    size_t at = first_of(in, code);
    if (at == in->count)
        return NULL;
    const struct labels *labels = &in->labels[nearest(in, at, day)];
    return in->texts + (english ? labels->en : labels->id);
}

static int levels_of(const char *code)
{
    int levels = 1;
    for (; *code; code++)
        levels += *code == '.';
    return levels;
}

const char *sg_lists_code(const struct sg_lists *lists, enum sg_list list, const char *label,
                          int32_t day, int least_levels)
{
    const struct list *in = &lists->lists[list];
    const struct key *found = NULL;
    for (size_t i = 0; i < in->count; i++) {
        const struct key *key = &in->keys[i];
        bool named = strcasecmp(in->texts + in->labels[i].id, label) == 0 ||
                     strcasecmp(in->texts + in->labels[i].en, label) == 0;
        if (!named || day < key->from || day > key->to || levels_of(key->code) < least_levels)
            continue;
        if (found)
            return NULL;
        found = key;
    }
    return found ? found->code : NULL;
}

/* Dates are written so that their order is the order of the days. */
bool sg_lists_holiday(const struct sg_lists *lists, int32_t day)
{
    const struct list *holidays = &lists->lists[HOLIDAYS];
    size_t low = 0, high = holidays->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (holidays->keys[middle].from < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low < holidays->count && holidays->keys[low].from == day;
}

const char *sg_lists_version(const struct sg_lists *lists)
{
    return lists->version;
}
