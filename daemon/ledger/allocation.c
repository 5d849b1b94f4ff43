#include "ledger/allocation.h"

#include "wire/day.h"

#include <stdlib.h>

bool allocation_is_live(PbAllocationState state)
{
    return state >= PB_ALLOCATION_STATE_HELD && state <= PB_ALLOCATION_STATE_OCCUPIED;
}

bool allocation_is_terminal(PbAllocationState state)
{
    return state >= PB_ALLOCATION_STATE_COMPLETED;
}

void waiting_key(struct key *out_key, const struct sg_id *slot_id, const PbWaitKey *wait)
{
    uint32_t lost = wait->lost_without_fault < 0xffff ? wait->lost_without_fault : 0xffff;
    uint32_t more_first = 0xffff - lost;
    *out_key = (struct key){0};
    key_id(out_key, slot_id);
    key_u8(out_key, wait->override ? 0 : 1);
    key_u8(key_u8(out_key, (uint8_t)(more_first >> 8)), (uint8_t)more_first);
    key_u8(out_key, (uint8_t)wait->priority_band);
    key_u64(out_key, wait->requested_seq);
}

enum sg_err free_seat(struct ledger_turn *turn, const struct sg_id *slot_id, const PbSlotRow *slot,
                      uint32_t *out_seat_no, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    uint32_t seat = 1;
    *out_seat_no = 0;
    if (slot->live >= slot->slot->capacity_offered)
        return SG_OK;
    enum sg_err err = cursor_open(&cursor, turn->txn, TABLE_SEATS, why);
    if (!err)
        err = cursor_seek(&cursor, key_id(&prefix, slot_id), why);
    /* Taken seats stand in order: the first hole is the lowest free one. */
    while (!err && cursor.key.ptr && key_starts(cursor.key, &prefix) &&
           cursor.key.ptr[SG_ID_BYTES] == seat) {
        seat++;
        err = cursor_next(&cursor, why);
    }
    if (!err)
        *out_seat_no = seat <= slot->slot->capacity_offered ? seat : 0;
    return err;
}

enum sg_err waiting_position(struct ledger_turn *turn, const struct sg_id *slot_id,
                             const PbWaitKey *wait, uint32_t *out_position, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0}, own;
    uint32_t before = 0;
    waiting_key(&own, slot_id, wait);
    enum sg_err err = cursor_open(&cursor, turn->txn, TABLE_WAITING, why);
    if (!err)
        err = cursor_seek(&cursor, key_id(&prefix, slot_id), why);
    while (!err && cursor.key.ptr && key_starts(cursor.key, &prefix) &&
           memcmp(cursor.key.ptr, own.b, own.len) < 0) {
        before++;
        err = cursor_next(&cursor, why);
    }
    *out_position = before + 1;
    return err;
}

/* ---- changes ---- */

static PbAllocationEffect *allocation_effect(struct decision *d, const struct sg_id *id)
{
    PbAllocationEffect *effect = TAKE(d->turn, PbAllocationEffect);
    pb_allocation_effect__init(effect);
    effect->has_allocation_id = effect->has_state = true;
    effect->allocation_id = data_of(d->turn, id);
    return effect;
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
    follow->case_id = id_of(row->case_id);
    follow->seat->has_seat_no = true;
    follow->seat->seat_no = allocation_is_live(to) ? row->seat_no : 0;
    if (allocation_is_terminal(to)) {
        follow->seat->has_terminal_ms = true;
        follow->seat->terminal_ms = d->turn->block->time_ms;
    }
    return follow;
}

static void set_hold(struct follow *follow, int64_t until_ms)
{
    follow->seat->has_hold_until_ms = true;
    follow->seat->hold_until_ms = until_ms;
}

/* ---- E11 ---- */

/* A request and what was read for it. */
struct request {
    const PbSeatRequested *event;
    struct sg_id case_id, slot_id, person_id;
    PbCaseRow *c;
    PbSlotRow *slot;
    PbPersonRow *person;
    PbAllocationRow *live; /* the live seat of the person, NULL when none */
    struct sg_id live_id;
    bool own_hold; /* it is a hold on this slot that this request accepts */
    bool waived;
    uint32_t seat_no;
};

static enum sg_err read_objects(struct decision *d, struct request *r, struct sg_why *why)
{
    PbObjectRow *object = NULL;
    struct key key = {0};
    struct sg_id request_id = id_of(r->event->request_id);
    enum sg_err err =
        read_row(d->turn, TABLE_CASES, &r->case_id, &pb_case_row__descriptor, &r->c, why);
    if (err)
        return refuse_unknown(d, err, "case_id");
    err = read_row(d->turn, TABLE_SLOTS, &r->slot_id, &pb_slot_row__descriptor, &r->slot, why);
    if (err)
        return refuse_unknown(d, err, "seat_requested.slot_id");
    if (strcmp(r->c->owner, d->source->agency->id) != 0)
        return refuse(d, SG_ST_NOT_OWNER, "case_id", NULL, "a case of your own");
    key_id(key_u8(&key, (uint8_t)d->event->type), &request_id);
    err = row_get(d->turn->txn, TABLE_OBJECTS, &key, &pb_object_row__descriptor, d->turn->arena,
                  &object, why);
    if (err && err != SG_E_NOT_FOUND)
        return err;
    return stated_again(d, object, "seat_requested.request_id");
}

static enum sg_err check_states(struct decision *d, struct request *r)
{
    int64_t now = d->turn->block->time_ms;
    PbSlotState state = slot_state_at(r->slot, now);
    if (r->c->state != PB_CASE_STATE_IN_SERVICE && r->c->state != PB_CASE_STATE_AFTERCARE)
        return refuse(d, SG_ST_BAD_TRANSITION, "case_id", "CASE_STATE",
                      "a case that is IN_SERVICE or AFTERCARE");
    if (r->c->not_ppks)
        return refuse(d, SG_ST_BAD_TRANSITION, "case_id", "NOT_PPKS",
                      "a case whose assessment confirms a need");
    if (state == PB_SLOT_STATE_CANCELLED)
        return refuse(d, SG_ST_SLOT_CANCELLED, "seat_requested.slot_id", NULL, "another slot");
    bool waiting_only = state == PB_SLOT_STATE_REG_CLOSED && r->event->waitlist_ok;
    if (state != PB_SLOT_STATE_OPEN && !waiting_only)
        return refuse(d, SG_ST_SLOT_CLOSED, "seat_requested.slot_id", NULL,
                      "a slot whose registration is open");
    return SG_OK;
}

static enum sg_err check_eligible(struct decision *d, struct request *r, struct sg_why *why)
{
    struct identity identity;
    enum sg_err err = person_identity(d->turn, &r->person_id, &identity, why);
    if (err)
        return err;
    const char *detail = slot_ineligible(r->slot, &identity);
    if (!detail && slot_documents_missing(r->slot, r->event, &r->waived))
        detail = "MISSING_DOCUMENT";
    if (detail)
        return refuse(d, SG_ST_INELIGIBLE, "seat_requested.slot_id", detail,
                      "a person who meets the conditions of the slot");
    if (r->waived)
        warn(d, SG_ST_W_WAIVER);
    return SG_OK;
}

static enum sg_err check_claims(struct decision *d, struct request *r, struct sg_why *why)
{
    enum { WAITINGS_MAX = 3, SLOT_WAITINGS_MAX = 200 };
    if (r->person->has_live_allocation_id) {
        r->live_id = id_of(r->person->live_allocation_id);
        enum sg_err err = read_row(d->turn, TABLE_ALLOCATIONS, &r->live_id,
                                   &pb_allocation_row__descriptor, &r->live, why);
        if (err)
            return err;
        struct sg_id at = id_of(r->live->slot_id);
        r->own_hold = r->live->state == PB_ALLOCATION_STATE_HELD && sg_id_equal(&at, &r->slot_id) &&
                      r->event->person_accepted && d->turn->block->time_ms < r->live->hold_until_ms;
        return r->own_hold
                   ? SG_OK
                   : refuse(d, SG_ST_ACTIVE_PLACEMENT, "case_id", NULL, "a person without a seat");
    }
    for (size_t i = 0; i < r->person->n_waiting_ids; i++) {
        PbAllocationRow *row = NULL;
        struct sg_id id = id_of(r->person->waiting_ids[i]);
        enum sg_err err =
            read_row(d->turn, TABLE_ALLOCATIONS, &id, &pb_allocation_row__descriptor, &row, why);
        if (err)
            return err;
        struct sg_id at = id_of(row->slot_id);
        if (sg_id_equal(&at, &r->slot_id))
            return refuse(d, SG_ST_BAD_TRANSITION, "seat_requested.slot_id", "WAITLISTED",
                          "one place in the waiting list of a slot");
    }
    enum sg_err err = free_seat(d->turn, &r->slot_id, r->slot, &r->seat_no, why);
    bool open = slot_state_at(r->slot, d->turn->block->time_ms) == PB_SLOT_STATE_OPEN;
    if (err)
        return err;
    if (!open)
        r->seat_no = 0; /* REG_CLOSED: the waiting list only */
    if (r->seat_no)
        return SG_OK;
    if (!r->event->waitlist_ok)
        return refuse(d, SG_ST_SLOT_FULL, "seat_requested.slot_id", NULL,
                      "waitlist_ok = true, or another slot");
    if (r->person->n_waiting_ids >= WAITINGS_MAX || r->slot->waiting >= SLOT_WAITINGS_MAX)
        return refuse(d, SG_ST_SLOT_FULL, "seat_requested.slot_id", "WAITLIST_LIMIT",
                      "at most 3 waitings of a person and 200 of a slot");
    return SG_OK;
}

static PbWaitKey *wait_key(struct decision *d, const struct request *r)
{
    PbWaitKey *wait = TAKE(d->turn, PbWaitKey);
    pb_wait_key__init(wait);
    wait->has_override = wait->has_lost_without_fault = true;
    wait->has_priority_band = wait->has_requested_seq = true;
    wait->override = r->event->override == PB_SEAT_REQUESTED__OVERRIDE_PROTECTION;
    wait->lost_without_fault = r->person->lost_without_fault;
    wait->priority_band = r->c->priority_band;
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
    return follow;
}

static enum sg_err claim(struct decision *d, const struct request *r, struct sg_id *out_id,
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
    if (state == PB_ALLOCATION_STATE_HELD) {
        int64_t closes = sg_ms_of(r->slot->slot->registration_closes_at);
        int64_t until = d->turn->block->time_ms + r->slot->slot->hold_hours * SG_HOUR_MS;
        set_hold(follow, until < closes ? until : closes);
    }
    return SG_OK;
}

/* The slot as it will stand once the change of the seat, which follows, is folded. */
static void tell_version(struct decision *d, const PbSlotRow *slot)
{
    d->effect->has_aggregate_version = true;
    d->effect->aggregate_version = slot->version + 1;
}

enum sg_err decide_seat_requested(struct decision *d, struct sg_why *why)
{
    struct request r = {.event = d->event->envelope->seat_requested};
    struct sg_id request_id = id_of(r.event->request_id), allocation_id;
    r.case_id = id_of(d->event->envelope->case_id);
    r.slot_id = id_of(r.event->slot_id);
    enum sg_err err = read_objects(d, &r, why);
    if (err || d->fault->code || d->duplicate)
        return err;
    r.person_id = id_of(r.c->person_id);
    err = check_states(d, &r);
    if (!err && !d->fault->code)
        err = check_eligible(d, &r, why);
    if (!err && !d->fault->code)
        err = person_of_case(d, &r.person_id, &r.person, why);
    if (!err && !d->fault->code)
        err = check_claims(d, &r, why);
    if (err || d->fault->code)
        return err;

    add_reader(d, r.c->owner, RELATION_CASE_OWNER);
    if (r.own_hold) {
        allocation_id = r.live_id;
        (void)change_seat(d, &r.live_id, r.live, PB_ALLOCATION_STATE_RESERVED,
                          PB_SEAT_CHANGE_RESERVED);
    } else {
        err = claim(d, &r, &allocation_id, why);
    }
    if (err)
        return err;
    state_object(d, &request_id);
    d->effect->has_minted_allocation_id = true;
    d->effect->minted_allocation_id = data_of(d->turn, &allocation_id);
    tell_version(d, r.slot);
    return SG_OK;
}

/* ---- E12 ---- */

/* What an E12 does to an allocation; an empty cell (0) is refused with E_BAD_TRANSITION. */
static const PbAllocationState moves[PB_ALLOCATION_STATE_VOIDED +
                                     1][PB_SEAT_DECISION_DECLINED_BY_PROVIDER + 1] = {
    /* clang-format off */
    [PB_ALLOCATION_STATE_HELD] = {
        [PB_SEAT_DECISION_PERSON_ACCEPTED] = PB_ALLOCATION_STATE_RESERVED,
        [PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER] = PB_ALLOCATION_STATE_RELEASED,
        [PB_SEAT_DECISION_DECLINED_BY_PROVIDER] = PB_ALLOCATION_STATE_RELEASED},
    [PB_ALLOCATION_STATE_RESERVED] = {
        [PB_SEAT_DECISION_CONFIRMED] = PB_ALLOCATION_STATE_CONFIRMED,
        [PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER] = PB_ALLOCATION_STATE_RELEASED,
        [PB_SEAT_DECISION_DECLINED_BY_PROVIDER] = PB_ALLOCATION_STATE_RELEASED},
    [PB_ALLOCATION_STATE_CONFIRMED] = {
        [PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER] = PB_ALLOCATION_STATE_RELEASED},
    [PB_ALLOCATION_STATE_WAITLISTED] = {
        [PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER] = PB_ALLOCATION_STATE_RELEASED},
}; /* clang-format on */

static PbSeatChange change_to(PbAllocationState state)
{
    static const PbSeatChange changes[] = {
        [PB_ALLOCATION_STATE_RESERVED] = PB_SEAT_CHANGE_RESERVED,
        [PB_ALLOCATION_STATE_CONFIRMED] = PB_SEAT_CHANGE_CONFIRMED,
        [PB_ALLOCATION_STATE_RELEASED] = PB_SEAT_CHANGE_RELEASED,
    };
    return changes[state];
}

/* A person who accepts too late gets a new seat if one is free and nobody waits. */
static enum sg_err grant_again(struct decision *d, const PbAllocationRow *row, struct sg_why *why)
{
    struct request r = {.slot_id = id_of(row->slot_id), .case_id = id_of(row->case_id)};
    PbSeatRequested as_if;
    pb_seat_requested__init(&as_if);
    as_if.person_accepted = true;
    as_if.request_id = row->request_id;
    r.event = &as_if;
    r.person_id = id_of(row->person_id);
    r.waived = row->waived;
    enum sg_err err =
        read_row(d->turn, TABLE_SLOTS, &r.slot_id, &pb_slot_row__descriptor, &r.slot, why);
    if (!err)
        err = read_row(d->turn, TABLE_CASES, &r.case_id, &pb_case_row__descriptor, &r.c, why);
    if (!err)
        err = person_of_case(d, &r.person_id, &r.person, why);
    if (!err)
        err = free_seat(d->turn, &r.slot_id, r.slot, &r.seat_no, why);
    if (err)
        return err;
    PbSlotState state = slot_state_at(r.slot, d->turn->block->time_ms);
    bool open =
        state == PB_SLOT_STATE_OPEN || (state != PB_SLOT_STATE_CANCELLED &&
                                        slot_takes_late_entry(r.slot, d->turn->block->time_ms));
    if (!r.seat_no || r.slot->waiting || !open || r.person->has_live_allocation_id)
        return refuse(d, SG_ST_BAD_TRANSITION, "seat_decided.allocation_id", "EXPIRED",
                      "a hold that has not run out; ask for a seat again");
    struct sg_id new_id;
    err = claim(d, &r, &new_id, why);
    d->effect->has_minted_allocation_id = true;
    d->effect->minted_allocation_id = data_of(d->turn, &new_id);
    tell_version(d, r.slot);
    return err;
}

static enum sg_err check_side(struct decision *d, const PbAllocationRow *row)
{
    PbSeatDecision decision = d->event->envelope->seat_decided->decision;
    bool providers =
        decision == PB_SEAT_DECISION_CONFIRMED || decision == PB_SEAT_DECISION_DECLINED_BY_PROVIDER;
    const char *side = providers ? row->slot_owner : row->case_owner;
    if (strcmp(side, d->source->agency->id) == 0)
        return SG_OK;
    return refuse(d, SG_ST_NOT_OWNER, "seat_decided.decision",
                  providers ? "SLOT_OWNER" : "CASE_OWNER",
                  providers ? "this decision from the owner of the slot"
                            : "this decision from the owner of the case");
}

static enum sg_err move_seat(struct decision *d, const struct sg_id *id, const PbAllocationRow *row,
                             struct sg_why *why)
{
    const PbSeatDecided *e = d->event->envelope->seat_decided;
    PbAllocationState to = moves[row->state][e->decision];
    bool late = row->state == PB_ALLOCATION_STATE_HELD && to == PB_ALLOCATION_STATE_RESERVED &&
                d->turn->block->time_ms >= row->hold_until_ms;
    if (to == PB_ALLOCATION_STATE_UNSPECIFIED || late)
        return refuse(
            d, SG_ST_BAD_TRANSITION, "seat_decided.allocation_id",
            protobuf_c_enum_descriptor_get_value(&pb_allocation_state__descriptor, (int)row->state)
                ->name,
            "a decision that fits the state of the seat");
    struct follow *follow = change_seat(d, id, row, to, change_to(to));
    if (e->decision == PB_SEAT_DECISION_DECLINED_BY_PROVIDER &&
        e->declined_by == PB_DECLINED_BY_RECEIVER)
        follow->seat->has_lost_without_fault = follow->seat->lost_without_fault = true;
    PbSlotRow *slot = NULL;
    enum sg_err err =
        read_row(d->turn, TABLE_SLOTS, &follow->slot_id, &pb_slot_row__descriptor, &slot, why);
    if (!err)
        tell_version(d, slot);
    return err;
}

enum sg_err decide_seat_decided(struct decision *d, struct sg_why *why)
{
    const PbSeatDecided *e = d->event->envelope->seat_decided;
    struct sg_id id = id_of(e->allocation_id);
    PbAllocationRow *row = NULL;
    PbPersonRow *person = NULL;
    enum sg_err err =
        read_row(d->turn, TABLE_ALLOCATIONS, &id, &pb_allocation_row__descriptor, &row, why);
    if (err)
        return refuse_unknown(d, err, "seat_decided.allocation_id");
    err = check_side(d, row);
    if (err || d->fault->code)
        return err;
    struct sg_id person_id = id_of(row->person_id);
    add_reader(d, row->case_owner, RELATION_CASE_OWNER);
    add_reader(d, row->slot_owner,
               row->state == PB_ALLOCATION_STATE_WAITLISTED ? RELATION_PROVIDER_WAITING
                                                            : RELATION_PROVIDER);
    err = person_of_case(d, &person_id, &person, why);
    if (err)
        return err;
    if (row->state == PB_ALLOCATION_STATE_EXPIRED &&
        e->decision == PB_SEAT_DECISION_PERSON_ACCEPTED)
        return grant_again(d, row, why);
    return move_seat(d, &id, row, why);
}

/* ---- promotion ---- */

static int64_t promotion_hold(const PbSlotRow *slot, int64_t now)
{
    int64_t until = now + 48 * SG_HOUR_MS;
    int64_t evening = slot_start_ms(slot) - 7 * SG_HOUR_MS; /* 17:00 WIB of the day before */
    if (now >= evening)
        return now + 24 * SG_HOUR_MS;
    return until < evening ? until : evening;
}

static enum sg_err may_be_promoted(struct ledger_turn *turn, const PbSlotRow *slot,
                                   const PbAllocationRow *row, bool *out_may, struct sg_why *why)
{
    struct sg_id person_id = id_of(row->person_id);
    PbPersonRow *person = NULL;
    struct identity identity;
    *out_may = false;
    enum sg_err err =
        read_row(turn, TABLE_PERSONS, &person_id, &pb_person_row__descriptor, &person, why);
    if (err || person->has_live_allocation_id)
        return err;
    err = person_identity(turn, &person_id, &identity, why);
    if (!err)
        *out_may = slot_ineligible(slot, &identity) == NULL;
    return err;
}

/* The first in order who may have the seat; *out_row NULL when there is none. */
static enum sg_err first_in_line(struct ledger_turn *turn, const struct sg_id *slot_id,
                                 const PbSlotRow *slot, struct sg_id *out_id,
                                 PbAllocationRow **out_row, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    *out_row = NULL;
    enum sg_err err = cursor_open(&cursor, turn->txn, TABLE_WAITING, why);
    if (!err)
        err = cursor_seek(&cursor, key_id(&prefix, slot_id), why);
    while (!err && cursor.key.ptr && key_starts(cursor.key, &prefix)) {
        PbAllocationRow *row = NULL;
        bool may = false;
        size_t used = turn->arena->used; /* what is read of those who may not is dropped again */
        if (sg_id_from(cursor.value, out_id) != SG_OK)
            return sg_fail(why, SG_E_STORE, "waiting: a row without an id");
        err = read_row(turn, TABLE_ALLOCATIONS, out_id, &pb_allocation_row__descriptor, &row, why);
        if (!err)
            err = may_be_promoted(turn, slot, row, &may, why);
        if (!err && may) {
            *out_row = row;
            return SG_OK;
        }
        if (!err) {
            sg_arena_reset(turn->arena, used);
            err = cursor_next(&cursor, why);
        }
    }
    return err;
}

enum sg_err promote(struct decision *d, const struct sg_id *slot_id, struct sg_why *why)
{
    PbSlotRow *slot = NULL;
    PbAllocationRow *row = NULL;
    struct sg_id id;
    uint32_t seat_no = 0;
    int64_t now = d->turn->block->time_ms;
    enum sg_err err = read_row(d->turn, TABLE_SLOTS, slot_id, &pb_slot_row__descriptor, &slot, why);
    if (err || slot->cancelled || !slot->waiting || !slot_takes_late_entry(slot, now))
        return err;
    err = free_seat(d->turn, slot_id, slot, &seat_no, why);
    if (!err && seat_no)
        err = first_in_line(d->turn, slot_id, slot, &id, &row, why);
    if (err || !row)
        return err;
    struct follow *follow =
        change_seat(d, &id, row, PB_ALLOCATION_STATE_HELD, PB_SEAT_CHANGE_PROMOTED);
    follow->seat->seat_no = seat_no;
    set_hold(follow, promotion_hold(slot, now));
    struct follow *again = queue(d, FOLLOW_PROMOTE); /* another seat may be free */
    again->slot_id = *slot_id;
    return SG_OK;
}

void queue_waitings(struct decision *d, const PbPersonRow *person)
{
    for (size_t i = 0; i < person->n_waiting_ids; i++) {
        struct follow *follow = queue(d, FOLLOW_WAITING);
        follow->allocation_id = id_of(person->waiting_ids[i]);
    }
}

static int by_key(const void *a, const void *b)
{
    return memcmp(((const struct key *)a)->b + SG_ID_BYTES,
                  ((const struct key *)b)->b + SG_ID_BYTES, 12);
}

/* Slots where the person waits, in order of the waiting entry. */
enum sg_err queue_promotions(struct decision *d, const struct sg_id *slot_id,
                             const struct sg_id *person_id, struct sg_why *why)
{
    enum { WAITINGS_ROOM = 8 };
    struct key keys[WAITINGS_ROOM];
    size_t count = 0;
    PbPersonRow *person = NULL;
    queue(d, FOLLOW_PROMOTE)->slot_id = *slot_id;
    enum sg_err err =
        read_row(d->turn, TABLE_PERSONS, person_id, &pb_person_row__descriptor, &person, why);
    for (size_t i = 0; !err && i < person->n_waiting_ids && count < WAITINGS_ROOM; i++) {
        struct sg_id id = id_of(person->waiting_ids[i]);
        PbAllocationRow *row = NULL;
        err = read_row(d->turn, TABLE_ALLOCATIONS, &id, &pb_allocation_row__descriptor, &row, why);
        if (err)
            break;
        struct sg_id at = id_of(row->slot_id);
        waiting_key(&keys[count++], &at, row->wait);
    }
    if (err)
        return err;
    if (count > 1)
        qsort(keys, count, sizeof keys[0], by_key);
    for (size_t i = 0; i < count; i++)
        memcpy(queue(d, FOLLOW_PROMOTE)->slot_id.b, keys[i].b, SG_ID_BYTES);
    return SG_OK;
}
