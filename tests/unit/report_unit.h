/* report_unit.h - a report over the journal of a city, and its cells by name. */
#ifndef SINERGI_REPORT_UNIT_H
#define SINERGI_REPORT_UNIT_H

#include "unit/story_unit.h"

#include "report/report.h"

enum { PAGES_MAX = 400 };
#define HIDDEN INT64_MIN
#define NO_FIGURE (INT64_MIN + 1)
#define NO_CELL (INT64_MIN + 2)

struct told {
    struct sg_arena arena;
    PbQueryResult *pages[PAGES_MAX];
    size_t page_count;
};

/* Who asks, over which days, as known when. */
struct asked {
    const char *name;
    int32_t from, to;
    uint64_t as_of;
    bool other; /* not Dinsos: small cells are hidden */
};

static inline void told_done(struct told *told)
{
    sg_arena_done(&told->arena);
}

static inline struct report_request report_wish(const struct ledger_city *city,
                                                const struct asked *asked)
{
    struct report_request r = {.name = asked->name,
                               .has_period = asked->from != 0,
                               .from_day = asked->from,
                               .to_day = asked->to,
                               .as_of = asked->as_of,
                               .now_ms = asked->as_of ? 0 : city->now_ms,
                               .sees_all = !asked->other,
                               .target_min = 20,
                               .target_max = 25,
                               .steward = "dinsos",
                               .protector_count = 1,
                               .protectors = {"dpppa"}};
    for (size_t i = 0; i < REPORT_TYPES; i++)
        r.personal[i] = UINT32_MAX;
    return r;
}

static inline struct told ask_report(struct ledger_city *city, struct asked asked)
{
    struct told told = {.page_count = 0};
    struct sg_why why = {0};
    SG_AUTO(report_pages_free) struct report_pages *pages = NULL;
    struct report_request request = report_wish(city, &asked);
    UNIT_OK(report_run(city->env, &request, NULL, &pages, &why));
    UNIT_OK(sg_arena_init(&told.arena, 64 << 20, &why));
    for (size_t i = 0; i < pages->count && i < PAGES_MAX; i++) {
        assert_true(pages->pages[i].len < SG_BODY_MAX - 100);
        UNIT_OK(sg_decode(&pb_query_result__descriptor, pages->pages[i], &told.arena,
                          &told.pages[told.page_count++], &why)); /* as a client does */
    }
    return told;
}

static inline size_t column_of(const PbReportSection *s, const char *name)
{
    for (size_t i = 0; i < s->n_columns; i++)
        if (strcmp(s->columns[i]->name, name) == 0)
            return i;
    fail_msg("section %s has no column %s", s->name, name);
    return 0;
}

/* Row by the texts of its first columns, "a|b"; "" is the first row; "Total" the sum. */
static inline bool is_row(const PbReportRow *row, const char *label)
{
    char text[200] = "";
    if (!label[0])
        return true;
    for (size_t i = 0; i < row->n_cells; i++) {
        const PbReportCell *cell = row->cells[i];
        if (cell->kind != PB_REPORT_CELL_KIND_TEXT)
            break;
        const char *word = cell->text_en ? cell->text_en : cell->text ? cell->text : "";
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? "|" : "", word);
        if (strcmp(text, label) == 0)
            return true;
    }
    return false;
}

static inline const PbReportCell *find_cell(const struct told *told, const char *section,
                                            const char *label, const char *column)
{
    for (size_t p = 0; p < told->page_count; p++)
        for (size_t i = 0; i < told->pages[p]->n_sections; i++) {
            const PbReportSection *s = told->pages[p]->sections[i];
            if (strcmp(s->name, section) != 0)
                continue;
            size_t c = column_of(s, column);
            for (size_t r = 0; r < s->n_rows; r++)
                if (is_row(s->rows[r], label))
                    return s->rows[r]->cells[c];
        }
    return NULL;
}

static inline int64_t cell_value(const PbReportCell *cell)
{
    if (!cell)
        return NO_CELL;
    if (cell->hidden)
        return HIDDEN;
    return cell->kind == PB_REPORT_CELL_KIND_NONE ? NO_FIGURE : cell->number;
}

#define WANT_CELL(told, section, label, column, want)                                          \
    do {                                                                                       \
        int64_t got_ = cell_value(find_cell((told), (section), (label), (column)));            \
        if (got_ != (int64_t)(want))                                                           \
            fail_msg("line %d: %s / %s / %s is %lld, want %lld", __LINE__, (section), (label), \
                     (column), (long long)got_, (long long)(want));                            \
    } while (0)

/* All pages, byte for byte the same? */
static inline bool same_report(struct ledger_city *city, struct asked a, struct asked b)
{
    struct sg_why why = {0};
    SG_AUTO(report_pages_free) struct report_pages *x = NULL;
    SG_AUTO(report_pages_free) struct report_pages *y = NULL;
    struct report_request one = report_wish(city, &a), other = report_wish(city, &b);
    UNIT_OK(report_run(city->env, &one, NULL, &x, &why));
    UNIT_OK(report_run(city->env, &other, NULL, &y, &why));
    bool same = x->count == y->count;
    for (size_t i = 0; same && i < x->count; i++)
        same = sg_bytes_equal(x->pages[i], y->pages[i]);
    return same;
}

#define YEAR_2026 .from = 20454, .to = 20818 /* 2026-01-01 to 2026-12-31 */

#endif
