/* model_minor.c - persons under 18: flags, seats that are VOIDED, T04. Domain 4.5, 7.2, 8.6, I10.
 */
#include "sim/model.h"

#include "kit/check.h"

/* Somebody who may take the child over is asked already. */
static bool is_on_its_way(struct model *m, const struct m_case *c)
{
    for (size_t i = m_referrals(m, c->person); i-- > 0;) {
        const struct m_referral *r = m->found[i];
        if (r->c == c && r->kind == PB_REFERRAL_KIND_TRANSFER && m_pending(r) &&
            m_has(m, m_target(r), PB_CAPABILITY_CHILD_PROTECTION))
            return true;
    }
    return false;
}

/* T04 of a case whose person is a minor, from now on. */
void m_minor_limit(struct model *m, struct m_case *c)
{
    if (c->minor && m_case_open(c->state) && !is_on_its_way(m, c) &&
        !m_has(m, c->owner, PB_CAPABILITY_CHILD_PROTECTION))
        c->minor_from_ms = m->now_ms;
    m_touch(m, TOUCHED_CASE, c);
}

/* Nobody takes the child over: its owner has to find somebody again. */
void m_child_stays(struct model *m, const struct m_referral *r)
{
    if (r->kind == PB_REFERRAL_KIND_TRANSFER && !r->c->minor_from_ms)
        m_minor_limit(m, r->c);
}

static void flag_case(struct model *m, struct m_case *c)
{
    if (c->minor || !m_case_open(c->state))
        return;
    c->minor = true;
    c->age_doubt = false;
    m_minor_limit(m, c);
}

/* What is known of the age after an event. */
void m_set_minor(struct model *m, struct m_person *p, bool minor, bool doubt)
{
    p = m_root(p);
    p->minor = minor;
    p->age_doubt = doubt;
    if (!minor)
        return;
    struct m_case *cases[MODEL_CASES];
    for (size_t i = m_cases(p, cases); i-- > 0;)
        flag_case(m, cases[i]);
    if (m_live(p))
        m_expect(m, m_live(p), PB_ALLOCATION_STATE_VOIDED);
}

/* E05: what the assessment says of the age counts for its case, and for the person. */
void m_assess_age(struct model *m, struct m_case *c, bool minor)
{
    c->age_doubt = false;
    if (!minor) {
        c->minor = false;
        c->minor_from_ms = 0;
    }
    m_set_minor(m, c->person, minor, false);
}

/* A new case has the flags of its person. */
void m_flag_new_case(struct model *m, struct m_case *c)
{
    const struct m_person *p = m_root(c->person);
    c->minor = p->minor;
    c->age_doubt = p->age_doubt;
    m_minor_limit(m, c);
}

/* The limits of a TRANSFER of a minor are the short ones, whatever its priority. */
bool m_hands_child_over(const struct m_referral *r)
{
    return r->kind == PB_REFERRAL_KIND_TRANSFER && (r->c->minor || m_root(r->person)->minor);
}
