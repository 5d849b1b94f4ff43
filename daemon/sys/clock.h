/* clock.h - the journal clock: what time the broker is told, and when the wall clock is not
 * believed.
 *
 * Wall time counts as long as it agrees within 60 s with start wall time + CLOCK_MONOTONIC. A wall
 * clock that jumped is held off: the monotonic sum is used until an operator accepts it. The clock
 * of a demo stands still and is moved by hand. The system clocks are read in clock_read alone.
 */
#ifndef SINERGI_SYS_CLOCK_H
#define SINERGI_SYS_CLOCK_H

#include "kit/err.h"

#include <stdbool.h>
#include <stdint.h>

struct clock_reading {
    int64_t wall_ms; /* since 1970 */
    int64_t mono_ns; /* CLOCK_MONOTONIC */
};
struct clock_reading clock_read(void);

struct clock {
    struct clock_reading start; /* where both clocks were believed */
    bool demo;
    bool held;       /* the wall clock disagrees */
    int64_t demo_ms; /* time of a demo */
};

void clock_start(struct clock *clock, struct clock_reading now);
void clock_start_demo(struct clock *clock, int64_t time_ms);

/* Journal time, ms since 1970; sets clock->held. */
int64_t clock_journal_ms(struct clock *clock, struct clock_reading now);

/* An operator says that the wall clock is right. Nothing for a demo. */
void clock_accept(struct clock *clock, struct clock_reading now);
/* Move a demo forward; a time that has passed, or a clock that runs, is left alone. */
void clock_advance(struct clock *clock, int64_t to_ms);

/* Is this wall clock believable beside the time of the last block (0: there is no block)? Errors:
 * SG_E_STATE when it is more than 60 s before, or more than 30 days after it. */
SG_MUST_CHECK enum sg_err clock_check_start(int64_t wall_ms, int64_t last_block_ms,
                                            struct sg_why *why);

#endif
