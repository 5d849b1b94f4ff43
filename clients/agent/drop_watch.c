#include "agent/drop_watch.h"

#include "agent/log.h"
#include "kit/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define S_NS INT64_C(1000000000)
enum {
    FILES_MAX = 1024, /* more of them are seen once these are gone */
    SCAN_S = 30,
    SCAN_GAP_MS = 200,  /* between two looks, however many events come */
    OPEN_TRUST_S = 300, /* an open file whose end of writing was never told */
    EVENT_BYTES = 16384,
};

struct entry {
    char name[NAME_MAX + 1];
    ino_t ino;
    off_t size;
    struct timespec changed;
    int64_t since_ns; /* as it is now since then */
    bool written;     /* written to, and not closed as far as events tell */
    bool seen;
};

struct drop_watch {
    const struct drop_folders *folders;
    int64_t settle_ns;
    int fd, wd;
    struct entry *entries;
    size_t count;
    int64_t scan_ns, scanned_ns, now_ns;
    char trouble[256];
};

static bool add_watch(struct drop_watch *watch)
{
    watch->wd = inotify_add_watch(watch->fd, watch->folders->path,
                                  IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_MODIFY |
                                      IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF |
                                      IN_ONLYDIR | IN_EXCL_UNLINK);
    return watch->wd >= 0;
}

enum sg_err drop_watch_open(const struct drop_folders *folders, int64_t settle_s,
                            struct drop_watch **out_watch, struct sg_why *why)
{
    SG_AUTO(drop_watch_close) struct drop_watch *watch = calloc(1, sizeof *watch);
    if (!watch || !(watch->entries = calloc(FILES_MAX, sizeof *watch->entries)))
        return sg_fail(why, SG_E_SYS, "no memory");
    watch->folders = folders;
    watch->settle_ns = settle_s * S_NS;
    watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch->fd < 0)
        return sg_fail(why, SG_E_SYS, "inotify: %s", strerror(errno));
    (void)add_watch(watch); /* without it the looks every 30 s still find everything */
    *out_watch = SG_TAKE(watch);
    return SG_OK;
}

void drop_watch_close(struct drop_watch **watch)
{
    if (!*watch)
        return;
    sg_fd_done(&(*watch)->fd);
    free((*watch)->entries);
    free(SG_TAKE(*watch));
}

int drop_watch_fd(const struct drop_watch *watch)
{
    return watch->fd;
}

static struct entry *find(struct drop_watch *watch, const char *name)
{
    for (size_t i = 0; i < watch->count; i++) {
        if (strcmp(watch->entries[i].name, name) == 0)
            return &watch->entries[i];
    }
    return NULL;
}

/* ---- events ------------------------------------------------------------------------------ */

static void take_event(struct drop_watch *watch, const struct inotify_event *event)
{
    if (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED))
        watch->wd = -1;
    struct entry *entry = event->len ? find(watch, event->name) : NULL;
    if (!entry)
        return;
    if (event->mask & IN_MODIFY)
        entry->written = true;
    if (event->mask & (IN_CLOSE_WRITE | IN_MOVED_TO))
        entry->written = false;
    if (event->mask & (IN_MODIFY | IN_MOVED_TO))
        entry->since_ns = watch->now_ns;
}

static void take_events(struct drop_watch *watch)
{
    _Alignas(struct inotify_event) char bytes[EVENT_BYTES];
    for (;;) {
        ssize_t got = read(watch->fd, bytes, sizeof bytes);
        if (got <= 0)
            return;
        for (ssize_t at = 0; at < got;) {
            const struct inotify_event *event = (const void *)(bytes + at);
            take_event(watch, event);
            at += (ssize_t)sizeof *event + event->len;
        }
        int64_t next_ns = watch->scanned_ns + SCAN_GAP_MS * (S_NS / 1000);
        if (watch->scan_ns > next_ns)
            watch->scan_ns = next_ns;
    }
}

/* ---- looking ----------------------------------------------------------------------------- */

static bool is_as_before(const struct entry *entry, const struct stat *st)
{
    return entry->ino == st->st_ino && entry->size == st->st_size &&
           entry->changed.tv_sec == st->st_mtim.tv_sec &&
           entry->changed.tv_nsec == st->st_mtim.tv_nsec;
}

static void remember(struct drop_watch *watch, struct entry *entry, const struct stat *st)
{
    entry->ino = st->st_ino;
    entry->size = st->st_size;
    entry->changed = st->st_mtim;
    entry->since_ns = watch->now_ns;
}

/* Plain files with contents; links are not followed. */
static bool is_candidate(const struct drop_watch *watch, const char *name, struct stat *out)
{
    return !drop_is_ignored(name) &&
           fstatat(watch->folders->top, name, out, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(out->st_mode) && out->st_size > 0;
}

static void look_at(void *context, const char *name)
{
    struct drop_watch *watch = context;
    struct stat st;
    if (!is_candidate(watch, name, &st))
        return;
    struct entry *entry = find(watch, name);
    if (!entry) {
        if (watch->count == FILES_MAX)
            return;
        entry = &watch->entries[watch->count++];
        *entry = (struct entry){0};
        (void)snprintf(entry->name, sizeof entry->name, "%s", name);
        remember(watch, entry, &st);
    } else if (!is_as_before(entry, &st)) {
        remember(watch, entry, &st);
    }
    entry->seen = true;
}

static void forget(struct drop_watch *watch, size_t index)
{
    watch->entries[index] = watch->entries[--watch->count];
}

static void scan(struct drop_watch *watch)
{
    struct sg_why why = {0};
    watch->scanned_ns = watch->now_ns;
    watch->scan_ns = watch->now_ns + SCAN_S * S_NS;
    for (size_t i = 0; i < watch->count; i++)
        watch->entries[i].seen = false;
    enum sg_err err = drop_folders_gone(watch->folders)
                          ? sg_fail(&why, SG_E_SYS, "drop folder: it is gone, or was replaced")
                          : drop_each(watch->folders->top, look_at, watch, &why);
    if (err) {
        if (!watch->trouble[0])
            log_error("drop-folder-unreadable", "why=\"%s\"", why.text);
        (void)snprintf(watch->trouble, sizeof watch->trouble, "%.200s", why.text);
        return;
    }
    watch->trouble[0] = '\0';
    for (size_t i = watch->count; i > 0; i--) {
        if (!watch->entries[i - 1].seen)
            forget(watch, i - 1);
    }
    if (watch->wd < 0)
        (void)add_watch(watch);
}

void drop_watch_step(struct drop_watch *watch, int64_t now_ns)
{
    watch->now_ns = now_ns;
    take_events(watch);
    if (now_ns >= watch->scan_ns)
        scan(watch);
}

/* ---- ready ------------------------------------------------------------------------------- */

static int64_t ready_ns(const struct drop_watch *watch, const struct entry *entry)
{
    int64_t wait_ns = watch->settle_ns;
    if (entry->written && wait_ns < OPEN_TRUST_S * S_NS)
        wait_ns = OPEN_TRUST_S * S_NS;
    return entry->since_ns + wait_ns;
}

int64_t drop_watch_due_ns(const struct drop_watch *watch)
{
    int64_t due = watch->scan_ns;
    for (size_t i = 0; i < watch->count; i++) {
        int64_t ready = ready_ns(watch, &watch->entries[i]);
        if (ready < due)
            due = ready;
    }
    return due;
}

/* The system grants a read lease only on a file that nobody has open for writing. Where it may not
 * be asked (a file of another user, a file system of the network) the time alone decides. */
static bool is_open_for_writing(int fd)
{
    if (fcntl(fd, F_SETLEASE, F_RDLCK) != 0)
        return errno == EAGAIN;
    (void)fcntl(fd, F_SETLEASE, F_UNLCK);
    return false;
}

static bool is_ready(struct drop_watch *watch, struct entry *entry)
{
    struct stat st;
    SG_AUTO(sg_fd_done)
    int fd =
        openat(watch->folders->top, entry->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool same = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && is_as_before(entry, &st);
    if (same && !is_open_for_writing(fd))
        return true;
    if (fd >= 0 && fstat(fd, &st) == 0)
        remember(watch, entry, &st); /* it settles anew */
    entry->since_ns = watch->now_ns;
    return false;
}

bool drop_watch_next(struct drop_watch *watch, int64_t now_ns, char out_name[NAME_MAX + 1])
{
    struct entry *oldest = NULL;
    for (size_t i = 0; i < watch->count; i++) {
        struct entry *entry = &watch->entries[i];
        if (ready_ns(watch, entry) > now_ns)
            continue;
        if (!oldest || entry->changed.tv_sec < oldest->changed.tv_sec)
            oldest = entry;
    }
    if (!oldest || !is_ready(watch, oldest))
        return false;
    memcpy(out_name, oldest->name, sizeof oldest->name);
    forget(watch, (size_t)(oldest - watch->entries));
    return true;
}

size_t drop_watch_count(const struct drop_watch *watch)
{
    return watch->count;
}

void drop_watch_again(struct drop_watch *watch)
{
    if (watch->wd >= 0)
        (void)inotify_rm_watch(watch->fd, watch->wd); /* the one of the folder before */
    (void)add_watch(watch);
    watch->count = 0;
    watch->scan_ns = 0;
}

const char *drop_watch_trouble(const struct drop_watch *watch)
{
    return watch->trouble[0] ? watch->trouble : NULL;
}
