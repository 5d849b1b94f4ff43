/* facts_case.c - referrals, cases with their episodes, assessments and services. */
#include "report/facts.h"

#include "wire/day.h"

enum {
    E01 = 101,
    E02 = 102,
    E03 = 103,
    E05 = 105,
    E07 = 107,
    E11 = 111,
    E21 = 121,
};

/* ---- cases and episodes ---- */

static uint32_t begin_episode(struct facts *m, uint32_t case_no)
{
    struct episode *e = POOL_ADD(m->arena, &m->episodes, struct episode);
    *e = (struct episode){.case_no = case_no,
                          .person = CASE(m, case_no)->person,
                          .referral = NOTHING,
                          .acknowledged_on = DAY_NONE,
                          .decided_on = DAY_NONE,
                          .assessed_on = DAY_NONE,
                          .requested_on = DAY_NONE,
                          .closed_on = DAY_NONE};
    CASE(m, case_no)->episode = m->episodes.count - 1;
    return m->episodes.count - 1;
}

uint32_t facts_find_case(const struct facts *m, ProtobufCBinaryData data)
{
    return facts_find(&m->case_ids, data);
}

uint32_t facts_case(struct facts *m, ProtobufCBinaryData data)
{
    struct sg_id id;
    if (!facts_id(data, &id))
        return NOTHING;
    uint32_t at = ids_add(m->arena, &m->case_ids, &id);
    if (at < m->cases.count)
        return at;
    struct case_file *c = POOL_ADD(m->arena, &m->cases, struct case_file);
    *c = (struct case_file){.person = NOTHING, .owner = NOTHING};
    (void)begin_episode(m, at);
    return at;
}

static void start_with(struct facts *m, uint32_t case_no, uint32_t referral)
{
    struct episode *e = EPISODE(m, CASE(m, case_no)->episode);
    const struct referral *r = REFERRAL(m, referral);
    if (e->referral != NOTHING || !r->states || r->kind != PB_REFERRAL_KIND_INTAKE)
        return;
    e->referral = referral;
    e->start_ms = r->occurred_ms;
}

/* A case that takes over from another one, of another owner: the same episode goes on. */
static void go_on(struct facts *m, uint32_t case_no, uint32_t from)
{
    struct episode *to = EPISODE(m, CASE(m, case_no)->episode);
    const struct episode *e = EPISODE(m, CASE(m, from)->episode);
    uint32_t person = to->person;
    *to = *e;
    to->case_no = case_no;
    to->person = person;
    to->closed_on = DAY_NONE;
}

static void take_case_effect(struct facts *m, const PbCaseEffect *effect, const struct fact *f)
{
    uint32_t case_no = facts_case(m, effect->case_id);
    if (case_no == NOTHING)
        return;
    struct case_file *c = CASE(m, case_no);
    if (effect->has_person_id) {
        uint32_t person = facts_person(m, effect->person_id);
        c->person = person;
        EPISODE(m, c->episode)->person = person;
    }
    if (effect->owner)
        c->owner = facts_agency(m, effect->owner);
    if (effect->has_state)
        c->state = effect->state;
    if (effect->has_minor)
        c->minor = effect->minor;
    if (effect->reopened)
        (void)begin_episode(m, case_no);
    uint32_t from =
        effect->has_previous_case_id ? facts_find_case(m, effect->previous_case_id) : NOTHING;
    const PbReferralEffect *referral = f->effect->referral;
    uint32_t r = referral ? facts_find(&m->referral_ids, referral->referral_id) : NOTHING;
    bool transfer = r != NOTHING && REFERRAL(m, r)->kind == PB_REFERRAL_KIND_TRANSFER;
    if (effect->created && transfer && from != NOTHING)
        go_on(m, case_no, from);
    else if ((effect->created || effect->reopened) && r != NOTHING && f->type == E03)
        start_with(m, case_no, r);
}

/* ---- referrals ---- */

static const PbDeadlineEffect *deadline_of(const PbEffect *effect, const char *rule)
{
    for (size_t i = 0; i < effect->n_deadlines; i++) {
        const PbDeadlineEffect *d = effect->deadlines[i];
        if (d->rule && strcmp(d->rule, rule) == 0 && d->row && !d->clear)
            return d;
    }
    return NULL;
}

/* The limit itself: due_ms, or where the row does not say it the time of level 1. */
static int64_t due_of(const PbEffect *effect, const char *rule)
{
    const PbDeadlineEffect *d = deadline_of(effect, rule);
    if (!d)
        return 0;
    if (d->row->due_ms)
        return d->row->due_ms;
    return d->row->n_levels_ms ? d->row->levels_ms[0] : 0;
}

static uint32_t referral_of(struct facts *m, const PbReferralEffect *effect)
{
    struct sg_id id;
    if (!facts_id(effect->referral_id, &id))
        return NOTHING;
    uint32_t at = ids_add(m->arena, &m->referral_ids, &id);
    if (at == m->referrals.count) {
        struct referral *r = POOL_ADD(m->arena, &m->referrals, struct referral);
        *r = (struct referral){.person = NOTHING, .case_no = NOTHING};
    }
    return at;
}

static void take_submitted(struct facts *m, const struct fact *f, struct referral *r)
{
    const PbReferralEffect *effect = f->effect->referral;
    const PbReferralSubmitted *e = f->envelope->referral_submitted;
    r->states = f->states;
    r->kind = effect->kind;
    r->referrer = facts_agency(m, f->agency);
    r->person = facts_fact_person(m, f);
    r->occurred_ms = f->occurred_ms;
    r->acknowledge_due_ms = due_of(f->effect, "T01");
    r->target = facts_agency(m, effect->target ? effect->target : e ? e->target_agency : NULL);
}

static void take_decided(const struct fact *f, struct referral *r)
{
    const PbReferralDecided *e = f->envelope->referral_decided;
    if (!e || !f->states)
        return;
    if (e->decision == PB_REFERRAL_DECISION_REDIRECTED) { /* to the next target, from the start */
        r->redirected = true;
        r->acknowledged_ms = r->decide_due_ms = 0;
        r->acknowledge_due_ms = due_of(f->effect, "T01");
        return;
    }
    r->decision = e->decision;
    r->reason = e->reason;
    r->side = e->declined_by;
    r->decided_ms = f->occurred_ms;
    if (!r->acknowledged_ms) /* deciding says that it arrived */
        r->acknowledged_ms = f->occurred_ms;
}

static void take_acknowledged(const struct fact *f, struct referral *r)
{
    if (!f->states)
        return;
    r->acknowledged_ms = f->occurred_ms;
    r->decide_due_ms = due_of(f->effect, "T02");
}

static int32_t first_day(int32_t before, int32_t day)
{
    return before == DAY_NONE ? day : before;
}

/* The first acknowledgement and decision of the referral that an episode began with. */
static void note_steps(struct facts *m, const struct fact *f, uint32_t referral)
{
    const struct referral *r = REFERRAL(m, referral);
    if (r->case_no == NOTHING || !f->states)
        return;
    struct episode *e = EPISODE(m, CASE(m, r->case_no)->episode);
    if (e->referral != referral)
        return;
    if (f->type == E02)
        e->acknowledged_on = first_day(e->acknowledged_on, f->occurred_day);
    if (f->type == E03 && r->decided_ms)
        e->decided_on = first_day(e->decided_on, f->occurred_day);
}

static void take_referral(struct facts *m, const struct fact *f)
{
    const PbReferralEffect *effect = f->effect->referral;
    uint32_t at = effect ? referral_of(m, effect) : NOTHING;
    if (at == NOTHING)
        return;
    struct referral *r = REFERRAL(m, at);
    if (f->type == E01)
        take_submitted(m, f, r);
    else if (f->type == E02)
        take_acknowledged(f, r);
    else if (f->type == E03)
        take_decided(f, r);
    if (effect->has_state)
        r->state = effect->state;
    if (effect->target && f->type != E01)
        r->target = facts_agency(m, effect->target);
    if (effect->has_case_id)
        r->case_no = facts_case(m, effect->case_id);
}

/* ---- persons ---- */

static void note_minor(struct facts *m, const struct fact *f)
{
    uint32_t person = f->person && f->states ? facts_fact_person(m, f) : NOTHING;
    if (person == NOTHING)
        return;
    struct person *p = PERSON(m, person);
    bool minor = f->type == E05 && f->count->has_minor ? f->count->minor : f->person->minor;
    if (minor && !p->minor_ms)
        p->minor_ms = f->occurred_ms;
    if (f->type == E05) {
        p->assessed = true;
        p->assessed_minor = minor;
    }
}

static void note_nik(struct facts *m, const struct fact *f)
{
    uint32_t person = f->states ? facts_fact_person(m, f) : NOTHING;
    const PbReferralSubmitted *e = f->envelope->referral_submitted;
    if (person == NOTHING)
        return;
    struct person *p = PERSON(m, person);
    bool intake = e && e->kind == PB_REFERRAL_KIND_INTAKE;
    if (intake && p->intake_on == DAY_NONE) {
        p->intake_on = f->occurred_day;
        p->nik_first = f->count->nik_status;
    }
    if (f->count->has_nik_status)
        p->nik_now = f->count->nik_status;
}

/* ---- assessments, services, closings ---- */

static uint32_t bit_of(unsigned n)
{
    return n < 32 ? 1U << n : 0;
}

static void take_assessment(struct facts *m, const struct fact *f)
{
    const PbAssessmentCompleted *e = f->envelope->assessment_completed;
    uint32_t case_no = e && f->states ? facts_case(m, f->envelope->case_id) : NOTHING;
    if (case_no == NOTHING)
        return;
    struct assessment *a = POOL_ADD(m->arena, &m->assessments, struct assessment);
    a->person = facts_fact_person(m, f);
    a->case_no = case_no;
    a->episode = CASE(m, case_no)->episode;
    a->agency = facts_agency(m, f->agency);
    a->seq = f->seq;
    a->assessed_on = facts_day(e->assessed_on);
    a->minor = f->count->minor;
    for (size_t i = 0; i < f->count->n_ppks; i++)
        a->ppks |= bit_of((unsigned)f->count->ppks[i]);
    for (size_t i = 0; i < f->count->n_needs; i++)
        a->needs |= bit_of((unsigned)f->count->needs[i]);
    struct episode *episode = EPISODE(m, a->episode);
    episode->assessed_on = first_day(episode->assessed_on, a->assessed_on);
}

static void take_service(struct facts *m, const struct fact *f)
{
    const PbBasicServiceDelivered *e = f->envelope->service_delivered;
    uint32_t case_no = e && f->states ? facts_case(m, f->envelope->case_id) : NOTHING;
    if (case_no == NOTHING)
        return;
    struct service *s = POOL_ADD(m->arena, &m->services, struct service);
    s->person = facts_fact_person(m, f);
    if (s->person == NOTHING)
        s->person = CASE(m, case_no)->person;
    s->episode = CASE(m, case_no)->episode;
    s->agency = facts_agency(m, f->agency);
    s->service = f->count->service;
    s->outcome = e->outcome;
    s->from_on = facts_day(e->from_on);
    s->to_on = facts_day(e->to_on);
}

static void take_closing(struct facts *m, const struct fact *f)
{
    const PbCaseClosed *e = f->envelope->case_closed;
    uint32_t case_no = e && f->states ? facts_case(m, f->envelope->case_id) : NOTHING;
    if (case_no == NOTHING)
        return;
    struct episode *episode = EPISODE(m, CASE(m, case_no)->episode);
    episode->closed_on = facts_day(e->closed_on);
    episode->close_reason = e->reason;
}

static void take_seat_request(struct facts *m, const struct fact *f)
{
    uint32_t case_no = f->states ? facts_find_case(m, f->envelope->case_id) : NOTHING;
    if (case_no == NOTHING)
        return;
    struct episode *episode = EPISODE(m, CASE(m, case_no)->episode);
    episode->requested_on = first_day(episode->requested_on, f->occurred_day);
}

void facts_take_case(struct facts *m, const struct fact *f)
{
    take_referral(m, f);
    for (size_t i = 0; i < f->effect->n_cases; i++)
        take_case_effect(m, f->effect->cases[i], f);
    uint32_t r = f->effect->referral
                     ? facts_find(&m->referral_ids, f->effect->referral->referral_id)
                     : NOTHING;
    if (r != NOTHING) {
        if (f->type == E01 && REFERRAL(m, r)->case_no != NOTHING)
            start_with(m, REFERRAL(m, r)->case_no, r);
        note_steps(m, f, r);
    }
    note_minor(m, f);
    if (f->type == E01 || f->type == 104 || f->type == E05)
        note_nik(m, f);
    if (f->type == E05)
        take_assessment(m, f);
    else if (f->type == E07)
        take_service(m, f);
    else if (f->type == E21)
        take_closing(m, f);
    else if (f->type == E11)
        take_seat_request(m, f);
}
