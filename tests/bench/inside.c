#include "bench/inside.h"

#include "bench/peek.h"
#include "kit/check.h"
#include "kit/daemon_proc.h"
#include "wire/codec.h"

#include <unistd.h>

enum { HELLO_ARENA = 4096 };

void inside_close(struct inside *in)
{
    broker_free(&in->broker);
    env_close(&in->env);
}

void inside_done(struct inside *in)
{
    inside_close(in);
    sg_lists_free(&in->lists);
    conf_done(&in->conf);
    for (size_t i = 0; i < in->peers; i++)
        lane_done(&in->lanes[i]);
}

static enum sg_err turn(struct inside *in, const struct frame_in *frames, size_t count,
                        struct sg_why *why)
{
    struct turn_out out = {0};
    const struct turn_in what = {.frames = frames,
                                 .frame_count = count,
                                 .wall_ms = in->wall_ms ? in->wall_ms : daemon_proc_wall_ms(),
                                 .mono_ns = daemon_proc_now_ns()};
    enum sg_err err = broker_turn(in->broker, &what, &out, why);
    if (!err && out.frames_taken != count)
        err = sg_fail(why, SG_E_STATE, "a turn took %zu of %zu frames", out.frames_taken, count);
    for (size_t i = 0; !err && i < out.frame_count; i++) {
        struct peek peek = peek_at(out.frames[i].body);
        in->accepted += peek.accepted;
        in->other += peek.other + peek.refused;
    }
    in->more = out.more;
    return err;
}

enum sg_err inside_pass(struct inside *in, struct sg_why *why)
{
    return turn(in, NULL, 0, why);
}

static struct frame_in frame_from(const struct inside *in, size_t peer, struct sg_bytes body)
{
    return (struct frame_in){.peer = {peer + 1},
                             .agency = fixture_agency_id(in->lanes[peer].agency),
                             .device = "kantor",
                             .body = body};
}

enum sg_err inside_one(struct inside *in, size_t lane, size_t frame, int64_t *out_ns,
                       struct sg_why *why)
{
    const struct frame_in one = frame_from(in, lane, in->lanes[lane].frames[frame].body);
    in->accepted = in->other = 0;
    int64_t begin_ns = daemon_proc_now_ns();
    enum sg_err err = turn(in, &one, 1, why);
    *out_ns = daemon_proc_now_ns() - begin_ns;
    if (!err && (in->accepted == 0 || in->other))
        err = sg_fail(why, SG_E_STATE, "%llu events accepted, %llu not",
                      (unsigned long long)in->accepted, (unsigned long long)in->other);
    return err;
}

enum sg_err inside_ping(struct inside *in, size_t lane, struct sg_why *why)
{
    uint8_t room[HELLO_ARENA];
    struct sg_arena arena = {.base = room, .size = sizeof room};
    PbPing ping = PB_PING__INIT;
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    struct sg_bytes body;
    frame.ping = &ping;
    enum sg_err err = sg_encode(&frame, &arena, &body, why);
    if (err)
        return err;
    uint64_t accepted = in->accepted, other = in->other;
    const struct frame_in one = frame_from(in, lane, body);
    err = turn(in, &one, 1, why);
    in->accepted = accepted;
    in->other = other;
    return err;
}

static enum sg_err say_hello(struct inside *in, struct sg_why *why)
{
    SG_AUTO(sg_arena_done) struct sg_arena arena = {0};
    PbHello hello = PB_HELLO__INIT;
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    struct sg_bytes body;
    struct frame_in frames[INSIDE_PEERS];
    hello.has_protocol = true;
    hello.protocol = SG_PROTOCOL;
    frame.hello = &hello;
    enum sg_err err = sg_arena_init(&arena, HELLO_ARENA, why);
    if (!err)
        err = sg_encode(&frame, &arena, &body, why);
    if (err)
        return err;
    for (size_t i = 0; i < in->peers; i++)
        frames[i] = frame_from(in, i, body);
    return turn(in, frames, in->peers, why);
}

enum sg_err inside_open(struct inside *in, bool timing, struct sg_why *why)
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

enum sg_err inside_init(struct inside *in, const struct fixture *fixture,
                        const enum fixture_agency *agencies, size_t peers, struct sg_why *why)
{
    *in = (struct inside){.fixture = fixture};
    (void)snprintf(in->path, sizeof in->path, "%s/inside.mdb", fixture->folder);
    in->options = (struct env_options){.path = in->path};
    enum sg_err err = conf_read_file(fixture->conf, &in->conf, why);
    if (!err)
        err = sg_lists_load(in->conf.settings.codes_path, &in->lists, why);
    in->store_id = sg_id_make(daemon_proc_wall_ms());
    for (; !err && in->peers < peers; in->peers++)
        err = lane_open_inside(&in->lanes[in->peers], fixture, agencies[in->peers], &in->store_id,
                               (unsigned)in->peers, why);
    return err;
}

static enum sg_err run_all(struct inside *in, struct sg_why *why)
{
    size_t next[INSIDE_PEERS] = {0}, count;
    enum sg_err err = SG_OK;
    do {
        struct frame_in frames[INSIDE_FRAMES_PER_TURN];
        size_t before;
        count = 0;
        do {
            before = count;
            for (size_t i = 0; i < in->peers && count < INSIDE_FRAMES_PER_TURN; i++)
                if (next[i] < in->lanes[i].frame_count)
                    frames[count++] = frame_from(in, i, in->lanes[i].frames[next[i]++].body);
        } while (count > before);
        if (count)
            err = turn(in, frames, count, why);
    } while (!err && count);
    return err;
}

enum sg_err inside_run(struct inside *in, int64_t *out_ns, struct sg_why *why)
{
    in->accepted = in->other = 0;
    int64_t begin_ns = daemon_proc_now_ns();
    enum sg_err err = run_all(in, why);
    *out_ns = daemon_proc_now_ns() - begin_ns;
    if (!err && (in->accepted == 0 || in->other))
        err = sg_fail(why, SG_E_STATE, "%llu events accepted, %llu not",
                      (unsigned long long)in->accepted, (unsigned long long)in->other);
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
    for (size_t i = 0; !err && i < in->peers; i++) {
        in->lanes[i].next_number = 1;
        err = lane_prepare(&in->lanes[i], events / in->peers, SG_FRAME_EVENTS_MAX, why);
    }
    if (!err)
        err = inside_open(in, timing, why);
    if (err)
        return err;
    int64_t took_ns = 0;
    uint64_t mallocs = count_malloc();
    err = inside_run(in, &took_ns, why);
    mallocs = count_malloc() - mallocs;
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
    inside_close(in);
    return SG_OK;
}

enum sg_err inside_measure(const struct fixture *fixture, uint64_t events, struct report *report,
                           struct sg_why *why)
{
    static const enum fixture_agency agencies[] = {SATPOLPP, SATPOLPP, SATPOLPP, SATPOLPP};
    SG_AUTO(inside_done) struct inside in;
    report_group(report, "broker_turn in this process, without sockets");
    report_note(report, "turns of %u frames of %u referral.submitted, each committed to disk",
                (unsigned)INSIDE_FRAMES_PER_TURN, SG_FRAME_EVENTS_MAX);
    enum sg_err err = inside_init(&in, fixture, agencies, SG_ARRAY_LEN(agencies), why);
    if (!err)
        err = run(&in, events, false, report, why);
    return err ? err : run(&in, events, true, report, why);
}
