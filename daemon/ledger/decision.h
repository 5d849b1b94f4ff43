/* decision.h - what one decision works on. Inside the ledger only.
 *
 * decide_* functions read rows and write into `effect` and `readers`; the first failed check writes
 * `fault` and returns. What must follow (a D5, a change of a seat, a promotion) is queued and runs
 * behind the record of the cause, each step reading the rows as the step before left them.
 */
#ifndef SINERGI_LEDGER_DECISION_H
#define SINERGI_LEDGER_DECISION_H

#include "ledger/ledger.h"

enum { READERS_MAX = 8 };

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
    FOLLOW_WAITING, /* promote on the slot where this allocation waits */
};

struct follow {
    struct follow *next;
    enum follow_kind kind;
    struct sg_id case_id, referral_id, person_id, slot_id;
    bool has_referral;
    /* FOLLOW_CASE */
    PbCaseState from, to;
    uint64_t version;
    PbReferralState referral_state;
    PbDeclineReason reason;
    const char *owner, *referrer; /* referrer NULL: it is not told */
    /* FOLLOW_PRESENT */
    const char *target;
    struct sg_id allocation_id; /* FOLLOW_WAITING */
    /* FOLLOW_SEAT, FOLLOW_DEADLINE */
    PbAllocationEffect *seat;
    const PbAllocationRow *before; /* NULL when created */
    PbSeatChange change;
    uint32_t level, position;
    int64_t due_ms;
    bool cleared;
};

struct decision {
    struct ledger_turn *turn;
    const struct sg_event *event; /* NULL for a deadline */
    const struct source *source;  /* NULL for a deadline */
    struct sg_fault *fault;
    struct cause cause;
    PbEffect *effect;
    struct reader_set readers;
    bool has_person;
    struct sg_id person_id; /* whose personal data the record holds */
    bool duplicate;         /* check 7: the same object stated again */
    struct sg_id first_outbox_id;
    uint64_t first_number;
    struct follow *first, **last;
};

/* ---- memory: a step never runs without room (see ledger.c), so these do not fail ---- */
void *take(struct ledger_turn *turn, size_t size);
#define TAKE(turn, type) ((type *)take((turn), sizeof(type)))
ProtobufCBinaryData data_of(struct ledger_turn *turn, const struct sg_id *id);
char *text_of(struct ledger_turn *turn, const char *text);
struct sg_id id_of(ProtobufCBinaryData data); /* zero when it is not an id */

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

void add_reader(struct decision *d, const char *agency, uint32_t relations);
struct follow *queue(struct decision *d, enum follow_kind kind);
struct sg_id mint(struct decision *d, const char *kind);
void warn(struct decision *d, uint32_t warning);

/* Check 7. `row` is where the object was first stated. Sets d->duplicate, or refuses. */
enum sg_err stated_again(struct decision *d, const PbObjectRow *row, const char *object);
void content_hash(const struct decision *d, uint8_t out_hash[SG_HASH_BYTES]);
/* The object id that this event states: into the effect, so that apply keeps it. */
void state_object(struct decision *d, const struct sg_id *id);

/* ---- the aggregates ---- */
enum sg_err decide_referral_submitted(struct decision *d, struct sg_why *why);
enum sg_err decide_referral_decided(struct decision *d, struct sg_why *why);
enum sg_err decide_assessment(struct decision *d, struct sg_why *why);
enum sg_err decide_slot_offered(struct decision *d, struct sg_why *why);
enum sg_err decide_seat_requested(struct decision *d, struct sg_why *why);
enum sg_err decide_seat_decided(struct decision *d, struct sg_why *why);

/* Conditional fields (end of check 2). False: refused. */
bool shape_check(const struct sg_event *event, struct sg_fault *fault);

/* Append one record with d->effect, d->readers and fold it. For an agency's event `derived` is
 * NULL. */
SG_MUST_CHECK enum sg_err append_record(struct decision *d, PbEnvelope *derived,
                                        struct record *out_record, struct sg_why *why);
/* Run what was queued, and what that queues. */
SG_MUST_CHECK enum sg_err run_follows(struct decision *d, struct sg_why *why);
void decision_begin(struct decision *d, struct ledger_turn *turn);

#endif
