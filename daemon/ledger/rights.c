/* rights.c - E23 and D6; see rights.h. */
#include "ledger/rights.h"

#include "ledger/allocation.h"
#include "ledger/casefile.h"
#include "ledger/deadline.h"
#include "ledger/derive.h"
#include "ledger/link.h"
#include "wire/day.h"

#define STATUS(name) PB_DATA_SUBJECT_REQUEST_RECORDED__STATUS_##name
#define KIND(name) PB_DATA_SUBJECT_REQUEST_RECORDED__KIND_##name

static const int64_t future_ms = INT64_C(5) * 60 * 1000;

/* An id for what is known under a request and something beside it. */
static struct sg_id beside(const struct sg_id *request_id, const char *what, uint64_t number)
{
    enum { WHAT_BYTES = 48 };
    uint8_t seed[SG_ID_BYTES + 8 + WHAT_BYTES] = {0}, hash[SG_HASH_BYTES];
    struct sg_bytes text = sg_bytes_of(what);
    struct sg_id id;
    memcpy(seed, request_id->b, SG_ID_BYTES);
    sg_put_u64(seed + SG_ID_BYTES, number);
    memcpy(seed + SG_ID_BYTES + 8, text.ptr, text.len < WHAT_BYTES ? text.len : WHAT_BYTES);
    sg_hash((struct sg_bytes){seed, sizeof seed}, hash);
    memcpy(id.b, hash, SG_ID_BYTES);
    return id;
}

/* T14 of one recipient. */
static struct sg_id executed_id(const struct sg_id *request_id, const char *agency)
{
    return beside(request_id, agency, 0);
}

static PbRequestEffect *request_effect(struct decision *d, const struct sg_id *id)
{
    PbRequestEffect *effect = d->effect->request = TAKE(d->turn, PbRequestEffect);
    PbRequestRow *row = TAKE(d->turn, PbRequestRow);
    pb_request_effect__init(effect);
    pb_request_row__init(row);
    effect->row = row;
    effect->has_request_id = true;
    effect->request_id = data_of(d->turn, id);
    row->has_person_id = row->has_kind = row->has_status = true;
    row->person_id = data_of(d->turn, &d->person_id);
    return effect;
}

void request_of_consent(struct decision *d, const struct sg_id *consent_id,
                        const struct sg_id *case_id, const char *owner)
{
    PbRequestRow *row = request_effect(d, consent_id)->row;
    row->kind = KIND(ERASURE);
    row->status = STATUS(GRANTED);
    row->owner = text_of(d->turn, owner);
    row->has_received_ms = row->has_identity_checked = row->has_case_id = true;
    row->received_ms = d->turn->block->time_ms;
    row->identity_checked = true;
    row->case_id = data_of(d->turn, case_id);
}

/* ---- D6 ---- */

void order_erasure(struct decision *d, const struct erasure *order)
{
    for (struct follow *f = d->first; f; f = f->next)
        if (f->kind == FOLLOW_ERASURE && strcmp(f->target, order->agency) == 0) {
            f->forget = f->forget > order->what ? f->forget : order->what;
            return;
        }
    struct follow *f = queue(d, FOLLOW_ERASURE);
    f->object_id = order->request_id;
    f->person_id = d->person_id;
    f->target = text_of(d->turn, order->agency);
    f->owner = text_of(d->turn, order->case_owner);
    f->case_id = order->case_id;
    f->forget = order->what;
}

static void list_paths(struct decision *d, PbPersonErasureOrdered *p, enum forget what)
{
    static char name[] = "person.full_name", phone[] = "person.phone",
                health[] = "person.health_limits";
    p->paths = take(d->turn, 3 * sizeof p->paths[0]);
    if (what >= FORGET_ALL)
        p->paths[p->n_paths++] = name;
    if (what >= FORGET_CONTACT)
        p->paths[p->n_paths++] = phone;
    p->paths[p->n_paths++] = health;
}

enum sg_err tell_erasure(struct decision *d, const struct follow *f, struct sg_why *why)
{
    PbEnvelope *e = envelope_of(d, 206);
    PbPersonErasureOrdered *p = TAKE(d->turn, PbPersonErasureOrdered);
    PbPersonRow *person = NULL;
    struct record record;
    int64_t due_ms = d->turn->block->time_ms + limits_of(d->turn)->executed_hours * SG_HOUR_MS;
    pb_person_erasure_ordered__init(p);
    add_reader(d, f->target, RELATION_PROVIDER);
    enum sg_err err = derive_person(d, &f->person_id, &person, why);
    if (err)
        return err;
    p->has_request_id = p->has_person_ref = p->has_scope = true;
    p->request_id = data_of(d->turn, &f->object_id);
    p->person_ref = person_ref_for(d, person, f->target);
    p->scope = PB_PERSON_ERASURE_ORDERED__SCOPE_LISTED;
    list_paths(d, p, f->forget);
    p->due_at = envelope_time(d->turn, due_ms);
    e->person_erasure_ordered = p;
    const struct limit limit = {.rule = RULE_EXECUTED,
                                .aggregate_type = PB_AGGREGATE_TYPE_REQUEST,
                                .id = executed_id(&f->object_id, f->target),
                                .aggregate_id = f->object_id,
                                .levels_ms = {due_ms},
                                .level_count = 1,
                                .first_level = 3,
                                .due_ms = due_ms,
                                .responsible = f->target,
                                .case_owner = f->owner,
                                .case_id = f->case_id};
    deadline_start(d, &limit);
    return append_record(d, PB_RECORD_KIND_DERIVED, e, &record, why);
}

/* ---- E23 RECEIVED ---- */

/* The owner of the person's open case decides; of a closed one when none is open; else the steward.
 */
static enum sg_err owner_of(struct decision *d, const PbPersonRow *person, PbRequestRow *row,
                            struct sg_why *why)
{
    const struct sg_roster *roster = d->turn->world->roster;
    bool open = false;
    for (size_t i = 0; !open && i < person->n_cases; i++) {
        struct sg_id id = id_of(person->cases[i]->case_id);
        PbCaseRow *c = NULL;
        enum sg_err err = read_row(d->turn, TABLE_CASES, &id, &pb_case_row__descriptor, &c, why);
        if (err)
            return err;
        open = case_is_open(c->state);
        if (!open && c->state != PB_CASE_STATE_CLOSED)
            continue;
        row->owner = c->owner;
        row->has_case_id = true;
        row->case_id = person->cases[i]->case_id;
    }
    for (size_t i = 0; !row->owner && i < roster->agency_count; i++)
        if (roster->agencies[i].capabilities & SG_CAP(PB_CAPABILITY_IDENTITY_STEWARD))
            row->owner = text_of(d->turn, roster->agencies[i].id);
    if (!row->owner)
        return refuse(d, SG_ST_BAD_TRANSITION, "person_ref", "NOBODY_DECIDES",
                      "a person with a case, or a city with an identity steward");
    return SG_OK;
}

static void start_request(struct decision *d, const struct sg_id *id, const PbRequestRow *row)
{
    int64_t due_ms = row->received_ms + limits_of(d->turn)->request_hours * SG_HOUR_MS;
    const struct limit limit = {.rule = RULE_REQUEST,
                                .aggregate_type = PB_AGGREGATE_TYPE_REQUEST,
                                .id = *id,
                                .levels_ms = {due_ms},
                                .level_count = 1,
                                .first_level = 3,
                                .due_ms = due_ms,
                                .responsible = row->owner,
                                .case_owner = row->owner,
                                .case_id = id_of(row->case_id)};
    deadline_start(d, &limit);
}

static enum sg_err find_person(struct decision *d, PbPersonRow **out_person, struct sg_why *why)
{
    struct own_case c = {0};
    if (d->event->envelope->has_person_ref)
        return person_resolve(d, NULL, out_person, why);
    enum sg_err err = case_own(d, &c, why);
    *out_person = c.person;
    return err;
}

static enum sg_err receive(struct decision *d, const struct sg_id *id, const PbRequestRow *before,
                           struct sg_why *why)
{
    const PbDataSubjectRequestRecorded *e = d->event->envelope->rights_request;
    PbPersonRow *person = NULL;
    if (before)
        return refuse(d, SG_ST_NOT_OWNER, "rights_request.request_id", "ID_IN_USE",
                      "an id of your own");
    if (sg_ms_of(e->received_at) > d->turn->block->time_ms + future_ms)
        return refuse(d, SG_ST_FUTURE_TIME, "rights_request.received_at", NULL,
                      "at most 5 minutes after the broker's time; check the clock of the computer");
    enum sg_err err = find_person(d, &person, why);
    if (err || d->fault->code)
        return err;
    PbRequestRow *row = request_effect(d, id)->row;
    row->kind = e->kind;
    row->status = e->status;
    row->has_received_ms = row->has_identity_checked = true;
    row->received_ms = sg_ms_of(e->received_at);
    row->identity_checked = e->identity_checked;
    err = owner_of(d, person, row, why);
    if (err || d->fault->code)
        return err;
    add_reader(d, row->owner, RELATION_CASE_OWNER);
    person_grant_refs(d, person, d->source->agency->id);
    start_request(d, id, row);
    return SG_OK;
}

/* ---- decided ---- */

/* The limits of the person's cases stand still, or run again. */
static enum sg_err hold_limits(struct decision *d, const PbPersonRow *person, bool pause,
                               struct sg_why *why)
{
    static const char *const rules[] = {RULE_ASSESS, RULE_MINOR, RULE_IDLE, RULE_PLAN};
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < person->n_cases; i++) {
        struct sg_id id = id_of(person->cases[i]->case_id);
        PbCaseRow *c = NULL;
        err = read_row(d->turn, TABLE_CASES, &id, &pb_case_row__descriptor, &c, why);
        for (size_t r = 0; !err && r < SG_ARRAY_LEN(rules); r++)
            err = deadline_hold(d, rules[r], &id, pause, why);
        struct sg_id plan_id = err ? id : id_of(c->plan_id);
        if (!err && c->has_plan_id)
            err = deadline_hold(d, RULE_VISIT, &plan_id, pause, why);
    }
    return err;
}

static enum sg_err check_decision(struct decision *d, const PbRequestRow *before)
{
    const PbDataSubjectRequestRecorded *e = d->event->envelope->rights_request;
    bool yes = e->status == STATUS(GRANTED) || e->status == STATUS(PARTLY);
    if (!owns(d, before->owner, "rights_request.request_id",
              "the decision of the owner of the person's case"))
        return SG_OK;
    if (before->status != STATUS(RECEIVED))
        return refuse(d, SG_ST_BAD_TRANSITION, "rights_request.status", "DECIDED",
                      "a request that is not decided yet");
    if (e->kind != before->kind)
        return refuse(d, SG_ST_SCHEMA, "rights_request.kind", "OTHER_KIND",
                      "the kind that was received");
    if (yes && !e->identity_checked)
        return refuse(d, SG_ST_IDENTITY_NOT_CHECKED, "rights_request.identity_checked", NULL,
                      "true: whoever asks is known to be the person, or may speak for it");
    if (yes && e->kind == KIND(ERASURE))
        return refuse(d, SG_ST_SCHEMA, "rights_request.status", "NOT_SERVED",
                      "REFUSED, or later: this version cannot erase");
    return SG_OK;
}

static enum sg_err settle(struct decision *d, const struct sg_id *id, PbRequestRow *before,
                          struct sg_why *why)
{
    const PbDataSubjectRequestRecorded *e = d->event->envelope->rights_request;
    bool yes = e->status == STATUS(GRANTED) || e->status == STATUS(PARTLY);
    bool restricts = yes && e->kind == KIND(RESTRICTION);
    bool frees = yes && e->kind == KIND(UNRESTRICT);
    PbPersonRow *person = NULL;
    struct sg_id person_id = id_of(before->person_id);
    enum sg_err err = check_decision(d, before);
    /* The flag is the root's: nobody links or unlinks while it is set. */
    if (!err && !d->fault->code)
        err = person_root(d->turn, &person_id, &person_id, why);
    if (!err && !d->fault->code)
        err = person_of_case(d, &person_id, &person, why);
    if (err || d->fault->code)
        return err;
    PbRequestEffect *effect = request_effect(d, id);
    effect->row = before;
    before->status = e->status;
    effect->has_restricts = effect->restricts = restricts;
    effect->has_frees = effect->frees = frees;
    add_reader(d, before->owner, RELATION_CASE_OWNER);
    err = deadline_end(d, RULE_REQUEST, id, false, why);
    if (!err && (restricts != person->restricted) && (restricts || frees))
        err = hold_limits(d, person, restricts, why);
    if (frees)
        queue_waitings(d, person);
    return err;
}

/* ---- executed ---- */

static enum sg_err execute(struct decision *d, const struct sg_id *id, const PbRequestRow *before,
                           struct sg_why *why)
{
    const char *agency = d->source->agency->id;
    struct sg_id deadline = executed_id(id, agency), person_id = id_of(before->person_id);
    bool told = false;
    PbPersonRow *person = NULL;
    if (before->status != STATUS(GRANTED) && before->status != STATUS(PARTLY))
        return refuse(d, SG_ST_BAD_TRANSITION, "rights_request.status", "NOT_GRANTED",
                      "a request that was granted");
    if (d->event->envelope->rights_request->kind != before->kind)
        return refuse(d, SG_ST_SCHEMA, "rights_request.kind", "OTHER_KIND",
                      "the kind that was received");
    enum sg_err err = deadline_runs(d, RULE_EXECUTED, &deadline, &told, why);
    if (err)
        return err;
    if (!told && strcmp(before->owner, agency) != 0)
        return refuse(d, SG_ST_NOT_OWNER, "rights_request.request_id", NULL,
                      "a request that you were told to carry out");
    err = person_of_case(d, &person_id, &person, why);
    if (err)
        return err;
    add_reader(d, before->owner, RELATION_CASE_OWNER);
    return deadline_end(d, RULE_EXECUTED, &deadline, false, why);
}

enum sg_err decide_request(struct decision *d, struct sg_why *why)
{
    const PbDataSubjectRequestRecorded *e = d->event->envelope->rights_request;
    struct sg_id id = id_of(e->request_id);
    struct sg_id stated = beside(&id, d->source->agency->id, (uint64_t)e->status);
    PbRequestRow *row = NULL;
    PbObjectRow *object = NULL;
    enum sg_err err =
        read_row(d->turn, TABLE_REQUESTS, &id, &pb_request_row__descriptor, &row, why);
    if (err && err != SG_E_NOT_FOUND)
        return err;
    if (err && e->status != STATUS(RECEIVED))
        return refuse_unknown(d, SG_E_NOT_FOUND, "rights_request.request_id");
    err = read_object(d, &stated, &object, why);
    if (!err)
        err = stated_again(d, object, "rights_request.request_id");
    if (err || d->fault->code || d->duplicate)
        return err;
    err = e->status == STATUS(RECEIVED)   ? receive(d, &id, row, why)
          : e->status == STATUS(EXECUTED) ? execute(d, &id, row, why)
                                          : settle(d, &id, row, why);
    if (err || d->fault->code)
        return err;
    d->effect->has_aggregate_version = true;
    d->effect->aggregate_version = 1;
    state_object(d, &stated);
    return SG_OK;
}
