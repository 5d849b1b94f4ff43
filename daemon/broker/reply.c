/* reply.c - answers: built in the arena of the turn, encoded into the one that outlives it. */
#include "broker/inside.h"

#include "kit/check.h"

void *turn_take(struct turn *t, size_t size)
{
    /* broker_turn looks for room before each step; a step stays below it. */
    void *memory = sg_arena_alloc(&t->broker->arena, size);
    SG_CHECK(memory);
    return memory;
}

ProtobufCBinaryData turn_bytes(struct turn *t, const void *from, size_t size)
{
    uint8_t *copy = turn_take(t, size);
    if (size)
        memcpy(copy, from, size);
    return (ProtobufCBinaryData){size, copy};
}

enum sg_err turn_room(const struct turn *t, struct sg_why *why)
{
    const struct sg_arena *a = &t->broker->arena, *out = &t->broker->out_arena;
    if (a->size - a->used < STEP_BYTES || out->size - out->used < STEP_BYTES)
        return sg_fail(why, SG_E_LIMIT, "the arena of the turn is full");
    return SG_OK;
}

void reply_cut_text(char *text)
{
    size_t len = strlen(text), tail = 0;
    while (tail < len && tail < 3 && ((uint8_t)text[len - 1 - tail] & 0xc0) == 0x80)
        tail++;
    if (tail == len)
        return;
    uint8_t lead = (uint8_t)text[len - 1 - tail];
    size_t want = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    if (tail < want)
        text[len - 1 - tail] = '\0';
}

/* Texts of a fault are cut to their size wherever that falls; a client reads no half letter. */
static char *text(struct turn *t, const char *from)
{
    size_t size = strlen(from) + 1;
    char *copy = turn_take(t, size);
    memcpy(copy, from, size);
    reply_cut_text(copy);
    return copy;
}

enum sg_err reply_send(struct turn *t, struct peer peer, const PbServerFrame *frame,
                       enum frame_fate fate, struct sg_why *why)
{
    struct broker *b = t->broker;
    struct sg_bytes body;
    if (b->out_count == OUT_FRAMES_MAX)
        return sg_fail(why, SG_E_LIMIT, "too many frames to send in one turn");
    enum sg_err err = sg_encode(frame, &b->out_arena, &body, why);
    if (err)
        return err;
    SG_CHECK(body.len <= SG_BODY_MAX);
    b->out[b->out_count++] = (struct frame_out){peer, fate, body};
    return SG_OK;
}

PbError *reply_error(struct turn *t, const struct sg_fault *fault)
{
    char line[400];
    PbError *e = TURN_NEW(t, PbError);
    pb_error__init(e);
    e->has_code = true;
    e->code = fault->code;
    e->name = text(t, sg_status_name(fault->code));
    if (fault->object[0])
        e->object = text(t, fault->object);
    if (fault->detail[0])
        e->detail = text(t, fault->detail);
    if (fault->accepted[0])
        e->accepted = text(t, fault->accepted);
    if (fault->accepted_id[0])
        e->accepted_id = text(t, fault->accepted_id);
    sg_fault_text_id(fault, line, sizeof line);
    e->text_id = text(t, line);
    sg_fault_text_en(fault, line, sizeof line);
    e->text_en = text(t, line);
    return e;
}

PbError *reply_error_code(struct turn *t, uint32_t code, const char *object, const char *accepted,
                          int64_t retry_after_ms)
{
    struct sg_fault fault;
    (void)sg_refuse(&fault, code, object, NULL, "%s", accepted ? accepted : "");
    PbError *e = reply_error(t, &fault);
    e->has_retry_after_ms = retry_after_ms != 0;
    e->retry_after_ms = retry_after_ms;
    return e;
}

enum sg_err reply_bye(struct turn *t, struct peer peer, uint32_t code, const char *object,
                      const char *accepted, int64_t retry_after_ms, bool cut, struct sg_why *why)
{
    PbServerFrame frame = PB_SERVER_FRAME__INIT;
    PbBye bye = PB_BYE__INIT;
    bye.has_code = true;
    bye.code = code;
    if (code)
        bye.error = reply_error_code(t, code, object, accepted, retry_after_ms);
    frame.bye = &bye;
    return reply_send(t, peer, &frame, cut ? FRAME_SEND_AND_CUT : FRAME_SEND, why);
}

PbSignedBlock *reply_block(struct turn *t, const struct signed_block *block)
{
    const struct sg_block_header *h = &block->header;
    PbSignedBlock *p = TURN_NEW(t, PbSignedBlock);
    pb_signed_block__init(p);
    p->has_store_id = p->has_epoch = p->has_height = p->has_first_seq = p->has_count =
        p->has_time_ms = p->has_root = p->has_previous_hash = p->has_signature = true;
    p->store_id = turn_bytes(t, h->store_id.b, SG_ID_BYTES);
    p->epoch = h->epoch;
    p->height = h->height;
    p->first_seq = h->first_seq;
    p->count = h->count;
    p->time_ms = h->time_ms;
    p->root = turn_bytes(t, h->root, SG_HASH_BYTES);
    p->previous_hash = turn_bytes(t, h->previous_hash, SG_HASH_BYTES);
    p->signature = turn_bytes(t, block->signature, SG_SIGNATURE_BYTES);
    return p;
}
