/* report.h - figures: a table for people on standard output, and the same as JSON. */
#ifndef SINERGI_BENCH_REPORT_H
#define SINERGI_BENCH_REPORT_H

#include "kit/err.h"

#include <stdint.h>

struct report;

SG_MUST_CHECK enum sg_err report_new(struct report **out_report, struct sg_why *why);
void report_free(struct report **report);

/* Begin a group of lines, or go on with it. */
void report_group(struct report *report, const char *group);
/* A word of explanation, in both outputs. */
SG_PRINTF(2, 3) void report_note(struct report *report, const char *fmt, ...);
void report_line(struct report *report, const char *name, double value, const char *unit);

SG_MUST_CHECK enum sg_err report_write(const struct report *report, const char *path,
                                       struct sg_why *why);

/* The q-th of 1,000 parts of `count` values (500 = the median); sorts them. 0 when there is none.
 */
double report_quantile(int64_t *values, size_t count, unsigned q);

#endif
