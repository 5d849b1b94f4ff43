/* service.c - E07: a basic service was given, by the owner of the case, or by the agency that the
 * owner has asked with a SERVICE referral. Source: domain 5 E07, 7.1, 7.2, 1.5.
 */
#include "ledger/casefile.h"
#include "ledger/person.h"
#include "ledger/referral.h"
#include "wire/day.h"

enum { FOOD_DAYS_MAX = 7 };

/* What an E07 is decided on. */
struct service {
    struct own_case c;
    bool asked; /* it answers a SERVICE referral */
    struct sg_id referral_id;
    PbReferralRow *referral;
};

/* The referral that the event names as its cause; none when that is another event. */
static enum sg_err read_asked(struct decision *d, struct service *s, struct sg_why *why)
{
    enum { REFERRAL = 101 };
    struct record record;
    if (!d->source->named_seq)
        return SG_OK;
    enum sg_err err = journal_get(d->turn->txn, d->source->named_seq, &record, why);
    if (!err)
        err = record_open_rest(&record, d->turn->arena, why);
    if (err || record.rest->type != REFERRAL || !record.rest->effect ||
        !record.rest->effect->referral)
        return err;
    s->referral_id = id_of(record.rest->effect->referral->referral_id);
    err = read_row(d->turn, TABLE_REFERRALS, &s->referral_id, &pb_referral_row__descriptor,
                   &s->referral, why);
    s->asked = !err && s->referral->kind == PB_REFERRAL_KIND_SERVICE;
    return err;
}

/* The target of the referral does not know the case: the referral leads to it. */
static enum sg_err read_by_referral(struct decision *d, struct service *s, struct sg_why *why)
{
    if (!s->asked)
        return refuse(d, SG_ST_UNKNOWN_OBJECT, "causation", "SERVICE_REFERRAL",
                      "the referral.submitted of kind SERVICE that asked for it");
    if (!owns(d, referral_target(s->referral), "causation",
              "a referral of which you are the target now"))
        return SG_OK;
    s->c.id = id_of(s->referral->case_id);
    struct sg_id person_id = id_of(s->referral->person_id);
    enum sg_err err =
        read_row(d->turn, TABLE_CASES, &s->c.id, &pb_case_row__descriptor, &s->c.row, why);
    return err ? err : person_of_case(d, &person_id, &s->c.person, why);
}

static bool asks_for(const PbReferralRow *row, PbSpmService service)
{
    for (size_t i = 0; i < row->n_requested_services; i++)
        if (row->requested_services[i] == service)
            return true;
    return false;
}

static enum sg_err check_asked(struct decision *d, const struct service *s)
{
    const PbBasicServiceDelivered *e = d->event->envelope->service_delivered;
    if (s->referral->state != PB_REFERRAL_STATE_ACCEPTED)
        return refuse(d, SG_ST_BAD_TRANSITION, "causation", "NOT_ACCEPTED",
                      "a referral that you have accepted and that is not done yet");
    if (!asks_for(s->referral, e->service))
        return refuse(d, SG_ST_BAD_CODE, "service_delivered.service", "NOT_ASKED",
                      "one of requested_services of the referral");
    return SG_OK;
}

static enum sg_err check_case(struct decision *d, const PbCaseRow *c)
{
    const PbBasicServiceDelivered *e = d->event->envelope->service_delivered;
    bool late_paper = c->state == PB_CASE_STATE_CLOSED && day_of(e->to_on) <= c->closed_on;
    if (!case_is_open(c->state) && !late_paper)
        return refuse(d, SG_ST_BAD_TRANSITION, "case_id", "CASE_STATE",
                      "a case that is open, or a service before it was closed");
    if (day_of(e->from_on) > sg_day_at(d->turn->block->time_ms))
        return refuse(d, SG_ST_FUTURE_TIME, "service_delivered.from_on", NULL,
                      "today or a day before");
    return SG_OK;
}

/* ---- food: at most seven days an episode ---- */

static bool has_day(const PbCaseEffect *effect, int32_t day)
{
    for (size_t i = 0; i < effect->n_food_on; i++)
        if (effect->food_on[i] == day)
            return true;
    return false;
}

/* Each day counts once; the eighth is remembered as well: from then on there are too many. */
static void count_food(struct decision *d, const struct service *s)
{
    const PbBasicServiceDelivered *e = d->event->envelope->service_delivered;
    const PbCaseRow *c = s->c.row;
    int32_t to = day_of(e->to_on);
    if (e->service != PB_SPM_SERVICE_FOOD ||
        e->outcome == PB_BASIC_SERVICE_DELIVERED__OUTCOME_NOT_POSSIBLE)
        return;
    PbCaseEffect *effect = case_effect(d, &s->c.id);
    effect->has_food_given = effect->food_given = true;
    effect->food_on = take(d->turn, (FOOD_DAYS_MAX + 1) * sizeof effect->food_on[0]);
    effect->n_food_on = c->n_food_on;
    if (c->n_food_on)
        memcpy(effect->food_on, c->food_on, c->n_food_on * sizeof effect->food_on[0]);
    for (int32_t day = day_of(e->from_on); day <= to && effect->n_food_on <= FOOD_DAYS_MAX; day++)
        if (!has_day(effect, day))
            effect->food_on[effect->n_food_on++] = day;
    if (effect->n_food_on > FOOD_DAYS_MAX)
        warn(d, SG_ST_W_SPM_7_DAYS);
}

/* ---- the loop of the referral ---- */

static bool is_done(const PbReferralRow *row, const PbReferralEffect *effect)
{
    for (size_t i = 0; i < row->n_requested_services; i++) {
        bool found = row->requested_services[i] == effect->delivered[0];
        for (size_t j = 0; j < row->n_delivered; j++)
            found |= row->delivered[j] == row->requested_services[i];
        if (!found)
            return false;
    }
    return true;
}

static void answer_referral(struct decision *d, const struct service *s)
{
    const PbBasicServiceDelivered *e = d->event->envelope->service_delivered;
    const PbReferralRow *row = s->referral;
    if (!s->asked)
        return;
    struct sg_id of_case = id_of(row->case_id);
    if (row->state != PB_REFERRAL_STATE_ACCEPTED || !asks_for(row, e->service) ||
        !sg_id_equal(&of_case, &s->c.id))
        return;
    PbReferralEffect *effect = referral_effect(d, &s->referral_id);
    effect->state = row->state;
    effect->n_delivered = 1;
    effect->delivered = take(d->turn, sizeof effect->delivered[0]);
    effect->delivered[0] = e->service;
    if (!is_done(row, effect))
        return;
    struct follow *f = queue(d, FOLLOW_LOOP);
    f->case_id = s->c.id;
    f->person_id = d->person_id;
    f->owner = s->c.row->owner;
    f->from = f->to = s->c.row->state;
    f->version = s->c.row->version;
    f->has_referral = true;
    f->referral_id = s->referral_id;
    f->referral_state = PB_REFERRAL_STATE_LOOP_CLOSED;
    f->referrer = row->referrer;
}

enum sg_err decide_service(struct decision *d, struct sg_why *why)
{
    struct sg_id id = id_of(d->event->envelope->service_delivered->delivery_id);
    struct service s = {0};
    PbObjectRow *object = NULL;
    bool own = d->event->envelope->has_case_id;
    enum sg_err err = read_asked(d, &s, why);
    if (!err)
        err = own ? case_own(d, &s.c, why) : read_by_referral(d, &s, why);
    if (!err && !d->fault->code)
        err = read_object(d, &id, &object, why);
    if (!err && !d->fault->code)
        err = stated_again(d, object, "service_delivered.delivery_id");
    if (!err && !d->fault->code && !d->duplicate && !own)
        err = check_asked(d, &s);
    if (!err && !d->fault->code && !d->duplicate)
        err = check_case(d, s.c.row);
    if (err || d->fault->code || d->duplicate)
        return err;
    add_reader(d, s.c.row->owner, RELATION_CASE_OWNER);
    if (!own)
        add_reader(d, d->source->agency->id, RELATION_PUBLISHER);
    person_grant_refs(d, s.c.person, NULL);
    count_event(d);
    count_food(d, &s);
    answer_referral(d, &s);
    state_object(d, &id);
    if (own)
        tell_case_version(d, s.c.row);
    return case_is_busy(d, &s.c.id, s.c.row, why);
}
