/* report_aftercare.c - 10.7: are the visits made, and how do people live afterwards. */
#include "report/report_inside.h"

enum {
    ON_TIME_DAYS = 7,
    MOMENTS = 3,
    LIVELIHOODS = PB_MENTORING_VISIT_RECORDED__LIVELIHOOD_UNKNOWN
};
static const char *const moments[MOMENTS] = {"M03", "M06", "M12"};

/* When each visit was made, by the seq of its E20: seqs grow with the index. */
static int32_t visited_on(const struct facts *m, uint64_t seq)
{
    uint32_t low = 0, high = m->visits.count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        const struct visit *v = POOL_AT(&m->visits, struct visit, middle);
        if (v->seq == seq)
            return v->on;
        if (v->seq < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return DAY_NONE;
}

struct due {
    int64_t active, due, on_time, late, overdue;
};

static void add_checkpoint(const struct facts *m, const struct plan *p, const struct checkpoint *c,
                           struct due *due)
{
    int32_t done = c->done_seq ? visited_on(m, c->done_seq) : DAY_NONE;
    bool ended_before = done == DAY_NONE && p->ended_on != DAY_NONE && c->due_on > p->ended_on;
    if (facts_in_period(m, c->due_on) && c->due_on <= m->at_day && !ended_before) {
        due->due++;
        bool in_time = done != DAY_NONE && done <= c->due_on + ON_TIME_DAYS;
        due->on_time += in_time;
        due->late += done != DAY_NONE && !in_time;
    }
    due->overdue += p->state == PB_PLAN_STATE_ACTIVE && done == DAY_NONE && !c->passed &&
                    c->due_on + ON_TIME_DAYS < m->at_day;
}

static void print_visits(const struct facts *m, struct output *out)
{
    static const struct column due_columns[] = {
        {"active", "RENCANA AKTIF", "ACTIVE PLANS"},
        {"due", "JATUH TEMPO", "DUE"},
        {"on_time", "TEPAT WAKTU", "ON TIME"},
        {"on_time_pct", "%", "%"},
        {"late", "TERLAMBAT", "LATE"},
        {"overdue", "TERTUNGGAK SEKARANG", "OVERDUE NOW"},
    };
    static const struct column contact_columns[] = {
        {"visits", "KUNJUNGAN", "VISITS"},
        {"contacts", "BERTEMU", "CONTACT MADE"},
        {"contacts_pct", "%", "%"},
    };
    struct due due = {0};
    for (EACH(const struct plan, p, &m->plans)) {
        due.active += p->state == PB_PLAN_STATE_ACTIVE;
        for (size_t i = 0; i < p->count; i++)
            add_checkpoint(m, p, &p->checkpoints[i], &due);
    }
    struct section *section = OUTPUT_SECTION(out, "due", "Kunjungan yang jatuh tempo",
                                             "Visits that were due", due_columns, 1);
    struct row *row = output_row(out, section);
    put_count(row, due.active);
    put_count(row, due.due);
    put_count(row, due.on_time);
    put_percent(row, due.on_time, due.due, 2, 1);
    put_count(row, due.late);
    put_count(row, due.overdue);

    int64_t visits = 0, contacts = 0;
    for (EACH(const struct visit, v, &m->visits))
        if (facts_in_period(m, v->on)) {
            visits++;
            contacts += v->contact;
        }
    section = OUTPUT_SECTION(out, "visits", "Kunjungan dalam periode", "Visits in the period",
                             contact_columns, 2);
    row = output_row(out, section);
    put_count(row, visits);
    put_count(row, contacts);
    put_percent(row, contacts, visits, 1, 0);
}

/* ---- how people live at 3, 6 and 12 months ---- */

static bool is_at(const struct facts *m, const struct visit *v, const char *moment)
{
    return v->contact && facts_in_period(m, v->on) && strcmp(v->code, moment) == 0;
}

static int64_t count_at(const struct facts *m, const char *moment, unsigned livelihoods)
{
    int64_t count = 0;
    for (EACH(const struct visit, v, &m->visits))
        count += is_at(m, v, moment) && (livelihoods & 1U << v->livelihood);
    return count;
}

static void print_livelihoods(const struct facts *m, struct output *out)
{
    static const struct column columns[] = {
        {"livelihood", "MATA PENCAHARIAN", "LIVELIHOOD"},
        {"m03", "BULAN 3", "MONTH 3"},
        {"m06", "BULAN 6", "MONTH 6"},
        {"m12", "BULAN 12", "MONTH 12"},
    };
    struct section *section =
        OUTPUT_SECTION(out, "livelihoods", "Mata pencaharian", "Livelihood", columns, 3);
    for (unsigned l = 1; l <= LIVELIHOODS; l++) {
        struct row *row = output_row(out, section);
        put_text(row, enum_text(&pb_mentoring_visit_recorded__livelihood__descriptor, (int)l));
        for (int i = 0; i < MOMENTS; i++)
            put_count(row, count_at(m, moments[i], 1U << l));
    }
    struct row *row = output_total(out, section);
    put_words(row, "Jumlah", "Total");
    for (int i = 0; i < MOMENTS; i++)
        put_count(row, count_at(m, moments[i], ~0U));
}

static void print_outcomes(const struct facts *m, struct output *out)
{
    static const struct column columns[] = {
        {"month", "SAAT", "AT"},
        {"visited", "DIKUNJUNGI", "VISITED"},
        {"trained_skill", "MEMAKAI KETERAMPILAN", "USES THE SKILL"},
        {"trained_skill_pct", "%", "%"},
        {"income_n", "PENGHASILAN DIKETAHUI", "INCOME KNOWN"},
        {"income_median_idr", "MEDIAN (RP)", "MEDIAN (IDR)"},
    };
    static const unsigned trained =
        1U << PB_MENTORING_VISIT_RECORDED__LIVELIHOOD_TRAINED_SKILL_SELF |
        1U << PB_MENTORING_VISIT_RECORDED__LIVELIHOOD_TRAINED_SKILL_EMPLOYED;
    struct section *section = OUTPUT_SECTION(out, "outcomes", "Keterampilan dan penghasilan",
                                             "Skill and income", columns, 3);
    for (int i = 0; i < MOMENTS; i++) {
        struct numbers incomes = {0};
        for (EACH(const struct visit, v, &m->visits))
            if (is_at(m, v, moments[i]) && v->has_income)
                numbers_add(m->arena, &incomes, v->income_idr);
        numbers_sort(&incomes);
        int64_t all = count_at(m, moments[i], ~0U);
        int64_t skilled = count_at(m, moments[i], trained);
        struct row *row = output_row(out, section);
        put_text(row, moments[i]);
        put_count(row, all);
        put_count(row, skilled);
        put_percent(row, skilled, all, 2, 1);
        put_count(row, incomes.values.count);
        put_money(row, numbers_median(&incomes) / 10, incomes.values.count);
    }
}

enum sg_err report_aftercare(struct facts *m, struct output *out, struct sg_why *why)
{
    (void)why;
    print_visits(m, out);
    print_livelihoods(m, out);
    print_outcomes(m, out);
    return SG_OK;
}
