/* facts.h - what the reports count: the facts of the journal, each kind in an array.
 *
 * A report asks for the kinds that it needs; records of other types are not even decoded. Dates are
 * WIB days since 1970-01-01, DAY_NONE where there is none; times are milliseconds, 0 for none.
 */
#ifndef SINERGI_REPORT_FACTS_H
#define SINERGI_REPORT_FACTS_H

#include "report/pass.h"

#define DAY_NONE INT32_MIN

enum fact_kind {
    FACT_CASES = 1 << 0, /* referrals, cases, episodes, assessments, services */
    FACT_SEATS = 1 << 1, /* slots, allocations; needs FACT_CASES for episodes */
    FACT_ITEMS = 1 << 2,
    FACT_CARE = 1 << 3,     /* plans and visits */
    FACT_CONTACTS = 1 << 4, /* who was seen on the street */
    FACT_QUALITY = 1 << 5,  /* all records: lateness, numbers, readers, requests, suspicions */
};

struct person {
    PbSex sex;
    PbNikStatus nik_first, nik_now; /* of the first INTAKE, and the last that was said */
    int32_t intake_on;              /* first INTAKE */
    bool assessed;
    bool assessed_minor;   /* as the last E05 says */
    int64_t minor_ms;      /* when it was first known that it is a child: in the world, */
    int64_t minor_told_ms; /* and to the broker, as T04 counts */
};

struct referral {
    uint32_t person, case_no, referrer, target;
    PbReferralKind kind;
    PbReferralState state;
    PbReferralDecision decision;
    PbDeclineReason reason;
    PbDeclinedBy side;
    bool states;     /* its E01 stands */
    bool redirected; /* it came to this target from another one */
    int64_t occurred_ms, told_ms, acknowledged_ms, decided_ms;
    int64_t acknowledge_due_ms, decide_due_ms; /* 0: no limit was set */
};

/* From a first INTAKE to a closing: what a case was about at one time. */
struct episode {
    uint32_t case_no, person;
    uint32_t referral; /* the INTAKE that it began with; NOTHING until one stands */
    int64_t start_ms;  /* when that happened, 0: unknown */
    int32_t acknowledged_on, decided_on, assessed_on, requested_on; /* the first of each */
    int32_t closed_on;
    PbCloseReason close_reason;
};

struct case_file {
    uint32_t person, owner;
    uint32_t episode; /* the current one */
    PbCaseState state;
    bool minor;
};

struct assessment {
    uint32_t person, case_no, episode, agency;
    uint64_t seq;
    int32_t assessed_on;
    bool minor;
    uint32_t ppks, needs; /* a bit each */
};

struct service {
    uint32_t person, episode, agency;
    PbSpmService service;
    PbBasicServiceDelivered__Outcome outcome;
    int32_t from_on, to_on;
};

struct slot {
    uint32_t owner, course, kit; /* kit NOTHING: none promised */
    int32_t starts_on;
    uint32_t capacity, capacity_max;
    bool cancelled;
};

struct allocation {
    uint32_t slot, person, case_no, episode;
    PbAllocationState state;
    uint32_t seat_no; /* the last it had, 0: none ever */
    int64_t waiting_ms, left_waiting_ms, held_ms, reserved_ms, confirmed_ms, state_ms;
    bool waited_to_the_end; /* WAITLISTED until the list closed */
    bool hold_expired;
    int32_t started_on, ended_on; /* E13, E15 */
    PbPlacementEnded__Result result;
};

struct item {
    uint32_t owner, kit, case_owner;
    int64_t value_idr;
    PbItemState state;
    PbEquipmentChecked__Finding finding;
    uint32_t grant; /* the last one */
    int32_t risk_on;
};

struct grant {
    uint32_t item, allocation; /* one for each member of a group */
    int32_t on;                /* BAST */
    int32_t until;   /* the item was with the person before this day; DAY_NONE: it still is */
    uint32_t before; /* the one of this item before it, NOTHING: none */
    bool first;      /* of its group: the item counts once */
};

struct check {
    uint32_t item;
    int32_t on;
    PbEquipmentChecked__Finding finding;
};

struct checkpoint {
    char code[8];
    int32_t due_on;
    uint64_t done_seq;
    bool passed;
};

struct plan {
    uint32_t person, owner;
    PbPlanState state;
    int32_t ended_on;
    struct checkpoint *checkpoints;
    size_t count, room;
};

struct visit {
    uint32_t person, plan;
    uint64_t seq;
    int32_t on;
    bool contact;
    char code[8]; /* the checkpoint that it has done, "" for none */
    PbMentoringVisitRecorded__OnStreet on_street;
    PbMentoringVisitRecorded__Livelihood livelihood;
    bool has_income;
    int64_t income_idr;
};

struct contact {
    uint32_t person; /* NOTHING: nobody who could be known */
    bool intake;     /* E01, else E04 */
    bool identified;
    int32_t on;
    PbActivity activity;
};

struct request {
    PbDataSubjectRequestRecorded__Kind kind;
    uint32_t agency;
    int64_t received_ms, answered_ms;
    int32_t received_on;
};

struct suspicion {
    struct sg_id a, b; /* smaller first */
    int64_t raised_ms;
    int64_t decided_ms;
};

struct link {
    PbPersonLinkDecided__Decision decision;
    int32_t on;
};

/* What an agency did with the wire, within the period. */
struct traffic {
    uint64_t events, late, personal; /* personal: records of others with fields of persons */
};

struct outbox {
    uint32_t agency;
    uint64_t last_number, records;
};

struct facts {
    const struct report_request *request;
    struct pass *pass;
    struct sg_arena *arena;
    int32_t from_day, to_day; /* of the period */
    int64_t at_ms;            /* the moment of the report: what "now" means in it */
    int32_t at_day;
    int32_t end_day; /* of what is known of the period: its last day, or at_day */
    unsigned kinds;
    struct names agencies, courses, kits;
    struct ids person_ids, referral_ids, case_ids, slot_ids, allocation_ids, item_ids, plan_ids,
        request_ids, outbox_ids;
    struct pool persons, referrals, cases, episodes, assessments, services, slots, allocations,
        items, grants, checks, plans, visits, contacts, requests, suspicions, links, traffic,
        outboxes;
    uint32_t steward; /* agency */
};

void facts_take(void *model, const struct fact *fact);
/* Types of which the facts of these kinds are made. */
void facts_wants(unsigned kinds, bool out_wanted[WANTED_MAX]);

/* ---- the parts, in files of their own ---- */
void facts_take_case(struct facts *m, const struct fact *f);
void facts_take_seat(struct facts *m, const struct fact *f);
void facts_take_item(struct facts *m, const struct fact *f);
void facts_take_care(struct facts *m, const struct fact *f);
void facts_take_contact(struct facts *m, const struct fact *f);
void facts_take_quality(struct facts *m, const struct fact *f);

/* ---- shared ---- */
bool facts_id(ProtobufCBinaryData data, struct sg_id *out_id); /* false: it is none */
int32_t facts_day(const PbDate *date);                         /* DAY_NONE when absent */
uint32_t facts_agency(struct facts *m, const char *id);
struct traffic *facts_traffic(struct facts *m, uint32_t agency);
/* The person of an id, after links; NOTHING when it is no id. */
uint32_t facts_person(struct facts *m, ProtobufCBinaryData id);
/* Of the record; NOTHING when it is about nobody. */
uint32_t facts_fact_person(struct facts *m, const struct fact *f);
/* The object of an id, made when it is new. */
uint32_t facts_case(struct facts *m, ProtobufCBinaryData id);
uint32_t facts_find_case(const struct facts *m, ProtobufCBinaryData id);
uint32_t facts_allocation(struct facts *m, ProtobufCBinaryData id);
uint32_t facts_find(const struct ids *ids, ProtobufCBinaryData id);

static inline bool facts_in_period(const struct facts *m, int32_t day)
{
    return day != DAY_NONE && day >= m->from_day && day <= m->to_day;
}
#define PERSON(m, i) POOL_AT(&(m)->persons, struct person, (i))
#define EPISODE(m, i) POOL_AT(&(m)->episodes, struct episode, (i))
#define CASE(m, i) POOL_AT(&(m)->cases, struct case_file, (i))
#define SLOT(m, i) POOL_AT(&(m)->slots, struct slot, (i))
#define ALLOCATION(m, i) POOL_AT(&(m)->allocations, struct allocation, (i))
#define ITEM(m, i) POOL_AT(&(m)->items, struct item, (i))
#define PLAN(m, i) POOL_AT(&(m)->plans, struct plan, (i))
#define REFERRAL(m, i) POOL_AT(&(m)->referrals, struct referral, (i))

#endif
