/* seat_decision.c - E12: the seat is taken, confirmed or given back by the side that may. */
#include "ledger/allocation.h"
#include "ledger/casefile.h"
#include "ledger/mutant.h"

/* What an E12 does to an allocation; an empty cell (0) is refused with E_BAD_TRANSITION. */
static const PbAllocationState moves[PB_ALLOCATION_STATE_VOIDED +
                                     1][PB_SEAT_DECISION_DECLINED_BY_PROVIDER + 1] = {
    /* clang-format off */
    [PB_ALLOCATION_STATE_HELD] = {
        [PB_SEAT_DECISION_PERSON_ACCEPTED] = PB_ALLOCATION_STATE_RESERVED,
        [PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER] = PB_ALLOCATION_STATE_RELEASED,
        [PB_SEAT_DECISION_DECLINED_BY_PROVIDER] = PB_ALLOCATION_STATE_RELEASED},
    [PB_ALLOCATION_STATE_RESERVED] = {
        [PB_SEAT_DECISION_CONFIRMED] = PB_ALLOCATION_STATE_CONFIRMED,
        [PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER] = PB_ALLOCATION_STATE_RELEASED,
        [PB_SEAT_DECISION_DECLINED_BY_PROVIDER] = PB_ALLOCATION_STATE_RELEASED},
    [PB_ALLOCATION_STATE_CONFIRMED] = {
        [PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER] = PB_ALLOCATION_STATE_RELEASED},
    [PB_ALLOCATION_STATE_WAITLISTED] = {
        [PB_SEAT_DECISION_WITHDRAWN_BY_CASE_OWNER] = PB_ALLOCATION_STATE_RELEASED},
}; /* clang-format on */

static PbSeatChange change_to(PbAllocationState state)
{
    static const PbSeatChange changes[] = {
        [PB_ALLOCATION_STATE_RESERVED] = PB_SEAT_CHANGE_RESERVED,
        [PB_ALLOCATION_STATE_CONFIRMED] = PB_SEAT_CHANGE_CONFIRMED,
        [PB_ALLOCATION_STATE_RELEASED] = PB_SEAT_CHANGE_RELEASED,
    };
    return changes[state];
}

/* A new seat is asked for, in fact: what an E11 would be refused for. */
static bool may_ask(struct decision *d, const struct seat_request *r)
{
    if (!seat_may_be_claimed(d, r->person, "seat_decided.allocation_id"))
        return false;
    if (r->c->minor || r->c->age_doubt || r->person->minor || r->person->age_doubt)
        (void)refuse(d, SG_ST_MINOR, "seat_decided.allocation_id", NULL,
                     "a person of 18 or older; a doubt about the age is settled by an assessment");
    else if (r->c->state != PB_CASE_STATE_IN_SERVICE && r->c->state != PB_CASE_STATE_AFTERCARE)
        (void)refuse(d, SG_ST_BAD_TRANSITION, "seat_decided.allocation_id", "CASE_STATE",
                     "a case that is IN_SERVICE or AFTERCARE");
    return d->fault->code == 0;
}

/* A person who accepts too late gets a new seat if one is free and nobody waits. */
static enum sg_err grant_again(struct decision *d, const PbAllocationRow *row, struct sg_why *why)
{
    struct seat_request r = {.slot_id = id_of(row->slot_id), .case_id = id_of(row->case_id)};
    PbSeatRequested as_if;
    bool may = false;
    pb_seat_requested__init(&as_if);
    as_if.person_accepted = true;
    as_if.request_id = row->request_id;
    r.event = &as_if;
    r.person_id = id_of(row->person_id);
    r.waived = row->waived;
    enum sg_err err =
        read_row(d->turn, TABLE_SLOTS, &r.slot_id, &pb_slot_row__descriptor, &r.slot, why);
    if (!err)
        err = read_row(d->turn, TABLE_CASES, &r.case_id, &pb_case_row__descriptor, &r.c, why);
    if (!err)
        err = person_of_case(d, &r.person_id, &r.person, why);
    if (!err)
        err = free_seat(d->turn, &r.slot_id, r.slot, &r.seat_no, why);
    if (!err)
        err = may_have_seat(d->turn, r.slot, &r.person_id, &may, why);
    if (err || !may_ask(d, &r))
        return err;
    PbSlotState state = slot_state_at(r.slot, d->turn->block->time_ms);
    bool open =
        state == PB_SLOT_STATE_OPEN || (state != PB_SLOT_STATE_CANCELLED &&
                                        slot_takes_late_entry(r.slot, d->turn->block->time_ms));
    may = may && !r.c->not_ppks;
    if (!r.seat_no || r.slot->waiting || !open || !MUTATED(22, may, true))
        return refuse(d, SG_ST_BAD_TRANSITION, "seat_decided.allocation_id", "EXPIRED",
                      "a hold that has not run out; ask for a seat again");
    struct sg_id new_id;
    err = seat_claim(d, &r, &new_id, why);
    d->effect->has_minted_allocation_id = true;
    d->effect->minted_allocation_id = data_of(d->turn, &new_id);
    tell_slot_version(d, r.slot);
    return err;
}

static enum sg_err check_side(struct decision *d, const PbAllocationRow *row)
{
    PbSeatDecision decision = d->event->envelope->seat_decided->decision;
    bool providers =
        decision == PB_SEAT_DECISION_CONFIRMED || decision == PB_SEAT_DECISION_DECLINED_BY_PROVIDER;
    const char *side = providers ? row->slot_owner : row->case_owner;
    if (strcmp(side, d->source->agency->id) == 0)
        return SG_OK;
    return refuse(d, SG_ST_NOT_OWNER, "seat_decided.decision",
                  providers ? "SLOT_OWNER" : "CASE_OWNER",
                  providers ? "this decision from the owner of the slot"
                            : "this decision from the owner of the case");
}

static enum sg_err move_seat(struct decision *d, const struct sg_id *id, const PbAllocationRow *row,
                             const PbPersonRow *person, struct sg_why *why)
{
    const PbSeatDecided *e = d->event->envelope->seat_decided;
    PbAllocationState to = moves[row->state][e->decision];
    bool late = row->state == PB_ALLOCATION_STATE_HELD && to == PB_ALLOCATION_STATE_RESERVED &&
                d->turn->block->time_ms >= row->hold_until_ms;
    if (e->decision == PB_SEAT_DECISION_PERSON_ACCEPTED && person->restricted)
        return refuse_restricted(d, "seat_decided.allocation_id");
    if (to == PB_ALLOCATION_STATE_UNSPECIFIED || late)
        return refuse(
            d, SG_ST_BAD_TRANSITION, "seat_decided.allocation_id",
            protobuf_c_enum_descriptor_get_value(&pb_allocation_state__descriptor, (int)row->state)
                ->name,
            "a decision that fits the state of the seat");
    struct follow *follow = change_seat(d, id, row, to, change_to(to));
    if (e->decision == PB_SEAT_DECISION_DECLINED_BY_PROVIDER &&
        e->declined_by == MUTATED(13, PB_DECLINED_BY_RECEIVER, PB_DECLINED_BY_UNSPECIFIED))
        follow->seat->has_lost_without_fault = follow->seat->lost_without_fault = true;
    PbSlotRow *slot = NULL;
    enum sg_err err =
        read_row(d->turn, TABLE_SLOTS, &follow->slot_id, &pb_slot_row__descriptor, &slot, why);
    if (!err)
        tell_slot_version(d, slot);
    return err;
}

enum sg_err decide_seat_decided(struct decision *d, struct sg_why *why)
{
    const PbSeatDecided *e = d->event->envelope->seat_decided;
    struct sg_id id = id_of(e->allocation_id);
    PbAllocationRow *row = NULL;
    PbPersonRow *person = NULL;
    enum sg_err err =
        read_row(d->turn, TABLE_ALLOCATIONS, &id, &pb_allocation_row__descriptor, &row, why);
    if (err)
        return refuse_unknown(d, err, "seat_decided.allocation_id");
    err = check_side(d, row);
    if (err || d->fault->code)
        return err;
    struct sg_id person_id = id_of(row->person_id);
    add_reader(d, row->case_owner, RELATION_CASE_OWNER);
    add_reader(d, row->slot_owner,
               row->state == PB_ALLOCATION_STATE_WAITLISTED ? RELATION_PROVIDER_WAITING
               : row->state == PB_ALLOCATION_STATE_HELD     ? RELATION_PROVIDER_HELD
                                                            : RELATION_PROVIDER);
    err = person_of_case(d, &person_id, &person, why);
    if (err)
        return err;
    if (row->state == PB_ALLOCATION_STATE_EXPIRED &&
        e->decision == PB_SEAT_DECISION_PERSON_ACCEPTED)
        return grant_again(d, row, why);
    return move_seat(d, &id, row, person, why);
}
