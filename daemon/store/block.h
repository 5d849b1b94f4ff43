/* block.h - a block: what one turn made durable, chained to the one before and signed.
 *
 * While a turn runs, the builder gives out seqs, appends records to the journal, collects their
 * leaves and the mailbox lists. Sealing writes the mailbox and the signed header in the same
 * transaction. It is also how --refold builds the blocks again: Ed25519 gives the same bytes.
 */
#ifndef SINERGI_STORE_BLOCK_H
#define SINERGI_STORE_BLOCK_H

#include "store/journal.h"
#include "store/mailbox.h"
#include "wire/merkle.h"
#include "wire/sign.h"

struct signed_block {
    struct sg_block_header header;
    uint8_t hash[SG_HASH_BYTES];
    uint8_t signature[SG_SIGNATURE_BYTES];
};

#define BLOCK_RECORDS_MAX 16384U

struct block_builder {
    struct txn *txn;
    struct sg_arena *arena;     /* of the turn */
    const uint8_t *sign_secret; /* 64 bytes */
    int64_t time_ms;            /* journal time: accepted_at of every record */
    uint64_t epoch, height, first_seq, next_seq;
    struct sg_id store_id;
    uint8_t previous_hash[SG_HASH_BYTES];
    uint32_t count, capacity;
    uint8_t *leaves, *rests; /* count * 32 each: leaves, and the hashes of RecordRest in them */
    struct mailbox_writer *mailbox;
};

/* Start on top of the head block of the store. Reads meta and the last block.
 * time_ms is raised to the time of the last block if it lies before it: see builder->time_ms. */
SG_MUST_CHECK enum sg_err block_begin(struct block_builder *builder, struct txn *txn,
                                      struct sg_arena *arena, int64_t time_ms,
                                      const uint8_t *sign_secret, struct sg_why *why);

/* Give the record the next seq, this block's time and height, pack `rest` (its height is set here),
 * hash, append, add to the mailbox of every reader in rest->audience. record->outbox_id, number,
 * clear, personal are set by the caller; for a derived record (rest->kind DERIVED) outbox and
 * number are set here: store id and seq. *record is complete afterwards. Errors: SG_E_FULL,
 * SG_E_STORE, SG_E_LIMIT.
 *
 * rest->kind and rest->type must be set. *record begins zeroed: a personal_hash of zeros is
 * computed here, one that is set is taken; with record->digest (the event's, if known) two hashes
 * less. */
SG_MUST_CHECK enum sg_err block_append(struct block_builder *builder, struct record *record,
                                       PbRecordRest *rest, struct sg_why *why);

/* The hash of the RecordRest of a record that was appended to this block. */
const uint8_t *block_rest_hash(const struct block_builder *builder, uint64_t seq);

/* Nothing when no record was appended (out_block->header.count is 0). Else write mailbox, header
 * and signature. *out_tree lives in the arena. */
SG_MUST_CHECK enum sg_err block_seal(struct block_builder *builder, struct signed_block *out_block,
                                     struct sg_merkle *out_tree, struct sg_why *why);

/* Errors: SG_E_NOT_FOUND, SG_E_STORE. */
SG_MUST_CHECK enum sg_err block_get(struct txn *txn, uint64_t height,
                                    struct signed_block *out_block, struct sg_why *why);
/* header.count 0 when the store has no block yet. */
SG_MUST_CHECK enum sg_err block_head(struct txn *txn, struct signed_block *out_block,
                                     struct sg_why *why);
/* The tree of an old block, computed again from its records. Errors also SG_E_LIMIT. */
SG_MUST_CHECK enum sg_err block_tree(struct txn *txn, const struct signed_block *block,
                                     struct sg_arena *arena, struct sg_merkle *out_tree,
                                     struct sg_why *why);

/* Walk the whole store: every record against its leaf, every root, hash, chain and signature.
 * progress may be NULL. Errors: SG_E_STORE with height or seq of the first that does not hold. */
SG_MUST_CHECK enum sg_err block_verify_all(struct env *env, const uint8_t *sign_public,
                                           void (*progress)(uint64_t height, uint64_t of),
                                           uint64_t *out_records, struct sg_why *why);

#endif
