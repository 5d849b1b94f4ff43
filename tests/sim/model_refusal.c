/* model_refusal.c - an event that was refused: would the model have taken it? */
#include "sim/model.h"

#include "wire/day.h"
#include "wire/status.h"

#include <stdio.h>

static int32_t day(const PbDate *date)
{
    return sg_day_of(date->year, date->month, date->day);
}

static void *find(const struct pile *pile, ProtobufCBinaryData data)
{
    struct sg_id id = id_of(data);
    return pile_find(pile, &id);
}

/* ---- referrals and cases ---- */

static bool takes_acknowledged(struct model *m, const PbEnvelope *e, const char *agency)
{
    const struct m_referral *r = find(&m->referrals, e->referral_acknowledged->referral_id);
    return r && r->state == PB_REFERRAL_STATE_SUBMITTED && m_target(r) == agency;
}

static bool takes_redirect(struct model *m, const struct m_referral *r, const char *to)
{
    bool earlier = !to || (r->kind != PB_REFERRAL_KIND_INTAKE && r->c->owner == to);
    for (size_t i = 0; i < r->target_count; i++)
        earlier |= r->targets[i] == to;
    (void)m;
    return !earlier && r->target_count < SG_ARRAY_LEN(r->targets);
}

static bool takes_decided(struct model *m, const PbEnvelope *e, const char *agency)
{
    const PbReferralDecided *d = e->referral_decided;
    const struct m_referral *r = find(&m->referrals, d->referral_id);
    if (!r || !m_pending(r) || m_target(r) != agency)
        return false;
    if (d->decision == PB_REFERRAL_DECISION_REDIRECTED)
        return takes_redirect(m, r, m_agency(m, d->redirect_to));
    return d->decision == PB_REFERRAL_DECISION_DECLINED || r->kind != PB_REFERRAL_KIND_TRANSFER ||
           m_case_open(r->c->state);
}

static bool takes_assessment(struct model *m, const PbEnvelope *e, const char *agency)
{
    const struct m_case *c = find(&m->cases, e->case_id);
    return c && c->owner == agency && c->state >= PB_CASE_STATE_ASSESSING &&
           c->state <= PB_CASE_STATE_AFTERCARE;
}

static bool takes_annulment(struct model *m, const PbEnvelope *e, const char *agency)
{
    const PbEventRef *place = e->event_corrected->corrected;
    struct sg_id outbox_id = id_of(place->outbox_id);
    for (size_t i = 0; i < m->referrals.count; i++) {
        const struct m_referral *r = m->referrals.all[i];
        if (r->number == place->number && sg_id_equal(&outbox_id, &r->outbox_id))
            return r->referrer == agency && m_pending(r);
    }
    return false;
}

/* ---- slots and seats ---- */

static struct m_slot *own_slot(struct model *m, const PbEnvelope *e, ProtobufCBinaryData id,
                               const char *agency)
{
    struct m_slot *s = find(&m->slots, id);
    if (!s || s->owner != agency || e->expected_version != s->version)
        return NULL;
    PbSlotState state = m_slot_state(m, s);
    return state == PB_SLOT_STATE_FINISHED || state == PB_SLOT_STATE_CANCELLED ? NULL : s;
}

static bool takes_change(struct model *m, const PbEnvelope *e, const char *agency)
{
    const PbTrainingSlotChanged *c = e->slot_changed;
    const struct m_slot *s = own_slot(m, e, c->slot_id, agency);
    return s && (!c->has_capacity_offered || c->capacity_offered >= s->live);
}

static bool takes_cancel(struct model *m, const PbEnvelope *e, const char *agency)
{
    const PbTrainingSlotCancelled *c = e->slot_cancelled;
    const struct m_slot *s = own_slot(m, e, c->slot_id, agency);
    const struct m_slot *other = find(&m->slots, c->alternative_slot_id);
    return s && (!c->has_alternative_slot_id || (other && other != s && other->owner == agency &&
                                                 m_slot_state(m, other) == PB_SLOT_STATE_OPEN));
}

static bool takes_request(struct model *m, const PbEnvelope *e, const char *agency)
{
    enum { WAITINGS_MAX = 3 };
    const PbSeatRequested *q = e->seat_requested;
    const struct m_case *c = find(&m->cases, e->case_id);
    const struct m_slot *s = find(&m->slots, q->slot_id);
    if (!c || !s || c->owner != agency || !m_serves(c) || c->minor || c->age_doubt ||
        !m_agrees(m, c->person))
        return false;
    const struct m_seat *live = m_live(c->person);
    PbSlotState state = m_slot_state(m, s);
    bool open = state == PB_SLOT_STATE_OPEN;
    struct m_seat *waiting[MODEL_WAITINGS];
    size_t waits = m_waitings(c->person, waiting);
    for (size_t i = 0; i < waits; i++)
        if (waiting[i]->slot == s && !live)
            return false;
    if (live && !(live->slot == s && live->state == PB_ALLOCATION_STATE_HELD &&
                  q->person_accepted && live->hold_until_ms > m->now_ms))
        return false;
    if ((!open && !(state == PB_SLOT_STATE_REG_CLOSED && q->waitlist_ok)) ||
        !m_is_eligible(s, c->person))
        return false;
    return live || (open && s->live < s->capacity) || (q->waitlist_ok && waits < WAITINGS_MAX);
}

static bool takes_seat_decision(struct model *m, const PbEnvelope *e, const char *agency)
{
    const PbSeatDecided *d = e->seat_decided;
    const struct m_seat *seat = find(&m->seats, d->allocation_id);
    bool providers = d->decision == PB_SEAT_DECISION_CONFIRMED ||
                     d->decision == PB_SEAT_DECISION_DECLINED_BY_PROVIDER;
    if (!seat || (providers ? seat->slot->owner : seat->c->owner) != agency)
        return false;
    bool held = seat->state == PB_ALLOCATION_STATE_HELD;
    bool reserved = seat->state == PB_ALLOCATION_STATE_RESERVED;
    if (d->decision == PB_SEAT_DECISION_PERSON_ACCEPTED)
        return held && seat->hold_until_ms > m->now_ms && !m_restricted(seat->person);
    if (d->decision == PB_SEAT_DECISION_CONFIRMED)
        return reserved;
    if (d->decision == PB_SEAT_DECISION_DECLINED_BY_PROVIDER)
        return held || reserved;
    return !m_is_over(seat->state) && seat->state != PB_ALLOCATION_STATE_OCCUPIED;
}

static struct m_seat *own_seat(struct model *m, ProtobufCBinaryData id, const char *agency)
{
    struct m_seat *seat = find(&m->seats, id);
    return seat && seat->slot->owner == agency ? seat : NULL;
}

static bool takes_start(struct model *m, const PbEnvelope *e, const char *agency)
{
    const struct m_seat *seat = own_seat(m, e->placement_started->allocation_id, agency);
    int32_t on = day(e->placement_started->started_on);
    return seat && m_is_promised(seat->state) && on >= seat->slot->starts && on <= seat->slot->late;
}

static bool takes_attendance(struct model *m, const PbEnvelope *e, const char *agency)
{
    enum { LATE_DAYS = 14 };
    const struct m_seat *seat = own_seat(m, e->attendance_reported->allocation_id, agency);
    return seat && seat->started &&
           (seat->state == PB_ALLOCATION_STATE_OCCUPIED ||
            sg_day_at(m->now_ms) <= seat->ended_on + LATE_DAYS);
}

static bool takes_end(struct model *m, const PbEnvelope *e, const char *agency)
{
    const struct m_seat *seat = own_seat(m, e->placement_ended->allocation_id, agency);
    if (!seat)
        return false;
    if (e->placement_ended->result == PB_PLACEMENT_ENDED__RESULT_NO_SHOW)
        return m_is_promised(seat->state) && m->now_ms >= m_start_ms(seat->slot);
    return seat->state == PB_ALLOCATION_STATE_OCCUPIED;
}

/* ---- equipment: of one recipient ---- */

static bool takes_issue(struct model *m, const PbEnvelope *e, const char *agency)
{
    const PbEquipmentIssued *q = e->equipment_issued;
    const struct m_item *item = find(&m->items, q->item_id);
    const struct m_seat *seat = find(&m->seats, q->allocation_id);
    bool grant = q->basis == PB_EQUIPMENT_ISSUED__BASIS_GRANT_AFTER_COMPLETION;
    if (!item || !seat || item->owner != agency || q->n_group_allocation_ids ||
        item->state != PB_ITEM_STATE_IN_STOCK || strcmp(item->course, seat->slot->course) != 0)
        return false;
    for (size_t i = 0; i < m->basts.count; i++) {
        const struct m_bast *bast = m->basts.all[i];
        if (bast->uses && bast->owner == agency && strcmp(bast->number, q->bast_no) == 0)
            return false; /* whoever it was for */
    }
    for (size_t i = 0; grant && i < m->items.count; i++) {
        const struct m_item *other = m->items.all[i];
        for (size_t j = 0; other->kept && j < other->seat_count; j++)
            if (m_root(other->seats[j]->person) == m_root(seat->person) &&
                strcmp(other->kit, item->kit) == 0)
                return false;
    }
    return seat->state == (grant ? PB_ALLOCATION_STATE_COMPLETED : PB_ALLOCATION_STATE_OCCUPIED);
}

static bool takes_check(struct model *m, const PbEnvelope *e, const char *agency)
{
    const PbEquipmentChecked *q = e->equipment_checked;
    const struct m_item *item = find(&m->items, q->item_id);
    bool plain = q->action < PB_EQUIPMENT_CHECKED__ACTION_RECALL;
    return item && plain &&
           (item->state == PB_ITEM_STATE_ON_LOAN || item->state == PB_ITEM_STATE_GRANTED) &&
           (item->owner == agency || item->c->owner == agency);
}

/* ---- consents, services, mentoring, the end of a case ---- */

static struct m_case *own_case(struct model *m, const PbEnvelope *e, const char *agency)
{
    struct m_case *c = e->has_case_id ? find(&m->cases, e->case_id) : NULL;
    return c && c->owner == agency ? c : NULL;
}

static bool takes_consent(struct model *m, const PbEnvelope *e, const char *agency)
{
    const struct m_case *c = own_case(m, e, agency);
    return c && (m_case_open(c->state) || c->state == PB_CASE_STATE_CLOSED);
}

static bool takes_service(struct model *m, const PbEnvelope *e, const char *agency)
{
    const struct m_case *c = own_case(m, e, agency);
    bool late =
        c && c->state == PB_CASE_STATE_CLOSED && day(e->service_delivered->to_on) <= c->closed_on;
    return c && (m_case_open(c->state) || late);
}

static bool takes_plan(struct model *m, const PbEnvelope *e, const char *agency)
{
    const struct m_case *c = own_case(m, e, agency);
    const struct m_plan *old = c ? m_active_plan(c) : NULL;
    struct sg_id id = id_of(e->mentoring_plan_set->replaces_plan_id);
    if (!c || c->not_ppks || c->state < PB_CASE_STATE_IN_SERVICE ||
        c->state > PB_CASE_STATE_AFTERCARE)
        return false;
    if (!old)
        return !e->mentoring_plan_set->has_replaces_plan_id;
    return e->mentoring_plan_set->has_replaces_plan_id && sg_id_equal(&id, &old->id) &&
           e->expected_version == old->version;
}

static bool takes_visit(struct model *m, const PbEnvelope *e, const char *agency)
{
    const PbMentoringVisitRecorded *v = e->mentoring_visited;
    const struct m_plan *plan = find(&m->plans, v->plan_id);
    int32_t on = day(v->visited_on);
    return plan && plan->owner == agency && !v->checkpoint && on >= plan->starts_on &&
           (plan->state == PB_PLAN_STATE_ACTIVE || on <= plan->ended_on);
}

static bool takes_closing(struct model *m, const PbEnvelope *e, const char *agency)
{
    const struct m_case *c = own_case(m, e, agency);
    return c && !m_against_closing(m, c, e);
}

static bool takes_request_of(struct model *m, const PbEnvelope *e, const char *agency)
{
    const PbDataSubjectRequestRecorded *q = e->rights_request;
    const struct m_request *r = find(&m->requests, q->request_id);
    struct sg_id ref_id = id_of(e->person_ref);
    const struct m_ref *ref = pile_find(&m->refs, &ref_id);
    if (q->status == PB_DATA_SUBJECT_REQUEST_RECORDED__STATUS_RECEIVED)
        return !r && e->has_person_ref && ref && ref->agency == agency;
    if (q->status == PB_DATA_SUBJECT_REQUEST_RECORDED__STATUS_EXECUTED)
        return false; /* it may have said so before, in other words */
    return r && r->owner == agency && r->kind == q->kind && q->identity_checked &&
           r->status == PB_DATA_SUBJECT_REQUEST_RECORDED__STATUS_RECEIVED &&
           r->kind != PB_DATA_SUBJECT_REQUEST_RECORDED__KIND_ERASURE;
}

/* ---- */

void model_refused(struct model *m, const PbEnvelope *e, uint32_t code)
{
    static const struct {
        uint32_t type;
        bool (*takes)(struct model *m, const PbEnvelope *e, const char *agency);
    } types[] = {{102, takes_acknowledged},  {103, takes_decided}, {105, takes_assessment},
                 {106, takes_consent},       {107, takes_service}, {119, takes_plan},
                 {120, takes_visit},         {121, takes_closing}, {123, takes_request_of},
                 {109, takes_change},        {110, takes_cancel},  {111, takes_request},
                 {112, takes_seat_decision}, {113, takes_start},   {114, takes_attendance},
                 {115, takes_end},           {117, takes_issue},   {118, takes_check},
                 {124, takes_annulment}};
    /* Refused before anything is looked at, or for what this model does not know. */
    static const uint32_t beside[] = {SG_ST_FORBIDDEN, SG_ST_FUTURE_TIME, SG_ST_TOO_OLD,
                                      SG_ST_SCHEMA,    SG_ST_BAD_CODE,    SG_ST_MISSING_FIELD,
                                      SG_ST_MINOR};
    for (size_t i = 0; i < SG_ARRAY_LEN(beside); i++)
        if (code == beside[i])
            return;
    uint32_t type = sg_type_of_topic(sg_bytes_of(e->type));
    for (size_t i = 0; i < SG_ARRAY_LEN(types); i++)
        if (types[i].type == type && types[i].takes(m, e, m_agency(m, e->publisher_agency))) {
            m->last_type = type;
            m_break(m, "refused, but nothing stands against it", NULL);
            (void)snprintf(m->about + strlen(m->about), sizeof m->about - strlen(m->about), " %s",
                           sg_status_name(code));
        }
}
