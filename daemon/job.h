/* job.h - the one job thread: what takes longer than a turn may and only reads.
 *
 * One job at a time. The loop starts it and goes on; its end makes a descriptor readable, and the
 * loop takes the result into its next turn. The thread opens short read transactions of its own
 * and touches nothing else that the loop has.
 */
#ifndef SINERGI_JOB_H
#define SINERGI_JOB_H

#include "broker/broker.h"
#include "report/report.h"

struct job;

/* The calling thread leaves the processor to others: whoever publishes goes first. */
void job_step_back(void);

SG_MUST_CHECK enum sg_err job_new(struct env *env, struct job **out_job, struct sg_why *why);
/* Stops what runs and waits for its end. */
void job_free(struct job **job);

/* Readable when a job has ended. */
int job_fd(const struct job *job);
/* No job may run; the request is copied. Errors: SG_E_SYS. */
SG_MUST_CHECK enum sg_err job_start(struct job *job, const struct report_request *request,
                                    uint64_t no, struct sg_why *why);
/* False: none has ended. Pages that nobody takes over are freed with the next call. */
bool job_take(struct job *job, struct report_done **out_done);

#endif
