#include "ledger/allocation.h"

#include "ledger/mutant.h"
#include "wire/day.h"

bool allocation_is_live(PbAllocationState state)
{
    return state >= PB_ALLOCATION_STATE_HELD && state <= PB_ALLOCATION_STATE_OCCUPIED;
}

bool allocation_is_terminal(PbAllocationState state)
{
    return state >= PB_ALLOCATION_STATE_COMPLETED;
}

enum sg_err live_seat(struct ledger_turn *turn, const PbPersonRow *person, struct sg_id *out_id,
                      PbAllocationRow **out_row, struct sg_why *why)
{
    *out_id = id_of(person->live_allocation_id);
    *out_row = NULL;
    return person->has_live_allocation_id ? read_row(turn, TABLE_ALLOCATIONS, out_id,
                                                     &pb_allocation_row__descriptor, out_row, why)
                                          : SG_OK;
}

void waiting_key(struct key *out_key, const struct sg_id *slot_id, const PbWaitKey *wait)
{
    uint32_t lost = wait->lost_without_fault < 0xffff ? wait->lost_without_fault : 0xffff;
    uint32_t more_first = 0xffff - lost;
    *out_key = (struct key){0};
    key_id(out_key, slot_id);
    key_u8(out_key, wait->override ? 0 : 1);
    key_u8(key_u8(out_key, (uint8_t)(more_first >> 8)), (uint8_t)more_first);
    key_u8(out_key, (uint8_t)MUTATED(3, wait->priority_band, 0xff - wait->priority_band));
    key_u64(out_key, wait->requested_seq);
}

void attendance_key(struct key *out_key, const struct sg_id *allocation_id, int32_t from_on)
{
    *out_key = (struct key){0};
    key_u64(key_id(out_key, allocation_id), (uint64_t)((int64_t)from_on + INT32_MAX));
}

enum sg_err free_seat(struct ledger_turn *turn, const struct sg_id *slot_id, const PbSlotRow *slot,
                      uint32_t *out_seat_no, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    uint32_t seat = 1, capacity = slot->slot->capacity_offered + MUTATED(1, 0U, 1U);
    *out_seat_no = 0;
    if (slot->live >= capacity)
        return SG_OK;
    enum sg_err err = cursor_under(&cursor, turn->txn, TABLE_SEATS, key_id(&prefix, slot_id), why);
    /* Taken seats stand in order: the first hole is the lowest free one. */
    while (!err && cursor.key.ptr && cursor.key.ptr[SG_ID_BYTES] == seat) {
        seat++;
        err = cursor_next(&cursor, why);
    }
    if (!err)
        *out_seat_no = seat <= capacity ? seat : 0;
    return err;
}

enum sg_err waiting_position(struct ledger_turn *turn, const struct sg_id *slot_id,
                             const PbWaitKey *wait, uint32_t *out_position, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0}, own;
    uint32_t before = 0;
    waiting_key(&own, slot_id, wait);
    enum sg_err err =
        cursor_under(&cursor, turn->txn, TABLE_WAITING, key_id(&prefix, slot_id), why);
    while (!err && cursor.key.ptr && memcmp(cursor.key.ptr, own.b, own.len) < 0) {
        before++;
        err = cursor_next(&cursor, why);
    }
    *out_position = before + 1;
    return err;
}

/* ---- changes ---- */

PbAllocationEffect *allocation_effect(struct decision *d, const struct sg_id *id)
{
    PbAllocationEffect *effect = TAKE(d->turn, PbAllocationEffect);
    pb_allocation_effect__init(effect);
    effect->has_allocation_id = effect->has_state = true;
    effect->allocation_id = data_of(d->turn, id);
    return effect;
}

/* What the person has claimed last: an E05 that is corrected asks for it. */
static void note_claim(const struct decision *d, PbAllocationEffect *seat)
{
    bool claims = d->event && d->event->type >= 110 && d->event->type <= 112;
    seat->has_claim_type = seat->has_claim_seq = claims;
    seat->claim_type = claims ? d->event->type : 0;
    seat->claim_seq = claims ? d->turn->block->next_seq : 0;
}

/* The case that the seat belongs to once this is decided: a link may just be moving it. */
static struct sg_id case_of_seat(const struct decision *d, const struct sg_id *id,
                                 const PbAllocationRow *row)
{
    for (size_t i = 0; i < d->effect->n_moves; i++) {
        const PbMoveEffect *move = d->effect->moves[i];
        struct sg_id moved = id_of(move->id);
        if (!move->item && sg_id_equal(&moved, id))
            return id_of(move->case_id);
    }
    return id_of(row->case_id);
}

struct follow *change_seat(struct decision *d, const struct sg_id *id, const PbAllocationRow *row,
                           PbAllocationState to, PbSeatChange change)
{
    struct follow *follow = queue(d, FOLLOW_SEAT);
    follow->seat = allocation_effect(d, id);
    follow->seat->state = to;
    follow->before = row;
    follow->change = change;
    follow->slot_id = id_of(row->slot_id);
    follow->person_id = id_of(row->person_id);
    follow->case_id = case_of_seat(d, id, row);
    follow->seat->has_seat_no = true;
    follow->seat->seat_no = allocation_is_live(to) ? row->seat_no : 0;
    note_claim(d, follow->seat);
    if (allocation_is_terminal(to)) {
        follow->seat->has_terminal_ms = true;
        follow->seat->terminal_ms = d->turn->block->time_ms;
    }
    return follow;
}

int64_t seat_hold_until(const PbTrainingSlotOffered *slot, int64_t now_ms)
{
    int64_t closes = sg_ms_of(slot->registration_closes_at);
    int64_t until = now_ms + slot->hold_hours * SG_HOUR_MS;
    return closes > now_ms && closes < until ? closes : until;
}

void seat_set_hold(struct follow *follow, int64_t until_ms)
{
    follow->seat->has_hold_until_ms = true;
    follow->seat->hold_until_ms = until_ms;
}

/* ---- a claim ---- */

static PbWaitKey *wait_key(struct decision *d, const struct seat_request *r)
{
    PbWaitKey *wait = TAKE(d->turn, PbWaitKey);
    pb_wait_key__init(wait);
    if (r->wait)
        *wait = *r->wait;
    wait->has_override = wait->has_lost_without_fault = true;
    wait->has_priority_band = wait->has_requested_seq = true;
    wait->lost_without_fault = r->person->lost_without_fault;
    wait->priority_band = r->c->priority_band;
    if (r->wait)
        return wait;
    wait->override = r->event->override == PB_SEAT_REQUESTED__OVERRIDE_PROTECTION;
    wait->requested_seq = d->turn->block->next_seq; /* the E11 is appended next */
    return wait;
}

static struct follow *new_seat(struct decision *d, const struct sg_id *id, PbAllocationState state,
                               PbSeatChange change)
{
    struct follow *follow = queue(d, FOLLOW_SEAT);
    follow->seat = allocation_effect(d, id);
    follow->seat->has_created = follow->seat->created = true;
    follow->seat->state = state;
    follow->change = change;
    note_claim(d, follow->seat);
    return follow;
}

enum sg_err seat_claim(struct decision *d, const struct seat_request *r, struct sg_id *out_id,
                       struct sg_why *why)
{
    bool waits = r->seat_no == 0, accepted = r->event->person_accepted;
    PbAllocationState state = waits      ? PB_ALLOCATION_STATE_WAITLISTED
                              : accepted ? PB_ALLOCATION_STATE_RESERVED
                                         : PB_ALLOCATION_STATE_HELD;
    PbSeatChange change = waits      ? PB_SEAT_CHANGE_WAITLISTED
                          : accepted ? PB_SEAT_CHANGE_RESERVED
                                     : PB_SEAT_CHANGE_HELD;
    *out_id = mint(d, "seat");
    struct follow *follow = new_seat(d, out_id, state, change);
    PbAllocationEffect *seat = follow->seat;
    follow->slot_id = r->slot_id;
    follow->person_id = r->person_id;
    follow->case_id = r->case_id;
    seat->has_slot_id = seat->has_person_id = seat->has_case_id = seat->has_request_id = true;
    seat->slot_id = data_of(d->turn, &r->slot_id);
    seat->person_id = data_of(d->turn, &r->person_id);
    seat->case_id = data_of(d->turn, &r->case_id);
    seat->request_id = r->event->request_id;
    seat->case_owner = r->c->owner;
    seat->slot_owner = r->slot->owner;
    seat->has_seat_no = seat->has_waived = true;
    seat->seat_no = r->seat_no;
    seat->waived = r->waived;
    seat->wait = wait_key(d, r);
    if (waits)
        return waiting_position(d->turn, &r->slot_id, seat->wait, &follow->position, why);
    if (state == PB_ALLOCATION_STATE_HELD)
        seat_set_hold(follow, seat_hold_until(r->slot->slot, d->turn->block->time_ms));
    return SG_OK;
}

/* The slot as it will stand once the change of the seat, which follows, is folded. */
void tell_slot_version(struct decision *d, const PbSlotRow *slot)
{
    d->effect->has_aggregate_version = true;
    d->effect->aggregate_version = slot->version + 1;
}
