/* history.h - a random history of the city: seeded, checked after each step.
 *
 * One seed fixes everything. Agencies do right and wrong things in random order, the clock jumps,
 * the broker is restarted; after each step the rows must keep the invariants of the domain.
 */
#ifndef SINERGI_TESTS_SIM_HISTORY_H
#define SINERGI_TESTS_SIM_HISTORY_H

#include "kit/world.h"

struct history {
    struct world_city city;
    uint64_t seed, state; /* of the random numbers */
    uint64_t step, accepted, refused;
    struct sg_id cases[64], allocations[512];
    size_t case_count, allocation_count;
    unsigned referrals, slots, requests, assessments;
};

void history_open(struct history *history, uint64_t seed);
void history_step(struct history *history);
/* I1, I2, I3, I8 (by the fold's own check), waiting order, holds and deadlines. False: `what` says
 * which. */
bool history_holds(struct history *history, const char **what);
/* The journal folded again gives the same bytes. */
bool history_refolds(struct history *history, struct sg_why *why);
void history_close(struct history *history);

#endif
