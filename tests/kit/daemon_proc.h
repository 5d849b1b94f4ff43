/* daemon_proc.h - the real sinergid as a child: made ready, killed, stopped, measured.
 *
 * Nothing here waits by the clock: the daemon says READY=1 to a socket of ours (NOTIFY_SOCKET), and
 * its end shows at a pidfd. The child dies with the test.
 */
#ifndef SINERGI_KIT_DAEMON_PROC_H
#define SINERGI_KIT_DAEMON_PROC_H

#include "kit/fixture.h"

#include <sys/types.h>

struct daemon_proc {
    const struct fixture *fixture;
    char program[4096];
    char log[176];    /* its standard error, appended */
    char notify[176]; /* path of the socket for READY=1 */
    int notify_fd;
    pid_t pid; /* 0 = does not run */
    int pid_fd;
};

/* `program` NULL: $SINERGID, else build/release/sinergid. Makes the store (--init). Errors:
 * SG_E_SYS. */
SG_MUST_CHECK enum sg_err daemon_proc_init(struct daemon_proc *daemon,
                                           const struct fixture *fixture, const char *program,
                                           struct sg_why *why);
/* SIGKILL if it runs, and let go. */
void daemon_proc_done(struct daemon_proc *daemon);

/* Start and wait until it is ready; *out_ready_ns (may be NULL): how long that took. Errors:
 * SG_E_SYS with its exit status when it ends instead. */
SG_MUST_CHECK enum sg_err daemon_proc_start(struct daemon_proc *daemon, int64_t *out_ready_ns,
                                            struct sg_why *why);
/* SIGKILL, and wait for the end. */
SG_MUST_CHECK enum sg_err daemon_proc_kill(struct daemon_proc *daemon, struct sg_why *why);
/* SIGTERM, and wait for the end. Errors: SG_E_SYS when its exit status is not 0. */
SG_MUST_CHECK enum sg_err daemon_proc_stop(struct daemon_proc *daemon, struct sg_why *why);
/* Has it ended without being asked? */
bool daemon_proc_ended(const struct daemon_proc *daemon);

/* Run one job of the program on the stopped store ("--verify", NULL; "--refold", path). Errors:
 * SG_E_SYS when its exit status is not 0. */
SG_MUST_CHECK enum sg_err daemon_proc_job(struct daemon_proc *daemon, const char *option,
                                          const char *value, struct sg_why *why);

struct daemon_usage {
    uint64_t rss_kib, anon_kib, peak_kib; /* VmRSS, RssAnon, VmHWM */
    uint64_t cpu_us, loop_cpu_us;         /* of all threads, of the thread that decides */
};
SG_MUST_CHECK enum sg_err daemon_proc_usage(const struct daemon_proc *daemon,
                                            struct daemon_usage *out_usage, struct sg_why *why);

/* CLOCK_MONOTONIC in nanoseconds, and the wall in milliseconds. */
int64_t daemon_proc_now_ns(void);
int64_t daemon_proc_wall_ms(void);

#endif
