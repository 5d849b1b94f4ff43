/* count.c - the codes that reports count (domain 10), taken out of the personal part of an event
 * when it is decided: a report reads the clear part and the effect, and nothing personal.
 */
#include "ledger/decision.h"

static void count_person(PbCountEffect *count, const PbEnvelope *e, const PbPersonIdentity *person)
{
    count->has_identified = true;
    count->identified = e->has_person_ref || (person && (person->nik || person->full_name));
    count->has_nik_status = person && person->has_nik_status;
    count->nik_status = person ? person->nik_status : PB_NIK_STATUS_UNSPECIFIED;
}

static void count_assessment(PbCountEffect *count, const PbAssessmentCompleted *e)
{
    count->n_ppks = e->n_confirmed_ppks;
    count->ppks = e->confirmed_ppks;
    count->n_needs = e->n_needs;
    count->needs = e->needs;
    count->has_minor = true;
    count->minor = e->is_minor;
    count->has_nik_status = e->person && e->person->has_nik_status;
    count->nik_status = e->person ? e->person->nik_status : PB_NIK_STATUS_UNSPECIFIED;
}

static void count_visit(PbCountEffect *count, const PbMentoringVisitRecorded *e)
{
    count->has_livelihood = e->has_livelihood;
    count->livelihood = e->livelihood;
    count->has_on_street = e->has_on_street;
    count->on_street = e->on_street;
}

void count_event(struct decision *d)
{
    count_payload(d, d->event->envelope);
}

void count_payload(struct decision *d, const PbEnvelope *e)
{
    PbCountEffect *count = d->effect->count = TAKE(d->turn, PbCountEffect);
    pb_count_effect__init(count);
    if (e->referral_submitted) {
        count->has_activity = e->referral_submitted->has_activity;
        count->activity = e->referral_submitted->activity;
        count_person(count, e, e->referral_submitted->person);
    } else if (e->contact_recorded) {
        count->has_activity = true;
        count->activity = e->contact_recorded->activity;
        count_person(count, e, e->contact_recorded->person);
    } else if (e->assessment_completed) {
        count_assessment(count, e->assessment_completed);
    } else if (e->service_delivered) {
        count->has_service = true;
        count->service = e->service_delivered->service;
    } else if (e->mentoring_visited) {
        count_visit(count, e->mentoring_visited);
    }
}
