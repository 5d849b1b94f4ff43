/* derive_seat.c - D1: every change of a seat is a record, and what begins and ends with it. */
#include "ledger/allocation.h"
#include "ledger/casefile.h"
#include "ledger/correction.h"
#include "ledger/deadline.h"
#include "ledger/derive.h"
#include "ledger/equipment.h"
#include "ledger/mentoring.h"
#include "ledger/mutant.h"
#include "ledger/parking.h"
#include "wire/day.h"

/* A change of a seat on its way into a record. */
struct seat_change {
    const struct follow *f;
    const PbSlotRow *slot;
    PbAllocationState before, after;
    struct sg_id id;
    const char *case_owner;
};

static bool enters(const struct seat_change *c, PbAllocationState state)
{
    return c->after == state && c->before != state;
}

static bool leaves(const struct seat_change *c, PbAllocationState state)
{
    return c->before == state && c->after != state;
}

/* ---- what the record says ---- */

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
        p->hold_until = envelope_time(d->turn, f->seat->hold_until_ms);
    p->has_waitlist_position = f->position != 0;
    p->waitlist_position = f->position;
    p->cause = envelope_cause(d);
    if (f->seat->waived || (f->before && f->before->waived)) {
        p->warnings = take(d->turn, sizeof p->warnings[0]);
        p->warnings[p->n_warnings++] = SG_ST_W_WAIVER;
    }
    return p;
}

/* Nobody has accepted it yet, or ever did. */
static bool was_only_held(const struct seat_change *c)
{
    bool held = c->before == PB_ALLOCATION_STATE_HELD;
    return c->after == PB_ALLOCATION_STATE_HELD || (held && allocation_is_terminal(c->after));
}

static void seat_readers(struct decision *d, const struct seat_change *c)
{
    bool waits =
        c->after == PB_ALLOCATION_STATE_WAITLISTED ||
        (c->before == PB_ALLOCATION_STATE_WAITLISTED && c->after != PB_ALLOCATION_STATE_HELD);
    add_reader(d, c->case_owner, RELATION_CASE_OWNER);
    add_reader(d, c->slot->owner,
               waits              ? RELATION_PROVIDER_WAITING
               : was_only_held(c) ? RELATION_PROVIDER_HELD
                                  : RELATION_PROVIDER);
}

/* ---- the case that follows its seat ---- */

/* A correction has found out where the case goes. */
static enum sg_err put_case_back(struct decision *d, const struct seat_change *c,
                                 struct sg_why *why)
{
    PbCaseRow *row = NULL;
    PbCaseEffect *change;
    struct follow *told;
    if (!c->f->case_to)
        return SG_OK;
    enum sg_err err =
        read_row(d->turn, TABLE_CASES, &c->f->case_id, &pb_case_row__descriptor, &row, why);
    if (!err && row->state != c->f->case_to)
        err = case_change(d, &c->f->case_id, row, c->f->case_to, &change, &told, why);
    return err ? err : seat_undo_plan(d, c->f, c->slot, row, why);
}

/* Mentoring goes with the course: its visits in training, and what comes after it. */
static enum sg_err move_plan(struct decision *d, const struct seat_change *c, const PbCaseRow *row,
                             struct sg_why *why)
{
    const PbAllocationEffect *seat = c->f->seat;
    if (enters(c, PB_ALLOCATION_STATE_OCCUPIED))
        return plan_course_begins(d, &c->f->case_id, row, seat->started_on,
                                  day_of(c->slot->slot->ends_on), why);
    int32_t day = seat->has_ended_on ? seat->ended_on : sg_day_at(d->turn->block->time_ms);
    return plan_course_ends(d, &c->f->case_id, row, day, c->after == PB_ALLOCATION_STATE_COMPLETED,
                            why);
}

static enum sg_err move_case(struct decision *d, const struct seat_change *c, struct sg_why *why)
{
    PbCaseRow *row = NULL;
    bool starts = enters(c, PB_ALLOCATION_STATE_OCCUPIED);
    if (c->f->seat->undone)
        return put_case_back(d, c, why);
    if (!starts && !leaves(c, PB_ALLOCATION_STATE_OCCUPIED))
        return SG_OK;
    enum sg_err err =
        read_row(d->turn, TABLE_CASES, &c->f->case_id, &pb_case_row__descriptor, &row, why);
    if (err)
        return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "a seat without its case") : err;
    if (starts) {
        c->f->seat->has_case_before = true;
        c->f->seat->case_before = row->state;
    }
    enum case_event event = starts                                      ? CASE_STARTED
                            : c->after == PB_ALLOCATION_STATE_COMPLETED ? CASE_COMPLETED
                                                                        : CASE_STOPPED;
    PbCaseState to = case_next(row->state, event);
    PbCaseEffect *change;
    struct follow *told;
    if (to != row->state)
        err = case_change(d, &c->f->case_id, row, to, &change, &told, why);
    return err ? err : move_plan(d, c, row, why);
}

/* ---- deadlines ---- */

static struct limit limit_of(const struct seat_change *c, const char *rule)
{
    return (struct limit){.rule = rule,
                          .aggregate_type = PB_AGGREGATE_TYPE_PLACEMENT,
                          .id = c->id,
                          .first_level = 1,
                          .responsible = c->slot->owner,
                          .case_owner = c->case_owner,
                          .case_id = c->f->case_id};
}

static void add_level(struct limit *limit, int64_t at_ms)
{
    limit->levels_ms[limit->level_count++] = at_ms;
}

static void start_hold(struct decision *d, const struct seat_change *c)
{
    struct limit limit = limit_of(c, RULE_HOLD);
    int64_t until = c->f->seat->hold_until_ms,
            warn = until - limits_of(d->turn)->hold_warning_hours * SG_HOUR_MS;
    limit.responsible = c->case_owner;
    limit.due_ms = until;
    if (warn > d->turn->block->time_ms) {
        limit.first_level = 0;
        add_level(&limit, warn);
    }
    add_level(&limit, until + MUTATED(5, 0, SG_DAY_MS));
    deadline_start(d, &limit);
}

/* T06: 3 working days, and again 2 working days before the start. */
void seat_confirm_limit(struct decision *d, const struct sg_id *id, const PbSlotRow *slot,
                        const char *case_owner, const struct sg_id *case_id, int64_t from_ms)
{
    const struct world *world = d->turn->world;
    struct limit limit = {.rule = RULE_CONFIRM,
                          .aggregate_type = PB_AGGREGATE_TYPE_PLACEMENT,
                          .id = *id,
                          .first_level = 1,
                          .responsible = slot->owner,
                          .case_owner = case_owner,
                          .case_id = *case_id};
    int64_t days = working_limit(world, from_ms, limits_of(d->turn)->confirm_days);
    int64_t again =
        working_before(world, slot_start_day(slot), limits_of(d->turn)->confirm_before_days);
    bool both = again > from_ms && again != days;
    add_level(&limit, both && again < days ? again : days);
    if (both)
        add_level(&limit, again < days ? days : again);
    deadline_start(d, &limit);
}

/* T07: 3 working days after the start, or after the seat was given when that came later. */
void seat_start_limit(struct decision *d, const struct sg_id *id, const PbSlotRow *slot,
                      const char *case_owner, const struct sg_id *case_id, int64_t from_ms)
{
    struct limit limit = {.rule = RULE_START,
                          .aggregate_type = PB_AGGREGATE_TYPE_PLACEMENT,
                          .id = *id,
                          .first_level = 1,
                          .responsible = slot->owner,
                          .case_owner = case_owner,
                          .case_id = *case_id};
    int64_t start = slot_start_ms(slot);
    int64_t end = slot_late_entry_end_ms(slot) + limits_of(d->turn)->never_started_days * SG_DAY_MS;
    int64_t told = working_limit(d->turn->world, from_ms > start ? from_ms : start,
                                 limits_of(d->turn)->start_days);
    if (told < end)
        add_level(&limit, told);
    add_level(&limit, end > from_ms ? end : from_ms + 1);
    deadline_start(d, &limit);
}

void attendance_limit(struct decision *d, const struct sg_id *id, const PbAllocationRow *row,
                      int64_t from_ms)
{
    struct limit limit = {.rule = RULE_ATTENDANCE,
                          .aggregate_type = PB_AGGREGATE_TYPE_PLACEMENT,
                          .id = *id,
                          .levels_ms = {from_ms + limits_of(d->turn)->attendance_days * SG_DAY_MS},
                          .level_count = 1,
                          .first_level = 1,
                          .responsible = row->slot_owner,
                          .case_owner = row->case_owner,
                          .case_id = id_of(row->case_id)};
    deadline_start(d, &limit);
}

/* T09: who registers such kits brings it; if nobody does, the case owner asks around. */
static enum sg_err start_kit(struct decision *d, const struct seat_change *c, struct sg_why *why)
{
    struct limit limit = limit_of(c, RULE_KIT);
    const char *kit = c->slot->slot->kit_code;
    const char *owner = NULL;
    enum sg_err err = kit ? kit_owner(d->turn, kit, &owner, why) : SG_OK;
    if (err || !kit)
        return err;
    limit.responsible = owner ? owner : c->case_owner;
    bool ended_before = c->f->before && allocation_is_terminal(c->f->before->state);
    int64_t from_ms = ended_before ? c->f->before->terminal_ms : d->turn->block->time_ms;
    add_level(&limit, from_ms + limits_of(d->turn)->kit_days * SG_DAY_MS);
    deadline_start(d, &limit);
    return SG_OK;
}

static void start_waiting_end(struct decision *d, const struct seat_change *c)
{
    struct limit limit = {.rule = RULE_WAITING_END,
                          .aggregate_type = PB_AGGREGATE_TYPE_SLOT,
                          .id = c->f->slot_id,
                          .levels_ms = {slot_late_entry_end_ms(c->slot)},
                          .level_count = 1,
                          .first_level = 1};
    deadline_start(d, &limit);
}

static void start_limits(struct decision *d, const struct seat_change *c)
{
    int64_t now = d->turn->block->time_ms;
    if (enters(c, PB_ALLOCATION_STATE_HELD))
        start_hold(d, c);
    if (enters(c, PB_ALLOCATION_STATE_RESERVED)) {
        seat_confirm_limit(d, &c->id, c->slot, c->case_owner, &c->f->case_id, now);
        seat_start_limit(d, &c->id, c->slot, c->case_owner, &c->f->case_id, now);
    }
    if (enters(c, PB_ALLOCATION_STATE_OCCUPIED))
        attendance_limit(d, &c->id, c->f->before, sg_day_start_ms(c->f->seat->started_on));
    if (enters(c, PB_ALLOCATION_STATE_WAITLISTED) && c->slot->waiting == 0)
        start_waiting_end(d, c);
}

static bool is_promised(PbAllocationState state)
{
    return state == PB_ALLOCATION_STATE_RESERVED || state == PB_ALLOCATION_STATE_CONFIRMED;
}

static enum sg_err end_limits(struct decision *d, const struct seat_change *c, struct sg_why *why)
{
    enum sg_err err = SG_OK;
    bool quiet = c->f->by_time;
    if (leaves(c, PB_ALLOCATION_STATE_HELD))
        err = deadline_end(d, RULE_HOLD, &c->id, quiet, why);
    if (!err && leaves(c, PB_ALLOCATION_STATE_RESERVED) &&
        MUTATED(12, true, c->after != PB_ALLOCATION_STATE_CONFIRMED))
        err = deadline_end(d, RULE_CONFIRM, &c->id, false, why);
    if (!err && is_promised(c->before) && !is_promised(c->after))
        err = deadline_end(d, RULE_START, &c->id, quiet, why);
    if (!err && leaves(c, PB_ALLOCATION_STATE_OCCUPIED))
        err = deadline_end(d, RULE_ATTENDANCE, &c->id, false, why);
    if (!err && leaves(c, PB_ALLOCATION_STATE_OCCUPIED))
        err = items_to_return(d, &c->id, why);
    if (!err && leaves(c, PB_ALLOCATION_STATE_WAITLISTED) && c->slot->waiting == 1)
        err = deadline_end(d, RULE_WAITING_END, &c->f->slot_id, true, why);
    return err;
}

/* ---- the record ---- */

/* A seat that time has taken: the notice of its last level, with what is known of the deadline
 * before the record removes it. */
static enum sg_err queue_last_notice(struct decision *d, const struct seat_change *c,
                                     struct sg_why *why)
{
    if (!c->f->by_time || c->before == PB_ALLOCATION_STATE_WAITLISTED)
        return SG_OK;
    bool hold = c->before == PB_ALLOCATION_STATE_HELD;
    return deadline_notice(d, hold ? RULE_HOLD : RULE_START, &c->id, why);
}

/* What follows from the change: promotion when a seat was given back, and who waited for it. */
static enum sg_err after_seat(struct decision *d, const struct seat_change *c, struct sg_why *why)
{
    const struct follow *f = c->f;
    enum sg_err err = SG_OK;
    if (f->change == PB_SEAT_CHANGE_WAITLISTED) /* registration is over, but a seat may be free */
        queue(d, FOLLOW_PROMOTE)->slot_id = f->slot_id;
    if (allocation_is_live(c->before) && !allocation_is_live(c->after) &&
        MUTATED(4, true, c->after != PB_ALLOCATION_STATE_RELEASED))
        err = queue_promotions(d, &f->slot_id, &f->person_id, why);
    return err || MUTATED(11, false, true) ? err : queue_settle(d, &c->id, why);
}

static enum sg_err see_person(struct decision *d, const struct seat_change *c,
                              PbSeatAllocationChanged *payload, struct sg_why *why)
{
    struct identity identity;
    PbPersonRow *person = NULL;
    enum sg_err err = person_identity(d->turn, &c->f->person_id, &identity, why);
    if (!err)
        err = derive_person(d, &c->f->person_id, &person, why);
    if (err || !identity.known)
        return err;
    payload->person = person_visible(d->turn, &identity, d->turn->block->time_ms);
    /* A minor has no seat: the band would tell the provider why this one is gone (E_MINOR). */
    payload->person->has_age_band = payload->person->age_band != PB_AGE_BAND_U18;
    payload->person->person_ref = person_ref_for(d, person, c->slot->owner);
    payload->person->has_person_ref = payload->person->person_ref.data != NULL;
    return SG_OK;
}

enum sg_err tell_seat(struct decision *d, const struct follow *f, struct sg_why *why)
{
    PbSlotRow *slot = NULL;
    enum sg_err err =
        read_row(d->turn, TABLE_SLOTS, &f->slot_id, &pb_slot_row__descriptor, &slot, why);
    if (err)
        return err;
    const struct seat_change c = {
        .f = f,
        .slot = slot,
        .before = f->before ? f->before->state : PB_ALLOCATION_STATE_UNSPECIFIED,
        .after = f->seat->state,
        .id = id_of(f->seat->allocation_id),
        .case_owner = f->before ? f->before->case_owner : f->seat->case_owner};
    PbEnvelope *e = envelope_of(d, 201);
    e->seat_allocation_changed = seat_payload(d, f);
    envelope_case(d, e, &f->case_id);
    envelope_personal(e);
    seat_readers(d, &c);
    err = see_person(d, &c, e->seat_allocation_changed, why);
    d->effect->allocation = f->seat;
    d->effect->has_aggregate_version = true;
    d->effect->aggregate_version = slot->version + 1;
    if (!err)
        err = queue_last_notice(d, &c, why);
    if (!err)
        err = f->seat->undone ? seat_undo_limits(d, f, slot, why) : end_limits(d, &c, why);
    if (!err && c.after == PB_ALLOCATION_STATE_COMPLETED)
        err = start_kit(d, &c, why);
    if (!err)
        err = move_case(d, &c, why);
    if (err)
        return err;
    if (!f->seat->undone)
        start_limits(d, &c);
    struct record record;
    err = append_record(d, PB_RECORD_KIND_DERIVED, e, &record, why);
    return err ? err : after_seat(d, &c, why);
}
