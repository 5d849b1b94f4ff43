/* report_care_unit.h - envelopes of services, plans, visits, closings and requests. */
#ifndef SINERGI_REPORT_CARE_UNIT_H
#define SINERGI_REPORT_CARE_UNIT_H

#include "unit/story_unit.h"

static inline PbEnvelope *care_envelope(struct ledger_city *city, const char *type,
                                        const struct sg_id *case_id)
{
    PbEnvelope *e = story_envelope(city, type, "dinsos");
    e->has_case_id = true;
    e->case_id = unit_id(city, case_id);
    return e;
}

/* E07 of one day. */
static inline PbEnvelope *care_service(struct ledger_city *city, const struct sg_id *case_id,
                                       PbSpmService service, int32_t day,
                                       PbBasicServiceDelivered__Outcome outcome)
{
    PbEnvelope *e = care_envelope(city, "service.delivered", case_id);
    PbBasicServiceDelivered *s = SG_NEW(&city->events, PbBasicServiceDelivered);
    pb_basic_service_delivered__init(s);
    struct sg_id id = story_id(city);
    s->has_delivery_id = s->has_service = s->has_quantity = s->has_unit = s->has_outcome =
        s->has_in_shelter = true;
    s->delivery_id = unit_id(city, &id);
    s->service = service;
    s->from_on = unit_day(city, day);
    s->to_on = unit_day(city, day);
    s->quantity = 1;
    s->unit = PB_BASIC_SERVICE_DELIVERED__UNIT_SESSION;
    s->outcome = outcome;
    e->service_delivered = s;
    return e;
}

/* E21 with the version of now. */
static inline PbEnvelope *care_close(struct ledger_city *city, const struct sg_id *case_id,
                                     PbCloseReason reason, int32_t day)
{
    PbEnvelope *e = care_envelope(city, "case.closed", case_id);
    PbCaseClosed *c = SG_NEW(&city->events, PbCaseClosed);
    const PbCaseRow *row = city_row(city, TABLE_CASES, case_id);
    pb_case_closed__init(c);
    c->has_reason = c->has_followup_allowed = true;
    c->reason = reason;
    c->closed_on = unit_day(city, day);
    c->supervisor_ref = unit_text(city, "dns-0002");
    c->followup_allowed = true;
    e->case_closed = c;
    e->has_expected_version = true;
    e->expected_version = row ? row->version : 1;
    return e;
}

/* E19 CUSTOM with checkpoints so many days from today. */
struct care_point {
    const char *code;
    int32_t in_days;
};

static inline PbEnvelope *care_plan(struct ledger_city *city, const struct sg_id *case_id,
                                    const struct care_point *points, size_t count,
                                    struct sg_id *out_plan)
{
    PbEnvelope *e = care_envelope(city, "mentoring.plan_set", case_id);
    PbMentoringPlanSet *p = SG_NEW(&city->events, PbMentoringPlanSet);
    pb_mentoring_plan_set__init(p);
    *out_plan = story_id(city);
    p->has_plan_id = p->has_template_ = true;
    p->plan_id = unit_id(city, out_plan);
    p->mentor_ref = unit_text(city, "dns-0031");
    p->starts_on = unit_day(city, story_today(city));
    p->template_ = PB_MENTORING_PLAN_SET__TEMPLATE_CUSTOM;
    p->n_checkpoints = count;
    p->checkpoints = SG_NEW_ARRAY(&city->events, PbCheckpoint *, count);
    for (size_t i = 0; i < count; i++) {
        p->checkpoints[i] = SG_NEW(&city->events, PbCheckpoint);
        pb_checkpoint__init(p->checkpoints[i]);
        p->checkpoints[i]->code = unit_text(city, points[i].code);
        p->checkpoints[i]->due_on = unit_day(city, story_today(city) + points[i].in_days);
    }
    e->mentoring_plan_set = p;
    return e;
}

/* E20 of today; without contact when livelihood is 0. */
static inline PbEnvelope *care_visit(struct ledger_city *city, const struct sg_id *case_id,
                                     const struct sg_id *plan, const char *checkpoint,
                                     int livelihood, int64_t income, int on_street)
{
    PbEnvelope *e = care_envelope(city, "mentoring.visited", case_id);
    PbMentoringVisitRecorded *v = SG_NEW(&city->events, PbMentoringVisitRecorded);
    pb_mentoring_visit_recorded__init(v);
    struct sg_id id = story_id(city);
    v->has_visit_id = v->has_plan_id = v->has_mode = v->has_contact_made = true;
    v->visit_id = unit_id(city, &id);
    v->plan_id = unit_id(city, plan);
    v->checkpoint = checkpoint ? unit_text(city, checkpoint) : NULL;
    v->visited_on = unit_day(city, story_today(city));
    v->mode = PB_MENTORING_VISIT_RECORDED__MODE_HOME;
    v->contact_made = livelihood != 0;
    if (livelihood) {
        v->has_living = v->has_livelihood = v->has_on_street = v->has_monthly_income_idr = true;
        v->living = PB_MENTORING_VISIT_RECORDED__LIVING_FAMILY;
        v->livelihood = (PbMentoringVisitRecorded__Livelihood)livelihood;
        v->on_street = (PbMentoringVisitRecorded__OnStreet)on_street;
        v->monthly_income_idr = income;
    }
    e->mentoring_visited = v;
    return e;
}

/* E23 about the person whom the agency knows by this reference. */
static inline PbEnvelope *care_request(struct ledger_city *city, const struct sg_id *request,
                                       const struct sg_id *person, int kind, int status)
{
    PbEnvelope *e = story_envelope(city, "rights.request", "dinsos");
    PbDataSubjectRequestRecorded *r = SG_NEW(&city->events, PbDataSubjectRequestRecorded);
    pb_data_subject_request_recorded__init(r);
    e->has_person_ref = true;
    struct sg_id ref = sg_person_ref(&city->keys, "dinsos", person);
    e->person_ref = unit_id(city, &ref);
    r->has_request_id = r->has_kind = r->has_requester = r->has_identity_checked = r->has_status =
        true;
    r->request_id = unit_id(city, request);
    r->kind = (PbDataSubjectRequestRecorded__Kind)kind;
    r->received_at = story_time(city, city->now_ms - SG_HOUR_MS);
    r->requester = PB_DATA_SUBJECT_REQUEST_RECORDED__REQUESTER_SELF;
    r->identity_checked = true;
    r->status = (PbDataSubjectRequestRecorded__Status)status;
    e->rights_request = r;
    return e;
}

#endif
