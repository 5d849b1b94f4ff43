/* mask.c - small cells. In a city where 20 to 25 people are trained in a year, a cell of one is a
 * person whom the neighbours know.
 *
 * A count of 1 to 4 is not shown. Counts that are summed up with it are rounded to the nearest 5:
 * each of them may be two less or two more, so that no difference of two of them leaves a single
 * value for the hidden one. A percentage or a median that rests on a cell
 * which is hidden or rounded is not shown either. Source: domain 10, conventions.
 */
#include "report/output.h"

static bool is_person_count(const struct cell *cell)
{
    return cell->kind == PB_REPORT_CELL_KIND_COUNT && !cell->open;
}

static bool is_small(int64_t n)
{
    return n > 0 && n < HIDE_BELOW;
}

static bool has_total(const struct section *s)
{
    for (const struct row *row = s->first; row; row = row->next)
        if (row->total)
            return true;
    return false;
}

/* What has to be rounded: whole groups, and columns of sections that are groups of themselves. */
struct dirt {
    bool groups[SECTIONS_MAX + 1];
    bool columns[SECTIONS_MAX][COLUMNS_MAX];
};

static void hide_counts(struct output *output, struct dirt *dirt)
{
    for (size_t s = 0; s < output->section_count; s++) {
        struct section *section = &output->sections[s];
        bool total = has_total(section);
        for (struct row *row = section->first; row; row = row->next)
            for (size_t c = 0; c < row->count; c++) {
                struct cell *cell = &row->cells[c];
                if (!is_person_count(cell) || !is_small(cell->number))
                    continue;
                cell->hidden = true;
                if (section->group)
                    dirt->groups[section->group] = true;
                else
                    dirt->columns[s][c] |= total;
            }
    }
}

static void round_counts(struct output *output, const struct dirt *dirt)
{
    for (size_t s = 0; s < output->section_count; s++) {
        const struct section *section = &output->sections[s];
        for (struct row *row = section->first; row; row = row->next)
            for (size_t c = 0; c < row->count; c++) {
                struct cell *cell = &row->cells[c];
                bool dirty = section->group ? dirt->groups[section->group] : dirt->columns[s][c];
                if (!dirty || !is_person_count(cell) || cell->hidden || !cell->number)
                    continue;
                cell->rounded = true;
                cell->number = (cell->number + ROUND_TO / 2) / ROUND_TO * ROUND_TO;
            }
    }
}

static bool tells(const struct row *row, const struct cell *cell)
{
    if (is_small(cell->basis))
        return true;
    for (size_t i = 0; i < 2; i++) {
        int at = cell->rests_on[i];
        if (at >= 0 && (row->cells[at].hidden || row->cells[at].rounded))
            return true;
    }
    return false;
}

static void hide_figures(struct output *output)
{
    for (size_t s = 0; s < output->section_count; s++)
        for (struct row *row = output->sections[s].first; row; row = row->next)
            for (size_t c = 0; c < row->count; c++) {
                struct cell *cell = &row->cells[c];
                if (cell->rests && tells(row, cell))
                    cell->hidden = true;
            }
}

void output_mask(struct output *output)
{
    struct dirt dirt = {0};
    hide_counts(output, &dirt);
    round_counts(output, &dirt);
    hide_figures(output);
}
