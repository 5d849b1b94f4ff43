/* consent.c - E06: a person agrees, refuses, or takes back. A withdrawal gives back the seat that
 * rests on it, and tells the provider to forget (D6).
 */
#include "ledger/consent.h"

#include "ledger/allocation.h"
#include "ledger/casefile.h"
#include "ledger/link.h"
#include "ledger/mutant.h"
#include "ledger/rights.h"
#include "wire/day.h"

static const PbConsentOfPerson *last_said(const PbPersonRow *person, PbConsentRecorded__Scope scope)
{
    for (size_t i = 0; i < person->n_consents; i++)
        if (person->consents[i]->scope == scope)
            return person->consents[i];
    return NULL;
}

bool consent_holds(const PbPersonRow *person, PbConsentRecorded__Scope scope, int32_t day)
{
    const PbConsentOfPerson *said = last_said(person, scope);
    return said && said->given &&
           (!said->has_valid_until || MUTATED(23, said->valid_until >= day, true));
}

static bool names(const PbConsentRecorded *e, PbConsentRecorded__Scope scope)
{
    for (size_t i = 0; i < e->n_scopes; i++)
        if (e->scopes[i] == scope)
            return true;
    return false;
}

static enum sg_err check(struct decision *d, const PbCaseRow *c, const PbPersonRow *person)
{
    const PbConsentRecorded *e = d->event->envelope->consent_recorded;
    if (!case_is_open(c->state) && c->state != PB_CASE_STATE_CLOSED)
        return refuse(d, SG_ST_BAD_TRANSITION, "case_id", "CASE_STATE",
                      "a case that is open or CLOSED");
    bool minor = c->minor || c->age_doubt || person->minor || person->age_doubt;
    if (minor && MUTATED(24, e->given_by == PB_CONSENT_RECORDED__GIVEN_BY_SELF, false))
        return refuse(d, SG_ST_MINOR, "consent_recorded.given_by",
                      c->minor || person->minor ? "MINOR" : "AGE_DOUBT",
                      "PARENT, GUARDIAN or STATE_AS_GUARDIAN for a person under 18");
    return SG_OK;
}

static void describe(struct decision *d)
{
    const PbConsentRecorded *e = d->event->envelope->consent_recorded;
    PbConsentEffect *effect = d->effect->consent = TAKE(d->turn, PbConsentEffect);
    pb_consent_effect__init(effect);
    effect->n_scopes = e->n_scopes;
    effect->scopes = e->scopes;
    effect->has_given = true;
    effect->given = e->action == PB_CONSENT_RECORDED__ACTION_GIVEN;
    effect->has_valid_until = e->valid_until != NULL;
    effect->valid_until = e->valid_until ? day_of(e->valid_until) : 0;
}

/* ---- who was let in, and what becomes of it ---- */

static bool promised(PbAllocationState state)
{
    return state == PB_ALLOCATION_STATE_HELD || state == PB_ALLOCATION_STATE_RESERVED ||
           state == PB_ALLOCATION_STATE_CONFIRMED;
}

/* The seat goes back, unless the person is in the course already: ending it is the person's choice.
 */
static enum sg_err release_seat(struct decision *d, const PbPersonRow *person, struct sg_why *why)
{
    PbAllocationRow *row;
    struct sg_id id;
    enum sg_err err = live_seat(d->turn, person, &id, &row, why);
    if (!err && row && MUTATED(25, promised(row->state), false))
        (void)change_seat(d, &id, row, PB_ALLOCATION_STATE_RELEASED, PB_SEAT_CHANGE_RELEASED);
    return err;
}

/* A provider that has seen more than a position and an age band. */
static bool was_shown(const PbAllocationRow *row)
{
    return row->has_seat_seq && row->state != PB_ALLOCATION_STATE_WAITLISTED;
}

static enum sg_err tell_providers(struct decision *d, const struct sg_id *case_id,
                                  const struct sg_id *request_id, bool health_only,
                                  struct sg_why *why)
{
    struct erasure order = {.request_id = *request_id, .case_id = *case_id};
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    enum sg_err err = cursor_under(&cursor, d->turn->txn, TABLE_ALLOCATIONS_OF_CASE,
                                   key_id(&prefix, case_id), why);
    while (!err && cursor.key.ptr) {
        struct sg_id id = cursor_second_id(&cursor);
        PbAllocationRow *row = NULL;
        bool ended = false;
        err = read_row(d->turn, TABLE_ALLOCATIONS, &id, &pb_allocation_row__descriptor, &row, why);
        if (!err)
            err = ledger_person_ended(d->turn->txn, &id, d->turn->block->time_ms, &ended, why);
        if (!err && was_shown(row) && !ended) {
            add_reader(d, row->slot_owner, RELATION_PROVIDER);
            order.agency = row->slot_owner;
            order.case_owner = row->case_owner;
            order.what = health_only                                  ? FORGET_HEALTH
                         : row->state == PB_ALLOCATION_STATE_OCCUPIED ? FORGET_CONTACT
                                                                      : FORGET_ALL;
            order_erasure(d, &order);
        }
        if (!err)
            err = cursor_next(&cursor, why);
    }
    return err;
}

/* Of a case and of those that it came after: a seat that has ended stays with its own. */
static enum sg_err tell_back(struct decision *d, const struct sg_id *case_id,
                             const struct sg_id *request_id, bool health_only, struct sg_why *why)
{
    enum { CASES_MAX = 16 };
    struct sg_id id = *case_id;
    PbCaseRow *row = NULL;
    enum sg_err err = SG_OK;
    for (int i = 0; !err && i < CASES_MAX && !(row && !row->has_previous_case_id); i++) {
        id = row ? id_of(row->previous_case_id) : id;
        err = tell_providers(d, &id, request_id, health_only, why);
        if (!err)
            err = read_row(d->turn, TABLE_CASES, &id, &pb_case_row__descriptor, &row, why);
    }
    return err;
}

static enum sg_err take_back(struct decision *d, const struct sg_id *case_id, const PbCaseRow *c,
                             const PbPersonRow *person, struct sg_why *why)
{
    const PbConsentRecorded *e = d->event->envelope->consent_recorded;
    const PbConsentRecorded__Scope provider = PB_CONSENT_RECORDED__SCOPE_SHARE_WITH_PROVIDER;
    const PbConsentRecorded__Scope health = PB_CONSENT_RECORDED__SCOPE_SHARE_HEALTH_LIMITS;
    struct sg_id id = id_of(e->consent_id);
    const PbConsentOfPerson *shared = last_said(person, provider);
    const PbConsentOfPerson *limits = last_said(person, health);
    bool ends = names(e, provider) && shared && shared->given;
    bool ends_health = names(e, health) && limits && limits->given;
    if (!ends && !ends_health)
        return SG_OK;
    request_of_consent(d, &id, case_id, c->owner);
    struct person_tree tree; /* every case of every name that the person goes by */
    enum sg_err err = person_tree_read(d->turn->txn, d->turn->arena, &d->person_id, &tree, why);
    for (size_t i = 0; !err && i < tree.count; i++)
        for (size_t j = 0; !err && j < tree.rows[i]->n_cases; j++) {
            struct sg_id of_owner = id_of(tree.rows[i]->cases[j]->case_id);
            err = tell_back(d, &of_owner, &id, !ends, why);
        }
    return err || !ends ? err : release_seat(d, person, why);
}

/* Providers that have the person on a list now know which scopes hold, and nothing else. */
static enum sg_err affected(struct decision *d, const PbPersonRow *person, struct sg_why *why)
{
    PbAllocationRow *row;
    struct sg_id id;
    enum sg_err err = live_seat(d->turn, person, &id, &row, why);
    if (!err && row)
        add_reader(d, row->slot_owner, RELATION_PROVIDER);
    return err;
}

enum sg_err decide_consent(struct decision *d, struct sg_why *why)
{
    const PbConsentRecorded *e = d->event->envelope->consent_recorded;
    struct sg_id id = id_of(e->consent_id);
    struct own_case c = {0};
    PbObjectRow *object = NULL;
    enum sg_err err = case_own(d, &c, why);
    if (!err && !d->fault->code)
        err = read_object(d, &id, &object, why);
    if (!err && !d->fault->code)
        err = stated_again(d, object, "consent_recorded.consent_id");
    if (!err && !d->fault->code && !d->duplicate)
        err = check(d, c.row, c.person);
    if (err || d->fault->code || d->duplicate)
        return err;
    add_reader(d, c.row->owner, RELATION_CASE_OWNER);
    err = affected(d, c.person, why);
    if (err)
        return err;
    describe(d);
    state_object(d, &id);
    tell_case_version(d, c.row);
    if (e->action == PB_CONSENT_RECORDED__ACTION_GIVEN)
        queue_waitings(d, c.person); /* a seat may be free that could not be had without it */
    else
        err = take_back(d, &c.id, c.row, c.person, why);
    if (!err)
        person_grant_refs(d, c.person, NULL);
    return err ? err : case_is_busy(d, &c.id, c.row, why);
}
