/* acts_service.c - what is agreed to and what is given: E06, E07. */
#include "sim/acts.h"

#include "kit/check.h"
#include "wire/day.h"

/* A new message of the payload in the arena. */
#define PAYLOAD(a, type, name)             \
    type *name = SG_NEW((a)->arena, type); \
    SG_CHECK(name);

PbEventRef *act_place(struct acts *a, const struct sg_id *outbox_id, uint64_t number)
{
    PAYLOAD(a, PbEventRef, ref)
    pb_event_ref__init(ref);
    ref->has_outbox_id = ref->has_number = true;
    ref->outbox_id = act_id(a, outbox_id);
    ref->number = number;
    return ref;
}

/* An envelope of a case, by its owner. */
PbEnvelope *act_of_case(struct acts *a, const char *type, const struct m_case *c)
{
    PbEnvelope *e = act_envelope(a, type, c->owner);
    e->has_case_id = true;
    e->case_id = act_id(a, &c->id);
    act_personal(e, PB_LEGAL_BASIS_PUBLIC_TASK);
    return e;
}

static bool is_open(const struct acts *a, const void *object)
{
    const struct m_case *c = object;
    (void)a;
    return m_case_open(c->state);
}

static bool is_closed(const struct acts *a, const void *object)
{
    const struct m_case *c = object;
    (void)a;
    return c->state == PB_CASE_STATE_CLOSED;
}

static bool serves(const struct acts *a, const void *object)
{
    const struct m_case *c = object;
    (void)a;
    return c->state >= PB_CASE_STATE_IN_SERVICE && c->state <= PB_CASE_STATE_AFTERCARE;
}

/* ---- E06 ---- */

static bool agreed(const struct acts *a, const struct m_case *c)
{
    return m_consents(c->person, PB_CONSENT_RECORDED__SCOPE_SHARE_WITH_PROVIDER, act_today(a));
}

static bool wants_consent(const struct acts *a, const void *object)
{
    const struct m_case *c = object;
    return serves(a, c) && !agreed(a, c);
}

static bool may_withdraw(const struct acts *a, const void *object)
{
    const struct m_case *c = object;
    return is_open(a, c) && agreed(a, c) && (c->person->live || c->person->waiting_count);
}

static void set_scopes(struct acts *a, PbConsentRecorded *p)
{
    p->scopes = sg_arena_alloc(a->arena, 5 * sizeof p->scopes[0]);
    SG_CHECK(p->scopes);
    bool all = one_in(a, 4);
    if (!one_in(a, 8))
        p->scopes[p->n_scopes++] = PB_CONSENT_RECORDED__SCOPE_SHARE_WITH_PROVIDER;
    for (int scope = PB_CONSENT_RECORDED__SCOPE_SHARE_HEALTH_LIMITS;
         scope <= PB_CONSENT_RECORDED__SCOPE_SHARE_WITH_DPPPA; scope++)
        if (all || one_in(a, 4) || !p->n_scopes)
            p->scopes[p->n_scopes++] = (PbConsentRecorded__Scope)scope;
}

PbEnvelope *act_consent(struct acts *a)
{
    uint64_t how = below(a, 10);
    const struct m_case *c = act_pick(a, &a->model->cases, how ? 120 : 400,
                                      how > 2   ? wants_consent
                                      : how > 1 ? may_withdraw
                                      : how     ? is_open
                                                : is_closed);
    if (!c)
        return NULL;
    PbEnvelope *e = act_of_case(a, "consent.recorded", c);
    struct sg_id id = act_new_id(a);
    PAYLOAD(a, PbConsentRecorded, p)
    pb_consent_recorded__init(p);
    p->has_consent_id = p->has_action = p->has_method = p->has_given_by = true;
    p->consent_id = act_id(a, &id);
    p->action =
        how > 2 ? PB_CONSENT_RECORDED__ACTION_GIVEN : (PbConsentRecorded__Action)(1 + below(a, 3));
    set_scopes(a, p);
    p->method = PB_CONSENT_RECORDED__METHOD_THUMBPRINT;
    bool child = c->minor || c->age_doubt || c->person->minor || c->person->age_doubt;
    p->given_by = child && !one_in(a, 4) ? PB_CONSENT_RECORDED__GIVEN_BY_PARENT
                                         : PB_CONSENT_RECORDED__GIVEN_BY_SELF;
    p->text_version = act_text(a, "consent-id-2026-01");
    p->evidence_ref = act_text(a, "F-221/2026");
    if (one_in(a, 4))
        p->valid_until = act_date(a, act_today(a) + (int32_t)below(a, 40) - 2);
    e->consent_recorded = p;
    return e;
}

/* ---- E07 ---- */

static bool is_service(const struct acts *a, const void *object)
{
    const struct m_referral *r = object;
    (void)a;
    return r->kind == PB_REFERRAL_KIND_SERVICE && r->state == PB_REFERRAL_STATE_ACCEPTED;
}

static void give(struct acts *a, PbBasicServiceDelivered *p)
{
    int32_t from = act_today(a) - (int32_t)below(a, 12);
    int32_t to = from + (one_in(a, 3) ? (int32_t)below(a, 9) : 0);
    p->from_on = act_date(a, from);
    p->to_on = act_date(a, one_in(a, 40) ? from - 1 : to < act_today(a) ? to : act_today(a));
    p->quantity = 1 + (uint32_t)below(a, 20);
    p->unit = PB_BASIC_SERVICE_DELIVERED__UNIT_ITEM;
    p->outcome = (PbBasicServiceDelivered__Outcome)(1 + below(a, 3));
    p->in_shelter = one_in(a, 2);
    p->service = one_in(a, 2) ? PB_SPM_SERVICE_FOOD : (PbSpmService)(1 + below(a, 11));
}

/* An answer to a referral for a service: by its target, which knows no case, or by the owner. */
static void answer(struct acts *a, PbEnvelope *e, const struct m_referral *r)
{
    PbBasicServiceDelivered *p = e->service_delivered;
    bool target = one_in(a, 2);
    e->publisher_agency = act_text(a, one_in(a, 25) ? act_agency(a)
                                      : target      ? m_target(r)
                                                    : r->c->owner);
    e->causation = act_place(a, &r->outbox_id, r->number);
    if (target && !one_in(a, 20))
        e->has_case_id = false;
    if (r->service_count && !one_in(a, 12))
        p->service = r->services[below(a, r->service_count)];
}

PbEnvelope *act_deliver(struct acts *a)
{
    uint64_t how = below(a, 10);
    const struct m_referral *r =
        how < 4 ? act_pick(a, &a->model->referrals, 400, is_service) : NULL;
    const struct m_case *c =
        r ? r->c
          : act_pick(a, &a->model->cases, how > 6 ? 400 : 120, how > 6 ? is_closed : is_open);
    if (!c)
        return NULL;
    PbEnvelope *e = act_of_case(a, "service.delivered", c);
    struct sg_id id = act_new_id(a);
    PAYLOAD(a, PbBasicServiceDelivered, p)
    pb_basic_service_delivered__init(p);
    e->service_delivered = p;
    p->has_delivery_id = p->has_service = p->has_quantity = p->has_unit = true;
    p->has_outcome = p->has_in_shelter = true;
    p->delivery_id = act_id(a, &id);
    give(a, p);
    if (is_closed(a, c) && !r && !one_in(a, 4)) {
        p->from_on = act_date(a, c->closed_on - 3);
        p->to_on = act_date(a, c->closed_on - (int32_t)below(a, 3));
    }
    if (r)
        answer(a, e, r);
    p->has_document = p->service == PB_SPM_SERVICE_CIVIL_DOCUMENTS;
    p->document = PB_BASIC_SERVICE_DELIVERED__DOCUMENT_KTP;
    return e;
}
