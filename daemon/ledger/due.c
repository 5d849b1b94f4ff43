/* due.c - what happens by itself when its time has come. Source: domain 8.6. */
#include "ledger/allocation.h"
#include "ledger/deadline.h"
#include "ledger/mutant.h"
#include "ledger/parking.h"
#include "ledger/presence.h"
#include "wire/day.h"

/* A row of the table due, and the deadline that it stands for. */
struct due {
    int64_t due_ms;
    char rule[16];
    struct sg_id id;
    PbDeadlineRow *row;
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

/* When the level is really reached: the responsible's time without a connection does not count
 * once level 1 was told. INT64_MAX while it has none. What follows level 1 of T07 takes the seat:
 * down time never changes seats. */
static enum sg_err reached_at(struct ledger_turn *turn, const struct due *due, int64_t now_ms,
                              int64_t *out_ms, struct sg_why *why)
{
    struct presence presence;
    bool seat = MUTATED(18, strcmp(due->rule, RULE_START) == 0, false);
    *out_ms = due->due_ms;
    if (!due->row->has_down_base_ms || !due->row->responsible || seat)
        return SG_OK;
    enum sg_err err = presence_of(turn, due->row->responsible, now_ms, &presence, why);
    if (err || !presence.known)
        return err;
    *out_ms =
        presence.down ? INT64_MAX : due->due_ms + presence.down_total_ms - due->row->down_base_ms;
    return SG_OK;
}

static enum sg_err read_due(struct ledger_turn *turn, struct sg_bytes bytes, struct due *out,
                            struct sg_why *why)
{
    struct key key = {0};
    if (!parse_key(bytes, out))
        return sg_fail(why, SG_E_STORE, "due: a key that is none");
    key_text(key_id(&key, &out->id), out->rule);
    enum sg_err err = row_get(turn->txn, TABLE_DEADLINES, &key, &pb_deadline_row__descriptor,
                              turn->arena, &out->row, why);
    return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "due: a row without its deadline")
                                 : err;
}

/* The first that is reached at now_ms; *out_next_ms: when the next one is, if none. */
static enum sg_err first_reached(struct ledger_turn *turn, int64_t now_ms, struct due *out,
                                 bool *out_found, int64_t *out_next_ms, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    *out_found = false;
    *out_next_ms = INT64_MAX;
    enum sg_err err = cursor_open(&cursor, turn->txn, TABLE_DUE, why);
    if (!err)
        err = cursor_first(&cursor, why);
    while (!err && cursor.key.ptr) {
        int64_t at = (int64_t)sg_get_u64(cursor.key.ptr);
        if (at > now_ms) { /* the others come later still */
            *out_next_ms = at < *out_next_ms ? at : *out_next_ms;
            return SG_OK;
        }
        size_t used = turn->arena->used;
        err = read_due(turn, cursor.key, out, why);
        if (!err)
            err = reached_at(turn, out, now_ms, &at, why);
        if (err)
            return err;
        if (at <= now_ms) {
            *out_found = true;
            return SG_OK;
        }
        *out_next_ms = at < *out_next_ms ? at : *out_next_ms;
        sg_arena_reset(turn->arena, used);
        err = cursor_next(&cursor, why);
    }
    return err;
}

/* ---- T15: an agency that is silent ---- */

static const uint32_t speaking = SG_CAP(PB_CAPABILITY_REFERRER) | SG_CAP(PB_CAPABILITY_CASE_OWNER) |
                                 SG_CAP(PB_CAPABILITY_TRAINING_PROVIDER) |
                                 SG_CAP(PB_CAPABILITY_EQUIPMENT_PROVIDER);

static enum sg_err silence_told(struct ledger_turn *turn, const struct sg_id *id, bool *out_told,
                                struct sg_why *why)
{
    struct key key = {0};
    struct sg_bytes row;
    key_text(key_id(&key, id), RULE_SILENT);
    enum sg_err err = table_get(turn->txn, TABLE_DEADLINES, &key, &row, NULL);
    *out_told = err == SG_OK;
    return err && err != SG_E_NOT_FOUND ? sg_fail(why, err, "deadlines cannot be read") : SG_OK;
}

/* The agency whose silence is reached first and is not told yet; NULL when there is none. */
static enum sg_err first_silent(struct ledger_turn *turn, int64_t now_ms,
                                const struct sg_agency **out_agency, int64_t *out_ms,
                                struct sg_why *why)
{
    const struct sg_roster *roster = turn->world->roster;
    *out_agency = NULL;
    *out_ms = INT64_MAX;
    for (size_t i = 0; i < roster->agency_count; i++) {
        const struct sg_agency *agency = &roster->agencies[i];
        struct presence presence;
        struct sg_id id = agency_id_of(agency->id);
        bool told = false;
        if (!(agency->capabilities & speaking))
            continue;
        enum sg_err err = presence_of(turn, agency->id, now_ms, &presence, why);
        if (!err && presence.down)
            err = silence_told(turn, &id, &told, why);
        if (err)
            return err;
        if (!presence.down || told)
            continue;
        int64_t at = silent_at(turn->world, agency, &presence);
        if (at < *out_ms) {
            *out_agency = agency;
            *out_ms = at;
        }
    }
    return SG_OK;
}

enum sg_err ledger_next_due(struct ledger_turn *turn, int64_t *out_due_ms, struct sg_why *why)
{
    struct due due;
    bool found;
    int64_t next_ms, silent_ms;
    const struct sg_agency *agency;
    int64_t now = turn->block->time_ms;
    size_t used = turn->arena->used;
    *out_due_ms = INT64_MAX;
    enum sg_err err = first_reached(turn, now, &due, &found, &next_ms, why);
    if (!err)
        err = first_silent(turn, now, &agency, &silent_ms, why);
    if (err)
        return err;
    next_ms = found ? now : next_ms;
    *out_due_ms = next_ms < silent_ms ? next_ms : silent_ms;
    sg_arena_reset(turn->arena, used);
    return SG_OK;
}

/* ---- what happens ---- */

static void begin(struct decision *d, struct ledger_turn *turn, const struct sg_id *id,
                  int64_t due_ms)
{
    uint8_t seed[SG_ID_BYTES + 8];
    memcpy(seed, id->b, SG_ID_BYTES);
    sg_put_u64(seed + SG_ID_BYTES, (uint64_t)due_ms);
    sg_hash((struct sg_bytes){seed, sizeof seed}, d->cause->digest);
    decision_begin(d, turn);
}

/* The next level is told. */
static enum sg_err tell_level(struct decision *d, const struct due *due, struct sg_why *why)
{
    int64_t now = d->turn->block->time_ms;
    struct presence presence = {0};
    PbDeadlineRow *row = due->row;
    uint32_t level = row->first_level + row->reached;
    enum sg_err err = SG_OK;
    if (row->responsible && level >= 1)
        err = presence_of(d->turn, row->responsible, now, &presence, why);
    if (err)
        return err;
    struct follow *notice = queue(d, FOLLOW_DEADLINE);
    notice->rule = due->rule;
    notice->object_id = due->id;
    notice->level = level;
    notice->down_ms = presence.down ? now - presence.down_since_ms : 0;
    if (level == 1) {
        row->has_down_base_ms = true;
        row->down_base_ms = presence.down_total_ms;
    } else if (row->has_down_base_ms) {
        notice->down_ms = presence.down_total_ms - row->down_base_ms;
    }
    row->has_reached = true;
    row->reached++;
    notice->set = deadline_effect(d->turn, due->rule, &due->id);
    notice->set->row = row;
    notice->deadline = row;
    return run_follows(d, why);
}

static bool is_last_level(const struct due *due)
{
    return due->row->reached + 1 == due->row->n_levels_ms;
}

/* The last level takes the seat back. */
static enum sg_err seat_due(struct decision *d, const struct due *due, PbAllocationState to,
                            PbSeatChange change, struct sg_why *why)
{
    PbAllocationRow *row = NULL;
    if (!is_last_level(due))
        return tell_level(d, due, why);
    enum sg_err err =
        read_row(d->turn, TABLE_ALLOCATIONS, &due->id, &pb_allocation_row__descriptor, &row, why);
    if (err)
        return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "a deadline without its seat")
                                     : err;
    change_seat(d, &due->id, row, to, change)->by_time = true;
    return run_follows(d, why);
}

static enum sg_err hold_due(struct decision *d, const struct due *due, struct sg_why *why)
{
    return seat_due(d, due, PB_ALLOCATION_STATE_EXPIRED, PB_SEAT_CHANGE_EXPIRED, why);
}

static enum sg_err start_due(struct decision *d, const struct due *due, struct sg_why *why)
{
    return seat_due(d, due, PB_ALLOCATION_STATE_FORFEITED, PB_SEAT_CHANGE_FORFEITED, why);
}

/* The end of late entry: whoever still waits, waits no longer. One at a time, in order. */
static enum sg_err waiting_due(struct decision *d, const struct due *due, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    struct sg_id id;
    PbAllocationRow *row = NULL;
    enum sg_err err =
        cursor_under(&cursor, d->turn->txn, TABLE_WAITING, key_id(&prefix, &due->id), why);
    if (err)
        return err;
    if (!cursor.key.ptr || sg_id_from(cursor.value, &id) != SG_OK)
        return sg_fail(why, SG_E_STORE, "a waiting-list deadline without a waiting list");
    err = read_row(d->turn, TABLE_ALLOCATIONS, &id, &pb_allocation_row__descriptor, &row, why);
    if (err)
        return err;
    memcpy(d->cause->digest, id.b, SG_ID_BYTES); /* each of them is a cause of its own */
    cursor_done(&cursor);
    change_seat(d, &id, row, PB_ALLOCATION_STATE_EXPIRED, PB_SEAT_CHANGE_EXPIRED)->by_time = true;
    return run_follows(d, why);
}

static enum sg_err parked_due(struct decision *d, const struct due *due, struct sg_why *why)
{
    enum sg_err err = park_timeout(d, sg_get_u64(due->id.b + 8), why);
    return err ? err : run_follows(d, why);
}

static enum sg_err run_due(struct ledger_turn *turn, const struct due *due, struct sg_why *why)
{
    static const struct {
        const char *rule;
        enum sg_err (*run)(struct decision *d, const struct due *due, struct sg_why *why);
    } rules[] = {{RULE_HOLD, hold_due},
                 {RULE_START, start_due},
                 {RULE_WAITING_END, waiting_due},
                 {RULE_PARKED, parked_due}};
    struct sg_fault fault = {0};
    struct decision d = {.fault = &fault, .cause = TAKE(turn, struct cause)};
    begin(&d, turn, &due->id, due->due_ms);
    for (size_t i = 0; i < SG_ARRAY_LEN(rules); i++)
        if (strcmp(rules[i].rule, due->rule) == 0)
            return rules[i].run(&d, due, why);
    return tell_level(&d, due, why);
}

static enum sg_err run_silent(struct ledger_turn *turn, const struct sg_agency *agency,
                              int64_t at_ms, struct sg_why *why)
{
    struct sg_fault fault = {0};
    struct decision d = {.fault = &fault, .cause = TAKE(turn, struct cause)};
    struct due due = {.due_ms = at_ms, .rule = RULE_SILENT, .id = agency_id_of(agency->id)};
    PbDeadlineRow *row = due.row = TAKE(turn, PbDeadlineRow);
    pb_deadline_row__init(row);
    begin(&d, turn, &due.id, at_ms);
    row->has_aggregate_type = row->has_first_level = row->has_due_ms = true;
    row->aggregate_type = PB_AGGREGATE_TYPE_AGENCY;
    row->first_level = 1;
    row->due_ms = at_ms;
    row->n_levels_ms = 1;
    row->levels_ms = take(turn, sizeof row->levels_ms[0]);
    row->levels_ms[0] = at_ms;
    row->responsible = text_of(turn, agency->id);
    return tell_level(&d, &due, why);
}

enum sg_err ledger_heard(struct ledger_turn *turn, const char *agency, struct sg_why *why)
{
    struct sg_fault fault = {0};
    struct decision d = {.fault = &fault, .cause = TAKE(turn, struct cause)};
    struct sg_id id = agency_id_of(agency);
    bool told = false;
    enum sg_err err = silence_told(turn, &id, &told, why);
    if (err || !told)
        return err;
    begin(&d, turn, &id, turn->block->time_ms);
    return deadline_cleared(&d, RULE_SILENT, &id, why);
}

enum sg_err ledger_due(struct ledger_turn *turn, unsigned limit, bool *out_more, struct sg_why *why)
{
    enum { STEP_BYTES = 1 << 20 };
    int64_t now = turn->block->time_ms, next_ms, silent_ms;
    struct due due;
    bool found = false;
    const struct sg_agency *agency = NULL;
    *out_more = false;
    for (unsigned i = 0;; i++) {
        if (turn->arena->size - turn->arena->used < STEP_BYTES)
            return sg_fail(why, SG_E_LIMIT, "the arena of the turn is full");
        enum sg_err err = first_reached(turn, now, &due, &found, &next_ms, why);
        if (!err)
            err = first_silent(turn, now, &agency, &silent_ms, why);
        if (err || (!found && silent_ms > now))
            return err;
        if (i == limit) {
            *out_more = true;
            return SG_OK;
        }
        bool silence_first = silent_ms <= now && (!found || silent_ms < due.due_ms);
        err = silence_first ? run_silent(turn, agency, silent_ms, why) : run_due(turn, &due, why);
        if (err)
            return err;
    }
}
