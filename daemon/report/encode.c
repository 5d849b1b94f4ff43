/* encode.c - pages: packed QueryResults without their request_no. */
#include "report/output.h"

#include "kit/check.h"
#include "wire/codec.h"

enum {
    PAGE_ROWS = 128,    /* of all its sections: fewer than a client scans */
    PAGE_CELLS = 1500,  /* likewise */
    PAGE_BYTES = 50000, /* head and columns come on top */
    PAGES_MAX = ROWS_MAX
};

/* A page that is being filled. */
struct page {
    PbQueryResult result;
    PbReportSection sections[SECTIONS_MAX], *section_pointers[SECTIONS_MAX];
    PbReportRow *rows[SECTIONS_MAX][PAGE_ROWS];
    size_t row_count, cell_count, byte_count;
};

static char *text_of(const char *text)
{
    union {
        const char *from;
        char *to;
    } both = {.from = text}; /* protobuf-c only reads it */
    return both.to;
}

static void fill_cell(const struct cell *from, PbReportCell *to)
{
    pb_report_cell__init(to);
    to->has_kind = true;
    to->kind = from->kind;
    to->text = text_of(from->text);
    to->text_en = text_of(from->text_en);
    bool number = from->kind != PB_REPORT_CELL_KIND_TEXT && from->kind != PB_REPORT_CELL_KIND_NONE;
    to->has_number = number && !from->hidden;
    to->number = to->has_number ? from->number : 0;
    to->has_hidden = to->hidden = from->hidden;
    to->has_rounded = to->rounded = from->rounded;
}

static PbReportRow *row_of(const struct row *from, struct sg_arena *arena)
{
    PbReportRow *row = SG_NEW(arena, PbReportRow);
    PbReportCell *cells = SG_NEW_ARRAY(arena, PbReportCell, from->count + 1);
    PbReportCell **pointers = SG_NEW_ARRAY(arena, PbReportCell *, from->count + 1);
    if (!row || !cells || !pointers)
        return NULL;
    pb_report_row__init(row);
    row->has_total = row->total = from->total;
    row->n_cells = from->count;
    row->cells = pointers;
    for (size_t i = 0; i < from->count; i++) {
        fill_cell(&from->cells[i], &cells[i]);
        pointers[i] = &cells[i];
    }
    return row;
}

static PbReportColumn **columns_of(const struct section *from, struct sg_arena *arena)
{
    PbReportColumn *columns = SG_NEW_ARRAY(arena, PbReportColumn, from->column_count);
    PbReportColumn **pointers = SG_NEW_ARRAY(arena, PbReportColumn *, from->column_count);
    if (!columns || !pointers)
        return NULL;
    for (size_t i = 0; i < from->column_count; i++) {
        pb_report_column__init(&columns[i]);
        columns[i].name = text_of(from->columns[i].name);
        columns[i].title_id = text_of(from->columns[i].title_id);
        columns[i].title_en = text_of(from->columns[i].title_en);
        pointers[i] = &columns[i];
    }
    return pointers;
}

static enum sg_err end_page(struct page *page, struct report_pages *pages, bool more,
                            struct sg_why *why)
{
    uint8_t next[4];
    sg_put_u32(next, (uint32_t)pages->count + 1);
    page->result.has_next_cursor = more;
    page->result.next_cursor = (ProtobufCBinaryData){sizeof next, next};
    if (pages->count == PAGES_MAX)
        return sg_fail(why, SG_E_LIMIT, "report: too many pages");
    return sg_encode(&page->result, &pages->arena, &pages->pages[pages->count++], why);
}

static void begin_page(struct page *page)
{
    *page = (struct page){0};
    pb_query_result__init(&page->result);
    page->result.sections = page->section_pointers;
}

static enum sg_err add_section(struct page *page, const struct section *from,
                               struct sg_arena *arena, struct sg_why *why)
{
    size_t at = page->result.n_sections++;
    PbReportSection *to = &page->sections[at];
    pb_report_section__init(to);
    to->name = text_of(from->name);
    to->title_id = text_of(from->title_id);
    to->title_en = text_of(from->title_en);
    to->n_columns = from->column_count;
    to->columns = columns_of(from, arena);
    to->rows = page->rows[at];
    page->section_pointers[at] = to;
    return to->columns ? SG_OK : sg_fail(why, SG_E_LIMIT, "report: no room for a page");
}

static bool is_full(const struct page *page)
{
    return page->row_count >= PAGE_ROWS || page->cell_count >= PAGE_CELLS ||
           page->byte_count >= PAGE_BYTES;
}

static enum sg_err add_row(struct page *page, const struct row *from, struct sg_arena *arena,
                           struct sg_why *why)
{
    PbReportSection *section = &page->sections[page->result.n_sections - 1];
    PbReportRow *row = row_of(from, arena);
    if (!row)
        return sg_fail(why, SG_E_LIMIT, "report: no room for a row");
    section->rows[section->n_rows++] = row;
    page->row_count++;
    page->cell_count += from->count;
    page->byte_count += pb_report_row__get_packed_size(row) + 4;
    return SG_OK;
}

enum sg_err output_encode(const struct output *output, const PbReportHead *head,
                          struct report_pages *pages, struct sg_why *why)
{
    struct page *page = SG_NEW(&pages->arena, struct page);
    PbReportHead copy = *head;
    pages->pages = SG_NEW_ARRAY(&pages->arena, struct sg_bytes, PAGES_MAX);
    if (!page || !pages->pages)
        return sg_fail(why, SG_E_LIMIT, "report: no room for its pages");
    begin_page(page);
    page->result.report = &copy;
    enum sg_err err = SG_OK;
    for (size_t s = 0; !err && s < output->section_count; s++) {
        const struct section *section = &output->sections[s];
        err = add_section(page, section, &pages->arena, why);
        for (const struct row *row = section->first; !err && row; row = row->next) {
            if (is_full(page)) {
                err = end_page(page, pages, true, why);
                begin_page(page);
                if (!err)
                    err = add_section(page, section, &pages->arena, why);
            }
            if (!err)
                err = add_row(page, row, &pages->arena, why);
        }
    }
    return err ? err : end_page(page, pages, false, why);
}
