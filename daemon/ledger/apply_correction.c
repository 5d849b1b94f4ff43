/* apply_correction.c - the fold of E24: what became of the event, and the rows that it had made. */
#include "ledger/equipment.h"
#include "ledger/fold.h"
#include "ledger/mentoring.h"

#include "wire/day.h"
#include "wire/replacement.h"

/* ---- what became of the event ---- */

static enum sg_err mark_corrected(struct fold *f, const PbCorrectionEffect *e)
{
    PbCorrectionRow row;
    struct key key = {0};
    pb_correction_row__init(&row);
    row.has_seq = true;
    row.seq = f->record->seq;
    row.has_annulled = row.annulled = e->annulled;
    row.has_detached = row.detached = e->detached;
    return row_put(f->txn, TABLE_CORRECTIONS, key_u64(&key, e->corrected_seq), &row, f->why);
}

static enum sg_err restate_referral(struct fold *f, const PbReferralRestated *e)
{
    PbReferralRow *row = NULL;
    if (!e)
        return SG_OK;
    enum sg_err err =
        fold_get(f, TABLE_REFERRALS, e->referral_id, &pb_referral_row__descriptor, &row);
    if (err)
        return err;
    row->version++;
    if (e->answers) {
        row->n_delivered = e->n_delivered;
        row->delivered = e->delivered;
        return fold_put(f, TABLE_REFERRALS, e->referral_id, row);
    }
    row->found_region = e->found_region;
    row->has_handed_over_ms = e->has_handed_over_ms;
    row->handed_over_ms = e->handed_over_ms;
    row->n_requested_services = e->n_requested_services;
    row->requested_services = e->requested_services;
    return fold_put(f, TABLE_REFERRALS, e->referral_id, row);
}

/* ---- placements ---- */

/* The completions of the person as they are told: this course, and the first of all. */
enum sg_err fold_completions(struct fold *f, const PbCompletedEffect *e)
{
    enum sg_err err = fold_need_person(f);
    if (err)
        return err;
    PbPersonRow *person = f->person;
    size_t i = 0;
    f->person_changed = true;
    person->has_first_completed_on = e->has_first_on;
    person->first_completed_on = e->first_on;
    while (i < person->n_completed &&
           strcmp(person->completed[i]->course_code, e->course_code) != 0)
        i++;
    bool known = i < person->n_completed;
    if (known && !e->has_last_on) {
        memmove(&person->completed[i], &person->completed[i + 1],
                (person->n_completed - i - 1) * sizeof person->completed[0]);
        person->n_completed--;
    }
    if (!e->has_last_on)
        return SG_OK;
    if (!known) {
        person->completed =
            fold_grown(f, person->completed, person->n_completed, sizeof *person->completed);
        person->completed[i] = fold_room(f, sizeof *person->completed[i]);
        pb_completed_course__init(person->completed[i]);
        person->completed[i]->course_code = e->course_code;
        person->n_completed++;
    }
    person->completed[i]->has_ended_on = true;
    person->completed[i]->ended_on = e->last_on;
    return SG_OK;
}

static enum sg_err restate_placement(struct fold *f, const PbPlacementEffect *e)
{
    PbAllocationRow *row = NULL;
    if (!e)
        return SG_OK;
    enum sg_err err =
        fold_get(f, TABLE_ALLOCATIONS, e->allocation_id, &pb_allocation_row__descriptor, &row);
    if (err)
        return err;
    if (e->has_started_on)
        row->started_on = e->started_on;
    if (e->has_ended_on)
        row->ended_on = e->ended_on;
    if (e->has_result)
        row->result = e->result;
    err = fold_put(f, TABLE_ALLOCATIONS, e->allocation_id, row);
    return !err && e->completions ? fold_completions(f, e->completions) : err;
}

static enum sg_err restate_attendance(struct fold *f, const PbAttendanceRestated *e)
{
    struct key key = {0};
    struct sg_id id = id_of(e->allocation_id);
    attendance_key(&key, &id, e->from_on);
    return e->row ? row_put(f->txn, TABLE_ATTENDANCE, &key, e->row, f->why)
                  : fold_unmark(f, TABLE_ATTENDANCE, &key);
}

/* ---- mentoring, closing ---- */

static enum sg_err restate_visit(struct fold *f, const PbVisitRestated *e, uint64_t seq)
{
    struct key key = {0};
    struct sg_id id = id_of(e->case_id);
    visit_key(&key, &id, e->visited_on, seq);
    return e->row ? row_put(f->txn, TABLE_VISITS, &key, e->row, f->why)
                  : fold_unmark(f, TABLE_VISITS, &key);
}

static enum sg_err restate_closing(struct fold *f, const PbCorrectionEffect *e)
{
    enum sg_err err = e->closing ? fold_need_person(f) : SG_OK;
    if (err || !e->closing)
        return err;
    f->person->has_first_closed_on = e->has_first_closed_on;
    f->person->first_closed_on = e->first_closed_on;
    f->person_changed = true;
    return SG_OK;
}

/* ---- items ---- */

/* Its number lists one item less, and none means that it is free again. */
static enum sg_err free_bast(struct fold *f, const PbItemRow *item)
{
    struct key key = {0};
    PbBastRow *row = NULL;
    bast_key(&key, item->owner, item->bast_no);
    enum sg_err err =
        row_get(f->txn, TABLE_BASTS, &key, &pb_bast_row__descriptor, f->arena, &row, f->why);
    if (err)
        return err == SG_E_NOT_FOUND ? sg_fail(f->why, SG_E_STORE, "basts: no such number") : err;
    if (row->uses <= 1)
        return table_delete(f->txn, TABLE_BASTS, &key, f->why);
    row->uses--;
    return row_put(f->txn, TABLE_BASTS, &key, row, f->why);
}

static enum sg_err restate_item(struct fold *f, const PbItemRestated *e)
{
    PbItemRow *row = NULL;
    struct key key = {0};
    if (!e)
        return SG_OK;
    enum sg_err err = fold_get(f, TABLE_ITEMS, e->item_id, &pb_item_row__descriptor, &row);
    if (!err && e->bast_freed)
        err = free_bast(f, row);
    if (!err && e->kits_before != e->kits_after)
        err = fold_mark_kits(f, e->kits_before ? row : e->row, e->item_id, e->kits_after);
    if (!err && row->n_allocation_ids)
        err = fold_mark_allocations(f, row, e->item_id, false);
    if (!err && e->row->n_allocation_ids)
        err = fold_mark_allocations(f, e->row, e->item_id, true);
    kit_key(&key, e->row->kit_code);
    if (!err)
        err = fold_mark(f, TABLE_KIT_OWNERS, key_text(&key, e->row->owner));
    return err ? err : fold_put(f, TABLE_ITEMS, e->item_id, e->row);
}

enum sg_err fold_correction(struct fold *f)
{
    const PbCorrectionEffect *e = f->effect->correction;
    if (!e)
        return SG_OK;
    enum sg_err err = mark_corrected(f, e);
    if (!err)
        err = restate_referral(f, e->referral);
    if (!err)
        err = restate_placement(f, e->placement);
    for (size_t i = 0; !err && i < e->n_attendance; i++)
        err = restate_attendance(f, e->attendance[i]);
    for (size_t i = 0; !err && i < e->n_visits; i++)
        err = restate_visit(f, e->visits[i], e->corrected_seq);
    if (!err)
        err = restate_closing(f, e);
    return err ? err : restate_item(f, e->item);
}

/* ---- statements of identity ---- */

/* What the event says of the person from now on; *out_row NULL: nothing. */
static enum sg_err new_statement(const PbCorrectionEffect *e, const struct sg_event *said,
                                 struct sg_arena *arena, PbIdentityRow **out_row,
                                 struct sg_why *why)
{
    const PbReplacement *replacement = said->envelope->event_corrected->replacement;
    struct sg_event event = {0};
    *out_row = NULL;
    if (e->annulled || e->detached || !replacement)
        return SG_OK;
    enum sg_err err = sg_replacement_open(replacement, e->type, arena, &event.envelope, why);
    PbIdentityRow *row = err ? NULL : SG_NEW(arena, PbIdentityRow);
    if (!err && !row)
        return sg_fail(why, SG_E_LIMIT, "statement: the arena is full");
    if (!err && person_statement(&event, row)) {
        row->stated_on = e->stated_on;
        *out_row = row;
    }
    return err;
}

enum sg_err fold_restated(struct txn *txn, const struct record *record,
                          const struct sg_event *event, const struct sg_broker_key *keys,
                          struct sg_arena *arena, struct sg_why *why)
{
    const PbCorrectionEffect *e = record->rest->effect->correction;
    struct key key = {0};
    struct sg_id person_id = id_of(record->rest->person_id);
    PbIdentityRow *old = NULL, *row = NULL;
    if (!e->restates)
        return SG_OK;
    key_u64(key_id(&key, &person_id), e->corrected_seq);
    enum sg_err err =
        row_get(txn, TABLE_IDENTITIES, &key, &pb_identity_row__descriptor, arena, &old, why);
    if (err && err != SG_E_NOT_FOUND)
        return err;
    err = new_statement(e, event, arena, &row, why);
    if (!err && row && row->person && e->keeps_nik && old && old->person)
        row->person->nik = old->person->nik;
    if (!err)
        err = statement_drop(txn, keys, &person_id, e->corrected_seq, arena, why);
    return err || !row ? err : statement_put(txn, keys, &person_id, e->corrected_seq, row, why);
}
