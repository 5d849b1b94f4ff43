/* Random histories: run_ledger_history [--seed N] [--steps N]. */
#include "sim/ledger_history.h"

#include "wire/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const names[HISTORY_EVENT_TYPES] = {"E01", "E03", "E05", "E08", "E11", "E12"};

static void print(const struct ledger_history_result *r, double seconds)
{
    printf("%llu steps, %llu turns, %llu records (%llu derived), %llu stated again, %llu promoted, "
           "%llu expired, %.0f steps/s\n",
           (unsigned long long)r->steps, (unsigned long long)r->turns,
           (unsigned long long)r->records, (unsigned long long)r->derived,
           (unsigned long long)r->duplicates, (unsigned long long)r->promoted,
           (unsigned long long)r->expired, (double)r->steps / seconds);
    for (int i = 0; i < HISTORY_EVENT_TYPES; i++) {
        printf("%s: %llu accepted, %llu refused, %.1f rows written per accepted event\n", names[i],
               (unsigned long long)r->accepted[i], (unsigned long long)r->refused[i],
               r->accepted[i] ? (double)r->puts[i] / (double)r->accepted[i] : 0.0);
        for (uint32_t code = 1; code < HISTORY_CODES; code++)
            if (r->codes[i][code])
                printf("     %s %llu\n", sg_status_name(code),
                       (unsigned long long)r->codes[i][code]);
    }
    printf("head ");
    for (size_t i = 0; i < 8; i++)
        printf("%02x", r->head_hash[i]);
    printf("\n");
}

static double now_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    uint64_t seed = (uint64_t)t.tv_nsec ^ (uint64_t)t.tv_sec << 20, steps = 20000;
    for (int i = 1; i < argc; i++) {
        uint64_t *to = strcmp(argv[i], "--seed") == 0    ? &seed
                       : strcmp(argv[i], "--steps") == 0 ? &steps
                                                         : NULL;
        if (!to || i + 1 == argc) {
            (void)fprintf(stderr, "usage: run_ledger_history [--seed N] [--steps N]\n");
            return 2;
        }
        *to = strtoull(argv[++i], NULL, 0);
    }
    printf("SEED=%llu\n", (unsigned long long)seed);
    (void)fflush(stdout);
    struct ledger_history_result result;
    double begin = now_s();
    ledger_history_run(seed, steps, &result);
    print(&result, now_s() - begin);
    return 0;
}
