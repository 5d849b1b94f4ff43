/* history.h - a random history of the city through the broker: seeded, checked after each step.
 *
 * acts.h makes the events, model.h knows what must become of them. Frames are signed and sent as
 * devices do; connections end, events are sent again, the clock jumps, the broker is restarted.
 * The records of every turn are read by the model; now and then all rows are compared with it.
 */
#ifndef SINERGI_TESTS_SIM_HISTORY_H
#define SINERGI_TESTS_SIM_HISTORY_H

#include "kit/world.h"
#include "sim/acts.h"

struct history {
    struct world_city city;
    struct model model;
    struct acts acts;
    struct prng prng;
    uint64_t seed, step, accepted, refused, parked;
    bool away[WORLD_AGENCIES]; /* it has no connection, and publishes nothing */
    const char *broken;        /* the first promise that is, NULL while all hold */
};

void history_open(struct history *history, uint64_t seed);
void history_step(struct history *history);
/* Every row, every deadline and every seat beside the model. */
void history_compare(struct history *history);
/* The journal folded again gives the same bytes. */
bool history_refolds(struct history *history, struct sg_why *why);
void history_close(struct history *history);

#endif
