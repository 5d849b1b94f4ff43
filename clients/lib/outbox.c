/* outbox.c - opening, appending and sending; answers and reading are in outbox_answer.c. */
#include "lib/outbox_rows.h"

#include "wire/codec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

/* Field numbers and lengths around the parts of an event, in a frame and around the frame. */
enum { EVENT_OVERHEAD = 16, FRAME_OVERHEAD = 160 };

static const char *const table_names[OUTBOX_TABLES] = {
    "meta", "outboxes", "frames", "events", "blocks", "parked", "keys", "corrections"};

static enum sg_err bind_meta(const struct outbox *outbox, const struct box_txn *txn,
                             const char *name, struct sg_bytes want, const char *folder,
                             struct sg_why *why)
{
    struct sg_bytes value;
    enum sg_err err = box_get(txn, outbox->box.tables[TABLE_META], sg_bytes_of(name), &value, why);
    if (err == SG_E_NOT_FOUND)
        return box_put(txn, outbox->box.tables[TABLE_META], sg_bytes_of(name), want, why);
    if (!err && !sg_bytes_equal(value, want))
        return sg_fail(why, SG_E_CONF, "folder '%s' belongs to another %s: give each its own",
                       folder, name);
    return err;
}

static enum sg_err make_current(const struct outbox *outbox, const struct box_txn *txn,
                                int64_t now_ms, struct sg_why *why)
{
    struct outbox_state state = {.id = sg_id_make(now_ms)};
    enum sg_err err = box_put(txn, outbox->box.tables[TABLE_META], sg_bytes_of("outbox"),
                              sg_id_bytes(&state.id), why);
    return err ? err : outbox_state_put(outbox, txn, &state, why);
}

static enum sg_err bind(struct outbox *outbox, const char *folder, const struct sg_id *store_id,
                        const char *agency, int64_t now_ms, struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    enum sg_err err = box_write(&outbox->box, &txn, why);
    if (!err)
        err = bind_meta(outbox, &txn, "store", sg_id_bytes(store_id), folder, why);
    if (!err)
        err = bind_meta(outbox, &txn, "agency", sg_bytes_of(agency), folder, why);
    struct outbox_state state = {0};
    if (!err)
        err = outbox_state_current(outbox, &txn, &state, why);
    if (err == SG_E_NOT_FOUND)
        err = make_current(outbox, &txn, now_ms, why);
    return err ? err : box_commit(&txn, why);
}

enum sg_err outbox_open(const char *folder, const struct sg_id *store_id, const char *agency,
                        int64_t now_ms, struct outbox **out_outbox, struct sg_why *why)
{
    SG_AUTO(outbox_close) struct outbox *outbox = calloc(1, sizeof *outbox);
    if (!outbox)
        return sg_fail(why, SG_E_SYS, "no memory");
    outbox->lock_fd = -1;
    enum sg_err err = box_open(folder, "outbox.mdb", table_names, OUTBOX_TABLES, &outbox->box, why);
    if (err)
        return err;
    char path[512];
    (void)snprintf(path, sizeof path, "%s/outbox.lock", folder); /* box_open took a longer name */
    outbox->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (outbox->lock_fd < 0)
        return sg_fail(why, SG_E_STORE, "open '%s': %s", path, strerror(errno));
    err = bind(outbox, folder, store_id, agency, now_ms, why);
    if (!err)
        *out_outbox = SG_TAKE(outbox);
    return err;
}

void outbox_rest(struct outbox *outbox)
{
    box_rest(&outbox->box);
}

void outbox_close(struct outbox **outbox)
{
    if (!*outbox)
        return;
    sg_fd_done(&(*outbox)->lock_fd);
    box_done(&(*outbox)->box);
    free(SG_TAKE(*outbox));
}

bool outbox_lock(struct outbox *outbox)
{
    if (!outbox->locked)
        outbox->locked = flock(outbox->lock_fd, LOCK_EX | LOCK_NB) == 0;
    return outbox->locked;
}

void outbox_unlock(struct outbox *outbox)
{
    if (outbox->locked)
        (void)flock(outbox->lock_fd, LOCK_UN); /* cannot fail for a lock that is held */
    outbox->locked = false;
}

/* ---- rows -------------------------------------------------------------------------------- */

enum sg_err outbox_state_get(const struct outbox *outbox, const struct box_txn *txn,
                             const struct sg_id *id, struct outbox_state *out_state,
                             struct sg_why *why)
{
    struct sg_bytes row;
    enum sg_err err = box_get(txn, outbox->box.tables[TABLE_OUTBOXES], sg_id_bytes(id), &row, why);
    if (err)
        return err;
    if (row.len != STATE_BYTES)
        return sg_fail(why, SG_E_STORE, "outbox.mdb: a row of %zu bytes in 'outboxes'", row.len);
    *out_state = (struct outbox_state){.id = *id,
                                       .last_number = sg_get_u64(row.ptr),
                                       .answered_through = sg_get_u64(row.ptr + 8),
                                       .rejected = sg_get_u64(row.ptr + 16)};
    return SG_OK;
}

enum sg_err outbox_state_put(const struct outbox *outbox, const struct box_txn *txn,
                             const struct outbox_state *state, struct sg_why *why)
{
    uint8_t row[STATE_BYTES];
    sg_put_u64(row, state->last_number);
    sg_put_u64(row + 8, state->answered_through);
    sg_put_u64(row + 16, state->rejected);
    return box_put(txn, outbox->box.tables[TABLE_OUTBOXES], sg_id_bytes(&state->id),
                   (struct sg_bytes){row, sizeof row}, why);
}

enum sg_err outbox_state_current(const struct outbox *outbox, const struct box_txn *txn,
                                 struct outbox_state *out_state, struct sg_why *why)
{
    struct sg_bytes value;
    struct sg_id id;
    enum sg_err err =
        box_get(txn, outbox->box.tables[TABLE_META], sg_bytes_of("outbox"), &value, why);
    if (err)
        return err;
    if (sg_id_from(value, &id))
        return sg_fail(why, SG_E_STORE, "outbox.mdb: the id of the outbox is damaged");
    return outbox_state_get(outbox, txn, &id, out_state, why);
}

/* ---- append ------------------------------------------------------------------------------ */

/* How many of the events fit into one frame; every event fits alone (SG_EVENT_MAX). */
static size_t frame_events(const struct outbox_event *events, size_t count)
{
    size_t bytes = FRAME_OVERHEAD, n = 0;
    while (n < count && n < SG_FRAME_EVENTS_MAX) {
        bytes += events[n].clear.len + events[n].personal.len + EVENT_OVERHEAD;
        if (bytes > SG_BODY_MAX)
            break;
        n++;
    }
    return n;
}

static ProtobufCBinaryData binary_of(struct sg_bytes bytes)
{
    /* protobuf-c packs from this pointer and does not write to it. */
    union {
        const uint8_t *from;
        uint8_t *to;
    } ptr = {.from = bytes.ptr};
    return (ProtobufCBinaryData){.len = bytes.len, .data = ptr.to};
}

static enum sg_err encode_frame(const struct outbox_signer *signer,
                                const struct outbox_place *first, const struct outbox_event *events,
                                size_t count, struct sg_arena *arena, struct sg_bytes *out_body,
                                struct sg_why *why)
{
    PbEventParts *parts = SG_NEW_ARRAY(arena, PbEventParts, count);
    PbEventParts **list = SG_NEW_ARRAY(arena, PbEventParts *, count);
    uint8_t *digests = sg_arena_alloc(arena, count * SG_HASH_BYTES);
    if (!parts || !list || !digests)
        return sg_fail(why, SG_E_LIMIT, "no room to encode a frame");
    for (size_t i = 0; i < count; i++) {
        pb_event_parts__init(&parts[i]);
        parts[i].has_clear = 1;
        parts[i].clear = binary_of(events[i].clear);
        parts[i].has_personal = events[i].personal.len > 0;
        parts[i].personal = binary_of(events[i].personal);
        memcpy(digests + i * SG_HASH_BYTES, events[i].digest, SG_HASH_BYTES);
        list[i] = &parts[i];
    }
    uint8_t signature[SG_SIGNATURE_BYTES];
    sg_frame_sign(&(struct sg_frame_claim){.store_id = signer->store_id,
                                           .outbox_id = &first->outbox,
                                           .agency = signer->agency,
                                           .first_number = first->number,
                                           .count = (uint32_t)count,
                                           .digests = digests},
                  signer->sign_secret, signature);
    PbPublish publish = PB_PUBLISH__INIT;
    publish.has_outbox_id = publish.has_first_number = publish.has_signature = 1;
    publish.outbox_id = binary_of(sg_id_bytes(&first->outbox));
    publish.first_number = first->number;
    publish.signature = binary_of((struct sg_bytes){signature, sizeof signature});
    publish.n_events = count;
    publish.events = list;
    PbClientFrame frame = PB_CLIENT_FRAME__INIT;
    frame.publish = &publish;
    return sg_encode(&frame, arena, out_body, why);
}

static enum sg_err put_event(const struct outbox *outbox, const struct box_txn *txn,
                             const struct outbox_place *place, const struct outbox_event *event,
                             struct sg_why *why)
{
    uint8_t row[EVENT_HEAD_BYTES] = {0}, key[PLACE_BYTES];
    memcpy(row, event->digest, SG_HASH_BYTES);
    sg_put_u32(row + SG_HASH_BYTES, event->type);
    return box_put(txn, outbox->box.tables[TABLE_EVENTS], place_key(place, key),
                   (struct sg_bytes){row, sizeof row}, why);
}

static enum sg_err put_frame(const struct outbox *outbox, const struct box_txn *txn,
                             const struct outbox_signer *signer, const struct outbox_place *first,
                             const struct outbox_event *events, size_t count,
                             struct sg_arena *arena, struct sg_why *why)
{
    size_t used = arena->used;
    struct sg_bytes body = {0};
    enum sg_err err = encode_frame(signer, first, events, count, arena, &body, why);
    if (!err && body.len > SG_BODY_MAX)
        err = sg_fail(why, SG_E_LIMIT, "a frame of %zu bytes, limit %u", body.len, SG_BODY_MAX);
    uint8_t key[PLACE_BYTES];
    if (!err)
        err = box_put(txn, outbox->box.tables[TABLE_FRAMES], place_key(first, key), body, why);
    sg_arena_reset(arena, used);
    return err;
}

enum sg_err outbox_frames_put(const struct outbox *outbox, const struct box_txn *txn,
                              const struct outbox_signer *signer, const struct outbox_event *events,
                              size_t count, struct outbox_state *state, struct sg_arena *arena,
                              struct sg_why *why)
{
    enum sg_err err = SG_OK;
    for (size_t done = 0; !err && done < count;) {
        size_t n = frame_events(events + done, count - done);
        if (n == 0)
            return sg_fail(why, SG_E_LIMIT, "an event is larger than a frame");
        struct outbox_place place = {state->id, state->last_number + 1};
        err = put_frame(outbox, txn, signer, &place, events + done, n, arena, why);
        for (size_t i = 0; !err && i < n; i++, place.number++) {
            err = put_event(outbox, txn, &place, &events[done + i], why);
            if (!err)
                err = outbox_correction_put(outbox, txn, &place, &events[done + i], arena, why);
        }
        state->last_number += n;
        done += n;
    }
    return err ? err : outbox_state_put(outbox, txn, state, why);
}

/* The events that are to be put, in order; places of all. What another process of the device has
 * put under the same key meanwhile is seen here, inside the transaction. */
static enum sg_err give_places(const struct outbox *outbox, const struct box_txn *txn,
                               const struct outbox_state *state, const struct outbox_event *events,
                               size_t count, struct sg_arena *arena, struct outbox_event *out_new,
                               size_t *out_new_count, struct outbox_place *out_places,
                               struct sg_why *why)
{
    enum sg_err err = SG_OK;
    size_t n = 0;
    for (size_t i = 0; !err && i < count; i++) {
        struct outbox_known known = {.place = {state->id, state->last_number + 1 + n}};
        const struct outbox_key *key = events[i].key;
        if (key) {
            struct outbox_known before;
            err = outbox_key_get(outbox, txn, key->name, arena, &before, why);
            if (!err) {
                out_places[i] = before.place;
                continue;
            }
            known.key = *key;
            if (err == SG_E_NOT_FOUND)
                err = outbox_key_put(outbox, txn, &known, why);
        }
        out_places[i] = known.place;
        out_new[n++] = events[i];
    }
    *out_new_count = n;
    return err;
}

enum sg_err outbox_append(struct outbox *outbox, const struct outbox_signer *signer,
                          const struct outbox_event *events, size_t count, struct sg_arena *arena,
                          struct outbox_place *out_places, struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    struct outbox_state state = {0};
    size_t used = arena->used, new_count = 0;
    struct outbox_event *new_events = SG_NEW_ARRAY(arena, struct outbox_event, count);
    if (!new_events)
        return sg_fail(why, SG_E_LIMIT, "no room for %zu events", count);
    enum sg_err err = box_write(&outbox->box, &txn, why);
    if (!err)
        err = outbox_state_current(outbox, &txn, &state, why);
    if (!err)
        err = give_places(outbox, &txn, &state, events, count, arena, new_events, &new_count,
                          out_places, why);
    if (!err && new_count > 0)
        err = outbox_frames_put(outbox, &txn, signer, new_events, new_count, &state, arena, why);
    if (!err && new_count > 0)
        err = box_commit(&txn, why);
    sg_arena_reset(arena, used);
    return err;
}

/* ---- frames to send ---------------------------------------------------------------------- */

static enum sg_err decode_frame(struct sg_bytes body, struct sg_arena *arena,
                                const PbPublish **out_publish, struct sg_why *why)
{
    PbClientFrame *frame = NULL;
    enum sg_err err = sg_decode_row(&pb_client_frame__descriptor, body, arena, &frame, why);
    if (err)
        return err;
    if (!frame->publish || frame->publish->n_events == 0)
        return sg_fail(why, SG_E_STORE, "outbox.mdb: a frame is damaged");
    *out_publish = frame->publish;
    return SG_OK;
}

enum sg_err outbox_frame_of(const struct outbox *outbox, const struct box_txn *txn,
                            const struct outbox_place *place, struct sg_arena *arena,
                            const PbPublish **out_publish, struct sg_why *why)
{
    uint8_t key[PLACE_BYTES];
    struct sg_bytes at, body;
    enum sg_err err = box_seek_back(txn, outbox->box.tables[TABLE_FRAMES], place_key(place, key),
                                    &at, &body, why);
    if (err)
        return err;
    struct outbox_place first = place_of(at);
    if (!sg_id_equal(&first.outbox, &place->outbox))
        return sg_fail(why, SG_E_NOT_FOUND, "no frame holds number %llu",
                       (unsigned long long)place->number);
    const PbPublish *publish = NULL;
    err = decode_frame(body, arena, &publish, why);
    if (!err && publish && place->number - first.number >= publish->n_events)
        return sg_fail(why, SG_E_NOT_FOUND, "no frame holds number %llu",
                       (unsigned long long)place->number);
    if (!err)
        *out_publish = publish;
    return err;
}

/* The first place behind `from` that can be sent: not answered, in this outbox or a later one. */
static enum sg_err first_unanswered(const struct outbox *outbox, const struct box_txn *txn,
                                    const struct sg_id *from, bool after,
                                    struct outbox_place *out_place, struct sg_why *why)
{
    struct sg_id id = *from;
    for (;;) {
        uint8_t least[SG_ID_BYTES + 1] = {0};
        memcpy(least, id.b, SG_ID_BYTES);
        struct sg_bytes key, row;
        enum sg_err err =
            box_seek(txn, outbox->box.tables[TABLE_OUTBOXES],
                     (struct sg_bytes){least, SG_ID_BYTES + (after ? 1U : 0U)}, &key, &row, why);
        struct outbox_state state = {0};
        if (!err)
            err = sg_id_from(key, &id);
        if (!err)
            err = outbox_state_get(outbox, txn, &id, &state, why);
        if (err)
            return err;
        if (state.answered_through < state.last_number) {
            *out_place = (struct outbox_place){id, state.answered_through + 1};
            return SG_OK;
        }
        after = true;
    }
}

static uint32_t count_events(const struct outbox *outbox, const struct box_txn *txn,
                             const struct outbox_place *first)
{
    /* The next frame begins where this one ends; the last one ends with the outbox. */
    uint8_t key[PLACE_BYTES];
    struct outbox_place next = {first->outbox, first->number + 1};
    struct sg_bytes at, body;
    if (box_seek(txn, outbox->box.tables[TABLE_FRAMES], place_key(&next, key), &at, &body, NULL) ==
        SG_OK) {
        struct outbox_place found = place_of(at);
        if (sg_id_equal(&found.outbox, &first->outbox))
            return (uint32_t)(found.number - first->number);
    }
    struct outbox_state state = {0};
    if (outbox_state_get(outbox, txn, &first->outbox, &state, NULL))
        return 1;
    return (uint32_t)(state.last_number - first->number + 1);
}

enum sg_err outbox_frame(struct outbox *outbox, const struct outbox_place *from, uint8_t *body,
                         struct outbox_frame *out_frame, struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    enum sg_err err = box_read(&outbox->box, &txn, why);
    struct outbox_place place = *from;
    struct outbox_state state = {0};
    if (!err && !sg_id_is_zero(&from->outbox))
        err = outbox_state_get(outbox, &txn, &from->outbox, &state, why);
    bool behind = sg_id_is_zero(&from->outbox) || from->number > state.last_number;
    if (!err && behind)
        err = first_unanswered(outbox, &txn, &from->outbox, !sg_id_is_zero(&from->outbox), &place,
                               why);
    uint8_t key[PLACE_BYTES];
    struct sg_bytes stored;
    if (!err) {
        err = box_get(&txn, outbox->box.tables[TABLE_FRAMES], place_key(&place, key), &stored, why);
        if (err == SG_E_NOT_FOUND)
            return sg_fail(why, SG_E_STATE, "number %llu lies inside a frame",
                           (unsigned long long)place.number);
    }
    if (err)
        return err;
    if (stored.len > SG_BODY_MAX)
        return sg_fail(why, SG_E_STORE, "outbox.mdb: a frame of %zu bytes", stored.len);
    memcpy(body, stored.ptr, stored.len);
    *out_frame = (struct outbox_frame){place, count_events(outbox, &txn, &place), stored.len};
    return SG_OK;
}

/* ---- cut and renew ----------------------------------------------------------------------- */

static enum sg_err load_event(const struct outbox *outbox, const struct box_txn *txn,
                              const struct outbox_place *place, const PbEventParts *parts,
                              struct outbox_event *out_event, struct sg_why *why)
{
    uint8_t key[PLACE_BYTES];
    struct sg_bytes row;
    enum sg_err err =
        box_get(txn, outbox->box.tables[TABLE_EVENTS], place_key(place, key), &row, why);
    if (err)
        return err;
    if (row.len < EVENT_HEAD_BYTES)
        return sg_fail(why, SG_E_STORE, "outbox.mdb: an event row is damaged");
    *out_event = (struct outbox_event){
        .clear = {parts->clear.data, parts->clear.len},
        .personal = {parts->personal.data, parts->has_personal ? parts->personal.len : 0},
        .type = sg_get_u32(row.ptr + SG_HASH_BYTES)};
    memcpy(out_event->digest, row.ptr, SG_HASH_BYTES);
    return SG_OK;
}

enum sg_err outbox_cut(struct outbox *outbox, const struct outbox_signer *signer,
                       const struct outbox_place *at, struct sg_arena *arena, struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    const PbPublish *publish = NULL;
    enum sg_err err = box_write(&outbox->box, &txn, why);
    if (!err)
        err = outbox_frame_of(outbox, &txn, at, arena, &publish, why);
    if (err || !publish)
        return err;
    struct outbox_place first = {at->outbox, publish->first_number};
    size_t front = (size_t)(at->number - first.number), count = publish->n_events;
    if (front == 0)
        return SG_OK; /* a frame begins there already */
    struct outbox_event *events = SG_NEW_ARRAY(arena, struct outbox_event, count);
    if (!events)
        return sg_fail(why, SG_E_LIMIT, "no room to cut a frame");
    for (size_t i = 0; !err && i < count; i++) {
        struct outbox_place place = {first.outbox, first.number + i};
        err = load_event(outbox, &txn, &place, publish->events[i], &events[i], why);
    }
    if (!err)
        err = put_frame(outbox, &txn, signer, &first, events, front, arena, why);
    if (!err)
        err = put_frame(outbox, &txn, signer, at, events + front, count - front, arena, why);
    return err ? err : box_commit(&txn, why);
}

enum sg_err outbox_renew(struct outbox *outbox, int64_t now_ms, struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    enum sg_err err = box_write(&outbox->box, &txn, why);
    if (!err)
        err = make_current(outbox, &txn, now_ms, why);
    return err ? err : box_commit(&txn, why);
}
