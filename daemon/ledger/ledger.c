#include "ledger/ledger.h"

#include "ledger/agency.h"
#include "ledger/decision.h"
#include "ledger/parking.h"
#include "wire/day.h"

enum { STEP_BYTES = 1 << 20 };
enum {
    REFERRER = SG_CAP(PB_CAPABILITY_REFERRER),
    CASE_OWNER = SG_CAP(PB_CAPABILITY_CASE_OWNER),
    TRAINING_PROVIDER = SG_CAP(PB_CAPABILITY_TRAINING_PROVIDER),
    EQUIPMENT_PROVIDER = SG_CAP(PB_CAPABILITY_EQUIPMENT_PROVIDER),
    IDENTITY_STEWARD = SG_CAP(PB_CAPABILITY_IDENTITY_STEWARD)
};
static const int64_t future_ms = INT64_C(5) * 60 * 1000;
static const int64_t old_ms = 400 * SG_DAY_MS;
static const int64_t late_ms = 72 * SG_HOUR_MS;

/* One row per event type that is served: who may publish it, and who decides. */
static const struct event_type {
    uint32_t type;
    uint32_t may; /* SG_CAP bits, 0 = everybody */
    bool fact;    /* may come late, but not older than 400 days */
    decide_fn *decide;
} event_types[] = {
    /* clang-format off */
    {101, REFERRER, true, decide_referral_submitted},
    {102, 0, false, decide_referral_acknowledged},
    {103, 0, false, decide_referral_decided},
    {104, REFERRER, true, decide_contact},
    {105, CASE_OWNER, true, decide_assessment},
    {106, CASE_OWNER, false, decide_consent},
    {107, 0, true, decide_service},
    {108, TRAINING_PROVIDER, false, decide_slot_offered},
    {109, TRAINING_PROVIDER, false, decide_slot_changed},
    {110, TRAINING_PROVIDER, false, decide_slot_cancelled},
    {111, CASE_OWNER, false, decide_seat_requested},
    {112, CASE_OWNER | TRAINING_PROVIDER, false, decide_seat_decided},
    {113, TRAINING_PROVIDER, true, decide_placement_started},
    {114, TRAINING_PROVIDER, true, decide_attendance},
    {115, TRAINING_PROVIDER, true, decide_placement_ended},
    {116, EQUIPMENT_PROVIDER, false, decide_item_registered},
    {117, EQUIPMENT_PROVIDER, false, decide_item_issued},
    {118, EQUIPMENT_PROVIDER | CASE_OWNER, true, decide_item_checked},
    {119, CASE_OWNER, false, decide_plan},
    {120, CASE_OWNER, true, decide_visit},
    {121, CASE_OWNER, false, decide_case_closed},
    {122, IDENTITY_STEWARD, false, decide_link},
    {123, 0, false, decide_request},
    {124, 0, false, decide_correction},
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
                         "a type that this version serves");
    if (!shape_check(event, fault))
        return false;
    if (!agency_may(source->agency, type->may))
        return sg_refuse(fault, SG_ST_FORBIDDEN, "type", "CAPABILITY",
                         "an agency with the capability for this type");
    if (event->occurred_ms > now_ms + future_ms)
        return sg_refuse(
            fault, SG_ST_FUTURE_TIME, "occurred_at", NULL,
            "at most 5 minutes after the broker's time; check the clock of the computer");
    if (type->fact && !source->import && event->occurred_ms < now_ms - old_ms)
        return sg_refuse(fault, SG_ST_TOO_OLD, "occurred_at", NULL, "at most 400 days ago");
    *out_type = type;
    return true;
}

decide_fn *decide_of(uint32_t type)
{
    const struct event_type *found = type_of(type);
    return found ? found->decide : NULL;
}

static void warn_event(struct decision *d)
{
    if (d->event->old_region)
        warn(d, SG_ST_W_OLD_REGION);
    if (d->cause->import || d->turn->block->time_ms - d->event->occurred_ms > late_ms)
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
        outcome->status = d->parks ? PB_OUTCOME_STATUS_PARKED : PB_OUTCOME_STATUS_ACCEPTED;
    }
}

/* A slot that was changed or cancelled: its seats have changed with it. */
static enum sg_err version_of_slot(struct decision *d, const struct outcome *outcome,
                                   struct sg_why *why)
{
    const PbSlotEffect *effect = outcome->effect->slot;
    PbSlotRow *row = NULL;
    if (!effect || effect->created)
        return SG_OK;
    struct sg_id id = id_of(effect->slot_id);
    enum sg_err err = read_row(d->turn, TABLE_SLOTS, &id, &pb_slot_row__descriptor, &row, why);
    if (!err)
        d->effect->aggregate_version = row->version;
    return err;
}

static enum sg_err accept(struct decision *d, struct outcome *outcome, struct sg_why *why)
{
    struct record record = {0};
    warn_event(d);
    enum sg_err err = append_record(d, PB_RECORD_KIND_ACCEPTED, NULL, &record, why);
    if (err)
        return err;
    outcome->seq = record.seq;
    outcome->accepted_ms = record.accepted_ms;
    outcome->effect = d->effect;
    err = run_follows(d, why);
    return err ? err : version_of_slot(d, outcome, why);
}

static enum sg_err wait_for_it(struct decision *d, struct outcome *outcome, struct sg_why *why)
{
    struct record record = {0};
    enum sg_err err = park_event(d, &record, why);
    outcome->seq = record.seq;
    outcome->accepted_ms = record.accepted_ms;
    outcome->effect = d->effect;
    return err;
}

enum sg_err ledger_accept(struct ledger_turn *turn, const struct sg_event *event,
                          const struct source *source, struct outcome *out_outcome,
                          struct sg_why *why)
{
    const struct event_type *type = NULL;
    struct outcome outcome = {0};
    struct cause cause = {.has_place = true,
                          .import = source->import,
                          .outbox_id = source->outbox_id,
                          .number = source->number};
    if (turn->arena->size - turn->arena->used < STEP_BYTES)
        return sg_fail(why, SG_E_LIMIT, "the arena of the turn is full");
    struct decision d = {
        .event = event, .source = source, .fault = &outcome.fault, .cause = &cause};
    if (check_event(event, source, turn->block->time_ms, &type, &outcome.fault) && type) {
        memcpy(cause.digest, event->digest, SG_HASH_BYTES);
        decision_begin(&d, turn);
        enum sg_err err = type->decide(&d, why);
        if (!err && d.parks)
            err = wait_for_it(&d, &outcome, why);
        else if (!err && !d.fault->code && !d.duplicate)
            err = accept(&d, &outcome, why);
        if (err)
            return err;
        if (outcome.effect)
            outcome.aggregate_version = outcome.effect->aggregate_version;
    }
    finish(&d, &outcome);
    *out_outcome = outcome;
    return SG_OK;
}
