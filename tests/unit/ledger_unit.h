/* ledger_unit.h - a city that is brought to a state in a few words, for the tests of daemon/ledger.
 */
#ifndef SINERGI_LEDGER_UNIT_H
#define SINERGI_LEDGER_UNIT_H

#include "unit/unit.h"

#include "kit/check.h"
#include "kit/ledger_city.h"
#include "ledger/allocation.h"
#include "ledger/casefile.h"
#include "ledger/deadline.h"

/* The ids that a person got on the way to a case IN_SERVICE. */
struct client {
    struct sg_id referral, case_id, person;
};

static inline char *unit_text(struct ledger_city *city, const char *text)
{
    return sg_arena_text(&city->events, sg_bytes_of(text));
}

static inline ProtobufCBinaryData unit_id(struct ledger_city *city, const struct sg_id *id)
{
    return (ProtobufCBinaryData){SG_ID_BYTES, sg_arena_copy(&city->events, id->b, SG_ID_BYTES)};
}

static inline PbDate *unit_date(struct ledger_city *city, int32_t year, int32_t month, int32_t day)
{
    PbDate *d = SG_NEW(&city->events, PbDate);
    pb_date__init(d);
    d->has_year = d->has_month = d->has_day = true;
    d->year = year;
    d->month = month;
    d->day = day;
    return d;
}

static inline PbDate *unit_day(struct ledger_city *city, int32_t day_no)
{
    int32_t year, month, day;
    sg_day_split(day_no, &year, &month, &day);
    return unit_date(city, year, month, day);
}

/* Publish and compare: want 0 = ACCEPTED. */
static inline struct outcome unit_want(const char *name, struct ledger_city *city, PbEnvelope *e,
                                       uint32_t want)
{
    uint64_t before = city->last_seq;
    struct outcome o = city_publish(city, e);
    bool accepted = o.status == PB_OUTCOME_STATUS_ACCEPTED;
    if (o.fault.code != want || accepted != (want == 0))
        fail_msg("%s: got %s (%s: %s; %s), want %s", name, sg_status_name(o.fault.code),
                 o.fault.object, o.fault.detail, o.fault.accepted, sg_status_name(want));
    if (want && city->last_seq != before)
        fail_msg("%s: refused, but %d records were written", name, (int)(city->last_seq - before));
    return o;
}

static inline void unit_detail(const char *name, const struct outcome *o, const char *object,
                               const char *detail)
{
    if (object && strcmp(o->fault.object, object) != 0)
        fail_msg("%s: object '%s', want '%s'", name, o->fault.object, object);
    if (detail && strcmp(o->fault.detail, detail) != 0)
        fail_msg("%s: detail '%s', want '%s'", name, o->fault.detail, detail);
}

static inline PbEnvelope *unit_refer(struct ledger_city *city, struct sg_id *out_referral)
{
    city->sample.now_ms = city->now_ms;
    return sample_referral(&city->sample, &city->events, out_referral);
}

static inline PbEnvelope *unit_decide(struct ledger_city *city, const struct sg_id *referral,
                                      const char *publisher, PbReferralDecision decision,
                                      const char *redirect_to)
{
    city->sample.now_ms = city->now_ms;
    PbEnvelope *e = sample_decision(&city->sample, &city->events, referral);
    PbReferralDecided *d = e->referral_decided;
    e->publisher_agency = unit_text(city, publisher);
    d->decision = decision;
    d->has_reason = decision != PB_REFERRAL_DECISION_ACCEPTED;
    d->reason = PB_DECLINE_REASON_OUT_OF_TOWN;
    d->has_declined_by = decision == PB_REFERRAL_DECISION_DECLINED;
    d->declined_by = PB_DECLINED_BY_RECEIVER;
    d->redirect_to = redirect_to ? unit_text(city, redirect_to) : NULL;
    return e;
}

static inline PbEnvelope *unit_assess(struct ledger_city *city, const struct sg_id *case_id)
{
    city->sample.now_ms = city->now_ms;
    PbEnvelope *e = sample_assessment(&city->sample, &city->events, case_id);
    e->assessment_completed->priority_band = 3;
    return e;
}

/* A grown-up man from 14.71.08, 1995-04-10, no papers. */
static inline void unit_budi(struct ledger_city *city, PbPersonIdentity *p)
{
    p->full_name = unit_text(city, "Budi Santoso");
    p->sex = PB_SEX_MALE;
    p->birth_date = unit_date(city, 1995, 4, 10);
    p->birth_quality = PB_BIRTH_QUALITY_EXACT;
    p->has_estimated_age = false;
    p->nik = NULL;
    p->nik_status = PB_NIK_STATUS_NONE;
    p->domicile_region = unit_text(city, "14.71.08.1009");
}

static inline struct client unit_new_case(struct ledger_city *city)
{
    struct client client;
    PbEnvelope *e = unit_refer(city, &client.referral);
    unit_budi(city, e->referral_submitted->person);
    struct outcome o = unit_want("refer", city, e, 0);
    client.case_id = id_of(o.effect->cases[0]->case_id);
    client.person = id_of(o.effect->person->person_id);
    return client;
}

static inline void unit_consent(struct ledger_city *city, const struct sg_id *case_id)
{
    city->sample.now_ms = city->now_ms;
    (void)unit_want("consent", city, sample_consent(&city->sample, &city->events, case_id), 0);
}

/* Referred, accepted, assessed, and providers may know: case IN_SERVICE, band 3. */
static inline struct client unit_client(struct ledger_city *city)
{
    struct client client = unit_new_case(city);
    (void)unit_want(
        "accept", city,
        unit_decide(city, &client.referral, "dinsos", PB_REFERRAL_DECISION_ACCEPTED, NULL), 0);
    (void)unit_want("assess", city, unit_assess(city, &client.case_id), 0);
    unit_consent(city, &client.case_id);
    return client;
}

static inline PbEnvelope *unit_offer(struct ledger_city *city, uint32_t capacity,
                                     struct sg_id *out_slot)
{
    city->sample.now_ms = city->now_ms;
    return sample_slot(&city->sample, &city->events, capacity, out_slot);
}

static inline struct sg_id unit_slot(struct ledger_city *city, uint32_t capacity)
{
    struct sg_id slot;
    (void)unit_want("offer", city, unit_offer(city, capacity, &slot), 0);
    return slot;
}

enum { HOLD, ACCEPT };

static inline PbEnvelope *unit_request(struct ledger_city *city, const struct client *client,
                                       const struct sg_id *slot, int accepted)
{
    struct sample_wish wish = {client->case_id, *slot, accepted == ACCEPT, true};
    city->sample.now_ms = city->now_ms;
    return sample_request(&city->sample, &city->events, &wish);
}

static inline struct sg_id unit_seat(struct ledger_city *city, const struct client *client,
                                     const struct sg_id *slot, int accepted)
{
    struct outcome o = unit_want("request", city, unit_request(city, client, slot, accepted), 0);
    return id_of(o.effect->minted_allocation_id);
}

static inline PbEnvelope *unit_settle(struct ledger_city *city, const struct sg_id *allocation,
                                      PbSeatDecision decision)
{
    bool provider =
        decision == PB_SEAT_DECISION_CONFIRMED || decision == PB_SEAT_DECISION_DECLINED_BY_PROVIDER;
    city->sample.now_ms = city->now_ms;
    return sample_seat(&city->sample, &city->events, provider ? "disnaker" : "dinsos", allocation,
                       decision);
}

static inline PbAllocationState unit_seat_state(struct ledger_city *city, const struct sg_id *id)
{
    const PbAllocationRow *row = city_row(city, TABLE_ALLOCATIONS, id);
    return row ? row->state : PB_ALLOCATION_STATE_UNSPECIFIED;
}

static inline PbCaseState unit_case_state(struct ledger_city *city, const struct sg_id *id)
{
    const PbCaseRow *row = city_row(city, TABLE_CASES, id);
    return row ? row->state : PB_CASE_STATE_UNSPECIFIED;
}

/* How many deadlines of this rule run. */
static inline size_t unit_deadlines(struct ledger_city *city, const char *rule)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct sg_why why = {0};
    size_t count = 0;
    city_read(city);
    SG_CHECK(!cursor_open(&cursor, &city->txn, TABLE_DEADLINES, &why));
    SG_CHECK(!cursor_first(&cursor, &why));
    while (cursor.key.ptr) {
        count += strcmp((const char *)cursor.key.ptr + SG_ID_BYTES, rule) == 0;
        SG_CHECK(!cursor_next(&cursor, &why));
    }
    cursor_done(&cursor);
    txn_done(&city->txn);
    return count;
}

/* How many D2 of this rule ("T05") stand behind that record. */
static inline size_t unit_notices(struct ledger_city *city, uint64_t after, const char *rule)
{
    size_t count = 0;
    for (uint64_t seq = after + 1; seq <= city->last_seq; seq++) {
        struct city_record record = city_record(city, seq);
        const PbDeadlineMissed *told = record.event.envelope->deadline_missed;
        count += told && strcmp(told->rule_id, rule) == 0;
    }
    return count;
}

/* The n-th record of the last turn, from 1; the event that caused it is number `cause`. */
static inline struct city_record unit_record(struct ledger_city *city, uint64_t cause, unsigned n)
{
    return city_record(city, cause + n);
}

#endif
