/* child.h - a program that runs beside the loop: never waited for, its input written as it reads.
 *
 * It gets a process group of its own, so that what it starts ends with it: when it has ended, and
 * when its time is over. What it prints is read and counted; it may hold personal data, so at most
 * the bytes that the caller asks for are kept.
 */
#ifndef SINERGI_AGENT_CHILD_H
#define SINERGI_AGENT_CHILD_H

#include "kit/err.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { CHILD_FDS = 3 };

struct child_order {
    const char *const *argv; /* argv[0] is a path */
    const char *folder;      /* where it runs */
    char *const *environment;
    const char *input; /* borrowed until the child has ended */
    size_t input_length;
    char *kept; /* the first bytes of its standard output, NUL behind them; NULL: none */
    size_t kept_size;
    bool own_errors; /* its standard error is that of the agent, else it is counted */
    int64_t timeout_s;
};

struct child {
    pid_t pid; /* 0: none runs */
    int pid_fd, in_fd, out_fd;
    struct child_order order;
    size_t written, kept_length;
    uint64_t output_bytes;
    int64_t started_ns, deadline_ns;
    bool timed_out;
    int exit_status; /* once it has ended: 0…255, or 256 + the signal */
};

/* A child that does not run. */
void child_init(struct child *child);
/* Errors: SG_E_SYS: the program could not be started. */
SG_MUST_CHECK enum sg_err child_start(struct child *child, const struct child_order *order,
                                      struct sg_why *why);
bool child_runs(const struct child *child);
/* What to poll for; fds that are not open are -1. */
void child_fds(const struct child *child, struct pollfd fds[CHILD_FDS]);
/* Move data, look at the clock; true when it has just ended. */
bool child_step(struct child *child, int64_t now_ns);
/* When its time is over; INT64_MAX when none runs. */
int64_t child_deadline_ns(const struct child *child);
/* End the whole group now (SIGKILL) and forget it. */
void child_kill(struct child *child);

#endif
