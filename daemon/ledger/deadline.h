/* deadline.h - time limits: when they are reached, who is told (D2), what then happens by itself.
 *
 * A deadline is a row under (object, rule) with the time of each of its levels. A level is told
 * once; a deadline that ends after it was told is told as cleared. Time in which the responsible
 * agency has no connection does not count beyond level 1. Source: domain 8.6.
 */
#ifndef SINERGI_LEDGER_DEADLINE_H
#define SINERGI_LEDGER_DEADLINE_H

#include "ledger/decision.h"

#define RULE_ACKNOWLEDGE "T01"
#define RULE_DECIDE "T02"
#define RULE_ASSESS "T03"
#define RULE_MINOR "T04"
#define RULE_HOLD "T05"
#define RULE_CONFIRM "T06"
#define RULE_START "T07"
#define RULE_ATTENDANCE "T08"
#define RULE_KIT "T09"
#define RULE_RETURN "T10-LOAN" /* T10 of an item on loan; of a granted one: T10-1 to T10-4 */
#define RULE_VISIT "T11"
#define RULE_PLAN "T11-PLAN" /* T11 of a case without a plan */
#define RULE_IDLE "T12"
#define RULE_REQUEST "T13"
#define RULE_EXECUTED "T14"
#define RULE_SILENT "T15"
/* What happens by itself and nobody is told of. */
#define RULE_WAITING_END "SLOT-END"
#define RULE_PARKED "PARKED"

enum { LEVELS_MAX = 3 };

struct limit {
    const char *rule;
    PbAggregateType aggregate_type;
    struct sg_id id;
    int64_t levels_ms[LEVELS_MAX];
    size_t level_count;
    uint32_t first_level; /* 0: the first is a warning ahead */
    int64_t due_ms;       /* 0: the time of level 1 */
    const char *responsible, *case_owner;
    struct sg_id case_id;      /* zero: none */
    struct sg_id aggregate_id; /* what it is about; zero: the id */
};

/* From now on, in the place of one with the same rule and id. Into the effect of the record. */
void deadline_start(struct decision *d, const struct limit *limit);
/* As it stood when it was ended: what ended it is undone. */
void deadline_restore(struct decision *d, const char *rule, const struct sg_id *id,
                      const PbDeadlineRow *row);
/* It binds no longer; nothing when there is none. Told as cleared if it was told, unless quiet. */
SG_MUST_CHECK enum sg_err deadline_end(struct decision *d, const char *rule, const struct sg_id *id,
                                       bool quiet, struct sg_why *why);
SG_MUST_CHECK enum sg_err deadline_runs(struct decision *d, const char *rule,
                                        const struct sg_id *id, bool *out_runs, struct sg_why *why);
/* It stands still from now on, or runs again, later by as long as it stood. Nothing when there is
 * none. */
SG_MUST_CHECK enum sg_err deadline_hold(struct decision *d, const char *rule,
                                        const struct sg_id *id, bool pause, struct sg_why *why);
/* Those of an object that goes to another case. from, to: its owners, when they are not the same:
 * what bound the old one binds the new one. from NULL: the owner stays. */
SG_MUST_CHECK enum sg_err deadlines_move(struct decision *d, const struct sg_id *id,
                                         const struct sg_id *case_id, const char *from,
                                         const char *to, struct sg_why *why);
/* A notice of its last level, which the cause itself has ended (a hold that ran out). */
SG_MUST_CHECK enum sg_err deadline_notice(struct decision *d, const char *rule,
                                          const struct sg_id *id, struct sg_why *why);
/* It ended outside of any event: told as cleared in a record of its own, at once. */
SG_MUST_CHECK enum sg_err deadline_cleared(struct decision *d, const char *rule,
                                           const struct sg_id *id, struct sg_why *why);
PbDeadlineEffect *deadline_effect(struct ledger_turn *turn, const char *rule,
                                  const struct sg_id *id);
/* Time of the next level; false when all were told. */
bool deadline_next(const PbDeadlineRow *row, int64_t *out_ms);
/* Level that was told last; only when row->reached is not 0. */
uint32_t deadline_level(const PbDeadlineRow *row);

/* The time limits of the city. */
const struct sg_time_limits *limits_of(const struct ledger_turn *turn);
/* 17:00 WIB of the n-th working day (Monday to Friday, no holiday) after the day of from_ms. */
int64_t working_limit(const struct world *world, int64_t from_ms, int64_t days);
/* 17:00 WIB of the n-th working day before that day. */
int64_t working_before(const struct world *world, int32_t day, int64_t days);
bool is_working_day(const struct world *world, int32_t day);

/* The record of a D2; runs as a step of the queue. */
SG_MUST_CHECK enum sg_err tell_deadline(struct decision *d, const struct follow *f,
                                        struct sg_why *why);

#endif
