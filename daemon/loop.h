/* loop.h - the daemon's one loop: poll, take frames, one turn, send; the only place where net, sys
 * and broker meet.
 *
 * The daemon runs at its own pace: a turn takes what has come, up to a bound, and commits it once.
 * Nothing leaves the process before the commit that it rests on.
 */
#ifndef SINERGI_LOOP_H
#define SINERGI_LOOP_H

#include "broker/broker.h"
#include "net/net.h"
#include "sys/clock.h"
#include "sys/conf.h"

/* Opened by main and closed by main; borrowed while the loop runs. */
struct loop_parts {
    struct env *env;
    struct net *net;
    struct broker *broker;
    struct clock *clock;
    int signal_fd;
    const char *conf_path;
    struct conf *conf;       /* replaced by a reload */
    struct sg_lists **lists; /* likewise */
};

/* Run until SIGTERM or SIGINT. Errors: SG_E_STORE (the outcome of the last turn is unknown: end the
 * process without another word), SG_E_NET, SG_E_SYS. */
SG_MUST_CHECK enum sg_err loop_run(const struct loop_parts *parts, struct sg_why *why);

#endif
