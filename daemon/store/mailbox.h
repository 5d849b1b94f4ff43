/* mailbox.h - what each agency may read, as lists of (seq, type) per block; public records stand
 * once under "*".
 *
 * Key: agency, first seq of the list. Value: entries of 3 bytes, offset to the first seq (2) and
 * type (1: payload field number - 100), in order of seq, at most 400.
 */
#ifndef SINERGI_STORE_MAILBOX_H
#define SINERGI_STORE_MAILBOX_H

#include "store/table.h"

struct mailbox_writer; /* lists of the block that is being built; lives in the arena of the turn */

SG_MUST_CHECK enum sg_err
mailbox_writer_new(struct sg_arena *arena, struct mailbox_writer **out_writer, struct sg_why *why);
/* Errors: SG_E_LIMIT. */
SG_MUST_CHECK enum sg_err mailbox_add(struct mailbox_writer *writer, const char *agency,
                                      uint64_t seq, uint32_t type, struct sg_why *why);
/* Write all lists, agencies in order. Errors: SG_E_FULL, SG_E_STORE. */
SG_MUST_CHECK enum sg_err mailbox_flush(struct mailbox_writer *writer, struct txn *txn,
                                        struct sg_why *why);

/* Walk the records that an agency may read, its own and the public ones merged, each once, in order
 * of seq, from the first with seq > after. No write in the transaction while the
 * reader is open: it borrows the list that it stands on. */
struct mailbox_reader {
    struct mailbox_side {
        struct cursor cursor;
        struct key prefix;
        size_t entry; /* within the list where the cursor stands */
        uint64_t seq; /* 0 = at the end */
        uint32_t type;
    } sides[2];
};
SG_MUST_CHECK enum sg_err mailbox_open(struct mailbox_reader *reader, struct txn *txn,
                                       const char *agency, uint64_t after, struct sg_why *why);
/* *out_seq 0 = no more. */
SG_MUST_CHECK enum sg_err mailbox_next(struct mailbox_reader *reader, uint64_t *out_seq,
                                       uint32_t *out_type, struct sg_why *why);
void mailbox_done(struct mailbox_reader *reader);

#endif
