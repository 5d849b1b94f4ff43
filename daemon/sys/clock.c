#include "sys/clock.h"

#include "wire/day.h"

#include <time.h>

static const int64_t disagree_ms = INT64_C(60000);
static const int64_t stored_ahead_ms = INT64_C(60000);
static const int64_t stored_behind_days = 30;
static const int64_t ns_per_ms = 1000000;

struct clock_reading clock_read(void)
{
    struct timespec wall, mono;
    (void)clock_gettime(CLOCK_REALTIME, &wall); /* neither can fail with these ids */
    (void)clock_gettime(CLOCK_MONOTONIC, &mono);
    return (struct clock_reading){
        .wall_ms = (int64_t)wall.tv_sec * 1000 + wall.tv_nsec / ns_per_ms,
        .mono_ns = (int64_t)mono.tv_sec * 1000 * ns_per_ms + mono.tv_nsec,
    };
}

void clock_start(struct clock *clock, struct clock_reading now)
{
    *clock = (struct clock){.start = now};
}

void clock_start_demo(struct clock *clock, int64_t time_ms)
{
    *clock = (struct clock){.demo = true, .demo_ms = time_ms};
}

int64_t clock_journal_ms(struct clock *clock, struct clock_reading now)
{
    if (clock->demo)
        return clock->demo_ms;
    int64_t sum_ms = clock->start.wall_ms + (now.mono_ns - clock->start.mono_ns) / ns_per_ms;
    int64_t off_ms = now.wall_ms - sum_ms;
    clock->held = off_ms > disagree_ms || off_ms < -disagree_ms;
    return clock->held ? sum_ms : now.wall_ms;
}

void clock_accept(struct clock *clock, struct clock_reading now)
{
    if (!clock->demo)
        clock_start(clock, now);
}

void clock_advance(struct clock *clock, int64_t to_ms)
{
    if (clock->demo && to_ms > clock->demo_ms)
        clock->demo_ms = to_ms;
}

enum sg_err clock_check_start(int64_t wall_ms, int64_t last_block_ms, struct sg_why *why)
{
    if (last_block_ms == 0)
        return SG_OK;
    char wall[32], block[32];
    (void)sg_time_print(wall_ms, wall);
    (void)sg_time_print(last_block_ms, block);
    if (wall_ms < last_block_ms - stored_ahead_ms)
        return sg_fail(why, SG_E_STATE,
                       "the clock says %s, but the last block is of %s: set the clock, "
                       "or start once with --accept-clock",
                       wall, block);
    if (wall_ms > last_block_ms + stored_behind_days * SG_DAY_MS)
        return sg_fail(why, SG_E_STATE,
                       "the clock says %s, more than %d days after the last block of %s: check the "
                       "clock, then start once with --accept-clock",
                       wall, (int)stored_behind_days, block);
    return SG_OK;
}
