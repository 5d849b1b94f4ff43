/* space.h - is there room on the disk of the store? Asked before LMDB finds out. */
#ifndef SINERGI_SYS_SPACE_H
#define SINERGI_SYS_SPACE_H

#include "kit/err.h"

#include <stdbool.h>
#include <stdint.h>

struct space_reserve {
    unsigned percent; /* of the file system */
    uint64_t bytes;   /* the greater of the two counts */
};

struct space {
    uint64_t total_bytes, free_bytes; /* free: for this user */
    bool low;
};

/* The file system that `path` lies on. Errors: SG_E_SYS. */
SG_MUST_CHECK enum sg_err space_look(const char *path, const struct space_reserve *reserve,
                                     struct space *out_space, struct sg_why *why);

bool space_is_low(uint64_t total_bytes, uint64_t free_bytes, const struct space_reserve *reserve);

#endif
