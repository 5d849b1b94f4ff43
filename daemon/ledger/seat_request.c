/* seat_request.c - E11: a person asks for a seat. The checks stand in the order of domain 7.3. */
#include "ledger/allocation.h"
#include "ledger/casefile.h"
#include "ledger/consent.h"
#include "ledger/mutant.h"

static enum sg_err read_objects(struct decision *d, struct seat_request *r, struct sg_why *why)
{
    PbObjectRow *object = NULL;
    struct sg_id request_id = id_of(r->event->request_id);
    enum sg_err err =
        read_row(d->turn, TABLE_CASES, &r->case_id, &pb_case_row__descriptor, &r->c, why);
    if (err)
        return refuse_unknown(d, err, "case_id");
    err = read_row(d->turn, TABLE_SLOTS, &r->slot_id, &pb_slot_row__descriptor, &r->slot, why);
    if (err)
        return refuse_unknown(d, err, "seat_requested.slot_id");
    if (strcmp(r->c->owner, d->source->agency->id) != 0)
        return refuse(d, SG_ST_NOT_OWNER, "case_id", NULL, "a case of your own");
    err = read_object(d, &request_id, &object, why);
    return err ? err : stated_again(d, object, "seat_requested.request_id");
}

enum sg_err refuse_restricted(struct decision *d, const char *object)
{
    return refuse(d, SG_ST_RESTRICTED, object, NULL,
                  "a person whose data are not restricted; an UNRESTRICT request ends that");
}

bool seat_may_be_claimed(struct decision *d, const PbPersonRow *person, const char *object)
{
    int32_t today = sg_day_at(d->turn->block->time_ms);
    if (person->restricted)
        (void)refuse_restricted(d, object);
    else if (!consent_holds(person, PB_CONSENT_RECORDED__SCOPE_SHARE_WITH_PROVIDER, today))
        (void)refuse(d, SG_ST_NO_CONSENT, object, "SHARE_WITH_PROVIDER",
                     "a person whose consent SHARE_WITH_PROVIDER is given and still valid");
    return d->fault->code == 0;
}

static enum sg_err check_states(struct decision *d, struct seat_request *r)
{
    int64_t now = d->turn->block->time_ms;
    PbSlotState state = slot_state_at(r->slot, now);
    if (r->person->restricted)
        return refuse_restricted(d, "case_id");
    if (r->c->minor || r->c->age_doubt || r->person->minor || r->person->age_doubt)
        return refuse(d, SG_ST_MINOR, "case_id",
                      r->c->minor || r->person->minor ? "MINOR" : "AGE_DOUBT",
                      "a person of 18 or older; a doubt about the age is settled by an assessment");
    if (!case_takes_seat(r->c->state))
        return refuse(d, SG_ST_BAD_TRANSITION, "case_id", "CASE_STATE",
                      "a case that is IN_SERVICE or AFTERCARE");
    if (r->c->not_ppks)
        return refuse(d, SG_ST_BAD_TRANSITION, "case_id", "NOT_PPKS",
                      "a case whose assessment confirms a need");
    if (!seat_may_be_claimed(d, r->person, "case_id"))
        return SG_OK;
    if (state == PB_SLOT_STATE_CANCELLED)
        return refuse(d, SG_ST_SLOT_CANCELLED, "seat_requested.slot_id", NULL, "another slot");
    bool waiting_only = state == PB_SLOT_STATE_REG_CLOSED && r->event->waitlist_ok;
    if (state != PB_SLOT_STATE_OPEN && !waiting_only)
        return refuse(d, SG_ST_SLOT_CLOSED, "seat_requested.slot_id", NULL,
                      "a slot whose registration is open");
    return SG_OK;
}

static enum sg_err check_eligible(struct decision *d, struct seat_request *r, struct sg_why *why)
{
    struct identity identity;
    enum sg_err err = person_identity(d->turn, &r->person_id, &identity, why);
    if (err)
        return err;
    const char *detail = slot_ineligible(r->slot, &identity);
    if (!detail && slot_documents_missing(r->slot, r->event, &r->waived))
        detail = "MISSING_DOCUMENT";
    if (!detail)
        detail = slot_course_taken(r->slot, r->person);
    if (detail)
        return refuse(d, SG_ST_INELIGIBLE, "seat_requested.slot_id", detail,
                      "a person who meets the conditions of the slot");
    if (r->waived)
        warn(d, SG_ST_W_WAIVER);
    return SG_OK;
}

static enum sg_err check_claims(struct decision *d, struct seat_request *r, struct sg_why *why)
{
    enum { WAITINGS_MAX = 3, SLOT_WAITINGS_MAX = 200 };
    if (MUTATED(2, r->person->has_live_allocation_id, false)) {
        r->live_id = id_of(r->person->live_allocation_id);
        enum sg_err err = read_row(d->turn, TABLE_ALLOCATIONS, &r->live_id,
                                   &pb_allocation_row__descriptor, &r->live, why);
        if (err)
            return err;
        struct sg_id at = id_of(r->live->slot_id);
        r->own_hold = r->live->state == PB_ALLOCATION_STATE_HELD && sg_id_equal(&at, &r->slot_id) &&
                      r->event->person_accepted && d->turn->block->time_ms < r->live->hold_until_ms;
        return r->own_hold
                   ? SG_OK
                   : refuse(d, SG_ST_ACTIVE_PLACEMENT, "case_id", NULL, "a person without a seat");
    }
    for (size_t i = 0; i < r->person->n_waiting_ids; i++) {
        PbAllocationRow *row = NULL;
        struct sg_id id = id_of(r->person->waiting_ids[i]);
        enum sg_err err =
            read_row(d->turn, TABLE_ALLOCATIONS, &id, &pb_allocation_row__descriptor, &row, why);
        if (err)
            return err;
        struct sg_id at = id_of(row->slot_id);
        if (sg_id_equal(&at, &r->slot_id))
            return refuse(d, SG_ST_BAD_TRANSITION, "seat_requested.slot_id", "WAITLISTED",
                          "one place in the waiting list of a slot");
    }
    enum sg_err err = free_seat(d->turn, &r->slot_id, r->slot, &r->seat_no, why);
    bool open = slot_state_at(r->slot, d->turn->block->time_ms) == PB_SLOT_STATE_OPEN;
    if (err)
        return err;
    if (!open)
        r->seat_no = 0; /* REG_CLOSED: the waiting list only */
    if (r->seat_no)
        return SG_OK;
    if (!r->event->waitlist_ok || d->cause->import) /* nobody waits by an import */
        return refuse(d, SG_ST_SLOT_FULL, "seat_requested.slot_id", NULL,
                      "waitlist_ok = true, or another slot");
    if (r->person->n_waiting_ids >= WAITINGS_MAX || r->slot->waiting >= SLOT_WAITINGS_MAX)
        return refuse(d, SG_ST_SLOT_FULL, "seat_requested.slot_id", "WAITLIST_LIMIT",
                      "at most 3 waitings of a person and 200 of a slot");
    return SG_OK;
}

enum sg_err decide_seat_requested(struct decision *d, struct sg_why *why)
{
    struct seat_request r = {.event = d->event->envelope->seat_requested};
    struct sg_id request_id = id_of(r.event->request_id), allocation_id;
    r.case_id = id_of(d->event->envelope->case_id);
    r.slot_id = id_of(r.event->slot_id);
    enum sg_err err = read_objects(d, &r, why);
    if (err || d->fault->code || d->duplicate)
        return err;
    r.person_id = id_of(r.c->person_id);
    err = person_of_case(d, &r.person_id, &r.person, why);
    if (!err)
        err = check_states(d, &r);
    if (!err && !d->fault->code)
        err = check_eligible(d, &r, why);
    if (!err && !d->fault->code)
        err = check_claims(d, &r, why);
    if (err || d->fault->code)
        return err;

    add_reader(d, r.c->owner, RELATION_CASE_OWNER);
    if (r.own_hold) {
        allocation_id = r.live_id;
        (void)change_seat(d, &r.live_id, r.live, PB_ALLOCATION_STATE_RESERVED,
                          PB_SEAT_CHANGE_RESERVED);
    } else {
        err = seat_claim(d, &r, &allocation_id, why);
    }
    if (err)
        return err;
    state_object(d, &request_id);
    d->effect->has_minted_allocation_id = true;
    d->effect->minted_allocation_id = data_of(d->turn, &allocation_id);
    tell_slot_version(d, r.slot);
    return case_is_busy(d, &r.case_id, r.c, why);
}
