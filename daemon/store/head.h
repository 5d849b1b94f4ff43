/* head.h - the head file: which block was confirmed last, remembered apart from the store.
 *
 * Damage can make LMDB open an older state without a word. A store that lacks the block named here
 * would give out the same seqs and seats a second time; it is not served.
 *
 * One record of 4 KiB, written in place: magic (8) | version (4) | store id (16) | epoch (8) |
 * height (8) | block hash (32) | first 8 bytes of H(all before) | zeros.
 */
#ifndef SINERGI_STORE_HEAD_H
#define SINERGI_STORE_HEAD_H

#include "kit/bytes.h"
#include "kit/err.h"
#include "wire/id.h"

enum head_state {
    HEAD_NOT_KEPT, /* no path was given */
    HEAD_READ,
    HEAD_ABSENT, /* a warning: the store cannot be compared */
    HEAD_TORN,   /* a warning: the process ended while it was written */
};

struct head_record {
    struct sg_id store_id;
    uint64_t epoch, height;
    uint8_t hash[SG_HASH_BYTES];
};

/* *out_head is set when *out_state is HEAD_READ. Errors: SG_E_STORE when the file cannot be read,
 * or a newer version wrote it. */
SG_MUST_CHECK enum sg_err head_read(const char *path, enum head_state *out_state,
                                    struct head_record *out_head, struct sg_why *why);
/* Write and fsync. *fd is opened (and the file made, with its folder fsynced) when it is -1.
 * Errors: SG_E_SYS. */
SG_MUST_CHECK enum sg_err head_write(int *fd, const char *path, const struct head_record *head,
                                     struct sg_why *why);

/* fsync the folder that the path lies in, so that a new name is on disk. Errors: SG_E_SYS. */
SG_MUST_CHECK enum sg_err head_sync_folder(const char *path, struct sg_why *why);

#endif
