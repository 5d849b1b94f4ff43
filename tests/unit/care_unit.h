/* care_unit.h - envelopes of what goes along with a case: consent, services, mentoring, its end,
 * and what the person asks for; and what follows from an event, written down in one line.
 */
#ifndef SINERGI_CARE_UNIT_H
#define SINERGI_CARE_UNIT_H

#include "unit/limit_unit.h"

#include <stdio.h>

#define SCOPE(name) PB_CONSENT_RECORDED__SCOPE_##name
#define SAYS(name) PB_CONSENT_RECORDED__ACTION_##name
#define SPM(name) PB_SPM_SERVICE_##name
#define PLAN_OF(name) PB_MENTORING_PLAN_SET__TEMPLATE_##name
#define ON_STREET(name) PB_MENTORING_VISIT_RECORDED__ON_STREET_##name
#define REASON(name) PB_CLOSE_REASON_##name
#define ASKS(name) PB_DATA_SUBJECT_REQUEST_RECORDED__KIND_##name
#define ANSWER(name) PB_DATA_SUBJECT_REQUEST_RECORDED__STATUS_##name

static inline PbEnvelope *care_envelope(struct ledger_city *city, const char *type,
                                        const char *publisher, const struct sg_id *case_id)
{
    PbEnvelope *e = story_envelope(city, type, publisher);
    e->has_case_id = case_id != NULL;
    if (case_id)
        e->case_id = unit_id(city, case_id);
    return e;
}

/* E06 of dinsos, by the person itself; one scope. */
static inline PbEnvelope *care_consent(struct ledger_city *city, const struct sg_id *case_id,
                                       PbConsentRecorded__Action action,
                                       PbConsentRecorded__Scope scope)
{
    city->sample.now_ms = city->now_ms;
    PbEnvelope *e = sample_consent(&city->sample, &city->events, case_id);
    e->consent_recorded->action = action;
    e->consent_recorded->scopes[0] = scope;
    return e;
}

/* E07 of dinsos: that service, on these days. */
static inline PbEnvelope *care_service(struct ledger_city *city, const struct sg_id *case_id,
                                       PbSpmService service, int32_t from, int32_t to)
{
    PbEnvelope *e = care_envelope(city, "service.delivered", "dinsos", case_id);
    PbBasicServiceDelivered *s = SG_NEW(&city->events, PbBasicServiceDelivered);
    pb_basic_service_delivered__init(s);
    struct sg_id id = story_id(city);
    s->has_delivery_id = s->has_service = s->has_quantity = s->has_unit = true;
    s->has_outcome = s->has_in_shelter = true;
    s->delivery_id = unit_id(city, &id);
    s->service = service;
    s->from_on = unit_day(city, from);
    s->to_on = unit_day(city, to);
    s->quantity = 1;
    s->unit = PB_BASIC_SERVICE_DELIVERED__UNIT_SESSION;
    s->outcome = PB_BASIC_SERVICE_DELIVERED__OUTCOME_DELIVERED;
    e->service_delivered = s;
    return e;
}

/* E19 of dinsos. */
static inline PbEnvelope *care_plan(struct ledger_city *city, const struct sg_id *case_id,
                                    PbMentoringPlanSet__Template template, int32_t starts_on,
                                    struct sg_id *out_plan)
{
    PbEnvelope *e = care_envelope(city, "mentoring.plan_set", "dinsos", case_id);
    PbMentoringPlanSet *p = SG_NEW(&city->events, PbMentoringPlanSet);
    pb_mentoring_plan_set__init(p);
    *out_plan = story_id(city);
    p->has_plan_id = p->has_template_ = true;
    p->plan_id = unit_id(city, out_plan);
    p->mentor_ref = unit_text(city, "dns-0031");
    p->starts_on = unit_day(city, starts_on);
    p->template_ = template;
    e->mentoring_plan_set = p;
    return e;
}

/* One more checkpoint of a plan of its own. */
static inline void care_checkpoint(struct ledger_city *city, PbEnvelope *e, const char *code,
                                   int32_t due_on)
{
    enum { MOST = 40 };
    PbMentoringPlanSet *p = e->mentoring_plan_set;
    if (!p->checkpoints)
        p->checkpoints = sg_arena_alloc(&city->events, MOST * sizeof(PbCheckpoint *));
    PbCheckpoint *c = SG_NEW(&city->events, PbCheckpoint);
    pb_checkpoint__init(c);
    c->code = unit_text(city, code);
    c->due_on = unit_day(city, due_on);
    p->checkpoints[p->n_checkpoints++] = c;
}

static inline struct sg_id care_set_plan(struct ledger_city *city, const struct sg_id *case_id,
                                         PbMentoringPlanSet__Template template, int32_t starts_on)
{
    struct sg_id plan;
    (void)unit_want("plan", city, care_plan(city, case_id, template, starts_on, &plan), 0);
    return plan;
}

/* E20 of dinsos; contact: off the street, with a trade. */
static inline PbEnvelope *care_visit(struct ledger_city *city, const struct sg_id *plan_id,
                                     int32_t day, bool contact)
{
    PbEnvelope *e = care_envelope(city, "mentoring.visited", "dinsos", NULL);
    PbMentoringVisitRecorded *v = SG_NEW(&city->events, PbMentoringVisitRecorded);
    pb_mentoring_visit_recorded__init(v);
    struct sg_id id = story_id(city);
    v->has_visit_id = v->has_plan_id = v->has_mode = v->has_contact_made = true;
    v->visit_id = unit_id(city, &id);
    v->plan_id = unit_id(city, plan_id);
    v->visited_on = unit_day(city, day);
    v->mode = PB_MENTORING_VISIT_RECORDED__MODE_HOME;
    v->contact_made = contact;
    v->has_living = v->has_livelihood = v->has_on_street = contact;
    if (contact) {
        v->living = PB_MENTORING_VISIT_RECORDED__LIVING_FAMILY;
        v->livelihood = PB_MENTORING_VISIT_RECORDED__LIVELIHOOD_TRAINED_SKILL_SELF;
        v->on_street = ON_STREET(NO);
    }
    e->mentoring_visited = v;
    return e;
}

static inline void care_visited(struct ledger_city *city, const struct sg_id *plan_id, int32_t day,
                                bool contact)
{
    (void)unit_want("visit", city, care_visit(city, plan_id, day, contact), 0);
}

/* E21 of dinsos with the version of now, today, by two. */
static inline PbEnvelope *care_close(struct ledger_city *city, const struct sg_id *case_id,
                                     PbCloseReason reason)
{
    PbEnvelope *e = care_envelope(city, "case.closed", "dinsos", case_id);
    PbCaseClosed *c = SG_NEW(&city->events, PbCaseClosed);
    const PbCaseRow *row = city_row(city, TABLE_CASES, case_id);
    pb_case_closed__init(c);
    c->has_reason = c->has_followup_allowed = true;
    c->reason = reason;
    c->closed_on = unit_day(city, story_today(city));
    c->supervisor_ref = unit_text(city, "dns-0001");
    e->has_expected_version = true;
    e->expected_version = row ? row->version : 1;
    e->case_closed = c;
    return e;
}

/* E23 of that agency; received now. A later status names the same request. */
static inline PbEnvelope *care_request(struct ledger_city *city, const char *publisher,
                                       const struct sg_id *request,
                                       PbDataSubjectRequestRecorded__Kind kind,
                                       PbDataSubjectRequestRecorded__Status status)
{
    PbEnvelope *e = care_envelope(city, "rights.request", publisher, NULL);
    PbDataSubjectRequestRecorded *r = SG_NEW(&city->events, PbDataSubjectRequestRecorded);
    pb_data_subject_request_recorded__init(r);
    r->has_request_id = r->has_kind = r->has_requester = r->has_identity_checked = true;
    r->has_status = true;
    r->request_id = unit_id(city, request);
    r->kind = kind;
    r->received_at = story_time(city, city->now_ms);
    r->requester = PB_DATA_SUBJECT_REQUEST_RECORDED__REQUESTER_SELF;
    r->identity_checked = true;
    r->status = status;
    if (status == ANSWER(PARTLY) || status == ANSWER(REFUSED)) {
        r->has_refusal_ground = true;
        r->refusal_ground = PB_DATA_SUBJECT_REQUEST_RECORDED__REFUSAL_GROUND_OTHERS_RIGHTS;
    }
    if (status == ANSWER(PARTLY)) {
        r->kept_fields = sg_arena_alloc(&city->events, sizeof(char *));
        r->kept_fields[r->n_kept_fields++] = unit_text(city, "full_name");
    }
    e->rights_request = r;
    return e;
}

/* The person of a client, as this agency calls it. */
static inline void care_person(struct ledger_city *city, PbEnvelope *e, const struct client *who)
{
    struct sg_id ref = sg_person_ref(&city->keys, e->publisher_agency, &who->person);
    e->has_person_ref = true;
    e->person_ref = unit_id(city, &ref);
}

/* Received by dinsos and granted at once. */
static inline void care_grant(struct ledger_city *city, const struct client *who,
                              PbDataSubjectRequestRecorded__Kind kind)
{
    struct sg_id id = story_id(city);
    PbEnvelope *e = care_request(city, "dinsos", &id, kind, ANSWER(RECEIVED));
    care_person(city, e, who);
    (void)unit_want("received", city, e, 0);
    (void)unit_want("granted", city, care_request(city, "dinsos", &id, kind, ANSWER(GRANTED)), 0);
}

/* E01 INTAKE of satpolpp about a client that it knows, which happened on that day. */
static inline PbEnvelope *care_found(struct ledger_city *city, const struct client *who,
                                     int32_t day, struct sg_id *out_referral)
{
    PbEnvelope *e = unit_refer(city, out_referral);
    e->referral_submitted->person = NULL;
    care_person(city, e, who);
    if (day != story_today(city))
        e->occurred_at = story_time(city, sg_day_start_ms(day) + 9 * SG_HOUR_MS);
    return e;
}

/* ---- what followed ---- */

/* The name of a value without that of its enum. */
static inline const char *care_name_of(const ProtobufCEnumDescriptor *d, int value)
{
    size_t prefix =
        strlen(protobuf_c_enum_descriptor_get_value(d, 0)->name) - strlen("UNSPECIFIED");
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(d, value);
    return found ? found->name + prefix : "?";
}

#define care_name(descriptor, value) care_name_of(&(descriptor), (int)(value))

static inline void care_payload(const PbEnvelope *e, char *to, size_t size)
{
    const PbSeatAllocationChanged *d1 = e->seat_allocation_changed;
    const PbDeadlineMissed *d2 = e->deadline_missed;
    const PbCaseRelapseDetected *d4 = e->case_relapse_detected;
    const PbCaseStateChanged *d5 = e->case_state_changed;
    const PbPersonErasureOrdered *d6 = e->person_erasure_ordered;
    size_t len = 0;
    if (d1)
        (void)snprintf(to, size, "D1 %s", care_name(pb_seat_change__descriptor, d1->change));
    else if (d2)
        (void)snprintf(to, size, "D2 %s/%u%s", d2->rule_id, d2->level,
                       d2->cleared ? " cleared" : "");
    else if (d4)
        (void)snprintf(to, size, "D4 %s %u %s",
                       care_name(pb_case_relapse_detected__reference__descriptor, d4->reference),
                       d4->days,
                       care_name(pb_case_relapse_detected__window__descriptor, d4->window));
    else if (d5)
        (void)snprintf(to, size, "D5 %s%s%s", care_name(pb_case_state__descriptor, d5->to),
                       d5->has_referral_state ? "/" : "",
                       d5->has_referral_state
                           ? care_name(pb_referral_state__descriptor, d5->referral_state)
                           : "");
    else if (d6) {
        len = (size_t)snprintf(to, size, "D6");
        for (size_t i = 0; i < d6->n_paths; i++)
            len += (size_t)snprintf(to + len, size - len, "%c%s", i ? ',' : ' ', d6->paths[i]);
    } else {
        (void)snprintf(to, size, "%s", e->type);
    }
}

/* What stands in the journal behind that record: each as its content and who reads it, as in
 * "D1 RELEASED @dinsos,disnaker; D6 … @disnaker". In events. */
static inline const char *care_trail(struct ledger_city *city, uint64_t after)
{
    enum { ROOM = 8192 };
    char *text = sg_arena_alloc(&city->events, ROOM);
    size_t len = 0;
    text[0] = '\0';
    for (uint64_t seq = after + 1; seq <= city->last_seq; seq++) {
        struct city_record record = city_record(city, seq);
        const PbRecordRest *rest = record.record.rest;
        char payload[160];
        care_payload(record.event.envelope, payload, sizeof payload);
        len += (size_t)snprintf(text + len, ROOM - len, "%s%s", len ? "; " : "", payload);
        for (size_t i = 0; i < rest->n_audience; i++)
            len += (size_t)snprintf(text + len, ROOM - len, "%s%s", i ? "," : " @",
                                    rest->audience[i]->agency);
        SG_CHECK(len < ROOM);
    }
    return text;
}

/* All that followed from the event whose seq that is, and nothing else. */
static inline void care_follows(const char *name, struct ledger_city *city, uint64_t seq,
                                const char *want)
{
    const char *got = care_trail(city, seq);
    if (strcmp(got, want) != 0)
        fail_msg("%s:\n got  '%s'\n want '%s'", name, got, want);
}

/* The rules that run for this object, in order: "T03 T12". In events. */
static inline const char *care_rules(struct ledger_city *city, const struct sg_id *id)
{
    enum { ROOM = 200 };
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    struct sg_why why = {0};
    char *text = sg_arena_alloc(&city->events, ROOM);
    size_t len = 0;
    text[0] = '\0';
    city_read(city);
    SG_CHECK(!cursor_under(&cursor, &city->txn, TABLE_DEADLINES, key_id(&prefix, id), &why));
    while (cursor.key.ptr) {
        len += (size_t)snprintf(text + len, ROOM - len, "%s%s", len ? " " : "",
                                (const char *)cursor.key.ptr + SG_ID_BYTES);
        SG_CHECK(!cursor_next(&cursor, &why));
    }
    cursor_done(&cursor);
    txn_done(&city->txn);
    return text;
}

static inline void care_run(const char *name, struct ledger_city *city, const struct sg_id *id,
                            const char *want)
{
    const char *got = care_rules(city, id);
    if (strcmp(got, want) != 0)
        fail_msg("%s: '%s' runs, want '%s'", name, got, want);
}

static inline const PbPlanRow *care_plan_row(struct ledger_city *city, const struct sg_id *plan)
{
    const PbPlanRow *row = city_row(city, TABLE_PLANS, plan);
    SG_CHECK(row);
    return row;
}

/* The checkpoints of a plan as days after `from`: "W2+14 D07*+47"; * done, - passed over. */
static inline const char *care_checkpoints(struct ledger_city *city, const struct sg_id *plan,
                                           int32_t from)
{
    enum { ROOM = 1200 };
    const PbPlanRow *row = care_plan_row(city, plan);
    char *text = sg_arena_alloc(&city->events, ROOM);
    size_t len = 0;
    text[0] = '\0';
    for (size_t i = 0; i < row->n_checkpoints; i++) {
        const PbCheckpointRow *c = row->checkpoints[i];
        len += (size_t)snprintf(text + len, ROOM - len, "%s%s%s%+d", len ? " " : "", c->code,
                                c->has_done_seq ? "*"
                                : c->passed     ? "-"
                                                : "",
                                (int)(c->due_on - from));
    }
    return text;
}

static inline void care_text(const char *name, const char *got, const char *want)
{
    if (strcmp(got, want) != 0)
        fail_msg("%s:\n got  '%s'\n want '%s'", name, got, want);
}

#endif
