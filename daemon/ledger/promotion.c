/* promotion.c - who comes next: free seats go to those who wait, in the order of waiting. */
#include "ledger/allocation.h"
#include "ledger/consent.h"
#include "ledger/deadline.h"
#include "wire/day.h"

#include <stdlib.h>

static int64_t promotion_hold(const struct ledger_turn *turn, const PbSlotRow *slot, int64_t now)
{
    const struct sg_time_limits *limits = limits_of(turn);
    int64_t until = now + limits->hold_promoted_hours * SG_HOUR_MS;
    int64_t evening = slot_start_ms(slot) - 7 * SG_HOUR_MS; /* 17:00 WIB of the day before */
    if (now >= evening)
        return now + limits->hold_started_hours * SG_HOUR_MS;
    return until < evening ? until : evening;
}

enum sg_err may_have_seat(struct ledger_turn *turn, const PbSlotRow *slot,
                          const struct sg_id *person_id, bool *out_may, struct sg_why *why)
{
    PbPersonRow *person = NULL;
    struct identity identity;
    *out_may = false;
    enum sg_err err = person_combined(turn, person_id, &person, why);
    if (err || person->has_live_allocation_id || person->minor || person->age_doubt ||
        person->restricted ||
        !consent_holds(person, PB_CONSENT_RECORDED__SCOPE_SHARE_WITH_PROVIDER,
                       sg_day_at(turn->block->time_ms)))
        return err;
    err = person_identity(turn, person_id, &identity, why);
    if (!err)
        *out_may =
            slot_ineligible(slot, &identity) == NULL && slot_course_taken(slot, person) == NULL;
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
    enum sg_err err =
        cursor_under(&cursor, turn->txn, TABLE_WAITING, key_id(&prefix, slot_id), why);
    while (!err && cursor.key.ptr) {
        PbAllocationRow *row = NULL;
        bool may = false;
        size_t used = turn->arena->used; /* what is read of those who may not is dropped again */
        if (sg_id_from(cursor.value, out_id) != SG_OK)
            return sg_fail(why, SG_E_STORE, "waiting: a row without an id");
        err = read_row(turn, TABLE_ALLOCATIONS, out_id, &pb_allocation_row__descriptor, &row, why);
        struct sg_id person_id = err ? (struct sg_id){{0}} : id_of(row->person_id);
        if (!err)
            err = may_have_seat(turn, slot, &person_id, &may, why);
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
    seat_set_hold(follow, promotion_hold(d->turn, slot, now));
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
    enum { WAITINGS_ROOM = 4 * LINK_PERSONS_MAX };
    struct key keys[WAITINGS_ROOM];
    size_t count = 0;
    PbPersonRow *person = NULL;
    queue(d, FOLLOW_PROMOTE)->slot_id = *slot_id;
    enum sg_err err = person_combined(d->turn, person_id, &person, why);
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

/* A waiting entry whose turn may have come by something that changed about its person. */
enum sg_err promote_waiting(struct decision *d, const struct follow *f, struct sg_why *why)
{
    PbAllocationRow *row = NULL;
    enum sg_err err = read_row(d->turn, TABLE_ALLOCATIONS, &f->allocation_id,
                               &pb_allocation_row__descriptor, &row, why);
    if (err || row->state != PB_ALLOCATION_STATE_WAITLISTED)
        return err;
    struct sg_id slot_id = id_of(row->slot_id);
    return promote(d, &slot_id, why);
}

/* ---- another slot instead of a cancelled one ---- */

static enum sg_err waits_at(struct ledger_turn *turn, const PbPersonRow *person,
                            const struct sg_id *slot_id, bool *out_waits, struct sg_why *why)
{
    *out_waits = false;
    for (size_t i = 0; i < person->n_waiting_ids; i++) {
        struct sg_id id = id_of(person->waiting_ids[i]), at;
        PbAllocationRow *row = NULL;
        enum sg_err err =
            read_row(turn, TABLE_ALLOCATIONS, &id, &pb_allocation_row__descriptor, &row, why);
        if (err)
            return err;
        at = id_of(row->slot_id);
        *out_waits |= sg_id_equal(&at, slot_id);
    }
    return SG_OK;
}

/* A held seat while there is one, else a place in the waiting list, whatever its length. The place
 * in the order is the one that the person had. */
enum sg_err offer_alternative(struct decision *d, const struct follow *f, struct sg_why *why)
{
    PbAllocationRow *lost = NULL;
    PbSeatRequested as_if;
    struct seat_request r = {.event = &as_if, .slot_id = f->slot_id};
    bool may = false, waits = false;
    struct sg_id id;
    pb_seat_requested__init(&as_if);
    enum sg_err err = read_row(d->turn, TABLE_ALLOCATIONS, &f->allocation_id,
                               &pb_allocation_row__descriptor, &lost, why);
    if (!err)
        err = read_row(d->turn, TABLE_SLOTS, &r.slot_id, &pb_slot_row__descriptor, &r.slot, why);
    if (err)
        return err;
    r.case_id = id_of(lost->case_id);
    r.person_id = id_of(lost->person_id);
    as_if.request_id = lost->request_id;
    err = read_row(d->turn, TABLE_CASES, &r.case_id, &pb_case_row__descriptor, &r.c, why);
    if (!err)
        err = person_combined(d->turn, &r.person_id, &r.person, why);
    if (!err)
        err = may_have_seat(d->turn, r.slot, &r.person_id, &may, why);
    if (!err && may)
        err = waits_at(d->turn, r.person, &r.slot_id, &waits, why);
    if (!err && may && !waits)
        err = free_seat(d->turn, &r.slot_id, r.slot, &r.seat_no, why);
    if (err || !may || waits)
        return err;
    r.wait = lost->wait;
    r.waived = lost->waived;
    return seat_claim(d, &r, &id, why);
}
