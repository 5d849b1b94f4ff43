/* watch.c - one descriptor for a program that has its own loop.
 *
 * An epoll set of what sinergi_run would wait for: the two sockets of the link, the stop request,
 * and a timer for what becomes due by time. The descriptor of a ZeroMQ socket tells of changes
 * only, so whatever a turn has left in a socket sets the timer to now.
 */
#include "lib/inside.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <zmq.h>

enum { LINK_SOCKETS = 2 };

struct watch {
    int epoll_fd, timer_fd;
    uint64_t generation;   /* of the link whose sockets are in the set */
    int fds[LINK_SOCKETS]; /* -1: none */
};

static bool add(const struct watch *watch, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    return epoll_ctl(watch->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static int socket_fd(void *socket)
{
    int fd = -1;
    size_t size = sizeof fd;
    return socket && zmq_getsockopt(socket, ZMQ_FD, &fd, &size) == 0 ? fd : -1;
}

static bool has_input(void *socket)
{
    int events = 0;
    size_t size = sizeof events;
    return socket && zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) == 0 &&
           (events & ZMQ_POLLIN);
}

static void follow_link(struct watch *watch, const struct link *link)
{
    if (watch->generation == link->generation)
        return;
    for (size_t i = 0; i < LINK_SOCKETS; i++) {
        if (watch->fds[i] >= 0) /* it may be closed already: then it has left by itself */
            (void)epoll_ctl(watch->epoll_fd, EPOLL_CTL_DEL, watch->fds[i], NULL);
    }
    watch->fds[0] = socket_fd(link->socket);
    watch->fds[1] = socket_fd(link->monitor);
    for (size_t i = 0; i < LINK_SOCKETS; i++) {
        if (watch->fds[i] >= 0 && !add(watch, watch->fds[i]))
            watch->fds[i] = -1; /* the timer looks after it twice a second */
    }
    watch->generation = link->generation;
}

void watch_update(struct sinergi *client)
{
    struct watch *watch = client->watch;
    if (!watch)
        return;
    follow_link(watch, &client->link);
    long ms = client_wait_ms(client, client_mono_ns(), INT64_MAX);
    if (client->more || has_input(client->link.socket) || has_input(client->link.monitor))
        ms = 0;
    struct itimerspec at = {.it_value = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * MS_NS}};
    if (ms == 0)
        at.it_value.tv_nsec = 1;                          /* zero would stop it */
    (void)timerfd_settime(watch->timer_fd, 0, &at, NULL); /* cannot fail: both are in range */
}

void watch_free(struct watch **watch)
{
    if (!*watch)
        return;
    sg_fd_done(&(*watch)->timer_fd);
    sg_fd_done(&(*watch)->epoll_fd);
    free(SG_TAKE(*watch));
}

int sinergi_fd(sinergi *client)
{
    if (client->watch)
        return client->watch->epoll_fd;
    SG_AUTO(watch_free) struct watch *watch = calloc(1, sizeof *watch);
    if (watch) {
        watch->fds[0] = watch->fds[1] = -1;
        watch->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        watch->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    }
    if (!watch || watch->timer_fd < 0 || watch->epoll_fd < 0 || !add(watch, watch->timer_fd) ||
        !add(watch, client->stop_fd)) {
        (void)client_fail(client, SINERGI_LOCAL, "memori atau deskriptor habis",
                          "no memory, or no descriptor is left");
        return -1;
    }
    client->watch = SG_TAKE(watch);
    client->more = true; /* whoever asks has something to do: the first call of sinergi_run */
    watch_update(client);
    return client->watch->epoll_fd;
}
