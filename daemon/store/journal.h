/* journal.h - records: all that was stated, in order of seq; never changed, only appended to.
 *
 * Value: version (1 byte) | accepted_at ms (8) | outbox (16) | number (8) | H(personal) (32) |
 * length of rest (4) | length of clear (4) | rest | clear | personal. The personal part is stored
 * as it came while vault_key_id is 0, sealed later.
 */
#ifndef SINERGI_STORE_JOURNAL_H
#define SINERGI_STORE_JOURNAL_H

#include "sinergi/v1/row.pb-c.h"
#include "store/table.h"
#include "wire/sign.h"

struct record {
    uint64_t seq;
    int64_t accepted_ms;
    struct sg_id outbox_id;
    uint64_t number;
    uint8_t personal_hash[SG_HASH_BYTES];
    struct sg_bytes rest_bytes, clear, personal; /* rest_bytes: packed RecordRest */
    const PbRecordRest *rest;                    /* decoded; NULL until record_open_rest */
    const uint8_t *digest; /* of the event when it is known already (32 bytes), else NULL */
};

/* Read one record; bytes borrow from the map. Errors: SG_E_NOT_FOUND, SG_E_STORE. */
SG_MUST_CHECK enum sg_err journal_get(struct txn *txn, uint64_t seq, struct record *out_record,
                                      struct sg_why *why);
/* Decode `rest` into the arena. Errors: SG_E_STORE, SG_E_LIMIT. */
SG_MUST_CHECK enum sg_err record_open_rest(struct record *record, struct sg_arena *arena,
                                           struct sg_why *why);
/* Append as it stands (seq, rest_bytes and all set). Errors: SG_E_FULL, SG_E_STORE. */
SG_MUST_CHECK enum sg_err journal_append(struct txn *txn, const struct record *record,
                                         struct sg_arena *arena, struct sg_why *why);
/* Parse a value of the table (for walks with a cursor). */
SG_MUST_CHECK enum sg_err record_parse(struct sg_bytes key, struct sg_bytes value,
                                       struct record *out_record, struct sg_why *why);
/* seq of the last record, 0 when empty. */
SG_MUST_CHECK enum sg_err journal_last(struct txn *txn, uint64_t *out_seq, struct sg_why *why);

void record_leaf(const struct record *record, uint8_t out_leaf[SG_HASH_BYTES]);
/* The same when the hash of rest_bytes is known. */
void record_leaf_of(const struct record *record, const uint8_t rest[SG_HASH_BYTES],
                    uint8_t out_leaf[SG_HASH_BYTES]);

#endif
