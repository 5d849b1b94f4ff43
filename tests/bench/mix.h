/* mix.h - the way of a person from a free seat to the end of the course, through broker_turn. */
#ifndef SINERGI_BENCH_MIX_H
#define SINERGI_BENCH_MIX_H

#include "bench/report.h"
#include "kit/fixture.h"

/* `people` are referred and assessed first. Then slots of twelve seats are offered and asked for,
 * seats confirmed, begun and completed: a line per type, and one for all of them. `floor` (events/s
 * of LMDB alone, 0 = not measured) is what the rate is compared with. Errors: SG_E_STATE when an
 * event is not accepted, SG_E_STORE and others. */
SG_MUST_CHECK enum sg_err mix_measure(const struct fixture *fixture, uint64_t people, double floor,
                                      struct report *report, struct sg_why *why);

/* The same people without a word, and then every report over what they left: how long each takes,
 * and what a turn of one event costs while one runs. */
SG_MUST_CHECK enum sg_err mix_reports(const struct fixture *fixture, uint64_t people,
                                      struct report *report, struct sg_why *why);

#endif
