/* derive.c - what the broker itself states: D1, D2, D5, D8, each as a record behind its cause. */
#include "ledger/allocation.h"

#include "kit/check.h"
#include "wire/day.h"

/* ---- the envelope of a derived event ---- */

static Google__Protobuf__Timestamp *time_of(struct ledger_turn *turn, int64_t ms)
{
    Google__Protobuf__Timestamp *t = TAKE(turn, Google__Protobuf__Timestamp);
    google__protobuf__timestamp__init(t);
    t->seconds = ms / 1000;
    t->nanos = (int32_t)(ms % 1000) * 1000000;
    return t;
}

static PbEventRef *place_of(struct decision *d)
{
    if (!d->cause.has_place)
        return NULL;
    PbEventRef *ref = TAKE(d->turn, PbEventRef);
    pb_event_ref__init(ref);
    ref->has_outbox_id = ref->has_number = true;
    ref->outbox_id = data_of(d->turn, &d->cause.outbox_id);
    ref->number = d->cause.number;
    return ref;
}

static PbEnvelope *envelope_of(struct decision *d, uint32_t type)
{
    PbEnvelope *e = TAKE(d->turn, PbEnvelope);
    pb_envelope__init(e);
    static char agency[] = "sinergi", actor[] = "broker";
    e->type = text_of(d->turn, sg_type_topic(type));
    e->has_schema_minor = e->has_time_quality = true;
    e->publisher_agency = agency;
    e->actor_ref = actor;
    e->occurred_at = e->recorded_at = time_of(d->turn, d->turn->block->time_ms);
    e->time_quality = PB_TIME_QUALITY_EXACT;
    e->causation = place_of(d);
    return e;
}

static void set_case(struct decision *d, PbEnvelope *e, const struct sg_id *case_id)
{
    e->has_case_id = true;
    e->case_id = data_of(d->turn, case_id);
}

static void personal(PbEnvelope *e)
{
    e->has_legal_basis = true;
    e->legal_basis = PB_LEGAL_BASIS_PUBLIC_TASK;
}

/* The person of a derived record: pseudonyms for readers that have none. */
static enum sg_err grant_person(struct decision *d, const struct sg_id *person_id,
                                PbPersonRow **out_row, struct sg_why *why)
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
    p->cause = place_of(d);
    if (f->has_referral) {
        p->has_referral_id = p->has_referral_state = true;
        p->referral_id = data_of(d->turn, &f->referral_id);
        p->referral_state = f->referral_state;
    }
    p->has_reason = f->reason != PB_DECLINE_REASON_UNSPECIFIED;
    p->reason = f->reason;
    e->case_state_changed = p;
    set_case(d, e, &f->case_id);
    add_reader(d, f->owner, RELATION_CASE_OWNER);
    if (f->referrer)
        add_reader(d, f->referrer,
                   RELATION_REFERRER | (referrer_acts(f->reason) ? RELATION_REFERRER_ACTS : 0U));
    d->has_person = true;
    d->person_id = f->person_id;
    struct record record;
    return append_record(d, e, &record, why);
}

/* ---- D8 ---- */

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
    p->n_urgent_needs = identity.urgent_need_count;
    p->urgent_needs = identity.urgent_needs;
    if (identity.known)
        p->person = &identity.person;
    e->referral_presented = p;
    struct sg_id case_id = id_of(row->case_id);
    set_case(d, e, &case_id);
    personal(e);
    add_reader(d, f->target, RELATION_CASE_OWNER);
    PbPersonRow *person = NULL;
    err = grant_person(d, &f->person_id, &person, why);
    struct record record;
    return err ? err : append_record(d, e, &record, why);
}

/* ---- D1 ---- */

static PbVisiblePerson *visible_person(struct decision *d, struct identity *identity)
{
    PbVisiblePerson *v = TAKE(d->turn, PbVisiblePerson);
    pb_visible_person__init(v);
    const PbPersonIdentity *p = &identity->person;
    v->full_name = p->full_name;
    v->has_sex = v->has_age_band = true;
    v->sex = p->sex;
    v->age_band = person_age_band(p, sg_day_at(d->turn->block->time_ms));
    v->phone = p->phone;
    const char *district = person_district(d->turn, p);
    v->domicile_kecamatan = district ? text_of(d->turn, district) : NULL;
    v->n_health_limits = identity->health_limit_count;
    v->health_limits = identity->health_limits;
    return v;
}

static void add_deadline(struct decision *d, const char *rule, int64_t due_ms, uint32_t level,
                         const struct sg_id *id, bool clear)
{
    enum { DEADLINES_MAX = 6 };
    PbDeadlineEffect *effect = TAKE(d->turn, PbDeadlineEffect);
    pb_deadline_effect__init(effect);
    effect->has_due_ms = effect->has_id = effect->has_level = effect->has_clear = true;
    effect->due_ms = due_ms;
    effect->rule = text_of(d->turn, rule);
    effect->id = data_of(d->turn, id);
    effect->level = level;
    effect->clear = clear;
    if (!d->effect->deadlines)
        d->effect->deadlines = take(d->turn, DEADLINES_MAX * sizeof(PbDeadlineEffect *));
    SG_CHECK(d->effect->n_deadlines < DEADLINES_MAX);
    d->effect->deadlines[d->effect->n_deadlines++] = effect;
}

static void hold_deadlines(struct decision *d, const struct sg_id *id, int64_t until_ms, bool clear)
{
    int64_t warn_ms = until_ms - WARN_BEFORE_MS;
    add_deadline(d, RULE_HOLD, until_ms, 1, id, clear);
    if (clear || warn_ms > d->turn->block->time_ms)
        add_deadline(d, RULE_HOLD, warn_ms, 0, id, clear);
}

/* Deadlines that begin or end with this change of the seat. */
static void seat_deadlines(struct decision *d, const struct follow *f, const struct sg_id *id,
                           const PbSlotRow *slot)
{
    const PbAllocationRow *before = f->before;
    bool waited = before && before->state == PB_ALLOCATION_STATE_WAITLISTED;
    if (before && before->state == PB_ALLOCATION_STATE_HELD)
        hold_deadlines(d, id, before->hold_until_ms, true);
    if (f->seat->state == PB_ALLOCATION_STATE_HELD)
        hold_deadlines(d, id, f->seat->hold_until_ms, false);
    int64_t end_ms = slot_late_entry_end_ms(slot);
    if (f->seat->state == PB_ALLOCATION_STATE_WAITLISTED && slot->waiting == 0)
        add_deadline(d, RULE_WAITING_END, end_ms, 0, &f->slot_id, false);
    if (waited && slot->waiting == 1)
        add_deadline(d, RULE_WAITING_END, end_ms, 0, &f->slot_id, true);
}

static PbSeatAllocationChanged *seat_payload(struct decision *d, const struct follow *f)
{
    PbSeatAllocationChanged *p = TAKE(d->turn, PbSeatAllocationChanged);
    pb_seat_allocation_changed__init(p);
    p->has_allocation_id = p->has_slot_id = p->has_seat_no = p->has_change = true;
    p->allocation_id = f->seat->allocation_id;
    p->slot_id = data_of(d->turn, &f->slot_id);
    p->seat_no = f->before && !f->seat->seat_no ? f->before->seat_no : f->seat->seat_no;
    p->change = f->change;
    if (f->seat->has_hold_until_ms)
        p->hold_until = time_of(d->turn, f->seat->hold_until_ms);
    p->has_waitlist_position = f->position != 0;
    p->waitlist_position = f->position;
    p->cause = place_of(d);
    if (f->seat->waived || (f->before && f->before->waived)) {
        p->warnings = take(d->turn, sizeof p->warnings[0]);
        p->warnings[p->n_warnings++] = SG_ST_W_WAIVER;
    }
    return p;
}

static void seat_readers(struct decision *d, const struct follow *f, const char *case_owner,
                         const char *slot_owner)
{
    bool waits = f->seat->state == PB_ALLOCATION_STATE_WAITLISTED ||
                 (f->before && f->before->state == PB_ALLOCATION_STATE_WAITLISTED &&
                  f->seat->state != PB_ALLOCATION_STATE_HELD);
    add_reader(d, case_owner, RELATION_CASE_OWNER);
    add_reader(d, slot_owner, waits ? RELATION_PROVIDER_WAITING : RELATION_PROVIDER);
}

static void queue_notice(struct decision *d, const struct follow *f, const char *owner,
                         int64_t due_ms, uint32_t level, bool cleared)
{
    struct follow *notice = queue(d, FOLLOW_DEADLINE);
    notice->seat = f->seat;
    notice->case_id = f->case_id;
    notice->person_id = f->person_id;
    notice->owner = owner;
    notice->due_ms = due_ms;
    notice->level = level;
    notice->cleared = cleared;
}

/* What follows from the change: the notice of T05, and promotion when a seat was given back. */
static enum sg_err after_seat(struct decision *d, const struct follow *f, const char *case_owner,
                              struct sg_why *why)
{
    const PbAllocationRow *before = f->before;
    if (f->change == PB_SEAT_CHANGE_WAITLISTED) /* registration is over, but a seat may be free */
        queue(d, FOLLOW_PROMOTE)->slot_id = f->slot_id;
    if (!before)
        return SG_OK;
    if (f->change == PB_SEAT_CHANGE_EXPIRED && before->state == PB_ALLOCATION_STATE_HELD)
        queue_notice(d, f, case_owner, before->hold_until_ms, 1, false);
    else if (before->state == PB_ALLOCATION_STATE_HELD && before->warned)
        queue_notice(d, f, case_owner, before->hold_until_ms, 0, true);
    if (allocation_is_live(before->state) && !allocation_is_live(f->seat->state))
        return queue_promotions(d, &f->slot_id, &f->person_id, why);
    return SG_OK;
}

static enum sg_err tell_seat(struct decision *d, const struct follow *f, struct sg_why *why)
{
    PbSlotRow *slot = NULL;
    struct identity identity;
    enum sg_err err =
        read_row(d->turn, TABLE_SLOTS, &f->slot_id, &pb_slot_row__descriptor, &slot, why);
    if (!err)
        err = person_identity(d->turn, &f->person_id, &identity, why);
    if (err)
        return err;
    const char *case_owner = f->before ? f->before->case_owner : f->seat->case_owner;
    struct sg_id id = id_of(f->seat->allocation_id);
    PbEnvelope *e = envelope_of(d, 201);
    e->seat_allocation_changed = seat_payload(d, f);
    set_case(d, e, &f->case_id);
    personal(e);
    seat_readers(d, f, case_owner, slot->owner);
    PbPersonRow *person = NULL;
    err = grant_person(d, &f->person_id, &person, why);
    if (err)
        return err;
    if (identity.known) {
        PbVisiblePerson *v = visible_person(d, &identity);
        v->person_ref = person_ref_for(d, person, slot->owner);
        v->has_person_ref = v->person_ref.data != NULL;
        e->seat_allocation_changed->person = v;
    }
    d->effect->allocation = f->seat;
    d->effect->has_aggregate_version = true;
    d->effect->aggregate_version = slot->version + 1;
    seat_deadlines(d, f, &id, slot);
    struct record record;
    err = append_record(d, e, &record, why);
    return err ? err : after_seat(d, f, case_owner, why);
}

/* ---- D2 ---- */

static enum sg_err tell_deadline(struct decision *d, const struct follow *f, struct sg_why *why)
{
    PbEnvelope *e = envelope_of(d, 202);
    PbDeadlineMissed *p = TAKE(d->turn, PbDeadlineMissed);
    pb_deadline_missed__init(p);
    p->rule_id = text_of(d->turn, RULE_HOLD);
    p->has_aggregate_type = p->has_aggregate_id = p->has_level = p->has_cleared = true;
    p->aggregate_type = PB_AGGREGATE_TYPE_PLACEMENT;
    p->aggregate_id = f->seat->allocation_id;
    p->due_at = time_of(d->turn, f->due_ms);
    p->level = f->level;
    p->cleared = f->cleared;
    e->deadline_missed = p;
    set_case(d, e, &f->case_id);
    add_reader(d, f->owner, RELATION_RESPONSIBLE | RELATION_CASE_OWNER);
    d->has_person = true;
    d->person_id = f->person_id;
    if (f->level == 0 && !f->cleared) { /* the warning ahead: its deadline is done */
        struct sg_id id = id_of(f->seat->allocation_id);
        add_deadline(d, RULE_HOLD, f->due_ms - WARN_BEFORE_MS, 0, &id, true);
        d->effect->allocation = f->seat;
    }
    struct record record;
    return append_record(d, e, &record, why);
}

/* ---- the queue ---- */

static enum sg_err promote_waiting(struct decision *d, const struct follow *f, struct sg_why *why)
{
    PbAllocationRow *row = NULL;
    enum sg_err err = read_row(d->turn, TABLE_ALLOCATIONS, &f->allocation_id,
                               &pb_allocation_row__descriptor, &row, why);
    if (err || row->state != PB_ALLOCATION_STATE_WAITLISTED)
        return err;
    struct sg_id slot_id = id_of(row->slot_id);
    return promote(d, &slot_id, why);
}

static enum sg_err run_follow(struct decision *d, const struct follow *f, struct sg_why *why)
{
    switch (f->kind) {
    case FOLLOW_CASE: return tell_case(d, f, why);
    case FOLLOW_PRESENT: return present_referral(d, f, why);
    case FOLLOW_SEAT: return tell_seat(d, f, why);
    case FOLLOW_DEADLINE: return tell_deadline(d, f, why);
    case FOLLOW_PROMOTE: return promote(d, &f->slot_id, why);
    case FOLLOW_WAITING: return promote_waiting(d, f, why);
    }
    return SG_OK;
}

enum sg_err run_follows(struct decision *d, struct sg_why *why)
{
    enum { STEP_BYTES = 1 << 20 };
    enum sg_err err = SG_OK;
    struct follow *next = d->first;
    d->first = NULL;
    d->last = &d->first;
    while (!err && next) {
        if (d->turn->arena->size - d->turn->arena->used < STEP_BYTES)
            return sg_fail(why, SG_E_LIMIT, "the arena of the turn is full");
        struct decision step = {.cause = d->cause, .fault = d->fault};
        decision_begin(&step, d->turn);
        err = run_follow(&step, next, why);
        d->cause = step.cause; /* its ordinal went on */
        *step.last = next->next;
        next = step.first; /* what the step queued comes before what was queued behind it */
    }
    return err;
}
