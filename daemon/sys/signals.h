/* signals.h - signals as one more descriptor of the loop.
 *
 * They are blocked in every thread, so this is called before the first zmq context.
 */
#ifndef SINERGI_SYS_SIGNALS_H
#define SINERGI_SYS_SIGNALS_H

#include "kit/err.h"

enum signal_asked { SIGNAL_NONE, SIGNAL_STOP, SIGNAL_RELOAD };

/* Block SIGTERM, SIGINT and SIGHUP, ignore SIGPIPE; *out_fd becomes readable when one comes.
 * Errors: SG_E_SYS. */
SG_MUST_CHECK enum sg_err signals_open(int *out_fd, struct sg_why *why);

/* The next signal that waits, or SIGNAL_NONE. Never blocks. */
enum signal_asked signals_next(int fd);

#endif
