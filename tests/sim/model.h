/* model.h - what a history knows by itself: the state of every object as the accepted events give
 * it, decided by rules of its own (domain 7 and 8.4), not by those of the ledger.
 *
 * The model reads the records of the journal in their order. An event of an agency moves its
 * objects and says which changes of seats (D1) must follow; a D1 that nothing foretold must be one
 * that time or the waiting list may cause. Between two events nothing may be left open. The first
 * promise that is broken stands in `broken`; nothing is looked at after it.
 */
#ifndef SINERGI_SIM_MODEL_H
#define SINERGI_SIM_MODEL_H

#include "ledger/decision.h"

enum {
    MODEL_SEATS_MAX = 101,
    MODEL_WAITING_MAX = 512,
    MODEL_WAITINGS_OF_PERSON = 16,
    MODEL_COURSES_MAX = 8,
    MODEL_OWNERS_MAX = 16,
    MODEL_EXPECTED_MAX = 640,
    MODEL_TYPES = 128,
    MODEL_RULES = 32,
    MODEL_LIMITS = 12,
    MODEL_NIKS = 256,
    MODEL_SCOPES = 6,
    MODEL_SERVICES = 11,
    MODEL_FOOD_DAYS = 400,
    MODEL_CHECKPOINTS = 128,
    MODEL_SUSPECTS = 4096,
    MODEL_TOLD = 16,
    MODEL_WARNINGS = 8,
    MODEL_GROUP = 16,
    MODEL_MERGED = 6,
    MODEL_CASES = 64
};

/* Objects of one kind by id, in order of arrival; each begins with its id. Addresses stay. */
struct pile {
    void **all;
    size_t count, room;
    uint32_t *hash; /* index + 1 */
    size_t hash_room;
};

/* A deadline: when each of its levels is reached, and whom it binds (NULL: not looked at). */
struct m_limit {
    bool paused, held; /* the person is restricted; it was, at some time */
    const char *rule;
    const char *responsible;
    int64_t levels_ms[3];
    size_t count;
};

struct m_limits {
    struct m_limit all[MODEL_LIMITS];
    size_t count;
};

struct m_visit {
    int32_t on;
    uint64_t seq;
    bool contact, off_street, street;
    const struct m_plan *plan;
};

struct m_case {
    struct sg_id id;
    const char *owner;
    struct m_person *person;
    PbCaseState state;
    uint64_t version; /* as its row says */
    uint32_t band;
    bool not_ppks, called_minor; /* by the last E05 */
    bool minor, age_doubt;
    int64_t minor_from_ms; /* T04; 0: it does not run */
    int64_t plan_from_ms;  /* T11 of a case without a plan */
    int64_t busy_ms;       /* T12 counts from it */
    struct m_plan *plan;   /* the last one */
    int32_t mentored_from; /* first day of the first plan of this episode */
    struct m_visit *visits;
    size_t visit_count, visit_room;
    int32_t food[MODEL_FOOD_DAYS]; /* days on which some was given in this episode */
    size_t food_count;
    bool food_read;     /* an E07 was corrected: not counted here any more */
    PbCaseState before; /* CLOSED: what it was */
    int32_t closed_on;
    int64_t closed_ms;
    PbCloseReason close_reason;
    uint32_t reopened;
    int64_t minor_set_ms, plan_set_ms, busy_set_ms; /* when they were read to stand still */
    int64_t assess_set_ms;
    int64_t assess_from_ms; /* T03; 0: it does not run */
    bool laden;             /* an item was issued in it */
    uint64_t made;          /* how many were made before it */
};

/* What one event says of who a person is; zero or empty: nothing. */
struct m_statement {
    uint64_t seq;
    PbSex sex;
    bool dated, guessed;
    int32_t born_on, born_in; /* the latest possible day; the year */
    uint32_t age;
    PbSchooling schooling;
    char home[16], nik[20];
};

/* What is known by all statements, and by which. */
struct m_identity {
    PbSex sex;
    bool dated, guessed;
    int32_t born_on, born_in;
    uint32_t age;
    PbSchooling schooling;
    const char *home;
    uint64_t sex_seq, birth_seq, age_seq, home_seq, schooling_seq;
};

struct m_nik {
    char nik[20];
    struct m_person *person; /* NULL: nobody any more */
};

/* An agency's pseudonym. */
struct m_ref {
    struct sg_id id;
    const char *agency;
    struct m_person *person;
};

struct m_consent {
    uint64_t seq;
    bool given, ends;
    int32_t valid_until;
};

struct m_checkpoint {
    char code[16];
    int32_t due_on;
    bool done, passed, training;
};

struct m_plan {
    struct sg_id id;
    const char *owner;
    struct m_person *person;
    struct m_case *c;
    PbPlanState state;
    PbMentoringPlanSet__Template template;
    int32_t starts_on, ended_on;
    uint64_t version; /* as its row says */
    struct m_checkpoint checkpoints[MODEL_CHECKPOINTS];
    size_t checkpoint_count;
    bool aftercare;            /* its checkpoints are laid */
    int64_t limit_ms, held_ms; /* T11: set then; has stood still so long */
};

/* A request of a person, and whom it was told to. */
struct m_request {
    struct sg_id id;
    struct m_person *person;
    struct m_case *c;
    const char *owner; /* who decides */
    PbDataSubjectRequestRecorded__Kind kind;
    PbDataSubjectRequestRecorded__Status status;
    int64_t received_ms, told_ms;
    bool identity_checked;
    const char
        *told[MODEL_TOLD]; /* that must forget something and have not said yet that they did */
    size_t told_count;
    const char *may[MODEL_TOLD], *must[MODEL_TOLD]; /* a D6 may go to, must go to */
    size_t may_count, must_count;
};

/* A D4 that must follow. */
struct m_relapse {
    struct m_person *person;
    const struct m_case *c; /* NULL: any that fits */
    PbCaseRelapseDetected__Reference reference;
    int32_t reference_on, on;
};

/* Two persons that may be the same. */
struct m_suspect {
    struct m_person *a, *b;
    bool linked, different, parted; /* parted: they were linked once */
    uint32_t score;
};

/* Somebody was found to be somebody else, and what became of their cases. */
struct m_link {
    struct m_person *child, *parent;
    struct m_merged {
        struct m_case *younger, *older;
        struct m_plan *ended;
    } merged[MODEL_MERGED];
    size_t merged_count;
};

struct m_person {
    struct sg_id id;
    struct m_person *linked_to; /* NULL: itself */
    struct m_person *root;      /* who survives of all that are one; NULL: itself */
    struct m_person *group[MODEL_GROUP];
    size_t group_count; /* of the root; 0: nobody is linked to it */
    struct m_consent consents[MODEL_SCOPES];
    bool restricted, was_restricted;
    int64_t restricted_ms;
    int32_t first_closed_on, first_completed_on, last_completed_on; /* 0: never */
    struct m_statement *statements;                                 /* by seq */
    size_t statement_count, statement_room;
    bool minor, age_doubt;
    struct m_seat *live;
    struct m_seat *waiting[MODEL_WAITINGS_OF_PERSON];
    size_t waiting_count;
    uint32_t lost;
    struct m_case *newest[MODEL_OWNERS_MAX]; /* one an owner */
    size_t case_count;
    struct {
        char course[32];
        int32_t ended_on;
    } completed[MODEL_COURSES_MAX];
    size_t completed_count;
    struct m_referral *referrals; /* the newest first */
};

struct m_referral {
    struct sg_id id;
    struct m_referral *next; /* of the same person */
    const char *referrer, *targets[4];
    size_t target_count;
    PbReferralKind kind;
    PbReferralState state;
    struct m_case *c;
    struct m_person *person;
    struct sg_id outbox_id; /* place of the E01 */
    uint64_t number, seq;
    PbSpmService services[MODEL_SERVICES];
    bool delivered[MODEL_SERVICES];
    size_t service_count;
    PbPriority priority;
    bool of_child; /* T01, T02 are the short ones */
    int32_t occurred_on;
    int64_t since_ms;       /* T01, T02 count from it */
    int64_t handed_over_ms; /* 0: the person was not brought */
};

struct m_slot {
    struct sg_id id;
    const char *owner;
    uint64_t version;
    int64_t changed_ms; /* the last E09: what it ends, ends in a later turn */
    bool cancelled;
    uint32_t capacity, class_size, hold_hours;
    int32_t starts, ends, late; /* days */
    int64_t closes_ms;
    PbSexRule sex;
    uint32_t min_age, max_age, cooldown;
    bool same_course_excluded;
    PbSchooling least_schooling; /* UNSPECIFIED: any */
    char regions[4][16];
    size_t region_count;
    char course[32], kit[32];
    struct m_seat *seats[MODEL_SEATS_MAX];  /* by seat number; from 1 */
    uint64_t promoted_seq[MODEL_SEATS_MAX]; /* when somebody who waited got it last */
    uint32_t live;
    struct m_seat *waiting[MODEL_WAITING_MAX]; /* in no order */
    size_t waiting_count;
};

struct m_seat {
    struct sg_id id;
    struct m_slot *slot;
    struct m_person *person;
    struct m_case *c;
    PbAllocationState state;
    uint32_t seat_no;
    int64_t hold_until_ms, changed_ms, over_ms;
    bool override;
    uint32_t band; /* of waiting */
    uint64_t seq;  /* of the E11 */
    int32_t started_on, ended_on;
    bool started, was_live;
    uint32_t last_seat_no;
    PbAllocationState promised;    /* RESERVED or CONFIRMED, before it began */
    struct m_limit confirm, begin; /* T06, T07 while they run */
    int64_t attended_ms;           /* T08 counts from it */
    int64_t kit_from_ms;           /* T09; 0: it does not run */
};

enum { MODEL_GROUP_MAX = 4, MODEL_CHECKS = 4 };
struct m_item {
    struct sg_id id;
    const char *owner;
    struct m_case *c;
    PbItemState state, previous;
    char kit[32], course[32], bast_no[48];
    struct m_seat *seats[MODEL_GROUP_MAX];
    size_t seat_count;
    int32_t bast_on, custody_until;
    uint64_t issued_seq, touched_seq; /* of the last E17; of the last E16, E17, E18 */
    bool kept;                        /* granted, and not given back */
    bool check_limit[MODEL_CHECKS];   /* T10-1 to T10-4 */
    struct m_limit back; /* T10-LOAN as it was read from the row for the value beside it */
    int64_t back_for_ms;
    int64_t return_from_ms; /* T10-LOAN; 0: it does not run */
};

struct m_bast {
    struct sg_id id; /* of the first item */
    const char *owner;
    char number[48];
    struct m_person *persons[MODEL_GROUP_MAX];
    size_t person_count, uses; /* 0 uses: it is free again */
};

struct m_parked {
    uint64_t seq;
    uint32_t type;
    const char *agency;
    struct sg_id object_id;
    int64_t since_ms;
};

/* An event of an agency that was accepted, as it was stated, and what it is about. */
struct m_fact {
    uint64_t seq, number;
    struct sg_id outbox_id;
    uint32_t type;
    const char *agency;
    int64_t at_ms;
    bool annulled;
    struct m_person *person;
    struct m_case *c;
    struct m_referral *referral;
    struct m_seat *seat;
    struct m_item *item;
    struct m_plan *plan;
    uint8_t *bytes; /* of the envelope */
    size_t len;
};

/* A change of a seat that must follow the event in hand. */
struct m_expected {
    struct m_seat *seat; /* NULL: a new one */
    struct m_slot *slot;
    struct m_person *person;
    struct m_case *c;
    PbAllocationState state;
    uint32_t seat_no;
    int64_t hold_until_ms;
    bool lost, override, undone; /* undone: an event was corrected */
    uint64_t seq;
    int32_t started_on, ended_on;
};

struct model_counts {
    uint64_t accepted[MODEL_TYPES], parked[MODEL_TYPES], settled[MODEL_TYPES];
    uint64_t settled_refused, timed_out, promoted, expired, derived;
    uint64_t corrected[MODEL_TYPES][2]; /* replaced, annulled */
    uint64_t relapses, orders, merged, unlinked, suspected, linked_by_nik;
    uint64_t warned[MODEL_WARNINGS];
    uint64_t told[MODEL_RULES][4], cleared[MODEL_RULES]; /* D2 by rule number and level */
    uint64_t told_while_down;
};

struct model {
    const struct sg_roster *roster;
    const char *broken;
    char about[SG_ID_TEXT + 80]; /* the object of the promise */
    int64_t now_ms;
    uint64_t taken_seq; /* of the last record that was read */
    uint32_t last_type; /* of the last event of an agency */
    struct pile persons, cases, referrals, slots, seats, items, basts, refs, plans, requests;
    struct m_suspect suspects[MODEL_SUSPECTS];
    size_t suspect_count;
    struct m_link *links;
    size_t link_count, link_room;
    struct m_fact *facts;
    size_t fact_count, fact_room;
    struct m_item *adopt_items[4]; /* whose rows say what a correction has made of them */
    struct m_plan *adopt_plans[256];
    struct m_person *adopt_persons[MODEL_GROUP];
    size_t adopt_item_count, adopt_plan_count, adopt_person_count;
    struct m_seat *undone, *attended;
    const struct m_request *withdrawn;
    struct m_referral *answered;
    struct m_case *adopts[32]; /* whose rows say what a link has made of them */
    size_t adopt_count;
    struct m_referral **found;
    size_t found_room;
    struct m_nik niks[MODEL_NIKS];
    size_t nik_count;
    struct m_parked *parked;
    size_t parked_count, parked_room;
    /* the event in hand */
    struct m_expected expected[MODEL_EXPECTED_MAX];
    size_t expected_count;
    struct m_relapse relapses[16];
    size_t relapse_count;
    struct m_slot *alternative; /* of a slot that was cancelled; claims in order */
    struct m_seat *claims[MODEL_EXPECTED_MAX];
    size_t claim_count, claim_next;
    struct m_slot *open_slots[64]; /* something may still happen on them */
    size_t open_slot_count;
    void *touched[64]; /* objects that the event in hand has moved, to be compared */
    enum model_kind {
        TOUCHED_CASE,
        TOUCHED_REFERRAL,
        TOUCHED_SEAT,
        TOUCHED_ITEM,
        TOUCHED_SLOT,
        TOUCHED_PLAN,
        TOUCHED_REQUEST
    } kinds[64];
    size_t touched_count;
    struct model_counts counts;
    struct ledger_turn turn; /* for reading rows */
    struct txn *txn;
    struct sg_arena arena; /* of one record, or of a look at rows */
};

void model_init(struct model *model, const struct sg_roster *roster);
void model_done(struct model *model);

/* Read all records that are new in this transaction, then see that nothing is left open. */
void model_take(struct model *model, struct txn *txn, int64_t now_ms);
/* An event was refused with this code, by the rows that model_take has looked at last. */
void model_refused(struct model *model, const PbEnvelope *envelope, uint32_t code);
/* Compare every row with the model, every deadline with what it is for. Slow. */
void model_compare(struct model *model, struct txn *txn, int64_t now_ms);

/* ---- inside the model ---- */
void m_break(struct model *m, const char *what, const struct sg_id *about);
#define M_EXPECT(m, cond, what, about)     \
    do {                                   \
        if (!(cond))                       \
            m_break((m), (what), (about)); \
    } while (0)
void *pile_find(const struct pile *pile, const struct sg_id *id);
void *pile_add(struct pile *pile, const struct sg_id *id, size_t size);
void m_touch(struct model *m, enum model_kind kind, void *object);
const char *m_agency(struct model *m, const char *name);
void *m_row(struct model *m, enum table table, const struct sg_id *id,
            const ProtobufCMessageDescriptor *descriptor);

/* One event of an agency that was accepted. */
struct m_event {
    const struct record *record;
    const PbEnvelope *e;
    const PbEffect *effect;
    const char *agency;
};
void m_referral_submitted(struct model *m, const struct m_event *ev);
void m_referral_acknowledged(struct model *m, const struct m_event *ev);
void m_referral_decided(struct model *m, const struct m_event *ev);
void m_contact(struct model *m, const struct m_event *ev);
void m_assessment(struct model *m, const struct m_event *ev);
void m_consent(struct model *m, const struct m_event *ev);
void m_service(struct model *m, const struct m_event *ev);
void m_plan_set(struct model *m, const struct m_event *ev);
void m_visit(struct model *m, const struct m_event *ev);
void m_case_closed(struct model *m, const struct m_event *ev);
void m_rights(struct model *m, const struct m_event *ev);
void m_correction(struct model *m, const struct m_event *ev);
void m_slot_offered(struct model *m, const struct m_event *ev);
void m_slot_changed(struct model *m, const struct m_event *ev);
void m_slot_cancelled(struct model *m, const struct m_event *ev);
void m_seat_requested(struct model *m, const struct m_event *ev);
void m_seat_decided(struct model *m, const struct m_event *ev);
void m_placement_started(struct model *m, const struct m_event *ev);
void m_attendance(struct model *m, const struct m_event *ev);
void m_placement_ended(struct model *m, const struct m_event *ev);
void m_item_registered(struct model *m, const struct m_event *ev);
void m_item_issued(struct model *m, const struct m_event *ev);
void m_item_checked(struct model *m, const struct m_event *ev);

/* Persons: who is meant, what is said, what is known. */
struct m_person *m_meant_person(struct model *m, const struct m_event *ev,
                                const PbPersonIdentity *said);
void m_note_refs(struct model *m, const struct record *record);
void m_person_stated(struct model *m, const struct m_event *ev, struct m_person *p,
                     const PbPersonIdentity *said);
void m_state_person(struct model *m, struct m_person *p, uint64_t seq, const PbPersonIdentity *said,
                    PbSchooling schooling);
void m_unstate_person(struct model *m, struct m_person *p, uint64_t seq);
struct m_identity m_identity_of(struct m_person *p);
bool m_age_at(const struct m_identity *id, int32_t day, int32_t *out_age);
bool m_is_minor(const struct m_identity *id, int32_t day, bool *out_doubt);
void m_set_minor(struct model *m, struct m_person *p, bool minor, bool doubt);

/* Rows against the model. */
void m_compare_person(struct model *m, const void *object);
void m_compare_case(struct model *m, const void *object);
void m_compare_referral(struct model *m, const void *object);
void m_compare_slot(struct model *m, const void *object);
void m_compare_seat(struct model *m, const void *object);
void m_compare_item(struct model *m, const void *object);
void m_compare_plan(struct model *m, const void *object);
void m_compare_request(struct model *m, const void *object);
void m_compare_tables(struct model *m);

/* Deadlines: what an object must have; rows of the two tables; one object's rows. */
void m_limits_of(const struct model *m, enum model_kind kind, const void *object,
                 struct m_limits *to);
void m_promise_limits(const struct model *m, struct m_seat *seat);
struct cursor;
struct sg_id m_id_at(const uint8_t *bytes);
void m_look_at_limit(struct model *m, const struct cursor *at);
void m_look_at_due(struct model *m, const struct cursor *at);
uint64_t m_wanted_limits(struct model *m);
void m_name_limit(struct model *m);
void m_compare_limits(struct model *m, enum model_kind kind, const void *object);

/* The broker's own: a change of a seat. */
void m_seat_changed(struct model *m, const struct record *record, const PbEnvelope *e);
/* The loop of a referral was closed. */
void m_loop_closed(struct model *m, const PbReferralEffect *effect);
/* The end of an event: what had to follow has followed. */
void m_followed(struct model *m);
/* As the rows stand now, no limit has passed and nobody waits who could sit. */
void m_slots_settled(struct model *m);

/* Of two that wait for the same slot: does this one go first (domain 7.3)? */
bool m_goes_first(const struct m_seat *a, const struct m_seat *b);
void m_expect_hold(struct model *m, struct m_seat *seat);
void m_expect_void(struct model *m, struct m_seat *seat);
void m_expect_release(struct model *m, struct m_seat *seat);
struct m_expected *m_expect(struct model *m, struct m_seat *seat, PbAllocationState state);
bool m_has(const struct model *m, const char *agency, PbCapability capability);
/* The person that this one was found to be; all that are one; what they have together. */
struct m_person *m_root(struct m_person *p);
size_t m_count(struct m_person *p);
struct m_person *m_member(struct m_person *p, size_t i);
struct m_seat *m_live(struct m_person *p);
enum { MODEL_WAITINGS = MODEL_GROUP * MODEL_WAITINGS_OF_PERSON };
size_t m_waitings(struct m_person *p, struct m_seat *out[MODEL_WAITINGS]);
uint32_t m_lost(struct m_person *p);
bool m_restricted(struct m_person *p);
size_t m_cases(struct m_person *p, struct m_case *out[MODEL_CASES]);
struct m_case *m_case_at(struct m_person *p, const char *owner);
/* All referrals of all of them, in m->found. */
size_t m_referrals(struct model *m, struct m_person *p);
/* Corrections. */
void m_note_fact(struct model *m, const struct m_event *ev);
struct m_fact *m_fact_at(const struct model *m, const PbEventRef *place);
bool m_may_correct(uint32_t type, bool annul);
void m_adopt_later(struct model *m, struct m_case *c);
void m_adopt_case_later(struct model *m, struct m_case *c);
void m_adopt_plan_later(struct model *m, struct m_plan *plan);
void m_adopt_item_later(struct model *m, struct m_item *item);
void m_adopt_person_later(struct model *m, struct m_person *p);
void m_adopt_corrected(struct model *m);
void m_adopt_plan_limit(struct model *m, struct m_plan *plan);
int64_t m_limit_from(struct model *m, const struct sg_id *id, const char *rule, int32_t days,
                     int64_t *out_set_ms);
void m_limit_read(struct model *m, const struct sg_id *id, const char *rule, struct m_limit *out);
bool m_limit_runs(struct model *m, const struct sg_id *id, const char *rule);
void m_recount_completed(struct model *m, struct m_person *p);
void m_nik_said(const struct m_person *p, uint64_t seq, char out[20]);
void m_keep_nik(struct model *m, struct m_person *p, uint64_t seq, const char *nik);
void m_end_case(struct model *m, const struct m_referral *r, PbCaseState to);
bool m_on_street(const PbMentoringVisitRecorded *e);
/* Links: E22, and those that follow by themselves. */
void m_link_decided(struct model *m, const struct m_event *ev);
void m_linked_by_nik(struct model *m, const struct record *record);
void m_adopt_flags(struct model *m, struct m_person *p);
void m_adopt(struct model *m);
void m_suspected(struct model *m, const struct record *record, const PbEnvelope *e);
struct m_person *m_of_ref(const struct model *m, const char *agency, ProtobufCBinaryData ref);

/* Cases: their states, what begins and ends with them. */
void m_move_case(struct model *m, struct m_case *c, PbCaseState to);
void m_assess_limit(const struct model *m, struct m_case *c, int64_t from_ms);
void m_busy(struct model *m, struct m_case *c);
bool m_may_reopen(const struct model *m, const struct m_case *c);
void m_reopen(struct model *m, struct m_case *c);
void m_loops_of(struct model *m, const struct m_case *c, const struct m_referral *but);
const char *m_against_closing(const struct model *m, const struct m_case *c, const PbEnvelope *e);
bool m_lost_contact(const struct m_case *c);
bool m_independent(const struct m_case *c, int32_t today);
void m_relapse(struct model *m, const struct m_case *c, int32_t on);
void m_relapse_seen(struct model *m, struct m_person *p, PbActivity activity, int32_t on);
void m_relapse_told(struct model *m, const PbEnvelope *e);
/* Minors. */
void m_assess_age(struct model *m, struct m_case *c, bool minor);
void m_minor_limit(struct model *m, struct m_case *c);
void m_child_stays(struct model *m, const struct m_referral *r);
void m_flag_new_case(struct model *m, struct m_case *c);
bool m_hands_child_over(const struct m_referral *r);
/* Consents and requests. */
bool m_consents(struct m_person *p, PbConsentRecorded__Scope scope, int32_t day);
void m_ordered(struct model *m, const struct record *record, const PbEnvelope *e);
void m_all_told(struct model *m);
void m_consent_withdrawn(struct model *m, const struct m_event *ev, struct m_case *c);
/* Plans. */
struct m_plan *m_active_plan(const struct m_case *c);
const struct m_checkpoint *m_next_checkpoint(const struct m_plan *plan);
void m_note_visit(struct m_case *c, const struct m_visit *visit);
void m_end_plan(struct model *m, struct m_plan *plan, PbPlanState to, int32_t on);
void m_plan_ends(struct model *m, const struct m_case *c);
void m_course_begins(struct model *m, struct m_case *c, const struct m_seat *seat);
void m_course_ends(struct model *m, struct m_case *c, int32_t on, bool completed);
bool m_is_live(PbAllocationState state);
bool m_is_over(PbAllocationState state);
bool m_is_promised(PbAllocationState state);
bool m_case_open(PbCaseState state);
/* May a seat be asked for? */
bool m_serves(const struct m_case *c);
bool m_pending(const struct m_referral *r);
const char *m_target(const struct m_referral *r);
int64_t m_late_end_ms(const struct m_slot *s);
int64_t m_start_ms(const struct m_slot *s);
/* OPEN, REG_CLOSED, … at the time of the model. */
PbSlotState m_slot_state(const struct model *m, const struct m_slot *s);
/* Grown up, and meets the conditions of the slot; and has no other seat. */
bool m_is_eligible(const struct m_slot *s, struct m_person *p);
bool m_agrees(const struct model *m, struct m_person *p);
bool m_may_sit(const struct model *m, const struct m_slot *s, struct m_person *p);
bool m_on_loan(const struct m_item *item);
void m_case_of_seat_moved(struct model *m, struct m_seat *seat, PbAllocationState from);
bool m_is_missing(const struct model *m, const struct m_parked *parked);
extern const struct m_check_rule {
    const char *rule;
    int32_t days;
} m_checks[MODEL_CHECKS];

#endif
