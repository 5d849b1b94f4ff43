/* decision.h - what one decision works on. Inside the ledger only.
 *
 * decide_* functions read rows and write into `effect` and `readers`; the first failed check writes
 * `fault` and returns. What must follow (a D5, a change of a seat, a promotion) is queued and runs
 * behind the record of the cause, each step reading the rows as the step before left them.
 */
#ifndef SINERGI_LEDGER_DECISION_H
#define SINERGI_LEDGER_DECISION_H

#include "ledger/ledger.h"

enum { READERS_MAX = SG_AGENCIES_MAX + 8 };

struct reader_set {
    struct reader_entry {
        const char *agency;
        uint32_t relations;
    } entries[READERS_MAX];
    size_t count;
};

/* What caused a derived record: the place of an agency's event, or a deadline. */
struct cause {
    bool has_place;
    bool import; /* of an outbox that was opened for import: no limit begins, nobody waits */
    struct sg_id outbox_id;
    uint64_t number;
    uint8_t digest[SG_HASH_BYTES]; /* of the event; of (id, due) for a deadline */
    unsigned ordinal;              /* counts what was minted and derived from it */
};

enum follow_kind {
    FOLLOW_CASE,
    FOLLOW_PRESENT,
    FOLLOW_SEAT,
    FOLLOW_DEADLINE,
    FOLLOW_PROMOTE,
    FOLLOW_WAITING,     /* promote on the slot where this allocation waits */
    FOLLOW_ALTERNATIVE, /* a seat or a place in the waiting list of another slot */
    FOLLOW_SETTLE,      /* decide again what is parked for this object */
    FOLLOW_SETTLED,     /* tell how a parked event ended */
    FOLLOW_LOOP,        /* close the loop of a referral */
    FOLLOW_MATCH,       /* look for persons who may be this one */
    FOLLOW_NIK,         /* a NIK was stated: is there another who holds it? */
    FOLLOW_SUSPECT,     /* two persons may be one */
    FOLLOW_RELAPSE,     /* somebody is back on the street (D4) */
    FOLLOW_ERASURE,     /* an agency is told to forget (D6) */
};

/* How much a provider forgets: each more than the one before. */
enum forget {
    FORGET_HEALTH,  /* what limits the person */
    FORGET_CONTACT, /* and how to reach it; who is in the course keeps its name */
    FORGET_ALL
};

struct follow {
    struct follow *next;
    enum follow_kind kind;
    struct cause *cause;
    struct sg_id case_id, referral_id, person_id, slot_id;
    bool has_referral;
    /* FOLLOW_CASE, FOLLOW_LOOP */
    PbCaseState from, to;
    uint64_t version;
    PbReferralState referral_state;
    PbDeclineReason reason;
    const char *owner, *referrer; /* referrer NULL: it is not told */
    /* FOLLOW_PRESENT */
    const char *target;
    uint64_t assessed_seq;      /* the assessment goes along; 0 = none */
    struct sg_id allocation_id; /* FOLLOW_WAITING, FOLLOW_ALTERNATIVE */
    /* FOLLOW_RELAPSE */
    PbCaseRelapseDetected__Reference reference;
    int32_t reference_on, contact_on;
    /* FOLLOW_ERASURE; also object_id, target */
    enum forget forget;
    /* FOLLOW_SEAT */
    PbAllocationEffect *seat;
    const PbAllocationRow *before; /* NULL when created */
    PbSeatChange change;
    PbCaseState case_to;      /* a seat that is put back: the case with it; 0: as it is */
    const PbEffect *ended_by; /* effect of the record that ended or began what is undone */
    uint32_t position;
    bool by_time; /* a deadline did it: its own notice follows */
    /* FOLLOW_DEADLINE */
    const char *rule;
    const PbDeadlineRow *deadline;
    PbDeadlineEffect *set; /* what becomes of the deadline; NULL: it is gone already */
    uint32_t level;
    bool cleared;
    int64_t down_ms;
    /* FOLLOW_SUSPECT, FOLLOW_NIK */
    struct sg_id other_id;
    uint32_t score;
    const char *const *features;
    size_t feature_count;
    const char *nik;
    bool again; /* to a further steward */
    /* FOLLOW_SETTLE, FOLLOW_SETTLED, FOLLOW_DEADLINE: the object */
    struct sg_id object_id;
    const char *publisher;
    PbEventRef *place;
    uint32_t code;
    uint64_t seq;
};

struct decision {
    struct ledger_turn *turn;
    const struct sg_event *event; /* NULL for a deadline */
    const struct source *source;  /* NULL for a deadline */
    struct sg_fault *fault;
    struct cause *cause; /* shared with all that follows from it */
    PbEffect *effect;
    struct reader_set readers;
    bool has_person;
    struct sg_id person_id; /* whose personal data the record holds */
    bool restricted;        /* that person is: limits of its cases that begin now stand still */
    bool duplicate;         /* check 7: the same object stated again */
    struct sg_id first_outbox_id;
    uint64_t first_number;
    bool parks; /* it waits for parks_on; `fault` says what it would be refused with */
    struct sg_id parks_on;
    struct follow *first, **last;
};

/* ---- memory: a step never runs without room (see ledger.c), so these do not fail ---- */
void *take(struct ledger_turn *turn, size_t size);
#define TAKE(turn, type) ((type *)take((turn), sizeof(type)))
ProtobufCBinaryData data_of(struct ledger_turn *turn, const struct sg_id *id);
char *text_of(struct ledger_turn *turn, const char *text);
struct sg_id id_of(ProtobufCBinaryData data); /* zero when it is not an id */
/* An array with room for one more pointer: moved when it is full. */
void *grown(struct ledger_turn *turn, void *array, size_t count);
PbEventRef *ref_of(struct ledger_turn *turn, const struct sg_id *outbox_id, uint64_t number);
int32_t day_of(const PbDate *date); /* days since 1970-01-01 */
PbDate *date_of(struct ledger_turn *turn, int32_t day_no);

/* ---- rows by id; SG_E_NOT_FOUND as usual ---- */
SG_MUST_CHECK enum sg_err read_row(struct ledger_turn *turn, enum table table,
                                   const struct sg_id *id,
                                   const ProtobufCMessageDescriptor *descriptor,
                                   void *out_row_pointer, struct sg_why *why);

/* ---- refusals: all return SG_OK, so that a decide reads `return refuse(d, …)` ---- */
SG_PRINTF(5, 6)
enum sg_err refuse(struct decision *d, uint32_t code, const char *object, const char *detail,
                   const char *accepted, ...);
/* An error of a read that only says "no such object" becomes E_UNKNOWN_OBJECT. */
enum sg_err refuse_unknown(struct decision *d, enum sg_err err, const char *object);

/* The event waits until something touches the object; if it may not, it is refused with the code.
 */
enum sg_err park(struct decision *d, const struct sg_id *object_id, uint32_t code,
                 const char *object, const char *detail, const char *accepted);
/* The publisher is the owner, or E_NOT_OWNER. */
bool owns(struct decision *d, const char *owner, const char *object, const char *accepted);
/* Check 9: the version that the publisher saw is the version of now. */
bool version_holds(struct decision *d, uint64_t version);

void add_reader(struct decision *d, const char *agency, uint32_t relations);
/* All agencies with one of the capabilities. */
void add_readers_with(struct decision *d, uint32_t capabilities, uint32_t relations);
void about_person(struct decision *d, const struct sg_id *person_id);
struct follow *queue(struct decision *d, enum follow_kind kind);
struct sg_id mint(struct decision *d, const char *kind);
void warn(struct decision *d, uint32_t warning);

/* What reports count of this event's personal fields: into the effect. */
void count_event(struct decision *d);
/* The same of another event: of a replacement. */
void count_payload(struct decision *d, const PbEnvelope *envelope);

/* Check 7. `row` is where the object was first stated. Sets d->duplicate, or refuses. */
enum sg_err stated_again(struct decision *d, const PbObjectRow *row, const char *object);
/* The same words as in that row: sets d->duplicate. */
bool said_again(struct decision *d, const PbObjectRow *row);
void content_hash(const struct decision *d, uint8_t out_hash[SG_HASH_BYTES]);
/* The object id that this event states: into the effect, so that apply keeps it. */
void state_object(struct decision *d, const struct sg_id *id);

/* Where an object that has no row of its own was first stated; *out_row NULL when nowhere. */
SG_MUST_CHECK enum sg_err read_object(struct decision *d, const struct sg_id *id,
                                      PbObjectRow **out_row, struct sg_why *why);

/* ---- the aggregates ---- */
enum sg_err decide_referral_submitted(struct decision *d, struct sg_why *why);
enum sg_err decide_referral_acknowledged(struct decision *d, struct sg_why *why);
enum sg_err decide_referral_decided(struct decision *d, struct sg_why *why);
enum sg_err decide_contact(struct decision *d, struct sg_why *why);
enum sg_err decide_assessment(struct decision *d, struct sg_why *why);
enum sg_err decide_slot_offered(struct decision *d, struct sg_why *why);
enum sg_err decide_slot_changed(struct decision *d, struct sg_why *why);
enum sg_err decide_slot_cancelled(struct decision *d, struct sg_why *why);
enum sg_err decide_seat_requested(struct decision *d, struct sg_why *why);
enum sg_err decide_seat_decided(struct decision *d, struct sg_why *why);
enum sg_err decide_placement_started(struct decision *d, struct sg_why *why);
enum sg_err decide_attendance(struct decision *d, struct sg_why *why);
enum sg_err decide_placement_ended(struct decision *d, struct sg_why *why);
enum sg_err decide_item_registered(struct decision *d, struct sg_why *why);
enum sg_err decide_item_issued(struct decision *d, struct sg_why *why);
enum sg_err decide_item_checked(struct decision *d, struct sg_why *why);
enum sg_err decide_link(struct decision *d, struct sg_why *why);
enum sg_err decide_correction(struct decision *d, struct sg_why *why);
enum sg_err decide_consent(struct decision *d, struct sg_why *why);
enum sg_err decide_service(struct decision *d, struct sg_why *why);
enum sg_err decide_plan(struct decision *d, struct sg_why *why);
enum sg_err decide_visit(struct decision *d, struct sg_why *why);
enum sg_err decide_case_closed(struct decision *d, struct sg_why *why);
enum sg_err decide_request(struct decision *d, struct sg_why *why);

/* Conditional fields (end of check 2). False: refused. */
bool shape_check(const struct sg_event *event, struct sg_fault *fault);

/* Append one record with d->effect, d->readers and fold it. For an agency's event `derived` is
 * NULL and `kind` says whether it was accepted, parked or settled. */
SG_MUST_CHECK enum sg_err append_record(struct decision *d, PbRecordKind kind, PbEnvelope *derived,
                                        struct record *out_record, struct sg_why *why);
/* Run what was queued, and what that queues. */
SG_MUST_CHECK enum sg_err run_follows(struct decision *d, struct sg_why *why);
void decision_begin(struct decision *d, struct ledger_turn *turn);

#endif
