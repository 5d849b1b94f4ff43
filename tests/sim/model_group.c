/* model_group.c - persons who were found to be one, and what they have together. Domain 9.3. */
#include "sim/model.h"

#include "kit/check.h"

#include <stdlib.h>

struct m_person *m_root(struct m_person *p)
{
    return p->root ? p->root : p;
}

size_t m_count(struct m_person *p)
{
    const struct m_person *root = m_root(p);
    return root->group_count ? root->group_count : 1;
}

struct m_person *m_member(struct m_person *p, size_t i)
{
    struct m_person *root = m_root(p);
    return root->group_count ? root->group[i] : root;
}

struct m_seat *m_live(struct m_person *p)
{
    for (size_t i = 0; i < m_count(p); i++)
        if (m_member(p, i)->live)
            return m_member(p, i)->live;
    return NULL;
}

size_t m_waitings(struct m_person *p, struct m_seat *out[MODEL_WAITINGS])
{
    size_t count = 0;
    for (size_t i = 0; i < m_count(p); i++) {
        const struct m_person *q = m_member(p, i);
        for (size_t j = 0; j < q->waiting_count; j++)
            out[count++] = q->waiting[j];
    }
    return count;
}

uint32_t m_lost(struct m_person *p)
{
    uint32_t lost = 0;
    for (size_t i = 0; i < m_count(p); i++)
        lost += m_member(p, i)->lost;
    return lost;
}

bool m_restricted(struct m_person *p)
{
    bool restricted = false;
    for (size_t i = 0; i < m_count(p); i++)
        restricted |= m_member(p, i)->restricted;
    return restricted;
}

/* ---- cases ---- */

static int rank_of(const struct m_case *c)
{
    bool doubled =
        c->state == PB_CASE_STATE_CLOSED && c->close_reason == PB_CLOSE_REASON_DUPLICATE_CASE;
    return m_case_open(c->state) ? 2 : !doubled;
}

/* Of two cases at one owner: the open one, not the double of another, the newer one. */
static bool is_better(const struct m_case *a, const struct m_case *b)
{
    if (rank_of(a) != rank_of(b))
        return rank_of(a) > rank_of(b);
    return a->made > b->made;
}

size_t m_cases(struct m_person *p, struct m_case *out[MODEL_CASES])
{
    size_t count = 0;
    for (size_t k = 0; k < m_count(p); k++) {
        const struct m_person *q = m_member(p, k);
        for (size_t i = 0; i < q->case_count; i++) {
            size_t at = 0;
            while (at < count && out[at]->owner != q->newest[i]->owner)
                at++;
            SG_CHECK(at < MODEL_CASES);
            if (at == count)
                out[count++] = q->newest[i];
            else if (is_better(q->newest[i], out[at]))
                out[at] = q->newest[i];
        }
    }
    return count;
}

struct m_case *m_case_at(struct m_person *p, const char *owner)
{
    struct m_case *cases[MODEL_CASES];
    for (size_t i = m_cases(p, cases); i-- > 0;)
        if (cases[i]->owner == owner)
            return cases[i];
    return NULL;
}

size_t m_referrals(struct model *m, struct m_person *p)
{
    size_t count = 0;
    for (size_t k = 0; k < m_count(p); k++)
        for (struct m_referral *r = m_member(p, k)->referrals; r; r = r->next) {
            if (count == m->found_room) {
                m->found_room = m->found_room ? m->found_room * 2 : 256;
                m->found = realloc(m->found, m->found_room * sizeof(struct m_referral *));
                SG_CHECK(m->found);
            }
            m->found[count++] = r;
        }
    return count;
}
