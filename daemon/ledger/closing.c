/* closing.c - E21: a case is closed. The guards stand in the order of domain 7.2. */
#include "ledger/closing.h"

#include "ledger/allocation.h"
#include "ledger/casefile.h"
#include "ledger/equipment.h"
#include "ledger/mentoring.h"
#include "ledger/minor.h"
#include "ledger/mutant.h"
#include "ledger/referral.h"
#include "wire/day.h"

enum {
    VISIT_DAYS = 60,     /* INDEPENDENT: a visit with contact since then */
    ALONE_DAYS = 180,    /* and so long after the course, or the begin of the plan */
    TRIES = 3,           /* LOST_CONTACT: on so many days */
    TRIES_SPAN_DAYS = 14 /* that far apart */
};

static enum sg_err no_open_seat(struct decision *d, const struct own_case *c, struct sg_why *why)
{
    PbAllocationRow *row;
    struct sg_id id;
    enum sg_err err = live_seat(d->turn, c->person, &id, &row, why);
    if (err || !row)
        return err;
    struct sg_id of_case = id_of(row->case_id);
    if (!sg_id_equal(&of_case, &c->id))
        return SG_OK;
    return refuse(d, SG_ST_OPEN_SEAT, "case_id", NULL,
                  "a case without a live seat: withdraw it, or report the end of the placement");
}

static enum sg_err loan_of(struct decision *d, const struct sg_id *allocation_id,
                           const struct sg_id *case_id, bool *out_loan, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    enum sg_err err = cursor_under(&cursor, d->turn->txn, TABLE_ITEMS_OF_ALLOCATION,
                                   key_id(&prefix, allocation_id), why);
    while (!err && !*out_loan && cursor.key.ptr) {
        struct sg_id id = cursor_second_id(&cursor);
        PbItemRow *row = NULL;
        err = read_row(d->turn, TABLE_ITEMS, &id, &pb_item_row__descriptor, &row, why);
        struct sg_id of_case = err ? (struct sg_id){{0}} : id_of(row->case_id);
        *out_loan =
            !err && item_holding(row) == PB_ITEM_STATE_ON_LOAN && sg_id_equal(&of_case, case_id);
        if (!err)
            err = cursor_next(&cursor, why);
    }
    return err;
}

static enum sg_err no_open_loan(struct decision *d, const struct own_case *c, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    bool loan = false;
    PbCloseReason reason = d->event->envelope->case_closed->reason;
    if (reason == PB_CLOSE_REASON_DECEASED || reason == PB_CLOSE_REASON_LOST_CONTACT)
        return SG_OK;
    enum sg_err err = cursor_under(&cursor, d->turn->txn, TABLE_ALLOCATIONS_OF_CASE,
                                   key_id(&prefix, &c->id), why);
    while (!err && !loan && cursor.key.ptr) {
        struct sg_id id = cursor_second_id(&cursor);
        err = loan_of(d, &id, &c->id, &loan, why);
        if (!err)
            err = cursor_next(&cursor, why);
    }
    if (err || !MUTATED(29, loan, false))
        return err;
    return refuse(d, SG_ST_OPEN_LOAN, "case_id", NULL,
                  "a case without an item on loan: it is returned, granted or written off first");
}

/* ---- what a reason asks for ---- */

static enum sg_err not_met(struct decision *d, const char *detail, const char *accepted)
{
    return refuse(d, SG_ST_CLOSE_CRITERIA, "case_closed.reason", detail, "%s", accepted);
}

static enum sg_err check_independent(struct decision *d, const struct own_case *c,
                                     const struct visits *visits)
{
    int32_t today = sg_day_at(d->turn->block->time_ms), since = INT32_MAX;
    for (size_t i = 0; i < c->person->n_completed; i++)
        if (i == 0 || c->person->completed[i]->ended_on > since) /* the last course */
            since = c->person->completed[i]->ended_on;
    if (c->row->has_mentored_from && c->row->mentored_from < since)
        since = c->row->mentored_from;
    if (!visits->contact || today - visits->contact_on > VISIT_DAYS)
        return not_met(d, "NO_VISIT", "a visit with contact in the last 60 days");
    if (!visits->off_street)
        return not_met(d, "ON_STREET", "on_street NO at the last visit with contact");
    if (since == INT32_MAX || today - since < ALONE_DAYS)
        return not_met(d, "TOO_EARLY",
                       "180 days after the completed course, or after the plan has begun");
    return SG_OK;
}

static enum sg_err check_lost(struct decision *d, const struct visits *visits)
{
    if (visits->missed_days < TRIES || visits->missed_to - visits->missed_from < TRIES_SPAN_DAYS)
        return not_met(d, "TOO_FEW_TRIES",
                       "three visits without contact on three days, 14 days from first to last");
    return SG_OK;
}

static enum sg_err check_reason(struct decision *d, const struct own_case *c, struct sg_why *why)
{
    PbCloseReason reason = d->event->envelope->case_closed->reason;
    struct visits visits;
    bool flagged = c->row->not_ppks;
    if (flagged != (reason == PB_CLOSE_REASON_NOT_PPKS))
        return flagged ? refuse(d, SG_ST_BAD_TRANSITION, "case_closed.reason", "NOT_PPKS",
                                "NOT_PPKS, or another assessment")
                       : not_met(d, "PPKS", "an assessment that confirms no PPKS");
    enum sg_err err = visits_of_case(d->turn, &c->id, c->row, &visits, why);
    if (!err && reason == PB_CLOSE_REASON_INDEPENDENT)
        err = check_independent(d, c, &visits);
    if (!err && reason == PB_CLOSE_REASON_LOST_CONTACT)
        err = check_lost(d, &visits);
    return err;
}

static enum sg_err check_close(struct decision *d, const struct own_case *c, struct sg_why *why)
{
    const PbCaseClosed *e = d->event->envelope->case_closed;
    if (!version_holds(d, c->row->version))
        return SG_OK;
    if (!case_is_open(c->row->state))
        return refuse(
            d, SG_ST_BAD_TRANSITION, "case_id",
            protobuf_c_enum_descriptor_get_value(&pb_case_state__descriptor, (int)c->row->state)
                ->name,
            "a case that is open");
    if (day_of(e->closed_on) > sg_day_at(d->turn->block->time_ms))
        return refuse(d, SG_ST_FUTURE_TIME, "case_closed.closed_on", NULL, "today or a day before");
    enum sg_err err = no_open_seat(d, c, why);
    if (!err && !d->fault->code)
        err = no_open_loan(d, c, why);
    if (err || d->fault->code)
        return err;
    bool minor = c->row->minor && !minor_may_go_to(d->turn->world, c->row->owner);
    if (minor)
        return refuse(d, SG_ST_MINOR, "case_id", NULL,
                      "a minor is handed over with a TRANSFER to an agency for the protection of "
                      "children; a mistake about the age is settled by an assessment");
    if (strcmp(e->supervisor_ref, d->event->envelope->actor_ref) == 0)
        return refuse(d, SG_ST_FOUR_EYES, "case_closed.supervisor_ref", NULL,
                      "somebody else than actor_ref");
    return check_reason(d, c, why);
}

/* ---- what ends with it ---- */

struct loops {
    struct decision *d;
    const struct sg_id *case_id;
    const PbCaseRow *row;
    const struct sg_id *transfer_id; /* NULL: the case is CLOSED */
};

static enum sg_err close_one_loop(void *context, const struct sg_id *id, PbReferralRow *referral,
                                  bool *done, struct sg_why *why)
{
    const struct loops *loops = context;
    const struct sg_id *transfer_id = loops->transfer_id;
    struct sg_id of_case = id_of(referral->case_id);
    bool open = referral->state == PB_REFERRAL_STATE_ACCEPTED ||
                (transfer_id && /* an intake that waits has nothing to wait for at the old owner */
                 referral_is_pending(referral->state) && referral->kind == PB_REFERRAL_KIND_INTAKE);
    (void)done;
    (void)why;
    if (!open || !sg_id_equal(&of_case, loops->case_id) ||
        (transfer_id && sg_id_equal(id, transfer_id)))
        return SG_OK;
    struct follow *f = queue(loops->d, FOLLOW_LOOP);
    f->case_id = *loops->case_id;
    f->person_id = id_of(referral->person_id);
    f->owner = loops->row->owner;
    f->from = f->to = transfer_id ? PB_CASE_STATE_TRANSFERRED : PB_CASE_STATE_CLOSED;
    f->version = loops->row->version + 1;
    f->has_referral = true;
    f->referral_id = *id;
    f->referral_state = PB_REFERRAL_STATE_LOOP_CLOSED;
    f->referrer = referral->referrer;
    return SG_OK;
}

enum sg_err close_loops(struct decision *d, const struct sg_id *case_id, const PbCaseRow *row,
                        const struct sg_id *transfer_id, struct sg_why *why)
{
    struct loops loops = {d, case_id, row, transfer_id};
    return person_referrals(d->turn, &d->person_id, close_one_loop, &loops, why);
}

static enum sg_err release_waitings(struct decision *d, const struct sg_id *case_id,
                                    const PbPersonRow *person, struct sg_why *why)
{
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < person->n_waiting_ids; i++) {
        struct sg_id id = id_of(person->waiting_ids[i]);
        PbAllocationRow *row = NULL;
        err = read_row(d->turn, TABLE_ALLOCATIONS, &id, &pb_allocation_row__descriptor, &row, why);
        struct sg_id of_case = err ? (struct sg_id){{0}} : id_of(row->case_id);
        if (!err && sg_id_equal(&of_case, case_id))
            (void)change_seat(d, &id, row, PB_ALLOCATION_STATE_RELEASED, PB_SEAT_CHANGE_RELEASED);
    }
    return err;
}

enum sg_err decide_case_closed(struct decision *d, struct sg_why *why)
{
    const PbCaseClosed *e = d->event->envelope->case_closed;
    struct own_case c = {0};
    PbCaseEffect *change;
    struct follow *told;
    enum sg_err err = case_own(d, &c, why);
    if (!err && !d->fault->code)
        err = check_close(d, &c, why);
    if (err || d->fault->code)
        return err;
    add_reader(d, c.row->owner, RELATION_CASE_OWNER);
    err = case_change(d, &c.id, c.row, PB_CASE_STATE_CLOSED, &change, &told, why);
    if (err)
        return err;
    change->has_closed_on = change->has_close_reason = true;
    change->closed_on = day_of(e->closed_on);
    change->close_reason = e->reason;
    d->effect->has_aggregate_version = true;
    d->effect->aggregate_version = c.row->version + 1;
    err = close_loops(d, &c.id, c.row, NULL, why);
    return err ? err : release_waitings(d, &c.id, c.person, why);
}
