/* outbox_answer.c - storing what the broker answered, and reading what is known. */
#include "lib/outbox_rows.h"

#include "wire/codec.h"

enum { CLOCK_BYTES = 8 + 1 + 8 + SG_ID_BYTES, BLOCK_KEY_BYTES = 16 };

static bool is_refusal(const PbOutcome *outcome)
{
    return outcome->status == PB_OUTCOME_STATUS_REJECTED ||
           (outcome->status == PB_OUTCOME_STATUS_DUPLICATE && outcome->error &&
            outcome->error->code != SG_ST_OK);
}

enum sg_err outbox_is_refused(const struct outbox *outbox, const struct box_txn *txn,
                              const struct outbox_place *place, struct sg_arena *arena,
                              bool *out_refused, struct sg_why *why)
{
    uint8_t key[PLACE_BYTES];
    struct sg_bytes row;
    size_t used = arena->used;
    PbOutcome *outcome = NULL;
    *out_refused = false;
    enum sg_err err =
        box_get(txn, outbox->box.tables[TABLE_EVENTS], place_key(place, key), &row, why);
    if (err || row.len <= EVENT_HEAD_BYTES)
        return err == SG_E_NOT_FOUND ? SG_OK : err;
    row = (struct sg_bytes){row.ptr + EVENT_HEAD_BYTES, row.len - EVENT_HEAD_BYTES};
    err = sg_decode_row(&pb_outcome__descriptor, row, arena, &outcome, why);
    struct outbox_state current = {0};
    if (!err)
        err = outbox_state_current(outbox, txn, &current, why);
    /* Of a replaced outbox, and its number was taken: the event went on under another one. */
    bool moved = !err && outcome->error && outcome->error->code == SG_ST_DUPLICATE_CONFLICT &&
                 !sg_id_equal(&current.id, &place->outbox);
    if (!err)
        *out_refused = is_refusal(outcome) && !moved;
    sg_arena_reset(arena, used);
    return err;
}

static struct sg_bytes block_key(uint64_t epoch, uint64_t height, uint8_t to[BLOCK_KEY_BYTES])
{
    sg_put_u64(to, epoch);
    sg_put_u64(to + 8, height);
    return (struct sg_bytes){to, BLOCK_KEY_BYTES};
}

enum sg_err outbox_seen_put(const struct outbox *outbox, const struct box_txn *txn,
                            const struct outbox_seen *seen, struct sg_why *why)
{
    uint8_t row[SEEN_BYTES];
    sg_put_u64(row, seen->epoch);
    sg_put_u64(row + 8, seen->height);
    memcpy(row + 16, seen->hash, SG_HASH_BYTES);
    return box_put(txn, outbox->box.tables[TABLE_META], sg_bytes_of("seen"),
                   (struct sg_bytes){row, sizeof row}, why);
}

/* ---- answers ----------------------------------------------------------------------------- */

struct answer {
    struct outbox *outbox;
    struct box_txn *txn;
    const struct outbox_signer *signer;
    const PbPublishResult *result;
    struct sg_arena *arena;
    struct outbox_state state;   /* of the outbox that is answered */
    struct outbox_state current; /* that new events go to */
};

/* Put an event of a replaced outbox into the current one. */
static enum sg_err move_event(struct answer *a, const struct outbox_place *place, uint32_t type,
                              const uint8_t *digest, struct sg_why *why)
{
    size_t used = a->arena->used;
    const PbPublish *publish = NULL;
    enum sg_err err = outbox_frame_of(a->outbox, a->txn, place, a->arena, &publish, why);
    if (err)
        return err;
    const PbEventParts *parts = publish->events[place->number - publish->first_number];
    struct outbox_event event = {
        .clear = {parts->clear.data, parts->clear.len},
        .personal = {parts->personal.data, parts->has_personal ? parts->personal.len : 0},
        .type = type};
    memcpy(event.digest, digest, SG_HASH_BYTES);
    err = outbox_frames_put(a->outbox, a->txn, a->signer, &event, 1, &a->current, a->arena, why);
    sg_arena_reset(a->arena, used);
    return err;
}

static bool was_taken_by_others(const struct answer *a, const PbOutcome *outcome)
{
    return outcome->status == PB_OUTCOME_STATUS_REJECTED && outcome->error &&
           outcome->error->code == SG_ST_DUPLICATE_CONFLICT &&
           !sg_id_equal(&a->state.id, &a->current.id);
}

static const PbSignedBlock *block_of(const PbPublishResult *result, const PbOutcome *outcome)
{
    if (!outcome->inclusion || outcome->inclusion->block_index >= result->n_blocks)
        return NULL;
    return result->blocks[outcome->inclusion->block_index];
}

static enum sg_err put_parked(struct answer *a, const struct outbox_place *place, uint64_t seq,
                              struct sg_why *why)
{
    uint8_t key[PLACE_BYTES], value[8];
    sg_put_u64(value, seq);
    return box_put(a->txn, a->outbox->box.tables[TABLE_PARKED], place_key(place, key),
                   (struct sg_bytes){value, sizeof value}, why);
}

static enum sg_err put_outcome(struct answer *a, const PbOutcome *outcome, struct sg_why *why)
{
    struct outbox_place place = {a->state.id, outcome->number};
    uint8_t key[PLACE_BYTES];
    struct sg_bytes old, packed;
    MDB_dbi table = a->outbox->box.tables[TABLE_EVENTS];
    enum sg_err err = box_get(a->txn, table, place_key(&place, key), &old, why);
    if (err == SG_E_NOT_FOUND)
        return SG_OK; /* not ours: a number that we never gave */
    if (err || old.len > EVENT_HEAD_BYTES)
        return err; /* what is known stays */
    err = sg_encode(outcome, a->arena, &packed, why);
    if (err)
        return err;
    uint8_t *row = sg_arena_alloc(a->arena, EVENT_HEAD_BYTES + packed.len);
    if (!row)
        return sg_fail(why, SG_E_LIMIT, "no room for an outcome");
    memcpy(row, old.ptr, EVENT_HEAD_BYTES);
    const PbSignedBlock *block = block_of(a->result, outcome);
    sg_put_u64(row + SG_HASH_BYTES + 4, block ? block->epoch : 0);
    sg_put_u64(row + SG_HASH_BYTES + 12, block ? block->height : 0);
    memcpy(row + EVENT_HEAD_BYTES, packed.ptr, packed.len);
    err = box_put(a->txn, table, place_key(&place, key),
                  (struct sg_bytes){row, EVENT_HEAD_BYTES + packed.len}, why);
    if (is_refusal(outcome))
        a->state.rejected++;
    if (!err && (outcome->status == PB_OUTCOME_STATUS_PARKED || outcome->parked))
        err = put_parked(a, &place, outcome->seq, why);
    if (!err && was_taken_by_others(a, outcome))
        err = move_event(a, &place, sg_get_u32(row + SG_HASH_BYTES), row, why);
    return err;
}

static enum sg_err put_blocks(struct answer *a, struct sg_why *why)
{
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < a->result->n_blocks; i++) {
        const PbSignedBlock *block = a->result->blocks[i];
        uint8_t key[BLOCK_KEY_BYTES];
        struct sg_bytes packed;
        err = sg_encode(block, a->arena, &packed, why);
        if (!err)
            err = box_put(a->txn, a->outbox->box.tables[TABLE_BLOCKS],
                          block_key(block->epoch, block->height, key), packed, why);
    }
    return err;
}

static enum sg_err store_answer(struct answer *a, const struct outbox_seen *seen,
                                struct sg_why *why)
{
    enum sg_err err = put_blocks(a, why);
    for (size_t i = 0; !err && i < a->result->n_outcomes; i++) {
        const PbOutcome *outcome = a->result->outcomes[i];
        err = put_outcome(a, outcome, why);
        if (outcome->number == a->state.answered_through + 1 &&
            outcome->number <= a->state.last_number)
            a->state.answered_through++;
    }
    if (!err)
        err = outbox_state_put(a->outbox, a->txn, &a->state, why);
    if (!err && seen && seen->height)
        err = outbox_seen_put(a->outbox, a->txn, seen, why);
    return err;
}

enum sg_err outbox_answer(struct outbox *outbox, const struct outbox_signer *signer,
                          const PbPublishResult *result, const struct outbox_seen *seen,
                          struct sg_arena *arena, struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    struct answer a = {
        .outbox = outbox, .txn = &txn, .signer = signer, .result = result, .arena = arena};
    struct sg_id id;
    enum sg_err err =
        sg_id_from((struct sg_bytes){result->outbox_id.data, result->outbox_id.len}, &id);
    if (err)
        return sg_fail(why, err, "a result without the id of an outbox");
    err = box_write(&outbox->box, &txn, why);
    if (!err)
        err = outbox_state_current(outbox, &txn, &a.current, why);
    if (!err)
        err = outbox_state_get(outbox, &txn, &id, &a.state, why);
    if (!err)
        err = store_answer(&a, seen, why);
    return err ? err : box_commit(&txn, why);
}

/* ---- parked events ----------------------------------------------------------------------- */

static enum sg_err settle_row(struct outbox *outbox, struct box_txn *txn,
                              const struct outbox_settled *settled, struct sg_bytes at,
                              struct sg_arena *arena, struct sg_why *why)
{
    MDB_dbi table = outbox->box.tables[TABLE_EVENTS];
    struct sg_bytes old, packed;
    PbOutcome *outcome = NULL;
    PbError error = PB_ERROR__INIT;
    enum sg_err err = box_get(txn, table, at, &old, why);
    if (err || old.len <= EVENT_HEAD_BYTES)
        return err == SG_E_NOT_FOUND ? SG_OK : err;
    uint8_t *row = sg_arena_copy(arena, old.ptr, old.len);
    if (!row)
        return sg_fail(why, SG_E_LIMIT, "no room for an outcome");
    packed = (struct sg_bytes){row + EVENT_HEAD_BYTES, old.len - EVENT_HEAD_BYTES};
    err = sg_decode_row(&pb_outcome__descriptor, packed, arena, &outcome, why);
    if (err || !outcome)
        return err;
    error.has_code = true;
    error.code = settled->code;
    outcome->status = settled->code ? PB_OUTCOME_STATUS_REJECTED : PB_OUTCOME_STATUS_ACCEPTED;
    outcome->has_parked = false;
    outcome->has_settled_seq = true; /* seq and inclusion stay: the receipt is that of then */
    outcome->settled_seq = settled->seq;
    outcome->error = settled->code ? &error : NULL;
    err = sg_encode(outcome, arena, &packed, why);
    uint8_t *fresh = err ? NULL : sg_arena_alloc(arena, EVENT_HEAD_BYTES + packed.len);
    if (!fresh)
        return err ? err : sg_fail(why, SG_E_LIMIT, "no room for an outcome");
    memcpy(fresh, row, EVENT_HEAD_BYTES);
    memcpy(fresh + EVENT_HEAD_BYTES, packed.ptr, packed.len);
    return box_put(txn, table, at, (struct sg_bytes){fresh, EVENT_HEAD_BYTES + packed.len}, why);
}

enum sg_err outbox_settle(struct outbox *outbox, const struct outbox_settled *settled,
                          struct sg_arena *arena, struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    uint8_t key[PLACE_BYTES];
    struct sg_bytes at = place_key(&settled->place, key), waits;
    struct outbox_state state;
    size_t used = arena->used;
    enum sg_err err = box_write(&outbox->box, &txn, why);
    if (!err)
        err = box_get(&txn, outbox->box.tables[TABLE_PARKED], at, &waits, why);
    if (err)
        return err == SG_E_NOT_FOUND ? SG_OK : err; /* another device's, or known already */
    err = box_delete(&txn, outbox->box.tables[TABLE_PARKED], at, why);
    if (!err)
        err = settle_row(outbox, &txn, settled, at, arena, why);
    if (!err && settled->code)
        err = outbox_state_get(outbox, &txn, &settled->place.outbox, &state, why);
    if (!err && settled->code) {
        state.rejected++;
        err = outbox_state_put(outbox, &txn, &state, why);
    }
    sg_arena_reset(arena, used);
    return err ? err : box_commit(&txn, why);
}

enum sg_err outbox_oldest_parked(struct outbox *outbox, uint64_t *out_seq, struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    uint8_t from[PLACE_BYTES + 1] = {0};
    size_t from_len = PLACE_BYTES;
    enum sg_err err = box_read(&outbox->box, &txn, why);
    *out_seq = 0;
    while (!err) {
        struct sg_bytes key, value;
        err = box_seek(&txn, outbox->box.tables[TABLE_PARKED], (struct sg_bytes){from, from_len},
                       &key, &value, why);
        if (err || key.len != PLACE_BYTES || value.len != 8)
            break;
        uint64_t seq = sg_get_u64(value.ptr);
        *out_seq = *out_seq && *out_seq < seq ? *out_seq : seq;
        memcpy(from, key.ptr, PLACE_BYTES);
        from_len = sizeof from; /* one zero byte behind: the next key */
    }
    return err == SG_E_NOT_FOUND ? SG_OK : err;
}

/* ---- reading ----------------------------------------------------------------------------- */

static enum sg_err row_of(struct sg_bytes key, struct sg_bytes value, struct sg_arena *arena,
                          struct outbox_row *out_row, struct sg_why *why)
{
    if (key.len != PLACE_BYTES || value.len < EVENT_HEAD_BYTES)
        return sg_fail(why, SG_E_STORE, "outbox.mdb: an event row is damaged");
    struct outbox_row row = {.place = place_of(key)};
    memcpy(row.digest, value.ptr, SG_HASH_BYTES);
    row.type = sg_get_u32(value.ptr + SG_HASH_BYTES);
    row.epoch = sg_get_u64(value.ptr + SG_HASH_BYTES + 4);
    row.height = sg_get_u64(value.ptr + SG_HASH_BYTES + 12);
    if (value.len > EVENT_HEAD_BYTES) {
        PbOutcome *outcome = NULL;
        struct sg_bytes packed = {value.ptr + EVENT_HEAD_BYTES, value.len - EVENT_HEAD_BYTES};
        enum sg_err err = sg_decode_row(&pb_outcome__descriptor, packed, arena, &outcome, why);
        if (err)
            return err;
        row.outcome = outcome;
    }
    *out_row = row;
    return SG_OK;
}

enum sg_err outbox_row(struct outbox *outbox, const struct outbox_place *place,
                       struct sg_arena *arena, struct outbox_row *out_row, struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    uint8_t key[PLACE_BYTES];
    struct sg_bytes value, at = place_key(place, key);
    enum sg_err err = box_read(&outbox->box, &txn, why);
    if (!err)
        err = box_get(&txn, outbox->box.tables[TABLE_EVENTS], at, &value, why);
    return err ? err : row_of(at, value, arena, out_row, why);
}

enum sg_err outbox_row_next(struct outbox *outbox, const struct outbox_place *from,
                            struct sg_arena *arena, struct outbox_row *out_row, struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    uint8_t key[PLACE_BYTES];
    struct sg_bytes at, value;
    enum sg_err err = box_read(&outbox->box, &txn, why);
    if (!err)
        err = box_seek(&txn, outbox->box.tables[TABLE_EVENTS], place_key(from, key), &at, &value,
                       why);
    return err ? err : row_of(at, value, arena, out_row, why);
}

enum sg_err outbox_block_next(struct outbox *outbox, uint64_t epoch, uint64_t height,
                              struct sg_arena *arena, PbSignedBlock **out_block, struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    uint8_t key[BLOCK_KEY_BYTES];
    struct sg_bytes at, value;
    enum sg_err err = box_read(&outbox->box, &txn, why);
    if (!err)
        err = box_seek(&txn, outbox->box.tables[TABLE_BLOCKS], block_key(epoch, height, key), &at,
                       &value, why);
    return err ? err : sg_decode_row(&pb_signed_block__descriptor, value, arena, out_block, why);
}

enum sg_err outbox_current(struct outbox *outbox, struct outbox_state *out_state,
                           struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    enum sg_err err = box_read(&outbox->box, &txn, why);
    return err ? err : outbox_state_current(outbox, &txn, out_state, why);
}

enum sg_err outbox_list(struct outbox *outbox, struct outbox_state *out_states, size_t room,
                        size_t *out_count, struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    enum sg_err err = box_read(&outbox->box, &txn, why);
    uint8_t from[SG_ID_BYTES + 1] = {0};
    size_t from_len = SG_ID_BYTES, count = 0;
    while (!err && count < room) {
        struct sg_bytes key, value;
        err = box_seek(&txn, outbox->box.tables[TABLE_OUTBOXES], (struct sg_bytes){from, from_len},
                       &key, &value, why);
        struct sg_id id;
        if (!err)
            err = sg_id_from(key, &id);
        if (!err)
            err = outbox_state_get(outbox, &txn, &id, &out_states[count], why);
        if (err)
            break;
        count++;
        memcpy(from, id.b, SG_ID_BYTES);
        from_len = sizeof from; /* one zero byte behind: the next key */
    }
    if (err && err != SG_E_NOT_FOUND)
        return err;
    *out_count = count;
    return SG_OK;
}

enum sg_err outbox_seen(struct outbox *outbox, struct outbox_seen *out_seen, struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    struct sg_bytes row;
    enum sg_err err = box_read(&outbox->box, &txn, why);
    if (!err)
        err = box_get(&txn, outbox->box.tables[TABLE_META], sg_bytes_of("seen"), &row, why);
    struct outbox_seen seen = {0};
    if (!err && row.len == SEEN_BYTES) {
        seen.epoch = sg_get_u64(row.ptr);
        seen.height = sg_get_u64(row.ptr + 8);
        memcpy(seen.hash, row.ptr + 16, SG_HASH_BYTES);
    }
    if (err && err != SG_E_NOT_FOUND)
        return err;
    *out_seen = seen;
    return SG_OK;
}

enum sg_err outbox_clock(struct outbox *outbox, struct outbox_clock *out_clock, struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    struct sg_bytes row;
    enum sg_err err = box_read(&outbox->box, &txn, why);
    if (!err)
        err = box_get(&txn, outbox->box.tables[TABLE_META], sg_bytes_of("clock"), &row, why);
    struct outbox_clock clock = {0};
    if (!err && row.len == CLOCK_BYTES) {
        clock.server_ms = (int64_t)sg_get_u64(row.ptr);
        clock.demo = row.ptr[8] != 0;
        clock.boot_ns = (int64_t)sg_get_u64(row.ptr + 9);
        memcpy(clock.boot.b, row.ptr + 17, SG_ID_BYTES);
    }
    if (err && err != SG_E_NOT_FOUND)
        return err;
    *out_clock = clock;
    return SG_OK;
}

enum sg_err outbox_remember(struct outbox *outbox, const struct outbox_seen *seen,
                            const struct outbox_clock *clock, struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    enum sg_err err = box_write(&outbox->box, &txn, why);
    if (!err && seen && seen->height)
        err = outbox_seen_put(outbox, &txn, seen, why);
    if (!err && clock) {
        uint8_t row[CLOCK_BYTES];
        sg_put_u64(row, (uint64_t)clock->server_ms);
        row[8] = clock->demo;
        sg_put_u64(row + 9, (uint64_t)clock->boot_ns);
        memcpy(row + 17, clock->boot.b, SG_ID_BYTES);
        err = box_put(&txn, outbox->box.tables[TABLE_META], sg_bytes_of("clock"),
                      (struct sg_bytes){row, sizeof row}, why);
    }
    return err ? err : box_commit(&txn, why);
}
