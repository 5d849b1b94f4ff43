#include "loop.h"

#include "job.h"
#include "kit/check.h"
#include "sys/log.h"
#include "sys/notify.h"
#include "sys/signals.h"
#include "sys/space.h"

#include <errno.h>
#include <inttypes.h>
#include <zmq.h>

enum {
    FRAMES_MAX = SG_TURN_EVENTS_MAX, /* a frame holds one event or more */
    POLL_ITEMS = 5,                  /* ZAP, TCP, local, signals, job */
    GONE_AT_ONCE = 64,
};
static const int64_t second_ns = INT64_C(1000000000);
static const int64_t ns_per_ms = 1000000;

struct loop {
    const struct loop_parts *parts;
    zmq_pollitem_t items[POLL_ITEMS];
    size_t item_count;
    struct clock_reading now;
    int64_t journal_ms;

    size_t frame_count;
    struct net_frame frames[FRAMES_MAX]; /* taken from the sockets, not yet by a turn */
    struct frame_in in[FRAMES_MAX];
    int64_t due_wall_ms, due_mono_ns; /* when the broker wants a turn without frames */
    bool due;                         /* or at once */
    bool stopping;
    struct job *job;
    struct report_done *report; /* has ended, and no turn was told of it yet */

    struct {
        bool waiting;
        uint64_t epoch, height;
        uint8_t hash[SG_HASH_BYTES];
        int64_t written_ns;
    } head;

    struct watchdog watchdog;
    int64_t turn_ns; /* how long the last turn took */
    int64_t tick_ns; /* of the last second */
    unsigned ticks;
    bool storage_low, space_unknown, clock_held;
    uint64_t refused_told, turns_told;
};

/* ---- signals ---- */

static void tell_change(void *context, enum conf_change change, const char *kind, const char *name)
{
    static const char *const words[] = {
        [CONF_ADDED] = "added",
        [CONF_REMOVED] = "removed",
        [CONF_CHANGED] = "changed",
        [CONF_NEEDS_RESTART] = "needs-restart",
    };
    (void)context;
    log_note("reload-change", "%s=%s change=%s", kind, name, words[change]);
}

static enum sg_err read_world(const struct loop_parts *parts, struct conf *conf,
                              struct sg_lists **lists, struct sg_why *why)
{
    enum sg_err err = conf_read_file(parts->conf_path, conf, why);
    return err ? err : sg_lists_load(conf->settings.codes_path, lists, why);
}

/* All of it, or nothing: what cannot be read changes nothing. */
static void reload(struct loop *loop)
{
    const struct loop_parts *parts = loop->parts;
    SG_AUTO(conf_done) struct conf conf = {0};
    SG_AUTO(sg_lists_free) struct sg_lists *lists = NULL;
    struct sg_why why = {0};
    notify_reloading(loop->now.mono_ns);
    if (read_world(parts, &conf, &lists, &why)) {
        log_error("reload-refused", "why=%s", log_quote(why.text).text);
        notify_ready("reload refused, see the log; serving as before");
        return;
    }
    conf_compare(parts->conf, &conf, tell_change, NULL);
    if (strcmp(sg_lists_version(lists), sg_lists_version(*parts->lists)) != 0)
        log_note("reload-codes", "from=%s to=%s", sg_lists_version(*parts->lists),
                 sg_lists_version(lists));
    conf_keep_running(&parts->conf->settings, &conf.settings);

    struct conf old_conf = *parts->conf;
    struct sg_lists *old_lists = *parts->lists;
    *parts->conf = conf;
    *parts->lists = lists;
    conf = old_conf; /* freed at the end of the scope, when nobody borrows it any more */
    lists = old_lists;
    net_set_roster(parts->net, parts->conf->roster);
    broker_set_world(parts->broker, parts->conf->roster, *parts->lists,
                     &parts->conf->settings.limits);
    broker_set_target(parts->broker, (uint32_t)parts->conf->settings.target_min,
                      (uint32_t)parts->conf->settings.target_max);
    log_set_level((int)parts->conf->settings.log_level);
    loop->due = true; /* sessions of keys that are gone get their Bye now */
    log_note("reloaded", "agencies=%zu codes=%s", parts->conf->roster->agency_count,
             sg_lists_version(*parts->lists));
    notify_ready("serving, %zu agencies", parts->conf->roster->agency_count);
}

static void serve_signals(struct loop *loop)
{
    enum signal_asked asked;
    while ((asked = signals_next(loop->parts->signal_fd)) != SIGNAL_NONE) {
        if (asked == SIGNAL_RELOAD)
            reload(loop);
        else
            loop->stopping = true;
    }
}

/* ---- once a second ---- */

static void look_at_space(struct loop *loop)
{
    const struct settings *settings = &loop->parts->conf->settings;
    const struct space_reserve reserve = {(unsigned)settings->reserve_percent,
                                          (uint64_t)settings->reserve_mib << 20};
    struct space space = {0};
    struct sg_why why = {0};
    bool unknown = space_look(settings->store_path, &reserve, &space, &why) != SG_OK;
    if (unknown && !loop->space_unknown)
        log_error("storage-unknown", "why=%s", log_quote(why.text).text);
    loop->space_unknown = unknown;
    bool low = unknown || space.low; /* what cannot be seen is not relied on */
    if (low && !loop->storage_low)
        log_warn("storage-low", "free_mib=%" PRIu64 " total_mib=%" PRIu64, space.free_bytes >> 20,
                 space.total_bytes >> 20);
    if (!low && loop->storage_low)
        log_note("storage-ok", "free_mib=%" PRIu64 " total_mib=%" PRIu64, space.free_bytes >> 20,
                 space.total_bytes >> 20);
    loop->storage_low = low;
}

/* At most one line a second, whoever knocks. */
static void tell_refusals(struct loop *loop)
{
    const struct net_counters *counters = net_counters(loop->parts->net);
    if (counters->refused == loop->refused_told)
        return;
    const struct net_refusal *last = net_last_refusal(loop->parts->net);
    log_warn("key-refused", "count=%" PRIu64 " reason=%s key=%s address=%s",
             counters->refused - loop->refused_told, last->reason, log_quote(last->name).text,
             log_quote(last->address).text);
    loop->refused_told = counters->refused;
}

static void tell_clock(struct loop *loop)
{
    bool held = loop->parts->clock->held;
    if (held && !loop->clock_held)
        log_error("clock-held", "wall_ms=%" PRId64 " journal_ms=%" PRId64, loop->now.wall_ms,
                  loop->journal_ms);
    if (!held && loop->clock_held)
        log_note("clock-agrees", "wall_ms=%" PRId64, loop->now.wall_ms);
    loop->clock_held = held;
}

static void tell_status(struct loop *loop)
{
    const struct broker_counters *n = broker_counters(loop->parts->broker);
    if (n->turns == loop->turns_told)
        return;
    loop->turns_told = n->turns;
    notify_status("serving: %" PRIu64 " events accepted, %" PRIu64 " refused, %" PRIu64
                  " deliveries%s%s",
                  n->events_accepted, n->events_rejected, n->deliveries,
                  loop->storage_low ? "; storage low" : "", loop->clock_held ? "; clock held" : "");
}

static void tick(struct loop *loop)
{
    if (loop->now.mono_ns >= net_next_ns(loop->parts->net))
        net_sweep(loop->parts->net, loop->journal_ms, loop->now.mono_ns);
    if (loop->ticks && loop->now.mono_ns - loop->tick_ns < second_ns)
        return;
    loop->tick_ns = loop->now.mono_ns;
    look_at_space(loop);
    tell_clock(loop);
    tell_refusals(loop);
    net_sweep(loop->parts->net, loop->journal_ms, loop->now.mono_ns);
    if (loop->ticks++ % 10 == 0) {
        env_reader_check(loop->parts->env);
        tell_status(loop);
    }
}

/* ---- frames ---- */

static enum sg_err take_frames(struct loop *loop, struct sg_why *why)
{
    size_t bytes = 0, count = 0;
    for (size_t i = 0; i < loop->frame_count; i++)
        bytes += loop->frames[i].body.len;
    if (loop->frame_count == FRAMES_MAX || bytes >= SG_TURN_BYTES_MAX)
        return SG_OK;
    enum sg_err err =
        net_take(loop->parts->net, loop->frames + loop->frame_count, FRAMES_MAX - loop->frame_count,
                 SG_TURN_BYTES_MAX - bytes, &count, why);
    if (!err)
        loop->frame_count += count;
    return err;
}

static void tell_gone(struct loop *loop)
{
    uint64_t gone[GONE_AT_ONCE];
    size_t count;
    while ((count = net_gone(loop->parts->net, gone, GONE_AT_ONCE)) > 0)
        for (size_t i = 0; i < count; i++)
            broker_peer_gone(loop->parts->broker, (struct peer){gone[i]});
}

static enum sg_err send_frame(struct loop *loop, const struct frame_out *frame, struct sg_why *why)
{
    struct net *net = loop->parts->net;
    if (frame->fate == FRAME_CUT) {
        net_cut(net, frame->peer.n);
        return SG_OK;
    }
    enum net_sent sent;
    enum sg_err err = net_send(net, frame->peer.n, frame->body, &sent, why);
    if (err)
        return err;
    if (sent == NET_PEER_FULL) /* it does not keep the limits */
        net_cut(net, frame->peer.n);
    if (sent != NET_SENT)
        broker_peer_gone(loop->parts->broker, frame->peer);
    else if (frame->fate == FRAME_SEND_AND_CUT)
        net_cut_later(net, frame->peer.n, loop->now.mono_ns);
    return SG_OK;
}

static enum sg_err send_frames(struct loop *loop, const struct turn_out *out, struct sg_why *why)
{
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < out->frame_count; i++)
        err = send_frame(loop, &out->frames[i], why);
    return err;
}

/* ---- turn ---- */

static bool turn_is_due(const struct loop *loop)
{
    return loop->frame_count > 0 || loop->due || loop->stopping || loop->report ||
           loop->journal_ms >= loop->due_wall_ms || loop->now.mono_ns >= loop->due_mono_ns;
}

static void follow_clock(struct loop *loop, const struct turn_out *out)
{
    if (out->clock_accept) {
        clock_accept(loop->parts->clock, loop->now);
        log_note("clock-accepted", "wall_ms=%" PRId64, loop->now.wall_ms);
    }
    if (out->clock_advance_to_ms) {
        clock_advance(loop->parts->clock, out->clock_advance_to_ms);
        log_note("clock-advanced", "journal_ms=%" PRId64, out->clock_advance_to_ms);
        loop->due = true;
    }
}

/* A thread that cannot be made is the end of this report, not of the daemon. */
static void start_report(struct loop *loop, const struct turn_out *out)
{
    static struct report_done failed;
    struct sg_why why = {0};
    loop->report = NULL;
    if (!out->report || !job_start(loop->job, out->report, out->report_no, &why))
        return;
    log_error("report-not-started", "why=%s", log_quote(why.text).text);
    failed = (struct report_done){.no = out->report_no, .err = SG_E_SYS};
    loop->report = &failed;
}

static void keep(struct loop *loop, const struct turn_out *out)
{
    SG_CHECK(out->frames_taken <= loop->frame_count);
    net_release(loop->parts->net, loop->frames, out->frames_taken);
    loop->frame_count -= out->frames_taken;
    memmove(loop->frames, loop->frames + out->frames_taken,
            loop->frame_count * sizeof *loop->frames);
    loop->due = out->more;
    loop->due_wall_ms = out->next_wall_ms;
    loop->due_mono_ns = out->next_mono_ns;
    follow_clock(loop, out);
    start_report(loop, out);
    if (!out->head_moved)
        return;
    loop->head.waiting = true;
    loop->head.epoch = out->head_epoch;
    loop->head.height = out->head_height;
    memcpy(loop->head.hash, out->head_hash, sizeof loop->head.hash);
}

static enum sg_err turn(struct loop *loop, struct sg_why *why)
{
    for (size_t i = 0; i < loop->frame_count; i++) {
        const struct net_frame *frame = &loop->frames[i];
        loop->in[i] = (struct frame_in){
            .peer = {frame->peer},
            .agency = frame->agency,
            .device = frame->device,
            .local = frame->local,
            .over_limit = frame->over_limit,
            .body = frame->body,
        };
    }
    const struct turn_in in = {
        .frames = loop->in,
        .frame_count = loop->frame_count,
        .wall_ms = loop->journal_ms,
        .mono_ns = loop->now.mono_ns,
        .storage_low = loop->storage_low,
        .clock_held = loop->clock_held,
        .stopping = loop->stopping,
        .report = loop->report,
    };
    struct turn_out out = {0};
    enum sg_err err = broker_turn(loop->parts->broker, &in, &out, why);
    if (!err)
        err = send_frames(loop, &out, why);
    if (!err)
        keep(loop, &out);
    return err;
}

/* The head file is written apart from the turn, at most once a second: losing the last second of it
 * only means that a store which lost that second is not recognised. */
static void write_head(struct loop *loop)
{
    struct sg_why why = {0};
    loop->head.waiting = false;
    loop->head.written_ns = loop->now.mono_ns;
    if (env_write_head(loop->parts->env, loop->head.epoch, loop->head.height, loop->head.hash,
                       &why))
        log_error("head-not-written", "why=%s", log_quote(why.text).text);
}

static bool head_is_due(const struct loop *loop)
{
    return loop->head.waiting && loop->now.mono_ns - loop->head.written_ns >= second_ns;
}

/* ---- the loop ---- */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t ns_until(int64_t at_ns, int64_t now_ns)
{
    return at_ns <= now_ns ? 0 : least(at_ns - now_ns, second_ns);
}

/* A second at most: space, connections and clock are looked at then. */
static long wait_ms(const struct loop *loop)
{
    if (loop->due || loop->frame_count || loop->report)
        return 0;
    int64_t now_ns = loop->now.mono_ns;
    int64_t wait_ns = ns_until(loop->tick_ns + second_ns, now_ns);
    wait_ns = least(wait_ns, ns_until(loop->due_mono_ns, now_ns));
    wait_ns = least(wait_ns, ns_until(net_next_ns(loop->parts->net), now_ns));
    if (loop->head.waiting)
        wait_ns = least(wait_ns, ns_until(loop->head.written_ns + second_ns, now_ns));
    if (!loop->parts->clock->demo) { /* the time of a demo does not come by waiting */
        int64_t wall_ms = loop->due_wall_ms - loop->journal_ms;
        if (wall_ms < second_ns / ns_per_ms)
            wait_ns = least(wait_ns, wall_ms <= 0 ? 0 : wall_ms * ns_per_ms);
    }
    return (long)((wait_ns + ns_per_ms - 1) / ns_per_ms);
}

static void read_clock(struct loop *loop)
{
    loop->now = clock_read();
    loop->journal_ms = clock_journal_ms(loop->parts->clock, loop->now);
}

static enum sg_err step(struct loop *loop, struct sg_why *why)
{
    if (zmq_poll(loop->items, (int)loop->item_count, wait_ms(loop)) < 0 && errno != EINTR)
        return sg_fail(why, SG_E_NET, "zmq_poll: %s", zmq_strerror(errno));
    read_clock(loop);
    serve_signals(loop);
    enum sg_err err = net_serve_zap(loop->parts->net, loop->journal_ms, loop->now.mono_ns, why);
    if (!err)
        err = take_frames(loop, why);
    tick(loop);
    tell_gone(loop);
    if (!loop->report)
        (void)job_take(loop->job, &loop->report);
    int64_t before_ns = loop->now.mono_ns;
    if (!err && turn_is_due(loop))
        err = turn(loop, why);
    if (err)
        return err;

    read_clock(loop);
    loop->turn_ns = loop->now.mono_ns - before_ns;
    if (head_is_due(loop))
        write_head(loop);
    if (watchdog_due(&loop->watchdog, loop->now.mono_ns, loop->turn_ns))
        watchdog_sign(&loop->watchdog, loop->now.mono_ns);
    return SG_OK;
}

static void begin(struct loop *loop)
{
    loop->item_count = net_poll_items(loop->parts->net, loop->items, POLL_ITEMS - 2);
    loop->items[loop->item_count++] =
        (zmq_pollitem_t){.fd = loop->parts->signal_fd, .events = ZMQ_POLLIN};
    loop->items[loop->item_count++] =
        (zmq_pollitem_t){.fd = job_fd(loop->job), .events = ZMQ_POLLIN};
    loop->due = true; /* what fell due while nobody ran comes first */
    watchdog_init(&loop->watchdog);
    read_clock(loop);
    look_at_space(loop);
}

enum sg_err loop_run(const struct loop_parts *parts, struct sg_why *why)
{
    SG_AUTO(sg_heap_done) struct loop *loop = calloc(1, sizeof *loop);
    if (!loop)
        return sg_fail(why, SG_E_SYS, "out of memory");
    loop->parts = parts;
    enum sg_err err = job_new(parts->env, &loop->job, why);
    if (err)
        return err;
    begin(loop);
    while (!err && !loop->stopping)
        err = step(loop, why);
    if (err)
        return err; /* nothing more is said: the outcome may be unknown */
    notify_stopping();
    job_free(&loop->job);
    if (loop->head.waiting)
        write_head(loop);
    net_release(parts->net, loop->frames, loop->frame_count);
    return SG_OK;
}
