/* acts_correction.c - what was stated wrongly: E24. */
#include "sim/acts.h"

#include "kit/check.h"
#include "wire/day.h"
#include "wire/replacement.h"

#define PAYLOAD(a, type, name)             \
    type *name = SG_NEW((a)->arena, type); \
    SG_CHECK(name);

static PbEnvelope *stated(struct acts *a, const struct m_fact *fact)
{
    PbEnvelope *e = NULL;
    struct sg_why why = {0};
    SG_CHECK(!sg_decode_row(&pb_envelope__descriptor, (struct sg_bytes){fact->bytes, fact->len},
                            a->arena, &e, &why));
    return e;
}

static void move_day(struct acts *a, PbDate *date)
{
    int32_t y, mo, d, day = sg_day_of(date->year, date->month, date->day);
    sg_day_split(day + (int32_t)below(a, 9) - 4, &y, &mo, &d);
    date->year = y;
    date->month = mo;
    date->day = d;
}

/* The payload as it should have been. */
static void put_right(struct acts *a, PbEnvelope *e)
{
    if (e->referral_submitted && e->referral_submitted->person)
        e->referral_submitted->person = act_person(a, (unsigned)below(a, ACTS_PEOPLE));
    if (e->contact_recorded && e->contact_recorded->person)
        e->contact_recorded->person = act_person(a, (unsigned)below(a, ACTS_PEOPLE));
    if (e->assessment_completed) {
        if (one_in(a, 2))
            e->assessment_completed->priority_band = 1 + (uint32_t)below(a, 4);
        if (one_in(a, 3))
            e->assessment_completed->is_minor ^= 1;
        if (one_in(a, 3))
            e->assessment_completed->person = act_age(a, one_in(a, 2));
    }
    if (e->service_delivered)
        e->service_delivered->service = (PbSpmService)(1 + below(a, 11));
    if (e->service_delivered)
        e->service_delivered->has_document = true;
    if (e->placement_started)
        move_day(a, e->placement_started->started_on);
    if (e->attendance_reported)
        e->attendance_reported->sessions_attended = (uint32_t)below(a, 4);
    if (e->placement_ended) {
        if (one_in(a, 2))
            e->placement_ended->result = (PbPlacementEnded__Result)(1 + below(a, 7));
        if (one_in(a, 2))
            move_day(a, e->placement_ended->ended_on);
        e->placement_ended->reason = act_text(a, "tata tertib");
        e->placement_ended->has_attendance_pct = true;
    }
    if (e->equipment_registered)
        e->equipment_registered->value_idr++;
    if (e->equipment_checked) {
        e->equipment_checked->finding = (PbEquipmentChecked__Finding)(1 + below(a, 8));
        e->equipment_checked->police_report = act_text(a, "LP/13");
    }
    if (e->mentoring_visited) {
        move_day(a, e->mentoring_visited->visited_on);
        if (e->mentoring_visited->contact_made && one_in(a, 2))
            e->mentoring_visited->on_street = (PbMentoringVisitRecorded__OnStreet)(1 + below(a, 4));
    }
    if (e->event_corrected)
        e->event_corrected->reason = PB_EVENT_CORRECTED__REASON_TYPO;
}

static const struct m_fact *pick_fact(struct acts *a)
{
    const struct model *m = a->model;
    uint64_t how = below(a, 6);
    size_t newest = how ? 400 : 4000;
    size_t from = m->fact_count > newest ? m->fact_count - newest : 0;
    static const uint32_t wanted[] = {101, 105, 113, 115, 117, 118, 120, 121};
    uint32_t type = wanted[below(a, SG_ARRAY_LEN(wanted))];
    const struct m_fact *found = NULL;
    for (int i = 0; m->fact_count > 1 && i < 200; i++) {
        const struct m_fact *fact = &m->facts[from + below(a, m->fact_count - from)];
        bool may = m_may_correct(fact->type, true) && (!fact->annulled || one_in(a, 20));
        found = fact;
        if (how < 4 ? fact->type == type && may : how < 5 ? may : true)
            return fact;
    }
    return found;
}

PbEnvelope *act_correct(struct acts *a)
{
    const struct m_fact *fact = pick_fact(a);
    struct sg_why why = {0};
    if (!fact)
        return NULL;
    PbEnvelope *e = act_envelope(a, "event.corrected", fact->agency);
    PAYLOAD(a, PbEventCorrected, p)
    pb_event_corrected__init(p);
    p->corrected = act_place(a, &fact->outbox_id, fact->number);
    p->has_action = p->has_reason = true;
    p->reason =
        one_in(a, 5) ? PB_EVENT_CORRECTED__REASON_WRONG_PERSON : PB_EVENT_CORRECTED__REASON_TYPO;
    p->discovered_at = act_time(a, a->now_ms - 60000);
    e->event_corrected = p;
    act_personal(e, PB_LEGAL_BASIS_PUBLIC_TASK);
    p->action = PB_EVENT_CORRECTED__ACTION_ANNUL;
    if (one_in(a, 2) || !m_may_correct(fact->type, false))
        return e;
    PbEnvelope *with = stated(a, fact);
    put_right(a, with);
    p->action = PB_EVENT_CORRECTED__ACTION_REPLACE;
    p->replacement = SG_NEW(a->arena, PbReplacement);
    SG_CHECK(p->replacement);
    SG_CHECK(!sg_replacement_of(with, a->arena, p->replacement, &why));
    return e;
}
