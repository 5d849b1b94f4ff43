/* model_rights.c - requests of data subjects and orders to forget: E23, D6, T13, T14, and what a
 * restriction holds up. Domain 9.5, 8.6. */
#include "sim/model.h"

#include "kit/check.h"
#include "wire/day.h"

#define STATUS(name) PB_DATA_SUBJECT_REQUEST_RECORDED__STATUS_##name
#define KIND(name) PB_DATA_SUBJECT_REQUEST_RECORDED__KIND_##name

enum { ACCESS_DAYS = 30 };

/* ---- orders to forget ---- */

static void add(const char *list[MODEL_TOLD], size_t *count, const char *agency)
{
    for (size_t i = 0; i < *count; i++)
        if (list[i] == agency)
            return;
    SG_CHECK(*count < MODEL_TOLD);
    list[(*count)++] = agency;
}

static bool stands_in(const char *const list[MODEL_TOLD], size_t count, const char *agency)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == agency)
            return true;
    return false;
}

/* D6: to somebody who could read of the person. */
void m_ordered(struct model *m, const struct record *record, const PbEnvelope *e)
{
    struct sg_id id = id_of(e->person_erasure_ordered->request_id);
    struct m_request *r = pile_find(&m->requests, &id);
    const PbRecordRest *rest = record->rest;
    const char *agency = rest->n_audience == 1 ? m_agency(m, rest->audience[0]->agency) : NULL;
    M_EXPECT(m, r && agency && stands_in(r->may, r->may_count, agency),
             "D6: to somebody who never read of the person", &id);
    if (m->broken)
        return;
    add(r->told, &r->told_count, agency);
    m->counts.orders++;
}

/* At the end of the withdrawal: whoever holds a seat of the case was told. */
void m_all_told(struct model *m)
{
    const struct m_request *r = m->withdrawn;
    m->withdrawn = NULL;
    for (size_t i = 0; r && i < r->must_count; i++)
        M_EXPECT(m, stands_in(r->told, r->told_count, r->must[i]), "D6: a provider was not told",
                 &r->id);
}

/* A withdrawal: whoever trains and could read of the person is told to forget. */
void m_consent_withdrawn(struct model *m, const struct m_event *ev, struct m_case *c)
{
    struct sg_id id = id_of(ev->e->consent_recorded->consent_id);
    struct m_request *r = pile_add(&m->requests, &id, sizeof *r);
    r->person = c->person;
    r->c = c;
    r->owner = c->owner;
    r->kind = KIND(ERASURE);
    r->status = STATUS(GRANTED);
    r->received_ms = r->told_ms = m->now_ms;
    r->identity_checked = true;
    for (size_t i = 0; i < m->seats.count; i++) {
        const struct m_seat *seat = m->seats.all[i];
        bool ended = m_is_over(seat->state) && m->now_ms > seat->over_ms + ACCESS_DAYS * SG_DAY_MS;
        if (m_root(seat->person) != m_root(c->person) || !seat->was_live)
            continue;
        add(r->may, &r->may_count, seat->slot->owner);
        if (seat->c == c && !ended)
            add(r->must, &r->must_count, seat->slot->owner);
    }
    m->withdrawn = r;
    m_touch(m, TOUCHED_REQUEST, r);
}

/* ---- restriction ---- */

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* What began in between has not run at all. */
static void shift(int64_t *from_ms, int64_t since_ms, int64_t now_ms)
{
    if (*from_ms)
        *from_ms += now_ms - later(*from_ms, since_ms);
}

static void restrict_person(struct model *m, struct m_person *p, bool restricted)
{
    if (m_restricted(p) == restricted)
        return;
    int64_t since = 0;
    for (size_t i = 0; i < m_count(p); i++) {
        struct m_person *q = m_member(p, i);
        since = q->restricted ? q->restricted_ms : since;
        q->restricted = false;
        q->was_restricted = true;
    }
    p->restricted = restricted;
    p->restricted_ms = restricted ? m->now_ms : 0;
    for (size_t i = 0; i < m->cases.count; i++) {
        struct m_case *c = m->cases.all[i];
        if (m_root(c->person) != m_root(p))
            continue;
        if (!restricted) {
            if (c->assess_from_ms)
                c->assess_from_ms += m->now_ms - later(c->assess_set_ms, since);
            shift(&c->minor_from_ms, later(since, c->minor_set_ms), m->now_ms);
            shift(&c->busy_ms, later(since, c->busy_set_ms), m->now_ms);
            shift(&c->plan_from_ms, later(since, c->plan_set_ms), m->now_ms);
            if (c->plan && c->plan->c == c)
                c->plan->held_ms += m->now_ms - later(c->plan->limit_ms, since);
        }
        m_touch(m, TOUCHED_CASE, c);
        if (c->plan)
            m_touch(m, TOUCHED_PLAN, c->plan);
    }
}

/* ---- E23 ---- */

/* The owner of an open case; of a closed one if none is open; else the steward. */
static bool may_decide(struct model *m, struct m_person *p, const char *owner)
{
    struct m_case *cases[MODEL_CASES];
    size_t count = m_cases(p, cases);
    bool open = false, closed = false;
    for (size_t i = 0; i < count; i++) {
        open |= m_case_open(cases[i]->state);
        closed |= cases[i]->state == PB_CASE_STATE_CLOSED;
    }
    for (size_t i = 0; i < count; i++)
        if (cases[i]->owner == owner &&
            (open ? m_case_open(cases[i]->state) : cases[i]->state == PB_CASE_STATE_CLOSED))
            return true;
    return !open && !closed && m_has(m, owner, PB_CAPABILITY_IDENTITY_STEWARD);
}

static struct m_person *asks(struct model *m, const struct m_event *ev)
{
    struct sg_id ref_id = id_of(ev->e->person_ref), case_id = id_of(ev->e->case_id);
    const struct m_ref *ref = pile_find(&m->refs, &ref_id);
    const struct m_case *c = pile_find(&m->cases, &case_id);
    if (ev->e->has_person_ref)
        return ref && ref->agency == ev->agency ? m_root(ref->person) : NULL;
    return c && c->owner == ev->agency ? c->person : NULL;
}

static void receive(struct model *m, const struct m_event *ev, const struct sg_id *id)
{
    const PbDataSubjectRequestRecorded *e = ev->e->rights_request;
    struct m_person *p = asks(m, ev);
    M_EXPECT(m, p && !pile_find(&m->requests, id), "a request of nobody, or twice", id);
    if (m->broken)
        return;
    struct m_request *r = pile_add(&m->requests, id, sizeof *r);
    r->person = p;
    r->owner = m_agency(m, ev->effect->request->row->owner);
    M_EXPECT(m, may_decide(m, p, r->owner), "a request is decided by somebody who may not", id);
    r->kind = e->kind;
    r->status = e->status;
    r->received_ms = sg_ms_of(e->received_at);
    r->identity_checked = e->identity_checked;
    m_touch(m, TOUCHED_REQUEST, r);
}

static void settle(struct model *m, const struct m_event *ev, struct m_request *r)
{
    const PbDataSubjectRequestRecorded *e = ev->e->rights_request;
    bool yes = e->status == STATUS(GRANTED) || e->status == STATUS(PARTLY);
    M_EXPECT(m, r->owner == ev->agency, "a request was decided by somebody else", &r->id);
    M_EXPECT(m, r->status == STATUS(RECEIVED) && r->kind == e->kind, "a request decided twice",
             &r->id);
    M_EXPECT(m, !yes || e->identity_checked, "granted to nobody knows whom", &r->id);
    r->status = e->status;
    m_touch(m, TOUCHED_REQUEST, r);
    if (yes && (e->kind == KIND(RESTRICTION) || e->kind == KIND(UNRESTRICT)))
        restrict_person(m, m_root(r->person), e->kind == KIND(RESTRICTION));
}

static void execute(struct model *m, const struct m_event *ev, struct m_request *r)
{
    size_t at = 0;
    while (at < r->told_count && r->told[at] != ev->agency)
        at++;
    M_EXPECT(m, r->status == STATUS(GRANTED) || r->status == STATUS(PARTLY),
             "carried out, but not granted", &r->id);
    M_EXPECT(m, at < r->told_count || r->owner == ev->agency, "carried out by somebody else",
             &r->id);
    if (at < r->told_count)
        r->told[at] = r->told[--r->told_count];
    m_touch(m, TOUCHED_REQUEST, r);
}

void m_rights(struct model *m, const struct m_event *ev)
{
    const PbDataSubjectRequestRecorded *e = ev->e->rights_request;
    struct sg_id id = id_of(e->request_id);
    struct m_request *r = pile_find(&m->requests, &id);
    if (e->status == STATUS(RECEIVED)) {
        receive(m, ev, &id);
        return;
    }
    M_EXPECT(m, r, "a request that nobody has received", &id);
    if (m->broken)
        return;
    if (e->status == STATUS(EXECUTED))
        execute(m, ev, r);
    else
        settle(m, ev, r);
}
