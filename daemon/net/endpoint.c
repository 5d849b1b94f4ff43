#include "net/endpoint.h"

#include "net/zap.h"

#include <errno.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

/* In libzmq 4.3.4, but only in the header of its draft build. Without it a missing ZAP handler lets
 * everybody in. */
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif

void endpoint_close(void **socket)
{
    void *gone = SG_TAKE(*socket);
    if (gone)
        (void)zmq_close(gone); /* fails only for what is no socket */
}

enum sg_err endpoint_zap(void *context, void **out_socket, struct sg_why *why)
{
    SG_AUTO(endpoint_close) void *socket = zmq_socket(context, ZMQ_REP);
    int linger = 0;
    if (!socket || zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger) < 0 ||
        zmq_bind(socket, ZAP_ENDPOINT) < 0)
        return sg_fail(why, SG_E_NET, "%s: %s", ZAP_ENDPOINT, zmq_strerror(errno));
    *out_socket = SG_TAKE(socket);
    return SG_OK;
}

static enum sg_err set_limits(void *socket, bool ipv6, struct sg_why *why)
{
    const struct {
        int option, value;
        const char *name;
    } rows[] = {
        {ZMQ_ROUTER_MANDATORY, 1, "ROUTER_MANDATORY"},
        {ZMQ_RCVHWM, SG_RCVHWM, "RCVHWM"},
        {ZMQ_SNDHWM, SG_SNDHWM, "SNDHWM"},
        {ZMQ_HANDSHAKE_IVL, 5000, "HANDSHAKE_IVL"},
        {ZMQ_BACKLOG, 1024, "BACKLOG"},
        {ZMQ_HEARTBEAT_IVL, 10000, "HEARTBEAT_IVL"},
        {ZMQ_HEARTBEAT_TIMEOUT, 30000, "HEARTBEAT_TIMEOUT"},
        {ZMQ_HEARTBEAT_TTL, 30000, "HEARTBEAT_TTL"},
        {ZMQ_TCP_KEEPALIVE, 1, "TCP_KEEPALIVE"},
        {ZMQ_TCP_KEEPALIVE_IDLE, 60, "TCP_KEEPALIVE_IDLE"},
        {ZMQ_TCP_KEEPALIVE_INTVL, 10, "TCP_KEEPALIVE_INTVL"},
        {ZMQ_TCP_KEEPALIVE_CNT, 3, "TCP_KEEPALIVE_CNT"},
        {ZMQ_LINGER, 0, "LINGER"},
        {ZMQ_IPV6, ipv6, "IPV6"},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++)
        if (zmq_setsockopt(socket, rows[i].option, &rows[i].value, sizeof rows[i].value) < 0)
            return sg_fail(why, SG_E_NET, "ZMQ_%s: %s", rows[i].name, zmq_strerror(errno));
    int64_t bytes = SG_ZMQ_MSG_MAX;
    if (zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &bytes, sizeof bytes) < 0)
        return sg_fail(why, SG_E_NET, "ZMQ_MAXMSGSIZE: %s", zmq_strerror(errno));
    return SG_OK;
}

static enum sg_err set_security(void *socket, const struct sg_broker_key *keys, struct sg_why *why)
{
    const int yes = 1;
    const struct {
        int option;
        const void *value;
        size_t size;
        const char *name;
    } rows[] = {
        {ZMQ_CURVE_SERVER, &yes, sizeof yes, "CURVE_SERVER"},
        {ZMQ_CURVE_SECRETKEY, keys->curve_secret, SG_KEY_BYTES, "CURVE_SECRETKEY"},
        {ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, sizeof ZAP_DOMAIN - 1, "ZAP_DOMAIN"},
        {ZMQ_ZAP_ENFORCE_DOMAIN, &yes, sizeof yes, "ZAP_ENFORCE_DOMAIN"},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++)
        if (zmq_setsockopt(socket, rows[i].option, rows[i].value, rows[i].size) < 0)
            return sg_fail(why, SG_E_NET, "ZMQ_%s: %s", rows[i].name, zmq_strerror(errno));
    return SG_OK;
}

/* The umask gave nobody else access between bind and here. */
static enum sg_err open_file(const char *path, const char *group, struct sg_why *why)
{
    if (group && group[0]) {
        errno = 0;
        const struct group *found = getgrnam(group);
        if (!found)
            return sg_fail(why, SG_E_NET, "group '%s' of '%s' does not exist", group, path);
        if (chown(path, (uid_t)-1, found->gr_gid) < 0)
            return sg_fail(why, SG_E_NET, "group '%s' of '%s': %s", group, path, strerror(errno));
    }
    if (chmod(path, 0660) < 0)
        return sg_fail(why, SG_E_NET, "mode of '%s': %s", path, strerror(errno));
    return SG_OK;
}

enum sg_err endpoint_router(void *context, const char *endpoint, const struct net_options *options,
                            void **out_socket, struct sg_why *why)
{
    bool local = strncmp(endpoint, "ipc://", 6) == 0;
    if (local && endpoint[6] != '/')
        return sg_fail(why, SG_E_NET,
                       "'%s': want ipc:///PATH, an abstract socket has no permissions", endpoint);
    SG_AUTO(endpoint_close) void *socket = zmq_socket(context, ZMQ_ROUTER);
    if (!socket)
        return sg_fail(why, SG_E_NET, "socket: %s", zmq_strerror(errno));
    enum sg_err err = set_limits(socket, options->ipv6, why);
    if (!err)
        err = set_security(socket, options->keys, why);
    if (err)
        return err;
    mode_t before = umask(0177);
    int rc = zmq_bind(socket, endpoint);
    int reason = errno;
    (void)umask(before);
    if (rc < 0)
        return sg_fail(why, SG_E_NET, "cannot listen on '%s': %s", endpoint, zmq_strerror(reason));
    err = local ? open_file(endpoint + 6, options->local_group, why) : SG_OK;
    if (!err)
        *out_socket = SG_TAKE(socket);
    return err;
}
