/* report_unit.h - a report over the journal of a city, and its cells by name. */
#ifndef SINERGI_REPORT_UNIT_H
#define SINERGI_REPORT_UNIT_H

#include "unit/story_unit.h"

#include "kit/told.h"

static inline struct told ask_report(struct ledger_city *city, struct asked asked)
{
    return told_ask(city->env, city->now_ms, &asked);
}

#define WANT_CELL(told, section, label, column, want)                                          \
    do {                                                                                       \
        int64_t got_ = told_number((told), (section), (label), (column));                      \
        if (got_ != (int64_t)(want))                                                           \
            fail_msg("line %d: %s / %s / %s is %lld, want %lld", __LINE__, (section), (label), \
                     (column), (long long)got_, (long long)(want));                            \
    } while (0)

/* All pages, byte for byte the same? */
static inline bool same_report(struct ledger_city *city, struct asked a, struct asked b)
{
    struct sg_why why = {0};
    SG_AUTO(report_pages_free) struct report_pages *x = NULL;
    SG_AUTO(report_pages_free) struct report_pages *y = NULL;
    struct report_request one = told_request(city->now_ms, &a);
    struct report_request other = told_request(city->now_ms, &b);
    UNIT_OK(report_run(city->env, &one, NULL, &x, &why));
    UNIT_OK(report_run(city->env, &other, NULL, &y, &why));
    bool same = x->count == y->count;
    for (size_t i = 0; same && i < x->count; i++)
        same = sg_bytes_equal(x->pages[i], y->pages[i]);
    return same;
}

#endif
