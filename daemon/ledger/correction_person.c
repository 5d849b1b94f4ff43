/* correction_person.c - E24 of E01, E04 and E05: what somebody said of a person is another thing,
 * or was never said. The statement stands under (person, seq of the event): that one row changes,
 * and who the person is follows from all of them again.
 */
#include "ledger/allocation.h"
#include "ledger/casefile.h"
#include "ledger/correction.h"
#include "ledger/deadline.h"
#include "ledger/match.h"
#include "ledger/minor.h"
#include "ledger/referral.h"
#include "wire/day.h"

/* ---- the statement ---- */

static PbPersonIdentity *stated_person(const PbEnvelope *e)
{
    return e->referral_submitted     ? e->referral_submitted->person
           : e->contact_recorded     ? e->contact_recorded->person
           : e->assessment_completed ? e->assessment_completed->person
                                     : NULL;
}

enum sg_err correction_keep_nik(struct decision *d, struct correction *c, struct sg_why *why)
{
    PbPersonIdentity *stated = c->annuls ? NULL : stated_person(c->event.envelope);
    PbIdentityRow *row = NULL;
    struct key key = {0};
    bool wants = stated && !stated->nik && !sg_id_is_zero(&c->person_id) &&
                 (stated->nik_status == PB_NIK_STATUS_STATED ||
                  stated->nik_status == PB_NIK_STATUS_VERIFIED);
    if (!wants)
        return SG_OK;
    key_u64(key_id(&key, &c->person_id), c->seq);
    enum sg_err err = row_get(d->turn->txn, TABLE_IDENTITIES, &key, &pb_identity_row__descriptor,
                              d->turn->arena, &row, why);
    if (err)
        return err == SG_E_NOT_FOUND ? SG_OK : err;
    c->keeps_nik = row->person && row->person->nik;
    stated->nik = c->keeps_nik ? row->person->nik : NULL;
    return SG_OK;
}

/* A person whose statements are no longer what they were. */
struct restated {
    PbPersonRow *row;
    struct identity identity; /* with what is said from now on */
    bool minor, age_doubt;    /* as the statements have it, on the day of the event */
    bool dated;               /* a birth date is known: it decides */
};

static bool is_dated(const PbPersonIdentity *p)
{
    return p->birth_date && (p->birth_quality == PB_BIRTH_QUALITY_EXACT ||
                             p->birth_quality == PB_BIRTH_QUALITY_PARTIAL);
}

static enum sg_err restate(struct decision *d, const struct correction *c, struct restated *out,
                           struct sg_why *why)
{
    PbIdentityRow said;
    bool says = !c->annuls && person_statement(&c->event, &said);
    enum sg_err err = person_of_case(d, &c->person_id, &out->row, why);
    if (!err)
        err = person_identity_if(d->turn, &c->person_id, c->seq, says ? &said : NULL,
                                 &out->identity, why);
    if (err)
        return err;
    c->effect->has_restates = c->effect->restates = c->effect->has_stated_on = true;
    c->effect->stated_on = sg_day_at(c->stated.occurred_ms);
    person_minor(&out->identity.person, sg_day_at(c->stated.occurred_ms), &out->minor,
                 &out->age_doubt);
    out->dated = is_dated(&out->identity.person);
    if (!c->annuls)
        person_check_nik(d, stated_person(c->event.envelope));
    d->effect->person->has_sex = true;
    d->effect->person->sex = out->identity.person.sex;
    return SG_OK;
}

static void set_age(struct decision *d, bool minor, bool age_doubt)
{
    PbPersonEffect *effect = d->effect->person;
    effect->has_minor = effect->has_age_doubt = true;
    effect->minor = minor;
    effect->age_doubt = age_doubt;
}

/* Has an assessment of an open case said how old the person is? */
static enum sg_err is_assessed(struct decision *d, const PbPersonRow *person, bool *out_assessed,
                               struct sg_why *why)
{
    *out_assessed = false;
    for (size_t i = 0; i < person->n_cases; i++) {
        PbCaseRow *row = NULL;
        struct sg_id id = id_of(person->cases[i]->case_id);
        enum sg_err err = read_row(d->turn, TABLE_CASES, &id, &pb_case_row__descriptor, &row, why);
        if (err)
            return err;
        *out_assessed |= row->has_assessed_seq && case_is_open(row->state);
    }
    return SG_OK;
}

/* Open cases that nobody has assessed yet have the flags of their person; T04 ends with MINOR. */
static enum sg_err clear_case_flags(struct decision *d, const struct restated *r,
                                    struct sg_why *why)
{
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < r->row->n_cases; i++) {
        PbCaseRow *row = NULL;
        struct sg_id id = id_of(r->row->cases[i]->case_id);
        err = read_row(d->turn, TABLE_CASES, &id, &pb_case_row__descriptor, &row, why);
        if (err || !case_is_open(row->state) || row->has_assessed_seq ||
            (!row->minor && row->age_doubt == r->age_doubt))
            continue;
        PbCaseEffect *change = case_effect(d, &id);
        change->has_minor = change->has_age_doubt = true;
        change->age_doubt = r->age_doubt;
        err = deadline_end(d, RULE_MINOR, &id, false, why);
    }
    return err;
}

/* E01 and E04: minor and AGE_DOUBT as all statements have them now; an assessment has decided about
 * an age that was only guessed. */
static enum sg_err age_anew(struct decision *d, const struct restated *r, struct sg_why *why)
{
    bool assessed = false;
    enum sg_err err = is_assessed(d, r->row, &assessed, why);
    if (err || (assessed && !r->dated))
        return err;
    set_age(d, r->minor, r->age_doubt);
    if (r->minor)
        return r->row->minor ? SG_OK : minor_known(d, r->row, NULL, why);
    return clear_case_flags(d, r, why);
}

/* Who the person is has changed: seats that it could not have, others whom it resembles, a NIK that
 * somebody else holds. */
static void look_again(struct decision *d, const struct correction *c, const struct restated *r)
{
    PbPersonIdentity *stated = c->annuls ? NULL : stated_person(c->event.envelope);
    queue_waitings(d, r->row);
    if (stated)
        person_stated(d, stated);
    else
        queue(d, FOLLOW_MATCH)->person_id = d->person_id;
}

static void tell_version(struct decision *d, uint64_t version)
{
    d->effect->has_aggregate_version = true;
    d->effect->aggregate_version = version;
}

/* ---- E01 ---- */

static enum sg_err read_referral(struct decision *d, const struct correction *c,
                                 struct sg_id *out_id, PbReferralRow **out_row, struct sg_why *why)
{
    *out_id = id_of(c->stated.envelope->referral_submitted->referral_id);
    enum sg_err err =
        read_row(d->turn, TABLE_REFERRALS, out_id, &pb_referral_row__descriptor, out_row, why);
    return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "a referral without a row") : err;
}

/* T03 began with the hand-over: it begins with the other one. */
static enum sg_err assess_from(struct decision *d, const PbReferralRow *row, int64_t handed_over_ms,
                               struct sg_why *why)
{
    struct sg_id case_id = id_of(row->case_id);
    struct key key = {0};
    PbDeadlineRow *runs = NULL;
    if (!row->has_handed_over_ms || row->handed_over_ms == handed_over_ms)
        return SG_OK;
    key_text(key_id(&key, &case_id), RULE_ASSESS);
    enum sg_err err = row_get(d->turn->txn, TABLE_DEADLINES, &key, &pb_deadline_row__descriptor,
                              d->turn->arena, &runs, why);
    if (err)
        return err == SG_E_NOT_FOUND ? SG_OK : err;
    int64_t days_ms = limits_of(d->turn)->assess_days * SG_DAY_MS;
    if (runs->due_ms != row->handed_over_ms + days_ms || !runs->case_owner)
        return SG_OK;
    err = deadline_end(d, RULE_ASSESS, &case_id, false, why);
    start_assess(d, &case_id, runs->case_owner, handed_over_ms);
    return err;
}

enum sg_err correct_referral(struct decision *d, const struct correction *c, struct sg_why *why)
{
    const PbReferralSubmitted *e = c->event.envelope->referral_submitted;
    PbReferralRow *row = NULL;
    struct restated r = {0};
    struct sg_id id;
    enum sg_err err = read_referral(d, c, &id, &row, why);
    if (!err)
        err = restate(d, c, &r, why);
    if (err)
        return err;
    PbReferralRestated *change = TAKE(d->turn, PbReferralRestated);
    pb_referral_restated__init(change);
    change->has_referral_id = true;
    change->referral_id = data_of(d->turn, &id);
    change->found_region = e->found_region;
    change->has_handed_over_ms = e->handed_over_at != NULL;
    change->handed_over_ms = e->handed_over_at ? sg_ms_of(e->handed_over_at) : 0;
    change->n_requested_services = e->n_requested_services;
    change->requested_services = e->requested_services;
    c->effect->referral = change;
    for (size_t i = 0; i < e->n_urgent_needs; i++)
        if (e->urgent_needs[i] == PB_URGENT_NEED_VIOLENCE)
            d->effect->person->has_guarded = d->effect->person->guarded = true;
    tell_version(d, row->version + 1);
    err = age_anew(d, &r, why);
    if (!err && e->handed_over_at)
        err = assess_from(d, row, change->handed_over_ms, why);
    look_again(d, c, &r);
    return err;
}

/* Pending: withdrawn. Decided: only an event about somebody else is taken off the person. */
enum sg_err annul_referral(struct decision *d, const struct correction *c, struct sg_why *why)
{
    PbReferralRow *row = NULL;
    struct restated r = {0};
    struct sg_id id;
    enum sg_err err = read_referral(d, c, &id, &row, why);
    if (err)
        return err;
    bool pending = referral_is_pending(row->state);
    if (!pending && !c->other_person)
        return refuse(d, SG_ST_BAD_TRANSITION, corrected_object, "DECIDED",
                      "a referral that is not decided yet; WRONG_PERSON takes its statement off "
                      "the person");
    err = restate(d, c, &r, why);
    if (err)
        return err;
    c->effect->has_detached = c->effect->detached = c->other_person;
    c->effect->has_annulled = c->effect->annulled = pending;
    tell_version(d, row->version);
    if (pending) /* flags that it has raised stay until an assessment: that is the safe side */
        return referral_withdraw(d, &id, row, why);
    err = age_anew(d, &r, why);
    look_again(d, c, &r);
    return err;
}

/* ---- E04 ---- */

static enum sg_err restate_contact(struct decision *d, const struct correction *c,
                                   struct sg_why *why)
{
    struct restated r = {0};
    tell_version(d, 1);
    if (sg_id_is_zero(&c->person_id))
        return SG_OK;
    enum sg_err err = restate(d, c, &r, why);
    if (!err)
        err = age_anew(d, &r, why);
    if (!err)
        look_again(d, c, &r);
    return err;
}

enum sg_err correct_contact(struct decision *d, const struct correction *c, struct sg_why *why)
{
    bool somebody = c->event.envelope->contact_recorded->person != NULL;
    if (somebody && sg_id_is_zero(&c->person_id))
        return refuse(d, SG_ST_BAD_TRANSITION, "event_corrected.replacement.person", "NOBODY",
                      "ANNUL, and then contact.recorded with the person and a new id");
    return restate_contact(d, c, why);
}

enum sg_err annul_contact(struct decision *d, const struct correction *c, struct sg_why *why)
{
    c->effect->has_detached = c->effect->detached = c->other_person;
    return restate_contact(d, c, why);
}

/* ---- E05 ---- */

/* Seats that were asked for and decided since: they rest on what was known of the person then. */
static void claims_since(const PbPersonRow *person, uint64_t seq, struct dependants *on)
{
    for (size_t i = 0; i < person->n_claims; i++)
        if (person->claims[i]->seq > seq)
            depends(on, person->claims[i]->type, person->claims[i]->seq);
}

static PbAssessmentEffect *values_of(struct ledger_turn *turn, const PbAssessmentCompleted *e)
{
    PbAssessmentEffect *values = TAKE(turn, PbAssessmentEffect);
    pb_assessment_effect__init(values);
    values->has_minor = values->has_not_ppks = values->has_priority_band =
        values->has_training_suitable = true;
    values->minor = e->is_minor;
    values->not_ppks = !e->is_minor && e->n_confirmed_ppks == 0;
    values->priority_band = e->priority_band;
    values->training_suitable = e->training_suitable;
    return values;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_date(const PbDate *a, const PbDate *b)
{
    return a == b || (a && b && a->year == b->year && a->month == b->month && a->day == b->day);
}

/* Does the replacement leave alone what a request for a seat looks at? */
static bool claims_hold(const PbAssessmentCompleted *a, const PbAssessmentCompleted *b)
{
    const PbPersonIdentity none = PB_PERSON_IDENTITY__INIT;
    const PbPersonIdentity *p = a->person ? a->person : &none, *q = b->person ? b->person : &none;
    return a->is_minor == b->is_minor && (a->n_confirmed_ppks == 0) == (b->n_confirmed_ppks == 0) &&
           a->priority_band == b->priority_band && a->has_schooling == b->has_schooling &&
           a->schooling == b->schooling && p->sex == q->sex &&
           p->birth_quality == q->birth_quality && same_date(p->birth_date, q->birth_date) &&
           p->has_estimated_age == q->has_estimated_age && p->estimated_age == q->estimated_age &&
           same_text(p->domicile_region, q->domicile_region);
}

static void set_values(PbCaseEffect *change, const PbCaseRow *row, const PbAssessmentEffect *values)
{
    change->has_state = true;
    if (!change->state)
        change->state = row->state;
    change->has_minor = change->has_age_doubt = change->has_not_ppks = true;
    change->minor = values->minor;
    change->not_ppks = values->not_ppks;
    change->has_priority_band = change->has_training_suitable = true;
    change->priority_band = values->priority_band;
    change->training_suitable = values->training_suitable;
}

static enum sg_err read_case(struct decision *d, const struct correction *c, struct sg_id *out_id,
                             PbCaseRow **out_row, struct sg_why *why)
{
    *out_id = id_of(c->stated.envelope->case_id);
    enum sg_err err =
        read_row(d->turn, TABLE_CASES, out_id, &pb_case_row__descriptor, out_row, why);
    return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "an assessment without its case") : err;
}

/* T04 goes with MINOR, and so do the person's other cases and its seat. */
static enum sg_err case_age(struct decision *d, const struct sg_id *id, const PbCaseRow *row,
                            const PbPersonRow *person, bool minor, struct sg_why *why)
{
    if (!minor)
        return deadline_end(d, RULE_MINOR, id, false, why);
    if (!row->minor)
        minor_limit(d, id, row->owner);
    return minor_known(d, person, id, why);
}

/* The last E05 of a case that is open is what its flags say; of an earlier one, and of a case that
 * is over, only what it said of the person and what reports count. */
enum sg_err correct_assessment(struct decision *d, const struct correction *c, struct sg_why *why)
{
    const PbAssessmentCompleted *e = c->event.envelope->assessment_completed;
    struct restated r = {0};
    struct dependants on = {"", 0};
    PbCaseRow *row = NULL;
    struct sg_id id;
    enum sg_err err = read_case(d, c, &id, &row, why);
    if (!err)
        err = restate(d, c, &r, why);
    if (err)
        return err;
    if (!e->is_minor && r.dated && r.minor)
        return refuse(d, SG_ST_SCHEMA, "event_corrected.replacement.is_minor", "BIRTH_DATE",
                      "true: the known birth date says under 18");
    c->effect->assessment = values_of(d->turn, e);
    tell_version(d, row->version);
    if (row->assessed_seq != c->seq || !case_is_open(row->state))
        return SG_OK;
    if (!claims_hold(c->standing.envelope->assessment_completed, e))
        claims_since(r.row, c->seq, &on);
    if (on.count)
        return refuse_dependants(d, &on);
    set_values(case_effect(d, &id), row, c->effect->assessment);
    set_age(d, e->is_minor, false);
    tell_version(d, row->version + 1);
    look_again(d, c, &r);
    return case_age(d, &id, row, r.row, e->is_minor, why);
}

/* What an E05 says, as it stands: its own effect, or that of its latest correction. */
static enum sg_err standing_values(struct decision *d, uint64_t seq, PbAssessmentEffect **out,
                                   uint64_t *out_before, bool *out_annulled, struct sg_why *why)
{
    struct record record;
    struct sg_event event;
    *out = NULL;
    enum sg_err err = event_as_it_stands(d->turn, seq, &record, &event, out_annulled, why);
    if (err)
        return err;
    const PbEffect *effect = record.rest->effect;
    *out_before = effect && effect->n_cases ? effect->cases[0]->assessed_before : 0;
    if (event.envelope->assessment_completed)
        *out = values_of(d->turn, event.envelope->assessment_completed);
    return SG_OK;
}

/* The assessment before it that still counts; *out_seq 0: there is none. */
static enum sg_err assessment_before(struct decision *d, const struct correction *c,
                                     uint64_t *out_seq, PbAssessmentEffect **out,
                                     struct sg_why *why)
{
    const PbEffect *effect = c->rest->effect;
    uint64_t seq = effect && effect->n_cases ? effect->cases[0]->assessed_before : 0, before = 0;
    bool annulled = true;
    enum sg_err err = SG_OK;
    while (!err && seq && annulled) {
        err = standing_values(d, seq, out, &before, &annulled, why);
        if (!err && annulled)
            seq = before;
    }
    *out_seq = seq;
    return err;
}

/* Before any assessment. */
static enum sg_err not_assessed(struct decision *d, const struct correction *c,
                                const struct sg_id *id, const PbCaseRow *row,
                                const struct restated *r, struct sg_why *why)
{
    PbAssessmentEffect none;
    PbCaseEffect *change;
    struct follow *told;
    if (row->state != PB_CASE_STATE_IN_SERVICE)
        return refuse(d, SG_ST_BAD_TRANSITION, corrected_object, "ONLY_ASSESSMENT",
                      "the only assessment of a case that is IN_SERVICE; else state another one "
                      "with assessment.completed first");
    pb_assessment_effect__init(&none);
    none.minor = r->minor;
    enum sg_err err = case_change(d, id, row, PB_CASE_STATE_ASSESSING, &change, &told, why);
    if (err)
        return err;
    set_values(change, row, &none);
    change->age_doubt = r->age_doubt;
    change->has_assessed_seq = true;
    restore_deadline(d, c->rest->effect, RULE_ASSESS);
    set_age(d, r->minor, r->age_doubt);
    return case_age(d, id, row, r->row, r->minor, why);
}

enum sg_err annul_assessment(struct decision *d, const struct correction *c, struct sg_why *why)
{
    PbAssessmentEffect *values = NULL;
    struct restated r = {0};
    struct dependants on = {"", 0};
    PbCaseRow *row = NULL;
    struct sg_id id;
    uint64_t before = 0;
    enum sg_err err = read_case(d, c, &id, &row, why);
    if (!err)
        err = restate(d, c, &r, why);
    if (err)
        return err;
    c->effect->has_detached = c->effect->detached = c->other_person;
    tell_version(d, row->version);
    if (row->assessed_seq != c->seq)
        return SG_OK; /* a later one holds */
    if (!case_takes_assessment(row->state))
        return refuse(d, SG_ST_BAD_TRANSITION, corrected_object, "CASE_STATE",
                      "an assessment of a case that is open");
    claims_since(r.row, c->seq, &on);
    if (on.count)
        return refuse_dependants(d, &on);
    err = assessment_before(d, c, &before, &values, why);
    if (err)
        return err;
    tell_version(d, row->version + 1);
    look_again(d, c, &r);
    if (!before)
        return not_assessed(d, c, &id, row, &r, why);
    PbCaseEffect *change = case_effect(d, &id);
    set_values(change, row, values);
    change->has_assessed_seq = true;
    change->assessed_seq = before;
    set_age(d, values->minor, false);
    return case_age(d, &id, row, r.row, values->minor, why);
}
