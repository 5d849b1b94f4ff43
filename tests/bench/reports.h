/* reports.h - how long the reports of the city take, and what a publisher notices of one. */
#ifndef SINERGI_BENCH_REPORTS_H
#define SINERGI_BENCH_REPORTS_H

#include "bench/inside.h"

/* Every report over the store of `in`; then turns of one event of that lane, without and with a
 * report that runs in another thread all the time. */
SG_MUST_CHECK enum sg_err reports_measure(struct inside *in, size_t lane, struct report *report,
                                          struct sg_why *why);

#endif
