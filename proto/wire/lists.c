#include "wire/lists.h"

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

enum { COLUMNS_MAX = 8, CELL_MAX = 160, FILE_MAX = 4 << 20, HOLIDAYS = SG_LISTS };

struct entry {
    char *code, *label_id, *label_en;
    int32_t from, to; /* days, inclusive */
};

struct list {
    struct entry *entries; /* sorted by code, then from */
    size_t count, room;
};

struct sg_lists {
    struct list lists[SG_LISTS + 1]; /* the last one: holidays, code = date */
    char version[17];
};

static const struct source {
    const char *file;
    const char *columns[COLUMNS_MAX];
} sources[] = {
    /* clang-format off */
    [SG_LIST_REGIONS] = {"regions.csv", {"code", "label_id", "label_en", "valid_from", "valid_to"}},
    [SG_LIST_COURSES] = {"courses.csv", {"code", "label_id", "label_en", "valid_from", "valid_to", "kbji", "skkni"}},
    [SG_LIST_KITS] = {"kits.csv", {"code", "label_id", "label_en", "valid_from", "valid_to", "course"}},
    [SG_LIST_PPKS] = {"ppks.csv", {"code", "label_id", "label_en", "valid_from", "valid_to"}},
    [SG_LIST_SERVICES] = {"services.csv", {"code", "label_id", "label_en", "valid_from", "valid_to"}},
    [HOLIDAYS] = {"holidays.csv", {"date", "label_id", "label_en"}},
}; /* clang-format on */

/* ---- reading one file ---- */

struct reader {
    const char *path;
    const struct source *source;
    enum sg_list list;
    struct list *to;
    char cells[COLUMNS_MAX][CELL_MAX];
    size_t cell, column_count, line;
    enum sg_err err;
    struct sg_why *why;
};

static void complain(struct reader *reader, size_t column, const char *accepted)
{
    if (reader->err)
        return;
    const char *name = column < reader->column_count ? reader->source->columns[column] : "?";
    reader->err = sg_fail(reader->why, SG_E_CONF, "%s:%zu: column %s: want %s", reader->path,
                          reader->line, name, accepted);
}

static void take_cell(void *cell, size_t len, void *data)
{
    struct reader *reader = data;
    if (reader->cell >= COLUMNS_MAX || len >= CELL_MAX ||
        !sg_utf8_valid((struct sg_bytes){cell, len}, true)) {
        complain(reader, reader->cell, "at most 8 columns of plain UTF-8 text under 160 bytes");
        return;
    }
    memcpy(reader->cells[reader->cell], cell, len);
    reader->cells[reader->cell++][len] = '\0';
}

static bool parse_day(const char *text, int32_t *out)
{
    int year, month, day;
    char rest;
    if (strlen(text) != 10 || sscanf(text, "%4d-%2d-%2d%c", &year, &month, &day, &rest) != 3 ||
        !sg_date_valid(year, month, day))
        return false;
    *out = sg_day_of(year, month, day);
    return true;
}

static bool code_word(const char *code, const char *prefix)
{
    size_t len = strlen(code);
    if (len < 2 || len > 40 || strncmp(code, prefix, strlen(prefix)) != 0)
        return false;
    for (const char *c = code; *c; c++)
        if (!((*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '_' || *c == '-'))
            return false;
    return true;
}

static bool code_valid(enum sg_list list, const char *code)
{
    int32_t day;
    switch (list) {
    case SG_LIST_REGIONS: return sg_region_valid(sg_bytes_of(code), 1);
    case SG_LIST_KITS: return code_word(code, "KIT-");
    case SG_LIST_PPKS: return code_word(code, "PPKS_");
    case SG_LIST_COURSES:
    case SG_LIST_SERVICES: return code_word(code, "");
    case SG_LISTS: return parse_day(code, &day);
    }
    return false;
}

static bool read_validity(struct reader *reader, struct entry *entry)
{
    entry->from = INT32_MIN;
    entry->to = INT32_MAX;
    if (reader->list == (enum sg_list)HOLIDAYS)
        return true;
    if (reader->cells[3][0] && !parse_day(reader->cells[3], &entry->from))
        complain(reader, 3, "a day such as 2021-01-01, or nothing");
    else if (reader->cells[4][0] && !parse_day(reader->cells[4], &entry->to))
        complain(reader, 4, "a day such as 2020-12-31, or nothing");
    else if (entry->from > entry->to)
        complain(reader, 4, "a day not before valid_from");
    return reader->err == SG_OK;
}

static void add_entry(struct reader *reader)
{
    struct entry entry = {0};
    if (!code_valid(reader->list, reader->cells[0])) {
        complain(reader, 0, "a code of this list");
        return;
    }
    if (!reader->cells[1][0] || !reader->cells[2][0]) {
        complain(reader, reader->cells[1][0] ? 2 : 1, "a label");
        return;
    }
    if (!read_validity(reader, &entry))
        return;
    struct list *list = reader->to;
    if (list->count == list->room) {
        size_t room = list->room ? 2 * list->room : 64;
        struct entry *more = realloc(list->entries, room * sizeof *more);
        if (!more) {
            reader->err = sg_fail(reader->why, SG_E_SYS, "out of memory");
            return;
        }
        list->entries = more;
        list->room = room;
    }
    entry.code = strdup(reader->cells[0]);
    entry.label_id = strdup(reader->cells[1]);
    entry.label_en = strdup(reader->cells[2]);
    list->entries[list->count++] = entry;
    if (!entry.code || !entry.label_id || !entry.label_en)
        reader->err = sg_fail(reader->why, SG_E_SYS, "out of memory");
}

static void take_heading(struct reader *reader)
{
    for (size_t i = 0; i < COLUMNS_MAX && reader->source->columns[i]; i++)
        reader->column_count++;
    for (size_t i = 0; i < reader->column_count; i++)
        if (i >= reader->cell || strcmp(reader->cells[i], reader->source->columns[i]) != 0)
            complain(reader, i, "this heading");
}

static void take_row(int end, void *data)
{
    struct reader *reader = data;
    (void)end;
    reader->line++;
    if (!reader->err && reader->line == 1)
        take_heading(reader);
    else if (!reader->err && reader->cell != reader->column_count)
        complain(reader, reader->cell, "as many columns as the heading has");
    else if (!reader->err)
        add_entry(reader);
    reader->cell = 0;
}

static enum sg_err parse_text(struct reader *reader, const char *text, size_t len)
{
    struct csv_parser parser;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL) != 0)
        return sg_fail(reader->why, SG_E_SYS, "the CSV parser cannot start");
    size_t done = csv_parse(&parser, text, len, take_cell, take_row, reader);
    bool whole = done == len && csv_fini(&parser, take_cell, take_row, reader) == 0;
    if (!whole && !reader->err)
        reader->err = sg_fail(reader->why, SG_E_CONF, "%s:%zu: not CSV: %s", reader->path,
                              reader->line + 1, csv_strerror(csv_error(&parser)));
    csv_free(&parser);
    return reader->err;
}

static enum sg_err read_file(const char *path, char **out_text, size_t *out_len,
                             struct sg_why *why)
{
    FILE *file = fopen(path, "rbe");
    if (!file)
        return sg_fail(why, SG_E_CONF, "%s: %s", path, strerror(errno));
    char *text = malloc(FILE_MAX);
    size_t len = text ? fread(text, 1, FILE_MAX, file) : 0;
    bool bad = !text || ferror(file) || len == FILE_MAX;
    (void)fclose(file);
    if (bad) {
        free(text);
        return sg_fail(why, SG_E_CONF, "%s: cannot be read, or is larger than 4 MiB", path);
    }
    *out_text = text;
    *out_len = len;
    return SG_OK;
}

/* ---- a whole list ---- */

static int by_code(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = strcmp(x->code, y->code);
    return order ? order : (x->from > y->from) - (x->from < y->from);
}

static enum sg_err check_list(const struct list *list, const char *path, struct sg_why *why)
{
    if (list->count == 0)
        return sg_fail(why, SG_E_CONF, "%s: no entry", path);
    for (size_t i = 1; i < list->count; i++) {
        const struct entry *before = &list->entries[i - 1], *entry = &list->entries[i];
        if (strcmp(before->code, entry->code) == 0 && entry->from <= before->to)
            return sg_fail(why, SG_E_CONF, "%s: code %s stands twice for the same days", path,
                           entry->code);
    }
    return SG_OK;
}

static enum sg_err load_list(struct sg_lists *lists, size_t index, const char *folder,
                             uint8_t hash[SG_HASH_BYTES], struct sg_why *why)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", folder, sources[index].file);
    SG_AUTO(sg_heap_done) char *text = NULL;
    size_t len = 0;
    enum sg_err err = read_file(path, &text, &len, why);
    if (err)
        return err;
    struct reader reader = {.path = path,
                            .source = &sources[index],
                            .list = (enum sg_list)index,
                            .to = &lists->lists[index],
                            .why = why};
    err = parse_text(&reader, text, len);
    if (err)
        return err;
    struct list *list = &lists->lists[index];
    if (list->count)
        qsort(list->entries, list->count, sizeof list->entries[0], by_code);
    sg_hash((struct sg_bytes){(const uint8_t *)text, len}, hash);
    return check_list(list, path, why);
}

enum sg_err sg_lists_load(const char *folder, struct sg_lists **out_lists, struct sg_why *why)
{
    uint8_t hashes[SG_LISTS + 1][SG_HASH_BYTES], all[SG_HASH_BYTES];
    SG_AUTO(sg_lists_free) struct sg_lists *lists = calloc(1, sizeof *lists);
    if (!lists)
        return sg_fail(why, SG_E_SYS, "out of memory");
    for (size_t i = 0; i <= SG_LISTS; i++) {
        enum sg_err err = load_list(lists, i, folder, hashes[i], why);
        if (err)
            return err;
    }
    sg_hash((struct sg_bytes){hashes[0], sizeof hashes}, all);
    sg_hex_print(all, 8, lists->version);
    *out_lists = SG_TAKE(lists);
    return SG_OK;
}

void sg_lists_free(struct sg_lists **lists)
{
    struct sg_lists *taken = SG_TAKE(*lists);
    for (size_t i = 0; taken && i <= SG_LISTS; i++) {
        for (size_t j = 0; j < taken->lists[i].count; j++) {
            free(taken->lists[i].entries[j].code);
            free(taken->lists[i].entries[j].label_id);
            free(taken->lists[i].entries[j].label_en);
        }
        free(taken->lists[i].entries);
    }
    free(taken);
}

/* ---- asking ---- */

static int compare(struct sg_bytes code, const char *with)
{
    size_t len = strlen(with);
    int order = memcmp(code.ptr, with, code.len < len ? code.len : len);
    return order ? order : (code.len > len) - (code.len < len);
}

/* First entry with this code; count when there is none. */
static size_t first_of(const struct list *list, struct sg_bytes code)
{
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (compare(code, list->entries[middle].code) > 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < list->count && compare(code, list->entries[low].code) == 0;
    return found ? low : list->count;
}

static const struct entry *valid_on(const struct list *list, struct sg_bytes code, int32_t day,
                                    bool *out_known)
{
    size_t i = first_of(list, code);
    *out_known = i < list->count;
    for (; i < list->count && compare(code, list->entries[i].code) == 0; i++)
        if (list->entries[i].from <= day && day <= list->entries[i].to)
            return &list->entries[i];
    return NULL;
}

enum sg_code_known sg_lists_find(const struct sg_lists *lists, enum sg_list list,
                                 struct sg_bytes code, int32_t day)
{
    bool known;
    if (valid_on(&lists->lists[list], code, day, &known))
        return SG_CODE_VALID;
    return known ? SG_CODE_OLD : SG_CODE_UNKNOWN;
}

const char *sg_lists_label(const struct sg_lists *lists, enum sg_list list, struct sg_bytes code,
                           int32_t day, bool english)
{
    bool known;
    const struct entry *entry = valid_on(&lists->lists[list], code, day, &known);
    if (!entry && known)
        entry = &lists->lists[list].entries[first_of(&lists->lists[list], code)];
    return !entry ? NULL : english ? entry->label_en : entry->label_id;
}

bool sg_lists_holiday(const struct sg_lists *lists, int32_t day)
{
    int32_t year, month, of_month;
    char text[32];
    sg_day_split(day, &year, &month, &of_month);
    (void)snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, of_month);
    return first_of(&lists->lists[HOLIDAYS], sg_bytes_of(text)) < lists->lists[HOLIDAYS].count;
}

const char *sg_lists_version(const struct sg_lists *lists)
{
    return lists->version;
}
