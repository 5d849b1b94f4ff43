/* run_history - random histories with invariants. Usage: run_history [--steps N] [--seed S] */
#include "sim/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LOOK_EVERY = 20, REFOLD_EVERY = 10000 };

static int complain(const struct history *h, const char *what)
{
    printf("not ok SEED=%llu STEP=%llu: %s\n", (unsigned long long)h->seed,
           (unsigned long long)h->step, what);
    return 1;
}

int main(int argc, char **argv)
{
    static struct history h;
    uint64_t steps = 20000, seed = (uint64_t)time(NULL);
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--steps") == 0)
            steps = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--seed") == 0)
            seed = strtoull(argv[i + 1], NULL, 10);
    }
    struct sg_why why = {""};
    const char *what = "";
    int bad = 0;
    printf("# seed %llu, %llu steps\n", (unsigned long long)seed, (unsigned long long)steps);
    history_open(&h, seed);
    while (!bad && h.step < steps) {
        history_step(&h);
        if (h.step % LOOK_EVERY == 0 && !history_holds(&h, &what))
            bad = complain(&h, what);
        if (!bad && h.step % REFOLD_EVERY == 0 && !history_refolds(&h, &why))
            bad = complain(&h, why.text);
    }
    if (!bad && !history_refolds(&h, &why))
        bad = complain(&h, why.text);
    if (!bad && (h.accepted < steps / 10 || h.refused < steps / 20))
        bad = complain(&h, "the history is not mixed");
    history_close(&h);
    if (!bad)
        printf("ok random history: %llu accepted, %llu refused, seats, waiting lists, holds and "
               "the fold agree\n",
               (unsigned long long)h.accepted, (unsigned long long)h.refused);
    return bad;
}
