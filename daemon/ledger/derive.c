/* derive.c - what the broker itself states, each as a record behind its cause: D5, D8, and the
 * queue of all that follows. D1: derive_seat.c, D2: deadline.c, D7: parking.c.
 */
#include "ledger/derive.h"

#include "ledger/allocation.h"
#include "ledger/casefile.h"
#include "ledger/correction.h"
#include "ledger/deadline.h"
#include "ledger/match.h"
#include "ledger/parking.h"
#include "ledger/referral.h"
#include "ledger/relapse.h"
#include "ledger/rights.h"
#include "ledger/suspicion.h"

/* ---- the envelope of a derived event ---- */

Google__Protobuf__Timestamp *envelope_time(struct ledger_turn *turn, int64_t ms)
{
    Google__Protobuf__Timestamp *t = TAKE(turn, Google__Protobuf__Timestamp);
    google__protobuf__timestamp__init(t);
    t->seconds = ms / 1000;
    t->nanos = (int32_t)(ms % 1000) * 1000000;
    return t;
}

PbEventRef *envelope_cause(struct decision *d)
{
    if (!d->cause->has_place)
        return NULL;
    return ref_of(d->turn, &d->cause->outbox_id, d->cause->number);
}

PbEnvelope *envelope_of(struct decision *d, uint32_t type)
{
    PbEnvelope *e = TAKE(d->turn, PbEnvelope);
    pb_envelope__init(e);
    static char agency[] = "sinergi", actor[] = "broker";
    e->type = text_of(d->turn, sg_type_topic(type));
    e->has_schema_minor = e->has_time_quality = true;
    e->publisher_agency = agency;
    e->actor_ref = actor;
    e->occurred_at = e->recorded_at = envelope_time(d->turn, d->turn->block->time_ms);
    e->time_quality = PB_TIME_QUALITY_EXACT;
    e->causation = envelope_cause(d);
    return e;
}

void envelope_case(struct decision *d, PbEnvelope *e, const struct sg_id *case_id)
{
    e->has_case_id = true;
    e->case_id = data_of(d->turn, case_id);
}

void envelope_personal(PbEnvelope *e)
{
    e->has_legal_basis = true;
    e->legal_basis = PB_LEGAL_BASIS_PUBLIC_TASK;
}

/* The person of a derived record: pseudonyms for readers that have none. */
enum sg_err derive_person(struct decision *d, const struct sg_id *person_id, PbPersonRow **out_row,
                          struct sg_why *why)
{
    enum sg_err err = person_of_case(d, person_id, out_row, why);
    if (!err)
        person_grant_refs(d, *out_row, NULL);
    return err;
}

/* ---- D5 ---- */

static bool referrer_acts(PbDeclineReason reason)
{
    return reason == PB_DECLINE_REASON_WRONG_AGENCY || reason == PB_DECLINE_REASON_NO_CAPACITY;
}

static enum sg_err tell_case(struct decision *d, const struct follow *f, struct sg_why *why)
{
    PbEnvelope *e = envelope_of(d, 205);
    PbCaseStateChanged *p = TAKE(d->turn, PbCaseStateChanged);
    pb_case_state_changed__init(p);
    p->has_case_id = p->has_to = p->has_version = true;
    p->case_id = data_of(d->turn, &f->case_id);
    p->has_from = f->from != PB_CASE_STATE_UNSPECIFIED;
    p->from = f->from;
    p->to = f->to;
    p->version = f->version;
    p->cause = envelope_cause(d);
    if (f->has_referral) {
        p->has_referral_id = p->has_referral_state = true;
        p->referral_id = data_of(d->turn, &f->referral_id);
        p->referral_state = f->referral_state;
    }
    p->has_reason = f->reason != PB_DECLINE_REASON_UNSPECIFIED;
    p->reason = f->reason;
    e->case_state_changed = p;
    envelope_case(d, e, &f->case_id);
    bool left = f->to == PB_CASE_STATE_TRANSFERRED;
    add_reader(d, f->owner, RELATION_CASE_OWNER | (left ? RELATION_FAREWELL : 0U));
    if (f->referrer)
        add_reader(d, f->referrer,
                   RELATION_REFERRER | (referrer_acts(f->reason) ? RELATION_REFERRER_ACTS : 0U));
    d->has_person = true;
    d->person_id = f->person_id;
    struct record record;
    return append_record(d, PB_RECORD_KIND_DERIVED, e, &record, why);
}

/* The loop of a referral is closed because its case has ended here. */
static enum sg_err close_loop(struct decision *d, const struct follow *f, struct sg_why *why)
{
    PbReferralEffect *effect = TAKE(d->turn, PbReferralEffect);
    pb_referral_effect__init(effect);
    effect->has_referral_id = effect->has_state = true;
    effect->referral_id = data_of(d->turn, &f->referral_id);
    effect->state = PB_REFERRAL_STATE_LOOP_CLOSED;
    d->effect->referral = effect;
    enum sg_err err = deadline_end(d, RULE_ACKNOWLEDGE, &f->referral_id, false, why);
    if (!err)
        err = deadline_end(d, RULE_DECIDE, &f->referral_id, false, why);
    return err ? err : tell_case(d, f, why);
}

/* ---- D8 ---- */

/* What the last E05 said; who the person is stands beside it. */
static enum sg_err last_assessment(struct decision *d, uint64_t seq,
                                   PbAssessmentCompleted **out_assessment, struct sg_why *why)
{
    struct record record;
    struct sg_event event;
    bool annulled = false;
    enum sg_err err = event_as_it_stands(d->turn, seq, &record, &event, &annulled, why);
    if (err)
        return err;
    *out_assessment = event.envelope->assessment_completed;
    if (*out_assessment)
        (*out_assessment)->person = NULL;
    return SG_OK;
}

static enum sg_err present_referral(struct decision *d, const struct follow *f, struct sg_why *why)
{
    PbReferralRow *row = NULL;
    struct identity identity;
    enum sg_err err = read_row(d->turn, TABLE_REFERRALS, &f->referral_id,
                               &pb_referral_row__descriptor, &row, why);
    if (!err)
        err = person_identity(d->turn, &f->person_id, &identity, why);
    if (err)
        return err;
    PbEnvelope *e = envelope_of(d, 208);
    PbReferralPresented *p = TAKE(d->turn, PbReferralPresented);
    pb_referral_presented__init(p);
    p->has_referral_id = p->has_kind = p->has_priority = true;
    p->referral_id = data_of(d->turn, &f->referral_id);
    p->kind = row->kind;
    p->from = row->referrer;
    p->priority = row->priority;
    p->found_region = row->found_region;
    p->n_requested_services = row->n_requested_services;
    p->requested_services = row->requested_services;
    p->n_urgent_needs = identity.urgent_need_count;
    p->urgent_needs = identity.urgent_needs;
    if (identity.known)
        p->person = &identity.person;
    if (f->assessed_seq)
        err = last_assessment(d, f->assessed_seq, &p->assessment, why);
    if (err)
        return err;
    e->referral_presented = p;
    struct sg_id case_id = id_of(row->case_id);
    envelope_case(d, e, &case_id);
    envelope_personal(e);
    add_reader(
        d, f->target,
        referral_target_relation(row->kind, row->requested_services, row->n_requested_services));
    PbPersonRow *person = NULL;
    err = derive_person(d, &f->person_id, &person, why);
    struct record record;
    return err ? err : append_record(d, PB_RECORD_KIND_DERIVED, e, &record, why);
}

/* ---- the queue ---- */

static enum sg_err run_follow(struct decision *d, const struct follow *f, struct sg_why *why)
{
    switch (f->kind) {
    case FOLLOW_CASE: return tell_case(d, f, why);
    case FOLLOW_PRESENT: return present_referral(d, f, why);
    case FOLLOW_SEAT: return tell_seat(d, f, why);
    case FOLLOW_DEADLINE: return tell_deadline(d, f, why);
    case FOLLOW_PROMOTE: return promote(d, &f->slot_id, why);
    case FOLLOW_WAITING: return promote_waiting(d, f, why);
    case FOLLOW_ALTERNATIVE: return offer_alternative(d, f, why);
    case FOLLOW_SETTLE: return settle_parked(d, f, why);
    case FOLLOW_SETTLED: return tell_settled(d, f, why);
    case FOLLOW_LOOP: return close_loop(d, f, why);
    case FOLLOW_MATCH: return match_person(d, f, why);
    case FOLLOW_NIK: return same_nik(d, f, why);
    case FOLLOW_SUSPECT: return suspect(d, f, why);
    case FOLLOW_RELAPSE: return tell_relapse(d, f, why);
    case FOLLOW_ERASURE: return tell_erasure(d, f, why);
    }
    return SG_OK;
}

/* What is parked is decided again when all else that follows has happened: a decision reads rows as
 * they are, and must not meet an event that is half done. */
static struct follow *settle_last(struct follow *first)
{
    struct follow *other = first, *before = NULL;
    while (other && other->kind == FOLLOW_SETTLE) {
        before = other;
        other = other->next;
    }
    if (!before || !other)
        return first;
    struct follow *last = other;
    while (last->next)
        last = last->next;
    last->next = first;
    before->next = NULL;
    return other;
}

enum sg_err run_follows(struct decision *d, struct sg_why *why)
{
    enum { STEP_BYTES = 1 << 20 };
    enum sg_err err = SG_OK;
    struct follow *next = settle_last(d->first);
    d->first = NULL;
    d->last = &d->first;
    while (!err && next) {
        if (d->turn->arena->size - d->turn->arena->used < STEP_BYTES)
            return sg_fail(why, SG_E_LIMIT, "the arena of the turn is full");
        struct decision step = {.cause = next->cause, .fault = d->fault};
        decision_begin(&step, d->turn);
        err = run_follow(&step, next, why);
        *step.last = next->next;
        /* what the step queued comes before what was queued behind it */
        next = settle_last(step.first);
    }
    return err;
}
