/* deadline.c - what happens by itself when its time has come. Source: domain 8.6, T05. */
#include "ledger/allocation.h"

/* A due row, read whole before anything is written. */
struct due {
    int64_t due_ms;
    char rule[16];
    struct sg_id id;
};

static bool parse_key(struct sg_bytes key, struct due *out)
{
    const uint8_t *nul = key.len > 8 ? memchr(key.ptr + 8, 0, key.len - 8) : NULL;
    size_t rule_len = nul ? (size_t)(nul - key.ptr) - 8 : 0;
    if (!nul || rule_len >= sizeof out->rule || key.len != 8 + rule_len + 1 + SG_ID_BYTES)
        return false;
    out->due_ms = (int64_t)sg_get_u64(key.ptr);
    memcpy(out->rule, key.ptr + 8, rule_len + 1);
    memcpy(out->id.b, nul + 1, SG_ID_BYTES);
    return true;
}

static enum sg_err first_due(struct txn *txn, struct due *out, bool *out_found, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    enum sg_err err = cursor_open(&cursor, txn, TABLE_DEADLINES, why);
    if (!err)
        err = cursor_first(&cursor, why);
    *out_found = !err && cursor.key.ptr;
    if (*out_found && !parse_key(cursor.key, out))
        return sg_fail(why, SG_E_STORE, "deadlines: a key that is none");
    return err;
}

enum sg_err ledger_next_due(struct txn *txn, int64_t *out_due_ms, struct sg_why *why)
{
    struct due due;
    bool found;
    enum sg_err err = first_due(txn, &due, &found, why);
    *out_due_ms = !err && found ? due.due_ms : INT64_MAX;
    return err;
}

static void begin(struct decision *d, struct ledger_turn *turn, const struct due *due)
{
    uint8_t seed[SG_ID_BYTES + 8];
    memcpy(seed, due->id.b, SG_ID_BYTES);
    sg_put_u64(seed + SG_ID_BYTES, (uint64_t)due->due_ms);
    sg_hash((struct sg_bytes){seed, sizeof seed}, d->cause.digest);
    decision_begin(d, turn);
}

static enum sg_err hold_due(struct decision *d, const struct due *due, struct sg_why *why)
{
    PbAllocationRow *row = NULL;
    enum sg_err err =
        read_row(d->turn, TABLE_ALLOCATIONS, &due->id, &pb_allocation_row__descriptor, &row, why);
    if (err || row->state != PB_ALLOCATION_STATE_HELD)
        return err ? err : sg_fail(why, SG_E_STORE, "a hold deadline without a hold");
    if (due->due_ms >= row->hold_until_ms) {
        (void)change_seat(d, &due->id, row, PB_ALLOCATION_STATE_EXPIRED, PB_SEAT_CHANGE_EXPIRED);
        return run_follows(d, why);
    }
    struct follow *notice = queue(d, FOLLOW_DEADLINE);
    PbAllocationEffect *seat = TAKE(d->turn, PbAllocationEffect);
    pb_allocation_effect__init(seat);
    seat->has_allocation_id = seat->has_warned = seat->warned = true;
    seat->allocation_id = data_of(d->turn, &due->id);
    notice->seat = seat;
    notice->case_id = id_of(row->case_id);
    notice->person_id = id_of(row->person_id);
    notice->owner = row->case_owner;
    notice->due_ms = row->hold_until_ms;
    return run_follows(d, why);
}

/* The end of late entry: whoever still waits, waits no longer. One at a time, in order. */
static enum sg_err waiting_due(struct decision *d, const struct due *due, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    struct sg_id id;
    PbAllocationRow *row = NULL;
    enum sg_err err = cursor_open(&cursor, d->turn->txn, TABLE_WAITING, why);
    if (!err)
        err = cursor_seek(&cursor, key_id(&prefix, &due->id), why);
    if (err)
        return err;
    if (!cursor.key.ptr || !key_starts(cursor.key, &prefix) ||
        sg_id_from(cursor.value, &id) != SG_OK)
        return sg_fail(why, SG_E_STORE, "a waiting-list deadline without a waiting list");
    err = read_row(d->turn, TABLE_ALLOCATIONS, &id, &pb_allocation_row__descriptor, &row, why);
    if (err)
        return err;
    memcpy(d->cause.digest, id.b, SG_ID_BYTES); /* each of them is a cause of its own */
    cursor_done(&cursor);
    (void)change_seat(d, &id, row, PB_ALLOCATION_STATE_EXPIRED, PB_SEAT_CHANGE_EXPIRED);
    return run_follows(d, why);
}

static const struct {
    const char *rule;
    enum sg_err (*run)(struct decision *d, const struct due *due, struct sg_why *why);
} rules[] = {{RULE_HOLD, hold_due}, {RULE_WAITING_END, waiting_due}};

static enum sg_err run_due(struct ledger_turn *turn, const struct due *due, struct sg_why *why)
{
    struct sg_fault fault = {0};
    struct decision d = {.fault = &fault};
    begin(&d, turn, due);
    for (size_t i = 0; i < SG_ARRAY_LEN(rules); i++)
        if (strcmp(rules[i].rule, due->rule) == 0)
            return rules[i].run(&d, due, why);
    return sg_fail(why, SG_E_STORE, "deadlines: no rule '%s'", due->rule);
}

enum sg_err ledger_due(struct ledger_turn *turn, unsigned limit, bool *out_more, struct sg_why *why)
{
    enum { STEP_BYTES = 1 << 20 };
    enum sg_err err = SG_OK;
    struct due due;
    bool found = true;
    *out_more = false;
    for (unsigned i = 0; !err; i++) {
        err = first_due(turn->txn, &due, &found, why);
        if (err || !found || due.due_ms > turn->block->time_ms)
            return err;
        if (i == limit) {
            *out_more = true;
            return SG_OK;
        }
        if (turn->arena->size - turn->arena->used < STEP_BYTES)
            return sg_fail(why, SG_E_LIMIT, "the arena of the turn is full");
        err = run_due(turn, &due, why);
    }
    return err;
}
