#include "report/output.h"

#include "kit/check.h"

struct section *output_section(struct output *output, const char *name, const char *title_id,
                               const char *title_en, const struct column *columns,
                               size_t column_count, unsigned group)
{
    SG_CHECK(output->section_count < SECTIONS_MAX && column_count <= COLUMNS_MAX);
    struct section *s = &output->sections[output->section_count++];
    *s = (struct section){.name = name,
                          .title_id = title_id,
                          .title_en = title_en,
                          .group = group,
                          .columns = columns,
                          .column_count = column_count};
    s->last = &s->first;
    return s;
}

struct row *output_row(struct output *output, struct section *section)
{
    struct row *row = output->row_count < ROWS_MAX ? SG_NEW(output->arena, struct row) : NULL;
    if (!row) { /* one too many: written where nobody reads it */
        output->spill = (struct row){0};
        return &output->spill;
    }
    output->row_count++;
    section->row_count++;
    *section->last = row;
    section->last = &row->next;
    return row;
}

struct row *output_total(struct output *output, struct section *section)
{
    struct row *row = output_row(output, section);
    row->total = true;
    return row;
}

static struct cell *put(struct row *row, PbReportCellKind kind)
{
    SG_CHECK(row->count < COLUMNS_MAX);
    struct cell *cell = &row->cells[row->count++];
    *cell = (struct cell){.kind = kind, .rests_on = {-1, -1}};
    return cell;
}

void put_text(struct row *row, const char *text)
{
    put(row, PB_REPORT_CELL_KIND_TEXT)->text = text;
}

void put_words(struct row *row, const char *id, const char *en)
{
    struct cell *cell = put(row, PB_REPORT_CELL_KIND_TEXT);
    cell->text = id;
    cell->text_en = en;
}

void put_count(struct row *row, int64_t count)
{
    put(row, PB_REPORT_CELL_KIND_COUNT)->number = count;
}

void put_open(struct row *row, int64_t count)
{
    struct cell *cell = put(row, PB_REPORT_CELL_KIND_COUNT);
    cell->number = count;
    cell->open = true;
}

void put_rest(struct row *row, int64_t count, int column)
{
    put_open(row, count);
    struct cell *cell = &row->cells[row->count - 1];
    cell->rests = true;
    cell->rests_on[0] = column;
}

void put_none(struct row *row)
{
    (void)put(row, PB_REPORT_CELL_KIND_NONE);
}

/* Half a tenth is rounded up. */
static int64_t tenths_of(int64_t part, int64_t whole)
{
    return (2000 * part + whole) / (2 * whole);
}

void put_percent(struct row *row, int64_t part, int64_t whole, int part_column, int whole_column)
{
    struct cell *cell = put(row, whole ? PB_REPORT_CELL_KIND_PERCENT : PB_REPORT_CELL_KIND_NONE);
    if (!whole)
        return;
    cell->number = tenths_of(part, whole);
    cell->open = part_column < 0;
    cell->rests = part_column >= 0;
    cell->rests_on[0] = part_column;
    cell->rests_on[1] = whole_column;
}

void put_share(struct row *row, int64_t part, int64_t whole)
{
    put_percent(row, part, whole, -1, -1);
    struct cell *cell = &row->cells[row->count - 1];
    bool small = (part > 0 && part < HIDE_BELOW) || (whole > 0 && whole < HIDE_BELOW);
    cell->open = false;
    cell->rests = whole > 0;
    cell->basis = small ? 1 : whole;
}

static void put_figure(struct row *row, PbReportCellKind kind, int64_t number, int64_t basis)
{
    struct cell *cell = put(row, basis ? kind : PB_REPORT_CELL_KIND_NONE);
    cell->number = basis ? number : 0;
    cell->rests = basis > 0;
    cell->basis = basis;
}

void put_days(struct row *row, int64_t tenths, int64_t basis)
{
    put_figure(row, PB_REPORT_CELL_KIND_DAYS, tenths, basis);
}

void put_money(struct row *row, int64_t rupiah, int64_t basis)
{
    put_figure(row, PB_REPORT_CELL_KIND_MONEY, rupiah, basis);
}
