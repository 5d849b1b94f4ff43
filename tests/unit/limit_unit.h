/* limit_unit.h - time limits: when each level is told, and to whom. */
#ifndef SINERGI_LIMIT_UNIT_H
#define SINERGI_LIMIT_UNIT_H

#include "unit/story_unit.h"

/* An hour of a day of 2026, in WIB. */
static inline int64_t limit_at(int32_t month, int32_t day, int hour)
{
    return sg_day_start_ms(sg_day_of(2026, month, day)) + hour * SG_HOUR_MS;
}

static inline void limit_pass_to(struct ledger_city *city, int64_t at_ms)
{
    SG_CHECK(at_ms >= city->now_ms);
    city_pass(city, at_ms - city->now_ms);
}

/* "T10-1" is told as T10. */
static inline const char *limit_name(const char *rule, char to[8])
{
    (void)snprintf(to, 8, "%.3s", rule);
    return to;
}

/* The D2 of this rule about this object behind that record; NULL when there is none. Two fail. */
static inline const PbDeadlineMissed *limit_told(struct ledger_city *city, uint64_t after,
                                                 const char *rule, const struct sg_id *id,
                                                 struct city_record *out_record)
{
    const PbDeadlineMissed *found = NULL;
    char name[8];
    for (uint64_t seq = after + 1; seq <= city->last_seq; seq++) {
        struct city_record record = city_record(city, seq);
        const PbDeadlineMissed *told = record.event.envelope->deadline_missed;
        struct sg_id about = told ? id_of(told->aggregate_id) : *id;
        if (!told || strcmp(told->rule_id, limit_name(rule, name)) != 0 || !sg_id_equal(&about, id))
            continue;
        if (found)
            fail_msg("%s is told twice", rule);
        found = told;
        *out_record = record;
    }
    return found;
}

/* Who is bound and who owns the case read it; the auditor from level 3 on. */
static inline void limit_check(const char *name, const struct city_record *d2, uint32_t level,
                               const char *responsible, const char *case_owner)
{
    const PbDeadlineMissed *told = d2->event.envelope->deadline_missed;
    size_t readers = 1U + (strcmp(responsible, case_owner) != 0) + (level >= 3);
    if (told->level != level)
        fail_msg("%s: level %u, want %u", name, told->level, level);
    if (!(city_relations(d2, responsible) & RELATION_RESPONSIBLE) ||
        !(city_relations(d2, case_owner) & RELATION_CASE_OWNER) ||
        city_relations(d2, "inspektorat") != (level >= 3 ? (uint32_t)RELATION_AUDITOR : 0U) ||
        d2->record.rest->n_audience != readers)
        fail_msg("%s: level %u is read by others", name, level);
    if (d2->event.envelope->causation)
        fail_msg("%s: nobody caused it", name);
}

enum { LIMIT_LEVELS = 3 };

/* Each level is told in its moment and not before, once; none comes after the last. Times of 0 end
 * the list. */
static inline void limit_run(const char *name, struct ledger_city *city, const char *rule,
                             const struct sg_id *id, const int64_t *levels, uint32_t first_level,
                             const char *responsible)
{
    struct city_record d2;
    size_t count = 0;
    const PbDeadlineRow *row = story_deadline(city, rule, id);
    if (!row)
        fail_msg("%s: %s does not run", name, rule);
    while (count < LIMIT_LEVELS && levels[count])
        count++;
    if (row->n_levels_ms != count || row->first_level != first_level)
        fail_msg("%s: %zu levels from %u", name, row->n_levels_ms, row->first_level);
    for (size_t i = 0; i < count; i++)
        if (row->levels_ms[i] != levels[i]) {
            char is[32], want[32];
            fail_msg("%s: level %zu at %s, want %s", name, i,
                     sg_time_print_wib(row->levels_ms[i], is), sg_time_print_wib(levels[i], want));
        }
    int64_t due_ms = row->due_ms;
    for (size_t i = 0; i < count; i++) {
        uint64_t last = city->last_seq;
        limit_pass_to(city, levels[i] - 1);
        if (limit_told(city, last, rule, id, &d2))
            fail_msg("%s: level %zu is told too early", name, i);
        last = city->last_seq;
        city_pass(city, 1);
        const PbDeadlineMissed *told = limit_told(city, last, rule, id, &d2);
        if (!told || told->cleared || sg_ms_of(told->due_at) != due_ms)
            fail_msg("%s: level %zu is not told", name, i);
        limit_check(name, &d2, first_level + (uint32_t)i, responsible, "dinsos");
    }
}

#endif
