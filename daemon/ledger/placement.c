/* placement.c - E13, E14, E15: a course is begun, attended and ended. Source: domain 7.3, 7.4. */
#include "ledger/allocation.h"
#include "ledger/deadline.h"
#include "ledger/mutant.h"
#include "wire/day.h"

enum { LATE_ATTENDANCE_DAYS = 14, LOW_ATTENDANCE_PCT = 50 };

/* A placement that an event of the slot owner is about. */
struct placement {
    struct sg_id id;
    PbAllocationRow *row;
    PbSlotRow *slot;
};

static const char *state_name(const struct placement *p)
{
    return protobuf_c_enum_descriptor_get_value(&pb_allocation_state__descriptor,
                                                (int)p->row->state)
        ->name;
}

/* Checks 5 and 6. */
static enum sg_err read_placement(struct decision *d, ProtobufCBinaryData id, const char *object,
                                  struct placement *out, struct sg_why *why)
{
    out->id = id_of(id);
    enum sg_err err = read_row(d->turn, TABLE_ALLOCATIONS, &out->id, &pb_allocation_row__descriptor,
                               &out->row, why);
    if (err)
        return refuse_unknown(d, err, object);
    if (!owns(d, out->row->slot_owner, object, "a placement on a slot of your own"))
        return SG_OK;
    struct sg_id slot_id = id_of(out->row->slot_id), person_id = id_of(out->row->person_id);
    err = read_row(d->turn, TABLE_SLOTS, &slot_id, &pb_slot_row__descriptor, &out->slot, why);
    if (err)
        return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "a seat without its slot") : err;
    about_person(d, &person_id);
    add_reader(d, out->row->case_owner, RELATION_CASE_OWNER);
    add_reader(d, out->row->slot_owner, RELATION_PROVIDER);
    tell_slot_version(d, out->slot);
    return SG_OK;
}

static bool waits_for_start(PbAllocationState state)
{
    return state == PB_ALLOCATION_STATE_WAITLISTED || state == PB_ALLOCATION_STATE_HELD ||
           state == PB_ALLOCATION_STATE_RESERVED || state == PB_ALLOCATION_STATE_CONFIRMED;
}

static bool is_promised(PbAllocationState state)
{
    return state == PB_ALLOCATION_STATE_RESERVED || state == PB_ALLOCATION_STATE_CONFIRMED;
}

/* ---- E13 ---- */

static enum sg_err check_start(struct decision *d, const struct placement *p)
{
    const PbPlacementStarted *e = d->event->envelope->placement_started;
    int32_t day = day_of(e->started_on);
    if (!is_promised(p->row->state))
        return refuse(d, SG_ST_BAD_TRANSITION, "placement_started.allocation_id", state_name(p),
                      "a seat that is RESERVED or CONFIRMED");
    if (day > sg_day_at(d->turn->block->time_ms))
        return refuse(d, SG_ST_FUTURE_TIME, "placement_started.started_on", NULL,
                      "today or a day before");
    if (day < slot_start_day(p->slot))
        return refuse(d, SG_ST_BAD_TRANSITION, "placement_started.started_on", "BEFORE_START",
                      "starts_on of the slot to late_entry_until");
    if (sg_day_start_ms(day) >= slot_late_entry_end_ms(p->slot))
        return refuse(d, SG_ST_BAD_TRANSITION, "placement_started.started_on", "LATE_ENTRY",
                      "starts_on of the slot to late_entry_until");
    return SG_OK;
}

/* Whoever has begun waits for nothing else. Before the seat is OCCUPIED: what was parked for it is
 * decided right behind that, and may free the person for another seat. */
static enum sg_err release_waitings(struct decision *d, const struct sg_id *person_id,
                                    struct sg_why *why)
{
    PbPersonRow *person = NULL;
    enum sg_err err = person_combined(d->turn, person_id, &person, why);
    for (size_t i = 0; !err && i < person->n_waiting_ids; i++) {
        struct sg_id id = id_of(person->waiting_ids[i]);
        PbAllocationRow *row = NULL;
        err = read_row(d->turn, TABLE_ALLOCATIONS, &id, &pb_allocation_row__descriptor, &row, why);
        if (!err)
            (void)change_seat(d, &id, row, PB_ALLOCATION_STATE_RELEASED, PB_SEAT_CHANGE_RELEASED);
    }
    return err;
}

enum sg_err decide_placement_started(struct decision *d, struct sg_why *why)
{
    const PbPlacementStarted *e = d->event->envelope->placement_started;
    struct placement p = {0};
    enum sg_err err =
        read_placement(d, e->allocation_id, "placement_started.allocation_id", &p, why);
    if (err || d->fault->code)
        return err;
    if (p.row->started && said_again(d, p.row->started))
        return SG_OK;
    err = check_start(d, &p);
    if (!err && !d->fault->code)
        err = release_waitings(d, &d->person_id, why);
    if (err || d->fault->code)
        return err;
    uint8_t *hash = take(d->turn, SG_HASH_BYTES);
    content_hash(d, hash);
    PbAllocationEffect *seat =
        change_seat(d, &p.id, p.row, PB_ALLOCATION_STATE_OCCUPIED, PB_SEAT_CHANGE_OCCUPIED)->seat;
    seat->has_started_on = seat->has_started_hash = seat->has_started_seq = true;
    seat->started_seq = d->turn->block->next_seq;
    seat->has_promised = true;
    seat->promised = p.row->state;
    seat->started_on = day_of(e->started_on);
    seat->started_hash = (ProtobufCBinaryData){SG_HASH_BYTES, hash};
    seat->started_place = ref_of(d->turn, &d->source->outbox_id, d->source->number);
    return SG_OK;
}

/* ---- E14 ---- */

static enum sg_err check_attendance_state(struct decision *d, const struct placement *p)
{
    const char *object = "attendance_reported.allocation_id";
    int32_t today = sg_day_at(d->turn->block->time_ms);
    if (waits_for_start(p->row->state))
        return park(d, &p->id, SG_ST_BAD_TRANSITION, object, state_name(p),
                    "a placement that has started");
    if (!p->row->has_started_on)
        return refuse(d, SG_ST_BAD_TRANSITION, object, state_name(p),
                      "a placement that has started");
    if (p->row->state != PB_ALLOCATION_STATE_OCCUPIED &&
        today > p->row->ended_on + LATE_ATTENDANCE_DAYS)
        return refuse(d, SG_ST_BAD_TRANSITION, object, "ENDED",
                      "at most 14 days after the end of the placement");
    return SG_OK;
}

/* What was reported of the same period before: it stands again if this is annulled. */
static enum sg_err read_attendance_before(struct decision *d, const struct placement *p,
                                          struct sg_why *why)
{
    struct key key;
    PbAttendanceRow *row = NULL;
    attendance_key(&key, &p->id, day_of(d->event->envelope->attendance_reported->from_on));
    enum sg_err err = row_get(d->turn->txn, TABLE_ATTENDANCE, &key, &pb_attendance_row__descriptor,
                              d->turn->arena, &row, why);
    if (err)
        return err == SG_E_NOT_FOUND ? SG_OK : err;
    d->effect->attendance->has_before_seq = true;
    d->effect->attendance->before_seq = row->seq;
    return SG_OK;
}

enum sg_err decide_attendance(struct decision *d, struct sg_why *why)
{
    const PbAttendanceReported *e = d->event->envelope->attendance_reported;
    struct placement p = {0};
    enum sg_err err =
        read_placement(d, e->allocation_id, "attendance_reported.allocation_id", &p, why);
    if (!err && !d->fault->code)
        err = check_attendance_state(d, &p);
    if (err || d->fault->code)
        return err;
    d->effect->aggregate_version = p.slot->version; /* no change of the seat */
    d->effect->attendance = TAKE(d->turn, PbAttendanceEffect);
    pb_attendance_effect__init(d->effect->attendance);
    d->effect->attendance->has_allocation_id = true;
    d->effect->attendance->allocation_id = data_of(d->turn, &p.id);
    err = read_attendance_before(d, &p, why);
    if (err)
        return err;
    if (p.row->state != PB_ALLOCATION_STATE_OCCUPIED)
        return SG_OK;
    err = deadline_end(d, RULE_ATTENDANCE, &p.id, false, why);
    attendance_limit(d, &p.id, p.row, d->turn->block->time_ms);
    return err;
}

/* ---- E15 ---- */

/* What an E15 makes of a seat. Given back while somebody else may still enter, else forfeited. */
static PbAllocationState state_after(const struct placement *p, PbPlacementEnded__Result result,
                                     int64_t now_ms)
{
    if (result == PB_PLACEMENT_ENDED__RESULT_COMPLETED)
        return PB_ALLOCATION_STATE_COMPLETED;
    return MUTATED(6, slot_takes_late_entry(p->slot, now_ms), true) ? PB_ALLOCATION_STATE_RELEASED
                                                                    : PB_ALLOCATION_STATE_FORFEITED;
}

static enum sg_err check_no_show(struct decision *d, const struct placement *p)
{
    const char *object = "placement_ended.result";
    if (!is_promised(p->row->state))
        return refuse(d, SG_ST_BAD_TRANSITION, object, state_name(p),
                      "NO_SHOW for a seat that is RESERVED or CONFIRMED");
    if (d->turn->block->time_ms < slot_start_ms(p->slot))
        return refuse(d, SG_ST_BAD_TRANSITION, object, "NOT_STARTED",
                      "NO_SHOW once the slot has started");
    return SG_OK;
}

static enum sg_err check_end(struct decision *d, const struct placement *p)
{
    const PbPlacementEnded *e = d->event->envelope->placement_ended;
    int32_t day = day_of(e->ended_on);
    enum sg_err err = SG_OK;
    if (e->result == PB_PLACEMENT_ENDED__RESULT_NO_SHOW)
        err = check_no_show(d, p);
    else if (waits_for_start(p->row->state))
        err = park(d, &p->id, SG_ST_BAD_TRANSITION, "placement_ended.allocation_id", state_name(p),
                   "a placement that has started");
    else if (p->row->state != PB_ALLOCATION_STATE_OCCUPIED)
        err = refuse(d, SG_ST_BAD_TRANSITION, "placement_ended.allocation_id", state_name(p),
                     "a placement that has started and has not ended");
    if (err || d->fault->code)
        return err;
    if (day > sg_day_at(d->turn->block->time_ms))
        return refuse(d, SG_ST_FUTURE_TIME, "placement_ended.ended_on", NULL,
                      "today or a day before");
    if (p->row->has_started_on && day < p->row->started_on)
        return refuse(d, SG_ST_SCHEMA, "placement_ended.ended_on", "ORDER",
                      "not before the day on which it started");
    return SG_OK;
}

enum sg_err decide_placement_ended(struct decision *d, struct sg_why *why)
{
    const PbPlacementEnded *e = d->event->envelope->placement_ended;
    struct placement p = {0};
    enum sg_err err = read_placement(d, e->allocation_id, "placement_ended.allocation_id", &p, why);
    if (!err && !d->fault->code)
        err = check_end(d, &p);
    if (err || d->fault->code)
        return err;
    PbAllocationState to = state_after(&p, e->result, d->turn->block->time_ms);
    add_readers_with(d, SG_CAP(PB_CAPABILITY_EQUIPMENT_PROVIDER),
                     to == PB_ALLOCATION_STATE_COMPLETED ? RELATION_EQUIPMENT
                                                         : RELATION_NO_EQUIPMENT);
    d->effect->course_code = text_of(d->turn, p.slot->slot->course_code);
    PbSeatChange change = to == PB_ALLOCATION_STATE_COMPLETED  ? PB_SEAT_CHANGE_COMPLETED
                          : to == PB_ALLOCATION_STATE_RELEASED ? PB_SEAT_CHANGE_RELEASED
                                                               : PB_SEAT_CHANGE_FORFEITED;
    PbAllocationEffect *seat = change_seat(d, &p.id, p.row, to, change)->seat;
    seat->has_ended_on = seat->has_result = seat->has_ended_seq = true;
    seat->ended_seq = d->turn->block->next_seq;
    seat->has_promised = !p.row->has_started_on;
    seat->promised = p.row->state;
    seat->ended_on = day_of(e->ended_on);
    seat->result = e->result;
    if (to == PB_ALLOCATION_STATE_COMPLETED) {
        seat->completed_course = text_of(d->turn, p.slot->slot->course_code);
        if (e->attendance_pct < LOW_ATTENDANCE_PCT)
            warn(d, SG_ST_W_LOW_ATTENDANCE);
    }
    return SG_OK;
}
