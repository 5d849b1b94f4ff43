#include "bench/inside.h"

#include "bench/lane.h"
#include "bench/peek.h"
#include "broker/broker.h"
#include "kit/check.h"
#include "kit/daemon_proc.h"
#include "sys/conf.h"
#include "wire/codec.h"

#include <unistd.h>

enum { PEERS = 4, FRAMES_PER_TURN = 20, HELLO_ROOM = 256, HELLO_ARENA = 4096 };

struct inside {
    const struct fixture *fixture;
    struct env_options options;
    struct sg_id store_id;
    char path[176];
    struct conf conf;
    struct sg_lists *lists;
    struct env *env;
    struct broker *broker;
    struct lane lanes[PEERS];
    uint64_t accepted, other;
};

static void close_broker(struct inside *in)
{
    broker_free(&in->broker);
    env_close(&in->env);
}

static void inside_done(struct inside *in)
{
    close_broker(in);
    sg_lists_free(&in->lists);
    conf_done(&in->conf);
    for (size_t i = 0; i < PEERS; i++)
        lane_done(&in->lanes[i]);
}

static enum sg_err turn(struct inside *in, const struct frame_in *frames, size_t count,
                        struct turn_out *out, struct sg_why *why)
{
    const struct turn_in what = {.frames = frames,
                                 .frame_count = count,
                                 .wall_ms = daemon_proc_wall_ms(),
                                 .mono_ns = daemon_proc_now_ns()};
    enum sg_err err = broker_turn(in->broker, &what, out, why);
    if (!err && out->frames_taken != count)
        err = sg_fail(why, SG_E_STATE, "a turn took %zu of %zu frames", out->frames_taken, count);
    for (size_t i = 0; !err && i < out->frame_count; i++) {
        struct peek peek = peek_at(out->frames[i].body);
        in->accepted += peek.accepted;
        in->other += peek.other + peek.refused;
    }
    return err;
}

static struct frame_in frame_from(size_t peer, struct sg_bytes body)
{
    return (struct frame_in){
        .peer = {peer + 1}, .agency = "satpolpp", .device = "kantor", .body = body};
}

static enum sg_err say_hello(struct inside *in, struct sg_why *why)
{
    SG_AUTO(sg_arena_done) struct sg_arena arena = {0};
    PbHello hello = PB_HELLO__INIT;
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    struct sg_bytes body;
    struct frame_in frames[PEERS];
    struct turn_out out = {0};
    hello.has_protocol = true;
    hello.protocol = SG_PROTOCOL;
    frame.hello = &hello;
    enum sg_err err = sg_arena_init(&arena, HELLO_ARENA, why);
    if (!err)
        err = sg_encode(&frame, &arena, &body, why);
    if (err)
        return err;
    for (size_t i = 0; i < PEERS; i++)
        frames[i] = frame_from(i, body);
    return turn(in, frames, PEERS, &out, why);
}

static enum sg_err open_broker(struct inside *in, bool timing, struct sg_why *why)
{
    (void)unlink(in->path); /* each run begins with an empty store */
    enum sg_err err = env_create(&in->options, &in->store_id, why);
    if (!err)
        err = env_open(&in->options, &in->env, why);
    const struct broker_options options = {
        .env = in->env,
        .keys = in->fixture->broker,
        .roster = in->conf.roster,
        .lists = in->lists,
        .version = "bench",
        .timing_ns = timing ? daemon_proc_now_ns : NULL,
    };
    if (!err)
        err = broker_new(&options, &in->broker, why);
    return err ? err : say_hello(in, why);
}

static enum sg_err make(struct inside *in, const struct fixture *fixture, struct sg_why *why)
{
    *in = (struct inside){.fixture = fixture};
    (void)snprintf(in->path, sizeof in->path, "%s/inside.mdb", fixture->folder);
    in->options = (struct env_options){.path = in->path};
    enum sg_err err = conf_read_file(fixture->conf, &in->conf, why);
    if (!err)
        err = sg_lists_load(in->conf.settings.codes_path, &in->lists, why);
    in->store_id = sg_id_make(daemon_proc_wall_ms());
    for (unsigned i = 0; !err && i < PEERS; i++)
        err = lane_open_inside(&in->lanes[i], fixture, &in->store_id, i, why);
    return err;
}

/* Every lane gives five frames to each turn. */
static enum sg_err run_all(struct inside *in, struct sg_why *why)
{
    enum sg_err err = SG_OK;
    in->accepted = in->other = 0;
    for (size_t at = 0; !err && at < in->lanes[0].frame_count; at += FRAMES_PER_TURN / PEERS) {
        struct frame_in frames[FRAMES_PER_TURN];
        struct turn_out out = {0};
        size_t count = 0;
        for (size_t i = 0; i < PEERS; i++)
            for (size_t k = at; k < at + FRAMES_PER_TURN / PEERS && k < in->lanes[i].frame_count;
                 k++)
                frames[count++] = frame_from(i, in->lanes[i].frames[k].body);
        err = turn(in, frames, count, &out, why);
    }
    return err;
}

static void tell_phases(const struct broker_counters *c, double events, struct report *report)
{
    const struct {
        const char *name;
        uint64_t ns;
    } phases[] = {
        {"decode", c->ns_decode},   {"verify", c->ns_verify}, {"decide", c->ns_decide},
        {"put", c->ns_put},         {"block", c->ns_block},   {"commit", c->ns_commit},
        {"deliver", c->ns_deliver},
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(phases); i++)
        report_line(report, phases[i].name, (double)phases[i].ns / 1e3 / events, "us per event");
}

static enum sg_err run(struct inside *in, uint64_t events, bool timing, struct report *report,
                       struct sg_why *why)
{
    enum sg_err err = SG_OK;
    for (size_t i = 0; !err && i < PEERS; i++) {
        in->lanes[i].next_number = 1;
        err = lane_prepare(&in->lanes[i], events / PEERS, SG_FRAME_EVENTS_MAX, why);
    }
    if (!err)
        err = open_broker(in, timing, why);
    if (err)
        return err;
    uint64_t mallocs = count_malloc();
    int64_t begin_ns = daemon_proc_now_ns();
    err = run_all(in, why);
    int64_t took_ns = daemon_proc_now_ns() - begin_ns;
    mallocs = count_malloc() - mallocs;
    if (!err && (in->accepted == 0 || in->other))
        err = sg_fail(why, SG_E_STATE, "%llu events accepted, %llu not",
                      (unsigned long long)in->accepted, (unsigned long long)in->other);
    if (err)
        return err;
    double count = (double)in->accepted;
    if (timing) {
        tell_phases(broker_counters(in->broker), count, report);
        report_line(report, "whole turn, with the clocks", (double)took_ns / 1e3 / count,
                    "us per event");
    } else {
        report_line(report, "whole turn", (double)took_ns / 1e3 / count, "us per event");
        report_line(report, "rate", count * 1e9 / (double)took_ns, "events/s");
        report_line(report, "allocations", (double)mallocs / count, "per event");
    }
    close_broker(in);
    return SG_OK;
}

enum sg_err inside_measure(const struct fixture *fixture, uint64_t events, struct report *report,
                           struct sg_why *why)
{
    SG_AUTO(inside_done) struct inside in;
    report_group(report, "broker_turn in this process, without sockets");
    report_note(report, "turns of %u frames of %u referral.submitted, each committed to disk",
                (unsigned)FRAMES_PER_TURN, SG_FRAME_EVENTS_MAX);
    enum sg_err err = make(&in, fixture, why);
    if (!err)
        err = run(&in, events, false, report, why);
    return err ? err : run(&in, events, true, report, why);
}
