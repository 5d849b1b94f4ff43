/* told.h - a report made here and now over a store, and its figures by name: for unit tests and
 * scenarios.
 */
#ifndef SINERGI_TESTS_KIT_TOLD_H
#define SINERGI_TESTS_KIT_TOLD_H

#include "report/report.h"
#include "sinergi/v1/query.pb-c.h"

enum { TOLD_PAGES_MAX = 400 };
#define HIDDEN INT64_MIN          /* a small cell */
#define NO_FIGURE (INT64_MIN + 1) /* "n/a" */
#define NO_CELL (INT64_MIN + 2)   /* there is no such section or row */

struct told {
    struct sg_arena arena;
    PbQueryResult *pages[TOLD_PAGES_MAX];
    size_t page_count;
};

/* Which report, over which days (from 0: the year of now), as known when. */
struct asked {
    const char *name;
    int32_t from, to;
    uint64_t as_of; /* 0: now */
    bool other;     /* not Dinsos: small cells are hidden */
};
#define YEAR_2026 .from = 20454, .to = 20818 /* 2026-01-01 to 2026-12-31 */

/* dinsos is the steward and dpppa protects children; a target of 20 to 25. */
struct report_request told_request(int64_t now_ms, const struct asked *asked);
/* Whatever fails ends the test. End with told_done. */
struct told told_ask(struct env *env, int64_t now_ms, const struct asked *asked);
void told_done(struct told *told);

/* The cell of a column in the row that begins with these words, "a|b"; "": the first row. NULL when
 * there is none. */
const PbReportCell *told_find(const struct told *told, const char *section, const char *label,
                              const char *column);
/* Its number: tenths of percents and days. */
int64_t told_number(const struct told *told, const char *section, const char *label,
                    const char *column);

#endif
