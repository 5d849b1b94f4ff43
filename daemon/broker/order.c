/* order.c - places: which numbers an outbox has used, and what each was answered.
 *
 * FrameRow.outcomes holds two varints an event: the code of the refusal (0 = accepted), and seq
 * less first_seq plus 1 (0 = no seq).
 */
#include "broker/inside.h"

enum sg_err order_place(struct turn *t, const struct sg_id *outbox_id, const char *agency,
                        struct place_state *out_state, struct sg_why *why)
{
    struct key key = {0};
    PbOutboxRow *row = NULL;
    *out_state = (struct place_state){0};
    enum sg_err err = row_get(&t->txn, TABLE_OUTBOXES, key_id(&key, outbox_id),
                              &pb_outbox_row__descriptor, &t->broker->arena, &row, why);
    if (err == SG_E_NOT_FOUND)
        return SG_OK;
    if (err)
        return err;
    out_state->known = true;
    out_state->foreign = strcmp(row->agency, agency) != 0;
    out_state->last_number = row->last_number;
    out_state->import = row->import;
    return SG_OK;
}

enum sg_err order_find(struct turn *t, const struct sg_id *outbox_id, uint64_t number,
                       uint64_t *out_seq, struct sg_why *why)
{
    static const uint8_t no_digest[SG_HASH_BYTES];
    struct place_state place;
    struct remembered then = {0};
    enum sg_err err = order_place(t, outbox_id, "", &place, why);
    if (!err && number && number <= place.last_number)
        err = order_recall(t, outbox_id, number, no_digest, &then, why);
    *out_seq = then.seq;
    return err;
}

static bool varint(const uint8_t **at, const uint8_t *end, uint64_t *out)
{
    uint64_t value = 0;
    for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
        uint8_t byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *out = value;
            return true;
        }
    }
    return false;
}

static uint8_t *put_varint(uint8_t *at, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

static bool read_outcome(const PbFrameRow *row, size_t index, struct remembered *out)
{
    const uint8_t *at = row->outcomes.data, *end = at + row->outcomes.len;
    uint64_t code = 0, offset = 0;
    for (size_t i = 0; i <= index; i++)
        if (!varint(&at, end, &code) || !varint(&at, end, &offset))
            return false;
    out->code = (uint32_t)code;
    out->seq = offset ? row->first_seq + offset - 1 : 0;
    return true;
}

enum sg_err order_recall(struct turn *t, const struct sg_id *outbox_id, uint64_t number,
                         const uint8_t digest[SG_HASH_BYTES], struct remembered *out_then,
                         struct sg_why *why)
{
    SG_AUTO(cursor_done) struct cursor cursor = {0};
    struct key key = {0}, prefix = {0};
    PbFrameRow *row = NULL;
    key_u64(key_id(&key, outbox_id), number);
    key_id(&prefix, outbox_id);
    enum sg_err err = cursor_open(&cursor, &t->txn, TABLE_FRAMES, why);
    if (!err)
        err = cursor_seek_back(&cursor, &key, why);
    if (!err && (!cursor.key.ptr || !key_starts(cursor.key, &prefix)))
        err = sg_fail(why, SG_E_STORE, "frames: a used number without a row");
    if (!err)
        err = sg_decode_row(&pb_frame_row__descriptor, cursor.value, &t->broker->arena, &row, why);
    if (err)
        return err;
    size_t index = (size_t)(number - sg_get_u64(cursor.key.ptr + SG_ID_BYTES));
    if ((index + 1) * SG_HASH_BYTES > row->digests.len || !read_outcome(row, index, out_then))
        return sg_fail(why, SG_E_STORE, "frames: a used number without an outcome");
    out_then->same = memcmp(row->digests.data + index * SG_HASH_BYTES, digest, SG_HASH_BYTES) == 0;
    return SG_OK;
}

static uint64_t least_seq(const struct frame_outcome *outcomes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (outcomes[i].seq)
            return outcomes[i].seq;
    return 0;
}

enum sg_err order_remember(struct turn *t, const struct sg_id *outbox_id, const char *agency,
                           uint64_t first_number, size_t count, const uint8_t *digests,
                           const struct frame_outcome *outcomes, const uint8_t *sign_public,
                           ProtobufCBinaryData signature, bool import, struct sg_why *why)
{
    struct key key = {0};
    uint8_t key_id_bytes[8], packed[SG_FRAME_EVENTS_MAX * 20], *at = packed;
    PbFrameRow row = PB_FRAME_ROW__INIT;
    PbOutboxRow outbox = PB_OUTBOX_ROW__INIT;
    sg_key_id(sign_public, key_id_bytes);
    row.agency = outbox.agency = turn_take(t, strlen(agency) + 1);
    memcpy(row.agency, agency, strlen(agency) + 1);
    row.has_first_seq = true;
    row.first_seq = least_seq(outcomes, count);
    for (size_t i = 0; i < count; i++) {
        at = put_varint(at, outcomes[i].code);
        at = put_varint(at, outcomes[i].seq ? outcomes[i].seq - row.first_seq + 1 : 0);
    }
    row.has_key_id = row.has_signature = row.has_digests = row.has_outcomes = true;
    row.key_id = (ProtobufCBinaryData){sizeof key_id_bytes, key_id_bytes};
    row.signature = signature;
    row.digests = turn_bytes(t, digests, count * SG_HASH_BYTES);
    row.outcomes = (ProtobufCBinaryData){(size_t)(at - packed), packed};
    key_u64(key_id(&key, outbox_id), first_number);
    enum sg_err err = row_put(&t->txn, TABLE_FRAMES, &key, &row, why);
    if (err)
        return err;
    key = (struct key){0};
    outbox.has_last_number = true;
    outbox.last_number = first_number + count - 1;
    outbox.has_import = outbox.import = import;
    return row_put(&t->txn, TABLE_OUTBOXES, key_id(&key, outbox_id), &outbox, why);
}

/* Opened before its first event, or in the middle; only an agency that the roster knows has one. */
enum sg_err order_import(struct turn *t, const struct sg_id *outbox_id, const char *agency,
                         bool open, bool *out_foreign, struct sg_why *why)
{
    struct key key = {0};
    struct place_state place;
    PbOutboxRow row = PB_OUTBOX_ROW__INIT;
    enum sg_err err = order_place(t, outbox_id, agency, &place, why);
    *out_foreign = place.foreign;
    if (err || place.foreign)
        return err;
    row.agency = turn_take(t, strlen(agency) + 1);
    memcpy(row.agency, agency, strlen(agency) + 1);
    row.has_last_number = row.has_import = true;
    row.last_number = place.last_number;
    row.import = open;
    return row_put(&t->txn, TABLE_OUTBOXES, key_id(&key, outbox_id), &row, why);
}
