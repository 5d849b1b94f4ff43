/* What a report says, hidden and cut into pages: cells, groups, rounding, long lists; and a report
 * that is stopped. */
#include "unit/report_unit.h"

#include "report/output.h"

static const struct column columns[] = {
    {"name", "NAMA", "NAME"}, {"a", "A", "A"}, {"b", "B", "B"}, {"pct", "%", "%"}};

struct sheet {
    struct sg_arena arena;
    struct output out;
};

static void sheet_open(struct sheet *s)
{
    struct sg_why why = {0};
    *s = (struct sheet){0};
    UNIT_OK(sg_arena_init(&s->arena, 512 << 20, &why));
    s->out.arena = &s->arena;
}

static struct row *put_row(struct output *out, struct section *section, int64_t a, int64_t b,
                           bool total)
{
    struct row *row = total ? output_total(out, section) : output_row(out, section);
    put_text(row, "x");
    put_count(row, a);
    put_count(row, b);
    put_percent(row, a, b, 1, 2);
    return row;
}

static int64_t shown(const struct row *row, size_t c)
{
    return row->cells[c].hidden ? HIDDEN : row->cells[c].number;
}

/* One row each with its own section; without a total nothing is rounded. */
static void counts_of_1_to_4_are_hidden(void **state)
{
    static const struct {
        int64_t a, b, shown_a, shown_b, shown_pct;
    } rows[] = {
        {0, 0, 0, 0, 0},
        {0, 9, 0, 9, 0},
        {1, 9, HIDDEN, 9, HIDDEN},
        {4, 9, HIDDEN, 9, HIDDEN},
        {5, 9, 5, 9, 556},
        {8, 11, 8, 11, 727},
        {2, 4, HIDDEN, HIDDEN, HIDDEN},
        {100, 1000, 100, 1000, 100},
    };
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct sheet s;
        sheet_open(&s);
        struct section *section = OUTPUT_SECTION(&s.out, "s", "s", "s", columns, 0);
        struct row *row = put_row(&s.out, section, rows[i].a, rows[i].b, false);
        output_mask(&s.out);
        if (shown(row, 1) != rows[i].shown_a || shown(row, 2) != rows[i].shown_b ||
            shown(row, 3) != rows[i].shown_pct)
            fail_msg("row %zu: %lld %lld %lld", i, (long long)shown(row, 1),
                     (long long)shown(row, 2), (long long)shown(row, 3));
        sg_arena_done(&s.arena);
    }
}

/* 12 + 3 = 15 in one column: 12 becomes 10, the sum 15; the other column has nothing to hide. */
static void a_column_with_a_total_is_rounded(void **state)
{
    struct sheet s;
    (void)state;
    sheet_open(&s);
    struct section *section = OUTPUT_SECTION(&s.out, "s", "s", "s", columns, 0);
    struct row *one = put_row(&s.out, section, 12, 31, false);
    struct row *other = put_row(&s.out, section, 3, 33, false);
    struct row *total = put_row(&s.out, section, 15, 64, true);
    output_mask(&s.out);
    assert_true(shown(one, 1) == 10 && one->cells[1].rounded);
    assert_true(shown(other, 1) == HIDDEN);
    assert_true(shown(total, 1) == 15 && total->cells[1].rounded);
    assert_true(shown(one, 2) == 31 && shown(total, 2) == 64);
    assert_true(shown(one, 3) == HIDDEN); /* 12 of 31 would tell the 12 */
    sg_arena_done(&s.arena);
}

/* Sections that count the same persons: what one hides, the other does not give away. */
static void a_group_is_rounded_as_a_whole(void **state)
{
    struct sheet s;
    (void)state;
    sheet_open(&s);
    struct section *by_sex = OUTPUT_SECTION(&s.out, "sex", "s", "s", columns, 1);
    struct row *women = put_row(&s.out, by_sex, 3, 0, false);
    struct row *men = put_row(&s.out, by_sex, 9, 0, false);
    struct section *by_course = OUTPUT_SECTION(&s.out, "course", "s", "s", columns, 1);
    struct row *sewing = put_row(&s.out, by_course, 7, 0, false);
    struct section *apart = OUTPUT_SECTION(&s.out, "apart", "s", "s", columns, 2);
    struct row *others = put_row(&s.out, apart, 7, 0, false);
    output_mask(&s.out);
    assert_true(shown(women, 1) == HIDDEN);
    assert_true(shown(men, 1) == 10);
    assert_true(shown(sewing, 1) == 5);
    assert_true(shown(others, 1) == 7);
    sg_arena_done(&s.arena);
}

static void open_counts_and_what_rests_on_others(void **state)
{
    struct sheet s;
    (void)state;
    sheet_open(&s);
    struct section *section = OUTPUT_SECTION(&s.out, "s", "s", "s", columns, 0);
    struct row *row = output_row(&s.out, section);
    put_open(row, 2);          /* seats offered */
    put_count(row, 1);         /* seats occupied */
    put_rest(row, 1, 1);       /* and the rest */
    put_money(row, 900000, 4); /* of four persons */
    struct row *next = output_row(&s.out, section);
    put_days(next, 75, 5);
    put_days(next, 75, 4);
    put_days(next, 0, 0);
    put_share(next, 3, 40);
    output_mask(&s.out);
    assert_true(shown(row, 0) == 2 && shown(row, 1) == HIDDEN && shown(row, 2) == HIDDEN);
    assert_true(shown(row, 3) == HIDDEN);
    assert_true(shown(next, 0) == 75 && shown(next, 1) == HIDDEN && shown(next, 3) == HIDDEN);
    assert_int_equal(next->cells[2].kind, PB_REPORT_CELL_KIND_NONE);
    sg_arena_done(&s.arena);
}

/* 700 rows and a short section behind them: every page is small enough for a frame and for the scan
 * of a client, and nothing is lost or doubled. */
static void long_lists_go_on_over_pages(void **state)
{
    enum { ROWS = 700 };
    struct sg_why why = {0};
    struct sheet s;
    struct report_pages pages = {0};
    (void)state;
    sheet_open(&s);
    UNIT_OK(sg_arena_init(&pages.arena, 64 << 20, &why));
    struct section *list = OUTPUT_SECTION(&s.out, "long", "s", "s", columns, 0);
    for (int i = 0; i < ROWS; i++)
        (void)put_row(&s.out, list, i, 1000, false);
    (void)put_row(&s.out, OUTPUT_SECTION(&s.out, "short", "s", "s", columns, 0), 7, 9, false);
    PbReportHead head = PB_REPORT_HEAD__INIT;
    UNIT_OK(output_encode(&s.out, &head, &pages, &why));
    assert_true(pages.count > 2);
    int64_t next = 0;
    for (size_t i = 0; i < pages.count; i++) {
        PbQueryResult *page = NULL;
        assert_true(pages.pages[i].len < SG_BODY_MAX - 100);
        UNIT_OK(sg_decode(&pb_query_result__descriptor, pages.pages[i], &s.arena, &page, &why));
        assert_int_equal(page->has_next_cursor, i + 1 < pages.count);
        assert_int_equal(page->report != NULL, i == 0);
        const PbReportSection *section = page->sections[0];
        assert_string_equal(section->name, "long");
        assert_int_equal(section->n_columns, 4);
        for (size_t r = 0; r < section->n_rows; r++)
            assert_true(section->rows[r]->cells[1]->number == next++);
        if (i + 1 == pages.count)
            assert_string_equal(page->sections[1]->name, "short");
    }
    assert_int_equal(next, ROWS);
    sg_arena_done(&pages.arena);
    sg_arena_done(&s.arena);
}

static void a_report_is_stopped_or_unknown(void **state)
{
    struct ledger_city city;
    struct sg_why why = {0};
    struct report_pages *pages = NULL;
    atomic_bool stop = true;
    (void)state;
    city_open(&city);
    (void)unit_new_case(&city);
    struct asked asked = {.name = "spm", YEAR_2026};
    struct report_request request = told_request(city.now_ms, &asked);
    assert_int_equal(report_run(city.env, &request, &stop, &pages, &why), SG_E_STATE);
    assert_null(pages);
    request.name = "spn";
    assert_int_equal(report_run(city.env, &request, NULL, &pages, &why), SG_E_NOT_FOUND);
    assert_null(report_known("spn"));
    assert_null(report_name_at(10));
    assert_string_equal(report_name_at(9)->name, "quality");
    city_close(&city);
}

/* Every report over a store without a record: headings and no figure. */
static void nothing_is_there(void **state)
{
    struct ledger_city city;
    const struct report_name *name;
    (void)state;
    city_open(&city);
    for (size_t i = 0; (name = report_name_at(i)); i++) {
        struct told told = ask_report(&city, (struct asked){.name = name->name});
        assert_true(told.page_count == 1 && told.pages[0]->n_sections > 0);
        assert_int_equal(told.pages[0]->report->as_of, 0);
        assert_int_equal(told.pages[0]->report->from->year, 2026);
        told_done(&told);
    }
    city_close(&city);
}

UNIT_MAIN(cmocka_unit_test(counts_of_1_to_4_are_hidden),
          cmocka_unit_test(a_column_with_a_total_is_rounded),
          cmocka_unit_test(a_group_is_rounded_as_a_whole),
          cmocka_unit_test(open_counts_and_what_rests_on_others),
          cmocka_unit_test(long_lists_go_on_over_pages),
          cmocka_unit_test(a_report_is_stopped_or_unknown), cmocka_unit_test(nothing_is_there))
