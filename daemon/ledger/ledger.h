/* ledger.h - every decision of the domain, and nothing else.
 *
 * The ledger is told what an agency states and answers what follows. It reads and writes rows of
 * the turn's transaction; it opens no file, reads no clock, draws no random number and keeps no
 * global: the same rows and the same event give the same outcome, in the daemon, in the simulator
 * and when the journal is folded again.
 *
 * Decide finds out, apply follows: decide reads rows and the world and writes what it found into
 * the effect of the record; ledger_apply(record) is the only writer of shared rows and reads clear
 * and effect alone; ledger_apply_personal writes the rows with personal fields and may be skipped
 * when the personal part can no longer be opened.
 */
#ifndef SINERGI_LEDGER_LEDGER_H
#define SINERGI_LEDGER_LEDGER_H

#include "ledger/relation.h"
#include "store/block.h"
#include "wire/codec.h"
#include "wire/keyfile.h"
#include "wire/roster.h"
#include "wire/time_limits.h"

/* All that decide may know beside rows. Borrowed for the turn. */
struct world {
    int64_t now_ms; /* journal time; never goes back */
    const struct sg_roster *roster;
    const struct sg_lists *lists;
    const struct sg_broker_key *keys;
    const struct sg_time_limits *limits; /* NULL: sg_time_limits_normal */
};

/* One turn of the ledger: the block that is being built and what may be known. */
struct ledger_turn {
    struct txn *txn;
    struct block_builder *block;
    struct sg_arena *arena;
    const struct world *world;
};

/* Where an event comes from. */
struct source {
    const struct sg_agency *agency;
    const char *device;
    struct sg_id outbox_id;
    uint64_t number;
    bool import; /* an operator has opened the outbox for import */
    uint64_t
        named_seq; /* of the record at the place that an E24 corrects or an E07 answers; or 0 */
};

struct outcome {
    PbOutcomeStatus status; /* ACCEPTED, DUPLICATE (of an object), PARKED, REJECTED */
    struct sg_fault fault;  /* when REJECTED */
    uint64_t seq;
    int64_t accepted_ms;
    uint64_t aggregate_version;
    bool has_first_place; /* DUPLICATE: the object was stated there */
    struct sg_id first_outbox_id;
    uint64_t first_number;
    const PbEffect *effect; /* of the accepted event, in the arena: minted, warnings */
};

/* Checks 3 to 11 of the order of checks (domain 8.0), then the record, its rows and all that is
 * derived from it. The event is decoded and its agency is the publisher (checks 0 to 2 are the
 * broker's). Errors: SG_E_FULL   the map has no room: abort the turn, grow, run it again.
 *         SG_E_LIMIT  the arena has no room: abort the turn, run it with half of its frames.
 *         SG_E_STORE  a row could not be read or written: the daemon ends.
 *         A refusal is not an error: SG_OK with status REJECTED, and no row was written. */
SG_MUST_CHECK enum sg_err ledger_accept(struct ledger_turn *turn, const struct sg_event *event,
                                        const struct source *source, struct outcome *out_outcome,
                                        struct sg_why *why);

/* Run what is due at world->now_ms, in order of due time, at most `limit` deadlines; *out_more says
 * whether others are left. Same errors. */
SG_MUST_CHECK enum sg_err ledger_due(struct ledger_turn *turn, unsigned limit, bool *out_more,
                                     struct sg_why *why);
/* When ledger_due has something to do; INT64_MAX when never. A change of presence may change it. */
SG_MUST_CHECK enum sg_err ledger_next_due(struct ledger_turn *turn, int64_t *out_due_ms,
                                          struct sg_why *why);
/* An agency that was without a connection is heard again: its silence (T15) is over. */
SG_MUST_CHECK enum sg_err ledger_heard(struct ledger_turn *turn, const char *agency,
                                       struct sg_why *why);

/* Fold one record. `event` is the record reopened (clear part; the personal one too if it could be
 * opened). record->rest is decoded. */
SG_MUST_CHECK enum sg_err ledger_apply(struct txn *txn, const struct record *record,
                                       const struct sg_event *event, struct sg_arena *arena,
                                       struct sg_why *why);
SG_MUST_CHECK enum sg_err ledger_apply_personal(struct txn *txn, const struct record *record,
                                                const struct sg_event *event,
                                                const struct sg_broker_key *keys,
                                                struct sg_arena *arena, struct sg_why *why);

/* Rebuild all folds of the journal of `from` in the new store `to` (made by the caller, same store
 * id; tables that are not folds are copied), blocks signed again. Errors: SG_E_STORE. */
SG_MUST_CHECK enum sg_err ledger_refold(struct env *from, struct env *to,
                                        const struct sg_broker_key *keys,
                                        void (*progress)(uint64_t seq, uint64_t of),
                                        struct sg_why *why);
/* Compare two stores table by table, byte for byte. Errors: SG_E_STORE names table and key. */
SG_MUST_CHECK enum sg_err ledger_compare(struct env *a, struct env *b, struct sg_why *why);

/* ---- what views and queries ask ---- */

/* What an agency may know of a person, as it is now. */
struct person_access {
    bool has_ref;
    struct sg_id ref; /* the agency's own pseudonym of the person */
    uint32_t terms;   /* bits of enum term */
    bool transferred; /* its case went to another owner: it reads what it wrote, no more */
};
SG_MUST_CHECK enum sg_err ledger_person_access(struct txn *txn, const struct sg_id *person_id,
                                               const char *agency, int64_t now_ms,
                                               struct person_access *out_access,
                                               struct sg_why *why);
/* Has the provider's access to the person of this allocation ended (30 days after its end)? */
SG_MUST_CHECK enum sg_err ledger_person_ended(struct txn *txn, const struct sg_id *allocation_id,
                                              int64_t now_ms, bool *out_ended, struct sg_why *why);

/* Slots, newest first, from the cursor (NULL: from the newest) to the limit; *out_next lives in the
 * arena and is empty at the end. Rows in the arena. */
SG_MUST_CHECK enum sg_err ledger_slots(struct txn *txn, int64_t now_ms, struct sg_bytes cursor,
                                       size_t limit, struct sg_arena *arena,
                                       PbSlotView ***out_slots, size_t *out_count,
                                       struct sg_bytes *out_next, struct sg_why *why);

/* Who asks, and when: what follows is what that agency may see. */
struct ledger_asker {
    const char *agency;
    uint32_t capabilities;
    int64_t now_ms;
};
/* Own cases, newest first; open ones only unless `all`. Pages as ledger_slots; a page may be empty
 * and not the last. */
SG_MUST_CHECK enum sg_err ledger_cases(struct txn *txn, const struct ledger_asker *asker, bool all,
                                       struct sg_bytes cursor, size_t limit, struct sg_arena *arena,
                                       PbCaseView ***out_views, size_t *out_count,
                                       struct sg_bytes *out_next, struct sg_why *why);
/* One own case with its referrals, placements, kits and deadlines. Errors also SG_E_NOT_FOUND: no
 * such case, or not its own. */
SG_MUST_CHECK enum sg_err ledger_case(struct txn *txn, const struct ledger_asker *asker,
                                      const struct sg_id *case_id, struct sg_arena *arena,
                                      PbCaseView **out_view, struct sg_why *why);
/* Items that the agency owns or that its cases hold, newest first. */
SG_MUST_CHECK enum sg_err ledger_kits(struct txn *txn, const struct ledger_asker *asker,
                                      struct sg_bytes cursor, size_t limit, struct sg_arena *arena,
                                      PbKitView ***out_views, size_t *out_count,
                                      struct sg_bytes *out_next, struct sg_why *why);
/* Deadlines that bind the agency or its cases; missed ones only unless `all`. */
SG_MUST_CHECK enum sg_err ledger_deadlines(struct txn *txn, const struct ledger_asker *asker,
                                           bool all, struct sg_bytes cursor, size_t limit,
                                           struct sg_arena *arena, PbDeadlineView ***out_views,
                                           size_t *out_count, struct sg_bytes *out_next,
                                           struct sg_why *why);

/* Who a person is by all its names, for an identity steward; by the asking agency's own reference.
 * Errors also SG_E_NOT_FOUND. */
SG_MUST_CHECK enum sg_err ledger_person(struct txn *txn, const struct ledger_asker *asker,
                                        const struct world *world, const struct sg_id *person_ref,
                                        struct sg_arena *arena, PbPersonView **out_view,
                                        struct sg_why *why);
/* Suspicions that nobody has decided, newest first. Pages as ledger_slots. */
SG_MUST_CHECK enum sg_err ledger_suspicions(struct txn *txn, const struct ledger_asker *asker,
                                            struct sg_bytes cursor, size_t limit,
                                            struct sg_arena *arena, PbSuspicionView ***out_views,
                                            size_t *out_count, struct sg_bytes *out_next,
                                            struct sg_why *why);
/* What became of the event: *out_view stays NULL when it was not corrected. In the arena. */
SG_MUST_CHECK enum sg_err ledger_event_standing(struct txn *txn, uint64_t seq,
                                                struct sg_arena *arena, PbEventView **out_view,
                                                struct sg_why *why);
/* Events of the asking agency about that object, by seq: what an E24 of it may name. */
SG_MUST_CHECK enum sg_err ledger_events_of(struct txn *txn, const struct ledger_asker *asker,
                                           const struct sg_id *object_id, struct sg_arena *arena,
                                           PbEventView ***out_views, size_t *out_count,
                                           struct sg_why *why);

/* One seat or waiting place, uncut: the broker cuts it by `relations` of the asking agency. */
struct seat_fact {
    PbSeatView *view; /* person filled in as far as known; in the arena */
    struct sg_id person_id;
    const char *case_owner, *slot_owner;
    bool person_ended;
};
/* Seats by number, then the waiting list in its order. Errors also SG_E_NOT_FOUND (no such slot).
 */
SG_MUST_CHECK enum sg_err ledger_seats(struct txn *txn, const struct sg_id *slot_id, int64_t now_ms,
                                       struct sg_arena *arena, struct seat_fact **out_seats,
                                       size_t *out_count, struct sg_why *why);

#endif
