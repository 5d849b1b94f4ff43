/* bench.c - figures of the hot path beside the floor of the same disk in the same run.
 *
 *   bench [--full] [--only GROUP]…
 *   groups: floor inside mix report single four contacts stored durable readers
 *
 * Asserts nothing; writes build/bench.json. BENCH_SCALE is the number of events that are stored
 * (100,000; --full: 1,000,000). Client and daemon share the processors of one machine.
 */
#include "bench/floor.h"
#include "bench/inside.h"
#include "bench/lane.h"
#include "bench/mix.h"
#include "bench/reader.h"
#include "bench/report.h"
#include "kit/check.h"
#include "kit/daemon_proc.h"

#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include <zmq.h>

enum { EVENTS_PER_PERSON = 8 }; /* of the mix, from the referral to the end of a course */
enum {
    LANES = 4,
    SINGLE_EVENTS = 2000,
    RUN_EVENTS = 24000,   /* of a line that measures a rate */
    CHUNK_EVENTS = 50000, /* prepared at once while the store is filled */
    SMALL_STORE = 10000,
    MEMORY_LOOK_MS = 20,
};

static const double busy_ratio = 1.5, busy_load = 0.7;

struct bench {
    struct report *report;
    struct fixture *fixture;
    struct daemon_proc daemon;
    void *zmq;
    struct lane lanes[LANES];
    uint64_t scale, stored; /* events to be stored; accepted so far */
    bool full;
    struct floor floors[3];
    uint64_t peak_anon_kib, peak_rss_kib;
    const char *only[16];
    size_t only_count;
};

static bool wanted(const struct bench *b, const char *group)
{
    for (size_t i = 0; i < b->only_count; i++)
        if (strcmp(b->only[i], group) == 0)
            return true;
    return b->only_count == 0;
}

/* ---- floor ---- */

static const unsigned floor_events[3] = {1, 48, 1000};
static const char floor_group[] = "Floor: LMDB alone, events of 300 bytes, same disk";

/* The better of what was measured: other work on the machine makes a floor look low, and a ratio to
 * it look good. */
static enum sg_err look_at_floor(struct bench *b, size_t which, double *out_rate,
                                 struct sg_why *why)
{
    struct floor now;
    struct floor *best = &b->floors[which];
    enum sg_err err = floor_measure(b->fixture->folder, floor_events[which], &now, why);
    if (err)
        return err;
    *out_rate = now.events_per_s;
    if (now.events_per_s > best->events_per_s)
        *best = now;
    return SG_OK;
}

static enum sg_err measure_floor(struct bench *b, struct sg_why *why)
{
    enum sg_err err = SG_OK;
    report_group(b->report, floor_group);
    for (size_t i = 0; !err && i < SG_ARRAY_LEN(floor_events); i++) {
        const struct floor *f = &b->floors[i];
        char name[64];
        double rate = 0;
        err = look_at_floor(b, i, &rate, why);
        if (err)
            break;
        (void)snprintf(name, sizeof name, "commit of %u, p50", floor_events[i]);
        report_line(b->report, name, f->p50_us, "us");
        (void)snprintf(name, sizeof name, "commit of %u, p99", floor_events[i]);
        report_line(b->report, name, f->p99_us, "us");
        (void)snprintf(name, sizeof name, "commits of %u", floor_events[i]);
        report_line(b->report, name, f->events_per_s, "events/s");
    }
    return err;
}

/* Just before what is compared with it; says so when the machine has other work to do. */
static enum sg_err floor_again(struct bench *b, size_t which, struct sg_why *why)
{
    double before = b->floors[which].events_per_s, now = 0;
    if (before <= 0)
        return SG_OK; /* nothing is compared */
    enum sg_err err = look_at_floor(b, which, &now, why);
    if (err)
        return err;
    char name[64];
    (void)snprintf(name, sizeof name, "floor now: commits of %u", floor_events[which]);
    report_line(b->report, name, now, "events/s");
    double ratio = now > before ? now / before : before / now;
    if (ratio > busy_ratio)
        report_note(b->report,
                    "the floor changed %.1f times since: other work runs here, and no "
                    "ratio of this run counts",
                    ratio);
    return SG_OK;
}

/* ---- publishing ---- */

static void look_at_memory(struct bench *b)
{
    struct daemon_usage usage;
    struct sg_why why;
    if (daemon_proc_usage(&b->daemon, &usage, &why))
        return;
    if (usage.anon_kib > b->peak_anon_kib)
        b->peak_anon_kib = usage.anon_kib;
    if (usage.rss_kib > b->peak_rss_kib)
        b->peak_rss_kib = usage.rss_kib;
}

/* Joins, and looks at the daemon's memory meanwhile. */
static void join(struct bench *b, pthread_t thread)
{
    for (;;) {
        int64_t until_ms = daemon_proc_wall_ms() + MEMORY_LOOK_MS;
        struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
        if (pthread_timedjoin_np(thread, NULL, &until) == 0)
            return;
        look_at_memory(b);
    }
}

struct rate {
    double events_per_s, cpu_us, loop_cpu_us; /* CPU of the daemon per event */
    uint64_t events;
    double event_bytes;
};

/* All lanes at once, with what was prepared. */
static enum sg_err publish(struct bench *b, size_t lanes, struct rate *out_rate, struct sg_why *why)
{
    pthread_t threads[LANES];
    struct daemon_usage before = {0}, after = {0};
    enum sg_err err = daemon_proc_usage(&b->daemon, &before, why);
    int64_t begin_ns = daemon_proc_now_ns();
    for (size_t i = 0; i < lanes; i++)
        SG_CHECK(pthread_create(&threads[i], NULL, lane_run, &b->lanes[i]) == 0);
    for (size_t i = 0; i < lanes; i++)
        join(b, threads[i]);
    double took_ns = (double)(daemon_proc_now_ns() - begin_ns);
    if (!err)
        err = daemon_proc_usage(&b->daemon, &after, why);
    uint64_t events = 0, bytes = 0;
    for (size_t i = 0; !err && i < lanes; i++) {
        const struct lane *lane = &b->lanes[i];
        if (lane->err)
            err = sg_fail(why, lane->err, "lane %zu: %s", i, lane->why.text);
        else if (lane->other || !lane->accepted)
            err = sg_fail(why, SG_E_STATE, "lane %zu: %" PRIu64 " accepted, %" PRIu64 " not", i,
                          lane->accepted, lane->other);
        events += lane->accepted;
        bytes += lane->event_bytes;
    }
    if (err)
        return err;
    b->stored += events;
    *out_rate = (struct rate){
        .events_per_s = (double)events * 1e9 / took_ns,
        .cpu_us = (double)(after.cpu_us - before.cpu_us) / (double)events,
        .loop_cpu_us = (double)(after.loop_cpu_us - before.loop_cpu_us) / (double)events,
        .events = events,
        .event_bytes = (double)bytes / (double)events,
    };
    return SG_OK;
}

static enum sg_err prepare(struct bench *b, size_t lanes, uint64_t events, uint32_t per_frame,
                           struct sg_why *why)
{
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < lanes; i++)
        err = lane_prepare(&b->lanes[i], events / lanes, per_frame, why);
    return err;
}

static enum sg_err open_lanes(struct bench *b, struct sg_why *why)
{
    enum sg_err err = SG_OK;
    for (unsigned i = 0; !err && i < LANES; i++)
        err = lane_open(&b->lanes[i], b->zmq, b->fixture, i, why);
    return err;
}

/* After the daemon was started again: the same outboxes over new connections. */
static enum sg_err reconnect_lanes(struct bench *b, struct sg_why *why)
{
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < LANES; i++) {
        raw_close(&b->lanes[i].client);
        err = raw_open(&b->lanes[i].client, b->zmq, b->fixture, SATPOLPP, why);
        if (!err)
            err = raw_hello(&b->lanes[i].client, NULL, why);
    }
    return err;
}

static void tell_rate(struct bench *b, const char *what, const struct rate *rate)
{
    char name[96];
    report_line(b->report, what, rate->events_per_s, "events/s");
    if (b->floors[2].events_per_s > 0) {
        (void)snprintf(name, sizeof name, "%s: of the floor at 1,000", what);
        report_line(b->report, name, rate->events_per_s / b->floors[2].events_per_s, "times");
    }
    (void)snprintf(name, sizeof name, "%s: CPU of the daemon", what);
    report_line(b->report, name, rate->cpu_us, "us per event");
    (void)snprintf(name, sizeof name, "%s: of its deciding thread", what);
    report_line(b->report, name, rate->loop_cpu_us, "us per event");
}

static enum sg_err measure_single(struct bench *b, struct sg_why *why)
{
    static int64_t took_ns[SINGLE_EVENTS];
    struct rate rate;
    report_group(b->report, "One publisher, one event in flight");
    b->lanes[0].window = 1;
    b->lanes[0].took_ns = took_ns;
    enum sg_err err = prepare(b, 1, SINGLE_EVENTS, 1, why);
    if (!err)
        err = floor_again(b, 0, why);
    if (!err)
        err = publish(b, 1, &rate, why);
    b->lanes[0].window = 0;
    b->lanes[0].took_ns = NULL;
    if (err)
        return err;
    double p50_us = report_quantile(took_ns, SINGLE_EVENTS, 500) / 1e3;
    report_line(b->report, "answer, p50", p50_us, "us");
    report_line(b->report, "answer, p99", report_quantile(took_ns, SINGLE_EVENTS, 990) / 1e3, "us");
    if (b->floors[0].p50_us > 0)
        report_line(b->report, "p50 of a single commit", p50_us / b->floors[0].p50_us, "times");
    report_line(b->report, "rate", rate.events_per_s, "events/s");
    return SG_OK;
}

static enum sg_err measure_four(struct bench *b, struct sg_why *why)
{
    struct rate rate;
    report_group(b->report, "Four publishers, four connections");
    report_note(b->report, "encryption, signatures and all checks on; clients in four threads");
    enum sg_err err = prepare(b, LANES, RUN_EVENTS, SG_FRAME_EVENTS_MAX, why);
    if (!err)
        err = floor_again(b, 2, why);
    if (!err)
        err = publish(b, LANES, &rate, why);
    if (err)
        return err;
    report_line(b->report, "mean event", rate.event_bytes, "bytes");
    tell_rate(b, "frames of 48", &rate);
    err = prepare(b, LANES, RUN_EVENTS / 2, 1, why);
    if (!err)
        err = publish(b, LANES, &rate, why);
    if (!err)
        tell_rate(b, "frames of 1", &rate);
    return err;
}

static PbEnvelope *contact(void *context, struct sample *sample, struct sg_arena *arena)
{
    (void)context;
    return sample_contact(sample, arena);
}

static enum sg_err measure_contacts(struct bench *b, struct sg_why *why)
{
    struct rate rate;
    report_group(b->report, "Four publishers of contact.recorded");
    for (size_t i = 0; i < LANES; i++)
        b->lanes[i].make = contact;
    enum sg_err err = prepare(b, LANES, RUN_EVENTS, SG_FRAME_EVENTS_MAX, why);
    if (!err)
        err = floor_again(b, 2, why);
    if (!err)
        err = publish(b, LANES, &rate, why);
    for (size_t i = 0; i < LANES; i++)
        b->lanes[i].make = NULL;
    if (!err)
        tell_rate(b, "contacts, frames of 48", &rate);
    return err;
}

static enum sg_err measure_durable(struct bench *b, struct sg_why *why)
{
    struct rate rate;
    report_group(b->report, "Four publishers with an LMDB outbox each");
    report_note(b->report, "outbox of the bench: one commit per frame before it is sent");
    enum sg_err err = prepare(b, LANES, RUN_EVENTS, SG_FRAME_EVENTS_MAX, why);
    for (unsigned i = 0; !err && i < LANES; i++)
        err = lane_keep_box(&b->lanes[i], i, why);
    if (!err)
        err = publish(b, LANES, &rate, why);
    for (size_t i = 0; i < LANES; i++)
        if (b->lanes[i].box)
            mdb_env_close(SG_TAKE(b->lanes[i].box));
    if (!err)
        tell_rate(b, "frames of 48, durable", &rate);
    return err;
}

/* ---- reading ---- */

static uint64_t greatest_seq(const struct bench *b)
{
    uint64_t seq = 0;
    for (size_t i = 0; i < LANES; i++)
        if (b->lanes[i].last_seq > seq)
            seq = b->lanes[i].last_seq;
    return seq;
}

/* A new subscription is first told that it has all, so that only what follows is measured. */
static enum sg_err await_start(struct readers *readers)
{
    readers->until_seq = 0;
    (void)readers_run(readers);
    readers->deliveries = readers->bytes = 0;
    return readers->err;
}

static enum sg_err measure_readers(struct bench *b, struct sg_why *why)
{
    static struct readers readers;
    pthread_t thread;
    struct rate rate = {0};
    report_group(b->report, "Four publishers, frames of 48, and eight subscribers");
    enum sg_err err = prepare(b, LANES, RUN_EVENTS / 2, SG_FRAME_EVENTS_MAX, why);
    if (!err)
        err = readers_open(&readers, b->zmq, b->fixture, READERS_MAX, "delapan", PB_START_FROM_NEW,
                           why);
    if (!err)
        err = await_start(&readers);
    if (!err) {
        int64_t begin_ns = daemon_proc_now_ns();
        readers.until_seq = UINT64_MAX;
        SG_CHECK(pthread_create(&thread, NULL, readers_run, &readers) == 0);
        err = publish(b, LANES, &rate, why);
        readers.until_seq = err ? 1 : greatest_seq(b);
        join(b, thread);
        double took_ns = (double)(readers.ended_ns - begin_ns);
        if (!err && readers.err)
            err = sg_fail(why, readers.err, "%s", readers.why.text);
        if (!err) {
            report_line(b->report, "publishing meanwhile", rate.events_per_s, "events/s");
            report_line(b->report, "deliveries", (double)readers.deliveries * 1e9 / took_ns,
                        "deliveries/s");
            report_line(b->report, "deliveries per subscriber",
                        (double)readers.deliveries / READERS_MAX, "");
        }
    }
    readers_done(&readers);
    return err;
}

static enum sg_err measure_replay(struct bench *b, struct sg_why *why)
{
    static struct readers readers;
    int64_t begin_ns = daemon_proc_now_ns();
    struct daemon_usage before = {0}, after = {0};
    enum sg_err err = daemon_proc_usage(&b->daemon, &before, why);
    if (!err)
        err = readers_open(&readers, b->zmq, b->fixture, 1, "ulang", PB_START_FROM_BEGINNING, why);
    if (!err) {
        (void)readers_run(&readers);
        err = readers.err ? sg_fail(why, readers.err, "%s", readers.why.text) : SG_OK;
    }
    if (!err)
        err = daemon_proc_usage(&b->daemon, &after, why);
    if (!err) {
        double count = (double)readers.deliveries;
        double took_ns = (double)(readers.ended_ns - begin_ns);
        report_line(b->report, "replay: deliveries", count, "");
        report_line(b->report, "replay", count * 1e9 / took_ns, "deliveries/s");
        report_line(b->report, "replay: CPU of the daemon",
                    (double)(after.cpu_us - before.cpu_us) / count, "us per delivery");
    }
    readers_done(&readers);
    return err;
}

/* ---- a store that grows ---- */

static const char store_group[] = "Four publishers, frames of 48, by what is stored";

static enum sg_err fill(struct bench *b, uint64_t until, struct sg_why *why)
{
    struct rate rate;
    enum sg_err err = SG_OK;
    while (!err && b->stored < until) {
        uint64_t left = until - b->stored;
        uint64_t events = left < CHUNK_EVENTS ? left : CHUNK_EVENTS;
        err = prepare(b, LANES, events < LANES ? LANES : events, SG_FRAME_EVENTS_MAX, why);
        if (!err)
            err = publish(b, LANES, &rate, why);
    }
    return err;
}

static enum sg_err measure_at(struct bench *b, uint64_t stored, struct sg_why *why)
{
    struct rate rate;
    char name[64];
    enum sg_err err = fill(b, stored, why);
    if (!err)
        err = prepare(b, LANES, SMALL_STORE, SG_FRAME_EVENTS_MAX, why);
    if (!err)
        err = publish(b, LANES, &rate, why);
    (void)snprintf(name, sizeof name, "with %" PRIu64 " events stored", stored);
    if (!err)
        tell_rate(b, name, &rate);
    return err;
}

static enum sg_err measure_start(struct bench *b, struct sg_why *why)
{
    int64_t after_stop_ns = 0, after_kill_ns = 0;
    struct daemon_usage idle = {0};
    enum sg_err err = daemon_proc_stop(&b->daemon, why);
    if (!err)
        err = daemon_proc_start(&b->daemon, &after_stop_ns, why);
    if (!err)
        err = daemon_proc_kill(&b->daemon, why);
    if (!err)
        err = daemon_proc_start(&b->daemon, &after_kill_ns, why);
    if (!err)
        err = daemon_proc_usage(&b->daemon, &idle, why);
    if (err)
        return err;
    report_line(b->report, "start to ready, after SIGTERM", (double)after_stop_ns / 1e6, "ms");
    report_line(b->report, "start to ready, after SIGKILL", (double)after_kill_ns / 1e6, "ms");
    report_line(b->report, "memory at rest with this store, RssAnon", (double)idle.anon_kib / 1024,
                "MiB");
    return reconnect_lanes(b, why);
}

static enum sg_err measure_small(struct bench *b, struct sg_why *why)
{
    report_group(b->report, store_group);
    return b->stored <= SMALL_STORE ? measure_at(b, SMALL_STORE, why) : SG_OK;
}

static enum sg_err measure_large(struct bench *b, struct sg_why *why)
{
    report_group(b->report, store_group);
    enum sg_err err = SG_OK;
    if (b->scale > SMALL_STORE)
        err = measure_at(b, b->scale, why);
    if (!err)
        err = measure_replay(b, why);
    return err ? err : measure_start(b, why);
}

/* ---- the run ---- */

static enum sg_err tell_idle(struct bench *b, struct sg_why *why)
{
    struct daemon_usage usage = {0};
    enum sg_err err = daemon_proc_usage(&b->daemon, &usage, why);
    if (err)
        return err;
    report_group(b->report, "Memory of the daemon at rest, empty store");
    report_line(b->report, "VmRSS", (double)usage.rss_kib / 1024, "MiB");
    report_line(b->report, "RssAnon", (double)usage.anon_kib / 1024, "MiB");
    return SG_OK;
}

static void tell_load(struct bench *b)
{
    report_group(b->report, "Memory of the daemon under load, greatest seen");
    report_line(b->report, "VmRSS (with pages of the store that the kernel may drop)",
                (double)b->peak_rss_kib / 1024, "MiB");
    report_line(b->report, "RssAnon", (double)b->peak_anon_kib / 1024, "MiB");
}

static enum sg_err run_daemon(struct bench *b, struct sg_why *why)
{
    static const struct {
        const char *name;
        enum sg_err (*measure)(struct bench *b, struct sg_why *why);
    } groups[] = {
        {"single", measure_single},     {"stored", measure_small},    {"four", measure_four},
        {"contacts", measure_contacts}, {"durable", measure_durable}, {"readers", measure_readers},
        {"stored", measure_large},
    };
    enum sg_err err = daemon_proc_start(&b->daemon, NULL, why);
    if (!err)
        err = tell_idle(b, why);
    if (!err)
        err = open_lanes(b, why);
    for (size_t i = 0; !err && i < SG_ARRAY_LEN(groups); i++)
        if (wanted(b, groups[i].name))
            err = groups[i].measure(b, why);
    if (!err)
        tell_load(b);
    return err ? err : daemon_proc_stop(&b->daemon, why);
}

static bool needs_daemon(const struct bench *b)
{
    return wanted(b, "single") || wanted(b, "four") || wanted(b, "contacts") ||
           wanted(b, "durable") || wanted(b, "readers") || wanted(b, "stored");
}

/* What else the machine does makes every figure of this run worse, the floor most of all. */
static void tell_machine(struct bench *b)
{
    double load[1] = {0};
    report_group(b->report, "Machine");
    report_line(b->report, "processors, shared by clients and daemon",
                (double)sysconf(_SC_NPROCESSORS_ONLN), "");
    if (getloadavg(load, 1) != 1)
        return;
    report_line(b->report, "load average before the run", load[0], "");
    if (load[0] > busy_load)
        report_note(b->report, "other work runs here: neither rates nor ratios of this run count");
}

static enum sg_err run(struct bench *b, struct sg_why *why)
{
    enum sg_err err = fixture_new(&b->fixture, why);
    if (!err && needs_daemon(b))
        err = daemon_proc_init(&b->daemon, b->fixture, NULL, why);
    tell_machine(b);
    if (!err && wanted(b, "floor"))
        err = measure_floor(b, why);
    if (!err && wanted(b, "inside"))
        err = inside_measure(b->fixture, RUN_EVENTS * (b->full ? 4U : 2U), b->report, why);
    if (!err && wanted(b, "mix"))
        err = mix_measure(b->fixture, RUN_EVENTS / 2, b->floors[2].events_per_s, b->report, why);
    if (!err && wanted(b, "report"))
        err = mix_reports(b->fixture, b->scale / EVENTS_PER_PERSON, b->report, why);
    if (!err && needs_daemon(b))
        err = run_daemon(b, why);
    return err;
}

static bool parse(int argc, char **argv, struct bench *b)
{
    static const struct option longs[] = {{"full", no_argument, NULL, 'f'},
                                          {"only", required_argument, NULL, 'o'},
                                          {NULL, 0, NULL, 0}};
    int id;
    while ((id = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (id == 'f')
            b->full = true;
        else if (id == 'o' && b->only_count < SG_ARRAY_LEN(b->only))
            b->only[b->only_count++] = optarg;
        else
            return false;
    }
    const char *scale = getenv("BENCH_SCALE");
    b->scale = scale ? strtoull(scale, NULL, 10) : b->full ? 1000000 : 100000;
    return optind == argc;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    struct bench *b = &bench;
    struct sg_why why = {0};
    SG_CHECK(sg_crypto_init(&why) == SG_OK);
    if (!parse(argc, argv, b)) {
        (void)fputs("usage: bench [--full] [--only GROUP]...\n"
                    "groups: floor inside mix report single four contacts stored durable readers\n",
                    stderr);
        return 64;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    b->zmq = zmq_ctx_new();
    enum sg_err err = report_new(&b->report, &why);
    if (!err)
        err = run(b, &why);
    if (!err)
        err = report_write(b->report, "build/bench.json", &why);
    if (err)
        (void)fprintf(stderr, "bench: %s: %s\n", sg_err_name(err), why.text);
    for (size_t i = 0; i < LANES; i++)
        lane_done(&b->lanes[i]);
    if (b->daemon.fixture)
        daemon_proc_done(&b->daemon);
    fixture_free(&b->fixture);
    report_free(&b->report);
    (void)zmq_ctx_term(b->zmq);
    return err ? 1 : 0;
}
