/* Random histories of the ledger: run_ledger_history [--seed N] [--steps N]. A long history is
 * several of at most 20,000 steps, each in a city of its own and with the next seed. */
#include "sim/ledger_history.h"

#include "wire/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { EPISODE_STEPS = 20000 };

static void print_types(const struct ledger_history_result *r)
{
    for (uint32_t type = 0; type < MODEL_TYPES; type++) {
        uint64_t accepted = r->counts.accepted[type], refused = r->refused[type];
        if (!accepted && !refused && !r->counts.parked[type])
            continue;
        printf("E%02u %-22s %7llu accepted, %6llu refused, %5llu parked, %5llu settled:",
               type - 100, sg_type_topic(type), (unsigned long long)accepted,
               (unsigned long long)refused, (unsigned long long)r->counts.parked[type],
               (unsigned long long)r->counts.settled[type]);
        for (uint32_t code = 1; code < HISTORY_CODES; code++)
            if (r->codes[type][code])
                printf(" %s %llu", sg_status_name(code), (unsigned long long)r->codes[type][code]);
        printf("\n");
    }
}

static void print_deadlines(const struct ledger_history_result *r)
{
    for (unsigned rule = 0; rule < MODEL_RULES; rule++) {
        const uint64_t *told = r->counts.told[rule];
        if (told[0] || told[1] || told[2] || told[3])
            printf("T%02u told at level 0 to 3: %llu %llu %llu %llu, cleared %llu\n", rule,
                   (unsigned long long)told[0], (unsigned long long)told[1],
                   (unsigned long long)told[2], (unsigned long long)told[3],
                   (unsigned long long)r->counts.cleared[rule]);
    }
}

static void print(const struct ledger_history_result *r, double seconds)
{
    const struct model_counts *c = &r->counts;
    printf("%llu steps, %llu turns, %llu records (%llu derived), %llu stated again, %llu promoted, "
           "%llu expired, %llu timed out, %llu settled with a refusal, %llu told of down time, "
           "%.0f steps/s\n",
           (unsigned long long)r->steps, (unsigned long long)r->turns,
           (unsigned long long)r->records, (unsigned long long)c->derived,
           (unsigned long long)r->duplicates, (unsigned long long)c->promoted,
           (unsigned long long)c->expired, (unsigned long long)c->timed_out,
           (unsigned long long)c->settled_refused, (unsigned long long)c->told_while_down,
           (double)r->steps / seconds);
    print_types(r);
    print_deadlines(r);
    printf("head ");
    for (size_t i = 0; i < 8; i++)
        printf("%02x", r->head_hash[i]);
    printf("\n");
}

/* A history that is long enough must have each type accepted, or its generator has gone blind. */
static int check_mixed(const struct ledger_history_result *r)
{
    static const uint32_t served[] = {101, 102, 103, 104, 105, 108, 109, 110, 111,
                                      112, 113, 114, 115, 116, 117, 118, 124};
    for (size_t i = 0; r->steps >= EPISODE_STEPS && i < SG_ARRAY_LEN(served); i++)
        if (r->counts.accepted[served[i]] < r->steps / 1000) {
            printf("%s was accepted too seldom\n", sg_type_topic(served[i]));
            return 1;
        }
    return 0;
}

static double now_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    static struct ledger_history_result result;
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    uint64_t seed = (uint64_t)t.tv_nsec ^ (uint64_t)t.tv_sec << 20, steps = EPISODE_STEPS;
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
    double begin = now_s();
    for (uint64_t left = steps; left; seed++) {
        uint64_t part = left < EPISODE_STEPS ? left : EPISODE_STEPS;
        printf("SEED=%llu, %llu steps\n", (unsigned long long)seed, (unsigned long long)part);
        (void)fflush(stdout);
        ledger_history_run(seed, part, &result);
        left -= part;
    }
    print(&result, now_s() - begin);
    return check_mixed(&result);
}
