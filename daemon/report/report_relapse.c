/* report_relapse.c - 10.6: who was found on the street again after a course or a closing.
 *
 * The 14 days and the earliest reference are those of HUD's measure 2; that a contact on the street
 * is a return is a difference on purpose. The quality of the figure rests on how many contacts have
 * an identity, so that share is printed with it.
 */
#include "report/report_inside.h"

enum { AFTER_DAYS = 15, OBSERVED_DAYS = 60 };
static const struct window {
    int32_t days;
    const char *id, *en;
} windows[] = {{183, "15-183 hari", "15-183 days"},
               {365, "15-365 hari", "15-365 days"},
               {730, "15-730 hari", "15-730 days"}};

/* Days by person. */
struct sightings {
    struct pairs on_street, off_street;
};

static bool is_return(const struct contact *c)
{
    static const unsigned activities =
        1U << PB_ACTIVITY_BEGGING | 1U << PB_ACTIVITY_SLEEPING_ROUGH |
        1U << PB_ACTIVITY_BEGGING_WITH_CHILD | 1U << PB_ACTIVITY_BUSKING |
        1U << PB_ACTIVITY_SILVER_PAINTED | 1U << PB_ACTIVITY_SCAVENGING;
    return c->person != NOTHING && (c->intake || (activities & 1U << c->activity));
}

static void see(const struct facts *m, struct sightings *s)
{
    for (EACH(const struct contact, c, &m->contacts))
        if (is_return(c))
            pairs_add(m->arena, &s->on_street, c->person, c->on);
    for (EACH(const struct visit, v, &m->visits)) {
        if (v->person == NOTHING)
            continue;
        if (v->on_street == PB_MENTORING_VISIT_RECORDED__ON_STREET_YES ||
            v->livelihood == PB_MENTORING_VISIT_RECORDED__LIVELIHOOD_BEGGING)
            pairs_add(m->arena, &s->on_street, v->person, v->on);
        else if (v->contact && v->on_street == PB_MENTORING_VISIT_RECORDED__ON_STREET_NO)
            pairs_add(m->arena, &s->off_street, v->person, v->on);
    }
    pairs_sort(&s->on_street);
    pairs_sort(&s->off_street);
}

static void refer(int32_t *references, uint32_t person, int32_t day)
{
    if (references[person] == DAY_NONE || day < references[person])
        references[person] = day;
}

static int32_t *new_references(const struct facts *m)
{
    int32_t *references = SG_NEW_ARRAY(m->arena, int32_t, m->persons.count + 1);
    for (uint32_t i = 0; references && i < m->persons.count; i++)
        references[i] = DAY_NONE;
    return references;
}

/* The earliest completed course of each person in the period. */
static int32_t *completions(const struct facts *m)
{
    int32_t *references = new_references(m);
    for (EACH(const struct allocation, a, &m->allocations))
        if (references && a->person != NOTHING && facts_in_period(m, a->ended_on) &&
            a->result == PB_PLACEMENT_ENDED__RESULT_COMPLETED)
            refer(references, a->person, a->ended_on);
    return references;
}

static int32_t *closings(const struct facts *m)
{
    int32_t *references = new_references(m);
    for (EACH(const struct episode, e, &m->episodes))
        if (references && e->person != NOTHING && facts_in_period(m, e->closed_on) &&
            (e->close_reason == PB_CLOSE_REASON_INDEPENDENT ||
             e->close_reason == PB_CLOSE_REASON_REUNIFIED))
            refer(references, e->person, e->closed_on);
    return references;
}

static void print_window(const struct facts *m, struct row *row, const struct window *w,
                         const int32_t *references, const struct sightings *s)
{
    int64_t cohort = 0, elapsed = 0, returned = 0, observed = 0;
    for (uint32_t i = 0; i < m->persons.count; i++) {
        int32_t from = references[i];
        if (from == DAY_NONE)
            continue;
        cohort++;
        if (from + w->days > m->end_day)
            continue;
        elapsed++;
        int32_t last = from + w->days;
        bool back = pairs_within(&s->on_street, i, from + AFTER_DAYS, last);
        returned += back;
        observed += !back && pairs_within(&s->off_street, i, last - OBSERVED_DAYS + 1, last);
    }
    put_words(row, w->id, w->en);
    put_count(row, cohort);
    put_count(row, elapsed);
    put_count(row, returned);
    put_percent(row, returned, elapsed, 3, 2);
    put_count(row, observed);
    put_count(row, elapsed - returned - observed);
}

static void print_references(const struct facts *m, struct output *out, const struct column *title,
                             unsigned group, const int32_t *references, const struct sightings *s)
{
    static const struct column columns[] = {
        {"window", "JENDELA", "WINDOW"},
        {"cohort", "KELOMPOK", "COHORT"},
        {"elapsed", "JENDELA LEWAT", "WINDOW ELAPSED"},
        {"returned", "KEMBALI", "RETURNED"},
        {"returned_pct", "%", "%"},
        {"observed_no", "TERAMATI TIDAK", "OBSERVED NOT"},
        {"unknown", "TIDAK DIKETAHUI", "UNKNOWN"},
    };
    struct section *section =
        OUTPUT_SECTION(out, title->name, title->title_id, title->title_en, columns, group);
    for (size_t i = 0; i < SG_ARRAY_LEN(windows); i++)
        print_window(m, output_row(out, section), &windows[i], references, s);
}

static void print_contacts(const struct facts *m, struct output *out)
{
    static const struct column columns[] = {
        {"kind", "JENIS", "KIND"},
        {"contacts", "KONTAK", "CONTACTS"},
        {"unidentified", "TANPA IDENTITAS", "WITHOUT IDENTITY"},
        {"unidentified_pct", "%", "%"},
    };
    struct section *section = OUTPUT_SECTION(out, "contacts", "Kontak dalam periode",
                                             "Contacts in the period", columns, 3);
    for (int intake = 0; intake < 2; intake++) {
        int64_t all = 0, without = 0;
        for (EACH(const struct contact, c, &m->contacts))
            if (c->intake == (intake == 1) && facts_in_period(m, c->on)) {
                all++;
                without += !c->identified;
            }
        struct row *row = output_row(out, section);
        put_words(row, intake ? "Rujukan" : "Kontak lapangan",
                  intake ? "Referrals" : "Street contacts");
        put_count(row, all);
        put_count(row, without);
        put_percent(row, without, all, 2, 1);
    }
}

enum sg_err report_relapse(struct facts *m, struct output *out, struct sg_why *why)
{
    static const struct column trained = {"trained", "Sejak kursus selesai",
                                          "Since a course was completed"};
    static const struct column closed = {"closed",
                                         "Sejak kasus ditutup mandiri atau kembali ke "
                                         "keluarga",
                                         "Since a case was closed as independent or reunified"};
    struct sightings sightings = {0};
    see(m, &sightings);
    const int32_t *r1 = completions(m), *r2 = closings(m);
    if (!r1 || !r2)
        return sg_fail(why, SG_E_LIMIT, "report: no memory");
    print_references(m, out, &trained, 1, r1, &sightings);
    print_references(m, out, &closed, 2, r2, &sightings);
    print_contacts(m, out);
    return SG_OK;
}
