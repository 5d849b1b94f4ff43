/* time_limits.h - the time limits of a city (domain 8.6): each a number of hours or days.
 *
 * One row a limit: name of its key in the group `deadlines` of the configuration, default, least
 * and greatest value, unit. Working days are Monday to Friday without holidays.
 */
#ifndef SINERGI_WIRE_TIME_LIMITS_H
#define SINERGI_WIRE_TIME_LIMITS_H

#include <stdint.h>

/* clang-format off */
#define SG_TIME_LIMITS(LIMIT)                                        \
    /* T01 */                                                        \
    LIMIT(acknowledge_emergency_hours, 4, 1, 720, "hours")           \
    LIMIT(acknowledge_urgent_days, 1, 1, 60, "working days")         \
    LIMIT(acknowledge_normal_days, 3, 1, 60, "working days")         \
    LIMIT(acknowledge_level2_days, 1, 1, 60, "working days")         \
    LIMIT(acknowledge_level3_days, 3, 2, 90, "working days")         \
    /* T02 */                                                        \
    LIMIT(decide_emergency_hours, 24, 1, 2160, "hours")              \
    LIMIT(decide_urgent_hours, 72, 1, 2160, "hours")                 \
    LIMIT(decide_normal_days, 14, 1, 365, "days")                    \
    /* T03 */                                                        \
    LIMIT(assess_days, 7, 1, 90, "days")                             \
    LIMIT(assess_level2_days, 1, 1, 90, "days")                      \
    /* T04; level 3 of the T01 and T02 that follow it */             \
    LIMIT(minor_hours, 24, 1, 720, "hours")                          \
    LIMIT(minor_level3_hours, 24, 1, 720, "hours")                   \
    /* T05 */                                                        \
    LIMIT(hold_promoted_hours, 48, 1, 720, "hours")                  \
    LIMIT(hold_started_hours, 24, 1, 720, "hours")                   \
    LIMIT(hold_warning_hours, 12, 1, 720, "hours")                   \
    /* T06 */                                                        \
    LIMIT(confirm_days, 3, 1, 60, "working days")                    \
    LIMIT(confirm_before_days, 2, 1, 60, "working days")             \
    /* T07 */                                                        \
    LIMIT(start_days, 3, 1, 60, "working days")                      \
    LIMIT(never_started_days, 14, 1, 90, "days")                     \
    /* T08 */                                                        \
    LIMIT(attendance_days, 10, 1, 90, "days")                        \
    /* T09 */                                                        \
    LIMIT(kit_days, 30, 1, 365, "days")                              \
    /* T10 */                                                        \
    LIMIT(check_first_days, 30, 1, 3650, "days")                     \
    LIMIT(check_second_days, 90, 1, 3650, "days")                    \
    LIMIT(check_third_days, 180, 1, 3650, "days")                    \
    LIMIT(check_last_days, 365, 1, 3650, "days")                     \
    LIMIT(check_tolerance_days, 14, 0, 365, "days")                  \
    LIMIT(return_days, 7, 1, 90, "days")                             \
    /* T11 */                                                        \
    LIMIT(visit_days, 7, 1, 90, "days")                              \
    LIMIT(visit_level2_days, 21, 1, 365, "days")                     \
    LIMIT(plan_days, 7, 1, 90, "days")                               \
    /* T12 */                                                        \
    LIMIT(idle_days, 60, 1, 365, "days")                             \
    /* T13 */                                                        \
    LIMIT(request_hours, 72, 1, 720, "hours")                        \
    /* T14 */                                                        \
    LIMIT(executed_hours, 72, 1, 720, "hours")                       \
    /* T15 */                                                        \
    LIMIT(silent_hours, 24, 1, 720, "hours")                         \
    LIMIT(silent_until_hour, 12, 0, 23, "o'clock")                   \
    /* 8.4 */                                                        \
    LIMIT(parked_days, 14, 1, 90, "days")
/* clang-format on */

struct sg_time_limits {
#define SG_LIMIT_FIELD(name, normal, least, most, unit) int64_t name;
    SG_TIME_LIMITS(SG_LIMIT_FIELD)
#undef SG_LIMIT_FIELD
};

extern const struct sg_time_limits sg_time_limits_normal;

#endif
