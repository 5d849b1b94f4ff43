/* endpoint.h - the only place that makes sockets: a socket without CURVE, ZAP or a limit is a door
 * that stands open, so none can be made.
 */
#ifndef SINERGI_NET_ENDPOINT_H
#define SINERGI_NET_ENDPOINT_H

#include "net/net.h"

/* The ZAP socket, bound. Must live before the first router is bound and after the last is closed.
 * Errors: SG_E_NET. */
SG_MUST_CHECK enum sg_err endpoint_zap(void *context, void **out_socket, struct sg_why *why);

/* A CURVE router with all limits, bound. The file of a local socket gets mode 0660 and the group
 * (NULL: unchanged). Errors: SG_E_NET names endpoint and reason. */
SG_MUST_CHECK enum sg_err endpoint_router(void *context, const char *endpoint,
                                          const struct net_options *options, void **out_socket,
                                          struct sg_why *why);

/* For SG_AUTO. */
void endpoint_close(void **socket);

#endif
