/* acts_case.c - referrals, contacts, assessments: E01 to E05, E24. */
#include "sim/acts.h"

#include "kit/check.h"
#include "wire/day.h"

/* A new message of the payload in the arena. */
#define PAYLOAD(a, type, name)             \
    type *name = SG_NEW((a)->arena, type); \
    SG_CHECK(name);

/* ---- E01 ---- */

static void set_priority(struct acts *a, PbReferralSubmitted *r)
{
    static const PbPriority priorities[] = {PB_PRIORITY_EMERGENCY_24H, PB_PRIORITY_URGENT_72H,
                                            PB_PRIORITY_NORMAL_14D};
    r->priority = priorities[below(a, SG_ARRAY_LEN(priorities))];
}

PbEnvelope *act_refer(struct acts *a)
{
    struct sg_id id;
    unsigned k = (unsigned)below(a, ACTS_PEOPLE);
    PbEnvelope *e = sample_referral(&a->sample, a->arena, &id);
    PbReferralSubmitted *r = e->referral_submitted;
    const char *publisher = one_in(a, 3) ? act_agency_with(a, PB_CAPABILITY_REFERRER) : "satpolpp";
    id = act_new_id(a);
    r->referral_id = act_id(a, &id);
    r->person = act_person(a, k);
    set_priority(a, r);
    if (one_in(a, 3))
        r->handed_over_at = NULL;
    e->publisher_agency = act_text(a, publisher);
    r->target_agency = act_text(a, one_in(a, 25)  ? act_agency(a)
                                   : one_in(a, 3) ? act_agency_with(a, PB_CAPABILITY_CASE_OWNER)
                                                  : "dinsos");
    a->person = k;
    if (k < ACTS_WITH_NIK || sg_id_is_zero(&a->refs[k]))
        return e;
    e->publisher_agency = act_text(a, "satpolpp");
    e->has_person_ref = true;
    e->person_ref = act_id(a, &a->refs[one_in(a, 20) ? ACTS_WITH_NIK : k]);
    if (one_in(a, 2))
        r->person = NULL;
    return e;
}

static bool is_open(const struct acts *a, const void *object)
{
    const struct m_case *c = object;
    (void)a;
    return m_case_open(c->state);
}

/* Something goes along with it. */
static bool is_laden(const struct acts *a, const void *object)
{
    const struct m_case *c = object;
    return is_open(a, c) && (c->person->live || c->person->waiting_count || c->laden);
}

/* A child is with somebody who does not protect children. */
static bool is_unsafe(const struct acts *a, const void *object)
{
    const struct m_case *c = object;
    (void)a;
    return c->minor_from_ms != 0;
}

static PbEnvelope *of_case(struct acts *a, PbReferralKind kind, const char *target)
{
    struct sg_id id;
    bool laden = kind == PB_REFERRAL_KIND_TRANSFER && !one_in(a, 4);
    bool child = kind == PB_REFERRAL_KIND_TRANSFER && one_in(a, 3);
    const struct m_case *c = act_pick(a, &a->model->cases, 120,
                                      child   ? is_unsafe
                                      : laden ? is_laden
                                              : is_open);
    if (!c)
        return NULL;
    PbEnvelope *e = sample_referral(&a->sample, a->arena, &id);
    PbReferralSubmitted *r = e->referral_submitted;
    id = act_new_id(a);
    r->referral_id = act_id(a, &id);
    e->publisher_agency = act_text(a, one_in(a, 20) ? act_agency(a) : c->owner);
    e->has_case_id = true;
    e->case_id = act_id(a, &c->id);
    r->person = NULL;
    r->kind = kind;
    r->target_agency = act_text(a, target);
    set_priority(a, r);
    return e;
}

PbEnvelope *act_serve(struct acts *a)
{
    static const PbSpmService asked[] = {PB_SPM_SERVICE_CIVIL_DOCUMENTS, PB_SPM_SERVICE_FOOD};
    PbEnvelope *e = of_case(a, PB_REFERRAL_KIND_SERVICE, act_agency(a));
    if (!e)
        return NULL;
    PbReferralSubmitted *r = e->referral_submitted;
    r->n_requested_services = 1 + below(a, 2);
    r->requested_services = sg_arena_copy(a->arena, asked, sizeof asked);
    SG_CHECK(r->requested_services);
    return e;
}

/* Children go to who protects them, most of the time. */
PbEnvelope *act_transfer(struct acts *a)
{
    PbEnvelope *e =
        of_case(a, PB_REFERRAL_KIND_TRANSFER, act_agency_with(a, PB_CAPABILITY_CASE_OWNER));
    struct sg_id id = e ? id_of(e->case_id) : (struct sg_id){{0}};
    const struct m_case *c = e ? pile_find(&a->model->cases, &id) : NULL;
    if (c && (c->minor || c->person->minor) && !one_in(a, 8))
        e->referral_submitted->target_agency = act_text(a, "dpppa");
    return e;
}

/* ---- E02, E03 ---- */

static bool is_submitted(const struct acts *a, const void *object)
{
    const struct m_referral *r = object;
    (void)a;
    return r->state == PB_REFERRAL_STATE_SUBMITTED;
}

static bool is_pending(const struct acts *a, const void *object)
{
    (void)a;
    return m_pending(object);
}

static bool is_transfer(const struct acts *a, const void *object)
{
    const struct m_referral *r = object;
    return r->kind == PB_REFERRAL_KIND_TRANSFER && is_pending(a, r);
}

PbEnvelope *act_acknowledge(struct acts *a)
{
    const struct m_referral *r = act_pick(a, &a->model->referrals, 60, is_submitted);
    if (!r)
        return NULL;
    PbEnvelope *e = act_envelope(a, "referral.acknowledged", m_target(r));
    PAYLOAD(a, PbReferralAcknowledged, p)
    pb_referral_acknowledged__init(p);
    p->has_referral_id = p->has_person_present = p->has_admitted_to_shelter = true;
    p->referral_id = act_id(a, &r->id);
    p->person_present = !one_in(a, 4);
    p->admitted_to_shelter = p->person_present && one_in(a, 2);
    e->referral_acknowledged = p;
    return e;
}

static bool is_sent_on(const struct acts *a, const void *object)
{
    const struct m_referral *r = object;
    return r->target_count > 1 && is_pending(a, r);
}

PbEnvelope *act_decide(struct acts *a)
{
    const struct m_referral *r = act_pick(a, &a->model->referrals, 120,
                                          one_in(a, 4)   ? is_transfer
                                          : one_in(a, 8) ? is_sent_on
                                                         : is_pending);
    if (!r)
        return NULL;
    PbEnvelope *e = act_envelope(a, "referral.decided", m_target(r));
    PAYLOAD(a, PbReferralDecided, d)
    pb_referral_decided__init(d);
    d->has_referral_id = d->has_decision = true;
    d->referral_id = act_id(a, &r->id);
    d->decision = PB_REFERRAL_DECISION_ACCEPTED;
    e->referral_decided = d;
    uint64_t what = r->target_count > 3 || (r->target_count > 1 && one_in(a, 2)) ? 9 : below(a, 10);
    if (what < 7)
        return e;
    d->decision = what < 8 ? PB_REFERRAL_DECISION_DECLINED : PB_REFERRAL_DECISION_REDIRECTED;
    d->has_reason = true;
    d->reason = one_in(a, 2) ? PB_DECLINE_REASON_WRONG_AGENCY : PB_DECLINE_REASON_OUT_OF_TOWN;
    d->has_declined_by = d->decision == PB_REFERRAL_DECISION_DECLINED;
    d->declined_by = PB_DECLINED_BY_RECEIVER;
    if (d->decision == PB_REFERRAL_DECISION_REDIRECTED)
        d->redirect_to = act_text(a, one_in(a, 8) ? act_agency(a)
                                                  : act_agency_with(a, PB_CAPABILITY_CASE_OWNER));
    return e;
}

/* ---- E04, E05 ---- */

PbEnvelope *act_contact(struct acts *a)
{
    unsigned k = (unsigned)below(a, ACTS_PEOPLE);
    PbEnvelope *e = act_envelope(a, "contact.recorded", act_agency_with(a, PB_CAPABILITY_REFERRER));
    struct sg_id id = act_new_id(a);
    PAYLOAD(a, PbStreetContactRecorded, p)
    pb_street_contact_recorded__init(p);
    p->has_contact_id = p->has_activity = p->has_outcome = true;
    p->contact_id = act_id(a, &id);
    p->found_region = act_text(a, "14.71.08");
    p->activity = PB_ACTIVITY_BEGGING;
    p->outcome = PB_STREET_CONTACT_RECORDED__OUTCOME_ADVISED;
    if (one_in(a, 4))
        p->outcome = PB_STREET_CONTACT_RECORDED__OUTCOME_RAN_AWAY;
    else
        p->person = act_person(a, k);
    if (p->person && one_in(a, 5)) {
        const struct m_referral *r = act_pick(a, &a->model->referrals, 60, is_pending);
        p->outcome = PB_STREET_CONTACT_RECORDED__OUTCOME_REFERRED;
        p->has_referral_id = true;
        p->referral_id = act_id(a, r ? &r->id : &id);
    }
    act_personal(e, PB_LEGAL_BASIS_PUBLIC_TASK);
    e->contact_recorded = p;
    return e;
}

static bool takes_first_assessment(const struct acts *a, const void *object)
{
    const struct m_case *c = object;
    (void)a;
    return c->state == PB_CASE_STATE_ASSESSING;
}

static bool takes_assessment(const struct acts *a, const void *object)
{
    const struct m_case *c = object;
    (void)a;
    return c->state >= PB_CASE_STATE_ASSESSING && c->state <= PB_CASE_STATE_AFTERCARE;
}

/* Of somebody who waits: a flag or a band may change whose turn it is. */
static bool waits(const struct acts *a, const void *object)
{
    const struct m_case *c = object;
    return takes_assessment(a, c) &&
           (c->person->waiting_count || c->person->live || c->called_minor);
}

static bool is_child(const struct m_case *c)
{
    return c->minor || c->person->minor;
}

PbEnvelope *act_assess(struct acts *a)
{
    uint64_t how = below(a, 6);
    const struct m_case *c = act_pick(a, &a->model->cases, 120,
                                      how > 1    ? takes_first_assessment
                                      : how == 1 ? takes_assessment
                                                 : waits);
    if (!c)
        return NULL;
    PbEnvelope *e = sample_assessment(&a->sample, a->arena, &c->id);
    PbAssessmentCompleted *p = e->assessment_completed;
    struct sg_id id = act_new_id(a);
    p->assessment_id = act_id(a, &id);
    e->publisher_agency = act_text(a, one_in(a, 25) ? act_agency(a) : c->owner);
    p->is_minor = !c->called_minor && one_in(a, c->person->waiting_count ? 6 : 24);
    p->has_schooling = !one_in(a, 4);
    p->schooling = (PbSchooling)(1 + below(a, 6));
    p->priority_band = 1 + (uint32_t)below(a, 4);
    if (one_in(a, 14))
        p->n_confirmed_ppks = 0;
    if (one_in(a, 12)) {
        p->person = act_person(a, (unsigned)below(a, ACTS_PEOPLE));
        p->person->nik = NULL;
        p->person->nik_status = PB_NIK_STATUS_NONE;
    } else if (is_child(c)) {
        p->is_minor = one_in(a, 2);
        if (!p->is_minor && one_in(a, 2))
            p->person = act_age(a, false);
    } else if (one_in(a, c->person->live ? 16 : 60)) {
        p->is_minor = !one_in(a, 4);
        p->person = act_age(a, true);
    }
    return e;
}

/* Only the broker says such things. */
PbEnvelope *act_derived(struct acts *a)
{
    PbEnvelope *e = act_envelope(a, "deadline.missed", act_agency(a));
    struct sg_id id = act_new_id(a);
    PAYLOAD(a, PbDeadlineMissed, p)
    pb_deadline_missed__init(p);
    p->rule_id = act_text(a, "T01");
    p->has_aggregate_type = p->has_aggregate_id = true;
    p->aggregate_type = PB_AGGREGATE_TYPE_CASE;
    p->aggregate_id = act_id(a, &id);
    p->due_at = act_time(a, a->now_ms);
    e->deadline_missed = p;
    return e;
}
