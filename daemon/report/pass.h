/* pass.h - the journal from its first record to a given one, twice: once for what changes the
 * meaning of other records (corrections, links of persons), once for the facts.
 *
 * A record that an E24 has annulled states nothing; one that was replaced states the replacement,
 * at its own seq. What a record did to states (a case, a seat, an item) stays done: the E24 has
 * an effect of its own that undoes it. A parked record is nothing; it is the record that settles it
 * that counts, if it was accepted.
 */
#ifndef SINERGI_REPORT_PASS_H
#define SINERGI_REPORT_PASS_H

#include "report/pool.h"
#include "report/report.h"
#include "sinergi/v1/event.pb-c.h"
#include "store/journal.h"

enum { TYPE_D1 = 201, TYPE_D2, TYPE_D3, TYPE_D5 = 205, TYPE_D7 = 207, TYPE_D8 };

/* One record as a report sees it. */
struct fact {
    uint64_t seq;
    int64_t accepted_ms, occurred_ms;
    int32_t occurred_day;
    uint32_t type;
    PbRecordKind kind;
    bool states;        /* its payload counts: not annulled */
    bool detached;      /* it was about somebody else: of no person any more */
    bool corrected;     /* and comes from an E24 */
    const char *agency; /* publisher; NULL for what the broker derived */
    const struct record *record;
    const PbRecordRest *rest;
    const PbEffect *effect;       /* of the record itself; never NULL */
    const PbCountEffect *count;   /* what is counted of the payload; never NULL */
    const PbPersonEffect *person; /* NULL when it says nothing of one; of the correction if any */
    PbEquipmentChecked__Finding finding; /* of an E18 */
    const PbEnvelope
        *envelope;            /* with the payload that counts, clear part; none of a derived one */
    struct sg_bytes personal; /* of the payload's own message when replaced, else of the event */
};

struct pass {
    struct env *env;
    const atomic_bool *stop;
    struct sg_arena *arena;  /* facts */
    struct sg_arena scratch; /* of one record */
    struct txn *txn; /* of the walk; no second one is opened beside it: the map may have to grow */
    uint64_t as_of;
    int64_t last_ms; /* when the last record was accepted */
    struct pool corrections;
    struct ids linked;     /* persons that joined another */
    struct pool survivors; /* struct sg_id, by index in linked; zero: alone again */
};

typedef void take_fact(void *context, const struct fact *fact);

/* Both walks. `wanted` has true for each type that the facts are made of; D-types by their number.
 * Errors: SG_E_STORE, SG_E_LIMIT, SG_E_STATE (stopped). */
enum { WANTED_MAX = REPORT_TYPES };
SG_MUST_CHECK enum sg_err pass_prepare(struct pass *pass, struct sg_why *why);
SG_MUST_CHECK enum sg_err pass_run(struct pass *pass, const bool wanted[WANTED_MAX],
                                   take_fact *take, void *context, struct sg_why *why);
void pass_done(struct pass *pass);

/* The person that this one has become, as known at the end. */
struct sg_id pass_person(const struct pass *pass, const struct sg_id *id);

/* The whole payload of a fact, its personal fields with it, in the scratch arena; NULL where the
 * personal part cannot be opened. */
const ProtobufCMessage *pass_open(struct pass *pass, const struct fact *fact);

#endif
