#include "wire/codec.h"

#include "wire/pack.h"
#include "wire/scan.h"
#include "wire/sign.h"
#include "wire/validate.h"

enum { CLOCK_SLACK_MS = 5 * 60 * 1000, SALT_BYTES = 16 };

/* ---- unpack and pack ---- */

/* protobuf-c bounds nothing: here a decode has a budget, and what it allocates is freed with the
 * arena. */
struct budget {
    struct sg_arena *arena;
    size_t left;
    bool spent;
};

static void *budget_alloc(void *data, size_t size)
{
    struct budget *budget = data;
    if (size > budget->left) {
        budget->spent = true;
        return NULL;
    }
    budget->left -= size;
    return sg_arena_alloc(budget->arena, size);
}

static void keep(void *data, void *pointer)
{
    (void)data;
    (void)pointer; /* freed with the arena */
}

static enum sg_err unpack(const ProtobufCMessageDescriptor *descriptor, struct sg_bytes bytes,
                          struct sg_arena *arena, size_t budget_bytes, void *out_message_pointer,
                          struct sg_why *why)
{
    struct budget budget = {.arena = arena, .left = budget_bytes};
    ProtobufCAllocator hook = {.alloc = budget_alloc, .free = keep, .allocator_data = &budget};
    static const uint8_t nothing[1];
    ProtobufCMessage *message =
        protobuf_c_message_unpack(descriptor, &hook, bytes.len, bytes.len ? bytes.ptr : nothing);
    if (!message && (budget.spent || arena->spent))
        return sg_fail(why, SG_E_LIMIT, "%s: no room to decode %zu bytes", descriptor->short_name,
                       bytes.len);
    if (!message)
        return sg_fail(why, SG_E_FORMAT, "not a %s", descriptor->short_name);
    memcpy(out_message_pointer, &message, sizeof message);
    return SG_OK;
}

enum sg_err sg_decode(const ProtobufCMessageDescriptor *descriptor, struct sg_bytes bytes,
                      struct sg_arena *arena, void *out_message_pointer, struct sg_why *why)
{
    enum sg_err err = sg_scan_frame(bytes, descriptor, why);
    return err ? err
               : unpack(descriptor, bytes, arena, SG_DECODE_BUDGET(bytes.len), out_message_pointer,
                        why);
}

enum sg_err sg_decode_row(const ProtobufCMessageDescriptor *descriptor, struct sg_bytes bytes,
                          struct sg_arena *arena, void *out_message_pointer, struct sg_why *why)
{
    return unpack(descriptor, bytes, arena, SIZE_MAX, out_message_pointer, why);
}

enum sg_err sg_encode(const void *message, struct sg_arena *arena, struct sg_bytes *out_bytes,
                      struct sg_why *why)
{
    /* Written at the far end of the arena, which nobody has, and then moved to where it belongs. */
    const ProtobufCMessage *base = message;
    uint8_t *end = arena->base + arena->size, *at = NULL;
    enum sg_err err = sg_pack_back(base, arena->base + arena->used, end, &at);
    if (err == SG_E_FORMAT)
        return sg_fail(why, err, "%s: not a whole message", base->descriptor->short_name);
    size_t size = err ? SIZE_MAX : (size_t)(end - at);
    uint8_t *to = sg_arena_move(arena, at, size);
    if (!to)
        return sg_fail(why, SG_E_LIMIT, "%s: no room to encode", base->descriptor->short_name);
    *out_bytes = (struct sg_bytes){to, size};
    return SG_OK;
}

/* ---- events ---- */

/* How many payloads there are; with exactly one, the event has its type. */
static unsigned find_payload(struct sg_event *event)
{
    if (!event->envelope)
        return 0;
    const ProtobufCMessageDescriptor *descriptor = event->envelope->base.descriptor;
    const uint8_t *base = (const uint8_t *)event->envelope;
    unsigned count = 0;
    event->type = 0;
    event->payload = NULL;
    for (unsigned i = descriptor->n_fields; i-- > 0;) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        if (field->id < SG_TYPE_AGENCY_FIRST)
            break;
        const ProtobufCMessage *payload =
            *(ProtobufCMessage *const *)(const void *)(base + field->offset);
        if (!payload)
            continue;
        event->type = count ? 0 : field->id;
        event->payload = count ? NULL : payload;
        count++;
    }
    return count;
}

static enum sg_err unpack_parts(struct sg_bytes clear, struct sg_bytes personal,
                                struct sg_arena *arena, size_t budget, struct sg_event *out_event,
                                struct sg_why *why)
{
    struct sg_bytes whole = clear;
    if (personal.len) {
        uint8_t *both = sg_arena_alloc(arena, clear.len + personal.len);
        if (!both)
            return sg_fail(why, SG_E_LIMIT, "event: the arena is full");
        if (clear.len)
            memcpy(both, clear.ptr, clear.len);
        memcpy(both + clear.len, personal.ptr, personal.len);
        whole = (struct sg_bytes){both, clear.len + personal.len};
    }
    out_event->clear = clear;
    out_event->personal = personal;
    return unpack(&pb_envelope__descriptor, whole, arena, budget, &out_event->envelope, why);
}

/* A time that is not valid is refused later; till then it is 0. */
static void read_times(struct sg_event *event)
{
    const PbEnvelope *envelope = event->envelope;
    if (!envelope)
        return;
    const Google__Protobuf__Timestamp *occurred = envelope->occurred_at;
    const Google__Protobuf__Timestamp *recorded = envelope->recorded_at;
    event->occurred_ms = occurred && sg_time_valid(occurred) ? sg_ms_of(occurred) : 0;
    event->recorded_ms = recorded && sg_time_valid(recorded) ? sg_ms_of(recorded) : 0;
}

/* Exactly one, and the one that `type` names. */
static bool check_payload(const struct sg_event *event, unsigned count, struct sg_fault *fault)
{
    const char *type = event->envelope->type;
    const char *topic = sg_type_topic(event->type);
    if (count == 0 && !sg_type_of_topic(sg_bytes_of(type)))
        return sg_refuse(fault, SG_ST_SCHEMA, "type", "UNKNOWN_TOPIC",
                         "the topic of an event type, such as referral.submitted");
    if (!topic)
        return sg_refuse(fault, SG_ST_SCHEMA, "payload", "EXACTLY_ONE", "exactly one payload");
    return strcmp(type, topic) == 0 ||
           sg_refuse(fault, SG_ST_SCHEMA, "type", "NOT_THE_PAYLOAD", "%s", topic);
}

/* What the tables cannot say of an envelope. */
static bool check_envelope(const struct sg_event *event, struct sg_fault *fault)
{
    const PbEnvelope *e = event->envelope;
    if (e->has_seq || e->accepted_at || e->has_derived || e->n_redacted_paths)
        return sg_refuse(fault, SG_ST_SCHEMA, "seq", "BROKER_FIELD",
                         "fields 20 to 23 absent: the broker writes them");
    if (event->personal.len && e->salt.len != SALT_BYTES)
        return sg_refuse(fault, SG_ST_MISSING_FIELD, "salt", NULL,
                         "16 random bytes in the personal part");
    if (event->personal.len && !e->has_legal_basis)
        return sg_refuse(fault, SG_ST_MISSING_FIELD, "legal_basis", NULL,
                         "the legal basis of the personal fields");
    if (event->recorded_ms < event->occurred_ms - CLOCK_SLACK_MS)
        return sg_refuse(
            fault, SG_ST_SCHEMA, "recorded_at", "BEFORE_OCCURRED_AT",
            "not earlier than occurred_at less 5 minutes; check the clock of the computer");
    return true;
}

static bool check_size(struct sg_bytes clear, struct sg_bytes personal, struct sg_fault *fault)
{
    if (clear.len <= SG_EVENT_MAX && clear.len + personal.len <= SG_EVENT_MAX)
        return true;
    return sg_refuse(fault, SG_ST_SCHEMA, "event", "SIZE", "at most %u bytes", SG_EVENT_MAX);
}

enum sg_err sg_event_decode_digested(struct sg_bytes clear, struct sg_bytes personal,
                                     const struct sg_vocabulary *vocabulary, const uint8_t *digest,
                                     struct sg_arena *arena, struct sg_event *out_event,
                                     struct sg_fault *fault, struct sg_why *why)
{
    struct sg_event event = {.clear = clear, .personal = personal};
    *fault = (struct sg_fault){0};
    *out_event = event;
    if (!check_size(clear, personal, fault) || !sg_scan_event(clear, SG_PART_CLEAR, fault) ||
        !sg_scan_event(personal, SG_PART_PERSONAL, fault))
        return SG_OK;

    size_t budget = SG_DECODE_BUDGET(clear.len + personal.len);
    enum sg_err err = unpack_parts(clear, personal, arena, budget, &event, why);
    if (err == SG_E_LIMIT && arena->spent)
        return err;
    if (err) {
        (void)sg_refuse(fault, SG_ST_SCHEMA, "event", "NOT_AN_ENVELOPE", "a protobuf Envelope");
        return SG_OK;
    }
    read_times(&event);
    unsigned payloads = find_payload(&event);
    *out_event = event;
    if (!sg_validate_envelope(&event, vocabulary, fault) ||
        !check_payload(&event, payloads, fault) || !check_envelope(&event, fault) ||
        !sg_validate_payload(&event, vocabulary, fault))
        return SG_OK;
    memcpy(event.digest, digest, SG_HASH_BYTES);
    *out_event = event;
    return SG_OK;
}

enum sg_err sg_event_decode(struct sg_bytes clear, struct sg_bytes personal,
                            const struct sg_vocabulary *vocabulary, struct sg_arena *arena,
                            struct sg_event *out_event, struct sg_fault *fault, struct sg_why *why)
{
    uint8_t digest[SG_HASH_BYTES];
    sg_event_digest(clear, personal, digest);
    return sg_event_decode_digested(clear, personal, vocabulary, digest, arena, out_event, fault,
                                    why);
}

enum sg_err sg_event_reopen(struct sg_bytes clear, struct sg_bytes personal, struct sg_arena *arena,
                            struct sg_event *out_event, struct sg_why *why)
{
    struct sg_event event = {0};
    enum sg_err err = unpack_parts(clear, personal, arena, SIZE_MAX, &event, why);
    if (err)
        return err;
    read_times(&event);
    if (find_payload(&event) != 1)
        return sg_fail(why, SG_E_FORMAT, "an event without exactly one payload");
    *out_event = event;
    return SG_OK;
}
