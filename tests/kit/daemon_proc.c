#include "kit/daemon_proc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { READY_MS = 60000, END_MS = 60000 };

int64_t daemon_proc_now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t daemon_proc_wall_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- children ---- */

/* In the child: log to the file, nothing of ours stays open, and never outlive the test. */
static void become(const struct daemon_proc *daemon, char *const *argv, pid_t parent)
{
    int log = open(daemon->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    int nothing = open("/dev/null", O_RDONLY);
    if (log < 0 || nothing < 0 || dup2(nothing, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
        _exit(127);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(127);
    (void)setenv("NOTIFY_SOCKET", daemon->notify, 1);
    (void)execv(daemon->program, argv);
    _exit(127);
}

static enum sg_err spawn(struct daemon_proc *daemon, const char *option, const char *value,
                         struct sg_why *why)
{
    const char *const words[] = {daemon->program, "-c", daemon->fixture->conf, option, value, NULL};
    char *argv[SG_ARRAY_LEN(words)];
    memcpy(argv, words, sizeof words); /* execv takes char *, and changes nothing */
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0)
        return sg_fail(why, SG_E_SYS, "fork: %s", strerror(errno));
    if (pid == 0)
        become(daemon, argv, parent);
    daemon->pid = pid;
    daemon->pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
    return daemon->pid_fd < 0 ? sg_fail(why, SG_E_SYS, "pidfd_open: %s", strerror(errno)) : SG_OK;
}

/* Wait for the end; *out_status as of waitpid. */
static enum sg_err reap(struct daemon_proc *daemon, int *out_status, struct sg_why *why)
{
    struct pollfd end = {.fd = daemon->pid_fd, .events = POLLIN};
    if (poll(&end, 1, END_MS) != 1)
        return sg_fail(why, SG_E_SYS, "%s did not end within %d s", daemon->program, END_MS / 1000);
    if (waitpid(daemon->pid, out_status, 0) != daemon->pid)
        return sg_fail(why, SG_E_SYS, "waitpid: %s", strerror(errno));
    daemon->pid = 0;
    sg_fd_done(&daemon->pid_fd);
    return SG_OK;
}

static enum sg_err reap_well(struct daemon_proc *daemon, const char *what, struct sg_why *why)
{
    int status = 0;
    enum sg_err err = reap(daemon, &status, why);
    if (err || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
        return err;
    return sg_fail(why, SG_E_SYS, "sinergid %s: %s %d; see %s", what,
                   WIFEXITED(status) ? "exit status" : "signal",
                   WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), daemon->log);
}

enum sg_err daemon_proc_job(struct daemon_proc *daemon, const char *option, const char *value,
                            struct sg_why *why)
{
    enum sg_err err = spawn(daemon, option, value, why);
    return err ? err : reap_well(daemon, option, why);
}

/* ---- ready ---- */

static enum sg_err open_notify(struct daemon_proc *daemon, struct sg_why *why)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    (void)snprintf(daemon->notify, sizeof daemon->notify, "%s/notify", daemon->fixture->folder);
    if (strlen(daemon->notify) >= sizeof at.sun_path)
        return sg_fail(why, SG_E_SYS, "'%s' is too long for a socket", daemon->notify);
    memcpy(at.sun_path, daemon->notify, strlen(daemon->notify));
    daemon->notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (daemon->notify_fd < 0 ||
        bind(daemon->notify_fd, (const struct sockaddr *)&at, sizeof at) < 0)
        return sg_fail(why, SG_E_SYS, "'%s': %s", daemon->notify, strerror(errno));
    return SG_OK;
}

/* Nobody listens afterwards: a datagram to a socket that is open and not read would hold up the
 * daemon once the queue is full. */
static void close_notify(struct daemon_proc *daemon)
{
    sg_fd_done(&daemon->notify_fd);
    (void)unlink(daemon->notify);
}

/* One datagram: 1 = says READY=1, 0 = says something else, -1 = there is none. */
static int hear(const struct daemon_proc *daemon)
{
    char text[1024];
    ssize_t got = recv(daemon->notify_fd, text, sizeof text - 1, 0);
    if (got < 0)
        return -1;
    text[got] = '\0';
    return strstr(text, "READY=1") != NULL;
}

/* Until it says READY=1, or ends. */
static enum sg_err await_ready(struct daemon_proc *daemon, struct sg_why *why)
{
    for (;;) {
        struct pollfd fds[2] = {{.fd = daemon->notify_fd, .events = POLLIN},
                                {.fd = daemon->pid_fd, .events = POLLIN}};
        if (poll(fds, 2, READY_MS) <= 0)
            return sg_fail(why, SG_E_SYS, "sinergid was not ready within %d s; see %s",
                           READY_MS / 1000, daemon->log);
        int heard = hear(daemon);
        if (heard == 1)
            return SG_OK;
        if (heard < 0 && fds[1].revents) {
            enum sg_err err = reap_well(daemon, "start", why);
            return err ? err : sg_fail(why, SG_E_SYS, "sinergid ended before it was ready");
        }
    }
}

enum sg_err daemon_proc_start(struct daemon_proc *daemon, int64_t *out_ready_ns, struct sg_why *why)
{
    enum sg_err err = open_notify(daemon, why);
    if (err)
        return err;
    int64_t begin_ns = daemon_proc_now_ns();
    err = spawn(daemon, NULL, NULL, why);
    if (!err)
        err = await_ready(daemon, why);
    if (!err && out_ready_ns)
        *out_ready_ns = daemon_proc_now_ns() - begin_ns;
    close_notify(daemon);
    return err;
}

/* ---- the end ---- */

enum sg_err daemon_proc_kill(struct daemon_proc *daemon, struct sg_why *why)
{
    int status = 0;
    if (!daemon->pid)
        return SG_OK;
    if (kill(daemon->pid, SIGKILL) < 0)
        return sg_fail(why, SG_E_SYS, "kill: %s", strerror(errno));
    enum sg_err err = reap(daemon, &status, why);
    if (!err && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL))
        err = sg_fail(why, SG_E_SYS, "sinergid had ended before it was killed: %s %d; see %s",
                      WIFEXITED(status) ? "exit status" : "signal",
                      WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), daemon->log);
    return err;
}

enum sg_err daemon_proc_stop(struct daemon_proc *daemon, struct sg_why *why)
{
    if (!daemon->pid)
        return SG_OK;
    if (kill(daemon->pid, SIGTERM) < 0)
        return sg_fail(why, SG_E_SYS, "kill: %s", strerror(errno));
    return reap_well(daemon, "stop", why);
}

bool daemon_proc_ended(const struct daemon_proc *daemon)
{
    struct pollfd end = {.fd = daemon->pid_fd, .events = POLLIN};
    return daemon->pid && poll(&end, 1, 0) == 1;
}

enum sg_err daemon_proc_init(struct daemon_proc *daemon, const struct fixture *fixture,
                             const char *program, struct sg_why *why)
{
    *daemon = (struct daemon_proc){.fixture = fixture, .notify_fd = -1, .pid_fd = -1};
    if (!program)
        program = getenv("SINERGID");
    (void)snprintf(daemon->program, sizeof daemon->program, "%s",
                   program ? program : "build/release/sinergid");
    (void)snprintf(daemon->log, sizeof daemon->log, "%s/sinergid.log", fixture->folder);
    if (access(daemon->program, X_OK) < 0)
        return sg_fail(why, SG_E_SYS, "'%s': %s", daemon->program, strerror(errno));
    return daemon_proc_job(daemon, "--init", NULL, why);
}

void daemon_proc_done(struct daemon_proc *daemon)
{
    struct sg_why why = {0};
    if (daemon_proc_kill(daemon, &why))
        (void)fprintf(stderr, "# %s\n", why.text);
    sg_fd_done(&daemon->notify_fd);
    sg_fd_done(&daemon->pid_fd);
}

/* ---- usage ---- */

static bool read_text(const char *path, char *to, size_t size)
{
    SG_AUTO(sg_fd_done) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, to, size - 1);
    if (got < 0)
        return false;
    to[got] = '\0';
    return true;
}

static uint64_t number_after(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

/* utime and stime: fields 14 and 15 of a stat file, counted behind the name in brackets. */
static uint64_t cpu_us(const char *stat)
{
    const char *at = strrchr(stat, ')');
    uint64_t user = 0, system = 0;
    if (!at || sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64,
                      &user, &system) != 2)
        return 0;
    return (user + system) * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

enum sg_err daemon_proc_usage(const struct daemon_proc *daemon, struct daemon_usage *out_usage,
                              struct sg_why *why)
{
    char path[96], text[8192];
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)daemon->pid);
    if (!daemon->pid || !read_text(path, text, sizeof text))
        return sg_fail(why, SG_E_SYS, "'%s': %s", path, strerror(errno));
    struct daemon_usage usage = {.rss_kib = number_after(text, "VmRSS:"),
                                 .anon_kib = number_after(text, "RssAnon:"),
                                 .peak_kib = number_after(text, "VmHWM:")};
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)daemon->pid);
    if (read_text(path, text, sizeof text))
        usage.cpu_us = cpu_us(text);
    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/stat", (int)daemon->pid, (int)daemon->pid);
    if (read_text(path, text, sizeof text))
        usage.loop_cpu_us = cpu_us(text);
    *out_usage = usage;
    return SG_OK;
}
