/* inside.h - broker_turn in this process, over a store of its own, without a socket: the pure cost
 * of an event in the daemon, by phase.
 */
#ifndef SINERGI_BENCH_INSIDE_H
#define SINERGI_BENCH_INSIDE_H

#include "bench/report.h"
#include "kit/fixture.h"

#include <stdint.h>

/* `events` referral.submitted in turns of 960; prints its lines. Errors: SG_E_STORE and others. */
SG_MUST_CHECK enum sg_err inside_measure(const struct fixture *fixture, uint64_t events,
                                         struct report *report, struct sg_why *why);

/* Calls of malloc, calloc and realloc of this process so far (tests/bench/count_malloc.c). */
uint64_t count_malloc(void);

#endif
