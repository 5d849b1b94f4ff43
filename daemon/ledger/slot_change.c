/* slot_change.c - E09 and E10: the owner of a slot changes or cancels it. Source: domain 7.3. */
#include "ledger/allocation.h"
#include "ledger/deadline.h"
#include "ledger/mutant.h"
#include "ledger/parking.h"
#include "wire/day.h"

#include <stdio.h>
#include <stdlib.h>

enum { COURSE_DAYS_MAX = 365, LATE_DAYS_MAX = 14, MOVED_DAYS = 7 };

/* ---- what a slot may say ---- */

static bool disagrees(struct sg_fault *fault, const char *prefix, const char *field,
                      const char *detail, const char *accepted)
{
    char object[64];
    (void)snprintf(object, sizeof object, "%s.%s", prefix, field);
    return sg_refuse(fault, SG_ST_SCHEMA, object, detail, "%s", accepted);
}

bool slot_agrees(const PbTrainingSlotOffered *slot, const char *prefix, struct sg_fault *fault)
{
    int32_t starts = day_of(slot->starts_on), ends = day_of(slot->ends_on);
    int32_t late = day_of(slot->late_entry_until);
    if (ends < starts || ends > starts + COURSE_DAYS_MAX)
        return disagrees(fault, prefix, "ends_on", "ORDER", "starts_on to 365 days later");
    if (slot->capacity_offered > slot->class_size)
        return disagrees(fault, prefix, "capacity_offered", "RANGE", "at most class_size");
    if (sg_ms_of(slot->registration_closes_at) > sg_day_start_ms(starts))
        return disagrees(fault, prefix, "registration_closes_at", "ORDER",
                         "not later than the beginning of starts_on");
    if (late < starts || late > starts + LATE_DAYS_MAX)
        return disagrees(fault, prefix, "late_entry_until", "ORDER", "starts_on to 14 days later");
    if (slot->max_age && slot->max_age < slot->min_age)
        return disagrees(fault, prefix, "max_age", "RANGE", "0, or not below min_age");
    return true;
}

#define LAY(field)                       \
    do {                                 \
        if (change->has_##field)         \
            slot->field = change->field; \
    } while (0)
#define LAY_POINTER(field)               \
    do {                                 \
        if (change->field)               \
            slot->field = change->field; \
    } while (0)

void slot_merge(PbTrainingSlotOffered *slot, const PbTrainingSlotChanged *change)
{
    LAY_POINTER(venue_region);
    LAY_POINTER(venue_name);
    LAY_POINTER(starts_on);
    LAY_POINTER(ends_on);
    LAY_POINTER(registration_closes_at);
    LAY_POINTER(late_entry_until);
    LAY(capacity_offered);
    LAY(sex);
    LAY(min_age);
    LAY(max_age);
    LAY(documents_waivable);
    LAY(exclude_same_course);
    LAY(cooldown_months);
    if (change->has_min_schooling) {
        slot->has_min_schooling = true;
        slot->min_schooling = change->min_schooling;
    }
    if (change->regions) {
        slot->n_regions = change->regions->n_values;
        slot->regions = change->regions->values;
    }
    if (change->required_documents) {
        slot->n_required_documents = change->required_documents->n_values;
        slot->required_documents = change->required_documents->values;
    }
}

/* ---- what both begin with ---- */

static enum sg_err read_slot(struct decision *d, const struct sg_id *id, const char *object,
                             bool parks, PbSlotRow **out_slot, struct sg_why *why)
{
    *out_slot = NULL;
    enum sg_err err = read_row(d->turn, TABLE_SLOTS, id, &pb_slot_row__descriptor, out_slot, why);
    if (err == SG_E_NOT_FOUND && parks)
        return park(d, id, SG_ST_UNKNOWN_OBJECT, object, NULL, "a slot that was offered");
    return err ? refuse_unknown(d, err, object) : SG_OK;
}

static bool may_change(struct decision *d, const PbSlotRow *slot, const char *object)
{
    PbSlotState state = slot_state_at(slot, d->turn->block->time_ms);
    if (!MUTATED(10, owns(d, slot->owner, object, "a slot of your own"), true) ||
        !version_holds(d, slot->version))
        return false;
    if (state != PB_SLOT_STATE_FINISHED && state != PB_SLOT_STATE_CANCELLED)
        return true;
    (void)refuse(d, SG_ST_BAD_TRANSITION, object,
                 state == PB_SLOT_STATE_FINISHED ? "FINISHED" : "CANCELLED",
                 "a slot that is not over");
    return false;
}

static PbSlotEffect *slot_effect(struct decision *d, const struct sg_id *id)
{
    PbSlotEffect *effect = TAKE(d->turn, PbSlotEffect);
    pb_slot_effect__init(effect);
    effect->has_slot_id = true;
    effect->slot_id = data_of(d->turn, id);
    d->effect->slot = effect;
    add_reader(d, "*", RELATION_PUBLIC);
    return effect;
}

/* A seat or waiting place of the slot. */
struct claim_row {
    struct sg_id id;
    PbAllocationRow *row;
    struct key order; /* of waiting */
};

/* Room for all of them and for what is decided about each. An alternative slot takes everybody who
 * waited for a cancelled one, so there may be more than a step has room for: NULL then. */
static struct claim_row *take_claims(struct ledger_turn *turn, const PbSlotRow *slot)
{
    enum { CLAIM_BYTES = 4096 };
    size_t most = (size_t)slot->live + slot->waiting + 1;
    if ((turn->arena->size - turn->arena->used) / CLAIM_BYTES < most)
        return NULL;
    return take(turn, most * sizeof(struct claim_row));
}

static enum sg_err no_room(struct sg_why *why)
{
    return sg_fail(why, SG_E_LIMIT, "the arena of the turn is full");
}

/* `count` goes up by those of the table; `most` is what the slot says that it has. */
static enum sg_err read_claims(struct ledger_turn *turn, enum table table,
                               const struct sg_id *slot_id, const PbSlotRow *slot,
                               struct claim_row *claims, size_t *count, struct sg_why *why)
{
    size_t most = (size_t)slot->live + slot->waiting;
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    enum sg_err err = cursor_under(&cursor, turn->txn, table, key_id(&prefix, slot_id), why);
    while (!err && cursor.key.ptr) {
        struct claim_row *claim = &claims[*count];
        if (*count == most || sg_id_from(cursor.value, &claim->id) != SG_OK)
            return sg_fail(why, SG_E_STORE, "%s: a row that the slot does not know",
                           table_name(table));
        err = read_row(turn, TABLE_ALLOCATIONS, &claim->id, &pb_allocation_row__descriptor,
                       &claim->row, why);
        if (err)
            break;
        waiting_key(&claim->order, slot_id, claim->row->wait);
        ++*count;
        err = cursor_next(&cursor, why);
    }
    return err;
}

/* ---- E09 ---- */

static bool is_promised(PbAllocationState state)
{
    return state == PB_ALLOCATION_STATE_RESERVED || state == PB_ALLOCATION_STATE_CONFIRMED;
}

/* The person agreed to other dates: asked again. */
static void hold_again(struct decision *d, const struct claim_row *claim, const PbSlotRow *after)
{
    struct follow *f =
        change_seat(d, &claim->id, claim->row, PB_ALLOCATION_STATE_HELD, PB_SEAT_CHANGE_HELD);
    seat_set_hold(f, seat_hold_until(after->slot, d->turn->block->time_ms));
}

/* The same seat under other dates: what the provider must do by when. */
static enum sg_err limits_again(struct decision *d, const struct claim_row *claim,
                                const PbSlotRow *after, struct sg_why *why)
{
    int64_t now = d->turn->block->time_ms;
    struct sg_id case_id = id_of(claim->row->case_id);
    enum sg_err err = deadline_end(d, RULE_START, &claim->id, false, why);
    if (!err && claim->row->state == PB_ALLOCATION_STATE_RESERVED)
        err = deadline_end(d, RULE_CONFIRM, &claim->id, false, why);
    if (err)
        return err;
    seat_start_limit(d, &claim->id, after, claim->row->case_owner, &case_id, now);
    if (claim->row->state == PB_ALLOCATION_STATE_RESERVED)
        seat_confirm_limit(d, &claim->id, after, claim->row->case_owner, &case_id, now);
    return SG_OK;
}

static enum sg_err move_dates(struct decision *d, const struct sg_id *slot_id,
                              const PbSlotRow *before, const PbSlotRow *after, struct sg_why *why)
{
    int32_t moved = slot_start_day(after) - slot_start_day(before);
    bool far = moved > MOVED_DAYS || moved < -MOVED_DAYS;
    bool late = slot_late_entry_end_ms(after) != slot_late_entry_end_ms(before);
    size_t count = 0;
    if (!moved && !late)
        return SG_OK;
    if (late && before->waiting) {
        struct limit limit = {.rule = RULE_WAITING_END,
                              .aggregate_type = PB_AGGREGATE_TYPE_SLOT,
                              .id = *slot_id,
                              .levels_ms = {slot_late_entry_end_ms(after)},
                              .level_count = 1,
                              .first_level = 1};
        deadline_start(d, &limit);
    }
    struct claim_row *claims = take_claims(d->turn, before);
    if (!claims)
        return no_room(why);
    enum sg_err err = read_claims(d->turn, TABLE_SEATS, slot_id, before, claims, &count, why);
    for (size_t i = 0; !err && i < count; i++) {
        if (!is_promised(claims[i].row->state))
            continue;
        if (far)
            hold_again(d, &claims[i], after);
        else
            err = limits_again(d, &claims[i], after, why);
    }
    return err;
}

enum sg_err decide_slot_changed(struct decision *d, struct sg_why *why)
{
    const PbTrainingSlotChanged *e = d->event->envelope->slot_changed;
    const char *object = "slot_changed.slot_id";
    struct sg_id id = id_of(e->slot_id);
    PbSlotRow *slot = NULL, after;
    enum sg_err err = read_slot(d, &id, object, true, &slot, why);
    if (err || d->fault->code || !may_change(d, slot, object))
        return err;
    PbTrainingSlotOffered merged = *slot->slot;
    after = *slot;
    after.slot = &merged;
    slot_merge(&merged, e);
    if (merged.capacity_offered < slot->live)
        return refuse(d, SG_ST_CAPACITY_BELOW_ALLOCATED, "slot_changed.capacity_offered", NULL,
                      "at least the %u seats that are given", slot->live);
    if (!slot_agrees(&merged, "slot_changed", d->fault))
        return SG_OK;
    (void)slot_effect(d, &id);
    err = move_dates(d, &id, slot, &after, why);
    queue(d, FOLLOW_PROMOTE)->slot_id = id; /* a seat more, or other conditions */
    tell_slot_version(d, slot);
    return err;
}

/* ---- E10 ---- */

static enum sg_err check_alternative(struct decision *d, const struct sg_id *slot_id,
                                     const struct sg_id *other_id, struct sg_why *why)
{
    const char *object = "slot_cancelled.alternative_slot_id";
    PbSlotRow *other = NULL;
    if (sg_id_equal(slot_id, other_id))
        return refuse(d, SG_ST_SCHEMA, object, "SAME_SLOT", "another slot");
    enum sg_err err = read_slot(d, other_id, object, false, &other, why);
    if (err || d->fault->code || !owns(d, other->owner, object, "a slot of your own"))
        return err;
    PbSlotState state = slot_state_at(other, d->turn->block->time_ms);
    if (state == PB_SLOT_STATE_CANCELLED)
        return refuse(d, SG_ST_SLOT_CANCELLED, object, NULL, "a slot that is open");
    if (state != PB_SLOT_STATE_OPEN)
        return refuse(d, SG_ST_SLOT_CLOSED, object, NULL, "a slot whose registration is open");
    return SG_OK;
}

static int in_waiting_order(const void *a, const void *b)
{
    const struct claim_row *one = a, *other = b;
    return memcmp(one->order.b, other->order.b, one->order.len);
}

/* The order of waiting as it will be: each of them loses a place without fault. */
static enum sg_err order_claims(struct decision *d, const struct sg_id *slot_id,
                                struct claim_row *claims, size_t count, struct sg_why *why)
{
    for (size_t i = 0; i < count; i++) {
        PbWaitKey wait = *claims[i].row->wait;
        struct sg_id person_id = id_of(claims[i].row->person_id);
        struct sg_id case_id = id_of(claims[i].row->case_id);
        PbPersonRow *person = NULL;
        PbCaseRow *c = NULL;
        size_t used = d->turn->arena->used;
        enum sg_err err = person_combined(d->turn, &person_id, &person, why);
        if (!err)
            err = read_row(d->turn, TABLE_CASES, &case_id, &pb_case_row__descriptor, &c, why);
        if (err)
            return err;
        wait.lost_without_fault = person->lost_without_fault + 1;
        wait.priority_band = c->priority_band;
        waiting_key(&claims[i].order, slot_id, &wait);
        sg_arena_reset(d->turn->arena, used);
    }
    if (count > 1)
        qsort(claims, count, sizeof *claims, in_waiting_order);
    return SG_OK;
}

static enum sg_err void_claims(struct decision *d, const struct sg_id *slot_id,
                               const PbSlotRow *slot, const struct sg_id *other_id,
                               struct sg_why *why)
{
    size_t count = 0;
    struct claim_row *claims = take_claims(d->turn, slot);
    if (!claims)
        return no_room(why);
    enum sg_err err = read_claims(d->turn, TABLE_SEATS, slot_id, slot, claims, &count, why);
    if (!err)
        err = read_claims(d->turn, TABLE_WAITING, slot_id, slot, claims, &count, why);
    if (!err)
        err = order_claims(d, slot_id, claims, count, why);
    if (err)
        return err;
    for (size_t i = 0; i < count; i++) {
        struct follow *f = change_seat(d, &claims[i].id, claims[i].row, PB_ALLOCATION_STATE_VOIDED,
                                       PB_SEAT_CHANGE_VOIDED);
        f->seat->has_lost_without_fault = f->seat->lost_without_fault = true;
    }
    for (size_t i = 0; other_id && i < count; i++) {
        struct follow *f = queue(d, FOLLOW_ALTERNATIVE);
        f->allocation_id = claims[i].id;
        f->slot_id = *other_id;
    }
    return SG_OK;
}

enum sg_err decide_slot_cancelled(struct decision *d, struct sg_why *why)
{
    const PbTrainingSlotCancelled *e = d->event->envelope->slot_cancelled;
    const char *object = "slot_cancelled.slot_id";
    struct sg_id id = id_of(e->slot_id), other = id_of(e->alternative_slot_id);
    PbSlotRow *slot = NULL;
    enum sg_err err = read_slot(d, &id, object, false, &slot, why);
    if (err || d->fault->code || !may_change(d, slot, object))
        return err;
    if (e->has_alternative_slot_id)
        err = check_alternative(d, &id, &other, why);
    if (err || d->fault->code)
        return err;
    PbSlotEffect *effect = slot_effect(d, &id);
    effect->has_cancelled = effect->cancelled = true;
    tell_slot_version(d, slot);
    return void_claims(d, &id, slot, e->has_alternative_slot_id ? &other : NULL, why);
}
