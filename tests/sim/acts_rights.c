/* acts_rights.c - what the steward decides about identities and what persons ask for: E22, E23. */
#include "sim/acts.h"

#include "kit/check.h"
#include "wire/day.h"

#define PAYLOAD(a, type, name)             \
    type *name = SG_NEW((a)->arena, type); \
    SG_CHECK(name);

static bool is_any(const struct acts *a, const void *object)
{
    (void)a;
    (void)object;
    return true;
}

const struct sg_id *act_ref_of(const struct acts *a, const char *agency, const struct m_person *p)
{
    for (size_t i = 0; i < a->model->refs.count; i++) {
        const struct m_ref *ref = a->model->refs.all[i];
        if (ref->person == p && strcmp(ref->agency, agency) == 0)
            return &ref->id;
    }
    return NULL;
}

/* ---- E23 ---- */

static bool is_received(const struct acts *a, const void *object)
{
    const struct m_request *r = object;
    (void)a;
    return r->status == PB_DATA_SUBJECT_REQUEST_RECORDED__STATUS_RECEIVED;
}

static bool is_granted(const struct acts *a, const void *object)
{
    const struct m_request *r = object;
    (void)a;
    return r->status == PB_DATA_SUBJECT_REQUEST_RECORDED__STATUS_GRANTED;
}

static bool has_open_case(const struct acts *a, const void *object)
{
    const struct m_ref *ref = object;
    (void)a;
    for (size_t i = 0; i < ref->person->case_count; i++)
        if (m_case_open(ref->person->newest[i]->state))
            return true;
    return false;
}

static bool is_restricted(const struct acts *a, const void *object)
{
    const struct m_ref *ref = object;
    return ref->person->restricted && has_open_case(a, object);
}

static PbEnvelope *request(struct acts *a, const char *publisher, const struct sg_id *ref)
{
    PbEnvelope *e = act_envelope(a, "rights.request", publisher);
    PAYLOAD(a, PbDataSubjectRequestRecorded, p)
    pb_data_subject_request_recorded__init(p);
    p->has_request_id = p->has_kind = p->has_requester = true;
    p->has_identity_checked = p->has_status = true;
    p->requester = PB_DATA_SUBJECT_REQUEST_RECORDED__REQUESTER_SELF;
    p->received_at = act_time(a, a->now_ms - (int64_t)below(a, 30) * SG_HOUR_MS);
    if (ref) {
        e->has_person_ref = true;
        e->person_ref = act_id(a, ref);
    }
    e->rights_request = p;
    return e;
}

static PbDataSubjectRequestRecorded__Kind kind_for(struct acts *a, const struct m_person *p)
{
    if (p->restricted && !one_in(a, 4))
        return PB_DATA_SUBJECT_REQUEST_RECORDED__KIND_UNRESTRICT;
    if (one_in(a, 4))
        return PB_DATA_SUBJECT_REQUEST_RECORDED__KIND_RESTRICTION;
    return (PbDataSubjectRequestRecorded__Kind)(1 + below(a, 5));
}

static PbEnvelope *receive(struct acts *a)
{
    const struct m_ref *ref = act_pick(a, &a->model->refs, one_in(a, 3) ? 1000 : 60,
                                       one_in(a, 2)   ? is_restricted
                                       : one_in(a, 8) ? is_any
                                                      : has_open_case);
    struct sg_id id = act_new_id(a);
    if (!ref)
        return NULL;
    PbEnvelope *e = request(a, ref->agency, &ref->id);
    PbDataSubjectRequestRecorded *p = e->rights_request;
    p->request_id = act_id(a, &id);
    p->kind = kind_for(a, ref->person);
    p->identity_checked = !one_in(a, 5);
    p->status = PB_DATA_SUBJECT_REQUEST_RECORDED__STATUS_RECEIVED;
    return e;
}

/* What the request says; now and then something else. */
static PbEnvelope *about_request(struct acts *a, const struct m_request *r, const char *publisher)
{
    PbEnvelope *e = request(a, publisher, act_ref_of(a, publisher, r->person));
    PbDataSubjectRequestRecorded *p = e->rights_request;
    p->request_id = act_id(a, &r->id);
    p->kind = one_in(a, 40) ? (PbDataSubjectRequestRecorded__Kind)(1 + below(a, 5)) : r->kind;
    p->identity_checked = r->identity_checked || one_in(a, 8);
    return e;
}

static PbEnvelope *settle(struct acts *a, const struct m_request *r)
{
    PbEnvelope *e = about_request(a, r, r->owner ? r->owner : act_agency(a));
    PbDataSubjectRequestRecorded *p = e->rights_request;
    p->status = PB_DATA_SUBJECT_REQUEST_RECORDED__STATUS_GRANTED;
    if (one_in(a, 4)) {
        p->status = one_in(a, 2) ? PB_DATA_SUBJECT_REQUEST_RECORDED__STATUS_PARTLY
                                 : PB_DATA_SUBJECT_REQUEST_RECORDED__STATUS_REFUSED;
        p->has_refusal_ground = true;
        p->refusal_ground = PB_DATA_SUBJECT_REQUEST_RECORDED__REFUSAL_GROUND_PUBLIC_INTEREST;
    }
    if (p->status == PB_DATA_SUBJECT_REQUEST_RECORDED__STATUS_PARTLY && !one_in(a, 10)) {
        p->kept_fields = SG_NEW(a->arena, char *);
        SG_CHECK(p->kept_fields);
        p->kept_fields[p->n_kept_fields++] = act_text(a, "full_name");
    }
    return e;
}

PbEnvelope *act_ask_rights(struct acts *a)
{
    uint64_t how = below(a, 10);
    const struct m_request *r =
        how < 4 ? NULL : act_pick(a, &a->model->requests, 60, how < 9 ? is_received : is_granted);
    if (how < 4)
        return receive(a);
    if (!r)
        return NULL;
    if (how < 9)
        return settle(a, r);
    const char *who = r->told_count ? r->told[below(a, r->told_count)] : act_agency(a);
    PbEnvelope *e = about_request(a, r, who);
    e->rights_request->status = PB_DATA_SUBJECT_REQUEST_RECORDED__STATUS_EXECUTED;
    return e;
}

/* ---- E22 ---- */

static const struct m_ref *stewards_ref(struct acts *a)
{
    const struct pile *refs = &a->model->refs;
    for (int i = 0; refs->count && i < 60; i++) {
        const struct m_ref *ref = refs->all[below(a, refs->count)];
        if (strcmp(ref->agency, "dinsos") == 0)
            return ref;
    }
    return NULL;
}

PbEnvelope *act_link(struct acts *a)
{
    const struct sg_id *refs[2] = {NULL, NULL};
    size_t pairs = a->model->suspect_count;
    const struct m_suspect *pair =
        pairs && !one_in(a, 6) ? &a->model->suspects[below(a, pairs)] : NULL;
    const struct m_ref *x = stewards_ref(a), *y = stewards_ref(a);
    if (pair) {
        refs[0] = act_ref_of(a, "dinsos", pair->a);
        refs[1] = act_ref_of(a, "dinsos", pair->b);
    } else if (x && y) {
        refs[0] = &x->id;
        refs[1] = &y->id;
    }
    if (!refs[0] || !refs[1] || (!pair && !one_in(a, 4)))
        return NULL;
    bool chain = pair && !pair->linked && (m_count(pair->a) > 1 || m_count(pair->b) > 1);
    if (chain || (!pair && (m_count(x->person) > 1 || m_count(y->person) > 1)))
        return NULL; /* two at a time: a longer chain is for the unit tests */
    PbEnvelope *e = act_envelope(a, "person.link_decided", "dinsos");
    PAYLOAD(a, PbPersonLinkDecided, p)
    struct sg_id id = act_new_id(a);
    bool swaps = one_in(a, 2);
    pb_person_link_decided__init(p);
    p->has_link_id = p->has_person_ref_a = p->has_person_ref_b = true;
    p->has_decision = p->has_basis = true;
    p->link_id = act_id(a, &id);
    p->person_ref_a = act_id(a, refs[swaps]);
    p->person_ref_b = act_id(a, refs[!swaps]);
    p->decision = pair && pair->linked && !one_in(a, 4) ? PB_PERSON_LINK_DECIDED__DECISION_UNLINK
                  : one_in(a, 8) ? (PbPersonLinkDecided__Decision)(1 + below(a, 3))
                  : one_in(a, 3) ? PB_PERSON_LINK_DECIDED__DECISION_DIFFERENT
                                 : PB_PERSON_LINK_DECIDED__DECISION_SAME;
    p->basis = (PbPersonLinkDecided__Basis)(1 + below(a, 5));
    p->has_survivor = p->decision == PB_PERSON_LINK_DECIDED__DECISION_SAME;
    p->survivor =
        one_in(a, 2) ? PB_PERSON_LINK_DECIDED__SURVIVOR_A : PB_PERSON_LINK_DECIDED__SURVIVOR_B;
    if (!one_in(a, 5))
        p->second_actor_ref = act_text(a, one_in(a, 6) ? "uji-1" : "dns-0009");
    e->person_link_decided = p;
    return e;
}
