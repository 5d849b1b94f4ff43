/* transfer.c - a case goes to another owner: E03 ACCEPTED of a TRANSFER. Source: domain 7.2.
 *
 * The old case is TRANSFERRED, a new one at the new owner is linked to it. Live seats, waitings and
 * items on loan go along; the loops of the other referrals of the old case are closed.
 */
#include "ledger/casefile.h"
#include "ledger/closing.h"
#include "ledger/deadline.h"
#include "ledger/equipment.h"
#include "ledger/mutant.h"
#include "ledger/person.h"
#include "ledger/referral.h"
#include "wire/day.h"

struct transfer {
    struct sg_id old_id, new_id, referral_id;
    PbCaseRow *old;
    PbPersonRow *person;
    const char *new_owner;
    bool in_training;
    PbCaseState state; /* of the case at the new owner */
};

/* T03 at the new owner; one that runs there already goes on. */
static enum sg_err assess_there(struct decision *d, const struct transfer *t, struct sg_why *why)
{
    bool runs = false;
    if (MUTATED(17, t->state != PB_CASE_STATE_ASSESSING, false))
        return deadline_end(d, RULE_ASSESS, &t->new_id, false, why);
    enum sg_err err = deadline_runs(d, RULE_ASSESS, &t->new_id, &runs, why);
    if (!err && !runs)
        start_assess(d, &t->new_id, t->new_owner, d->turn->block->time_ms);
    return err;
}

/* Items on loan of one allocation; those of a group belong to the case of the first member. */
static enum sg_err move_items(struct decision *d, const struct transfer *t,
                              const struct sg_id *allocation_id, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    enum sg_err err = cursor_under(&cursor, d->turn->txn, TABLE_ITEMS_OF_ALLOCATION,
                                   key_id(&prefix, allocation_id), why);
    while (!err && cursor.key.ptr) {
        struct sg_id id = cursor_second_id(&cursor);
        PbItemRow *row = NULL;
        err = read_row(d->turn, TABLE_ITEMS, &id, &pb_item_row__descriptor, &row, why);
        struct sg_id of_case = err ? (struct sg_id){{0}} : id_of(row->case_id);
        if (!err && item_holding(row) == PB_ITEM_STATE_ON_LOAN && sg_id_equal(&of_case, &t->old_id))
            err = case_takes(d, &t->new_id, t->new_owner, t->old->owner, &id, true, why);
        if (!err)
            err = cursor_next(&cursor, why);
    }
    return err;
}

static enum sg_err move_all(struct decision *d, struct transfer *t, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    enum sg_err err = cursor_under(&cursor, d->turn->txn, TABLE_ALLOCATIONS_OF_CASE,
                                   key_id(&prefix, &t->old_id), why);
    while (!err && cursor.key.ptr) {
        struct sg_id id = cursor_second_id(&cursor);
        PbAllocationRow *row = NULL;
        err = read_row(d->turn, TABLE_ALLOCATIONS, &id, &pb_allocation_row__descriptor, &row, why);
        if (!err && row->state < PB_ALLOCATION_STATE_COMPLETED) {
            t->in_training |= row->state == PB_ALLOCATION_STATE_OCCUPIED;
            err = case_takes(d, &t->new_id, t->new_owner, t->old->owner, &id, false, why);
        }
        if (!err)
            err = move_items(d, t, &id, why);
        if (!err)
            err = cursor_next(&cursor, why);
    }
    return err;
}

/* The case at the new owner: an open one that it has already, or a new one. */
static enum sg_err take_over(struct decision *d, struct transfer *t, struct sg_why *why)
{
    PbCaseRow *own = NULL;
    struct follow *told;
    enum sg_err err = case_of_person(d->turn, t->person, t->new_owner, &t->new_id, &own, why);
    if (err)
        return err;
    PbCaseEffect *effect;
    bool open = own && case_is_open(own->state);
    if (open) {
        PbCaseState to = case_next(own->state, CASE_TAKEN_OVER);
        err = case_change(d, &t->new_id, own, to, &effect, &told, why);
        if (err)
            return err;
    } else {
        effect = case_make(d, t->person, t->new_owner, t->old, &t->old_id, &t->new_id);
        effect->state = PB_CASE_STATE_ASSESSING;
        told = case_tell(d, &t->new_id, t->new_owner, PB_CASE_STATE_UNSPECIFIED,
                         PB_CASE_STATE_ASSESSING, 1);
    }
    bool assessed = MUTATED(19, open && own->priority_band, true);
    if (!assessed) { /* until the new owner has assessed it itself */
        effect->has_priority_band = effect->has_training_suitable = true;
        effect->priority_band = t->old->priority_band;
        effect->training_suitable = t->old->training_suitable;
    }
    effect->has_minor = effect->has_age_doubt = true;
    effect->minor = t->old->minor || (open && own->minor);
    effect->age_doubt = t->old->age_doubt || (open && own->age_doubt);
    told->has_referral = true;
    told->referral_id = t->referral_id;
    told->referral_state = PB_REFERRAL_STATE_ACCEPTED;
    err = move_all(d, t, why);
    if (!err && t->in_training) {
        effect->state = PB_CASE_STATE_IN_TRAINING;
        told->to = PB_CASE_STATE_IN_TRAINING;
        err = deadline_end(d, RULE_IDLE, &t->new_id, false, why);
    }
    t->state = effect->state;
    return err;
}

enum sg_err transfer_case(struct decision *d, const PbReferralRow *row,
                          const struct sg_id *referral_id, struct sg_why *why)
{
    struct transfer t = {.old_id = id_of(row->case_id),
                         .referral_id = *referral_id,
                         .new_owner = text_of(d->turn, referral_target(row))};
    struct follow *told;
    enum sg_err err =
        read_row(d->turn, TABLE_CASES, &t.old_id, &pb_case_row__descriptor, &t.old, why);
    if (!err)
        err = person_of_case(d, &d->person_id, &t.person, why);
    if (err)
        return err;
    if (!case_is_open(t.old->state))
        return refuse(d, SG_ST_BAD_TRANSITION, "referral_decided.referral_id", "CASE_OVER",
                      "a referral whose case is open");
    person_grant_refs(d, t.person, NULL);
    PbCaseEffect *change;
    err = case_change(d, &t.old_id, t.old, PB_CASE_STATE_TRANSFERRED, &change, &told, why);
    if (err)
        return err;
    told->has_referral = true;
    told->referral_id = *referral_id;
    told->referral_state = PB_REFERRAL_STATE_ACCEPTED;
    told->referrer = row->referrer;
    err = take_over(d, &t, why);
    if (!err)
        err = assess_there(d, &t, why);
    if (!err)
        err = close_loops(d, &t.old_id, t.old, &t.referral_id, why);
    if (err)
        return err;
    d->effect->has_minted_case_id = true;
    d->effect->minted_case_id = data_of(d->turn, &t.new_id);
    struct follow *shown = queue(d, FOLLOW_PRESENT);
    shown->referral_id = *referral_id;
    shown->person_id = d->person_id;
    shown->target = t.new_owner;
    shown->assessed_seq = t.old->assessed_seq;
    return err;
}
