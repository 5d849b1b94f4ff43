/* agent.h - the agent of one device: one loop over the broker, programs, files and time.
 *
 * The loop owns everything and never blocks longer than one commit: the library is run when its
 * descriptor asks for it, programs run beside it, a spreadsheet is imported by a process of its
 * own.
 */
#ifndef SINERGI_AGENT_AGENT_H
#define SINERGI_AGENT_AGENT_H

#include "agent/chain.h"
#include "agent/status.h"

struct drop;

struct agent {
    struct agent_conf *conf;
    struct chain_world world; /* client stands in it */
    struct chain chains[AGENT_SUBSCRIPTIONS_MAX];
    size_t chain_count;
    struct drop *drop; /* NULL: no drop folder */
    int signal_fd, lock_fd;
    bool once; /* end when everything is done */

    int64_t started_ms;
    bool connected;
    int64_t connected_ms;              /* when that changed */
    int64_t lost_ns;                   /* the same; monotonic */
    int64_t pause_ns;                  /* after an error of the disk: not before */
    unsigned disk_errors;              /* in a row */
    int64_t attach_ns;                 /* when to try again for what another device holds */
    char error_id[640], error_en[640]; /* the last one; "" = none */
    int64_t error_ms;
    int64_t rest_ns, renew_ns;
    int64_t stop_ns; /* when programs are ended; 0 = not stopping */
    int64_t sign_ns; /* watchdog: when the next sign of life is due; 0 = nobody watches */
    int64_t sign_gap_ns;
    struct status_file status;
};

/* Exit statuses, as sysexits(3) has them; the unit restarts for the last two. */
enum agent_exit {
    AGENT_DONE = 0,
    AGENT_USAGE = 64,
    AGENT_LOCAL = 75, /* disk, memory: a restart may help */
    AGENT_CONF = 78,
};

/* Open everything and run until a signal comes (or, with `once`, until all is done). */
int agent_run(struct agent_conf *conf, bool once);

#endif
