/* apply_time.c - the fold of what waits: deadlines, and events that are parked. */
#include "ledger/deadline.h"
#include "ledger/fold.h"
#include "ledger/parking.h"

/* ---- deadlines ---- */

static void due_key(struct key *key, int64_t next_ms, const PbDeadlineEffect *e)
{
    struct sg_id id = id_of(e->id);
    *key = (struct key){0};
    key_id(key_text(key_i64(key, next_ms), e->rule), &id);
}

enum sg_err fold_deadline(struct fold *f, const PbDeadlineEffect *e)
{
    struct key key = {0}, due;
    struct sg_id id = id_of(e->id);
    PbDeadlineRow *old = NULL;
    int64_t next_ms;
    key_text(key_id(&key, &id), e->rule);
    enum sg_err err = row_get(f->txn, TABLE_DEADLINES, &key, &pb_deadline_row__descriptor, f->arena,
                              &old, f->why);
    if (err && err != SG_E_NOT_FOUND)
        return err;
    err = SG_OK;
    if (old && deadline_next(old, &next_ms)) {
        due_key(&due, next_ms, e);
        err = fold_unmark(f, TABLE_DUE, &due);
    }
    if (err || (e->clear && !old))
        return err;
    if (e->clear)
        return table_delete(f->txn, TABLE_DEADLINES, &key, f->why);
    err = row_put(f->txn, TABLE_DEADLINES, &key, e->row, f->why);
    if (err || !deadline_next(e->row, &next_ms))
        return err;
    due_key(&due, next_ms, e);
    return fold_mark(f, TABLE_DUE, &due);
}

/* ---- parked events ---- */

static enum sg_err settle(struct fold *f, const PbParkEffect *e)
{
    PbSettledRow row;
    struct key key = {0};
    struct sg_id object = id_of(e->object_id);
    pb_settled_row__init(&row);
    row.has_seq = row.has_code = true;
    row.seq = f->record->seq;
    row.code = e->code;
    enum sg_err err =
        table_delete(f->txn, TABLE_PARKED, key_u64(key_id(&key, &object), e->parked_seq), f->why);
    key = (struct key){0};
    key_u64(key_text(&key, f->record->rest->agency), e->parked_seq);
    if (!err)
        err = table_delete(f->txn, TABLE_PARKED_OF_AGENCY, &key, f->why);
    if (err)
        return err == SG_E_NOT_FOUND
                   ? sg_fail(f->why, SG_E_STORE, "parked: what was settled did not wait")
                   : err;
    key = (struct key){0};
    return row_put(f->txn, TABLE_SETTLED, key_u64(&key, e->parked_seq), &row, f->why);
}

enum sg_err fold_park(struct fold *f)
{
    const PbParkEffect *e = f->effect->park;
    PbParkedRow row;
    struct key key = {0};
    if (!e)
        return SG_OK;
    if (e->has_parked_seq)
        return settle(f, e);
    struct sg_id object = id_of(e->object_id);
    pb_parked_row__init(&row);
    row.has_type = true;
    row.type = f->record->rest->type;
    enum sg_err err =
        row_put(f->txn, TABLE_PARKED, key_u64(key_id(&key, &object), f->record->seq), &row, f->why);
    key = (struct key){0};
    key_u64(key_text(&key, f->record->rest->agency), f->record->seq);
    return err ? err : fold_mark(f, TABLE_PARKED_OF_AGENCY, &key);
}
