#include "job.h"

#include "kit/check.h"
#include "sys/log.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

struct job {
    struct env *env;
    int fd;
    pthread_t thread;
    bool runs; /* known to the loop alone: the thread is to be joined */
    atomic_bool stop;
    struct report_request request;
    struct sg_why why;
    struct report_done done; /* of the thread until it has written to fd, of the loop after that */
};

enum sg_err job_new(struct env *env, struct job **out_job, struct sg_why *why)
{
    struct job *job = calloc(1, sizeof *job);
    if (!job)
        return sg_fail(why, SG_E_SYS, "out of memory");
    job->env = env;
    job->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (job->fd < 0) {
        free(job);
        return sg_fail(why, SG_E_SYS, "eventfd: %s", strerror(errno));
    }
    *out_job = job;
    return SG_OK;
}

static void join(struct job *job)
{
    if (job->runs)
        SG_CHECK(pthread_join(job->thread, NULL) == 0);
    job->runs = false;
}

void job_free(struct job **job)
{
    struct job *gone = SG_TAKE(*job);
    if (!gone)
        return;
    atomic_store(&gone->stop, true);
    join(gone);
    report_pages_free(&gone->done.pages);
    sg_fd_done(&gone->fd);
    free(gone);
}

int job_fd(const struct job *job)
{
    return job->fd;
}

void job_step_back(void)
{
    enum { NICE = 15 };
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(),
                      NICE); /* of this thread alone; else as before */
}

static void *run(void *argument)
{
    struct job *job = argument;
    const uint64_t one = 1;
    job_step_back();
    job->done.err = report_run(job->env, &job->request, &job->stop, &job->done.pages, &job->why);
    SG_CHECK(write(job->fd, &one, sizeof one) == (ssize_t)sizeof one);
    return NULL;
}

enum sg_err job_start(struct job *job, const struct report_request *request, uint64_t no,
                      struct sg_why *why)
{
    SG_CHECK(!job->runs);
    report_pages_free(&job->done.pages);
    job->request = *request;
    job->done = (struct report_done){.no = no};
    atomic_store(&job->stop, false);
    int rc = pthread_create(&job->thread, NULL, run, job); /* all signals are blocked already */
    if (rc)
        return sg_fail(why, SG_E_SYS, "thread: %s", strerror(rc));
    job->runs = true;
    return SG_OK;
}

bool job_take(struct job *job, struct report_done **out_done)
{
    uint64_t count = 0;
    if (!job->runs || read(job->fd, &count, sizeof count) != (ssize_t)sizeof count)
        return false;
    join(job);
    if (job->done.err)
        log_warn("report-failed", "name=%s err=%s why=%s", job->request.name,
                 sg_err_name(job->done.err), log_quote(job->why.text).text);
    *out_done = &job->done;
    return true;
}
