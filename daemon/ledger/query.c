/* query.c - the state of now, for views and queries. */
#include "ledger/allocation.h"
#include "ledger/consent.h"
#include "ledger/link.h"

#include "wire/day.h"

static const int64_t access_ends_ms = 30 * SG_DAY_MS;

static uint32_t terms_of(const PbPersonRow *row, int32_t day)
{
    uint32_t terms = 0;
    if (consent_holds(row, PB_CONSENT_RECORDED__SCOPE_SHARE_WITH_PROVIDER, day))
        terms |= TERM_SHARED;
    if (consent_holds(row, PB_CONSENT_RECORDED__SCOPE_SHARE_HEALTH_LIMITS, day))
        terms |= TERM_SHARED_HEALTH;
    if (row->guarded)
        terms |= TERM_GUARDED;
    if (row->restricted)
        terms |= TERM_RESTRICTED;
    return terms;
}

/* The pseudonym of its own person, else of another one who is the same: whoever knows only that one
 * keeps being shown it. */
enum sg_err ledger_person_access(struct txn *txn, const struct sg_id *person_id, const char *agency,
                                 int64_t now_ms, struct person_access *out_access,
                                 struct sg_why *why)
{
    enum { ROW_ROOM = 16384 }; /* a person's row is under 2,000 bytes */
    _Alignas(16) uint8_t room[(LINK_PERSONS_MAX + 2) * ROW_ROOM];
    struct sg_arena arena = {.base = room, .size = sizeof room};
    struct ledger_turn turn = {.txn = txn, .arena = &arena};
    struct person_tree tree;
    PbPersonRow *row = NULL;
    *out_access = (struct person_access){0};
    enum sg_err err = person_tree_read(txn, &arena, person_id, &tree, why);
    if (err)
        return err == SG_E_NOT_FOUND ? SG_OK : err;
    err = person_tree_combine(&turn, &tree, &row, why);
    if (err)
        return err;
    out_access->has_ref = person_tree_ref(&tree, agency, &out_access->ref);
    for (size_t i = 0; i < row->n_cases; i++)
        if (strcmp(row->cases[i]->owner, agency) == 0)
            out_access->transferred = row->cases[i]->transferred;
    out_access->terms = terms_of(row, sg_day_at(now_ms));
    return SG_OK;
}

static bool ended(const PbAllocationRow *row, int64_t now_ms)
{
    return allocation_is_terminal(row->state) && now_ms - row->terminal_ms > access_ends_ms;
}

enum sg_err ledger_person_ended(struct txn *txn, const struct sg_id *allocation_id, int64_t now_ms,
                                bool *out_ended, struct sg_why *why)
{
    _Alignas(16) uint8_t room[16384];
    struct sg_arena arena = {.base = room, .size = sizeof room};
    struct key key = {0};
    PbAllocationRow *row = NULL;
    enum sg_err err = row_get(txn, TABLE_ALLOCATIONS, key_id(&key, allocation_id),
                              &pb_allocation_row__descriptor, &arena, &row, why);
    *out_ended = err == SG_E_NOT_FOUND || (!err && ended(row, now_ms));
    return err == SG_E_NOT_FOUND ? SG_OK : err;
}

/* ---- slots ---- */

static enum sg_err slot_view(struct ledger_turn *turn, const struct sg_id *id, int64_t now_ms,
                             PbSlotView **out_view, struct sg_why *why)
{
    PbSlotRow *row = NULL;
    enum sg_err err = read_row(turn, TABLE_SLOTS, id, &pb_slot_row__descriptor, &row, why);
    if (err)
        return err;
    PbSlotView *view = TAKE(turn, PbSlotView);
    pb_slot_view__init(view);
    view->owner = row->owner;
    view->has_state = view->has_version = view->has_live = view->has_free = view->has_waiting =
        true;
    view->state = slot_state_at(row, now_ms);
    view->version = row->version;
    view->live = row->live;
    view->free = row->slot->capacity_offered - row->live;
    view->waiting = row->waiting;
    view->slot = row->slot;
    *out_view = view;
    return SG_OK;
}

enum sg_err ledger_slots(struct txn *txn, int64_t now_ms, struct sg_bytes cursor_bytes,
                         size_t limit, struct sg_arena *arena, PbSlotView ***out_slots,
                         size_t *out_count, struct sg_bytes *out_next, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct ledger_turn turn = {.txn = txn, .arena = arena};
    struct key from = {0};
    key_u64(&from, cursor_bytes.len == 8 ? sg_get_u64(cursor_bytes.ptr) : UINT64_MAX);
    PbSlotView **slots = take(&turn, limit * sizeof *slots);
    size_t count = 0;
    *out_next = (struct sg_bytes){NULL, 0};
    enum sg_err err = cursor_open(&cursor, txn, TABLE_SLOTS_BY_SEQ, why);
    if (!err)
        err = cursor_seek_back(&cursor, &from, why);
    while (!err && cursor.key.ptr) {
        struct sg_id id;
        if (count == limit) {
            uint8_t *next = take(&turn, 8);
            memcpy(next, cursor.key.ptr, 8);
            *out_next = (struct sg_bytes){next, 8};
            break;
        }
        memcpy(id.b, cursor.value.ptr, SG_ID_BYTES);
        err = slot_view(&turn, &id, now_ms, &slots[count], why);
        if (!err) {
            count++;
            err = cursor_prev(&cursor, why);
        }
    }
    *out_slots = slots;
    *out_count = count;
    return err;
}

/* ---- seats ---- */

static enum sg_err seat_fact_of(struct ledger_turn *turn, const struct sg_id *id, int64_t now_ms,
                                uint32_t position, struct seat_fact *out_fact, struct sg_why *why)
{
    PbAllocationRow *row = NULL;
    struct identity identity;
    enum sg_err err =
        read_row(turn, TABLE_ALLOCATIONS, id, &pb_allocation_row__descriptor, &row, why);
    if (err)
        return err;
    struct sg_id person_id = id_of(row->person_id);
    err = person_identity(turn, &person_id, &identity, why);
    if (err)
        return err;
    PbSeatView *view = TAKE(turn, PbSeatView);
    pb_seat_view__init(view);
    view->has_allocation_id = view->has_state = view->has_seat_no = view->has_case_id = true;
    view->allocation_id = data_of(turn, id);
    view->state = row->state;
    view->seat_no = row->seat_no;
    view->has_hold_until_ms = row->has_hold_until_ms;
    view->hold_until_ms = row->hold_until_ms;
    view->has_waitlist_position = position != 0;
    view->waitlist_position = position;
    view->case_id = row->case_id;
    if (identity.known)
        view->person = person_visible(turn, &identity, now_ms);
    *out_fact = (struct seat_fact){.view = view,
                                   .person_id = person_id,
                                   .case_owner = row->case_owner,
                                   .slot_owner = row->slot_owner,
                                   .person_ended = ended(row, now_ms)};
    return SG_OK;
}

static enum sg_err walk(struct ledger_turn *turn, enum table table, const struct sg_id *slot_id,
                        int64_t now_ms, struct seat_fact *facts, size_t room, size_t *count,
                        struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    uint32_t position = 0;
    enum sg_err err = cursor_under(&cursor, turn->txn, table, key_id(&prefix, slot_id), why);
    while (!err && cursor.key.ptr && *count < room) {
        struct sg_id id;
        memcpy(id.b, cursor.value.ptr, SG_ID_BYTES);
        position += table == TABLE_WAITING;
        err = seat_fact_of(turn, &id, now_ms, position, &facts[(*count)++], why);
        if (!err)
            err = cursor_next(&cursor, why);
    }
    return err;
}

enum sg_err ledger_seats(struct txn *txn, const struct sg_id *slot_id, int64_t now_ms,
                         struct sg_arena *arena, struct seat_fact **out_seats, size_t *out_count,
                         struct sg_why *why)
{
    enum { SEATS_AND_WAITINGS = 300 }; /* 100 seats, 200 who wait */
    struct ledger_turn turn = {.txn = txn, .arena = arena};
    PbSlotRow *row = NULL;
    size_t count = 0;
    enum sg_err err = read_row(&turn, TABLE_SLOTS, slot_id, &pb_slot_row__descriptor, &row, why);
    if (err)
        return err;
    struct seat_fact *facts = take(&turn, SEATS_AND_WAITINGS * sizeof *facts);
    err = walk(&turn, TABLE_SEATS, slot_id, now_ms, facts, SEATS_AND_WAITINGS, &count, why);
    if (!err)
        err = walk(&turn, TABLE_WAITING, slot_id, now_ms, facts, SEATS_AND_WAITINGS, &count, why);
    *out_seats = facts;
    *out_count = count;
    return err;
}
