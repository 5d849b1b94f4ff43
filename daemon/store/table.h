/* table.h - the tables of the store, and rows read, written and walked.
 *
 * Bytes that a read gives are borrowed from the map: they hold until the next write of the same
 * transaction, or its end. Decode or copy at once.
 */
#ifndef SINERGI_STORE_TABLE_H
#define SINERGI_STORE_TABLE_H

#include "kit/arena.h"
#include "store/key.h"
#include "store/txn.h"

#include <protobuf-c/protobuf-c.h>

/* Persons, identities and referrals (of a person) share one tree of LMDB, in order of their
 * ids: what is made in one moment is written to the same few pages. The others have a tree each. */
enum table {
    TABLE_META,
    TABLE_JOURNAL,             /* seq */
    TABLE_BLOCKS,              /* height */
    TABLE_MAILBOX,             /* agency, first seq */
    TABLE_OUTBOXES,            /* outbox */
    TABLE_FRAMES,              /* outbox, first number */
    TABLE_SUBSCRIPTIONS,       /* agency, name */
    TABLE_DEAD_LETTERS,        /* agency, name, seq */
    TABLE_PRESENCE,            /* agency -> PresenceRow */
    TABLE_DEADLINES,           /* id, rule -> DeadlineRow */
    TABLE_DUE,                 /* time of the next level in ms, rule, id -> nothing */
    TABLE_OBJECTS,             /* type, object id -> ObjectRow, of what has no row of its own */
    TABLE_PARKED,              /* object, seq -> ParkedRow */
    TABLE_PARKED_OF_AGENCY,    /* agency, seq -> nothing */
    TABLE_SETTLED,             /* seq of the parked record -> SettledRow */
    TABLE_PERSONS,             /* person -> PersonRow (with its refs and cases) */
    TABLE_IDENTITIES,          /* person, seq -> IdentityRow (personal) */
    TABLE_NIK_TOKENS,          /* token -> person id (personal) */
    TABLE_REFERRALS,           /* referral -> ReferralRow */
    TABLE_REFERRALS_OF_PERSON, /* person, referral -> nothing */
    TABLE_CASES,               /* case -> CaseRow */
    TABLE_SLOTS,               /* slot -> SlotRow */
    TABLE_SLOTS_BY_SEQ,        /* seq of the E08 -> slot id */
    TABLE_SEATS,               /* slot, seat_no (u8) -> allocation id, while live */
    TABLE_ALLOCATIONS,         /* allocation -> AllocationRow */
    TABLE_ALLOCATIONS_OF_SLOT, /* slot, allocation -> nothing */
    TABLE_ALLOCATIONS_OF_CASE, /* case, allocation -> nothing */
    TABLE_WAITING,             /* slot, order (see ledger/allocation.c) -> allocation id */
    TABLE_ATTENDANCE,          /* allocation, from day -> AttendanceRow */
    TABLE_ITEMS,               /* item -> ItemRow */
    TABLE_ITEMS_BY_SEQ,        /* seq of the E16 -> item id */
    TABLE_ITEMS_OF_ALLOCATION, /* allocation, item -> nothing, while issued */
    TABLE_KIT_OWNERS,          /* kit code, agency -> nothing: who has registered such kits */
    TABLE_KITS_OF_PERSON,      /* person, kit code -> item id, while granted */
    TABLE_BASTS,               /* agency, hash of the BAST number -> BastRow */
    TABLE_PLANS,               /* plan -> PlanRow */
    TABLE_VISITS,              /* case, day of the visit, seq -> VisitRow */
    TABLE_REQUESTS,            /* request of a data subject -> RequestRow */
    TABLE_MATCHES,             /* keyed hash of a feature, seq -> person id (personal) */
    TABLE_LINKS,               /* person who joined another -> LinkRow */
    TABLE_SUSPICIONS,          /* person, person -> SuspicionRow; the other way round -> nothing */
    TABLE_SUSPICIONS_OPEN,     /* seq of the D3 -> the pair, while undecided */
    TABLE_REFUSALS,            /* seq of the record to come, n-th before it -> RefusalRow */
    TABLE_CORRECTIONS,         /* seq of an event -> CorrectionRow */
    TABLE_PROMOTED,            /* slot, seat_no (u8) -> seq of the last D1 PROMOTED to it */
    TABLE_COMPLETIONS,         /* person, allocation -> nothing: it was COMPLETED once */
    TABLES
};

/* Is it a fold of the journal (rebuilt by --refold), and which are not. */
bool table_is_fold(enum table table);
const char *table_name(enum table table);

/* Errors of all: SG_E_NOT_FOUND (get, delete), SG_E_FULL (writes), SG_E_STORE. */
SG_MUST_CHECK enum sg_err table_get(struct txn *txn, enum table table, const struct key *key,
                                    struct sg_bytes *out_value, struct sg_why *why);
SG_MUST_CHECK enum sg_err table_put(struct txn *txn, enum table table, const struct key *key,
                                    struct sg_bytes value, struct sg_why *why);
/* Key must be greater than all others: SG_E_STORE if not. */
SG_MUST_CHECK enum sg_err table_append(struct txn *txn, enum table table, const struct key *key,
                                       struct sg_bytes value, struct sg_why *why);
SG_MUST_CHECK enum sg_err table_delete(struct txn *txn, enum table table, const struct key *key,
                                       struct sg_why *why);
SG_MUST_CHECK enum sg_err table_count(struct txn *txn, enum table table, uint64_t *out_count,
                                      struct sg_why *why);

/* One protobuf row. row_get decodes into the arena. `descriptor` of a row.proto message.
 * Errors: as above, and SG_E_LIMIT when the arena is full. A row over 2,000 bytes is SG_E_STORE. */
SG_MUST_CHECK enum sg_err row_get(struct txn *txn, enum table table, const struct key *key,
                                  const ProtobufCMessageDescriptor *descriptor,
                                  struct sg_arena *arena, void *out_message_pointer,
                                  struct sg_why *why);
SG_MUST_CHECK enum sg_err row_put(struct txn *txn, enum table table, const struct key *key,
                                  const void *message, struct sg_why *why);

/* A walk in key order. In a table of the tree of ids, one that began with a seek ends with the rows
 * of the id that the key begins with: what others have is not looked through. A write to the table
 * invalidates the borrowed bytes, not the cursor of another table; after a write to the same table
 * seek again. */
struct cursor {
    void *mdb;
    struct sg_bytes key, value; /* where it stands; key.ptr NULL = past the end */
    struct txn *txn;
    enum table table;
    bool within; /* walks in the rows of this id only */
    struct sg_id id;
    struct key prefix; /* the walk ends behind the keys that begin so; empty: it does not */
    uint8_t room[KEY_BYTES_MAX]; /* of a key without its tag */
};
SG_MUST_CHECK enum sg_err cursor_open(struct cursor *cursor, struct txn *txn, enum table table,
                                      struct sg_why *why);
/* Opened over the rows whose key begins with the prefix, at the first of them; past the end behind
 * the last. */
SG_MUST_CHECK enum sg_err cursor_under(struct cursor *cursor, struct txn *txn, enum table table,
                                       const struct key *prefix, struct sg_why *why);
/* Of a key that is an id and then another: the other. The cursor is not past the end. */
struct sg_id cursor_second_id(const struct cursor *cursor);
/* First key >= prefix; last key <= key; next; previous. Past the end is SG_OK with key.ptr NULL. */
SG_MUST_CHECK enum sg_err cursor_seek(struct cursor *cursor, const struct key *key,
                                      struct sg_why *why);
SG_MUST_CHECK enum sg_err cursor_seek_back(struct cursor *cursor, const struct key *key,
                                           struct sg_why *why);
SG_MUST_CHECK enum sg_err cursor_first(struct cursor *cursor, struct sg_why *why);
SG_MUST_CHECK enum sg_err cursor_last(struct cursor *cursor, struct sg_why *why);
SG_MUST_CHECK enum sg_err cursor_next(struct cursor *cursor, struct sg_why *why);
SG_MUST_CHECK enum sg_err cursor_prev(struct cursor *cursor, struct sg_why *why);
void cursor_done(struct cursor *cursor);

#endif
