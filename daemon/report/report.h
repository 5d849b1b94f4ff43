/* report.h - the ten reports of the city: each an exact fold of the journal up to a seq.
 *
 * A report reads the clear part of records and their effects, nothing personal (but the income of a
 * visit, where it can still be opened), so the same seq gives the same figures for ever. It runs on
 * its own short read transactions, beside the loop: nothing that it does can delay a publisher.
 * What an agency may not see of it (small cells) is taken out here, before anything leaves.
 */
#ifndef SINERGI_REPORT_REPORT_H
#define SINERGI_REPORT_REPORT_H

#include "kit/arena.h"
#include "store/env.h"
#include "wire/limits.h"

#include <stdatomic.h>

enum { REPORT_TYPES = 256 };

/* Everything that a report depends on beside the journal; no pointer into anything that changes. */
struct report_request {
    const char *name;         /* one of the table; see report_known */
    bool has_period;          /* else: the calendar year of the moment */
    int32_t from_day, to_day; /* WIB days since 1970-01-01, both within */
    uint64_t as_of;           /* the last seq that it knows; 0 = the last one there is */
    int64_t now_ms;           /* the moment it speaks of; 0: when record as_of was accepted */
    bool sees_all;            /* the asking agency reads small cells and lists */
    uint32_t target_min, target_max; /* persons trained in a year */
    char steward[SG_AGENCY_MAX + 1]; /* whose cases the reports about cases are about: Dinsos */
    size_t protector_count;          /* agencies for the protection of children */
    char protectors[SG_AGENCIES_MAX][SG_AGENCY_MAX + 1];
    /* By type of event: relations that see a personal field of it. */
    uint32_t personal[REPORT_TYPES];
};

/* A finished report: pages, each a packed QueryResult that lacks its request_no. */
struct report_pages {
    struct sg_arena arena;
    struct sg_bytes *pages;
    size_t count;
};

void report_pages_free(struct report_pages **pages);

/* Names and titles, in the order in which they are listed; NULL past the end. */
struct report_name {
    const char *name, *title_id, *title_en;
};
const struct report_name *report_name_at(size_t index);
const struct report_name *report_known(const char *name);

/* Run one report to its end. `stop` (may be NULL) is looked at all the time: SG_E_STATE when it
 * became true. Errors: SG_E_NOT_FOUND no such report; SG_E_LIMIT more facts than memory holds;
 * SG_E_STORE the journal cannot be read; SG_E_STATE stopped. */
SG_MUST_CHECK enum sg_err report_run(struct env *env, const struct report_request *request,
                                     const atomic_bool *stop, struct report_pages **out_pages,
                                     struct sg_why *why);

#endif
