#include "sheet/head.h"

#include "sheet/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_ROWS = 64, MARKS = 4 };

static const char marks[MARKS] = {';', ',', '\t', '|'};

/* What fits best so far. */
struct best {
    size_t score, filled;
    uint64_t number;
    char delimiter;
};

struct search {
    const struct sheet_map *map;
    char (*wanted)[TEXT_FOLDED_MAX]; /* names of all headings, folded, one after the other */
    char (*cells)[TEXT_FOLDED_MAX];  /* of the row at hand */
    size_t count;
};

static void search_done(struct search *search)
{
    free(search->wanted);
    free(search->cells);
}

static bool search_begin(struct search *search, const struct sheet_map *map)
{
    size_t names = 0;
    for (size_t i = 0; i < map->heading_count; i++)
        names += map->headings[i].name_count;
    *search = (struct search){.map = map,
                              .wanted = malloc((names + 1) * TEXT_FOLDED_MAX),
                              .cells = malloc(ROW_CELLS_MAX * (size_t)TEXT_FOLDED_MAX)};
    if (!search->wanted || !search->cells)
        return false;
    names = 0;
    for (size_t i = 0; i < map->heading_count; i++)
        for (size_t j = 0; j < map->headings[i].name_count; j++)
            text_fold_heading(map->headings[i].names[j], search->wanted[names++]);
    return true;
}

static void fold_row(struct search *search, const struct row *row)
{
    search->count = row->count;
    for (size_t i = 0; i < row->count; i++)
        text_fold_heading(row->cells[i], search->cells[i]);
}

/* Columns that say `name`; the first two. */
static size_t find_name(const struct search *search, const char *name, int found[2])
{
    size_t count = 0;
    for (size_t i = 0; i < search->count; i++) {
        if (strcmp(search->cells[i], name) != 0)
            continue;
        if (count < 2)
            found[count] = (int)i;
        count++;
    }
    return count;
}

/* "tanggal#2": the second column of that heading. */
static int find_numbered(const struct search *search, const char *name)
{
    const char *hash = strrchr(name, '#');
    char plain[TEXT_FOLDED_MAX];
    if (!hash || hash == name || hash[1] < '1' || hash[1] > '9' || hash[2])
        return -1;
    (void)snprintf(plain, sizeof plain, "%.*s", (int)(hash - name), name);
    text_fold_heading(plain, plain);
    int nth = hash[1] - '0';
    for (size_t i = 0; i < search->count; i++)
        if (strcmp(search->cells[i], plain) == 0 && --nth == 0)
            return (int)i;
    return -1;
}

/* Column of one heading: -1 when there is none; *twice: the other one of the same heading. */
static int column_of(const struct search *search, size_t heading, size_t first_name, int *twice)
{
    *twice = -1;
    for (size_t j = 0; j < search->map->headings[heading].name_count; j++) {
        const char *name = search->wanted[first_name + j];
        int found[2] = {-1, -1};
        size_t count = find_name(search, name, found);
        if (count == 0)
            found[0] = find_numbered(search, name);
        if (found[0] < 0)
            continue;
        *twice = found[1];
        return found[0];
    }
    return -1;
}

static size_t score_row(const struct search *search)
{
    size_t score = 0, name = 0;
    for (size_t i = 0; i < search->map->heading_count; i++) {
        int twice;
        score += column_of(search, i, name, &twice) >= 0;
        name += search->map->headings[i].name_count;
    }
    return score;
}

static bool look(struct rows *rows, struct search *search, char delimiter, struct best *best,
                 struct sheet_fault *fault)
{
    if (!rows_begin(rows, delimiter, fault))
        return false;
    for (int i = 0; i < LOOK_ROWS; i++) {
        const struct row *row = rows_next(rows, fault);
        if (!row)
            break; /* what is wrong with the file is told when it is read with the right mark */
        fold_row(search, row);
        size_t score = score_row(search);
        if (score > best->score || (best->score == 0 && row->filled > best->filled))
            *best = (struct best){score, row->filled, row->number, delimiter};
    }
    return true;
}

/* ---- what is missing ----------------------------------------------------------------------- */

const char *head_letters(size_t column, char to[8])
{
    char back[8];
    size_t len = 0;
    for (size_t n = column + 1; n > 0 && len < sizeof back - 1; n = (n - 1) / 26)
        back[len++] = (char)('A' + (n - 1) % 26);
    for (size_t i = 0; i < len; i++)
        to[i] = back[len - 1 - i];
    to[len] = '\0';
    return to;
}

static bool refuse_missing(const struct head *head, const struct map_heading *heading,
                           struct sheet_fault *fault)
{
    char wanted[160] = "", there[300] = "", near[100] = "", folded[TEXT_FOLDED_MAX];
    for (size_t i = 0; i < heading->name_count; i++)
        text_list(wanted, sizeof wanted, heading->names[i]);
    text_fold_heading(heading->names[0], folded);
    for (size_t i = 0; i < head->width; i++) {
        char other[TEXT_FOLDED_MAX];
        if (!head->names[i][0])
            continue;
        text_list(there, sizeof there, head->names[i]);
        text_fold_heading(head->names[i], other);
        if (text_distance(folded, other) <= strlen(folded) / 4 + 1)
            text_list(near, sizeof near, head->names[i]);
    }
    FAULT_PUT(fault->column, heading->names[0]);
    (void)fault_say(fault, "E_FORMAT", "kolom '%s' tidak ada; baris judul yang terbaca: baris %llu",
                    "there is no column '%s'; the heading was read from line %llu", wanted,
                    (unsigned long long)head->line);
    if (near[0])
        return fault_accept(fault, "mungkin '%s'? Judul yang ada: %s",
                            "perhaps '%s'? Headings that are there: %s", near, there);
    return fault_accept(fault, "judul yang ada: %s", "headings that are there: %s", there);
}

static bool refuse_twice(const struct head *head, size_t a, size_t b, struct sheet_fault *fault)
{
    char first[8], second[8];
    (void)head_letters(a, first);
    (void)head_letters(b, second);
    FAULT_PUT(fault->column, head->names[a]);
    (void)fault_say(fault, "E_FORMAT", "judul '%s' ada dua kali: kolom %s dan %s",
                    "the heading '%s' stands twice: columns %s and %s", head->names[a], first,
                    second);
    return fault_accept(
        fault, "beri salah satu judul lain, atau tulis \"%s#1\" atau \"%s#2\" di peta",
        "give one of them another heading, or write \"%s#1\" or \"%s#2\" in the map",
        head->names[a], head->names[a]);
}

static bool refuse_none(const struct head *head, struct sheet_fault *fault)
{
    char there[300] = "";
    for (size_t i = 0; i < head->width; i++)
        if (head->names[i][0])
            text_list(there, sizeof there, head->names[i]);
    (void)fault_say(fault, "E_FORMAT", "tidak ada baris judul dengan kolom yang disebut peta",
                    "no row has the headings that the map names");
    if (!there[0])
        return fault_accept(fault, "tabel dengan satu baris judul", "a table with a heading");
    return fault_accept(fault, "baris %llu berisi: %s", "line %llu says: %s",
                        (unsigned long long)head->line, there);
}

/* ---- the heading --------------------------------------------------------------------------- */

static bool keep_names(struct head *head, const struct row *row)
{
    size_t bytes = 0;
    for (size_t i = 0; i < row->count; i++) {
        bytes += strlen(row->cells[i]) + 1;
        if (row->cells[i][0])
            head->width = i + 1;
    }
    head->texts = malloc(bytes + 1);
    head->names = calloc(head->width + 1, sizeof *head->names);
    if (!head->texts || !head->names)
        return false;
    char *to = head->texts;
    for (size_t i = 0; i < head->width; i++) {
        size_t size = strlen(row->cells[i]) + 1;
        memcpy(to, row->cells[i], size);
        head->names[i] = text_clean(to, false);
        to += size;
    }
    return true;
}

static bool resolve(const struct search *search, size_t score, struct head *head,
                    struct sheet_fault *fault)
{
    const struct sheet_map *map = search->map;
    size_t name = 0;
    if (score == 0)
        return refuse_none(head, fault);
    for (size_t i = 0; i < map->heading_count; i++) {
        int twice;
        head->column_of[i] = column_of(search, i, name, &twice);
        name += map->headings[i].name_count;
        if (head->column_of[i] < 0 && !map->headings[i].optional)
            return refuse_missing(head, &map->headings[i], fault);
        if (twice >= 0)
            return refuse_twice(head, (size_t)head->column_of[i], (size_t)twice, fault);
    }
    return true;
}

static bool find(struct rows *rows, struct search *search, bool worksheet, struct head *head,
                 struct sheet_fault *fault)
{
    const struct sheet_map *map = search->map;
    struct best best = {.delimiter = marks[0]};
    char only = map->delimiter;
    if (worksheet)
        only = best.delimiter = ','; /* as xlsx2csv writes */
    for (size_t i = 0; i < MARKS; i++)
        if ((!only || only == marks[i]) && !look(rows, search, marks[i], &best, fault))
            return false;
    head->delimiter = best.delimiter;
    if (!rows_begin(rows, best.delimiter, fault))
        return false;
    struct row *row;
    do {
        row = rows_next(rows, fault);
    } while (row && row->number < best.number);
    if (!row && rows->failed)
        return false;
    if (!row)
        return refuse_none(head, fault);
    head->line = worksheet ? row->number : row->line;
    head->number = row->number;
    fold_row(search, row);
    if (!keep_names(head, row)) {
        rows->failed = true;
        return fault_say(fault, "E_LOCAL", "memori habis", "no memory");
    }
    return resolve(search, best.score, head, fault);
}

bool head_find(struct rows *rows, const struct sheet_map *map, bool worksheet, struct head *out,
               struct sheet_fault *fault)
{
    SG_AUTO(search_done) struct search search = {0};
    if (!search_begin(&search, map)) {
        rows->failed = true;
        return fault_say(fault, "E_LOCAL", "memori habis", "no memory");
    }
    return find(rows, &search, worksheet, out, fault);
}

void head_done(struct head *head)
{
    free(head->names);
    free(head->texts);
    head->names = NULL;
    head->texts = NULL;
    head->width = 0;
}

bool head_is_again(const struct head *head, const struct row *row)
{
    size_t same = 0;
    for (size_t i = 0; i < row->count; i++) {
        char cell[TEXT_FOLDED_MAX], name[TEXT_FOLDED_MAX];
        if (!row->cells[i][0])
            continue;
        if (i >= head->width)
            return false;
        text_fold_heading(row->cells[i], cell);
        text_fold_heading(head->names[i], name);
        if (strcmp(cell, name) != 0)
            return false;
        same++;
    }
    return same >= 2 || (same == 1 && head->width == 1);
}

bool head_is_numbers(const struct row *row)
{
    size_t seen = 0;
    long before = 0;
    for (size_t i = 0; i < row->count; i++) {
        const char *cell = row->cells[i];
        if (!cell[0])
            continue;
        bool bracket = cell[0] == '(';
        char *end = NULL;
        long number = strtol(cell + bracket, &end, 10);
        if (end == cell + bracket || number != before + 1 || strcmp(end, bracket ? ")" : "") != 0)
            return false;
        before = number;
        seen++;
    }
    return seen >= 3;
}
