/* run_history - random histories through the broker. Usage: run_history [--steps N] [--seed S]. A
 * long history is several of at most 20,000 steps, each in a city of its own and with the next
 * seed. */
#include "sim/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { EPISODE_STEPS = 20000, COMPARE_EVERY = 500 };

static int complain(const struct history *h, const char *what)
{
    printf("not ok SEED=%llu STEP=%llu: %s (%s)\n", (unsigned long long)h->seed,
           (unsigned long long)h->step, what, h->model.about);
    return 1;
}

static void print_types(const struct model_counts *c)
{
    for (uint32_t type = 0; type < MODEL_TYPES; type++)
        if (c->accepted[type] || c->parked[type])
            printf("# E%02u %llu accepted, %llu parked, %llu of them settled\n", type - 100,
                   (unsigned long long)c->accepted[type], (unsigned long long)c->parked[type],
                   (unsigned long long)c->settled[type]);
}

static int run(uint64_t seed, uint64_t steps)
{
    static struct history h;
    struct sg_why why = {""};
    history_open(&h, seed);
    while (!h.broken && h.step < steps) {
        history_step(&h);
        if (h.step % COMPARE_EVERY == 0)
            history_compare(&h);
    }
    history_compare(&h);
    int bad = h.broken ? complain(&h, h.broken) : 0;
    if (!bad && !history_refolds(&h, &why))
        bad = complain(&h, why.text);
    if (!bad && (h.accepted < steps / 5 || h.refused < steps / 20))
        bad = complain(&h, "the history is not mixed");
    print_types(&h.model.counts);
    if (!bad)
        printf("ok random history %llu: %llu accepted, %llu refused, %llu parked; every row, every "
               "deadline and the fold agree\n",
               (unsigned long long)seed, (unsigned long long)h.accepted,
               (unsigned long long)h.refused, (unsigned long long)h.parked);
    history_close(&h);
    return bad;
}

int main(int argc, char **argv)
{
    uint64_t steps = EPISODE_STEPS, seed = (uint64_t)time(NULL);
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--steps") == 0)
            steps = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--seed") == 0)
            seed = strtoull(argv[i + 1], NULL, 10);
    }
    int bad = 0;
    for (; !bad && steps; seed++) {
        uint64_t part = steps < EPISODE_STEPS ? steps : EPISODE_STEPS;
        printf("# seed %llu, %llu steps\n", (unsigned long long)seed, (unsigned long long)part);
        (void)fflush(stdout);
        bad = run(seed, part);
        steps -= part;
    }
    return bad;
}
