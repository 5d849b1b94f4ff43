#include "bench/reports.h"

#include "job.h"
#include "kit/daemon_proc.h"
#include "report/report.h"
#include "store/journal.h"
#include "wire/day.h"

#include <pthread.h>
#include <stdio.h>

enum { TURNS = 3000, YEARS = 3 };

static struct report_request request_of(const struct inside *in, const char *name)
{
    int32_t today = sg_day_at(in->wall_ms);
    return (struct report_request){.name = name,
                                   .has_period = true,
                                   .from_day = today - YEARS * 365,
                                   .to_day = today + 365,
                                   .now_ms = in->wall_ms,
                                   .sees_all = true,
                                   .target_min = 20,
                                   .target_max = 25,
                                   .steward = "dinsos"};
}

static enum sg_err tell_records(struct inside *in, struct report *report, struct sg_why *why)
{
    SG_AUTO(txn_done) struct txn txn = {0};
    uint64_t last = 0;
    enum sg_err err = txn_begin(&txn, in->env, TXN_READ, why);
    if (!err)
        err = journal_last(&txn, &last, why);
    if (!err)
        report_line(report, "records of the journal", (double)last, "");
    return err;
}

static enum sg_err time_all(struct inside *in, struct report *report, struct sg_why *why)
{
    const struct report_name *name;
    for (size_t i = 0; (name = report_name_at(i)); i++) {
        SG_AUTO(report_pages_free) struct report_pages *pages = NULL;
        struct report_request request = request_of(in, name->name);
        int64_t begin_ns = daemon_proc_now_ns();
        enum sg_err err = report_run(in->env, &request, NULL, &pages, why);
        if (err)
            return err;
        report_line(report, name->name, (double)(daemon_proc_now_ns() - begin_ns) / 1e9, "s");
    }
    return SG_OK;
}

/* ---- beside a report ---- */

struct running {
    struct inside *in;
    atomic_bool stop;
    unsigned made;
};

static void *run_again_and_again(void *argument)
{
    struct running *r = argument;
    const struct report_name *name;
    job_step_back(); /* as in the daemon */
    while (!atomic_load(&r->stop))
        for (size_t i = 0; (name = report_name_at(i)) && !atomic_load(&r->stop); i++) {
            SG_AUTO(report_pages_free) struct report_pages *pages = NULL;
            struct report_request request = request_of(r->in, name->name);
            r->made += report_run(r->in->env, &request, &r->stop, &pages, NULL) == SG_OK;
        }
    return NULL;
}

static enum sg_err turns(struct inside *in, size_t lane, const char *what, struct report *report,
                         double *out_p99, struct sg_why *why)
{
    static int64_t took_ns[TURNS];
    char line[64];
    in->lanes[lane].wall_ms = in->wall_ms;
    enum sg_err err = lane_prepare(&in->lanes[lane], TURNS, 1, why);
    for (size_t i = 0; !err && i < TURNS; i++)
        err = inside_one(in, lane, i, &took_ns[i], why);
    if (err)
        return err;
    *out_p99 = report_quantile(took_ns, TURNS, 990) / 1e3;
    (void)snprintf(line, sizeof line, "turn of one event%s: median", what);
    report_line(report, line, report_quantile(took_ns, TURNS, 500) / 1e3, "us");
    (void)snprintf(line, sizeof line, "turn of one event%s: p99", what);
    report_line(report, line, *out_p99, "us");
    return SG_OK;
}

enum sg_err reports_measure(struct inside *in, size_t lane, struct report *report,
                            struct sg_why *why)
{
    struct running r = {.in = in};
    pthread_t thread;
    double alone = 0, beside = 0;
    enum sg_err err = tell_records(in, report, why);
    if (!err)
        err = time_all(in, report, why);
    if (!err)
        err = turns(in, lane, "", report, &alone, why);
    if (err)
        return err;
    if (pthread_create(&thread, NULL, run_again_and_again, &r))
        return sg_fail(why, SG_E_SYS, "no thread");
    err = turns(in, lane, " beside a report", report, &beside, why);
    atomic_store(&r.stop, true);
    (void)pthread_join(thread, NULL);
    if (!err)
        report_line(report, "p99 beside a report, of that alone", beside / alone, "times");
    return err;
}
