/* model_closing.c - the end of a case, its reopening, and relapses: E21, D4, T12. Domain 7.2, 10.6.
 */
#include "sim/model.h"

#include "kit/check.h"
#include "wire/day.h"

enum { REOPEN_DAYS = 365, SEEN_DAYS = 60, MENTORED_DAYS = 180, MISSED = 3, MISSED_SPAN = 14 };

static int32_t day_no(const PbDate *date)
{
    return sg_day_of(date->year, date->month, date->day);
}

bool m_may_reopen(const struct model *m, const struct m_case *c)
{
    return c->state == PB_CASE_STATE_CLOSED && sg_day_at(m->now_ms) <= c->closed_on + REOPEN_DAYS;
}

/* Something has happened in it: T12 begins again. */
void m_busy(struct model *m, struct m_case *c)
{
    if (c->state == PB_CASE_STATE_IN_SERVICE)
        c->busy_ms = m->now_ms;
    m_touch(m, TOUCHED_CASE, c);
}

/* T03 from that time on; it is set now. */
void m_assess_limit(const struct model *m, struct m_case *c, int64_t from_ms)
{
    c->assess_from_ms = from_ms;
    c->assess_set_ms = m->now_ms;
}

void m_move_case(struct model *m, struct m_case *c, PbCaseState to)
{
    bool was = m_case_open(c->state);
    if (to != c->state)
        c->busy_ms = to == PB_CASE_STATE_IN_SERVICE ? m->now_ms : 0;
    c->state = to;
    if (to != PB_CASE_STATE_NEW && to != PB_CASE_STATE_INTAKE && to != PB_CASE_STATE_ASSESSING)
        c->assess_from_ms = 0;
    if (was && !m_case_open(to)) {
        c->minor_from_ms = c->plan_from_ms = 0;
        m_plan_ends(m, c);
    }
    m_touch(m, TOUCHED_CASE, c);
}

/* ---- E21 ---- */

static bool is_later(const struct m_visit *a, const struct m_visit *b)
{
    return a->on > b->on || (a->on == b->on && a->seq > b->seq);
}

/* Of this episode. */
static bool counts(const struct m_case *c, const struct m_visit *visit)
{
    return c->mentored_from && visit->on >= c->mentored_from;
}

static const struct m_visit *last_contact(const struct m_case *c)
{
    const struct m_visit *last = NULL;
    for (size_t i = 0; i < c->visit_count; i++)
        if (c->visits[i].contact && counts(c, &c->visits[i]) &&
            (!last || is_later(&c->visits[i], last)))
            last = &c->visits[i];
    return last;
}

bool m_lost_contact(const struct m_case *c)
{
    const struct m_visit *contact = last_contact(c);
    int32_t days[64], first = INT32_MAX, last = INT32_MIN;
    size_t count = 0;
    for (size_t i = 0; i < c->visit_count; i++) {
        const struct m_visit *v = &c->visits[i];
        size_t at = 0;
        if (v->contact || !counts(c, v) || (contact && !is_later(v, contact)))
            continue;
        while (at < count && days[at] != v->on)
            at++;
        if (at == count && count < SG_ARRAY_LEN(days))
            days[count++] = v->on;
        first = v->on < first ? v->on : first;
        last = v->on > last ? v->on : last;
    }
    return count >= MISSED && last - first >= MISSED_SPAN;
}

bool m_independent(const struct m_case *c, int32_t today)
{
    const struct m_visit *last = last_contact(c);
    int32_t from = c->mentored_from, completed = 0;
    for (size_t k = 0; k < m_count(c->person); k++) {
        const struct m_person *p = m_member(c->person, k);
        for (size_t i = 0; i < p->completed_count; i++)
            completed = p->completed[i].ended_on > completed ? p->completed[i].ended_on : completed;
    }
    if (completed && (!from || completed < from))
        from = completed;
    return last && last->on >= today - SEEN_DAYS && last->off_street && from &&
           today >= from + MENTORED_DAYS;
}

static bool has_loan(const struct model *m, const struct m_case *c)
{
    for (size_t i = 0; i < m->items.count; i++) {
        const struct m_item *item = m->items.all[i];
        if (item->c == c && m_on_loan(item))
            return true;
    }
    return false;
}

/* What stands against it, in the order of domain 7.2; 0: nothing. */
const char *m_against_closing(const struct model *m, const struct m_case *c, const PbEnvelope *e)
{
    const PbCaseClosed *p = e->case_closed;
    const struct m_seat *live = m_live(c->person);
    bool gone = p->reason == PB_CLOSE_REASON_DECEASED || p->reason == PB_CLOSE_REASON_LOST_CONTACT;
    if (!m_case_open(c->state))
        return "a case was closed that is over";
    if (e->expected_version != c->version)
        return "a stale case was closed";
    if (live && live->c == c)
        return "closed with a live seat";
    if (has_loan(m, c) && !gone)
        return "closed with an item on loan";
    if (c->minor && !m_has(m, c->owner, PB_CAPABILITY_CHILD_PROTECTION))
        return "a minor's case was closed";
    if (strcmp(p->supervisor_ref, e->actor_ref) == 0)
        return "closed by two eyes";
    if (c->not_ppks != (p->reason == PB_CLOSE_REASON_NOT_PPKS))
        return "NOT_PPKS without its flag, or the other way round";
    if (p->reason == PB_CLOSE_REASON_INDEPENDENT && !m_independent(c, sg_day_at(m->now_ms)))
        return "INDEPENDENT too early";
    if (p->reason == PB_CLOSE_REASON_LOST_CONTACT && !m_lost_contact(c))
        return "LOST_CONTACT too early";
    return NULL;
}

static void release_waitings(struct model *m, const struct m_case *c)
{
    struct m_seat *waiting[MODEL_WAITINGS];
    for (size_t i = m_waitings(c->person, waiting); i-- > 0;)
        if (waiting[i]->c == c)
            m_expect_release(m, waiting[i]);
}

void m_loops_of(struct model *m, const struct m_case *c, const struct m_referral *but)
{
    for (size_t i = m_referrals(m, c->person); i-- > 0;) {
        struct m_referral *at = m->found[i];
        if (at != but && at->c == c && at->state == PB_REFERRAL_STATE_ACCEPTED) {
            at->state = PB_REFERRAL_STATE_LOOP_CLOSED;
            m_touch(m, TOUCHED_REFERRAL, at);
        }
    }
}

void m_case_closed(struct model *m, const struct m_event *ev)
{
    const PbCaseClosed *e = ev->e->case_closed;
    struct sg_id id = id_of(ev->e->case_id);
    struct m_case *c = pile_find(&m->cases, &id);
    M_EXPECT(m, c && c->owner == ev->agency, "somebody else's case was closed", &id);
    if (m->broken)
        return;
    const char *against = m_against_closing(m, c, ev->e);
    M_EXPECT(m, !against, against, &id);
    c->before = c->state;
    c->closed_on = day_no(e->closed_on);
    c->closed_ms = m->now_ms;
    c->close_reason = e->reason;
    release_waitings(m, c);
    m_move_case(m, c, PB_CASE_STATE_CLOSED);
    m_loops_of(m, c, NULL);
    bool good = e->reason == PB_CLOSE_REASON_INDEPENDENT || e->reason == PB_CLOSE_REASON_REUNIFIED;
    struct m_person *p = c->person;
    if (good && (!p->first_closed_on || c->closed_on < p->first_closed_on))
        p->first_closed_on = c->closed_on;
}

void m_reopen(struct model *m, struct m_case *c)
{
    c->reopened++;
    c->closed_on = 0;
    c->closed_ms = 0;
    c->mentored_from = 0;
    c->food_count = 0;
    m_move_case(m, c, PB_CASE_STATE_IN_SERVICE);
    c->minor |= m_root(c->person)->minor;
    m_minor_limit(m, c);
}

/* ---- D4 ---- */

static bool in_window(int32_t reference, int32_t on)
{
    return reference && on > reference + 14 && on <= reference + 730;
}

static void expect_relapse(struct model *m, struct m_person *p, const struct m_case *c,
                           PbCaseRelapseDetected__Reference reference, int32_t reference_on,
                           int32_t on)
{
    if (!in_window(reference_on, on))
        return;
    SG_CHECK(m->relapse_count < SG_ARRAY_LEN(m->relapses));
    m->relapses[m->relapse_count++] = (struct m_relapse){
        .person = p, .c = c, .reference = reference, .reference_on = reference_on, .on = on};
}

/* The earliest of a day that one of them has. */
static int32_t earliest(struct m_person *p, bool closed)
{
    int32_t day = 0;
    for (size_t i = 0; i < m_count(p); i++) {
        const struct m_person *q = m_member(p, i);
        int32_t own = closed ? q->first_closed_on : q->first_completed_on;
        if (own && (!day || own < day))
            day = own;
    }
    return day;
}

static void relapse_of(struct model *m, struct m_person *p, const struct m_case *c, int32_t on)
{
    expect_relapse(m, p, c, PB_CASE_RELAPSE_DETECTED__REFERENCE_TRAINING_COMPLETED,
                   earliest(p, false), on);
    expect_relapse(m, p, c, PB_CASE_RELAPSE_DETECTED__REFERENCE_CASE_CLOSED, earliest(p, true), on);
}

/* The person was seen on the street on that day: after a course, or after the end of a case? */
void m_relapse(struct model *m, const struct m_case *c, int32_t on)
{
    relapse_of(m, m_root(c->person), c, on);
}

/* E04: told to the owner of an open case, of a closed one if none is open. */
void m_relapse_seen(struct model *m, struct m_person *p, PbActivity activity, int32_t on)
{
    static const PbActivity street[] = {PB_ACTIVITY_BEGGING,        PB_ACTIVITY_SLEEPING_ROUGH,
                                        PB_ACTIVITY_SCAVENGING,     PB_ACTIVITY_BUSKING,
                                        PB_ACTIVITY_SILVER_PAINTED, PB_ACTIVITY_BEGGING_WITH_CHILD};
    bool counts = false, told = false;
    p = m_root(p);
    for (size_t i = 0; i < SG_ARRAY_LEN(street); i++)
        counts |= activity == street[i];
    struct m_case *cases[MODEL_CASES];
    for (size_t i = m_cases(p, cases); i-- > 0;)
        told |= m_case_open(cases[i]->state) || cases[i]->state == PB_CASE_STATE_CLOSED;
    if (counts && told)
        relapse_of(m, p, NULL, on);
}

static bool is_told_there(const struct m_relapse *x, const struct m_case *c)
{
    bool open = false;
    if (x->c)
        return x->c == c;
    struct m_case *cases[MODEL_CASES];
    for (size_t i = m_cases(x->person, cases); i-- > 0;)
        open |= m_case_open(cases[i]->state);
    return m_root(c->person) == x->person &&
           (open ? m_case_open(c->state) : c->state == PB_CASE_STATE_CLOSED);
}

void m_relapse_told(struct model *m, const PbEnvelope *e)
{
    const PbCaseRelapseDetected *p = e->case_relapse_detected;
    struct sg_id id = id_of(e->case_id);
    const struct m_case *c = pile_find(&m->cases, &id);
    int32_t on = day_no(p->contact_on), reference_on = day_no(p->reference_on);
    int32_t days = on - reference_on;
    PbCaseRelapseDetected__Window window = days <= 183 ? PB_CASE_RELAPSE_DETECTED__WINDOW_D14_183
                                           : days <= 365
                                               ? PB_CASE_RELAPSE_DETECTED__WINDOW_D184_365
                                               : PB_CASE_RELAPSE_DETECTED__WINDOW_D366_730;
    M_EXPECT(m, p->days == (uint32_t)days && p->window == window, "D4: days or window", &id);
    for (size_t i = 0; c && i < m->relapse_count; i++) {
        struct m_relapse *x = &m->relapses[i];
        if (x->reference != p->reference || x->reference_on != reference_on || x->on != on ||
            !is_told_there(x, c))
            continue;
        *x = m->relapses[--m->relapse_count];
        m->counts.relapses++;
        return;
    }
    m_break(m, "D4: a relapse that is none", &id);
}
