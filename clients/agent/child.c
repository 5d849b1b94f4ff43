#include "agent/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define S_NS INT64_C(1000000000)
enum {
    TERM_GRACE_S = 5, /* between SIGTERM and SIGKILL */
    READ_BYTES = 16384,
    READS_MAX = 16, /* of one step: a chatty child does not hold up the loop */
    SIGNAL_BASE = 256,
};

static int64_t mono_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
    return (int64_t)t.tv_sec * S_NS + t.tv_nsec;
}

void child_init(struct child *child)
{
    *child = (struct child){.pid_fd = -1, .in_fd = -1, .out_fd = -1};
}

bool child_runs(const struct child *child)
{
    return child->pid > 0;
}

/* ---- starting ---------------------------------------------------------------------------- */

struct pipes {
    int in[2], out[2];
};

static void pipes_done(struct pipes *pipes)
{
    for (size_t i = 0; i < 2; i++) {
        sg_fd_done(&pipes->in[i]);
        sg_fd_done(&pipes->out[i]);
    }
}

/* Our ends do not block; those of the child do, as programs expect it. */
static bool pipes_open(struct pipes *pipes)
{
    return pipe2(pipes->in, O_CLOEXEC) == 0 && pipe2(pipes->out, O_CLOEXEC) == 0 &&
           fcntl(pipes->in[1], F_SETFL, O_NONBLOCK) == 0 &&
           fcntl(pipes->out[0], F_SETFL, O_NONBLOCK) == 0;
}

static void attributes_done(posix_spawnattr_t *attributes)
{
    (void)posix_spawnattr_destroy(attributes);
}

static void actions_done(posix_spawn_file_actions_t *actions)
{
    (void)posix_spawn_file_actions_destroy(actions);
}

/* A group of its own, and signals as any program finds them. */
static int prepare_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    int rc = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                      POSIX_SPAWN_SETSIGDEF);
    rc = rc ? rc : posix_spawnattr_setpgroup(attributes, 0);
    rc = rc ? rc : posix_spawnattr_setsigmask(attributes, &none);
    return rc ? rc : posix_spawnattr_setsigdefault(attributes, &all);
}

static int prepare_actions(posix_spawn_file_actions_t *actions, const struct pipes *pipes,
                           const struct child_order *order)
{
    int rc = posix_spawn_file_actions_adddup2(actions, pipes->in[0], STDIN_FILENO);
    rc = rc ? rc : posix_spawn_file_actions_adddup2(actions, pipes->out[1], STDOUT_FILENO);
    if (!rc && !order->own_errors)
        rc = posix_spawn_file_actions_adddup2(actions, pipes->out[1], STDERR_FILENO);
    rc = rc ? rc : posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
    return rc ? rc : posix_spawn_file_actions_addchdir_np(actions, order->folder);
}

static int spawn(const struct child_order *order, const struct pipes *pipes, pid_t *out_pid)
{
    SG_AUTO(attributes_done) posix_spawnattr_t attributes;
    SG_AUTO(actions_done) posix_spawn_file_actions_t actions;
    (void)posix_spawnattr_init(&attributes); /* cannot fail in glibc */
    (void)posix_spawn_file_actions_init(&actions);
    int rc = prepare_attributes(&attributes);
    rc = rc ? rc : prepare_actions(&actions, pipes, order);
    char *argv[64];
    size_t count = 0;
    for (; order->argv[count] && count + 1 < SG_ARRAY_LEN(argv); count++)
        memcpy(&argv[count], &order->argv[count], sizeof argv[count]); /* exec does not write */
    argv[count] = NULL;
    if (!argv[0])
        return EINVAL;
    return rc ? rc : posix_spawn(out_pid, argv[0], &actions, &attributes, argv, order->environment);
}

enum sg_err child_start(struct child *child, const struct child_order *order, struct sg_why *why)
{
    SG_AUTO(pipes_done) struct pipes pipes = {{-1, -1}, {-1, -1}};
    if (!pipes_open(&pipes))
        return sg_fail(why, SG_E_SYS, "pipe: %s", strerror(errno));
    pid_t pid = 0;
    int rc = spawn(order, &pipes, &pid);
    if (rc)
        return sg_fail(why, SG_E_SYS, "%s: %s", order->argv[0], strerror(rc));
    int pid_fd = pidfd_open(pid, 0);
    if (pid_fd < 0) {
        int error = errno;
        (void)kill(-pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        return sg_fail(why, SG_E_SYS, "pidfd_open: %s", strerror(error));
    }
    int64_t now_ns = mono_ns();
    *child = (struct child){.pid = pid,
                            .pid_fd = pid_fd,
                            .in_fd = pipes.in[1],
                            .out_fd = pipes.out[0],
                            .order = *order,
                            .started_ns = now_ns,
                            .deadline_ns = now_ns + order->timeout_s * S_NS};
    pipes.in[1] = pipes.out[0] = -1;
    return SG_OK;
}

/* ---- running ----------------------------------------------------------------------------- */

void child_fds(const struct child *child, struct pollfd fds[CHILD_FDS])
{
    fds[0] = (struct pollfd){.fd = child->pid_fd, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = child->in_fd, .events = POLLOUT};
    fds[2] = (struct pollfd){.fd = child->out_fd, .events = POLLIN};
}

/* A child that does not read its input to the end is content with less: no error. */
static void write_input(struct child *child)
{
    while (child->in_fd >= 0) {
        size_t left = child->order.input_length - child->written;
        ssize_t n = left ? write(child->in_fd, child->order.input + child->written, left) : 0;
        if (n > 0)
            child->written += (size_t)n;
        else if (n < 0 && errno == EAGAIN)
            return;
        else if (n == 0 || errno != EINTR)
            sg_fd_done(&child->in_fd);
    }
}

static void keep_output(struct child *child, const char *bytes, size_t length)
{
    child->output_bytes += length;
    if (!child->order.kept)
        return;
    size_t room = child->order.kept_size - 1 - child->kept_length;
    size_t take = length < room ? length : room;
    memcpy(child->order.kept + child->kept_length, bytes, take);
    child->kept_length += take;
    child->order.kept[child->kept_length] = '\0';
}

static void read_output(struct child *child)
{
    char bytes[READ_BYTES];
    for (int i = 0; child->out_fd >= 0 && i < READS_MAX; i++) {
        ssize_t n = read(child->out_fd, bytes, sizeof bytes);
        if (n > 0)
            keep_output(child, bytes, (size_t)n);
        else if (n < 0 && errno == EAGAIN)
            return;
        else if (n == 0 || errno != EINTR)
            sg_fd_done(&child->out_fd);
    }
}

static void check_time(struct child *child, int64_t now_ns)
{
    if (now_ns < child->deadline_ns)
        return;
    (void)kill(-child->pid, child->timed_out ? SIGKILL : SIGTERM);
    child->timed_out = true;
    child->deadline_ns = now_ns + TERM_GRACE_S * S_NS;
}

static void forget(struct child *child)
{
    sg_fd_done(&child->pid_fd);
    sg_fd_done(&child->in_fd);
    sg_fd_done(&child->out_fd);
    child->pid = 0;
}

/* The number of the group is ours as long as its first process is not reaped: what it has left
 * behind ends before that. */
static bool reap(struct child *child)
{
    siginfo_t info = {0};
    if (waitid(P_PIDFD, (id_t)child->pid_fd, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        info.si_pid == 0)
        return false;
    (void)kill(-child->pid, SIGKILL);
    read_output(child);
    (void)waitid(P_PIDFD, (id_t)child->pid_fd, &info, WEXITED);
    child->exit_status = info.si_code == CLD_EXITED ? info.si_status : SIGNAL_BASE + info.si_status;
    forget(child);
    return true;
}

bool child_step(struct child *child, int64_t now_ns)
{
    if (!child_runs(child))
        return false;
    write_input(child);
    read_output(child);
    if (reap(child))
        return true;
    check_time(child, now_ns);
    return false;
}

int64_t child_deadline_ns(const struct child *child)
{
    return child_runs(child) ? child->deadline_ns : INT64_MAX;
}

void child_kill(struct child *child)
{
    if (!child_runs(child))
        return;
    (void)kill(-child->pid, SIGKILL);
    siginfo_t info = {0};
    (void)waitid(P_PIDFD, (id_t)child->pid_fd, &info, WEXITED);
    forget(child);
}
