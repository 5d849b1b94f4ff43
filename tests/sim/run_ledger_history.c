/* Random histories of the ledger: run_ledger_history [--seed N] [--steps N]. A long history is
 * several of at most 20,000 steps, each in a city of its own and with the next seed. */
#include "sim/ledger_history.h"

#include "wire/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { EPISODE_STEPS = 20000, STANDARD_STEPS = 60000 };

static void print_types(const struct ledger_history_result *r)
{
    for (uint32_t type = 101; type < MODEL_TYPES; type++) {
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

/* ---- a history that is long enough must have seen everything that can happen ---- */

static int complain(const char *what, const char *name)
{
    printf("not ok %s: %s\n", what, name);
    return 1;
}

static int check_types(const struct ledger_history_result *r)
{
    static const struct {
        uint32_t type;
        uint64_t least; /* accepted in 20,000 steps */
        bool parks;
    } served[] = {{101, 200, false}, {102, 100, false}, {103, 200, false}, {104, 60, false},
                  {105, 200, false}, {106, 100, false}, {107, 100, false}, {108, 60, false},
                  {109, 60, true},   {110, 10, false},  {111, 200, false}, {112, 100, false},
                  {113, 30, false},  {114, 30, true},   {115, 30, true},   {116, 30, false},
                  {117, 15, false},  {118, 60, true},   {119, 60, false},  {120, 200, true},
                  {121, 15, false},  {122, 5, false},   {123, 30, false},  {124, 30, false}};
    int bad = 0;
    for (size_t i = 0; i < SG_ARRAY_LEN(served); i++) {
        uint32_t type = served[i].type;
        if (r->counts.accepted[type] < served[i].least * (r->steps / EPISODE_STEPS))
            bad += complain("accepted too seldom", sg_type_topic(type));
        if (served[i].parks && (!r->counts.parked[type] || !r->counts.settled[type]))
            bad += complain("never parked and settled", sg_type_topic(type));
    }
    return bad;
}

/* Domain 12, without what only a frame, a full disk or an erasure brings about. */
static int check_codes(const struct ledger_history_result *r)
{
    static const uint32_t codes[] = {SG_ST_FORBIDDEN,
                                     SG_ST_NOT_OWNER,
                                     SG_ST_DERIVED_TYPE,
                                     SG_ST_SCHEMA,
                                     SG_ST_MISSING_FIELD,
                                     SG_ST_BAD_CODE,
                                     SG_ST_FUTURE_TIME,
                                     SG_ST_TOO_OLD,
                                     SG_ST_DUPLICATE_CONFLICT,
                                     SG_ST_VERSION_CONFLICT,
                                     SG_ST_UNKNOWN_OBJECT,
                                     SG_ST_BAD_TRANSITION,
                                     SG_ST_DUPLICATE_REFERRAL,
                                     SG_ST_TOO_MANY_HOPS,
                                     SG_ST_SLOT_FULL,
                                     SG_ST_SLOT_CLOSED,
                                     SG_ST_SLOT_CANCELLED,
                                     SG_ST_CAPACITY_BELOW_ALLOCATED,
                                     SG_ST_INELIGIBLE,
                                     SG_ST_ACTIVE_PLACEMENT,
                                     SG_ST_NO_CONSENT,
                                     SG_ST_MINOR,
                                     SG_ST_RESTRICTED,
                                     SG_ST_NOT_ENTITLED,
                                     SG_ST_COURSE_MISMATCH,
                                     SG_ST_ALREADY_ISSUED,
                                     SG_ST_ITEM_NOT_AVAILABLE,
                                     SG_ST_BAST_REUSED,
                                     SG_ST_OPEN_SEAT,
                                     SG_ST_OPEN_LOAN,
                                     SG_ST_CLOSE_CRITERIA,
                                     SG_ST_FOUR_EYES,
                                     SG_ST_IDENTITY_NOT_CHECKED,
                                     SG_ST_CORRECTION_DEPENDS,
                                     SG_ST_LINK_CONFLICT};
    int bad = 0;
    printf("codes:");
    for (size_t i = 0; i < SG_ARRAY_LEN(codes); i++) {
        uint64_t seen = 0;
        for (uint32_t type = 0; type < MODEL_TYPES; type++)
            seen += r->codes[type][codes[i]];
        printf(" %s %llu", sg_status_name(codes[i]), (unsigned long long)seen);
        if (!seen)
            bad += complain("never answered", sg_status_name(codes[i]));
    }
    printf(" E_PARK_TIMEOUT %llu\n", (unsigned long long)r->counts.timed_out);
    printf("warnings:");
    for (uint32_t i = 0; i <= SG_ST_W_LATE - SG_ST_W_SPM_7_DAYS; i++)
        printf(" %s %llu", sg_status_name(SG_ST_W_SPM_7_DAYS + i),
               (unsigned long long)r->counts.warned[i]);
    printf("\n");
    return bad + (r->counts.timed_out ? 0 : complain("never answered", "E_PARK_TIMEOUT"));
}

static int check_limits(const struct ledger_history_result *r)
{
    enum { LAST = 15 };
    int bad = 0;
    char name[] = "T00";
    for (int rule = 1; rule <= LAST; rule++) {
        const uint64_t *told = r->counts.told[rule];
        name[1] = (char)('0' + rule / 10);
        name[2] = (char)('0' + rule % 10);
        if (!(told[1] + told[2] + told[3]) || !r->counts.cleared[rule])
            bad += complain("a limit was never told, or never cleared", name);
    }
    return bad;
}

static int check_mixed(const struct ledger_history_result *r)
{
    const struct model_counts *c = &r->counts;
    if (r->steps < STANDARD_STEPS)
        return 0;
    int bad = check_types(r) + check_codes(r) + check_limits(r);
    bad += c->relapses ? 0 : complain("never told", "D4");
    bad += c->orders ? 0 : complain("never told", "D6");
    return bad != 0;
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
