/* outbox_keys.c - what the writer knows its events by, and which of them were corrected. */
#include "lib/outbox_rows.h"

#include "wire/codec.h"

enum {
    KEY_ROW_BYTES = OUTBOX_CONTENT_BYTES + SG_ID_BYTES + PLACE_BYTES,
    EVENT_CORRECTED = 124,
    OUTCOME_ARENA_BYTES = 256 << 10,
};

enum sg_err outbox_key_put(const struct outbox *outbox, const struct box_txn *txn,
                           const struct outbox_known *known, struct sg_why *why)
{
    uint8_t row[KEY_ROW_BYTES];
    memcpy(row, known->key.content, OUTBOX_CONTENT_BYTES);
    memcpy(row + OUTBOX_CONTENT_BYTES, known->key.object.b, SG_ID_BYTES);
    (void)place_key(&known->place, row + OUTBOX_CONTENT_BYTES + SG_ID_BYTES);
    return box_put(txn, outbox->box.tables[TABLE_KEYS],
                   (struct sg_bytes){known->key.name, OUTBOX_KEY_BYTES},
                   (struct sg_bytes){row, sizeof row}, why);
}

enum sg_err outbox_key_get(const struct outbox *outbox, const struct box_txn *txn,
                           const uint8_t *name, struct sg_arena *arena,
                           struct outbox_known *out_known, struct sg_why *why)
{
    struct sg_bytes row;
    enum sg_err err = box_get(txn, outbox->box.tables[TABLE_KEYS],
                              (struct sg_bytes){name, OUTBOX_KEY_BYTES}, &row, why);
    if (err)
        return err;
    if (row.len != KEY_ROW_BYTES)
        return sg_fail(why, SG_E_STORE, "outbox.mdb: a row of %zu bytes in 'keys'", row.len);
    struct outbox_known known = {.place = place_of((struct sg_bytes){
                                     row.ptr + OUTBOX_CONTENT_BYTES + SG_ID_BYTES, PLACE_BYTES})};
    memcpy(known.key.name, name, OUTBOX_KEY_BYTES);
    memcpy(known.key.content, row.ptr, OUTBOX_CONTENT_BYTES);
    memcpy(known.key.object.b, row.ptr + OUTBOX_CONTENT_BYTES, SG_ID_BYTES);
    bool refused = false;
    err = outbox_is_refused(outbox, txn, &known.place, arena, &refused, why);
    if (!err && refused)
        return sg_fail(why, SG_E_NOT_FOUND, "the event with this key was refused");
    if (!err)
        *out_known = known;
    return err;
}

enum sg_err outbox_known(struct outbox *outbox, const uint8_t name[OUTBOX_KEY_BYTES],
                         struct outbox_known *out_known, struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    SG_AUTO(sg_arena_done) struct sg_arena arena = {0};
    enum sg_err err = sg_arena_init(&arena, OUTCOME_ARENA_BYTES, why);
    if (!err)
        err = box_read(&outbox->box, &txn, why);
    return err ? err : outbox_key_get(outbox, &txn, name, &arena, out_known, why);
}

enum sg_err outbox_event(struct outbox *outbox, const struct outbox_place *place,
                         struct sg_arena *arena, struct sg_bytes *out_clear,
                         struct sg_bytes *out_personal, struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    const PbPublish *publish = NULL;
    enum sg_err err = box_read(&outbox->box, &txn, why);
    if (!err)
        err = outbox_frame_of(outbox, &txn, place, arena, &publish, why);
    if (err || !publish)
        return err;
    const PbEventParts *parts = publish->events[place->number - publish->first_number];
    *out_clear = (struct sg_bytes){parts->clear.data, parts->clear.len};
    *out_personal =
        (struct sg_bytes){parts->personal.data, parts->has_personal ? parts->personal.len : 0};
    return SG_OK;
}

/* ---- corrections ------------------------------------------------------------------------- */

enum sg_err outbox_correction_put(const struct outbox *outbox, const struct box_txn *txn,
                                  const struct outbox_place *place,
                                  const struct outbox_event *event, struct sg_arena *arena,
                                  struct sg_why *why)
{
    if (event->type != EVENT_CORRECTED)
        return SG_OK;
    size_t used = arena->used;
    PbEnvelope *envelope = NULL;
    enum sg_err err = sg_decode_row(&pb_envelope__descriptor, event->clear, arena, &envelope, why);
    const PbEventRef *ref =
        !err && envelope->event_corrected ? envelope->event_corrected->corrected : NULL;
    uint8_t key[2 * PLACE_BYTES];
    struct outbox_place of;
    if (ref && sg_id_from((struct sg_bytes){ref->outbox_id.data, ref->outbox_id.len}, &of.outbox) ==
                   SG_OK) {
        of.number = ref->number;
        (void)place_key(&of, key);
        (void)place_key(place, key + PLACE_BYTES);
        err = box_put(txn, outbox->box.tables[TABLE_CORRECTIONS],
                      (struct sg_bytes){key, sizeof key}, (struct sg_bytes){NULL, 0}, why);
    }
    sg_arena_reset(arena, used);
    return err;
}

enum sg_err outbox_correction(struct outbox *outbox, const struct outbox_place *of,
                              struct outbox_place *out_place, struct sg_why *why)
{
    SG_AUTO(box_txn_done) struct box_txn txn = {0};
    SG_AUTO(sg_arena_done) struct sg_arena arena = {0};
    enum sg_err err = sg_arena_init(&arena, OUTCOME_ARENA_BYTES, why);
    if (!err)
        err = box_read(&outbox->box, &txn, why);
    bool found = false;
    uint8_t from[2 * PLACE_BYTES + 1] = {0};
    size_t from_len = PLACE_BYTES;
    (void)place_key(of, from);
    while (!err) {
        struct sg_bytes key, value;
        bool refused = false;
        err = box_seek(&txn, outbox->box.tables[TABLE_CORRECTIONS],
                       (struct sg_bytes){from, from_len}, &key, &value, why);
        if (err == SG_E_NOT_FOUND || key.len != sizeof from - 1 ||
            memcmp(key.ptr, from, PLACE_BYTES) != 0)
            break;
        struct outbox_place place = place_of((struct sg_bytes){key.ptr + PLACE_BYTES, PLACE_BYTES});
        memcpy(from, key.ptr, key.len); /* one zero byte behind it: the next key */
        from_len = sizeof from;
        err = outbox_is_refused(outbox, &txn, &place, &arena, &refused, why);
        if (!err && !refused) {
            *out_place = place;
            found = true;
        }
    }
    if (err && err != SG_E_NOT_FOUND)
        return err;
    return found ? SG_OK : sg_fail(why, SG_E_NOT_FOUND, "no correction is known here");
}
