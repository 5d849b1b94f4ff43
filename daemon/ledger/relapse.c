#include "ledger/relapse.h"

#include "ledger/casefile.h"
#include "ledger/derive.h"
#include "ledger/mutant.h"
#include "wire/day.h"

enum { PAUSE_DAYS = 14 };

/* The window of so many days after the reference; UNSPECIFIED: none. */
static PbCaseRelapseDetected__Window window_of(int32_t days)
{
    static const struct {
        int32_t last;
        PbCaseRelapseDetected__Window window;
    } windows[] = {{183, PB_CASE_RELAPSE_DETECTED__WINDOW_D14_183},
                   {365, PB_CASE_RELAPSE_DETECTED__WINDOW_D184_365},
                   {730, PB_CASE_RELAPSE_DETECTED__WINDOW_D366_730}};
    for (size_t i = 0; days > MUTATED(28, PAUSE_DAYS, 0) && i < SG_ARRAY_LEN(windows); i++)
        if (days <= windows[i].last)
            return windows[i].window;
    return PB_CASE_RELAPSE_DETECTED__WINDOW_UNSPECIFIED;
}

void relapse(struct decision *d, const PbPersonRow *person, const struct sg_id *case_id,
             const char *owner, int32_t contact_on)
{
    const struct {
        bool known;
        int32_t on;
        PbCaseRelapseDetected__Reference reference;
    } references[] = {{person->has_first_completed_on, person->first_completed_on,
                       PB_CASE_RELAPSE_DETECTED__REFERENCE_TRAINING_COMPLETED},
                      {person->has_first_closed_on, person->first_closed_on,
                       PB_CASE_RELAPSE_DETECTED__REFERENCE_CASE_CLOSED}};
    for (size_t i = 0; i < SG_ARRAY_LEN(references); i++) {
        if (!references[i].known || !window_of(contact_on - references[i].on))
            continue;
        struct follow *told = queue(d, FOLLOW_RELAPSE);
        told->case_id = *case_id;
        told->person_id = d->person_id;
        told->owner = text_of(d->turn, owner);
        told->reference = references[i].reference;
        told->reference_on = references[i].on;
        told->contact_on = contact_on;
    }
}

static bool on_street(PbActivity activity)
{
    return activity == PB_ACTIVITY_BEGGING || activity == PB_ACTIVITY_SLEEPING_ROUGH ||
           activity == PB_ACTIVITY_BEGGING_WITH_CHILD || activity == PB_ACTIVITY_BUSKING ||
           activity == PB_ACTIVITY_SILVER_PAINTED || activity == PB_ACTIVITY_SCAVENGING;
}

enum sg_err relapse_by_contact(struct decision *d, const PbPersonRow *person, struct sg_why *why)
{
    const PbStreetContactRecorded *e = d->event->envelope->contact_recorded;
    PbCaseRow *chosen = NULL;
    struct sg_id chosen_id = {{0}};
    if (!on_street(e->activity) ||
        (!person->has_first_completed_on && !person->has_first_closed_on))
        return SG_OK;
    for (size_t i = 0; i < person->n_cases; i++) {
        struct sg_id id = id_of(person->cases[i]->case_id);
        PbCaseRow *row = NULL;
        enum sg_err err = read_row(d->turn, TABLE_CASES, &id, &pb_case_row__descriptor, &row, why);
        if (err)
            return err;
        bool open = case_is_open(row->state);
        bool later =
            row->state == PB_CASE_STATE_CLOSED &&
            (!chosen || (!case_is_open(chosen->state) && row->closed_ms > chosen->closed_ms));
        if (open ? !chosen || !case_is_open(chosen->state) : later) {
            chosen = row;
            chosen_id = id;
        }
    }
    if (chosen)
        relapse(d, person, &chosen_id, chosen->owner, sg_day_at(d->event->occurred_ms));
    return SG_OK;
}

enum sg_err tell_relapse(struct decision *d, const struct follow *f, struct sg_why *why)
{
    PbEnvelope *e = envelope_of(d, 204);
    PbCaseRelapseDetected *p = TAKE(d->turn, PbCaseRelapseDetected);
    PbPersonRow *person = NULL;
    struct record record;
    pb_case_relapse_detected__init(p);
    p->has_reference = p->has_days = p->has_window = true;
    p->reference = f->reference;
    p->reference_on = date_of(d->turn, f->reference_on);
    p->contact_on = date_of(d->turn, f->contact_on);
    p->days = (uint32_t)(f->contact_on - f->reference_on);
    p->window = window_of(f->contact_on - f->reference_on);
    e->case_relapse_detected = p;
    envelope_case(d, e, &f->case_id);
    envelope_personal(e);
    add_reader(d, f->owner, RELATION_CASE_OWNER);
    enum sg_err err = derive_person(d, &f->person_id, &person, why);
    return err ? err : append_record(d, PB_RECORD_KIND_DERIVED, e, &record, why);
}
