/* contact.c - E04: somebody was seen on the street, with a referral or without. Domain 5, 9.3. */
#include "ledger/allocation.h"
#include "ledger/match.h"
#include "ledger/minor.h"
#include "ledger/relapse.h"

static enum sg_err check_referral(struct decision *d, const PbStreetContactRecorded *e,
                                  struct sg_why *why)
{
    struct sg_id id = id_of(e->referral_id);
    PbReferralRow *row = NULL;
    if (!e->has_referral_id)
        return SG_OK;
    enum sg_err err =
        read_row(d->turn, TABLE_REFERRALS, &id, &pb_referral_row__descriptor, &row, why);
    return err ? refuse_unknown(d, err, "contact_recorded.referral_id") : SG_OK;
}

enum sg_err decide_contact(struct decision *d, struct sg_why *why)
{
    const PbStreetContactRecorded *e = d->event->envelope->contact_recorded;
    struct sg_id id = id_of(e->contact_id);
    bool somebody = e->person || d->event->envelope->has_person_ref;
    PbObjectRow *object = NULL;
    PbPersonRow *person = NULL;
    enum sg_err err = read_object(d, &id, &object, why);
    if (!err)
        err = check_referral(d, e, why);
    if (!err && !d->fault->code && somebody)
        err = person_resolve(d, e->person, &person, why);
    if (err || d->fault->code)
        return err;
    err = stated_again(d, object, "contact_recorded.contact_id");
    if (err || d->fault->code || d->duplicate)
        return err;
    add_readers_with(d, SG_CAP(PB_CAPABILITY_IDENTITY_STEWARD),
                     RELATION_CASE_OWNER | RELATION_STEWARD);
    state_object(d, &id);
    count_event(d);
    d->effect->has_aggregate_version = true;
    d->effect->aggregate_version = 1;
    if (!somebody)
        return SG_OK;
    err = person_describe(d, person, e->person, why);
    if (err)
        return err;
    d->effect->person->has_identity_stated = true;
    d->effect->person->identity_stated = e->person != NULL;
    person_grant_refs(d, person, d->source->agency->id);
    d->effect->minted_person_ref = person_ref_for(d, person, d->source->agency->id);
    d->effect->has_minted_person_ref = d->effect->minted_person_ref.data != NULL;
    if (e->person)
        queue_waitings(d, person);
    if (d->effect->person->minor && !person->minor)
        err = minor_known(d, person, NULL, why);
    if (!err)
        err = relapse_by_contact(d, person, why);
    person_stated(d, e->person);
    return err;
}
