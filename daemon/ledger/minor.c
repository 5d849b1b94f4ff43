#include "ledger/minor.h"

#include "ledger/agency.h"
#include "ledger/allocation.h"
#include "ledger/casefile.h"
#include "ledger/deadline.h"
#include "ledger/mutant.h"
#include "ledger/referral.h"
#include "wire/day.h"

bool minor_may_go_to(const struct world *world, const char *agency)
{
    return agency_has(world, agency, PB_CAPABILITY_CHILD_PROTECTION);
}

/* Level 2 at once when it is missed, level 3 a day later. */
void minor_limit(struct decision *d, const struct sg_id *case_id, const char *owner)
{
    const struct sg_time_limits *limits = limits_of(d->turn);
    int64_t due_ms = d->turn->block->time_ms + limits->minor_hours * SG_HOUR_MS;
    const struct limit limit = {
        .rule = RULE_MINOR,
        .aggregate_type = PB_AGGREGATE_TYPE_CASE,
        .id = *case_id,
        .levels_ms = {due_ms, due_ms + limits->minor_level3_hours * SG_HOUR_MS},
        .level_count = 2,
        .first_level = 2,
        .due_ms = due_ms,
        .responsible = owner,
        .case_owner = owner,
        .case_id = *case_id};
    if (!minor_may_go_to(d->turn->world, owner))
        deadline_start(d, &limit);
}

struct asked {
    const struct world *world;
    const struct sg_id *case_id, *but;
    bool found;
};

static enum sg_err look_for_transfer(void *context, const struct sg_id *id, PbReferralRow *row,
                                     bool *done, struct sg_why *why)
{
    struct asked *asked = context;
    struct sg_id of_case = id_of(row->case_id);
    (void)why;
    *done = asked->found =
        (!asked->but || !sg_id_equal(id, asked->but)) && row->kind == PB_REFERRAL_KIND_TRANSFER &&
        referral_is_pending(row->state) && sg_id_equal(&of_case, asked->case_id) &&
        minor_may_go_to(asked->world, referral_target(row));
    return SG_OK;
}

enum sg_err minor_begin(struct decision *d, const struct sg_id *case_id, const PbCaseRow *c,
                        const struct sg_id *but, struct sg_why *why)
{
    struct asked asked = {.world = d->turn->world, .case_id = case_id, .but = but};
    struct sg_id person_id = id_of(c->person_id);
    enum sg_err err = person_referrals(d->turn, &person_id, look_for_transfer, &asked, why);
    if (!err && !asked.found)
        minor_limit(d, case_id, c->owner);
    return err;
}

static enum sg_err void_seat(struct decision *d, const PbPersonRow *person, struct sg_why *why)
{
    PbAllocationRow *row;
    struct sg_id id;
    enum sg_err err = live_seat(d->turn, person, &id, &row, why);
    if (!err && row && MUTATED(26, true, row->state != PB_ALLOCATION_STATE_OCCUPIED))
        (void)change_seat(d, &id, row, PB_ALLOCATION_STATE_VOIDED, PB_SEAT_CHANGE_VOIDED);
    return err;
}

enum sg_err minor_known(struct decision *d, const PbPersonRow *person, const struct sg_id *but,
                        struct sg_why *why)
{
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < person->n_cases; i++) {
        struct sg_id id = id_of(person->cases[i]->case_id);
        PbCaseRow *row = NULL;
        if (but && sg_id_equal(&id, but))
            continue;
        err = read_row(d->turn, TABLE_CASES, &id, &pb_case_row__descriptor, &row, why);
        if (err || !case_is_open(row->state) || row->minor)
            continue;
        PbCaseEffect *change = case_effect(d, &id);
        change->has_minor = change->has_age_doubt = true;
        change->minor = true;
        err = minor_begin(d, &id, row, NULL, why);
    }
    return err ? err : void_seat(d, person, why);
}
