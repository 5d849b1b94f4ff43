/* report_equipment.c - 10.8: where the items are, who still waits for one, what was seen of them.
 */
#include "report/report_inside.h"

#include "wire/day.h"

enum { GROUP = 1, UNISSUED_DAYS = 30, CHECK_SLACK = 14, STATES = PB_ITEM_STATE_WRITTEN_OFF + 1 };
static const int32_t check_days[] = {30, 90, 180, 365};

static bool is_of_person(PbItemState state)
{
    return state != PB_ITEM_STATE_IN_STOCK;
}

static void print_states(const struct facts *m, struct output *out)
{
    static const struct column columns[] = {
        {"state", "KEADAAN", "STATE"},
        {"items", "BARANG", "ITEMS"},
        {"value_idr", "NILAI (RP)", "VALUE (IDR)"},
    };
    int64_t items[STATES] = {0}, value[STATES] = {0};
    for (EACH(const struct item, item, &m->items)) {
        if (item->owner == NOTHING ||
            item->state > PB_ITEM_STATE_WRITTEN_OFF) /* its E16 was annulled */
            continue;
        items[item->state]++;
        value[item->state] += item->value_idr;
    }
    struct section *section =
        OUTPUT_SECTION(out, "states", "Menurut keadaan", "By state", columns, 0);
    for (int state = PB_ITEM_STATE_IN_STOCK; state < STATES; state++) {
        struct row *row = output_row(out, section);
        put_text(row, enum_text(&pb_item_state__descriptor, state));
        if (is_of_person((PbItemState)state))
            put_count(row, items[state]);
        else
            put_open(row, items[state]);
        put_money(row, value[state], items[state]);
        row->cells[row->count - 1].rests &= is_of_person((PbItemState)state);
    }
}

/* ---- completed, a kit was promised, none was granted for more than 30 days ---- */

static void print_unissued(const struct facts *m, struct output *out, struct pairs *granted)
{
    static const struct column columns[] = {
        {"provider", "PENYELENGGARA", "PROVIDER"},
        {"kit", "PERALATAN", "KIT"},
        {"unissued", "BELUM DISERAHKAN", "NOT ISSUED"},
    };
    struct pairs waiting = {0};
    for (uint32_t i = 0; i < m->allocations.count; i++) {
        const struct allocation *a = ALLOCATION(m, i);
        if (a->result != PB_PLACEMENT_ENDED__RESULT_COMPLETED || a->slot == NOTHING ||
            SLOT(m, a->slot)->kit == NOTHING || m->at_day - a->ended_on <= UNISSUED_DAYS ||
            pairs_within(granted, i, INT64_MIN, INT64_MAX))
            continue;
        const struct slot *s = SLOT(m, a->slot);
        pairs_add(m->arena, &waiting, s->owner * m->kits.texts.count + s->kit, i);
    }
    pairs_sort(&waiting);
    struct section *section =
        OUTPUT_SECTION(out, "unissued", "Lulus, lebih dari 30 hari tanpa peralatan",
                       "Completed, more than 30 days without a kit", columns, 2);
    for (uint32_t owner = 0; owner < m->agencies.texts.count; owner++)
        for (uint32_t kit = 0; kit < m->kits.texts.count; kit++) {
            int64_t count = pairs_count(&waiting, owner * m->kits.texts.count + kit);
            if (!count)
                continue;
            struct row *row = output_row(out, section);
            put_text(row, names_text(&m->agencies, owner));
            put_text(row, names_text(&m->kits, kit));
            put_count(row, count);
        }
}

/* ---- checks ---- */

static bool was_checked(const struct pairs *checks, const struct grant *g, int32_t due)
{
    return pairs_within(checks, g->item, due - CHECK_SLACK, due + CHECK_SLACK);
}

/* Due in the period while the person had the item, and by now. */
static bool was_due(const struct facts *m, const struct grant *g, int32_t due)
{
    return g->on != DAY_NONE && facts_in_period(m, due) && due <= m->at_day &&
           (g->until == DAY_NONE || g->until > due);
}

static void print_checks(const struct facts *m, struct output *out, const struct pairs *checks)
{
    static const struct column columns[] = {
        {"after", "SETELAH PENYERAHAN", "AFTER HANDOVER"},
        {"due", "JATUH TEMPO", "DUE"},
        {"done", "DILAKUKAN", "DONE"},
        {"done_pct", "%", "%"},
    };
    static const struct column words[] = {{NULL, "30 hari", "30 days"},
                                          {NULL, "90 hari", "90 days"},
                                          {NULL, "180 hari", "180 days"},
                                          {NULL, "365 hari", "365 days"}};
    struct section *section = OUTPUT_SECTION(out, "checks", "Pengecekan", "Checks", columns, GROUP);
    int64_t due_all = 0, done_all = 0;
    for (size_t i = 0; i < SG_ARRAY_LEN(check_days); i++) {
        int64_t due = 0, done = 0;
        for (EACH(const struct grant, g, &m->grants)) {
            if (!g->first || !was_due(m, g, g->on + check_days[i]))
                continue;
            due++;
            done += was_checked(checks, g, g->on + check_days[i]);
        }
        struct row *row = output_row(out, section);
        put_words(row, words[i].title_id, words[i].title_en);
        put_count(row, due);
        put_count(row, done);
        put_percent(row, done, due, 2, 1);
        due_all += due;
        done_all += done;
    }
    struct row *row = output_total(out, section);
    put_words(row, "Jumlah", "Total");
    put_count(row, due_all);
    put_count(row, done_all);
    put_percent(row, done_all, due_all, 2, 1);
}

static void print_findings(const struct facts *m, struct output *out)
{
    static const struct column columns[] = {
        {"finding", "TEMUAN", "FINDING"},
        {"checks", "PENGECEKAN", "CHECKS"},
        {"checks_pct", "%", "%"},
    };
    enum { FINDINGS = PB_EQUIPMENT_CHECKED__FINDING_RETURNED + 1 };
    int64_t counts[FINDINGS] = {0}, all = 0;
    for (EACH(const struct check, c, &m->checks))
        if (facts_in_period(m, c->on) && c->finding) {
            counts[c->finding]++;
            all++;
        }
    struct section *section = OUTPUT_SECTION(out, "findings", "Temuan dalam periode",
                                             "Findings in the period", columns, 3);
    for (int finding = 1; finding < FINDINGS; finding++) {
        struct row *row = output_row(out, section);
        put_text(row, enum_text(&pb_equipment_checked__finding__descriptor, finding));
        put_count(row, counts[finding]);
        put_percent(row, counts[finding], all, 1, 1);
    }
}

/* Items that were not shown, sold, pledged or stolen: for the one who looks after the people. */
static void print_at_risk(const struct facts *m, struct output *out)
{
    static const struct column columns[] = {
        {"item", "BARANG", "ITEM"},
        {"kit", "PERALATAN", "KIT"},
        {"owner", "PEMILIK", "OWNER"},
        {"case_owner", "PENGELOLA KASUS", "CASE OWNER"},
        {"finding", "TEMUAN", "FINDING"},
        {"since", "SEJAK", "SINCE"},
        {"value_idr", "NILAI (RP)", "VALUE (IDR)"},
    };
    struct section *section =
        OUTPUT_SECTION(out, "at_risk", "Barang berisiko", "Items at risk", columns, 0);
    for (uint32_t i = 0; i < m->items.count; i++) {
        const struct item *item = ITEM(m, i);
        char id[SG_ID_TEXT];
        if (item->state != PB_ITEM_STATE_AT_RISK)
            continue;
        struct row *row = output_row(out, section);
        (void)sg_id_print(POOL_AT(&m->item_ids.keys, struct sg_id, i), id);
        put_text(row, sg_arena_text(out->arena, sg_bytes_of(id)));
        put_text(row, names_text(&m->kits, item->kit));
        put_text(row, names_text(&m->agencies, item->owner));
        put_text(row, names_text(&m->agencies, item->case_owner));
        put_text(row, enum_text(&pb_equipment_checked__finding__descriptor, (int)item->finding));
        put_text(row, day_text(out, item->risk_on));
        put_money(row, item->value_idr, 1);
    }
}

enum sg_err report_equipment(struct facts *m, struct output *out, struct sg_why *why)
{
    (void)why;
    struct pairs granted = {0}, checks = {0};
    for (EACH(const struct grant, g, &m->grants))
        if (g->allocation != NOTHING)
            pairs_add(m->arena, &granted, g->allocation, g->item);
    for (EACH(const struct check, c, &m->checks))
        pairs_add(m->arena, &checks, c->item, c->on);
    pairs_sort(&granted);
    pairs_sort(&checks);
    print_states(m, out);
    print_unissued(m, out, &granted);
    print_checks(m, out, &checks);
    print_findings(m, out);
    if (m->request->sees_all)
        print_at_risk(m, out);
    return SG_OK;
}
