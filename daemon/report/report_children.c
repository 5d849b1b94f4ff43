/* report_children.c - 10.9: how soon a child comes to those who protect children. The 24 hours
 * count as those of T04: from when the broker was told, because a feed that comes late is not the
 * owner's. */
#include "report/report_inside.h"

#include "wire/day.h"

#define HAND_OVER_MS SG_DAY_MS

struct child {
    int64_t handed_ms; /* the first referral to a protector, 0: none */
    bool accepted;
    bool still; /* in an open case of the steward */
};

static bool is_protector(const struct facts *m, uint32_t agency)
{
    const char *id = names_text(&m->agencies, agency);
    for (size_t i = 0; i < m->request->protector_count; i++)
        if (strcmp(m->request->protectors[i], id) == 0)
            return true;
    return false;
}

/* A grown-up who was taken for a child is none; who was a child when it was known stays one. */
static bool counts(const struct facts *m, const struct person *p, const struct child *child)
{
    return p->minor_ms && facts_in_period(m, sg_day_at(p->minor_ms)) &&
           (!p->assessed || p->assessed_minor || child->handed_ms);
}

static bool is_open(PbCaseState state)
{
    return state >= PB_CASE_STATE_NEW && state <= PB_CASE_STATE_AFTERCARE;
}

static struct child *children_of(const struct facts *m)
{
    struct child *children = SG_NEW_ARRAY(m->arena, struct child, m->persons.count + 1);
    for (EACH(const struct referral, r, &m->referrals)) {
        if (!children || r->person == NOTHING || !r->states || r->target == NOTHING ||
            r->state == PB_REFERRAL_STATE_WITHDRAWN || r->kind == PB_REFERRAL_KIND_SERVICE ||
            !is_protector(m, r->target))
            continue;
        struct child *child = &children[r->person];
        if (!child->handed_ms || r->told_ms < child->handed_ms)
            child->handed_ms = r->told_ms;
        child->accepted |= r->decision == PB_REFERRAL_DECISION_ACCEPTED;
    }
    for (EACH(const struct case_file, c, &m->cases))
        if (children && c->person != NOTHING && is_open(c->state) && is_steward(m, c->owner))
            children[c->person].still = true;
    return children;
}

enum sg_err report_children(struct facts *m, struct output *out, struct sg_why *why)
{
    static const struct column columns[] = {
        {"known", "ANAK DIKETAHUI", "MINORS KNOWN"},
        {"handed", "DISERAHKAN DALAM 24 JAM", "HANDED OVER WITHIN 24 H"},
        {"handed_pct", "%", "%"},
        {"late", "DISERAHKAN TERLAMBAT", "HANDED OVER LATER"},
        {"accepted", "DITERIMA", "ACCEPTED"},
        {"still", "MASIH DI DINSOS > 24 JAM", "STILL WITH DINSOS > 24 H"},
    };
    const struct child *children = children_of(m);
    int64_t known = 0, handed = 0, late = 0, accepted = 0, still = 0;
    if (!children)
        return sg_fail(why, SG_E_LIMIT, "report: no memory");
    for (uint32_t i = 0; i < m->persons.count; i++) {
        const struct person *p = PERSON(m, i);
        const struct child *child = &children[i];
        if (!counts(m, p, child))
            continue;
        bool in_time = child->handed_ms && child->handed_ms <= p->minor_told_ms + HAND_OVER_MS;
        known++;
        handed += in_time;
        late += child->handed_ms && !in_time;
        accepted += child->accepted;
        still += child->still && m->at_ms - p->minor_told_ms > HAND_OVER_MS;
    }
    struct section *section = OUTPUT_SECTION(out, "minors", "Anak", "Minors", columns, 1);
    struct row *row = output_row(out, section);
    put_count(row, known);
    put_count(row, handed);
    put_percent(row, handed, known, 1, 0);
    put_count(row, late);
    put_count(row, accepted);
    put_count(row, still);
    return SG_OK;
}
