/* referral.c - referrals. Source: domain 7.1, as far as built.
 *
 *    SUBMITTED --ACCEPTED--> ACCEPTED      SUBMITTED --REDIRECTED--> SUBMITTED at the new target
 *        '------DECLINED---> DECLINED
 */
#include "ledger/agency.h"
#include "ledger/allocation.h"
#include "ledger/casefile.h"
#include "ledger/person.h"
#include "wire/day.h"

enum { TARGETS_MAX = 4 }; /* the first and three redirections */

static PbReferralEffect *add_referral(struct decision *d, const struct sg_id *id)
{
    PbReferralEffect *effect = TAKE(d->turn, PbReferralEffect);
    pb_referral_effect__init(effect);
    effect->has_referral_id = true;
    effect->referral_id = data_of(d->turn, id);
    effect->has_state = true;
    d->effect->referral = effect;
    return effect;
}

static bool is_pending(PbReferralState state)
{
    return state == PB_REFERRAL_STATE_SUBMITTED || state == PB_REFERRAL_STATE_ACKNOWLEDGED;
}

/* ---- E01 ---- */

/* The same publisher may not have another open INTAKE referral for the same person. */
static enum sg_err check_not_pending(struct decision *d, struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key prefix = {0};
    if (d->effect->person->created)
        return SG_OK;
    enum sg_err err = cursor_open(&cursor, d->turn->txn, TABLE_REFERRALS_OF_PERSON, why);
    if (!err)
        err = cursor_seek(&cursor, key_id(&prefix, &d->person_id), why);
    while (!err && cursor.key.ptr && key_starts(cursor.key, &prefix)) {
        struct sg_id id;
        PbReferralRow *row = NULL;
        memcpy(id.b, cursor.key.ptr + SG_ID_BYTES, SG_ID_BYTES);
        err = read_row(d->turn, TABLE_REFERRALS, &id, &pb_referral_row__descriptor, &row, why);
        if (err)
            break;
        if (is_pending(row->state) && row->kind == PB_REFERRAL_KIND_INTAKE &&
            strcmp(row->referrer, d->source->agency->id) == 0)
            return refuse(d, SG_ST_DUPLICATE_REFERRAL, "referral_submitted.person", NULL,
                          "one open referral of the person");
        err = cursor_next(&cursor, why);
    }
    return err;
}

/* What all statements together with this one say of the age. */
static enum sg_err describe_person(struct decision *d, const PbPersonRow *row,
                                   const PbPersonIdentity *stated, struct sg_why *why)
{
    PbPersonEffect *effect = d->effect->person;
    struct identity identity = {0};
    bool minor = row->minor, doubt = row->age_doubt;
    effect->has_identity_stated = true;
    effect->identity_stated = stated || d->event->envelope->referral_submitted->n_urgent_needs != 0;
    if (stated) {
        pb_person_identity__init(&identity.person);
        enum sg_err err =
            effect->created ? SG_OK : person_identity(d->turn, &d->person_id, &identity, why);
        if (err)
            return err;
        identity_state(&identity, stated);
        person_minor(&identity.person, sg_day_at(d->event->occurred_ms), &minor, &doubt);
        effect->has_sex = true;
        effect->sex = identity.person.sex;
    }
    effect->has_minor = effect->has_age_doubt = true;
    effect->minor = minor;
    effect->age_doubt = doubt;
    return SG_OK;
}

static void describe_referral(struct decision *d, const struct sg_id *id,
                              const struct sg_id *case_id)
{
    const PbReferralSubmitted *e = d->event->envelope->referral_submitted;
    PbReferralEffect *effect = add_referral(d, id);
    effect->has_created = effect->created = true;
    effect->referrer = text_of(d->turn, d->source->agency->id);
    effect->has_kind = effect->has_priority = true;
    effect->kind = e->kind;
    effect->priority = e->priority;
    effect->state = PB_REFERRAL_STATE_SUBMITTED;
    effect->target = e->target_agency;
    effect->has_case_id = effect->has_person_id = true;
    effect->case_id = data_of(d->turn, case_id);
    effect->person_id = data_of(d->turn, &d->person_id);
    effect->found_region = e->found_region;
}

static void present(struct decision *d, const struct sg_id *referral_id, const char *target)
{
    struct follow *follow = queue(d, FOLLOW_PRESENT);
    follow->has_referral = true;
    follow->referral_id = *referral_id;
    follow->person_id = d->person_id;
    follow->target = target;
}

static void minted_for(struct decision *d, const PbPersonRow *person, const char *case_owner,
                       const struct sg_id *case_id)
{
    PbEffect *effect = d->effect;
    effect->minted_person_ref = person_ref_for(d, person, d->source->agency->id);
    effect->has_minted_person_ref = effect->minted_person_ref.data != NULL;
    effect->has_minted_case_id = strcmp(case_owner, d->source->agency->id) == 0;
    effect->minted_case_id = data_of(d->turn, case_id);
    effect->has_aggregate_version = true;
    effect->aggregate_version = 1;
}

enum sg_err decide_referral_submitted(struct decision *d, struct sg_why *why)
{
    const PbReferralSubmitted *e = d->event->envelope->referral_submitted;
    struct sg_id id = id_of(e->referral_id), case_id;
    PbReferralRow *row = NULL;
    PbPersonRow *person = NULL;

    enum sg_err err =
        read_row(d->turn, TABLE_REFERRALS, &id, &pb_referral_row__descriptor, &row, why);
    if (err && err != SG_E_NOT_FOUND)
        return err;
    /* The reference is looked up before the ownership of the id: check 5 before 6. */
    err = person_resolve(d, e->person, &person, why);
    if (err || d->fault->code)
        return err;
    err = stated_again(d, row ? row->object : NULL, "referral_submitted.referral_id");
    if (err || d->fault->code || d->duplicate)
        return err;
    if (!agency_has(d->turn->world, e->target_agency, PB_CAPABILITY_CASE_OWNER))
        return refuse(d, SG_ST_BAD_CODE, "referral_submitted.target_agency", "NO_CASE_OWNER",
                      "an agency that owns cases, such as dinsos");
    err = check_not_pending(d, why);
    if (err || d->fault->code)
        return err;

    add_reader(d, e->target_agency, RELATION_CASE_OWNER);
    err = describe_person(d, person, e->person, why);
    if (err)
        return err;
    person_grant_refs(d, person, d->source->agency->id);
    err = case_attach(d, person, e->target_agency, &id, &case_id, why);
    if (err)
        return err;
    describe_referral(d, &id, &case_id);
    if (!e->person)
        present(d, &id, e->target_agency);
    if (e->person)
        queue_waitings(d, person);
    minted_for(d, person, e->target_agency, &case_id);
    state_object(d, &id);
    return SG_OK;
}

/* ---- E03 ---- */

static enum sg_err move_case(struct decision *d, const PbReferralRow *row,
                             const struct sg_id *referral_id, enum case_event event,
                             PbReferralState state, struct sg_why *why)
{
    struct sg_id case_id = id_of(row->case_id);
    PbCaseRow *c = NULL;
    bool other = false;
    enum sg_err err = read_row(d->turn, TABLE_CASES, &case_id, &pb_case_row__descriptor, &c, why);
    if (!err && event != CASE_ACCEPTED)
        err = case_has_other_referral(d->turn, &case_id, &d->person_id, referral_id, &other, why);
    if (err)
        return err;
    PbCaseState to = other ? c->state : case_next(c->state, event);
    struct follow *told;
    if (to == c->state) {
        told = queue(d, FOLLOW_CASE);
        told->case_id = case_id;
        told->person_id = d->person_id;
        told->owner = c->owner;
        told->from = told->to = c->state;
        told->version = c->version;
    } else {
        (void)case_change(d, &case_id, c, to, &told);
    }
    told->has_referral = true;
    told->referral_id = *referral_id;
    told->referral_state = state;
    told->reason = d->event->envelope->referral_decided->reason;
    told->referrer = row->referrer;
    return SG_OK;
}

static enum sg_err redirect(struct decision *d, const PbReferralRow *row, const struct sg_id *id,
                            PbReferralEffect *effect, const PbPersonRow *person, struct sg_why *why)
{
    const PbReferralDecided *e = d->event->envelope->referral_decided;
    struct sg_id case_id;
    effect->state = PB_REFERRAL_STATE_SUBMITTED;
    effect->target = e->redirect_to;
    effect->has_hops = true;
    effect->hops = (uint32_t)row->n_targets;
    add_reader(d, e->redirect_to, RELATION_CASE_OWNER);
    person_grant_refs(d, person, NULL);
    enum sg_err err = move_case(d, row, id, CASE_REDIRECTED, PB_REFERRAL_STATE_REDIRECTED, why);
    if (!err)
        err = case_attach(d, person, e->redirect_to, id, &case_id, why);
    if (err)
        return err;
    effect->has_case_id = true;
    effect->case_id = data_of(d->turn, &case_id);
    present(d, id, e->redirect_to);
    return SG_OK;
}

static enum sg_err check_redirect(struct decision *d, const PbReferralRow *row)
{
    const PbReferralDecided *e = d->event->envelope->referral_decided;
    const char *object = "referral_decided.redirect_to";
    if (!agency_has(d->turn->world, e->redirect_to, PB_CAPABILITY_CASE_OWNER))
        return refuse(d, SG_ST_BAD_CODE, object, "NO_CASE_OWNER", "an agency that owns cases");
    for (size_t i = 0; i < row->n_targets; i++)
        if (strcmp(row->targets[i], e->redirect_to) == 0)
            return refuse(d, SG_ST_BAD_TRANSITION, object, "EARLIER_TARGET",
                          "an agency that was no target of this referral yet");
    if (row->n_targets >= TARGETS_MAX)
        return refuse(d, SG_ST_TOO_MANY_HOPS, object, NULL, "at most three redirections");
    return SG_OK;
}

enum sg_err decide_referral_decided(struct decision *d, struct sg_why *why)
{
    const PbReferralDecided *e = d->event->envelope->referral_decided;
    struct sg_id id = id_of(e->referral_id);
    PbReferralRow *row = NULL;
    PbPersonRow *person = NULL;
    enum sg_err err =
        read_row(d->turn, TABLE_REFERRALS, &id, &pb_referral_row__descriptor, &row, why);
    if (err)
        return refuse_unknown(d, err, "referral_decided.referral_id");
    const char *target = row->targets[row->n_targets - 1];
    if (strcmp(target, d->source->agency->id) != 0)
        return refuse(d, SG_ST_NOT_OWNER, "referral_decided.referral_id", NULL,
                      "a referral of which you are the target now");
    if (!is_pending(row->state))
        return refuse(d, SG_ST_BAD_TRANSITION, "referral_decided.referral_id", "DECIDED",
                      "a referral that is not decided yet");
    if (e->decision == PB_REFERRAL_DECISION_REDIRECTED) {
        err = check_redirect(d, row);
        if (err || d->fault->code)
            return err;
    }
    struct sg_id person_id = id_of(row->person_id);
    err = person_of_case(d, &person_id, &person, why);
    if (err)
        return err;
    add_reader(d, target, RELATION_CASE_OWNER);
    PbReferralEffect *effect = add_referral(d, &id);
    d->effect->has_aggregate_version = true;
    d->effect->aggregate_version = row->version + 1;
    if (e->decision == PB_REFERRAL_DECISION_REDIRECTED)
        return redirect(d, row, &id, effect, person, why);
    bool accepted = e->decision == PB_REFERRAL_DECISION_ACCEPTED;
    effect->state = accepted ? PB_REFERRAL_STATE_ACCEPTED : PB_REFERRAL_STATE_DECLINED;
    return move_case(d, row, &id, accepted ? CASE_ACCEPTED : CASE_DECLINED, effect->state, why);
}
