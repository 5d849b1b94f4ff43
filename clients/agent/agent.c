#include "agent/agent.h"

#include "agent/drop.h"
#include "agent/log.h"
#include "agent/report.h"
#include "kit/bytes.h"
#include "lib/inside.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum {
    WORLD_ARENA_BYTES = 4 << 20,
    DISK_PAUSE_S = 5,
    DISK_ERRORS_MAX = 24, /* two minutes: a process that begins anew may see more */
    ATTACH_PAUSE_S = 60,
    CONNECT_PATIENCE_S = 10, /* a connection takes its time: no error before */
    STOP_GRACE_S = 10,       /* for programs that run when the agent is asked to end */
    POLL_MAX = 2 + CHILD_FDS * AGENT_SUBSCRIPTIONS_MAX + DROP_FDS,
    WAIT_MAX_MS = 30000,
    RENEW_S = 3600, /* nothing that was handled can be read in the inbox longer than that */
    REST_MS = 250,  /* memory of files that were looked at is let go of that often */
};

/* ---- open and close ---------------------------------------------------------------------- */

static enum sg_err open_signals(struct agent *agent, struct sg_why *why)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return sg_fail(why, SG_E_SYS, "signals: %s", strerror(errno));
    agent->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return agent->signal_fd < 0 ? sg_fail(why, SG_E_SYS, "signalfd: %s", strerror(errno)) : SG_OK;
}

static uint32_t retry_ms(const struct subscription_conf *conf)
{
    int64_t most_s = 0;
    for (size_t i = 0; i < conf->handler_count; i++) {
        if (conf->handlers[i].kind == HANDLER_EXEC && conf->handlers[i].retry_s > most_s)
            most_s = conf->handlers[i].retry_s;
    }
    return (uint32_t)(most_s ? most_s * 1000 : DISK_PAUSE_S * 1000);
}

static enum sg_err subscribe(struct agent *agent, size_t index, struct sg_why *why)
{
    const struct subscription_conf *conf = &agent->conf->subscriptions[index];
    sinergi *client = agent->world.client;
    struct chain *chain = &agent->chains[agent->chain_count++];
    enum sg_err err = chain_open(chain, &agent->world, conf, why);
    if (err)
        return err;
    sinergi_subscription as = {.name = conf->name,
                               .types = conf->types,
                               .start = (sinergi_start)conf->from,
                               .seq = conf->from_seq,
                               .take_over = conf->take_over,
                               .retry_ms = retry_ms(conf),
                               .handler = chain_take,
                               .context = chain};
    if (sinergi_subscribe(client, &as) != SINERGI_OK)
        return sg_fail(why, SG_E_CONF, "%s:%u: %.200s / %.200s", agent->conf->file, conf->line,
                       sinergi_error(client, "id"), sinergi_error(client, "en"));
    return SG_OK;
}

static enum sg_err open_client(struct agent *agent, struct sg_why *why)
{
    sinergi_status status = sinergi_open(agent->conf->client, &agent->world.client);
    if (!status) {
        agent->world.client->stays = true; /* the broker counts who is silent */
        return SG_OK;
    }
    return sg_fail(why, status == SINERGI_CONFIG ? SG_E_CONF : SG_E_SYS, "%s",
                   sinergi_error(agent->world.client, "en"));
}

static enum sg_err open_all(struct agent *agent, struct sg_why *why)
{
    enum sg_err err = open_signals(agent, why);
    if (!err)
        err = sg_arena_init(&agent->world.arena, WORLD_ARENA_BYTES, why);
    if (!err)
        err = open_client(agent, why);
    if (err)
        return err;
    const char *data = agent->world.client->conf.data_path;
    status_open(&agent->status, data);
    err = status_lock(data, &agent->lock_fd, why);
    for (size_t i = 0; !err && i < agent->conf->subscription_count; i++)
        err = subscribe(agent, i, why);
    if (!err && agent->conf->drop.folder)
        err = drop_open(agent->conf, agent->world.client, &agent->drop, why);
    if (!err && sinergi_fd(agent->world.client) < 0)
        err = sg_fail(why, SG_E_SYS, "%s", sinergi_error(agent->world.client, "en"));
    return err;
}

static void close_all(struct agent *agent)
{
    drop_close(&agent->drop);
    for (size_t i = 0; i < agent->chain_count; i++)
        chain_close(&agent->chains[i]);
    sinergi_close(agent->world.client);
    sg_arena_done(&agent->world.arena);
    status_done(&agent->status);
    sg_fd_done(&agent->signal_fd);
    sg_fd_done(&agent->lock_fd);
}

/* ---- the broker -------------------------------------------------------------------------- */

static void note_error(struct agent *agent, sinergi_status status)
{
    const char *text_id = sinergi_error(agent->world.client, "id");
    const char *text_en = sinergi_error(agent->world.client, "en");
    bool same = strcmp(agent->error_en, text_en) == 0;
    (void)snprintf(agent->error_id, sizeof agent->error_id, "%s", text_id);
    (void)snprintf(agent->error_en, sizeof agent->error_en, "%s", text_en);
    agent->error_ms = device_wall_ms();
    if (!same)
        log_warn("client-error", "status=%d why=\"%s\"", (int)status, text_en);
}

static void note_connection(struct agent *agent)
{
    bool up = session_is_up(agent->world.client);
    if (up == agent->connected)
        return;
    agent->connected = up;
    agent->connected_ms = device_wall_ms();
    agent->lost_ns = client_mono_ns();
    if (up) {
        agent->error_id[0] = agent->error_en[0] = '\0';
        log_note("connected", "broker=%s", agent->world.client->conf.endpoint);
    } else {
        log_warn("disconnected", "broker=%s", agent->world.client->conf.endpoint);
    }
    report_state(agent);
}

/* What another device holds may be free by now; what the broker refused may have been repaired. */
static void attach_again(struct agent *agent, int64_t now_ns)
{
    if (now_ns < agent->attach_ns)
        return;
    struct sinergi *client = agent->world.client;
    agent->attach_ns = now_ns + ATTACH_PAUSE_S * S_NS;
    bool any = false;
    for (size_t i = 0; i < client->subscription_count; i++) {
        struct subscription *sub = client->subscriptions[i];
        if (!sub->given_up || settled_subscription(sub))
            continue;
        sub->given_up = false;
        any = true;
    }
    if (any && session_is_up(client))
        reader_attach(client);
}

/* A full disk: nothing is lost, the same call goes on once there is room. */
static void take_status(struct agent *agent, sinergi_status status, int64_t now_ns)
{
    if (status == SINERGI_LOCAL) {
        agent->disk_errors++;
        agent->pause_ns = now_ns + DISK_PAUSE_S * S_NS;
    } else {
        agent->disk_errors = 0;
    }
    bool early = now_ns < agent->lost_ns + CONNECT_PATIENCE_S * S_NS;
    bool quiet = status == SINERGI_OK || (status == SINERGI_TIMEOUT && (agent->connected || early));
    if (!quiet)
        note_error(agent, status);
}

static void run_client(struct agent *agent, int64_t now_ns)
{
    if (now_ns < agent->pause_ns || agent->stop_ns)
        return;
    attach_again(agent, now_ns);
    sinergi_status status = sinergi_run(agent->world.client, SINERGI_UNTIL_TIMEOUT, 0);
    note_connection(agent);
    take_status(agent, status, now_ns);
}

/* ---- the loop ---------------------------------------------------------------------------- */

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int wait_ms(const struct agent *agent, int64_t now_ns)
{
    int64_t next = now_ns + WAIT_MAX_MS * MS_NS;
    for (size_t i = 0; i < agent->chain_count; i++)
        next = sooner(next, child_deadline_ns(&agent->chains[i].child));
    next = sooner(next, drop_due_ns(agent->drop));
    if (agent->sign_ns)
        next = sooner(next, agent->sign_ns);
    if (agent->pause_ns > now_ns)
        next = sooner(next, agent->pause_ns);
    if (agent->stop_ns)
        next = sooner(next, agent->stop_ns);
    if (!status_is_due(&agent->status, now_ns)) /* what the last turns changed is told soon */
        next = sooner(next, agent->status.next_ns);
    return next <= now_ns ? 0 : (int)((next - now_ns + MS_NS - 1) / MS_NS);
}

static size_t collect_fds(struct agent *agent, struct pollfd *fds, int64_t now_ns)
{
    bool paused = now_ns < agent->pause_ns || agent->stop_ns;
    size_t count = 0;
    fds[count++] = (struct pollfd){.fd = agent->signal_fd, .events = POLLIN};
    fds[count++] =
        (struct pollfd){.fd = paused ? -1 : sinergi_fd(agent->world.client), .events = POLLIN};
    for (size_t i = 0; i < agent->chain_count; i++, count += CHILD_FDS)
        child_fds(&agent->chains[i].child, fds + count);
    drop_fds(agent->drop, fds + count);
    return count + DROP_FDS;
}

static bool any_program_runs(const struct agent *agent)
{
    for (size_t i = 0; i < agent->chain_count; i++) {
        if (child_runs(&agent->chains[i].child))
            return true;
    }
    return false;
}

/* Asked to end: programs that run may finish, nothing new begins. Asked twice: at once. */
static void take_signals(struct agent *agent, int64_t now_ns)
{
    struct signalfd_siginfo info;
    while (read(agent->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (!agent->stop_ns)
            (void)sd_notify(0, "STOPPING=1");
        agent->stop_ns = agent->stop_ns ? now_ns : now_ns + STOP_GRACE_S * S_NS;
        agent->world.stopping = true;
    }
}

static bool is_over(struct agent *agent, int64_t now_ns)
{
    if (agent->stop_ns)
        return now_ns >= agent->stop_ns || !any_program_runs(agent);
    if (!agent->once || any_program_runs(agent) || !agent->connected)
        return false;
    sinergi_outbox_info info = {0};
    return reader_all_caught_up(agent->world.client) && drop_is_idle(agent->drop) &&
           sinergi_outbox(agent->world.client, &info) == SINERGI_OK && info.unanswered == 0;
}

static void give_sign(struct agent *agent, int64_t now_ns)
{
    if (!agent->sign_ns || now_ns < agent->sign_ns)
        return;
    (void)sd_notify(0, "WATCHDOG=1");
    agent->sign_ns = now_ns + agent->sign_gap_ns;
}

static void renew(struct agent *agent, int64_t now_ns)
{
    struct sinergi *client = agent->world.client;
    struct sg_why why = {0};
    if (now_ns < agent->renew_ns || !inbox_is_used(client->inbox))
        return;
    agent->renew_ns = now_ns + RENEW_S * S_NS;
    if (inbox_renew(client->inbox, &client->frame_arena, &why)) /* a full disk: the next hour */
        log_warn("inbox-not-renewed", "why=\"%s\"", why.text);
}

static void rest(struct agent *agent, int64_t now_ns)
{
    if (now_ns < agent->rest_ns)
        return;
    agent->rest_ns = now_ns + REST_MS * MS_NS;
    outbox_rest(agent->world.client->outbox);
    inbox_rest(agent->world.client->inbox);
    renew(agent, now_ns);
}

static void turn(struct agent *agent, int64_t now_ns)
{
    take_signals(agent, now_ns);
    for (size_t i = 0; i < agent->chain_count; i++)
        chain_step(&agent->chains[i], now_ns);
    run_client(agent, now_ns);
    if (!agent->stop_ns)
        drop_step(agent->drop, client_mono_ns());
    rest(agent, now_ns);
    give_sign(agent, client_mono_ns());
    if (status_is_due(&agent->status, client_mono_ns()))
        report_state(agent);
}

static int loop(struct agent *agent)
{
    int64_t now_ns = client_mono_ns();
    for (;;) {
        turn(agent, now_ns);
        now_ns = client_mono_ns();
        if (is_over(agent, now_ns))
            return AGENT_DONE;
        if (agent->disk_errors > DISK_ERRORS_MAX) {
            log_error("agent-ended", "why=\"%s\"", agent->error_en);
            return AGENT_LOCAL;
        }
        struct pollfd fds[POLL_MAX];
        size_t count = collect_fds(agent, fds, now_ns);
        if (poll(fds, count, wait_ms(agent, now_ns)) < 0 && errno != EINTR) {
            log_error("agent-ended", "why=\"poll: %s\"", strerror(errno));
            return AGENT_LOCAL;
        }
        now_ns = client_mono_ns();
    }
}

static void watchdog_begin(struct agent *agent)
{
    uint64_t usec = 0;
    if (sd_watchdog_enabled(0, &usec) <= 0)
        return;
    agent->sign_gap_ns = (int64_t)usec * 1000 / 3; /* three signs per deadline */
    agent->sign_ns = client_mono_ns();
}

int agent_run(struct agent_conf *conf, bool once)
{
    SG_AUTO(sg_heap_done) struct agent *agent = calloc(1, sizeof *agent);
    struct sg_why why = {0};
    if (!agent) {
        log_error("agent-failed", "why=\"no memory\"");
        return AGENT_LOCAL;
    }
    agent->conf = conf;
    agent->once = once;
    agent->world.conf = conf;
    agent->signal_fd = agent->lock_fd = -1;
    enum sg_err err = open_all(agent, &why);
    int status = err == SG_E_CONF || err == SG_E_FORMAT ? AGENT_CONF : AGENT_LOCAL;
    if (err) {
        log_error("agent-failed", "why=\"%s\"", why.text);
    } else {
        agent->started_ms = agent->connected_ms = device_wall_ms();
        agent->lost_ns = client_mono_ns();
        agent->renew_ns = agent->lost_ns + RENEW_S * S_NS;
        watchdog_begin(agent);
        log_note("agent-started", "agency=%s device=%s subscriptions=%zu drop=%s",
                 sinergi_agency(agent->world.client), sinergi_device(agent->world.client),
                 agent->chain_count, agent->drop ? "yes" : "no");
        (void)sd_notify(0, "READY=1");
        status = loop(agent);
        report_state(agent);
        log_note("agent-stopped", "status=%d", status);
    }
    close_all(agent);
    return status;
}
