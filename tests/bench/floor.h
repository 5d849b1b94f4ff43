/* floor.h - what the disk and LMDB alone can do: commits of events of 300 bytes, nothing else. */
#ifndef SINERGI_BENCH_FLOOR_H
#define SINERGI_BENCH_FLOOR_H

#include "kit/err.h"

struct floor {
    double p50_us, p99_us, events_per_s;
};

/* Commits of `events` events each into a new environment in the folder, for about two seconds.
 * Errors: SG_E_STORE. */
SG_MUST_CHECK enum sg_err floor_measure(const char *folder, unsigned events,
                                        struct floor *out_floor, struct sg_why *why);

#endif
