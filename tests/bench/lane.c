#include "bench/lane.h"

#include "bench/peek.h"
#include "kit/check.h"
#include "kit/daemon_proc.h"

#include <stdlib.h>

enum { SCRATCH_BYTES = 4 << 20, PEOPLE_PER_LANE = 10000000 };
static const size_t arena_bytes = (size_t)16 << 30; /* of address space */
static const size_t box_bytes = (size_t)4 << 30;

enum sg_err lane_open_inside(struct lane *lane, const struct fixture *fixture,
                             enum fixture_agency agency, const struct sg_id *store_id,
                             unsigned index, struct sg_why *why)
{
    *lane = (struct lane){.fixture = fixture, .agency = agency, .next_number = 1};
    lane->client.key = fixture->keys[agency];
    lane->client.store_id = *store_id;
    sample_init(&lane->sample, index + 1, daemon_proc_wall_ms(),
                (uint64_t)index * PEOPLE_PER_LANE + 1);
    sg_random(lane->outbox_id.b, sizeof lane->outbox_id.b);
    enum sg_err err = sg_arena_init(&lane->arena, arena_bytes, why);
    return err ? err : sg_arena_init(&lane->scratch, SCRATCH_BYTES, why);
}

enum sg_err lane_open(struct lane *lane, void *zmq, const struct fixture *fixture, unsigned index,
                      struct sg_why *why)
{
    const struct sg_id none = {{0}};
    enum sg_err err = lane_open_inside(lane, fixture, SATPOLPP, &none, index, why);
    if (!err)
        err = raw_open(&lane->client, zmq, fixture, lane->agency, why);
    return err ? err : raw_hello(&lane->client, NULL, why);
}

void lane_done(struct lane *lane)
{
    raw_close(&lane->client);
    sg_arena_done(&lane->arena);
    sg_arena_done(&lane->scratch);
    free(SG_TAKE(lane->frames));
    if (lane->box)
        mdb_env_close(SG_TAKE(lane->box));
}

/* ---- an outbox on disk ---- */

enum sg_err lane_keep_box(struct lane *lane, unsigned index, struct sg_why *why)
{
    char path[192];
    MDB_txn *txn = NULL;
    (void)snprintf(path, sizeof path, "%s/box-%u.mdb", lane->fixture->folder, index);
    int rc = mdb_env_create(&lane->box);
    if (!rc)
        rc = mdb_env_set_mapsize(lane->box, box_bytes);
    if (!rc)
        rc = mdb_env_open(lane->box, path, MDB_NOSUBDIR | MDB_NOTLS, 0600);
    if (!rc)
        rc = mdb_txn_begin(lane->box, NULL, 0, &txn);
    if (!rc)
        rc = mdb_dbi_open(txn, NULL, 0, &lane->box_dbi);
    if (!rc)
        rc = mdb_txn_commit(txn);
    return rc ? sg_fail(why, SG_E_STORE, "'%s': %s", path, mdb_strerror(rc)) : SG_OK;
}

/* Some text is borrowed by LMDB as a pointer that it does not write through. */
static enum sg_err put_in_box(struct lane *lane, size_t index, struct sg_why *why)
{
    uint8_t key_bytes[8];
    MDB_val key = {sizeof key_bytes, key_bytes}, value = {lane->frames[index].body.len, NULL};
    memcpy(&value.mv_data, &lane->frames[index].body.ptr, sizeof value.mv_data);
    MDB_txn *txn = NULL;
    sg_put_u64(key_bytes, lane->next_number + index);
    int rc = mdb_txn_begin(lane->box, NULL, 0, &txn);
    if (!rc)
        rc = mdb_put(txn, lane->box_dbi, &key, &value, 0);
    if (!rc)
        rc = mdb_txn_commit(txn);
    return rc ? sg_fail(why, SG_E_STORE, "outbox: %s", mdb_strerror(rc)) : SG_OK;
}

/* ---- frames ---- */

static PbEnvelope *make_event(struct lane *lane)
{
    struct sg_id referral;
    return lane->make ? lane->make(lane->context, &lane->sample, &lane->scratch)
                      : sample_referral(&lane->sample, &lane->scratch, &referral);
}

static enum sg_err prepare_one(struct lane *lane, uint32_t count, struct sg_why *why)
{
    struct raw_event events[SG_FRAME_EVENTS_MAX];
    uint8_t salt[16];
    enum sg_err err = SG_OK;
    sg_arena_reset(&lane->scratch, 0);
    for (uint32_t i = 0; !err && i < count; i++) {
        PbEnvelope *e = make_event(lane);
        sample_salt(&lane->sample, salt);
        err = raw_event_build(e, salt, &lane->scratch, &events[i], why);
        if (!err)
            lane->event_bytes += events[i].clear.len + events[i].personal.len;
    }
    struct prepared *to = &lane->frames[lane->frame_count];
    const struct raw_frame frame = {&lane->client.store_id, &lane->outbox_id, lane->next_number,
                                    count, events};
    *to = (struct prepared){.count = count};
    if (!err)
        err = raw_frame_build(&frame, lane->client.key, &lane->arena, &to->body, why);
    lane->next_number += count;
    lane->frame_count += !err;
    return err;
}

enum sg_err lane_prepare(struct lane *lane, uint64_t events, uint32_t per_frame, struct sg_why *why)
{
    size_t frames = (size_t)((events + per_frame - 1) / per_frame);
    sg_arena_reset(&lane->arena, 0);
    lane->frame_count = 0;
    lane->accepted = lane->other = lane->event_bytes = 0;
    lane->sample.now_ms = lane->wall_ms ? lane->wall_ms : daemon_proc_wall_ms();
    if (frames > lane->frame_room) {
        free(lane->frames);
        lane->frames = calloc(frames, sizeof *lane->frames);
        SG_CHECK(lane->frames);
        lane->frame_room = frames;
    }
    enum sg_err err = SG_OK;
    while (!err && events) {
        uint32_t count = events < per_frame ? (uint32_t)events : per_frame;
        err = prepare_one(lane, count, why);
        events -= count;
    }
    return err;
}

static bool may_send(const struct lane *lane, size_t sent, size_t answered, uint64_t events_out)
{
    size_t most = lane->window ? lane->window : SG_UNANSWERED_FRAMES_MAX;
    return sent < lane->frame_count && sent - answered < most &&
           events_out + lane->frames[sent].count <= SG_UNANSWERED_EVENTS_MAX;
}

static enum sg_err send_one(struct lane *lane, size_t index, struct sg_why *why)
{
    enum sg_err err = lane->box ? put_in_box(lane, index, why) : SG_OK;
    lane->frames[index].sent_ns = daemon_proc_now_ns();
    return err ? err : raw_send(&lane->client, lane->frames[index].body, why);
}

static enum sg_err take_one(struct lane *lane, size_t index, struct sg_why *why)
{
    struct sg_bytes body;
    enum sg_err err = raw_receive(&lane->client, RAW_PATIENCE_MS, &body, why);
    if (err)
        return err;
    struct peek peek = peek_at(body);
    if (peek.field != PEEK_PUBLISH_RESULT || peek.refused)
        return sg_fail(why, SG_E_NET, "frame %zu: %s", index,
                       peek.refused ? "refused" : "not answered with PublishResult");
    if (lane->took_ns)
        lane->took_ns[index] = daemon_proc_now_ns() - lane->frames[index].sent_ns;
    lane->accepted += peek.accepted;
    lane->other += peek.other;
    if (peek.last_seq > lane->last_seq)
        lane->last_seq = peek.last_seq;
    return SG_OK;
}

void *lane_run(void *context)
{
    struct lane *lane = context;
    size_t sent = 0, answered = 0;
    uint64_t events_out = 0;
    lane->err = SG_OK;
    while (!lane->err && answered < lane->frame_count) {
        while (!lane->err && may_send(lane, sent, answered, events_out)) {
            events_out += lane->frames[sent].count;
            lane->err = send_one(lane, sent++, &lane->why);
        }
        if (lane->err)
            break;
        lane->err = take_one(lane, answered, &lane->why);
        events_out -= lane->frames[answered].count;
        answered++;
    }
    return NULL;
}
