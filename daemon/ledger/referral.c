/* referral.c - E01, E02, E03 and the withdrawal of an E01. TRANSFER accepted: transfer.c. */
#include "ledger/referral.h"

#include "ledger/agency.h"
#include "ledger/allocation.h"
#include "ledger/casefile.h"
#include "ledger/deadline.h"
#include "ledger/match.h"
#include "ledger/minor.h"
#include "ledger/mutant.h"
#include "ledger/relapse.h"
#include "wire/day.h"

enum { TARGETS_MAX = 4 }; /* the first and three redirections */

PbReferralEffect *referral_effect(struct decision *d, const struct sg_id *id)
{
    PbReferralEffect *effect = TAKE(d->turn, PbReferralEffect);
    pb_referral_effect__init(effect);
    effect->has_referral_id = true;
    effect->referral_id = data_of(d->turn, id);
    effect->has_state = true;
    d->effect->referral = effect;
    return effect;
}

bool referral_is_pending(PbReferralState state)
{
    return state == PB_REFERRAL_STATE_SUBMITTED || state == PB_REFERRAL_STATE_ACKNOWLEDGED;
}

const char *referral_target(const PbReferralRow *row)
{
    return row->targets[row->n_targets - 1];
}

uint32_t referral_target_relation(PbReferralKind kind, const PbSpmService *services, size_t count)
{
    if (kind == PB_REFERRAL_KIND_INTAKE)
        return RELATION_CASE_OWNER;
    if (kind == PB_REFERRAL_KIND_TRANSFER)
        return RELATION_TRANSFER_TARGET;
    for (size_t i = 0; i < count; i++)
        if (services[i] == PB_SPM_SERVICE_CIVIL_DOCUMENTS)
            return RELATION_CIVIL_REGISTRY;
    return RELATION_SERVICE_TARGET;
}

static uint32_t relation_of(const PbReferralRow *row)
{
    return referral_target_relation(row->kind, row->requested_services, row->n_requested_services);
}

/* ---- T01, T02 ---- */

static struct limit limit_of(const char *rule, const struct sg_id *id, const char *target,
                             const char *case_owner, const struct sg_id *case_id)
{
    return (struct limit){.rule = rule,
                          .aggregate_type = PB_AGGREGATE_TYPE_REFERRAL,
                          .id = *id,
                          .first_level = 1,
                          .responsible = target,
                          .case_owner = case_owner,
                          .case_id = *case_id};
}

/* A minor that is handed over: whatever its priority, level 2 at once, level 3 a day later. */
static void add_minor_levels(struct decision *d, struct limit *limit, int64_t due_ms)
{
    limit->first_level = 2;
    limit->levels_ms[0] = limit->due_ms = due_ms;
    limit->levels_ms[1] = due_ms + limits_of(d->turn)->minor_level3_hours * SG_HOUR_MS;
    limit->level_count = 2;
    deadline_start(d, limit);
}

static void start_acknowledge(struct decision *d, const struct sg_id *id, PbPriority priority,
                              bool minor, const char *target, const char *case_owner,
                              const struct sg_id *case_id)
{
    const struct world *world = d->turn->world;
    int64_t now = d->turn->block->time_ms;
    struct limit limit = limit_of(RULE_ACKNOWLEDGE, id, target, case_owner, case_id);
    const struct sg_time_limits *limits = limits_of(d->turn);
    if (minor) {
        add_minor_levels(d, &limit, now + limits->acknowledge_emergency_hours * SG_HOUR_MS);
        return;
    }
    int64_t due = priority == PB_PRIORITY_EMERGENCY_24H
                      ? now + limits->acknowledge_emergency_hours * SG_HOUR_MS
                  : priority == PB_PRIORITY_URGENT_72H
                      ? working_limit(world, now, limits->acknowledge_urgent_days)
                      : working_limit(world, now, limits->acknowledge_normal_days);
    limit.levels_ms[0] = due;
    limit.levels_ms[1] = working_limit(world, due, limits->acknowledge_level2_days);
    limit.levels_ms[2] = working_limit(world, due, limits->acknowledge_level3_days);
    limit.level_count = 3;
    deadline_start(d, &limit);
}

static void start_decide(struct decision *d, const struct sg_id *id, const PbReferralRow *row,
                         bool minor, const char *case_owner)
{
    struct sg_id case_id = id_of(row->case_id);
    struct limit limit = limit_of(RULE_DECIDE, id, referral_target(row), case_owner, &case_id);
    const struct sg_time_limits *limits = limits_of(d->turn);
    if (minor) {
        add_minor_levels(d, &limit,
                         d->turn->block->time_ms + limits->decide_emergency_hours * SG_HOUR_MS);
        return;
    }
    int64_t wait =
        row->priority == PB_PRIORITY_EMERGENCY_24H ? limits->decide_emergency_hours * SG_HOUR_MS
        : row->priority == PB_PRIORITY_URGENT_72H  ? limits->decide_urgent_hours * SG_HOUR_MS
                                                   : limits->decide_normal_days * SG_DAY_MS;
    limit.levels_ms[0] = d->turn->block->time_ms + wait;
    limit.level_count = 1;
    deadline_start(d, &limit);
}

static enum sg_err end_limits(struct decision *d, const struct sg_id *id, struct sg_why *why)
{
    enum sg_err err = deadline_end(d, RULE_ACKNOWLEDGE, id, false, why);
    return err ? err : deadline_end(d, RULE_DECIDE, id, false, why);
}

/* ---- E01 ---- */

static enum sg_err look_for_pending(void *context, const struct sg_id *id, PbReferralRow *row,
                                    bool *done, struct sg_why *why)
{
    struct decision *d = context;
    (void)id;
    (void)why;
    *done = referral_is_pending(row->state) && row->kind == PB_REFERRAL_KIND_INTAKE &&
            strcmp(row->referrer, d->source->agency->id) == 0;
    return *done ? refuse(d, SG_ST_DUPLICATE_REFERRAL, "referral_submitted.person", NULL,
                          "one open referral of the person")
                 : SG_OK;
}

static bool hands_over_minor(PbReferralKind kind, const PbPersonRow *person, const PbCaseRow *c)
{
    return kind == PB_REFERRAL_KIND_TRANSFER && ((person && person->minor) || (c && c->minor));
}

/* The same publisher may not have another open INTAKE referral for the same person. */
static enum sg_err check_not_pending(struct decision *d, struct sg_why *why)
{
    if (d->effect->person->created)
        return SG_OK;
    return person_referrals(d->turn, &d->person_id, look_for_pending, d, why);
}

static void describe_referral(struct decision *d, const struct sg_id *id,
                              const struct sg_id *case_id)
{
    const PbReferralSubmitted *e = d->event->envelope->referral_submitted;
    PbReferralEffect *effect = referral_effect(d, id);
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
    effect->has_handed_over_ms = e->handed_over_at != NULL;
    effect->handed_over_ms = e->handed_over_at ? sg_ms_of(e->handed_over_at) : 0;
    effect->n_requested_services = e->n_requested_services;
    effect->requested_services = e->requested_services;
}

static struct follow *present(struct decision *d, const struct sg_id *referral_id,
                              const char *target)
{
    struct follow *follow = queue(d, FOLLOW_PRESENT);
    follow->has_referral = true;
    follow->referral_id = *referral_id;
    follow->person_id = d->person_id;
    follow->target = target;
    return follow;
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

/* SERVICE and TRANSFER: the case of the publisher that is served or handed over. */
static enum sg_err read_own_case(struct decision *d, struct sg_id *out_id, PbCaseRow **out_case,
                                 PbPersonRow **out_person, struct sg_why *why)
{
    const PbEnvelope *e = d->event->envelope;
    *out_id = id_of(e->case_id);
    enum sg_err err =
        read_row(d->turn, TABLE_CASES, out_id, &pb_case_row__descriptor, out_case, why);
    if (err)
        return refuse_unknown(d, err, "case_id");
    struct sg_id person_id = id_of((*out_case)->person_id);
    err = person_of_case(d, &person_id, out_person, why);
    if (err)
        return err;
    if (e->has_person_ref && !person_ref_is(*out_person, d->source->agency->id, e->person_ref))
        return refuse(d, SG_ST_UNKNOWN_OBJECT, "person_ref", "CASE", "the person of the case");
    person_check_nik(d, e->referral_submitted->person);
    (void)owns(d, (*out_case)->owner, "case_id", "a case of your own");
    return SG_OK;
}

static enum sg_err refuse_target(struct decision *d)
{
    return refuse(d, SG_ST_MINOR, "referral_submitted.target_agency", NULL,
                  "an agency for the protection of children");
}

static enum sg_err check_target(struct decision *d, const PbPersonRow *person, const PbCaseRow *c,
                                struct sg_why *why)
{
    const PbReferralSubmitted *e = d->event->envelope->referral_submitted;
    const char *object = "referral_submitted.target_agency";
    bool intake = e->kind == PB_REFERRAL_KIND_INTAKE;
    if (e->kind != PB_REFERRAL_KIND_SERVICE &&
        !agency_has(d->turn->world, e->target_agency, PB_CAPABILITY_CASE_OWNER))
        return refuse(d, SG_ST_BAD_CODE, object, "NO_CASE_OWNER",
                      "an agency that owns cases, such as dinsos");
    if (!intake && strcmp(e->target_agency, d->source->agency->id) == 0)
        return refuse(d, SG_ST_BAD_CODE, object, "OWN_AGENCY", "another agency");
    if (!intake && (!c || !case_is_open(c->state)))
        return refuse(d, SG_ST_NOT_OWNER, "case_id", "NOT_OPEN", "an open case of your own");
    if (person && hands_over_minor(e->kind, person, c) &&
        !minor_may_go_to(d->turn->world, e->target_agency))
        return refuse_target(d);
    return intake ? check_not_pending(d, why) : SG_OK;
}

static bool says_violence(const PbReferralSubmitted *e)
{
    for (size_t i = 0; i < e->n_urgent_needs; i++)
        if (e->urgent_needs[i] == PB_URGENT_NEED_VIOLENCE)
            return true;
    return false;
}

/* Who is meant, as all statements together say, and what follows from that; but the case that this
 * event itself hands over (NULL: none). */
static enum sg_err describe_person(struct decision *d, const PbPersonRow *person,
                                   const struct sg_id *but, struct sg_why *why)
{
    const PbReferralSubmitted *e = d->event->envelope->referral_submitted;
    enum sg_err err = person_describe(d, person, e->person, why);
    if (err)
        return err;
    PbPersonEffect *effect = d->effect->person;
    effect->has_identity_stated = true;
    effect->identity_stated = e->person || e->n_urgent_needs;
    effect->has_guarded = effect->guarded = says_violence(e);
    person_grant_refs(d, person, d->source->agency->id);
    return effect->minor && !person->minor ? minor_known(d, person, but, why) : SG_OK;
}

/* The case of the target: attached or made; somebody who is back on the street. */
static enum sg_err attach(struct decision *d, const struct sg_id *id, const PbPersonRow *person,
                          struct sg_id *out_case_id, struct sg_why *why)
{
    const PbReferralSubmitted *e = d->event->envelope->referral_submitted;
    bool open = false;
    enum sg_err err = case_attach(d, person, e->target_agency, id, out_case_id, &open, why);
    if (!err && open)
        relapse(d, person, out_case_id, e->target_agency, sg_day_at(d->event->occurred_ms));
    return err;
}

/* A TRANSFER that is the first to say that the person is a minor: T04 asks for no other one. */
static enum sg_err hand_over_known(struct decision *d, const struct sg_id *case_id)
{
    const PbReferralSubmitted *e = d->event->envelope->referral_submitted;
    if (!minor_may_go_to(d->turn->world, e->target_agency))
        return refuse_target(d);
    PbCaseEffect *change = case_effect(d, case_id);
    change->has_minor = change->has_age_doubt = true;
    change->minor = true;
    return SG_OK;
}

/* Of somebody with several names, the one whose case it comes to: a referral and its case are of
 * one person, also when the names part again. */
static enum sg_err take_name_of_case(struct decision *d, const PbPersonRow *person,
                                     struct sg_why *why)
{
    const PbReferralSubmitted *e = d->event->envelope->referral_submitted;
    struct sg_id case_id;
    PbCaseRow *c = NULL;
    enum sg_err err = case_of_person(d->turn, person, e->target_agency, &case_id, &c, why);
    if (err || !c || !(case_is_open(c->state) || case_may_reopen(c, d->turn->block->time_ms)))
        return err;
    d->person_id = id_of(c->person_id);
    d->effect->person->person_id = data_of(d->turn, &d->person_id);
    return SG_OK;
}

static enum sg_err submit(struct decision *d, const struct sg_id *id, const PbPersonRow *person,
                          const PbCaseRow *c, struct sg_id *case_id, struct sg_why *why)
{
    const PbReferralSubmitted *e = d->event->envelope->referral_submitted;
    bool intake = e->kind == PB_REFERRAL_KIND_INTAKE;
    const char *owner = intake ? e->target_agency : d->source->agency->id;
    bool minor = hands_over_minor(e->kind, person, c);
    add_reader(d, e->target_agency,
               referral_target_relation(e->kind, e->requested_services, e->n_requested_services));
    add_reader(d, owner, RELATION_CASE_OWNER);
    bool transfer = e->kind == PB_REFERRAL_KIND_TRANSFER;
    enum sg_err err = intake ? take_name_of_case(d, person, why) : SG_OK;
    if (!err)
        err = describe_person(d, person, transfer ? case_id : NULL, why);
    bool says_so = !err && transfer && !minor && d->effect->person->minor;
    if (says_so)
        err = hand_over_known(d, case_id);
    if (err || d->fault->code)
        return err;
    minor |= says_so;
    if (intake)
        err = attach(d, id, person, case_id, why);
    if (!err && minor)
        err = deadline_end(d, RULE_MINOR, case_id, false, why);
    if (err)
        return err;
    describe_referral(d, id, case_id);
    count_event(d);
    if (!intake || !e->person)
        (void)present(d, id, e->target_agency);
    if (e->person)
        queue_waitings(d, person);
    person_stated(d, e->person);
    minted_for(d, person, owner, case_id);
    d->effect->has_minted_case_id &= intake;
    state_object(d, id);
    start_acknowledge(d, id, e->priority, minor, e->target_agency, owner, case_id);
    return SG_OK;
}

enum sg_err decide_referral_submitted(struct decision *d, struct sg_why *why)
{
    const PbReferralSubmitted *e = d->event->envelope->referral_submitted;
    struct sg_id id = id_of(e->referral_id), case_id;
    PbReferralRow *row = NULL;
    PbPersonRow *person = NULL;
    PbCaseRow *c = NULL;

    enum sg_err err =
        read_row(d->turn, TABLE_REFERRALS, &id, &pb_referral_row__descriptor, &row, why);
    if (err && err != SG_E_NOT_FOUND)
        return err;
    /* The reference is looked up before the ownership of the id: check 5 before 6. */
    if (e->kind == PB_REFERRAL_KIND_INTAKE)
        err = person_resolve(d, e->person, &person, why);
    else
        err = read_own_case(d, &case_id, &c, &person, why);
    if (err || d->fault->code)
        return err;
    err = stated_again(d, row ? row->object : NULL, "referral_submitted.referral_id");
    if (err || d->fault->code || d->duplicate)
        return err;
    err = check_target(d, person, c, why);
    if (err || d->fault->code)
        return err;
    return submit(d, &id, person, c, &case_id, why);
}

/* ---- what the target does ---- */

/* A referral that its current target speaks of. */
struct spoken {
    struct sg_id id, case_id;
    PbReferralRow *row;
    PbCaseRow *c; /* INTAKE: the target's own; else that of the referrer */
    PbPersonRow *person;
};

static enum sg_err read_spoken(struct decision *d, ProtobufCBinaryData id, const char *object,
                               struct spoken *out, struct sg_why *why)
{
    out->id = id_of(id);
    enum sg_err err =
        read_row(d->turn, TABLE_REFERRALS, &out->id, &pb_referral_row__descriptor, &out->row, why);
    if (err)
        return refuse_unknown(d, err, object);
    if (!owns(d, referral_target(out->row), object, "a referral of which you are the target now"))
        return SG_OK;
    out->case_id = id_of(out->row->case_id);
    struct sg_id person_id = id_of(out->row->person_id);
    err = read_row(d->turn, TABLE_CASES, &out->case_id, &pb_case_row__descriptor, &out->c, why);
    if (err)
        return err == SG_E_NOT_FOUND ? sg_fail(why, SG_E_STORE, "a referral without its case")
                                     : err;
    err = person_of_case(d, &person_id, &out->person, why);
    add_reader(d, referral_target(out->row), relation_of(out->row));
    add_reader(d, out->c->owner, RELATION_CASE_OWNER);
    d->effect->has_aggregate_version = true;
    d->effect->aggregate_version = out->row->version + 1;
    return err;
}

/* The state of the case after this; only an INTAKE moves it. */
static enum sg_err state_after(struct decision *d, const struct spoken *s, enum case_event event,
                               PbCaseState *out_to, struct sg_why *why)
{
    bool other = false;
    bool ends = event == CASE_DECLINED || event == CASE_REDIRECTED || event == CASE_WITHDRAWN;
    *out_to = s->c->state;
    if (s->row->kind != PB_REFERRAL_KIND_INTAKE)
        return SG_OK;
    enum sg_err err = SG_OK;
    if (ends)
        err = case_has_other_referral(d->turn, &s->case_id, &d->person_id, &s->id, &other, why);
    if (!err && !other)
        *out_to = case_next(s->c->state, event);
    return err;
}

/* Nobody takes the minor: its owner has to find somebody again. */
static enum sg_err minor_stays(struct decision *d, const struct spoken *s, enum case_event event,
                               struct sg_why *why)
{
    bool ends = event == CASE_DECLINED || event == CASE_WITHDRAWN;
    if (!ends || !case_is_open(s->c->state) || !s->c->minor ||
        s->row->kind != PB_REFERRAL_KIND_TRANSFER)
        return SG_OK;
    bool runs = false; /* that transfer had not ended it: its target may not take the minor */
    enum sg_err err = deadline_runs(d, RULE_MINOR, &s->case_id, &runs, why);
    return err || runs ? err : minor_begin(d, &s->case_id, s->c, &s->id, why);
}

/* Found again: a relapse, perhaps; and what has become known of the person in between. */
static enum sg_err reopen(struct decision *d, const struct spoken *s, PbCaseEffect *change,
                          struct sg_why *why)
{
    relapse(d, s->person, &s->case_id, s->c->owner, s->row->occurred_on);
    if (s->person->minor && !s->c->minor)
        change->has_minor = change->minor = true;
    bool minor = s->person->minor || s->c->minor;
    return minor ? minor_begin(d, &s->case_id, s->c, NULL, why) : SG_OK;
}

/* The case after this, and the D5 to its owner and to the referrer. */
static enum sg_err move_case(struct decision *d, const struct spoken *s, enum case_event event,
                             PbReferralState state, struct sg_why *why)
{
    PbCaseState to;
    PbCaseEffect *change = NULL;
    struct follow *told = NULL;
    enum sg_err err = state_after(d, s, event, &to, why);
    if (err)
        return err;
    if (to == s->c->state)
        told = case_tell(d, &s->case_id, s->c->owner, to, to, s->c->version);
    else
        err = case_change(d, &s->case_id, s->c, to, &change, &told, why);
    if (err)
        return err;
    told->has_referral = true;
    told->referral_id = s->id;
    told->referral_state = state;
    told->referrer = s->row->referrer;
    if (d->event->envelope->referral_decided)
        told->reason = d->event->envelope->referral_decided->reason;
    if (s->c->state == PB_CASE_STATE_CLOSED && case_is_open(to))
        err = reopen(d, s, change, why);
    return err ? err : minor_stays(d, s, event, why);
}

/* T03: 7 days, the limit of the shelter. */
void start_assess(struct decision *d, const struct sg_id *case_id, const char *owner,
                  int64_t from_ms)
{
    int64_t due_ms = from_ms + limits_of(d->turn)->assess_days * SG_DAY_MS;
    struct limit limit = {
        .rule = RULE_ASSESS,
        .aggregate_type = PB_AGGREGATE_TYPE_CASE,
        .id = *case_id,
        .levels_ms = {due_ms, due_ms + limits_of(d->turn)->assess_level2_days * SG_DAY_MS},
        .level_count = 2,
        .first_level = 1,
        .responsible = owner,
        .case_owner = owner,
        .case_id = *case_id};
    deadline_start(d, &limit);
}

/* ---- E02 ---- */

enum sg_err decide_referral_acknowledged(struct decision *d, struct sg_why *why)
{
    const PbReferralAcknowledged *e = d->event->envelope->referral_acknowledged;
    const char *object = "referral_acknowledged.referral_id";
    struct spoken s = {0};
    enum sg_err err = read_spoken(d, e->referral_id, object, &s, why);
    if (err || d->fault->code)
        return err;
    const PbObjectRow *before = s.row->acknowledged;
    if (before && s.row->state != PB_REFERRAL_STATE_SUBMITTED &&
        strcmp(before->agency, d->source->agency->id) == 0 && said_again(d, before))
        return SG_OK;
    if (s.row->state != PB_REFERRAL_STATE_SUBMITTED)
        return refuse(d, SG_ST_BAD_TRANSITION, object, "ACKNOWLEDGED",
                      "a referral that is not acknowledged and not decided yet");
    PbReferralEffect *effect = referral_effect(d, &s.id);
    effect->state = PB_REFERRAL_STATE_ACKNOWLEDGED;
    effect->has_acknowledged = effect->acknowledged = true;
    state_object(d, &s.id);
    err = deadline_end(d, RULE_ACKNOWLEDGE, &s.id, false, why);
    start_decide(d, &s.id, s.row, hands_over_minor(s.row->kind, s.person, s.c), s.c->owner);
    bool intake = s.row->kind == PB_REFERRAL_KIND_INTAKE;
    if (intake && e->admitted_to_shelter && s.c->state == PB_CASE_STATE_NEW) {
        int64_t now = d->turn->block->time_ms;
        bool came = s.row->has_handed_over_ms && s.row->handed_over_ms < now;
        start_assess(d, &s.case_id, s.c->owner, came ? s.row->handed_over_ms : now);
    }
    return err ? err : move_case(d, &s, CASE_ACKNOWLEDGED, PB_REFERRAL_STATE_ACKNOWLEDGED, why);
}

/* ---- E03 ---- */

static enum sg_err check_redirect(struct decision *d, const struct spoken *s)
{
    const PbReferralDecided *e = d->event->envelope->referral_decided;
    const char *object = "referral_decided.redirect_to";
    const PbReferralRow *row = s->row;
    if (row->kind != PB_REFERRAL_KIND_SERVICE &&
        !agency_has(d->turn->world, e->redirect_to, PB_CAPABILITY_CASE_OWNER))
        return refuse(d, SG_ST_BAD_CODE, object, "NO_CASE_OWNER", "an agency that owns cases");
    if (row->kind != PB_REFERRAL_KIND_INTAKE && strcmp(s->c->owner, e->redirect_to) == 0)
        return refuse(d, SG_ST_BAD_CODE, object, "CASE_OWNER",
                      "an agency that does not own the case");
    if (hands_over_minor(row->kind, s->person, s->c) &&
        !minor_may_go_to(d->turn->world, e->redirect_to))
        return refuse(d, SG_ST_MINOR, object, NULL, "an agency for the protection of children");
    for (size_t i = 0; i < row->n_targets; i++)
        if (strcmp(row->targets[i], e->redirect_to) == 0)
            return refuse(d, SG_ST_BAD_TRANSITION, object, "EARLIER_TARGET",
                          "an agency that was no target of this referral yet");
    if (row->n_targets >= TARGETS_MAX)
        return refuse(d, SG_ST_TOO_MANY_HOPS, object, NULL, "at most three redirections");
    return SG_OK;
}

static enum sg_err redirect(struct decision *d, const struct spoken *s, struct sg_why *why)
{
    const PbReferralDecided *e = d->event->envelope->referral_decided;
    bool intake = s->row->kind == PB_REFERRAL_KIND_INTAKE;
    struct sg_id case_id = s->case_id;
    PbReferralEffect *effect = d->effect->referral;
    effect->state = PB_REFERRAL_STATE_SUBMITTED;
    effect->target = MUTATED(14, e->redirect_to, s->row->targets[0]);
    effect->has_hops = true;
    effect->hops = (uint32_t)s->row->n_targets;
    add_reader(d, e->redirect_to, relation_of(s->row));
    person_grant_refs(d, s->person, NULL);
    enum sg_err err = move_case(d, s, CASE_REDIRECTED, PB_REFERRAL_STATE_REDIRECTED, why);
    if (!err && intake)
        err = case_attach(d, s->person, e->redirect_to, &s->id, &case_id, NULL, why);
    if (err)
        return err;
    effect->has_case_id = true;
    effect->case_id = data_of(d->turn, &case_id);
    start_acknowledge(d, &s->id, s->row->priority, hands_over_minor(s->row->kind, s->person, s->c),
                      e->redirect_to, intake ? e->redirect_to : s->c->owner, &case_id);
    (void)present(d, &s->id, e->redirect_to);
    return SG_OK;
}

/* A minor goes to an agency that protects children, also when it was not known at the E01. */
static enum sg_err check_accept(struct decision *d, const struct spoken *s)
{
    if (hands_over_minor(s->row->kind, s->person, s->c) &&
        !minor_may_go_to(d->turn->world, referral_target(s->row)))
        return refuse(d, SG_ST_MINOR, "referral_decided.decision", NULL,
                      "a transfer to an agency for the protection of children");
    return SG_OK;
}

static enum sg_err accept(struct decision *d, const struct spoken *s, struct sg_why *why)
{
    d->effect->referral->state = PB_REFERRAL_STATE_ACCEPTED;
    if (s->row->kind == PB_REFERRAL_KIND_TRANSFER)
        return transfer_case(d, s->row, &s->id, why);
    bool begins = s->row->kind == PB_REFERRAL_KIND_INTAKE &&
                  (s->c->state == PB_CASE_STATE_NEW || s->c->state == PB_CASE_STATE_INTAKE);
    bool runs = false;
    enum sg_err err = begins ? deadline_runs(d, RULE_ASSESS, &s->case_id, &runs, why) : SG_OK;
    if (err)
        return err;
    if (begins && !runs)
        start_assess(d, &s->case_id, s->c->owner, d->turn->block->time_ms);
    return move_case(d, s, CASE_ACCEPTED, PB_REFERRAL_STATE_ACCEPTED, why);
}

enum sg_err decide_referral_decided(struct decision *d, struct sg_why *why)
{
    const PbReferralDecided *e = d->event->envelope->referral_decided;
    const char *object = "referral_decided.referral_id";
    struct spoken s = {0};
    enum sg_err err = read_spoken(d, e->referral_id, object, &s, why);
    if (err || d->fault->code)
        return err;
    if (!referral_is_pending(s.row->state))
        return refuse(d, SG_ST_BAD_TRANSITION, object, "DECIDED",
                      "a referral that is not decided yet");
    if (e->decision == PB_REFERRAL_DECISION_REDIRECTED)
        err = check_redirect(d, &s);
    else if (e->decision == PB_REFERRAL_DECISION_ACCEPTED)
        err = check_accept(d, &s);
    if (err || d->fault->code)
        return err;
    PbReferralEffect *effect = referral_effect(d, &s.id);
    err = end_limits(d, &s.id, why);
    if (err)
        return err;
    if (e->decision == PB_REFERRAL_DECISION_REDIRECTED)
        return redirect(d, &s, why);
    if (e->decision == PB_REFERRAL_DECISION_ACCEPTED)
        return accept(d, &s, why);
    effect->state = PB_REFERRAL_STATE_DECLINED;
    return move_case(d, &s, CASE_DECLINED, effect->state, why);
}

/* ---- E24 ANNUL of the E01 ---- */

enum sg_err referral_withdraw(struct decision *d, const struct sg_id *id, PbReferralRow *row,
                              struct sg_why *why)
{
    struct spoken s = {.id = *id, .row = row, .case_id = id_of(row->case_id)};
    struct sg_id person_id = id_of(row->person_id);
    PbPersonEffect *known = d->effect->person; /* what the correction has found out of it */
    enum sg_err err =
        read_row(d->turn, TABLE_CASES, &s.case_id, &pb_case_row__descriptor, &s.c, why);
    if (!err)
        err = person_of_case(d, &person_id, &s.person, why);
    d->effect->person = known;
    if (!err)
        err = end_limits(d, &s.id, why);
    if (err)
        return err;
    add_reader(d, referral_target(s.row), relation_of(s.row));
    referral_effect(d, &s.id)->state = PB_REFERRAL_STATE_WITHDRAWN;
    d->effect->has_aggregate_version = true;
    d->effect->aggregate_version = s.row->version + 1;
    s.row->referrer = NULL;      /* it knows what it withdraws */
    queue_waitings(d, s.person); /* what it said of the person is gone */
    return move_case(d, &s, CASE_WITHDRAWN, PB_REFERRAL_STATE_WITHDRAWN, why);
}
