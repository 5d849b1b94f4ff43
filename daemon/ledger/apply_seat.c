/* apply_seat.c - the fold of slots, seats and placements. */
#include "ledger/fold.h"
#include "ledger/mutant.h"

#include "kit/check.h"

/* ---- slot ---- */

static enum sg_err create_slot(struct fold *f, const PbSlotEffect *e)
{
    PbSlotRow row;
    struct key key = {0};
    struct sg_id id = id_of(e->slot_id);
    pb_slot_row__init(&row);
    row.owner = e->owner;
    row.has_version = row.has_live = row.has_waiting = true;
    row.version = 1;
    row.slot = f->event->envelope->slot_offered;
    row.object = fold_object_row(f);
    enum sg_err err = fold_put(f, TABLE_SLOTS, e->slot_id, &row);
    return err ? err
               : table_put(f->txn, TABLE_SLOTS_BY_SEQ, key_u64(&key, f->record->seq),
                           sg_id_bytes(&id), f->why);
}

enum sg_err fold_slot(struct fold *f)
{
    const PbSlotEffect *e = f->effect->slot;
    PbSlotRow *row = NULL;
    if (!e)
        return SG_OK;
    if (e->created)
        return create_slot(f, e);
    enum sg_err err = fold_get(f, TABLE_SLOTS, e->slot_id, &pb_slot_row__descriptor, &row);
    if (err)
        return err;
    row->version++;
    if (e->cancelled) {
        row->has_cancelled = row->cancelled = row->has_cancelled_seq = true;
        row->cancelled_seq = f->record->seq;
    } else {
        slot_merge(row->slot, f->event->envelope->slot_changed);
        row->has_changed_seq = true;
        row->changed_seq = f->record->seq;
    }
    return fold_put(f, TABLE_SLOTS, e->slot_id, row);
}

/* ---- allocation ---- */

static enum sg_err move_seat_row(struct fold *f, const PbAllocationRow *row, bool was, bool is,
                                 uint32_t old_seat, const struct sg_id *id)
{
    struct sg_id slot = id_of(row->slot_id);
    struct key key = {0};
    enum sg_err err = SG_OK;
    if (was && (!is || old_seat != row->seat_no))
        err = table_delete(f->txn, TABLE_SEATS, key_u8(key_id(&key, &slot), (uint8_t)old_seat),
                           f->why);
    if (err || !is || (was && old_seat == row->seat_no))
        return err;
    struct sg_bytes taken;
    key = (struct key){0};
    key_u8(key_id(&key, &slot), (uint8_t)row->seat_no);
    err = table_get(f->txn, TABLE_SEATS, &key, &taken, NULL);
    SG_CHECK(err == SG_E_NOT_FOUND); /* a seat is never given twice */
    return table_put(f->txn, TABLE_SEATS, &key, sg_id_bytes(id), f->why);
}

static enum sg_err move_waiting_row(struct fold *f, const PbAllocationRow *row, bool was, bool is,
                                    const struct sg_id *id)
{
    struct sg_id slot = id_of(row->slot_id);
    struct key key;
    if (was == is)
        return SG_OK;
    waiting_key(&key, &slot, row->wait);
    return is ? table_put(f->txn, TABLE_WAITING, &key, sg_id_bytes(id), f->why)
              : table_delete(f->txn, TABLE_WAITING, &key, f->why);
}

static void drop_waiting(PbPersonRow *person, const struct sg_id *id)
{
    for (size_t i = 0; i < person->n_waiting_ids; i++) {
        struct sg_id at = id_of(person->waiting_ids[i]);
        if (!sg_id_equal(&at, id))
            continue;
        memmove(&person->waiting_ids[i], &person->waiting_ids[i + 1],
                (person->n_waiting_ids - i - 1) * sizeof person->waiting_ids[0]);
        person->n_waiting_ids--;
        return;
    }
}

/* The last claim of each kind. */
static void note_claim(struct fold *f, const PbAllocationEffect *e)
{
    PbPersonRow *person = f->person;
    PbClaimOfPerson *row = NULL;
    if (!e->has_claim_type)
        return;
    for (size_t i = 0; i < person->n_claims; i++)
        if (person->claims[i]->type == e->claim_type)
            row = person->claims[i];
    if (!row) {
        row = fold_room(f, sizeof *row);
        pb_claim_of_person__init(row);
        person->claims = fold_grown(f, person->claims, person->n_claims, sizeof *person->claims);
        person->claims[person->n_claims++] = row;
    }
    row->has_type = row->has_seq = true;
    row->type = e->claim_type;
    row->seq = e->claim_seq;
}

/* A course that is completed again moves to its last day. */
static void add_completed(struct fold *f, const PbAllocationEffect *e)
{
    PbPersonRow *person = f->person;
    PbCompletedCourse *row = NULL;
    for (size_t i = 0; i < person->n_completed; i++)
        if (strcmp(person->completed[i]->course_code, e->completed_course) == 0)
            row = person->completed[i];
    if (!row) {
        row = fold_room(f, sizeof *row);
        pb_completed_course__init(row);
        row->course_code = e->completed_course;
        person->completed =
            fold_grown(f, person->completed, person->n_completed, sizeof *person->completed);
        person->completed[person->n_completed++] = row;
    }
    row->ended_on = row->has_ended_on && row->ended_on > e->ended_on ? row->ended_on : e->ended_on;
    row->has_ended_on = true;
    if (!person->has_first_completed_on || person->first_completed_on > e->ended_on)
        person->first_completed_on = e->ended_on;
    person->has_first_completed_on = true;
}

static enum sg_err move_person(struct fold *f, const PbAllocationEffect *e, bool was_live,
                               bool is_live, bool was_waiting, bool is_waiting,
                               const struct sg_id *id)
{
    struct person_tree tree;
    enum sg_err err = fold_need_tree(f, &tree);
    if (err)
        return err;
    PbPersonRow *person = f->person;
    f->person_changed = true;
    SG_CHECK(!is_live || was_live || !person_tree_seated(&tree)); /* I3, whatever its names */
    if (was_live != is_live) {
        person->has_live_allocation_id = is_live;
        person->live_allocation_id = e->allocation_id;
    }
    if (was_waiting && !is_waiting)
        drop_waiting(person, id);
    if (is_waiting && !was_waiting) {
        person->waiting_ids =
            fold_grown(f, person->waiting_ids, person->n_waiting_ids, sizeof *person->waiting_ids);
        person->waiting_ids[person->n_waiting_ids++] = e->allocation_id;
    }
    if (e->lost_without_fault) {
        person->has_lost_without_fault = true;
        person->lost_without_fault++;
    }
    note_claim(f, e);
    if (e->completed_course)
        add_completed(f, e);
    return e->completions ? fold_completions(f, e->completions) : SG_OK;
}

static enum sg_err move_slot(struct fold *f, const PbAllocationRow *row, int live, int waiting)
{
    PbSlotRow *slot = NULL;
    enum sg_err err = fold_get(f, TABLE_SLOTS, row->slot_id, &pb_slot_row__descriptor, &slot);
    if (err)
        return err;
    slot->version++;
    slot->live = (uint32_t)((int)slot->live + live);
    slot->waiting = (uint32_t)((int)slot->waiting + waiting);
    SG_CHECK(live <= 0 || slot->live <= slot->slot->capacity_offered);
    return fold_put(f, TABLE_SLOTS, row->slot_id, slot);
}

static enum sg_err create_allocation(struct fold *f, const PbAllocationEffect *e,
                                     PbAllocationRow *row)
{
    struct key key = {0};
    struct sg_id slot = id_of(e->slot_id), id = id_of(e->allocation_id);
    struct sg_id of_case = id_of(e->case_id);
    pb_allocation_row__init(row);
    row->has_slot_id = row->has_person_id = row->has_case_id = row->has_request_id = true;
    row->slot_id = e->slot_id;
    row->person_id = e->person_id;
    row->case_id = e->case_id;
    row->request_id = e->request_id;
    row->case_owner = e->case_owner;
    row->slot_owner = e->slot_owner;
    row->wait = e->wait;
    row->has_waived = true;
    row->waived = e->waived;
    enum sg_err err = fold_mark(f, TABLE_ALLOCATIONS_OF_SLOT, key_id(key_id(&key, &slot), &id));
    key = (struct key){0};
    return err ? err : fold_mark(f, TABLE_ALLOCATIONS_OF_CASE, key_id(key_id(&key, &of_case), &id));
}

/* The E13, which stands in the record before this one. */
static PbObjectRow *started_row(struct fold *f, const PbAllocationEffect *e, char *agency)
{
    PbObjectRow *row = fold_room(f, sizeof *row);
    pb_object_row__init(row);
    row->agency = agency;
    row->place = e->started_place;
    row->has_seq = e->has_started_seq;
    row->seq = e->started_seq;
    row->has_content_hash = true;
    row->content_hash = e->started_hash;
    return row;
}

/* A seat that is put back: what has ended it, or begun it, is gone. */
static void put_back(PbAllocationRow *row)
{
    bool ended = allocation_is_terminal(row->state);
    row->has_result = row->has_ended_on = row->has_ended_seq = row->has_last_seat_no =
        row->has_over_seq = false;
    if (ended)
        return;
    row->has_started_on = row->has_promised = row->has_case_before = row->has_began_seq = false;
    row->started = NULL;
}

static void set_ends(struct fold *f, PbAllocationRow *row, const PbAllocationEffect *e,
                     bool was_live)
{
    bool ends = allocation_is_terminal(e->state) && !allocation_is_terminal(row->state);
    if (e->undone && !allocation_is_terminal(e->state))
        put_back(row);
    if (ends && row->seat_no) {
        row->has_last_seat_no = true;
        row->last_seat_no = row->seat_no;
    }
    if (ends) {
        row->has_over_seq = true;
        row->over_seq = f->record->seq;
    }
    if (e->has_started_on) {
        row->has_began_seq = true;
        row->began_seq = f->record->seq;
    }
    if (e->has_ended_seq) {
        row->has_ended_seq = true;
        row->ended_seq = e->ended_seq;
    }
    if (e->has_promised) {
        row->has_promised = true;
        row->promised = e->promised;
    }
    if (e->has_case_before) {
        row->has_case_before = true;
        row->case_before = e->case_before;
    }
    if (e->seat_no && !was_live && !e->undone) {
        row->has_seat_seq = true;
        row->seat_seq = f->record->seq;
    }
}

static void set_allocation(struct fold *f, PbAllocationRow *row, const PbAllocationEffect *e,
                           bool was_live)
{
    set_ends(f, row, e, was_live);
    row->has_state = row->has_seat_no = true;
    row->state = e->state;
    row->seat_no = e->seat_no;
    row->has_hold_until_ms = e->has_hold_until_ms;
    row->hold_until_ms = e->hold_until_ms;
    if (!e->undone || !allocation_is_terminal(e->state)) {
        row->has_terminal_ms = e->has_terminal_ms;
        row->terminal_ms = e->terminal_ms;
    }
    if (e->has_started_on) {
        row->has_started_on = true;
        row->started_on = e->started_on;
        row->started = started_row(f, e, row->slot_owner);
    }
    if (e->has_result) {
        row->has_result = row->has_ended_on = true;
        row->result = e->result;
        row->ended_on = e->ended_on;
    }
}

/* Who was promoted to this seat last: nobody is put back on it after that (I8). */
static enum sg_err mark_promoted(struct fold *f, const PbAllocationRow *row)
{
    struct key key = {0};
    uint8_t seq[8];
    struct sg_id slot = id_of(row->slot_id);
    sg_put_u64(seq, f->record->seq);
    return table_put(f->txn, TABLE_PROMOTED, key_u8(key_id(&key, &slot), (uint8_t)row->seat_no),
                     (struct sg_bytes){seq, sizeof seq}, f->why);
}

static enum sg_err mark_completed(struct fold *f, const PbAllocationRow *row,
                                  const struct sg_id *id)
{
    struct key key = {0};
    struct sg_id person_id = id_of(row->person_id);
    return fold_mark(f, TABLE_COMPLETIONS, key_id(key_id(&key, &person_id), id));
}

enum sg_err fold_allocation(struct fold *f)
{
    const PbAllocationEffect *e = f->effect->allocation;
    PbAllocationRow *row = NULL, fresh;
    if (!e)
        return SG_OK;
    struct sg_id id = id_of(e->allocation_id);
    enum sg_err err = SG_OK;
    if (e->created)
        err = create_allocation(f, e, row = &fresh);
    else
        err =
            fold_get(f, TABLE_ALLOCATIONS, e->allocation_id, &pb_allocation_row__descriptor, &row);
    if (err)
        return err;
    bool was_live = allocation_is_live(row->state), is_live = allocation_is_live(e->state);
    bool was_waiting = row->state == PB_ALLOCATION_STATE_WAITLISTED;
    bool is_waiting = e->state == PB_ALLOCATION_STATE_WAITLISTED;
    SG_CHECK(e->undone || !allocation_is_terminal(row->state)); /* what has ended stays ended */
    uint32_t old_seat = row->seat_no;
    if (was_waiting && !is_waiting)
        err = move_waiting_row(f, row, true, false, &id);
    set_allocation(f, row, e, was_live);
    if (!err && is_waiting && !was_waiting)
        err = move_waiting_row(f, row, false, true, &id);
    if (!err)
        err = move_seat_row(f, row, was_live, is_live, old_seat, &id);
    if (!err && was_waiting && is_live)
        err = mark_promoted(f, row);
    if (!err)
        err = fold_put(f, TABLE_ALLOCATIONS, e->allocation_id, row);
    if (!err)
        err = move_slot(f, row, is_live - was_live, is_waiting - was_waiting);
    if (!err)
        err = move_person(f, e, was_live, is_live, was_waiting, is_waiting, &id);
    if (!err && e->state == PB_ALLOCATION_STATE_COMPLETED)
        err = mark_completed(f, row, &id);
    if (!err && e->lost_without_fault)
        err = fold_rewrite_waitings(f, NULL, 0);
    return err;
}

/* ---- attendance ---- */

enum sg_err fold_attendance(struct fold *f)
{
    const PbAttendanceEffect *e = f->effect->attendance;
    const PbAttendanceReported *said = f->event->envelope->attendance_reported;
    PbAttendanceRow row;
    struct key key = {0};
    if (!e)
        return SG_OK;
    struct sg_id id = id_of(e->allocation_id);
    pb_attendance_row__init(&row);
    row.has_seq = row.has_to_on = row.has_sessions_held = true;
    row.has_sessions_attended = row.has_absences_excused = true;
    row.seq = f->record->seq;
    row.to_on = day_of(said->to_on);
    row.sessions_held = said->sessions_held;
    row.sessions_attended = said->sessions_attended;
    row.absences_excused = said->absences_excused;
    attendance_key(&key, &id, day_of(said->from_on));
    row.has_before_seq = e->has_before_seq;
    row.before_seq = e->before_seq;
    return row_put(f->txn, TABLE_ATTENDANCE, &key, &row, f->why);
}

/* ---- what goes along with a case ---- */

static enum sg_err move_allocation(struct fold *f, const PbMoveEffect *e)
{
    PbAllocationRow *row = NULL;
    struct key key = {0};
    struct sg_id id = id_of(e->id), to = id_of(e->case_id);
    enum sg_err err = fold_get(f, TABLE_ALLOCATIONS, e->id, &pb_allocation_row__descriptor, &row);
    if (err)
        return err;
    struct sg_id from = id_of(row->case_id);
    err = fold_unmark(f, TABLE_ALLOCATIONS_OF_CASE, key_id(key_id(&key, &from), &id));
    key = (struct key){0};
    if (!err)
        err = fold_mark(f, TABLE_ALLOCATIONS_OF_CASE, key_id(key_id(&key, &to), &id));
    row->case_id = e->case_id;
    row->case_owner = e->case_owner;
    if (!err)
        err = fold_put(f, TABLE_ALLOCATIONS, e->id, row);
    if (err || MUTATED(21, row->state != PB_ALLOCATION_STATE_WAITLISTED, true))
        return err;
    PbCaseRow *c = NULL; /* it waits in the band of the case that it belongs to now */
    struct fold of_person = fold_of_person(f, row->person_id);
    err = fold_get(f, TABLE_CASES, e->case_id, &pb_case_row__descriptor, &c);
    return err ? err : fold_rewrite_waitings(&of_person, &e->case_id, c->priority_band);
}

enum sg_err fold_move(struct fold *f, const PbMoveEffect *e)
{
    PbItemRow *row = NULL;
    struct key key = {0};
    if (!e->item)
        return move_allocation(f, e);
    enum sg_err err = fold_get(f, TABLE_ITEMS, e->id, &pb_item_row__descriptor, &row);
    if (err)
        return err;
    /* The placement may have ended and stay behind: the item is found again through it. */
    struct sg_id to = id_of(e->case_id), holder = id_of(row->allocation_ids[0]);
    err = fold_mark(f, TABLE_ALLOCATIONS_OF_CASE, key_id(key_id(&key, &to), &holder));
    if (err)
        return err;
    row->case_id = e->case_id;
    row->case_owner = e->case_owner;
    return fold_put(f, TABLE_ITEMS, e->id, row);
}
