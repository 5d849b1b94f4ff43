#include "ledger/casefile.h"

#include "ledger/allocation.h"
#include "ledger/deadline.h"
#include "ledger/match.h"
#include "ledger/mentoring.h"
#include "ledger/minor.h"
#include "ledger/mutant.h"
#include "wire/day.h"

enum { REOPEN_DAYS = 365 };

static const PbCaseState moves[PB_CASE_STATE_VOID + 1][CASE_EVENTS] = {
    /* clang-format off */
    [PB_CASE_STATE_NEW] = {[CASE_ACKNOWLEDGED] = PB_CASE_STATE_INTAKE,
                           [CASE_ACCEPTED] = PB_CASE_STATE_ASSESSING,
                           [CASE_DECLINED] = PB_CASE_STATE_DECLINED,
                           [CASE_REDIRECTED] = PB_CASE_STATE_VOID,
                           [CASE_WITHDRAWN] = PB_CASE_STATE_VOID,
                           [CASE_TAKEN_OVER] = PB_CASE_STATE_ASSESSING},
    [PB_CASE_STATE_INTAKE] = {[CASE_ACCEPTED] = PB_CASE_STATE_ASSESSING,
                              [CASE_DECLINED] = PB_CASE_STATE_DECLINED,
                              [CASE_REDIRECTED] = PB_CASE_STATE_VOID,
                              [CASE_WITHDRAWN] = PB_CASE_STATE_VOID,
                              [CASE_TAKEN_OVER] = PB_CASE_STATE_ASSESSING},
    [PB_CASE_STATE_ASSESSING] = {[CASE_ASSESSED] = PB_CASE_STATE_IN_SERVICE,
                                 /* a seat that came along with a transfer */
                                 [CASE_STARTED] = PB_CASE_STATE_IN_TRAINING},
    [PB_CASE_STATE_IN_SERVICE] = {[CASE_STARTED] = PB_CASE_STATE_IN_TRAINING},
    [PB_CASE_STATE_IN_TRAINING] = {[CASE_COMPLETED] =
                                       MUTATED(15, PB_CASE_STATE_AFTERCARE, PB_CASE_STATE_IN_SERVICE),
                                   [CASE_STOPPED] = PB_CASE_STATE_IN_SERVICE},
    [PB_CASE_STATE_AFTERCARE] = {[CASE_ACCEPTED] = PB_CASE_STATE_IN_SERVICE, /* found again */
                                 [CASE_STARTED] = PB_CASE_STATE_IN_TRAINING},
    [PB_CASE_STATE_CLOSED] = {[CASE_ACCEPTED] = PB_CASE_STATE_IN_SERVICE}, /* reopened */
}; /* clang-format on */

PbCaseState case_next(PbCaseState state, enum case_event event)
{
    PbCaseState next = moves[state][event];
    return next ? next : state;
}

bool case_is_open(PbCaseState state)
{
    return state >= PB_CASE_STATE_NEW && state <= PB_CASE_STATE_AFTERCARE;
}

bool case_takes_assessment(PbCaseState state)
{
    return state >= PB_CASE_STATE_ASSESSING && state <= PB_CASE_STATE_AFTERCARE;
}

bool case_takes_seat(PbCaseState state)
{
    return state == PB_CASE_STATE_IN_SERVICE || state == PB_CASE_STATE_AFTERCARE;
}

enum sg_err case_of_person(struct ledger_turn *turn, const PbPersonRow *person, const char *owner,
                           struct sg_id *out_id, PbCaseRow **out_row, struct sg_why *why)
{
    *out_row = NULL;
    for (size_t i = 0; i < person->n_cases; i++)
        if (strcmp(person->cases[i]->owner, owner) == 0) {
            *out_id = id_of(person->cases[i]->case_id);
            return read_row(turn, TABLE_CASES, out_id, &pb_case_row__descriptor, out_row, why);
        }
    return SG_OK;
}

PbCaseEffect *case_effect(struct decision *d, const struct sg_id *case_id)
{
    PbEffect *effect = d->effect;
    for (size_t i = 0; i < effect->n_cases; i++) {
        struct sg_id id = id_of(effect->cases[i]->case_id);
        if (sg_id_equal(&id, case_id))
            return effect->cases[i];
    }
    PbCaseEffect *change = TAKE(d->turn, PbCaseEffect);
    pb_case_effect__init(change);
    change->has_case_id = true;
    change->case_id = data_of(d->turn, case_id);
    effect->cases = grown(d->turn, effect->cases, effect->n_cases);
    effect->cases[effect->n_cases++] = change;
    return change;
}

enum sg_err case_takes(struct decision *d, const struct sg_id *case_id, const char *owner,
                       const char *from, const struct sg_id *id, bool item, struct sg_why *why)
{
    PbEffect *effect = d->effect;
    PbMoveEffect *e = TAKE(d->turn, PbMoveEffect);
    pb_move_effect__init(e);
    e->has_id = e->has_case_id = e->has_item = true;
    e->id = data_of(d->turn, id);
    e->case_id = data_of(d->turn, case_id);
    e->case_owner = text_of(d->turn, owner);
    e->item = item;
    effect->moves = grown(d->turn, effect->moves, effect->n_moves);
    effect->moves[effect->n_moves++] = e;
    return deadlines_move(d, id, case_id, from, owner, why);
}

struct follow *case_tell(struct decision *d, const struct sg_id *case_id, const char *owner,
                         PbCaseState from, PbCaseState to, uint64_t version)
{
    struct follow *told = queue(d, FOLLOW_CASE);
    told->case_id = *case_id;
    told->person_id = d->person_id;
    told->owner = owner;
    told->from = from;
    told->to = to;
    told->version = version;
    return told;
}

/* ---- what begins and ends with a state ---- */

bool case_may_reopen(const PbCaseRow *row, int64_t now_ms)
{
    return row->state == PB_CASE_STATE_CLOSED && sg_day_at(now_ms) - row->closed_on <= REOPEN_DAYS;
}

static void start_idle(struct decision *d, const struct sg_id *case_id, const char *owner)
{
    const struct limit limit = {
        .rule = RULE_IDLE,
        .aggregate_type = PB_AGGREGATE_TYPE_CASE,
        .id = *case_id,
        .levels_ms = {d->turn->block->time_ms + limits_of(d->turn)->idle_days * SG_DAY_MS},
        .level_count = 1,
        .first_level = 1,
        .responsible = owner,
        .case_owner = owner,
        .case_id = *case_id};
    deadline_start(d, &limit);
}

enum sg_err case_is_busy(struct decision *d, const struct sg_id *case_id, const PbCaseRow *row,
                         struct sg_why *why)
{
    if (row->state != PB_CASE_STATE_IN_SERVICE)
        return SG_OK;
    enum sg_err err =
        deadline_end(d, RULE_IDLE, case_id, false, why); /* told as cleared, if told */
    start_idle(d, case_id, row->owner);
    return err;
}

static bool is_assessed(PbCaseState state)
{
    return state != PB_CASE_STATE_NEW && state != PB_CASE_STATE_INTAKE &&
           state != PB_CASE_STATE_ASSESSING;
}

/* A case that is over has no minor to hand over, no plan to set and nobody to visit. */
static enum sg_err end_case(struct decision *d, const struct sg_id *case_id, const PbCaseRow *row,
                            struct sg_why *why)
{
    enum sg_err err = deadline_end(d, RULE_MINOR, case_id, false, why);
    if (!err)
        err = deadline_end(d, RULE_PLAN, case_id, false, why);
    return err ? err : plan_end(d, row, why);
}

static enum sg_err state_limits(struct decision *d, const struct sg_id *case_id,
                                const PbCaseRow *row, PbCaseState to, struct sg_why *why)
{
    bool serves = to == PB_CASE_STATE_IN_SERVICE, served = row->state == PB_CASE_STATE_IN_SERVICE;
    enum sg_err err = is_assessed(to) ? deadline_end(d, RULE_ASSESS, case_id, false, why) : SG_OK;
    if (!err && served && !serves)
        err = deadline_end(d, RULE_IDLE, case_id, false, why);
    if (!err && serves && !served)
        start_idle(d, case_id, row->owner);
    if (!err && case_is_open(row->state) && !case_is_open(to))
        err = end_case(d, case_id, row, why);
    return err;
}

enum sg_err case_change(struct decision *d, const struct sg_id *case_id, const PbCaseRow *row,
                        PbCaseState to, PbCaseEffect **out_effect, struct follow **out_told,
                        struct sg_why *why)
{
    PbCaseEffect *change = case_effect(d, case_id);
    change->has_state = true;
    change->state = to;
    if (row->state == PB_CASE_STATE_CLOSED && case_is_open(to))
        change->has_reopened = change->reopened = true;
    *out_told = case_tell(d, case_id, row->owner, row->state, to, row->version + 1);
    *out_effect = change;
    return state_limits(d, case_id, row, to, why);
}

enum sg_err case_own(struct decision *d, struct own_case *out, struct sg_why *why)
{
    out->id = id_of(d->event->envelope->case_id);
    enum sg_err err =
        read_row(d->turn, TABLE_CASES, &out->id, &pb_case_row__descriptor, &out->row, why);
    if (err)
        return refuse_unknown(d, err, "case_id");
    if (!owns(d, out->row->owner, "case_id", "a case of your own"))
        return SG_OK;
    struct sg_id person_id = id_of(out->row->person_id);
    return person_of_case(d, &person_id, &out->person, why);
}

void tell_case_version(struct decision *d, const PbCaseRow *row)
{
    d->effect->has_aggregate_version = true;
    d->effect->aggregate_version = row->version;
}

PbCaseEffect *case_make(struct decision *d, const PbPersonRow *row, const char *owner,
                        const PbCaseRow *previous, const struct sg_id *previous_id,
                        struct sg_id *out_case_id)
{
    const PbPersonEffect *person = d->effect->person;
    bool stated = person && person->has_minor;
    *out_case_id = mint(d, "case");
    PbCaseEffect *change = case_effect(d, out_case_id);
    change->has_created = change->created = true;
    change->owner = text_of(d->turn, owner);
    change->has_person_id = true;
    change->person_id = data_of(d->turn, &d->person_id);
    change->has_state = true;
    change->state = PB_CASE_STATE_NEW;
    change->has_minor = change->has_age_doubt = true;
    change->minor = stated ? person->minor : row->minor;
    change->age_doubt = stated ? person->age_doubt : row->age_doubt;
    if (previous) {
        change->has_previous_case_id = true;
        change->previous_case_id = data_of(d->turn, previous_id);
    }
    if (change->minor)
        minor_limit(d, out_case_id, owner);
    return change;
}

enum sg_err case_attach(struct decision *d, const PbPersonRow *person, const char *owner,
                        const struct sg_id *referral_id, struct sg_id *out_case_id, bool *out_open,
                        struct sg_why *why)
{
    PbCaseRow *row = NULL;
    struct sg_id old_id = {{0}};
    enum sg_err err = case_of_person(d->turn, person, owner, &old_id, &row, why);
    if (err)
        return err;
    struct follow *told;
    if (out_open)
        *out_open = row && case_is_open(row->state);
    if (row && (case_is_open(row->state) || case_may_reopen(row, d->turn->block->time_ms))) {
        *out_case_id = old_id;
        told = case_tell(d, &old_id, text_of(d->turn, owner), row->state, row->state, row->version);
    } else {
        (void)case_make(d, person, owner, row, &old_id, out_case_id);
        told = case_tell(d, out_case_id, text_of(d->turn, owner), PB_CASE_STATE_UNSPECIFIED,
                         PB_CASE_STATE_NEW, 1);
    }
    told->has_referral = true;
    told->referral_id = *referral_id;
    told->referral_state = PB_REFERRAL_STATE_SUBMITTED;
    return SG_OK;
}

static bool counts(PbReferralState state)
{
    return state == PB_REFERRAL_STATE_SUBMITTED || state == PB_REFERRAL_STATE_ACKNOWLEDGED ||
           state == PB_REFERRAL_STATE_ACCEPTED;
}

struct other_referral {
    const struct sg_id *case_id, *but;
    bool found;
};

static enum sg_err look_for_other(void *context, const struct sg_id *id, PbReferralRow *row,
                                  bool *done, struct sg_why *why)
{
    struct other_referral *other = context;
    struct sg_id of_case = id_of(row->case_id);
    (void)why;
    *done = other->found = row->kind == PB_REFERRAL_KIND_INTAKE && !sg_id_equal(id, other->but) &&
                           sg_id_equal(&of_case, other->case_id) && counts(row->state);
    return SG_OK;
}

enum sg_err case_has_other_referral(struct ledger_turn *turn, const struct sg_id *case_id,
                                    const struct sg_id *person_id, const struct sg_id *but,
                                    bool *out_has, struct sg_why *why)
{
    struct other_referral other = {.case_id = case_id, .but = but};
    enum sg_err err = person_referrals(turn, person_id, look_for_other, &other, why);
    *out_has = other.found;
    return err;
}

/* ---- E05 ---- */

/* A known exact or partial birth date decides; only an estimate yields to the assessment. */
static bool contradicts_birth(const PbPersonIdentity *person, int32_t day)
{
    bool minor, doubt;
    person_minor(person, day, &minor, &doubt);
    return person->birth_date && minor;
}

static enum sg_err check_assessment(struct decision *d, const PbCaseRow *row,
                                    struct identity *identity, struct sg_why *why)
{
    const PbAssessmentCompleted *e = d->event->envelope->assessment_completed;
    struct sg_id person_id = id_of(row->person_id);
    if (!case_takes_assessment(row->state))
        return refuse(d, SG_ST_BAD_TRANSITION, "case", "STATE",
                      "a case that was accepted and is open");
    enum sg_err err = person_identity(d->turn, &person_id, identity, why);
    if (err)
        return err;
    if (e->person)
        identity_state(identity, e->person);
    if (!e->is_minor && contradicts_birth(&identity->person, sg_day_at(d->event->occurred_ms)))
        return refuse(d, SG_ST_SCHEMA, "assessment_completed.is_minor", "BIRTH_DATE",
                      "true: the known birth date says under 18");
    return SG_OK;
}

/* MINOR known now, or no more: T04 of the case, and whatever else the person has. */
static enum sg_err assess_age(struct decision *d, const struct own_case *c, struct sg_why *why)
{
    bool minor = d->event->envelope->assessment_completed->is_minor;
    if (!minor)
        return deadline_end(d, RULE_MINOR, &c->id, false, why);
    enum sg_err err = c->row->minor ? SG_OK : minor_begin(d, &c->id, c->row, NULL, why);
    return err ? err : minor_known(d, c->person, &c->id, why);
}

static void describe(struct decision *d, PbCaseEffect *change, const PbCaseRow *row, PbSex sex)
{
    const PbAssessmentCompleted *e = d->event->envelope->assessment_completed;
    change->has_minor = change->has_age_doubt = change->has_not_ppks = true;
    change->minor = e->is_minor;
    change->not_ppks = !e->is_minor && e->n_confirmed_ppks == 0;
    change->has_assessed_before = row->has_assessed_seq;
    change->assessed_before = row->assessed_seq;
    change->has_priority_band = change->has_training_suitable = true;
    change->priority_band = e->priority_band;
    change->training_suitable = e->training_suitable;
    count_event(d);
    d->effect->has_aggregate_version = true;
    d->effect->aggregate_version = row->version + 1;
    PbPersonEffect *person = d->effect->person;
    person->has_identity_stated = true;
    person->identity_stated = e->person || e->has_schooling || e->n_health_limits;
    person->has_sex = e->person != NULL;
    person->sex = sex;
    person->has_minor = person->has_age_doubt = true;
    person->minor = e->is_minor;
}

static enum sg_err assess(struct decision *d, const struct own_case *c, PbSex sex,
                          struct sg_why *why)
{
    struct follow *told = NULL;
    PbCaseState to = case_next(c->row->state, CASE_ASSESSED);
    PbCaseEffect *change;
    enum sg_err err = SG_OK;
    if (to != c->row->state) {
        err = case_change(d, &c->id, c->row, to, &change, &told, why);
    } else {
        change = case_effect(d, &c->id);
        change->has_state = true;
        change->state = c->row->state;
        err = case_is_busy(d, &c->id, c->row, why);
    }
    if (err)
        return err;
    describe(d, change, c->row, sex);
    return assess_age(d, c, why);
}

enum sg_err decide_assessment(struct decision *d, struct sg_why *why)
{
    const PbAssessmentCompleted *e = d->event->envelope->assessment_completed;
    struct sg_id assessment_id = id_of(e->assessment_id);
    struct own_case c = {0};
    PbObjectRow *object = NULL;
    struct identity identity = {0};

    enum sg_err err = case_own(d, &c, why);
    if (!err && !d->fault->code)
        err = read_object(d, &assessment_id, &object, why);
    if (!err && !d->fault->code)
        err = stated_again(d, object, "assessment_completed.assessment_id");
    if (!err && !d->fault->code && !d->duplicate)
        err = check_assessment(d, c.row, &identity, why);
    if (err || d->fault->code || d->duplicate)
        return err;
    add_reader(d, c.row->owner, RELATION_CASE_OWNER);
    person_grant_refs(d, c.person, NULL);
    person_check_nik(d, e->person);
    err = assess(d, &c, identity.person.sex, why);
    queue_waitings(d, c.person); /* who the person is, or MINOR and AGE_DOUBT, may have changed */
    person_stated(d, e->person);
    state_object(d, &assessment_id);
    return err;
}
