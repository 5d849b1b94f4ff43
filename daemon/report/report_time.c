/* report_time.c - 10.3: days from the first referral of an episode to the first day of a course. */
#include "report/report_inside.h"

#include "wire/day.h"

enum stage { TOTAL, ACKNOWLEDGE, DECIDE, ASSESS, REQUEST, WAIT, START, STAGES };

static const struct column stage_names[STAGES] = {
    {"total", "Rujukan sampai mulai kursus", "Referral to start of the course"},
    {"acknowledge", "- sampai dikonfirmasi", "- to acknowledge"},
    {"decide", "- sampai diputuskan", "- to decide"},
    {"assess", "- sampai asesmen", "- to assess"},
    {"request", "- sampai kursi dimohon", "- to the first request of a seat"},
    {"wait", "- dalam antrean", "- waiting for a seat"},
    {"start", "- sampai mulai", "- to start"},
};

static void add(const struct facts *m, struct numbers *to, int32_t from, int32_t until)
{
    if (from != DAY_NONE && until != DAY_NONE)
        numbers_add(m->arena, to, until - from);
}

/* First waiting of each episode that ended in a seat: from and until. */
struct wait {
    int32_t from, until;
};

static struct wait *waits_of(const struct facts *m)
{
    struct wait *waits = SG_NEW_ARRAY(m->arena, struct wait, m->episodes.count + 1);
    for (uint32_t i = 0; waits && i < m->episodes.count; i++)
        waits[i] = (struct wait){DAY_NONE, DAY_NONE};
    for (EACH(const struct allocation, a, &m->allocations)) {
        if (!waits || a->episode == NOTHING || !a->waiting_ms || !a->held_ms ||
            a->held_ms < a->waiting_ms)
            continue;
        struct wait *w = &waits[a->episode];
        int32_t from = sg_day_at(a->waiting_ms);
        if (w->from == DAY_NONE || from < w->from)
            *w = (struct wait){from, sg_day_at(a->held_ms)};
    }
    return waits;
}

/* The stages of one person follow one another: their sum is the whole. */
static void add_person(const struct facts *m, struct numbers *stages, const struct allocation *a,
                       const struct wait *waits)
{
    const struct episode *e = EPISODE(m, a->episode);
    const struct wait *w = &waits[a->episode];
    int32_t start = sg_day_at(e->start_ms);
    int32_t acknowledged = e->acknowledged_on != DAY_NONE ? e->acknowledged_on : start;
    add(m, &stages[TOTAL], start, a->started_on);
    add(m, &stages[ACKNOWLEDGE], start, e->acknowledged_on);
    add(m, &stages[DECIDE], acknowledged, e->decided_on);
    add(m, &stages[ASSESS], e->decided_on, e->assessed_on);
    add(m, &stages[REQUEST], e->assessed_on, e->requested_on);
    add(m, &stages[WAIT], w->from, w->until);
    add(m, &stages[START], w->until != DAY_NONE ? w->until : e->requested_on, a->started_on);
}

/* The allocation with the first E13 ever of each person, an index or NOTHING. */
static uint32_t *first_starts(const struct facts *m)
{
    uint32_t *first = SG_NEW_ARRAY(m->arena, uint32_t, m->persons.count + 1);
    for (uint32_t i = 0; first && i < m->persons.count; i++)
        first[i] = NOTHING;
    for (uint32_t i = 0; first && i < m->allocations.count; i++) {
        const struct allocation *a = ALLOCATION(m, i);
        if (a->person == NOTHING || a->started_on == DAY_NONE)
            continue;
        uint32_t *at = &first[a->person];
        if (*at == NOTHING || a->started_on < ALLOCATION(m, *at)->started_on)
            *at = i;
    }
    return first;
}

static void print_stages(struct output *out, struct numbers *stages, int64_t without)
{
    static const struct column columns[] = {
        {"stage", "TAHAP", "STAGE"},
        {"n", "ORANG", "PERSONS"},
        {"median", "MEDIAN (HARI)", "MEDIAN (DAYS)"},
        {"p90", "PERSENTIL 90", "90TH PERCENTILE"},
        {"max", "TERLAMA", "LONGEST"},
    };
    struct section *section = OUTPUT_SECTION(out, "days", "Hari", "Days", columns, 1);
    for (int s = 0; s < STAGES; s++) {
        struct row *row = output_row(out, section);
        put_words(row, stage_names[s].title_id, stage_names[s].title_en);
        put_days_of(row, &stages[s]);
    }
    struct row *row = output_row(out, section);
    put_words(row, "Mulai tanpa rujukan yang diketahui", "Started without a known referral");
    put_count(row, without);
    put_none(row);
    put_none(row);
    put_none(row);
}

/* Who waits at the end of the period: else the figures above flatter. */
static enum sg_err print_waiting(const struct facts *m, struct output *out, struct sg_why *why)
{
    static const struct column columns[] = {
        {"waiting", "MASIH ANTRE", "STILL WAITING"},
        {"median", "MEDIAN (HARI)", "MEDIAN (DAYS)"},
    };
    int32_t *since = SG_NEW_ARRAY(m->arena, int32_t, m->persons.count + 1);
    if (!since)
        return sg_fail(why, SG_E_LIMIT, "report: no memory");
    for (uint32_t i = 0; i < m->persons.count; i++)
        since[i] = DAY_NONE;
    for (EACH(const struct allocation, a, &m->allocations)) {
        int32_t from = a->waiting_ms ? sg_day_at(a->waiting_ms) : DAY_NONE;
        bool left = a->left_waiting_ms && sg_day_at(a->left_waiting_ms) <= m->end_day;
        if (a->person == NOTHING || from == DAY_NONE || from > m->end_day || left)
            continue;
        if (since[a->person] == DAY_NONE || from < since[a->person])
            since[a->person] = from;
    }
    struct numbers ages = {0};
    for (uint32_t i = 0; i < m->persons.count; i++)
        add(m, &ages, since[i], m->end_day);
    numbers_sort(&ages);
    struct section *section = OUTPUT_SECTION(out, "waiting", "Antrean pada akhir periode",
                                             "Waiting at the end of the period", columns, 0);
    struct row *row = output_row(out, section);
    put_count(row, ages.values.count);
    put_days(row, numbers_median(&ages), ages.values.count);
    return SG_OK;
}

enum sg_err report_time(struct facts *m, struct output *out, struct sg_why *why)
{
    struct numbers stages[STAGES] = {0};
    int64_t without = 0;
    const uint32_t *first = first_starts(m);
    const struct wait *waits = waits_of(m);
    if (!first || !waits)
        return sg_fail(why, SG_E_LIMIT, "report: no memory");
    for (uint32_t i = 0; i < m->persons.count; i++) {
        const struct allocation *a = first[i] == NOTHING ? NULL : ALLOCATION(m, first[i]);
        if (!a || !facts_in_period(m, a->started_on))
            continue;
        if (a->episode == NOTHING || !EPISODE(m, a->episode)->start_ms)
            without++;
        else
            add_person(m, stages, a, waits);
    }
    print_stages(out, stages, without);
    return print_waiting(m, out, why);
}
