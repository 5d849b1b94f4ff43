#include "ledger/ledger.h"

#include "ledger/agency.h"
#include "ledger/decision.h"
#include "wire/day.h"

enum { STEP_BYTES = 1 << 20 };
static const int64_t future_ms = INT64_C(5) * 60 * 1000;
static const int64_t old_ms = 400 * SG_DAY_MS;
static const int64_t late_ms = 72 * SG_HOUR_MS;

/* One row per event type that is served: who may publish it, and who decides. */
static const struct event_type {
    uint32_t type;
    uint32_t may; /* SG_CAP bits, 0 = everybody */
    bool fact;    /* may come late, but not older than 400 days */
    enum sg_err (*decide)(struct decision *d, struct sg_why *why);
} event_types[] = {
    /* clang-format off */
    {101, SG_CAP(PB_CAPABILITY_REFERRER), true, decide_referral_submitted},
    {103, 0, false, decide_referral_decided},
    {105, SG_CAP(PB_CAPABILITY_CASE_OWNER), true, decide_assessment},
    {108, SG_CAP(PB_CAPABILITY_TRAINING_PROVIDER), false, decide_slot_offered},
    {111, SG_CAP(PB_CAPABILITY_CASE_OWNER), false, decide_seat_requested},
    {112, SG_CAP(PB_CAPABILITY_CASE_OWNER) | SG_CAP(PB_CAPABILITY_TRAINING_PROVIDER), false, decide_seat_decided},
}; /* clang-format on */

static const struct event_type *type_of(uint32_t type)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(event_types); i++)
        if (event_types[i].type == type)
            return &event_types[i];
    return NULL;
}

/* The end of check 2, then 3 and 4. */
static bool check_event(const struct sg_event *event, const struct source *source, int64_t now_ms,
                        const struct event_type **out_type, struct sg_fault *fault)
{
    if (sg_type_is_derived(event->type))
        return sg_refuse(fault, SG_ST_DERIVED_TYPE, "type", NULL, "an event of an agency");
    const struct event_type *type = type_of(event->type);
    if (!type)
        return sg_refuse(fault, SG_ST_SCHEMA, "type", "TYPE_NOT_SERVED",
                         "a type that this version serves: referral.submitted, referral.decided, "
                         "assessment.completed, slot.offered, seat.requested, seat.decided");
    if (!shape_check(event, fault))
        return false;
    if (!agency_may(source->agency, type->may))
        return sg_refuse(fault, SG_ST_FORBIDDEN, "type", "CAPABILITY",
                         "an agency with the capability for this type");
    if (event->occurred_ms > now_ms + future_ms)
        return sg_refuse(fault, SG_ST_FUTURE_TIME, "occurred_at", NULL,
                         "at most 5 minutes after the broker's time");
    if (type->fact && event->occurred_ms < now_ms - old_ms)
        return sg_refuse(fault, SG_ST_TOO_OLD, "occurred_at", NULL, "at most 400 days ago");
    *out_type = type;
    return true;
}

static void warn_event(struct decision *d)
{
    if (d->event->old_region)
        warn(d, SG_ST_W_OLD_REGION);
    if (d->turn->block->time_ms - d->event->occurred_ms > late_ms)
        warn(d, SG_ST_W_LATE);
}

static void finish(const struct decision *d, struct outcome *outcome)
{
    if (d->fault->code) {
        outcome->status = PB_OUTCOME_STATUS_REJECTED;
    } else if (d->duplicate) {
        outcome->status = PB_OUTCOME_STATUS_DUPLICATE;
        outcome->has_first_place = true;
        outcome->first_outbox_id = d->first_outbox_id;
        outcome->first_number = d->first_number;
    } else {
        outcome->status = PB_OUTCOME_STATUS_ACCEPTED;
    }
}

static enum sg_err accept(struct decision *d, struct outcome *outcome, struct sg_why *why)
{
    struct record record = {0};
    warn_event(d);
    enum sg_err err = append_record(d, NULL, &record, why);
    if (err)
        return err;
    outcome->seq = record.seq;
    outcome->accepted_ms = record.accepted_ms;
    outcome->effect = d->effect;
    outcome->aggregate_version = d->effect->aggregate_version;
    return run_follows(d, why);
}

enum sg_err ledger_accept(struct ledger_turn *turn, const struct sg_event *event,
                          const struct source *source, struct outcome *out_outcome,
                          struct sg_why *why)
{
    const struct event_type *type = NULL;
    struct outcome outcome = {0};
    if (turn->arena->size - turn->arena->used < STEP_BYTES)
        return sg_fail(why, SG_E_LIMIT, "the arena of the turn is full");
    struct decision d = {.event = event, .source = source, .fault = &outcome.fault};
    if (check_event(event, source, turn->block->time_ms, &type, &outcome.fault) && type) {
        d.cause.has_place = true;
        d.cause.outbox_id = source->outbox_id;
        d.cause.number = source->number;
        memcpy(d.cause.digest, event->digest, SG_HASH_BYTES);
        decision_begin(&d, turn);
        enum sg_err err = type->decide(&d, why);
        if (!err && !d.fault->code && !d.duplicate)
            err = accept(&d, &outcome, why);
        if (err)
            return err;
    }
    finish(&d, &outcome);
    *out_outcome = outcome;
    return SG_OK;
}
