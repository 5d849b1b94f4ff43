/* An envelope into its two parts: shallow copies of the messages, each with the fields of one part.
 * A message that has fields of several classes stands in both. */
#include "wire/codec.h"

#include "kit/check.h"
#include "wire/field.h"

enum { SALT_BYTES = 16 };

struct task {
    const ProtobufCMessage *from;
    ProtobufCMessage *clear, *personal;
    const struct sg_message_rules *rules;
    unsigned next;
    bool personal_used; /* some personal field was copied below */
    void **personal_at; /* where the personal copy hangs; cleared when it stays empty */
};

static void drop(const ProtobufCFieldDescriptor *field, ProtobufCMessage *message)
{
    uint8_t *at = (uint8_t *)message;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        *(size_t *)(void *)(at + field->quantifier_offset) = 0;
    else if (field->type == PROTOBUF_C_TYPE_MESSAGE || field->type == PROTOBUF_C_TYPE_STRING)
        *(void **)(void *)(at + field->offset) = NULL;
    else
        *(protobuf_c_boolean *)(void *)(at + field->quantifier_offset) = 0;
}

/* Without unknown fields: they have no class, so they go nowhere. */
static ProtobufCMessage *copy_of(const ProtobufCMessage *from, struct sg_arena *arena)
{
    ProtobufCMessage *copy = sg_arena_copy(arena, from, from->descriptor->sizeof_message);
    if (copy)
        copy->n_unknown_fields = 0;
    return copy;
}

/* Sort one field; a mixed sub-message becomes the next task. */
static enum sg_err sort_field(struct task *task, struct task *below, bool *out_enter,
                              struct sg_arena *arena, struct sg_why *why)
{
    unsigned index = task->next++;
    const ProtobufCFieldDescriptor *field = &task->from->descriptor->fields[index];
    const struct sg_field_rules *rules = &task->rules->fields[index];
    if (!field_present(field, (const uint8_t *)task->from))
        return SG_OK;
    if (rules->pd == SG_PD_NONE || rules->pd == SG_PD_PSEUDONYMOUS) {
        drop(field, task->personal);
        return SG_OK;
    }
    if (rules->pd != SG_PD_UNSPECIFIED) {
        drop(field, task->clear);
        task->personal_used = true;
        return SG_OK;
    }
    SG_CHECK(field->label != PROTOBUF_C_LABEL_REPEATED);
    const ProtobufCMessage *sub =
        *(ProtobufCMessage *const *)(const void *)((const uint8_t *)task->from + field->offset);
    void **clear_at = (void **)(void *)((uint8_t *)task->clear + field->offset);
    void **personal_at = (void **)(void *)((uint8_t *)task->personal + field->offset);
    *below = (struct task){.from = sub, .rules = rules->sub, .personal_at = personal_at};
    *clear_at = below->clear = copy_of(sub, arena);
    *personal_at = below->personal = copy_of(sub, arena);
    if (!below->clear || !below->personal)
        return sg_fail(why, SG_E_LIMIT, "split: the arena is full");
    *out_enter = true;
    return SG_OK;
}

static enum sg_err sort_all(struct task *root, struct sg_arena *arena, struct sg_why *why)
{
    struct task tasks[SG_SCAN_DEPTH_MAX] = {*root};
    unsigned depth = 0;
    for (;;) {
        struct task *task = &tasks[depth];
        if (task->next == task->from->descriptor->n_fields) {
            if (depth == 0) {
                *root = *task;
                return SG_OK;
            }
            if (!task->personal_used)
                *task->personal_at = NULL;
            tasks[--depth].personal_used |= task->personal_used;
            continue;
        }
        SG_CHECK(depth + 1 < SG_SCAN_DEPTH_MAX);
        bool enter = false;
        enum sg_err err = sort_field(task, &tasks[depth + 1], &enter, arena, why);
        if (err)
            return err;
        depth += enter;
    }
}

enum sg_err sg_event_split(const PbEnvelope *envelope, const uint8_t *salt, struct sg_arena *arena,
                           struct sg_bytes *out_clear, struct sg_bytes *out_personal,
                           struct sg_why *why)
{
    PbEnvelope source = *envelope;
    source.has_salt = false; /* it follows from the others */
    source.base.n_unknown_fields = 0;
    PbEnvelope clear = source, personal = source;
    struct task root = {.from = &source.base,
                        .clear = &clear.base,
                        .personal = &personal.base,
                        .rules = &sg_envelope_rules};
    enum sg_err err = sort_all(&root, arena, why);
    if (!err)
        err = sg_encode(&clear, arena, out_clear, why);
    if (err)
        return err;
    *out_personal = (struct sg_bytes){NULL, 0};
    if (!root.personal_used)
        return SG_OK;
    personal.has_salt = true;
    personal.salt = envelope->salt;
    if (salt) {
        personal.salt.len = SALT_BYTES;
        personal.salt.data = sg_arena_copy(arena, salt, SALT_BYTES);
    }
    if (!personal.salt.data)
        return sg_fail(why, salt ? SG_E_LIMIT : SG_E_FORMAT, "split: no salt");
    return sg_encode(&personal, arena, out_personal, why);
}
