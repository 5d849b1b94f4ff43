/* model_consent.c - what persons agree to, what they are given, what they ask for: E06, E07, E23.
 * Domain 5, 7.2, 9.5. */
#include "sim/model.h"

#include "kit/check.h"
#include "wire/day.h"
#include "wire/status.h"

/* ---- consents ---- */

/* What was said last, by whatever name the person went then. */
static const struct m_consent *m_said(struct m_person *p, PbConsentRecorded__Scope scope)
{
    const struct m_consent *last = &m_member(p, 0)->consents[scope];
    for (size_t i = 1; i < m_count(p); i++)
        if (m_member(p, i)->consents[scope].seq > last->seq)
            last = &m_member(p, i)->consents[scope];
    return last;
}

bool m_consents(struct m_person *p, PbConsentRecorded__Scope scope, int32_t day)
{
    const struct m_consent *said = m_said(p, scope);
    return said->given && (!said->ends || day <= said->valid_until);
}

static int32_t day_no(const PbDate *date)
{
    return sg_day_of(date->year, date->month, date->day);
}

static bool is_promised(PbAllocationState state)
{
    return m_is_live(state) && state != PB_ALLOCATION_STATE_OCCUPIED;
}

static struct m_case *own_case(struct model *m, const struct m_event *ev, const char *what)
{
    struct sg_id id = id_of(ev->e->case_id);
    struct m_case *c = pile_find(&m->cases, &id);
    M_EXPECT(m, c && c->owner == ev->agency, what, &id);
    return m->broken ? NULL : c;
}

void m_consent(struct model *m, const struct m_event *ev)
{
    const PbConsentRecorded *e = ev->e->consent_recorded;
    struct m_case *c = own_case(m, ev, "a consent in somebody else's case");
    if (!c)
        return;
    struct m_person *p = c->person;
    bool child = c->minor || m_root(p)->minor || m_root(p)->age_doubt;
    bool given = e->action == PB_CONSENT_RECORDED__ACTION_GIVEN;
    bool shared = m_said(p, PB_CONSENT_RECORDED__SCOPE_SHARE_WITH_PROVIDER)->given;
    bool health = m_said(p, PB_CONSENT_RECORDED__SCOPE_SHARE_HEALTH_LIMITS)->given;
    M_EXPECT(m, m_case_open(c->state) || c->state == PB_CASE_STATE_CLOSED,
             "a consent in a case that is over", &c->id);
    M_EXPECT(m, !child || e->given_by != PB_CONSENT_RECORDED__GIVEN_BY_SELF,
             "I10: a child has consented for itself", &c->id);
    for (size_t i = 0; i < e->n_scopes; i++) {
        struct m_consent *said = &p->consents[e->scopes[i]];
        said->seq = ev->record->seq;
        said->given = given;
        said->ends = e->valid_until != NULL;
        said->valid_until = e->valid_until ? day_no(e->valid_until) : 0;
    }
    m_busy(m, c);
    bool shares = m_said(p, PB_CONSENT_RECORDED__SCOPE_SHARE_WITH_PROVIDER)->given;
    struct m_seat *live = m_live(p);
    if (shared && !shares && live && is_promised(live->state))
        m_expect_release(m, live);
    bool tells = m_said(p, PB_CONSENT_RECORDED__SCOPE_SHARE_HEALTH_LIMITS)->given;
    if (!given && ((shared && !shares) || (health && !tells)))
        m_consent_withdrawn(m, ev, c);
}

/* ---- services ---- */

static struct m_referral *answered(struct model *m, const PbEventRef *place)
{
    struct sg_id outbox_id = place ? id_of(place->outbox_id) : (struct sg_id){{0}};
    for (size_t i = 0; place && i < m->referrals.count; i++) {
        struct m_referral *r = m->referrals.all[i];
        if (r->number == place->number && sg_id_equal(&outbox_id, &r->outbox_id))
            return r;
    }
    return NULL;
}

static void close_loop(struct model *m, struct m_referral *r, PbSpmService service)
{
    bool all = true;
    if (r->state != PB_REFERRAL_STATE_ACCEPTED)
        return;
    for (size_t i = 0; i < r->service_count; i++) {
        r->delivered[i] |= r->services[i] == service;
        all &= r->delivered[i];
    }
    if (all)
        r->state = PB_REFERRAL_STATE_LOOP_CLOSED;
    m_touch(m, TOUCHED_REFERRAL, r);
}

static bool asks_for(const struct m_referral *r, PbSpmService service)
{
    for (size_t i = 0; i < r->service_count; i++)
        if (r->services[i] == service)
            return true;
    return false;
}

static bool warns(const struct m_event *ev, uint32_t code)
{
    for (size_t i = 0; i < ev->effect->n_warnings; i++)
        if (ev->effect->warnings[i] == code)
            return true;
    return false;
}

/* Days on which food was given in this episode; beyond seven of them somebody is warned. */
static void count_food(struct model *m, const struct m_event *ev, struct m_case *c)
{
    enum { SHELTER_DAYS = 7 };
    const PbBasicServiceDelivered *e = ev->e->service_delivered;
    bool food = e->service == PB_SPM_SERVICE_FOOD &&
                e->outcome != PB_BASIC_SERVICE_DELIVERED__OUTCOME_NOT_POSSIBLE;
    for (int32_t day = day_no(e->from_on); food && day <= day_no(e->to_on); day++) {
        size_t i = 0;
        while (i < c->food_count && c->food[i] != day)
            i++;
        if (i == c->food_count && i < SG_ARRAY_LEN(c->food))
            c->food[c->food_count++] = day;
    }
    M_EXPECT(
        m, c->food_read || warns(ev, SG_ST_W_SPM_7_DAYS) == (food && c->food_count > SHELTER_DAYS),
        "a warning of more than seven days of food", &c->id);
}

void m_service(struct model *m, const struct m_event *ev)
{
    const PbBasicServiceDelivered *e = ev->e->service_delivered;
    struct sg_id case_id = id_of(ev->e->case_id);
    struct m_referral *r = answered(m, ev->e->causation);
    struct m_case *c = ev->e->has_case_id ? pile_find(&m->cases, &case_id) : r ? r->c : NULL;
    M_EXPECT(m, c, "a service for nobody", &case_id);
    if (m->broken)
        return;
    bool owner = c->owner == ev->agency;
    M_EXPECT(m, owner || (r && m_target(r) == ev->agency), "a service by somebody else", &c->id);
    bool answers = r && r->c == c && r->kind == PB_REFERRAL_KIND_SERVICE &&
                   r->state == PB_REFERRAL_STATE_ACCEPTED;
    M_EXPECT(m, owner || (answers && asks_for(r, e->service)), "a service that nobody asked for",
             &c->id);
    bool late = c->state == PB_CASE_STATE_CLOSED && day_no(e->to_on) <= c->closed_on;
    M_EXPECT(m, m_case_open(c->state) || late, "a service in a case that is over", &c->id);
    M_EXPECT(m, day_no(e->to_on) >= day_no(e->from_on), "a service that ends before it begins",
             &c->id);
    count_food(m, ev, c);
    m_busy(m, c);
    if (answers && asks_for(r, e->service))
        close_loop(m, r, e->service);
}
