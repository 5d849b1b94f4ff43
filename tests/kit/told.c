#include "kit/told.h"

#include "kit/check.h"
#include "wire/codec.h"

#include <stdio.h>

struct report_request told_request(int64_t now_ms, const struct asked *asked)
{
    struct report_request r = {.name = asked->name,
                               .has_period = asked->from != 0,
                               .from_day = asked->from,
                               .to_day = asked->to,
                               .as_of = asked->as_of,
                               .now_ms = asked->as_of ? 0 : now_ms,
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

static void must(enum sg_err err, const struct sg_why *why)
{
    if (err)
        (void)fprintf(stderr, "report: %s: %s\n", sg_err_name(err), why->text);
    SG_CHECK(!err);
}

struct told told_ask(struct env *env, int64_t now_ms, const struct asked *asked)
{
    struct told told = {.page_count = 0};
    struct sg_why why = {0};
    SG_AUTO(report_pages_free) struct report_pages *pages = NULL;
    struct report_request request = told_request(now_ms, asked);
    must(report_run(env, &request, NULL, &pages, &why), &why);
    must(sg_arena_init(&told.arena, 64 << 20, &why), &why);
    SG_CHECK(pages->count <= TOLD_PAGES_MAX);
    for (size_t i = 0; i < pages->count; i++) {
        SG_CHECK(pages->pages[i].len < SG_BODY_MAX - 100);
        must(sg_decode(&pb_query_result__descriptor, pages->pages[i], &told.arena,
                       &told.pages[told.page_count++], &why),
             &why); /* as a client does */
    }
    return told;
}

void told_done(struct told *told)
{
    sg_arena_done(&told->arena);
}

static bool is_row(const PbReportRow *row, const char *label)
{
    char text[200] = "";
    if (!label[0])
        return true;
    for (size_t i = 0; i < row->n_cells; i++) {
        const PbReportCell *cell = row->cells[i];
        if (cell->kind != PB_REPORT_CELL_KIND_TEXT)
            break;
        const char *word = cell->text_en ? cell->text_en : cell->text ? cell->text : "";
        size_t len = strlen(text);
        (void)snprintf(text + len, sizeof text - len, "%s%s", i ? "|" : "", word);
        if (strcmp(text, label) == 0)
            return true;
    }
    return false;
}

static size_t column_of(const PbReportSection *s, const char *name)
{
    size_t i = 0;
    while (i < s->n_columns && strcmp(s->columns[i]->name, name) != 0)
        i++;
    if (i == s->n_columns)
        (void)fprintf(stderr, "section %s has no column %s\n", s->name, name);
    SG_CHECK(i < s->n_columns);
    return i;
}

const PbReportCell *told_find(const struct told *told, const char *section, const char *label,
                              const char *column)
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

int64_t told_number(const struct told *told, const char *section, const char *label,
                    const char *column)
{
    const PbReportCell *cell = told_find(told, section, label, column);
    if (!cell)
        return NO_CELL;
    if (cell->hidden)
        return HIDDEN;
    return cell->kind == PB_REPORT_CELL_KIND_NONE ? NO_FIGURE : cell->number;
}
