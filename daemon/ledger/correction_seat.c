/* correction_seat.c - E24 of E13 and E14: when a course began, what was attended; and how a seat is
 * put back. E15: correction_end.c.
 *
 * A seat that goes back does so by a D1, like every other change of a seat, and its case by a D5.
 */
#include "ledger/correction_seat.h"

#include "ledger/casefile.h"
#include "ledger/deadline.h"
#include "ledger/equipment.h"
#include "ledger/mentoring.h"
#include "wire/day.h"

enum { E_CANCELLED = 110, E_ENDED = 115, E_ISSUED = 117, CHAIN_MAX = 16 };

enum sg_err placement_read(struct decision *d, ProtobufCBinaryData id, struct placement *out,
                           struct sg_why *why)
{
    out->id = id_of(id);
    enum sg_err err = read_row(d->turn, TABLE_ALLOCATIONS, &out->id, &pb_allocation_row__descriptor,
                               &out->row, why);
    if (!err) {
        out->slot_id = id_of(out->row->slot_id);
        err = read_row(d->turn, TABLE_SLOTS, &out->slot_id, &pb_slot_row__descriptor, &out->slot,
                       why);
    }
    if (err)
        return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "a placement without a row") : err;
    d->effect->has_aggregate_version = true;
    d->effect->aggregate_version = out->slot->version;
    return SG_OK;
}

enum sg_err placement_kits(struct decision *d, const struct sg_id *allocation_id, uint64_t seq,
                           struct dependants *on, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    enum sg_err err = cursor_under(&cursor, d->turn->txn, TABLE_ITEMS_OF_ALLOCATION,
                                   key_id(&prefix, allocation_id), why);
    while (!err && cursor.key.ptr) {
        struct sg_id id = cursor_second_id(&cursor);
        PbItemRow *row = NULL;
        err = read_row(d->turn, TABLE_ITEMS, &id, &pb_item_row__descriptor, &row, why);
        if (!err && row->issued_seq > seq)
            depends(on, E_ISSUED, row->issued_seq);
        if (!err)
            err = cursor_next(&cursor, why);
    }
    return err;
}

struct follow *placement_put(struct decision *d, const struct placement *p, PbAllocationState to)
{
    static const PbSeatChange changes[PB_ALLOCATION_STATE_VOIDED + 1] = {
        [PB_ALLOCATION_STATE_RESERVED] = PB_SEAT_CHANGE_RESERVED,
        [PB_ALLOCATION_STATE_CONFIRMED] = PB_SEAT_CHANGE_CONFIRMED,
        [PB_ALLOCATION_STATE_OCCUPIED] = PB_SEAT_CHANGE_OCCUPIED,
        [PB_ALLOCATION_STATE_COMPLETED] = PB_SEAT_CHANGE_COMPLETED,
        [PB_ALLOCATION_STATE_RELEASED] = PB_SEAT_CHANGE_RELEASED,
        [PB_ALLOCATION_STATE_FORFEITED] = PB_SEAT_CHANGE_FORFEITED,
    };
    struct follow *follow = change_seat(d, &p->id, p->row, to, changes[to]);
    follow->seat->has_undone = follow->seat->undone = true;
    d->effect->aggregate_version = p->slot->version + 1;
    return follow;
}

enum sg_err placement_effect_of(struct decision *d, uint64_t seq, const PbEffect **out,
                                struct sg_why *why)
{
    struct record record;
    *out = NULL;
    if (!seq)
        return SG_OK;
    enum sg_err err = journal_get(d->turn->txn, seq, &record, why);
    if (!err)
        err = record_open_rest(&record, d->turn->arena, why);
    if (!err)
        *out = record.rest->effect;
    return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "a seat names no record") : err;
}

static bool is_promised(PbAllocationState state)
{
    return state == PB_ALLOCATION_STATE_RESERVED || state == PB_ALLOCATION_STATE_CONFIRMED;
}

/* Items on loan: asked back when the placement ended, which it has not any more. */
static enum sg_err keep_items(struct decision *d, const struct sg_id *allocation_id,
                              struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    enum sg_err err = cursor_under(&cursor, d->turn->txn, TABLE_ITEMS_OF_ALLOCATION,
                                   key_id(&prefix, allocation_id), why);
    while (!err && cursor.key.ptr) {
        struct sg_id id = cursor_second_id(&cursor);
        err = deadline_end(d, RULE_RETURN, &id, false, why);
        if (!err)
            err = cursor_next(&cursor, why);
    }
    return err;
}

/* Does T07 still end where it ended before? The slot may have other dates by now. */
static bool same_dates(const struct decision *d, const PbEffect *effect, const PbSlotRow *slot)
{
    int64_t end = slot_late_entry_end_ms(slot) + limits_of(d->turn)->never_started_days * SG_DAY_MS;
    for (size_t i = 0; effect && i < effect->n_deadlines; i++) {
        const PbDeadlineEffect *ended = effect->deadlines[i];
        if (ended->clear && ended->row && strcmp(ended->rule, RULE_START) == 0)
            return ended->row->levels_ms[ended->row->n_levels_ms - 1] == end;
    }
    return false;
}

enum sg_err seat_undo_limits(struct decision *d, const struct follow *f, const PbSlotRow *slot,
                             struct sg_why *why)
{
    struct sg_id id = id_of(f->seat->allocation_id);
    PbAllocationState before = f->before->state, after = f->seat->state;
    enum sg_err err = SG_OK;
    if (before == PB_ALLOCATION_STATE_OCCUPIED)
        err = deadline_end(d, RULE_ATTENDANCE, &id, false, why);
    if (!err && before == PB_ALLOCATION_STATE_COMPLETED)
        err = deadline_end(d, RULE_KIT, &id, false, why);
    if (!err && after == PB_ALLOCATION_STATE_OCCUPIED)
        err = keep_items(d, &id, why);
    if (after == PB_ALLOCATION_STATE_OCCUPIED)
        restore_deadline(d, f->ended_by, RULE_ATTENDANCE);
    if (is_promised(after) && same_dates(d, f->ended_by, slot))
        restore_deadline(d, f->ended_by, RULE_START);
    else if (is_promised(after))
        seat_start_limit(d, &id, slot, f->before->case_owner, &f->case_id, d->turn->block->time_ms);
    if (after == PB_ALLOCATION_STATE_RESERVED)
        restore_deadline(d, f->ended_by, RULE_CONFIRM);
    if (f->case_to == PB_CASE_STATE_ASSESSING)
        restore_deadline(d, f->ended_by, RULE_ASSESS);
    return err;
}

enum sg_err seat_undo_plan(struct decision *d, const struct follow *f, const PbSlotRow *slot,
                           const PbCaseRow *c, struct sg_why *why)
{
    const PbAllocationRow *before = f->before;
    PbAllocationState after = f->seat->state;
    if (before->state == PB_ALLOCATION_STATE_OCCUPIED)
        return plan_course_never_was(d, &f->case_id, c, why);
    if (!before->has_started_on)
        return SG_OK;
    if (after == PB_ALLOCATION_STATE_OCCUPIED) {
        restore_deadline(d, f->ended_by, RULE_PLAN);
        return plan_course_resumes(d, c, before->started_on, day_of(slot->slot->ends_on), why);
    }
    return plan_course_ended_otherwise(d, &f->case_id, c, f->seat->ended_on,
                                       after == PB_ALLOCATION_STATE_COMPLETED, why);
}

PbPlacementEffect *placement_restated(struct decision *d, const struct correction *c,
                                      const struct placement *p)
{
    PbPlacementEffect *change = TAKE(d->turn, PbPlacementEffect);
    pb_placement_effect__init(change);
    change->has_allocation_id = true;
    change->allocation_id = data_of(d->turn, &p->id);
    c->effect->placement = change;
    return change;
}

/* ---- E13 ---- */

/* T08 counts from the day of the start until something is reported. */
static enum sg_err attend_from(struct decision *d, const struct placement *p, int32_t day,
                               struct sg_why *why)
{
    struct key key = {0};
    PbDeadlineRow *runs = NULL;
    int64_t days_ms = limits_of(d->turn)->attendance_days * SG_DAY_MS;
    key_text(key_id(&key, &p->id), RULE_ATTENDANCE);
    enum sg_err err = row_get(d->turn->txn, TABLE_DEADLINES, &key, &pb_deadline_row__descriptor,
                              d->turn->arena, &runs, why);
    if (err)
        return err == SG_E_NOT_FOUND ? SG_OK : err;
    if (runs->due_ms != sg_day_start_ms(p->row->started_on) + days_ms)
        return SG_OK;
    err = deadline_end(d, RULE_ATTENDANCE, &p->id, false, why);
    attendance_limit(d, &p->id, p->row, sg_day_start_ms(day));
    return err;
}

static enum sg_err check_day(struct decision *d, const struct placement *p, int32_t day)
{
    const char *object = "event_corrected.replacement.started_on";
    if (day > sg_day_at(d->turn->block->time_ms))
        return refuse(d, SG_ST_FUTURE_TIME, object, NULL, "today or a day before");
    if (day < slot_start_day(p->slot))
        return refuse(d, SG_ST_BAD_TRANSITION, object, "BEFORE_START",
                      "starts_on of the slot to late_entry_until");
    if (sg_day_start_ms(day) >= slot_late_entry_end_ms(p->slot))
        return refuse(d, SG_ST_BAD_TRANSITION, object, "LATE_ENTRY",
                      "starts_on of the slot to late_entry_until");
    if (p->row->has_ended_on && day > p->row->ended_on)
        return refuse(d, SG_ST_SCHEMA, object, "ORDER", "not after the day on which it ended");
    return SG_OK;
}

enum sg_err correct_start(struct decision *d, const struct correction *c, struct sg_why *why)
{
    const PbPlacementStarted *e = c->event.envelope->placement_started;
    struct placement p = {0};
    int32_t day = day_of(e->started_on);
    enum sg_err err = placement_read(d, e->allocation_id, &p, why);
    if (!err)
        err = check_day(d, &p, day);
    if (err || d->fault->code)
        return err;
    PbPlacementEffect *change = placement_restated(d, c, &p);
    change->has_started_on = true;
    change->started_on = day;
    return attend_from(d, &p, day, why);
}

/* The case as before the E13; an assessment that came in the meantime counts. */
static PbCaseState case_before_start(const PbAllocationRow *row, const PbCaseRow *c)
{
    if (c->state != PB_CASE_STATE_IN_TRAINING)
        return PB_CASE_STATE_UNSPECIFIED;
    if (!c->has_assessed_seq)
        return PB_CASE_STATE_ASSESSING;
    return row->case_before == PB_CASE_STATE_AFTERCARE ? PB_CASE_STATE_AFTERCARE
                                                       : PB_CASE_STATE_IN_SERVICE;
}

enum sg_err annul_start(struct decision *d, const struct correction *c, struct sg_why *why)
{
    struct placement p = {0};
    struct dependants on = {"", 0};
    PbCaseRow *row = NULL;
    enum sg_err err =
        placement_read(d, c->stated.envelope->placement_started->allocation_id, &p, why);
    if (err)
        return err;
    if (p.row->has_ended_seq)
        depends(&on, E_ENDED, p.row->ended_seq);
    else if (p.row->state == PB_ALLOCATION_STATE_VOIDED && p.slot->cancelled)
        depends(&on, E_CANCELLED, p.slot->cancelled_seq);
    err = placement_kits(d, &p.id, c->seq, &on, why);
    if (err || on.count)
        return err ? err : refuse_dependants(d, &on);
    if (p.row->state != PB_ALLOCATION_STATE_OCCUPIED)
        return refuse(d, SG_ST_BAD_TRANSITION, corrected_object,
                      protobuf_c_enum_descriptor_get_value(&pb_allocation_state__descriptor,
                                                           (int)p.row->state)
                          ->name,
                      "the start of a placement that is OCCUPIED");
    struct sg_id case_id = id_of(p.row->case_id);
    err = read_row(d->turn, TABLE_CASES, &case_id, &pb_case_row__descriptor, &row, why);
    if (err)
        return err;
    struct follow *follow = placement_put(d, &p, p.row->promised);
    follow->case_to = case_before_start(p.row, row);
    return placement_effect_of(d, p.row->began_seq, &follow->ended_by, why);
}

/* ---- E14 ---- */

static PbAttendanceRow *attendance_row(struct ledger_turn *turn, const PbAttendanceReported *e,
                                       uint64_t seq, uint64_t before_seq)
{
    PbAttendanceRow *row = TAKE(turn, PbAttendanceRow);
    pb_attendance_row__init(row);
    row->has_seq = row->has_to_on = row->has_sessions_held = true;
    row->has_sessions_attended = row->has_absences_excused = true;
    row->seq = seq;
    row->to_on = day_of(e->to_on);
    row->sessions_held = e->sessions_held;
    row->sessions_attended = e->sessions_attended;
    row->absences_excused = e->absences_excused;
    row->has_before_seq = before_seq != 0;
    row->before_seq = before_seq;
    return row;
}

static enum sg_err read_attendance(struct decision *d, const struct placement *p, int32_t from,
                                   PbAttendanceRow **out, struct sg_why *why)
{
    struct key key;
    *out = NULL;
    attendance_key(&key, &p->id, from);
    enum sg_err err = row_get(d->turn->txn, TABLE_ATTENDANCE, &key, &pb_attendance_row__descriptor,
                              d->turn->arena, out, why);
    return err == SG_E_NOT_FOUND ? SG_OK : err;
}

static void set_attendance(struct decision *d, const struct correction *c,
                           const struct placement *p, int32_t from, PbAttendanceRow *row)
{
    PbCorrectionEffect *effect = c->effect;
    PbAttendanceRestated *change = TAKE(d->turn, PbAttendanceRestated);
    pb_attendance_restated__init(change);
    change->has_allocation_id = change->has_from_on = true;
    change->allocation_id = data_of(d->turn, &p->id);
    change->from_on = from;
    change->row = row;
    effect->attendance = grown(d->turn, effect->attendance, effect->n_attendance);
    effect->attendance[effect->n_attendance++] = change;
}

/* Where the event stood: the one that it had replaced stands again, if it counts and is still about
 * this period. */
static enum sg_err take_away(struct decision *d, const struct correction *c,
                             const struct placement *p, int32_t from, struct sg_why *why)
{
    PbAttendanceRow *row = NULL, *again = NULL;
    enum sg_err err = read_attendance(d, p, from, &row, why);
    if (err || !row || row->seq != c->seq)
        return err; /* a later one has replaced it */
    uint64_t seq = row->before_seq;
    for (int i = 0; !err && seq && !again && i < CHAIN_MAX; i++) {
        struct record record;
        struct sg_event event;
        bool annulled = false;
        err = event_as_it_stands(d->turn, seq, &record, &event, &annulled, why);
        if (err)
            break;
        const PbAttendanceReported *e = event.envelope->attendance_reported;
        const PbEffect *effect = record.rest->effect;
        uint64_t before = effect && effect->attendance ? effect->attendance->before_seq : 0;
        if (e && !annulled && day_of(e->from_on) == from)
            again = attendance_row(d->turn, e, seq, before);
        seq = before;
    }
    if (!err)
        set_attendance(d, c, p, from, again);
    return err;
}

enum sg_err correct_attendance(struct decision *d, const struct correction *c, struct sg_why *why)
{
    const PbAttendanceReported *e = c->event.envelope->attendance_reported;
    const PbAttendanceReported *was = c->standing.envelope->attendance_reported;
    struct placement p = {0};
    PbAttendanceRow *there = NULL;
    int32_t from = day_of(e->from_on), from_before = day_of(was->from_on);
    enum sg_err err = placement_read(d, e->allocation_id, &p, why);
    if (!err && from != from_before)
        err = take_away(d, c, &p, from_before, why);
    if (!err)
        err = read_attendance(d, &p, from, &there, why);
    if (err || (there && there->seq > c->seq))
        return err; /* a later statement of this period goes before it */
    uint64_t before = !there ? 0 : there->seq == c->seq ? there->before_seq : there->seq;
    set_attendance(d, c, &p, from, attendance_row(d->turn, e, c->seq, before));
    return SG_OK;
}

/* T08 counts from the last report: without this one, from the one before it. */
static enum sg_err attend_anew(struct decision *d, const struct correction *c,
                               const struct placement *p, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    struct record record;
    uint64_t last = 0;
    int64_t from_ms = sg_day_start_ms(p->row->started_on);
    if (p->row->state != PB_ALLOCATION_STATE_OCCUPIED)
        return SG_OK;
    enum sg_err err =
        cursor_under(&cursor, d->turn->txn, TABLE_ATTENDANCE, key_id(&prefix, &p->id), why);
    while (!err && cursor.key.ptr) {
        PbAttendanceRow *row = NULL;
        err =
            sg_decode_row(&pb_attendance_row__descriptor, cursor.value, d->turn->arena, &row, why);
        if (!err && row->seq > last && row->seq != c->seq)
            last = row->seq;
        if (!err && row->seq > c->seq)
            return SG_OK; /* a later report was what T08 counts from */
        if (!err)
            err = cursor_next(&cursor, why);
    }
    if (!err && last)
        err = journal_get(d->turn->txn, last, &record, why);
    if (!err && last)
        from_ms = record.accepted_ms;
    if (!err)
        err = deadline_end(d, RULE_ATTENDANCE, &p->id, false, why);
    if (!err)
        attendance_limit(d, &p->id, p->row, from_ms);
    return err;
}

enum sg_err annul_attendance(struct decision *d, const struct correction *c, struct sg_why *why)
{
    const PbAttendanceReported *e = c->standing.envelope->attendance_reported;
    struct placement p = {0};
    enum sg_err err = placement_read(d, e->allocation_id, &p, why);
    if (!err)
        err = take_away(d, c, &p, day_of(e->from_on), why);
    return err ? err : attend_anew(d, c, &p, why);
}
