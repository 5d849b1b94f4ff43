/* correction_end.c - E24 of E15: a placement has ended on another day, differently, or not at all.
 *
 * Nobody is ever moved away for it (I8): a seat that somebody else was promoted to stays ended.
 */
#include "ledger/correction_seat.h"

#include "ledger/casefile.h"
#include "ledger/consent.h"
#include "ledger/mentoring.h"
#include "ledger/person.h"
#include "wire/day.h"

enum { E_CANCELLED = 110, E_CHANGED = 109, E_REQUESTED = 111 };
enum { D_SEAT = 201 };

/* ---- E15: what is left of the completions ---- */

struct completions {
    const char *course;
    PbCompletedEffect *out;
};

static void count_completion(struct completions *all, const char *course, int32_t day)
{
    PbCompletedEffect *out = all->out;
    if (!out->has_first_on || out->first_on > day)
        out->first_on = day;
    out->has_first_on = true;
    if (strcmp(course, all->course) != 0)
        return;
    if (!out->has_last_on || out->last_on < day)
        out->last_on = day;
    out->has_last_on = true;
}

/* All placements that the person itself has completed, but one; those of who is found to be the
 * same stand in that one's row. */
static enum sg_err other_completions(struct decision *d, const PbAllocationRow *row,
                                     const struct sg_id *allocation_id, const char *course,
                                     PbCompletedEffect **out, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    struct sg_id person_id = id_of(row->person_id);
    struct completions all = {.course = course, .out = TAKE(d->turn, PbCompletedEffect)};
    pb_completed_effect__init(all.out);
    all.out->course_code = text_of(d->turn, course);
    *out = all.out;
    enum sg_err err =
        cursor_under(&cursor, d->turn->txn, TABLE_COMPLETIONS, key_id(&prefix, &person_id), why);
    while (!err && cursor.key.ptr) {
        struct sg_id id = cursor_second_id(&cursor);
        PbAllocationRow *other = NULL;
        PbSlotRow *slot = NULL;
        err =
            read_row(d->turn, TABLE_ALLOCATIONS, &id, &pb_allocation_row__descriptor, &other, why);
        struct sg_id slot_id = err ? id : id_of(other->slot_id);
        bool counts = !err && other->state == PB_ALLOCATION_STATE_COMPLETED &&
                      !sg_id_equal(&id, allocation_id);
        if (counts)
            err = read_row(d->turn, TABLE_SLOTS, &slot_id, &pb_slot_row__descriptor, &slot, why);
        if (counts && !err)
            count_completion(&all, slot->slot->course_code, other->ended_on);
        if (!err)
            err = cursor_next(&cursor, why);
    }
    return err;
}

/* ---- E15 REPLACE ---- */

static bool is_completed(PbPlacementEnded__Result result)
{
    return result == PB_PLACEMENT_ENDED__RESULT_COMPLETED;
}

static enum sg_err check_end(struct decision *d, const struct placement *p,
                             const PbPlacementEnded *e)
{
    bool no_show = e->result == PB_PLACEMENT_ENDED__RESULT_NO_SHOW;
    int32_t day = day_of(e->ended_on);
    if (no_show == (p->row->has_started_on != 0))
        return refuse(d, SG_ST_BAD_TRANSITION, "event_corrected.replacement.result",
                      no_show ? "STARTED" : "NOT_STARTED",
                      no_show ? "a result of a placement that has started; or ANNUL of the end and "
                                "of the start"
                              : "NO_SHOW; or ANNUL, then placement.started and placement.ended");
    if (day > sg_day_at(d->turn->block->time_ms))
        return refuse(d, SG_ST_FUTURE_TIME, "event_corrected.replacement.ended_on", NULL,
                      "today or a day before");
    if (p->row->has_started_on && day < p->row->started_on)
        return refuse(d, SG_ST_SCHEMA, "event_corrected.replacement.ended_on", "ORDER",
                      "not before the day on which it started");
    return SG_OK;
}

/* Equipment providers learn which course was completed, and of another end that it was none. */
static void set_equipment_readers(struct decision *d, PbPlacementEnded__Result result)
{
    const uint32_t both = RELATION_EQUIPMENT | RELATION_NO_EQUIPMENT;
    for (size_t i = 0; i < d->readers.count; i++) {
        uint32_t *relations = &d->readers.entries[i].relations;
        if (*relations & both)
            *relations = (*relations & ~both) |
                         (is_completed(result) ? RELATION_EQUIPMENT : RELATION_NO_EQUIPMENT);
    }
}

/* The state that the end would have led to when it was reported. */
static PbAllocationState ended_as(const struct correction *c, const struct placement *p,
                                  PbPlacementEnded__Result result)
{
    if (is_completed(result))
        return PB_ALLOCATION_STATE_COMPLETED;
    if (p->row->state != PB_ALLOCATION_STATE_COMPLETED)
        return p->row
            ->state; /* by the dates of the slot at that time, which may have moved since */
    return slot_takes_late_entry(p->slot, c->accepted_ms) ? PB_ALLOCATION_STATE_RELEASED
                                                          : PB_ALLOCATION_STATE_FORFEITED;
}

static enum sg_err completions_with(struct decision *d, const struct placement *p,
                                    const PbPlacementEnded *e, PbCompletedEffect **out,
                                    struct sg_why *why)
{
    const char *course = p->slot->slot->course_code;
    enum sg_err err = other_completions(d, p->row, &p->id, course, out, why);
    struct completions all = {.course = course, .out = *out};
    if (!err && is_completed(e->result))
        count_completion(&all, course, day_of(e->ended_on));
    return err;
}

/* Completed or not: another state of the seat, and of a case that has not moved on. */
static enum sg_err end_otherwise(struct decision *d, const struct placement *p,
                                 const PbPlacementEnded *e, PbAllocationState to,
                                 PbCompletedEffect *completions, struct sg_why *why)
{
    PbCaseRow *row = NULL;
    struct sg_id case_id = id_of(p->row->case_id);
    enum sg_err err = read_row(d->turn, TABLE_CASES, &case_id, &pb_case_row__descriptor, &row, why);
    if (err)
        return err;
    struct follow *follow = placement_put(d, p, to);
    bool completed = to == PB_ALLOCATION_STATE_COMPLETED;
    PbCaseState from = completed ? PB_CASE_STATE_IN_SERVICE : PB_CASE_STATE_AFTERCARE;
    if (row->state == from && p->row->has_started_on)
        follow->case_to = completed ? PB_CASE_STATE_AFTERCARE : PB_CASE_STATE_IN_SERVICE;
    else if (case_is_open(row->state) && p->row->has_started_on)
        follow->case_to = row->state; /* as it is; its plan goes with the end */
    follow->seat->has_result = follow->seat->has_ended_on = true;
    follow->seat->result = e->result;
    follow->seat->ended_on = day_of(e->ended_on);
    follow->seat->completions = completions;
    return SG_OK;
}

/* The same end on another day: what comes after the course counts from it. */
static enum sg_err plan_from_end(struct decision *d, const struct placement *p, int32_t day,
                                 struct sg_why *why)
{
    PbCaseRow *row = NULL;
    struct sg_id case_id = id_of(p->row->case_id);
    if (p->row->ended_on == day || !p->row->has_started_on)
        return SG_OK;
    enum sg_err err = read_row(d->turn, TABLE_CASES, &case_id, &pb_case_row__descriptor, &row, why);
    if (err || (row->state != PB_CASE_STATE_AFTERCARE && row->state != PB_CASE_STATE_IN_SERVICE))
        return err;
    return plan_course_ended_otherwise(d, &case_id, row, day,
                                       p->row->state == PB_ALLOCATION_STATE_COMPLETED, why);
}

enum sg_err correct_end(struct decision *d, const struct correction *c, struct sg_why *why)
{
    enum { LOW_ATTENDANCE_PCT = 50 };
    const PbPlacementEnded *e = c->event.envelope->placement_ended;
    struct placement p = {0};
    struct dependants on = {"", 0};
    PbCompletedEffect *completions = NULL;
    enum sg_err err = placement_read(d, e->allocation_id, &p, why);
    if (!err)
        err = check_end(d, &p, e);
    if (err || d->fault->code)
        return err;
    bool was = p.row->state == PB_ALLOCATION_STATE_COMPLETED;
    if (was && !is_completed(e->result))
        err = placement_kits(d, &p.id, c->seq, &on, why);
    if (err || on.count)
        return err ? err : refuse_dependants(d, &on);
    d->effect->course_code = text_of(d->turn, p.slot->slot->course_code);
    set_equipment_readers(d, e->result);
    if (is_completed(e->result) && e->attendance_pct < LOW_ATTENDANCE_PCT)
        warn(d, SG_ST_W_LOW_ATTENDANCE);
    if (was || is_completed(e->result))
        err = completions_with(d, &p, e, &completions, why);
    PbAllocationState to = ended_as(c, &p, e->result);
    if (!err && to != p.row->state)
        return end_otherwise(d, &p, e, to, completions, why);
    PbPlacementEffect *change = placement_restated(d, c, &p);
    change->has_ended_on = change->has_result = true;
    change->ended_on = day_of(e->ended_on);
    change->result = e->result;
    change->completions = completions;
    return err ? err : plan_from_end(d, &p, change->ended_on, why);
}

/* ---- E15 ANNUL ---- */

/* Somebody was promoted to the seat since, or has it. */
static enum sg_err seat_taken(struct decision *d, const struct placement *p, uint64_t seq,
                              struct dependants *on, struct sg_why *why)
{
    struct key key = {0};
    struct sg_bytes value;
    struct sg_id other;
    PbAllocationRow *row = NULL;
    key_u8(key_id(&key, &p->slot_id), (uint8_t)p->row->last_seat_no);
    enum sg_err err = table_get(d->turn->txn, TABLE_PROMOTED, &key, &value, why);
    if (!err && sg_get_u64(value.ptr) > seq)
        depends(on, D_SEAT, sg_get_u64(value.ptr));
    if (err && err != SG_E_NOT_FOUND)
        return err;
    err = table_get(d->turn->txn, TABLE_SEATS, &key, &value, why);
    if (err || on->count)
        return err == SG_E_NOT_FOUND ? SG_OK : err;
    err = sg_id_from(value, &other);
    if (!err)
        err =
            read_row(d->turn, TABLE_ALLOCATIONS, &other, &pb_allocation_row__descriptor, &row, why);
    if (!err)
        depends(on, D_SEAT, row->seat_seq);
    return err;
}

/* I8 and what goes with it: the seat is free, the slot has room for it, the person has no other. */
static enum sg_err may_return(struct decision *d, const struct correction *c,
                              const struct placement *p, const PbPersonRow *person,
                              struct sg_why *why)
{
    struct dependants on = {"", 0};
    enum sg_err err = placement_kits(d, &p->id, c->seq, &on, why);
    if (!err)
        err = seat_taken(d, p, c->seq, &on, why);
    if (err)
        return err;
    if (p->slot->cancelled)
        depends(&on, E_CANCELLED, p->slot->cancelled_seq);
    else if (!on.count && p->slot->live >= p->slot->slot->capacity_offered)
        depends(&on, p->slot->has_changed_seq ? E_CHANGED : E_REQUESTED, p->slot->changed_seq);
    if (on.count)
        return refuse_dependants(d, &on);
    if (person->has_live_allocation_id)
        return refuse(d, SG_ST_CORRECTION_DEPENDS, corrected_object, "ACTIVE_PLACEMENT",
                      "a person who has no other seat by now");
    if (person->minor || person->age_doubt)
        return refuse(d, SG_ST_MINOR, corrected_object, NULL, "a person of 18 or older");
    if (!p->row->has_started_on &&
        !consent_holds(person, PB_CONSENT_RECORDED__SCOPE_SHARE_WITH_PROVIDER,
                       sg_day_at(d->turn->block->time_ms)))
        return refuse(d, SG_ST_NO_CONSENT, corrected_object, "SHARE_WITH_PROVIDER",
                      "a person whose consent SHARE_WITH_PROVIDER is given and still valid");
    return SG_OK;
}

/* A case that has moved on by itself is not pulled back. */
static enum sg_err check_case(struct decision *d, const struct placement *p, PbCaseState *out_to,
                              struct sg_why *why)
{
    PbCaseRow *row = NULL;
    struct sg_id case_id = id_of(p->row->case_id);
    *out_to = PB_CASE_STATE_UNSPECIFIED;
    enum sg_err err = read_row(d->turn, TABLE_CASES, &case_id, &pb_case_row__descriptor, &row, why);
    if (err)
        return err;
    if (p->row->has_started_on)
        *out_to = PB_CASE_STATE_IN_TRAINING;
    bool stands = row->state == PB_CASE_STATE_AFTERCARE || row->state == PB_CASE_STATE_IN_SERVICE ||
                  (!p->row->has_started_on && row->state == PB_CASE_STATE_ASSESSING);
    if (stands)
        return SG_OK;
    return refuse(
        d, SG_ST_BAD_TRANSITION, corrected_object,
        protobuf_c_enum_descriptor_get_value(&pb_case_state__descriptor, (int)row->state)->name,
        "the end of a placement whose case is IN_SERVICE or AFTERCARE; annul its case.closed "
        "first");
}

enum sg_err annul_end(struct decision *d, const struct correction *c, struct sg_why *why)
{
    struct placement p = {0};
    PbPersonRow *person = NULL;
    PbCaseState case_to;
    enum sg_err err =
        placement_read(d, c->stated.envelope->placement_ended->allocation_id, &p, why);
    struct sg_id person_id = err ? (struct sg_id){{0}} : id_of(p.row->person_id);
    if (!err)
        err = person_combined(d->turn, &person_id, &person, why);
    if (!err)
        err = may_return(d, c, &p, person, why);
    if (!err && !d->fault->code)
        err = check_case(d, &p, &case_to, why);
    if (err || d->fault->code)
        return err;
    bool completed = p.row->state == PB_ALLOCATION_STATE_COMPLETED;
    d->effect->course_code = text_of(d->turn, p.slot->slot->course_code);
    struct follow *follow = placement_put(
        d, &p, p.row->has_started_on ? PB_ALLOCATION_STATE_OCCUPIED : p.row->promised);
    follow->seat->seat_no = p.row->last_seat_no;
    follow->case_to = case_to;
    if (completed)
        err = other_completions(d, p.row, &p.id, p.slot->slot->course_code,
                                &follow->seat->completions, why);
    return err ? err : placement_effect_of(d, p.row->over_seq, &follow->ended_by, why);
}
