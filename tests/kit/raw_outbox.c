#include "kit/raw_outbox.h"

#include "kit/check.h"
#include "wire/codec.h"
#include "wire/receipt.h"

#include <inttypes.h>
#include <stdlib.h>

enum { RECEIPT_EVERY = 8, AGAIN_MAX = 60, BACK_EVERY = 3 };
static const size_t arena_bytes = (size_t)4 << 30; /* of address space */

/* ---- events and frames ---- */

enum sg_err raw_event_build(const PbEnvelope *envelope, const uint8_t salt[16],
                            struct sg_arena *arena, struct raw_event *out_event, struct sg_why *why)
{
    struct raw_event event = {.type = sg_type_of_topic(sg_bytes_of(envelope->type))};
    enum sg_err err = sg_event_split(envelope, salt, arena, &event.clear, &event.personal, why);
    if (err)
        return err;
    sg_event_digest(event.clear, event.personal, event.digest);
    *out_event = event;
    return SG_OK;
}

/* protobuf-c takes pointers that it could write through; packing only reads. */
static ProtobufCBinaryData field(struct sg_bytes bytes)
{
    uint8_t *at;
    memcpy(&at, &bytes.ptr, sizeof at);
    return (ProtobufCBinaryData){bytes.len, at};
}

static void sign(const struct raw_frame *frame, const struct sg_device_key *key,
                 uint8_t out_signature[SG_SIGNATURE_BYTES])
{
    uint8_t digests[SG_FRAME_EVENTS_MAX * SG_HASH_BYTES];
    for (uint32_t i = 0; i < frame->count; i++)
        memcpy(digests + (size_t)i * SG_HASH_BYTES, frame->events[i].digest, SG_HASH_BYTES);
    const struct sg_frame_claim claim = {.store_id = frame->store_id,
                                         .outbox_id = frame->outbox_id,
                                         .agency = key->agency,
                                         .first_number = frame->first,
                                         .count = frame->count,
                                         .digests = digests};
    sg_frame_sign(&claim, key->sign_secret, out_signature);
}

enum sg_err raw_frame_build(const struct raw_frame *frame, const struct sg_device_key *key,
                            struct sg_arena *arena, struct sg_bytes *out_body, struct sg_why *why)
{
    SG_CHECK(frame->count > 0 && frame->count <= SG_FRAME_EVENTS_MAX);
    PbEventParts parts[SG_FRAME_EVENTS_MAX], *list[SG_FRAME_EVENTS_MAX];
    uint8_t signature[SG_SIGNATURE_BYTES];
    for (uint32_t i = 0; i < frame->count; i++) {
        pb_event_parts__init(&parts[i]);
        parts[i].has_clear = true;
        parts[i].clear = field(frame->events[i].clear);
        parts[i].has_personal = frame->events[i].personal.len > 0;
        parts[i].personal = field(frame->events[i].personal);
        list[i] = &parts[i];
    }
    sign(frame, key, signature);
    PbPublish publish = PB_PUBLISH__INIT;
    PbClientFrame whole = PB_CLIENT_FRAME__INIT;
    publish.has_outbox_id = publish.has_first_number = publish.has_signature = true;
    publish.outbox_id = field(sg_id_bytes(frame->outbox_id));
    publish.first_number = frame->first;
    publish.signature = field((struct sg_bytes){signature, sizeof signature});
    publish.n_events = frame->count;
    publish.events = list;
    whole.publish = &publish;
    enum sg_err err = sg_encode(&whole, arena, out_body, why);
    if (!err && out_body->len > SG_BODY_MAX)
        err = sg_fail(why, SG_E_LIMIT, "a frame of %zu bytes", out_body->len);
    return err;
}

enum sg_err raw_outbox_init(struct raw_outbox *outbox, const struct fixture *fixture,
                            enum fixture_agency agency, const struct sg_id *store_id,
                            struct sg_why *why)
{
    *outbox = (struct raw_outbox){
        .store_id = *store_id, .fixture = fixture, .key = fixture->keys[agency]};
    sg_random(outbox->id.b, sizeof outbox->id.b);
    return sg_arena_init(&outbox->arena, arena_bytes, why);
}

void raw_outbox_done(struct raw_outbox *outbox)
{
    free(SG_TAKE(outbox->events));
    free(SG_TAKE(outbox->cuts));
    sg_arena_done(&outbox->arena);
}

/* Room for one more element; the array moves. */
static void make_room(void *array_pointer, size_t count, size_t *room, size_t size)
{
    void *array;
    if (count < *room)
        return;
    memcpy(&array, array_pointer, sizeof array);
    *room = *room ? *room * 2 : 64;
    array = realloc(array, *room * size);
    SG_CHECK(array);
    memcpy(array_pointer, &array, sizeof array);
}

enum sg_err raw_outbox_add(struct raw_outbox *outbox, const PbEnvelope *envelope,
                           const uint8_t salt[16], struct sg_why *why)
{
    make_room(&outbox->events, outbox->event_count, &outbox->event_room, sizeof *outbox->events);
    enum sg_err err =
        raw_event_build(envelope, salt, &outbox->arena, &outbox->events[outbox->event_count], why);
    outbox->event_count += !err;
    return err;
}

static uint64_t next_uncut(const struct raw_outbox *outbox)
{
    if (outbox->cut_count == 0)
        return 1;
    const struct raw_cut *last = &outbox->cuts[outbox->cut_count - 1];
    return last->first + last->count;
}

static enum sg_err cut_one(struct raw_outbox *outbox, uint64_t first, uint32_t count,
                           struct sg_why *why)
{
    make_room(&outbox->cuts, outbox->cut_count, &outbox->cut_room, sizeof *outbox->cuts);
    struct raw_cut cut = {.first = first, .count = count};
    const struct raw_frame frame = {&outbox->store_id, &outbox->id, first, count,
                                    &outbox->events[first - 1]};
    enum sg_err err = raw_frame_build(&frame, outbox->key, &outbox->arena, &cut.body, why);
    if (!err)
        outbox->cuts[outbox->cut_count++] = cut;
    return err;
}

enum sg_err raw_outbox_cut(struct raw_outbox *outbox, uint32_t most, struct prng *prng,
                           struct sg_why *why)
{
    enum sg_err err = SG_OK;
    uint64_t first;
    while (!err && !outbox->resync && (first = next_uncut(outbox)) <= outbox->event_count) {
        uint64_t left = outbox->event_count - first + 1;
        uint64_t count = prng ? 1 + prng_below(prng, most) : most;
        if (count > left)
            count = left;
        if (first < outbox->border && first + count > outbox->border)
            count = outbox->border - first;
        err = cut_one(outbox, first, (uint32_t)count, why);
    }
    return err;
}

/* ---- sending ---- */

/* Answers may leave a hole: a frame that had to be cut again, and the one behind it that was taken.
 */
uint64_t raw_outbox_first_unanswered(const struct raw_outbox *outbox)
{
    return outbox->answered_through + 1;
}

bool raw_outbox_idle(const struct raw_outbox *outbox)
{
    return outbox->frames_out == 0 && !outbox->resync &&
           raw_outbox_first_unanswered(outbox) == outbox->event_count + 1;
}

enum sg_err raw_outbox_send(struct raw_outbox *outbox, struct raw_client *client,
                            struct sg_why *why)
{
    enum sg_err err = SG_OK;
    while (!err && !outbox->resync && outbox->next_cut < outbox->cut_count) {
        struct raw_cut *cut = &outbox->cuts[outbox->next_cut];
        if (outbox->frames_out + 1 > SG_UNANSWERED_FRAMES_MAX ||
            outbox->events_out + cut->count > SG_UNANSWERED_EVENTS_MAX)
            break;
        err = raw_send(client, cut->body, why);
        if (err)
            break;
        cut->sent = true;
        outbox->next_cut++;
        outbox->frames_out++;
        outbox->events_out += cut->count;
    }
    return err;
}

/* Forget the frames from the one on that holds `number`. */
static void drop_cuts(struct raw_outbox *outbox, uint64_t number)
{
    while (outbox->cut_count &&
           outbox->cuts[outbox->cut_count - 1].first + outbox->cuts[outbox->cut_count - 1].count >
               number)
        outbox->cut_count--;
}

/* Frames must have no gap: where the dropped ones began may lie before `number`. */
static enum sg_err cut_again(struct raw_outbox *outbox, uint64_t number, struct prng *prng,
                             struct sg_why *why)
{
    drop_cuts(outbox, number);
    outbox->next_cut = outbox->cut_count;
    return raw_outbox_cut(outbox, SG_FRAME_EVENTS_MAX, prng, why);
}

enum sg_err raw_outbox_rewind(struct raw_outbox *outbox, struct prng *recut, struct sg_why *why)
{
    bool again = outbox->resync;
    outbox->frames_out = outbox->events_out = 0;
    outbox->resync = false;
    for (size_t i = 0; i < outbox->cut_count; i++)
        outbox->cuts[i].sent = false;
    uint64_t first = raw_outbox_first_unanswered(outbox);
    if (again || recut) {
        uint64_t back = recut ? prng_below(recut, AGAIN_MAX) : 0;
        return cut_again(outbox, first > back ? first - back : 1, recut, why);
    }
    outbox->next_cut = outbox->cut_count;
    while (outbox->next_cut &&
           outbox->cuts[outbox->next_cut - 1].first + outbox->cuts[outbox->next_cut - 1].count >
               first)
        outbox->next_cut--;
    return SG_OK;
}

/* ---- answers ---- */

SG_PRINTF(2, 3) static void complain(struct raw_outbox *outbox, const char *fmt, ...)
{
    va_list args;
    if (outbox->wrong[0])
        return;
    va_start(args, fmt);
    (void)vsnprintf(outbox->wrong, sizeof outbox->wrong, fmt, args);
    va_end(args);
}

static bool copy_hash(ProtobufCBinaryData from, uint8_t *to, size_t size)
{
    if (from.len == size)
        memcpy(to, from.data, size);
    return from.len == size;
}

static bool read_block(const PbSignedBlock *block, struct sg_receipt *receipt)
{
    struct sg_block_header *h = &receipt->block;
    h->epoch = block->epoch;
    h->height = block->height;
    h->first_seq = block->first_seq;
    h->count = block->count;
    h->time_ms = block->time_ms;
    return copy_hash(block->store_id, h->store_id.b, SG_ID_BYTES) &&
           copy_hash(block->root, h->root, SG_HASH_BYTES) &&
           copy_hash(block->previous_hash, h->previous_hash, SG_HASH_BYTES) &&
           copy_hash(block->signature, receipt->signature, SG_SIGNATURE_BYTES);
}

/* An accepted event comes with a receipt that holds against the key of the broker. */
static void check_receipt(struct raw_outbox *outbox, const PbPublishResult *result,
                          const PbOutcome *outcome)
{
    struct sg_receipt receipt = {.number = outcome->number,
                                 .seq = outcome->seq,
                                 .outbox_id = outbox->id,
                                 .accepted_ms = outcome->accepted_at_ms};
    const PbInclusion *in = outcome->inclusion;
    const uint8_t *digest = outbox->events[outcome->number - 1].digest;
    struct sg_why why = {0};
    if (!in && outcome->status == PB_OUTCOME_STATUS_DUPLICATE)
        return; /* too many old blocks for one turn: the client asks again */
    if (!in || in->block_index >= result->n_blocks || in->path.len > sizeof receipt.path ||
        !read_block(result->blocks[in->block_index], &receipt) ||
        !copy_hash(in->rest_hash, receipt.rest_hash, SG_HASH_BYTES)) {
        complain(outbox, "number %" PRIu64 ": accepted without a whole receipt", outcome->number);
        return;
    }
    (void)snprintf(receipt.agency, sizeof receipt.agency, "%s", outbox->key->agency);
    memcpy(receipt.digest, digest, SG_HASH_BYTES);
    receipt.leaf_index = in->leaf_index;
    receipt.path_len = in->path.len;
    if (in->path.len)
        memcpy(receipt.path, in->path.data, in->path.len);
    if (sg_receipt_verify(&receipt, outbox->fixture->broker->sign_public, digest, &why))
        complain(outbox, "number %" PRIu64 ": %s", outcome->number, why.text);
    outbox->receipts++;
}

/* What is told about a place never changes. */
static void check_same(struct raw_outbox *outbox, const PbOutcome *outcome)
{
    const struct raw_event *event = &outbox->events[outcome->number - 1];
    uint32_t code = outcome->error ? outcome->error->code : 0;
    if (outcome->status != PB_OUTCOME_STATUS_DUPLICATE)
        complain(outbox,
                 "number %" PRIu64 ": answered a second time with status %d, want DUPLICATE",
                 outcome->number, (int)outcome->status);
    if (outcome->seq != event->seq || code != event->code)
        complain(outbox,
                 "number %" PRIu64 ": seq %" PRIu64 " code %u, before it was seq %" PRIu64
                 " code %u",
                 outcome->number, outcome->seq, code, event->seq, event->code);
}

static void take_outcome(struct raw_outbox *outbox, const PbPublishResult *result,
                         const PbOutcome *outcome, raw_told *told, void *context)
{
    struct raw_event *event = &outbox->events[outcome->number - 1];
    bool again = outcome->status == PB_OUTCOME_STATUS_DUPLICATE;
    outbox->taken_again += again;
    if (outcome->seq && (outcome->number % RECEIPT_EVERY == 0 || again))
        check_receipt(outbox, result, outcome);
    if (event->answered) {
        check_same(outbox, outcome);
        return;
    }
    event->answered = true;
    event->code = outcome->error ? outcome->error->code : 0;
    event->seq = outcome->seq;
    if ((event->seq == 0) == (event->code == 0))
        complain(outbox, "number %" PRIu64 ": seq %" PRIu64 " and code %u", outcome->number,
                 event->seq, event->code);
    while (outbox->answered_through < outbox->event_count &&
           outbox->events[outbox->answered_through].answered)
        outbox->answered_through++;
    if (told)
        told(context, outbox, outcome->number, outcome);
}

/* E_SEQ_GAP asks for another border; the others ask to come again. */
static void take_refused_frame(struct raw_outbox *outbox, const struct raw_cut *cut,
                               const PbError *error)
{
    uint64_t from = error->expected_number;
    bool gap = error->code == SG_ST_SEQ_GAP;
    outbox->resync |= gap || error->code == SG_ST_BUSY || error->code == SG_ST_STORAGE ||
                      error->code == SG_ST_QUOTA;
    if (gap && from > cut->first && from < cut->first + cut->count)
        outbox->border = from;
    if (!outbox->resync)
        complain(outbox, "frame %" PRIu64 "+%u: %s %s", cut->first, cut->count,
                 sg_status_name(error->code), error->detail ? error->detail : "");
}

static struct raw_cut *find_sent(struct raw_outbox *outbox, uint64_t first)
{
    for (size_t i = outbox->next_cut; i > 0; i--) {
        struct raw_cut *cut = &outbox->cuts[i - 1];
        if (cut->first == first && cut->sent)
            return cut;
        if (cut->first < first)
            break;
    }
    return NULL;
}

enum sg_err raw_outbox_take(struct raw_outbox *outbox, const PbPublishResult *result,
                            raw_told *told, void *context, struct sg_why *why)
{
    struct raw_cut *cut = find_sent(outbox, result->first_number);
    if (!cut) {
        complain(outbox, "an answer for frame %" PRIu64 ", which waits for none",
                 result->first_number);
        return SG_OK;
    }
    cut->sent = false;
    outbox->frames_out--;
    outbox->events_out -= cut->count;
    if (result->frame_error)
        take_refused_frame(outbox, cut, result->frame_error);
    else if (result->n_outcomes != cut->count)
        complain(outbox, "frame %" PRIu64 ": %zu outcomes for %u events", cut->first,
                 result->n_outcomes, cut->count);
    for (size_t i = 0; !result->frame_error && i < result->n_outcomes; i++) {
        const PbOutcome *outcome = result->outcomes[i];
        if (outcome->number != result->first_number + i)
            complain(outbox, "frame %" PRIu64 ": outcome %zu is of number %" PRIu64,
                     result->first_number, i, outcome->number);
        else if (outcome->number <= outbox->event_count)
            take_outcome(outbox, result, outcome, told, context);
    }
    if (!outbox->resync || outbox->frames_out)
        return SG_OK;
    outbox->resync = false;
    return cut_again(outbox, raw_outbox_first_unanswered(outbox), NULL, why);
}
