/* report_inside.h - what the files of the single reports share. */
#ifndef SINERGI_REPORT_REPORT_INSIDE_H
#define SINERGI_REPORT_REPORT_INSIDE_H

#include "report/facts.h"
#include "report/output.h"

/* Compute the report from the facts, all of which are there. Errors: SG_E_STORE, for one that reads
 * a table of its own. */
typedef enum sg_err report_fn(struct facts *m, struct output *out, struct sg_why *why);

report_fn report_spm, report_target, report_time, report_loop, report_seats, report_relapse,
    report_aftercare, report_equipment, report_children, report_quality;

static inline bool is_steward(const struct facts *m, uint32_t agency)
{
    return m->steward == NOTHING || m->steward == agency; /* without one, all count */
}

/* "2026-07-20"; "" when there is none. Lives in the arena of the output. */
const char *day_text(struct output *out, int32_t day);
/* Name of an enum value, "SEX_FEMALE". */
const char *enum_text(const ProtobufCEnumDescriptor *descriptor, int value);

/* Row of median, 90 % and greatest, in days, behind the count. `numbers` is sorted here. */
void put_days_of(struct row *row, struct numbers *numbers);
/* Milliseconds (in tenths, as numbers_median gives them) as tenths of a day. */
int64_t day_tenths(int64_t ms_tenths);

#endif
