/* poll.c - a loop of one's own: publish each datagram (JSON) that comes to a Unix socket, and print
 * the outcomes as they come.    SINERGI_CONF=/etc/sinergi/sinergi.conf ./poll SOCKET */
#include <poll.h>
#include <signal.h>
#include <sinergi.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

static sinergi *client;
static void on_signal(int number)
{
    (void)number;
    sinergi_stop(client); /* makes sinergi_fd readable and sinergi_run return SINERGI_OK */
}

static int report(void *next, const sinergi_outcome *outcome, const char *type)
{
    if (outcome->status == SINERGI_PENDING)
        return 1; /* those behind it are not answered either */
    printf("%llu %s %s %s\n", (unsigned long long)outcome->place.number, type,
           sinergi_outcome_name(outcome->status), outcome->text_en);
    *(uint64_t *)next = outcome->place.number + 1;
    return fflush(stdout);
}

static void take(int fd)
{
    static char event[65536];
    ssize_t length = recv(fd, event, sizeof event, 0);
    if (length > 0 &&
        (sinergi_add_json(client, event, (size_t)length) || sinergi_commit(client, NULL, NULL)))
        fprintf(stderr, "not stored: %s\n", sinergi_error(client, "en"));
}

int main(int argc, char **argv)
{
    sinergi_outbox_info info = {.last_number = 0};
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct pollfd fds[2] = {{.events = POLLIN}, {.events = POLLIN}};
    snprintf(at.sun_path, sizeof at.sun_path, "%s", argc > 1 ? argv[1] : "events.sock");
    fds[1].fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (sinergi_open(NULL, &client) || sinergi_outbox(client, &info) ||
        (fds[0].fd = sinergi_fd(client)) < 0 || bind(fds[1].fd, (void *)&at, sizeof at) != 0) {
        fprintf(stderr, "%s: cannot start: %s\n", at.sun_path, sinergi_error(client, "en"));
        return 1;
    }
    signal(SIGTERM, on_signal);
    uint64_t next = info.last_number + 1;
    for (sinergi_status status; (status = sinergi_run(client, SINERGI_UNTIL_TIMEOUT, 0));) {
        if (status != SINERGI_TIMEOUT)
            fprintf(stderr, "%s: %s\n", sinergi_status_name(status), sinergi_error(client, "en"));
        sinergi_outbox_walk(client, next, report, &next);
        if (poll(fds, 2, -1) > 0 && fds[1].revents)
            take(fds[1].fd);
    }
    sinergi_close(client);
    return remove(at.sun_path);
}
