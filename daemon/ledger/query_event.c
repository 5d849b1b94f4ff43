/* query_event.c - which events of an agency are about an object, and what became of them. */
#include "ledger/correction.h"

#include "kit/check.h"

#include <stdlib.h>

enum { EVENTS_MAX = 64 };

/* Seqs of events that a row remembers. */
struct found {
    struct ledger_turn *turn;
    const struct sg_id *id;
    uint64_t seqs[EVENTS_MAX];
    size_t count;
};

static void add(struct found *f, uint64_t seq)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->seqs[i] == seq)
            return;
    if (seq && f->count < EVENTS_MAX)
        f->seqs[f->count++] = seq;
}

static enum sg_err read(struct found *f, enum table table,
                        const ProtobufCMessageDescriptor *descriptor, void *out_row,
                        bool *out_found, struct sg_why *why)
{
    enum sg_err err = read_row(f->turn, table, f->id, descriptor, out_row, why);
    *out_found = err == SG_OK;
    return err == SG_E_NOT_FOUND ? SG_OK : err;
}

/* Ids that have no row of their own: contact, assessment, consent, delivery, request, check, visit.
 */
static enum sg_err find_objects(struct found *f, struct sg_why *why)
{
    static const uint8_t types[] = {104, 105, 106, 107, 111, 118, 120, 122};
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < SG_ARRAY_LEN(types); i++) {
        struct key key = {0};
        PbObjectRow *row = NULL;
        err = row_get(f->turn->txn, TABLE_OBJECTS, key_id(key_u8(&key, types[i]), f->id),
                      &pb_object_row__descriptor, f->turn->arena, &row, why);
        if (!err)
            add(f, row->seq);
        err = err == SG_E_NOT_FOUND ? SG_OK : err;
    }
    return err;
}

static enum sg_err find_referral(struct found *f, struct sg_why *why)
{
    PbReferralRow *row = NULL;
    bool is;
    enum sg_err err = read(f, TABLE_REFERRALS, &pb_referral_row__descriptor, &row, &is, why);
    if (!err && is)
        add(f, row->object->seq);
    return err;
}

static enum sg_err find_item(struct found *f, struct sg_why *why)
{
    PbItemRow *row = NULL;
    bool is;
    enum sg_err err = read(f, TABLE_ITEMS, &pb_item_row__descriptor, &row, &is, why);
    if (err || !is)
        return err;
    add(f, row->object ? row->object->seq : 0);
    add(f, row->issued_seq);
    add(f, row->touched_seq);
    return err;
}

static enum sg_err find_plan(struct found *f, struct sg_why *why)
{
    PbPlanRow *row = NULL;
    bool is;
    enum sg_err err = read(f, TABLE_PLANS, &pb_plan_row__descriptor, &row, &is, why);
    if (!err && is && row->object)
        add(f, row->object->seq);
    return err;
}

static enum sg_err find_slot(struct found *f, struct sg_why *why)
{
    PbSlotRow *row = NULL;
    bool is;
    enum sg_err err = read(f, TABLE_SLOTS, &pb_slot_row__descriptor, &row, &is, why);
    if (!err && is && row->object)
        add(f, row->object->seq);
    return err;
}

/* A case: its assessment that holds, and its visits. */
static enum sg_err find_case(struct found *f, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    PbCaseRow *row = NULL;
    bool is;
    enum sg_err err = read(f, TABLE_CASES, &pb_case_row__descriptor, &row, &is, why);
    if (err || !is)
        return err;
    add(f, row->assessed_seq);
    err = cursor_under(&cursor, f->turn->txn, TABLE_VISITS, key_id(&prefix, f->id), why);
    while (!err && cursor.key.ptr && f->count < EVENTS_MAX) {
        add(f, sg_get_u64(cursor.key.ptr + SG_ID_BYTES + 8));
        err = cursor_next(&cursor, why);
    }
    return err;
}

static enum sg_err find_placement(struct found *f, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    PbAllocationRow *row = NULL;
    bool is;
    enum sg_err err = read(f, TABLE_ALLOCATIONS, &pb_allocation_row__descriptor, &row, &is, why);
    if (err || !is)
        return err;
    add(f, row->started ? row->started->seq : 0);
    add(f, row->ended_seq);
    err = cursor_under(&cursor, f->turn->txn, TABLE_ATTENDANCE, key_id(&prefix, f->id), why);
    while (!err && cursor.key.ptr && f->count < EVENTS_MAX) {
        PbAttendanceRow *attended = NULL;
        err = sg_decode_row(&pb_attendance_row__descriptor, cursor.value, f->turn->arena, &attended,
                            why);
        if (!err)
            add(f, attended->seq);
        if (!err)
            err = cursor_next(&cursor, why);
    }
    return err;
}

static int by_seq(const void *a, const void *b)
{
    uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
    return one < other ? -1 : one > other;
}

/* *out_view stays NULL for an event of another agency. */
static enum sg_err view_event(struct ledger_turn *turn, uint64_t seq, const char *agency,
                              PbEventView **out_view, struct sg_why *why)
{
    struct record record;
    PbCorrectionRow *row = NULL;
    enum sg_err err = journal_get(turn->txn, seq, &record, why);
    if (!err)
        err = record_open_rest(&record, turn->arena, why);
    if (err)
        return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "a row names no record") : err;
    if (agency && (!record.rest->agency || strcmp(record.rest->agency, agency) != 0))
        return SG_OK;
    PbEventView *v = TAKE(turn, PbEventView);
    pb_event_view__init(v);
    v->has_seq = v->has_accepted_ms = true;
    v->seq = seq;
    v->accepted_ms = record.accepted_ms;
    v->type = text_of(turn, sg_type_topic(record.rest->type));
    v->place = ref_of(turn, &record.outbox_id, record.number);
    *out_view = v;
    err = read_correction(turn, seq, &row, why);
    if (err || !row)
        return err;
    v->has_corrected_seq = v->has_annulled = true;
    v->corrected_seq = row->seq;
    v->annulled = row->annulled || row->detached;
    return SG_OK;
}

enum sg_err ledger_event_standing(struct txn *txn, uint64_t seq, struct sg_arena *arena,
                                  PbEventView **out_view, struct sg_why *why)
{
    struct ledger_turn turn = {.txn = txn, .arena = arena};
    PbCorrectionRow *row = NULL;
    *out_view = NULL;
    enum sg_err err = read_correction(&turn, seq, &row, why);
    return err || !row ? err : view_event(&turn, seq, NULL, out_view, why);
}

enum sg_err ledger_events_of(struct txn *txn, const struct ledger_asker *asker,
                             const struct sg_id *object_id, struct sg_arena *arena,
                             PbEventView ***out_views, size_t *out_count, struct sg_why *why)
{
    static enum sg_err (*const finders[])(struct found *, struct sg_why *) = {
        find_objects, find_referral, find_item, find_plan, find_slot, find_case, find_placement};
    struct ledger_turn turn = {.txn = txn, .arena = arena};
    struct found f = {.turn = &turn, .id = object_id};
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < SG_ARRAY_LEN(finders); i++)
        err = finders[i](&f, why);
    if (f.count > 1)
        qsort(f.seqs, f.count, sizeof f.seqs[0], by_seq);
    *out_views = take(&turn, (f.count + 1) * sizeof **out_views);
    *out_count = 0;
    for (size_t i = 0; !err && i < f.count; i++) {
        PbEventView *view = NULL;
        err = view_event(&turn, f.seqs[i], asker->agency, &view, why);
        if (view)
            (*out_views)[(*out_count)++] = view;
    }
    return err;
}
