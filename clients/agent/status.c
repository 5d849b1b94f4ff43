#include "agent/status.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAUSE_NS INT64_C(1000000000)

void status_open(struct status_file *status, const char *data_folder)
{
    *status = (struct status_file){0};
    (void)snprintf(status->path, sizeof status->path, "%s/agent.status", data_folder);
    (void)snprintf(status->temporary, sizeof status->temporary, "%s.tmp", status->path);
}

void status_done(struct status_file *status)
{
    free(SG_TAKE(status->written));
}

bool status_is_due(const struct status_file *status, int64_t now_ns)
{
    return now_ns >= status->next_ns;
}

/* Not flushed: it says how things are now, and the next one comes soon. */
static enum sg_err replace(const struct status_file *status, const char *text, struct sg_why *why)
{
    SG_AUTO(sg_fd_done)
    int fd = open(status->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    size_t length = strlen(text);
    if (fd < 0 || write(fd, text, length) != (ssize_t)length ||
        rename(status->temporary, status->path) != 0)
        return sg_fail(why, SG_E_SYS, "%s: %s", status->path, strerror(errno));
    return SG_OK;
}

enum sg_err status_write(struct status_file *status, json_t *json, int64_t now_ns,
                         struct sg_why *why)
{
    status->next_ns = now_ns + PAUSE_NS;
    SG_AUTO(sg_heap_done) char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    if (!text)
        return sg_fail(why, SG_E_SYS, "no memory");
    if (status->written && strcmp(status->written, text) == 0)
        return SG_OK;
    enum sg_err err = replace(status, text, why);
    if (err)
        return err;
    free(status->written);
    status->written = SG_TAKE(text);
    return SG_OK;
}

/* An agent that was killed while it started a program lives on in that program for a moment. */
static bool lock_soon(int fd)
{
    enum { TRIES = 40, PAUSE_MS = 50 };
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    for (int i = 0; i < TRIES; i++) {
        if (fcntl(fd, F_OFD_SETLK, &lock) ==
            0) /* one that others can ask about without taking it */
            return true;
        (void)poll(NULL, 0, PAUSE_MS);
    }
    return false;
}

enum sg_err status_lock(const char *data_folder, int *out_fd, struct sg_why *why)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/agent.lock", data_folder);
    SG_AUTO(sg_fd_done) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return sg_fail(why, SG_E_SYS, "%s: %s", path, strerror(errno));
    if (!lock_soon(fd))
        return sg_fail(why, SG_E_EXISTS,
                       "agen lain sudah berjalan untuk perangkat ini / another agent runs for this "
                       "device (%s)",
                       path);
    *out_fd = fd;
    fd = -1;
    return SG_OK;
}
